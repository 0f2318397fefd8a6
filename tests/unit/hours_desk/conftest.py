"""A consignment of three legs, booked; its vehicles and crews have nothing else to do."""

from __future__ import annotations

import pytest

from aidline.client import Contract
from tests.support.freight_fixtures import booked, booking, desk, equipped, isolation, suite
from tests.support.suite import Suite

__all__ = ["booked", "booking", "consignment", "desk", "equipped", "hours", "isolation", "suite"]


@pytest.fixture
def hours(suite: Suite) -> Contract:
    return suite.hours


@pytest.fixture
def consignment(booked: int) -> int:
    return booked
