"""An indicator defined, four reporters of whom one may fail, a series opened."""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.emergency import CASES, REPORTERS, indicator
from tests.support.people import word
from tests.support.suite import Suite


@pytest.fixture
def oracle(suite: Suite) -> Contract:
    return suite.oracle


@pytest.fixture
def defined(oracle: Contract, planner: Key) -> Contract:
    """The oracle with one indicator."""
    oracle.defineIndicator(CASES, indicator(), sender=planner)
    return oracle


@pytest.fixture
def manned(defined: Contract, planner: Key) -> Contract:
    """The oracle with an indicator and four reporters."""
    defined.setReporters([reporter.address for reporter in REPORTERS], 1, sender=planner)
    return defined


@pytest.fixture
def opened(manned: Contract, stranger: Key) -> Contract:
    """The oracle ready for figures of Hubei."""
    manned.openFeed(CASES, word("CN-HB"), sender=stranger)
    return manned
