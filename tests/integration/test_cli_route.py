"""`aidline route --rpc`: allocations that wait in a deployment.

Given two allocations
├── the plan says what to book, and sends nothing
└── with the account of a solver it commits the plan to RouteBook
Who is no solver, a roster that is missing or wrong, a chain without the deployment
└── end with exit status 2 and one line
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aidline.cli import run
from aidline.files import check_schema
from aidline.node import AnvilNode
from tests.support.cli import PASSWORD, keystore
from tests.support.freight import Desk
from tests.support.people import key_of
from tests.support.suite import KIT, START, deploy_suite

pytestmark = pytest.mark.node

TARIFF = {
    "base": 60_000_000,
    "per_km": 1_000_000,
    "per_thousand_units": 1_000_000,
    "speed": 70_000,
    "handling": 600,
    "slack": 900,
}


class Place:
    """A node with a deployment, and what the command needs."""

    def __init__(self, node: AnvilNode, desk: Desk, folder: Path) -> None:
        self.node, self.desk, self.folder = node, desk, folder
        self.deployment = folder / "deployment.json"
        desk.suite.aid.deployment.save(self.deployment)
        self.roster = folder / "roster.json"
        record = {
            "vehicles": [
                {"id": n, "base": base, "skills": ["controlled"]}
                for n, base in zip(desk.vehicles, desk.stations, strict=False)
            ],
            "crews": [
                {"id": n, "base": base} for n, base in zip(desk.crews, desk.stations, strict=False)
            ],
            "materials": [{"gtin": str(KIT), "kilograms": 50, "litres": 400}],
            "tariffs": dict.fromkeys(("trunk", "branch", "terminal"), TARIFF),
        }
        self.roster.write_text(json.dumps(record), encoding="utf-8")

    def route(self, *arguments: object) -> tuple[int, dict[str, Any]]:
        """Run the command; returns its exit status and what it wrote."""
        result = self.folder / "plan.json"
        result.unlink(missing_ok=True)
        where = ("--rpc", self.node.rpc, "--deployment", self.deployment, "--json", result)
        status = run(["route", *map(str, where), "--iterations", "20", *map(str, arguments)])
        if not result.exists():
            return status, {}
        record: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        check_schema(record, "route-plan")
        return status, record


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with AnvilNode(genesis_time=START) as node:
        desk = Desk(deploy_suite(node.chain))  # type: ignore[arg-type]
        desk.build()
        desk.allocate()
        desk.allocate()
        # From here on it is a node as others have it: blocks by themselves, and a clock that runs.
        node.chain.rpc.request("anvil_removeBlockTimestampInterval")
        node.chain.rpc.request("evm_setAutomine", True)
        yield Place(node, desk, tmp_path_factory.mktemp("route"))


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIDLINE_PASSWORD", PASSWORD)


def test_the_plan_says_what_to_book(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    block = place.node.chain.block_number()
    status, plan = place.route("--roster", place.roster)
    assert status == 0
    assert place.node.chain.block_number() == block
    assert plan["summary"]["served"] == 2 and plan["committed"] == []
    assert [one["allocations"] for one in plan["bookings"]] == [[1], [2]]
    assert [len(one["legs"]) for one in plan["bookings"]] == [3, 3]
    assert {one["consignee"] for one in plan["bookings"]} == {key_of("hospital").address}
    assert plan["bookings"][0]["salt"] is None
    assert "plan" in capfd.readouterr().out


def test_a_solver_commits_the_plan(place: Place) -> None:
    account = keystore(place.folder, key_of("solver"))
    status, plan = place.route("--roster", place.roster, "--account", account)
    assert status == 0
    (name,) = plan["committed"]
    kept = place.desk.suite.routes.entry(bytes.fromhex(name[2:]))
    assert (kept.planner, kept.legs) == (key_of("solver").address, 6)
    assert [one["salt"] for one in plan["bookings"]] == [name, name]


def test_what_is_wrong_is_one_line(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    stranger = keystore(place.folder, key_of("stranger"))
    status, plan = place.route("--roster", place.roster, "--account", stranger)
    assert (status, plan) == (2, {})
    assert "is no active solver" in capfd.readouterr().err
    assert place.route()[0] == 2
    assert "give --roster" in capfd.readouterr().err
    assert place.route("--roster", place.folder / "none.json")[0] == 2
    assert "there is no such file" in capfd.readouterr().err
    wrong = place.folder / "wrong.json"
    record = json.loads(place.roster.read_text(encoding="utf-8"))
    record["vehicles"][0]["id"] = 99
    wrong.write_text(json.dumps(record), encoding="utf-8")
    assert place.route("--roster", wrong)[0] == 2
    said = capfd.readouterr().err
    assert "the roster names vehicle 99, the chain has 3" in said and said.count("\n") == 1
