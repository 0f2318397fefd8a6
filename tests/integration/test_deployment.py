"""The whole suite as it is deployed.

Every room stands, closed, and knows the others
Every function that the sources put under a role is under one, and under no other
Nobody but the holders of a role passes; a holder with a delay must announce
Every message has the type that its contract checks
The facade reaches every room of the deployment
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aidline import messages
from aidline.artifacts import artifact
from aidline.client import Aidline, RevmChain
from aidline.deploy import SUITE, Config, Deployment, Holders, deploy
from aidline.errors import ContractReverted
from aidline.signing import Key

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOYER, STRANGER = Key.derive("suite", "deployer"), Key.derive("suite", "stranger")
HOLDERS = {role.name: Key.derive("suite", role.name) for role in SUITE.roles}
CONFIG = Config(
    roles={
        name: Holders((key.address,), 3_600 if name == "reinstater" else 0)
        for name, key in HOLDERS.items()
    }
)


@pytest.fixture(scope="module")
def deployment() -> tuple[RevmChain, Deployment]:
    chain = RevmChain()
    return chain, deploy(chain, DEPLOYER, CONFIG)


@pytest.fixture(scope="module")
def aidline(deployment: tuple[RevmChain, Deployment]) -> Aidline:
    return Aidline(*deployment)


def restricted() -> dict[str, set[str]]:
    """Return the functions under a role by the contract whose source has them."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "contracts").rglob("*.sol"):
        if "mocks" in path.parts:
            continue
        text = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        for head in re.findall(r"function\s+(\w+[^{;]*)[{;]", text):
            if re.search(r"\)[^)]*\brestricted\b", head):
                found.setdefault(path.stem, set()).add(head.split("(")[0].strip())
    return found


def heirs(name: str) -> set[str]:
    """Return the contracts of the suite whose sources name ``name`` as a base, over any way."""
    bases = {}
    for path in (ROOT / "contracts").rglob("*.sol"):
        text = path.read_text(encoding="utf-8")
        for contract, listed in re.findall(r"contract\s+(\w+)\s+is\s+([^{]+)\{", text):
            bases[contract] = {item.strip() for item in listed.split(",")}
    found = {name}
    while True:
        more = {contract for contract, listed in bases.items() if listed & found} - found
        if not more:
            return found & {item.name for item in SUITE.items} - PARTS
        found |= more


#: Codes that a room runs in its own storage: what they pause is only themselves.
PARTS = {"FreightClosing", "FreightOffice", "HandoverOffice"}


def test_every_function_under_a_role_in_the_sources_is_under_one_on_the_chain() -> None:
    expected = {
        (contract, function)
        for source, functions in restricted().items()
        for contract in heirs(source)
        for function in functions
    }
    assert len(expected) >= 10
    given = [
        (contract, function)
        for role in SUITE.roles
        for contract, functions in role.functions.items()
        for function in functions
    ]
    assert set(given) == expected
    assert len(given) == len(set(given))


def test_pausing_and_unpausing_suspending_and_reinstating_are_different_roles() -> None:
    by_function = {
        function: role.name
        for role in SUITE.roles
        for functions in role.functions.values()
        for function in functions
    }
    assert by_function["pause"] != by_function["unpause"]
    assert by_function["suspend"] != by_function["reinstate"]


def test_every_room_is_reached(aidline: Aidline) -> None:
    rooms = {
        "access": "AccessManager",
        "registry": "ParticipantRegistry",
        "ledger": "MaterialLedger",
        "recipes": "RecipeBook",
        "incidents": "IncidentBoard",
        "currency": "LogisticsCurrency",
        "reserve": "ReserveToken",
        "demand": "DemandEscrow",
        "network": "LogisticsNetwork",
        "hours": "HoursDesk",
        "movements": "MovementBoard",
        "corridors": "CorridorBook",
        "routes": "RouteBook",
        "monitor": "ConditionMonitor",
        "freight": "FreightEscrow",
        "court": "BatchCourt",
        "disputes": "DisputeDesk",
        "carriers": "CarrierAudit",
        "fund": "ReliefFund",
        "donations": "DonationRegistry",
        "gift_audit": "GiftAudit",
        "oracle": "IndicatorOracle",
        "emergency": "EmergencyResponse",
    }
    for attribute, name in rooms.items():
        room = getattr(aidline, attribute)
        assert room.name == name
        assert room.address == aidline.deployment.contracts[name].address
        assert artifact(name).is_code(aidline.chain.code(room.address))


