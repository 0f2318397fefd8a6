"""Attestations in DemandBook: `attest`, `attestBySignature`, and what counts (INV-DEM-1).

attest
├── given a demand that is unknown, or has ended and owes no audit: refused
├── given other content than the demand has now: refused
├── given a validity that is over, or longer than thirty days: refused
├── when the auditor is not active, or audits elsewhere: refused
├── given an attestation of the same auditor, of its organisation, or two already: refused
├── given the first: the demand counts under its level, CRITICAL as HIGH, above the cap not at all
├── given the second, of another organisation: it counts as it is
└── each ends by itself: the other stays, and without one the demand counts no longer
attestBySignature
├── given a signature of somebody else, over other content, for another chain, contract or
│   demand, or after its deadline: refused
├── given one that was used: refused, also once it is over or facts have changed
└── else the same, whoever submits it
refresh
└── when the recipient is suspended, the demand counts no longer; reinstated, it does again
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aidline.client import Contract
from aidline.model import DemandStatus, EarmarkKind, Level
from aidline.signing import Domain, Key
from tests.support.demand import EMERGENCY, PLAN, Attestation, Desk, earmark
from tests.support.people import domain_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT


@pytest.fixture(autouse=True)
def declared(desk: Desk, hospital: Key) -> None:
    desk.declare(hospital)


@pytest.fixture
def critical(desk: Desk, hospital: Key) -> int:
    return desk.publish(hospital, stock=0)


@pytest.fixture
def calm(desk: Desk, hospital: Key) -> int:
    return desk.publish(hospital)


# --- what counts -----------------------------------------------------------------------------


def test_counts_in_every_scope_once_attested(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key
) -> None:
    needs.openFastPath(PLAN, word("CN-HB"), 1, desk.now + DAY, sender=EMERGENCY)
    demand = desk.publish(hospital, stock=200, emergency=PLAN)
    receipt = needs.attest(demand, needs.contentOf(demand), desk.now + DAY, sender=auditor)
    attested = receipt.event("DemandAttested").args
    assert (attested.demand, attested.auditor, attested.version) == (demand, auditor.address, 0)
    assert receipt.event("DemandCounted").args.counted == Level.HIGH
    for mark in (
        earmark(EarmarkKind.NONE),
        earmark(EarmarkKind.REGION, "CN-HB"),
        earmark(EarmarkKind.FACILITY, "hospital"),
        earmark(EarmarkKind.EMERGENCY, PLAN),
    ):
        assert desk.open_units(mark) == (0, 0, 1_000, 0)
    for mark in (
        earmark(EarmarkKind.REGION, "CN-GD"),
        earmark(EarmarkKind.FACILITY, "second_hospital"),
        earmark(EarmarkKind.EMERGENCY, "other"),
    ):
        assert desk.open_units(mark) == (0, 0, 0, 0)
    assert desk.open_units(material=KIT) == (0, 0, 0, 0)


def test_critical_needs_two_of_different_organisations(
    desk: Desk, needs: Contract, critical: int, auditor: Key, second_auditor: Key
) -> None:
    desk.attest(critical, auditor)
    assert needs.demand(critical).level == Level.CRITICAL
    assert desk.open_units() == (0, 0, 1_000, 0)
    desk.attest(critical, second_auditor)
    assert desk.open_units() == (0, 0, 0, 1_000)
    record = needs.demand(critical)
    assert (record.first_auditor, record.second_auditor) == (
        auditor.address,
        second_auditor.address,
    )


def test_above_the_cap_it_counts_with_the_second_only(
    desk: Desk, hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    demand = desk.publish(hospital, material=KIT, units=5_001)
    desk.attest(demand, auditor)
    assert desk.open_units(material=KIT) == (0, 0, 0, 0)
    desk.attest(demand, second_auditor)
    assert desk.open_units(material=KIT) == (5_001, 0, 0, 0)


@pytest.mark.parametrize("shorter", ["first", "second"])
def test_each_attestation_ends_by_itself(
    desk: Desk,
    needs: Contract,
    critical: int,
    auditor: Key,
    second_auditor: Key,
    third_auditor: Key,
    stranger: Key,
    shorter: str,
) -> None:
    first, second = (DAY, 2 * DAY) if shorter == "first" else (2 * DAY, DAY)
    desk.attest(critical, auditor, valid=first)
    desk.attest(critical, second_auditor, valid=second)
    desk.wait(DAY - 1)
    needs.refresh(critical, sender=stranger)
    assert desk.open_units() == (0, 0, 0, 1_000)
    desk.wait(1)
    lapsed = needs.refresh(critical, sender=stranger).event("AttestationLapsed").args
    assert lapsed.auditor == (auditor if shorter == "first" else second_auditor).address
    assert desk.open_units() == (0, 0, 1_000, 0)
    record = needs.demand(critical)
    left = second_auditor if shorter == "first" else auditor
    assert (record.first_auditor, record.first_until) == (left.address, desk.now + DAY)
    assert (record.second_auditor, record.version) == ("0x" + "00" * 20, 0)
    desk.attest(critical, third_auditor)
    assert desk.open_units() == (0, 0, 0, 1_000)
    desk.wait(DAY)
    needs.refresh(critical, sender=stranger)
    assert needs.demand(critical).first_auditor == third_auditor.address
    assert desk.open_units() == (0, 0, 1_000, 0)


def test_both_end_at_once_when_nobody_looked(
    desk: Desk, needs: Contract, critical: int, auditor: Key, second_auditor: Key, stranger: Key
) -> None:
    desk.attest(critical, auditor, valid=DAY)
    desk.attest(critical, second_auditor, valid=2 * DAY)
    desk.wait(2 * DAY)
    receipt = needs.refresh(critical, sender=stranger)
    assert [e.args.auditor for e in receipt.events if e.name == "AttestationLapsed"] == [
        second_auditor.address,
        auditor.address,
    ]
    assert desk.open_units() == (0, 0, 0, 0)
    desk.attest(critical, auditor)
    assert desk.open_units() == (0, 0, 1_000, 0)


def test_can_be_attested_anew_without_a_refresh(
    desk: Desk, needs: Contract, calm: int, auditor: Key
) -> None:
    desk.attest(calm, auditor, valid=DAY)
    desk.wait(DAY)
    desk.attest(calm, auditor, valid=DAY)
    assert needs.demand(calm).first_until == desk.now + DAY
    assert desk.open_units() == (1_000, 0, 0, 0)


def test_a_suspended_recipients_demand_does_not_count(
    desk: Desk,
    needs: Contract,
    calm: int,
    hospital: Key,
    auditor: Key,
    stranger: Key,
    reinstater: Key,
    suspend: Callable[[Key], None],
) -> None:
    desk.attest(calm, auditor)
    suspend(hospital)
    needs.refresh(calm, sender=stranger)
    assert desk.open_units() == (0, 0, 0, 0)
    desk.suite.registry.reinstate(hospital.address, sender=reinstater)
    needs.refresh(calm, sender=stranger)
    assert desk.open_units() == (1_000, 0, 0, 0)


# --- refusals --------------------------------------------------------------------------------


def test_reverts_on_a_demand_that_has_ended(
    desk: Desk, needs: Contract, calm: int, hospital: Key, auditor: Key
) -> None:
    content = needs.contentOf(calm)
    needs.withdrawDemand(calm, sender=hospital)
    with reverts("DemandNotOpen", demand=calm, status=DemandStatus.WITHDRAWN):
        needs.attest(calm, content, desk.now + DAY, sender=auditor)
    with reverts("UnknownDemand", demand=9):
        needs.attest(9, content, desk.now + DAY, sender=auditor)


def test_reverts_when_the_content_has_changed(
    desk: Desk, needs: Contract, calm: int, hospital: Key, auditor: Key
) -> None:
    seen = needs.contentOf(calm)
    desk.declare(hospital, 101)
    with reverts("ContentChanged", demand=calm, expected=needs.contentOf(calm), given=seen):
        needs.attest(calm, seen, desk.now + DAY, sender=auditor)
    seen = needs.contentOf(calm)
    needs.updateFacts(calm, 3_000, 100, sender=hospital)
    with reverts("ContentChanged", demand=calm, given=seen):
        needs.attest(calm, seen, desk.now + DAY, sender=auditor)


def test_reverts_on_a_validity_that_is_over_or_too_long(
    desk: Desk, calm: int, auditor: Key
) -> None:
    with reverts("BadValidity", valid_until=desk.now):
        desk.attest(calm, auditor, valid=0)
    with reverts("BadValidity", valid_until=desk.now + 30 * DAY + 1):
        desk.attest(calm, auditor, valid=30 * DAY + 1)
    desk.attest(calm, auditor, valid=30 * DAY)


def test_reverts_when_the_auditor_may_not_audit_it(
    desk: Desk,
    calm: int,
    county_hospital: Key,
    third_auditor: Key,
    auditor: Key,
    solver: Key,
    suspend: Callable[[Key], None],
) -> None:
    desk.declare(county_hospital)
    elsewhere = desk.publish(county_hospital)
    with reverts("OutsideAuditorsRegion", auditor=third_auditor, region=word("CN-420200")):
        desk.attest(elsewhere, third_auditor)
    suspend(auditor)
    for caller in (auditor, solver):
        with reverts("NotActive", account=caller):
            desk.attest(calm, caller)


def test_reverts_when_attested_twice_or_by_a_third(
    desk: Desk,
    critical: int,
    auditor: Key,
    second_auditor: Key,
    third_auditor: Key,
) -> None:
    desk.attest(critical, auditor)
    with reverts("AlreadyAttested", demand=critical, auditor=auditor):
        desk.attest(critical, auditor)
    desk.attest(critical, second_auditor)
    with reverts("AlreadyAttested", demand=critical, auditor=second_auditor):
        desk.attest(critical, second_auditor)
    with reverts("FullyAttested", demand=critical):
        desk.attest(critical, third_auditor)


# --- attestBySignature -----------------------------------------------------------------------


def message(desk: Desk, demand: int, auditor: Key, valid: int = 7 * DAY) -> Attestation:
    return Attestation(
        auditor=auditor.address,
        demand=demand,
        content=desk.needs.contentOf(demand),
        valid_until=desk.now + valid,
        deadline=desk.now + HOUR,
    )


def submit(desk: Desk, signed: Attestation, signer: Key, domain: Domain | None = None) -> None:
    signature = signed.sign(signer, domain or domain_of(desk.needs))
    desk.needs.attestBySignature(signed, signature, sender=key_of_stranger())


def key_of_stranger() -> Key:
    return Key.derive("tests", "stranger")


def test_anyone_submits_a_signed_attestation(
    desk: Desk, needs: Contract, calm: int, auditor: Key
) -> None:
    assert Attestation.type_hash == needs.ATTESTATION_TYPEHASH()
    submit(desk, message(desk, calm, auditor), auditor)
    assert needs.demand(calm).first_auditor == auditor.address
    assert desk.open_units() == (1_000, 0, 0, 0)


def test_reverts_on_a_wrong_signer(
    desk: Desk, calm: int, auditor: Key, second_auditor: Key
) -> None:
    with reverts("BadSignature", signer=auditor):
        submit(desk, message(desk, calm, auditor), second_auditor)


def test_reverts_when_something_else_was_signed(
    desk: Desk, needs: Contract, calm: int, critical: int, auditor: Key, stranger: Key
) -> None:
    signed = message(desk, calm, auditor)
    signature = signed.sign(auditor, domain_of(needs))
    for other in (
        replace(signed, demand=critical, content=needs.contentOf(critical)),
        replace(signed, valid_until=signed.valid_until + 1),
        replace(signed, deadline=signed.deadline + 1),
    ):
        with reverts("BadSignature", signer=auditor):
            needs.attestBySignature(other, signature, sender=stranger)


def test_reverts_on_another_chain_or_contract(
    desk: Desk, needs: Contract, escrow: Contract, calm: int, auditor: Key
) -> None:
    signed = message(desk, calm, auditor)
    elsewhere = Domain(needs.chain.chain_id(), escrow.address, "Aidline DemandBook")
    for domain in (domain_of(needs, chain_id=1), domain_of(escrow), elsewhere):
        with reverts("BadSignature", signer=auditor):
            submit(desk, signed, auditor, domain)


def test_reverts_after_the_deadline(desk: Desk, calm: int, auditor: Key) -> None:
    signed = message(desk, calm, auditor)
    desk.wait(HOUR + 1)
    with reverts("Expired", deadline=signed.deadline):
        submit(desk, signed, auditor)


def test_reverts_when_replayed(desk: Desk, critical: int, auditor: Key) -> None:
    signed = message(desk, critical, auditor, valid=7 * DAY)
    submit(desk, signed, auditor)
    with reverts("AlreadyAttested", demand=critical, auditor=auditor):
        submit(desk, signed, auditor)
    # Signed for long, its own time over.
    late = replace(signed, deadline=desk.now + 30 * DAY)
    desk.wait(7 * DAY)
    with reverts("BadValidity", valid_until=late.valid_until):
        submit(desk, late, auditor)


def test_one_that_was_kept_back_is_not_good_for_new_facts(
    desk: Desk, needs: Contract, calm: int, hospital: Key, auditor: Key
) -> None:
    signed = message(desk, calm, auditor)
    needs.updateFacts(calm, 3_000, 100, sender=hospital)
    with reverts("ContentChanged", demand=calm):
        submit(desk, signed, auditor)
