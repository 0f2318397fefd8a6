"""Demands and goods, with keys in the place of the rooms that write to them: shared by three rooms.

A conftest takes these fixtures over by importing them; the deployment is one for all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.demand import Desk, suite_for_demand
from tests.support.people import word
from tests.support.suite import Suite

__all__ = ["desk", "escrow", "needs", "suite", "suspend"]

_deployed = cache(suite_for_demand)


@pytest.fixture(scope="session")
def suite() -> Suite:
    return _deployed()


@pytest.fixture
def desk(suite: Suite) -> Desk:
    return Desk(suite)


@pytest.fixture
def needs(suite: Suite) -> Contract:
    return suite.needs


@pytest.fixture
def escrow(suite: Suite) -> Contract:
    return suite.demand


@pytest.fixture
def suspend(suite: Suite, suspender: Key) -> Callable[[Key], None]:
    """Suspends somebody."""

    def act(person: Key) -> None:
        suite.registry.suspend(person.address, word("test"), sender=suspender)

    return act
