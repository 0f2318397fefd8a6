"""INV-DISPUTE-1 and the end of every dispute, under random use by all parties of three legs.

After every step the desk's currency is the bonds of open disputes, each dispute is as it should be,
and what was delivered settles exactly when none is open. By time alone everything ends, and each
leg earns its award, or its freight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aidline.model import DisputeStatus
from tests.support.disputes import Court, bond_of
from tests.support.freight import CARRIERS, FREIGHTS, LATEST
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

WEEK = 7 * DAY


@dataclass
class Shadow:
    """What a dispute should be like."""

    id: int
    leg: int
    raiser: str
    until: int
    status: DisputeStatus = DisputeStatus.OPEN


class Walk:
    """Steps of the parties, taken where they are possible; refused where they must be."""

    def __init__(self, court: Court) -> None:
        self.court = court
        self.known: list[Shadow] = []
        self.awards: dict[int, int] = {}
        self.is_delivered = False

    def step(self, action: str, number: int, amount: int) -> None:
        """Take a step: `number` says whose, `amount` how much of it."""
        if action == "wait":
            self.court.desk.chain.set_time(self.court.desk.chain.now() + amount)
        elif action == "deliver":
            self._deliver()
        elif action == "raise":
            self._raise(number % 3, ("hospital", CARRIERS[number % 3])[amount % 2])
        elif self.known:
            getattr(self, f"_{action}")(self.known[number % len(self.known)], amount)
        self._check()

    def end(self) -> None:
        """Let time pass: whatever is open ends, and the legs earn what they should."""
        chain = self.court.desk.chain
        chain.set_time(chain.now() + WEEK)
        for shadow in self.known:
            if shadow.status is DisputeStatus.OPEN:
                self._close(shadow, 0)
        self._check()
        expected = tuple(self.awards.get(leg, freight) for leg, freight in enumerate(FREIGHTS))
        end = self.court.settle if self.is_delivered else self.court.deliver
        assert self.court.earned(end) == expected
        self.court.desk.check_money()
        self.court.check_money()

    def _deliver(self) -> None:
        """Only while a dispute is open: else all would be over."""
        if self.is_delivered or all(one.status is not DisputeStatus.OPEN for one in self.known):
            return
        self.court.deliver()
        self.is_delivered = True

    def _raise(self, leg: int, raiser: str) -> None:
        court, now = self.court, self.court.desk.chain.now()
        barred = (leg < 2 or self.is_delivered) and now >= LATEST[leg] + WEEK
        again = any((one.leg, one.raiser) == (leg, raiser) for one in self.known)
        error = "WrongStatus" if self.is_delivered else ""
        if barred or again or leg in self.awards:
            error = "LegBarred" if barred else "AlreadyRaised" if again else "AlreadyAwarded"
        if error:
            with reverts(error):
                court.raise_(raiser, leg)
            return
        made = court.raise_(raiser, leg)
        self.known.append(Shadow(made, leg, raiser, now + WEEK))

    def _agree(self, shadow: Shadow, amount: int) -> None:
        award = amount % (FREIGHTS[shadow.leg] + 1)
        split = self.court.split(shadow.id, award)
        refusal = self._refusal(shadow)
        if refusal:
            with reverts(refusal):
                self.court.agree(split, carrier=CARRIERS[shadow.leg])
            return
        self.court.agree(split, carrier=CARRIERS[shadow.leg])
        shadow.status = DisputeStatus.AGREED
        self.awards[shadow.leg] = award

    def _rule(self, shadow: Shadow, amount: int) -> None:
        award = amount % (FREIGHTS[shadow.leg] + 1)
        ruling: dict[str, Any] = {
            "is_awarded": amount % 3 != 0,
            "is_founded": amount % 2 == 0,
            "award": award,
        }
        refusal = self._refusal(shadow, must_rule=True)
        if refusal:
            with reverts(refusal):
                self.court.rule(shadow.id, **ruling)
            return
        self.court.rule(shadow.id, **ruling)
        shadow.status = DisputeStatus.RULED
        if ruling["is_awarded"]:
            self.awards[shadow.leg] = award

    def _close(self, shadow: Shadow, _: int) -> None:
        room, now = self.court.room, self.court.desk.chain.now()
        is_moot = shadow.leg in self.awards
        if shadow.status is not DisputeStatus.OPEN or not (is_moot or now >= shadow.until):
            is_open = shadow.status is DisputeStatus.OPEN
            with reverts("NotYet" if is_open else "DisputeNotOpen"):
                room.close(shadow.id, sender=key_of("stranger"))
            return
        room.close(shadow.id, sender=key_of("stranger"))
        shadow.status = DisputeStatus.MOOT if is_moot else DisputeStatus.LAPSED

    def _refusal(self, shadow: Shadow, *, must_rule: bool = False) -> str:
        if shadow.status is not DisputeStatus.OPEN:
            return "DisputeNotOpen"
        if must_rule and self.court.desk.chain.now() >= shadow.until:
            return "RulingOver"
        return "AlreadyAwarded" if shadow.leg in self.awards else ""

    def _check(self) -> None:
        court = self.court
        court.check_money()
        open_ = [one for one in self.known if one.status is DisputeStatus.OPEN]
        assert court.room.totalBonds() == sum(bond_of(FREIGHTS, one.leg) for one in open_)
        assert court.desk.freight.holdsOf(court.consignment) == len(open_)
        for shadow in self.known:
            assert court.room.dispute(shadow.id).status == shadow.status
        if self.is_delivered and open_:
            with reverts("IsHeld", consignment=court.consignment):
                court.settle()


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["raise"] * 4 + ["wait"] * 2 + ["agree", "rule", "close", "close", "deliver"]
        ),
        st.integers(0, 11),
        st.integers(0, 60 * HOUR),
    ),
    min_size=15,
    max_size=40,
)


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(steps=_STEPS)
def test_bonds_and_ends_hold_in_any_order(
    court: Court, steps: Sequence[tuple[str, int, int]]
) -> None:
    before = court.desk.chain.snapshot()
    try:
        walk = Walk(court)
        for action, number, amount in steps:
            walk.step(action, number, amount)
        walk.end()
    finally:
        court.desk.chain.revert(before)


def test_the_walk_gets_everywhere(court: Court) -> None:
    """Each way to end is walked, so that the property above means something."""
    walk = Walk(court)
    for step in (
        ("raise", 0, 0),
        ("raise", 0, 1),
        ("rule", 0, 2),
        ("close", 1, 0),
        ("raise", 1, 0),
        ("agree", 2, 7),
        ("raise", 2, 1),
        ("deliver", 0, 0),
        ("raise", 1, 0),
        ("wait", 0, WEEK),
        ("close", 3, 0),
    ):
        walk.step(*step)
    assert {one.status for one in walk.known} == set(DisputeStatus) - {
        DisputeStatus.NULL,
        DisputeStatus.OPEN,
    }
    walk.end()
