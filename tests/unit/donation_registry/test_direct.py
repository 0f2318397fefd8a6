"""A gift to one published demand: `pledge` with a demand, `receiveGift`.

when a demand is named without what else is to be, or the other way round: reverts
when the demand can take it: allocated on receipt, the rest stays offered
when the order of urgency, or anything else, refuses it: the receipt stands
    given the donor said OFFER: the parcel is offered to all
    given the donor said HOLD: the intermediary holds it
when the receipt names no end of the offer: reverts
when escrow is paused: the receipt stands, the intermediary holds it
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.keccak import keccak
from aidline.model import AllocationStatus, GiftStatus, OfferStatus, Otherwise, ParcelState
from aidline.signing import Key
from tests.support.gifts import count, earmark, pledge
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, MASK, Suite
from tests.support.way import Way


def selector(error: str) -> bytes:
    """Return the first four bytes of an error."""
    return keccak(error.encode())[:4]


@pytest.fixture
def need(suite: Suite, chain: RevmChain) -> Callable[..., int]:
    """Publishes a hospital's demand, attested by as many auditors as it needs to be critical."""
    way = Way(suite)

    def publish(units: int, stock: int = 0, daily_use: int = 0, auditors: int = 1) -> int:
        request = {
            "material": MASK,
            "units": units,
            "stock": stock,
            "daily_use": daily_use,
            "needed_by": chain.now() + 20 * DAY,
            "station": way.dock,
            "freight_budget": 0,
            "emergency": bytes(32),
        }
        published = suite.needs.publish(request, sender=way.hospital)
        demand: int = published.event("DemandPublished").args.demand
        content = suite.needs.contentOf(demand)
        for name in ("auditor", "second_auditor")[:auditors]:
            suite.needs.attest(demand, content, chain.now() + 10 * DAY, sender=key_of(name))
        return demand

    return publish


def pledged_to(
    donations: Contract, donor: Key, demand: int, otherwise: Otherwise = Otherwise.OFFER
) -> int:
    terms = pledge(donations.chain.now(), demand=demand, otherwise=otherwise, earmark=earmark())
    gift: int = donations.pledge(terms, sender=donor).event("GiftPledged").args.gift
    return gift


def test_is_allocated_on_receipt(
    suite: Suite,
    donations: Contract,
    chain: RevmChain,
    donor: Key,
    charity: Key,
    need: Callable[..., int],
) -> None:
    demand = need(500)
    gift = pledged_to(donations, donor, demand)
    assert (donations.gift(gift).demand, donations.gift(gift).otherwise) == (
        demand,
        Otherwise.OFFER,
    )

    receipt = donations.receiveGift(count(gift, offer_until=chain.now() + DAY), sender=charity)

    matched = receipt.event("GiftMatched").args
    assert (matched.gift, matched.demand) == (gift, demand)
    allocation = suite.demand.allocation(matched.allocation)
    assert (allocation.demand, allocation.units) == (demand, 500)
    assert allocation.status == AllocationStatus.ALLOCATED
    offer = suite.demand.offerRecord(receipt.event("GiftReceived").args.offer)
    assert (offer.status, offer.units) == (OfferStatus.OPEN, 1_400)
    fate = donations.fateOf(gift)
    assert (fate.allocated, fate.offered, fate.held) == (500, 1_400, 0)


def test_uses_the_offer_up_when_the_demand_takes_all(
    suite: Suite,
    donations: Contract,
    chain: RevmChain,
    donor: Key,
    charity: Key,
    need: Callable[..., int],
) -> None:
    gift = pledged_to(donations, donor, need(5_000))
    receipt = donations.receiveGift(count(gift, offer_until=chain.now() + DAY), sender=charity)
    offer = suite.demand.offerRecord(receipt.event("GiftReceived").args.offer)
    assert (offer.status, offer.units) == (OfferStatus.USED, 0)
    assert donations.fateOf(gift).allocated == 1_900


@pytest.mark.parametrize("otherwise", [Otherwise.OFFER, Otherwise.HOLD])
def test_the_receipt_stands_when_the_order_of_urgency_refuses(
    suite: Suite,
    donations: Contract,
    chain: RevmChain,
    donor: Key,
    charity: Key,
    need: Callable[..., int],
    otherwise: Otherwise,
) -> None:
    low = need(500)
    need(300, stock=100, daily_use=50)
    gift = pledged_to(donations, donor, low, otherwise)

    receipt = donations.receiveGift(count(gift, offer_until=chain.now() + DAY), sender=charity)

    refused = receipt.event("GiftNotMatched").args
    assert (refused.gift, refused.demand) == (gift, low)
    assert refused.refusal == selector("OutOfOrder(uint64,uint8,uint8,uint64)")
    assert donations.gift(gift).status == GiftStatus.RECEIVED
    assert donations.ownerOf(gift) == donor.address
    assert suite.needs.demand(low).served == 0
    received = receipt.event("GiftReceived").args
    state = suite.ledger.parcel(received.parcel).state
    if otherwise == Otherwise.OFFER:
        assert suite.demand.offerRecord(received.offer).status == OfferStatus.OPEN
        assert state == ParcelState.OFFERED
    else:
        assert received.offer == 0
        assert state == ParcelState.HELD
    assert suite.demand.allocationCount() == 0


def test_the_receipt_stands_when_the_demand_is_unknown(
    donations: Contract, chain: RevmChain, donor: Key, charity: Key
) -> None:
    gift = pledged_to(donations, donor, 77)
    receipt = donations.receiveGift(count(gift, offer_until=chain.now() + DAY), sender=charity)
    assert receipt.event("GiftNotMatched").args.refusal == selector("UnknownDemand(uint64)")
    assert donations.fateOf(gift).offered == 1_900


def test_the_receipt_stands_while_escrow_is_paused(
    suite: Suite,
    donations: Contract,
    chain: RevmChain,
    donor: Key,
    charity: Key,
    pauser: Key,
    need: Callable[..., int],
) -> None:
    gift = pledged_to(donations, donor, need(500))
    suite.demand.pause(sender=pauser)
    donations.receiveGift(count(gift, offer_until=chain.now() + DAY), sender=charity)
    assert donations.fateOf(gift).held == 1_900


def test_reverts_without_an_end_of_the_offer(
    donations: Contract, chain: RevmChain, donor: Key, charity: Key, need: Callable[..., int]
) -> None:
    gift = pledged_to(donations, donor, need(500))
    for until in (0, chain.now()):
        with reverts("OfferEndNeeded", gift=gift):
            donations.receiveGift(count(gift, offer_until=until), sender=charity)


@pytest.mark.parametrize(("demand", "otherwise"), [(0, Otherwise.HOLD), (1, Otherwise.NULL)])
def test_reverts_when_it_is_not_said_what_else_is_to_be(
    donations: Contract, chain: RevmChain, donor: Key, demand: int, otherwise: Otherwise
) -> None:
    terms = pledge(chain.now(), demand=demand, otherwise=otherwise)
    with reverts("BadDirectGift", demand=demand):
        donations.pledge(terms, sender=donor)
