"""The certificate of a gift in money, once it is spent.

given it paid for consignments: names each with its amount
given more than it names: says so
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from aidline.client import Contract
from aidline.signing import Key
from tests.support.suite import UNIT, Suite
from tests.support.way import Way


def money_of(suite: Suite, gift: int) -> dict[str, Any]:
    text = suite.donations.tokenURI(gift).split(",", 1)[1]
    shown: dict[str, Any] = json.loads(base64.b64decode(text))["money"]
    return shown


def test_names_the_consignments_that_it_paid_for(
    suite: Suite,
    fund: Contract,
    way: Way,
    give: Callable[..., int],
    released: Callable[..., int],
    charity: Key,
) -> None:
    give(30 * UNIT)
    give(100 * UNIT)
    gift = suite.donations.giftCount()
    release = released()
    booked = []
    for freight in (20 * UNIT, 25 * UNIT):
        order = way.order(fund.address, freight)
        receipt = fund["book"](release, order.booking, order.signatures, sender=charity)
        booked.append(receipt.event("MoneySpent").args.consignment)

    assert money_of(suite, gift) == {
        "amount": str(100 * UNIT),
        "spent": str(15 * UNIT),
        "returned": "0",
        "left": str(85 * UNIT),
        "consignments": [{"id": booked[1], "amount": str(15 * UNIT)}],
        "complete": True,
    }


def test_says_when_there_are_more_than_it_names(
    suite: Suite,
    fund: Contract,
    way: Way,
    give: Callable[..., int],
    released: Callable[..., int],
    charity: Key,
) -> None:
    give(100 * UNIT)
    gift = suite.donations.giftCount()
    release = released()
    most = suite.certificates.MAX_NAMED()
    for made in range(1, most + 2):
        order = way.order(fund.address, UNIT)
        fund["book"](release, order.booking, order.signatures, sender=charity)
        shown = money_of(suite, gift)
        assert len(shown["consignments"]) == min(made, most)
        assert shown["complete"] is (made <= most)
    assert shown["spent"] == str((most + 1) * UNIT)
