"""Proof of delivery: `deliver`.

deliver
├── when the consignment is unknown, or not on its way: refused
├── when legs remain: refused
├── when the handover is another's, of another place, content or time, or signed by others: refused
├── when the consignee is suspended: refused
├── by policy
│   ├── CONSIGNEE: release and acceptance
│   ├── DEVICE: release and the device's arrival, with its batches and no long silence
│   ├── BOTH: all three
│   └── DEVICE_THEN_SILENCE: as DEVICE, then a day's silence; at once with acceptance
├── given a dead device, a day after the latest arrival: acceptance stands in for it
├── given an exposure above its floor, or an unproven condition: into quarantine
└── else each leg is paid by its own lateness and exposure, the rest goes back
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aidline.client import Contract
from aidline.freight import device_evidence
from aidline.model import ParcelState, Policy, Resolution, Status
from aidline.signing import Key
from aidline.telemetry import Recorder
from aidline.watches import told_of
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, LIMIT, Desk, pay_of, terms
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

ARRIVED = LATEST[2]
Read = Callable[..., None]
POLICIES = [Policy.CONSIGNEE, Policy.DEVICE, Policy.BOTH, Policy.DEVICE_THEN_SILENCE]


@pytest.fixture
def policy(request: pytest.FixtureRequest) -> Policy:
    return getattr(request, "param", Policy.CONSIGNEE)


def by(policy: Policy) -> pytest.MarkDecorator:
    """Book under this policy."""
    return pytest.mark.parametrize("policy", [policy], indirect=True)


def _proof(desk: Desk, consignment: int, policy: Policy, at: int = ARRIVED) -> dict[str, Any]:
    handover = desk.handover(consignment, 3, at)
    by_device = policy is not Policy.CONSIGNEE
    batches = len(told_of(desk.suite.monitor, consignment)[0].batches)
    return desk.proof(
        handover,
        desk.arrival(consignment, at, batches) if by_device else None,
        accepted=policy in (Policy.CONSIGNEE, Policy.BOTH),
    )


@pytest.mark.parametrize("policy", [Policy.CONSIGNEE, Policy.DEVICE, Policy.BOTH], indirect=True)
def test_pays_every_leg_in_full(
    desk: Desk, freight: Contract, ledger: Contract, logged: int, policy: Policy, allocation: int
) -> None:
    before = {name: desk.balance(name) for name in (*CARRIERS, "hospital")}

    receipt = desk.deliver(_proof(desk, logged, policy))

    told = receipt.event("CustodyChanged").args
    assert (told.sequence, told.station, told.at) == (3, desk.stations[3], ARRIVED)
    assert (told.from_, told.to) == (
        key_of("terminal_carrier").address,
        key_of("hospital").address,
    )
    told = receipt.event("ConsignmentSettled").args
    assert (told.consignment, told.resolution) == (logged, Resolution.DELIVERED)
    assert (told.paid, told.refunded) == (sum(FREIGHTS), 0)
    legs = receipt.event("ConsignmentSettled").args.legs
    assert [(leg.pay, leg.late, leg.temperature, leg.humidity) for leg in legs] == [
        (freight, 0, 0, 0) for freight in FREIGHTS
    ]
    assert [leg.silence for leg in legs] == [600, 600, 600]

    record = freight.consignment(logged)
    assert (record.status, record.resolution) == (Status.SETTLED, Resolution.DELIVERED)
    assert (record.legs_done, record.arrived_at) == (3, ARRIVED)
    assert (record.proven_at, record.ended_at) == (receipt.timestamp, receipt.timestamp)
    assert (record.paid, record.refunded) == (sum(FREIGHTS), 0)
    for name, fee in zip(CARRIERS, FREIGHTS, strict=True):
        assert desk.balance(name) - before[name] == fee
    assert desk.balance("hospital") == before["hospital"]
    desk.check_money()

    parcel = ledger.parcel(desk.suite.demand.allocation(allocation).parcel)
    assert (parcel.state, parcel.custodian) == (
        ParcelState.DELIVERED,
        key_of("hospital").address,
    )
    assert (parcel.station, parcel.since, parcel.consignment) == (desk.stations[3], ARRIVED, 0)


@by(Policy.DEVICE_THEN_SILENCE)
def test_waits_for_the_consignee(
    desk: Desk, freight: Contract, ledger: Contract, logged: int, allocation: int
) -> None:
    desk.chain.set_time(ARRIVED + HOUR)
    receipt = desk.deliver(_proof(desk, logged, Policy.DEVICE_THEN_SILENCE))

    assert [event.name for event in receipt.events] == ["Arrived"]
    record = freight.consignment(logged)
    assert (record.status, record.resolution) == (Status.ARRIVED, Resolution.NULL)
    assert (record.arrived_at, record.proven_at) == (ARRIVED, ARRIVED + HOUR)
    assert (record.paid, record.refunded, record.ended_at) == (0, 0, 0)
    parcel = ledger.parcel(desk.suite.demand.allocation(allocation).parcel)
    assert parcel.state == ParcelState.IN_TRANSIT
    assert parcel.custodian == key_of("terminal_carrier").address
    desk.check_money()
    # It is proven once.
    with reverts("WrongStatus", consignment=logged, status=Status.ARRIVED):
        desk.deliver(_proof(desk, logged, Policy.DEVICE_THEN_SILENCE))


@by(Policy.DEVICE_THEN_SILENCE)
def test_settles_at_once_when_the_consignee_accepts(
    desk: Desk, freight: Contract, logged: int
) -> None:
    handover = desk.handover(logged, 3, ARRIVED)
    desk.deliver(desk.proof(handover, desk.arrival(logged, ARRIVED, 3), accepted=True))
    assert freight.consignment(logged).resolution == Resolution.DELIVERED
    desk.check_money()


def test_pays_less_for_a_late_leg_and_not_for_the_next(
    desk: Desk, freight: Contract, picked_up: int
) -> None:
    # The branch leg takes two hours more than agreed, the terminal leg no longer than agreed.
    desk.pass_on(picked_up, 1, LATEST[0])
    desk.pass_on(picked_up, 2, LATEST[1] + 2 * HOUR)
    desk.chain.set_time(LATEST[2] + 2 * HOUR)
    before = desk.balance("hospital")

    receipt = desk.deliver(_proof(desk, picked_up, Policy.CONSIGNEE, LATEST[2] + 2 * HOUR))

    legs = receipt.event("ConsignmentSettled").args.legs
    assert [leg.late for leg in legs] == [0, 2 * HOUR, 0]
    # Two hours late of four and a half that count: three of four and a half are left.
    less = FREIGHTS[1] * 3 * HOUR // (9 * HOUR // 2)
    assert [leg.pay for leg in legs] == [FREIGHTS[0], less, FREIGHTS[2]]
    assert desk.balance("hospital") - before == FREIGHTS[1] - less
    assert desk.paid(picked_up)[1] == less
    desk.check_money()


@pytest.mark.parametrize(
    ("late", "late_legs"),
    [
        # What is made good on the way costs only who was late.
        ([HOUR, 0, 0], [HOUR, 0, 0]),
        ([HOUR, HOUR, HOUR], [HOUR, 0, 0]),
        ([HOUR, 2 * HOUR, 2 * HOUR], [HOUR, HOUR, 0]),
        ([2 * HOUR, HOUR, 3 * HOUR], [2 * HOUR, 0, 2 * HOUR]),
        ([0, 0, 6 * HOUR], [0, 0, 6 * HOUR]),
        ([-HOUR, -HOUR, -HOUR], [0, 0, 0]),
    ],
)
def test_each_leg_answers_for_its_own_lateness(
    desk: Desk, freight: Contract, picked_up: int, late: list[int], late_legs: list[int]
) -> None:
    desk.pass_on(picked_up, 1, LATEST[0] + late[0])
    desk.pass_on(picked_up, 2, LATEST[1] + late[1])
    desk.chain.set_time(LATEST[2] + late[2])
    desk.deliver(_proof(desk, picked_up, Policy.CONSIGNEE, LATEST[2] + late[2]))
    for number in range(3):
        outcome = desk.outcomes(picked_up)[number]
        assert outcome.late == late_legs[number]
        assert outcome.pay == pay_of(FREIGHTS[number], terms(), late_legs[number], 0, 0)
    desk.check_money()


def test_time_before_the_next_departure_is_nobodys_lateness(
    desk: Desk, freight: Contract, allocation: int
) -> None:
    # The branch leg departs an hour after the trunk leg's latest arrival.
    legs = desk.legs()
    legs[0] = replace(legs[0], latest_arrival=LATEST[0] - HOUR)
    booking = desk.booking([allocation], legs=legs)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, LATEST[0] + HOUR)
    desk.pass_on(consignment, 2, LATEST[1] + 2 * HOUR)
    desk.chain.set_time(LATEST[2] + 2 * HOUR)
    desk.deliver(_proof(desk, consignment, Policy.CONSIGNEE, LATEST[2] + 2 * HOUR))
    late = [desk.outcomes(consignment)[number].late for number in range(3)]
    assert late == [2 * HOUR, HOUR, 0]


@by(Policy.BOTH)
def test_pays_less_for_the_leg_with_the_exposure(
    desk: Desk, freight: Contract, last_leg: int, read: Read, allocation: int
) -> None:
    read(DEPARTURES[0], LATEST[0])
    # 9 °C from ten minutes after the handover to its end, rising from 5 °C.
    read(LATEST[0] + 600, LATEST[0] + 1_800, 900)
    read(LATEST[0] + 2_400, LATEST[1], 500)
    read(LATEST[1] + 600, LATEST[2])
    # Beyond 8 °C for the last quarter of 600 s, 1200 s, the first quarter of 600 s.
    exposure = 7_500 + 120_000 + 7_500

    receipt = desk.deliver(_proof(desk, last_leg, Policy.BOTH))

    legs = receipt.event("ConsignmentSettled").args.legs
    assert [leg.temperature for leg in legs] == [0, exposure, 0]
    less = FREIGHTS[1] * (396_000 - exposure) // 360_000
    assert [leg.pay for leg in legs] == [FREIGHTS[0], less, FREIGHTS[2]]
    record = freight.consignment(last_leg)
    assert record.resolution == Resolution.DELIVERED
    assert (record.paid, record.refunded) == (
        FREIGHTS[0] + less + FREIGHTS[2],
        FREIGHTS[1] - less,
    )
    desk.check_money()


@by(Policy.DEVICE)
def test_quarantines_above_the_floor(
    desk: Desk, freight: Contract, ledger: Contract, last_leg: int, read: Read, allocation: int
) -> None:
    read(DEPARTURES[0], LATEST[0])
    read(LATEST[0] + 600, LATEST[1], 900)
    read(LATEST[1] + 600, LATEST[2])

    desk.deliver(_proof(desk, last_leg, Policy.DEVICE))

    record = freight.consignment(last_leg)
    assert record.resolution == Resolution.DELIVERED_DAMAGED
    assert [desk.paid(last_leg)[leg] for leg in range(3)] == [FREIGHTS[0], 0, FREIGHTS[2]]
    assert record.refunded == FREIGHTS[1]
    parcel = ledger.parcel(desk.suite.demand.allocation(allocation).parcel)
    assert (parcel.state, parcel.custodian) == (
        ParcelState.QUARANTINED,
        key_of("hospital").address,
    )
    desk.check_money()


def test_quarantines_above_the_floor_of_humidity(
    desk: Desk, freight: Contract, last_leg: int, read: Read
) -> None:
    # 64 % for 10,000 s and more.
    read(DEPARTURES[0], LATEST[0], 500, 6_400)
    desk.deliver(_proof(desk, last_leg, Policy.CONSIGNEE))
    outcome = desk.outcomes(last_leg)[0]
    assert outcome.humidity == 400 * 5 * HOUR
    assert outcome.pay == 0
    assert freight.consignment(last_leg).resolution == Resolution.DELIVERED_DAMAGED


def test_all_three_deductions_multiply(
    desk: Desk, freight: Contract, picked_up: int, read: Read
) -> None:
    # Humidity a little, temperature a little, an hour late, all on the trunk leg.
    end = LATEST[0] + HOUR
    desk.chain.set_time(LATEST[2] + HOUR)
    read(DEPARTURES[0], DEPARTURES[0] + 1_200, 900, 6_050)
    read(DEPARTURES[0] + 1_800, end, 500, 6_033)
    for number, at in ((1, end), (2, LATEST[1] + HOUR)):
        desk.hand_over(desk.handover(picked_up, number, at))
    outcome = desk.outcomes(picked_up)[0]
    assert outcome.late == HOUR
    assert 36_000 < outcome.temperature < 396_000
    assert 500_000 < outcome.humidity < 1_500_000
    expected = pay_of(FREIGHTS[0], terms(), HOUR, outcome.temperature, outcome.humidity)
    assert 0 < outcome.pay == expected < FREIGHTS[0] * 3 // 4
    desk.deliver(_proof(desk, picked_up, Policy.CONSIGNEE, LATEST[2] + HOUR))
    assert desk.paid(picked_up)[0] == expected
    desk.check_money()


def test_order_of_batch_and_handover_changes_nothing(
    desk: Desk, freight: Contract, picked_up: int, read: Read
) -> None:
    desk.chain.set_time(LATEST[2])

    def batches() -> None:
        read(DEPARTURES[0], LATEST[0])
        read(LATEST[0] + 600, LATEST[1], 820)
        read(LATEST[1] + 600, LATEST[2])

    batches()
    desk.hand_over(desk.handover(picked_up, 1, LATEST[0]))
    desk.hand_over(desk.handover(picked_up, 2, LATEST[1]))
    # Beyond 8 °C by 0.2 °C for nearly three hours, all in the second leg's custody.
    assert desk.outcomes(picked_up)[0].temperature == 0
    exposure = desk.outcomes(picked_up)[1].temperature
    assert 200_000 < exposure < 216_000
    desk.deliver(_proof(desk, picked_up, Policy.CONSIGNEE))
    # The way back into the band lies in the third leg's custody.
    assert 0 < desk.outcomes(picked_up)[2].temperature < 1_000
    assert desk.paid(picked_up)[1] == pay_of(FREIGHTS[1], terms(), 0, exposure, 0)


@by(Policy.DEVICE)
def test_batches_after_settlement_move_no_money(
    desk: Desk, freight: Contract, logged: int, read: Read
) -> None:
    desk.deliver(_proof(desk, logged, Policy.DEVICE))
    desk.chain.set_time(ARRIVED + DAY)
    read(ARRIVED + 600, ARRIVED + DAY, 3_000)
    assert [desk.outcomes(logged)[leg].pay for leg in range(3)] == list(FREIGHTS)
    desk.check_money()


# --- what the device must have done ---


@pytest.mark.parametrize("policy", [Policy.DEVICE, Policy.DEVICE_THEN_SILENCE], indirect=True)
def test_reverts_when_the_device_was_silent_too_long(
    desk: Desk, last_leg: int, read: Read, policy: Policy
) -> None:
    read(DEPARTURES[0], LATEST[0])
    silence = LATEST[2] - LATEST[0]
    with reverts("SilentTooLong", consignment=last_leg, silence=silence, longest=2 * HOUR):
        desk.deliver(_proof(desk, last_leg, policy))


@by(Policy.BOTH)
def test_quarantines_what_was_unwatched_too_long(
    desk: Desk, freight: Contract, last_leg: int, read: Read
) -> None:
    read(DEPARTURES[0], LATEST[0])
    desk.deliver(_proof(desk, last_leg, Policy.BOTH))
    record = freight.consignment(last_leg)
    assert record.resolution == Resolution.DELIVERED_DAMAGED
    # Silence is no breach of the carriers.
    assert (record.paid, record.refunded) == (sum(FREIGHTS), 0)


@pytest.mark.parametrize("policy", POLICIES[1:], indirect=True)
def test_reverts_when_a_batch_is_missing(
    desk: Desk, last_leg: int, read: Read, policy: Policy
) -> None:
    read(DEPARTURES[0], LATEST[2])
    handover = desk.handover(last_leg, 3, ARRIVED)
    proof = desk.proof(handover, desk.arrival(last_leg, ARRIVED, 2), accepted=True)
    with reverts("BatchesMissing", consignment=last_leg, recorded=1, signed=2):
        desk.deliver(proof)


@pytest.mark.parametrize("policy", POLICIES[1:], indirect=True)
@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("WrongArrival", {"consignment": 99}),
        ("WrongArrival", {"station": 99}),
        ("WrongArrival", {"at": ARRIVED + 1}),
        ("BatchAfterArrival", {"at": ARRIVED - 1}),
        ("Expired", {"deadline": ARRIVED - 1}),
    ],
)
def test_reverts_when_the_arrival_is_another(
    desk: Desk, logged: int, policy: Policy, error: str, changes: dict[str, int]
) -> None:
    handover = desk.handover(logged, 3, ARRIVED)
    arrival = replace(desk.arrival(logged, ARRIVED, 3), **changes)
    with reverts(error):
        desk.deliver(desk.proof(handover, arrival, accepted=policy is Policy.BOTH))


@pytest.mark.parametrize("policy", POLICIES[1:], indirect=True)
def test_reverts_when_another_device_arrived(desk: Desk, logged: int, policy: Policy) -> None:
    handover = desk.handover(logged, 3, ARRIVED)
    arrival, stranger = desk.arrival(logged, ARRIVED, 3), key_of("second_device")
    proof = desk.proof(
        handover,
        arrival,
        accepted=policy is Policy.BOTH,
        evidence=device_evidence(
            [(key_of("device").address, arrival, arrival.sign(stranger, desk.domain))]
        ),
    )
    with reverts("BadSignature", signer=key_of("device")):
        desk.deliver(proof)
    proof["evidence"] = device_evidence(
        [(stranger.address, arrival, arrival.sign(stranger, desk.domain))]
    )
    with reverts("WrongDevice", consignment=logged, device=stranger):
        desk.deliver(proof)


@pytest.mark.parametrize("policy", POLICIES[1:], indirect=True)
def test_reverts_when_the_device_is_retired(
    desk: Desk, registry: Contract, logged: int, policy: Policy, device: Key, carrier: Key
) -> None:
    registry.retireDevice(device, sender=carrier)
    with reverts("DeviceNotUsable", device=device, at=ARRIVED):
        desk.deliver(_proof(desk, logged, policy))


@pytest.mark.parametrize("policy", POLICIES[1:], indirect=True)
def test_reverts_when_the_device_has_not_signed(desk: Desk, logged: int, policy: Policy) -> None:
    handover = desk.handover(logged, 3, ARRIVED)
    with reverts("DevicesMissing", consignment=logged, given=0, needed=1):
        desk.deliver(desk.proof(handover, accepted=policy is Policy.BOTH))


@pytest.mark.parametrize("policy", POLICIES[1:], indirect=True)
def test_acceptance_stands_in_for_a_dead_device_after_a_day(
    desk: Desk, freight: Contract, registry: Contract, last_leg: int, policy: Policy
) -> None:
    registry.retireDevice(key_of("device"), sender=key_of("carrier"))
    proof = desk.proof(desk.handover(last_leg, 3, ARRIVED), accepted=True)
    desk.chain.set_time(LATEST[2] + DAY - 1)
    with reverts("DevicesMissing", consignment=last_leg):
        desk.deliver(proof)

    desk.chain.set_time(LATEST[2] + DAY)
    desk.deliver(proof)

    record = freight.consignment(last_leg)
    # What nobody watched is unproven.
    assert record.resolution == Resolution.DELIVERED_DAMAGED
    assert (record.paid, record.refunded) == (sum(FREIGHTS), 0)
    desk.check_money()


@pytest.mark.parametrize("policy", [Policy.DEVICE, Policy.DEVICE_THEN_SILENCE], indirect=True)
def test_without_acceptance_nothing_stands_in_for_a_device(
    desk: Desk, last_leg: int, policy: Policy
) -> None:
    desk.chain.set_time(LATEST[2] + 2 * DAY)
    with reverts("DevicesMissing", consignment=last_leg):
        desk.deliver(desk.proof(desk.handover(last_leg, 3, ARRIVED), accepted=False))


# --- who must have signed what ---


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("WrongConsignment", {"consignment": 99}),
        ("Expired", {"deadline": ARRIVED - 1}),
        ("WrongSequence", {"sequence": 2}),
        ("WrongSequence", {"sequence": 4}),
        ("WrongParty", {"from_": "carrier"}),
        ("WrongParty", {"to": "second_hospital"}),
        ("WrongStation", {"station": 99}),
        ("WrongContent", {"content": b"\1" * 32}),
        ("WrongHandoverTime", {"at": LATEST[1] - 1}),
        ("WrongHandoverTime", {"at": ARRIVED + 1}),
    ],
)
def test_reverts_when_the_handover_is_another(
    desk: Desk, logged: int, policy: Policy, error: str, changes: dict[str, Any]
) -> None:
    proof = _proof(desk, logged, policy)
    changed = {
        name: key_of(value).address if isinstance(value, str) else value
        for name, value in changes.items()
    }
    handover = replace(proof["handover"], **changed)
    again = desk.proof(handover, accepted=True)
    with reverts(error):
        desk.deliver(proof | {k: again[k] for k in ("handover", "release", "acceptance")}, logged)


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
@pytest.mark.parametrize("signer", ["carrier", "hospital", "stranger"])
def test_reverts_when_another_releases(
    desk: Desk, logged: int, policy: Policy, signer: str
) -> None:
    proof = _proof(desk, logged, policy)
    proof["release"] = proof["handover"].sign(key_of(signer), desk.domain)
    with reverts("BadSignature", signer=key_of("terminal_carrier")):
        desk.deliver(proof)


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
@pytest.mark.parametrize("signer", ["terminal_carrier", "second_hospital", "stranger"])
def test_reverts_when_another_accepts(desk: Desk, logged: int, policy: Policy, signer: str) -> None:
    proof = _proof(desk, logged, policy)
    proof["acceptance"] = proof["handover"].sign(key_of(signer), desk.domain)
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.deliver(proof)


@pytest.mark.parametrize("policy", [Policy.CONSIGNEE, Policy.BOTH], indirect=True)
def test_reverts_when_nobody_accepts(desk: Desk, logged: int, policy: Policy) -> None:
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.deliver(_proof(desk, logged, policy) | {"acceptance": b""})


def test_reverts_when_signed_for_another_chain(desk: Desk, logged: int) -> None:
    proof = _proof(desk, logged, Policy.CONSIGNEE)
    elsewhere = domain_of(desk.freight, chain_id=1)
    proof["release"] = proof["handover"].sign(key_of("terminal_carrier"), elsewhere)
    with reverts("BadSignature", signer=key_of("terminal_carrier")):
        desk.deliver(proof)


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
def test_reverts_when_the_consignee_is_suspended(
    desk: Desk, registry: Contract, logged: int, policy: Policy, suspender: Key
) -> None:
    registry.suspend(key_of("hospital"), word("fraud"), sender=suspender)
    with reverts("NotActive", account=key_of("hospital")):
        desk.deliver(_proof(desk, logged, policy))


def test_suspended_carrier_may_still_release(
    desk: Desk, freight: Contract, registry: Contract, logged: int, suspender: Key
) -> None:
    registry.suspend(key_of("terminal_carrier"), word("fraud"), sender=suspender)
    desk.deliver(_proof(desk, logged, Policy.CONSIGNEE))
    assert freight.consignment(logged).status == Status.SETTLED


def test_reverts_when_it_is_delivered_twice(desk: Desk, logged: int) -> None:
    proof = _proof(desk, logged, Policy.CONSIGNEE)
    desk.deliver(proof)
    with reverts("WrongStatus", consignment=logged, status=Status.SETTLED):
        desk.deliver(proof)


def test_reverts_before_pick_up(desk: Desk, booked: int) -> None:
    desk.chain.set_time(ARRIVED)
    proof = desk.proof(desk.handover(booked, 3, ARRIVED), accepted=True)
    with reverts("WrongStatus", consignment=booked, status=Status.BOOKED):
        desk.deliver(proof)


@pytest.mark.parametrize("done", [0, 1])
def test_reverts_when_legs_remain(desk: Desk, picked_up: int, done: int) -> None:
    if done:
        desk.pass_on(picked_up, 1, LATEST[0])
    desk.chain.set_time(ARRIVED)
    # The carrier who has the goods drives straight to the hospital.
    giver = CARRIERS[done]
    handover = desk.handover(picked_up, 3, ARRIVED, sequence=done + 1, from_=key_of(giver).address)
    proof = desk.proof(handover, accepted=True, release=handover.sign(key_of(giver), desk.domain))
    with reverts("LegsRemain", consignment=picked_up, done=done, legs=3):
        desk.deliver(proof)


def test_signatures_outlive_no_deadline(desk: Desk, logged: int) -> None:
    desk.chain.set_time(LIMIT + 1)
    with reverts("Expired", deadline=LIMIT):
        desk.deliver(_proof(desk, logged, Policy.CONSIGNEE))


def test_recorder_and_contract_agree(desk: Desk, recorder: Recorder, logged: int) -> None:
    told = told_of(desk.suite.monitor, logged)[0]
    assert len(told.batches) == recorder.batches == 3
    assert told.batches[-1] == recorder.last
