"""What loggers' files say.

excursions_of: on each side of a band, from the computed crossing to the computed return
├── adjacent readings in the band or on its limit make none; across the whole band, two
├── the first reading may be out already, and the last still
└── their exposure adds up to that of the contract's arithmetic
read_log
├── readings: bad rows are named, rows of one moment merged, alarms beside the file read
├── days: extremes and alarms
└── a file of another kind, or of which nothing can be used: refused
The real loggers: extremes, exposure, and each recorded alarm within ten minutes of a crossing
The program prints it, writes it as its schema has it, and refuses in one line
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.cli import run
from aidline.device import Log, excursions_of, read_log
from aidline.errors import InputError
from aidline.files import read_json
from aidline.readings import Reading
from aidline.telemetry import Band
from tests.sim.data import real, write

BAND = Band(200, 800, 1_000, 6_000)


def log(*temperatures: int, step: int = 600) -> list[Reading]:
    return [Reading(1_000 + step * at, value, None) for at, value in enumerate(temperatures)]


def test_finds_crossing_and_return() -> None:
    (one,) = excursions_of(log(700, 900, 1_000, 600), BAND)
    assert (one.what, one.side, one.is_over) == ("temperature", "above", True)
    assert (one.start, one.end) == (1_300, 2_500)
    assert one.extreme == 1_000
    assert one.exposure == 100 * 300 // 2 + (100 + 200) * 600 // 2 + 200 * 300 // 2


@pytest.mark.parametrize("values", [(), (500,), (200, 800, 500, 200), (800, 800)])
def test_what_stays_in_the_band_is_none(values: tuple[int, ...]) -> None:
    assert excursions_of(log(*values), BAND) == []


def test_across_the_whole_band_are_two() -> None:
    above, below = excursions_of(log(900, 100), BAND)
    assert (above.side, above.start, above.end, above.is_over) == ("above", 1_000, 1_075, True)
    assert (below.side, below.start, below.end, below.is_over) == ("below", 1_525, 1_600, False)
    assert (above.extreme, below.extreme) == (900, 100)


def test_of_humidity_too() -> None:
    wet = [Reading(0, 500, 5_000), Reading(60, 500, None), Reading(100, 500, 7_000)]
    (one,) = excursions_of(wet, BAND)
    assert (one.what, one.start, one.end, one.exposure) == ("humidity", 50, 100, 25_000)


@given(
    st.lists(
        st.tuples(st.integers(1, 900), st.integers(-500, 1_500), st.integers(0, 10_000)),
        min_size=1,
        max_size=30,
    )
)
def test_exposures_add_up(values: list[tuple[int, int, int]]) -> None:
    at, made = 0, []
    for seconds, temperature, humidity in values:
        at += seconds
        made.append(Reading(at, temperature, humidity))
    whole = Log(Path("x"), tuple(made), (), (), (), 0).exposure(BAND)
    found = excursions_of(made, BAND)
    for what, exposure in whole.items():
        assert sum(one.exposure for one in found if one.what == what) == exposure
    for one in found:
        assert one.start <= one.end


def test_reads_readings_and_the_alarms_beside(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "log,ts,temp_c\nL,2022-11-08 00:20,9.0\nL,2022-11-08 00:10,hot\n"
        "L,2022-11-08 00:00,4.0\nL,2022-11-08 00:20,9.0\n",
        "run_readings.csv",
    )
    write(
        tmp_path,
        "log,alarm,ts_start,minutes,ts_alarm\nL,1,2022-11-08 00:17,30,\n",
        "run_alarms.csv",
    )
    found = read_log(path)
    assert [one.temperature for one in found.readings] == [400, 900]
    assert found.merged == 1
    assert [str(one) for one in found.bad] == [
        f"{path}, line 3, column temp_c: 'hot' is not a number"
    ]
    (alarm,) = found.alarms
    assert (alarm.name, alarm.start, alarm.minutes, alarm.alarm) == ("1", 1_667_866_620, 30, 0)


def test_reads_days(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "log,date,min_c,max_c,alarm0_acc_min,alarm0_at,alarm1_acc_min,alarm1_at\n"
        "L,2023-04-19,-1.5,7.1,75,08:30,0,\nL,2023-04-18,1.9,8.5,0,,2,\nL,2023-04-17,,8,0,,0,\n",
    )
    found = read_log(path)
    assert [(day.low, day.high) for day in found.days] == [(190, 850), (-150, 710)]
    assert found.extremes() == {"temperature": (-150, 850)}
    assert [(one.name, one.minutes, one.alarm) for one in found.alarms] == [
        ("0", 75, 1_681_893_000)
    ]
    assert len(found.bad) == 1


@pytest.mark.parametrize(
    ("text", "say"),
    [
        ("log,device,serial\na,b,c\n", "column time: the column is missing"),
        ("time,temperature\nnoon,4\n", "has no reading that can be used"),
        ("date,min_c,max_c\n2020-01-01,,\n", "has no day that can be used"),
        ("", "is empty"),
    ],
)
def test_refuses_what_it_cannot_use(
    tmp_path: Path, text: str, say: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=say):
        read_log(path)
    assert run(["device", "replay", str(path)]) == 2
    said = capfd.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert say in said.err


def test_real_alarms_begin_within_ten_minutes_of_a_crossing() -> None:
    found = read_log(real("cold_chain/qtag_run02_readings.csv"))
    band = Band(200, 800, 0, 10_000)
    assert (len(found.readings), len(found.alarms)) == (124, 6)
    assert found.extremes() == {"temperature": (90, 2_430)}
    crossings = [one.start for one in excursions_of(found.readings, band)]
    for alarm in found.alarms:
        # the logger samples between the readings that it logs: its spells and durations differ
        apart = min(abs(alarm.start - crossing) for crossing in crossings)
        print(f"alarm {alarm.name}: {alarm.minutes} min, {apart} s from a computed crossing")
        assert apart <= 600


def test_real_days() -> None:
    found = read_log(real("cold_chain/fridgetag_daily.csv"))
    assert [(day.low, day.high, day.minutes_high) for day in found.days] == [
        (230, 2_080, 8),
        (190, 850, 2),
        (150, 710, 0),
        (200, 800, 0),
    ]


def test_real_office() -> None:
    found = read_log(real("cold_chain/office_temperature_humidity_1min.csv"))
    assert len(found.readings) == 1_440
    assert found.extremes() == {"temperature": (2_070, 2_318), "humidity": (2_239, 2_850)}


def test_prints_and_writes_what_it_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "ts,temp_c,rh\n2022-11-08 00:00,4,50\n2022-11-08 00:10,9,70\n")
    result = tmp_path / "result.json"
    command = ["device", "replay", str(path), "--humidity-band", "10:60", "--readings"]
    assert run([*command, "--json", str(result)]) == 0
    said = capfd.readouterr().out
    assert "2 readings from 2022-11-08 00:00 to 2022-11-08 00:10" in said
    assert "exposure outside 2.00 °C to 8.00 °C: 6,000 centidegree-seconds" in said
    assert "humidity above" in said
    assert "9.00 °C" in said
    record = read_json(result, "device-replay")
    assert record["exposure"] == {"temperature": 6_000, "humidity": 150_000}
    assert json.dumps(record)


@pytest.mark.parametrize(
    ("options", "say"),
    [
        (["--band", "8"], "--band '8' is no band"),
        (["--band", "8:2"], "lower limit is above"),
        (["--rpc", "http://127.0.0.1:1"], "give --rpc, --keystore and --consignment"),
        (["--json", "."], "is a folder"),
    ],
)
def test_refuses_options_in_one_line(
    tmp_path: Path, options: list[str], say: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "ts,temp_c\n2022-11-08 00:00,4\n")
    assert run(["device", "replay", str(path), *options]) == 2
    assert say in capfd.readouterr().err
