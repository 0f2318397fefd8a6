"""Stopping what is recalled: `stopRecalled`.

when the consignment is unknown, has arrived or has ended: refused
given nothing aboard is recalled, or no longer: refused
given a lot aboard is recalled
├── not picked up: all is refunded, hours are free, the goods stay in quarantine with the consignor
├── on its way: no handover, no delivery; legs done are paid, the rest is refunded, the goods are
│   in quarantine with whoever has them
└── arrived, waiting for the consignee: settled as agreed, but into quarantine
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import ParcelState, Policy, Resolution, Status
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk, terms
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY


def _recall(desk: Desk, consignment: int) -> int:
    """Recall the lot aboard; its maker does."""
    ledger = desk.suite.ledger
    lot: int = ledger.parcel(ledger.parcelsOf(consignment)[0]).lot
    ledger.recall(lot, word("tainted"), word("sample"), sender=key_of("supplier"))
    return lot


def _check_stopped(desk: Desk, consignment: int, holder: str, paid: int) -> None:
    freight, ledger = desk.freight, desk.suite.ledger
    prepaid = sum(FREIGHTS)
    record = freight.consignment(consignment)
    assert (record.status, record.resolution) == (Status.SETTLED, Resolution.RECALLED)
    assert (record.paid, record.refunded) == (paid, prepaid - paid)
    for parcel in map(ledger.parcel, ledger.parcelsOf(consignment)):
        assert (parcel.state, parcel.consignment) == (ParcelState.QUARANTINED, 0)
        assert parcel.custodian == key_of(holder).address
    desk.check_money()


def test_what_was_not_picked_up_stays_with_the_consignor(
    desk: Desk, freight: Contract, network: Contract, booked: int
) -> None:
    before = desk.balance("hospital")
    lot = _recall(desk, booked)
    desk.chain.set_time(DEPARTURES[0])
    with reverts("LotRecalled", lot=lot):
        desk.hand_over(desk.handover(booked, 0, DEPARTURES[0]))

    receipt = desk.stop_recalled(booked, sender=key_of("stranger"))

    told = receipt.event("ConsignmentSettled").args
    assert (told.resolution, told.paid, told.refunded) == (Resolution.RECALLED, 0, sum(FREIGHTS))
    assert desk.balance("hospital") - before == sum(FREIGHTS)
    _check_stopped(desk, booked, "supplier", 0)
    for number, vehicle in enumerate(desk.vehicles):
        assert network.isFree(vehicle, DEPARTURES[number], LATEST[number])


@pytest.mark.parametrize("done", [0, 1, 2])
def test_on_its_way_legs_done_are_paid_and_the_rest_refunded(
    desk: Desk, freight: Contract, picked_up: int, done: int
) -> None:
    for number in range(1, done + 1):
        desk.pass_on(picked_up, number, LATEST[number - 1])
    holder = ("carrier", "branch_carrier", "terminal_carrier")[done]
    before = desk.balance("hospital")
    lot = _recall(desk, picked_up)
    desk.chain.set_time(LATEST[2])
    if done < 2:
        with reverts("LotRecalled", lot=lot):
            desk.hand_over(desk.handover(picked_up, done + 1, LATEST[2]))
    else:
        with reverts("ConsignmentRecalled", consignment=picked_up):
            desk.deliver(desk.proof(desk.handover(picked_up, 3, LATEST[2]), accepted=True))

    desk.stop_recalled(picked_up, sender=key_of("stranger"))

    _check_stopped(desk, picked_up, holder, sum(FREIGHTS[:done]))
    assert desk.balance("hospital") - before == sum(FREIGHTS[done:])
    assert [desk.paid(picked_up)[leg] for leg in range(3)] == [
        freight_ if leg < done else 0 for leg, freight_ in enumerate(FREIGHTS)
    ]
    assert freight.consignment(picked_up).legs_done == done


def test_what_has_arrived_is_settled_into_quarantine(
    desk: Desk, freight: Contract, allocation: int
) -> None:
    booking = desk.booking(
        [allocation], terms=terms(policy=Policy.DEVICE_THEN_SILENCE, longest_silence=30 * DAY)
    )
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    for number, at in enumerate((DEPARTURES[0], LATEST[0], LATEST[1])):
        desk.pass_on(consignment, number, at)
    desk.chain.set_time(LATEST[2])
    arrival = desk.arrival(consignment, LATEST[2], 0)
    desk.deliver(desk.proof(desk.handover(consignment, 3, LATEST[2]), arrival, accepted=False))
    _recall(desk, consignment)
    with reverts("WrongStatus", consignment=consignment, status=Status.ARRIVED):
        desk.stop_recalled(consignment, sender=key_of("stranger"))
    desk.chain.set_time(LATEST[2] + DAY)

    desk.settle_silent(consignment, sender=key_of("stranger"))

    _check_stopped(desk, consignment, "hospital", sum(FREIGHTS))


def test_reverts_when_nothing_is_recalled(desk: Desk, freight: Contract, picked_up: int) -> None:
    with reverts("NothingRecalled", consignment=picked_up):
        desk.stop_recalled(picked_up, sender=key_of("stranger"))


def test_goes_on_when_the_recall_is_lifted(desk: Desk, freight: Contract, picked_up: int) -> None:
    lot = _recall(desk, picked_up)
    ledger = desk.suite.ledger
    ledger.liftRecall(lot, word("second sample"), sender=key_of("second_auditor"))
    with reverts("NothingRecalled", consignment=picked_up):
        desk.stop_recalled(picked_up, sender=key_of("stranger"))
    desk.pass_on(picked_up, 1, LATEST[0])
    assert freight.consignment(picked_up).legs_done == 1


def test_reverts_when_ended(desk: Desk, booked: int) -> None:
    _recall(desk, booked)
    desk.stop_recalled(booked, sender=key_of("stranger"))
    with reverts("WrongStatus", consignment=booked, status=Status.SETTLED):
        desk.stop_recalled(booked, sender=key_of("stranger"))
