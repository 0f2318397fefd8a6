"""Readers of the real files that can take the place of a scenario's figures.

Each reader returns records in our units and counts what became of every row. It survives what real
files are known for (late, repeated, revised and falling counts; empty, absurd and duplicate
quantities) and counts it; it refuses with file, line and column what cannot be meant (a missing
column, text in a number, a date that does not parse, a negative count). The formats are described
in ``docs/formats.md``.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from aidline.errors import InputError
from aidline.geodesy import Place
from aidline.readings import (
    HUMIDITY_COLUMNS,
    SENSOR_RANGE,
    TEMPERATURE_COLUMNS,
    TIME_COLUMNS,
    Reading,
)
from aidline.regions import RegionAtlas, shipped_atlas
from aidline.sim.records import (
    SECONDS_A_DAY,
    CaseFigure,
    CaseSeries,
    Clock,
    Day,
    DemandSpec,
    HospitalSpec,
    InputCount,
    Material,
    TelemetryLog,
)
from aidline.sim.rules import Rules
from aidline.tables import Row, Table

__all__ = [
    "CasesRead",
    "DemandsRead",
    "HospitalsRead",
    "InputFiles",
    "TelemetryRead",
    "fill_places",
    "read_cases",
    "read_demands",
    "read_hospitals",
    "read_telemetry",
]

_FILE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
_UNKNOWN_AREA = ("未知", "待明确", "未明确", "待确认", "不明")
_LOG_COLUMNS = ("log", "logger", "device", "serial")


@dataclass(frozen=True, slots=True)
class InputFiles:
    """The files that were given; ``None`` leaves the scenario's figures in place."""

    cases: Path | None = None
    demands: Path | None = None
    hospitals: Path | None = None
    telemetry: Path | None = None


@dataclass(frozen=True, slots=True)
class CasesRead:
    """What a case file gives: one series for each region of the plan that it knows."""

    series: tuple[CaseSeries, ...]
    count: InputCount


@dataclass(frozen=True, slots=True)
class HospitalsRead:
    """What a hospital file gives.

    Attributes:
        hospitals: Each with a place.
        same: For each hospital id of the file the id under which it stands; ids of rows that
            could not be used are missing.
    """

    hospitals: tuple[HospitalSpec, ...]
    same: Mapping[str, str]
    count: InputCount


@dataclass(frozen=True, slots=True)
class DemandsRead:
    """What a demand file gives: units where the file knows them, all other facts unknown."""

    demands: tuple[DemandSpec, ...]
    count: InputCount


@dataclass(frozen=True, slots=True)
class TelemetryRead:
    """What a logger's file gives: one log for each logger, in the order of the file."""

    logs: tuple[TelemetryLog, ...]
    count: InputCount


@dataclass(slots=True)
class _Tally:
    """Counts while a file is read."""

    path: Path
    rows: int = 0
    unknown: int = 0
    capped: int = 0
    merged: int = 0
    rejected: int = 0

    def close(self) -> InputCount:
        if self.rows == 0:
            raise InputError("has no rows below its header", path=self.path)
        used = self.rows - self.merged - self.rejected
        return InputCount(
            self.path.name, self.rows, used, self.unknown, self.capped, self.merged, self.rejected
        )


@dataclass(slots=True)
class _Counted:
    """A count as it stood in the file, and what it replaced."""

    value: int
    revised_from: int | None = None


@dataclass(slots=True)
class _Area:
    """What a file says of one region: by day, by city (the region itself is the empty name)."""

    days: dict[int, dict[str, _Counted]] = field(default_factory=dict)

    def put(self, day: int, city: str, value: int) -> bool:
        """Stores a count; says whether one for the same day and city stood there before."""
        cities = self.days.setdefault(day, {})
        before = cities.get(city)
        if before is None:
            cities[city] = _Counted(value)
            return False
        if before.value != value:
            cities[city] = _Counted(value, before.value)
        return True


