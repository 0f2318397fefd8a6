"""Changes of hands on the way: `handOver`.

handOver
├── when the consignment is unknown, or has arrived or ended: refused
├── when all legs but the last are done: refused, it is a delivery
├── when the sequence is another (replayed, out of order): refused
├── when giver, taker, station, content or time is another: refused
├── when it is picked up too late: refused
├── when either has not signed, or for another chain: refused
├── when the taker is suspended: refused
└── else custody passes, and the giver's leg ends then
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import ParcelState, Status, Tier
from aidline.signing import Key
from tests.support.freight import CARRIERS, DEPARTURES, LATEST, LIMIT, Desk
from tests.support.network import vehicle
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START


def test_picks_up(desk: Desk, freight: Contract, ledger: Contract, booked: int) -> None:
    desk.chain.set_time(DEPARTURES[0] + 60)

    receipt = desk.hand_over(desk.handover(booked, 0, DEPARTURES[0]))

    told = receipt.event("CustodyChanged").args
    assert (told.consignment, told.sequence, told.station) == (booked, 0, desk.stations[0])
    assert (told.from_, told.to) == (key_of("supplier").address, key_of("carrier").address)
    assert told.at == DEPARTURES[0]
    record = freight.consignment(booked)
    assert (record.status, record.legs_done) == (Status.IN_TRANSIT, 0)
    load = ledger.load(booked)
    assert (load.custodian, load.sequence) == (key_of("carrier").address, 1)
    assert (load.state, load.since) == (ParcelState.IN_TRANSIT, DEPARTURES[0])
    desk.check_money()


def test_passes_from_carrier_to_carrier(
    desk: Desk, freight: Contract, ledger: Contract, picked_up: int, allocation: int
) -> None:
    for number in (1, 2):
        receipt = desk.pass_on(picked_up, number, LATEST[number - 1])
        assert receipt.event("CustodyChanged").args.sequence == number
        assert freight.consignment(picked_up).legs_done == number
        assert list(desk.suite.ledger.progressOf(picked_up).times)[-1] == LATEST[number - 1]
        assert freight.consignment(picked_up).legs_done == number
    parcel = desk.suite.demand.allocation(allocation).parcel
    for at, who in (
        (DEPARTURES[0] - 1, "supplier"),
        (DEPARTURES[0], "carrier"),
        (LATEST[0] - 1, "carrier"),
        (LATEST[0], "branch_carrier"),
        (LATEST[1], "terminal_carrier"),
    ):
        assert ledger.responsibleAt(parcel, at) == key_of(who).address
    desk.check_money()


def test_a_carrier_may_serve_two_legs(desk: Desk, freight: Contract, allocation: int) -> None:
    carrier = key_of("carrier")
    legs = desk.legs()
    network = desk.suite.network
    added = network.addVehicle(
        vehicle(carrier, tier=Tier.BRANCH, capacity=1_000),
        sender=carrier,
    )
    legs[1] = replace(
        legs[1],
        carrier=carrier.address,
        vehicle=added.event("VehicleAdded").args.vehicle,
        crew=desk.crews[0],
    )
    booking = desk.booking([allocation], legs=legs)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.chain.set_time(LATEST[0])
    desk.hand_over(desk.handover(consignment, 1, LATEST[0], to=carrier.address))
    assert freight.consignment(consignment).legs_done == 1


def test_may_be_submitted_later(desk: Desk, freight: Contract, picked_up: int) -> None:
    desk.chain.set_time(LATEST[2] + DAY)
    desk.hand_over(desk.handover(picked_up, 1, LATEST[0]))
    assert list(desk.suite.ledger.progressOf(picked_up).times)[-1] == LATEST[0]
    assert desk.outcomes(picked_up)[0].late == 0


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("UnknownConsignment", {"consignment": 99}),
        ("Expired", {"deadline": LATEST[0] - 1}),
        ("WrongSequence", {"sequence": 0}),
        ("WrongSequence", {"sequence": 2}),
        ("WrongParty", {"from_": "supplier"}),
        ("WrongParty", {"to": "terminal_carrier"}),
        ("WrongParty", {"to": "hospital"}),
        ("WrongStation", {"station": 1}),
        ("WrongContent", {"content": b"\1" * 32}),
        ("WrongHandoverTime", {"at": DEPARTURES[0] - 1}),
        ("WrongHandoverTime", {"at": LATEST[0] + 1}),
    ],
)
def test_reverts_when_it_is_another(
    desk: Desk, picked_up: int, error: str, changes: dict[str, Any]
) -> None:
    desk.chain.set_time(LATEST[0])
    handover = desk.handover(picked_up, 1, LATEST[0])
    changed = {
        name: key_of(value).address if isinstance(value, str) else value
        for name, value in changes.items()
    }
    with reverts(error):
        desk.hand_over(replace(handover, **changed))
    desk.hand_over(handover)


def test_reverts_when_it_is_replayed(desk: Desk, picked_up: int) -> None:
    desk.chain.set_time(LATEST[0])
    handover = desk.handover(picked_up, 1, LATEST[0])
    desk.hand_over(handover)
    with reverts("WrongSequence", consignment=picked_up, expected=2, given=1):
        desk.hand_over(handover)


@pytest.mark.parametrize("side", ["giver", "taker"])
@pytest.mark.parametrize("signer", ["stranger", "hospital", "terminal_carrier", "device"])
def test_reverts_when_another_signs(desk: Desk, picked_up: int, side: str, signer: str) -> None:
    desk.chain.set_time(LATEST[0])
    owner = {"giver": "carrier", "taker": "branch_carrier"}[side]
    with reverts("BadSignature", signer=key_of(owner)):
        desk.hand_over(desk.handover(picked_up, 1, LATEST[0]), **{side: signer})


@pytest.mark.parametrize("what", ["chain", "contract"])
def test_reverts_when_signed_for_elsewhere(desk: Desk, picked_up: int, what: str) -> None:
    desk.chain.set_time(LATEST[0])
    elsewhere = {
        "chain": domain_of(desk.freight, chain_id=1),
        "contract": replace(desk.domain, contract=desk.suite.ledger.address),
    }[what]
    with reverts("BadSignature", signer=key_of("carrier")):
        desk.hand_over(desk.handover(picked_up, 1, LATEST[0]), domain=elsewhere)


def test_reverts_when_something_else_was_signed(
    desk: Desk, freight: Contract, picked_up: int
) -> None:
    desk.chain.set_time(LATEST[0] + 60)
    handover = desk.handover(picked_up, 1, LATEST[0] + 60)
    back = replace(handover, at=LATEST[0])
    with reverts("BadSignature", signer=key_of("branch_carrier")):
        freight.handOver(
            back,
            back.sign(key_of("carrier"), desk.domain),
            handover.sign(key_of("branch_carrier"), desk.domain),
            sender=key_of("carrier"),
        )


@pytest.mark.parametrize(("number", "name"), enumerate(CARRIERS[:2]))
def test_reverts_when_the_taker_is_suspended(
    desk: Desk, registry: Contract, booked: int, suspender: Key, number: int, name: str
) -> None:
    times = (DEPARTURES[0], *LATEST)
    for before in range(number):
        desk.pass_on(booked, before, times[before])
    registry.suspend(key_of(name), word("fraud"), sender=suspender)
    desk.chain.set_time(times[number])
    with reverts("NotActive", account=key_of(name)):
        desk.hand_over(desk.handover(booked, number, times[number]))


def test_suspended_giver_may_still_release(
    desk: Desk, freight: Contract, registry: Contract, picked_up: int, suspender: Key
) -> None:
    registry.suspend(key_of("carrier"), word("fraud"), sender=suspender)
    desk.pass_on(picked_up, 1, LATEST[0])
    assert freight.consignment(picked_up).legs_done == 1


def test_reverts_when_picked_up_too_late(desk: Desk, freight: Contract, booked: int) -> None:
    until = freight.consignment(booked).pick_up_by
    desk.chain.set_time(until + 2 * HOUR)
    with reverts("Expired", deadline=until):
        desk.hand_over(desk.handover(booked, 0, until + 1))
    # What was done in time may be submitted later.
    desk.hand_over(desk.handover(booked, 0, until))


def test_reverts_when_picked_up_before_it_was_booked(desk: Desk, allocation: int) -> None:
    desk.chain.set_time(START + HOUR)
    booked = desk.book(desk.booking([allocation])).event("ConsignmentBooked").args.consignment
    with reverts("WrongHandoverTime", at=START + HOUR - 1, not_before=START + HOUR):
        desk.hand_over(desk.handover(booked, 0, START + HOUR - 1))


def test_reverts_when_it_is_a_delivery(desk: Desk, last_leg: int) -> None:
    with reverts("UseDeliver", consignment=last_leg):
        desk.hand_over(desk.handover(last_leg, 3, LATEST[2]))


def test_reverts_when_it_has_ended(desk: Desk, freight: Contract, booked: int) -> None:
    handover = desk.handover(booked, 0, DEPARTURES[0])
    desk.chain.set_time(freight.consignment(booked).pick_up_by + 7 * DAY)
    desk.lapse(booked, sender=key_of("stranger"))
    with reverts("WrongStatus", consignment=booked, status=Status.SETTLED):
        desk.hand_over(handover)


def test_pause_does_not_stop_what_is_on_its_way(
    desk: Desk, freight: Contract, picked_up: int, pauser: Key
) -> None:
    freight.pause(sender=pauser)
    desk.pass_on(picked_up, 1, LATEST[0])
    desk.pass_on(picked_up, 2, LATEST[1])
    desk.chain.set_time(LATEST[2])
    desk.deliver(desk.proof(desk.handover(picked_up, 3, LATEST[2]), accepted=True))
    assert freight.consignment(picked_up).status == Status.SETTLED


def test_deadline_is_the_last_second(desk: Desk, freight: Contract, picked_up: int) -> None:
    handover = desk.handover(picked_up, 1, LATEST[0])
    desk.chain.set_time(LIMIT)
    desk.hand_over(handover)
    assert freight.consignment(picked_up).legs_done == 1
