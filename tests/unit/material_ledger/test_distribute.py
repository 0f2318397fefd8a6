"""Reporting units handed out: `distribute`.

when the caller is not the custodian, or no recipient: refused
when the units are none or more than there are: refused
given a parcel that is not delivered: refused
else the units are distributed, split off unless they are all; also by a suspended recipient
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import ParcelState, Role
from aidline.signing import Key
from tests.support.people import word
from tests.support.reverts import reverts
from tests.unit.material_ledger.conftest import Goods, end, fate

WARD = word("ward 3")
LIST = keccak(b"salted list")


def test_distributes_some(ledger: Contract, delivered: Goods, hospital: Key) -> None:
    receipt = ledger.distribute(delivered.parcel, 150, WARD, LIST, sender=hospital)

    child = receipt.event("ParcelSplit").args.child
    told = receipt.event("UnitsDistributed").args
    assert (told.parcel, told.units, told.ward, told.list_hash) == (child, 150, WARD, LIST)
    moved = receipt.event("ParcelMoved").args
    assert (moved.parcel, moved.units) == (child, 150)
    assert (moved.from_, moved.to) == (ParcelState.DELIVERED, ParcelState.DISTRIBUTED)
    part, rest = ledger.parcel(child), ledger.parcel(delivered.parcel)
    assert (part.units, part.state) == (150, ParcelState.DISTRIBUTED)
    assert (part.custodian, part.parent) == (hospital.address, delivered.parcel)
    assert (rest.units, rest.state) == (250, ParcelState.DELIVERED)
    assert fate(ledger, delivered.lot) == {"offered": 600, "delivered": 250, "distributed": 150}


def test_distributes_all(ledger: Contract, delivered: Goods, hospital: Key) -> None:
    before = ledger.parcelCount()
    receipt = ledger.distribute(delivered.parcel, 400, WARD, LIST, sender=hospital)

    assert receipt.event("UnitsDistributed").args.parcel == delivered.parcel
    assert ledger.parcel(delivered.parcel).state == ParcelState.DISTRIBUTED
    assert ledger.parcelCount() == before
    assert fate(ledger, delivered.lot) == {"offered": 600, "distributed": 400}


def test_a_suspended_recipient_may_still_hand_out(
    ledger: Contract, registry: Contract, delivered: Goods, hospital: Key, suspender: Key
) -> None:
    registry.suspend(hospital, word("audit"), sender=suspender)
    ledger.distribute(delivered.parcel, 400, WARD, LIST, sender=hospital)
    assert fate(ledger, delivered.lot)["distributed"] == 400


def test_reverts_a_second_time(ledger: Contract, delivered: Goods, hospital: Key) -> None:
    ledger.distribute(delivered.parcel, 400, WARD, LIST, sender=hospital)
    with reverts("WrongState", parcel=delivered.parcel, state=ParcelState.DISTRIBUTED):
        ledger.distribute(delivered.parcel, 400, WARD, LIST, sender=hospital)


def test_reverts_when_the_caller_is_not_the_custodian(
    ledger: Contract, delivered: Goods, second_hospital: Key, hospital: Key
) -> None:
    with reverts(
        "NotCustodian", parcel=delivered.parcel, caller=second_hospital, custodian=hospital
    ):
        ledger.distribute(delivered.parcel, 1, WARD, LIST, sender=second_hospital)


def test_reverts_when_the_custodian_is_no_recipient(
    ledger: Contract, in_transit: Goods, charity: Key, freight_escrow: Key
) -> None:
    end(ledger, ParcelState.DELIVERED, charity, freight_escrow)
    with reverts("NotActive", account=charity, role=Role.RECIPIENT):
        ledger.distribute(in_transit.parcel, 1, WARD, LIST, sender=charity)


def test_reverts_with_no_units_or_too_many(
    ledger: Contract, delivered: Goods, hospital: Key
) -> None:
    with reverts("ZeroQuantity"):
        ledger.distribute(delivered.parcel, 0, WARD, LIST, sender=hospital)
    with reverts("TooManyUnits", parcel=delivered.parcel, asked=401, there=400):
        ledger.distribute(delivered.parcel, 401, WARD, LIST, sender=hospital)


@pytest.mark.parametrize("stage", ["supply", "allocated", "in_transit", "quarantined", "returned"])
def test_reverts_in_another_state(
    ledger: Contract, hospital: Key, request: pytest.FixtureRequest, stage: str
) -> None:
    goods = request.getfixturevalue(stage)
    with reverts("WrongState", parcel=goods.parcel):
        ledger.distribute(goods.parcel, 1, WARD, LIST, sender=hospital)
