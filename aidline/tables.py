"""CSV files as rows that know where they stand, so that a bad value is named by line and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from os import PathLike
from pathlib import Path

from aidline.errors import InputError

__all__ = ["Row", "Table"]

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_SLASHED = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(.*)", re.DOTALL)
_LARGEST = Decimal(10) ** 30
_FIELD_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        path: The file.
        line: Line in it at which the row begins; the header is line 1.
        values: By column, in the header's spelling folded to lower case.
        columns: The header's own spelling by the folded one.
    """

    path: Path
    line: int
    values: dict[str, str]
    columns: dict[str, str]

    def text(self, column: str) -> str:
        """Returns a value without blanks around it, empty where the column is missing."""
        return self.values.get(column.casefold(), "").strip()

    def number(self, column: str, *, negative: bool = False) -> Decimal | None:
        """Returns a number, ``None`` where it is empty.

        Args:
            column: Its column.
            negative: Whether it may be below nought.

        Raises:
            InputError: If it is text, or below nought where that makes no sense.
        """
        text = self.text(column)
        if not text:
            return None
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not _NUMBER.fullmatch(text):
            raise self.error(column, f"'{text[:60]}' is not a number")
        value = Decimal(text)
        if value < 0 and not negative:
            raise self.error(column, f"{text[:60]} is negative")
        return max(min(value, _LARGEST), -_LARGEST)

    def count(self, column: str) -> int | None:
        """Returns a whole number of things, ``None`` where it is empty.

        Raises:
            InputError: If it is text, negative or not whole.
        """
        value = self.number(column)
        if value is None:
            return None
        if value != value.to_integral_value():
            raise self.error(column, f"{self.text(column)[:60]} is not a whole number")
        return int(value)

    def time(self, column: str) -> int:
        """Returns the unix seconds of a date or a date with time; UTC where no zone is given.

        Raises:
            InputError: If it does not parse, or is empty.
        """
        text = self.text(column)
        slashed = _SLASHED.fullmatch(text)
        iso = text
        if slashed is not None:
            year, month, day, rest = slashed.groups()
            iso = f"{year}-{int(month):02}-{int(day):02}{rest}"
        try:
            moment = datetime.fromisoformat(iso)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return int(moment.timestamp() // 1)
        except (ValueError, OverflowError):
            raise self.error(
                column, f"'{text[:60]}' is not a date such as 2020-01-24 or 2020-01-24 08:30"
            ) from None

    def error(self, column: str, message: str) -> InputError:
        """Makes the error that names this row and a column."""
        shown = self.columns.get(column.casefold(), column)
        return InputError(message, path=self.path, line=self.line, column=shown)


class Table:
    """A CSV file in UTF-8, with or without a byte order mark, with any line ends.

    Args:
        path: The file.

    Raises:
        InputError: If it cannot be read, is not UTF-8, is empty, or two columns have one name.
    """

    __slots__ = ("_lines", "columns", "path")

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        try:
            data = self.path.read_bytes()
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise InputError(f"cannot be read: {reason}", path=self.path) from None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError("is not UTF-8", path=self.path, line=line) from None
        if not text.strip():
            raise InputError("is empty", path=self.path)
        self._lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        header = next(self._records(), (1, []))[1]
        self.columns: dict[str, str] = {}
        for name in (name.strip() for name in header):
            if name and name.casefold() in self.columns:
                raise InputError("stands twice", path=self.path, line=1, column=name)
            self.columns[name.casefold()] = name

    def has(self, *columns: str) -> bool:
        """Says whether all these columns are there."""
        return all(column.casefold() in self.columns for column in columns)

    def first_of(self, *columns: str) -> str | None:
        """Returns the first of these columns that is there."""
        return next((column for column in columns if self.has(column)), None)

    def need(self, *columns: str) -> None:
        """Makes sure that all these columns are there.

        Raises:
            InputError: If one is missing.
        """
        for column in columns:
            if not self.has(column):
                raise self.missing(column)

    def missing(self, column: str) -> InputError:
        """Makes the error that says that a column is missing."""
        have = ", ".join(name for name in self.columns.values() if name)[:200]
        message = f"the column is missing; the file has {have or 'none'}"
        return InputError(message, path=self.path, line=1, column=column)

    def rows(self, rejected: list[InputError] | None = None) -> Iterator[Row]:
        """Yields the rows; empty lines are passed over.

        Args:
            rejected: Takes what is wrong with a row that has another number of fields than the
                header, which is passed over then.

        Raises:
            InputError: If there is such a row and nothing that takes it, or it is no CSV.
        """
        names = list(self.columns)
        records = self._records()
        next(records)
        for line, fields in records:
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(names):
                problem = InputError(
                    f"has {len(fields)} fields where the header has {len(names)}",
                    path=self.path,
                    line=line,
                )
                if rejected is None:
                    raise problem
                rejected.append(problem)
                continue
            yield Row(self.path, line, dict(zip(names, fields, strict=True)), self.columns)

    def _records(self) -> Iterator[tuple[int, Sequence[str]]]:
        csv.field_size_limit(_FIELD_LIMIT)
        reader = csv.reader((f"{line}\n" for line in self._lines), strict=True)
        line = 0
        try:
            for fields in reader:
                start, line = line + 1, reader.line_num
                if fields or start == 1:
                    yield start, fields
        except csv.Error as error:
            raise InputError(f"is not CSV: {error}", path=self.path, line=line + 1) from None
