"""`release` and `reportFailed` of DemandEscrow: what was allocated and did not come.

release
├── given an allocation that is not booked
│   ├── within a day: refused
│   └── after it: the demand is open and no longer counted, unless the units are less than a tenth
│       of what was not received, or the holder had chosen the demand; the units are
│       ├── given an open offer: in it again
│       ├── given an offer that has ended: in the holder's hands
│       └── given goods that were stopped: there
├── given a booked one
│   ├── whose parcel rides or rests elsewhere: refused
│   └── whose consignment was cancelled: at once, and the demand counts as before
└── given one that was released or has failed: refused
reportFailed
├── given an allocation that is not booked, or whose parcel rides, waits or has arrived: refused
├── given a parcel lost, quarantined or destroyed: the demand is open again and counts
├── given one sent back: the demand is open again and does not count until attested again
└── given a demand that has ended: it stays so
the office, whose code both are: called by itself, it knows no allocation and changes nothing
"""

from __future__ import annotations

import pytest

from aidline.artifacts import artifact
from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import AllocationStatus, DemandStatus, Level, OfferStatus, ParcelState
from aidline.signing import Key
from tests.support.demand import DONATIONS, EMERGENCY, FREIGHT, FUND, PLAN, Desk
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

CONSIGNMENT = 1


@pytest.fixture
def high(desk: Desk, hospital: Key, auditor: Key) -> int:
    desk.settle(hospital, auditor)
    return desk.need(hospital, Level.HIGH, 100, [auditor])


@pytest.fixture
def allocated(desk: Desk, charity: Key, high: int) -> int:
    """All that the hospital needs, allocated."""
    return desk.propose((desk.offer(charity, 150), high, 100))[0]


@pytest.fixture
def booked(desk: Desk, allocated: int) -> int:
    """The same, in a load, with 300 of freight prepaid."""
    desk.book(CONSIGNMENT, allocated, freight=300)
    return allocated


# --- release ---------------------------------------------------------------------------------


def test_releases_what_was_not_booked_within_a_day(
    desk: Desk, escrow: Contract, charity: Key, high: int, allocated: int, stranger: Key
) -> None:
    until = desk.now + DAY
    desk.wait(DAY - 1)
    with reverts("BookingWindowOpen", allocation=allocated, until=until):
        escrow.release(allocated, sender=stranger)
    desk.wait(1)
    receipt = escrow.release(allocated, sender=stranger)
    assert receipt.event("AllocationReleased").args.units == 100
    assert escrow.allocation(allocated).status == AllocationStatus.RELEASED
    parcel = desk.parcel_of(allocated)
    assert (parcel.state, parcel.custodian) == (ParcelState.OFFERED, charity.address)
    assert (parcel.units, parcel.promised) == (150, 0)
    assert escrow.offerRecord(1).units == 150
    record = desk.needs.demand(high)
    assert (record.status, record.served) == (DemandStatus.OPEN, 0)


def test_a_demand_that_nobody_booked_counts_once_attested_again(
    desk: Desk, escrow: Contract, high: int, allocated: int, auditor: Key, stranger: Key
) -> None:
    content = desk.needs.contentOf(high)
    desk.wait(DAY)
    escrow.release(allocated, sender=stranger)
    assert desk.needs.demand(high).counted == Level.NULL
    assert desk.open_units() == (0, 0, 0, 0)
    with reverts("ContentChanged", demand=high):
        desk.needs.attest(high, content, desk.now + DAY, sender=auditor)
    desk.attest(high, auditor)
    # Stock for two days was there a day ago, so it is down to one.
    assert desk.open_units() == (0, 0, 100, 0)


def test_a_single_unit_that_nobody_booked_ends_no_attestation(
    desk: Desk, escrow: Contract, charity: Key, high: int, stranger: Key
) -> None:
    offer = desk.offer(charity, 100)
    few = desk.propose((offer, high, 9))[0]
    desk.wait(DAY)
    escrow.release(few, sender=stranger)
    assert desk.open_units() == (0, 0, 100, 0)
    enough = desk.propose((offer, high, 10))[0]
    desk.wait(DAY)
    escrow.release(enough, sender=stranger)
    assert desk.open_units() == (0, 0, 0, 0)


