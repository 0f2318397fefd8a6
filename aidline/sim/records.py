"""The records of a simulation: what a scenario says, and what is known once it is prepared.

Quantities are base units of the material, money base units of the currency, temperatures hundredths
of a degree Celsius, humidity hundredths of a percent, distances metres, durations seconds. A day is
the number of days since 1970-01-01 (UTC). What a scenario may leave unknown is ``None`` in the
``...Spec`` records; the records without ``Spec`` are the same with every unknown filled by a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NewType

from aidline.geodesy import Place, metres_between
from aidline.readings import Reading
from aidline.solve.urgency import level_of

__all__ = [
    "Action",
    "Band",
    "Carrier",
    "CaseFigure",
    "CaseSeries",
    "Clock",
    "Conditions",
    "Currency",
    "Day",
    "Demand",
    "DemandSpec",
    "Devices",
    "Earmark",
    "EarmarkKind",
    "Excursion",
    "GiftInKind",
    "GiftOfMoney",
    "Hospital",
    "HospitalSpec",
    "Indicator",
    "InputCount",
    "LateLeg",
    "Level",
    "Material",
    "Measure",
    "Need",
    "Network",
    "OpenFastPath",
    "OrderBreakingProposal",
    "Organisation",
    "Participants",
    "PersonalOrder",
    "PickUp",
    "Plan",
    "Policy",
    "RaiseDemand",
    "Reading",
    "ReleaseMoney",
    "RuleCall",
    "Scenario",
    "Source",
    "Station",
    "Supply",
    "Tariff",
    "TelemetryLog",
    "TelemetryModel",
    "Terms",
    "Tier",
    "Trigger",
    "Vehicle",
    "date_of",
    "day_of",
]

Day = NewType("Day", int)

SECONDS_A_DAY = 86_400
_EPOCH = date(1970, 1, 1)


def day_of(value: date) -> Day:
    """Returns the number of days from 1970-01-01 to ``value``."""
    return Day((value - _EPOCH).days)


def date_of(day: Day) -> date:
    """Returns the date of a day."""
    return _EPOCH + timedelta(days=day)


class Need(StrEnum):
    """Level of urgency, as the contracts compute it from the facts of need."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @classmethod
    def of(cls, stock: int, daily_use: int, vulnerable: bool) -> Need:
        """Computes the level: under 24, 72, 168 hours of stock; one higher when vulnerable."""
        return cls(level_of(stock, daily_use, vulnerable=vulnerable).name.lower())


class Tier(StrEnum):
    """The three tiers of transport."""

    TRUNK = "trunk"
    BRANCH = "branch"
    TERMINAL = "terminal"


class EarmarkKind(StrEnum):
    """For whom a gift is meant."""

    NONE = "none"
    REGION = "region"
    FACILITY = "facility"
    EMERGENCY = "emergency"


class Policy(StrEnum):
    """What proves a delivery."""

    CONSIGNEE = "consignee"
    DEVICE = "device"
    BOTH = "both"
    DEVICE_THEN_SILENCE = "device_then_silence"


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures of the scenario come from.

    Attributes:
        id: Name by which the blocks of the scenario refer to it.
        title: Title as published.
        publisher: Who published it.
        licence: Terms of use.
        note: What was taken from it, and what was not.
    """

    id: str
    title: str
    publisher: str
    licence: str
    note: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The days that are played, both included (UTC)."""

    first_day: Day
    last_day: Day

    @property
    def days(self) -> range:
        """Every day that is played."""
        return range(self.first_day, self.last_day + 1)


