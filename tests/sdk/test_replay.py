"""Lists played again under our rule and others (aidline.solve.replay, aidline.solve.course).

replay
├── rounds end with the days, from the first of either list to the last; a last one may be shorter
│   └── given lists ten years apart: refused
├── a gift is given at the end of its round, the oldest first, to a demand that is open then
│   ├── a demand lapses after its days, a gift waits on
│   └── nothing but the same item serves
├── the figures of each rule: by hand on a small list
├── given stock that runs down: the level of a round is that of then; the weight stays as stated
│   └── each round on its own is best all the same
├── in every round, at equal stock, no other rule serves more of the most urgent that are open
├── over the whole replay our rule meets more of the weighted need than the best other
├── gifts given to the solver one by one: each demand gets the same
├── no unit is given twice or to nobody
└── the same for the same seed, others for another
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from aidline.errors import InputError
from aidline.files import check_schema
from aidline.model import EarmarkKind, Level
from aidline.solve.course import BASELINES, Demand, Order, Outcome, ReplayRules
from aidline.solve.facts import Facts
from aidline.solve.lists import Entry, Tally
from aidline.solve.matching import OpenDemand, OpenOffer, match
from aidline.solve.replay import Assumptions, Lists, Replay, record_of, replay
from tests.support.relief_lists import made_up, real_lists

DAY = 86_400
HOUR = 3600
ASSUMED = Assumptions()
RULES = ReplayRules()
#: Units in stock, of ten used a day.
STOCK = {Level.CRITICAL: 0, Level.HIGH: 20, Level.MEDIUM: 50, Level.LOW: 100}
NO_TALLY = Tally("", 0, 0, 0, 0, ())


def demand(
    number: int, hours: int, units: int, level: Level = Level.LOW, item: str = "gowns"
) -> Demand:
    time = hours * HOUR
    return Demand(Entry(number, f"rec{number}", item, time, units), Facts(time, STOCK[level], 10))


def gift(number: int, hours: int, units: int, donor: str = "don", item: str = "gowns") -> Entry:
    return Entry(number, donor, item, hours * HOUR, units)


def lists(demands: list[Demand], gifts: list[Entry]) -> Lists:
    return Lists(tuple(demands), tuple(gifts), (NO_TALLY, NO_TALLY), "")


def outcome(played: Replay, order: Order = Order.URGENCY) -> Outcome:
    return next(one for one in played.outcomes if one.order is order)


def test_rounds_go_from_the_first_day_to_the_last() -> None:
    given = lists([demand(1, 30, 5)], [gift(1, 24 * 9 + 3, 5)])
    assert replay(given, 1, RULES).ends == tuple(day * DAY for day in range(2, 11))
    assert replay(given, 7, RULES).began == DAY
    assert replay(given, 7, RULES).ends == (8 * DAY, 10 * DAY)
    assert replay(given, 9, RULES).ends == (10 * DAY,)
    assert replay(given, 30, RULES).ends == (10 * DAY,)


def test_lists_ten_years_apart_are_refused() -> None:
    with pytest.raises(InputError, match="is a date wrong"):
        replay(lists([demand(1, 0, 5)], [gift(1, 24 * 4_000, 5)]), 1, RULES)


def test_a_demand_lapses_after_its_days_and_a_gift_waits_on() -> None:
    given = lists(
        [demand(1, 1, 10), demand(2, 24 * 28 + 1, 10)],
        [gift(1, 24 * 27 + 2, 4), gift(2, 24 * 28 + 2, 4), gift(3, 24 * 29 + 2, 4)],
    )
    # The first demand gets the first gift on the evening of its last day, and no other.
    played = replay(given, 1, RULES)
    assert played.comparisons[0].end == 28 * DAY
    assert outcome(played).need.served == 12
    assert outcome(played).lines_served == 2
    short = replay(given, 1, replace(RULES, open_days=27))
    assert outcome(short).lines_served == 1
    assert outcome(short).need.served == 10


def test_what_comes_at_midnight_belongs_to_the_next_round() -> None:
    given = lists([demand(1, 1, 10)], [gift(1, 23, 4), gift(2, 24, 4)])
    played = replay(given, 1, RULES)
    assert [(one.end // DAY, one.stock) for one in played.comparisons] == [(1, 4), (2, 4)]


def test_nothing_but_the_same_item_serves() -> None:
    given = lists(
        [demand(1, 1, 10, item="faceShields")], [gift(1, 2, 10, item="printedFaceShields")]
    )
    played = replay(given, 1, RULES)
    assert played.comparisons == ()
    assert [one.need.served for one in played.outcomes] == [0] * 4


def test_the_figures_by_hand() -> None:
    given = lists(
        [
            demand(1, 1, 40, Level.LOW),
            demand(2, 2, 10, Level.MEDIUM),
            demand(3, 3, 30, Level.CRITICAL),
        ],
        [gift(1, 12, 20, "one"), gift(2, 36, 20, "two"), gift(3, 37, 2, "one", "gloves")],
    )
    played = replay(given, 1, RULES)
    served = {
        Order.URGENCY: (30, 0, 10, 0),
        Order.OLDEST: (0, 0, 0, 40),
        Order.SMALLEST: (30, 0, 10, 0),
        Order.LARGEST: (20, 0, 0, 20),
    }
    for order, units in served.items():
        found = outcome(played, order)
        assert tuple(share.served for share in found.by_level.values()) == units, order
        assert tuple(share.asked for share in found.by_level.values()) == (30, 0, 10, 40)
        assert (found.need.asked, found.need.served) == (80, 40)
        assert found.weighted_need.asked == 30 * 64 + 10 * 4 + 40
        assert found.weighted_need.served == units[0] * 64 + units[2] * 4 + units[3]
        assert found.weighted_after[-1] == found.weighted_need.served
        # Twelve hours each of the gowns; the gloves nobody wants wait to the end, eleven.
        assert found.days_waited == pytest.approx(35 / 3 / 24)
    ours, largest = outcome(played), outcome(played, Order.LARGEST)
    # Day one: 20 of the 30; day two: the other 10, then all 10 of the next.
    assert (ours.lines, ours.lines_served, ours.lines_in_full) == (3, 2, 2)
    assert (ours.donors, ours.shipments, ours.shipments_per_donor) == (2, 3, 1.5)
    assert ours.among_served.share == 1
    # Day one: 20 of the 40; day two the 30, now the largest, get 20 of it.
    assert (largest.lines_served, largest.lines_in_full) == (2, 0)
    assert played.ours is ours
    assert played.best_baseline.order is Order.SMALLEST


def test_a_round_compares_the_rules_from_our_state() -> None:
    given = lists(
        [
            demand(1, 1, 40, Level.LOW),
            demand(2, 2, 10, Level.HIGH),
            demand(3, 3, 30, Level.HIGH),
        ],
        [gift(1, 12, 25), gift(2, 36, 20)],
    )
    first, second = replay(given, 1, RULES).comparisons
    assert (first.level, first.stock, first.wanted) == (Level.HIGH, 25, 40)
    assert first.served == {
        Order.URGENCY: 25,
        Order.OLDEST: 0,
        Order.SMALLEST: 25,
        Order.LARGEST: 0,
    }
    # From our state: whatever the others did before, 15 of the urgent are left for all.
    assert (second.level, second.stock, second.wanted) == (Level.HIGH, 20, 15)
    assert second.served[Order.URGENCY] == second.served[Order.SMALLEST] == 15
    assert second.served[Order.LARGEST] == second.served[Order.OLDEST] == 0
    assert not first.exceeded
    assert replace(first, served={**first.served, Order.LARGEST: 26}).exceeded


def test_stock_that_runs_down_raises_the_level_but_not_the_weight() -> None:
    given = lists(
        [demand(1, 1, 10, Level.LOW), demand(2, 24 * 10, 10, Level.HIGH)],
        [gift(1, 24 * 10 + 1, 10)],
    )
    stays, runs = (replay(given, 1, replace(RULES, run_down=down)) for down in (False, True))
    assert stays.comparisons[0].level == Level.HIGH
    assert runs.comparisons[0].level == Level.CRITICAL
    assert outcome(stays).weighted_need.served == 160
    assert outcome(runs).weighted_need.served == 10
    for played in (stays, runs):
        assert outcome(played).weighted_need.asked == 170


@pytest.mark.parametrize("round_days", [1, 7])
@pytest.mark.parametrize("seed", range(5))
def test_our_rule_is_better_on_lists_that_are_made_up(
    tmp_path: Path, seed: int, round_days: int
) -> None:
    read = made_up(tmp_path, seed).read(replace(ASSUMED, seed=seed))
    assert_ours_is_better(replay(read, round_days, RULES))


def test_each_round_is_best_where_stock_runs_down(tmp_path: Path) -> None:
    played = replay(made_up(tmp_path, 0).read(ASSUMED), 1, replace(RULES, run_down=True))
    assert played.comparisons
    assert not played.exceeded


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("round_days", [1, 7])
def test_our_rule_is_better_on_the_real_lists(round_days: int) -> None:
    read = real_lists().read(ASSUMED)
    played = replay(read, round_days, RULES)
    assert len(played.ends) == (66 if round_days == 1 else 10)
    assert_ours_is_better(played)
    check_schema(record_of(read, [played], ASSUMED), "replay")


def assert_ours_is_better(played: Replay) -> None:
    assert played.comparisons
    for one in played.comparisons:
        assert one.served[Order.URGENCY] == min(one.stock, one.wanted)
        for other in BASELINES:
            assert one.served[other] <= one.served[Order.URGENCY]
    assert any(
        one.served[other] < one.served[Order.URGENCY]
        for one in played.comparisons
        for other in BASELINES
    )
    assert played.ours.weighted_need.share > played.best_baseline.weighted_need.share
    for one in played.outcomes:
        # Every rule gives what it can.
        assert one.need.served <= one.among_served.asked <= one.need.asked
        assert one.among_served.served == one.need.served


def test_gifts_one_by_one_serve_each_demand_the_same(tmp_path: Path) -> None:
    read = made_up(tmp_path, 1).read(ASSUMED)
    got = []
    for together in (True, False):
        units: dict[int, int] = defaultdict(int)
        wanted = [
            OpenDemand(
                id=one.entry.id,
                material=1,
                level=one.stated,
                units=one.entry.units,
                province=bytes(32),
                facility=bytes(32),
                emergency=bytes(32),
                needed_by=0,
                place=None,
            )
            for one in read.demands
            if one.entry.item == "gowns"
        ]
        there = [gift.units for gift in read.gifts if gift.item == "gowns"]
        offers = [
            OpenOffer(number, 1, n, 0, EarmarkKind.NONE, bytes(32), None)
            for number, n in enumerate([sum(there)] if together else there, start=1)
        ]
        for line in match(wanted, offers).lines:
            units[line.demand] += line.units
        got.append(units)
    assert len(got[0]) > 10
    assert got[0] == got[1]


@pytest.mark.parametrize("round_days", [1, 3])
def test_no_unit_is_given_twice_or_to_nobody(tmp_path: Path, round_days: int) -> None:
    read = made_up(tmp_path, 3).read(ASSUMED)
    there: dict[str, int] = defaultdict(int)
    asked: dict[str, int] = defaultdict(int)
    for one in read.gifts:
        there[one.item] += one.units
    for one in read.demands:
        asked[one.entry.item] += one.entry.units
    most = sum(min(there[item], asked[item]) for item in asked)
    for one in replay(read, round_days, RULES).outcomes:
        assert 0 < one.need.served <= most
        assert one.need.asked == sum(asked.values())
        assert one.lines == len(read.demands)
        assert 0 <= one.days_waited <= 31


def test_the_same_seed_gives_the_same_replay(tmp_path: Path) -> None:
    files = made_up(tmp_path, 4)
    records = []
    for seed in (5, 5, 6):
        assumed = replace(ASSUMED, seed=seed)
        read = files.read(assumed)
        records.append(record_of(read, [replay(read, 7, RULES)], assumed))
        check_schema(records[-1], "replay")
    assert records[0] == records[1]
    assert records[0]["files"] == records[2]["files"]
    assert records[0]["replays"] != records[2]["replays"]


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    replay(made_up(tmp_path, 0).read(ASSUMED), 7, RULES, lambda *both: told.append(both))
    assert told == [(done, len(told)) for done in range(1, len(told) + 1)]
