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

    receipt = freight.settleSilent(arrived, sender=key_of("stranger"))

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
    freight.settleSilent(arrived, sender=hospital)
    assert freight.consignment(arrived).resolution == Resolution.DELIVERED
    desk.check_money()


@pytest.mark.parametrize("person", ["stranger", "terminal_carrier", "supplier"])
def test_reverts_while_the_consignee_may_refuse(
    desk: Desk, freight: Contract, arrived: int, person: str
) -> None:
    desk.chain.set_time(PROVEN + DAY - 1)
    with reverts("NotYet", consignment=arrived, from_=PROVEN + DAY):
        freight.settleSilent(arrived, sender=key_of(person))


def test_readings_after_arrival_do_not_count(
    desk: Desk, freight: Contract, arrived: int, read: Callable[..., None]
) -> None:
    desk.chain.set_time(PROVEN + DAY)
    read(LATEST[2] + 600, PROVEN + DAY, 3_000)
    freight.settleSilent(arrived, sender=key_of("stranger"))
    record = freight.consignment(arrived)
    assert (record.resolution, record.paid) == (Resolution.DELIVERED, sum(FREIGHTS))


def test_settles_also_when_the_consignee_is_suspended_meanwhile(
    desk: Desk, freight: Contract, registry: Contract, arrived: int, suspender: Key
) -> None:
    registry.suspend(key_of("hospital"), word("fraud"), sender=suspender)
    desk.chain.set_time(PROVEN + DAY)
    freight.settleSilent(arrived, sender=key_of("stranger"))
    assert freight.consignment(arrived).status == Status.SETTLED


def test_refusing_returns_the_goods(
    desk: Desk, freight: Contract, ledger: Contract, arrived: int, allocation: int, hospital: Key
) -> None:
    desk.chain.set_time(PROVEN + DAY - 1)
    before = {name: desk.balance(name) for name in (*CARRIERS, "hospital")}

    receipt = freight.refuse(arrived, sender=hospital)

    told = receipt.event("ConsignmentSettled").args
    assert (told.resolution, told.paid, told.refunded) == (
        Resolution.REFUSED,
        FREIGHTS[0] + FREIGHTS[1],
        FREIGHTS[2],
    )
    legs = [event.args.paid for event in receipt.events if event.name == "LegSettled"]
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
    assert freight.outcomeOf(arrived, 2).pay == 0
    desk.check_money()


@pytest.mark.parametrize("person", ["stranger", "terminal_carrier", "supplier", "second_hospital"])
def test_reverts_when_another_refuses(freight: Contract, arrived: int, person: str) -> None:
    with reverts("NotConsignee", consignment=arrived, caller=key_of(person)):
        freight.refuse(arrived, sender=key_of(person))


def test_reverts_when_the_day_has_passed(
    desk: Desk, freight: Contract, arrived: int, hospital: Key
) -> None:
    desk.chain.set_time(PROVEN + DAY)
    with reverts("Expired", deadline=PROVEN + DAY):
        freight.refuse(arrived, sender=hospital)


def test_reverts_when_it_has_not_arrived(freight: Contract, last_leg: int, hospital: Key) -> None:
    with reverts("WrongStatus", consignment=last_leg, status=Status.IN_TRANSIT):
        freight.refuse(last_leg, sender=hospital)
    with reverts("WrongStatus", consignment=last_leg, status=Status.IN_TRANSIT):
        freight.settleSilent(last_leg, sender=hospital)


def test_ends_once(desk: Desk, freight: Contract, arrived: int, hospital: Key) -> None:
    freight.refuse(arrived, sender=hospital)
    desk.chain.set_time(PROVEN + 30 * DAY)
    for act in (freight.refuse, freight.settleSilent, freight.lapse):
        with reverts("WrongStatus", consignment=arrived, status=Status.SETTLED):
            act(arrived, sender=hospital)
    desk.check_money()


def test_reverts_when_unknown(freight: Contract, hospital: Key) -> None:
    for act in (freight.refuse, freight.settleSilent, freight.lapse):
        with reverts("UnknownConsignment", consignment=9):
            act(9, sender=hospital)
