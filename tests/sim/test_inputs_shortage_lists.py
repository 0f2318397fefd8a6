"""Hospitals and demands of shortage lists.

Hospitals
├── region from the city's name, place from BD-09
├── two rows of one name and city are one hospital; the same id twice is one
├── an unknown city, an empty id or name: rejected; no place: the mean of its region
└── ids that do not fit a chain, or are taken, are made of a hash
Demands
├── by item, alias or Chinese name; unknown material or hospital: rejected
├── an empty quantity or nought is unknown; an absurd one is cut, or rejected
└── duplicates merge by the key: largest, last or sum
Refused: none usable, missing column, text, negative, no latitude
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.errors import InputError
from aidline.geodesy import Place, metres_between
from aidline.sim import scenario as scenarios
from aidline.sim.inputs import DemandsRead, read_demands, read_hospitals
from aidline.sim.records import RuleCall, Scenario
from aidline.sim.rules import Rules
from tests.sim.data import real, write

HOSPITALS = "hospital_id,city,district,name,address,lat_bd09,lon_bd09\n"
DEMANDS = "hospital_id,city,item,item_zh,quantity,has_quantity,specification\n"


@pytest.fixture(scope="module")
def wuhan() -> Scenario:
    return scenarios.load("wuhan-2020")


@pytest.fixture
def rules(wuhan: Scenario) -> Rules:
    return Rules(wuhan.rules, 1)


def changed(wuhan: Scenario, subject: str, name: str, **parameters: object) -> Rules:
    return Rules({**wuhan.rules, subject: RuleCall(name, parameters)}, 1)


def demands(
    path: Path, wuhan: Scenario, rules: Rules, hospitals: tuple[str, ...] = ("h1", "h2")
) -> DemandsRead:
    same = {name: name for name in hospitals}
    return read_demands(path, wuhan.materials, same, {}, rules)


def test_reads_region_and_place(tmp_path: Path, rules: Rules) -> None:
    text = HOSPITALS + '"h1",武汉市,江汉区,协和医院,"解放大道, 1277号",30.60728,114.27751\n'
    found = read_hospitals(write(tmp_path, text), rules)
    (hospital,) = found.hospitals
    assert (hospital.id, hospital.region, hospital.name_zh) == ("h1", "CN-420100", "协和医院")
    assert hospital.place == Place(30_603_752, 114_265_589)
    assert (hospital.people_in_care, hospital.vulnerable) == (None, None)


def test_merges_hospitals_that_repeat(tmp_path: Path, wuhan: Scenario, rules: Rules) -> None:
    rows = (
        "h1,黄石市,x,黄石市 第二医院,a,30.2,115.0\nh2,黄石,x,黄石市第二医院,b,30.3,115.1\n"
        "h1,黄石市,x,黄石市第二医院,a,30.2,115.0\nh3,武汉市,x,黄石市第二医院,c,30.6,114.3\n"
    )
    path = write(tmp_path, HOSPITALS + rows)
    found = read_hospitals(path, rules)
    assert [hospital.id for hospital in found.hospitals] == ["h1", "h3"]
    assert found.same == {"h1": "h1", "h2": "h1", "h3": "h3"}
    assert (found.count.rows, found.count.used, found.count.merged) == (4, 2, 2)
    everyone = read_hospitals(path, changed(wuhan, "hospitals_repeat", "keep_all"))
    assert [hospital.id for hospital in everyone.hospitals] == ["h1", "h2", "h3"]


def test_rejects_what_names_no_hospital(tmp_path: Path, rules: Rules) -> None:
    rows = (
        ",武汉市,x,甲医院,a,30.6,114.3\nh2,亚特兰蒂斯,x,乙医院,b,30.6,114.3\n"
        "h3,武汉市,x,,c,30.6,114.3\nh4,武汉市,x,丁医院,d,30.6,114.3\n"
    )
    found = read_hospitals(write(tmp_path, HOSPITALS + rows), rules)
    assert [hospital.id for hospital in found.hospitals] == ["h4"]
    assert (found.count.used, found.count.rejected) == (1, 3)


def test_an_unknown_place_is_the_mean_of_the_region(
    tmp_path: Path, wuhan: Scenario, rules: Rules
) -> None:
    rows = (
        "h1,武汉市,x,甲医院,a,,\nh2,武汉市,x,乙医院,b,30.6,114.3\n"
        "h3,武汉市,x,丙医院,c,30.8,114.5\nh4,黄石市,x,丁医院,d,,\nh5,长沙市,x,戊医院,e,,\n"
    )
    path = write(tmp_path, HOSPITALS + rows)
    found = read_hospitals(path, rules)
    places = {hospital.id: hospital.place for hospital in found.hospitals}
    assert set(places) == {"h1", "h2", "h3", "h4"}
    first, second, third = (places[name] for name in ("h1", "h2", "h3"))
    assert first is not None and second is not None and third is not None
    assert abs(metres_between(first, second) - metres_between(first, third)) < 100
    assert places["h4"] == first  # nothing of Huangshi is known: the mean of the province
    assert (found.count.used, found.count.rejected) == (4, 1)
    strict = read_hospitals(path, changed(wuhan, "place_unknown", "reject"))
    assert [hospital.id for hospital in strict.hospitals] == ["h2", "h3"]
    assert strict.count.rejected == 3


def test_a_merged_row_gives_the_place_that_the_first_lacks(tmp_path: Path, rules: Rules) -> None:
    rows = "h1,武汉市,x,甲医院,a,,\nh2,武汉市,x,甲医院,b,30.6,114.3\n"
    (hospital,) = read_hospitals(write(tmp_path, HOSPITALS + rows), rules).hospitals
    assert hospital.place == Place.from_bd09(30.6, 114.3)


def test_ids_fit_a_chain(tmp_path: Path, rules: Rules) -> None:
    rows = (
        "医院一,武汉市,x,甲医院,a,30.6,114.3\nH-2,武汉市,x,乙医院,b,30.6,114.3\n"
        "charity-hubei,武汉市,x,丙医院,c,30.6,114.3\n"
    )
    found = read_hospitals(write(tmp_path, HOSPITALS + rows), rules, {"charity-hubei"})
    ids = [hospital.id for hospital in found.hospitals]
    assert len(set(ids)) == 3
    assert all(name.startswith("facility-") and len(name) <= 31 for name in ids)
    assert list(found.same) == ["医院一", "H-2", "charity-hubei"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HOSPITALS, "has no rows below its header"),
        ("hospital_id,city,name\nh1,武汉市,甲\n", "column lat_bd09: the column is missing"),
        (
            HOSPITALS + "h1,武汉市,x,甲,a,north,114.3\n",
            "line 2, column lat_bd09: 'north' is not a number",
        ),
        (HOSPITALS + "h1,武汉市,x,甲,a,91,114.3\n", "line 2, column lat_bd09: 91 is no latitude"),
        (HOSPITALS + "h1,武汉市,x,甲,a,30.6,190\n", "line 2, column lon_bd09: 190 is no longitude"),
        (HOSPITALS + "h1,亚特兰蒂斯,x,甲,a,30.6,114.3\n", "has no hospital whose city"),
    ],
)
def test_refuses_a_bad_hospital_file(tmp_path: Path, rules: Rules, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_hospitals(write(tmp_path, text), rules)
    assert message in str(caught.value)


def test_finds_materials_by_item_alias_or_name(
    tmp_path: Path, wuhan: Scenario, rules: Rules
) -> None:
    rows = (
        'h1,武汉市,n95_mask,x,10.0,1,"GB 19083, 3M 1860"\nh1,武汉市,N95口罩,x,20,1,\n'
        "h2,武汉市,??,医用外科口罩,5,1,\nh2,武汉市,nebulizer,雾化器,5,1,\nh9,武汉市,goggles,x,5,1,\n"
    )
    found = demands(write(tmp_path, DEMANDS + rows), wuhan, rules)
    assert [(d.id, d.units) for d in found.demands] == [
        ("h1/n95_mask", 20),
        ("h2/surgical_mask", 5),
    ]
    assert (found.count.used, found.count.merged, found.count.rejected) == (2, 1, 2)
    assert found.demands[0].stock is found.demands[0].daily_use is found.demands[0].day is None


def test_counts_unknown_and_absurd_quantities(
    tmp_path: Path, wuhan: Scenario, rules: Rules
) -> None:
    rows = (
        "h1,武汉市,goggles,x,,0,\nh2,武汉市,goggles,x,0,1,\nh1,武汉市,n95_mask,x,1e15,1,\n"
        "h2,武汉市,n95_mask,x,2.5,1,\n"
    )
    path = write(tmp_path, DEMANDS + rows)
    found = demands(path, wuhan, rules)
    assert [d.units for d in found.demands] == [None, None, 40_000, 3]
    assert (found.count.unknown, found.count.capped, found.count.used) == (2, 1, 4)
    strict = demands(path, wuhan, changed(wuhan, "quantity_absurd", "reject"))
    assert [d.units for d in strict.demands] == [None, None, 3]
    assert (strict.count.capped, strict.count.rejected) == (0, 1)


@pytest.mark.parametrize(("rule", "units"), [("keep_largest", 30), ("keep_last", 20), ("sum", 60)])
def test_merges_duplicates(tmp_path: Path, wuhan: Scenario, rule: str, units: int) -> None:
    rows = "".join(f"h1,武汉市,goggles,x,{n},1,\n" for n in ("10", "", "30", "20"))
    rules = changed(wuhan, "duplicates", rule, key=["hospital", "material"])
    found = demands(write(tmp_path, DEMANDS + rows), wuhan, rules)
    assert [d.units for d in found.demands] == [units]
    assert (found.count.used, found.count.merged, found.count.unknown) == (1, 3, 1)


def test_a_sum_of_duplicates_is_cut_too(tmp_path: Path, wuhan: Scenario) -> None:
    rows = "h1,武汉市,goggles,x,8000,1,\n" * 2
    rules = changed(wuhan, "duplicates", "sum", key=["hospital", "material"])
    (demand,) = demands(write(tmp_path, DEMANDS + rows), wuhan, rules).demands
    assert demand.units == 8_000


def test_the_merge_key_is_the_scenarios(tmp_path: Path, wuhan: Scenario) -> None:
    rows = "h1,武汉市,goggles,x,10,1,a\nh1,武汉市,goggles,x,20,1,b\nh2,武汉市,goggles,x,5,1,a\n"
    path = write(tmp_path, DEMANDS + rows)
    finer = changed(
        wuhan, "duplicates", "keep_largest", key=["hospital", "material", "specification"]
    )
    found = demands(path, wuhan, finer)
    assert [d.id for d in found.demands] == ["h1/goggles", "h1/goggles/2", "h2/goggles"]
    coarser = changed(wuhan, "duplicates", "sum", key=["city", "material"])
    assert [d.units for d in demands(path, wuhan, coarser).demands] == [35]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hospital_id,city,item\nh1,武汉市,goggles\n", "column quantity: the column is missing"),
        (
            DEMANDS + "h1,武汉市,goggles,x,lots,1,\n",
            "line 2, column quantity: 'lots' is not a number",
        ),
        (DEMANDS + "h1,武汉市,goggles,x,-5,1,\n", "line 2, column quantity: -5 is negative"),
        (DEMANDS + "h8,武汉市,goggles,x,5,1,\n", "none of its hospitals is known"),
        (DEMANDS + "h1,武汉市,nebulizer,x,5,1,\n", "none is usable"),
    ],
)
def test_refuses_a_bad_demand_file(
    tmp_path: Path, wuhan: Scenario, rules: Rules, text: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        demands(write(tmp_path, text), wuhan, rules)
    assert message in str(caught.value)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["h1", "h2", "h9"]),
            st.sampled_from(["goggles", "n95_mask", "nebulizer"]),
            st.sampled_from(["", "0", "5", "2.5", "1e12", "1,000"]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_every_row_has_one_fate(
    tmp_path_factory: pytest.TempPathFactory,
    wuhan: Scenario,
    rows: list[tuple[str, str, str]],
) -> None:
    text = DEMANDS + "".join(f'{h},武汉市,{i},x,"{q}",1,\n' for h, i, q in rows)
    path = write(tmp_path_factory.mktemp("demands"), text)
    try:
        found = demands(path, wuhan, Rules(wuhan.rules, 1))
    except InputError as error:
        assert "has no row that can be used" in str(error)
        return
    count = found.count
    assert count.rows == len(rows) == count.used + count.merged + count.rejected
    assert count.used == len(found.demands)
    assert count.unknown + count.capped <= count.used + count.merged


def test_real_shortage_lists(wuhan: Scenario, rules: Rules) -> None:
    hospitals = read_hospitals(real("hospital_demand/hospitals.csv"), rules)
    assert (hospitals.count.rows, hospitals.count.used, hospitals.count.merged) == (70, 68, 2)
    found = read_demands(
        real("hospital_demand/demands.csv"), wuhan.materials, hospitals.same, {}, rules
    )
    assert found.count.rows == 517
    assert found.count.capped == 4
    assert found.count.used + found.count.merged + found.count.rejected == 517
    assert found.count.unknown > 350
