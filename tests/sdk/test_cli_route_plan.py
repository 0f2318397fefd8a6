"""`aidline route` over the three tiers, from files.

Given a network and consignments
├── the plan says who goes where when, what stays and why; the same files give the same plan
├── coordinates in BD-09, a matrix, names of stations, hours over midnight are taken as they are
└── given a file that is wrong: one line, exit status 2, nothing written
Given a plan and what has come about
├── the new plan names its predecessor, the reason and each change
└── given a plan that was changed, or events that name nothing: one line, exit status 2
When nothing can be carried
└── exit status 1, and why
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from aidline.cli import run
from aidline.files import check_schema

Record = dict[str, Any]

TARIFF = {
    "base": 60_000_000,
    "per_km": 2_500_000,
    "per_thousand_units": 1_000_000,
    "speed": 40_000,
    "handling": 600,
    "slack": 900,
}


def station(number: int, tier: str, latitude: float, longitude: float, **more: Any) -> Record:
    return {
        "id": number,
        "tier": tier,
        "latitude": latitude,
        "longitude": longitude,
        "province": "CN-HB",
        "temperature": [500, 3000],
        "rooms": ["cold"],
        **more,
    }


def vehicle(number: int, tier: str, base: int, **more: Any) -> Record:
    return {
        "id": number,
        "carrier": f"carrier {base}",
        "tier": tier,
        "base": base,
        "temperature": [500, 3000],
        "units": 500,
        "kilograms": 500,
        "litres": 500,
        **more,
    }


NETWORK: Record = {
    "affected": ["CN-HB"],
    "stations": [
        station(1, "trunk", 34.75, 113.63, province="CN-HA", name="Zhengzhou"),
        station(2, "trunk", 30.6, 114.3, serves=["CN-HB"], name="Wuhan"),
        station(3, "branch", 30.2, 115.04, name="Huangshi"),
        station(4, "terminal", 30.22, 115.1, name="hospital", open=[[22, 14]], throughput=6),
        station(5, "terminal", 30.1, 115.0, name="clinic"),
    ],
    "vehicles": [
        vehicle(1, "trunk", 1),
        vehicle(2, "branch", 2),
        vehicle(3, "terminal", 3),
        vehicle(4, "terminal", 3, temperature=[200, 800], skills=["controlled"]),
    ],
    "crews": [
        {"id": 1, "carrier": "carrier 1", "base": 1},
        {"id": 2, "carrier": "carrier 2", "base": 2},
        {"id": 3, "carrier": "carrier 3", "base": 3, "hours_in_row": 10, "hours_in_day": 12},
        {"id": 4, "carrier": "carrier 3", "base": 3, "hours_in_row": 10, "hours_in_day": 12},
    ],
    "tariffs": {"trunk": TARIFF, "branch": TARIFF, "terminal": TARIFF},
}
GOODS = """\
id,origin,destination,level,units,kilograms,litres,temp_min,temp_max,skills,ready,due
A,Zhengzhou,hospital,critical,100,10,20,0,4000,,2020-02-01 02:00,
B,2,clinic,low,50,5,5,,,,,2020-02-20
C,2,hospital,high,50,5,5,200,800,,,
"""


class Desk:
    """A folder and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: Record | str) -> str:
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def plan(self, network: Record = NETWORK, goods: str = GOODS, out: str = "plan.json") -> int:
        return run(
            [
                *("route", "--network", self.write("network.json", network)),
                *("--consignments", self.write("goods.csv", goods), "--at", "2020-02-01"),
                *("--iterations", "20", "--json", out),
            ]
        )

    def again(self, events: Record, *more: str, out: str = "again.json") -> int:
        return run(
            [
                *("route", "--network", "network.json", "--after", "plan.json"),
                *("--events", self.write("events.json", events), *more),
                *("--iterations", "20", "--json", out),
            ]
        )

    def read(self, name: str = "plan.json") -> Record:
        record: Record = json.loads((self.folder / name).read_text(encoding="utf-8"))
        check_schema(record, "route-plan")
        return record


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def legs(record: Record, consignment: int) -> list[tuple[str, int, int]]:
    return [
        (run["tier"], run["from"], leg["to"])
        for run in record["runs"]
        for leg in run["legs"]
        if leg["consignment"] == consignment
    ]


