"""Lists of requests and gifts as relief groups keep them, made fit to be matched.

What real lists are known for is survived, and reported row by row: nothing is dropped in silence.
What is taken for one request, and what for absurd, is said by :class:`ListRules`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from os import PathLike
from statistics import median_low

from aidline.errors import InputError
from aidline.tables import Table

__all__ = [
    "Entry",
    "Fate",
    "ListRules",
    "Listed",
    "Tally",
    "Treated",
    "read_gifts",
    "read_requests",
]

_MINUTE = 60
_HOUR = 3600
_DAY = 24 * _HOUR
_FAR = 1000 * _DAY
_MOST_UNITS = 10**12  # what nobody has


@dataclass(frozen=True, slots=True)
class ListRules:
    """What is taken for one request, and what for absurd.

    Attributes:
        repeat_hours: A recipient who asks for an item again within this time asks once, and the
            later figure stands; a donor who names the same item and units again gives once.
        revision_minutes: Requests of whatever accounts for the same items, this near in time, are
            one when two thirds of their figures agree: a form that was corrected and sent again.
            The later figures stand. Not where neither list has a time of day.
        echo_hours: Requests for the same items, this near in time, are one when all figures agree,
            unless all are one and the same figure, as many ask for: a list that was entered twice.
        cap_medians: A row above so many times the median request for its item is absurd, and is
            cut to that.
    """

    repeat_hours: int = 24
    revision_minutes: int = 30
    echo_hours: int = 6
    cap_medians: int = 300


class Fate(StrEnum):
    """Why a row does not stand as it was written."""

    REJECTED = "rejected"
    REPEATED = "repeated"
    REVISED = "revised"
    ECHOED = "echoed"
    CAPPED = "capped"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one party asks for, or gives, of one item.

    Attributes:
        id: Number in its list, from 1, in the order of time.
        party: Who.
        item: What, by its exact name.
        time: When first, unix seconds.
        units: How many, at least 1.
    """

    id: int
    party: str
    item: str
    time: int
    units: int


