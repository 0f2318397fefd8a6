"""A payer wants carriage for nothing, or a demand tied up: its cheats, and what stops them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.model import Policy
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk, terms
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START, UNIT


def test_ties_up_the_demand_that_it_serves_for_two_months(desk: Desk) -> None:
    """FRT-1: the way that a donor pays needs the consignee's consent."""
    last = desk.legs()[2]
    slow = replace(last, departure=START + 55 * DAY, latest_arrival=START + 60 * DAY)
    booking = desk.booking(
        [desk.allocate()], payer=key_of("supplier").address, legs=[*desk.legs()[:2], slow]
    )
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.book(booking, sender="supplier", consignee=b"")


def test_uses_a_consent_to_another_way(desk: Desk) -> None:
    """FRT-2: all sign the whole booking."""
    booking = desk.booking([desk.allocate()], payer=key_of("supplier").address)
    consent = desk.signatures(booking)["consignee"]
    later = replace(booking, pick_up_by=booking.pick_up_by + 1)
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.book(later, consignee=consent)


def test_lapses_while_a_carrier_that_took_over_late_has_freight_to_earn(desk: Desk) -> None:
    """FRT-25: what the carrier inherited lengthens the grace."""
    consignment: int = (
        desk.book(desk.booking([desk.allocate()])).event("ConsignmentBooked").args.consignment
    )
    desk.pass_on(consignment, 0, DEPARTURES[0])
    late = 6 * DAY
    desk.pass_on(consignment, 1, LATEST[0] + late)
    desk.pass_on(consignment, 2, LATEST[1] + late)
    at = LATEST[2] + 7 * DAY
    desk.chain.set_time(at)
    with reverts("NotYet", from_=at + late):
        desk.lapse(consignment, sender=key_of("hospital"))


def test_books_for_a_hospital_that_could_not_accept(desk: Desk) -> None:
    """FRT-8: nobody sets out for a suspended hospital."""
    allocation = desk.allocate()
    desk.suite.registry.suspend(key_of("hospital"), word("fraud"), sender=key_of("suspender"))
    with reverts("NotActive", account=key_of("hospital")):
        desk.book(desk.booking([allocation]))


@pytest.mark.parametrize("policy", [Policy.CONSIGNEE, Policy.DEVICE])
def test_brings_the_same_order_again(desk: Desk, policy: Policy) -> None:
    """FRT-2: an order is good once, for whoever brings it."""
    booking = desk.booking([desk.allocate()], terms=terms(policy=policy))
    before = desk.balance("hospital")
    desk.book(booking)
    for sender in ("stranger", "carrier", "hospital"):
        with reverts("BookingUsed"):
            desk.book(booking, sender=sender)
    assert before - desk.balance("hospital") == sum(FREIGHTS)


def test_sends_money_to_upset_the_books(desk: Desk) -> None:
    """INV-FREIGHT-1, -2: a present belongs to no consignment, and goes with none."""
    consignment: int = (
        desk.book(desk.booking([desk.allocate()])).event("ConsignmentBooked").args.consignment
    )
    desk.suite.currency.transfer(desk.freight.address, UNIT, sender=key_of("hospital"))
    desk.chain.set_time(DEPARTURES[0] + HOUR + 7 * DAY)
    desk.lapse(consignment, sender=key_of("stranger"))
    record = desk.freight.consignment(consignment)
    assert (record.paid, record.refunded) == (0, sum(FREIGHTS))
    assert desk.suite.currency.balanceOf(desk.freight) == UNIT
