"""Gas of consignments: booking, changes of hands, delivery with settlement, a whole life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from aidline import messages as m
from aidline.client import Receipt
from aidline.client.web3chain import Web3Chain
from aidline.model import Tier
from aidline.node import AnvilNode
from tests.support.freight import CARRIERS, DEPARTURES, LATEST, LIMIT, Desk
from tests.support.network import vehicle
from tests.support.people import key_of, word
from tests.support.suite import DAY, START, UNIT, deploy_suite
from tools.bench.figures import Figure
from tools.bench.gas import act, cost_of, elsewhere

HANDOVER_GOAL, SETTLEMENT_GOAL, LIFE_GOAL = 70_000, 140_000, 1_200_000
TRAIN = 10


def run() -> Iterator[Figure]:
    """Yield gas of each act, floor and ratio, beside what others need."""
    with AnvilNode(genesis_time=START) as node:
        desk = Desk(deploy_suite(node.chain))  # type: ignore[arg-type]
        desk.build()
        for name in CARRIERS:
            # Carriers have worked before: their purses are not empty.
            key = key_of(name)
            desk.suite.currency.approve(desk.freight, 10 * UNIT, sender=key)
            permit = {"value": 0, "deadline": 0, "v": 0, "r": bytes(32), "s": bytes(32)}
            desk.freight.fillPurse(10 * UNIT, permit, sender=key)
        yield from _life(desk, node.chain)
        yield from _one_leg(desk, node.chain)
        yield from _train(desk, node.chain)
    yield elsewhere("kleros_escrow_create", 166_242)
    yield elsewhere("kleros_escrow_pay", 53_788)
    yield elsewhere("kleros_escrow_execute", 55_064)
    yield elsewhere("sablier_three_tranches", 277_520)
    yield elsewhere("tradetrust_transfer_with_one_signature", 69_742)
    yield elsewhere("handover_with_two_signatures_floor", 36_597)
    yield elsewhere("settlement_of_three_carriers_by_transfer_floor", 57_709)
    yield elsewhere("settlement_of_three_carriers_by_ledger_floor", 44_861)


def _life(desk: Desk, chain: Web3Chain) -> Iterator[Figure]:
    """One parcel, three legs, four changes of hands, three batches."""
    booked = desk.book(desk.booking([desk.allocate()]))
    consignment = booked.event("ConsignmentBooked").args.consignment
    yield from act("freight.booking_three_legs", cost_of(chain, booked, signatures=5))
    life = [booked, desk.pass_on(consignment, 0, DEPARTURES[0])]
    yield from act("freight.pick_up", cost_of(chain, life[-1], signatures=2))
    recorder = desk.recorder(consignment)
    started = DEPARTURES[0]
    for number, ended in enumerate(LATEST):
        chain.set_time(ended)
        times = range(started + 600, ended + 1, 600)
        life.append(desk.record(recorder, [(time, 500, 4_000) for time in times]))
        started = ended
        if number == len(LATEST) - 1:
            break
        life.append(desk.hand_over(desk.handover(consignment, number + 1, ended)))
        if number == 0:
            cost = cost_of(chain, life[-1], signatures=2)
            yield from act("freight.handover", cost, goal=HANDOVER_GOAL)
    life.append(desk.deliver(desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True)))
    cost = cost_of(chain, life[-1], signatures=2)
    yield from act("freight.delivery_with_settlement_three_legs", cost, goal=SETTLEMENT_GOAL)
    total = sum(receipt.gas_used for receipt in life)
    yield Figure("freight.whole_life", total, "gas", goal=LIFE_GOAL)


def _one_leg(desk: Desk, chain: Web3Chain) -> Iterator[Figure]:
    """From the branch station's supplier straight to the dock, without telemetry on the way."""
    carrier = key_of("carrier")
    network = desk.suite.network
    network.setAffected(word("CN-HB"), False, sender=key_of("coordinator"))
    added = network.addVehicle(vehicle(carrier, tier=Tier.BRANCH), sender=carrier)
    now = chain.now()
    leg = replace(
        desk.legs()[0],
        vehicle=added.event("VehicleAdded").args.vehicle,
        to_station=desk.stations[3],
        departure=now + 3_600,
        latest_arrival=now + 7_200,
    )
    booking = desk.booking(
        [desk.allocate()],
        legs=[leg],
        salt=word("one leg"),
        pick_up_by=now + 7_200,
        deadline=now + 3_600,
    )
    booked = desk.book(booking)
    yield from act("freight.booking_one_leg", cost_of(chain, booked, signatures=3))
    consignment = booked.event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, now + 3_600)
    chain.set_time(now + 7_200)
    domain = desk.domain
    handover = desk.handover(
        consignment, 1, now + 7_200, to=key_of("hospital").address, station=desk.stations[3]
    )
    proof = desk.proof(handover, accepted=True, release=handover.sign(carrier, domain))
    cost = cost_of(chain, desk.deliver(proof), signatures=2)
    yield from act("freight.delivery_with_settlement_one_leg", cost)


def _train(desk: Desk, chain: Web3Chain) -> Iterator[Figure]:
    """Ten loads that pass from the supplier to the trunk carrier at once."""
    domain, loads = desk.domain, []
    base = chain.now() + DAY
    for number in range(TRAIN):
        shift = base + number * DAY - START
        legs = [
            replace(
                leg,
                departure=leg.departure + shift,
                latest_arrival=leg.latest_arrival + shift,
            )
            for leg in desk.legs()
        ]
        booking = desk.booking(
            [desk.allocate(100)],
            legs=legs,
            salt=word(f"load {number}"),
            pick_up_by=legs[0].departure,
            deadline=LIMIT,
        )
        loads.append(desk.book(booking).event("ConsignmentBooked").args.consignment)
    at = chain.now()
    train = m.HandoverTrain([desk.handover(load, 0, at) for load in loads])
    receipt: Receipt = desk.freight.handOverTrain(
        train.loads,
        train.sign(key_of("supplier"), domain),
        train.sign(key_of("carrier"), domain),
        sender=key_of("stranger"),
    )
    cost = cost_of(chain, receipt, signatures=2)
    yield from act("freight.train_of_ten", cost)
    yield Figure("freight.train_of_ten_per_load", receipt.gas_used / TRAIN, "gas")
