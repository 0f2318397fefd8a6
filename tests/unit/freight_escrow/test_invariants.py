"""INV-FREIGHT-1 to 4 under random use: several consignments, all policies, any order of steps.

After every step, money adds up (INV-FREIGHT-1, -2), no leg earns more than its freight
(INV-FREIGHT-3), and each load is with the one whom the escrow's record names (INV-FREIGHT-4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aidline.model import DeviceRule, ParcelState, Policy, Resolution, Status
from aidline.telemetry import Recorder
from aidline.watches import told_of
from tests.support.freight import CARRIERS, FREIGHTS, Desk, terms
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

POLICIES = (Policy.CONSIGNEE, Policy.DEVICE, Policy.BOTH, Policy.DEVICE_THEN_SILENCE)


@dataclass
class Shadow:
    """What a consignment should be like."""

    id: int
    policy: Policy
    recorder: Recorder
    latest: int
    handovers: int = 0
    status: Status = Status.BOOKED


class Walk:
    """Steps of the people, taken where they are possible; refused where they must be."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.known: list[Shadow] = []
        self.ended: Counter[Resolution] = Counter()

    def step(self, action: str, number: int, amount: int) -> None:
        """Take a step: `number` says whose, `amount` how much of it."""
        if action == "wait":
            self.desk.chain.set_time(self.desk.chain.now() + amount)
        elif action == "book":
            self._book(POLICIES[number % 4], ("hospital", "supplier")[amount % 2])
        elif self.known:
            shadow = self.known[number % len(self.known)]
            getattr(self, f"_{action}")(shadow, amount)
        self._check()

    def _book(self, policy: Policy, payer: str) -> None:
        desk = self.desk
        start = (desk.chain.now() // HOUR + 2) * HOUR
        legs = [
            replace(leg, departure=start + 3 * HOUR * n, latest_arrival=start + 3 * HOUR * (n + 1))
            for n, leg in enumerate(desk.legs())
        ]
        network = desk.suite.network
        if not all(network.isFree(g.vehicle, g.departure, g.latest_arrival) for g in legs):
            return
        booking = desk.booking(
            [desk.allocate(100)],
            legs=legs,
            payer=key_of(payer).address,
            terms=terms(policy=policy),
            pick_up_by=legs[0].latest_arrival,
            deadline=start,
            salt=word(f"order {len(self.known)}"),
        )
        made = desk.book(booking).event("ConsignmentBooked").args.consignment
        self.known.append(Shadow(made, policy, desk.recorder(made), legs[-1].latest_arrival))

    def _hand_over(self, shadow: Shadow, back: int) -> None:
        desk = self.desk
        if shadow.status not in (Status.BOOKED, Status.IN_TRANSIT) or shadow.handovers == 3:
            return
        at = max(desk.suite.ledger.load(shadow.id).since, desk.chain.now() - back)
        handover = desk.handover(shadow.id, shadow.handovers, at)
        until = desk.freight.consignment(shadow.id).pick_up_by
        if shadow.handovers == 0 and at > until:
            with reverts("Expired", deadline=until):
                desk.hand_over(handover)
            return
        desk.hand_over(handover)
        shadow.handovers += 1
        shadow.status = Status.IN_TRANSIT

    def _read(self, shadow: Shadow, amount: int) -> None:
        desk = self.desk
        if shadow.handovers == 0:
            return
        before = shadow.recorder.last
        last = before.last_time if before is not None else 0
        first = max(desk.suite.ledger.custodySpan(shadow.id, 1).since, last + 1)
        seconds = desk.chain.now() - first
        count = min(60, seconds // HOUR + 1)
        if seconds < count:
            return
        times = [first + seconds * n // count for n in range(count + 1)]
        desk.record(shadow.recorder, [(time, 300 + amount // 12, 5_000) for time in times])

    def _deliver(self, shadow: Shadow, _: int) -> None:
        desk = self.desk
        if shadow.status is not Status.IN_TRANSIT or shadow.handovers < 3:
            return
        at = desk.chain.now()
        by_device = shadow.policy in (Policy.DEVICE, Policy.DEVICE_THEN_SILENCE)
        arrival = desk.arrival(shadow.id, at, shadow.recorder.batches)
        proof = desk.proof(
            desk.handover(shadow.id, 3, at),
            None if shadow.policy is Policy.CONSIGNEE else arrival,
            accepted=not by_device,
        )
        since = desk.suite.ledger.custodySpan(shadow.id, 1).since
        silence = self._silence(shadow, since, at)
        if by_device and silence > 2 * HOUR:
            with reverts("SilentTooLong", silence=silence):
                desk.deliver(proof)
            return
        desk.deliver(proof)
        waits = shadow.policy is Policy.DEVICE_THEN_SILENCE
        shadow.status = Status.ARRIVED if waits else Status.SETTLED

    def _silence(self, shadow: Shadow, since: int, at: int) -> int:
        """The longest silence of the device between two times."""
        monitor = self.desk.suite.monitor
        watches = [told.watch for told in told_of(monitor, shadow.id)]
        told = self.desk.told(shadow.id)
        spans = monitor.exposures(shadow.id, watches, DeviceRule.NULL, 0, told, [since, at])
        silence: int = spans[-1].silence
        return silence

    def _refuse(self, shadow: Shadow, _: int) -> None:
        desk = self.desk
        if shadow.status is not Status.ARRIVED:
            return
        if desk.chain.now() >= desk.freight.consignment(shadow.id).proven_at + DAY:
            with reverts("Expired"):
                desk.refuse(shadow.id, sender=key_of("hospital"))
            return
        desk.refuse(shadow.id, sender=key_of("hospital"))
        shadow.status = Status.REFUSED

    def _settle(self, shadow: Shadow, _: int) -> None:
        desk = self.desk
        if shadow.status not in (Status.ARRIVED, Status.REFUSED):
            return
        refused = shadow.status is Status.REFUSED
        settle = desk.settle_refused if refused else desk.settle_silent
        until = desk.freight.consignment(shadow.id).proven_at + DAY
        if desk.chain.now() < until:
            with reverts("NotYet", consignment=shadow.id, from_=until):
                settle(shadow.id, sender=key_of("stranger"))
            desk.chain.set_time(until)
        settle(shadow.id, sender=key_of("stranger"))
        shadow.status = Status.SETTLED

    def _lapse(self, shadow: Shadow, amount: int) -> None:
        desk = self.desk
        if shadow.status not in (Status.BOOKED, Status.IN_TRANSIT):
            return
        limit = desk.freight.consignment(shadow.id).pick_up_by
        since = (limit if shadow.handovers == 0 else shadow.latest) + 7 * DAY
        if shadow.handovers > 1:
            before = desk.bookings[shadow.id].legs[shadow.handovers - 2]
            took_over = desk.suite.ledger.load(shadow.id).since
            since += max(0, took_over - before.latest_arrival)
        if amount % 4 == 0:
            desk.chain.set_time(max(desk.chain.now(), since))
        if desk.chain.now() < since:
            with reverts("NotYet", consignment=shadow.id, from_=since):
                desk.lapse(shadow.id, sender=key_of("stranger"))
            return
        desk.lapse(shadow.id, sender=key_of("stranger"))
        shadow.status = Status.SETTLED

    def _recall(self, shadow: Shadow, _: int) -> None:
        """Recall what rides; it can then only be stopped, or end as what has arrived does."""
        desk, ledger = self.desk, self.desk.suite.ledger
        if shadow.status is Status.SETTLED or ledger.isLoadRecalled(shadow.id):
            return
        lot = ledger.parcel(ledger.parcelsOf(shadow.id)[0]).lot
        ledger.recall(lot, word("tainted"), word("sample"), sender=key_of("auditor"))
        if shadow.status in (Status.ARRIVED, Status.REFUSED):
            with reverts("WrongStatus", status=shadow.status):
                desk.stop_recalled(shadow.id, sender=key_of("stranger"))
            return
        if shadow.handovers < 3:
            handover = desk.handover(shadow.id, shadow.handovers, ledger.load(shadow.id).since)
            with reverts("LotRecalled", lot=lot):
                desk.hand_over(handover)
        desk.stop_recalled(shadow.id, sender=key_of("stranger"))
        shadow.status = Status.SETTLED

    def _check(self) -> None:
        desk = self.desk
        desk.check_money()
        self.ended = Counter()
        for shadow in self.known:
            record = desk.freight.consignment(shadow.id)
            load = desk.suite.ledger.load(shadow.id)
            assert record.status == shadow.status
            for paid, freight in zip(desk.paid(shadow.id), FREIGHTS, strict=False):
                assert paid <= freight
            if shadow.status is Status.SETTLED:
                self.ended[record.resolution] += 1
                assert load.state not in (ParcelState.IN_TRANSIT, ParcelState.ALLOCATED)
            else:
                holder = "supplier" if shadow.handovers == 0 else CARRIERS[shadow.handovers - 1]
                assert load.custodian == key_of(holder).address
                assert load.sequence == shadow.handovers


_ACTIONS = ["book"] * 2 + ["wait", "read"] * 4 + ["hand_over"] * 5 + ["deliver"] * 4
_STEPS = st.lists(
    st.tuples(
        st.sampled_from([*_ACTIONS, "refuse", "settle", "lapse", "recall"]),
        st.integers(0, 11),
        st.integers(0, 4 * HOUR),
    ),
    min_size=60,
    max_size=90,
)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(steps=_STEPS)
def test_money_and_custody_hold_in_any_order(
    desk: Desk, steps: Sequence[tuple[str, int, int]]
) -> None:
    before = desk.chain.snapshot()
    try:
        walk = Walk(desk)
        for action, number, amount in steps:
            walk.step(action, number, amount)
    finally:
        desk.chain.revert(before)


def test_the_walk_gets_everywhere(desk: Desk) -> None:
    """Each way to end is walked, so that the property above means something."""
    walk = Walk(desk)
    ways: list[tuple[str, int, int]] = []
    for number, policy in enumerate((2, 2, 3, 3, 0, 0, 0, 0)):
        ways += [("book", policy, 1)]
        if number < 6:
            ways += [("wait", 0, 2 * HOUR), ("hand_over", number, 0)]
        if number < 5:
            ways += [("wait", 0, HOUR), ("hand_over", number, 0), ("hand_over", number, 0)]
            # At 15 °C for an hour in the second; at 7 °C in the others.
            ways += [("read", number, 14_400 if number == 1 else 4_800), ("deliver", number, 0)]
        if number == 2:
            ways += [("refuse", number, 0)]
        end = {2: "settle", 3: "settle", 5: "lapse", 6: "lapse", 7: "recall"}.get(number)
        if end:
            ways += [(end, number, 0)]
        # The vehicles are free again.
        ways += [("wait", 0, DAY)]
    for action, number, amount in ways:
        walk.step(action, number, amount)
    assert set(walk.ended) == set(Resolution) - {Resolution.NULL}
