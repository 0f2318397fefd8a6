"""free.

when the caller is neither FreightEscrow nor the desk of hours: reverts
when the leg does not run at all: its hours and loads can be taken again
when the leg is over: those from then on, the hour that was begun stays taken
when the leg rides in a run: its units leave the run, whose hours stay taken
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.network import DEPARTURE, station
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import HOUR, Suite

SLOT = DEPARTURE // HOUR
ARRIVAL = DEPARTURE + 5 * HOUR
Leg = Callable[..., dict[str, Any]]
HOURS = ("vehicle", "crew", "from_station", "to_station", "departure", "latest_arrival")


def hours(leg: dict[str, Any]) -> dict[str, Any]:
    """Return what is needed to free a leg."""
    return {name: leg[name] for name in HOURS}


@pytest.fixture
def reserved(network: Contract, leg: Leg, freight_escrow: Key) -> int:
    network.reserve(7, leg(), sender=freight_escrow)
    return 7


def test_the_hours_can_be_taken_again(
    network: Contract, truck: int, crew: int, reserved: int, leg: Leg, freight_escrow: Key
) -> None:
    receipt = network.free(reserved, hours(leg()), 0, sender=freight_escrow)

    released = receipt.event("SlotsReleased").args
    assert (released.vehicle, released.crew, released.consignment) == (truck, crew, reserved)
    assert (released.from_slot, released.to_slot) == (SLOT, ARRIVAL // HOUR)
    assert network.isFree(truck, DEPARTURE, ARRIVAL)
    assert network.isCrewFree(crew, DEPARTURE, ARRIVAL)
    network.reserve(8, leg(), sender=freight_escrow)


@pytest.mark.parametrize(("since", "kept"), [(2 * HOUR, 2), (2 * HOUR + 1, 3), (9 * HOUR, 5)])
def test_an_hour_that_was_begun_stays_taken(
    network: Contract,
    truck: int,
    crew: int,
    reserved: int,
    leg: Leg,
    freight_escrow: Key,
    since: int,
    kept: int,
) -> None:
    """NET-14."""
    network.free(reserved, hours(leg()), DEPARTURE + since, sender=freight_escrow)
    for hour in range(5):
        window = (DEPARTURE + hour * HOUR, DEPARTURE + (hour + 1) * HOUR)
        assert network.isFree(truck, *window) is (hour >= kept)
        assert network.isCrewFree(crew, *window) is (hour >= kept)


@pytest.mark.parametrize(
    ("since", "left"), [(0, (0, 0)), (HOUR, (1, 0)), (4 * HOUR, (1, 0)), (4 * HOUR + 1, (1, 1))]
)
def test_loads_go_back_with_their_hour(
    network: Contract,
    station_operator: Key,
    freight_escrow: Key,
    leg: Leg,
    since: int,
    left: tuple[int, int],
) -> None:
    """NET-18."""
    places = []
    for _ in range(2):
        definition = station(station_operator, throughput=3, region=word("CN-420100"))
        added = network.addStation(definition, sender=station_operator)
        places.append(added.event("StationAdded").args.station)
    wanted = leg(from_station=places[0], to_station=places[1])
    network.reserve(7, wanted, sender=freight_escrow)
    assert network.loadsAt(places[0], SLOT) == network.loadsAt(places[1], SLOT + 4) == 1

    network.free(7, hours(wanted), since and DEPARTURE + since, sender=freight_escrow)
    assert (network.loadsAt(places[0], SLOT), network.loadsAt(places[1], SLOT + 4)) == left


def test_units_leave_a_run_whose_hours_stay(
    network: Contract,
    truck: int,
    crew: int,
    hub: int,
    carrier: Key,
    freight_escrow: Key,
    leg: Leg,
) -> None:
    """NET-20."""
    network.openRun(truck, crew, hub, DEPARTURE, ARRIVAL, sender=carrier)
    network.reserve(7, leg(), sender=freight_escrow)
    network.reserve(8, leg(units=1), sender=freight_escrow)

    left = network.free(7, hours(leg()), 0, sender=freight_escrow).event("Unboarded").args

    assert (left.vehicle, left.departure, left.consignment) == (truck, DEPARTURE, 7)
    assert left.units == 40_000
    assert network.runOf(truck, DEPARTURE).units == 1
    assert network.aboard(truck, DEPARTURE, 7) == 0
    assert not network.isFree(truck, DEPARTURE, DEPARTURE + HOUR)


def test_hours_beside_stay_taken(
    network: Contract, truck: int, crew: int, reserved: int, leg: Leg, freight_escrow: Key
) -> None:
    after = leg(departure=ARRIVAL, latest_arrival=ARRIVAL + HOUR)
    network.reserve(8, after, sender=freight_escrow)
    network.free(reserved, hours(leg()), 0, sender=freight_escrow)
    assert not network.isFree(truck, ARRIVAL, ARRIVAL + HOUR)


def test_reverts_when_the_caller_is_another(
    network: Contract, suite: Suite, reserved: int, leg: Leg, carrier: Key
) -> None:
    """NET-8: who else may is the desk of hours, whose acts are tested beside it."""
    assert network.hoursDesk() == suite.hours.address
    with reverts("NotWriter", caller=carrier):
        network.free(reserved, hours(leg()), 0, sender=carrier)
