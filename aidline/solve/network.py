"""One material as a network of flows: what each claim gets, and from which offers.

Offers stand in pools (one earmark and one storage need each) and, within a pool, on a stair of
shelf lives: what is good for longer may step down and serve what is needed sooner. A demand draws
on at most one step of each pool whose earmark holds it. So the network has a number of arcs that
grows with offers plus demands, not with their product.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from ortools.graph.python import max_flow, min_cost_flow

__all__ = ["Claim", "Demanded", "Flow", "Network", "Offered", "apportion"]

Pool = tuple[object, ...]

_SOURCE, _SINK = 0, 1


@dataclass(frozen=True, slots=True)
class Offered:
    """What the network must know of an offer.

    Attributes:
        units: Units, at least 1.
        pool: Offers of one pool can serve the same demands but for their shelf lives.
        expiry: Unix seconds; 0 when it does not expire.
        place: Number of its place.
    """

    units: int
    pool: Pool
    expiry: int
    place: int


@dataclass(frozen=True, slots=True)
class Demanded:
    """What the network must know of a demand.

    Attributes:
        units: Units, at least 1.
        pools: Pools that may serve it.
        needed_by: Unix seconds until which goods must last.
        claim: Number of the claim to which it belongs.
        place: Number of its place.
    """

    units: int
    pools: tuple[Pool, ...]
    needed_by: int
    claim: int
    place: int


@dataclass(frozen=True, slots=True)
class Claim:
    """The demands of one facility at one level.

    Attributes:
        level: Urgency, higher is more urgent.
        units: Of its demands together.
    """

    level: int
    units: int


@dataclass(frozen=True, slots=True)
class Flow:
    """Units from an offer to a demand, both by their number."""

    offer: int
    demand: int
    units: int


class Network:
    """Offers and demands of one material.

    Args:
        offers: What is there.
        demands: What is lacking.
        claims: By number; each with at least one demand.
    """

    def __init__(
        self, offers: Sequence[Offered], demands: Sequence[Demanded], claims: Sequence[Claim]
    ) -> None:
        self._offers = offers
        self._demands = demands
        self._claims = claims

    def fill(self) -> np.ndarray:
        """Return the units that each claim gets, the most urgent level first."""
        wanted = np.array([claim.units for claim in self._claims], dtype=np.int64)
        levels = np.array([claim.level for claim in self._claims])
        gets = np.zeros_like(wanted)
        graph = _Graph(self._offers, self._demands, len(wanted), by_place=False)
        for level in sorted(set(levels.tolist()), reverse=True):
            self._fill(graph, np.flatnonzero(levels == level), wanted, gets)
        return gets

    @staticmethod
    def _fill(graph: _Graph, active: np.ndarray, wanted: np.ndarray, gets: np.ndarray) -> None:
        """Fill the claims of one level evenly, beside what those above it get.

        A cut that holds the claims back says how many units there are for a set of them. These
        are shared out among the set; the others are taken exactly as far. If all can have that,
        the set is full: no claim of it can get another unit, now or later. Else the new cut says
        of another set that it has fewer.
        """
        while len(active):
            full, bound = active, gets.copy()
            bound[active] = wanted[active]
            served, short = graph.cut(bound)
            while served < bound.sum():
                full = active[short[active]]
                there = served - int(bound.sum()) + int(bound[full].sum())
                bound[active] = _as_far(wanted, active, full, there)
                served, short = graph.cut(bound)
            gets[full] = bound[full]
            active = np.setdiff1d(active, full, assume_unique=True)

    def route(self, gets: np.ndarray, costs: np.ndarray | None) -> Iterator[Flow]:
        """Yield which offers serve which demands, the least way, when each claim gets ``gets``.

        Args:
            gets: Units by claim, as :meth:`fill` returns them.
            costs: Of a unit from a place of an offer (row) to a place of a demand (column);
                ``None`` where it does not matter.
        """
        graph = _Graph(self._offers, self._demands, len(gets), by_place=costs is not None)
        return graph.shared(gets, costs)


def apportion(units: int, wanted: Sequence[int]) -> list[int]:
    """Share out units one by one, each to whoever lacks the largest share.

    Of equals it is the one who wants less, then the first. So the shares that are lacking, the
    largest first, are as small as they can be (the method of Adams).

    Args:
        units: What there is, at most the sum of ``wanted``.
        wanted: Units that each wants, at least 1 and at most 10^12.
    """
    weights = np.array(wanted, dtype=np.int64)
    got, _ = _share(units, weights)
    return [int(one) for one in got]


@dataclass(frozen=True, slots=True)
class _Turn:
    """The turn of a claim to get a unit: that after ``had`` of ``wanted``."""

    had: int
    wanted: int
    index: int

    def sequence(self) -> tuple[float, Fraction, int, int]:
        """Return what sorts the turns: the share had so far, rounded for speed, then exactly."""
        return self.had / self.wanted, Fraction(self.had, self.wanted), self.wanted, self.index

    def until(self, wanted: int, index: int) -> int:
        """Return how many turns another claim has until this one, this included."""
        product = self.had * wanted
        if (wanted, index) <= (self.wanted, self.index):
            return min(product // self.wanted + 1, wanted)
        return min(-(-product // self.wanted), wanted)


def _as_far(wanted: np.ndarray, active: np.ndarray, full: np.ndarray, units: int) -> list[int]:
    """Return what all active claims have got when those that are full have got ``units``."""
    _, last = _share(units, wanted[full])
    if last is None:
        return [0] * len(active)
    turn = _Turn(last.had, last.wanted, int(full[last.index]))
    weights = wanted[active].tolist()
    return [turn.until(*one) for one in zip(weights, active.tolist(), strict=True)]


def _share(units: int, wanted: np.ndarray) -> tuple[np.ndarray, _Turn | None]:
    """Share out units in turns; return what each gets, and the last turn."""
    if not units:
        return np.zeros_like(wanted), None
    # What is certain to be before the last turn, by floating point; the rest exactly.
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if np.ceil(middle * wanted).sum() <= units:
            low = middle
        else:
            high = middle
    got = np.maximum(np.floor(low * wanted).astype(np.int64) - 1, 0)
    left = units - int(got.sum())
    turns = [
        _Turn(had, of, index)
        for index, (start, of) in enumerate(zip(got.tolist(), wanted.tolist(), strict=True))
        for had in range(start, min(start + 5, of))
    ]
    turns.sort(key=_Turn.sequence)
    for turn in turns[:left]:
        got[turn.index] += 1
    return got, turns[left - 1]


@dataclass(frozen=True, slots=True)
class _Step:
    """Offers of one pool and place that last equally long; more may come down from the next."""

    offers: list[int]
    place: int
    is_lowest: bool


class _Graph:
    """Source, steps of the pools, stops (demands that are served alike), claims, sink.

    Args:
        offers: What is there.
        demands: What is lacking.
        claims: Number of claims.
        by_place: Whether steps and stops are kept apart by place.
    """

    def __init__(
        self,
        offers: Sequence[Offered],
        demands: Sequence[Demanded],
        claims: int,
        *,
        by_place: bool,
    ) -> None:
        self._offers = offers
        self._demands = demands
        times = sorted({demand.needed_by for demand in demands})
        stairs: dict[tuple[Pool, int], dict[int, list[int]]] = {}
        for number, offer in enumerate(offers):
            step = bisect_right(times, offer.expiry) if offer.expiry else len(times)
            if step:
                stair = stairs.setdefault((offer.pool, offer.place if by_place else 0), {})
                stair.setdefault(step, []).append(number)
        self._steps: list[_Step] = []
        # By pool: of each place the steps, ascending, and where the first of them stands.
        stands: dict[Pool, list[tuple[list[int], int]]] = {}
        for (pool, place), stair in stairs.items():
            ascending = sorted(stair)
            stands.setdefault(pool, []).append((ascending, len(self._steps)))
            self._steps.extend(
                _Step(stair[step], place, is_lowest=step == ascending[0]) for step in ascending
            )
        entries: dict[tuple[tuple[Pool, ...], int], tuple[int, ...]] = {}
        stops: dict[tuple[tuple[int, ...], int], int] = {}
        # By stop and claim: its demands.
        self._groups: dict[tuple[int, int], list[int]] = {}
        for number, demand in enumerate(demands):
            key = demand.pools, demand.needed_by
            if key not in entries:
                need = bisect_left(times, demand.needed_by) + 1
                entries[key] = tuple(
                    first + bisect_left(ascending, need)
                    for pool in demand.pools
                    for ascending, first in stands.get(pool, ())
                    if ascending[-1] >= need
                )
            place = demand.place if by_place else 0
            stop = stops.setdefault((entries[key], place), len(stops))
            self._groups.setdefault((stop, demand.claim), []).append(number)
        # An edge for each step on which a stop draws.
        self._from = np.array([step for steps, _ in stops for step in steps], dtype=np.int64)
        drawn = [len(steps) for steps, _ in stops]
        self._to = np.repeat(np.arange(len(stops)), drawn)
        self._places = np.array([place for _, place in stops], dtype=np.int64)
        self._claims = claims
        self._nodes()
        self._max_flow: max_flow.SimpleMaxFlow | None = None

    def _nodes(self) -> None:
        """Number the nodes and list the arcs but for their capacities that vary."""
        steps, stops = len(self._steps), len(self._places)
        step, stop = 2, 2 + steps
        self._first_claim = stop + stops
        supply = [sum(self._offers[o].units for o in on.offers) for on in self._steps]
        self._all = sum(supply)
        downwards = [at for at, on in enumerate(self._steps) if not on.is_lowest]
        down = np.array(downwards, dtype=np.int64)
        pairs = np.array(list(self._groups), dtype=np.int64).reshape(-1, 2)
        wanted = [sum(self._demands[d].units for d in group) for group in self._groups.values()]
        groups_of = np.bincount(pairs[:, 1], minlength=self._claims)
        # What a claim of one group gets is limited on its way out.
        into = np.where(groups_of[pairs[:, 1]] == 1, self._all, np.array(wanted, dtype=np.int64))
        #: Arcs in this order: steps' supply, down the stairs, from steps to stops, to claims, out.
        self._tails = np.concatenate(
            [
                np.full(steps, _SOURCE),
                step + down,
                step + self._from,
                stop + pairs[:, 0],
                self._first_claim + np.arange(self._claims),
            ]
        )
        self._heads = np.concatenate(
            [
                step + np.arange(steps),
                step + down - 1,
                stop + self._to,
                self._first_claim + pairs[:, 1],
                np.full(self._claims, _SINK),
            ]
        )
        self._capacities = np.concatenate(
            [
                np.array(supply, dtype=np.int64),
                np.full(len(down) + len(self._from), self._all),
                into,
            ]
        )
        self._draws = slice(steps + len(down), steps + len(down) + len(self._from))
        self._outs = slice(self._draws.stop, self._draws.stop + len(self._groups))

    def cut(self, most: np.ndarray) -> tuple[int, np.ndarray]:
        """Return the most units served by at most so many a claim, and who can get no more."""
        if self._max_flow is None:
            self._max_flow = max_flow.SimpleMaxFlow()
            self._max_flow.add_arcs_with_capacity(
                self._tails, self._heads, np.concatenate([self._capacities, most])
            )
        solver = self._max_flow
        solver.set_arcs_capacity(np.arange(len(self._tails) - self._claims, len(self._tails)), most)
        status = solver.solve(_SOURCE, _SINK)
        if status != solver.OPTIMAL:
            raise RuntimeError(f"maximum flow ended with status {status}")
        short = np.ones(self._first_claim + self._claims, dtype=bool)
        short[solver.get_source_side_min_cut()] = False
        return int(solver.optimal_flow()), short[self._first_claim :]

    def shared(self, gets: np.ndarray, costs: np.ndarray | None) -> Iterator[Flow]:
        """Yield who gets what from whom when each claim gets ``gets``, at the least cost."""
        if costs is None:
            self.cut(gets)
            assert self._max_flow is not None
            flows = self._max_flow.flows(np.arange(len(self._tails)))
        else:
            flows = self._cheapest(gets, costs)
        return self._hand_on(flows[self._draws], flows[self._outs])

    def _cheapest(self, gets: np.ndarray, costs: np.ndarray) -> np.ndarray:
        solver = min_cost_flow.SimpleMinCostFlow()
        unit_costs = np.zeros(len(self._tails), dtype=np.int64)
        starts = np.array([step.place for step in self._steps], dtype=np.int64)
        unit_costs[self._draws] = costs[starts[self._from], self._places[self._to]]
        solver.add_arcs_with_capacity_and_unit_cost(
            self._tails, self._heads, np.concatenate([self._capacities, gets]), unit_costs
        )
        total = int(gets.sum())
        solver.set_node_supply(_SOURCE, total)
        solver.set_node_supply(_SINK, -total)
        status = solver.solve()
        if status != solver.OPTIMAL:
            raise RuntimeError(f"minimum cost flow ended with status {status}")
        return np.array(solver.flows(np.arange(len(self._tails))))

    def _hand_on(self, draws: np.ndarray, outs: np.ndarray) -> Iterator[Flow]:
        """Turn flows between steps, stops and claims into flows from offers to demands.

        Down each stair, what is needed longest is served first, from the lowest step that is high
        enough: so that what ends soonest is used first.
        """
        drawn: list[list[tuple[int, int]]] = [[] for _ in self._steps]
        for edge in np.flatnonzero(draws).tolist():
            drawn[self._from[edge]].append((int(self._to[edge]), int(draws[edge])))
        there: list[list[tuple[int, int]]] = [[] for _ in self._places]
        stack: list[tuple[int, int]] = []
        for step, given in zip(reversed(self._steps), reversed(drawn), strict=True):
            stack.extend((o, self._offers[o].units) for o in reversed(step.offers))
            for stop, units in given:
                there[stop].extend(_take(stack, units))
            if step.is_lowest:
                stack.clear()
        for offers in there:
            offers.sort(reverse=True)
        for ((stop, _), group), units in zip(self._groups.items(), outs.tolist(), strict=True):
            left = units
            for demand in group:
                share = min(left, self._demands[demand].units)
                for offer, part in _take(there[stop], share):
                    yield Flow(offer, demand, part)
                left -= share


def _take(stack: list[tuple[int, int]], units: int) -> Iterator[tuple[int, int]]:
    """Take units from the top of a stack of offers and what they have left."""
    while units:
        offer, left = stack.pop()
        part = min(left, units)
        if left > part:
            stack.append((offer, left - part))
        units -= part
        yield offer, part
