"""Plans that supersede others.

Given nothing that breaks a run
└── nothing changes
Given a closed road, a vehicle that breaks down, one that is late
├── only goods whose runs it breaks go otherwise; what has left stays; the contracts' rules are kept
└── each change names its reason
Given new goods
├── they take the hours that are left, and nothing else changes
└── urgent ones take the place of others where they win more than those lose
Given goods for which no way is left
└── they are dropped, with the reason
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.model import Hindrance, Level
from aidline.solve.routing.diary import Diary
from aidline.solve.routing.planner import Settings, plan_routes
from aidline.solve.routing.records import Consignment, Plan, Run, Why
from aidline.solve.routing.replan import Because, Events, Kind, Replan, as_hindered, plan_anew
from aidline.solve.routing.rules import first_breach, in_order
from tests.sdk.test_routing import line, star
from tests.support.routing import HOUR, NOW, Small, small

SETTINGS = Settings(iterations=20, few=0)
SEED = 6


@pytest.fixture(scope="module")
def made() -> Small:
    return small(SEED)


@pytest.fixture(scope="module")
def former(made: Small) -> Plan:
    return plan_routes(made.network, made.consignments, now=NOW, settings=SETTINGS)


def ahead(plan: Plan, at: int) -> list[Run]:
    return [run for run in plan.runs if run.departure > at]


def check(made: Small, former: Plan, events: Events) -> Replan:
    """Plan anew, and check what must hold of each new plan."""
    again = plan_anew(made.network, former, events, SETTINGS)
    gone = [run for run in former.runs if run.departure <= events.at]
    if not events.late:
        assert [run for run in again.plan.runs if run.departure <= events.at] == gone
    changed = {one.consignment for one in again.changes}
    before, after = former.legs_of(), again.plan.legs_of()
    for number, legs in before.items():
        if number not in changed:
            strip = [replace(leg, freight=0) for leg in legs]
            assert [replace(leg, freight=0) for leg in after[number]] == strip
    # What has left was checked when it left; what has not is checked as the contract would now.
    network = as_hindered(made.network, events)
    diary = Diary()
    for run in again.plan.runs:
        if run.departure <= events.at:
            diary.take(run)
    moving = []
    for one in again.plan.consignments.values():
        legs = after.get(one.id, [])
        old = [leg for leg in legs if leg.departure <= events.at]
        new = [leg for leg in legs if leg.departure > events.at]
        if new:
            start = one
            if old:
                start = replace(one, origin=old[-1].end, ready=old[-1].latest, due=1 << 39)
            moving.append(start)
    stuck = {one.consignment for one in again.plan.unserved}
    carried = [one for one in moving if one.id not in stuck]
    legs_ahead = [
        leg
        for leg in in_order(again.plan)
        if leg.departure > events.at and leg.consignment not in stuck
    ]
    if carried:
        breach = first_breach(
            network, carried, legs_ahead, now=events.at, diary=diary, is_replan=True
        )
        assert breach is None
    return again


def test_without_a_reason_nothing_changes(made: Small, former: Plan) -> None:
    again = check(made, former, Events(NOW + 12 * HOUR, Hindrance.OTHER))
    assert [one for one in again.changes if one.kind is Kind.MOVED] == []
    assert set(former.runs) <= set(again.plan.runs)
    assert again.given_up == 0


def test_a_broken_vehicle_hands_its_goods_to_others(made: Small, former: Plan) -> None:
    at = NOW + 6 * HOUR
    run = next(run for run in ahead(former, at) if _others(made, run))
    events = Events(at, Hindrance.BREAKDOWN, broken=((run.vehicle, NOW + 10**7),))
    again = check(made, former, events)
    assert all(one.vehicle != run.vehicle for one in ahead(again.plan, at))
    moved = {one.consignment: one for one in again.changes}
    assert {leg.consignment for leg in run.legs} <= moved.keys()
    assert Because.VEHICLE in {one.because for one in moved.values()}
    assert again.reason is Hindrance.BREAKDOWN and again.given_up > 0


def _others(made: Small, run: Run) -> bool:
    fleet = made.network.vehicles.values()
    return sum(one.base == run.start and one.tier == run.tier for one in fleet) > 1


def test_a_closed_road_is_gone_round(made: Small, former: Plan) -> None:
    at = NOW + 6 * HOUR
    run = max(ahead(former, at), key=lambda one: len(one.legs))
    closed = frozenset({frozenset({run.start, run.stops[0]})})
    again = check(made, former, Events(at, Hindrance.ROAD_CLOSED, closed=closed))
    assert run not in again.plan.runs
    hit = {leg.consignment for leg in run.legs}
    told = {one.consignment: one.because for one in again.changes}
    assert all(told[number] is Because.ROAD for number in hit)


def test_what_is_late_misses_its_run(made: Small, former: Plan) -> None:
    legs = next(legs for legs in former.legs_of().values() if len(legs) == 3)
    at = legs[0].departure + 60
    gap = legs[1].departure - legs[0].latest
    events = Events(at, Hindrance.WEATHER, late=((legs[0].vehicle, gap + HOUR),))
    again = check(made, former, events)
    told = {one.consignment: one.because for one in again.changes}
    assert told[legs[0].consignment] is Because.LATE


def test_new_goods_take_what_is_left(made: Small, former: Plan) -> None:
    new = replace(made.consignments[0], id=99, level=Level.LOW, due=NOW + 900 * HOUR)
    at = NOW + 12 * HOUR
    again = check(made, former, Events(at, Hindrance.URGENT_DEMAND, goods=(new,)))
    told = {one.consignment: one for one in again.changes}
    assert told[99].kind is Kind.ADDED and told[99].because is Because.NEW
    assert set(former.runs) <= set(again.plan.runs)


def test_urgent_goods_take_the_place_of_others() -> None:
    made = star([Level.LOW, Level.LOW], trucks=1)
    goods = tuple(replace(one, load=(60, 1, 1), ready=NOW + HOUR) for one in made.consignments)
    made = Small(made.network, goods)
    former = plan_routes(made.network, goods, now=NOW, settings=SETTINGS)
    urgent = Consignment(9, 1, 3, Level.CRITICAL, (60, 1, 1), ready=NOW)
    again = check(made, former, Events(NOW, Hindrance.URGENT_DEMAND, goods=(urgent,)))
    arrivals = again.plan.arrivals()
    assert arrivals[9] < min(arrivals[1], arrivals[2])
    assert Because.URGENT in {one.because for one in again.changes}
    dull = replace(urgent, level=Level.LOW)
    again = check(made, former, Events(NOW, Hindrance.URGENT_DEMAND, goods=(dull,)))
    assert {one.consignment for one in again.changes} == {9}


def test_what_no_way_is_left_for_is_dropped_with_the_reason() -> None:
    made = line()
    former = plan_routes(
        made.network,
        [replace(one, ready=NOW + HOUR) for one in made.consignments],
        now=NOW,
        settings=SETTINGS,
    )
    closed = frozenset({frozenset({1, 2})})
    again = plan_anew(
        made.network, former, Events(NOW, Hindrance.ROAD_CLOSED, closed=closed), SETTINGS
    )
    (change,) = again.changes
    assert (change.kind, change.because, change.after) == (Kind.DROPPED, Because.ROAD, None)
    assert change.before == former.arrivals()[1]
    assert again.plan.unserved[0].why is Why.UNKNOWN_WAY
    assert not again.plan.runs
