"""IndicatorOracle.setReporters.

when the caller is not the keeper ............. refused
when fewer than 3f + 1, or f is zero .......... refused
when they are not in ascending order .......... refused
when one is no active reporter ................ refused
when two are of one organisation .............. refused
when they are good ............................ they report, and nobody who did before
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import Role, roles_mask
from aidline.signing import Key
from tests.support.emergency import REPORTERS, TODAY, bundle
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY

ADDRESSES = [reporter.address for reporter in REPORTERS]


def enrol_reporter(registry: Contract, like: str, name: str, **changes: Any) -> Key:
    """Enrol another reporter, with the fields of `like` but for the changes."""
    key = key_of(name)
    fields = {"account": key.address, "facility": word(name)} | changes
    message = registration(like, registry.chain.now() + DAY, **fields)
    signature = message.sign(key, domain_of(registry))
    registry.register(message, signature, "", sender=key_of("registrar"))
    return key


def test_names_the_reporters_and_their_quorum(oracle: Contract, planner: Key, donor: Key) -> None:
    receipt = oracle.setReporters(ADDRESSES, 1, sender=planner)
    event = receipt.event("ReportersSet").args
    assert (list(event.reporters), event.faults) == (ADDRESSES, 1)
    assert (oracle.reporterCount(), oracle.quorum()) == (4, 3)
    assert all(oracle.isReporter(address) for address in ADDRESSES)
    assert not oracle.isReporter(donor.address)


def test_who_is_not_named_again_reports_no_longer(
    opened: Contract, registry: Contract, planner: Key, stranger: Key
) -> None:
    new = enrol_reporter(registry, "reporter_1", "reporter_5", organisation=word("health-office-5"))
    gone, *rest = REPORTERS
    named = sorted([*rest, new], key=lambda key: int(key.address, 16))
    opened.setReporters([key.address for key in named], 1, sender=planner)
    assert not opened.isReporter(gone.address)
    with reverts("NotReporter", reporter=gone):
        opened.submit(bundle(opened, TODAY, [1, 2, 3]), sender=stranger)
    opened.submit(bundle(opened, TODAY, [1, 2, 3], reporters=named[:3]), sender=stranger)


def test_a_suspended_reporter_does_not_report(
    manned: Contract, registry: Contract, suspender: Key, reporter_1: Key
) -> None:
    registry.suspend(reporter_1.address, word("lies"), sender=suspender)
    assert not manned.isReporter(reporter_1.address)


def test_reverts_when_the_caller_is_not_the_keeper(oracle: Contract, stranger: Key) -> None:
    with reverts("AccessManagedUnauthorized", caller=stranger):
        oracle.setReporters(ADDRESSES, 1, sender=stranger)


@pytest.mark.parametrize(
    ("count", "faults", "needed"), [(3, 1, 4), (4, 0, 4), (4, 2, 7), (0, 1, 4)]
)
def test_reverts_when_there_are_too_few_for_the_faults(
    oracle: Contract, planner: Key, count: int, faults: int, needed: int
) -> None:
    with reverts("TooFewReporters", given=count, needed=needed):
        oracle.setReporters(ADDRESSES[:count], faults, sender=planner)


def test_reverts_when_there_are_too_many(oracle: Contract, planner: Key) -> None:
    with reverts("TooManyReporters", given=32, most=31):
        oracle.setReporters(ADDRESSES * 8, 1, sender=planner)


def test_reverts_when_one_is_named_twice(oracle: Contract, planner: Key) -> None:
    with reverts("ReportersOutOfOrder", reporter=ADDRESSES[0]):
        oracle.setReporters([ADDRESSES[0], *ADDRESSES], 1, sender=planner)


def test_reverts_when_one_is_no_reporter(oracle: Contract, planner: Key, donor: Key) -> None:
    named = sorted([*ADDRESSES, donor.address], key=lambda address: int(address, 16))
    with reverts("NotReporter", reporter=donor):
        oracle.setReporters(named, 1, sender=planner)


def test_reverts_when_two_are_of_one_organisation(
    oracle: Contract, registry: Contract, planner: Key
) -> None:
    twin = enrol_reporter(registry, "reporter_1", "twin of reporter_1")
    named = sorted([*ADDRESSES, twin.address], key=lambda address: int(address, 16))
    assert roles_mask(Role.REPORTER) == registry.participant(twin.address).roles
    with reverts("SameOrganisation"):
        oracle.setReporters(named, 1, sender=planner)
