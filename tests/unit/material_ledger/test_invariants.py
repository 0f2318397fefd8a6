"""What always holds in the ledger, under acts in any order, beside a shadow model.

INV-MAT-1  the states of a lot add up to what was commissioned, and to its parcels
INV-MAT-2  the parcels of a lot add up to what was commissioned
INV-MAT-3  exactly one party answers for a parcel at each moment since its lot was commissioned:
           whoever took custody last at or before that moment
INV-MAT-4  a parcel rides in a load exactly while the load lists it and has not ended
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import Flaw, ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.people import key_of
from tests.support.rules import run_rules
from tests.unit.material_ledger.conftest import HERE, THERE, fate, request

S = ParcelState
#: What a parcel can be of which units are promised.
FATES = (S.OFFERED, S.QUARANTINED, S.DESTROYED, S.LOST)
#: What becomes of units that do not change hands.
SET_ASIDE = {Flaw.SHORT: S.LOST, Flaw.DAMAGED: S.QUARANTINED, Flaw.REFUSED: S.RETURNED}
ENDS = [S.DELIVERED, S.QUARANTINED, S.RETURNED, S.LOST]
HANDS = ["carrier", "branch_carrier", "terminal_carrier", "hospital", "second_hospital"]
AUDITOR = key_of("auditor")


@dataclass
class Part:
    """A parcel of the shadow model."""

    lot: int
    units: int
    state: ParcelState
    custodian: Key
    station: int = HERE
    consignment: int = 0
    #: Of its units, those allocated that nobody has booked.
    promised: int = 0
    #: Its state before a quarantine at rest.
    before: ParcelState = S.NULL
    #: Who answered since when, oldest first.
    history: list[tuple[int, Key]] = field(default_factory=list)

    def answers(self, time: int) -> str:
        found = [who.address for since, who in self.history if since <= time]
        return found[-1] if found else "0x" + "00" * 20


class Ways(RuleBasedStateMachine):
    """Random ways of goods through the real ledger."""

    ledger: Contract
    demand_escrow: Key
    freight_escrow: Key

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.ledger.chain.snapshot()
        self.lots: dict[int, int] = {}
        self.parts: dict[int, Part] = {}
        self.loads: dict[int, tuple[list[int], Key, ParcelState, int]] = {}

    def teardown(self) -> None:
        self.ledger.chain.revert(self.snapshot)

    @property
    def now(self) -> int:
        return self.ledger.chain.now()

    def at_rest(self, *states: ParcelState) -> list[int]:
        return [
            number
            for number, part in self.parts.items()
            if part.state in states and not part.consignment
        ]

    def cut(self, number: int, units: int, receipt: Any) -> int:
        """Note that units of a part may have become a part of their own."""
        part = self.parts[number]
        if units == part.units:
            return number
        return self.divide(number, units, receipt.event("ParcelSplit").args.child)

    def divide(self, number: int, units: int, child: int) -> int:
        part = self.parts[number]
        part.units -= units
        self.parts[child] = replace(part, units=units, promised=0, history=list(part.history))
        return int(child)

    @initialize(quantity=st.integers(1, 1_000))
    def begin(self, quantity: int) -> None:
        self.commission(quantity)

    @rule(seconds=st.integers(1, 100_000))
    def wait(self, seconds: int) -> None:
        self.ledger.chain.set_time(self.now + seconds)

    @rule(quantity=st.integers(1, 1_000))
    def commission(self, quantity: int) -> None:
        maker = key_of("supplier")
        receipt = self.ledger.commission(request(quantity=quantity), sender=maker)
        told = receipt.event("LotCommissioned").args
        self.lots[told.lot] = quantity
        self.parts[told.parcel] = Part(
            told.lot, quantity, S.HELD, maker, history=[(self.now, maker)]
        )

    @precondition(
        lambda self: any(self.parts[n].units > 1 for n in self.at_rest(S.HELD, S.DELIVERED))
    )
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        choices = [n for n in self.at_rest(S.HELD, S.DELIVERED) if self.parts[n].units > 1]
        number = data.draw(st.sampled_from(choices))
        units = data.draw(st.integers(1, self.parts[number].units - 1))
        receipt = self.ledger.split(number, units, sender=self.parts[number].custodian)
        self.cut(number, units, receipt)

    @precondition(lambda self: self.at_rest(S.HELD))
    @rule(data=st.data())
    def offer(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.at_rest(S.HELD)))
        part = self.parts[number]
        self.ledger.offer(number, part.custodian, sender=self.demand_escrow)
        part.state = S.OFFERED

    def in_an_offer(self) -> list[int]:
        stopped = [n for n in self.at_rest(S.QUARANTINED) if self.parts[n].before == S.OFFERED]
        return self.at_rest(S.OFFERED) + stopped

    @precondition(lambda self: self.in_an_offer())
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.in_an_offer()))
        receipt = self.ledger.withdraw(number, sender=self.demand_escrow)
        free = self.parts[number].units - self.parts[number].promised
        if free:
            self.leave_offer(self.cut(number, free, receipt))

    def leave_offer(self, number: int) -> None:
        part = self.parts[number]
        if part.state == S.OFFERED:
            part.state = S.HELD
        else:
            part.before = S.HELD

    def free(self) -> list[int]:
        return [n for n in self.at_rest(S.OFFERED) if self.parts[n].units > self.parts[n].promised]

    @precondition(lambda self: self.free())
    @rule(data=st.data())
    def allocate(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.free()))
        part = self.parts[number]
        units = data.draw(st.integers(1, part.units - part.promised))
        self.ledger.allocate(number, units, sender=self.demand_escrow)
        part.promised += units

    def promised(self, *states: ParcelState) -> list[int]:
        return [n for n in self.at_rest(*states) if self.parts[n].promised]

    @precondition(lambda self: self.promised(S.OFFERED))
    @rule(data=st.data())
    def redeem(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.promised(S.OFFERED)))
        part = self.parts[number]
        units = data.draw(st.integers(1, part.promised))
        receipt = self.ledger.redeem(number, units, sender=self.demand_escrow)
        part.promised -= units
        self.parts[self.cut(number, units, receipt)].state = S.ALLOCATED

    @precondition(lambda self: self.promised(*FATES))
    @rule(data=st.data(), again=st.booleans())
    def deallocate(self, data: st.DataObject, again: bool) -> None:
        number = data.draw(st.sampled_from(self.promised(*FATES)))
        part = self.parts[number]
        units = data.draw(st.integers(1, part.promised))
        receipt = self.ledger.deallocate(number, units, again, sender=self.demand_escrow)
        part.promised -= units
        if again or part.state in (S.DESTROYED, S.LOST):
            return
        self.leave_offer(self.cut(number, units, receipt))

    @precondition(lambda self: self.at_rest(S.HELD, S.OFFERED, S.DELIVERED, S.RETURNED))
    @rule(data=st.data())
    def quarantine(self, data: st.DataObject) -> None:
        number = data.draw(
            st.sampled_from(self.at_rest(S.HELD, S.OFFERED, S.DELIVERED, S.RETURNED))
        )
        part = self.parts[number]
        self.ledger.quarantine(number, keccak(b"doubt"), sender=part.custodian)
        part.before, part.state = part.state, S.QUARANTINED

    def losable(self) -> list[int]:
        return self.at_rest(S.HELD, S.DELIVERED, S.RETURNED, S.QUARANTINED)

    @precondition(lambda self: self.losable())
    @rule(data=st.data(), all_of_it=st.booleans())
    def lose(self, data: st.DataObject, all_of_it: bool) -> None:
        number = data.draw(st.sampled_from(self.losable()))
        part = self.parts[number]
        units = part.units
        if not all_of_it and part.units > part.promised:
            units = data.draw(st.integers(1, part.units - part.promised))
        receipt = self.ledger.reportLoss(number, units, keccak(b"loss"), sender=part.custodian)
        self.parts[self.cut(number, units, receipt)].state = S.LOST

    @precondition(lambda self: self.at_rest(S.ALLOCATED))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.at_rest(S.ALLOCATED)))
        self.ledger.release(number, sender=self.demand_escrow)
        self.parts[number].state = S.HELD

    @precondition(lambda self: self.at_rest(S.ALLOCATED))
    @rule(data=st.data())
    def form(self, data: st.DataObject) -> None:
        first = data.draw(st.sampled_from(self.at_rest(S.ALLOCATED)))
        place = (self.parts[first].custodian, self.parts[first].station)
        beside = [
            n
            for n in self.at_rest(S.ALLOCATED)
            if (self.parts[n].custodian, self.parts[n].station) == place and n != first
        ]
        more = (
            data.draw(st.lists(st.sampled_from(beside), unique=True, max_size=4)) if beside else []
        )
        consignment = len(self.loads) + 1
        self.ledger.form(consignment, [first, *more], NOBODY, [], sender=self.freight_escrow)
        for number in [first, *more]:
            self.parts[number].consignment = consignment
        self.loads[consignment] = ([first, *more], place[0], S.ALLOCATED, self.now)

    def under_way(self, *states: ParcelState) -> list[int]:
        return [number for number, load in self.loads.items() if load[2] in states]

    @precondition(lambda self: self.under_way(S.ALLOCATED, S.IN_TRANSIT))
    @rule(data=st.data(), hands=st.sampled_from(HANDS))
    def hand_over(self, data: st.DataObject, hands: str) -> None:
        number = data.draw(st.sampled_from(self.under_way(S.ALLOCATED, S.IN_TRANSIT)))
        parcels, _, _, since = self.loads[number]
        at = data.draw(st.integers(since, self.now))
        taker = key_of(hands)
        self.ledger.handOver(number, taker, 5, at, sender=self.freight_escrow)
        self.loads[number] = (parcels, taker, S.IN_TRANSIT, at)
        for parcel in parcels:
            part = self.parts[parcel]
            part.state, part.custodian = S.IN_TRANSIT, taker
            part.history.append((at, taker))

    def countable(self) -> list[tuple[int, int]]:
        """Loads under way with one of their parcels, of which not everything would leave."""
        return [
            (number, parcel)
            for number in self.under_way(S.ALLOCATED, S.IN_TRANSIT)
            for parcel in self.loads[number][0]
            if len(self.loads[number][0]) > 1 or self.parts[parcel].units > 1
        ]

    @precondition(lambda self: self.countable())
    @rule(data=st.data(), flaw=st.sampled_from(sorted(SET_ASIDE)), hands=st.sampled_from(HANDS))
    def count(self, data: st.DataObject, flaw: Flaw, hands: str) -> None:
        """Some units do not change hands, the rest of the load does."""
        number, parcel = data.draw(st.sampled_from(self.countable()))
        parcels, giver, state, since = self.loads[number]
        at = data.draw(st.integers(since, self.now))
        most = self.parts[parcel].units - (len(parcels) == 1)
        units = data.draw(st.integers(1, most))
        found = [{"parcel": parcel, "units": units, "flaw": flaw}]
        receipt = self.ledger.setAside(number, found, THERE, at, sender=self.freight_escrow)
        piece = self.cut(parcel, units, receipt)
        part = self.parts[piece]
        part.state, part.station, part.consignment = SET_ASIDE[flaw], THERE, 0
        if flaw == Flaw.DAMAGED:
            part.before = S.HELD if state == S.ALLOCATED else S.RETURNED
        part.history.append((at, giver))
        left = [one for one in parcels if one != piece]
        taker = key_of(hands)
        self.ledger.handOver(number, taker, 5, at, sender=self.freight_escrow)
        self.loads[number] = (left, taker, S.IN_TRANSIT, at)
        for one in left:
            rest = self.parts[one]
            rest.state, rest.custodian = S.IN_TRANSIT, taker
            rest.history.append((at, taker))

    @precondition(lambda self: self.under_way(S.IN_TRANSIT))
    @rule(data=st.data(), outcome=st.sampled_from(ENDS), hands=st.sampled_from(HANDS))
    def close(self, data: st.DataObject, outcome: ParcelState, hands: str) -> None:
        number = data.draw(st.sampled_from(self.under_way(S.IN_TRANSIT)))
        parcels, _, _, since = self.loads[number]
        at = data.draw(st.integers(since, self.now))
        taker = key_of(hands)
        self.ledger.close(number, outcome, taker, THERE, at, sender=self.freight_escrow)
        self.loads[number] = (parcels, taker, outcome, at)
        for parcel in parcels:
            part = self.parts[parcel]
            part.state, part.custodian, part.station = outcome, taker, THERE
            part.consignment = 0
            part.history.append((at, taker))

    @precondition(lambda self: self.under_way(S.ALLOCATED))
    @rule(data=st.data())
    def disband(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.under_way(S.ALLOCATED)))
        parcels, consignor, _, since = self.loads[number]
        self.ledger.close(
            number, S.ALLOCATED, consignor, HERE, self.now, sender=self.freight_escrow
        )
        self.loads[number] = (parcels, consignor, S.HELD, since)
        for parcel in parcels:
            self.parts[parcel].consignment = 0

    def in_hospitals(self) -> list[int]:
        hospitals = {key_of("hospital"), key_of("second_hospital")}
        return [n for n in self.at_rest(S.DELIVERED) if self.parts[n].custodian in hospitals]

    @precondition(lambda self: self.in_hospitals())
    @rule(data=st.data())
    def distribute(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.in_hospitals()))
        part = self.parts[number]
        units = data.draw(st.integers(1, part.units))
        receipt = self.ledger.distribute(number, units, bytes(32), bytes(32), sender=part.custodian)
        self.parts[self.cut(number, units, receipt)].state = S.DISTRIBUTED

    @precondition(lambda self: self.at_rest(S.QUARANTINED))
    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.at_rest(S.QUARANTINED)))
        self.ledger.releaseFromQuarantine(number, keccak(b"assay"), sender=AUDITOR)
        part = self.parts[number]
        part.state, part.before = part.before or S.DELIVERED, S.NULL

    @precondition(lambda self: self.at_rest(S.HELD, S.RETURNED, S.QUARANTINED))
    @rule(data=st.data())
    def destroy(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.at_rest(S.HELD, S.RETURNED, S.QUARANTINED)))
        self.ledger.destroy(number, keccak(b"burnt"), sender=self.parts[number].custodian)
        self.parts[number].state = S.DESTROYED

    @invariant()
    def inv_mat_1_states_add_up(self) -> None:
        for lot, quantity in self.lots.items():
            expected: Counter[str] = Counter()
            for part in self.parts.values():
                if part.lot == lot:
                    apart = part.promised if part.state == S.OFFERED else 0
                    expected["allocated"] += apart
                    expected[part.state.name.lower()] += part.units - apart
            found = fate(self.ledger, lot)
            assert found == +expected
            assert sum(found.values()) == quantity == self.ledger.lot(lot).quantity

    @invariant()
    def inv_mat_2_and_4_parcels_are_what_the_model_says(self) -> None:
        units: Counter[int] = Counter()
        for number, part in self.parts.items():
            record = self.ledger.parcel(number)
            units[record.lot] += record.units
            assert (record.lot, record.units, record.state, record.custodian) == (
                part.lot,
                part.units,
                part.state,
                part.custodian.address,
            )
            assert (record.station, record.consignment) == (part.station, part.consignment)
            assert record.promised == part.promised
        assert units == self.lots
        for number, (parcels, custodian, state, _) in self.loads.items():
            load = self.ledger.load(number)
            assert (load.custodian, load.state) == (custodian.address, state)
            riding = [n for n, part in self.parts.items() if part.consignment == number]
            open_ = state in (S.ALLOCATED, S.IN_TRANSIT)
            assert sorted(riding) == (sorted(parcels) if open_ else [])

    @invariant()
    def inv_mat_3_one_party_answers(self) -> None:
        for number, part in self.parts.items():
            times = {since + step for since, _ in part.history for step in (-1, 0, 1)}
            for time in times | {self.now}:
                expected = part.answers(time) if time <= self.now else "0x" + "00" * 20
                assert self.ledger.responsibleAt(number, time) == expected


@pytest.mark.slow
def test_inv_mat_1_to_4_hold_in_any_order(
    ledger: Contract, demand_escrow: Key, freight_escrow: Key
) -> None:
    machine = type(
        "OnThisLedger",
        (Ways,),
        {"ledger": ledger, "demand_escrow": demand_escrow, "freight_escrow": freight_escrow},
    )
    examples = max(20, settings.default.max_examples // 2)
    run_rules(machine, examples=examples, steps=40)