@dataclass(frozen=True, slots=True)
class Band:
    """Lowest and highest value allowed, hundredths of a degree Celsius or of a percent."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Currency:
    """The logistics currency and the token of its reserve.

    Attributes:
        name: Name of the logistics currency.
        symbol: Symbol of the logistics currency.
        decimals: Digits after the point of one whole unit, of both tokens.
        reserve_name: Name of the reserve token, a mock on a chain of one's own.
        reserve_symbol: Symbol of the reserve token.
        value_code: ISO 4217 code in which the value of gifts in kind is declared.
    """

    name: str
    symbol: str
    decimals: int
    reserve_name: str
    reserve_symbol: str
    value_code: str


@dataclass(frozen=True, slots=True)
class Material:
    """A kind of goods.

    Attributes:
        id: Name in this scenario; the column ``item`` of a demand file.
        gtin: Thirteen digits with a right check digit, of the range for restricted circulation.
        name_zh: Chinese name.
        name_en: English name.
        unit: What one base unit is.
        aliases: Other names under which demand files ask for it.
        temperature: Storage limits.
        humidity: Storage limits.
        shelf_life_days: Days that a new lot keeps; 0 when it does not expire.
        cap_per_demand: Units above which a demand needs a second auditor; 0 for none.
        largest_demand: Units above which a demand is taken for absurd.
        daily_use_per_thousand: Units that a thousand people in care use up in a day.
        unit_value: Declared value of one unit, in hundredths of the scenario's currency of account.
        cold_chain: True when it must stay cold.
        terms: Name of the terms under which it travels.
    """

    id: str
    gtin: str
    name_zh: str
    name_en: str
    unit: str
    aliases: tuple[str, ...]
    temperature: Band
    humidity: Band
    shelf_life_days: int
    cap_per_demand: int
    largest_demand: int
    daily_use_per_thousand: int
    unit_value: int
    cold_chain: bool
    terms: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """A participant that is no hospital and no carrier.

    Attributes:
        id: Name in this scenario; its facility id on the chain.
        organisation: Legal body to which it belongs; two auditors of one body count as one.
        name_zh: Chinese name.
        name_en: English name.
        region: Region of its seat; for an auditor the region in which it audits.
        place: Where it is, if that matters.
    """

    id: str
    organisation: str
    name_zh: str
    name_en: str
    region: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class HospitalSpec:
    """A hospital as the scenario or a file gives it.

    Attributes:
        id: Name in this scenario; the column ``hospital_id`` of the files.
        name_zh: Chinese name.
        name_en: English name, empty when the source has none.
        region: Its prefecture, or its province where that is all that is known.
        place: Where it is; ``None`` when unknown.
        people_in_care: People in care; ``None`` when unknown.
        vulnerable: Whether it serves the especially vulnerable; ``None`` when unknown.
    """

    id: str
    name_zh: str
    name_en: str
    region: str
    place: Place | None
    people_in_care: int | None
    vulnerable: bool | None


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital with nothing unknown.

    Attributes:
        dock: Id of the station where it receives goods; the hospital operates it.
        branch: Id of the branch station that serves it.
    """

    id: str
    name_zh: str
    name_en: str
    region: str
    place: Place
    people_in_care: int
    vulnerable: bool
    dock: str
    branch: str


