"""Scenarios from YAML.

load
├── by name, by path; an unknown name lists the known ones; a path that is none
├── refuses, with the file's name and the place in it: no YAML, a key twice, another shape
├── refuses what breaks the schema, with the YAML path
└── refuses what contradicts itself, with the YAML path
wuhan-2020: figures, levels that change on known days, scarcity, all urgencies, sources
scaled: copies of what makes transactions, distinct ids
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidline import gs1
from aidline.errors import ScenarioError
from aidline.sim import scenario as scenarios
from aidline.sim.prepare import prepare
from aidline.sim.records import Measure, Need, Scenario, date_of

FILE = Path(__file__).resolve().parents[2] / "scenarios" / "wuhan-2020.yaml"


@pytest.fixture(scope="module")
def wuhan() -> Scenario:
    return scenarios.load("wuhan-2020")


@cache
def text_as_json() -> str:
    """The scenario as JSON, which is YAML too, and quicker to write and read."""
    return json.dumps(yaml.load(FILE.read_text(encoding="utf-8"), scenarios._Loader))


def document() -> dict[str, Any]:
    loaded = json.loads(text_as_json())
    assert isinstance(loaded, dict)
    return loaded


def broken(folder: Path, change: Callable[[dict[str, Any]], object]) -> str:
    """Returns what is said of the scenario after a change to it."""
    doc = document()
    change(doc)
    path = folder / "broken.yaml"
    path.write_text(json.dumps(doc), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        scenarios.load(path)
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.exit_status == 2
    return text


def test_loads_by_name_and_by_path(wuhan: Scenario, tmp_path: Path) -> None:
    assert "wuhan-2020" in scenarios.known_scenarios()
    assert scenarios.load(FILE).demands == wuhan.demands
    copy = tmp_path / "copy.yaml"
    copy.write_bytes(b"\xef\xbb\xbf" + FILE.read_bytes().replace(b"\n", b"\r\n"))
    assert scenarios.load(str(copy)).plan == wuhan.plan


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="'atlantis' is unknown; known: wuhan-2020"):
        scenarios.load("atlantis")
    with pytest.raises(ScenarioError, match="known: none"):
        scenarios.load("wuhan-2020", tmp_path)


def test_a_path_that_is_none() -> None:
    with pytest.raises(ScenarioError, match=r"no/such\.yaml: there is no such file"):
        scenarios.load("no/such.yaml")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: [1, 2", "s.yaml, line 2, column 1: is not YAML"),
        (b"a: 1\nb: 2\na: 3\n", "s.yaml, line 3, column 1: is not YAML: key 'a' stands twice"),
        (b"- 1\n- 2\n", "s.yaml: is not a scenario"),
        (b"", "s.yaml: is not a scenario"),
        (b"a: \xff\n", "s.yaml: is not UTF-8"),
        (b"a: !!python/object/apply:os.system [ls]\n", "s.yaml, line 1"),
    ],
)
def test_refuses_what_is_no_document(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(data)
    with pytest.raises(ScenarioError) as caught:
        scenarios.load(path)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def put(*steps: str | int, value: object) -> Callable[[dict[str, Any]], object]:
    """Makes a change that sets one value."""

    def change(doc: Any) -> None:
        for step in steps[:-1]:
            doc = doc[step]
        doc[steps[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            put("plan", "levels", 1, "conditions", 0, "rise", value="x"),
            "plan.levels[1].conditions[0].rise: 'x' is not of type 'integer'",
        ),
        (lambda d: d.pop("clock"), "'clock' is missing"),
        (lambda d: d["clock"].pop("last_day"), "clock: 'last_day' is missing"),
        (put("clock", "hour", value=3), "clock: 'hour' is not a key of it"),
        (put("copies", value=0), "copies: 0 is less than the minimum of 1"),
        (put("seed", value="soon"), "seed: 'soon' is not of type 'integer'"),
        (put("demands", 3, "units", value=-5), "demands[3].units: -5 is less than"),
        (
            put("plan", "levels", 0, "actions", 0, "kind", value="dance"),
            "plan.levels[0].actions[0].kind: 'dance' is not one of",
        ),
        (
            lambda d: d["plan"]["levels"][0]["actions"][0].pop("spender"),
            "plan.levels[0].actions[0]: 'spender' is missing",
        ),
        (
            put("plan", "levels", 0, "conditions", 0, "window", value=3),
            "plan.levels[0].conditions[0]",
        ),
        (put("indicator", "series", "CN-HB", "soon", value=3), "indicator.series.CN-HB"),
    ],
)
def test_refuses_what_breaks_the_schema(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    assert broken(tmp_path, change).startswith(f"broken.yaml: {message}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("clock", "last_day", value="2020-01-01"), "clock.last_day: is before"),
        (put("clock", "last_day", value="2020-02-31"), "clock.last_day: '2020-02-31' is no date"),
        (put("regions", 3, value="CN-999999"), "regions[3]: 'CN-999999' is unknown"),
        (put("regions", 1, value="CN-420100"), "regions[1]: 'CN-420100' stands before its parent"),
        (
            put("participants", "hospitals", 2, "region", value="CN-HN"),
            "participants.hospitals[2].region: 'CN-HN' is not among the regions",
        ),
        (
            put("participants", "donors", 1, "id", value="solver-open"),
            "participants.solvers[0].id: 'solver-open' stands twice",
        ),
        (
            put("participants", "auditors", value=[
                {"id": f"a{i}", "organisation": "one", "name_zh": "审", "name_en": "A",
                 "region": "CN"} for i in range(3)
            ]),
            "participants.auditors: two of different organisations",
        ),
        (put("indicator", "faults", value=3), "participants.reporters: 10 of different"),
        (
            put("materials", 0, "gtin", value="2100000000013"),
            "materials[0].gtin: the check digit of 2100000000013 should be 2",
        ),
        (
            put("materials", 0, "gtin", value="6900000000014"),
            "materials[0].gtin: 6900000000014 is not of the range",
        ),
        (put("materials", 0, "terms", value="soft"), "materials[0].terms: 'soft' is not among"),
        (
            put("materials", 10, "temperature", value=[300, 400]),
            "materials[10]: no trunk vehicle keeps the temperature of 'test_kit'",
        ),
        (
            put("network", "stations", 5, "recognised", value=False),
            None,
        ),
        (
            put("network", "stations", 0, "operator", value="nobody"),
            "network.stations[0].operator: 'nobody' runs no stations",
        ),
        (put("network", "affected", value=["CN-GD"]), "network.affected[0]: no recognised centre"),
        (
            put("network", "affected", value=["CN-420100"]),
            "network.affected[0]: 'CN-420100' is not a province",
        ),
        (put("plan", "regions", value=["CN-GD"]), "plan.regions[0]: indicator.series has no"),
        (put("plan", "regions_needed", value=2), "plan.regions_needed: 2 of 1 cannot be met"),
        (
            put("plan", "levels", 1, "conditions", 0, "fall", value=2000),
            "plan.levels[1].conditions[0]: falls at 2000, above its rise at 1000",
        ),
        (
            put("plan", "levels", 2, "conditions", 0, "rise", value=900),
            "plan.levels[2].conditions[0]: falls at 5000, above its rise at 900",
        ),
        (
            put("plan", "levels", 2, "conditions", 0, value={
                "measure": "value", "rise": 900, "fall": 100}),
            "plan.levels[2].conditions[0].rise: 900 is below that of the level before",
        ),
        (
            put("plan", "levels", 1, "actions", 0, "material", value="gold"),
            "plan.levels[1].actions[0].material: 'gold' is not among the materials",
        ),
        (
            put("plan", "levels", 1, "actions", 0, "region", value="CN-GD"),
            "plan.levels[1].actions[0].region: 'CN-GD' is outside",
        ),
        (put("gifts", 0, "day", value="2020-03-01"), "gifts[0].day: 2020-03-01 is outside"),
        (put("gifts", 1, "station", value="hub-oslo"), "gifts[1].station: 'hub-oslo' is not"),
        (put("gifts", 1, "refused", value=9000), "gifts[1]: nothing of it would be accepted"),
        (put("gifts", 1, "expiry_days", value=0), "gifts[1].expiry_days: is needed exactly"),
        (put("gifts", 1, "expiry_days", value=9999), "gifts[1].expiry_days: is beyond"),
        (
            put("gifts", 5, "earmark", "scope", value="wuhanshi-999"),
            "gifts[5].earmark.scope: 'wuhanshi-999' is not the scope of an earmark 'facility'",
        ),
        (
            put("money", 1, "earmark", "scope", value="CN-420100"),
            "money[1].earmark.scope: 'CN-420100' is not the scope of an earmark 'region'",
        ),
        (
            put("orders", 0, "supply", value="s01"),
            "orders[0].supply: 's01' is not among the supplies that are for sale",
        ),
        (put("orders", 0, "day", value="2020-01-24"), "orders[0].day: 's02' can be bought from"),
        (put("orders", 1, "units", value=4_601), "orders[0].units: more is ordered of 's02'"),
        (
            lambda doc: (
                put("supplies", 1, "units", value=10**6)(doc),
                put("orders", 0, "units", value=60_001)(doc),
            ),
            "orders[0].units: no terminal vehicle carries so many",
        ),
        (
            put("orders", 0, "station", value="branch-wuchang"),
            "orders[0].station: 'branch-wuchang' is not a terminal station",
        ),
        (
            put("orders", 0, "terms", value="tracked"),
            "orders[0].terms: a household must accept",
        ),
        (put("orders", 0, "terms", value="none"), "orders[0].terms: 'none' is not among"),
        (put("orders", 1, "id", value="o01"), "orders[1].id: 'o01' stands twice"),
        (put("demands", 0, "hospital", value="x"), "demands[0].hospital: 'x' is not among"),
        (put("demands", 1, "id", value="d01"), "demands[1].id: 'd01' stands twice"),
        (
            put("terms", "cold", "exposure_floor", value=1),
            "terms.cold.exposure_floor: is below exposure_free",
        ),
        (put("rules", "stock", value={"rule": "dice"}), "rules.stock.rule: 'dice' is unknown"),
        (
            put("rules", "demand_missing", "materials", value=["gold"]),
            "rules.demand_missing.materials: 'gold' is not among the materials",
        ),
    ],
)  # fmt: skip
def test_refuses_what_contradicts_itself(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str | None
) -> None:
    if message is None:  # one centre of two may go
        doc = document()
        change(doc)
        path = tmp_path / "fine.yaml"
        path.write_text(json.dumps(doc), encoding="utf-8")
        assert sum(s.recognised for s in scenarios.load(path).network.stations) == 1
        return
    assert broken(tmp_path, change).startswith(f"broken.yaml: {message}")


def levels_by_day(scenario: Scenario) -> dict[str, int]:
    """Walks the plan over the scenario's own figures, as the contracts document it."""
    plan = scenario.plan
    (series,) = scenario.indicator.series
    level, since = 0, scenario.clock.first_day
    changes: dict[str, int] = {}

    def holds(number: int, day: int, edge: str) -> bool:
        tests = []
        for condition in plan.levels[number - 1].conditions:
            figure = series.on(day)
            assert figure is not None
            value = figure.value
            if condition.measure is Measure.GROWTH:
                before = series.on(day - condition.window)
                if before is None or before.value == 0:
                    tests.append(False)
                    continue
                value = (figure.value - before.value) * 10_000 // before.value
            tests.append(value >= getattr(condition, edge))
        return all(tests) if plan.levels[number - 1].all_of else any(tests)

    for day in scenario.clock.days:
        numbers = range(1, len(plan.levels) + 1)
        target = max((n for n in numbers if holds(n, day, "rise")), default=0)
        was = level
        if target > level:
            level = target
        elif (
            level
            and day - since >= plan.levels[level - 1].minimum_stay
            and not holds(level, day, "fall")
        ):
            level -= 1
        if level != was:
            since = type(since)(day)
            changes[f"{date_of(since):%m-%d}"] = level
    return changes


