"""What a span of custody answers for: `exposureBetween`.

exposureBetween
├── given no batch that ends in the span: no exposure, and the whole span is silence
├── given batches that end at the change of hands: each span has its own
├── given a batch that spans the change of hands: the span in which it ends has it whole
├── given time after the last batch in the span: it is silence, also when a later batch covers it
└── whatever the order in which batch and handover are submitted: the same
"""

from __future__ import annotations

from collections.abc import Callable

from aidline.client import Contract, Receipt, RevmChain
from aidline.signing import Key
from aidline.telemetry import Recorder
from tests.support.suite import DAY, HOUR
from tests.unit.condition_monitor.conftest import CHANGE, PICK_UP, STATION, steady

DEADLINE = CHANGE + 2 * DAY
Record = Callable[..., Receipt]


def _span(monitor: Contract, consignment: int, start: int, end: int) -> tuple[int, int, int]:
    answer = monitor.exposureBetween(consignment, start, end)
    return (answer.temperature, answer.humidity, answer.silence)


def test_silent_when_nothing_is_recorded(monitor: Contract, picked_up: int) -> None:
    assert _span(monitor, picked_up, PICK_UP, CHANGE) == (0, 0, CHANGE - PICK_UP)
    assert _span(monitor, picked_up, CHANGE, CHANGE) == (0, 0, 0)
    assert _span(monitor, picked_up, CHANGE, PICK_UP) == (0, 0, 0)


def test_each_span_has_its_own(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record, chain: RevmChain
) -> None:
    # 9 °C for ten hours, then 10 °C for two.
    record(recorder.batch(steady(PICK_UP, 61, 900), deadline=DEADLINE))
    chain.set_time(CHANGE + 2 * HOUR)
    record(recorder.batch(steady(CHANGE + 600, 12, 1_000), deadline=DEADLINE))
    first = 10 * HOUR * 100
    second = 600 * 150 + 6_600 * 200
    assert _span(monitor, picked_up, PICK_UP, CHANGE) == (first, 0, 600)
    assert _span(monitor, picked_up, CHANGE, CHANGE + 2 * HOUR) == (second, 0, 600)
    assert _span(monitor, picked_up, PICK_UP, CHANGE + 2 * HOUR) == (first + second, 0, 600)


def test_batch_over_the_change_belongs_where_it_ends(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP, 2, 900), deadline=DEADLINE))
    record(recorder.batch(steady(PICK_UP + 1_200, 5, 900), deadline=DEADLINE))
    middle = PICK_UP + 1_800
    assert _span(monitor, picked_up, PICK_UP, middle) == (60_000, 0, 1_200)
    # The gap that the second batch reports began before the span, but is not longer than it.
    assert _span(monitor, picked_up, middle, PICK_UP + 3_600) == (300_000, 0, 600)


def test_silence_is_no_longer_than_the_span(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP, 1), deadline=DEADLINE))
    record(recorder.batch(steady(PICK_UP + 2 * HOUR, 1), deadline=DEADLINE))
    start = PICK_UP + 2 * HOUR - 60
    assert _span(monitor, picked_up, start, PICK_UP + 2 * HOUR) == (0, 0, 60)


def test_time_after_the_last_batch_is_silence(
    monitor: Contract, picked_up: int, recorder: Recorder, record: Record
) -> None:
    record(recorder.batch(steady(PICK_UP, 7), deadline=DEADLINE))
    assert _span(monitor, picked_up, PICK_UP, CHANGE) == (0, 0, 9 * HOUR)
    # A batch that ends after the span does not speak for it.
    record(recorder.batch(steady(PICK_UP + 2 * HOUR, 7), deadline=DEADLINE))
    end = PICK_UP + 2 * HOUR + 1_800
    assert _span(monitor, picked_up, PICK_UP, end) == (0, 0, HOUR + 1_800)


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
    spans = ((PICK_UP, CHANGE), (CHANGE, CHANGE + 2 * HOUR))

    def hand_over() -> None:
        ledger.handOver(picked_up, branch_carrier, STATION, CHANGE, sender=freight_escrow)

    before = chain.snapshot()
    hand_over()
    record(first)
    record(second)
    expected = [_span(monitor, picked_up, *span) for span in spans]
    chain.revert(before)

    record(first)
    record(second)
    hand_over()
    assert [_span(monitor, picked_up, *span) for span in spans] == expected
