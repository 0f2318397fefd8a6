"""authorise, end, and what is read.

authorise
    when a region is no province, the time cannot be, or the deadline is over: reverts
    when the coordinator or the lead is not active in its role: reverts
    when a signature is missing or another's: reverts
    when it was recorded already, or another agreement about the corridor holds: reverts
    otherwise: the lead leads from its start to its end, at its tariff
end
    when the caller is neither the lead nor a coordinator, or it is over: reverts
    otherwise: nobody leads, and another agreement can be made
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.signing import Key
from tests.support.corridors import agreement, authorise
from tests.support.network import NOBODY
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, START, UNIT, Suite

FROM, TO = word("CN-GD"), word("CN-HB")


@pytest.fixture
def corridors(suite: Suite) -> Contract:
    return suite.corridors


def test_a_lead_leads_for_its_time(
    suite: Suite, corridors: Contract, chain: RevmChain, carrier: Key
) -> None:
    """NET-33."""
    terms = agreement(carrier, start=START + DAY)
    told = authorise(suite, carrier, start=START + DAY).event("LeadAuthorised").args
    assert told.agreement == corridors.hashAgreement(terms) == terms.struct_hash()
    assert (told.lead, told.coordinator) == (carrier.address, key_of("coordinator").address)
    assert corridors.agreementOf(FROM, TO) == told.agreement
    assert corridors.agreement(told.agreement).per_unit == 2

    assert corridors.leadOf(FROM, TO) == NOBODY
    chain.set_time(START + DAY)
    assert corridors.leadOf(FROM, TO) == carrier.address
    assert corridors.leadOf(TO, FROM) == NOBODY
    chain.set_time(START + 30 * DAY)
    assert corridors.leadOf(FROM, TO) == NOBODY


@pytest.mark.parametrize("name", ["carrier", "solver"])
def test_a_carrier_or_a_platform_leads(suite: Suite, corridors: Contract, name: str) -> None:
    authorise(suite, key_of(name))
    assert corridors.leadOf(FROM, TO) == key_of(name).address


@pytest.mark.parametrize("caller", ["coordinator", "carrier"])
def test_who_calls_need_not_sign_for_itself(
    suite: Suite, corridors: Contract, carrier: Key, coordinator: Key, caller: str
) -> None:
    """NET-33."""
    terms, domain = agreement(carrier), domain_of(corridors)
    signatures = {
        "coordinator": terms.sign(coordinator, domain),
        "carrier": terms.sign(carrier, domain),
    }
    signatures[caller] = b""
    corridors.authorise(terms, *signatures.values(), sender=key_of(caller))
    assert corridors.leadOf(FROM, TO) == carrier.address


@pytest.mark.parametrize("missing", ["coordinator", "carrier"])
def test_reverts_without_a_signature(
    corridors: Contract, carrier: Key, coordinator: Key, missing: str
) -> None:
    """NET-33."""
    terms, domain = agreement(carrier), domain_of(corridors)
    signatures = {
        "coordinator": terms.sign(coordinator, domain),
        "carrier": terms.sign(carrier, domain),
    }
    signatures[missing] = terms.sign(key_of("stranger"), domain)
    with reverts("BadSignature", signer=key_of(missing)):
        corridors.authorise(terms, *signatures.values(), sender=key_of("stranger"))


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("NotAProvince", {"from_": word("CN")}),
        ("NotAProvince", {"to": word("CN-420100")}),
        ("UnknownRegion", {"to": word("CN-XX")}),
        ("Expired", {"deadline": START - 1}),
        ("BadTerm", {"end": START}),
        ("BadTerm", {"start": START + 2 * DAY, "end": START + 2 * DAY}),
        ("BadTerm", {"end": START + 366 * DAY + 1}),
        ("NotActive", {"coordinator": key_of("auditor").address}),
    ],
)
def test_reverts_when_the_agreement_cannot_be(
    suite: Suite, carrier: Key, error: str, changes: dict[str, Any]
) -> None:
    """NET-33."""
    with reverts(error):
        authorise(suite, carrier, **changes)


def test_reverts_when_the_lead_is_no_carrier_or_solver(suite: Suite, charity: Key) -> None:
    with reverts("NotLead", account=charity):
        authorise(suite, charity)


def test_reverts_while_another_holds(suite: Suite, carrier: Key, solver: Key) -> None:
    """NET-33: also one that is still to begin."""
    first = authorise(suite, carrier, start=START + DAY).event("LeadAuthorised").args.agreement
    with reverts("CorridorTaken", agreement=first, end=START + 30 * DAY):
        authorise(suite, solver, salt=word("agreement 2"))
    authorise(suite, solver, from_=TO, to=FROM)


def test_another_follows_when_it_is_over(
    suite: Suite, corridors: Contract, chain: RevmChain, carrier: Key, solver: Key
) -> None:
    authorise(suite, carrier, end=START + DAY)
    chain.set_time(START + DAY)
    authorise(suite, solver, end=START + 2 * DAY, salt=word("agreement 2"))
    assert corridors.leadOf(FROM, TO) == solver.address


def test_a_suspended_lead_leads_nothing(
    suite: Suite, corridors: Contract, carrier: Key, suspender: Key
) -> None:
    """NET-33."""
    authorise(suite, carrier)
    suite.registry.suspend(carrier.address, word("test"), sender=suspender)
    assert corridors.leadOf(FROM, TO) == NOBODY


def test_the_tariff_says_what_freight_may_be(
    suite: Suite, corridors: Contract, carrier: Key
) -> None:
    """NET-35: per load, unit and kilometre begun."""
    known = authorise(suite, carrier).event("LeadAuthorised").args.agreement
    assert corridors.freightOf(known, 1_000, 850_001) == 100 * UNIT + 2_000 + 851 * UNIT


@pytest.mark.parametrize("name", ["carrier", "coordinator"])
def test_lead_and_coordinators_end_it(
    suite: Suite, corridors: Contract, carrier: Key, solver: Key, chain: RevmChain, name: str
) -> None:
    """NET-33."""
    known = authorise(suite, carrier).event("LeadAuthorised").args.agreement
    chain.set_time(START + 60)
    ended = corridors.end(known, sender=key_of(name)).event("LeadEnded").args
    assert (ended.agreement, ended.by) == (known, key_of(name).address)
    assert corridors.leadOf(FROM, TO) == NOBODY
    assert corridors.agreement(known).end == START + 60
    with reverts("Ended", agreement=known):
        corridors.end(known, sender=key_of(name))
    with reverts("AgreementUsed", agreement=known):
        authorise(suite, carrier)
    authorise(suite, solver)


def test_reverts_when_a_stranger_ends_it(suite: Suite, corridors: Contract, carrier: Key) -> None:
    known = authorise(suite, carrier).event("LeadAuthorised").args.agreement
    with reverts("NotParty", agreement=known, caller=key_of("solver")):
        corridors.end(known, sender=key_of("solver"))


def test_reading_an_unknown_agreement_reverts(corridors: Contract) -> None:
    with reverts("UnknownAgreement", agreement=word("none")):
        corridors.agreement(word("none"))
    with reverts("UnknownAgreement", agreement=word("none")):
        corridors.freightOf(word("none"), 1, 1)
    assert corridors.agreementOf(FROM, TO) == bytes(32)
    assert corridors.leadOf(FROM, TO) == NOBODY
