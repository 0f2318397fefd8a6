"""A carrier wants the freight without the work: each of its cheats, and the rule that stops it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.freight import device_evidence
from aidline.model import ParcelState, Policy, Resolution
from aidline.telemetry import Recorder
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk, terms
from tests.support.gifts import NO_PERMIT
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, UNIT, bind

THIEF = "terminal_carrier"
BOND = 1_000 * UNIT


def _on_the_last_leg(desk: Desk, policy: Policy, allocation: int | None = None) -> int:
    """Book, and bring the goods into the thief's hands, on time."""
    booking = desk.booking([allocation or desk.allocate()], terms=terms(policy=policy))
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    for number, at in enumerate((DEPARTURES[0], *LATEST[:2])):
        desk.pass_on(consignment, number, at)
    return consignment


def _log(recorder: Recorder, desk: Desk, start: int, end: int, temperature: int) -> None:
    desk.record(recorder, [(at, temperature, 5_000) for at in range(start, end + 1, 600)])


def test_says_with_its_own_device_that_it_arrived(desk: Desk) -> None:
    """FRT-7: the voice that stands for the consignee's is not the last carrier's."""
    bind(desk.suite.registry, "thief's logger", THIEF)
    device = key_of("thief's logger")
    booking = desk.booking(
        [desk.allocate()], devices=[device.address], terms=terms(policy=Policy.DEVICE)
    )
    with reverts("DeviceOfCarrier", device=device, carrier=key_of(THIEF)):
        desk.book(booking)


@pytest.mark.parametrize("policy", [Policy.CONSIGNEE, Policy.DEVICE, Policy.BOTH])
def test_claims_a_delivery_that_nobody_else_has_seen(desk: Desk, policy: Policy) -> None:
    """FRT-12, FRT-16: its own release is never enough."""
    consignment = _on_the_last_leg(desk, policy)
    handover = desk.handover(consignment, 3, LATEST[1])
    forged = handover.sign(key_of(THIEF), desk.domain)
    proof = desk.proof(handover, desk.arrival(consignment, LATEST[1], 0), accepted=False)
    with reverts("BadSignature"):
        desk.deliver(proof | {"acceptance": forged, "evidence": b""})
    with reverts("BadSignature"):
        desk.deliver(proof | {"acceptance": forged})


def test_leaves_out_the_batch_in_which_the_goods_went_warm(desk: Desk) -> None:
    """FRT-16: the device says how many batches it signed, and each must be recorded."""
    consignment = _on_the_last_leg(desk, Policy.DEVICE)
    recorder = desk.recorder(consignment)
    _log(recorder, desk, DEPARTURES[0], LATEST[1], 500)
    warm = recorder.batch([(LATEST[1] + HOUR, 2_500, 5_000)], deadline=LATEST[2] + DAY)
    desk.chain.set_time(LATEST[2])
    handover = desk.handover(consignment, 3, LATEST[2])
    proof = desk.proof(handover, desk.arrival(consignment, LATEST[2], 2), accepted=False)
    with reverts("BatchesMissing", recorded=1, signed=2):
        desk.deliver(proof)
    # The device's older word, from before it grew warm, is not to be had: it signs at the dock.
    older = replace(desk.arrival(consignment, LATEST[2], 2), batches=1)
    signed = desk.arrival(consignment, LATEST[2], 2).sign(key_of("device"), desk.domain)
    evidence = device_evidence([(key_of("device").address, older, signed)])
    with reverts("BadSignature", signer=key_of("device")):
        desk.deliver(proof | {"evidence": evidence})
    assert warm.temperature_exposure > 0


def test_waits_until_the_device_may_be_silent(desk: Desk) -> None:
    """FRT-18: what stands in for the device is the consignee's acceptance, nobody else's."""
    consignment = _on_the_last_leg(desk, Policy.BOTH)
    at = LATEST[2] + DAY
    desk.chain.set_time(at)
    handover = desk.handover(consignment, 3, at)
    forged = handover.sign(key_of(THIEF), desk.domain)
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.deliver(desk.proof(handover, accepted=False) | {"acceptance": forged})


def test_hands_over_to_an_accomplice(desk: Desk) -> None:
    """FRT-11, FRT-12: only the carrier of the next leg takes over."""
    consignment: int = (
        desk.book(desk.booking([desk.allocate()])).event("ConsignmentBooked").args.consignment
    )
    desk.pass_on(consignment, 0, DEPARTURES[0])
    accomplice = desk.handover(consignment, 1, DEPARTURES[0], to=key_of(THIEF).address)
    with reverts("WrongParty", expected=key_of("branch_carrier"), given=key_of(THIEF)):
        desk.hand_over(accomplice)


