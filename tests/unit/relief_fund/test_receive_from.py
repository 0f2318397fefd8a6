"""receiveFrom.

when the caller is not DonationRegistry: reverts
otherwise: the gift is laid at the end of its earmark's line
    given it is the line's first: the line is opened
(amounts, permits and earmarks that are refused: see donation_registry/test_give_money)
"""

from __future__ import annotations

from collections.abc import Callable

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import EarmarkKind
from aidline.signing import Key
from tests.support.gifts import NO_PERMIT, earmark
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import UNIT, Suite


def test_lays_gifts_end_to_end(
    fund: Contract, currency: Contract, give: Callable[..., int], hubei: bytes
) -> None:
    assert (give(30 * UNIT), give(70 * UNIT, name="second_donor")) == (1, 2)

    first, second = fund.moneyGift(1), fund.moneyGift(2)
    assert (first.donor, first.line) == (key_of("donor").address, hubei)
    assert (first.from_, first.amount) == (0, 30 * UNIT)
    assert (second.from_, second.amount) == (30 * UNIT, 70 * UNIT)
    line = fund.line(hubei)
    assert (line.given, line.spent, line.recovered, line.respent) == (100 * UNIT, 0, 0, 0)
    assert fund.available(hubei) == 100 * UNIT
    assert currency.balanceOf(fund.address) == 100 * UNIT
    assert fund.giftCount() == 2


def test_each_earmark_has_a_line_of_its_own(
    fund: Contract, give: Callable[..., int], hubei: bytes
) -> None:
    give(10 * UNIT)
    give(5 * UNIT, earmark(EarmarkKind.FACILITY, "hospital"))
    give(1 * UNIT, earmark(EarmarkKind.EMERGENCY, "plan-1"))
    give(2 * UNIT, earmark())
    assert fund.moneyGift(2).from_ == 0
    assert fund.available(hubei) == 10 * UNIT
    assert fund.available(fund.lineOf(earmark())) == 2 * UNIT


def test_opens_a_line_once(suite: Suite, fund: Contract, give: Callable[..., int]) -> None:
    give(10 * UNIT)
    give(10 * UNIT)
    opened = [
        event
        for event in suite.rooms.book.events(suite.chain.logs([fund.address]))
        if event.name == "LineOpened"
    ]
    assert len(opened) == 1
    assert (opened[0].args.kind, opened[0].args.scope) == (EarmarkKind.REGION, word("CN-HB"))
    kept = fund.earmarkOf(opened[0].args.line)
    assert (kept.kind, kept.scope) == (EarmarkKind.REGION, word("CN-HB"))


def test_a_line_is_the_hash_of_its_earmark(fund: Contract, hubei: bytes) -> None:
    assert hubei == keccak(bytes(31) + bytes([EarmarkKind.REGION]) + word("CN-HB"))
    assert fund.earmarkOf(hubei).kind == EarmarkKind.NULL


def test_reverts_when_the_caller_is_not_the_registry_of_donations(
    fund: Contract, currency: Contract, donor: Key, stranger: Key
) -> None:
    currency.approve(fund.address, 10 * UNIT, sender=donor)
    for caller in (stranger, donor):
        with reverts("NotWriter", caller=caller):
            fund.receiveFrom(donor.address, 10 * UNIT, earmark(), NO_PERMIT, sender=caller)


def test_reading_what_is_unknown_reverts(fund: Contract) -> None:
    with reverts("UnknownGift", gift=1):
        fund.moneyGift(1)
    with reverts("UnknownGift", gift=1):
        fund.spentOf(1, 0, 10)
    with reverts("UnknownRelease", release=1):
        fund.releaseRecord(1)
    with reverts("UnknownOutflow", outflow=1):
        fund.outflow(1)
