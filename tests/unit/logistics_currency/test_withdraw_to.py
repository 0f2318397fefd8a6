"""Withdrawing: `withdrawTo`.

when the amount is zero, the recipient nobody, or more than the caller has: refused
when the reserve re-enters in the middle: refused
when all is right: the currency is burnt and as much reserve leaves, also by transfer's new owner
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.reverts import reverts
from tests.support.suite import UNIT

pytestmark = pytest.mark.usefixtures("backed")


def test_burns_and_pays_out(
    currency: Contract, reserve: Contract, donor: Key, stranger: Key
) -> None:
    amount = 40 * UNIT
    supply, held = currency.totalSupply(), reserve.balanceOf(currency)
    owned = currency.balanceOf(donor)

    receipt = currency.withdrawTo(stranger, amount, sender=donor)

    told = receipt.event("Withdrawn").args
    assert (told.from_, told.to, told.amount) == (donor.address, stranger.address, amount)
    assert reserve.balanceOf(stranger) == amount
    assert currency.balanceOf(donor) == owned - amount
    assert currency.totalSupply() == supply - amount
    assert reserve.balanceOf(currency) == held - amount


def test_pays_whoever_the_currency_was_sent_to(
    currency: Contract, reserve: Contract, donor: Key, stranger: Key
) -> None:
    currency.transfer(stranger, UNIT, sender=donor)
    currency.withdrawTo(stranger, UNIT, sender=stranger)
    assert reserve.balanceOf(stranger) == UNIT


def test_everybody_can_leave(
    currency: Contract, reserve: Contract, donor: Key, carrier: Key
) -> None:
    for person in (donor, carrier):
        currency.withdrawTo(person, currency.balanceOf(person), sender=person)
        assert currency.balanceOf(person) == 0


def test_reverts_with_nothing(currency: Contract, donor: Key) -> None:
    with reverts("ZeroAmount"):
        currency.withdrawTo(donor, 0, sender=donor)


def test_reverts_for_nobody(currency: Contract, donor: Key) -> None:
    with reverts("ZeroRecipient"):
        currency.withdrawTo("0x" + "00" * 20, UNIT, sender=donor)


def test_reverts_beyond_the_callers_balance(currency: Contract, stranger: Key) -> None:
    with reverts("ERC20InsufficientBalance", sender=stranger, balance=0, needed=1):
        currency.withdrawTo(stranger, 1, sender=stranger)


def test_reverts_when_the_reserve_re_enters(
    over: Callable[..., tuple[Contract, Contract]], saver: Key
) -> None:
    token, money = over("ReenteringToken")
    money.depositFor(saver, 1_000, sender=saver)
    token.arm(money, money.call_data("withdrawTo", saver, 1_000), sender=saver)
    with reverts("ReentrancyGuardReentrantCall"):
        money.withdrawTo(saver, 1_000, sender=saver)
    assert money.balanceOf(saver) == token.balanceOf(money) == 1_000
