"""Each exit of a consignment by time: nobody's good will is needed, and nobody comes too early.

The table of exits is in the specification. Each test brings a consignment to where it waits for
somebody who does nothing, lets a stranger end it a second before its time (refused), and at it.
Then money adds up, nothing is held, and the goods and the hours are where they should be.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.freight import device_evidence
from aidline.model import AllocationStatus, ParcelState, Policy, Resolution, Status
from aidline.signing import Key
from tests.support.disputes import Court
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

GRACE = 7 * DAY
SILENCE = DAY


@pytest.fixture
def anyone() -> Key:
    return key_of("stranger")


def ended(desk: Desk, consignment: int, resolution: Resolution, paid: int) -> None:
    """Check how a consignment has ended, and that nothing of it is held any more."""
    record = desk.freight.consignment(consignment)
    assert (record.status, record.resolution) == (Status.SETTLED, resolution)
    assert (record.paid, record.refunded) == (paid, sum(FREIGHTS) - paid)
    desk.check_money()


def state_of(desk: Desk, allocation: int) -> ParcelState:
    """Return the state of the parcel of an allocation."""
    parcel = desk.suite.demand.allocation(allocation).parcel
    state: ParcelState = desk.suite.ledger.parcel(parcel).state
    return state


def test_never_accepted(desk: Desk, allocation: int, anyone: Key) -> None:
    """The carrier does not sign: nothing was taken, and the allocation is free after a day."""
    before = desk.balance("hospital")
    booking = desk.booking([allocation])
    carriers = desk.signatures(booking)["carriers"]
    with reverts("BadSignature", signer=key_of("carrier")):
        desk.book(booking, carriers=[b"", *carriers[1:]])
    demand = desk.suite.demand
    until = demand.allocation(allocation).at + DAY
    desk.chain.set_time(until - 1)
    with reverts("BookingWindowOpen"):
        demand.release(allocation, sender=anyone)
    desk.chain.set_time(until)
    demand.release(allocation, sender=anyone)
    assert demand.allocation(allocation).status == AllocationStatus.RELEASED
    assert desk.balance("hospital") == before
    desk.check_money()


def test_never_picked_up(desk: Desk, booked: int, allocation: int, anyone: Key) -> None:
    """All is refunded, the hours are free, and the allocation can be released at once."""
    start = desk.bookings[booked].pick_up_by + GRACE
    desk.chain.set_time(start - 1)
    with reverts("NotYet", from_=start):
        desk.lapse(booked, sender=anyone)
    desk.chain.set_time(start)
    desk.lapse(booked, sender=anyone)
    ended(desk, booked, Resolution.CANCELLED, 0)
    network = desk.suite.network
    for number, vehicle in enumerate(desk.vehicles):
        assert network.isFree(vehicle, DEPARTURES[number], LATEST[number])
    desk.suite.demand.release(allocation, sender=anyone)


@pytest.mark.parametrize("done", [0, 1, 2])
def test_lost_on_the_way(
    desk: Desk, picked_up: int, allocation: int, anyone: Key, done: int
) -> None:
    """Legs done are paid, the rest is refunded; the demand is open for the units again."""
    for number in range(done):
        desk.pass_on(picked_up, number + 1, LATEST[number])
    start = LATEST[2] + GRACE
    desk.chain.set_time(start - 1)
    with reverts("NotYet", from_=start):
        desk.lapse(picked_up, sender=anyone)
    desk.chain.set_time(start)
    desk.lapse(picked_up, sender=anyone)
    ended(desk, picked_up, Resolution.LOST, sum(FREIGHTS[:done]))
    assert state_of(desk, allocation) == ParcelState.LOST
    desk.suite.demand.reportFailed(allocation, sender=anyone)


def test_refused_at_the_door(
    desk: Desk, last_leg: int, allocation: int, hospital: Key, anyone: Key
) -> None:
    """The last carrier has a day to dispute it; then its leg is unpaid and the goods are its."""
    desk.refuse(last_leg, sender=hospital)
    start = desk.chain.now() + SILENCE
    desk.chain.set_time(start - 1)
    with reverts("NotYet", from_=start):
        desk.settle_refused(last_leg, sender=anyone)
    desk.chain.set_time(start)
    desk.settle_refused(last_leg, sender=anyone)
    ended(desk, last_leg, Resolution.REFUSED, sum(FREIGHTS[:2]))
    assert state_of(desk, allocation) == ParcelState.RETURNED
    desk.suite.demand.reportFailed(allocation, sender=anyone)


@pytest.mark.parametrize("policy", [Policy.DEVICE_THEN_SILENCE])
def test_silent_consignee(desk: Desk, logged: int, allocation: int, anyone: Key) -> None:
    """The device has said that it arrived; a day later the consignee's word is not needed."""
    handover = desk.handover(logged, 3, LATEST[2])
    desk.deliver(desk.proof(handover, desk.arrival(logged, LATEST[2], 3), accepted=False))
    start = desk.freight.consignment(logged).proven_at + SILENCE
    desk.chain.set_time(start - 1)
    with reverts("NotYet", from_=start):
        desk.settle_silent(logged, sender=anyone)
    desk.chain.set_time(start)
    desk.settle_silent(logged, sender=anyone)
    ended(desk, logged, Resolution.DELIVERED, sum(FREIGHTS))
    assert state_of(desk, allocation) == ParcelState.DELIVERED