def read_cases(
    path: str | PathLike[str],
    regions: Sequence[str],
    clock: Clock,
    maximum: int,
    rules: Rules,
    atlas: RegionAtlas | None = None,
) -> CasesRead:
    """Reads cumulative counts by day: one row a province, or one row a city.

    A row of a city goes into its province. A city without a row on a day on which its province has
    others carries its former figure (rule ``city_late``); a row for an area that is not known yet
    counts on its own day only, because its cases move to cities later. Of two rows for one day and
    place the later in the file stands.

    Args:
        path: The file, with either header.
        regions: Provinces that are wanted.
        clock: Days that are wanted.
        maximum: Count above which a figure is taken for an error and left out.
        rules: ``city_late`` and ``count_fell`` of the scenario.
        atlas: Names of regions; the shipped table by default.

    Raises:
        InputError: If the file is bad, or has no figure of any wanted region in the clock.
    """
    table = Table(path)
    atlas = shipped_atlas() if atlas is None else atlas
    by_city = table.has("provinceName") or table.has("cityName")
    if by_city:
        table.need("date", "provinceName", "cityName", "confirmed")
    else:
        table.need("Date", "Province/State", "Confirmed")
    tally = _Tally(table.path)
    areas: dict[str, _Area] = {}
    seen: dict[str, None] = {}
    place = "provinceName" if by_city else "Province/State"
    provinces: dict[tuple[str, str], str | None] = {}
    for row in table.rows():
        tally.rows += 1
        day = row.time("date") // SECONDS_A_DAY
        value = row.count("confirmed")
        name = (row.text("Country/Region"), row.text(place))
        if name not in provinces:
            provinces[name] = _province(*name, atlas)
        region = provinces[name]
        if region is not None:
            seen[region] = None
        if value is None:
            tally.unknown += 1
        if region is None or region not in regions or day not in clock.days:
            tally.rejected += 1
            continue
        if value is None or value > maximum:
            tally.rejected += 1
            continue
        city = _city(row, region, atlas) if by_city else ""
        tally.merged += areas.setdefault(region, _Area()).put(day, city, value)
    count = tally.close()
    if not areas:
        wanted = ", ".join(regions)
        if not any(region in seen for region in regions):
            known = ", ".join(list(seen)[:12]) or "no known region"
            raise InputError(f"has no row of {wanted}; it has {known}", path=table.path)
        raise InputError(f"has no figure of {wanted} in the scenario's days", path=table.path)
    series = [_series(region, areas[region], rules) for region in regions if region in areas]
    return CasesRead(tuple(series), count)


def _province(country: str, province: str, atlas: RegionAtlas) -> str | None:
    within = None
    if country:
        found = atlas.find(country)
        if found is None:
            return None
        within = found.code
    region = atlas.find(province, within)
    return None if region is None else atlas.province_of(region.code)


def _city(row: Row, province: str, atlas: RegionAtlas) -> str:
    """Returns the key of a city, one for all its spellings; empty for a province's own total."""
    name = unicodedata.normalize("NFKC", row.text("cityName")).strip()
    if not name:
        return ""
    found = atlas.find(name, within=province)
    if found is None:
        return name
    return "" if found.code == province else found.code


def _series(region: str, area: _Area, rules: Rules) -> CaseSeries:
    carry = rules.name_of("city_late") == "carry_forward"
    keep_highest = rules.name_of("count_fell") == "keep_highest"
    former: dict[str, int] = {}
    figures: list[CaseFigure] = []
    for day in sorted(area.days):
        cities = area.days[day]
        carried = False
        revised: int | None = None
        if "" in cities:  # the province's own total beats the sum of its cities
            value, revised = cities[""].value, cities[""].revised_from
        else:
            late = {city: count for city, count in former.items() if city not in cities}
            if not carry:
                late = {}
            carried = bool(late)
            value = sum(counted.value for counted in cities.values()) + sum(late.values())
            if any(counted.revised_from is not None for counted in cities.values()):
                revised = value + sum(
                    counted.revised_from - counted.value
                    for counted in cities.values()
                    if counted.revised_from is not None
                )
        for city, counted in cities.items():
            if city and not any(word in city for word in _UNKNOWN_AREA):
                former[city] = counted.value
        if keep_highest and figures and value < figures[-1].value:
            value, carried = figures[-1].value, True
        figures.append(CaseFigure(Day(day), value, carried, revised))
    return CaseSeries(region, tuple(figures))


