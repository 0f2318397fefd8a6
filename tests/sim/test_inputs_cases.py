"""Cumulative counts by day, one row a province or one row a city.

By province
├── float strings; only the plan's regions and the clock's days are used
├── repeated rows are merged, of revised ones the later stands and names the former
├── a count that falls: as published, or never below the highest
└── an empty count is unknown, one beyond all sense rejected
By city
├── summed to the province; spellings of one city are one; unknown areas on their day only
├── a late city carries its former figure
└── the province's own row beats the sum
Refused: no plan region, no day of the clock, missing column, text, bad date, negative
Real files: both headers agree with the published figures
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.errors import InputError
from aidline.sim import scenario as scenarios
from aidline.sim.inputs import CasesRead, read_cases
from aidline.sim.records import Clock, RuleCall, date_of, day_of
from aidline.sim.rules import Rules
from tests.sim.data import real, write

CLOCK = Clock(day_of(date(2020, 1, 24)), day_of(date(2020, 1, 31)))
PROVINCES = "Date,Country/Region,Province/State,Lat,Long,Confirmed,Recovered,Deaths\n"
CITIES = "date,provinceName,cityName,confirmed,suspected,cured,dead,via\n"


@pytest.fixture(scope="module")
def calls() -> dict[str, RuleCall]:
    return dict(scenarios.load("wuhan-2020").rules)


@pytest.fixture
def rules(calls: dict[str, RuleCall]) -> Rules:
    return Rules(calls, 1)


def read(path: Path, rules: Rules, regions: tuple[str, ...] = ("CN-HB",)) -> CasesRead:
    return read_cases(path, regions, CLOCK, 100_000_000, rules)


def values(found: CasesRead) -> dict[str, int]:
    (series,) = found.series
    return {f"{date_of(f.day):%m-%d}": f.value for f in series.figures}


def province(*rows: str) -> str:
    return PROVINCES + "".join(
        f"2020-{day},China,{name},30.9,112.2,{count},0.0,0.0\n"
        for day, name, count in (
            row.split() if row.count(" ") == 2 else (*row.split(), "") for row in rows
        )
    )


def cities(*rows: str) -> str:
    return CITIES + "".join("2020-{},湖北省,{},{},0,0,0,csv\n".format(*row.split()) for row in rows)


def test_uses_the_plans_regions_and_the_clocks_days(tmp_path: Path, rules: Rules) -> None:
    text = province(
        "01-23 Hubei 444.0",
        "01-24 Hubei 549.0",
        "01-25 Hubei 761.0",
        "01-24 Beijing 36.0",
        "02-01 Hubei 7153.0",
    )
    text += "2020-01-24,France,,46.2,2.2,2.0,0.0,0.0\n"
    found = read(write(tmp_path, text), rules)
    assert values(found) == {"01-24": 549, "01-25": 761}
    assert found.count.as_json() == {
        "file": "file.csv",
        "rows": 6,
        "used": 2,
        "unknown": 0,
        "capped": 0,
        "merged": 0,
        "rejected": 4,
    }


def test_takes_several_regions_of_the_plan(tmp_path: Path, rules: Rules) -> None:
    text = province("01-24 Hunan 24.0", "01-24 Hubei 549.0")
    found = read(write(tmp_path, text), rules, ("CN-HB", "CN-GD", "CN-HN"))
    assert [series.region for series in found.series] == ["CN-HB", "CN-HN"]


def test_merges_repeated_rows_and_lets_the_later_revision_stand(
    tmp_path: Path, rules: Rules
) -> None:
    text = province(
        "01-25 Hubei 761.0", "01-24 Hubei 549.0", "01-24 Hubei 549.0", "01-25 Hubei 770.0"
    )
    found = read(write(tmp_path, text), rules)
    assert values(found) == {"01-24": 549, "01-25": 770}
    assert [figure.revised_from for figure in found.series[0].figures] == [None, 761]
    assert (found.count.merged, found.count.used) == (2, 2)


@pytest.mark.parametrize(("rule", "expected"), [("as_published", 540), ("keep_highest", 549)])
def test_a_falling_count(
    tmp_path: Path, calls: dict[str, RuleCall], rule: str, expected: int
) -> None:
    text = province("01-24 Hubei 549.0", "01-25 Hubei 540.0", "01-26 Hubei 1058.0")
    rules = Rules({**calls, "count_fell": RuleCall(rule, {})}, 1)
    found = read(write(tmp_path, text), rules)
    assert values(found) == {"01-24": 549, "01-25": expected, "01-26": 1058}
    assert found.series[0].figures[1].carried is (rule == "keep_highest")


def test_leaves_out_what_is_empty_or_beyond_sense(tmp_path: Path, rules: Rules) -> None:
    text = province("01-24 Hubei 549.0", "01-25 Hubei", "01-26 Hubei 1e12", "01-27 Hubei 1423")
    found = read(write(tmp_path, text), rules)
    assert values(found) == {"01-24": 549, "01-27": 1423}
    assert (found.count.unknown, found.count.rejected, found.count.used) == (1, 2, 2)


def test_sums_cities_and_carries_late_ones(tmp_path: Path, rules: Rules) -> None:
    text = cities(
        "01-24 武汉 495",
        "01-24 恩施州 11",
        "01-24 待明确地区 5",
        "01-25 武汉市 572",
        "01-25 黄石 31",
        "01-26 恩施 17",
        "01-26 武汉 618",
        "01-26 黄石 31",
    )
    found = read(write(tmp_path, text), rules)
    assert values(found) == {"01-24": 511, "01-25": 572 + 31 + 11, "01-26": 618 + 31 + 17}
    assert [figure.carried for figure in found.series[0].figures] == [False, True, False]
    assert found.count.used == 8


def test_two_spellings_of_a_city_on_one_day_are_one(tmp_path: Path, rules: Rules) -> None:
    found = read(write(tmp_path, cities("01-24 恩施州 87", "01-24 恩施 87")), rules)
    assert values(found) == {"01-24": 87}
    assert found.count.merged == 1


def test_can_leave_late_cities_out(tmp_path: Path, calls: dict[str, RuleCall]) -> None:
    rules = Rules({**calls, "city_late": RuleCall("leave_out", {})}, 1)
    text = cities("01-24 武汉 495", "01-24 黄石 31", "01-25 武汉 572")
    assert values(read(write(tmp_path, text), rules)) == {"01-24": 526, "01-25": 572}


def test_a_revised_city_names_the_former_sum(tmp_path: Path, rules: Rules) -> None:
    text = cities("01-24 武汉 495", "01-24 黄石 31", "01-24 武汉 490")
    (figure,) = read(write(tmp_path, text), rules).series[0].figures
    assert (figure.value, figure.revised_from) == (521, 526)


def test_a_provinces_own_row_beats_the_sum(tmp_path: Path, rules: Rules) -> None:
    text = cities("01-24 武汉 495", "01-24 湖北省 549") + "2020-01-25,湖北省,,761,0,0,0,csv\n"
    assert values(read(write(tmp_path, text), rules)) == {"01-24": 549, "01-25": 761}


def test_a_day_without_any_row_stays_missing(tmp_path: Path, rules: Rules) -> None:
    text = cities("01-24 武汉 495", "01-26 武汉 618")
    assert values(read(write(tmp_path, text), rules)) == {"01-24": 495, "01-26": 618}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            province("01-24 Hunan 24.0", "01-24 Guangdong 53.0"),
            "has no row of CN-HB; it has CN-HN, CN-GD",
        ),
        (province("03-01 Hubei 66907.0"), "has no figure of CN-HB in the scenario's days"),
        (PROVINCES, "has no rows below its header"),
        (
            "Date,Country/Region,Province/State\n2020-01-24,China,Hubei\n",
            "line 1, column Confirmed: the column is missing",
        ),
        (
            "date,provinceName,confirmed\n2020-01-24,湖北省,5\n",
            "line 1, column cityName: the column is missing",
        ),
        (
            province("01-24 Hubei 549.0", "01-25 Hubei many"),
            "line 3, column Confirmed: 'many' is not a number",
        ),
        (province("13-24 Hubei 549.0"), "line 2, column Date: '2020-13-24' is not a date"),
        (province("01-24 Hubei -549.0"), "line 2, column Confirmed: -549.0 is negative"),
        (cities("01-24 武汉 4.5"), "line 2, column confirmed: 4.5 is not a whole number"),
        (province("01-24 Beijing many"), "line 2, column Confirmed: 'many' is not a number"),
    ],
)
def test_refuses_a_bad_file(tmp_path: Path, rules: Rules, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read(path, rules)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert caught.value.exit_status == 2


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["武汉", "黄石", "恩施州", "待明确地区"]), st.integers(24, 31)),
        st.integers(0, 90_000),
        min_size=1,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_distinct_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    calls: dict[str, RuleCall],
    cells: dict[tuple[str, int], int],
    draw: object,
) -> None:
    rules = Rules(calls, 1)
    folder = tmp_path_factory.mktemp("cases")
    rows = [f"01-{day} {city} {count}" for (city, day), count in cells.items()]
    mixed = list(rows)
    draw.shuffle(mixed)  # type: ignore[attr-defined]
    one = read(write(folder, cities(*rows)), rules)
    other = read(write(folder, cities(*mixed)), rules)
    assert one == other
    assert one.count.rows == one.count.used + one.count.merged + one.count.rejected


def test_real_figures_by_province(rules: Rules) -> None:
    known = scenarios.load("wuhan-2020")
    found = read_cases(
        real("epidemic/china_province_daily.csv"), ("CN-HB",), known.clock, 10**8, rules
    )
    assert found.count.rows == 324
    assert found.series == known.indicator.series


def test_real_figures_by_city_come_close_to_those_by_province(rules: Rules) -> None:
    known = scenarios.load("wuhan-2020")
    found = read_cases(real("epidemic/hubei_city_daily.csv"), ("CN-HB",), known.clock, 10**8, rules)
    assert (found.count.rows, found.count.merged) == (414, 1)
    (series,) = found.series
    assert f"{date_of(series.figures[0].day)}" == "2020-01-24"
    for figure in series.figures:
        near = known.indicator.series[0].on(figure.day)
        assert near is not None
        assert figure.value == near.value or abs(figure.value - near.value) < near.value // 2
    by_day = {f"{date_of(f.day):%m-%d}": f.value for f in series.figures}
    assert (by_day["02-12"], by_day["02-13"]) == (33366, 48206)
