"""Whole hours that are taken: of vehicles, of crews, and the loads at stations.

Hours are numbered from the beginning of unix time, as ``LogisticsNetwork`` takes them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from aidline.model import ALWAYS_OPEN
from aidline.solve.routing.records import Crew, Run, Station

__all__ = ["HOUR", "MOST_HOURS", "Diary", "hours", "is_open"]

HOUR = 3600
#: Longest reservation.
MOST_HOURS = 256

_DAY = 24


def hours(start: int, end: int) -> range:
    """Return the hours that the seconds [start, end) touch."""
    return range(start // HOUR, -(-end // HOUR))


def is_open(station: Station, time: int) -> bool:
    """Say whether a station is open in the hour of a time."""
    return station.open_hours == ALWAYS_OPEN or bool(
        station.open_hours >> (time // HOUR % _DAY) & 1
    )


@dataclass(slots=True)
class Diary:
    """Hours that are taken.

    Attributes:
        vehicles: Hours by vehicle.
        crews: Hours by crew.
        loads: Loads in and out, by station and hour.
    """

    vehicles: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    crews: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    loads: Counter[tuple[int, int]] = field(default_factory=Counter)

    def is_free(self, vehicle: int, wanted: range) -> bool:
        """Say whether a vehicle's hours are free."""
        return self.vehicles[vehicle].isdisjoint(wanted)

    def may_drive(self, crew: Crew, wanted: range) -> bool:
        """Say whether a crew is free in these hours and stays within its hours of duty."""
        return self.crews[crew.id].isdisjoint(wanted) and self.duty(crew, wanted) is None

    def duty(self, crew: Crew, wanted: range) -> str | None:
        """Return what a crew's duty would break: ``TooLongInRow``, ``TooLongInDay`` or nothing."""
        if not crew.hours_in_day:
            return None
        taken = self.crews[crew.id]
        first, last = wanted.start, wanted.stop
        if last - first > crew.hours_in_row:
            return "TooLongInRow"
        while first - 1 in taken and wanted.start - first < _DAY:
            first -= 1
        while last in taken and last < wanted.start + 2 * _DAY:
            last += 1
        if last - first > crew.hours_in_row:
            return "TooLongInRow"
        duty = taken | set(wanted)
        for end in range(wanted.start, wanted.stop + _DAY - 1):
            if sum(hour in duty for hour in range(end - _DAY + 1, end + 1)) > crew.hours_in_day:
                return "TooLongInDay"
        return None

    def room(self, station: Station, hour: int) -> int:
        """Return how many loads more a station handles in an hour."""
        if not station.throughput:
            return 1 << 30
        return station.throughput - self.loads[station.id, hour]

    def take(self, run: Run) -> None:
        """Take the hours of a run and the loads of its legs."""
        taken = hours(run.departure, run.back)
        self.vehicles[run.vehicle].update(taken)
        self.crews[run.crew].update(taken)
        for leg in run.legs:
            self.loads[leg.start, leg.departure // HOUR] += 1
            self.loads[leg.end, (leg.latest - 1) // HOUR] += 1
