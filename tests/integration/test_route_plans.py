"""Plans over the three tiers against the contracts.

Given a network that is drawn, declared on a chain
├── RouteBook commits each plan, the carriers open its runs, FreightEscrow reserves its legs
└── when a plan is corrupted, RouteBook refuses it with the error that the planner's rules name
Given allocations that wait in a deployment
├── what waits, the network and the hours that are taken are read from the chain
└── the plan is committed, its runs opened, and FreightEscrow takes the bookings that it says
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from aidline.client import RevmChain
from aidline.errors import ContractReverted, InputError
from aidline.messages import Registration
from aidline.model import Role, Tier, roles_mask
from aidline.signing import Key
from aidline.solve.routing.chainview import (
    Roster,
    free_hours,
    read_allocations,
    read_chain,
)
from aidline.solve.routing.commitment import Cargo, as_legs, as_plan, as_runs, bookings, commit
from aidline.solve.routing.diary import HOUR, hours
from aidline.solve.routing.planner import Settings, plan_routes
from aidline.solve.routing.records import Consignment, Leg, Network, Plan
from aidline.solve.routing.rounds import Rule
from aidline.solve.routing.rules import first_breach, in_order
from tests.support.freight import CARRIERS
from tests.support.freight import Desk as Freight
from tests.support.people import domain_of, key_of, word
from tests.support.routing import NOW, TARIFFS, Small, small
from tests.support.suite import KIT, MASK, START, Suite, deploy_suite

SETTINGS = Settings(iterations=20, few=0)
BASES = range(1, 8)


@pytest.fixture(scope="module")
def suite() -> Suite:
    chain = RevmChain(timestamp=START)
    made = deploy_suite(chain, known={"FreightEscrow": key_of("freight_escrow").address})
    for base in BASES:
        key = hauler(base)
        message = Registration(
            account=key.address,
            facility=word(f"hauler {base}"),
            organisation=word(f"hauler {base}"),
            region=word("CN-HB"),
            roles=roles_mask(Role.CARRIER),
            profile_hash=bytes(31) + bytes([base]),
            nonce=0,
            deadline=chain.now() + HOUR,
        )
        signature = message.sign(key, domain_of(made.registry))
        made.registry.register(message, signature, "ipfs://hauler", sender=key_of("registrar"))
    return made


@pytest.fixture(autouse=True)
def isolation(suite: Suite) -> Iterator[None]:
    snapshot = suite.chain.snapshot()
    yield
    suite.chain.revert(snapshot)


def hauler(base: int) -> Key:
    return key_of(f"hauler {base}")


def declared(suite: Suite, made: Small) -> Network:
    """Declare a network on the chain; returns it with the carriers' addresses."""
    book, keeper, coordinator = suite.network, key_of("supplier"), key_of("coordinator")
    for one in made.network.stations.values():
        added = book.addStation(
            {
                "operator": keeper.address,
                "tier": one.tier,
                "temperature_min": one.band.low,
                "temperature_max": one.band.high,
                "recognised": False,
                "rooms": one.rooms,
                "open_hours": one.open_hours,
                "throughput": one.throughput,
                "latitude": one.place.latitude,
                "longitude": one.place.longitude,
                "region": word(one.province),
            },
            sender=keeper,
        )
        assert added.event("StationAdded").args.station == one.id
        for province in one.serves:
            book.recognise(one.id, word(province), True, sender=coordinator)
    for province in made.network.affected:
        book.setAffected(word(province), True, sender=coordinator)
    for vehicle in made.network.vehicles.values():
        added = book.addVehicle(
            {
                "carrier": hauler(vehicle.base).address,
                "tier": vehicle.tier,
                "temperature_min": vehicle.band.low,
                "temperature_max": vehicle.band.high,
                "capacity": vehicle.room[0],
                "weight": vehicle.room[1],
                "volume": vehicle.room[2],
                "range": vehicle.range,
                "licences": vehicle.licences,
            },
            sender=hauler(vehicle.base),
        )
        assert added.event("VehicleAdded").args.vehicle == vehicle.id
    for crew in made.network.crews.values():
        added = book.addCrew(
            {
                "carrier": hauler(crew.base).address,
                "licences": crew.licences,
                "hours_in_row": crew.hours_in_row,
                "hours_in_day": crew.hours_in_day,
            },
            sender=hauler(crew.base),
        )
        assert added.event("CrewAdded").args.crew == crew.id
    return replace(
        made.network,
        vehicles={
            number: replace(one, carrier=hauler(one.base).address)
            for number, one in made.network.vehicles.items()
        },
        crews={
            number: replace(one, carrier=hauler(one.base).address)
            for number, one in made.network.crews.items()
        },
    )


