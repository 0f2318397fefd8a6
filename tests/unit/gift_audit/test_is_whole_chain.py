"""firstHeadOf, isWholeChain, and the same with `aidline.gifts` from events.

given all corrections, in order: true
given one left out, changed, added, or in another order: false
when the gift is unknown: reverts
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.gifts import Correction, head_after, is_whole_chain
from aidline.signing import Key
from tests.support.gifts import pledge
from tests.support.people import word
from tests.support.reverts import reverts


@pytest.fixture
def told(donations: Contract, donor: Key, auditor: Key) -> list[Any]:
    """The events of a gift of which two declarations were corrected."""
    terms = pledge(donations.chain.now())
    receipts = [donations.pledge(terms, sender=donor)]
    for field, value in (("origin", word("Foshan")), ("unit_value", (300).to_bytes(32, "big"))):
        receipts.append(donations.correct(1, word(field), value, word("typing"), sender=donor))
    return [event for receipt in receipts for event in receipt.events]


def corrections(told: list[Any]) -> list[Correction]:
    return [
        Correction(event.args.author, event.args.field, event.args.value, event.args.reason)
        for event in told
        if event.name == "DeclarationCorrected"
    ]


def test_the_events_lead_to_the_head(
    audit: Contract, donations: Contract, told: list[Any], donor: Key
) -> None:
    first = audit.firstHeadOf(1, donor.address, told[0].args.terms)
    chain = corrections(told)
    assert audit.isWholeChain(1, first, chain)
    assert head_after(first, chain) == donations.headOf(1)
    assert is_whole_chain(audit, donations, told, 1)


def test_what_is_left_out_or_changed_shows(
    audit: Contract, donations: Contract, told: list[Any], donor: Key
) -> None:
    first = audit.firstHeadOf(1, donor.address, told[0].args.terms)
    one, two = corrections(told)
    changed = Correction(one.author, one.field, word("Wuhan"), one.reason)
    for wrong in ([], [one], [two], [two, one], [changed, two], [one, two, two]):
        assert not audit.isWholeChain(1, first, wrong)
    assert not audit.isWholeChain(1, bytes(32), [one, two])
    for missing in range(len(told)):
        assert not is_whole_chain(audit, donations, told[:missing] + told[missing + 1 :], 1)


def test_reverts_when_the_gift_is_unknown(audit: Contract) -> None:
    with reverts("UnknownGift", gift=4):
        audit.isWholeChain(4, bytes(32), [])
