"""What the desk of disputes may do with money, and what it cannot with goods (FRT-41).

hold
├── when another than the desk calls, or it was not picked up, or has ended: refused
└── else the goods go on: they change hands, are delivered, refused, lost or stopped as ever
    └── given they have ended so: closed, and no money moves while it is held
resume
├── when another than the desk calls, nothing is held, or there is no such leg: refused
├── given an award: the leg earns it, whatever its curves say
└── else what is computed
settleClosed
├── when it has not ended, or a dispute holds it: refused
└── else each end pays as it would have paid without the dispute, awards apart
    └── given telemetry that came later: it counts, as for everything that is not settled yet
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, Receipt, RevmChain
from aidline.model import ParcelState, Policy, Resolution, Status
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START, UNIT, deploy_suite

DISPUTES, STRANGER = key_of("dispute desk"), key_of("stranger")


@pytest.fixture(scope="module")
def equipped() -> Desk:
    """A suite in which a plain key stands for the desk of disputes."""
    known = {"DisputeDesk": DISPUTES.address}
    desk = Desk(deploy_suite(RevmChain(timestamp=START), known=known))
    desk.build()
    return desk


@pytest.fixture
def freight(equipped: Desk) -> Contract:
    return equipped.freight


@pytest.fixture
def ledger(equipped: Desk) -> Contract:
    return equipped.suite.ledger


@pytest.fixture
def held(desk: Desk, freight: Contract, last_leg: int) -> int:
    freight.hold(last_leg, sender=DISPUTES)
    return last_leg


def _deliver(desk: Desk, consignment: int) -> Receipt:
    return desk.deliver(desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True))


def _goods(desk: Desk, consignment: int) -> tuple[ParcelState, str]:
    """Return the state and the custodian of what is carried."""
    ledger = desk.suite.ledger
    record = ledger.parcel(ledger.parcelsOf(consignment)[0])
    return record.state, record.custodian


def _closed(
    desk: Desk, receipt: Receipt, consignment: int, resolution: Resolution, state: ParcelState
) -> None:
    """Check that the goods have come to their end, and that no money has moved."""
    told = receipt.event("ConsignmentClosed").args
    assert (told.consignment, told.resolution) == (consignment, resolution)
    record = desk.freight.consignment(consignment)
    assert (record.status, record.resolution) == (Status.CLOSED, resolution)
    assert (record.paid, record.refunded, record.ended_at) == (0, 0, 0)
    assert _goods(desk, consignment)[0] == state
    desk.check_money()


def _settled(desk: Desk, consignment: int, resolution: Resolution, *paid: int) -> None:
    """Let go, settle, and check what each leg has earned."""
    with reverts("IsHeld", consignment=consignment):
        desk.settle_closed(consignment, sender=STRANGER)
    desk.freight.resume(consignment, 0, 0, False, sender=DISPUTES)
    told = desk.settle_closed(consignment, sender=STRANGER).event("ConsignmentSettled").args
    assert (told.resolution, [leg.pay for leg in told.legs]) == (resolution, [*paid])
    record = desk.freight.consignment(consignment)
    assert (record.status, record.resolution) == (Status.SETTLED, resolution)
    assert record.ended_at == desk.chain.now()
    desk.check_money()
    with reverts("WrongStatus", consignment=consignment, status=Status.SETTLED):
        desk.settle_closed(consignment, sender=STRANGER)


def test_custody_changes_while_it_is_held(desk: Desk, freight: Contract, picked_up: int) -> None:
    told = freight.hold(picked_up, sender=DISPUTES).event("ConsignmentHeld").args
    assert (told.consignment, told.holds) == (picked_up, freight.holdsOf(picked_up)) == (1, 1)
    desk.pass_on(picked_up, 1, LATEST[0])
    desk.pass_on(picked_up, 2, LATEST[1])
    assert desk.suite.ledger.load(picked_up).custodian == key_of("terminal_carrier").address


def test_delivers_while_it_is_held(desk: Desk, held: int) -> None:
    receipt = _deliver(desk, held)
    _closed(desk, receipt, held, Resolution.DELIVERED, ParcelState.DELIVERED)
    record = desk.freight.consignment(held)
    assert (record.arrived_at, record.proven_at, record.legs_done) == (LATEST[2], LATEST[2], 3)
    assert _goods(desk, held)[1] == key_of("hospital").address
    # Waiting costs nobody anything.
    desk.chain.set_time(LATEST[2] + 6 * DAY)
    assert [leg.pay for leg in desk.outcomes(held)] == [*FREIGHTS]
    _settled(desk, held, Resolution.DELIVERED, *FREIGHTS)


def test_what_came_too_warm_is_in_quarantine_at_once(
    desk: Desk, held: int, read: Callable[..., None]
) -> None:
    read(DEPARTURES[0], LATEST[0])
    read(LATEST[0] + 600, LATEST[1], 2_500)
    read(LATEST[1] + 600, LATEST[2])
    receipt = _deliver(desk, held)
    _closed(desk, receipt, held, Resolution.DELIVERED_DAMAGED, ParcelState.QUARANTINED)
    # On its way down to the band the temperature is the last leg's.
    _settled(desk, held, Resolution.DELIVERED_DAMAGED, FREIGHTS[0], 0, 0)


def test_telemetry_that_comes_before_the_money_counts(
    desk: Desk, held: int, read: Callable[..., None]
) -> None:
    receipt = _deliver(desk, held)
    _closed(desk, receipt, held, Resolution.DELIVERED, ParcelState.DELIVERED)
    read(DEPARTURES[0], LATEST[0], 2_500)
    # Of the goods the proof has said what it says; of the legs all that is heard counts.
    _settled(desk, held, Resolution.DELIVERED, 0, *FREIGHTS[1:])


@pytest.mark.parametrize("policy", [Policy.DEVICE_THEN_SILENCE])
def test_a_silent_consignee_is_waited_for_no_longer(desk: Desk, logged: int) -> None:
    desk.freight.hold(logged, sender=DISPUTES)
    handover = desk.handover(logged, 3, LATEST[2])
    arrival = desk.arrival(logged, LATEST[2], 3)
    desk.deliver(desk.proof(handover, arrival, accepted=False))
    with reverts("NotYet", consignment=logged, from_=LATEST[2] + DAY):
        desk.settle_silent(logged, sender=STRANGER)
    desk.chain.set_time(LATEST[2] + DAY)
    receipt = desk.settle_silent(logged, sender=STRANGER)
    _closed(desk, receipt, logged, Resolution.DELIVERED, ParcelState.DELIVERED)
    assert desk.freight.consignment(logged).proven_at == LATEST[2]
    _settled(desk, logged, Resolution.DELIVERED, *FREIGHTS)


def test_is_refused_while_it_is_held(desk: Desk, held: int) -> None:
    desk.refuse(held, sender=key_of("hospital"))
    with reverts("NotYet", consignment=held, from_=LATEST[2] + DAY):
        desk.settle_refused(held, sender=STRANGER)
    desk.chain.set_time(LATEST[2] + DAY)
    receipt = desk.settle_refused(held, sender=STRANGER)
    _closed(desk, receipt, held, Resolution.REFUSED, ParcelState.RETURNED)
    _settled(desk, held, Resolution.REFUSED, *FREIGHTS[:2], 0)


@pytest.mark.parametrize("policy", [Policy.DEVICE_THEN_SILENCE])
def test_is_refused_after_it_has_arrived_while_it_is_held(desk: Desk, logged: int) -> None:
    handover = desk.handover(logged, 3, LATEST[2])
    desk.deliver(desk.proof(handover, desk.arrival(logged, LATEST[2], 3), accepted=False))
    desk.freight.hold(logged, sender=DISPUTES)
    desk.refuse(logged, sender=key_of("hospital"))
    desk.chain.set_time(LATEST[2] + DAY)
    receipt = desk.settle_refused(logged, sender=STRANGER)
    _closed(desk, receipt, logged, Resolution.REFUSED, ParcelState.RETURNED)
    _settled(desk, logged, Resolution.REFUSED, *FREIGHTS[:2], 0)


def test_is_lost_while_it_is_held(desk: Desk, held: int) -> None:
    desk.chain.set_time(LATEST[2] + 7 * DAY)
    receipt = desk.lapse(held, sender=STRANGER)
    _closed(desk, receipt, held, Resolution.LOST, ParcelState.LOST)
    _settled(desk, held, Resolution.LOST, *FREIGHTS[:2], 0)


def test_is_stopped_while_it_is_held(desk: Desk, held: int, ledger: Contract) -> None:
    lot = ledger.parcel(ledger.parcelsOf(held)[0]).lot
    ledger.recall(lot, word("tainted"), word("sample"), sender=key_of("fourth_auditor"))
    receipt = desk.stop_recalled(held, sender=STRANGER)
    _closed(desk, receipt, held, Resolution.RECALLED, ParcelState.QUARANTINED)
    _settled(desk, held, Resolution.RECALLED, *FREIGHTS[:2], 0)


def test_settles_what_has_ended_and_waits(desk: Desk, freight: Contract, held: int) -> None:
    with reverts("WrongStatus", consignment=held, status=Status.IN_TRANSIT):
        desk.settle_closed(held, sender=STRANGER)
    _deliver(desk, held)
    with reverts("WrongStatus", consignment=held, status=Status.CLOSED):
        _deliver(desk, held)
    with reverts("WrongStatus", consignment=held, status=Status.CLOSED):
        freight.hold(held, sender=DISPUTES)
    _settled(desk, held, Resolution.DELIVERED, *FREIGHTS)


def test_an_award_stands_in_for_the_curves(desk: Desk, freight: Contract, held: int) -> None:
    told = freight.resume(held, 0, 77 * UNIT, True, sender=DISPUTES)
    args = told.event("ConsignmentResumed").args
    assert (args.leg, args.award, args.is_awarded, args.holds) == (0, 77 * UNIT, True, 0)
    assert desk.outcomes(held)[0].pay == 77 * UNIT
    _deliver(desk, held)
    assert desk.paid(held) == [77 * UNIT, FREIGHTS[1], FREIGHTS[2]]
    assert freight.consignment(held).refunded == FREIGHTS[0] - 77 * UNIT
    desk.check_money()


def test_without_an_award_the_computed_stands(desk: Desk, freight: Contract, held: int) -> None:
    freight.resume(held, 1, 0, False, sender=DISPUTES)
    _deliver(desk, held)
    assert desk.paid(held) == list(FREIGHTS)


def test_an_award_counts_for_a_leg_that_was_refused_too(
    desk: Desk, freight: Contract, last_leg: int
) -> None:
    desk.refuse(last_leg, sender=key_of("hospital"))
    freight.hold(last_leg, sender=DISPUTES)
    desk.chain.set_time(LATEST[2] + DAY)
    desk.settle_refused(last_leg, sender=key_of("hospital"))
    freight.resume(last_leg, 2, FREIGHTS[2], True, sender=DISPUTES)
    told = desk.settle_closed(last_leg, sender=key_of("hospital")).event("ConsignmentSettled").args
    assert (told.resolution, told.paid) == (Resolution.REFUSED, sum(FREIGHTS))
    desk.check_money()


def test_goes_on_when_the_last_of_several_holds_ends(
    desk: Desk, freight: Contract, held: int
) -> None:
    freight.hold(held, sender=DISPUTES)
    freight.resume(held, 0, 0, False, sender=DISPUTES)
    assert freight.holdsOf(held) == 1
    _deliver(desk, held)
    with reverts("IsHeld", consignment=held):
        desk.settle_closed(held, sender=STRANGER)
    freight.resume(held, 1, 0, False, sender=DISPUTES)
    desk.settle_closed(held, sender=STRANGER)
    assert freight.consignment(held).status == Status.SETTLED


def test_reverts_when_another_than_the_desk_calls(freight: Contract, held: int) -> None:
    for name in ("hospital", "carrier", "admin"):
        with reverts("NotDisputeDesk", caller=key_of(name)):
            freight.hold(held, sender=key_of(name))
        with reverts("NotDisputeDesk", caller=key_of(name)):
            freight.resume(held, 0, 1, True, sender=key_of(name))


def test_reverts_before_pick_up_and_after_the_end(
    desk: Desk, freight: Contract, booked: int
) -> None:
    with reverts("WrongStatus", consignment=booked, status=Status.BOOKED):
        freight.hold(booked, sender=DISPUTES)
    desk.chain.set_time(DEPARTURES[0] + HOUR + 7 * DAY)
    desk.lapse(booked, sender=key_of("stranger"))
    with reverts("WrongStatus", consignment=booked, status=Status.SETTLED):
        freight.hold(booked, sender=DISPUTES)


def test_reverts_when_nothing_is_held_or_there_is_no_such_leg(
    freight: Contract, last_leg: int
) -> None:
    with reverts("NotHeld", consignment=last_leg):
        freight.resume(last_leg, 0, 0, False, sender=DISPUTES)
    freight.hold(last_leg, sender=DISPUTES)
    with reverts("UnknownLeg", consignment=last_leg, leg=4):
        freight.resume(last_leg, 4, 0, False, sender=DISPUTES)
