"""The level of urgency that the facts of need give, as the library ``Urgency`` computes it."""

from __future__ import annotations

from dataclasses import dataclass

from aidline.model import Level

__all__ = ["Thresholds", "level_of", "weight_of"]

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Seconds of stock under which a demand is of a level, as ``needs.thresholds()`` tells them.

    Attributes:
        critical: Under it a demand is critical.
        high: Under it, high.
        medium: Under it, medium; else low.
    """

    critical: int = _DAY
    high: int = 3 * _DAY
    medium: int = 7 * _DAY


_BEGINNING = Thresholds()


def level_of(
    stock: int,
    daily_use: int,
    *,
    elapsed: int = 0,
    vulnerable: bool = False,
    thresholds: Thresholds = _BEGINNING,
) -> Level:
    """Return the level that stock and use give; one higher for a vulnerable facility.

    Without any use it is low, whoever asks. Exact: nothing is rounded.

    Args:
        stock: Units in stock when the facts were stated.
        daily_use: Units used a day.
        elapsed: Seconds since then, in which stock runs down by the daily use.
        vulnerable: Whether the facility moves up one level.
        thresholds: Those of the chain; if not given, those with which a deployment begins.
    """
    if not daily_use:
        return Level.LOW
    left = max(stock * _DAY - daily_use * elapsed, 0)
    steps = (
        (thresholds.critical, Level.CRITICAL),
        (thresholds.high, Level.HIGH),
        (thresholds.medium, Level.MEDIUM),
    )
    level = next((level for under, level in steps if left < daily_use * under), Level.LOW)
    return Level(min(level + vulnerable, Level.CRITICAL))


def weight_of(level: Level) -> int:
    """Return what a unit served at this level counts in a score: 64, 16, 4, 1 from critical."""
    return int(4 ** (level - 1))
