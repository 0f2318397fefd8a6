"""What the parties to a consignment and an arbiter do about a leg in dispute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aidline import messages as m
from aidline.client import Contract, Receipt
from aidline.signing import Domain
from tests.support.freight import CARRIERS, DEPARTURES, FREIGHTS, LATEST, LIMIT, Desk
from tests.support.people import domain_of, key_of, word
from tests.support.suite import DAY, KIT, START, UNIT

__all__ = ["BOND", "CLAIM", "OF_PRICE", "PRICE", "REASON", "Court", "bond_of"]

CLAIM = word("claim 1")
REASON = word("ruling 1")
#: What a seller asks for its goods; in dispute it is one leg more, after the last.
PRICE = 5_000 * UNIT
OF_PRICE = len(FREIGHTS)


def bond_of(freights: tuple[int, ...], leg: int) -> int:
    """Return the bond of a dispute, by the words of the specification (DSP-2)."""
    return -(-freights[leg] // 10) - (-sum(freights) // 200)


#: Of a dispute about the first leg.
BOND = bond_of(FREIGHTS, 0)


@dataclass
class Court:
    """Disputes about one consignment of three legs, of which the last carrier has custody.

    Attributes:
        desk: Where the consignment is handed on and delivered.
        booking: Its booking.
        consignment: Its id.
    """

    desk: Desk
    booking: m.Booking
    consignment: int

    def __post_init__(self) -> None:
        for name in ("hospital", "supplier", *CARRIERS):
            self.desk.suite.currency.approve(self.room, 2**256 - 1, sender=key_of(name))

    @classmethod
    def assembled(cls, desk: Desk) -> Court:
        """Book a consignment and bring it, on time, into the hands of its last carrier."""
        booking = desk.booking([desk.allocate()])
        consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
        for number, at in enumerate((DEPARTURES[0], *LATEST[:2])):
            desk.pass_on(consignment, number, at)
        desk.chain.set_time(LATEST[2])
        return cls(desk, booking, consignment)

    @classmethod
    def of_a_sale(cls, desk: Desk, *, until_picked_up: bool = True, **changes: Any) -> Court:
        """Let the hospital buy a thousand kits of the supplier; they are picked up, or booked."""
        supplier = key_of("supplier")
        asked = {
            "material": KIT,
            "quantity": 1_000,
            "expiry": START + 300 * DAY,
            "station": desk.stations[0],
            "evidence": word("certificate"),
        }
        made = desk.suite.ledger.commission(asked, sender=supplier).event("LotCommissioned").args
        sale = {"seller": supplier.address, "price": PRICE, "parcels": [made.parcel]} | changes
        booking = desk.booking([], **sale)
        consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
        if until_picked_up:
            desk.pass_on(consignment, 0, DEPARTURES[0])
        return cls(desk, booking, consignment)

    @property
    def room(self) -> Contract:
        return self.desk.suite.disputes

    def raise_(self, raiser: str = "hospital", leg: int = 0, **changes: Any) -> int:
        """Let a party raise a dispute about a leg; return its id."""
        given: dict[str, Any] = {"booking": self.booking, "leg": leg, "claim": CLAIM} | changes
        receipt = self.room["raise"](**given, sender=key_of(raiser))
        dispute: int = receipt.event("DisputeRaised").args.dispute
        return dispute

    def split(self, dispute: int, award: int, **changes: Any) -> m.Split:
        """Return what payer and carrier of the leg in dispute would sign."""
        leg = self.room.dispute(dispute).leg
        fields: dict[str, Any] = {
            "dispute": dispute,
            "consignment": self.consignment,
            "leg": leg,
            "award": award,
            "deadline": LIMIT,
        }
        return m.Split(**(fields | changes))

    def agree(
        self,
        split: m.Split,
        payer: str = "hospital",
        carrier: str = "carrier",
        domain: Domain | None = None,
        booking: m.Booking | None = None,
    ) -> Receipt:
        """Let both sign, or others in their place; anybody submits."""
        domain = domain or domain_of(self.room)
        receipt: Receipt = self.room.settleByAgreement(
            booking or self.booking,
            split,
            split.sign(key_of(payer), domain),
            split.sign(key_of(carrier), domain),
            sender=key_of("stranger"),
        )
        return receipt

    def rule(self, dispute: int, arbiter: str = "arbiter", **changes: Any) -> Receipt:
        """Let an arbiter award half of the first leg's freight, or rule otherwise."""
        booking = changes.pop("booking", self.booking)
        ruling = {
            "is_awarded": True,
            "is_founded": True,
            "award": FREIGHTS[0] // 2,
            "reason": REASON,
        } | changes
        receipt: Receipt = self.room.rule(dispute, booking, ruling, sender=key_of(arbiter))
        return receipt

    def deliver(self) -> Receipt:
        """Let the hospital sign for the goods, as they arrived in time."""
        handover = self.desk.handover(self.consignment, 3, LATEST[2])
        return self.desk.deliver(self.desk.proof(handover, accepted=True))

    def settle(self) -> Receipt:
        """Let anybody settle what ended while disputes held its money."""
        return self.desk.settle_closed(self.consignment, sender=key_of("stranger"))

    def earned(self, act: Any) -> tuple[int, ...]:
        """Return what each carrier has more after an act than before."""
        before = [self.desk.balance(name) for name in CARRIERS]
        act()
        return tuple(self.desk.balance(n) - b for n, b in zip(CARRIERS, before, strict=True))

    def check_money(self) -> None:
        """INV-DISPUTE-1: the desk's currency is the bonds of open disputes."""
        room = self.room
        disputes = [room.dispute(number + 1) for number in range(room.disputeCount())]
        held = sum(dispute.bond for dispute in disputes if dispute.status.name == "OPEN")
        assert room.totalBonds() == held
        assert self.desk.suite.currency.balanceOf(room) == held
