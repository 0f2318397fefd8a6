"""The real offers and requests played again: our rule and three others, rounds of 1 and 7 days."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from aidline.solve.course import Outcome
from aidline.solve.lists import Fate
from aidline.solve.replay import Assumptions, Lists, Replay, read_lists, replay
from tests.sim.data import DATA
from tools.bench.figures import Figure

LISTS = DATA / "ppe_matching"
ROUNDS = (1, 7)


def run() -> Iterator[Figure]:
    """Yield what became of the rows, the figures of each rule, and the seconds of each replay."""
    if not LISTS.is_dir():
        print("the replay is left out: ../shared/data/ppe_matching is not here", file=sys.stderr)
        return
    assumed = Assumptions()
    began = time.perf_counter()
    lists = read_lists(
        LISTS / "donors.csv", LISTS / "recipients.csv", LISTS / "days_of_supply.csv", assumed
    )
    yield Figure("replay.read", time.perf_counter() - began, "s")
    yield from _rows(lists)
    for days in ROUNDS:
        began = time.perf_counter()
        played = replay(lists, days, assumed.time)
        yield Figure(f"replay.{days}d.time", time.perf_counter() - began, "s", goal=60)
        yield from _figures(played)


def _rows(lists: Lists) -> Iterator[Figure]:
    for name, tally in zip(("requests", "gifts"), lists.tallies, strict=True):
        yield Figure(f"replay.{name}", tally.rows, "rows", better="higher")
        for fate in Fate:
            yield Figure(f"replay.{name}.{fate}", tally.rows_of(fate), "rows")


def _figures(played: Replay) -> Iterator[Figure]:
    name = f"replay.{played.round_days}d"
    yield Figure(f"{name}.equal_stock", len(played.comparisons), "rounds", better="higher")
    yield Figure(f"{name}.equal_stock.other_serves_more", len(played.exceeded), "rounds", goal=0)
    best = 100 * played.best_baseline.weighted_need.share
    for outcome in played.outcomes:
        goal = best if outcome is played.ours else None
        yield from _outcome(f"{name}.{outcome.order.name.lower()}", outcome, goal)


def _outcome(name: str, outcome: Outcome, goal: float | None) -> Iterator[Figure]:
    weighted = 100 * outcome.weighted_need.share
    yield Figure(f"{name}.need_met", 100 * outcome.need.share, "%", better="higher")
    yield Figure(f"{name}.need_met_by_urgency", weighted, "%", goal, better="higher")
    yield Figure(f"{name}.among_served", 100 * outcome.among_served.share, "%", better="higher")
    yield Figure(f"{name}.gift_waits", outcome.days_waited, "days")
    yield Figure(f"{name}.shipments_per_donor", outcome.shipments_per_donor, "shipments")
    yield Figure(f"{name}.lines_in_full", outcome.lines_in_full, "lines", better="higher")
