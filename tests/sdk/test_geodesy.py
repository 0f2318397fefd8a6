"""Places, datums and distances.

Place
├── when a coordinate is out of range or no number: refused
└── from degrees: whole microdegrees
BD-09 and GCJ-02
├── a published pair of points agrees
├── the way there and back ends where it began
└── outside the box of the offset: GCJ-02 is WGS-84
Distance
├── of a quarter of a meridian, and of two known cities
└── symmetric, zero to itself, at most half of a great circle
"""

from __future__ import annotations

from math import pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidline import geodesy
from aidline.errors import InputError
from aidline.geodesy import (
    MEAN_EARTH_RADIUS_M,
    Place,
    bd09_to_wgs84,
    gcj02_to_wgs84,
    metres_between,
)

PLACES = st.builds(
    Place, st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000)
)


@pytest.mark.parametrize(("latitude", "longitude"), [(90_000_001, 0), (0, -180_000_001)])
def test_refuses_what_is_no_place(latitude: int, longitude: int) -> None:
    with pytest.raises(InputError, match="is no place"):
        Place(latitude, longitude)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_refuses_what_is_no_number(value: float) -> None:
    with pytest.raises(InputError):
        Place.from_degrees(value, 0.0)
    with pytest.raises(InputError):
        Place.from_bd09(0.0, value)


def test_rounds_degrees_to_microdegrees() -> None:
    assert Place.from_degrees(30.5928496, -114.3055005) == Place(30_592_850, -114_305_500)


def test_wgs84_to_bd09_agrees_with_a_published_pair() -> None:
    # Tian'anmen: 39.908692 N, 116.397477 E in WGS-84 is 39.91640 N, 116.41025 E in BD-09.
    latitude, longitude = bd09_to_wgs84(39.916404, 116.410253)
    assert latitude == pytest.approx(39.908692, abs=5e-4)
    assert longitude == pytest.approx(116.397477, abs=5e-4)


@settings(max_examples=200)
@given(st.floats(18.0, 53.0), st.floats(74.0, 134.0))
def test_bd09_survives_the_way_there_and_back(latitude: float, longitude: float) -> None:
    back = bd09_to_wgs84(*geodesy._gcj02_to_bd09(*geodesy._wgs84_to_gcj02(latitude, longitude)))
    assert metres_between(Place.from_degrees(*back), Place.from_degrees(latitude, longitude)) == 0


def test_the_offset_ends_with_its_box() -> None:
    assert gcj02_to_wgs84(48.2, 16.37) == (48.2, 16.37)


def test_a_quarter_of_a_meridian() -> None:
    assert metres_between(Place(0, 0), Place(90_000_000, 0)) == round(pi / 2 * MEAN_EARTH_RADIUS_M)


def test_wuhan_to_guangzhou() -> None:
    wuhan, guangzhou = Place(30_592_850, 114_305_500), Place(23_129_110, 113_264_385)
    assert metres_between(wuhan, guangzhou) == pytest.approx(836_000, abs=3_000)


@settings(max_examples=200)
@given(PLACES, PLACES)
def test_distance_is_symmetric_and_bounded(one: Place, other: Place) -> None:
    assert metres_between(one, other) == metres_between(other, one)
    assert 0 <= metres_between(one, other) <= round(pi * MEAN_EARTH_RADIUS_M)
    assert metres_between(one, one) == 0
