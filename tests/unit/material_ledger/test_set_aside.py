"""Units that do not change hands: `setAside`.

when the caller is not FreightEscrow: refused
when there are no exceptions, or more than 16: refused
when one has no flaw, no units, more than its parcel, or is of a parcel not aboard: refused
when nothing would be left: refused
given a load that has ended: refused
given some units of a parcel: they are split off, where it changes hands
given all: the parcel leaves the load
├── short: lost, damaged: in quarantine, refused: returned, with whoever has custody
├── the load's content is that of what is left; the former is answered
└── who answered for the units before is known
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import encode

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import Flaw, ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.reverts import reverts
from tests.support.suite import HOUR
from tests.unit.material_ledger.conftest import CONSIGNMENT, EVIDENCE, THERE, Goods, fate, redeem

STATES = {
    Flaw.SHORT: ParcelState.LOST,
    Flaw.DAMAGED: ParcelState.QUARANTINED,
    Flaw.REFUSED: ParcelState.RETURNED,
}


def found(parcel: int, units: int, flaw: Flaw = Flaw.SHORT) -> dict[str, Any]:
    return {"parcel": parcel, "units": units, "flaw": flaw}


def content_of(ledger: Contract, parcels: list[int]) -> bytes:
    records = [ledger.parcel(parcel) for parcel in parcels]
    lots, units = [one.lot for one in records], [one.units for one in records]
    return keccak(encode(["uint64[]"] * 3, [parcels, lots, units]))


@pytest.fixture
def three_aboard(
    ledger: Contract, offered: Goods, carrier: Key, demand_escrow: Key, freight_escrow: Key
) -> list[int]:
    """Parcels of 100, 200 and 300 masks, in the carrier's hands."""
    parcels = [redeem(ledger, offered.parcel, units, demand_escrow) for units in (100, 200, 300)]
    ledger.form(CONSIGNMENT, parcels, NOBODY, [], sender=freight_escrow)
    ledger.handOver(CONSIGNMENT, carrier, THERE, ledger.chain.now(), sender=freight_escrow)
    ledger.chain.set_time(ledger.chain.now() + HOUR)
    return parcels


@pytest.mark.parametrize("flaw", STATES)
def test_splits_off_some_units(
    ledger: Contract, in_transit: Goods, carrier: Key, freight_escrow: Key, flaw: Flaw
) -> None:
    former, at = ledger.load(CONSIGNMENT).content, ledger.chain.now() - 30
    exceptions = [found(in_transit.parcel, 150, flaw)]
    assert former == ledger.setAside.simulate(
        CONSIGNMENT, exceptions, THERE, at, sender=freight_escrow
    )

    receipt = ledger.setAside(CONSIGNMENT, exceptions, THERE, at, sender=freight_escrow)

    child = receipt.event("ParcelSplit").args.child
    moved = receipt.event("ParcelMoved").args
    assert (moved.parcel, moved.units, moved.consignment) == (child, 150, CONSIGNMENT)
    assert (moved.from_, moved.to) == (ParcelState.IN_TRANSIT, STATES[flaw])
    told = receipt.event("UnitsSetAside").args
    assert (told.consignment, list(told.parcels)) == (CONSIGNMENT, [child])
    assert (told.custodian, told.station, told.at) == (carrier.address, THERE, at)
    part = ledger.parcel(child)
    assert (part.custodian, part.station, part.since) == (carrier.address, THERE, at)
    assert (part.state, part.units, part.parent) == (STATES[flaw], 150, in_transit.parcel)
    assert (part.consignment, part.rides) == (0, 0)
    rest = ledger.parcel(in_transit.parcel)
    assert (rest.units, rest.state, rest.consignment) == (250, ParcelState.IN_TRANSIT, CONSIGNMENT)
    content = content_of(ledger, [in_transit.parcel])
    assert content != former
    assert (told.content, ledger.load(CONSIGNMENT).content) == (content, content)
    name = STATES[flaw].name.lower()
    assert fate(ledger, in_transit.lot) == {"offered": 600, "in_transit": 250, name: 150}


