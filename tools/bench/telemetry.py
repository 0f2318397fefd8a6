"""Gas of telemetry: a batch of any number of readings; and how fast a device signs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from aidline.client.web3chain import Web3Chain
from aidline.keccak import keccak
from aidline.node import AnvilNode
from aidline.signing import Domain, Key
from aidline.telemetry import Recorder, Watch
from tests.support.freight import COLD, DEPARTURES, Desk
from tests.support.suite import START, deploy_suite
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
