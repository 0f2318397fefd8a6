"""Purses and bonds: `fillPurse`, `emptyPurse`, and what a booking locks.

fillPurse, emptyPurse
├── when the amount is zero, or more than is free: refused
└── else currency goes in and out, and the event says so
a leg with a bond
├── when its carrier's purse is too small: refused
├── on delivery: the bond is free again, with what was earned
├── given the goods were lost: the bond of who had them goes to the payer
└── given a floor was passed: the bond of the leg with the greatest exposure goes to the payer
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.client import Contract
from aidline.model import BreachKind, Resolution
from aidline.watches import told_of
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.gifts import NO_PERMIT, permit_of
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, UNIT

BOND = 50 * UNIT


def _fill(desk: Desk, name: str, amount: int) -> None:
    key = key_of(name)
    desk.suite.currency.approve(desk.freight, amount, sender=key)
    desk.freight.fillPurse(amount, NO_PERMIT, sender=key)


@pytest.fixture
def bonded(desk: Desk, allocation: int) -> int:
    """Booked with a bond of each carrier."""
    for name in CARRIERS:
        _fill(desk, name, BOND)
    legs = [replace(leg, bond=BOND) for leg in desk.legs()]
    receipt = desk.book(desk.booking([allocation], legs=legs))
    consignment: int = receipt.event("ConsignmentBooked").args.consignment
    return consignment


def test_currency_goes_in_and_out(desk: Desk, freight: Contract) -> None:
    carrier, currency = key_of("carrier"), desk.suite.currency
    before = currency.balanceOf(carrier)
    permit = permit_of(currency, carrier, freight.address, BOND)
    told = freight.fillPurse(BOND, permit, sender=carrier).event("PurseFilled").args
    assert (told.owner, told.amount) == (carrier.address, BOND)
    assert (freight.purseOf(carrier).free, freight.purseOf(carrier).locked) == (BOND, 0)
    assert before - currency.balanceOf(carrier) == BOND

    told = freight.emptyPurse(BOND, sender=carrier).event("PurseEmptied").args
    assert (told.owner, told.amount) == (carrier.address, BOND)
    assert currency.balanceOf(carrier) == before
    desk.check_money()


def test_reverts_with_nothing_or_more_than_is_free(desk: Desk, freight: Contract) -> None:
    carrier = key_of("carrier")
    _fill(desk, "carrier", BOND)
    with reverts("ZeroAmount"):
        freight.fillPurse(0, NO_PERMIT, sender=carrier)
    with reverts("ZeroAmount"):
        freight.emptyPurse(0, sender=carrier)
    with reverts("PurseTooSmall", owner=carrier, free=BOND, needed=BOND + 1):
        freight.emptyPurse(BOND + 1, sender=carrier)
    with reverts("PurseTooSmall", owner=key_of("stranger"), free=0, needed=1):
        freight.emptyPurse(1, sender=key_of("stranger"))


def test_reverts_when_the_purse_holds_less_than_the_bond(desk: Desk, allocation: int) -> None:
    _fill(desk, "carrier", BOND - 1)
    legs = [replace(leg, bond=BOND) for leg in desk.legs()]
    with reverts("PurseTooSmall", owner=key_of("carrier"), free=BOND - 1, needed=BOND):
        desk.book(desk.booking([allocation], legs=legs))


def test_what_is_locked_cannot_be_taken_out(desk: Desk, freight: Contract, bonded: int) -> None:
    purse = freight.purseOf(key_of("carrier"))
    assert (purse.free, purse.locked) == (0, BOND)
    with reverts("PurseTooSmall", free=0, needed=1):
        freight.emptyPurse(1, sender=key_of("carrier"))
    desk.check_money()


def test_bonds_are_free_again_with_what_was_earned(
    desk: Desk, freight: Contract, bonded: int
) -> None:
    for number, at in enumerate((DEPARTURES[0], *LATEST[:2])):
        desk.pass_on(bonded, number, at)
    desk.chain.set_time(LATEST[2])
    desk.deliver(desk.proof(desk.handover(bonded, 3, LATEST[2]), accepted=True))
    for name, fee in zip(CARRIERS, FREIGHTS, strict=True):
        purse = freight.purseOf(key_of(name))
        assert (purse.free, purse.locked) == (BOND + fee, 0)
    desk.check_money()


def test_who_loses_the_goods_forfeits_its_bond_to_the_payer(
    desk: Desk, freight: Contract, bonded: int
) -> None:
    desk.pass_on(bonded, 0, DEPARTURES[0])
    desk.pass_on(bonded, 1, LATEST[0])
    desk.chain.set_time(LATEST[2] + 7 * DAY)
    before = desk.balance("hospital")

    told = desk.lapse(bonded, sender=key_of("stranger")).event("ConsignmentSettled").args

    assert (told.resolution, told.forfeited) == (Resolution.LOST, BOND)
    assert freight.consignment(bonded).forfeited == BOND
    assert desk.balance("hospital") - before == FREIGHTS[1] + FREIGHTS[2] + BOND
    free = [freight.purseOf(key_of(name)).free for name in CARRIERS]
    assert free == [BOND + FREIGHTS[0], 0, BOND]
    desk.check_money()


def test_the_leg_with_the_greatest_exposure_forfeits_when_a_floor_is_passed(
    desk: Desk, freight: Contract, bonded: int
) -> None:
    desk.pass_on(bonded, 0, DEPARTURES[0])
    recorder = desk.recorder(bonded)
    for number, (start, end) in enumerate(
        ((DEPARTURES[0], LATEST[0]), (LATEST[0] + 600, LATEST[1]))
    ):
        desk.chain.set_time(end)
        heat = (500, 2_500)[number]
        desk.record(recorder, [(at, heat, 5_000) for at in range(start, end + 1, 600)])
        desk.pass_on(bonded, number + 1, end)
    desk.chain.set_time(LATEST[2])

    proof = desk.proof(desk.handover(bonded, 3, LATEST[2]), accepted=True)
    told = desk.deliver(proof).event("ConsignmentSettled").args

    assert (told.resolution, told.forfeited) == (Resolution.DELIVERED_DAMAGED, BOND)
    assert freight.purseOf(key_of(CARRIERS[1])).free == told.legs[1].pay
    kinds = [(one.kind, one.leg) for one in freight.breachesOf(*_whole(desk, bonded))]
    assert (BreachKind.TOO_WARM, 1) in kinds
    assert all(leg != 0 for _, leg in kinds)
    desk.check_money()


def _whole(desk: Desk, consignment: int) -> tuple[object, object]:
    batches = [list(one.batches) for one in told_of(desk.suite.monitor, consignment)]
    return desk.bookings[consignment], batches
