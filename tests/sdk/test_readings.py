"""Readings as they come.

reading_of
├── takes hundredths as whole numbers, and decimals under names of their own
├── takes unix seconds or a date; a humidity may be missing; above 100 % it is cut
└── refuses what is no JSON, breaks the schema or cannot be true
readings_of
├── finds CSV's columns by their usual names; lines of JSON are known by their brace
├── names each bad line and goes on
└── refuses an empty file and a header that lacks a column
"""

from __future__ import annotations

import pytest

from aidline.errors import InputError
from aidline.readings import Reading, reading_of, readings_of

AT = 1_667_882_940


@pytest.mark.parametrize(
    ("message", "reading"),
    [
        ('{"time": 1667882940, "temperature": 440, "humidity": 4500}', Reading(AT, 440, 4_500)),
        (
            '{"time": 1667882940, "temperature_c": 4.4, "humidity_pct": 45}',
            Reading(AT, 440, 4_500),
        ),
        ('{"time": "2022-11-08T04:49:00Z", "temperature_c": -4}', Reading(AT, -400, None)),
        ('{"time": "2022-11-08 04:49", "temperature": 4, "id": "x"}', Reading(AT, 4, None)),
        (b'{"time": 1, "temperature": 4, "humidity": 10250}', Reading(1, 4, 10_000)),
        ('{"time": 1, "temperature_c": 0.285}', Reading(1, 28, None)),  # exact, half to even
    ],
)
def test_takes_a_message(message: str, reading: Reading) -> None:
    assert reading_of(message) == reading


@pytest.mark.parametrize(
    ("message", "say"),
    [
        ("", "is not JSON"),
        ("4.4", "is not of type 'object'"),
        (b"\xff\xfe", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"time": 1, "temperature": NaN}', "is not JSON"),
        ('{"temperature": 4}', "'time' is a required property"),
        ('{"time": 1}', "not valid under any"),
        ('{"time": 1, "temperature": 4, "temperature_c": 0.04}', "valid under each"),
        ('{"time": 1, "temperature": 4.4}', "is not of type 'integer'"),
        ('{"time": 1, "temperature": true}', "is not of type 'integer'"),
        ('{"time": 1, "temperature": 10001}', "greater than the maximum"),
        ('{"time": 1, "temperature_c": -273}', "less than the minimum"),
        ('{"time": 1, "temperature": 4, "humidity": -1}', "less than the minimum"),
        ('{"time": 1, "temperature": 4, "humidity": 1, "humidity_pct": 1}', "should not be valid"),
        ('{"time": 0, "temperature": 4}', "not valid under any"),
        ('{"time": "noon", "temperature": 4}', "is not a date"),
        ('{"time": "1960-01-01", "temperature": 4}', "is no time of a reading"),
    ],
)
def test_refuses_a_message(message: str, say: str) -> None:
    with pytest.raises(InputError, match=say):
        reading_of(message)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("log,ts,temp_c,out_of_limits", "L1,2022-11-08 04:49,4.4,0"),
        ("date,Temperature,CO2", "2022-11-08 04:49:00,4.4,721"),
        ("\ufefftime,temperature,humidity", "2022-11-08T12:49+08:00,4.4,"),
    ],
)
def test_finds_the_columns(header: str, row: str) -> None:
    assert list(readings_of([header, row, ""], "log.csv")) == [Reading(AT, 440, None)]


def test_knows_lines_of_json() -> None:
    lines = ["", '{"time": 1, "temperature": 4}', "", "{", '{"time": 2, "temperature": 5}']
    first, bad, last = readings_of(lines, "log")
    assert (first, last) == (Reading(1, 4, None), Reading(2, 5, None))
    assert str(bad) == "log, line 4: is not JSON"


def test_names_each_bad_row_and_goes_on() -> None:
    rows = [
        "time,temperature,rh",
        "2020-01-01,4,40",
        "2020-01-02,warm,40",
        "noon,4,40",
        "2020-01-03,,40",
        "2020-01-04,120,40",
        "2020-01-05,4,-1",
        "2020-01-06,4",
        '2020-01-07,"4,40',
        "2020-01-08,4.125,101",
    ]
    found = list(readings_of(rows, "log.csv"))
    assert [one.temperature for one in found if isinstance(one, Reading)] == [400, 412]
    assert [str(one) for one in found if isinstance(one, InputError)] == [
        "log.csv, line 3, column temperature: 'warm' is not a number",
        "log.csv, line 4, column time: 'noon' is not a date such as 2020-01-24 or 2020-01-24 08:30",
        "log.csv, line 5, column temperature: is empty",
        "log.csv, line 6: 120 °C cannot be true",
        "log.csv, line 7, column rh: -1 is negative",
        "log.csv, line 8: has 2 fields where the header has 3",
        "log.csv, line 9: is not CSV: unexpected end of data",
    ]


@pytest.mark.parametrize(
    ("lines", "say"),
    [
        ([], "is empty"),
        (["\n", "  \n"], "is empty"),
        (["ts,value"], "line 1, column temperature: the column is missing; the file has ts, value"),
        (["temp_c"], "column time: the column is missing"),
    ],
)
def test_refuses_what_holds_no_readings(lines: list[str], say: str) -> None:
    with pytest.raises(InputError) as caught:
        list(readings_of(lines, "log.csv"))
    assert say in str(caught.value)
