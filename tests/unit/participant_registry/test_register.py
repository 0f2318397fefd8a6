"""Registering a participant.

when the caller is not the registrar: refused
when the signature
├── is somebody else's: refused
├── is over other content: refused
├── is for another contract or another chain: refused
├── carries a nonce that is not the signer's next: refused
└── is past its deadline: refused; at its deadline: good
when the account or the facility is taken: refused, also with the same message again
when a field is empty, the region unknown, the roles none or unknown: refused
when all is right
├── the record, the facility's account and the nonce stand, and the event tells the profile's place
└── a wallet contract signs by ERC-1271
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import Role, roles_mask
from aidline.signing import Key
from tests.support.people import Registration, domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, Suite

URI = "ipfs://profile"


@pytest.fixture
def newcomer() -> Key:
    return key_of("newcomer")


@pytest.fixture
def message(registry: Contract, newcomer: Key) -> Registration:
    return changed_message(registry, newcomer)


def changed_message(registry: Contract, account: Any, **changes: Any) -> Registration:
    fields: dict[str, Any] = {
        "account": account.address,
        "facility": word("new-clinic"),
        "organisation": word("new-body"),
        "region": word("CN-420100"),
        "roles": roles_mask(Role.RECIPIENT, Role.CHARITY),
        "profile_hash": keccak(b"profile"),
        "nonce": 0,
        "deadline": registry.chain.now() + DAY,
    }
    return Registration(**(fields | changes))


def test_stores_the_participant_and_tells(
    registry: Contract, registrar: Key, newcomer: Key, message: Registration
) -> None:
    signature = message.sign(newcomer, domain_of(registry))

    receipt = registry.register(message, signature, URI, sender=registrar)

    told = receipt.event("ParticipantRegistered").args
    assert told.account == newcomer.address
    assert (told.facility, told.organisation) == (message.facility, message.organisation)
    assert (told.region, told.roles, told.profile_uri) == (message.region, message.roles, URI)
    record = registry.participant(newcomer)
    assert record.facility == message.facility
    assert record.organisation == message.organisation
    assert record.region == message.region
    assert record.profile_hash == message.profile_hash
    assert record.roles == message.roles
    assert record.registered_at == receipt.timestamp
    assert record.suspended is False
    assert registry.accountOf(message.facility) == newcomer.address
    assert registry.nonces(newcomer) == 1
    held = [role for role in Role if registry.isActive(newcomer, role)]
    assert held == [Role.RECIPIENT, Role.CHARITY]


def test_takes_the_word_of_a_wallet_contract(
    suite: Suite, registry: Contract, registrar: Key, newcomer: Key
) -> None:
    wallet = suite.rooms.deploy("Erc1271Wallet", newcomer.address)
    message = changed_message(registry, wallet)
    signature = message.sign(newcomer, domain_of(registry))

    registry.register(message, signature, URI, sender=registrar)

    assert registry.isActive(wallet.address, Role.RECIPIENT)


def test_is_good_at_the_second_of_the_deadline(
    registry: Contract, registrar: Key, newcomer: Key, message: Registration
) -> None:
    registry.chain.set_time(message.deadline)
    registry.register(message, message.sign(newcomer, domain_of(registry)), URI, sender=registrar)
    assert registry.isActive(newcomer, Role.CHARITY)


def test_reverts_after_the_deadline(
    registry: Contract, registrar: Key, newcomer: Key, message: Registration
) -> None:
    registry.chain.set_time(message.deadline + 1)
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("Expired", deadline=message.deadline):
        registry.register(message, signature, URI, sender=registrar)


def test_reverts_when_the_caller_is_not_the_registrar(
    registry: Contract, newcomer: Key, message: Registration
) -> None:
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("AccessManagedUnauthorized", caller=newcomer):
        registry.register(message, signature, URI, sender=newcomer)


def test_reverts_when_somebody_else_signed(
    registry: Contract, registrar: Key, newcomer: Key, stranger: Key, message: Registration
) -> None:
    signature = message.sign(stranger, domain_of(registry))
    with reverts("BadSignature", signer=newcomer):
        registry.register(message, signature, URI, sender=registrar)


@pytest.mark.parametrize(
    "change",
    [
        {"facility": word("other-clinic")},
        {"organisation": word("other-body")},
        {"region": word("CN-GD")},
        {"roles": roles_mask(Role.AUDITOR)},
        {"profile_hash": keccak(b"other")},
        {"deadline": 2**40 - 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_reverts_when_the_content_is_not_what_was_signed(
    registry: Contract,
    registrar: Key,
    newcomer: Key,
    message: Registration,
    change: dict[str, Any],
) -> None:
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("BadSignature", signer=newcomer):
        registry.register(
            changed_message(registry, newcomer, **change), signature, URI, sender=registrar
        )


def test_reverts_when_signed_for_another_contract(
    registry: Contract, ledger: Contract, registrar: Key, newcomer: Key, message: Registration
) -> None:
    signature = message.sign(newcomer, domain_of(ledger))
    with reverts("BadSignature", signer=newcomer):
        registry.register(message, signature, URI, sender=registrar)


def test_reverts_when_signed_for_another_chain(
    registry: Contract, registrar: Key, newcomer: Key, message: Registration
) -> None:
    signature = message.sign(newcomer, domain_of(registry, chain_id=1))
    with reverts("BadSignature", signer=newcomer):
        registry.register(message, signature, URI, sender=registrar)


def test_reverts_when_the_nonce_is_not_the_next(
    registry: Contract, registrar: Key, newcomer: Key
) -> None:
    message = changed_message(registry, newcomer, nonce=1)
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("WrongNonce", signer=newcomer, expected=0, given=1):
        registry.register(message, signature, URI, sender=registrar)


def test_reverts_when_the_message_comes_again(
    registry: Contract, registrar: Key, newcomer: Key, message: Registration
) -> None:
    signature = message.sign(newcomer, domain_of(registry))
    registry.register(message, signature, URI, sender=registrar)
    with reverts("AlreadyRegistered", account=newcomer):
        registry.register(message, signature, URI, sender=registrar)


def test_reverts_when_the_facility_is_taken(
    registry: Contract, registrar: Key, newcomer: Key, hospital: Key
) -> None:
    message = changed_message(registry, newcomer, facility=word("hospital"))
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("FacilityTaken", facility=word("hospital"), account=hospital):
        registry.register(message, signature, URI, sender=registrar)


@pytest.mark.parametrize("field", ["facility", "organisation", "profile_hash"])
def test_reverts_when_a_field_is_empty(
    registry: Contract, registrar: Key, newcomer: Key, field: str
) -> None:
    message = changed_message(registry, newcomer, **{field: bytes(32)})
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("EmptyField"):
        registry.register(message, signature, URI, sender=registrar)


def test_reverts_when_the_region_is_unknown(
    registry: Contract, registrar: Key, newcomer: Key
) -> None:
    message = changed_message(registry, newcomer, region=word("CN-XX"))
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("UnknownRegion", region=word("CN-XX")):
        registry.register(message, signature, URI, sender=registrar)


def test_reverts_without_roles(registry: Contract, registrar: Key, newcomer: Key) -> None:
    message = changed_message(registry, newcomer, roles=0)
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("NoRoles", account=newcomer):
        registry.register(message, signature, URI, sender=registrar)


@pytest.mark.parametrize("roles", [1, 1 << 12, 1 << 15], ids=["the null role", "next", "highest"])
def test_reverts_with_a_role_that_does_not_exist(
    registry: Contract, registrar: Key, newcomer: Key, roles: int
) -> None:
    message = changed_message(registry, newcomer, roles=roles | roles_mask(Role.DONOR))
    signature = message.sign(newcomer, domain_of(registry))
    with reverts("UnknownRoles", roles=message.roles):
        registry.register(message, signature, URI, sender=registrar)