def rest(suite: Suite, goods: tuple[Consignment, ...]) -> dict[int, Cargo]:
    """Lay what is to be carried at its stations: a parcel for each of them."""
    made: dict[int, Cargo] = {}
    for origin in sorted({one.origin for one in goods}):
        lot = {
            "material": MASK,
            "quantity": sum(one.load[0] for one in goods if one.origin == origin),
            "expiry": 0,
            "station": origin,
            "evidence": word("certificate"),
        }
        receipt = suite.ledger.commission(lot, sender=key_of("supplier"))
        parcel = receipt.event("LotCommissioned").args.parcel
        made.update({one.id: Cargo(parcel=parcel) for one in goods if one.origin == origin})
    return made


class Desk:
    """A network on the chain, and a plan for it."""

    def __init__(self, suite: Suite, seed: int, rule: Rule = Rule.WEIGHTED) -> None:
        self.suite, drawn = suite, small(seed)
        self.network = declared(suite, drawn)
        self.cargoes = rest(suite, drawn.consignments)
        self.plan: Plan = plan_routes(
            self.network, drawn.consignments, now=NOW, settings=replace(SETTINGS, rule=rule)
        )
        served = self.plan.legs_of()
        self.goods = [one for one in drawn.consignments if one.id in served]
        self.legs = in_order(self.plan)

    def committed(self, goods: list[Consignment], legs: list[Leg]) -> dict[str, Any]:
        return as_plan(goods, legs, self.cargoes, salt=word("plan"))

    def refusal(self, goods: list[Consignment], legs: list[Leg]) -> str | None:
        """Return the error with which the contract refuses a plan."""
        plan = self.committed(goods, legs)
        snapshot = self.suite.chain.snapshot()
        try:
            self.suite.routes.commit(plan, sender=key_of("solver"))
        except ContractReverted as refused:
            return refused.error
        finally:
            self.suite.chain.revert(snapshot)
        return None


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("seed", range(5))
def test_the_contracts_take_each_plan(suite: Suite, seed: int, rule: Rule) -> None:
    desk = Desk(suite, seed, rule)
    plan = desk.committed(desk.goods, desk.legs)
    committed = suite.routes.commit(plan, sender=key_of("solver")).event("PlanCommitted")
    assert suite.routes.entry(committed.args.plan).legs == len(desk.legs)
    carriers = {hauler(base).address: hauler(base) for base in BASES}
    for carrier, run in as_runs(desk.network, desk.plan):
        suite.network.openRun(*run, sender=carriers[carrier])
    goods = {one.id: one for one in desk.goods}
    for leg in desk.legs:
        one = goods[leg.consignment]
        booking = {
            "carrier": leg.carrier,
            "vehicle": leg.vehicle,
            "crew": leg.crew,
            "from_station": leg.start,
            "to_station": leg.end,
            "departure": leg.departure,
            "latest_arrival": leg.latest,
            "units": one.load[0],
            "temperature_min": one.band.low,
            "temperature_max": one.band.high,
        }
        suite.network.reserve(one.id, booking, sender=key_of("freight_escrow"))
    for run in desk.plan.runs:
        carried = sum(goods[leg.consignment].load[0] for leg in run.legs)
        assert suite.network.runOf(run.vehicle, run.departure).units == carried


#: What can be wrong with a plan.
KINDS = (
    *("late", "early", "window", "vehicle", "crew", "end", "start", "carrier", "gone", "again"),
    *("units", "weight", "volume", "band", "due", "ready", "swap", "another"),
)


def corrupted(dice: random.Random, desk: Desk) -> tuple[list[Consignment], list[Leg]]:
    """Change one thing of a plan."""
    goods, legs = list(desk.goods), list(desk.legs)
    at = dice.randrange(len(legs))
    leg = legs[at]
    kind = dice.choice(KINDS)
    stations, hour = list(desk.network.stations), dice.randint(1, 30) * HOUR
    if kind == "late":
        leg = replace(leg, departure=leg.departure + hour, latest=leg.latest + hour)
    elif kind == "early":
        leg = replace(leg, departure=leg.departure - hour, latest=leg.latest - hour)
    elif kind == "window":
        leg = replace(leg, latest=leg.latest + dice.choice((-40, -1, 5, 30, 300)) * HOUR)
    elif kind == "vehicle":
        leg = replace(leg, vehicle=dice.randint(1, len(desk.network.vehicles) + 1))
    elif kind == "crew":
        leg = replace(leg, crew=dice.randint(1, len(desk.network.crews) + 1))
    elif kind == "end":
        leg = replace(leg, end=dice.choice([*stations, 99]))
    elif kind == "start":
        leg = replace(leg, start=dice.choice(stations))
    elif kind == "carrier":
        leg = replace(leg, carrier=hauler(dice.choice(BASES)).address)
    elif kind == "another":
        leg = replace(leg, consignment=dice.choice([*(one.id for one in goods), 99]))
    legs[at] = leg
    if kind == "gone":
        del legs[at]
    elif kind == "again":
        legs.insert(at, leg)
    elif kind == "swap":
        other = dice.randrange(len(legs))
        legs[at], legs[other] = legs[other], legs[at]
    which = dice.randrange(len(goods))
    one = goods[which]
    if kind in ("units", "weight", "volume"):
        axis = ("units", "weight", "volume").index(kind)
        load = list(one.load)
        # units above what lies there are the ledger's affair: only fewer
        load[axis] = dice.choice((0, 1)) if kind == "units" else load[axis] + 10_000
        goods[which] = replace(one, load=(load[0], load[1], load[2]))
    elif kind == "band":
        goods[which] = replace(one, band=replace(one.band, high=dice.choice((100, 500, 2_000))))
    elif kind == "due":
        goods[which] = replace(one, due=one.ready + dice.choice((0, 1, 10)) * HOUR)
    elif kind == "ready":
        goods[which] = replace(one, ready=one.ready + dice.choice((1, 10, 90)) * HOUR)
    return goods, legs


