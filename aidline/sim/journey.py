"""A consignment, from what it is to carry to what its device has recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aidline.messages import Booking
from aidline.model import Policy
from aidline.sim import records
from aidline.sim.fleet import LegPlan
from aidline.sim.pallet import Pallet
from aidline.sim.records import Hospital, Material, PersonalOrder, PickUp, Terms
from aidline.telemetry import Band, Point, Recorder

__all__ = ["Allocated", "Journey", "Load", "Purchase", "band_of"]

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


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a household has bought.

    Attributes:
        order: What it ordered.
        seller: Name of who sells.
        parcel: The goods.
        salt: What, with the address of its one-time key, gives the hash that the booking keeps.
    """

    order: PersonalOrder
    seller: str
    parcel: int
    salt: bytes

    @property
    def household(self) -> str:
        """Name under which the household pays."""
        return f"household {self.order.id}"

    @property
    def key(self) -> str:
        """Name of the one-time key with which it accepts."""
        return f"one-time key {self.order.id}"


@dataclass(frozen=True, slots=True)
class Load:
    """What one consignment is to carry: what was allocated to a hospital, or what was bought.

    Attributes:
        id: What tells it from other loads; drives what is drawn for it.
        allocations: The allocations; none of what was bought.
        purchase: What was bought; ``None`` of what was allocated.
        materials: What kinds of goods.
        units: How many.
        holder: Name of who has them.
        taker: Name of who accepts them.
        payer: Name of who prepays, unless the relief fund does.
        start: Where they lie, by the scenario's id.
        end: Where they are to go.
        terms: Name of the terms.
        at: Since when they wait, unix seconds.
    """

    id: int | str
    allocations: tuple[Allocated, ...]
    purchase: Purchase | None
    materials: tuple[Material, ...]
    units: int
    holder: str
    taker: str
    payer: str
    start: str
    end: Hospital | PickUp
    terms: str
    at: int

    @property
    def price(self) -> int:
        """Price of the goods where they are bought, base units of the currency."""
        return 0 if self.purchase is None else self.purchase.order.price

    @property
    def is_cold(self) -> bool:
        """Whether any of the goods must stay cold."""
        return any(material.cold_chain for material in self.materials)


@dataclass(slots=True)
class Journey:
    """A consignment on its way.

    Attributes:
        load: What it carries, from whom to whom.
        terms: On which terms.
        band: Band of its terms.
        legs: In order, with arrivals as they will be.
        device: Name of the device that rides along.
        pallet: What the device will read.
        id: The consignment, once booked.
        booking: What was booked, once it was.
        content: Hash of what it carries, once booked.
        outflow: The relief fund's outflow that pays for it; 0 when another pays.
        recorder: What the device remembers, once booked.
        told: What it has told, batch by batch.
    """

    load: Load
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
    def policy(self) -> Policy:
        """What proves its delivery."""
        return _POLICIES[self.terms.policy]

    @property
    def freight(self) -> int:
        """What is prepaid for carrying it, base units of the currency."""
        return sum(leg.freight for leg in self.legs)


def band_of(materials: Sequence[Material]) -> Band:
    """Return the band that suits all of some materials; its ends are crossed when none does."""
    return Band(
        temperature_min=max(material.temperature.low for material in materials),
        temperature_max=min(material.temperature.high for material in materials),
        humidity_min=max(material.humidity.low for material in materials),
        humidity_max=min(material.humidity.high for material in materials),
    )
