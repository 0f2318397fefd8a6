"""Small networks of three tiers, and goods in them, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from aidline.geodesy import Place
from aidline.model import ALWAYS_OPEN, Level, Room, Tier
from aidline.solve.matching import Band
from aidline.solve.routing.records import Consignment, Crew, Network, Station, Tariff, Vehicle
from aidline.solve.routing.roads import road_metres

__all__ = ["NOW", "Small", "network_of", "small"]

#: A Monday at midnight, UTC.
NOW = 1_893_456_000

HOUR = 3600
COLD, DRY, HALL = Band(200, 800), Band(0, 4_000), Band(500, 3_000)
TARIFFS = {
    Tier.TRUNK: Tariff(400_000_000, 6_000_000, 20_000_000, 70_000, 1_800, 900),
    Tier.BRANCH: Tariff(150_000_000, 4_000_000, 20_000_000, 55_000, 1_200, 900),
    Tier.TERMINAL: Tariff(60_000_000, 2_500_000, 20_000_000, 40_000, 600, 900),
}


@dataclass(frozen=True, slots=True)
class Small:
    """What is to be carried, and with what."""

    network: Network
    consignments: tuple[Consignment, ...]


def network_of(
    stations: list[Station],
    vehicles: list[Vehicle],
    crews: list[Crew],
    affected: frozenset[str] = frozenset({"CN-HB"}),
) -> Network:
    """Put a network together, with roads from coordinates."""
    return Network(
        stations={one.id: one for one in stations},
        vehicles={one.id: one for one in vehicles},
        crews={one.id: one for one in crews},
        tariffs=TARIFFS,
        affected=affected,
        metres=road_metres([one.place for one in stations]),
        index={one.id: row for row, one in enumerate(stations)},
    )


def small(seed: int, goods: int = 12) -> Small:
    """Draw a network: two hubs outside, two centres, three branch stations, eight docks."""
    dice = random.Random(seed)
    stations: list[Station] = []

    def station(tier: Tier, province: str, around: tuple[float, float], spread: float) -> Station:
        made = Station(
            id=len(stations) + 1,
            tier=tier,
            place=Place.from_degrees(
                around[0] + dice.uniform(-spread, spread), around[1] + dice.uniform(-spread, spread)
            ),
            province=province,
            band=HALL,
            rooms=Room.AMBIENT | Room.COLD if dice.random() < 0.9 else Room.AMBIENT,
            open_hours=_some_hours(dice) if tier is Tier.TERMINAL else ALWAYS_OPEN,
            throughput=dice.choice((0, 4, 9)) if tier is not Tier.TRUNK else 0,
            serves=frozenset({"CN-HB"})
            if tier is Tier.TRUNK and province == "CN-HB" and dice.random() < 0.8
            else frozenset(),
        )
        stations.append(made)
        return made

    hubs = [station(Tier.TRUNK, "CN-GD", (34.0, 113.5), 0.5) for _ in range(2)]
    centres = [station(Tier.TRUNK, "CN-HB", (30.8, 113.5), 0.8) for _ in range(2)]
    branches = [station(Tier.BRANCH, "CN-HB", (30.8, 113.5), 1.0) for _ in range(3)]
    docks = [station(Tier.TERMINAL, "CN-HB", (30.8, 113.5), 1.3) for _ in range(8)]
    vehicles: list[Vehicle] = []
    crews: list[Crew] = []
    for tier, bases, room in (
        (Tier.TRUNK, hubs, 4_000),
        (Tier.BRANCH, centres, 2_000),
        (Tier.TERMINAL, branches, 900),
    ):
        for base in bases:
            for number in range(dice.randint(1, 3)):
                vehicles.append(
                    Vehicle(
                        id=len(vehicles) + 1,
                        carrier=f"carrier {base.id}",
                        tier=tier,
                        base=base.id,
                        band=COLD if number == 0 else HALL,
                        room=(room, room // 10, room),
                        range=dice.choice((0, 0, 400_000)),
                        licences=dice.choice((0, 1)),
                        skills=frozenset({"controlled"} if dice.random() < 0.7 else ()),
                    )
                )
            for _ in range(dice.randint(1, 4)):
                limit = 0 if tier is not Tier.TERMINAL else dice.choice((0, 10, 14))
                crews.append(
                    Crew(
                        id=len(crews) + 1,
                        carrier=f"carrier {base.id}",
                        base=base.id,
                        licences=dice.choice((0, 1, 3)),
                        hours_in_row=limit,
                        hours_in_day=limit + 2 if limit else 0,
                    )
                )
    consignments = []
    for number in range(1, goods + 1):
        units = dice.randint(1, 600)
        ready = NOW + dice.randrange(1, 6) * HOUR
        consignments.append(
            Consignment(
                id=number,
                origin=dice.choice([*hubs, *centres]).id,
                destination=dice.choice(docks).id,
                level=Level(dice.randint(1, 4)),
                load=(units, units // 20, units // 2),
                band=COLD if dice.random() < 0.2 else DRY,
                skills=frozenset({"controlled"} if dice.random() < 0.15 else ()),
                ready=ready,
                due=ready + dice.choice((20, 60, 200)) * HOUR,
            )
        )
    return Small(network_of(stations, vehicles, crews), tuple(consignments))


def _some_hours(dice: random.Random) -> int:
    if dice.random() < 0.5:
        return ALWAYS_OPEN
    first = dice.randrange(24)
    return sum(1 << (hour % 24) for hour in range(first, first + 12))
