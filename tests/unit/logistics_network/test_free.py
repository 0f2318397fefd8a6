"""free.

when the caller is not FreightEscrow: reverts
otherwise: the hours of vehicle and crew can be taken again
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.network import DEPARTURE
from tests.support.reverts import reverts
from tests.support.suite import HOUR

ARRIVAL = DEPARTURE + 5 * HOUR
Leg = Callable[..., dict[str, Any]]


@pytest.fixture
def reserved(network: Contract, leg: Leg, freight_escrow: Key) -> int:
    network.reserve(7, leg(), sender=freight_escrow)
    return 7


def test_the_hours_can_be_taken_again(
    network: Contract, truck: int, crew: int, reserved: int, leg: Leg, freight_escrow: Key
) -> None:
    receipt = network.free(reserved, truck, crew, DEPARTURE, ARRIVAL, sender=freight_escrow)

    released = receipt.event("SlotsReleased").args
    assert (released.vehicle, released.crew, released.consignment) == (truck, crew, reserved)
    assert (released.from_slot, released.to_slot) == (DEPARTURE // HOUR, ARRIVAL // HOUR)
    assert network.isFree(truck, DEPARTURE, ARRIVAL)
    assert network.isCrewFree(crew, DEPARTURE, ARRIVAL)
    network.reserve(8, leg(), sender=freight_escrow)


def test_hours_beside_stay_taken(
    network: Contract, truck: int, crew: int, reserved: int, leg: Leg, freight_escrow: Key
) -> None:
    after = leg(departure=ARRIVAL, latest_arrival=ARRIVAL + HOUR)
    network.reserve(8, after, sender=freight_escrow)
    network.free(reserved, truck, crew, DEPARTURE, ARRIVAL, sender=freight_escrow)
    assert not network.isFree(truck, ARRIVAL, ARRIVAL + HOUR)


def test_reverts_when_the_caller_is_not_the_freight_escrow(
    network: Contract, truck: int, crew: int, reserved: int, carrier: Key
) -> None:
    with reverts("NotWriter", caller=carrier):
        network.free(reserved, truck, crew, DEPARTURE, ARRIVAL, sender=carrier)
