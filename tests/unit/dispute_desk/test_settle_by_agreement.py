"""settleByAgreement (DSP-5, DSP-7, DSP-9).

when the split is for another dispute, consignment or leg, or above the freight: reverts
when a signature is another's, for another chain or contract, or late: reverts
when the dispute has ended: reverts
otherwise: the leg earns the award, the bond goes back
    given the consignee raised it: payer and carrier sign
    given its time for a ruling is over, and nobody has closed it: still
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.client import Contract
from aidline.model import DisputeStatus
from tests.support.disputes import BOND, Court
from tests.support.freight import DEPARTURES, FREIGHTS, Desk
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

AWARD = FREIGHTS[0] // 4


def test_the_leg_earns_what_both_have_signed(
    court: Court, desk: Desk, freight: Contract, dispute: int
) -> None:
    before = desk.balance("hospital")

    receipt = court.agree(court.split(dispute, AWARD))

    told = receipt.event("DisputeEnded").args
    assert (told.dispute, told.consignment) == (dispute, court.consignment)
    assert (told.status, told.is_awarded, told.award) == (DisputeStatus.AGREED, True, AWARD)
    assert (told.bond_to, told.arbiter) == (key_of("hospital").address, "0x" + "00" * 20)
    assert court.room.dispute(dispute).status == DisputeStatus.AGREED
    assert court.room.awardedBy(court.consignment, 0) == dispute
    assert desk.balance("hospital") - before == BOND
    court.check_money()
    assert freight.holdsOf(court.consignment) == 0

    before = desk.balance("hospital")
    assert court.earned(court.deliver) == (AWARD, *FREIGHTS[1:])
    assert desk.balance("hospital") - before == FREIGHTS[0] - AWARD
    desk.check_money()


@pytest.mark.parametrize("award", [0, FREIGHTS[0]])
def test_all_or_nothing_can_be_agreed(court: Court, dispute: int, award: int) -> None:
    court.agree(court.split(dispute, award))
    assert court.earned(court.deliver) == (award, *FREIGHTS[1:])


def test_payer_and_carrier_sign_what_the_consignee_has_raised(desk: Desk) -> None:
    booking = desk.booking([desk.allocate()], payer=key_of("supplier").address)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    court = Court(desk, booking, consignment)
    dispute = court.raise_("hospital")
    before = desk.balance("hospital")
    with reverts("BadSignature", signer=key_of("supplier")):
        court.agree(court.split(dispute, AWARD))
    court.agree(court.split(dispute, AWARD), payer="supplier")
    assert desk.balance("hospital") - before == BOND
    court.check_money()


def test_can_come_after_the_time_for_a_ruling(court: Court, desk: Desk, dispute: int) -> None:
    desk.chain.set_time(court.room.dispute(dispute).until + DAY)
    court.agree(court.split(dispute, AWARD))
    assert court.room.dispute(dispute).status == DisputeStatus.AGREED


def test_reverts_when_it_is_for_another(court: Court, dispute: int) -> None:
    second = court.raise_(leg=1)
    for split in (
        court.split(dispute, AWARD, leg=1),
        court.split(dispute, AWARD, consignment=court.consignment + 1),
        court.split(second, AWARD, leg=0),
    ):
        with reverts("WrongSplit", dispute=split.dispute):
            court.agree(split)
    with reverts("UnknownDispute", dispute=9):
        court.agree(replace(court.split(dispute, AWARD), dispute=9))


def test_reverts_with_another_booking(court: Court, desk: Desk, dispute: int) -> None:
    """Else one in which the payer's friend carries the leg would do."""
    forged = replace(court.booking, salt=word("forged"))
    with reverts("WrongBooking", consignment=0):
        court.agree(court.split(dispute, AWARD), booking=forged)
    later = [
        replace(leg, departure=leg.departure + 2 * DAY, latest_arrival=leg.latest_arrival + 2 * DAY)
        for leg in desk.legs()
    ]
    other = desk.booking(
        [desk.allocate()],
        payer=key_of("supplier").address,
        legs=later,
        pick_up_by=DEPARTURES[0] + 2 * DAY,
        deadline=desk.chain.now() + DAY,
    )
    booked = desk.book(other).event("ConsignmentBooked").args.consignment
    with reverts("WrongBooking", consignment=booked):
        court.agree(court.split(dispute, AWARD), payer="supplier", booking=other)


def test_reverts_above_the_freight(court: Court, dispute: int) -> None:
    too_high = FREIGHTS[0] + 1
    with reverts("AwardTooHigh", award=too_high, most=FREIGHTS[0]):
        court.agree(court.split(dispute, too_high))


@pytest.mark.parametrize(
    ("payer", "carrier", "missing"),
    [("stranger", "carrier", "hospital"), ("hospital", "branch_carrier", "carrier")],
)
def test_reverts_when_another_signed(
    court: Court, dispute: int, payer: str, carrier: str, missing: str
) -> None:
    with reverts("BadSignature", signer=key_of(missing)):
        court.agree(court.split(dispute, AWARD), payer, carrier)


def test_reverts_when_signed_for_another_chain_or_contract(court: Court, dispute: int) -> None:
    for domain in (domain_of(court.room, chain_id=5), court.desk.domain):
        with reverts("BadSignature", signer=key_of("hospital")):
            court.agree(court.split(dispute, AWARD), domain=domain)


def test_reverts_past_its_deadline(court: Court, desk: Desk, dispute: int) -> None:
    now = desk.chain.now()
    split = court.split(dispute, AWARD, deadline=now)
    desk.chain.set_time(now + 1)
    with reverts("Expired", deadline=now):
        court.agree(split)


def test_is_good_once(court: Court, dispute: int) -> None:
    split = court.split(dispute, AWARD)
    court.agree(split)
    with reverts("DisputeNotOpen", dispute=dispute, status=DisputeStatus.AGREED):
        court.agree(split)
    court.check_money()
