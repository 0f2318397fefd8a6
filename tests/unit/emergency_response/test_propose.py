"""EmergencyResponse.propose.

when the caller is not the planner ............ refused
when the id is taken .......................... refused
when the scope is empty, too large, doubled, unknown or without feeds ... refused
when a level is empty, too large, crosses its thresholds or lies below the one before ... refused
when an action acts outside the scope, or cannot be carried out ... refused
when the plan is good ......................... readable in full, in force after a day
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import ActionKind, EarmarkKind, Measure
from aidline.signing import Key
from tests.support.emergency import (
    PLAN,
    TODAY,
    condition,
    fast_path,
    level,
    plan,
    raise_demand,
    release_money,
)
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, START

NOBODY = "0x" + "00" * 20


def earmark(kind: EarmarkKind, scope: bytes = bytes(32)) -> dict[str, Any]:
    return {"kind": kind, "scope": scope}


@pytest.fixture
def refuses(emergency: Contract, oracle: Contract, planner: Key) -> Any:
    """Proposes a plan of some levels and fields and expects it to be refused."""

    def propose(error: str, *levels: Any, fields: Any = None, **changes: Any) -> None:
        spec = plan(oracle, *(levels or [level(condition(10, 5))]), **changes)
        with reverts(error, **(fields or {})):
            emergency.propose(PLAN, spec, sender=planner)

    return propose


def test_a_plan_can_be_read_in_full(
    emergency: Contract, oracle: Contract, three_levels: list[dict[str, Any]], planner: Key
) -> None:
    spec = plan(oracle, *three_levels, regions=["CN-HB", "CN-GD"], regions_needed=2)
    call = emergency.call_data("propose", PLAN, spec)
    receipt = emergency.propose(PLAN, spec, sender=planner)
    event = receipt.event("PlanProposed").args
    assert (event.plan, event.proposer) == (PLAN, planner.address)
    assert event.effective_from == receipt.timestamp + DAY
    assert event.content == keccak((32).to_bytes(32, "big") + call[4 + 64 :])

    kept = emergency.plan(PLAN)
    assert emergency.call_data("propose", PLAN, kept) == call
    state = emergency.stateOf(PLAN)
    assert (state.level, state.activation, state.last_day) == (0, 0, TODAY - 1)
    assert state.effective_from == event.effective_from


def test_reverts_when_the_caller_is_not_the_planner(
    emergency: Contract, oracle: Contract, coordinator: Key
) -> None:
    with reverts("AccessManagedUnauthorized", caller=coordinator):
        emergency.propose(PLAN, plan(oracle, level(condition(10, 5))), sender=coordinator)


def test_reverts_when_the_id_is_taken(proposed: Contract, oracle: Contract, planner: Key) -> None:
    with reverts("PlanExists", plan=PLAN):
        proposed.propose(PLAN, plan(oracle, level(condition(10, 5))), sender=planner)


def test_reverts_when_there_is_no_such_plan(emergency: Contract, stranger: Key) -> None:
    with reverts("UnknownPlan", plan=PLAN):
        emergency.plan(PLAN)
    with reverts("UnknownPlan", plan=PLAN):
        emergency.poke(PLAN, 1, sender=stranger)
    with reverts("UnknownPlan", plan=PLAN):
        emergency.nextPlan(PLAN, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"regions": [], "feeds": []},
        {"levels": []},
        {"kind": bytes(32)},
        {"regions_needed": 0},
        {"first_day": 0},
    ],
)
def test_reverts_when_something_is_missing(refuses: Any, changes: dict[str, Any]) -> None:
    refuses("EmptyPlan", **changes)


def test_reverts_when_the_scope_is_too_large(
    emergency: Contract, oracle: Contract, planner: Key
) -> None:
    spec = plan(oracle, level(condition(10, 5)))
    spec |= {"regions": spec["regions"] * 65, "feeds": spec["feeds"] * 65}
    with reverts("TooMany", what=word("regions"), given=65, most=64):
        emergency.propose(PLAN, spec, sender=planner)


def test_reverts_when_more_regions_are_needed_than_there_are(refuses: Any) -> None:
    refuses("TooMany", regions_needed=2, fields={"what": word("regionsNeeded"), "most": 1})


def test_reverts_when_a_region_has_no_feed(refuses: Any) -> None:
    refuses("LengthMismatch", feeds=[])


@pytest.mark.parametrize("seconds", [DAY - 1, 60 * DAY + 1])
def test_reverts_when_it_lives_too_short_or_too_long(refuses: Any, seconds: int) -> None:
    refuses("BadTimeToLive", time_to_live=seconds, fields={"time_to_live": seconds})


def test_reverts_when_a_region_is_unknown(
    emergency: Contract, oracle: Contract, planner: Key
) -> None:
    spec = plan(oracle, level(condition(10, 5))) | {"regions": [word("CN-ZJ")]}
    with reverts("UnknownRegion", region=word("CN-ZJ")):
        emergency.propose(PLAN, spec, sender=planner)


def test_reverts_when_a_region_stands_twice(refuses: Any) -> None:
    refuses("DuplicateRegion", regions=["CN-HB", "CN-HB"], fields={"region": word("CN-HB")})


def test_reverts_when_a_feed_is_no_feed(
    emergency: Contract, oracle: Contract, registry: Contract, planner: Key, stranger: Key
) -> None:
    for address in (stranger.address, registry.address, NOBODY):
        spec = plan(oracle, level(condition(10, 5)), feeds=[address])
        with reverts("BadFeed", feed=address):
            emergency.propose(PLAN, spec, sender=planner)


def test_reverts_when_one_feed_counts_twice(
    emergency: Contract, oracle: Contract, planner: Key
) -> None:
    spec = plan(oracle, level(condition(10, 5)), regions=["CN-HB", "CN-GD"])
    spec["feeds"] = [spec["feeds"][0]] * 2
    with reverts("BadFeed", feed=spec["feeds"][0]):
        emergency.propose(PLAN, spec, sender=planner)


def test_reverts_when_there_are_too_many_levels(refuses: Any) -> None:
    levels = [level(condition(10 * i, 5)) for i in range(1, 6)]
    refuses("TooMany", *levels, fields={"what": word("levels"), "given": 5, "most": 4})


def test_reverts_when_a_level_has_too_many_conditions(refuses: Any) -> None:
    fields = {"what": word("conditions"), "given": 9, "most": 8}
    refuses("TooMany", level(*[condition(10, 5)] * 9), fields=fields)


def test_reverts_when_a_level_has_too_many_actions(refuses: Any) -> None:
    fields = {"what": word("actions"), "given": 17, "most": 16}
    refuses("TooMany", level(condition(10, 5), actions=[fast_path()] * 17), fields=fields)


@pytest.mark.parametrize(
    "bad",
    [
        {"measure": Measure.NULL, "window": 0, "rise": 10, "fall": 5},
        {"measure": Measure.VALUE, "window": 1, "rise": 10, "fall": 5},
        {"measure": Measure.GROWTH, "window": 0, "rise": 10, "fall": 5},
        {"measure": Measure.VALUE, "window": 0, "rise": 0, "fall": 0},
    ],
)
def test_reverts_when_a_condition_means_nothing(refuses: Any, bad: dict[str, Any]) -> None:
    refuses("BadCondition", level(condition(10, 5), bad), fields={"level": 1, "index": 1})


def test_reverts_when_a_level_has_no_condition(refuses: Any) -> None:
    refuses("BadCondition", level(), fields={"level": 1, "index": 0})


def test_reverts_when_thresholds_cross(refuses: Any) -> None:
    refuses("ThresholdsCross", level(condition(10, 11)), fields={"level": 1, "index": 0})


def test_reverts_when_a_level_lies_below_the_one_before(refuses: Any) -> None:
    refuses("LevelsOverlap", level(condition(10, 5)), level(condition(9, 5)), fields={"level": 2})


def test_levels_of_different_windows_do_not_overlap(
    emergency: Contract, oracle: Contract, planner: Key
) -> None:
    levels = [level(condition(500, 5, window=3)), level(condition(400, 5, window=7))]
    emergency.propose(PLAN, plan(oracle, *levels), sender=planner)


def test_reverts_when_an_action_acts_outside_the_scope(refuses: Any) -> None:
    action = fast_path(region=word("CN-GD"))
    fields = {"region": word("CN-GD")}
    refuses("OutOfScope", level(condition(10, 5), actions=[action]), fields=fields)


@pytest.mark.parametrize(
    "bad",
    [
        fast_path(kind=ActionKind.NULL),
        fast_path(ceiling=0),
        fast_path(ceiling=2**64),
        fast_path(duration=0),
        fast_path(duration=366 * DAY),
        raise_demand(material=0),
        raise_demand(base=0, rate=0),
        raise_demand(ceiling=2**64),
        release_money(spender=NOBODY),
        release_money(ceiling=0),
        release_money(earmark=earmark(EarmarkKind.NULL)),
        release_money(earmark=earmark(EarmarkKind.NONE, word("x"))),
        release_money(earmark=earmark(EarmarkKind.REGION, word("CN-GD"))),
        release_money(earmark=earmark(EarmarkKind.REGION, word("CN-420100"))),
        release_money(earmark=earmark(EarmarkKind.EMERGENCY, word("another-plan"))),
        release_money(earmark=earmark(EarmarkKind.FACILITY, word("donor"))),
        release_money(earmark=earmark(EarmarkKind.FACILITY, word("nobody"))),
    ],
)
def test_reverts_when_an_action_cannot_be_carried_out(refuses: Any, bad: dict[str, Any]) -> None:
    actions = [fast_path(), bad]
    refuses("BadAction", level(condition(10, 5), actions=actions), fields={"level": 1, "index": 1})


@pytest.mark.parametrize(
    "good",
    [
        fast_path(region=word("CN-420100")),
        release_money(earmark=earmark(EarmarkKind.REGION, word("CN-HB"))),
        release_money(region=word("CN-420100"), earmark=earmark(EarmarkKind.REGION, word("CN-HB"))),
        release_money(earmark=earmark(EarmarkKind.EMERGENCY, PLAN)),
        release_money(earmark=earmark(EarmarkKind.FACILITY, word("hospital"))),
    ],
)
def test_money_may_come_from_lines_that_are_meant_for_the_scope(
    emergency: Contract, oracle: Contract, planner: Key, good: dict[str, Any]
) -> None:
    spec = plan(oracle, level(condition(10, 5), actions=[good]))
    emergency.propose(PLAN, spec, sender=planner)
    assert emergency.plan(PLAN).levels[0].actions[0].kind == good["kind"]


def test_is_not_in_force_before_its_delay(
    proposed: Contract, oracle: Contract, stranger: Key
) -> None:
    from_ = proposed.stateOf(PLAN).effective_from
    proposed.chain.set_time(START + DAY - 60)
    with reverts("PlanNotEffective", plan=PLAN, from_=from_):
        proposed.poke(PLAN, 1, sender=stranger)
    with reverts("PlanNotEffective"):
        proposed.nextPlan(PLAN, 1)
