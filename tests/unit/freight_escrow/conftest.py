"""A consignment in the states of its life, each built on the one before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import Policy
from aidline.telemetry import Recorder
from tests.support.freight import DEPARTURES, LATEST, Desk, terms
from tests.support.freight_fixtures import desk, equipped, freight, isolation, monitor, suite
from tests.support.suite import Suite

__all__ = ["desk", "equipped", "freight", "isolation", "monitor", "suite"]


@pytest.fixture
def network(suite: Suite) -> Contract:
    return suite.network


@pytest.fixture
def allocation(desk: Desk) -> int:
    """A thousand kits for the hospital, at the supplier's hub."""
    return desk.allocate()


@pytest.fixture
def policy() -> Policy:
    """The policy of the consignment; a test's module names another."""
    return Policy.CONSIGNEE


@pytest.fixture
def booked(desk: Desk, allocation: int, policy: Policy) -> int:
    receipt = desk.book(desk.booking([allocation], terms=terms(policy=policy)))
    consignment: int = receipt.event("ConsignmentBooked").args.consignment
    return consignment


@pytest.fixture
def picked_up(desk: Desk, booked: int) -> int:
    desk.pass_on(booked, 0, DEPARTURES[0])
    return booked


@pytest.fixture
def recorder(desk: Desk, picked_up: int) -> Recorder:
    return desk.recorder(picked_up)


@pytest.fixture
def last_leg(desk: Desk, picked_up: int) -> int:
    """In the hands of the last carrier, on time; no telemetry yet."""
    desk.pass_on(picked_up, 1, LATEST[0])
    desk.pass_on(picked_up, 2, LATEST[1])
    desk.chain.set_time(LATEST[2])
    return picked_up


@pytest.fixture
def read(desk: Desk, recorder: Recorder) -> Callable[..., None]:
    """Records readings every ten minutes from one time to another, at one temperature."""

    def log(start: int, end: int, temperature: int = 500, humidity: int = 5_000) -> None:
        times = range(start, end + 1, 600)
        desk.record(recorder, [(time, temperature, humidity) for time in times])

    return log


@pytest.fixture
def logged(last_leg: int, read: Callable[..., None]) -> int:
    """In the hands of the last carrier at its latest arrival, three batches within the band."""
    read(DEPARTURES[0], LATEST[0])
    read(LATEST[0] + 600, LATEST[1])
    read(LATEST[1] + 600, LATEST[2])
    return last_leg