@dataclass(frozen=True, slots=True)
class Treated:
    """A row that does not stand as it was written.

    Attributes:
        line: Its line in the file.
        fate: What became of it.
        party: Who asks or gives.
        item: What.
        units: Units in it; 0 where that cannot be read.
        kept: Units of it that stand.
        into: Line of the row that stands for it; 0 for none.
        reason: What is wrong with a rejected row.
    """

    line: int
    fate: Fate
    party: str
    item: str
    units: int
    kept: int = 0
    into: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a file's rows.

    Attributes:
        file: Name of the file.
        rows: Rows of data: used, merged (repeated, revised, echoed) or rejected.
        used: Rows that stand, the capped among them.
        units_read: Units in all rows that could be read.
        units_used: Units that stand.
        treated: Rows that do not stand as they were written, by line.
    """

    file: str
    rows: int
    used: int
    units_read: int
    units_used: int
    treated: tuple[Treated, ...]

    def rows_of(self, fate: Fate) -> int:
        """Return how many rows met with a fate."""
        return sum(one.fate is fate for one in self.treated)

    def units_of(self, fate: Fate) -> int:
        """Return how many units fell away by a fate."""
        return sum(one.units - one.kept for one in self.treated if one.fate is fate)


@dataclass(frozen=True, slots=True)
class Listed:
    """What a file says once it is fit to be matched.

    Attributes:
        entries: By time.
        caps: Most units that a row may hold, by item.
        tally: What became of its rows.
    """

    entries: tuple[Entry, ...]
    caps: Mapping[str, int]
    tally: Tally


def read_requests(path: str | PathLike[str], rules: ListRules) -> Listed:
    """Read who asks for what.

    Args:
        path: CSV with the columns ``rec_id``, ``date``, ``ppe``, ``qty``.
        rules: What is one request, and what is absurd.

    Raises:
        InputError: The file cannot be read, lacks a column, or no row of it stands.
    """
    reading = _Reading(path, "rec_id")
    groups = _grouped(_forms(reading, rules), reading, rules)
    standing = [(group.since, row) for group in groups for row in group.rows.values()]
    units = defaultdict(list)
    for _, row in standing:
        units[row.item].append(row.units)
    caps = {
        item: min(rules.cap_medians * median_low(units[item]), _MOST_UNITS)
        for item in sorted(units)
    }
    return reading.close(standing, caps)


def read_gifts(path: str | PathLike[str], rules: ListRules, caps: Mapping[str, int]) -> Listed:
    """Read who gives what.

    Args:
        path: CSV with the columns ``don_id``, ``date``, ``ppe``, ``qty``.
        rules: What is one gift.
        caps: Most units of a row by item, from the requests.

    Raises:
        InputError: The file cannot be read, lacks a column, or no row of it stands.
    """
    reading = _Reading(path, "don_id")
    first: dict[tuple[str, str, int], _Row] = {}
    standing = []
    for row in reading.rows:
        known = first.get((row.party, row.item, row.units))
        if known is not None and row.time - known.time <= rules.repeat_hours * _HOUR:
            reading.merge(row, known, Fate.REPEATED)
        else:
            first[row.party, row.item, row.units] = row
            standing.append((row.time, row))
    return reading.close(standing, caps)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    party: str
    item: str
    time: int
    units: int


class _Reading:
    """A file while it is read: rows by time, and what becomes of them."""

    def __init__(self, path: str | PathLike[str], party: str) -> None:
        table = Table(path)
        table.need(party, "date", "ppe", "qty")
        self._path = table.path
        self._rejected: list[Treated] = []
        self._merged: dict[int, tuple[_Row, int, Fate]] = {}
        self.rows: list[_Row] = []
        misshapen: list[InputError] = []
        for row in table.rows(misshapen):
            who, item, units = row.text(party), row.text("ppe"), 0
            try:
                units = row.count("qty") or 0
                if not who or not item:
                    raise row.error("ppe" if who else party, "is empty")
                if not units:
                    raise row.error("qty", f"'{row.text('qty')[:60]}' is no quantity")
                self.rows.append(_Row(row.line, who, item, row.time("date"), units))
            except InputError as problem:
                self._reject(_Row(row.line, who, item, 0, units), problem)
        for wrong in misshapen:
            self._reject(_Row(wrong.line or 0, "", "", 0, 0), wrong)
        # A list is of one crisis: a row of another year has a slip of the pen for a date.
        middle = median_low([one.time for one in self.rows] or [0])
        for one in self.rows:
            if abs(one.time - middle) > _FAR:
                self._reject(one, InputError("is years from the others", column="date"))
        near = [one for one in self.rows if abs(one.time - middle) <= _FAR]
        self.rows = sorted(near, key=lambda one: (one.time, one.line))

    def _reject(self, row: _Row, problem: InputError) -> None:
        place = f"column {problem.column}: " if problem.column else ""
        reason = place + problem.message
        self._rejected.append(
            Treated(row.line, Fate.REJECTED, row.party, row.item, row.units, reason=reason)
        )

    def merge(self, row: _Row, into: _Row, fate: Fate) -> None:
        """Let another row stand for this one."""
        self._merged[row.line] = (row, into.line, fate)

    def close(self, standing: Iterable[tuple[int, _Row]], caps: Mapping[str, int]) -> Listed:
        """Number and cap what stands, each since its time, and count what does not."""
        if not self.rows:
            raise InputError("has no row that can be used", path=self._path)
        ordered = sorted(standing, key=lambda one: (one[0], one[1].line))
        entries, treated = [], list(self._rejected)
        for number, (since, row) in enumerate(ordered, start=1):
            units = min(row.units, caps.get(row.item, _MOST_UNITS))
            entries.append(Entry(number, row.party, row.item, since, units))
            if units < row.units:
                treated.append(
                    Treated(row.line, Fate.CAPPED, row.party, row.item, row.units, kept=units)
                )
        for row, into, fate in self._merged.values():
            while into in self._merged:
                into = self._merged[into][1]
            treated.append(Treated(row.line, fate, row.party, row.item, row.units, into=into))
        tally = Tally(
            file=self._path.name,
            rows=len(self.rows) + len(self._rejected),
            used=len(entries),
            units_read=sum(row.units for row in self.rows)
            + sum(one.units for one in self._rejected),
            units_used=sum(entry.units for entry in entries),
            treated=tuple(sorted(treated, key=lambda one: one.line)),
        )
        return Listed(tuple(entries), caps, tally)


@dataclass(slots=True)
class _Form:
    """What one recipient asks for at one time: a row for each item."""

    since: int
    rows: dict[str, _Row]


def _forms(reading: _Reading, rules: ListRules) -> list[_Form]:
    """Return the forms by time; an item that is asked for again stands as it was last."""
    latest: dict[str, _Form] = {}
    forms = []
    for row in reading.rows:
        form = latest.get(row.party)
        if form is None or row.time - form.since > rules.repeat_hours * _HOUR:
            form = latest[row.party] = _Form(row.time, {})
            forms.append(form)
        if row.item in form.rows:
            reading.merge(form.rows[row.item], row, Fate.REPEATED)
        form.rows[row.item] = row
    return forms


def _grouped(forms: Sequence[_Form], reading: _Reading, rules: ListRules) -> list[_Form]:
    """Return the forms that stand: of those that are one request the last, since the first."""
    known: dict[frozenset[str], list[_Form]] = defaultdict(list)
    longest = max(rules.revision_minutes * _MINUTE, rules.echo_hours * _HOUR)
    for form in forms:
        alike = known[frozenset(form.rows)]
        for former in reversed(alike):
            apart = form.since - former.since
            if apart > longest:
                alike.append(form)
                break
            fate = _same(former, form, apart, rules)
            if fate is not None:
                for item, row in former.rows.items():
                    reading.merge(row, form.rows[item], fate)
                former.rows = form.rows
                break
        else:
            alike.append(form)
    return [form for alike in known.values() for form in alike]


def _same(former: _Form, form: _Form, apart: int, rules: ListRules) -> Fate | None:
    """Say why a form for the same items is the former one again; ``None`` where it is not."""
    figures = [row.units for row in form.rows.values()]
    agree = sum(former.rows[item].units == row.units for item, row in form.rows.items())
    # Midnight is what stands where nobody wrote the time of day: it says nothing of minutes.
    timed = bool(former.since % _DAY or form.since % _DAY)
    near = timed and apart <= rules.revision_minutes * _MINUTE
    if agree == len(figures):
        told_apart = len(set(figures)) > 1 and apart <= rules.echo_hours * _HOUR
        return Fate.ECHOED if near or told_apart else None
    return Fate.REVISED if near and 3 * agree >= 2 * len(figures) else None
