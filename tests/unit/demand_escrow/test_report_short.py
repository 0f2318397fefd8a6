"""`reportShort` of DemandEscrow: units that were set aside on the way (DEM-41, DEM-28).

given nothing was set aside, or all of it was reported: refused
given an allocation that is not booked, or has failed: refused
given units were set aside: the demand is open for exactly these, at once and by nobody's fault
├── again later: for those since then
└── given the rest fails, too: for the rest, so that all is open again
given a whole parcel that carriers refused on the way: failed, and not by the recipient's fault
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import AllocationStatus, DemandStatus, Flaw, Level, ParcelState
from aidline.signing import Key
from tests.support.demand import FREIGHT, Desk
from tests.support.people import key_of
from tests.support.reverts import reverts

CONSIGNMENT = 1


@pytest.fixture
def high(desk: Desk, hospital: Key, auditor: Key) -> int:
    desk.settle(hospital, auditor)
    return desk.need(hospital, Level.HIGH, 100, [auditor])


@pytest.fixture
def second(desk: Desk, high: int, hospital: Key, auditor: Key) -> int:
    del high  # the hospital is known by then
    return desk.need(hospital, Level.HIGH, 40, [auditor])


@pytest.fixture
def carried(desk: Desk, charity: Key, high: int, second: int) -> list[int]:
    """100 units for one demand and 40 for another, in one load, in the carrier's hands."""
    allocations = [
        desk.propose((desk.offer(charity, units), demand, units))[0]
        for demand, units in ((high, 100), (second, 40))
    ]
    desk.book(CONSIGNMENT, *allocations, freight=300)
    ledger, carrier = desk.suite.ledger, key_of("carrier")
    ledger.handOver(CONSIGNMENT, carrier, 3, desk.now, sender=FREIGHT)
    return allocations


def set_aside(desk: Desk, allocation: int, units: int, flaw: Flaw = Flaw.SHORT) -> None:
    """At a handover, units of an allocation stay with the giver."""
    exception = {
        "parcel": desk.escrow.allocation(allocation).parcel,
        "units": units,
        "flaw": flaw,
    }
    desk.suite.ledger.setAside(CONSIGNMENT, [exception], 3, desk.now, sender=FREIGHT)


@pytest.mark.parametrize("flaw", [Flaw.SHORT, Flaw.DAMAGED, Flaw.REFUSED])
def test_opens_the_demand_for_exactly_these_units(
    desk: Desk, escrow: Contract, high: int, carried: list[int], stranger: Key, flaw: Flaw
) -> None:
    assert desk.open_units() == (0, 0, 0, 0)
    set_aside(desk, carried[0], 30, flaw)

    receipt = escrow.reportShort(carried[0], sender=stranger)

    told = receipt.event("AllocationShort").args
    assert (told.allocation, told.units) == (carried[0], 30)
    record = escrow.allocation(carried[0])
    assert (record.status, record.units) == (AllocationStatus.BOOKED, 70)
    demand = desk.needs.demand(high)
    assert (demand.status, demand.served, demand.counted) == (DemandStatus.OPEN, 70, Level.HIGH)
    assert desk.open_units() == (0, 0, 30, 0)


def test_counts_each_unit_once(
    desk: Desk, escrow: Contract, carried: list[int], stranger: Key
) -> None:
    with reverts("NothingShort", allocation=carried[0]):
        escrow.reportShort(carried[0], sender=stranger)
    for units, all_open in ((30, 30), (5, 35)):
        set_aside(desk, carried[0], units)
        escrow.reportShort(carried[0], sender=stranger)
        assert desk.open_units() == (0, 0, all_open, 0)
        with reverts("NothingShort", allocation=carried[0]):
            escrow.reportShort(carried[0], sender=stranger)
    with reverts("NothingShort", allocation=carried[1]):
        escrow.reportShort(carried[1], sender=stranger)


def test_can_be_reported_after_the_delivery(
    desk: Desk, escrow: Contract, carried: list[int], hospital: Key, stranger: Key
) -> None:
    set_aside(desk, carried[0], 30)
    desk.suite.ledger.close(
        CONSIGNMENT, ParcelState.DELIVERED, hospital, 8, desk.now, sender=FREIGHT
    )
    with reverts("ParcelNotFailed", allocation=carried[0], state=ParcelState.DELIVERED):
        escrow.reportFailed(carried[0], sender=stranger)
    escrow.reportShort(carried[0], sender=stranger)
    assert desk.open_units() == (0, 0, 30, 0)


@pytest.mark.parametrize("reported", [True, False])
def test_all_is_open_again_when_the_rest_fails_too(
    desk: Desk, escrow: Contract, carried: list[int], stranger: Key, reported: bool
) -> None:
    set_aside(desk, carried[0], 30)
    if reported:
        escrow.reportShort(carried[0], sender=stranger)
    carrier = key_of("carrier")
    desk.suite.ledger.close(CONSIGNMENT, ParcelState.LOST, carrier, 8, desk.now, sender=FREIGHT)
    failed = escrow.reportFailed(carried[0], sender=stranger).event("AllocationFailed").args
    assert failed.units == (70 if reported else 100)
    assert desk.open_units() == (0, 0, 100, 0)
    with reverts("AllocationWrongStatus", status=AllocationStatus.FAILED):
        escrow.reportShort(carried[0], sender=stranger)


def test_what_carriers_refuse_on_the_way_is_not_the_recipients_fault(
    desk: Desk, escrow: Contract, second: int, carried: list[int], stranger: Key
) -> None:
    set_aside(desk, carried[1], 40, Flaw.REFUSED)
    failed = escrow.reportFailed(carried[1], sender=stranger).event("AllocationFailed").args
    assert (failed.units, failed.state) == (40, ParcelState.RETURNED)
    record = desk.needs.demand(second)
    assert (record.status, record.counted) == (DemandStatus.OPEN, Level.HIGH)
    assert desk.open_units() == (0, 0, 40, 0)


def test_reverts_when_it_is_not_booked(
    desk: Desk, escrow: Contract, charity: Key, high: int, stranger: Key
) -> None:
    allocation = desk.propose((desk.offer(charity, 100), high, 100))[0]
    with reverts("AllocationWrongStatus", status=AllocationStatus.ALLOCATED):
        escrow.reportShort(allocation, sender=stranger)
    with reverts("UnknownAllocation", allocation=9):
        escrow.reportShort(9, sender=stranger)
