"""Stations, vehicles and full purses; goods and those who need them; each test begins there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.demand import Desk as Market
from tests.support.demand import suite_for_demand
from tests.support.freight import Desk
from tests.support.freight_fixtures import equipped
from tests.support.people import key_of

__all__ = ["equipped"]


@pytest.fixture
def desk(equipped: Desk) -> Iterator[Desk]:
    snapshot = equipped.chain.snapshot()
    yield equipped
    equipped.chain.revert(snapshot)


@pytest.fixture(scope="session")
def opened() -> Market:
    market = Market(suite_for_demand())
    for name in ("hospital", "second_hospital", "county_hospital"):
        market.settle(key_of(name), key_of("auditor"))
    return market


@pytest.fixture
def market(opened: Market) -> Iterator[Market]:
    """Three attested hospitals of Hubei."""
    snapshot = opened.suite.chain.snapshot()
    yield opened
    opened.suite.chain.revert(snapshot)
