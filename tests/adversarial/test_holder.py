"""Who holds goods, or gave them, wants to decide who gets them: its cheats, and what stops them."""

from __future__ import annotations

from aidline.model import EarmarkKind, Level, ParcelState
from tests.support.demand import FREIGHT, FUND, Desk, earmark
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

AUDITOR, SECOND = key_of("auditor"), key_of("second_auditor")
HOLDER, DONOR, STRANGER = key_of("charity"), key_of("donor"), key_of("stranger")
URGENT, FRIEND = key_of("hospital"), key_of("county_hospital")


def test_serves_its_friend_from_its_own_offer(market: Desk) -> None:
    """DEM-22: `fulfil` obeys the same rule as a solver."""
    market.need(URGENT, Level.HIGH, 100, [AUDITOR])
    calm = market.need(FRIEND, Level.LOW, 100, [AUDITOR])
    offer = market.offer(HOLDER, 100)
    with reverts("OutOfOrder", offer=offer, level=Level.HIGH, open=100):
        market.escrow.fulfil(offer, calm, 100, sender=HOLDER)


def test_sends_a_gift_past_those_for_whom_it_was_meant(market: Desk) -> None:
    """DEM-23: the earmark follows the lot, also through withdrawal and a new offer."""
    demand = market.need(FRIEND, Level.HIGH, 100, [AUDITOR])
    meant = earmark(EarmarkKind.FACILITY, "hospital")
    parcel = market.gift(HOLDER, 100, mark=meant)
    for _ in range(2):
        receipt = market.escrow.offer(parcel, market.now + DAY, sender=HOLDER)
        offer = receipt.event("OfferMade").args.offer
        with reverts("LineEarmark", offer=offer, demand=demand):
            market.escrow.fulfil(offer, demand, 100, sender=HOLDER)
        market.escrow.withdrawOffer(offer, sender=HOLDER)


def test_offers_what_it_does_not_hold_or_offers_twice(market: Desk) -> None:
    """DEM-20: the custodian offers, once at a time."""
    parcel = market.gift(HOLDER, 100)
    for caller in (DONOR, STRANGER, URGENT):
        with reverts("NotCustodian", parcel=parcel):
            market.escrow.offer(parcel, market.now + DAY, sender=caller)
    market.escrow.offer(parcel, market.now + DAY, sender=HOLDER)
    with reverts("WrongState", parcel=parcel):
        market.escrow.offer(parcel, market.now + DAY, sender=HOLDER)


def test_takes_back_what_is_allocated(market: Desk) -> None:
    """DEM-21: only what is not allocated."""
    demand = market.need(URGENT, Level.HIGH, 100, [AUDITOR])
    offer = market.offer(HOLDER, 150)
    allocation = market.propose((offer, demand, 100))[0]
    market.escrow.withdrawOffer(offer, sender=HOLDER)
    parcel = market.parcel_of(allocation)
    assert (parcel.units, parcel.promised) == (100, 100)
    assert market.needs.demand(demand).served == 100
    with reverts("OfferNotOpen", offer=offer):
        market.escrow.withdrawOffer(offer, sender=HOLDER)
    number = market.escrow.offerRecord(offer).parcel
    with reverts("WrongState"):
        market.suite.ledger.split(number, 1, sender=HOLDER)
    with reverts("WrongState"):
        market.escrow.offer(number, market.now + DAY, sender=HOLDER)
    market.book(1, allocation)
    assert market.parcel_of(allocation).state == ParcelState.ALLOCATED


def test_uses_up_the_freight_budget_for_a_single_unit(market: Desk) -> None:
    """DEM-26: who pays with its own money leaves the budget to the fund."""
    demand = market.need(URGENT, Level.HIGH, 100, [AUDITOR])
    one = market.propose((market.offer(HOLDER, 1), demand, 1))[0]
    rest = market.propose((market.offer(HOLDER, 99), demand, 99))[0]
    market.escrow.take([one], 7, DONOR.address, 10**30, sender=FREIGHT)
    assert market.needs.demand(demand).freight_budget == 1_000
    market.escrow.take([rest], 8, FUND.address, 1_000, sender=FREIGHT)


def test_ends_a_rivals_attestation_with_goods_that_are_not_there(market: Desk) -> None:
    """DEM-14: what the holder itself allotted and nobody fetched is not the recipient's fault."""
    demand = market.need(URGENT, Level.HIGH, 100, [AUDITOR])
    offer = market.offer(HOLDER, 100)
    receipt = market.escrow.fulfil(offer, demand, 100, sender=HOLDER)
    market.wait(DAY)
    market.escrow.release(receipt.event("Allocated").args.allocation, sender=HOLDER)
    assert market.needs.demand(demand).counted == Level.HIGH


def test_stops_its_goods_to_take_them_from_who_was_promised_them(market: Desk) -> None:
    """MAT-37: what is promised stays promised through a quarantine; nobody else can get it."""
    demand = market.need(URGENT, Level.HIGH, 150, [AUDITOR])
    offer = market.offer(HOLDER, 100)
    allocation = market.propose((offer, demand, 100))[0]
    parcel, ledger = market.escrow.offerRecord(offer).parcel, market.suite.ledger
    ledger.quarantine(parcel, word("doubt"), sender=HOLDER)
    market.escrow.withdrawOffer(offer, sender=HOLDER)
    ledger.releaseFromQuarantine(parcel, word("none"), sender=AUDITOR)
    with reverts("WrongState", parcel=parcel):
        market.escrow.offer(parcel, market.now + DAY, sender=HOLDER)
    market.book(1, allocation)
    assert market.parcel_of(allocation).units == 100


def test_moves_goods_by_gifts_of_dust(market: Desk) -> None:
    """DEM-14: a unit that nobody fetches costs its hospital nothing."""
    demand = market.need(URGENT, Level.CRITICAL, 1_000, [AUDITOR, SECOND])
    for _ in range(3):
        offer = market.offer(HOLDER, 1)
        receipt = market.escrow.fulfil(offer, demand, 1, sender=HOLDER)
        market.wait(DAY)
        allocation = receipt.event("Allocated").args.allocation
        market.escrow.release(allocation, sender=HOLDER)
        assert market.needs.demand(demand).counted == Level.CRITICAL
