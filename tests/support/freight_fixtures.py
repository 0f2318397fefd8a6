"""Stations, vehicles, approvals and bookings: shared by the rooms that consignments pass through.

A conftest takes these fixtures over by importing them; the deployment is one for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from aidline import messages as m
from aidline.client import Contract, RevmChain
from tests.support.freight import Desk
from tests.support.suite import START, Suite, deploy_suite

__all__ = ["booked", "booking", "desk", "equipped", "freight", "isolation", "monitor", "suite"]


@cache
def _equipped() -> Desk:
    desk = Desk(deploy_suite(RevmChain(timestamp=START)))
    desk.build()
    return desk


@pytest.fixture(scope="session")
def equipped() -> Desk:
    """Stations, vehicles, approvals; whoever takes it undoes what a test does."""
    return _equipped()


@pytest.fixture(scope="session")
def suite(equipped: Desk) -> Suite:
    return equipped.suite


@pytest.fixture(autouse=True)
def isolation(equipped: Desk) -> Iterator[None]:
    snapshot = equipped.chain.snapshot()
    yield
    equipped.chain.revert(snapshot)


@pytest.fixture
def desk(equipped: Desk) -> Desk:
    return equipped


@pytest.fixture
def freight(suite: Suite) -> Contract:
    return suite.freight


@pytest.fixture
def monitor(suite: Suite) -> Contract:
    return suite.monitor


@pytest.fixture
def booking(desk: Desk) -> m.Booking:
    """Of a thousand kits for the hospital, at the supplier's hub."""
    return desk.booking([desk.allocate()])


@pytest.fixture
def booked(desk: Desk, booking: m.Booking) -> int:
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    return consignment
