"""SuiteFactory.close().

when the caller is not the deployer: reverts with NotDeployer
when it is closed already: reverts with FactoryIsClosed
otherwise: nothing more can be made; emits FactoryClosed
"""

from __future__ import annotations

import pytest

from aidline.artifacts import artifact
from aidline.client import Contract, RevmChain, Transaction
from aidline.signing import Key
from tests.support.reverts import reverts


@pytest.fixture
def factory(chain: RevmChain, admin: Key) -> Contract:
    made = artifact("SuiteFactory")
    receipt = chain.send(Transaction(admin, None, made.bytecode)).check()
    assert receipt.contract_address is not None
    return Contract(chain, "SuiteFactory", receipt.contract_address, made.abi)


def test_reverts_when_caller_is_not_the_deployer(factory: Contract, stranger: Key) -> None:
    with reverts("NotDeployer", caller=stranger):
        factory.close(sender=stranger)
    assert not factory.closed()


def test_reverts_when_closed_already(factory: Contract, admin: Key) -> None:
    factory.close(sender=admin)
    with reverts("FactoryIsClosed"):
        factory.close(sender=admin)


def test_ends_the_making_of_contracts(factory: Contract, admin: Key) -> None:
    assert (factory.closed(), factory.deployer()) == (False, admin.address)
    receipt = factory.close(sender=admin)
    assert factory.closed()
    assert receipt.event("FactoryClosed").args.deployer == admin.address
