"""Rounds of least cost: PyVRP's problem, with what else vehicles and visits may ask for.

PyVRP (N. A. Wouda, L. Lan, W. Kool, "PyVRP: a high-performance VRP solver package", INFORMS
Journal on Computing 36, 2024) searches by iterated local search. What it has no word for is put
into its terms here:

- who may serve what (skills): a vehicle that may not has a way of :data:`FORBIDDEN` length there;
- a vehicle that starts or ends anywhere has a depot that is nowhere, no way from any place;
- a visit with several windows is a group of visits of which at most one is made;
- a visit that may be left out has a prize; one that is more urgent has a prize that outweighs
  those of all that are less, as :func:`prizes` makes them.

The same problem, seed and number of rounds give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyvrp
from pyvrp.stop import MaxIterations, MaxRuntime, MultipleCriteria, StoppingCriterion

from aidline.errors import InputError

__all__ = [
    "FORBIDDEN",
    "FOREVER",
    "Answer",
    "Call",
    "Carriage",
    "Effort",
    "Problem",
    "Round",
    "Truck",
    "Visit",
    "prizes",
    "solve",
]

#: Longer than any way: what a vehicle may not serve is so far from everywhere.
FORBIDDEN = 1 << 44
#: A time that never comes, and a limit that is none.
FOREVER = 1 << 40

_MOST_PRIZE = FORBIDDEN >> 1

Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Truck:
    """A vehicle.

    Attributes:
        start: Location at which it starts; ``None`` for wherever its first visit is.
        end: Location at which it ends; ``None`` for wherever its last visit is.
        ways: Which of the problem's matrices it goes by.
        capacity: By dimension.
        window: Seconds within which it works.
        fixed: What it costs to use it at all.
        longest: Most length of its ways.
        shift: Most seconds from its start to its end.
        barred: Visits and carriages that it may not serve, by number: visits first.
        count: How many there are of it.
    """

    start: int | None
    end: int | None
    ways: int = 0
    capacity: tuple[int, ...] = ()
    window: Window = (0, FOREVER)
    fixed: int = 0
    longest: int = FOREVER
    shift: int = FOREVER
    barred: frozenset[int] = frozenset()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Visit:
    """A place to go to.

    Attributes:
        location: Where.
        delivery: What is brought from the start, by dimension.
        pickup: What is taken to the end, by dimension.
        service: Seconds that it takes.
        windows: In which it may begin, in order.
        release: Seconds before which a vehicle that goes there does not start.
        prize: What leaving it out costs; ``None`` where it may not be left out.
    """

    location: int
    delivery: tuple[int, ...] = ()
    pickup: tuple[int, ...] = ()
    service: int = 0
    windows: tuple[Window, ...] = ((0, FOREVER),)
    release: int = 0
    prize: int | None = None


@dataclass(frozen=True, slots=True)
class Carriage:
    """Something to take from one place to another in one vehicle.

    Attributes:
        pick: Where and when it is taken; of the visit location, service and the one window count.
        drop: Where and when it is brought.
        amount: By dimension.
        prize: What leaving it out costs.
    """

    pick: Visit
    drop: Visit
    amount: tuple[int, ...]
    prize: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Who could go where.

    Attributes:
        lengths: For each kind of way, what it costs from location to location (n by n).
        seconds: For each kind of way, how long it takes (n by n).
        trucks: The vehicles.
        visits: Numbered from 0.
        carriages: Numbered on from the visits.
    """

    lengths: tuple[np.ndarray, ...]
    seconds: tuple[np.ndarray, ...]
    trucks: tuple[Truck, ...]
    visits: tuple[Visit, ...]
    carriages: tuple[Carriage, ...] = ()


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to search: until one of them is used up.

    Attributes:
        iterations: Rounds of the search; ``None`` for no limit.
        seconds: Of the clock; ``None`` for no limit, as whoever wants the same answer again takes.
        seed: Of the random generator.
    """

    iterations: int | None = 1_000
    seconds: float | None = None
    seed: int = 1

    def stop(self) -> MultipleCriteria:
        """Return it as PyVRP takes it.

        Raises:
            InputError: There is no limit at all.
        """
        limits: list[StoppingCriterion] = []
        if self.iterations is not None:
            limits.append(MaxIterations(self.iterations))
        if self.seconds is not None:
            limits.append(MaxRuntime(self.seconds))
        if not limits:
            raise InputError("a search needs a limit: iterations or seconds")
        return MultipleCriteria(limits)


@dataclass(frozen=True, slots=True)
class Call:
    """A stop of a round.

    Attributes:
        task: Number of the visit or carriage.
        leg: ``visit``, ``pick`` or ``drop``.
        arrival: When the vehicle comes.
        begin: When it begins there, having waited.
        end: When it goes on.
    """

    task: int
    leg: str
    arrival: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Round:
    """What a vehicle does.

    Attributes:
        truck: Its number.
        start: When it leaves.
        end: When it is back.
        calls: In order.
        length: Of its ways.
    """

    truck: int
    start: int
    end: int
    calls: tuple[Call, ...]
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Rounds, and what was left out.

    Attributes:
        rounds: By vehicle.
        left_out: Numbers of visits and carriages, ascending.
        length: Of all ways.
        fixed: What the vehicles in use cost.
        iterations: Rounds of the search.
        seconds: That it took.
    """

    rounds: tuple[Round, ...]
    left_out: tuple[int, ...]
    length: int
    fixed: int
    iterations: int
    seconds: float


