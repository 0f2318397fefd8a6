"""`aidline route` with instances of others.

Given an instance of CVRPLIB
├── the same rounds of search give the same routes, which serve each customer once within capacity
├── beside its best-known solution the gap is told; a solution that contradicts itself is refused
└── given a file that is wrong: one line, exit status 2
Given a problem in the format of VROOM
├── capacities, windows, skills, priorities, shipments, setup, limits of vehicles are kept
├── what is left unassigned has a reason; when nothing can be served, that is said
└── given a problem that is wrong, or that cannot be planned: one line, exit status 2
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

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "routing"

VRP = """\
NAME : tiny
COMMENT : "four customers about a depot"
TYPE : CVRP
DIMENSION : 5
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 10
NODE_COORD_SECTION
1 0 0
2 0 10
3 0 20
4 30 0
5 40 0
DEMAND_SECTION
1 0
2 5
3 5
4 5
5 5
DEPOT_SECTION
1
-1
EOF
"""
SOL = "Route #1: 1 2\nRoute #2: 3 4\nCost 120\n"

#: Seconds between a depot (0) and three places in a row.
LINE = [[0, 10, 20, 30], [10, 0, 10, 20], [20, 10, 0, 10], [30, 20, 10, 0]]


def problem(**more: Any) -> Record:
    return {
        "vehicles": [{"id": 1, "start_index": 0, "end_index": 0, "capacity": [10]}],
        "jobs": [
            {"id": 11, "location_index": 1, "delivery": [4], "service": 5},
            {"id": 12, "location_index": 2, "delivery": [4]},
        ],
        "matrices": {"car": {"durations": LINE}},
        **more,
    }


class Desk:
    """A folder and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def vrp(self, text: str = VRP, sol: str | None = None, name: str = "tiny.vrp") -> int:
        (self.folder / name).write_text(text, encoding="utf-8")
        if sol is not None:
            (self.folder / "tiny.sol").write_text(sol, encoding="utf-8")
        return run(["route", "--vrp", name, "--iterations", "50", "--json", "out.json"])

    def vroom(self, record: Record | str, *options: str) -> int:
        text = record if isinstance(record, str) else json.dumps(record)
        (self.folder / "problem.json").write_text(text, encoding="utf-8")
        arguments = ("--vroom", "problem.json", "--iterations", "50", "--json", "out.json")
        return run(["route", *arguments, *options])

    @property
    def out(self) -> Record:
        made: Record = json.loads((self.folder / "out.json").read_text(encoding="utf-8"))
        return made

    def solution(self, record: Record) -> Record:
        assert self.vroom(record) == 0
        check_schema(self.out, "vroom-solution")
        return self.out


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def ids(route: Record) -> list[int]:
    return [step["id"] for step in route["steps"] if "id" in step]


def why(solution: Record) -> dict[int, str]:
    return {one["id"]: one["reason"] for one in solution["unassigned"]}


# --- instances of CVRPLIB ---


