"""The whole suite in the process: contracts, roles, people, goods and money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aidline.artifacts import Artifact, artifact, artifact_names
from aidline.client import AbiBook, Contract, RevmChain, Transaction
from aidline.client.abi import codec
from aidline.client.contract import new_book
from aidline.gs1 import check_digit
from aidline.keccak import checksum_address, keccak
from aidline.signing import Key
from tests.support.people import (
    DEVICES,
    ENROLMENTS,
    GOVERNANCE,
    REGIONS,
    DeviceBinding,
    domain_of,
    key_of,
    registration,
    word,
)

__all__ = [
    "DAY",
    "HOUR",
    "KIT",
    "MASK",
    "START",
    "UNIT",
    "Rooms",
    "Suite",
    "catalogue",
    "deploy_suite",
    "encode_constructor",
    "enrol",
    "give_roles",
    "material",
]

#: 22 January 2020, 00:00 UTC.
START = 1_579_651_200
HOUR = 3_600
DAY = 24 * HOUR
#: One unit of money in base units.
UNIT = 10**6
#: A material without limits.
MASK = int("200000000001" + str(check_digit("200000000001")))
#: A material that must be kept between 2 and 8 °C and expires.
KIT = int("200000000002" + str(check_digit("200000000002")))


class Rooms:
    """Deploys contracts that name each other, in any order.

    Each comes from a key of its own whose first transaction creates it: so its address is known
    beforehand.

    Args:
        chain: The chain.
        known: Addresses that stand for contracts which are not deployed here, by name.
        creator: Begins the names of the keys: another, and there is room for a second of a kind.
    """

    def __init__(
        self,
        chain: RevmChain,
        known: Mapping[str, str] | None = None,
        creator: str = "creator",
    ) -> None:
        self.chain = chain
        self._creator = creator
        self.book: AbiBook = new_book()
        self._known = dict(known or {})

    def address_of(self, name: str) -> str:
        """Return the address that the contract has or will have."""
        if name in self._known:
            return self._known[name]
        creator = bytes.fromhex(self._key(name).address[2:])
        return checksum_address(keccak(b"\xd6\x94" + creator + b"\x80")[12:])

    def deploy(self, name: str, *arguments: Any) -> Contract:
        """Deploy a contract; an argument ``"@Name"`` is that contract's address."""
        made = artifact(name)
        values = [
            self.address_of(value[1:])
            if isinstance(value, str) and value.startswith("@")
            else value
            for value in arguments
        ]
        receipt = self.chain.send(
            Transaction(
                sender=self._key(name),
                to=None,
                data=made.bytecode + encode_constructor(made, values),
                contract=name,
                function="constructor",
                interpreter=self.book,
            )
        ).check()
        assert receipt.contract_address == self.address_of(name)
        return Contract(self.chain, name, self.address_of(name), made.abi, self.book)

    def _key(self, name: str) -> Key:
        return key_of(f"{self._creator} of {name}")


def encode_constructor(made: Artifact, values: list[Any]) -> bytes:
    """Return the encoded arguments of a contract's constructor."""
    inputs = _constructor(made)
    assert len(inputs) == len(values), f"{made.name} takes {[item['name'] for item in inputs]}"
    if not inputs:
        return b""
    encoded: bytes = codec({"type": "tuple", "components": inputs}).encode(values)
    return encoded


@dataclass(frozen=True, slots=True)
class Suite:
    """Every room that is compiled, with its people enrolled, provided with money and devices.

    A room that is not compiled is ``None``.
    """

    chain: RevmChain
    rooms: Rooms
    access: Contract
    reserve: Contract
    registry: Contract
    ledger: Contract
    currency: Contract
    needs: Contract
    demand: Contract
    network: Contract
    monitor: Contract
    freight: Contract
    fund: Contract
    donations: Contract
    certificates: Contract
    oracle: Contract
    emergency: Contract


#: The rooms by their attribute in the suite.
ROOMS = {
    "registry": "ParticipantRegistry",
    "ledger": "MaterialLedger",
    "currency": "LogisticsCurrency",
    "needs": "DemandBook",
    "demand": "DemandEscrow",
    "network": "LogisticsNetwork",
    "monitor": "ConditionMonitor",
    "freight": "FreightEscrow",
    "fund": "ReliefFund",
    "donations": "DonationRegistry",
    "certificates": "CertificateText",
    "oracle": "IndicatorOracle",
    "emergency": "EmergencyResponse",
}

#: What a constructor's argument stands for, by its name.
REFERENCES = {
    "accessManager": "AccessManager",
    "reserveToken": "ReserveToken",
    **{name[0].lower() + name[1:]: name for name in ROOMS.values()},
    **ROOMS,
}

