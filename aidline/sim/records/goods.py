"""What is needed, made, bought and given."""

from __future__ import annotations

from dataclasses import dataclass

from aidline.sim.records.basics import Band, Day, Earmark, Need

__all__ = [
    "Demand",
    "DemandSpec",
    "GiftInKind",
    "GiftOfMoney",
    "Material",
    "PersonalOrder",
    "Supply",
]


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
