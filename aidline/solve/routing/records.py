"""What a plan of routes is made from, and what it is: stations, vehicles, crews, goods, runs, legs.

Quantities are units, kilograms and litres; temperatures hundredths of a degree; times unix seconds;
money base units of the currency. Ids are those of the chain where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from aidline.geodesy import Place
from aidline.model import ALWAYS_OPEN, Level, Room, Tier
from aidline.solve.matching import Band
from aidline.solve.urgency import weight_of

__all__ = [
    "ANY_BAND",
    "ROOM_BANDS",
    "Amount",
    "Consignment",
    "Crew",
    "Leg",
    "Network",
    "Plan",
    "Run",
    "Station",
    "Tariff",
    "Unserved",
    "Vehicle",
    "Why",
]

#: Goods that bear any temperature.
ANY_BAND = Band(-(1 << 15), (1 << 15) - 1)

Amount = tuple[int, int, int]


#: Temperatures that a room of a station keeps.
ROOM_BANDS = {
    Room.AMBIENT: Band(1_500, 2_500),
    Room.COLD: Band(200, 800),
    Room.FROZEN: Band(-2_500, -1_500),
}


@dataclass(frozen=True, slots=True)
class Station:
    """A place at which goods rest or change hands.

    Attributes:
        id: The station.
        tier: The tier of transport that it is made for.
        place: Where it lies.
        province: In which province.
        band: Temperatures that its hall keeps.
        rooms: Rooms beside it, as :class:`~aidline.model.Room`.
        open_hours: Hours of the day (UTC) in which it is open, as bits.
        throughput: Most loads in and out within an hour; 0 for no limit.
        serves: Affected provinces for which it is a recognised centre.
        name: By which people know it.
    """

    id: int
    tier: Tier
    place: Place
    province: str
    band: Band = ANY_BAND
    rooms: int = 0
    open_hours: int = ALWAYS_OPEN
    throughput: int = 0
    serves: frozenset[str] = frozenset()
    name: str = ""

    def keeps(self, goods: Band) -> bool:
        """Say whether its hall or a room stays within the goods' band."""
        return self.band.within(goods) or any(
            self.rooms & room and band.within(goods) for room, band in ROOM_BANDS.items()
        )


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle.

    Attributes:
        id: The vehicle.
        carrier: Who runs it.
        tier: Of transport.
        base: Station from which it leaves and to which it comes back.
        band: Temperatures of its hold.
        room: Units, kilograms and litres that it carries.
        range: Farthest that a leg of it leads, metres as the crow flies; 0 for any distance.
        licences: What its crew must hold, as bits.
        skills: What goods may ask of it, such as ``controlled``.
        free_from: Unix second before which it cannot leave.
    """

    id: int
    carrier: str
    tier: Tier
    base: int
    band: Band
    room: Amount
    range: int = 0
    licences: int = 0
    skills: frozenset[str] = frozenset()
    free_from: int = 0


@dataclass(frozen=True, slots=True)
class Crew:
    """A crew.

    Attributes:
        id: The crew.
        carrier: For whom it drives.
        base: Station from which it leaves.
        licences: What it holds, as bits.
        hours_in_row: Most hours on duty without a break; 0, as ``hours_in_day``, for no limit.
        hours_in_day: Most hours on duty in any 24 in a row.
    """

    id: int
    carrier: str
    base: int
    licences: int = 0
    hours_in_row: int = 0
    hours_in_day: int = 0


@dataclass(frozen=True, slots=True)
class Consignment:
    """Goods that go together.

    Attributes:
        id: The consignment.
        origin: Station at which they are.
        destination: Station to which they go.
        level: Urgency.
        load: Units, kilograms and litres.
        band: Temperatures in which they are kept.
        skills: What they ask of a vehicle.
        ready: Unix second before which they cannot leave.
        due: Unix second by which they are to be there.
        name: By which people know them.
    """

    id: int
    origin: int
    destination: int
    level: Level
    load: Amount
    band: Band = ANY_BAND
    skills: frozenset[str] = frozenset()
    ready: int = 0
    due: int = 1 << 39
    name: str = ""

    @property
    def weight(self) -> int:
        """What an hour counts that it is late: 64, 16, 4, 1 from critical."""
        return weight_of(self.level)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a tier costs, and how it goes.

    Attributes:
        base: Of a run.
        per_km: Of its way, back to where it began.
        per_thousand_units: That ride in it.
        speed: Metres an hour.
        handling: Seconds that it takes to hand goods over at a stop.
        slack: Seconds granted beyond the expected arrival.
    """

    base: int
    per_km: int
    per_thousand_units: int
    speed: int
    handling: int
    slack: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """What there is to carry with, and where.

    Attributes:
        stations: By id.
        vehicles: By id.
        crews: By id.
        tariffs: By tier.
        affected: Provinces into which goods go only through a recognised centre.
        metres: Road between stations, in the order of ``index``; below 0 where there is none.
        index: Of a station in ``metres``.
    """

    stations: Mapping[int, Station]
    vehicles: Mapping[int, Vehicle]
    crews: Mapping[int, Crew]
    tariffs: Mapping[Tier, Tariff]
    affected: frozenset[str]
    metres: np.ndarray
    index: Mapping[int, int]

    def road(self, start: int, end: int) -> int | None:
        """Return the metres of road between two stations, ``None`` where there is none."""
        metres = int(self.metres[self.index[start], self.index[end]])
        return None if metres < 0 else metres

    def may_enter(self, start: int, end: int) -> bool:
        """Say whether a leg between two stations keeps to the recognised centres."""
        one, other = self.stations[start], self.stations[end]
        province = other.province
        return (
            province not in self.affected
            or one.province == province
            or province in one.serves
            or province in other.serves
        )


