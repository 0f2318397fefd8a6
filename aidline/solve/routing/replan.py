"""Plans anew from the present state, touching as little as needed.

Runs that have left stay: their goods are, or will be, where the run hands them over. Of the others
only those are given up that what has come about breaks: a run over a closed road, of a vehicle that
has broken down, or whose goods come too late for it. Their goods are planned anew from where the
last run that stays leaves them; where no way leads on from there, from where they are now. New
goods take the hours that are left. Only where urgent new goods would win more than others lose are
runs of less urgent goods given up for them as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np

from aidline.model import Hindrance
from aidline.solve.routing.diary import Diary
from aidline.solve.routing.planner import Settings, plan_routes, priced
from aidline.solve.routing.records import Consignment, Leg, Network, Plan, Run

__all__ = ["Because", "Change", "Events", "Kind", "Replan", "as_hindered", "plan_anew"]


@dataclass(frozen=True, slots=True)
class Events:
    """What has come about.

    Attributes:
        at: Unix second.
        reason: In one word.
        closed: Roads between two stations, closed both ways.
        broken: When a vehicle that has broken down can leave again, by vehicle.
        late: Seconds by which a vehicle on its way comes later.
        goods: What is to be carried beside what was.
    """

    at: int
    reason: Hindrance
    closed: frozenset[frozenset[int]] = frozenset()
    broken: tuple[tuple[int, int], ...] = ()
    late: tuple[tuple[int, int], ...] = ()
    goods: tuple[Consignment, ...] = ()


class Kind(StrEnum):
    """What became of a consignment."""

    MOVED = "moved"
    ADDED = "added"
    DROPPED = "dropped"
    SERVED = "served"


class Because(StrEnum):
    """Why."""

    ROAD = "a road on its way is closed"
    VEHICLE = "its vehicle has broken down"
    LATE = "it comes too late for its run"
    URGENT = "what is more urgent takes its place"
    NEW = "it is new"
    ROOM = "there is room for it now"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a consignment whose legs are others than before.

    Attributes:
        consignment: Which.
        kind: What became of it.
        because: Why.
        before: Its arrival by the former plan; ``None`` for none.
        after: Its arrival by this plan; ``None`` for none.
    """

    consignment: int
    kind: Kind
    because: Because
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Replan:
    """A plan that supersedes another.

    Attributes:
        plan: What goes where from now on, with the runs that have left.
        changes: By consignment; what is not among them goes as before.
        kept: Runs that stay as they were.
        given_up: Runs that are not driven, or not with all that was to ride in them.
        reason: In one word.
    """

    plan: Plan
    changes: tuple[Change, ...]
    kept: int
    given_up: int
    reason: Hindrance


def as_hindered(network: Network, events: Events) -> Network:
    """Return a network in which closed roads are gone round and broken vehicles stay.

    A closed road is as long as the shortest way over one other station; where all are closed there
    is none.
    """
    metres = network.metres.copy()
    shut = [tuple(network.index[one] for one in pair) for pair in events.closed]
    for one, other in shut:
        metres[one, other] = metres[other, one] = -1
    barred = metres.copy()
    for one, other in shut:
        for start, end in ((one, other), (other, one)):
            out, into = barred[start], barred[:, end]
            able = (out >= 0) & (into >= 0)
            able[[start, end]] = False
            if able.any():
                metres[start, end] = int(np.min((out + into)[able]))
    broken = dict(events.broken)
    vehicles = {
        number: replace(one, free_from=max(one.free_from, broken[number]))
        if number in broken
        else one
        for number, one in network.vehicles.items()
    }
    return replace(network, metres=metres, vehicles=vehicles)


def plan_anew(
    network: Network, former: Plan, events: Events, settings: Settings | None = None
) -> Replan:
    """Plan anew from the present state.

    Args:
        network: As it was.
        former: The plan to be superseded.
        events: What has come about.
        settings: How to plan.
    """
    settings = settings or Settings()
    worker = _Replanner(as_hindered(network, events), former, events, settings)
    made = worker.least()
    if events.goods:
        bold = worker.for_urgent()
        if bold is not None and worker.lateness(bold) < worker.lateness(made):
            made = bold
    return made


@dataclass(frozen=True, slots=True)
class _Stand:
    """What stays, and what is to be planned.

    Attributes:
        runs: That stay.
        goods: To be planned, from where they will be.
        because: Why, by consignment.
        whole: Runs that stay as they were.
    """

    runs: tuple[Run, ...]
    goods: tuple[Consignment, ...]
    because: dict[int, Because]
    whole: int


