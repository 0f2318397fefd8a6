"""A seller wants its price for nothing: each of its cheats, and the rule that stops it.

What it tries at the dispute desk is in ``test_disputing.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from aidline import messages as m
from aidline.model import ParcelState, Resolution
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, START, UNIT

PRICE = 5_000 * UNIT
SELLER = key_of("supplier")
BUYER = key_of("hospital")


@dataclass
class Shop:
    """Goods of the seller's, and what a buyer orders of them."""

    desk: Desk

    def lot(self) -> int:
        """Make a thousand kits; return their parcel."""
        made = {
            "material": KIT,
            "quantity": 1_000,
            "expiry": START + 300 * DAY,
            "station": self.desk.stations[0],
            "evidence": word("certificate"),
        }
        told = self.desk.suite.ledger.commission(made, sender=SELLER)
        parcel: int = told.event("LotCommissioned").args.parcel
        return parcel

    def order(self, parcel: int) -> m.Booking:
        """Return the buyer's order of it."""
        return self.desk.booking([], seller=SELLER.address, price=PRICE, parcels=[parcel])

    def sold(self, handovers: int) -> int:
        """Book, and bring the goods so many hands on; return the consignment."""
        booked = self.desk.book(self.order(self.lot()))
        consignment: int = booked.event("ConsignmentBooked").args.consignment
        for number, at in enumerate((DEPARTURES[0], *LATEST[:2])[:handovers]):
            self.desk.pass_on(consignment, number, at)
        return consignment


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return Shop(desk)


def test_sells_the_same_goods_twice(shop: Shop) -> None:
    """FRT-8, MAT-18: what is in one load is in no other."""
    parcel = shop.lot()
    order = shop.order(parcel)
    shop.desk.book(order)
    before = shop.desk.balance("hospital")
    with reverts("WrongState", parcel=parcel, state=ParcelState.ALLOCATED):
        shop.desk.book(replace(order, salt=word("order 2"), legs=_next_day(order)))
    assert shop.desk.balance("hospital") == before


def _next_day(order: m.Booking) -> list[m.LegRequest]:
    return [
        replace(leg, departure=leg.departure + DAY, latest_arrival=leg.latest_arrival + DAY)
        for leg in order.legs
    ]


def test_sells_what_it_has_already_offered_as_a_gift(shop: Shop) -> None:
    """FRT-8: a parcel that stands in an offer is not HELD, and so not for sale."""
    parcel = shop.lot()
    shop.desk.suite.demand.offer(parcel, START + 30 * DAY, sender=SELLER)
    with reverts("WrongState", state=ParcelState.OFFERED):
        shop.desk.book(shop.order(parcel))


def test_raises_its_price_after_the_buyer_has_signed(shop: Shop) -> None:
    """FRT-2: all sign the whole booking, the price with it."""
    order = shop.order(shop.lot())
    signed = shop.desk.signatures(order)["payer"]
    with reverts("BadSignature", signer=BUYER):
        shop.desk.book(replace(order, price=PRICE + 1), payer=signed)


def test_hands_over_other_goods_than_it_sold(shop: Shop) -> None:
    """FRT-12: the load is named by the hash of its content, which the carrier signs too."""
    consignment = shop.sold(0)
    other = shop.desk.handover(consignment, 0, DEPARTURES[0], content=word("old stock"))
    shop.desk.chain.set_time(DEPARTURES[0])
    with reverts("WrongContent", consignment=consignment):
        shop.desk.hand_over(other)


def test_never_hands_over_and_waits_for_its_price(shop: Shop) -> None:
    """FRT-25: nothing picked up, nothing earned; the buyer has all of it back."""
    before = _wealth(shop.desk)
    consignment = shop.sold(0)
    shop.desk.chain.set_time(DEPARTURES[0] + 3_600 + 7 * DAY)
    shop.desk.lapse(consignment, sender=SELLER)
    assert _wealth(shop.desk) == before
    assert shop.desk.freight.consignment(consignment).resolution is Resolution.CANCELLED


def test_has_its_goods_lost_by_a_friend_for_the_price(shop: Shop) -> None:
    """The seller bears the risk until delivery: of what is lost on the way it earns nothing."""
    seller, buyer = _wealth(shop.desk)
    consignment = shop.sold(3)
    shop.desk.chain.set_time(LATEST[2] + 7 * DAY)
    shop.desk.lapse(consignment, sender=SELLER)
    # The buyer is out the legs that were driven, and not a unit more.
    assert _wealth(shop.desk) == (seller, buyer - sum(FREIGHTS[:2]))


def test_sells_what_it_knows_will_be_recalled(shop: Shop) -> None:
    """FRT-26: stopped on the way, it earns nothing and the price goes back."""
    seller, buyer = _wealth(shop.desk)
    consignment = shop.sold(1)
    lot = shop.desk.suite.ledger.parcel(shop.desk.bookings[consignment].parcels[0]).lot
    shop.desk.suite.ledger.recall(lot, word("mould"), word("test"), sender=key_of("fourth_auditor"))
    shop.desk.stop_recalled(consignment, sender=key_of("stranger"))
    assert _wealth(shop.desk) == (seller, buyer)


def test_sends_rubbish_that_the_buyer_refuses(shop: Shop) -> None:
    """Refused at the door, the price goes back; the goods are the carrier's to return."""
    seller, buyer = _wealth(shop.desk)
    consignment = shop.sold(3)
    shop.desk.refuse(consignment, sender=BUYER)
    shop.desk.chain.set_time(shop.desk.chain.now() + DAY)
    shop.desk.settle_refused(consignment, sender=SELLER)
    assert _wealth(shop.desk) == (seller, buyer - sum(FREIGHTS[:2]))


def test_brings_a_proof_without_the_buyer(shop: Shop) -> None:
    """FRT-16: with the carrier's release alone the price is not earned."""
    consignment = shop.sold(3)
    handover = shop.desk.handover(consignment, 3, LATEST[1])
    forged = shop.desk.proof(handover, accepted=False)
    forged["acceptance"] = handover.sign(SELLER, shop.desk.domain)
    with reverts("BadSignature", signer=BUYER):
        shop.desk.deliver(forged)


def test_takes_its_price_out_before_it_is_earned(shop: Shop) -> None:
    """The price lies with the consignment, not in the seller's purse."""
    shop.sold(3)
    with reverts("PurseTooSmall", owner=SELLER, free=0, needed=PRICE):
        shop.desk.freight.emptyPurse(PRICE, sender=SELLER)


def _wealth(desk: Desk) -> tuple[int, int]:
    """What seller and buyer have."""
    return desk.balance("supplier"), desk.balance("hospital")
