"""EmergencyResponse.retry.

when there is no such action .................. refused
when it is done ............................... refused
when its activation is over ................... refused, it is dropped
when it failed
├── given what stood in its way is gone ....... it is done
└── given it is not ........................... it stays failed
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import ActionStatus
from aidline.signing import Key
from tests.support.emergency import PLAN, TODAY, condition, level, plan, raise_demand, report
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, START


@pytest.fixture
def failed(proposed: Contract, oracle: Contract, stranger: Key) -> Contract:
    """Level 2 reached while no facility could claim: action 3 has failed."""
    proposed.chain.set_time(START + DAY)
    report(oracle, TODAY, 20)
    proposed.poke(PLAN, 1, sender=stranger)
    return proposed


def test_is_done_once_nothing_stands_in_its_way(
    failed: Contract, attested: Contract, stranger: Key
) -> None:
    receipt = failed.retry(3, sender=stranger)
    done = receipt.event("ActionDone").args
    assert (done.action, done.result, done.quantity) == (3, 1, 1_040)
    assert failed.actionRecord(3).status == ActionStatus.DONE
    assert attested.raiseRecord(1).units == 1_040
    with reverts("ActionNotPending", action=3, status=ActionStatus.DONE):
        failed.retry(3, sender=stranger)


def test_stays_failed_while_something_does(failed: Contract, stranger: Key) -> None:
    failed.retry(3, sender=stranger).event("ActionFailed")
    assert failed.actionRecord(3).status == ActionStatus.FAILED


@pytest.mark.parametrize("action", [0, 4])
def test_reverts_when_there_is_no_such_action(failed: Contract, stranger: Key, action: int) -> None:
    with reverts("UnknownAction", action=action):
        failed.retry(action, sender=stranger)


def test_reverts_when_it_is_done(failed: Contract, stranger: Key) -> None:
    with reverts("ActionNotPending", action=1, status=ActionStatus.DONE):
        failed.retry(1, sender=stranger)


def test_is_dropped_once_its_activation_is_over(
    failed: Contract, attested: Contract, coordinator: Key, stranger: Key
) -> None:
    failed.standDown(PLAN, word("drill"), sender=coordinator)
    assert failed.actionRecord(3).status == ActionStatus.DROPPED
    assert failed.actionRecord(1).status == ActionStatus.DONE
    with reverts("ActionNotPending", action=3, status=ActionStatus.DROPPED):
        failed.retry(3, sender=stranger)


def test_a_region_below_the_plans_takes_the_figure_of_the_one_that_contains_it(
    emergency: Contract, oracle: Contract, attested: Contract, planner: Key, stranger: Key
) -> None:
    city = raise_demand(region=word("CN-420100"))
    spec = plan(oracle, level(condition(10, 5), actions=[city]), regions=["CN-GD", "CN-HB"])
    emergency.propose(PLAN, spec, sender=planner)
    emergency.chain.set_time(START + DAY)
    report(oracle, TODAY, 500)
    report(oracle, TODAY, 1, region="CN-GD")
    emergency.poke(PLAN, 1, sender=stranger)
    assert attested.raiseRecord(1).units == 2_000


def test_without_a_figure_in_a_week_it_fails_until_there_is_one(
    emergency: Contract, oracle: Contract, attested: Contract, planner: Key, stranger: Key
) -> None:
    spec = plan(
        oracle, level(condition(10, 5), actions=[raise_demand()]), regions=["CN-GD", "CN-HB"]
    )
    emergency.propose(PLAN, spec, sender=planner)
    emergency.chain.set_time(START + 2 * DAY)
    report(oracle, TODAY, 10, region="CN-GD")
    receipt = emergency.poke(PLAN, 1, sender=stranger)
    reason = emergency.book.error(receipt.event("ActionFailed").args.reason)
    assert (reason.error, reason.fields["day"]) == ("NoFigure", TODAY)
    report(oracle, TODAY, 100)
    emergency.retry(1, sender=stranger)
    assert attested.raiseRecord(1).units == 1_200
