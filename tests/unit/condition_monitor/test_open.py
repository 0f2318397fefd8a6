"""Opening a watch: `open`, and its read `watch`.

open
├── when the caller is not FreightEscrow: refused
├── given a watch of the consignment: refused
├── given a device that is unbound, retired, past calibration or of a suspended operator: refused
└── else the device watches the band, with nothing recorded
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.signing import Key
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.unit.condition_monitor.conftest import COLD, CONSIGNMENT


def test_opens_a_watch(monitor: Contract, formed: int, device: Key, freight_escrow: Key) -> None:
    receipt = monitor.open(formed, device, COLD, sender=freight_escrow)

    told = receipt.event("WatchOpened").args
    assert (told.consignment, told.device) == (formed, device.address)
    watch = monitor.watch(formed)
    assert watch.device == device.address
    assert (watch.temperature_min, watch.temperature_max) == (200, 800)
    assert (watch.humidity_min, watch.humidity_max) == (0, 6_000)
    assert (watch.batches, watch.readings, watch.last_time) == (0, 0, 0)
    assert watch.last_hash == bytes(32)
    assert monitor.exposureBetween(formed, 0, 100).silence == 100


@pytest.mark.parametrize("person", ["stranger", "carrier", "device"])
def test_reverts_when_the_caller_is_not_the_escrow(
    monitor: Contract, formed: int, device: Key, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotWriter", caller=caller):
        monitor.open(formed, device, COLD, sender=caller)


def test_reverts_when_it_is_watched(
    monitor: Contract, watched: int, second_device: Key, freight_escrow: Key
) -> None:
    with reverts("AlreadyWatched", consignment=watched):
        monitor.open(watched, second_device, COLD, sender=freight_escrow)


def _unbound(_: Contract, __: RevmChain) -> None:
    """Nothing is done: the stranger's key is no device."""


def _retired(registry: Contract, _: RevmChain) -> None:
    registry.retireDevice(key_of("device"), sender=key_of("carrier"))


def _past_calibration(_: Contract, chain: RevmChain) -> None:
    chain.set_time(chain.now() + 366 * DAY)


def _of_suspended_operator(registry: Contract, _: RevmChain) -> None:
    registry.suspend(key_of("carrier"), word("fraud"), sender=key_of("suspender"))


@pytest.mark.parametrize(
    ("person", "given"),
    [
        ("stranger", _unbound),
        ("device", _retired),
        ("device", _past_calibration),
        ("device", _of_suspended_operator),
    ],
)
def test_reverts_when_the_device_is_not_usable(
    monitor: Contract,
    registry: Contract,
    chain: RevmChain,
    formed: int,
    freight_escrow: Key,
    request: pytest.FixtureRequest,
    person: str,
    given: Callable[[Contract, RevmChain], None],
) -> None:
    given(registry, chain)
    watcher = request.getfixturevalue(person)
    with reverts("DeviceNotUsable", device=watcher, at=chain.now()):
        monitor.open(formed, watcher, COLD, sender=freight_escrow)


def test_reads_revert_when_nothing_is_watched(monitor: Contract) -> None:
    with reverts("NotWatched", consignment=CONSIGNMENT):
        monitor.watch(CONSIGNMENT)
    with reverts("NotWatched", consignment=CONSIGNMENT):
        monitor.exposureBetween(CONSIGNMENT, 0, 1)
    with reverts("UnknownBatch", consignment=CONSIGNMENT, index=0):
        monitor.checkpoint(CONSIGNMENT, 0)
