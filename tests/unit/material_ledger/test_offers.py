"""What DemandEscrow does: `offer`, `withdraw`, `allocate`, `release`.

each: when the caller is another: refused; given another state than the one it starts from: refused
offer
├── when it is offered in the name of who does not hold it: refused
├── given an expired lot: refused
└── else it is offered
withdraw: what is left is held again
allocate
├── when the units are none or more than there are: refused
├── some: a child has them, allocated; the rest stays offered
└── all: the parcel itself is allocated
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
from tests.unit.material_ledger.conftest import CONSIGNMENT, Goods, fate

Act = Callable[[Contract, int, Key], Any]

ACTS: dict[str, Act] = {
    "offer": lambda ledger, parcel, sender: ledger.offer(parcel, sender, sender=sender),
    "withdraw": lambda ledger, parcel, sender: ledger.withdraw(parcel, sender=sender),
    "allocate": lambda ledger, parcel, sender: ledger.allocate(parcel, 1, sender=sender),
    "release": lambda ledger, parcel, sender: ledger.release(parcel, sender=sender),
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
    ledger.allocate(offered.parcel, 400, sender=demand_escrow)

    receipt = ledger.withdraw(offered.parcel, sender=demand_escrow)

    assert moved(receipt) == (offered.parcel, ParcelState.OFFERED, ParcelState.HELD, 600, 0)
    assert fate(ledger, offered.lot) == {"held": 600, "allocated": 400}


def test_withdraws_also_what_has_expired(
    ledger: Contract, kits: Goods, supplier: Key, demand_escrow: Key
) -> None:
    ledger.offer(kits.parcel, supplier, sender=demand_escrow)
    ledger.chain.set_time(ledger.chain.now() + 31 * DAY)
    ledger.withdraw(kits.parcel, sender=demand_escrow)
    assert fate(ledger, kits.lot) == {"held": 500}


def test_allocates_some(
    ledger: Contract, offered: Goods, supplier: Key, demand_escrow: Key
) -> None:
    receipt = ledger.allocate(offered.parcel, 400, sender=demand_escrow)

    child = receipt.event("ParcelSplit").args.child
    assert moved(receipt) == (child, ParcelState.OFFERED, ParcelState.ALLOCATED, 400, 0)
    part, rest = ledger.parcel(child), ledger.parcel(offered.parcel)
    assert (part.units, part.state, part.parent) == (400, ParcelState.ALLOCATED, offered.parcel)
    assert part.custodian == supplier.address
    assert (rest.units, rest.state) == (600, ParcelState.OFFERED)
    assert fate(ledger, offered.lot) == {"offered": 600, "allocated": 400}


def test_allocates_all(ledger: Contract, offered: Goods, demand_escrow: Key) -> None:
    before = ledger.parcelCount()
    assert ledger.simulate("allocate", offered.parcel, 1_000, sender=demand_escrow) == (
        offered.parcel
    )
    receipt = ledger.allocate(offered.parcel, 1_000, sender=demand_escrow)

    assert moved(receipt) == (
        offered.parcel,
        ParcelState.OFFERED,
        ParcelState.ALLOCATED,
        1_000,
        0,
    )
    assert ledger.parcelCount() == before
    assert fate(ledger, offered.lot) == {"allocated": 1_000}


def test_allocate_reverts_beyond_what_is_there(
    ledger: Contract, offered: Goods, demand_escrow: Key
) -> None:
    ledger.allocate(offered.parcel, 400, sender=demand_escrow)
    with reverts("TooManyUnits", parcel=offered.parcel, asked=601, there=600):
        ledger.allocate(offered.parcel, 601, sender=demand_escrow)
    with reverts("ZeroQuantity"):
        ledger.allocate(offered.parcel, 0, sender=demand_escrow)


def test_allocate_reverts_a_second_time(
    ledger: Contract, offered: Goods, demand_escrow: Key
) -> None:
    ledger.allocate(offered.parcel, 1_000, sender=demand_escrow)
    with reverts("WrongState", parcel=offered.parcel, state=ParcelState.ALLOCATED):
        ledger.allocate(offered.parcel, 1_000, sender=demand_escrow)


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


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
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
