"""Ends by time: `lapse`.

lapse
├── when the grace is not over, longer by what the present carrier took over late: refused
├── when it has arrived (it settles by silence) or ended: refused
├── given a consignment never picked up: all is refunded, hours and allocations are free again
└── given one not delivered: legs done are paid, the rest is refunded, the goods are lost
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import AllocationStatus, ParcelState, Policy, Resolution, Status
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, Desk, pay_of, terms
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

GRACE = 7 * DAY


def test_cancels_what_was_never_picked_up(
    desk: Desk,
    freight: Contract,
    ledger: Contract,
    network: Contract,
    booked: int,
    allocation: int,
) -> None:
    desk.chain.set_time(freight.consignment(booked).pick_up_by + GRACE)
    before = desk.balance("hospital")

    receipt = desk.lapse(booked, sender=key_of("stranger"))

    told = receipt.event("ConsignmentSettled").args
    assert (told.resolution, told.paid, told.refunded) == (
        Resolution.CANCELLED,
        0,
        sum(FREIGHTS),
    )
    record = freight.consignment(booked)
    assert (record.status, record.resolution) == (Status.SETTLED, Resolution.CANCELLED)
    assert (record.paid, record.refunded) == (0, sum(FREIGHTS))
    assert record.ended_at == receipt.timestamp
    assert desk.balance("hospital") - before == sum(FREIGHTS)
    for number, vehicle in enumerate(desk.vehicles):
        assert network.isFree(vehicle, DEPARTURES[number], LATEST[number])
    desk.check_money()

    # The parcel is where it was, and the allocation can be released.
    parcel_id = desk.suite.demand.allocation(allocation).parcel
    parcel = ledger.parcel(parcel_id)
    assert (parcel.state, parcel.consignment) == (ParcelState.ALLOCATED, 0)
    assert parcel.custodian == key_of("supplier").address
    desk.suite.demand.release(allocation, sender=key_of("stranger"))
    assert desk.suite.demand.allocation(allocation).status == AllocationStatus.RELEASED
    assert ledger.parcel(parcel_id).state == ParcelState.HELD


@pytest.mark.parametrize("done", [0, 1, 2])
def test_pays_the_legs_done_of_what_is_lost(
    desk: Desk, freight: Contract, ledger: Contract, picked_up: int, allocation: int, done: int
) -> None:
    for number in range(done):
        desk.pass_on(picked_up, number + 1, LATEST[number])
    desk.chain.set_time(LATEST[2] + GRACE)
    before = {name: desk.balance(name) for name in (*CARRIERS, "hospital")}

    receipt = desk.lapse(picked_up, sender=key_of("stranger"))

    paid = sum(FREIGHTS[:done])
    told = receipt.event("ConsignmentSettled").args
    assert (told.resolution, told.paid) == (Resolution.LOST, paid)
    assert told.refunded == sum(FREIGHTS) - paid
    for number, name in enumerate(CARRIERS):
        earned = FREIGHTS[number] if number < done else 0
        assert desk.balance(name) - before[name] == earned
        assert desk.paid(picked_up)[number] == earned
        assert desk.outcomes(picked_up)[number].pay == earned
    assert desk.balance("hospital") - before["hospital"] == sum(FREIGHTS) - paid
    parcel = ledger.parcel(desk.suite.demand.allocation(allocation).parcel)
    assert (parcel.state, parcel.custodian) == (
        ParcelState.LOST,
        key_of(CARRIERS[done]).address,
    )
    assert parcel.station == desk.stations[done]
    desk.check_money()


def test_legs_done_answer_for_lateness_and_exposure(
    desk: Desk, freight: Contract, picked_up: int, read: Callable[..., None]
) -> None:
    desk.pass_on(picked_up, 1, LATEST[0] + 2 * HOUR)
    read(DEPARTURES[0], LATEST[0] + 2 * HOUR, 805)
    desk.chain.set_time(LATEST[2] + 2 * HOUR + GRACE)
    desk.lapse(picked_up, sender=key_of("stranger"))
    expected = pay_of(FREIGHTS[0], terms(), 2 * HOUR, 5 * 7 * HOUR, 0)
    assert 0 < expected < FREIGHTS[0]
    assert desk.paid(picked_up)[0] == expected
    desk.check_money()


def test_reverts_before_the_grace_is_over(
    desk: Desk, freight: Contract, booked: int, hospital: object
) -> None:
    start = freight.consignment(booked).pick_up_by + GRACE
    desk.chain.set_time(start - 1)
    with reverts("NotYet", consignment=booked, from_=start):
        desk.lapse(booked, sender=key_of("hospital"))
    # Once it is picked up, the time is that of the last arrival.
    desk.hand_over(desk.handover(booked, 0, DEPARTURES[0]))
    start = LATEST[2] + GRACE
    with reverts("NotYet", consignment=booked, from_=start):
        desk.lapse(booked, sender=key_of("hospital"))


def test_late_delivery_counts_until_somebody_lapses(
    desk: Desk, freight: Contract, last_leg: int
) -> None:
    at = LATEST[2] + GRACE + DAY
    desk.chain.set_time(at)
    desk.deliver(desk.proof(desk.handover(last_leg, 3, at), accepted=True))
    record = freight.consignment(last_leg)
    # Nothing is left of the last leg's freight: no carrier loses by a lapse that comes first.
    assert record.resolution == Resolution.DELIVERED
    assert desk.paid(last_leg)[2] == 0
    assert record.paid == FREIGHTS[0] + FREIGHTS[1]
    with reverts("WrongStatus", consignment=last_leg, status=Status.SETTLED):
        desk.lapse(last_leg, sender=key_of("hospital"))
    desk.check_money()


@pytest.mark.parametrize("policy", [Policy.DEVICE_THEN_SILENCE])
def test_reverts_when_it_has_arrived(desk: Desk, freight: Contract, logged: int) -> None:
    handover = desk.handover(logged, 3, LATEST[2])
    desk.deliver(desk.proof(handover, desk.arrival(logged, LATEST[2], 3), accepted=False))
    desk.chain.set_time(LATEST[2] + GRACE)
    with reverts("WrongStatus", consignment=logged, status=Status.ARRIVED):
        desk.lapse(logged, sender=key_of("hospital"))


def test_lapses_once(desk: Desk, freight: Contract, booked: int) -> None:
    desk.chain.set_time(LATEST[2] + GRACE)
    desk.lapse(booked, sender=key_of("stranger"))
    with reverts("WrongStatus", consignment=booked, status=Status.SETTLED):
        desk.lapse(booked, sender=key_of("stranger"))
    desk.check_money()


def test_waits_for_a_carrier_that_took_over_late(
    desk: Desk, freight: Contract, picked_up: int
) -> None:
    # The trunk is five days late; those after it are not, and have their freight to earn.
    late = 5 * DAY
    desk.pass_on(picked_up, 1, LATEST[0] + late)
    desk.pass_on(picked_up, 2, LATEST[1] + late)
    desk.chain.set_time(LATEST[2] + GRACE)
    with reverts("NotYet", consignment=picked_up, from_=LATEST[2] + late + GRACE):
        desk.lapse(picked_up, sender=key_of("hospital"))

    at = LATEST[2] + late + HOUR
    desk.deliver(desk.proof(desk.handover(picked_up, 3, at), accepted=True))

    paid = [desk.paid(picked_up)[number] for number in range(3)]
    assert paid == [0, FREIGHTS[1], pay_of(FREIGHTS[2], terms(), HOUR, 0, 0)]
    desk.check_money()


@pytest.mark.parametrize(("seconds", "earns"), [(-1, True), (0, False)])
def test_comes_when_nothing_is_left_to_earn(
    desk: Desk, freight: Contract, allocation: int, seconds: int, earns: bool
) -> None:
    # Under terms that leave something for as long as terms may.
    patient = terms(late_free=0, late_zero=GRACE)
    booking = desk.booking([allocation], terms=patient)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, LATEST[0] + 3 * DAY)
    desk.pass_on(consignment, 2, LATEST[1] + 3 * DAY)
    at = LATEST[2] + 3 * DAY + GRACE + seconds
    desk.chain.set_time(at)
    desk.deliver(desk.proof(desk.handover(consignment, 3, at), accepted=True))
    assert (desk.paid(consignment)[2] > 0) is earns
