"""What the figures are made of: the states of parcels, all records of a room."""

from __future__ import annotations

from typing import Any

from aidline.model import ParcelState

__all__ = ["STATES", "read_all"]

#: The states of a parcel, by their names in a summary.
STATES = tuple(
    state.name.lower()
    for state in ParcelState
    if state not in (ParcelState.NULL, ParcelState.MERGED)  # a parcel that was merged has no units
)


def read_all(function: Any, count: int) -> dict[int, Any]:
    """Return the records of all ids, which count from 1."""
    ids = range(1, count + 1)
    return dict(zip(ids, function.many((number,) for number in ids), strict=True))
