"""A consignment of three legs from a supplier's hub to a hospital's dock, step by step.

The way is trunk (hub to recognised centre), branch (centre to branch station) and terminal (branch
station to dock); each leg another carrier's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aidline import messages as m
from aidline.client import Contract, Receipt, RevmChain
from aidline.freight import device_evidence, points_of
from aidline.model import DeviceRule, Policy, Status, Tier
from aidline.signing import Domain, Key
from aidline.telemetry import Band, Recorder
from aidline.watches import submission, told_of
from tests.support.gifts import NO_PERMIT
from tests.support.network import NOBODY, crew_of, station, vehicle
from tests.support.people import DEVICES, domain_of, key_of, word
from tests.support.suite import DAY, HOUR, KIT, START, UNIT, Suite

__all__ = [
    "CARRIERS",
    "COLD",
    "DEPARTURES",
    "FREIGHTS",
    "LATEST",
    "LIMIT",
    "Desk",
    "pay_of",
    "terms",
]

COLD = Band(temperature_min=200, temperature_max=800, humidity_min=0, humidity_max=6_000)
DEPARTURES = (START + 10 * HOUR, START + 15 * HOUR, START + 18 * HOUR)
LATEST = (START + 15 * HOUR, START + 18 * HOUR, START + 20 * HOUR)
FREIGHTS = (600 * UNIT, 300 * UNIT, 100 * UNIT)
CARRIERS = ("carrier", "branch_carrier", "terminal_carrier")
HOSPITALS = ("hospital", "second_hospital")
#: A deadline that no test reaches.
LIMIT = START + 100 * DAY


def terms(**changes: Any) -> m.Terms:
    """Return the terms of the tests, with some fields changed.

    Half an hour late and 36,000 of exposure (1 °C for six minutes) cost nothing; five hours
    and 396,000 leave nothing; above 1,000,000 the goods go to quarantine.
    """
    fields: dict[str, Any] = {
        "temperature_min": COLD.temperature_min,
        "temperature_max": COLD.temperature_max,
        "humidity_min": COLD.humidity_min,
        "humidity_max": COLD.humidity_max,
        "late_free": HOUR // 2,
        "late_zero": 5 * HOUR,
        "longest_silence": 2 * HOUR,
        "policy": Policy.CONSIGNEE,
        "device_rule": DeviceRule.NULL,
        "exposure_free": 36_000,
        "exposure_zero": 396_000,
        "exposure_floor": 1_000_000,
        "humidity_free": 500_000,
        "humidity_zero": 1_500_000,
        "humidity_floor": 4_000_000,
    }
    return m.Terms(**(fields | changes))


def pay_of(freight: int, agreed: m.Terms, late: int, temperature: int, humidity: int) -> int:
    """Return what a leg earns, by the words of the specification."""
    above, below = freight, 1
    for value, free, zero in (
        (late, agreed.late_free, agreed.late_zero),
        (temperature, agreed.exposure_free, agreed.exposure_zero),
        (humidity, agreed.humidity_free, agreed.humidity_zero),
    ):
        if value <= free:
            continue
        above *= max(0, zero - value)
        below *= max(1, zero - free)
    return above // below


@dataclass
class Desk:
    """What the people of a consignment do, one after the other."""

    suite: Suite
    stations: list[int] = field(default_factory=list)
    vehicles: list[int] = field(default_factory=list)
    crews: list[int] = field(default_factory=list)
    bookings: dict[int, m.Booking] = field(default_factory=dict)

    # --- what is there ---

    @property
    def chain(self) -> RevmChain:
        return self.suite.chain

    @property
    def freight(self) -> Contract:
        return self.suite.freight

    @property
    def domain(self) -> Domain:
        return domain_of(self.freight)

    def build(self) -> None:
        """Add stations, crews and vehicles; let hospital and supplier approve the escrow."""
        network = self.suite.network
        city = word("CN-420100")
        hubs = [
            ("supplier", {}),
            ("station_operator", {"region": city}),
            ("station_operator", {"region": city, "tier": Tier.BRANCH}),
            ("hospital", {"region": city, "tier": Tier.TERMINAL}),
        ]
        for name, changes in hubs:
            keeper = key_of(name)
            added = network.addStation(station(keeper, **changes), sender=keeper)
            self.stations.append(added.event("StationAdded").args.station)
        network.recognise(self.stations[1], word("CN-HB"), True, sender=key_of("coordinator"))
        for name, tier in zip(CARRIERS, (Tier.TRUNK, Tier.BRANCH, Tier.TERMINAL), strict=True):
            carrier = key_of(name)
            crew = network.addCrew(crew_of(carrier), sender=carrier).event("CrewAdded").args.crew
            self.crews.append(crew)
            added = network.addVehicle(vehicle(carrier, tier=tier), sender=carrier)
            self.vehicles.append(added.event("VehicleAdded").args.vehicle)
        for name in ("hospital", "supplier"):
            self.suite.currency.approve(self.freight, 2**256 - 1, sender=key_of(name))
        for name in sorted({*DEVICES.values(), *CARRIERS}):
            self.bond(name, 100_000 * UNIT)

    def bond(self, operator: str, amount: int) -> None:
        """Let the operator of devices answer for them with currency of its own."""
        monitor, key = self.suite.monitor, key_of(operator)
        self.suite.currency.approve(monitor, amount, sender=key)
        monitor.depositBond(key, amount, sender=key)

    def allocate(self, units: int = 1_000, recipient: str = "hospital") -> int:
        """Let a hospital ask, an auditor attest and the supplier give; return the allocation."""
        suite, supplier, hospital = self.suite, key_of("supplier"), key_of(recipient)
        if suite.needs.facility(hospital).people_in_care == 0:
            suite.needs.declareFacility(500, False, sender=hospital)
        asked = {
            "material": KIT,
            "units": units,
            "stock": 300,
            "daily_use": 100,
            "needed_by": START + 30 * DAY,
            "station": self.stations[3],
            "freight_budget": 5_000 * UNIT,
            "emergency": bytes(32),
        }
        demand = suite.needs.publish(asked, sender=hospital).event("DemandPublished").args.demand
        above = suite.needs.demand(demand).over_cap
        for name in ("auditor", "second_auditor") if above else ("auditor",):
            suite.needs.attest(
                demand, suite.needs.contentOf(demand), START + 30 * DAY, sender=key_of(name)
            )
        made = {
            "material": KIT,
            "quantity": units,
            "expiry": START + 300 * DAY,
            "station": self.stations[0],
            "evidence": word("certificate"),
        }
        parcel = suite.ledger.commission(made, sender=supplier).event("LotCommissioned").args.parcel
        offered = suite.demand.offer(parcel, START + 30 * DAY, sender=supplier)
        offer = offered.event("OfferMade").args.offer
        fulfilled = suite.demand.fulfil(offer, demand, units, sender=supplier)
        allocation: int = fulfilled.event("Allocated").args.allocation
        return allocation

    # --- booking ---

    def legs(self) -> list[m.LegRequest]:
        """Return the three legs."""
        return [
            m.LegRequest(
                carrier=key_of(name).address,
                vehicle=self.vehicles[number],
                crew=self.crews[number],
                from_station=self.stations[number],
                to_station=self.stations[number + 1],
                departure=DEPARTURES[number],
                latest_arrival=LATEST[number],
                freight=FREIGHTS[number],
            )
            for number, name in enumerate(CARRIERS)
        ]

    def booking(self, allocations: Sequence[int], **changes: Any) -> m.Booking:
        """Return the booking of these allocations, with some fields changed."""
        fields: dict[str, Any] = {
            "payer": key_of("hospital").address,
            "consignee": key_of("hospital").address,
            "household": bytes(32),
            "seller": NOBODY,
            "price": 0,
            "evidence": NOBODY,
            "devices": [key_of("device").address],
            "allocations": list(allocations),
            "parcels": [],
            "legs": self.legs(),
            "terms": terms(),
            "pick_up_by": DEPARTURES[0] + HOUR,
            "deadline": START + 5 * HOUR,
            "salt": word("order 1"),
        }
        return m.Booking(**(fields | changes))

    def signatures(self, booking: m.Booking, domain: Domain | None = None) -> dict[str, Any]:
        """Return everybody's signatures of a booking."""
        domain = domain or self.domain
        order = booking.struct_hash()
        names = {key_of(name).address: key_of(name) for name in CARRIERS}
        payer = next(
            (k for k in map(key_of, ("hospital", "supplier")) if k.address == booking.payer), None
        )
        hospitals = {key_of(name).address: key_of(name) for name in HOSPITALS}
        consignee = hospitals.get(booking.consignee)
        consent = m.PolicyConsent(order, booking.consignee, booking.terms.policy)
        sale = m.SaleAcceptance(order, booking.seller)
        return {
            "payer": m.BookingOrder(order, booking.payer).sign(payer, domain) if payer else b"",
            "carriers": [
                m.LegAcceptance(order, number, leg.carrier).sign(names[leg.carrier], domain)
                for number, leg in enumerate(booking.legs)
            ],
            "consignee": consent.sign(consignee, domain) if consignee else b"",
            "seller": sale.sign(key_of("supplier"), domain),
        }

    def book(self, booking: m.Booking, sender: str = "stranger", **changes: Any) -> Receipt:
        """Book with everybody's signatures, some of them changed; anybody submits."""
        signatures = self.signatures(booking) | changes
        receipt: Receipt = self.freight["book"](
            booking, signatures, NO_PERMIT, sender=key_of(sender)
        )
        self.bookings[receipt.event("ConsignmentBooked").args.consignment] = booking
        return receipt

    # --- on the way ---

    def handover(self, consignment: int, number: int, at: int, **changes: Any) -> m.Handover:
        """Return handover ``number``, the first being the pick-up, with some fields changed."""
        givers = ("supplier", *CARRIERS)
        takers = (*CARRIERS, "hospital")
        fields: dict[str, Any] = {
            "consignment": consignment,
            "sequence": number,
            "from_": key_of(givers[number]).address,
            "to": key_of(takers[number]).address,
            "station": self.stations[number],
            "at": at,
            "content": self.suite.ledger.load(consignment).content,
            "deadline": LIMIT,
        }
        return m.Handover(**(fields | changes))

    def hand_over(
        self,
        handover: m.Handover,
        giver: str | None = None,
        taker: str | None = None,
        domain: Domain | None = None,
    ) -> Receipt:
        """Let both sign a handover, or others in their place; anybody submits."""
        domain = domain or self.domain
        by_address = {key_of(n).address: key_of(n) for n in (*CARRIERS, "hospital", "supplier")}
        release = key_of(giver) if giver else by_address[handover.from_]
        acceptance = key_of(taker) if taker else by_address[handover.to]
        receipt: Receipt = self.freight.handOver(
            handover,
            handover.sign(release, domain),
            handover.sign(acceptance, domain),
            sender=key_of("stranger"),
        )
        return receipt

    def count(
        self,
        handover: m.Handover,
        *found: m.UnitsFound,
        giver: str | None = None,
        taker: str | None = None,
    ) -> Receipt:
        """Let both sign a handover at which units are counted out; anybody submits."""
        by_address = {key_of(n).address: key_of(n) for n in (*CARRIERS, "hospital", "supplier")}
        signed = m.CountedHandover.of(handover, found)
        release = key_of(giver) if giver else by_address[handover.from_]
        acceptance = key_of(taker) if taker else by_address[handover.to]
        receipt: Receipt = self.freight.handOverCounted(
            handover,
            signed.exceptions,
            signed.sign(release, self.domain),
            signed.sign(acceptance, self.domain),
            sender=key_of("stranger"),
        )
        return receipt

    def pass_on(self, consignment: int, number: int, at: int) -> Receipt:
        """Hand over at ``at``, when it is then; the pick-up is number 0."""
        if self.chain.now() < at:
            self.chain.set_time(at)
        return self.hand_over(self.handover(consignment, number, at))

    def record(
        self, recorder: Recorder, readings: Sequence[tuple[int, int, int]], device: str = "device"
    ) -> Receipt:
        """Let the device sign the next batch, and record it."""
        monitor, previous = self.suite.monitor, recorder.last
        batch = recorder.batch(readings, deadline=LIMIT)
        sent = submission(
            monitor,
            domain_of(monitor),
            recorder.watch,
            previous,
            batch,
            key_of(device),
            sender=key_of("stranger"),
        )
        return monitor.send(sent)

    def recorder(self, consignment: int) -> Recorder:
        """Return what the first device of a consignment remembers before its first reading."""
        return Recorder(consignment, told_of(self.suite.monitor, consignment)[0].watch)

    # --- delivery ---

    def arrival(self, consignment: int, at: int, batches: int) -> m.Arrival:
        """Return the device's arrival at the dock."""
        return m.Arrival(consignment, self.stations[3], at, batches, LIMIT)

    def proof(
        self,
        handover: m.Handover,
        arrival: m.Arrival | None = None,
        *,
        accepted: bool,
        **changes: Any,
    ) -> dict[str, Any]:
        """Return a proof: released by the last carrier, with what else there is."""
        domain = self.domain
        evidence = b""
        if arrival:
            device = key_of("device")
            evidence = device_evidence([(device.address, arrival, arrival.sign(device, domain))])
        return {
            "handover": handover,
            "release": handover.sign(key_of("terminal_carrier"), domain),
            "acceptance": handover.sign(key_of("hospital"), domain) if accepted else b"",
            "salt": bytes(32),
            "evidence": evidence,
        } | changes

    def told(self, consignment: int) -> list[list[Any]]:
        """Return what the devices have told of a consignment."""
        return points_of(self.suite.monitor, consignment)

    def deliver(self, proof: dict[str, Any], consignment: int | None = None) -> Receipt:
        """Submit a proof, of the consignment that it names or of another; anybody does."""
        number = proof["handover"].consignment if consignment is None else consignment
        receipt: Receipt = self.freight.deliver(
            self.bookings[number], self.told(number), proof, sender=key_of("stranger")
        )
        return receipt

    def deliver_counted(
        self,
        handover: m.Handover,
        *found: m.UnitsFound,
        arrival: m.Arrival | None = None,
        key: Key | None = None,
        **changes: Any,
    ) -> Receipt:
        """Submit a proof at which last carrier and taker, the hospital or ``key``, counted."""
        signed = m.CountedHandover.of(handover, found)
        proof = self.proof(handover, arrival, accepted=False) | {
            "release": signed.sign(key_of("terminal_carrier"), self.domain),
            "acceptance": signed.sign(key or key_of("hospital"), self.domain),
        }
        number = handover.consignment
        receipt: Receipt = self.freight.deliverCounted(
            self.bookings[number],
            self.told(number),
            proof | changes,
            signed.exceptions,
            sender=key_of("stranger"),
        )
        return receipt

    # --- other ends ---

    def refusal(self, consignment: int, by: Key, **changes: Any) -> m.Refusal:
        """Return a refusal at the door, with some fields changed."""
        fields = {
            "consignment": consignment,
            "sequence": len(self.bookings[consignment].legs),
            "by": by.address,
            "reason": word("wet boxes"),
            "deadline": LIMIT,
        }
        return m.Refusal(**(fields | changes))

    def refuse(self, consignment: int, *, sender: Key, **changes: Any) -> Receipt:
        """Let somebody refuse at the door."""
        refusal = self.refusal(consignment, sender, **changes)
        booking = self.bookings[consignment]
        return self.freight.refuse(booking, refusal, bytes(32), b"", sender=sender)

    def lapse(self, consignment: int, *, sender: Key) -> Receipt:
        """End a consignment by time."""
        return self._end("lapse", consignment, sender)

    def stop_recalled(self, consignment: int, *, sender: Key) -> Receipt:
        """End a consignment of which a lot is recalled."""
        return self._end("stopRecalled", consignment, sender)

    def settle_silent(self, consignment: int, *, sender: Key) -> Receipt:
        """Settle after a day's silence of the consignee."""
        return self._end("settleSilent", consignment, sender)

    def settle_refused(self, consignment: int, *, sender: Key) -> Receipt:
        """Settle a day after a refusal at the door."""
        return self._end("settleRefused", consignment, sender)

    def settle_closed(self, consignment: int, *, sender: Key) -> Receipt:
        """Settle what ended while disputes held its money."""
        return self._end("settleClosed", consignment, sender)

    def _end(self, act: str, consignment: int, sender: Key) -> Receipt:
        booking, told = self.bookings[consignment], self.told(consignment)
        receipt: Receipt = self.freight[act](booking, told, sender=sender)
        return receipt

    # --- outcomes ---

    def outcomes(self, consignment: int) -> list[Any]:
        """Return what each leg has earned by now."""
        told = self.told(consignment)
        return list(self.freight.outcomesOf(self.bookings[consignment], told))

    def paid(self, consignment: int) -> list[int]:
        """Return what each leg was paid, by the event that told it; nothing before."""
        told = self.freight.events("ConsignmentSettled", consignment=consignment)
        return [leg.pay for leg in told[0].args.legs] if told else []

    # --- money ---

    def balance(self, name: str) -> int:
        """Return a person's currency, what is free in its purse with it."""
        person = key_of(name)
        amount: int = self.suite.currency.balanceOf(person)
        return amount + int(self.freight.purseOf(person).free)

    def check_money(self) -> None:
        """Check INV-FREIGHT-1 (money adds up) and INV-FREIGHT-2 (what is held is there)."""
        held = 0
        for number in range(1, self.freight.consignmentCount() + 1):
            record = self.freight.consignment(number)
            rest = record.prepaid - record.paid - record.refunded
            assert rest == (0 if record.status == Status.SETTLED else record.prepaid)
            held += rest
            for told in self.freight.events("ConsignmentSettled", consignment=number):
                earned = sum(leg.pay for leg in told.args.legs) + told.args.price
                assert (record.paid, record.refunded) == (earned, told.args.refunded)
        purses = [self.freight.purseOf(key_of(name)) for name in (*CARRIERS, "supplier")]
        assert self.suite.currency.balanceOf(self.freight) == held + sum(
            purse.free + purse.locked for purse in purses
        )