def read_hospitals(
    path: str | PathLike[str],
    rules: Rules,
    taken: Collection[str] = (),
    atlas: RegionAtlas | None = None,
) -> HospitalsRead:
    """Reads the hospitals of a shortage list.

    Args:
        path: The file.
        rules: ``hospitals_repeat`` and ``place_unknown`` of the scenario.
        taken: Ids of other participants, which no hospital may have.
        atlas: Names of regions; the shipped table by default.

    Raises:
        InputError: If the file is bad, or none of its hospitals can be used.
    """
    table = Table(path)
    table.need("hospital_id", "city", "name", "lat_bd09", "lon_bd09")
    atlas = shipped_atlas() if atlas is None else atlas
    tally = _Tally(table.path)
    hospitals: dict[str, HospitalSpec] = {}
    by_key: dict[tuple[str, ...], str] = {}
    same: dict[str, str] = {}
    rows_of: dict[str, int] = {}
    for row in table.rows():
        tally.rows += 1
        place = _place(row)
        given, name = row.text("hospital_id"), row.text("name")
        region = atlas.find(row.text("city"))
        if not given or not name or region is None or region.parent is None:
            tally.rejected += 1
            continue
        if given in same:
            tally.merged += 1
            rows_of[same[given]] += 1
            continue
        hospital = _file_id(given, taken)
        key = rules.hospital_key(given, region.code, name)
        first = by_key.setdefault(key, hospital)
        same[given] = first
        if first in hospitals:
            tally.merged += 1
            rows_of[first] += 1
            if hospitals[first].place is None and place is not None:
                hospitals[first] = _hospital(first, hospitals[first].name_zh, region.code, place)
            continue
        hospitals[first] = _hospital(first, name, region.code, place)
        rows_of[first] = 1
    kept = fill_places(tuple(hospitals.values()), rules, atlas)
    lost = set(hospitals) - {hospital.id for hospital in kept}
    for hospital in lost:
        tally.rejected += rows_of[hospital]
        tally.merged -= rows_of[hospital] - 1
    count = tally.close()
    if not kept:
        raise InputError("has no hospital whose city and place are known", path=table.path)
    return HospitalsRead(kept, {k: v for k, v in same.items() if v not in lost}, count)


def _hospital(hospital: str, name: str, region: str, place: Place | None) -> HospitalSpec:
    return HospitalSpec(
        id=hospital,
        name_zh=name,
        name_en="",
        region=region,
        place=place,
        people_in_care=None,
        vulnerable=None,
    )


def _place(row: Row) -> Place | None:
    latitude = row.number("lat_bd09", negative=True)
    longitude = row.number("lon_bd09", negative=True)
    if latitude is not None and abs(latitude) > 90:
        raise row.error("lat_bd09", f"{row.text('lat_bd09')} is no latitude")
    if longitude is not None and abs(longitude) > 180:
        raise row.error("lon_bd09", f"{row.text('lon_bd09')} is no longitude")
    if latitude is None or longitude is None:
        return None
    return Place.from_bd09(float(latitude), float(longitude))


def _file_id(text: str, taken: Collection[str]) -> str:
    """Returns an id that fits a chain: the file's own where it does, else made of its hash."""
    if _FILE_ID.fullmatch(text) and text not in taken:
        return text
    return f"facility-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def fill_places(
    hospitals: tuple[HospitalSpec, ...], rules: Rules, atlas: RegionAtlas | None = None
) -> tuple[HospitalSpec, ...]:
    """Gives each hospital of unknown place the mean of those of its region, else of its province.

    Returns:
        The hospitals whose place is known now; the others are left out.
    """
    atlas = shipped_atlas() if atlas is None else atlas
    known: dict[str, list[Place]] = {}
    for hospital in hospitals:
        if hospital.place is not None:
            for code in atlas.lineage(hospital.region)[:-1]:
                known.setdefault(code, []).append(hospital.place)
    filled = []
    for hospital in hospitals:
        place = hospital.place
        if place is None and rules.name_of("place_unknown") == "mean_of_region":
            for code in atlas.lineage(hospital.region)[:-1]:
                if (places := known.get(code)) is not None:
                    place = Place(
                        sum(p.latitude for p in places) // len(places),
                        sum(p.longitude for p in places) // len(places),
                    )
                    break
        if place is not None:
            filled.append(
                HospitalSpec(
                    hospital.id,
                    hospital.name_zh,
                    hospital.name_en,
                    hospital.region,
                    place,
                    hospital.people_in_care,
                    hospital.vulnerable,
                )
            )
    return tuple(filled)


