"""Both kinds of chain, and on each a Probe, which has one of everything that an ABI can hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from aidline.artifacts import artifact
from aidline.client import Chain, Contract, RevmChain, Transaction
from aidline.client.abi import encode_constructor
from aidline.node import AnvilNode
from aidline.signing import Key

#: 22 January 2020, 00:00 UTC.
START = 1_579_651_200
ZERO = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Stand:
    """A chain with the access manager and two probes."""

    chain: Chain
    admin: Key
    access: Contract
    inner: Contract
    probe: Contract


def make(chain: Chain, name: str, sender: Key, *arguments: object) -> Contract:
    """Create a contract by a plain transaction."""
    made = artifact(name)
    code = made.bytecode + encode_constructor(made.abi, arguments, name)
    receipt = chain.send(Transaction(sender, None, code)).check()
    assert receipt.contract_address is not None
    return Contract(chain, name, receipt.contract_address, made.abi)


def stand_on(chain: Chain) -> Stand:
    """Create the access manager and two probes on a chain."""
    admin = Key.derive("sdk", "admin")
    access = make(chain, "AccessManager", admin, admin)
    inner = make(chain, "Probe", admin, access.address, ZERO, 0)
    probe = make(chain, "Probe", admin, access.address, inner.address, 0)
    return Stand(chain, admin, access, inner, probe)


@pytest.fixture(scope="session")
def node() -> Iterator[AnvilNode]:
    """An Anvil that mines when it is told to."""
    with AnvilNode(genesis_time=START) as running:
        yield running


@pytest.fixture(scope="session")
def common_node() -> Iterator[AnvilNode]:
    """An Anvil as others start it: it mines by itself, its clock runs, gas has a price."""
    with AnvilNode(manual=False, accounts=3) as running:
        yield running


@pytest.fixture(scope="session")
def revm_stand() -> Stand:
    return stand_on(RevmChain(timestamp=START))


@pytest.fixture(scope="session")
def node_stand(node: AnvilNode) -> Stand:
    return stand_on(node.chain)


@pytest.fixture(params=["revm", pytest.param("anvil", marks=pytest.mark.node)])
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    """A stand on each kind of chain, as if each test were the only one."""
    name = "revm_stand" if request.param == "revm" else "node_stand"
    found: Stand = request.getfixturevalue(name)
    snapshot = found.chain.snapshot()
    yield found
    found.chain.revert(snapshot)
