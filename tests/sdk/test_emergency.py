"""The plan's evaluation in Python.

when a day has figures
├── given enough regions meet a level ............ it rises, several levels at once
├── given too few meet it ........................ nothing
├── given fewer than needed still hold it ........ it falls by one, after its minimum stay
├── given one is between its thresholds .......... it stays
└── given one has no figure ...................... what it held, it holds
when a day has no figures
├── given an activation within its time to live .. nothing
└── given one beyond it .......................... it lapses
when a coordinator stands it down
├── given its triggers still hold ................ nothing, but above the highest level it reached
└── given they have let go and are met again ..... it starts anew
when the figures are Hubei's ..................... the level changes on the days worked out by hand
"""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from aidline.emergency import (
    CALM,
    LAPSED,
    STOOD_DOWN,
    Condition,
    LevelChange,
    LevelRule,
    PlanRules,
    evaluate,
    growth,
    units_to_raise,
)
from aidline.errors import InputError
from aidline.model import Measure

EPIDEMIC = Path(__file__).parents[3] / "shared" / "data" / "epidemic"


def value(rise: int, fall: int) -> Condition:
    return Condition(Measure.VALUE, 0, rise, fall)


def rate(window: int, rise: int, fall: int) -> Condition:
    return Condition(Measure.GROWTH, window, rise, fall)


def level(*conditions: Condition, all_of: bool = True, stay: int = 1) -> LevelRule:
    return LevelRule(all_of, stay, conditions)


def rules(*levels: LevelRule, regions: tuple[str, ...] = ("CN-HB",), needed: int = 1) -> PlanRules:
    return PlanRules(regions, needed, 100, 3 * 86_400, levels)


def series(first: int, *figures: int | None) -> dict[int, int]:
    return {first + i: figure for i, figure in enumerate(figures) if figure is not None}


def walked(
    plan: PlanRules, *figures: int | None, until: int = 0, stood_down: tuple[int, ...] = ()
) -> list[tuple[int, int, int]]:
    found = evaluate(plan, {"CN-HB": series(100, *figures)}, until or 99 + len(figures), stood_down)
    return [(change.day, change.before, change.after) for change in found]


THREE = (level(value(10, 5)), level(value(20, 15)), level(value(30, 25)))


def test_rises_on_the_day_of_the_figure() -> None:
    assert walked(rules(*THREE), 9, 10, 19, 20) == [(101, 0, 1), (103, 1, 2)]


def test_rises_by_several_levels_at_once_and_starts_the_actions_of_all() -> None:
    found = evaluate(rules(*THREE), {"CN-HB": series(100, 3, 30)}, 101)
    assert found == [LevelChange(101, 0, 3, 1, (1, 2, 3), "")]


def test_starts_the_actions_of_a_level_once_in_an_activation() -> None:
    found = evaluate(rules(*THREE), {"CN-HB": series(100, 20, 14, 20, 30)}, 103)
    assert [change.started for change in found] == [(1, 2), (), (), (3,)]


def test_stays_between_its_thresholds() -> None:
    assert walked(rules(*THREE), 10, 5, 7, 5) == [(100, 0, 1)]


def test_falls_one_level_a_day_until_it_is_calm() -> None:
    found = evaluate(rules(*THREE), {"CN-HB": series(100, 30, 4, 4, 4, 4)}, 104)
    assert [(c.day, c.before, c.after) for c in found] == [
        (100, 0, 3),
        (101, 3, 2),
        (102, 2, 1),
        (103, 1, 0),
    ]
    assert [c.ended for c in found] == ["", "", "", CALM]


def test_does_not_fall_before_its_minimum_stay() -> None:
    assert walked(rules(level(value(10, 5), stay=3)), 10, 1, 1, 1) == [(100, 0, 1), (103, 1, 0)]


def test_a_new_activation_starts_its_actions_anew() -> None:
    found = evaluate(rules(*THREE), {"CN-HB": series(100, 10, 1, 12)}, 102)
    assert [(c.activation, c.started) for c in found] == [(1, (1,)), (1, ()), (2, (1,))]


def test_needs_as_many_regions_as_the_plan_says() -> None:
    plan = rules(*THREE, regions=("CN-HB", "CN-GD", "CN-ZJ"), needed=2)
    figures = {
        "CN-HB": series(100, 50, 50, 50, 50),
        "CN-GD": series(100, 9, 10, 4, 4),
        "CN-ZJ": series(100, 0, 20, 20, 0),
    }
    found = evaluate(plan, figures, 103)
    assert [(c.day, c.before, c.after) for c in found] == [(101, 0, 2), (103, 2, 1)]


def test_a_region_without_a_figure_holds_what_it_held() -> None:
    plan = rules(level(value(10, 5)), regions=("CN-HB", "CN-GD"))
    figures = {"CN-HB": series(100, 10, None, 4), "CN-GD": series(100, 1, 1, 1)}
    found = evaluate(plan, figures, 102)
    assert [(c.day, c.after) for c in found] == [(100, 1), (102, 0)]