def prizes(urgencies: Sequence[int], dearest: int) -> list[int]:
    """Return prizes such that a greater sum of urgencies comes first, then more visits, then cost.

    Args:
        urgencies: Of each task, at least 0.
        dearest: The most that all rounds together can cost.

    Raises:
        InputError: The numbers are too large to be told apart.
    """
    unit = dearest + 1
    made = [unit * (urgency * (len(urgencies) + 1) + 1) for urgency in urgencies]
    if made and max(made) > _MOST_PRIZE:
        # As good an order as there is room for: a task outweighs any way, priorities are ranks.
        made = [unit * (urgency + 1) for urgency in urgencies]
    if made and max(made) > _MOST_PRIZE:
        raise InputError("costs and priorities are too large to be weighed against each other")
    return made


def solve(
    problem: Problem, effort: Effort, known: Sequence[tuple[int, Sequence[int]]] = ()
) -> Answer:
    """Search rounds of least cost; what does not pay its prize, or cannot be served, is left out.

    Args:
        problem: The problem.
        effort: How long.
        known: Rounds from which to begin: truck, and visits (of one window each) in order.

    Raises:
        InputError: What may not be left out cannot be served.
    """
    return _Search(problem).run(effort, known)


@dataclass(slots=True)
class _Search:
    """A problem in PyVRP's words."""

    problem: Problem
    data: pyvrp.ProblemData = field(init=False)
    _task_of: list[int] = field(init=False, default_factory=list)
    _depots: dict[int, int] = field(init=False, default_factory=dict)
    #: A task that is barred to somebody has locations of its own: the ways there differ.
    _own: dict[int, tuple[int, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        problem = self.problem
        nowhere = len(problem.lengths[0])
        count = nowhere + 1
        for task in sorted(set().union(*(truck.barred for truck in problem.trucks))):
            ends = len(self._places(task))
            self._own[task] = tuple(range(count, count + ends))
            count += ends
        for truck in problem.trucks:
            for where in (truck.start, truck.end):
                self._depots.setdefault(self._at(where), len(self._depots))
        clients, groups = self._clients()
        profiles: dict[tuple[int, frozenset[int]], int] = {}
        for truck in problem.trucks:
            profiles.setdefault((truck.ways, truck.barred), len(profiles))
        lengths = [self._matrix(problem.lengths, *key) for key in profiles]
        seconds = [self._matrix(problem.seconds, *key) for key in profiles]
        self.data = pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0)] * count,
            clients=clients,
            depots=[pyvrp.Depot(where) for where in self._depots],
            vehicle_types=[
                pyvrp.VehicleType(
                    num_available=truck.count,
                    capacity=list(truck.capacity),
                    start_depot=self._depots[self._at(truck.start)],
                    end_depot=self._depots[self._at(truck.end)],
                    fixed_cost=truck.fixed,
                    tw_early=truck.window[0],
                    tw_late=truck.window[1],
                    max_distance=truck.longest,
                    shift_duration=truck.shift,
                    profile=profiles[truck.ways, truck.barred],
                )
                for truck in problem.trucks
            ],
            distance_matrices=lengths,
            duration_matrices=seconds,
            groups=groups,
            shipments=[self._shipment(number) for number in range(len(problem.carriages))],
        )

    def _at(self, where: int | None) -> int:
        return len(self.problem.lengths[0]) if where is None else where

    def _places(self, task: int) -> tuple[int, ...]:
        """Return the locations of a task as they are in the problem."""
        visits = self.problem.visits
        if task < len(visits):
            return (visits[task].location,)
        carriage = self.problem.carriages[task - len(visits)]
        return carriage.pick.location, carriage.drop.location

    def _matrix(
        self, kinds: tuple[np.ndarray, ...], ways: int, barred: frozenset[int]
    ) -> Any:  # PyVRP's own type of matrix is none
        known = len(kinds[ways])
        copied = [where for task in self._own for where in self._places(task)]
        source = np.array([*range(known), *copied], np.intp)
        target = np.array([*range(known), *range(known + 1, known + 1 + len(copied))], np.intp)
        made = np.zeros((known + 1 + len(copied),) * 2, np.int64)
        made[np.ix_(target, target)] = kinds[ways][np.ix_(source, source)]
        for task in barred:
            for where in self._own[task]:
                made[where, :] = FORBIDDEN
                made[:, where] = FORBIDDEN
                made[where, where] = 0
        return made

    def _clients(self) -> tuple[list[pyvrp.Client], list[pyvrp.ClientGroup]]:
        clients: list[pyvrp.Client] = []
        groups: list[pyvrp.ClientGroup] = []
        for task, visit in enumerate(self.problem.visits):
            several = len(visit.windows) > 1
            numbers = []
            for opens, closes in visit.windows:
                numbers.append(len(clients))
                self._task_of.append(task)
                clients.append(
                    pyvrp.Client(
                        location=self._own.get(task, self._places(task))[0],
                        delivery=list(visit.delivery),
                        pickup=list(visit.pickup),
                        service_duration=visit.service,
                        tw_early=opens,
                        tw_late=closes,
                        release_time=visit.release,
                        prize=visit.prize or 0,
                        required=visit.prize is None and not several,
                        group=len(groups) if several else None,
                    )
                )
            if several:
                groups.append(pyvrp.ClientGroup(numbers, required=visit.prize is None))
        return clients, groups

    def _shipment(self, number: int) -> pyvrp.Shipment:
        carriage = self.problem.carriages[number]
        task = len(self.problem.visits) + number
        pick, drop = self._own.get(task, self._places(task))
        return pyvrp.Shipment(
            pickup_location=pick,
            delivery_location=drop,
            pickup_tw_early=carriage.pick.windows[0][0],
            pickup_tw_late=carriage.pick.windows[0][1],
            pickup_service_duration=carriage.pick.service,
            delivery_tw_early=carriage.drop.windows[0][0],
            delivery_tw_late=carriage.drop.windows[0][1],
            delivery_service_duration=carriage.drop.service,
            amount=list(carriage.amount),
            prize=carriage.prize,
            required=False,
        )

    def run(self, effort: Effort, known: Sequence[tuple[int, Sequence[int]]]) -> Answer:
        """Search, and return what was found."""
        found = pyvrp.solve(
            self.data,
            effort.stop(),
            seed=effort.seed,
            collect_stats=False,
            display=False,
            initial_solution=self._known(known) if known else None,
        )
        # A route that breaks a limit is what the search has failed to mend: nobody drives it.
        rounds = tuple(
            sorted(
                (self._round(route) for route in found.best.routes() if route.is_feasible()),
                key=lambda one: one.truck,
            )
        )
        served = {call.task for one in rounds for call in one.calls}
        problem = self.problem
        left_out = tuple(
            task
            for task in range(len(problem.visits) + len(problem.carriages))
            if task not in served
        )
        needed = [task for task in left_out if task < len(problem.visits)]
        needed = [task for task in needed if problem.visits[task].prize is None]
        if needed:
            raise InputError(f"{len(needed)} visits cannot be served by these vehicles")
        return Answer(
            rounds=rounds,
            left_out=left_out,
            length=sum(one.length for one in rounds),
            fixed=sum(problem.trucks[one.truck].fixed for one in rounds),
            iterations=found.num_iterations,
            seconds=found.runtime,
        )

    def _known(self, rounds: Sequence[tuple[int, Sequence[int]]]) -> pyvrp.Solution:
        number = {task: client for client, task in enumerate(self._task_of)}
        return pyvrp.Solution(
            self.data,
            [
                pyvrp.Route(self.data, [number[task] for task in visits], truck)
                for truck, visits in rounds
            ],
        )

    def _round(self, route: pyvrp.Route) -> Round:
        calls = tuple(self._calls(route))
        return Round(
            truck=route.vehicle_type(),
            start=route.start_time(),
            end=route.end_time(),
            calls=calls,
            length=route.distance(),
        )

    def _calls(self, route: pyvrp.Route) -> Iterator[Call]:
        for step in route.schedule():
            if step.is_depot():
                continue
            if step.is_client():
                task, leg = self._task_of[step.idx], "visit"
            else:
                task = len(self.problem.visits) + step.idx
                leg = "pick" if step.is_pickup() else "drop"
            begin = step.start_time
            yield Call(task, leg, begin - step.wait_duration, begin, step.end_time)
