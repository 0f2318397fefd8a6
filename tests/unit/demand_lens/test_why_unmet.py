"""Why a demand is not met: `whyUnmet` and `whyUnmetAmong` of DemandLens (DEM-39).

├── given a demand that is unknown, or a page that is none: refused
├── given all units allocated, a demand that has ended, or is over: MET, ENDED
├── given a suspended recipient, or one who runs its station: SUSPENDED, STORAGE
├── given a contest, a refusal, one auditor above the cap, none: so told
├── given no offer of the material, only recalled, earmarked, early ones: NO_SUPPLY to EXPIRY
├── given more urgent demand in the scope of the offers: OUTRANKED
├── given an offer that will do, also from the fast path: AVAILABLE, and it can be served
└── the nearest to success is told, among the offers of the page
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import EarmarkKind, Level, Unmet
from aidline.signing import Key
from tests.support.demand import EMERGENCY, PLAN, Desk, earmark
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT

REASON = keccak(b"seen otherwise")
HUBEI = earmark(EarmarkKind.REGION, "CN-HB")
ELSEWHERE = earmark(EarmarkKind.REGION, "CN-GD")


@pytest.fixture
def unaudited(desk: Desk, hospital: Key) -> int:
    """100 masks of low urgency, within ten days."""
    desk.declare(hospital)
    return desk.publish(hospital, units=100)


@pytest.fixture
def demand(desk: Desk, unaudited: int, auditor: Key) -> int:
    """The same, attested."""
    desk.attest(unaudited, auditor, valid=30 * DAY)
    return unaudited


# --- the demand itself -----------------------------------------------------------------------


def test_reverts_on_what_is_not_there(lens: Contract, desk: Desk, charity: Key) -> None:
    with reverts("UnknownDemand", demand=1):
        lens.whyUnmet(1)
    desk.offer(charity, 10)
    for page in ((0, 1), (2, 1), (1, 2), (1, 201)):
        with reverts("BadPage", from_=page[0], to=page[1]):
            lens.whyUnmetAmong(1, *page)


def test_says_what_has_ended(
    lens: Contract, desk: Desk, demand: int, hospital: Key, charity: Key
) -> None:
    other = desk.publish(hospital, units=10)
    over = desk.publish(hospital, units=10, needed_by=desk.now + DAY)
    desk.needs.withdrawDemand(other, sender=hospital)
    assert lens.whyUnmet(other) == Unmet.ENDED
    desk.propose((desk.offer(charity, 100), demand, 100))
    assert lens.whyUnmet(demand) == Unmet.MET
    desk.wait(DAY)
    assert lens.whyUnmet(over) == Unmet.ENDED


def test_says_who_is_suspended(
    lens: Contract,
    demand: int,
    hospital: Key,
    station_operator: Key,
    suspend: Callable[[Key], None],
) -> None:
    suspend(station_operator)
    assert lens.whyUnmet(demand) == Unmet.STORAGE
    suspend(hospital)
    assert lens.whyUnmet(demand) == Unmet.SUSPENDED


def test_says_what_auditors_lack(
    lens: Contract, desk: Desk, unaudited: int, hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    assert lens.whyUnmet(unaudited) == Unmet.UNAUDITED
    needs = desk.needs
    needs.refuse(unaudited, needs.contentOf(unaudited), REASON, sender=second_auditor)
    assert lens.whyUnmet(unaudited) == Unmet.REFUSED
    needs.updateFacts(unaudited, 3_000, 100, sender=hospital)
    desk.attest(unaudited, auditor)
    assert lens.whyUnmet(unaudited) == Unmet.NO_SUPPLY
    needs.contest(unaudited, needs.contentOf(unaudited), REASON, sender=second_auditor)
    assert lens.whyUnmet(unaudited) == Unmet.CONTESTED
    desk.wait(7 * DAY)
    assert lens.whyUnmet(unaudited) == Unmet.UNAUDITED


def test_says_what_is_above_the_cap(
    lens: Contract, desk: Desk, unaudited: int, hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    above = desk.publish(hospital, material=KIT, units=5_001)
    desk.attest(above, auditor)
    assert lens.whyUnmet(above) == Unmet.CAPPED
    desk.attest(above, second_auditor)
    assert lens.whyUnmet(above) == Unmet.NO_SUPPLY


# --- the offers ------------------------------------------------------------------------------


def test_the_offer_nearest_to_success_decides(
    lens: Contract, desk: Desk, demand: int, charity: Key, donor: Key
) -> None:
    desk.offer(charity, 10, material=KIT, expiry=desk.now + 300 * DAY)
    assert lens.whyUnmet(demand) == Unmet.NO_SUPPLY
    recalled = desk.offer(charity, 10)
    lot = desk.suite.ledger.parcel(desk.escrow.offerRecord(recalled).parcel).lot
    desk.suite.ledger.recall(lot, word("mould"), word("report"), sender=donor)
    assert lens.whyUnmet(demand) == Unmet.RECALLED
    desk.offer(charity, 10, mark=ELSEWHERE)
    assert lens.whyUnmet(demand) == Unmet.EARMARK
    good = desk.offer(charity, 10, mark=HUBEI)
    assert lens.whyUnmet(demand) == Unmet.AVAILABLE
    desk.propose((good, demand, 10))
    assert lens.whyUnmet(demand) == Unmet.EARMARK


def test_says_what_ends_too_soon(
    lens: Contract, desk: Desk, unaudited: int, hospital: Key, auditor: Key, charity: Key
) -> None:
    demand = desk.publish(hospital, material=KIT, units=10)
    desk.attest(demand, auditor)
    desk.offer(charity, 10, material=KIT, expiry=desk.now + 10 * DAY - 1)
    assert lens.whyUnmet(demand) == Unmet.EXPIRY
    desk.offer(charity, 10, material=KIT, expiry=desk.now + 10 * DAY)
    assert lens.whyUnmet(demand) == Unmet.AVAILABLE


def test_says_what_is_outranked(
    lens: Contract, desk: Desk, demand: int, county_hospital: Key, auditor: Key, charity: Key
) -> None:
    desk.declare(county_hospital)
    above = desk.need(county_hospital, Level.HIGH, 50, [auditor])
    offer = desk.offer(charity, 60)
    assert (lens.whyUnmet(demand), lens.whyUnmet(above)) == (Unmet.OUTRANKED, Unmet.AVAILABLE)
    with reverts("OutOfOrder", level=Level.HIGH):
        desk.propose((offer, demand, 10))
    desk.propose((offer, above, 50))
    assert lens.whyUnmet(demand) == Unmet.AVAILABLE
    desk.propose((offer, demand, 10))


def test_an_offer_that_is_over_is_no_supply(
    lens: Contract, desk: Desk, demand: int, charity: Key
) -> None:
    desk.offer(charity, 10)
    assert lens.whyUnmet(demand) == Unmet.AVAILABLE
    desk.wait(7 * DAY)
    assert lens.whyUnmet(demand) == Unmet.NO_SUPPLY


def test_the_fast_path_serves_the_unaudited(
    lens: Contract, desk: Desk, hospital: Key, county_hospital: Key, charity: Key, auditor: Key
) -> None:
    desk.declare(hospital)
    desk.needs.openFastPath(PLAN, word("CN-HB"), 10, desk.now + DAY, sender=EMERGENCY)
    demand = desk.publish(hospital, units=100, stock=0, emergency=PLAN)
    offer = desk.offer(charity, 50)
    assert lens.whyUnmet(demand) == Unmet.AVAILABLE
    desk.declare(county_hospital)
    above = desk.need(county_hospital, Level.MEDIUM, 1, [auditor])
    assert lens.whyUnmet(demand) == Unmet.OUTRANKED
    desk.propose((offer, demand, 10), (offer, above, 1))
    assert lens.whyUnmet(demand) == Unmet.UNAUDITED


def test_looks_at_the_page_that_is_asked_for(
    lens: Contract, desk: Desk, demand: int, charity: Key
) -> None:
    desk.offer(charity, 10)
    desk.offer(charity, 10, mark=ELSEWHERE)
    assert lens.whyUnmetAmong(demand, 1, 2) == Unmet.AVAILABLE
    assert lens.whyUnmetAmong(demand, 2, 2) == Unmet.EARMARK
    assert lens.whyUnmetAmong(demand, 1, 1) == Unmet.AVAILABLE
