"""EmergencyResponse.poke and nextPlan.

when no new day is ripe ....................... refused, whoever pokes
├── given a region of the scope has no figure yet ... the day waits, until it is closed
when the figures meet a level
├── given it is higher ........................ the level rises, the actions of all on the way run
├── given it is the same or lower ............. nothing
when too few regions hold the level ........... it falls by one a day, to the end of the activation
when a feed lies or is silent ................. that region has no figure
when the caller brings little gas ............. refused, nothing fails for want of it
when an action fails .......................... it alone, with its reason
when days are walked in pages ................. the same comes out as in one go (INV-EMG-3)
└── given ripe days are left .................. nothing is carried out yet: they may end it
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline import emergency as twin
from aidline.client import Contract
from aidline.errors import ContractReverted
from aidline.model import ActionKind, ActionStatus
from aidline.signing import Key
from tests.support.emergency import (
    CASES,
    PLAN,
    REPORTERS,
    TODAY,
    condition,
    fast_path,
    indicator,
    level,
    plan,
    raise_demand,
    release_money,
    report,
)
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, MASK, START, UNIT, Suite


def changes(receipt: Any) -> list[tuple[int, int, int]]:
    return [
        (event.args.day, event.args.from_, event.args.to)
        for event in receipt.events
        if event.name == "LevelChanged" and event.contract == "EmergencyResponse"
    ]


def names(receipt: Any) -> list[str]:
    return [event.name for event in receipt.events if event.contract == "EmergencyResponse"]


def test_nothing_happens_below_every_level(
    in_force: Contract, oracle: Contract, stranger: Key
) -> None:
    report(oracle, TODAY, 9)
    receipt = in_force.poke(PLAN, 5, sender=stranger)
    assert names(receipt) == ["RegionFigure"]
    figure = receipt.event("RegionFigure").args
    assert (figure.day, figure.region, figure.value, figure.meets) == (TODAY, word("CN-HB"), 9, 0)
    state = in_force.stateOf(PLAN)
    assert (state.level, state.last_day, state.last_data_day) == (0, TODAY, TODAY)


def test_the_level_rises_on_the_day_of_the_figure_and_its_actions_run(
    in_force: Contract, oracle: Contract, book: Contract, fund: Contract, stranger: Key
) -> None:
    report(oracle, TODAY, 9)
    report(oracle, TODAY + 1, 10)
    receipt = in_force.poke(PLAN, 5, sender=stranger)
    assert changes(receipt) == [(TODAY + 1, 0, 1)]
    activated = receipt.event("Activated").args
    assert (activated.plan, activated.activation, activated.day) == (PLAN, 1, TODAY + 1)
    state = in_force.stateOf(PLAN)
    assert (state.level, state.highest, state.since, state.activation) == (1, 1, TODAY + 1, 1)

    released = fund.releaseRecord(1)
    assert (released.emergency, released.spender) == (PLAN, key_of("charity").address)
    assert (released.ceiling, released.until) == (1_000 * UNIT, receipt.timestamp + 7 * DAY)
    path = book.fastPath(PLAN, word("CN-HB"))
    assert (path.cap, path.used, path.until) == (500, 0, receipt.timestamp + 7 * DAY)

    assert in_force.actionCount() == 2
    money, opened = (in_force.actionRecord(i) for i in (1, 2))
    assert (money.status, money.result, money.quantity) == (ActionStatus.DONE, 1, 1_000 * UNIT)
    assert (opened.status, opened.result, opened.quantity) == (ActionStatus.DONE, 0, 500)
    assert (money.plan, money.day, money.level, money.index) == (PLAN, TODAY + 1, 1, 0)


def test_several_levels_at_once_start_the_actions_of_all(
    in_force: Contract, oracle: Contract, book: Contract, stranger: Key
) -> None:
    report(oracle, TODAY, 31)
    receipt = in_force.poke(PLAN, 5, sender=stranger)
    assert changes(receipt) == [(TODAY, 0, 3)]
    started = [e.args for e in receipt.events if e.name == "ActionStarted"]
    assert [(s.level, s.index, s.kind) for s in started] == [
        (1, 0, ActionKind.RELEASE_MONEY),
        (1, 1, ActionKind.OPEN_FAST_PATH),
        (2, 0, ActionKind.RAISE_DEMAND),
        (3, 0, ActionKind.RAISE_DEMAND),
    ]
    first, second = book.raiseRecord(1), book.raiseRecord(2)
    assert (first.units, first.material, first.region) == (1_062, MASK, word("CN-HB"))
    assert second.units == 7


def test_what_is_raised_never_exceeds_its_ceiling(
    in_force: Contract, oracle: Contract, book: Contract, stranger: Key
) -> None:
    report(oracle, TODAY, 1_000_000)
    in_force.poke(PLAN, 1, sender=stranger)
    assert book.raiseRecord(1).units == 5_000


def test_a_level_held_starts_nothing_twice(
    in_force: Contract, oracle: Contract, stranger: Key
) -> None:
    for day, value in ((0, 20), (1, 14), (2, 25)):
        in_force.chain.set_time(START + (day + 1) * DAY + 700)
        report(oracle, TODAY + day, value)
        in_force.poke(PLAN, 1, sender=stranger)
    state = in_force.stateOf(PLAN)
    assert (state.level, state.highest, state.activation) == (2, 2, 1)
    assert in_force.actionCount() == 3


def test_it_falls_by_one_a_day_until_it_is_calm(
    in_force: Contract, oracle: Contract, stranger: Key
) -> None:
    in_force.chain.set_time(START + 5 * DAY)
    for day, value in enumerate((30, 24, 14, 4)):
        report(oracle, TODAY + day, value)
    receipt = in_force.poke(PLAN, 10, sender=stranger)
    assert changes(receipt) == [
        (TODAY, 0, 3),
        (TODAY + 1, 3, 2),
        (TODAY + 2, 2, 1),
        (TODAY + 3, 1, 0),
    ]
    ended = receipt.event("Ended").args
    assert (ended.day, ended.reason) == (TODAY + 3, word("CALM"))


def test_actions_of_an_activation_that_is_over_are_dropped(
    in_force: Contract, oracle: Contract, fund: Contract, stranger: Key
) -> None:
    in_force.chain.set_time(START + 2 * DAY)
    report(oracle, TODAY, 10)
    report(oracle, TODAY + 1, 4)
    in_force.poke(PLAN, 10, sender=stranger)
    assert in_force.actionCount() == 2
    assert in_force.actionRecord(1).status == ActionStatus.DROPPED
    assert fund.releaseCount() == 0
    with reverts("ActionNotPending", action=1, status=ActionStatus.DROPPED):
        in_force.retry(1, sender=stranger)


def test_small_pages_do_not_carry_out_what_a_later_day_has_ended(
    in_force: Contract, oracle: Contract, fund: Contract, stranger: Key
) -> None:
    """The spender's friend pokes day by day what should have been poked at once."""
    in_force.chain.set_time(START + 2 * DAY)
    report(oracle, TODAY, 10)
    report(oracle, TODAY + 1, 4)
    said = in_force.nextPlan(PLAN, 1)
    assert (said.level, list(said.levels)) == (1, [])
    receipt = in_force.poke(PLAN, 1, sender=stranger)
    assert changes(receipt) == [(TODAY, 0, 1)]
    assert names(receipt).count("ActionStarted") == 2
    assert in_force.actionRecord(1).status == ActionStatus.PENDING
    with reverts("DaysWait", plan=PLAN, last_day=TODAY):
        in_force.retry(1, sender=stranger)
    in_force.poke(PLAN, 1, sender=stranger)
    assert in_force.actionRecord(1).status == ActionStatus.DROPPED
    assert fund.releaseCount() == 0


