"""Vehicles and pallet devices: who can carry what, when, from where to where."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aidline.sim.prepare import RouteLeg
from aidline.sim.records import Hospital, LateLeg, PickUp, Tier
from aidline.sim.world import FleetVehicle, World
from aidline.telemetry import Band

__all__ = ["Fleet", "LegPlan", "delayed"]

_HOUR = 3600
_QUARTER = 900  # timetables have no finer time
_SEARCH_HOURS = 24 * 21


@dataclass(frozen=True, slots=True)
class LegPlan:
    """One carrier's part of a journey.

    Attributes:
        arrival: When it is handed on, as things go.
        latest: By when it was agreed to be.
    """

    tier: Tier
    vehicle: FleetVehicle
    start: str
    end: str
    departure: int
    arrival: int
    latest: int
    freight: int

    @property
    def hours(self) -> range:
        """Hours of unix time in which the vehicle is taken."""
        return _hours(self.departure, self.latest)


def _hours(start: int, end: int) -> range:
    """Return the hours of unix time that [start, end) touches."""
    return range(start // _HOUR, -(-end // _HOUR))


class Fleet:
    """What there is to carry with, as the dispatcher keeps it.

    Args:
        world: What the parties share.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        count = world.prepared.scenario.devices.count
        self._devices = deque(f"device {number}" for number in range(1, count + 1))

    # --- devices ---

    def take_device(self) -> str | None:
        """Return the name of a device that is free, and take it; ``None`` when none is."""
        return self._devices.popleft() if self._devices else None

    def free_device(self, device: str) -> None:
        """Put a device back; the one that has rested longest is taken next."""
        self._devices.append(device)

    # --- vehicles ---

    def capacity(self, band: Band) -> int:
        """Return the most units of goods of this band that every tier can carry at once."""
        return min(
            max(
                (v.capacity for v in self._world.fleet if v.tier is tier and _fits(v, band)),
                default=0,
            )
            for tier in Tier
        )

    def legs(
        self, origin: str, taker: Hospital | PickUp, units: int, band: Band, soonest: int
    ) -> list[LegPlan] | None:
        """Plan a journey end to end, as soon as there is a vehicle for each leg, and take them.

        Args:
            origin: The station at which the goods lie, by the scenario's id.
            taker: Where they are to go.
            units: How many.
            band: What their terms ask of the vehicles.
            soonest: The earliest departure, unix seconds.

        Returns:
            The legs; ``None`` when there are no vehicles within three weeks.
        """
        prepared = self._world.prepared
        if units > self.capacity(band):
            return None
        route = prepared.route(prepared.station(origin), taker)
        for wait in range(_SEARCH_HOURS):
            legs = self._legs_from(soonest + wait * _HOUR, route, units, band)
            if legs is not None:
                for leg in legs:
                    leg.vehicle.taken.update(leg.hours)
                return legs
        return None

    def _legs_from(
        self, departure: int, route: Sequence[RouteLeg], units: int, band: Band
    ) -> list[LegPlan] | None:
        """Return the legs of a journey that leaves at ``departure``, if it can."""
        made: list[LegPlan] = []
        for part in route:
            tariff = self._world.prepared.scenario.network.tariffs[part.tier]
            arrival = departure + -(-tariff.seconds(part.metres) // _QUARTER) * _QUARTER
            latest = arrival + tariff.slack
            vehicle = self._vehicle(part.tier, units, band, _hours(departure, latest))
            if vehicle is None:
                return None
            made.append(
                LegPlan(
                    tier=part.tier,
                    vehicle=vehicle,
                    start=part.from_station,
                    end=part.to_station,
                    departure=departure,
                    arrival=arrival,
                    latest=latest,
                    freight=tariff.freight(part.metres, units),
                )
            )
            departure = arrival
        return made

    def _vehicle(self, tier: Tier, units: int, band: Band, hours: range) -> FleetVehicle | None:
        fits = (
            vehicle
            for vehicle in self._world.fleet
            if vehicle.tier is tier
            and vehicle.capacity >= units
            and _fits(vehicle, band)
            and vehicle.taken.isdisjoint(hours)
        )
        return min(fits, key=lambda v: (v.capacity, len(v.taken), v.id), default=None)


def _fits(vehicle: FleetVehicle, band: Band) -> bool:
    """Say whether a vehicle keeps within a band."""
    return (
        vehicle.temperature.low >= band.temperature_min
        and vehicle.temperature.high <= band.temperature_max
    )


def delayed(legs: Sequence[LegPlan], late: Sequence[LateLeg]) -> list[LegPlan]:
    """Return legs with the arrivals that they will have, delays by script included."""
    delays = {script.tier: script.seconds for script in late}
    made: list[LegPlan] = []
    behind = 0
    for leg in legs:
        arrival = leg.arrival + behind
        if leg.tier in delays:
            arrival = max(arrival, leg.latest + delays[leg.tier])
        behind = arrival - leg.arrival
        made.append(replace(leg, arrival=arrival))
    return made
