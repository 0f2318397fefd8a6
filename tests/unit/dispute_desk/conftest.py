"""A consignment in the hands of its last carrier, and a dispute about its first leg."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aidline import messages as m
from aidline.client import Contract, RevmChain
from tests.support.disputes import Court
from tests.support.freight import DEPARTURES, LATEST, Desk
from tests.support.suite import START, Suite, deploy_suite


@pytest.fixture(scope="session")
def suite() -> Suite:
    return deploy_suite(RevmChain(timestamp=START))


@pytest.fixture(scope="session")
def equipped(suite: Suite) -> Desk:
    """Stations, vehicles, approvals; for all tests of this folder."""
    desk = Desk(suite)
    desk.build()
    return desk


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
def booking(desk: Desk) -> m.Booking:
    return desk.booking([desk.allocate()])


@pytest.fixture
def booked(desk: Desk, booking: m.Booking) -> int:
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    return consignment


@pytest.fixture
def picked_up(desk: Desk, booked: int) -> int:
    desk.pass_on(booked, 0, DEPARTURES[0])
    return booked


@pytest.fixture
def last_leg(desk: Desk, picked_up: int) -> int:
    """In the hands of the last carrier; everybody was on time."""
    desk.pass_on(picked_up, 1, LATEST[0])
    desk.pass_on(picked_up, 2, LATEST[1])
    desk.chain.set_time(LATEST[2])
    return picked_up


@pytest.fixture
def court(suite: Suite, desk: Desk, booking: m.Booking, last_leg: int) -> Court:
    """Where parties to the consignment meet, with currency at hand."""
    return Court(desk, booking, last_leg)


@pytest.fixture
def dispute(court: Court) -> int:
    """Raised by the hospital, which pays, about the first leg."""
    return court.raise_()
