"""A consignment of three legs, booked."""

from __future__ import annotations

import pytest

from aidline.client import Contract
from tests.support.freight_fixtures import booked, booking, desk, equipped, isolation, suite
from tests.support.suite import Suite

__all__ = ["booked", "booking", "desk", "equipped", "isolation", "movements", "suite"]


@pytest.fixture
def movements(suite: Suite) -> Contract:
    return suite.movements
