"""Demands and goods, with keys in the place of the rooms that write to them."""

from __future__ import annotations

import pytest

from aidline.client import Contract
from tests.support.demand_fixtures import desk, escrow, needs, suite, suspend
from tests.support.suite import Suite

__all__ = ["desk", "escrow", "needs", "suite", "suspend"]


@pytest.fixture
def lens(suite: Suite) -> Contract:
    return suite.lens
