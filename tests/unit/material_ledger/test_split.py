"""Splitting a parcel.

when the caller is not its custodian, the units are none or not fewer than it has: refused
given a parcel that is neither held nor delivered: refused
else a child has the units, in the same state, hands and place
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import ParcelState
from aidline.signing import Key
from tests.support.reverts import reverts
from tests.unit.material_ledger.conftest import HERE, THERE, Goods, fate


def test_splits_what_is_held(ledger: Contract, supply: Goods, supplier: Key) -> None:
    receipt = ledger.split(supply.parcel, 300, sender=supplier)

    told = receipt.event("ParcelSplit").args
    assert (told.parcel, told.units) == (supply.parcel, 300)
    parent, child = ledger.parcel(supply.parcel), ledger.parcel(told.child)
    assert (parent.units, child.units) == (700, 300)
    assert child.parent == supply.parcel
    assert (child.lot, child.state, child.custodian) == (
        supply.lot,
        ParcelState.HELD,
        supplier.address,
    )
    assert (child.since, child.station) == (parent.since, HERE)
    assert fate(ledger, supply.lot) == {"held": 1_000}
    assert ledger.parcelCount() == told.child


def test_splits_what_is_delivered(ledger: Contract, delivered: Goods, hospital: Key) -> None:
    told = ledger.split(delivered.parcel, 1, sender=hospital).event("ParcelSplit").args

    child = ledger.parcel(told.child)
    assert (child.state, child.custodian) == (ParcelState.DELIVERED, hospital.address)
    assert (child.station, child.rides) == (THERE, 0)
    assert fate(ledger, delivered.lot) == {"offered": 600, "delivered": 400}


def test_reverts_when_the_caller_is_not_the_custodian(
    ledger: Contract, supply: Goods, stranger: Key, supplier: Key
) -> None:
    with reverts("NotCustodian", parcel=supply.parcel, caller=stranger, custodian=supplier):
        ledger.split(supply.parcel, 1, sender=stranger)


def test_reverts_with_no_units(ledger: Contract, supply: Goods, supplier: Key) -> None:
    with reverts("ZeroQuantity"):
        ledger.split(supply.parcel, 0, sender=supplier)


@pytest.mark.parametrize("units", [1_000, 1_001, 2**64 - 1])
def test_reverts_when_nothing_would_be_left(
    ledger: Contract, supply: Goods, supplier: Key, units: int
) -> None:
    with reverts("TooManyUnits", parcel=supply.parcel, asked=units, there=1_000):
        ledger.split(supply.parcel, units, sender=supplier)


@pytest.mark.parametrize("stage", ["offered", "allocated", "loaded", "in_transit", "quarantined"])
def test_reverts_in_another_state(
    ledger: Contract, supplier: Key, request: pytest.FixtureRequest, stage: str
) -> None:
    goods = request.getfixturevalue(stage)
    with reverts("WrongState", parcel=goods.parcel):
        ledger.split(goods.parcel, 1, sender=supplier)


def test_reverts_for_an_unknown_parcel(ledger: Contract, supplier: Key) -> None:
    with reverts("UnknownParcel", parcel=99):
        ledger.split(99, 1, sender=supplier)
