"""What consignments, purses and bonds must come to, by the words of the specification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from aidline.messages import Booking
from aidline.model import DeviceRule, ParcelState, Policy, Resolution, Status
from aidline.signing import Key
from aidline.telemetry import Point
from tests.invariant.freight.loggers import Figures, Logger
from tests.support.freight import pay_of
from tests.support.suite import DAY

__all__ = ["UNITS", "Aside", "Consigned", "Contest", "Outcome", "Purse", "Shadow", "Tally"]

#: Of each consignment, in one parcel.
UNITS = 100
GRACE = 7 * DAY
SILENCE = DAY
#: Neither its goods nor its money have come to their end.
OPEN = (Status.BOOKED, Status.IN_TRANSIT, Status.ARRIVED, Status.REFUSED)


@dataclass
class Purse:
    """Money that somebody keeps in a contract."""

    free: int = 0
    locked: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a leg earns, and why."""

    pay: int = 0
    late: int = 0
    temperature: int = 0
    humidity: int = 0
    silence: int = 0


@dataclass
class Tally:
    """FRT-44: units that were there for a leg in good order, and those of them it answers for."""

    there: int
    missed: int = 0


@dataclass(frozen=True)
class Aside:
    """A parcel that was counted out, and stays as it then was."""

    parcel: int
    units: int
    state: ParcelState
    keeper: Key


