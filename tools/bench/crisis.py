"""A crisis that was made up, laid onto a chain: demands published and attested, gifts offered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from aidline.client import Receipt, Transaction
from aidline.geodesy import Place
from aidline.gs1 import check_digit
from aidline.model import EarmarkKind, Level, Tier
from aidline.signing import Key
from aidline.solve.matching import OpenDemand, OpenOffer
from tests.support.gifts import count, pledge
from tests.support.network import station
from tests.support.people import domain_of, key_of, registration, word
from tests.support.suite import DAY, Suite, material

__all__ = ["Stage"]

#: Limits of what only prepares: enough, and they need not be estimated.
_GAS = 1_500_000
_AT_ONCE = 1_000
_DAILY_USE = 24
_KEEPS = 400 * DAY  # longer than anything is needed
#: Hours that the stock lasts, far enough from the thresholds that no level changes meanwhile.
_HOURS = {Level.CRITICAL: 10, Level.HIGH: 50, Level.MEDIUM: 100, Level.LOW: 400}
_AUDITORS = ("first of the country", "second of the country")


@dataclass
class Stage:
    """The provinces, stations, hospitals and materials of a crisis on a chain.

    What a crisis has and this has not: emergencies, and goods that must be kept cold.

    Attributes:
        suite: The suite.
        stations: By where they lie.
        hospitals: By the crisis's name of the facility.
    """

    suite: Suite
    stations: dict[Place, int] = field(default_factory=dict)
    hospitals: dict[bytes, Key] = field(default_factory=dict)
    _gtins: dict[int, int] = field(default_factory=dict)

    def lay(self, demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]) -> None:
        """Put all of it onto the chain; the numbers there follow the order given."""
        provinces: dict[object, bytes] = {one.place: one.province for one in demands}
        materials = {one.material for one in demands} | {one.material for one in offers}
        named = {one.earmark_scope for one in offers if one.earmark_kind == EarmarkKind.REGION}
        self._define(sorted(named.union(provinces.values())), sorted(materials))
        places: set[object] = {one.place for one in demands} | {one.place for one in offers}
        self._build(places, provinces)
        self._enrol(demands)
        for at in range(0, len(demands), _AT_ONCE):
            self._publish(demands[at : at + _AT_ONCE])
        for at in range(0, len(offers), _AT_ONCE):
            self._offer(offers[at : at + _AT_ONCE])

    def _define(self, provinces: Sequence[bytes], materials: Sequence[int]) -> None:
        suite = self.suite
        for province in provinces:
            suite.registry.defineRegion(_word(province), word("CN"), sender=key_of("registrar"))
        for number in materials:
            digits = f"2200000{number:05d}"
            self._gtins[number] = int(digits + str(check_digit(digits)))
            definition = material(self._gtins[number], shelf_life=_KEEPS)
            suite.ledger.defineMaterial(definition, sender=key_of("cataloguer"))

    def _build(self, places: Iterable[object], provinces: dict[object, bytes]) -> None:
        keeper, anywhere = key_of("station_operator"), next(iter(provinces.values()))
        for place in places:
            assert isinstance(place, Place)
            definition = station(
                keeper,
                tier=Tier.BRANCH,
                latitude=place.latitude,
                longitude=place.longitude,
                region=_word(provinces.get(place, anywhere)),
            )
            added = self.suite.network.addStation(definition, sender=keeper)
            self.stations[place] = added.event("StationAdded").args.station

    def _enrol(self, demands: Sequence[OpenDemand]) -> None:
        provinces = {one.facility: one.province for one in demands}
        for name in _AUDITORS:
            self._register("fourth_auditor", name, word("CN"), word(name))
        for facility, province in sorted(provinces.items()):
            name = facility.decode()
            key = self._register("hospital", name, _word(province), _word(facility))
            self.suite.needs.declareFacility(500, False, sender=key)
            self.hospitals[facility] = key

    def _register(self, like: str, name: str, region: bytes, facility: bytes) -> Key:
        suite, key = self.suite, key_of(name)
        message = registration(
            like,
            suite.chain.now() + DAY,
            account=key.address,
            facility=facility,
            organisation=facility,
            region=region,
        )
        signature = message.sign(key, domain_of(suite.registry))
        suite.registry.register(message, signature, name, sender=key_of("registrar"))
        return key

    def _publish(self, demands: Sequence[OpenDemand]) -> None:
        needs, now = self.suite.needs, self.suite.chain.now()
        published = self._send(
            needs.transaction(
                "publish",
                {
                    "material": self._gtins[one.material],
                    "units": one.units,
                    "stock": _HOURS[one.level] * _DAILY_USE // 24,
                    "daily_use": _DAILY_USE,
                    "needed_by": now + DAY + one.needed_by,
                    "station": self._station(one.place),
                    "freight_budget": 0,
                    "emergency": bytes(32),
                },
                sender=self.hospitals[one.facility],
            )
            for one in demands
        )
        numbers = [receipt.event("DemandPublished").args.demand for receipt in published]
        contents = needs.contentOf.many((number,) for number in numbers)
        self._send(
            needs.transaction("attest", number, content, now + 20 * DAY, sender=key_of(auditor))
            for one, number, content in zip(demands, numbers, contents, strict=True)
            for auditor in _AUDITORS[: 2 if one.level == Level.CRITICAL else 1]
        )

    def _offer(self, offers: Sequence[OpenOffer]) -> None:
        donations, now = self.suite.donations, self.suite.chain.now()
        pledged = self._send(
            donations.transaction(
                "pledge",
                pledge(
                    now,
                    material=self._gtins[one.material],
                    units=one.units,
                    earmark=_earmark(one),
                ),
                sender=key_of("donor"),
            )
            for one in offers
        )
        gifts = [receipt.event("GiftPledged").args.gift for receipt in pledged]
        self._send(
            donations.transaction(
                "receiveGift",
                count(
                    gift,
                    accepted=one.units,
                    refused=0,
                    missing=0,
                    reason=bytes(32),
                    expiry=now + DAY + (one.expiry or _KEEPS // 2),
                    station=self._station(one.place),
                    offer_until=now + 60 * DAY,
                ),
                sender=key_of("charity"),
            )
            for gift, one in zip(gifts, offers, strict=True)
        )

    def _station(self, place: object) -> int:
        assert isinstance(place, Place)
        return self.stations[place]

    def _send(self, transactions: Iterable[Transaction]) -> list[Receipt]:
        sent = [replace(one, gas=_GAS) for one in transactions]
        return [receipt.check() for receipt in self.suite.chain.send_many(sent)]


def _word(name: bytes) -> bytes:
    return name.ljust(32, b"\0")


def _earmark(offer: OpenOffer) -> dict[str, object]:
    if offer.earmark_kind in (EarmarkKind.REGION, EarmarkKind.FACILITY):
        return {"kind": offer.earmark_kind, "scope": _word(offer.earmark_scope)}
    return {"kind": EarmarkKind.NONE, "scope": bytes(32)}
