"""Two series, facilities that can claim, a plan of three levels in force from the second day on."""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.emergency import (
    CASES,
    PLAN,
    REPORTERS,
    condition,
    fast_path,
    indicator,
    level,
    plan,
    raise_demand,
    release_money,
)
from tests.support.people import word
from tests.support.suite import DAY, START, Suite


@pytest.fixture
def oracle(suite: Suite, planner: Key, stranger: Key) -> Contract:
    """The oracle with four reporters, a series for each of two provinces."""
    oracle = suite.oracle
    oracle.defineIndicator(CASES, indicator(accumulating=False), sender=planner)
    oracle.setReporters([reporter.address for reporter in REPORTERS], 1, sender=planner)
    for region in ("CN-HB", "CN-GD"):
        oracle.openFeed(CASES, word(region), sender=stranger)
    return oracle


@pytest.fixture
def emergency(suite: Suite) -> Contract:
    return suite.emergency


@pytest.fixture
def book(suite: Suite) -> Contract:
    return suite.needs


@pytest.fixture
def fund(suite: Suite) -> Contract:
    return suite.fund


@pytest.fixture
def attested(book: Contract, hospital: Key, auditor: Key) -> Contract:
    """The book of demands, with a facility of Wuhan that may claim."""
    book.declareFacility(800, True, sender=hospital)
    book.attestFacility(hospital.address, 800, True, sender=auditor)
    return book


@pytest.fixture
def three_levels() -> list[dict[str, Any]]:
    """10, 20, 30 to rise; 5, 15, 25 to fall; money, a fast path, demand, demand."""
    return [
        level(condition(10, 5), actions=[release_money(), fast_path()]),
        level(condition(20, 15), actions=[raise_demand()]),
        level(condition(30, 25), actions=[raise_demand(rate=0, base=7)]),
    ]


@pytest.fixture
def proposed(
    emergency: Contract, oracle: Contract, three_levels: list[dict[str, Any]], planner: Key
) -> Contract:
    """A plan for Hubei, proposed on the first day."""
    emergency.propose(PLAN, plan(oracle, *three_levels), sender=planner)
    return emergency


@pytest.fixture
def in_force(proposed: Contract, attested: Contract) -> Contract:
    """The plan in force, on the second day."""
    proposed.chain.set_time(START + DAY + 600)
    return proposed