def test_what_waited_for_ripe_days_is_carried_out_by_anyone(
    in_force: Contract, oracle: Contract, fund: Contract, stranger: Key
) -> None:
    in_force.chain.set_time(START + 2 * DAY)
    report(oracle, TODAY, 10)
    report(oracle, TODAY + 1, 10)
    in_force.poke(PLAN, 1, sender=stranger)
    in_force.poke(PLAN, 1, sender=stranger)
    assert fund.releaseCount() == 0
    for action in (1, 2):
        in_force.retry(action, sender=stranger)
        assert in_force.actionRecord(action).status == ActionStatus.DONE
    assert fund.releaseCount() == 1


def test_a_level_stays_for_its_minimum_and_between_its_thresholds(
    emergency: Contract, oracle: Contract, planner: Key, stranger: Key
) -> None:
    emergency.propose(PLAN, plan(oracle, level(condition(10, 5), stay=3)), sender=planner)
    emergency.chain.set_time(START + 6 * DAY)
    for day, value in enumerate((10, 6, 4, 4)):
        report(oracle, TODAY + day, value)
    receipt = emergency.poke(PLAN, 10, sender=stranger)
    assert changes(receipt) == [(TODAY, 0, 1), (TODAY + 3, 1, 0)]


def test_growth_counts_against_the_day_of_the_window(
    emergency: Contract, oracle: Contract, planner: Key, stranger: Key
) -> None:
    grows = level(condition(100, 50), condition(5_000, 1_000, window=2))
    emergency.propose(PLAN, plan(oracle, grows), sender=planner)
    emergency.chain.set_time(START + 6 * DAY)
    for day, value in enumerate((100, 120, 149, 180)):
        report(oracle, TODAY + day, value)
    receipt = emergency.poke(PLAN, 10, sender=stranger)
    assert changes(receipt) == [(TODAY + 3, 0, 1)]
    growths = [e.args.growth for e in receipt.events if e.name == "RegionFigure"]
    assert growths == [0, 0, 4_900, 5_000]