def test_keeps_the_goods(desk: Desk) -> None:
    """FRT-25, MAT-19: it earns nothing, its neighbours all of theirs, and the record names it."""
    allocation = desk.allocate()
    consignment = _on_the_last_leg(desk, Policy.CONSIGNEE, allocation)
    before = desk.balance(THIEF)
    desk.chain.set_time(LATEST[2] + 7 * DAY)

    desk.lapse(consignment, sender=key_of("stranger"))

    assert desk.freight.consignment(consignment).resolution == Resolution.LOST
    assert desk.paid(consignment) == [
        *FREIGHTS[:2],
        0,
    ]
    assert desk.balance(THIEF) == before
    parcel = desk.suite.demand.allocation(allocation).parcel
    assert desk.suite.ledger.parcel(parcel).state == ParcelState.LOST
    now = desk.chain.now()
    assert desk.suite.ledger.responsibleAt(parcel, now) == key_of(THIEF).address
    desk.check_money()


def test_comes_back_with_the_goods_after_all(desk: Desk) -> None:
    """FRT-25, MAT-18: what has lapsed is over; a late proof moves nothing."""
    consignment = _on_the_last_leg(desk, Policy.CONSIGNEE)
    end = LATEST[2] + 7 * DAY
    proof = desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True)
    desk.chain.set_time(end)
    desk.lapse(consignment, sender=key_of("hospital"))
    with reverts("WrongStatus", consignment=consignment):
        desk.deliver(proof)
    desk.check_money()


def _on_the_last_leg_with_a_bond(desk: Desk) -> int:
    """As above; the thief answers with a thousand."""
    thief = key_of(THIEF)
    desk.suite.currency.approve(desk.freight, BOND, sender=thief)
    desk.freight.fillPurse(BOND, NO_PERMIT, sender=thief)
    *first, last = desk.legs()
    booking = desk.booking([desk.allocate()], legs=[*first, replace(last, bond=BOND)])
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    for number, at in enumerate((DEPARTURES[0], *LATEST[:2])):
        desk.pass_on(consignment, number, at)
    return consignment


def test_sells_the_goods_and_keeps_its_bond(desk: Desk) -> None:
    """FRT-25: what it had in custody when it was lost costs it the bond, which the payer has."""
    thief, payer = desk.balance(THIEF), desk.balance("hospital")
    consignment = _on_the_last_leg_with_a_bond(desk)
    with reverts("PurseTooSmall", owner=key_of(THIEF), free=0):
        desk.freight.emptyPurse(BOND, sender=key_of(THIEF))
    desk.chain.set_time(LATEST[2] + 7 * DAY)
    desk.lapse(consignment, sender=key_of("stranger"))
    gain = desk.balance(THIEF) + desk.freight.purseOf(key_of(THIEF)).locked - thief
    assert gain == -BOND
    assert desk.balance("hospital") - payer == BOND - sum(FREIGHTS[:2])


def test_pledges_one_bond_for_two_loads(desk: Desk) -> None:
    """What is locked for one consignment answers for no other."""
    _on_the_last_leg_with_a_bond(desk)
    *first, last = desk.legs()
    later = [
        replace(leg, departure=leg.departure + DAY, latest_arrival=leg.latest_arrival + DAY)
        for leg in (*first, replace(last, bond=BOND))
    ]
    booking = desk.booking(
        [desk.allocate()],
        legs=later,
        deadline=desk.chain.now() + HOUR,
        pick_up_by=later[0].departure + HOUR,
    )
    with reverts("PurseTooSmall", owner=key_of(THIEF), free=0, needed=BOND):
        desk.book(booking)


def test_states_that_it_took_over_late_to_be_excused(desk: Desk) -> None:
    """FRT-12, FRT-21: the giver signs the same time, and is late by as much in its place."""
    booking = desk.booking([desk.allocate()])
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.chain.set_time(LATEST[0] + 2 * HOUR)
    late = desk.handover(consignment, 1, LATEST[0] + 2 * HOUR)
    true = replace(late, at=LATEST[0])
    # The giver signs the true time only.
    with reverts("BadSignature", signer=key_of("carrier")):
        desk.freight.handOver(
            late,
            true.sign(key_of("carrier"), desk.domain),
            late.sign(key_of("branch_carrier"), desk.domain),
            sender=key_of("branch_carrier"),
        )
    # Who signs the late one for a friend has cost itself a part of a freight twice as high.
    desk.hand_over(late)
    desk.pass_on(consignment, 2, LATEST[1] + 2 * HOUR)
    giver, taker, _ = desk.outcomes(consignment)
    assert (giver.late, taker.late) == (2 * HOUR, 0)
    assert FREIGHTS[0] - giver.pay > FREIGHTS[1] - taker.pay == 0
