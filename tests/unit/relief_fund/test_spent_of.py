"""spentOf: which consignments used up which part of a gift, by pages.

given nothing was spent: nothing
given outflows end within, at the end of, or beyond the gift: each with its part of it
given an outflow taken from what came back alone: it is no gift's
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.signing import Key
from tests.support.suite import UNIT, Suite
from tests.support.way import LATE_ZERO, Way

Give = Callable[..., int]


@pytest.fixture
def book(fund: Contract, way: Way, released: Give, charity: Key) -> Callable[[int], int]:
    release = released()

    def made(freight: int) -> int:
        order = way.order(fund.address, freight)
        receipt = fund["book"](release, order.booking, order.signatures, sender=charity)
        consignment: int = receipt.event("MoneySpent").args.consignment
        return consignment

    return made


def page(fund: Contract, gift: int, skip: int = 0, most: int = 100) -> tuple[int, dict[int, int]]:
    answer = fund.spentOf(gift, skip, most)
    return answer.spent, dict(zip(answer.consignments, answer.amounts, strict=True))


def test_says_nothing_before_anything_was_spent(fund: Contract, give: Give) -> None:
    gift = give(10 * UNIT)
    assert page(fund, gift) == (0, {})


def test_names_each_consignment_with_its_part(
    fund: Contract, give: Give, book: Callable[[int], int]
) -> None:
    gifts = [give(30 * UNIT), give(20 * UNIT), give(5 * UNIT), give(50 * UNIT)]
    first, second, third = book(10 * UNIT), book(20 * UNIT), book(40 * UNIT)

    assert page(fund, gifts[0]) == (30 * UNIT, {first: 10 * UNIT, second: 20 * UNIT})
    assert page(fund, gifts[1]) == (20 * UNIT, {third: 20 * UNIT})
    assert page(fund, gifts[2]) == (5 * UNIT, {third: 5 * UNIT})
    assert page(fund, gifts[3]) == (15 * UNIT, {third: 15 * UNIT})
    fourth = book(35 * UNIT)
    assert page(fund, gifts[3]) == (50 * UNIT, {third: 15 * UNIT, fourth: 35 * UNIT})


def test_goes_by_pages(fund: Contract, give: Give, book: Callable[[int], int]) -> None:
    gift = give(50 * UNIT)
    booked = [book(10 * UNIT) for _ in range(4)]
    assert page(fund, gift, 0, 2) == (40 * UNIT, dict.fromkeys(booked[:2], 10 * UNIT))
    assert page(fund, gift, 2, 1) == (40 * UNIT, {booked[2]: 10 * UNIT})
    assert page(fund, gift, 3, 9) == (40 * UNIT, {booked[3]: 10 * UNIT})
    assert page(fund, gift, 4, 9) == (40 * UNIT, {})
    assert page(fund, gift, 2**256 - 1, 2**256 - 1) == (40 * UNIT, {})


def test_what_came_back_is_no_gifts(
    suite: Suite,
    fund: Contract,
    chain: RevmChain,
    give: Give,
    way: Way,
    book: Callable[[int], int],
    stranger: Key,
) -> None:
    gift = give(40 * UNIT)
    first = book(20 * UNIT)
    way.pick_up(first)
    chain.set_time(way.booking(first).legs[0].latest_arrival + LATE_ZERO)
    way.deliver(first)
    fund.reclaim(fund.outflowOf(first), sender=stranger)

    again = book(20 * UNIT)

    assert fund.outflow(fund.outflowOf(again)).amount == 0
    assert page(fund, gift) == (20 * UNIT, {first: 20 * UNIT})
    last = book(20 * UNIT)
    assert page(fund, gift) == (40 * UNIT, {first: 20 * UNIT, last: 20 * UNIT})