def test_routes_of_an_instance(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    assert desk.vrp(sol=SOL) == 0
    out = desk.out
    check_schema(out, "route-vrp")
    assert sorted(sorted(route) for route in out["routes"]) == [[1, 2], [3, 4]]
    assert (out["cost"], out["best_known"], out["gap_percent"]) == (120, 120, 0)
    assert "0.00 % above the best known (120)" in capfd.readouterr().out


def test_without_a_solution_beside_there_is_no_gap(desk: Desk) -> None:
    assert desk.vrp() == 0
    assert desk.out["best_known"] is None and desk.out["gap_percent"] is None


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason="no real instances beside the checkout")
def test_the_same_rounds_give_the_same_routes(desk: Desk) -> None:
    found = []
    for _ in range(2):
        file = str(REAL / "X-n101-k25.vrp")
        assert run(["route", "--vrp", file, "--iterations", "20", "--json", "out.json"]) == 0
        found.append({key: value for key, value in desk.out.items() if key != "seconds"})
    assert found[0] == found[1]
    assert sorted(stop for route in found[0]["routes"] for stop in route) == list(range(1, 101))
    assert 0 <= found[0]["gap_percent"] < 20


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("TYPE : CVRP", "TYPE : VRPTW", "is of type VRPTW"),
        ("CAPACITY : 10\n", "", "has no CAPACITY"),
        ("CAPACITY : 10", "CAPACITY : 4", "node 2 asks for 5, a vehicle holds 4"),
        ("CAPACITY : 10", "CAPACITY : -1", "CAPACITY is -1"),
        ("DIMENSION : 5", "DIMENSION : 6", "has the shape 5"),
        ("2 5\n3", "2 -5\n3", "out of 0 to"),
        ("2 5\n3", "2 x\n3", "DEMAND_SECTION"),
        ("1 0\n2 5", "1 3\n2 5", "the depot has a demand"),
        ("DEPOT_SECTION\n1", "DEPOT_SECTION\n2", "the one depot must be node 1"),
        ("2 0 10\n", "", "has the shape"),
        (VRP, "nothing of the kind", "is no file of CVRPLIB"),
    ],
)
def test_a_wrong_instance_is_one_line(
    desk: Desk, old: str, new: str, problem: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert old in VRP
    assert desk.vrp(VRP.replace(old, new)) == 2
    said = capfd.readouterr().err
    assert "tiny.vrp" in said and problem in said and said.count("\n") == 1
    assert not (desk.folder / "out.json").exists()


@pytest.mark.parametrize(
    ("sol", "problem"),
    [
        ("Route #1: 1 2\nRoute #2: 3 4\nCost 119\n", "its routes cost 120"),
        ("Route #1: 1 2\nRoute #2: 3 9\nCost 120\n", "does not have"),
        ("Route #1: 1 2\n", "tells no cost"),
    ],
)
def test_a_solution_that_contradicts_itself_is_refused(
    desk: Desk, sol: str, problem: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert desk.vrp(sol=sol) == 2
    assert problem in capfd.readouterr().err


def test_a_file_that_is_not_there(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["route", "--vrp", "none.vrp"]) == 2
    assert run(["route", "--vroom", "none.json"]) == 2
    assert run(["route"]) == 2
    assert run(["route", "--vrp", "a", "--vroom", "b"]) == 2
    assert capfd.readouterr().err.count("\n") == 4


# --- problems in the format of VROOM ---


def test_a_round_as_vroom_writes_it(desk: Desk) -> None:
    solution = desk.solution(problem())
    assert solution["code"] == 0 and solution["unassigned"] == []
    summary = solution["summary"]
    assert (summary["cost"], summary["duration"], summary["service"]) == (40, 40, 5)
    (route,) = solution["routes"]
    assert (route["vehicle"], route["cost"], route["delivery"]) == (1, 40, [8])
    assert [step["type"] for step in route["steps"]] == ["start", "job", "job", "end"]
    assert (route["steps"][0]["load"], route["steps"][-1]["load"]) == ([8], [0])
    arrivals = [step["arrival"] for step in route["steps"]]
    assert arrivals[-1] - arrivals[0] == 45


def test_capacity_parts_a_round_in_two(desk: Desk) -> None:
    made = problem()
    made["vehicles"] = [{**made["vehicles"][0], "id": n, "capacity": [4]} for n in (1, 2)]
    assert [ids(route) for route in desk.solution(made)["routes"]] in ([[11], [12]], [[12], [11]])


def test_windows_are_kept_one_of_several_too(desk: Desk) -> None:
    made = problem()
    made["jobs"][0]["time_windows"] = [[0, 5], [100, 110]]
    (route,) = desk.solution(made)["routes"]
    by_id = {step.get("id"): step for step in route["steps"]}
    begins = by_id[11]["arrival"] + by_id[11]["waiting_time"]
    assert 100 <= begins <= 110


def test_skills_are_kept(desk: Desk) -> None:
    made = problem()
    made["vehicles"].append({**made["vehicles"][0], "id": 2, "skills": [7]})
    made["jobs"][1]["skills"] = [7]
    made["jobs"].append({"id": 13, "location_index": 3, "skills": [8]})
    solution = desk.solution(made)
    served = {one["vehicle"]: ids(one) for one in solution["routes"]}
    assert 12 in served[2]
    assert why(solution) == {13: "no vehicle has the skills"}


def test_priority_comes_before_number_and_cost(desk: Desk) -> None:
    made = problem()
    made["vehicles"][0]["capacity"] = [4]
    made["jobs"] = [
        {"id": 11, "location_index": 1, "delivery": [2]},
        {"id": 12, "location_index": 1, "delivery": [2]},
        {"id": 13, "location_index": 3, "delivery": [4], "priority": 3},
    ]
    solution = desk.solution(made)
    assert ids(solution["routes"][0]) == [13]
    assert set(why(solution).values()) == {"the vehicles are taken up by what comes first"}


def test_a_shipment_is_taken_before_it_is_brought(desk: Desk) -> None:
    made = problem(jobs=[])
    made["shipments"] = [
        {
            "amount": [3],
            "pickup": {"id": 1, "location_index": 3, "service": 2},
            "delivery": {"id": 1, "location_index": 1, "description": "ward 4"},
        }
    ]
    (route,) = desk.solution(made)["routes"]
    assert [step["type"] for step in route["steps"]] == ["start", "pickup", "delivery", "end"]
    assert [step["load"] for step in route["steps"]] == [[0], [3], [0], [0]]
    assert route["steps"][2]["description"] == "ward 4"


def test_setup_is_left_out_at_the_same_place(desk: Desk) -> None:
    made = problem()
    made["jobs"] = [{"id": n, "location_index": 1, "setup": 7, "service": 1} for n in (11, 12)]
    (route,) = desk.solution(made)["routes"]
    assert [step["setup"] for step in route["steps"]] == [0, 7, 0, 0]
    assert route["setup"] == 7
    assert route["steps"][-1]["arrival"] - route["steps"][0]["arrival"] == 20 + 7 + 2


def test_a_vehicle_may_end_anywhere(desk: Desk) -> None:
    made = problem()
    del made["vehicles"][0]["end_index"]
    solution = desk.solution(made)
    assert solution["summary"]["cost"] == 20
    assert solution["routes"][0]["steps"][-1]["type"] == "job"


@pytest.mark.parametrize("limit", [{"max_tasks": 1}, {"max_travel_time": 20}])
def test_a_limit_of_a_vehicle_is_kept(desk: Desk, limit: Record) -> None:
    made = problem()
    made["vehicles"][0].update(limit)
    solution = desk.solution(made)
    assert [ids(one) for one in solution["routes"]] == [[11]]


def test_costs_by_hour_and_kilometre(desk: Desk) -> None:
    made = problem()
    made["matrices"]["car"]["distances"] = [[1000 * metres for metres in row] for row in LINE]
    made["vehicles"][0]["costs"] = {"fixed": 50, "per_hour": 360, "per_km": 2}
    solution = desk.solution(made)
    assert solution["summary"]["cost"] == 50 + 40 // 10 + 40 * 2
    assert solution["summary"]["distance"] == 40_000


def test_coordinates_and_a_speed_factor(desk: Desk) -> None:
    made = {
        "vehicles": [{"id": 1, "start": [114.0, 30.0], "speed_factor": 2}],
        "jobs": [{"id": 11, "location": [114.1, 30.0]}],
    }
    route = desk.solution(made)["routes"][0]
    # 9,630 m of the great circle, 12,519 m of road, at twice 50 km/h
    assert route["distance"] == pytest.approx(12_519, abs=5)
    assert route["duration"] == pytest.approx(451, abs=1)
    assert route["steps"][-1]["location"] == [114.1, 30.0]


def test_reasons_of_what_cannot_be_served(desk: Desk) -> None:
    made = problem()
    made["vehicles"][0]["time_window"] = [0, 100]
    made["jobs"] += [
        {"id": 13, "location_index": 3, "delivery": [11]},
        {"id": 14, "location_index": 3, "time_windows": [[0, 29]]},
        {"id": 15, "location_index": 3, "time_windows": [[90, 95]]},
    ]
    assert why(desk.solution(made)) == {
        13: "more than any vehicle with the skills holds",
        14: "no vehicle can be there in its time windows",
        15: "no vehicle can be there in its time windows",
    }


def test_what_stands_in_the_way_of_everything(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    made = problem()
    made["vehicles"][0]["capacity"] = [1]
    assert desk.vroom(made) == 2
    said = capfd.readouterr().err
    assert "nothing can be served: job 11: more than any vehicle with the skills holds" in said
    assert not (desk.folder / "out.json").exists()


def changed(path: str, value: Any) -> Record:
    """Return the problem with one value put in, or taken out where it is ``None``."""
    made: Any = deepcopy(problem(shipments=[]))
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    at = made
    for part in way:
        at = at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    result: Record = made
    return result


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("jobs.0.time_windows", [[9, 3]], "closes at 3, before it opens at 9"),
        ("jobs.0.time_windows", [[0, 5], [5, 9]], "before the one before it has ended"),
        ("vehicles.0.time_window", [9, 3], "vehicles[0].time_window closes at 3"),
        ("jobs.0.service", -1, "jobs[0].service: -1 is less than the minimum"),
        ("jobs.0.delivery", [1, 2], "differ in their dimensions"),
        ("jobs.0.delivery", "4", "jobs[0].delivery: '4' is not of type 'array'"),
        ("jobs.0.priority", 101, "greater than the maximum"),
        ("jobs.0.location_index", 4, "index 4 is outside the matrix"),
        ("jobs.0.location_index", None, "neither location nor location_index"),
        ("jobs.0.id", 12, "the id 12 stands twice"),
        ("jobs", [], "there is nothing to plan"),
        ("vehicles", [], "vehicles: [] should be non-empty"),
        ("vehicles.0.start_index", None, None),
        ("vehicles.0.breaks", [{"id": 1}], "vehicles[0].breaks: cannot be planned here"),
        ("vehicles.0.profile", "bike", "no matrix for the profile 'bike'"),
        ("vehicles.0.speed_factor", 0, "speed_factor"),
        ("matrices.car.durations.2", [1, 2], "row 2 has 2 numbers: it must be square"),
        ("matrices.car.durations.2", [1, 2, 0, -3], "-3 is less than the minimum"),
        ("matrices.car.distances", [[0]], "has 1 rows where another has 4"),
        ("matrices", {}, "an index, but the file has no matrices"),
        ("jobs.0.location", [200.0, 30.0], "outside the globe"),
        ("jobs.0.location", [114.0, 91.0], "outside the globe"),
    ],
)
def test_a_wrong_problem_is_one_line(
    desk: Desk, path: str, value: Any, told: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    status = desk.vroom(changed(path, value))
    said = capfd.readouterr().err
    if told is None:
        assert status == 0  # a vehicle may start anywhere
        return
    assert status == 2 and told in said and said.count("\n") == 1
    assert not (desk.folder / "out.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"vehicles": 3}'])
def test_no_problem_at_all_is_one_line(
    desk: Desk, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert desk.vroom(text) == 2
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--seconds", "nan"),
        ("--detour", "0.5"),
        ("--speed", "0"),
        ("--speed", "nan"),
        ("--json", "/"),
    ],
)
def test_wrong_options_are_one_line(
    desk: Desk, options: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert desk.vroom(problem(), *options) == 2
    assert capfd.readouterr().err.count("\n") == 1
