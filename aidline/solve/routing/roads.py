"""How far and how long it is from place to place.

Without a matrix, a road is as long as the great circle times a detour factor. Measured factors of
whole countries lie between 1.12 and 2.10 (R. H. Ballou, H. Rahardja, N. Sakai, "Selected country
circuity factors for road travel distance estimation", Transportation Research Part A 36, 2002);
the default of 1.3 is what the scenarios of this project assume.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aidline.errors import InputError
from aidline.geodesy import MEAN_EARTH_RADIUS_M, Place

__all__ = ["DETOUR_PERMILLE", "road_metres", "seconds_for"]

#: Metres of road for 1000 m of the great circle.
DETOUR_PERMILLE = 1_300

_HOUR = 3600
_MICRO = 1_000_000


def road_metres(places: Sequence[Place], permille: int = DETOUR_PERMILLE) -> np.ndarray:
    """Return metres of road between places, a row for each start (int64, n by n).

    Args:
        places: Where, WGS-84.
        permille: Metres of road for 1000 m of the great circle, at least 1000.

    Raises:
        InputError: The factor is below 1: no road is shorter than the great circle.
    """
    if permille < 1000:
        raise InputError(f"a detour factor of {permille / 1000} is below 1")
    latitudes = np.radians(np.array([place.latitude for place in places]) / _MICRO)
    longitudes = np.radians(np.array([place.longitude for place in places]) / _MICRO)
    half = (
        np.sin((latitudes[:, None] - latitudes) / 2) ** 2
        + np.cos(latitudes)[:, None]
        * np.cos(latitudes)
        * np.sin((longitudes[:, None] - longitudes) / 2) ** 2
    )
    metres = 2 * MEAN_EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, half)))
    made: np.ndarray = np.rint(metres * permille / 1000).astype(np.int64)
    return made


def seconds_for(metres: np.ndarray, metres_an_hour: int) -> np.ndarray:
    """Return the seconds that ways take, rounded up.

    Raises:
        InputError: The speed is not above nought.
    """
    if metres_an_hour <= 0:
        raise InputError(f"a speed of {metres_an_hour} m/h is not above nought")
    made: np.ndarray = -(-metres * _HOUR // metres_an_hour)
    return made
