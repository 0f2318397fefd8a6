"""All acts with consignments and their money, what must hold after each, and the end of all.

A rule skips by its precondition; no revert is swallowed. Where an act must be refused the shadow
says with which error, and the invariants show that nothing changed.
"""

from __future__ import annotations

from hypothesis.stateful import invariant

from aidline.model import Resolution, Status
from tests.invariant.freight.court import Trials
from tests.invariant.freight.shadow import OPEN, UNITS, Consigned, Tally
from tests.support.people import key_of
from tests.support.suite import DAY

__all__ = ["Freight"]


class Freight(Trials):
    """The machine."""

    def teardown(self) -> None:
        try:
            self.end_all()
        finally:
            super().teardown()

    # --- the end of all ---

    def end_all(self) -> None:
        """INV-FREIGHT-5: strangers and time end everything; all take out what is theirs."""
        shadow, stranger = self.shadow, key_of("stranger")
        for number in shadow.open_contests():
            contest = shadow.contests[number]
            moot = contest.leg in contest.consigned.awards
            self.wait_until(contest.until)
            self.suite.disputes.close(number, sender=stranger)
            shadow.end_contest(number, founded=moot, award=None)
        for one in shadow.consignments.values():
            self.end_by_time(one)
        self.wait_until(self.now + 10 * DAY)
        for one in shadow.consignments.values():
            for logger in one.loggers:
                if not logger.released:
                    self.release(one, logger)
        self.check_money()
        self.take_all_out()

    def end_by_time(self, one: Consigned) -> None:
        if one.status is Status.SETTLED:
            return
        freight, stranger = self.suite.freight, key_of("stranger")
        if one.status is Status.CLOSED:
            self.settle_closed(one)
            return
        if one.status in (Status.ARRIVED, Status.REFUSED):
            arrived = one.status is Status.ARRIVED
            self.wait_until(one.settles)
            act = "settleSilent" if arrived else "settleRefused"
            end = (
                self.shadow.delivery(one, one.arrived_at)
                if arrived
                else self.shadow.stop(one, Resolution.REFUSED)
            )
        else:
            self.wait_until(one.lapses)
            act = "lapse"
            kind = Resolution.LOST if one.position else Resolution.CANCELLED
            end = self.shadow.stop(one, kind)
        self.close(one, end, freight[act](one.booking, one.told, sender=stranger))

    def take_all_out(self) -> None:
        """Nothing is left but presents."""
        suite, shadow = self.suite, self.shadow
        for address, purse in shadow.purses.items():
            assert purse.locked == 0
            if purse.free:
                suite.freight.emptyPurse(purse.free, sender=self.keys[address])
        for name, purse in shadow.bonds.items():
            assert purse.locked == 0
            if purse.free:
                suite.monitor.withdrawBond(purse.free, sender=key_of(name))
        for room in ("freight", "monitor", "disputes"):
            left = suite.currency.balanceOf(getattr(suite, room))
            assert left == shadow.presents[room]

    # --- what must hold ---

    @invariant()
    def inv_freight_1_paid_refunded_and_held_are_what_was_prepaid(self) -> None:
        for number, one in self.shadow.consignments.items():
            record = self.suite.freight.consignment(number)
            assert (record.prepaid, record.paid, record.refunded, record.forfeited) == (
                one.prepaid,
                one.paid,
                one.refunded,
                one.forfeited,
            )
            assert (record.status, record.resolution) == (one.status, one.resolution)
            assert one.paid + one.refunded + one.held == one.prepaid
            assert one.held == (0 if one.status is Status.SETTLED else one.prepaid)

    @invariant()
    def check_money(self) -> None:
        """INV-FREIGHT-2, INV-MON-2, INV-DISPUTE-1: each contract has what it owes, to the unit."""
        suite, shadow = self.suite, self.shadow
        balance = suite.currency.balanceOf
        purses = sum(purse.free + purse.locked for purse in shadow.purses.values())
        held = sum(one.held for one in shadow.consignments.values())
        assert balance(suite.freight) == held + purses + shadow.presents["freight"]
        bonds = sum(purse.free + purse.locked for purse in shadow.bonds.values())
        assert balance(suite.monitor) == bonds + shadow.presents["monitor"]
        contests = sum(one.bond for one in shadow.contests.values() if not one.ended)
        assert balance(suite.disputes) == contests + shadow.presents["disputes"]
        for address, wallet in shadow.wallets.items():
            assert balance(address) == wallet
            purse = suite.freight.purseOf(address)
            assert (purse.free, purse.locked) == (
                shadow.purses[address].free,
                shadow.purses[address].locked,
            )
        for name, purse in shadow.bonds.items():
            found = suite.monitor.bondPurse(key_of(name))
            assert (found.free, found.locked) == (purse.free, purse.locked)

    @invariant()
    def inv_lgc_1_currency_is_never_above_the_reserve(self) -> None:
        currency = self.suite.currency
        assert currency.totalSupply() == self.supply
        assert self.suite.reserve.balanceOf(currency) == self.reserve >= self.supply

    @invariant()
    def inv_freight_3_no_leg_earns_more_than_its_freight(self) -> None:
        for number in self.shadow.having(*OPEN, Status.CLOSED):
            one = self.shadow.consignments[number]
            waits = one.status is Status.ARRIVED
            times = [*one.times, one.arrived_at] if waits else one.changes
            expected = [earned.pay for earned in one.outcomes(times)]
            told = self.suite.freight.outcomesOf(one.booking, one.told)
            assert [outcome.pay for outcome in told] == expected
            for leg, pay in zip(one.booking.legs, expected, strict=True):
                assert pay <= leg.freight

    @invariant()
    def what_was_counted_out_stays_as_it_was(self) -> None:
        for one in self.shadow.consignments.values():
            assert one.units + sum(part.units for part in one.aside) == UNITS
            for part in one.aside:
                record = self.suite.ledger.parcel(part.parcel)
                assert (record.units, record.state, record.custodian) == (
                    part.units,
                    part.state,
                    part.keeper.address,
                )
            for leg in range(len(one.booking.legs) + 1):
                tally = one.tallies.get(leg, Tally(0))
                found = self.suite.freight.tallyOf(one.id, leg)
                assert (found.offered, found.missed) == (tally.there, tally.missed)

    @invariant()
    def inv_freight_4_the_goods_are_where_the_legs_say(self) -> None:
        for number in self.shadow.having(*OPEN):
            one = self.shadow.consignments[number]
            record = self.suite.ledger.load(number)
            assert record.custodian == one.hands[one.position].address
            done = self.suite.freight.consignment(number).legs_done
            assert done == max(0, one.position - 1)
