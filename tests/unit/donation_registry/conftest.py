"""Gifts: pledged, received, given in money."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.signing import Key
from tests.support.gifts import NO_PERMIT, count, earmark, pledge
from tests.support.people import word
from tests.support.suite import UNIT, Suite


@pytest.fixture
def donations(suite: Suite) -> Contract:
    return suite.donations


@pytest.fixture
def fund(suite: Suite) -> Contract:
    return suite.fund


@pytest.fixture
def pledged(donations: Contract, chain: RevmChain, donor: Key) -> int:
    """2,000 masks for Hubei through the charity."""
    receipt = donations.pledge(pledge(chain.now()), sender=donor)
    gift: int = receipt.event("GiftPledged").args.gift
    return gift


@pytest.fixture
def received(donations: Contract, charity: Key, pledged: int) -> int:
    """Of these 1,900 were accepted, 60 refused, 40 missing."""
    donations.receiveGift(count(pledged), sender=charity)
    return pledged


@pytest.fixture
def money(donations: Contract, currency: Contract, fund: Contract, donor: Key) -> int:
    """100 given in money, for nobody in particular."""
    currency.approve(fund.address, 100 * UNIT, sender=donor)
    receipt = donations.giveMoney(100 * UNIT, earmark(), NO_PERMIT, sender=donor)
    gift: int = receipt.event("MoneyGiven").args.gift
    return gift


@pytest.fixture
def suspended(suite: Suite, suspender: Key) -> Callable[[Key], None]:
    """Suspends somebody."""

    def suspend(person: Key) -> None:
        suite.registry.suspend(person.address, word("test"), sender=suspender)

    return suspend
