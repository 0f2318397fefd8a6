"""recognise.

when the caller is no active coordinator: reverts
when the region is no province: reverts
when the station is unknown: reverts
when it changes: the station serves the province as a centre, or no longer
when nothing changes: nothing is put out
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import Role
from aidline.signing import Key
from tests.support.people import word
from tests.support.reverts import reverts

HUBEI, GUANGDONG = word("CN-HB"), word("CN-GD")


@pytest.mark.parametrize("province", [HUBEI, GUANGDONG])
def test_a_coordinator_recognises_and_withdraws(
    network: Contract, yard: int, coordinator: Key, province: bytes
) -> None:
    """NET-3."""
    told = network.recognise(yard, province, True, sender=coordinator).event("CentreRecognised")
    assert (told.args.station, told.args.province) == (yard, province)
    assert told.args.coordinator == coordinator.address
    assert told.args.recognised
    assert network.serves(yard, province)
    assert not network.serves(yard, GUANGDONG if province == HUBEI else HUBEI)
    assert network.station(yard).recognised is (province == HUBEI)

    told = network.recognise(yard, province, False, sender=coordinator).event("CentreRecognised")
    assert not told.args.recognised
    assert not network.serves(yard, province)


def test_puts_out_nothing_when_nothing_changes(
    network: Contract, centre: int, coordinator: Key
) -> None:
    assert network.recognise(centre, HUBEI, True, sender=coordinator).events == []
    assert network.recognise(centre, GUANGDONG, False, sender=coordinator).events == []
    assert network.serves(centre, HUBEI)


@pytest.mark.parametrize("region", ["CN", "CN-420100"])
def test_reverts_when_the_region_is_no_province(
    network: Contract, yard: int, coordinator: Key, region: str
) -> None:
    with reverts("NotAProvince", region=word(region)):
        network.recognise(yard, word(region), True, sender=coordinator)


def test_reverts_when_the_operator_recognises_itself(
    network: Contract, yard: int, station_operator: Key
) -> None:
    with reverts("NotActive", account=station_operator, role=Role.COORDINATOR):
        network.recognise(yard, HUBEI, True, sender=station_operator)


def test_reverts_when_the_coordinator_is_suspended(
    network: Contract, yard: int, coordinator: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(coordinator)
    with reverts("NotActive", account=coordinator):
        network.recognise(yard, HUBEI, True, sender=coordinator)


def test_reverts_when_the_station_is_unknown(network: Contract, coordinator: Key) -> None:
    with reverts("UnknownStation", station=9):
        network.recognise(9, HUBEI, True, sender=coordinator)
