"""INV-NET-1: no hour of a vehicle or crew is booked twice, and none leaks.

Random reservations and releases of two vehicles that share a crew, beside sets of hours in Python.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from aidline.client import Contract
from aidline.errors import ContractReverted
from aidline.signing import Key
from tests.support.network import DEPARTURE, vehicle
from tests.support.suite import HOUR

FIRST = DEPARTURE // HOUR
Leg = Callable[..., dict[str, Any]]


def test_inv_net_1_no_hour_is_booked_twice(
    network: Contract, truck: int, crew: int, carrier: Key, freight_escrow: Key, leg: Leg
) -> None:
    second = network.addVehicle(vehicle(carrier), sender=carrier)
    vehicles = [truck, second.event("VehicleAdded").args.vehicle]
    dice = random.Random(20200123)
    live: dict[int, tuple[int, range]] = {}

    def as_reserved(driven: int, window: range) -> dict[str, int]:
        times = {"departure": window.start * HOUR, "latest_arrival": window.stop * HOUR}
        places = {key: leg()[key] for key in ("from_station", "to_station")}
        return {"vehicle": driven, "crew": crew, **places, **times}

    refused = accepted = freed = 0
    for consignment in range(1, 251):
        driven = dice.choice(vehicles)
        begin = FIRST + dice.randrange(600)
        hours = range(begin, begin + dice.choice([1, 2, 5, 24, 200, 256]))
        clash = any(set(hours) & set(taken) for _, taken in live.values())
        wanted = leg(
            vehicle=driven,
            departure=begin * HOUR + dice.randrange(HOUR),
            latest_arrival=hours.stop * HOUR - dice.randrange(HOUR - 1),
        )
        if wanted["latest_arrival"] <= wanted["departure"]:
            continue
        try:
            network.reserve(consignment, wanted, sender=freight_escrow)
            assert not clash
            live[consignment] = (driven, hours)
            accepted += 1
        except ContractReverted as refusal:
            assert clash and refusal.error in ("SlotTaken", "CrewBusy"), refusal
            refused += 1
        if live and dice.random() < 0.4:
            ended, (used, window) = dice.choice(sorted(live.items(), key=lambda item: item[0]))
            network.free(ended, as_reserved(used, window), 0, sender=freight_escrow)
            del live[ended]
            freed += 1
        probe = FIRST + dice.randrange(900)
        taken = {hour for _, window in live.values() for hour in window}
        assert network.isCrewFree(crew, probe * HOUR, (probe + 1) * HOUR) is (probe not in taken)
    assert accepted > 20 and refused > 20 and freed > 20
    for ended, (used, window) in live.items():
        network.free(ended, as_reserved(used, window), 0, sender=freight_escrow)
    for begin in range(FIRST, FIRST + 900, 256):
        for driven in vehicles:
            assert network.isFree(driven, begin * HOUR, (begin + 256) * HOUR)
        assert network.isCrewFree(crew, begin * HOUR, (begin + 256) * HOUR)
