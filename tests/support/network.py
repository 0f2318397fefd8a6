"""What is added to a network in the tests."""

from __future__ import annotations

from typing import Any

from aidline.model import Tier
from aidline.signing import Key
from tests.support.people import word
from tests.support.suite import HOUR, START

__all__ = ["DEPARTURE", "NOBODY", "station", "vehicle"]

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
    } | changes