def test_reverts_when_no_new_day_is_ripe(
    in_force: Contract, oracle: Contract, stranger: Key
) -> None:
    with reverts("NothingToEvaluate", plan=PLAN, last_day=TODAY - 1):
        in_force.poke(PLAN, 5, sender=stranger)
    report(oracle, TODAY, 10)
    in_force.poke(PLAN, 5, sender=stranger)
    with reverts("NothingToEvaluate", plan=PLAN, last_day=TODAY):
        in_force.poke(PLAN, 5, sender=stranger)
    with reverts("NothingToEvaluate"):
        in_force.poke(PLAN, 0, sender=stranger)


def test_nobody_pokes_ahead_of_a_region_that_is_slow(
    emergency: Contract, oracle: Contract, planner: Key, stranger: Key
) -> None:
    spec = plan(oracle, level(condition(10, 5)), regions=["CN-HB", "CN-GD"])
    emergency.propose(PLAN, spec, sender=planner)
    emergency.chain.set_time(START + 2 * DAY - 60)
    report(oracle, TODAY, 1, region="CN-GD")
    with reverts("NothingToEvaluate"):
        emergency.poke(PLAN, 5, sender=stranger)
    report(oracle, TODAY, 10, region="CN-HB")
    assert changes(emergency.poke(PLAN, 5, sender=stranger)) == [(TODAY, 0, 1)]


def test_a_closed_day_is_evaluated_with_what_is_there(
    emergency: Contract, oracle: Contract, planner: Key, stranger: Key
) -> None:
    spec = plan(oracle, level(condition(10, 5)), regions=["CN-HB", "CN-GD"])
    emergency.propose(PLAN, spec, sender=planner)
    emergency.chain.set_time(START + DAY)
    report(oracle, TODAY, 10, region="CN-GD")
    emergency.chain.set_time(START + 2 * DAY - 1)
    with reverts("NothingToEvaluate"):
        emergency.poke(PLAN, 5, sender=stranger)
    emergency.chain.set_time(START + 2 * DAY)
    assert changes(emergency.poke(PLAN, 5, sender=stranger)) == [(TODAY, 0, 1)]


