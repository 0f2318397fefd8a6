"""What each span of custody answers for: `exposures`.

exposures
├── given no batch that ends in the span: no exposure, and the whole span is silence
├── given batches that end at the change of hands: each span has its own; last, the whole way
├── given a batch that spans the change of hands: the span in which it ends has it whole
├── given time before the first batch or after the last one in the span: it is silence
├── given a batch after the end: it counts for nobody
├── whatever the order in which batch and handover are submitted: the same
├── when the watch or the batches told are not those on record: refused
├── when there is no device, not one list for each, or fewer than two times in order: refused
└── given several devices
    ├── when each counts: the greatest of each figure
    └── when any counts: the least of those that were heard; a dead device is no witness
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aidline.client import Contract, Receipt, RevmChain
from aidline.model import DeviceRule
from aidline.signing import Key
from aidline.telemetry import Recorder, Watch
from aidline.watches import told_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR
from tests.unit.condition_monitor.conftest import (
    BOOKING,
    CHANGE,
    COLD,
    PICK_UP,
    STATION,
    steady,
)

DEADLINE = CHANGE + 2 * DAY
Record = Callable[..., Receipt]


def _spans(
    monitor: Contract,
    consignment: int,
    *cuts: int,
    rule: DeviceRule = DeviceRule.NULL,
    longest: int = 0,
) -> list[tuple[int, int, int]]:
    """Return what each span answers for, and last the whole way."""
    told = told_of(monitor, consignment)
    answer = monitor.exposures(
        consignment, [one.watch for one in told], rule, longest, [one.points for one in told], cuts
    )
    return [(span.temperature, span.humidity, span.silence) for span in answer]


def test_silent_when_nothing_is_recorded(monitor: Contract, picked_up: int) -> None:
    silent = (0, 0, CHANGE - PICK_UP)
    assert _spans(monitor, picked_up, PICK_UP, CHANGE) == [silent, silent]
    assert _spans(monitor, picked_up, CHANGE, CHANGE) == [(0, 0, 0)] * 2


def test_each_span_has_its_own(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record, chain: RevmChain
) -> None:
    # 9 °C for ten hours, then 10 °C for two.
    record(recorder.batch(steady(PICK_UP, 61, 900), deadline=DEADLINE))
    chain.set_time(CHANGE + 2 * HOUR)
    record(recorder.batch(steady(CHANGE + 600, 12, 1_000), deadline=DEADLINE))
    first = 10 * HOUR * 100
    second = 600 * 150 + 6_600 * 200
    assert _spans(monitor, picked_up, PICK_UP, CHANGE, CHANGE + 2 * HOUR) == [
        (first, 0, 600),
        (second, 0, 600),
        (first + second, 0, 600),
    ]


def test_batch_over_the_change_belongs_where_it_ends(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP, 2, 900), deadline=DEADLINE))
    record(recorder.batch(steady(PICK_UP + 1_200, 5, 900), deadline=DEADLINE))
    middle, end = PICK_UP + 1_800, PICK_UP + 3_600
    # The gap that the second batch reports began before the span, but is not longer than it.
    assert _spans(monitor, picked_up, PICK_UP, middle, end) == [
        (60_000, 0, 1_200),
        (300_000, 0, 600),
        (360_000, 0, 600),
    ]


def test_silence_is_no_longer_than_the_span(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP, 1), deadline=DEADLINE))
    record(recorder.batch(steady(PICK_UP + 2 * HOUR, 1), deadline=DEADLINE))
    end = PICK_UP + 2 * HOUR
    spans = _spans(monitor, picked_up, PICK_UP, end - 60, end)
    assert [silence for _, _, silence in spans] == [2 * HOUR - 60, 60, 2 * HOUR]


def test_time_from_pick_up_to_the_first_reading_is_silence(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP + HOUR, 7), deadline=DEADLINE))
    assert _spans(monitor, picked_up, PICK_UP, PICK_UP + 2 * HOUR)[0] == (0, 0, HOUR)


def test_time_after_the_last_batch_is_silence(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP, 7), deadline=DEADLINE))
    assert _spans(monitor, picked_up, PICK_UP, CHANGE)[0] == (0, 0, 9 * HOUR)
    # A batch that ends after the span does not speak for it.
    record(recorder.batch(steady(PICK_UP + 2 * HOUR, 7), deadline=DEADLINE))
    end = PICK_UP + 2 * HOUR + 1_800
    assert _spans(monitor, picked_up, PICK_UP, end)[0] == (0, 0, HOUR + 1_800)


def test_what_comes_after_the_end_counts_for_nobody(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP, 7), deadline=DEADLINE))
    before = _spans(monitor, picked_up, PICK_UP, PICK_UP + HOUR)
    record(recorder.batch(steady(PICK_UP + HOUR + 60, 20, 1_500), deadline=DEADLINE))
    assert _spans(monitor, picked_up, PICK_UP, PICK_UP + HOUR) == before


def test_order_of_submission_changes_nothing(
    monitor: Contract,
    ledger: Contract,
    chain: RevmChain,
    picked_up: int,
    recorder: Recorder,
    record: Record,
    branch_carrier: Key,
    freight_escrow: Key,
) -> None:
    first = recorder.batch(steady(PICK_UP, 61, 900), deadline=DEADLINE)
    second = recorder.batch(steady(CHANGE + 600, 12, 1_000), deadline=DEADLINE)
    chain.set_time(CHANGE + 2 * HOUR)
    cuts = (PICK_UP, CHANGE, CHANGE + 2 * HOUR)

    def hand_over() -> None:
        ledger.handOver(picked_up, branch_carrier, STATION, CHANGE, sender=freight_escrow)

    before = chain.snapshot()
    hand_over()
    record(first)
    record(second)
    expected = _spans(monitor, picked_up, *cuts)
    chain.revert(before)

    record(first)
    record(second)
    hand_over()
    assert _spans(monitor, picked_up, *cuts) == expected


def test_reverts_when_what_is_told_is_not_what_is_on_record(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record, watch: Watch
) -> None:
    for number in range(3):
        record(recorder.batch(steady(PICK_UP + number * HOUR, 6, 900), deadline=DEADLINE))
    points = told_of(monitor, picked_up)[0].points
    cuts = [PICK_UP, CHANGE]
    wider = replace(watch, band=replace(COLD, temperature_max=900))
    forged = replace(points[2], figures=points[2].figures & ~(2**96 - 1))
    for told in (
        (watch, points[:2]),
        (watch, points[1:]),
        (watch, [points[0], points[2]]),
        (watch, [points[1], points[0], points[2]]),
        (watch, [*points, points[2]]),
        (watch, [*points[:2], forged]),
        (watch, []),
        (wider, points),
        (replace(watch, booking=bytes(32)), points),
    ):
        with reverts("NotOnRecord", consignment=picked_up, device=watch.device):
            monitor.exposures(picked_up, [told[0]], 0, 0, [told[1]], cuts)
    with reverts("NotWatched", consignment=picked_up + 1, device=watch.device):
        monitor.exposures(picked_up + 1, [watch], 0, 0, [points], cuts)


def test_reverts_when_the_question_makes_no_sense(
    monitor: Contract, picked_up: int, watch: Watch
) -> None:
    with reverts("ToldCount", given=0, needed=1):
        monitor.exposures(picked_up, [watch], 0, 0, [], [PICK_UP, CHANGE])
    with reverts("ToldCount", given=0, needed=0):
        monitor.exposures(picked_up, [], 0, 0, [], [PICK_UP, CHANGE])
    for cuts in ([], [PICK_UP], [CHANGE, PICK_UP]):
        with reverts("BadCuts"):
            monitor.exposures(picked_up, [watch], 0, 0, [[]], cuts)


# --- several devices ---


@pytest.fixture
def other(monitor: Contract, freight_escrow: Key, picked_up: int, third_device: Key) -> Recorder:
    """A second device that watches the same consignment."""
    monitor.openWatches(picked_up, BOOKING, [third_device], COLD, 0, sender=freight_escrow)
    return Recorder(picked_up, Watch(third_device.address, BOOKING, COLD))


def test_each_takes_the_strictest_any_the_mildest(
    monitor: Contract,
    picked_up: int,
    recorder: Recorder,
    other: Recorder,
    record: Record,
    third_device: Key,
) -> None:
    record(recorder.batch(steady(PICK_UP, 7, 900), deadline=DEADLINE))
    dry = [(time, value, 6_100) for time, value, _ in steady(PICK_UP, 4, 500, 1_200)]
    record(other.batch(dry, deadline=DEADLINE), signer=third_device, watch=other.watch)
    end = PICK_UP + HOUR
    each = _spans(monitor, picked_up, PICK_UP, end, rule=DeviceRule.EACH)
    mild = _spans(monitor, picked_up, PICK_UP, end, rule=DeviceRule.ANY, longest=HOUR)
    assert each[0] == (HOUR * 100, HOUR * 100, 1_200)
    assert mild[0] == (0, 0, 600)


def test_under_any_a_silent_device_is_no_witness(
    monitor: Contract,
    picked_up: int,
    recorder: Recorder,
    other: Recorder,
    record: Record,
    third_device: Key,
) -> None:
    record(recorder.batch(steady(PICK_UP, 7, 900), deadline=DEADLINE))
    end = PICK_UP + HOUR
    # The other device is dead: its exposure, none, does not count.
    spans = _spans(monitor, picked_up, PICK_UP, end, rule=DeviceRule.ANY, longest=1_000)
    assert spans[0] == (HOUR * 100, 0, 600)
    # Nor when none was heard as often as agreed: the one that was silent the shortest is believed.
    spans = _spans(monitor, picked_up, PICK_UP, end, rule=DeviceRule.ANY, longest=300)
    assert spans[0] == (HOUR * 100, 0, 600)
    record(
        other.batch(steady(PICK_UP, 13, 850, 300), deadline=DEADLINE),
        signer=third_device,
        watch=other.watch,
    )
    spans = _spans(monitor, picked_up, PICK_UP, end, rule=DeviceRule.ANY, longest=300)
    assert spans[0] == (HOUR * 50, 0, 300)
    spans = _spans(monitor, picked_up, PICK_UP, end, rule=DeviceRule.ANY, longest=200)
    assert spans[0] == (HOUR * 50, 0, 300)