def read_demands(
    path: str | PathLike[str],
    materials: Collection[Material],
    hospitals: Mapping[str, str],
    names: Mapping[str, str],
    rules: Rules,
) -> DemandsRead:
    """Reads the demands of a shortage list.

    Args:
        path: The file.
        materials: Those of the scenario, found by id, alias or name.
        hospitals: The id under which a hospital stands, by the id that the file uses.
        names: Names of the hospitals by the id under which they stand.
        rules: ``quantity_absurd`` and ``duplicates`` of the scenario.

    Raises:
        InputError: If the file is bad, or none of its rows can be used.
    """
    table = Table(path)
    table.need("hospital_id", "item", "quantity")
    by_name = {
        _fold(name): material
        for material in materials
        for name in (material.name_en, material.name_zh, *material.aliases, material.id)
    }
    tally = _Tally(table.path)
    merged: dict[tuple[str, ...], _Wanted] = {}
    strangers = 0
    for row in table.rows():
        tally.rows += 1
        quantity = row.number("quantity")
        hospital = hospitals.get(row.text("hospital_id"))
        material = by_name.get(_fold(row.text("item"))) or by_name.get(_fold(row.text("item_zh")))
        if hospital is None or material is None:
            strangers += hospital is None
            tally.rejected += 1
            continue
        units = None if not quantity else math.ceil(quantity)
        if units is None:
            tally.unknown += 1
        else:
            believable = rules.believable(units, material)
            if believable is None:
                tally.rejected += 1
                continue
            tally.capped += believable != units
            units = believable
        key = rules.merge_key(
            {
                "hospital": hospital,
                "hospital_name": names.get(hospital, hospital),
                "city": row.text("city"),
                "material": material.id,
                "specification": row.text("specification"),
            }
        )
        if key in merged:
            tally.merged += 1
            wanted = merged[key]
            both = rules.merged(wanted.units, units)
            wanted.units = None if both is None else rules.believable(both, material) or both
        else:
            merged[key] = _Wanted(hospital, material.id, units)
    count = tally.close()
    if not merged:
        why = "none of its hospitals is known" if strangers == count.rows else "none is usable"
        raise InputError(f"has no row that can be used: {why}", path=table.path)
    demands: dict[str, DemandSpec] = {}
    for wanted in merged.values():
        name, turn = f"{wanted.hospital}/{wanted.material}", 2
        while name in demands:
            name, turn = f"{wanted.hospital}/{wanted.material}/{turn}", turn + 1
        demands[name] = DemandSpec(
            id=name,
            hospital=wanted.hospital,
            material=wanted.material,
            units=wanted.units,
            day=None,
            needed_within=None,
            stock=None,
            daily_use=None,
            freight_budget=None,
        )
    return DemandsRead(tuple(demands.values()), count)


@dataclass(slots=True)
class _Wanted:
    """A demand while rows are merged."""

    hospital: str
    material: str
    units: int | None


def _fold(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def read_telemetry(path: str | PathLike[str]) -> TelemetryRead:
    """Reads the readings of one or more loggers.

    Args:
        path: The file; its columns are found by their usual names.

    Raises:
        InputError: If the file is bad, or no reading can be used.
    """
    table = Table(path)
    temperature = table.first_of(*TEMPERATURE_COLUMNS)
    time = table.first_of(*TIME_COLUMNS)
    if time is None:
        raise table.missing("time")
    if temperature is None:
        raise table.missing("temperature")
    humidity = table.first_of(*HUMIDITY_COLUMNS)
    log = table.first_of(*_LOG_COLUMNS)
    tally = _Tally(table.path)
    logs: dict[str, dict[int, Reading]] = {}
    for row in table.rows():
        tally.rows += 1
        at = row.time(time)
        degrees = row.number(temperature, negative=True)
        moisture = None if humidity is None else row.number(humidity)
        if degrees is None:
            tally.unknown += 1
        if degrees is None or abs(degrees) * 100 > SENSOR_RANGE:
            tally.rejected += 1
            continue
        wet = None if moisture is None else round(moisture * 100)
        if wet is not None and wet > 10_000:
            tally.capped += 1
            wet = 10_000
        readings = logs.setdefault("" if log is None else row.text(log), {})
        tally.merged += at in readings
        readings[at] = Reading(at, round(degrees * 100), wet)
    count = tally.close()
    if not logs:
        raise InputError("has no reading that can be used", path=table.path)
    return TelemetryRead(
        tuple(
            TelemetryLog(name or table.path.stem, tuple(readings[at] for at in sorted(readings)))
            for name, readings in logs.items()
        ),
        count,
    )
