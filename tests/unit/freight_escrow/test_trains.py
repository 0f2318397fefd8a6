"""Trains of loads and refusals on the way: `handOverTrain`, `refuseHandover`, `refuse` at the door.

handOverTrain
├── when it is empty, or its handovers are of different parties: refused
├── when one of them may not be, or a signature is another's: refused, and nothing has changed
└── else each load changes hands, under one signature of each side
refuseHandover, refuse
├── when another refuses, without a reason, too late, twice, or out of turn: refused
└── else it is told; at the door it ends the consignment a day later
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline import messages as m
from aidline.client import Contract, Receipt
from aidline.model import ParcelState, Resolution, Status
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY


@pytest.fixture
def loads(desk: Desk, booked: int) -> list[int]:
    """Two consignments of one supplier for one carrier, a day apart."""
    legs = [
        replace(leg, departure=leg.departure + DAY, latest_arrival=leg.latest_arrival + DAY)
        for leg in desk.legs()
    ]
    second = desk.booking(
        [desk.allocate(500)], legs=legs, pick_up_by=DEPARTURES[0] + DAY, salt=word("order 2")
    )
    return [booked, desk.book(second).event("ConsignmentBooked").args.consignment]


def _pass(desk: Desk, handovers: list[m.Handover], **signers: str) -> Receipt:
    train = m.HandoverTrain(handovers)
    giver, taker = signers.get("giver", "supplier"), signers.get("taker", "carrier")
    return desk.freight.handOverTrain(
        handovers,
        train.sign(key_of(giver), desk.domain),
        train.sign(key_of(taker), desk.domain),
        sender=key_of("stranger"),
    )


def test_each_load_changes_hands(desk: Desk, freight: Contract, loads: list[int]) -> None:
    desk.chain.set_time(DEPARTURES[0])
    receipt = _pass(desk, [desk.handover(load, 0, DEPARTURES[0]) for load in loads])
    told = [event.args for event in receipt.events if event.name == "CustodyChanged"]
    assert [one.consignment for one in told] == loads
    for load in loads:
        assert freight.consignment(load).status == Status.IN_TRANSIT
        assert desk.suite.ledger.load(load).custodian == key_of("carrier").address


def test_reverts_when_empty_or_mixed(desk: Desk, loads: list[int]) -> None:
    desk.chain.set_time(DEPARTURES[0])
    with reverts("EmptyTrain"):
        _pass(desk, [])
    first, second = (desk.handover(load, 0, DEPARTURES[0]) for load in loads)
    with reverts("MixedTrain", consignment=loads[1]):
        _pass(desk, [first, replace(second, to=key_of("branch_carrier").address)])


def test_one_that_may_not_be_stops_all(desk: Desk, freight: Contract, loads: list[int]) -> None:
    desk.chain.set_time(DEPARTURES[0])
    first, second = (desk.handover(load, 0, DEPARTURES[0]) for load in loads)
    with reverts("WrongContent", consignment=loads[1]):
        _pass(desk, [first, replace(second, content=first.content)])
    with reverts("WrongSequence", consignment=loads[0]):
        _pass(desk, [first, first])
    assert freight.consignment(loads[0]).status == Status.BOOKED


@pytest.mark.parametrize("side", ["giver", "taker"])
def test_reverts_when_another_signs(desk: Desk, loads: list[int], side: str) -> None:
    desk.chain.set_time(DEPARTURES[0])
    handovers = [desk.handover(load, 0, DEPARTURES[0]) for load in loads]
    with reverts("BadSignature"):
        _pass(desk, handovers, **{side: "stranger"})


# --- refusals ---


def test_a_carrier_refuses_what_it_is_to_take(
    desk: Desk, freight: Contract, picked_up: int
) -> None:
    carrier = key_of("branch_carrier")
    refusal = desk.refusal(picked_up, carrier, sequence=1)
    signature = refusal.sign(carrier, desk.domain)
    receipt = freight.refuseHandover(refusal, signature, sender=key_of("stranger"))
    told = receipt.event("HandoverRefused").args
    assert (told.consignment, told.sequence, told.by) == (picked_up, 1, carrier.address)
    # Custody never left the giver, who may offer it again; the refusal is good once.
    assert desk.suite.ledger.load(picked_up).custodian == key_of("carrier").address
    with reverts("WrongSequence", consignment=picked_up):
        freight.refuseHandover(refusal, signature, sender=key_of("stranger"))
    desk.pass_on(picked_up, 1, LATEST[0])


def test_reverts_when_the_refusal_is_not_the_takers(
    desk: Desk, freight: Contract, picked_up: int
) -> None:
    carrier, other = key_of("branch_carrier"), key_of("terminal_carrier")
    with reverts("WrongParty", given=other):
        refusal = desk.refusal(picked_up, other, sequence=1)
        freight.refuseHandover(refusal, b"", sender=other)
    right = desk.refusal(picked_up, carrier, sequence=1)
    for signature in (
        right.sign(other, desk.domain),
        right.sign(carrier, domain_of(desk.freight, chain_id=1)),
        right.sign(carrier, domain_of(desk.suite.monitor)),
        right.sign(carrier, desk.domain)[:-1],
    ):
        with reverts("BadSignature", signer=carrier):
            freight.refuseHandover(right, signature, sender=key_of("stranger"))
    with reverts("NoReason"):
        freight.refuseHandover(replace(right, reason=bytes(32)), b"", sender=carrier)
    with reverts("Expired"):
        late = replace(right, deadline=desk.chain.now() - 1)
        freight.refuseHandover(late, b"", sender=carrier)
    with reverts("WrongSequence"):
        freight.refuseHandover(replace(right, sequence=0), b"", sender=carrier)


def test_refusing_at_the_door_returns_the_goods_a_day_later(
    desk: Desk, freight: Contract, ledger: Contract, last_leg: int
) -> None:
    hospital = key_of("hospital")
    with reverts("UseDeliver", consignment=last_leg):
        freight.refuseHandover(desk.refusal(last_leg, hospital), b"", sender=hospital)
    told = desk.refuse(last_leg, sender=hospital).event("HandoverRefused").args
    assert (told.sequence, told.by) == (3, hospital.address)
    assert freight.consignment(last_leg).status == Status.REFUSED
    with reverts("WrongStatus", status=Status.REFUSED):
        desk.deliver(desk.proof(desk.handover(last_leg, 3, LATEST[2]), accepted=True))
    since = freight.consignment(last_leg).proven_at
    with reverts("NotYet", consignment=last_leg, from_=since + DAY):
        desk.settle_refused(last_leg, sender=hospital)
    desk.chain.set_time(since + DAY)

    told = desk.settle_refused(last_leg, sender=key_of("stranger")).event("ConsignmentSettled").args

    assert (told.resolution, told.refunded) == (Resolution.REFUSED, FREIGHTS[2])
    assert desk.paid(last_leg) == [FREIGHTS[0], FREIGHTS[1], 0]
    parcel = ledger.parcel(ledger.parcelsOf(last_leg)[0])
    assert (parcel.state, parcel.custodian) == (
        ParcelState.RETURNED,
        key_of("terminal_carrier").address,
    )
    assert parcel.station == desk.stations[3]
    desk.check_money()


def test_reverts_at_the_door_when_legs_remain_or_another_refuses(desk: Desk, booked: int) -> None:
    hospital = key_of("hospital")
    with reverts("WrongStatus", consignment=booked, status=Status.BOOKED):
        desk.refuse(booked, sender=hospital)
    desk.pass_on(booked, 0, DEPARTURES[0])
    with reverts("LegsRemain", consignment=booked, done=0, legs=3):
        desk.refuse(booked, sender=hospital)
    desk.pass_on(booked, 1, LATEST[0])
    desk.pass_on(booked, 2, LATEST[1])
    for name in ("terminal_carrier", "supplier", "second_hospital"):
        with reverts("WrongParty", given=key_of(name)):
            desk.refuse(booked, sender=key_of(name))
    with reverts("WrongConsignment", expected=booked, given=9):
        other = replace(desk.refusal(booked, hospital), consignment=9)
        desk.freight.refuse(desk.bookings[booked], other, bytes(32), b"", sender=hospital)
