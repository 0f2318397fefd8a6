"""Which offer serves which demand: the most urgent first, provably.

Each material is a network of flows: offers with their units, demands with theirs, an edge where
the offer's earmark holds the demand and its lot is still good when it is needed. Level by level,
the most urgent first:

1. as many units as can be served at this level, given what the levels above get;
2. among those, the smallest worst shortage (share of a demand left open), by bisection over
   maximum flows;
3. among those, the least distance, by a flow of minimum cost.

What a level can get does not depend on how the levels above share theirs: the amounts that can be
served together form a polymatroid, in which every vector that can be served extends to one of
greatest sum (the greedy algorithm of Edmonds). So the plan is the lexicographic optimum; and no
unit of it could serve a more urgent demand instead, which is the rule that the contract checks.
Flows are integers throughout, solved by OR-Tools.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from ortools.graph.python import max_flow, min_cost_flow

from aidline.errors import InputError
from aidline.geodesy import Place, metres_between
from aidline.model import EarmarkKind, Level

__all__ = [
    "Batch",
    "Exemption",
    "Line",
    "OpenDemand",
    "OpenOffer",
    "Plan",
    "Reason",
    "Unmet",
    "batches",
    "match",
]

_WHOLE = 10_000  # a shortage of everything, in hundredths of a percent
_KILOMETRE = 1000


@dataclass(frozen=True, slots=True)
class OpenDemand:
    """A demand that counts.

    Attributes:
        id: The demand.
        material: GTIN.
        level: Urgency under which it counts.
        units: Units that it lacks, at least 1.
        province: Province of its facility, as earmarks name it.
        facility: Its facility, as earmarks name it.
        emergency: Plan under which it stands; 32 zeros for none.
        needed_by: Unix seconds.
        place: Where it is needed.
    """

    id: int
    material: int
    level: Level
    units: int
    province: bytes
    facility: bytes
    emergency: bytes
    needed_by: int
    place: Place


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer that is open.

    Attributes:
        id: The offer.
        material: GTIN.
        units: Units not yet allocated, at least 1.
        expiry: Unix seconds; 0 when it does not expire.
        earmark_kind: For whom it is meant.
        earmark_scope: Province, facility or plan of the earmark.
        place: Where it lies.
    """

    id: int
    material: int
    units: int
    expiry: int
    earmark_kind: EarmarkKind
    earmark_scope: bytes
    place: Place


@dataclass(frozen=True, slots=True)
class Line:
    """Units of an offer for a demand."""

    offer: int
    demand: int
    units: int


@dataclass(frozen=True, slots=True)
class Exemption:
    """A more urgent demand that an offer cannot serve: its lot ends too soon."""

    offer: int
    demand: int


class Reason(StrEnum):
    """Why units stay open."""

    NO_SUPPLY = "no supply"
    EARMARK = "earmark"
    EXPIRY = "expiry"
    OUTRANKED = "outranked"


