"""Disputes about the seller's price: one leg more, after the last (DSP-1, DSP-2, DSP-6, DSP-7).

given nothing is sold: there is no such leg
given goods are sold
├── payer and seller raise about the price, carriers do not
├── both sign over it, or an arbiter of neither's organisation rules
└── an award is the price at most, and the rest goes back to the payer
"""

from __future__ import annotations

import pytest

from aidline.model import Role, roles_mask
from tests.support.disputes import OF_PRICE, PRICE, Court, bond_of
from tests.support.freight import CARRIERS, FREIGHTS, LATEST, Desk
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

SALE = (*FREIGHTS, PRICE)


@pytest.fixture
def sold(desk: Desk) -> Court:
    return Court.of_a_sale(desk)


def arrive(court: Court) -> None:
    """Bring the goods on time to the door."""
    for number in (1, 2):
        court.desk.pass_on(court.consignment, number, LATEST[number - 1])
    court.desk.chain.set_time(LATEST[2])


def earned_by_the_seller(court: Court) -> int:
    before = court.desk.balance("supplier")
    court.deliver()
    return court.desk.balance("supplier") - before


@pytest.mark.parametrize(("raiser", "other"), [("hospital", "supplier"), ("supplier", "hospital")])
def test_payer_and_seller_raise_about_the_price(sold: Court, raiser: str, other: str) -> None:
    record = sold.room.dispute(sold.raise_(raiser, OF_PRICE))
    assert (record.leg, record.other) == (OF_PRICE, key_of(other).address)
    assert record.bond == bond_of(SALE, OF_PRICE)
    # The price waits too when a leg is in dispute.
    assert sold.room.bondOf(sold.booking, 0) == bond_of(SALE, 0)
    sold.check_money()


@pytest.mark.parametrize("name", [*CARRIERS, "stranger"])
def test_reverts_when_the_caller_is_no_party_to_the_sale(sold: Court, name: str) -> None:
    with reverts("NotParty", leg=OF_PRICE, caller=key_of(name)):
        sold.raise_(name, OF_PRICE)


def test_reverts_when_the_seller_raises_about_a_leg(sold: Court) -> None:
    with reverts("NotParty", leg=0, caller=key_of("supplier")):
        sold.raise_("supplier", 0)


def test_reverts_when_nothing_is_sold(court: Court) -> None:
    with reverts("UnknownLeg", leg=OF_PRICE):
        court.raise_(leg=OF_PRICE)


def test_reverts_before_pick_up(desk: Desk) -> None:
    booked = Court.of_a_sale(desk, until_picked_up=False)
    with reverts("LegNotBegun", consignment=booked.consignment, leg=OF_PRICE):
        booked.raise_(leg=OF_PRICE)


@pytest.mark.parametrize("award", [0, PRICE // 2, PRICE])
def test_the_seller_earns_what_both_have_signed(sold: Court, award: int) -> None:
    dispute = sold.raise_(leg=OF_PRICE)
    with reverts("BadSignature", signer=key_of("supplier")):
        sold.agree(sold.split(dispute, award))
    sold.agree(sold.split(dispute, award), carrier="supplier")
    arrive(sold)
    before = sold.desk.balance("hospital")
    assert earned_by_the_seller(sold) == award
    assert sold.desk.balance("hospital") - before == PRICE - award
    sold.desk.check_money()


def test_the_seller_earns_what_an_arbiter_awards(sold: Court) -> None:
    dispute = sold.raise_(leg=OF_PRICE)
    with reverts("AwardTooHigh", award=PRICE + 1, most=PRICE):
        sold.rule(dispute, award=PRICE + 1)
    sold.rule(dispute, award=PRICE // 3)
    arrive(sold)
    assert earned_by_the_seller(sold) == PRICE // 3


def test_reverts_when_the_arbiter_is_of_the_sellers_organisation(sold: Court) -> None:
    registry, friend = sold.desk.suite.registry, key_of("friend")
    said = registration(
        "arbiter",
        registry.chain.now() + DAY,
        account=friend.address,
        facility=word("friend"),
        organisation=word("mask-maker"),
        roles=roles_mask(Role.ARBITER),
    )
    registry.register(said, said.sign(friend, domain_of(registry)), "", sender=key_of("registrar"))
    dispute = sold.raise_()
    with reverts("NotIndependent", dispute=dispute, arbiter=friend):
        sold.rule(dispute, "friend")


def test_a_bond_is_the_consignees_where_the_payer_is_no_participant(desk: Desk) -> None:
    """As a fund is none, which could not use what came to it unasked."""
    payer, currency = key_of("stranger"), desk.suite.currency
    currency.transfer(payer, PRICE + sum(FREIGHTS), sender=key_of("hospital"))
    currency.approve(desk.freight, 2**256 - 1, sender=payer)
    court = Court.of_a_sale(desk, payer=payer.address)
    dispute = court.raise_("carrier")
    assert court.room.dispute(dispute).other == key_of("hospital").address
    before = desk.balance("hospital")
    court.rule(dispute, is_awarded=False, is_founded=False)
    assert desk.balance("hospital") - before == bond_of(SALE, 0)


def test_can_be_raised_until_it_is_settled(sold: Court) -> None:
    arrive(sold)
    sold.desk.chain.set_time(LATEST[2] + 30 * DAY)
    sold.raise_("supplier", OF_PRICE)
