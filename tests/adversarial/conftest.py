"""Stations, vehicles and a full purse for everybody; each test begins there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aidline.client import RevmChain
from tests.support.freight import Desk
from tests.support.suite import START, deploy_suite


@pytest.fixture(scope="session")
def equipped() -> Desk:
    desk = Desk(deploy_suite(RevmChain(timestamp=START)))
    desk.build()
    return desk


@pytest.fixture
def desk(equipped: Desk) -> Iterator[Desk]:
    snapshot = equipped.chain.snapshot()
    yield equipped
    equipped.chain.revert(snapshot)
