"""INV-DEM-1 to 4: random needs, gifts, proposals and mishaps, beside a rule book in Python.

- INV-DEM-1 the totals of a scope are the open units of the demands that count in it;
- INV-DEM-2 what a demand was served is the units of its allocations that were neither released
  nor failed, and never more than it asked;
- INV-DEM-3 a batch is accepted exactly when it passes over no more urgent audited demand that its
  offers could serve;
- INV-DEM-4 what was offered is what is left of the offer and what was allocated from it;
- INV-DEM-6 what a recipient has asked is its open units and those served.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Any

from aidline.errors import ContractReverted
from aidline.model import (
    AllocationStatus,
    DemandStatus,
    EarmarkKind,
    Level,
    OfferStatus,
    ParcelState,
)
from tests.support.demand import NO_EARMARK, Desk, earmark
from tests.support.people import ENROLMENTS, REGIONS, key_of, word
from tests.support.suite import DAY, HOUR, KIT, MASK

HOSPITALS = ("hospital", "second_hospital", "county_hospital")
AUDITORS = ("auditor", "second_auditor", "fourth_auditor")
MARKS = (
    NO_EARMARK,
    earmark(EarmarkKind.REGION, "CN-HB"),
    earmark(EarmarkKind.REGION, "CN-GD"),
    *(earmark(EarmarkKind.FACILITY, name) for name in HOSPITALS),
)
NAMES = {key_of(name).address: name for name in HOSPITALS}


class World:
    """Acts at random and compares what the contracts did with what they should have done."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.dice = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.offered: dict[int, int] = {}
        self.consignment = 0

    # --- reading -----------------------------------------------------------------------------

    def demands(self) -> dict[int, Any]:
        count = self.desk.needs.demandCount()
        return {number: self.desk.needs.demand(number) for number in range(1, count + 1)}

    def offers(self) -> dict[int, Any]:
        count = self.desk.escrow.offerCount()
        return {number: self.desk.escrow.offerRecord(number) for number in range(1, count + 1)}

    def allocations(self) -> dict[int, Any]:
        count = self.desk.escrow.allocationCount()
        return {number: self.desk.escrow.allocation(number) for number in range(1, count + 1)}

    @staticmethod
    def in_scope(mark: dict[str, Any], demand: Any) -> bool:
        if mark["kind"] == EarmarkKind.NONE:
            return True
        if mark["kind"] == EarmarkKind.REGION:
            return bool(mark["scope"] == word(REGIONS[ENROLMENTS[NAMES[demand.recipient]].region]))
        return bool(mark["scope"] == word(NAMES[demand.recipient]))

    @staticmethod
    def mark_of(offer: Any) -> dict[str, Any]:
        return {"kind": offer.earmark_kind, "scope": offer.earmark_scope}

    # --- acting ------------------------------------------------------------------------------

    def publish(self) -> None:
        hospital = key_of(self.dice.choice(HOSPITALS))
        demand = self.desk.publish(
            hospital,
            material=self.dice.choice((MASK, KIT)),
            units=self.dice.choice((1, 7, 40, 300, 5_001)),
            stock=self.dice.choice((0, 90, 200, 500, 2_000)),
            daily_use=self.dice.choice((0, 100, 100, 100)),
            needed_by=self.desk.now + self.dice.randrange(1, 12) * DAY,
        )
        if self.dice.random() < 0.8:
            self.attest(demand)

    def attest(self, demand: int) -> None:
        for name in self.dice.sample(AUDITORS, self.dice.choice((1, 2))):
            valid = self.dice.randrange(1, 10) * DAY
            self.desk.attest(demand, key_of(name), valid=valid)

    def attest_again(self) -> None:
        waiting = [
            number
            for number, demand in self.demands().items()
            if demand.status == DemandStatus.OPEN
            and (int(demand.first_auditor, 16) == 0 or demand.first_until <= self.desk.now)
            and (int(demand.second_auditor, 16) == 0 or demand.second_until <= self.desk.now)
        ]
        if waiting:
            self.attest(self.dice.choice(waiting))

    def change_facts(self) -> None:
        demand, record = self.any_open()
        stock = self.dice.choice((0, 90, 500, 2_000))
        self.desk.needs.updateFacts(demand, stock, 100, sender=key_of(NAMES[record.recipient]))

    def withdraw_demand(self) -> None:
        demand, record = self.any_open()
        self.desk.needs.withdrawDemand(demand, sender=key_of(NAMES[record.recipient]))

    def any_open(self) -> tuple[int, Any]:
        found = [pair for pair in self.demands().items() if pair[1].status == DemandStatus.OPEN]
        assert found, "nothing is open"
        return self.dice.choice(found)

    def offer(self) -> None:
        material = self.dice.choice((MASK, KIT))
        expiry = self.desk.now + self.dice.randrange(1, 8) * DAY if material == KIT else 0
        units = self.dice.choice((5, 60, 400, 6_000))
        mark = self.dice.choice(MARKS)
        made = self.desk.offer(
            key_of("charity"), units, mark=mark, material=material, expiry=expiry
        )
        self.offered[made] = units

    def wait(self) -> None:
        self.desk.wait(self.dice.choice((HOUR, 9 * HOUR, DAY)))

    def refresh(self) -> None:
        count = self.desk.needs.demandCount()
        numbers = list(range(1, count + 1))
        for at in range(0, count, 100):
            self.desk.needs.bringUpToDate(numbers[at : at + 100], sender=key_of("stranger"))

    def release(self) -> None:
        for number, record in self.allocations().items():
            over = record.at + DAY <= self.desk.now
            if record.status == AllocationStatus.ALLOCATED and over:
                self.desk.escrow.release(number, sender=key_of("stranger"))
                self.done["released"] += 1

    def ship(self) -> None:
        for number, record in self.allocations().items():
            fresh = self.desk.now < record.at + DAY
            if record.status == AllocationStatus.ALLOCATED and fresh:
                self.consignment += 1
                self.desk.book(self.consignment, number, freight=self.dice.choice((0, 1)))
                outcome = self.dice.choice(
                    (
                        ParcelState.DELIVERED,
                        ParcelState.LOST,
                        ParcelState.RETURNED,
                        ParcelState.QUARANTINED,
                    )
                )
                self.desk.close(self.consignment, outcome)
                if outcome != ParcelState.DELIVERED:
                    self.desk.escrow.reportFailed(number, sender=key_of("stranger"))
                    self.done["failed"] += 1
                return

    def propose(self) -> None:
        self.refresh()
        demands, offers = self.demands(), self.offers()
        usable = {
            number: offer
            for number, offer in offers.items()
            if offer.status == OfferStatus.OPEN and offer.until > self.desk.now
        }
        left = {number: offer.units for number, offer in usable.items()}
        open_ = {number: demand.units - demand.served for number, demand in demands.items()}
        lines: list[tuple[int, int, int]] = []
        fitting = [
            (o, d)
            for o, offer in usable.items()
            for d, demand in demands.items()
            if demand.counted and self.fits(offer, demand)
        ]
        # Mostly the urgent first, so that some batches keep the order.
        self.dice.shuffle(fitting)
        if self.dice.random() < 0.7:
            fitting.sort(key=lambda pair: -demands[pair[1]].counted)
        for o, d in fitting[: self.dice.choice((1, 3, 99))]:
            units = min(left[o], open_[d])
            if units and self.dice.random() < 0.2:
                units = self.dice.randrange(1, units + 1)
            if units:
                lines.append((o, d, units))
                left[o] -= units
                open_[d] -= units
        if not lines:
            return
        passed, exemptions = self.verdict(lines, demands, usable, open_)
        try:
            self.desk.propose(*sorted(lines), exemptions=sorted(exemptions)[:100])
            assert not passed, f"{lines} passed over {passed}"
            self.done["accepted"] += 1
            self.done["exempt"] += bool(exemptions)
        except ContractReverted as refusal:
            assert passed and refusal.error == "OutOfOrder", refusal
            self.done["refused"] += 1

    def fits(self, offer: Any, demand: Any) -> bool:
        return bool(
            offer.material == demand.material
            and self.in_scope(self.mark_of(offer), demand)
            and self.lasts(offer, demand)
        )

    @staticmethod
    def lasts(offer: Any, demand: Any) -> bool:
        return not offer.expiry or bool(offer.expiry >= demand.needed_by)

    def verdict(
        self,
        lines: list[tuple[int, int, int]],
        demands: dict[int, Any],
        offers: dict[int, Any],
        open_: dict[int, int],
    ) -> tuple[set[int], set[tuple[int, int]]]:
        """Return the demands that the lines pass over, and what must be named as exempt."""
        lowest: dict[int, int] = defaultdict(lambda: Level.CRITICAL)
        for o, d, _ in lines:
            lowest[o] = min(lowest[o], demands[d].counted)
        passed, exempt = set(), set()
        for o, level in lowest.items():
            for d, demand in demands.items():
                if demand.counted <= level or not open_[d] or demand.material != offers[o].material:
                    continue
                if not self.in_scope(self.mark_of(offers[o]), demand):
                    continue
                if self.lasts(offers[o], demand):
                    passed.add(d)
                else:
                    exempt.add((o, d))
        return passed, exempt

    # --- checking ----------------------------------------------------------------------------

    def check(self) -> None:
        demands, allocations = self.demands(), self.allocations()
        for material in (MASK, KIT):
            for mark in MARKS:
                expected = [0, 0, 0, 0]
                for demand in demands.values():
                    if demand.counted and demand.material == material:
                        assert demand.status == DemandStatus.OPEN
                        if self.in_scope(mark, demand):
                            expected[demand.counted - 1] += demand.units - demand.served
                assert self.desk.open_units(mark, material) == tuple(expected), "INV-DEM-1"
        served: Counter[int] = Counter()
        taken: Counter[int] = Counter()
        promised: Counter[int] = Counter()
        for record in allocations.values():
            if record.status != AllocationStatus.RELEASED:
                taken[record.offer] += record.units
            if record.status == AllocationStatus.ALLOCATED:
                promised[record.offer] += record.units
            if record.status in (AllocationStatus.ALLOCATED, AllocationStatus.BOOKED):
                served[record.demand] += record.units
        for number, demand in demands.items():
            assert demand.served == served[number] <= demand.units, "INV-DEM-2"
            assert (demand.status == DemandStatus.MET) <= (demand.served == demand.units)
        asked: Counter[tuple[str, int]] = Counter()
        for demand in demands.values():
            live = demand.status in (DemandStatus.OPEN, DemandStatus.MET)
            asked[demand.recipient, demand.material] += demand.units if live else demand.served
        for (recipient, material), units in asked.items():
            account = self.desk.needs.account(recipient, material)
            assert (account.asked, account.on_hand) == (units, 0), "INV-DEM-6"
        for number, offer in self.offers().items():
            assert offer.units + taken[number] == self.offered[number], "INV-DEM-4"
            assert (offer.status == OfferStatus.USED) == (offer.units == 0)
            parcel = self.desk.suite.ledger.parcel(offer.parcel)
            assert parcel.promised == promised[number], "INV-DEM-5"


def test_inv_dem_1_to_5(desk: Desk) -> None:
    for name in HOSPITALS:
        desk.settle(key_of(name), key_of("auditor"), vulnerable=name == "hospital")
    done: Counter[str] = Counter()
    for seed in range(6):
        snapshot = desk.suite.chain.snapshot()
        done += play(World(desk, seed))
        desk.suite.chain.revert(snapshot)
    for what in ("accepted", "refused", "exempt", "failed", "released"):
        assert done[what], f"{what} never happened: {done}"


def play(world: World) -> Counter[str]:
    acts = (
        [world.publish] * 5
        + [world.offer] * 4
        + [world.propose] * 7
        + [world.ship] * 3
        + [world.wait, world.release, world.attest_again, world.refresh]
        + [world.change_facts, world.withdraw_demand]
    )
    for step in range(160):
        (world.dice.choice(acts) if step > 15 else world.publish)()
        if step % 8 == 0:
            world.check()
    world.check()
    return world.done
