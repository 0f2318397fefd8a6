"""A consignment of three legs, booked; its vehicles and crews have nothing else to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aidline.client import Contract, RevmChain
from tests.support.freight import Desk
from tests.support.suite import START, Suite, deploy_suite


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
def hours(suite: Suite) -> Contract:
    return suite.hours


@pytest.fixture
def consignment(desk: Desk) -> int:
    receipt = desk.book(desk.booking([desk.allocate()]))
    number: int = receipt.event("ConsignmentBooked").args.consignment
    return number
