"""Gas of the currency's transfer beside that of OpenZeppelin's own ERC-20, in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aidline.client import Contract
from aidline.node import AnvilNode
from tests.support.people import key_of
from tests.support.suite import Rooms
from tools.bench.figures import Figure

__all__ = ["run", "transfers"]

#: How much more than OpenZeppelin's a transfer may take.
GOAL = 1.01
AMOUNT = 10**6


def run() -> Iterator[Figure]:
    """Yield gas of a transfer to somebody new and to a holder, of theirs, and the ratios."""
    for name, (own, plain) in transfers().items():
        yield Figure(f"currency.{name}", own, "gas")
        yield Figure(f"currency.{name}.openzeppelin", plain, "gas")
        yield Figure(f"currency.{name}.ratio_to_openzeppelin", own / plain, "x", goal=GOAL)


def transfers() -> dict[str, tuple[int, int]]:
    """Return the gas of each transfer: the currency's, and that of OpenZeppelin's ERC-20."""
    saver = key_of("saver")
    with AnvilNode() as node:
        rooms: Any = Rooms(node.chain)  # type: ignore[arg-type]
        reserve = rooms.deploy("ReserveToken")
        currency = rooms.deploy("LogisticsCurrency", reserve.address)
        plain = rooms.deploy("PlainToken", 6)
        reserve.mint(saver, 10 * AMOUNT, sender=saver)
        reserve.approve(currency, 10 * AMOUNT, sender=saver)
        currency.depositFor(saver, 10 * AMOUNT, sender=saver)
        plain.mint(saver, 10 * AMOUNT, sender=saver)
        own, others = _gas(currency), _gas(plain)
    return {name: (own[name], others[name]) for name in own}


def _gas(token: Contract) -> dict[str, int]:
    saver, friend = key_of("saver"), key_of("friend")
    token.approve(friend, 5 * AMOUNT, sender=saver)
    return {
        "transfer_to_somebody_new": token.transfer(friend, AMOUNT, sender=saver).gas_used,
        "transfer_to_a_holder": token.transfer(friend, AMOUNT, sender=saver).gas_used,
        "transfer_from": token.transferFrom(saver, friend, AMOUNT, sender=friend).gas_used,
    }
