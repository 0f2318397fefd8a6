"""Which stations goods pass on their way: trunk to a centre, branch to an area, terminal to a door.

Of the ways that keep the goods' band, hold them, stay within the vehicles' range and their crews'
hours, and enter an affected province through a recognised centre, the quickest is taken, by the
tiers' speeds and times of handling. Trunk legs end at trunk stations and branch legs at branch
stations; only where no such way leads there, branch vehicles go to the door. A tier may be left out
at the beginning (goods that lie at a branch station need no trunk), never in between.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from aidline.geodesy import metres_between
from aidline.model import Tier
from aidline.solve.matching import Band
from aidline.solve.routing.diary import HOUR
from aidline.solve.routing.records import Amount, Consignment, Crew, Network, Vehicle, Why

__all__ = ["Hop", "Ways", "hop_seconds", "is_next_to", "may_ever_drive", "suits"]

#: What vehicles that take the same goods have in common.
_Kind = tuple[Band, Amount, frozenset[str]]

_TIERS = (Tier.TRUNK, Tier.BRANCH, Tier.TERMINAL)


@dataclass(frozen=True, slots=True)
class Hop:
    """A part of a way.

    Attributes:
        tier: Of the vehicles that go it.
        start: Station.
        end: Station.
    """

    tier: Tier
    start: int
    end: int


def is_next_to(vehicle: Tier, station: Tier) -> bool:
    """Say whether a vehicle of a tier stops at stations of a tier."""
    return abs(vehicle - station) <= 1


def suits(vehicle: Vehicle, goods: Consignment) -> bool:
    """Say whether a vehicle keeps and holds goods, and does what they ask of it."""
    return _suits((vehicle.band, vehicle.room, vehicle.skills), goods)


def _suits(kind: _Kind, goods: Consignment) -> bool:
    band, room, skills = kind
    return (
        band.within(goods.band)
        and all(need <= most for need, most in zip(goods.load, room, strict=True))
        and goods.skills <= skills
    )


def may_ever_drive(vehicle: Vehicle, crew: Crew, seconds: int) -> bool:
    """Say whether a crew, once rested, may drive a vehicle for so long, whenever in an hour."""
    has_licences = not vehicle.licences & ~crew.licences
    return has_licences and (
        not crew.hours_in_day or seconds <= (min(crew.hours_in_row, 24) - 1) * HOUR
    )


def hop_seconds(network: Network, tier: Tier, metres: int) -> int:
    """Return how long a vehicle of a tier takes for a way, handing over included."""
    tariff = network.tariffs[tier]
    return -(-metres * HOUR // tariff.speed) + tariff.handling


@dataclass(slots=True)
class Ways:
    """The ways through a network.

    Attributes:
        network: The network.
    """

    network: Network
    _bases: dict[Tier, dict[int, list[Vehicle]]] = field(init=False)
    _kinds: set[_Kind] = field(init=False)
    _crews: dict[tuple[str, int], list[Crew]] = field(init=False)
    _known: dict[tuple[object, ...], tuple[Hop, ...] | Why] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self._bases = {tier: defaultdict(list) for tier in _TIERS}
        # Of vehicles and crews of one kind at one base, one stands for all.
        vehicles = {replace(one, id=0, free_from=0): one for one in self.network.vehicles.values()}
        for vehicle in vehicles.values():
            self._bases[vehicle.tier][vehicle.base].append(vehicle)
        self._crews = defaultdict(list)
        crews = {replace(one, id=0): one for one in self.network.crews.values()}
        for crew in crews.values():
            self._crews[crew.carrier, crew.base].append(crew)
        self._kinds = {(one.band, one.room, one.skills) for one in self.network.vehicles.values()}

    def of(self, goods: Consignment) -> tuple[Hop, ...] | Why:
        """Return a consignment's way, or why there is none."""
        able = frozenset(kind for kind in self._kinds if _suits(kind, goods))
        key = (goods.origin, goods.destination, goods.band, able)
        if key not in self._known:
            self._known[key] = self._search(goods)
        return self._known[key]

    def _search(self, goods: Consignment) -> tuple[Hop, ...] | Why:
        """Return the best way tier by tier, or else any that the contract takes."""
        found = self._through(goods, is_strict=True)
        return self._through(goods, is_strict=False) if isinstance(found, Why) else found

    def _through(self, goods: Consignment, *, is_strict: bool) -> tuple[Hop, ...] | Why:
        network = self.network
        if not network.stations[goods.destination].keeps(goods.band):
            return Why.NO_STORAGE
        able = {
            tier: [
                base
                for base, vehicles in self._bases[tier].items()
                if any(suits(one, goods) for one in vehicles)
            ]
            for tier in _TIERS
        }
        if not any(able.values()):
            return Why.NO_VEHICLE
        # The best way to each station by the tier that brought the goods there.
        best: dict[tuple[int, int], tuple[int, tuple[Hop, ...]]] = {(goods.origin, 0): (0, ())}
        barred = kept = manned = True
        for tier in _TIERS:
            arrived: dict[tuple[int, int], tuple[int, tuple[Hop, ...]]] = {}
            ends = {goods.destination} | {
                base for lower in _TIERS if lower > tier for base in able[lower]
            }
            for (start, before), (seconds, hops) in best.items():
                if start not in able[tier] or (before and before != tier - 1):
                    continue
                for end in ends - {start}:
                    if (
                        is_strict
                        and tier is not Tier.TERMINAL
                        and network.stations[end].tier != tier
                    ):
                        continue
                    able_there = self._reaching(tier, start, end, goods)
                    if not able_there:
                        continue
                    metres = network.road(start, end)
                    if metres is None:
                        continue
                    if not network.stations[end].keeps(goods.band):
                        kept = False
                        continue
                    if not network.may_enter(start, end):
                        barred = False
                        continue
                    if not any(self._is_manned(vehicle, metres) for vehicle in able_there):
                        manned = False
                        continue
                    total = seconds + hop_seconds(network, tier, metres)
                    known = arrived.get((end, tier))
                    if known is None or total < known[0]:
                        arrived[end, tier] = total, (*hops, Hop(tier, start, end))
            best.update(arrived)
        found = [
            (seconds, hops)
            for (station, _), (seconds, hops) in best.items()
            if station == goods.destination
        ]
        if found:
            return min(found, key=lambda one: (one[0], len(one[1])))[1]
        if not barred:
            return Why.NOT_RECOGNISED
        if not manned:
            return Why.NO_CREW
        return Why.UNKNOWN_WAY if kept else Why.NO_STORAGE

    def _reaching(self, tier: Tier, start: int, end: int, goods: Consignment) -> list[Vehicle]:
        """Return the vehicles that take goods from one station to another."""
        stations = self.network.stations
        if not is_next_to(tier, stations[start].tier) or not is_next_to(tier, stations[end].tier):
            return []
        crow = metres_between(stations[start].place, stations[end].place)
        return [
            vehicle
            for vehicle in self._bases[tier][start]
            if (not vehicle.range or crow <= vehicle.range) and suits(vehicle, goods)
        ]

    def _is_manned(self, vehicle: Vehicle, metres: int) -> bool:
        """Say whether some crew may drive a vehicle there and back."""
        tariff = self.network.tariffs[vehicle.tier]
        there = hop_seconds(self.network, vehicle.tier, metres) + tariff.slack
        back = -(-metres * HOUR // tariff.speed)
        return any(
            may_ever_drive(vehicle, crew, there + back)
            for crew in self._crews[vehicle.carrier, vehicle.base]
        )
