"""release.

when the caller is not EmergencyResponse: reverts
when spender, ceiling, end or earmark cannot be: reverts
when the money is meant for another emergency: reverts
otherwise: the spender may book up to the ceiling; no money moves
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import EarmarkKind
from aidline.signing import Key
from tests.support.gifts import earmark
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, UNIT

PLAN = word("plan-1")
HUBEI = earmark(EarmarkKind.REGION, "CN-HB")


def test_allows_the_spender_to_book(
    fund: Contract,
    currency: Contract,
    chain: RevmChain,
    emergency_response: Key,
    charity: Key,
    hubei: bytes,
    give: Callable[..., int],
) -> None:
    give(50 * UNIT)
    until = chain.now() + DAY

    receipt = fund.release(
        PLAN, HUBEI, charity.address, 40 * UNIT, until, sender=emergency_response
    )

    event = receipt.event("MoneyReleased").args
    assert (event.release, event.emergency, event.line) == (1, PLAN, hubei)
    assert (event.spender, event.ceiling, event.until) == (charity.address, 40 * UNIT, until)
    kept = fund.releaseRecord(1)
    assert (kept.emergency, kept.line, kept.spender) == (PLAN, hubei, charity.address)
    assert (kept.ceiling, kept.spent, kept.until) == (40 * UNIT, 0, until)
    assert fund.releaseCount() == 1
    assert currency.balanceOf(fund.address) == fund.available(hubei) == 50 * UNIT


def test_a_release_may_come_before_the_first_gift(
    fund: Contract, released: Callable[..., int], hubei: bytes
) -> None:
    released()
    assert fund.earmarkOf(hubei).kind == EarmarkKind.REGION
    assert fund.available(hubei) == 0


def test_releases_money_meant_for_the_emergency(
    fund: Contract, released: Callable[..., int]
) -> None:
    mark = earmark(EarmarkKind.EMERGENCY, "plan-1")
    assert fund.releaseRecord(released(mark)).line == fund.lineOf(mark)


def test_reverts_when_the_caller_is_not_the_emergency_response(
    fund: Contract, chain: RevmChain, charity: Key
) -> None:
    with reverts("NotWriter", caller=charity):
        fund.release(PLAN, HUBEI, charity.address, UNIT, chain.now() + DAY, sender=charity)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"spender": "0x" + "00" * 20}, "ZeroSpender"),
        ({"ceiling": 0}, "ZeroCeiling"),
        ({"until": -1}, "BadReleaseEnd"),
        ({"earmark": earmark(EarmarkKind.EMERGENCY, "plan-2")}, "BadEarmark"),
        ({"earmark": earmark(EarmarkKind.REGION, "CN-420100")}, "BadEarmark"),
        ({"earmark": earmark(EarmarkKind.NULL)}, "BadEarmark"),
    ],
)
def test_reverts_when_it_cannot_be(
    fund: Contract,
    chain: RevmChain,
    emergency_response: Key,
    charity: Key,
    changes: dict[str, Any],
    error: str,
) -> None:
    terms = {
        "emergency": PLAN,
        "earmark": HUBEI,
        "spender": charity.address,
        "ceiling": UNIT,
        "until": chain.now() + DAY,
    } | changes
    if terms["until"] == -1:
        terms["until"] = chain.now()
    with reverts(error):
        fund.release(*terms.values(), sender=emergency_response)
    assert fund.releaseCount() == 0
