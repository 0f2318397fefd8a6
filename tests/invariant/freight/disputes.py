"""Disputes before settlement, and the release of the devices' bonds after it."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from aidline import messages as m
from aidline.model import Status
from aidline.signing import Key
from tests.invariant.freight.ends import Ends
from tests.invariant.freight.shadow import OPEN, Consigned, Contest
from tests.invariant.freight.stage import refused, some
from tests.support.people import domain_of, key_of, word
from tests.support.suite import DAY, HOUR

__all__ = ["Disputes"]


class Disputes(Ends):
    """What a leg earns is contested; what a device's operator answers with is released."""

    # --- disputes ---

    def disputable(self) -> list[int]:
        return self.shadow.having(*OPEN, Status.CLOSED)

    @some(disputable)
    @rule(data=st.data(), by_payee=st.booleans())
    def dispute(self, data: st.DataObject, by_payee: bool) -> None:
        """Payer, or who earns; refused where the leg, the time, an award or its end forbids it."""
        one = self.shadow.consignments[self.draw(data, self.disputable())]
        leg = data.draw(st.integers(0, len(one.stakes) - 1))
        payer, payee = self.keys[one.booking.payer], self.keys[one.stakes[leg][0]]
        raiser, other = (payee, payer) if by_payee else (payer, payee)
        bond = self.dispute_bond(one, leg)
        error = self.why_not_disputed(one, leg, raiser)
        with refused(error):
            receipt = self.suite.disputes["raise"](one.booking, leg, word("claim"), sender=raiser)
        if error:
            return
        number = receipt.event("DisputeRaised").args.dispute
        until = self.now + 7 * DAY
        one.holds += 1
        self.shadow.contests[number] = Contest(one, leg, raiser, other, bond, until)
        self.shadow.pay(raiser, -bond)

    def dispute_bond(self, one: Consigned, leg: int) -> int:
        """DSP-2: a tenth of what is in dispute and a two-hundredth of all, each rounded up."""
        return -(-one.stakes[leg][1] // 10) - (-one.prepaid // 200)

    def why_not_disputed(self, one: Consigned, leg: int, raiser: Key) -> str | None:
        is_price = leg == len(one.booking.legs)
        times = one.changes
        if len(times) - 1 < (1 if is_price else leg + 1):
            return "LegNotBegun"
        if len(times) > leg + 2 and self.now >= times[leg + 2] + 7 * DAY:
            return "LegBarred"
        if self.shadow.raised(one, leg, raiser):
            return "AlreadyRaised"
        if leg in one.awards:
            return "AlreadyAwarded"
        return "WrongStatus" if one.status is Status.CLOSED else None

    def contested(self) -> list[int]:
        return self.shadow.open_contests()

    @some(contested)
    @rule(data=st.data(), awarded=st.booleans(), founded=st.booleans(), share=st.integers(0, 101))
    def rule_on_a_dispute(
        self, data: st.DataObject, awarded: bool, founded: bool, share: int
    ) -> None:
        number = self.draw(data, self.contested())
        contest = self.shadow.contests[number]
        one = contest.consigned
        most = one.stakes[contest.leg][1]
        award = most * share // 100 if awarded else 0
        error = None
        if self.now >= contest.until:
            error = "RulingOver"
        elif contest.leg in one.awards:
            error = "AlreadyAwarded"
        elif award > most:
            error = "AwardTooHigh"
        ruling = {
            "is_awarded": awarded,
            "is_founded": founded,
            "award": award,
            "reason": word("ruling"),
        }
        with refused(error):
            self.suite.disputes.rule(number, one.booking, ruling, sender=key_of("arbiter"))
        if not error:
            self.shadow.end_contest(number, founded=founded, award=award if awarded else None)

    def agreeable(self) -> list[int]:
        contests = self.shadow.contests
        return [n for n in self.contested() if contests[n].leg not in contests[n].consigned.awards]

    @some(agreeable)
    @rule(data=st.data(), share=st.integers(0, 100))
    def agree(self, data: st.DataObject, share: int) -> None:
        number = self.draw(data, self.agreeable())
        contest = self.shadow.contests[number]
        one, desk = contest.consigned, self.suite.disputes
        award = one.stakes[contest.leg][1] * share // 100
        split = m.Split(number, one.id, contest.leg, award, self.now + HOUR)
        desk.settleByAgreement(
            one.booking,
            split,
            split.sign(self.keys[one.booking.payer], domain_of(desk)),
            split.sign(self.keys[one.stakes[contest.leg][0]], domain_of(desk)),
            sender=key_of("stranger"),
        )
        self.shadow.end_contest(number, founded=True, award=award)

    @some(contested)
    @rule(data=st.data(), patient=st.booleans())
    def close_a_dispute(self, data: st.DataObject, patient: bool) -> None:
        number = self.draw(data, self.contested())
        contest = self.shadow.contests[number]
        moot = contest.leg in contest.consigned.awards
        if patient and not moot:
            self.wait_until(contest.until)
        error = None if moot or self.now >= contest.until else "NotYet"
        with refused(error):
            self.suite.disputes.close(number, sender=key_of("stranger"))
        if not error:
            self.shadow.end_contest(number, founded=moot, award=None)