def test_an_attestation_kept_back_is_not_good_after_a_fault(
    desk: Desk, escrow: Contract, charity: Key, hospital: Key, auditor: Key, stranger: Key
) -> None:
    desk.needs.openFastPath(PLAN, word("CN-HB"), 100, desk.now + DAY, sender=EMERGENCY)
    desk.settle(hospital, auditor)
    demand = desk.publish(hospital, units=100, emergency=PLAN)
    kept = desk.needs.contentOf(demand)
    allocation = desk.propose((desk.offer(charity, 100), demand, 100))[0]
    desk.wait(DAY)
    ended = escrow.release(allocation, sender=stranger).event("AttestationsEnded").args
    assert (ended.demand, ended.version) == (demand, 1)
    with reverts("ContentChanged", demand=demand):
        desk.needs.attest(demand, kept, desk.now + DAY, sender=auditor)


def test_releases_a_cancelled_consignment_at_once(
    desk: Desk, escrow: Contract, high: int, booked: int, charity: Key, stranger: Key
) -> None:
    with reverts("FreightStillRuns", allocation=booked):
        escrow.release(booked, sender=stranger)
    ledger = desk.suite.ledger
    ledger.close(CONSIGNMENT, ParcelState.ALLOCATED, charity.address, 3, desk.now, sender=FREIGHT)
    escrow.release(booked, sender=stranger)
    assert desk.parcel_of(booked).state == ParcelState.HELD
    record = desk.needs.demand(high)
    assert (record.status, record.served) == (DemandStatus.OPEN, 0)
    assert (record.counted, record.freight_budget) == (Level.HIGH, 1_000)
    assert desk.open_units() == (0, 0, 100, 0)


@pytest.mark.parametrize(
    "outcome", [ParcelState.DELIVERED, ParcelState.LOST], ids=["delivered", "lost"]
)
def test_reverts_when_the_goods_went_on_their_way(
    desk: Desk, escrow: Contract, booked: int, stranger: Key, outcome: int
) -> None:
    carrier = desk.suite.ledger.parcel(escrow.allocation(booked).parcel).custodian
    desk.suite.ledger.handOver(CONSIGNMENT, carrier, 3, desk.now, sender=FREIGHT)
    with reverts("FreightStillRuns", allocation=booked):
        escrow.release(booked, sender=stranger)
    desk.suite.ledger.close(CONSIGNMENT, outcome, carrier, 8, desk.now, sender=FREIGHT)
    with reverts("FreightStillRuns", allocation=booked):
        escrow.release(booked, sender=stranger)


def test_reverts_when_released_twice(
    desk: Desk, escrow: Contract, allocated: int, stranger: Key
) -> None:
    desk.wait(DAY)
    escrow.release(allocated, sender=stranger)
    with reverts("AllocationWrongStatus", allocation=allocated, status=AllocationStatus.RELEASED):
        escrow.release(allocated, sender=stranger)
    with reverts("UnknownAllocation", allocation=allocated + 1):
        escrow.release(allocated + 1, sender=stranger)


def test_what_was_released_can_be_allocated_again(
    desk: Desk, escrow: Contract, charity: Key, auditor: Key, high: int, allocated: int
) -> None:
    desk.propose((1, desk.need(key_of("hospital"), Level.HIGH, 50, [auditor]), 50))
    assert escrow.offerRecord(1).status == OfferStatus.USED
    desk.wait(DAY)
    escrow.release(allocated, sender=charity)
    assert escrow.offerRecord(1).status == OfferStatus.OPEN
    desk.attest(high, auditor)
    again = desk.propose((1, high, 100))[0]
    with reverts("AllocationWrongStatus", allocation=allocated):
        escrow.release(allocated, sender=charity)
    assert escrow.allocation(again).status == AllocationStatus.ALLOCATED


