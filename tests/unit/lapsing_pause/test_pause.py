"""The pause that lapses: `pause`, `unpause`, `whenOpen`.

pause
├── when the caller is not the pauser: refused, the unpauser included
├── given a pause, or one that ended less than three days ago: refused
└── else entries are refused for three days, exits never, and it lapses by itself
unpause
├── when the caller is not the unpauser: refused, the pauser included
├── given no pause: refused
└── else entries are open, and three days must pass before the next pause
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.reverts import reverts
from tests.support.suite import DAY, Suite, role_number

LONGEST = 3 * DAY


@pytest.fixture
def room(suite: Suite, admin: Key, pauser: Key, unpauser: Key, stranger: Key) -> Contract:
    made = suite.rooms.deploy("PausableRoom", "@AccessManager")
    for name, role in (("pause", "pauser"), ("unpause", "unpauser")):
        selector = made[name].codec.selector
        suite.access.setTargetFunctionRole(made, [selector], role_number(role), sender=admin)
    made.enter(sender=stranger)
    return made


@pytest.fixture
def paused(room: Contract, pauser: Key) -> int:
    room.pause(sender=pauser)
    return room.chain.now() + LONGEST


def test_stops_entries_but_not_exits(room: Contract, pauser: Key, stranger: Key) -> None:
    receipt = room.pause(sender=pauser)

    until = receipt.timestamp + LONGEST
    told = receipt.event("PauseBegan").args
    assert (told.by, told.until) == (pauser.address, until)
    assert room.pausedUntil() == until
    with reverts("IsPaused", until=until):
        room.enter(sender=stranger)
    room.leave(sender=stranger)
    assert room.inside() == 0


def test_lapses_by_itself(room: Contract, paused: int, stranger: Key) -> None:
    room.chain.set_time(paused - 1)
    with reverts("IsPaused"):
        room.enter(sender=stranger)
    room.chain.set_time(paused)
    room.enter(sender=stranger)
    assert room.inside() == 2


def test_cannot_be_prolonged(room: Contract, paused: int, pauser: Key) -> None:
    for moment in (paused - 1, paused, paused + LONGEST - 1):
        room.chain.set_time(moment)
        with reverts("PausedTooRecently", not_before=paused + LONGEST):
            room.pause(sender=pauser)
    room.chain.set_time(paused + LONGEST)
    room.pause(sender=pauser)
    assert room.pausedUntil() == paused + 2 * LONGEST


def test_unpause_opens_entries(
    room: Contract, paused: int, pauser: Key, unpauser: Key, stranger: Key
) -> None:
    receipt = room.unpause(sender=unpauser)

    assert receipt.event("PauseEnded").args.by == unpauser.address
    room.enter(sender=stranger)
    with reverts("PausedTooRecently", not_before=receipt.timestamp + LONGEST):
        room.pause(sender=pauser)


def test_unpause_reverts_when_open(room: Contract, unpauser: Key) -> None:
    with reverts("NotPaused"):
        room.unpause(sender=unpauser)


def test_unpause_reverts_when_lapsed(room: Contract, paused: int, unpauser: Key) -> None:
    room.chain.set_time(paused)
    with reverts("NotPaused"):
        room.unpause(sender=unpauser)


def test_reverts_without_the_role(
    room: Contract, pauser: Key, unpauser: Key, stranger: Key
) -> None:
    for caller in (unpauser, stranger):
        with reverts("AccessManagedUnauthorized", caller=caller):
            room.pause(sender=caller)
    room.pause(sender=pauser)
    for caller in (pauser, stranger):
        with reverts("AccessManagedUnauthorized", caller=caller):
            room.unpause(sender=caller)
