"""Forming the load of a consignment.

when the caller is not FreightEscrow: refused
when the consignment is zero, has a load, or is not the next (MAT-39): refused
when there are no parcels, more than 16, one twice, one not allocated, of another custodian or
at another station, of an expired lot: refused
else the parcels ride in the load, still allocated, its content fixed, its waybill found by its id
"""

from __future__ import annotations

import pytest
from eth_abi import encode

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.unit.material_ledger.conftest import CONSIGNMENT, Goods, fate, redeem, request


def allocate_parts(ledger: Contract, goods: Goods, count: int, demand_escrow: Key) -> list[int]:
    return [redeem(ledger, goods.parcel, 10, demand_escrow) for _ in range(count)]


def test_forms_a_load(
    ledger: Contract,
    supply: Goods,
    kits: Goods,
    supplier: Key,
    demand_escrow: Key,
    freight_escrow: Key,
) -> None:
    for goods in (supply, kits):
        ledger.offer(goods.parcel, supplier, sender=demand_escrow)
        redeem(ledger, goods.parcel, goods.units, demand_escrow)
    ids = [kits.parcel, supply.parcel]

    receipt = ledger.form(CONSIGNMENT, ids, NOBODY, [], sender=freight_escrow)

    content = keccak(
        encode(
            ["uint64[]", "uint64[]", "uint64[]"],
            [ids, [kits.lot, supply.lot], [kits.units, supply.units]],
        )
    )
    told = receipt.event("LoadFormed").args
    assert (told.consignment, list(told.parcels)) == (CONSIGNMENT, ids)
    assert (told.content, told.custodian) == (content, supplier.address)
    load = ledger.load(CONSIGNMENT)
    assert (load.custodian, load.since) == (supplier.address, receipt.timestamp)
    assert (load.sequence, load.state, load.content) == (0, ParcelState.ALLOCATED, content)
    assert list(ledger.parcelsOf(CONSIGNMENT)) == ids
    for parcel in ids:
        record = ledger.parcel(parcel)
        assert (record.consignment, record.state) == (CONSIGNMENT, ParcelState.ALLOCATED)
    assert fate(ledger, supply.lot) == {"allocated": supply.units}
    assert fate(ledger, kits.lot) == {"allocated": kits.units}
    span = ledger.custodySpan(CONSIGNMENT, 0)
    assert (span.custodian, span.since) == (supplier.address, receipt.timestamp)


