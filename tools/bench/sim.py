"""The simulation against the plainest way to send transactions, on the same node."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from eth_account import Account
from web3 import Web3

from aidline.node import AnvilNode
from aidline.sim.model import Model
from aidline.sim.prepare import prepare
from aidline.sim.records import SECONDS_A_DAY
from aidline.sim.scenario import load, scaled
from tools.bench.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
COPIES = 22  # more than 5,000 transactions
PLAIN = 300


def run() -> Iterator[Figure]:
    """Yield the figures of the simulation and of the two commands."""
    scenario = scaled(load("wuhan-2020"), COPIES)
    with AnvilNode(genesis_time=scenario.clock.first_day * SECONDS_A_DAY) as node:
        # The plain way first: a node grows slower with its chain.
        plain = _plain_transfers(node)
        began = time.perf_counter()
        record = Model(prepare(scenario), chain=node.chain).run().record
        seconds = time.perf_counter() - began
    rate = record["transactions"] / seconds
    yield Figure("sim.transactions", record["transactions"], "transactions", better="higher")
    yield Figure("sim.transactions_per_second", rate, "1/s", better="higher")
    yield Figure("sim.plain_transfers_per_second", plain, "1/s", better="higher")
    yield Figure("sim.ratio_to_plain", rate / plain, "x", better="higher")
    yield Figure("sim.demo_seconds", _seconds("demo"), "s", goal=60)
    yield Figure("sim.test_seconds", _seconds("test"), "s", goal=300)


def _plain_transfers(node: AnvilNode) -> float:
    """Send signed transfers one by one with web3.py: send, wait for the receipt, next."""
    w3 = Web3(Web3.HTTPProvider(node.rpc))
    sender, receiver = Account.create(), Account.create()
    w3.provider.make_request("anvil_setBalance", [sender.address, hex(10**21)])
    w3.provider.make_request("evm_setAutomine", [True])
    began = time.perf_counter()
    for _ in range(PLAIN):
        transfer = {
            "to": receiver.address,
            "value": 1,
            "nonce": w3.eth.get_transaction_count(sender.address),
            "gas": 21_000,
            "gasPrice": w3.eth.gas_price,
            "chainId": w3.eth.chain_id,
        }
        signed = sender.sign_transaction(transfer)
        w3.eth.wait_for_transaction_receipt(
            w3.eth.send_raw_transaction(signed.raw_transaction), poll_latency=0.001
        )
    rate = PLAIN / (time.perf_counter() - began)
    w3.provider.make_request("evm_setAutomine", [False])
    return rate


def _seconds(target: str) -> float:
    """Return how long a command takes once set-up is done."""
    environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    began = time.perf_counter()
    subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began
