"""Donors, the charities that count what comes in, and suppliers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from aidline.client import Receipt
from aidline.messages import LotAttestation, Permit
from aidline.model import Otherwise, Verdict
from aidline.sim.agenda import Step
from aidline.sim.cast import text32
from aidline.sim.records import SECONDS_A_DAY, GiftInKind, GiftOfMoney, Supply
from aidline.sim.world import World, auditors_for

__all__ = ["Giving"]

_HOUR = 3600
_OFFER_DAYS = 60
_AUDIT_AFTER = 30 * _HOUR


class Giving:
    """Everybody who brings goods or money.

    Args:
        world: What the parties share.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._words: dict[str, int] = {}

    def begin(self) -> None:
        """Put every gift and supply of the scenario on the agenda."""
        world = self._world
        for gift in world.prepared.gifts:
            world.agenda.at(world.time(gift.day, 7 * _HOUR), partial(self._pledge, gift))
        for supply in world.prepared.supplies:
            world.agenda.at(world.time(supply.day, 7 * _HOUR), partial(self._make, supply))
        for money in world.prepared.money:
            world.agenda.at(world.time(money.day, 6 * _HOUR), partial(self._prepay, money))

    def _expiry(self, days: int) -> int:
        return self._world.agenda.now + days * SECONDS_A_DAY if days else 0

    def _pledge(self, gift: GiftInKind) -> Iterator[Step]:
        world = self._world
        material = world.material(gift.material)
        terms = {
            "material": int(material.gtin),
            "units": gift.units,
            "unit_value": material.unit_value,
            "value_currency": world.prepared.scenario.currency.value_code.encode(),
            "intermediary": world.cast[gift.charity].address,
            "deadline": world.agenda.now + 7 * SECONDS_A_DAY,
            "earmark": world.earmark(gift.earmark),
            "demand": 0,
            "otherwise": Otherwise.NULL,
            "commitment": bytes(32),
            "origin": gift.origin,
        }

        def pledged(receipt: Receipt) -> None:
            number = receipt.event("GiftPledged").args.gift
            world.agenda.at(world.agenda.now + 3 * _HOUR, partial(self._receive, number, gift))

        yield Step(world.send(world.aid.donations, "pledge", terms, sender=gift.donor), pledged)

    def _receive(self, number: int, gift: GiftInKind) -> Iterator[Step]:
        world = self._world
        count = {
            "gift": number,
            "accepted": gift.units - gift.refused - gift.missing,
            "refused": gift.refused,
            "missing": gift.missing,
            "reason": text32("damaged packaging" if gift.refused else ""),
            "expiry": self._expiry(gift.expiry_days),
            "station": world.stations[gift.station],
            "evidence": text32(f"count of gift {gift.id}"),
            "offer_until": world.agenda.now + _OFFER_DAYS * SECONDS_A_DAY,
        }
        yield Step(
            world.send(world.aid.donations, "receiveGift", count, sender=gift.charity),
            lambda receipt: self._received(receipt, gift),
        )

    def _received(self, receipt: Receipt, gift: GiftInKind) -> None:
        agenda, told = self._world.agenda, receipt.event("GiftReceived").args
        later = agenda.now + _AUDIT_AFTER
        agenda.at(later, partial(self._attest, told.gift, told.lot, gift.charity))

    def _attest(self, number: int, lot: int, charity: str) -> Iterator[Step]:
        """An auditor has looked at the lot; the charity brings the signature."""
        world, aid = self._world, self._world.aid
        region = next(
            one.region
            for one in world.prepared.scenario.participants.charities
            if one.id == charity
        )
        for auditor in auditors_for(world, region, f"gift {number}")[:1]:
            key = world.cast[auditor]
            nonce = self._words.get(auditor, 0)
            self._words[auditor] = nonce + 1
            word = LotAttestation(
                auditor=key.address,
                gift=number,
                lot=lot,
                head=aid.donations.gift(number).head,
                verdict=Verdict.ATTESTED,
                evidence=text32(f"report on lot {lot}"),
                nonce=nonce,
                deadline=world.agenda.now + SECONDS_A_DAY,
            )
            signature = word.sign(key, aid.domain(aid.gift_audit))
            yield Step(world.send(aid.gift_audit, "attestLot", word, signature, sender=charity))

    def _make(self, supply: Supply) -> Iterator[Step]:
        world = self._world
        request = {
            "material": int(world.material(supply.material).gtin),
            "quantity": supply.units,
            "expiry": self._expiry(supply.expiry_days),
            "station": world.stations[supply.station],
            "evidence": text32(f"certificate of lot {supply.id}"),
        }

        def made(receipt: Receipt) -> None:
            parcel = receipt.event("LotCommissioned").args.parcel
            if supply.for_sale:
                world.for_sale[supply.id] = parcel
            else:
                self.offer(parcel, supply.supplier)

        yield Step(
            world.send(world.aid.ledger, "commission", request, sender=supply.supplier), made
        )

    def offer(self, parcel: int, holder: str) -> None:
        """Have a holder offer a parcel, a new one or one that came back."""
        agenda = self._world.agenda
        agenda.at(agenda.now + _HOUR, partial(self._offer, parcel, holder))

    def _offer(self, parcel: int, holder: str) -> Iterator[Step]:
        world = self._world
        expiry = world.aid.ledger.lot(world.aid.ledger.parcel(parcel).lot).expiry
        until = world.agenda.now + _OFFER_DAYS * SECONDS_A_DAY
        if not expiry or expiry > world.agenda.now + _HOUR:
            yield Step(world.send(world.aid.demand, "offer", parcel, until, sender=holder))

    def _prepay(self, money: GiftOfMoney) -> Iterator[Step]:
        """Buy the logistics currency against the reserve; the gift follows within the hour."""
        yield from prepay(self._world, money.donor, money.amount)
        self._world.agenda.at(self._world.agenda.now + _HOUR, partial(self._give, money))

    def _give(self, money: GiftOfMoney) -> Iterator[Step]:
        world = self._world
        permit = permit_for(world, money.donor, world.aid.fund.address, money.amount)
        yield Step(
            world.send(
                world.aid.donations,
                "giveMoney",
                money.amount,
                world.earmark(money.earmark),
                permit,
                sender=money.donor,
            )
        )


