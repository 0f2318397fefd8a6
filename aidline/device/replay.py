"""What a logger's file says: extremes, exposure against a band, excursions, alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

from aidline.errors import InputError
from aidline.readings import Reading, readings_of
from aidline.tables import Row, Table
from aidline.telemetry import Band, interval_exposure

__all__ = ["Alarm", "Day", "Excursion", "Log", "excursions_of", "read_log"]

_FAR = 10**9  # a limit that nothing reaches


@dataclass(frozen=True, slots=True)
class Excursion:
    """A time outside the band, on one side of it.

    Attributes:
        what: ``temperature`` or ``humidity``.
        side: ``above`` or ``below``.
        start: Unix seconds at which the line between the readings leaves the band.
        end: At which it comes back; that of the last reading where it does not.
        is_over: Whether it comes back.
        extreme: The reading farthest out, hundredths.
        exposure: Hundredths times seconds.
    """

    what: str
    side: str
    start: int
    end: int
    is_over: bool
    extreme: int
    exposure: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as the logger itself recorded it.

    Attributes:
        name: The logger's number of it.
        start: Unix seconds at which the values left its limits; 0 where it does not tell.
        minutes: For which they were outside.
        alarm: Unix seconds at which it was raised; 0 where it does not tell.
    """

    name: str
    start: int
    minutes: int
    alarm: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day as a logger sums it up.

    Attributes:
        start: Unix seconds of its beginning.
        low: Lowest, hundredths of a degree Celsius.
        high: Highest.
        minutes_low: Minutes counted towards the alarm of cold.
        minutes_high: Minutes counted towards the alarm of heat.
    """

    start: int
    low: int
    high: int
    minutes_low: int
    minutes_high: int


@dataclass(frozen=True, slots=True)
class Log:
    """A logger's file.

    Attributes:
        path: The file.
        readings: In the order of time; none where it sums up days.
        days: In the order of time; none where it holds readings.
        alarms: What the logger recorded of them, in this file or the one beside it.
        bad: What is wrong with each row that cannot be used.
        merged: Rows of a moment that another row has, which are left out.
    """

    path: Path
    readings: tuple[Reading, ...]
    days: tuple[Day, ...]
    alarms: tuple[Alarm, ...]
    bad: tuple[InputError, ...]
    merged: int

    def extremes(self) -> dict[str, tuple[int, int]]:
        """Return the lowest and the highest value, hundredths."""
        if self.days:
            low, high = min(day.low for day in self.days), max(day.high for day in self.days)
            return {"temperature": (low, high)}
        found = {"temperature": [reading.temperature for reading in self.readings]}
        wet = [reading.humidity for reading in self.readings if reading.humidity is not None]
        if wet:
            found["humidity"] = wet
        return {name: (min(values), max(values)) for name, values in found.items()}

    def exposure(self, band: Band) -> dict[str, int]:
        """Return the exposure over all readings, as the contract reckons it."""
        made = {"temperature": 0, "humidity": 0}
        for before, after in pairwise(self.readings):
            seconds = after.time - before.time
            limits = band.temperature_min, band.temperature_max
            made["temperature"] += interval_exposure(
                seconds, before.temperature, after.temperature, *limits
            )
            if before.humidity is not None and after.humidity is not None:
                made["humidity"] += interval_exposure(
                    seconds, before.humidity, after.humidity, band.humidity_min, band.humidity_max
                )
        return made

    def record(self, band: Band) -> dict[str, Any]:
        """Return all of it as JSON has it (``aidline/schemas/device-replay.json``)."""
        return {
            "file": self.path.name,
            "readings": len(self.readings),
            "days": [asdict(day) for day in self.days],
            "bad": [str(problem) for problem in self.bad],
            "merged": self.merged,
            "extremes": {name: list(pair) for name, pair in self.extremes().items()},
            "exposure": self.exposure(band) if self.readings else None,
            "excursions": [asdict(one) for one in excursions_of(self.readings, band)],
            "alarms": [asdict(alarm) for alarm in self.alarms],
        }


def read_log(path: str | PathLike[str]) -> Log:
    """Read a logger's file; its header tells of which kind it is.

    Raises:
        InputError: It is missing, is of no known kind, or nothing in it can be used.
    """
    table = Table(path)
    if table.has("date", "min_c", "max_c"):
        return _daily(table)
    found: dict[int, Reading] = {}
    bad: list[InputError] = []
    usable = 0
    with table.path.open(encoding="utf-8-sig") as lines:
        for one in readings_of(lines, table.path):
            if isinstance(one, InputError):
                bad.append(one)
            else:
                usable += 1
                found[one.time] = one
    if not found:
        raise InputError("has no reading that can be used", path=table.path)
    readings = tuple(found[at] for at in sorted(found))
    alarms = _alarms_beside(table.path)
    return Log(table.path, readings, (), alarms, tuple(bad), usable - len(readings))


def _daily(table: Table) -> Log:
    found: dict[int, Day] = {}
    alarms: list[Alarm] = []
    bad: list[InputError] = []
    usable = 0
    for row in table.rows():
        try:
            day = Day(
                row.time("date"),
                _degrees(row, "min_c"),
                _degrees(row, "max_c"),
                row.count("alarm0_acc_min") or 0,
                row.count("alarm1_acc_min") or 0,
            )
        except InputError as problem:
            bad.append(problem)
            continue
        usable += 1
        found[day.start] = day
        for number, minutes in (("0", day.minutes_low), ("1", day.minutes_high)):
            if row.text(f"alarm{number}_at"):
                alarms.append(Alarm(number, 0, minutes, _clock(row, f"alarm{number}_at")))
    if not found:
        raise InputError("has no day that can be used", path=table.path)
    days = tuple(found[start] for start in sorted(found))
    return Log(table.path, (), days, tuple(alarms), tuple(bad), usable - len(days))


def _degrees(row: Row, column: str) -> int:
    value = row.number(column, negative=True)
    if value is None:
        raise row.error(column, "is empty")
    return round(value * 100)


def _clock(row: Row, column: str) -> int:
    """Return the unix seconds of a time of the row's day."""
    hours, _, minutes = row.text(column).partition(":")
    if not (hours.isdigit() and minutes.isdigit()):
        raise row.error(column, f"'{row.text(column)[:60]}' is not a time such as 08:30")
    return row.time("date") + int(hours) * 3_600 + int(minutes) * 60


