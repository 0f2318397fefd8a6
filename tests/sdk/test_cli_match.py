"""`aidline match` from files.

Given rows that cannot be meant, stand twice or are absurd
├── each is named by file and line, counted and told, and the others are matched
├── what is cut stays in the plan as open units
└── exit status 0
Given files of which nothing can be used, or whose header is wrong
└── exit status 2, one line, and nothing is written
The same files give the same plan; costs, times and caps are taken as they are given
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aidline.cli import run
from aidline.files import check_schema

DEMANDS = """\
id,material,units,level,stock,daily_use,facts_at,vulnerable,needed_by,province,facility,audited
D1,mask,100,critical,,,,,2020-02-10,CN-HB,union,
D2,mask,100,,90,60,2020-02-01,no,2020-02-10,CN-HB,tongji,yes
D3,mask,100,low,,,,,2020-03-10,CN-GD,far,
D4,gown,70,medium,,,,,2020-02-10,CN-HB,county,no
"""
OFFERS = """\
id,material,units,expiry,earmark,earmark_scope
O1,mask,120,,,
O2,mask,50,2020-03-01,region,CN-GD
"""


class Desk:
    """Two files and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.demands = DEMANDS
        self.offers = OFFERS

    def match(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run the command; returns its exit status and what it wrote."""
        for name, text in (("demands.csv", self.demands), ("offers.csv", self.offers)):
            (self.folder / name).write_text(text, encoding="utf-8")
        files = ("--demands", "demands.csv", "--offers", "offers.csv", "--json", "plan.json")
        status = run(["match", *files, *arguments])
        plan = self.folder / "plan.json"
        if not plan.exists():
            return status, {}
        record: dict[str, Any] = json.loads(plan.read_text(encoding="utf-8"))
        check_schema(record, "match")
        return status, record


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def pairs(plan: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(line["offer"], line["demand"]): line["units"] for line in plan["lines"]}


def why(plan: dict[str, Any]) -> dict[str, str]:
    return {one["demand"]: one["reason"] for one in plan["unmet"]}


def test_a_plan_and_what_stays_open(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    status, plan = desk.match()
    assert status == 0
    assert pairs(plan) == {("O1", "D1"): 100, ("O1", "D2"): 20}
    assert plan["lines"][1]["level"] == "high"
    assert plan["score"] == 64 * 100 + 16 * 20
    assert why(plan) == {"D2": "outranked", "D3": "outranked", "D4": "unaudited"}
    assert plan["totals"]["high"] == {"demands": 1, "asked": 100, "served": 20, "in_full": 0}
    assert plan["input"]["cut"] == []
    said = capfd.readouterr().out
    assert "critical" in said and "unaudited" in said and "score 6,720" in said


def test_the_same_files_give_the_same_plan(desk: Desk) -> None:
    desk.match()
    first = (desk.folder / "plan.json").read_bytes()
    desk.match()
    assert (desk.folder / "plan.json").read_bytes() == first


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ("X,mask,-5,low,,,,,,,,", "units", "is negative"),
        ("X,mask,many,low,,,,,,,,", "units", "'many' is not a number"),
        ("X,mask,1.5,low,,,,,,,,", "units", "is not a whole number"),
        ("X,mask,,low,,,,,,,,", "units", "is empty"),
        ("X,mask,0,low,,,,,,,,", "units", "at least 1 is expected"),
        ("X,mask,1e13,low,,,,,,,,", "units", "is more than"),
        ("X,mask,5,urgent,,,,,,,,", "level", "'urgent' is none of"),
        ("X,mask,5,,,,,,,,,", "level", "is empty"),
        ("X,mask,5,,-1,2,,,,,,", "stock", "is negative"),
        ("X,mask,5,,1,2,,maybe,,,,", "vulnerable", "neither yes nor no"),
        ("X,mask,5,low,,,,,soon,,,", "needed_by", "is not a date"),
        ("X,,5,low,,,,,,,,", "material", "is empty"),
        (",mask,5,low,,,,,,,,", "id", "is empty"),
        ("D1,mask,5,low,,,,,,,,", "id", "'D1' stands in line 2 too"),
        ("X,mask,5", None, "has 3 fields where the header has 12"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_matched(
    desk: Desk, row: str, column: str | None, problem: str, capfd: pytest.CaptureFixture[str]
) -> None:
    desk.demands += row + "\n"
    status, plan = desk.match()
    assert status == 0
    demands = plan["input"]["files"][0]
    assert (demands["rows"], demands["used"]) == (5, 4)
    (rejected,) = demands["rejected"]
    assert (rejected["line"], rejected["column"]) == (6, column)
    assert problem in rejected["problem"]
    assert "demands.csv, line 6" in capfd.readouterr().out
    assert pairs(plan) == {("O1", "D1"): 100, ("O1", "D2"): 20}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("X,mask,5,,county,CN-HB", "earmark"),
        ("X,mask,5,,region,", "earmark_scope"),
        ("X,mask,5,,,CN-HB", "earmark_scope"),
        ("X,mask,5,2020-02-30,,", "expiry"),
        ("O1,mask,5,,,", "id"),
    ],
)
def test_a_bad_offer_is_named(desk: Desk, row: str, column: str) -> None:
    desk.offers += row + "\n"
    status, plan = desk.match()
    assert status == 0
    (rejected,) = plan["input"]["files"][1]["rejected"]
    assert (rejected["line"], rejected["column"]) == (4, column)


def test_a_place_beyond_the_poles_is_named(desk: Desk) -> None:
    desk.offers = (
        "id,material,units,latitude,longitude\nO1,mask,9,91,0\nO2,mask,9,1,\nO3,mask,9,,\n"
    )
    status, plan = desk.match()
    assert status == 0
    rejected = plan["input"]["files"][1]["rejected"]
    assert [(one["line"], one["column"]) for one in rejected] == [(2, "latitude"), (3, "longitude")]


@pytest.mark.parametrize(
    ("demands", "say"),
    [
        ("", "is empty"),
        ("id,material,units,level\n", "has a header only"),
        ("id,material,level\n1,mask,low\n", "column units: the column is missing"),
        ("id,material,units\n1,mask,5\n", "column stock: the column is missing"),
        ("id,material,units,units,level\n1,mask,5,5,low\n", "stands twice"),
        ("id,material,units,level\n1,mask,-5,low\n", "no row of it can be used (line 2, column"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    desk: Desk, demands: str, say: str, capfd: pytest.CaptureFixture[str]
) -> None:
    desk.demands = demands
    assert desk.match() == (2, {})
    said = capfd.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert "demands.csv" in said.err and say in said.err


def test_a_file_that_is_not_utf_8_or_not_there(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    (desk.folder / "latin.csv").write_bytes(
        DEMANDS.replace("union", "h\u00f4tel").encode("latin-1")
    )
    assert desk.match("--costs", "latin.csv") == (2, {})
    assert "latin.csv, line 2: is not UTF-8" in capfd.readouterr().err
    assert desk.match("--costs", "missing.csv") == (2, {})
    assert "missing.csv" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "say"),
    [
        (("--cap", "few"), "--cap few"),
        (("--cap", "0"), "--cap 0"),
        (("--cap", "boots=5"), "no such material"),
        (("--at", "noon"), "--at noon"),
        (("--account", "k"), "--account is for matching on a chain"),
        (("--dry-run",), "--dry-run is for matching on a chain"),
    ],
)
def test_options_that_cannot_be(
    desk: Desk, arguments: tuple[str, ...], say: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert desk.match(*arguments) == (2, {})
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and say in said


def test_a_cap_holds_for_all_that_a_facility_asks(desk: Desk) -> None:
    desk.demands += "D5,mask,80,critical,,,,,2020-02-10,CN-HB,union,\n"
    desk.offers = "id,material,units\nO1,mask,1000\n"
    status, plan = desk.match("--cap", "150", "--cap", "gown=9")
    assert status == 0
    (cut,) = plan["input"]["cut"]
    assert (cut["demand"], cut["line"], cut["units"], cut["kept"]) == ("D5", 6, 80, 50)
    assert pairs(plan)["O1", "D1"] + pairs(plan)["O1", "D5"] == 150
    assert {"demand": "D5", "units": 30, "reason": "capped"} in plan["unmet"]


def test_an_absurd_demand_is_cut_without_being_told_to(desk: Desk) -> None:
    desk.demands += "D5,mask,999999999,critical,,,,,,,greedy,\n"
    status, plan = desk.match()
    assert status == 0
    (cut,) = plan["input"]["cut"]
    assert (cut["demand"], cut["kept"]) == ("D5", 300 * 100)
    assert plan["totals"]["critical"]["asked"] == 100 + 999_999_999


def test_a_demand_that_stands_twice_counts_once(desk: Desk) -> None:
    desk.demands += "D5,mask,100,critical,,,,,2020-02-10,CN-HB,union,\n"
    status, plan = desk.match()
    assert status == 0
    (cut,) = plan["input"]["cut"]
    assert (cut["demand"], cut["kept"], cut["reason"]) == ("D5", 0, "repeats D1")
    assert why(plan)["D5"] == "capped"


def test_stock_runs_down_until_the_time_of_the_match(desk: Desk) -> None:
    _, plan = desk.match("--at", "2020-02-02")
    assert plan["totals"]["critical"]["demands"] == 2
    assert plan["totals"]["high"]["demands"] == 0
    status, plan = desk.match("--at", "2020-03-02")
    assert status == 0
    problems = [one["problem"] for file in plan["input"]["files"] for one in file["rejected"]]
    assert len(problems) == 4 and all("is over" in problem for problem in problems)


def test_costs_lead_the_way_and_none_is_taken_for_the_dearest(desk: Desk) -> None:
    desk.demands = "id,material,units,level,place\nA,mask,5,low,north\nB,mask,5,low,south\n"
    desk.offers = "id,material,units,place\nP,mask,5,port\nQ,mask,5,quay\n"
    costs = desk.folder / "costs.csv"
    costs.write_text("from,to,cost\nport,north,9\nport,south,2\nquay,north,3\nquay,east,-1\n")
    status, plan = desk.match("--costs", "costs.csv")
    assert status == 0
    assert pairs(plan) == {("P", "B"): 5, ("Q", "A"): 5}
    assert plan["input"]["pairs_without_cost"] == 1
    assert plan["input"]["files"][2]["rejected"][0]["line"] == 5


def test_what_a_station_cannot_keep_and_what_is_recalled(desk: Desk) -> None:
    desk.demands = (
        "id,material,units,level,temp_min,temp_max\nA,kit,5,high,0,2500\nB,mask,5,low,,\n"
    )
    desk.offers = "id,material,units,temp_min,temp_max,recalled\nP,kit,5,200,800,\nQ,mask,5,,,yes\n"
    status, plan = desk.match()
    assert status == 0
    assert why(plan) == {"A": "storage", "B": "recalled"}
