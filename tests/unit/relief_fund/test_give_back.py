"""giveBack (through the registry's takeBackMoney), intervalOf.

when all is spent or was taken back: reverts
otherwise: what is not spent goes back; the gifts behind it move up, and who paid for what
           stands as it stood, and figures from counters and from events are one
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.signing import Key
from aidline.trace.gifts import gifts_read, gifts_told, money_read, money_told
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import UNIT, Suite
from tests.support.way import Way

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


def page(fund: Contract, gift: int) -> tuple[int, dict[int, int]]:
    answer = fund.spentOf(gift, 0, 100)
    return answer.spent, dict(zip(answer.consignments, answer.amounts, strict=True))


def test_closes_the_hole_and_keeps_what_was_paid(
    suite: Suite,
    fund: Contract,
    currency: Contract,
    give: Give,
    book: Callable[[int], int],
    hubei: bytes,
) -> None:
    gifts = [give(30 * UNIT), give(20 * UNIT), give(5 * UNIT), give(50 * UNIT)]
    donor = key_of("donor")
    first = book(10 * UNIT)

    event = suite.donations.takeBackMoney(1, sender=donor).event("MoneyReturned").args
    assert (event.gift, event.line, event.to, event.amount) == (1, hubei, donor.address, 20 * UNIT)
    suite.donations.takeBackMoney(3, sender=donor)

    moved = fund.intervalOf(gifts[1])
    assert (moved.from_, moved.end) == (10 * UNIT, 30 * UNIT)
    assert fund.available(hubei) == 70 * UNIT
    second = book(40 * UNIT)
    assert page(fund, gifts[0]) == (10 * UNIT, {first: 10 * UNIT})
    assert page(fund, gifts[1]) == (20 * UNIT, {second: 20 * UNIT})
    assert page(fund, gifts[2]) == (0, {})
    assert page(fund, gifts[3]) == (20 * UNIT, {second: 20 * UNIT})
    line = fund.line(hubei)
    assert (line.given, line.returned, line.spent) == (105 * UNIT, 25 * UNIT, 50 * UNIT)
    assert fund.moneyGift(gifts[0]).returned == 20 * UNIT
    assert currency.balanceOf(fund.address) == 30 * UNIT


def test_counters_and_events_tell_the_same_of_what_was_taken_back(
    suite: Suite, give: Give, book: Callable[[int], int]
) -> None:
    for units in (30, 20, 5, 50):
        give(units * UNIT)
    book(35 * UNIT)
    suite.donations.takeBackMoney(2, sender=key_of("donor"))
    book(10 * UNIT)
    events = suite.aid.history()
    money = money_told(events, events)
    assert money_read(suite.aid) == money
    assert money["returned"] == str(15 * UNIT)
    states = {lot: {"held": lot} for lot in range(1, suite.ledger.lotCount() + 1)}
    told = gifts_told(events, events, states)
    assert gifts_read(suite.aid, states) == told
    gifts = [gift for gift in told if gift["kind"] == "money"]
    assert [(gift["spent"], gift["returned"]) for gift in gifts] == [
        (str(spent * UNIT), str(returned * UNIT))
        for spent, returned in ((30, 0), (5, 15), (5, 0), (5, 0))
    ]


def test_reverts_when_nothing_is_left(suite: Suite, give: Give, book: Callable[[int], int]) -> None:
    gift = give(10 * UNIT)
    give(10 * UNIT)
    book(15 * UNIT)
    donor = key_of("donor")
    with reverts("NothingLeft", gift=gift):
        suite.donations.takeBackMoney(1, sender=donor)
    suite.donations.takeBackMoney(2, sender=donor)
    with reverts("NothingLeft", gift=gift + 1):
        suite.donations.takeBackMoney(2, sender=donor)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_inv_don_3_each_coin_is_one_gifts(
    suite: Suite,
    fund: Contract,
    currency: Contract,
    give: Give,
    book: Callable[[int], int],
    hubei: bytes,
    seed: int,
) -> None:
    """Gifts, bookings and takings back at random, beside a list of what each gift has left."""
    dice = random.Random(seed)
    donor = key_of("donor")
    left: list[int] = []
    numbers: list[int] = []
    paid: list[dict[int, int]] = []
    for _ in range(70):
        act = dice.random()
        if act < 0.5:
            amount = dice.randrange(fund.MINIMUM_GIFT(), 20 * UNIT)
            give(amount)
            left.append(amount)
            numbers.append(suite.donations.giftCount())
            paid.append({})
        elif act < 0.7 and any(left):
            freight = dice.randrange(1, min(sum(left), 40 * UNIT) + 1)
            consignment = book(freight)
            for number, there in enumerate(left):
                part = min(there, freight)
                if part:
                    paid[number][consignment] = part
                    left[number] -= part
                    freight -= part
        elif any(left):
            number = dice.choice([i for i, there in enumerate(left) if there])
            receipt = suite.donations.takeBackMoney(numbers[number], sender=donor)
            assert receipt.event("MoneyTakenBack").args.amount == left[number]
            left[number] = 0
        assert currency.balanceOf(fund.address) == fund.available(hubei) == sum(left)
    for number, known in enumerate(paid, start=1):
        assert page(fund, number) == (sum(known.values()), known)
    assert fund.line(hubei).returned > 0
