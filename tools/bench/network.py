"""Gas of hours and plans: a leg reserved and given back, a run shared, plans and re-plans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aidline.client import Receipt
from aidline.client.web3chain import Web3Chain
from aidline.model import Hindrance
from aidline.node import AnvilNode
from tests.support.freight import DEPARTURES, LATEST, Desk
from tests.support.network import crew_of, station, vehicle
from tests.support.people import key_of, word
from tests.support.routes import cargo, leg, plan, rest, way
from tests.support.suite import DAY, HOUR, START, Suite, deploy_suite
from tools.bench.figures import Figure
from tools.bench.gas import act, cost_of

SHORT, LONG = 10, 100
ESCROW = key_of("freight_escrow")


def run() -> Iterator[Figure]:
    """Yield gas of each act, floor and ratio."""
    with AnvilNode(genesis_time=START) as node:
        chain: Any = node.chain
        suite = deploy_suite(chain, known={"FreightEscrow": ESCROW.address})
        yield from _hours(suite, chain)
    with AnvilNode(genesis_time=START) as node:
        desk = Desk(deploy_suite(node.chain))  # type: ignore[arg-type]
        desk.build()
        yield from _released(desk, node.chain)
        yield from _plans(desk, node.chain)


def _hours(suite: Suite, chain: Web3Chain) -> Iterator[Figure]:
    """A key stands for the escrow, so that what a leg costs the network is seen alone."""
    network, carrier, keeper = suite.network, key_of("carrier"), key_of("station_operator")
    places = [
        network.addStation(station(keeper, **facts), sender=keeper)
        .event("StationAdded")
        .args.station
        for facts in ({}, {}, {"throughput": 20, "open_hours": 0xFFFF}, {"throughput": 20})
    ]
    lorries = [
        network.addVehicle(vehicle(carrier, **facts), sender=carrier)
        .event("VehicleAdded")
        .args.vehicle
        for facts in ({}, {"range": 3_000_000, "licences": 1})
    ]
    crews = [
        network.addCrew(crew_of(carrier, **facts), sender=carrier).event("CrewAdded").args.crew
        for facts in ({}, {"licences": 1, "hours_in_row": 5, "hours_in_day": 10})
    ]

    def wanted(number: int, begin: int) -> dict[str, Any]:
        return {
            "carrier": carrier.address,
            "vehicle": lorries[number],
            "crew": crews[number],
            "from_station": places[2 * number],
            "to_station": places[2 * number + 1],
            "departure": START + begin * HOUR,
            "latest_arrival": START + (begin + 5) * HOUR,
            "units": 100,
            "temperature_min": 200,
            "temperature_max": 800,
        }

    names = ("vehicle", "crew", "from_station", "to_station", "departure", "latest_arrival")
    for number, name in enumerate(("leg", "leg_with_every_limit")):
        network.reserve(1, wanted(number, 0), sender=ESCROW)
        receipt = network.reserve(2, wanted(number, 10), sender=ESCROW)
        yield from act(f"network.reserve_a_{name}", cost_of(chain, receipt))
        hours = {key: wanted(number, 10)[key] for key in names}
        receipt = network.free(2, hours, 0, sender=ESCROW)
        yield from act(f"network.free_a_{name}", cost_of(chain, receipt))
    departure = START + 30 * HOUR
    run = (lorries[0], crews[0], places[0], departure, departure + 8 * HOUR)
    receipt = network.openRun(*run, sender=carrier)
    yield from act("network.open_a_run", cost_of(chain, receipt))
    network.reserve(3, wanted(0, 30), sender=ESCROW)
    receipt = network.reserve(4, wanted(0, 30), sender=ESCROW)
    yield from act("network.ride_in_a_run", cost_of(chain, receipt))


def _released(desk: Desk, chain: Web3Chain) -> Iterator[Figure]:
    """The rest of a leg that was early."""
    booked = desk.book(desk.booking([desk.allocate()]))
    consignment = booked.event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, DEPARTURES[0] + HOUR)
    released = desk.suite.hours.release(desk.bookings[consignment], sender=key_of("stranger"))
    yield from act("network.release_the_rest_of_a_leg", cost_of(chain, released))


def _plans(desk: Desk, chain: Web3Chain) -> Iterator[Figure]:
    """Cargoes of one parcel over the three tiers; vehicles are shared, a few cargoes to each."""
    shift = DAY * (1 + (chain.now() - START) // DAY)
    for legs in (SHORT, LONG):
        first = _content(desk, legs, shift)
        receipt = _commit(desk, first)
        yield from act(f"network.plan_of_{legs}_legs_per_leg", cost_of(chain, receipt), each=legs)
        again = _content(desk, legs, shift + DAY) | {
            "predecessor": receipt.event("PlanCommitted").args.plan,
            "reason": Hindrance.ROAD_CLOSED,
        }
        receipt = _commit(desk, again)
        yield from act(f"network.replan_of_{legs}_legs_per_leg", cost_of(chain, receipt), each=legs)


def _content(desk: Desk, legs: int, shift: int) -> dict[str, Any]:
    """So many legs: whole ways, and a last cargo that goes no farther than its legs reach."""
    ways, left = divmod(legs, 3)
    parcel = rest(desk, 100 * (ways + 1))
    small = {"units": 100, "weight": 30, "volume": 200, "due": LATEST[2] + shift}
    goods = [cargo(desk, parcel, **small) for _ in range(ways + (left > 0))]
    if left:
        goods[-1]["to_station"] = desk.stations[left]
    rides = way(desk, cargoes=ways) + [leg(desk, number, ways) for number in range(left)]
    for ride in rides:
        ride["departure"] += shift
        ride["latest_arrival"] += shift
    rides.sort(key=lambda ride: ride["departure"])
    return plan(goods, rides, salt=word(f"plan {legs} {shift}"))


def _commit(desk: Desk, content: dict[str, Any]) -> Receipt:
    receipt: Receipt = desk.suite.routes.commit(content, sender=key_of("solver"))
    return receipt
