"""Demands and offers, as the tests make them.

The rooms that write to demands and goods are keys here, so that a test can act in their names:
freight, donations, the relief fund and the emergency plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pyrevm import AccountInfo

from aidline.client import Contract, Receipt, RevmChain
from aidline.keccak import keccak
from aidline.model import EarmarkKind, Level
from aidline.signing import Key, Message, typed
from tests.support.network import NOBODY, station
from tests.support.people import key_of, word
from tests.support.suite import (
    DAY,
    MASK,
    START,
    Rooms,
    Suite,
    catalogue,
    deploy_suite,
    role_number,
)

__all__ = [
    "DONATIONS",
    "EMERGENCY",
    "FREIGHT",
    "FUND",
    "NO_EARMARK",
    "PLAN",
    "STATION",
    "Attestation",
    "Desk",
    "earmark",
    "suite_for_demand",
]

FREIGHT = key_of("room of freight")
DONATIONS = key_of("room of donations")
FUND = key_of("room of the fund")
EMERGENCY = key_of("room of emergency")

#: An emergency plan's id.
PLAN = word("epidemic")
#: Where goods are to go: a cold store of the station operator.
STATION = 1


def suite_for_demand() -> Suite:
    """Return the suite with a ledger, book and escrow that know keys as the rooms around them."""
    suite = deploy_suite(RevmChain(timestamp=START))
    known = {
        "AccessManager": suite.access.address,
        "ParticipantRegistry": suite.registry.address,
        "FreightEscrow": FREIGHT.address,
        "DonationRegistry": DONATIONS.address,
        "ReliefFund": FUND.address,
        "EmergencyResponse": EMERGENCY.address,
    }
    rooms = Rooms(suite.chain, known, creator="maker of demand", book=suite.rooms.book)
    common = ("@AccessManager", "@ParticipantRegistry")
    rooms.deploy("RecipeBook", "@ParticipantRegistry")
    rooms.deploy("MaterialOffice", *common, "@RecipeBook")
    rooms.deploy("LoadOffice", *common)
    ledger = rooms.deploy(
        "MaterialLedger",
        *common,
        "@DemandEscrow",
        "@FreightEscrow",
        "@DonationRegistry",
        "@MaterialOffice",
        "@LoadOffice",
    )
    network = rooms.deploy(
        "LogisticsNetwork", "@ParticipantRegistry", "@FreightEscrow", "@HoursDesk"
    )
    rooms.deploy("DemandOffice", *common, "@MaterialLedger", "@LogisticsNetwork")
    needs = rooms.deploy(
        "DemandBook", *common, "@DemandOffice", "@DemandEscrow", "@EmergencyResponse"
    )
    rooms.deploy(
        "AllocationOffice", "@MaterialLedger", "@DemandBook", "@FreightEscrow", "@ReliefFund"
    )
    escrow = rooms.deploy(
        "DemandEscrow",
        *common,
        "@MaterialLedger",
        "@DemandBook",
        "@FreightEscrow",
        "@DonationRegistry",
        "@ReliefFund",
        "@AllocationOffice",
    )
    lens = rooms.deploy(
        "DemandLens",
        "@ParticipantRegistry",
        "@MaterialLedger",
        "@LogisticsNetwork",
        "@DemandBook",
        "@DemandEscrow",
    )
    powers = [
        (ledger, "defineMaterial", "cataloguer"),
        (needs, "setThresholds", "urgency_keeper"),
    ]
    for room in (needs, escrow):
        powers += [(room, "pause", "pauser"), (room, "unpause", "unpauser")]
    for room, function, role in powers:
        suite.access.setTargetFunctionRole(
            room.address, [room[function].codec.selector], role_number(role), sender=key_of("admin")
        )
    catalogue(ledger)
    keeper = key_of("station_operator")
    network.addStation(station(keeper, region=word("CN-420100")), sender=keeper)
    return replace(suite, ledger=ledger, needs=needs, demand=escrow, lens=lens, network=network)


def earmark(kind: EarmarkKind, scope: bytes | str = "") -> dict[str, Any]:
    """Return an earmark."""
    return {"kind": kind, "scope": word(scope) if isinstance(scope, str) else scope}


NO_EARMARK = earmark(EarmarkKind.NONE)


@typed("Attestation")
@dataclass(frozen=True, slots=True)
class Attestation(Message):
    """What an auditor signs."""

    auditor: Annotated[str, "address"]
    demand: Annotated[int, "uint64"]
    content: Annotated[bytes, "bytes32"]
    valid_until: Annotated[int, "uint40"]
    deadline: Annotated[int, "uint40"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Does what tests of demand do again and again."""

    suite: Suite

    @property
    def needs(self) -> Contract:
        """The book of demands."""
        return self.suite.needs

    @property
    def escrow(self) -> Contract:
        """The escrow of offers."""
        return self.suite.demand

    @property
    def now(self) -> int:
        """The time."""
        return self.suite.chain.now()

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.suite.chain.set_time(self.now + seconds)

    def declare(self, recipient: Key, people: int = 100, vulnerable: bool = False) -> None:
        """Declare a facility."""
        self.needs.declareFacility(people, vulnerable, sender=recipient)

    def settle(
        self, recipient: Key, auditor: Key, people: int = 100, vulnerable: bool = False
    ) -> None:
        """Declare a facility and have it attested."""
        self.declare(recipient, people, vulnerable)
        self.attest_facility(recipient, auditor)

    def attest_facility(self, recipient: Key, auditor: Key) -> Receipt:
        """Have a facility attested as it stands."""
        facts = self.needs.facility(recipient.address)
        receipt: Receipt = self.needs.attestFacility(
            recipient.address, facts.people_in_care, facts.vulnerable, sender=auditor
        )
        return receipt

    def request(self, **changes: Any) -> dict[str, Any]:
        """Return a request for 1,000 masks within ten days, with stock for thirty days."""
        return {
            "material": MASK,
            "units": 1_000,
            "stock": 3_000,
            "daily_use": 100,
            "needed_by": self.now + 10 * DAY,
            "station": STATION,
            "freight_budget": 1_000,
            "emergency": bytes(32),
        } | changes

    def publish(self, recipient: Key, **changes: Any) -> int:
        """Publish a demand and return its id."""
        receipt = self.needs.publish(self.request(**changes), sender=recipient)
        demand: int = receipt.event("DemandPublished").args.demand
        return demand

    def attest(self, demand: int, *auditors: Key, valid: int = 7 * DAY) -> None:
        """Have auditors attest a demand as it stands."""
        for auditor in auditors:
            content = self.needs.contentOf(demand)
            self.needs.attest(demand, content, self.now + valid, sender=auditor)

    def need(
        self, recipient: Key, level: Level, units: int, auditors: Sequence[Key], **changes: Any
    ) -> int:
        """Publish a demand whose stock makes it of this level, and have it attested."""
        stock = {Level.CRITICAL: 50, Level.HIGH: 200, Level.MEDIUM: 500, Level.LOW: 3_000}
        demand = self.publish(recipient, units=units, stock=stock[level], **changes)
        self.attest(demand, *auditors)
        assert self.needs.demand(demand).level == level
        return demand

    def gift(
        self,
        holder: Key,
        units: int,
        mark: dict[str, Any] = NO_EARMARK,
        material: int = MASK,
        expiry: int = 0,
    ) -> int:
        """Commission a gift of the donor in the hands of somebody and return its parcel."""
        request = {
            "material": material,
            "quantity": units,
            "expiry": expiry,
            "station": 3,
            "evidence": keccak(b"delivery note"),
        }
        receipt = self.suite.ledger.commissionGift(
            request, key_of("donor").address, holder.address, mark, sender=DONATIONS
        )
        parcel: int = receipt.event("LotCommissioned").args.parcel
        return parcel

    def offer(self, holder: Key, units: int, **goods: Any) -> int:
        """Offer a gift for a week and return the offer's id."""
        parcel = self.gift(holder, units, **goods)
        receipt = self.escrow.offer(parcel, self.now + 7 * DAY, sender=holder)
        offer: int = receipt.event("OfferMade").args.offer
        return offer

    def propose(
        self,
        *lines: tuple[int, int, int],
        lapse: Sequence[int] = (),
        exemptions: Sequence[tuple[int, int]] = (),
        solver: Key | None = None,
    ) -> list[int]:
        """Propose lines (offer, demand, units) and return the allocations."""
        receipt = self.escrow.propose(
            {"lapse": list(lapse), "lines": list(lines), "exemptions": list(exemptions)},
            sender=solver or key_of("solver"),
        )
        return [event.args.allocation for event in receipt.events if event.name == "Allocated"]

    def open_units(
        self, mark: dict[str, Any] = NO_EARMARK, material: int = MASK
    ) -> tuple[int, int, int, int]:
        """Return open audited units in a scope: low, medium, high, critical."""
        units = self.needs.openUnits(material, mark)
        return units.low, units.medium, units.high, units.critical

    def parcel_of(self, allocation: int) -> Any:
        """Return the ledger's record of the parcel in which what was allocated is."""
        record = self.escrow.allocation(allocation)
        return self.suite.ledger.parcel(
            record.parcel or self.escrow.offerRecord(record.offer).parcel
        )

    def book(self, consignment: int, *allocations: int, freight: int = 0) -> None:
        """Book allocations for the relief fund and load them."""
        self.escrow.take(list(allocations), consignment, FUND.address, freight, sender=FREIGHT)
        parcels = [self.escrow.allocation(number).parcel for number in allocations]
        self.suite.ledger.form(consignment, parcels, NOBODY, [], sender=FREIGHT)

    def receive(self, demand: int, parcel: int, units: int) -> Receipt:
        """Count units of a delivered parcel as received, in the name of the escrow.

        A contract sends nothing by itself: for this one call its address is that of a plain key.
        """
        evm, room = self.suite.chain._evm, self.escrow.address
        whole = evm.basic(room)
        evm.insert_account_info(room, AccountInfo(nonce=whole.nonce, balance=10**18))
        try:
            lot = self.suite.ledger.parcel(parcel).lot
            receipt: Receipt = self.needs.countReceived(demand, lot, units, sender=self.escrow)
        finally:
            evm.insert_account_info(room, whole)
        return receipt

    def close(self, consignment: int, outcome: int) -> None:
        """Hand a load to the carrier and end it."""
        carrier = key_of("carrier").address
        self.suite.ledger.handOver(consignment, carrier, 3, self.now, sender=FREIGHT)
        self.suite.ledger.close(consignment, outcome, carrier, STATION, self.now, sender=FREIGHT)
