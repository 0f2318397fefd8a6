"""A load on its way that a device watches; plain keys stand for the rooms that write.

The load is formed at START, picked up at `PICK_UP` and handed on at `CHANGE`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from aidline.client import Contract, Receipt, RevmChain
from aidline.messages import Batch
from aidline.signing import Domain, Key
from aidline.telemetry import Band, Link, Recorder, Watch, follow
from tests.support.network import NOBODY
from tests.support.people import domain_of, key_of, word
from tests.support.suite import HOUR, MASK, START, Suite, deploy_suite

#: Between 2 and 8 °C, up to 60 % of humidity.
COLD = Band(temperature_min=200, temperature_max=800, humidity_min=0, humidity_max=6_000)
PICK_UP = START + 10 * HOUR
CHANGE = START + 20 * HOUR
CONSIGNMENT = 1
BOOKING = word("booking")
STATION = 3

Readings = Sequence[tuple[int, int, int]]


@pytest.fixture(scope="session")
def suite() -> Suite:
    return deploy_suite(
        RevmChain(timestamp=START),
        known={
            "FreightEscrow": key_of("freight_escrow").address,
            "DemandEscrow": key_of("demand_escrow").address,
        },
    )


@pytest.fixture
def freight_escrow() -> Key:
    return key_of("freight_escrow")


@pytest.fixture
def monitor(suite: Suite) -> Contract:
    return suite.monitor


@pytest.fixture
def domain(monitor: Contract) -> Domain:
    return domain_of(monitor)


@pytest.fixture
def formed(ledger: Contract, supplier: Key, freight_escrow: Key) -> int:
    """A consignment whose load is formed but not picked up."""
    request = {
        "material": MASK,
        "quantity": 1_000,
        "expiry": 0,
        "station": STATION,
        "evidence": word("evidence"),
    }
    parcel = ledger.commission(request, sender=supplier).event("LotCommissioned").args.parcel
    demand_escrow = key_of("demand_escrow")
    ledger.offer(parcel, supplier, sender=demand_escrow)
    ledger.allocate(parcel, 1_000, sender=demand_escrow)
    ledger.redeem(parcel, 1_000, sender=demand_escrow)
    ledger.form(CONSIGNMENT, [parcel], NOBODY, [], sender=freight_escrow)
    return CONSIGNMENT


@pytest.fixture
def watched(monitor: Contract, formed: int, device: Key, freight_escrow: Key) -> int:
    """A consignment that is watched but not picked up."""
    monitor.openWatches(formed, BOOKING, [device], COLD, 0, sender=freight_escrow)
    return formed


@pytest.fixture
def picked_up(
    ledger: Contract, chain: RevmChain, watched: int, carrier: Key, freight_escrow: Key
) -> int:
    """A watched consignment on its way; it is 10 hours after pick-up."""
    chain.set_time(CHANGE)
    ledger.handOver(watched, carrier, STATION, PICK_UP, sender=freight_escrow)
    return watched


@pytest.fixture
def watch(device: Key) -> Watch:
    return Watch(device.address, BOOKING, COLD)


@pytest.fixture
def recorder(watch: Watch) -> Recorder:
    return Recorder(CONSIGNMENT, watch)


@pytest.fixture
def record(
    monitor: Contract, device: Key, domain: Domain, stranger: Key, watch: Watch
) -> Callable[..., Receipt]:
    """Submits a batch, signed by the device unless another signs; keeps the one before."""
    watched = watch
    recorded: dict[bytes, Batch] = {}

    def send(batch: Batch, signer: Key = device, **changes: Any) -> Receipt:
        given = {"watch": watched, "previous": recorded.get(batch.previous)} | changes
        signature = batch.sign(signer, domain)
        receipt: Receipt = monitor.record(
            given["watch"], Link.of(given["previous"]), batch, signature, sender=stranger
        )
        beginning = watched.beginning(batch.consignment)
        recorded[follow(beginning, batch.previous, batch)] = batch
        return receipt

    return send


def steady(start: int, count: int, temperature: int = 500, step: int = 600) -> Readings:
    """Return readings of one temperature at a steady pace."""
    return [(start + number * step, temperature, 5_000) for number in range(count)]