@pytest.mark.parametrize("end", ["withdrawn", "expired", "taken back"])
def test_what_is_released_from_an_offer_that_has_ended_is_held(
    desk: Desk, escrow: Contract, charity: Key, allocated: int, stranger: Key, end: str
) -> None:
    lot = desk.parcel_of(allocated).lot
    desk.wait(DAY)
    if end == "withdrawn":
        escrow.withdrawOffer(1, sender=charity)
    elif end == "expired":
        desk.wait(6 * DAY)
        escrow.lapseOffer(1, sender=stranger)
    else:
        escrow.takeBack(lot, [1], sender=DONATIONS)
    escrow.release(allocated, sender=stranger)
    fate = desk.suite.ledger.fateOf(lot)
    assert (fate.held, fate.offered, fate.allocated) == (150, 0, 0)


def test_what_is_released_while_it_is_stopped_stays_there(
    desk: Desk,
    escrow: Contract,
    allocated: int,
    auditor: Key,
    second_auditor: Key,
    stranger: Key,
) -> None:
    ledger, parcel = desk.suite.ledger, escrow.offerRecord(1).parcel
    ledger.quarantine(parcel, keccak(b"damp"), sender=auditor)
    desk.wait(DAY)
    escrow.release(allocated, sender=stranger)
    assert (escrow.offerRecord(1).units, escrow.offerRecord(1).status) == (0, OfferStatus.OPEN)
    ledger.releaseFromQuarantine(parcel, keccak(b"dry"), sender=second_auditor)
    assert escrow.offerRecord(1).units == 150


def test_what_the_holder_chose_is_not_the_recipients_fault(
    desk: Desk, escrow: Contract, charity: Key, high: int, stranger: Key
) -> None:
    offer = desk.offer(charity, 100)
    made = escrow.fulfil(offer, high, 100, sender=charity).event("Allocated").args
    desk.wait(DAY)
    escrow.release(made.allocation, sender=stranger)
    assert desk.open_units() == (0, 0, 100, 0)


def test_a_gift_to_one_demand_is_not_the_recipients_fault(
    desk: Desk, escrow: Contract, charity: Key, high: int, stranger: Key
) -> None:
    parcel = desk.gift(charity, 100)
    escrow.offerTo(charity.address, parcel, desk.now + 7 * DAY, high, sender=DONATIONS)
    desk.wait(DAY)
    escrow.release(1, sender=stranger)
    assert desk.open_units() == (0, 0, 100, 0)


def test_the_office_called_by_itself_knows_no_allocation(
    desk: Desk, escrow: Contract, allocated: int, stranger: Key
) -> None:
    desk.wait(DAY)
    abi = artifact("AllocationOffice").abi
    office = Contract(desk.suite.chain, "AllocationOffice", escrow.office(), abi, escrow.book)
    for act in (
        lambda: office.release(allocated, sender=stranger),
        lambda: office.reportFailed(allocated, sender=stranger),
        lambda: office.reportShort(allocated, sender=stranger),
        lambda: office.reportReceived([allocated], sender=stranger),
    ):
        with reverts("UnknownAllocation", allocation=allocated):
            act()


# --- reportFailed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outcome", [ParcelState.LOST, ParcelState.QUARANTINED], ids=["lost", "quarantined"]
)
def test_reopens_the_demand_when_goods_are_lost_or_spoiled(
    desk: Desk, escrow: Contract, high: int, booked: int, stranger: Key, outcome: int
) -> None:
    desk.close(CONSIGNMENT, outcome)
    receipt = escrow.reportFailed(booked, sender=stranger)
    failed = receipt.event("AllocationFailed").args
    assert (failed.allocation, failed.units, failed.state) == (booked, 100, outcome)
    assert receipt.event("DemandReopened").args.open == 100
    assert escrow.allocation(booked).status == AllocationStatus.FAILED
    record = desk.needs.demand(high)
    assert (record.status, record.served, record.counted) == (DemandStatus.OPEN, 0, Level.HIGH)
    assert record.freight_budget == 1_000
    assert desk.open_units() == (0, 0, 100, 0)


