"""Goods that went from a supplier to a carrier; plain keys stand for the rooms that move them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.keccak import keccak
from aidline.model import IncidentKind
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.people import key_of, word
from tests.support.suite import HOUR, MASK, START, Suite, deploy_suite

EVIDENCE = keccak(b"photographs of the empty pallet")
CONSIGNMENT = 1
WEEK = 7 * 24 * HOUR
MONTH = 30 * 24 * HOUR


@pytest.fixture(scope="session")
def suite() -> Suite:
    known = {name: key_of(name).address for name in ("DemandEscrow", "FreightEscrow")}
    return deploy_suite(RevmChain(timestamp=START), known=known)


@pytest.fixture
def board(suite: Suite) -> Contract:
    return suite.incidents


@pytest.fixture
def parcels(ledger: Contract, supplier: Key) -> list[int]:
    """Three parcels of one lot, allocated, in the supplier's hands for an hour."""
    escrow = key_of("DemandEscrow")
    asked = {
        "material": MASK,
        "quantity": 900,
        "expiry": 0,
        "station": 3,
        "evidence": keccak(b"delivery note"),
    }
    first = ledger.commission(asked, sender=supplier).event("LotCommissioned").args.parcel
    made = [ledger.split(first, 300, sender=supplier).event("ParcelSplit").args.child]
    made.append(ledger.split(first, 300, sender=supplier).event("ParcelSplit").args.child)
    found = sorted([first, *made])
    for number in found:
        ledger.offer(number, supplier, sender=escrow)
        ledger.allocate(number, 300, sender=escrow)
        ledger.redeem(number, 300, sender=escrow)
    ledger.chain.set_time(ledger.chain.now() + HOUR)
    return found


@pytest.fixture
def carried(ledger: Contract, parcels: list[int], carrier: Key) -> list[int]:
    """The first two of them, picked up by the carrier an hour ago."""
    freight = key_of("FreightEscrow")
    ledger.form(CONSIGNMENT, parcels[:2], NOBODY, [], sender=freight)
    ledger.handOver(CONSIGNMENT, carrier, 3, ledger.chain.now(), sender=freight)
    ledger.chain.set_time(ledger.chain.now() + HOUR)
    return parcels[:2]


@pytest.fixture
def declared(board: Contract, carried: list[int], auditor: Key, chain: RevmChain) -> int:
    """The auditor says that the carrier has embezzled them."""
    receipt = board.declare(
        IncidentKind.EMBEZZLED, carried, chain.now() - 60, EVIDENCE, sender=auditor
    )
    incident: int = receipt.event("IncidentDeclared").args.incident
    return incident


@pytest.fixture
def answered(board: Contract, declared: int, carrier: Key) -> int:
    board.answer(declared, keccak(b"we were robbed"), sender=carrier)
    return declared


@pytest.fixture
def suspended(suite: Suite, suspender: Key) -> Callable[[Key], None]:
    """Suspends somebody."""

    def suspend(person: Key) -> None:
        suite.registry.suspend(person.address, word("test"), sender=suspender)

    return suspend
