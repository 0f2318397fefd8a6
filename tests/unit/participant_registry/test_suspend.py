"""Suspending and reinstating a participant, and `requireActive`.

suspend
├── when the caller is not the suspender: refused, the reinstater included
├── given nobody of that account, or one suspended already: refused
└── else no role is active any more, the record stays, a device of theirs is not usable
reinstate
├── when the caller is not the reinstater: refused, the suspender included
├── given nobody of that account, or one not suspended: refused
└── else the roles are active again
requireActive
└── refuses who lacks the role, is suspended or unknown
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import Role
from aidline.signing import Key
from tests.support.people import word
from tests.support.reverts import reverts

REASON = word("false reports")


@pytest.fixture
def suspended(registry: Contract, suspender: Key, carrier: Key) -> Key:
    registry.suspend(carrier, REASON, sender=suspender)
    return carrier


def test_suspends_at_once_and_keeps_the_record(
    registry: Contract, suspender: Key, carrier: Key, device: Key
) -> None:
    before = registry.participant(carrier)
    now = registry.chain.now()
    assert registry.isDeviceUsable(device, now)

    receipt = registry.suspend(carrier, REASON, sender=suspender)

    told = receipt.event("ParticipantSuspended").args
    assert (told.account, told.reason) == (carrier.address, REASON)
    after = registry.participant(carrier)
    assert after.suspended and after.roles == before.roles
    assert not registry.isActive(carrier, Role.CARRIER)
    assert not registry.isDeviceUsable(device, now)


def test_reinstates(registry: Contract, reinstater: Key, suspended: Key, device: Key) -> None:
    receipt = registry.reinstate(suspended, sender=reinstater)

    assert receipt.event("ParticipantReinstated").args.account == suspended.address
    assert registry.isActive(suspended, Role.CARRIER)
    assert registry.isDeviceUsable(device, registry.chain.now())


@pytest.mark.parametrize("person", ["stranger", "registrar", "reinstater", "carrier"])
def test_suspend_reverts_when_the_caller_is_not_the_suspender(
    registry: Contract, carrier: Key, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("AccessManagedUnauthorized", caller=caller):
        registry.suspend(carrier, REASON, sender=caller)


@pytest.mark.parametrize("person", ["stranger", "registrar", "suspender", "carrier"])
def test_reinstate_reverts_when_the_caller_is_not_the_reinstater(
    registry: Contract, suspended: Key, request: pytest.FixtureRequest, person: str
) -> None:
    caller = request.getfixturevalue(person)
    with reverts("AccessManagedUnauthorized", caller=caller):
        registry.reinstate(suspended, sender=caller)


def test_suspend_reverts_for_nobody(registry: Contract, suspender: Key, stranger: Key) -> None:
    with reverts("UnknownParticipant", account=stranger):
        registry.suspend(stranger, REASON, sender=suspender)


def test_suspend_reverts_a_second_time(registry: Contract, suspender: Key, suspended: Key) -> None:
    with reverts("AlreadySuspended", account=suspended):
        registry.suspend(suspended, REASON, sender=suspender)


def test_reinstate_reverts_for_nobody(registry: Contract, reinstater: Key, stranger: Key) -> None:
    with reverts("UnknownParticipant", account=stranger):
        registry.reinstate(stranger, sender=reinstater)


def test_reinstate_reverts_when_not_suspended(
    registry: Contract, reinstater: Key, carrier: Key
) -> None:
    with reverts("NotSuspended", account=carrier):
        registry.reinstate(carrier, sender=reinstater)


def test_require_active_is_silent_for_the_role_held(registry: Contract, carrier: Key) -> None:
    registry.requireActive(carrier, Role.CARRIER)


def test_require_active_reverts_without_the_role(registry: Contract, carrier: Key) -> None:
    with reverts("NotActive", account=carrier, role=Role.RECIPIENT):
        registry.requireActive(carrier, Role.RECIPIENT)
    with reverts("NotActive", account=carrier, role=Role.NULL):
        registry.requireActive(carrier, Role.NULL)


def test_require_active_reverts_while_suspended(registry: Contract, suspended: Key) -> None:
    with reverts("NotActive", account=suspended, role=Role.CARRIER):
        registry.requireActive(suspended, Role.CARRIER)


def test_require_active_reverts_for_a_stranger(registry: Contract, stranger: Key) -> None:
    with reverts("NotActive", account=stranger, role=Role.DONOR):
        registry.requireActive(stranger, Role.DONOR)
