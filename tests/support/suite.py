"""The whole suite in the process: contracts, roles, people, goods and money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aidline.artifacts import artifact
from aidline.client import AbiBook, Aidline, Contract, Holders, RevmChain, Transaction
from aidline.client.abi import encode_constructor
from aidline.client.contract import new_book
from aidline.deploy import SUITE, Config, deploy
from aidline.deploy import Suite as Deployed
from aidline.gs1 import check_digit
from aidline.keccak import checksum_address, keccak
from aidline.signing import Key
from tests.support.people import (
    DEVICES,
    ENROLMENTS,
    GOVERNANCE,
    REGIONS,
    DeviceBinding,
    Registration,
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
    "bind",
    "catalogue",
    "deploy_suite",
    "enrol",
    "material",
    "register",
    "role_number",
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
        book: Decodes events and errors; a new one if not given.
        creator: Begins the names of the keys: another, and there is room for a second of a kind.
    """

    def __init__(
        self,
        chain: RevmChain,
        known: Mapping[str, str] | None = None,
        creator: str = "creator",
        book: AbiBook | None = None,
    ) -> None:
        self.chain = chain
        self._creator = creator
        self.book = new_book() if book is None else book
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
                data=made.bytecode + encode_constructor(made.abi, values, name),
                contract=name,
                function="constructor",
                interpreter=self.book,
            )
        ).check()
        assert receipt.contract_address == self.address_of(name)
        return Contract(self.chain, name, self.address_of(name), made.abi, self.book)

    def _key(self, name: str) -> Key:
        return key_of(f"{self._creator} of {name}")


@dataclass(frozen=True, slots=True)
class Suite:
    """The deployment on a chain in the process, its people enrolled and provided with money.

    A room for which another address stands is ``None``; ``rooms`` deploys what a test needs
    beside it.
    """

    chain: RevmChain
    rooms: Rooms
    aid: Aidline
    access: Contract
    reserve: Contract
    registry: Contract
    ledger: Contract
    incidents: Contract
    recipes: Contract
    currency: Contract
    needs: Contract
    demand: Contract
    lens: Contract
    network: Contract
    hours: Contract
    movements: Contract
    corridors: Contract
    routes: Contract
    monitor: Contract
    freight: Contract
    court: Contract
    disputes: Contract
    carriers: Contract
    fund: Contract
    donations: Contract
    certificates: Contract
    audit: Contract
    oracle: Contract
    emergency: Contract


def role_number(name: str) -> int:
    """Return the number of a governance role of the deployment."""
    return next(role.id for role in SUITE.roles if role.name == name)


#: The rooms by their attribute in the suite.
ROOMS = {
    "access": "AccessManager",
    "reserve": "ReserveToken",
    "registry": "ParticipantRegistry",
    "ledger": "MaterialLedger",
    "incidents": "IncidentBoard",
    "recipes": "RecipeBook",
    "currency": "LogisticsCurrency",
    "needs": "DemandBook",
    "demand": "DemandEscrow",
    "lens": "DemandLens",
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
    "certificates": "CertificateText",
    "audit": "GiftAudit",
    "oracle": "IndicatorOracle",
    "emergency": "EmergencyResponse",
}


def deploy_suite(
    chain: RevmChain, known: Mapping[str, str] | None = None, reserve: Contract | None = None
) -> Suite:
    """Deploy everything as a user would, enrol the people, give them goods' names and money.

    Args:
        chain: The chain.
        known: Rooms that are not deployed, with the address that stands for each: a plain key's,
            by which a test can write to the rooms that name it. Such a room is ``None``.
        reserve: The reserve token, which anyone may mint; the mock reserve if not given.
    """
    others = dict(known or {})
    config = Config(
        {role: Holders((key_of(person).address,)) for role, person in GOVERNANCE.items()},
        reserve="mock" if reserve is None else reserve.address,
    )
    deployment = deploy(chain, key_of("deployer"), config, suite=_standing_in(others))
    made = Aidline(chain, deployment)
    places = {name: place.address for name, place in deployment.contracts.items()}
    rooms: dict[str, Any] = {
        attribute: made.contract(name) if name in places else None
        for attribute, name in ROOMS.items()
    }
    rooms["reserve"] = rooms["reserve"] or reserve
    suite = Suite(chain, Rooms(chain, places | others, book=made.book), made, **rooms)
    enrol(suite.registry)
    catalogue(suite.ledger)
    provide(suite)
    return suite


def _standing_in(others: Mapping[str, str]) -> Deployed:
    """Return the suite as data in which addresses stand for some of the contracts."""
    addresses = {f"@{name}": address for name, address in others.items()}
    items = tuple(
        replace(
            item,
            arguments={
                name: addresses.get(str(value), value) for name, value in item.arguments.items()
            },
        )
        for item in SUITE.items
        if item.name not in others
    )
    roles = tuple(
        replace(
            role,
            functions={name: own for name, own in role.functions.items() if name not in others},
        )
        for role in SUITE.roles
    )
    return replace(SUITE, items=items, roles=roles)


def enrol(registry: Contract) -> None:
    """Define the regions, register the people and bind the devices."""
    registrar = key_of("registrar")
    deadline = registry.chain.now() + DAY
    for region, parent in REGIONS.items():
        registry.defineRegion(word(region), word(parent), sender=registrar)
    for name in ENROLMENTS:
        register(registry, name, registration(name, deadline))
    for name, operator in DEVICES.items():
        bind(registry, name, operator)


def register(registry: Contract, name: str, message: Registration) -> None:
    """Have the person of this name sign a registration, and the registrar register it."""
    signature = message.sign(key_of(name), domain_of(registry))
    registry.register(message, signature, f"ipfs://{name}", sender=key_of("registrar"))


def bind(registry: Contract, device: str, operator: str) -> None:
    """Bind the device of this name to its operator."""
    binding = DeviceBinding(
        device=key_of(device).address,
        operator=key_of(operator).address,
        model=word("logger"),
        calibrated_until=registry.chain.now() + 365 * DAY,
        nonce=0,
        deadline=registry.chain.now() + DAY,
    )
    signature = binding.sign(key_of(device), domain_of(registry))
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
