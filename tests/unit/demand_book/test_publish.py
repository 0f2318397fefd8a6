"""Demands in DemandBook: `publish`, `updateFacts`, `withdrawDemand`, and their levels.

publish
├── when the caller is not an active recipient with a declared facility, or paused: refused
├── given no units, too many, an unknown material, a time that is over, impossible facts: refused
├── given an emergency that has not acted on the facility's region: refused
└── else it is open, with the level that its facts give, and does not count yet
level
├── under 24, 72, 168 hours of stock: CRITICAL, HIGH, MEDIUM; else, or without use: LOW
├── as time passes the stock runs down by the declared use
└── a vulnerable facility is one level higher
updateFacts, withdrawDemand
├── when the caller is not its recipient, or it has ended: refused
└── else it counts no longer; new facts need new attestations
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import DemandStatus, Level
from aidline.signing import Key
from tests.support.demand import EMERGENCY, PLAN, STATION, Desk
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT, MASK

LARGEST = 10**12


@pytest.fixture(autouse=True)
def declared(desk: Desk, hospital: Key) -> None:
    desk.declare(hospital)


# --- publish ---------------------------------------------------------------------------------


def test_publishes_what_does_not_count_yet(desk: Desk, needs: Contract, hospital: Key) -> None:
    receipt = needs.publish(desk.request(stock=50), sender=hospital)
    published = receipt.event("DemandPublished").args
    assert (published.demand, published.recipient) == (1, hospital.address)
    assert (published.material, published.units, published.station) == (MASK, 1_000, STATION)
    changed = receipt.event("LevelChanged").args
    assert (changed.from_, changed.to) == (Level.NULL, Level.CRITICAL)
    record = needs.demand(1)
    assert (record.status, record.level, record.counted) == (
        DemandStatus.OPEN,
        Level.CRITICAL,
        Level.NULL,
    )
    assert (record.facts_at, record.published_at) == (desk.now, desk.now)
    assert (record.freight_budget, record.version, record.over_cap) == (1_000, 0, False)
    assert needs.demandCount() == 1
    assert needs.stationOf(1) == STATION
    assert desk.open_units() == (0, 0, 0, 0)


def test_reverts_when_the_caller_may_not_ask(
    desk: Desk,
    needs: Contract,
    hospital: Key,
    second_hospital: Key,
    charity: Key,
    suspend: Callable[[Key], None],
) -> None:
    with reverts("NotDeclared", recipient=second_hospital):
        desk.publish(second_hospital)
    suspend(hospital)
    for caller in (charity, hospital):
        with reverts("NotActive", account=caller):
            desk.publish(caller)


def test_reverts_when_paused(desk: Desk, needs: Contract, hospital: Key, pauser: Key) -> None:
    needs.pause(sender=pauser)
    with reverts("IsPaused"):
        desk.publish(hospital)


def test_reverts_on_impossible_requests(desk: Desk, hospital: Key) -> None:
    with reverts("ZeroUnits"):
        desk.publish(hospital, units=0)
    with reverts("TooManyUnits", units=LARGEST + 1, most=LARGEST):
        desk.publish(hospital, units=LARGEST + 1)
    with reverts("UnknownMaterial", material=1):
        desk.publish(hospital, material=1)
    with reverts("NeededInPast", needed_by=desk.now):
        desk.publish(hospital, needed_by=desk.now)
    with reverts("ImpossibleFacts", stock=LARGEST + 1, daily_use=100):
        desk.publish(hospital, stock=LARGEST + 1)
    with reverts("ImpossibleFacts", stock=3_000, daily_use=LARGEST + 1):
        desk.publish(hospital, daily_use=LARGEST + 1)


def test_marks_what_is_above_the_materials_cap(desk: Desk, hospital: Key) -> None:
    at_cap = desk.publish(hospital, material=KIT, units=5_000)
    above = desk.publish(hospital, material=KIT, units=5_001)
    assert not desk.needs.demand(at_cap).over_cap
    assert desk.needs.demand(above).over_cap


def test_an_emergency_must_have_acted_on_the_region(
    desk: Desk, needs: Contract, hospital: Key
) -> None:
    with reverts("NotInEmergency", emergency=PLAN, region=word("CN-420100")):
        desk.publish(hospital, emergency=PLAN)
    for region in ("CN-GD", "CN-420200"):
        needs.openFastPath(PLAN, word(region), 10, desk.now + DAY, sender=EMERGENCY)
    with reverts("NotInEmergency"):
        desk.publish(hospital, emergency=PLAN)
    needs.openFastPath(PLAN, word("CN-HB"), 10, desk.now + DAY, sender=EMERGENCY)
    desk.publish(hospital, emergency=PLAN)
    desk.wait(DAY)
    with reverts("NotInEmergency"):
        desk.publish(hospital, emergency=PLAN)


# --- levels ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stock", "daily_use", "level", "vulnerable"),
    [
        (0, 1, Level.CRITICAL, Level.CRITICAL),
        (99, 100, Level.CRITICAL, Level.CRITICAL),
        (100, 100, Level.HIGH, Level.CRITICAL),
        (299, 100, Level.HIGH, Level.CRITICAL),
        (300, 100, Level.MEDIUM, Level.HIGH),
        (699, 100, Level.MEDIUM, Level.HIGH),
        (700, 100, Level.LOW, Level.MEDIUM),
        (0, 0, Level.LOW, Level.LOW),
        (LARGEST, LARGEST, Level.HIGH, Level.CRITICAL),
    ],
)
def test_the_facts_give_the_level(
    desk: Desk,
    hospital: Key,
    second_hospital: Key,
    auditor: Key,
    stock: int,
    daily_use: int,
    level: Level,
    vulnerable: Level,
) -> None:
    desk.settle(second_hospital, auditor, vulnerable=True)
    facts = {"stock": stock, "daily_use": daily_use}
    assert desk.needs.demand(desk.publish(hospital, **facts)).level == level
    assert desk.needs.demand(desk.publish(second_hospital, **facts)).level == vulnerable


def test_stock_runs_down_by_the_declared_use(
    desk: Desk, needs: Contract, hospital: Key, stranger: Key
) -> None:
    demand = desk.publish(hospital, stock=700)
    steps = [(1, Level.MEDIUM), (96 * HOUR, Level.HIGH), (48 * HOUR, Level.CRITICAL)]
    before = Level.LOW
    for seconds, level in steps:
        desk.wait(seconds)
        assert needs.levelNow(demand) == level
        assert needs.demand(demand).level == before
        changed = needs.refresh(demand, sender=stranger).event("LevelChanged").args
        assert (changed.from_, changed.to) == (before, level)
        before = level
    desk.wait(8 * DAY)
    assert needs.levelNow(demand) == Level.CRITICAL


# --- updateFacts, withdrawDemand -------------------------------------------------------------


def test_new_facts_need_new_attestations(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key
) -> None:
    demand = desk.publish(hospital)
    desk.attest(demand, auditor)
    assert desk.open_units() == (1_000, 0, 0, 0)
    desk.wait(HOUR)
    receipt = needs.updateFacts(demand, 10, 100, sender=hospital)
    changed = receipt.event("FactsChanged").args
    assert (changed.stock, changed.daily_use, changed.version) == (10, 100, 1)
    record = needs.demand(demand)
    assert (record.level, record.counted) == (Level.CRITICAL, Level.NULL)
    assert (record.facts_at, record.first_auditor) == (desk.now, "0x" + "00" * 20)
    assert desk.open_units() == (0, 0, 0, 0)


def test_withdraws_what_is_open(desk: Desk, needs: Contract, hospital: Key, auditor: Key) -> None:
    demand = desk.publish(hospital)
    desk.attest(demand, auditor)
    ended = needs.withdrawDemand(demand, sender=hospital).event("DemandEnded").args
    assert (ended.demand, ended.status, ended.served) == (demand, DemandStatus.WITHDRAWN, 0)
    assert desk.open_units() == (0, 0, 0, 0)
    with reverts("DemandNotOpen", demand=demand, status=DemandStatus.WITHDRAWN):
        needs.withdrawDemand(demand, sender=hospital)
    with reverts("DemandNotOpen", demand=demand, status=DemandStatus.WITHDRAWN):
        needs.updateFacts(demand, 1, 1, sender=hospital)


def test_only_the_recipient_changes_a_demand(
    desk: Desk, needs: Contract, hospital: Key, second_hospital: Key
) -> None:
    demand = desk.publish(hospital)
    with reverts("NotRecipient", demand=demand, caller=second_hospital):
        needs.updateFacts(demand, 1, 1, sender=second_hospital)
    with reverts("NotRecipient", demand=demand, caller=second_hospital):
        needs.withdrawDemand(demand, sender=second_hospital)
    with reverts("UnknownDemand", demand=demand + 1):
        needs.withdrawDemand(demand + 1, sender=hospital)
    with reverts("ImpossibleFacts"):
        needs.updateFacts(demand, LARGEST + 1, 1, sender=hospital)
