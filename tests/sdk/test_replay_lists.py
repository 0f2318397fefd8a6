"""Lists of requests and gifts, made fit to be matched (aidline.solve.lists, aidline.solve.facts).

read_requests
├── a quantity that is negative, no number, nought or empty, a date that does not parse or is of
│   another year, a name that is missing, a field too many: rejected, with line and reason
├── given nothing else: refused
├── given a recipient who asks for an item again within a day: once, the later figure stands
├── given a list for the same items within half an hour, two thirds of it equal: once, the later
├── given a list for the same items within six hours, all of it equal: once
│   └── unless all its figures are one
├── given lists without a time of day: half an hour says nothing
├── given none of these: both stand
├── given more than 300 times the median of its item: cut to that
└── whatever stands there: each row has one fate, no unit goes unsaid
read_gifts
├── the same item and units of one donor within a day: once; other units are another gift
└── cut as the requests are
facts of need
├── shares of item and month, else of the item, else even thirds
├── stock and use in units: the level is that of the hours drawn
├── the same for the same seed, others for another
└── a share, a month or a count that is wrong is named by line
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from aidline.errors import InputError
from aidline.model import Level
from aidline.solve.facts import FactRules, StockShares, read_stock_shares
from aidline.solve.lists import Entry, Fate, Listed, ListRules, Tally, read_gifts, read_requests
from tests.support.relief_lists import made_up, real_lists, write_list

RULES = ListRules()
NOON = "2020-04-05 12:00:00"


def requests(folder: Path, *rows: str, rules: ListRules = RULES) -> Listed:
    return read_requests(write_list(folder / "r.csv", "rec_id", rows), rules)


def gifts(folder: Path, *rows: str, caps: dict[str, int] | None = None) -> Listed:
    return read_gifts(write_list(folder / "g.csv", "don_id", rows), RULES, caps or {})


def stands(listed: Listed) -> list[tuple[str, str, int]]:
    return [(entry.party, entry.item, entry.units) for entry in listed.entries]


def fates(listed: Listed) -> list[tuple[int, Fate, int]]:
    return [(row.line, row.fate, row.into) for row in listed.tally.treated]


def assert_all_told(tally: Tally) -> None:
    merged = (Fate.REPEATED, Fate.REVISED, Fate.ECHOED)
    lost = tally.rows_of(Fate.REJECTED) + sum(map(tally.rows_of, merged))
    assert tally.rows == tally.used + lost
    assert tally.units_read == tally.units_used + sum(map(tally.units_of, Fate))
    assert tally.rows_of(Fate.CAPPED) <= tally.used


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"rec2,{NOON},gowns,-5", "column qty: -5 is negative"),
        (f"rec2,{NOON},gowns,many", "column qty: 'many' is not a number"),
        (f"rec2,{NOON},gowns,2.5", "column qty: 2.5 is not a whole number"),
        (f"rec2,{NOON},gowns,0", "column qty: '0' is no quantity"),
        (f"rec2,{NOON},gowns,", "column qty: '' is no quantity"),
        (f"rec2,{NOON},gowns,nan", "column qty: 'nan' is not a number"),
        (f",{NOON},gowns,5", "column rec_id: is empty"),
        (f"rec2,{NOON},,5", "column ppe: is empty"),
        ("rec2,yesterday,gowns,5", "column date: 'yesterday' is not a date"),
        ("rec2,0202-04-05,gowns,5", "column date: is years from the others"),
        (f"rec2,{NOON},gowns", "has 3 fields where the header has 4"),
        (f"rec2,{NOON},gowns,1,200", "has 5 fields where the header has 4"),
    ],
)
def test_a_bad_row_is_rejected_by_line_and_reason(tmp_path: Path, row: str, reason: str) -> None:
    listed = requests(tmp_path, f"rec1,{NOON},gowns,7", row, f"rec3,{NOON},gowns,9")
    assert stands(listed) == [("rec1", "gowns", 7), ("rec3", "gowns", 9)]
    (rejected,) = listed.tally.treated
    assert (rejected.line, rejected.fate, rejected.kept) == (3, Fate.REJECTED, 0)
    assert rejected.reason.startswith(reason)
    assert_all_told(listed.tally)


def test_a_file_without_a_row_that_stands_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no row that can be used"):
        requests(tmp_path, f"rec1,{NOON},gowns,-1")
    with pytest.raises(InputError, match="no row that can be used"):
        gifts(tmp_path)


def test_who_asks_again_within_a_day_asks_once(tmp_path: Path) -> None:
    listed = requests(
        tmp_path,
        "rec1,2020-04-05 12:00,gowns,50",
        "rec1,2020-04-06 11:00,gowns,80",
        "rec1,2020-04-06 13:00,gowns,90",
    )
    assert stands(listed) == [("rec1", "gowns", 80), ("rec1", "gowns", 90)]
    assert fates(listed) == [(2, Fate.REPEATED, 3)]
    assert listed.entries[0].time < listed.entries[1].time
    assert_all_told(listed.tally)


def test_a_corrected_form_replaces_the_former(tmp_path: Path) -> None:
    listed = requests(
        tmp_path,
        *(f"rec1,2020-04-05 12:00,{item},{n}" for item, n in (("a", 10), ("b", 10), ("c", 900))),
        *(f"rec2,2020-04-05 12:20,{item},{n}" for item, n in (("a", 10), ("b", 10), ("c", 9))),
        *(f"rec3,2020-04-05 12:31,{item},{n}" for item, n in (("a", 10), ("b", 10), ("c", 7))),
    )
    # The third stands: it is more than half an hour after the first.
    assert stands(listed) == [
        (party, item, units)
        for party, last in (("rec2", 9), ("rec3", 7))
        for item, units in (("a", 10), ("b", 10), ("c", last))
    ]
    assert fates(listed) == [(line, Fate.REVISED, line + 3) for line in (2, 3, 4)]
    assert_all_told(listed.tally)


def test_a_list_that_was_entered_twice_counts_once(tmp_path: Path) -> None:
    listed = requests(
        tmp_path,
        *(f"rec1,2020-04-05 12:00,{item},{n}" for item, n in (("a", 10), ("b", 40))),
        *(f"rec2,2020-04-05 17:00,{item},{n}" for item, n in (("b", 40), ("a", 10))),
    )
    assert stands(listed) == [("rec2", "b", 40), ("rec2", "a", 10)]
    assert fates(listed) == [(2, Fate.ECHOED, 5), (3, Fate.ECHOED, 4)]
    assert {entry.time % 86_400 for entry in listed.entries} == {12 * 3600}
    assert_all_told(listed.tally)


@pytest.mark.parametrize(
    ("first", "second", "hours"),
    [
        ((10, 10), (10, 10), 5),  # ten of each is what many ask for
        ((10, 40), (10, 40), 7),
        ((10, 40), (10, 50), 0.1),
        ((10, 10, 40), (10, 20, 40), 1),
    ],
)
def test_lists_that_only_look_alike_both_stand(
    tmp_path: Path, first: tuple[int, ...], second: tuple[int, ...], hours: float
) -> None:
    minutes = round(60 * hours)
    later = f"2020-04-05 {10 + minutes // 60}:{minutes % 60:02}"
    listed = requests(
        tmp_path,
        *(f"rec1,2020-04-05 10:00,item{i},{n}" for i, n in enumerate(first)),
        *(f"rec2,{later},item{i},{n}" for i, n in enumerate(second)),
    )
    assert listed.tally.used == len(first) + len(second)
    assert listed.tally.treated == ()


def test_lists_of_a_day_without_the_time_both_stand(tmp_path: Path) -> None:
    rows = [f"rec{n},2020-04-05,{item},10" for n in range(20) for item in ("gowns", "gloves")]
    other = [f"rec{n},2020-04-05,gloves,{20 + n}" for n in range(20, 40)]
    third = [f"rec{n},2020-04-05,gowns,10" for n in range(20, 40)]
    assert requests(tmp_path, *rows, *other, *third).tally.used == 80
    timed = [row.replace("2020-04-05", "2020-04-05 08:00") for row in rows]
    assert requests(tmp_path, *timed).tally.used == 2


def test_lists_for_other_items_both_stand(tmp_path: Path) -> None:
    listed = requests(tmp_path, f"rec1,{NOON},gowns,50", f"rec2,{NOON},gloves,50")
    assert listed.tally.used == 2


def test_what_is_absurd_is_cut_and_told(tmp_path: Path) -> None:
    rows = [f"rec{n},2020-04-{n:02} 12:00,gowns,{10 + n}" for n in range(1, 6)]
    listed = requests(tmp_path, *rows, f"rec9,{NOON},gowns,{10**14}")
    assert listed.caps == {"gowns": 300 * 13}
    assert max(entry.units for entry in listed.entries) == 3_900
    (cut,) = listed.tally.treated
    assert (cut.line, cut.fate, cut.units, cut.kept) == (7, Fate.CAPPED, 10**14, 3_900)
    assert_all_told(listed.tally)
    whole = requests(tmp_path, *rows, f"rec9,{NOON},gowns,3900")
    assert whole.tally.treated == ()


def test_a_gift_named_twice_is_one(tmp_path: Path) -> None:
    listed = gifts(
        tmp_path,
        "don1,2020-04-05 12:00,gowns,50",
        "don1,2020-04-05 12:00,gowns,50",
        "don1,2020-04-05 12:00,gowns,20",
        "don2,2020-04-05 12:00,gowns,50",
        "don1,2020-04-06 12:01,gowns,50",
    )
    assert fates(listed) == [(3, Fate.REPEATED, 2)]
    assert [units for _, _, units in stands(listed)] == [50, 20, 50, 50]
    assert_all_told(listed.tally)


def test_a_gift_is_cut_like_a_request(tmp_path: Path) -> None:
    listed = gifts(tmp_path, f"don1,{NOON},gowns,{10**10}", f"don1,{NOON},a,9", caps={"gowns": 600})
    assert sorted(stands(listed)) == [("don1", "a", 9), ("don1", "gowns", 600)]
    assert listed.tally.units_of(Fate.CAPPED) == 10**10 - 600
    assert_all_told(listed.tally)


@pytest.mark.parametrize("seed", range(5))
def test_no_row_and_no_unit_goes_unsaid(tmp_path: Path, seed: int) -> None:
    files = made_up(tmp_path, seed)
    asked = read_requests(files.recipients, RULES)
    given = read_gifts(files.donors, RULES, asked.caps)
    for listed in (asked, given):
        assert_all_told(listed.tally)
        assert listed.tally.rows_of(Fate.CAPPED)
        assert [entry.id for entry in listed.entries] == [*range(1, listed.tally.used + 1)]
        merged = {row.line for row in listed.tally.treated if row.into}
        assert not merged & {row.into for row in listed.tally.treated}
    assert asked.tally.rows_of(Fate.ECHOED)


@pytest.mark.data
def test_the_real_lists_are_read_and_all_is_told() -> None:
    files = real_lists()
    asked = read_requests(files.recipients, RULES)
    given = read_gifts(files.donors, RULES, asked.caps)
    assert (asked.tally.rows, given.tally.rows) == (20_623, 1_502)
    for listed in (asked, given):
        assert_all_told(listed.tally)
        assert listed.tally.rows_of(Fate.CAPPED)
    assert asked.tally.rows_of(Fate.ECHOED) > 500
    # One list came ten times in ten minutes, from ten accounts; the last of them stands.
    same = {f"rec22{number:02}" for number in (5, 6, 7, 8, 9, 11, 12, 14, 15)}
    told = [row for row in asked.tally.treated if row.party in same]
    assert len(told) == 27
    assert {(row.fate, row.into) for row in told} == {
        (Fate.ECHOED, line) for line in (11_403, 11_404, 11_405)
    }


# --- facts of need ---------------------------------------------------------------------------


def entry(number: int, item: str = "gowns", units: int = 70) -> Entry:
    return Entry(number, f"rec{number}", item, 1_586_000_000 + number, units)


def test_shares_are_of_item_and_month_else_of_the_item_else_even(tmp_path: Path) -> None:
    files = tmp_path / "supply.csv"
    files.write_text(
        "MONTH,equipment_type,supply,num_requested_types\n"
        "2020-04-01,Gowns,0 Days,3\n2020-04-01,Gowns,<= 7 Days,2\n"
        "2020-05-01,Gowns,> 7 Days,5\n2020-05-01,Face Shields,0 Days,1\n"
    )
    shares = read_stock_shares(files)
    april, may, june = 1_586_000_000, 1_589_000_000, 1_592_000_000
    assert shares.shares("gowns", april) == (3, 2, 0)
    assert shares.shares("gowns", may) == (0, 0, 5)
    assert shares.shares("gowns", june) == (3, 2, 5)
    assert shares.shares("printedFaceShields", april) == (1, 0, 0)
    assert shares.shares("thermometers", april) == (1, 1, 1)


@pytest.mark.parametrize(
    ("counts", "levels"),
    [
        ((1, 0, 0), {Level.CRITICAL}),
        ((0, 1, 0), set(Level) - {Level.NULL}),
        ((0, 0, 1), {Level.LOW}),
    ],
)
def test_the_level_is_that_of_the_hours_drawn(
    counts: tuple[int, int, int], levels: set[Level]
) -> None:
    shares = StockShares({("Gowns", "2020-04"): counts})
    drawn: dict[int, list[Level]] = {units: [] for units in (1, 70, 71, 10_000)}
    for units, found in drawn.items():
        for number in range(1_000):
            one = entry(number, units=units)
            facts = shares.facts_of(one, FactRules(), seed=1)
            assert facts.daily_use == -(-units // 14)
            found.append(facts.level_at(one.time))
    assert set(drawn[70]) == levels
    # The units of what is asked for change stock and use, not the level.
    assert len({tuple(found) for found in drawn.values()}) == 1


def test_stock_that_runs_down_raises_the_level() -> None:
    facts = StockShares({("Gowns", "2020-04"): (0, 0, 1)}).facts_of(entry(1), FactRules(), 1)
    assert facts.level_at(facts.since - 1) == facts.level_at(facts.since) == Level.LOW
    assert facts.level_at(facts.since + 14 * 86_400) == Level.CRITICAL


def test_facts_depend_on_the_seed_and_the_request_alone() -> None:
    shares = StockShares({})
    first = [shares.facts_of(entry(n), FactRules(), 1) for n in range(50)]
    again = [shares.facts_of(entry(n), FactRules(), 1) for n in reversed(range(50))]
    assert first == again[::-1]
    assert first != [shares.facts_of(entry(n), FactRules(), 2) for n in range(50)]
    counted = Counter(shares.facts_of(entry(n), FactRules(), 3).stock == 0 for n in range(3_000))
    assert 900 < counted[True] < 1_300  # a third has none, a few have less than a day's


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2020-04-01,Gowns,plenty,3", "supply"),
        ("2020-04-01,Gowns,0 Days,-3", "num_requested_types"),
        ("April,Gowns,0 Days,3", "MONTH"),
    ],
)
def test_days_of_supply_that_are_wrong_are_named(tmp_path: Path, row: str, column: str) -> None:
    path = tmp_path / "supply.csv"
    path.write_text(f"MONTH,equipment_type,supply,num_requested_types\n{row}\n")
    with pytest.raises(InputError) as caught:
        read_stock_shares(path)
    assert (caught.value.line, caught.value.column) == (2, column)