def test_a_plan_over_the_three_tiers(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    network = deepcopy(NETWORK)
    network["vehicles"].append(vehicle(5, "branch", 2, temperature=[200, 800]))
    network["crews"].append({"id": 5, "carrier": "carrier 2", "base": 2})
    assert desk.plan(network) == 0
    record = desk.read()
    assert legs(record, 1) == [("trunk", 1, 2), ("branch", 2, 3), ("terminal", 3, 4)]
    assert legs(record, 2) == [("branch", 2, 3), ("terminal", 3, 5)]
    assert legs(record, 3) == [("branch", 2, 3), ("terminal", 3, 4)]
    assert record["summary"]["served"] == 3 and record["unserved"] == []
    assert record["summary"]["cost"] == str(sum(int(run["cost"]) for run in record["runs"]))
    said = capfd.readouterr().out
    assert "critical" in said and record["plan"] in said
    assert max(len(line) for line in said.splitlines()) <= 80


def test_what_stays_is_told_with_the_reason(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    assert desk.plan() == 0
    record = desk.read()
    assert record["unserved"] == [{"consignment": 3, "why": "no way leads there"}]
    assert "1 not served: no way leads there (C)" in capfd.readouterr().out


def test_the_same_files_give_the_same_plan(desk: Desk) -> None:
    desk.plan()
    desk.plan(out="other.json")
    assert desk.read() == desk.read("other.json")


def test_baidu_coordinates_are_converted(desk: Desk) -> None:
    desk.plan()
    network = {**NETWORK, "datum": "BD-09"}
    desk.plan(network, out="bd09.json")
    one, other = desk.read()["runs"][0], desk.read("bd09.json")["runs"][0]
    assert one["metres"] != other["metres"]
    assert one["metres"] == pytest.approx(other["metres"], rel=0.01)


def test_a_matrix_takes_the_place_of_distances(desk: Desk) -> None:
    far = [[0 if i == j else 10_000 for j in range(5)] for i in range(5)]
    assert desk.plan({**NETWORK, "metres": far}) == 0
    assert {run["metres"] for run in desk.read()["runs"]} <= {20_000, 30_000}


def test_without_a_road_there_is_no_way(desk: Desk) -> None:
    far: list[list[int | None]] = [[0 if i == j else 10_000 for j in range(5)] for i in range(5)]
    far[0][1:] = [None] * 4
    assert desk.plan({**NETWORK, "metres": far}) == 0
    assert {"consignment": 1, "why": "no way leads there"} in desk.read()["unserved"]


def test_when_nothing_can_be_carried_that_fails(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    assert desk.plan(goods="id,origin,destination,level,units\nA,1,4,low,9999\n") == 1
    assert "nothing can be carried: no vehicle keeps it and holds it" in capfd.readouterr().err


def broken(path: str, value: Any) -> Record:
    made: Any = deepcopy(NETWORK)
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    at = made
    for part in way:
        at = at[part]
    at[last] = value
    result: Record = made
    return result


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("stations.0.latitude", 91, "station 1: latitude 91, longitude 113.63 is outside"),
        ("stations.0.tier", "air", "'air' is not one of"),
        ("stations.1.id", 1, "station 1 stands twice"),
        ("stations.0.temperature", [5, 3], "its temperatures go from 5 down to 3"),
        ("stations.0.open", [[8, 8]], "station 1 opens and closes at 8"),
        ("stations.0.throughput", -1, "-1 is less than the minimum"),
        ("vehicles.0.base", 9, "vehicle 1: there is no station 9"),
        ("vehicles.0.units", 0, "0 is less than the minimum"),
        ("vehicles.0.wings", 2, "'wings' was unexpected"),
        ("vehicles.0.carrier", 7, "7 is not of type 'string'"),
        ("crews.0.base", 9, "crew 1: there is no station 9"),
        ("crews.2.hours_in_day", 9, "crew 3: 10 hours in a row and 9 in a day"),
        ("tariffs.trunk.speed", 0, "0 is less than the minimum"),
        ("tariffs.trunk", {}, "'base' is a required property"),
        ("detour_permille", 900, "900 is less than the minimum"),
        ("metres", [[0, 1], [1, 0]], "metres has 2 rows of 2: 5 by 5 is expected"),
        ("metres", [[-1] * 5] * 5, "-1 is less than the minimum"),
    ],
)
def test_a_wrong_network_is_one_line(
    desk: Desk, path: str, value: Any, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert desk.plan(broken(path, value)) == 2
    said = capfd.readouterr().err
    assert told in said and "network.json" in said and said.count("\n") == 1
    assert not (desk.folder / "plan.json").exists()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("X,9,4,low,5,,,,,,,", "column origin: there is no station '9'"),
        ("X,1,nowhere,low,5,,,,,,,", "column destination: there is no station 'nowhere'"),
        ("X,1,Zhengzhou,low,5,,,,,,,", "column destination: is where the goods are already"),
        ("X,1,4,urgent,5,,,,,,,", "column level: 'urgent' is none of"),
        ("X,1,4,low,-5,,,,,,,", "column units: -5 is negative"),
        ("X,1,4,low,0,,,,,,,", "column units: at least 1"),
        ("X,1,4,low,5,-1,,,,,,", "column kilograms: -1 is negative"),
        ("X,1,4,low,5,,,9,3,,,", "column temp_max: 3 is below temp_min"),
        ("X,1,4,low,5,,,,,,2020-02-03,2020-02-02", "column due: is not after it is ready"),
        ("X,1,4,low,5,,,,,,soon,", "column ready: 'soon' is not a date"),
        ("A,1,4,low,5,,,,,,,", "column id: 'A' stands in line 2 too"),
        (",1,4,low,5,,,,,,,", "column id: is empty"),
        ("X,1,4", "has 3 fields"),
    ],
)
def test_a_wrong_consignment_is_one_line(
    desk: Desk, row: str, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert desk.plan(goods=GOODS + row + "\n") == 2
    said = capfd.readouterr().err
    assert told in said and "line 5" in said and said.count("\n") == 1
    assert not (desk.folder / "plan.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--network", "network.json"),
        ("--network", "network.json", "--consignments", "none.csv"),
        ("--network", "none.json", "--consignments", "goods.csv"),
        ("--network", "network.json", "--consignments", "goods.csv", "--rule", "fastest"),
        ("--network", "network.json", "--consignments", "goods.csv", "--at", "soon"),
        ("--network", "network.json", "--consignments", "goods.csv", "--seconds", "3"),
        ("--network", "network.json", "--events", "events.json"),
        ("--network", "network.json", "--after", "plan.json"),
        ("--vrp", "x.vrp", "--consignments", "goods.csv"),
    ],
)
def test_what_does_not_go_together_is_one_line(
    desk: Desk, arguments: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    desk.write("network.json", NETWORK)
    desk.write("goods.csv", GOODS)
    assert run(["route", *arguments]) == 2
    assert capfd.readouterr().err.count("\n") == 1


# --- plans that supersede others ---

AT = 1_580_515_200  # 2020-02-01


def test_a_plan_after_another_says_what_changed_and_why(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    desk.plan()
    former = desk.read()
    events = {
        "at": AT + 60,
        "reason": "breakdown",
        "broken": [{"vehicle": 3, "until": AT + 200_000}],
    }
    more = desk.write("more.csv", "id,origin,destination,level,units\nD,2,clinic,critical,5\n")
    assert desk.again(events, "--consignments", more) == 0
    record = desk.read("again.json")
    assert (record["predecessor"], record["reason"]) == (former["plan"], "breakdown")
    told = {one["consignment"]: one for one in record["changes"]}
    assert told[1]["because"] == "its vehicle has broken down"
    assert told[4]["change"] == "added" and told[4]["after"] is not None
    assert all(run["departure"] >= AT + 200_000 for run in record["runs"] if run["vehicle"] == 3)
    assert f"supersedes {former['plan']}: breakdown" in capfd.readouterr().out.replace("\n", "")


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ({"at": AT, "reason": "road_closed", "closed": [[1, 9]]}, "there is no station 9"),
        ({"at": AT, "reason": "road_closed", "closed": [[1, 1]]}, "a road from 1 to itself"),
        ({"at": AT, "reason": "breakdown", "broken": [{"vehicle": 9}]}, "there is no vehicle 9"),
        ({"at": AT, "reason": "other", "late": [{"vehicle": 1, "seconds": -1}]}, "minimum"),
        ({"at": AT, "reason": "boredom"}, "'boredom' is not one of"),
        ({"at": -1, "reason": "other"}, "minimum"),
    ],
)
def test_wrong_events_are_one_line(
    desk: Desk, events: Record, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    desk.plan()
    capfd.readouterr()
    assert desk.again(events) == 2
    said = capfd.readouterr().err
    assert told in said and "events.json" in said and said.count("\n") == 1


def test_a_plan_that_was_changed_is_refused(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    desk.plan()
    record = desk.read()
    record["runs"][0]["legs"][0]["freight"] = "1"
    desk.write("plan.json", record)
    assert desk.again({"at": AT, "reason": "other"}) == 2
    assert "it was changed" in capfd.readouterr().err
