"""Leaves that parties want to see: `demandLeaf`, `showLeaf`, `lapseDemand`; and `release`.

demandLeaf
├── when the caller is no party, the booking another, or the batch not on record: refused
├── when the index is not in the batch: refused
├── given a demand of the party that is open, or as many as it may make: refused
├── when the time for evidence is over: refused
└── else it is to be shown within two days
showLeaf
├── when nothing is demanded, or the leaf or the batch is another: refused
├── when the time is over: refused
└── else the demand is over, and the party may make another
lapseDemand
├── when the time is not over, or the leaf was shown: refused
├── given a batch that was convicted meanwhile: the demand is over, nothing more
└── else the batch is void and the bond forfeited; the party is the finder
release
├── given an open consignment, before its time, of another booking, or done: refused
└── else the bond is free again
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aidline import messages as m
from aidline.client import Contract, Receipt
from aidline.signing import Key
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.support.telemetry import Forger
from tests.unit.batch_court.conftest import BOND, SHARE, purse, steady

PICK_UP = DEPARTURES[0]


@pytest.fixture
def recorded(forger: Forger) -> Forger:
    """Two batches of six honest readings, at 9 °C."""
    forger.record(forger.leaves(steady(PICK_UP, 6, 900)))
    forger.record(forger.leaves(steady(PICK_UP + 3_600, 6, 900)))
    return forger


def _demand(court: Contract, forger: Forger, booking: m.Booking, party: str, index: int) -> Receipt:
    sequence = index // 6
    receipt: Receipt = court.demandLeaf(
        forger.recorded(sequence), booking, index, sender=key_of(party)
    )
    return receipt


def _show(
    court: Contract, forger: Forger, party: str, index: int, sequence: int | None = None
) -> Receipt:
    place = index // 6 if sequence is None else sequence
    receipt: Receipt = court.showLeaf(
        forger.batches[place][0],
        forger.device,
        key_of(party),
        forger.shown(index // 6, index % 6),
        sender=key_of("stranger"),
    )
    return receipt


def _lapse(court: Contract, forger: Forger, booking: m.Booking, party: str, place: int) -> Receipt:
    receipt: Receipt = court.lapseDemand(
        forger.batches[place][0],
        forger.device,
        booking,
        key_of(party),
        sender=key_of("stranger"),
    )
    return receipt


@pytest.mark.parametrize("party", ["hospital", "carrier", "branch_carrier", "terminal_carrier"])
def test_a_party_sees_the_leaf_that_it_demands(
    court: Contract, desk: Desk, recorded: Forger, booking: m.Booking, party: str
) -> None:
    told = _demand(court, recorded, booking, party, 8).event("LeafDemanded").args
    until = desk.chain.now() + court.ANSWER()
    assert (told.party, told.sequence, told.index) == (key_of(party).address, 1, 8)
    assert told.until == until
    with reverts("DemandOpen", consignment=recorded.consignment, party=key_of(party)):
        _demand(court, recorded, booking, party, 3)

    desk.chain.set_time(until)
    shown = _show(court, recorded, party, 8).event("LeafShown").args
    leaf = recorded.batches[1][1][2]
    assert (shown.leaf.index, shown.leaf.time) == (8, leaf.time)
    assert shown.leaf.temperature_exposure == leaf.temperature_exposure

    _demand(court, recorded, booking, party, 3)
    assert court.demandOf(recorded.consignment, recorded.device, key_of(party)).made == 2


@pytest.mark.parametrize("person", ["stranger", "supplier", "second_hospital", "auditor"])
def test_reverts_when_the_caller_is_no_party(
    court: Contract, recorded: Forger, booking: m.Booking, person: str
) -> None:
    with reverts("NotParty", consignment=recorded.consignment, caller=key_of(person)):
        _demand(court, recorded, booking, person, 0)


def test_reverts_when_what_is_demanded_is_not_there(
    court: Contract, recorded: Forger, booking: m.Booking, hospital: Key
) -> None:
    for index in (6, 2**40):
        with reverts("NotInBatch", index=index):
            court.demandLeaf(recorded.recorded(0), booking, index, sender=hospital)
    with reverts("WrongBooking"):
        _demand(court, recorded, replace(booking, salt=bytes(32)), "hospital", 0)
    batch = replace(recorded.recorded(1).batch, last_index=20)
    with reverts("NotOnRecord"):
        court.demandLeaf(replace(recorded.recorded(1), batch=batch), booking, 15, sender=hospital)


def test_reverts_when_a_party_demands_too_often(
    court: Contract, recorded: Forger, booking: m.Booking
) -> None:
    most = court.MAX_DEMANDS()
    for _ in range(most):
        _demand(court, recorded, booking, "hospital", 2)
        _show(court, recorded, "hospital", 2)
    with reverts("TooManyDemands", party=key_of("hospital"), most=most):
        _demand(court, recorded, booking, "hospital", 2)
    # Others have their own.
    _demand(court, recorded, booking, "carrier", 2)


def test_reverts_when_another_leaf_is_shown_or_too_late(
    court: Contract, desk: Desk, recorded: Forger, booking: m.Booking
) -> None:
    with reverts("NoDemand", consignment=recorded.consignment, party=key_of("hospital")):
        _show(court, recorded, "hospital", 2)
    _demand(court, recorded, booking, "hospital", 2)
    with reverts("WrongLeaf", expected=2, given=3):
        _show(court, recorded, "hospital", 3)
    with reverts("WrongBatch"):
        _show(court, recorded, "hospital", 2, sequence=1)
    until = desk.chain.now() + court.ANSWER()
    desk.chain.set_time(until + 1)
    with reverts("TooLate", until=until):
        _show(court, recorded, "hospital", 2)


def test_what_is_not_shown_in_time_is_void(
    court: Contract, monitor: Contract, desk: Desk, recorded: Forger, booking: m.Booking
) -> None:
    _demand(court, recorded, booking, "hospital", 2)
    until = desk.chain.now() + court.ANSWER()
    desk.chain.set_time(until)
    with reverts("NotYet", from_=until + 1):
        _lapse(court, recorded, booking, "hospital", 0)
    desk.chain.set_time(until + 1)
    before = desk.balance("hospital")

    receipt = _lapse(court, recorded, booking, "hospital", 0)

    assert receipt.event("DemandLapsed").args.sequence == 0
    assert monitor.voidsOf(recorded.consignment, recorded.device) == 0b1
    assert desk.balance("hospital") - before == SHARE
    assert purse(monitor)[1] == BOND - SHARE
    with reverts("NoDemand"):
        _lapse(court, recorded, booking, "hospital", 0)


def test_demand_lapses_also_when_the_batch_is_void_already(
    court: Contract, monitor: Contract, desk: Desk, recorded: Forger, booking: m.Booking
) -> None:
    _demand(court, recorded, booking, "hospital", 2)
    _demand(court, recorded, booking, "branch_carrier", 3)
    desk.chain.set_time(desk.chain.now() + court.ANSWER() + 1)
    _lapse(court, recorded, booking, "hospital", 0)
    locked = purse(monitor)[1]
    _lapse(court, recorded, booking, "branch_carrier", 0)
    assert purse(monitor)[1] == locked
    _demand(court, recorded, booking, "branch_carrier", 7)


def test_carrier_to_whom_it_was_not_shown_has_its_freight(
    court: Contract,
    monitor: Contract,
    desk: Desk,
    forger: Forger,
    booking: m.Booking,
    deliver: Callable[[], Receipt],
) -> None:
    desk.chain.set_time(LATEST[1])
    forger.record(forger.leaves(steady(LATEST[0] + 60, 6, 900)))
    deliver()
    before = desk.balance("branch_carrier")
    _demand(court, forger, booking, "branch_carrier", 2)
    desk.chain.set_time(desk.chain.now() + court.ANSWER() + 1)
    _lapse(court, forger, booking, "branch_carrier", 0)
    assert desk.balance("branch_carrier") - before == FREIGHTS[1] + SHARE
    assert purse(monitor)[1] == BOND - SHARE - FREIGHTS[1]


def test_last_demand_can_be_answered_and_told_before_the_release(
    court: Contract,
    monitor: Contract,
    desk: Desk,
    recorded: Forger,
    booking: m.Booking,
    deliver: Callable[[], Receipt],
    stranger: Key,
) -> None:
    deliver()
    over = desk.chain.now() + court.CHALLENGE()
    desk.chain.set_time(over - 1)
    _demand(court, recorded, booking, "hospital", 2)
    desk.chain.set_time(over)
    with reverts("TooLate", until=over):
        _demand(court, recorded, booking, "carrier", 2)
    released = over + court.ANSWER() + court.GRACE()
    desk.chain.set_time(released - 1)
    with reverts("NotYet", from_=released):
        court.release(recorded.consignment, recorded.device, booking, sender=stranger)
    _lapse(court, recorded, booking, "hospital", 0)
    assert court.caseOf(recorded.consignment, recorded.device).is_forfeited


def test_bond_is_free_again_in_the_end(
    court: Contract,
    monitor: Contract,
    desk: Desk,
    recorded: Forger,
    booking: m.Booking,
    deliver: Callable[[], Receipt],
    stranger: Key,
) -> None:
    who = (recorded.consignment, recorded.device)
    with reverts("StillOpen", consignment=recorded.consignment):
        court.release(*who, booking, sender=stranger)
    deliver()
    desk.chain.set_time(desk.chain.now() + 10 * DAY)
    with reverts("WrongBooking"):
        court.release(*who, replace(booking, salt=bytes(32)), sender=stranger)
    with reverts("NotWatched", device=key_of("second_device")):
        court.release(who[0], key_of("second_device"), booking, sender=stranger)
    free, locked = purse(monitor)

    told = court.release(*who, booking, sender=stranger).event("WatchReleased").args

    assert (told.to, told.amount) == (key_of("carrier").address, BOND)
    assert purse(monitor) == (free + BOND, locked - BOND)
    with reverts("Released", consignment=recorded.consignment, device=recorded.device):
        court.release(*who, booking, sender=stranger)


def test_bond_of_a_consignment_that_was_never_picked_up_is_free_again(
    court: Contract, monitor: Contract, desk: Desk, booked: int, booking: m.Booking, stranger: Key
) -> None:
    desk.chain.set_time(booking.pick_up_by + 8 * DAY)
    desk.lapse(booked, sender=stranger)
    desk.chain.set_time(desk.chain.now() + 10 * DAY)
    court.release(booked, key_of("device"), booking, sender=stranger)
    assert purse(monitor)[1] == 0
