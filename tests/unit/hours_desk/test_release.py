"""release.

when the booking became no consignment: reverts
when nothing was picked up: reverts (it needs its hours, or gave them back when it ended)
when a leg has handed on early: its hours from then on are free, once
when it has ended: the hours of legs not begun are free, and the rest of the one that had the goods
"""

from __future__ import annotations

from aidline.client import Contract, RevmChain
from aidline.model import Policy
from tests.support.freight import DEPARTURES, LATEST, Desk, terms
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START


def free(desk: Desk, leg: int) -> list[bool]:
    """Return which hours of a leg are free, of its vehicle and its crew alike."""
    network = desk.suite.network
    told = []
    for hour in range(DEPARTURES[leg], LATEST[leg], HOUR):
        of_vehicle = network.isFree(desk.vehicles[leg], hour, hour + HOUR)
        assert of_vehicle is network.isCrewFree(desk.crews[leg], hour, hour + HOUR)
        told.append(of_vehicle)
    return told


def test_a_leg_that_was_early_gives_back_its_rest(
    desk: Desk, hours: Contract, consignment: int
) -> None:
    """NET-15: while the consignment goes on."""
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, DEPARTURES[0] + 2 * HOUR + 60)
    receipt = hours.release(desk.bookings[consignment], sender=key_of("stranger"))

    told = receipt.event("HoursReleased").args
    assert (told.consignment, told.legs) == (consignment, 0b001)
    assert hours.released(consignment) == 0b001
    assert free(desk, 0) == [False] * 3 + [True] * 2
    assert free(desk, 1) == [False] * 3
    with reverts("NothingToRelease", consignment=consignment):
        hours.release(desk.bookings[consignment], sender=key_of("stranger"))


def test_what_was_given_back_and_taken_again_stays_taken(
    desk: Desk, hours: Contract, consignment: int
) -> None:
    """INV-NET-1: nobody gives back what is another's by now."""
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, DEPARTURES[0] + 2 * HOUR)
    hours.release(desk.bookings[consignment], sender=key_of("stranger"))
    run = (desk.vehicles[0], desk.crews[0], desk.stations[0], DEPARTURES[0] + 2 * HOUR, LATEST[0])
    desk.suite.network.openRun(*run, sender=key_of("carrier"))

    desk.pass_on(consignment, 2, DEPARTURES[0] + 3 * HOUR)
    hours.release(desk.bookings[consignment], sender=key_of("stranger"))
    assert hours.released(consignment) == 0b011
    assert free(desk, 0) == [False] * 5
    assert free(desk, 1) == [True] * 3


def test_a_recall_on_the_way_frees_the_legs_that_were_not_begun(
    desk: Desk, hours: Contract, consignment: int, chain: RevmChain
) -> None:
    """NET-15."""
    desk.pass_on(consignment, 0, DEPARTURES[0])
    chain.set_time(DEPARTURES[0] + HOUR)
    ledger = desk.suite.ledger
    lot = ledger.parcel(ledger.parcelsOf(consignment)[0]).lot
    ledger.recall(lot, word("leaking"), word("sample"), sender=key_of("supplier"))
    desk.stop_recalled(consignment, sender=key_of("stranger"))

    receipt = hours.release(desk.bookings[consignment], sender=key_of("stranger"))
    assert receipt.event("HoursReleased").args.legs == 0b111
    assert free(desk, 0) == [False] + [True] * 4
    assert free(desk, 1) == [True] * 3
    assert free(desk, 2) == [True] * 2


def test_a_delivery_before_its_time_gives_back_the_rest(
    desk: Desk, hours: Contract, chain: RevmChain
) -> None:
    """NET-15: the last leg, once it is settled."""
    agreed = terms(policy=Policy.CONSIGNEE)
    receipt = desk.book(desk.booking([desk.allocate()], terms=agreed))
    number: int = receipt.event("ConsignmentBooked").args.consignment
    desk.pass_on(number, 0, DEPARTURES[0])
    desk.pass_on(number, 1, LATEST[0])
    desk.pass_on(number, 2, LATEST[1])
    chain.set_time(DEPARTURES[2] + HOUR)
    desk.deliver(desk.proof(desk.handover(number, 3, DEPARTURES[2] + HOUR), accepted=True))

    hours.release(desk.bookings[number], sender=key_of("stranger"))
    assert hours.released(number) == 0b100
    assert free(desk, 2) == [False, True]


def test_reverts_before_the_pick_up(desk: Desk, hours: Contract, consignment: int) -> None:
    """NET-15: it needs all of them."""
    with reverts("NothingToRelease", consignment=consignment):
        hours.release(desk.bookings[consignment], sender=key_of("stranger"))


def test_reverts_when_it_gave_them_back_by_itself(
    desk: Desk, hours: Contract, consignment: int, chain: RevmChain
) -> None:
    """NET-14: what was never picked up gives back all when it lapses, and nothing after that."""
    chain.set_time(START + 10 * DAY)
    desk.lapse(consignment, sender=key_of("stranger"))
    assert all(free(desk, 0) + free(desk, 1) + free(desk, 2))
    with reverts("NothingToRelease", consignment=consignment):
        hours.release(desk.bookings[consignment], sender=key_of("stranger"))


def test_reverts_when_all_was_needed(desk: Desk, hours: Contract, consignment: int) -> None:
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, LATEST[0] - 60)
    with reverts("NothingToRelease", consignment=consignment):
        hours.release(desk.bookings[consignment], sender=key_of("stranger"))


def test_reverts_for_a_booking_that_was_not_made(desk: Desk, hours: Contract) -> None:
    booking = desk.booking([1])
    with reverts("UnknownBooking", booking=booking.struct_hash()):
        hours.release(booking, sender=key_of("stranger"))
