"""EmergencyResponse.standDown.

when the caller is no active coordinator ...... refused
when nothing runs ............................. refused
when a plan runs .............................. it ends
├── given its triggers still hold ............. it does not start again (INV-EMG-4)
├── given the figures go above its highest level ... it starts with the actions above it only
└── given its triggers have let go since ...... it starts anew
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.emergency import PLAN, TODAY, report
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, START


@pytest.fixture
def running(in_force: Contract, oracle: Contract, stranger: Key) -> Contract:
    """Level 2 since the first day."""
    report(oracle, TODAY, 20)
    in_force.poke(PLAN, 1, sender=stranger)
    return in_force


@pytest.fixture
def stood_down(running: Contract, coordinator: Key) -> Contract:
    running.standDown(PLAN, word("drill"), sender=coordinator)
    running.chain.set_time(START + 4 * DAY)
    return running


def test_ends_the_activation(running: Contract, coordinator: Key) -> None:
    receipt = running.standDown(PLAN, word("drill"), sender=coordinator)
    ended = receipt.event("Ended").args
    assert (ended.activation, ended.day, ended.reason) == (1, TODAY, word("drill"))
    state = running.stateOf(PLAN)
    assert (state.level, state.highest, state.standing_down) == (0, 2, True)


def test_reverts_when_the_caller_is_no_coordinator(
    running: Contract, planner: Key, stranger: Key
) -> None:
    for caller in (planner, stranger):
        with reverts("NotCoordinator", caller=caller):
            running.standDown(PLAN, word("drill"), sender=caller)


def test_reverts_when_the_coordinator_is_suspended(
    running: Contract, registry: Contract, suspender: Key, coordinator: Key
) -> None:
    registry.suspend(coordinator.address, word("bribed"), sender=suspender)
    with reverts("NotCoordinator", caller=coordinator):
        running.standDown(PLAN, word("drill"), sender=coordinator)


def test_reverts_when_nothing_runs(in_force: Contract, coordinator: Key) -> None:
    with reverts("NotActivated", plan=PLAN):
        in_force.standDown(PLAN, word("drill"), sender=coordinator)


def test_cannot_be_done_twice(stood_down: Contract, coordinator: Key) -> None:
    with reverts("NotActivated", plan=PLAN):
        stood_down.standDown(PLAN, word("drill"), sender=coordinator)


def test_INV_EMG_4_it_does_not_start_again_while_its_triggers_hold(
    stood_down: Contract, oracle: Contract, stranger: Key
) -> None:
    for day, value in ((1, 25), (2, 15), (3, 20)):
        report(oracle, TODAY + day, value)
    stood_down.poke(PLAN, 5, sender=stranger)
    state = stood_down.stateOf(PLAN)
    assert (state.level, state.activation, state.standing_down) == (0, 1, True)
    assert stood_down.actionCount() == 3


def test_INV_EMG_4_above_its_highest_level_only_what_is_above_it_starts(
    stood_down: Contract, oracle: Contract, stranger: Key
) -> None:
    report(oracle, TODAY + 1, 30)
    receipt = stood_down.poke(PLAN, 5, sender=stranger)
    changed = receipt.event("LevelChanged").args
    assert (changed.day, changed.activation) == (TODAY + 1, 2)
    assert (changed.from_, changed.to) == (0, 3)
    assert receipt.event("ActionStarted").args.level == 3
    assert not stood_down.stateOf(PLAN).standing_down


def test_it_starts_anew_once_its_triggers_have_let_go(
    stood_down: Contract, oracle: Contract, stranger: Key
) -> None:
    report(oracle, TODAY + 1, 4)
    report(oracle, TODAY + 2, 12)
    receipt = stood_down.poke(PLAN, 5, sender=stranger)
    changed = receipt.event("LevelChanged").args
    assert (changed.day, changed.to, changed.activation) == (TODAY + 2, 1, 2)
    assert len([e for e in receipt.events if e.name == "ActionStarted"]) == 2
