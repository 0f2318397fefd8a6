"""The real rooms of demand beside their shadow: every act is foretold before it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from aidline.keccak import keccak
from aidline.messages import DemandContest, DemandRefusal
from aidline.model import EarmarkKind, Flaw, ParcelState, Role
from aidline.signing import Key, Message
from tests.invariant.demand_market import Line, Market
from tests.invariant.demand_shadow import NO_MARK, Mark, Refused, Seal
from tests.support.demand import (
    DONATIONS,
    EMERGENCY,
    FREIGHT,
    FUND,
    PLAN,
    STATION,
    Attestation,
    Desk,
    earmark,
)
from tests.support.network import NOBODY
from tests.support.people import Enrolment, domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT, MASK

__all__ = [
    "ANYONE",
    "AREAS",
    "ASIDE",
    "AUDITORS",
    "COAST_STATION",
    "HOSPITALS",
    "MARKS",
    "MATERIALS",
    "MORE_PEOPLE",
    "NOTICE",
    "World",
]

S = ParcelState
#: People beside those of the other tests: a hospital on the coast, an auditor of an organisation
#: that another auditor is of, one of an organisation that has a hospital.
MORE_PEOPLE = {
    "coast_hospital": Enrolment((Role.RECIPIENT,), "coast-health", "CN-GD"),
    "sister_auditor": Enrolment((Role.AUDITOR,), "hubei-audit", "CN"),
    "house_auditor": Enrolment((Role.AUDITOR,), "wuhan-central", "CN"),
}
COAST_STATION = 2
#: With which the urgency keeper acts.
NOTICE = 2 * DAY

HOSPITALS = ("hospital", "second_hospital", "county_hospital", "coast_hospital")
AUDITORS = (
    "auditor",
    "second_auditor",
    "fourth_auditor",
    "third_auditor",
    "sister_auditor",
    "house_auditor",
)
AREAS = ("CN-420100", "CN-HB", "CN")
MATERIALS = (MASK, KIT)
MARKS: tuple[Mark, ...] = (
    NO_MARK,
    (EarmarkKind.REGION, "CN-HB"),
    (EarmarkKind.REGION, "CN-GD"),
    (EarmarkKind.EMERGENCY, "epidemic"),
    *((EarmarkKind.FACILITY, name) for name in HOSPITALS),
)
ANYONE = key_of("stranger")
#: What a flaw makes of units that were set aside.
ASIDE = {S.LOST: Flaw.SHORT, S.QUARANTINED: Flaw.DAMAGED, S.RETURNED: Flaw.REFUSED}
REASON = keccak(b"reason")


class World:
    """Does what is foretold, and counts it; a subclass says with which desk."""

    desk: Desk
    #: What was done, and what was refused with which error, in all runs.
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.chain = self.desk.suite.chain
        self.needs, self.escrow = self.desk.needs, self.desk.escrow
        self.ledger, self.lens = self.desk.suite.ledger, self.desk.suite.lens
        self.shadow = Market(now=self.chain.now())
        self.shadow.people |= MORE_PEOPLE

    def carry_out(
        self, what: str, foretell: Callable[[Market], None], act: Callable[[], Any]
    ) -> bool:
        """Do what the shadow foretells: it is refused with this error, or changes this."""
        after = self.shadow.copy()
        self.done["steps"] += 1
        try:
            foretell(after)
        except Refused as refusal:
            with reverts(refusal.error, **refusal.fields):
                act()
            self.done[f"{what}: {refusal.error}"] += 1
            return False
        act()
        self.shadow = after
        self.done[what] += 1
        return True

    def wait(self, seconds: int) -> None:
        self.desk.wait(seconds)
        self.shadow.now = self.chain.now()

    # --- pauses ------------------------------------------------------------------------------

    def pause(self, room: str) -> bool:
        return self.carry_out(
            "pause",
            lambda shadow: shadow.pause(room),
            lambda: getattr(self, room).pause(sender=key_of("pauser")),
        )

    def unpause(self, room: str) -> None:
        self.carry_out(
            "unpause",
            lambda shadow: shadow.unpause(room),
            lambda: getattr(self, room).unpause(sender=key_of("unpauser")),
        )

    # --- facilities and people ---------------------------------------------------------------

    def declare(self, name: str, people: int, vulnerable: bool) -> None:
        self.carry_out(
            "declareFacility",
            lambda shadow: shadow.declare(name, people, vulnerable),
            lambda: self.needs.declareFacility(people, vulnerable, sender=key_of(name)),
        )

    def attest_facility(self, name: str, auditor: str, people: int, vulnerable: bool) -> None:
        facts = (people, vulnerable)
        self.carry_out(
            "attestFacility",
            lambda shadow: shadow.attest_facility(name, auditor, *facts),
            lambda: self.needs.attestFacility(key_of(name).address, *facts, sender=key_of(auditor)),
        )

    def drop_facility(self, name: str) -> None:
        self.carry_out(
            "dropFacility",
            lambda shadow: shadow.drop_facility(name),
            lambda: self.needs.dropFacility(key_of(name).address, sender=ANYONE),
        )

    def suspend(self, name: str) -> None:
        registry, keeper = self.desk.suite.registry, key_of("suspender")
        registry.suspend(key_of(name).address, word("test"), sender=keeper)
        self.shadow.suspended.add(name)
        self.done["suspend"] += 1

    def reinstate_all(self) -> None:
        registry, keeper = self.desk.suite.registry, key_of("reinstater")
        while self.shadow.suspended:
            registry.reinstate(key_of(self.shadow.suspended.pop()).address, sender=keeper)

    # --- thresholds --------------------------------------------------------------------------

    def announce(self, limits: tuple[int, int, int]) -> None:
        """The keeper gives notice; what was announced and is over is forgotten."""
        call = self.needs["setThresholds"].call_data(self.levels(limits))
        access = self.desk.suite.access
        access.schedule(self.needs.address, call, 0, sender=key_of("urgency_keeper"))
        self.shadow.announced = (limits, self.shadow.now + NOTICE)
        self.done["announce"] += 1

    def set_thresholds(self, limits: tuple[int, int, int]) -> None:
        self.carry_out(
            "setThresholds",
            lambda shadow: shadow.set_thresholds(limits),
            lambda: self.needs.setThresholds(self.levels(limits), sender=key_of("urgency_keeper")),
        )

    @staticmethod
    def levels(limits: tuple[int, int, int]) -> dict[str, int]:
        return dict(zip(("critical", "high", "medium"), limits, strict=True))

    # --- demands -----------------------------------------------------------------------------

    def request(self, name: str, **terms: Any) -> dict[str, Any]:
        """A request to be delivered at the station of the hospital's province."""
        station = COAST_STATION if name == "coast_hospital" else STATION
        return self.desk.request(**({"station": station} | terms))

    def publish(self, name: str, **terms: Any) -> int:
        """Publish a demand; return the number of the newest."""
        request = self.request(name, **terms)
        self.carry_out(
            "publish",
            lambda shadow: shadow.publish(name, request),
            lambda: self.needs.publish(request, sender=key_of(name)),
        )
        return len(self.shadow.demands)

    def update_facts(self, number: int, caller: str, stock: int, use: int) -> None:
        self.carry_out(
            "updateFacts",
            lambda shadow: shadow.update_facts(number, caller, stock, use),
            lambda: self.needs.updateFacts(number, stock, use, sender=key_of(caller)),
        )

    def withdraw_demand(self, number: int, caller: str) -> None:
        self.carry_out(
            "withdrawDemand",
            lambda shadow: shadow.withdraw_demand(number, caller),
            lambda: self.needs.withdrawDemand(number, sender=key_of(caller)),
        )

    def lapse_demand(self, number: int) -> None:
        self.carry_out(
            "lapseDemand",
            lambda shadow: shadow.lapse_demand(number),
            lambda: self.needs.lapseDemand(number, sender=ANYONE),
        )

    def refresh(self, number: int) -> None:
        self.carry_out(
            "refresh",
            lambda shadow: shadow.refresh(number),
            lambda: self.needs.refresh(number, sender=ANYONE),
        )

    def bring_up_to_date(self, numbers: list[int]) -> None:
        self.carry_out(
            "bringUpToDate",
            lambda shadow: shadow.bring_up_to_date(numbers),
            lambda: self.needs.bringUpToDate(numbers, sender=ANYONE),
        )

    # --- auditors ----------------------------------------------------------------------------

    def content(self, number: int, as_seen: bool) -> bytes:
        return self.needs.contentOf(number) if as_seen else REASON

    def attest(
        self,
        number: int,
        auditor: str,
        valid: int,
        as_seen: bool = True,
        seal: Seal = Seal.OWN,
    ) -> None:
        words = (number, self.content(number, as_seen), self.chain.now() + valid)
        self.carry_out(
            "attest",
            lambda shadow: shadow.attest(number, auditor, valid, as_seen, seal),
            lambda: self.say("attest", Attestation, words, auditor, seal),
        )

    def object_to(
        self,
        number: int,
        how: str,
        auditor: str,
        as_seen: bool,
        reason: bool,
        seal: Seal = Seal.OWN,
    ) -> None:
        """Refuse or contest."""
        words = (number, self.content(number, as_seen), REASON if reason else bytes(32))
        kind = DemandRefusal if how == "refuse" else DemandContest
        self.carry_out(
            how,
            lambda shadow: getattr(shadow, how)(number, auditor, as_seen, reason, seal),
            lambda: self.say(how, kind, words, auditor, seal),
        )

    def say(
        self, how: str, kind: type[Message], words: tuple[Any, ...], auditor: str, seal: Seal
    ) -> None:
        """An auditor's word about a demand: sent by itself, or signed and shown by anyone."""
        if seal == Seal.OWN:
            self.needs[how](*words, sender=key_of(auditor))
            return
        late = seal == Seal.LATE
        message = kind(key_of(auditor).address, *words, self.chain.now() + (-1 if late else HOUR))
        signer: Key = ANYONE if seal == Seal.FORGED else key_of(auditor)
        signature = message.sign(signer, domain_of(self.needs))
        self.needs[f"{how}BySignature"](message, signature, sender=ANYONE)
        self.done[f"{how} by signature"] += 1

    # --- plans -------------------------------------------------------------------------------

    def open_path(self, area: str, cap: int, lasts: int) -> None:
        until = self.chain.now() + lasts
        self.carry_out(
            "openFastPath",
            lambda shadow: shadow.open_path(area, cap, until),
            lambda: self.needs.openFastPath(PLAN, word(area), cap, until, sender=EMERGENCY),
        )

    def raise_for(self, area: str, units: int, lasts: int) -> None:
        until = self.chain.now() + lasts
        terms = (PLAN, word(area), MASK, units, until)
        self.carry_out(
            "raise",
            lambda shadow: shadow.raise_for(area, MASK, units, until),
            lambda: self.needs["raise"](*terms, sender=EMERGENCY),
        )

    def claim(self, number: int, name: str) -> None:
        request = self.request(name, units=0, material=0, stock=90)
        self.carry_out(
            "claim",
            lambda shadow: shadow.claim(number, name, request),
            lambda: self.needs.claim(number, request, sender=key_of(name)),
        )

    # --- goods -------------------------------------------------------------------------------

    def receive_gift(self, units: int, material: int, mark: Mark, days: int) -> int:
        """A gift comes; a kit lasts for so many days, a mask for ever. Returns its parcel."""
        expiry = self.chain.now() + days * DAY if material == KIT else 0
        self.shadow.commission("charity", units, material, expiry, mark)
        goods = {"mark": earmark(*mark), "material": material, "expiry": expiry}
        parcel = self.desk.gift(key_of("charity"), units, **goods)
        assert parcel == len(self.shadow.parcels)
        return parcel

    def give(self, units: int, material: int, mark: Mark, days: int) -> None:
        """A gift comes and is offered."""
        self.offer(self.receive_gift(units, material, mark, days), "charity", 5 * DAY)

    def give_to(self, number: int, units: int, material: int, days: int) -> None:
        """A gift comes for one demand; where that cannot have it, it is held."""
        parcel, until = self.receive_gift(units, material, NO_MARK, days), self.desk.now + 5 * DAY
        terms = (key_of("charity").address, parcel, until, number)
        self.carry_out(
            "offerTo",
            lambda shadow: shadow.offer_to(parcel, "charity", until, number),
            lambda: self.escrow.offerTo(*terms, sender=DONATIONS),
        )

    def take_back(self, lot: int, offers: list[int]) -> None:
        self.carry_out(
            "takeBack",
            lambda shadow: shadow.take_back(lot, offers),
            lambda: self.escrow.takeBack(lot, offers, sender=DONATIONS),
        )

    def offer(self, parcel: int, caller: str, lasts: int) -> None:
        until = self.chain.now() + lasts
        self.carry_out(
            "offer",
            lambda shadow: shadow.offer(parcel, caller, until),
            lambda: self.escrow.offer(parcel, until, sender=key_of(caller)),
        )

    def withdraw_offer(self, number: int, caller: str) -> None:
        self.carry_out(
            "withdrawOffer",
            lambda shadow: shadow.withdraw_offer(number, caller),
            lambda: self.escrow.withdrawOffer(number, sender=key_of(caller)),
        )

    def lapse_offer(self, number: int) -> None:
        self.carry_out(
            "lapseOffer",
            lambda shadow: shadow.lapse_offer(number),
            lambda: self.escrow.lapseOffer(number, sender=ANYONE),
        )

    def recall(self, lot: int) -> None:
        self.carry_out(
            "recall",
            lambda shadow: shadow.recall(lot),
            lambda: self.ledger.recall(lot, REASON, REASON, sender=key_of("donor")),
        )

    def propose(
        self, lines: list[Line], exemptions: list[tuple[int, int]], lapse: list[int]
    ) -> bool:
        return self.carry_out(
            "propose",
            lambda shadow: shadow.propose(lines, exemptions, lapse),
            lambda: self.desk.propose(*lines, exemptions=exemptions, lapse=lapse),
        )

    def fulfil(self, offer: int, number: int, units: int, caller: str) -> None:
        self.carry_out(
            "fulfil",
            lambda shadow: shadow.fulfil(offer, number, units, caller),
            lambda: self.escrow.fulfil(offer, number, units, sender=key_of(caller)),
        )

    # --- what becomes of it ------------------------------------------------------------------

    def take(self, numbers: list[int], payer: str, freight: int) -> None:
        """Book allocations and load them."""
        consignment = len(self.shadow.loads) + 1
        address = FUND.address if payer == "fund" else key_of(payer).address

        def act() -> None:
            self.escrow.take(numbers, consignment, address, freight, sender=FREIGHT)
            parcels = [self.escrow.allocation(number).parcel for number in numbers]
            self.ledger.form(consignment, parcels, NOBODY, [], sender=FREIGHT)

        self.carry_out("take", lambda shadow: shadow.take(numbers, payer, freight), act)

    def carry(self, consignment: int, outcome: ParcelState) -> None:
        """A load goes on its way and ends; as ALLOCATED it never left."""
        carrier = key_of("carrier").address
        to, left = carrier, self.shadow.departed
        if outcome == S.DELIVERED:
            demand = self.shadow.aboard(consignment)[0].demand
            to = key_of(self.shadow.demands[demand].recipient).address

        def act() -> None:
            now = self.desk.now
            if outcome != S.ALLOCATED and consignment not in left:
                self.ledger.handOver(consignment, carrier, 3, now, sender=FREIGHT)
            self.ledger.close(consignment, outcome, to, STATION, now, sender=FREIGHT)

        what = f"carry {outcome.name}"
        self.carry_out(what, lambda shadow: shadow.carry(consignment, outcome), act)

    def set_aside(self, number: int, units: int, state: ParcelState) -> None:
        """Units of a booked allocation stay behind as its load changes hands."""
        made, now = self.shadow.allocations[number], self.desk.now
        consignment, left = made.consignment, self.shadow.departed
        found = {"parcel": made.parcel, "units": units, "flaw": ASIDE[state]}

        def act() -> None:
            if consignment not in left:
                self.ledger.handOver(consignment, key_of("carrier"), 3, now, sender=FREIGHT)
            self.ledger.setAside(consignment, [found], 3, now, sender=FREIGHT)

        self.carry_out("setAside", lambda shadow: shadow.set_aside(number, units, state), act)

    def report_short(self, number: int) -> None:
        self.carry_out(
            "reportShort",
            lambda shadow: shadow.report_short(number),
            lambda: self.escrow.reportShort(number, sender=ANYONE),
        )

    def release(self, number: int) -> None:
        self.carry_out(
            "release",
            lambda shadow: shadow.release(number),
            lambda: self.escrow.release(number, sender=ANYONE),
        )

    def report_failed(self, number: int) -> None:
        self.carry_out(
            "reportFailed",
            lambda shadow: shadow.report_failed(number),
            lambda: self.escrow.reportFailed(number, sender=ANYONE),
        )

    def report_received(self, number: int) -> None:
        self.carry_out(
            "reportReceived",
            lambda shadow: shadow.report_received(number),
            lambda: self.escrow.reportReceived([number], sender=ANYONE),
        )

    def distribute(self, parcel: int, units: int, caller: str) -> None:
        told = (parcel, units, word("ward"), REASON)
        self.carry_out(
            "distribute",
            lambda shadow: shadow.distribute(parcel, units, caller),
            lambda: self.ledger.distribute(*told, sender=key_of(caller)),
        )

    def report_distributed(self, parcel: int) -> None:
        self.carry_out(
            "reportDistributed",
            lambda shadow: shadow.report_distributed(parcel),
            lambda: self.needs.reportDistributed([parcel], sender=ANYONE),
        )

    def write_off(self, name: str, lot: int, units: int, auditor: str, reason: bool) -> None:
        told = (key_of(name).address, lot, units, REASON if reason else bytes(32))
        self.carry_out(
            "writeOff",
            lambda shadow: shadow.write_off(name, lot, units, auditor, reason),
            lambda: self.needs.writeOff(*told, sender=key_of(auditor)),
        )
