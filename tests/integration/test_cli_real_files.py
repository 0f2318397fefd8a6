"""Real files of every kind, played to the end and verified; skipped where they are not there.

By the program, on a chain of its own
└── counts by city, shortage lists, a shipment's logger; a figure changed by one is found
In the process
└── counts by province, shortage lists, a logger of temperature and humidity by the minute
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aidline.files import check_schema
from aidline.sim.inputs import InputFiles
from aidline.sim.model import Model
from aidline.sim.prepare import prepare
from aidline.sim.scenario import load
from aidline.trace import differences
from tests.sim.data import real
from tests.support.cli import aidline, gone

pytestmark = [pytest.mark.data, pytest.mark.slow]


@pytest.mark.node
def test_real_files_run_to_their_end_and_verify(tmp_path: Path) -> None:
    named = {
        "--cases": real("epidemic/hubei_city_daily.csv"),
        "--demands": real("hospital_demand/demands.csv"),
        "--hospitals": real("hospital_demand/hospitals.csv"),
        "--telemetry": real("cold_chain/qtag_run02_readings.csv"),
    }
    options = [part for pair in named.items() for part in pair]
    ended = aidline("simulate", "wuhan-2020", *options, "--out", tmp_path, timeout=400)
    assert (ended.status, ended.err) == (0, "")
    assert max(len(line) for line in ended.out.splitlines()[:-2]) <= 80
    record = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    check_schema(record, "summary")
    assert set(record["input"]) == {"cases", "demands", "hospitals", "telemetry"}
    assert record["input"]["demands"]["used"] > 400
    assert record["input"]["hospitals"]["merged"] == 2
    assert record["units"]["by_state"]["distributed"] > 60_000
    assert {one["status"] for one in record["consignments"]} == {"settled"}
    # Two figures changed by one are all that is found: everything else agrees.
    record["input"]["demands"]["used"] += 1
    record["consignments"][7]["legs"][0]["why"]["longest_silence"] += 1
    (tmp_path / "summary.json").write_text(json.dumps(record), encoding="utf-8")
    result = tmp_path / "result.json"
    checked = aidline(
        *("verify", "--summary", tmp_path / "summary.json", "--json", result), timeout=200
    )
    assert checked.status == 1
    found = json.loads(result.read_text(encoding="utf-8"))["differences"]
    assert sorted((one["figure"], one["source"]) for one in found) == [
        ("consignments[7].legs[0].why.longest_silence", "counters"),
        ("consignments[7].legs[0].why.longest_silence", "events"),
        ("input.demands.rows", "sums"),
    ]
    assert gone(ended.mark)


def test_real_files_of_the_other_kinds_run_to_their_end_in_the_process() -> None:
    files = InputFiles(
        cases=real("epidemic/china_province_daily.csv"),
        demands=real("hospital_demand/demands.csv"),
        hospitals=real("hospital_demand/hospitals.csv"),
        telemetry=real("cold_chain/office_temperature_humidity_1min.csv"),
    )
    model = Model(prepare(load("wuhan-2020"), None, files))
    record = model.run().record
    assert differences(record, model.aid) == []
    assert record["input"]["cases"]["used"] == 23
    assert record["input"]["telemetry"]["used"] == 1_440
    assert [(one["date"], one["to"]) for one in record["emergency"]][:3] == [
        ("2020-01-24", 1),
        ("2020-01-26", 2),
        ("2020-02-02", 3),
    ]
    assert record["units"]["by_state"]["distributed"] > 60_000
