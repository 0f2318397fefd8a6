"""The shortest way of a gift: counted by the charity, matched to a hospital, carried by a van."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from aidline import messages as m
from aidline.client import Receipt
from aidline.freight import booking_of
from aidline.model import DeviceRule, Policy, Tier
from aidline.signing import Key
from tests.support.gifts import count, earmark, pledge
from tests.support.network import NOBODY, crew_of, station, vehicle
from tests.support.people import domain_of, key_of, word
from tests.support.suite import DAY, HOUR, MASK, UNIT, Suite

__all__ = ["LATE_ZERO", "Order", "Way"]

#: Seconds late from which a leg of these terms is not paid; every second before costs its share.
LATE_ZERO = 4 * HOUR


@dataclass(frozen=True, slots=True)
class Order:
    """A booking with the signatures that it needs, but for the payer's."""

    booking: m.Booking
    signatures: dict[str, Any]


class Way:
    """Lays the way of gifts through the suite.

    Args:
        suite: The suite, whose rooms of demand and freight stand.
        hospital: Who receives.
    """

    def __init__(self, suite: Suite, hospital: str = "hospital") -> None:
        self.suite = suite
        self.hospital = key_of(hospital)
        self.charity = key_of("charity")
        self.carrier = key_of("terminal_carrier")
        self._salt = 0
        depot = station(self.charity, tier=Tier.BRANCH, region=word("CN-420100"))
        dock = station(self.hospital, tier=Tier.TERMINAL, region=word("CN-420100"))
        self.depot = self._station(depot, self.charity)
        self.dock = self._station(dock, self.hospital)
        suite.needs.declareFacility(400, False, sender=self.hospital)
        suite.needs.attestFacility(self.hospital.address, 400, False, sender=key_of("auditor"))

    def allocate(self, units: int = 100) -> int:
        """Give, receive, demand, attest and match units; return the allocation."""
        suite, now = self.suite, self.suite.chain.now()
        donor = key_of("donor")
        terms = pledge(now, units=units, earmark=earmark())
        gift = suite.donations.pledge(terms, sender=donor).event("GiftPledged").args.gift
        counted = count(
            gift,
            accepted=units,
            refused=0,
            missing=0,
            station=self.depot,
            offer_until=now + 30 * DAY,
        )
        received = suite.donations.receiveGift(counted, sender=self.charity)
        request = {
            "material": MASK,
            "units": units,
            "stock": 0,
            "daily_use": 0,
            "needed_by": now + 20 * DAY,
            "station": self.dock,
            "freight_budget": 1_000_000 * UNIT,
            "emergency": bytes(32),
        }
        published = suite.needs.publish(request, sender=self.hospital)
        demand = published.event("DemandPublished").args.demand
        content = suite.needs.contentOf(demand)
        suite.needs.attest(demand, content, now + 10 * DAY, sender=key_of("auditor"))
        offer = received.event("GiftReceived").args.offer
        made = suite.demand.fulfil(offer, demand, units, sender=self.charity)
        allocation: int = made.event("Allocated").args.allocation
        return allocation

    def order(self, payer: str, freight: int, **changes: Any) -> Order:
        """Return a booking of one leg for a fresh allocation, accepted by its carrier."""
        now = self.suite.chain.now()
        van, crew = self._van()
        self._salt += 1
        fields: dict[str, Any] = {
            "payer": payer,
            "consignee": self.hospital.address,
            "household": bytes(32),
            "seller": NOBODY,
            "price": 0,
            "evidence": NOBODY,
            "devices": (),
            "parcels": (),
            "allocations": (self.allocate(),) if "allocations" not in changes else (),
            "legs": (
                m.LegRequest(
                    carrier=self.carrier.address,
                    vehicle=van,
                    crew=crew,
                    from_station=self.depot,
                    to_station=self.dock,
                    departure=now,
                    latest_arrival=now + 2 * HOUR,
                    freight=freight,
                ),
            ),
            "terms": m.Terms(
                temperature_min=-(2**15),
                temperature_max=2**15 - 1,
                humidity_min=0,
                humidity_max=10_000,
                late_free=0,
                late_zero=LATE_ZERO,
                longest_silence=0,
                policy=Policy.CONSIGNEE,
                device_rule=DeviceRule.NULL,
                exposure_free=0,
                exposure_zero=1,
                exposure_floor=1,
                humidity_free=0,
                humidity_zero=1,
                humidity_floor=1,
            ),
            "pick_up_by": now + HOUR,
            "deadline": now + HOUR,
            "salt": self._salt.to_bytes(32, "big"),
        }
        booking = m.Booking(**(fields | changes))
        domain = domain_of(self.suite.freight)
        booked = booking.struct_hash()
        carriers = [
            m.LegAcceptance(booking=booked, leg=index, carrier=leg.carrier).sign(
                self.carrier, domain
            )
            for index, leg in enumerate(booking.legs)
        ]
        return Order(booking, {"payer": b"", "carriers": carriers, "consignee": b"", "seller": b""})

    def pick_up(self, consignment: int) -> Receipt:
        """The charity hands over to the carrier, now."""
        return self.hand_over(consignment, self.charity, self.carrier, self.depot)

    def hand_over(self, consignment: int, giver: Key, taker: Key, place: int) -> Receipt:
        """One hands over to another, now."""
        handover = self._handover(consignment, giver, taker, place)
        domain = domain_of(self.suite.freight)
        return self.suite.freight.handOver(
            handover,
            handover.sign(giver, domain),
            handover.sign(taker, domain),
            sender=key_of("stranger"),
        )

    def count(
        self, consignment: int, giver: Key, taker: Key, place: int, *found: m.UnitsFound
    ) -> Receipt:
        """The same, or at its end the delivery, at which the two count units out."""
        handover = self._handover(consignment, giver, taker, place)
        domain = domain_of(self.suite.freight)
        count = m.CountedHandover.of(handover, found)
        release, acceptance = count.sign(giver, domain), count.sign(taker, domain)
        if place != self.dock:
            return self.suite.freight.handOverCounted(
                handover, count.exceptions, release, acceptance, sender=key_of("stranger")
            )
        proof = {
            "handover": handover,
            "release": release,
            "acceptance": acceptance,
            "salt": bytes(32),
            "evidence": b"",
        }
        return self.suite.freight.deliverCounted(
            self.booking(consignment), [], proof, count.exceptions, sender=key_of("stranger")
        )

    def deliver(self, consignment: int, at: int | None = None) -> Receipt:
        """The carrier hands over to the hospital, now or so they say: the consignment settles."""
        handover = self._handover(consignment, self.carrier, self.hospital, self.dock)
        if at is not None:
            handover = replace(handover, at=at)
        domain = domain_of(self.suite.freight)
        proof = {
            "handover": handover,
            "release": handover.sign(self.carrier, domain),
            "acceptance": handover.sign(self.hospital, domain),
            "salt": bytes(32),
            "evidence": b"",
        }
        return self.suite.freight.deliver(
            self.booking(consignment), [], proof, sender=key_of("stranger")
        )

    def booking(self, consignment: int) -> m.Booking:
        """Return the booking of a consignment."""
        return booking_of(self.suite.freight, consignment)

    def _handover(self, consignment: int, giver: Key, taker: Key, place: int) -> m.Handover:
        load = self.suite.ledger.load(consignment)
        now = self.suite.chain.now()
        return m.Handover(
            consignment=consignment,
            sequence=load.sequence,
            from_=giver.address,
            to=taker.address,
            station=place,
            at=now,
            content=load.content,
            deadline=now + HOUR,
        )

    def _station(self, definition: dict[str, Any], operator: Key) -> int:
        added = self.suite.network.addStation(definition, sender=operator)
        place: int = added.event("StationAdded").args.station
        return place

    def _van(self) -> tuple[int, int]:
        network = self.suite.network
        hired = network.addCrew(crew_of(self.carrier), sender=self.carrier)
        definition = vehicle(self.carrier, tier=Tier.TERMINAL)
        added = network.addVehicle(definition, sender=self.carrier)
        van: int = added.event("VehicleAdded").args.vehicle
        return van, hired.event("CrewAdded").args.crew