def test_the_plan_rises_and_falls_on_the_real_figures(wuhan: Scenario) -> None:
    assert levels_by_day(wuhan) == {
        "01-24": 1,
        "01-26": 2,
        "02-02": 3,
        "02-06": 4,
        "02-12": 3,
        "02-13": 4,
    }


def test_less_is_given_than_is_needed_and_every_urgency_occurs(wuhan: Scenario) -> None:
    demands = prepare(wuhan).demands
    assert {demand.need for demand in demands} == set(Need)
    for material in {gift.material for gift in wuhan.gifts}:
        given = sum(g.units for g in wuhan.gifts if g.material == material)
        needed = sum(d.units for d in demands if d.material == material)
        assert 0 < given < needed, material
    first = [d for d in demands if date_of(d.day).isoformat() <= "2020-01-25"]
    assert {demand.need for demand in first} == set(Need)


def test_every_kind_of_thing_takes_part(wuhan: Scenario) -> None:
    people = wuhan.participants
    assert len(people.hospitals) == 8
    assert {h.region for h in people.hospitals} == {"CN-420100", "CN-420200"}
    assert len({auditor.organisation for auditor in people.auditors}) >= 4
    assert len(people.reporters) == 3 * wuhan.indicator.faults + 1
    assert sum(carrier.tiers == ("trunk",) for carrier in people.carriers) >= 2
    assert sum(station.recognised for station in wuhan.network.stations) == 2
    assert {gift.earmark.kind for gift in wuhan.gifts} == {
        "none",
        "region",
        "facility",
        "emergency",
    }
    assert any(material.cold_chain for material in wuhan.materials)
    assert wuhan.conditions.late_legs
    cold = wuhan.terms["cold"]
    limit = wuhan.material("test_kit").temperature.high
    mild, severe = ((e.peak - limit) * e.seconds for e in wuhan.conditions.excursions)
    assert cold.exposure_free < mild < cold.exposure_zero
    assert severe > cold.exposure_floor


