"""openRun, closeRun, and legs that ride in a run.

openRun
    when the caller is no active carrier, or vehicle or crew is another's: reverts
    when an hour of vehicle or crew is taken: reverts
    otherwise: the hours are taken once
reserve
    when a leg leaves with the run: its units ride, as far as the vehicle holds them
    when it starts elsewhere, has another crew, ends later, or rides in it already: reverts
    when it leaves at another time: the vehicle is taken
closeRun
    when the caller is another, there is no run, or something rides in it: reverts
    otherwise: the hours that have not begun are free
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import Role
from aidline.signing import Key
from tests.support.network import DEPARTURE, crew_of, vehicle
from tests.support.reverts import reverts
from tests.support.suite import HOUR

SLOT = DEPARTURE // HOUR
ARRIVAL = DEPARTURE + 8 * HOUR
Leg = Callable[..., dict[str, Any]]


@pytest.fixture
def run(network: Contract, truck: int, crew: int, hub: int, carrier: Key) -> int:
    network.openRun(truck, crew, hub, DEPARTURE, ARRIVAL, sender=carrier)
    return DEPARTURE


def test_takes_the_hours_once(
    network: Contract, truck: int, crew: int, hub: int, carrier: Key
) -> None:
    """NET-19."""
    opened = network.openRun(truck, crew, hub, DEPARTURE, ARRIVAL, sender=carrier)
    told = opened.event("RunOpened").args
    assert (told.vehicle, told.departure, told.crew) == (truck, DEPARTURE, crew)
    assert (told.from_station, told.arrival) == (hub, ARRIVAL)
    kept = network.runOf(truck, DEPARTURE)
    assert (kept.crew, kept.from_station, kept.arrival, kept.units) == (crew, hub, ARRIVAL, 0)
    for hour in range(-1, 9):
        window = (DEPARTURE + hour * HOUR, DEPARTURE + (hour + 1) * HOUR)
        assert network.isFree(truck, *window) is (hour in (-1, 8))
        assert network.isCrewFree(crew, *window) is (hour in (-1, 8))


def test_reverts_when_the_vehicle_or_the_crew_is_taken(
    network: Contract, truck: int, crew: int, run: int, hub: int, carrier: Key
) -> None:
    with reverts("SlotTaken", vehicle=truck, slot=SLOT + 7):
        network.openRun(truck, crew, hub, ARRIVAL - 1, ARRIVAL + HOUR, sender=carrier)
    second = network.addVehicle(vehicle(carrier), sender=carrier).event("VehicleAdded").args.vehicle
    with reverts("CrewBusy", crew=crew, slot=SLOT):
        network.openRun(second, crew, hub, DEPARTURE, ARRIVAL, sender=carrier)


def test_reverts_when_vehicle_or_crew_is_anothers(
    network: Contract, truck: int, crew: int, hub: int, carrier: Key, branch_carrier: Key
) -> None:
    with reverts("WrongCarrier", vehicle=truck, carrier=branch_carrier):
        network.openRun(truck, crew, hub, DEPARTURE, ARRIVAL, sender=branch_carrier)
    hired = network.addCrew(crew_of(branch_carrier), sender=branch_carrier)
    theirs = hired.event("CrewAdded").args.crew
    with reverts("WrongCrew", crew=theirs, carrier=carrier):
        network.openRun(truck, theirs, hub, DEPARTURE, ARRIVAL, sender=carrier)


def test_reverts_when_the_carrier_is_suspended(
    network: Contract,
    truck: int,
    crew: int,
    hub: int,
    carrier: Key,
    suspended: Callable[[Key], None],
) -> None:
    suspended(carrier)
    with reverts("NotActive", account=carrier, role=Role.CARRIER):
        network.openRun(truck, crew, hub, DEPARTURE, ARRIVAL, sender=carrier)


def test_consignments_share_a_run(
    network: Contract, truck: int, run: int, branch: int, freight_escrow: Key, leg: Leg
) -> None:
    """NET-20: to different places, each by its own time."""
    network.reserve(1, leg(), sender=freight_escrow)
    other = leg(to_station=branch, latest_arrival=ARRIVAL, units=60_000)
    boarded = network.reserve(2, other, sender=freight_escrow)

    assert [event.name for event in boarded.events] == ["Boarded"]
    told = boarded.event("Boarded").args
    assert (told.vehicle, told.departure, told.consignment) == (truck, run, 2)
    assert told.units == network.aboard(truck, run, 2) == 60_000
    assert network.runOf(truck, run).units == 100_000


def test_reverts_when_the_run_is_full(
    network: Contract, truck: int, run: int, freight_escrow: Key, leg: Leg
) -> None:
    """INV-NET-2."""
    network.reserve(1, leg(), sender=freight_escrow)
    with reverts("OverCapacity", vehicle=truck, units=100_001, capacity=100_000):
        network.reserve(2, leg(units=60_001), sender=freight_escrow)


def test_reverts_when_the_leg_is_not_of_the_run(
    network: Contract,
    truck: int,
    run: int,
    yard: int,
    carrier: Key,
    freight_escrow: Key,
    leg: Leg,
) -> None:
    other = network.addCrew(crew_of(carrier), sender=carrier).event("CrewAdded").args.crew
    network.reserve(1, leg(), sender=freight_escrow)
    wrong: list[dict[str, Any]] = [
        {"from_station": yard},
        {"crew": other},
        {"latest_arrival": ARRIVAL + 1},
        {"units": 0},
    ]
    for changes in wrong:
        with reverts("NotInRun", vehicle=truck, departure=DEPARTURE):
            network.reserve(2, leg(**changes), sender=freight_escrow)
    with reverts("NotInRun", vehicle=truck, departure=DEPARTURE):
        network.reserve(1, leg(), sender=freight_escrow)
    with reverts("SlotTaken", vehicle=truck, slot=SLOT):
        network.reserve(2, leg(departure=DEPARTURE + 1), sender=freight_escrow)


def test_an_empty_run_is_closed(
    network: Contract, truck: int, crew: int, run: int, carrier: Key, chain: RevmChain
) -> None:
    """NET-19."""
    chain.set_time(DEPARTURE + 2 * HOUR + 1)
    closed = network.closeRun(truck, run, sender=carrier).event("RunClosed").args
    assert (closed.vehicle, closed.departure) == (truck, run)
    for hour in range(8):
        window = (DEPARTURE + hour * HOUR, DEPARTURE + (hour + 1) * HOUR)
        assert network.isFree(truck, *window) is (hour >= 3)
        assert network.isCrewFree(crew, *window) is (hour >= 3)
    assert network.runOf(truck, run).arrival == 0
    with reverts("UnknownRun", vehicle=truck, departure=run):
        network.closeRun(truck, run, sender=carrier)


def test_reverts_when_something_rides(
    network: Contract, truck: int, run: int, carrier: Key, freight_escrow: Key, leg: Leg
) -> None:
    network.reserve(1, leg(), sender=freight_escrow)
    with reverts("RunNotEmpty", vehicle=truck, departure=run, units=40_000):
        network.closeRun(truck, run, sender=carrier)


def test_reverts_when_another_closes_it(
    network: Contract, truck: int, run: int, branch_carrier: Key
) -> None:
    with reverts("WrongCarrier", vehicle=truck, carrier=branch_carrier):
        network.closeRun(truck, run, sender=branch_carrier)
