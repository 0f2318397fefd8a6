"""EmergencyResponse.lapse, and the same by a poke.

when nothing runs ............................. refused
when the data is within the time to live ...... refused
when fresh data lies there unevaluated ........ refused: it renews the activation
when the data is older ........................ the activation ends
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import ActionStatus
from aidline.signing import Key
from tests.support.emergency import PLAN, TODAY, report
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, START

#: Data of the first day, three days to live, a day until the last of them is closed.
LAPSES = START + 5 * DAY


@pytest.fixture
def running(proposed: Contract, oracle: Contract, stranger: Key) -> Contract:
    """Level 2, of whose actions one has failed, by data of the first day."""
    proposed.chain.set_time(START + DAY)
    report(oracle, TODAY, 20)
    proposed.poke(PLAN, 1, sender=stranger)
    return proposed


def test_ends_the_activation(running: Contract, stranger: Key) -> None:
    running.chain.set_time(LAPSES)
    receipt = running.lapse(PLAN, sender=stranger)
    ended = receipt.event("Ended").args
    assert (ended.activation, ended.day, ended.reason) == (1, TODAY + 3, word("LAPSED"))
    changed = receipt.event("LevelChanged").args
    assert (changed.from_, changed.to) == (2, 0)
    assert running.stateOf(PLAN).level == 0
    assert running.actionRecord(3).status == ActionStatus.DROPPED


def test_a_poke_ends_it_on_the_same_day(running: Contract, stranger: Key) -> None:
    running.chain.set_time(LAPSES)
    receipt = running.poke(PLAN, 10, sender=stranger)
    assert receipt.event("Ended").args.day == TODAY + 3


def test_reverts_before_its_time(running: Contract, stranger: Key) -> None:
    running.chain.set_time(LAPSES - 1)
    with reverts("NotLapsed", plan=PLAN, at=LAPSES):
        running.lapse(PLAN, sender=stranger)
    running.poke(PLAN, 10, sender=stranger)
    assert running.stateOf(PLAN).level == 2


def test_reverts_when_fresh_data_renews_it(
    running: Contract, oracle: Contract, stranger: Key
) -> None:
    running.chain.set_time(LAPSES)
    report(oracle, TODAY + 2, 16)
    with reverts("NotLapsed"):
        running.lapse(PLAN, sender=stranger)
    running.poke(PLAN, 10, sender=stranger)
    state = running.stateOf(PLAN)
    assert (state.level, state.last_data_day) == (2, TODAY + 2)


def test_reverts_when_nothing_runs(proposed: Contract, stranger: Key) -> None:
    proposed.chain.set_time(LAPSES)
    with reverts("NotActivated", plan=PLAN):
        proposed.lapse(PLAN, sender=stranger)


def test_cannot_be_done_twice(running: Contract, stranger: Key) -> None:
    running.chain.set_time(LAPSES)
    running.lapse(PLAN, sender=stranger)
    with reverts("NotActivated", plan=PLAN):
        running.lapse(PLAN, sender=stranger)
