"""Everything that happened to goods, in order, with who signed; and the proof that nothing lacks.

History.of_parcel, of_lot
    given a gift that was pledged, received, split, allocated, carried, handed out, accused
    given a lot that went into another which was recalled
    given units that were counted out at a handover, and reported short
    given disputes about the freight: who raised, agreed or ruled, and what came of it
    given no such parcel, no such lot
verify_head
    given all events: holds
    given one is left out, altered, moved, or a change of custody is left out: does not
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from aidline import messages as m
from aidline.client import Log, RevmChain
from aidline.errors import CheckFailed, InputError
from aidline.keccak import keccak
from aidline.model import Flaw, Hindrance, IncidentKind, ParcelState
from aidline.trace import History, verify_head
from tests.support.disputes import Court
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.gifts import NO_PERMIT
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import MASK, START, Suite, deploy_suite
from tests.support.way import Way

EVIDENCE = keccak(b"evidence")


@dataclass(frozen=True)
class Story:
    """A gift of 100 masks that went all its way; 30 of them were handed out."""

    suite: Suite
    lot: int
    parcel: int
    handed_out: int
    consignment: int


@pytest.fixture(scope="module")
def story() -> Story:
    suite = deploy_suite(RevmChain(timestamp=START))
    way = Way(suite)
    allocation = way.allocate()
    suite.currency.approve(suite.freight.address, 10**6, sender=way.hospital)
    order = way.order(way.hospital.address, 5, allocations=(allocation,))
    booked = suite.freight["book"](order.booking, order.signatures, NO_PERMIT, sender=way.hospital)
    consignment = booked.event("ConsignmentBooked").args.consignment
    parcel = booked.event("AllocationBooked").args.parcel
    suite.chain.set_time(suite.chain.now() + 60)
    way.pick_up(consignment)
    suite.movements.detain(
        consignment, way.dock, Hindrance.INSPECTION, bytes(32), sender=way.carrier
    )
    suite.chain.set_time(suite.chain.now() + 60)
    way.deliver(consignment)
    given = suite.ledger.distribute(parcel, 30, word("ward 3"), EVIDENCE, sender=way.hospital)
    handed_out = given.event("ParcelSplit").args.child
    suite.incidents.declare(
        IncidentKind.DIVERTED,
        [parcel],
        suite.chain.now(),
        EVIDENCE,
        sender=key_of("auditor"),
    )
    lot = suite.ledger.parcel(parcel).lot
    return Story(suite, lot, parcel, handed_out, consignment)


@pytest.fixture(scope="module")
def built() -> Desk:
    desk = Desk(deploy_suite(RevmChain(timestamp=START)))
    desk.build()
    return desk


@pytest.fixture
def desk(built: Desk) -> Iterator[Desk]:
    """A consignment's parties, on a chain on which nothing has happened yet."""
    snapshot = built.chain.snapshot()
    yield built
    built.chain.revert(snapshot)


def signed(history: History, parcel: int) -> list[tuple[str, set[str]]]:
    names = {
        key_of(name).address: name
        for name in ("donor", "charity", "hospital", "terminal_carrier", "auditor")
    }
    return [
        (one.what, {names[address] for address in one.signers}) for one in history.of_parcel(parcel)
    ]


def test_tells_the_way_of_a_gift_in_order_with_who_signed(story: Story) -> None:
    history = History(story.suite.aid)
    told = signed(history, story.handed_out)
    expected: list[tuple[str, set[str]]] = [
        ("GiftPledged", {"donor"}),
        ("LotCommissioned", {"charity"}),
        ("OfferMade", {"charity"}),
        ("GiftReceived", {"charity"}),
        ("Allocated", {"charity"}),
        ("ConsignmentBooked", {"hospital", "terminal_carrier"}),
        ("CustodyChanged", {"charity", "terminal_carrier"}),
        ("Detained", {"terminal_carrier"}),
        ("CustodyChanged", {"terminal_carrier", "hospital"}),
        ("ParcelSplit", {"hospital"}),
        ("UnitsDistributed", {"hospital"}),
    ]
    rest = iter(told)
    for step in expected:
        assert step in rest, f"{step} is not told, or not in its place: {told}"
    happenings = history.of_parcel(story.handed_out)
    assert [one.time for one in happenings] == sorted(one.time for one in happenings)
    # the incident came after these units had gone
    assert "IncidentDeclared" not in {one.what for one in happenings}
    assert ("IncidentDeclared", {"auditor"}) in signed(history, story.parcel)
    # and the units handed out are no part of what stayed
    assert "UnitsDistributed" not in {one.what for one in history.of_parcel(story.parcel)}


