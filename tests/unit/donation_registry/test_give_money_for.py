"""giveMoneyFor: many donors' signed orders in one transaction, all or nothing.

when there is no order, one is signed by another, used, late, or of another chain: reverts
otherwise: each donor has given, whoever submits
    given a commitment: no certificate yet
"""

from __future__ import annotations

from typing import Any

from aidline.client import Contract, RevmChain
from aidline.messages import MoneyGiftOrder
from aidline.model import EarmarkKind, Role
from aidline.signing import Key
from tests.support.gifts import NO_PERMIT, permit_of
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, UNIT


def order(donations: Contract, donor: Key, **changes: Any) -> MoneyGiftOrder:
    fields: dict[str, Any] = {
        "donor": donor.address,
        "amount": 10 * UNIT,
        "earmark_kind": EarmarkKind.REGION,
        "earmark_scope": word("CN-HB"),
        "commitment": bytes(32),
        "nonce": donations.nonces(donor.address),
        "deadline": donations.chain.now() + DAY,
    }
    return MoneyGiftOrder(**(fields | changes))


def signed(
    donations: Contract, fund: Contract, currency: Contract, donor: Key, **changes: Any
) -> dict[str, Any]:
    message = order(donations, donor, **changes)
    return {
        "order": message,
        "signature": message.sign(donor, domain_of(donations)),
        "permit": permit_of(currency, donor, fund.address, message.amount),
    }


def test_gives_for_each_donor(
    donations: Contract,
    fund: Contract,
    currency: Contract,
    donor: Key,
    second_donor: Key,
    stranger: Key,
) -> None:
    gifts = [
        signed(donations, fund, currency, donor),
        signed(donations, fund, currency, second_donor, amount=5 * UNIT),
    ]

    receipt = donations.giveMoneyFor(gifts, sender=stranger)

    given = [event.args for event in receipt.events if event.name == "MoneyGiven"]
    assert [(one.donor, one.amount) for one in given] == [
        (donor.address, 10 * UNIT),
        (second_donor.address, 5 * UNIT),
    ]
    assert [donations.ownerOf(one.gift) for one in given] == [donor.address, second_donor.address]
    assert currency.balanceOf(fund.address) == 15 * UNIT
    assert donations.nonces(donor.address) == 1


def test_an_order_is_good_once(
    donations: Contract, fund: Contract, currency: Contract, donor: Key, stranger: Key
) -> None:
    gift = signed(donations, fund, currency, donor)
    donations.giveMoneyFor([gift], sender=stranger)
    with reverts("InvalidAccountNonce", account=donor, current_nonce=1):
        donations.giveMoneyFor([gift], sender=stranger)
    assert donations.giftCount() == 1


def test_reverts_when_an_order_is_not_the_donors(
    donations: Contract, fund: Contract, currency: Contract, donor: Key, stranger: Key
) -> None:
    good = signed(donations, fund, currency, donor)
    message = order(donations, donor, nonce=1)
    forged = {
        "order": message,
        "signature": message.sign(stranger, domain_of(donations)),
        "permit": NO_PERMIT,
    }
    with reverts("BadSignature", signer=donor):
        donations.giveMoneyFor([good, forged], sender=stranger)
    elsewhere = {
        "order": good["order"],
        "signature": good["order"].sign(donor, domain_of(donations, chain_id=5)),
        "permit": NO_PERMIT,
    }
    with reverts("BadSignature", signer=donor):
        donations.giveMoneyFor([elsewhere], sender=stranger)
    assert donations.giftCount() == 0
    assert currency.balanceOf(fund.address) == 0


def test_reverts_when_late_or_empty(
    donations: Contract,
    fund: Contract,
    currency: Contract,
    chain: RevmChain,
    donor: Key,
    stranger: Key,
) -> None:
    gift = signed(donations, fund, currency, donor)
    chain.set_time(gift["order"].deadline + 1)
    with reverts("SignatureExpired", deadline=gift["order"].deadline):
        donations.giveMoneyFor([gift], sender=stranger)
    with reverts("NoOrders"):
        donations.giveMoneyFor([], sender=stranger)


def test_reverts_when_who_signed_is_no_donor(
    donations: Contract, fund: Contract, currency: Contract, stranger: Key
) -> None:
    hospital = key_of("hospital")
    with reverts("NotActive", account=hospital, role=Role.DONOR):
        donations.giveMoneyFor([signed(donations, fund, currency, hospital)], sender=stranger)
