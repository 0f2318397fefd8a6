"""The fast path: unaudited demand under an emergency, seen through `propose` of DemandEscrow.

a line of unaudited demand
├── given no fast path for its emergency and region, one that is over, or one without room: refused
├── given a demand above its material's cap: refused
├── given a recipient whose earlier demand was left unaudited for three days: refused
├── given audited demand above LOW in the offer's scope: refused, whatever the facts claim
├── else it is served as LOW, and owes an audit
├── what is not audited in time is neither served nor booked any more, until it is attested
└── what is owed can be settled however the demand has ended
"""

from __future__ import annotations

import pytest

from aidline.model import Level
from aidline.signing import Key
from tests.support.demand import EMERGENCY, PLAN, Desk
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT

HUBEI = word("CN-HB")


@pytest.fixture(autouse=True)
def path(desk: Desk, hospital: Key, county_hospital: Key, auditor: Key) -> None:
    """150 units for Hubei, for a week."""
    desk.needs.openFastPath(PLAN, HUBEI, 150, desk.now + 7 * DAY, sender=EMERGENCY)
    desk.settle(hospital, auditor)
    desk.settle(county_hospital, auditor)


@pytest.fixture
def unaudited(desk: Desk, hospital: Key) -> int:
    """100 masks that the hospital says it needs at once."""
    return desk.publish(hospital, units=100, stock=0, emergency=PLAN)


def test_serves_unaudited_demand_as_low(desk: Desk, charity: Key, unaudited: int) -> None:
    receipt = desk.escrow.fulfil(desk.offer(charity, 100), unaudited, 100, sender=charity)
    used = receipt.event("FastPathUsed").args
    assert (used.demand, used.emergency, used.region, used.units) == (unaudited, PLAN, HUBEI, 100)
    assert desk.needs.demand(unaudited).level == Level.CRITICAL
    assert desk.escrow.allocation(1).level == Level.LOW
    assert desk.needs.fastPath(PLAN, HUBEI).used == 100


def test_a_liar_does_not_jump_the_queue(
    desk: Desk, charity: Key, unaudited: int, county_hospital: Key, auditor: Key
) -> None:
    desk.need(county_hospital, Level.MEDIUM, 30, [auditor])
    offer = desk.offer(charity, 100)
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.MEDIUM, open=30):
        desk.propose((offer, unaudited, 50))


def test_reverts_beyond_the_cap(
    desk: Desk, charity: Key, unaudited: int, county_hospital: Key
) -> None:
    other = desk.publish(county_hospital, units=100, stock=0, emergency=PLAN)
    offer = desk.offer(charity, 200)
    desk.propose((offer, unaudited, 100))
    with reverts("LineUnaudited", line=0, demand=other):
        desk.propose((offer, other, 51))
    desk.propose((offer, other, 50))


def test_reverts_when_over_or_elsewhere(
    desk: Desk, charity: Key, hospital: Key, unaudited: int
) -> None:
    plain = desk.publish(hospital, units=100, stock=0)
    offer = desk.offer(charity, 200)
    with reverts("LineUnaudited", line=0, demand=plain):
        desk.propose((offer, plain, 10))
    desk.wait(7 * DAY - 1)
    offer = desk.offer(charity, 200)
    desk.propose((offer, unaudited, 10))
    desk.wait(1)
    with reverts("LineUnaudited", line=0, demand=unaudited):
        desk.propose((offer, unaudited, 10))


def test_reverts_above_the_materials_cap(desk: Desk, charity: Key, hospital: Key) -> None:
    large = desk.publish(hospital, units=5_001, stock=0, material=KIT, emergency=PLAN)
    offer = desk.offer(charity, 100, material=KIT, expiry=desk.now + 100 * DAY)
    with reverts("LineUnaudited", line=0, demand=large):
        desk.propose((offer, large, 10))


def test_a_recipient_that_stays_unaudited_is_shut_out(
    desk: Desk, charity: Key, hospital: Key, county_hospital: Key, unaudited: int, auditor: Key
) -> None:
    more = desk.publish(hospital, units=100, stock=0, emergency=PLAN)
    offer = desk.offer(charity, 200)
    desk.propose((offer, unaudited, 100))
    debt = desk.needs.auditDebt(hospital.address)
    assert (debt.demands, debt.audit_by) == (1, desk.now + 3 * DAY)
    desk.wait(3 * DAY - 1)
    desk.propose((offer, more, 10))
    desk.wait(1)
    with reverts("LineUnaudited", line=0, demand=more):
        desk.propose((offer, more, 10))
    other = desk.publish(county_hospital, units=10, stock=0, emergency=PLAN)
    desk.propose((offer, other, 10))
    # Served in full, it can still be attested, and so can the other: then the path is open again.
    desk.attest(unaudited, auditor)
    desk.attest(more, auditor)
    debt = desk.needs.auditDebt(hospital.address)
    assert (debt.demands, debt.audit_by) == (0, 0)
    last = desk.publish(hospital, units=10, stock=3_000, emergency=PLAN)
    desk.propose((desk.offer(charity, 90), more, 90))
    desk.propose((offer, last, 10))


@pytest.mark.parametrize("end", ["withdrawn", "lapsed", "met"])
def test_what_is_owed_can_be_settled_however_the_demand_ended(
    desk: Desk, charity: Key, hospital: Key, stranger: Key, auditor: Key, end: str
) -> None:
    demand = desk.publish(
        hospital, units=100, stock=0, emergency=PLAN, needed_by=desk.now + 2 * DAY
    )
    allocation = desk.propose((desk.offer(charity, 100), demand, 100))[0]
    if end != "met":
        # Nobody booked it: the goods are back, the debt is not.
        desk.wait(DAY)
        desk.escrow.release(allocation, sender=stranger)
        assert desk.needs.demand(demand).served == 0
    if end == "withdrawn":
        desk.needs.withdrawDemand(demand, sender=hospital)
    if end == "lapsed":
        desk.wait(DAY)
        desk.needs.lapseDemand(demand, sender=stranger)
    assert desk.needs.auditDebt(hospital.address).demands == 1
    desk.attest(demand, auditor)
    assert desk.needs.auditDebt(hospital.address).demands == 0
    assert desk.open_units() == (0, 0, 0, 0)
    with reverts("DemandNotOpen", demand=demand):
        desk.attest(demand, auditor)


def test_what_is_overdue_is_frozen_and_can_be_released(
    desk: Desk, charity: Key, unaudited: int, auditor: Key, stranger: Key
) -> None:
    offer = desk.offer(charity, 100)
    desk.propose((offer, unaudited, 10))
    desk.wait(3 * DAY - 1)
    (early,) = desk.propose((offer, unaudited, 10))
    (late,) = desk.propose((offer, unaudited, 20))
    desk.book(1, early)
    desk.wait(1)
    with reverts("AuditOverdue", demand=unaudited, audit_by=desk.now):
        desk.book(2, late)
    with reverts("LineUnaudited", demand=unaudited):
        desk.propose((offer, unaudited, 10))
    desk.wait(DAY)
    desk.escrow.release(late, sender=stranger)
    desk.attest(unaudited, auditor)
    (again,) = desk.propose((offer, unaudited, 10))
    desk.book(2, again)
