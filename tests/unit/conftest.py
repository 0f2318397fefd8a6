"""The suite in the process, and the people; each test finds both as if it were the only one.

`suite` is deployed once; what a test or a fixture of function scope does is undone afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aidline.client import Contract, RevmChain
from aidline.signing import Key
from tests.support.people import key_of
from tests.support.suite import START, Suite, deploy_suite


@pytest.fixture(scope="session")
def suite() -> Suite:
    return deploy_suite(RevmChain(timestamp=START))


@pytest.fixture(autouse=True)
def isolation(suite: Suite) -> Iterator[None]:
    snapshot = suite.chain.snapshot()
    yield
    suite.chain.revert(snapshot)


@pytest.fixture
def chain(suite: Suite) -> RevmChain:
    return suite.chain


@pytest.fixture
def registry(suite: Suite) -> Contract:
    return suite.registry


@pytest.fixture
def ledger(suite: Suite) -> Contract:
    return suite.ledger


@pytest.fixture
def currency(suite: Suite) -> Contract:
    return suite.currency


@pytest.fixture
def reserve(suite: Suite) -> Contract:
    return suite.reserve


@pytest.fixture
def donor() -> Key:
    return key_of("donor")


@pytest.fixture
def second_donor() -> Key:
    return key_of("second_donor")


@pytest.fixture
def hospital() -> Key:
    return key_of("hospital")


@pytest.fixture
def second_hospital() -> Key:
    return key_of("second_hospital")


@pytest.fixture
def county_hospital() -> Key:
    return key_of("county_hospital")


@pytest.fixture
def charity() -> Key:
    return key_of("charity")


@pytest.fixture
def supplier() -> Key:
    return key_of("supplier")


@pytest.fixture
def carrier() -> Key:
    return key_of("carrier")


@pytest.fixture
def branch_carrier() -> Key:
    return key_of("branch_carrier")


@pytest.fixture
def terminal_carrier() -> Key:
    return key_of("terminal_carrier")


@pytest.fixture
def station_operator() -> Key:
    return key_of("station_operator")


@pytest.fixture
def auditor() -> Key:
    return key_of("auditor")


@pytest.fixture
def second_auditor() -> Key:
    return key_of("second_auditor")


@pytest.fixture
def third_auditor() -> Key:
    return key_of("third_auditor")


@pytest.fixture
def fourth_auditor() -> Key:
    return key_of("fourth_auditor")


@pytest.fixture
def solver() -> Key:
    return key_of("solver")


@pytest.fixture
def reporter_1() -> Key:
    return key_of("reporter_1")


@pytest.fixture
def reporter_2() -> Key:
    return key_of("reporter_2")


@pytest.fixture
def reporter_3() -> Key:
    return key_of("reporter_3")


@pytest.fixture
def reporter_4() -> Key:
    return key_of("reporter_4")


@pytest.fixture
def coordinator() -> Key:
    return key_of("coordinator")


@pytest.fixture
def arbiter() -> Key:
    return key_of("arbiter")


@pytest.fixture
def device() -> Key:
    return key_of("device")


@pytest.fixture
def second_device() -> Key:
    return key_of("second_device")


@pytest.fixture
def third_device() -> Key:
    return key_of("third_device")


@pytest.fixture
def stranger() -> Key:
    return key_of("stranger")


@pytest.fixture
def admin() -> Key:
    return key_of("admin")


@pytest.fixture
def registrar() -> Key:
    return key_of("registrar")


@pytest.fixture
def suspender() -> Key:
    return key_of("suspender")


@pytest.fixture
def reinstater() -> Key:
    return key_of("reinstater")


@pytest.fixture
def cataloguer() -> Key:
    return key_of("cataloguer")


@pytest.fixture
def pauser() -> Key:
    return key_of("pauser")


@pytest.fixture
def unpauser() -> Key:
    return key_of("unpauser")


@pytest.fixture
def planner() -> Key:
    return key_of("planner")
