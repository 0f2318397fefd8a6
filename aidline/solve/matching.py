"""Which offer serves which demand: the most urgent first, provably.

Each material is for itself. Of all plans that keep earmarks, shelf lives and storage, the one is
taken that has, in this order,

1. **units**: the most units at the highest level; of those the most at the next level; and so on;
2. **shortage**: the least worst shortage among facilities. A facility's shortage is the share that
   stays open of what it asks at a level. Of the plans with the least worst shortage those with the
   least second worst are taken, and so on; of equal shares it is the larger facility's that stays
   (its unit is the smaller part), then that of the facility whose demand has the higher number.
   So one facility that no goods can reach does not leave the others to chance;
3. **distance**: the least sum of units times distance (or cost) over all lines.

*Why this is exact.* Let f(A) be the most units that a set A of claims (what one facility asks at
one level) can get together: a maximum flow. f is the rank of an integral polymatroid, so

- taking the levels in turn is no loss (Edmonds' greedy algorithm): every distribution that can be
  served extends to one of greatest sum. What a level can get depends on the levels above through
  f(above) only, not on how they share theirs, so that shortages can be settled level by level too;
- handing a level's units out one by one, each to the claim that lacks the largest share and can
  still get one, makes the sorted vector of shortages least (the same greedy algorithm, each unit
  of a claim weighing by the share that lacks before it; Fujishige 1980, Groenevelt 1991). Claims
  that can get no more never can again: they are the set that a minimum cut holds back. Its
  capacity says how many units the set shares, hence at which turn it is full (Adams' method of
  apportionment). Newton's method on cuts finds that turn with a few flows: each cut that is
  violated gives an earlier turn, and the first turn at which none is violated is the right one.

With the units of each claim given, the third is a flow of minimum cost. No unit could serve a more
urgent demand instead, or the flow of that level would not have been the greatest: this is the rule
that the contract checks. All numbers are integers; flows are solved by OR-Tools on networks that
:mod:`aidline.solve.network` keeps small.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np

from aidline.errors import InputError
from aidline.geodesy import Place, metres_between
from aidline.model import EarmarkKind, Level
from aidline.solve.network import Claim, Demanded, Network, Offered

__all__ = [
    "Band",
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

_NOWHERE = bytes(32)
_MOST_UNITS = 2**62  # demanded, times offers: sums of flows
_MOST_COST = 10**9

Scope = tuple[EarmarkKind, bytes]
_K = TypeVar("_K", bound=Hashable)
_R = TypeVar("_R", "OpenDemand", "OpenOffer")


@dataclass(frozen=True, slots=True)
class Band:
    """Temperatures, from ``low`` to ``high``, in hundredths of a degree Celsius."""

    low: int
    high: int

    def within(self, other: Band) -> bool:
        """Say whether it leaves another band nowhere."""
        return other.low <= self.low and self.high <= other.high


@dataclass(frozen=True, slots=True)
class OpenDemand:
    """A demand that counts.

    Attributes:
        id: The demand.
        material: GTIN.
        level: Urgency under which it counts.
        units: Units that it lacks, at least 1.
        province: Province of its facility, as earmarks name it.
        facility: Its facility, as earmarks name it; 32 zeros where it is not known, which makes
            it a facility of its own.
        emergency: Plan under which it stands; 32 zeros for none.
        needed_by: Unix seconds.
        place: Where it is needed; anything that ``costs`` names, or ``None`` for not known.
        keeps: Temperatures that its station keeps; ``None`` for whatever the goods need.
    """

    id: int
    material: int
    level: Level
    units: int
    province: bytes
    facility: bytes
    emergency: bytes
    needed_by: int
    place: Hashable
    keeps: Band | None = None


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
        place: Where it lies; anything that ``costs`` names, or ``None`` for not known.
        needs: Temperatures in which it must be kept; ``None`` for any.
        recalled: Whether its lot is recalled: it serves nobody, and is told as a reason.
    """

    id: int
    material: int
    units: int
    expiry: int
    earmark_kind: EarmarkKind
    earmark_scope: bytes
    place: Hashable
    needs: Band | None = None
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Units of an offer for a demand."""

    offer: int
    demand: int
    units: int


@dataclass(frozen=True, slots=True)
class Exemption:
    """A more urgent demand that an offer cannot serve: it ends too soon, or spoils there."""

    offer: int
    demand: int


class Reason(StrEnum):
    """Why units stay open; of several the one that is nearest to being served.

    The last three are not found by :func:`match`, which is given what counts only.
    """

    NO_SUPPLY = "no supply"
    EARMARK = "earmark"
    RECALLED = "recalled"
    EXPIRY = "expiry"
    STORAGE = "storage"
    OUTRANKED = "outranked"
    UNAUDITED = "unaudited"
    CAPPED = "capped"


@dataclass(frozen=True, slots=True)
class Unmet:
    """Units of a demand that stay open, and why."""

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


def match(
    demands: Iterable[OpenDemand],
    offers: Iterable[OpenOffer],
    costs: Mapping[tuple[Hashable, Hashable], int] | None = None,
) -> Plan:
    """Return the best plan under the order of urgency.

    Args:
        demands: What counts and lacks units; at most one of each id.
        offers: What is there; at most one of each id.
        costs: Of a unit, by place of the offer and place of the demand, at least 0 and at most
            10^9; a pair that is missing costs as much as the dearest. Without it, the metres
            between the two where both are a :class:`~aidline.geodesy.Place`, else nothing.

    Raises:
        InputError: An id stands twice, or a quantity or a cost is out of range.
    """
    prices = _Prices(costs)
    by_material: dict[int, tuple[list[OpenDemand], list[OpenOffer]]] = defaultdict(lambda: ([], []))
    for demand in _checked(demands, "demand"):
        by_material[demand.material][0].append(demand)
    for offer in _checked(offers, "offer"):
        by_material[offer.material][1].append(offer)
    lines: list[Line] = []
    exemptions: list[Exemption] = []
    unmet: list[Unmet] = []
    for _, (wanted, there) in sorted(by_material.items()):
        wanted.sort(key=lambda demand: demand.id)
        there.sort(key=lambda offer: offer.id)
        market = _Market(wanted, there)
        found = market.lines(prices)
        left = market.left(found)
        lines.extend(found)
        exemptions.extend(market.exemptions(found, left))
        unmet.extend(Unmet(one.id, units, market.reason(one)) for one, units in left)
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


def _checked(records: Iterable[_R], what: str) -> Iterator[_R]:
    seen: set[int] = set()
    for record in records:
        if record.units <= 0:
            raise InputError(f"{what} {record.id} has {record.units} units: at least 1 is expected")
        if record.id in seen:
            raise InputError(f"{what} {record.id} stands twice")
        seen.add(record.id)
        yield record


def _scopes(demand: OpenDemand) -> tuple[Scope, ...]:
    """Return the earmarks that hold a demand."""
    return (
        (EarmarkKind.NONE, b""),
        (EarmarkKind.REGION, demand.province),
        (EarmarkKind.FACILITY, demand.facility),
        (EarmarkKind.EMERGENCY, demand.emergency),
    )


def _scope(offer: OpenOffer) -> Scope:
    """Return an offer's earmark."""
    kind = offer.earmark_kind
    return kind, b"" if kind == EarmarkKind.NONE else offer.earmark_scope


