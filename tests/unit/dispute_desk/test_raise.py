"""raise, bondOf, and what a dispute holds up (DSP-1 to DSP-4, INV-DISPUTE-1).

when there is no claim, the booking is another's, or the leg is none: reverts
when the caller is no party, or of the organisation of the one against whom it raises: reverts
when nothing was picked up, the leg has not begun, or ended too long ago: reverts
when the caller has raised about the leg before, or cannot pay the bond: reverts
when it has ended, settled or not: reverts
otherwise: the bond is taken, and the consignment's money held
    given payer or consignee: against the carrier
    given the carrier: against the payer
    given it is held: it is handed on and delivered, but not settled
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline import messages as m
from aidline.client import Contract
from aidline.model import DisputeStatus, Role, Status, roles_mask
from aidline.signing import Key
from tests.support.disputes import BOND, CLAIM, Court, bond_of
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.gifts import NO_PERMIT
from tests.support.network import crew_of, vehicle
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

WEEK = 7 * DAY


@pytest.mark.parametrize(("raiser", "other"), [("hospital", "carrier"), ("carrier", "hospital")])
def test_takes_the_bond_and_holds_the_money(
    court: Court, desk: Desk, freight: Contract, raiser: str, other: str
) -> None:
    before = desk.balance(raiser)

    receipt = court.room["raise"](court.booking, 0, CLAIM, sender=key_of(raiser))

    told = receipt.event("DisputeRaised").args
    assert (told.dispute, told.consignment, told.leg) == (1, court.consignment, 0)
    assert (told.raiser, told.other) == (key_of(raiser).address, key_of(other).address)
    assert (told.bond, told.until, told.claim) == (BOND, receipt.timestamp + WEEK, CLAIM)
    record = court.room.dispute(1)
    assert (record.raiser, record.other) == (told.raiser, told.other)
    assert (record.consignment, record.leg) == (court.consignment, 0)
    assert (record.bond, record.until) == (BOND, told.until)
    assert record.status == DisputeStatus.OPEN
    assert court.room.disputeOf(court.consignment, 0, told.raiser) == 1
    assert court.room.disputeCount() == 1
    assert before - desk.balance(raiser) == BOND
    court.check_money()
    assert freight.holdsOf(court.consignment) == 1
    court.deliver()
    with reverts("IsHeld", consignment=court.consignment):
        court.settle()


def test_the_consignee_raises_where_a_donor_pays(desk: Desk) -> None:
    booking = desk.booking([desk.allocate()], payer=key_of("supplier").address)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    court = Court(desk, booking, consignment)
    for number, raiser in enumerate(("hospital", "supplier")):
        assert court.raise_(raiser) == number + 1
        assert court.room.dispute(number + 1).other == key_of("carrier").address
    court.raise_("carrier")
    assert court.room.dispute(3).other == key_of("supplier").address
    court.check_money()


def test_the_bond_grows_with_what_is_at_stake_and_what_waits(court: Court) -> None:
    for leg in range(3):
        assert court.room.bondOf(court.booking, leg) == bond_of(FREIGHTS, leg)
    odd = [replace(part, freight=1 + 10 * n) for n, part in enumerate(court.booking.legs)]
    booking = replace(court.booking, legs=odd)
    assert [court.room.bondOf(booking, leg) for leg in range(3)] == [2, 3, 4]


def test_custody_changes_while_it_is_held(desk: Desk, booking: m.Booking, picked_up: int) -> None:
    court = Court(desk, booking, picked_up)
    court.raise_()
    desk.pass_on(picked_up, 1, LATEST[0])
    assert desk.suite.ledger.load(picked_up).custodian == key_of("branch_carrier").address


def test_reverts_without_claim(court: Court) -> None:
    with reverts("NoClaim"):
        court.raise_(claim=bytes(32))


def test_reverts_when_the_booking_is_not_the_one(court: Court) -> None:
    changed = replace(court.booking, salt=word("another"))
    with reverts("WrongBooking", consignment=0):
        court.raise_(booking=changed)
    cheaper = [replace(part, freight=1) for part in court.booking.legs]
    with reverts("WrongBooking", consignment=0):
        court.raise_(booking=replace(court.booking, legs=cheaper))


def test_reverts_when_there_is_no_such_leg(court: Court) -> None:
    with reverts("UnknownLeg", leg=4):
        court.raise_(leg=4)


@pytest.mark.parametrize("name", ["stranger", "branch_carrier", "supplier"])
def test_reverts_when_the_caller_is_no_party_to_the_leg(court: Court, name: str) -> None:
    with reverts("NotParty", consignment=court.consignment, leg=0, caller=key_of(name)):
        court.raise_(name)


@pytest.fixture
def own_lorries(desk: Desk, registry: Contract, registrar: Key) -> Court:
    """The first leg is driven by the hospital's own lorries, registered under another account."""
    lorries = key_of("lorries")
    said = registration(
        "hospital",
        registry.chain.now() + DAY,
        account=lorries.address,
        facility=word("lorries"),
        roles=roles_mask(Role.CARRIER),
    )
    registry.register(said, said.sign(lorries, domain_of(registry)), "", sender=registrar)
    network = desk.suite.network
    crew = network.addCrew(crew_of(lorries), sender=lorries).event("CrewAdded").args.crew
    added = network.addVehicle(vehicle(lorries), sender=lorries)
    legs = desk.legs()
    legs[0] = replace(
        legs[0],
        carrier=lorries.address,
        vehicle=added.event("VehicleAdded").args.vehicle,
        crew=crew,
    )
    booking = desk.booking([desk.allocate()], legs=legs)
    order, hospital = booking.struct_hash(), key_of("hospital")
    receipt = desk.freight["book"](
        booking,
        {
            "payer": m.BookingOrder(order, booking.payer).sign(hospital, desk.domain),
            "carriers": [
                m.LegAcceptance(order, number, leg.carrier).sign(key_of(name), desk.domain)
                for number, (leg, name) in enumerate(
                    zip(legs, ("lorries", *CARRIERS[1:]), strict=True)
                )
            ],
            "consignee": b"",
            "seller": b"",
        },
        NO_PERMIT,
        sender=hospital,
    )
    consignment = receipt.event("ConsignmentBooked").args.consignment
    desk.chain.set_time(DEPARTURES[0])
    handover = desk.handover(consignment, 0, DEPARTURES[0], to=lorries.address)
    desk.hand_over(handover, taker="lorries")
    return Court(desk, booking, consignment)


