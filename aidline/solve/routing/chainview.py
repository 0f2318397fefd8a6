"""What a deployment has to carry, and with what: allocations that wait, the network, free hours.

The chain knows stations, vehicles and crews, but not where vehicles and crews are, what carriers
charge, and what goods weigh: that is in a roster (schema ``route-roster``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from aidline import regions
from aidline.client import Aidline
from aidline.errors import InputError
from aidline.files import read_json
from aidline.geodesy import Place
from aidline.model import AllocationStatus, Tier
from aidline.solve.matching import Band
from aidline.solve.routing.diary import HOUR, Diary
from aidline.solve.routing.records import Consignment, Crew, Network, Station, Tariff, Vehicle
from aidline.solve.routing.roads import DETOUR_PERMILLE, road_metres

__all__ = ["Allotted", "Roster", "free_hours", "read_allocations", "read_chain", "read_roster"]

#: Parcels, thus allocations, that a consignment carries at most.
MOST_PARCELS = 16


@dataclass(frozen=True, slots=True)
class Roster:
    """What the chain does not know.

    Attributes:
        bases: Station by vehicle.
        skills: By vehicle.
        free_from: Unix second by vehicle.
        crews: Station by crew.
        tariffs: By tier.
        weights: Kilograms and litres of a thousand units, by GTIN.
        detour_permille: Metres of road for 1000 m of the great circle.
    """

    bases: Mapping[int, int]
    skills: Mapping[int, frozenset[str]]
    free_from: Mapping[int, int]
    crews: Mapping[int, int]
    tariffs: Mapping[Tier, Tariff]
    weights: Mapping[int, tuple[int, int]]
    detour_permille: int = DETOUR_PERMILLE


@dataclass(frozen=True, slots=True)
class Allotted:
    """A consignment of allocations that go together.

    Attributes:
        goods: As it is planned.
        allocations: What it carries, at most 16.
        holder: Who holds the goods.
        consignee: Who is to receive them.
        parcel: In which the goods lie.
    """

    goods: Consignment
    allocations: tuple[int, ...]
    holder: str
    consignee: str
    parcel: int


def read_roster(path: str | PathLike[str]) -> Roster:
    """Read a roster.

    Raises:
        InputError: It breaks the schema, or a number stands twice.
    """
    record = read_json(path, "route-roster")
    for part in ("vehicles", "crews"):
        numbers = [one["id"] for one in record[part]]
        if len(set(numbers)) < len(numbers):
            raise InputError(f"{part}: a number stands twice", path=path)
    return Roster(
        bases={one["id"]: one["base"] for one in record["vehicles"]},
        skills={one["id"]: frozenset(one.get("skills", ())) for one in record["vehicles"]},
        free_from={one["id"]: one.get("free_from", 0) for one in record["vehicles"]},
        crews={one["id"]: one["base"] for one in record["crews"]},
        tariffs={Tier[name.upper()]: Tariff(**one) for name, one in record["tariffs"].items()},
        weights={
            int(one["gtin"]): (one["kilograms"], one["litres"])
            for one in record.get("materials", ())
        },
        detour_permille=record.get("detour_permille", DETOUR_PERMILLE),
    )


def read_chain(aid: Aidline, roster: Roster) -> Network:
    """Return the network of a deployment, with the vehicles and crews of a roster.

    Raises:
        InputError: The roster names what the chain does not have.
    """
    book = aid.network
    numbers = range(1, book.stationCount() + 1)
    found = book.station.many((n,) for n in numbers)
    provinces = aid.registry.provinceOf.many((one.region,) for one in found)
    affected = [
        province
        for province, is_so in zip(
            sorted(set(provinces)),
            book.isAffected.many((one,) for one in sorted(set(provinces))),
            strict=True,
        )
        if is_so
    ]
    serving = [(number, province) for number in numbers for province in affected]
    serves: dict[int, set[str]] = defaultdict(set)
    for (number, province), is_so in zip(serving, book.serves.many(serving), strict=True):
        if is_so:
            serves[number].add(regions.decode(province))
    stations = {
        number: Station(
            id=number,
            tier=one.tier,
            place=Place(one.latitude, one.longitude),
            province=regions.decode(province),
            band=Band(one.temperature_min, one.temperature_max),
            rooms=one.rooms,
            open_hours=one.open_hours,
            throughput=one.throughput,
            serves=frozenset(serves[number]),
        )
        for number, one, province in zip(numbers, found, provinces, strict=True)
    }
    _check(roster.bases, book.vehicleCount(), stations, "vehicle")
    _check(roster.crews, book.crewCount(), stations, "crew")
    vehicles = {
        number: Vehicle(
            id=number,
            carrier=one.carrier,
            tier=one.tier,
            base=roster.bases[number],
            band=Band(one.temperature_min, one.temperature_max),
            room=(one.capacity, one.weight, one.volume),
            range=one.range,
            licences=one.licences,
            skills=roster.skills[number],
            free_from=roster.free_from[number],
        )
        for number, one in _read(book.vehicle, roster.bases)
    }
    crews = {
        number: Crew(
            id=number,
            carrier=one.carrier,
            base=roster.crews[number],
            licences=one.licences,
            hours_in_row=one.hours_in_row,
            hours_in_day=one.hours_in_day,
        )
        for number, one in _read(book.crew, roster.crews)
    }
    return Network(
        stations=stations,
        vehicles=vehicles,
        crews=crews,
        tariffs=roster.tariffs,
        affected=frozenset(regions.decode(province) for province in affected),
        metres=road_metres([one.place for one in stations.values()], roster.detour_permille),
        index={number: row for row, number in enumerate(stations)},
    )


def _check(
    known: Mapping[int, int], count: int, stations: Mapping[int, Station], what: str
) -> None:
    for number, base in sorted(known.items()):
        if number > count:
            raise InputError(f"the roster names {what} {number}, the chain has {count}")
        if base not in stations:
            raise InputError(f"the roster has {what} {number} at station {base}: there is none")


def _read(function: Any, numbers: Iterable[int]) -> list[tuple[int, Any]]:
    wanted = sorted(numbers)
    return list(zip(wanted, function.many((n,) for n in wanted), strict=True))


def free_hours(aid: Aidline, network: Network, since: int) -> Diary:
    """Return the hours and loads that are booked, from a time on.

    Args:
        aid: The deployment.
        network: Whose vehicles, crews and stations count.
        since: Unix second.
    """
    book, diary = aid.network, Diary()
    runs: dict[tuple[int, int], tuple[int, range]] = {}
    for event in book.events(from_block=aid.deployment.block):
        told = event.args
        if event.name == "SlotsReserved":
            diary.vehicles[told.vehicle].update(range(told.from_slot, told.to_slot))
            diary.crews[told.crew].update(range(told.from_slot, told.to_slot))
        elif event.name == "SlotsReleased":
            diary.vehicles[told.vehicle].difference_update(range(told.from_slot, told.to_slot))
            diary.crews[told.crew].difference_update(range(told.from_slot, told.to_slot))
        elif event.name == "RunOpened":
            taken = range(told.departure // HOUR, -(-told.arrival // HOUR))
            runs[told.vehicle, told.departure] = told.crew, taken
            diary.vehicles[told.vehicle].update(taken)
            diary.crews[told.crew].update(taken)
        elif event.name == "RunClosed":
            crew, taken = runs.pop((told.vehicle, told.departure))
            given_back = range(max(taken.start, -(-told["from"] // HOUR)), taken.stop)
            diary.vehicles[told.vehicle].difference_update(given_back)
            diary.crews[crew].difference_update(given_back)
    limited = [one.id for one in network.stations.values() if one.throughput]
    last = max((max(taken, default=0) for taken in diary.vehicles.values()), default=0)
    asked = [(one, hour) for one in limited for hour in range(since // HOUR, last + 1)]
    for key, loads in zip(asked, book.loadsAt.many(asked), strict=True):
        diary.loads[key] = loads
    return diary


def read_allocations(
    aid: Aidline, network: Network, roster: Roster, *, now: int, notice: int = HOUR
) -> list[Allotted]:
    """Return what waits to be carried: what is of one parcel, for one door and as urgent, together.

    Args:
        aid: The deployment.
        network: Where stations are.
        roster: What goods weigh.
        now: Unix second of the latest block.
        notice: Seconds before which nothing leaves: bookings have to be signed first.
    """
    book, needs, ledger = aid.demand, aid.needs, aid.ledger
    numbers = range(1, book.allocationCount() + 1)
    waiting = [
        (number, one)
        for number, one in zip(numbers, book.allocation.many((n,) for n in numbers), strict=True)
        if one.status == AllocationStatus.ALLOCATED
    ]
    demands = dict(_read(needs.demand, {one.demand for _, one in waiting}))
    offers = dict(_read(book.offerRecord, {one.offer for _, one in waiting}))
    # until it is booked an allocation is a promise of its offer's parcel
    parcels = dict(
        _read(ledger.parcel, {one.parcel or offers[one.offer].parcel for _, one in waiting})
    )
    materials = dict(_read(ledger.material, {one.material for one in demands.values()}))
    groups: dict[tuple[Any, ...], list[tuple[int, Any]]] = defaultdict(list)
    for number, one in waiting:
        demand, parcel = demands[one.demand], one.parcel or offers[one.offer].parcel
        ends = parcels[parcel].station, demand.station
        if not set(ends) <= network.stations.keys() or ends[0] == ends[1]:
            continue
        kind = materials[demand.material]
        groups[
            *ends,
            parcels[parcel].custodian,
            demand.recipient,
            one.level,
            Band(kind.temperature_min, kind.temperature_max),
            kind.controlled,
            parcel,
        ].append((number, one))
    made: list[Allotted] = []
    for (origin, end, holder, consignee, level, band, controlled, parcel), members in sorted(
        groups.items(), key=lambda item: item[1][0][0]
    ):
        for first in range(0, len(members), MOST_PARCELS):
            part = members[first : first + MOST_PARCELS]
            goods = Consignment(
                id=len(made) + 1,
                origin=origin,
                destination=end,
                level=level,
                load=_load([(one, demands[one.demand].material) for _, one in part], roster),
                band=band,
                skills=frozenset({"controlled"}) if controlled else frozenset(),
                ready=now + notice,
                due=min(demands[one.demand].needed_by for _, one in part),
                name=", ".join(str(number) for number, _ in part),
            )
            if goods.due > goods.ready:
                numbers_of = tuple(number for number, _ in part)
                made.append(Allotted(goods, numbers_of, holder, consignee, parcel))
    return made


def _load(units: Sequence[tuple[Any, int]], roster: Roster) -> tuple[int, int, int]:
    """Return units, kilograms and litres, each of the latter rounded up."""
    total = sum(one.units for one, _ in units)
    grams, millilitres = (
        sum(one.units * roster.weights.get(gtin, (0, 0))[axis] for one, gtin in units)
        for axis in (0, 1)
    )
    return total, -(-grams // 1000), -(-millilitres // 1000)