def test_the_parcel_remembers_what_it_lost_on_the_way(
    ledger: Contract, in_transit: Goods, hospital: Key, freight_escrow: Key
) -> None:
    now = ledger.chain.now()
    for units in (100, 50):
        exceptions = [found(in_transit.parcel, units)]
        ledger.setAside(CONSIGNMENT, exceptions, THERE, now, sender=freight_escrow)
    ledger.close(CONSIGNMENT, ParcelState.DELIVERED, hospital, THERE, now, sender=freight_escrow)
    past = ledger.ride(in_transit.parcel, 0)
    assert (past.consignment, past.outcome) == (CONSIGNMENT, ParcelState.DELIVERED)
    assert past.set_aside == 150
    assert ledger.parcel(in_transit.parcel).units == 250


@pytest.mark.parametrize("flaw", STATES)
def test_a_whole_parcel_leaves_the_load(
    ledger: Contract, three_aboard: list[int], carrier: Key, freight_escrow: Key, flaw: Flaw
) -> None:
    first, second, third = three_aboard
    now = ledger.chain.now()

    receipt = ledger.setAside(
        CONSIGNMENT, [found(first, 100, flaw)], THERE, now, sender=freight_escrow
    )

    assert [event.name for event in receipt.events] == ["ParcelMoved", "UnitsSetAside"]
    assert list(receipt.event("UnitsSetAside").args.parcels) == [first]
    record = ledger.parcel(first)
    assert (record.state, record.custodian) == (STATES[flaw], carrier.address)
    assert (record.consignment, record.rides) == (0, 1)
    assert ledger.outcomeOf(first, CONSIGNMENT).outcome == STATES[flaw]
    left = list(ledger.parcelsOf(CONSIGNMENT))
    assert sorted(left) == [second, third]
    assert ledger.load(CONSIGNMENT).content == content_of(ledger, left)


def test_the_rest_goes_on(
    ledger: Contract, three_aboard: list[int], hospital: Key, freight_escrow: Key
) -> None:
    first, second, third = three_aboard
    now = ledger.chain.now()
    exceptions = [
        found(third, 300, Flaw.DAMAGED),
        found(second, 20, Flaw.REFUSED),
        found(second, 10, Flaw.DAMAGED),
        found(second, 5, Flaw.SHORT),
    ]
    ledger.setAside(CONSIGNMENT, exceptions, THERE, now, sender=freight_escrow)
    ledger.handOver(CONSIGNMENT, hospital, THERE, now, sender=freight_escrow)
    ledger.close(CONSIGNMENT, ParcelState.DELIVERED, hospital, THERE, now, sender=freight_escrow)
    for parcel, units in ((first, 100), (second, 165)):
        record = ledger.parcel(parcel)
        assert (record.state, record.units) == (ParcelState.DELIVERED, units)
        assert record.custodian == hospital.address
    assert fate(ledger, ledger.parcel(first).lot) == {
        "offered": 400,
        "delivered": 265,
        "quarantined": 310,
        "returned": 20,
        "lost": 5,
    }


def test_those_who_had_the_units_before_answer_for_that_time(
    ledger: Contract, in_transit: Goods, supplier: Key, carrier: Key, freight_escrow: Key
) -> None:
    picked_up = ledger.custodySpan(CONSIGNMENT, 1).since
    at = ledger.chain.now()
    receipt = ledger.setAside(
        CONSIGNMENT, [found(in_transit.parcel, 1)], THERE, at, sender=freight_escrow
    )
    child = receipt.event("ParcelSplit").args.child
    for time, who in ((picked_up - 1, supplier), (picked_up, carrier), (at, carrier)):
        assert ledger.responsibleAt(child, time) == who.address


def test_the_giver_takes_back_what_was_refused(
    ledger: Contract, in_transit: Goods, carrier: Key, freight_escrow: Key
) -> None:
    exceptions = [found(in_transit.parcel, 30, Flaw.REFUSED)]
    receipt = ledger.setAside(
        CONSIGNMENT, exceptions, THERE, ledger.chain.now(), sender=freight_escrow
    )
    child = receipt.event("ParcelSplit").args.child
    ledger.restock(child, sender=carrier)
    assert ledger.parcel(child).state == ParcelState.HELD


