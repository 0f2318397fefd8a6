"""What everything else is made of: days, bands, tiers, kinds, sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NewType

from aidline.solve.urgency import level_of

__all__ = [
    "SECONDS_A_DAY",
    "Band",
    "Clock",
    "Currency",
    "Day",
    "Earmark",
    "EarmarkKind",
    "Need",
    "Policy",
    "Source",
    "Tier",
    "date_of",
    "day_of",
]

Day = NewType("Day", int)

SECONDS_A_DAY = 86_400
_EPOCH = date(1970, 1, 1)


def day_of(value: date) -> Day:
    """Returns the number of days from 1970-01-01 to ``value``."""
    return Day((value - _EPOCH).days)


def date_of(day: Day) -> date:
    """Returns the date of a day."""
    return _EPOCH + timedelta(days=day)


class Need(StrEnum):
    """Level of urgency, as the contracts compute it from the facts of need."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @classmethod
    def of(cls, stock: int, daily_use: int, vulnerable: bool) -> Need:
        """Computes the level: under 24, 72, 168 hours of stock; one higher when vulnerable."""
        return cls(level_of(stock, daily_use, vulnerable=vulnerable).name.lower())


class Tier(StrEnum):
    """The three tiers of transport."""

    TRUNK = "trunk"
    BRANCH = "branch"
    TERMINAL = "terminal"


class EarmarkKind(StrEnum):
    """For whom a gift is meant."""

    NONE = "none"
    REGION = "region"
    FACILITY = "facility"
    EMERGENCY = "emergency"


class Policy(StrEnum):
    """What proves a delivery."""

    CONSIGNEE = "consignee"
    DEVICE = "device"
    BOTH = "both"
    DEVICE_THEN_SILENCE = "device_then_silence"


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures of the scenario come from.

    Attributes:
        id: Name by which the blocks of the scenario refer to it.
        title: Title as published.
        publisher: Who published it.
        licence: Terms of use.
        note: What was taken from it, and what was not.
    """

    id: str
    title: str
    publisher: str
    licence: str
    note: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The days that are played, both included (UTC)."""

    first_day: Day
    last_day: Day

    @property
    def days(self) -> range:
        """Every day that is played."""
        return range(self.first_day, self.last_day + 1)


@dataclass(frozen=True, slots=True)
class Band:
    """Lowest and highest value allowed, hundredths of a degree Celsius or of a percent."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Currency:
    """The logistics currency and the token of its reserve.

    Attributes:
        name: Name of the logistics currency.
        symbol: Symbol of the logistics currency.
        decimals: Digits after the point of one whole unit, of both tokens.
        reserve_name: Name of the reserve token, a mock on a chain of one's own.
        reserve_symbol: Symbol of the reserve token.
        value_code: ISO 4217 code in which the value of gifts in kind is declared.
    """

    name: str
    symbol: str
    decimals: int
    reserve_name: str
    reserve_symbol: str
    value_code: str


@dataclass(frozen=True, slots=True)
class Earmark:
    """An earmark; ``scope`` is a province, a hospital's id, a plan's id, or empty for none."""

    kind: EarmarkKind
    scope: str
