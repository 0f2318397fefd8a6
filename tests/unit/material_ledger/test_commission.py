"""Commissioning a lot: `commission`, `commissionGift`, and the lot's reads.

commission
├── when the caller is no active supplier: refused
├── when the material is unknown, the quantity zero: refused
├── when the expiry is missing, past, beyond the shelf life, or given without one: refused
└── else a lot stands with one parcel, held by its maker, earmarked for none
commissionGift
├── when the caller is not DonationRegistry: refused
├── when the earmark's scope does not fit its kind: refused
└── else a lot of the donor's stands in the charity's hands, with its earmark
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import EarmarkKind, LotKind, ParcelState
from aidline.signing import Key
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, MASK
from tests.unit.material_ledger.conftest import EVIDENCE, HERE, earmark, fate, request


def test_commissions_a_supply(ledger: Contract, supplier: Key) -> None:
    lots, parcels = ledger.lotCount(), ledger.parcelCount()

    receipt = ledger.commission(request(), sender=supplier)

    told = receipt.event("LotCommissioned").args
    assert (told.lot, told.parcel) == (lots + 1, parcels + 1)
    assert (told.maker, told.custodian) == (supplier.address, supplier.address)
    assert (told.material, told.quantity, told.expiry) == (MASK, 1_000, 0)
    assert (told.kind, told.evidence) == (LotKind.SUPPLY, EVIDENCE)
    lot = ledger.lot(told.lot)
    assert (lot.maker, lot.commissioned_at) == (supplier.address, receipt.timestamp)
    assert (lot.kind, lot.material, lot.quantity) == (LotKind.SUPPLY, MASK, 1_000)
    assert (lot.earmark_kind, lot.earmark_scope) == (EarmarkKind.NONE, bytes(32))
    assert ledger.isRecalled(told.lot) is False
    assert list(ledger.ancestorsOf(told.lot)) == []
    parcel = ledger.parcel(told.parcel)
    assert (parcel.custodian, parcel.since) == (supplier.address, receipt.timestamp)
    assert (parcel.state, parcel.station) == (ParcelState.HELD, HERE)
    assert (parcel.lot, parcel.units) == (told.lot, 1_000)
    assert (parcel.parent, parcel.consignment, parcel.rides) == (0, 0, 0)
    assert fate(ledger, told.lot) == {"held": 1_000}
    assert (ledger.lotCount(), ledger.parcelCount()) == (lots + 1, parcels + 1)


@pytest.mark.parametrize("person", ["stranger", "donor", "charity", "hospital"])
def test_reverts_when_the_caller_is_no_supplier(
    ledger: Contract, request_: dict[str, Any], request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotActive", account=caller):
        ledger.commission(request_, sender=caller)


@pytest.fixture
def request_() -> dict[str, Any]:
    return request()


def test_reverts_when_the_supplier_is_suspended(
    ledger: Contract, registry: Contract, supplier: Key, suspender: Key
) -> None:
    registry.suspend(supplier, word("fraud"), sender=suspender)
    with reverts("NotActive", account=supplier):
        ledger.commission(request(), sender=supplier)


def test_reverts_when_the_material_is_unknown(ledger: Contract, supplier: Key) -> None:
    with reverts("UnknownMaterial", material=17):
        ledger.commission(request(material=17), sender=supplier)


def test_commissions_as_much_as_a_parcel_can_count(ledger: Contract, supplier: Key) -> None:
    most = 2**56 - 1
    told = ledger.commission(request(quantity=most), sender=supplier).event("LotCommissioned").args
    assert ledger.parcel(told.parcel).units == most
    with reverts("QuantityTooLarge", quantity=most + 1, most=most):
        ledger.commission(request(quantity=most + 1), sender=supplier)


def test_reverts_with_no_units(ledger: Contract, supplier: Key) -> None:
    with reverts("ZeroQuantity"):
        ledger.commission(request(quantity=0), sender=supplier)


def test_takes_an_expiry_up_to_the_end_of_the_shelf_life(ledger: Contract, supplier: Key) -> None:
    now = ledger.chain.now()
    for expiry in (now + 1, now + 365 * DAY):
        told = ledger.commission(request(material=KIT, expiry=expiry), sender=supplier)
        assert ledger.lot(told.event("LotCommissioned").args.lot).expiry == expiry


def test_reverts_when_the_expiry_does_not_fit(ledger: Contract, supplier: Key) -> None:
    now = ledger.chain.now()
    for expiry in (0, 1, now):
        with reverts("ExpiryInPast", expiry=expiry):
            ledger.commission(request(material=KIT, expiry=expiry), sender=supplier)
    latest = now + 365 * DAY
    with reverts("ExpiryBeyondShelfLife", expiry=latest + 1, latest=latest):
        ledger.commission(request(material=KIT, expiry=latest + 1), sender=supplier)
    with reverts("ExpiryBeyondShelfLife", expiry=now + DAY, latest=0):
        ledger.commission(request(expiry=now + DAY), sender=supplier)


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        (EarmarkKind.NONE, bytes(32)),
        (EarmarkKind.REGION, word("CN-HB")),
        (EarmarkKind.FACILITY, word("hospital")),
        (EarmarkKind.EMERGENCY, word("plan")),
    ],
)
def test_commissions_a_gift(
    ledger: Contract,
    donation_registry: Key,
    donor: Key,
    charity: Key,
    kind: EarmarkKind,
    scope: bytes,
) -> None:
    receipt = ledger.commissionGift(
        request(), donor, charity, earmark(kind, scope), sender=donation_registry
    )

    told = receipt.event("LotCommissioned").args
    assert (told.maker, told.custodian) == (donor.address, charity.address)
    assert told.kind == LotKind.GIFT
    lot = ledger.lot(told.lot)
    assert (lot.maker, lot.kind) == (donor.address, LotKind.GIFT)
    stored = ledger.earmarkOf(told.lot)
    assert (stored.kind, stored.scope) == (kind, scope)
    parcel = ledger.parcel(told.parcel)
    assert (parcel.custodian, parcel.state) == (charity.address, ParcelState.HELD)
    assert fate(ledger, told.lot) == {"held": 1_000}


@pytest.mark.parametrize("person", ["donor", "charity", "supplier", "demand_escrow"])
def test_reverts_when_the_caller_may_not_commission_gifts(
    ledger: Contract, donor: Key, charity: Key, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotWriter", caller=caller):
        ledger.commissionGift(
            {"material": MASK, "quantity": 1, "expiry": 0, "station": 0, "evidence": EVIDENCE},
            donor,
            charity,
            earmark(),
            sender=caller,
        )


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        (EarmarkKind.NULL, bytes(32)),
        (EarmarkKind.NONE, word("CN-HB")),
        (EarmarkKind.REGION, bytes(32)),
        (EarmarkKind.REGION, word("CN")),
        (EarmarkKind.REGION, word("CN-420100")),
        (EarmarkKind.FACILITY, bytes(32)),
        (EarmarkKind.FACILITY, word("nobody")),
        (EarmarkKind.EMERGENCY, bytes(32)),
    ],
)
def test_reverts_when_the_earmark_does_not_fit(
    ledger: Contract,
    donation_registry: Key,
    donor: Key,
    charity: Key,
    kind: EarmarkKind,
    scope: bytes,
) -> None:
    with reverts("BadEarmark", kind=kind, scope=scope):
        ledger.commissionGift(
            request(), donor, charity, earmark(kind, scope), sender=donation_registry
        )


def test_reverts_when_the_earmarks_region_is_unknown(
    ledger: Contract, donation_registry: Key, donor: Key, charity: Key
) -> None:
    with reverts("UnknownRegion", region=word("XA")):
        ledger.commissionGift(
            request(),
            donor,
            charity,
            earmark(EarmarkKind.REGION, word("XA")),
            sender=donation_registry,
        )


def test_reverts_for_an_unknown_lot(ledger: Contract) -> None:
    for read in (ledger.lot, ledger.earmarkOf, ledger.fateOf):
        with reverts("UnknownLot", lot=99):
            read(99)
        with reverts("UnknownLot", lot=0):
            read(0)


def test_reverts_for_an_unknown_parcel(ledger: Contract) -> None:
    with reverts("UnknownParcel", parcel=99):
        ledger.parcel(99)
    with reverts("UnknownParcel", parcel=99):
        ledger.responsibleAt(99, 0)
