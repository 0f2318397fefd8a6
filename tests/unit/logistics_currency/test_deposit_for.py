"""Depositing reserve for currency: `depositFor`, and the currency's own face.

when the amount is zero, the recipient nobody, or nothing arrives: refused
when the allowance or the balance does not suffice: refused
when all is right: what arrived is minted, to the recipient, and no more
given a reserve
├── that takes a fee: the net is credited
├── that returns nothing: as any other
├── that re-enters in the middle: refused
└── that calls for a transfer of its own in the middle: credited as what arrived
there is no other way to mint
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.reverts import reverts
from tests.support.suite import UNIT

pytestmark = pytest.mark.usefixtures("backed")

Over = Callable[..., tuple[Contract, Contract]]


def test_mints_what_arrived(
    currency: Contract, reserve: Contract, donor: Key, hospital: Key
) -> None:
    amount = 250 * UNIT
    before = (
        reserve.balanceOf(donor),
        reserve.balanceOf(currency),
        currency.balanceOf(hospital),
        currency.totalSupply(),
    )
    reserve.approve(currency, amount, sender=donor)

    receipt = currency.depositFor(hospital, amount, sender=donor)

    told = receipt.event("Deposited").args
    assert (told.from_, told.to, told.received) == (donor.address, hospital.address, amount)
    assert (
        reserve.balanceOf(donor),
        reserve.balanceOf(currency),
        currency.balanceOf(hospital),
        currency.totalSupply(),
    ) == (before[0] - amount, before[1] + amount, before[2] + amount, before[3] + amount)


def test_has_the_decimals_of_its_reserve(currency: Contract, over: Over) -> None:
    assert currency.decimals() == 6
    assert over("FeeOnTransferToken", 100)[1].decimals() == 18
    assert over("NoReturnToken")[1].decimals() == 18


def test_knows_its_reserve(currency: Contract, reserve: Contract) -> None:
    assert currency.reserve() == reserve.address


def test_reverts_with_nothing(currency: Contract, donor: Key) -> None:
    with reverts("ZeroAmount"):
        currency.depositFor(donor, 0, sender=donor)


def test_reverts_for_nobody(currency: Contract, donor: Key) -> None:
    with reverts("ZeroRecipient"):
        currency.depositFor("0x" + "00" * 20, UNIT, sender=donor)


def test_reverts_without_allowance(currency: Contract, reserve: Contract, donor: Key) -> None:
    reserve.approve(currency, UNIT - 1, sender=donor)
    with reverts("ERC20InsufficientAllowance", spender=currency, allowance=UNIT - 1, needed=UNIT):
        currency.depositFor(donor, UNIT, sender=donor)


def test_reverts_without_the_reserve(currency: Contract, reserve: Contract, stranger: Key) -> None:
    reserve.approve(currency, UNIT, sender=stranger)
    with reverts("ERC20InsufficientBalance", sender=stranger):
        currency.depositFor(stranger, UNIT, sender=stranger)


def test_credits_the_net_of_a_fee(over: Over, saver: Key) -> None:
    token, money = over("FeeOnTransferToken", 100)

    receipt = money.depositFor(saver, 1_000, sender=saver)

    assert receipt.event("Deposited").args.received == 990
    assert money.balanceOf(saver) == money.totalSupply() == token.balanceOf(money) == 990


def test_reverts_when_a_fee_takes_everything(over: Over, saver: Key) -> None:
    _, money = over("FeeOnTransferToken", 10_000)
    with reverts("NothingReceived"):
        money.depositFor(saver, 1_000, sender=saver)


def test_takes_a_reserve_that_returns_nothing(over: Over, saver: Key) -> None:
    token, money = over("NoReturnToken")
    money.depositFor(saver, 1_000, sender=saver)
    assert money.balanceOf(saver) == token.balanceOf(money) == 1_000
    money.withdrawTo(saver, 400, sender=saver)
    assert money.totalSupply() == token.balanceOf(money) == 600


@pytest.mark.parametrize("entry", ["depositFor", "withdrawTo"])
def test_reverts_when_the_reserve_re_enters(over: Over, saver: Key, entry: str) -> None:
    token, money = over("ReenteringToken")
    token.arm(money, money.call_data(entry, saver, 10), sender=saver)
    with reverts("ReentrancyGuardReentrantCall"):
        money.depositFor(saver, 1_000, sender=saver)
    assert money.totalSupply() == 0


def test_a_re_entering_reserve_cannot_mint_twice_by_permit(over: Over, saver: Key) -> None:
    token, money = over("ReenteringToken")
    nothing = bytes(32)
    data = money.call_data("depositWithPermit", saver, 10, 0, 27, nothing, nothing)
    token.arm(money, data, sender=saver)
    with reverts("ReentrancyGuardReentrantCall"):
        money.depositFor(saver, 1_000, sender=saver)


def test_what_arrives_beside_is_credited_and_backed(over: Over, saver: Key) -> None:
    token, money = over("ReenteringToken")
    token.mint(token.address, 5, sender=saver)
    token.arm(token, token.call_data("transfer", money, 5), sender=saver)

    money.depositFor(saver, 1_000, sender=saver)

    assert money.totalSupply() == token.balanceOf(money) == 1_005


def test_reserve_sent_directly_mints_nothing(
    currency: Contract, reserve: Contract, donor: Key
) -> None:
    before = currency.totalSupply()
    reserve.transfer(currency, UNIT, sender=donor)
    assert currency.totalSupply() == before


def test_there_is_no_power_over_it(currency: Contract) -> None:
    writes = {
        item["name"]
        for item in currency.abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    assert writes == {
        "approve",
        "depositFor",
        "depositWithPermit",
        "permit",
        "transfer",
        "transferFrom",
        "withdrawTo",
    }
