"""The module aidline.solve.urgency.

level_of
├── when nothing is used: low, also for a vulnerable facility
├── given stock for just under 24, 72, 168 hours: critical, high, medium; from there on one lower
├── given time since the facts: stock runs down by the daily use, not below nought
├── given a vulnerable facility: one level higher, critical at the most
└── given facts at random: what the contract says of them
weight_of: 64, 16, 4, 1
"""

from __future__ import annotations

import random

import pytest

from aidline.model import Level
from aidline.solve.urgency import level_of, weight_of
from tests.support.demand import Desk, suite_for_demand
from tests.support.people import key_of

HOUR = 3600
DAY = 24 * HOUR


def test_without_use_it_is_low_whoever_asks() -> None:
    assert level_of(0, 0) == Level.LOW
    assert level_of(0, 0, vulnerable=True) == Level.LOW


@pytest.mark.parametrize(
    ("hours", "under", "above"),
    [
        (24, Level.CRITICAL, Level.HIGH),
        (72, Level.HIGH, Level.MEDIUM),
        (168, Level.MEDIUM, Level.LOW),
    ],
)
def test_hours_of_stock_give_the_level(hours: int, under: Level, above: Level) -> None:
    assert level_of(10 * hours - 1, 240) == under
    assert level_of(10 * hours, 240) == above
    assert level_of(10 * hours - 1, 240, vulnerable=True) == min(under + 1, Level.CRITICAL)


def test_stock_runs_down_and_not_below_nought() -> None:
    days = [level_of(800, 100, elapsed=day * DAY) for day in (0, 1, 2, 5, 6, 7, 8, 900)]
    assert days == [
        Level.LOW,
        Level.LOW,
        Level.MEDIUM,
        Level.MEDIUM,
        Level.HIGH,
        Level.HIGH,
        Level.CRITICAL,
        Level.CRITICAL,
    ]


def test_the_contract_says_the_same() -> None:
    suite = suite_for_demand()
    desk, dice = Desk(suite), random.Random(2020)
    plain, vulnerable = key_of("hospital"), key_of("second_hospital")
    desk.declare(plain)
    desk.settle(vulnerable, key_of("auditor"), vulnerable=True)
    facts = [(dice.randrange(900), dice.randrange(100)) for _ in range(20)]
    demands = [
        (who, stock, use, desk.publish(who, stock=stock, daily_use=use), desk.now)
        for stock, use in facts
        for who in (plain, vulnerable)
    ]
    seen = set()
    for _ in range(4):
        desk.wait(dice.randrange(2 * DAY))
        for who, stock, use, demand, since in demands:
            level = desk.needs.levelNow(demand)
            seen.add(level)
            assert level == level_of(
                stock, use, elapsed=desk.now - since, vulnerable=who == vulnerable
            )
    assert len(seen) == 4


def test_a_unit_counts_by_its_level() -> None:
    assert [weight_of(level) for level in sorted(Level, reverse=True)[:-1]] == [64, 16, 4, 1]
