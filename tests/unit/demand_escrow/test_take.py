"""`take` of DemandEscrow: FreightEscrow books allocations.

take
├── when the caller is not FreightEscrow: refused
├── when the payer is neither recipient, nor donor of the lot, nor the fund: refused
├── given an allocation that is unknown, booked, released, or older than a day: refused
├── given allocations of several recipients: refused
├── given more freight from the fund than the demands' budgets: refused
└── else the allocations are booked, and what the fund pays uses the budgets in turn
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import AllocationStatus, Level, OfferStatus, ParcelState
from aidline.signing import Key
from tests.support.demand import FREIGHT, FUND, Desk
from tests.support.reverts import reverts
from tests.support.suite import DAY


@pytest.fixture
def allocated(desk: Desk, charity: Key, hospital: Key, auditor: Key) -> list[int]:
    """Two allocations for two demands of the hospital, with 1,000 of freight budget each."""
    desk.settle(hospital, auditor)
    first = desk.need(hospital, Level.HIGH, 100, [auditor])
    second = desk.need(hospital, Level.HIGH, 100, [auditor])
    offer = desk.offer(charity, 200)
    return desk.propose((offer, first, 100), (offer, second, 100))


def budgets(desk: Desk, allocations: list[int]) -> list[int]:
    demands = [desk.escrow.allocation(number).demand for number in allocations]
    return [desk.needs.demand(number).freight_budget for number in demands]


@pytest.mark.parametrize("payer", ["hospital", "donor", "fund"])
def test_books_for_recipient_donor_or_fund(
    desk: Desk,
    escrow: Contract,
    allocated: list[int],
    hospital: Key,
    donor: Key,
    payer: str,
) -> None:
    account = {"hospital": hospital, "donor": donor, "fund": FUND}[payer].address
    answer = escrow.take.simulate(allocated, 7, account, 1_400, sender=FREIGHT)
    assert answer.recipient == hospital.address
    assert [escrow.allocation(number).parcel for number in allocated] == [0, 0]
    receipt = escrow.take(allocated, 7, account, 1_400, sender=FREIGHT)
    booked = [event.args for event in receipt.events if event.name == "AllocationBooked"]
    assert [(item.allocation, item.consignment, item.parcel) for item in booked] == [
        (number, 7, parcel) for number, parcel in zip(allocated, answer.parcels, strict=True)
    ]
    split = receipt.event("ParcelSplit").args
    assert list(answer.parcels) == [split.child, split.parcel]
    taken = (1_000, 400) if payer == "fund" else (0, 0)
    for number, freight in zip(allocated, taken, strict=True):
        record = escrow.allocation(number)
        assert record.parcel in answer.parcels
        parcel = desk.suite.ledger.parcel(record.parcel)
        assert (parcel.units, parcel.state) == (100, ParcelState.ALLOCATED)
        assert (record.status, record.consignment) == (AllocationStatus.BOOKED, 7)
        assert record.freight == freight
    assert budgets(desk, allocated) == [1_000 - freight for freight in taken]


def test_an_offer_ends_when_its_own_parcel_is_booked(
    desk: Desk, escrow: Contract, allocated: list[int], hospital: Key, charity: Key
) -> None:
    escrow.take(allocated[:1], 7, hospital.address, 0, sender=FREIGHT)
    assert escrow.offerRecord(1).status == OfferStatus.USED
    receipt = escrow.take(allocated[1:], 8, hospital.address, 0, sender=FREIGHT)
    ended = receipt.event("OfferEnded").args
    assert (ended.offer, ended.status, ended.units_left) == (1, OfferStatus.USED, 0)
    parcel = escrow.offerRecord(1).parcel
    assert escrow.allocation(allocated[1]).parcel == parcel
    with reverts("OfferNotOpen", offer=1, status=OfferStatus.USED):
        escrow.withdrawOffer(1, sender=charity)


def test_reverts_while_the_goods_are_stopped_or_recalled(
    desk: Desk,
    escrow: Contract,
    allocated: list[int],
    auditor: Key,
    second_auditor: Key,
    donor: Key,
) -> None:
    ledger, parcel = desk.suite.ledger, escrow.offerRecord(1).parcel
    evidence = keccak(b"damp")
    ledger.quarantine(parcel, evidence, sender=auditor)
    with reverts("WrongState", parcel=parcel, state=ParcelState.QUARANTINED):
        escrow.take(allocated, 7, FUND.address, 0, sender=FREIGHT)
    ledger.releaseFromQuarantine(parcel, evidence, sender=second_auditor)
    lot = ledger.parcel(parcel).lot
    ledger.recall(lot, evidence, evidence, sender=donor)
    with reverts("LotRecalled", lot=lot):
        escrow.take(allocated, 7, FUND.address, 0, sender=FREIGHT)
    ledger.liftRecall(lot, evidence, sender=auditor)
    escrow.take(allocated, 7, FUND.address, 0, sender=FREIGHT)


def test_reverts_when_the_caller_is_not_freight_escrow(
    escrow: Contract, allocated: list[int], hospital: Key
) -> None:
    with reverts("NotWriter", caller=hospital):
        escrow.take(allocated, 7, hospital.address, 0, sender=hospital)


def test_reverts_when_somebody_else_pays(
    escrow: Contract, allocated: list[int], charity: Key, second_donor: Key, carrier: Key
) -> None:
    for payer in (charity, second_donor, carrier):
        with reverts("NotPayer", allocation=allocated[0], payer=payer):
            escrow.take(allocated, 7, payer.address, 0, sender=FREIGHT)


def test_reverts_when_booked_twice(escrow: Contract, allocated: list[int]) -> None:
    first, second = allocated
    with reverts("AllocationWrongStatus", allocation=first, status=AllocationStatus.BOOKED):
        escrow.take([first, first], 7, FUND.address, 0, sender=FREIGHT)
    escrow.take([first], 7, FUND.address, 0, sender=FREIGHT)
    with reverts("AllocationWrongStatus", allocation=first, status=AllocationStatus.BOOKED):
        escrow.take([second, first], 8, FUND.address, 0, sender=FREIGHT)
    with reverts("UnknownAllocation", allocation=9):
        escrow.take([9], 8, FUND.address, 0, sender=FREIGHT)


def test_books_until_a_day_after_the_allocation(
    desk: Desk, escrow: Contract, allocated: list[int]
) -> None:
    until = desk.now + DAY
    desk.wait(DAY - 1)
    escrow.take(allocated[:1], 7, FUND.address, 0, sender=FREIGHT)
    desk.wait(1)
    with reverts("BookingWindowOver", allocation=allocated[1], until=until):
        escrow.take(allocated[1:], 8, FUND.address, 0, sender=FREIGHT)


def test_reverts_when_recipients_differ(
    desk: Desk,
    escrow: Contract,
    allocated: list[int],
    charity: Key,
    second_hospital: Key,
    auditor: Key,
) -> None:
    desk.settle(second_hospital, auditor)
    other = desk.need(second_hospital, Level.HIGH, 100, [auditor])
    more = desk.propose((desk.offer(charity, 100), other, 100))
    with reverts("DifferentRecipients", allocation=more[0], recipient=second_hospital):
        escrow.take(allocated + more, 7, FUND.address, 0, sender=FREIGHT)


def test_reverts_above_the_freight_budget(
    desk: Desk, escrow: Contract, allocated: list[int]
) -> None:
    demand = escrow.allocation(allocated[1]).demand
    with reverts("BudgetExceeded", demand=demand, asked=2_001, left=2_000):
        escrow.take(allocated, 7, FUND.address, 2_001, sender=FREIGHT)
    assert budgets(desk, allocated) == [1_000, 1_000]


def test_a_withdrawn_demand_keeps_what_was_allocated(
    desk: Desk, escrow: Contract, charity: Key, hospital: Key, auditor: Key
) -> None:
    desk.settle(hospital, auditor)
    demand = desk.need(hospital, Level.HIGH, 200, [auditor])
    allocation = desk.propose((desk.offer(charity, 100), demand, 100))[0]
    desk.needs.withdrawDemand(demand, sender=hospital)
    escrow.take([allocation], 7, hospital.address, 0, sender=FREIGHT)
