"""What DemandEscrow does: `offer`, `withdraw`, `allocate`, `redeem`, `deallocate`, `release`.

each: when the caller is another: refused; given another state than the one it starts from: refused
offer
├── when it is offered in the name of who does not hold it: refused
├── given an expired lot: refused
└── else it is offered
withdraw
├── given nothing promised: all is held again
├── given some promised: the rest is split off and held; what is promised stays
├── given all promised: nothing changes
└── given a parcel in quarantine: the same, in quarantine, held on its release
allocate
├── when the units are none or more than are not promised: refused
└── else they count as allocated and stay in the parcel
redeem
├── when the units are more than are promised, the lot expired or recalled: refused
├── some: a child has them, allocated
└── all: the parcel itself is allocated
deallocate
├── when the units are more than are promised: refused
├── back into the offer: they count as offered
├── else they are split off, unless they are all, and held; also in quarantine, on its release
└── given a parcel destroyed or lost: they are gone
release
├── given a parcel that rides in a load: refused
└── else it is held again
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import ParcelState
from aidline.signing import Key
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.unit.material_ledger.conftest import CONSIGNMENT, EVIDENCE, Goods, fate

Act = Callable[[Contract, int, Key], Any]

ACTS: dict[str, Act] = {
    "offer": lambda ledger, parcel, sender: ledger.offer(parcel, sender, sender=sender),
    "withdraw": lambda ledger, parcel, sender: ledger.withdraw(parcel, sender=sender),
    "allocate": lambda ledger, parcel, sender: ledger.allocate(parcel, 1, sender=sender),
    "redeem": lambda ledger, parcel, sender: ledger.redeem(parcel, 1, sender=sender),
    "release": lambda ledger, parcel, sender: ledger.release(parcel, sender=sender),
}
OTHERS: dict[str, Act] = ACTS | {
    "deallocate": lambda ledger, parcel, sender: ledger.deallocate(parcel, 1, True, sender=sender),
}


def moved(receipt: Any) -> tuple[int, ParcelState, ParcelState, int, int]:
    told = receipt.event("ParcelMoved").args
    return told.parcel, told.from_, told.to, told.units, told.consignment


def test_offers(ledger: Contract, supply: Goods, supplier: Key, demand_escrow: Key) -> None:
    receipt = ledger.offer(supply.parcel, supplier, sender=demand_escrow)

    assert moved(receipt) == (supply.parcel, ParcelState.HELD, ParcelState.OFFERED, 1_000, 0)
    assert ledger.parcel(supply.parcel).state == ParcelState.OFFERED
    assert ledger.parcel(supply.parcel).custodian == supplier.address
    assert fate(ledger, supply.lot) == {"offered": 1_000}


def test_offer_reverts_in_the_name_of_who_does_not_hold_it(
    ledger: Contract, supply: Goods, supplier: Key, stranger: Key, demand_escrow: Key
) -> None:
    with reverts("NotCustodian", parcel=supply.parcel, caller=stranger, custodian=supplier):
        ledger.offer(supply.parcel, stranger, sender=demand_escrow)


def test_offer_reverts_when_the_lot_has_expired(
    ledger: Contract, kits: Goods, supplier: Key, demand_escrow: Key
) -> None:
    expiry = ledger.lot(kits.lot).expiry
    ledger.chain.set_time(expiry)
    with reverts("LotExpired", lot=kits.lot, expiry=expiry):
        ledger.offer(kits.parcel, supplier, sender=demand_escrow)


def test_offers_up_to_the_last_second(
    ledger: Contract, kits: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.chain.set_time(ledger.lot(kits.lot).expiry - 1)
    ledger.offer(kits.parcel, supplier, sender=demand_escrow)
    assert fate(ledger, kits.lot) == {"offered": 500}


def test_withdraws(ledger: Contract, offered: Goods, demand_escrow: Key) -> None:
    receipt = ledger.withdraw(offered.parcel, sender=demand_escrow)

    assert moved(receipt) == (offered.parcel, ParcelState.OFFERED, ParcelState.HELD, 1_000, 0)
    assert fate(ledger, offered.lot) == {"held": 1_000}


def test_withdraws_what_is_not_promised(
    ledger: Contract, promised: Goods, demand_escrow: Key
) -> None:
    receipt = ledger.withdraw(promised.parcel, sender=demand_escrow)

    rest = receipt.event("ParcelSplit").args.child
    assert moved(receipt) == (rest, ParcelState.OFFERED, ParcelState.HELD, 600, 0)
    assert (ledger.parcel(rest).units, ledger.parcel(rest).promised) == (600, 0)
    left = ledger.parcel(promised.parcel)
    assert (left.units, left.promised, left.state) == (400, 400, ParcelState.OFFERED)
    assert fate(ledger, promised.lot) == {"held": 600, "allocated": 400}


def test_withdraws_nothing_when_all_is_promised(
    ledger: Contract, promised: Goods, demand_escrow: Key
) -> None:
    ledger.allocate(promised.parcel, 600, sender=demand_escrow)
    assert not ledger.withdraw(promised.parcel, sender=demand_escrow).events
    assert fate(ledger, promised.lot) == {"allocated": 1_000}


def test_withdraws_from_quarantine_what_is_not_promised(
    ledger: Contract, promised: Goods, demand_escrow: Key, auditor: Key, second_auditor: Key
) -> None:
    ledger.quarantine(promised.parcel, EVIDENCE, sender=auditor)
    receipt = ledger.withdraw(promised.parcel, sender=demand_escrow)
    rest = receipt.event("ParcelSplit").args.child
    assert fate(ledger, promised.lot) == {"quarantined": 1_000}
    stopped = ledger.quarantineOf(rest)
    assert (stopped.by, stopped.before) == (auditor.address, ParcelState.HELD)
    for parcel in (rest, promised.parcel):
        with reverts("NotAuditor", caller=auditor):
            ledger.releaseFromQuarantine(parcel, EVIDENCE, sender=auditor)
        ledger.releaseFromQuarantine(parcel, EVIDENCE, sender=second_auditor)
    assert fate(ledger, promised.lot) == {"held": 600, "allocated": 400}


def test_withdraws_also_what_has_expired(
    ledger: Contract, kits: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.offer(kits.parcel, supplier, sender=demand_escrow)
    ledger.chain.set_time(ledger.chain.now() + 31 * DAY)
    ledger.withdraw(kits.parcel, sender=demand_escrow)
    assert fate(ledger, kits.lot) == {"held": 500}


def test_allocates(ledger: Contract, offered: Goods, demand_escrow: Key) -> None:
    before = ledger.parcelCount()
    receipt = ledger.allocate(offered.parcel, 400, sender=demand_escrow)

    assert moved(receipt) == (offered.parcel, ParcelState.OFFERED, ParcelState.ALLOCATED, 400, 0)
    record, stock = ledger.parcel(offered.parcel), ledger.stockOf(offered.parcel)
    assert (record.units, record.promised, record.state) == (1_000, 400, ParcelState.OFFERED)
    assert (stock.units, stock.lot, stock.state) == (600, offered.lot, ParcelState.OFFERED)
    assert fate(ledger, offered.lot) == {"offered": 600, "allocated": 400}
    ledger.allocate(offered.parcel, 600, sender=demand_escrow)
    assert fate(ledger, offered.lot) == {"allocated": 1_000}
    assert ledger.parcelCount() == before


def test_allocate_reverts_beyond_what_is_there(
    ledger: Contract, promised: Goods, demand_escrow: Key
) -> None:
    with reverts("TooManyUnits", parcel=promised.parcel, asked=601, there=600):
        ledger.allocate(promised.parcel, 601, sender=demand_escrow)
    with reverts("TooManyUnits", parcel=promised.parcel, asked=2**64 - 1, there=600):
        ledger.allocate(promised.parcel, 2**64 - 1, sender=demand_escrow)
    with reverts("ZeroQuantity"):
        ledger.allocate(promised.parcel, 0, sender=demand_escrow)


def test_redeems_some(ledger: Contract, promised: Goods, supplier: Key, demand_escrow: Key) -> None:
    receipt = ledger.redeem(promised.parcel, 300, sender=demand_escrow)

    child = receipt.event("ParcelSplit").args.child
    part, rest = ledger.parcel(child), ledger.parcel(promised.parcel)
    assert (part.units, part.state, part.parent) == (300, ParcelState.ALLOCATED, promised.parcel)
    assert (part.custodian, part.promised) == (supplier.address, 0)
    assert (rest.units, rest.promised, rest.state) == (700, 100, ParcelState.OFFERED)
    assert fate(ledger, promised.lot) == {"offered": 600, "allocated": 400}


def test_redeems_all(ledger: Contract, offered: Goods, demand_escrow: Key) -> None:
    ledger.allocate(offered.parcel, 1_000, sender=demand_escrow)
    before = ledger.parcelCount()
    moved = ledger.redeem.simulate(offered.parcel, 1_000, sender=demand_escrow)
    ledger.redeem(offered.parcel, 1_000, sender=demand_escrow)
    assert (moved, ledger.parcelCount()) == (offered.parcel, before)
    record = ledger.parcel(offered.parcel)
    assert (record.promised, record.state) == (0, ParcelState.ALLOCATED)
    assert fate(ledger, offered.lot) == {"allocated": 1_000}


def test_redeem_reverts_beyond_what_is_promised(
    ledger: Contract, promised: Goods, demand_escrow: Key
) -> None:
    with reverts("TooManyUnits", parcel=promised.parcel, asked=401, there=400):
        ledger.redeem(promised.parcel, 401, sender=demand_escrow)
    with reverts("ZeroQuantity"):
        ledger.redeem(promised.parcel, 0, sender=demand_escrow)


def test_redeem_reverts_when_the_lot_is_recalled_or_stopped(
    ledger: Contract, promised: Goods, supplier: Key, demand_escrow: Key, auditor: Key
) -> None:
    ledger.recall(promised.lot, EVIDENCE, EVIDENCE, sender=supplier)
    with reverts("LotRecalled", lot=promised.lot):
        ledger.redeem(promised.parcel, 400, sender=demand_escrow)
    ledger.liftRecall(promised.lot, EVIDENCE, sender=auditor)
    ledger.quarantine(promised.parcel, EVIDENCE, sender=auditor)
    with reverts("WrongState", parcel=promised.parcel, state=ParcelState.QUARANTINED):
        ledger.redeem(promised.parcel, 400, sender=demand_escrow)


def test_redeem_reverts_when_the_lot_has_expired(
    ledger: Contract, kits: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.offer(kits.parcel, supplier, sender=demand_escrow)
    ledger.allocate(kits.parcel, 1, sender=demand_escrow)
    ledger.chain.set_time(ledger.lot(kits.lot).expiry)
    with reverts("LotExpired", lot=kits.lot):
        ledger.redeem(kits.parcel, 1, sender=demand_escrow)


def test_deallocates_into_the_offer(ledger: Contract, promised: Goods, demand_escrow: Key) -> None:
    receipt = ledger.deallocate(promised.parcel, 300, True, sender=demand_escrow)
    assert moved(receipt) == (promised.parcel, ParcelState.ALLOCATED, ParcelState.OFFERED, 300, 0)
    assert ledger.parcel(promised.parcel).promised == 100
    assert fate(ledger, promised.lot) == {"offered": 900, "allocated": 100}
    with reverts("TooManyUnits", parcel=promised.parcel, asked=101, there=100):
        ledger.deallocate(promised.parcel, 101, True, sender=demand_escrow)


def test_deallocates_into_the_custodians_hands(
    ledger: Contract, promised: Goods, demand_escrow: Key
) -> None:
    ledger.withdraw(promised.parcel, sender=demand_escrow)
    receipt = ledger.deallocate(promised.parcel, 300, False, sender=demand_escrow)
    child = receipt.event("ParcelSplit").args.child
    assert moved(receipt) == (child, ParcelState.ALLOCATED, ParcelState.HELD, 300, 0)
    assert fate(ledger, promised.lot) == {"held": 900, "allocated": 100}
    receipt = ledger.deallocate(promised.parcel, 100, False, sender=demand_escrow)
    assert moved(receipt) == (promised.parcel, ParcelState.ALLOCATED, ParcelState.HELD, 100, 0)
    assert fate(ledger, promised.lot) == {"held": 1_000}


@pytest.mark.parametrize(("again", "state"), [(True, "offered"), (False, "held")])
def test_deallocates_what_is_stopped(
    ledger: Contract,
    promised: Goods,
    demand_escrow: Key,
    auditor: Key,
    second_auditor: Key,
    again: bool,
    state: str,
) -> None:
    ledger.quarantine(promised.parcel, EVIDENCE, sender=auditor)
    assert fate(ledger, promised.lot) == {"quarantined": 1_000}
    receipt = ledger.deallocate(promised.parcel, 300, again, sender=demand_escrow)
    assert fate(ledger, promised.lot) == {"quarantined": 1_000}
    parts = [event.args.child for event in receipt.events if event.name == "ParcelSplit"]
    assert len(parts) == (0 if again else 1)
    for parcel in (promised.parcel, *parts):
        ledger.releaseFromQuarantine(parcel, EVIDENCE, sender=second_auditor)
    offered = 900 if again else 600
    expected = {"offered": offered, "allocated": 100} | ({} if again else {state: 300})
    assert fate(ledger, promised.lot) == expected


def test_deallocates_what_is_gone(
    ledger: Contract, promised: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.quarantine(promised.parcel, EVIDENCE, sender=supplier)
    ledger.destroy(promised.parcel, EVIDENCE, sender=supplier)
    assert fate(ledger, promised.lot) == {"destroyed": 1_000}
    for again in (True, False):
        assert not ledger.deallocate(promised.parcel, 200, again, sender=demand_escrow).events
    assert ledger.parcel(promised.parcel).promised == 0
    assert fate(ledger, promised.lot) == {"destroyed": 1_000}


def test_a_loss_takes_what_is_promised_last(
    ledger: Contract, promised: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.quarantine(promised.parcel, EVIDENCE, sender=supplier)
    with reverts("TooManyUnits", parcel=promised.parcel, asked=601, there=600):
        ledger.reportLoss(promised.parcel, 601, EVIDENCE, sender=supplier)
    ledger.reportLoss(promised.parcel, 500, EVIDENCE, sender=supplier)
    assert fate(ledger, promised.lot) == {"lost": 500, "quarantined": 500}
    ledger.reportLoss(promised.parcel, 500, EVIDENCE, sender=supplier)
    ledger.deallocate(promised.parcel, 400, False, sender=demand_escrow)
    assert fate(ledger, promised.lot) == {"lost": 1_000}


def test_releases(ledger: Contract, allocated: Goods, demand_escrow: Key) -> None:
    receipt = ledger.release(allocated.parcel, sender=demand_escrow)

    assert moved(receipt) == (allocated.parcel, ParcelState.ALLOCATED, ParcelState.HELD, 400, 0)
    assert fate(ledger, allocated.lot) == {"held": 400, "offered": 600}


def test_release_reverts_while_it_rides(
    ledger: Contract, loaded: Goods, demand_escrow: Key
) -> None:
    with reverts("WrongState", parcel=loaded.parcel, state=ParcelState.ALLOCATED):
        ledger.release(loaded.parcel, sender=demand_escrow)
    assert ledger.parcel(loaded.parcel).consignment == CONSIGNMENT


@pytest.mark.parametrize("act", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("person", ["supplier", "freight_escrow", "donation_registry", "admin"])
def test_reverts_when_the_caller_is_another(
    ledger: Contract, supply: Goods, request: pytest.FixtureRequest, act: Act, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotWriter", caller=caller):
        act(ledger, supply.parcel, caller)


@pytest.mark.parametrize(
    ("act", "stage"),
    [
        (act, stage)
        for act, good in {
            "offer": {"supply"},
            "withdraw": {"offered"},
            "allocate": {"offered"},
            "redeem": {"offered"},
            "release": {"allocated"},
        }.items()
        for stage in ("supply", "offered", "allocated", "in_transit", "delivered", "quarantined")
        if stage not in good
    ],
)
def test_reverts_from_another_state(
    ledger: Contract,
    demand_escrow: Key,
    request: pytest.FixtureRequest,
    act: str,
    stage: str,
) -> None:
    goods = request.getfixturevalue(stage)
    with reverts("WrongState", parcel=goods.parcel):
        ACTS[act](ledger, goods.parcel, demand_escrow)
