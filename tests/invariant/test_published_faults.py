"""The faults of a published gift ledger, replayed: none of them changes a total.

The same bulletin twice, a line whose parts do not add up, dates out of order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from aidline.errors import ContractReverted
from tests.support.gifts import count, earmark, pledge
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, Suite
from tests.support.way import Way


@dataclass(frozen=True)
class Line:
    """One line of a bulletin: who gave how much, and what the charity says came of it."""

    bulletin: int
    day: int
    donor: str
    pledged: int
    accepted: int
    refused: int
    missing: int


PUBLISHED = (
    Line(1, 31, "donor", 2_000, 1_900, 60, 40),
    Line(2, 32, "second_donor", 500, 500, 0, 0),
    Line(3, 34, "donor", 1_200, 1_000, 0, 200),
    Line(4, 35, "second_donor", 80, 0, 80, 0),
)


def replay(suite: Suite, lines: Iterable[Line]) -> list[str]:
    """Bring lines before the chain as they stand; return the refusals by name."""
    refused = []
    gifts: dict[int, int] = {}
    for line in lines:
        if line.bulletin not in gifts:
            terms = pledge(suite.chain.now(), units=line.pledged, earmark=earmark())
            told = suite.donations.pledge(terms, sender=key_of(line.donor)).event("GiftPledged")
            gifts[line.bulletin] = told.args.gift
        counted = count(
            gifts[line.bulletin],
            accepted=line.accepted,
            refused=line.refused,
            missing=line.missing,
        )
        try:
            suite.donations.receiveGift(counted, sender=key_of("charity"))
        except ContractReverted as problem:
            refused.append(problem.error)
    return refused


def totals(suite: Suite) -> dict[str, Any]:
    """What an observer adds up, by state and by donor."""
    units: Counter[str] = Counter()
    for lot in range(1, suite.ledger.lotCount() + 1):
        units.update(asdict(suite.ledger.fateOf(lot)))
    counted: Counter[tuple[str, str]] = Counter()
    for number in range(1, suite.donations.giftCount() + 1):
        gift = suite.donations.gift(number)
        for part in ("pledged", "accepted", "refused", "missing"):
            counted[gift.donor, part] += getattr(gift, part)
    certificates = {
        name: suite.donations.balanceOf(key_of(name)) for name in ("donor", "second_donor")
    }
    return {"units": +units, "counted": +counted, "certificates": certificates}


def after(suite: Suite, lines: Iterable[Line]) -> tuple[dict[str, Any], list[str]]:
    """The totals of a chain on which these lines are all that happened."""
    snapshot = suite.chain.snapshot()
    refused = replay(suite, lines)
    found = totals(suite)
    suite.chain.revert(snapshot)
    return found, refused


def test_clean_lines_add_up(suite: Suite) -> None:
    found, refused = after(suite, PUBLISHED)
    assert refused == []
    assert found["units"] == Counter(held=3_400)
    assert sum(found["counted"].values()) == 2 * sum(line.pledged for line in PUBLISHED)
    assert found["certificates"] == {"donor": 2, "second_donor": 1}


def test_the_same_bulletin_twice_counts_once(suite: Suite) -> None:
    expected, _ = after(suite, PUBLISHED)
    found, refused = after(suite, [*PUBLISHED, *PUBLISHED])
    assert found == expected
    assert refused == ["GiftWrongStatus"] * len(PUBLISHED)


def test_a_line_whose_parts_do_not_add_up_counts_for_nothing(suite: Suite) -> None:
    expected, _ = after(suite, PUBLISHED)
    wrong = []
    for line in PUBLISHED:
        wrong.append(replace(line, accepted=line.accepted + 1))
        wrong.append(replace(line, accepted=2**64 - 1, missing=line.missing + 1))
        wrong.append(replace(line, accepted=0, refused=0, missing=0))
        wrong.append(line)
    found, refused = after(suite, wrong)
    assert found == expected
    assert refused == ["CountDoesNotAddUp"] * 3 * len(PUBLISHED)


def test_the_order_of_the_bulletins_does_not_matter(suite: Suite) -> None:
    expected, _ = after(suite, PUBLISHED)
    for lines in (PUBLISHED[::-1], (*PUBLISHED[2:], *PUBLISHED[:2])):
        found, refused = after(suite, lines)
        assert (found, refused) == (expected, [])


def test_a_date_that_is_over_or_goes_back_is_refused(suite: Suite, way: Way) -> None:
    snapshot = suite.chain.snapshot()
    now, donor = suite.chain.now(), key_of("donor")
    before = totals(suite)
    with reverts("BadDeadline", deadline=now - DAY):
        suite.donations.pledge(pledge(now, deadline=now - DAY), sender=donor)
    assert totals(suite) == before

    # a handover that claims to have been before the one that came before it
    order = way.order(way.hospital.address, 5, allocations=(way.allocate(),))
    none = {"value": 0, "deadline": 0, "v": 0, "r": bytes(32), "s": bytes(32)}
    booked = suite.freight["book"](order.booking, order.signatures, none, sender=way.hospital)
    consignment = booked.event("ConsignmentBooked").args.consignment
    suite.chain.set_time(now + 60)
    way.pick_up(consignment)
    before = totals(suite)
    for at in (now - 1, now + 59, now + 3_600):
        with reverts("WrongHandoverTime", at=at):
            way.deliver(consignment, at=at)
    assert totals(suite) == before
    way.deliver(consignment)
    assert totals(suite)["units"]["delivered"] == 100
    suite.chain.revert(snapshot)
