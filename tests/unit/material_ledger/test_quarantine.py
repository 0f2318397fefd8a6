"""What becomes of goods that must not be used: `releaseFromQuarantine`, `destroy`.

releaseFromQuarantine
├── when the caller is no active auditor, or of the custodian's organisation: refused
├── without evidence, or given a parcel that is not quarantined: refused
└── else the parcel is delivered, where it lies
destroy
├── when the caller is not the custodian, or without evidence: refused
├── given a parcel that is not held, returned or quarantined: refused
└── else it is destroyed
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import ParcelState, Role, roles_mask
from aidline.signing import Key
from tests.support.people import Registration, domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.unit.material_ledger.conftest import EVIDENCE, Goods, fate


def test_an_auditor_releases(
    ledger: Contract, quarantined: Goods, auditor: Key, hospital: Key
) -> None:
    receipt = ledger.releaseFromQuarantine(quarantined.parcel, EVIDENCE, sender=auditor)

    told = receipt.event("QuarantineLifted").args
    assert (told.parcel, told.auditor) == (quarantined.parcel, auditor.address)
    assert told.evidence == EVIDENCE
    moved = receipt.event("ParcelMoved").args
    assert (moved.from_, moved.to) == (ParcelState.QUARANTINED, ParcelState.DELIVERED)
    parcel = ledger.parcel(quarantined.parcel)
    assert (parcel.state, parcel.custodian) == (ParcelState.DELIVERED, hospital.address)
    assert fate(ledger, quarantined.lot) == {"offered": 600, "delivered": 400}


@pytest.mark.parametrize("person", ["hospital", "carrier", "coordinator", "stranger", "admin"])
def test_release_reverts_when_the_caller_is_no_auditor(
    ledger: Contract, quarantined: Goods, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotAuditor", caller=caller):
        ledger.releaseFromQuarantine(quarantined.parcel, EVIDENCE, sender=caller)


def test_release_reverts_for_a_suspended_auditor(
    ledger: Contract, registry: Contract, quarantined: Goods, auditor: Key, suspender: Key
) -> None:
    registry.suspend(auditor, word("bribed"), sender=suspender)
    with reverts("NotAuditor", caller=auditor):
        ledger.releaseFromQuarantine(quarantined.parcel, EVIDENCE, sender=auditor)


def test_release_reverts_for_an_auditor_of_the_custodians_own(
    ledger: Contract, registry: Contract, quarantined: Goods, registrar: Key
) -> None:
    inside = key_of("auditor of the hospital")
    message = Registration(
        account=inside.address,
        facility=word("inner audit"),
        organisation=word("wuhan-central"),
        region=word("CN-420100"),
        roles=roles_mask(Role.AUDITOR),
        profile_hash=keccak(b"profile"),
        nonce=0,
        deadline=registry.chain.now() + DAY,
    )
    registry.register(message, message.sign(inside, domain_of(registry)), "", sender=registrar)
    with reverts("NotAuditor", caller=inside):
        ledger.releaseFromQuarantine(quarantined.parcel, EVIDENCE, sender=inside)


def test_release_reverts_without_evidence(
    ledger: Contract, quarantined: Goods, auditor: Key
) -> None:
    with reverts("NoEvidence"):
        ledger.releaseFromQuarantine(quarantined.parcel, bytes(32), sender=auditor)


@pytest.mark.parametrize("stage", ["supply", "in_transit", "delivered", "returned"])
def test_release_reverts_in_another_state(
    ledger: Contract, auditor: Key, request: pytest.FixtureRequest, stage: str
) -> None:
    goods = request.getfixturevalue(stage)
    with reverts("WrongState", parcel=goods.parcel):
        ledger.releaseFromQuarantine(goods.parcel, EVIDENCE, sender=auditor)


@pytest.mark.parametrize(
    ("stage", "person", "rest"),
    [
        ("supply", "supplier", {"destroyed": 1_000}),
        ("returned", "carrier", {"offered": 600, "destroyed": 400}),
        ("quarantined", "hospital", {"offered": 600, "destroyed": 400}),
    ],
)
def test_the_custodian_destroys(
    ledger: Contract,
    request: pytest.FixtureRequest,
    stage: str,
    person: str,
    rest: dict[str, int],
) -> None:
    goods, custodian = request.getfixturevalue(stage), request.getfixturevalue(person)

    receipt = ledger.destroy(goods.parcel, EVIDENCE, sender=custodian)

    told = receipt.event("ParcelDestroyed").args
    assert (told.parcel, told.custodian) == (goods.parcel, custodian.address)
    assert told.evidence == EVIDENCE
    assert receipt.event("ParcelMoved").args.to == ParcelState.DESTROYED
    assert ledger.parcel(goods.parcel).state == ParcelState.DESTROYED
    assert fate(ledger, goods.lot) == rest
    with reverts("WrongState", parcel=goods.parcel, state=ParcelState.DESTROYED):
        ledger.destroy(goods.parcel, EVIDENCE, sender=custodian)


def test_destroy_reverts_when_the_caller_is_not_the_custodian(
    ledger: Contract, quarantined: Goods, auditor: Key, hospital: Key
) -> None:
    with reverts("NotCustodian", parcel=quarantined.parcel, caller=auditor, custodian=hospital):
        ledger.destroy(quarantined.parcel, EVIDENCE, sender=auditor)


def test_destroy_reverts_without_evidence(ledger: Contract, supply: Goods, supplier: Key) -> None:
    with reverts("NoEvidence"):
        ledger.destroy(supply.parcel, bytes(32), sender=supplier)


@pytest.mark.parametrize(
    ("stage", "person"),
    [
        ("offered", "supplier"),
        ("allocated", "supplier"),
        ("loaded", "supplier"),
        ("in_transit", "carrier"),
        ("delivered", "hospital"),
    ],
)
def test_destroy_reverts_in_another_state(
    ledger: Contract, request: pytest.FixtureRequest, stage: str, person: str
) -> None:
    goods, custodian = request.getfixturevalue(stage), request.getfixturevalue(person)
    with reverts("WrongState", parcel=goods.parcel):
        ledger.destroy(goods.parcel, EVIDENCE, sender=custodian)
