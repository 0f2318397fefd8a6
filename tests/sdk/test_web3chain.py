"""A node that is not ours: an Anvil as anybody starts it, which mines by itself.

A batch takes effect in its order, and automatic mining goes on afterwards
A single transaction is estimated, sent and awaited
├── foreseen to revert: the decoded error, nothing sent
└── from an account without funds: how much it holds; nothing sent
Somebody else using the same account: a nonce taken meanwhile is noticed
A node that cannot set its clock: exit status 2 in one line
Logs of too many blocks at once: asked for in parts
Web3.py on the same node
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aidline.client import Contract, Transaction, Web3Chain
from aidline.errors import (
    ClockProblem,
    ContractReverted,
    InsufficientFunds,
    RpcError,
    RpcUnreachable,
)
from aidline.node import AnvilNode
from aidline.signing import Key
from tests.sdk.conftest import ZERO, make

pytestmark = pytest.mark.node

#: Anvil's first account, from its well-known words.
RICH = Key(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
ETHER = 10**18


@pytest.fixture
def chain(common_node: AnvilNode) -> Iterator[Web3Chain]:
    made = Web3Chain(common_node.rpc)
    yield made
    made.close()


@pytest.fixture
def probe(chain: Web3Chain) -> Contract:
    return make(chain, "Probe", RICH, ZERO, ZERO, 0)


@pytest.fixture
def people(chain: Web3Chain) -> list[Key]:
    found = [Key.derive("web3chain", f"person {n}") for n in range(5)]
    chain.send_many([Transaction(RICH, key.address, value=ETHER) for key in found])
    return found


def test_a_batch_takes_effect_in_its_order(
    chain: Web3Chain, probe: Contract, people: list[Key]
) -> None:
    batch = [
        probe.transaction("countFrom", n, sender=people[n * n % 5], gas=100_000) for n in range(300)
    ]
    receipts = chain.send_many(batch)
    assert [receipt.status for receipt in receipts] == [1] * 300
    assert probe.count() == 300
    assert chain.rpc.request("anvil_getAutomine") is True


def test_automatic_mining_goes_on_after_a_failure(chain: Web3Chain, probe: Contract) -> None:
    poor = Key.derive("web3chain", "poor")
    with pytest.raises(InsufficientFunds, match="holds 0 wei"):
        chain.send_many([probe.transaction("countFrom", 0, sender=poor)])
    assert chain.rpc.request("anvil_getAutomine") is True
    assert probe.countFrom(0, sender=RICH).status == 1


def test_one_transaction_is_estimated_and_awaited(chain: Web3Chain, probe: Contract) -> None:
    receipt = probe.countFrom(0, sender=RICH)
    assert receipt.status == 1
    assert receipt.timestamp == chain.block_time(receipt.block_number)
    assert chain.gas_price() > 0
    expected = chain.estimate(probe.transaction("countFrom", 1, sender=RICH))
    assert 21_000 < expected < 60_000


def test_a_foreseen_revert_is_not_sent(chain: Web3Chain, probe: Contract) -> None:
    nonce = chain.nonce(RICH.address)
    with pytest.raises(ContractReverted, match=r"Probe\.countFrom reverted: TooMany") as caught:
        probe.countFrom(7, sender=RICH)
    assert caught.value.tx_hash is None
    assert chain.nonce(RICH.address) == nonce


def test_a_revert_that_was_mined_is_decoded(chain: Web3Chain, probe: Contract) -> None:
    with pytest.raises(ContractReverted, match=r"TooMany\(given=0, most=7\)") as caught:
        probe.countFrom(7, sender=RICH, gas=100_000)
    assert caught.value.tx_hash is not None


def test_an_account_without_funds_is_named(chain: Web3Chain) -> None:
    poor = Key.derive("web3chain", "poor")
    with pytest.raises(InsufficientFunds, match=f"account {poor.address} holds 0 wei"):
        chain.send(Transaction(poor, RICH.address, value=1))


def test_a_nonce_that_somebody_else_took_is_noticed(common_node: AnvilNode) -> None:
    key = Key.derive("web3chain", "shared")
    one, other = Web3Chain(common_node.rpc), Web3Chain(common_node.rpc)
    one.send(Transaction(RICH, key.address, value=ETHER))
    assert one.send(Transaction(key, RICH.address, value=1)).status == 1
    assert other.send(Transaction(key, RICH.address, value=1)).status == 1
    assert one.send(Transaction(key, RICH.address, value=1)).status == 1
    assert one.nonce(key.address) == 3
    one.close()
    other.close()


def test_a_clock_that_cannot_be_set_is_a_problem_of_the_environment(
    chain: Web3Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = chain.rpc.request

    def request(method: str, *params: Any) -> Any:
        if method.startswith("evm_"):
            raise RpcError(method, -32601, "method not found")
        return ask(method, *params)

    monkeypatch.setattr(chain.rpc, "request", request)
    with pytest.raises(ClockProblem, match="could not be set") as caught:
        chain.set_time(chain.now() + 86_400)
    assert caught.value.exit_status == 2
    monkeypatch.setattr(chain, "_client", "besu/v24")
    with pytest.raises(ClockProblem, match=r"besu/v24\) cannot pass 86400 seconds at will"):
        chain.set_time(chain.now() + 86_400)
    assert not chain.clock_can_be_set


def test_logs_of_too_many_blocks_are_asked_for_in_parts(
    chain: Web3Chain, probe: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = {
        "id": 7,
        "mood": 1,
        "content_hash": bytes(32),
        "label": "",
        "points": [],
        "owner": ZERO,
        "raw": b"",
        "last": (0, 0),
        "triple": [0, 0, 0],
    }
    for _ in range(9):
        probe.note(track, sender=RICH)
    expected = chain.logs([probe.address])
    assert len(expected) == 1 + 18  # its authority, and two for each note
    ask = chain.rpc.request
    asked = []

    def request(method: str, *params: Any) -> Any:
        if method == "eth_getLogs":
            blocks = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
            asked.append(blocks)
            if blocks > 3:
                raise RpcError(method, -32005, "query returned more than 10000 results")
        return ask(method, *params)

    monkeypatch.setattr(chain.rpc, "request", request)
    assert chain.logs([probe.address]) == expected
    assert max(asked) > 3


def test_a_node_that_goes_away_is_one_clear_line() -> None:
    with AnvilNode() as node:
        chain = Web3Chain(node.rpc)
        assert chain.block_number() == 0
    with pytest.raises(RpcUnreachable, match="nothing answers at"):
        chain.block_number()


def test_web3_speaks_to_the_same_node(chain: Web3Chain) -> None:
    assert chain.w3.eth.chain_id == chain.chain_id()
    assert chain.w3.eth.get_balance(RICH.address) == chain.balance(RICH.address)
