"""Real lists of requests and gifts played again, round by round, under our rule and others.

At the end of each round every rule shares out what is there among the demands that are open then.
The lists know no places, earmarks or expiry, so gifts of one item are alike: the solver gets them
as one offer, and whatever the rule, the oldest gift goes first. A demand lapses after a number of
days; a gift waits until it is given. The item is the material: nothing stands in for another.

The weight of a request is that of its level when it was made, under every rule the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aidline.errors import InputError
from aidline.geodesy import Place
from aidline.model import EarmarkKind, Level
from aidline.solve.facts import Facts
from aidline.solve.lists import Entry
from aidline.solve.matching import OpenDemand, OpenOffer, match
from aidline.solve.urgency import weight_of

__all__ = [
    "BASELINES",
    "Comparison",
    "Demand",
    "Order",
    "Outcome",
    "Replay",
    "ReplayRules",
    "Share",
    "replay",
]

_DAY = 86_400
_MOST_DAYS = 3_660
_NOWHERE = Place(0, 0)
_NO_SCOPE = bytes(32)


class Order(StrEnum):
    """Who is served first."""

    URGENCY = "most urgent first"
    OLDEST = "oldest first"
    SMALLEST = "smallest first"
    LARGEST = "largest first"


BASELINES = (Order.OLDEST, Order.SMALLEST, Order.LARGEST)


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """How time passes.

    Attributes:
        open_days: Days after which a demand lapses.
        run_down: Whether stock runs down by the use while a demand waits, so that its level rises,
            as on the chain when it is refreshed; otherwise the level stays as it was stated.
    """

    open_days: int = 28
    run_down: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """A request and the facts behind it."""

    entry: Entry
    facts: Facts

    @property
    def stated(self) -> Level:
        """Its level when it was made."""
        return self.facts.level_at(self.entry.time)


@dataclass(frozen=True, slots=True)
class Share:
    """Units asked, and of them served."""

    asked: int
    served: int

    @property
    def share(self) -> float:
        """Part that was served, from 0 to 1."""
        return self.served / self.asked if self.asked else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a replay under one rule.

    Attributes:
        order: The rule.
        by_level: Units by the level at which they were asked for, the most urgent first.
        among_served: Units of the demands that got anything.
        lines: Demands.
        lines_served: Demands that got anything.
        lines_in_full: Demands that got everything.
        days_waited: Days that a unit waited, mean over its gift, then over gifts; what was never
            given waited until the end.
        donors: Who gave anything.
        shipments: What one donor sends to one recipient in one round counts once.
        weighted_after: Units served until the end of each round, weighted like the need.
    """

    order: Order
    by_level: Mapping[Level, Share]
    among_served: Share
    lines: int
    lines_served: int
    lines_in_full: int
    days_waited: float
    donors: int
    shipments: int
    weighted_after: tuple[int, ...]

    @property
    def need(self) -> Share:
        """All units."""
        return _sum(self.by_level, lambda level: 1)

    @property
    def weighted_need(self) -> Share:
        """All units, each counted 64, 16, 4 or 1 by its level."""
        return _sum(self.by_level, weight_of)

    @property
    def shipments_per_donor(self) -> float:
        """Shipments of a donor who gave anything."""
        return self.shipments / self.donors if self.donors else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One round of one item: what each rule serves from the stock and the demands of our replay.

    Attributes:
        end: End of the round, unix seconds.
        item: The item.
        level: The most urgent level that is open.
        stock: Units that are there.
        wanted: Units that are open at that level.
        served: Units that each rule serves at that level.
    """

    end: int
    item: str
    level: Level
    stock: int
    wanted: int
    served: Mapping[Order, int]

    @property
    def exceeded(self) -> bool:
        """Whether another rule serves more of the most urgent than ours."""
        return any(self.served[order] > self.served[Order.URGENCY] for order in BASELINES)


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay in rounds of one length.

    Attributes:
        round_days: Days of a round.
        ends: Ends of the rounds, unix seconds.
        outcomes: Of each rule on a course of its own, ours first.
        comparisons: From the same state, in each round in which an item is open and there.
    """

    round_days: int
    ends: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def best_baseline(self) -> Outcome:
        """The outcome of the other rule that meets most of the weighted need."""
        return max(self.outcomes[1:], key=lambda outcome: outcome.weighted_need.served)


