"""attest, attestBySignature, standingOf (CAR-1 to CAR-4).

when the word is without paper, verdict, document, or has ended: reverts
when it is about somebody who is no carrier: reverts
when the auditor is none, of another region, or of the carrier's organisation: reverts
when the signature is another's, for another chain, late, or was used: reverts
otherwise: the word stands until its end, then the standing is lapsed
    given a later word: it replaces the earlier, whose event stays
    given a word signed before and held back: it cannot replace a later one
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.messages import CarrierAttestation
from aidline.model import Paper, Role, Standing, Verdict, roles_mask
from aidline.signing import Key
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

Words = Callable[..., CarrierAttestation]


def submit(audit: Contract, said: CarrierAttestation, auditor: str = "auditor") -> Any:
    """Submit a signed word; anybody does."""
    signature = said.sign(key_of(auditor), domain_of(audit))
    return audit.attestBySignature(said, signature, sender=key_of("stranger"))


def attest(audit: Contract, said: CarrierAttestation, auditor: Key) -> Any:
    """Give the same word by transaction."""
    return audit.attest(
        said.carrier, said.paper, said.verdict, said.document, said.valid_until, sender=auditor
    )


def standing(audit: Contract, carrier: Key) -> tuple[Standing, Standing]:
    answer = audit.standingOf(carrier.address)
    return answer.licence, answer.tariff


def test_nobody_has_a_standing_before_the_first_word(
    audit: Contract, branch_carrier: Key, stranger: Key
) -> None:
    for account in (branch_carrier, stranger):
        assert standing(audit, account) == (Standing.NONE, Standing.NONE)


@pytest.mark.parametrize("by_signature", [True, False])
@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.ATTESTED, Standing.ATTESTED), (Verdict.REFUSED, Standing.REFUSED)],
)
def test_marks_one_paper_of_the_carrier(
    audit: Contract,
    word_of: Words,
    auditor: Key,
    branch_carrier: Key,
    by_signature: bool,
    verdict: Verdict,
    expected: Standing,
) -> None:
    said = word_of(verdict=verdict)
    receipt = submit(audit, said) if by_signature else attest(audit, said, auditor)

    event = receipt.event("CarrierAttested").args
    assert (event.carrier, event.paper) == (branch_carrier.address, Paper.LICENCE)
    assert (event.auditor, event.verdict) == (auditor.address, verdict)
    assert (event.document, event.valid_until) == (said.document, said.valid_until)
    kept = audit.wordOf(branch_carrier.address, Paper.LICENCE)
    assert (kept.auditor, kept.at) == (auditor.address, receipt.timestamp)
    assert (kept.verdict, kept.document, kept.valid_until) == (
        verdict,
        said.document,
        said.valid_until,
    )
    assert standing(audit, branch_carrier) == (expected, Standing.NONE)
    assert audit.nonces(auditor.address) == 1


def test_lapses_at_its_end(
    audit: Contract, chain: RevmChain, word_of: Words, branch_carrier: Key
) -> None:
    said = word_of(paper=Paper.TARIFF)
    submit(audit, said)
    chain.set_time(said.valid_until - 1)
    assert standing(audit, branch_carrier) == (Standing.NONE, Standing.ATTESTED)
    chain.set_time(said.valid_until)
    assert standing(audit, branch_carrier) == (Standing.NONE, Standing.LAPSED)


def test_a_later_word_replaces_it_whoever_says_it(
    audit: Contract, word_of: Words, second_auditor: Key, branch_carrier: Key
) -> None:
    first = word_of()
    submit(audit, first)
    attest(audit, word_of(verdict=Verdict.REFUSED), second_auditor)
    assert standing(audit, branch_carrier) == (Standing.REFUSED, Standing.NONE)
    with reverts("InvalidAccountNonce", current_nonce=1):
        submit(audit, first)


def test_a_word_that_was_held_back_does_not_replace_a_later_one(
    audit: Contract, word_of: Words, auditor: Key, branch_carrier: Key
) -> None:
    held_back = word_of()
    attest(audit, word_of(verdict=Verdict.REFUSED), auditor)
    with reverts("InvalidAccountNonce", current_nonce=1):
        submit(audit, held_back)
    assert standing(audit, branch_carrier) == (Standing.REFUSED, Standing.NONE)


def test_speaks_of_a_suspended_carrier_too(
    audit: Contract, registry: Contract, word_of: Words, suspender: Key, branch_carrier: Key
) -> None:
    registry.suspend(branch_carrier.address, word("fraud"), sender=suspender)
    submit(audit, word_of(verdict=Verdict.REFUSED))
    assert standing(audit, branch_carrier) == (Standing.REFUSED, Standing.NONE)


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"paper": Paper.NULL}, "BadPaper", {}),
        ({"verdict": Verdict.NULL}, "BadVerdict", {}),
        ({"document": bytes(32)}, "NoDocument", {}),
    ],
)
def test_reverts_when_the_word_is_incomplete(
    audit: Contract,
    word_of: Words,
    auditor: Key,
    changes: dict[str, Any],
    error: str,
    told: dict[str, Any],
) -> None:
    with reverts(error, **told):
        submit(audit, word_of(**changes))
    with reverts(error, **told):
        attest(audit, word_of(**changes), auditor)


def test_reverts_when_it_would_have_ended(audit: Contract, word_of: Words, auditor: Key) -> None:
    now = audit.chain.now()
    with reverts("BadValidity", valid_until=now):
        attest(audit, word_of(valid_until=now), auditor)


@pytest.mark.parametrize("name", ["hospital", "stranger"])
def test_reverts_when_it_is_about_no_carrier(audit: Contract, word_of: Words, name: str) -> None:
    with reverts("NotCarrier", account=key_of(name)):
        submit(audit, word_of(carrier=key_of(name).address))


@pytest.mark.parametrize("name", ["branch_carrier", "stranger", "third_auditor"])
def test_reverts_when_who_speaks_is_no_auditor_of_its_region(
    audit: Contract, word_of: Words, branch_carrier: Key, name: str
) -> None:
    with reverts("NotIndependent", carrier=branch_carrier, auditor=key_of(name)):
        submit(audit, word_of(name), name)
    with reverts("NotIndependent", carrier=branch_carrier, auditor=key_of(name)):
        attest(audit, word_of(name), key_of(name))


def test_reverts_when_the_auditor_is_suspended(
    audit: Contract, registry: Contract, word_of: Words, suspender: Key, branch_carrier: Key
) -> None:
    registry.suspend(key_of("auditor").address, word("fraud"), sender=suspender)
    with reverts("NotIndependent", carrier=branch_carrier, auditor=key_of("auditor")):
        submit(audit, word_of())


def test_reverts_when_the_auditor_is_of_the_carriers_organisation(
    audit: Contract, registry: Contract, word_of: Words, registrar: Key, branch_carrier: Key
) -> None:
    house = key_of("house_auditor")
    said = registration(
        "auditor",
        registry.chain.now() + DAY,
        account=house.address,
        facility=word("house"),
        organisation=word("hubei-roads"),
        roles=roles_mask(Role.AUDITOR),
    )
    registry.register(said, said.sign(house, domain_of(registry)), "", sender=registrar)
    with reverts("NotIndependent", carrier=branch_carrier, auditor=house):
        submit(audit, word_of("house_auditor"), "house_auditor")


def test_reverts_when_another_signed_or_for_another_chain(
    audit: Contract, word_of: Words, auditor: Key, branch_carrier: Key
) -> None:
    with reverts("BadSignature", signer=auditor):
        submit(audit, word_of(), "second_auditor")
    said = word_of()
    with reverts("BadSignature", signer=auditor):
        audit.attestBySignature(
            said, said.sign(auditor, domain_of(audit, chain_id=5)), sender=auditor
        )
    assert standing(audit, branch_carrier) == (Standing.NONE, Standing.NONE)


def test_reverts_when_it_comes_late(audit: Contract, chain: RevmChain, word_of: Words) -> None:
    said = word_of()
    chain.set_time(said.deadline)
    submit(audit, said)
    late = word_of(deadline=said.deadline)
    chain.set_time(late.deadline + 1)
    with reverts("SignatureExpired", deadline=late.deadline):
        submit(audit, late)
