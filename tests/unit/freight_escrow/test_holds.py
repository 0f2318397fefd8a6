"""What the desk of disputes may do: `hold` and `resume`.

hold
├── when another than the desk calls, or it was not picked up, or is settled: refused
└── else nothing settles, lapses or is refused; custody may change hands
resume
├── when another than the desk calls, nothing is held, or there is no such leg: refused
├── given an award: the leg earns it, whatever its curves say
└── else what is computed; time limits that had not run out are put off by as long as it was held
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import Resolution, Status
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START, UNIT, deploy_suite

DISPUTES = key_of("dispute desk")


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
def held(desk: Desk, freight: Contract, last_leg: int) -> int:
    freight.hold(last_leg, sender=DISPUTES)
    return last_leg


def _deliver(desk: Desk, consignment: int) -> None:
    desk.deliver(desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True))


def test_nothing_ends_while_it_is_held(
    desk: Desk, freight: Contract, picked_up: int, pass_time: Callable[[int], None]
) -> None:
    told = freight.hold(picked_up, sender=DISPUTES).event("ConsignmentHeld").args
    assert (told.consignment, told.holds) == (picked_up, freight.holdsOf(picked_up)) == (1, 1)
    # Custody may change hands.
    desk.pass_on(picked_up, 1, LATEST[0])
    desk.pass_on(picked_up, 2, LATEST[1])
    pass_time(LATEST[2])
    with reverts("IsHeld", consignment=picked_up):
        _deliver(desk, picked_up)
    with reverts("IsHeld", consignment=picked_up):
        desk.refuse(picked_up, sender=key_of("hospital"))
    pass_time(LATEST[2] + 8 * DAY)
    for act in (desk.lapse, desk.stop_recalled):
        with reverts("IsHeld", consignment=picked_up):
            act(picked_up, sender=key_of("stranger"))


@pytest.fixture
def pass_time(desk: Desk) -> Callable[[int], None]:
    return desk.chain.set_time


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
    desk.chain.set_time(desk.chain.now() + 2 * DAY)
    with reverts("IsHeld", consignment=last_leg):
        desk.settle_refused(last_leg, sender=key_of("hospital"))
    freight.resume(last_leg, 2, FREIGHTS[2], True, sender=DISPUTES)
    # The day goes on from where it stopped.
    with reverts("NotYet", consignment=last_leg):
        desk.settle_refused(last_leg, sender=key_of("hospital"))
    desk.chain.set_time(desk.chain.now() + DAY)
    told = desk.settle_refused(last_leg, sender=key_of("hospital")).event("ConsignmentSettled").args
    assert (told.resolution, told.paid) == (Resolution.REFUSED, sum(FREIGHTS))
    desk.check_money()


def test_limits_are_put_off_by_as_long_as_it_was_held(
    desk: Desk, freight: Contract, held: int
) -> None:
    desk.chain.set_time(LATEST[2] + 3 * DAY)
    freight.resume(held, 0, 0, False, sender=DISPUTES)
    due = LATEST[2] + 7 * DAY + 3 * DAY
    desk.chain.set_time(due - 1)
    with reverts("NotYet", consignment=held, from_=due):
        desk.lapse(held, sender=key_of("stranger"))
    desk.chain.set_time(due)
    desk.lapse(held, sender=key_of("stranger"))


def test_a_limit_that_had_run_out_is_not_put_off(
    desk: Desk, freight: Contract, last_leg: int
) -> None:
    desk.chain.set_time(LATEST[2] + 7 * DAY + HOUR)
    freight.hold(last_leg, sender=DISPUTES)
    desk.chain.set_time(LATEST[2] + 9 * DAY)
    freight.resume(last_leg, 0, 0, False, sender=DISPUTES)
    desk.lapse(last_leg, sender=key_of("stranger"))


def test_goes_on_when_the_last_of_several_holds_ends(
    desk: Desk, freight: Contract, held: int
) -> None:
    freight.hold(held, sender=DISPUTES)
    freight.resume(held, 0, 0, False, sender=DISPUTES)
    assert freight.holdsOf(held) == 1
    with reverts("IsHeld", consignment=held):
        _deliver(desk, held)
    freight.resume(held, 1, 0, False, sender=DISPUTES)
    _deliver(desk, held)
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
