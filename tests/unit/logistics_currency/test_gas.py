"""A transfer costs what OpenZeppelin's own ERC-20 costs: within a hundredth, on a real node."""

from __future__ import annotations

import pytest

from tools.bench.currency import GOAL, transfers

pytestmark = pytest.mark.node


def test_transfers_cost_no_more_than_openzeppelins() -> None:
    measured = transfers()
    assert len(measured) == 3
    for name, (own, plain) in measured.items():
        assert plain > 21_000
        assert own <= GOAL * plain, name
