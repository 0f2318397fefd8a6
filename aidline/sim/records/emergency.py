"""The indicator, and the plan that it starts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aidline.sim.records.basics import Day, Earmark

__all__ = [
    "Action",
    "CaseFigure",
    "CaseSeries",
    "Indicator",
    "Level",
    "Measure",
    "OpenFastPath",
    "Plan",
    "RaiseDemand",
    "ReleaseMoney",
    "Trigger",
]


@dataclass(frozen=True, slots=True)
class CaseFigure:
    """One day's figure of a region.

    Attributes:
        day: The day that it is about.
        value: Cumulative count.
        carried: Part of it is a former figure that was carried forward for want of a new one.
        revised_from: The figure that the source had given for the same day before, if it differed.
    """

    day: Day
    value: int
    carried: bool = False
    revised_from: int | None = None


@dataclass(frozen=True, slots=True)
class CaseSeries:
    """The figures of one region, one a day at most, days ascending; a missing day is missing."""

    region: str
    figures: tuple[CaseFigure, ...]

    def on(self, day: int) -> CaseFigure | None:
        """Returns the figure of a day, ``None`` when there is none."""
        return next((figure for figure in self.figures if figure.day == day), None)


@dataclass(frozen=True, slots=True)
class Indicator:
    """What the reporters measure.

    Attributes:
        id: Name, at most 31 ASCII characters.
        title: In words.
        unit: What is counted, at most 31 ASCII characters.
        source: Id of the source of the figures.
        accumulating: True for counts that should not fall.
        maximum: Largest sane value.
        report_time: Seconds after midnight (UTC) at which a day's figure is signed.
        faults: How many reporters may lie or be silent.
        series: By region.
    """

    id: str
    title: str
    unit: str
    source: str
    accumulating: bool
    maximum: int
    report_time: int
    faults: int
    series: tuple[CaseSeries, ...]


class Measure(StrEnum):
    """What a condition looks at."""

    VALUE = "value"
    GROWTH = "growth"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One condition of a level.

    Attributes:
        measure: The figure of the day, or its growth over ``window`` days (basis points).
        window: Days over which growth is taken; 0 for the figure itself.
        rise: At or above it the condition is met.
        fall: Below it the condition has let go; at most ``rise``.
    """

    measure: Measure
    window: int
    rise: int
    fall: int


@dataclass(frozen=True, slots=True)
class RaiseDemand:
    """Raises ``base`` + ``rate`` * figure of the region / 1000 units, at most ``ceiling``.

    Attributes:
        region: Region whose attested hospitals may claim their parts.
        duration: Seconds for which they can.
    """

    region: str
    material: str
    base: int
    rate: int
    ceiling: int
    duration: int


@dataclass(frozen=True, slots=True)
class ReleaseMoney:
    """Lets ``spender`` prepay freight from the relief fund's line of ``earmark`` up to ``ceiling``.

    Attributes:
        region: Region for which it is released.
        duration: Seconds for which it is.
    """

    region: str
    earmark: Earmark
    spender: str
    ceiling: int
    duration: int


@dataclass(frozen=True, slots=True)
class OpenFastPath:
    """Lets unaudited demand of a region be served: ``ceiling`` units, for ``duration`` seconds."""

    region: str
    ceiling: int
    duration: int


Action = RaiseDemand | ReleaseMoney | OpenFastPath


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the plan.

    Attributes:
        name: In words.
        all_of: True when all conditions must hold, false when one is enough.
        minimum_stay: Days that it stays at least before it may fall.
        conditions: What a region must meet.
        actions: What is set going when it starts, once in an activation.
    """

    name: str
    all_of: bool
    minimum_stay: int
    conditions: tuple[Trigger, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The preset plan.

    Attributes:
        id: Name, at most 31 ASCII characters.
        kind: Type of emergency, at most 31 ASCII characters.
        indicator: Id of the indicator that it reads.
        regions: Scope: the provinces that are looked at.
        regions_needed: How many of them must meet a level's conditions.
        time_to_live: Seconds after which an activation lapses unless fresh data renews it.
        levels: From the lowest (1) to the highest.
    """

    id: str
    kind: str
    indicator: str
    regions: tuple[str, ...]
    regions_needed: int
    time_to_live: int
    levels: tuple[Level, ...]
