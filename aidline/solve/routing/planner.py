"""Plans for the three tiers: trunk between hubs, branch between stations, terminal to recipients.

Tier after tier, and at each depot wave after wave: what is ready there, and the vehicles and crews
that are free soon, make the rounds of a wave (:mod:`aidline.solve.routing.rounds`). Rounds are then
walked hour by hour as the contract takes them: whole hours of vehicle and crew, hours of duty, the
stations' hours and loads. What comes with one tier is ready for the next. The same network, goods
and settings give the same plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import pairwise, zip_longest

import numpy as np

from aidline.errors import InputError
from aidline.geodesy import metres_between
from aidline.model import Tier
from aidline.solve.routing.diary import HOUR, MOST_HOURS, Diary, hours, is_open
from aidline.solve.routing.leastcost import Effort
from aidline.solve.routing.records import (
    Consignment,
    Crew,
    Leg,
    Network,
    Plan,
    Run,
    Station,
    Unserved,
    Vehicle,
    Why,
)
from aidline.solve.routing.rounds import Cart, Job, Rule, Wave, rounds_of
from aidline.solve.routing.ways import Hop, Ways, hop_seconds, may_ever_drive, suits

__all__ = ["Settings", "plan_routes", "priced"]

_UNLIMITED = 10**8  # seconds: the span of a round whose crew has no limit


@dataclass(frozen=True, slots=True)
class Settings:
    """How to plan.

    Attributes:
        rule: By what rounds are made.
        horizon: Seconds from the beginning in which all runs end.
        patience: Seconds that what is ready waits for what will be, by tier.
        reach: Seconds after the first by which a vehicle that comes back still joins a wave.
        most_jobs: Of a wave; the most urgent and the nearest of those there are.
        most_carts: Vehicles of a wave, of each kind that is there; the others join the next.
        attempts: Percent of what arrivals may be put off for cost, and of the patience. Each is
            tried, and of the plans that cost no more than the dearer of the simple rules that of
            the earliest weighted arrivals taken; of many consignments only the first is tried.
        few: Consignments for which all are tried.
        iterations: Of the search for least cost in a wave.
        seed: Of that search.
    """

    rule: Rule = Rule.WEIGHTED
    horizon: int = 10 * 24 * HOUR
    patience: tuple[int, int, int] = (4 * HOUR, 3 * HOUR, 2 * HOUR)
    reach: int = 2 * HOUR
    most_jobs: int = 48
    most_carts: int = 24
    attempts: tuple[tuple[int, int], ...] = ((100, 100), (10, 100), (100, 50))
    few: int = 400
    iterations: int = 200
    seed: int = 1


def plan_routes(
    network: Network,
    consignments: Iterable[Consignment],
    *,
    now: int,
    settings: Settings | None = None,
    diary: Diary | None = None,
) -> Plan:
    """Plan the ways of goods to where they are to go.

    Args:
        network: What there is to carry with.
        consignments: What is to be carried; each id once.
        now: Unix second at which the plan begins.
        settings: How.
        diary: Hours that are taken already; it stays as it is.

    Raises:
        InputError: An id stands twice, or a consignment names a station that is not there, or is
            where it is to go.
    """
    settings, goods = settings or Settings(), list(consignments)

    def attempt(rule: Rule, put_off: int, patience: int) -> Plan:
        trunk, branch, terminal = (part * patience // 100 for part in settings.patience)
        tried = replace(settings, rule=rule, patience=(trunk, branch, terminal))
        taken = deepcopy(diary) if diary else Diary()
        return _Planner(network, now, tried, taken, put_off).plan(goods)

    first = attempt(settings.rule, *settings.attempts[0])
    if settings.rule is not Rule.WEIGHTED or len(goods) > settings.few:
        return first
    simple = [attempt(rule, *settings.attempts[0]) for rule in (Rule.NEAREST, Rule.URGENT)]
    dearest = max(first.cost, *(plan.cost for plan in simple))
    plans = [first, *(attempt(settings.rule, *one) for one in settings.attempts[1:])]
    end = now + settings.horizon
    return min(
        (plan for plan in plans if plan.cost <= dearest),
        key=lambda plan: (plan.mean_arrival(now, end), plan.cost),
    )


@dataclass(slots=True)
class _Waiting:
    """A consignment at a depot."""

    goods: Consignment
    hop: Hop
    ready: int
    due: int


@dataclass(slots=True)
class _Planner:
    network: Network
    now: int
    settings: Settings
    diary: Diary
    put_off: int
    _known: dict[int, Consignment] = field(default_factory=dict)
    _runs: list[Run] = field(default_factory=list)
    _unserved: dict[int, Why] = field(default_factory=dict)
    _fleet: dict[tuple[Tier, int], list[Vehicle]] = field(init=False)
    _crews: dict[tuple[str, int], list[Crew]] = field(init=False)

    def __post_init__(self) -> None:
        self._fleet, self._crews = defaultdict(list), defaultdict(list)
        for vehicle in self.network.vehicles.values():
            self._fleet[vehicle.tier, vehicle.base].append(vehicle)
        for crew in self.network.crews.values():
            self._crews[crew.carrier, crew.base].append(crew)

    @property
    def _end(self) -> int:
        return self.now + self.settings.horizon

    def plan(self, consignments: Iterable[Consignment]) -> Plan:
        known = self._known
        ways = Ways(self.network)
        routes: dict[int, tuple[Hop, ...]] = {}
        for goods in consignments:
            if goods.id in known:
                raise InputError(f"consignment {goods.id} stands twice")
            known[goods.id] = goods
            for station in (goods.origin, goods.destination):
                if station not in self.network.stations:
                    raise InputError(f"consignment {goods.id}: there is no station {station}")
            if goods.origin == goods.destination:
                raise InputError(f"consignment {goods.id} is where it is to go already")
            way = ways.of(goods)
            if isinstance(way, Why):
                self._unserved[goods.id] = way
            else:
                routes[goods.id] = way
        ready = {number: max(known[number].ready, self.now) for number in routes}
        for tier in (Tier.TRUNK, Tier.BRANCH, Tier.TERMINAL):
            at: dict[int, list[_Waiting]] = defaultdict(list)
            for number, hops in routes.items():
                if number in self._unserved:
                    continue
                for place, hop in enumerate(hops):
                    if hop.tier is tier:
                        due = known[number].due - self._seconds(hops[place + 1 :])
                        at[hop.start].append(_Waiting(known[number], hop, ready[number], due))
            for depot in sorted(at):
                for run in self._depot(tier, depot, at[depot]):
                    self._runs.append(run)
                    ready.update({leg.consignment: leg.latest for leg in run.legs})
        # What gets stuck on its way does not leave: the legs before would lead nowhere.
        runs = [self._without(run) for run in self._runs if not self._stays(run)]
        return Plan(
            consignments=known,
            runs=tuple(sorted(runs, key=lambda run: (run.departure, run.vehicle))),
            unserved=tuple(Unserved(number, why) for number, why in sorted(self._unserved.items())),
        )

    def _seconds(self, hops: Sequence[Hop]) -> int:
        total = 0
        for hop in hops:
            metres = self.network.road(hop.start, hop.end) or 0
            total += hop_seconds(self.network, hop.tier, metres)
            total += self.network.tariffs[hop.tier].slack
        return total

    def _stays(self, run: Run) -> bool:
        return all(leg.consignment in self._unserved for leg in run.legs)

    def _without(self, run: Run) -> Run:
        """Return a run without what is not served."""
        legs = [leg for leg in run.legs if leg.consignment not in self._unserved]
        if len(legs) == len(run.legs):
            return run
        units = {leg.consignment: self._known[leg.consignment].load[0] for leg in legs}
        vehicle = self.network.vehicles[run.vehicle]
        return priced(self.network, vehicle, run.crew, run.departure, run.back, legs, units)

    # --- a depot ---

    def _depot(self, tier: Tier, depot: int, waiting: list[_Waiting]) -> list[Run]:
        """Return the runs of a tier from a depot."""
        made: list[Run] = []
        waiting = sorted(waiting, key=lambda one: (one.ready, one.goods.id))
        while waiting:
            free = [self._free_from(one, self.now) for one in self._fleet[tier, depot]]
            first = max(waiting[0].ready, min(free))
            ready = [
                one for one in waiting if one.ready <= first + self.settings.patience[tier - 1]
            ]
            start = max([first, *(one.ready for one in ready)])
            runs = self._wave(tier, depot, start, ready) if start < self._end else []
            if not runs:
                waiting = self._put_off(tier, depot, start, waiting, ready)
                continue
            gone = {leg.consignment for run in runs for leg in run.legs}
            waiting = [one for one in waiting if one.goods.id not in gone]
            made.extend(runs)
        return made

    def _free_from(self, vehicle: Vehicle, since: int) -> int:
        """Return the first second from a time on in an hour that is free."""
        time = max(since, vehicle.free_from)
        taken = self.diary.vehicles[vehicle.id]
        while time // HOUR in taken:
            time = (time // HOUR + 1) * HOUR
        return time

    def _put_off(
        self,
        tier: Tier,
        depot: int,
        start: int,
        waiting: Sequence[_Waiting],
        ready: Sequence[_Waiting],
    ) -> list[_Waiting]:
        """Let what cannot leave now wait; give up what never can, and say why."""
        # An hour, and the longer the longer it has waited.
        later = (start // HOUR + 1 + (start - self.now) // (8 * HOUR)) * HOUR
        put_off = {one.goods.id for one in ready or waiting}
        left = []
        for one in waiting:
            if one.goods.id in put_off:
                why = self._why(tier, depot, start, one)
                if why is not None:
                    self._unserved[one.goods.id] = why
                    continue
                one = replace(one, ready=later)
            left.append(one)
        return sorted(left, key=lambda one: (one.ready, one.goods.id))

    def _why(self, tier: Tier, depot: int, start: int, stuck: _Waiting) -> Why | None:
        """Return why goods never leave from a time on; ``None`` where they may."""
        metres = self.network.road(stuck.hop.start, stuck.hop.end) or 0
        seconds = hop_seconds(self.network, tier, metres)
        slack = self.network.tariffs[tier].slack
        if start + seconds + slack > stuck.due:
            return Why.TOO_LATE
        return Why.NO_HOURS if start + 2 * seconds + slack >= self._end else None

    def _drivers(self, vehicle: Vehicle) -> list[Crew]:
        return [
            crew
            for crew in self._crews[vehicle.carrier, vehicle.base]
            if may_ever_drive(vehicle, crew, 0)
        ]

    # --- a wave ---

    def _wave(self, tier: Tier, depot: int, start: int, ready: Sequence[_Waiting]) -> list[Run]:
        network, settings = self.network, self.settings
        station = network.stations[depot]
        while not is_open(station, start):
            start = (start // HOUR + 1) * HOUR
        pairs = self._pairs(tier, depot, start)
        if not pairs:
            return []
        stops = sorted({one.hop.end for one in ready})
        row = {stop: number for number, stop in enumerate(stops, start=1)}
        index = [network.index[depot], *(network.index[stop] for stop in stops)]
        metres = network.metres[np.ix_(index, index)]
        tariff = network.tariffs[tier]
        seconds = -(-np.maximum(metres, 0) * HOUR // tariff.speed)
        seconds[:, 1:] += tariff.handling
        np.fill_diagonal(seconds, 0)
        jobs = self._jobs(ready, row, [vehicle for vehicle, _, _ in pairs])
        jobs.sort(key=lambda job: (-job.level, seconds[0, job.station], job.members))
        jobs = jobs[: settings.most_jobs]
        by_id = {one.goods.id: one for one in ready}
        crow: dict[int, int] = {
            row[stop]: metres_between(station.place, network.stations[stop].place) for stop in stops
        }
        carts = tuple(
            Cart(
                vehicle=vehicle.id,
                crew=crew.id,
                start=leaves,
                room=vehicle.room,
                # a whole hour less: a round begins within one
                longest=(crew.hours_in_row - 1) * HOUR if crew.hours_in_day else _UNLIMITED,
                barred=frozenset(
                    number
                    for number, job in enumerate(jobs)
                    if (vehicle.range and crow[job.station] > vehicle.range)
                    or not all(suits(vehicle, by_id[one].goods) for one in job.members)
                ),
            )
            for vehicle, crew, leaves in pairs
        )
        wave = Wave(
            now=start,
            carts=carts,
            jobs=tuple(jobs),
            metres=metres,
            seconds=seconds,
            base=tariff.base,
            per_km=tariff.per_km,
            put_off=self.put_off,
        )
        effort = Effort(settings.iterations, None, settings.seed)
        made = []
        for cart, order in sorted(
            rounds_of(wave, settings.rule, effort),
            key=lambda one: -sum(jobs[job].weight for job in one[1]),
        ):
            goods = [
                (stops[jobs[job].station - 1], [by_id[one].goods for one in jobs[job].members])
                for job in order
            ]
            dues = {number: one.due for number, one in by_id.items()}
            leaves = max(start, carts[cart].start)
            run = self._walk(tier, depot, carts[cart], leaves, goods, dues)
            if run is not None:
                self.diary.take(run)
                made.append(run)
        return made

    def _pairs(self, tier: Tier, depot: int, start: int) -> list[tuple[Vehicle, Crew, int]]:
        """Return vehicles that can leave soon, each with a crew of its own that may drive."""
        free = sorted(
            ((self._free_from(one, start), one.id, one) for one in self._fleet[tier, depot]),
            key=lambda item: item[:2],
        )
        if not free:
            return []
        last = max(free[0][0], start) + self.settings.reach
        taken: set[int] = set()
        kinds: dict[object, list[tuple[Vehicle, Crew, int]]] = defaultdict(list)
        for leaves, _, vehicle in free:
            if leaves > last:
                break
            for crew in self._drivers(vehicle):
                if crew.id not in taken and self.diary.may_drive(crew, hours(leaves, leaves + 1)):
                    taken.add(crew.id)
                    kind = vehicle.band, vehicle.room, vehicle.skills, vehicle.range
                    kinds[kind].append((vehicle, crew, leaves))
                    break
        # In turn of each kind, so that none is missing.
        turns = zip_longest(*kinds.values())
        made = [pair for turn in turns for pair in turn if pair is not None]
        return made[: self.settings.most_carts]

    def _jobs(
        self, ready: Sequence[_Waiting], row: dict[int, int], vehicles: Sequence[Vehicle]
    ) -> list[Job]:
        """Put together what goes to one station at one urgency in the same kind of vehicle."""
        groups: dict[tuple[object, ...], list[_Waiting]] = defaultdict(list)
        for one in ready:
            goods = one.goods
            groups[one.hop.end, goods.level, goods.band, goods.skills].append(one)
        made = []
        for members in groups.values():
            goods = members[0].goods
            fitting = [
                vehicle.room
                for vehicle in vehicles
                if vehicle.band.within(goods.band) and goods.skills <= vehicle.skills
            ]
            # Half of the largest, so that two share it; what is more goes alone.
            most = [max((room[axis] for room in fitting), default=0) // 2 for axis in range(3)]
            station = self.network.stations[members[0].hop.end]
            count = max(station.throughput // 2, 1) if station.throughput else len(members)
            part: list[_Waiting] = []
            load = [0, 0, 0]
            for one in members:
                after = [have + more for have, more in zip(load, one.goods.load, strict=True)]
                full = any(need > room for need, room in zip(after, most, strict=True))
                if part and (full or len(part) == count):
                    made.append(self._job(part, row))
                    part, after = [], list(one.goods.load)
                part.append(one)
                load = after
            made.append(self._job(part, row))
        return made

    def _job(self, part: Sequence[_Waiting], row: dict[int, int]) -> Job:
        goods, stop = part[0].goods, part[0].hop.end
        tariff = self.network.tariffs[part[0].hop.tier]
        return Job(
            station=row[stop],
            load=(
                sum(one.goods.load[0] for one in part),
                sum(one.goods.load[1] for one in part),
                sum(one.goods.load[2] for one in part),
            ),
            level=goods.level,
            weight=sum(one.goods.weight for one in part),
            band=goods.band,
            skills=goods.skills,
            due=min(one.due for one in part) - tariff.slack,
            open_hours=self.network.stations[stop].open_hours,
            members=tuple(one.goods.id for one in part),
        )

    # --- a run, hour by hour ---

    def _walk(
        self,
        tier: Tier,
        depot: int,
        cart: Cart,
        start: int,
        goods: Sequence[tuple[int, list[Consignment]]],
        dues: dict[int, int],
    ) -> Run | None:
        """Return a run as soon as its hours are free; ``None`` where they never are.

        What would come too late with it is left for another.
        """
        network, diary = self.network, self.diary
        vehicle, tariff = network.vehicles[cart.vehicle], network.tariffs[tier]
        station = network.stations[depot]
        crews = sorted(self._drivers(vehicle), key=lambda crew: (crew.id != cart.crew, crew.id))
        count = sum(len(members) for _, members in goods)
        departure = start
        while goods and departure < self._end:
            later = (departure // HOUR + 1) * HOUR
            if (
                not is_open(station, departure)
                or diary.room(station, departure // HOUR) < count
                or not diary.is_free(vehicle.id, hours(departure, departure + 1))
            ):
                if station.throughput and count > station.throughput:
                    return None
                departure = later
                continue
            times = self._stops(tier, depot, departure, goods)
            if times is None:
                return None
            in_time = [
                (stop, [one for one in members if time + tariff.slack <= dues[one.id]])
                for (stop, members), time in zip(goods, times, strict=True)
            ]
            if in_time != list(goods):
                goods = [one for one in in_time if one[1]]
                count = sum(len(members) for _, members in goods)
                continue
            back = times[-1] + tariff.slack
            back += max(network.road(goods[-1][0], depot) or 0, 0) * HOUR // tariff.speed
            wanted = hours(departure, back)
            if len(wanted) > MOST_HOURS or back > self._end:
                return None
            if diary.is_free(vehicle.id, wanted):
                for crew in crews:
                    if diary.may_drive(crew, wanted):
                        return _run(
                            network, vehicle, crew.id, departure, back, goods, times, tariff.slack
                        )
            departure = later
        return None

    def _stops(
        self,
        tier: Tier,
        depot: int,
        departure: int,
        goods: Sequence[tuple[int, list[Consignment]]],
    ) -> list[int] | None:
        """Return when each stop is handed over: when its station is open and has room."""
        at, time, made = depot, departure, []
        slack = self.network.tariffs[tier].slack
        loads: dict[tuple[int, int], int] = defaultdict(int)
        for stop, members in goods:
            station = self.network.stations[stop]
            if at != stop:
                metres = self.network.road(at, stop)
                if metres is None:
                    return None
                time += hop_seconds(self.network, tier, metres)
            while not self._takes_in(station, time + slack, len(members), loads):
                time = (time // HOUR + 1) * HOUR
                if time > self._end:
                    return None
            loads[stop, (time + slack - 1) // HOUR] += len(members)
            made.append(time)
            at = stop
        return made

    def _takes_in(
        self, station: Station, latest: int, count: int, loads: dict[tuple[int, int], int]
    ) -> bool:
        hour = (latest - 1) // HOUR
        return (
            is_open(station, latest - 1)
            and self.diary.room(station, hour) - loads[station.id, hour] >= count
        )


def _run(
    network: Network,
    vehicle: Vehicle,
    crew: int,
    departure: int,
    back: int,
    goods: Sequence[tuple[int, list[Consignment]]],
    times: Sequence[int],
    slack: int,
) -> Run:
    legs = [
        Leg(
            consignment=one.id,
            carrier=vehicle.carrier,
            vehicle=vehicle.id,
            crew=crew,
            start=vehicle.base,
            end=stop,
            departure=departure,
            arrival=time,
            latest=time + slack,
            freight=0,
        )
        for (stop, members), time in zip(goods, times, strict=True)
        for one in members
    ]
    units = {one.id: one.load[0] for _, members in goods for one in members}
    return priced(network, vehicle, crew, departure, back, legs, units)


def priced(
    network: Network,
    vehicle: Vehicle,
    crew: int,
    departure: int,
    back: int,
    legs: Sequence[Leg],
    units: dict[int, int],
) -> Run:
    """Return a run with what it costs, shared by units and distance."""
    tariff = network.tariffs[vehicle.tier]
    stops = list(dict.fromkeys(leg.end for leg in legs))
    way = [vehicle.base, *stops, vehicle.base]
    metres = sum(network.road(one, other) or 0 for one, other in pairwise(way))
    carried = sum(units[leg.consignment] for leg in legs)
    cost = (
        tariff.base + metres * tariff.per_km // 1000 + carried * tariff.per_thousand_units // 1000
    )
    shares = [
        units[leg.consignment] * max(network.road(vehicle.base, leg.end) or 0, 1) for leg in legs
    ]
    total, given, made = sum(shares), 0, []
    for number, (leg, share) in enumerate(zip(legs, shares, strict=True)):
        last = number == len(legs) - 1
        freight = max(cost - given if last else cost * share // total, 1)
        given += freight
        made.append(replace(leg, freight=freight))
    return Run(
        vehicle=vehicle.id,
        crew=crew,
        tier=vehicle.tier,
        start=vehicle.base,
        departure=departure,
        back=back,
        stops=tuple(stops),
        metres=metres,
        cost=cost,
        legs=tuple(made),
    )
