"""A device without a chain."""

from __future__ import annotations

from typing import Any

from aidline.device import Device, Pace, Spool
from aidline.signing import Domain, Key
from aidline.telemetry import Band, Watch

__all__ = ["DOMAIN", "KEY", "WATCH", "device"]

KEY = Key.derive("tests", "spool")
DOMAIN = Domain(1, Key.derive("tests", "monitor").address, "Aidline ConditionMonitor")
WATCH = Watch(KEY.address, bytes(32), Band(200, 800, 0, 6_000))


def device(spool: Spool, **changes: Any) -> Device:
    """Return a device that keeps what it has there, with some of its fields changed."""
    fields: dict[str, Any] = {
        "spool": spool,
        "watch": WATCH,
        "consignment": 7,
        "key": KEY,
        "domain": DOMAIN,
        "pace": Pace(readings=10, seconds=1_000, good_for=100),
    }
    return Device(**(fields | changes))