def prepay(world: World, name: str, amount: int) -> Iterator[Step]:
    """Yield the steps by which a participant gets ``amount`` of the currency for reserve tokens."""
    owner = world.cast[name].address
    aid = world.aid
    yield Step(world.send(aid.reserve, "mint", owner, amount, sender=name))
    yield Step(world.send(aid.reserve, "approve", aid.currency.address, amount, sender=name))
    yield Step(world.send(aid.currency, "depositFor", owner, amount, sender=name))


def bond(world: World, operator: str, freight: int) -> Iterator[Step]:
    """Yield the steps by which an operator answers for a device that watches so much freight."""
    aid, owner = world.aid, world.cast[operator].address
    amount = freight + freight // 4
    yield from prepay(world, operator, amount)
    yield Step(world.send(aid.currency, "approve", aid.monitor.address, amount, sender=operator))
    yield Step(world.send(aid.monitor, "depositBond", owner, amount, sender=operator))


def permit_for(world: World, name: str, spender: str, amount: int) -> dict[str, object]:
    """Return a permit of the currency as the contracts take it, signed by the participant.

    Args:
        world: What the parties share.
        name: Whose money it is.
        spender: Address of who may take it.
        amount: How much, base units.
    """
    key = world.cast[name]
    nonce = world.permits.get(name, 0)
    world.permits[name] = nonce + 1
    deadline = world.agenda.now + SECONDS_A_DAY
    permit = Permit(
        owner=key.address,
        spender=spender,
        value=amount,
        nonce=nonce,
        deadline=deadline,
    )
    signature = permit.sign(key, world.aid.domain(world.aid.currency))
    return {
        "value": amount,
        "deadline": deadline,
        "v": signature[64],
        "r": signature[:32],
        "s": signature[32:64],
    }
