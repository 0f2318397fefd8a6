"""A consignee wants the goods and the freight: each of its cheats, and the rule that stops it."""

from __future__ import annotations

import pytest

from aidline.freight import household_of
from aidline.model import ParcelState, Policy, Resolution, Status
from tests.support.disputes import BOND, Court, bond_of
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk, terms
from tests.support.network import NOBODY
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

CHEAT, THIRD = key_of("hospital"), key_of("stranger")
LAST = "terminal_carrier"


def _at_the_door(desk: Desk, policy: Policy) -> int:
    """Bring the goods to the dock, on time and cold, the device telling all."""
    booking = desk.booking([desk.allocate()], terms=terms(policy=policy))
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    for number, at in enumerate((DEPARTURES[0], *LATEST[:2])):
        desk.pass_on(consignment, number, at)
    desk.chain.set_time(LATEST[2])
    times = range(DEPARTURES[0], LATEST[2] + 1, HOUR)
    desk.record(desk.recorder(consignment), [(at, 500, 5_000) for at in times])
    return consignment


def _prove(desk: Desk, consignment: int) -> None:
    """Let the last carrier release and the device say that it is there; nobody accepts."""
    arrival = desk.arrival(consignment, LATEST[2], 1)
    desk.deliver(desk.proof(desk.handover(consignment, 3, LATEST[2]), arrival, accepted=False))


@pytest.mark.parametrize("policy", [Policy.DEVICE, Policy.DEVICE_THEN_SILENCE])
def test_takes_the_goods_and_does_not_sign(desk: Desk, policy: Policy) -> None:
    """FRT-16, FRT-19: the device speaks in its place; every carrier has all of its freight."""
    consignment = _at_the_door(desk, policy)
    before = desk.balance("hospital")
    _prove(desk, consignment)
    if policy is Policy.DEVICE_THEN_SILENCE:
        desk.chain.set_time(LATEST[2] + DAY)
        desk.settle_silent(consignment, sender=key_of(LAST))
    assert desk.paid(consignment) == [*FREIGHTS]
    assert desk.balance("hospital") == before


def test_refuses_good_goods_for_the_refund(desk: Desk) -> None:
    """FRT-19, DSP-6: it has neither goods nor freight, when the carrier goes to the arbiter."""
    court = Court(desk, *_refused(desk))
    held = desk.balance("hospital")
    dispute = court.raise_(LAST, leg=2)
    court.rule(dispute, award=FREIGHTS[2])
    desk.chain.set_time(desk.chain.now() + DAY)
    desk.settle_refused(court.consignment, sender=THIRD)
    assert desk.paid(court.consignment) == [*FREIGHTS]
    assert desk.balance("hospital") == held
    parcel = desk.suite.ledger.parcelsOf(court.consignment)[0]
    record = desk.suite.ledger.parcel(parcel)
    assert (record.state, record.custodian) == (ParcelState.RETURNED, key_of(LAST).address)


def _refused(desk: Desk) -> tuple[object, int]:
    consignment = _at_the_door(desk, Policy.DEVICE_THEN_SILENCE)
    _prove(desk, consignment)
    desk.refuse(consignment, sender=CHEAT)
    return desk.bookings[consignment], consignment


def test_settles_its_refusal_before_the_carrier_can_object(desk: Desk) -> None:
    """FRT-19: not before a day has passed."""
    _, consignment = _refused(desk)
    with reverts("NotYet", consignment=consignment, from_=LATEST[2] + DAY):
        desk.settle_refused(consignment, sender=CHEAT)


def test_refuses_when_its_time_is_over(desk: Desk) -> None:
    """FRT-19: a day from the submission of the proof, whatever happened since."""
    consignment = _at_the_door(desk, Policy.DEVICE_THEN_SILENCE)
    _prove(desk, consignment)
    desk.chain.set_time(LATEST[2] + DAY)
    with reverts("Expired", deadline=LATEST[2] + DAY):
        desk.refuse(consignment, sender=CHEAT)
    desk.settle_silent(consignment, sender=THIRD)
    assert desk.paid(consignment) == [*FREIGHTS]


def test_refuses_what_it_has_accepted(desk: Desk) -> None:
    """FRT-20: acceptance settles in the same transaction."""
    consignment = _at_the_door(desk, Policy.CONSIGNEE)
    desk.deliver(desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True))
    with reverts("WrongStatus", consignment=consignment, status=Status.SETTLED):
        desk.refuse(consignment, sender=CHEAT)


def test_refuses_what_another_carrier_still_has(desk: Desk) -> None:
    """FRT-11: only at the door, where the last carrier could have been paid."""
    booking = desk.booking([desk.allocate()])
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    with reverts("LegsRemain", consignment=consignment, done=0, legs=3):
        desk.refuse(consignment, sender=CHEAT)


def test_buys_time_to_refuse_with_a_dispute_of_its_own(desk: Desk) -> None:
    """FRT-41, DSP-2: a dispute holds money, and puts nothing off; and it has cost the bond."""
    consignment = _at_the_door(desk, Policy.DEVICE_THEN_SILENCE)
    _prove(desk, consignment)
    court = Court(desk, desk.bookings[consignment], consignment)
    before = desk.balance("hospital")
    dispute = court.raise_("hospital", leg=2)
    desk.chain.set_time(LATEST[2] + DAY)
    with reverts("Expired", deadline=LATEST[2] + DAY):
        desk.refuse(consignment, sender=CHEAT)
    desk.settle_silent(consignment, sender=THIRD)
    desk.chain.set_time(LATEST[2] + 7 * DAY)
    court.room.close(dispute, sender=THIRD)
    desk.settle_closed(consignment, sender=THIRD)
    assert before - desk.balance("hospital") == bond_of(FREIGHTS, 2) > 0
    assert bond_of(FREIGHTS, 2) < BOND
    assert desk.paid(consignment) == [*FREIGHTS]


def test_says_that_it_was_warm_where_no_device_did(desk: Desk) -> None:
    """FRT-22: exposure is what was recorded, to the leg; a word at the door moves none of it."""
    consignment = _at_the_door(desk, Policy.BOTH)
    arrival = desk.arrival(consignment, LATEST[2], 1)
    desk.deliver(desk.proof(desk.handover(consignment, 3, LATEST[2]), arrival, accepted=True))
    assert desk.paid(consignment) == [*FREIGHTS]
    assert desk.freight.consignment(consignment).resolution is Resolution.DELIVERED


def test_neighbour_takes_a_households_order(desk: Desk) -> None:
    """Only the key behind the salted hash accepts or refuses, and its hash gives nothing away."""
    key = key_of("one-time key")
    sale = Court.of_a_sale(
        desk,
        consignee=NOBODY,
        household=household_of(
            desk.domain.chain_id, desk.freight.address, key.address, word("a secret")
        ),
    )
    for number in (1, 2):
        desk.pass_on(sale.consignment, number, LATEST[number - 1])
    handover = desk.handover(sale.consignment, 3, desk.chain.now(), to=THIRD.address)
    proof = desk.proof(handover, accepted=False)
    proof |= {"acceptance": handover.sign(THIRD, desk.domain), "salt": word("a secret")}
    with reverts("WrongParty", expected=NOBODY, given=THIRD):
        desk.deliver(proof)
    with reverts("WrongParty", given=THIRD):
        desk.refuse(sale.consignment, sender=THIRD)
