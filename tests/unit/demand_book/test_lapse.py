"""Time in DemandBook: `refresh`, `lapseDemand`, `bringUpToDate`; and what only DemandEscrow may do.

lapseDemand
├── before `neededBy`, or given one that has ended: refused
└── else anyone ends it, and it counts no longer
refresh
├── given a demand that has ended: refused
└── from `neededBy` on it counts no longer
bringUpToDate
├── given more than a hundred: refused
└── else each is lapsed, refreshed, or passed by
serve, reopen, takeBudget
└── when the caller is not DemandEscrow: refused
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import DemandStatus, Level
from aidline.signing import Key
from tests.support.demand import EMERGENCY, FREIGHT, Desk
from tests.support.reverts import reverts
from tests.support.suite import DAY, MASK


@pytest.fixture
def demand(desk: Desk, hospital: Key, auditor: Key) -> int:
    desk.declare(hospital)
    return desk.need(hospital, Level.LOW, 100, [auditor], needed_by=desk.now + DAY)


def test_anyone_lapses_a_demand_from_needed_by_on(
    desk: Desk, needs: Contract, demand: int, stranger: Key
) -> None:
    needed_by = needs.demand(demand).needed_by
    desk.wait(DAY - 1)
    with reverts("NotLapsed", id=demand, at=needed_by):
        needs.lapseDemand(demand, sender=stranger)
    desk.wait(1)
    ended = needs.lapseDemand(demand, sender=stranger).event("DemandEnded").args
    assert (ended.demand, ended.status) == (demand, DemandStatus.LAPSED)
    assert desk.open_units() == (0, 0, 0, 0)
    with reverts("DemandNotOpen", demand=demand, status=DemandStatus.LAPSED):
        needs.lapseDemand(demand, sender=stranger)
    with reverts("DemandNotOpen", demand=demand, status=DemandStatus.LAPSED):
        needs.refresh(demand, sender=stranger)


def test_what_is_over_counts_no_longer_once_refreshed(
    desk: Desk, needs: Contract, demand: int, stranger: Key
) -> None:
    desk.wait(DAY)
    assert desk.open_units() == (100, 0, 0, 0)
    needs.refresh(demand, sender=stranger)
    assert desk.open_units() == (0, 0, 0, 0)


def test_brings_many_up_to_date(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key, demand: int, stranger: Key
) -> None:
    withdrawn = desk.publish(hospital)
    needs.withdrawDemand(withdrawn, sender=hospital)
    running = desk.need(hospital, Level.MEDIUM, 100, [auditor])
    desk.wait(3 * DAY)
    needs.bringUpToDate([demand, withdrawn, running, running], sender=stranger)
    statuses = [needs.demand(number).status for number in (demand, withdrawn, running)]
    assert statuses == [DemandStatus.LAPSED, DemandStatus.WITHDRAWN, DemandStatus.OPEN]
    assert desk.open_units() == (0, 0, 100, 0)


def test_bring_up_to_date_reverts_on_too_many_or_unknown(needs: Contract, stranger: Key) -> None:
    with reverts("TooManyDemands", given=101, most=100):
        needs.bringUpToDate([1] * 101, sender=stranger)
    with reverts("UnknownDemand", demand=5):
        needs.bringUpToDate([5], sender=stranger)


def test_only_the_escrow_serves(
    needs: Contract, demand: int, hospital: Key, solver: Key, admin: Key
) -> None:
    goods = {
        "material": MASK,
        "expiry": 0,
        "earmark_kind": 1,
        "earmark_scope": bytes(32),
    }
    for caller in (hospital, solver, admin, FREIGHT, EMERGENCY):
        with reverts("NotWriter", caller=caller):
            needs.serve(goods, [demand << 64 | 1], sender=caller)
        with reverts("NotWriter", caller=caller):
            needs.reopen(demand, 0, 1, False, sender=caller)
        with reverts("NotWriter", caller=caller):
            needs.takeBudget(demand, 1, sender=caller)
