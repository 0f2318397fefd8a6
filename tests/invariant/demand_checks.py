"""What the contracts say is what the shadow says, and what must always hold, holds."""

from __future__ import annotations

from aidline.model import AllocationStatus, ParcelState
from tests.invariant.demand_market import Market
from tests.invariant.demand_world import AREAS, HOSPITALS, MARKS, MATERIALS, World
from tests.support.demand import PLAN, earmark
from tests.support.people import key_of, word

__all__ = ["Checked"]

S = ParcelState
NOBODY = "0x" + "00" * 20
ALLOCATION_FIELDS = (
    "demand",
    "offer",
    "units",
    "at",
    "level",
    "by_holder",
    "status",
    "parcel",
    "consignment",
    "freight",
)


class Checked(World):
    """The world with its comparisons."""

    def __init__(self) -> None:
        super().__init__()
        #: The shadow when it was last compared.
        self.compared = Market()

    def compare_totals(self) -> None:
        """INV-DEM-1, INV-DEM-6."""
        shadow = self.shadow
        for material in MATERIALS:
            for mark in MARKS:
                told = self.desk.open_units(earmark(*mark), material)
                assert told == shadow.totals(material, mark), f"INV-DEM-1 in {mark}"
            for name in HOSPITALS:
                account = self.needs.account(key_of(name).address, material)
                expected = (shadow.asked(name, material), shadow.on_hand(name, material))
                assert (account.asked, account.on_hand) == expected, f"INV-DEM-6 of {name}"

    def compare_changed(self) -> None:
        """Each record that the shadow has changed since the last time."""
        shadow, before = self.shadow, self.compared
        for number, demand in shadow.demands.items():
            if demand != before.demands.get(number):
                self.compare_demand(number)
        for number, made in shadow.allocations.items():
            if made != before.allocations.get(number):
                self.compare_allocation(number)
        if shadow.parcels != before.parcels or shadow.offers != before.offers:
            for number in shadow.offers:
                self.compare_offer(number)
        for number, lot in shadow.lots.items():
            if lot != before.lots.get(number):
                self.compare_lot(number)
        self.compare_rest()
        self.compared = shadow.copy()

    def compare_all(self) -> None:
        """Each record, changed or not."""
        self.compared = Market()
        self.compare_changed()

    def compare_demand(self, number: int) -> None:
        shadow, told = self.shadow.demands[number], self.needs.demand(number)
        words = tuple((key_of(name).address, until) for name, until in shadow.words)
        known = ((told.first_auditor, told.first_until), (told.second_auditor, told.second_until))
        assert tuple(word for word in known if word[1]) == words
        refuser = key_of(shadow.refused_by).address if shadow.refused_by else NOBODY
        assert told.refused_by == refuser
        live = sum(
            made.units
            for made in self.shadow.allocations.values()
            if made.demand == number
            and made.status not in (AllocationStatus.RELEASED, AllocationStatus.FAILED)
        )
        assert told.served == live <= told.units, "INV-DEM-2"
        expected = {
            "status": shadow.status,
            "level": shadow.level,
            "counted": shadow.counts_as,
            "units": shadow.units,
            "served": shadow.served,
            "received": shadow.received,
            "stock": shadow.stock,
            "daily_use": shadow.use,
            "facts_at": shadow.facts_at,
            "over_cap": shadow.over_cap,
            "version": shadow.version,
            "contested_until": shadow.contested_until,
            "contests": shadow.contests,
            "audit_owed": shadow.owes,
            "freight_budget": shadow.budget,
            "raised": shadow.raised,
        }
        for name, value in expected.items():
            assert getattr(told, name) == value, f"{name} of demand {number}"

    def compare_allocation(self, number: int) -> None:
        shadow, told = self.shadow.allocations[number], self.escrow.allocation(number)
        for name in ALLOCATION_FIELDS:
            assert getattr(told, name) == getattr(shadow, name), f"{name} of allocation {number}"

    def compare_offer(self, number: int) -> None:
        shadow, told = self.shadow.offers[number], self.escrow.offerRecord(number)
        expected = (self.shadow.status_of(shadow), self.shadow.offered(shadow))
        assert (told.status, told.units) == expected, f"offer {number}"
        made = [item for item in self.shadow.allocations.values() if item.offer == number]
        # What was booked left the offer for good, what was released unbooked came back.
        kept = sum(
            item.units + item.short
            for item in made
            if item.consignment or item.status != AllocationStatus.RELEASED
        )
        assert told.units + shadow.left + shadow.back + kept == shadow.made_of, "INV-DEM-4"
        waiting = sum(
            item.units
            for item in self.shadow.allocations.values()
            if item.status == AllocationStatus.ALLOCATED
            and self.shadow.offers[item.offer].parcel == shadow.parcel
        )
        assert self.ledger.parcel(told.parcel).promised == waiting, "INV-DEM-5"

    def compare_lot(self, number: int) -> None:
        """Units in escrow are open offers and allocations, as the ledger counts them."""
        shadow, fate = self.shadow, self.ledger.fateOf(number)
        offers = shadow.offers.items()
        own = {n: offer for n, offer in offers if shadow.parcels[offer.parcel].lot == number}
        assert fate.offered == sum(map(shadow.offered, own.values())), "escrowed units"
        allocated = sum(
            made.units
            for made in shadow.allocations.values()
            if made.offer in own
            and (
                made.status == AllocationStatus.ALLOCATED
                or (
                    made.status == AllocationStatus.BOOKED
                    and made.consignment not in shadow.departed
                )
            )
        )
        assert fate.allocated == allocated, "escrowed units"
        states = (
            S.OFFERED,
            S.ALLOCATED,
            S.IN_TRANSIT,
            S.HELD,
            S.DELIVERED,
            S.DISTRIBUTED,
            S.QUARANTINED,
            S.RETURNED,
            S.LOST,
        )
        for state in states:
            assert getattr(fate, state.name.lower()) == shadow.lots[number].fate[state]

    def compare_rest(self) -> None:
        """People, paths, raises, debts to the auditors, thresholds, the solver's score."""
        shadow, needs = self.shadow, self.needs
        limits = needs.thresholds()
        assert (limits.critical, limits.high, limits.medium) == shadow.thresholds
        for area in AREAS:
            assert needs.peopleInCare(word(area)) == shadow.people_in(area)
        for area, path in shadow.paths.items():
            told = needs.fastPath(PLAN, word(area))
            seen = (told.cap, told.used, told.until, told.active_until)
            assert seen == (path.cap, path.used, path.until, path.active)
        for name in HOSPITALS:
            debt = needs.auditDebt(key_of(name).address)
            assert (debt.demands, debt.audit_by) == shadow.debts.get(name, (0, 0))
        for number, source in shadow.raises.items():
            claimed = needs.raiseRecord(number).claimed
            assert claimed == source.claimed_units <= source.units
        score = self.escrow.solverRecord(key_of("solver").address)
        for name in ("batches", "lines", "weighted", "stock_seconds"):
            assert getattr(score, name) == getattr(shadow.score, name), f"{name} of the solver"

    def compare_reasons(self, numbers: list[int]) -> None:
        """DEM-39: why these demands are not met."""
        for number in numbers:
            reason = self.shadow.why_unmet(number)
            assert self.lens.whyUnmet(number) == reason, f"why demand {number} is not met"
            self.done[f"unmet: {reason.name}"] += 1
