"""distance.

when a station is unknown: reverts
otherwise: never above the great circle, and close below it up to 80 degrees of latitude
"""

from __future__ import annotations

import random

import pytest

from aidline.client import Contract
from aidline.geodesy import Place, metres_between
from aidline.signing import Key
from tests.support.network import station
from tests.support.reverts import reverts


def added(network: Contract, keeper: Key, place: tuple[int, int]) -> int:
    definition = station(keeper, latitude=place[0], longitude=place[1])
    number: int = network.addStation(definition, sender=keeper).event("StationAdded").args.station
    return number


def test_is_just_below_the_great_circle(network: Contract, carrier: Key) -> None:
    """NET-21: places within 2,500 km of one another, all over the world."""
    dice = random.Random(20200124)
    for _ in range(40):
        one = (dice.randrange(-80_000_000, 80_000_001), dice.randrange(-180_000_000, 180_000_001))
        other = (
            one[0] + dice.randrange(-9_000_000, 9_000_001),
            (one[1] + dice.randrange(-9_000_000, 9_000_001) + 180_000_000) % 360_000_000
            - 180_000_000,
        )
        metres = network.distance(added(network, carrier, one), added(network, carrier, other))
        circle = metres_between(Place(*one), Place(*other))
        assert 0.97 * circle - 2 <= metres <= circle, (one, other)


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        ((0, 179_900_000), (0, -179_900_000), 0.99),
        ((89_900_000, 0), (89_900_000, 180_000_000), 0.4),
        ((90_000_000, 0), (90_000_000, 90_000_000), 0.0),
        ((0, 0), (0, 180_000_000), 0.6),
        ((45_000_000, 10_000_000), (-45_000_000, -170_000_000), 0.6),
        ((30_000_000, 114_000_000), (30_000_001, 114_000_000), 0.0),
    ],
)
def test_holds_at_the_edges_of_the_map(
    network: Contract,
    carrier: Key,
    one: tuple[int, int],
    other: tuple[int, int],
    least: float,
) -> None:
    metres = network.distance(added(network, carrier, one), added(network, carrier, other))
    circle = metres_between(Place(*one), Place(*other))
    assert least * circle - 1 <= metres <= circle
    assert metres == network.distance(2, 1)


def test_reverts_when_a_station_is_unknown(network: Contract, hub: int) -> None:
    for pair in ((hub, 9), (9, hub)):
        with reverts("UnknownStation", station=9):
            network.distance(*pair)
