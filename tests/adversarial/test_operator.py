"""The operator of devices, whoever it is in league with, and those who would use its bond.

The device is the first carrier's own; its word counts for three legs of 600, 300 and 100. What is
locked for it is 1,250: a quarter more than the freight, which is what the finder of a lie can have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from aidline import messages as m
from aidline.client import Contract, Receipt
from aidline.signing import Key
from aidline.watches import submission, told_of
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import domain_of, key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, UNIT
from tests.support.telemetry import Forger

PICK_UP = DEPARTURES[0]
BOND = 1_250 * UNIT
SHARE = 250 * UNIT


@dataclass
class Ride:
    """A consignment on its first leg, its booking and its device."""

    desk: Desk
    booking: m.Booking
    forger: Forger

    @property
    def court(self) -> Contract:
        return self.desk.suite.court

    @property
    def monitor(self) -> Contract:
        return self.desk.suite.monitor

    @property
    def id(self) -> int:
        return self.forger.consignment

    def deliver(self) -> None:
        """Bring the goods to the hospital, on time, and settle."""
        for number in (1, 2):
            self.desk.pass_on(self.id, number, LATEST[number - 1])
        self.desk.chain.set_time(LATEST[2])
        self.desk.deliver(self.desk.proof(self.desk.handover(self.id, 3, LATEST[2]), accepted=True))

    def convict(self, sequence: int, number: int, finder: str) -> Receipt:
        """Lay a leaf beside the summary."""
        receipt: Receipt = self.court.convictLeaf(
            self.forger.recorded(sequence),
            self.booking,
            self.forger.shown(sequence, number),
            sender=key_of(finder),
        )
        return receipt

    def release(self) -> None:
        """Wait until all evidence has been heard."""
        self.desk.chain.set_time(self.desk.chain.now() + 10 * DAY)
        self.court.release(self.id, self.forger.device, self.booking, sender=key_of("stranger"))

    def heat(self) -> list[int]:
        """Return the exposure of each leg and of the whole way."""
        told = told_of(self.monitor, self.id)[0]
        spans = self.monitor.exposures(
            self.id, [told.watch], 0, 0, [told.points], [PICK_UP, *LATEST]
        )
        return [span.temperature for span in spans]

    def purse(self) -> int:
        """Return all that the operator has left in bonds."""
        told = self.monitor.bondPurse(key_of("carrier"))
        total: int = told.free + told.locked
        return total


@pytest.fixture
def ride(desk: Desk) -> Ride:
    booking = desk.booking([desk.allocate()])
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, PICK_UP)
    desk.chain.set_time(LATEST[0])
    return Ride(desk, booking, Forger(desk, consignment))


def _readings(start: int, temperature: int, count: int = 7) -> list[tuple[int, int, int]]:
    return [(start + 600 * number, temperature, 5_000) for number in range(count)]


def _hide(forger: Forger, start: int) -> None:
    """Record an hour at 25 °C as one at 5 °C: the leaves are kept, the summary lies."""
    leaves = forger.leaves(_readings(start, 2_500))
    forger.record(
        leaves,
        temperature_min=500,
        temperature_max=500,
        temperature_exposure=leaves[0].temperature_exposure,
    )


def _invent(forger: Forger, start: int) -> None:
    """Record an hour at 5 °C as one that was far too warm."""
    leaves = forger.leaves(_readings(start, 500))
    forger.record(
        leaves,
        temperature_max=2_500,
        temperature_exposure=leaves[-1].temperature_exposure + 400_000,
    )


def test_hides_the_heat_of_its_own_carrier(ride: Ride) -> None:
    """MON-15: found after the settlement, the lie costs more than all freight; the payer has it."""
    _hide(ride.forger, PICK_UP)
    ride.deliver()
    before, payer = ride.purse(), ride.desk.balance("hospital")
    ride.convict(0, 3, "stranger")
    ride.release()
    assert before - ride.purse() == BOND > sum(FREIGHTS)
    assert ride.desk.balance("hospital") - payer == BOND - SHARE == sum(FREIGHTS)


def test_invents_heat_for_the_payer_and_finds_a_harmless_lie_first(ride: Ride) -> None:
    """MON-16: a friend has the finder's fifth by another lie; the carrier is paid all the same."""
    ride.desk.chain.set_time(LATEST[1])
    _hide(ride.forger, PICK_UP)
    _invent(ride.forger, LATEST[0] + 60)
    ride.deliver()
    ride.convict(0, 3, "stranger")
    before = ride.desk.balance("branch_carrier")
    ride.convict(1, 6, "branch_carrier")
    assert ride.desk.balance("branch_carrier") - before == FREIGHTS[1]
    # What the payer saved on the leg the operator has lost for it, and the share besides.
    payer = ride.desk.balance("hospital")
    ride.release()
    assert ride.desk.balance("hospital") - payer == FREIGHTS[0] + FREIGHTS[2]


def test_finds_its_own_lie(ride: Ride) -> None:
    """MON-15: nothing for the operator's organisation; through a stranger a fifth at the most."""
    _hide(ride.forger, PICK_UP)
    before = ride.purse()
    ride.convict(0, 3, "carrier")
    assert ride.purse() == before
    assert ride.court.caseOf(ride.id, ride.forger.device).finder_paid == 0
    ride.deliver()
    ride.release()
    assert before - ride.purse() == BOND


