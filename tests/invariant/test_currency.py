"""INV-LGC-1 under anything that anybody does, on four kinds of reserve token.

Deposits, withdrawals, transfers, permits and reserve sent to the contract as a gift, in any order,
beside a shadow model: who holds how much, and how much reserve lies there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
)

from aidline.client import Contract, RevmChain
from aidline.messages import Permit
from aidline.signing import Key
from tests.support.people import domain_of, key_of
from tests.support.reverts import reverts
from tests.support.rules import run_rules
from tests.support.suite import DAY, START, Rooms

PEOPLE = ("donor", "carrier", "hospital")
WEALTH = 10**9
FEE = 100  # hundredths of a percent
KINDS: dict[str, tuple[Any, ...]] = {
    "ReserveToken": (),
    "FeeOnTransferToken": (FEE,),
    "NoReturnToken": (),
    "ReenteringToken": (),
}
person = st.sampled_from(PEOPLE)
amount = st.integers(1, 2 * WEALTH)


class Money(RuleBasedStateMachine):
    """Everything that can be done with the currency, and what it must come to."""

    chain: RevmChain
    token: Contract
    currency: Contract
    kind: str

    def __init__(self) -> None:
        super().__init__()
        self._snapshot = self.chain.snapshot()
        self.held = dict.fromkeys(PEOPLE, 0)
        self.reserve = 0
        self.allowed: dict[tuple[str, str], int] = {}
        self.nonces = dict.fromkeys(PEOPLE, 0)

    def teardown(self) -> None:
        self.chain.revert(self._snapshot)

    def arrives(self, sent: int) -> int:
        """What is left of a transfer of the reserve."""
        return sent - sent * FEE // 10_000 if self.kind == "FeeOnTransferToken" else sent

    def has(self, name: str) -> int:
        wealth: int = self.token.balanceOf(key_of(name))
        return wealth

    @rule(giver=person, taker=person, sent=amount)
    def deposit(self, giver: str, taker: str, sent: int) -> None:
        sent = min(sent, self.has(giver))
        if not sent:
            with reverts("ZeroAmount"):
                self.currency.depositFor(key_of(taker), 0, sender=key_of(giver))
            return
        receipt = self.currency.depositFor(key_of(taker), sent, sender=key_of(giver))
        received = self.arrives(sent)
        assert receipt.event("Deposited").args.received == received
        self.held[taker] += received
        self.reserve += received

    @rule(giver=person, sent=amount)
    def deposit_that_re_enters(self, giver: str, sent: int) -> None:
        sent = min(sent, self.has(giver))
        if self.kind != "ReenteringToken" or not sent:
            return
        key = key_of(giver)
        before = self.chain.snapshot()
        data = self.currency.call_data("depositFor", key, 1)
        self.token.arm(self.currency, data, sender=key)
        with reverts("ReentrancyGuardReentrantCall"):
            self.currency.depositFor(key, sent, sender=key)
        self.chain.revert(before)

    @rule(holder=person, taker=person, asked=amount)
    def withdraw(self, holder: str, taker: str, asked: int) -> None:
        key = key_of(holder)
        if asked > self.held[holder]:
            with reverts("ERC20InsufficientBalance", sender=key, balance=self.held[holder]):
                self.currency.withdrawTo(key_of(taker), asked, sender=key)
            return
        before = self.has(taker)
        self.currency.withdrawTo(key_of(taker), asked, sender=key)
        assert self.has(taker) == before + self.arrives(asked)
        self.held[holder] -= asked
        self.reserve -= asked

    @rule(holder=person, share=st.integers(0, 100))
    def withdraw_a_share(self, holder: str, share: int) -> None:
        if part := self.held[holder] * share // 100:
            self.withdraw(holder, holder, part)

    @rule(holder=person, taker=person, asked=amount)
    def transfer(self, holder: str, taker: str, asked: int) -> None:
        key = key_of(holder)
        if asked > self.held[holder]:
            with reverts("ERC20InsufficientBalance", sender=key, needed=asked):
                self.currency.transfer(key_of(taker), asked, sender=key)
            return
        self.currency.transfer(key_of(taker), asked, sender=key)
        self.held[holder] -= asked
        self.held[taker] += asked

    @rule(owner=person, spender=person, value=amount, forged=st.booleans())
    def permit(self, owner: str, spender: str, value: int, forged: bool) -> None:
        deadline = self.chain.now() + DAY
        holder, other = key_of(owner), key_of(spender)
        told = Permit(holder.address, other.address, value, self.nonces[owner], deadline)
        signer = key_of("stranger") if forged else holder
        seal = told.sign(signer, domain_of(self.currency))
        given = (holder, other, value, deadline, seal[64], seal[:32], seal[32:64])
        if forged:
            with reverts("ERC2612InvalidSigner", signer=signer, owner=holder):
                self.currency.permit(*given, sender=key_of("stranger"))
            return
        self.currency.permit(*given, sender=key_of("stranger"))
        self.nonces[owner] += 1
        self.allowed[owner, spender] = value
        with reverts("ERC2612InvalidSigner", owner=holder):
            self.currency.permit(*given, sender=key_of("stranger"))

    @rule(owner=person, spender=person, asked=amount)
    def spend(self, owner: str, spender: str, asked: int) -> None:
        allowed = self.allowed.get((owner, spender), 0)
        given = (key_of(owner), key_of(spender), asked)
        if asked > allowed:
            with reverts("ERC20InsufficientAllowance", allowance=allowed, needed=asked):
                self.currency.transferFrom(*given, sender=key_of(spender))
        elif asked > self.held[owner]:
            with reverts("ERC20InsufficientBalance", needed=asked):
                self.currency.transferFrom(*given, sender=key_of(spender))
        else:
            self.currency.transferFrom(*given, sender=key_of(spender))
            self.allowed[owner, spender] = allowed - asked
            self.held[owner] -= asked
            self.held[spender] += asked

    @rule(giver=person, sent=st.integers(1, WEALTH // 10))
    def send_reserve_as_a_gift(self, giver: str, sent: int) -> None:
        sent = min(sent, self.has(giver))
        self.token.transfer(self.currency, sent, sender=key_of(giver))
        self.reserve += self.arrives(sent)

    @invariant()
    def inv_lgc_1_currency_is_never_above_the_reserve(self) -> None:
        assert self.currency.totalSupply() <= self.token.balanceOf(self.currency)

    @invariant()
    def the_chain_is_as_the_shadow(self) -> None:
        for name in PEOPLE:
            assert self.currency.balanceOf(key_of(name)) == self.held[name]
        assert self.currency.totalSupply() == sum(self.held.values())
        assert self.token.balanceOf(self.currency) == self.reserve
        for (owner, spender), allowed in self.allowed.items():
            assert self.currency.allowance(key_of(owner), key_of(spender)) == allowed


@pytest.fixture(params=KINDS)
def machine(request: pytest.FixtureRequest) -> Iterator[type[Money]]:
    """The machine over one kind of reserve; everybody is rich and has approved."""
    kind: str = request.param
    chain = RevmChain(timestamp=START)
    rooms = Rooms(chain)
    reserve = rooms.deploy(kind, *KINDS[kind])
    money = rooms.deploy("LogisticsCurrency", reserve.address)
    for name in PEOPLE:
        key: Key = key_of(name)
        reserve.mint(key, WEALTH, sender=key)
        reserve.approve(money, 2**255, sender=key)
    parts = {"chain": chain, "token": reserve, "currency": money, "kind": kind}
    yield type(f"MoneyOver{kind}", (Money,), parts)


@pytest.mark.hypothesis
def test_inv_lgc_1_holds_whatever_is_done(machine: type[Money]) -> None:
    run_rules(machine, examples=settings.default.max_examples, steps=40)
