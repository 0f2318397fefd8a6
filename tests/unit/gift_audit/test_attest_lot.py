"""attestLot.

when lot, head, verdict, nonce, signature or deadline are not good: reverts
when the auditor is none, of another region, or of an organisation that gave or counted: reverts
otherwise: the word stands with the gift, and in its certificate
    given a later word: it replaces the earlier, whose event stays
    given a later correction: the word is outdated
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.messages import LotAttestation
from aidline.model import Verdict
from aidline.signing import Key
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts

Words = Callable[..., LotAttestation]


def submit(audit: Contract, said: LotAttestation, auditor: str = "auditor") -> Any:
    signature = said.sign(key_of(auditor), domain_of(audit))
    return audit.attestLot(said, signature, sender=key_of("stranger"))


def shown(donations: Contract, gift: int) -> dict[str, Any]:
    text = donations.tokenURI(gift).split(",", 1)[1]
    mark: dict[str, Any] = json.loads(base64.b64decode(text))["attestation"]
    return mark


def test_marks_the_gift(
    audit: Contract, donations: Contract, received: int, word_of: Words, auditor: Key
) -> None:
    receipt = submit(audit, word_of(received))

    event = receipt.event("LotAttested").args
    assert (event.gift, event.lot) == (received, donations.gift(received).lot)
    assert (event.auditor, event.verdict) == (auditor.address, Verdict.ATTESTED)
    assert (event.version, event.evidence) == (0, word("report 1"))
    kept = audit.attestationOf(received)
    assert (kept.auditor, kept.at) == (auditor.address, receipt.timestamp)
    assert (kept.verdict, kept.version) == (Verdict.ATTESTED, 0)
    assert shown(donations, received) == {"state": "attested", "auditor": auditor.address}


def test_a_later_word_replaces_it_and_the_earlier_cannot_come_again(
    audit: Contract, donations: Contract, received: int, word_of: Words
) -> None:
    first = word_of(received)
    submit(audit, first)
    submit(audit, word_of(received, verdict=Verdict.REFUSED))
    assert shown(donations, received)["state"] == "refused"
    with reverts("InvalidAccountNonce", current_nonce=2):
        submit(audit, first)
    submit(audit, word_of(received, "second_auditor"), "second_auditor")
    assert audit.attestationOf(received).auditor == key_of("second_auditor").address


def test_a_correction_makes_it_outdated(
    audit: Contract, donations: Contract, received: int, word_of: Words, donor: Key
) -> None:
    old = word_of(received)
    submit(audit, old)
    donations.correct(received, word("origin"), word("Foshan"), word("typing"), sender=donor)
    assert shown(donations, received)["state"] == "outdated"
    with reverts("OtherHead", gift=received, head=donations.headOf(received)):
        submit(audit, word_of(received, head=old.head))
    submit(audit, word_of(received))
    assert shown(donations, received)["state"] == "attested"


@pytest.mark.parametrize("name", ["donor", "stranger", "charity"])
def test_reverts_when_who_signed_is_no_auditor(
    audit: Contract, received: int, word_of: Words, name: str
) -> None:
    with reverts("NotIndependent", gift=received, auditor=key_of(name)):
        submit(audit, word_of(received, name), name)


def test_reverts_when_another_signed(
    audit: Contract, received: int, word_of: Words, auditor: Key
) -> None:
    with reverts("BadSignature", signer=auditor):
        submit(audit, word_of(received), "second_auditor")
    said = word_of(received)
    signature = said.sign(auditor, domain_of(audit, chain_id=5))
    with reverts("BadSignature", signer=auditor):
        audit.attestLot(said, signature, sender=auditor)
    assert audit.attestationOf(received).verdict == Verdict.NULL


def test_reverts_when_late(
    audit: Contract, chain: RevmChain, received: int, word_of: Words
) -> None:
    said = word_of(received)
    chain.set_time(said.deadline + 1)
    with reverts("SignatureExpired", deadline=said.deadline):
        submit(audit, said)


def test_reverts_without_verdict_or_for_another_lot(
    audit: Contract, received: int, word_of: Words
) -> None:
    with reverts("BadVerdict"):
        submit(audit, word_of(received, verdict=Verdict.NULL))
    for lot in (0, 99):
        with reverts("OtherLot", gift=received, lot=lot):
            submit(audit, word_of(received, lot=lot))
    with reverts("UnknownGift", gift=9):
        submit(audit, replace(word_of(received), gift=9))


def test_reverts_before_receipt(audit: Contract, pledged: int, word_of: Words) -> None:
    with reverts("OtherLot", gift=pledged, lot=0):
        submit(audit, word_of(pledged))