@dataclass
class Consigned:
    """A consignment as it should be."""

    id: int
    booking: Booking
    #: Who has it when: the consignor, each carrier, who takes it at the end.
    hands: list[Key]
    loggers: list[Logger]
    parcels: list[int]
    lots: list[int]
    #: Booking, pick-up, and each change of hands after it.
    times: list[int]
    salt: bytes = bytes(32)
    status: Status = Status.BOOKED
    resolution: Resolution = Resolution.NULL
    arrived_at: int = 0
    proven_at: int = 0
    #: When it came into the hands of who is to have it; zero before.
    came_at: int = 0
    ended_at: int = 0
    recalled: bool = False
    #: It was delivered while disputes held its money, and so ended.
    delivered: bool = False
    #: Open disputes, which hold its money.
    holds: int = 0
    awards: dict[int, int] = field(default_factory=dict)
    #: Units aboard.
    units: int = UNITS
    aside: list[Aside] = field(default_factory=list)
    #: By leg, and under the number of legs for the consignor; none where nothing was missed.
    tallies: dict[int, Tally] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    paid: int = 0
    refunded: int = 0
    forfeited: int = 0

    @property
    def prepaid(self) -> int:
        return sum(leg.freight for leg in self.booking.legs) + self.booking.price

    @property
    def stakes(self) -> list[tuple[str, int]]:
        """Who earns what at the most: each leg's carrier, and after them the seller."""
        own = [(leg.carrier, leg.freight) for leg in self.booking.legs]
        return own + ([(self.booking.seller, self.booking.price)] if self.booking.price else [])

    @property
    def held(self) -> int:
        """Money of it that is in the escrow."""
        return self.prepaid - self.paid - self.refunded

    @property
    def is_held(self) -> bool:
        """A dispute is open."""
        return self.holds > 0

    @property
    def position(self) -> int:
        """Changes of hands so far: 0 with the consignor, 1 with the first carrier."""
        return len(self.times) - 1

    @property
    def changes(self) -> list[int]:
        """The same times, and that of the delivery where the money still waits."""
        return [*self.times, self.arrived_at] if self.delivered else self.times

    @property
    def is_last(self) -> bool:
        """The last carrier has it, and it is on its way."""
        return self.status is Status.IN_TRANSIT and self.position == len(self.booking.legs)

    @property
    def told(self) -> list[list[Point]]:
        return [logger.points for logger in self.loggers]

    @property
    def lapses(self) -> int:
        """FRT-25: from when on what was not picked up or not delivered lapses."""
        legs = self.booking.legs
        if self.position == 0:
            return self.booking.pick_up_by + GRACE
        return legs[-1].latest_arrival + self.excuse(self.position - 1) + GRACE

    @property
    def settles(self) -> int:
        """From when on what arrived, or was refused, settles without the consignee."""
        return self.proven_at + SILENCE

    def excuse(self, leg: int) -> int:
        """FRT-21: by how much a leg received the goods late through another's fault."""
        if leg == 0:
            return 0
        legs = self.booking.legs
        due = max(legs[leg - 1].latest_arrival, legs[leg].departure)
        return max(0, self.times[leg + 1] - due)

    # --- what is counted out ---

    def count_out(self, flawed: int, refused: int) -> None:
        """FRT-44: what is flawed is the giver's answer, what is refused the next carrier's."""
        legs, place = len(self.booking.legs), self.position
        if place:
            self.miss(place - 1, self.units, flawed)
        else:
            self.miss(legs, self.units, flawed + refused)
        if place < legs:
            self.miss(place, self.units - flawed, refused)
        self.units -= flawed + refused

    def miss(self, leg: int, there: int, missed: int) -> None:
        if missed:
            self.tallies.setdefault(leg, Tally(there)).missed += missed

    def share(self, leg: int, amount: int) -> int:
        """What is left of an amount for the units that a leg does not answer for."""
        tally = self.tallies.get(leg)
        return amount * (tally.there - tally.missed) // tally.there if tally else amount

    # --- what devices have told ---

    def leg_at(self, time: int) -> int | None:
        """The leg that was charged with what a batch said that ends at this time; or nobody."""
        ends = [*self.times[2:], self.came_at] if self.came_at else self.times[2:]
        return next((leg for leg, end in enumerate(ends) if time <= end), None)

    def spans(self) -> list[tuple[Logger, int, int]]:
        """Batches that span a change of hands between two carriers, with its time."""
        return [
            (logger, number, time)
            for logger in self.loggers
            for number, batch in enumerate(logger.batches)
            for time in self.times[2:]
            if batch.first_time <= time < batch.last_time
        ]

    def open_demands(self) -> list[tuple[Logger, str]]:
        """Leaves that somebody waits for."""
        return [
            (logger, party)
            for logger in self.loggers
            for party, demand in logger.demands.items()
            if demand.until
        ]

    # --- what is earned ---

    def figures(self, times: Sequence[int]) -> list[Figures]:
        """What the devices say of each span between handovers, and last of the whole way."""
        cuts = times[1:]
        if not self.loggers:
            return [Figures()] * len(cuts)
        said = [logger.says(cuts) for logger in self.loggers]
        return [self.join(list(of_span)) for of_span in zip(*said, strict=True)]

    def join(self, said: list[Figures]) -> Figures:
        """MON-11: what several devices say together."""
        choose = max
        if self.booking.terms.device_rule is DeviceRule.ANY:
            heard = [one for one in said if one.silence <= self.booking.terms.longest_silence]
            said = heard or [min(said, key=lambda one: one.silence)]
            choose = min
        return Figures(
            choose(one.temperature for one in said),
            choose(one.humidity for one in said),
            choose(one.silence for one in said),
        )

    def outcomes(self, times: Sequence[int] | None = None) -> list[Outcome]:
        """What each leg earns when the changes of hands are these."""
        times = self.times if times is None else times
        legs, agreed = self.booking.legs, self.booking.terms
        earned = [Outcome()] * len(legs)
        figures = self.figures(times) if len(times) > 2 else []
        for number, said in enumerate(figures[:-1]):
            late = max(0, times[number + 2] - legs[number].latest_arrival - self.excuse(number))
            pay = pay_of(legs[number].freight, agreed, late, said.temperature, said.humidity)
            earned[number] = Outcome(pay, late, said.temperature, said.humidity, said.silence)
        return [
            replace(outcome, pay=self.awards.get(number, self.share(number, outcome.pay)))
            for number, outcome in enumerate(earned)
        ]

    def price(self, *, is_sold: bool) -> int:
        """What the seller earns, unless a dispute said otherwise."""
        legs = len(self.booking.legs)
        computed = self.share(legs, self.booking.price) if is_sold else 0
        return self.awards.get(legs, computed)

    def unfit(self, times: Sequence[int]) -> set[int] | None:
        """FRT-23: legs that answer for a floor that was passed; ``None`` when all is fit."""
        *spans, whole = self.figures(times)
        agreed = self.booking.terms
        guilty = set()
        if whole.temperature > agreed.exposure_floor:
            guilty.add(max(range(len(spans)), key=lambda i: spans[i].temperature))
        if whole.humidity > agreed.humidity_floor:
            guilty.add(max(range(len(spans)), key=lambda i: spans[i].humidity))
        if guilty:
            return guilty
        silent = whole.silence > agreed.longest_silence and agreed.policy is not Policy.CONSIGNEE
        return guilty if silent and self.loggers else None

    def silence(self, times: Sequence[int]) -> int:
        """The longest silence of the whole way."""
        return self.figures(times)[-1].silence


@dataclass
class Contest:
    """A dispute."""

    consigned: Consigned
    leg: int
    raiser: Key
    other: Key
    bond: int
    until: int
    ended: bool = False


