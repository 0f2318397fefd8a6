"""What the contracts ask of a plan, stated once more: which rule a plan breaks first.

:func:`first_breach` goes through a plan in the order of ``RouteBook.commit``, looks at each leg as
``LogisticsNetwork.checkLeg`` and ``reserve`` do, and names the error with which they would revert.
What only the ledger knows (where a parcel lies, who is suspended, who leads a corridor) is not
looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aidline.geodesy import metres_between
from aidline.model import Tier
from aidline.solve.routing.diary import HOUR, MOST_HOURS, Diary, hours, is_open
from aidline.solve.routing.records import Consignment, Leg, Network, Plan
from aidline.solve.routing.ways import is_next_to

__all__ = ["Breach", "first_breach", "in_order"]


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that is broken.

    Attributes:
        error: Name of the contracts' error.
        leg: Number of the leg, the first being 0, in order; -1 for a cargo as a whole.
        consignment: Which goods.
    """

    error: str
    leg: int
    consignment: int


def in_order(plan: Plan) -> list[Leg]:
    """Return the legs of a plan as they are committed: by departure, run by run."""
    legs = [leg for run in plan.runs for leg in run.legs]
    return sorted(legs, key=lambda leg: (leg.departure, leg.vehicle))


def first_breach(
    network: Network,
    consignments: Iterable[Consignment],
    legs: Sequence[Leg],
    *,
    now: int,
    diary: Diary | None = None,
    is_replan: bool = False,
) -> Breach | None:
    """Return the first rule that a plan breaks, ``None`` when the contracts take it.

    Args:
        network: What there is to carry with.
        consignments: What the legs carry.
        legs: In the order in which they are committed.
        now: Unix second of the block.
        diary: Hours and loads that are booked already.
        is_replan: Whether it supersedes another: then a tier may be left out.
    """
    goods = {one.id: one for one in consignments}
    for one in goods.values():
        if one.load[0] <= 0 or one.ready >= one.due:
            return Breach("BadCargo", -1, one.id)
    check = _Check(
        network, diary or Diary(), is_replan, {n: one.origin for n, one in goods.items()}
    )
    if not legs:
        return Breach("NoLegs", -1, 0)
    last = now
    for number, leg in enumerate(legs):
        error = None
        if leg.departure < last:
            error = "InThePast" if leg.departure < now else "NotInOrder"
        elif leg.consignment not in goods:
            error = "UnknownCargo"
        error = error or check.move(leg, goods[leg.consignment])
        if error:
            return Breach(error, number, leg.consignment)
        last = leg.departure
    for one in goods.values():
        if check.places[one.id] != one.destination:
            return Breach("EndsElsewhere", -1, one.id)
        if check.since.get(one.id, one.ready) > one.due:
            return Breach("TooLate", -1, one.id)
    return None


@dataclass(slots=True)
class _Ride:
    """What a vehicle, or a crew, does last."""

    departure: int
    start: int
    partner: int
    until: int
    load: list[int] = field(default_factory=lambda: [0, 0, 0])


