"""The currency over reserves of several kinds; a saver who holds a million of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.people import key_of
from tests.support.suite import Rooms, Suite

MILLION = 10**12


@pytest.fixture
def saver() -> Key:
    return key_of("saver")


@pytest.fixture
def over(suite: Suite, saver: Key) -> Callable[..., tuple[Contract, Contract]]:
    """Deploy a reserve of the named kind and the currency over it."""

    def make(kind: str, *arguments: Any) -> tuple[Contract, Contract]:
        rooms = Rooms(suite.chain, creator=f"over {kind}")
        token = rooms.deploy(kind, *arguments)
        made = rooms.deploy("LogisticsCurrency", token.address)
        token.mint(saver.address, MILLION, sender=saver)
        token.approve(made.address, MILLION, sender=saver)
        return token, made

    return make


@pytest.fixture
def backed(reserve: Contract, currency: Contract) -> Iterator[None]:
    """INV-LGC-1 holds when the test is over."""
    yield
    assert currency.totalSupply() <= reserve.balanceOf(currency)
