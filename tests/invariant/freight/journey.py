"""What happens on the way: changes of hands, refusals, and what the devices tell."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from aidline import messages as m
from aidline.client import Receipt
from aidline.model import Flaw, ParcelState, Status
from aidline.watches import submission
from tests.invariant.freight.booking import Bookings
from tests.invariant.freight.loggers import Lie, Logger
from tests.invariant.freight.shadow import OPEN, UNITS, Aside, Consigned
from tests.invariant.freight.stage import refused, some
from tests.support.people import domain_of, key_of, word
from tests.support.suite import HOUR

__all__ = ["Count", "Journeys", "counts"]

#: Units by what is wrong with them.
Count = dict[Flaw, int]
counts = st.dictionaries(
    st.sampled_from([Flaw.SHORT, Flaw.DAMAGED, Flaw.REFUSED]),
    st.sampled_from([1, 7, 7, 30, 60, UNITS, UNITS + 1]),
    max_size=2,
)
STATES = {
    Flaw.SHORT: ParcelState.LOST,
    Flaw.DAMAGED: ParcelState.QUARANTINED,
    Flaw.REFUSED: ParcelState.RETURNED,
}


class Journeys(Bookings):
    """A consignment goes on."""

    # --- changes of hands ---

    def movable(self) -> list[int]:
        """What can go to the next carrier."""
        return [
            n
            for n in self.shadow.having(Status.BOOKED, Status.IN_TRANSIT)
            if (one := self.shadow.consignments[n]).position < len(one.booking.legs)
        ]

    @some(movable)
    @rule(data=st.data(), back=st.sampled_from([0, 0, HOUR, 6 * HOUR]))
    def hand_over(self, data: st.DataObject, back: int) -> None:
        one = self.shadow.consignments[self.draw(data, self.movable())]
        at = max(one.times[-1], self.now - back)
        self.pass_on(one, at)

    def pass_on(self, one: Consigned, at: int) -> None:
        handover = self.handover(one, at)
        error = "LotRecalled" if one.recalled else self.why_not_passed(one, at)
        with refused(error):
            self.suite.freight.handOver(
                handover, *self.signed(one, handover), sender=key_of("stranger")
            )
        if not error:
            self.passed(one, at)

    def why_not_passed(self, one: Consigned, at: int) -> str | None:
        late = one.position == 0 and at > one.booking.pick_up_by
        return "Expired" if late else None

    def signed(self, one: Consigned, message: m.Message) -> list[bytes]:
        """By who has it, and by who is to have it next."""
        hands = one.hands[one.position : one.position + 2]
        return [message.sign(hand, self.domain) for hand in hands]

    # --- counts ---

    @some(movable)
    @rule(data=st.data(), found=counts)
    def hand_over_counted(self, data: st.DataObject, found: Count) -> None:
        """What the two have found stays where it is; refused where there is not so much."""
        one = self.shadow.consignments[self.draw(data, self.movable())]
        handover = self.handover(one, self.now)
        count = self.count(one, handover, found)
        error = self.why_not_counted(one, count) or self.why_not_passed(one, self.now)
        with refused(error):
            receipt = self.suite.freight.handOverCounted(
                handover, count.exceptions, *self.signed(one, count), sender=key_of("stranger")
            )
        if not error:
            self.counted(one, count, receipt)
            self.passed(one, self.now)

    def count(self, one: Consigned, handover: m.Handover, found: Count) -> m.CountedHandover:
        units = [m.UnitsFound(one.parcels[0], number, flaw) for flaw, number in found.items()]
        return m.CountedHandover.of(handover, units)

    def why_not_counted(self, one: Consigned, count: m.CountedHandover) -> str | None:
        if one.recalled:
            return "ConsignmentRecalled"
        if not count.exceptions:
            return "NoParcels"
        left = one.units
        for found in count.exceptions:
            if left == 0:
                return "NotAboard"
            if found.units > left:
                return "TooManyUnits"
            left -= found.units
        return None if left else "LoadEmptied"

    def counted(self, one: Consigned, count: m.CountedHandover, receipt: Receipt) -> None:
        """FRT-43: at once, with the giver."""
        parts = receipt.event("UnitsSetAside").args.parcels
        for part, found in zip(parts, count.exceptions, strict=True):
            keeper = one.hands[one.position]
            one.aside.append(Aside(part, found.units, STATES[Flaw(found.flaw)], keeper))
        refused = sum(x.units for x in count.exceptions if x.flaw == Flaw.REFUSED)
        one.count_out(sum(x.units for x in count.exceptions) - refused, refused)
        self.content[one.id] = self.suite.ledger.load(one.id).content

    def passed(self, one: Consigned, at: int) -> None:
        one.times.append(at)
        one.status = Status.IN_TRANSIT

    def handover(self, one: Consigned, at: int) -> m.Handover:
        """The next change of hands, as it is agreed."""
        legs, place = one.booking.legs, one.position
        last = place == len(legs)
        return m.Handover(
            consignment=one.id,
            sequence=place,
            from_=one.hands[place].address,
            to=one.hands[place + 1].address,
            station=legs[-1].to_station if last else legs[place].from_station,
            at=at,
            content=self.content[one.id],
            deadline=self.now + HOUR,
        )

    def trains(self) -> list[list[int]]:
        """Loads that the same two can pass on together."""
        groups: dict[tuple[str, str], list[int]] = {}
        for number in self.travelling():
            one = self.shadow.consignments[number]
            pair = one.hands[one.position].address, one.hands[one.position + 1].address
            groups.setdefault(pair, []).append(number)
        return [group for group in groups.values() if len(group) > 1]

    @precondition(lambda self: bool(self.trains()))
    @rule(data=st.data())
    def hand_over_a_train(self, data: st.DataObject) -> None:
        ones = [self.shadow.consignments[n] for n in data.draw(st.sampled_from(self.trains()))]
        train = m.HandoverTrain([self.handover(one, self.now) for one in ones])
        giver, taker = ones[0].hands[ones[0].position], ones[0].hands[ones[0].position + 1]
        self.suite.freight.handOverTrain(
            train.loads,
            train.sign(giver, self.domain),
            train.sign(taker, self.domain),
            sender=key_of("stranger"),
        )
        for one in ones:
            self.passed(one, self.now)

    @some(movable)
    @rule(data=st.data())
    def refuse_a_handover(self, data: st.DataObject) -> None:
        """It is recorded, once, and moves nothing."""
        one = self.shadow.consignments[self.draw(data, self.movable())]
        place, taker = one.position, one.hands[one.position + 1]
        refusal = m.Refusal(one.id, place, taker.address, word("wet"), self.now + HOUR)
        error = "WrongSequence" if place in one.refused else None
        with refused(error):
            self.suite.freight.refuseHandover(
                refusal, refusal.sign(taker, self.domain), sender=key_of("stranger")
            )
        one.refused.add(place)

    # --- telemetry ---

    def watched(self) -> list[int]:
        """What a device can tell of."""
        known = self.shadow.consignments
        return [
            n
            for n in self.shadow.having(*OPEN[1:], Status.CLOSED)
            if any(self.now > self.since(logger, n) for logger in known[n].loggers)
        ]

    def since(self, logger: Logger, number: int) -> int:
        """From when on a device has not told."""
        if logger.batches:
            return logger.batches[-1].last_time
        return self.shadow.consignments[number].times[1]

    @some(watched)
    @rule(
        data=st.data(),
        cadence=st.sampled_from([60, HOUR, HOUR, 3 * HOUR]),
        most=st.sampled_from([1, 4, 40, 40]),
        temperature=st.sampled_from([500, 500, 500, 801, 1_500, 190]),
        humidity=st.sampled_from([5_000, 5_000, 6_500]),
        other=st.sampled_from([0, 0, 300]),
    )
    def log(
        self,
        data: st.DataObject,
        cadence: int,
        most: int,
        temperature: int,
        humidity: int,
        other: int,
    ) -> None:
        """All devices of a consignment tell; the second of a warmer place."""
        number = self.draw(data, self.watched())
        for place, logger in enumerate(self.shadow.consignments[number].loggers):
            self.tell(number, logger, (temperature + place * other, humidity), cadence, most)

    def tell(
        self,
        number: int,
        logger: Logger,
        read: tuple[int, int],
        cadence: int,
        most: int,
        lie: Lie | None = None,
    ) -> None:
        """A batch of readings from where the one before ended, up to now at the latest."""
        since = self.since(logger, number)
        if self.now <= since:
            return
        times = list(range(since + min(cadence, self.now - since), self.now + 1, cadence))[:most]
        if not logger.batches:
            times = [since, *times]
        previous = logger.recorder.last
        readings = [(time, *read) for time in times]
        if lie is Lie.LEAVES and len(readings) == 1:
            lie = Lie.SUMMARY
        if lie:
            batch = logger.recorder.lie(lie, readings, deadline=self.now + HOUR)
            logger.lies[len(logger.batches)] = lie
        else:
            batch = logger.recorder.batch(readings, deadline=self.now + HOUR)
        monitor = self.suite.monitor
        sent = submission(
            monitor,
            domain_of(monitor),
            logger.recorder.watch,
            previous,
            batch,
            key_of(logger.name),
            sender=key_of("stranger"),
        )
        monitor.send(sent)
        logger.batches.append(batch)

    def travelling(self) -> list[int]:
        """What can still be picked up, or is on its way."""
        known = self.shadow.consignments
        return [
            n
            for n in self.movable()
            if not known[n].recalled
            and (known[n].position or self.now <= known[n].booking.pick_up_by)
        ]

    @some(travelling)
    @rule(
        data=st.data(),
        temperature=st.sampled_from([500, 500, 780, 900]),
        by_leg=st.booleans(),
    )
    def travel(self, data: st.DataObject, temperature: int, by_leg: bool) -> None:
        one = self.shadow.consignments[self.draw(data, self.travelling())]
        self.bring(one, temperature, by_leg=by_leg)

    def bring(self, one: Consigned, temperature: int, *, by_leg: bool = True) -> None:
        """To the dock with the last carrier, on time; devices tell all, the second a bit more.

        A batch for each leg, or one at the end, which spans the changes of hands.
        """
        if one.position == 0:
            self.wait_until(one.booking.legs[0].departure)
            self.pass_on(one, self.now)
        for leg in one.booking.legs[one.position - 1 :]:
            self.wait_until(leg.latest_arrival)
            tells = by_leg or leg is one.booking.legs[-1]
            for place, logger in enumerate(one.loggers if tells else ()):
                self.tell(one.id, logger, (temperature + 40 * place, 5_000), HOUR, 400)
            if one.position < len(one.booking.legs):
                self.pass_on(one, self.now)
