"""After a device's proof under DEVICE_THEN_SILENCE: `settleSilent` and `refuse`.

settleSilent
├── when the consignment has not arrived: refused
├── when the day has not passed and another than the consignee calls: refused
└── else it settles as a delivery at the time of arrival
refuse
├── when the caller is not the consignee: refused
├── when the consignment has not arrived: refused
├── when the day has passed: refused
└── else the goods are returned, in the last carrier's hands, whose leg is not paid
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aidline.client import Contract
from aidline.model import ParcelState, Policy, Resolution, Status
from aidline.signing import Key
from tests.support.freight import CARRIERS, FREIGHTS, LATEST, Desk
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

#: The proof is submitted an hour after the arrival: the consignee's day begins then.
PROVEN = LATEST[2] + HOUR


@pytest.fixture
def policy() -> Policy:
    return Policy.DEVICE_THEN_SILENCE


@pytest.fixture
def arrived(desk: Desk, logged: int) -> int:
    desk.chain.set_time(PROVEN)
    handover = desk.handover(logged, 3, LATEST[2])
    desk.deliver(desk.proof(handover, desk.arrival(logged, LATEST[2], 3), accepted=False))
    return logged


def test_settles_after_a_days_silence(
    desk: Desk, freight: Contract, ledger: Contract, arrived: int, allocation: int
) -> None:
    desk.chain.set_time(PROVEN + DAY)
    before = [desk.balance(name) for name in CARRIERS]

    receipt = desk.settle_silent(arrived, sender=key_of("stranger"))

    told = receipt.event("ConsignmentSettled").args
    assert (told.resolution, told.paid, told.refunded) == (
        Resolution.DELIVERED,
        sum(FREIGHTS),
        0,
    )
    assert receipt.event("CustodyChanged").args.at == LATEST[2]
    assert [desk.balance(name) for name in CARRIERS] == [
        was + fee for was, fee in zip(before, FREIGHTS, strict=True)
    ]
    record = freight.consignment(arrived)
    assert (record.status, record.legs_done) == (Status.SETTLED, 3)
    parcel_id = desk.suite.demand.allocation(allocation).parcel
    parcel = ledger.parcel(parcel_id)
    assert (parcel.state, parcel.since) == (ParcelState.DELIVERED, LATEST[2])
    assert ledger.responsibleAt(parcel_id, LATEST[2]) == key_of("hospital").address
    desk.check_money()


def test_consignee_need_not_wait(
    desk: Desk, freight: Contract, arrived: int, hospital: Key
) -> None:
    desk.settle_silent(arrived, sender=hospital)
    assert freight.consignment(arrived).resolution == Resolution.DELIVERED
    desk.check_money()


@pytest.mark.parametrize("person", ["stranger", "terminal_carrier", "supplier"])
def test_reverts_while_the_consignee_may_refuse(
    desk: Desk, freight: Contract, arrived: int, person: str
) -> None:
    desk.chain.set_time(PROVEN + DAY - 1)
    with reverts("NotYet", consignment=arrived, from_=PROVEN + DAY):
        desk.settle_silent(arrived, sender=key_of(person))


def test_readings_after_arrival_do_not_count(
    desk: Desk, freight: Contract, arrived: int, read: Callable[..., None]
) -> None:
    desk.chain.set_time(PROVEN + DAY)
    read(LATEST[2] + 600, PROVEN + DAY, 3_000)
    desk.settle_silent(arrived, sender=key_of("stranger"))
    record = freight.consignment(arrived)
    assert (record.resolution, record.paid) == (Resolution.DELIVERED, sum(FREIGHTS))


def test_settles_also_when_the_consignee_is_suspended_meanwhile(
    desk: Desk, freight: Contract, registry: Contract, arrived: int, suspender: Key
) -> None:
    registry.suspend(key_of("hospital"), word("fraud"), sender=suspender)
    desk.chain.set_time(PROVEN + DAY)
    desk.settle_silent(arrived, sender=key_of("stranger"))
    assert freight.consignment(arrived).status == Status.SETTLED


def test_refusing_returns_the_goods(
    desk: Desk, freight: Contract, ledger: Contract, arrived: int, allocation: int, hospital: Key
) -> None:
    desk.chain.set_time(PROVEN + DAY - 1)
    before = {name: desk.balance(name) for name in (*CARRIERS, "hospital")}

    told = desk.refuse(arrived, sender=hospital).event("HandoverRefused").args
    assert (told.sequence, told.by, told.reason) == (3, hospital.address, word("wet boxes"))
    assert freight.consignment(arrived).status == Status.REFUSED
    # The last carrier has a day to dispute it.
    desk.chain.set_time(PROVEN + 2 * DAY - 2)
    with reverts("NotYet", consignment=arrived, from_=PROVEN + 2 * DAY - 1):
        desk.settle_refused(arrived, sender=hospital)
    desk.chain.set_time(PROVEN + 2 * DAY - 1)

    receipt = desk.settle_refused(arrived, sender=key_of("stranger"))

    told = receipt.event("ConsignmentSettled").args
    assert (told.resolution, told.paid, told.refunded) == (
        Resolution.REFUSED,
        FREIGHTS[0] + FREIGHTS[1],
        FREIGHTS[2],
    )
    legs = [leg.pay for leg in receipt.event("ConsignmentSettled").args.legs]
    assert legs == [FREIGHTS[0], FREIGHTS[1], 0]
    record = freight.consignment(arrived)
    assert (record.status, record.resolution, record.legs_done) == (
        Status.SETTLED,
        Resolution.REFUSED,
        2,
    )
    assert desk.balance("hospital") - before["hospital"] == FREIGHTS[2]
    assert desk.balance("terminal_carrier") == before["terminal_carrier"]
    parcel = ledger.parcel(desk.suite.demand.allocation(allocation).parcel)
    assert (parcel.state, parcel.custodian) == (
        ParcelState.RETURNED,
        key_of("terminal_carrier").address,
    )
    assert parcel.station == desk.stations[3]
    desk.check_money()


@pytest.mark.parametrize("person", ["stranger", "terminal_carrier", "supplier", "second_hospital"])
def test_reverts_when_another_refuses(desk: Desk, arrived: int, person: str) -> None:
    with reverts("WrongParty", consignment=arrived, given=key_of(person)):
        desk.refuse(arrived, sender=key_of(person))


def test_reverts_when_the_day_has_passed(
    desk: Desk, freight: Contract, arrived: int, hospital: Key
) -> None:
    desk.chain.set_time(PROVEN + DAY)
    with reverts("Expired", deadline=PROVEN + DAY):
        desk.refuse(arrived, sender=hospital)


def test_reverts_when_it_has_not_arrived(desk: Desk, last_leg: int, hospital: Key) -> None:
    with reverts("WrongStatus", consignment=last_leg, status=Status.IN_TRANSIT):
        desk.settle_silent(last_leg, sender=hospital)


def test_ends_once(desk: Desk, arrived: int, hospital: Key) -> None:
    desk.refuse(arrived, sender=hospital)
    desk.chain.set_time(PROVEN + 30 * DAY)
    for act in (desk.refuse, desk.settle_silent, desk.lapse):
        with reverts("WrongStatus", consignment=arrived, status=Status.REFUSED):
            act(arrived, sender=hospital)
    desk.settle_refused(arrived, sender=hospital)
    for act in (desk.refuse, desk.settle_silent, desk.lapse, desk.settle_refused):
        with reverts("WrongStatus", consignment=arrived, status=Status.SETTLED):
            act(arrived, sender=hospital)
    desk.check_money()


def test_reverts_when_it_was_not_booked_so(desk: Desk, arrived: int, hospital: Key) -> None:
    desk.bookings[9] = replace(desk.bookings[arrived], salt=word("another"))
    order = desk.bookings[9].struct_hash()
    acts = (desk.refuse, desk.settle_silent, desk.lapse, desk.settle_refused, desk.stop_recalled)
    for act in acts:
        with reverts("UnknownBooking", booking=order):
            act(9, sender=hospital)
