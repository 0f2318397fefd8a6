"""Real lists of requests and gifts played again under our rule and under others, to compare them.

In each round every rule shares out what is there among the demands that are open: on a course of
its own, and, so that all have the same stock, on ours (see :mod:`aidline.solve.course`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from aidline.errors import InputError
from aidline.solve.course import (
    Comparison,
    Course,
    Demand,
    Order,
    Outcome,
    ReplayRules,
)
from aidline.solve.facts import FactRules, StockShares, read_stock_shares
from aidline.solve.lists import Entry, Fate, ListRules, Tally, read_gifts, read_requests

__all__ = ["Assumptions", "Lists", "Replay", "read_lists", "record_of", "replay"]

_DAY = 86_400
_MOST_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the lists do not say.

    Attributes:
        seed: From which the facts are drawn.
        lists: What is one request, and what is absurd.
        facts: What is assumed of who asks.
        time: How time passes.
    """

    seed: int = 1
    lists: ListRules = field(default_factory=ListRules)
    facts: FactRules = field(default_factory=FactRules)
    time: ReplayRules = field(default_factory=ReplayRules)


@dataclass(frozen=True, slots=True)
class Lists:
    """What is played, and what became of the files' rows.

    Attributes:
        demands: By time.
        gifts: By time.
        tallies: Of the requests and of the gifts.
        supply: Name of the file from which days of stock are drawn; empty for even thirds.
    """

    demands: tuple[Demand, ...]
    gifts: tuple[Entry, ...]
    tallies: tuple[Tally, Tally]
    supply: str


def read_lists(
    donors: str | PathLike[str],
    recipients: str | PathLike[str],
    supply: str | PathLike[str] | None,
    assumptions: Assumptions,
) -> Lists:
    """Read the lists and draw the facts of need.

    Args:
        donors: CSV of gifts.
        recipients: CSV of requests.
        supply: CSV of days of supply; without it a third each has none, up to 7 days, and more.
        assumptions: What the lists do not say.

    Raises:
        InputError: A file cannot be read, lacks a column, or no row of it stands.
    """
    requests = read_requests(recipients, assumptions.lists)
    gifts = read_gifts(donors, assumptions.lists, requests.caps)
    shares = StockShares({}) if supply is None else read_stock_shares(supply)
    demands = tuple(
        Demand(entry, shares.facts_of(entry, assumptions.facts, assumptions.seed))
        for entry in requests.entries
    )
    name = "" if supply is None else Path(supply).name
    return Lists(demands, gifts.entries, (requests.tally, gifts.tally), name)


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay in rounds of one length.

    Attributes:
        round_days: Days of a round.
        began: Begin of the first round, unix seconds.
        ends: Ends of the rounds, unix seconds.
        outcomes: Of each rule on a course of its own, ours first.
        comparisons: From the same state, in each round in which an item is open and there.
    """

    round_days: int
    began: int
    ends: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def ours(self) -> Outcome:
        """The outcome of our rule."""
        return self.outcomes[0]

    @property
    def best_baseline(self) -> Outcome:
        """The outcome of the other rule that meets most of the weighted need."""
        return max(self.outcomes[1:], key=lambda outcome: outcome.weighted_need.served)

    @property
    def exceeded(self) -> tuple[Comparison, ...]:
        """Where, at equal stock, another rule serves more of the most urgent level."""
        return tuple(comparison for comparison in self.comparisons if comparison.exceeded)


def replay(
    lists: Lists,
    round_days: int,
    rules: ReplayRules,
    progress: Callable[[int, int], None] | None = None,
) -> Replay:
    """Play lists under each rule, from the first day of either to the last.

    Args:
        lists: What is played.
        round_days: Days of a round, at least 1; the last round may be shorter.
        rules: How time passes.
        progress: Is told the rounds that are done, and all there are.

    Raises:
        InputError: The lists span more than ten years.
    """
    first, after = _days(lists)
    ends = tuple(
        min(end, after) * _DAY for end in range(first + round_days, after + round_days, round_days)
    )
    courses = [Course(order, lists.demands, lists.gifts, rules) for order in Order]
    comparisons: list[Comparison] = []
    for done, end in enumerate(ends, start=1):
        for course in courses:
            comparisons.extend(course.play(end))
        if progress is not None:
            progress(done, len(ends))
    outcomes = tuple(course.outcome(ends[-1]) for course in courses)
    return Replay(round_days, first * _DAY, ends, outcomes, tuple(comparisons))


def _days(lists: Lists) -> tuple[int, int]:
    """Return the first day of either list and the day after the last."""
    days = [demand.entry.time // _DAY for demand in lists.demands]
    days += [gift.time // _DAY for gift in lists.gifts]
    first, after = min(days), max(days) + 1
    if after - first > _MOST_DAYS:
        raise InputError(
            f"the lists span {after - first:,} days: {_MOST_DAYS:,} at the most, is a date wrong?"
        )
    return first, after


def record_of(lists: Lists, replays: Sequence[Replay], assumptions: Assumptions) -> dict[str, Any]:
    """Return everything as it stands in JSON (``aidline/schemas/replay.json``)."""
    return {
        "assumptions": {
            "seed": assumptions.seed,
            "supply": lists.supply,
            **asdict(assumptions.lists),
            **asdict(assumptions.facts),
            **asdict(assumptions.time),
        },
        "files": [_tally_record(tally) for tally in lists.tallies],
        "replays": [_replay_record(one) for one in replays],
    }


def _tally_record(tally: Tally) -> dict[str, Any]:
    rows = [
        {name: value for name, value in asdict(row).items() if name != "reason" or value}
        for row in tally.treated
    ]
    return {
        "file": tally.file,
        "rows": tally.rows,
        "used": tally.used,
        "units_read": tally.units_read,
        "units_used": tally.units_used,
        "fates": {
            fate.value: {"rows": tally.rows_of(fate), "units": tally.units_of(fate)}
            for fate in Fate
        },
        "treated": rows,
    }


def _replay_record(played: Replay) -> dict[str, Any]:
    return {
        "round_days": played.round_days,
        "began": played.began,
        "ends": list(played.ends),
        "outcomes": [_outcome_record(outcome) for outcome in played.outcomes],
        "equal_stock": [
            {
                "end": one.end,
                "item": one.item,
                "level": one.level.name.lower(),
                "stock": one.stock,
                "wanted": one.wanted,
                "served": {order.value: units for order, units in one.served.items()},
                "exceeded": one.exceeded,
            }
            for one in played.comparisons
        ],
    }


def _outcome_record(outcome: Outcome) -> dict[str, Any]:
    return {
        "order": outcome.order.value,
        "need_met": outcome.need.share,
        "weighted_need_met": outcome.weighted_need.share,
        "share_among_served": outcome.among_served.share,
        "days_waited": outcome.days_waited,
        "shipments_per_donor": outcome.shipments_per_donor,
        "shipments": outcome.shipments,
        "donors": outcome.donors,
        "lines": outcome.lines,
        "lines_served": outcome.lines_served,
        "lines_in_full": outcome.lines_in_full,
        "by_level": {
            level.name.lower(): asdict(share) for level, share in outcome.by_level.items()
        },
        "weighted_asked": outcome.weighted_need.asked,
        "weighted_after": list(outcome.weighted_after),
    }
