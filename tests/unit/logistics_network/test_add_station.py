"""addStation.

when the caller holds no role that runs stations, or is suspended: reverts
when the definition names another operator: reverts
when it declares itself recognised: reverts
when tier, place, temperatures, rooms, opening hours or region cannot be: reverts
when all fits: the station stands unrecognised under the next id
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import Room, Tier
from aidline.signing import Key
from tests.support.network import station
from tests.support.people import key_of, word
from tests.support.reverts import reverts


@pytest.mark.parametrize("name", ["station_operator", "charity", "supplier", "carrier", "hospital"])
def test_adds_a_station_of_whoever_runs_one(network: Contract, name: str) -> None:
    keeper = key_of(name)

    definition = station(keeper, rooms=Room.COLD, open_hours=0xFFFF00, throughput=12)
    receipt = network.addStation(definition, sender=keeper)

    added = receipt.event("StationAdded").args
    assert (added.station, added.operator, added.tier) == (1, keeper.address, Tier.TRUNK)
    assert (added.latitude, added.longitude) == (23_129_110, 113_264_385)
    kept = network.station(1)
    assert kept.operator == keeper.address
    assert kept.tier == Tier.TRUNK
    assert (kept.temperature_min, kept.temperature_max) == (200, 800)
    assert kept.region == word("CN-GD")
    assert (kept.rooms, kept.open_hours, kept.throughput) == (Room.COLD, 0xFFFF00, 12)
    assert (kept.latitude, kept.longitude) == (23_129_110, 113_264_385)
    assert not kept.recognised
    assert network.stationCount() == 1


@pytest.mark.parametrize("name", ["donor", "auditor", "solver", "coordinator", "stranger"])
def test_reverts_when_the_caller_runs_no_stations(network: Contract, name: str) -> None:
    caller = key_of(name)
    with reverts("NotStationKeeper", caller=caller):
        network.addStation(station(caller), sender=caller)
    assert network.stationCount() == 0


def test_reverts_when_the_operator_is_suspended(
    network: Contract, charity: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(charity)
    with reverts("NotStationKeeper", caller=charity):
        network.addStation(station(charity), sender=charity)


def test_reverts_when_the_station_is_put_under_another(
    network: Contract, charity: Key, carrier: Key
) -> None:
    with reverts("NotOwn", named=carrier, caller=charity):
        network.addStation(station(carrier), sender=charity)


def test_reverts_when_it_declares_itself_recognised(network: Contract, charity: Key) -> None:
    with reverts("RecognisedByDeclaration"):
        network.addStation(station(charity, recognised=True), sender=charity)


def test_reverts_without_a_tier(network: Contract, charity: Key) -> None:
    with reverts("BadTier"):
        network.addStation(station(charity, tier=Tier.NULL), sender=charity)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(90_000_001, 0), (-90_000_001, 0), (0, 180_000_001), (0, -180_000_001)],
)
def test_reverts_outside_the_globe(
    network: Contract, charity: Key, latitude: int, longitude: int
) -> None:
    definition = station(charity, latitude=latitude, longitude=longitude)
    with reverts("OutsideGlobe", latitude=latitude, longitude=longitude):
        network.addStation(definition, sender=charity)


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90_000_000, 180_000_000), (-90_000_000, -180_000_000)]
)
def test_adds_a_station_at_the_edge_of_the_globe(
    network: Contract, charity: Key, latitude: int, longitude: int
) -> None:
    definition = station(charity, latitude=latitude, longitude=longitude)
    network.addStation(definition, sender=charity)
    assert (network.station(1).latitude, network.station(1).longitude) == (latitude, longitude)


def test_reverts_when_the_temperatures_cross(network: Contract, charity: Key) -> None:
    definition = station(charity, temperature_min=801, temperature_max=800)
    with reverts("BadTemperatureRange", min=801, max=800):
        network.addStation(definition, sender=charity)


def test_reverts_with_rooms_of_no_kind(network: Contract, charity: Key) -> None:
    with reverts("BadRooms", rooms=8):
        network.addStation(station(charity, rooms=8), sender=charity)


def test_reverts_when_it_is_never_open(network: Contract, charity: Key) -> None:
    with reverts("NeverOpen"):
        network.addStation(station(charity, open_hours=0), sender=charity)


def test_reverts_in_an_unknown_region(network: Contract, charity: Key) -> None:
    with reverts("UnknownRegion", region=word("CN-XX")):
        network.addStation(station(charity, region=word("CN-XX")), sender=charity)


def test_reading_an_unknown_station_reverts(network: Contract) -> None:
    with reverts("UnknownStation", station=1):
        network.station(1)
