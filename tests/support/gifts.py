"""Gifts in kind and in money, as the tests give them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aidline.client import Contract
from aidline.messages import Permit
from aidline.model import EarmarkKind, Otherwise
from aidline.signing import Key
from tests.support.people import domain_of, key_of, word
from tests.support.suite import DAY, MASK

__all__ = ["NO_PERMIT", "count", "earmark", "permit_of", "pledge", "units_of"]

#: Stands where no permit rides along.
NO_PERMIT = {"value": 0, "deadline": 0, "v": 0, "r": bytes(32), "s": bytes(32)}


def permit_of(currency: Contract, owner: Key, spender: str, value: int) -> dict[str, Any]:
    """Return the owner's permit as the contracts take it, good for a day."""
    deadline = currency.chain.now() + DAY
    message = Permit(owner.address, spender, value, currency.nonces(owner.address), deadline)
    signature = message.sign(owner, domain_of(currency))
    return {
        "value": value,
        "deadline": deadline,
        "v": signature[64],
        "r": signature[:32],
        "s": signature[32:64],
    }


def earmark(kind: EarmarkKind = EarmarkKind.NONE, scope: str = "") -> dict[str, Any]:
    """Return an earmark."""
    return {"kind": kind, "scope": word(scope)}


def pledge(now: int, **changes: Any) -> dict[str, Any]:
    """Return a pledge of 2,000 masks for Hubei through the charity, with some fields changed."""
    return {
        "material": MASK,
        "units": 2_000,
        "unit_value": 250,
        "value_currency": b"CNY",
        "intermediary": key_of("charity").address,
        "deadline": now + 7 * DAY,
        "earmark": earmark(EarmarkKind.REGION, "CN-HB"),
        "demand": 0,
        "otherwise": Otherwise.NULL,
        "commitment": bytes(32),
        "origin": "Guangzhou, lot 7",
    } | changes


def count(gift: int, **changes: Any) -> dict[str, Any]:
    """Return what the charity counted of that pledge, with some fields changed."""
    return {
        "gift": gift,
        "accepted": 1_900,
        "refused": 60,
        "missing": 40,
        "reason": word("wet boxes"),
        "expiry": 0,
        "station": 3,
        "evidence": word("count 1"),
        "offer_until": 0,
    } | changes


def units_of(fate: Any) -> dict[str, int]:
    """Return the units of a fate by state."""
    return asdict(fate)
