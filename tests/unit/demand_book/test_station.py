"""The station that a demand names, seen through `publish` of DemandBook (DEM-37).

├── given a station that does not exist: refused
├── given one that another runs, unless a station operator in the same province does: refused
├── given one whose band does not lie within the material's: refused
└── else the goods can be kept there
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import Room
from aidline.signing import Key
from tests.support.demand import Desk
from tests.support.network import station
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import KIT

WUHAN = word("CN-420100")


@pytest.fixture(autouse=True)
def declared(desk: Desk, hospital: Key) -> None:
    desk.declare(hospital)


@pytest.fixture
def network(desk: Desk) -> Contract:
    return desk.suite.network


def add(network: Contract, operator: Key, **changes: object) -> int:
    definition = station(operator, **({"region": WUHAN} | changes))
    number: int = network.addStation(definition, sender=operator).event("StationAdded").args.station
    return number


def test_reverts_when_the_station_does_not_exist(desk: Desk, hospital: Key) -> None:
    with reverts("UnknownStation", station=99):
        desk.publish(hospital, station=99)


def test_takes_the_recipients_own_wherever_it_lies(
    desk: Desk, network: Contract, hospital: Key
) -> None:
    own = add(network, hospital, region=word("CN-GD"))
    assert desk.needs.stationOf(desk.publish(hospital, station=own)) == own


def test_reverts_when_it_is_not_run_for_the_recipient(
    desk: Desk, network: Contract, hospital: Key, second_hospital: Key, station_operator: Key
) -> None:
    rivals = add(network, second_hospital)
    far = add(network, station_operator, region=word("CN-GD"))
    for other in (rivals, far):
        with reverts("NotRecipientsStation", station=other, recipient=hospital):
            desk.publish(hospital, station=other)


def test_reverts_when_who_runs_it_is_suspended(
    desk: Desk, hospital: Key, station_operator: Key, suspend: Callable[[Key], None]
) -> None:
    suspend(station_operator)
    with reverts("NotRecipientsStation", recipient=hospital):
        desk.publish(hospital)


@pytest.mark.parametrize(("coldest", "warmest"), [(199, 800), (200, 801), (-2_000, 2_500)])
def test_reverts_when_the_station_cannot_keep_the_goods(
    desk: Desk, network: Contract, hospital: Key, coldest: int, warmest: int
) -> None:
    room = add(network, hospital, temperature_min=coldest, temperature_max=warmest)
    with reverts("StationCannotStore", station=room, material=KIT):
        desk.publish(hospital, material=KIT, station=room)
    desk.publish(hospital, station=room)


def test_takes_a_station_with_a_room_that_keeps_the_goods(
    desk: Desk, network: Contract, hospital: Key
) -> None:
    hall = {"temperature_min": 1_500, "temperature_max": 2_500}
    frozen = add(network, hospital, rooms=Room.FROZEN, **hall)
    with reverts("StationCannotStore", station=frozen, material=KIT):
        desk.publish(hospital, material=KIT, station=frozen)
    cold = add(network, hospital, rooms=Room.FROZEN | Room.COLD, **hall)
    desk.publish(hospital, material=KIT, station=cold)


def test_takes_a_band_within_the_materials(desk: Desk, network: Contract, hospital: Key) -> None:
    for band in ((200, 800), (400, 500)):
        room = add(network, hospital, temperature_min=band[0], temperature_max=band[1])
        desk.publish(hospital, material=KIT, station=room)
