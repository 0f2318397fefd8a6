"""Readings of loggers.

read_telemetry
├── finds its columns by their usual names; one log for each logger
├── sorts late readings, merges two of one moment
├── leaves out empty and impossible temperatures; cuts humidity above 100 %
└── refuses: no time, no temperature, text, bad time, negative humidity, none usable
TelemetryLog.replayed
├── begins at the pick-up, ends with the delivery, keeps the intervals
└── begins again where it is shorter than the journey
Real loggers: number of readings, extremes
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.errors import InputError
from aidline.sim.inputs import read_telemetry
from aidline.sim.records import Reading, TelemetryLog
from tests.sim.data import real, write


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("log,ts,temp_c,out_of_limits", "L1,2022-11-08 04:49,4.4,0"),
        ("date,Temperature,Humidity,CO2,Occupancy", "2022-11-08 04:49:00,4.4,27.272,721,1"),
        ("time,temperature", "2022-11-08T04:49Z,4.40"),
        ("time,temperature,humidity", "2022-11-08T12:49+08:00,4.4,"),
    ],
)
def test_finds_its_columns(tmp_path: Path, header: str, row: str) -> None:
    found = read_telemetry(write(tmp_path, f"{header}\n{row}\n", "fridge.csv"))
    (log,) = found.logs
    humidity = 2727 if "27.272" in row else None
    assert log.readings == (Reading(1_667_882_940, 440, humidity),)
    assert log.log == ("L1" if "L1" in row else "fridge")


def test_sorts_merges_and_keeps_loggers_apart(tmp_path: Path) -> None:
    text = (
        "log,ts,temp_c\nB,2022-11-08 00:10,5.0\nA,2022-11-08 00:20,4.0\n"
        "A,2022-11-08 00:10,3.0\nA,2022-11-08 00:20,4.5\nA,2022-11-08 00:20,4.5\n"
    )
    found = read_telemetry(write(tmp_path, text))
    assert [log.log for log in found.logs] == ["B", "A"]
    assert [reading.temperature for reading in found.logs[1].readings] == [300, 450]
    assert (found.count.rows, found.count.used, found.count.merged) == (5, 3, 2)


def test_leaves_out_what_cannot_be(tmp_path: Path) -> None:
    text = (
        "time,temperature,humidity\n2022-11-08,,40\n2022-11-09,999.9,40\n"
        "2022-11-10,-18.05,104\n2022-11-11,-120,40\n"
    )
    found = read_telemetry(write(tmp_path, text))
    assert [(r.temperature, r.humidity) for r in found.logs[0].readings] == [(-1805, 10_000)]
    count = found.count
    assert (count.unknown, count.capped, count.rejected, count.used) == (1, 1, 3, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("temperature\n4\n", "column time: the column is missing"),
        ("time,t_min\n2022-11-08,4\n", "column temperature: the column is missing"),
        (
            "time,temperature\n2022-11-08,warm\n",
            "line 2, column temperature: 'warm' is not a number",
        ),
        ("time,temperature\nnoon,4\n", "line 2, column time: 'noon' is not a date"),
        ("time,temperature,humidity\n2022-11-08,4,-1\n", "column humidity: -1 is negative"),
        ("time,temperature\n2022-11-08,\n", "has no reading that can be used"),
        ("time,temperature\n", "has no rows below its header"),
    ],
)
def test_refuses_a_bad_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_telemetry(write(tmp_path, text))
    assert message in str(caught.value)


def test_replays_from_pick_up_to_delivery() -> None:
    log = TelemetryLog("L", tuple(Reading(1000 + 60 * i, i, None) for i in range(5)))
    shifted = log.replayed(50_000, 50_130, humidity=4500)
    assert shifted == (
        Reading(50_000, 0, 4500),
        Reading(50_060, 1, 4500),
        Reading(50_120, 2, 4500),
    )


def test_begins_again_where_it_is_too_short() -> None:
    log = TelemetryLog("L", (Reading(0, 1, 10), Reading(60, 2, 20), Reading(120, 3, 30)))
    again = log.replayed(1000, 1310)
    assert [(r.time - 1000, r.temperature) for r in again] == [
        (0, 1),
        (60, 2),
        (120, 3),
        (180, 1),
        (240, 2),
        (300, 3),
    ]
    assert TelemetryLog("L", (Reading(7, 1, None),)).replayed(0, 600)[-1].time == 600


@given(
    st.lists(st.integers(0, 100_000), min_size=1, max_size=20, unique=True),
    st.integers(0, 10**9),
    st.integers(0, 300_000),
)
def test_a_replay_covers_the_journey_in_order(times: list[int], start: int, length: int) -> None:
    log = TelemetryLog("L", tuple(Reading(time, 1, None) for time in sorted(times)))
    shifted = log.replayed(start, start + length)
    assert shifted[0].time == start
    assert all(a.time < b.time for a, b in itertools.pairwise(shifted))
    assert shifted[-1].time <= start + length


def test_real_vaccine_logger() -> None:
    found = read_telemetry(real("cold_chain/qtag_run02_readings.csv"))
    (log,) = found.logs
    assert (log.log, found.count.used) == ("RCPJ00010_02_202211090128", 124)
    temperatures = [reading.temperature for reading in log.readings]
    assert (min(temperatures), max(temperatures)) == (90, 2430)
    assert all(reading.humidity is None for reading in log.readings)


def test_real_office_sensor() -> None:
    found = read_telemetry(real("cold_chain/office_temperature_humidity_1min.csv"))
    assert found.count.used == found.count.rows - found.count.merged == 1440
    assert all(reading.humidity is not None for reading in found.logs[0].readings)


@pytest.mark.parametrize("name", ["fridgetag_daily.csv", "qtag_run02_alarms.csv"])
def test_a_file_that_holds_no_readings_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="the column is missing"):
        read_telemetry(real(f"cold_chain/{name}"))