@dataclass(frozen=True, slots=True)
class Unmet:
    """Units of a demand that stay open, and the first reason."""

    demand: int
    units: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """What to propose.

    Attributes:
        lines: Ascending by offer, then demand; each pair once.
        exemptions: In the same order; of offers that the lines use.
        unmet: Ascending by demand.
    """

    lines: tuple[Line, ...]
    exemptions: tuple[Exemption, ...]
    unmet: tuple[Unmet, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of a plan that the contract takes in one proposal.

    Attributes:
        lines: Ascending by offer, then demand; each pair once.
        exemptions: In the same order; of offers that the lines use.
    """

    lines: tuple[Line, ...]
    exemptions: tuple[Exemption, ...]


def match(demands: Iterable[OpenDemand], offers: Iterable[OpenOffer]) -> Plan:
    """Return the best plan under the order of urgency.

    Args:
        demands: What counts and lacks units; at most one of each id.
        offers: What is there; at most one of each id.

    Raises:
        InputError: An id stands twice, or a quantity is not positive.
    """
    by_material: dict[int, tuple[list[OpenDemand], list[OpenOffer]]] = defaultdict(lambda: ([], []))
    for demand in demands:
        by_material[demand.material][0].append(demand)
    for offer in offers:
        by_material[offer.material][1].append(offer)
    _check([demand for wanted, _ in by_material.values() for demand in wanted], "demand")
    _check([offer for _, there in by_material.values() for offer in there], "offer")
    lines: list[Line] = []
    exemptions: list[Exemption] = []
    unmet: list[Unmet] = []
    for material in sorted(by_material):
        wanted, there = by_material[material]
        wanted.sort(key=lambda demand: demand.id)
        there.sort(key=lambda offer: offer.id)
        market = _Market(wanted, there)
        found = market.lines()
        lines.extend(found)
        exemptions.extend(_exemptions(found, wanted, there))
        unmet.extend(market.unmet(found))
    return Plan(
        lines=tuple(sorted(lines, key=lambda line: (line.offer, line.demand))),
        exemptions=tuple(sorted(exemptions, key=lambda one: (one.offer, one.demand))),
        unmet=tuple(sorted(unmet, key=lambda one: one.demand)),
    )


def batches(plan: Plan, demands: Iterable[OpenDemand], most: int = 100) -> list[Batch]:
    """Cut a plan into proposals that the contract accepts one after the other.

    The most urgent lines come first, so that each batch keeps the order of urgency by itself. An
    offer that would have to name more exemptions than a proposal holds is not used for that line;
    then nothing less urgent of its material is proposed either, since it might pass the rest by.

    Args:
        plan: The plan.
        demands: The demands from which it was made.
        most: Lines, and exemptions, that a proposal may hold.
    """
    known = {demand.id: demand for demand in demands}
    named: dict[int, list[Exemption]] = defaultdict(list)
    for exemption in plan.exemptions:
        named[exemption.offer].append(exemption)
    stopped: dict[int, Level] = {}
    made: list[tuple[list[Line], set[Exemption]]] = []
    for line in sorted(
        plan.lines, key=lambda line: (-known[line.demand].level, line.offer, line.demand)
    ):
        level, material = known[line.demand].level, known[line.demand].material
        needed = {one for one in named[line.offer] if known[one.demand].level > level}
        if len(needed) > most:
            stopped.setdefault(material, level)
        elif level >= stopped.get(material, level):
            if not made or len(made[-1][0]) == most or len(made[-1][1] | needed) > most:
                made.append(([], set()))
            made[-1][0].append(line)
            made[-1][1].update(needed)
    return [
        Batch(
            lines=tuple(sorted(lines, key=lambda line: (line.offer, line.demand))),
            exemptions=tuple(sorted(exempt, key=lambda one: (one.offer, one.demand))),
        )
        for lines, exempt in made
    ]


def _check(records: Sequence[OpenDemand | OpenOffer], what: str) -> None:
    seen: set[int] = set()
    for record in records:
        if record.units <= 0:
            raise InputError(f"{what} {record.id} has {record.units} units: at least 1 is expected")
        if record.id in seen:
            raise InputError(f"{what} {record.id} stands twice")
        seen.add(record.id)


def _in_scope(offer: OpenOffer, demand: OpenDemand) -> bool:
    match offer.earmark_kind:
        case EarmarkKind.NONE:
            return True
        case EarmarkKind.REGION:
            return offer.earmark_scope == demand.province
        case EarmarkKind.FACILITY:
            return offer.earmark_scope == demand.facility
        case EarmarkKind.EMERGENCY:
            return offer.earmark_scope == demand.emergency
    return False


def _lasts(offer: OpenOffer, demand: OpenDemand) -> bool:
    return not offer.expiry or offer.expiry >= demand.needed_by


class _Market:
    """One material: its demands and offers, and the edges between them."""

    def __init__(self, demands: list[OpenDemand], offers: list[OpenOffer]) -> None:
        self.demands = demands
        self.offers = offers
        edges = [
            (o, d)
            for o, offer in enumerate(offers)
            for d, demand in enumerate(demands)
            if _in_scope(offer, demand) and _lasts(offer, demand)
        ]
        self.tails = np.array([o for o, _ in edges], dtype=np.int64)
        self.heads = np.array([d for _, d in edges], dtype=np.int64)
        self._source = len(offers) + len(demands)
        self._sink = self._source + 1

    def lines(self) -> list[Line]:
        """Return the best lines of this material."""
        if not len(self.tails):
            return []
        served = np.zeros(len(self.demands), dtype=np.int64)
        wanted = np.array([demand.units for demand in self.demands], dtype=np.int64)
        levels = np.array([demand.level for demand in self.demands])
        costs = self._kilometres()
        for level in sorted(set(levels), reverse=True):
            here = levels == level
            served = self._serve(served, wanted, here, costs)
        if not served.sum():
            return []
        flows = self._cheapest(served, np.zeros_like(served), int(served.sum()), costs)
        return [
            Line(self.offers[o].id, self.demands[d].id, int(units))
            for o, d, units in zip(self.tails, self.heads, flows, strict=True)
            if units
        ]

    def _serve(
        self, served: np.ndarray, wanted: np.ndarray, here: np.ndarray, costs: np.ndarray
    ) -> np.ndarray:
        """Add what one level gets to what those above it have."""
        total = self._greatest(served + np.where(here, wanted, 0))
        if total == served.sum():
            return served
        low, high = 0, _WHOLE
        while low < high:
            middle = (low + high) // 2
            least = self._least(wanted, here, middle)
            if self._greatest(served + least) == (served + least).sum():
                high = middle
            else:
                low = middle + 1
        sure = served + self._least(wanted, here, low)
        more = np.where(here, wanted, 0) + served - sure
        flows = self._cheapest(sure, more, total, costs)
        return np.bincount(self.heads, weights=flows, minlength=len(wanted)).astype(np.int64)

    @staticmethod
    def _least(wanted: np.ndarray, here: np.ndarray, shortage: int) -> np.ndarray:
        """Return what each demand of a level gets at the least, at a worst shortage."""
        return np.where(here, wanted - wanted * shortage // _WHOLE, 0)

    def _greatest(self, most: np.ndarray) -> int:
        """Return how many units can be served when no demand takes more than ``most``."""
        solver = max_flow.SimpleMaxFlow()
        self._add(solver.add_arcs_with_capacity, self._supply(), most)
        status = solver.solve(self._source, self._sink)
        if status != solver.OPTIMAL:
            raise RuntimeError(f"maximum flow ended with status {status}")
        return int(solver.optimal_flow())

    def _cheapest(
        self, sure: np.ndarray, more: np.ndarray, total: int, costs: np.ndarray
    ) -> np.ndarray:
        """Return each edge's flow when ``sure`` is served, ``total`` in all, the least way."""
        solver = min_cost_flow.SimpleMinCostFlow()
        supply = self._supply()
        edges = len(self.tails)
        count, first = len(self.demands), len(self.offers)
        # A unit of what is sure is worth more than any detour: one passes each node at most once.
        worth = (int(costs.max()) + 1) * (2 * min(count, first) + 2)
        nodes = np.arange(first, first + count)
        sink = np.full(count, self._sink)
        solver.add_arcs_with_capacity_and_unit_cost(
            np.concatenate([self.tails, nodes, nodes, np.full(first, self._source)]),
            np.concatenate([first + self.heads, sink, sink, np.arange(first)]),
            np.concatenate([supply[self.tails], sure, more, supply]),
            np.concatenate(
                [
                    costs,
                    np.full(count, -worth, dtype=np.int64),
                    np.zeros(count + first, dtype=np.int64),
                ]
            ),
        )
        solver.set_node_supply(self._source, total)
        solver.set_node_supply(self._sink, -total)
        status = solver.solve()
        if status != solver.OPTIMAL:
            raise RuntimeError(f"minimum cost flow ended with status {status}")
        return np.array(solver.flows(np.arange(edges)), dtype=np.int64)

    def _supply(self) -> np.ndarray:
        return np.array([offer.units for offer in self.offers], dtype=np.int64)

    def _add(self, add: object, supply: np.ndarray, most: np.ndarray) -> None:
        first, count = len(self.offers), len(self.demands)
        add(  # type: ignore[operator]
            np.concatenate(
                [self.tails, np.arange(first, first + count), np.full(first, self._source)]
            ),
            np.concatenate([first + self.heads, np.full(count, self._sink), np.arange(first)]),
            np.concatenate([supply[self.tails], most, supply]),
        )

    def _kilometres(self) -> np.ndarray:
        known: dict[tuple[Place, Place], int] = {}
        made = np.empty(len(self.tails), dtype=np.int64)
        for number, (o, d) in enumerate(zip(self.tails, self.heads, strict=True)):
            pair = self.offers[o].place, self.demands[d].place
            if pair not in known:
                known[pair] = metres_between(*pair) // _KILOMETRE
            made[number] = known[pair]
        return made

    def unmet(self, lines: Sequence[Line]) -> list[Unmet]:
        """Return what stays open, with the first reason that is true."""
        got: dict[int, int] = defaultdict(int)
        for line in lines:
            got[line.demand] += line.units
        reachable = set(self.heads.tolist())
        made = []
        for number, demand in enumerate(self.demands):
            left = demand.units - got[demand.id]
            if left:
                made.append(Unmet(demand.id, left, self._reason(demand, number in reachable)))
        return made

    def _reason(self, demand: OpenDemand, reachable: bool) -> Reason:
        if reachable:
            return Reason.OUTRANKED
        if not self.offers:
            return Reason.NO_SUPPLY
        if any(_in_scope(offer, demand) for offer in self.offers):
            return Reason.EXPIRY
        return Reason.EARMARK


def _exemptions(
    lines: Sequence[Line], demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]
) -> list[Exemption]:
    """Return the more urgent demands that an offer passes over because its lot ends too soon."""
    level = {demand.id: demand.level for demand in demands}
    left = {demand.id: demand.units for demand in demands}
    lowest: dict[int, Level] = {}
    for line in lines:
        left[line.demand] -= line.units
        lowest[line.offer] = min(lowest.get(line.offer, Level.CRITICAL), level[line.demand])
    return [
        Exemption(offer.id, demand.id)
        for offer in offers
        if offer.id in lowest
        for demand in demands
        if demand.level > lowest[offer.id]
        and left[demand.id]
        and _in_scope(offer, demand)
        and not _lasts(offer, demand)
    ]
