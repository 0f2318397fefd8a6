"""The shadow of the escrow: goods, batches under the order of urgency, what becomes of them.

The order is judged by brute force: every batch goes over all demands, and no total is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from aidline.model import AllocationStatus, DemandStatus, Level, OfferStatus, ParcelState, Unmet
from tests.invariant.demand_shadow import Demand, Mark, Needs, refuse_if
from tests.support.suite import DAY, HOUR

__all__ = ["FAILURES", "Allocation", "Line", "Market", "Offer", "Score"]

S = ParcelState
#: Offer, demand, units.
Line = tuple[int, int, int]
WEIGHTS = {Level.CRITICAL: 64, Level.HIGH: 16, Level.MEDIUM: 4, Level.LOW: 1}
#: How a load can end with which a booked allocation has failed.
FAILURES = (S.LOST, S.RETURNED, S.QUARANTINED)


@dataclass
class Lot:
    """A gift of the model, with its units by state."""

    material: int
    expiry: int
    mark: Mark
    recalled: bool = False
    taken_back: bool = False
    fate: Counter[ParcelState] = field(default_factory=Counter)

    def move(self, units: int, before: ParcelState, after: ParcelState) -> None:
        # A new counter: copies of the shadow share what they do not change.
        self.fate = self.fate + Counter({after: units}) - Counter({before: units})


@dataclass
class Parcel:
    """A parcel of the model."""

    lot: int
    units: int
    state: ParcelState
    custodian: str
    promised: int = 0
    #: Units of it that are reported as handed out.
    reported: int = 0

    @property
    def free(self) -> int:
        return self.units - self.promised


@dataclass
class Offer:
    """An offer of the model."""

    holder: str
    until: int
    parcel: int
    made_of: int
    status: OfferStatus = OfferStatus.OPEN
    #: What of it was left when it ended.
    left: int = 0
    #: Units that came back after that.
    back: int = 0


@dataclass
class Allocation:
    """An allocation of the model."""

    demand: int
    offer: int
    units: int
    at: int
    level: Level
    by_holder: bool
    status: AllocationStatus = AllocationStatus.ALLOCATED
    parcel: int = 0
    consignment: int = 0
    freight: int = 0
    outcome: ParcelState = S.NULL
    #: Units of it that were set aside on the way, and those among them that were reported.
    aside: int = 0
    short: int = 0


@dataclass
class Score:
    """What a solver's batches come to."""

    batches: int = 0
    lines: int = 0
    weighted: int = 0
    stock_seconds: int = 0


