"""`aidline simulate --rpc`: a run on somebody else's chain.

On a test chain whose clock runs
├── the amount is said before, the participants are funded, what is left returns
├── dates shift by whole days; the figures are those of the run in the process
├── verification over the node agrees, and finds a figure that was changed
└── a run that fails returns what was lent
On a node that cannot pass time nothing is taken, and it is said in one line
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from aidline.node import AnvilNode
from aidline.sim.cast import Cast
from aidline.sim.model import Model
from aidline.sim.pocket import Pocket
from aidline.sim.prepare import prepare
from aidline.sim.records import SECONDS_A_DAY
from aidline.sim.scenario import load
from tests.integration.conftest import RICH
from tests.support.cli import Ended, aidline, gone, one_line

pytestmark = [pytest.mark.node, pytest.mark.slow]

_ETHER = 10**18


@contextmanager
def refusing(rpc: str, *prefixes: str) -> Iterator[str]:
    """A node in front of another, without the methods that begin with one of these."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(body)
            one = asked if isinstance(asked, dict) else asked[0]
            if one["method"].startswith(prefixes):
                error = {"code": -32601, "message": "Method not found"}
                answer = json.dumps({"jsonrpc": "2.0", "id": one["id"], "error": error}).encode()
            else:
                headers = {"Content-Type": "application/json"}
                with urlopen(Request(rpc, body, headers)) as passed:
                    answer = passed.read()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, running: AnvilNode, rich: Path
) -> tuple[Ended, Path, int]:
    """A run on the running chain, and the wei that it cost the account."""
    folder = tmp_path_factory.mktemp("rpc")
    before = running.chain.balance(RICH.address)
    ended = aidline(
        *("simulate", "wuhan-2020", "--rpc", running.rpc, "--account", rich, "--out", folder)
    )
    assert ended.status == 0, ended.err
    return ended, folder, before - running.chain.balance(RICH.address)


def test_the_amount_is_said_before_and_what_is_left_returns(
    running: AnvilNode, ran: tuple[Ended, Path, int]
) -> None:
    ended, _, cost = ran
    first = ended.out.splitlines()[0]
    assert first.startswith("67 participants get ")
    assert RICH.address in first
    lent = int(first.split()[3].replace(",", ""))
    assert 0 < cost < lent // 2
    cast = Cast("wuhan-2020", load("wuhan-2020").seed)
    left = sum(
        running.chain.balance(cast[name].address)
        for name in ("deployer", "charity-hubei", "solver-open", "wuhanshi-023", "device 1")
    )
    assert left < lent // 1_000


def test_dates_shift_by_whole_days_and_figures_stay(
    running: AnvilNode, ran: tuple[Ended, Path, int]
) -> None:
    _, folder, _ = ran
    assert {path.name for path in folder.iterdir()} == {"summary.json", "deployment.json"}
    record = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    twin = Model(load("wuhan-2020")).run().record
    assert record["time_offset"] > 0
    assert record["time_offset"] % SECONDS_A_DAY == 0
    last = (load("wuhan-2020").clock.last_day + 1) * SECONDS_A_DAY + record["time_offset"]
    assert 0 <= running.chain.now() - last + SECONDS_A_DAY < 30 * SECONDS_A_DAY
    for one in (record, twin):
        for name in ("wall_seconds", "time_offset"):
            one.pop(name)
        for refusal in one["refused"]:
            refusal.pop("transaction")
    assert record == twin


def test_verification_over_the_node_agrees(
    running: AnvilNode, ran: tuple[Ended, Path, int], tmp_path: Path
) -> None:
    _, folder, _ = ran
    ended = aidline("verify", "--summary", folder / "summary.json", "--rpc", running.rpc)
    assert (ended.status, ended.err) == (0, "")
    one_line(aidline("verify", "--summary", folder / "summary.json"), "chain.state", "--rpc")
    record = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    record["refused"][0]["error"] = "LineEarmark"
    record["time_offset"] += 1
    (tmp_path / "summary.json").write_text(json.dumps(record), encoding="utf-8")
    ended = aidline(
        *("verify", "--summary", tmp_path / "summary.json", "--rpc", running.rpc),
        *("--deployment", folder / "deployment.json"),
    )
    assert ended.status == 1
    assert "refused[0].error" in ended.out
    assert "time_offset" in ended.out


def test_a_run_that_fails_returns_what_was_lent(running: AnvilNode) -> None:
    before = running.chain.balance(RICH.address)
    with (
        pytest.raises(ZeroDivisionError),
        Pocket(running.chain, RICH, prepare(load("wuhan-2020"))) as pocket,
    ):
        assert running.chain.balance(RICH.address) < before - pocket.total
        raise ZeroDivisionError
    assert before - running.chain.balance(RICH.address) < pocket.total // 100


@pytest.mark.parametrize("prefixes", [("evm_", "anvil_"), ("web3_",)])
def test_on_a_node_that_cannot_pass_time_nothing_is_taken(
    running: AnvilNode, rich: Path, tmp_path: Path, prefixes: tuple[str, ...]
) -> None:
    before = running.chain.balance(RICH.address)
    with refusing(running.rpc, *prefixes) as rpc:
        ended = aidline(
            *("simulate", "wuhan-2020", "--rpc", rpc, "--account", rich),
            *("--out", tmp_path / "out"),
        )
    one_line(ended, "clock" if "evm_" in prefixes else "cannot pass")
    assert ended.out == ""
    assert running.chain.balance(RICH.address) == before
    assert list(tmp_path.iterdir()) == []
    assert gone(ended.mark)