def test_takes_its_bond_away_before_it_is_found(ride: Ride) -> None:
    """MON-13: what is locked stays until all evidence has been heard."""
    free = ride.monitor.bondPurse(key_of("carrier")).free
    with reverts("BondTooSmall"):
        ride.monitor.withdrawBond(free + 1, sender=key_of("carrier"))
    ride.monitor.withdrawBond(free, sender=key_of("carrier"))
    _hide(ride.forger, PICK_UP)
    ride.deliver()
    with reverts("NotYet"):
        ride.court.release(ride.id, ride.forger.device, ride.booking, sender=key_of("carrier"))
    ride.convict(0, 3, "stranger")
    assert ride.desk.suite.currency.balanceOf(key_of("stranger")) == SHARE


def test_lets_the_carrier_demand_a_warm_reading_and_never_shows_it(ride: Ride) -> None:
    """MON-18: the heat is off its account, but the bond that goes is more than its freight."""
    ride.forger.record(ride.forger.leaves(_readings(PICK_UP, 1_500)))
    assert ride.heat()[0] == 3_600 * 700
    before, carrier = ride.purse(), ride.desk.balance("carrier")
    ride.court.demandLeaf(ride.forger.recorded(0), ride.booking, 3, sender=key_of("carrier"))
    ride.desk.chain.set_time(ride.desk.chain.now() + 2 * DAY + 1)
    ride.court.lapseDemand(
        ride.forger.batches[0][0],
        ride.forger.device,
        ride.booking,
        key_of("carrier"),
        sender=key_of("carrier"),
    )
    assert ride.heat()[0] == 0
    # The demand was its own organisation's: no finder's share, and nothing owed before the end.
    assert ride.desk.balance("carrier") == carrier
    assert ride.court.caseOf(ride.id, ride.forger.device).is_forfeited
    assert before == ride.purse()  # all of it waits for the payer
    assert sum(FREIGHTS) < BOND


def test_dodges_a_conviction_with_one_more_batch(ride: Ride) -> None:
    """MON-3, MON-14: the finder tells of that one too; there are 256 of them at the most."""
    _hide(ride.forger, PICK_UP)
    evidence = ride.forger.recorded(0)
    later = ride.forger.leaves([(PICK_UP + 3_700, 500, 5_000)])
    ride.forger.record(later, temperature_max=500, temperature_exposure=0)
    with reverts("NotOnRecord"):
        ride.court.convictLeaf(
            evidence, ride.booking, ride.forger.shown(0, 3), sender=key_of("stranger")
        )
    ride.convict(0, 3, "stranger")


def test_forges_evidence_against_an_honest_operator(ride: Ride) -> None:
    """MON-14: a batch of another ride, a leaf of another batch, a summary that was never signed."""
    ride.forger.record(ride.forger.leaves(_readings(PICK_UP, 500)))
    recorded, shown = ride.forger.recorded(0), ride.forger.shown(0, 3)
    other = replace(shown, leaf=replace(shown.leaf, temperature=2_500))
    for error, evidence in {
        "NotInBatch": (recorded, ride.booking, other),
        "NotOnRecord": (
            replace(recorded, batch=replace(recorded.batch, temperature_max=400)),
            ride.booking,
            shown,
        ),
        "NoContradiction": (recorded, ride.booking, shown),
    }.items():
        with reverts(error):
            ride.court.convictLeaf(*evidence, sender=key_of("stranger"))


def test_party_floods_the_operator_with_demands(ride: Ride) -> None:
    """MON-17: one at a time, eight in all, for parties only."""
    ride.forger.record(ride.forger.leaves(_readings(PICK_UP, 500)))
    hospital = key_of("hospital")

    def demand(sender: Key = hospital) -> None:
        ride.court.demandLeaf(ride.forger.recorded(0), ride.booking, 3, sender=sender)

    with reverts("NotParty"):
        demand(key_of("stranger"))
    for _ in range(8):
        demand()
        with reverts("DemandOpen"):
            demand()
        ride.court.showLeaf(
            ride.forger.batches[0][0],
            ride.forger.device,
            hospital,
            ride.forger.shown(0, 3),
            sender=key_of("stranger"),
        )
    with reverts("TooManyDemands"):
        demand()


def test_relayer_holds_batches_back_or_turns_their_order(ride: Ride) -> None:
    """MON-2, MON-3: anyone may submit what the device signed, and in its order only."""
    recorder, monitor = ride.desk.recorder(ride.id), ride.monitor
    first = recorder.batch(_readings(PICK_UP, 500), deadline=LATEST[2])
    second = recorder.batch(_readings(PICK_UP + 4_200, 900), deadline=LATEST[2])
    device, relayer = key_of("device"), key_of("stranger")

    def submit(batch: m.Batch, previous: m.Batch | None, sender: Key) -> None:
        monitor.send(
            submission(
                monitor,
                domain_of(monitor),
                recorder.watch,
                previous,
                batch,
                device,
                sender=sender,
            )
        )

    # The warm one alone, or the warm one without its predecessor, is worth nothing to it.
    with reverts("WrongSequence"):
        submit(second, None, relayer)
    with reverts("NotOnRecord"):
        submit(second, first, relayer)
    submit(first, None, relayer)
    # The other one is held back; the carrier that has its copy brings it itself.
    submit(second, first, key_of("branch_carrier"))
    with reverts("NotOnRecord"):
        submit(second, first, relayer)
    assert ride.heat()[0] > 0
