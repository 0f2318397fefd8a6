"""Facilities in DemandBook: `declareFacility`, `attestFacility`.

declareFacility
├── when the caller is not an active recipient, or there are no people in care: refused
└── else the facts stand unattested; what was attested before counts no longer
attestFacility
├── given a facility that was not declared, or is attested already: refused
├── given other facts than the auditor names: refused
├── when the caller is not an active auditor, is of the recipient's organisation, or audits
│   elsewhere: refused
└── else its people count in its region and all regions around it
dropFacility
├── given a facility that is not attested, or whose recipient is active: refused
└── else anyone ends its attestation, and its people count nowhere until it is attested again
"""

from __future__ import annotations

from collections.abc import Callable

from aidline.client import Contract
from aidline.model import Level, Role, roles_mask
from aidline.signing import Key
from tests.support.demand import Desk
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts

REGIONS = ("CN-420100", "CN-HB", "CN")


def people(needs: Contract) -> list[int]:
    return [needs.peopleInCare(word(region)) for region in REGIONS]


def test_declares_facts_that_do_not_count_yet(needs: Contract, hospital: Key) -> None:
    receipt = needs.declareFacility(120, True, sender=hospital)
    declared = receipt.event("FacilityDeclared").args
    assert (declared.recipient, declared.people_in_care) == (hospital.address, 120)
    assert declared.vulnerable
    record = needs.facility(hospital.address)
    assert (record.people_in_care, record.vulnerable) == (120, True)
    assert record.attested_by == "0x" + "00" * 20
    assert people(needs) == [0, 0, 0]


def test_declare_reverts_when_not_a_recipient(
    needs: Contract, charity: Key, stranger: Key, hospital: Key, suspend: Callable[[Key], None]
) -> None:
    suspend(hospital)
    for caller in (charity, stranger, hospital):
        with reverts("NotActive", account=caller):
            needs.declareFacility(120, False, sender=caller)


def test_declare_reverts_without_people(needs: Contract, hospital: Key) -> None:
    with reverts("ZeroPeople"):
        needs.declareFacility(0, False, sender=hospital)


def test_attested_people_count_around_the_facility(
    desk: Desk, needs: Contract, hospital: Key, county_hospital: Key, auditor: Key
) -> None:
    desk.declare(hospital, 120)
    attested = desk.attest_facility(hospital, auditor).event("FacilityAttested")
    assert (attested.args.recipient, attested.args.auditor) == (hospital.address, auditor.address)
    desk.settle(county_hospital, auditor, 30)
    assert people(needs) == [120, 150, 150]
    assert needs.facility(hospital.address).attested_by == auditor.address
    assert needs.facility(county_hospital.address).attestation == 2


def test_new_facts_need_a_new_attestation(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key
) -> None:
    desk.settle(hospital, auditor, 120)
    desk.declare(hospital, 400)
    assert people(needs) == [0, 0, 0]
    desk.attest_facility(hospital, auditor)
    assert people(needs) == [400, 400, 400]


