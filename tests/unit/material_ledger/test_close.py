"""Ending a load: `close`.

when the caller is not FreightEscrow: refused
when the outcome is none of those a load may have: refused
when the time lies before the former change of hands, or in the future: refused
given a load in transit
├── delivered, quarantined, returned or lost: its parcels are so, in the custodian's hands, and
│   read the same before and after they are touched (MAT-40); each ride is remembered
└── as allocated: refused
given a load that never left
├── as allocated: its parcels rest allocated where they were, and can be released or loaded again
└── as anything else: refused
given a load that has ended: refused
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.client import Contract
from aidline.model import ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.reverts import reverts
from tests.unit.material_ledger.conftest import CONSIGNMENT, HERE, THERE, Goods, fate, redeem

OUTCOMES = [
    (ParcelState.DELIVERED, "delivered", "hospital"),
    (ParcelState.QUARANTINED, "quarantined", "hospital"),
    (ParcelState.RETURNED, "returned", "carrier"),
    (ParcelState.LOST, "lost", "carrier"),
]


@pytest.mark.parametrize(("outcome", "name", "person"), OUTCOMES)
def test_ends_a_load_in_transit(
    ledger: Contract,
    in_transit: Goods,
    carrier: Key,
    freight_escrow: Key,
    request: pytest.FixtureRequest,
    outcome: ParcelState,
    name: str,
    person: str,
) -> None:
    custodian = request.getfixturevalue(person)
    at = ledger.chain.now() - 30

    receipt = ledger.close(CONSIGNMENT, outcome, custodian, THERE, at, sender=freight_escrow)

    told = receipt.event("LoadClosed").args
    assert (told.consignment, told.outcome) == (CONSIGNMENT, outcome)
    assert (told.custodian, told.at) == (custodian.address, at)
    changed = [event for event in receipt.events if event.name == "CustodyChanged"]
    assert [(event.args.from_, event.args.to) for event in changed] == (
        [] if custodian == carrier else [(carrier.address, custodian.address)]
    )
    moved = receipt.event("ParcelMoved").args
    assert (moved.from_, moved.to, moved.units) == (ParcelState.IN_TRANSIT, outcome, 400)
    parcel = ledger.parcel(in_transit.parcel)
    assert (parcel.custodian, parcel.since) == (custodian.address, at)
    assert (parcel.state, parcel.station) == (outcome, THERE)
    assert (parcel.consignment, parcel.rides) == (0, 1)
    assert ledger.ride(in_transit.parcel, 0).consignment == CONSIGNMENT
    load = ledger.load(CONSIGNMENT)
    assert (load.state, load.custodian) == (outcome, custodian.address)
    assert fate(ledger, in_transit.lot) == {"offered": 600, name: 400}


def test_a_load_that_never_left_rests_where_it_was(
    ledger: Contract, loaded: Goods, supplier: Key, demand_escrow: Key, freight_escrow: Key
) -> None:
    before = ledger.parcel(loaded.parcel)
    now = ledger.chain.now()

    receipt = ledger.close(
        CONSIGNMENT, ParcelState.ALLOCATED, supplier, HERE, now, sender=freight_escrow
    )

    assert [event.name for event in receipt.events] == ["LoadClosed"]
    parcel = ledger.parcel(loaded.parcel)
    assert (parcel.state, parcel.consignment) == (ParcelState.ALLOCATED, 0)
    assert (parcel.custodian, parcel.station) == (supplier.address, before.station)
    assert parcel.rides == 0
    assert ledger.load(CONSIGNMENT).state == ParcelState.HELD
    assert fate(ledger, loaded.lot) == {"offered": 600, "allocated": 400}
    ledger.form(CONSIGNMENT + 1, [loaded.parcel], NOBODY, [], sender=freight_escrow)
    ledger.close(CONSIGNMENT + 1, ParcelState.ALLOCATED, supplier, HERE, now, sender=freight_escrow)
    ledger.release(loaded.parcel, sender=demand_escrow)
    assert fate(ledger, loaded.lot) == {"offered": 600, "held": 400}


def test_a_delivered_parcel_reads_the_same_before_and_after_it_is_touched(
    ledger: Contract, delivered: Goods, hospital: Key
) -> None:
    with_its_load = ledger.parcel(delivered.parcel), ledger.ride(delivered.parcel, 0)
    child = ledger.split(delivered.parcel, 150, sender=hospital).event("ParcelSplit").args.child
    apart = ledger.parcel(delivered.parcel), ledger.ride(delivered.parcel, 0)

    assert apart == (replace(with_its_load[0], units=250), with_its_load[1])
    part = replace(apart[0], units=150, rides=0, parent=delivered.parcel)
    assert ledger.parcel(child) == part
    assert ledger.ride(child, 0).consignment == 0


def test_remembers_each_of_two_rides(
    ledger: Contract,
    returned: Goods,
    supplier: Key,
    carrier: Key,
    hospital: Key,
    demand_escrow: Key,
    freight_escrow: Key,
) -> None:
    parcel, chain = returned.parcel, ledger.chain
    back = ledger.parcel(parcel).since
    ledger.restock(parcel, sender=carrier)
    ledger.offer(parcel, carrier, sender=demand_escrow)
    assert redeem(ledger, parcel, 400, demand_escrow) == parcel
    second = CONSIGNMENT + 1
    ledger.form(second, [parcel], NOBODY, [], sender=freight_escrow)
    assert (ledger.parcel(parcel).rides, ledger.ride(parcel, 1).consignment) == (1, 0)
    left = chain.now()
    ledger.handOver(second, supplier, THERE, left, sender=freight_escrow)
    chain.set_time(left + 60)
    arrived = left + 30
    ledger.close(second, ParcelState.DELIVERED, hospital, HERE, arrived, sender=freight_escrow)

    rides = [ledger.ride(parcel, index) for index in range(3)]
    assert [ride.consignment for ride in rides] == [CONSIGNMENT, second, 0]
    outcomes = [ParcelState.RETURNED, ParcelState.DELIVERED, ParcelState.NULL]
    assert [ride.outcome for ride in rides] == outcomes
    assert rides[1].since == back
    assert ledger.parcel(parcel).rides == 2
    assert ledger.outcomeOf(parcel, CONSIGNMENT).outcome == ParcelState.RETURNED
    picked_up = ledger.custodySpan(CONSIGNMENT, 1).since
    for time, expected in {
        picked_up - 1: supplier,
        picked_up: carrier,
        back: carrier,
        left - 1: carrier,
        left: supplier,
        arrived - 1: supplier,
        arrived: hospital,
    }.items():
        assert ledger.responsibleAt(parcel, time) == expected.address, time


@pytest.mark.parametrize("outcome", [state for state, *_ in OUTCOMES])
def test_reverts_as_anything_else_when_the_load_never_left(
    ledger: Contract, loaded: Goods, carrier: Key, freight_escrow: Key, outcome: ParcelState
) -> None:
    now = ledger.chain.now()
    with reverts("WrongLoadState", consignment=CONSIGNMENT, state=ParcelState.ALLOCATED):
        ledger.close(CONSIGNMENT, outcome, carrier, THERE, now, sender=freight_escrow)


def test_reverts_as_allocated_when_the_load_has_left(
    ledger: Contract, in_transit: Goods, supplier: Key, freight_escrow: Key
) -> None:
    now = ledger.chain.now()
    with reverts("WrongLoadState", consignment=CONSIGNMENT, state=ParcelState.IN_TRANSIT):
        ledger.close(CONSIGNMENT, ParcelState.ALLOCATED, supplier, HERE, now, sender=freight_escrow)


@pytest.mark.parametrize(
    "outcome",
    [
        ParcelState.NULL,
        ParcelState.OFFERED,
        ParcelState.IN_TRANSIT,
        ParcelState.DESTROYED,
        ParcelState.TRANSFORMED,
    ],
)
def test_reverts_with_an_outcome_that_no_load_has(
    ledger: Contract, in_transit: Goods, hospital: Key, freight_escrow: Key, outcome: ParcelState
) -> None:
    now = ledger.chain.now()
    with reverts("BadOutcome", outcome=outcome):
        ledger.close(CONSIGNMENT, outcome, hospital, THERE, now, sender=freight_escrow)


def test_reverts_before_the_former_change_or_in_the_future(
    ledger: Contract, in_transit: Goods, hospital: Key, freight_escrow: Key
) -> None:
    since, now = ledger.load(CONSIGNMENT).since, ledger.chain.now()
    for at in (since - 1, now + 1):
        with reverts("WrongHandoverTime", at=at, not_before=since, not_after=now):
            ledger.close(
                CONSIGNMENT, ParcelState.DELIVERED, hospital, THERE, at, sender=freight_escrow
            )


@pytest.mark.parametrize("person", ["carrier", "hospital", "demand_escrow", "admin"])
def test_reverts_when_the_caller_is_another(
    ledger: Contract,
    in_transit: Goods,
    hospital: Key,
    request: pytest.FixtureRequest,
    person: str,
) -> None:
    caller = request.getfixturevalue(person)
    now = ledger.chain.now()
    with reverts("NotWriter", caller=caller):
        ledger.close(CONSIGNMENT, ParcelState.DELIVERED, hospital, THERE, now, sender=caller)


@pytest.mark.parametrize("outcome", [ParcelState.ALLOCATED, ParcelState.DELIVERED])
@pytest.mark.parametrize("stage", ["delivered", "quarantined", "returned"])
def test_reverts_when_the_load_has_ended(
    ledger: Contract,
    hospital: Key,
    freight_escrow: Key,
    request: pytest.FixtureRequest,
    stage: str,
    outcome: ParcelState,
) -> None:
    request.getfixturevalue(stage)
    now = ledger.chain.now()
    with reverts("WrongLoadState", consignment=CONSIGNMENT):
        ledger.close(CONSIGNMENT, outcome, hospital, THERE, now, sender=freight_escrow)


def test_reverts_without_a_load(ledger: Contract, hospital: Key, freight_escrow: Key) -> None:
    with reverts("UnknownLoad", consignment=99):
        ledger.close(99, ParcelState.DELIVERED, hospital, THERE, 0, sender=freight_escrow)
