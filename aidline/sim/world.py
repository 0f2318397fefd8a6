"""What stands on the chain before the first day's work: people, places, vehicles, devices, plan."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aidline import regions
from aidline.client import Aidline, Contract, Receipt
from aidline.client.chain import Transaction
from aidline.deploy import SUITE, Config, Holders
from aidline.geodesy import Place
from aidline.messages import DeviceBinding, Registration
from aidline.model import (
    ALWAYS_OPEN,
    ActionKind,
    EarmarkKind,
    Measure,
    Paper,
    Role,
    Tier,
    Verdict,
    roles_mask,
)
from aidline.signing import Key
from aidline.sim import records
from aidline.sim.agenda import Agenda, Step, Task
from aidline.sim.cast import Cast, text32
from aidline.sim.prepare import Prepared
from aidline.sim.records import SECONDS_A_DAY, Band, Earmark, Hospital, Material

__all__ = ["FleetVehicle", "Release", "World", "auditors_for", "found", "governance"]

_TIERS = {
    records.Tier.TRUNK: Tier.TRUNK,
    records.Tier.BRANCH: Tier.BRANCH,
    records.Tier.TERMINAL: Tier.TERMINAL,
}
#: Kilograms and litres that a vehicle of each tier carries: an articulated lorry, a lorry, a van.
_WEIGHT = {records.Tier.TRUNK: 25_000, records.Tier.BRANCH: 8_000, records.Tier.TERMINAL: 1_200}
_VOLUME = {records.Tier.TRUNK: 80_000, records.Tier.BRANCH: 40_000, records.Tier.TERMINAL: 8_000}
_EARMARKS = {
    records.EarmarkKind.NONE: EarmarkKind.NONE,
    records.EarmarkKind.REGION: EarmarkKind.REGION,
    records.EarmarkKind.FACILITY: EarmarkKind.FACILITY,
    records.EarmarkKind.EMERGENCY: EarmarkKind.EMERGENCY,
}


@dataclass(slots=True)
class FleetVehicle:
    """A vehicle with its crew, as the dispatcher keeps it.

    Attributes:
        id: On the chain.
        crew: Its crew, on the chain.
        taken: Hours of unix time in which it is booked.
    """

    id: int
    crew: int
    carrier: str
    tier: records.Tier
    capacity: int
    temperature: Band
    taken: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Release:
    """Money that a plan has released.

    Attributes:
        id: In the relief fund.
        line: The fund's line from which it may be spent.
        earmark: For whom the money of that line is meant, as the contract has it.
        spender: Name of the participant that may.
        until: Until when, unix seconds.
    """

    id: int
    line: bytes
    earmark: Any
    spender: str
    until: int


@dataclass(slots=True)
class World:
    """Everything that the parties of a run share.

    Attributes:
        prepared: The scenario with nothing unknown.
        aid: The contracts.
        agenda: The clock.
        cast: The keys.
        shift: Seconds by which all dates of the scenario are moved.
        limits: Gas limits by contract and function; the chain finds those that are missing.
        stations: Ids on the chain by the scenario's.
        fleet: All vehicles.
        releases: Money released so far.
        refused: Proposals that were refused.
        organisations: Whose each participant is, by name.
        permits: How many permits each participant has signed.
        for_sale: Parcels from which households buy, by the supply's id in the scenario.
    """

    prepared: Prepared
    aid: Aidline
    agenda: Agenda
    cast: Cast
    shift: int
    limits: Mapping[tuple[str, str], int]
    stations: dict[str, int] = field(default_factory=dict)
    fleet: list[FleetVehicle] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    refused: list[dict[str, str | int]] = field(default_factory=list)
    organisations: dict[str, str] = field(default_factory=dict)
    permits: dict[str, int] = field(default_factory=dict)
    for_sale: dict[str, int] = field(default_factory=dict)

    def time(self, day: int, second: int = 0) -> int:
        """Return the moment ``second`` of a day of the scenario, unix seconds on this chain."""
        return day * SECONDS_A_DAY + second + self.shift

    def day(self, time: int) -> int:
        """Return the scenario's day of a moment on this chain."""
        return (time - self.shift) // SECONDS_A_DAY

    def chain_day(self, day: int) -> int:
        """Return the unix day on this chain of a day of the scenario."""
        return day + self.shift // SECONDS_A_DAY

    def material(self, material_id: str) -> Material:
        """Return the material of this id."""
        return self.prepared.scenario.material(material_id)

    def material_of(self, gtin: int) -> Material:
        """Return the material of this GTIN."""
        return next(m for m in self.prepared.scenario.materials if int(m.gtin) == gtin)

    def hospital(self, name: str) -> Hospital:
        """Return the hospital of this id."""
        return self.prepared.hospital(name)

    def scopes_of(self, hospital: Hospital) -> tuple[bytes, bytes]:
        """Return the province and the facility of a hospital as earmarks name them."""
        province = regions.shipped_atlas().province_of(hospital.region) or hospital.region
        return regions.encode(province), text32(hospital.id)

    def station_name(self, number: int) -> str:
        """Return the scenario's id of a station on the chain."""
        return next(name for name, known in self.stations.items() if known == number)

    def place_of(self, number: int) -> Place:
        """Return where a station on the chain lies."""
        return self.prepared.station(self.station_name(number)).place

    def dice(self, *label: str | int) -> random.Random:
        """Return a random generator that depends on the seed and the label alone."""
        return random.Random(f"{self.prepared.seed}|{'|'.join(map(str, label))}")

    def earmark(self, earmark: Earmark) -> tuple[EarmarkKind, bytes]:
        """Return an earmark as the contracts take it."""
        kind = _EARMARKS[earmark.kind]
        if kind is EarmarkKind.NONE:
            return kind, bytes(32)
        if kind is EarmarkKind.REGION:
            return kind, regions.encode(earmark.scope)
        return kind, text32(earmark.scope)

    def send(
        self, contract: Contract, function: str, *args: object, sender: str | Key
    ) -> Transaction:
        """Return the transaction by which ``sender`` calls ``function``."""
        signer = self.cast[sender] if isinstance(sender, str) else sender
        limit = self.limits.get((contract.name, function))
        return contract.transaction(function, *args, sender=signer, gas=limit)


