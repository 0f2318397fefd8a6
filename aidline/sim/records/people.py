"""Who takes part."""

from __future__ import annotations

from dataclasses import dataclass

from aidline.geodesy import Place
from aidline.sim.records.basics import Band, Tier

__all__ = [
    "Carrier",
    "Hospital",
    "HospitalSpec",
    "Organisation",
    "Participants",
    "PickUp",
    "Vehicle",
]


@dataclass(frozen=True, slots=True)
class Organisation:
    """A participant that is no hospital and no carrier.

    Attributes:
        id: Name in this scenario; its facility id on the chain.
        organisation: Legal body to which it belongs; two auditors of one body count as one.
        name_zh: Chinese name.
        name_en: English name.
        region: Region of its seat; for an auditor the region in which it audits.
        place: Where it is, if that matters.
    """

    id: str
    organisation: str
    name_zh: str
    name_en: str
    region: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class HospitalSpec:
    """A hospital as the scenario or a file gives it.

    Attributes:
        id: Name in this scenario; the column ``hospital_id`` of the files.
        name_zh: Chinese name.
        name_en: English name, empty when the source has none.
        region: Its prefecture, or its province where that is all that is known.
        place: Where it is; ``None`` when unknown.
        people_in_care: People in care; ``None`` when unknown.
        vulnerable: Whether it serves the especially vulnerable; ``None`` when unknown.
    """

    id: str
    name_zh: str
    name_en: str
    region: str
    place: Place | None
    people_in_care: int | None
    vulnerable: bool | None


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital with nothing unknown.

    Attributes:
        dock: Id of the station where it receives goods; the hospital operates it.
        branch: Id of the branch station that serves it.
    """

    id: str
    name_zh: str
    name_en: str
    region: str
    place: Place
    people_in_care: int
    vulnerable: bool
    dock: str
    branch: str


@dataclass(frozen=True, slots=True)
class PickUp:
    """A station where households take in what they have bought.

    Attributes:
        dock: Id of the station.
        branch: Id of the branch station that serves it.
    """

    dock: str
    branch: str


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Vehicles of one make of one carrier, each with a crew of its own.

    Attributes:
        id: Name in this scenario; with more than one, ``<id>-1``, ``<id>-2`` and so on.
        tier: On which tier it runs.
        capacity: Units that it carries.
        temperature: What it keeps its hold within.
        count: How many there are.
    """

    id: str
    tier: Tier
    capacity: int
    temperature: Band
    count: int


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier with its vehicles."""

    id: str
    organisation: str
    name_zh: str
    name_en: str
    region: str
    vehicles: tuple[Vehicle, ...]

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers on which it has vehicles, trunk first."""
        return tuple(tier for tier in Tier if any(v.tier is tier for v in self.vehicles))


@dataclass(frozen=True, slots=True)
class Participants:
    """Everybody who takes part, by role; hospitals are the recipients."""

    hospitals: tuple[HospitalSpec, ...]
    charities: tuple[Organisation, ...]
    suppliers: tuple[Organisation, ...]
    donors: tuple[Organisation, ...]
    carriers: tuple[Carrier, ...]
    station_operators: tuple[Organisation, ...]
    auditors: tuple[Organisation, ...]
    solvers: tuple[Organisation, ...]
    reporters: tuple[Organisation, ...]
    coordinators: tuple[Organisation, ...]
    arbiters: tuple[Organisation, ...]
