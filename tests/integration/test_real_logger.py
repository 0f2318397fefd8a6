"""A real logger's readings on the chain, beside what it and an independent reckoning say of them.

The logger (Berlinger Q-tag CLm doc LR, run 02) logged every ten minutes and sampled between; its
limits were 2 °C and 8 °C, each with an alarm after 30 and after 60 minutes. Skipped where the data
is absent.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest

from aidline.client import RevmChain
from aidline.watches import told_of
from tests.sim.data import real
from tests.support.freight import Desk, terms
from tests.support.suite import START, deploy_suite

LOW, HIGH = 200, 800
#: How far an alarm may begin from a computed crossing, seconds: one interval of logging.
NEAR = 600


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp())


def _rows(name: str) -> list[dict[str, str]]:
    with real(f"cold_chain/{name}").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def logged() -> list[tuple[int, int]]:
    """Each reading of the file: unix seconds, hundredths of a degree."""
    return [
        (_seconds(row["ts"]), int(Fraction(row["temp_c"]) * 100))
        for row in _rows("qtag_run02_readings.csv")
    ]


def _outside(readings: list[tuple[int, int]], side: int) -> list[tuple[Fraction, Fraction]]:
    """Return when the line through the readings is beyond a limit: HIGH upwards, LOW downwards."""
    spells: list[tuple[Fraction, Fraction]] = []
    sign = 1 if side == HIGH else -1
    for (start, one), (end, two) in pairwise(readings):
        a, b = sign * (one - side), sign * (two - side)
        if max(a, b) <= 0:
            continue
        crossing = start + Fraction(a, a - b) * (end - start) if a != b else Fraction(start)
        first = Fraction(start) if a >= 0 else crossing
        last = Fraction(end) if b >= 0 else crossing
        if spells and spells[-1][1] == first:
            spells[-1] = (spells[-1][0], last)
        else:
            spells.append((first, last))
    return spells


def _area(start: int, one: int, end: int, two: int, side: int, sign: int) -> int:
    """The integral beyond one limit between two readings, by trapezium and by triangle."""
    a, b, width = Fraction(sign * (one - side)), Fraction(sign * (two - side)), end - start
    if a >= 0 and b >= 0:
        return floor((a + b) / 2 * width)
    if a <= 0 and b <= 0:
        return 0
    height = max(a, b)
    return floor(height / 2 * (height / (height - min(a, b)) * width))


def _independent(readings: list[tuple[int, int]]) -> int:
    """Exposure in centidegree-seconds, each side of each interval rounded down."""
    return sum(
        _area(*before, *after, HIGH, 1) + _area(*before, *after, LOW, -1)
        for before, after in pairwise(readings)
    )


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_exposure_on_the_chain_is_the_independent_one(
    logged: list[tuple[int, int]], size: int
) -> None:
    """Whatever the size of the batches: accepted, and exactly the same integer."""
    desk = Desk(deploy_suite(RevmChain(timestamp=START)))
    desk.build()
    booking = desk.booking([desk.allocate()], terms=terms(humidity_max=10_000))
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    start = booking.legs[0].departure
    desk.pass_on(consignment, 0, start)
    shifted = [(start + time - logged[0][0], value) for time, value in logged]
    desk.chain.set_time(shifted[-1][0])
    recorder = desk.recorder(consignment)
    # The logger has no sensor for humidity: a constant stands for it.
    readings = [(time, value, 5_000) for time, value in shifted]
    for at in range(0, len(readings), size):
        desk.record(recorder, readings[at : at + size])

    told = told_of(desk.suite.monitor, consignment)[0]
    end = shifted[-1][0]
    span = desk.suite.monitor.exposures(
        consignment, [told.watch], 0, 0, [told.points], [start, end]
    )[0]

    assert len(logged) >= 124
    assert sum(b.last_index - b.first_index + 1 for b in told.batches) == len(logged)
    assert span.temperature == _independent(logged) > 0
    assert span.humidity == 0


def test_each_alarm_begins_near_a_computed_crossing(
    logged: list[tuple[int, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Spells and durations differ, since the device samples between the readings that it logs."""
    limits = {"1": (HIGH, 30), "2": (HIGH, 60), "4": (LOW, 60), "5": (LOW, 30)}
    device = next(row for row in _rows("devices.csv") if row["log"].startswith("RCPJ00010"))
    for number, (side, minutes) in limits.items():
        assert f"{number}:{side / 100:.1f}C/{minutes}min" in device["alarm_limits"]

    lines = [
        "",
        "alarm  began (device)    nearest crossing     apart   device    line, first spell",
    ]
    for row in _rows("qtag_run02_alarms.csv"):
        side, _ = limits[row["alarm"]]
        spells = _outside(logged, side)
        began = _seconds(row["ts_start"])
        first, last = min(spells, key=lambda spell: abs(spell[0] - began))
        apart = abs(first - began)
        length = float(last - first) / 60
        lines.append(
            f"{row['alarm']:>5}  {row['ts_start']}"
            f"  {datetime.fromtimestamp(float(first), UTC):%Y-%m-%d %H:%M:%S}"
            f" {float(apart):6.0f} s {row['minutes']:>4} min {length:8.1f} min"
        )
        assert apart <= NEAR, f"alarm {row['alarm']} began at {row['ts_start']}"
    lines += [
        "The device samples between the readings that it logs: its spells begin and end between",
        "ours, and a dip shorter than ten minutes is on its record and not on our line. An alarm",
        "of 60 minutes adds up all its spells; of ours the nearest one is shown.",
    ]
    with capsys.disabled():
        print("\n".join(lines))