class _Replanner:
    """A plan that is made anew."""

    def __init__(self, network: Network, former: Plan, events: Events, settings: Settings) -> None:
        self._network, self._former, self._events = network, former, events
        self._settings = settings
        self._known = {**former.consignments, **{one.id: one for one in events.goods}}
        late = dict(events.late)
        self._gone = [
            _delayed(run, late.get(run.vehicle, 0))
            for run in former.runs
            if run.departure <= events.at
        ]
        self._ahead = [run for run in former.runs if run.departure > events.at]

    def least(self) -> Replan:
        """Give up what is broken, and what that leaves stuck."""
        broken: dict[int, Because] = {}
        for number, run in enumerate(self._ahead):
            because = self._breaks(run)
            if because is not None:
                broken[number] = because
        stand = self._stand(broken, set())
        made = self._plan(stand)
        stuck = {one.consignment for one in made.plan.unserved} & stand.because.keys()
        if any(self._begun(number) for number in stuck):
            made = min(made, self._plan(self._stand(broken, stuck)), key=self._unserved)
        return made

    def for_urgent(self) -> Replan | None:
        """Give up runs of what is less urgent than the new goods, too."""
        most = max(one.level for one in self._events.goods)
        broken: dict[int, Because] = {}
        for number, run in enumerate(self._ahead):
            because = self._breaks(run)
            if because is not None:
                broken[number] = because
            elif all(self._known[leg.consignment].level < most for leg in run.legs):
                broken[number] = Because.URGENT
        return self._plan(self._stand(broken, set())) if broken else None

    def lateness(self, made: Replan) -> int:
        """Return the weighted sum of arrivals."""
        end = self._events.at + self._settings.horizon
        arrivals = made.plan.arrivals()
        return sum(one.weight * arrivals.get(number, end) for number, one in self._known.items())

    def _unserved(self, made: Replan) -> tuple[int, int]:
        return len(made.plan.unserved), len(made.changes)

    def _begun(self, number: int) -> bool:
        return any(leg.consignment == number for run in self._ahead for leg in run.legs)

    def _breaks(self, run: Run) -> Because | None:
        """Return why a run that has not left cannot be driven as planned."""
        until = dict(self._events.broken).get(run.vehicle, 0)
        if run.departure < until:
            return Because.VEHICLE
        way = (run.start, *run.stops, run.start)
        closed = self._events.closed
        return Because.ROAD if any(frozenset(hop) in closed for hop in pairwise(way)) else None

    def _stand(self, broken: dict[int, Because], stuck: set[int]) -> _Stand:
        """Return what stays when some runs are given up, and all that is ahead of some goods."""
        because: dict[int, Because] = {}
        place: dict[int, int] = {number: one.origin for number, one in self._known.items()}
        since: dict[int, int] = {number: one.ready for number, one in self._known.items()}
        for run in self._gone:
            for leg in run.legs:
                place[leg.consignment], since[leg.consignment] = leg.end, leg.latest
        kept: list[Run] = list(self._gone)
        whole = 0
        for number, run in enumerate(self._ahead):
            riding: list[Leg] = []
            for leg in run.legs:
                goods = leg.consignment
                if goods in because:
                    continue
                if goods in stuck:
                    because[goods] = broken.get(number, Because.ROAD)
                elif number in broken:
                    because[goods] = broken[number]
                elif since[goods] > run.departure:
                    because[goods] = Because.LATE
                else:
                    riding.append(leg)
                    place[goods], since[goods] = leg.end, leg.latest
            if len(riding) == len(run.legs):
                kept.append(run)
                whole += 1
            elif riding:
                kept.append(self._without(run, riding))
        served = {leg.consignment for run in kept for leg in run.legs}
        for goods in self._known:
            if goods not in served and goods not in because:
                is_new = goods not in self._former.consignments
                because[goods] = Because.NEW if is_new else Because.ROOM
        return _Stand(
            runs=tuple(kept),
            goods=tuple(
                replace(
                    self._known[goods],
                    origin=place[goods],
                    ready=max(since[goods], self._events.at),
                    due=self._due(goods, begun=place[goods] != self._known[goods].origin),
                )
                for goods in sorted(because)
                if place[goods] != self._known[goods].destination
            ),
            because=because,
            whole=whole,
        )

    def _due(self, goods: int, *, begun: bool) -> int:
        """Return when goods are due; what is on its way is brought even if it comes too late."""
        due = self._known[goods].due
        return max(due, self._events.at + self._settings.horizon) if begun else due

    def _without(self, run: Run, legs: Sequence[Leg]) -> Run:
        units = {leg.consignment: self._known[leg.consignment].load[0] for leg in legs}
        vehicle = self._network.vehicles[run.vehicle]
        return priced(self._network, vehicle, run.crew, run.departure, run.back, legs, units)

    def _plan(self, stand: _Stand) -> Replan:
        diary = Diary()
        for run in stand.runs:
            diary.take(run)
        planned = plan_routes(
            self._network,
            stand.goods,
            now=self._events.at,
            settings=self._settings,
            diary=diary,
        )
        plan = Plan(
            consignments=self._known,
            runs=tuple(
                sorted((*stand.runs, *planned.runs), key=lambda run: (run.departure, run.vehicle))
            ),
            unserved=planned.unserved,
        )
        return Replan(
            plan=plan,
            changes=tuple(self._changes(stand, plan)),
            kept=stand.whole,
            given_up=len(self._ahead) - stand.whole,
            reason=self._events.reason,
        )

    def _changes(self, stand: _Stand, plan: Plan) -> Iterable[Change]:
        before, after = self._former.arrivals(), plan.arrivals()
        for goods, because in sorted(stand.because.items()):
            was = before.get(goods)
            now = after.get(goods)
            if because is Because.NEW:
                kind = Kind.ADDED
            elif now is None and was is None:
                continue
            else:
                kind = Kind.DROPPED if now is None else Kind.SERVED if was is None else Kind.MOVED
            yield Change(goods, kind, because, was, now)


def _delayed(run: Run, seconds: int) -> Run:
    """Return a run that is late: what it carries comes later, and so does it."""
    if not seconds:
        return run
    return replace(
        run,
        back=run.back + seconds,
        legs=tuple(
            replace(leg, arrival=leg.arrival + seconds, latest=leg.latest + seconds)
            for leg in run.legs
        ),
    )