@dataclass(frozen=True)
class End:
    """How a consignment ends.

    Attributes:
        outcomes: What each leg earns.
        price: What the seller earns.
        state: Of its parcels.
        keeper: Who has them.
        forfeits: Legs whose bond goes to the payer.
    """

    resolution: Resolution
    outcomes: list[Outcome]
    price: int
    state: ParcelState
    keeper: Key
    forfeits: set[int]


@dataclass
class Shadow:
    """All there is: people's money wherever it lies, consignments, disputes."""

    wallets: dict[str, int]
    purses: dict[str, Purse]
    bonds: dict[str, Purse]
    consignments: dict[int, Consigned] = field(default_factory=dict)
    contests: dict[int, Contest] = field(default_factory=dict)
    #: What people have sent to the contracts as a present.
    presents: Counter[str] = field(default_factory=Counter)

    def pay(self, who: Key | str, amount: int) -> None:
        """Currency comes into somebody's hands, or leaves them."""
        address = who if isinstance(who, str) else who.address
        self.wallets[address] += amount
        assert self.wallets[address] >= 0

    def having(self, *statuses: Status) -> list[int]:
        """Consignments with one of these statuses."""
        return [n for n, one in self.consignments.items() if one.status in statuses]

    # --- ends ---

    def delivery(self, one: Consigned, at: int) -> End:
        """The goods have come to who is to have them."""
        times = [*one.times, at]
        guilty = one.unfit(times)
        state, resolution = ParcelState.DELIVERED, Resolution.DELIVERED
        if one.booking.household != bytes(32):
            state = ParcelState.DISTRIBUTED
        if guilty is not None:
            state, resolution = ParcelState.QUARANTINED, Resolution.DELIVERED_DAMAGED
        if one.recalled:
            state, resolution = ParcelState.QUARANTINED, Resolution.RECALLED
        keeper = one.hands[-1]
        return End(
            resolution,
            one.outcomes(times),
            one.price(is_sold=True),
            state,
            keeper,
            guilty or set(),
        )

    def stop(self, one: Consigned, resolution: Resolution) -> End:
        """The goods stay with whoever has them."""
        state = {
            Resolution.CANCELLED: ParcelState.ALLOCATED
            if one.booking.allocations
            else ParcelState.HELD,
            Resolution.LOST: ParcelState.LOST,
            Resolution.REFUSED: ParcelState.RETURNED,
            Resolution.RECALLED: ParcelState.QUARANTINED,
        }[resolution]
        lost = {one.position - 1} if resolution is Resolution.LOST else set()
        price = one.price(is_sold=False)
        return End(resolution, one.outcomes(), price, state, one.hands[one.position], lost)

    def rest(self, one: Consigned) -> End:
        """FRT-41: what is left to do of what ended while its money was held."""
        if not one.delivered:
            return self.stop(one, one.resolution)
        end = self.delivery(one, one.arrived_at)
        return replace(end, resolution=one.resolution)

    def close(self, one: Consigned, end: End, now: int) -> None:
        """FRT-20, FRT-44: carriers, seller and payer get what is theirs."""
        for number, (leg, earned) in enumerate(zip(one.booking.legs, end.outcomes, strict=True)):
            purse = self.purses[leg.carrier]
            purse.locked -= leg.bond
            purse.free += earned.pay
            kept = 0 if number in end.forfeits else one.share(number, leg.bond)
            purse.free += kept
            one.forfeited += leg.bond - kept
        if end.price:
            self.purses[one.booking.seller].free += end.price
        one.paid = sum(earned.pay for earned in end.outcomes) + end.price
        one.refunded = one.prepaid - one.paid
        self.pay(one.booking.payer, one.refunded + one.forfeited)
        one.status, one.resolution, one.ended_at = Status.SETTLED, end.resolution, now

    # --- disputes ---

    def open_contests(self) -> list[int]:
        return [n for n, contest in self.contests.items() if not contest.ended]

    def raised(self, one: Consigned, leg: int, raiser: Key) -> bool:
        """Whether the party has raised one about the leg before."""
        return any(
            contest.consigned is one and contest.leg == leg and contest.raiser == raiser
            for contest in self.contests.values()
        )

    def end_contest(self, number: int, *, founded: bool, award: int | None) -> None:
        contest = self.contests[number]
        contest.ended = True
        one = contest.consigned
        self.pay(contest.raiser if founded else contest.other, contest.bond)
        if award is not None:
            one.awards[contest.leg] = award
        one.holds -= 1
