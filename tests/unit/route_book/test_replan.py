"""commit of a plan that supersedes another.

when the predecessor is unknown, or superseded already: reverts
when the caller is neither its planner nor a coordinator: reverts
when no reason is given: reverts
given nothing has started: the goods begin where they rest
given a consignment is on its way: it begins where its present leg ends, which stands
given it has ended: nothing can be planned
otherwise: both plans stand, each naming the other, with the reason
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, Receipt, RevmChain
from aidline.model import Hindrance
from aidline.signing import Key
from tests.support.freight import DEPARTURES, LATEST, Desk
from tests.support.network import station
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.routes import cargo, leg, plan, way
from tests.support.suite import DAY, HOUR, START

Plan = dict[str, Any]
Commit = Callable[..., Receipt]


@pytest.fixture
def first(sound: Plan, commit: Commit) -> bytes:
    committed: bytes = commit(sound).event("PlanCommitted").args.plan
    return committed


def _after(plan: Plan, predecessor: bytes, **changes: Any) -> Plan:
    """The same a day later, since the road is closed."""
    later = [
        part
        | {"departure": part["departure"] + DAY, "latest_arrival": part["latest_arrival"] + DAY}
        for part in plan["legs"]
    ]
    cargoes = [part | {"due": part["due"] + DAY} for part in plan["cargoes"]]
    return (
        plan
        | {"predecessor": predecessor, "reason": Hindrance.ROAD_CLOSED, "note": word("G4")}
        | {"legs": later, "cargoes": cargoes}
        | changes
    )


@pytest.mark.parametrize("name", ["solver", "coordinator"])
def test_both_plans_stand_with_the_reason(
    routes: Contract, sound: Plan, first: bytes, commit: Commit, name: str
) -> None:
    """NET-31."""
    receipt = commit(_after(sound, first), key_of(name))

    assert [event.name for event in receipt.events] == ["PlanCommitted", "PlanSuperseded"]
    told = receipt.event("PlanSuperseded").args
    second = receipt.event("PlanCommitted").args.plan
    assert (told.plan, told.successor) == (first, second)
    assert (told.reason, told.note) == (Hindrance.ROAD_CLOSED, word("G4"))
    assert routes.entry(first).successor == second
    kept = routes.entry(second)
    assert (kept.predecessor, kept.reason) == (first, Hindrance.ROAD_CLOSED)
    assert kept.planner == key_of(name).address


def test_only_some_cargoes_are_planned_anew(sound: Plan, first: bytes, commit: Commit) -> None:
    """NET-31: what it does not name stays as it was planned."""
    changed = _after(sound, first)
    changed["cargoes"].pop()
    changed["legs"] = [part for part in changed["legs"] if part["cargo"] == 0]
    commit(changed)


def test_reverts_when_the_predecessor_is_unknown(sound: Plan, commit: Commit) -> None:
    with reverts("UnknownPlan", plan=word("no plan")):
        commit(_after(sound, word("no plan")))


def test_reverts_when_it_was_superseded(sound: Plan, first: bytes, commit: Commit) -> None:
    """NET-31: plans follow one another in one line."""
    second = commit(_after(sound, first)).event("PlanCommitted").args.plan
    with reverts("Superseded", plan=first, successor=second):
        commit(_after(sound, first, salt=word("another")))
    commit(_after(sound, second))


def test_reverts_when_another_planner_supersedes_it(
    sound: Plan, first: bytes, commit: Commit, solver: Key, carrier: Key
) -> None:
    with reverts("NotOwnPlan", plan=first, planner=solver):
        commit(_after(sound, first), carrier)


def test_reverts_without_a_reason(sound: Plan, first: bytes, commit: Commit) -> None:
    with reverts("BadReason", reason=Hindrance.NULL):
        commit(_after(sound, first, reason=Hindrance.NULL))


# --- what has started ---


@pytest.fixture
def consignment(desk: Desk) -> int:
    """A thousand kits, booked for the three legs."""
    booked = desk.book(desk.booking([desk.allocate()]))
    number: int = booked.event("ConsignmentBooked").args.consignment
    return number


@pytest.fixture
def detour(desk: Desk, network: Contract, station_operator: Key) -> int:
    """Another trunk station in Wuhan."""
    definition = station(station_operator, region=word("CN-420100"))
    added = network.addStation(definition, sender=station_operator)
    number: int = added.event("StationAdded").args.station
    return number


def test_what_was_booked_begins_where_it_rests(
    desk: Desk, consignment: int, commit: Commit
) -> None:
    """NET-32."""
    later = [
        part
        | {"departure": part["departure"] + DAY, "latest_arrival": part["latest_arrival"] + DAY}
        for part in way(desk)
    ]
    goods = cargo(desk, consignment=consignment, due=LATEST[2] + DAY)
    commit(plan([goods], later))


def test_what_is_on_its_way_begins_where_its_present_leg_ends(
    desk: Desk, consignment: int, commit: Commit, chain: RevmChain
) -> None:
    """NET-32: the trunk leg has started and stands."""
    desk.pass_on(consignment, 0, DEPARTURES[0])
    chain.set_time(DEPARTURES[0] + HOUR)
    goods = cargo(desk, consignment=consignment, ready=LATEST[0], due=LATEST[2] + DAY)
    later = [
        part
        | {"departure": part["departure"] + DAY, "latest_arrival": part["latest_arrival"] + DAY}
        for part in way(desk, first=1)
    ]
    commit(plan([goods], later))

    from_the_start = leg(desk, 0, departure=DEPARTURES[0] + DAY, latest_arrival=LATEST[0] + DAY)
    with reverts("GoodsElsewhere", leg=0, expected=desk.stations[1], given=desk.stations[0]):
        commit(plan([goods], [from_the_start, *later]))


def test_reverts_when_less_than_the_load_is_planned(
    desk: Desk, consignment: int, commit: Commit
) -> None:
    """NET-32: a consignment moves whole."""
    goods = cargo(desk, consignment=consignment, units=999)
    with reverts("WrongUnits", cargo=0, expected=1_000, given=999):
        commit(plan([goods], way(desk)))


def test_reverts_when_it_has_ended(
    desk: Desk, consignment: int, commit: Commit, chain: RevmChain
) -> None:
    """NET-32."""
    chain.set_time(START + 10 * DAY)
    desk.lapse(consignment, sender=key_of("stranger"))
    with reverts("NothingToMove", cargo=0):
        commit(plan([cargo(desk, consignment=consignment)], way(desk)))


def test_reverts_when_there_is_no_such_consignment(desk: Desk, commit: Commit) -> None:
    with reverts("UnknownLoad"):
        commit(plan([cargo(desk, consignment=9)], way(desk)))


def test_reading_an_unknown_plan_reverts(routes: Contract) -> None:
    with reverts("UnknownPlan", plan=word("no plan")):
        routes.entry(word("no plan"))
