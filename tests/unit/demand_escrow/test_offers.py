"""Offers of DemandEscrow: `offer`, `offerFor`, `withdrawOffer`, `lapseOffer`.

offer
├── when the caller does not hold the parcel, or it is not at rest: refused by the ledger
├── when its end is not ahead, or entries are paused: refused
└── else the parcel is in escrow, with its lot's earmark, also for a suspended holder
offerFor
├── when the caller is not DonationRegistry: refused
└── else the same in the holder's name
withdrawOffer
├── when the caller is not the holder, or the offer is over: refused
└── else what is not allocated is the holder's to use again, also while paused
lapseOffer
├── before the offer's end: refused
└── else anyone ends it
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import EarmarkKind, Level, OfferStatus, ParcelState
from aidline.signing import Key
from tests.support.demand import DONATIONS, Desk, earmark
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, MASK


@pytest.fixture
def parcel(desk: Desk, charity: Key) -> int:
    """100 masks that the charity holds for Hubei."""
    return desk.gift(charity, 100, mark=earmark(EarmarkKind.REGION, "CN-HB"))


def state_of(desk: Desk, parcel: int) -> int:
    state: int = desk.suite.ledger.parcel(parcel).state
    return state


def test_puts_a_parcel_into_escrow(desk: Desk, escrow: Contract, charity: Key, parcel: int) -> None:
    receipt = escrow.offer(parcel, desk.now + DAY, sender=charity)
    made = receipt.event("OfferMade").args
    assert (made.offer, made.holder, made.material, made.units) == (1, charity.address, MASK, 100)
    assert made.earmark.scope == word("CN-HB")
    record = escrow.offerRecord(1)
    assert (record.parcel, record.units, record.until) == (parcel, 100, desk.now + DAY)
    assert record.status == OfferStatus.OPEN
    assert (record.earmark_kind, record.earmark_scope) == (EarmarkKind.REGION, word("CN-HB"))
    assert state_of(desk, parcel) == ParcelState.OFFERED
    assert escrow.offerCount() == 1


def test_a_suspended_holder_may_still_offer(
    desk: Desk, charity: Key, parcel: int, suspend: Callable[[Key], None]
) -> None:
    suspend(charity)
    desk.escrow.offer(parcel, desk.now + DAY, sender=charity)


def test_reverts_when_the_caller_does_not_hold_the_parcel(
    desk: Desk, escrow: Contract, donor: Key, parcel: int
) -> None:
    with reverts("NotCustodian", parcel=parcel, caller=donor):
        escrow.offer(parcel, desk.now + DAY, sender=donor)
    with reverts("UnknownParcel", parcel=parcel + 1):
        escrow.offer(parcel + 1, desk.now + DAY, sender=donor)


def test_reverts_when_offered_twice(
    desk: Desk, escrow: Contract, charity: Key, parcel: int
) -> None:
    escrow.offer(parcel, desk.now + DAY, sender=charity)
    with reverts("WrongState", parcel=parcel, state=ParcelState.OFFERED):
        escrow.offer(parcel, desk.now + DAY, sender=charity)


def test_reverts_when_the_lot_has_expired(desk: Desk, escrow: Contract, charity: Key) -> None:
    parcel = desk.gift(charity, 100, material=KIT, expiry=desk.now + DAY)
    desk.wait(DAY)
    with reverts("LotExpired"):
        escrow.offer(parcel, desk.now + DAY, sender=charity)


def test_reverts_when_the_end_is_not_ahead(
    desk: Desk, escrow: Contract, charity: Key, parcel: int
) -> None:
    with reverts("BadOfferEnd", until=desk.now):
        escrow.offer(parcel, desk.now, sender=charity)


def test_reverts_when_paused(
    desk: Desk, escrow: Contract, charity: Key, pauser: Key, parcel: int
) -> None:
    escrow.pause(sender=pauser)
    with reverts("IsPaused"):
        escrow.offer(parcel, desk.now + DAY, sender=charity)
    with reverts("IsPaused"):
        escrow.offerFor(charity.address, parcel, desk.now + DAY, sender=DONATIONS)


def test_donation_registry_offers_for_the_holder(
    desk: Desk, escrow: Contract, charity: Key, parcel: int
) -> None:
    escrow.offerFor(charity.address, parcel, desk.now + DAY, sender=DONATIONS)
    assert escrow.offerRecord(1).holder == charity.address


def test_nobody_else_offers_for_others(
    desk: Desk, escrow: Contract, charity: Key, parcel: int
) -> None:
    with reverts("NotWriter", caller=charity):
        escrow.offerFor(charity.address, parcel, desk.now + DAY, sender=charity)


# --- withdrawOffer ---------------------------------------------------------------------------


def test_the_holder_takes_back_what_is_not_allocated(
    desk: Desk,
    escrow: Contract,
    charity: Key,
    hospital: Key,
    auditor: Key,
    pauser: Key,
) -> None:
    desk.settle(hospital, auditor)
    demand = desk.need(hospital, Level.HIGH, 30, [auditor])
    offer = desk.offer(charity, 100)
    allocation = desk.propose((offer, demand, 30))[0]
    escrow.pause(sender=pauser)
    ended = escrow.withdrawOffer(offer, sender=charity).event("OfferEnded").args
    assert (ended.offer, ended.status, ended.units_left) == (offer, OfferStatus.WITHDRAWN, 70)
    rest = desk.suite.ledger.parcel(desk.suite.ledger.parcelCount())
    assert (rest.state, rest.units) == (ParcelState.HELD, 70)
    left = desk.parcel_of(allocation)
    assert (left.state, left.units, left.promised) == (ParcelState.OFFERED, 30, 30)
    desk.book(1, allocation)
    assert desk.parcel_of(allocation).state == ParcelState.ALLOCATED
    assert escrow.offerRecord(offer).status == OfferStatus.WITHDRAWN


def test_the_holder_ends_an_offer_that_is_used_up(
    desk: Desk, escrow: Contract, charity: Key, hospital: Key, auditor: Key, stranger: Key
) -> None:
    desk.settle(hospital, auditor)
    demand = desk.need(hospital, Level.HIGH, 30, [auditor])
    offer = desk.offer(charity, 30)
    allocation = desk.propose((offer, demand, 30))[0]
    assert escrow.offerRecord(offer).status == OfferStatus.USED
    ended = escrow.withdrawOffer(offer, sender=charity).event("OfferEnded").args
    assert (ended.status, ended.units_left) == (OfferStatus.WITHDRAWN, 0)
    desk.wait(DAY)
    escrow.release(allocation, sender=stranger)
    assert desk.parcel_of(allocation).state == ParcelState.HELD


def test_the_earmark_follows_the_lot_into_a_new_offer(
    desk: Desk, escrow: Contract, charity: Key, parcel: int
) -> None:
    escrow.offer(parcel, desk.now + DAY, sender=charity)
    escrow.withdrawOffer(1, sender=charity)
    escrow.offer(parcel, desk.now + DAY, sender=charity)
    assert escrow.offerRecord(2).earmark_scope == word("CN-HB")


def test_withdraw_reverts_when_not_the_holder(
    desk: Desk, escrow: Contract, charity: Key, donor: Key
) -> None:
    offer = desk.offer(charity, 100)
    with reverts("NotHolder", offer=offer, caller=donor):
        escrow.withdrawOffer(offer, sender=donor)
    with reverts("UnknownOffer", offer=offer + 1):
        escrow.withdrawOffer(offer + 1, sender=donor)


def test_withdraw_reverts_when_over(desk: Desk, escrow: Contract, charity: Key) -> None:
    offer = desk.offer(charity, 100)
    escrow.withdrawOffer(offer, sender=charity)
    with reverts("OfferNotOpen", offer=offer, status=OfferStatus.WITHDRAWN):
        escrow.withdrawOffer(offer, sender=charity)


# --- lapseOffer ------------------------------------------------------------------------------


def test_anyone_ends_an_offer_from_its_end_on(
    desk: Desk, escrow: Contract, charity: Key, stranger: Key
) -> None:
    offer = desk.offer(charity, 100)
    until = escrow.offerRecord(offer).until
    desk.wait(7 * DAY - 1)
    with reverts("NotLapsed", id=offer, at=until):
        escrow.lapseOffer(offer, sender=stranger)
    desk.wait(1)
    escrow.lapseOffer(offer, sender=stranger)
    record = escrow.offerRecord(offer)
    assert record.status == OfferStatus.EXPIRED
    assert state_of(desk, record.parcel) == ParcelState.HELD
    with reverts("OfferNotOpen", offer=offer, status=OfferStatus.EXPIRED):
        escrow.lapseOffer(offer, sender=stranger)
