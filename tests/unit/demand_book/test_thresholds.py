"""The thresholds of the levels in DemandBook: `setThresholds`, `thresholds` (DEM-31).

setThresholds
├── when the caller is not the urgency keeper: refused
├── given thresholds that do not rise strictly, or lie outside one hour to sixty days: refused
└── else the event tells both; a demand's level follows at the next refresh
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import Level
from aidline.signing import Key
from aidline.solve.urgency import Thresholds, level_of
from tests.support.demand import Desk
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

KEEPER = key_of("urgency_keeper")


def limits(critical: int, high: int, medium: int) -> dict[str, int]:
    return {"critical": critical, "high": high, "medium": medium}


def test_begins_with_one_three_and_seven_days(needs: Contract) -> None:
    told = needs.thresholds()
    assert (told.critical, told.high, told.medium) == (DAY, 3 * DAY, 7 * DAY)
    assert Thresholds() == Thresholds(told.critical, told.high, told.medium)


def test_levels_follow_at_the_next_refresh(
    desk: Desk, needs: Contract, hospital: Key, stranger: Key
) -> None:
    desk.declare(hospital)
    demand = desk.publish(hospital, stock=150, daily_use=100)
    assert needs.demand(demand).level == Level.HIGH
    changed = needs.setThresholds(limits(2 * DAY, 3 * DAY, 4 * DAY), sender=KEEPER)
    told = changed.event("ThresholdsChanged").args
    assert (told.from_.critical, told.to.critical, told.to.medium) == (DAY, 2 * DAY, 4 * DAY)
    assert (needs.demand(demand).level, needs.levelNow(demand)) == (Level.HIGH, Level.CRITICAL)
    needs.refresh(demand, sender=stranger)
    assert needs.demand(demand).level == Level.CRITICAL
    twin = Thresholds(2 * DAY, 3 * DAY, 4 * DAY)
    assert level_of(150, 100, thresholds=twin) == Level.CRITICAL


@pytest.mark.parametrize(
    ("critical", "high", "medium"),
    [
        (HOUR - 1, DAY, 2 * DAY),
        (DAY, DAY, 2 * DAY),
        (DAY, 2 * DAY, 2 * DAY),
        (3 * DAY, 2 * DAY, 4 * DAY),
        (DAY, 2 * DAY, 60 * DAY + 1),
    ],
)
def test_reverts_on_thresholds_out_of_order_or_bounds(
    needs: Contract, critical: int, high: int, medium: int
) -> None:
    with reverts("BadThresholds", critical=critical, high=high, medium=medium):
        needs.setThresholds(limits(critical, high, medium), sender=KEEPER)


def test_takes_the_bounds_themselves(needs: Contract) -> None:
    needs.setThresholds(limits(HOUR, HOUR + 1, 60 * DAY), sender=KEEPER)
    assert needs.thresholds().medium == 60 * DAY


def test_only_the_urgency_keeper_changes_them(
    needs: Contract, admin: Key, hospital: Key, stranger: Key
) -> None:
    for caller in (admin, hospital, stranger):
        with reverts("AccessManagedUnauthorized", caller=caller):
            needs.setThresholds(limits(DAY, 2 * DAY, 3 * DAY), sender=caller)
