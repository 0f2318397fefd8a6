"""SuiteFactory.deploy(name, initCode).

when the caller is not the deployer: reverts with NotDeployer
when the factory is closed: reverts with FactoryIsClosed
when the name has code: reverts with AlreadyDeployed
when the constructor reverts
├── with data: reverts with DeploymentFailed and the data
└── without: reverts with DeploymentFailed and nothing
when the creation code leaves no code: reverts with DeploymentFailed
otherwise: the contract stands at addressOf(name), whatever its code; emits Deployed
"""

from __future__ import annotations

import pytest

from aidline.artifacts import artifact
from aidline.client import Contract, RevmChain, Transaction
from aidline.client.abi import encode_constructor
from aidline.keccak import keccak
from aidline.signing import Key
from tests.support.reverts import reverts

ZERO = "0x" + "00" * 20
NAME = b"Room".ljust(32, b"\0")
OTHER_NAME = b"Hall".ljust(32, b"\0")


@pytest.fixture
def factory(chain: RevmChain, admin: Key) -> Contract:
    made = artifact("SuiteFactory")
    receipt = chain.send(Transaction(admin, None, made.bytecode)).check()
    assert receipt.contract_address is not None
    return Contract(chain, "SuiteFactory", receipt.contract_address, made.abi)


def probe_code(first: int = 0) -> bytes:
    made = artifact("Probe")
    return made.bytecode + encode_constructor(made.abi, [ZERO, ZERO, first], "Probe")


def test_reverts_when_caller_is_not_the_deployer(factory: Contract, stranger: Key) -> None:
    with reverts("NotDeployer", caller=stranger):
        factory.deploy(NAME, probe_code(), sender=stranger)


def test_reverts_when_closed(factory: Contract, admin: Key) -> None:
    factory.close(sender=admin)
    with reverts("FactoryIsClosed"):
        factory.deploy(NAME, probe_code(), sender=admin)


def test_reverts_when_the_name_has_code(factory: Contract, admin: Key) -> None:
    factory.deploy(NAME, probe_code(), sender=admin)
    with reverts("AlreadyDeployed", name=NAME, deployed=factory.addressOf(NAME)):
        factory.deploy(NAME, probe_code(1), sender=admin)


def test_reverts_with_what_the_constructor_reverted_with(factory: Contract, admin: Key) -> None:
    reason = keccak(b"TooMany(uint256,uint256)")[:4]
    reason += (100).to_bytes(32, "big") + (99).to_bytes(32, "big")
    with reverts("DeploymentFailed", name=NAME, reason=reason):
        factory.deploy(NAME, probe_code(100), sender=admin)
    # the name stays free
    factory.deploy(NAME, probe_code(99), sender=admin)
    assert factory.chain.code(factory.addressOf(NAME))


def test_reverts_when_the_constructor_reverts_without_data(factory: Contract, admin: Key) -> None:
    with reverts("DeploymentFailed", name=NAME, reason=b""):
        factory.deploy(NAME, bytes.fromhex("60006000fd"), sender=admin)


@pytest.mark.parametrize("code", [b"", b"\0"])
def test_reverts_when_no_code_is_left(factory: Contract, admin: Key, code: bytes) -> None:
    with reverts("DeploymentFailed", name=NAME, reason=b""):
        factory.deploy(NAME, code, sender=admin)


def test_makes_the_contract_where_it_was_foretold(factory: Contract, admin: Key) -> None:
    expected = factory.addressOf(NAME)
    assert factory.chain.code(expected) == b""
    receipt = factory.deploy(NAME, probe_code(42), sender=admin)
    code = factory.chain.code(expected)
    assert artifact("Probe").is_code(code)
    made = Contract(factory.chain, "Probe", expected, artifact("Probe").abi)
    assert made.count() == 42
    event = receipt.event("Deployed").args
    assert (event.name, event.deployed, event.code_hash) == (NAME, expected, keccak(code))


def test_the_address_does_not_depend_on_the_code(factory: Contract, admin: Key) -> None:
    snapshot = factory.chain.snapshot()
    factory.deploy(NAME, probe_code(1), sender=admin)
    expected = factory.addressOf(NAME)
    factory.chain.revert(snapshot)
    made = artifact("AccessManager")
    arguments = encode_constructor(made.abi, [admin], "AccessManager")
    factory.deploy(NAME, made.bytecode + arguments, sender=admin)
    assert factory.addressOf(NAME) == expected
    assert made.is_code(factory.chain.code(expected))


def test_names_do_not_meet(factory: Contract, admin: Key) -> None:
    factory.deploy(NAME, probe_code(1), sender=admin)
    factory.deploy(OTHER_NAME, probe_code(2), sender=admin)
    assert factory.addressOf(NAME) != factory.addressOf(OTHER_NAME)


def test_the_slot_serves_the_factory_alone(factory: Contract, admin: Key, stranger: Key) -> None:
    factory.deploy(NAME, probe_code(), sender=admin)
    slot_hash = keccak(artifact("SuiteSlot").bytecode)
    raw = keccak(b"\xff" + bytes.fromhex(factory.address[2:]) + NAME + slot_hash)[12:]
    slot = Contract(factory.chain, "SuiteSlot", f"0x{raw.hex()}", artifact("SuiteSlot").abi)
    assert factory.chain.code(slot.address)
    for person in (stranger, admin):
        with reverts("NotDeployer", caller=person):
            slot.create(probe_code(), sender=person)
