"""What is added to a network in the tests."""

from __future__ import annotations

from typing import Any

from aidline.model import ALWAYS_OPEN, Tier
from aidline.signing import Key
from tests.support.people import word
from tests.support.suite import HOUR, START

__all__ = ["DEPARTURE", "NOBODY", "crew_of", "station", "vehicle"]

NOBODY = "0x" + "00" * 20
#: The first hour of the windows in the tests: a whole hour, not at the start of a storage word.
DEPARTURE = START + 10 * HOUR


def station(operator: Key, **changes: Any) -> dict[str, Any]:
    """Return the definition of a hub in Guangdong, with some fields changed."""
    return {
        "operator": operator.address,
        "tier": Tier.TRUNK,
        "temperature_min": 200,
        "temperature_max": 800,
        "recognised": False,
        "rooms": 0,
        "open_hours": ALWAYS_OPEN,
        "throughput": 0,
        "latitude": 23_129_110,
        "longitude": 113_264_385,
        "region": word("CN-GD"),
    } | changes


def vehicle(carrier: Key, **changes: Any) -> dict[str, Any]:
    """Return the definition of a cold trunk truck, with some fields changed."""
    return {
        "carrier": carrier.address,
        "tier": Tier.TRUNK,
        "temperature_min": 200,
        "temperature_max": 800,
        "capacity": 100_000,
        "weight": 20_000,
        "volume": 80_000,
        "range": 0,
        "licences": 0,
    } | changes


def crew_of(carrier: Key, **changes: Any) -> dict[str, Any]:
    """Return the definition of a crew that relieves itself, with some fields changed."""
    return {
        "carrier": carrier.address,
        "licences": 0,
        "hours_in_row": 0,
        "hours_in_day": 0,
    } | changes
