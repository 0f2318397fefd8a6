"""`aidline node` and `aidline deploy`, as a user calls them.

A chain
├── is up until Ctrl-C or SIGTERM, says where, keeps its state and goes on from it
├── has accounts with money, and a clock that runs
└── whose process dies is said in one line
A deployment
├── in advance says every step and its cost, and sends nothing
├── makes everything, leaves the account without power, and writes its file; again it does nothing
├── that was killed half-way has no deployment file, and goes on where it stopped
├── is not written among those that are kept when the chain is a local one
└── elsewhere must be told who governs
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from aidline.client import Aidline, Web3Chain
from aidline.deploy import Deployment
from aidline.files import check_schema
from aidline.node import AnvilNode
from tests.integration.conftest import RICH
from tests.support.cli import aidline, begun, gone, one_line

pytestmark = [pytest.mark.node, pytest.mark.slow]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


# -- a chain


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_chain_keeps_its_state_when_it_is_ended(tmp_path: Path, number: int, status: int) -> None:
    state, result = tmp_path / "kept" / "chain.state", tmp_path / "node.json"
    with begun("node", "--port", 0, "--state", state, "--json", result) as node:
        assert "Ctrl-C" in node.until("chain 31337 at http://127.0.0.1:")
        known = read(result)
        check_schema(known, "node")
        chain = Web3Chain(known["rpc"])
        assert chain.balance(RICH.address) > 10**20
        assert abs(chain.now() - time.time()) < 60
        chain.rpc.request("anvil_setBalance", "0x" + "77" * 20, hex(77))
        chain.rpc.request("evm_mine")
        height = chain.block_number()
        assert not state.exists()
        node.signal(number, group=number == signal.SIGINT)
        ended = node.end()
    assert ended.status == status
    assert "state kept" in ended.out
    assert ended.err == ""
    assert gone(ended.mark)
    with begun("node", "--port", 0, "--state", state, "--json", result) as node:
        node.until("chain 31337")
        again = Web3Chain(read(result)["rpc"])
        assert again.balance("0x" + "77" * 20) == 77
        assert again.block_number() >= height
        node.signal(signal.SIGINT, group=True)
        assert node.end().status == 0


def test_a_chain_that_dies_is_said_in_one_line(tmp_path: Path) -> None:
    with begun("node", "--port", 0) as node:
        node.until("chain 31337")
        for pid in node.children():
            os.kill(pid, signal.SIGKILL)
        ended = node.end()
    one_line(ended, "ended by itself")


# -- a deployment


def test_in_advance_it_says_every_step_and_sends_nothing(
    running: AnvilNode, rich: Path, tmp_path: Path
) -> None:
    before = running.chain.nonce(RICH.address)
    ended = aidline(
        *("deploy", "--rpc", running.rpc, "--account", rich, "--dry-run"),
        *("--out", tmp_path / "made.json", "--json", tmp_path / "plan.json"),
    )
    assert (ended.status, ended.err) == (0, "")
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    plan = read(tmp_path / "plan.json")
    check_schema(plan, "deployment-plan")
    assert not any(step["done"] for step in plan["steps"])
    assert plan["gas"] == sum(step["gas"] for step in plan["steps"])
    assert int(plan["cost"]) == plan["gas"] * int(plan["gas_price"])
    for step in plan["steps"]:
        assert step["name"] in ended.out
    assert running.chain.nonce(RICH.address) == before
    assert {path.name for path in tmp_path.iterdir()} == {"plan.json"}


def test_it_makes_everything_and_again_it_does_nothing(
    running: AnvilNode, rich: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made.json"
    deploy = ("deploy", "--rpc", running.rpc, "--account", rich, "--out", made)
    ended = aidline(*deploy, "--json", tmp_path / "result.json")
    assert (ended.status, ended.err) == (0, "")
    check_schema(read(made), "deployment")
    assert read(made) == read(tmp_path / "result.json")
    assert {path.name for path in tmp_path.iterdir()} == {"made.json", "result.json"}
    aid = Aidline(running.chain, Deployment.load(made))
    assert aid.freight.consignmentCount() == 0
    for number, _ in aid.deployment.roles.values():
        assert not aid.access.hasRole(number, RICH.address).is_member
    before = running.chain.nonce(RICH.address), made.read_bytes()
    again = aidline(*deploy)
    assert again.status == 0
    assert (running.chain.nonce(RICH.address), made.read_bytes()) == before


def test_killed_half_way_it_goes_on_where_it_stopped(
    running: AnvilNode, rich: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made.json"
    deploy = ("deploy", "--rpc", running.rpc, "--account", rich, "--out", made)
    before = running.chain.nonce(RICH.address)
    with begun(*deploy) as broken:
        broken.until("[6/")
        broken.signal(signal.SIGKILL)
        broken.end()
    assert not made.exists()
    sent = running.chain.nonce(RICH.address) - before
    assert sent > 0
    ended = aidline(*deploy)
    assert ended.status == 0, ended.err
    check_schema(read(made), "deployment")
    assert {path.name for path in tmp_path.iterdir()} == {"made.json"}
    steps = int(ended.out.splitlines()[0].partition("/")[2].partition("]")[0])
    assert running.chain.nonce(RICH.address) - before == steps
    Aidline(running.chain, Deployment.load(made))


def test_a_local_chain_is_not_written_among_those_that_are_kept(
    running: AnvilNode, rich: Path, tmp_path: Path
) -> None:
    (tmp_path / "brownie-config.yaml").write_text("", encoding="utf-8")
    before = running.chain.nonce(RICH.address)
    one_line(
        aidline(
            *("deploy", "--rpc", running.rpc, "--account", rich),
            *("--out", "deployments/31337.json"),
            cwd=tmp_path,
        ),
        "local chain",
        "deployments/31337.json",
    )
    assert running.chain.nonce(RICH.address) == before
    assert {path.name for path in tmp_path.iterdir()} == {"brownie-config.yaml"}
    ended = aidline("deploy", "--rpc", running.rpc, "--account", rich, cwd=tmp_path)
    assert ended.status == 0, ended.err
    assert not (tmp_path / "deployments").exists()
    assert (tmp_path / "reports" / "deployments" / "31337.json").is_file()


def test_elsewhere_it_must_be_told_who_governs(rich: Path, tmp_path: Path) -> None:
    with AnvilNode(manual=False, accounts=1, chain_id=4242) as node:
        ended = aidline("deploy", "--rpc", node.rpc, "--account", rich, cwd=tmp_path)
    one_line(ended, "chain 4242", "--config")
    assert list(tmp_path.iterdir()) == []
