"""Scenarios: found by name or path, read from YAML, checked, turned into records.

Three checks, each with one line that names the place: the file is YAML without repeated keys; it
fits ``aidline/schemas/scenario.json``; it does not contradict itself (a station that does not
exist, thresholds that cross, a trunk hub without a recognised centre to go to).
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from aidline import gs1
from aidline.errors import ScenarioError
from aidline.geodesy import Place
from aidline.regions import shipped_atlas
from aidline.sim import records as r
from aidline.sim.prepare import Prepared, prepare
from aidline.sim.rules import check_rules

__all__ = ["Prepared", "known_scenarios", "load", "prepare", "scaled"]

_ENDINGS = (".yaml", ".yml")


def known_scenarios(folder: Path | None = None) -> tuple[str, ...]:
    """Returns the names of the scenarios at hand.

    Args:
        folder: Where they lie; by default ``scenarios`` of the working folder and of the checkout.
    """
    found = {path.stem for place in _folders(folder) for path in place.glob("*.yaml")}
    return tuple(sorted(found))


def load(name_or_path: str | PathLike[str], folder: Path | None = None) -> r.Scenario:
    """Reads a scenario.

    Args:
        name_or_path: A scenario's name (``wuhan-2020``), or the path of its file.
        folder: Where scenarios lie by name; see ``known_scenarios``.

    Raises:
        ScenarioError: If there is none, or if it breaks the schema or contradicts itself.
    """
    path = _find(name_or_path, folder)
    document = _read(path)
    _check_schema(document, path)
    scenario = _Builder(document, path).scenario()
    problems = _contradictions(scenario)
    if (problem := next(problems, None)) is not None:
        raise ScenarioError(problem, path=path.name)
    return scenario


def scaled(scenario: r.Scenario, copies: int) -> r.Scenario:
    """Returns the scenario with demands, gifts, devices and vehicles ``copies`` times over.

    A copy keeps its day; its id carries the number of the copy. For runs of many transactions.

    Raises:
        ScenarioError: If ``copies`` is below 1.
    """
    if copies < 1:
        raise ScenarioError(f"copies: {copies} is below 1", path=Path(scenario.path).name)
    if copies == 1:
        return scenario

    def name(old: str, copy: int) -> str:
        return old if copy == 1 else f"{old}-{copy}"

    turns = range(1, copies + 1)
    people = scenario.participants
    carriers = tuple(
        replace(
            carrier,
            vehicles=tuple(replace(v, count=v.count * copies) for v in carrier.vehicles),
        )
        for carrier in people.carriers
    )
    return replace(
        scenario,
        copies=copies,
        participants=replace(people, carriers=carriers),
        devices=replace(scenario.devices, count=scenario.devices.count * copies),
        supplies=tuple(replace(s, id=name(s.id, n)) for n in turns for s in scenario.supplies),
        orders=tuple(
            replace(o, id=name(o.id, n), supply=name(o.supply, n))
            for n in turns
            for o in scenario.orders
        ),
        gifts=tuple(replace(g, id=name(g.id, n)) for n in turns for g in scenario.gifts),
        money=tuple(replace(m, id=name(m.id, n)) for n in turns for m in scenario.money),
        demands=tuple(replace(d, id=name(d.id, n)) for n in turns for d in scenario.demands),
    )


def _folders(folder: Path | None) -> tuple[Path, ...]:
    if folder is not None:
        return (folder,)
    checkout = Path(str(resources.files("aidline"))).parent / "scenarios"
    return tuple(dict.fromkeys((Path.cwd() / "scenarios", checkout)))


def _find(name_or_path: str | PathLike[str], folder: Path | None) -> Path:
    text = str(name_or_path)
    path = Path(text)
    if path.suffix in _ENDINGS or len(path.parts) != 1:
        if not path.is_file():
            raise ScenarioError("there is no such file", path=text)
        return path
    for place in _folders(folder):
        candidate = place / f"{text}.yaml"
        if text and candidate.is_file():
            return candidate
    known = ", ".join(known_scenarios(folder)) or "none"
    raise ScenarioError(f"scenario '{text}' is unknown; known: {known}; or give a path (.yaml)")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with dates left as text and repeated keys refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable) or key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key}' stands twice", key_node.start_mark
                )
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise ScenarioError(f"cannot be read: {reason}", path=path.name) from None
    except UnicodeDecodeError:
        raise ScenarioError("is not UTF-8", path=path.name) from None
    try:
        document = yaml.load(text, _Loader)  # a safe loader: plain data only
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ScenarioError(
            f"is not YAML: {error.problem}",
            path=path.name,
            line=None if mark is None else mark.line + 1,
            column=None if mark is None else mark.column + 1,
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(f"is not YAML: {error}", path=path.name) from None
    if not isinstance(document, dict):
        raise ScenarioError("is not a scenario: keys and values are expected", path=path.name)
    return document


def _check_schema(document: Mapping[str, Any], path: Path) -> None:
    file = resources.files("aidline").joinpath("schemas/scenario.json")
    schema = json.loads(file.read_text(encoding="utf-8"))
    errors = Draft202012Validator(schema).iter_errors(document)
    first = min(errors, key=lambda e: [str(step) for step in e.absolute_path], default=None)
    if first is not None:
        raise ScenarioError(_say(first), path=path.name)


def _say(error: ValidationError) -> str:
    place = _place(error.absolute_path)
    before = f"{place}: " if place else ""
    instance: Any = error.instance
    value: Any = error.validator_value
    if error.validator == "required":
        missing = next(key for key in value if key not in instance)
        return f"{before}'{missing}' is missing"
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = error.schema.get("properties", {})
        extra = sorted(str(key) for key in instance if key not in known)
        return f"{before}'{extra[0]}' is not a key of it"
    return f"{before}{error.message[:200]}"


def _place(steps: Iterable[str | int]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


class _Builder:
    """Turns a document that fits the schema into records."""

    def __init__(self, document: Mapping[str, Any], path: Path) -> None:
        self._doc = document
        self._path = path

    def scenario(self) -> r.Scenario:
        doc = self._doc
        rules = {
            what: r.RuleCall(call["rule"], {k: v for k, v in call.items() if k != "rule"})
            for what, call in doc["rules"].items()
        }
        self._within("rules", lambda: check_rules(rules))
        scenario = r.Scenario(
            name=doc["name"],
            path=str(self._path),
            title=doc["title"],
            summary=doc["summary"].strip(),
            sources=tuple(r.Source(**source) for source in doc["sources"]),
            seed=doc["seed"],
            copies=1,
            clock=r.Clock(
                self._day("clock.first_day", doc["clock"]["first_day"]),
                self._day("clock.last_day", doc["clock"]["last_day"]),
            ),
            regions=tuple(doc["regions"]),
            currency=r.Currency(**doc["currency"]),
            materials=tuple(self._material(item) for item in doc["materials"]),
            participants=self._participants(doc["participants"]),
            devices=r.Devices(
                **{k: v for k, v in doc["devices"].items() if k != "telemetry"},
                telemetry=r.TelemetryModel(**doc["devices"]["telemetry"]),
            ),
            network=self._network(doc["network"]),
            terms={
                name: r.Terms(**{**terms, "policy": r.Policy(terms["policy"])})
                for name, terms in doc["terms"].items()
            },
            indicator=self._indicator(doc["indicator"]),
            plan=self._plan(doc["plan"]),
            supplies=tuple(
                r.Supply(**{**item, "day": self._day(f"supplies[{i}].day", item["day"])})
                for i, item in enumerate(doc["supplies"])
            ),
            orders=tuple(
                r.PersonalOrder(**{**item, "day": self._day(f"orders[{i}].day", item["day"])})
                for i, item in enumerate(doc.get("orders", ()))
            ),
            gifts=tuple(self._gift(i, item) for i, item in enumerate(doc["gifts"])),
            money=tuple(
                r.GiftOfMoney(
                    **{
                        **item,
                        "day": self._day(f"money[{i}].day", item["day"]),
                        "earmark": self._earmark(item["earmark"]),
                    }
                )
                for i, item in enumerate(doc["money"])
            ),
            demands=tuple(self._demand(i, item) for i, item in enumerate(doc["demands"])),
            conditions=self._conditions(doc["conditions"]),
            rules=rules,
        )
        return scaled(scenario, doc["copies"])

    def _within(self, place: str, act: Any) -> None:
        try:
            act()
        except ScenarioError as error:
            raise ScenarioError(f"{place}.{error.message}", path=self._path.name) from None

    def _day(self, place: str, text: str) -> r.Day:
        try:
            return r.day_of(date.fromisoformat(text))
        except ValueError:
            raise ScenarioError(f"{place}: '{text}' is no date", path=self._path.name) from None

    @staticmethod
    def _band(pair: Sequence[int]) -> r.Band:
        return r.Band(pair[0], pair[1])

    @staticmethod
    def _earmark(item: Mapping[str, Any]) -> r.Earmark:
        return r.Earmark(r.EarmarkKind(item["kind"]), item.get("scope", ""))

    def _material(self, item: Mapping[str, Any]) -> r.Material:
        return r.Material(
            **{
                **item,
                "aliases": tuple(item.get("aliases", ())),
                "temperature": self._band(item["temperature"]),
                "humidity": self._band(item["humidity"]),
            }
        )

    @staticmethod
    def _organisation(item: Mapping[str, Any]) -> r.Organisation:
        return r.Organisation(
            id=item["id"],
            organisation=item.get("organisation", item["id"]),
            name_zh=item["name_zh"],
            name_en=item["name_en"],
            region=item["region"],
            place=Place(*item["place"]) if "place" in item else None,
        )

    def _participants(self, doc: Mapping[str, Any]) -> r.Participants:
        plain = {
            role: tuple(self._organisation(item) for item in items)
            for role, items in doc.items()
            if role not in ("hospitals", "carriers")
        }
        hospitals = tuple(
            r.HospitalSpec(
                id=item["id"],
                name_zh=item["name_zh"],
                name_en=item.get("name_en", ""),
                region=item["region"],
                place=Place(*item["place"]) if "place" in item else None,
                people_in_care=item.get("people_in_care"),
                vulnerable=item.get("vulnerable"),
            )
            for item in doc["hospitals"]
        )
        carriers = tuple(
            r.Carrier(
                id=item["id"],
                organisation=item.get("organisation", item["id"]),
                name_zh=item["name_zh"],
                name_en=item["name_en"],
                region=item["region"],
                vehicles=tuple(
                    r.Vehicle(
                        **{
                            **vehicle,
                            "tier": r.Tier(vehicle["tier"]),
                            "temperature": self._band(vehicle["temperature"]),
                        }
                    )
                    for vehicle in item["vehicles"]
                ),
            )
            for item in doc["carriers"]
        )
        return r.Participants(hospitals=hospitals, carriers=carriers, **plain)

    def _network(self, doc: Mapping[str, Any]) -> r.Network:
        stations = tuple(
            r.Station(
                **{
                    **item,
                    "recognised": item.get("recognised", False),
                    "tier": r.Tier(item["tier"]),
                    "place": Place(*item["place"]),
                    "temperature": self._band(item["temperature"]),
                }
            )
            for item in doc["stations"]
        )
        return r.Network(
            stations=stations,
            affected=tuple(doc["affected"]),
            road_permille=doc["road_permille"],
            dock_temperature=self._band(doc["dock_temperature"]),
            tariffs={tier: r.Tariff(**doc["tariffs"][tier.value]) for tier in r.Tier},
        )

    def _indicator(self, doc: Mapping[str, Any]) -> r.Indicator:
        series = []
        for region, figures in doc["series"].items():
            days = [
                r.CaseFigure(self._day(f"indicator.series.{region}", day), value)
                for day, value in figures.items()
            ]
            series.append(r.CaseSeries(region, tuple(sorted(days, key=lambda f: f.day))))
        return r.Indicator(**{**doc, "series": tuple(series)})

    def _plan(self, doc: Mapping[str, Any]) -> r.Plan:
        levels = tuple(
            r.Level(
                name=item["name"],
                all_of=item["all_of"],
                minimum_stay=item["minimum_stay"],
                conditions=tuple(
                    r.Trigger(r.Measure(c["measure"]), c.get("window", 0), c["rise"], c["fall"])
                    for c in item["conditions"]
                ),
                actions=tuple(self._action(action) for action in item["actions"]),
            )
            for item in doc["levels"]
        )
        return r.Plan(**{**doc, "regions": tuple(doc["regions"]), "levels": levels})

    def _action(self, item: Mapping[str, Any]) -> r.Action:
        given = {key: value for key, value in item.items() if key != "kind"}
        match item["kind"]:
            case "raise_demand":
                return r.RaiseDemand(**given)
            case "release_money":
                return r.ReleaseMoney(**{**given, "earmark": self._earmark(item["earmark"])})
            case _:
                return r.OpenFastPath(**given)

    def _gift(self, index: int, item: Mapping[str, Any]) -> r.GiftInKind:
        return r.GiftInKind(
            **{
                **item,
                "refused": item.get("refused", 0),
                "missing": item.get("missing", 0),
                "day": self._day(f"gifts[{index}].day", item["day"]),
                "earmark": self._earmark(item["earmark"]),
            }
        )

    def _demand(self, index: int, item: Mapping[str, Any]) -> r.DemandSpec:
        day = item.get("day")
        return r.DemandSpec(
            id=item["id"],
            hospital=item["hospital"],
            material=item["material"],
            units=item.get("units"),
            day=None if day is None else self._day(f"demands[{index}].day", day),
            needed_within=item.get("needed_within"),
            stock=item.get("stock"),
            daily_use=item.get("daily_use"),
            freight_budget=item.get("freight_budget"),
        )

    def _conditions(self, doc: Mapping[str, Any]) -> r.Conditions:
        return r.Conditions(
            late_legs=tuple(
                r.LateLeg(**{**item, "tier": r.Tier(item["tier"])}) for item in doc["late_legs"]
            ),
            excursions=tuple(
                r.Excursion(**{**item, "tier": r.Tier(item["tier"])}) for item in doc["excursions"]
            ),
            order_breaking=tuple(
                r.OrderBreakingProposal(self._day(f"conditions.order_breaking[{i}].day", o["day"]))
                for i, o in enumerate(doc["order_breaking"])
            ),
        )


def _contradictions(s: r.Scenario) -> Iterator[str]:
    """Yields what a schema cannot see, the first that a reader would look for first."""
    yield from _regions_and_clock(s)
    yield from _names(s)
    yield from _goods(s)
    yield from _ways(s)
    yield from _triggers(s)
    yield from _deeds(s)


def _regions_and_clock(s: r.Scenario) -> Iterator[str]:
    if s.clock.last_day < s.clock.first_day:
        yield "clock.last_day: is before clock.first_day"
    atlas = shipped_atlas()
    for i, code in enumerate(s.regions):
        if code not in atlas:
            yield f"regions[{i}]: '{code}' is unknown"
            return
        parent = atlas[code].parent
        if parent is not None and parent not in s.regions[:i]:
            yield f"regions[{i}]: '{code}' stands before its parent '{parent}'"
        if code in s.regions[:i]:
            yield f"regions[{i}]: '{code}' stands twice"
    people = s.participants
    seats = [
        (f"participants.{role}[{i}].region", person.region)
        for role in people.__dataclass_fields__
        for i, person in enumerate(getattr(people, role))
    ]
    seats += [(f"network.stations[{i}].region", x.region) for i, x in enumerate(s.network.stations)]
    seats += [(f"indicator.series.{x.region}", x.region) for x in s.indicator.series]
    seats += [(f"network.affected[{i}]", code) for i, code in enumerate(s.network.affected)]
    seats += [(f"plan.regions[{i}]", code) for i, code in enumerate(s.plan.regions)]
    for place, code in seats:
        if code not in s.regions:
            yield f"{place}: '{code}' is not among the regions"
            return
    for place, code in seats:
        if place.startswith(("network.affected", "plan.regions", "indicator.series")) and (
            atlas[code].parent is None or atlas.province_of(code) != code
        ):
            yield f"{place}: '{code}' is not a province"


def _names(s: r.Scenario) -> Iterator[str]:
    people = s.participants
    everyone: dict[str, str] = {}
    groups: list[tuple[str, Iterable[Any]]] = [
        (f"participants.{role}", getattr(people, role)) for role in people.__dataclass_fields__
    ]
    for place, group in groups:
        for i, person in enumerate(group):
            if person.id in everyone:
                yield f"{place}[{i}].id: '{person.id}' stands twice"
            everyone[person.id] = place
    lists: list[tuple[str, Iterable[Any]]] = [
        ("sources", s.sources),
        ("materials", s.materials),
        ("network.stations", s.network.stations),
        ("supplies", s.supplies),
        ("orders", s.orders),
        ("gifts", (*s.gifts, *s.money)),
        ("demands", s.demands),
        ("vehicles", [v for c in people.carriers for v in c.vehicles]),
    ]
    for place, group in lists:
        ids: set[str] = set()
        for i, item in enumerate(group):
            if item.id in ids:
                yield f"{place}[{i}].id: '{item.id}' stands twice"
            ids.add(item.id)
    if s.indicator.source not in {source.id for source in s.sources}:
        yield f"indicator.source: '{s.indicator.source}' is not among the sources"
    if len({auditor.organisation for auditor in people.auditors}) < 2:
        yield "participants.auditors: two of different organisations are needed"
    faults = s.indicator.faults
    if len({reporter.organisation for reporter in people.reporters}) < 3 * faults + 1:
        yield f"participants.reporters: {3 * faults + 1} of different organisations are needed"


def _goods(s: r.Scenario) -> Iterator[str]:
    names: set[str] = set()
    gtins: set[str] = set()
    for i, m in enumerate(s.materials):
        if not gs1.is_gtin(m.gtin):
            digit = gs1.check_digit(m.gtin[:-1])
            yield f"materials[{i}].gtin: the check digit of {m.gtin} should be {digit}"
        if not gs1.is_restricted(m.gtin):
            yield f"materials[{i}].gtin: {m.gtin} is not of the range for restricted circulation"
        if m.gtin in gtins:
            yield f"materials[{i}].gtin: {m.gtin} stands twice"
        gtins.add(m.gtin)
        for key in ("temperature", "humidity"):
            band = getattr(m, key)
            if band.low >= band.high:
                yield f"materials[{i}].{key}: the lower limit is not below the upper"
        if m.terms not in s.terms:
            yield f"materials[{i}].terms: '{m.terms}' is not among the terms"
        for alias in (m.id, *m.aliases):
            if alias in names:
                yield f"materials[{i}].aliases: '{alias}' stands for two materials"
            names.add(alias)
    for name, terms in s.terms.items():
        if terms.late_zero <= terms.late_free:
            yield f"terms.{name}.late_zero: is not above late_free"
        for key in ("exposure", "humidity"):
            free, zero, floor = (getattr(terms, f"{key}_{x}") for x in ("free", "zero", "floor"))
            if not free < zero:
                yield f"terms.{name}.{key}_zero: is not above {key}_free"
            if floor < free:
                yield f"terms.{name}.{key}_floor: is below {key}_free"


def _ways(s: r.Scenario) -> Iterator[str]:
    people, stations = s.participants, s.network.stations
    operators = {
        person.id
        for group in (
            people.charities,
            people.suppliers,
            people.carriers,
            people.station_operators,
            people.hospitals,
        )
        for person in group
    }
    for i, station in enumerate(stations):
        if station.operator not in operators:
            yield f"network.stations[{i}].operator: '{station.operator}' runs no stations"
        if station.temperature.low >= station.temperature.high:
            yield f"network.stations[{i}].temperature: the lower limit is not below the upper"
        if station.recognised and station.tier is not r.Tier.TRUNK:
            yield f"network.stations[{i}].recognised: only a trunk station is a centre"
    if s.network.dock_temperature.low >= s.network.dock_temperature.high:
        yield "network.dock_temperature: the lower limit is not below the upper"
    atlas = shipped_atlas()
    for i, code in enumerate(s.network.affected):
        if not any(x.recognised and atlas.is_within(x.region, code) for x in stations):
            yield f"network.affected[{i}]: no recognised centre lies in '{code}'"
    if not any(x.recognised for x in stations):
        yield "network.stations: there is no recognised centre"
    if not any(x.tier is r.Tier.BRANCH for x in stations):
        yield "network.stations: there is no branch station"
    for tier in r.Tier:
        if not any(tier in carrier.tiers for carrier in people.carriers):
            yield f"participants.carriers: no carrier has a {tier} vehicle"
    vehicles = [v for carrier in people.carriers for v in carrier.vehicles]
    for tier in r.Tier:
        for i, m in enumerate(s.materials):
            if not any(
                v.tier is tier
                and m.temperature.low <= v.temperature.low
                and v.temperature.high <= m.temperature.high
                for v in vehicles
            ):
                yield f"materials[{i}]: no {tier} vehicle keeps the temperature of '{m.id}'"
    able = {
        x.id for group in (people.charities, people.carriers, people.suppliers) for x in group
    } | {x.id for x in people.station_operators}
    if s.devices.operator not in able:
        yield f"devices.operator: '{s.devices.operator}' is no charity, carrier or operator"


def _triggers(s: r.Scenario) -> Iterator[str]:
    plan = s.plan
    if plan.indicator != s.indicator.id:
        yield f"plan.indicator: '{plan.indicator}' is not the indicator '{s.indicator.id}'"
    if plan.regions_needed > len(plan.regions):
        yield f"plan.regions_needed: {plan.regions_needed} of {len(plan.regions)} cannot be met"
    if len(set(plan.regions)) != len(plan.regions):
        yield "plan.regions: one stands twice"
    for i, code in enumerate(plan.regions):
        if all(series.region != code for series in s.indicator.series):
            yield f"plan.regions[{i}]: indicator.series has no figures of '{code}'"
    atlas = shipped_atlas()
    materials = {m.id for m in s.materials}
    charities = {x.id for x in (*s.participants.charities, *s.participants.coordinators)}
    before: dict[tuple[r.Measure, int], int] = {}
    for i, level in enumerate(plan.levels):
        place = f"plan.levels[{i}]"
        for j, c in enumerate(level.conditions):
            if c.fall > c.rise:
                yield f"{place}.conditions[{j}]: falls at {c.fall}, above its rise at {c.rise}"
            key = (c.measure, c.window)
            if c.rise < before.get(key, 0):
                yield f"{place}.conditions[{j}].rise: {c.rise} is below that of the level before"
            before[key] = c.rise
        for j, action in enumerate(level.actions):
            where = f"{place}.actions[{j}]"
            if action.region not in atlas or not any(
                atlas.is_within(action.region, code) for code in plan.regions
            ):
                yield f"{where}.region: '{action.region}' is outside the plan's regions"
            if isinstance(action, r.RaiseDemand) and action.material not in materials:
                yield f"{where}.material: '{action.material}' is not among the materials"
            if isinstance(action, r.ReleaseMoney):
                if action.spender not in charities:
                    yield f"{where}.spender: '{action.spender}' is no charity or coordinator"
                yield from _earmark(s, f"{where}.earmark", action.earmark)


def _earmark(s: r.Scenario, place: str, earmark: r.Earmark) -> Iterator[str]:
    atlas = shipped_atlas()
    match earmark.kind:
        case r.EarmarkKind.NONE:
            good = earmark.scope == ""
        case r.EarmarkKind.REGION:
            good = earmark.scope in s.regions and atlas.province_of(earmark.scope) == earmark.scope
        case r.EarmarkKind.FACILITY:
            good = any(h.id == earmark.scope for h in s.participants.hospitals)
        case r.EarmarkKind.EMERGENCY:
            good = earmark.scope == s.plan.id
    if not good:
        yield f"{place}.scope: '{earmark.scope}' is not the scope of an earmark '{earmark.kind}'"


def _keeps(station: r.Station, material: r.Material) -> bool:
    kept, needed = station.temperature, material.temperature
    return needed.low <= kept.low and kept.high <= needed.high


def _order(s: r.Scenario, place: str, order: r.PersonalOrder) -> Iterator[str]:
    supply = next((x for x in s.supplies if x.id == order.supply and x.for_sale), None)
    if supply is None:
        yield f"{place}.supply: '{order.supply}' is not among the supplies that are for sale"
        return
    if order.day <= supply.day:
        yield f"{place}.day: '{order.supply}' can be bought from the day after it was made"
    if sum(x.units for x in s.orders if x.supply == supply.id) > supply.units:
        yield f"{place}.units: more is ordered of '{order.supply}' than is made"
    stations = {x.id: x for x in s.network.stations}
    if order.station not in stations or stations[order.station].tier is not r.Tier.TERMINAL:
        yield f"{place}.station: '{order.station}' is not a terminal station"
    elif not _keeps(stations[order.station], s.material(supply.material)):
        yield f"{place}.station: '{order.station}' cannot keep '{supply.material}'"
    if order.terms not in s.terms:
        yield f"{place}.terms: '{order.terms}' is not among the terms"
    elif s.terms[order.terms].policy not in (r.Policy.CONSIGNEE, r.Policy.BOTH):
        yield f"{place}.terms: a household must accept: the policy is consignee or both"


def _deeds(s: r.Scenario) -> Iterator[str]:
    people = s.participants
    materials = {m.id: m for m in s.materials}
    stations = {x.id: x for x in s.network.stations}
    donors = {x.id for x in (*people.donors, *people.suppliers)}
    hospitals = {x.id for x in people.hospitals}

    def goods(place: str, item: r.GiftInKind | r.Supply) -> Iterator[str]:
        if item.material not in materials:
            yield f"{place}.material: '{item.material}' is not among the materials"
            return
        material = materials[item.material]
        if (material.shelf_life_days == 0) != (item.expiry_days == 0):
            yield f"{place}.expiry_days: is needed exactly when the material has a shelf life"
        if item.expiry_days > material.shelf_life_days:
            yield f"{place}.expiry_days: is beyond the shelf life of '{item.material}'"
        if item.station not in stations:
            yield f"{place}.station: '{item.station}' is not among the stations"
            return
        if not _keeps(stations[item.station], material):
            yield f"{place}.station: '{item.station}' cannot keep '{item.material}'"

    def in_time(place: str, day: int) -> Iterator[str]:
        if day not in s.clock.days:
            yield f"{place}.day: {r.date_of(r.Day(day))} is outside the clock"

    for i, supply in enumerate(s.supplies):
        place = f"supplies[{i}]"
        yield from in_time(place, supply.day)
        if supply.supplier not in {x.id for x in people.suppliers}:
            yield f"{place}.supplier: '{supply.supplier}' is not among the suppliers"
        yield from goods(place, supply)
    for i, order in enumerate(s.orders):
        place = f"orders[{i}]"
        yield from in_time(place, order.day)
        yield from _order(s, place, order)
    for i, gift in enumerate(s.gifts):
        place = f"gifts[{i}]"
        yield from in_time(place, gift.day)
        if gift.donor not in donors:
            yield f"{place}.donor: '{gift.donor}' is not among the donors"
        if gift.charity not in {x.id for x in people.charities}:
            yield f"{place}.charity: '{gift.charity}' is not among the charities"
        if gift.refused + gift.missing >= gift.units:
            yield f"{place}: nothing of it would be accepted"
        if len(gift.origin.encode()) > 64:
            yield f"{place}.origin: is longer than 64 bytes"
        if gift.station in stations and stations[gift.station].tier is not r.Tier.TRUNK:
            yield f"{place}.station: '{gift.station}' is not a trunk hub"
        yield from goods(place, gift)
        yield from _earmark(s, f"{place}.earmark", gift.earmark)
    for i, money in enumerate(s.money):
        place = f"money[{i}]"
        yield from in_time(place, money.day)
        if money.donor not in {x.id for x in people.donors}:
            yield f"{place}.donor: '{money.donor}' is not among the donors"
        yield from _earmark(s, f"{place}.earmark", money.earmark)
    for i, demand in enumerate(s.demands):
        place = f"demands[{i}]"
        if demand.day is not None:
            yield from in_time(place, demand.day)
        if demand.hospital not in hospitals:
            yield f"{place}.hospital: '{demand.hospital}' is not among the hospitals"
        if demand.material not in materials:
            yield f"{place}.material: '{demand.material}' is not among the materials"
    for what in ("demand_missing",):
        for name in s.rules[what].parameters.get("materials", ()):
            if name not in materials:
                yield f"rules.{what}.materials: '{name}' is not among the materials"
    for i, chance in enumerate(s.conditions.order_breaking):
        yield from in_time(f"conditions.order_breaking[{i}]", chance.day)