@dataclass
class Market(Needs):
    """Book and escrow, as they should be."""

    lots: dict[int, Lot] = field(default_factory=dict)
    parcels: dict[int, Parcel] = field(default_factory=dict)
    offers: dict[int, Offer] = field(default_factory=dict)
    allocations: dict[int, Allocation] = field(default_factory=dict)
    #: How loads have ended; IN_TRANSIT while they have not, ALLOCATED when they never left.
    loads: dict[int, ParcelState] = field(default_factory=dict)
    #: Those that have left.
    departed: set[int] = field(default_factory=set)
    score: Score = field(default_factory=Score)

    # --- goods -------------------------------------------------------------------------------

    def lot_of(self, offer: Offer) -> Lot:
        return self.lots[self.parcels[offer.parcel].lot]

    def new_parcel(self, parcel: Parcel) -> int:
        number = len(self.parcels) + 1
        self.parcels[number] = parcel
        return number

    def split_off(self, number: int, units: int) -> int:
        """The number of the parcel that these units are from now on."""
        parcel = self.parcels[number]
        if units == parcel.units:
            return number
        parcel.units -= units
        return self.new_parcel(Parcel(parcel.lot, units, parcel.state, parcel.custodian))

    def move(self, number: int, state: ParcelState) -> None:
        parcel = self.parcels[number]
        self.lots[parcel.lot].move(parcel.units, parcel.state, state)
        parcel.state = state

    def require_good(self, lot: int) -> None:
        kind = self.lots[lot]
        refuse_if(bool(kind.expiry) and kind.expiry <= self.now, "LotExpired", lot=lot)
        refuse_if(kind.recalled, "LotRecalled", lot=lot)

    def commission(self, holder: str, units: int, material: int, expiry: int, mark: Mark) -> None:
        lot = len(self.lots) + 1
        self.lots[lot] = Lot(material, expiry, mark, fate=Counter({S.HELD: units}))
        self.new_parcel(Parcel(lot, units, S.HELD, holder))

    def recall(self, lot: int) -> None:
        refuse_if(self.lots[lot].recalled, "AlreadyRecalled")
        self.lots[lot].recalled = True

    # --- offers ------------------------------------------------------------------------------

    def offer(self, number: int, caller: str, until: int) -> None:
        self.require_open("escrow")
        parcel = self.parcels[number]
        refuse_if(self.lots[parcel.lot].taken_back, "LotTakenBack", lot=parcel.lot)
        refuse_if(until <= self.now, "BadOfferEnd")
        refuse_if(parcel.state != S.HELD, "WrongState")
        refuse_if(parcel.custodian != caller, "NotCustodian")
        self.require_good(parcel.lot)
        self.move(number, S.OFFERED)
        self.offers[len(self.offers) + 1] = Offer(caller, until, number, parcel.units)

    def offered(self, offer: Offer) -> int:
        """Units that can be allocated of it."""
        return self.parcels[offer.parcel].free if offer.status == OfferStatus.OPEN else 0

    def status_of(self, offer: Offer) -> OfferStatus:
        if offer.status == OfferStatus.OPEN and not self.offered(offer):
            return OfferStatus.USED
        return offer.status

    def open_offer(self, number: int) -> Offer:
        offer = self.offers[number]
        refuse_if(offer.status != OfferStatus.OPEN, "OfferNotOpen", status=offer.status)
        return offer

    def end_offer(self, offer: Offer, status: OfferStatus) -> None:
        offer.left, offer.status = self.offered(offer), status
        if offer.left:
            self.move(self.split_off(offer.parcel, offer.left), S.HELD)

    def withdraw_offer(self, number: int, caller: str) -> None:
        offer = self.open_offer(number)
        refuse_if(offer.holder != caller, "NotHolder")
        self.end_offer(offer, OfferStatus.WITHDRAWN)

    def lapse_offer(self, number: int) -> None:
        offer = self.open_offer(number)
        refuse_if(self.now < offer.until, "NotLapsed")
        self.end_offer(offer, OfferStatus.EXPIRED)

    def take_back(self, lot: int, numbers: list[int]) -> None:
        """DEM-40: the open offers named end, and no parcel of the lot is offered again."""
        self.lots[lot].taken_back = True
        for number in numbers:
            offer = self.open_offer(number)
            refuse_if(self.parcels[offer.parcel].lot != lot, "NotOfLot", offer=number, lot=lot)
            self.end_offer(offer, OfferStatus.TAKEN_BACK)

    # --- the order of urgency ----------------------------------------------------------------

    def suits(self, offer: Offer, demand: Demand) -> str:
        """The error with which a line of the two would be refused; empty when they fit."""
        lot = self.lot_of(offer)
        if lot.material != demand.material:
            return "LineWrongMaterial"
        if not self.means(lot.mark, demand):
            return "LineEarmark"
        if lot.expiry and lot.expiry < demand.needed_by:
            return "LineExpired"
        return ""

    def goes(self, offer: Offer, demand: Demand) -> bool:
        """Whether nothing but the order stands between a unit of an offer and a demand."""
        serves = self.now < offer.until and bool(self.offered(offer))
        counts = bool(demand.counts_as) or bool(self.fast_path(demand, 1))
        good = serves and not self.lot_of(offer).recalled
        return good and counts and not self.suits(offer, demand)

    def above(self, offer: Offer, level: Level) -> dict[int, Demand]:
        """All demands in the scope of an offer that count under a higher level."""
        lot = self.lot_of(offer)
        return {
            number: demand
            for number, demand in self.demands.items()
            if demand.counts_as > level
            and demand.material == lot.material
            and self.means(lot.mark, demand)
        }

    def exemptions_for(self, offer: Offer, level: Level) -> list[int]:
        """Those among them that the offer truly cannot serve."""
        higher = self.above(offer, level).items()
        return [number for number, demand in higher if self.is_exempt(offer, demand)]

    def is_exempt(self, offer: Offer, demand: Demand) -> bool:
        """DEM-24: it counts in the scope, and the goods end before it needs them."""
        return demand.counted != Level.NULL and self.suits(offer, demand) == "LineExpired"

    def require_order(self, number: int, level: Level, exempt: Iterable[int] = ()) -> None:
        """INV-DEM-3, over all demands, named the lowest level first."""
        passed = self.above(self.offers[number], level)
        for other in exempt:
            passed.pop(other, None)
        if passed:
            lowest = min(demand.counts_as for demand in passed.values())
            units = sum(item.open for item in passed.values() if item.counts_as == lowest)
            refuse_if(True, "OutOfOrder", offer=number, served=level, level=lowest, open=units)

    def allocate(self, lines: Sequence[Line], by_holder: bool = False) -> dict[int, Level]:
        """Carry lines out but for the order; return the lowest level that each offer served."""
        lowest: dict[int, Level] = {}
        at = -(-self.now // HOUR) * HOUR
        for number in dict.fromkeys(line[0] for line in lines):
            offer = self.open_offer(number)
            refuse_if(self.now >= offer.until, "OfferNotOpen", status=OfferStatus.EXPIRED)
            left = self.offered(offer)
            refuse_if(not left, "OfferNotOpen", status=OfferStatus.USED)
            own = [(index, line) for index, line in enumerate(lines) if line[0] == number]
            for index, (_, _, units) in own:
                refuse_if(units > left, "LineTooManyUnits", line=index, asked=units, there=left)
                left -= units
            self.require_good(self.parcels[offer.parcel].lot)
            for index, (_, demand, units) in own:
                level = self.serve(index, offer, demand, units)
                lowest[number] = min(lowest.get(number, Level.CRITICAL), level)
                made = Allocation(demand, number, units, at, level, by_holder)
                self.allocations[len(self.allocations) + 1] = made
                self.parcels[offer.parcel].promised += units
                self.lot_of(offer).move(units, S.OFFERED, S.ALLOCATED)
        return lowest

    def serve(self, index: int, offer: Offer, number: int, units: int) -> Level:
        demand = self.open_demand(number)
        over = self.now >= demand.needed_by
        refuse_if(over, "DemandNotOpen", demand=number, status=DemandStatus.LAPSED)
        self.require_active(demand.recipient)
        self.bring_up(demand)
        error = self.suits(offer, demand)
        refuse_if(bool(error), error, line=index)
        there = demand.open
        refuse_if(units > there, "LineTooManyUnits", line=index, asked=units, there=there)
        level = demand.counted
        if level == Level.NULL:
            refuse_if(not self.use_path(demand, units), "LineUnaudited", line=index)
            level = Level.LOW
        demand.served += units
        return level

    def propose(
        self, lines: list[Line], exemptions: list[tuple[int, int]], lapse: list[int]
    ) -> None:
        """DEM-22 to DEM-25; what is exempt is given in order."""
        self.require_open("escrow")
        self.require_active("solver")
        self.bring_up_to_date(lapse)
        for index, (before, line) in enumerate(pairwise([(0, 0, 1), *lines])):
            refuse_if(line[:2] <= before[:2], "LineNotAscending", line=index)
            refuse_if(not line[2], "ZeroUnits")
        for number, level in self.allocate(lines).items():
            offer, exempt = self.offers[number], []
            for of, demand in exemptions:
                if of == number:
                    exempts = self.is_exempt(offer, self.demands[demand])
                    refuse_if(not exempts, "NotExempt", offer=of, demand=demand)
                    exempt.append(demand)
            self.require_order(number, level, exempt)
        self.tally(len(lines))

    def tally(self, lines: int) -> None:
        """The score of the newest allocations."""
        score, last = replace(self.score), len(self.allocations)
        self.score = score
        score.batches += 1
        score.lines += lines
        for number in range(last - lines + 1, last + 1):
            made = self.allocations[number]
            use = self.demands[made.demand].use
            score.weighted += made.units * WEIGHTS[made.level]
            score.stock_seconds += made.units * DAY // use if use else 0

    def fulfil(self, number: int, demand: int, units: int, caller: str) -> None:
        self.require_open("escrow")
        refuse_if(self.open_offer(number).holder != caller, "NotHolder")
        refuse_if(not units, "ZeroUnits")
        lowest = self.allocate([(number, demand, units)], by_holder=True)
        self.require_order(number, lowest[number])

    def offer_to(self, number: int, holder: str, until: int, demand: int) -> None:
        """DEM-40: offered, and at once as much as fits is allocated to one demand."""
        self.offer(number, holder, until)
        units = min(self.demands[demand].open, self.parcels[number].units)
        self.fulfil(len(self.offers), demand, units, holder)

    # --- what becomes of it ------------------------------------------------------------------

    def take(self, numbers: list[int], payer: str, freight: int) -> None:
        """Book allocations into a new load."""
        left = freight if payer == "fund" else 0
        consignment = len(self.loads) + 1
        for number in numbers:
            made = self.allocations[number]
            waits = made.status == AllocationStatus.ALLOCATED
            refuse_if(not waits, "AllocationWrongStatus", status=made.status)
            refuse_if(self.now >= made.at + DAY, "BookingWindowOver")
            demand = self.demands[made.demand]
            audit_by = self.debts.get(demand.recipient, (0, 0))[1]
            refuse_if(demand.owes and self.now >= audit_by, "AuditOverdue")
            first = self.demands[self.allocations[numbers[0]].demand].recipient
            refuse_if(demand.recipient != first, "DifferentRecipients")
            refuse_if(payer not in ("fund", "donor", demand.recipient), "NotPayer")
            offer = self.offers[made.offer]
            self.require_good(self.parcels[offer.parcel].lot)
            made.freight = min(left, demand.budget)
            left -= made.freight
            demand.budget -= made.freight
            self.set_apart(made, offer, consignment)
        refuse_if(bool(left), "BudgetExceeded")
        self.loads[consignment] = S.IN_TRANSIT

    def set_apart(self, made: Allocation, offer: Offer, consignment: int) -> None:
        self.parcels[offer.parcel].promised -= made.units
        made.parcel = self.split_off(offer.parcel, made.units)
        self.parcels[made.parcel].state = S.ALLOCATED
        made.status, made.consignment = AllocationStatus.BOOKED, consignment
        if made.parcel == offer.parcel and offer.status == OfferStatus.OPEN:
            offer.status = OfferStatus.USED

    def aboard(self, consignment: int) -> list[Allocation]:
        return [made for made in self.allocations.values() if made.consignment == consignment]

    def carry(self, consignment: int, outcome: ParcelState) -> None:
        """A load goes on its way and ends; as ALLOCATED it never left."""
        if outcome != S.ALLOCATED and consignment not in self.departed:
            self.depart(consignment)
        for made in self.aboard(consignment):
            lot = self.parcels[made.parcel].lot
            expiry = self.lots[lot].expiry
            state = outcome
            if outcome == S.DELIVERED:
                refuse_if(self.lots[lot].recalled, "LotRecalled", lot=lot)
                self.parcels[made.parcel].custodian = self.demands[made.demand].recipient
                if expiry and expiry <= self.now:
                    state = S.QUARANTINED
            self.move(made.parcel, state)
            if outcome != S.ALLOCATED:
                made.outcome = state
        self.loads[consignment] = outcome

    def depart(self, consignment: int) -> None:
        for made in self.aboard(consignment):
            lot = self.parcels[made.parcel].lot
            refuse_if(self.lots[lot].recalled, "LotRecalled", lot=lot)
            self.move(made.parcel, S.IN_TRANSIT)
        self.departed.add(consignment)

    def set_aside(self, number: int, units: int, state: ParcelState) -> None:
        """Units of an allocation stay behind as its load changes hands."""
        made = self.allocations[number]
        if made.consignment not in self.departed:
            self.depart(made.consignment)
        self.move(self.split_off(made.parcel, units), state)
        made.aside += units

    def report_short(self, number: int) -> None:
        made = self.allocations[number]
        booked = made.status == AllocationStatus.BOOKED
        refuse_if(not booked, "AllocationWrongStatus", status=made.status)
        refuse_if(made.aside == made.short, "NothingShort")
        self.shorten(made)

    def shorten(self, made: Allocation) -> None:
        """DEM-41: the demand is open for what was set aside and not reported yet."""
        units = made.aside - made.short
        if units:
            made.short += units
            made.units -= units
            demand = self.demands[made.demand]
            demand.served -= units
            self.renew(demand)

    def reopen(self, made: Allocation, by_fault: bool) -> None:
        demand = self.demands[made.demand]
        demand.served -= made.units
        demand.budget += made.freight
        if by_fault and 10 * made.units >= demand.units - demand.received:
            self.forget_words(demand)
        self.renew(demand)

    def release(self, number: int) -> None:
        made = self.allocations[number]
        if made.status == AllocationStatus.ALLOCATED:
            refuse_if(self.now < made.at + DAY, "BookingWindowOpen")
            offer = self.offers[made.offer]
            self.parcels[offer.parcel].promised -= made.units
            self.lot_of(offer).move(made.units, S.ALLOCATED, S.OFFERED)
            if offer.status != OfferStatus.OPEN:
                offer.back += made.units
                self.move(self.split_off(offer.parcel, made.units), S.HELD)
        elif made.status == AllocationStatus.BOOKED:
            cancelled = self.loads[made.consignment] == S.ALLOCATED
            refuse_if(not cancelled, "FreightStillRuns")
            self.move(made.parcel, S.HELD)
        else:
            refuse_if(True, "AllocationWrongStatus", status=made.status)
        by_fault = made.status == AllocationStatus.ALLOCATED and not made.by_holder
        stopped = self.lot_of(self.offers[made.offer]).recalled
        made.status = AllocationStatus.RELEASED
        self.reopen(made, by_fault and not stopped)

    def report_failed(self, number: int) -> None:
        made = self.allocations[number]
        booked = made.status == AllocationStatus.BOOKED
        refuse_if(not booked, "AllocationWrongStatus", status=made.status)
        refuse_if(made.outcome not in FAILURES, "ParcelNotFailed")
        made.status = AllocationStatus.FAILED
        self.reopen(made, by_fault=made.outcome == S.RETURNED)

    # --- what is used up ---------------------------------------------------------------------

    def report_received(self, number: int) -> None:
        """The goods of an allocation came, and count as on hand with its recipient."""
        made = self.allocations[number]
        booked = made.status == AllocationStatus.BOOKED
        refuse_if(not booked, "AllocationWrongStatus", status=made.status)
        refuse_if(made.outcome != S.DELIVERED, "ParcelNotReceived")
        self.shorten(made)
        made.status = AllocationStatus.RECEIVED
        demand, parcel = self.demands[made.demand], self.parcels[made.parcel]
        demand.received += made.units
        self.received[demand.recipient, parcel.lot] += made.units
        self.brought[demand.recipient, demand.material] += made.units

    def distribute(self, number: int, units: int, caller: str) -> None:
        parcel = self.parcels[number]
        refuse_if(parcel.state != S.DELIVERED, "WrongState")
        refuse_if(parcel.custodian != caller, "NotCustodian")
        refuse_if(self.lots[parcel.lot].recalled, "LotRecalled")
        refuse_if(units > parcel.units, "TooManyUnits")
        self.move(self.split_off(number, units), S.DISTRIBUTED)

    def report_distributed(self, number: int) -> None:
        parcel = self.parcels[number]
        refuse_if(parcel.state != S.DISTRIBUTED, "NotHandedOut")
        left = parcel.units - parcel.reported
        if not left:
            return
        received = self.received[parcel.custodian, parcel.lot]
        refuse_if(not received, "NothingReceived")
        units = min(left, received)
        parcel.reported += units
        self.take_off(parcel.custodian, parcel.lot, self.lots[parcel.lot].material, units)

    def write_off(self, recipient: str, lot: int, units: int, auditor: str, reason: bool) -> None:
        refuse_if(not units, "ZeroUnits")
        refuse_if(not reason, "NoReason")
        received = self.received[recipient, lot]
        refuse_if(units > received, "TooManyUnits", units=units, most=received)
        self.require_auditor(auditor, recipient)
        self.take_off(recipient, lot, self.lots[lot].material, units)

    # --- why not -----------------------------------------------------------------------------

    def why_unmet(self, number: int) -> Unmet:
        """DEM-39: the reason, from what the demand lacks to what the offers lack."""
        demand = self.demands[number]
        words = self.in_force(demand)
        if demand.status == DemandStatus.MET:
            return Unmet.MET
        if demand.status != DemandStatus.OPEN or self.now >= demand.needed_by:
            return Unmet.ENDED
        if demand.recipient in self.suspended:
            return Unmet.SUSPENDED
        if "station_operator" in self.suspended:
            return Unmet.STORAGE
        if self.now < demand.contested_until:
            return Unmet.CONTESTED
        if demand.refused_by and len(words) < 2:
            return Unmet.REFUSED
        if demand.over_cap and len(words) == 1:
            return Unmet.CAPPED
        if not words and not self.fast_path(demand, 1):
            return Unmet.UNAUDITED
        level = self.level_now(number)
        answers = (self.lacks(offer, demand, level) for offer in self.offers.values())
        return max(answers, default=Unmet.NO_SUPPLY)

    def level_now(self, number: int) -> Level:
        """The level under which a demand could be served at this moment; LOW by a fast path."""
        demand = self.demands[number]
        words = len(self.in_force(demand))
        if not words:
            return Level.LOW
        level = self.level_of(demand, self.is_vulnerable(demand.recipient))
        return level if words == 2 else Level(min(level, Level.HIGH))

    def lacks(self, offer: Offer, demand: Demand, level: Level) -> Unmet:
        """What one offer lacks to serve a demand at this level."""
        if not self.offered(offer) or self.now >= offer.until:
            return Unmet.NO_SUPPLY
        error = self.suits(offer, demand)
        if error == "LineWrongMaterial":
            return Unmet.NO_SUPPLY
        if self.lot_of(offer).recalled:
            return Unmet.RECALLED
        if error:
            return Unmet.EARMARK if error == "LineEarmark" else Unmet.EXPIRY
        return Unmet.OUTRANKED if self.above(offer, level) else Unmet.AVAILABLE
