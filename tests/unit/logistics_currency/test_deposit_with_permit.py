"""Depositing with the reserve's permit in the same transaction, and the currency's own permit.

depositWithPermit
├── with a good permit: no approval was needed
├── with a permit that somebody used before: the allowance is there and decides
├── with a permit late, of somebody else, or for less, and no allowance: refused
└── given a reserve without permits: the allowance decides
permit of the currency
├── lets the spender move it once
└── again, late, of another chain or by another key: refused
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.messages import Permit
from aidline.signing import Domain, Key
from tests.support.people import domain_of
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


@pytest.fixture
def own(currency: Contract, donor: Key, carrier: Key) -> Permit:
    deadline = currency.chain.now() + DAY
    return Permit(donor.address, carrier.address, AMOUNT, 0, deadline)


def test_the_currencys_own_permit_is_good_once(
    currency: Contract, donor: Key, carrier: Key, own: Permit
) -> None:
    arguments = (donor, carrier, AMOUNT, own.deadline)
    signature = parts(own.sign(donor, domain_of(currency)))
    before = currency.balanceOf(carrier)

    currency.permit(*arguments, *signature, sender=carrier)
    currency.transferFrom(donor, carrier, AMOUNT, sender=carrier)

    assert currency.balanceOf(carrier) == before + AMOUNT
    assert currency.nonces(donor) == 1
    with reverts("ERC2612InvalidSigner", owner=donor):
        currency.permit(*arguments, *signature, sender=carrier)


def test_the_currencys_own_permit_reverts_late_forged_or_from_another_chain(
    currency: Contract, donor: Key, carrier: Key, own: Permit
) -> None:
    arguments = (donor, carrier, AMOUNT, own.deadline)
    for signature in (
        own.sign(carrier, domain_of(currency)),
        own.sign(donor, domain_of(currency, chain_id=1)),
    ):
        with reverts("ERC2612InvalidSigner", owner=donor):
            currency.permit(*arguments, *parts(signature), sender=carrier)
    currency.chain.set_time(own.deadline + 1)
    good = parts(own.sign(donor, domain_of(currency)))
    with reverts("ERC2612ExpiredSignature", deadline=own.deadline):
        currency.permit(*arguments, *good, sender=carrier)
