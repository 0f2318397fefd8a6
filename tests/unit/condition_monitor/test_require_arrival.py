"""A device's word that it arrived: `requireArrival`.

requireArrival
├── when the consignment is not watched: refused
├── when a batch that it signed is missing, or ends after the arrival: refused
├── given a device that is retired or past calibration: refused
├── when another signed: refused
└── else it returns
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, Receipt
from aidline.signing import Key, sign_digest
from aidline.telemetry import Recorder, Watch
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.unit.condition_monitor.conftest import CHANGE, COLD, CONSIGNMENT, PICK_UP, steady

DIGEST = b"\7" * 32


@pytest.fixture
def watch(device: Key) -> Watch:
    return Watch(device.address, bytes(32), COLD)


@pytest.fixture
def watched(monitor: Contract, formed: int, device: Key, freight_escrow: Key) -> int:
    monitor.open(formed, bytes(32), device, COLD, 0, sender=freight_escrow)
    return formed


@pytest.fixture
def recorded(picked_up: int, recorder: Recorder, record: Callable[..., Receipt]) -> int:
    """A consignment with one batch that ends at the change of hands."""
    record(recorder.batch(steady(PICK_UP, 61), deadline=CHANGE + DAY))
    return picked_up


def test_returns_when_the_device_has_signed(monitor: Contract, recorded: int, device: Key) -> None:
    signature = sign_digest(device, DIGEST)
    monitor.requireArrival(recorded, 1, CHANGE, DIGEST, signature)
    monitor.requireArrival(recorded, 0, PICK_UP, DIGEST, signature)


def test_reverts_when_nothing_is_watched(monitor: Contract, device: Key) -> None:
    with reverts("NotWatched", consignment=CONSIGNMENT):
        monitor.requireArrival(CONSIGNMENT, 0, CHANGE, DIGEST, sign_digest(device, DIGEST))


def test_reverts_when_a_batch_is_missing(monitor: Contract, recorded: int, device: Key) -> None:
    with reverts("BatchesMissing", consignment=recorded, recorded=1, signed=2):
        monitor.requireArrival(recorded, 2, CHANGE, DIGEST, sign_digest(device, DIGEST))


def test_reverts_when_a_batch_ends_later(monitor: Contract, recorded: int, device: Key) -> None:
    with reverts("BatchAfterArrival", consignment=recorded, batch_end=CHANGE, at=CHANGE - 1):
        monitor.requireArrival(recorded, 1, CHANGE - 1, DIGEST, sign_digest(device, DIGEST))


def test_reverts_when_the_device_is_retired(
    monitor: Contract, registry: Contract, recorded: int, device: Key, carrier: Key
) -> None:
    registry.retireDevice(device, sender=carrier)
    with reverts("DeviceNotUsable", device=device, at=CHANGE):
        monitor.requireArrival(recorded, 1, CHANGE, DIGEST, sign_digest(device, DIGEST))


def test_reverts_when_it_is_past_calibration(
    monitor: Contract, registry: Contract, recorded: int, device: Key
) -> None:
    at = registry.device(device).calibrated_until + 1
    with reverts("DeviceNotUsable", device=device, at=at):
        monitor.requireArrival(recorded, 1, at, DIGEST, sign_digest(device, DIGEST))


def test_reverts_when_another_has_signed(
    monitor: Contract, recorded: int, device: Key, second_device: Key
) -> None:
    with reverts("BadSignature", signer=device):
        monitor.requireArrival(recorded, 1, CHANGE, DIGEST, sign_digest(second_device, DIGEST))
