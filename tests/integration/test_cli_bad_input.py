"""Bad input, and an environment that does not allow it, in the process.

Each ends with exit status 2 and one line on standard error that says what and where; nothing is
left behind: no file, no folder, no process.

Scenarios
├── that nobody knows, or that break their schema (the place is named)
Files
├── without a needed column, with text in a number, with a date that is none (line and column named)
└── without a row of the plan's provinces
Nodes
├── that do not answer, that are on another chain, on which the contracts are not there
└── whose port is taken
Accounts
├── without money, for a deployment and for a run
└── whose keystore or password is none
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from aidline.node import AnvilNode
from aidline.signing import Key
from tests.support.cli import aidline, called, gone, one_line

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "scenarios" / "wuhan-2020.yaml"
SCHEMA = ROOT / "aidline" / "schemas" / "summary.json"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder in which a command runs, and which it must leave as it was."""
    folder = tmp_path / "place"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


def refused(place: Path, *arguments: object, say: tuple[object, ...]) -> None:
    ended = called(*arguments, cwd=place)
    one_line(ended, *say)
    assert gone(ended.mark)


# -- scenarios


def test_an_unknown_scenario(place: Path) -> None:
    say = ("wuhan-2021", "unknown", "wuhan-2020")
    refused(place, "simulate", "wuhan-2021", say=say)
    # The program itself says and leaves the same.
    ended = aidline("simulate", "wuhan-2021", cwd=place)
    one_line(ended, *say)
    assert gone(ended.mark)


def test_a_scenario_that_breaks_its_schema(place: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    text = SCENARIO.read_text(encoding="utf-8")
    assert "minimum_stay: 2" in text
    broken.write_text(text.replace("minimum_stay: 2", "minimum_stay: soon", 1), encoding="utf-8")
    refused(place, "simulate", broken, say=("broken.yaml", "plan.levels[0].minimum_stay", "'soon'"))


# -- files


@pytest.mark.parametrize(
    ("option", "text", "say"),
    [
        ("--cases", "Date,Confirmed\n2020-01-22,1\n", ("Province/State",)),
        (
            "--cases",
            "Date,Country/Region,Province/State,Confirmed\n2020-01-22,China,Hubei,many\n",
            ("line 2", "Confirmed", "'many' is not a number"),
        ),
        (
            "--cases",
            "Date,Country/Region,Province/State,Confirmed\n"
            "2020-01-22,China,Hubei,1\n2020-02-30,China,Hubei,2\n",
            ("line 3", "Date", "2020-02-30"),
        ),
        (
            "--cases",
            "Date,Country/Region,Province/State,Confirmed\n2020-01-22,China,Beijing,14\n",
            ("CN-HB", "CN-BJ"),
        ),
        ("--hospitals", "hospital_id,city\na,武汉市\n", ("name",)),
        ("--demands", "hospital_id,item,quantity\na,n95_mask,lots\n", ("line 2", "quantity")),
        ("--telemetry", "ts,temp_c\nnoon,4.0\n", ("line 2", "ts", "noon")),
    ],
)
def test_a_file_that_cannot_be_read(
    place: Path, tmp_path: Path, option: str, text: str, say: tuple[str, ...]
) -> None:
    file = tmp_path / "figures.csv"
    file.write_text(text, encoding="utf-8")
    refused(place, "simulate", "wuhan-2020", option, file, say=(file, *say))


# -- nodes


def silent_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_node_that_does_not_answer(place: Path, rich: Path) -> None:
    rpc = f"http://127.0.0.1:{silent_port()}"
    refused(place, "deploy", "--rpc", rpc, "--account", rich, say=(rpc, "nothing answers"))
    refused(
        place, "simulate", "wuhan-2020", "--rpc", rpc, "--account", rich, say=("nothing answers",)
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, running: AnvilNode, rich: Path) -> Path:
    """A summary and a deployment file, of a deployment on the running chain."""
    folder = tmp_path_factory.mktemp("ran")
    made = folder / "deployment.json"
    ended = aidline("deploy", "--rpc", running.rpc, "--account", rich, "--out", made)
    assert ended.status == 0, ended.err
    parts = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]
    money = {name: dict.fromkeys(parts[name]["required"], "0") for name in ("freight", "money")}
    summary = money | {
        "schema": "aidline/summary/1",
        "scenario": "none",
        "title": "nothing was played",
        "seed": 1,
        "chain_id": 31337,
        "first_day": "2020-01-22",
        "last_day": "2020-01-23",
        "time_offset": 0,
        "transactions": 0,
        "wall_seconds": 0,
        "input": {},
        "units": dict.fromkeys(("given",), 0)
        | {name: dict.fromkeys(STATES, 0) for name in ("by_state", "all_units")},
        "demand": {level: {"asked": 0, "served": 0} for level in LEVELS},
        "freight": dict.fromkeys(("prepaid", "paid", "sold", "refunded", "held"), "0"),
        "consignments": [],
        "carriers": [],
        "money": dict.fromkeys(
            ("currency", "reserve", "given", "spent", "recovered", "returned", "in_fund"), "0"
        ),
        "gifts": [],
        "emergency": [],
        "refused": [],
        "names": {},
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


STATES = (
    "held",
    "offered",
    "allocated",
    "in_transit",
    "delivered",
    "distributed",
    "quarantined",
    "returned",
    "destroyed",
    "lost",
    "transformed",
)
LEVELS = ("critical", "high", "medium", "low")


def test_a_node_on_another_chain_than_the_deployment(place: Path, ran: Path) -> None:
    with AnvilNode(chain_id=4242) as other:
        refused(
            place,
            *("verify", "--summary", ran / "summary.json", "--rpc", other.rpc),
            say=("31337", "4242"),
        )


def test_a_node_without_the_contracts_of_the_deployment(place: Path, ran: Path) -> None:
    with AnvilNode() as empty:
        refused(
            place,
            *("verify", "--summary", ran / "summary.json", "--rpc", empty.rpc),
            say=("is not at 0x", "deployment file"),
        )


def test_a_port_that_is_taken(place: Path, running: AnvilNode) -> None:
    refused(place, "node", "--port", running.port, say=(running.port, "taken"))


# -- accounts


def test_a_deployment_from_an_account_without_money(
    place: Path, running: AnvilNode, poor: Path
) -> None:
    account = Key.derive("integration", "poor").address
    refused(place, "deploy", "--rpc", running.rpc, "--account", poor, say=(account, "holds 0 wei"))


def test_a_run_from_an_account_without_money(place: Path, running: AnvilNode, poor: Path) -> None:
    account = Key.derive("integration", "poor").address
    refused(
        place,
        *("simulate", "wuhan-2020", "--rpc", running.rpc, "--account", poor),
        say=(account, "holds 0 wei"),
    )


def test_a_keystore_that_is_none_or_does_not_open(
    place: Path, running: AnvilNode, rich: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.json"
    deploy = ("deploy", "--rpc", running.rpc, "--account")
    refused(place, *deploy, missing, say=(missing, "cannot be read"))
    other = tmp_path / "other.json"
    other.write_text("{}", encoding="utf-8")
    refused(place, *deploy, other, say=(other, "not a keystore"))
    wrong = tmp_path / "password"
    wrong.write_text("wrong\n", encoding="utf-8")
    refused(place, *deploy, rich, "--password-file", wrong, say=(rich, "password is wrong"))
