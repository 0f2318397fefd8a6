"""INV-DON-2: the fund holds what was given and came back, less what was spent; so of each line.

INV-DON-3: what the gifts of a line have used up adds up to what the line has spent.

Random gifts, bookings, ends and reclaims beside a shadow model; the real rooms do the work.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import EarmarkKind
from aidline.signing import Key
from tests.support.gifts import earmark
from tests.support.suite import DAY, UNIT, Suite
from tests.support.way import LATE_ZERO, Way

MARKS = [
    earmark(),
    earmark(EarmarkKind.REGION, "CN-HB"),
    earmark(EarmarkKind.FACILITY, "hospital"),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_inv_don_2_the_money_is_there(
    suite: Suite,
    fund: Contract,
    currency: Contract,
    chain: RevmChain,
    way: Way,
    give: Callable[..., int],
    released: Callable[..., int],
    charity: Key,
    stranger: Key,
    seed: int,
) -> None:
    dice = random.Random(seed)
    lines = [fund.lineOf(mark) for mark in MARKS]
    releases = [
        released(mark, ceiling=10**9 * UNIT, until=chain.now() + 999 * DAY) for mark in MARKS
    ]
    free = [0, 0, 0]
    gifts: list[list[int]] = [[], [], []]
    open_: list[tuple[int, int, int]] = []
    unreclaimed: list[tuple[int, int, int]] = []
    for _ in range(60):
        kind, act = dice.randrange(3), dice.random()
        if act < 0.35:
            amount = dice.randrange(fund.MINIMUM_GIFT(), 50 * UNIT)
            gifts[kind].append(give(amount, MARKS[kind]))
            free[kind] += amount
        elif act < 0.65 and free[kind] > 1:
            freight = dice.randrange(1, free[kind] + 1)
            order = way.order(fund.address, freight)
            booked = fund["book"](releases[kind], order.booking, order.signatures, sender=charity)
            open_.append((booked.event("MoneySpent").args.consignment, kind, freight))
            free[kind] -= freight
        elif act < 0.85 and open_:
            ended = open_.pop(dice.randrange(len(open_)))
            if chain.now() <= suite.freight.consignment(ended[0]).pick_up_by:
                way.pick_up(ended[0])
                latest = way.booking(ended[0]).legs[0].latest_arrival
                chain.set_time(max(chain.now(), latest + dice.randrange(LATE_ZERO)))
                way.deliver(ended[0])
            else:
                over = suite.freight.consignment(ended[0]).pick_up_by + 7 * DAY
                chain.set_time(max(chain.now(), over))
                suite.freight.lapse(way.booking(ended[0]), [], sender=stranger)
            refunded = suite.freight.consignment(ended[0]).refunded
            unreclaimed.append((ended[0], kind := ended[1], refunded))
        elif unreclaimed:
            consignment, kind, refunded = unreclaimed.pop()
            fund.reclaim(fund.outflowOf(consignment), sender=stranger)
            free[kind] += refunded
        for line, left in zip(lines, free, strict=True):
            assert fund.available(line) == left
        held = sum(free) + sum(refunded for _, _, refunded in unreclaimed)
        assert currency.balanceOf(fund.address) == held
    assert fund.outflowCount() > 5 and fund.giftCount() > 10

    for line, known in zip(lines, gifts, strict=True):
        used = 0
        for gift in known:
            answer = fund.spentOf(gift, 0, 10**6)
            assert answer.spent == sum(answer.amounts)
            assert len(set(answer.consignments)) == len(answer.consignments)
            used += answer.spent
        assert used == fund.line(line).spent