@pytest.mark.parametrize(("raiser", "other"), [("hospital", "lorries"), ("lorries", "hospital")])
def test_reverts_when_the_bond_would_be_lost_to_a_friend(
    own_lorries: Court, raiser: str, other: str
) -> None:
    with reverts("SameOrganisation", raiser=key_of(raiser), other=key_of(other)):
        own_lorries.raise_(raiser)


def test_reverts_before_pick_up(desk: Desk, booking: m.Booking, booked: int) -> None:
    court = Court(desk, booking, booked)
    with reverts("LegNotBegun", consignment=booked, leg=0):
        court.raise_()


def test_reverts_before_the_leg_has_begun(desk: Desk, booking: m.Booking, picked_up: int) -> None:
    court = Court(desk, booking, picked_up)
    with reverts("LegNotBegun", consignment=picked_up, leg=1):
        court.raise_(leg=1)


def test_reverts_when_the_leg_ended_too_long_ago(court: Court, desk: Desk) -> None:
    until = LATEST[0] + WEEK
    desk.chain.set_time(until - 1)
    court.raise_()
    desk.chain.set_time(until)
    with reverts("LegBarred", consignment=court.consignment, leg=0, until=until):
        court.raise_("carrier")
    # Of the leg that is on its way nothing is barred.
    desk.chain.set_time(until + 30 * DAY)
    court.raise_("terminal_carrier", leg=2)


def test_reverts_when_it_has_settled(court: Court) -> None:
    court.deliver()
    with reverts("WrongStatus", consignment=court.consignment, status=Status.SETTLED):
        court.raise_()


def test_reverts_when_it_has_ended_and_waits_for_a_dispute(court: Court, dispute: int) -> None:
    court.deliver()
    with reverts("WrongStatus", consignment=court.consignment, status=Status.CLOSED):
        court.raise_(leg=2)
    court.rule(dispute, is_awarded=False)
    court.settle()


def test_reverts_when_the_party_has_raised_about_the_leg(court: Court, dispute: int) -> None:
    with reverts("AlreadyRaised", dispute=dispute):
        court.raise_()
    court.rule(dispute, is_awarded=False)
    with reverts("AlreadyRaised", dispute=dispute):
        court.raise_()
    assert court.raise_(leg=1) == dispute + 1


def test_reverts_when_the_leg_has_its_award(court: Court, dispute: int) -> None:
    court.rule(dispute)
    with reverts("AlreadyAwarded", dispute=dispute):
        court.raise_("carrier")


def test_reverts_when_the_bond_is_not_paid(court: Court, desk: Desk, freight: Contract) -> None:
    desk.suite.currency.approve(court.room, BOND - 1, sender=key_of("hospital"))
    with reverts("ERC20InsufficientAllowance"):
        court.raise_()
    assert freight.holdsOf(court.consignment) == 0


def test_reads_of_an_unknown_dispute_revert(court: Court) -> None:
    with reverts("UnknownDispute", dispute=1):
        court.room.dispute(1)
