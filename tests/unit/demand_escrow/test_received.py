"""`reportReceived` of DemandEscrow: what came counts with what its recipient has on hand.

reportReceived
├── given an allocation that is not booked, or was reported before: refused
├── given a parcel that rides, or did not come: refused
├── given more than 100: refused
├── given goods that came: they are received, and count as on hand
│   └── some of which were set aside on the way: the demand is open for those
└── given goods delivered into quarantine: refused until they are released into use
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import AllocationStatus, DemandStatus, Flaw, Level, ParcelState
from aidline.signing import Key
from tests.support.demand import FREIGHT, STATION, Desk
from tests.support.people import key_of
from tests.support.reverts import reverts

CONSIGNMENT = 1


@pytest.fixture
def high(desk: Desk, hospital: Key, auditor: Key) -> int:
    desk.settle(hospital, auditor)
    return desk.need(hospital, Level.HIGH, 100, [auditor])


@pytest.fixture
def booked(desk: Desk, charity: Key, high: int) -> int:
    """All that the hospital needs, in a load."""
    allocation = desk.propose((desk.offer(charity, 150), high, 100))[0]
    desk.book(CONSIGNMENT, allocation)
    return allocation


def arrive(desk: Desk, outcome: ParcelState, hospital: Key) -> None:
    """Hand the load to the carrier and by it to the hospital."""
    ledger, carrier = desk.suite.ledger, key_of("carrier").address
    ledger.handOver(CONSIGNMENT, carrier, 3, desk.now, sender=FREIGHT)
    ledger.close(CONSIGNMENT, outcome, hospital.address, STATION, desk.now, sender=FREIGHT)


def test_what_came_counts_as_on_hand(
    desk: Desk, escrow: Contract, high: int, booked: int, hospital: Key, stranger: Key
) -> None:
    arrive(desk, ParcelState.DELIVERED, hospital)
    receipt = escrow.reportReceived([booked], sender=stranger)
    told = receipt.event("AllocationReceived").args
    assert (told.allocation, told.units) == (booked, 100)
    counted = receipt.event("UnitsReceived").args
    assert (counted.demand, counted.units) == (high, 100)
    assert counted.lot == desk.parcel_of(booked).lot
    assert escrow.allocation(booked).status == AllocationStatus.RECEIVED
    assert desk.needs.demand(high).status == DemandStatus.MET
    for act in (
        lambda: escrow.reportReceived([booked], sender=stranger),
        lambda: escrow.reportFailed(booked, sender=stranger),
        lambda: escrow.release(booked, sender=stranger),
    ):
        with reverts("AllocationWrongStatus", allocation=booked, status=AllocationStatus.RECEIVED):
            act()


def test_the_demand_is_open_for_what_was_set_aside(
    desk: Desk, escrow: Contract, high: int, booked: int, hospital: Key, stranger: Key
) -> None:
    parcel = escrow.allocation(booked).parcel
    missing = {"parcel": parcel, "units": 30, "flaw": Flaw.SHORT}
    desk.suite.ledger.setAside(CONSIGNMENT, [missing], 3, desk.now, sender=FREIGHT)
    arrive(desk, ParcelState.DELIVERED, hospital)
    receipt = escrow.reportReceived([booked], sender=stranger)
    told = receipt.event("AllocationReceived").args
    assert (told.units, receipt.event("AllocationShort").args.units) == (70, 30)
    assert receipt.event("UnitsReceived").args.units == 70
    assert escrow.allocation(booked).units == 70
    record = desk.needs.demand(high)
    assert (record.status, record.served, record.counted) == (DemandStatus.OPEN, 70, Level.HIGH)
    assert desk.open_units() == (0, 0, 30, 0)


def test_goods_delivered_into_quarantine_are_received_once_released(
    desk: Desk, escrow: Contract, booked: int, hospital: Key, auditor: Key, stranger: Key
) -> None:
    arrive(desk, ParcelState.QUARANTINED, hospital)
    with reverts("ParcelNotReceived", allocation=booked, state=ParcelState.QUARANTINED):
        escrow.reportReceived([booked], sender=stranger)
    parcel = escrow.allocation(booked).parcel
    desk.suite.ledger.releaseFromQuarantine(parcel, keccak(b"good"), sender=auditor)
    escrow.reportReceived([booked], sender=stranger)
    assert escrow.allocation(booked).status == AllocationStatus.RECEIVED


@pytest.mark.parametrize("outcome", [ParcelState.LOST, ParcelState.RETURNED])
def test_reverts_when_the_goods_did_not_come(
    desk: Desk, escrow: Contract, booked: int, hospital: Key, stranger: Key, outcome: ParcelState
) -> None:
    with reverts("ParcelNotReceived", allocation=booked, state=ParcelState.ALLOCATED):
        escrow.reportReceived([booked], sender=stranger)
    arrive(desk, outcome, hospital)
    with reverts("ParcelNotReceived", allocation=booked, state=outcome):
        escrow.reportReceived([booked], sender=stranger)


def test_reverts_when_not_booked_or_too_many(
    desk: Desk, escrow: Contract, charity: Key, high: int, stranger: Key
) -> None:
    allocation = desk.propose((desk.offer(charity, 150), high, 100))[0]
    with reverts("AllocationWrongStatus", status=AllocationStatus.ALLOCATED):
        escrow.reportReceived([allocation], sender=stranger)
    with reverts("UnknownAllocation", allocation=9):
        escrow.reportReceived([9], sender=stranger)
    with reverts("TooManyLines", given=101, most=100):
        escrow.reportReceived([allocation] * 101, sender=stranger)
