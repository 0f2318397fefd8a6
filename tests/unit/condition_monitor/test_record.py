"""Recording batches: `record`, and the read `headOf`.

record
├── when the consignment is not watched, or the deadline has passed: refused
├── when the watch or the batch before is not the one on record: refused
├── when the batch is not the next (sequence, chain before, first index): refused
├── when its times run backwards, into the batch before, into the future or before pick-up: refused
├── when its readings cannot lie in its times with its longest gap: refused
├── when exposure falls, or its extremes and its exposure cannot both be true: refused
├── given a device that is retired, past calibration or of a suspended operator: refused
├── when somebody else signed, or it was signed for another chain or contract: refused
├── given as many batches as there may be: refused
└── else it stands, and the running exposure with it, whoever submits
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aidline.client import Contract, Receipt, RevmChain
from aidline.errors import InputError
from aidline.signing import Domain, Key
from aidline.telemetry import Link, Recorder, Watch, follow
from aidline.watches import told_of
from tests.support.people import domain_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR
from tests.unit.condition_monitor.conftest import (
    BOOKING,
    CHANGE,
    COLD,
    CONSIGNMENT,
    PICK_UP,
    STATION,
    steady,
)

DEADLINE = CHANGE + DAY
Record = Callable[..., Receipt]


def test_records_the_first_batch(
    monitor: Contract,
    picked_up: int,
    recorder: Recorder,
    record: Record,
    device: Key,
    watch: Watch,
) -> None:
    # From 5 to 10 °C in 1000 s: outside for 400 s, on average by 1 °C.
    batch = recorder.batch(
        [(PICK_UP, 500, 5_000), (PICK_UP + 1_000, 1_000, 7_000)], deadline=DEADLINE
    )

    receipt = record(batch)

    told = receipt.event("BatchRecorded").args
    assert (told.consignment, told.device) == (picked_up, device.address)
    assert told_of(monitor, picked_up)[0].batches == (batch,)
    assert batch.root == recorder.tree(0).root
    assert (batch.temperature_exposure, batch.humidity_exposure) == (40_000, 250_000)
    beginning = watch.beginning(picked_up)
    assert batch.previous == beginning
    assert monitor.headOf(picked_up, device) == follow(beginning, beginning, batch)


def test_chains_the_batches(
    monitor: Contract,
    picked_up: int,
    recorder: Recorder,
    record: Record,
    device: Key,
    watch: Watch,
) -> None:
    first = recorder.batch(steady(PICK_UP, 4, 900), deadline=DEADLINE)
    record(first)
    second = recorder.batch(steady(PICK_UP + 2 * HOUR, 2, 1_000), deadline=DEADLINE)

    record(second)

    # 1800 s at 9 °C; up to 10 °C within 5400 s; 600 s at 10 °C.
    assert second.temperature_exposure == 1_800 * 100 + 5_400 * 150 + 600 * 200
    assert (second.longest_gap, second.last_index) == (5_400, 5)
    assert told_of(monitor, picked_up)[0].batches == (first, second)
    assert monitor.headOf(picked_up, device) == follow(
        watch.beginning(picked_up), second.previous, second
    )


def test_records_a_single_reading(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP, 1), deadline=DEADLINE))
    record(recorder.batch(steady(PICK_UP + 60, 1), deadline=DEADLINE))
    assert [batch.longest_gap for batch in told_of(monitor, picked_up)[0].batches] == [0, 60]


def test_records_after_the_load_is_closed(
    monitor: Contract,
    ledger: Contract,
    picked_up: int,
    recorder: Recorder,
    record: Record,
    hospital: Key,
    freight_escrow: Key,
) -> None:
    ledger.close(picked_up, 5, hospital, STATION, CHANGE, sender=freight_escrow)
    record(recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE))
    assert len(told_of(monitor, picked_up)[0].batches) == 1


_readings = st.lists(
    st.tuples(st.integers(1, 2_000), st.integers(-3_000, 3_000), st.integers(0, 10_000)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(_readings, min_size=1, max_size=3))
def test_takes_whatever_a_device_reads(
    monitor: Contract,
    chain: RevmChain,
    picked_up: int,
    record: Record,
    watch: Watch,
    batches: list[list[tuple[int, int, int]]],
) -> None:
    before = chain.snapshot()
    chain.set_time(PICK_UP + DAY)
    recorder = Recorder(CONSIGNMENT, watch)
    time = PICK_UP
    for steps in batches:
        readings = []
        for step, temperature, humidity in steps:
            time += step
            readings.append((time, temperature, humidity))
        record(recorder.batch(readings, deadline=PICK_UP + DAY))
    last = recorder.leaves(recorder.batches - 1)[-1]
    told = told_of(monitor, picked_up)[0]
    assert len(told.batches) == len(batches)
    span = monitor.exposures(picked_up, [watch], 0, 0, [told.points], [PICK_UP, chain.now()])[-1]
    assert (span.temperature, span.humidity) == (
        last.temperature_exposure,
        last.humidity_exposure,
    )
    chain.revert(before)


def test_reverts_when_it_is_not_watched(recorder: Recorder, record: Record, device: Key) -> None:
    with reverts("NotWatched", consignment=CONSIGNMENT, device=device):
        record(recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE))


def test_reverts_after_the_deadline(
    picked_up: int, recorder: Recorder, record: Record, chain: RevmChain, watch: Watch
) -> None:
    batch = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    chain.set_time(DEADLINE + 1)
    with reverts("Expired", deadline=DEADLINE):
        record(batch)
    # At the deadline itself it is good.
    recorder = Recorder(CONSIGNMENT, watch)
    record(recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE + 1))


def test_reverts_when_it_is_recorded_twice(
    picked_up: int, recorder: Recorder, record: Record, device: Key
) -> None:
    batch = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    record(batch)
    with reverts("NotOnRecord", consignment=picked_up, device=device):
        record(batch)
    second = recorder.batch(steady(PICK_UP + HOUR, 2), deadline=DEADLINE)
    record(second)
    with reverts("NotOnRecord", consignment=picked_up, device=device):
        record(second)
    with reverts("WrongSequence", consignment=picked_up, expected=2, given=1):
        record(second, previous=second)


def test_reverts_when_the_one_before_is_not_recorded(
    picked_up: int, recorder: Recorder, record: Record, device: Key
) -> None:
    first = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    second = recorder.batch(steady(PICK_UP + HOUR, 2), deadline=DEADLINE)
    for previous in (first, second):
        with reverts("NotOnRecord", consignment=picked_up, device=device):
            record(second, previous=previous)
    with reverts("WrongSequence", consignment=picked_up, expected=0, given=1):
        record(second, previous=None)


def test_reverts_when_a_batch_is_left_out(
    picked_up: int, recorder: Recorder, record: Record
) -> None:
    first = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    record(first)
    recorder.batch(steady(PICK_UP + HOUR, 2), deadline=DEADLINE)
    third = recorder.batch(steady(PICK_UP + 2 * HOUR, 2), deadline=DEADLINE)
    with reverts("WrongSequence", consignment=picked_up, expected=1, given=2):
        record(third, previous=first)


def test_reverts_when_it_follows_another_batch(
    monitor: Contract,
    picked_up: int,
    recorder: Recorder,
    record: Record,
    device: Key,
    watch: Watch,
) -> None:
    first = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    other = replace(first, deadline=DEADLINE - 1)
    record(other)
    second = recorder.batch(steady(PICK_UP + HOUR, 2), deadline=DEADLINE)
    head = monitor.headOf(picked_up, device)
    with reverts("WrongPrevious", consignment=picked_up, expected=head, given=second.previous):
        record(second, previous=other)
    with reverts("NotOnRecord", consignment=picked_up, device=device):
        record(second, previous=first)


def test_reverts_when_the_watch_is_another(
    picked_up: int, recorder: Recorder, record: Record, device: Key, watch: Watch
) -> None:
    batch = recorder.batch(steady(PICK_UP, 2, 900), deadline=DEADLINE)
    wider = replace(watch, band=replace(COLD, temperature_max=2_000))
    for other in (wider, replace(watch, booking=b"\1" * 32)):
        with reverts("NotOnRecord", consignment=picked_up, device=device):
            record(batch, watch=other)


def test_reverts_when_the_batch_is_of_another_consignment(
    monitor: Contract,
    picked_up: int,
    recorder: Recorder,
    record: Record,
    device: Key,
    freight_escrow: Key,
) -> None:
    monitor.openWatches(picked_up + 1, BOOKING, [device], COLD, 0, sender=freight_escrow)
    batch = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    with reverts("WrongPrevious", consignment=picked_up + 1):
        record(replace(batch, consignment=picked_up + 1))


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("WrongPrevious", {"previous": b"\1" * 32}),
        ("WrongIndex", {"first_index": 2}),
        ("WrongIndex", {"first_index": 4}),
        ("WrongIndex", {"last_index": 2}),
        ("TimesOutOfOrder", {"last_time": PICK_UP + 1_800}),
        ("TimesOutOfOrder", {"first_time": PICK_UP + 1_800}),
        ("TimeInFuture", {"last_time": CHANGE + 1}),
        # More readings than seconds; four gaps in an hour; the gap to the batch before.
        ("CountDoesNotFitTimes", {"last_index": 3 + HOUR}),
        ("CountDoesNotFitTimes", {"longest_gap": 899}),
        ("CountDoesNotFitTimes", {"longest_gap": 3_598}),
        ("CountDoesNotFitTimes", {"first_time": PICK_UP + 1_800 + 1_801}),
        ("ExposureFell", {"temperature_exposure": 179_999}),
        ("Contradiction", {"temperature_exposure": 180_001}),
        ("Contradiction", {"humidity_exposure": 1}),
        ("Contradiction", {"temperature_min": 501}),
        ("Contradiction", {"humidity_min": 5_001}),
        # 10 °C at most, for one hour.
        (
            "Contradiction",
            {"temperature_max": 1_000, "temperature_exposure": 180_000 + 200 * 3_600 + 1},
        ),
        (
            "Contradiction",
            {"temperature_min": 0, "temperature_exposure": 180_000 + 200 * 3_600 + 1},
        ),
        ("Contradiction", {"humidity_max": 6_001, "humidity_exposure": 3_601}),
    ],
)
def test_reverts_when_the_second_batch_does_not_follow(
    monitor: Contract,
    picked_up: int,
    recorder: Recorder,
    record: Record,
    device: Key,
    error: str,
    changes: dict[str, Any],
) -> None:
    # Ends 1800 s after pick-up with 180,000 of exposure; the next lasts an hour, within the band.
    first = [(PICK_UP, 500, 5_000), (PICK_UP + 900, 500, 5_000), (PICK_UP + 1_800, 500, 5_000)]
    batch = recorder.batch(first, deadline=DEADLINE)
    batch = replace(batch, temperature_max=1_000, temperature_exposure=180_000)
    record(batch)
    fine = replace(
        batch,
        sequence=1,
        previous=monitor.headOf(picked_up, device),
        first_index=3,
        last_index=6,
        first_time=PICK_UP + 1_801,
        last_time=PICK_UP + 1_800 + HOUR,
        temperature_min=500,
        temperature_max=500,
        temperature_exposure=180_000,
        longest_gap=1_800,
    )

    with reverts(error):
        record(replace(fine, **changes), previous=batch)

    record(fine)
    assert len(told_of(monitor, picked_up)[0].batches) == 2


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({"last_index": 0, "last_time": PICK_UP, "longest_gap": 0}, True),
        ({"last_index": 0, "last_time": PICK_UP, "longest_gap": 1}, False),
        ({"last_index": 0, "last_time": PICK_UP + 1}, False),
        ({"last_index": 0, "last_time": PICK_UP + 1, "longest_gap": 1}, False),
        ({"last_index": 1, "last_time": PICK_UP, "longest_gap": 0}, False),
        ({"last_index": 3, "last_time": PICK_UP + 3, "longest_gap": 1}, True),
        ({"last_index": 4, "last_time": PICK_UP + 3, "longest_gap": 1}, False),
        ({"last_index": 2**64 - 1, "last_time": PICK_UP + 3, "longest_gap": 1}, False),
        ({"last_index": 3, "last_time": PICK_UP + 3, "longest_gap": 2}, False),
    ],
)
def test_first_batch_holds_as_many_readings_as_fit(
    picked_up: int, recorder: Recorder, record: Record, changes: dict[str, int], fits: bool
) -> None:
    batch = replace(recorder.batch(steady(PICK_UP, 1), deadline=DEADLINE), **changes)
    if fits:
        record(batch)
    else:
        with reverts("CountDoesNotFitTimes", consignment=picked_up):
            record(batch)


def test_reverts_before_pick_up(
    watched: int, recorder: Recorder, record: Record, chain: RevmChain
) -> None:
    chain.set_time(CHANGE)
    with reverts("BeforePickUp", consignment=watched, time=PICK_UP):
        record(recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE))


def test_reverts_when_it_begins_before_pick_up(
    picked_up: int, recorder: Recorder, record: Record
) -> None:
    with reverts("BeforePickUp", consignment=picked_up, time=PICK_UP - 1):
        record(recorder.batch(steady(PICK_UP - 1, 2), deadline=DEADLINE))


def test_reverts_when_the_device_is_retired(
    picked_up: int,
    recorder: Recorder,
    record: Record,
    registry: Contract,
    device: Key,
    carrier: Key,
) -> None:
    registry.retireDevice(device, sender=carrier)
    with reverts("DeviceNotUsable", device=device):
        record(recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE))


def test_reverts_when_the_operator_is_suspended(
    picked_up: int,
    recorder: Recorder,
    record: Record,
    registry: Contract,
    device: Key,
    carrier: Key,
    suspender: Key,
) -> None:
    registry.suspend(carrier, word("fraud"), sender=suspender)
    with reverts("DeviceNotUsable", device=device):
        record(recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE))


def test_reverts_when_a_reading_is_past_calibration(
    picked_up: int,
    recorder: Recorder,
    record: Record,
    registry: Contract,
    chain: RevmChain,
    device: Key,
) -> None:
    calibrated = registry.device(device).calibrated_until
    chain.set_time(calibrated + HOUR)
    record(recorder.batch([(calibrated, 500, 5_000)], deadline=calibrated + DAY))
    late = recorder.batch([(calibrated + 1, 500, 5_000)], deadline=calibrated + DAY)
    with reverts("DeviceNotUsable", device=device, at=calibrated + 1):
        record(late)


@pytest.mark.parametrize("person", ["second_device", "carrier", "stranger"])
def test_reverts_when_another_signs(
    picked_up: int,
    recorder: Recorder,
    record: Record,
    device: Key,
    request: pytest.FixtureRequest,
    person: str,
) -> None:
    batch = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    with reverts("BadSignature", signer=device):
        record(batch, signer=request.getfixturevalue(person))


def test_reverts_when_something_else_was_signed(
    monitor: Contract,
    picked_up: int,
    recorder: Recorder,
    device: Key,
    domain: Domain,
    watch: Watch,
) -> None:
    batch = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    signature = batch.sign(device, domain)
    with reverts("BadSignature", signer=device):
        monitor.record(
            watch, Link.of(None), replace(batch, root=b"\1" * 32), signature, sender=device
        )


@pytest.mark.parametrize("fault", ["chain", "contract", "short", "malleable"])
def test_reverts_when_the_signature_is_for_elsewhere_or_malformed(
    monitor: Contract,
    ledger: Contract,
    picked_up: int,
    recorder: Recorder,
    device: Key,
    domain: Domain,
    watch: Watch,
    fault: str,
) -> None:
    batch = recorder.batch(steady(PICK_UP, 2), deadline=DEADLINE)
    signature = {
        "chain": batch.sign(device, domain_of(monitor, chain_id=1)),
        "contract": batch.sign(device, replace(domain, contract=ledger.address)),
        "short": batch.sign(device, domain)[:64],
        "malleable": _high_s(batch.sign(device, domain)),
    }[fault]
    with reverts("BadSignature", signer=device):
        monitor.record(watch, Link.of(None), batch, signature, sender=device)


def _high_s(signature: bytes) -> bytes:
    """Return the other signature that fits the same key and digest."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def test_reverts_when_there_are_as_many_as_there_may_be(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record, watch: Watch
) -> None:
    most = monitor.MAX_BATCHES()
    for number in range(most):
        record(recorder.batch(steady(PICK_UP + number, 1), deadline=DEADLINE))
    last = recorder.last
    assert last is not None
    beyond = replace(
        last,
        sequence=most,
        previous=monitor.headOf(picked_up, watch.device),
        first_index=most,
        last_index=most,
        first_time=PICK_UP + most,
        last_time=PICK_UP + most,
    )
    with reverts("TooManyBatches", consignment=picked_up, most=most):
        record(beyond, previous=last)
    with pytest.raises(InputError, match="256 batches"):
        recorder.batch(steady(PICK_UP + most, 1), deadline=DEADLINE)
    # What is settled from them stays within a block.
    told = told_of(monitor, picked_up)[0]
    span = monitor.exposures(picked_up, [watch], 0, 0, [told.points], [PICK_UP, CHANGE])[0]
    assert span.silence == CHANGE - PICK_UP - most + 1
