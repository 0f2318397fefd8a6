"""Places on the Earth: Chinese map datums, WGS-84, distances.

Coordinates are whole microdegrees of WGS-84, distances whole metres. Chinese map services publish
shifted coordinates: GCJ-02 (the mandated offset) and BD-09 (Baidu's own shift on top of it). The
formulas of both shifts are the publicly known ones; their inverses are found here by iteration, so
that a point survives the way there and back to within a tenth of a metre.

Distance is the great circle's by the haversine formula on a sphere of the mean radius R1 of the
GRS 80 ellipsoid, 6,371,008.8 m (H. Moritz, "Geodetic Reference System 1980", Journal of Geodesy
74, 2000); it differs from the ellipsoid's distance by at most 0.6 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import asin, atan2, cos, fabs, hypot, isfinite, pi, radians, sin, sqrt

from aidline.errors import InputError

__all__ = ["MEAN_EARTH_RADIUS_M", "Place", "bd09_to_wgs84", "gcj02_to_wgs84", "metres_between"]

MEAN_EARTH_RADIUS_M = 6_371_008.8

_MICRO = 1_000_000
_BD_PI = pi * 3000.0 / 180.0
# GCJ-02 is defined on the Krasovsky 1940 ellipsoid.
_SEMI_MAJOR = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943_23
# The offset applies inside this box only; outside it, GCJ-02 is WGS-84.
_SOUTH, _NORTH, _WEST, _EAST = 0.8293, 55.8271, 72.004, 137.8347
_ROUNDS = 12


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A point on the Earth, WGS-84.

    Attributes:
        latitude: Microdegrees, north positive, within ±90,000,000.
        longitude: Microdegrees, east positive, within ±180,000,000.
    """

    latitude: int
    longitude: int

    def __post_init__(self) -> None:
        if not (abs(self.latitude) <= 90 * _MICRO and abs(self.longitude) <= 180 * _MICRO):
            raise InputError(
                f"latitude {self.latitude}, longitude {self.longitude} is no place: "
                "microdegrees within ±90,000,000 and ±180,000,000 are expected"
            )

    @classmethod
    def from_degrees(cls, latitude: float, longitude: float) -> Place:
        """Makes a place from degrees of WGS-84, rounded to the nearest microdegree.

        Raises:
            InputError: If a number is not finite or out of range.
        """
        if not (isfinite(latitude) and isfinite(longitude)):
            raise InputError("latitude and longitude must be numbers")
        return cls(round(latitude * _MICRO), round(longitude * _MICRO))

    @classmethod
    def from_bd09(cls, latitude: float, longitude: float) -> Place:
        """Makes a place from degrees of Baidu's datum BD-09.

        Raises:
            InputError: If a number is not finite or out of range.
        """
        if not (isfinite(latitude) and isfinite(longitude)):
            raise InputError("latitude and longitude must be numbers")
        return cls.from_degrees(*bd09_to_wgs84(latitude, longitude))


def metres_between(one: Place, other: Place) -> int:
    """Returns the great-circle distance of two places in metres, rounded to the nearest."""
    lat1, lon1 = radians(one.latitude / _MICRO), radians(one.longitude / _MICRO)
    lat2, lon2 = radians(other.latitude / _MICRO), radians(other.longitude / _MICRO)
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * MEAN_EARTH_RADIUS_M * asin(min(1.0, sqrt(half))))


def bd09_to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """Turns degrees of BD-09 into degrees of WGS-84: latitude, longitude."""
    return gcj02_to_wgs84(*_inverse(_gcj02_to_bd09, latitude, longitude))


def gcj02_to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """Turns degrees of GCJ-02 into degrees of WGS-84: latitude, longitude."""
    return _inverse(_wgs84_to_gcj02, latitude, longitude)


def _inverse(
    forward: Callable[[float, float], tuple[float, float]], latitude: float, longitude: float
) -> tuple[float, float]:
    """Finds the point that ``forward`` maps to the given one; each round shrinks the error."""
    lat, lon = latitude, longitude
    for _ in range(_ROUNDS):
        mapped_lat, mapped_lon = forward(lat, lon)
        step_lat, step_lon = latitude - mapped_lat, longitude - mapped_lon
        lat, lon = lat + step_lat, lon + step_lon
        if fabs(step_lat) < 1e-10 and fabs(step_lon) < 1e-10:
            break
    return lat, lon


def _gcj02_to_bd09(latitude: float, longitude: float) -> tuple[float, float]:
    radius = hypot(longitude, latitude) + 0.00002 * sin(latitude * _BD_PI)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * _BD_PI)
    return radius * sin(angle) + 0.006, radius * cos(angle) + 0.0065


def _wgs84_to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    if not (_SOUTH < latitude < _NORTH and _WEST < longitude < _EAST):
        return latitude, longitude
    x, y = longitude - 105.0, latitude - 35.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x))
    ripple = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north += ripple + (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east += ripple + (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = radians(latitude)
    shape = 1.0 - _ECCENTRICITY_SQUARED * sin(phi) ** 2
    meridian = _SEMI_MAJOR * (1.0 - _ECCENTRICITY_SQUARED) / shape**1.5
    parallel = _SEMI_MAJOR / sqrt(shape) * cos(phi)
    return latitude + north / meridian * 180.0 / pi, longitude + east / parallel * 180.0 / pi