def test_a_lots_history_is_that_of_all_its_parcels(story: Story) -> None:
    history = History(story.suite.aid)
    told = {(one.event.block_number, one.event.index) for one in history.of_lot(story.lot)}
    for parcel in (story.parcel, story.handed_out):
        own = history.of_parcel(parcel)
        assert {(one.event.block_number, one.event.index) for one in own} <= told
    # nothing that the ledger told of this lot's parcels is missing
    everything = [e for e in story.suite.aid.history() if e.contract == "MaterialLedger"]
    about = [e for e in everything if getattr(e.args, "parcel", 0) in (story.parcel,)]
    assert {(e.block_number, e.index) for e in about} <= told


def test_refuses_what_there_is_not(story: Story) -> None:
    history = History(story.suite.aid)
    with pytest.raises(InputError, match="no parcel 99"):
        history.of_parcel(99)
    with pytest.raises(InputError, match="no lot 99"):
        history.of_lot(99)


def test_what_became_of_what(story: Story) -> None:
    """Two lots into a third, and that into a fourth; the first is recalled, parcels are merged."""
    suite, supplier = story.suite, key_of("supplier")
    snapshot = suite.chain.snapshot()

    def output(units: int) -> dict[str, Any]:
        return {
            "material": MASK,
            "quantity": units,
            "expiry": 0,
            "station": 3,
            "evidence": EVIDENCE,
        }

    def made(receipt: Any) -> tuple[int, int]:
        args = receipt.event("LotCommissioned").args
        return args.lot, args.parcel

    line = [{"material": MASK, "units": 1}]
    rule = {
        "maker": supplier.address,
        "yield_basis_points": 10_000,
        "inputs": line,
        "outputs": line,
    }
    recipe = suite.recipes.setRecipe(rule, sender=key_of("fourth_auditor"))
    number = recipe.event("RecipeSet").args.recipe

    def transform(*inputs: tuple[int, int]) -> tuple[int, int]:
        parts = [{"parcel": parcel, "units": units} for parcel, units in inputs]
        units = sum(units for _, units in inputs)
        return made(suite.ledger.transform(number, parts, [output(units)], sender=supplier))

    first, parcel = made(suite.ledger.commission(output(10), sender=supplier))
    second, other = made(suite.ledger.commission(output(10), sender=supplier))
    third, mixed = transform((parcel, 4), (other, 5))
    fourth, last = transform((mixed, 9))
    piece = suite.ledger.split(last, 3, sender=supplier).event("ParcelSplit").args.child
    suite.ledger.merge(last, piece, sender=supplier)
    suite.ledger.recordStep(last, word("packed"), 3, EVIDENCE, sender=supplier)
    suite.ledger.recall(first, word("mould"), EVIDENCE, sender=key_of("auditor"))

    history = History(suite.aid)
    assert history.parents_of(third) == {first, second} == set(suite.ledger.parentsOf(third))
    assert history.ancestors_of(fourth) == {first, second, third}
    assert history.descendants_of(first) == {third, fourth} == history.descendants_of(second)
    told = [(one.what, one.signers) for one in history.of_parcel(last)]
    assert ("Recalled", (key_of("auditor").address,)) in told
    for what in ("LotsTransformed", "ParcelSplit", "ParcelsMerged", "StepRecorded"):
        assert (what, (supplier.address,)) in told
    assert verify_head(suite.aid).holds
    with reverts("LotRecalled", lot=first):
        suite.demand.offer(last, suite.chain.now() + 60, sender=supplier)
    suite.chain.revert(snapshot)


