"""Money in people's hands: currency for reserve and back, presents, purses, operators' bonds."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.invariant.freight.stage import PEOPLE, Base, amount, refused
from tests.support.freight import CARRIERS
from tests.support.gifts import NO_PERMIT
from tests.support.people import key_of
from tests.support.reverts import reverts

__all__ = ["Money"]


class Money(Base):
    """Acts that need no consignment."""

    @rule(who=st.sampled_from(PEOPLE), moved=amount, out=st.booleans())
    def exchange(self, who: str, moved: int, out: bool) -> None:
        """Reserve for currency, or back."""
        key, currency = key_of(who), self.suite.currency
        if out:
            currency.withdrawTo(key, moved, sender=key)
            credited, reserve = -moved, -moved
        else:
            currency.depositFor(key, moved, sender=key)
            credited = reserve = moved - moved * self.stage.fee // 10_000
        self.shadow.pay(key, credited)
        self.supply += credited
        self.reserve += reserve

    @precondition(lambda self: self.stage.kind == "ReenteringToken")
    @rule(who=st.sampled_from(PEOPLE), moved=amount, out=st.booleans())
    def re_enter(self, who: str, moved: int, out: bool) -> None:
        """LGC-6: in the middle of an exchange the reserve token comes back for more."""
        key, currency = key_of(who), self.suite.currency
        before = self.chain.snapshot()
        self.suite.reserve.arm(currency, currency.call_data("withdrawTo", key, 1), sender=key)
        with reverts("ReentrancyGuardReentrantCall"):
            currency["withdrawTo" if out else "depositFor"](key, moved, sender=key)
        self.chain.revert(before)

    @rule(
        who=st.sampled_from(PEOPLE),
        sent=amount,
        room=st.sampled_from(["freight", "monitor", "disputes"]),
    )
    def send_a_present(self, who: str, sent: int, room: str) -> None:
        """Money that belongs to no consignment, and moves none."""
        self.suite.currency.transfer(getattr(self.suite, room), sent, sender=key_of(who))
        self.shadow.pay(key_of(who), -sent)
        self.shadow.presents[room] += sent

    @rule(who=st.sampled_from(CARRIERS), moved=amount, room=st.sampled_from(["freight", "monitor"]))
    def put_aside(self, who: str, moved: int, room: str) -> None:
        """Into the purse for the bonds of legs, or into that for a device's."""
        key = key_of(who)
        if room == "freight":
            self.suite.freight.fillPurse(moved, NO_PERMIT, sender=key)
            self.shadow.purses[key.address].free += moved
        else:
            self.suite.monitor.depositBond(key, moved, sender=key)
            self.shadow.bonds[who].free += moved
        self.shadow.pay(key, -moved)

    @rule(who=st.sampled_from(CARRIERS), moved=amount, room=st.sampled_from(["freight", "monitor"]))
    def take_out(self, who: str, moved: int, room: str) -> None:
        """Of what is free, never of what is locked."""
        key = key_of(who)
        if room == "freight":
            purse, act, error = self.shadow.purses[key.address], "emptyPurse", "PurseTooSmall"
        else:
            purse, act, error = self.shadow.bonds[who], "withdrawBond", "BondTooSmall"
        enough = moved <= purse.free
        with refused(None if enough else error):
            getattr(self.suite, room)[act](moved, sender=key)
        if enough:
            purse.free -= moved
            self.shadow.pay(key, moved)
