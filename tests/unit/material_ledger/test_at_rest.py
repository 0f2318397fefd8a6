"""Parcels at rest: `merge`, `quarantine` and its release, `restock`, `reportLoss`, and the head.

merge: only alike parcels of the caller that are held or delivered; the emptied one stays so
quarantine: by the custodian or an auditor; the release is another party's, to the state before
restock: a returned parcel becomes its custodian's stock
reportLoss: by the custodian, with evidence
expired units: neither allocated nor delivered
head: the events of the ledger give it
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR
from tests.unit.material_ledger.conftest import (
    CONSIGNMENT,
    EVIDENCE,
    THERE,
    Goods,
    fate,
    redeem,
    request,
)


def test_merges_what_was_split(ledger: Contract, supply: Goods, supplier: Key) -> None:
    child = ledger.split(supply.parcel, 300, sender=supplier).event("ParcelSplit").args.child
    ledger.chain.set_time(ledger.chain.now() + HOUR)

    receipt = ledger.merge(supply.parcel, child, sender=supplier)

    told = receipt.event("ParcelsMerged").args
    assert (told.into, told.parcel, told.units) == (supply.parcel, child, 300)
    assert ledger.parcel(supply.parcel).units == 1_000
    emptied = ledger.parcel(child)
    assert (emptied.units, emptied.state) == (0, ParcelState.MERGED)
    assert fate(ledger, supply.lot) == {"held": 1_000}
    with reverts("WrongState", parcel=child, state=ParcelState.MERGED):
        ledger.split(child, 1, sender=supplier)


def test_after_a_merger_whoever_has_the_units_answers(
    ledger: Contract,
    supply: Goods,
    supplier: Key,
    carrier: Key,
    demand_escrow: Key,
    freight_escrow: Key,
) -> None:
    child = ledger.split(supply.parcel, 300, sender=supplier).event("ParcelSplit").args.child
    ledger.merge(supply.parcel, child, sender=supplier)
    before = ledger.chain.now()
    ledger.offer(supply.parcel, supplier, sender=demand_escrow)
    redeem(ledger, supply.parcel, 1_000, demand_escrow)
    ledger.form(CONSIGNMENT, [supply.parcel], NOBODY, [], sender=freight_escrow)
    ledger.chain.set_time(before + HOUR)
    ledger.handOver(CONSIGNMENT, carrier, THERE, before + HOUR, sender=freight_escrow)
    assert ledger.responsibleAt(child, before) == supplier.address
    assert ledger.responsibleAt(child, before + HOUR) == carrier.address


def test_merge_reverts_for_what_is_not_alike(
    ledger: Contract, supply: Goods, offered: Goods, supplier: Key, stranger: Key
) -> None:
    def lot(**changes: int) -> int:
        told = ledger.commission(request(**changes), sender=supplier).event("LotCommissioned")
        number: int = told.args.parcel
        return number

    one, other = lot(), lot()
    child = ledger.split(one, 10, sender=supplier).event("ParcelSplit").args.child
    with reverts("NotAlike", parcel=other, other=child):
        ledger.merge(other, child, sender=supplier)
    with reverts("NotAlike", parcel=child, other=child):
        ledger.merge(child, child, sender=supplier)
    with reverts("NotAlike", parcel=offered.parcel, other=child):
        ledger.merge(offered.parcel, child, sender=supplier)
    with reverts("WrongState", parcel=offered.parcel, state=ParcelState.OFFERED):
        ledger.merge(child, offered.parcel, sender=supplier)
    with reverts("NotCustodian", parcel=child, caller=stranger, custodian=supplier):
        ledger.merge(one, child, sender=stranger)


# --- quarantine ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "person", "state"),
    [
        ("supply", "supplier", ParcelState.HELD),
        ("supply", "auditor", ParcelState.HELD),
        ("offered", "auditor", ParcelState.OFFERED),
        ("delivered", "hospital", ParcelState.DELIVERED),
        ("returned", "carrier", ParcelState.RETURNED),
    ],
)
def test_stops_a_parcel_until_a_second_party_releases_it(
    ledger: Contract,
    second_auditor: Key,
    request: pytest.FixtureRequest,
    stage: str,
    person: str,
    state: ParcelState,
) -> None:
    goods, caller = request.getfixturevalue(stage), request.getfixturevalue(person)

    receipt = ledger.quarantine(goods.parcel, EVIDENCE, sender=caller)

    told = receipt.event("ParcelQuarantined").args
    assert (told.parcel, told.by, told.evidence) == (goods.parcel, caller.address, EVIDENCE)
    assert ledger.parcel(goods.parcel).state == ParcelState.QUARANTINED
    stopped = ledger.quarantineOf(goods.parcel)
    assert (stopped.by, stopped.before) == (caller.address, state)
    assert ledger.fateOf(goods.lot).quarantined == goods.units
    with reverts("NotAuditor", caller=caller):
        ledger.releaseFromQuarantine(goods.parcel, EVIDENCE, sender=caller)
    ledger.releaseFromQuarantine(goods.parcel, EVIDENCE, sender=second_auditor)
    assert ledger.parcel(goods.parcel).state == state
    assert ledger.fateOf(goods.lot).quarantined == 0


def test_quarantine_reverts_for_others_and_elsewhere(
    ledger: Contract, in_transit: Goods, supply: Goods, carrier: Key, auditor: Key, supplier: Key
) -> None:
    asked = ledger.commission(request(), sender=supplier).event("LotCommissioned").args
    with reverts("NotCustodian", parcel=asked.parcel, caller=carrier, custodian=supplier):
        ledger.quarantine(asked.parcel, EVIDENCE, sender=carrier)
    with reverts("NoEvidence"):
        ledger.quarantine(asked.parcel, bytes(32), sender=supplier)
    with reverts("WrongState", parcel=in_transit.parcel, state=ParcelState.IN_TRANSIT):
        ledger.quarantine(in_transit.parcel, EVIDENCE, sender=auditor)


def test_an_offer_ends_while_its_parcel_is_stopped(
    ledger: Contract, offered: Goods, auditor: Key, second_auditor: Key, demand_escrow: Key
) -> None:
    ledger.quarantine(offered.parcel, EVIDENCE, sender=auditor)
    with reverts("WrongState", parcel=offered.parcel, state=ParcelState.QUARANTINED):
        ledger.allocate(offered.parcel, 1, sender=demand_escrow)
    ledger.withdraw(offered.parcel, sender=demand_escrow)
    ledger.releaseFromQuarantine(offered.parcel, EVIDENCE, sender=second_auditor)
    assert fate(ledger, offered.lot) == {"held": 1_000}


# --- restock, loss, expiry -------------------------------------------------------------------


def test_what_came_back_is_stock_again(ledger: Contract, returned: Goods, carrier: Key) -> None:
    ledger.restock(returned.parcel, sender=carrier)
    assert fate(ledger, returned.lot) == {"held": 400, "offered": 600}
    with reverts("WrongState", parcel=returned.parcel, state=ParcelState.HELD):
        ledger.restock(returned.parcel, sender=carrier)


def test_restock_reverts_for_another(
    ledger: Contract, returned: Goods, supplier: Key, carrier: Key
) -> None:
    with reverts("NotCustodian", parcel=returned.parcel, caller=supplier, custodian=carrier):
        ledger.restock(returned.parcel, sender=supplier)


@pytest.mark.parametrize(
    ("stage", "person"),
    [
        ("supply", "supplier"),
        ("delivered", "hospital"),
        ("returned", "carrier"),
        ("quarantined", "hospital"),
    ],
)
def test_the_custodian_reports_a_loss(
    ledger: Contract, request: pytest.FixtureRequest, stage: str, person: str
) -> None:
    goods, custodian = request.getfixturevalue(stage), request.getfixturevalue(person)
    told = ledger.reportLoss(goods.parcel, 10, EVIDENCE, sender=custodian).event("ParcelLost").args
    assert (told.custodian, told.evidence) == (custodian.address, EVIDENCE)
    gone = ledger.parcel(told.parcel)
    assert (gone.units, gone.state) == (10, ParcelState.LOST)
    assert ledger.fateOf(goods.lot).lost == 10
    with reverts("TooManyUnits", parcel=goods.parcel):
        ledger.reportLoss(goods.parcel, goods.units, EVIDENCE, sender=custodian)
    with reverts("NoEvidence"):
        ledger.reportLoss(goods.parcel, 1, bytes(32), sender=custodian)


def test_a_loss_reverts_for_another_and_elsewhere(
    ledger: Contract, in_transit: Goods, delivered: Goods, carrier: Key, hospital: Key
) -> None:
    with reverts("NotCustodian", parcel=delivered.parcel, caller=carrier, custodian=hospital):
        ledger.reportLoss(delivered.parcel, 1, EVIDENCE, sender=carrier)
    ledger.destroy(_quarantined(ledger, delivered, hospital), EVIDENCE, sender=hospital)
    with reverts("WrongState", parcel=delivered.parcel, state=ParcelState.DESTROYED):
        ledger.reportLoss(delivered.parcel, 1, EVIDENCE, sender=hospital)


def _quarantined(ledger: Contract, goods: Goods, custodian: Key) -> int:
    ledger.quarantine(goods.parcel, EVIDENCE, sender=custodian)
    return goods.parcel


def test_expired_units_are_not_allocated(
    ledger: Contract, kits: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.offer(kits.parcel, supplier, sender=demand_escrow)
    ledger.chain.set_time(ledger.lot(kits.lot).expiry)
    with reverts("LotExpired", lot=kits.lot):
        ledger.allocate(kits.parcel, 1, sender=demand_escrow)


@pytest.mark.parametrize(("early", "name"), [(1, "delivered"), (0, "quarantined")])
def test_units_that_had_expired_when_they_arrived_are_quarantined(
    ledger: Contract,
    kits: Goods,
    supplier: Key,
    carrier: Key,
    hospital: Key,
    demand_escrow: Key,
    freight_escrow: Key,
    early: int,
    name: str,
) -> None:
    ledger.offer(kits.parcel, supplier, sender=demand_escrow)
    redeem(ledger, kits.parcel, 500, demand_escrow)
    ledger.form(CONSIGNMENT, [kits.parcel], NOBODY, [], sender=freight_escrow)
    now, expiry = ledger.chain.now(), ledger.lot(kits.lot).expiry
    ledger.handOver(CONSIGNMENT, carrier, THERE, now, sender=freight_escrow)
    ledger.chain.set_time(expiry + DAY)
    ledger.close(
        CONSIGNMENT,
        ParcelState.DELIVERED,
        hospital,
        THERE,
        expiry - early,
        sender=freight_escrow,
    )
    assert fate(ledger, kits.lot) == {name: 500}
    assert ledger.outcomeOf(kits.parcel, CONSIGNMENT).outcome == ParcelState[name.upper()]


# --- head ------------------------------------------------------------------------------------


def test_the_head_follows_from_the_events(ledger: Contract, supplier: Key, auditor: Key) -> None:
    head = ledger.head()
    told = ledger.commission(request(), sender=supplier)
    parcel, lot = (getattr(told.event("LotCommissioned").args, name) for name in ("parcel", "lot"))
    receipts = [
        told,
        ledger.split(parcel, 10, sender=supplier),
        ledger.recall(lot, EVIDENCE, EVIDENCE, sender=auditor),
        ledger.reportLoss(parcel, 10, EVIDENCE, sender=supplier),
    ]
    for receipt in receipts:
        for log in receipt.logs:
            head = keccak(head + keccak(b"".join(log.topics) + log.data))
    assert ledger.head() == head


def test_a_load_is_in_the_head_but_its_changes_of_hands(
    ledger: Contract, allocated: Goods, carrier: Key, hospital: Key, freight_escrow: Key
) -> None:
    """Who had custody since when stands in the load itself, for anybody to read."""
    head = ledger.head()
    now = ledger.chain.now()
    receipts = [
        ledger.form(CONSIGNMENT, [allocated.parcel], NOBODY, [], sender=freight_escrow),
        ledger.handOver(CONSIGNMENT, carrier, THERE, now, sender=freight_escrow),
    ]
    ledger.chain.set_time(now + HOUR)
    receipts.append(
        ledger.close(
            CONSIGNMENT, ParcelState.DELIVERED, hospital, THERE, now, sender=freight_escrow
        )
    )
    apart = keccak(b"CustodyChanged(uint64,uint16,address,address,uint32,uint40)")
    for receipt in receipts:
        for log in receipt.logs:
            if log.topics[0] != apart:
                head = keccak(head + keccak(b"".join(log.topics) + log.data))
    assert ledger.head() == head