def _alarms_beside(path: Path) -> tuple[Alarm, ...]:
    """Return what a logger recorded of alarms: ``..._alarms.csv`` beside ``..._readings.csv``."""
    beside = path.with_name(path.name.replace("readings", "alarms"))
    if beside == path or not beside.is_file():
        return ()
    table = Table(beside)
    table.need("alarm", "ts_start", "minutes", "ts_alarm")
    return tuple(
        Alarm(
            row.text("alarm"),
            row.time("ts_start"),
            row.count("minutes") or 0,
            row.time("ts_alarm") if row.text("ts_alarm") else 0,
        )
        for row in table.rows()
    )


def excursions_of(readings: Sequence[Reading], band: Band) -> list[Excursion]:
    """Return the times outside the band, the first first.

    Between two readings the value is taken to change evenly, as exposure has it.
    """
    dry = [reading for reading in readings if reading.humidity is not None]
    found: list[Excursion] = []
    for what, low, high, values in (
        (
            "temperature",
            band.temperature_min,
            band.temperature_max,
            [(reading.time, reading.temperature) for reading in readings],
        ),
        (
            "humidity",
            band.humidity_min,
            band.humidity_max,
            [(reading.time, reading.humidity or 0) for reading in dry],
        ),
    ):
        found += _side(what, "above", values, high)
        found += _side(what, "below", values, low)
    return sorted(found, key=lambda one: (one.start, one.what, one.side))


def _side(what: str, side: str, values: Sequence[tuple[int, int]], limit: int) -> list[Excursion]:
    low, high = (-_FAR, limit) if side == "above" else (limit, _FAR)

    def beyond(value: int) -> int:
        return value - high if side == "above" else low - value

    found: list[Excursion] = []
    start: int | None = None
    extreme, exposure = 0, 0
    if values and beyond(values[0][1]) > 0:
        start, extreme = values[0]
    for (time, value), (next_time, next_value) in pairwise(values):
        seconds, here, there = next_time - time, beyond(value), beyond(next_value)
        if start is None and there <= 0:
            continue
        if start is None:
            start = time + -here * seconds // (there - here)
            extreme, exposure = next_value, 0
        exposure += interval_exposure(seconds, value, next_value, low, high)
        if there > beyond(extreme):
            extreme = next_value
        if there <= 0:
            end = time + here * seconds // (here - there)
            found.append(Excursion(what, side, start, end, True, extreme, exposure))
            start, exposure = None, 0
    if start is not None:
        found.append(Excursion(what, side, start, values[-1][0], False, extreme, exposure))
    return found
