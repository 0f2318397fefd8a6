"""book.

when the release is unknown or over, or its ceiling passed: reverts
when the caller is not its spender, or suspended: reverts
when the fund is not the payer, or the consignee not whom the earmark means: reverts
when a carrier is of the spender's organisation: reverts
when the line has not enough: reverts
when FreightEscrow refuses: nothing is used up
when it takes another amount than the legs' freight: reverts
while paused: reverts
otherwise: the freight is prepaid, from what came back first, then from the front
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import EarmarkKind, Role, Status, roles_mask
from aidline.signing import Key
from tests.support.gifts import NO_PERMIT, earmark
from tests.support.people import key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START, UNIT, Rooms, Suite, deploy_suite, register
from tests.support.way import LATE_ZERO, Way

FREIGHT = 40 * UNIT
Give = Callable[..., int]


def test_prepays_the_freight(
    suite: Suite,
    fund: Contract,
    currency: Contract,
    way: Way,
    give: Give,
    released: Give,
    hubei: bytes,
    charity: Key,
) -> None:
    give(100 * UNIT)
    release = released()
    order = way.order(fund.address, FREIGHT)

    receipt = fund["book"](release, order.booking, order.signatures, sender=charity)

    event = receipt.event("MoneySpent").args
    assert (event.outflow, event.release, event.line) == (1, release, hubei)
    assert (event.from_, event.amount, event.from_recovered) == (0, FREIGHT, 0)
    outflow = fund.outflow(1)
    assert (outflow.line, outflow.consignment, outflow.release) == (
        hubei,
        event.consignment,
        release,
    )
    assert (outflow.from_, outflow.amount, outflow.from_recovered) == (0, FREIGHT, 0)
    assert not outflow.reclaimed
    assert fund.outflowOf(event.consignment) == 1
    assert fund.releaseRecord(release).spent == FREIGHT
    assert fund.line(hubei).spent == FREIGHT
    assert fund.available(hubei) == 60 * UNIT
    assert currency.balanceOf(fund.address) == 60 * UNIT
    assert currency.balanceOf(suite.freight.address) == FREIGHT
    assert currency.allowance(fund.address, suite.freight.address) == 0
    booked = suite.freight.consignment(event.consignment)
    assert way.booking(event.consignment).payer == fund.address
    assert (booked.status, booked.prepaid) == (Status.BOOKED, FREIGHT)


def test_the_next_goes_on_where_the_last_ended(
    fund: Contract, way: Way, give: Give, released: Give, charity: Key
) -> None:
    give(100 * UNIT)
    release = released()
    for freight in (FREIGHT, 25 * UNIT):
        order = way.order(fund.address, freight)
        fund["book"](release, order.booking, order.signatures, sender=charity)
    assert (fund.outflow(2).from_, fund.outflow(2).amount) == (FREIGHT, 25 * UNIT)


def test_takes_what_came_back_first(
    suite: Suite,
    fund: Contract,
    chain: RevmChain,
    way: Way,
    give: Give,
    released: Give,
    hubei: bytes,
    charity: Key,
) -> None:
    give(100 * UNIT)
    release = released()
    order = way.order(fund.address, FREIGHT)
    fund["book"](release, order.booking, order.signatures, sender=charity)
    way.pick_up(1)
    chain.set_time(order.booking.legs[0].latest_arrival + LATE_ZERO // 2)
    way.deliver(1)
    assert fund.reclaim(1, sender=charity).event("MoneyRecovered").args.amount == 20 * UNIT

    order = way.order(fund.address, 30 * UNIT)
    event = fund["book"](release, order.booking, order.signatures, sender=charity).event(
        "MoneySpent"
    )

    assert (event.args.from_, event.args.amount) == (FREIGHT, 10 * UNIT)
    assert event.args.from_recovered == 20 * UNIT
    line = fund.line(hubei)
    assert (line.given, line.spent) == (100 * UNIT, 50 * UNIT)
    assert (line.recovered, line.respent) == (20 * UNIT, 20 * UNIT)
    assert fund.available(hubei) == 50 * UNIT
    assert suite.currency.balanceOf(fund.address) == 50 * UNIT


def test_reverts_when_the_release_is_unknown(fund: Contract, way: Way, charity: Key) -> None:
    order = way.order(fund.address, FREIGHT)
    with reverts("UnknownRelease", release=1):
        fund["book"](1, order.booking, order.signatures, sender=charity)


def test_reverts_when_the_caller_is_not_the_spender(
    fund: Contract, way: Way, give: Give, released: Give, donor: Key
) -> None:
    give(100 * UNIT)
    release = released()
    order = way.order(fund.address, FREIGHT)
    with reverts("NotSpender", release=release, caller=donor):
        fund["book"](release, order.booking, order.signatures, sender=donor)


def test_reverts_when_the_spender_is_suspended(
    fund: Contract,
    way: Way,
    give: Give,
    released: Give,
    charity: Key,
    suspended: Callable[[Key], None],
) -> None:
    give(100 * UNIT)
    release = released()
    order = way.order(fund.address, FREIGHT)
    suspended(charity)
    with reverts("SpenderNotActive", release=release, spender=charity):
        fund["book"](release, order.booking, order.signatures, sender=charity)


def test_reverts_when_the_spender_is_no_participant(
    fund: Contract, chain: RevmChain, way: Way, give: Give, emergency_response: Key, stranger: Key
) -> None:
    give(100 * UNIT)
    mark = earmark(EarmarkKind.REGION, "CN-HB")
    until = chain.now() + DAY
    fund.release(
        b"plan-1".ljust(32, b"\0"), mark, stranger.address, UNIT, until, sender=emergency_response
    )
    order = way.order(fund.address, UNIT)
    with reverts("SpenderNotActive", release=1, spender=stranger):
        fund["book"](1, order.booking, order.signatures, sender=stranger)


def test_reverts_when_the_release_is_over(
    fund: Contract, chain: RevmChain, way: Way, give: Give, released: Give, charity: Key
) -> None:
    give(100 * UNIT)
    until = chain.now() + HOUR
    release = released(until=until)
    chain.set_time(until + 1)
    order = way.order(fund.address, FREIGHT)
    with reverts("ReleaseOver", release=release, until=until):
        fund["book"](release, order.booking, order.signatures, sender=charity)


def test_books_up_to_the_ceiling_and_no_further(
    fund: Contract, way: Way, give: Give, released: Give, charity: Key
) -> None:
    give(100 * UNIT)
    release = released(ceiling=50 * UNIT)
    order = way.order(fund.address, FREIGHT)
    fund["book"](release, order.booking, order.signatures, sender=charity)
    order = way.order(fund.address, 10 * UNIT + 1)
    with reverts("CeilingExceeded", release=release, asked=10 * UNIT + 1, left=10 * UNIT):
        fund["book"](release, order.booking, order.signatures, sender=charity)
    order = way.order(fund.address, 10 * UNIT)
    fund["book"](release, order.booking, order.signatures, sender=charity)
    assert fund.releaseRecord(release).spent == 50 * UNIT


def test_reverts_when_the_line_has_not_enough(
    fund: Contract, way: Way, give: Give, released: Give, hubei: bytes, charity: Key
) -> None:
    give(FREIGHT - 1)
    give(100 * UNIT, earmark())
    release = released()
    order = way.order(fund.address, FREIGHT)
    with reverts("NotEnoughMoney", line=hubei, asked=FREIGHT, there=FREIGHT - 1):
        fund["book"](release, order.booking, order.signatures, sender=charity)


def test_reverts_when_another_is_to_pay(
    fund: Contract, way: Way, give: Give, released: Give, hospital: Key, charity: Key
) -> None:
    give(100 * UNIT)
    release = released()
    order = way.order(hospital.address, FREIGHT)
    with reverts("WrongPayer", payer=hospital):
        fund["book"](release, order.booking, order.signatures, sender=charity)


@pytest.mark.parametrize(
    ("mark", "means"),
    [
        (earmark(EarmarkKind.FACILITY, "hospital"), True),
        (earmark(EarmarkKind.FACILITY, "county_hospital"), False),
        (earmark(EarmarkKind.REGION, "CN-GD"), False),
        (earmark(EarmarkKind.EMERGENCY, "plan-1"), True),
        (earmark(), True),
    ],
)
def test_spends_on_those_only_whom_the_givers_meant(
    fund: Contract,
    way: Way,
    give: Give,
    released: Give,
    charity: Key,
    mark: dict[str, object],
    means: bool,
) -> None:
    give(100 * UNIT, mark)
    release = released(mark)
    order = way.order(fund.address, FREIGHT)
    if means:
        fund["book"](release, order.booking, order.signatures, sender=charity)
        assert fund.outflow(1).amount == FREIGHT
    else:
        line = fund.lineOf(mark)
        with reverts("OutsideEarmark", line=line, consignee=key_of("hospital")):
            fund["book"](release, order.booking, order.signatures, sender=charity)
        assert fund.available(line) == 100 * UNIT


def test_reverts_when_the_spender_would_pay_itself(
    suite: Suite, fund: Contract, way: Way, give: Give, released: Give, hubei: bytes, charity: Key
) -> None:
    way.carrier = key_of("charity vans")
    message = registration(
        "charity",
        suite.chain.now() + DAY,
        account=way.carrier.address,
        facility=word("charity vans"),
        roles=roles_mask(Role.CARRIER),
    )
    register(suite.registry, "charity vans", message)
    give(100 * UNIT)
    release = released()
    order = way.order(fund.address, FREIGHT)
    with reverts("OwnCarrier", release=release, carrier=way.carrier):
        fund["book"](release, order.booking, order.signatures, sender=charity)
    assert fund.available(hubei) == 100 * UNIT


def test_naming_another_consignee_does_not_get_round_the_earmark(
    fund: Contract,
    way: Way,
    give: Give,
    released: Give,
    charity: Key,
    county_hospital: Key,
    hospital: Key,
) -> None:
    mark = earmark(EarmarkKind.FACILITY, "county_hospital")
    give(100 * UNIT, mark)
    release = released(mark)
    order = way.order(fund.address, FREIGHT, consignee=county_hospital.address)
    with reverts("WrongConsignee", consignee=county_hospital, recipient=hospital):
        fund["book"](release, order.booking, order.signatures, sender=charity)
    assert fund.outflowCount() == 0


def test_uses_up_nothing_when_the_booking_was_used(
    fund: Contract, way: Way, give: Give, released: Give, hubei: bytes, charity: Key
) -> None:
    give(100 * UNIT)
    release = released()
    order = way.order(fund.address, FREIGHT)
    fund["book"](release, order.booking, order.signatures, sender=charity)
    with reverts("BookingUsed"):
        fund["book"](release, order.booking, order.signatures, sender=charity)
    assert fund.available(hubei) == 60 * UNIT
    assert fund.outflowCount() == 1


def test_nobody_books_on_the_fund_past_it(
    suite: Suite, fund: Contract, way: Way, give: Give, charity: Key
) -> None:
    give(100 * UNIT)
    order = way.order(fund.address, FREIGHT)
    with reverts("BadSignature", signer=fund.address):
        suite.freight["book"](order.booking, order.signatures, NO_PERMIT, sender=charity)


def test_reverts_while_paused(
    fund: Contract, way: Way, give: Give, released: Give, charity: Key, pauser: Key
) -> None:
    give(100 * UNIT)
    release = released()
    order = way.order(fund.address, FREIGHT)
    fund.pause(sender=pauser)
    with reverts("IsPaused"):
        fund["book"](release, order.booking, order.signatures, sender=charity)


def test_reverts_when_another_amount_is_taken(charity: Key, donor: Key, way: Way) -> None:
    chain = RevmChain(timestamp=START)
    idle = Rooms(chain, creator="maker").deploy("IdleFreight")
    response = key_of("emergency_response")
    suite = deploy_suite(
        chain, known={"EmergencyResponse": response.address, "FreightEscrow": idle.address}
    )
    suite.currency.approve(suite.fund.address, FREIGHT, sender=donor)
    suite.donations.giveMoney(FREIGHT, earmark(), NO_PERMIT, sender=donor)
    until = chain.now() + DAY
    plan = b"plan-1".ljust(32, b"\0")
    suite.fund.release(plan, earmark(), charity.address, FREIGHT, until, sender=response)
    order = way.order(suite.fund.address, FREIGHT)
    with reverts("WrongAmountTaken", expected=FREIGHT, taken=0):
        suite.fund["book"](1, order.booking, order.signatures, sender=charity)