def governance(cast: Cast) -> Config:
    """Return a configuration that gives each role to an office of its own."""
    roles = {role.name: Holders((cast[f"office {role.name}"].address,)) for role in SUITE.roles}
    return Config(roles=roles, reserve="mock", simulated=True)


def found(world: World) -> None:
    """Put the founding of the world on the agenda, in the first hours of the first day."""
    start = world.time(world.prepared.scenario.clock.first_day, 3600)
    phases: tuple[tuple[Task, ...], ...] = (
        (lambda: _define(world),),
        (lambda: _register(world),),
        (
            lambda: _stations(world),
            lambda: _fleet(world),
            lambda: _devices(world),
            lambda: _facilities(world),
            lambda: _reporters(world),
        ),
        (
            lambda: _recognise(world),
            lambda: _attest_facilities(world),
            lambda: _attest_carriers(world),
        ),
        (lambda: _propose(world),),
    )
    for phase, tasks in enumerate(phases):
        for task in tasks:
            world.agenda.at(start, task, phase=phase)


def _define(world: World) -> Iterator[Step]:
    scenario, aid = world.prepared.scenario, world.aid
    atlas = regions.shipped_atlas()
    for code in scenario.regions:
        parent = atlas[code].parent
        above = regions.encode(parent) if parent else bytes(32)
        yield Step(
            world.send(
                aid.registry,
                "defineRegion",
                regions.encode(code),
                above,
                sender="office registrar",
            )
        )
    for material in scenario.materials:
        definition = {
            "gtin": int(material.gtin),
            "cap_per_demand": material.cap_per_demand,
            "shelf_life": material.shelf_life_days * SECONDS_A_DAY,
            "temperature_min": material.temperature.low,
            "temperature_max": material.temperature.high,
            "humidity_min": material.humidity.low,
            "humidity_max": material.humidity.high,
            "controlled": False,
            "defined": True,
        }
        yield Step(world.send(aid.ledger, "defineMaterial", definition, sender="office cataloguer"))
    indicator = scenario.indicator
    yield Step(
        world.send(
            aid.oracle,
            "defineIndicator",
            text32(indicator.id),
            {
                "decimals": 0,
                "accumulating": indicator.accumulating,
                "defined": True,
                "maximum": indicator.maximum,
                "unit": text32(indicator.unit),
            },
            sender="office indicator_keeper",
        )
    )


def _people(world: World) -> Iterator[tuple[str, str, str, int]]:
    """Yield everybody's name, organisation, region and roles; each name once."""
    people = world.prepared.scenario.participants
    groups: tuple[tuple[Role, Iterable[records.Organisation]], ...] = (
        (Role.CHARITY, people.charities),
        (Role.SUPPLIER, people.suppliers),
        (Role.DONOR, people.donors),
        (Role.STATION_OPERATOR, people.station_operators),
        (Role.AUDITOR, people.auditors),
        (Role.SOLVER, people.solvers),
        (Role.REPORTER, people.reporters),
        (Role.COORDINATOR, people.coordinators),
        (Role.ARBITER, people.arbiters),
    )
    for hospital in world.prepared.hospitals:
        yield hospital.id, hospital.id, hospital.region, roles_mask(Role.RECIPIENT)
    for carrier in people.carriers:
        yield carrier.id, carrier.organisation, carrier.region, roles_mask(Role.CARRIER)
    roles: dict[str, int] = {}
    known: dict[str, records.Organisation] = {}
    for role, members in groups:
        for member in members:
            known[member.id] = member
            roles[member.id] = roles.get(member.id, 0) | roles_mask(role)
    for name, member in known.items():
        yield name, member.organisation, member.region, roles[name]


