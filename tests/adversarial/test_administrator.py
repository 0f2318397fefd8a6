"""An administrator who has given himself every role wants goods and money: what he cannot do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from aidline.artifacts import artifact
from aidline.deploy import SUITE
from aidline.model import ParcelState
from tests.support.emergency import (
    CASES,
    PLAN,
    REPORTERS,
    TODAY,
    condition,
    indicator,
    level,
    plan,
    release_money,
    report,
)
from tests.support.freight import Desk
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, MASK, START, UNIT

ADMIN, STRANGER = key_of("admin"), key_of("stranger")
ME = ADMIN.address
NONE = {"kind": 1, "scope": bytes(32)}
GOODS = {"material": MASK, "expiry": 0, "earmark_kind": 1, "earmark_scope": bytes(32)}
NO_PERMIT = {"value": 0, "deadline": 0, "v": 0, "r": bytes(32), "s": bytes(32)}
LOT = {"material": MASK, "quantity": 1, "expiry": 0, "station": 1, "evidence": word("none")}
LEG = {
    "carrier": ME,
    "vehicle": 1,
    "crew": 1,
    "from_station": 1,
    "to_station": 2,
    "departure": START,
    "latest_arrival": START + DAY,
    "units": 1,
    "temperature_min": 0,
    "temperature_max": 1,
}
BAND = {"temperature_min": 0, "temperature_max": 0, "humidity_min": 0, "humidity_max": 0}
SPLIT = {"heard": START, "temperature": 0, "humidity": 0}

#: Every function by which one room writes to another.
WRITES: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("ledger", "commissionGift", (LOT, ME, ME, NONE)),
    ("ledger", "offer", (1, ME)),
    ("ledger", "withdraw", (1,)),
    ("ledger", "allocate", (1, 1)),
    ("ledger", "redeem", (1, 1)),
    ("ledger", "deallocate", (1, 1, True)),
    ("ledger", "release", (1,)),
    ("ledger", "form", (1, [1], ME, [])),
    ("ledger", "handOver", (1, ME, 1, START)),
    ("ledger", "close", (1, ParcelState.DELIVERED, ME, 1, START)),
    ("needs", "serve", (GOODS, [1 << 64 | 1])),
    ("needs", "reopen", (1, 1, 1, False)),
    ("needs", "takeBudget", (1, 1)),
    ("needs", "openFastPath", (PLAN, word("CN-HB"), 1, START + DAY)),
    ("needs", "raise", (PLAN, word("CN-HB"), MASK, 1, START + DAY)),
    ("demand", "offerFor", (ME, 1, START + DAY)),
    ("demand", "take", ([1], 1, ME, 0)),
    ("network", "reserve", (1, LEG)),
    ("network", "free", (1, (1, 1, 1, 2, START, START + DAY), 0)),
    ("monitor", "openWatches", (1, PLAN, [ME], BAND, UNIT)),
    ("monitor", "voidBatch", (1, ME, 0)),
    ("monitor", "splitBatch", (1, ME, START, SPLIT)),
    ("monitor", "payBond", (ME, ME, UNIT)),
    ("monitor", "freeBond", (ME, UNIT)),
    ("fund", "receiveFrom", (ME, UNIT, NONE, NO_PERMIT)),
    ("fund", "release", (PLAN, NONE, ME, UNIT, START + 30 * DAY)),
)


@pytest.fixture
def mighty(desk: Desk) -> Desk:
    """The administrator holds every role, without a delay."""
    for role in SUITE.roles:
        desk.suite.access.grantRole(role.id, ME, 0, sender=ADMIN)
    return desk


@pytest.mark.parametrize(("room", "function", "arguments"), WRITES, ids=lambda value: str(value))
def test_writes_in_the_place_of_a_room(
    mighty: Desk, room: str, function: str, arguments: tuple[Any, ...]
) -> None:
    """Writers are addresses, fixed at deployment: no role is one, nor the AccessManager itself."""
    target = getattr(mighty.suite, room)
    with reverts("NotWriter", caller=ADMIN):
        target[function](*arguments, sender=ADMIN)
    access = mighty.suite.access
    data = target.call_data(function, *arguments)
    with reverts("NotWriter", caller=access.address):
        access.execute(target.address, data, sender=ADMIN)


def test_finds_a_power_that_was_given_to_nobody() -> None:
    """A restricted function without a role would be the administrator's own: there is none."""
    sources = Path(__file__).resolve().parents[2] / "contracts"
    restricted = {
        name
        for source in sources.rglob("*.sol")
        if "mocks" not in source.parts
        for name in re.findall(
            r"function (\w+)\([^)]*\)\s+external\s+restricted", source.read_text()
        )
    }
    given = [
        (room, name)
        for role in SUITE.roles
        for room, names in role.functions.items()
        for name in names
    ]
    assert restricted == {name for _, name in given}
    # Codes that a room runs in its own storage: their own they may pause as they like.
    parts = {"FreightClosing", "FreightOffice", "HandoverOffice"}
    for item in SUITE.items:
        if item.name in parts:
            continue
        names = {entry.get("name") for entry in artifact(item.compiled).abi}
        for power in names & {"pause", "unpause"}:
            assert (item.name, power) in given


def test_mints_freezes_or_takes_money(mighty: Desk) -> None:
    """LGC-4: the currency knows no role at all."""
    functions = dir(mighty.suite.currency)
    for power in ("mint", "pause", "freeze", "setAuthority", "authority", "burn", "seize"):
        assert power not in functions
    before = mighty.suite.currency.balanceOf(key_of("hospital"))
    with reverts("ERC20InsufficientAllowance"):
        mighty.suite.currency.transferFrom(key_of("hospital").address, ME, 1, sender=ADMIN)
    assert mighty.suite.currency.balanceOf(key_of("hospital")) == before


def test_has_a_plan_of_his_own_release_the_fund(mighty: Desk) -> None:
    """EMG-11, DON-17: the plan is public for a day, and a spender that is suspended books nothing.

    Where something is at stake the deployment adds two days' notice of the roles that he gives
    himself, and one of the plan and of its reporters (`RoleSpec.least_delay`).
    """
    suite, spender = mighty.suite, key_of("charity")
    suite.oracle.defineIndicator(CASES, indicator(), sender=ADMIN)
    suite.oracle.setReporters([reporter.address for reporter in REPORTERS], 1, sender=ADMIN)
    suite.oracle.openFeed(CASES, word("CN-HB"), sender=STRANGER)
    spec = plan(suite.oracle, level(condition(1, 1), actions=[release_money()]))
    report(suite.oracle, TODAY, 1)
    suite.emergency.propose(PLAN, spec, sender=ADMIN)
    for wait in (0, DAY - 60):
        mighty.chain.set_time(mighty.chain.now() + wait)
        with reverts("PlanNotEffective", plan=PLAN):
            suite.emergency.poke(PLAN, 1, sender=ADMIN)
    mighty.chain.set_time(mighty.chain.now() + 60)
    suite.emergency.poke(PLAN, 1, sender=ADMIN)
    assert suite.fund.releaseRecord(1).spender == spender.address

    suite.registry.suspend(spender.address, word("fraud"), sender=key_of("suspender"))
    booking = mighty.booking([mighty.allocate()], payer=suite.fund.address)
    with reverts("SpenderNotActive", release=1, spender=spender):
        suite.fund["book"](1, booking, mighty.signatures(booking), sender=spender)
    with reverts("NotSpender", release=1, caller=ADMIN):
        suite.fund["book"](1, booking, mighty.signatures(booking), sender=ADMIN)
