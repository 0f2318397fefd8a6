"""The shadow of demand: who needs what and what of it counts, kept without asking the contracts.

Each act either changes the shadow or raises ``Refused`` with the error that the contract must give.
"""

from __future__ import annotations

from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, Self

from aidline.model import DemandStatus, EarmarkKind, Level
from tests.support.people import ENROLMENTS, REGIONS, Enrolment
from tests.support.suite import DAY, KIT, MASK

__all__ = [
    "CAPS",
    "FIRST_THRESHOLDS",
    "MAX_PAUSE",
    "NO_MARK",
    "Demand",
    "Facility",
    "Mark",
    "Needs",
    "Path",
    "Raise",
    "Refused",
    "Seal",
    "refuse_if",
]

#: Kind and scope, by name.
Mark = tuple[EarmarkKind, str]
NO_MARK: Mark = (EarmarkKind.NONE, "")

#: Most units of a material that one facility may ask before it takes a second auditor.
CAPS = {MASK: None, KIT: 5_000}
LARGEST = 10**12
MAX_PAUSE = 3 * DAY
FIRST_THRESHOLDS = (DAY, 3 * DAY, 7 * DAY)


class Refused(Exception):
    """What the contract must say to this act."""

    def __init__(self, error: str, **fields: Any) -> None:
        super().__init__(error)
        self.error = error
        self.fields = fields


def refuse_if(doubt: bool, error: str, **fields: Any) -> None:
    """Refuse an act."""
    if doubt:
        raise Refused(error, **fields)


class Seal(Enum):
    """How an auditor's word is given: by itself, or signed."""

    OWN = "sent by itself"
    SIGNED = "signed"
    FORGED = "signed by another"
    LATE = "signed, and shown too late"


@dataclass
class Facility:
    """A facility of the model."""

    people: int = 0
    vulnerable: bool = False
    #: Its number among all attestations of facilities; zero while it is not attested.
    attestation: int = 0


@dataclass
class Path:
    """What an emergency has opened in a region."""

    cap: int = 0
    used: int = 0
    until: int = 0
    #: Until when demands may name the emergency there.
    active: int = 0


@dataclass
class Raise:
    """What an emergency has raised for a region."""

    region: str
    material: int
    units: int
    until: int
    people: int
    attestations: int
    claimed: frozenset[str] = frozenset()
    claimed_units: int = 0


@dataclass
class Demand:
    """A demand of the model."""

    recipient: str
    material: int
    units: int
    needed_by: int
    in_emergency: bool
    over_cap: bool
    budget: int
    raised: int
    served: int = 0
    received: int = 0
    stock: int = 0
    use: int = 0
    facts_at: int = 0
    #: Open until it was withdrawn or has lapsed; that it is met follows from the units.
    ended: DemandStatus = DemandStatus.OPEN
    #: As of its last refresh.
    level: Level = Level.NULL
    vulnerable: bool = False
    counted: Level = Level.NULL
    #: Who attests it until when, at most two.
    words: tuple[tuple[str, int], ...] = ()
    version: int = 0
    refused_by: str = ""
    contested_until: int = 0
    contests: int = 0
    contested_by: str = ""
    #: The fast path has served it, and no auditor has said yes since.
    owes: bool = False

    @property
    def open(self) -> int:
        """Units not served."""
        return self.units - self.served

    @property
    def status(self) -> DemandStatus:
        """Where it is in its life."""
        if self.ended == DemandStatus.OPEN and not self.open:
            return DemandStatus.MET
        return self.ended

    @property
    def counts_as(self) -> Level:
        """The level under which its open units stand in the totals."""
        return self.counted if self.status == DemandStatus.OPEN else Level.NULL


