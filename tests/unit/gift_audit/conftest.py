"""A gift received, and auditors for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract
from aidline.messages import LotAttestation
from aidline.model import Verdict
from aidline.signing import Key
from tests.support.gifts import count, pledge
from tests.support.people import key_of, word
from tests.support.suite import DAY, Suite


@pytest.fixture
def audit(suite: Suite) -> Contract:
    return suite.audit


@pytest.fixture
def donations(suite: Suite) -> Contract:
    return suite.donations


@pytest.fixture
def pledged(donations: Contract, donor: Key) -> int:
    terms = pledge(donations.chain.now())
    gift: int = donations.pledge(terms, sender=donor).event("GiftPledged").args.gift
    return gift


@pytest.fixture
def received(donations: Contract, charity: Key, pledged: int) -> int:
    donations.receiveGift(count(pledged), sender=charity)
    return pledged


@pytest.fixture
def word_of(audit: Contract, donations: Contract) -> Callable[..., LotAttestation]:
    """What an auditor signs of a gift, with some fields changed."""

    def made(gift: int, auditor: str = "auditor", **changes: Any) -> LotAttestation:
        record = donations.gift(gift)
        account = key_of(auditor).address
        fields: dict[str, Any] = {
            "auditor": account,
            "gift": gift,
            "lot": record.lot,
            "head": record.head,
            "verdict": Verdict.ATTESTED,
            "evidence": word("report 1"),
            "nonce": audit.nonces(account),
            "deadline": donations.chain.now() + DAY,
        }
        return LotAttestation(**(fields | changes))

    return made