@dataclass(slots=True)
class _Check:
    network: Network
    diary: Diary
    is_replan: bool
    places: dict[int, int]
    since: dict[int, int] = field(default_factory=dict)
    tiers: dict[int, Tier] = field(default_factory=dict)
    rides: dict[int, _Ride] = field(default_factory=dict)
    duties: dict[int, _Ride] = field(default_factory=dict)
    loads: dict[tuple[int, int], int] = field(default_factory=dict)

    def move(self, leg: Leg, goods: Consignment) -> str | None:
        """Let goods ride a leg; returns the error that stands in the way."""
        if leg.start != self.places[goods.id]:
            return "GoodsElsewhere"
        if leg.departure < self.since.get(goods.id, goods.ready):
            return "NotReady"
        error = self._fits(leg, goods) or self._goes(leg, goods) or self._is_free(leg)
        error = error or self._follows(leg, goods) or self._rides(leg, goods) or self._drives(leg)
        if error:
            return error
        for station, time in ((leg.start, leg.departure), (leg.end, leg.latest - 1)):
            key = station, time // HOUR
            self.loads[key] = self.loads.get(key, 0) + 1
            if self.loads[key] > self.diary.room(self.network.stations[station], time // HOUR):
                return "StationOverbooked"
        self.places[goods.id], self.since[goods.id] = leg.end, leg.latest
        self.tiers[goods.id] = self.network.vehicles[leg.vehicle].tier
        return None

    # --- LogisticsNetwork.checkLeg ---

    def _fits(self, leg: Leg, goods: Consignment) -> str | None:
        network = self.network
        if leg.latest <= leg.departure:
            return "BadWindow"
        if len(hours(leg.departure, leg.latest)) > MOST_HOURS:
            return "WindowTooLong"
        if leg.vehicle not in network.vehicles:
            return "UnknownVehicle"
        if leg.crew not in network.crews:
            return "UnknownCrew"
        vehicle, crew = network.vehicles[leg.vehicle], network.crews[leg.crew]
        if vehicle.carrier != leg.carrier:
            return "WrongCarrier"
        if crew.carrier != vehicle.carrier:
            return "WrongCrew"
        if vehicle.licences & ~crew.licences:
            return "LicenceMissing"
        if goods.load[0] > vehicle.room[0]:
            return "OverCapacity"
        if vehicle.band.low < goods.band.low:
            return "TooCold"
        return "TooWarm" if vehicle.band.high > goods.band.high else None

    def _goes(self, leg: Leg, goods: Consignment) -> str | None:
        network, vehicle = self.network, self.network.vehicles[leg.vehicle]
        if leg.start == leg.end:
            return "SameStation"
        if leg.start not in network.stations or leg.end not in network.stations:
            return "UnknownStation"
        start, end = network.stations[leg.start], network.stations[leg.end]
        if not is_next_to(vehicle.tier, start.tier) or not is_next_to(vehicle.tier, end.tier):
            return "TierMismatch"
        if not is_open(start, leg.departure) or not is_open(end, leg.latest - 1):
            return "StationClosed"
        if not end.keeps(goods.band):
            return "CannotStore"
        if not network.may_enter(leg.start, leg.end):
            return "CentreNotRecognised"
        # The contract measures from below, by 3 percent at most.
        too_far = vehicle.range and metres_between(start.place, end.place) > vehicle.range
        return "OutOfRange" if too_far else None

    def _is_free(self, leg: Leg) -> str | None:
        wanted = hours(leg.departure, leg.latest)
        if not self.diary.is_free(leg.vehicle, wanted):
            return "SlotTaken"
        crew = self.network.crews[leg.crew]
        if not self.diary.crews[crew.id].isdisjoint(wanted):
            return "CrewBusy"
        return self.diary.duty(crew, wanted) or self._full(leg)

    def _full(self, leg: Leg) -> str | None:
        for station, time in ((leg.start, leg.departure), (leg.end, leg.latest - 1)):
            if self.diary.room(self.network.stations[station], time // HOUR) <= 0:
                return "StationFull"
        return None

    # --- RouteBook.commit ---

    def _follows(self, leg: Leg, goods: Consignment) -> str | None:
        before, tier = self.tiers.get(goods.id), self.network.vehicles[leg.vehicle].tier
        if before is None or tier == before:
            return None
        return "TierOrder" if tier < before or (tier > before + 1 and not self.is_replan) else None

    def _rides(self, leg: Leg, goods: Consignment) -> str | None:
        ride = self.rides.get(leg.vehicle)
        key = leg.departure, leg.start, leg.crew
        if ride is None or (ride.departure, ride.start, ride.partner) != key:
            if ride is not None and leg.departure // HOUR <= (ride.until - 1) // HOUR:
                return "VehicleBusy"
            ride = self.rides[leg.vehicle] = _Ride(*key, leg.latest)
        ride.until = max(ride.until, leg.latest)
        room = self.network.vehicles[leg.vehicle].room
        ride.load = [have + more for have, more in zip(ride.load, goods.load, strict=True)]
        for axis, error in enumerate(("OverUnits", "OverWeight", "OverVolume")):
            if ride.load[axis] > room[axis]:
                return error
        return None

    def _drives(self, leg: Leg) -> str | None:
        duty = self.duties.get(leg.crew)
        if duty is None or (duty.departure, duty.partner) != (leg.departure, leg.vehicle):
            if duty is not None and leg.departure // HOUR <= (duty.until - 1) // HOUR:
                return "OverlappingDuty"
            duty = self.duties[leg.crew] = _Ride(leg.departure, leg.start, leg.vehicle, leg.latest)
        duty.until = max(duty.until, leg.latest)
        return None
