"""One deployment for all rule-driven tests; each run undoes what it did."""

from __future__ import annotations

import pytest

from aidline.client import RevmChain
from tests.invariant.machine import MARKS
from tests.support.people import key_of, word
from tests.support.suite import DAY, MASK, START, UNIT, Suite, deploy_suite
from tests.support.way import Way


@pytest.fixture(scope="session")
def suite() -> Suite:
    """Everything, with a plain key that stands for EmergencyResponse; who gives has approved."""
    known = {"EmergencyResponse": key_of("emergency_response").address}
    made = deploy_suite(RevmChain(timestamp=START), known=known)
    for name in ("donor", "second_donor", "charity"):
        made.currency.approve(made.fund.address, 10**9 * UNIT, sender=key_of(name))
    made.currency.approve(made.freight.address, 10**9 * UNIT, sender=key_of("hospital"))
    return made


@pytest.fixture(scope="session")
def way(suite: Suite) -> Way:
    return Way(suite)


@pytest.fixture(scope="session")
def releases(suite: Suite) -> tuple[int, ...]:
    """The charity may spend of each line."""
    made = []
    for mark in MARKS:
        told = suite.fund.release(
            word("plan-1"),
            mark,
            key_of("charity").address,
            10**9 * UNIT,
            suite.chain.now() + 9_999 * DAY,
            sender=key_of("emergency_response"),
        )
        made.append(told.event("MoneyReleased").args.release)
    return tuple(made)


@pytest.fixture(scope="session")
def recipe(suite: Suite) -> int:
    """Masks of masks, sterilised: at most nine in ten come out."""
    line = {"material": MASK, "units": 1}
    definition = {
        "maker": key_of("supplier").address,
        "yield_basis_points": 9_000,
        "inputs": [line],
        "outputs": [line],
    }
    told = suite.recipes.setRecipe(definition, sender=key_of("fourth_auditor"))
    number: int = told.event("RecipeSet").args.recipe
    return number
