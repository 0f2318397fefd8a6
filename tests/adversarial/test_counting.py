"""Two of those who count at a handover agree on a lie: what each pair tries, and what it wins.

A kit is worth a unit of currency to whoever has it, and each leg is bonded for what all kits are
worth. A pair has its money and the kits that it took; an honest pair has its money. Each test shows
that the lie leaves the pair no better off, or the rule by which nobody else is worse off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from aidline import messages as m
from aidline.model import Flaw, ParcelState
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, Desk
from tests.support.gifts import NO_PERMIT
from tests.support.people import key_of
from tests.support.suite import DAY, KIT, START, UNIT

KITS, WORTH = 1_000, UNIT
BOND = KITS * WORTH
PRICE = 5_000 * UNIT
FIRST, SECOND, LAST = CARRIERS


@dataclass
class Way:
    """A consignment of a thousand kits, handed on by who signs whatever suits it."""

    desk: Desk
    consignment: int
    parcel: int

    def hand_on(self, number: int, *found: tuple[int, Flaw]) -> None:
        """Hand over on time: counted, where something was found."""
        at = (DEPARTURES[0], *LATEST)[number]
        self.desk.chain.set_time(at)
        handover = self.desk.handover(self.consignment, number, at)
        counted = [m.UnitsFound(self.parcel, units, flaw) for units, flaw in found]
        if number == 3 and counted:
            self.desk.deliver_counted(handover, *counted)
        elif number == 3:
            self.desk.deliver(self.desk.proof(handover, accepted=True))
        elif counted:
            self.desk.count(handover, *counted)
        else:
            self.desk.hand_over(handover)

    def go(self, **counts: tuple[int, Flaw]) -> None:
        """All four handovers; ``at_2=(10, Flaw.SHORT)`` is what is signed at the third."""
        for number in range(4):
            found = counts.get(f"at_{number}")
            self.hand_on(number, *([found] if found else []))


Walk = Callable[[Way], None]


def _gift(desk: Desk) -> Way:
    """A gift whose donor, the supplier, pays the way."""
    return _way(desk, desk.booking([desk.allocate(KITS)], payer=key_of("supplier").address))


def _sale(desk: Desk) -> Way:
    """Goods that the hospital buys."""
    supplier = key_of("supplier")
    made = {
        "material": KIT,
        "quantity": KITS,
        "expiry": START + 300 * DAY,
        "station": desk.stations[0],
        "evidence": b"\1" * 32,
    }
    parcel = desk.suite.ledger.commission(made, sender=supplier).event("LotCommissioned").args
    sale = {"seller": supplier.address, "price": PRICE, "parcels": [parcel.parcel]}
    return _way(desk, desk.booking([], **sale))


def _way(desk: Desk, booking: m.Booking) -> Way:
    for name in CARRIERS:
        desk.suite.currency.approve(desk.freight, BOND, sender=key_of(name))
        desk.freight.fillPurse(BOND, NO_PERMIT, sender=key_of(name))
    bonded = replace(booking, legs=[replace(leg, bond=BOND) for leg in booking.legs])
    consignment = desk.book(bonded).event("ConsignmentBooked").args.consignment
    return Way(desk, consignment, desk.suite.ledger.parcelsOf(consignment)[0])


def _wealth(desk: Desk, kind: Callable[[Desk], Way], walk: Walk, *names: str) -> int:
    """What these have at the end of a way, kits apart; the world is then as before."""
    before = desk.chain.snapshot()
    walk(kind(desk))
    wealth = sum(desk.balance(name) for name in names)
    desk.check_money()
    desk.chain.revert(before)
    return wealth


def _honest(way: Way) -> None:
    way.go()


@pytest.mark.parametrize(
    "walk",
    [
        pytest.param(lambda way: way.go(at_1=(100, Flaw.SHORT)), id="short"),
        pytest.param(lambda way: way.go(at_1=(100, Flaw.DAMAGED)), id="damaged"),
        pytest.param(lambda way: way.go(at_1=(100, Flaw.REFUSED)), id="refused"),
        pytest.param(lambda way: way.go(at_2=(100, Flaw.SHORT)), id="unseen until the next"),
    ],
)
def test_carrier_and_the_next_share_what_they_call(desk: Desk, walk: Walk) -> None:
    """FRT-44: whatever they call it, one of the two answers with pay and bond."""
    honest = _wealth(desk, _gift, _honest, FIRST, SECOND)
    assert _wealth(desk, _gift, walk, FIRST, SECOND) + 100 * WORTH < honest


def test_carrier_leaves_its_loss_to_an_honest_neighbour(desk: Desk) -> None:
    """FRT-44: who counts when it takes over pays for nothing that it never had."""
    own = _wealth(desk, _gift, lambda way: way.go(at_1=(100, Flaw.SHORT)), SECOND)
    assert own == _wealth(desk, _gift, _honest, SECOND)


def test_consignor_and_carrier_keep_what_was_given(desk: Desk) -> None:
    """FRT-42, MAT-19: no money is in it, and the record says who did not hand it over."""
    way = _gift(desk)
    before = desk.balance(FIRST)
    way.go(at_0=(100, Flaw.SHORT))
    assert desk.balance(FIRST) - before == FREIGHTS[0] + BOND
    ledger = desk.suite.ledger
    told = ledger.events("UnitsSetAside", consignment=way.consignment)[0].args
    kept = ledger.parcel(told.parcels[0])
    assert (kept.state, kept.custodian) == (ParcelState.LOST, key_of("supplier").address)
    breaches = desk.freight.breachesOf(desk.bookings[way.consignment], [[]])
    assert (3, key_of("supplier").address, 100) in [(b.leg, b.carrier, b.amount) for b in breaches]


@pytest.mark.parametrize("flaw", [Flaw.SHORT, Flaw.DAMAGED, Flaw.REFUSED])
def test_seller_and_carrier_keep_what_was_sold(desk: Desk, flaw: Flaw) -> None:
    """FRT-45: the seller has the share of its price that it handed over."""

    def keep(way: Way) -> None:
        way.go(at_0=(100, flaw))

    honest = _wealth(desk, _sale, _honest, "supplier", FIRST)
    assert honest - _wealth(desk, _sale, keep, "supplier", FIRST) >= PRICE // 10


def test_seller_and_carrier_load_half_for_the_whole_price(desk: Desk) -> None:
    """FRT-44: the carrier has signed for all of it, and the next one counts."""
    honest = _wealth(desk, _sale, _honest, "supplier", FIRST)
    half = _wealth(desk, _sale, lambda way: way.go(at_1=(500, Flaw.SHORT)), "supplier", FIRST)
    assert half + 500 * WORTH < honest


def test_consignee_and_carrier_call_short_what_came(desk: Desk) -> None:
    """FRT-44: the donor that paid the way has the carrier's pay and bond for it."""
    pair = ("hospital", LAST)
    honest = _wealth(desk, _gift, _honest, *pair)
    cheat = _wealth(desk, _gift, lambda way: way.go(at_3=(100, Flaw.SHORT)), *pair)
    assert cheat + 100 * WORTH < honest