def test_tells_what_was_counted_out_with_both_who_signed(desk: Desk) -> None:
    allocation = desk.allocate()
    booked = desk.book(desk.booking([allocation]))
    consignment = booked.event("ConsignmentBooked").args.consignment
    (parcel,) = desk.suite.ledger.parcelsOf(consignment)
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.chain.set_time(LATEST[0])
    handover = desk.handover(consignment, 1, LATEST[0])
    counted = desk.count(handover, m.UnitsFound(parcel, 30, Flaw.DAMAGED))
    apart = counted.event("ParcelSplit").args.child
    desk.suite.demand.reportShort(allocation, sender=key_of("stranger"))

    history = History(desk.suite.aid)
    both = (key_of("carrier").address, key_of("branch_carrier").address)
    for one in (parcel, apart):
        assert ("UnitsSetAside", both) in [(e.what, e.signers) for e in history.of_parcel(one)]
    (short,) = [one for one in history.of_parcel(parcel) if one.what == "AllocationShort"]
    assert short.event.args.units == 30
    assert short.signers == ()  # it follows from the count: anyone tells it
    moved = [e.event.args for e in history.of_parcel(apart) if e.what == "ParcelMoved"]
    assert (moved[-1].parcel, moved[-1].units) == (apart, 30)
    assert ParcelState(moved[-1].to) is ParcelState.QUARANTINED
    # what was set aside stays with who released
    desk.pass_on(consignment, 2, desk.chain.now() + 60)
    history = History(desk.suite.aid)
    for one, handovers in ((parcel, [0, 1, 2]), (apart, [0])):
        told = [e.event.args for e in history.of_parcel(one) if e.what == "CustodyChanged"]
        assert [change.sequence for change in told] == handovers


def test_tells_disputes_with_who_agreed_and_who_ruled(desk: Desk) -> None:
    suite = desk.suite
    court = Court.assembled(desk)
    agreed, ruled = court.raise_(leg=0), court.raise_("branch_carrier", leg=1)
    court.agree(court.split(agreed, FREIGHTS[0] // 4))
    court.rule(ruled, award=FREIGHTS[1])
    lapsed = court.raise_("terminal_carrier", leg=2)
    suite.chain.set_time(suite.disputes.dispute(lapsed).until)
    suite.disputes.close(lapsed, sender=key_of("stranger"))

    (parcel,) = suite.ledger.parcelsOf(court.consignment)
    told = [one for one in History(suite.aid).of_parcel(parcel) if one.room == "DisputeDesk"]
    people = ("hospital", "carrier", "branch_carrier", "terminal_carrier", "arbiter")
    names = {key_of(name).address: name for name in people}
    said = [
        (one.what, one.event.args.dispute, {names[address] for address in one.signers})
        for one in told
    ]
    assert said == [
        ("DisputeRaised", agreed, {"hospital"}),
        ("DisputeRaised", ruled, {"branch_carrier"}),
        ("DisputeEnded", agreed, {"hospital", "carrier"}),
        ("DisputeEnded", ruled, {"arbiter"}),
        ("DisputeRaised", lapsed, {"terminal_carrier"}),
        ("DisputeEnded", lapsed, set()),
    ]
    ends = [one.event.args for one in told if one.what == "DisputeEnded"]
    assert [(end.is_awarded, end.award) for end in ends] == [
        (True, FREIGHTS[0] // 4),
        (True, FREIGHTS[1]),
        (False, 0),
    ]


def test_the_head_proves_that_nothing_is_missing(story: Story) -> None:
    proof = verify_head(story.suite.aid)
    assert proof.holds and proof.events > 10 and proof.changes == 2


def left_out(logs: Sequence[Log], at: int) -> list[Log]:
    return [*logs[:at], *logs[at + 1 :]]


def altered(logs: Sequence[Log], at: int) -> list[Log]:
    changed = replace(logs[at], data=logs[at].data[:-1] + bytes([logs[at].data[-1] ^ 1]))
    return [*logs[:at], changed, *logs[at + 1 :]]


def moved(logs: Sequence[Log], at: int) -> list[Log]:
    return [*logs[:at], logs[at + 1], logs[at], *logs[at + 2 :]]


@pytest.mark.parametrize("forge", [left_out, altered, moved])
def test_a_node_that_tells_otherwise_is_found_out(
    story: Story, monkeypatch: pytest.MonkeyPatch, forge: Callable[..., list[Log]]
) -> None:
    aid = story.suite.aid
    honest = aid.chain.logs([aid.ledger.address])
    topics = [log.topics[0] for log in honest]
    custody = aid.book.event_codec(aid.ledger.address, "CustodyChanged").topic
    places = [
        at
        for at in range(1, len(honest) - 1)
        if forge is not moved or custody not in topics[at : at + 2]
    ]
    for at in places:
        with monkeypatch.context() as patch:
            forged = forge(honest, at)
            patch.setattr(aid.chain, "logs", lambda *_, forged=forged: forged)
            with pytest.raises(CheckFailed):
                verify_head(aid)
