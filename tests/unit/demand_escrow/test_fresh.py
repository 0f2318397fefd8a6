"""A line is served as its demand counts at that second, whoever has refreshed it or not.

serve
├── given stock that is down to a threshold: at the second from which less than it is left
├── given an attestation that ends: at its end, the first and the second each by itself
├── given other thresholds: at once
└── given a contest: not before its end, and from then on
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import Level
from aidline.signing import Key
from tests.support.demand import Desk
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT


@pytest.fixture
def offer(desk: Desk, charity: Key, hospital: Key, auditor: Key) -> int:
    desk.settle(hospital, auditor)
    return desk.offer(charity, 10_000)


def served_as(desk: Desk, offer: int, demand: int) -> Level:
    """Serve a unit and return the level under which it was."""
    level: Level = desk.escrow.allocation(desk.propose((offer, demand, 1))[0]).level
    return level


@pytest.mark.parametrize(
    ("stock", "use", "lasts"),
    [(200, 100, 2 * DAY), (1_000, 300, 288_000), (1, 7, 12_342), (10**12, 10**11, 10 * DAY)],
)
def test_at_the_second_from_which_less_than_a_threshold_is_left(
    desk: Desk, offer: int, hospital: Key, stock: int, use: int, lasts: int
) -> None:
    demand = desk.publish(hospital, stock=stock, daily_use=use, needed_by=desk.now + 20 * DAY)
    desk.attest(demand, key_of("auditor"), key_of("second_auditor"), valid=20 * DAY)
    start = desk.now
    for limit, above, below in (
        (7 * DAY, Level.LOW, Level.MEDIUM),
        (3 * DAY, Level.MEDIUM, Level.HIGH),
        (DAY, Level.HIGH, Level.CRITICAL),
    ):
        if lasts < limit:
            continue
        desk.wait(start + lasts - limit - desk.now)
        assert served_as(desk, desk.offer(key_of("charity"), 1), demand) == above
        desk.wait(1)
        assert served_as(desk, desk.offer(key_of("charity"), 1), demand) == below
    assert served_as(desk, desk.offer(key_of("charity"), 1), demand) == Level.CRITICAL


def test_until_each_attestation_ends(
    desk: Desk, offer: int, hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    demand = desk.publish(hospital, stock=0, daily_use=0)
    desk.needs.updateFacts(demand, 10, 100, sender=hospital)
    desk.attest(demand, auditor, valid=HOUR)
    desk.attest(demand, second_auditor, valid=3 * HOUR)
    desk.wait(HOUR - 1)
    assert served_as(desk, offer, demand) == Level.CRITICAL
    desk.wait(1)
    assert served_as(desk, offer, demand) == Level.HIGH
    desk.wait(2 * HOUR - 1)
    assert served_as(desk, offer, demand) == Level.HIGH
    desk.wait(1)
    with reverts("LineUnaudited", demand=demand):
        served_as(desk, offer, demand)


def test_until_the_second_attestation_ends(
    desk: Desk, charity: Key, hospital: Key, auditor: Key, second_auditor: Key, offer: int
) -> None:
    kits = desk.offer(charity, 10, material=KIT, expiry=desk.now + 30 * DAY)
    demand = desk.publish(hospital, material=KIT, units=6_000)
    desk.attest(demand, auditor, valid=3 * HOUR)
    desk.attest(demand, second_auditor, valid=HOUR)
    desk.wait(HOUR - 1)
    assert served_as(desk, kits, demand) == Level.LOW
    desk.wait(1)
    with reverts("LineUnaudited", demand=demand):
        served_as(desk, kits, demand)


def test_by_the_thresholds_of_that_second(
    desk: Desk, needs: Contract, offer: int, hospital: Key, auditor: Key
) -> None:
    demand = desk.need(hospital, Level.LOW, 100, [auditor])
    assert served_as(desk, offer, demand) == Level.LOW
    limits = {"critical": HOUR, "high": 40 * DAY, "medium": 50 * DAY}
    needs.setThresholds(limits, sender=key_of("urgency_keeper"))
    assert served_as(desk, offer, demand) == Level.HIGH


def test_when_a_contest_is_over(
    desk: Desk, needs: Contract, offer: int, hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    demand = desk.need(hospital, Level.LOW, 100, [auditor])
    content = needs.contentOf(demand)
    needs.contest(demand, content, keccak(b"too much"), sender=second_auditor)
    desk.wait(DAY - 1)
    with reverts("LineUnaudited", demand=demand):
        served_as(desk, offer, demand)
    desk.wait(1)
    assert served_as(desk, offer, demand) == Level.LOW