def test_identifiers_are_right(wuhan: Scenario) -> None:
    for material in wuhan.materials:
        assert gs1.is_gtin(material.gtin)
        assert gs1.is_restricted(material.gtin)
    assert not gs1.is_gtin("2100000000013")
    assert gs1.is_gtin("06151100000014") is (gs1.check_digit("0615110000001") == 4)
    assert gs1.check_digit("629104150021") == 3  # the example of GS1


def test_figures_are_the_published_ones_and_name_their_source(wuhan: Scenario) -> None:
    (series,) = wuhan.indicator.series
    assert len(series.figures) == len(wuhan.clock.days) == 23
    assert (series.figures[0].value, series.figures[-1].value) == (444, 48206)
    assert wuhan.indicator.source in {source.id for source in wuhan.sources}


def test_copies_multiply_what_makes_transactions(wuhan: Scenario) -> None:
    big = scenarios.scaled(wuhan, 12)
    assert len(big.demands) == 12 * len(wuhan.demands)
    assert len({demand.id for demand in big.demands}) == len(big.demands)
    assert len({gift.id for gift in big.gifts}) == 12 * len(wuhan.gifts)
    assert big.devices.count == 12 * wuhan.devices.count
    assert big.participants.carriers[0].vehicles[0].count == 36
    assert scenarios.scaled(wuhan, 1) == wuhan
    with pytest.raises(ScenarioError, match="copies: 0 is below 1"):
        scenarios.scaled(wuhan, 0)


def test_copies_can_stand_in_the_file(tmp_path: Path, wuhan: Scenario) -> None:
    doc = document()
    doc["copies"] = 3
    path = tmp_path / "three.yaml"
    path.write_text(json.dumps(doc), encoding="utf-8")
    loaded = scenarios.load(path)
    assert (loaded.copies, len(loaded.demands)) == (3, 3 * len(wuhan.demands))
