"""A consignment of three legs whose device may lie; freights of 600, 300 and 100."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from aidline.client import Contract, Receipt
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.freight_fixtures import booked, booking, desk, equipped, monitor, suite
from tests.support.people import key_of
from tests.support.suite import UNIT, Suite
from tests.support.telemetry import Forger

#: What is locked: a quarter more than all freight; the finder has a fifth of it.
BOND = 1_250 * UNIT
SHARE = 250 * UNIT

Readings = list[tuple[int, int, int]]


@pytest.fixture(autouse=True)
def isolation(equipped: Desk) -> Iterator[None]:
    snapshot = equipped.chain.snapshot()
    yield
    # INV-MON-2: what is there is the sum of all purses, whatever a test has done.
    purses = [purse(equipped.suite.monitor, name) for name in CARRIERS]
    assert equipped.suite.currency.balanceOf(equipped.suite.monitor) == sum(map(sum, purses))
    equipped.chain.revert(snapshot)


@pytest.fixture
def court(suite: Suite) -> Contract:
    return suite.court


@pytest.fixture
def forger(desk: Desk, booked: int) -> Forger:
    """The device, on its way since the pick-up."""
    desk.pass_on(booked, 0, DEPARTURES[0])
    desk.chain.set_time(LATEST[0])
    return Forger(desk, booked)


@pytest.fixture
def deliver(desk: Desk, booked: int) -> Callable[[], Receipt]:
    """Brings the goods to the hospital, on time, and settles."""

    def go() -> Receipt:
        for number in (1, 2):
            desk.pass_on(booked, number, LATEST[number - 1])
        desk.chain.set_time(LATEST[2])
        return desk.deliver(desk.proof(desk.handover(booked, 3, LATEST[2]), accepted=True))

    return go


def steady(start: int, count: int, temperature: int = 500, step: int = 600) -> Readings:
    """Return readings of one temperature at a steady pace."""
    return [(start + number * step, temperature, 5_000) for number in range(count)]


def purse(monitor: Contract, operator: str = "carrier") -> tuple[int, int]:
    """Return what is free and what is locked of an operator's bonds."""
    told = monitor.bondPurse(key_of(operator))
    return told.free, told.locked


__all__ = [
    "BOND",
    "FREIGHTS",
    "SHARE",
    "Readings",
    "booked",
    "booking",
    "desk",
    "equipped",
    "monitor",
    "purse",
    "steady",
    "suite",
]
