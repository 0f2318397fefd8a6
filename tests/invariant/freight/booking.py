"""Bookings of one to three legs, of allocations, sales and personal orders, under each policy."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from aidline import messages as m
from aidline.freight import household_of
from aidline.keccak import keccak
from aidline.model import DeviceRule, Policy
from aidline.signing import Key
from aidline.telemetry import Band, Watch
from tests.invariant.freight.loggers import Liar, Logger
from tests.invariant.freight.money import Money
from tests.invariant.freight.shadow import UNITS, Consigned
from tests.invariant.freight.stage import FLEET, amount, refused
from tests.support.freight import CARRIERS, terms
from tests.support.gifts import NO_PERMIT
from tests.support.network import NOBODY
from tests.support.people import DEVICES, key_of, word
from tests.support.suite import DAY, HOUR, KIT, START, UNIT

__all__ = ["Bookings"]

#: The last time at which a demand is made here: later ones would be for goods that expire.
LATEST_DEMAND = START + 25 * DAY
#: A band that needs no device.
WIDEST = {
    "temperature_min": -(2**15),
    "temperature_max": 2**15 - 1,
    "humidity_min": 0,
    "humidity_max": 10_000,
}
#: By number of legs: who drives each, and at which stations they stop.
WAYS: dict[int, tuple[tuple[str, ...], tuple[int, ...]]] = {
    1: (("branch_carrier",), (0, 3)),
    2: (("carrier", "branch_carrier"), (0, 1, 3)),
    3: (CARRIERS, (0, 1, 2, 3)),
}
#: Devices that speak for a consignment, none of them the last carrier's.
LOGGERS: tuple[tuple[str, ...], ...] = ((), ("device",), ("device", "second_device"))
#: The one with the most ends twice.
POLICIES = (*list(Policy)[1:], Policy.DEVICE_THEN_SILENCE)
KINDS = ("allocation", "sale", "personal order")


class Bookings(Money):
    """A consignment begins."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Two consignments, and carriers with something in their purses."""
        for name in CARRIERS:
            self.put_aside(name, 1_000 * UNIT, "freight")
        for _ in range(2):
            self.book(data)

    @precondition(lambda self: len(self.shadow.consignments) < FLEET)
    @rule(data=st.data())
    def book_another(self, data: st.DataObject) -> None:
        self.book(data)

    def book(self, data: st.DataObject) -> None:
        """Book what is drawn, with everybody's signatures."""
        kind = data.draw(st.sampled_from(KINDS))
        policy = data.draw(st.sampled_from(POLICIES))
        loggers = data.draw(st.sampled_from(LOGGERS))
        together = data.draw(st.sampled_from([DeviceRule.ANY, DeviceRule.EACH]))
        if self.now > LATEST_DEMAND:
            kind = "sale"
        if kind == "personal order":
            policy = Policy.BOTH if loggers else Policy.CONSIGNEE
        if policy is not Policy.CONSIGNEE:
            loggers = loggers or ("device",)
        agreed = terms(policy=policy, device_rule=together, **({} if loggers else WIDEST))
        legs = self.legs(data, data.draw(st.integers(1, 3)))
        changes = self.goods(data, kind)
        booking = m.Booking(
            **changes,
            evidence=NOBODY,
            devices=[key_of(name).address for name in loggers],
            legs=legs,
            terms=agreed,
            pick_up_by=legs[0].latest_arrival,
            deadline=self.now + HOUR,
            salt=keccak(b"order %d" % len(self.shadow.consignments)),
        )
        self.submit(booking, loggers)

    def legs(self, data: st.DataObject, count: int) -> list[m.LegRequest]:
        """Three hours for each, from the next hour but one on."""
        carriers, stops = WAYS[count]
        start = (self.now // HOUR + 2) * HOUR
        number = len(self.shadow.consignments)
        made = []
        for leg, name in enumerate(carriers):
            van, crew = self.stage.fleet[name][number]
            carrier = key_of(name)
            bond = data.draw(st.sampled_from([0, 400 * UNIT]))
            # Seldom more than there is: a booking is refused for it.
            free = self.shadow.purses[carrier.address].free
            bond = min(bond, free + data.draw(st.integers(0, 1)))
            made.append(
                m.LegRequest(
                    carrier=carrier.address,
                    vehicle=van,
                    crew=crew,
                    from_station=self.desk.stations[stops[leg]],
                    to_station=self.desk.stations[stops[leg + 1]],
                    departure=start + 3 * HOUR * leg,
                    latest_arrival=start + 3 * HOUR * (leg + 1),
                    freight=data.draw(amount),
                    bond=bond,
                )
            )
        return made

    def goods(self, data: st.DataObject, kind: str) -> dict[str, Any]:
        """What is carried, who pays and who receives it."""
        hospital, supplier = key_of("hospital"), key_of("supplier")
        made = {
            "payer": hospital.address,
            "consignee": hospital.address,
            "household": bytes(32),
            "seller": NOBODY,
            "price": 0,
            "allocations": [],
            "parcels": [],
        }
        if kind == "allocation":
            payer = data.draw(st.sampled_from([hospital, supplier]))
            return made | {"payer": payer.address, "allocations": [self.desk.allocate(UNITS)]}
        lot = {
            "material": KIT,
            "quantity": UNITS,
            "expiry": self.now + 300 * DAY,
            "station": self.desk.stations[0],
            "evidence": word("certificate"),
        }
        told = self.suite.ledger.commission(lot, sender=supplier).event("LotCommissioned").args
        made |= {"seller": supplier.address, "price": data.draw(amount), "parcels": [told.parcel]}
        if kind == "personal order":
            number = len(self.shadow.consignments)
            made |= {
                "payer": key_of("donor").address,
                "consignee": NOBODY,
                "household": household_of(
                    self.chain.chain_id(),
                    self.suite.freight.address,
                    self.one_time_key(number).address,
                    self.salt(number),
                ),
            }
        return made

    def one_time_key(self, number: int) -> Key:
        return key_of(f"household {number}")

    def salt(self, number: int) -> bytes:
        return keccak(b"salt %d" % number)

    def submit(self, booking: m.Booking, loggers: tuple[str, ...]) -> None:
        """Book with everybody's signatures, and see that it is refused where it must be."""
        number = len(self.shadow.consignments)
        order = booking.struct_hash()
        shadow = self.shadow
        freight = sum(leg.freight for leg in booking.legs)
        bond = freight + freight // 4 if loggers else 0
        error = None
        if any(leg.bond > shadow.purses[leg.carrier].free for leg in booking.legs):
            error = "PurseTooSmall"
        elif shadow.bonds["carrier"].free < bond * len(loggers):
            error = "BondTooSmall"
        consent = m.PolicyConsent(order, booking.consignee, booking.terms.policy)
        is_personal = booking.consignee == NOBODY
        signatures = {
            "payer": m.BookingOrder(order, booking.payer).sign(
                self.keys[booking.payer], self.domain
            ),
            "carriers": [
                m.LegAcceptance(order, place, leg.carrier).sign(self.keys[leg.carrier], self.domain)
                for place, leg in enumerate(booking.legs)
            ],
            "consignee": b"" if is_personal else consent.sign(key_of("hospital"), self.domain),
            "seller": m.SaleAcceptance(order, booking.seller).sign(key_of("supplier"), self.domain),
        }
        with refused(error):
            receipt = self.suite.freight["book"](
                booking, signatures, NO_PERMIT, sender=key_of("stranger")
            )
        if error:
            return
        made = receipt.event("ConsignmentBooked").args.consignment
        ledger = self.suite.ledger
        parcels = list(ledger.parcelsOf(made))
        taker = self.one_time_key(number) if is_personal else key_of("hospital")
        hands = [key_of("supplier"), *(self.keys[leg.carrier] for leg in booking.legs), taker]
        one = Consigned(
            made,
            booking,
            hands,
            [self.logger(made, booking, name, bond) for name in loggers],
            parcels,
            [ledger.parcel(parcel).lot for parcel in parcels],
            [self.now],
            self.salt(number) if is_personal else bytes(32),
        )
        shadow.consignments[made] = one
        self.content[made] = ledger.load(made).content
        shadow.pay(booking.payer, -one.prepaid)
        for leg in booking.legs:
            purse = shadow.purses[leg.carrier]
            purse.free -= leg.bond
            purse.locked += leg.bond
        for _ in loggers:
            shadow.bonds["carrier"].free -= bond
            shadow.bonds["carrier"].locked += bond

    def logger(self, number: int, booking: m.Booking, name: str, bond: int) -> Logger:
        agreed = booking.terms
        band = Band(
            agreed.temperature_min,
            agreed.temperature_max,
            agreed.humidity_min,
            agreed.humidity_max,
        )
        watch = Watch(key_of(name).address, booking.struct_hash(), band)
        return Logger(name, DEVICES[name], Liar(number, watch), bond)
