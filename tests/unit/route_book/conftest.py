"""Two parcels of kits at the supplier's hub, and the way of three legs to the hospital's dock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aidline.client import Contract, Receipt, RevmChain
from aidline.signing import Key
from tests.support.freight import Desk
from tests.support.routes import cargo, plan, rest, way
from tests.support.suite import START, Suite, deploy_suite

Plan = dict[str, Any]


@pytest.fixture(scope="session")
def suite() -> Suite:
    return deploy_suite(RevmChain(timestamp=START))


@pytest.fixture(scope="session")
def equipped(suite: Suite) -> Desk:
    desk = Desk(suite)
    desk.build()
    return desk


@pytest.fixture(autouse=True)
def isolation(equipped: Desk) -> Iterator[None]:
    snapshot = equipped.chain.snapshot()
    yield
    equipped.chain.revert(snapshot)


@pytest.fixture
def desk(equipped: Desk) -> Desk:
    return equipped


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
