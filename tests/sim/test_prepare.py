"""A scenario made ready to be played.

Without files: every unknown is filled, known facts are kept, the same seed gives the same
With files
├── hospitals of another city: docks, a branch station, regions, demands, earmarks follow
├── demands alone: only of the scenario's hospitals; with hospitals: only the file's demands
├── cases: only what the file says; telemetry: its logs
└── the order of rows changes nothing but the numbers of lines
Ways: trunk to the centre, branch, terminal; from a branch; lengths
Real files: all four together
"""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest

from aidline.errors import InputError
from aidline.sim import scenario as scenarios
from aidline.sim.inputs import InputFiles
from aidline.sim.prepare import Prepared, prepare
from aidline.sim.records import EarmarkKind, Need, Scenario, Tier, day_of
from tests.sim.data import real, write

CHANGSHA = (
    "hospital_id,city,name,lat_bd09,lon_bd09\n"
    "cs-1,长沙市,湘雅医院,28.22,112.99\ncs-2,长沙市,湖南省儿童医院,28.17,113.01\n"
    "wuhanshi-023,武汉市,武汉市金银潭医院,30.62592,114.14346\n"
)
DEMANDS = (
    "hospital_id,item,quantity\ncs-1,n95_mask,500\ncs-1,n95_mask,700\ncs-2,goggles,\n"
    "wuhanshi-000,goggles,60\n"
)


@pytest.fixture(scope="module")
def wuhan() -> Scenario:
    return scenarios.load("wuhan-2020")


@pytest.fixture(scope="module")
def plain(wuhan: Scenario) -> Prepared:
    return prepare(wuhan)


def test_fills_what_is_unknown_and_keeps_what_is_known(wuhan: Scenario, plain: Prepared) -> None:
    assert plain.seed == wuhan.seed
    assert not plain.inputs
    specs = {spec.id: spec for spec in wuhan.demands}
    assert len(plain.demands) == len(specs)
    for demand in plain.demands:
        spec = specs[demand.id]
        for name in ("units", "day", "stock", "daily_use", "needed_within", "freight_budget"):
            given = getattr(spec, name)
            assert (given is None) == (name in demand.filled)
            assert given is None or given == getattr(demand, name)
        hospital = plain.hospital(demand.hospital)
        assert demand.need is Need.of(demand.stock, demand.daily_use, hospital.vulnerable)
        assert demand.units > 0
    assert list(plain.demands) == sorted(plain.demands, key=lambda d: (d.day, d.id))


def test_the_same_seed_gives_the_same_and_another_another(wuhan: Scenario) -> None:
    one, again, other = prepare(wuhan, 5), prepare(wuhan, 5), prepare(wuhan, 6)
    assert one.demands == again.demands
    assert one.demands != other.demands


def test_every_station_and_dock_stands(plain: Prepared) -> None:
    ids = [station.id for station in plain.stations]
    assert len(set(ids)) == len(ids)
    for hospital in plain.hospitals:
        dock = plain.station(hospital.dock)
        assert (dock.tier, dock.operator, dock.place) == (
            Tier.TERMINAL,
            hospital.id,
            hospital.place,
        )
        assert plain.station(hospital.branch).tier is Tier.BRANCH


def test_hospitals_of_another_city_take_the_place_of_the_scenarios(
    wuhan: Scenario, tmp_path: Path
) -> None:
    found = prepare(wuhan, 1, InputFiles(hospitals=write(tmp_path, CHANGSHA, "h.csv")))
    assert [hospital.id for hospital in found.hospitals] == ["cs-1", "cs-2", "wuhanshi-023"]
    assert found.hospital("cs-2").vulnerable
    assert found.hospital("wuhanshi-023").people_in_care == 600
    branch = found.station(found.hospital("cs-1").branch)
    assert (branch.id, branch.region, branch.operator) == (
        "branch-cn-430100",
        "CN-430100",
        "hubs-hubei",
    )
    regions = found.scenario.regions
    assert regions.index("CN-HN") < regions.index("CN-430100")
    wanted = {(demand.hospital, demand.material) for demand in found.demands}
    standard = ("surgical_mask", "n95_mask", "protective_suit")
    assert {(h, m) for h in ("cs-1", "cs-2") for m in standard} <= wanted
    assert all(demand.hospital != "wuhanshi-000" for demand in found.demands)
    legs = found.route(found.station("hub-guangzhou"), found.hospital("cs-1"))
    assert [leg.tier for leg in legs] == list(Tier)
    assert legs[1].metres > 200_000


def test_an_earmark_for_a_hospital_that_is_gone_is_for_its_province(
    wuhan: Scenario, tmp_path: Path
) -> None:
    text = "\n".join(CHANGSHA.splitlines()[:3]) + "\n"
    found = prepare(wuhan, 1, InputFiles(hospitals=write(tmp_path, text)))
    gift = next(gift for gift in found.gifts if gift.id == "g06")
    assert (gift.earmark.kind, gift.earmark.scope) == (EarmarkKind.REGION, "CN-HB")


def test_demands_alone_serve_the_scenarios_hospitals(wuhan: Scenario, tmp_path: Path) -> None:
    found = prepare(wuhan, 1, InputFiles(demands=write(tmp_path, DEMANDS)))
    assert [(d.id, d.units) for d in found.demands] == [("wuhanshi-000/goggles", 60)]
    assert found.inputs["demands"].rejected == 3


