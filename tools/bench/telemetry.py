"""Gas of telemetry: batches, convictions, leaves demanded; and how fast a device signs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aidline.client.web3chain import Web3Chain
from aidline.keccak import keccak
from aidline.node import AnvilNode
from aidline.signing import Domain, Key
from aidline.telemetry import Recorder, Watch
from tests.support.freight import COLD, DEPARTURES, Desk
from tests.support.people import key_of, word
from tests.support.suite import HOUR, START, deploy_suite
from tests.support.telemetry import Forger
from tools.bench.figures import Figure
from tools.bench.gas import act, cost_of, elsewhere

BATCH_GOAL = 65_000
#: Readings in the batches that are recorded one after the other.
SIZES = (1, 100, 10_000)
#: Readings of the device that signs and batches against the clock, and how many make a batch.
READINGS, BATCH = 100_000, 1_000


def run() -> Iterator[Figure]:
    """Yield gas of each act, floor and ratio, and the pace at which a device signs and batches."""
    with AnvilNode(genesis_time=START) as node:
        suite = deploy_suite(node.chain)  # type: ignore[arg-type]
        desk = Desk(suite)
        desk.build()
        yield from _batches(desk, node.chain)
        yield from _court(desk, node.chain)
    yield Figure("telemetry.readings_per_second", _pace(), "readings/s", better="higher")
    yield elsewhere("telemetry_anchor_with_one_signature_floor", 37_733)


def _batches(desk: Desk, chain: Web3Chain) -> Iterator[Figure]:
    booked = desk.book(desk.booking([desk.allocate()]))
    consignment = booked.event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    recorder = desk.recorder(consignment)
    at = DEPARTURES[0]
    chain.set_time(at + 2 * sum(SIZES))
    for name, size in (("first", 1), *((f"of_{size}_readings", size) for size in SIZES)):
        readings = [(at + number, 900, 5_000) for number in range(size)]
        at += size
        receipt = desk.record(recorder, readings)
        cost = cost_of(chain, receipt, signatures=1)
        yield from act(f"telemetry.batch_{name}", cost, goal=BATCH_GOAL)


def _court(desk: Desk, chain: Web3Chain) -> Iterator[Figure]:
    """A batch of a hundred readings of which the last states too much, with one batch after it."""
    court, stranger, hospital = desk.suite.court, key_of("stranger"), key_of("hospital")
    booking = desk.booking([desk.allocate()], salt=word("order 2"), **_later(desk))
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    at = booking.legs[0].departure
    desk.pass_on(consignment, 0, at)
    chain.set_time(at + 2 * HOUR)
    forger = Forger(desk, consignment)
    leaves = forger.leaves([(at + 60 * number, 500, 5_000) for number in range(100)])
    leaves[-1] = replace(leaves[-1], temperature_exposure=50_000)
    forger.record(leaves, temperature_max=900)
    forger.record(forger.leaves([(at + 6_060, 500, 5_000)]))
    recorded, device = forger.recorded(0), forger.device
    shown = [forger.shown(0, number) for number in (98, 99)]

    receipt = court.demandLeaf(recorded, booking, 98, sender=hospital)
    yield from act("telemetry.leaf_demand", cost_of(chain, receipt))
    receipt = court.showLeaf(recorded.batch, device, hospital, shown[0], sender=stranger)
    yield from act("telemetry.leaf_answer", cost_of(chain, receipt))
    receipt = court.convictPair(recorded, [], booking, *shown, sender=stranger)
    yield from act("telemetry.conviction", cost_of(chain, receipt))
    recorded, shown = forger.recorded(0), [forger.shown(0, number) for number in (49, 50)]
    receipt = court.proveSplit(recorded, [], shown[0].leaf.time + 30, *shown, sender=stranger)
    yield from act("telemetry.split", cost_of(chain, receipt))


def _later(desk: Desk) -> dict[str, Any]:
    """Return a booking's times that begin in half a day."""
    start = desk.chain.now() // HOUR * HOUR + 12 * HOUR
    legs = [
        replace(leg, departure=start + number * HOUR, latest_arrival=start + (number + 1) * HOUR)
        for number, leg in enumerate(desk.legs())
    ]
    return {"legs": legs, "pick_up_by": start + HOUR, "deadline": start}


def _pace() -> float:
    """Return how many readings a device turns into signed batches in a second, on one core."""
    device = Key.derive("bench", "device")
    recorder = Recorder(1, Watch(device.address, keccak(b"booking"), COLD))
    domain = Domain(1, device.address, "Aidline ConditionMonitor")
    readings = [(START + at, 500 + at % 400, 5_000) for at in range(READINGS)]
    begun = time.perf_counter()
    for at in range(0, READINGS, BATCH):
        recorder.batch(readings[at : at + BATCH], deadline=START).sign(device, domain)
    return READINGS / (time.perf_counter() - begun)
