"""Opening watches: `openWatches`, and the read `headOf`.

openWatches
├── when the caller is not FreightEscrow: refused
├── given a watch of the consignment by the same device: refused, and no other is opened
├── given a device that is unbound, retired, past calibration or of a suspended operator: refused
└── else each device watches the band, with nothing recorded
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.signing import Key
from aidline.telemetry import Watch
from aidline.watches import Told, told_of, watch_of
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.unit.condition_monitor.conftest import BOOKING, COLD


def test_opens_watches(
    monitor: Contract, formed: int, device: Key, third_device: Key, freight_escrow: Key
) -> None:
    devices = (device, third_device)
    receipt = monitor.openWatches(formed, BOOKING, devices, COLD, 0, sender=freight_escrow)

    opened = [event for event in receipt.events if event.name == "WatchOpened"]
    assert [event.args.consignment for event in opened] == [formed, formed]
    for event, key in zip(opened, devices, strict=True):
        watch = Watch(key.address, BOOKING, COLD)
        assert watch_of(event) == watch
        assert monitor.headOf(formed, key) == watch.beginning(formed)
    assert told_of(monitor, formed) == [Told(watch_of(event)) for event in opened]


@pytest.mark.parametrize("person", ["stranger", "carrier", "device"])
def test_reverts_when_the_caller_is_not_the_escrow(
    monitor: Contract, formed: int, device: Key, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("NotWriter", caller=caller):
        monitor.openWatches(formed, BOOKING, [device], COLD, 0, sender=caller)


def test_reverts_when_it_is_watched(
    monitor: Contract, watched: int, device: Key, second_device: Key, freight_escrow: Key
) -> None:
    devices = (second_device, device)
    with reverts("AlreadyWatched", consignment=watched, device=device):
        monitor.openWatches(watched, BOOKING, devices, COLD, 0, sender=freight_escrow)
    assert monitor.headOf(watched, second_device) == bytes(32)
    with reverts("AlreadyWatched", consignment=watched, device=second_device):
        monitor.openWatches(watched, BOOKING, [second_device] * 2, COLD, 0, sender=freight_escrow)


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
        monitor.openWatches(formed, BOOKING, [watcher], COLD, 0, sender=freight_escrow)
