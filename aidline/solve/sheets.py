"""Demands, offers and costs from CSV files (``docs/formats.md``, *Matching from files*).

A row that cannot be meant is set aside, and the report names its file, line and column; what is
absurd or stands twice is cut, and stays in the report as units that are not served.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from os import PathLike
from statistics import median_low
from typing import Any

from aidline.errors import InputError
from aidline.geodesy import Place
from aidline.model import EarmarkKind, Level
from aidline.solve.market import Aside, Market
from aidline.solve.matching import Band, OpenDemand, OpenOffer, Reason
from aidline.solve.urgency import level_of
from aidline.tables import Row, Table

__all__ = ["CAP_MEDIANS", "Caps", "Cut", "Sheets", "Tally", "read_sheets"]

#: Without a cap of one's own, a facility may ask for so many times the median of a material.
CAP_MEDIANS = 300

_MOST_UNITS = 10**12
_MOST_COST = 10**9
_COLDEST, _HOTTEST = -27_315, 100_000
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_EARMARKS = {
    "": EarmarkKind.NONE,
    "none": EarmarkKind.NONE,
    "region": EarmarkKind.REGION,
    "facility": EarmarkKind.FACILITY,
    "emergency": EarmarkKind.EMERGENCY,
}
_LEVELS = {level.name.lower(): level for level in Level if level}


@dataclass(frozen=True, slots=True)
class Caps:
    """Most units of a material that one facility may ask for.

    Attributes:
        all: Of every material that ``by_material`` does not name; ``None`` for
            :data:`CAP_MEDIANS` times the median of what facilities ask.
        by_material: By the material's name.
    """

    all: int | None = None
    by_material: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """A demand that does not count in full.

    Attributes:
        line: Its line in the file.
        demand: The demand.
        units: Units asked.
        kept: Units that count.
        reason: Why.
    """

    line: int
    demand: str
    units: int
    kept: int
    reason: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a file's rows.

    Attributes:
        file: Its name.
        rows: Rows of data.
        rejected: What is wrong with those that cannot be used; by line.
    """

    file: str
    rows: int
    rejected: tuple[InputError, ...]

    @property
    def used(self) -> int:
        """Rows that are used."""
        return self.rows - len(self.rejected)


@dataclass(frozen=True, slots=True)
class Sheets:
    """What the files say.

    Attributes:
        market: What there is to match.
        tallies: Of each file: demands, offers and, where they are given, costs.
        cut: Demands that do not count in full, by line.
        no_cost: Pairs of places for which there is no cost: they are taken for the dearest.
    """

    market: Market
    tallies: tuple[Tally, ...]
    cut: tuple[Cut, ...]
    no_cost: int


def read_sheets(
    demands: str | PathLike[str],
    offers: str | PathLike[str],
    costs: str | PathLike[str] | None = None,
    *,
    caps: Caps | None = None,
    at: int | None = None,
) -> Sheets:
    """Read what is to be matched.

    Args:
        demands: Who needs what.
        offers: What is there.
        costs: What it costs to carry a unit from place to place.
        caps: Most units that one facility may ask for.
        at: When it is matched, unix seconds: stock has run down until then, and what was needed
            or has expired before is over. Without it the facts are taken as they were stated.

    Raises:
        InputError: A file cannot be read, lacks a column, or no row of it can be used.
    """
    materials: dict[str, int] = {}
    wanted = _Sheet(demands, "id", "material", "units")
    if not wanted.table.has("level"):
        wanted.table.need("stock", "daily_use")
    by_name = costs is not None
    asked = wanted.read(lambda row, number: _demand(row, number, materials, at, by_name))
    there = _Sheet(offers, "id", "material", "units")
    given = there.read(lambda row, number: _offer(row, number, materials, at, by_name))
    counted, aside, cut = _capped(asked, materials, caps or Caps())
    tallies = [wanted.tally(), there.tally()]
    prices: dict[tuple[Hashable, Hashable], int] | None = None
    no_cost = 0
    if costs is not None:
        sheet = _Sheet(costs, "from", "to", "cost", key=("from", "to"))
        prices = dict(sheet.read(_cost))
        tallies.append(sheet.tally())
        starts = {offer.place for offer, _ in given}
        ends = {demand.place for demand in counted}
        no_cost = sum((start, end) not in prices for start in starts for end in ends)
    market = Market(
        demands=tuple(counted),
        offers=tuple(offer for offer, _ in given),
        aside=tuple(aside),
        costs=prices,
        demand_names={one.demand.id: one.name for one in asked},
        offer_names={offer.id: name for offer, name in given},
        material_names={number: name for name, number in materials.items()},
    )
    return Sheets(market, tuple(tallies), tuple(cut), no_cost)


