"""Gas of gifts: received, offered and certified, one and ten at a time; money with a permit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aidline.model import EarmarkKind
from aidline.node import AnvilNode
from tests.support.gifts import count, earmark, permit_of, pledge
from tests.support.people import key_of
from tests.support.suite import DAY, START, UNIT, Suite, deploy_suite
from tools.bench.figures import Figure
from tools.bench.gas import act, cost_of, elsewhere

ONE_GOAL, TEN_GOAL = 250_000, 210_000
BATCH = 10
HUBEI = earmark(EarmarkKind.REGION, "CN-HB")


def run() -> Iterator[Figure]:
    """Yield gas of each act, floor and ratio, and what others need for the nearest act."""
    with AnvilNode(genesis_time=START) as node:
        chain = node.chain
        suite = deploy_suite(chain)  # type: ignore[arg-type]
        charity, donor = key_of("charity"), key_of("donor")
        # the first gift of all opens words of storage that the later ones find
        suite.donations.receiveGift(_counted(suite, HUBEI), sender=charity)
        for name, mark in (("", earmark()), ("_for_a_province", HUBEI)):
            receipt = suite.donations.receiveGift(_counted(suite, mark), sender=charity)
            yield from act(
                f"donation.receive_offer_certify{name}", cost_of(chain, receipt), goal=ONE_GOAL
            )
            batch = [_counted(suite, mark) for _ in range(BATCH)]
            receipt = suite.donations.receiveGifts(batch, sender=charity)
            yield from act(
                f"donation.receive_offer_certify_in_ten{name}",
                cost_of(chain, receipt),
                goal=TEN_GOAL,
                each=BATCH,
            )
        for measured in (False, True):
            permit = permit_of(suite.currency, donor, suite.fund.address, 10 * UNIT)
            receipt = suite.donations.giveMoney(10 * UNIT, earmark(), permit, sender=donor)
            if measured:
                yield from act(
                    "donation.give_money_with_permit", cost_of(chain, receipt, signatures=1)
                )
    yield elsewhere("eas_attestation_five_fields", 297_129)
    yield elsewhere("giveth_donation_stores_nothing", 53_170)


def _counted(suite: Suite, mark: dict[str, Any]) -> dict[str, Any]:
    """A pledge of 100 masks, and what the charity counted of it: all are there."""
    now = suite.chain.now()
    terms = pledge(now, units=100, earmark=mark)
    told = suite.donations.pledge(terms, sender=key_of("donor")).event("GiftPledged")
    return count(
        told.args.gift,
        accepted=100,
        refused=0,
        missing=0,
        reason=bytes(32),
        offer_until=now + 20 * DAY,
    )
