"""INV-FREIGHT-1 to 4 under random use: several consignments, all policies, any order of steps.

After every step, money adds up (INV-FREIGHT-1, -2), no leg earns more than its freight
(INV-FREIGHT-3), and each load is with the one whom the escrow's record names (INV-FREIGHT-4).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from aidline.model import ParcelState, Policy, Status
from aidline.telemetry import Recorder
from tests.support.freight import CARRIERS, COLD, FREIGHTS, Desk, terms
from tests.support.people import key_of, word
from tests.support.suite import DAY, HOUR


@dataclass
class Shadow:
    """What a consignment should be like."""

    id: int
    policy: Policy
    recorder: Recorder
    latest: int
    payer: str
    handovers: int = 0
    status: Status = Status.BOOKED
    batches: int = 0
    log: list[int] = field(default_factory=list)


def test_money_and_custody_hold_in_any_order(desk: Desk) -> None:
    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.snapshot = desk.chain.snapshot()
            self.known: list[Shadow] = []

        def teardown(self) -> None:
            desk.chain.revert(self.snapshot)

        def _pick(self, number: int, *wanted: Status) -> Shadow | None:
            found = [shadow for shadow in self.known if shadow.status in wanted]
            return found[number % len(found)] if found else None

        def _any(self, *wanted: Status) -> bool:
            return any(shadow.status in wanted for shadow in self.known)

        @initialize(policy=st.sampled_from(list(Policy)[1:]))
        def begin(self, policy: Policy) -> None:
            self.book(policy=policy, payer="hospital")

        @precondition(lambda self: len(self.known) < 4)
        @rule(
            policy=st.sampled_from(list(Policy)[1:]),
            payer=st.sampled_from(["hospital", "supplier"]),
        )
        def book(self, policy: Policy, payer: str) -> None:
            start = (desk.chain.now() // HOUR + 2) * HOUR
            legs = [
                replace(
                    leg, departure=start + 3 * HOUR * n, latest_arrival=start + 3 * HOUR * (n + 1)
                )
                for n, leg in enumerate(desk.legs())
            ]
            taken = any(
                not desk.suite.network.isFree(leg.vehicle, leg.departure, leg.latest_arrival)
                for leg in legs
            )
            if taken:
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
            consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
            self.known.append(
                Shadow(
                    consignment, policy, Recorder(consignment, COLD), legs[-1].latest_arrival, payer
                )
            )

        @precondition(lambda self: self._any(Status.BOOKED, Status.IN_TRANSIT))
        @rule(number=st.integers(0, 3), wait=st.integers(0, 6 * HOUR), back=st.integers(0, HOUR))
        def hand_over(self, number: int, wait: int, back: int) -> None:
            shadow = self._pick(number, Status.BOOKED, Status.IN_TRANSIT)
            if shadow is None or shadow.handovers == 3:
                return
            desk.chain.set_time(desk.chain.now() + wait)
            since = desk.suite.ledger.load(shadow.id).since
            at = max(since, desk.chain.now() - back)
            if shadow.handovers == 0 and at > desk.freight.consignment(shadow.id).pick_up_by:
                return
            desk.hand_over(desk.handover(shadow.id, shadow.handovers, at))
            shadow.handovers += 1
            shadow.status = Status.IN_TRANSIT

        @precondition(lambda self: self._any(Status.IN_TRANSIT))
        @rule(number=st.integers(0, 3), temperature=st.integers(0, 1_200), count=st.integers(1, 4))
        def read(self, number: int, temperature: int, count: int) -> None:
            shadow = self._pick(number, Status.IN_TRANSIT)
            assert shadow is not None
            picked_up = desk.suite.ledger.custodySpan(shadow.id, 1).since
            last = desk.suite.monitor.watch(shadow.id).last_time
            first, now = max(picked_up, last + 1), desk.chain.now()
            if now - first < count:
                return
            times = [first + (now - first) * n // count for n in range(count)] + [now]
            desk.record(shadow.recorder, [(time, temperature, 5_000) for time in times])
            shadow.batches += 1

        @precondition(lambda self: self._any(Status.IN_TRANSIT))
        @rule(number=st.integers(0, 3))
        def deliver(self, number: int) -> None:
            shadow = self._pick(number, Status.IN_TRANSIT)
            assert shadow is not None
            if shadow.handovers < 3:
                return
            at = desk.chain.now()
            since = desk.suite.ledger.custodySpan(shadow.id, 1).since
            silence = desk.suite.monitor.exposureBetween(shadow.id, since, at).silence
            by_device = shadow.policy in (Policy.DEVICE, Policy.DEVICE_THEN_SILENCE)
            if by_device and silence > 2 * HOUR:
                return
            desk.deliver(
                desk.proof(
                    desk.handover(shadow.id, 3, at),
                    None
                    if shadow.policy is Policy.CONSIGNEE
                    else desk.arrival(shadow.id, at, shadow.batches),
                    accepted=not by_device,
                )
            )
            waits = shadow.policy is Policy.DEVICE_THEN_SILENCE
            shadow.status = Status.ARRIVED if waits else Status.SETTLED

        @precondition(lambda self: self._any(Status.ARRIVED))
        @rule(number=st.integers(0, 3), refuses=st.booleans())
        def end_of_silence(self, number: int, refuses: bool) -> None:
            shadow = self._pick(number, Status.ARRIVED)
            assert shadow is not None
            until = desk.freight.consignment(shadow.id).proven_at + DAY
            if refuses and desk.chain.now() < until:
                desk.freight.refuse(shadow.id, sender=key_of("hospital"))
            else:
                desk.chain.set_time(max(until, desk.chain.now()))
                desk.freight.settleSilent(shadow.id, sender=key_of("stranger"))
            shadow.status = Status.SETTLED

        @precondition(lambda self: self._any(Status.BOOKED, Status.IN_TRANSIT))
        @rule(number=st.integers(0, 3))
        def lapse(self, number: int) -> None:
            shadow = self._pick(number, Status.BOOKED, Status.IN_TRANSIT)
            assert shadow is not None
            desk.chain.set_time(max(desk.chain.now(), shadow.latest + 7 * DAY))
            desk.freight.lapse(shadow.id, sender=key_of("stranger"))
            shadow.status = Status.SETTLED

        @invariant()
        def money_adds_up(self) -> None:
            desk.check_money()
            for shadow in self.known:
                assert desk.freight.consignment(shadow.id).status == shadow.status
                for number, freight in enumerate(FREIGHTS):
                    assert desk.freight.leg(shadow.id, number).paid <= freight

        @invariant()
        def custody_is_as_recorded(self) -> None:
            for shadow in self.known:
                load = desk.suite.ledger.load(shadow.id)
                if shadow.status is Status.SETTLED:
                    assert load.state != ParcelState.IN_TRANSIT
                    continue
                holder = "supplier" if shadow.handovers == 0 else CARRIERS[shadow.handovers - 1]
                assert load.custodian == key_of(holder).address
                assert load.sequence == shadow.handovers

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
