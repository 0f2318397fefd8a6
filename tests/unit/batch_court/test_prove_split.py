"""A batch divided at a change of custody: `proveSplit`.

proveSplit
├── when the leaves are no neighbours, not in the batches, or not around the time: refused
├── when the batch said to follow is another: refused
├── given leaves in one batch: each span answers for its part, to the centidegree-second
├── given leaves on both sides of the end of a batch: the same
├── given a batch that lies: no span answers for more than the batch adds
└── given a conviction of the batch: the split counts no more
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline import messages as m
from aidline.client import Contract
from aidline.signing import Key
from aidline.telemetry import exposure_until
from aidline.watches import told_of
from tests.support.freight import DEPARTURES, LATEST, Desk
from tests.support.reverts import reverts
from tests.support.telemetry import Forger
from tests.unit.batch_court.conftest import steady

PICK_UP, CHANGE, END = DEPARTURES[0], LATEST[0], LATEST[1]
#: From 5 °C two hours before the change to 13 °C four hours later, read every 50 minutes.
WARMING = [
    (CHANGE - 7_200 + 3_000 * number, 500 + 110 * number, 5_000 + 220 * number)
    for number in range(6)
]


def _spans(monitor: Contract, forger: Forger) -> list[tuple[int, int, int]]:
    told = told_of(monitor, forger.consignment)[0]
    spans = monitor.exposures(
        forger.consignment, [told.watch], 0, 0, [told.points], [PICK_UP, CHANGE, END]
    )
    return [(span.temperature, span.humidity, span.silence) for span in spans]


@pytest.fixture
def warmed(desk: Desk, forger: Forger) -> Forger:
    """A batch that spans the change of hands, in which it grew warm and damp."""
    forger.record(forger.leaves(steady(PICK_UP, 2)))
    desk.chain.set_time(END)
    forger.record(forger.leaves(WARMING))
    return forger


@pytest.mark.parametrize("apart", [False, True])
def test_each_span_answers_for_its_part(
    court: Contract,
    monitor: Contract,
    desk: Desk,
    forger: Forger,
    stranger: Key,
    apart: bool,
) -> None:
    forger.record(forger.leaves(steady(PICK_UP, 2)))
    desk.chain.set_time(END)
    leaves = forger.leaves(WARMING)
    last, total = leaves[2], leaves[-1]
    if apart:
        forger.record(leaves[:3])
        forger.record(leaves[3:])
        following = [forger.batches[2][0]]
        before, later = forger.shown(1, 2), forger.shown(2, 0)
    else:
        forger.record(leaves)
        following = []
        before, later = forger.shown(1, 2), forger.shown(1, 3)
    whole = _spans(monitor, forger)[-1]

    court.proveSplit(forger.recorded(1), following, CHANGE, before, later, sender=stranger)

    assert last.time <= CHANGE < leaves[3].time
    part = CHANGE - last.time
    heat = last.temperature_exposure + exposure_until(part, 3_000, 720, 830, 200, 800)
    damp = last.humidity_exposure + exposure_until(part, 3_000, 5_440, 5_660, 0, 6_000)
    one, two, all_ = _spans(monitor, forger)
    assert one[:2] == (heat, damp)
    assert two[:2] == (total.temperature_exposure - heat, total.humidity_exposure - damp)
    assert all_ == whole
    # The longest gap of a batch that was split may lie in either part.
    assert two[2] == (3_000 if apart else total.time - CHANGE)
    split = monitor.splitOf(forger.consignment, forger.device, CHANGE)
    assert (split.heard, split.temperature, split.humidity) == (last.time, heat, damp)


def test_reverts_when_the_leaves_are_not_around_the_time(
    court: Contract, monitor: Contract, warmed: Forger, stranger: Key
) -> None:
    recorded = warmed.recorded(1)
    leaf = [warmed.shown(1, number) for number in range(6)]
    for time in (WARMING[2][0] - 1, WARMING[3][0]):
        with reverts("NotBetween", time=time):
            court.proveSplit(recorded, [], time, leaf[2], leaf[3], sender=stranger)
    with reverts("NotNeighbours", before=4, later=6):
        court.proveSplit(recorded, [], CHANGE, leaf[2], leaf[4], sender=stranger)
    with reverts("NotNeighbours", before=5, later=4):
        court.proveSplit(recorded, [], CHANGE, leaf[3], leaf[2], sender=stranger)
    false = replace(leaf[3], leaf=replace(leaf[3].leaf, temperature=100))
    with reverts("NotInBatch", index=5):
        court.proveSplit(recorded, [], CHANGE, leaf[2], false, sender=stranger)
    with reverts("WrongBatch"):
        court.proveSplit(
            recorded, [warmed.batches[0][0]], CHANGE, leaf[2], leaf[3], sender=stranger
        )
    with reverts("NotOnRecord"):
        court.proveSplit(
            replace(recorded, later=[warmed.recorded(0).later[0]]),
            [],
            CHANGE,
            leaf[2],
            leaf[3],
            sender=stranger,
        )
    assert monitor.splitOf(warmed.consignment, warmed.device, CHANGE).heard == 0


@pytest.mark.parametrize("claimed", [0, 2**63])
def test_lying_leaves_charge_nobody_more_than_the_batch(
    court: Contract,
    monitor: Contract,
    desk: Desk,
    forger: Forger,
    stranger: Key,
    claimed: int,
) -> None:
    forger.record(forger.leaves(steady(PICK_UP, 7, 900)))
    desk.chain.set_time(END)
    leaves = forger.leaves(WARMING)
    leaves[2] = replace(leaves[2], temperature_exposure=claimed)
    forger.record(leaves)
    first = forger.batches[0][1][-1].temperature_exposure

    court.proveSplit(
        forger.recorded(1), [], CHANGE, forger.shown(1, 2), forger.shown(1, 3), sender=stranger
    )

    one, two, whole = _spans(monitor, forger)
    assert one[0] + two[0] == whole[0] == leaves[-1].temperature_exposure
    assert one[0] == (whole[0] if claimed else first)


def test_split_of_a_convicted_batch_counts_no_more(
    court: Contract,
    monitor: Contract,
    desk: Desk,
    forger: Forger,
    booking: m.Booking,
    stranger: Key,
) -> None:
    forger.record(forger.leaves(steady(PICK_UP, 7, 900)))
    desk.chain.set_time(END)
    forger.record(forger.leaves(WARMING), temperature_max=5_000, temperature_exposure=9_000_000)
    desk.chain.set_time(END)
    pair = forger.shown(1, 2), forger.shown(1, 3)
    court.proveSplit(forger.recorded(1), [], CHANGE, *pair, sender=stranger)
    honest = 3_600 * 100
    assert _spans(monitor, forger)[0][0] > honest

    court.convictLeaf(forger.recorded(1), booking, forger.shown(1, 5), sender=stranger)

    assert [span[:2] for span in _spans(monitor, forger)] == [(honest, 0), (0, 0), (honest, 0)]
