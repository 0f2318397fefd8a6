"""Acts with goods and gifts in any order, on the real suite beside the shadow model.

A rule skips by its precondition; no revert is swallowed. Where an act must be refused a rule says
with which error, and the invariants show that nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aidline.keccak import keccak
from aidline.messages import LotAttestation, MoneyGiftOrder, UnitsFound
from aidline.model import (
    EarmarkKind,
    Flaw,
    GiftStatus,
    IncidentKind,
    IncidentStatus,
    Otherwise,
    ParcelState,
    Verdict,
)
from aidline.signing import Key
from aidline.trace.head import chain_head
from tests.invariant.shadow import Gift, Incident, Lot, Order, Part, Shadow
from tests.support.gifts import NO_PERMIT, count, earmark, pledge
from tests.support.people import domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, MASK, UNIT, Suite
from tests.support.way import Way

S = ParcelState
EVIDENCE = keccak(b"evidence")
REASON = word("reason")
#: Earmarks of gifts, also the fund's lines; nothing here is meant for who cannot get it.
MARKS = (
    earmark(),
    earmark(EarmarkKind.REGION, "CN-HB"),
    earmark(EarmarkKind.FACILITY, "hospital"),
)
DONORS = ("donor", "second_donor")
#: Who may bring money for somebody unnamed.
BRINGERS = (*DONORS, "charity")
#: Who stays unnamed until it claims.
CLAIMER = key_of("stranger")
SALT = keccak(b"salt")
AUDITORS = ("auditor", "second_auditor", "third_auditor", "fourth_auditor")
#: Of other organisations than who declares incidents.
JUDGES = ("second_auditor", "arbiter")
UNITS = st.integers(1, 400)


def some(choices: Callable[[Any], list[int]]) -> Any:
    """A precondition: there is something to choose from."""
    return precondition(lambda machine: bool(choices(machine)))


def _word(value: int | bytes) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else value


class Acts(RuleBasedStateMachine):
    """The machine; a subclass says on which suite."""

    suite: Suite
    way: Way
    releases: tuple[int, ...]
    recipe: int
    #: Acts carried out in all runs, by rule.
    steps: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.chain = self.suite.chain
        self.snapshot = self.chain.snapshot()
        self.shadow = Shadow()
        self.shadow.recipes[self.recipe] = 9_000
        self.people = {key_of(name).address: key_of(name) for name in ("charity", "supplier")}
        self.hospital = key_of("hospital")
        self.head = self.suite.ledger.head()
        self.seen = self.chain.block_number()

    def teardown(self) -> None:
        self.chain.revert(self.snapshot)

    @property
    def now(self) -> int:
        return self.chain.now()

    def draw(self, data: st.DataObject, choices: list[int]) -> int:
        return data.draw(st.sampled_from(choices))

    # --- time ---

    @initialize(quantity=UNITS)
    def begin(self, quantity: int) -> None:
        """Something of each is there: a lot to offer, money of each earmark."""
        self.commission(quantity)
        for line in range(len(MARKS)):
            self.give_money(UNIT, DONORS[0], line)

    @rule(minutes=st.sampled_from([1, 10, 45, 26 * 60]))
    def wait(self, minutes: int) -> None:
        self.chain.set_time(self.now + minutes * 60)

    # --- gifts ---

    @rule(
        units=UNITS,
        who=st.sampled_from(DONORS),
        mark=st.sampled_from(MARKS),
        unnamed=st.booleans(),
    )
    def pledge(self, units: int, who: str, mark: dict[str, Any], unnamed: bool) -> None:
        commitment = self.commitment() if unnamed else bytes(32)
        self.promise(who, units=units, earmark=mark, commitment=commitment)

    def promise(self, who: str, **terms: Any) -> Gift:
        donations = self.suite.donations
        receipt = donations.pledge(pledge(self.now, **terms), sender=key_of(who))
        number = receipt.event("GiftPledged").args.gift
        unnamed = terms.get("commitment", bytes(32)) != bytes(32)
        gift = Gift(
            key_of(who),
            GiftStatus.PLEDGED,
            donations.gift(number).head,
            pledged=terms["units"],
            unnamed=unnamed,
        )
        self.shadow.gifts[number] = gift
        return gift

    def commitment(self) -> bytes:
        """To who will claim."""
        text = self.chain.chain_id().to_bytes(32, "big")
        for account in (self.suite.donations.address, CLAIMER.address):
            text += bytes.fromhex(account[2:]).rjust(32, b"\0")
        return keccak(text + SALT)

    @rule(
        units=UNITS,
        wanted=UNITS,
        who=st.sampled_from(DONORS),
        otherwise=st.sampled_from([Otherwise.OFFER, Otherwise.HOLD]),
    )
    def pledge_to_one_demand(self, units: int, wanted: int, who: str, otherwise: Otherwise) -> None:
        for wrong in ({"demand": 1}, {"otherwise": otherwise}):
            with reverts("BadDirectGift"):
                terms = pledge(self.now, units=units, **wrong)
                self.suite.donations.pledge(terms, sender=key_of(who))
        at, demand = self.now, self.demand(wanted)
        gift = self.promise(who, units=units, demand=demand, otherwise=otherwise, earmark=MARKS[0])
        gift.demand, gift.wanted, gift.otherwise = demand, wanted, otherwise
        gift.attested_until, gift.needed_by = at + 10 * DAY, at + 20 * DAY

    def awaited(self) -> list[int]:
        gifts = self.shadow.gifts
        return [
            n
            for n in self.pledged()
            if gifts[n].demand and not gifts[n].demand_withdrawn and self.now < gifts[n].needed_by
        ]

    @some(awaited)
    @rule(data=st.data())
    def withdraw_the_one_demand(self, data: st.DataObject) -> None:
        gift = self.shadow.gifts[self.draw(data, self.awaited())]
        self.suite.needs.withdrawDemand(gift.demand, sender=self.hospital)
        gift.demand_withdrawn = True

    def pledged(self) -> list[int]:
        return [n for n, gift in self.shadow.gifts.items() if gift.status == GiftStatus.PLEDGED]

    def received(self) -> list[int]:
        return [
            n
            for n, gift in self.shadow.gifts.items()
            if gift.status == GiftStatus.RECEIVED and gift.pledged
        ]

    @some(pledged)
    @rule(data=st.data())
    def withdraw_pledge(self, data: st.DataObject) -> None:
        number = self.draw(data, self.pledged())
        gift = self.shadow.gifts[number]
        self.suite.donations.withdrawPledge(number, sender=gift.donor)
        gift.status = GiftStatus.WITHDRAWN

    def counted(self, data: st.DataObject, number: int) -> dict[str, Any]:
        """What the charity counts of a gift, and whether it offers it."""
        gift = self.shadow.gifts[number]
        accepted = data.draw(st.integers(0, gift.pledged))
        refused = data.draw(st.integers(0, gift.pledged - accepted))
        offered = bool(gift.demand) or data.draw(st.booleans())
        return count(
            number,
            accepted=accepted,
            refused=refused,
            missing=gift.pledged - accepted - refused,
            station=self.way.depot,
            offer_until=self.now + 20 * DAY if offered else 0,
        )

    def take_in(self, counted: dict[str, Any], events: Sequence[Any]) -> None:
        """Note what a receipt did; the events are its own."""
        number, accepted = counted["gift"], counted["accepted"]
        gift = self.shadow.gifts[number]
        told = {event.name: event.args for event in events}
        args = told["GiftReceived"]
        assert args.gift == number
        gift.status = GiftStatus.RECEIVED
        gift.counted = (accepted, counted["refused"], counted["missing"])
        gift.lot = args.lot
        if not accepted:
            assert not {"GiftMatched", "GiftNotMatched"} & set(told)
            return
        self.shadow.lots[args.lot] = Lot(MASK, accepted, gift.donor.address)
        state = S.OFFERED if counted["offer_until"] else S.HELD
        refusal = gift.refusal(self.now) if gift.demand else ""
        if refusal:
            assert told["GiftNotMatched"].refusal == keccak(refusal.encode())[:4]
            if gift.otherwise == Otherwise.HOLD:
                state = S.HELD
        part = Part(args.lot, accepted, state, key_of("charity"), self.way.depot, offer=args.offer)
        assert bool(args.offer) == (state == S.OFFERED)
        self.shadow.parts[args.parcel] = part
        if gift.demand and not refusal:
            units, allocation = min(gift.wanted, accepted), told["GiftMatched"].allocation
            part.promises[allocation] = units
            assert self.suite.demand.allocation(allocation).units == units

    @some(pledged)
    @rule(data=st.data())
    def receive(self, data: st.DataObject) -> None:
        number = self.draw(data, self.pledged())
        counted = self.counted(data, number)
        if self.shadow.gifts[number].demand and counted["accepted"]:
            with reverts("OfferEndNeeded", gift=number):
                self.suite.donations.receiveGift(
                    counted | {"offer_until": 0}, sender=key_of("charity")
                )
        told = self.suite.donations.receiveGift(counted, sender=key_of("charity"))
        self.take_in(counted, told.events)

    @some(pledged)
    @rule(data=st.data())
    def receive_many(self, data: st.DataObject) -> None:
        """All or nothing."""
        chosen = data.draw(
            st.lists(st.sampled_from(self.pledged()), min_size=1, max_size=4, unique=True)
        )
        batch = [self.counted(data, number) for number in chosen]
        donations, charity = self.suite.donations, key_of("charity")
        with reverts("GiftWrongStatus", gift=chosen[0]):
            donations.receiveGifts([*batch, batch[0]], sender=charity)
        wrong = batch[-1] | {"missing": batch[-1]["missing"] + 1}
        with reverts("CountDoesNotAddUp", gift=chosen[-1]):
            donations.receiveGifts([*batch[:-1], wrong], sender=charity)
        events = list(donations.receiveGifts(batch, sender=charity).events)
        for counted in batch:
            end = next(n for n, event in enumerate(events) if event.name == "GiftReceived") + 1
            self.take_in(counted, events[:end])
            del events[:end]

    def unclaimed(self) -> list[int]:
        return [n for n, gift in self.shadow.gifts.items() if gift.unnamed and not gift.claimer]

    @some(unclaimed)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        number = self.draw(data, self.unclaimed())
        gift, donations = self.shadow.gifts[number], self.suite.donations
        if gift.status != GiftStatus.RECEIVED or not (gift.amount or gift.counted[0]):
            with reverts("NothingReceived", gift=number):
                donations.claim(number, SALT, sender=CLAIMER)
            return
        for who, salt in ((gift.donor, SALT), (CLAIMER, EVIDENCE)):
            with reverts("WrongClaim", gift=number, caller=who):
                donations.claim(number, salt, sender=who)
        donations.claim(number, SALT, sender=CLAIMER)
        gift.claimer = CLAIMER
        with reverts("AlreadyClaimed", gift=number):
            donations.claim(number, SALT, sender=CLAIMER)

    def said(self, number: int, auditor: str, verdict: Verdict) -> LotAttestation:
        gift, account = self.shadow.gifts[number], key_of(auditor).address
        return LotAttestation(
            auditor=account,
            gift=number,
            lot=gift.lot,
            head=gift.head,
            verdict=verdict,
            evidence=EVIDENCE,
            nonce=self.shadow.nonces["GiftAudit", account],
            deadline=self.now + DAY,
        )

    def attest_by(self, said: LotAttestation, signer: str) -> None:
        audit = self.suite.audit
        audit.attestLot(said, said.sign(key_of(signer), domain_of(audit)), sender=CLAIMER)

    def in_stock(self) -> list[int]:
        return [n for n in self.received() if self.shadow.gifts[n].lot]

    @some(in_stock)
    @rule(
        data=st.data(),
        auditor=st.sampled_from(AUDITORS),
        verdict=st.sampled_from([Verdict.ATTESTED, Verdict.REFUSED]),
    )
    def attest_lot(self, data: st.DataObject, auditor: str, verdict: Verdict) -> None:
        """It marks, and stops nothing; it cannot be said twice."""
        number = self.draw(data, self.in_stock())
        gift, said = self.shadow.gifts[number], self.said(number, auditor, verdict)
        self.attest_by(said, auditor)
        gift.word = (said.auditor, verdict, gift.version)
        self.shadow.nonces["GiftAudit", said.auditor] += 1
        with reverts("InvalidAccountNonce"):
            self.attest_by(said, auditor)

    @some(in_stock)
    @rule(
        data=st.data(),
        auditor=st.sampled_from(AUDITORS),
        flaw=st.sampled_from(["head", "lot", "verdict", "late", "signer", "party"]),
    )
    def a_word_that_is_not_good_is_refused(
        self, data: st.DataObject, auditor: str, flaw: str
    ) -> None:
        number = self.draw(data, self.in_stock())
        said, signer, error = self.said(number, auditor, Verdict.ATTESTED), auditor, ""
        if flaw == "head":
            said, error = replace(said, head=EVIDENCE), "OtherHead"
        elif flaw == "lot":
            said, error = replace(said, lot=said.lot + 1), "OtherLot"
        elif flaw == "verdict":
            said, error = replace(said, verdict=Verdict.NULL), "BadVerdict"
        elif flaw == "late":
            said, error = replace(said, deadline=self.now - 1), "SignatureExpired"
        elif flaw == "signer":
            signer, error = "donor", "BadSignature"
        else:
            said, signer = self.said(number, "charity", Verdict.ATTESTED), "charity"
            error = "NotIndependent"
        with reverts(error):
            self.attest_by(said, signer)

    @some(pledged)
    @rule(data=st.data(), off=st.sampled_from([-1, 1]))
    def a_line_whose_parts_do_not_add_up_is_refused(self, data: st.DataObject, off: int) -> None:
        number = self.draw(data, self.pledged())
        units = self.shadow.gifts[number].pledged
        counted = count(number, accepted=units, refused=max(off, 0), missing=0)
        if off < 0:
            counted["accepted"] -= 1
        with reverts("CountDoesNotAddUp", gift=number, pledged=units):
            self.suite.donations.receiveGift(counted, sender=key_of("charity"))

    @some(received)
    @rule(data=st.data())
    def the_same_bulletin_again_is_refused(self, data: st.DataObject) -> None:
        number = self.draw(data, self.received())
        accepted, refused, missing = self.shadow.gifts[number].counted
        again = count(number, accepted=accepted, refused=refused, missing=missing)
        with reverts("GiftWrongStatus", gift=number):
            self.suite.donations.receiveGift(again, sender=key_of("charity"))

    def correctable(self) -> list[int]:
        return [
            n
            for n, gift in self.shadow.gifts.items()
            if gift.pledged and gift.status != GiftStatus.WITHDRAWN
        ]

    @some(correctable)
    @rule(data=st.data(), value=st.integers(1, 1_000))
    def correct(self, data: st.DataObject, value: int) -> None:
        number = self.draw(data, self.correctable())
        gift = self.shadow.gifts[number]
        if value == gift.unit_value:
            value += 1
        field = word("unit_value")
        if gift.claimer:
            with reverts("NotAuthor", gift=number, caller=gift.donor):
                self.suite.donations.correct(number, field, _word(value), REASON, sender=gift.donor)
        author = data.draw(st.sampled_from([gift.giver, key_of("fourth_auditor")]))
        self.suite.donations.correct(number, field, _word(value), REASON, sender=author)
        gift.unit_value, gift.version = value, gift.version + 1
        author_word = bytes(12) + bytes.fromhex(author.address[2:])
        words = (gift.head, _word(gift.version), author_word, field, _word(value), REASON)
        gift.head = keccak(b"".join(words))

    # --- money ---

    @rule(
        amount=st.integers(UNIT, 50 * UNIT),
        who=st.sampled_from(DONORS),
        line=st.sampled_from(range(len(MARKS))),
    )
    def give_money(self, amount: int, who: str, line: int) -> None:
        donor = key_of(who)
        receipt = self.suite.donations.giveMoney(amount, MARKS[line], NO_PERMIT, sender=donor)
        gift = receipt.event("MoneyGiven").args.gift
        head = self.suite.donations.gift(gift).head
        self.shadow.gifts[gift] = Gift(donor, GiftStatus.RECEIVED, head, amount=amount, line=line)
        self.shadow.free[line] += amount
        self.shadow.given[line] += amount

    @rule(
        data=st.data(),
        amounts=st.lists(st.integers(UNIT, 50 * UNIT), min_size=1, max_size=3),
        flaw=st.sampled_from(["signer", "late", "nonce"]),
    )
    def give_money_for(self, data: st.DataObject, amounts: list[int], flaw: str) -> None:
        """By signed orders, of which one that is not good spoils all."""
        donations, made, lines = self.suite.donations, [], []
        nonces = self.shadow.nonces.copy()
        for amount in amounts:
            unnamed = data.draw(st.booleans())
            who = key_of(data.draw(st.sampled_from(BRINGERS if unnamed else DONORS)))
            lines.append(data.draw(st.sampled_from(range(len(MARKS)))))
            order = MoneyGiftOrder(
                donor=who.address,
                amount=amount,
                earmark_kind=MARKS[lines[-1]]["kind"],
                earmark_scope=MARKS[lines[-1]]["scope"],
                commitment=self.commitment() if unnamed else bytes(32),
                nonce=nonces["DonationRegistry", who.address],
                deadline=self.now + DAY,
            )
            nonces["DonationRegistry", who.address] += 1
            made.append((order, who))

        def signed(order: MoneyGiftOrder, who: Key) -> dict[str, Any]:
            signature = order.sign(who, domain_of(donations))
            return {"order": order, "signature": signature, "permit": NO_PERMIT}

        gifts = [signed(order, who) for order, who in made]
        last, signer = made[-1]
        if flaw == "signer":
            wrong, error = signed(last, CLAIMER), "BadSignature"
        elif flaw == "late":
            wrong = signed(replace(last, deadline=self.now - 1), signer)
            error = "SignatureExpired"
        else:
            wrong = signed(replace(last, nonce=last.nonce + 1), signer)
            error = "InvalidAccountNonce"
        with reverts(error):
            donations.giveMoneyFor([*gifts[:-1], wrong], sender=CLAIMER)
        receipt = donations.giveMoneyFor(gifts, sender=CLAIMER)
        self.shadow.nonces = nonces
        with reverts("InvalidAccountNonce"):
            donations.giveMoneyFor(gifts, sender=CLAIMER)
        told = [event.args for event in receipt.events if event.name == "MoneyGiven"]
        for args, (order, who), line in zip(told, made, lines, strict=True):
            assert (args.donor, args.amount) == (who.address, order.amount)
            head = donations.gift(args.gift).head
            self.shadow.gifts[args.gift] = Gift(
                who,
                GiftStatus.RECEIVED,
                head,
                amount=order.amount,
                line=line,
                unnamed=order.commitment != bytes(32),
            )
            self.shadow.free[line] += order.amount
            self.shadow.given[line] += order.amount

    def returnable(self) -> list[int]:
        return [n for n, gift in self.shadow.gifts.items() if gift.amount]

    @some(returnable)
    @rule(data=st.data())
    def take_back_money(self, data: st.DataObject) -> None:
        """What is not spent goes back; what is spent does not."""
        number = self.draw(data, self.returnable())
        gift = self.shadow.gifts[number]
        left = gift.amount - gift.returned - self.shadow.spent_of(number)
        with reverts("NotGiver", gift=number):
            self.suite.donations.takeBackMoney(number, sender=self.hospital)
        if left == 0:
            with reverts("NothingLeft"):
                self.suite.donations.takeBackMoney(number, sender=gift.giver)
            return
        told = self.suite.donations.takeBackMoney(number, sender=gift.giver)
        assert told.event("MoneyTakenBack").args.amount == left
        gift.returned += left
        self.shadow.free[gift.line] -= left

    @some(in_stock)
    @rule(data=st.data())
    def take_back_goods(self, data: st.DataObject) -> None:
        """Open offers end; what is allocated goes its way, and nothing is offered again."""
        number = self.draw(data, self.in_stock())
        gift = self.shadow.gifts[number]
        found = [n for n in self.offered() if self.shadow.parts[n].lot == gift.lot]
        parts = [self.shadow.parts[n] for n in found]
        offers = [part.offer for part in parts]
        told = self.suite.donations.takeBackGoods(number, offers, sender=gift.giver)
        assert told.event("GoodsTakenBack").args.units == sum(part.free for part in parts)
        self.shadow.lots[gift.lot].taken_back = True
        for one in found:
            self.end_offer(one, told)
        for held in self.usable(S.HELD):
            part = self.shadow.parts[held]
            if part.lot == gift.lot:
                with reverts("LotTakenBack", lot=gift.lot):
                    self.suite.demand.offer(held, self.now + DAY, sender=part.custodian)

    # --- lots and parcels ---

    @rule(quantity=UNITS)
    def commission(self, quantity: int) -> None:
        maker = key_of("supplier")
        asked = {
            "material": MASK,
            "quantity": quantity,
            "expiry": 0,
            "station": self.way.depot,
            "evidence": EVIDENCE,
        }
        told = self.suite.ledger.commission(asked, sender=maker).event("LotCommissioned").args
        self.shadow.lots[told.lot] = Lot(MASK, quantity, maker.address)
        self.shadow.parts[told.parcel] = Part(told.lot, quantity, S.HELD, maker, self.way.depot)

    def divisible(self) -> list[int]:
        parts = self.shadow.parts
        return [n for n in self.shadow.at_rest(S.HELD, S.DELIVERED) if parts[n].units > 1]

    @some(divisible)
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        number = self.draw(data, self.divisible())
        part = self.shadow.parts[number]
        units = data.draw(st.integers(1, part.units - 1))
        receipt = self.suite.ledger.split(number, units, sender=part.custodian)
        self.shadow.cut(number, units, receipt)

    def usable(self, *states: ParcelState) -> list[int]:
        return [
            n
            for n in self.shadow.at_rest(*states)
            if not self.shadow.is_recalled(self.shadow.parts[n].lot)
        ]

    def held(self) -> list[int]:
        return [
            n
            for n in self.usable(S.HELD)
            if self.shadow.parts[n].custodian.address in self.people
            and not self.shadow.lots[self.shadow.parts[n].lot].taken_back
        ]

    @some(held)
    @rule(data=st.data())
    def offer(self, data: st.DataObject) -> None:
        number = self.draw(data, self.held())
        part = self.shadow.parts[number]
        until = self.now + 20 * DAY
        told = self.suite.demand.offer(number, until, sender=part.custodian)
        part.state, part.offer = S.OFFERED, told.event("OfferMade").args.offer

    def offered(self) -> list[int]:
        """Parcels of open offers; a quarantine does not end them."""
        found = self.shadow.at_rest(S.OFFERED, S.QUARANTINED)
        return [n for n in found if self.shadow.parts[n].offer]

    @some(offered)
    @rule(data=st.data())
    def withdraw_offer(self, data: st.DataObject) -> None:
        number = self.draw(data, self.offered())
        part = self.shadow.parts[number]
        self.end_offer(number, self.suite.demand.withdrawOffer(part.offer, sender=part.custodian))

    def end_offer(self, number: int, receipt: Any) -> None:
        """What is not promised leaves it."""
        part = self.shadow.parts[number]
        part.offer = 0
        if part.free == part.units:
            self.shadow.leave_offer(number)
        elif part.free:
            children = {
                event.args.parcel: event.args.child
                for event in receipt.events
                if event.name == "ParcelSplit"
            }
            self.shadow.leave_offer(self.shadow.divide(number, part.free, children[number]))

    def servable(self) -> list[int]:
        return [
            n
            for n in self.usable(S.OFFERED)
            if self.shadow.parts[n].offer
            and self.shadow.parts[n].free
            and self.suite.demand.offerRecord(self.shadow.parts[n].offer).until > self.now
        ]

    def demand(self, units: int) -> int:
        """The hospital's demand for masks, attested; of the lowest urgency, as all others."""
        needs = self.suite.needs
        request = {
            "material": MASK,
            "units": units,
            "stock": 0,
            "daily_use": 0,
            "needed_by": self.now + 20 * DAY,
            "station": self.way.dock,
            "freight_budget": 1_000_000 * UNIT,
            "emergency": bytes(32),
        }
        published = needs.publish(request, sender=self.hospital)
        number: int = published.event("DemandPublished").args.demand
        content = needs.contentOf(number)
        needs.attest(number, content, self.now + 10 * DAY, sender=key_of("auditor"))
        return number

    @some(servable)
    @rule(data=st.data())
    def fulfil(self, data: st.DataObject) -> None:
        number = self.draw(data, self.servable())
        part = self.shadow.parts[number]
        units = data.draw(st.integers(1, part.free))
        demand = self.demand(units)
        receipt = self.suite.demand.fulfil(part.offer, demand, units, sender=part.custodian)
        part.promises[receipt.event("Allocated").args.allocation] = units

    def promises(self, parcels: Iterable[int]) -> list[tuple[int, int]]:
        """Parcels with the allocations of them that nobody has booked."""
        return [(n, one) for n in parcels for one in self.shadow.parts[n].promises]

    def lapses_at(self, allocation: int) -> int:
        return int(self.suite.demand.allocation(allocation).at) + DAY

    def waited_for(self) -> list[tuple[int, int]]:
        return self.promises(self.shadow.parts)

    @some(waited_for)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Nobody booked it for a day: into the offer again, or out of it where it has ended."""
        number, allocation = data.draw(st.sampled_from(self.waited_for()))
        part = self.shadow.parts[number]
        self.chain.set_time(max(self.now, self.lapses_at(allocation)))
        receipt = self.suite.demand.release(allocation, sender=key_of("stranger"))
        units = part.promises.pop(allocation)
        if not part.offer and part.state in (S.OFFERED, S.QUARANTINED):
            self.shadow.leave_offer(self.shadow.cut(number, units, receipt))

    def cancelled(self) -> list[int]:
        return self.shadow.at_rest(S.ALLOCATED)

    @some(cancelled)
    @rule(data=st.data())
    def release_booked(self, data: st.DataObject) -> None:
        """Its consignment was cancelled before it left."""
        part = self.shadow.parts[self.draw(data, self.cancelled())]
        self.suite.demand.release(part.allocation, sender=key_of("stranger"))
        part.state, part.allocation = S.HELD, 0

    # --- freight ---

    def bookable(self) -> list[tuple[int, int]]:
        return [
            pair
            for pair in self.promises(self.usable(S.OFFERED))
            if self.now < self.lapses_at(pair[1])
        ]

    @some(bookable)
    @rule(data=st.data(), wait=st.integers(1, 6 * HOUR))
    def send(self, data: st.DataObject, wait: int) -> None:
        """All the way from the booking on, which chance alone seldom goes."""
        self.book(data, data.draw(st.sampled_from(range(len(MARKS)))))
        number = max(self.shadow.orders)
        self.carry(number)
        self.chain.set_time(self.now + wait)
        self.way.deliver(number)
        self.end(number, S.DELIVERED, self.hospital, self.way.dock)

    @some(bookable)
    @rule(data=st.data(), line=st.sampled_from(range(len(MARKS))))
    def book(self, data: st.DataObject, line: int) -> None:
        number, allocation = data.draw(st.sampled_from(self.bookable()))
        there = self.shadow.free[line]
        if there:
            freight = data.draw(st.integers(1, there))
            order = self.way.order(self.suite.fund.address, freight, allocations=(allocation,))
            receipt = self.suite.fund["book"](
                self.releases[line], order.booking, order.signatures, sender=key_of("charity")
            )
            self.shadow.pay(line, freight)
        else:
            line, freight = -1, data.draw(st.integers(1, UNIT))
            order = self.way.order(self.hospital.address, freight, allocations=(allocation,))
            receipt = self.suite.freight["book"](
                order.booking, order.signatures, NO_PERMIT, sender=self.hospital
            )
        consignment = receipt.event("ConsignmentBooked").args.consignment
        units = self.shadow.parts[number].promises.pop(allocation)
        parcel = self.shadow.cut(number, units, receipt)
        part = self.shadow.parts[parcel]
        part.state, part.offer = S.ALLOCATED, 0
        part.allocation, part.consignment = allocation, consignment
        self.shadow.orders[consignment] = Order(parcel, allocation, freight, part.custodian, line)

    @some(held)
    @rule(data=st.data(), wait=st.integers(1, 6 * HOUR))
    def serve(self, data: st.DataObject, wait: int) -> None:
        """All the way from the stock on."""
        self.offer(data)
        self.fulfil(data)
        self.send(data, wait)

    def waiting(self) -> list[int]:
        return [
            n
            for n, order in self.shadow.orders.items()
            if order.state == S.ALLOCATED
            and self.now <= self.suite.freight.consignment(n).pick_up_by
            and not self.shadow.is_recalled(self.shadow.parts[order.parcel].lot)
        ]

    @some(waiting)
    @rule(data=st.data())
    def pick_up(self, data: st.DataObject) -> None:
        self.carry(self.draw(data, self.waiting()))

    def countable(self) -> list[int]:
        """Loads that can leave some units, and change hands now."""
        loads = self.waiting() + self.under_way()
        return [n for n in loads if self.shadow.parts[self.shadow.orders[n].parcel].units > 1]

    @some(countable)
    @rule(data=st.data(), flaw=st.sampled_from([Flaw.SHORT, Flaw.DAMAGED, Flaw.REFUSED]))
    def count_out(self, data: st.DataObject, flaw: Flaw) -> None:
        """MAT-34: at the pick-up or at the door, some units stay with who hands over."""
        number = self.draw(data, self.countable())
        order = self.shadow.orders[number]
        part = self.shadow.parts[order.parcel]
        units = data.draw(st.integers(1, part.units - 1))
        has_left = order.state == S.IN_TRANSIT
        taker = self.hospital if has_left else self.way.carrier
        place = self.way.dock if has_left else self.way.depot
        found = UnitsFound(order.parcel, units, flaw)
        receipt = self.way.count(number, part.custodian, taker, place, found)
        child = self.shadow.parts[self.shadow.cut(order.parcel, units, receipt)]
        child.allocation = child.consignment = 0
        child.station = place
        child.state = {
            Flaw.SHORT: S.LOST,
            Flaw.DAMAGED: S.QUARANTINED,
            Flaw.REFUSED: S.RETURNED,
        }[flaw]
        if flaw == Flaw.DAMAGED:
            child.before = S.RETURNED if has_left else S.HELD
        if has_left:
            self.end(number, S.DELIVERED, self.hospital, self.way.dock)
        else:
            self.left(number)

    def carry(self, number: int) -> None:
        order = self.shadow.orders[number]
        giver = self.shadow.parts[order.parcel].custodian
        self.way.hand_over(number, giver, self.way.carrier, self.way.depot)
        self.left(number)

    def left(self, number: int) -> None:
        """The carrier has it."""
        order = self.shadow.orders[number]
        part, taker = self.shadow.parts[order.parcel], self.way.carrier
        order.state = part.state = S.IN_TRANSIT
        order.carrier = taker
        self.shadow.hand(order.parcel, taker, self.now)

    def under_way(self) -> list[int]:
        return [
            n
            for n, order in self.shadow.orders.items()
            if order.state == S.IN_TRANSIT
            and not self.shadow.is_recalled(self.shadow.parts[order.parcel].lot)
        ]

    @some(under_way)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        number = self.draw(data, self.under_way())
        self.way.deliver(number)
        self.end(number, S.DELIVERED, self.hospital, self.way.dock)

    def end(self, number: int, state: ParcelState, custodian: Key, station: int) -> None:
        order = self.shadow.orders[number]
        part = self.shadow.parts[order.parcel]
        order.state = part.state = state
        self.shadow.hand(order.parcel, custodian, self.now)
        part.station, part.consignment = station, 0

    def overdue(self) -> list[int]:
        grace = 7 * DAY
        found = []
        for number, order in self.shadow.orders.items():
            if order.state == S.ALLOCATED:
                end = self.suite.freight.consignment(number).pick_up_by
            elif order.state == S.IN_TRANSIT:
                end = self.way.booking(number).legs[0].latest_arrival
            else:
                continue
            if self.now >= end + grace:
                found.append(number)
        return found

    @precondition(lambda self: self.shadow.orders and not self.overdue())
    @rule()
    def wait_long(self) -> None:
        self.chain.set_time(self.now + 8 * DAY)

    @some(overdue)
    @rule(data=st.data())
    def lapse(self, data: st.DataObject) -> None:
        number = self.draw(data, self.overdue())
        order = self.shadow.orders[number]
        part = self.shadow.parts[order.parcel]
        self.suite.freight.lapse(self.way.booking(number), [], sender=key_of("stranger"))
        if order.state == S.ALLOCATED:
            # cancelled before it left: allocated where it was
            part.consignment = 0
            order.state = S.HELD
        else:
            self.end(number, S.LOST, part.custodian, self.way.depot)

    def reclaimable(self) -> list[int]:
        return [
            n
            for n, order in self.shadow.orders.items()
            if order.line >= 0
            and not order.reclaimed
            and order.state not in (S.ALLOCATED, S.IN_TRANSIT)
        ]

    @some(reclaimable)
    @rule(data=st.data())
    def reclaim(self, data: st.DataObject) -> None:
        number = self.draw(data, self.reclaimable())
        order = self.shadow.orders[number]
        outflow = self.suite.fund.outflowOf(number)
        self.suite.fund.reclaim(outflow, sender=key_of("stranger"))
        order.reclaimed = True
        refunded = self.suite.freight.consignment(number).refunded
        self.shadow.free[order.line] += refunded
        self.shadow.recovered[order.line] += refunded

    # --- at the hospital ---

    def delivered(self) -> list[int]:
        return self.usable(S.DELIVERED)

    @some(delivered)
    @rule(data=st.data())
    def distribute(self, data: st.DataObject) -> None:
        number = self.draw(data, self.delivered())
        part = self.shadow.parts[number]
        units = data.draw(st.integers(1, part.units))
        receipt = self.suite.ledger.distribute(
            number, units, word("ward 3"), EVIDENCE, sender=part.custodian
        )
        self.shadow.parts[self.shadow.cut(number, units, receipt)].state = S.DISTRIBUTED

    def destroyable(self) -> list[int]:
        return self.shadow.at_rest(S.HELD, S.QUARANTINED, S.RETURNED)

    @some(destroyable)
    @rule(data=st.data())
    def destroy(self, data: st.DataObject) -> None:
        number = self.draw(data, self.destroyable())
        part = self.shadow.parts[number]
        self.suite.ledger.destroy(number, EVIDENCE, sender=part.custodian)
        part.state = S.DESTROYED

    @rule(data=st.data(), kind=st.sampled_from([one for one in IncidentKind if one]))
    def declare_incident(self, data: st.DataObject, kind: IncidentKind) -> None:
        """Names the custodian of now and moves nothing."""
        number = self.draw(data, sorted(self.shadow.parts))
        claim = keccak(number.to_bytes(8, "big") + self.now.to_bytes(8, "big") + bytes([kind]))
        board = self.suite.incidents
        evidence = keccak(claim + board.incidentCount().to_bytes(8, "big"))
        told = board.declare(kind, [number], self.now, evidence, sender=key_of("third_auditor"))
        args = told.event("IncidentDeclared").args
        party = self.shadow.parts[number].custodian
        assert args.party == party.address
        self.shadow.incidents[args.incident] = Incident(number, kind, party, self.now, party)

    def answerable(self) -> list[int]:
        incidents = self.shadow.incidents
        return [n for n, one in incidents.items() if one.can_be_answered(self.now)]

    @some(answerable)
    @rule(data=st.data())
    def answer_incident(self, data: st.DataObject) -> None:
        number = self.draw(data, self.answerable())
        incident, board = self.shadow.incidents[number], self.suite.incidents
        with reverts("NotParty", incident=number):
            board.answer(number, EVIDENCE, sender=key_of("third_auditor"))
        with reverts("TooEarly", incident=number):
            board.decide(number, IncidentStatus.DISMISSED, REASON, sender=key_of("arbiter"))
        board.answer(number, EVIDENCE, sender=incident.party)
        incident.answered = True

    def decidable(self) -> list[int]:
        incidents = self.shadow.incidents
        return [n for n, one in incidents.items() if one.can_be_decided(self.now)]

    @some(decidable)
    @rule(
        data=st.data(),
        judge=st.sampled_from(JUDGES),
        outcome=st.sampled_from([IncidentStatus.UPHELD, IncidentStatus.DISMISSED]),
    )
    def decide_incident(self, data: st.DataObject, judge: str, outcome: IncidentStatus) -> None:
        """By a second organisation, and upheld only against who answered for the goods."""
        number = self.draw(data, self.decidable())
        incident, board = self.shadow.incidents[number], self.suite.incidents
        with reverts("OneOrganisation"):
            board.decide(number, outcome, REASON, sender=key_of("third_auditor"))
        if outcome == IncidentStatus.UPHELD and incident.responsible != incident.party:
            with reverts("NotAnsweredBy", parcel=incident.parcel):
                board.decide(number, outcome, REASON, sender=key_of(judge))
            return
        board.decide(number, outcome, REASON, sender=key_of(judge))
        incident.outcome = outcome

    def closed(self) -> list[int]:
        incidents = self.shadow.incidents
        return [
            n
            for n, one in incidents.items()
            if one.outcome or one.status(self.now).name == "LAPSED"
        ]

    @some(closed)
    @rule(data=st.data())
    def what_is_over_is_neither_answered_nor_decided(self, data: st.DataObject) -> None:
        number = self.draw(data, self.closed())
        incident, board = self.shadow.incidents[number], self.suite.incidents
        with reverts("IncidentWrongStatus", incident=number):
            board.answer(number, EVIDENCE, sender=incident.party)
        with reverts("IncidentWrongStatus", incident=number):
            board.decide(number, IncidentStatus.UPHELD, REASON, sender=key_of("arbiter"))

    # --- from lots, lots ---

    def ingredients(self) -> list[int]:
        return [
            n for n in self.usable(S.HELD) if self.shadow.parts[n].custodian == key_of("supplier")
        ]

    @some(ingredients)
    @rule(data=st.data())
    def transform(self, data: st.DataObject) -> None:
        """The maker makes masks of masks; as much remains as the recipe says, or less."""
        supplier = key_of("supplier")
        chosen = data.draw(
            st.lists(st.sampled_from(self.ingredients()), min_size=1, max_size=3, unique=True)
        )
        parts = [
            (number, data.draw(st.integers(1, self.shadow.parts[number].units)))
            for number in chosen
        ]
        used = sum(units for _, units in parts)
        recipe, share = list(self.shadow.recipes.items())[-1]
        most = used * share // 10_000
        if most == 0:
            return
        made = data.draw(st.integers(1, most))
        lots = frozenset(self.shadow.parts[number].lot for number in chosen)
        line = lots.union(*(self.shadow.ancestors(lot) for lot in lots))
        inputs = [{"parcel": number, "units": units} for number, units in parts]

        def output(quantity: int) -> dict[str, Any]:
            return {
                "material": MASK,
                "quantity": quantity,
                "expiry": 0,
                "station": self.way.depot,
                "evidence": EVIDENCE,
            }

        ledger = self.suite.ledger
        with reverts("YieldExceeded"):
            ledger.transform(recipe, inputs, [output(most + 1)], sender=supplier)
        if len(line) > 32:
            with reverts("TooManyAncestors"):
                ledger.transform(recipe, inputs, [output(made)], sender=supplier)
            return
        receipt = ledger.transform(recipe, inputs, [output(made)], sender=supplier)
        events = receipt.events
        children = {e.args.parcel: e.args.child for e in events if e.name == "ParcelSplit"}
        for number, units in parts:
            part = self.shadow.parts[number]
            if units < part.units:
                part.units -= units
                self.shadow.parts[children[number]] = replace(
                    part, units=units, state=S.TRANSFORMED, promises={}
                )
            else:
                part.state = S.TRANSFORMED
        told = receipt.event("LotCommissioned").args
        self.shadow.lots[told.lot] = Lot(MASK, made, supplier.address, lots)
        self.shadow.parts[told.parcel] = Part(told.lot, made, S.HELD, supplier, self.way.depot)

    @rule(share=st.integers(5_000, 10_000))
    def renew_recipe(self, share: int) -> None:
        """A new yield is a new recipe; the one before is retired."""
        recipes, auditor = self.suite.recipes, key_of("fourth_auditor")
        before = max(self.shadow.recipes)
        for name in ("supplier", "third_auditor"):
            with reverts("NotMakersAuditor"):
                recipes.retireRecipe(before, sender=key_of(name))
        recipes.retireRecipe(before, sender=auditor)
        with reverts("RecipeRetired", recipe=before):
            recipes.retireRecipe(before, sender=auditor)
        line = {"material": MASK, "units": 1}
        definition = {
            "maker": key_of("supplier").address,
            "yield_basis_points": share,
            "inputs": [line],
            "outputs": [line],
        }
        told = recipes.setRecipe(definition, sender=auditor).event("RecipeSet").args
        self.shadow.recipes[told.recipe] = share

    @precondition(lambda self: len(self.shadow.recipes) > 1 and self.ingredients())
    @rule(data=st.data())
    def nothing_is_made_by_a_retired_recipe(self, data: st.DataObject) -> None:
        retired = self.draw(data, list(self.shadow.recipes)[:-1])
        inputs = [{"parcel": self.draw(data, self.ingredients()), "units": 1}]
        output = {
            "material": MASK,
            "quantity": 1,
            "expiry": 0,
            "station": self.way.depot,
            "evidence": EVIDENCE,
        }
        with reverts("RecipeRetired", recipe=retired):
            self.suite.ledger.transform(retired, inputs, [output], sender=key_of("supplier"))

    @some(held)
    @rule(data=st.data())
    def record_step(self, data: st.DataObject) -> None:
        number = self.draw(data, self.held())
        custodian = self.shadow.parts[number].custodian
        self.suite.ledger.recordStep(
            number, word("packed"), self.way.depot, EVIDENCE, sender=custodian
        )

    # --- recall ---

    def recallable(self) -> list[int]:
        return [n for n, lot in self.shadow.lots.items() if not lot.recalled_by]

    @some(recallable)
    @rule(data=st.data(), by_maker=st.booleans())
    def recall(self, data: st.DataObject, by_maker: bool) -> None:
        number = self.draw(data, self.recallable())
        lot = self.shadow.lots[number]
        makers = [key_of(name) for name in ("supplier", *DONORS)]
        maker = next(key for key in makers if key.address == lot.maker)
        who = maker if by_maker else key_of("third_auditor")
        self.suite.ledger.recall(number, REASON, EVIDENCE, sender=who)
        lot.recalled_by = who.address

    def recalled(self) -> list[int]:
        return [n for n, lot in self.shadow.lots.items() if lot.recalled_by]

    @some(recalled)
    @rule(data=st.data(), judge=st.sampled_from(["second_auditor", "arbiter"]))
    def lift_recall(self, data: st.DataObject, judge: str) -> None:
        number = self.draw(data, self.recalled())
        lot = self.shadow.lots[number]
        if lot.recalled_by == key_of("third_auditor").address:
            with reverts("NotAuditor"):
                self.suite.ledger.liftRecall(number, EVIDENCE, sender=key_of("third_auditor"))
        self.suite.ledger.liftRecall(number, EVIDENCE, sender=key_of(judge))
        lot.recalled_by = ""

    def stopped(self) -> list[int]:
        return [
            n
            for n in self.shadow.at_rest(S.HELD, S.DELIVERED)
            if self.shadow.is_recalled(self.shadow.parts[n].lot)
        ]

    @some(stopped)
    @rule(data=st.data())
    def what_is_recalled_does_not_move(self, data: st.DataObject) -> None:
        number = self.draw(data, self.stopped())
        part = self.shadow.parts[number]
        offered_again = part.state == S.HELD and self.shadow.lots[part.lot].taken_back
        with reverts("LotTakenBack" if offered_again else "LotRecalled"):
            if part.state == S.HELD:
                self.suite.demand.offer(number, self.now + DAY, sender=part.custodian)
            else:
                self.suite.ledger.distribute(
                    number, part.units, word("ward 3"), EVIDENCE, sender=part.custodian
                )

    def recalled_loads(self) -> list[int]:
        return [
            n
            for n, order in self.shadow.orders.items()
            if order.state in (S.ALLOCATED, S.IN_TRANSIT)
            and self.shadow.is_recalled(self.shadow.parts[order.parcel].lot)
        ]

    @some(recalled_loads)
    @rule(data=st.data())
    def stop_recalled(self, data: st.DataObject) -> None:
        """No leg is completed here: all of the freight comes back."""
        self.stop(self.draw(data, self.recalled_loads()))

    def stop(self, number: int) -> None:
        part = self.shadow.parts[self.shadow.orders[number].parcel]
        booking = self.way.booking(number)
        self.suite.freight.stopRecalled(booking, [], sender=key_of("stranger"))
        record = self.suite.freight.consignment(number)
        assert (record.paid, record.refunded) == (0, record.prepaid)
        left = self.shadow.orders[number].state == S.IN_TRANSIT
        self.end(number, S.QUARANTINED, part.custodian, part.station)
        part.before = S.RETURNED if left else S.HELD

    @some(bookable)
    @rule(data=st.data(), left=st.booleans())
    def recall_on_the_way(self, data: st.DataObject, left: bool) -> None:
        """From the booking to the stop at once; before the pick-up or after it."""
        self.book(data, data.draw(st.sampled_from(range(len(MARKS)))))
        number = max(self.shadow.orders)
        if left:
            self.carry(number)
        part = self.shadow.parts[self.shadow.orders[number].parcel]
        auditor = key_of("third_auditor")
        self.suite.ledger.recall(part.lot, REASON, EVIDENCE, sender=auditor)
        self.shadow.lots[part.lot].recalled_by = auditor.address
        giver, taker = part.custodian, self.way.carrier
        if not left:
            with reverts("LotRecalled", lot=part.lot):
                self.way.hand_over(number, giver, taker, self.way.depot)
        self.stop(number)

    # --- quarantine, loss ---

    def stoppable(self) -> list[int]:
        return self.shadow.at_rest(S.HELD, S.OFFERED, S.DELIVERED, S.RETURNED)

    @some(stoppable)
    @rule(data=st.data(), by_auditor=st.booleans())
    def quarantine(self, data: st.DataObject, by_auditor: bool) -> None:
        number = self.draw(data, self.stoppable())
        part = self.shadow.parts[number]
        who = key_of("third_auditor") if by_auditor else part.custodian
        self.suite.ledger.quarantine(number, EVIDENCE, sender=who)
        part.before, part.state, part.stopped_by = part.state, S.QUARANTINED, who.address

    def releasable(self) -> list[int]:
        return self.usable(S.QUARANTINED)

    @some(releasable)
    @rule(data=st.data())
    def release_from_quarantine(self, data: st.DataObject) -> None:
        number = self.draw(data, self.releasable())
        part = self.shadow.parts[number]
        ledger = self.suite.ledger
        if part.stopped_by == key_of("third_auditor").address:
            with reverts("NotAuditor"):
                ledger.releaseFromQuarantine(number, EVIDENCE, sender=key_of("third_auditor"))
        ledger.releaseFromQuarantine(number, EVIDENCE, sender=key_of("second_auditor"))
        part.state = part.before or S.DELIVERED
        part.stopped_by, part.before = "", S.NULL

    def given_back(self) -> list[int]:
        return self.shadow.at_rest(S.RETURNED)

    @some(given_back)
    @rule(data=st.data())
    def restock(self, data: st.DataObject) -> None:
        number = self.draw(data, self.given_back())
        part = self.shadow.parts[number]
        self.suite.ledger.restock(number, sender=part.custodian)
        part.state = S.HELD

    def losable(self) -> list[int]:
        return self.shadow.at_rest(S.HELD, S.DELIVERED, S.RETURNED, S.QUARANTINED)

    @some(losable)
    @rule(data=st.data())
    def report_loss(self, data: st.DataObject) -> None:
        number = self.draw(data, self.losable())
        part = self.shadow.parts[number]
        # what is promised goes last, and all at once
        units = data.draw(st.sampled_from([*range(1, part.free + 1), part.units]))
        receipt = self.suite.ledger.reportLoss(number, units, EVIDENCE, sender=part.custodian)
        self.shadow.parts[self.shadow.cut(number, units, receipt)].state = S.LOST

    def alike(self) -> list[int]:
        return [n for n in self.shadow.at_rest(S.HELD, S.DELIVERED) if self.twins(n)]

    def twins(self, number: int) -> list[int]:
        part = self.shadow.parts[number]
        return [
            n
            for n in self.shadow.at_rest(
                part.state, lot=part.lot, custodian=part.custodian, station=part.station
            )
            if n != number
        ]

    @some(alike)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        number = self.draw(data, self.alike())
        other = self.draw(data, self.twins(number))
        part, added = self.shadow.parts[number], self.shadow.parts[other]
        self.suite.ledger.merge(number, other, sender=part.custodian)
        part.units += added.units
        added.units, added.state, added.into = 0, S.MERGED, number

    # --- what must hold ---

    @invariant()
    def inv_mat_1_states_add_up(self) -> None:
        for lot, known in self.shadow.lots.items():
            found = {
                state: units
                for state, units in asdict(self.suite.ledger.fateOf(lot)).items()
                if units
            }
            assert found == self.shadow.fate(lot)
            assert sum(found.values()) == known.quantity == self.suite.ledger.lot(lot).quantity

    @invariant()
    def inv_mat_2_and_4_parcels_are_what_the_model_says(self) -> None:
        assert self.suite.ledger.parcelCount() == max(self.shadow.parts)
        for number, part in self.shadow.parts.items():
            record = self.suite.ledger.parcel(number)
            assert (record.lot, record.units, record.state, record.custodian) == (
                part.lot,
                part.units,
                part.state,
                part.custodian.address,
            ), number
            assert (record.consignment, record.promised) == (part.consignment, part.promised)

    @invariant()
    def inv_mat_3_the_custodian_answers(self) -> None:
        for number in self.shadow.parts:
            answers = self.shadow.keeper(number).address
            assert self.suite.ledger.responsibleAt(number, self.now) == answers, number

    @invariant()
    def inv_mat_6_the_head_follows_from_what_was_told(self) -> None:
        logs = self.chain.logs([self.suite.ledger.address], from_block=self.seen + 1)
        self.head, _ = chain_head(logs, self.head)
        self.seen = self.chain.block_number()
        assert self.head == self.suite.ledger.head()

    @invariant()
    def inv_mat_5_recalled_is_what_descends_from_what_is_recalled(self) -> None:
        for lot, known in self.shadow.lots.items():
            ledger = self.suite.ledger
            assert ledger.isRecalled(lot) == self.shadow.is_recalled(lot)
            assert set(ledger.parentsOf(lot)) == known.parents
            found = list(ledger.ancestorsOf(lot))
            assert set(found) == self.shadow.ancestors(lot) and len(found) == len(set(found))

    @invariant()
    def inv_don_1_counts_add_up_and_heads_are_the_chains(self) -> None:
        for number, gift in self.shadow.gifts.items():
            record = self.suite.donations.gift(number)
            assert (record.status, record.version) == (gift.status, gift.version)
            assert record.head == gift.head
            if gift.pledged:
                counted = (record.accepted, record.refused, record.missing)
                assert counted == gift.counted
                if gift.status == GiftStatus.RECEIVED:
                    assert sum(counted) == gift.pledged
            fate = asdict(self.suite.donations.fateOf(number))
            assert sum(fate.values()) == gift.counted[0]

    @invariant()
    def inv_don_2_the_money_is_there(self) -> None:
        unreclaimed = 0
        for number in self.reclaimable():
            unreclaimed += self.suite.freight.consignment(number).refunded
        for line, mark in enumerate(MARKS):
            assert self.suite.fund.available(self.suite.fund.lineOf(mark)) == self.shadow.free[line]
        held = self.suite.currency.balanceOf(self.suite.fund.address)
        assert held == sum(self.shadow.free.values()) + unreclaimed

    @invariant()
    def inv_don_3_what_gifts_have_used_up_is_what_the_lines_have_spent(self) -> None:
        spent, returned = [0] * len(MARKS), [0] * len(MARKS)
        for number, gift in self.shadow.gifts.items():
            if gift.amount:
                record = self.suite.donations.gift(number)
                told = self.suite.fund.spentOf(record.money_gift, 0, 1_000)
                assert told.spent == sum(told.amounts) == self.shadow.spent_of(number)
                spent[gift.line] += told.spent
                returned[gift.line] += gift.returned
        for line, mark in enumerate(MARKS):
            record = self.suite.fund.line(self.suite.fund.lineOf(mark))
            assert record.spent == spent[line] == self.shadow.spent[line]
            assert (record.given, record.returned) == (self.shadow.given[line], returned[line])

    @invariant()
    def certificates_are_whose_the_gifts_are(self) -> None:
        donations = self.suite.donations
        for key in (*(key_of(name) for name in BRINGERS), CLAIMER):
            own = sum(gift.holder == key for gift in self.shadow.gifts.values())
            assert donations.balanceOf(key.address) == own
        for number, gift in self.shadow.gifts.items():
            if gift.unnamed:
                assert donations.giverOf(number) == gift.giver.address

    @invariant()
    def an_auditors_word_stands_until_the_next(self) -> None:
        for number in self.in_stock():
            gift = self.shadow.gifts[number]
            if gift.word:
                kept = self.suite.audit.attestationOf(number)
                assert (kept.auditor, kept.verdict, kept.version) == gift.word

    @invariant()
    def what_stands_against_a_name_is_what_was_decided(self) -> None:
        board, incidents = self.suite.incidents, self.shadow.incidents
        for number, incident in incidents.items():
            assert board.statusOf(number) == incident.status(self.now)
        for party in {incident.party.address for incident in incidents.values()}:
            own = [one for one in incidents.values() if one.party.address == party]
            upheld = [one for one in own if one.outcome == IncidentStatus.UPHELD]
            dismissed = sum(one.outcome == IncidentStatus.DISMISSED for one in own)
            record = board.recordOf(party)
            found = (record.declared, record.upheld, record.dismissed)
            assert found == (len(own), len(upheld), dismissed)
            for kind in IncidentKind:
                if kind:
                    counted = sum(one.kind == kind for one in upheld)
                    assert getattr(record, kind.name.lower()) == counted

    @invariant()
    def the_newest_recipe_is_the_one_in_use(self) -> None:
        for number in self.shadow.recipes:
            retired = number != max(self.shadow.recipes)
            assert self.suite.recipes.isRetired(number) == retired