def test_rooms_hold_each_other_by_the_addresses_of_the_deployment(aidline: Aidline) -> None:
    """Every getter of a room that is named like another returns that one."""
    names = {
        "registry": "ParticipantRegistry",
        "ledger": "MaterialLedger",
        "currency": "LogisticsCurrency",
        "network": "LogisticsNetwork",
        "monitor": "ConditionMonitor",
        "reserve": "ReserveToken",
        "authority": "AccessManager",
    }
    names |= {item.name[:1].lower() + item.name[1:]: item.name for item in SUITE.items}
    checked = 0
    for item in SUITE.items:
        room = aidline.contract(item.name)
        for entry in room.abi:
            named = names.get(str(entry.get("name")))
            if entry["type"] == "function" and not entry["inputs"] and named:
                expected = aidline.deployment.contracts[named].address
                assert room[entry["name"]]() == expected, f"{item.name}.{entry['name']}"
                checked += 1
    assert checked >= 20


def test_the_deployer_and_strangers_hold_nothing(aidline: Aidline) -> None:
    for role in SUITE.roles:
        for key in (DEPLOYER, STRANGER):
            assert not aidline.access.hasRole(role.id, key).is_member
        assert aidline.access.hasRole(role.id, HOLDERS[role.name]).is_member
    region = b"CN".ljust(32, b"\0")
    for key in (DEPLOYER, STRANGER, HOLDERS["administrator"], HOLDERS["suspender"]):
        with pytest.raises(ContractReverted, match="AccessManagedUnauthorized"):
            aidline.registry.defineRegion(region, bytes(32), sender=key)
    aidline.registry.defineRegion(region, bytes(32), sender=HOLDERS["registrar"])


def test_a_holder_with_a_delay_announces_and_a_guardian_can_cancel(
    deployment: tuple[RevmChain, Deployment], aidline: Aidline
) -> None:
    chain, _ = deployment
    reinstate = aidline.registry.call_data("reinstate", STRANGER.address)
    holder, target = HOLDERS["reinstater"], aidline.registry.address
    with pytest.raises(ContractReverted, match="AccessManagerNotScheduled"):
        aidline.registry.reinstate(STRANGER.address, sender=holder)
    aidline.access.schedule(target, reinstate, 0, sender=holder)
    with pytest.raises(ContractReverted, match="AccessManagerNotReady"):
        aidline.access.execute(target, reinstate, sender=holder)
    aidline.access.cancel(holder.address, target, reinstate, sender=HOLDERS["guardian"])
    aidline.access.schedule(target, reinstate, 0, sender=holder)
    chain.set_time(chain.now() + 3_600)
    # it has waited long enough: what refuses now is the registry itself
    with pytest.raises(ContractReverted) as caught:
        aidline.access.execute(target, reinstate, sender=holder)
    assert not caught.value.error.startswith("AccessManage")


def test_every_message_has_the_type_that_its_contract_checks(aidline: Aidline) -> None:
    found = set()
    for item in SUITE.items:
        room = aidline.contract(item.name)
        for entry in room.abi:
            name = str(entry.get("name", ""))
            if entry["type"] != "function" or not name.endswith("_TYPEHASH"):
                continue
            message = "".join(part.capitalize() for part in name[:-9].split("_"))
            assert getattr(messages, message).type_hash == room[name](), f"{item.name}.{name}"
            found.add(message)
            domain = aidline.domain(room)
            told = room.eip712Domain()
            assert (told.name, told.version) == (domain.name, domain.version)
            assert (told.chain_id, told.verifying_contract) == (31337, room.address)
    nested = {"LegRequest", "Terms", "UnitsFound"}
    assert found == set(messages.__all__) - nested - {"Permit"}


def test_a_permit_is_taken_by_the_currency(aidline: Aidline) -> None:
    owner = Key.derive("suite", "owner")
    permit = messages.Permit(
        owner=owner.address,
        spender=STRANGER.address,
        value=5,
        nonce=aidline.currency.nonces(owner),
        deadline=aidline.chain.now() + 60,
    )
    signature = permit.sign(owner, aidline.domain(aidline.currency))
    aidline.currency.permit(
        owner,
        STRANGER,
        5,
        permit.deadline,
        signature[64],
        signature[:32],
        signature[32:64],
        sender=STRANGER,
    )
    assert aidline.currency.allowance(owner, STRANGER) == 5
