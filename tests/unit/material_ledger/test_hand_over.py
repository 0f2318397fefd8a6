"""Passing custody of a load: `handOver`.

when the caller is not FreightEscrow: refused
given no load, or one that has ended: refused
when the time lies before the former change of hands, or in the future: refused
given a load not yet picked up: its parcels are in transit from now on
given a load in transit: only its custody changes, however many parcels ride
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.reverts import reverts
from tests.support.suite import HOUR
from tests.unit.material_ledger.conftest import CONSIGNMENT, HERE, THERE, Goods, fate, redeem


def test_the_first_puts_the_parcels_in_transit(
    ledger: Contract, loaded: Goods, supplier: Key, carrier: Key, freight_escrow: Key
) -> None:
    formed = ledger.load(CONSIGNMENT)
    at = formed.since + 60

    receipt = ledger.handOver(CONSIGNMENT, carrier, HERE, at, sender=freight_escrow)

    told = receipt.event("CustodyChanged").args
    assert (told.consignment, told.sequence) == (CONSIGNMENT, 0)
    assert (told.from_, told.to) == (supplier.address, carrier.address)
    assert (told.station, told.at) == (HERE, at)
    moved = receipt.event("ParcelMoved").args
    assert (moved.parcel, moved.units, moved.consignment) == (loaded.parcel, 400, CONSIGNMENT)
    assert (moved.from_, moved.to) == (ParcelState.ALLOCATED, ParcelState.IN_TRANSIT)
    load = ledger.load(CONSIGNMENT)
    assert (load.custodian, load.since) == (carrier.address, at)
    assert (load.sequence, load.state) == (1, ParcelState.IN_TRANSIT)
    assert load.content == formed.content
    parcel = ledger.parcel(loaded.parcel)
    assert (parcel.custodian, parcel.since) == (carrier.address, at)
    assert (parcel.state, parcel.consignment) == (ParcelState.IN_TRANSIT, CONSIGNMENT)
    assert fate(ledger, loaded.lot) == {"offered": 600, "in_transit": 400}


def test_the_next_changes_custody_only(
    ledger: Contract, in_transit: Goods, carrier: Key, branch_carrier: Key, freight_escrow: Key
) -> None:
    at = ledger.chain.now()

    receipt = ledger.handOver(CONSIGNMENT, branch_carrier, 5, at, sender=freight_escrow)

    assert [event.name for event in receipt.events] == ["CustodyChanged"]
    told = receipt.event("CustodyChanged").args
    assert (told.sequence, told.from_, told.to) == (1, carrier.address, branch_carrier.address)
    assert ledger.parcel(in_transit.parcel).custodian == branch_carrier.address
    assert fate(ledger, in_transit.lot) == {"offered": 600, "in_transit": 400}


def test_keeps_every_span_of_custody(
    ledger: Contract,
    loaded: Goods,
    supplier: Key,
    carrier: Key,
    branch_carrier: Key,
    terminal_carrier: Key,
    hospital: Key,
    freight_escrow: Key,
) -> None:
    times = [ledger.load(CONSIGNMENT).since]
    hands = [supplier, carrier, branch_carrier, terminal_carrier]
    for taker in hands[1:]:
        ledger.chain.set_time(ledger.chain.now() + HOUR)
        times.append(ledger.chain.now() - 60)
        ledger.handOver(CONSIGNMENT, taker, 5, times[-1], sender=freight_escrow)
    times.append(ledger.chain.now())
    ledger.close(
        CONSIGNMENT, ParcelState.DELIVERED, hospital, THERE, times[-1], sender=freight_escrow
    )
    spans = [ledger.custodySpan(CONSIGNMENT, sequence) for sequence in range(6)]
    expected = [
        *((who.address, at) for who, at in zip([*hands, hospital], times, strict=True)),
        ("0x" + "00" * 20, 0),
    ]
    assert [(span.custodian, span.since) for span in spans] == expected


def test_costs_the_same_however_many_parcels_ride(
    ledger: Contract,
    offered: Goods,
    carrier: Key,
    branch_carrier: Key,
    demand_escrow: Key,
    freight_escrow: Key,
) -> None:
    used = []
    for consignment, count in ((1, 1), (2, 16)):
        parcels = [redeem(ledger, offered.parcel, 10, demand_escrow) for _ in range(count)]
        ledger.form(consignment, parcels, NOBODY, [], sender=freight_escrow)
        now = ledger.chain.now()
        ledger.handOver(consignment, carrier, HERE, now, sender=freight_escrow)
        receipt = ledger.handOver(consignment, branch_carrier, 5, now, sender=freight_escrow)
        used.append(receipt.gas_used)
    assert used[0] == used[1]


def test_takes_the_second_of_the_former_change_and_the_present_one(
    ledger: Contract, loaded: Goods, carrier: Key, branch_carrier: Key, freight_escrow: Key
) -> None:
    formed = ledger.load(CONSIGNMENT).since
    ledger.handOver(CONSIGNMENT, carrier, HERE, formed, sender=freight_escrow)
    now = ledger.chain.now()
    ledger.handOver(CONSIGNMENT, branch_carrier, 5, now, sender=freight_escrow)
    assert ledger.load(CONSIGNMENT).since == now


def test_reverts_before_the_former_change_or_in_the_future(
    ledger: Contract, in_transit: Goods, branch_carrier: Key, freight_escrow: Key
) -> None:
    since, now = ledger.load(CONSIGNMENT).since, ledger.chain.now()
    for at in (since - 1, now + 1):
        with reverts("WrongHandoverTime", at=at, not_before=since, not_after=now):
            ledger.handOver(CONSIGNMENT, branch_carrier, 5, at, sender=freight_escrow)


@pytest.mark.parametrize("person", ["supplier", "carrier", "demand_escrow", "admin"])
def test_reverts_when_the_caller_is_another(
    ledger: Contract, loaded: Goods, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotWriter", caller=caller):
        ledger.handOver(CONSIGNMENT, caller, HERE, ledger.chain.now(), sender=caller)


def test_reverts_without_a_load(ledger: Contract, carrier: Key, freight_escrow: Key) -> None:
    with reverts("UnknownLoad", consignment=99):
        ledger.handOver(99, carrier, HERE, ledger.chain.now(), sender=freight_escrow)


@pytest.mark.parametrize("stage", ["delivered", "quarantined", "returned"])
def test_reverts_when_the_load_has_ended(
    ledger: Contract,
    carrier: Key,
    freight_escrow: Key,
    request: pytest.FixtureRequest,
    stage: str,
) -> None:
    request.getfixturevalue(stage)
    with reverts("WrongLoadState", consignment=CONSIGNMENT):
        ledger.handOver(CONSIGNMENT, carrier, HERE, ledger.chain.now(), sender=freight_escrow)
