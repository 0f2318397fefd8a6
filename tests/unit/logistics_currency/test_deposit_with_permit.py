"""Depositing with the reserve's permit in the same transaction: `depositWithPermit`.

with a good permit: no approval was needed
with a permit that somebody used before: the allowance is there and decides
with a permit late, of somebody else, or for less, and no allowance: refused
given a reserve without permits: the allowance decides
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.messages import Permit
from aidline.signing import Domain, Key
from tests.support.reverts import reverts
from tests.support.suite import DAY, UNIT

pytestmark = pytest.mark.usefixtures("backed")

AMOUNT = 70 * UNIT


def parts(signature: bytes) -> tuple[int, bytes, bytes]:
    return signature[64], signature[:32], signature[32:64]


@pytest.fixture
def domain(reserve: Contract) -> Domain:
    return Domain(reserve.chain.chain_id(), reserve.address, "MockReserve")


@pytest.fixture
def permit(reserve: Contract, currency: Contract, donor: Key) -> Permit:
    reserve.approve(currency, 0, sender=donor)
    return Permit(donor.address, currency.address, AMOUNT, 0, reserve.chain.now() + DAY)


def test_needs_no_approval(
    currency: Contract, reserve: Contract, donor: Key, permit: Permit, domain: Domain
) -> None:
    before = currency.balanceOf(donor)
    signature = parts(permit.sign(donor, domain))

    currency.depositWithPermit(donor, AMOUNT, permit.deadline, *signature, sender=donor)

    assert currency.balanceOf(donor) == before + AMOUNT
    assert reserve.allowance(donor, currency) == 0


def test_a_permit_used_by_somebody_else_does_not_stop_it(
    currency: Contract,
    reserve: Contract,
    donor: Key,
    stranger: Key,
    permit: Permit,
    domain: Domain,
) -> None:
    before = currency.balanceOf(donor)
    signature = parts(permit.sign(donor, domain))
    reserve.permit(donor, currency, AMOUNT, permit.deadline, *signature, sender=stranger)

    currency.depositWithPermit(donor, AMOUNT, permit.deadline, *signature, sender=donor)

    assert currency.balanceOf(donor) == before + AMOUNT


def test_reverts_when_a_bad_permit_leaves_no_allowance(
    currency: Contract, donor: Key, stranger: Key, permit: Permit, domain: Domain
) -> None:
    forged = parts(permit.sign(stranger, domain))
    with reverts("ERC20InsufficientAllowance", allowance=0, needed=AMOUNT):
        currency.depositWithPermit(donor, AMOUNT, permit.deadline, *forged, sender=donor)


def test_reverts_when_the_permit_is_late(
    currency: Contract, donor: Key, permit: Permit, domain: Domain
) -> None:
    signature = parts(permit.sign(donor, domain))
    currency.chain.set_time(permit.deadline + 1)
    with reverts("ERC20InsufficientAllowance", allowance=0):
        currency.depositWithPermit(donor, AMOUNT, permit.deadline, *signature, sender=donor)


def test_a_permit_of_another_cannot_be_spent(
    currency: Contract, donor: Key, stranger: Key, permit: Permit, domain: Domain
) -> None:
    signature = parts(permit.sign(donor, domain))
    with reverts("ERC20InsufficientAllowance", allowance=0):
        currency.depositWithPermit(stranger, AMOUNT, permit.deadline, *signature, sender=stranger)


def test_takes_a_reserve_without_permits_by_allowance(
    over: Callable[..., tuple[Contract, Contract]], saver: Key
) -> None:
    token, money = over("NoReturnToken")
    money.depositWithPermit(saver, 500, 0, 27, bytes(32), bytes(32), sender=saver)
    assert money.balanceOf(saver) == token.balanceOf(money) == 500