def test_attest_reverts_when_not_declared_or_attested_already(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    with reverts("NotDeclared", recipient=hospital):
        desk.attest_facility(hospital, auditor)
    desk.settle(hospital, auditor)
    with reverts("FacilityAlreadyAttested", recipient=hospital):
        desk.attest_facility(hospital, second_auditor)


def test_attest_reverts_when_declared_anew_meanwhile(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key
) -> None:
    desk.declare(hospital, 120)
    for people_in_care, vulnerable in ((4_000_000_000, False), (120, True)):
        desk.declare(hospital, people_in_care, vulnerable)
        with reverts(
            "FacilityChanged",
            recipient=hospital,
            people_in_care=people_in_care,
            vulnerable=vulnerable,
        ):
            needs.attestFacility(hospital.address, 120, False, sender=auditor)
    assert people(needs) == [0, 0, 0]


def test_attest_reverts_when_not_an_active_auditor(
    desk: Desk,
    needs: Contract,
    hospital: Key,
    second_hospital: Key,
    auditor: Key,
    suspend: Callable[[Key], None],
) -> None:
    desk.declare(hospital)
    suspend(auditor)
    for caller in (second_hospital, hospital, auditor):
        with reverts("NotActive", account=caller):
            desk.attest_facility(hospital, caller)


def test_attest_reverts_outside_the_auditors_region(
    desk: Desk, needs: Contract, county_hospital: Key, third_auditor: Key, fourth_auditor: Key
) -> None:
    desk.declare(county_hospital)
    with reverts("OutsideAuditorsRegion", auditor=third_auditor, region=word("CN-420200")):
        desk.attest_facility(county_hospital, third_auditor)
    desk.attest_facility(county_hospital, fourth_auditor)


def test_attest_reverts_for_ones_own_organisation(
    desk: Desk, needs: Contract, hospital: Key, registrar: Key
) -> None:
    inside = key_of("inside_auditor")
    message = registration(
        "third_auditor",
        desk.now + 60,
        account=inside.address,
        facility=word("inside_auditor"),
        organisation=word("wuhan-central"),
        roles=roles_mask(Role.AUDITOR),
    )
    registry = desk.suite.registry
    signature = message.sign(inside, domain_of(registry))
    registry.register(message, signature, "ipfs://inside", sender=registrar)
    desk.declare(hospital)
    with reverts("SameOrganisation", auditor=inside, other=hospital):
        desk.attest_facility(hospital, inside)
    demand = desk.publish(hospital)
    with reverts("SameOrganisation", auditor=inside, other=hospital):
        desk.attest(demand, inside)


def test_anyone_drops_the_facility_of_a_suspended_recipient(
    desk: Desk,
    needs: Contract,
    hospital: Key,
    county_hospital: Key,
    auditor: Key,
    stranger: Key,
    reinstater: Key,
    suspend: Callable[[Key], None],
) -> None:
    desk.settle(hospital, auditor, 4_000_000_000)
    desk.settle(county_hospital, auditor, 30)
    suspend(hospital)
    dropped = needs.dropFacility(hospital.address, sender=stranger).event("FacilityDropped").args
    assert (dropped.recipient, dropped.people_in_care) == (hospital.address, 4_000_000_000)
    assert people(needs) == [0, 30, 30]
    record = needs.facility(hospital.address)
    assert (record.attested_by, record.attestation) == ("0x" + "00" * 20, 0)
    with reverts("NotAttestedFacility", recipient=hospital):
        needs.dropFacility(hospital.address, sender=stranger)
    desk.suite.registry.reinstate(hospital.address, sender=reinstater)
    assert people(needs) == [0, 30, 30]
    desk.attest_facility(hospital, auditor)
    assert people(needs) == [4_000_000_000, 4_000_000_030, 4_000_000_030]


def test_drop_reverts_while_the_recipient_is_active(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key, stranger: Key
) -> None:
    desk.declare(hospital)
    with reverts("NotAttestedFacility", recipient=hospital):
        needs.dropFacility(hospital.address, sender=stranger)
    desk.attest_facility(hospital, auditor)
    for caller in (stranger, auditor, hospital):
        with reverts("RecipientIsActive", recipient=hospital):
            needs.dropFacility(hospital.address, sender=caller)


def test_only_an_attested_facility_is_vulnerable(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key, stranger: Key
) -> None:
    desk.declare(hospital, vulnerable=True)
    demand = desk.publish(hospital, stock=200)
    assert needs.demand(demand).level == Level.HIGH
    desk.attest_facility(hospital, auditor)
    needs.refresh(demand, sender=stranger)
    assert needs.demand(demand).level == Level.CRITICAL
    desk.declare(hospital, vulnerable=True)
    assert needs.levelNow(demand) == Level.HIGH
