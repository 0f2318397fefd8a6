"""Auditors' words on a carrier of Hubei."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract
from aidline.messages import CarrierAttestation
from aidline.model import Paper, Verdict
from tests.support.people import key_of, word
from tests.support.suite import DAY, Suite


@pytest.fixture
def audit(suite: Suite) -> Contract:
    return suite.carriers


@pytest.fixture
def word_of(audit: Contract) -> Callable[..., CarrierAttestation]:
    """What an auditor signs of the branch carrier's licence, with some fields changed."""

    def made(auditor: str = "auditor", **changes: Any) -> CarrierAttestation:
        account = key_of(auditor).address
        fields: dict[str, Any] = {
            "auditor": account,
            "carrier": key_of("branch_carrier").address,
            "paper": Paper.LICENCE,
            "verdict": Verdict.ATTESTED,
            "document": word("licence 2020"),
            "valid_until": audit.chain.now() + 30 * DAY,
            "nonce": audit.nonces(account),
            "deadline": audit.chain.now() + DAY,
        }
        return CarrierAttestation(**(fields | changes))

    return made
