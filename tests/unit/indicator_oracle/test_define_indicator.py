"""IndicatorOracle.defineIndicator.

when the caller is not the keeper ............. refused
when the indicator has no id, no maximum, or too many decimals .. refused
when the id is taken .......................... refused
when it is new ................................ kept as given
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.emergency import CASES, indicator
from tests.support.reverts import reverts


def test_keeps_the_definition(oracle: Contract, planner: Key) -> None:
    receipt = oracle.defineIndicator(CASES, indicator(decimals=2), sender=planner)
    assert receipt.event("IndicatorDefined").args.indicator == CASES
    kept = oracle.indicator(CASES)
    assert (kept.defined, kept.decimals, kept.accumulating) == (True, 2, True)
    assert kept.maximum == 1_000_000


def test_reverts_when_the_caller_is_not_the_keeper(oracle: Contract, stranger: Key) -> None:
    with reverts("AccessManagedUnauthorized", caller=stranger):
        oracle.defineIndicator(CASES, indicator(), sender=stranger)


def test_reverts_when_the_id_is_taken(defined: Contract, planner: Key) -> None:
    with reverts("IndicatorExists", indicator=CASES):
        defined.defineIndicator(CASES, indicator(), sender=planner)


@pytest.mark.parametrize(
    ("id_", "changes"), [(bytes(32), {}), (CASES, {"maximum": 0}), (CASES, {"decimals": 19})]
)
def test_reverts_when_it_could_never_be_used(
    oracle: Contract, planner: Key, id_: bytes, changes: dict[str, Any]
) -> None:
    with reverts("BadIndicator", indicator=id_):
        oracle.defineIndicator(id_, indicator(**changes), sender=planner)
