"""addVehicle.

when the caller is no active carrier, or the definition names another: reverts
when tier, capacity or temperatures cannot be: reverts
otherwise: the vehicle stands under the next id
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import Role, Tier
from aidline.signing import Key
from tests.support.network import vehicle
from tests.support.reverts import reverts


def test_adds_a_vehicle(network: Contract, carrier: Key) -> None:
    receipt = network.addVehicle(vehicle(carrier), sender=carrier)

    assert [event.name for event in receipt.events] == ["VehicleAdded"]
    added = receipt.event("VehicleAdded").args
    assert (added.vehicle, added.carrier) == (1, carrier.address)
    assert (added.tier, added.capacity) == (Tier.TRUNK, 100_000)
    kept = network.vehicle(1)
    assert (kept.carrier, kept.capacity) == (carrier.address, 100_000)
    assert (kept.temperature_min, kept.temperature_max) == (200, 800)
    assert (kept.weight, kept.volume, kept.range) == (20_000, 80_000, 0)
    assert network.vehicleCount() == 1


def test_reverts_when_the_caller_is_no_carrier(network: Contract, charity: Key) -> None:
    with reverts("NotActive", account=charity, role=Role.CARRIER):
        network.addVehicle(vehicle(charity), sender=charity)


def test_reverts_when_the_vehicle_is_put_under_another(
    network: Contract, carrier: Key, branch_carrier: Key
) -> None:
    with reverts("NotOwn", named=branch_carrier, caller=carrier):
        network.addVehicle(vehicle(branch_carrier), sender=carrier)


def test_reverts_without_a_tier(network: Contract, carrier: Key) -> None:
    with reverts("BadTier"):
        network.addVehicle(vehicle(carrier, tier=Tier.NULL), sender=carrier)


@pytest.mark.parametrize("measure", ["capacity", "weight", "volume"])
def test_reverts_without_capacity(network: Contract, carrier: Key, measure: str) -> None:
    with reverts("ZeroCapacity"):
        network.addVehicle(vehicle(carrier, **{measure: 0}), sender=carrier)


def test_reverts_when_the_temperatures_cross(network: Contract, carrier: Key) -> None:
    with reverts("BadTemperatureRange", min=900, max=800):
        network.addVehicle(vehicle(carrier, temperature_min=900), sender=carrier)


def test_reading_an_unknown_vehicle_reverts(network: Contract) -> None:
    with reverts("UnknownVehicle", vehicle=1):
        network.vehicle(1)