class _Sheet:
    """A file, and what becomes of its rows.

    Args:
        path: The file.
        columns: Those that it must have.
        key: Those of which no two rows may have the same.
    """

    def __init__(
        self, path: str | PathLike[str], *columns: str, key: tuple[str, ...] = ("id",)
    ) -> None:
        self.table = Table(path)
        self.table.need(*columns)
        self._key = key
        self._rows = 0
        self._rejected: list[InputError] = []

    def read(self, make: Callable[[Row, int], Any]) -> list[Any]:
        """Return what ``make`` makes of each row and its number among those that are used."""
        made: list[Any] = []
        seen: dict[tuple[str, ...], int] = {}
        for row in self.table.rows(self._rejected):
            try:
                key = tuple(_needed(row, column) for column in self._key)
                if key in seen:
                    shown = " to ".join(key)
                    raise row.error(self._key[0], f"'{shown[:60]}' stands in line {seen[key]} too")
                made.append(make(row, len(made) + 1))
                seen[key] = row.line
            except InputError as problem:
                self._rejected.append(problem)
        self._rejected.sort(key=lambda problem: problem.line or 0)
        self._rows = len(made) + len(self._rejected)
        if not self._rows:
            raise InputError("has a header only", path=self.table.path)
        if not made:
            first = self._rejected[0]
            place = f"line {first.line}" + (f", column {first.column}" if first.column else "")
            raise InputError(
                f"no row of it can be used ({place}: {first.message})", path=self.table.path
            )
        return made

    def tally(self) -> Tally:
        """Return what became of the rows."""
        return Tally(self.table.path.name, self._rows, tuple(self._rejected))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A row of the demands."""

    demand: OpenDemand
    name: str
    line: int
    audited: bool
    #: All that it says but for its id.
    says: tuple[str, ...]


def _demand(
    row: Row, number: int, materials: dict[str, int], at: int | None, by_name: bool
) -> _Asked:
    name, material = _needed(row, "id"), _needed(row, "material")
    units = _units(row)
    level = _level(row, at)
    needed_by = row.time("needed_by") if row.text("needed_by") else 0
    if at is not None and needed_by and needed_by <= at:
        raise row.error("needed_by", f"'{row.text('needed_by')}' is over")
    demand = OpenDemand(
        id=number,
        material=materials.setdefault(material, len(materials) + 1),
        level=level,
        units=units,
        province=row.text("province").encode(),
        facility=row.text("facility").encode(),
        emergency=row.text("emergency").encode(),
        needed_by=needed_by,
        place=_place(row, by_name),
        keeps=_band(row),
    )
    says = tuple(text for column, text in sorted(row.values.items()) if column != "id")
    return _Asked(demand, name, row.line, _yes(row, "audited", True), says)


def _offer(
    row: Row, number: int, materials: dict[str, int], at: int | None, by_name: bool
) -> tuple[OpenOffer, str]:
    name, material = _needed(row, "id"), _needed(row, "material")
    units = _units(row)
    expiry = row.time("expiry") if row.text("expiry") else 0
    if at is not None and expiry and expiry <= at:
        raise row.error("expiry", f"'{row.text('expiry')}' is over")
    kind = _EARMARKS.get(row.text("earmark").lower())
    if kind is None:
        raise row.error(
            "earmark", f"'{row.text('earmark')[:60]}' is none of region, facility, emergency, none"
        )
    scope = row.text("earmark_scope")
    if (kind is EarmarkKind.NONE) == bool(scope):
        raise row.error(
            "earmark_scope", "an earmark and its scope go together" + ("" if scope else ": empty")
        )
    offer = OpenOffer(
        id=number,
        material=materials.setdefault(material, len(materials) + 1),
        units=units,
        expiry=expiry,
        earmark_kind=kind,
        earmark_scope=scope.encode(),
        place=_place(row, by_name),
        needs=_band(row),
        recalled=_yes(row, "recalled", False),
    )
    return offer, name


def _cost(row: Row, _: int) -> tuple[tuple[str, str], int]:
    cost = row.count("cost")
    if cost is None:
        raise row.error("cost", "is empty")
    if cost > _MOST_COST:
        raise row.error("cost", f"{cost:,} is more than {_MOST_COST:,}")
    return (row.text("from"), row.text("to")), cost


def _needed(row: Row, column: str) -> str:
    text = row.text(column)
    if not text:
        raise row.error(column, "is empty")
    return text


def _units(row: Row) -> int:
    units = row.count("units")
    if not units:
        raise row.error("units", "at least 1 is expected" if units == 0 else "is empty")
    if units > _MOST_UNITS:
        raise row.error("units", f"{row.text('units')[:60]} is more than {_MOST_UNITS:,}")
    return units


def _level(row: Row, at: int | None) -> Level:
    text = row.text("level").lower()
    if text:
        if text not in _LEVELS:
            raise row.error("level", f"'{text[:60]}' is none of {', '.join(_LEVELS)}")
        return _LEVELS[text]
    stock, daily_use = row.count("stock"), row.count("daily_use")
    if stock is None or daily_use is None:
        raise row.error("level", "is empty, and so are stock or daily_use, which would give it")
    elapsed = 0
    if row.text("facts_at"):
        stated = row.time("facts_at")
        if at is not None:
            elapsed = at - stated
            if elapsed < 0:
                raise row.error("facts_at", f"'{row.text('facts_at')}' is still to come")
    vulnerable = _yes(row, "vulnerable", False)
    return level_of(stock, daily_use, elapsed=elapsed, vulnerable=vulnerable)


def _yes(row: Row, column: str, otherwise: bool) -> bool:
    text = row.text(column).lower()
    if not text:
        return otherwise
    if text not in _YES:
        raise row.error(column, f"'{text[:60]}' is neither yes nor no")
    return _YES[text]


def _place(row: Row, by_name: bool) -> Hashable:
    """Return the name of the place where costs go by names, else the point on the Earth."""
    if by_name:
        return row.text("place") or row.text("id")
    latitude = row.number("latitude", negative=True)
    longitude = row.number("longitude", negative=True)
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        raise row.error("latitude" if latitude is None else "longitude", "is empty")
    for column, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if abs(value) > most:
            raise row.error(column, f"{row.text(column)[:60]} is beyond ±{most}")
    return Place.from_degrees(float(latitude), float(longitude))


def _band(row: Row) -> Band | None:
    low = row.number("temp_min", negative=True)
    high = row.number("temp_max", negative=True)
    if low is None and high is None:
        return None
    ends = (
        _temperature(row, "temp_min", low, _COLDEST),
        _temperature(row, "temp_max", high, _HOTTEST),
    )
    if ends[0] > ends[1]:
        raise row.error("temp_max", "is below temp_min")
    return Band(*ends)


def _temperature(row: Row, column: str, value: Decimal | None, otherwise: int) -> int:
    if value is None:
        return otherwise
    if value != value.to_integral_value() or not _COLDEST <= value <= _HOTTEST:
        raise row.error(
            column, f"{row.text(column)[:60]} is no temperature in hundredths of a degree"
        )
    return int(value)


def _capped(
    asked: list[_Asked], materials: Mapping[str, int], caps: Caps
) -> tuple[list[OpenDemand], list[Aside], list[Cut]]:
    """Return what counts, what does not, and which rows are cut; as they stand in the file."""
    most = _most(asked, materials, caps)
    counted: list[OpenDemand] = []
    aside: list[Aside] = []
    cut: list[Cut] = []
    had: dict[tuple[int, bytes], int] = defaultdict(int)
    first: dict[tuple[str, ...], str] = {}
    for row in asked:
        demand = row.demand
        keep, why, reason = demand.units, Reason.CAPPED, ""
        if not row.audited:
            keep, why = 0, Reason.UNAUDITED
        elif demand.facility and row.says in first:
            keep, reason = 0, f"repeats {first[row.says]}"
        else:
            first.setdefault(row.says, row.name)
            party = demand.material, demand.facility or b"\0" + str(demand.id).encode()
            keep = min(keep, max(most[demand.material] - had[party], 0))
            had[party] += keep
            reason = f"more than {most[demand.material]:,} for one facility"
        if keep:
            counted.append(replace(demand, units=keep))
        if keep < demand.units:
            aside.append(Aside(demand.id, demand.material, demand.level, demand.units - keep, why))
            if why is Reason.CAPPED:
                cut.append(Cut(row.line, row.name, demand.units, keep, reason))
    return counted, aside, cut


def _most(asked: list[_Asked], materials: Mapping[str, int], caps: Caps) -> dict[int, int]:
    """Return the cap of each material."""
    for name in caps.by_material:
        if name not in materials:
            raise InputError(f"--cap {name}: there is no such material")
    sums: dict[int, dict[bytes, int]] = defaultdict(lambda: defaultdict(int))
    for row in asked:
        party = row.demand.facility or b"\0" + str(row.demand.id).encode()
        sums[row.demand.material][party] += row.demand.units
    made = {}
    for name, number in materials.items():
        usual = caps.all
        if usual is None:
            usual = CAP_MEDIANS * median_low(sums[number].values() or [1])
        made[number] = caps.by_material.get(name, usual)
    return made
