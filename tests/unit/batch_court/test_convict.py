"""Conviction of a batch: `convictLeaf`, `convictPair`, and what becomes of the bond.

convictLeaf
├── when the leaf is not in the batch, or the batch not on record: refused
├── when both can be true: refused
├── when the booking is another: refused
├── when the time for evidence is over: refused
└── when the leaf contradicts the summary: the batch is void
convictPair
├── when the leaves are no neighbours, or both can be true: refused
└── when they do not follow, or claim one index: the batch of the later is void
the bond
├── given a finder that is not of the operator's organisation: a fifth, once
├── given a finder of the operator's organisation: nothing
├── given no end yet: what the batch adds counts for nobody, no carrier is owed anything
├── given an end: the carrier that the false exposure cost freight has the leg's freight, once
├── given a batch that was void before the end: no carrier is owed anything by it
└── given proof of the same twice: refused
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aidline import messages as m
from aidline.client import Contract, Receipt
from aidline.signing import Key
from aidline.telemetry import Leaf
from aidline.watches import told_of
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.support.telemetry import Forger
from tests.unit.batch_court.conftest import BOND, SHARE, purse, steady

PICK_UP = DEPARTURES[0]


def _voids(court: Contract, monitor: Contract, forger: Forger) -> int:
    bits: int = monitor.voidsOf(forger.consignment, forger.device)
    assert court.caseOf(forger.consignment, forger.device).is_forfeited == (bits != 0)
    return bits


#: Where a leaf of three, all at 5 °C, and its summary cannot both be true.
LIES: tuple[tuple[int, dict[str, int], bool], ...] = (
    (1, {"temperature": 700}, False),
    (1, {"temperature": 300}, False),
    (1, {"humidity": 5_001}, False),
    (1, {"humidity": 4_999}, False),
    (1, {"index": 9}, False),
    (1, {"time": PICK_UP + 1_201}, False),
    (1, {"time": PICK_UP - 1}, False),
    (0, {"time": PICK_UP + 1}, False),
    (2, {"time": PICK_UP + 1_199}, False),
    (1, {"temperature_exposure": 1}, False),
    (1, {"humidity_exposure": 1}, False),
    (0, {"temperature_exposure": 1}, True),
)


@pytest.mark.parametrize(("number", "change", "overstated"), LIES)
def test_convicts_by_a_leaf_that_contradicts_the_summary(
    court: Contract,
    monitor: Contract,
    forger: Forger,
    booking: m.Booking,
    stranger: Key,
    number: int,
    change: dict[str, int],
    overstated: bool,
) -> None:
    leaves = forger.leaves(steady(PICK_UP, 3))
    true = {
        "first_index": 0,
        "last_index": 2,
        "first_time": PICK_UP,
        "last_time": PICK_UP + 1_200,
        "longest_gap": 600,
        "temperature_min": 500,
        "temperature_max": 500,
        "humidity_min": 5_000,
        "humidity_max": 5_000,
        "temperature_exposure": 0,
        "humidity_exposure": 0,
    }
    leaves[number] = replace(leaves[number], **change)
    forger.record(leaves, **true)

    receipt = court.convictLeaf(
        forger.recorded(0), booking, forger.shown(0, number), sender=stranger
    )

    told = receipt.event("BatchConvicted").args
    assert (told.consignment, told.device) == (forger.consignment, forger.device.address)
    assert (told.sequence, told.finder, told.overstated) == (0, stranger.address, overstated)
    assert _voids(court, monitor, forger) == 1


def test_convicts_a_summary_that_says_more_than_its_last_leaf(
    court: Contract, monitor: Contract, forger: Forger, booking: m.Booking, stranger: Key
) -> None:
    forger.record(
        forger.leaves(steady(PICK_UP, 3)), temperature_max=900, temperature_exposure=50_000
    )
    receipt = court.convictLeaf(forger.recorded(0), booking, forger.shown(0, 2), sender=stranger)
    assert receipt.event("BatchConvicted").args.overstated
    assert _voids(court, monitor, forger) == 1


#: The second of two leaves, honestly warm for ten minutes at 9 °C, changed.
BROKEN: tuple[tuple[dict[str, int], dict[str, int], bool], ...] = (
    ({"temperature_exposure": 60_001}, {"temperature_exposure": 60_001}, True),
    ({"temperature_exposure": 59_999}, {"temperature_exposure": 59_999}, False),
    ({"humidity_exposure": 1}, {"humidity_exposure": 1, "humidity_max": 6_100}, True),
)


@pytest.mark.parametrize(("change", "summary", "overstated"), BROKEN)
@pytest.mark.parametrize("apart", [False, True])
def test_convicts_by_two_leaves_that_do_not_follow(
    court: Contract,
    monitor: Contract,
    forger: Forger,
    booking: m.Booking,
    stranger: Key,
    change: dict[str, int],
    summary: dict[str, int],
    overstated: bool,
    apart: bool,
) -> None:
    leaves = forger.leaves(steady(PICK_UP, 2, 900))
    leaves[1] = replace(leaves[1], **change)
    if "humidity_exposure" in summary or "temperature_exposure" in summary:
        summary = {"temperature_max": 1_000} | summary
    if apart:
        forger.record(leaves[:1])
        forger.record(leaves[1:], **summary)
        recorded, following = forger.recorded(0), [forger.batches[1][0]]
        before, later = forger.shown(0, 0), forger.shown(1, 0)
    else:
        forger.record(leaves, **summary)
        recorded, following = forger.recorded(0), []
        before, later = forger.shown(0, 0), forger.shown(0, 1)

    receipt = court.convictPair(recorded, following, booking, before, later, sender=stranger)

    told = receipt.event("BatchConvicted").args
    assert (told.sequence, told.overstated) == (int(apart), overstated)
    assert _voids(court, monitor, forger) == (2 if apart else 1)


def test_convicts_by_two_leaves_of_one_index_of_other_times_and_of_a_longer_gap(
    court: Contract, forger: Forger, booking: m.Booking, stranger: Key
) -> None:
    def convict(one: int, two: int) -> None:
        court.convictPair(
            forger.recorded(len(forger.batches) - 1),
            [],
            booking,
            forger.shown(-1, one),
            forger.shown(-1, two),
            sender=stranger,
        )

    # Two readings claim to be the second.
    leaves = forger.leaves(steady(PICK_UP, 3))
    forger.record([*leaves[:2], replace(leaves[1], temperature=501), leaves[2]])
    convict(1, 2)
    # The second is not later than the first.
    leaves = forger.leaves(steady(PICK_UP + 3_600, 3))
    forger.record(
        [leaves[0], replace(leaves[1], time=leaves[0].time), leaves[2]], longest_gap=2_400
    )
    convict(0, 1)
    # Between two readings lies more than the longest gap.
    leaves = forger.leaves([(PICK_UP + 7_200 + at, 500, 5_000) for at in (0, 1_200, 1_800)])
    forger.record(leaves)
    with reverts("NoContradiction"):
        convict(0, 1)
    leaves = forger.leaves([(PICK_UP + 9_600 + at, 500, 5_000) for at in (0, 1_000, 1_200)])
    forger.record(leaves, longest_gap=600)
    convict(0, 1)
    assert court.caseOf(forger.consignment, forger.device).early == 0b1011


def test_honest_batches_cannot_be_convicted(
    court: Contract, monitor: Contract, forger: Forger, booking: m.Booking, stranger: Key
) -> None:
    warm = [(PICK_UP + 600 * n, 500 + 97 * n % 700, 4_000 + 331 * n % 4_000) for n in range(12)]
    forger.record(forger.leaves(warm[:5]))
    forger.record(forger.leaves(warm[5:]))
    for sequence, (_, leaves) in enumerate(forger.batches):
        recorded = forger.recorded(sequence)
        for number in range(len(leaves)):
            shown = forger.shown(sequence, number)
            with reverts("NoContradiction"):
                court.convictLeaf(recorded, booking, shown, sender=stranger)
            with reverts("NoContradiction"):
                court.convictPair(recorded, [], booking, shown, shown, sender=stranger)
            if number:
                with reverts("NoContradiction"):
                    court.convictPair(
                        recorded,
                        [],
                        booking,
                        forger.shown(sequence, number - 1),
                        shown,
                        sender=stranger,
                    )
    with reverts("NoContradiction"):
        court.convictPair(
            forger.recorded(0),
            [forger.batches[1][0]],
            booking,
            forger.shown(0, 4),
            forger.shown(1, 0),
            sender=stranger,
        )
    with reverts("NotNeighbours", before=0, later=2):
        court.convictPair(
            forger.recorded(0),
            [],
            booking,
            forger.shown(0, 0),
            forger.shown(0, 2),
            sender=stranger,
        )
    assert monitor.voidsOf(forger.consignment, forger.device) == 0


def test_reverts_when_the_evidence_is_not_what_is_on_record(
    court: Contract, desk: Desk, forger: Forger, booking: m.Booking, stranger: Key
) -> None:
    forger.record(_false(forger), temperature_max=500)
    recorded, shown = forger.recorded(0), forger.shown(0, 1)
    forged: dict[str, tuple[Any, Any, Any]] = {
        "NotInBatch": (recorded, booking, replace(shown, leaf=Leaf(1, PICK_UP, 9, 9, 9, 9))),
        "WrongBooking": (recorded, replace(booking, salt=bytes(32)), shown),
        "NotOnRecord": (
            replace(recorded, batch=replace(recorded.batch, temperature_max=400)),
            booking,
            shown,
        ),
    }
    for error, evidence in forged.items():
        with reverts(error):
            court.convictLeaf(*evidence, sender=stranger)
    # A batch that came after must be told as well.
    forger.record(forger.leaves(steady(PICK_UP + 3_600, 2)))
    with reverts("NotOnRecord"):
        court.convictLeaf(recorded, booking, shown, sender=stranger)
    court.convictLeaf(forger.recorded(0), booking, shown, sender=stranger)


def _false(forger: Forger) -> list[Leaf]:
    """Leaves of which the second is warmer than the summary is to say."""
    leaves = forger.leaves(steady(PICK_UP, 3))
    leaves[1] = replace(leaves[1], temperature=700)
    return leaves


def test_finder_has_a_fifth_once_and_the_payer_the_rest(
    court: Contract,
    monitor: Contract,
    desk: Desk,
    forger: Forger,
    booking: m.Booking,
    stranger: Key,
    deliver: Callable[[], Receipt],
) -> None:
    forger.record(_false(forger), temperature_max=500)
    assert purse(monitor)[1] == BOND
    court.convictLeaf(forger.recorded(0), booking, forger.shown(0, 1), sender=stranger)

    assert desk.suite.currency.balanceOf(stranger) == SHARE
    assert purse(monitor)[1] == BOND - SHARE
    with reverts("NothingNew", consignment=forger.consignment, sequence=0):
        court.convictLeaf(forger.recorded(0), booking, forger.shown(0, 1), sender=stranger)

    deliver()
    before = desk.balance("hospital")
    desk.chain.set_time(LATEST[2] + 10 * DAY)
    court.release(forger.consignment, forger.device, booking, sender=stranger)
    assert desk.balance("hospital") - before == BOND - SHARE
    assert purse(monitor)[1] == 0


@pytest.mark.parametrize("person", ["carrier"])
def test_finder_of_the_operators_organisation_has_nothing(
    court: Contract, monitor: Contract, desk: Desk, forger: Forger, booking: m.Booking, person: str
) -> None:
    forger.record(_false(forger), temperature_max=500)
    before = desk.balance(person)
    court.convictLeaf(forger.recorded(0), booking, forger.shown(0, 1), sender=key_of(person))
    assert desk.balance(person) == before
    assert purse(monitor)[1] == BOND


def _overstate(forger: Forger, start: int) -> None:
    """Record an hour in which the device says far too much exposure."""
    leaves = forger.leaves(steady(start, 7))
    leaves[-1] = replace(leaves[-1], temperature_exposure=leaves[-1].temperature_exposure + 390_000)
    forger.record(leaves, temperature_max=2_000)


def _convict_last(court: Contract, forger: Forger, booking: m.Booking, finder: Key) -> Receipt:
    sequence = len(forger.batches) - 1
    receipt: Receipt = court.convictPair(
        forger.recorded(sequence),
        [],
        booking,
        forger.shown(sequence, 5),
        forger.shown(sequence, 6),
        sender=finder,
    )
    return receipt


def test_void_before_the_end_costs_the_carriers_nothing(
    court: Contract,
    monitor: Contract,
    forger: Forger,
    booking: m.Booking,
    stranger: Key,
    deliver: Callable[[], Receipt],
) -> None:
    _overstate(forger, PICK_UP)
    _convict_last(court, forger, booking, stranger)
    told = told_of(monitor, forger.consignment)[0]
    spans = monitor.exposures(
        forger.consignment, [told.watch], 0, 0, [told.points], [PICK_UP, *LATEST]
    )
    assert [span.temperature for span in spans] == [0, 0, 0, 0]
    assert spans[0].silence == LATEST[0] - PICK_UP
    deliver()
    # What was void when it ended cost no carrier anything, so no carrier is owed anything.
    with reverts("NothingNew", consignment=forger.consignment, sequence=0):
        _convict_last(court, forger, booking, stranger)


def test_carrier_that_was_charged_has_its_freight_once(
    court: Contract,
    monitor: Contract,
    desk: Desk,
    forger: Forger,
    booking: m.Booking,
    stranger: Key,
    deliver: Callable[[], Receipt],
) -> None:
    forger.record(forger.leaves(steady(PICK_UP, 31)))
    desk.chain.set_time(LATEST[1])
    _overstate(forger, LATEST[0] + 60)
    deliver()
    balances = [desk.balance(name) for name in ("branch_carrier", "hospital", "carrier")]

    receipt = _convict_last(court, forger, booking, stranger)

    assert receipt.event("BatchConvicted").args.overstated
    assert desk.balance("branch_carrier") - balances[0] == FREIGHTS[1]
    assert desk.suite.currency.balanceOf(stranger) == SHARE
    assert purse(monitor)[1] == BOND - SHARE - FREIGHTS[1]
    assert court.caseOf(forger.consignment, forger.device).legs_paid == 0b10
    with reverts("NothingNew"):
        _convict_last(court, forger, booking, stranger)
    desk.chain.set_time(LATEST[2] + 10 * DAY)
    court.release(forger.consignment, forger.device, booking, sender=stranger)
    assert desk.balance("hospital") - balances[1] == FREIGHTS[0] + FREIGHTS[2]
    assert desk.balance("carrier") == balances[2]
    assert purse(monitor)[1] == 0


def test_reverts_when_the_time_for_evidence_is_over(
    court: Contract,
    desk: Desk,
    forger: Forger,
    booking: m.Booking,
    stranger: Key,
    deliver: Callable[[], Receipt],
) -> None:
    _overstate(forger, PICK_UP)
    deliver()
    over = desk.chain.now() + court.CHALLENGE()
    desk.chain.set_time(over)
    with reverts("TooLate", until=over):
        _convict_last(court, forger, booking, stranger)