def test_silence_is_not_calm(
    emergency: Contract, oracle: Contract, planner: Key, stranger: Key
) -> None:
    spec = plan(oracle, level(condition(10, 5)), regions=["CN-HB", "CN-GD"])
    emergency.propose(PLAN, spec, sender=planner)
    emergency.chain.set_time(START + 6 * DAY)
    for day in range(4):
        report(oracle, TODAY + day, 1, region="CN-GD")
    report(oracle, TODAY, 10)
    report(oracle, TODAY + 3, 4)
    receipt = emergency.poke(PLAN, 10, sender=stranger)
    assert changes(receipt) == [(TODAY, 0, 1), (TODAY + 3, 1, 0)]


@pytest.mark.parametrize("kind", range(2, 9))
def test_a_feed_that_answers_as_it_should_not_has_no_figure(
    suite: Suite, oracle: Contract, planner: Key, stranger: Key, kind: int
) -> None:
    odd = suite.rooms.deploy("OddFeed", kind, 10)
    emergency = suite.emergency
    spec = plan(oracle, level(condition(10, 5)), regions=["CN-HB", "CN-GD"])
    spec["feeds"][1] = odd.address
    emergency.propose(PLAN, spec, sender=planner)
    emergency.chain.set_time(START + 2 * DAY)
    report(oracle, TODAY, 1)
    receipt = emergency.poke(PLAN, 1, sender=stranger)
    assert names(receipt) == ["RegionFigure"]


@pytest.mark.parametrize("kind", [1, 9])
def test_any_feed_of_the_form_can_drive_a_plan(
    suite: Suite, planner: Key, oracle: Contract, stranger: Key, kind: int
) -> None:
    foreign = suite.rooms.deploy("OddFeed", kind, 10)
    emergency = suite.emergency
    spec = plan(oracle, level(condition(10, 5)), feeds=[foreign.address])
    emergency.propose(PLAN, spec, sender=planner)
    emergency.chain.set_time(START + DAY)
    receipt = emergency.poke(PLAN, 1, sender=stranger)
    assert changes(receipt) == [(TODAY, 0, 1)]
    expected = 10 if kind == 1 else 2**64 - 1
    assert receipt.event("RegionFigure").args.value == expected


def test_too_little_gas_makes_nothing_fail(
    in_force: Contract, oracle: Contract, stranger: Key
) -> None:
    report(oracle, TODAY, 31)
    before = in_force.stateOf(PLAN)
    enough = 0
    for gas in range(100_000, 3_000_000, 50_000):
        snapshot = in_force.chain.snapshot()
        try:
            in_force.poke(PLAN, 1, sender=stranger, gas=gas)
        except ContractReverted as refused:
            assert refused.error == "TooLittleGas" or not refused.error
            assert in_force.stateOf(PLAN) == before
        except Exception as failed:
            assert type(failed).__name__ == "TransactionFailed"
            assert in_force.stateOf(PLAN) == before
        else:
            statuses = {in_force.actionRecord(i).status for i in range(1, 5)}
            assert statuses == {ActionStatus.DONE}
            enough += 1
        in_force.chain.revert(snapshot)
    assert enough > 0


def test_an_action_fails_alone_with_its_reason(
    proposed: Contract, oracle: Contract, book: Contract, stranger: Key
) -> None:
    proposed.chain.set_time(START + DAY)  # no facility is attested: nobody could claim
    report(oracle, TODAY, 20)
    receipt = proposed.poke(PLAN, 1, sender=stranger)
    failed = receipt.event("ActionFailed").args
    assert failed.action == 3
    reason = book.book.error(failed.reason)
    assert reason.error == "NothingToClaim"
    statuses = [proposed.actionRecord(i).status for i in (1, 2, 3)]
    assert statuses == [ActionStatus.DONE, ActionStatus.DONE, ActionStatus.FAILED]
    assert proposed.stateOf(PLAN).level == 2


