"""recognise.

when the caller is no active coordinator: reverts
when the station is unknown: reverts
when it changes: the station is recognised, or no longer
when nothing changes: nothing is put out
"""

from __future__ import annotations

from collections.abc import Callable

from aidline.client import Contract
from aidline.model import Role
from aidline.signing import Key
from tests.support.reverts import reverts


def test_a_coordinator_recognises_and_withdraws(
    network: Contract, yard: int, coordinator: Key
) -> None:
    recognised = network.recognise(yard, True, sender=coordinator).event("CentreRecognised").args
    assert recognised.station == yard
    assert recognised.coordinator == coordinator.address
    assert recognised.recognised
    assert network.station(yard).recognised

    withdrawn = network.recognise(yard, False, sender=coordinator).event("CentreRecognised").args
    assert not withdrawn.recognised
    assert not network.station(yard).recognised


def test_puts_out_nothing_when_nothing_changes(
    network: Contract, centre: int, coordinator: Key
) -> None:
    assert network.recognise(centre, True, sender=coordinator).events == []
    assert network.station(centre).recognised


def test_reverts_when_the_operator_recognises_itself(
    network: Contract, yard: int, station_operator: Key
) -> None:
    with reverts("NotActive", account=station_operator, role=Role.COORDINATOR):
        network.recognise(yard, True, sender=station_operator)


def test_reverts_when_the_coordinator_is_suspended(
    network: Contract, yard: int, coordinator: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(coordinator)
    with reverts("NotActive", account=coordinator):
        network.recognise(yard, True, sender=coordinator)


def test_reverts_when_the_station_is_unknown(network: Contract, coordinator: Key) -> None:
    with reverts("UnknownStation", station=9):
        network.recognise(9, True, sender=coordinator)
