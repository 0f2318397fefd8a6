"""claim: a gift of somebody who stays unnamed.

when the gift has no commitment, nothing was received, or it was claimed: reverts
when the caller or the salt is another: reverts
otherwise: the certificate is the caller's, and the caller speaks for the gift
"""

from __future__ import annotations

import base64
import json

import pytest

from aidline.client import Contract, RevmChain
from aidline.keccak import keccak
from aidline.messages import MoneyGiftOrder
from aidline.model import EarmarkKind
from aidline.signing import Key
from tests.support.gifts import count, permit_of, pledge
from tests.support.people import domain_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, UNIT

SALT = keccak(b"salt")


def commitment(donations: Contract, claimer: Key) -> bytes:
    text = donations.chain.chain_id().to_bytes(32, "big")
    for account in (donations.address, claimer.address):
        text += bytes.fromhex(account[2:]).rjust(32, b"\0")
    return keccak(text + SALT)


@pytest.fixture
def unnamed(donations: Contract, chain: RevmChain, donor: Key, stranger: Key) -> int:
    """A pledge that the donor brings for the stranger."""
    terms = pledge(chain.now(), commitment=commitment(donations, stranger))
    receipt = donations.pledge(terms, sender=donor)
    committed = receipt.event("GiftCommitted").args
    assert committed.commitment == commitment(donations, stranger)
    gift: int = committed.gift
    return gift


def test_the_certificate_appears_on_the_claim(
    donations: Contract, unnamed: int, donor: Key, charity: Key, stranger: Key
) -> None:
    received = donations.receiveGift(count(unnamed), sender=charity)
    assert not [event for event in received.events if event.name == "Locked"]
    assert donations.balanceOf(donor.address) == 0
    with reverts("ERC721NonexistentToken", token_id=unnamed):
        donations.ownerOf(unnamed)
    assert donations.giverOf(unnamed) == donor.address

    receipt = donations.claim(unnamed, SALT, sender=stranger)

    assert receipt.event("GiftClaimed").args.claimer == stranger.address
    assert receipt.event("Locked").args.token_id == unnamed
    assert donations.ownerOf(unnamed) == stranger.address
    assert donations.balanceOf(stranger.address) == 1
    assert donations.giverOf(unnamed) == stranger.address
    text = donations.tokenURI(unnamed).split(",", 1)[1]
    shown = json.loads(base64.b64decode(text))["gift"]
    assert (shown["donor"], shown["unnamed"]) == (stranger.address, True)


def test_money_may_be_given_unnamed_through_a_charity(
    donations: Contract,
    fund: Contract,
    currency: Contract,
    chain: RevmChain,
    charity: Key,
    stranger: Key,
) -> None:
    order = MoneyGiftOrder(
        donor=charity.address,
        amount=UNIT,
        earmark_kind=EarmarkKind.REGION,
        earmark_scope=word("CN-HB"),
        commitment=commitment(donations, stranger),
        nonce=0,
        deadline=chain.now() + DAY,
    )
    gift = {
        "order": order,
        "signature": order.sign(charity, domain_of(donations)),
        "permit": permit_of(currency, charity, fund.address, UNIT),
    }
    donations.giveMoneyFor([gift], sender=stranger)
    assert donations.balanceOf(charity.address) == 0
    before = currency.balanceOf(stranger.address)
    donations.claim(1, SALT, sender=stranger)
    assert donations.ownerOf(1) == stranger.address
    with reverts("NotGiver", gift=1, caller=charity):
        donations.takeBackMoney(1, sender=charity)
    donations.takeBackMoney(1, sender=stranger)
    assert currency.balanceOf(stranger.address) == before + UNIT


def test_reverts_for_another_caller_or_salt(
    donations: Contract, unnamed: int, donor: Key, charity: Key, stranger: Key
) -> None:
    donations.receiveGift(count(unnamed), sender=charity)
    with reverts("WrongClaim", gift=unnamed, caller=donor):
        donations.claim(unnamed, SALT, sender=donor)
    with reverts("WrongClaim", gift=unnamed, caller=stranger):
        donations.claim(unnamed, bytes(32), sender=stranger)
    donations.claim(unnamed, SALT, sender=stranger)
    with reverts("AlreadyClaimed", gift=unnamed):
        donations.claim(unnamed, SALT, sender=stranger)


def test_reverts_before_something_was_received(
    donations: Contract, unnamed: int, charity: Key, stranger: Key
) -> None:
    with reverts("NothingReceived", gift=unnamed):
        donations.claim(unnamed, SALT, sender=stranger)
    donations.receiveGift(count(unnamed, accepted=0, refused=1_960), sender=charity)
    with reverts("NothingReceived", gift=unnamed):
        donations.claim(unnamed, SALT, sender=stranger)


def test_reverts_when_the_donor_is_named(donations: Contract, received: int, stranger: Key) -> None:
    with reverts("NotUnnamed", gift=received):
        donations.claim(received, SALT, sender=stranger)
