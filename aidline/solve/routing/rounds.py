"""Rounds from one depot that begin together: who goes where in which order.

*The most urgent first, then cost*, in two steps, which is the method of the ε-constraint
(Y. Haimes, L. Lasdon, D. Wismer, "On a bicriterion formulation of the problems of integrated system
identification and system optimization", IEEE Transactions on Systems, Man and Cybernetics 1, 1971):

1. OR-Tools seeks the rounds of the least sum of arrivals, each weighing 64, 16, 4, 1 by urgency:
   the cumulative vehicle routing problem (S. U. Ngueveu, C. Prins, R. Wolfler Calvo, "An effective
   memetic algorithm for the cumulative capacitated vehicle routing problem", Computers & Operations
   Research 37, 2010), by insertion of what costs least and local search until nothing is better.
2. Their arrivals, put off by little for urgent goods and by more for others (:data:`PUT_OFF`, which
   weighs the same at each level), are deadlines, within which PyVRP seeks the rounds of least cost.

Two other rules stand beside it, to be compared with: each vehicle that is free next takes what is
nearest, or what is most urgent (of that the nearest).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from aidline.errors import InputError
from aidline.model import ALWAYS_OPEN, Level
from aidline.solve.matching import Band
from aidline.solve.routing.diary import HOUR
from aidline.solve.routing.leastcost import FORBIDDEN, Effort, Problem, Truck, Visit, solve
from aidline.solve.routing.records import Amount

__all__ = ["PUT_OFF", "Cart", "Job", "Rule", "Wave", "rounds_of"]

#: Seconds by which an arrival may be put off to save cost.
PUT_OFF = {Level.CRITICAL: 450, Level.HIGH: 1_800, Level.MEDIUM: 7_200, Level.LOW: 28_800}

_DAY = 24 * HOUR
_FAR = 1 << 30
_NO_ROAD = 10**8  # longer than any search looks ahead


class Rule(StrEnum):
    """By what rounds are made."""

    WEIGHTED = "weighted"
    NEAREST = "nearest"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Job:
    """Goods for one station that go together.

    Attributes:
        station: Row of it in the wave's matrices.
        load: Units, kilograms, litres.
        level: Urgency.
        weight: What a second counts by which they come later.
        band: Temperatures in which they are kept.
        skills: What they ask of a vehicle.
        due: Unix second by which they are to be there.
        open_hours: Of the station, hours of the day as bits.
        members: The consignments.
    """

    station: int
    load: Amount
    level: Level
    weight: int
    band: Band
    skills: frozenset[str]
    due: int
    open_hours: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cart:
    """A vehicle with a crew that can leave.

    Attributes:
        vehicle: Which.
        crew: Which.
        start: Unix second from which it can leave.
        room: Units, kilograms, litres.
        longest: Most seconds of a round.
        barred: Jobs that it cannot carry, by number.
    """

    vehicle: int
    crew: int
    start: int
    room: Amount
    longest: int
    barred: frozenset[int]


@dataclass(frozen=True, slots=True)
class Wave:
    """What can leave from a depot at about the same time.

    Attributes:
        now: Unix second at which the goods are ready.
        carts: The vehicles.
        jobs: The goods.
        metres: Road from row to row, the depot being row 0; below 0 where there is none.
        seconds: The same ways with handing over at their end; to row 0 without.
        base: Cost of a round.
        per_km: Cost of a kilometre.
        put_off: Percent of :data:`PUT_OFF` by which arrivals may be put off to save cost.
    """

    now: int
    carts: tuple[Cart, ...]
    jobs: tuple[Job, ...]
    metres: np.ndarray
    seconds: np.ndarray
    base: int
    per_km: int
    put_off: int = 100


#: A cart and its jobs in order.
Rounds = list[tuple[int, list[int]]]


def rounds_of(wave: Wave, rule: Rule, effort: Effort) -> Rounds:
    """Return the rounds of a wave; jobs that are in none wait for the next.

    Args:
        wave: What can leave.
        rule: By what.
        effort: Of the search for least cost.
    """
    if rule is not Rule.WEIGHTED:
        return _greedy(wave, rule)
    soonest = _soonest(wave) or _greedy(wave, Rule.URGENT)
    return _cheapest(wave, soonest, effort) if soonest else []


# --- each takes what is next ---


def _greedy(wave: Wave, rule: Rule) -> Rounds:
    """Let each cart that is free next take the job that comes first by a rule."""
    rank: Callable[[Job], int] = (
        (lambda job: 0) if rule is Rule.NEAREST else (lambda job: -int(job.level))
    )
    at = [0] * len(wave.carts)
    now = [max(cart.start, wave.now) for cart in wave.carts]
    left = [list(cart.room) for cart in wave.carts]
    taken: list[list[int]] = [[] for _ in wave.carts]
    waiting = set(range(len(wave.jobs)))
    rolling = set(range(len(wave.carts)))
    while waiting and rolling:
        cart = min(rolling, key=lambda number: (now[number], number))
        able = [
            (rank(wave.jobs[job]), int(wave.seconds[at[cart], wave.jobs[job].station]), job)
            for job in waiting
            if _can_take(wave, cart, job, at[cart], now[cart], left[cart])
        ]
        if not able:
            rolling.remove(cart)
            continue
        _, seconds, job = min(able)
        waiting.remove(job)
        taken[cart].append(job)
        at[cart] = wave.jobs[job].station
        now[cart] = _opened(wave.jobs[job], now[cart] + seconds)
        left[cart] = [
            room - need for room, need in zip(left[cart], wave.jobs[job].load, strict=True)
        ]
    return [(cart, jobs) for cart, jobs in enumerate(taken) if jobs]


def _can_take(wave: Wave, cart: int, number: int, at: int, now: int, left: Sequence[int]) -> bool:
    job, way = wave.jobs[number], wave.carts[cart]
    if number in way.barred or wave.metres[at, job.station] < 0:
        return False
    if wave.metres[job.station, 0] < 0:
        return False
    if any(need > room for need, room in zip(job.load, left, strict=True)):
        return False
    arrival = _opened(job, now + int(wave.seconds[at, job.station]))
    back = arrival + int(wave.seconds[job.station, 0])
    return arrival <= job.due and back - max(way.start, wave.now) <= way.longest


def _opened(job: Job, time: int) -> int:
    """Return the first second from a time on at which a job's station is open."""
    if job.open_hours == ALWAYS_OPEN:
        return time
    for _ in range(24):
        if job.open_hours >> (time // HOUR % 24) & 1:
            break
        time = (time // HOUR + 1) * HOUR
    return time


# --- the most urgent first ---


def _soonest(wave: Wave) -> Rounds:
    """Return rounds of the least weighted sum of arrivals."""
    jobs, carts = wave.jobs, wave.carts
    manager = pywrapcp.RoutingIndexManager(len(jobs) + 1, len(carts), 0)
    routing = pywrapcp.RoutingModel(manager)
    row = np.array([0, *(job.station for job in jobs)])
    metres, seconds = wave.metres[np.ix_(row, row)], wave.seconds[np.ix_(row, row)]
    seconds = np.where(metres < 0, _NO_ROAD, seconds)
    for axis in range(3):
        needs = [0, *(job.load[axis] for job in jobs)]
        if any(needs):
            rooms = [min(cart.room[axis], _FAR) for cart in carts]
            unit = routing.RegisterUnaryTransitVector(needs)
            routing.AddDimensionWithVehicleCapacity(unit, 0, rooms, True, f"room {axis}")
    ways = routing.RegisterTransitMatrix(seconds.tolist())
    routing.AddDimension(ways, _DAY, _NO_ROAD - 1, False, "time")
    time = routing.GetDimensionOrDie("time")
    # A kilometre counts as a second of the least urgent: among equals the shorter way.
    routing.SetArcCostEvaluatorOfAllVehicles(
        routing.RegisterTransitMatrix((np.maximum(metres, 0) // 1000).tolist())
    )
    for number, leaving in enumerate(carts):
        time.CumulVar(routing.Start(number)).SetMin(max(leaving.start - wave.now, 0))
        if leaving.longest < _NO_ROAD:
            time.SetSpanUpperBoundForVehicle(leaving.longest, number)
    turn = 2 * int(np.median(seconds[0, 1:][seconds[0, 1:] < _NO_ROAD] if jobs else [0]))
    for number, job in enumerate(jobs):
        index = manager.NodeToIndex(number + 1)
        able = [cart for cart, one in enumerate(carts) if number not in one.barred]
        for cart, one in enumerate(carts):
            if number in one.barred:
                routing.VehicleVar(index).RemoveValue(cart)
        # What is left behind waits until a vehicle comes back, and then for its own way.
        last = max((carts[one].start - wave.now for one in able), default=0)
        waits = max(last, 0) + turn + 3 * int(seconds[0, number + 1])
        routing.AddDisjunction([index], (job.weight * waits if able else 0) + 1)
        time.SetCumulVarSoftUpperBound(index, 0, job.weight)
        if job.due - wave.now < _NO_ROAD:
            time.CumulVar(index).SetMax(max(job.due - wave.now, 0))
        _close(time.CumulVar(index), job, wave.now)
    search = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    search.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GREEDY_DESCENT
    found = routing.SolveWithParameters(search)
    if found is None:
        return []
    made: Rounds = []
    for driven in range(len(carts)):
        index, order = found.Value(routing.NextVar(routing.Start(driven))), []
        while not routing.IsEnd(index):
            order.append(manager.IndexToNode(index) - 1)
            index = found.Value(routing.NextVar(index))
        if order:
            made.append((driven, order))
    return made


def _close(arrival: pywrapcp.IntVar, job: Job, now: int) -> None:
    """Keep an arrival out of the hours in which the station is closed, for two days."""
    if job.open_hours == ALWAYS_OPEN:
        return
    for hour in range(now // HOUR, now // HOUR + 48):
        if not job.open_hours >> (hour % 24) & 1:
            first, last = hour * HOUR - now, (hour + 1) * HOUR - 1 - now
            if last >= 0:
                arrival.RemoveInterval(max(first, 0), last)


# --- then cost ---


def _times(wave: Wave, cart: int, order: Sequence[int]) -> list[int]:
    """Return when a cart hands over each of its jobs."""
    at, now, made = 0, max(wave.carts[cart].start, wave.now), []
    for number in order:
        job = wave.jobs[number]
        now = _opened(job, now + int(wave.seconds[at, job.station]))
        at = job.station
        made.append(now)
    return made


def _cheapest(wave: Wave, soonest: Rounds, effort: Effort) -> Rounds:
    """Return rounds of least cost that come hardly later."""
    served = [job for _, order in soonest for job in order]
    number = {job: visit for visit, job in enumerate(served)}
    arrivals = {
        job: time
        for cart, order in soonest
        for job, time in zip(order, _times(wave, cart, order), strict=True)
    }
    lengths = np.where(wave.metres < 0, FORBIDDEN, wave.metres * wave.per_km // 1000)
    seconds = np.where(wave.metres < 0, FORBIDDEN, wave.seconds)
    problem = Problem(
        lengths=(lengths,),
        seconds=(seconds,),
        trucks=tuple(
            Truck(
                0,
                0,
                capacity=cart.room,
                window=(max(cart.start, wave.now) - wave.now, _NO_ROAD),
                fixed=wave.base,
                shift=cart.longest,
                barred=frozenset(number[job] for job in cart.barred if job in number),
            )
            for cart in wave.carts
        ),
        visits=tuple(
            Visit(
                wave.jobs[job].station,
                delivery=wave.jobs[job].load,
                windows=(_window(wave, job, arrivals[job]),),
            )
            for job in served
        ),
    )
    known = [(cart, [number[job] for job in order]) for cart, order in soonest]
    try:
        answer = solve(problem, effort, known)
    except InputError:
        return soonest
    found = [(one.truck, [served[call.task] for call in one.calls]) for one in answer.rounds]
    return found if _cost(wave, found) < _cost(wave, soonest) else soonest


def _window(wave: Wave, number: int, arrival: int) -> tuple[int, int]:
    """Return when a job may be handed over: not much later, and while its station stays open."""
    job = wave.jobs[number]
    put_off = PUT_OFF[job.level] * wave.put_off // 100
    first, last = wave.now, min(arrival + put_off, max(job.due, arrival))
    if job.open_hours != ALWAYS_OPEN:
        hour = arrival // HOUR
        while job.open_hours >> ((hour - 1) % 24) & 1 and (hour - 1) * HOUR > first:
            hour -= 1
        first = max(first, hour * HOUR)
        hour = arrival // HOUR
        while job.open_hours >> ((hour + 1) % 24) & 1 and (hour + 1) * HOUR <= last:
            hour += 1
        last = min(last, (hour + 1) * HOUR - 1)
    return first - wave.now, last - wave.now


def _cost(wave: Wave, rounds: Rounds) -> int:
    total = 0
    for _, order in rounds:
        way = [0, *(wave.jobs[job].station for job in order), 0]
        total += wave.base + int(wave.metres[way[:-1], way[1:]].sum()) * wave.per_km // 1000
    return total
