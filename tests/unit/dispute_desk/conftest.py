"""A consignment in the hands of its last carrier, and a dispute about its first leg."""

from __future__ import annotations

import pytest

from aidline import messages as m
from tests.support.disputes import Court
from tests.support.freight import DEPARTURES, LATEST, Desk
from tests.support.freight_fixtures import (
    booked,
    booking,
    desk,
    equipped,
    freight,
    isolation,
    suite,
)

__all__ = ["booked", "booking", "desk", "equipped", "freight", "isolation", "suite"]


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
def court(desk: Desk, booking: m.Booking, last_leg: int) -> Court:
    """Where parties to the consignment meet, with currency at hand."""
    return Court(desk, booking, last_leg)


@pytest.fixture
def dispute(court: Court) -> int:
    """Raised by the hospital, which pays, about the first leg."""
    return court.raise_()