@pytest.mark.parametrize("policy", [Policy.CONSIGNEE, Policy.BOTH])
def test_silent_consignee_whose_word_is_needed(
    desk: Desk, logged: int, allocation: int, anyone: Key
) -> None:
    """It ends as not delivered: the carriers chose a policy that waits for the consignee."""
    desk.chain.set_time(LATEST[2] + GRACE)
    desk.lapse(logged, sender=anyone)
    ended(desk, logged, Resolution.LOST, sum(FREIGHTS[:2]))
    assert state_of(desk, allocation) == ParcelState.LOST


@pytest.mark.parametrize("policy", [Policy.DEVICE, Policy.BOTH, Policy.DEVICE_THEN_SILENCE])
def test_silent_device(
    desk: Desk, last_leg: int, allocation: int, read: Callable[..., None]
) -> None:
    """It has told of the way and says nothing at the door; a day later both hands are enough."""
    read(DEPARTURES[0], LATEST[2])
    handover = desk.handover(last_leg, 3, LATEST[2])
    start = LATEST[2] + SILENCE
    desk.chain.set_time(start - 1)
    unheard = desk.proof(handover, accepted=True, evidence=device_evidence([]))
    with reverts("DevicesMissing", given=0, needed=1):
        desk.deliver(unheard)
    desk.chain.set_time(start)
    desk.deliver(desk.proof(handover, accepted=True))
    ended(desk, last_leg, Resolution.DELIVERED, sum(FREIGHTS))
    assert state_of(desk, allocation) == ParcelState.DELIVERED


def test_recalled_on_the_way(
    desk: Desk, picked_up: int, allocation: int, ledger: Contract, auditor: Key, anyone: Key
) -> None:
    """At once: the goods are in quarantine with whoever has them."""
    with reverts("NothingRecalled"):
        desk.stop_recalled(picked_up, sender=anyone)
    lot = ledger.parcel(desk.suite.demand.allocation(allocation).parcel).lot
    ledger.recall(lot, word("tainted"), word("sample"), sender=auditor)
    desk.stop_recalled(picked_up, sender=anyone)
    ended(desk, picked_up, Resolution.RECALLED, 0)
    assert state_of(desk, allocation) == ParcelState.QUARANTINED


def test_a_dispute_that_nobody_decides(desk: Desk, last_leg: int, anyone: Key) -> None:
    """A week later it ends as computed, and the consignment goes on as if there had been none."""
    court = Court(desk, desk.bookings[last_leg], last_leg)
    dispute = court.raise_(leg=2)
    until = desk.chain.now() + 7 * DAY
    desk.chain.set_time(until - 1)
    with reverts("NotYet", from_=until):
        court.room.close(dispute, sender=anyone)
    desk.chain.set_time(until)
    court.room.close(dispute, sender=anyone)
    court.deliver()
    ended(desk, last_leg, Resolution.DELIVERED, sum(FREIGHTS))


def test_lost_while_it_was_disputed(
    desk: Desk, picked_up: int, allocation: int, anyone: Key
) -> None:
    """It lapses when it is due, and the demand is open again; the money waits for the dispute."""
    desk.chain.set_time(LATEST[2] + GRACE - HOUR)
    court = Court(desk, desk.bookings[picked_up], picked_up)
    dispute = court.raise_()
    desk.chain.set_time(LATEST[2] + GRACE)
    desk.lapse(picked_up, sender=anyone)
    assert state_of(desk, allocation) == ParcelState.LOST
    desk.suite.demand.reportFailed(allocation, sender=anyone)

    with reverts("IsHeld", consignment=picked_up):
        desk.settle_closed(picked_up, sender=anyone)
    desk.chain.set_time(court.room.dispute(dispute).until)
    court.room.close(dispute, sender=anyone)
    desk.settle_closed(picked_up, sender=anyone)
    ended(desk, picked_up, Resolution.LOST, 0)


def test_money_in_a_purse_is_ones_own_at_any_time(desk: Desk, last_leg: int) -> None:
    """What was earned needs nobody's act but the earner's."""
    handover = desk.handover(last_leg, 3, LATEST[2])
    desk.deliver(desk.proof(handover, accepted=True))
    currency = desk.suite.currency
    for name, freight in zip(CARRIERS, FREIGHTS, strict=True):
        before = currency.balanceOf(key_of(name))
        desk.freight.emptyPurse(freight, sender=key_of(name))
        assert currency.balanceOf(key_of(name)) - before == freight
    desk.check_money()