#: Functions under a governance role, by contract and name.
POWERS = {
    "registrar": {"ParticipantRegistry": ("defineRegion", "register")},
    "suspender": {"ParticipantRegistry": ("suspend",)},
    "reinstater": {"ParticipantRegistry": ("reinstate",)},
    "cataloguer": {"MaterialLedger": ("defineMaterial",)},
    "pauser": dict.fromkeys(ROOMS.values(), ("pause",)),
    "unpauser": dict.fromkeys(ROOMS.values(), ("unpause",)),
    "planner": {
        "IndicatorOracle": ("defineIndicator", "setReporters"),
        "EmergencyResponse": ("propose",),
    },
}


def deploy_suite(chain: RevmChain, known: Mapping[str, str] | None = None) -> Suite:
    """Deploy every room that is compiled, give the roles and enrol the people.

    Args:
        chain: The chain.
        known: Rooms that are not deployed, with the address that stands for each: a plain key's,
            so that a test can act in the room's name.
    """
    rooms = Rooms(chain, known)
    access = rooms.deploy("AccessManager", key_of("admin").address)
    reserve = rooms.deploy("ReserveToken")
    compiled = set(artifact_names())
    made: dict[str, Contract | None] = {}
    for attribute, name in ROOMS.items():
        if name not in compiled or name in (known or {}):
            made[attribute] = None
            continue
        arguments = [_references(item, rooms) for item in _constructor(artifact(name))]
        made[attribute] = rooms.deploy(name, *arguments)
    suite = Suite(chain, rooms, access, reserve, **made)  # type: ignore[arg-type]
    give_roles(access, [room for room in made.values() if room is not None])
    enrol(suite.registry)
    catalogue(suite.ledger)
    provide(suite)
    return suite


def give_roles(access: Contract, rooms: list[Contract]) -> None:
    """Put each governance role over its functions and give it to the person of its name."""
    admin = key_of("admin")
    for person, role in GOVERNANCE.items():
        access.grantRole(role, key_of(person).address, 0, sender=admin)
        for room in rooms:
            own = {item["name"] for item in room.abi if item["type"] == "function"}
            selectors = [
                room[function].codec.selector
                for function in POWERS[person].get(room.name, ())
                if function in own
            ]
            if selectors:
                access.setTargetFunctionRole(room.address, selectors, role, sender=admin)


def enrol(registry: Contract) -> None:
    """Define the regions, register the people and bind the devices."""
    registrar = key_of("registrar")
    deadline = registry.chain.now() + DAY
    for region, parent in REGIONS.items():
        registry.defineRegion(word(region), word(parent), sender=registrar)
    for name in ENROLMENTS:
        message = registration(name, deadline)
        signature = message.sign(key_of(name), domain_of(registry))
        registry.register(message, signature, f"ipfs://{name}", sender=registrar)
    for name, operator in DEVICES.items():
        binding = DeviceBinding(
            device=key_of(name).address,
            operator=key_of(operator).address,
            model=word("logger"),
            calibrated_until=registry.chain.now() + 365 * DAY,
            nonce=0,
            deadline=deadline,
        )
        signature = binding.sign(key_of(name), domain_of(registry))
        registry.bindDevice(binding, signature, sender=key_of(operator))


def material(gtin: int, **changes: Any) -> dict[str, Any]:
    """Return the definition of a material without limits, with some fields changed."""
    return {
        "gtin": gtin,
        "cap_per_demand": 0,
        "shelf_life": 0,
        "temperature_min": -(2**15),
        "temperature_max": 2**15 - 1,
        "humidity_min": 0,
        "humidity_max": 10_000,
        "controlled": False,
        "defined": False,
    } | changes


def catalogue(ledger: Contract) -> None:
    """Define the two materials."""
    cataloguer = key_of("cataloguer")
    ledger.defineMaterial(material(MASK), sender=cataloguer)
    cold = material(
        KIT,
        cap_per_demand=5_000,
        shelf_life=365 * DAY,
        temperature_min=200,
        temperature_max=800,
        controlled=True,
    )
    ledger.defineMaterial(cold, sender=cataloguer)


def provide(suite: Suite) -> None:
    """Give everyone enrolled a million in the reserve and half a million in the currency."""
    for name in ENROLMENTS:
        person = key_of(name)
        suite.reserve.mint(person.address, 1_500_000 * UNIT, sender=person)
        suite.reserve.approve(suite.currency.address, 500_000 * UNIT, sender=person)
        suite.currency.depositFor(person.address, 500_000 * UNIT, sender=person)


def _constructor(made: Artifact) -> list[dict[str, Any]]:
    entry = next((item for item in made.abi if item["type"] == "constructor"), {"inputs": []})
    inputs: list[dict[str, Any]] = entry["inputs"]
    return inputs


def _references(item: Mapping[str, Any], rooms: Rooms) -> Any:
    """Return the addresses that a constructor's argument asks for by its name."""
    if "components" in item:
        return [_references(member, rooms) for member in item["components"]]
    return rooms.address_of(REFERENCES[item["name"].strip("_")])
