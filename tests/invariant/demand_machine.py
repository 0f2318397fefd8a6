"""Acts with demands and goods in any order, on the real contracts beside the shadow.

A rule skips only where there is nothing to act on; whether it is refused, the shadow foretells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aidline.model import AllocationStatus, DemandStatus, OfferStatus, ParcelState, Unmet
from tests.invariant.demand_checks import Checked
from tests.invariant.demand_market import FAILURES, Line
from tests.invariant.demand_shadow import NO_MARK, Mark, Refused, Seal
from tests.invariant.demand_world import (
    AREAS,
    ASIDE,
    AUDITORS,
    COAST_STATION,
    HOSPITALS,
    MARKS,
    MATERIALS,
)
from tests.support.demand import PLAN, STATION
from tests.support.suite import DAY, HOUR, KIT

__all__ = ["Acts"]

S = ParcelState
LARGEST = 10**12
#: Stock at 100 units a day, on both sides of each threshold.
STOCKS = (0, 90, 100, 250, 650, 2_000)
#: What is wrong with a request, mostly nothing.
FLAWS: tuple[dict[str, int], ...] = (
    *[{}] * 8,
    {"units": 0},
    {"units": LARGEST + 1},
    {"units": LARGEST},
    {"needed_by": 1},
    {"stock": LARGEST + 1},
)
THRESHOLDS = (
    (2 * DAY, 4 * DAY, 9 * DAY),
    (DAY, 3 * DAY, 7 * DAY),
    (HOUR, 2 * DAY, 3 * DAY),
)
#: Mostly so, sometimes not.
MOSTLY = st.sampled_from([True] * 7 + [False])
SEALS = st.sampled_from([Seal.OWN, Seal.OWN, Seal.OWN, Seal.SIGNED, Seal.SIGNED, *Seal])
DICE = st.integers(0, 2**32).map(Random)


def some(choices: Callable[[Any], Sequence[int]]) -> Any:
    """A precondition: there is something to choose from."""
    return precondition(lambda machine: bool(choices(machine)))


class Acts(Checked, RuleBasedStateMachine):
    """The machine; a subclass says with which desk."""

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.chain.snapshot()
        self.before = self.done["steps"]

    def teardown(self) -> None:
        try:
            self.compare_all()
        finally:
            self.chain.revert(self.snapshot)

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        self.compare_totals()
        self.compare_changed()
        self.compare_reasons(self.demands()[-2:] + self.open_demands()[:2])

    # --- what there is to act on -------------------------------------------------------------

    def demands(self) -> list[int]:
        return list(self.shadow.demands)

    def open_demands(self) -> list[int]:
        demands = self.shadow.demands.items()
        return [number for number, demand in demands if demand.status == DemandStatus.OPEN]

    def to_audit(self) -> list[int]:
        """Open demands, and those that owe an audit."""
        owing = [number for number, demand in self.shadow.demands.items() if demand.owes]
        return self.open_demands() + owing * 3

    def open_offers(self) -> list[int]:
        offers = self.shadow.offers.items()
        return [number for number, offer in offers if offer.status == OfferStatus.OPEN]

    def parcels(self, *states: ParcelState) -> list[int]:
        parcels = self.shadow.parcels.items()
        return [number for number, parcel in parcels if parcel.state in states]

    def allocations(self, *statuses: AllocationStatus) -> list[int]:
        made = self.shadow.allocations.items()
        return [number for number, item in made if not statuses or item.status in statuses]

    def waiting(self) -> list[int]:
        return self.allocations(AllocationStatus.ALLOCATED)

    def fresh(self) -> list[int]:
        """Allocations that can still be booked."""
        made = self.shadow.allocations
        return [n for n in self.waiting() if self.desk.now < made[n].at + DAY]

    def booked(self) -> list[int]:
        return self.allocations(AllocationStatus.BOOKED)

    def running(self) -> list[int]:
        return [number for number, end in self.shadow.loads.items() if end == S.IN_TRANSIT]

    def arrived(self) -> list[int]:
        """Allocations delivered that nobody has reported as received."""
        made = self.shadow.allocations
        return [n for n in self.booked() if made[n].outcome == S.DELIVERED]

    def on_hand(self) -> list[tuple[str, int]]:
        """Who has received units of which lot."""
        return [key for key, units in self.shadow.received.items() if units]

    # --- people, plans, thresholds -----------------------------------------------------------

    @initialize(dice=DICE)
    def begin(self, dice: Random) -> None:
        """Facilities, a fast path, some demand and some goods: not counted as steps."""
        for name, people in zip(HOSPITALS, (100, 300, 50, 80), strict=True):
            vulnerable = name == "second_hospital"
            self.declare(name, people, vulnerable)
            self.attest_facility(name, "fourth_auditor", people, vulnerable)
        self.open_path("CN-HB", 200, 9 * DAY)
        # One kit that ends before the urgent need it, and more of them than one auditor may grant.
        for name, hours, days, units in (
            ("hospital", 30, 9, 40),
            ("county_hospital", 300, 1, 40),
            ("second_hospital", 300, 9, 5_001),
        ):
            needed_by, stock = self.chain.now() + days * DAY, hours * 100 // 24
            number = self.publish(name, material=KIT, units=units, stock=stock, needed_by=needed_by)
            self.attest(number, "auditor", 8 * DAY)
        self.give(60, KIT, NO_MARK, 2)
        for _ in range(6):
            name = dice.choice(HOSPITALS)
            number = self.publish(
                name,
                material=dice.choice(MATERIALS),
                units=dice.choice([7, 40, 300]),
                stock=dice.choice(STOCKS),
                needed_by=self.chain.now() + dice.randrange(3, 12) * DAY,
                emergency=bytes(32) if name == "coast_hospital" else dice.choice([PLAN, bytes(32)]),
            )
            auditors = AUDITORS[2:5:2] if name == "coast_hospital" else AUDITORS[:3]
            for auditor in dice.sample(auditors, dice.choice([0, 1, 2, 2])):
                self.attest(number, auditor, 8 * DAY)
        for _ in range(4):
            units, mark = dice.choice([5, 60, 400]), dice.choice(MARKS[:4])
            self.give(units, dice.choice(MATERIALS), mark, dice.randrange(1, 12))
        self.done["steps"] = self.before

    @rule(hours=st.sampled_from([1, 1, 1, 9, 24, 30]))
    def time_passes(self, hours: int) -> None:
        self.wait(hours * HOUR)

    @rule(
        room=st.sampled_from(["needs", "escrow"]),
        act=st.sampled_from(["pause", "pause", "stay paused", "unpause"]),
    )
    def doors(self, room: str, act: str) -> None:
        """What stays paused does so until this comes up again: else soon nothing would go in."""
        if act == "unpause" or self.shadow.is_paused(room):
            self.unpause(room)
        elif self.pause(room):
            self.try_to_enter(room)
            if act == "pause":
                self.unpause(room)

    def try_to_enter(self, room: str) -> None:
        if room == "needs":
            self.publish("hospital")
            return
        self.offer(1, "charity", DAY)
        self.give_to(self.demands()[0], 1, KIT, 9)
        if self.open_offers():
            line = (self.open_offers()[0], self.demands()[0], 1)
            self.fulfil(*line, "charity")
            self.propose([line], [], [])

    @rule(
        act=st.sampled_from(["declare", "attest", "attest", "drop", "suspend"]),
        name=st.sampled_from(HOSPITALS),
        auditor=st.sampled_from(AUDITORS),
        other=st.sampled_from([*HOSPITALS, "auditor", "solver", "station_operator"]),
        people=st.sampled_from([100, 30, 700, 0]),
        vulnerable=st.booleans(),
        as_seen=MOSTLY,
    )
    def facility(
        self,
        act: str,
        name: str,
        auditor: str,
        other: str,
        people: int,
        vulnerable: bool,
        as_seen: bool,
    ) -> None:
        """Who was suspended comes back before anything else: else soon nobody could act."""
        if self.shadow.suspended and act != "drop":
            self.reinstate_all()
        elif act == "declare":
            self.declare(name, people, vulnerable)
        elif act == "attest":
            facts = self.shadow.facilities[name]
            self.attest_facility(name, auditor, facts.people + (not as_seen), facts.vulnerable)
        elif act == "drop":
            suspended = [*self.shadow.suspended.intersection(HOSPITALS)]
            self.drop_facility(suspended[0] if suspended else name)
        else:
            self.suspend(other)

    @rule(
        act=st.sampled_from(["path", "raise", "claim", "claim"]),
        name=st.sampled_from(HOSPITALS),
        area=st.sampled_from([*AREAS, "CN-GD"]),
        units=st.sampled_from([50, 1_000, 0]),
        days=st.sampled_from([9, 2, 0]),
    )
    def plan(self, act: str, name: str, area: str, units: int, days: int) -> None:
        if act == "path":
            self.open_path(area, units, days * DAY)
        elif act == "raise" or not self.shadow.raises:
            self.raise_for(area, units, days * DAY)
        else:
            self.claim(len(self.shadow.raises), name)

    @rule(limits=st.sampled_from(THRESHOLDS), wait=st.booleans())
    def thresholds(self, limits: tuple[int, int, int], wait: bool) -> None:
        """The keeper announces them, or carries out what it has announced."""
        if self.shadow.can_announce():
            if not wait:
                self.set_thresholds(limits)
            self.announce(limits)
        else:
            announced = self.shadow.announced
            assert announced
            if wait and self.shadow.now < announced[1]:
                self.wait(announced[1] - self.shadow.now)
            self.set_thresholds(announced[0])

    # --- demands -----------------------------------------------------------------------------

    @precondition(lambda machine: len(machine.open_demands()) < 14)
    @rule(
        name=st.sampled_from(HOSPITALS),
        material=st.sampled_from(MATERIALS),
        units=st.sampled_from([1, 7, 40, 300, 5_001]),
        stock=st.sampled_from(STOCKS),
        use=st.sampled_from([100, 100, 100, 0]),
        days=st.integers(1, 12),
        in_emergency=st.booleans(),
        flaw=st.sampled_from(FLAWS),
        near=MOSTLY,
    )
    def ask(
        self,
        name: str,
        material: int,
        units: int,
        stock: int,
        use: int,
        days: int,
        in_emergency: bool,
        flaw: dict[str, int],
        near: bool,
    ) -> None:
        coast = (name == "coast_hospital") == near
        terms: dict[str, Any] = {
            "material": material,
            "units": units,
            "stock": stock,
            "daily_use": use,
            "needed_by": self.chain.now() + days * DAY,
            "emergency": PLAN if in_emergency else bytes(32),
            "station": COAST_STATION if coast else STATION,
        }
        self.publish(name, **(terms | flaw))

    @some(demands)
    @rule(
        data=st.data(),
        act=st.sampled_from(["facts", "facts", "withdraw"]),
        stock=st.sampled_from([*STOCKS, LARGEST + 1]),
        own=MOSTLY,
    )
    def change_demand(self, data: st.DataObject, act: str, stock: int, own: bool) -> None:
        number = self.choose(data, self.open_demands() or self.demands())
        caller = self.shadow.demands[number].recipient if own else "stranger"
        if act == "facts":
            self.update_facts(number, caller, stock, 100)
        else:
            self.withdraw_demand(number, caller)

    @some(demands)
    @rule(data=st.data(), act=st.sampled_from(["all", "all", "one", "lapse"]))
    def look_again(self, data: st.DataObject, act: str) -> None:
        if act == "all":
            self.bring_up_to_date(self.demands()[:100])
            return
        over = [n for n in self.open_demands() if self.shadow.demands[n].needed_by <= self.desk.now]
        number = self.choose(data, over or self.demands())
        if act == "one":
            self.refresh(number)
        else:
            self.lapse_demand(number)

    @some(demands)
    @rule(
        data=st.data(),
        act=st.sampled_from(["attest", "attest", "refuse", "contest"]),
        auditor=st.sampled_from(AUDITORS),
        valid=st.sampled_from([9 * DAY, 9 * DAY, 2 * DAY, 1, 30 * DAY + 1]),
        as_seen=MOSTLY,
        reason=MOSTLY,
        seal=SEALS,
    )
    def audit(
        self,
        data: st.DataObject,
        act: str,
        auditor: str,
        valid: int,
        as_seen: bool,
        reason: bool,
        seal: Seal,
    ) -> None:
        number = self.choose(data, self.to_audit() or self.demands())
        if act == "attest":
            self.attest(number, auditor, valid, as_seen, seal)
        else:
            self.object_to(number, act, auditor, as_seen, reason, seal)

    def choose(self, data: st.DataObject, choices: Sequence[Any]) -> Any:
        return data.draw(st.sampled_from(choices))

    # --- goods -------------------------------------------------------------------------------

    @precondition(lambda machine: len(machine.open_offers()) < 10)
    @rule(
        units=st.sampled_from([5, 60, 400, 6_000]),
        material=st.sampled_from(MATERIALS),
        mark=st.sampled_from([NO_MARK, NO_MARK, *MARKS]),
        days=st.integers(1, 12),
    )
    def gift(self, units: int, material: int, mark: Mark, days: int) -> None:
        self.give(units, material, mark, days)

    @precondition(lambda machine: machine.shadow.offers)
    @rule(
        data=st.data(),
        act=st.sampled_from(["again", "again", "withdraw", "withdraw", "lapse", "recall", "back"]),
        caller=st.sampled_from(["charity", "charity", "charity", "donor"]),
        days=st.sampled_from([3, 3, 0]),
        really=st.booleans(),
    )
    def goods(self, data: st.DataObject, act: str, caller: str, days: int, really: bool) -> None:
        """What is recalled or taken back stays so: that is done half as often."""
        if act == "again":
            held = self.parcels(S.HELD)
            self.offer(self.choose(data, held or list(self.shadow.parcels)), caller, days * DAY)
        elif act == "withdraw":
            self.withdraw_offer(self.choose(data, list(self.shadow.offers)), caller)
        elif act == "recall" and really:
            self.recall(self.choose(data, list(self.shadow.lots)))
        elif act == "back" and really:
            choices = self.open_offers() if caller == "charity" else []
            offer = self.choose(data, choices or list(self.shadow.offers))
            lot = self.shadow.parcels[self.shadow.offers[offer].parcel].lot
            others = self.open_offers()[:1] if days == 0 else []
            self.take_back(lot, [offer, *others])
        else:
            offers = self.shadow.offers
            over = [n for n in self.open_offers() if offers[n].until <= self.desk.now]
            self.lapse_offer(self.choose(data, over or list(offers)))

    # --- batches -----------------------------------------------------------------------------

    @some(open_offers)
    @some(open_demands)
    @rule(
        dice=DICE,
        order=st.sampled_from(["urgent first", "urgent first", "any", "calm first"]),
        lapse=st.sampled_from(["all", "all", "some", "none"]),
        exempt=MOSTLY,
    )
    def batch(self, dice: Random, order: str, lapse: str, exempt: bool) -> None:
        numbers = {"all": self.open_demands(), "some": self.open_demands()[::2], "none": []}[lapse]
        lines = self.compose(dice, numbers, order)
        if lines:
            exemptions = self.exempt(lines, numbers) if exempt else []
            if self.propose(lines, exemptions, numbers) and exemptions:
                self.done["propose with exemptions"] += 1

    @some(open_offers)
    @some(open_demands)
    @rule(
        dice=DICE,
        flaw=st.sampled_from(["stray", "exempt", "too many", "twice", "zero"]),
    )
    def batch_with_a_flaw(self, dice: Random, flaw: str) -> None:
        numbers = self.open_demands()
        lines = self.compose(dice, numbers, "urgent first", stray=flaw == "stray")
        if not lines:
            return
        exemptions = self.exempt(lines, numbers)
        place = dice.randrange(len(lines))
        offer, number, units = lines[place]
        if flaw == "exempt":
            exemptions = sorted({*exemptions, (offer, dice.choice(numbers))})
        elif flaw == "twice":
            lines.insert(place, lines[place])
        elif flaw != "stray":
            lines[place] = (offer, number, 0 if flaw == "zero" else units + 6_000)
        self.propose(lines, exemptions, numbers)

    def compose(
        self, dice: Random, numbers: list[int], order: str, stray: bool = False
    ) -> list[Line]:
        """Lines that fit once these demands are up to date, or perhaps not, in some order."""
        shadow = self.shadow.copy()
        shadow.bring_up_to_date(numbers)
        offers, demands = self.open_offers(), self.open_demands()
        pairs = [
            (offer, number)
            for offer in offers
            for number in demands
            if stray or shadow.goes(shadow.offers[offer], shadow.demands[number])
        ]
        dice.shuffle(pairs)
        if order != "any":
            sign = 1 if order == "calm first" else -1
            pairs.sort(key=lambda pair: sign * shadow.demands[pair[1]].counts_as)
        left = {offer: shadow.offered(shadow.offers[offer]) for offer in offers}
        lines: list[Line] = []
        for offer, number in pairs[: dice.choice([1, 3, 8, 99])]:
            units = min(left[offer], shadow.demands[number].open)
            if units > 1 and dice.random() < 0.2:
                units = dice.randrange(1, units)
            if units > 0:
                lines.append((offer, number, units))
                left[offer] -= units
                shadow.demands[number].served += units
        return sorted(lines)

    def exempt(self, lines: list[Line], numbers: list[int]) -> list[tuple[int, int]]:
        """What a solver has to name so that these lines keep the order."""
        after = self.shadow.copy()
        try:
            after.bring_up_to_date(numbers)
            lowest = after.allocate(lines)
        except Refused:
            return []
        return [
            (offer, number)
            for offer, level in lowest.items()
            for number in after.exemptions_for(after.offers[offer], level)
        ]

    @some(open_demands)
    @precondition(lambda machine: "solver" not in machine.shadow.suspended)
    @precondition(lambda machine: not machine.shadow.is_paused("escrow"))
    @rule(data=st.data())
    def what_is_available_is_served(self, data: st.DataObject) -> None:
        """DEM-39: where the lens says AVAILABLE, a solver can give a unit, and no rule stops it."""
        shadow = self.shadow
        found = [n for n in self.open_demands() if shadow.why_unmet(n) == Unmet.AVAILABLE]
        if not found:
            return
        number = self.choose(data, found)
        demand, level = shadow.demands[number], shadow.level_now(number)
        offers = [
            offer
            for offer, item in shadow.offers.items()
            if shadow.lacks(item, demand, level) == Unmet.AVAILABLE
        ]
        assert self.lens.whyUnmet(number) == Unmet.AVAILABLE
        assert self.propose([(self.choose(data, offers), number, 1)], [], [number])
        self.done["what is available"] += 1

    @some(open_offers)
    @some(open_demands)
    @rule(
        data=st.data(),
        units=st.sampled_from([5, 1, 40, 5, 1, 40, 0]),
        own=MOSTLY,
    )
    def gift_to_one(self, data: st.DataObject, units: int, own: bool) -> None:
        shadow, offers, demands = self.shadow, self.open_offers(), self.open_demands()
        pairs = [(offer, number) for offer in offers for number in demands]
        fitting = [
            pair for pair in pairs if shadow.goes(shadow.offers[pair[0]], shadow.demands[pair[1]])
        ]
        offer, number = self.choose(data, fitting or pairs)
        self.fulfil(offer, number, units, "charity" if own else "donor")

    @some(demands)
    @rule(
        data=st.data(),
        units=st.sampled_from([1, 5, 400]),
        days=st.sampled_from([14, 2]),
        same=MOSTLY,
    )
    def gift_for_one(self, data: st.DataObject, units: int, days: int, same: bool) -> None:
        number = self.choose(data, self.open_demands() or self.demands())
        material = self.shadow.demands[number].material
        other = MATERIALS[material == MATERIALS[0]]
        self.give_to(number, units, material if same else other, days)

    # --- what becomes of it ------------------------------------------------------------------

    @some(fresh)
    @rule(
        data=st.data(),
        count=st.sampled_from([1, 1, 1, 2]),
        payer=st.sampled_from(["fund", "fund", "fund", "recipient", "donor", "charity"]),
        freight=st.sampled_from([0, 400, 1_001]),
    )
    def book(self, data: st.DataObject, count: int, payer: str, freight: int) -> None:
        choices = self.fresh()
        numbers = [self.choose(data, choices)]
        if count > 1:
            late = [number for number in self.waiting() if number not in choices]
            numbers.append(self.choose(data, late or choices))
        if payer == "recipient":
            payer = self.shadow.demands[self.shadow.allocations[numbers[0]].demand].recipient
        self.take(numbers, payer, freight)

    @some(fresh)
    @rule(
        data=st.data(),
        outcome=st.sampled_from([S.DELIVERED, S.DELIVERED, S.RETURNED, S.LOST]),
    )
    def ship(self, data: st.DataObject, outcome: ParcelState) -> None:
        """Booked and carried in one."""
        self.take([self.choose(data, self.fresh())], "fund", 0)
        if self.running():
            self.carry(self.running()[-1], outcome)

    @some(running)
    @rule(
        data=st.data(),
        outcome=st.sampled_from([S.QUARANTINED, S.ALLOCATED, S.DELIVERED, S.RETURNED, S.LOST]),
    )
    def load_ends(self, data: st.DataObject, outcome: ParcelState) -> None:
        number = self.choose(data, self.running())
        # What has left cannot stay.
        if number in self.shadow.departed and outcome == S.ALLOCATED:
            outcome = S.DELIVERED
        self.carry(number, outcome)

    def divisible(self) -> list[int]:
        """Booked allocations under way of which a part can stay behind."""
        made, parcels = self.shadow.allocations, self.shadow.parcels
        return [
            number
            for number in self.booked()
            if made[number].consignment in self.running() and parcels[made[number].parcel].units > 1
        ]

    @some(booked)
    @rule(
        data=st.data(),
        state=st.sampled_from(sorted(ASIDE)),
        most=st.booleans(),
        report=st.sampled_from([True, True, False]),
    )
    def part_stays_behind(
        self, data: st.DataObject, state: ParcelState, most: bool, report: bool
    ) -> None:
        choices = self.divisible()
        number = self.choose(data, choices or self.booked())
        if choices:
            units = self.shadow.parcels[self.shadow.allocations[number].parcel].units
            self.set_aside(number, units - 1 if most else 1, state)
        if report:
            self.report_short(number)

    @some(allocations)
    @rule(data=st.data(), act=st.sampled_from(["release", "fail"]), days=st.sampled_from([0, 0, 1]))
    def give_up(self, data: st.DataObject, act: str, days: int) -> None:
        self.wait(days * DAY)
        if act == "fail":
            failed = [n for n in self.booked() if self.shadow.allocations[n].outcome in FAILURES]
            self.report_failed(self.choose(data, failed or self.booked() or self.allocations()))
        else:
            choices = self.waiting() + self.booked() or self.allocations()
            self.release(self.choose(data, choices))

    @precondition(lambda machine: machine.parcels(S.DELIVERED, S.DISTRIBUTED))
    @rule(
        data=st.data(),
        half=st.booleans(),
        own=MOSTLY,
        auditor=st.sampled_from(AUDITORS),
        units=st.sampled_from([1, 3, 1, 10**6, 0]),
        reason=MOSTLY,
    )
    def use_up(
        self,
        data: st.DataObject,
        half: bool,
        own: bool,
        auditor: str,
        units: int,
        reason: bool,
    ) -> None:
        """What came is received, handed out, reported as handed out, or written off."""
        delivered, arrived, on_hand = self.parcels(S.DELIVERED), self.arrived(), self.on_hand()
        possible = ["report", *["receive"] * 3 * bool(arrived), *["hand out"] * bool(delivered)]
        act = self.choose(data, possible + ["write off"] * 2 * bool(on_hand))
        if act == "receive":
            self.report_received(self.choose(data, arrived if own else self.allocations()))
        elif act == "write off":
            name, lot = self.choose(data, on_hand)
            self.write_off(name, lot, units, auditor, reason)
        elif act == "hand out":
            number = self.choose(data, delivered)
            parcel = self.shadow.parcels[number]
            caller = parcel.custodian if own else "charity"
            self.distribute(number, -(-parcel.units // (1 + half)), caller)
        else:
            handed_out = self.parcels(S.DISTRIBUTED)
            self.report_distributed(self.choose(data, handed_out or delivered))
