"""One course of a replay: lists of requests and gifts played round by round under one rule.

At the end of each round every rule shares out what is there among the demands that are open then.
The lists know no places, earmarks or expiry, so gifts of one item are alike: the solver gets them
as one offer, and whatever the rule, the oldest gift goes first. A demand lapses after a number of
days; a gift waits until it is given. The item is the material: nothing stands in for another.

The weight of a request is that of its level when it was made, under every rule the same.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aidline.model import EarmarkKind, Level
from aidline.solve.facts import Facts
from aidline.solve.lists import Entry
from aidline.solve.matching import OpenDemand, OpenOffer, match
from aidline.solve.urgency import weight_of

__all__ = [
    "BASELINES",
    "Comparison",
    "Course",
    "Demand",
    "Order",
    "Outcome",
    "ReplayRules",
    "Share",
]

_DAY = 86_400
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


@dataclass(slots=True)
class _Want:
    """A demand on one course.

    Attributes:
        entry: The request.
        facts: The facts behind it.
        facility: Number of its recipient.
        stated: Its level when it was made.
        level: Its level now.
        left: Units that it lacks.
    """

    entry: Entry
    facts: Facts
    facility: int
    stated: Level
    level: Level
    left: int


@dataclass(slots=True)
class _Gift:
    """A gift on one course.

    Attributes:
        entry: The gift.
        left: Units that are still there.
        waited: Seconds that those given had waited, times units.
    """

    entry: Entry
    left: int
    waited: int = 0


@dataclass(frozen=True, slots=True)
class _Given:
    """Units for a demand."""

    want: _Want
    units: int


def _serve(order: Order, wants: Sequence[_Want], stock: int) -> list[_Given]:
    """Return what a rule gives to each demand of one item, in the order of giving."""
    if order is Order.URGENCY:
        return _plan(wants, stock)
    given = []
    for want in sorted(wants, key=_FIRST[order]):
        if not stock:
            break
        units = min(stock, want.left)
        given.append(_Given(want, units))
        stock -= units
    return given


_FIRST: Mapping[Order, Callable[[_Want], tuple[int, int, int]]] = {
    Order.OLDEST: lambda want: (0, want.entry.time, want.entry.id),
    Order.SMALLEST: lambda want: (want.left, want.entry.time, want.entry.id),
    Order.LARGEST: lambda want: (-want.left, want.entry.time, want.entry.id),
}


def _plan(wants: Sequence[_Want], stock: int) -> list[_Given]:
    offer = OpenOffer(1, 1, stock, 0, EarmarkKind.NONE, _NO_SCOPE, None)
    demands = [
        OpenDemand(
            id=want.entry.id,
            material=1,
            level=want.level,
            units=want.left,
            province=_NO_SCOPE,
            facility=want.facility.to_bytes(32, "big"),
            emergency=_NO_SCOPE,
            needed_by=0,  # nothing expires
            place=None,
        )
        for want in wants
    ]
    by_id = {want.entry.id: want for want in wants}
    given = [_Given(by_id[line.demand], line.units) for line in match(demands, [offer]).lines]
    given.sort(key=lambda one: (-one.want.level, one.want.entry.time, one.want.entry.id))
    return given


def _compare(
    end: int, item: str, wants: Sequence[_Want], stock: int, ours: Sequence[_Given]
) -> Comparison:
    top = max(want.level for want in wants)
    given = {Order.URGENCY: ours} | {order: _serve(order, wants, stock) for order in BASELINES}
    return Comparison(
        end=end,
        item=item,
        level=top,
        stock=stock,
        wanted=sum(want.left for want in wants if want.level == top),
        served={
            order: sum(one.units for one in several if one.want.level == top)
            for order, several in given.items()
        },
    )


class _Shelf:
    """One item on a course: what is to come, by time, what is open and what is there."""

    def __init__(self, wants: Iterable[_Want], gifts: Iterable[_Gift]) -> None:
        self.wants, self.gifts = list(wants), list(gifts)
        self.open: list[_Want] = []
        self.there: list[_Gift] = []
        self._coming_wants = deque(self.wants)
        self._coming_gifts = deque(self.gifts)

    def pass_time(self, now: int, rules: ReplayRules) -> None:
        """Take in what was asked and offered before now; let go what is done or lapsed."""
        while self._coming_wants and self._coming_wants[0].entry.time < now:
            self.open.append(self._coming_wants.popleft())
        while self._coming_gifts and self._coming_gifts[0].entry.time < now:
            self.there.append(self._coming_gifts.popleft())
        since = now - rules.open_days * _DAY
        self.open = [want for want in self.open if want.left and want.entry.time > since]
        self.there = [gift for gift in self.there if gift.left]
        if rules.run_down:
            for want in self.open:
                want.level = want.facts.level_at(now)


class Course:
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
        self._shipments: set[tuple[int, str, str]] = set()
        self._weighted = [0]
        recipients = sorted({demand.entry.party for demand in demands})
        numbers = {recipient: number for number, recipient in enumerate(recipients, start=1)}
        wants: dict[str, list[_Want]] = defaultdict(list)
        for demand in demands:
            entry, stated = demand.entry, demand.stated
            facility = numbers[entry.party]
            wants[entry.item].append(
                _Want(entry, demand.facts, facility, stated, stated, entry.units)
            )
        there: dict[str, list[_Gift]] = defaultdict(list)
        for gift in gifts:
            there[gift.item].append(_Gift(gift, gift.units))
        self._shelves = {
            item: _Shelf(wants[item], there[item]) for item in sorted({*wants, *there})
        }

    def play(self, now: int) -> list[Comparison]:
        """Play the round that ends now; of our rule return how the others would have done."""
        compared = []
        weighted = self._weighted[-1]
        for item, shelf in self._shelves.items():
            shelf.pass_time(now, self._rules)
            if not shelf.open or not shelf.there:
                continue
            stock = sum(gift.left for gift in shelf.there)
            given = _serve(self._order, shelf.open, stock)
            if self._order is Order.URGENCY:
                compared.append(_compare(now, item, shelf.open, stock, given))
            self._hand_out(given, shelf.there, now)
            weighted += sum(weight_of(one.want.stated) * one.units for one in given)
        self._weighted.append(weighted)
        return compared

    def _hand_out(self, given: Sequence[_Given], there: Sequence[_Gift], now: int) -> None:
        """Take what is given from the oldest gifts first."""
        gifts = iter(there)
        gift = next(gifts)
        for one in given:
            one.want.left -= one.units
            units = one.units
            while units:
                if not gift.left:
                    gift = next(gifts)
                taken = min(units, gift.left)
                units -= taken
                gift.left -= taken
                gift.waited += taken * (now - gift.entry.time)
                self._shipments.add((now, gift.entry.party, one.want.entry.party))

    def outcome(self, end: int) -> Outcome:
        """Return what came of it until the end."""
        wants = [want for shelf in self._shelves.values() for want in shelf.wants]
        gifts = [gift for shelf in self._shelves.values() for gift in shelf.gifts]
        reached = [want for want in wants if want.left < want.entry.units]
        waited = sum(
            (gift.waited + gift.left * (end - gift.entry.time)) / gift.entry.units for gift in gifts
        )
        return Outcome(
            order=self._order,
            by_level={
                level: _share(want for want in wants if want.stated == level)
                for level in sorted(Level, reverse=True)
                if level
            },
            among_served=_share(reached),
            lines=len(wants),
            lines_served=len(reached),
            lines_in_full=sum(not want.left for want in wants),
            days_waited=waited / len(gifts) / _DAY,
            donors=len({donor for _, donor, _ in self._shipments}),
            shipments=len(self._shipments),
            weighted_after=tuple(self._weighted[1:]),
        )


def _share(wants: Iterable[_Want]) -> Share:
    wants = list(wants)
    asked = sum(want.entry.units for want in wants)
    return Share(asked, asked - sum(want.left for want in wants))


def _sum(by_level: Mapping[Level, Share], weight: Callable[[Level], int]) -> Share:
    return Share(
        sum(weight(level) * share.asked for level, share in by_level.items()),
        sum(weight(level) * share.served for level, share in by_level.items()),
    )
