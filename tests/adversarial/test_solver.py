"""A solver wants goods to go to its friend: its cheats, and what stops them."""

from __future__ import annotations

import pytest

from aidline.model import AllocationStatus, Level
from aidline.signing import Key
from tests.support.demand import EMERGENCY, PLAN, Desk
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT

AUDITOR, SECOND = key_of("auditor"), key_of("second_auditor")
CHARITY, STRANGER = key_of("charity"), key_of("stranger")
FRIEND, RIVAL = key_of("county_hospital"), key_of("hospital")


@pytest.fixture
def urgent(market: Desk) -> int:
    """The rival's 1,000 masks, critical."""
    return market.need(RIVAL, Level.CRITICAL, 1_000, [AUDITOR, SECOND])


@pytest.fixture
def calm(market: Desk) -> int:
    """The friend's 500 masks, low."""
    return market.need(FRIEND, Level.LOW, 500, [AUDITOR])


def test_serves_its_friend_first(market: Desk, urgent: int, calm: int) -> None:
    """INV-DEM-3: nothing passes an open demand of a higher level."""
    offer = market.offer(CHARITY, 1_200)
    for lines in ([(offer, calm, 500)], [(offer, urgent, 999), (offer, calm, 1)]):
        with reverts("OutOfOrder", offer=offer, level=Level.CRITICAL):
            market.propose(*lines)


def test_splits_the_cheat_over_two_offers(market: Desk, urgent: int, calm: int) -> None:
    """INV-DEM-3 is asked of each offer after the whole batch."""
    first, second = market.offer(CHARITY, 500), market.offer(CHARITY, 500)
    with reverts("OutOfOrder", offer=second, open=500):
        market.propose((first, urgent, 500), (second, calm, 500))


def test_declares_that_the_goods_do_not_suit_its_rival(market: Desk) -> None:
    """DEM-24: what is exempt is checked one by one, and subtracted once."""
    urgent = market.need(RIVAL, Level.CRITICAL, 100, [AUDITOR, SECOND], material=KIT)
    later = market.need(
        RIVAL,
        Level.CRITICAL,
        100,
        [AUDITOR, SECOND],
        material=KIT,
        needed_by=market.now + 25 * DAY,
    )
    calm = market.need(FRIEND, Level.LOW, 50, [AUDITOR], material=KIT)
    offer = market.offer(CHARITY, 50, material=KIT, expiry=market.now + 20 * DAY)
    line = (offer, calm, 50)
    with reverts("NotExempt", offer=offer, demand=urgent):
        market.propose(line, exemptions=[(offer, urgent)])
    with reverts("ExemptionNotAscending", exemption=1):
        market.propose(line, exemptions=[(offer, later), (offer, later)])
    with reverts("OutOfOrder", offer=offer, open=100):
        market.propose(line, exemptions=[(offer, later)])


def test_takes_the_fast_path_round_the_queue(market: Desk) -> None:
    """DEM-18: what nobody has audited comes last, whatever it claims."""
    market.need(RIVAL, Level.MEDIUM, 10, [AUDITOR])
    market.needs.openFastPath(PLAN, word("CN-HB"), 1_000, market.now + 7 * DAY, sender=EMERGENCY)
    lie = market.publish(FRIEND, stock=0, emergency=PLAN)
    offer = market.offer(CHARITY, 500)
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.MEDIUM, open=10):
        market.propose((offer, lie, 500))


def test_strips_its_rival_of_its_rank_with_single_units(
    market: Desk, urgent: int, calm: int
) -> None:
    """DEM-14: what is not worth a journey binds nobody to book it."""
    offer = market.offer(CHARITY, 500)
    for _ in range(5):
        allocation = market.propose((offer, urgent, 1))[0]
        market.wait(DAY)
        market.escrow.release(allocation, sender=STRANGER)
        assert market.needs.demand(urgent).counted == Level.CRITICAL
        with reverts("OutOfOrder", offer=offer):
            market.propose((offer, calm, 400))


@pytest.mark.parametrize("times", [2, 3])
def test_allocates_the_same_units_again(market: Desk, urgent: int, times: int) -> None:
    """DEM-22, DEM-23: a pair once in a batch, and no more than the offer has."""
    offer = market.offer(CHARITY, 600)
    with reverts("LineNotAscending", line=1):
        market.propose(*[(offer, urgent, 300)] * times)
    market.propose((offer, urgent, 600))
    with reverts("OfferNotOpen", offer=offer):
        market.propose((offer, urgent, 1))


def test_keeps_goods_to_itself_by_releasing_too_early(market: Desk, urgent: int) -> None:
    """DEM-27: for a day only the booking ends an allocation."""
    allocation = market.propose((market.offer(CHARITY, 600), urgent, 600))[0]
    market.wait(DAY - 1)
    with reverts("BookingWindowOpen", allocation=allocation):
        market.escrow.release(allocation, sender=key_of("solver"))
    assert market.escrow.allocation(allocation).status == AllocationStatus.ALLOCATED


def test_hides_behind_demand_that_is_over(market: Desk, calm: int) -> None:
    """INV-DEM-1: what is over blocks nobody once anyone has looked; nobody needs its recipient."""
    over = market.need(RIVAL, Level.HIGH, 100, [AUDITOR], needed_by=market.now + DAY)
    offer = market.offer(CHARITY, 500)
    market.wait(DAY)
    with reverts("OutOfOrder", offer=offer, level=Level.HIGH):
        market.propose((offer, calm, 500))
    market.propose((offer, calm, 500), lapse=[over])


def test_goes_on_when_suspended(market: Desk, urgent: int) -> None:
    """DEM-22: a batch comes from an active solver."""
    solver: Key = key_of("solver")
    market.suite.registry.suspend(solver.address, word("fraud"), sender=key_of("suspender"))
    with reverts("NotActive", account=solver):
        market.propose((market.offer(CHARITY, 10), urgent, 10))
