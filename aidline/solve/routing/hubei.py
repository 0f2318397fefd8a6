"""Goods and a network that are made up on the real geography of Hubei: to try the planner out.

The places are those of two real tables: the towns and districts of China with their coordinates
(BD-09, which are converted), and hospitals with theirs. What stands there is drawn from a seed:

- four trunk hubs outside (Guangzhou, Shanghai, Zhengzhou, Chengdu) and three recognised centres
  inside (Wuhan, Xiangyang, Yichang), since the province is affected;
- a branch station in each prefecture, in each county that the province governs itself and, of
  Wuhan, in several districts;
- a dock in each other town and at each hospital, a few kilometres about the published centroid,
  as many as the consignments need;
- vehicles, crews and consignments in proportion to their number. A third of the goods lies in the
  centres, a tenth is cold, a tenth controlled; of ten consignments one is critical, two are high,
  three medium, four low. What of this is not geography is an assumption.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, radians
from os import PathLike
from pathlib import Path

from aidline.errors import InputError
from aidline.geodesy import Place, metres_between
from aidline.model import ALWAYS_OPEN, Level, Room, Tier
from aidline.solve.matching import Band
from aidline.solve.routing.diary import HOUR
from aidline.solve.routing.records import Consignment, Crew, Network, Station, Tariff, Vehicle
from aidline.solve.routing.roads import road_metres
from aidline.tables import Table

__all__ = ["NOON", "TARIFFS", "Instance", "hubei"]

#: When instances begin: 2020-02-01 00:00 UTC, 08:00 in Hubei.
NOON = 1_580_515_200

_MICRO = 1_000_000
_COLD = Band(200, 800)
_DRY = Band(0, 4_000)
_HULL = Band(500, 3_000)  # what an ordinary hold or hall has in winter

_HUBS = ("广州市", "上海市", "郑州市", "成都市")
_CENTRES = ("武汉市", "襄阳市", "宜昌市")
_WUHAN = ("硚口区", "洪山区", "青山区", "黄陂区")  # districts with a branch station of their own
_PROVINCE = "湖北省"
_AFFECTED = "CN-HB"
_LEVELS = ((Level.CRITICAL, 1), (Level.HIGH, 2), (Level.MEDIUM, 3), (Level.LOW, 4))

#: What each tier costs (six decimals: 1_000_000 is one yuan) and how it goes.
TARIFFS = {
    Tier.TRUNK: Tariff(400_000_000, 6_000_000, 20_000_000, 70_000, 1_800, 900),
    Tier.BRANCH: Tariff(150_000_000, 4_000_000, 20_000_000, 55_000, 1_200, 900),
    Tier.TERMINAL: Tariff(60_000_000, 2_500_000, 20_000_000, 40_000, 600, 900),
}


@dataclass(frozen=True, slots=True)
class Instance:
    """What is to be carried, and with what.

    Attributes:
        network: With what.
        consignments: What.
        now: Unix second at which it begins.
    """

    network: Network
    consignments: tuple[Consignment, ...]
    now: int


def hubei(folder: str | PathLike[str], consignments: int, *, seed: int) -> Instance:
    """Make up goods and a network; the same seed, the same instance.

    Args:
        folder: The real data, with ``places`` and ``hospital_demand``.
        consignments: How many.
        seed: Of the random generator.

    Raises:
        InputError: The tables are not there, or lack a place.
    """
    return _Maker(Path(folder), consignments, random.Random(f"{consignments} {seed}")).instance()


class _Maker:
    """An instance while it is made."""

    def __init__(self, folder: Path, count: int, dice: random.Random) -> None:
        self._count, self._dice = count, dice
        table = Table(folder / "places" / "china_city_district_coords.csv")
        table.need("province", "city", "area", "lat_bd09", "lon_bd09")
        self._cities: dict[str, Place] = {}
        self._areas: list[tuple[str, str, Place]] = []
        for row in table.rows():
            latitude, longitude = row.number("lat_bd09"), row.number("lon_bd09")
            if latitude is None or longitude is None:
                continue
            place = Place.from_bd09(float(latitude), float(longitude))
            city, area = row.text("city"), row.text("area")
            if not area:
                self._cities.setdefault(row.text("province") if city == "市辖区" else city, place)
            elif row.text("province") == _PROVINCE:
                self._areas.append((city, area, place))
        beds = Table(folder / "hospital_demand" / "hospitals.csv")
        beds.need("hospital_id", "name", "lat_bd09", "lon_bd09")
        self._hospitals = []
        for row in beds.rows():
            latitude, longitude = row.number("lat_bd09"), row.number("lon_bd09")
            if latitude is not None and longitude is not None:
                place = Place.from_bd09(float(latitude), float(longitude))
                self._hospitals.append((row.text("name"), place))
        self._stations: list[Station] = []
        self._vehicles: list[Vehicle] = []
        self._crews: list[Crew] = []

    def instance(self) -> Instance:
        hubs = [self._station(Tier.TRUNK, name, self._city(name), f"CN-{name}") for name in _HUBS]
        centres = [
            self._station(Tier.TRUNK, name, self._city(name), _AFFECTED, serves=True)
            for name in _CENTRES
        ]
        towns = {city for city, _, _ in self._areas if city in self._cities}
        branches = [
            self._station(Tier.BRANCH, name, self._city(name), _AFFECTED) for name in sorted(towns)
        ]
        branches += [
            self._station(Tier.BRANCH, area, place, _AFFECTED)
            for city, area, place in self._areas
            if area in _WUHAN or city not in towns
        ]
        docks = self._docks()
        goods = tuple(
            self._goods(number, hubs, centres, docks) for number in range(1, self._count + 1)
        )
        self._fleets(hubs, centres, branches, docks, goods)
        stations = {station.id: station for station in self._stations}
        return Instance(
            network=Network(
                stations=stations,
                vehicles={vehicle.id: vehicle for vehicle in self._vehicles},
                crews={crew.id: crew for crew in self._crews},
                tariffs=TARIFFS,
                affected=frozenset({_AFFECTED}),
                metres=road_metres([station.place for station in stations.values()]),
                index={number: row for row, number in enumerate(stations)},
            ),
            consignments=goods,
            now=NOON,
        )

    def _city(self, name: str) -> Place:
        if name not in self._cities:
            raise InputError(f"the table of places has no {name}")
        return self._cities[name]

    def _station(
        self, tier: Tier, name: str, place: Place, province: str, *, serves: bool = False
    ) -> Station:
        is_dock = tier is Tier.TERMINAL
        station = Station(
            id=len(self._stations) + 1,
            tier=tier,
            place=place,
            province=province,
            band=_HULL,
            rooms=Room.AMBIENT | Room.COLD,
            # docks take goods in from 06:00 to 22:00 in Hubei, two in three at any time
            open_hours=_day(22, 14) if is_dock and self._dice.random() < 0.33 else ALWAYS_OPEN,
            throughput=30 if is_dock else 0,
            serves=frozenset({_AFFECTED}) if serves else frozenset(),
            name=name,
        )
        self._stations.append(station)
        return station

    def _docks(self) -> list[Station]:
        """Return a dock at each hospital and in each town, more than one where there are many."""
        named = [*self._hospitals, *((area, place) for _, area, place in self._areas)]
        wanted = max(len(named), self._count // 12) if self._count >= len(named) else self._count
        self._dice.shuffle(named)
        return [
            self._station(Tier.TERMINAL, name, self._near(place), _AFFECTED)
            for name, place in (named[number % len(named)] for number in range(wanted))
        ]

    def _near(self, place: Place) -> Place:
        """Return a place some kilometres from a centroid."""
        north = self._dice.gauss(0, 0.04)
        east = self._dice.gauss(0, 0.04) / cos(radians(place.latitude / _MICRO))
        return Place(place.latitude + round(north * _MICRO), place.longitude + round(east * _MICRO))

    def _goods(
        self,
        number: int,
        hubs: Sequence[Station],
        centres: Sequence[Station],
        docks: Sequence[Station],
    ) -> Consignment:
        dice = self._dice
        cold = dice.random() < 0.1
        units = min(int(dice.lognormvariate(5.5, 0.8)) + 1, 2_000)
        level = dice.choices([one for one, _ in _LEVELS], [share for _, share in _LEVELS])[0]
        near = dice.random() < 0.33
        return Consignment(
            id=number,
            origin=dice.choice(centres if near else hubs).id,
            destination=dice.choice(docks).id,
            level=level,
            load=(units, -(-units * 40 // 1000), -(-units * 400 // 1000)),
            band=_COLD if cold else _DRY,
            skills=frozenset({"controlled"}) if dice.random() < 0.1 else frozenset(),
            ready=NOON + dice.randrange(0, 4 * HOUR, 900),
            due=NOON + 9 * 24 * HOUR,
        )

    def _fleets(
        self,
        hubs: Sequence[Station],
        centres: Sequence[Station],
        branches: Sequence[Station],
        docks: Sequence[Station],
        goods: Sequence[Consignment],
    ) -> None:
        """Give each base vehicles for about half of what will pass it at once, two at least."""
        units = sum(one.load[0] for one in goods)
        for hub in hubs:
            self._fleet(Tier.TRUNK, hub, units * 0.67 / len(hubs), 12_000, limit=0)
        for centre in centres:
            self._fleet(Tier.BRANCH, centre, units / len(centres), 5_000, limit=0)
        passing = dict.fromkeys((branch.id for branch in branches), 0)
        bound = {dock.id: 0 for dock in docks}
        for one in goods:
            bound[one.destination] += one.load[0]
        for dock in docks:
            nearest = min(branches, key=lambda one: metres_between(one.place, dock.place))
            passing[nearest.id] += bound[dock.id]
        for branch in branches:
            self._fleet(Tier.TERMINAL, branch, passing[branch.id], 1_500, limit=13)

    def _fleet(self, tier: Tier, base: Station, units: float, room: int, *, limit: int) -> None:
        count = max(ceil(units * 0.5 / room), 2) + 1
        carrier = f"{tier.name.lower()} {base.id}"
        for number in range(count):
            cold = number % 3 == 0
            size = min(room, 2_000) if tier is Tier.TERMINAL and number == 0 else room
            size = max(size, 2_000)
            self._vehicles.append(
                Vehicle(
                    id=len(self._vehicles) + 1,
                    carrier=carrier,
                    tier=tier,
                    base=base.id,
                    band=_COLD if cold else _HULL,
                    room=(size, size // 10, size),
                    skills=frozenset({"controlled"}) if number % 3 < 2 else frozenset(),
                )
            )
        for _ in range(count + count // 2):
            self._crews.append(
                Crew(
                    id=len(self._crews) + 1,
                    carrier=carrier,
                    base=base.id,
                    hours_in_row=limit,
                    hours_in_day=min(limit + 1, 24) if limit else 0,
                )
            )


def _day(first: int, last: int) -> int:
    """Return the hours of the day (UTC) from one to another, over midnight, as bits."""
    return sum(1 << hour for hour in range(24) if hour >= first or hour < last)