def test_next_plan_says_what_a_poke_would_do(
    in_force: Contract, oracle: Contract, stranger: Key
) -> None:
    idle = in_force.nextPlan(PLAN, 5)
    assert (idle.level, list(idle.levels)) == (0, [])
    report(oracle, TODAY, 9)
    report(oracle, TODAY + 1, 20)
    said = in_force.nextPlan(PLAN, 5)
    assert (said.level, said.day) == (2, TODAY + 1)
    assert (list(said.levels), list(said.indices)) == ([1, 1, 2], [0, 1, 0])
    assert in_force.nextPlan(PLAN, 1).level == 0
    receipt = in_force.poke(PLAN, 5, sender=stranger)
    done = [e.args for e in receipt.events if e.name == "ActionStarted"]
    assert [(s.level, s.index) for s in done] == [(1, 0), (1, 1), (2, 0)]
    assert in_force.stateOf(PLAN).level == said.level


SERIES = st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=10, max_size=10)


@given(hubei=SERIES, guangdong=SERIES, pages=st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_INV_EMG_3_pages_do_not_change_the_outcome(
    suite: Suite,
    hubei: list[int | None],
    guangdong: list[int | None],
    pages: list[int],
) -> None:
    snapshot = suite.chain.snapshot()
    try:
        oracle, emergency = suite.oracle, suite.emergency
        planner, stranger = key_of("planner"), key_of("stranger")
        oracle.defineIndicator(CASES, indicator(), sender=planner)
        oracle.setReporters([reporter.address for reporter in REPORTERS], 1, sender=planner)
        for region in ("CN-HB", "CN-GD"):
            oracle.openFeed(CASES, word(region), sender=stranger)
        levels = [
            level(condition(10, 5), condition(2_000, 500, window=1), all_of=False),
            level(condition(20, 15), condition(3_000, 0, window=2), stay=2),
            level(condition(30, 25), actions=[release_money(), fast_path(), raise_demand()]),
        ]
        spec = plan(oracle, *levels, regions=["CN-HB", "CN-GD"])
        emergency.propose(PLAN, spec, sender=planner)
        suite.chain.set_time(START + 20 * DAY)
        figures: dict[str, dict[int, int]] = {"CN-HB": {}, "CN-GD": {}}
        for region, series in (("CN-HB", hubei), ("CN-GD", guangdong)):
            for day, value in enumerate(series):
                if value is not None:
                    report(oracle, TODAY + day, value, region=region)
                    figures[region][TODAY + day] = value

        rules = twin.PlanRules.of(emergency.plan(PLAN), ["CN-HB", "CN-GD"])
        expected = twin.evaluate(rules, figures, TODAY + 18)
        outcomes = []
        for sizes in ([100], [1], pages):
            inner = suite.chain.snapshot()
            found: list[Any] = []
            step = 0
            while emergency.stateOf(PLAN).last_day < TODAY + 18:
                found += changes(emergency.poke(PLAN, sizes[step % len(sizes)], sender=stranger))
                step += 1
            count = emergency.actionCount()
            started = [emergency.actionRecord(i + 1) for i in range(count)]
            for number, record in enumerate(started, 1):
                if record.status == ActionStatus.PENDING:
                    emergency.retry(number, sender=stranger)
            started = [emergency.actionRecord(i + 1) for i in range(count)]
            records = [(r.activation, r.day, r.level, r.index, r.status) for r in started]
            outcomes.append((found, emergency.stateOf(PLAN), records))
            suite.chain.revert(inner)
        assert outcomes[0] == outcomes[1] == outcomes[2]
        assert outcomes[0][0] == [(c.day, c.before, c.after) for c in expected]
    finally:
        suite.chain.revert(snapshot)