def replay(
    demands: Sequence[Demand],
    gifts: Sequence[Entry],
    round_days: int,
    rules: ReplayRules,
    progress: Callable[[int, int], None] | None = None,
) -> Replay:
    """Play the lists under each rule, from the first day of either to the last.

    Args:
        demands: By time, ids from 1.
        gifts: By time, ids from 1.
        round_days: Days of a round; the last may be shorter.
        rules: How time passes.
        progress: Is told the rounds that are done, and all there are.

    Raises:
        InputError: The lists span more than ten years.
    """
    ends = _ends([demand.entry for demand in demands], gifts, round_days)
    courses = [_Course(order, demands, gifts, rules) for order in Order]
    comparisons: list[Comparison] = []
    for done, end in enumerate(ends, start=1):
        for course in courses:
            comparisons.extend(course.play(end))
        if progress is not None:
            progress(done, len(ends))
    outcomes = tuple(course.outcome(ends[-1]) for course in courses)
    return Replay(round_days, ends, outcomes, tuple(comparisons))


def _ends(requests: Sequence[Entry], gifts: Sequence[Entry], round_days: int) -> tuple[int, ...]:
    times = [entry.time // _DAY for entry in (*requests, *gifts)]
    first, after = min(times), max(times) + 1
    if after - first > _MOST_DAYS:
        raise InputError(
            f"the lists span {after - first} days: {_MOST_DAYS} at the most, is a date wrong?"
        )
    ends = range(first + round_days, after + round_days, round_days)
    return tuple(min(end, after) * _DAY for end in ends)


@dataclass(frozen=True, slots=True)
class _Want:
    """A demand that is open now."""

    id: int
    time: int
    units: int
    level: Level


def _serve(order: Order, wants: Sequence[_Want], stock: int) -> dict[int, int]:
    """Return the units that a rule gives to each demand of one item, in the order of giving."""
    got = {}
    if order is Order.URGENCY:
        plan = match(
            [_open_demand(want) for want in wants],
            [OpenOffer(1, 1, stock, 0, EarmarkKind.NONE, _NO_SCOPE, _NOWHERE)],
        )
        units = {line.demand: line.units for line in plan.lines}
        for want in sorted(wants, key=lambda want: (-want.level, want.time, want.id)):
            if want.id in units:
                got[want.id] = units[want.id]
        return got
    for want in sorted(wants, key=_FIRST[order]):
        if not stock:
            break
        got[want.id] = min(stock, want.units)
        stock -= got[want.id]
    return got


_FIRST: Mapping[Order, Callable[[_Want], tuple[int, int, int]]] = {
    Order.OLDEST: lambda want: (0, want.time, want.id),
    Order.SMALLEST: lambda want: (want.units, want.time, want.id),
    Order.LARGEST: lambda want: (-want.units, want.time, want.id),
}


def _open_demand(want: _Want) -> OpenDemand:
    return OpenDemand(
        id=want.id,
        material=1,
        level=want.level,
        units=want.units,
        province=_NO_SCOPE,
        facility=want.id.to_bytes(32, "big"),
        emergency=_NO_SCOPE,
        needed_by=want.time,
        place=_NOWHERE,
    )


class _Shelf:
    """One item on a course: what of it is open, and what is there."""

    def __init__(self) -> None:
        self.coming_demands: list[Demand] = []
        self.coming_gifts: list[Entry] = []
        self.open: list[Demand] = []
        self.there: list[Entry] = []

    def arrive(self, now: int) -> None:
        """Take in what was asked and offered before now; the coming lists end with the next."""
        while self.coming_demands and self.coming_demands[-1].entry.time < now:
            self.open.append(self.coming_demands.pop())
        while self.coming_gifts and self.coming_gifts[-1].time < now:
            self.there.append(self.coming_gifts.pop())


class _Course:
    """The lists played under one rule."""

    def __init__(
        self,
        order: Order,
        demands: Sequence[Demand],
        gifts: Sequence[Entry],
        rules: ReplayRules,
    ) -> None:
        self._order = order
        self._rules = rules
        self._demands = {demand.entry.id: demand for demand in demands}
        self._gifts = {gift.id: gift for gift in gifts}
        self._left = {demand.entry.id: demand.entry.units for demand in demands}
        self._rest = {gift.id: gift.units for gift in gifts}
        self._waited: dict[int, int] = defaultdict(int)  # unit-seconds by gift
        self._shipments: set[tuple[int, str, str]] = set()
        self._weight = {demand.entry.id: weight_of(demand.stated) for demand in demands}
        self._weighted = [0]
        self._shelves: dict[str, _Shelf] = defaultdict(_Shelf)
        for demand in reversed(demands):
            self._shelves[demand.entry.item].coming_demands.append(demand)
        for gift in reversed(gifts):
            self._shelves[gift.item].coming_gifts.append(gift)

    def play(self, now: int) -> Iterator[Comparison]:
        """Play the round that ends now; under our rule say how the others would have done."""
        weighted = self._weighted[-1]
        for item in sorted(self._shelves):
            shelf = self._shelves[item]
            shelf.arrive(now)
            shelf.open = [demand for demand in shelf.open if self._is_open(demand, now)]
            shelf.there = [gift for gift in shelf.there if self._rest[gift.id]]
            if not shelf.open or not shelf.there:
                continue
            stock = sum(self._rest[gift.id] for gift in shelf.there)
            wants = [self._want(demand, now) for demand in shelf.open]
            got = _serve(self._order, wants, stock)
            if self._order is Order.URGENCY:
                yield _compare(now, item, wants, stock, got)
            self._give(shelf, got, now)
            weighted += sum(self._weight[number] * units for number, units in got.items())
        self._weighted.append(weighted)

    def _is_open(self, demand: Demand, now: int) -> bool:
        lapses = demand.entry.time + self._rules.open_days * _DAY
        return bool(self._left[demand.entry.id]) and now < lapses

    def _want(self, demand: Demand, now: int) -> _Want:
        entry = demand.entry
        level = demand.facts.level_at(now) if self._rules.run_down else demand.stated
        return _Want(entry.id, entry.time, self._left[entry.id], level)

    def _give(self, shelf: _Shelf, got: Mapping[int, int], now: int) -> None:
        """Take what was given from the oldest gifts first."""
        gifts = iter(shelf.there)
        gift = next(gifts)
        for number, units in got.items():
            self._left[number] -= units
            while units:
                if not self._rest[gift.id]:
                    gift = next(gifts)
                taken = min(units, self._rest[gift.id])
                units -= taken
                self._rest[gift.id] -= taken
                self._waited[gift.id] += taken * (now - gift.time)
                self._shipments.add((now, gift.party, self._demands[number].entry.party))

    def outcome(self, end: int) -> Outcome:
        """Return what came of it."""
        asked: dict[Level, int] = defaultdict(int)
        served: dict[Level, int] = defaultdict(int)
        reached = [
            number
            for number, demand in self._demands.items()
            if self._left[number] < demand.entry.units
        ]
        for number, demand in self._demands.items():
            asked[demand.stated] += demand.entry.units
            served[demand.stated] += demand.entry.units - self._left[number]
        levels = sorted(set(Level) - {Level.NULL}, reverse=True)
        waited = [
            (self._waited[number] + self._rest[number] * (end - gift.time)) / gift.units
            for number, gift in self._gifts.items()
        ]
        return Outcome(
            order=self._order,
            by_level={level: Share(asked[level], served[level]) for level in levels},
            among_served=Share(
                sum(self._demands[number].entry.units for number in reached), sum(served.values())
            ),
            lines=len(self._demands),
            lines_served=len(reached),
            lines_in_full=sum(not left for left in self._left.values()),
            days_waited=sum(waited) / len(waited) / _DAY,
            donors=len({donor for _, donor, _ in self._shipments}),
            shipments=len(self._shipments),
            weighted_after=tuple(self._weighted[1:]),
        )


def _compare(
    end: int, item: str, wants: Sequence[_Want], stock: int, ours: Mapping[int, int]
) -> Comparison:
    top = max(want.level for want in wants)
    urgent = {want.id: want.units for want in wants if want.level == top}
    plans = {Order.URGENCY: ours} | {order: _serve(order, wants, stock) for order in BASELINES}
    return Comparison(
        end=end,
        item=item,
        level=top,
        stock=stock,
        wanted=sum(urgent.values()),
        served={
            order: sum(units for number, units in plan.items() if number in urgent)
            for order, plan in plans.items()
        },
    )


def _sum(by_level: Mapping[Level, Share], weight: Callable[[Level], int]) -> Share:
    return Share(
        sum(weight(level) * share.asked for level, share in by_level.items()),
        sum(weight(level) * share.served for level, share in by_level.items()),
    )
