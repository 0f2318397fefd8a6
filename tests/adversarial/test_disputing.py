"""A party to a consignment plays with disputes: each of its cheats, and the rule that stops it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.model import DisputeStatus, ParcelState, Status
from tests.support.disputes import OF_PRICE, PRICE, Court, bond_of
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

WEEK = 7 * DAY


@pytest.fixture
def court(desk: Desk) -> Court:
    """The consignment is with its last carrier; hospital and carriers may pay bonds."""
    return Court.assembled(desk)


# --- who pays ---


def test_payer_raises_to_delay(desk: Desk, court: Court) -> None:
    """DSP-8, DSP-3: a week later all is as computed, and the delay was paid for; once a leg."""
    before = desk.balance("hospital")
    dispute = court.raise_(leg=2)
    court.deliver()
    with reverts("IsHeld", consignment=court.consignment):
        court.settle()
    with reverts("AlreadyRaised", dispute=dispute):
        court.raise_(leg=2)
    with reverts("WrongStatus", consignment=court.consignment, status=Status.CLOSED):
        court.raise_(leg=1)
    desk.chain.set_time(desk.chain.now() + WEEK)
    court.room.close(dispute, sender=key_of("terminal_carrier"))
    assert before - desk.balance("hospital") == bond_of(FREIGHTS, 2)
    assert court.earned(court.settle) == FREIGHTS


def test_payer_raises_to_keep_goods_from_who_needs_them(desk: Desk, court: Court) -> None:
    """FRT-41: a dispute holds money; the goods are handed over, and used, meanwhile."""
    court.raise_(leg=1)
    court.deliver()
    ledger, hospital = desk.suite.ledger, key_of("hospital")
    parcel = ledger.parcelsOf(court.consignment)[0]
    assert ledger.parcel(parcel).state == ParcelState.DELIVERED
    ledger.distribute(parcel, 10, word("ward"), word("list"), sender=hospital)


def test_payer_raises_about_one_leg_after_the_other(desk: Desk, court: Court) -> None:
    """DSP-3: legs that were handed on a week ago are past dispute, so the row comes to its end.

    What it delays is its own goods: with them come the end of all raising, and the last week.
    """
    for leg in (0, 2):
        if leg == 0:
            desk.chain.set_time(LATEST[0] + WEEK - 1)
        dispute = court.raise_(leg=leg)
        desk.chain.set_time(court.room.dispute(dispute).until)
        court.room.close(dispute, sender=key_of("stranger"))
        with reverts("LegBarred", leg=1):
            court.raise_(leg=1)
    with reverts("AlreadyRaised"):
        court.raise_(leg=2)
    assert desk.chain.now() < LATEST[2] + 3 * WEEK
    court.deliver()


def test_payer_holds_up_all_by_the_smallest_leg(desk: Desk, court: Court) -> None:
    """DSP-2: the bond grows with all that waits."""
    small = [replace(leg, freight=1) for leg in court.booking.legs[1:]]
    booking = replace(court.booking, legs=[court.booking.legs[0], *small])
    bond = court.room.bondOf(booking, 1)
    assert bond == bond_of((FREIGHTS[0], 1, 1), 1)
    assert bond > FREIGHTS[0] // 200


def test_payer_raises_when_the_goods_are_proven_delivered(court: Court) -> None:
    """DSP-4: what is settled is settled."""
    court.deliver()
    with reverts("WrongStatus", consignment=court.consignment, status=Status.SETTLED):
        court.raise_()


def test_payer_forges_the_carriers_agreement(court: Court) -> None:
    """DSP-5: both sign, each with its own key."""
    dispute = court.raise_()
    with reverts("BadSignature", signer=key_of("carrier")):
        court.agree(court.split(dispute, 0), carrier="hospital")


# --- who carries ---


def test_carrier_raises_first_to_silence_the_payer(court: Court, desk: Desk) -> None:
    """DSP-3, DSP-4: each party has its own turn, and each dispute holds by itself."""
    first = court.raise_("carrier")
    desk.chain.set_time(LATEST[0] + WEEK - 1)
    second = court.raise_("hospital")
    desk.chain.set_time(court.room.dispute(first).until)
    court.room.close(first, sender=key_of("carrier"))
    court.deliver()
    with reverts("IsHeld", consignment=court.consignment):
        court.settle()
    court.rule(second, award=0)
    assert court.earned(court.settle) == (0, *FREIGHTS[1:])


def test_carrier_uses_an_agreement_of_another_leg(court: Court) -> None:
    """DSP-5: the split names the leg; with the leg changed nobody has signed it."""
    dispute, other = court.raise_(leg=0), court.raise_(leg=1)
    signed = court.split(other, FREIGHTS[1])
    domain = domain_of(court.room)
    changed = replace(signed, dispute=dispute, leg=0)
    with reverts("BadSignature", signer=key_of("hospital")):
        court.room.settleByAgreement(
            court.booking,
            changed,
            signed.sign(key_of("hospital"), domain),
            changed.sign(key_of("carrier"), domain),
            sender=key_of("carrier"),
        )
    with reverts("WrongSplit", dispute=other):
        court.agree(replace(signed, leg=0))


def test_carrier_uses_an_agreement_of_another_consignment(court: Court) -> None:
    """DSP-5: the split names dispute and consignment."""
    dispute = court.raise_()
    split = court.split(dispute, FREIGHTS[0], consignment=court.consignment + 1)
    with reverts("WrongSplit", dispute=dispute):
        court.agree(split)


def test_carrier_raises_about_anothers_leg(court: Court) -> None:
    """DSP-1: what others earn is not its matter."""
    with reverts("NotParty", consignment=court.consignment, leg=0, caller=key_of("branch_carrier")):
        court.raise_("branch_carrier", leg=0)


def test_carrier_raises_about_a_leg_that_it_will_not_drive(desk: Desk) -> None:
    """DSP-3: a leg that has not begun earns nothing that could be disputed."""
    booking = desk.booking([desk.allocate()])
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    court = Court(desk, booking, consignment)
    with reverts("LegNotBegun", consignment=consignment, leg=2):
        court.raise_("terminal_carrier", leg=2)


# --- who receives ---


def test_consignee_agrees_with_the_carrier_on_anothers_money(desk: Desk) -> None:
    """DSP-5: who raised it does not matter, the payer signs."""
    booking = desk.booking([desk.allocate()], payer=key_of("supplier").address)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    court = Court(desk, booking, consignment)
    dispute = court.raise_("hospital")
    with reverts("BadSignature", signer=key_of("supplier")):
        court.agree(court.split(dispute, FREIGHTS[0]), payer="hospital")


def test_consignee_raises_to_be_paid(desk: Desk) -> None:
    """DSP-5, DSP-6: an award moves freight between payer and carrier, nobody else."""
    booking = desk.booking([desk.allocate()], payer=key_of("supplier").address)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, LATEST[0])
    desk.pass_on(consignment, 2, LATEST[1])
    desk.chain.set_time(LATEST[2])
    court = Court(desk, booking, consignment)
    before = desk.balance("hospital")
    court.rule(court.raise_("hospital"), award=0)
    assert court.earned(court.deliver) == (0, *FREIGHTS[1:])
    assert desk.balance("hospital") == before


# --- who sells ---


def test_seller_disputes_what_carriers_earn(desk: Desk) -> None:
    """DSP-1: its own is the price, from pick-up on."""
    sale = Court.of_a_sale(desk)
    with reverts("NotParty", leg=0, caller=key_of("supplier")):
        sale.raise_("supplier", leg=0)


def test_seller_helps_itself_from_the_freight(desk: Desk) -> None:
    """DSP-7: no award on the price is more than the price."""
    sale = Court.of_a_sale(desk)
    dispute = sale.raise_("supplier", OF_PRICE)
    everything = PRICE + sum(FREIGHTS)
    with reverts("AwardTooHigh", award=everything, most=PRICE):
        sale.agree(sale.split(dispute, everything), carrier="supplier")


def test_seller_of_lost_goods_waits_for_a_default(desk: Desk) -> None:
    """DSP-8: by default it has what the terms compute, nothing; and the payer has its bond."""
    sale = Court.of_a_sale(desk)
    desk.chain.set_time(LATEST[2] + WEEK)
    dispute = sale.raise_("supplier", OF_PRICE)
    desk.chain.set_time(sale.room.dispute(dispute).until)
    before = desk.balance("hospital")
    sale.room.close(dispute, sender=key_of("supplier"))
    desk.lapse(sale.consignment, sender=key_of("stranger"))
    bond = bond_of((*FREIGHTS, PRICE), OF_PRICE)
    assert desk.balance("hospital") - before == sum(FREIGHTS) + PRICE + bond


# --- who submits ---


def test_relayer_holds_an_agreement_back(court: Court, desk: Desk) -> None:
    """DSP-5: it is good up to its deadline, and only while the dispute is open."""
    dispute = court.raise_()
    split = court.split(dispute, 0, deadline=desk.chain.now() + DAY)
    desk.chain.set_time(split.deadline + 1)
    with reverts("Expired", deadline=split.deadline):
        court.agree(split)
    late = court.split(dispute, 0)
    desk.chain.set_time(court.room.dispute(dispute).until)
    court.room.close(dispute, sender=key_of("stranger"))
    with reverts("DisputeNotOpen", dispute=dispute, status=DisputeStatus.LAPSED):
        court.agree(late)
