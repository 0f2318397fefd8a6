"""The shadow model: what goods and gifts should be, kept without asking the contracts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from aidline.model import (
    GiftStatus,
    IncidentKind,
    IncidentStatus,
    Otherwise,
    ParcelState,
    Verdict,
)
from aidline.signing import Key
from tests.support.suite import DAY

__all__ = ["Gift", "Incident", "Lot", "Order", "Part", "Shadow"]

S = ParcelState


@dataclass
class Lot:
    """A lot of the model."""

    material: int
    quantity: int
    maker: str
    parents: frozenset[int] = frozenset()
    recalled_by: str = ""
    taken_back: bool = False


@dataclass
class Part:
    """A parcel of the model."""

    lot: int
    units: int
    state: ParcelState
    custodian: Key
    station: int
    consignment: int = 0
    #: The open offer in which it is.
    offer: int = 0
    #: The allocation for which it was set apart.
    allocation: int = 0
    #: Units of it, of an offer open or ended, by the allocation that nobody has booked yet.
    promises: dict[int, int] = field(default_factory=dict)
    #: Who put it into quarantine, and its state before.
    stopped_by: str = ""
    before: ParcelState = S.NULL
    #: The parcel that took its units.
    into: int = 0

    @property
    def promised(self) -> int:
        """Units allocated that nobody has booked."""
        return sum(self.promises.values())

    @property
    def free(self) -> int:
        """Units that are not."""
        return self.units - self.promised


@dataclass
class Gift:
    """A gift of the model."""

    donor: Key
    status: GiftStatus
    head: bytes
    pledged: int = 0
    counted: tuple[int, int, int] = (0, 0, 0)
    lot: int = 0
    amount: int = 0
    line: int = 0
    returned: int = 0
    unit_value: int = 250
    version: int = 0
    #: Brought for somebody who stays unnamed, and who claimed it.
    unnamed: bool = False
    claimer: Key | None = None
    #: The one demand that it is for, with its units, its ends, and what becomes of it otherwise.
    demand: int = 0
    wanted: int = 0
    attested_until: int = 0
    needed_by: int = 0
    demand_withdrawn: bool = False
    otherwise: Otherwise = Otherwise.NULL
    #: An auditor's newest word: who, what, at which version.
    word: tuple[str, Verdict, int] | None = None

    @property
    def giver(self) -> Key:
        """Who speaks for it."""
        return self.claimer or self.donor

    @property
    def holder(self) -> Key | None:
        """Whose the certificate is, if there is one."""
        if self.status != GiftStatus.RECEIVED or not (self.amount or self.counted[0]):
            return None
        return self.claimer if self.unnamed else self.donor

    def refusal(self, now: int) -> str:
        """Why the demand cannot take it now; empty when it can."""
        if self.demand_withdrawn or now >= self.needed_by:
            return "DemandNotOpen(uint64,uint8)"
        return "LineUnaudited(uint256,uint64)" if now >= self.attested_until else ""


@dataclass
class Incident:
    """An incident of the model."""

    parcel: int
    kind: IncidentKind
    party: Key
    #: When it happened and was declared, both at once.
    at: int
    #: Who answered for the parcel then, as it is known by now.
    responsible: Key
    answered: bool = False
    outcome: IncidentStatus = IncidentStatus.NULL

    def status(self, now: int) -> IncidentStatus:
        """Where it is in its life."""
        if self.outcome:
            return self.outcome
        if now >= self.at + 30 * DAY:
            return IncidentStatus.LAPSED
        return IncidentStatus.ANSWERED if self.answered else IncidentStatus.DECLARED

    def can_be_answered(self, now: int) -> bool:
        """Whether the party may still answer."""
        return self.status(now) == IncidentStatus.DECLARED and now < self.at + 7 * DAY

    def can_be_decided(self, now: int) -> bool:
        """Whether a second party may decide."""
        status = self.status(now)
        if status == IncidentStatus.DECLARED:
            return now >= self.at + 7 * DAY
        return status == IncidentStatus.ANSWERED


@dataclass
class Order:
    """A consignment of the model."""

    parcel: int
    allocation: int
    freight: int
    carrier: Key
    #: The line of the fund that paid, or -1.
    line: int
    state: ParcelState = S.ALLOCATED
    reclaimed: bool = False


@dataclass
class Shadow:
    """Everything that the machine has done."""

    lots: dict[int, Lot] = field(default_factory=dict)
    parts: dict[int, Part] = field(default_factory=dict)
    gifts: dict[int, Gift] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    #: Recipes with their yields in ten thousandths, the newest last; those before it are retired.
    recipes: dict[int, int] = field(default_factory=dict)
    #: Signatures that were used up, by who signed and for which contract.
    nonces: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: What each line of the fund can spend, and has been given.
    free: Counter[int] = field(default_factory=Counter)
    given: Counter[int] = field(default_factory=Counter)
    #: Of it, what came back from consignments, and what was used up of what was given.
    recovered: Counter[int] = field(default_factory=Counter)
    spent: Counter[int] = field(default_factory=Counter)

    def at_rest(self, *states: ParcelState, **having: Any) -> list[int]:
        """Return the parcels in one of these states that ride in no load."""
        return [
            number
            for number, part in self.parts.items()
            if part.state in states
            and not part.consignment
            and all(getattr(part, name) == value for name, value in having.items())
        ]

    def cut(self, number: int, units: int, receipt: Any) -> int:
        """Note that units of a parcel may have become a parcel of their own; return it."""
        if units == self.parts[number].units:
            return number
        return self.divide(number, units, receipt.event("ParcelSplit").args.child)

    def divide(self, number: int, units: int, child: int) -> int:
        """Note that units of a parcel are now a parcel of their own."""
        part = self.parts[number]
        part.units -= units
        self.parts[child] = replace(part, units=units, promises={})
        return int(child)

    def leave_offer(self, number: int) -> None:
        """Note that a parcel is out of its offer: held, or so on its release."""
        part = self.parts[number]
        part.offer = 0
        if part.state == S.OFFERED:
            part.state = S.HELD
        else:
            part.before = S.HELD

    def hand(self, number: int, to: Key, at: int) -> None:
        """Note who has a parcel from a second on, that second included."""
        part = self.parts[number]
        if part.custodian == to:
            return
        part.custodian = to
        for incident in self.incidents.values():
            if incident.parcel == number and incident.at == at:
                incident.responsible = to

    def fate(self, lot: int) -> Counter[str]:
        """Return the units of a lot by state."""
        found: Counter[str] = Counter()
        for part in self.parts.values():
            if part.lot == lot:
                apart = part.promised if part.state == S.OFFERED else 0
                found["allocated"] += apart
                found[part.state.name.lower()] += part.units - apart
        return +found

    def keeper(self, number: int) -> Key:
        """Return who answers for a parcel now: of one that was merged, who has the units."""
        while self.parts[number].into:
            number = self.parts[number].into
        return self.parts[number].custodian

    def ancestors(self, lot: int) -> set[int]:
        """Return the lots whose units went into a lot, at any remove."""
        found: set[int] = set()
        waiting = set(self.lots[lot].parents)
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting |= self.lots[one].parents
        return found

    def pay(self, line: int, amount: int) -> None:
        """Note an outflow: first what came back, then gifts from the front."""
        again = min(amount, self.recovered[line])
        self.recovered[line] -= again
        self.spent[line] += amount - again
        self.free[line] -= amount

    def spent_of(self, number: int) -> int:
        """Return what was used up of a gift in money; what others took back left no hole."""
        own = self.gifts[number]
        before = sum(
            gift.amount - gift.returned
            for other, gift in self.gifts.items()
            if other < number and gift.amount and gift.line == own.line
        )
        return min(max(self.spent[own.line] - before, 0), own.amount - own.returned)

    def is_recalled(self, lot: int) -> bool:
        """Whether a lot or one of those that went into it is recalled."""
        return any(self.lots[one].recalled_by for one in {lot, *self.ancestors(lot)})
