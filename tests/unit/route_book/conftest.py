"""Two parcels of kits at the supplier's hub, and the way of three legs to the hospital's dock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, Receipt
from aidline.signing import Key
from tests.support.freight import Desk
from tests.support.freight_fixtures import desk, equipped, isolation, suite
from tests.support.routes import cargo, plan, rest, way
from tests.support.suite import Suite

__all__ = ["desk", "equipped", "isolation", "suite"]

Plan = dict[str, Any]


@pytest.fixture
def routes(suite: Suite) -> Contract:
    return suite.routes


@pytest.fixture
def network(suite: Suite) -> Contract:
    return suite.network


@pytest.fixture
def parcels(desk: Desk) -> list[int]:
    return [rest(desk), rest(desk)]


@pytest.fixture
def sound(desk: Desk, parcels: list[int]) -> Plan:
    """A plan in which two cargoes share each vehicle."""
    return plan([cargo(desk, parcel) for parcel in parcels], way(desk, cargoes=2))


@pytest.fixture
def commit(routes: Contract, solver: Key) -> Callable[..., Receipt]:
    """Commits a plan as the solver, or as somebody else."""

    def send(plan: Plan, sender: Key = solver) -> Receipt:
        receipt: Receipt = routes.commit(plan, sender=sender)
        return receipt

    return send


@pytest.fixture
def allocation(desk: Desk) -> int:
    """A thousand kits for the hospital, at the supplier's hub."""
    return desk.allocate()
