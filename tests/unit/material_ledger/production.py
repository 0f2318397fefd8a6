"""A maker of masks: cloth, masks of cloth, and masks remade from masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aidline.client import Contract
from aidline.gs1 import check_digit
from aidline.signing import Key
from tests.support.people import key_of
from tests.support.suite import MASK, material
from tests.unit.material_ledger.conftest import Goods, request

__all__ = ["CLOTH", "Production", "line", "recipe"]

#: A raw material without limits.
CLOTH = int("200000000009" + str(check_digit("200000000009")))


def line(gtin: int, units: int) -> dict[str, int]:
    return {"material": gtin, "units": units}


def recipe(maker: Key, **changes: Any) -> dict[str, Any]:
    """Return a recipe by which ten units of cloth become at most ten masks."""
    return {
        "maker": maker.address,
        "yield_basis_points": 10_000,
        "inputs": [line(CLOTH, 10)],
        "outputs": [line(MASK, 10)],
    } | changes


@dataclass(frozen=True, slots=True)
class Production:
    """The ledger with two recipes of the supplier.

    Attributes:
        sewing: One mask from one unit of cloth.
        mending: One mask from one mask.
    """

    ledger: Contract
    recipes: Contract
    sewing: int
    mending: int

    @classmethod
    def start(cls, ledger: Contract, recipes: Contract) -> Production:
        ledger.defineMaterial(material(CLOTH), sender=key_of("cataloguer"))
        maker, auditor = key_of("supplier"), key_of("fourth_auditor")
        sewing = recipes.setRecipe(recipe(maker), sender=auditor).event("RecipeSet").args.recipe
        again = recipe(maker, inputs=[line(MASK, 10)])
        mending = recipes.setRecipe(again, sender=auditor).event("RecipeSet").args.recipe
        return cls(ledger, recipes, sewing, mending)

    def commission(self, gtin: int, units: int) -> Goods:
        """The supplier commissions a lot."""
        asked = request(material=gtin, quantity=units)
        told = self.ledger.commission(asked, sender=key_of("supplier")).event("LotCommissioned")
        return Goods(told.args.lot, told.args.parcel, units)

    def make(self, number: int, inputs: Sequence[tuple[int, int]], units: int) -> Goods:
        """The supplier makes one lot of masks by a recipe."""
        used = [{"parcel": parcel, "units": part} for parcel, part in inputs]
        receipt = self.ledger.transform(
            number, used, [request(quantity=units)], sender=key_of("supplier")
        )
        told = receipt.event("LotCommissioned").args
        return Goods(told.lot, told.parcel, units)

    def sew(self, inputs: Sequence[tuple[int, int]], units: int) -> Goods:
        """Masks from cloth."""
        return self.make(self.sewing, inputs, units)

    def sew_on(self, made: Goods, units: int) -> Goods:
        """Masks from masks."""
        return self.make(self.mending, [(made.parcel, units)], units)
