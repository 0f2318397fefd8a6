"""Stopping what is bad, and all that was made from it: `recall`, `liftRecall`, `isRecalled`.

recall
├── when the caller is neither the lot's maker nor an active auditor: refused
├── without evidence or reason, of an unknown lot, or of one recalled already: refused
└── else nothing of the lot or of its descendants is offered, allocated, loaded, handed over,
    delivered, handed out or transformed; what is there can be quarantined, destroyed, given back
liftRecall
├── when the caller is not an active auditor or arbiter of another organisation: refused
├── without evidence, or of a lot that is not recalled: refused
└── else all goes on
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import HOUR
from tests.unit.material_ledger.conftest import CONSIGNMENT, EVIDENCE, HERE, THERE, Goods, end, fate
from tests.unit.material_ledger.production import CLOTH, Production

REASON = word("torn")


@pytest.fixture
def production(ledger: Contract, recipes: Contract) -> Production:
    return Production.start(ledger, recipes)


def test_an_auditor_recalls(ledger: Contract, supply: Goods, auditor: Key) -> None:
    epoch = ledger.recallEpoch()

    receipt = ledger.recall(supply.lot, REASON, EVIDENCE, sender=auditor)

    told = receipt.event("Recalled").args
    assert (told.lot, told.by) == (supply.lot, auditor.address)
    assert (told.reason, told.evidence) == (REASON, EVIDENCE)
    assert ledger.isRecalled(supply.lot) is True
    assert ledger.recalledBy(supply.lot) == auditor.address
    assert ledger.recallEpoch() == epoch + 1
    assert fate(ledger, supply.lot) == {"held": 1_000}


def test_the_maker_recalls(ledger: Contract, supply: Goods, supplier: Key) -> None:
    ledger.recall(supply.lot, REASON, EVIDENCE, sender=supplier)
    assert ledger.isRecalled(supply.lot) is True


@pytest.mark.parametrize(
    "person", ["hospital", "carrier", "charity", "stranger", "arbiter", "admin"]
)
def test_recall_reverts_for_others(
    ledger: Contract, supply: Goods, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotAuditor", caller=caller):
        ledger.recall(supply.lot, REASON, EVIDENCE, sender=caller)


def test_recall_reverts_for_a_suspended_auditor(
    ledger: Contract, registry: Contract, supply: Goods, auditor: Key, suspender: Key
) -> None:
    registry.suspend(auditor, word("bribed"), sender=suspender)
    with reverts("NotAuditor", caller=auditor):
        ledger.recall(supply.lot, REASON, EVIDENCE, sender=auditor)


def test_recall_reverts_without_reason_or_evidence_or_lot_or_twice(
    ledger: Contract, supply: Goods, auditor: Key
) -> None:
    with reverts("NoReason"):
        ledger.recall(supply.lot, bytes(32), EVIDENCE, sender=auditor)
    with reverts("NoEvidence"):
        ledger.recall(supply.lot, REASON, bytes(32), sender=auditor)
    with reverts("UnknownLot", lot=99):
        ledger.recall(99, REASON, EVIDENCE, sender=auditor)
    ledger.recall(supply.lot, REASON, EVIDENCE, sender=auditor)
    with reverts("AlreadyRecalled", lot=supply.lot):
        ledger.recall(supply.lot, REASON, EVIDENCE, sender=auditor)


# --- what it stops ---------------------------------------------------------------------------


def test_nothing_recalled_is_offered(
    ledger: Contract, supply: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.recall(supply.lot, REASON, EVIDENCE, sender=supplier)
    with reverts("LotRecalled", lot=supply.lot):
        ledger.offer(supply.parcel, supplier, sender=demand_escrow)


def test_nothing_recalled_is_allocated(
    ledger: Contract, offered: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.recall(offered.lot, REASON, EVIDENCE, sender=supplier)
    with reverts("LotRecalled", lot=offered.lot):
        ledger.allocate(offered.parcel, 1, sender=demand_escrow)
    ledger.withdraw(offered.parcel, sender=demand_escrow)
    assert fate(ledger, offered.lot) == {"held": 1_000}


def test_nothing_recalled_is_loaded(
    ledger: Contract, allocated: Goods, supplier: Key, freight_escrow: Key, demand_escrow: Key
) -> None:
    ledger.recall(allocated.lot, REASON, EVIDENCE, sender=supplier)
    with reverts("LotRecalled", lot=allocated.lot):
        ledger.form(CONSIGNMENT, [allocated.parcel], NOBODY, [], sender=freight_escrow)
    ledger.release(allocated.parcel, sender=demand_escrow)
    assert ledger.parcel(allocated.parcel).state == ParcelState.HELD


@pytest.mark.parametrize("stage", ["loaded", "in_transit"])
def test_nothing_recalled_changes_hands(
    ledger: Contract,
    supplier: Key,
    branch_carrier: Key,
    freight_escrow: Key,
    request: pytest.FixtureRequest,
    stage: str,
) -> None:
    goods = request.getfixturevalue(stage)
    assert ledger.isLoadRecalled(CONSIGNMENT) is False
    ledger.recall(goods.lot, REASON, EVIDENCE, sender=supplier)
    assert ledger.isLoadRecalled(CONSIGNMENT) is True
    now = ledger.chain.now()
    with reverts("LotRecalled", lot=goods.lot):
        ledger.handOver(CONSIGNMENT, branch_carrier, HERE, now, sender=freight_escrow)


def test_nothing_recalled_is_delivered_but_into_quarantine(
    ledger: Contract, in_transit: Goods, supplier: Key, hospital: Key, freight_escrow: Key
) -> None:
    ledger.recall(in_transit.lot, REASON, EVIDENCE, sender=supplier)
    with reverts("LotRecalled", lot=in_transit.lot):
        end(ledger, ParcelState.DELIVERED, hospital, freight_escrow)
    end(ledger, ParcelState.QUARANTINED, hospital, freight_escrow)
    assert fate(ledger, in_transit.lot) == {"offered": 600, "quarantined": 400}


def test_nothing_recalled_is_handed_out(
    ledger: Contract, delivered: Goods, supplier: Key, hospital: Key
) -> None:
    ledger.recall(delivered.lot, REASON, EVIDENCE, sender=supplier)
    with reverts("LotRecalled", lot=delivered.lot):
        ledger.distribute(delivered.parcel, 1, word("ward"), keccak(b"list"), sender=hospital)
    ledger.quarantine(delivered.parcel, EVIDENCE, sender=hospital)
    ledger.destroy(delivered.parcel, EVIDENCE, sender=hospital)
    assert ledger.fateOf(delivered.lot).destroyed == 400


def test_nothing_recalled_leaves_quarantine(
    ledger: Contract, quarantined: Goods, supplier: Key, auditor: Key
) -> None:
    ledger.recall(quarantined.lot, REASON, EVIDENCE, sender=supplier)
    with reverts("LotRecalled", lot=quarantined.lot):
        ledger.releaseFromQuarantine(quarantined.parcel, EVIDENCE, sender=auditor)


def test_a_load_that_is_stopped_stays_with_whoever_has_it(
    ledger: Contract,
    in_transit: Goods,
    supplier: Key,
    carrier: Key,
    auditor: Key,
    second_auditor: Key,
    freight_escrow: Key,
) -> None:
    ledger.recall(in_transit.lot, REASON, EVIDENCE, sender=auditor)
    end(ledger, ParcelState.QUARANTINED, carrier, freight_escrow)
    parcel = ledger.parcel(in_transit.parcel)
    assert (parcel.state, parcel.custodian) == (ParcelState.QUARANTINED, carrier.address)
    assert ledger.outcomeOf(in_transit.parcel, CONSIGNMENT).outcome == ParcelState.QUARANTINED

    ledger.liftRecall(in_transit.lot, EVIDENCE, sender=second_auditor)
    ledger.releaseFromQuarantine(in_transit.parcel, EVIDENCE, sender=auditor)
    assert ledger.parcel(in_transit.parcel).state == ParcelState.RETURNED
    ledger.restock(in_transit.parcel, sender=carrier)
    assert ledger.parcel(in_transit.parcel).state == ParcelState.HELD
    assert ledger.outcomeOf(in_transit.parcel, CONSIGNMENT).outcome == ParcelState.QUARANTINED


def test_what_its_carrier_received_in_bad_condition_is_delivered_on_its_release(
    ledger: Contract, in_transit: Goods, carrier: Key, auditor: Key, freight_escrow: Key
) -> None:
    """No recall: the consignee carried it itself."""
    end(ledger, ParcelState.QUARANTINED, carrier, freight_escrow)
    ledger.releaseFromQuarantine(in_transit.parcel, EVIDENCE, sender=auditor)
    assert ledger.parcel(in_transit.parcel).state == ParcelState.DELIVERED


def test_a_load_that_never_left_is_stopped_where_it_is(
    ledger: Contract,
    loaded: Goods,
    supplier: Key,
    carrier: Key,
    second_auditor: Key,
    freight_escrow: Key,
) -> None:
    ledger.recall(loaded.lot, REASON, EVIDENCE, sender=supplier)
    formed = ledger.parcel(loaded.parcel).since
    with reverts("WrongLoadState", consignment=CONSIGNMENT, state=ParcelState.ALLOCATED):
        end(ledger, ParcelState.QUARANTINED, carrier, freight_escrow)
    now = ledger.chain.now()
    ledger.close(CONSIGNMENT, ParcelState.QUARANTINED, supplier, HERE, now, sender=freight_escrow)

    assert fate(ledger, loaded.lot) == {"offered": 600, "quarantined": 400}
    assert ledger.responsibleAt(loaded.parcel, formed) == supplier.address
    assert ledger.responsibleAt(loaded.parcel, now) == supplier.address
    ledger.liftRecall(loaded.lot, EVIDENCE, sender=second_auditor)
    ledger.releaseFromQuarantine(loaded.parcel, EVIDENCE, sender=second_auditor)
    assert fate(ledger, loaded.lot) == {"held": 400, "offered": 600}


# --- descendants -----------------------------------------------------------------------------


def test_all_that_was_made_from_it_is_recalled(
    ledger: Contract, production: Production, supplier: Key, auditor: Key, demand_escrow: Key
) -> None:
    cloth = production.commission(CLOTH, 1_000)
    other = production.commission(CLOTH, 1_000)
    child = production.sew([(cloth.parcel, 10)], 10)
    grandchild = production.sew_on(child, 10)
    apart = production.sew([(other.parcel, 10)], 10)

    ledger.recall(cloth.lot, REASON, EVIDENCE, sender=auditor)

    assert [ledger.isRecalled(made.lot) for made in (cloth, child, grandchild)] == [True] * 3
    assert [ledger.isRecalled(made.lot) for made in (other, apart)] == [False] * 2
    with reverts("LotRecalled", lot=cloth.lot):
        ledger.offer(grandchild.parcel, supplier, sender=demand_escrow)
    with reverts("LotRecalled", lot=cloth.lot):
        production.sew([(cloth.parcel, 10)], 10)
    ledger.offer(apart.parcel, supplier, sender=demand_escrow)


def test_an_answer_is_remembered_only_until_the_next_recall(
    ledger: Contract, production: Production, supplier: Key, auditor: Key, demand_escrow: Key
) -> None:
    cloth, other = production.commission(CLOTH, 1_000), production.commission(CLOTH, 1_000)
    made = production.sew([(cloth.parcel, 10)], 10)
    ledger.recall(other.lot, REASON, EVIDENCE, sender=auditor)
    ledger.offer(made.parcel, supplier, sender=demand_escrow)
    assert ledger.isRecalled(made.lot) is False

    ledger.recall(cloth.lot, REASON, EVIDENCE, sender=auditor)

    assert ledger.isRecalled(made.lot) is True
    with reverts("LotRecalled", lot=cloth.lot):
        ledger.allocate(made.parcel, 1, sender=demand_escrow)


def test_a_load_is_looked_at_again_after_any_recall(
    ledger: Contract,
    production: Production,
    in_transit: Goods,
    branch_carrier: Key,
    auditor: Key,
    freight_escrow: Key,
) -> None:
    other = production.commission(CLOTH, 1_000)
    ledger.recall(other.lot, REASON, EVIDENCE, sender=auditor)
    assert ledger.isLoadRecalled(CONSIGNMENT) is False
    now = ledger.chain.now()
    ledger.handOver(CONSIGNMENT, branch_carrier, THERE, now, sender=freight_escrow)
    assert ledger.load(CONSIGNMENT).cleared_at == ledger.recallEpoch()


# --- liftRecall ------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["second_auditor", "arbiter"])
def test_a_second_party_lifts(
    ledger: Contract,
    in_transit: Goods,
    auditor: Key,
    branch_carrier: Key,
    freight_escrow: Key,
    request: pytest.FixtureRequest,
    person: str,
) -> None:
    second = request.getfixturevalue(person)
    ledger.recall(in_transit.lot, REASON, EVIDENCE, sender=auditor)

    receipt = ledger.liftRecall(in_transit.lot, EVIDENCE, sender=second)

    told = receipt.event("RecallLifted").args
    assert (told.lot, told.by, told.evidence) == (in_transit.lot, second.address, EVIDENCE)
    assert ledger.isRecalled(in_transit.lot) is False
    assert ledger.recalledBy(in_transit.lot) == "0x" + "00" * 20
    ledger.chain.set_time(ledger.chain.now() + HOUR)
    now = ledger.chain.now()
    ledger.handOver(CONSIGNMENT, branch_carrier, THERE, now, sender=freight_escrow)


@pytest.mark.parametrize("person", ["auditor", "supplier", "hospital", "stranger"])
def test_lift_reverts_for_others(
    ledger: Contract,
    supply: Goods,
    auditor: Key,
    request: pytest.FixtureRequest,
    person: str,
) -> None:
    caller = request.getfixturevalue(person)
    ledger.recall(supply.lot, REASON, EVIDENCE, sender=auditor)
    with reverts("NotAuditor", caller=caller):
        ledger.liftRecall(supply.lot, EVIDENCE, sender=caller)


def test_lift_reverts_without_evidence_or_recall(
    ledger: Contract, supply: Goods, auditor: Key, second_auditor: Key
) -> None:
    with reverts("NotRecalled", lot=supply.lot):
        ledger.liftRecall(supply.lot, EVIDENCE, sender=auditor)
    ledger.recall(supply.lot, REASON, EVIDENCE, sender=auditor)
    with reverts("NoEvidence"):
        ledger.liftRecall(supply.lot, bytes(32), sender=second_auditor)
