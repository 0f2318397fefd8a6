"""reclaim.

when the outflow is unknown, reclaimed before, or its consignment not ended: reverts
otherwise: what came back is the line's again, whoever calls, also during a pause
    given the release runs: its ceiling is free again by as much
    given it is over: its ceiling is not
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import Resolution
from aidline.signing import Key
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, UNIT, Suite
from tests.support.way import LATE_ZERO, Way

FREIGHT = 40 * UNIT


@pytest.fixture
def release(give: Callable[..., int], released: Callable[..., int]) -> int:
    give(100 * UNIT)
    return released()


@pytest.fixture
def booked(fund: Contract, way: Way, release: int, charity: Key) -> int:
    order = way.order(fund.address, FREIGHT)
    receipt = fund["book"](release, order.booking, order.signatures, sender=charity)
    consignment: int = receipt.event("MoneySpent").args.consignment
    return consignment


def test_credits_what_a_late_leg_did_not_earn(
    suite: Suite,
    fund: Contract,
    currency: Contract,
    chain: RevmChain,
    way: Way,
    release: int,
    booked: int,
    hubei: bytes,
    stranger: Key,
) -> None:
    way.pick_up(booked)
    chain.set_time(way.booking(booked).legs[0].latest_arrival + LATE_ZERO // 4)
    way.deliver(booked)

    event = fund.reclaim(1, sender=stranger).event("MoneyRecovered").args

    assert (event.outflow, event.consignment, event.amount) == (1, booked, 10 * UNIT)
    outflow = fund.outflow(1)
    assert (outflow.reclaimed, outflow.returned) == (True, 10 * UNIT)
    line = fund.line(hubei)
    assert (line.given, line.spent, line.recovered) == (100 * UNIT, FREIGHT, 10 * UNIT)
    assert fund.available(hubei) == 70 * UNIT
    assert fund.releaseRecord(release).spent == 30 * UNIT
    assert currency.balanceOf(fund.address) == 70 * UNIT


def test_credits_nothing_when_all_was_earned(
    fund: Contract, way: Way, release: int, booked: int, hubei: bytes, stranger: Key
) -> None:
    way.pick_up(booked)
    way.deliver(booked)
    assert fund.reclaim(1, sender=stranger).event("MoneyRecovered").args.amount == 0
    assert fund.available(hubei) == 60 * UNIT
    assert fund.releaseRecord(release).spent == FREIGHT


def test_credits_all_of_what_was_never_picked_up(
    suite: Suite,
    fund: Contract,
    chain: RevmChain,
    way: Way,
    booked: int,
    release: int,
    hubei: bytes,
    stranger: Key,
) -> None:
    chain.set_time(suite.freight.consignment(booked).pick_up_by + 7 * DAY)
    suite.freight.lapse(way.booking(booked), [], sender=stranger)
    assert suite.freight.consignment(booked).resolution == Resolution.CANCELLED

    fund.reclaim(1, sender=stranger)

    assert fund.available(hubei) == 100 * UNIT
    assert suite.currency.balanceOf(fund.address) == 100 * UNIT
    assert fund.releaseRecord(release).spent == 0


def test_does_not_free_the_ceiling_of_a_release_that_is_over(
    suite: Suite,
    fund: Contract,
    chain: RevmChain,
    way: Way,
    booked: int,
    release: int,
    hubei: bytes,
    stranger: Key,
) -> None:
    chain.set_time(suite.freight.consignment(booked).pick_up_by + 7 * DAY)
    suite.freight.lapse(way.booking(booked), [], sender=stranger)
    chain.set_time(fund.releaseRecord(release).until + 1)
    fund.reclaim(1, sender=stranger)
    assert fund.available(hubei) == 100 * UNIT
    assert fund.releaseRecord(release).spent == FREIGHT


def test_a_pause_does_not_stop_it(
    fund: Contract, way: Way, booked: int, pauser: Key, stranger: Key
) -> None:
    way.pick_up(booked)
    way.deliver(booked)
    fund.pause(sender=pauser)
    fund.reclaim(1, sender=stranger)
    assert fund.outflow(1).reclaimed


def test_reverts_before_the_consignment_has_ended(
    fund: Contract, chain: RevmChain, way: Way, booked: int, stranger: Key
) -> None:
    with reverts("NotEnded", consignment=booked):
        fund.reclaim(1, sender=stranger)
    way.pick_up(booked)
    chain.set_time(chain.now() + HOUR)
    with reverts("NotEnded", consignment=booked):
        fund.reclaim(1, sender=stranger)


def test_reverts_a_second_time(
    fund: Contract, way: Way, booked: int, hubei: bytes, stranger: Key
) -> None:
    way.pick_up(booked)
    way.deliver(booked)
    fund.reclaim(1, sender=stranger)
    with reverts("AlreadyReclaimed", outflow=1):
        fund.reclaim(1, sender=stranger)


def test_reverts_when_unknown(fund: Contract, stranger: Key) -> None:
    with reverts("UnknownOutflow", outflow=1):
        fund.reclaim(1, sender=stranger)
