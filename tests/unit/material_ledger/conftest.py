"""A ledger whose three writers are keys of the tests, and goods in each stage of their way.

`demand_escrow`, `freight_escrow` and `donation_registry` stand for the rooms of those names: the
ledger knows its writers by their address only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import EarmarkKind, ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.people import key_of
from tests.support.suite import DAY, HOUR, KIT, MASK, Rooms, Suite, catalogue, role_number

#: The hash of a document.
EVIDENCE = keccak(b"evidence")
#: The station where goods lie, and that to which they go.
HERE, THERE = 3, 8
CONSIGNMENT = 1


@dataclass(frozen=True, slots=True)
class Goods:
    """A lot with the parcel that a test is about."""

    lot: int
    parcel: int
    units: int


def request(**changes: Any) -> dict[str, Any]:
    """Return what is asked to commission 1,000 masks, with some fields changed."""
    return {
        "material": MASK,
        "quantity": 1_000,
        "expiry": 0,
        "station": HERE,
        "evidence": EVIDENCE,
    } | changes


def earmark(kind: EarmarkKind = EarmarkKind.NONE, scope: bytes = bytes(32)) -> dict[str, Any]:
    return {"kind": kind, "scope": scope}


def fate(ledger: Contract, lot: int) -> dict[str, int]:
    """Return the units of a lot by state, without the states that hold none."""
    record = ledger.fateOf(lot)
    return {name: units for name in record.__dataclass_fields__ if (units := getattr(record, name))}


def redeem(ledger: Contract, parcel: int, units: int, demand_escrow: Key) -> int:
    """Allocate units of a parcel and book them; return the parcel that holds them."""
    ledger.allocate(parcel, units, sender=demand_escrow)
    moved = ledger.redeem.simulate(parcel, units, sender=demand_escrow)
    ledger.redeem(parcel, units, sender=demand_escrow)
    return int(moved)


@pytest.fixture
def demand_escrow() -> Key:
    return key_of("room of demand")


@pytest.fixture
def freight_escrow() -> Key:
    return key_of("room of freight")


@pytest.fixture
def donation_registry() -> Key:
    return key_of("room of donation")


@pytest.fixture
def rooms(suite: Suite) -> Rooms:
    return Rooms(suite.chain, creator="writers")


@pytest.fixture
def recipes(suite: Suite, rooms: Rooms) -> Contract:
    """The recipes that the ledger looks up."""
    return rooms.deploy("RecipeBook", suite.registry.address)


@pytest.fixture
def ledger(
    suite: Suite,
    rooms: Rooms,
    recipes: Contract,
    admin: Key,
    demand_escrow: Key,
    freight_escrow: Key,
    donation_registry: Key,
) -> Contract:
    office = rooms.deploy(
        "MaterialOffice", suite.access.address, suite.registry.address, recipes.address
    )
    loads = rooms.deploy("LoadOffice", suite.access.address, suite.registry.address)
    made = rooms.deploy(
        "MaterialLedger",
        suite.access.address,
        suite.registry.address,
        demand_escrow.address,
        freight_escrow.address,
        donation_registry.address,
        office.address,
        loads.address,
    )
    suite.access.setTargetFunctionRole(
        made, [made.defineMaterial.codec.selector], role_number("cataloguer"), sender=admin
    )
    catalogue(made)
    return made


@pytest.fixture
def supply(ledger: Contract, supplier: Key) -> Goods:
    """1,000 masks made by the supplier, in its hands."""
    told = ledger.commission(request(), sender=supplier).event("LotCommissioned").args
    return Goods(told.lot, told.parcel, 1_000)


@pytest.fixture
def kits(ledger: Contract, supplier: Key) -> Goods:
    """500 kits that expire in thirty days, in the supplier's hands."""
    expiry = ledger.chain.now() + 30 * DAY
    asked = request(material=KIT, quantity=500, expiry=expiry)
    told = ledger.commission(asked, sender=supplier).event("LotCommissioned").args
    return Goods(told.lot, told.parcel, 500)


@pytest.fixture
def offered(ledger: Contract, supply: Goods, supplier: Key, demand_escrow: Key) -> Goods:
    ledger.offer(supply.parcel, supplier, sender=demand_escrow)
    return supply


@pytest.fixture
def allocated(ledger: Contract, offered: Goods, demand_escrow: Key) -> Goods:
    """400 of the masks offered, allocated and booked."""
    return Goods(offered.lot, redeem(ledger, offered.parcel, 400, demand_escrow), 400)


@pytest.fixture
def promised(ledger: Contract, offered: Goods, demand_escrow: Key) -> Goods:
    """The masks offered, of which 400 are allocated and nobody has booked them."""
    ledger.allocate(offered.parcel, 400, sender=demand_escrow)
    return offered


@pytest.fixture
def loaded(ledger: Contract, allocated: Goods, freight_escrow: Key) -> Goods:
    """The load of consignment 7, formed an hour after its parcel was allocated."""
    ledger.chain.set_time(ledger.chain.now() + HOUR)
    ledger.form(CONSIGNMENT, [allocated.parcel], NOBODY, [], sender=freight_escrow)
    ledger.chain.set_time(ledger.chain.now() + HOUR)
    return allocated


@pytest.fixture
def in_transit(ledger: Contract, loaded: Goods, carrier: Key, freight_escrow: Key) -> Goods:
    """Picked up by the carrier an hour after the load was formed, an hour ago."""
    ledger.handOver(CONSIGNMENT, carrier, HERE, ledger.chain.now(), sender=freight_escrow)
    ledger.chain.set_time(ledger.chain.now() + HOUR)
    return loaded


def end(ledger: Contract, outcome: ParcelState, custodian: Key, freight_escrow: Key) -> None:
    now = ledger.chain.now()
    ledger.close(CONSIGNMENT, outcome, custodian, THERE, now, sender=freight_escrow)


@pytest.fixture
def delivered(ledger: Contract, in_transit: Goods, hospital: Key, freight_escrow: Key) -> Goods:
    end(ledger, ParcelState.DELIVERED, hospital, freight_escrow)
    return in_transit


@pytest.fixture
def quarantined(ledger: Contract, in_transit: Goods, hospital: Key, freight_escrow: Key) -> Goods:
    end(ledger, ParcelState.QUARANTINED, hospital, freight_escrow)
    return in_transit


@pytest.fixture
def returned(ledger: Contract, in_transit: Goods, carrier: Key, freight_escrow: Key) -> Goods:
    end(ledger, ParcelState.RETURNED, carrier, freight_escrow)
    return in_transit
