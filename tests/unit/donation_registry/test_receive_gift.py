"""receiveGift.

when the gift is unknown, withdrawn, or received before: reverts
when the caller is not its intermediary, or no longer active: reverts
when the three counts do not add up to the pledge: reverts
when units are refused without a reason: reverts
when nothing was accepted: the gift ends, no lot, no certificate
otherwise: the lot comes to be in the intermediary's hands, the donor gets the certificate
    given an end of an offer: the parcel is in escrow in the same transaction
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import EarmarkKind, GiftStatus, LotKind, OfferStatus, ParcelState, Role
from aidline.signing import Key
from tests.support.gifts import count, pledge, units_of
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, MASK, Suite


def test_commissions_the_lot_and_mints_the_certificate(
    donations: Contract, ledger: Contract, pledged: int, donor: Key, charity: Key
) -> None:
    receipt = donations.receiveGift(count(pledged), sender=charity)

    event = receipt.event("GiftReceived").args
    assert (event.gift, event.intermediary, event.offer) == (pledged, charity.address, 0)
    assert (event.accepted, event.refused, event.missing) == (1_900, 60, 40)
    assert event.reason == word("wet boxes")
    assert receipt.event("Locked").args.token_id == pledged
    gift = donations.gift(pledged)
    assert (gift.status, gift.received_at) == (GiftStatus.RECEIVED, receipt.timestamp)
    assert gift.accepted + gift.refused + gift.missing == gift.pledged
    assert gift.lot == event.lot
    lot = ledger.lot(gift.lot)
    assert (lot.maker, lot.kind, lot.material) == (donor.address, LotKind.GIFT, MASK)
    assert lot.quantity == 1_900
    assert receipt.event("LotCommissioned").args.evidence == word("count 1")
    assert (lot.earmark_kind, lot.earmark_scope) == (EarmarkKind.REGION, word("CN-HB"))
    parcel = ledger.parcel(event.parcel)
    assert (parcel.custodian, parcel.state) == (charity.address, ParcelState.HELD)
    assert (parcel.units, parcel.station) == (1_900, 3)
    assert donations.ownerOf(pledged) == donor.address
    assert donations.balanceOf(donor.address) == 1


def test_the_fate_adds_up_to_what_was_accepted(donations: Contract, received: int) -> None:
    fate = units_of(donations.fateOf(received))
    assert fate.pop("held") == 1_900
    assert sum(fate.values()) == 0


def test_offers_the_parcel_in_the_same_transaction(
    suite: Suite, donations: Contract, chain: RevmChain, pledged: int, charity: Key
) -> None:
    until = chain.now() + 10 * DAY
    receipt = donations.receiveGift(count(pledged, offer_until=until), sender=charity)

    event = receipt.event("GiftReceived").args
    offer = suite.demand.offerRecord(event.offer)
    assert (offer.holder, offer.until) == (charity.address, until)
    assert (offer.parcel, offer.units, offer.status) == (event.parcel, 1_900, OfferStatus.OPEN)
    assert (offer.earmark_kind, offer.earmark_scope) == (EarmarkKind.REGION, word("CN-HB"))
    assert suite.ledger.parcel(event.parcel).state == ParcelState.OFFERED
    assert donations.fateOf(pledged).offered == 1_900


def test_ends_without_lot_and_certificate_when_nothing_was_accepted(
    donations: Contract, ledger: Contract, pledged: int, donor: Key, charity: Key
) -> None:
    counted = count(pledged, accepted=0, refused=1_960)
    receipt = donations.receiveGift(counted, sender=charity)

    assert [event.name for event in receipt.events] == ["GiftReceived"]
    gift = donations.gift(pledged)
    assert (gift.status, gift.lot, gift.refused) == (GiftStatus.RECEIVED, 0, 1_960)
    assert ledger.lotCount() == 0
    assert donations.balanceOf(donor.address) == 0
    assert sum(units_of(donations.fateOf(pledged)).values()) == 0
    with reverts("ERC721NonexistentToken", token_id=pledged):
        donations.tokenURI(pledged)


def test_the_station_operator_may_be_the_intermediary(
    donations: Contract, chain: RevmChain, donor: Key, station_operator: Key
) -> None:
    terms = pledge(chain.now(), intermediary=station_operator.address)
    gift = donations.pledge(terms, sender=donor).event("GiftPledged").args.gift
    donations.receiveGift(count(gift), sender=station_operator)
    assert donations.ownerOf(gift) == donor.address


def test_goods_that_came_late_or_during_a_pause_are_counted(
    donations: Contract, chain: RevmChain, pledged: int, charity: Key, pauser: Key
) -> None:
    chain.set_time(donations.gift(pledged).deadline + DAY)
    donations.pause(sender=pauser)
    donations.receiveGift(count(pledged), sender=charity)
    assert donations.gift(pledged).status == GiftStatus.RECEIVED


def test_a_gift_of_a_suspended_donor_is_received(
    donations: Contract,
    pledged: int,
    donor: Key,
    charity: Key,
    suspended: Callable[[Key], None],
) -> None:
    suspended(donor)
    donations.receiveGift(count(pledged), sender=charity)
    assert donations.ownerOf(pledged) == donor.address


@pytest.mark.parametrize("name", ["stranger", "donor", "station_operator"])
def test_reverts_when_the_caller_is_not_the_intermediary(
    donations: Contract, pledged: int, request: pytest.FixtureRequest, name: str
) -> None:
    caller: Key = request.getfixturevalue(name)
    with reverts("NotIntermediary", gift=pledged, caller=caller):
        donations.receiveGift(count(pledged), sender=caller)


def test_reverts_when_the_intermediary_is_suspended(
    donations: Contract, pledged: int, charity: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(charity)
    with reverts("NotActive", account=charity, role=Role.CHARITY):
        donations.receiveGift(count(pledged), sender=charity)


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({"accepted": 1_901}, 2_001),
        ({"missing": 39}, 1_999),
        ({"accepted": 2**64 - 1, "refused": 2**64 - 1, "missing": 2_002}, 2**65 + 2_000),
    ],
)
def test_reverts_when_the_counts_do_not_add_up(
    donations: Contract, pledged: int, charity: Key, changes: dict[str, int], counted: int
) -> None:
    with reverts("CountDoesNotAddUp", gift=pledged, pledged=2_000, counted=counted):
        donations.receiveGift(count(pledged, **changes), sender=charity)
    assert donations.gift(pledged).status == GiftStatus.PLEDGED


def test_reverts_when_units_are_refused_without_a_reason(
    donations: Contract, pledged: int, charity: Key
) -> None:
    with reverts("NoReason", gift=pledged):
        donations.receiveGift(count(pledged, reason=bytes(32)), sender=charity)


def test_missing_units_need_no_reason(donations: Contract, pledged: int, charity: Key) -> None:
    counted = count(pledged, refused=0, missing=100, reason=bytes(32))
    donations.receiveGift(counted, sender=charity)
    assert donations.gift(pledged).missing == 100


def test_reverts_when_received_before(donations: Contract, received: int, charity: Key) -> None:
    with reverts("GiftWrongStatus", gift=received, status=GiftStatus.RECEIVED):
        donations.receiveGift(count(received), sender=charity)


def test_reverts_when_unknown(donations: Contract, charity: Key) -> None:
    with reverts("UnknownGift", gift=5):
        donations.receiveGift(count(5), sender=charity)


def test_reverts_when_perishable_goods_have_expired(
    donations: Contract, chain: RevmChain, donor: Key, charity: Key
) -> None:
    terms = pledge(chain.now(), material=KIT)
    gift = donations.pledge(terms, sender=donor).event("GiftPledged").args.gift
    with reverts("ExpiryInPast", expiry=chain.now()):
        donations.receiveGift(count(gift, expiry=chain.now()), sender=charity)
    assert donations.gift(gift).status == GiftStatus.PLEDGED
