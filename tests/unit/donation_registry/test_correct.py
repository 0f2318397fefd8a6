"""correct.

when the gift is unknown, withdrawn or in money: reverts
when the caller is neither the donor nor an active auditor of the donor's region: reverts
when there is no reason: reverts
when the field is no declaration, the value does not fit it, or is the same: reverts
otherwise: a version is added, whose head names the one before
    given several: the heads can be recomputed from the events alone
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.client.abi import codec
from aidline.keccak import keccak
from aidline.model import GiftStatus
from aidline.signing import Key
from tests.support.people import key_of, word
from tests.support.reverts import reverts

REASON = word("typing error")


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def head_after(event: object) -> bytes:
    """Return the head that a correction must give, from its event."""
    kinds = ("bytes32", "uint32", "address", "bytes32", "bytes32", "bytes32")
    names = ("predecessor", "version", "author", "field", "value", "reason")
    encoded = codec(
        {
            "type": "tuple",
            "components": [
                {"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)
            ],
        }
    ).encode([getattr(event, name) for name in names])
    return keccak(encoded)


def test_the_donor_corrects_a_value(donations: Contract, pledged: int, donor: Key) -> None:
    before = donations.gift(pledged).head

    receipt = donations.correct(pledged, word("unit_value"), number(230), REASON, sender=donor)

    event = receipt.event("DeclarationCorrected").args
    assert (event.gift, event.version, event.author) == (pledged, 1, donor.address)
    assert (event.field, event.value) == (word("unit_value"), number(230))
    assert (event.reason, event.predecessor) == (REASON, before)
    assert event.head == head_after(event)
    gift = donations.gift(pledged)
    assert (gift.unit_value, gift.version, gift.head) == (230, 1, event.head)


def test_the_heads_of_several_corrections_follow_from_the_events(
    donations: Contract, received: int, donor: Key, fourth_auditor: Key
) -> None:
    head = donations.gift(received).head
    for author, field, value in (
        (donor, "value_currency", word("USD")),
        (fourth_auditor, "unit_value", number(35)),
        (donor, "origin", word("Shenzhen")),
    ):
        receipt = donations.correct(received, word(field), value, REASON, sender=author)
        event = receipt.event("DeclarationCorrected").args
        assert event.predecessor == head
        head = head_after(event)
    gift = donations.gift(received)
    assert (gift.head, gift.version) == (head, 3)
    assert (gift.value_currency, gift.unit_value) == (b"USD", 35)


def test_what_was_counted_stays(donations: Contract, received: int, donor: Key) -> None:
    before = donations.gift(received)
    for field in ("accepted", "pledged", "donor", "earmark", "amount", ""):
        with reverts("NotADeclaration", field=word(field)):
            donations.correct(received, word(field), number(1), REASON, sender=donor)
    assert donations.gift(received) == before


@pytest.mark.parametrize("name", ["stranger", "charity", "second_donor", "auditor"])
def test_reverts_when_the_caller_is_no_author(donations: Contract, pledged: int, name: str) -> None:
    caller = key_of(name)
    with reverts("NotAuthor", gift=pledged, caller=caller):
        donations.correct(pledged, word("unit_value"), number(1), REASON, sender=caller)


def test_reverts_when_the_auditor_is_suspended(
    donations: Contract, pledged: int, fourth_auditor: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(fourth_auditor)
    with reverts("NotAuthor", gift=pledged, caller=fourth_auditor):
        donations.correct(pledged, word("unit_value"), number(1), REASON, sender=fourth_auditor)


def test_reverts_without_a_reason(donations: Contract, pledged: int, donor: Key) -> None:
    with reverts("NoReason", gift=pledged):
        donations.correct(pledged, word("unit_value"), number(1), bytes(32), sender=donor)


def test_reverts_when_the_value_is_the_same(donations: Contract, pledged: int, donor: Key) -> None:
    for field, value in (("unit_value", number(250)), ("value_currency", word("CNY"))):
        with reverts("SameValue", field=word(field)):
            donations.correct(pledged, word(field), value, REASON, sender=donor)


def test_reverts_when_the_value_does_not_fit(donations: Contract, pledged: int, donor: Key) -> None:
    for field, value in (("unit_value", number(2**64)), ("value_currency", word("EURO"))):
        with reverts("BadValue", field=word(field), value=value):
            donations.correct(pledged, word(field), value, REASON, sender=donor)
    with reverts("BadCurrencyCode", code=b"eur"):
        donations.correct(pledged, word("value_currency"), word("eur"), REASON, sender=donor)


def test_reverts_when_withdrawn(donations: Contract, pledged: int, donor: Key) -> None:
    donations.withdrawPledge(pledged, sender=donor)
    with reverts("GiftWrongStatus", gift=pledged, status=GiftStatus.WITHDRAWN):
        donations.correct(pledged, word("unit_value"), number(1), REASON, sender=donor)


def test_reverts_for_money(donations: Contract, money: int, donor: Key) -> None:
    with reverts("NotADeclaration", field=word("unit_value")):
        donations.correct(money, word("unit_value"), number(1), REASON, sender=donor)


def test_reverts_when_unknown(donations: Contract, donor: Key) -> None:
    with reverts("UnknownGift", gift=1):
        donations.correct(1, word("unit_value"), number(1), REASON, sender=donor)