def test_consignee_and_carrier_call_refused_what_was_lost(desk: Desk) -> None:
    """They could sign for all as well; now the ledger says that the carrier has it."""
    way = _gift(desk)
    before = _money(desk, "hospital", LAST)
    way.go(at_3=(100, Flaw.REFUSED))
    assert _money(desk, "hospital", LAST) - before == FREIGHTS[2] + BOND
    ledger = desk.suite.ledger
    told = ledger.events("UnitsSetAside", consignment=way.consignment)[0].args
    kept = told.parcels[0]
    assert ledger.parcel(kept).state == ParcelState.RETURNED
    assert ledger.responsibleAt(kept, desk.chain.now()) == key_of(LAST).address


def _money(desk: Desk, *names: str) -> int:
    return sum(desk.balance(name) for name in names)


@pytest.mark.parametrize("flaw", [Flaw.SHORT, Flaw.DAMAGED, Flaw.REFUSED])
def test_buyer_and_carrier_do_not_pay_for_what_came(desk: Desk, flaw: Flaw) -> None:
    """FRT-45: the seller has handed over all of it, and has its price."""

    def call(way: Way) -> None:
        way.go(at_3=(500, flaw))

    honest = _wealth(desk, _sale, _honest, "supplier")
    assert _wealth(desk, _sale, call, "supplier") == honest
    pair = ("hospital", LAST)
    assert _wealth(desk, _sale, call, *pair) == _wealth(desk, _sale, _honest, *pair)