@dataclass
class Needs:
    """The book of demands, as it should be."""

    now: int = 0
    thresholds: tuple[int, int, int] = FIRST_THRESHOLDS
    announced: tuple[tuple[int, int, int], int] | None = None
    people: dict[str, Enrolment] = field(default_factory=lambda: dict(ENROLMENTS))
    suspended: set[str] = field(default_factory=set)
    #: Until when a room is or was last paused.
    doors: dict[str, int] = field(default_factory=dict)
    facilities: dict[str, Facility] = field(default_factory=dict)
    attestations: int = 0
    demands: dict[int, Demand] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    raises: dict[int, Raise] = field(default_factory=dict)
    #: How many served demands of a recipient nobody has audited, and by when that must be.
    debts: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: Units of a lot that a recipient was brought and that are not reported as handed out.
    received: Counter[tuple[str, int]] = field(default_factory=Counter)
    #: Units of a material that a recipient was brought, and that it has handed out or lost.
    brought: Counter[tuple[str, int]] = field(default_factory=Counter)
    used_up: Counter[tuple[str, int]] = field(default_factory=Counter)

    def copy(self) -> Self:
        """Return a copy that can be changed by itself; what it holds is two levels deep at most."""
        made = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, Counter | set):
                setattr(made, name, value.copy())
            elif isinstance(value, dict):
                setattr(made, name, {key: copy(item) for key, item in value.items()})
        return made

    # --- pauses ------------------------------------------------------------------------------

    def pause(self, room: str) -> None:
        ended = self.doors.get(room, 0)
        refuse_if(bool(ended) and self.now < ended + MAX_PAUSE, "PausedTooRecently")
        self.doors[room] = self.now + MAX_PAUSE

    def unpause(self, room: str) -> None:
        refuse_if(not self.is_paused(room), "NotPaused")
        self.doors[room] = self.now

    def is_paused(self, room: str) -> bool:
        return self.now < self.doors.get(room, 0)

    def require_open(self, room: str) -> None:
        """On what lets something in; never on what lets something out."""
        refuse_if(self.is_paused(room), "IsPaused")

    # --- people ------------------------------------------------------------------------------

    def within(self, region: str, area: str) -> bool:
        """Whether a region is another or lies in it."""
        while region and region != area:
            region = REGIONS[region]
        return bool(region)

    def home(self, name: str) -> str:
        """Where somebody is."""
        return self.people[name].region

    def province(self, name: str) -> str:
        """The province of somebody's facility."""
        region = self.home(name)
        return region if REGIONS[region] == "CN" else REGIONS[region]

    def require_active(self, name: str) -> None:
        refuse_if(name in self.suspended, "NotActive")

    def require_apart(self, name: str, other: str) -> None:
        same = self.people[name].organisation == self.people[other].organisation
        refuse_if(same, "SameOrganisation")

    def require_auditor(self, auditor: str, recipient: str) -> None:
        """An active auditor of another body, in whose region the recipient is."""
        self.require_active(auditor)
        self.require_apart(auditor, recipient)
        inside = self.within(self.home(recipient), self.home(auditor))
        refuse_if(not inside, "OutsideAuditorsRegion")

    def set_thresholds(self, limits: tuple[int, int, int]) -> None:
        """Only what was announced, once its time has come and before a week is over."""
        announced, at = self.announced or ((0, 0, 0), 0)
        refuse_if(announced != limits, "AccessManagerNotScheduled")
        refuse_if(self.now < at, "AccessManagerNotReady")
        refuse_if(self.now >= at + 7 * DAY, "AccessManagerExpired")
        rising = 3_600 <= limits[0] < limits[1] < limits[2] <= 60 * DAY
        refuse_if(not rising, "BadThresholds", critical=limits[0])
        self.thresholds, self.announced = limits, None

    def can_announce(self) -> bool:
        """Whether nothing else is announced, or that is over."""
        return not self.announced or self.now >= self.announced[1] + 7 * DAY

    # --- facilities --------------------------------------------------------------------------

    def is_vulnerable(self, name: str) -> bool:
        facility = self.facilities[name]
        return facility.vulnerable and bool(facility.attestation)

    def people_in(self, region: str) -> int:
        """People in care of attested facilities."""
        return sum(
            facility.people
            for name, facility in self.facilities.items()
            if facility.attestation and self.within(self.home(name), region)
        )

    def declare(self, name: str, people: int, vulnerable: bool) -> None:
        self.require_active(name)
        refuse_if(not people, "ZeroPeople")
        self.facilities[name] = Facility(people, vulnerable)

    def attest_facility(self, name: str, auditor: str, people: int, vulnerable: bool) -> None:
        facility = self.facilities.get(name, Facility())
        refuse_if(not facility.people, "NotDeclared")
        refuse_if(bool(facility.attestation), "FacilityAlreadyAttested")
        seen = (facility.people, facility.vulnerable)
        refuse_if(seen != (people, vulnerable), "FacilityChanged")
        self.require_auditor(auditor, name)
        self.attestations += 1
        facility.attestation = self.attestations

    def drop_facility(self, name: str) -> None:
        facility = self.facilities.get(name, Facility())
        refuse_if(not facility.attestation, "NotAttestedFacility")
        refuse_if(name not in self.suspended, "RecipientIsActive")
        facility.attestation = 0

    # --- what a demand is --------------------------------------------------------------------

    def on_hand(self, recipient: str, material: int) -> int:
        return self.brought[recipient, material] - self.used_up[recipient, material]

    def asked(self, recipient: str, material: int) -> int:
        """What is open, and what was served and is not used up."""
        units = sum(
            demand.units if demand.ended == DemandStatus.OPEN else demand.served
            for demand in self.demands.values()
            if (demand.recipient, demand.material) == (recipient, material)
        )
        return units - self.used_up[recipient, material]

    def level_of(self, demand: Demand, vulnerable: bool) -> Level:
        """From the seconds for which the stock lasts, as an exact fraction."""
        if not demand.use:
            return Level.LOW
        left = Fraction(demand.stock * DAY, demand.use) - (self.now - demand.facts_at)
        level = Level.LOW
        for limit, urgent in zip(self.thresholds, (4, 3, 2), strict=True):
            if max(left, Fraction(0)) < limit:
                level = Level(urgent)
                break
        return Level(min(level + vulnerable, Level.CRITICAL))

    def in_force(self, demand: Demand) -> tuple[tuple[str, int], ...]:
        return tuple(word for word in demand.words if word[1] > self.now)

    def counted_as(self, demand: Demand) -> Level:
        """DEM-13: under which level an open demand counts."""
        attesting = len(demand.words)
        if (
            not attesting
            or self.now < demand.contested_until
            or demand.recipient in self.suspended
            or self.now >= demand.needed_by
        ):
            return Level.NULL
        if attesting == 1 and (demand.over_cap or demand.refused_by):
            return Level.NULL
        return demand.level if attesting == 2 else Level(min(demand.level, Level.HIGH))

    def bring_up(self, demand: Demand) -> None:
        """Words, level and count as of now; the facility's class as of the last refresh."""
        demand.words = self.in_force(demand)
        if demand.status == DemandStatus.OPEN:
            demand.level = self.level_of(demand, demand.vulnerable)
            demand.counted = self.counted_as(demand)

    def renew(self, demand: Demand) -> None:
        """The same, with the facility's class as of now."""
        demand.vulnerable = self.is_vulnerable(demand.recipient)
        self.bring_up(demand)

    def forget_words(self, demand: Demand) -> None:
        demand.words = ()
        demand.contested_until = demand.contests = 0
        demand.version += 1

    def end(self, demand: Demand, how: DemandStatus) -> None:
        demand.ended, demand.counted = how, Level.NULL

    def open_demand(self, number: int) -> Demand:
        demand = self.demands[number]
        refuse_if(demand.status != DemandStatus.OPEN, "DemandNotOpen", status=demand.status)
        return demand

    def own_demand(self, number: int, caller: str) -> Demand:
        demand = self.open_demand(number)
        refuse_if(demand.recipient != caller, "NotRecipient")
        return demand

    # --- recipients --------------------------------------------------------------------------

    def publish(self, recipient: str, request: dict[str, Any], raised: int = 0) -> None:
        self.require_open("needs")
        units, in_emergency = request["units"], any(request["emergency"]) or bool(raised)
        material = request["material"]
        self.require_active(recipient)
        refuse_if(recipient not in self.facilities, "NotDeclared")
        refuse_if(not units, "ZeroUnits")
        refuse_if(units > LARGEST, "TooManyUnits", units=units)
        refuse_if(max(request["stock"], request["daily_use"]) > LARGEST, "ImpossibleFacts")
        refuse_if(request["needed_by"] <= self.now, "NeededInPast")
        if in_emergency and not raised:
            near = (path for region, path in self.paths.items() if self.covers(region, recipient))
            refuse_if(all(self.now >= path.active for path in near), "NotInEmergency")
        far = request["station"] != (2 if self.province(recipient) == "CN-GD" else 1)
        refuse_if(far or "station_operator" in self.suspended, "NotRecipientsStation")
        asked = self.asked(recipient, material) + units
        refuse_if(asked > LARGEST, "TooManyUnits", units=asked)
        cap = CAPS[material]
        demand = Demand(
            recipient,
            material,
            units,
            request["needed_by"],
            in_emergency,
            over_cap=cap is not None and asked > cap,
            budget=request["freight_budget"],
            raised=raised,
        )
        self.demands[len(self.demands) + 1] = demand
        self.state_facts(demand, request["stock"], request["daily_use"])
        self.renew(demand)

    def state_facts(self, demand: Demand, stock: int, use: int) -> None:
        """Who was brought goods that it has not handed out has them in stock."""
        demand.stock = max(stock, self.on_hand(demand.recipient, demand.material))
        demand.use, demand.facts_at = use, self.now

    def update_facts(self, number: int, caller: str, stock: int, use: int) -> None:
        demand = self.own_demand(number, caller)
        refuse_if(max(stock, use) > LARGEST, "ImpossibleFacts")
        demand.counted = Level.NULL
        self.forget_words(demand)
        demand.refused_by = ""
        self.state_facts(demand, stock, use)
        self.renew(demand)

    def withdraw_demand(self, number: int, caller: str) -> None:
        self.end(self.own_demand(number, caller), DemandStatus.WITHDRAWN)

    # --- anyone ------------------------------------------------------------------------------

    def refresh(self, number: int) -> None:
        self.renew(self.open_demand(number))

    def bring_up_to_date(self, numbers: list[int]) -> None:
        for number in numbers:
            demand = self.demands[number]
            if demand.status != DemandStatus.OPEN:
                continue
            if self.now < demand.needed_by:
                self.renew(demand)
            else:
                self.end(demand, DemandStatus.LAPSED)

    def lapse_demand(self, number: int) -> None:
        demand = self.open_demand(number)
        refuse_if(self.now < demand.needed_by, "NotLapsed")
        self.end(demand, DemandStatus.LAPSED)

    # --- auditors ----------------------------------------------------------------------------

    def require_seal(self, seal: Seal) -> None:
        refuse_if(seal == Seal.LATE, "Expired")
        refuse_if(seal == Seal.FORGED, "BadSignature")

    def audited(self, number: int, auditor: str, as_seen: bool) -> Demand:
        """A demand on which the auditor may say something, brought up to now."""
        demand = self.demands[number]
        settled = demand.status != DemandStatus.OPEN and not demand.owes
        refuse_if(settled, "DemandNotOpen", status=demand.status)
        refuse_if(not as_seen, "ContentChanged")
        self.require_auditor(auditor, demand.recipient)
        return demand

    def attest(self, number: int, auditor: str, valid: int, as_seen: bool, seal: Seal) -> None:
        self.require_seal(seal)
        demand = self.audited(number, auditor, as_seen)
        refuse_if(not 0 < valid <= 30 * DAY, "BadValidity")
        self.renew(demand)
        if demand.refused_by:
            self.require_apart(auditor, demand.refused_by)
        refuse_if(auditor in dict(demand.words), "AlreadyAttested")
        refuse_if(len(demand.words) == 2, "FullyAttested")
        for first, _ in demand.words:
            self.require_apart(auditor, first)
        demand.words += ((auditor, self.now + valid),)
        if demand.owes and (not demand.refused_by or len(demand.words) == 2):
            demand.owes = False
            count, audit_by = self.debts[demand.recipient]
            self.debts[demand.recipient] = (count - 1, audit_by if count > 1 else 0)
        self.renew(demand)

    def refuse(
        self, number: int, auditor: str, as_seen: bool, has_reason: bool, seal: Seal
    ) -> None:
        self.require_seal(seal)
        refuse_if(not has_reason, "NoReason")
        demand = self.audited(number, auditor, as_seen)
        self.renew(demand)
        refuse_if(bool(demand.words), "DemandIsAttested")
        refuse_if(bool(demand.refused_by), "AlreadyRefused")
        demand.refused_by = auditor

    def contest(
        self, number: int, auditor: str, as_seen: bool, has_reason: bool, seal: Seal
    ) -> None:
        self.require_seal(seal)
        refuse_if(not has_reason, "NoReason")
        demand = self.audited(number, auditor, as_seen)
        self.renew(demand)
        refuse_if(not demand.words, "NotAttested")
        for attesting, _ in demand.words:
            self.require_apart(auditor, attesting)
        refuse_if(self.now < demand.contested_until, "AlreadyContested")
        refuse_if(demand.contests == 2, "TooManyContests")
        if demand.contests:
            self.require_apart(auditor, demand.contested_by)
        demand.contested_until = self.now + DAY
        demand.contests += 1
        demand.contested_by = auditor
        self.renew(demand)

    # --- plans -------------------------------------------------------------------------------

    def covers(self, region: str, recipient: str) -> bool:
        return self.within(self.home(recipient), region)

    def open_path(self, region: str, cap: int, until: int) -> None:
        self.require_open("needs")
        refuse_if(not cap, "ZeroUnits")
        refuse_if(until <= self.now, "Expired")
        active = max(until, self.paths.get(region, Path()).active)
        self.paths[region] = Path(cap, 0, until, active)

    def raise_for(self, region: str, material: int, units: int, until: int) -> None:
        self.require_open("needs")
        refuse_if(not units, "ZeroUnits")
        refuse_if(until <= self.now, "Expired")
        people = self.people_in(region)
        refuse_if(not people, "NothingToClaim")
        made = Raise(region, material, units, until, people, self.attestations)
        self.raises[len(self.raises) + 1] = made
        path = self.paths.setdefault(region, Path())
        path.active = max(path.active, until)

    def claim(self, number: int, recipient: str, request: dict[str, Any]) -> None:
        self.require_open("needs")
        source = self.raises[number]
        refuse_if(self.now >= source.until, "Expired")
        refuse_if(recipient in source.claimed, "AlreadyClaimed")
        facility = self.facilities.get(recipient, Facility())
        refuse_if(not facility.attestation, "NotAttestedFacility")
        part = source.units * facility.people // source.people
        late = facility.attestation > source.attestations
        elsewhere = not self.covers(source.region, recipient)
        refuse_if(not part or late or elsewhere, "NothingToClaim")
        source.claimed |= {recipient}
        source.claimed_units += part
        self.publish(recipient, request | {"units": part, "material": source.material}, number)

    def fast_path(self, demand: Demand, units: int) -> str:
        """DEM-17: the nearest region whose path will have it; empty when none will."""
        count, audit_by = self.debts.get(demand.recipient, (0, 0))
        if (
            not demand.in_emergency
            or demand.over_cap
            or demand.refused_by
            or self.now < demand.contested_until
            or (count and self.now >= audit_by)
        ):
            return ""
        region = self.home(demand.recipient)
        while region:
            path = self.paths.get(region, Path())
            if self.now < path.until and units <= path.cap - path.used:
                return region
            region = REGIONS[region]
        return ""

    def use_path(self, demand: Demand, units: int) -> bool:
        region = self.fast_path(demand, units)
        if not region:
            return False
        self.paths[region].used += units
        if not demand.owes:
            demand.owes = True
            count, audit_by = self.debts.get(demand.recipient, (0, 0))
            self.debts[demand.recipient] = (count + 1, audit_by if count else self.now + 3 * DAY)
        return True

    # --- totals ------------------------------------------------------------------------------

    def means(self, mark: Mark, demand: Demand) -> bool:
        """Whether a demand lies within an earmark."""
        kind, scope = mark
        if kind == EarmarkKind.REGION:
            return self.province(demand.recipient) == scope
        if kind == EarmarkKind.FACILITY:
            return demand.recipient == scope
        if kind == EarmarkKind.EMERGENCY:
            return demand.in_emergency
        return True

    def totals(self, material: int, mark: Mark = NO_MARK) -> tuple[int, int, int, int]:
        """INV-DEM-1: by going over all demands; low, medium, high, critical."""
        units = Counter[Level]()
        for demand in self.demands.values():
            if demand.material == material and self.means(mark, demand):
                units[demand.counts_as] += demand.open
        return units[Level.LOW], units[Level.MEDIUM], units[Level.HIGH], units[Level.CRITICAL]

    def take_off(self, recipient: str, lot: int, material: int, units: int) -> None:
        """What a recipient was brought is no longer there."""
        self.received[recipient, lot] -= units
        self.used_up[recipient, material] += units
