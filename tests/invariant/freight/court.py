"""What devices lie about, who finds it out and is paid: splits, convictions, demanded leaves."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from aidline.model import Status
from aidline.watches import Recorded, Shown
from tests.invariant.freight.disputes import Disputes
from tests.invariant.freight.loggers import Demand, Lie, Logger, Split
from tests.invariant.freight.shadow import Consigned
from tests.invariant.freight.stage import refused, some
from tests.support.people import key_of
from tests.support.suite import DAY, HOUR

__all__ = ["Trials"]

#: Who looks for lies; the last is the devices' own operator.
FINDERS = ("hospital", "donor", "branch_carrier", "carrier")
CHALLENGE, ANSWER = 7 * DAY, 2 * DAY
MOST_DEMANDS = 8


class Trials(Disputes):
    """A batch is laid open."""

    def logged(self) -> list[int]:
        """What some device has told of, and whose bond is still there."""
        return [
            number
            for number, one in self.shadow.consignments.items()
            if any(logger.batches for logger in one.loggers)
        ]

    def drawn(self, data: st.DataObject) -> tuple[Consigned, Logger, int]:
        """A consignment, a device of it, and the number of one of its batches: mostly a lie."""
        one = self.shadow.consignments[self.draw(data, self.logged())]
        logger = data.draw(st.sampled_from([own for own in one.loggers if own.batches]))
        lies = [number for number in logger.lies if number not in logger.voids]
        number = self.draw(data, lies or list(range(len(logger.batches))))
        return one, logger, number

    def evidence(self, logger: Logger, number: int) -> Recorded:
        return Recorded(logger.recorder.watch, logger.batches[number], logger.points[number + 1 :])

    # --- lies ---

    @some(Disputes.watched)
    @rule(
        data=st.data(),
        kind=st.sampled_from(Lie),
        temperature=st.sampled_from([500, 500, 850]),
        hours=st.sampled_from([1, 3, 9]),
    )
    def lie(self, data: st.DataObject, kind: Lie, temperature: int, hours: int) -> None:
        """One device tells what is not so; it goes on from there."""
        number = self.draw(data, self.watched())
        one = self.shadow.consignments[number]
        logger = data.draw(st.sampled_from(one.loggers))
        self.tell(number, logger, (temperature, 5_000), HOUR, hours, kind)

    @some(logged)
    @rule(data=st.data(), finder=st.sampled_from(FINDERS))
    def convict(self, data: st.DataObject, finder: str) -> None:
        """By the leaf, or the two leaves, that contradict; an honest batch stands (MON-14)."""
        one, logger, number = self.drawn(data)
        leaves, court = logger.recorder.leaves(number), self.suite.court
        recorded, key = self.evidence(logger, number), key_of(finder)
        kind = logger.lies.get(number)
        overstated = kind in (Lie.SUMMARY, Lie.LEAVES)
        leg = one.leg_at(logger.batches[number].last_time) if overstated else None
        error = None
        if kind is None:
            error = "NoContradiction"
        elif one.ended_at and self.now >= one.ended_at + CHALLENGE:
            error = "TooLate"
        elif not self.is_new(one, logger, number, leg):
            error = "NothingNew"
        with refused(error):
            if kind is Lie.LEAVES:
                last = len(leaves) - 1
                court.convictPair(
                    recorded,
                    [],
                    one.booking,
                    Shown.of(leaves, last - 1),
                    Shown.of(leaves, last),
                    sender=key,
                )
            else:
                place = len(leaves) - 1
                if kind is Lie.EXTREMES:
                    place = min(range(len(leaves)), key=lambda at: leaves[at].humidity)
                court.convictLeaf(recorded, one.booking, Shown.of(leaves, place), sender=key)
        if not error:
            self.void(one, logger, number, finder, leg)

    # --- what follows (MON-15, MON-16) ---

    def is_new(self, one: Consigned, logger: Logger, number: int, leg: int | None) -> bool:
        return number not in logger.voids or self.is_owed(one, logger, number, leg)

    def is_owed(self, one: Consigned, logger: Logger, number: int, leg: int | None) -> bool:
        """Whether the carrier of the leg was charged for it when the consignment ended."""
        counted = one.ended_at != 0 and number not in logger.early
        return leg is not None and counted and leg not in logger.legs_paid

    def void(
        self, one: Consigned, logger: Logger, number: int, finder: str, leg: int | None
    ) -> None:
        """The batch is silence; the bond is forfeited, a fifth of it to the finder."""
        is_owed = self.is_owed(one, logger, number, leg)
        if number not in logger.voids:
            logger.voids.add(number)
            if not one.ended_at:
                logger.early.add(number)
        elif not is_owed:
            return
        purse = self.shadow.bonds[logger.operator]
        if not logger.forfeited:
            logger.forfeited = True
            if finder != logger.operator:
                logger.paid += logger.bond // 5
                purse.locked -= logger.bond // 5
                self.shadow.pay(key_of(finder), logger.bond // 5)
        if is_owed and leg is not None:
            own = one.booking.legs[leg]
            logger.legs_paid.add(leg)
            logger.paid += own.freight
            purse.locked -= own.freight
            self.shadow.pay(own.carrier, own.freight)

    # --- leaves that are demanded (MON-17, MON-18) ---

    @some(logged)
    @rule(data=st.data(), party=st.sampled_from([*FINDERS, "supplier"]))
    def demand_a_leaf(self, data: st.DataObject, party: str) -> None:
        one, logger, number = self.drawn(data)
        batch, key = logger.batches[number], key_of(party)
        index = data.draw(st.integers(batch.first_index, batch.last_index))
        booking = one.booking
        parties = {booking.payer, booking.consignee, booking.seller}
        known = logger.demands.setdefault(party, Demand())
        error = None
        if key.address not in parties | {leg.carrier for leg in booking.legs}:
            error = "NotParty"
        elif one.ended_at and self.now >= one.ended_at + CHALLENGE:
            error = "TooLate"
        elif known.until:
            error = "DemandOpen"
        elif known.made == MOST_DEMANDS:
            error = "TooManyDemands"
        with refused(error):
            self.suite.court.demandLeaf(self.evidence(logger, number), booking, index, sender=key)
        if not error:
            logger.demands[party] = Demand(number, index, self.now + ANSWER, known.made + 1)

    def demanded(self) -> list[int]:
        return [n for n, one in self.shadow.consignments.items() if one.open_demands()]

    @some(demanded)
    @rule(data=st.data())
    def show_a_leaf(self, data: st.DataObject) -> None:
        one = self.shadow.consignments[self.draw(data, self.demanded())]
        logger, party = data.draw(st.sampled_from(one.open_demands()))
        asked = logger.demands[party]
        batch = logger.batches[asked.batch]
        leaves = logger.recorder.leaves(asked.batch)
        with refused("TooLate" if self.now > asked.until else None):
            self.suite.court.showLeaf(
                batch,
                key_of(logger.name),
                key_of(party),
                Shown.of(leaves, asked.index - batch.first_index),
                sender=key_of("stranger"),
            )
        if self.now <= asked.until:
            logger.demands[party] = replace(asked, until=0)

    @some(demanded)
    @rule(data=st.data(), patient=st.booleans())
    def lapse_a_demand(self, data: st.DataObject, patient: bool) -> None:
        one = self.shadow.consignments[self.draw(data, self.demanded())]
        logger, party = data.draw(st.sampled_from(one.open_demands()))
        asked = logger.demands[party]
        if patient:
            self.wait_until(asked.until + 1)
        error = None
        if self.now <= asked.until:
            error = "NotYet"
        elif logger.released:
            error = "Released"
        batch = logger.batches[asked.batch]
        with refused(error):
            self.suite.court.lapseDemand(
                batch,
                key_of(logger.name),
                one.booking,
                key_of(party),
                sender=key_of("stranger"),
            )
        if error:
            return
        logger.demands[party] = replace(asked, until=0)
        leg = one.leg_at(batch.last_time)
        if leg is not None and one.booking.legs[leg].carrier != key_of(party).address:
            leg = None
        self.void(one, logger, asked.batch, party, leg)

    # --- batches over a change of hands (MON-12) ---

    def spanned(self) -> list[int]:
        """Of which a batch spans a change of hands."""
        return [n for n in self.logged() if self.shadow.consignments[n].spans()]

    @some(spanned)
    @rule(data=st.data())
    def prove_a_split(self, data: st.DataObject) -> None:
        one = self.shadow.consignments[self.draw(data, self.spanned())]
        logger, number, time = data.draw(st.sampled_from(one.spans()))
        leaves = logger.recorder.leaves(number)
        later = next(place for place, leaf in enumerate(leaves) if leaf.time > time)
        before, after = leaves[later - 1], leaves[later]
        self.suite.court.proveSplit(
            self.evidence(logger, number),
            [],
            time,
            Shown.of(leaves, later - 1),
            Shown.of(leaves, later),
            sender=key_of("stranger"),
        )
        logger.splits[time] = Split.between(logger.recorder.watch.band, before, after, time)

    # --- the devices' bonds after the end ---

    def bonded(self) -> list[int]:
        return [n for n, one in self.shadow.consignments.items() if one.loggers]

    @some(bonded)
    @rule(data=st.data())
    def release_a_bond(self, data: st.DataObject) -> None:
        one = self.shadow.consignments[self.draw(data, self.bonded())]
        self.release(one, data.draw(st.sampled_from(one.loggers)))

    def release(self, one: Consigned, logger: Logger) -> None:
        """MON-19: what is forfeited to the payer, else back to the operator."""
        error = None
        if logger.released:
            error = "Released"
        elif one.status is not Status.SETTLED:
            error = "StillOpen"
        elif self.now < one.ended_at + CHALLENGE + ANSWER + DAY:
            error = "NotYet"
        with refused(error):
            self.suite.court.release(
                one.id, key_of(logger.name), one.booking, sender=key_of("stranger")
            )
        if error:
            return
        logger.released = True
        purse, rest = self.shadow.bonds[logger.operator], logger.bond - logger.paid
        purse.locked -= rest
        if logger.forfeited:
            self.shadow.pay(one.booking.payer, rest)
        else:
            purse.free += rest
