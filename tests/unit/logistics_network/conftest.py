"""A network with a few stations and vehicles; a plain key stands for FreightEscrow.

The way is the one of every day: a hub far off, the recognised centre of the affected province, a
branch station, the dock of a hospital.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import Tier
from aidline.signing import Key
from tests.support.network import DEPARTURE, crew_of, station, vehicle
from tests.support.people import key_of, word
from tests.support.suite import HOUR, START, Suite, deploy_suite


@pytest.fixture(scope="session")
def suite() -> Suite:
    writer = key_of("freight_escrow").address
    return deploy_suite(RevmChain(timestamp=START), known={"FreightEscrow": writer})


@pytest.fixture
def freight_escrow() -> Key:
    return key_of("freight_escrow")


@pytest.fixture
def network(suite: Suite) -> Contract:
    return suite.network


@pytest.fixture
def hub(network: Contract, carrier: Key) -> int:
    """A trunk station in Guangdong."""
    return network.addStation(station(carrier), sender=carrier).event("StationAdded").args.station


@pytest.fixture
def yard(network: Contract, station_operator: Key) -> int:
    """A trunk station in Wuhan, not recognised."""
    definition = station(station_operator, region=word("CN-420100"))
    added = network.addStation(definition, sender=station_operator)
    return added.event("StationAdded").args.station


@pytest.fixture
def centre(network: Contract, station_operator: Key, coordinator: Key) -> int:
    """A recognised centre in Wuhan."""
    definition = station(station_operator, region=word("CN-420100"))
    added = network.addStation(definition, sender=station_operator)
    place: int = added.event("StationAdded").args.station
    network.recognise(place, word("CN-HB"), True, sender=coordinator)
    return place


@pytest.fixture
def branch(network: Contract, station_operator: Key) -> int:
    """A branch station in Wuhan."""
    definition = station(station_operator, region=word("CN-420100"), tier=Tier.BRANCH)
    added = network.addStation(definition, sender=station_operator)
    return added.event("StationAdded").args.station


@pytest.fixture
def dock(network: Contract, hospital: Key) -> int:
    """The dock of a hospital in Wuhan."""
    definition = station(hospital, region=word("CN-420100"), tier=Tier.TERMINAL)
    return network.addStation(definition, sender=hospital).event("StationAdded").args.station


@pytest.fixture
def crew(network: Contract, carrier: Key) -> int:
    return network.addCrew(crew_of(carrier), sender=carrier).event("CrewAdded").args.crew


@pytest.fixture
def truck(network: Contract, carrier: Key) -> int:
    """A cold trunk truck."""
    added = network.addVehicle(vehicle(carrier), sender=carrier)
    return added.event("VehicleAdded").args.vehicle


@pytest.fixture
def leg(
    truck: int, crew: int, carrier: Key, hub: int, centre: int
) -> Callable[..., dict[str, Any]]:
    """A trunk leg of five hours that can be reserved, with some fields changed."""

    def make(**changes: Any) -> dict[str, Any]:
        return {
            "carrier": carrier.address,
            "vehicle": truck,
            "crew": crew,
            "from_station": hub,
            "to_station": centre,
            "departure": DEPARTURE,
            "latest_arrival": DEPARTURE + 5 * HOUR,
            "units": 40_000,
            "temperature_min": 200,
            "temperature_max": 800,
        } | changes

    return make


@pytest.fixture
def suspended(suite: Suite, suspender: Key) -> Callable[[Key], None]:
    """Suspends somebody."""

    def suspend(person: Key) -> None:
        suite.registry.suspend(person.address, word("test"), sender=suspender)

    return suspend
