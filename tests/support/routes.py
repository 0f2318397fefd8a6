"""Route plans of the three-leg way in the tests, as the contract takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aidline.model import Hindrance
from tests.support.freight import CARRIERS, DEPARTURES, LATEST, Desk
from tests.support.people import key_of, word
from tests.support.suite import DAY, KIT, START

__all__ = ["cargo", "leg", "plan", "rest", "way"]


def rest(desk: Desk, units: int = 1_000) -> int:
    """Let the supplier have a parcel of kits at its hub; return it."""
    made = {
        "material": KIT,
        "quantity": units,
        "expiry": START + 300 * DAY,
        "station": desk.stations[0],
        "evidence": word("certificate"),
    }
    commissioned = desk.suite.ledger.commission(made, sender=key_of("supplier"))
    parcel: int = commissioned.event("LotCommissioned").args.parcel
    return parcel


def cargo(desk: Desk, parcel: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a thousand kits for the dock of the hospital, with some fields changed."""
    return {
        "parcel": parcel,
        "consignment": 0,
        "units": 1_000,
        "weight": 300,
        "volume": 2_000,
        "temperature_min": 200,
        "temperature_max": 800,
        "to_station": desk.stations[3],
        "ready": DEPARTURES[0],
        "due": LATEST[2],
    } | changes


def leg(desk: Desk, number: int, cargo: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a cargo's ride on a leg of the way, with some fields changed."""
    return {
        "cargo": cargo,
        "carrier": key_of(CARRIERS[number]).address,
        "vehicle": desk.vehicles[number],
        "crew": desk.crews[number],
        "from_station": desk.stations[number],
        "to_station": desk.stations[number + 1],
        "departure": DEPARTURES[number],
        "latest_arrival": LATEST[number],
    } | changes


def way(desk: Desk, cargoes: int = 1, first: int = 0) -> list[dict[str, Any]]:
    """Return the legs by which cargoes share the whole way, or the way from a leg on."""
    return [leg(desk, number, index) for number in range(first, 3) for index in range(cargoes)]


def plan(
    cargoes: Sequence[dict[str, Any]], legs: Sequence[dict[str, Any]], **changes: Any
) -> dict[str, Any]:
    """Return a first plan, with some fields changed."""
    return {
        "predecessor": bytes(32),
        "reason": Hindrance.NULL,
        "note": bytes(32),
        "salt": word("plan 1"),
        "cargoes": list(cargoes),
        "legs": list(legs),
    } | changes
