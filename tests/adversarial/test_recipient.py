"""A recipient wants more than its share: its cheats, and what stops them."""

from __future__ import annotations

import pytest

from aidline.model import Level
from tests.support.demand import EMERGENCY, PLAN, Desk
from tests.support.network import station
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, MASK

AUDITOR, SECOND = key_of("auditor"), key_of("second_auditor")
CHARITY, STRANGER = key_of("charity"), key_of("stranger")
LIAR, OTHER = key_of("hospital"), key_of("second_hospital")
HUBEI = word("CN-HB")


def test_says_that_nothing_is_left(market: Desk) -> None:
    """DEM-13: what it says counts once it is audited."""
    market.publish(LIAR, stock=0)
    assert market.open_units() == (0, 0, 0, 0)


def test_changes_the_facts_after_the_audit(market: Desk) -> None:
    """DEM-7: new facts end the attestations."""
    demand = market.need(LIAR, Level.LOW, 100, [AUDITOR, SECOND])
    market.needs.updateFacts(demand, 0, 10**12, sender=LIAR)
    record = market.needs.demand(demand)
    assert (record.level, record.counted) == (Level.CRITICAL, Level.NULL)


def test_grows_just_before_its_audit(market: Desk) -> None:
    """DEM-2: an auditor attests what it has seen."""
    market.declare(LIAR, 100)
    market.declare(LIAR, 1_000_000, vulnerable=True)
    with reverts("FacilityChanged", recipient=LIAR, people_in_care=1_000_000):
        market.needs.attestFacility(LIAR.address, 100, False, sender=AUDITOR)


def test_declares_itself_vulnerable(market: Desk) -> None:
    """DEM-2, DEM-6: a new declaration ends the attestation before, and moves nobody up."""
    demand = market.need(LIAR, Level.MEDIUM, 100, [AUDITOR])
    market.declare(LIAR, vulnerable=True)
    assert market.needs.refresh.simulate(demand, sender=STRANGER) == Level.MEDIUM


def test_claims_a_raise_twice_or_as_a_bigger_house(market: Desk) -> None:
    """DEM-16: once, for the people that were attested when it was raised."""
    raised = market.needs["raise"](PLAN, HUBEI, MASK, 300, market.now + DAY, sender=EMERGENCY)
    number = raised.event("DemandRaised").args.raised
    request = market.request(units=0, material=0)
    market.needs.claim(number, request, sender=LIAR)
    assert market.needs.raiseRecord(number).claimed == 100
    with reverts("AlreadyClaimed", raised=number):
        market.needs.claim(number, request, sender=LIAR)
    market.settle(OTHER, AUDITOR, people=1_000_000)
    with reverts("NothingToClaim", raised=number):
        market.needs.claim(number, request, sender=OTHER)


def test_blocks_others_and_books_nothing(market: Desk) -> None:
    """DEM-14: who lets goods lapse does not count until it is attested again."""
    demand = market.need(LIAR, Level.HIGH, 100, [AUDITOR])
    calm = market.need(OTHER, Level.LOW, 100, [AUDITOR])
    offer = market.offer(CHARITY, 200)
    allocation = market.propose((offer, demand, 100))[0]
    market.wait(DAY)
    market.escrow.release(allocation, sender=STRANGER)
    market.propose((offer, calm, 100))


@pytest.mark.parametrize("end", ["lapse", "withdraw"])
def test_runs_from_the_audit_that_it_owes(market: Desk, end: str) -> None:
    """DEM-17, DEM-12: the debt stays however the demand ended, until an auditor has settled it."""
    market.needs.openFastPath(PLAN, HUBEI, 1_000, market.now + 30 * DAY, sender=EMERGENCY)
    until = market.now + DAY
    first = market.publish(LIAR, units=50, stock=0, emergency=PLAN, needed_by=until)
    offer = market.offer(CHARITY, 100)
    allocation = market.propose((offer, first, 10))[0]
    if end == "withdraw":
        market.needs.withdrawDemand(first, sender=LIAR)
    market.wait(3 * DAY)
    market.escrow.release(allocation, sender=STRANGER)
    if end == "lapse":
        market.needs.lapseDemand(first, sender=STRANGER)
    again = market.publish(LIAR, units=50, stock=0, emergency=PLAN)
    with reverts("LineUnaudited", demand=again):
        market.propose((offer, again, 10))
    market.attest(first, AUDITOR)
    market.propose((offer, again, 10))


def test_empties_the_fast_path_by_letting_go(market: Desk) -> None:
    """DEM-19: what the path has given does not come back to it."""
    market.needs.openFastPath(PLAN, HUBEI, 100, market.now + 30 * DAY, sender=EMERGENCY)
    demand = market.publish(LIAR, units=100, stock=0, emergency=PLAN)
    offer = market.offer(CHARITY, 100)
    allocation = market.propose((offer, demand, 60))[0]
    market.wait(DAY)
    market.escrow.release(allocation, sender=STRANGER)
    path = market.needs.fastPath(PLAN, HUBEI)
    assert (path.cap, path.used) == (100, 60)


def test_splits_one_demand_into_many_below_the_cap(market: Desk) -> None:
    """DEM-34: the cap limits all that it has asked of the material."""
    parts = [market.publish(LIAR, material=KIT, units=2_500, stock=0) for _ in range(4)]
    for part in parts:
        market.attest(part, AUDITOR)
    assert market.open_units(material=KIT) == (0, 0, 5_000, 0)


def test_sends_the_goods_to_a_rivals_station(market: Desk) -> None:
    """DEM-37: the station is its own, or a station operator's in its province."""
    network = market.suite.network
    theirs = network.addStation(station(OTHER, region=word("CN-420100")), sender=OTHER)
    number = theirs.event("StationAdded").args.station
    with reverts("NotRecipientsStation", station=number, recipient=LIAR):
        market.publish(LIAR, station=number)