def _register(world: World) -> Iterator[Step]:
    domain = world.aid.domain(world.aid.registry)
    deadline = world.agenda.now + SECONDS_A_DAY
    for name, organisation, region, roles in _people(world):
        world.organisations[name] = organisation
        key = world.cast[name]
        registration = Registration(
            account=key.address,
            facility=text32(name),
            organisation=text32(organisation),
            region=regions.encode(region),
            roles=roles,
            profile_hash=text32(f"profile of {name}"),
            nonce=0,
            deadline=deadline,
        )
        yield Step(
            world.send(
                world.aid.registry,
                "register",
                registration,
                registration.sign(key, domain),
                f"profile:{name}",
                sender="office registrar",
            )
        )


def _stations(world: World) -> Iterator[Step]:
    for station in world.prepared.stations:

        def added(receipt: Receipt, name: str = station.id) -> None:
            world.stations[name] = receipt.event("StationAdded").args.station

        definition = {
            "operator": world.cast[station.operator].address,
            "tier": _TIERS[station.tier],
            "temperature_min": station.temperature.low,
            "temperature_max": station.temperature.high,
            "recognised": False,
            "rooms": 0,
            "open_hours": ALWAYS_OPEN,
            "throughput": 0,
            "latitude": station.place.latitude,
            "longitude": station.place.longitude,
            "region": regions.encode(station.region),
        }
        yield Step(
            world.send(world.aid.network, "addStation", definition, sender=station.operator),
            added,
        )


def _fleet(world: World) -> Iterator[Step]:
    """Add each vehicle with a crew of its own, in one phase: ids count up from 1 in this order."""
    network = world.aid.network
    crew = 0
    for carrier in world.prepared.scenario.participants.carriers:
        for kind in carrier.vehicles:
            for _ in range(kind.count):
                crew += 1
                # a crew that relieves itself: scenarios set no hours of duty
                relieved = {
                    "carrier": world.cast[carrier.id].address,
                    "licences": 0,
                    "hours_in_row": 0,
                    "hours_in_day": 0,
                }
                yield Step(world.send(network, "addCrew", relieved, sender=carrier.id))
                fleet = FleetVehicle(
                    0, crew, carrier.id, kind.tier, kind.capacity, kind.temperature
                )

                def added(receipt: Receipt, fleet: FleetVehicle = fleet) -> None:
                    fleet.id = receipt.event("VehicleAdded").args.vehicle
                    world.fleet.append(fleet)

                definition = {
                    "carrier": world.cast[carrier.id].address,
                    "tier": _TIERS[kind.tier],
                    "temperature_min": kind.temperature.low,
                    "temperature_max": kind.temperature.high,
                    "capacity": kind.capacity,
                    "weight": _WEIGHT[kind.tier],
                    "volume": _VOLUME[kind.tier],
                    "range": 0,
                    "licences": 0,
                }
                yield Step(world.send(network, "addVehicle", definition, sender=carrier.id), added)


def _devices(world: World) -> Iterator[Step]:
    devices = world.prepared.scenario.devices
    domain = world.aid.domain(world.aid.registry)
    operator = world.cast[devices.operator]
    first = world.prepared.scenario.clock.first_day
    for number in range(1, devices.count + 1):
        key = world.cast[f"device {number}"]
        binding = DeviceBinding(
            device=key.address,
            operator=operator.address,
            model=text32(devices.model),
            calibrated_until=world.time(first + devices.calibrated_days),
            nonce=0,
            deadline=world.agenda.now + SECONDS_A_DAY,
        )
        yield Step(
            world.send(
                world.aid.registry,
                "bindDevice",
                binding,
                binding.sign(key, domain),
                sender=operator,
            )
        )


def _facilities(world: World) -> Iterator[Step]:
    for hospital in world.prepared.hospitals:
        yield Step(
            world.send(
                world.aid.needs,
                "declareFacility",
                hospital.people_in_care,
                hospital.vulnerable,
                sender=hospital.id,
            )
        )


def _reporters(world: World) -> Iterator[Step]:
    scenario = world.prepared.scenario
    reporters = sorted(
        (world.cast[r.id].address for r in scenario.participants.reporters),
        key=lambda address: int(address, 16),
    )
    yield Step(
        world.send(
            world.aid.oracle,
            "setReporters",
            reporters,
            scenario.indicator.faults,
            sender="office indicator_keeper",
        )
    )
    for region in scenario.plan.regions:
        yield Step(
            world.send(
                world.aid.oracle,
                "openFeed",
                text32(scenario.indicator.id),
                regions.encode(region),
                sender=scenario.participants.reporters[0].id,
            )
        )