@pytest.mark.parametrize("person", ["supplier", "carrier", "demand_escrow", "admin"])
def test_reverts_when_the_caller_is_another(
    ledger: Contract, allocated: Goods, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotWriter", caller=caller):
        ledger.form(CONSIGNMENT, [allocated.parcel], NOBODY, [], sender=caller)


def test_takes_sixteen_parcels_and_no_more(
    ledger: Contract, offered: Goods, demand_escrow: Key, freight_escrow: Key
) -> None:
    parcels = allocate_parts(ledger, offered, 17, demand_escrow)
    with reverts("TooManyParcels", given=17, most=16):
        ledger.form(CONSIGNMENT, parcels, NOBODY, [], sender=freight_escrow)
    ledger.form(CONSIGNMENT, parcels[:16], NOBODY, [], sender=freight_escrow)
    assert list(ledger.parcelsOf(CONSIGNMENT)) == parcels[:16]


def test_reverts_without_parcels(ledger: Contract, freight_escrow: Key) -> None:
    with reverts("NoParcels"):
        ledger.form(CONSIGNMENT, [], NOBODY, [], sender=freight_escrow)


def test_reverts_for_consignment_zero(
    ledger: Contract, allocated: Goods, freight_escrow: Key
) -> None:
    with reverts("UnknownLoad", consignment=0):
        ledger.form(0, [allocated.parcel], NOBODY, [], sender=freight_escrow)


def test_reverts_when_a_parcel_is_named_twice(
    ledger: Contract, allocated: Goods, freight_escrow: Key
) -> None:
    with reverts("WrongState", parcel=allocated.parcel):
        ledger.form(CONSIGNMENT, [allocated.parcel] * 2, NOBODY, [], sender=freight_escrow)


def test_reverts_when_a_parcel_rides_already(
    ledger: Contract, loaded: Goods, freight_escrow: Key
) -> None:
    with reverts("WrongState", parcel=loaded.parcel):
        ledger.form(CONSIGNMENT + 1, [loaded.parcel], NOBODY, [], sender=freight_escrow)


def test_reverts_when_the_consignment_has_a_load(
    ledger: Contract, loaded: Goods, supply: Goods, demand_escrow: Key, freight_escrow: Key
) -> None:
    redeem(ledger, supply.parcel, 600, demand_escrow)
    with reverts("LoadExists", consignment=CONSIGNMENT):
        ledger.form(CONSIGNMENT, [supply.parcel], NOBODY, [], sender=freight_escrow)


@pytest.mark.parametrize("stage", ["supply", "offered", "delivered", "quarantined", "returned"])
def test_reverts_when_a_parcel_is_not_allocated(
    ledger: Contract, freight_escrow: Key, request: pytest.FixtureRequest, stage: str
) -> None:
    goods = request.getfixturevalue(stage)
    with reverts("WrongState", parcel=goods.parcel):
        ledger.form(CONSIGNMENT + 1, [goods.parcel], NOBODY, [], sender=freight_escrow)


def test_reverts_when_a_parcel_lies_elsewhere(
    ledger: Contract, allocated: Goods, supplier: Key, demand_escrow: Key, freight_escrow: Key
) -> None:
    receipt = ledger.commission(request(station=4), sender=supplier)
    elsewhere = receipt.event("LotCommissioned").args.parcel
    ledger.offer(elsewhere, supplier, sender=demand_escrow)
    redeem(ledger, elsewhere, 1_000, demand_escrow)
    with reverts("MixedCustody", parcel=elsewhere):
        ledger.form(CONSIGNMENT, [allocated.parcel, elsewhere], NOBODY, [], sender=freight_escrow)


def test_reverts_when_a_parcel_is_in_other_hands(
    ledger: Contract,
    allocated: Goods,
    donor: Key,
    charity: Key,
    donation_registry: Key,
    demand_escrow: Key,
    freight_escrow: Key,
) -> None:
    none = {"kind": 1, "scope": word("")}
    receipt = ledger.commissionGift(request(), donor, charity, none, sender=donation_registry)
    other = receipt.event("LotCommissioned").args.parcel
    ledger.offer(other, charity, sender=demand_escrow)
    redeem(ledger, other, 1_000, demand_escrow)
    with reverts("MixedCustody", parcel=other):
        ledger.form(CONSIGNMENT, [allocated.parcel, other], NOBODY, [], sender=freight_escrow)


def test_reverts_when_a_lot_has_expired(
    ledger: Contract, kits: Goods, supplier: Key, demand_escrow: Key, freight_escrow: Key
) -> None:
    ledger.offer(kits.parcel, supplier, sender=demand_escrow)
    redeem(ledger, kits.parcel, 500, demand_escrow)
    ledger.chain.set_time(ledger.chain.now() + 30 * DAY)
    with reverts("LotExpired", lot=kits.lot):
        ledger.form(CONSIGNMENT, [kits.parcel], NOBODY, [], sender=freight_escrow)


def test_reverts_for_an_unknown_load(ledger: Contract) -> None:
    with reverts("UnknownLoad", consignment=99):
        ledger.load(99)
    with reverts("UnknownLoad", consignment=99):
        ledger.custodySpan(99, 0)
    assert list(ledger.parcelsOf(99)) == []


def test_reverts_out_of_the_order_of_consignments(
    ledger: Contract, allocated: Goods, freight_escrow: Key
) -> None:
    with reverts("LoadOutOfOrder", consignment=CONSIGNMENT + 1):
        ledger.form(CONSIGNMENT + 1, [allocated.parcel], NOBODY, [], sender=freight_escrow)


def test_finds_the_waybill_of_each_of_many_loads(
    ledger: Contract, offered: Goods, carrier: Key, demand_escrow: Key, freight_escrow: Key
) -> None:
    for consignment in range(1, 260):
        parcel = redeem(ledger, offered.parcel, 1, demand_escrow)
        takers = [{"custodian": carrier.address, "station": consignment, "since": 0}]
        ledger.form(consignment, [parcel], NOBODY, takers, sender=freight_escrow)
    for consignment in (1, 127, 128, 255, 256, 259):
        assert ledger.routeOf(consignment)[1].station == consignment