def test_reopens_the_demand_when_goods_were_destroyed(
    desk: Desk, escrow: Contract, booked: int, carrier: Key, stranger: Key
) -> None:
    desk.close(CONSIGNMENT, ParcelState.QUARANTINED)
    parcel = escrow.allocation(booked).parcel
    desk.suite.ledger.destroy(parcel, keccak(b"burnt"), sender=carrier)
    escrow.reportFailed(booked, sender=stranger)
    assert desk.open_units() == (0, 0, 100, 0)


def test_a_recipient_that_sent_goods_back_must_be_attested_again(
    desk: Desk, escrow: Contract, high: int, booked: int, auditor: Key, stranger: Key
) -> None:
    desk.close(CONSIGNMENT, ParcelState.RETURNED)
    escrow.reportFailed(booked, sender=stranger)
    record = desk.needs.demand(high)
    assert (record.status, record.counted) == (DemandStatus.OPEN, Level.NULL)
    desk.attest(high, auditor)
    assert desk.open_units() == (0, 0, 100, 0)


def test_a_demand_that_has_ended_stays_so(
    desk: Desk, escrow: Contract, charity: Key, hospital: Key, auditor: Key, stranger: Key
) -> None:
    desk.settle(hospital, auditor)
    demand = desk.need(hospital, Level.HIGH, 200, [auditor])
    allocation = desk.propose((desk.offer(charity, 100), demand, 100))[0]
    desk.needs.withdrawDemand(demand, sender=hospital)
    desk.book(CONSIGNMENT, allocation)
    desk.close(CONSIGNMENT, ParcelState.LOST)
    escrow.reportFailed(allocation, sender=stranger)
    record = desk.needs.demand(demand)
    assert (record.status, record.served) == (DemandStatus.WITHDRAWN, 0)
    assert desk.open_units() == (0, 0, 0, 0)


def test_report_reverts_while_nothing_has_failed(
    desk: Desk, escrow: Contract, booked: int, carrier: Key, stranger: Key
) -> None:
    ledger = desk.suite.ledger
    with reverts("ParcelNotFailed", allocation=booked, state=ParcelState.ALLOCATED):
        escrow.reportFailed(booked, sender=stranger)
    ledger.handOver(CONSIGNMENT, carrier.address, 3, desk.now, sender=FREIGHT)
    with reverts("ParcelNotFailed", allocation=booked, state=ParcelState.IN_TRANSIT):
        escrow.reportFailed(booked, sender=stranger)
    ledger.close(CONSIGNMENT, ParcelState.DELIVERED, carrier.address, 8, desk.now, sender=FREIGHT)
    with reverts("ParcelNotFailed", allocation=booked, state=ParcelState.DELIVERED):
        escrow.reportFailed(booked, sender=stranger)


def test_report_reverts_when_not_booked_or_reported_before(
    desk: Desk, escrow: Contract, allocated: int, stranger: Key
) -> None:
    with reverts("AllocationWrongStatus", allocation=allocated, status=AllocationStatus.ALLOCATED):
        escrow.reportFailed(allocated, sender=stranger)
    desk.book(CONSIGNMENT, allocated)
    desk.close(CONSIGNMENT, ParcelState.LOST)
    escrow.reportFailed(allocated, sender=stranger)
    with reverts("AllocationWrongStatus", allocation=allocated, status=AllocationStatus.FAILED):
        escrow.reportFailed(allocated, sender=stranger)


def test_goods_that_came_may_not_be_booked_again(
    desk: Desk, escrow: Contract, booked: int, stranger: Key
) -> None:
    desk.close(CONSIGNMENT, ParcelState.DELIVERED)
    with reverts("AllocationWrongStatus", allocation=booked, status=AllocationStatus.BOOKED):
        escrow.take([booked], 8, FUND.address, 0, sender=FREIGHT)
