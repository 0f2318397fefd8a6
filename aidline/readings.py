"""Readings of sensors as they come: rows of a logger's file, or messages in JSON.

A CSV file has a header by whose usual names the columns are found; a message is one JSON object,
``aidline/schemas/reading.json``. Both are described in ``docs/formats.md``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from aidline.errors import InputError
from aidline.files import check_schema
from aidline.tables import Row

__all__ = [
    "HUMIDITY_COLUMNS",
    "SENSOR_RANGE",
    "TEMPERATURE_COLUMNS",
    "TIME_COLUMNS",
    "Reading",
    "reading_of",
    "readings_of",
]

TIME_COLUMNS = ("ts", "time", "date", "datetime", "timestamp")
TEMPERATURE_COLUMNS = ("temperature", "temp_c", "temperature_c", "temp")
HUMIDITY_COLUMNS = ("humidity", "humidity_pct", "rh")
#: ±100 °C in hundredths: no cargo logger measures beyond.
SENSOR_RANGE = 10_000
_WET = 10_000  # 100 %
_LATEST = 2**40 - 1  # what the contracts keep of a time


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """A sensor value.

    Attributes:
        time: Unix seconds.
        temperature: Hundredths of a degree Celsius.
        humidity: Hundredths of a percent, ``None`` when the logger has no such sensor.
    """

    time: int
    temperature: int
    humidity: int | None


def reading_of(message: str | bytes) -> Reading:
    """Return the reading in a JSON message.

    Raises:
        InputError: It is no JSON, breaks the schema, or cannot be true.
    """
    try:
        record = json.loads(message, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InputError("is not JSON") from None
    check_schema(record, "reading")
    time = record["time"]
    if isinstance(time, str):
        time = Row(Path(), 0, {"time": time}, {}).time("time")
    humidity = None
    if "humidity" in record or "humidity_pct" in record:
        humidity = _hundredths(record, "humidity", "humidity_pct")
    return _possible(time, _hundredths(record, "temperature", "temperature_c"), humidity)


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _hundredths(record: dict[str, Any], exact: str, decimal: str) -> int:
    return int(record[exact]) if exact in record else round(Decimal(record[decimal]) * 100)


def _possible(time: int, temperature: int, humidity: int | None) -> Reading:
    if not 0 < time <= _LATEST:
        raise InputError(f"{time} is no time of a reading")
    if abs(temperature) > SENSOR_RANGE:
        raise InputError(f"{temperature / 100:g} °C cannot be true")
    if humidity is not None and humidity < 0:
        raise InputError(f"a humidity of {humidity / 100:g} % cannot be true")
    return Reading(time, temperature, humidity if humidity is None else min(humidity, _WET))


def readings_of(lines: Iterable[str], path: str | PathLike[str]) -> Iterator[Reading | InputError]:
    """Yield the readings of lines as they come, and for each bad line what is wrong with it.

    Args:
        lines: CSV with a header, or one JSON object in each line; the first line tells.
        path: Where they come from, for messages.

    Raises:
        InputError: The first line is neither, or lacks a column.
    """
    numbered = enumerate(lines, 1)
    number, first = next(
        ((at, line) for at, line in numbered if line.strip("\ufeff \r\n")), (0, "")
    )
    if not first:
        raise InputError("is empty", path=path)
    first = first.lstrip("\ufeff")
    if first.lstrip().startswith("{"):
        yield _of_json(first, path, number)
        for number, line in numbered:
            if line.strip():
                yield _of_json(line, path, number)
    else:
        header = [name.strip() for name in next(csv.reader([first]))]
        yield from _of_rows(numbered, header, Path(path), number)


def _of_json(line: str, path: str | PathLike[str], number: int) -> Reading | InputError:
    try:
        return reading_of(line)
    except InputError as problem:
        return InputError(problem.message, path=path, line=number)


def _of_rows(
    numbered: Iterator[tuple[int, str]], header: list[str], path: Path, line: int
) -> Iterator[Reading | InputError]:
    columns = {name.casefold(): name for name in header}

    def find(wanted: str, names: tuple[str, ...]) -> str:
        found = next((name for name in names if name in columns), None)
        if found is None:
            have = ", ".join(name for name in header if name)[:200]
            message = f"the column is missing; the file has {have or 'none'}"
            raise InputError(message, path=path, line=line, column=wanted)
        return found

    time, temperature = find("time", TIME_COLUMNS), find("temperature", TEMPERATURE_COLUMNS)
    humidity = next((name for name in HUMIDITY_COLUMNS if name in columns), None)
    for number, text in numbered:
        if not text.strip():
            continue
        try:
            fields = next(csv.reader([text], strict=True))
            if len(fields) != len(header):
                raise InputError(f"has {len(fields)} fields where the header has {len(header)}")
            row = Row(path, number, dict(zip(columns, fields, strict=True)), columns)
            degrees = row.number(temperature, negative=True)
            if degrees is None:
                raise row.error(temperature, "is empty")
            wet = None if humidity is None else row.number(humidity)
            yield _possible(
                row.time(time), round(degrees * 100), None if wet is None else round(wet * 100)
            )
        except csv.Error as problem:
            yield InputError(f"is not CSV: {problem}", path=path, line=number)
        except InputError as problem:
            if problem.path is None:
                problem = InputError(problem.message, path=path, line=number)
            yield problem
