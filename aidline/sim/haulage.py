"""The dispatcher, the carriers and the pallets' devices: from an allocation to a settled delivery.

Goods that one hospital gets from one holder at one station on one day under the same terms form a
consignment of at most 16 parcels. It goes by trunk to the recognised centre of the province, by
branch to the station that serves the hospital, and by terminal carrier to its dock; a part that
is not needed falls away. Vehicles and devices are taken when they are free; when none is, the
journey waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from aidline import messages as m
from aidline.client import Receipt
from aidline.errors import ScenarioError
from aidline.model import Policy, Resolution
from aidline.sim import records
from aidline.sim.agenda import Step
from aidline.sim.cast import text32
from aidline.sim.giving import permit_for, prepay
from aidline.sim.prepare import RouteLeg
from aidline.sim.records import (
    SECONDS_A_DAY,
    Excursion,
    LateLeg,
    Reading,
    TelemetryLog,
    Terms,
    Tier,
)
from aidline.sim.world import FleetVehicle, World
from aidline.telemetry import Band, Recorder

__all__ = ["Allocated", "Haulage"]

_HOUR = 3600
_BOOK_AFTER = 1800
_LEAVE_AFTER = 3 * _HOUR
_MOST_PARCELS = 16
_DEADLINE = 12 * _HOUR
_SEARCH_HOURS = 24 * 21

_POLICIES = {
    records.Policy.CONSIGNEE: Policy.CONSIGNEE,
    records.Policy.DEVICE: Policy.DEVICE,
    records.Policy.BOTH: Policy.BOTH,
    records.Policy.DEVICE_THEN_SILENCE: Policy.DEVICE_THEN_SILENCE,
}


@dataclass(frozen=True, slots=True)
class Allocated:
    """Units that were allocated and wait to be carried.

    Attributes:
        id: The allocation.
        demand: What it serves.
        holder: Name of who holds them.
        hospital: Name of who gets them.
        material: Id in the scenario.
        station: Where they lie, by the scenario's id.
    """

    id: int
    demand: int
    holder: str
    hospital: str
    material: str
    station: str
    units: int


@dataclass(frozen=True, slots=True)
class LegPlan:
    """One carrier's part of a journey.

    Attributes:
        arrival: When it is handed on, as things go.
        latest: By when it was agreed to be.
    """

    tier: Tier
    vehicle: FleetVehicle
    start: str
    end: str
    departure: int
    arrival: int
    latest: int
    freight: int

    @property
    def hours(self) -> range:
        """Hours of unix time in which the vehicle is taken."""
        return _hours(self.departure, self.latest)


@dataclass(slots=True)
class Journey:
    """A consignment on its way.

    Attributes:
        legs: In order, with arrivals as they will be.
        allocations: What it carries.
        device: Name of the device that rides along.
        id: The consignment, once booked.
        recorder: What the device has recorded.
        sent: Readings that stand in batches on the chain.
    """

    allocations: tuple[Allocated, ...]
    terms: Terms
    band: Band
    legs: list[LegPlan]
    device: str
    cold_chain: bool
    log: TelemetryLog | None
    excursions: tuple[Excursion, ...]
    id: int = 0
    outflow: int = 0
    content: bytes = b""
    recorder: Recorder | None = None
    readings: list[Reading] = field(default_factory=list)

    @property
    def hospital(self) -> str:
        """Name of the consignee."""
        return self.allocations[0].hospital

    @property
    def holder(self) -> str:
        """Name of the consignor."""
        return self.allocations[0].holder

    @property
    def freight(self) -> int:
        """What is prepaid, base units of the currency."""
        return sum(leg.freight for leg in self.legs)


def _hours(start: int, end: int) -> range:
    """Return the hours of unix time that [start, end) touches."""
    return range(start // _HOUR, -(-end // _HOUR))


class Haulage:
    """Everybody who carries.

    Args:
        world: What the parties share.
        received: Is told of every consignment that reached its hospital.
    """

    def __init__(self, world: World, received: Callable[[int, str], None]) -> None:
        self._world = world
        self._received = received
        self._free_devices = [
            f"device {n}" for n in range(1, world.prepared.scenario.devices.count + 1)
        ]
        self._count = {True: 0, False: 0}
        self._logs = 0
        self._phase = 0

    def allocated(self, lines: Iterable[Allocated]) -> None:
        """Form consignments of what was allocated, and book them within the hour."""
        world = self._world
        groups: dict[tuple[str, str, str, str], list[Allocated]] = defaultdict(list)
        for line in lines:
            terms = world.material(line.material).terms
            groups[line.holder, line.hospital, line.station, terms].append(line)
        for group in groups.values():
            for chosen in self._loads(group):
                # One after the other: each takes vehicles and money that the next must not.
                self._phase += 1
                world.agenda.at(
                    world.agenda.now + _BOOK_AFTER, partial(self._book, chosen), phase=self._phase
                )

    def _loads(self, lines: Sequence[Allocated]) -> Iterator[tuple[Allocated, ...]]:
        """Divide what goes the same way into loads that one consignment can carry."""
        largest = {
            tier: max((v.capacity for v in self._world.fleet if v.tier is tier), default=0)
            for tier in Tier
        }
        most = min(largest.values())
        load: list[Allocated] = []
        for line in lines:
            if len(load) == _MOST_PARCELS or sum(x.units for x in load) + line.units > most:
                if load:
                    yield tuple(load)
                load = []
            load.append(line)
        yield tuple(load)

    # --- planning ---

    def _vehicle(self, tier: Tier, units: int, band: Band, hours: range) -> FleetVehicle | None:
        fits = (
            vehicle
            for vehicle in self._world.fleet
            if vehicle.tier is tier
            and vehicle.capacity >= units
            and vehicle.temperature.low >= band.temperature_min
            and vehicle.temperature.high <= band.temperature_max
            and vehicle.taken.isdisjoint(hours)
        )
        return min(fits, key=lambda v: (v.capacity, len(v.taken), v.id), default=None)

    def _legs(self, origin: str, hospital: str, units: int, band: Band) -> list[LegPlan]:
        """Plan the legs end to end, as soon as a vehicle is free for each."""
        prepared = self._world.prepared
        route = prepared.route(prepared.station(origin), prepared.hospital(hospital))
        soonest = self._world.agenda.now + _LEAVE_AFTER
        for wait in range(_SEARCH_HOURS):
            legs = self._legs_from(soonest + wait * _HOUR, route, units, band)
            if legs is not None:
                for leg in legs:
                    leg.vehicle.taken.update(leg.hours)
                return legs
        raise ScenarioError(
            f"no vehicles for {units} units from {origin} to {hospital} within "
            f"{_SEARCH_HOURS // 24} days: give the carriers more vehicles, or larger ones",
            path=prepared.scenario.path,
        )

    def _legs_from(
        self, departure: int, route: Sequence[RouteLeg], units: int, band: Band
    ) -> list[LegPlan] | None:
        """Return the legs of a journey that leaves at ``departure``, if it can."""
        made: list[LegPlan] = []
        for part in route:
            tariff = self._world.prepared.scenario.network.tariffs[part.tier]
            arrival = departure + tariff.seconds(part.metres)
            latest = arrival + tariff.slack
            vehicle = self._vehicle(part.tier, units, band, _hours(departure, latest))
            if vehicle is None:
                return None
            made.append(
                LegPlan(
                    tier=part.tier,
                    vehicle=vehicle,
                    start=part.from_station,
                    end=part.to_station,
                    departure=departure,
                    arrival=arrival,
                    latest=latest,
                    freight=tariff.freight(part.metres, units),
                )
            )
            departure = arrival
        return made

    def _as_they_go(self, legs: list[LegPlan], late: Sequence[LateLeg]) -> list[LegPlan]:
        """Return the legs with the arrivals that they will have, delays by script included."""
        delays = {script.tier: script.seconds for script in late}
        made: list[LegPlan] = []
        behind = 0
        for leg in legs:
            arrival = leg.arrival + behind
            if leg.tier in delays:
                arrival = max(arrival, leg.latest + delays[leg.tier])
            behind = arrival - leg.arrival
            made.append(replace(leg, arrival=arrival))
        return made

    def _journey(self, lines: tuple[Allocated, ...]) -> Journey:
        world = self._world
        prepared = world.prepared
        materials = [world.material(line.material) for line in lines]
        cold = any(material.cold_chain for material in materials)
        terms = prepared.scenario.terms[materials[0].terms]
        log = None
        if prepared.logs:
            log = prepared.logs[self._logs % len(prepared.logs)]
            self._logs += 1
        humid = log is None or all(reading.humidity is not None for reading in log.readings)
        band = Band(
            temperature_min=max(material.temperature.low for material in materials),
            temperature_max=min(material.temperature.high for material in materials),
            # A logger without the sensor watches no humidity: any value is within the band.
            humidity_min=max(material.humidity.low for material in materials) if humid else 0,
            humidity_max=min(material.humidity.high for material in materials) if humid else 10_000,
        )
        units = sum(line.units for line in lines)
        legs = self._legs(lines[0].station, lines[0].hospital, units, band)
        self._count[cold] += 1
        number = self._count[cold]
        scripts = prepared.scenario.conditions
        late = [s for s in scripts.late_legs if (s.nth, s.cold_chain) == (number, cold)]
        excursions = tuple(s for s in scripts.excursions if (s.nth, s.cold_chain) == (number, cold))
        if not self._free_devices:
            raise ScenarioError(
                "every device is on its way: devices.count is too low for this many consignments",
                path=prepared.scenario.path,
            )
        return Journey(
            allocations=lines,
            terms=terms,
            band=band,
            legs=self._as_they_go(legs, late),
            device=self._free_devices.pop(0),
            cold_chain=cold,
            log=log,
            excursions=excursions if log is None else (),
        )

    # --- booking ---

    def _booking(self, journey: Journey, payer: str, now: int) -> m.Booking:
        world = self._world
        terms, band = journey.terms, journey.band
        return m.Booking(
            payer=payer,
            consignee=world.cast[journey.hospital].address,
            device=world.cast[journey.device].address,
            allocations=[line.id for line in journey.allocations],
            legs=[
                m.LegRequest(
                    carrier=world.cast[leg.vehicle.carrier].address,
                    vehicle=leg.vehicle.id,
                    from_station=world.stations[leg.start],
                    to_station=world.stations[leg.end],
                    departure=leg.departure,
                    latest_arrival=leg.latest,
                    freight=leg.freight,
                )
                for leg in journey.legs
            ],
            terms=m.Terms(
                temperature_min=band.temperature_min,
                temperature_max=band.temperature_max,
                humidity_min=band.humidity_min,
                humidity_max=band.humidity_max,
                late_free=terms.late_free,
                late_zero=terms.late_zero,
                longest_silence=terms.longest_silence,
                policy=_POLICIES[terms.policy],
                exposure_free=terms.exposure_free,
                exposure_zero=terms.exposure_zero,
                exposure_floor=terms.exposure_floor,
                humidity_free=terms.humidity_free,
                humidity_zero=terms.humidity_zero,
                humidity_floor=terms.humidity_floor,
            ),
            pick_up_by=journey.legs[0].departure + _HOUR,
            deadline=now + _HOUR,
            salt=text32(f"order {journey.allocations[0].id}"),
        )

    def _release_for(self, freight: int) -> tuple[int, str] | None:
        """Return a release of the relief fund that can pay, and its spender."""
        world = self._world
        for release in world.releases:
            if release.until <= world.agenda.now:
                continue
            record = world.aid.fund.releaseRecord(release.id)
            if (
                record.ceiling - record.spent >= freight
                and world.aid.fund.available(release.line) >= freight
            ):
                return release.id, release.spender
        return None

    def _book(self, lines: tuple[Allocated, ...]) -> Iterator[Step]:
        """Book on the fund's account where money is released, else on the hospital's."""
        world, aid = self._world, self._world.aid
        journey = self._journey(lines)
        if journey.freight > self._budget(lines):
            self._give_up(journey)
            return
        release = self._release_for(journey.freight)
        payer = aid.fund.address if release else world.cast[journey.hospital].address
        booking = self._booking(journey, payer, world.agenda.now)
        domain = aid.domain(aid.freight)
        booked = booking.struct_hash()
        policy = booking.terms.policy
        by_device = policy in (Policy.DEVICE, Policy.DEVICE_THEN_SILENCE)
        hospital = world.cast[journey.hospital]
        signatures = {
            "payer": b"",
            "carriers": [
                m.LegAcceptance(
                    booking=booked, leg=index, carrier=world.cast[leg.vehicle.carrier].address
                ).sign(world.cast[leg.vehicle.carrier], domain)
                for index, leg in enumerate(journey.legs)
            ],
            "consignee": m.PolicyConsent(
                booking=booked, consignee=hospital.address, policy=policy
            ).sign(hospital, domain)
            if by_device
            else b"",
        }
        if release is not None:
            number, spender = release
            transaction = world.send(aid.fund, "book", number, booking, signatures, sender=spender)
        else:
            yield from prepay(world, journey.hospital, journey.freight)
            permit = permit_for(world, journey.hospital, aid.freight.address, journey.freight)
            signatures["payer"] = m.BookingOrder(booking=booked, payer=payer).sign(hospital, domain)
            coordinator = world.prepared.scenario.participants.coordinators[0].id
            transaction = world.send(
                aid.freight, "book", booking, signatures, permit, sender=coordinator
            )
        yield Step(transaction, lambda receipt: self._booked(receipt, journey))

    def _budget(self, lines: Sequence[Allocated]) -> int:
        """Return what the demands may still spend on freight."""
        demands = {line.demand for line in lines}
        return sum(self._world.aid.needs.demand(demand).freight_budget for demand in demands)

    def _give_up(self, journey: Journey) -> None:
        """Nobody books what costs more than its demands may spend: it is released in a day."""
        for leg in journey.legs:
            leg.vehicle.taken.difference_update(leg.hours)
        self._free_devices.append(journey.device)
        later = self._world.agenda.now + SECONDS_A_DAY
        self._world.agenda.at(later, partial(self._report, "release", journey.allocations))

    def _report(self, function: str, lines: Sequence[Allocated]) -> Iterator[Step]:
        """Tell the demands' escrow what became of allocations; anyone may."""
        world = self._world
        for line in lines:
            yield Step(world.send(world.aid.demand, function, line.id, sender=line.hospital))

    def _booked(self, receipt: Receipt, journey: Journey) -> None:
        world = self._world
        journey.id = receipt.event("ConsignmentBooked").args.consignment
        journey.content = receipt.event("LoadFormed").args.content
        for event in receipt.events:
            if event.name == "MoneySpent":
                journey.outflow = event.args.outflow
        departure = journey.legs[0].departure
        journey.readings = self._readings(journey, departure)
        journey.recorder = Recorder(journey.id, journey.band)
        world.agenda.at(departure, partial(self._pick_up, journey))

    # --- on the way ---

    def _readings(self, journey: Journey, pick_up: int) -> list[Reading]:
        """Return what the device reads: at its interval and at each change of hands."""
        devices = self._world.prepared.scenario.devices
        end = journey.legs[-1].arrival
        if journey.log is not None:
            return list(journey.log.replayed(pick_up, end))
        moments = set(range(pick_up, end + 1, devices.interval))
        moments.update(leg.arrival for leg in journey.legs)
        dice = self._world.dice("telemetry", journey.id)
        return [self._reading(journey, pick_up, moment, dice.randint) for moment in sorted(moments)]

    def _reading(
        self, journey: Journey, pick_up: int, moment: int, randint: Callable[[int, int], int]
    ) -> Reading:
        model = self._world.prepared.scenario.devices.telemetry
        band = journey.band
        middle = (band.temperature_min + band.temperature_max) // 2
        half = (band.temperature_max - band.temperature_min) // 2
        # A triangle wave: integers only, so that every machine reads the same.
        phase = (moment - pick_up) % model.period
        wave = abs(2 * phase - model.period) * 2 - model.period
        temperature = middle + half * model.swing * wave // (100 * model.period)
        temperature += randint(-model.noise, model.noise)
        for script in journey.excursions:
            if self._within(journey, pick_up, script, moment):
                temperature = script.peak
        return Reading(moment, temperature, model.humidity + randint(-200, 200))

    def _within(self, journey: Journey, pick_up: int, script: Excursion, moment: int) -> bool:
        start = pick_up
        for leg in journey.legs:
            if leg.tier is script.tier:
                middle = (start + leg.arrival) // 2
                return abs(moment - middle) * 2 <= script.seconds
            start = leg.arrival
        return False

    def _handover(
        self, journey: Journey, sequence: int, giver: str, taker: str, station: str
    ) -> m.Handover:
        world = self._world
        return m.Handover(
            consignment=journey.id,
            sequence=sequence,
            from_=world.cast[giver].address,
            to=world.cast[taker].address,
            station=world.stations[station],
            at=world.agenda.now,
            content=journey.content,
            deadline=world.agenda.now + _DEADLINE,
        )

    def _pass_on(
        self, journey: Journey, sequence: int, giver: str, taker: str, station: str
    ) -> Step:
        """Both sign the same record; the taker submits it."""
        world = self._world
        domain = world.aid.domain(world.aid.freight)
        handover = self._handover(journey, sequence, giver, taker, station)
        return Step(
            world.send(
                world.aid.freight,
                "handOver",
                handover,
                handover.sign(world.cast[giver], domain),
                handover.sign(world.cast[taker], domain),
                sender=taker,
            )
        )

    def _pick_up(self, journey: Journey) -> Iterator[Step]:
        first = journey.legs[0]
        yield self._pass_on(journey, 0, journey.holder, first.vehicle.carrier, first.start)
        self._expect(journey, 0)

    def _expect(self, journey: Journey, index: int) -> None:
        """Put the end of a leg on the agenda: first the device's batches, then the hands."""
        agenda, arrival = self._world.agenda, journey.legs[index].arrival
        agenda.at(arrival, partial(self._transmit, journey))
        last = index == len(journey.legs) - 1
        act = self._deliver if last else self._change
        agenda.at(arrival, lambda: act(journey, index), phase=1)

    def _transmit(self, journey: Journey) -> Iterator[Step]:
        """The device signs what it has read since the last time, in batches."""
        world = self._world
        assert journey.recorder is not None
        device = world.cast[journey.device]
        domain = world.aid.domain(world.aid.monitor)
        most = world.prepared.scenario.devices.batch_readings
        due = [reading for reading in journey.readings if reading.time <= world.agenda.now]
        journey.readings = journey.readings[len(due) :]
        for at in range(0, len(due), most):
            batch = journey.recorder.batch(
                [(r.time, r.temperature, r.humidity or 0) for r in due[at : at + most]],
                deadline=world.agenda.now + SECONDS_A_DAY,
            )
            yield Step(
                world.send(
                    world.aid.monitor, "record", batch, batch.sign(device, domain), sender=device
                )
            )

    def _change(self, journey: Journey, index: int) -> Iterator[Step]:
        leg, after = journey.legs[index], journey.legs[index + 1]
        yield self._pass_on(journey, index + 1, leg.vehicle.carrier, after.vehicle.carrier, leg.end)
        self._expect(journey, index + 1)

    def _deliver(self, journey: Journey, index: int) -> Iterator[Step]:
        """Prove delivery as the terms have it; settlement is part of the same transaction."""
        world = self._world
        assert journey.recorder is not None
        domain = world.aid.domain(world.aid.freight)
        leg = journey.legs[index]
        policy = _POLICIES[journey.terms.policy]
        handover = self._handover(
            journey, index + 1, leg.vehicle.carrier, journey.hospital, leg.end
        )
        arrival = m.Arrival(
            consignment=journey.id,
            station=world.stations[leg.end],
            at=world.agenda.now,
            batches=journey.recorder.batches,
            deadline=world.agenda.now + _DEADLINE,
        )
        by_hand = policy in (Policy.CONSIGNEE, Policy.BOTH)
        by_device = policy is not Policy.CONSIGNEE
        proof = {
            "handover": handover,
            "release": handover.sign(world.cast[leg.vehicle.carrier], domain),
            "acceptance": handover.sign(world.cast[journey.hospital], domain) if by_hand else b"",
            "arrival": arrival if by_device else m.Arrival(0, 0, 0, 0, 0),
            "device_signature": arrival.sign(world.cast[journey.device], domain)
            if by_device
            else b"",
        }
        yield Step(
            world.send(world.aid.freight, "deliver", proof, sender=leg.vehicle.carrier),
            lambda receipt: self._delivered(journey, receipt),
        )

    def _delivered(self, journey: Journey, receipt: Receipt) -> None:
        world = self._world
        self._free_devices.append(journey.device)
        if journey.terms.policy is records.Policy.DEVICE_THEN_SILENCE:
            later = world.agenda.now + 2 * SECONDS_A_DAY
            world.agenda.at(later, partial(self._settle_silent, journey))
        else:
            self._settled(journey, receipt)

    def _settle_silent(self, journey: Journey) -> Iterator[Step]:
        world = self._world
        carrier = journey.legs[-1].vehicle.carrier
        yield Step(
            world.send(world.aid.freight, "settleSilent", journey.id, sender=carrier),
            lambda receipt: self._settled(journey, receipt),
        )

    def _settled(self, journey: Journey, receipt: Receipt) -> None:
        world = self._world
        soon = world.agenda.now + _HOUR
        if journey.outflow:
            world.agenda.at(soon, partial(self._reclaim, journey))
        if receipt.event("ConsignmentSettled").args.resolution == Resolution.DELIVERED:
            self._received(journey.id, journey.hospital)
        else:
            world.agenda.at(soon, partial(self._report, "reportFailed", journey.allocations))

    def _reclaim(self, journey: Journey) -> Iterator[Step]:
        world = self._world
        coordinator = world.prepared.scenario.participants.coordinators[0].id
        yield Step(world.send(world.aid.fund, "reclaim", journey.outflow, sender=coordinator))
