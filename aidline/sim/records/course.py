"""What goes wrong by script, the rules, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aidline.sim.records.basics import Clock, Currency, Day, Source, Tier
from aidline.sim.records.emergency import Indicator, Plan
from aidline.sim.records.goods import (
    DemandSpec,
    GiftInKind,
    GiftOfMoney,
    Material,
    PersonalOrder,
    Supply,
)
from aidline.sim.records.people import Participants
from aidline.sim.records.transport import Devices, Network, Terms

__all__ = [
    "Conditions",
    "Excursion",
    "InputCount",
    "LateLeg",
    "OrderBreakingProposal",
    "RuleCall",
    "Scenario",
]


@dataclass(frozen=True, slots=True)
class LateLeg:
    """The ``nth`` consignment that fits is late on one leg.

    Attributes:
        nth: 1 is the first.
        cold_chain: Only consignments of cold goods (true) or of others (false) are counted.
        tier: Which leg.
        seconds: How late, beyond the latest arrival that was agreed.
    """

    nth: int
    cold_chain: bool
    tier: Tier
    seconds: int


@dataclass(frozen=True, slots=True)
class Excursion:
    """The ``nth`` consignment that fits leaves its limits on one leg.

    Attributes:
        nth: 1 is the first.
        cold_chain: Only consignments of cold goods (true) or of others (false) are counted.
        tier: On which leg.
        peak: Temperature that is held, hundredths of a degree Celsius.
        seconds: How long it is held.
    """

    nth: int
    cold_chain: bool
    tier: Tier
    peak: int
    seconds: int


@dataclass(frozen=True, slots=True)
class OrderBreakingProposal:
    """At the first chance from this day on a proposal is made that breaks the order of urgency."""

    day: Day


@dataclass(frozen=True, slots=True)
class Conditions:
    """What goes wrong by script."""

    late_legs: tuple[LateLeg, ...]
    excursions: tuple[Excursion, ...]
    order_breaking: tuple[OrderBreakingProposal, ...]


@dataclass(frozen=True, slots=True)
class RuleCall:
    """A named rule with its parameters, as the scenario sets it."""

    name: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as data.

    Attributes:
        name: By which it is called.
        path: File from which it was read.
        seed: Seed when none is given.
        copies: How often gifts in kind, demands, devices and vehicles stand, for bigger runs.
        regions: Codes of all regions that are registered, each after its parent.
        terms: By name.
        rules: By what they fill in.
    """

    name: str
    path: str
    title: str
    summary: str
    sources: tuple[Source, ...]
    seed: int
    copies: int
    clock: Clock
    regions: tuple[str, ...]
    currency: Currency
    materials: tuple[Material, ...]
    participants: Participants
    devices: Devices
    network: Network
    terms: Mapping[str, Terms]
    indicator: Indicator
    plan: Plan
    supplies: tuple[Supply, ...]
    orders: tuple[PersonalOrder, ...]
    gifts: tuple[GiftInKind, ...]
    money: tuple[GiftOfMoney, ...]
    demands: tuple[DemandSpec, ...]
    conditions: Conditions
    rules: Mapping[str, RuleCall]

    def material(self, material_id: str) -> Material:
        """Returns the material of this id, which stands in the scenario."""
        return next(material for material in self.materials if material.id == material_id)


@dataclass(frozen=True, slots=True)
class InputCount:
    """What became of the rows of one file.

    Every row has one fate: ``rows`` = ``used`` + ``merged`` + ``rejected``. ``unknown`` and
    ``capped`` tell of what kind they were.

    Attributes:
        file: Name of the file, without its folder.
        rows: Rows with data.
        used: Rows that stand in the run as records of their own.
        unknown: Rows whose figure is empty (or a quantity of nought); a demand's is filled by rule,
            a count or a reading is left out.
        capped: Rows whose figure was absurd and was cut.
        merged: Rows that went into another row's record: duplicates and revisions.
        rejected: Rows that cannot be used: an unknown material, hospital or region, a day outside
            the scenario's, a figure that is empty or cannot be true.
    """

    file: str
    rows: int
    used: int
    unknown: int
    capped: int
    merged: int
    rejected: int

    def as_json(self) -> dict[str, int | str]:
        """Returns the counts as they stand in a summary."""
        return {
            "file": self.file,
            "rows": self.rows,
            "used": self.used,
            "unknown": self.unknown,
            "capped": self.capped,
            "merged": self.merged,
            "rejected": self.rejected,
        }