def _can_keep(demand: OpenDemand, needs: Band | None) -> bool:
    return demand.keeps is None or needs is None or demand.keeps.within(needs)


class _Prices:
    """What it costs to carry a unit between places."""

    def __init__(self, costs: Mapping[tuple[Hashable, Hashable], int] | None) -> None:
        self._costs = costs
        self._dearest = max(costs.values(), default=0) if costs else 0
        if costs and not 0 <= min(costs.values()) <= self._dearest <= _MOST_COST:
            raise InputError(f"a cost of a unit is out of range: 0 to {_MOST_COST:,} are expected")

    def table(self, starts: Iterable[Hashable], ends: Iterable[Hashable]) -> np.ndarray | None:
        """Return the costs, a row for each start; ``None`` when they are all the same."""
        ends = list(ends)
        made = np.array([[self._of(one, other) for other in ends] for one in starts], np.int64)
        return None if not made.size or (made == made.flat[0]).all() else made

    def _of(self, start: Hashable, end: Hashable) -> int:
        if self._costs is not None:
            return self._costs.get((start, end), self._dearest)
        if isinstance(start, Place) and isinstance(end, Place):
            return metres_between(start, end)
        return 0


class _Market:
    """One material: its demands and offers, both ascending by id."""

    def __init__(self, demands: list[OpenDemand], offers: list[OpenOffer]) -> None:
        self._demands = demands
        most = sum(demand.units for demand in demands)
        if most * max(len(offers), 1) > _MOST_UNITS:
            raise InputError(f"{most:,} units of {demands[0].material} are too many to be matched")
        self._offers = [offer for offer in offers if not offer.recalled]
        self._recalled = {_scope(offer) for offer in offers if offer.recalled}
        # By earmark and storage: when the last of them ends.
        self._lasts: dict[Scope, dict[Band | None, float]] = defaultdict(dict)
        for offer in self._offers:
            until = offer.expiry or float("inf")
            pools = self._lasts[_scope(offer)]
            pools[offer.needs] = max(until, pools.get(offer.needs, until))

    def lines(self, prices: _Prices) -> list[Line]:
        """Return the best lines of this material."""
        if not self._offers or not self._demands:
            return []
        starts = _numbered(offer.place for offer in self._offers)
        ends = _numbered(demand.place for demand in self._demands)
        claims = _numbered(self._claimant(demand) for demand in self._demands)
        units = [0] * len(claims)
        for demand in self._demands:
            units[claims[self._claimant(demand)]] += demand.units
        network = Network(
            [
                Offered(
                    # what nobody needs is left out of the sums
                    units=min(offer.units, sum(units)),
                    pool=(_scope(offer), offer.needs),
                    expiry=offer.expiry,
                    place=starts[offer.place],
                )
                for offer in self._offers
            ],
            [
                Demanded(
                    units=demand.units,
                    pools=self._pools(demand),
                    needed_by=demand.needed_by,
                    claim=claims[self._claimant(demand)],
                    place=ends[demand.place],
                )
                for demand in self._demands
            ],
            [Claim(level, asked) for (level, _), asked in zip(claims, units, strict=True)],
        )
        return [
            Line(self._offers[flow.offer].id, self._demands[flow.demand].id, flow.units)
            for flow in network.route(network.fill(), prices.table(starts, ends))
        ]

    @staticmethod
    def _claimant(demand: OpenDemand) -> tuple[Level, object]:
        known = demand.facility and demand.facility != _NOWHERE
        return demand.level, demand.facility if known else demand.id

    def _pools(self, demand: OpenDemand) -> tuple[tuple[Scope, Band | None], ...]:
        return tuple(
            (scope, needs)
            for scope in _scopes(demand)
            for needs in self._lasts.get(scope, ())
            if _can_keep(demand, needs)
        )

    def left(self, lines: Sequence[Line]) -> list[tuple[OpenDemand, int]]:
        """Return which demands stay open, and how many units of each."""
        got: dict[int, int] = defaultdict(int)
        for line in lines:
            got[line.demand] += line.units
        return [
            (demand, demand.units - got[demand.id])
            for demand in self._demands
            if demand.units > got[demand.id]
        ]

    def reason(self, demand: OpenDemand) -> Reason:
        """Return why a demand stays open."""
        held = [(scope, pools) for scope in _scopes(demand) if (pools := self._lasts.get(scope))]
        lasting = [
            needs
            for _, pools in held
            for needs, until in pools.items()
            if until >= demand.needed_by
        ]
        if any(_can_keep(demand, needs) for needs in lasting):
            return Reason.OUTRANKED
        if lasting:
            return Reason.STORAGE
        if held:
            return Reason.EXPIRY
        if self._recalled.intersection(_scopes(demand)):
            return Reason.RECALLED
        return Reason.EARMARK if self._offers or self._recalled else Reason.NO_SUPPLY

    def exemptions(
        self, lines: Sequence[Line], left: Sequence[tuple[OpenDemand, int]]
    ) -> Iterator[Exemption]:
        """Yield the more urgent demands in scope of an offer that stay open beside its lines.

        It cannot serve them: else the plan would.
        """
        level = {demand.id: demand.level for demand in self._demands}
        lowest: dict[int, Level] = {}
        for line in lines:
            served = level[line.demand]
            lowest[line.offer] = min(lowest.get(line.offer, served), served)
        still_open: dict[Scope, list[OpenDemand]] = defaultdict(list)
        for demand, _ in left:
            for scope in _scopes(demand):
                still_open[scope].append(demand)
        for offer in self._offers:
            if offer.id in lowest:
                for demand in still_open[_scope(offer)]:
                    if demand.level > lowest[offer.id]:
                        yield Exemption(offer.id, demand.id)


def _numbered(keys: Iterable[_K]) -> dict[_K, int]:
    """Number what is different, in the order in which it comes."""
    numbers: dict[_K, int] = {}
    for key in keys:
        numbers.setdefault(key, len(numbers))
    return numbers
