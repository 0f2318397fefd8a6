"""`aidline simulate` and `aidline verify`, as a user calls them.

A run on a chain of its own
├── ends with a summary at a glance: no wider than 80 columns, no bar, nothing on standard error
├── writes summary, deployment and state; no process is left
├── gives the figures of the run in the process, but for times and hashes
└── with `--seeds` writes a folder each and a table
Verification
├── restores the state and agrees
├── finds a figure that was changed by one, and names it
└── refuses a deployment file of another chain, or without its contracts
Tracing
├── tells what happened to the parcel of a household's order, with names, and as JSON
└── refuses a parcel that there is not, and both or neither of parcel and lot
A run that does not come to its end
├── leaves no file and no process, whether it fails, is broken off by Ctrl-C or by SIGTERM
└── keeps what an earlier run wrote
On a terminal a bar shows how far it is, on standard error
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aidline.files import check_schema
from aidline.sim.model import Model
from aidline.sim.scenario import load
from tests.support.cli import PROGRAM, Ended, aidline, begun, called, gone, one_line
from tests.support.few_days import few_days

FILES = {"summary.json", "deployment.json", "chain.state"}

pytestmark = [pytest.mark.node, pytest.mark.slow]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    folder = tmp_path_factory.mktemp("a run") / "out"
    ended = aidline("simulate", "wuhan-2020", "--out", folder, "--json", folder / "again.json")
    assert ended.status == 0, ended.err
    return ended, folder


# -- a run on a chain of its own


def test_a_run_ends_with_a_summary_at_a_glance(ran: tuple[Ended, Path]) -> None:
    ended, folder = ran
    assert ended.err == ""
    *lines, _, _ = ended.out.splitlines()  # the last two name the folder
    assert max(len(line) for line in lines) <= 80
    assert len(lines) <= 60
    assert not any(sign in ended.out for sign in ("\x1b", "\r", "%|", "━━"))
    for part in ("0 → 1", "critical", "OutOfOrder", "quarantine", "donor-guangdong", "prepaid"):
        assert part in ended.out
    assert str(folder / "summary.json") in ended.out


def test_a_run_writes_its_files_and_leaves_no_process(ran: tuple[Ended, Path]) -> None:
    ended, folder = ran
    assert {path.name for path in folder.iterdir()} == FILES | {"again.json"}
    assert gone(ended.mark)
    check_schema(read(folder / "summary.json"), "summary")
    check_schema(read(folder / "deployment.json"), "deployment")
    assert read(folder / "again.json") == read(folder / "summary.json")


def test_a_run_gives_the_figures_of_the_run_in_the_process(ran: tuple[Ended, Path]) -> None:
    record = read(ran[1] / "summary.json")
    twin = Model(load("wuhan-2020")).run().record
    for one in (record, twin):
        one.pop("wall_seconds")
        for refusal in one["refused"]:
            refusal.pop("transaction")
    assert record == twin


def test_several_seeds_make_a_folder_each_and_a_table(tmp_path: Path) -> None:
    ended = aidline(
        *("simulate", few_days(tmp_path), "--seeds", "1-2", "--out", tmp_path / "out"),
        *("--json", tmp_path / "runs.json"),
    )
    assert ended.status == 0, ended.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"seed-1", "seed-2", "runs.csv"}
    with (tmp_path / "out" / "runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["seed"] for row in rows] == ["1", "2"]
    for row in rows:
        record = read(tmp_path / "out" / f"seed-{row['seed']}" / "summary.json")
        assert int(row["distributed"]) == record["units"]["by_state"]["distributed"]
        assert int(row["held"]) == record["units"]["by_state"]["held"]
        assert row["freight_paid"] == record["freight"]["paid"]
        assert int(row["served_critical"]) == record["demand"]["critical"]["served"]
    check_schema(read(tmp_path / "runs.json"), "runs")
    assert gone(ended.mark)


# -- verification


@pytest.fixture
def copied(ran: tuple[Ended, Path], tmp_path: Path) -> Path:
    folder = tmp_path / "copied"
    shutil.copytree(ran[1], folder)
    return folder


def test_verification_restores_the_state_and_agrees(copied: Path, tmp_path: Path) -> None:
    ended = aidline(
        *("verify", "--summary", copied / "summary.json", "--json", tmp_path / "result.json")
    )
    assert (ended.status, ended.err) == (0, "")
    assert "agrees" in ended.out
    assert "none is missing or altered" in ended.out
    result = read(tmp_path / "result.json")
    check_schema(result, "verification")
    assert (result["agrees"], result["differences"]) == (True, [])
    assert result["ledger"]["holds"] and result["ledger"]["changes"] > 90
    assert gone(ended.mark)


def test_verification_finds_a_figure_that_was_changed_by_one(copied: Path, tmp_path: Path) -> None:
    record = read(copied / "summary.json")
    record["freight"]["paid"] = str(int(record["freight"]["paid"]) + 1)
    record["gifts"][2]["by_state"]["distributed"] -= 1
    (copied / "summary.json").write_text(json.dumps(record), encoding="utf-8")
    ended = aidline(
        *("verify", "--summary", copied / "summary.json", "--json", tmp_path / "result.json")
    )
    one_line(ended, "4 figures", "summary.json", status=1)
    assert "freight.paid" in ended.out
    assert "gifts[2].by_state.distributed" in ended.out
    result = read(tmp_path / "result.json")
    check_schema(result, "verification")
    assert not result["agrees"]
    assert {one["figure"] for one in result["differences"]} == {
        "freight.paid",
        "gifts[2].by_state.distributed",
    }
    assert gone(ended.mark)


def test_verification_refuses_a_deployment_of_another_chain(copied: Path) -> None:
    record = read(copied / "deployment.json")
    record["chain_id"] = 1
    (copied / "deployment.json").write_text(json.dumps(record), encoding="utf-8")
    one_line(called("verify", "--summary", copied / "summary.json"), "chain 1", "31337")


def test_verification_refuses_a_deployment_whose_contracts_are_not_there(copied: Path) -> None:
    text = (copied / "deployment.json").read_text(encoding="utf-8")
    address = read(copied / "deployment.json")["contracts"]["MaterialLedger"]["address"]
    other = text.replace(address, "0x" + "12" * 20)
    (copied / "deployment.json").write_text(other, encoding="utf-8")
    one_line(called("verify", "--summary", copied / "summary.json"), "MaterialLedger is not at")


def test_verification_refuses_a_state_that_is_none(copied: Path) -> None:
    (copied / "chain.state").write_bytes(b"nonsense")
    ended = aidline("verify", "--summary", copied / "summary.json")
    one_line(ended, "chain.state")
    assert gone(ended.mark)


# -- tracing


def test_tracing_tells_what_happened_to_bought_goods(
    ran: tuple[Ended, Path], tmp_path: Path
) -> None:
    summary, result = ran[1] / "summary.json", tmp_path / "trace.json"
    number = next(one["id"] for one in read(summary)["consignments"] if one["sale"])
    ended = aidline("trace", "--summary", summary, "--lot", 2, "--json", result)
    assert (ended.status, ended.err) == (0, "")
    told = read(result)
    check_schema(told, "trace")
    whats = [one["what"] for one in told]
    assert whats[0] == "LotCommissioned" and whats.count("ConsignmentSettled") == 2
    booked = next(one for one in told if one["what"] == "ConsignmentBooked")
    assert booked["arguments"]["consignment"] == number
    assert len(booked["signers"]) == 4  # the household, two carriers, the seller
    for part in ("household o01", "one-time key o01", "works-xiantao", "handover 2", "delivered"):
        assert part in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "say"),
    [
        (("--parcel", 9_999), "there is no parcel 9999"),
        (("--parcel", 1, "--lot", 1), "one of them"),
        ((), "one of them"),
    ],
)
def test_tracing_refuses_what_there_is_not(
    ran: tuple[Ended, Path], arguments: tuple[object, ...], say: str
) -> None:
    one_line(aidline("trace", "--summary", ran[1] / "summary.json", *arguments), say)


# -- a run that does not come to its end


@pytest.mark.parametrize(
    ("number", "group", "status"),
    [(signal.SIGINT, True, 130), (signal.SIGTERM, False, 143), (signal.SIGHUP, False, 129)],
)
def test_a_run_that_is_broken_off_leaves_nothing(
    tmp_path: Path, number: int, group: bool, status: int
) -> None:
    with begun("simulate", "wuhan-2020", "--out", tmp_path / "a" / "b", cwd=tmp_path) as run:
        assert run.children()
        run.signal(number, group=group)
        ended = run.end()
    assert ended.status == status
    assert ended.err == ("aidline: broken off\n" if number == signal.SIGINT else "")
    assert gone(ended.mark)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_killed_leaves_no_chain(tmp_path: Path) -> None:
    with begun("simulate", "wuhan-2020", "--out", tmp_path / "out") as run:
        assert run.children()
        run.signal(signal.SIGKILL)
        ended = run.end()
    assert ended.status == -signal.SIGKILL
    assert gone(ended.mark)


def test_a_run_whose_chain_dies_ends_in_one_line_and_keeps_what_was_there(copied: Path) -> None:
    before = {path.name: path.read_bytes() for path in copied.iterdir()}
    with begun("simulate", "wuhan-2020", "--out", copied) as run:
        for pid in run.children():
            os.kill(pid, signal.SIGKILL)
        ended = run.end()
    assert ended.status == 2
    assert len(ended.err.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in copied.iterdir()} == before
    assert gone(ended.mark)


# -- a terminal


def test_on_a_terminal_a_bar_shows_how_far_it_is(tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, "simulate", few_days(tmp_path), "--seed", "3", "--out", tmp_path / "out"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    ) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is closed at the other end
            while part := os.read(master, 65_536):
                shown += part
        assert process.stdout is not None
        out = process.stdout.read().decode()
    os.close(master)
    assert process.returncode == 0
    text = shown.decode()
    assert "day" in text and "of 5" in text and "transactions" in text
    assert "\x1b" not in out
    assert "seed 3" in out