def _recognise(world: World) -> Iterator[Step]:
    coordinator = world.prepared.scenario.participants.coordinators[0].id
    network = world.aid.network
    atlas = regions.shipped_atlas()
    for station in world.prepared.stations:
        province = atlas.province_of(station.region)
        if station.recognised and province:
            yield Step(
                world.send(
                    network,
                    "recognise",
                    world.stations[station.id],
                    regions.encode(province),
                    True,
                    sender=coordinator,
                )
            )
    for province in world.prepared.scenario.network.affected:
        yield Step(
            world.send(network, "setAffected", regions.encode(province), True, sender=coordinator)
        )


def _attest_facilities(world: World) -> Iterator[Step]:
    for hospital in world.prepared.hospitals:
        for auditor in auditors_for(world, hospital.region, hospital.id)[:1]:
            yield Step(
                world.send(
                    world.aid.needs,
                    "attestFacility",
                    world.cast[hospital.id].address,
                    hospital.people_in_care,
                    hospital.vulnerable,
                    sender=auditor,
                )
            )


def _attest_carriers(world: World) -> Iterator[Step]:
    """An auditor looks at each carrier's licence and tariff; its word holds for a year."""
    until = world.agenda.now + 365 * SECONDS_A_DAY
    for carrier in world.prepared.scenario.participants.carriers:
        for auditor in auditors_for(world, carrier.region, carrier.id)[:1]:
            for paper in (Paper.LICENCE, Paper.TARIFF):
                yield Step(
                    world.send(
                        world.aid.carriers,
                        "attest",
                        world.cast[carrier.id].address,
                        paper,
                        Verdict.ATTESTED,
                        text32(f"{paper.name.lower()} of {carrier.id}"),
                        until,
                        sender=auditor,
                    )
                )


def auditors_for(world: World, region: str, label: str) -> list[str]:
    """Return the auditors whose region holds ``region``, of different bodies, in a seeded order."""
    atlas = regions.shipped_atlas()
    above = set(atlas.lineage(region))
    found: dict[str, str] = {}
    for auditor in world.prepared.scenario.participants.auditors:
        if auditor.region in above:
            found.setdefault(auditor.organisation, auditor.id)
    chosen = list(found.values())
    world.dice("auditors", label).shuffle(chosen)
    return chosen


def _action(world: World, action: records.Action) -> dict[str, object]:
    """Return an action of the plan as the contract takes it."""
    made: dict[str, object] = {
        "kind": ActionKind.NULL,
        "region": regions.encode(action.region),
        "material": 0,
        "base": 0,
        "rate": 0,
        "ceiling": action.ceiling,
        "spender": "0x" + "0" * 40,
        "duration": action.duration,
        "earmark": (EarmarkKind.NONE, bytes(32)),
    }
    if isinstance(action, records.RaiseDemand):
        made["kind"] = ActionKind.RAISE_DEMAND
        made["material"] = int(world.material(action.material).gtin)
        made["base"] = action.base
        made["rate"] = action.rate
    elif isinstance(action, records.ReleaseMoney):
        made["kind"] = ActionKind.RELEASE_MONEY
        made["spender"] = world.cast[action.spender].address
        made["earmark"] = world.earmark(action.earmark)
    else:
        made["kind"] = ActionKind.OPEN_FAST_PATH
    return made


def _propose(world: World) -> Iterator[Step]:
    scenario = world.prepared.scenario
    plan = scenario.plan
    oracle = world.aid.oracle
    measures = {records.Measure.VALUE: Measure.VALUE, records.Measure.GROWTH: Measure.GROWTH}
    spec = {
        "kind": text32(plan.kind),
        "regions_needed": plan.regions_needed,
        "first_day": world.chain_day(scenario.clock.first_day),
        "time_to_live": plan.time_to_live,
        "regions": [regions.encode(region) for region in plan.regions],
        "feeds": [
            oracle.feedOf(text32(plan.indicator), regions.encode(region)) for region in plan.regions
        ],
        "levels": [
            {
                "all": level.all_of,
                "minimum_stay": level.minimum_stay,
                "conditions": [
                    {
                        "measure": measures[condition.measure],
                        "window": condition.window,
                        "rise": condition.rise,
                        "fall": condition.fall,
                    }
                    for condition in level.conditions
                ],
                "actions": [_action(world, action) for action in level.actions],
            }
            for level in plan.levels
        ],
    }
    yield Step(
        world.send(world.aid.emergency, "propose", text32(plan.id), spec, sender="office planner")
    )
