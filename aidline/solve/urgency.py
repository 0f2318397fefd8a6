"""The level of urgency that the facts of need give, as the library ``Urgency`` computes it."""

from __future__ import annotations

from aidline.model import Level

__all__ = ["level_of", "weight_of"]

_DAY = 86_400
_HOURS = ((24, Level.CRITICAL), (72, Level.HIGH), (168, Level.MEDIUM))


def level_of(stock: int, daily_use: int, *, elapsed: int = 0, vulnerable: bool = False) -> Level:
    """Return the level: stock for under 24, 72, 168 hours; one higher for a vulnerable facility.

    Without any use it is low, whoever asks. Exact: nothing is rounded.

    Args:
        stock: Units in stock when the facts were stated.
        daily_use: Units used a day.
        elapsed: Seconds since then, in which stock runs down by the daily use.
        vulnerable: Whether the facility moves up one level.
    """
    if not daily_use:
        return Level.LOW
    left = max(stock * _DAY - daily_use * elapsed, 0)
    level = next((level for hours, level in _HOURS if left < daily_use * hours * 3600), Level.LOW)
    return Level(min(level + vulnerable, Level.CRITICAL))


def weight_of(level: Level) -> int:
    """Return what a unit served at this level counts in a score: 64, 16, 4, 1 from critical."""
    return int(4 ** (level - 1))
