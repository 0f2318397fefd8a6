"""An arbiter who was bought: each of its cheats, and the rule that stops it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.model import DisputeStatus, Role, roles_mask
from tests.support.disputes import Court
from tests.support.freight import CARRIERS, FREIGHTS, Desk
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY


def _enrol(desk: Desk, name: str, organisation: str) -> None:
    """Register an arbiter of an organisation."""
    registry = desk.suite.registry
    said = registration(
        "arbiter",
        desk.chain.now() + DAY,
        account=key_of(name).address,
        facility=word(name),
        organisation=word(organisation),
        roles=roles_mask(Role.ARBITER),
    )
    signature = said.sign(key_of(name), domain_of(registry))
    registry.register(said, signature, "", sender=key_of("registrar"))


@pytest.fixture
def court(desk: Desk) -> Court:
    """The consignment is with its last carrier; hospital and carriers may pay bonds."""
    return Court.assembled(desk)


@pytest.mark.parametrize("house", ["wuhan-central", "long-haul", "hubei-roads", "wuhan-vans"])
def test_rules_for_its_own_house(desk: Desk, court: Court, house: str) -> None:
    """DSP-6: whoever of the parties its house is, also one that carries another leg."""
    _enrol(desk, "house arbiter", house)
    dispute = court.raise_()
    with reverts("NotIndependent", arbiter=key_of("house arbiter")):
        court.rule(dispute, "house arbiter", award=0)


def test_hands_in_a_booking_without_its_friends(desk: Desk, court: Court) -> None:
    """DSP-6, DSP-1: independence is judged by the booking as it was booked."""
    _enrol(desk, "house arbiter", "hubei-roads")
    dispute = court.raise_()
    stranger = key_of("stranger").address
    legs = [replace(leg, carrier=stranger) for leg in court.booking.legs]
    with reverts("WrongBooking", consignment=0):
        court.rule(dispute, "house arbiter", booking=replace(court.booking, legs=legs))


def test_awards_more_than_the_leg_could_earn(court: Court) -> None:
    """DSP-7: the freight of the other legs is out of its reach."""
    dispute = court.raise_("carrier")
    with reverts("AwardTooHigh", award=sum(FREIGHTS), most=FREIGHTS[0]):
        court.rule(dispute, award=sum(FREIGHTS))


def test_rules_again_for_who_pays_more(court: Court) -> None:
    """DSP-9, DSP-7: a dispute ends once, and a leg has one award."""
    first, second = court.raise_("hospital"), court.raise_("carrier")
    court.rule(first, award=0)
    with reverts("DisputeNotOpen", dispute=first, status=DisputeStatus.RULED):
        court.rule(first, award=FREIGHTS[0])
    with reverts("AlreadyAwarded", dispute=first):
        court.rule(second, award=FREIGHTS[0])


def test_a_second_one_overrules_the_first(desk: Desk, court: Court) -> None:
    """DSP-7: whoever comes later finds the leg decided."""
    _enrol(desk, "second arbiter", "second-court")
    first, second = court.raise_("hospital"), court.raise_("carrier")
    court.rule(first)
    with reverts("AlreadyAwarded", dispute=first):
        court.rule(second, "second arbiter", award=FREIGHTS[0])


def test_waits_until_a_party_gives_in(desk: Desk, court: Court) -> None:
    """DSP-6, DSP-8: after a week it has nothing more to sell."""
    dispute = court.raise_()
    until = court.room.dispute(dispute).until
    desk.chain.set_time(until)
    with reverts("RulingOver", dispute=dispute, until=until):
        court.rule(dispute, award=0)
    court.room.close(dispute, sender=key_of("stranger"))
    assert court.earned(court.deliver) == FREIGHTS


def test_rules_where_nobody_disputes(court: Court) -> None:
    """DSP-9: without a dispute there is nothing to rule on."""
    with reverts("UnknownDispute", dispute=1):
        court.rule(1, award=0)


def test_keeps_the_bond(desk: Desk, court: Court) -> None:
    """DSP-6: a bond goes to one of the two, and no ruling can name a third."""
    parties = ("hospital", *CARRIERS, "arbiter")
    for raiser, founded in (("hospital", True), ("carrier", False)):
        before = {name: desk.balance(name) for name in parties}
        dispute = court.raise_(raiser)
        court.rule(dispute, is_awarded=False, is_founded=founded)
        after = {name: desk.balance(name) for name in parties}
        assert sum(after.values()) == sum(before.values())
        assert after["arbiter"] == before["arbiter"]
        court.check_money()


def test_acts_on_the_escrow_itself(desk: Desk, court: Court) -> None:
    """DSP-4: only the desk holds a consignment, or lets it go on with an award."""
    with reverts("NotDisputeDesk", caller=key_of("arbiter")):
        desk.freight.hold(court.consignment, sender=key_of("arbiter"))
    court.raise_()
    with reverts("NotDisputeDesk", caller=key_of("arbiter")):
        desk.freight.resume(court.consignment, 0, 0, True, sender=key_of("arbiter"))
