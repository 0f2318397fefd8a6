"""close (DSP-7, DSP-8, DSP-9).

when a ruling may still come: reverts
when the dispute has ended: reverts
from then on: anyone ends it; the terms compute, the bond goes to the other party
given another dispute has awarded the leg: at once, and the bond goes back
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import DisputeStatus
from tests.support.disputes import BOND, Court
from tests.support.freight import FREIGHTS, LATEST, Desk
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY


@pytest.mark.parametrize(("raiser", "other"), [("hospital", "carrier"), ("carrier", "hospital")])
def test_what_nobody_decides_is_as_the_terms_compute(
    court: Court, desk: Desk, freight: Contract, raiser: str, other: str
) -> None:
    dispute = court.raise_(raiser)
    desk.chain.set_time(court.room.dispute(dispute).until)
    before = desk.balance(other)

    receipt = court.room.close(dispute, sender=key_of("stranger"))

    told = receipt.event("DisputeEnded").args
    assert (told.status, told.is_awarded, told.award) == (DisputeStatus.LAPSED, False, 0)
    assert (told.bond_to, told.reason) == (key_of(other).address, bytes(32))
    assert court.room.dispute(dispute).status == DisputeStatus.LAPSED
    assert court.room.awardedBy(court.consignment, 0) == 0
    assert desk.balance(other) - before == BOND
    court.check_money()
    assert freight.holdsOf(court.consignment) == 0
    assert court.earned(court.deliver) == FREIGHTS


def test_reverts_while_a_ruling_may_come(court: Court, desk: Desk, dispute: int) -> None:
    until = court.room.dispute(dispute).until
    assert until == LATEST[2] + 7 * DAY
    desk.chain.set_time(until - 1)
    with reverts("NotYet", dispute=dispute, from_=until):
        court.room.close(dispute, sender=key_of("hospital"))


def test_one_that_another_award_has_decided_costs_nothing(
    court: Court, desk: Desk, freight: Contract, dispute: int
) -> None:
    counter = court.raise_("carrier")
    court.rule(dispute, is_founded=False)
    assert freight.holdsOf(court.consignment) == 1
    before = desk.balance("carrier")

    receipt = court.room.close(counter, sender=key_of("stranger"))

    told = receipt.event("DisputeEnded").args
    assert (told.status, told.bond_to) == (DisputeStatus.MOOT, key_of("carrier").address)
    assert desk.balance("carrier") - before == BOND
    court.check_money()
    assert freight.holdsOf(court.consignment) == 0
    # The award stands.
    assert court.earned(court.deliver) == (FREIGHTS[0] // 2, *FREIGHTS[1:])


def test_each_dispute_holds_until_it_has_ended(
    court: Court, desk: Desk, freight: Contract, dispute: int
) -> None:
    second = court.raise_(leg=1)
    court.rule(dispute)
    court.deliver()
    with reverts("IsHeld", consignment=court.consignment):
        court.settle()
    desk.chain.set_time(court.room.dispute(second).until)
    court.room.close(second, sender=key_of("stranger"))
    assert freight.holdsOf(court.consignment) == 0
    court.settle()


def test_closes_once(court: Court, desk: Desk, dispute: int) -> None:
    desk.chain.set_time(court.room.dispute(dispute).until)
    court.room.close(dispute, sender=key_of("stranger"))
    with reverts("DisputeNotOpen", dispute=dispute, status=DisputeStatus.LAPSED):
        court.room.close(dispute, sender=key_of("stranger"))
    with reverts("UnknownDispute", dispute=7):
        court.room.close(7, sender=key_of("stranger"))