@pytest.mark.parametrize(
    ("stage", "after"),
    [("loaded", ParcelState.HELD), ("in_transit", ParcelState.RETURNED)],
)
def test_what_was_damaged_is_the_givers_on_its_release(
    ledger: Contract,
    auditor: Key,
    freight_escrow: Key,
    request: pytest.FixtureRequest,
    stage: str,
    after: ParcelState,
) -> None:
    goods: Goods = request.getfixturevalue(stage)
    giver = ledger.load(CONSIGNMENT).custodian
    exceptions = [found(goods.parcel, 30, Flaw.DAMAGED)]
    receipt = ledger.setAside(
        CONSIGNMENT, exceptions, THERE, ledger.chain.now(), sender=freight_escrow
    )
    child = receipt.event("ParcelSplit").args.child
    assert ledger.quarantineOf(child).by == giver
    ledger.releaseFromQuarantine(child, EVIDENCE, sender=auditor)
    record = ledger.parcel(child)
    assert (record.state, record.custodian) == (after, giver)


def test_reverts_when_the_caller_is_not_the_escrow(
    ledger: Contract, in_transit: Goods, carrier: Key
) -> None:
    with reverts("NotWriter", caller=carrier):
        ledger.setAside(
            CONSIGNMENT, [found(in_transit.parcel, 1)], THERE, ledger.chain.now(), sender=carrier
        )


def test_reverts_without_or_with_too_many_exceptions(
    ledger: Contract, in_transit: Goods, freight_escrow: Key
) -> None:
    now = ledger.chain.now()
    with reverts("NoParcels"):
        ledger.setAside(CONSIGNMENT, [], THERE, now, sender=freight_escrow)
    many = [found(in_transit.parcel, 1)] * 17
    with reverts("TooManyParcels", given=17, most=16):
        ledger.setAside(CONSIGNMENT, many, THERE, now, sender=freight_escrow)
    ledger.setAside(CONSIGNMENT, many[:16], THERE, now, sender=freight_escrow)


def test_reverts_when_an_exception_is_none(
    ledger: Contract, in_transit: Goods, offered: Goods, freight_escrow: Key
) -> None:
    parcel = in_transit.parcel
    cases: list[tuple[dict[str, Any], str, dict[str, int]]] = [
        (found(parcel, 1, Flaw.NULL), "BadFlaw", {"parcel": parcel}),
        (found(parcel, 0), "ZeroQuantity", {}),
        (found(parcel, 401), "TooManyUnits", {"parcel": parcel}),
        (found(offered.parcel, 1), "NotAboard", {"parcel": offered.parcel}),
        (found(999, 1), "NotAboard", {"consignment": CONSIGNMENT, "parcel": 999}),
    ]
    for exception, error, fields in cases:
        with reverts(error, **fields):
            ledger.setAside(
                CONSIGNMENT, [exception], THERE, ledger.chain.now(), sender=freight_escrow
            )


def test_reverts_when_nothing_would_be_left(
    ledger: Contract, three_aboard: list[int], freight_escrow: Key
) -> None:
    now = ledger.chain.now()
    all_of_it = [
        found(parcel, units) for parcel, units in zip(three_aboard, (100, 200, 300), strict=True)
    ]
    with reverts("LoadEmptied", consignment=CONSIGNMENT):
        ledger.setAside(CONSIGNMENT, all_of_it, THERE, now, sender=freight_escrow)
    ledger.setAside(CONSIGNMENT, all_of_it[1:], THERE, now, sender=freight_escrow)
    assert list(ledger.parcelsOf(CONSIGNMENT)) == three_aboard[:1]


def test_reverts_when_the_load_has_ended_or_there_is_none(
    ledger: Contract, delivered: Goods, freight_escrow: Key
) -> None:
    now, exceptions = ledger.chain.now(), [found(delivered.parcel, 1)]
    for consignment, state in (
        (CONSIGNMENT, ParcelState.DELIVERED),
        (CONSIGNMENT + 1, ParcelState.NULL),
    ):
        with reverts("WrongLoadState", consignment=consignment, state=state):
            ledger.setAside(consignment, exceptions, THERE, now, sender=freight_escrow)
