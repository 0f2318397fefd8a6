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

#: Reserves of every kind: what each is made with, and what it says of its decimals.
KINDS: dict[str, tuple[str, tuple[Any, ...], int]] = {
    "standard": ("ReserveToken", (), 6),
    "coarse": ("PlainToken", (2,), 2),
    "fine": ("PlainToken", (18,), 18),
    "fee_on_transfer": ("FeeOnTransferToken", (100,), 18),
    "no_return_value": ("NoReturnToken", (), 18),
    "re_entering": ("ReenteringToken", (), 18),
}


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


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of reserve in turn."""
    name: str = request.param
    return name


@pytest.fixture
def places(kind: str) -> int:
    """The decimals that the currency over this kind has."""
    return KINDS[kind][2]


@pytest.fixture
def money(kind: str, over: Callable[..., tuple[Contract, Contract]], saver: Key) -> Contract:
    """The currency over a reserve of this kind; the saver has put in a hundred thousand."""
    name, arguments, _ = KINDS[kind]
    _, made = over(name, *arguments)
    made.depositFor(saver, 100_000, sender=saver)
    return made


@pytest.fixture
def backed(reserve: Contract, currency: Contract) -> Iterator[None]:
    """INV-LGC-1 holds when the test is over."""
    yield
    assert currency.totalSupply() <= reserve.balanceOf(currency)
