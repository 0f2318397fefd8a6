"""commit.

when the caller is no active solver, carrier or coordinator: reverts
when the plan has no legs, too many, or was committed already: reverts
when a cargo, a leg or both together cannot be: reverts, naming the cargo or leg and what is wrong
when somebody else leads a corridor of its trunk legs: reverts, unless a coordinator plans
when it holds: the plan stands with its planner, and its event tells it whole
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, Receipt
from aidline.model import Hindrance, Tier
from aidline.signing import Key
from tests.support.corridors import authorise
from tests.support.freight import CARRIERS, DEPARTURES, LATEST, Desk
from tests.support.network import crew_of, station, vehicle
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.routes import cargo, leg, plan, rest, way
from tests.support.suite import DAY, HOUR, START, Suite

Plan = dict[str, Any]
Commit = Callable[..., Receipt]
SLOT = DEPARTURES[0] // HOUR


@pytest.mark.parametrize("name", ["solver", "carrier", "coordinator"])
def test_a_plan_that_holds_stands_with_its_planner(
    routes: Contract, sound: Plan, commit: Commit, name: str
) -> None:
    """NET-24."""
    planner = key_of(name)
    receipt = commit(sound, planner)

    assert [event.name for event in receipt.events] == ["PlanCommitted"]
    told = receipt.event("PlanCommitted").args
    assert told.plan == routes.idOf(planner, sound)
    assert told.planner == planner.address
    assert [part.units for part in told.content.cargoes] == [1_000, 1_000]
    assert [part.vehicle for part in told.content.legs] == [x["vehicle"] for x in sound["legs"]]
    kept = routes.entry(told.plan)
    assert (kept.planner, kept.at, kept.legs) == (planner.address, START, 6)
    assert (kept.reason, kept.predecessor, kept.successor) == (0, bytes(32), bytes(32))


def test_takes_no_hours(desk: Desk, network: Contract, sound: Plan, commit: Commit) -> None:
    """NET-25: a plan is a proposal."""
    commit(sound)
    assert network.isFree(desk.vehicles[0], DEPARTURES[0], LATEST[0])


@pytest.mark.parametrize("name", ["hospital", "stranger", "supplier"])
def test_reverts_when_the_caller_plans_nothing(sound: Plan, commit: Commit, name: str) -> None:
    """NET-24."""
    with reverts("NotPlanner", caller=key_of(name)):
        commit(sound, key_of(name))


def test_reverts_when_the_solver_is_suspended(
    suite: Suite, sound: Plan, commit: Commit, solver: Key, suspender: Key
) -> None:
    suite.registry.suspend(solver.address, word("test"), sender=suspender)
    with reverts("NotPlanner", caller=solver):
        commit(sound)


def test_reverts_when_it_was_committed_already(sound: Plan, commit: Commit) -> None:
    known = commit(sound).event("PlanCommitted").args.plan
    with reverts("PlanKnown", plan=known):
        commit(sound)


def test_another_planner_commits_the_same(sound: Plan, commit: Commit, carrier: Key) -> None:
    """NET-24: a copy keeps nobody out."""
    ours, theirs = commit(sound, carrier), commit(sound)
    assert ours.event("PlanCommitted").args.plan != theirs.event("PlanCommitted").args.plan


def test_reverts_without_legs(sound: Plan, commit: Commit) -> None:
    with reverts("NoLegs"):
        commit(sound | {"legs": []})


def test_reverts_with_too_many_legs(routes: Contract, sound: Plan, commit: Commit) -> None:
    most = routes.MAX_LEGS()
    with reverts("TooManyLegs", given=most + 1, most=most):
        commit(sound | {"legs": [sound["legs"][0]] * (most + 1)})


def test_reverts_with_a_reason_but_no_predecessor(sound: Plan, commit: Commit) -> None:
    with reverts("BadReason", reason=Hindrance.WEATHER):
        commit(sound | {"reason": Hindrance.WEATHER})


# --- cargoes ---


@pytest.mark.parametrize(
    "changes",
    [
        {"parcel": 0},
        {"consignment": 1},
        {"units": 0},
        {"temperature_min": 801},
        {"ready": LATEST[2]},
    ],
)
def test_reverts_when_a_cargo_cannot_be(
    sound: Plan, commit: Commit, changes: dict[str, int]
) -> None:
    """NET-26."""
    sound["cargoes"][1] |= changes
    with reverts("BadCargo", cargo=1):
        commit(sound)


def test_reverts_when_there_is_less_in_the_parcel(
    sound: Plan, commit: Commit, parcels: list[int]
) -> None:
    """NET-26: cargoes of one parcel together, too."""
    sound["cargoes"][0]["units"] = 600
    sound["cargoes"][1] |= {"parcel": parcels[0], "units": 400}
    commit(sound)
    sound["cargoes"][1]["units"] = 401
    with reverts("WrongUnits", cargo=1, expected=1_000, given=401):
        commit(sound)


def test_reverts_when_the_parcel_is_not_at_rest(
    desk: Desk, sound: Plan, commit: Commit, allocation: int
) -> None:
    """NET-26."""
    desk.book(desk.booking([allocation]))
    parcel = desk.suite.ledger.parcelsOf(1)[0]
    sound["cargoes"][0]["parcel"] = parcel
    with reverts("NothingToMove", cargo=0):
        commit(sound)


def test_reverts_when_the_last_leg_ends_elsewhere(desk: Desk, sound: Plan, commit: Commit) -> None:
    """NET-29."""
    sound["legs"].pop()
    with reverts("EndsElsewhere", cargo=1, expected=desk.stations[3], given=desk.stations[2]):
        commit(sound)


def test_reverts_when_a_cargo_comes_too_late(sound: Plan, commit: Commit) -> None:
    """NET-29."""
    sound["cargoes"][1]["due"] = LATEST[2] - 1
    with reverts("TooLate", cargo=1, due=LATEST[2] - 1, arrival=LATEST[2]):
        commit(sound)


# --- legs ---


def _with(number: int, **changes: Any) -> Callable[[Desk, Plan], None]:
    def corrupt(desk: Desk, plan: Plan) -> None:
        plan["legs"][number] |= changes

    return corrupt


def _shifted(number: int, seconds: int) -> Callable[[Desk, Plan], None]:
    """Both rides on a leg of the way, so that it stays one journey."""

    def corrupt(desk: Desk, plan: Plan) -> None:
        for part in plan["legs"][2 * number : 2 * number + 2]:
            part["departure"] += seconds
            part["latest_arrival"] += seconds

    return corrupt


def _moved(desk: Desk, plan: Plan) -> None:
    plan["legs"][2]["from_station"] = desk.stations[0]


def _swapped(desk: Desk, plan: Plan) -> None:
    plan["legs"][1], plan["legs"][2] = plan["legs"][2], plan["legs"][1]


def _heavy(measure: str) -> Callable[[Desk, Plan], None]:
    def corrupt(desk: Desk, plan: Plan) -> None:
        limit = {"weight": 20_000, "volume": 80_000}[measure]
        plan["cargoes"][1][measure] = limit - plan["cargoes"][0][measure] + 1

    return corrupt


CORRUPTIONS: list[tuple[str, str, dict[str, Any], Callable[[Desk, Plan], None]]] = [
    ("a leg moved", "GoodsElsewhere", {"leg": 2}, _moved),
    ("legs out of order", "NotInOrder", {"leg": 2}, _swapped),
    ("of no cargo", "UnknownCargo", {"leg": 3, "cargo": 2}, _with(3, cargo=2)),
    ("in the past", "InThePast", {"leg": 0}, _with(0, departure=START - 1)),
    ("before it is ready", "NotReady", {"leg": 0, "ready": DEPARTURES[0]}, _shifted(0, -HOUR)),
    ("before it has come", "NotReady", {"leg": 2, "ready": LATEST[0]}, _shifted(1, -1)),
    ("a window turned round", "BadWindow", {}, _with(5, latest_arrival=DEPARTURES[2])),
    ("a window too long", "WindowTooLong", {}, _with(5, latest_arrival=START + 20 * DAY)),
    ("a vehicle that is not there", "UnknownVehicle", {"vehicle": 99}, _with(4, vehicle=99)),
    ("a crew that is not there", "UnknownCrew", {"crew": 99}, _with(4, crew=99)),
    ("a station that is not there", "UnknownStation", {"station": 99}, _with(4, to_station=99)),
    ("another's vehicle", "WrongCarrier", {}, _with(4, carrier=key_of(CARRIERS[0]).address)),
    ("too heavy", "OverWeight", {"leg": 1, "weight": 20_001}, _heavy("weight")),
    ("too bulky", "OverVolume", {"leg": 1, "volume": 80_001}, _heavy("volume")),
]


@pytest.mark.parametrize(
    ("error", "fields", "corrupt"),
    [case[1:] for case in CORRUPTIONS],
    ids=[case[0] for case in CORRUPTIONS],
)
def test_a_corrupted_plan_is_refused_with_the_error_that_names_it(
    desk: Desk,
    sound: Plan,
    commit: Commit,
    error: str,
    fields: dict[str, Any],
    corrupt: Callable[[Desk, Plan], None],
) -> None:
    """NET-27, NET-28."""
    corrupt(desk, sound)
    with reverts(error, **fields):
        commit(sound)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("TooWarm", {"temperature_max": 799}),
        ("TooCold", {"temperature_min": 201}),
    ],
)
def test_reverts_when_the_goods_need_another_temperature(
    desk: Desk, sound: Plan, commit: Commit, error: str, changes: dict[str, int]
) -> None:
    """NET-27."""
    sound["cargoes"][0] |= changes
    with reverts(error, vehicle=desk.vehicles[0]):
        commit(sound)


def test_reverts_when_a_vehicle_carries_fewer_units(
    desk: Desk, network: Contract, sound: Plan, commit: Commit, carrier: Key
) -> None:
    """NET-28: each alone, and both together."""
    for capacity, error in ((999, "OverCapacity"), (1_999, "OverUnits")):
        small = network.addVehicle(vehicle(carrier, capacity=capacity), sender=carrier)
        number = small.event("VehicleAdded").args.vehicle
        for part in sound["legs"][:2]:
            part["vehicle"] = number
        with reverts(error):
            commit(sound)


def test_reverts_when_a_vehicle_is_on_another_journey(
    desk: Desk, sound: Plan, commit: Commit
) -> None:
    """NET-28: it comes back an hour too early for the second cargo."""
    back = {"departure": LATEST[0] - 1, "latest_arrival": LATEST[0] + 3 * HOUR}
    first, second, *_ = sound["legs"]
    with reverts("VehicleBusy", leg=1, vehicle=desk.vehicles[0]):
        commit(sound | {"legs": [first, second | back, *sound["legs"][2:]]})


def test_reverts_when_duty_overlaps(
    desk: Desk, network: Contract, sound: Plan, commit: Commit, carrier: Key
) -> None:
    """NET-28: one crew in two vehicles at a time."""
    added = network.addVehicle(vehicle(carrier), sender=carrier)
    sound["legs"][1]["vehicle"] = added.event("VehicleAdded").args.vehicle
    with reverts("OverlappingDuty", leg=1, crew=desk.crews[0]):
        commit(sound)


def test_reverts_when_an_hour_is_booked(
    desk: Desk, sound: Plan, commit: Commit, allocation: int
) -> None:
    """NET-27."""
    desk.book(desk.booking([allocation]))
    with reverts("SlotTaken", vehicle=desk.vehicles[0], slot=SLOT):
        commit(sound)


def test_rides_in_a_run_that_is_open(
    desk: Desk, network: Contract, sound: Plan, commit: Commit, carrier: Key
) -> None:
    """NET-25: committed before or after the carriers have opened its runs."""
    run = (desk.vehicles[0], desk.crews[0], desk.stations[0], DEPARTURES[0], LATEST[0])
    network.openRun(*run, sender=carrier)
    commit(sound)
    with reverts("NotInRun", vehicle=desk.vehicles[0], departure=DEPARTURES[0]):
        sound["legs"][0]["latest_arrival"] += 1
        commit(sound)


@pytest.mark.parametrize(("limit", "number"), [(1, 1), (2, None)])
def test_reverts_when_a_station_cannot_handle_all(
    network: Contract,
    desk: Desk,
    sound: Plan,
    commit: Commit,
    hospital: Key,
    limit: int,
    number: int | None,
) -> None:
    """NET-28: the cargoes of the plan count together."""
    definition = station(hospital, region=word("CN-420100"), tier=Tier.TERMINAL, throughput=limit)
    added = network.addStation(definition, sender=hospital)
    dock = added.event("StationAdded").args.station
    for part in sound["legs"][4:]:
        part["to_station"] = dock
    for part in sound["cargoes"]:
        part["to_station"] = dock
    if number is None:
        commit(sound)
        return
    with reverts("StationOverbooked", leg=5, station=dock):
        commit(sound)


def test_reverts_when_a_station_is_closed(
    network: Contract, sound: Plan, commit: Commit, hospital: Key
) -> None:
    """NET-27."""
    hour = (LATEST[2] - 1) // HOUR % 24
    definition = station(
        hospital,
        region=word("CN-420100"),
        tier=Tier.TERMINAL,
        open_hours=(2**24 - 1) & ~(1 << hour),
    )
    added = network.addStation(definition, sender=hospital)
    dock = added.event("StationAdded").args.station
    sound["legs"][4]["to_station"] = dock
    with reverts("StationClosed", station=dock, hour=hour):
        commit(sound)


# --- tiers ---


def _without_branch(desk: Desk, parcel: int) -> Plan:
    """The trunk vehicle goes on to the branch station, where the van takes over."""
    trunk = leg(desk, 0, to_station=desk.stations[2])
    return plan([cargo(desk, parcel)], [trunk, leg(desk, 2)])


def test_reverts_when_a_tier_is_left_out(desk: Desk, parcels: list[int], commit: Commit) -> None:
    """NET-30."""
    skipping = _without_branch(desk, parcels[0])
    with reverts("TierOrder", leg=1, before=Tier.TRUNK, tier=Tier.TERMINAL):
        commit(skipping)


def test_a_replan_may_leave_a_tier_out(desk: Desk, parcels: list[int], commit: Commit) -> None:
    """NET-30."""
    first = commit(plan([cargo(desk, parcels[0])], way(desk)))
    skipping = _without_branch(desk, parcels[0])
    known = first.event("PlanCommitted").args.plan
    commit(skipping | {"predecessor": known, "reason": Hindrance.ROAD_CLOSED})


def test_reverts_when_the_goods_go_up_a_tier(
    desk: Desk, network: Contract, parcels: list[int], commit: Commit, carrier: Key
) -> None:
    """NET-30: also in a re-plan."""
    first = commit(plan([cargo(desk, parcels[0])], way(desk)))
    added = network.addVehicle(vehicle(carrier, tier=Tier.BRANCH), sender=carrier)
    lorry = added.event("VehicleAdded").args.vehicle
    hired = network.addCrew(crew_of(carrier), sender=carrier).event("CrewAdded").args.crew
    up = [
        leg(desk, 0, vehicle=lorry, crew=hired),
        leg(desk, 1, vehicle=desk.vehicles[0], crew=desk.crews[0], carrier=carrier.address),
        leg(desk, 2),
    ]
    for changes in (
        {},
        {
            "predecessor": first.event("PlanCommitted").args.plan,
            "reason": Hindrance.BREAKDOWN,
        },
    ):
        with reverts("TierOrder", leg=1, before=Tier.BRANCH, tier=Tier.TRUNK):
            commit(plan([cargo(desk, parcels[0])], up, **changes))


# --- corridors ---


def test_reverts_when_another_leads_the_corridor(
    suite: Suite, sound: Plan, commit: Commit, carrier: Key, coordinator: Key
) -> None:
    """NET-34."""
    authorise(suite, carrier)
    with reverts("CorridorLed", leg=0, lead=carrier):
        commit(sound)
    commit(sound, carrier)
    commit(sound, coordinator)


def test_its_id_names_chain_book_and_planner(
    routes: Contract, sound: Plan, commit: Commit, solver: Key, carrier: Key
) -> None:
    assert routes.idOf(solver, sound) != routes.idOf(carrier, sound)
    assert routes.idOf(solver, sound) == commit(sound).event("PlanCommitted").args.plan


def test_a_plan_of_many_legs_holds(desk: Desk, commit: Commit) -> None:
    """A hundred legs: the parts of one parcel share each vehicle."""
    parcel = rest(desk, 3_300)
    parts = [cargo(desk, parcel, units=100, weight=30, volume=200) for _ in range(33)]
    receipt = commit(plan(parts, [*way(desk, cargoes=33)]))
    assert len(receipt.event("PlanCommitted").args.content.legs) == 99
