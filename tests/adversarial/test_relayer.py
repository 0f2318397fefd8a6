"""Who submits what others have signed: what it could leave out, turn round or hold back.

It has all signatures and the choice of when and with what to submit them. Nothing that it does
changes who gets how much; and anybody else may submit the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aidline import messages as m
from aidline.model import Policy
from aidline.telemetry import Point
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk, pay_of, terms
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

RELAYER = key_of("stranger")
#: Half an hour 1 °C above the band, and five minutes in all on the way there and back.
EXPOSURE = 1_800 * 100 + 2 * 150 * 100 // 2
#: What the second carrier earns; what a cheat would win for it is the rest.
WARM = pay_of(FREIGHTS[1], terms(), 0, EXPOSURE, 0)
assert 0 < WARM < FREIGHTS[1]


def _warm_way(desk: Desk, policy: Policy = Policy.CONSIGNEE) -> int:
    """Bring goods to the dock that were 1 °C too warm for half an hour on the second leg."""
    booking = desk.booking([desk.allocate()], terms=terms(policy=policy))
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    recorder = None
    bounds = (DEPARTURES[0], *LATEST)
    for number in range(3):
        desk.pass_on(consignment, number, bounds[number])
        recorder = recorder or desk.recorder(consignment)
        desk.chain.set_time(bounds[number + 1])
        first = bounds[number] + (600 if number else 0)
        times = range(first, bounds[number + 1] + 1, 600)
        heat = [900 if number == 1 and 2 <= k <= 5 else 500 for k in range(len(times))]
        readings = [(at, warm, 5_000) for at, warm in zip(times, heat, strict=True)]
        desk.record(recorder, readings)
    return consignment


def _submit(desk: Desk, consignment: int, told: list[list[Any]]) -> Any:
    proof = desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True)
    return desk.freight.deliver(desk.bookings[consignment], told, proof, sender=RELAYER)


def _without_the_warm(told: list[Point]) -> list[Point]:
    return [told[0], told[2]]


def _cut_short(told: list[Point]) -> list[Point]:
    return told[:1]


def _turned(told: list[Point]) -> list[Point]:
    return [told[1], told[0], told[2]]


def _cooled(told: list[Point]) -> list[Point]:
    """The figures of the warm one with those of the one before: as if it had added nothing."""
    heat = (1 << 48) - 1
    figures = told[1].figures & ~(heat << 48) | told[0].figures & heat << 48
    return [told[0], replace(told[1], figures=figures), told[2]]


def _twice(told: list[Point]) -> list[Point]:
    return [*told, told[2]]


@pytest.mark.parametrize("change", [_without_the_warm, _cut_short, _turned, _cooled, _twice])
def test_changes_what_the_devices_have_told(
    desk: Desk, change: Callable[[list[Point]], list[Point]]
) -> None:
    """MON-3, MON-9: all batches in their order, or the chain does not end where it ends."""
    consignment = _warm_way(desk)
    told = desk.told(consignment)[0]
    with reverts("NotOnRecord", consignment=consignment):
        _submit(desk, consignment, [change(told)])
    _submit(desk, consignment, [told])
    assert desk.paid(consignment) == [FREIGHTS[0], WARM, FREIGHTS[2]]


def test_tells_of_no_device_at_all(desk: Desk) -> None:
    """MON-9: as many lists as the booking has devices."""
    consignment = _warm_way(desk)
    with reverts("ToldCount", given=0, needed=1):
        _submit(desk, consignment, [])


def test_settles_one_consignment_by_anothers_proof(desk: Desk) -> None:
    """FRT-12: what was signed names its consignment."""
    first, second = _warm_way(desk), _second(desk)
    proof = desk.proof(desk.handover(second, 3, LATEST[2]), accepted=True)
    with reverts("WrongConsignment", expected=first, given=second):
        desk.deliver(proof, first)


def _second(desk: Desk) -> int:
    """Book another, of a later day."""
    legs = [
        replace(leg, departure=leg.departure + DAY, latest_arrival=leg.latest_arrival + DAY)
        for leg in desk.legs()
    ]
    booking = desk.booking(
        [desk.allocate()],
        legs=legs,
        salt=word("order 2"),
        deadline=desk.chain.now() + HOUR,
        pick_up_by=legs[0].departure + HOUR,
    )
    made: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    return made


def test_hands_in_a_booking_with_better_terms(desk: Desk) -> None:
    """The escrow knows a booking by its hash: another curve, another payer is unknown to it."""
    consignment = _warm_way(desk)
    own = desk.bookings[consignment]
    proof = desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True)
    lenient = replace(own.terms, exposure_free=10**9, exposure_zero=10**9)
    for other in (replace(own, terms=lenient), replace(own, payer=RELAYER.address)):
        with reverts("UnknownBooking"):
            desk.freight.deliver(other, desk.told(consignment), proof, sender=RELAYER)


def test_takes_one_load_out_of_a_train(desk: Desk) -> None:
    """Who signs a train signs all of it: the signatures are good for no load alone."""
    loads = [
        desk.book(desk.booking([desk.allocate()])).event("ConsignmentBooked").args.consignment,
        _second(desk),
    ]
    desk.chain.set_time(DEPARTURES[0])
    train = m.HandoverTrain([desk.handover(load, 0, DEPARTURES[0]) for load in loads])
    release = train.sign(key_of("supplier"), desk.domain)
    acceptance = train.sign(key_of("carrier"), desk.domain)
    with reverts("BadSignature", signer=key_of("supplier")):
        desk.freight.handOver(train.loads[0], release, acceptance, sender=RELAYER)
    with reverts("BadSignature", signer=key_of("supplier")):
        desk.freight.handOverTrain(train.loads[::-1], release, acceptance, sender=RELAYER)
    desk.freight.handOverTrain(train.loads, release, acceptance, sender=RELAYER)
    with reverts("WrongSequence"):
        desk.freight.handOverTrain(train.loads, release, acceptance, sender=RELAYER)


@pytest.mark.parametrize("late", [0, 6 * DAY])
def test_holds_the_proof_back_to_make_a_carrier_late(desk: Desk, late: int) -> None:
    """FRT-15: what counts is the time that both have signed; the last carrier earns the same."""
    consignment = _warm_way(desk)
    desk.chain.set_time(LATEST[2] + late)
    _submit(desk, consignment, desk.told(consignment))
    assert desk.paid(consignment)[2] == FREIGHTS[2]


def test_leaves_the_acceptance_out(desk: Desk) -> None:
    """FRT-19: the consignee, who had signed, settles at once by itself; all earn the same."""
    consignment = _warm_way(desk, Policy.DEVICE_THEN_SILENCE)
    snapshot = desk.chain.snapshot()
    arrival = desk.arrival(consignment, LATEST[2], 3)
    handover = desk.handover(consignment, 3, LATEST[2])
    desk.deliver(desk.proof(handover, arrival, accepted=True))
    with_it = desk.paid(consignment)
    desk.chain.revert(snapshot)
    desk.deliver(desk.proof(handover, arrival, accepted=False))
    with reverts("NotYet", consignment=consignment):
        desk.settle_silent(consignment, sender=RELAYER)
    desk.settle_silent(consignment, sender=key_of("hospital"))
    assert desk.paid(consignment) == with_it
