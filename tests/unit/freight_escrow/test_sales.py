"""Goods that are bought, and the personal order of a household.

a sale
├── when parties, price and parcels do not fit each other: refused
├── when the seller has not accepted, does not hold the goods, or they are a gift: refused
├── on delivery: the seller earns its price, also when the goods go to quarantine
└── given it is cancelled or lost: the price goes back; unsold goods are the seller's again
a household
├── when another key, another salt or no acceptance proves it: refused
└── with its one-time key: the goods are distributed
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aidline import messages as m
from aidline.client import Contract
from aidline.freight import household_of
from aidline.model import ParcelState, Policy, Resolution, Role, roles_mask
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk, terms
from tests.support.gifts import count, pledge
from tests.support.network import NOBODY
from tests.support.people import key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT, START, UNIT, register

PRICE = 400 * UNIT
SALT = word("a secret")


@pytest.fixture
def stock(desk: Desk, ledger: Contract) -> int:
    """Twenty kits that the supplier holds at its hub."""
    made = {
        "material": KIT,
        "quantity": 20,
        "expiry": START + 300 * DAY,
        "station": desk.stations[0],
        "evidence": word("certificate"),
    }
    receipt = ledger.commission(made, sender=key_of("supplier"))
    parcel: int = receipt.event("LotCommissioned").args.parcel
    return parcel


def _sale(desk: Desk, parcel: int, **changes: Any) -> m.Booking:
    fields = {"seller": key_of("supplier").address, "price": PRICE, "parcels": [parcel]}
    return replace(desk.booking([]), **(fields | changes))


def _household(desk: Desk, parcel: int, **changes: Any) -> m.Booking:
    key = key_of("one-time key").address
    household = household_of(desk.domain.chain_id, desk.freight.address, key, SALT)
    return _sale(desk, parcel, consignee=NOBODY, household=household, **changes)


def _carry(desk: Desk, booking: m.Booking) -> int:
    """Book it, and bring it to the last carrier."""
    consignment: int = desk.book(booking).event("ConsignmentBooked").args.consignment
    for number, at in enumerate((DEPARTURES[0], *LATEST[:2])):
        desk.pass_on(consignment, number, at)
    desk.chain.set_time(LATEST[2])
    return consignment


def test_the_seller_earns_its_price_on_delivery(
    desk: Desk, freight: Contract, ledger: Contract, stock: int
) -> None:
    consignment = _carry(desk, _sale(desk, stock))
    assert freight.consignment(consignment).prepaid == sum(FREIGHTS) + PRICE
    proof = desk.proof(desk.handover(consignment, 3, LATEST[2]), accepted=True)
    told = desk.deliver(proof).event("ConsignmentSettled").args
    assert (told.paid, told.price, told.refunded) == (sum(FREIGHTS) + PRICE, PRICE, 0)
    assert freight.purseOf(key_of("supplier")).free == PRICE
    assert ledger.parcel(stock).state == ParcelState.DELIVERED
    assert ledger.parcel(stock).custodian == key_of("hospital").address
    desk.check_money()


def test_the_price_goes_back_when_nothing_was_picked_up(
    desk: Desk, freight: Contract, ledger: Contract, stock: int
) -> None:
    before = desk.balance("hospital")
    booking = _sale(desk, stock)
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    assert ledger.parcel(stock).state == ParcelState.ALLOCATED
    desk.chain.set_time(booking.pick_up_by + 7 * DAY)
    desk.lapse(consignment, sender=key_of("stranger"))
    assert desk.balance("hospital") == before
    assert freight.purseOf(key_of("supplier")).free == 0
    parcel = ledger.parcel(stock)
    assert (parcel.state, parcel.consignment) == (ParcelState.HELD, 0)
    desk.check_money()


def test_the_price_of_what_is_lost_goes_back(desk: Desk, freight: Contract, stock: int) -> None:
    consignment = _carry(desk, _sale(desk, stock))
    desk.chain.set_time(LATEST[2] + 7 * DAY)
    told = desk.lapse(consignment, sender=key_of("stranger")).event("ConsignmentSettled").args
    assert (told.resolution, told.price) == (Resolution.LOST, 0)
    assert told.refunded == PRICE + FREIGHTS[2]
    desk.check_money()


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("BadGoods", {"price": 0}),
        ("BadGoods", {"parcels": []}),
        ("BadGoods", {"allocations": [1]}),
        ("BadGoods", {"seller": NOBODY}),
        ("BadHousehold", {"household": word("somebody")}),
        ("NotActive", {"seller": key_of("carrier").address}),
    ],
)
def test_reverts_when_the_sale_does_not_fit(
    desk: Desk, stock: int, error: str, changes: dict[str, Any]
) -> None:
    with reverts(error):
        desk.book(_sale(desk, stock, **changes))


def test_reverts_when_the_seller_has_not_accepted(desk: Desk, stock: int) -> None:
    with reverts("BadSignature", signer=key_of("supplier")):
        desk.book(_sale(desk, stock), seller=b"")


def test_reverts_when_the_seller_does_not_hold_the_goods(
    desk: Desk, ledger: Contract, stock: int
) -> None:
    ledger.quarantine(stock, word("stopped"), sender=key_of("supplier"))
    with reverts("WrongState", parcel=stock, state=ParcelState.QUARANTINED):
        desk.book(_sale(desk, stock))


def test_reverts_when_the_goods_are_a_gift(desk: Desk, stock: int) -> None:
    # FRT-32. Whoever a gift is given through may supply goods as well, and sells no gift.
    suite, shop, donor = desk.suite, key_of("shop"), key_of("donor")
    both = roles_mask(Role.SUPPLIER, Role.CHARITY)
    message = registration(
        "supplier", desk.chain.now() + DAY, account=shop.address, facility=word("shop"), roles=both
    )
    register(suite.registry, "shop", message)
    told = suite.donations.pledge(pledge(desk.chain.now(), intermediary=shop.address), sender=donor)
    gift = told.event("GiftPledged").args.gift
    counted = count(gift, station=desk.stations[0])
    parcel = suite.donations.receiveGift(counted, sender=shop).event("GiftReceived").args.parcel
    booking = _sale(desk, parcel, seller=shop.address)
    accepted = m.SaleAcceptance(booking.struct_hash(), shop.address).sign(shop, desk.domain)
    with reverts("NotForSale", parcel=parcel, seller=shop):
        desk.book(booking, seller=accepted)
    # Nor supplies that are another's.
    with reverts("NotForSale", parcel=stock, seller=shop):
        other = _sale(desk, stock, seller=shop.address)
        accepted = m.SaleAcceptance(other.struct_hash(), shop.address).sign(shop, desk.domain)
        desk.book(other, seller=accepted)


def test_a_household_takes_with_its_one_time_key(
    desk: Desk, freight: Contract, ledger: Contract, stock: int
) -> None:
    consignment = _carry(desk, _household(desk, stock))
    key = key_of("one-time key")
    handover = desk.handover(consignment, 3, LATEST[2], to=key.address)
    domain = desk.domain
    proof = desk.proof(handover, accepted=False) | {
        "acceptance": handover.sign(key, domain),
        "salt": SALT,
    }
    with reverts("WrongParty", given=key):
        desk.deliver(proof | {"salt": word("a guess")})
    with reverts("BadSignature", signer=key):
        desk.deliver(proof | {"acceptance": b""})
    thief = replace(handover, to=key_of("terminal_carrier").address)
    stolen = {"handover": thief, "acceptance": thief.sign(key_of("terminal_carrier"), domain)}
    with reverts("WrongParty", given=key_of("terminal_carrier")):
        desk.deliver(proof | stolen | {"release": stolen["acceptance"]})

    told = desk.deliver(proof).event("ConsignmentSettled").args

    assert (told.resolution, told.price) == (Resolution.DELIVERED, PRICE)
    parcel = ledger.parcel(stock)
    assert (parcel.state, parcel.custodian) == (ParcelState.DISTRIBUTED, key.address)
    assert ledger.fateOf(parcel.lot).distributed == 20
    assert freight.purseOf(key_of("supplier")).free == PRICE
    desk.check_money()


@pytest.mark.parametrize("policy", [Policy.DEVICE, Policy.DEVICE_THEN_SILENCE])
def test_reverts_when_a_device_would_accept_for_a_household(
    desk: Desk, stock: int, policy: Policy
) -> None:
    with reverts("BadHousehold"):
        desk.book(_household(desk, stock, terms=terms(policy=policy)))


def test_a_household_may_refuse_at_the_door(desk: Desk, freight: Contract, stock: int) -> None:
    consignment = _carry(desk, _household(desk, stock))
    key = key_of("one-time key")
    booking = desk.bookings[consignment]
    refusal = desk.refusal(consignment, key)
    signature = refusal.sign(key, desk.domain)
    stranger = key_of("stranger")
    with reverts("WrongParty", given=key):
        freight.refuse(booking, refusal, word("a guess"), signature, sender=stranger)
    freight.refuse(booking, refusal, SALT, signature, sender=stranger)
    desk.chain.set_time(desk.chain.now() + DAY + HOUR)
    told = desk.settle_refused(consignment, sender=stranger).event("ConsignmentSettled").args
    assert (told.resolution, told.price) == (Resolution.REFUSED, 0)
    assert told.refunded == PRICE + FREIGHTS[2]
    desk.check_money()
