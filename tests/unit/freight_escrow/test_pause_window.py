"""An allocation that could not be booked for a pause is nobody's fault (DEM-14).

release, given an allocation that nobody booked for a day
├── given a pause of FreightEscrow or of the fund that touched the day: the demand counts as before
└── given one that had ended before, or began after it: the demand counts no more
"""

from __future__ import annotations

import pytest

from aidline.model import Level
from aidline.signing import Key
from tests.support.freight import Desk
from tests.support.people import key_of, word
from tests.support.suite import DAY, HOUR, KIT, START

PAUSER, UNPAUSER = key_of("pauser"), key_of("unpauser")


@pytest.fixture
def by_solver(desk: Desk, stranger: Key) -> int:
    """An allocation that a solver made, all that the hospital needs; three days have passed."""
    suite, supplier, hospital = desk.suite, key_of("supplier"), key_of("hospital")
    desk.chain.set_time(START + 3 * DAY)
    suite.needs.declareFacility(500, False, sender=hospital)
    asked = {
        "material": KIT,
        "units": 100,
        "stock": 1_000,
        "daily_use": 10,
        "needed_by": START + 30 * DAY,
        "station": desk.stations[3],
        "freight_budget": 0,
        "emergency": bytes(32),
    }
    demand = suite.needs.publish(asked, sender=hospital).event("DemandPublished").args.demand
    content = suite.needs.contentOf(demand)
    suite.needs.attest(demand, content, START + 30 * DAY, sender=key_of("auditor"))
    made = {
        "material": KIT,
        "quantity": 100,
        "expiry": START + 300 * DAY,
        "station": desk.stations[0],
        "evidence": word("certificate"),
    }
    parcel = suite.ledger.commission(made, sender=supplier).event("LotCommissioned").args.parcel
    offered = suite.demand.offer(parcel, START + 30 * DAY, sender=supplier)
    line = (offered.event("OfferMade").args.offer, demand, 100)
    proposed = suite.demand.propose(
        {"lapse": [], "lines": [line], "exemptions": []}, sender=key_of("solver")
    )
    allocation: int = proposed.event("Allocated").args.allocation
    return allocation


def counted(desk: Desk, allocation: int) -> Level:
    """Release it and return the level under which its demand counts."""
    desk.suite.demand.release(allocation, sender=key_of("stranger"))
    level: Level = desk.suite.needs.demand(desk.suite.demand.allocation(allocation).demand).counted
    return level


def test_without_a_pause_it_counts_no_more(desk: Desk, by_solver: int) -> None:
    desk.chain.set_time(desk.chain.now() + DAY)
    assert counted(desk, by_solver) == Level.NULL


@pytest.mark.parametrize("room", ["freight", "fund"])
@pytest.mark.parametrize("hours", [0, 23])
def test_a_pause_within_the_day_excuses(desk: Desk, by_solver: int, room: str, hours: int) -> None:
    made = desk.chain.now()
    desk.chain.set_time(made + hours * HOUR + 1)
    paused = getattr(desk.suite, room)
    paused.pause(sender=PAUSER)
    desk.chain.set_time(made + hours * HOUR + 60)
    paused.unpause(sender=UNPAUSER)
    desk.chain.set_time(made + DAY)
    assert counted(desk, by_solver) == Level.LOW


def test_a_pause_after_the_day_does_not(desk: Desk, by_solver: int) -> None:
    desk.chain.set_time(desk.chain.now() + DAY)
    desk.suite.freight.pause(sender=PAUSER)
    assert counted(desk, by_solver) == Level.NULL


def test_a_pause_that_had_ended_before_does_not(desk: Desk, request: pytest.FixtureRequest) -> None:
    desk.suite.freight.pause(sender=PAUSER)
    desk.suite.freight.unpause(sender=UNPAUSER)
    allocation = request.getfixturevalue("by_solver")
    desk.chain.set_time(desk.chain.now() + DAY)
    assert counted(desk, allocation) == Level.NULL
