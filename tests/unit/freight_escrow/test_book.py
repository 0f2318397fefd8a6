"""Booking a consignment: `book`, and the reads of what is booked.

book
├── when it is paused, or the deadline has passed: refused
├── when terms, legs or times are not in order, or have dirty bits: refused
├── when a signature is missing, another's, for another chain or contract: refused
├── when the same booking was booked before: refused
├── when the payer may not book, or cannot pay: refused
├── when the allocation is booked, unknown or another recipient's: refused
├── when the way does not lead from where the goods are to where they are needed: refused
├── when a vehicle is taken, or a carrier or the consignee suspended: refused
├── when the device that speaks for the consignee is the last carrier's own: refused
├── given a permit that somebody has used up: the allowance decides
└── else freight, goods, hours and device are taken, whoever submits
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aidline import messages as m
from aidline.client import Contract, Receipt
from aidline.client.chain import Transaction
from aidline.errors import TransactionFailed
from aidline.freight import booking_in, booking_of
from aidline.model import AllocationStatus, ParcelState, Policy, Resolution, Status
from aidline.signing import Key
from aidline.watches import told_of
from tests.support.freight import CARRIERS, COLD, DEPARTURES, FREIGHTS, LATEST, Desk, terms
from tests.support.gifts import NO_PERMIT, permit_of
from tests.support.network import vehicle
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START, bind

WIDEST = {
    "temperature_min": -(2**15),
    "temperature_max": 2**15 - 1,
    "humidity_min": 0,
    "humidity_max": 10_000,
}


def test_takes_freight_goods_hours_and_device(
    desk: Desk,
    freight: Contract,
    ledger: Contract,
    monitor: Contract,
    network: Contract,
    allocation: int,
) -> None:
    booking = desk.booking([allocation])
    before = desk.balance("hospital")

    receipt = desk.book(booking)

    told = receipt.event("ConsignmentBooked").args
    consignment = told.consignment
    assert consignment == freight.consignmentCount() == 1
    assert (told.payer, told.prepaid) == (booking.payer, sum(FREIGHTS))
    assert told.booking == booking_in(told.order).struct_hash() == booking.struct_hash()
    assert booking_of(freight, consignment).struct_hash() == booking.struct_hash()

    record = freight.consignment(consignment)
    assert (record.status, record.resolution) == (Status.BOOKED, Resolution.NULL)
    assert (record.booked_at, record.pick_up_by) == (receipt.timestamp, booking.pick_up_by)
    assert (record.leg_count, record.legs_done) == (3, 0)
    assert (record.prepaid, record.paid, record.refunded) == (sum(FREIGHTS), 0, 0)
    assert freight.consignmentOf(booking.struct_hash()) == consignment
    for request in booking.legs:
        assert not network.isFree(request.vehicle, request.departure, request.latest_arrival)
        assert not network.isCrewFree(request.crew, request.departure, request.latest_arrival)
    assert [outcome.pay for outcome in desk.outcomes(consignment)] == [0, 0, 0]

    assert before - desk.balance("hospital") == sum(FREIGHTS)
    desk.check_money()
    taken = desk.suite.demand.allocation(allocation)
    assert (taken.status, taken.consignment) == (AllocationStatus.BOOKED, consignment)
    load = ledger.load(consignment)
    assert (load.custodian, load.state) == (key_of("supplier").address, ParcelState.ALLOCATED)
    assert list(ledger.parcelsOf(consignment)) == [taken.parcel]
    watch = told_of(monitor, consignment)[0].watch
    assert (watch.device, watch.band) == (booking.devices[0], COLD)


def test_hash_is_that_of_the_typed_message(desk: Desk, freight: Contract, allocation: int) -> None:
    booking = desk.booking([allocation, 5, 9])
    assert freight.hashBooking(booking) == booking.struct_hash()
    assert freight.BOOKING_TYPEHASH() == m.Booking.type_hash
    assert freight.BOOKING_ORDER_TYPEHASH() == m.BookingOrder.type_hash
    assert freight.LEG_ACCEPTANCE_TYPEHASH() == m.LegAcceptance.type_hash
    assert freight.POLICY_CONSENT_TYPEHASH() == m.PolicyConsent.type_hash
    assert freight.HANDOVER_TYPEHASH() == m.Handover.type_hash
    assert freight.ARRIVAL_TYPEHASH() == m.Arrival.type_hash
    assert freight.SALE_ACCEPTANCE_TYPEHASH() == m.SaleAcceptance.type_hash
    assert freight.HANDOVER_TRAIN_TYPEHASH() == m.HandoverTrain.type_hash
    assert freight.REFUSAL_TYPEHASH() == m.Refusal.type_hash


def test_carries_several_allocations(desk: Desk, ledger: Contract, allocation: int) -> None:
    other = desk.allocate(500)
    booking = desk.booking([allocation, other])
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    assert len(ledger.parcelsOf(consignment)) == 2


def test_donor_may_pay(desk: Desk, allocation: int, supplier: Key) -> None:
    before = desk.balance("supplier")
    desk.book(desk.booking([allocation], payer=supplier.address))
    assert before - desk.balance("supplier") == sum(FREIGHTS)
    desk.check_money()


def test_payer_who_calls_need_not_sign(desk: Desk, allocation: int) -> None:
    desk.book(desk.booking([allocation]), sender="hospital", payer=b"")
    desk.check_money()


def test_consignee_who_calls_need_not_consent(desk: Desk, allocation: int, supplier: Key) -> None:
    agreed = terms(policy=Policy.DEVICE)
    booking = desk.booking([allocation], payer=supplier.address, terms=agreed)
    desk.book(booking, sender="hospital", consignee=b"")
    desk.check_money()


def test_needs_no_device_where_no_band_matters(
    desk: Desk, freight: Contract, monitor: Contract, allocation: int
) -> None:
    booking = desk.booking([allocation], devices=[], terms=terms(**WIDEST))
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    assert told_of(monitor, consignment) == []
    # It travels and settles without.
    for number, at in enumerate((DEPARTURES[0], *LATEST[:2])):
        desk.pass_on(consignment, number, at)
    desk.chain.set_time(LATEST[2])
    desk.deliver(desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True))
    assert freight.consignment(consignment).resolution == Resolution.DELIVERED


# --- permits ---


def _permit(desk: Desk, value: int) -> dict[str, Any]:
    desk.suite.currency.approve(desk.freight, 0, sender=key_of("hospital"))
    return permit_of(desk.suite.currency, key_of("hospital"), desk.freight.address, value)


def test_a_permit_may_ride_along(desk: Desk, freight: Contract, allocation: int) -> None:
    permit = _permit(desk, sum(FREIGHTS))
    booking = desk.booking([allocation])
    freight["book"](booking, desk.signatures(booking), permit, sender=key_of("stranger"))
    assert desk.suite.currency.allowance(key_of("hospital"), freight) == 0
    desk.check_money()


def test_a_permit_that_another_used_up_stops_nothing(
    desk: Desk, freight: Contract, allocation: int
) -> None:
    permit = _permit(desk, sum(FREIGHTS))
    currency = desk.suite.currency
    currency.permit(key_of("hospital"), freight, *permit.values(), sender=key_of("carrier"))
    booking = desk.booking([allocation])
    freight["book"](booking, desk.signatures(booking), permit, sender=key_of("stranger"))
    desk.check_money()


def test_reverts_when_the_allowance_does_not_suffice(
    desk: Desk, freight: Contract, allocation: int
) -> None:
    permit = _permit(desk, sum(FREIGHTS) - 1)
    booking = desk.booking([allocation])
    with reverts("ERC20InsufficientAllowance", needed=sum(FREIGHTS)):
        freight["book"](booking, desk.signatures(booking), permit, sender=key_of("stranger"))


def test_reverts_when_the_payer_has_too_little(desk: Desk, allocation: int) -> None:
    hospital = key_of("hospital")
    everything = desk.balance("hospital")
    desk.suite.currency.transfer(key_of("donor"), everything - 1, sender=hospital)
    with reverts("ERC20InsufficientBalance", sender=hospital, balance=1):
        desk.book(desk.booking([allocation]))


# --- terms, legs, times ---


def _with_leg(number: int, **changes: Any) -> Callable[[list[m.LegRequest]], list[m.LegRequest]]:
    def change(legs: list[m.LegRequest]) -> list[m.LegRequest]:
        return [replace(leg, **changes) if n == number else leg for n, leg in enumerate(legs)]

    return change


@pytest.mark.parametrize(
    ("error", "fields", "change"),
    [
        ("ZeroFreight", {"leg": 1}, _with_leg(1, freight=0)),
        ("NoLegs", {}, lambda legs: []),
        ("TooManyLegs", {"given": 9, "most": 8}, lambda legs: legs * 3),
        ("LegsDoNotJoin", {"leg": 1}, lambda legs: [legs[0], legs[2]]),
        ("LegTimes", {"leg": 2}, _with_leg(2, departure=LATEST[2])),
        ("LegTimes", {"leg": 1}, _with_leg(1, departure=DEPARTURES[0] - 1)),
        (
            "LegTimes",
            {"leg": 1},
            _with_leg(1, latest_arrival=LATEST[0] - 1, departure=START + DAY // 2),
        ),
        ("LegTimes", {"leg": 2}, _with_leg(2, latest_arrival=START + 60 * DAY + 1)),
        ("LegTimes", {"leg": 0}, _with_leg(0, latest_arrival=DEPARTURES[0] + HOUR - 1)),
        ("WrongStation", {"expected": 1}, lambda legs: legs[1:]),
        ("WrongStation", {"expected": 4}, lambda legs: legs[:2]),
        ("WrongCarrier", {}, _with_leg(1, vehicle=1)),
        ("UnknownVehicle", {"vehicle": 99}, _with_leg(1, vehicle=99)),
    ],
)
def test_reverts_when_the_legs_are_not_in_order(
    desk: Desk,
    allocation: int,
    error: str,
    fields: dict[str, int],
    change: Callable[[list[m.LegRequest]], list[m.LegRequest]],
) -> None:
    booking = desk.booking([allocation], legs=change(desk.legs()))
    if error == "WrongStation" and fields["expected"] == 1:
        booking = replace(booking, pick_up_by=DEPARTURES[1])
    with reverts(error, **fields):
        desk.book(booking)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("BadTerms", {"policy": Policy.NULL}),
        ("BadTerms", {"temperature_min": 801}),
        ("BadTerms", {"humidity_min": 6_001}),
        ("BadTerms", {"late_zero": 7 * DAY + 1}),
        ("BadTerms", {"policy": Policy.BOTH, "longest_silence": 0}),
        ("CurveNotMonotone", {"late_free": 5 * HOUR + 1}),
        ("CurveNotMonotone", {"exposure_free": 396_001}),
        ("CurveNotMonotone", {"humidity_free": 1_500_001}),
        ("TooCold", {"temperature_min": 300}),
        ("TooWarm", {"temperature_max": 700}),
    ],
)
def test_reverts_when_the_terms_are_not_in_order(
    desk: Desk, allocation: int, error: str, changes: dict[str, Any]
) -> None:
    with reverts(error):
        desk.book(desk.booking([allocation], terms=terms(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        WIDEST | {"policy": Policy.DEVICE},
        WIDEST | {"policy": Policy.BOTH},
        WIDEST | {"policy": Policy.DEVICE_THEN_SILENCE},
        WIDEST | {"temperature_min": -(2**15) + 1},
        WIDEST | {"temperature_max": 2**15 - 2},
        WIDEST | {"humidity_min": 1},
        WIDEST | {"humidity_max": 9_999},
    ],
)
def test_reverts_without_a_device_where_one_is_needed(
    desk: Desk, allocation: int, changes: dict[str, Any]
) -> None:
    with reverts("DeviceMissing"):
        desk.book(desk.booking([allocation], devices=[], terms=terms(**changes)))


def test_reverts_when_the_device_is_not_bound(desk: Desk, allocation: int, stranger: Key) -> None:
    with reverts("DeviceNotUsable", device=stranger, at=START):
        desk.book(desk.booking([allocation], devices=[stranger.address]))


def test_reverts_after_its_times(desk: Desk, allocation: int) -> None:
    booking = desk.booking([allocation])
    desk.chain.set_time(booking.deadline + 1)
    with reverts("Expired", deadline=booking.deadline):
        desk.book(booking)
    # At the deadline itself it is good.
    desk.book(replace(booking, deadline=booking.deadline + 1))


def test_reverts_when_nobody_could_pick_up_any_more(desk: Desk, allocation: int) -> None:
    with reverts("Expired", deadline=START - 1):
        desk.book(desk.booking([allocation], pick_up_by=START - 1))


def test_reverts_while_paused(
    desk: Desk, freight: Contract, allocation: int, pauser: Key, unpauser: Key
) -> None:
    freight.pause(sender=pauser)
    with reverts("IsPaused", until=START + 3 * DAY):
        desk.book(desk.booking([allocation]))
    freight.unpause(sender=unpauser)
    desk.book(desk.booking([allocation]))


# --- signatures ---


@pytest.mark.parametrize("signer", ["stranger", "supplier", "carrier"])
def test_reverts_when_the_payer_has_not_ordered(desk: Desk, allocation: int, signer: str) -> None:
    booking = desk.booking([allocation])
    order = m.BookingOrder(booking.struct_hash(), booking.payer)
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.book(booking, payer=order.sign(key_of(signer), desk.domain))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_reverts_when_a_carrier_has_not_accepted(desk: Desk, allocation: int, number: int) -> None:
    booking = desk.booking([allocation])
    signed = desk.signatures(booking)["carriers"]
    # Another leg's signature is none.
    signed[number] = signed[(number + 1) % 3]
    with reverts("BadSignature", signer=key_of(CARRIERS[number])):
        desk.book(booking, carriers=signed)


def test_reverts_when_the_carrier_accepted_another_leg(desk: Desk, allocation: int) -> None:
    booking = desk.booking([allocation])
    signed = desk.signatures(booking)["carriers"]
    other = m.LegAcceptance(booking.struct_hash(), 1, key_of("carrier").address)
    signed[0] = other.sign(key_of("carrier"), desk.domain)
    with reverts("BadSignature", signer=key_of("carrier")):
        desk.book(booking, carriers=signed)


@pytest.mark.parametrize("count", [0, 2, 4])
def test_reverts_when_signatures_are_missing(desk: Desk, allocation: int, count: int) -> None:
    booking = desk.booking([allocation])
    signed = (desk.signatures(booking)["carriers"] * 2)[:count]
    with reverts("SignatureCount", given=count, needed=3):
        desk.book(booking, carriers=signed)


@pytest.mark.parametrize("policy", [Policy.DEVICE, Policy.DEVICE_THEN_SILENCE])
def test_reverts_when_the_consignee_has_not_consented(
    desk: Desk, allocation: int, policy: Policy
) -> None:
    booking = desk.booking([allocation], terms=terms(policy=policy))
    for consented in (Policy.CONSIGNEE, Policy.BOTH):
        consent = m.PolicyConsent(booking.struct_hash(), booking.consignee, consented)
        with reverts("BadSignature", signer=key_of("hospital")):
            desk.book(booking, consignee=consent.sign(key_of("hospital"), desk.domain))
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.book(booking, consignee=b"")


@pytest.mark.parametrize("policy", [Policy.CONSIGNEE, Policy.BOTH])
def test_needs_no_consent_where_the_consignee_accepts(
    desk: Desk, allocation: int, policy: Policy
) -> None:
    desk.book(desk.booking([allocation], terms=terms(policy=policy)), consignee=b"")


def test_reverts_when_the_consignee_has_not_consented_to_a_donors_way(
    desk: Desk, allocation: int, supplier: Key
) -> None:
    # Sixty days on the road would keep everybody else from serving the demand.
    booking = desk.booking([allocation], payer=supplier.address)
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.book(booking, sender="supplier", consignee=b"")
    desk.book(booking, sender="hospital", consignee=b"")


@pytest.mark.parametrize("what", ["chain", "contract", "name"])
def test_reverts_when_signed_for_elsewhere(desk: Desk, allocation: int, what: str) -> None:
    booking = desk.booking([allocation])
    elsewhere = {
        "chain": domain_of(desk.freight, chain_id=1),
        "contract": replace(desk.domain, contract=desk.suite.monitor.address),
        "name": replace(desk.domain, name="Aidline ConditionMonitor"),
    }[what]
    signatures = desk.signatures(booking, elsewhere)
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.book(booking, **signatures)


@pytest.mark.parametrize(
    "change",
    [
        {"salt": word("order 2")},
        {"pick_up_by": DEPARTURES[0]},
        {"devices": [key_of("second_device").address]},
        {"terms": terms(exposure_floor=1)},
    ],
)
def test_reverts_when_something_else_was_signed(
    desk: Desk, allocation: int, change: dict[str, Any]
) -> None:
    booking = desk.booking([allocation])
    signatures = desk.signatures(booking)
    with reverts("BadSignature", signer=key_of("hospital")):
        desk.book(replace(booking, **change), **signatures)


def test_reverts_when_it_is_booked_twice(desk: Desk, allocation: int) -> None:
    booking = desk.booking([allocation])
    desk.book(booking)
    with reverts("BookingUsed", booking=booking.struct_hash()):
        desk.book(booking)


def test_reverts_when_it_is_booked_again_after_its_end(
    desk: Desk, freight: Contract, allocation: int
) -> None:
    booking = desk.booking([allocation], deadline=START + 30 * DAY)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    desk.chain.set_time(booking.pick_up_by + 7 * DAY)
    desk.lapse(consignment, sender=key_of("stranger"))
    # Its pick-up is over too; what was signed is used up before.
    with reverts("Expired", deadline=booking.pick_up_by):
        desk.book(booking)


# --- goods, places, hours ---


def test_reverts_when_the_allocation_is_booked(desk: Desk, allocation: int) -> None:
    desk.book(desk.booking([allocation]))
    with reverts("AllocationWrongStatus", allocation=allocation, status=AllocationStatus.BOOKED):
        desk.book(desk.booking([allocation], salt=word("order 2")))


def test_reverts_when_an_allocation_is_named_twice(desk: Desk, allocation: int) -> None:
    with reverts("AllocationWrongStatus", allocation=allocation):
        desk.book(desk.booking([allocation, allocation]))


def test_reverts_without_an_allocation(desk: Desk, allocation: int) -> None:
    with reverts("NoAllocations"):
        desk.book(desk.booking([]))
    with reverts("UnknownAllocation", allocation=99):
        desk.book(desk.booking([99]))


def test_reverts_when_the_goods_are_another_recipients(
    desk: Desk, allocation: int, supplier: Key, second_hospital: Key
) -> None:
    booking = desk.booking([allocation], payer=supplier.address, consignee=second_hospital.address)
    with reverts("WrongConsignee", consignee=second_hospital, recipient=key_of("hospital")):
        desk.book(booking)


def test_reverts_when_the_payer_is_not_of_the_allocation(
    desk: Desk, allocation: int, donor: Key
) -> None:
    desk.suite.currency.approve(desk.freight, 2**256 - 1, sender=donor)
    booking = desk.booking([allocation], payer=donor.address)
    order = m.BookingOrder(booking.struct_hash(), donor.address)
    with reverts("NotPayer", allocation=allocation, payer=donor):
        desk.book(booking, payer=order.sign(donor, desk.domain))


def test_reverts_when_a_vehicle_is_taken(desk: Desk, allocation: int) -> None:
    desk.book(desk.booking([allocation]))
    with reverts("SlotTaken", vehicle=desk.vehicles[0]):
        desk.book(desk.booking([desk.allocate(500)], salt=word("order 2")))


def test_reverts_when_a_vehicle_is_too_small(desk: Desk) -> None:
    fifty = [desk.allocate(5_000) for _ in range(3)]
    small = desk.suite.network.addVehicle(
        vehicle(key_of("carrier"), capacity=14_999),
        sender=key_of("carrier"),
    )
    lorry = small.event("VehicleAdded").args.vehicle
    legs = _with_leg(0, vehicle=lorry)(desk.legs())
    with reverts("OverCapacity", vehicle=lorry, units=15_000, capacity=14_999):
        desk.book(desk.booking(fifty, legs=legs))


@pytest.mark.parametrize("name", CARRIERS)
def test_reverts_when_a_carrier_is_suspended(
    desk: Desk, registry: Contract, allocation: int, suspender: Key, name: str
) -> None:
    registry.suspend(key_of(name), word("fraud"), sender=suspender)
    with reverts("NotActive", account=key_of(name)):
        desk.book(desk.booking([allocation]))


def test_reverts_when_the_consignee_is_suspended(
    desk: Desk, registry: Contract, allocation: int, supplier: Key, suspender: Key
) -> None:
    # It could not accept at the end, and the last carrier would go unpaid.
    registry.suspend(key_of("hospital"), word("fraud"), sender=suspender)
    with reverts("NotActive", account=key_of("hospital")):
        desk.book(desk.booking([allocation], payer=supplier.address))


@pytest.mark.parametrize("policy", [Policy.DEVICE, Policy.DEVICE_THEN_SILENCE])
def test_reverts_when_the_device_is_the_last_carriers(
    desk: Desk, registry: Contract, allocation: int, policy: Policy
) -> None:
    bind(registry, "van logger", "terminal_carrier")
    device = key_of("van logger")
    booking = desk.booking([allocation], devices=[device.address], terms=terms(policy=policy))
    with reverts("DeviceOfCarrier", device=device, carrier=key_of("terminal_carrier")):
        desk.book(booking)


@pytest.mark.parametrize("policy", [Policy.CONSIGNEE, Policy.BOTH])
def test_the_last_carriers_device_may_watch_where_the_consignee_accepts(
    desk: Desk, registry: Contract, allocation: int, policy: Policy
) -> None:
    bind(registry, "van logger", "terminal_carrier")
    device = key_of("van logger")
    desk.bond("terminal_carrier", 2 * sum(FREIGHTS))
    desk.book(desk.booking([allocation], devices=[device.address], terms=terms(policy=policy)))


def test_a_refused_booking_leaves_nothing(desk: Desk, freight: Contract, allocation: int) -> None:
    before = desk.balance("hospital")
    with reverts("TooWarm"):
        desk.book(desk.booking([allocation], terms=terms(temperature_max=700)))
    assert freight.consignmentCount() == 0
    assert desk.balance("hospital") == before
    assert desk.suite.demand.allocation(allocation).status == AllocationStatus.ALLOCATED
    desk.check_money()


# --- reads ---


def test_reverts_when_a_word_has_dirty_bits(
    desk: Desk, freight: Contract, allocation: int, stranger: Key
) -> None:
    booking = desk.booking([allocation])

    def send(place: int | None) -> Receipt:
        """Book with the highest bit of a word changed, signed by all as it is."""
        asked = dirty(freight["hashBooking"].call_data(booking), 36, place)
        order = freight.chain.call(freight.address, asked)
        payer = m.BookingOrder(order, booking.payer).sign(key_of("hospital"), desk.domain)
        carriers = [
            m.LegAcceptance(order, number, leg.carrier).sign(key_of(name), desk.domain)
            for number, (leg, name) in enumerate(zip(booking.legs, CARRIERS, strict=True))
        ]
        signatures = desk.signatures(booking) | {"payer": payer, "carriers": carriers}
        data = freight["book"].call_data(booking, signatures, NO_PERMIT)
        start = 4 + int.from_bytes(data[4:36])
        return freight.chain.send(Transaction(stranger, freight.address, dirty(data, start, place)))

    words_of_terms = range(10, 25)
    words_of_first_leg = range(28 + 2 + 2 + 1 + 1, 28 + 2 + 2 + 1 + 1 + 9)
    for place in (*words_of_terms, *words_of_first_leg):
        assert isinstance(send(place).error(), TransactionFailed), place
    assert send(None).error() is None


def dirty(data: bytes, start: int, place: int | None) -> bytes:
    """Return call data with the highest bit changed of a word of what begins at ``start``."""
    changed = bytearray(data)
    if place is not None:
        changed[start + 32 * place] ^= 0x80
    return bytes(changed)


def test_reads_revert_when_unknown(desk: Desk, freight: Contract, booked: int) -> None:
    for unknown in (0, booked + 1):
        for read in (freight.consignment, freight.holdsOf):
            with reverts("UnknownConsignment", consignment=unknown):
                read(unknown)
    other = replace(desk.bookings[booked], salt=word("another"))
    for read in (freight.outcomesOf, freight.breachesOf):
        with reverts("UnknownBooking", booking=other.struct_hash()):
            read(other, [])


def test_limits_are_public(freight: Contract) -> None:
    assert freight.GRACE() == 7 * DAY
    assert freight.SILENCE() == DAY
    assert freight.HORIZON() == 60 * DAY
    assert freight.MAX_LEGS() == 8
    assert freight.MAX_DEVICES() == 4


def test_no_permit_is_asked_of_the_currency_without_one(
    desk: Desk, freight: Contract, allocation: int
) -> None:
    booking = desk.booking([allocation])
    before = desk.suite.currency.nonces(key_of("hospital"))
    freight["book"](booking, desk.signatures(booking), NO_PERMIT, sender=key_of("stranger"))
    assert desk.suite.currency.nonces(key_of("hospital")) == before
