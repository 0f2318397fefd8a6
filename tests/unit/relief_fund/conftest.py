"""A fund with money and a release; a plain key stands for EmergencyResponse, all else is real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import EarmarkKind
from aidline.signing import Key
from tests.support.gifts import NO_PERMIT, earmark
from tests.support.people import key_of, word
from tests.support.suite import DAY, START, UNIT, Suite, deploy_suite
from tests.support.way import Way

HUBEI = earmark(EarmarkKind.REGION, "CN-HB")
PLAN = word("plan-1")


@pytest.fixture(scope="session")
def suite() -> Suite:
    response = key_of("emergency_response").address
    return deploy_suite(RevmChain(timestamp=START), known={"EmergencyResponse": response})


@pytest.fixture
def emergency_response() -> Key:
    return key_of("emergency_response")


@pytest.fixture
def fund(suite: Suite) -> Contract:
    return suite.fund


@pytest.fixture
def give(suite: Suite) -> Callable[..., int]:
    """Gives money through the registry of donations; returns the fund's number of the gift."""

    def given(amount: int, mark: dict[str, Any] = HUBEI, name: str = "donor") -> int:
        giver = key_of(name)
        suite.currency.approve(suite.fund.address, amount, sender=giver)
        receipt = suite.donations.giveMoney(amount, mark, NO_PERMIT, sender=giver)
        gift: int = receipt.event("MoneyReceived").args.gift
        return gift

    return given


@pytest.fixture
def hubei(fund: Contract) -> bytes:
    """The line of gifts for Hubei."""
    line: bytes = fund.lineOf(HUBEI)
    return line


@pytest.fixture
def way(suite: Suite) -> Way:
    return Way(suite)


@pytest.fixture
def released(
    fund: Contract, emergency_response: Key, charity: Key, chain: RevmChain
) -> Callable[..., int]:
    """Releases money of a line to the charity; returns the release."""

    def release(
        mark: dict[str, Any] = HUBEI, ceiling: int = 1_000 * UNIT, until: int | None = None
    ) -> int:
        end = chain.now() + 60 * DAY if until is None else until
        receipt = fund.release(PLAN, mark, charity.address, ceiling, end, sender=emergency_response)
        number: int = receipt.event("MoneyReleased").args.release
        return number

    return release


@pytest.fixture
def suspended(suite: Suite, suspender: Key) -> Callable[[Key], None]:
    """Suspends somebody."""

    def suspend(person: Key) -> None:
        suite.registry.suspend(person.address, word("test"), sender=suspender)

    return suspend
