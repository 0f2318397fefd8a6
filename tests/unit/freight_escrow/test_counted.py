"""Handovers at which units are counted out: `handOverCounted`, `deliverCounted`, `breachesOf`.

handOverCounted
├── when nothing is counted out, or one parcel twice with one flaw: refused
├── when what is counted out is not aboard, or is all, or bears no flaw: refused
├── when the handover may not be, as a plain one, or a lot aboard is recalled: refused
├── when either has signed another count, or no count: refused
└── else units stay with the giver, each in the state of its flaw, and the rest changes hands
    ├── the next handover signs what is left
    ├── units short or damaged are the giver's: they cut its pay and its bond
    ├── units refused in good order are the taker's
    └── at the pick-up the seller's price is cut by all that stays with it
deliverCounted
├── when the consignee has not signed the count, or has refused before: refused
├── else units short or damaged are the last carrier's, units refused in good order nobody's
├── given a household: its one-time key counts
└── given a dispute: the goods are counted at once, the money is cut when it is paid
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aidline import messages as m
from aidline.client import Contract, Receipt
from aidline.freight import household_of
from aidline.model import BreachKind, Flaw, ParcelState, Policy, Resolution, Status
from aidline.trace import from_counters, from_events
from aidline.trace.history import History
from aidline.watches import told_of
from tests.support.disputes import Court
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, Desk, terms
from tests.support.gifts import NO_PERMIT
from tests.support.network import NOBODY
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, START, UNIT

BOND = 400 * UNIT
PRICE = 5_000 * UNIT
SALT = word("a secret")
ALL = 1_000  # kits aboard


@pytest.fixture
def bonded(desk: Desk, allocation: int, policy: Policy) -> int:
    """A thousand kits, booked; each carrier answers for its leg with a bond."""
    _fill(desk)
    legs = [replace(leg, bond=BOND) for leg in desk.legs()]
    booking = desk.booking([allocation], legs=legs, terms=terms(policy=policy))
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    return consignment


@pytest.fixture
def aboard(desk: Desk, bonded: int) -> int:
    """Its parcel."""
    parcel: int = desk.suite.ledger.parcelsOf(bonded)[0]
    return parcel


def _fill(desk: Desk) -> None:
    for name in CARRIERS:
        carrier = key_of(name)
        desk.suite.currency.approve(desk.freight, BOND, sender=carrier)
        desk.freight.fillPurse(BOND, NO_PERMIT, sender=carrier)


def _found(parcel: int, units: int, flaw: Flaw = Flaw.SHORT) -> m.UnitsFound:
    return m.UnitsFound(parcel, units, flaw)


def _count(desk: Desk, consignment: int, number: int, *found: m.UnitsFound) -> Receipt:
    """Hand over on time, counted."""
    at = (DEPARTURES[0], *LATEST)[number]
    desk.chain.set_time(max(desk.chain.now(), at))
    return desk.count(desk.handover(consignment, number, at), *found)


def _carry(desk: Desk, consignment: int, until: int, start: int = 0) -> None:
    """Hand over on time, uncounted, from handover ``start`` to the one before ``until``."""
    for number in range(start, until):
        desk.pass_on(consignment, number, (DEPARTURES[0], *LATEST)[number])
    if until == 3:
        desk.chain.set_time(LATEST[2])


def _accept(desk: Desk, consignment: int) -> Any:
    """Deliver all that is left, and return what was told of the settlement."""
    proof = desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True)
    return desk.deliver(proof).event("ConsignmentSettled").args


def _pays(told: Any) -> list[int]:
    return [leg.pay for leg in told.legs]


def _breaches(desk: Desk, consignment: int) -> list[tuple[BreachKind, int, str, int]]:
    """Return kind, leg, carrier and amount of each, but for the silence of a device unheard."""
    batches = [list(one.batches) for one in told_of(desk.suite.monitor, consignment)]
    found = desk.freight.breachesOf(desk.bookings[consignment], batches)
    return [
        (one.kind, one.leg, one.carrier, one.amount)
        for one in found
        if one.kind is not BreachKind.SILENT
    ]


# --- what becomes of the goods ---


@pytest.mark.parametrize(
    ("flaw", "state"),
    [
        (Flaw.SHORT, ParcelState.LOST),
        (Flaw.DAMAGED, ParcelState.QUARANTINED),
        (Flaw.REFUSED, ParcelState.RETURNED),
    ],
)
@pytest.mark.parametrize(("number", "giver"), [(0, "supplier"), (1, "carrier")])
def test_units_stay_with_the_giver_at_once(
    desk: Desk,
    ledger: Contract,
    bonded: int,
    aboard: int,
    number: int,
    giver: str,
    flaw: Flaw,
    state: ParcelState,
) -> None:
    _carry(desk, bonded, number)
    receipt = _count(desk, bonded, number, _found(aboard, 30, flaw))
    at = receipt.timestamp

    told = receipt.event("HandoverCounted").args
    assert (told.consignment, told.sequence) == (bonded, number)
    assert [(one.parcel, one.units, one.flaw) for one in told.exceptions] == [(aboard, 30, flaw)]
    part = receipt.event("UnitsSetAside").args.parcels[0]
    record = ledger.parcel(part)
    assert (record.units, record.state, record.custodian) == (30, state, key_of(giver).address)
    assert (record.station, record.since) == (desk.stations[number], at)
    rest = ledger.parcel(aboard)
    assert (rest.units, rest.state) == (970, ParcelState.IN_TRANSIT)
    assert rest.custodian == ledger.load(bonded).custodian == key_of(CARRIERS[number]).address
    assert desk.freight.consignment(bonded).legs_done == number
    desk.check_money()


def test_the_next_handover_signs_what_is_left(desk: Desk, bonded: int, aboard: int) -> None:
    before = desk.suite.ledger.load(bonded).content
    _count(desk, bonded, 0, _found(aboard, 30))
    desk.chain.set_time(LATEST[0])
    with reverts("WrongContent", consignment=bonded, given=before):
        desk.hand_over(desk.handover(bonded, 1, LATEST[0], content=before))
    desk.pass_on(bonded, 1, LATEST[0])
    assert desk.freight.consignment(bonded).legs_done == 1


def test_a_whole_parcel_may_stay(desk: Desk, ledger: Contract, second: tuple[int, int]) -> None:
    consignment, parcel = second
    _count(desk, consignment, 0, _found(parcel, 500, Flaw.DAMAGED))
    assert parcel not in ledger.parcelsOf(consignment)
    assert ledger.parcel(parcel).state == ParcelState.QUARANTINED


@pytest.fixture
def second(desk: Desk, allocation: int) -> tuple[int, int]:
    """A consignment of two parcels, and the second of them, of 500 kits."""
    booking = desk.booking([allocation, desk.allocate(500)])
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    return consignment, desk.suite.ledger.parcelsOf(consignment)[1]


# --- what becomes of the money ---


def test_short_or_damaged_units_are_the_answer_of_who_hands_over(
    desk: Desk, freight: Contract, bonded: int, aboard: int
) -> None:
    before = desk.balance("hospital")
    _carry(desk, bonded, 1)
    _count(desk, bonded, 1, _found(aboard, 60), _found(aboard, 40, Flaw.DAMAGED))
    tally = freight.tallyOf(bonded, 0)
    assert (tally.offered, tally.missed) == (ALL, 100)
    assert [leg.pay for leg in desk.outcomes(bonded)] == [FREIGHTS[0] * 9 // 10, 0, 0]

    _carry(desk, bonded, 3, start=2)
    told = _accept(desk, bonded)

    assert (told.resolution, told.forfeited) == (Resolution.DELIVERED, BOND // 10)
    assert _pays(told) == [FREIGHTS[0] * 9 // 10, *FREIGHTS[1:]]
    assert freight.purseOf(key_of("carrier")).free == FREIGHTS[0] * 9 // 10 + BOND * 9 // 10
    assert desk.balance("hospital") - before == FREIGHTS[0] // 10 + BOND // 10
    assert _breaches(desk, bonded) == [(BreachKind.SHORT, 0, key_of("carrier").address, 100)]
    desk.check_money()


def test_units_refused_in_good_order_are_the_answer_of_who_does_not_take_them(
    desk: Desk, freight: Contract, bonded: int, aboard: int
) -> None:
    _carry(desk, bonded, 1)
    _count(desk, bonded, 1, _found(aboard, 250, Flaw.REFUSED))
    _carry(desk, bonded, 3, start=2)
    told = _accept(desk, bonded)
    assert told.forfeited == BOND // 4
    assert _pays(told) == [FREIGHTS[0], FREIGHTS[1] * 3 // 4, FREIGHTS[2]]
    assert freight.purseOf(key_of("branch_carrier")).free == (FREIGHTS[1] + BOND) * 3 // 4
    tally = freight.tallyOf(bonded, 1)
    assert (tally.offered, tally.missed) == (ALL, 250)
    breach = (BreachKind.SHORT, 1, key_of("branch_carrier").address, 250)
    assert _breaches(desk, bonded) == [breach]
    desk.check_money()


def test_each_leg_answers_for_its_own_units_of_those_that_were_there_for_it(
    desk: Desk, freight: Contract, bonded: int, aboard: int
) -> None:
    """600 of 1,000 come; the second leg left 100 of 900, then brought 700 of its 800."""
    _carry(desk, bonded, 1)
    _count(desk, bonded, 1, _found(aboard, 100), _found(aboard, 100, Flaw.REFUSED))
    _count(desk, bonded, 2, _found(aboard, 100, Flaw.DAMAGED))
    desk.chain.set_time(LATEST[2])
    handover = desk.handover(bonded, 3, LATEST[2])
    told = desk.deliver_counted(handover, _found(aboard, 100)).event("ConsignmentSettled").args
    expected = [
        (FREIGHTS[0], 900, ALL),
        (FREIGHTS[1], 700, 900),
        (FREIGHTS[2], 600, 700),
    ]
    assert _pays(told) == [freight_ * kept // of for freight_, kept, of in expected]
    # What is cut off stays with the payer.
    assert told.forfeited == sum(BOND - BOND * kept // of for _, kept, of in expected)
    assert freight.consignment(bonded).forfeited == told.forfeited
    assert desk.suite.ledger.parcel(aboard).units == 600
    assert [(kind, leg, units) for kind, leg, _, units in _breaches(desk, bonded)] == [
        (BreachKind.SHORT, 0, 100),
        (BreachKind.SHORT, 1, 200),
        (BreachKind.SHORT, 2, 100),
    ]
    desk.check_money()


def test_what_the_consignor_keeps_back_costs_no_carrier(
    desk: Desk, bonded: int, aboard: int
) -> None:
    _count(desk, bonded, 0, _found(aboard, 500), _found(aboard, 100, Flaw.DAMAGED))
    _carry(desk, bonded, 3, start=1)
    told = _accept(desk, bonded)
    assert (_pays(told), told.forfeited) == ([*FREIGHTS], 0)
    consignor = key_of("supplier").address
    assert _breaches(desk, bonded) == [(BreachKind.SHORT, 3, consignor, 600)]


def test_lateness_and_units_both_count(desk: Desk, bonded: int, aboard: int) -> None:
    """FRT-20, then the share of the units: half of the freight, and nine tenths of that."""
    _carry(desk, bonded, 1)
    middle = LATEST[0] + (1_800 + 5 * 3_600) // 2
    desk.chain.set_time(middle)
    desk.count(desk.handover(bonded, 1, middle), _found(aboard, 100))
    assert desk.outcomes(bonded)[0].pay == FREIGHTS[0] // 2 * 9 // 10


def test_a_bond_that_is_forfeited_whole_is_not_cut_twice(
    desk: Desk, freight: Contract, bonded: int, aboard: int
) -> None:
    _carry(desk, bonded, 1)
    _count(desk, bonded, 1, _found(aboard, 100), _found(aboard, 90, Flaw.REFUSED))
    desk.chain.set_time(LATEST[2] + 7 * DAY)
    told = desk.lapse(bonded, sender=key_of("stranger")).event("ConsignmentSettled").args
    assert (told.resolution, told.forfeited) == (Resolution.LOST, BOND // 10 + BOND)
    assert _pays(told) == [FREIGHTS[0] * 9 // 10, 0, 0]
    assert (BreachKind.LOST, 1, key_of("branch_carrier").address, 810) in _breaches(desk, bonded)
    desk.check_money()


def test_an_award_stands_in_for_what_was_counted(desk: Desk, bonded: int, aboard: int) -> None:
    _carry(desk, bonded, 1)
    _count(desk, bonded, 1, _found(aboard, 100))
    _carry(desk, bonded, 3, start=2)
    court = Court(desk, desk.bookings[bonded], bonded)
    court.rule(court.raise_("carrier", leg=0), award=FREIGHTS[0])
    told = _accept(desk, bonded)
    assert (_pays(told), told.forfeited) == ([*FREIGHTS], BOND // 10)


# --- what is refused ---


@pytest.mark.parametrize(
    ("error", "found"),
    [
        ("NoParcels", []),
        ("NotAboard", [(7, 1, Flaw.SHORT)]),
        ("TooManyUnits", [(0, 1_001, Flaw.SHORT)]),
        ("TooManyUnits", [(0, 999, Flaw.SHORT), (0, 2, Flaw.DAMAGED)]),
        ("TooManyUnits", [(0, 2**64 - 1, Flaw.SHORT), (0, 2**64 - 1, Flaw.DAMAGED)]),
        ("LoadEmptied", [(0, 1_000, Flaw.SHORT)]),
        ("LoadEmptied", [(0, 999, Flaw.SHORT), (0, 1, Flaw.DAMAGED)]),
        ("BadFlaw", [(0, 1, Flaw.NULL)]),
        ("ZeroQuantity", [(0, 0, Flaw.SHORT)]),
        ("CountNotAscending", [(0, 1, Flaw.SHORT), (0, 1, Flaw.SHORT)]),
    ],
)
@pytest.mark.parametrize("number", [0, 1, 3])
def test_reverts_when_the_count_cannot_be(
    desk: Desk, bonded: int, aboard: int, number: int, error: str, found: list[Any]
) -> None:
    _carry(desk, bonded, number)
    counted = [_found(aboard + parcel, units, flaw) for parcel, units, flaw in found]
    content = desk.suite.ledger.load(bonded).content
    with reverts(error):
        if number == 3:
            desk.deliver_counted(desk.handover(bonded, 3, LATEST[2]), *counted)
        else:
            _count(desk, bonded, number, *counted)
    assert desk.suite.ledger.load(bonded).content == content
    assert desk.freight.tallyOf(bonded, number).missed == 0


def test_reverts_when_a_parcel_comes_after_a_later_one(desk: Desk, second: tuple[int, int]) -> None:
    consignment, parcel = second
    desk.chain.set_time(DEPARTURES[0])
    handover = desk.handover(consignment, 0, DEPARTURES[0])
    found = [_found(parcel, 1), _found(parcel - 1, 1)]
    assert [one.parcel for one in m.CountedHandover.of(handover, found).exceptions] != found
    signed = m.CountedHandover(handover, found)
    with reverts("CountNotAscending", consignment=consignment, parcel=parcel - 1):
        desk.freight.handOverCounted(
            handover,
            found,
            signed.sign(key_of("supplier"), desk.domain),
            signed.sign(key_of("carrier"), desk.domain),
            sender=key_of("stranger"),
        )


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("UnknownConsignment", {"consignment": 99}),
        ("Expired", {"deadline": LATEST[0] - 1}),
        ("WrongSequence", {"sequence": 0}),
        ("WrongSequence", {"sequence": 2}),
        ("WrongParty", {"from_": key_of("supplier").address}),
        ("WrongParty", {"to": key_of("terminal_carrier").address}),
        ("WrongStation", {"station": 1}),
        ("WrongContent", {"content": b"\1" * 32}),
        ("WrongHandoverTime", {"at": DEPARTURES[0] - 1}),
        ("WrongHandoverTime", {"at": LATEST[0] + 1}),
    ],
)
def test_reverts_when_the_handover_may_not_be(
    desk: Desk, bonded: int, aboard: int, error: str, changes: dict[str, Any]
) -> None:
    _carry(desk, bonded, 1)
    desk.chain.set_time(LATEST[0])
    handover = replace(desk.handover(bonded, 1, LATEST[0]), **changes)
    with reverts(error):
        desk.count(handover, _found(aboard, 1), giver="carrier", taker="branch_carrier")


def test_reverts_when_it_is_picked_up_too_late(desk: Desk, bonded: int, aboard: int) -> None:
    late = desk.bookings[bonded].pick_up_by + 1
    desk.chain.set_time(late)
    with reverts("Expired", deadline=late - 1):
        desk.count(desk.handover(bonded, 0, late), _found(aboard, 1))


@pytest.mark.parametrize("side", ["giver", "taker"])
def test_reverts_when_either_has_not_signed_the_count(
    desk: Desk, freight: Contract, bonded: int, aboard: int, side: str
) -> None:
    desk.chain.set_time(DEPARTURES[0])
    handover = desk.handover(bonded, 0, DEPARTURES[0])
    with reverts("BadSignature", signer=key_of({"giver": "supplier", "taker": "carrier"}[side])):
        desk.count(handover, _found(aboard, 1), **{side: "stranger"})
    # Neither a plain handover nor another count will do.
    signed = m.CountedHandover.of(handover, [_found(aboard, 10)])
    for other in (handover, m.CountedHandover.of(handover, [_found(aboard, 9)])):
        signers = {"giver": signed, "taker": signed} | {side: other}
        with reverts("BadSignature"):
            freight.handOverCounted(
                handover,
                signed.exceptions,
                signers["giver"].sign(key_of("supplier"), desk.domain),
                signers["taker"].sign(key_of("carrier"), desk.domain),
                sender=key_of("stranger"),
            )
    # Nor is a count that was signed good for a handover of all.
    with reverts("BadSignature"):
        freight.handOver(
            handover,
            signed.sign(key_of("supplier"), desk.domain),
            signed.sign(key_of("carrier"), desk.domain),
            sender=key_of("stranger"),
        )


def test_a_count_is_good_once(desk: Desk, bonded: int, aboard: int) -> None:
    desk.chain.set_time(DEPARTURES[0])
    handover = desk.handover(bonded, 0, DEPARTURES[0])
    desk.count(handover, _found(aboard, 10))
    with reverts("WrongSequence", consignment=bonded, expected=1, given=0):
        desk.count(handover, _found(aboard, 10))


def test_reverts_when_it_would_be_a_delivery(desk: Desk, bonded: int, aboard: int) -> None:
    _carry(desk, bonded, 3)
    with reverts("UseDeliver", consignment=bonded):
        desk.count(desk.handover(bonded, 3, LATEST[2]), _found(aboard, 1))


def test_a_load_in_which_a_lot_is_recalled_stops_whole(
    desk: Desk, ledger: Contract, second: tuple[int, int]
) -> None:
    consignment, parcel = second
    desk.pass_on(consignment, 0, DEPARTURES[0])
    _recall(ledger, parcel)
    with reverts("ConsignmentRecalled", consignment=consignment):
        _count(desk, consignment, 1, _found(parcel, 500, Flaw.REFUSED))
    desk.stop_recalled(consignment, sender=key_of("stranger"))


def _recall(ledger: Contract, parcel: int) -> None:
    lot = ledger.parcel(parcel).lot
    ledger.recall(lot, word("tainted"), word("sample"), sender=key_of("fourth_auditor"))


def test_what_was_set_aside_is_recalled_with_its_lot(
    desk: Desk, ledger: Contract, bonded: int, aboard: int
) -> None:
    _carry(desk, bonded, 1)
    receipt = _count(desk, bonded, 1, _found(aboard, 30, Flaw.REFUSED))
    part = receipt.event("UnitsSetAside").args.parcels[0]
    _recall(ledger, aboard)
    assert ledger.isRecalled(ledger.parcel(part).lot)
    desk.stop_recalled(bonded, sender=key_of("stranger"))
    assert ledger.parcel(aboard).state == ParcelState.QUARANTINED
    ledger.destroy(part, word("burnt"), sender=key_of("carrier"))
    assert ledger.parcel(part).state == ParcelState.DESTROYED


# --- at the door ---


def test_delivers_what_is_in_order(desk: Desk, ledger: Contract, bonded: int, aboard: int) -> None:
    _carry(desk, bonded, 3)
    handover = desk.handover(bonded, 3, LATEST[2])
    receipt = desk.deliver_counted(handover, _found(aboard, 100, Flaw.DAMAGED), _found(aboard, 100))
    told = receipt.event("ConsignmentSettled").args
    assert _pays(told) == [*FREIGHTS[:2], FREIGHTS[2] * 8 // 10]
    assert told.forfeited == BOND * 2 // 10
    parcel = ledger.parcel(aboard)
    assert (parcel.units, parcel.state) == (800, ParcelState.DELIVERED)
    assert parcel.custodian == key_of("hospital").address
    states = {
        ledger.parcel(part).state: ledger.parcel(part).custodian
        for part in receipt.event("UnitsSetAside").args.parcels
    }
    last = key_of("terminal_carrier").address
    assert states == {ParcelState.LOST: last, ParcelState.QUARANTINED: last}
    desk.check_money()


def test_what_is_refused_in_good_order_at_the_door_is_nobodys_to_answer_for(
    desk: Desk, ledger: Contract, bonded: int, aboard: int
) -> None:
    _carry(desk, bonded, 3)
    handover = desk.handover(bonded, 3, LATEST[2])
    receipt = desk.deliver_counted(handover, _found(aboard, 300, Flaw.REFUSED))
    told = receipt.event("ConsignmentSettled").args
    assert (_pays(told), told.forfeited) == ([*FREIGHTS], 0)
    part = ledger.parcel(receipt.event("UnitsSetAside").args.parcels[0])
    assert (part.units, part.state) == (300, ParcelState.RETURNED)
    assert part.custodian == key_of("terminal_carrier").address
    assert _breaches(desk, bonded) == []


@pytest.mark.parametrize("policy", list(Policy)[1:])
def test_needs_the_consignee_under_each_policy(
    desk: Desk, bonded: int, aboard: int, policy: Policy
) -> None:
    _carry(desk, bonded, 3)
    times = range(DEPARTURES[0], LATEST[2] + 1, 3_600)
    desk.record(desk.recorder(bonded), [(at, 500, 5_000) for at in times])
    handover = desk.handover(bonded, 3, LATEST[2])
    arrival = desk.arrival(bonded, LATEST[2], 1)
    found = _found(aboard, 500)
    plain = handover.sign(key_of("hospital"), desk.domain)
    for acceptance in (b"", plain):
        with reverts("BadSignature", signer=key_of("hospital")):
            desk.deliver_counted(handover, found, arrival=arrival, acceptance=acceptance)
    if policy is not Policy.CONSIGNEE:
        with reverts("DevicesMissing"):
            desk.deliver_counted(handover, found)
    told = desk.deliver_counted(handover, found, arrival=arrival).event("ConsignmentSettled").args
    assert _pays(told) == [*FREIGHTS[:2], FREIGHTS[2] // 2]


def test_a_count_on_the_way_holds_when_the_rest_is_refused_at_the_door(
    desk: Desk, ledger: Contract, bonded: int, aboard: int
) -> None:
    _carry(desk, bonded, 1)
    _count(desk, bonded, 1, _found(aboard, 100))
    _carry(desk, bonded, 3, start=2)
    desk.refuse(bonded, sender=key_of("hospital"))
    with reverts("WrongStatus", consignment=bonded, status=Status.REFUSED):
        desk.deliver_counted(desk.handover(bonded, 3, LATEST[2]), _found(aboard, 1))
    desk.chain.set_time(LATEST[2] + DAY)
    told = desk.settle_refused(bonded, sender=key_of("stranger")).event("ConsignmentSettled").args
    assert (told.resolution, told.forfeited) == (Resolution.REFUSED, BOND // 10)
    assert _pays(told) == [FREIGHTS[0] * 9 // 10, FREIGHTS[1], 0]
    assert ledger.parcel(aboard).state == ParcelState.RETURNED
    desk.check_money()


def test_counts_while_a_dispute_holds_the_money(
    desk: Desk, ledger: Contract, bonded: int, aboard: int
) -> None:
    _carry(desk, bonded, 3)
    court = Court(desk, desk.bookings[bonded], bonded)
    dispute = court.raise_(leg=0)
    desk.deliver_counted(desk.handover(bonded, 3, LATEST[2]), _found(aboard, 100))
    assert (ledger.parcel(aboard).units, ledger.parcel(aboard).state) == (900, 5)
    court.rule(dispute, is_awarded=False)
    told = court.settle().event("ConsignmentSettled").args
    assert _pays(told) == [*FREIGHTS[:2], FREIGHTS[2] * 9 // 10]
    assert told.forfeited == BOND // 10
    desk.check_money()


# --- sales ---


@pytest.fixture
def sold(desk: Desk, ledger: Contract) -> tuple[int, int]:
    """A thousand kits that a household has bought, booked; and their parcel."""
    made = {
        "material": KIT,
        "quantity": ALL,
        "expiry": START + 300 * DAY,
        "station": desk.stations[0],
        "evidence": word("certificate"),
    }
    supplier = key_of("supplier")
    parcel = ledger.commission(made, sender=supplier).event("LotCommissioned").args.parcel
    key = key_of("one-time key").address
    booking = desk.booking(
        [],
        seller=supplier.address,
        price=PRICE,
        parcels=[parcel],
        consignee=NOBODY,
        household=household_of(desk.domain.chain_id, desk.freight.address, key, SALT),
    )
    return desk.book(booking).event("ConsignmentBooked").args.consignment, parcel


def _to_household(desk: Desk, consignment: int, *found: m.UnitsFound, **changes: Any) -> Receipt:
    key = key_of("one-time key")
    handover = desk.handover(consignment, 3, LATEST[2], to=key.address)
    return desk.deliver_counted(handover, *found, key=key, **({"salt": SALT} | changes))


@pytest.mark.parametrize("flaw", [Flaw.SHORT, Flaw.DAMAGED, Flaw.REFUSED])
def test_what_the_seller_does_not_hand_over_it_does_not_earn(
    desk: Desk, freight: Contract, sold: tuple[int, int], flaw: Flaw
) -> None:
    consignment, parcel = sold
    _count(desk, consignment, 0, _found(parcel, 100, flaw))
    _carry(desk, consignment, 3, start=1)
    told = _to_household(desk, consignment, _found(parcel, 90)).event("ConsignmentSettled").args
    assert told.price == PRICE * 9 // 10
    assert freight.purseOf(key_of("supplier")).free == PRICE * 9 // 10
    first = FREIGHTS[0] * 9 // 10 if flaw is Flaw.REFUSED else FREIGHTS[0]
    assert _pays(told) == [first, FREIGHTS[1], FREIGHTS[2] * 9 // 10]
    desk.check_money()


def test_a_household_counts_with_its_one_time_key(
    desk: Desk, ledger: Contract, sold: tuple[int, int]
) -> None:
    consignment, parcel = sold
    _carry(desk, consignment, 3)
    with reverts("WrongParty"):
        _to_household(desk, consignment, _found(parcel, 100), salt=word("a guess"))
    receipt = _to_household(
        desk, consignment, _found(parcel, 100), _found(parcel, 200, Flaw.REFUSED)
    )
    told = receipt.event("ConsignmentSettled").args
    # The carrier answers for what is short; the seller has handed over everything.
    assert (told.price, _pays(told)) == (PRICE, [*FREIGHTS[:2], FREIGHTS[2] * 9 // 10])
    rest = ledger.parcel(parcel)
    assert (rest.units, rest.state) == (700, ParcelState.DISTRIBUTED)
    assert rest.custodian == key_of("one-time key").address
    desk.check_money()


def test_a_household_refuses_the_rest_of_what_was_counted(
    desk: Desk, ledger: Contract, sold: tuple[int, int]
) -> None:
    consignment, parcel = sold
    _carry(desk, consignment, 1)
    _count(desk, consignment, 1, _found(parcel, 100))
    _carry(desk, consignment, 3, start=2)
    key, stranger = key_of("one-time key"), key_of("stranger")
    refusal = desk.refusal(consignment, key)
    signature = refusal.sign(key, desk.domain)
    desk.freight.refuse(desk.bookings[consignment], refusal, SALT, signature, sender=stranger)
    desk.chain.set_time(LATEST[2] + DAY)
    told = desk.settle_refused(consignment, sender=stranger).event("ConsignmentSettled").args
    assert (told.resolution, told.price) == (Resolution.REFUSED, 0)
    assert _pays(told) == [FREIGHTS[0] * 9 // 10, FREIGHTS[1], 0]
    assert ledger.parcel(parcel).state == ParcelState.RETURNED
    desk.check_money()


# --- demand ---


def test_what_was_counted_out_is_open_again_for_who_needs_it(
    desk: Desk, bonded: int, aboard: int, allocation: int
) -> None:
    """DEM-41: anyone reports it, on the way already, and once."""
    demand, needs = desk.suite.demand, desk.suite.needs
    number = demand.allocation(allocation).demand
    stranger = key_of("stranger")
    _carry(desk, bonded, 1)
    with reverts("NothingShort", allocation=allocation):
        demand.reportShort(allocation, sender=stranger)
    _count(desk, bonded, 1, _found(aboard, 100))
    told = demand.reportShort(allocation, sender=stranger).event("AllocationShort").args
    assert told.units == 100
    assert needs.demand(number).served == 900
    _carry(desk, bonded, 3, start=2)
    handover = desk.handover(bonded, 3, LATEST[2])
    desk.deliver_counted(handover, _found(aboard, 50, Flaw.REFUSED))
    demand.reportReceived([allocation], sender=stranger)
    assert needs.demand(number).served == 850


@pytest.mark.parametrize(("refused", "stands"), [(99, True), (100, False)])
def test_what_is_refused_at_the_door_is_the_recipients_fault_from_a_tenth_on(
    desk: Desk, bonded: int, aboard: int, allocation: int, refused: int, stands: bool
) -> None:
    """DEM-14, DEM-41: nobody takes one unit and blocks the others with the rest for ever."""
    demand, needs = desk.suite.demand, desk.suite.needs
    number = demand.allocation(allocation).demand
    version = needs.demand(number).version
    _carry(desk, bonded, 3)
    desk.deliver_counted(desk.handover(bonded, 3, LATEST[2]), _found(aboard, refused, Flaw.REFUSED))
    demand.reportShort(allocation, sender=key_of("stranger"))
    assert needs.demand(number).served == 1_000 - refused
    assert needs.demand(number).version == version + (not stands)


def test_what_fell_short_before_the_door_is_not_its_fault(
    desk: Desk, bonded: int, aboard: int, allocation: int
) -> None:
    demand, needs = desk.suite.demand, desk.suite.needs
    number = demand.allocation(allocation).demand
    version = needs.demand(number).version
    _carry(desk, bonded, 1)
    _count(desk, bonded, 1, _found(aboard, 500))
    _carry(desk, bonded, 3, start=2)
    desk.deliver_counted(desk.handover(bonded, 3, LATEST[2]), _found(aboard, 50, Flaw.REFUSED))
    demand.reportShort(allocation, sender=key_of("stranger"))
    assert needs.demand(number).served == 450
    assert needs.demand(number).version == version


# --- what is told ---


def test_figures_from_events_are_those_of_the_counters(
    desk: Desk, bonded: int, aboard: int, allocation: int
) -> None:
    """At each step, also while a dispute holds the money; the legs say why they earn less."""
    aid, stranger = desk.suite.aid, key_of("stranger")

    def told() -> dict[str, Any]:
        figures = from_events(aid)
        assert from_counters(aid) == figures
        return figures["consignments"][0]

    _count(desk, bonded, 0, _found(aboard, 10), _found(aboard, 20, Flaw.REFUSED))
    _count(desk, bonded, 1, _found(aboard, 100, Flaw.DAMAGED))
    desk.suite.demand.reportShort(allocation, sender=stranger)
    _carry(desk, bonded, 3, start=2)
    court = Court(desk, desk.bookings[bonded], bonded)
    dispute = court.raise_(leg=2)
    assert told()["status"] == "in_transit"
    desk.deliver_counted(desk.handover(bonded, 3, LATEST[2]), _found(aboard, 7, Flaw.REFUSED))
    assert (told()["status"], told()["resolution"]) == ("closed", "delivered")
    court.rule(dispute, is_awarded=False, award=0)
    court.settle()
    why = [leg["why"] for leg in told()["legs"]]
    assert [one["missed_units"] for one in why] == [120, 0, 0]
    assert [one["reasons"] for one in why] == [["units"], [], []]
    happened = {one.what: one.signers for one in History(aid).of_parcel(aboard)}
    both = (key_of("terminal_carrier").address, key_of("hospital").address)
    assert happened["HandoverCounted"] == happened["UnitsSetAside"] == both
    assert happened["ConsignmentClosed"] == both