@dataclass(frozen=True, slots=True)
class PickUp:
    """A station where households take in what they have bought.

    Attributes:
        dock: Id of the station.
        branch: Id of the branch station that serves it.
    """

    dock: str
    branch: str


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Vehicles of one make of one carrier, each with a crew of its own.

    Attributes:
        id: Name in this scenario; with more than one, ``<id>-1``, ``<id>-2`` and so on.
        tier: On which tier it runs.
        capacity: Units that it carries.
        temperature: What it keeps its hold within.
        count: How many there are.
    """

    id: str
    tier: Tier
    capacity: int
    temperature: Band
    count: int


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier with its vehicles."""

    id: str
    organisation: str
    name_zh: str
    name_en: str
    region: str
    vehicles: tuple[Vehicle, ...]

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers on which it has vehicles, trunk first."""
        return tuple(tier for tier in Tier if any(v.tier is tier for v in self.vehicles))


@dataclass(frozen=True, slots=True)
class Participants:
    """Everybody who takes part, by role; hospitals are the recipients."""

    hospitals: tuple[HospitalSpec, ...]
    charities: tuple[Organisation, ...]
    suppliers: tuple[Organisation, ...]
    donors: tuple[Organisation, ...]
    carriers: tuple[Carrier, ...]
    station_operators: tuple[Organisation, ...]
    auditors: tuple[Organisation, ...]
    solvers: tuple[Organisation, ...]
    reporters: tuple[Organisation, ...]
    coordinators: tuple[Organisation, ...]
    arbiters: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True)
class TelemetryModel:
    """How a device's readings are made where no logger's file is given.

    Around the middle of the goods' band the temperature swings with a period of ``period``
    seconds and an amplitude of ``swing`` hundredths of the band's half width, with a seeded noise
    of at most ``noise`` hundredths of a degree. It stays within the band unless an ``Excursion``
    is scripted.
    """

    swing: int
    period: int
    noise: int
    humidity: int


@dataclass(frozen=True, slots=True)
class Devices:
    """The pool of pallet devices.

    Attributes:
        operator: Id of the participant that answers for them.
        count: How many there are.
        model: Make and model, at most 31 ASCII characters.
        calibrated_days: Days from the first day for which they are calibrated.
        interval: Seconds from one reading to the next.
        batch_readings: Readings that a signed batch holds at most.
        telemetry: How readings are made without a file.
    """

    operator: str
    count: int
    model: str
    calibrated_days: int
    interval: int
    batch_readings: int
    telemetry: TelemetryModel


@dataclass(frozen=True, slots=True)
class Station:
    """A place where goods rest or change hands.

    Attributes:
        tier: ``trunk`` for hubs and centres, ``branch``, ``terminal`` for docks.
        recognised: True for a transshipment centre that the coordinator recognises; trunk legs into
            an affected province end at one.
        operator: Id of the participant that runs it.
        temperature: Coldest that it can keep, warmest that it does not pass.
    """

    id: str
    name_zh: str
    name_en: str
    tier: Tier
    recognised: bool
    operator: str
    region: str
    place: Place
    temperature: Band


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a leg of one tier costs and how long it takes.

    Attributes:
        base: Money for a leg.
        per_km: Money for a kilometre.
        per_thousand_units: Money for a thousand units carried.
        speed: Metres in an hour.
        handling: Seconds for loading and unloading, in all.
        slack: Seconds allowed beyond the expected arrival.
    """

    base: int
    per_km: int
    per_thousand_units: int
    speed: int
    handling: int
    slack: int

    def freight(self, metres: int, units: int) -> int:
        """Returns the freight of a leg, each part rounded up."""
        return (
            self.base
            + -(-self.per_km * metres // 1000)
            + -(-self.per_thousand_units * units // 1000)
        )

    def seconds(self, metres: int) -> int:
        """Returns the time that a leg is expected to take, rounded up."""
        return self.handling + -(-metres * 3600 // self.speed)


@dataclass(frozen=True, slots=True)
class Network:
    """Stations and what moving between them costs.

    Attributes:
        stations: Hubs, centres and branch stations; the hospitals' docks come by preparing.
        affected: Provinces whose trunk legs must end at a recognised centre.
        road_permille: Length of the road for a thousand of the great circle.
        dock_temperature: What a hospital's dock can keep.
        tariffs: By tier.
    """

    stations: tuple[Station, ...]
    affected: tuple[str, ...]
    road_permille: int
    dock_temperature: Band
    tariffs: Mapping[Tier, Tariff]

    def road_metres(self, one: Place, other: Place) -> int:
        """Returns the length of the road between two places, at least 1 m, rounded up."""
        return max(1, -(-metres_between(one, other) * self.road_permille // 1000))


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of a consignment: when freight is cut, and from where on goods go to quarantine.

    Attributes:
        policy: What proves delivery.
        late_free: Seconds late that cost nothing.
        late_zero: Seconds late at which nothing is left of a leg's freight.
        longest_silence: Seconds without a reading above which a device's proof is refused.
        exposure_free: Centidegree-seconds outside the band that cost nothing.
        exposure_zero: Centidegree-seconds at which nothing is left of a leg's freight.
        exposure_floor: Centidegree-seconds over all legs above which the goods go to quarantine.
        humidity_free: As for temperature, in centipercent-seconds.
        humidity_zero: As for temperature, in centipercent-seconds.
        humidity_floor: As for temperature, in centipercent-seconds.
    """

    policy: Policy
    late_free: int
    late_zero: int
    longest_silence: int
    exposure_free: int
    exposure_zero: int
    exposure_floor: int
    humidity_free: int
    humidity_zero: int
    humidity_floor: int


@dataclass(frozen=True, slots=True)
class CaseFigure:
    """One day's figure of a region.

    Attributes:
        day: The day that it is about.
        value: Cumulative count.
        carried: Part of it is a former figure that was carried forward for want of a new one.
        revised_from: The figure that the source had given for the same day before, if it differed.
    """

    day: Day
    value: int
    carried: bool = False
    revised_from: int | None = None


@dataclass(frozen=True, slots=True)
class CaseSeries:
    """The figures of one region, one a day at most, days ascending; a missing day is missing."""

    region: str
    figures: tuple[CaseFigure, ...]

    def on(self, day: int) -> CaseFigure | None:
        """Returns the figure of a day, ``None`` when there is none."""
        return next((figure for figure in self.figures if figure.day == day), None)


@dataclass(frozen=True, slots=True)
class Indicator:
    """What the reporters measure.

    Attributes:
        id: Name, at most 31 ASCII characters.
        title: In words.
        unit: What is counted, at most 31 ASCII characters.
        source: Id of the source of the figures.
        accumulating: True for counts that should not fall.
        maximum: Largest sane value.
        report_time: Seconds after midnight (UTC) at which a day's figure is signed.
        faults: How many reporters may lie or be silent.
        series: By region.
    """

    id: str
    title: str
    unit: str
    source: str
    accumulating: bool
    maximum: int
    report_time: int
    faults: int
    series: tuple[CaseSeries, ...]


class Measure(StrEnum):
    """What a condition looks at."""

    VALUE = "value"
    GROWTH = "growth"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One condition of a level.

    Attributes:
        measure: The figure of the day, or its growth over ``window`` days (basis points).
        window: Days over which growth is taken; 0 for the figure itself.
        rise: At or above it the condition is met.
        fall: Below it the condition has let go; at most ``rise``.
    """

    measure: Measure
    window: int
    rise: int
    fall: int


@dataclass(frozen=True, slots=True)
class RaiseDemand:
    """Raises ``base`` + ``rate`` * figure of the region / 1000 units, at most ``ceiling``.

    Attributes:
        region: Region whose attested hospitals may claim their parts.
        duration: Seconds for which they can.
    """

    region: str
    material: str
    base: int
    rate: int
    ceiling: int
    duration: int


@dataclass(frozen=True, slots=True)
class ReleaseMoney:
    """Lets ``spender`` prepay freight from the relief fund's line of ``earmark`` up to ``ceiling``.

    Attributes:
        region: Region for which it is released.
        duration: Seconds for which it is.
    """

    region: str
    earmark: Earmark
    spender: str
    ceiling: int
    duration: int


@dataclass(frozen=True, slots=True)
class OpenFastPath:
    """Lets unaudited demand of a region be served: ``ceiling`` units, for ``duration`` seconds."""

    region: str
    ceiling: int
    duration: int


Action = RaiseDemand | ReleaseMoney | OpenFastPath


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the plan.

    Attributes:
        name: In words.
        all_of: True when all conditions must hold, false when one is enough.
        minimum_stay: Days that it stays at least before it may fall.
        conditions: What a region must meet.
        actions: What is set going when it starts, once in an activation.
    """

    name: str
    all_of: bool
    minimum_stay: int
    conditions: tuple[Trigger, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The preset plan.

    Attributes:
        id: Name, at most 31 ASCII characters.
        kind: Type of emergency, at most 31 ASCII characters.
        indicator: Id of the indicator that it reads.
        regions: Scope: the provinces that are looked at.
        regions_needed: How many of them must meet a level's conditions.
        time_to_live: Seconds after which an activation lapses unless fresh data renews it.
        levels: From the lowest (1) to the highest.
    """

    id: str
    kind: str
    indicator: str
    regions: tuple[str, ...]
    regions_needed: int
    time_to_live: int
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Earmark:
    """An earmark; ``scope`` is a province, a hospital's id, a plan's id, or empty for none."""

    kind: EarmarkKind
    scope: str


@dataclass(frozen=True, slots=True)
class Supply:
    """A lot that a supplier makes and holds.

    Attributes:
        expiry_days: Days that it keeps from ``day`` on; 0 when it does not expire.
        for_sale: Households buy from it; else it is offered to those who need it most.
    """

    id: str
    supplier: str
    material: str
    units: int
    day: Day
    station: str
    expiry_days: int
    for_sale: bool = False


@dataclass(frozen=True, slots=True)
class PersonalOrder:
    """Goods that a household buys; it prepays them and their freight.

    Who it is stands nowhere: of its one-time key the chain knows a salted hash.

    Attributes:
        supply: Id of the lot from which it buys, one that is for sale.
        units: How many.
        price: Of all of them.
        day: When it orders.
        station: Where it takes the goods in.
        terms: Name of the terms on which they travel.
    """

    id: str
    supply: str
    units: int
    price: int
    day: Day
    station: str
    terms: str


@dataclass(frozen=True, slots=True)
class GiftInKind:
    """Goods given.

    Attributes:
        donor: Id of the donor.
        charity: Id of the charity that receives and counts it.
        units: Units pledged.
        refused: Units that the charity refuses on receipt.
        missing: Units that turn out not to be there.
        origin: Where they come from, at most 64 bytes.
        day: Day of the pledge and of the receipt.
        station: Hub where it is received.
        expiry_days: Days that it keeps from ``day`` on; 0 when it does not expire.
    """

    id: str
    donor: str
    charity: str
    material: str
    units: int
    refused: int
    missing: int
    origin: str
    day: Day
    station: str
    earmark: Earmark
    expiry_days: int


@dataclass(frozen=True, slots=True)
class GiftOfMoney:
    """Money given to the relief fund."""

    id: str
    donor: str
    amount: int
    day: Day
    earmark: Earmark


@dataclass(frozen=True, slots=True)
class DemandSpec:
    """A demand as the scenario or a file gives it; ``None`` is unknown.

    Attributes:
        units: Units needed.
        day: Day on which it is published.
        needed_within: Seconds from publishing within which it is needed.
        stock: Units in stock when it is published.
        daily_use: Units used in a day.
        freight_budget: Most that its freight may cost.
    """

    id: str
    hospital: str
    material: str
    units: int | None
    day: Day | None
    needed_within: int | None
    stock: int | None
    daily_use: int | None
    freight_budget: int | None


@dataclass(frozen=True, slots=True)
class Demand:
    """A demand with nothing unknown; see ``DemandSpec``.

    Attributes:
        need: The level of urgency that its facts give.
        filled: Names of the fields that a rule filled in.
    """

    id: str
    hospital: str
    material: str
    units: int
    day: Day
    needed_within: int
    stock: int
    daily_use: int
    freight_budget: int
    need: Need
    filled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LateLeg:
    """The ``nth`` consignment that fits is late on one leg.

    Attributes:
        nth: 1 is the first.
        cold_chain: Only consignments of cold goods (true) or of others (false) are counted.
        tier: Which leg.
        seconds: How late, beyond the latest arrival that was agreed.
    """

    nth: int
    cold_chain: bool
    tier: Tier
    seconds: int


@dataclass(frozen=True, slots=True)
class Excursion:
    """The ``nth`` consignment that fits leaves its limits on one leg.

    Attributes:
        nth: 1 is the first.
        cold_chain: Only consignments of cold goods (true) or of others (false) are counted.
        tier: On which leg.
        peak: Temperature that is held, hundredths of a degree Celsius.
        seconds: How long it is held.
    """

    nth: int
    cold_chain: bool
    tier: Tier
    peak: int
    seconds: int


@dataclass(frozen=True, slots=True)
class OrderBreakingProposal:
    """At the first chance from this day on a proposal is made that breaks the order of urgency."""

    day: Day


@dataclass(frozen=True, slots=True)
class Conditions:
    """What goes wrong by script."""

    late_legs: tuple[LateLeg, ...]
    excursions: tuple[Excursion, ...]
    order_breaking: tuple[OrderBreakingProposal, ...]


@dataclass(frozen=True, slots=True)
class RuleCall:
    """A named rule with its parameters, as the scenario sets it."""

    name: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as data.

    Attributes:
        name: By which it is called.
        path: File from which it was read.
        seed: Seed when none is given.
        copies: How often gifts in kind, demands, devices and vehicles stand, for bigger runs.
        regions: Codes of all regions that are registered, each after its parent.
        terms: By name.
        rules: By what they fill in.
    """

    name: str
    path: str
    title: str
    summary: str
    sources: tuple[Source, ...]
    seed: int
    copies: int
    clock: Clock
    regions: tuple[str, ...]
    currency: Currency
    materials: tuple[Material, ...]
    participants: Participants
    devices: Devices
    network: Network
    terms: Mapping[str, Terms]
    indicator: Indicator
    plan: Plan
    supplies: tuple[Supply, ...]
    orders: tuple[PersonalOrder, ...]
    gifts: tuple[GiftInKind, ...]
    money: tuple[GiftOfMoney, ...]
    demands: tuple[DemandSpec, ...]
    conditions: Conditions
    rules: Mapping[str, RuleCall]

    def material(self, material_id: str) -> Material:
        """Returns the material of this id, which stands in the scenario."""
        return next(material for material in self.materials if material.id == material_id)


@dataclass(frozen=True, slots=True)
class InputCount:
    """What became of the rows of one file.

    Every row has one fate: ``rows`` = ``used`` + ``merged`` + ``rejected``. ``unknown`` and
    ``capped`` tell of what kind they were.

    Attributes:
        file: Name of the file, without its folder.
        rows: Rows with data.
        used: Rows that stand in the run as records of their own.
        unknown: Rows whose figure is empty (or a quantity of nought); a demand's is filled by rule,
            a count or a reading is left out.
        capped: Rows whose figure was absurd and was cut.
        merged: Rows that went into another row's record: duplicates and revisions.
        rejected: Rows that cannot be used: an unknown material, hospital or region, a day outside
            the scenario's, a figure that is empty or cannot be true.
    """

    file: str
    rows: int
    used: int
    unknown: int
    capped: int
    merged: int
    rejected: int

    def as_json(self) -> dict[str, int | str]:
        """Returns the counts as they stand in a summary."""
        return {
            "file": self.file,
            "rows": self.rows,
            "used": self.used,
            "unknown": self.unknown,
            "capped": self.capped,
            "merged": self.merged,
            "rejected": self.rejected,
        }


@dataclass(frozen=True, slots=True)
class TelemetryLog:
    """What one logger recorded, times ascending, at least one reading."""

    log: str
    readings: tuple[Reading, ...]

    def replayed(self, start: int, end: int, humidity: int | None = None) -> tuple[Reading, ...]:
        """Shifts the log so that its first reading is at ``start``, and cuts it after ``end``.

        A log that is shorter than the journey begins again, one usual interval after its last
        reading.

        Args:
            start: Unix seconds of the pick-up.
            end: Unix seconds of the delivery, not before ``start``.
            humidity: What stands for the humidity where the logger recorded none.
        """
        gaps = sorted(
            after.time - before.time
            for before, after in zip(self.readings, self.readings[1:], strict=False)
        )
        usual = gaps[len(gaps) // 2] if gaps else 600
        length = self.readings[-1].time - self.readings[0].time + usual
        rounds = (end - start) // length + 1
        shifts = (start - self.readings[0].time + turn * length for turn in range(rounds))
        return tuple(
            Reading(
                reading.time + shift,
                reading.temperature,
                humidity if reading.humidity is None else reading.humidity,
            )
            for shift in shifts
            for reading in self.readings
            if reading.time + shift <= end
        )
