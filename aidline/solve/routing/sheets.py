"""Networks, consignments, plans and events as files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from os import PathLike
from typing import Any

import numpy as np

from aidline.errors import InputError
from aidline.files import read_json
from aidline.geodesy import Place
from aidline.model import ALWAYS_OPEN, Hindrance, Level, Room, Tier
from aidline.solve.matching import Band
from aidline.solve.routing.records import (
    ANY_BAND,
    Consignment,
    Crew,
    Leg,
    Network,
    Plan,
    Run,
    Station,
    Tariff,
    Unserved,
    Vehicle,
    Why,
)
from aidline.solve.routing.replan import Events, Replan
from aidline.solve.routing.roads import DETOUR_PERMILLE, road_metres
from aidline.tables import Row, Table

__all__ = [
    "plan_record",
    "read_consignments",
    "read_events",
    "read_network",
    "read_plan",
    "replan_record",
]

Record = dict[str, Any]

_MOST = 10**12
_LEVELS = {level.name.lower(): level for level in Level if level}
_FAR = (1 << 40) - 1


def read_network(path: str | PathLike[str]) -> Network:
    """Read a network.

    Args:
        path: JSON (schema ``route-network``).

    Raises:
        InputError: It breaks the schema, an id stands twice or names nothing, a place is outside
            the globe, a band or duty is the wrong way round, a station is never open, or the
            matrix is not square.
    """
    record = read_json(path, "route-network")
    try:
        return _network(record)
    except InputError as problem:
        raise InputError(problem.message, path=path) from None


def _network(record: Record) -> Network:
    bd09 = record.get("datum") == "BD-09"
    stations = _by_id([_station(one, bd09) for one in record["stations"]], "station")
    vehicles = _by_id([_vehicle(one) for one in record["vehicles"]], "vehicle")
    crews = _by_id([_crew(one) for one in record["crews"]], "crew")
    for what, owners in (("vehicle", vehicles.values()), ("crew", crews.values())):
        for one in owners:
            if one.base not in stations:
                raise InputError(f"{what} {one.id}: there is no station {one.base}")
    size = len(stations)
    if "metres" in record:
        rows = record["metres"]
        if len(rows) != size or any(len(row) != size for row in rows):
            shape = f"{len(rows)} rows of {', '.join(sorted({str(len(row)) for row in rows}))}"
            raise InputError(f"metres has {shape}: {size} by {size} is expected")
        metres = np.array([[-1 if way is None else way for way in row] for row in rows], np.int64)
    else:
        permille = record.get("detour_permille", DETOUR_PERMILLE)
        metres = road_metres([one.place for one in stations.values()], permille)
    return Network(
        stations=stations,
        vehicles=vehicles,
        crews=crews,
        tariffs={Tier[name.upper()]: Tariff(**one) for name, one in record["tariffs"].items()},
        affected=frozenset(record.get("affected", ())),
        metres=metres,
        index={number: row for row, number in enumerate(stations)},
    )


def _by_id(records: Sequence[Any], what: str) -> dict[int, Any]:
    made: dict[int, Any] = {}
    for one in records:
        if one.id in made:
            raise InputError(f"{what} {one.id} stands twice")
        made[one.id] = one
    return made


def _band(values: Sequence[int], what: str) -> Band:
    low, high = values
    if low > high:
        raise InputError(f"{what}: its temperatures go from {low} down to {high}")
    return Band(low, high)


def _station(record: Record, bd09: bool) -> Station:
    what = f"station {record['id']}"
    try:
        make = Place.from_bd09 if bd09 else Place.from_degrees
        place = make(record["latitude"], record["longitude"])
    except (InputError, OverflowError, ValueError):
        raise InputError(
            f"{what}: latitude {record['latitude']}, longitude {record['longitude']} is outside "
            "the globe"
        ) from None
    hours = ALWAYS_OPEN
    if "open" in record:
        hours = 0
        for first, last in record["open"]:
            span = range(first, last if last > first else last + 24)
            hours |= sum(1 << (hour % 24) for hour in span[:24])
        if first == last:
            raise InputError(f"{what} opens and closes at {first}: it is never open")
    return Station(
        id=record["id"],
        tier=Tier[record["tier"].upper()],
        place=place,
        province=record["province"],
        band=_band(record["temperature"], what) if "temperature" in record else ANY_BAND,
        rooms=sum({Room[name.upper()] for name in record.get("rooms", ())}),
        open_hours=hours,
        throughput=record.get("throughput", 0),
        serves=frozenset(record.get("serves", ())),
        name=record.get("name", ""),
    )


def _vehicle(record: Record) -> Vehicle:
    return Vehicle(
        id=record["id"],
        carrier=record["carrier"],
        tier=Tier[record["tier"].upper()],
        base=record["base"],
        band=_band(record["temperature"], f"vehicle {record['id']}"),
        room=(record["units"], record["kilograms"], record["litres"]),
        range=record.get("range", 0),
        licences=record.get("licences", 0),
        skills=frozenset(record.get("skills", ())),
        free_from=record.get("free_from", 0),
    )


def _crew(record: Record) -> Crew:
    in_row, in_day = record.get("hours_in_row", 0), record.get("hours_in_day", 0)
    if (in_row == 0) != (in_day == 0) or in_row > in_day:
        raise InputError(
            f"crew {record['id']}: {in_row} hours in a row and {in_day} in a day: both, the first "
            "not above the second, or neither"
        )
    return Crew(
        id=record["id"],
        carrier=record["carrier"],
        base=record["base"],
        licences=record.get("licences", 0),
        hours_in_row=in_row,
        hours_in_day=in_day,
    )


# --- consignments ---


def read_consignments(path: str | PathLike[str], network: Network) -> tuple[Consignment, ...]:
    """Read what is to be carried, numbered from 1 in the order of the file.

    Args:
        path: CSV (see ``docs/formats.md``).
        network: Its stations are named by id or by name.

    Raises:
        InputError: The first row that is wrong, by line and column.
    """
    table = Table(path)
    table.need("id", "origin", "destination", "level", "units")
    names: dict[str, int] = {str(number): number for number in network.stations}
    for station in network.stations.values():
        names.setdefault(station.name, station.id)
    seen: dict[str, int] = {}
    made = []
    for number, row in enumerate(table.rows(), start=1):
        name = row.text("id")
        if not name:
            raise row.error("id", "is empty")
        if name in seen:
            raise row.error("id", f"'{name}' stands in line {seen[name]} too")
        seen[name] = row.line
        made.append(_consignment(row, number, name, names))
    if not made:
        raise InputError("has no row", path=table.path)
    return tuple(made)


def _consignment(row: Row, number: int, name: str, names: Mapping[str, int]) -> Consignment:
    ends = []
    for column in ("origin", "destination"):
        if row.text(column) not in names:
            raise row.error(column, f"there is no station '{row.text(column)[:60]}'")
        ends.append(names[row.text(column)])
    if ends[0] == ends[1]:
        raise row.error("destination", "is where the goods are already")
    level = _LEVELS.get(row.text("level").lower())
    if level is None:
        raise row.error("level", f"'{row.text('level')[:60]}' is none of {', '.join(_LEVELS)}")
    units, kilograms, litres = (_amount(row, one) for one in ("units", "kilograms", "litres"))
    if not units:
        raise row.error("units", "at least 1 is expected")
    ready = row.time("ready") if row.text("ready") else 0
    due = row.time("due") if row.text("due") else _FAR
    if due <= ready:
        raise row.error("due", "is not after it is ready")
    if ready < 0:
        raise row.error("ready", "lies before 1970")
    return Consignment(
        id=number,
        origin=ends[0],
        destination=ends[1],
        level=level,
        load=(units, kilograms, litres),
        band=_goods_band(row),
        skills=frozenset(row.text("skills").split()),
        ready=ready,
        due=due,
        name=name,
    )


def _amount(row: Row, column: str) -> int:
    value = row.count(column) or 0
    if value > _MOST:
        raise row.error(column, f"is more than {_MOST:,}")
    return value


def _goods_band(row: Row) -> Band:
    ends = []
    for column, otherwise in (("temp_min", ANY_BAND.low), ("temp_max", ANY_BAND.high)):
        value = row.number(column, negative=True)
        if value is not None and value != value.to_integral_value():
            raise row.error(column, f"{value} is not a whole number of hundredths")
        ends.append(otherwise if value is None else int(value))
    if ends[0] > ends[1]:
        raise row.error("temp_max", f"{ends[1]} is below temp_min")
    return Band(*ends)


# --- plans ---


def plan_record(
    network: Network, plan: Plan, *, at: int, rule: str, more: Mapping[str, Any] | None = None
) -> Record:
    """Return a plan as it stands in JSON (schema ``route-plan``), with its hash for a name.

    Args:
        network: What it was made for.
        plan: The plan.
        at: Unix second from which it is a plan.
        rule: By what it was made.
        more: Of a plan that supersedes another: predecessor, reason, changes.
    """
    record: Record = {
        "at": at,
        "rule": rule,
        **(more or {}),
        "summary": _summary(plan, at),
        "consignments": [_goods_record(one) for one in plan.consignments.values()],
        "runs": [_run_record(network, run) for run in plan.runs],
        "unserved": [
            {"consignment": one.consignment, "why": one.why.value} for one in plan.unserved
        ],
    }
    text = json.dumps(record, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return {"plan": sha256(text.encode()).hexdigest(), **record}


def _summary(plan: Plan, at: int) -> Record:
    arrivals = plan.arrivals()
    goods = plan.consignments
    weights = sum(goods[number].weight for number in arrivals)
    total = sum(goods[number].weight * (time - at) for number, time in arrivals.items())
    levels: Record = {}
    for name, level in reversed(_LEVELS.items()):
        members = [one.id for one in goods.values() if one.level is level]
        hours = [(arrivals[number] - at) / 3600 for number in members if number in arrivals]
        levels[name] = {
            "consignments": len(members),
            "served": len(hours),
            "mean_arrival_hours": round(sum(hours) / len(hours), 3) if hours else None,
        }
    runs = Counter(run.tier.name.lower() for run in plan.runs)
    return {
        "consignments": len(goods),
        "served": len(arrivals),
        "runs": {tier.name.lower(): runs[tier.name.lower()] for tier in Tier if tier},
        "cost": str(plan.cost),
        "mean_arrival_hours": round(total / weights / 3600, 3) if weights else None,
        "levels": levels,
    }


def _goods_record(one: Consignment) -> Record:
    return {
        "id": one.id,
        "name": one.name,
        "origin": one.origin,
        "destination": one.destination,
        "level": one.level.name.lower(),
        "load": list(one.load),
        "temperature": [one.band.low, one.band.high],
        "skills": sorted(one.skills),
        "ready": one.ready,
        "due": one.due,
    }


def _run_record(network: Network, run: Run) -> Record:
    return {
        "vehicle": run.vehicle,
        "crew": run.crew,
        "carrier": network.vehicles[run.vehicle].carrier,
        "tier": run.tier.name.lower(),
        "from": run.start,
        "departure": run.departure,
        "back": run.back,
        "stops": list(run.stops),
        "metres": run.metres,
        "cost": str(run.cost),
        "legs": [
            {
                "consignment": leg.consignment,
                "to": leg.end,
                "arrival": leg.arrival,
                "latest_arrival": leg.latest,
                "freight": str(leg.freight),
            }
            for leg in run.legs
        ],
    }


def read_plan(path: str | PathLike[str], network: Network) -> tuple[str, int, Plan]:
    """Read a plan that was written: its name, when it begins, and the plan.

    Raises:
        InputError: It breaks the schema, was changed, or names what the network does not have.
    """
    record = read_json(path, "route-plan")
    name = record["plan"]
    rest = {key: value for key, value in record.items() if key != "plan"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    if sha256(text.encode()).hexdigest() != name:
        raise InputError("its content is not what its hash says: it was changed", path=path)
    goods = {
        one["id"]: Consignment(
            id=one["id"],
            origin=one["origin"],
            destination=one["destination"],
            level=_LEVELS[one["level"]],
            load=tuple(one["load"]),
            band=Band(*one["temperature"]),
            skills=frozenset(one["skills"]),
            ready=one["ready"],
            due=one["due"],
            name=one["name"],
        )
        for one in record["consignments"]
    }
    for run in record["runs"]:
        known = run["vehicle"] in network.vehicles and run["crew"] in network.crews
        if not known or not {run["from"], *run["stops"]} <= network.stations.keys():
            raise InputError(f"a run of vehicle {run['vehicle']} is not of this network", path=path)
    plan = Plan(
        consignments=goods,
        runs=tuple(_run_of(one) for one in record["runs"]),
        unserved=tuple(Unserved(one["consignment"], Why(one["why"])) for one in record["unserved"]),
    )
    return name, record["at"], plan


def _run_of(record: Record) -> Run:
    def leg(one: Record) -> Leg:
        return Leg(
            consignment=one["consignment"],
            carrier=record["carrier"],
            vehicle=record["vehicle"],
            crew=record["crew"],
            start=record["from"],
            end=one["to"],
            departure=record["departure"],
            arrival=one["arrival"],
            latest=one["latest_arrival"],
            freight=int(one["freight"]),
        )

    return Run(
        vehicle=record["vehicle"],
        crew=record["crew"],
        tier=Tier[record["tier"].upper()],
        start=record["from"],
        departure=record["departure"],
        back=record["back"],
        stops=tuple(record["stops"]),
        metres=record["metres"],
        cost=int(record["cost"]),
        legs=tuple(leg(one) for one in record["legs"]),
    )


# --- what has come about ---


def read_events(
    path: str | PathLike[str], network: Network, former: Plan, new: Sequence[Consignment]
) -> Events:
    """Read what has come about since a plan was made.

    Args:
        path: JSON (schema ``route-events``).
        network: Whose stations and vehicles it names.
        former: The plan.
        new: Goods beside those of the plan, which are numbered on from them.

    Raises:
        InputError: It breaks the schema, or names what is not there.
    """
    record = read_json(path, "route-events")
    for pair in record.get("closed", ()):
        for station in pair:
            if station not in network.stations:
                raise InputError(f"closed: there is no station {station}", path=path)
        if pair[0] == pair[1]:
            raise InputError(f"closed: a road from {pair[0]} to itself", path=path)
    for name in ("broken", "late"):
        for one in record.get(name, ()):
            if one["vehicle"] not in network.vehicles:
                raise InputError(f"{name}: there is no vehicle {one['vehicle']}", path=path)
    known = {one.name for one in former.consignments.values()}
    for one in new:
        if one.name in known:
            raise InputError(f"consignment '{one.name}' is in the plan already", path=path)
    last = max(former.consignments, default=0)
    return Events(
        at=record["at"],
        reason=Hindrance[record["reason"].upper()],
        closed=frozenset(frozenset(pair) for pair in record.get("closed", ())),
        broken=tuple((one["vehicle"], one.get("until", _FAR)) for one in record.get("broken", ())),
        late=tuple((one["vehicle"], one["seconds"]) for one in record.get("late", ())),
        goods=tuple(replace(one, id=last + one.id) for one in new),
    )


def replan_record(again: Replan, predecessor: str) -> Record:
    """Return what a plan that supersedes another says beside what each plan says."""
    return {
        "predecessor": predecessor,
        "reason": again.reason.name.lower(),
        "changes": [
            {
                "consignment": one.consignment,
                "change": one.kind.value,
                "because": one.because.value,
                "before": one.before,
                "after": one.after,
            }
            for one in again.changes
        ],
    }
