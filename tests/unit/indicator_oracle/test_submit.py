"""IndicatorOracle.submit.

when the series has no feed ................... refused
when the day or the data date lies ahead, or the data before the day .. refused
when the deadline is over ..................... refused
when there are fewer than 2f + 1 .............. refused
when the reporters are out of order, strangers or suspended ... refused
when a value is above the maximum ............. refused
when a signature is another's, for another value, contract, chain, day or purpose ... refused
when the same bundle stands ................... refused
when the day has no figure .................... the lower median stands (INV-EMG-1)
when it has one
├── given a later data date ................... the new one stands, a revision
├── given the same and more reporters ......... the new one stands
├── given the same and as many ................ the one with the lower hash stands
└── in whatever order they come ............... the same figure stands (INV-EMG-2)
when an accumulating value falls .............. it stands, flagged
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.client import Contract
from aidline.signing import Domain, Key
from tests.support.emergency import CASES, REPORTERS, TODAY, bundle, report
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, START

HUBEI = word("CN-HB")


def figure(oracle: Contract, day: int = TODAY) -> Any:
    return oracle.figure(CASES, HUBEI, day)


@pytest.mark.parametrize(
    ("values", "median"),
    [([444, 444, 444], 444), ([9, 1, 5], 5), ([8, 2, 4, 6], 4), ([0, 7, 999_999], 7)],
)
def test_sets_the_figure_to_the_lower_median(
    opened: Contract, stranger: Key, values: list[int], median: int
) -> None:
    receipt = opened.submit(bundle(opened, TODAY, values), sender=stranger)
    event = receipt.event("FigureSet").args
    assert (event.day, event.value, event.reporters) == (TODAY, median, len(values))
    kept = figure(opened)
    assert (kept.value, kept.reporters, kept.revision, kept.fell) == (median, len(values), 0, False)
    assert (kept.data_date, kept.updated_at) == (TODAY, receipt.timestamp)
    assert opened.newestDay(CASES, HUBEI) == TODAY


@given(
    honest=st.lists(st.integers(1_000, 2_000), min_size=2, max_size=3),
    lie=st.integers(0, 1_000_000),
    place=st.integers(0, 2),
)
def test_INV_EMG_1_one_liar_cannot_leave_the_honest_range(
    suite: Any, honest: list[int], lie: int, place: int
) -> None:
    oracle = suite.oracle
    snapshot = suite.chain.snapshot()
    try:
        planner = key_of("planner")
        definition = {"decimals": 0, "accumulating": False, "defined": True}
        definition |= {"maximum": 1_000_000, "unit": word("person")}
        oracle.defineIndicator(CASES, definition, sender=planner)
        oracle.setReporters([r.address for r in REPORTERS], 1, sender=planner)
        oracle.openFeed(CASES, HUBEI, sender=planner)
        values = [*honest[:place], lie, *honest[place:]]
        oracle.submit(bundle(oracle, TODAY, values), sender=planner)
        assert min(honest) <= figure(oracle).value <= max(honest)
    finally:
        suite.chain.revert(snapshot)


def test_a_later_data_date_revises_even_with_fewer_reporters(
    opened: Contract, stranger: Key
) -> None:
    opened.submit(bundle(opened, TODAY, [10, 10, 10, 10]), sender=stranger)
    opened.chain.set_time(START + DAY)
    receipt = opened.submit(bundle(opened, TODAY, [12, 12, 12]), sender=stranger)
    assert receipt.event("FigureSet").args.revision == 1
    kept = figure(opened)
    assert (kept.value, kept.data_date, kept.revision) == (12, TODAY + 1, 1)


def test_an_earlier_data_date_changes_nothing(opened: Contract, stranger: Key) -> None:
    early = bundle(opened, TODAY, [10, 10, 10, 10])
    opened.chain.set_time(START + DAY)
    opened.submit(bundle(opened, TODAY, [12, 12, 12]), sender=stranger)
    before = figure(opened)
    receipt = opened.submit(early, sender=stranger)
    assert receipt.event("BundleKept").args.standing == before.bundle
    assert figure(opened) == before


def test_the_larger_bundle_stands_for_the_same_data_date(opened: Contract, stranger: Key) -> None:
    opened.submit(bundle(opened, TODAY, [10, 10, 10]), sender=stranger)
    opened.submit(bundle(opened, TODAY, [11, 11, 11, 11]), sender=stranger)
    assert figure(opened).value == 11
    opened.submit(bundle(opened, TODAY, [9, 9, 9]), sender=stranger)
    assert figure(opened).value == 11


def test_INV_EMG_2_the_order_of_arrival_does_not_matter(opened: Contract, stranger: Key) -> None:
    opened.chain.set_time(START + DAY)
    first, second, third, fourth = REPORTERS
    bundles = [
        bundle(opened, TODAY, [10, 11, 12], data_date=TODAY),
        bundle(opened, TODAY, [20, 21, 22], reporters=[first, second, fourth]),
        bundle(opened, TODAY, [30, 31, 32], reporters=[second, third, fourth]),
        bundle(opened, TODAY, [40, 41, 42], reporters=[first, third, fourth]),
    ]
    outcomes = set()
    for order in permutations(bundles):
        snapshot = opened.chain.snapshot()
        for one in order:
            opened.submit(one, sender=stranger)
        kept = figure(opened)
        outcomes.add((kept.value, kept.data_date, kept.reporters, kept.bundle))
        opened.chain.revert(snapshot)
    assert len(outcomes) == 1


def test_a_falling_count_is_accepted_and_flagged(opened: Contract) -> None:
    opened.chain.set_time(START + DAY)
    report(opened, TODAY, 444)
    receipt = report(opened, TODAY + 1, 443)
    assert receipt.event("FigureSet").args.fell
    assert figure(opened, TODAY + 1).fell
    assert not figure(opened, TODAY).fell


def test_whether_it_fell_follows_the_day_before_as_revised(opened: Contract) -> None:
    opened.chain.set_time(START + DAY)
    report(opened, TODAY + 1, 443)
    assert not figure(opened, TODAY + 1).fell
    report(opened, TODAY, 444)
    assert figure(opened, TODAY + 1).fell


def test_a_day_before_the_newest_does_not_become_the_newest(opened: Contract) -> None:
    opened.chain.set_time(START + DAY)
    report(opened, TODAY + 1, 2)
    report(opened, TODAY, 1)
    assert opened.newestDay(CASES, HUBEI) == TODAY + 1


def test_reverts_when_the_series_has_no_feed(manned: Contract, stranger: Key) -> None:
    with reverts("NoFeed", indicator=CASES, region=HUBEI):
        manned.submit(bundle(manned, TODAY, [1, 1, 1]), sender=stranger)


def test_reverts_when_the_day_lies_ahead(opened: Contract, stranger: Key) -> None:
    with reverts("DayInFuture", day=TODAY + 1):
        opened.submit(bundle(opened, TODAY + 1, [1, 1, 1]), sender=stranger)


def test_reverts_when_the_data_date_lies_ahead(opened: Contract, stranger: Key) -> None:
    with reverts("DataDateInFuture", data_date=TODAY + 1):
        opened.submit(bundle(opened, TODAY, [1, 1, 1], data_date=TODAY + 1), sender=stranger)


def test_reverts_when_the_data_was_published_before_the_day(
    opened: Contract, stranger: Key
) -> None:
    with reverts("DataBeforeDay", day=TODAY, data_date=TODAY - 1):
        opened.submit(bundle(opened, TODAY, [1, 1, 1], data_date=TODAY - 1), sender=stranger)


def test_reverts_when_the_deadline_is_over(opened: Contract, stranger: Key) -> None:
    late = bundle(opened, TODAY, [1, 1, 1], deadline=START + DAY)
    opened.chain.set_time(START + DAY + 1)
    with reverts("Expired", deadline=START + DAY):
        opened.submit(late, sender=stranger)


def test_reverts_below_the_quorum(opened: Contract, stranger: Key) -> None:
    with reverts("BelowQuorum", given=2, needed=3):
        opened.submit(bundle(opened, TODAY, [1, 1]), sender=stranger)


def test_reverts_while_nobody_reports(defined: Contract, stranger: Key) -> None:
    defined.openFeed(CASES, HUBEI, sender=stranger)
    with reverts("BelowQuorum"):
        defined.submit(bundle(defined, TODAY, []), sender=stranger)


def test_reverts_when_a_list_is_shorter(opened: Contract, stranger: Key) -> None:
    short = bundle(opened, TODAY, [1, 1, 1])
    short["signatures"] = short["signatures"][:2]
    with reverts("LengthMismatch"):
        opened.submit(short, sender=stranger)


def test_reverts_when_one_reports_twice(opened: Contract, stranger: Key) -> None:
    first, second, *_ = REPORTERS
    double = bundle(opened, TODAY, [1, 1, 1], reporters=[first, second, second])
    with reverts("ReportersOutOfOrder", reporter=second):
        opened.submit(double, sender=stranger)


def test_reverts_when_one_is_no_reporter(opened: Contract, stranger: Key) -> None:
    named = sorted([*REPORTERS[:3], stranger], key=lambda key: int(key.address, 16))
    with reverts("NotReporter", reporter=stranger):
        opened.submit(bundle(opened, TODAY, [1, 1, 1, 1], reporters=named), sender=stranger)


def test_reverts_when_one_is_suspended(
    opened: Contract, registry: Contract, suspender: Key, stranger: Key
) -> None:
    registry.suspend(REPORTERS[1].address, word("lies"), sender=suspender)
    with reverts("NotReporter", reporter=REPORTERS[1]):
        opened.submit(bundle(opened, TODAY, [1, 1, 1]), sender=stranger)


def test_reverts_when_a_value_is_above_the_maximum(opened: Contract, stranger: Key) -> None:
    with reverts("Insane", reporter=REPORTERS[2], value=1_000_001, maximum=1_000_000):
        opened.submit(bundle(opened, TODAY, [1, 1, 1_000_001]), sender=stranger)


def test_reverts_when_another_signed(opened: Contract, stranger: Key) -> None:
    first, second, third, fourth = REPORTERS
    forged = bundle(opened, TODAY, [1, 1, 1], signers=[first, second, fourth])
    with reverts("BadSignature", signer=third):
        opened.submit(forged, sender=stranger)


@pytest.mark.parametrize(
    "changed",
    [
        {"value": 2},
        {"day": TODAY - 1},
        {"region": word("CN-GD")},
        {"indicator": word("deaths")},
        {"data_date": TODAY + 1},
        {"deadline": START + DAY},
    ],
)
def test_reverts_when_something_else_was_signed(
    opened: Contract, stranger: Key, changed: dict[str, Any]
) -> None:
    with reverts("BadSignature", signer=REPORTERS[0]):
        opened.submit(bundle(opened, TODAY, [1, 1, 1], signed=changed), sender=stranger)


def test_reverts_when_it_was_signed_for_another_chain(opened: Contract, stranger: Key) -> None:
    with reverts("BadSignature"):
        foreign = bundle(opened, TODAY, [1, 1, 1], domain=domain_of(opened, chain_id=1))
        opened.submit(foreign, sender=stranger)


def test_reverts_when_it_was_signed_for_another_contract(
    opened: Contract, registry: Contract, stranger: Key
) -> None:
    own = domain_of(opened)
    foreign = Domain(own.chain_id, registry.address, own.name)
    with reverts("BadSignature"):
        opened.submit(bundle(opened, TODAY, [1, 1, 1], domain=foreign), sender=stranger)


def test_reverts_when_the_same_bundle_is_replayed(opened: Contract, stranger: Key) -> None:
    made = bundle(opened, TODAY, [1, 1, 1])
    opened.submit(made, sender=stranger)
    with reverts("SameBundle", bundle=figure(opened).bundle):
        opened.submit(made, sender=stranger)


def test_a_signature_for_one_day_is_no_good_for_another(opened: Contract, stranger: Key) -> None:
    opened.chain.set_time(START + DAY)
    made = bundle(opened, TODAY, [1, 1, 1])
    opened.submit(made, sender=stranger)
    with reverts("BadSignature"):
        opened.submit({**made, "day": TODAY + 1}, sender=stranger)
