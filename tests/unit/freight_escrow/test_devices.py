"""What proves a delivery: several devices, and other evidence that a booking names.

Several devices (FRT-39, MON-11), under ANY and EACH
├── given one is silent from the start: under ANY the other proves; under EACH it is missing
│   └── it may say that it arrived, but its silence stands: refused, or quarantined with acceptance
├── given one is late: under EACH its batch is waited for; under ANY the other proves
├── given one has lied: void, its batches are silence; under ANY the other is believed
├── given one reads more than the other: EACH counts the greater, ANY the lesser, leg by leg
├── given a batch over a handover that is split: the leg that was in the sun answers
└── a word twice, or of a device that is not the consignment's: refused
Other evidence (FRT-38)
├── when it is silent: the goods are delivered, whatever the devices say
├── when it refuses, reverts, burns all gas or is nobody: refused
│   └── the acceptance stands in for it a day after the latest arrival; else time ends it
└── when it calls back: nothing changes by that
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from aidline.client import Contract
from aidline.errors import ContractReverted, TransactionFailed
from aidline.freight import device_evidence
from aidline.model import DeviceRule, Policy, Resolution, Status
from aidline.signing import Key
from aidline.telemetry import Recorder
from aidline.watches import told_of
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk, pay_of, terms
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY
from tests.support.telemetry import Forger

PICK_UP, ARRIVED = DEPARTURES[0], LATEST[2]
WAY = (PICK_UP, *LATEST)
FIRST, SECOND = key_of("device"), key_of("third_device")
RULES = pytest.mark.parametrize("rule", [DeviceRule.ANY, DeviceRule.EACH])
Readings = list[tuple[int, int, int]]


def way(temperature: int = 500, start: int = PICK_UP, end: int = ARRIVED) -> Readings:
    """Readings every ten minutes."""
    return [(time, temperature, 5_000) for time in range(start, end + 1, 600)]


def carry(desk: Desk, rule: DeviceRule, policy: Policy, **changes: Any) -> int:
    """Book with two devices of two operators, and bring it to the last carrier, on time."""
    booking = desk.booking(
        [desk.allocate()],
        devices=[FIRST.address, SECOND.address],
        terms=terms(policy=policy, device_rule=rule),
        **changes,
    )
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    for number, at in enumerate((PICK_UP, *LATEST[:2])):
        desk.pass_on(consignment, number, at)
    desk.chain.set_time(ARRIVED)
    return consignment


def read(desk: Desk, consignment: int, device: Key, *batches: Readings) -> None:
    """Record the batches of one device."""
    told = told_of(desk.suite.monitor, consignment)
    watch = next(one.watch for one in told if one.watch.device == device.address)
    recorder = Recorder(consignment, watch)
    for readings in batches:
        desk.record(recorder, readings, "device" if device == FIRST else "third_device")


def by_leg(temperature: int) -> list[Readings]:
    """Readings all the way, in batches that end with the legs."""
    return [way(temperature, start + 600 * (start > PICK_UP), end) for start, end in pairwise(WAY)]


def said(desk: Desk, consignment: int, *devices: Key, batches: int = 1) -> bytes:
    """Return the word of these devices that they have arrived, after so many batches each."""
    arrival = desk.arrival(consignment, ARRIVED, batches)
    return device_evidence(
        [(one.address, arrival, arrival.sign(one, desk.domain)) for one in devices]
    )


def deliver(desk: Desk, consignment: int, evidence: bytes, accepted: bool = False) -> None:
    handover = desk.handover(consignment, 3, ARRIVED)
    desk.deliver(desk.proof(handover, accepted=accepted, evidence=evidence))


# --- several devices ---


def test_under_any_one_device_proves_for_a_silent_one(desk: Desk, freight: Contract) -> None:
    consignment = carry(desk, DeviceRule.ANY, Policy.DEVICE)
    read(desk, consignment, FIRST, way())
    deliver(desk, consignment, said(desk, consignment, FIRST))
    assert freight.consignment(consignment).resolution == Resolution.DELIVERED
    assert desk.paid(consignment) == list(FREIGHTS)
    desk.check_money()


def test_under_any_a_silent_device_proves_nothing_by_itself(desk: Desk) -> None:
    consignment = carry(desk, DeviceRule.ANY, Policy.DEVICE)
    with reverts("SilentTooLong", consignment=consignment, silence=ARRIVED - PICK_UP):
        deliver(desk, consignment, said(desk, consignment, SECOND, batches=0))


def test_under_each_a_silent_device_is_missing(desk: Desk, freight: Contract) -> None:
    consignment = carry(desk, DeviceRule.EACH, Policy.BOTH)
    read(desk, consignment, FIRST, way())
    with reverts("DevicesMissing", consignment=consignment, given=1, needed=2):
        deliver(desk, consignment, said(desk, consignment, FIRST), accepted=True)
    # A device that only says that it is there leaves the way unwatched: into quarantine.
    arrival = desk.arrival(consignment, ARRIVED, 0)
    word = (SECOND.address, arrival, arrival.sign(SECOND, desk.domain))
    other = desk.arrival(consignment, ARRIVED, 1)
    evidence = device_evidence([(FIRST.address, other, other.sign(FIRST, desk.domain)), word])
    deliver(desk, consignment, evidence, accepted=True)
    record = freight.consignment(consignment)
    assert record.resolution == Resolution.DELIVERED_DAMAGED
    assert desk.paid(consignment) == list(FREIGHTS)
    desk.check_money()


@RULES
def test_a_late_batch_is_waited_for_where_its_device_speaks(
    desk: Desk, freight: Contract, rule: DeviceRule
) -> None:
    consignment = carry(desk, rule, Policy.DEVICE)
    read(desk, consignment, FIRST, way())
    both = said(desk, consignment, FIRST, SECOND)
    with reverts("BatchesMissing", consignment=consignment):
        deliver(desk, consignment, both)
    if rule is DeviceRule.EACH:
        read(desk, consignment, SECOND, way())
    deliver(desk, consignment, both if rule is DeviceRule.EACH else said(desk, consignment, FIRST))
    assert freight.consignment(consignment).resolution == Resolution.DELIVERED
    assert desk.paid(consignment) == list(FREIGHTS)


@RULES
def test_a_device_that_has_lied_is_silent(desk: Desk, freight: Contract, rule: DeviceRule) -> None:
    consignment = carry(desk, rule, Policy.DEVICE)
    forger = Forger(desk, consignment, SECOND)
    # Its summary says that it was too warm all the way; the leaves are within the band.
    forger.record(forger.leaves(way()), temperature_max=900, temperature_exposure=900_000)
    read(desk, consignment, FIRST, way())
    leaf = forger.shown(0, len(forger.batches[0][1]) - 1)
    desk.suite.court.convictLeaf(
        forger.recorded(0), desk.bookings[consignment], leaf, sender=key_of("stranger")
    )
    both = said(desk, consignment, FIRST, SECOND)
    if rule is DeviceRule.EACH:
        with reverts("SilentTooLong", consignment=consignment, silence=ARRIVED - PICK_UP):
            deliver(desk, consignment, both)
        return
    deliver(desk, consignment, both)
    assert freight.consignment(consignment).resolution == Resolution.DELIVERED
    assert desk.paid(consignment) == list(FREIGHTS)


@RULES
def test_each_counts_the_greater_exposure_and_any_the_lesser(desk: Desk, rule: DeviceRule) -> None:
    consignment = carry(desk, rule, Policy.DEVICE)
    read(desk, consignment, FIRST, *by_leg(500))
    # Twelve hundredths of a degree too warm all the way.
    read(desk, consignment, SECOND, *by_leg(812))
    deliver(desk, consignment, said(desk, consignment, FIRST, SECOND, batches=3))
    warm = [12 * (end - start) if rule is DeviceRule.EACH else 0 for start, end in pairwise(WAY)]
    agreed = desk.bookings[consignment].terms
    assert desk.paid(consignment) == [
        pay_of(freight, agreed, 0, heat, 0) for freight, heat in zip(FREIGHTS, warm, strict=True)
    ]
    assert (desk.paid(consignment) == list(FREIGHTS)) is (rule is DeviceRule.ANY)


@RULES
def test_a_split_batch_tells_the_legs_of_its_device_apart(desk: Desk, rule: DeviceRule) -> None:
    consignment = carry(desk, rule, Policy.DEVICE)
    read(desk, consignment, FIRST, way(812))
    forger = Forger(desk, consignment, SECOND)
    # In the sun with the first carrier only; one batch spans all three legs.
    leaves = forger.leaves(way(900, end=LATEST[0]) + way(500, start=LATEST[0] + 600))
    forger.record(leaves)
    assert [leg.temperature for leg in desk.outcomes(consignment)][:2] == [0, 0]
    turn = next(number for number, leaf in enumerate(leaves) if leaf.time == LATEST[0])
    desk.suite.court.proveSplit(
        forger.recorded(0),
        [],
        LATEST[0],
        forger.shown(0, turn),
        forger.shown(0, turn + 1),
        sender=key_of("stranger"),
    )
    # The other was not heard before the last leg: it is no witness for those before.
    deliver(desk, consignment, said(desk, consignment, FIRST, SECOND))
    (told,) = desk.freight.events("ConsignmentSettled", consignment=consignment)
    rest = leaves[-1].temperature_exposure - leaves[turn].temperature_exposure
    last = {DeviceRule.ANY: rest, DeviceRule.EACH: 12 * (ARRIVED - PICK_UP)}[rule]
    assert [leg.temperature for leg in told.args.legs] == [100 * (LATEST[0] - PICK_UP), 0, last]


def test_reverts_when_a_word_comes_twice_or_of_another_device(desk: Desk) -> None:
    consignment = carry(desk, DeviceRule.EACH, Policy.DEVICE)
    read(desk, consignment, FIRST, way())
    for second in (FIRST, key_of("second_device")):
        with reverts("WrongDevice", consignment=consignment, device=second):
            deliver(desk, consignment, said(desk, consignment, FIRST, second))


# --- other evidence ---

#: By `OddEvidence.Answer`.
PROVE, REFUSE, REVERT, BURN, CALL_BACK = range(1, 6)


def odd(desk: Desk, answer: int) -> Contract:
    return desk.suite.rooms.deploy("OddEvidence", answer)


def test_other_evidence_stands_in_for_the_arrival(desk: Desk, freight: Contract) -> None:
    evidence = odd(desk, PROVE).address
    consignment = carry(desk, DeviceRule.EACH, Policy.BOTH, evidence=evidence)
    # The devices were silent all the way: what is delivered unwatched goes into quarantine.
    deliver(desk, consignment, b"", accepted=True)
    assert freight.consignment(consignment).resolution == Resolution.DELIVERED_DAMAGED
    assert desk.paid(consignment) == list(FREIGHTS)


@pytest.mark.parametrize("answer", [REFUSE, REVERT, BURN], ids=["refuses", "reverts", "burns"])
def test_what_refuses_holds_up_until_acceptance_stands_in(
    desk: Desk, freight: Contract, answer: int
) -> None:
    evidence = odd(desk, answer).address
    consignment = carry(desk, DeviceRule.ANY, Policy.BOTH, evidence=evidence)
    read(desk, consignment, FIRST, way())
    for given in (b"", said(desk, consignment, FIRST), b"\x01"):
        _refused(desk, consignment, given)
    desk.chain.set_time(ARRIVED + DAY - 1)
    _refused(desk, consignment, b"")
    desk.chain.set_time(ARRIVED + DAY)
    deliver(desk, consignment, b"", accepted=True)
    assert freight.consignment(consignment).resolution == Resolution.DELIVERED
    assert desk.paid(consignment) == list(FREIGHTS)
    desk.check_money()


def _refused(desk: Desk, consignment: int, evidence: bytes) -> None:
    with pytest.raises((ContractReverted, TransactionFailed)):
        deliver(desk, consignment, evidence, accepted=True)


def test_without_acceptance_only_time_ends_what_evidence_refuses(
    desk: Desk, freight: Contract
) -> None:
    evidence = odd(desk, REVERT).address
    consignment = carry(desk, DeviceRule.ANY, Policy.DEVICE, evidence=evidence)
    desk.chain.set_time(ARRIVED + 20 * DAY)
    with pytest.raises(TransactionFailed):
        deliver(desk, consignment, b"")
    desk.lapse(consignment, sender=key_of("stranger"))
    assert freight.consignment(consignment).status == Status.SETTLED
    desk.check_money()


def test_evidence_that_is_no_contract_refuses(desk: Desk) -> None:
    consignment = carry(
        desk, DeviceRule.ANY, Policy.BOTH, evidence=key_of("nobody's contract").address
    )
    _refused(desk, consignment, b"")


def test_evidence_that_calls_back_changes_nothing(desk: Desk, freight: Contract) -> None:
    evidence = odd(desk, CALL_BACK)
    consignment = carry(desk, DeviceRule.ANY, Policy.BOTH, evidence=evidence.address)
    read(desk, consignment, FIRST, way())
    handover = desk.handover(consignment, 3, ARRIVED)
    proof = desk.proof(handover, accepted=True)
    again = freight["deliver"].call_data(desk.bookings[consignment], desk.told(consignment), proof)
    evidence.setCall(again, sender=key_of("stranger"))
    receipt = desk.deliver(proof)
    assert [event.name for event in receipt.events].count("ConsignmentSettled") == 1
    assert desk.paid(consignment) == list(FREIGHTS)
    desk.check_money()


def test_other_evidence_needs_a_policy_that_asks_for_an_arrival(desk: Desk) -> None:
    booking = desk.booking([desk.allocate()], evidence=odd(desk, PROVE).address)
    with reverts("BadTerms"):
        desk.book(booking)