def ordered(one: Consignment) -> bool:
    return one.band.low <= one.band.high


@pytest.mark.parametrize("seed", range(4))
def test_a_corrupted_plan_is_refused_by_the_error_that_names_it(suite: Suite, seed: int) -> None:
    desk = Desk(suite, seed, Rule.URGENT)
    dice = random.Random(seed)
    told: set[str | None] = set()
    for _ in range(60):
        goods, legs = corrupted(dice, desk)
        if not all(ordered(one) for one in goods):
            continue
        breach = first_breach(desk.network, goods, legs, now=suite.chain.now())
        expected = None if breach is None else breach.error
        assert desk.refusal(goods, legs) == expected
        told.add(expected)
    assert len(told) > 6


# --- from allocations to bookings ---


@pytest.fixture
def desk() -> Freight:
    made = Freight(deploy_suite(RevmChain(timestamp=START)))
    made.build()
    return made


def roster_of(desk: Freight) -> Roster:
    return Roster(
        bases=dict(zip(desk.vehicles, desk.stations, strict=False)),
        skills=dict.fromkeys(desk.vehicles, frozenset({"controlled"})),
        free_from=dict.fromkeys(desk.vehicles, 0),
        crews=dict(zip(desk.crews, desk.stations, strict=False)),
        tariffs=TARIFFS,
        weights={KIT: (50, 400)},
    )


def test_allocations_are_planned_committed_and_booked(desk: Freight) -> None:
    suite, aid = desk.suite, desk.suite.aid
    numbers = [desk.allocate(), desk.allocate()]
    roster = roster_of(desk)
    network = read_chain(aid, roster)
    assert [one.province for one in network.stations.values()] == ["CN-GD"] + ["CN-HB"] * 3
    now = desk.chain.now()
    waiting = read_allocations(aid, network, roster, now=now)
    assert [one.allocations for one in waiting] == [(number,) for number in numbers]
    assert waiting[0].goods.load == (1_000, 50, 400)
    assert waiting[0].consignee == key_of("hospital").address
    goods = [one.goods for one in waiting]
    plan = plan_routes(network, goods, now=now, settings=SETTINGS)
    assert plan.unserved == ()
    assert [run.tier for run in plan.runs] == [Tier.TRUNK, Tier.BRANCH, Tier.TERMINAL]
    (name,) = commit(aid, waiting, plan, key_of("solver"))
    assert suite.routes.entry(name).legs == 6
    carriers = {key_of(one).address: key_of(one) for one in CARRIERS}
    for carrier, run in as_runs(network, plan):
        suite.network.openRun(*run, sender=carriers[carrier])
    for one, told in zip(waiting, bookings(waiting, plan, [name]), strict=True):
        assert told["salt"] == f"0x{name.hex()}"
        booking = desk.booking(
            told["allocations"],
            legs=list(as_legs(plan, one.goods.id)),
            pick_up_by=told["pick_up_by"],
            salt=name,
        )
        desk.book(booking)
    for run in plan.runs:
        assert suite.network.runOf(run.vehicle, run.departure).units == 2_000
    # What is booked waits no more, and its hours are taken.
    assert read_allocations(aid, network, roster, now=now) == []
    diary = free_hours(aid, network, now)
    for run in plan.runs:
        wanted = hours(run.departure, run.back)
        assert diary.vehicles[run.vehicle] == diary.crews[run.crew] == set(wanted)


def test_a_roster_that_names_what_is_not_there_is_refused(desk: Freight) -> None:
    roster = roster_of(desk)
    with pytest.raises(InputError, match="the roster names vehicle 9, the chain has 3"):
        read_chain(desk.suite.aid, replace(roster, bases={9: 1}))
    with pytest.raises(InputError, match="has crew 1 at station 9"):
        read_chain(desk.suite.aid, replace(roster, crews={1: 9}))
