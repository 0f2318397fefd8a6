"""An Anvil of our own.

It starts on a free port at the time asked for, and mines only when told to
Another program's port is refused in one line; its own are given out twice to nobody
It ends
├── with the block, also when that fails
├── when the command gets Ctrl-C, SIGTERM or SIGHUP
└── when the command is killed
Its state
├── is written whole, and a node that starts from it goes on: blocks, logs, storage, clock
└── that is missing or none is one line that names the file
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aidline.client import Contract
from aidline.errors import EnvironmentProblem, InputError, PortOccupied
from aidline.node import AnvilNode, find_anvil
from aidline.signing import Key
from tests.sdk.conftest import START, stand_on

pytestmark = pytest.mark.node
DONOR = Key.derive("sdk", "donor")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def ends_soon(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_starts_at_the_time_and_ends_with_the_block() -> None:
    with AnvilNode(genesis_time=START) as node:
        pid = node.pid
        assert node.chain.now() == START
        assert node.chain.chain_id() == 31337
        assert node.rpc == f"http://127.0.0.1:{node.port}"
    assert not is_alive(pid)
    with pytest.raises(EnvironmentProblem, match="not running"):
        node.chain.now()


def test_ends_when_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), AnvilNode() as node:
        pid = node.pid
        raise ZeroDivisionError
    assert not is_alive(pid)


def test_two_nodes_do_not_meet() -> None:
    with AnvilNode(genesis_time=START) as one, AnvilNode(genesis_time=START + 9) as two:
        assert one.port != two.port
        assert (one.chain.now(), two.chain.now()) == (START, START + 9)


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortOccupied, match=f"port {port} is taken") as caught:
            AnvilNode(port=port).__enter__()
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)
    with AnvilNode(port=port) as node:
        assert node.port == port


@pytest.mark.parametrize("port", [-1, 0, 65_536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(InputError, match="is not a port"):
        AnvilNode(port=port).__enter__()


COMMAND = """
import sys, time
from aidline.node import AnvilNode
with AnvilNode() as node:
    print(node.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=str
)
@pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL is survived by a child elsewhere")
def test_ends_when_its_command_does(number: signal.Signals) -> None:
    root = Path(__file__).resolve().parent.parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as command:
        assert command.stdout is not None
        pid = int(command.stdout.readline())
        assert is_alive(pid)
        command.send_signal(number)
        command.wait(timeout=10)
        assert ends_soon(pid)


def test_a_state_goes_on_where_it_stood(tmp_path: Path) -> None:
    file = tmp_path / "a folder" / "chain.state"
    with AnvilNode(genesis_time=START) as node:
        stand = stand_on(node.chain)
        node.chain.set_time(START + 1_000)
        stand.probe.countFrom(0, sender=DONOR)
        block, logs = node.chain.block_number(), node.chain.logs()
        node.dump_state(file)
    assert [path.name for path in file.parent.iterdir()] == ["chain.state"]
    for _ in range(2):  # reading does not change the file
        with AnvilNode(state=file) as node:
            probe = Contract(node.chain, "Probe", stand.probe.address, stand.probe.abi)
            assert node.chain.logs() == logs
            assert len(logs) == 3
            assert (node.chain.block_number(), node.chain.now()) == (block, START + 1_000)
            assert node.chain.block_time(1) == START
            assert probe.count() == 1
            receipt = probe.countFrom(1, sender=DONOR)
            assert (receipt.block_number, receipt.timestamp) == (block + 1, START + 1_000)


def test_a_common_node_goes_on_with_the_clock_of_its_state(tmp_path: Path) -> None:
    file = tmp_path / "chain.state"
    with AnvilNode(genesis_time=START) as node:
        stand_on(node.chain)
        node.dump_state(file)
    with AnvilNode(state=file, manual=False, accounts=1) as node:
        node.chain.rpc.request("evm_mine")
        assert START <= node.chain.now() < START + 60


def test_a_state_that_is_missing_or_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.state: there is no such file"):
        AnvilNode(state=tmp_path / "absent.state").__enter__()
    bad = tmp_path / "bad.state"
    bad.write_text("not a state")
    with pytest.raises(InputError, match=r"bad\.state: not a file of a chain's state"):
        AnvilNode(state=bad).__enter__()


def test_the_binary_itself_is_found() -> None:
    assert find_anvil().read_bytes()[:4] in (b"\x7fELF", b"\xcf\xfa\xed\xfe")