def test_a_region_never_heard_of_holds_nothing() -> None:
    plan = rules(level(value(10, 5)), regions=("CN-HB", "CN-GD"))
    found = evaluate(plan, {"CN-HB": series(100, 10, 4)}, 101)
    assert [(c.day, c.after) for c in found] == [(100, 1), (101, 0)]


def test_all_of_needs_every_condition_and_any_of_needs_one() -> None:
    conditions = (value(10, 5), rate(1, 5_000, 1_000))
    assert walked(rules(level(*conditions)), 20, 21, 32) == [(102, 0, 1)]
    assert walked(rules(level(*conditions, all_of=False)), 20, 21, 32) == [(100, 0, 1)]


@pytest.mark.parametrize("before", [None, 0])
def test_growth_from_nothing_neither_raises_nor_calms(before: int | None) -> None:
    plan = rules(level(rate(1, 5_000, 1_000)))
    assert walked(plan, before, 40) == []
    assert walked(plan, 10, 15, before, 40, 40) == (
        [(101, 0, 1), (104, 1, 0)] if before is None else [(101, 0, 1), (102, 1, 0)]
    )


def test_lapses_on_the_first_day_beyond_its_time_to_live() -> None:
    plan = rules(*THREE)
    assert walked(plan, 10, until=102) == [(100, 0, 1)]
    found = evaluate(plan, {"CN-HB": series(100, 10)}, 110)
    assert found[-1] == LevelChange(103, 1, 0, 1, (), LAPSED)


def test_fresh_data_renews_an_activation() -> None:
    assert walked(rules(*THREE), 10, None, None, 10, None, None) == [(100, 0, 1)]


def test_stood_down_it_starts_again_only_above_the_level_it_had_reached() -> None:
    found = evaluate(rules(*THREE), {"CN-HB": series(100, 20, 20, 21, 31)}, 103, stood_down=(100,))
    assert found == [
        LevelChange(100, 0, 2, 1, (1, 2), ""),
        LevelChange(100, 2, 0, 1, (), STOOD_DOWN),
        LevelChange(103, 0, 3, 2, (3,), ""),
    ]


def test_stood_down_it_starts_anew_once_its_triggers_have_let_go() -> None:
    found = evaluate(rules(*THREE), {"CN-HB": series(100, 20, 6, 4, 20)}, 103, stood_down=(100,))
    assert found[-1] == LevelChange(103, 0, 2, 2, (1, 2), "")


def test_refuses_to_stand_down_a_plan_at_rest() -> None:
    with pytest.raises(InputError, match="nothing to stand down"):
        evaluate(rules(*THREE), {"CN-HB": series(100, 1)}, 100, stood_down=(100,))


@pytest.mark.parametrize(
    ("base", "figure", "expected"),
    [(100, 150, 5_000), (3, 4, 3_333), (100, 90, 0), (0, 0, 0), (0, 1, None), (None, 1, None)],
)
def test_growth_is_rounded_down(base: int | None, figure: int, expected: int | None) -> None:
    assert growth(base, figure) == expected


def test_units_follow_the_newest_figure_of_the_week() -> None:
    figures = {100: 2_500}
    assert units_to_raise(1_000, 200, 10_000, figures, 100) == 1_500
    assert units_to_raise(1_000, 200, 1_200, figures, 107) == 1_200
    assert units_to_raise(1_000, 200, 10_000, figures, 108) is None
    assert units_to_raise(1_000, 0, 900, {}, 108) == 900


def _day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def _text(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()


@pytest.mark.data
def test_follows_the_figures_of_hubei() -> None:
    path = EPIDEMIC / "china_province_daily.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the checkout")
    with path.open(encoding="utf-8", newline="") as file:
        hubei = {
            _day(row["Date"]): int(float(row["Confirmed"]))
            for row in csv.DictReader(file)
            if row["Province/State"] == "Hubei"
        }
    plan = PlanRules(
        regions=("CN-HB",),
        regions_needed=1,
        first_day=_day("2020-01-22"),
        time_to_live=7 * 86_400,
        levels=(
            level(value(500, 100), stay=2),
            level(value(1_000, 500), rate(3, 5_000, 500), stay=3),
            level(value(10_000, 5_000), rate(3, 5_000, 1_000), stay=3),
            level(value(20_000, 10_000), rate(3, 5_000, 1_500), stay=3),
        ),
    )
    found = evaluate(plan, {"CN-HB": hubei}, _day("2020-03-31"))
    # 02-12: the repeated count makes growth 12.6 %; 02-13: the new definition makes it 51.9 %.
    assert [(_text(c.day), c.before, c.after) for c in found] == [
        ("2020-01-24", 0, 1),
        ("2020-01-26", 1, 2),
        ("2020-02-02", 2, 3),
        ("2020-02-06", 3, 4),
        ("2020-02-12", 4, 3),
        ("2020-02-13", 3, 4),
        ("2020-02-17", 4, 3),
        ("2020-02-20", 3, 2),
        ("2020-02-23", 2, 1),
        ("2020-03-22", 1, 0),
    ]
    assert found[-1].ended == LAPSED
