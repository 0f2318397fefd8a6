"""How consignments end: proof by each policy, refusal, silence, time, recall."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from aidline import messages as m
from aidline.client import Receipt
from aidline.freight import device_evidence
from aidline.model import DeviceRule, Policy, Resolution, Status
from tests.invariant.freight.journey import Count, Journeys, counts
from tests.invariant.freight.loggers import Logger
from tests.invariant.freight.shadow import OPEN, Consigned
from tests.invariant.freight.stage import refused, some
from tests.support.people import key_of, word
from tests.support.suite import DAY, HOUR

__all__ = ["Ends"]


class Ends(Journeys):
    """A consignment ends."""

    # --- delivery ---

    def at_the_dock(self) -> list[int]:
        return [n for n, one in self.shadow.consignments.items() if one.is_last]

    @some(at_the_dock)
    @rule(
        data=st.data(),
        accepted=st.booleans(),
        words=st.sampled_from([0, 1, 2, 2]),
        back=st.sampled_from([0, 0, 0, HOUR]),
    )
    def deliver(self, data: st.DataObject, accepted: bool, words: int, back: int) -> None:
        """With the signatures and the words that there are; refused where that is too little."""
        one = self.shadow.consignments[self.draw(data, self.at_the_dock())]
        told = [logger.batches[-1].last_time for logger in one.loggers if logger.batches]
        at = max(one.times[-1], self.now - back, *told)
        self.hand_in(one, at, accepted, words)

    @some(at_the_dock)
    @rule(data=st.data(), found=counts)
    def deliver_counted(self, data: st.DataObject, found: Count) -> None:
        """All words, and what the last two have found."""
        one = self.shadow.consignments[self.draw(data, self.at_the_dock())]
        words = 0 if one.booking.terms.policy is Policy.CONSIGNEE else len(one.loggers)
        loggers = one.loggers[:words]
        proof = self.proof(one, self.now, True, loggers)
        count = self.count(one, proof["handover"], found)
        proof["release"], proof["acceptance"] = self.signed(one, count)
        error = self.why_not_counted(one, count)
        error = error or self.why_not_delivered(one, self.now, True, words)
        with refused(error):
            receipt = self.suite.freight.deliverCounted(
                one.booking, one.told, proof, count.exceptions, sender=key_of("stranger")
            )
        if not error:
            self.counted(one, count, receipt)
            self.arrive(one, self.now, receipt)

    @some(Journeys.travelling)
    @rule(
        data=st.data(),
        accepted=st.sampled_from([False, False, True]),
        temperature=st.sampled_from([500, 500, 780, 820]),
    )
    def travel_and_deliver(self, data: st.DataObject, accepted: bool, temperature: int) -> None:
        """The whole way, and all words at its end."""
        one = self.shadow.consignments[self.draw(data, self.travelling())]
        self.bring(one, temperature)
        self.hand_in(one, self.now, accepted, len(one.loggers))

    def hand_in(self, one: Consigned, at: int, accepted: bool, words: int) -> None:
        """Submit a proof."""
        policy = one.booking.terms.policy
        accepted = accepted or policy in (Policy.CONSIGNEE, Policy.BOTH)
        loggers = [] if policy is Policy.CONSIGNEE else one.loggers[:words]
        error = self.why_not_delivered(one, at, accepted, len(loggers))
        with refused(error):
            receipt = self.suite.freight.deliver(
                one.booking,
                one.told,
                self.proof(one, at, accepted, loggers),
                sender=key_of("stranger"),
            )
        if error:
            return
        if accepted or policy is Policy.DEVICE:
            self.arrive(one, at, receipt)
        else:
            one.status, one.arrived_at, one.proven_at = Status.ARRIVED, at, self.now

    def arrive(self, one: Consigned, at: int, receipt: Receipt) -> None:
        """The goods are with whom they are for."""
        end = self.shadow.delivery(one, at)
        one.came_at = at
        if one.is_held:
            one.delivered, one.arrived_at = True, at
            one.proven_at = one.proven_at or self.now
        self.close(one, end, receipt)

    def why_not_delivered(self, one: Consigned, at: int, accepted: bool, words: int) -> str | None:
        agreed = one.booking.terms
        if one.recalled:
            return "ConsignmentRecalled"
        if agreed.policy is not Policy.CONSIGNEE:
            silent_for_good = self.now >= one.booking.legs[-1].latest_arrival + DAY
            needed = len(one.loggers) if agreed.device_rule is DeviceRule.EACH else 1
            if words < needed and not (accepted and words == 0 and silent_for_good):
                return "DevicesMissing"
        if not accepted and one.silence([*one.times, at]) > agreed.longest_silence:
            return "SilentTooLong"
        return None

    def proof(
        self, one: Consigned, at: int, accepted: bool, loggers: list[Logger]
    ) -> dict[str, Any]:
        handover = self.handover(one, at)
        words = []
        for logger in loggers:
            key = key_of(logger.name)
            arrival = m.Arrival(one.id, handover.station, at, len(logger.batches), self.now + HOUR)
            words.append((key.address, arrival, arrival.sign(key, self.domain)))
        return {
            "handover": handover,
            "release": handover.sign(one.hands[-2], self.domain),
            "acceptance": handover.sign(one.hands[-1], self.domain) if accepted else b"",
            "salt": one.salt,
            "evidence": device_evidence(words) if words else b"",
        }

    # --- other ends ---

    def refusable(self) -> list[int]:
        return self.at_the_dock() + self.shadow.having(Status.ARRIVED)

    @some(refusable)
    @rule(data=st.data(), by_signature=st.booleans())
    def refuse_at_the_door(self, data: st.DataObject, by_signature: bool) -> None:
        one = self.shadow.consignments[self.draw(data, self.refusable())]
        taker = one.hands[-1]
        refusal = m.Refusal(
            one.id, len(one.booking.legs), taker.address, word("wet"), self.now + HOUR
        )
        error = None
        if one.status is Status.ARRIVED and self.now >= one.settles:
            error = "Expired"
        with refused(error):
            self.suite.freight.refuse(
                one.booking,
                refusal,
                one.salt,
                refusal.sign(taker, self.domain) if by_signature else b"",
                sender=key_of("stranger") if by_signature else taker,
            )
        if not error:
            one.status, one.proven_at = Status.REFUSED, self.now

    def waiting(self) -> list[int]:
        return self.shadow.having(Status.ARRIVED, Status.REFUSED)

    @some(waiting)
    @rule(data=st.data(), by_consignee=st.booleans())
    def settle_what_waits(self, data: st.DataObject, by_consignee: bool) -> None:
        """By anyone in time; what has arrived, by the consignee at once."""
        one = self.shadow.consignments[self.draw(data, self.waiting())]
        arrived = one.status is Status.ARRIVED
        at_once = arrived and by_consignee
        error = None
        if not at_once and self.now < one.settles:
            error = "NotYet"
        with refused(error):
            receipt = self.suite.freight["settleSilent" if arrived else "settleRefused"](
                one.booking,
                one.told,
                sender=one.hands[-1] if by_consignee else key_of("stranger"),
            )
        if error:
            return
        if arrived:
            self.arrive(one, one.arrived_at, receipt)
        else:
            self.close(one, self.shadow.stop(one, Resolution.REFUSED), receipt)

    def closed(self) -> list[int]:
        return self.shadow.having(Status.CLOSED)

    @some(closed)
    @rule(data=st.data())
    def settle_what_disputes_held(self, data: st.DataObject) -> None:
        self.settle_closed(self.shadow.consignments[self.draw(data, self.closed())])

    def settle_closed(self, one: Consigned) -> None:
        """Once no dispute holds it any more."""
        with refused("IsHeld" if one.is_held else None):
            receipt = self.suite.freight.settleClosed(
                one.booking, one.told, sender=key_of("stranger")
            )
        if not one.is_held:
            self.settle(one, self.shadow.rest(one), receipt)

    def on_the_way(self) -> list[int]:
        return self.shadow.having(Status.BOOKED, Status.IN_TRANSIT)

    @some(on_the_way)
    @rule(data=st.data(), patient=st.booleans())
    def lapse(self, data: st.DataObject, patient: bool) -> None:
        one = self.shadow.consignments[self.draw(data, self.on_the_way())]
        if patient:
            self.wait_until(one.lapses)
        error = None
        if self.now < one.lapses:
            error = "NotYet"
        with refused(error):
            receipt = self.suite.freight.lapse(one.booking, one.told, sender=key_of("stranger"))
        if not error:
            kind = Resolution.LOST if one.position else Resolution.CANCELLED
            self.close(one, self.shadow.stop(one, kind), receipt)

    @some(on_the_way)
    @rule(data=st.data())
    def stop_recalled(self, data: st.DataObject) -> None:
        one = self.shadow.consignments[self.draw(data, self.on_the_way())]
        error = None
        if not one.recalled:
            error = "NothingRecalled"
        with refused(error):
            receipt = self.suite.freight.stopRecalled(
                one.booking, one.told, sender=key_of("stranger")
            )
        if not error:
            self.close(one, self.shadow.stop(one, Resolution.RECALLED), receipt)

    def to_recall(self) -> list[int]:
        """No more than two of a run: else little would arrive."""
        recalled = [n for n, one in self.shadow.consignments.items() if one.recalled]
        return [n for n in self.shadow.having(*OPEN) if n not in recalled and len(recalled) < 2]

    @some(to_recall)
    @rule(data=st.data())
    def recall(self, data: st.DataObject) -> None:
        one = self.shadow.consignments[self.draw(data, self.to_recall())]
        for lot in one.lots:
            self.suite.ledger.recall(
                lot, word("reason"), word("evidence"), sender=key_of("fourth_auditor")
            )
        one.recalled = True
