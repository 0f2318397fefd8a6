"""rule (DSP-6, DSP-7, DSP-9).

when the caller is no active arbiter, or of a party's organisation: reverts
when its time is over, it gives no reason, awards too much, or hands in another booking: reverts
when the leg has an award by another dispute: reverts
given an award: the leg earns it, whatever its curves say
given none: the leg earns what the terms compute
the bond goes back where the claim was founded, else to the other party
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import DisputeStatus, Role, roles_mask
from aidline.signing import Key
from tests.support.disputes import BOND, REASON, Court
from tests.support.freight import FREIGHTS, Desk
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

HALF = FREIGHTS[0] // 2


@pytest.mark.parametrize("founded", [True, False])
@pytest.mark.parametrize("awarded", [True, False])
def test_ends_the_dispute(
    court: Court, desk: Desk, freight: Contract, dispute: int, awarded: bool, founded: bool
) -> None:
    winner = "hospital" if founded else "carrier"
    before = desk.balance(winner)

    receipt = court.rule(dispute, is_awarded=awarded, is_founded=founded)

    told = receipt.event("DisputeEnded").args
    assert (told.dispute, told.consignment) == (dispute, court.consignment)
    assert (told.arbiter, told.reason) == (key_of("arbiter").address, REASON)
    assert (told.status, told.is_awarded) == (DisputeStatus.RULED, awarded)
    assert (told.award, told.bond_to) == (HALF if awarded else 0, key_of(winner).address)
    assert court.room.dispute(dispute).status == DisputeStatus.RULED
    assert court.room.awardedBy(court.consignment, 0) == (dispute if awarded else 0)
    assert desk.balance(winner) - before == BOND
    court.check_money()
    assert freight.holdsOf(court.consignment) == 0
    assert court.earned(court.deliver) == (HALF if awarded else FREIGHTS[0], *FREIGHTS[1:])
    desk.check_money()


@pytest.mark.parametrize("seconds", [-1, 0])
def test_comes_before_its_time_is_over(
    court: Court, desk: Desk, dispute: int, seconds: int
) -> None:
    until = court.room.dispute(dispute).until
    desk.chain.set_time(until + seconds)
    if seconds < 0:
        court.rule(dispute)
        return
    with reverts("RulingOver", dispute=dispute, until=until):
        court.rule(dispute)


@pytest.mark.parametrize("name", ["hospital", "carrier", "coordinator", "stranger"])
def test_reverts_when_the_caller_is_no_arbiter(court: Court, dispute: int, name: str) -> None:
    with reverts("NotIndependent", dispute=dispute, arbiter=key_of(name)):
        court.rule(dispute, name)


def test_reverts_when_the_arbiter_is_suspended(
    court: Court, registry: Contract, suspender: Key, dispute: int
) -> None:
    registry.suspend(key_of("arbiter").address, word("inquiry"), sender=suspender)
    with reverts("NotIndependent", dispute=dispute, arbiter=key_of("arbiter")):
        court.rule(dispute)


@pytest.mark.parametrize("organisation", ["wuhan-central", "long-haul", "wuhan-vans"])
def test_reverts_when_the_arbiter_is_of_a_partys_organisation(
    court: Court, registry: Contract, registrar: Key, dispute: int, organisation: str
) -> None:
    friend = key_of("friend")
    fields: dict[str, Any] = {
        "account": friend.address,
        "facility": word("friend"),
        "organisation": word(organisation),
        "roles": roles_mask(Role.ARBITER),
    }
    said = registration("arbiter", registry.chain.now() + DAY, **fields)
    registry.register(said, said.sign(friend, domain_of(registry)), "", sender=registrar)
    with reverts("NotIndependent", dispute=dispute, arbiter=friend):
        court.rule(dispute, "friend")


def test_reverts_without_reason(court: Court, dispute: int) -> None:
    with reverts("NoReason"):
        court.rule(dispute, reason=bytes(32))


def test_reverts_above_the_freight(court: Court, dispute: int) -> None:
    with reverts("AwardTooHigh", award=FREIGHTS[0] + 1, most=FREIGHTS[0]):
        court.rule(dispute, award=FREIGHTS[0] + 1)


def test_reverts_with_another_booking(court: Court, dispute: int) -> None:
    """Else an arbiter could hand in one of which it is no party."""
    with reverts("WrongBooking", consignment=0):
        court.rule(dispute, booking=replace(court.booking, salt=word("forged")))


def test_reverts_when_another_dispute_has_awarded_the_leg(court: Court, dispute: int) -> None:
    counter = court.raise_("carrier")
    court.rule(dispute)
    with reverts("AlreadyAwarded", dispute=dispute):
        court.rule(counter)
    with reverts("AlreadyAwarded", dispute=dispute):
        court.agree(court.split(counter, HALF))
    court.check_money()


def test_a_claim_that_was_dismissed_leaves_the_other_party_its_own(
    court: Court, dispute: int
) -> None:
    court.rule(dispute, is_awarded=False, is_founded=False)
    counter = court.raise_("carrier")
    court.rule(counter, award=FREIGHTS[0])
    assert court.room.awardedBy(court.consignment, 0) == counter


def test_rules_once(court: Court, dispute: int) -> None:
    court.rule(dispute)
    with reverts("DisputeNotOpen", dispute=dispute, status=DisputeStatus.RULED):
        court.rule(dispute)
    with reverts("UnknownDispute", dispute=dispute + 1):
        court.rule(dispute + 1)
    court.check_money()
