"""`fulfil` of DemandEscrow: a holder serves one demand from its own offer.

fulfil
├── when the caller is not the holder, or entries are paused: refused
├── given more urgent audited demand in the offer's scope that stays open: refused
├── given a demand that the goods do not fit, or that is unaudited: refused
└── else the units are allocated under the demand's level
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import AllocationStatus, EarmarkKind, Level
from aidline.signing import Key
from tests.support.demand import Desk, earmark
from tests.support.reverts import reverts


@pytest.fixture
def high(desk: Desk, hospital: Key, auditor: Key) -> int:
    desk.settle(hospital, auditor)
    return desk.need(hospital, Level.HIGH, 100, [auditor])


def test_allocates_from_the_holders_offer(
    desk: Desk, escrow: Contract, charity: Key, high: int
) -> None:
    offer = desk.offer(charity, 60)
    receipt = escrow.fulfil(offer, high, 60, sender=charity)
    made = receipt.event("Allocated").args
    assert (made.allocation, made.offer, made.demand, made.units) == (1, offer, high, 60)
    assert escrow.allocation(1).status == AllocationStatus.ALLOCATED
    assert escrow.allocation(1).level == Level.HIGH
    assert escrow.allocation(1).by_holder is True
    assert desk.open_units() == (0, 0, 40, 0)


def test_reverts_when_the_caller_is_not_the_holder(
    desk: Desk, escrow: Contract, charity: Key, high: int, donor: Key, solver: Key
) -> None:
    offer = desk.offer(charity, 60)
    for caller in (donor, solver):
        with reverts("NotHolder", offer=offer, caller=caller):
            escrow.fulfil(offer, high, 60, sender=caller)


def test_reverts_out_of_order(
    desk: Desk, escrow: Contract, charity: Key, high: int, second_hospital: Key, auditor: Key
) -> None:
    desk.settle(second_hospital, auditor)
    low = desk.need(second_hospital, Level.LOW, 100, [auditor])
    offer = desk.offer(charity, 60)
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.HIGH, open=100):
        escrow.fulfil(offer, low, 60, sender=charity)
    meant = desk.offer(charity, 60, mark=earmark(EarmarkKind.FACILITY, "second_hospital"))
    escrow.fulfil(meant, low, 60, sender=charity)


def test_reverts_when_the_demand_is_unaudited(
    desk: Desk, escrow: Contract, charity: Key, hospital: Key, high: int
) -> None:
    claimed = desk.publish(hospital, stock=0)
    offer = desk.offer(charity, 60)
    with reverts("LineUnaudited", line=0, demand=claimed):
        escrow.fulfil(offer, claimed, 60, sender=charity)


def test_reverts_on_double_allocation(
    desk: Desk, escrow: Contract, charity: Key, high: int
) -> None:
    offer = desk.offer(charity, 60)
    escrow.fulfil(offer, high, 60, sender=charity)
    with reverts("OfferNotOpen", offer=offer):
        escrow.fulfil(offer, high, 40, sender=charity)
    with reverts("LineTooManyUnits", line=0, asked=41, there=40):
        escrow.fulfil(desk.offer(charity, 60), high, 41, sender=charity)


def test_reverts_when_paused(
    desk: Desk, escrow: Contract, charity: Key, high: int, pauser: Key
) -> None:
    offer = desk.offer(charity, 60)
    escrow.pause(sender=pauser)
    with reverts("IsPaused"):
        escrow.fulfil(offer, high, 60, sender=charity)