def test_demands_with_hospitals_are_the_only_ones(wuhan: Scenario, tmp_path: Path) -> None:
    files = InputFiles(
        hospitals=write(tmp_path, CHANGSHA, "h.csv"), demands=write(tmp_path, DEMANDS, "d.csv")
    )
    found = prepare(wuhan, 1, files)
    assert {d.id: ("units" in d.filled) for d in found.demands} == {
        "cs-1/n95_mask": False,
        "cs-2/goggles": True,
    }
    assert max(d.units for d in found.demands if d.hospital == "cs-1") == 700
    assert list(found.inputs) == ["demands", "hospitals"]
    doubled = prepare(scenarios.scaled(wuhan, 2), 1, files)
    assert len(doubled.demands) == 4


def test_the_order_of_rows_changes_nothing(wuhan: Scenario, tmp_path: Path) -> None:
    def shuffled(text: str, seed: int) -> str:
        head, *rows = text.splitlines()
        random.Random(seed).shuffle(rows)
        return "\n".join([head, *rows]) + "\n"

    runs = [
        prepare(
            wuhan,
            1,
            InputFiles(
                hospitals=write(tmp_path, shuffled(CHANGSHA, n), "h.csv"),
                demands=write(tmp_path, shuffled(DEMANDS, n), "d.csv"),
            ),
        )
        for n in range(4)
    ]
    assert len({run.demands for run in runs}) == 1
    assert len({frozenset(run.hospitals) for run in runs}) == 1


def test_cases_of_a_file_replace_the_scenarios(wuhan: Scenario, tmp_path: Path) -> None:
    text = "Date,Country/Region,Province/State,Confirmed\n2020-01-25,China,Hubei,7.0\n"
    found = prepare(wuhan, 1, InputFiles(cases=write(tmp_path, text)))
    (series,) = found.cases
    assert [figure.value for figure in series.figures] == [7]
    other = text.replace("Hubei", "Hunan")
    with pytest.raises(InputError, match="has no row of CN-HB; it has CN-HN"):
        prepare(wuhan, 1, InputFiles(cases=write(tmp_path, other)))


def test_telemetry_of_a_file_is_at_hand(wuhan: Scenario, tmp_path: Path) -> None:
    text = "time,temperature\n2022-11-08,4\n"
    found = prepare(wuhan, 1, InputFiles(telemetry=write(tmp_path, text, "t.csv")))
    assert [(log.log, len(log.readings)) for log in found.logs] == [("t", 1)]


def test_the_way_goes_by_trunk_branch_and_terminal(plain: Prepared) -> None:
    hospital = plain.hospital("huangshishi-001")
    legs = plain.route(plain.station("hub-guangzhou"), hospital)
    assert [(leg.tier, leg.from_station, leg.to_station) for leg in legs] == [
        (Tier.TRUNK, "hub-guangzhou", "centre-ezhou"),
        (Tier.BRANCH, "centre-ezhou", "branch-huangshi"),
        (Tier.TERMINAL, "branch-huangshi", "dock:huangshishi-001"),
    ]
    assert 1_000_000 < legs[0].metres < 1_200_000
    tariff = plain.scenario.network.tariffs[Tier.TRUNK]
    assert tariff.freight(1_000_500, 1_500) == 600_000_000 + 4_502_250_000 + 3_000_000
    assert tariff.seconds(65_000) == 7200 + 3600
    from_branch = plain.route(plain.station(hospital.branch), hospital)
    assert [leg.tier for leg in from_branch] == [Tier.TERMINAL]
    from_yard = plain.route(plain.station("yard-xiantao"), hospital)
    assert [leg.tier for leg in from_yard] == [Tier.BRANCH, Tier.TERMINAL]


def test_facts_of_raised_demand_are_drawn_by_key(plain: Prepared) -> None:
    hospital, material = plain.hospitals[0], plain.scenario.material("n95_mask")
    facts = plain.facts(hospital, material, "claim 1")
    assert facts == plain.facts(hospital, material, "claim 1")
    assert facts.daily_use == 480
    assert facts.need is Need.of(facts.stock, facts.daily_use, hospital.vulnerable)
    drawn = {plain.facts(hospital, material, f"claim {n}").stock for n in range(20)}
    assert len(drawn) > 5


def test_all_the_real_files_together(wuhan: Scenario) -> None:
    found = prepare(
        wuhan,
        3,
        InputFiles(
            cases=real("epidemic/hubei_city_daily.csv"),
            demands=real("hospital_demand/demands.csv"),
            hospitals=real("hospital_demand/hospitals.csv"),
            telemetry=real("cold_chain/qtag_run02_readings.csv"),
        ),
    )
    rows = {name: count.rows for name, count in found.inputs.items()}
    assert rows == {"cases": 414, "demands": 517, "hospitals": 70, "telemetry": 124}
    for count in found.inputs.values():
        assert count.rows == count.used + count.merged + count.rejected
    assert len(found.hospitals) == found.inputs["hospitals"].used
    assert len(found.demands) == found.inputs["demands"].used
    assert {demand.need for demand in found.demands} == set(Need)
    assert all(found.scenario.clock.first_day <= d.day for d in found.demands)
    assert all(
        isinstance(leg.metres, int) and leg.metres > 0
        for hospital in found.hospitals
        for leg in found.route(found.station("hub-beijing"), hospital)
    )
    assert found.cases[0].figures[0].day == day_of(date(2020, 1, 24))
