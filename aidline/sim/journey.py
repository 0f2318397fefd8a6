"""A consignment, from the units that were allocated to what its device has recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aidline.messages import Booking
from aidline.model import Policy
from aidline.sim import records
from aidline.sim.fleet import LegPlan
from aidline.sim.pallet import Pallet
from aidline.sim.records import Material, Terms
from aidline.telemetry import Band, Point, Recorder

__all__ = ["Allocated", "Journey", "band_of"]

_POLICIES = {
    records.Policy.CONSIGNEE: Policy.CONSIGNEE,
    records.Policy.DEVICE: Policy.DEVICE,
    records.Policy.BOTH: Policy.BOTH,
    records.Policy.DEVICE_THEN_SILENCE: Policy.DEVICE_THEN_SILENCE,
}


@dataclass(frozen=True, slots=True)
class Allocated:
    """Units that were allocated and wait to be carried.

    Attributes:
        id: The allocation.
        demand: What it serves.
        holder: Name of who holds them.
        hospital: Name of who gets them.
        material: Id in the scenario.
        station: Where they lie, by the scenario's id.
        units: How many.
        at: When they were allocated, unix seconds.
    """

    id: int
    demand: int
    holder: str
    hospital: str
    material: str
    station: str
    units: int
    at: int


@dataclass(slots=True)
class Journey:
    """A consignment on its way.

    Attributes:
        allocations: What it carries.
        terms: On which terms.
        band: Band of its terms.
        legs: In order, with arrivals as they will be.
        device: Name of the device that rides along.
        pallet: What the device will read.
        id: The consignment, once booked.
        booking: What was booked, once it was.
        content: Hash of what it carries, once booked.
        outflow: The relief fund's outflow that pays for it; 0 when the hospital pays.
        recorder: What the device remembers, once booked.
        told: What it has told, batch by batch.
    """

    allocations: tuple[Allocated, ...]
    terms: Terms
    band: Band
    legs: Sequence[LegPlan]
    device: str
    pallet: Pallet
    id: int = 0
    booking: Booking | None = None
    content: bytes = b""
    outflow: int = 0
    recorder: Recorder | None = None
    told: list[Point] = field(default_factory=list)

    @property
    def hospital(self) -> str:
        """Name of the consignee."""
        return self.allocations[0].hospital

    @property
    def holder(self) -> str:
        """Name of the consignor."""
        return self.allocations[0].holder

    @property
    def policy(self) -> Policy:
        """What proves its delivery."""
        return _POLICIES[self.terms.policy]

    @property
    def freight(self) -> int:
        """What is prepaid, base units of the currency."""
        return sum(leg.freight for leg in self.legs)


def band_of(materials: Sequence[Material]) -> Band:
    """Return the band that suits all of some materials; its ends are crossed when none does."""
    return Band(
        temperature_min=max(material.temperature.low for material in materials),
        temperature_max=min(material.temperature.high for material in materials),
        humidity_min=max(material.humidity.low for material in materials),
        humidity_max=min(material.humidity.high for material in materials),
    )