@dataclass(frozen=True, slots=True)
class Leg:
    """One consignment's ride in a run, from where the run begins to a stop of it.

    Attributes:
        consignment: Which.
        carrier: Who drives.
        vehicle: With what; with ``departure`` it names the run.
        crew: By whom.
        start: Station.
        end: Station.
        departure: Unix second.
        arrival: When it is handed over, as planned.
        latest: By when it was agreed to be.
        freight: Its share of what the run costs.
    """

    consignment: int
    carrier: str
    vehicle: int
    crew: int
    start: int
    end: int
    departure: int
    arrival: int
    latest: int
    freight: int


@dataclass(frozen=True, slots=True)
class Run:
    """One journey of a vehicle.

    Attributes:
        vehicle: Which.
        crew: Who drives.
        tier: Of the vehicle.
        start: Station from which it leaves, and to which it comes back.
        departure: Unix second.
        back: Unix second at which it is back; its hours are taken until then.
        stops: Stations in order.
        metres: Of its whole way.
        cost: By the tariff.
        legs: What rides in it.
    """

    vehicle: int
    crew: int
    tier: Tier
    start: int
    departure: int
    back: int
    stops: tuple[int, ...]
    metres: int
    cost: int
    legs: tuple[Leg, ...]


class Why(StrEnum):
    """Why a consignment is not served; of several the first that holds."""

    UNKNOWN_WAY = "no way leads there"
    NO_VEHICLE = "no vehicle keeps it and holds it"
    NO_STORAGE = "a station on its way cannot keep it"
    NOT_RECOGNISED = "no recognised centre leads into its province"
    TOO_LATE = "it would come after it is due"
    NO_CREW = "no crew may drive so long"
    NO_HOURS = "vehicles, crews and stations have no free hours before the end of the plan"


@dataclass(frozen=True, slots=True)
class Unserved:
    """A consignment that stays where it is, and why."""

    consignment: int
    why: Why


@dataclass(frozen=True, slots=True)
class Plan:
    """Who goes where, when, with what.

    Attributes:
        consignments: What was to be carried, by id.
        runs: By departure, then vehicle.
        unserved: Ascending by consignment.
    """

    consignments: Mapping[int, Consignment]
    runs: tuple[Run, ...]
    unserved: tuple[Unserved, ...] = field(default=())

    @property
    def cost(self) -> int:
        """Of all runs, base units of the currency."""
        return sum(run.cost for run in self.runs)

    def legs_of(self) -> dict[int, list[Leg]]:
        """Return the legs of each consignment that moves, in order."""
        made: dict[int, list[Leg]] = {}
        for leg in sorted(
            (leg for run in self.runs for leg in run.legs), key=lambda leg: leg.departure
        ):
            made.setdefault(leg.consignment, []).append(leg)
        return made

    def arrivals(self) -> dict[int, int]:
        """Return when what is served arrives; what is stuck on its way does not."""
        stuck = {one.consignment for one in self.unserved}
        return {
            number: legs[-1].arrival
            for number, legs in self.legs_of().items()
            if number not in stuck
        }

    def mean_arrival(self, since: int, otherwise: int) -> float:
        """Return the urgency-weighted mean of the seconds until arrival.

        Args:
            since: From when they count, unix seconds.
            otherwise: When what is not served counts as arrived.
        """
        arrivals = self.arrivals()
        weights = sum(one.weight for one in self.consignments.values())
        total = sum(
            one.weight * (arrivals.get(number, otherwise) - since)
            for number, one in self.consignments.items()
        )
        return total / weights if weights else 0.0
