"""Making lots from lots: `transform`, `parentsOf`, `ancestorsOf`, and the recipes of RecipeBook.

transform
├── when the caller is no active supplier, or not the recipe's maker: refused
├── when an input is not held by the caller, or of an expired, earmarked or recalled lot: refused
├── when the recipe is unknown or retired, or an input or output is none of it: refused
├── when more comes out than the yield allows of the scarcest input: refused
├── with no or too many inputs or outputs, or more than 32 ancestors: refused
└── else the inputs are consumed, and the outputs name their lots as ancestors
setRecipe, retireRecipe
├── when the caller is no active auditor of the maker's region, or of its organisation: refused
├── when a line is empty or doubled, or the yield none or above all: refused
└── else the recipe stands, until it is retired
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import EarmarkKind, LotKind, ParcelState
from aidline.signing import Key
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, MASK
from tests.unit.material_ledger.conftest import EVIDENCE, HERE, earmark, fate, request
from tests.unit.material_ledger.production import CLOTH, Production, line, recipe


@pytest.fixture
def production(ledger: Contract, recipes: Contract) -> Production:
    return Production.start(ledger, recipes)


def part(parcel: int, units: int) -> dict[str, int]:
    return {"parcel": parcel, "units": units}


def test_makes_lots_from_units_of_lots(
    ledger: Contract, production: Production, supplier: Key
) -> None:
    first, second = production.commission(CLOTH, 100), production.commission(CLOTH, 50)

    receipt = ledger.transform(
        production.sewing,
        [part(first.parcel, 60), part(second.parcel, 50)],
        [request(quantity=70), request(quantity=40, station=9)],
        sender=supplier,
    )

    made = [event.args for event in receipt.events if event.name == "LotCommissioned"]
    told = receipt.event("LotsTransformed").args
    assert (told.recipe, told.maker) == (production.sewing, supplier.address)
    assert [lot.lot for lot in made] == list(told.lots)
    assert [(used.units, ledger.parcel(used.parcel).lot) for used in told.inputs] == [
        (60, first.lot),
        (50, second.lot),
    ]
    assert {ledger.parcel(used.parcel).state for used in told.inputs} == {ParcelState.TRANSFORMED}
    assert fate(ledger, first.lot) == {"held": 40, "transformed": 60}
    assert fate(ledger, second.lot) == {"transformed": 50}
    for lot, units in zip(made, (70, 40), strict=True):
        record = ledger.lot(lot.lot)
        assert (record.maker, record.kind, record.material) == (
            supplier.address,
            LotKind.SUPPLY,
            MASK,
        )
        assert list(ledger.parentsOf(lot.lot)) == [first.lot, second.lot]
        assert list(ledger.ancestorsOf(lot.lot)) == [first.lot, second.lot]
        assert fate(ledger, lot.lot) == {"held": units}
    assert [ledger.parcel(lot.parcel).station for lot in made] == [HERE, 9]


def test_ancestors_are_the_parents_and_theirs_each_once(
    ledger: Contract, production: Production
) -> None:
    first, second = production.commission(CLOTH, 100), production.commission(CLOTH, 100)
    left = production.sew([(first.parcel, 10)], 10)
    right = production.sew([(first.parcel, 10), (second.parcel, 10)], 20)

    both = production.make(production.mending, [(left.parcel, 5), (right.parcel, 5)], 10)

    assert list(ledger.parentsOf(both.lot)) == [left.lot, right.lot]
    assert list(ledger.ancestorsOf(both.lot)) == [left.lot, right.lot, first.lot, second.lot]
    assert list(ledger.ancestorsOf(first.lot)) == []


def test_takes_32_ancestors_and_no_more(ledger: Contract, production: Production) -> None:
    def eight() -> list[tuple[int, int]]:
        return [(production.commission(CLOTH, 10).parcel, 10) for _ in range(8)]

    made = [production.sew(eight(), 80) for _ in range(4)]
    three = production.make(production.mending, [(lot.parcel, 1) for lot in made[:3]], 3)
    assert len(ledger.ancestorsOf(three.lot)) == 27
    more = production.sew([(production.commission(CLOTH, 4).parcel, 4)], 4)
    less = production.sew([(production.commission(CLOTH, 4).parcel, 4)], 4)
    # 27 and 1 with themselves are 30, with one more parent 32; another would be 34.
    inputs = [(three.parcel, 1), (more.parcel, 1)]
    full = production.make(production.mending, inputs, 2)
    assert len(ledger.ancestorsOf(full.lot)) == 30
    inputs = [(full.parcel, 1)]
    assert len(ledger.ancestorsOf(production.make(production.mending, inputs, 1).lot)) == 31
    with reverts("TooManyAncestors", most=32):
        production.make(production.mending, [(full.parcel, 1), (less.parcel, 1)], 2)


@pytest.mark.parametrize("person", ["stranger", "donor", "charity", "hospital"])
def test_reverts_when_the_caller_is_no_supplier(
    ledger: Contract, production: Production, request: pytest.FixtureRequest, person: str
) -> None:
    cloth = production.commission(CLOTH, 10)
    caller = request.getfixturevalue(person)
    with reverts("NotActive", account=caller):
        ledger.transform(production.sewing, [part(cloth.parcel, 10)], [_masks(10)], sender=caller)


def _masks(units: int) -> dict[str, Any]:
    return request(quantity=units)


def test_reverts_when_the_recipe_is_anothers_unknown_or_retired(
    ledger: Contract, production: Production, supplier: Key, fourth_auditor: Key
) -> None:
    cloth = production.commission(CLOTH, 10)
    recipes = production.recipes
    with reverts("UnknownRecipe", recipe=9):
        production.make(9, [(cloth.parcel, 10)], 10)
    with reverts("NotMaker", caller=fourth_auditor):
        recipes.checkYield(1, fourth_auditor, [line(CLOTH, 10)], [line(MASK, 10)])
    ended = recipes.retireRecipe(production.sewing, sender=fourth_auditor).event("RecipeEnded")
    assert (ended.args.recipe, ended.args.auditor) == (production.sewing, fourth_auditor.address)
    assert recipes.isRetired(production.sewing) is True
    with reverts("RecipeRetired", recipe=production.sewing):
        production.sew([(cloth.parcel, 10)], 10)
    with reverts("RecipeRetired", recipe=production.sewing):
        recipes.retireRecipe(production.sewing, sender=fourth_auditor)


def test_reverts_above_the_yield_of_the_scarcest_input(
    ledger: Contract, production: Production, supplier: Key, fourth_auditor: Key
) -> None:
    rule = recipe(
        supplier,
        yield_basis_points=9_000,
        inputs=[line(CLOTH, 2), line(MASK, 1)],
        outputs=[line(MASK, 10)],
    )
    told = production.recipes.setRecipe(rule, sender=fourth_auditor).event("RecipeSet").args
    cloth, mask = production.commission(CLOTH, 100), production.commission(MASK, 100)
    # 20 of cloth are ten batches, 9 masks are nine: 90 masks at most, less a tenth.
    inputs = [(cloth.parcel, 20), (mask.parcel, 9)]
    with reverts("YieldExceeded", material=MASK, made=82, most=81):
        production.make(told.recipe, inputs, 82)
    made = production.make(told.recipe, inputs, 81)
    assert fate(ledger, made.lot) == {"held": 81}
    with reverts("YieldExceeded", material=MASK, made=1, most=0):
        production.make(told.recipe, [(cloth.parcel, 20)], 1)


def test_reverts_with_goods_that_are_not_of_the_recipe(
    ledger: Contract, production: Production, supplier: Key
) -> None:
    cloth, mask = production.commission(CLOTH, 10), production.commission(MASK, 10)
    with reverts("NotInRecipe", recipe=production.sewing, material=MASK):
        production.sew([(cloth.parcel, 10), (mask.parcel, 1)], 10)
    with reverts("NotInRecipe", recipe=production.sewing, material=CLOTH):
        ledger.transform(
            production.sewing,
            [part(cloth.parcel, 10)],
            [request(material=CLOTH, quantity=1)],
            sender=supplier,
        )


def test_reverts_when_an_input_is_not_the_callers_to_use(
    ledger: Contract,
    production: Production,
    supplier: Key,
    charity: Key,
    donor: Key,
    demand_escrow: Key,
    donation_registry: Key,
) -> None:
    cloth = production.commission(CLOTH, 10)
    with reverts("TooManyUnits", parcel=cloth.parcel, asked=11, there=10):
        production.sew([(cloth.parcel, 11)], 10)
    with reverts("ZeroQuantity"):
        production.sew([(cloth.parcel, 0), (cloth.parcel, 10)], 10)
    with reverts("WrongState", parcel=cloth.parcel, state=ParcelState.TRANSFORMED):
        production.sew([(cloth.parcel, 10), (cloth.parcel, 10)], 10)
    asked = request(material=CLOTH, quantity=10)
    kept = ledger.commissionGift(asked, donor, charity, earmark(), sender=donation_registry)
    parcel = kept.event("LotCommissioned").args.parcel
    with reverts("NotCustodian", parcel=parcel, caller=supplier, custodian=charity):
        production.sew([(parcel, 10)], 10)
    meant = earmark(EarmarkKind.REGION, word("CN-HB"))
    gift = ledger.commissionGift(asked, donor, supplier, meant, sender=donation_registry)
    with reverts("BadEarmark", kind=EarmarkKind.REGION, scope=word("CN-HB")):
        production.sew([(gift.event("LotCommissioned").args.parcel, 10)], 10)
    ledger.offer(cloth.parcel, supplier, sender=demand_escrow)
    with reverts("WrongState", parcel=cloth.parcel, state=ParcelState.OFFERED):
        production.sew([(cloth.parcel, 10)], 10)


def test_reverts_when_an_input_has_expired(
    ledger: Contract, production: Production, supplier: Key, fourth_auditor: Key
) -> None:
    rule = recipe(supplier, inputs=[line(KIT, 1)], outputs=[line(MASK, 1)])
    told = production.recipes.setRecipe(rule, sender=fourth_auditor).event("RecipeSet").args
    expiry = ledger.chain.now() + DAY
    asked = request(material=KIT, quantity=10, expiry=expiry)
    kit = ledger.commission(asked, sender=supplier).event("LotCommissioned").args
    ledger.chain.set_time(expiry)
    with reverts("LotExpired", lot=kit.lot):
        production.make(told.recipe, [(kit.parcel, 10)], 10)


def test_reverts_with_no_or_too_many_goods(
    ledger: Contract, production: Production, supplier: Key
) -> None:
    cloth = production.commission(CLOTH, 100)
    one, made = part(cloth.parcel, 1), request(quantity=1)
    for inputs, outputs in (([], [made]), ([one], [])):
        with reverts("NothingToTransform"):
            ledger.transform(production.sewing, inputs, outputs, sender=supplier)
    with reverts("TooManyParcels", given=9, most=8):
        ledger.transform(production.sewing, [one] * 9, [made], sender=supplier)
    with reverts("TooManyOutputs", given=9, most=8):
        ledger.transform(production.sewing, [one], [made] * 9, sender=supplier)


# --- recipes ---------------------------------------------------------------------------------


def test_an_auditor_declares_a_recipe(
    production: Production, supplier: Key, fourth_auditor: Key
) -> None:
    recipes = production.recipes
    rule = recipe(supplier, yield_basis_points=9_500)

    told = recipes.setRecipe(rule, sender=fourth_auditor).event("RecipeSet").args

    assert told.recipe == recipes.recipeCount()
    assert (told.maker, told.auditor) == (supplier.address, fourth_auditor.address)
    stored = recipes.recipe(told.recipe)
    assert (stored.maker, stored.yield_basis_points) == (supplier.address, 9_500)
    assert [(part.material, part.units) for part in stored.inputs] == [(CLOTH, 10)]
    assert [(part.material, part.units) for part in stored.outputs] == [(MASK, 10)]


@pytest.mark.parametrize("person", ["auditor", "supplier", "coordinator", "stranger"])
def test_set_and_retire_revert_for_others(
    production: Production, supplier: Key, request: pytest.FixtureRequest, person: str
) -> None:
    """The auditor is one of another province."""
    caller = request.getfixturevalue(person)
    with reverts("NotMakersAuditor", caller=caller, maker=supplier):
        production.recipes.setRecipe(recipe(supplier), sender=caller)
    with reverts("NotMakersAuditor", caller=caller, maker=supplier):
        production.recipes.retireRecipe(production.sewing, sender=caller)


def test_set_reverts_when_the_maker_is_no_supplier(
    production: Production, donor: Key, fourth_auditor: Key
) -> None:
    with reverts("NotActive", account=donor):
        production.recipes.setRecipe(recipe(donor), sender=fourth_auditor)


@pytest.mark.parametrize(
    "changes",
    [
        {"yield_basis_points": 0},
        {"yield_basis_points": 10_001},
        {"inputs": []},
        {"outputs": []},
        {"inputs": [line(CLOTH, 0)]},
        {"outputs": [line(0, 1)]},
        {"inputs": [line(CLOTH, 1), line(CLOTH, 2)]},
        {"inputs": [line(1 + number, 1) for number in range(9)]},
    ],
)
def test_set_reverts_when_a_part_is_wrong(
    production: Production, supplier: Key, fourth_auditor: Key, changes: dict[str, Any]
) -> None:
    with reverts("BadRecipe"):
        production.recipes.setRecipe(recipe(supplier, **changes), sender=fourth_auditor)


def test_steps_are_told_by_maker_and_custodian(
    ledger: Contract, production: Production, supplier: Key, stranger: Key
) -> None:
    cloth = production.commission(CLOTH, 10)
    head = ledger.head()

    receipt = ledger.recordStep(cloth.parcel, word("washed"), HERE, EVIDENCE, sender=supplier)

    told = receipt.event("StepRecorded").args
    assert (told.lot, told.parcel, told.by) == (cloth.lot, cloth.parcel, supplier.address)
    assert (told.step, told.station, told.evidence) == (word("washed"), HERE, EVIDENCE)
    assert ledger.head() != head
    with reverts("NeitherMakerNorCustodian", parcel=cloth.parcel, caller=stranger):
        ledger.recordStep(cloth.parcel, word("washed"), HERE, EVIDENCE, sender=stranger)
    with reverts("NoReason"):
        ledger.recordStep(cloth.parcel, bytes(32), HERE, EVIDENCE, sender=supplier)
    with reverts("NoEvidence"):
        ledger.recordStep(cloth.parcel, word("washed"), HERE, bytes(32), sender=supplier)
