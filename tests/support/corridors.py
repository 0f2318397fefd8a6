"""Standing agreements in the tests."""

from __future__ import annotations

from typing import Any

from aidline import messages as m
from aidline.client import Receipt
from aidline.signing import Key
from tests.support.people import domain_of, key_of, word
from tests.support.suite import DAY, START, UNIT, Suite

__all__ = ["agreement", "authorise"]


def agreement(lead: Key, **changes: Any) -> m.Agreement:
    """Return what a lead and the coordinator agree on about Guangdong to Hubei, changed."""
    fields: dict[str, Any] = {
        "lead": lead.address,
        "coordinator": key_of("coordinator").address,
        "from_": word("CN-GD"),
        "to": word("CN-HB"),
        "start": START,
        "end": START + 30 * DAY,
        "per_load": 100 * UNIT,
        "per_unit": 2,
        "per_kilometre": UNIT,
        "salt": word("agreement 1"),
        "deadline": START + DAY,
    }
    return m.Agreement(**(fields | changes))


def authorise(suite: Suite, lead: Key, sender: str = "stranger", **changes: Any) -> Receipt:
    """Let both sign an agreement, and somebody submit it."""
    terms, domain = agreement(lead, **changes), domain_of(suite.corridors)
    receipt: Receipt = suite.corridors.authorise(
        terms,
        terms.sign(key_of("coordinator"), domain),
        terms.sign(lead, domain),
        sender=key_of(sender),
    )
    return receipt
