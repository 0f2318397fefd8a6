"""Defining a material.

when the caller is not the cataloguer: refused
when the GTIN is zero, too long or its check digit wrong, or limits are out of order: refused
given a material of that GTIN: refused
else it stands, defined
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.gs1 import check_digit
from aidline.signing import Key
from tests.support.reverts import reverts
from tests.support.suite import KIT, MASK, material


def gtin(digits: str) -> int:
    return int(digits + str(check_digit(digits)))


@pytest.mark.parametrize(
    "number",
    [gtin("0000001"), gtin("9638507"), gtin("61414121022"), gtin("1061414121022"), 99999999999997],
)
def test_defines_a_material(ledger: Contract, cataloguer: Key, number: int) -> None:
    asked = material(number, cap_per_demand=9, shelf_life=60, temperature_min=-2_000)

    receipt = ledger.defineMaterial(asked, sender=cataloguer)

    told = receipt.event("MaterialDefined").args
    assert told.gtin == number
    stored = ledger.material(number)
    assert stored.defined
    assert told.material == stored
    for field, value in asked.items():
        assert getattr(stored, field) == value or field == "defined"


def test_reverts_when_the_caller_is_not_the_cataloguer(ledger: Contract, supplier: Key) -> None:
    with reverts("AccessManagedUnauthorized", caller=supplier):
        ledger.defineMaterial(material(gtin("9638507")), sender=supplier)


def test_reverts_when_the_material_is_there(ledger: Contract, cataloguer: Key) -> None:
    with reverts("MaterialExists", material=MASK):
        ledger.defineMaterial(material(MASK, shelf_life=1), sender=cataloguer)
    assert ledger.material(MASK).shelf_life == 0


@pytest.mark.parametrize(
    "asked",
    [
        material(0),
        material(MASK + 1),
        material(gtin("20000000000123")),
        material(gtin("9638507"), temperature_min=801, temperature_max=800),
        material(gtin("9638507"), humidity_min=5_001, humidity_max=5_000),
    ],
    ids=["zero", "wrong check digit", "15 digits", "temperature", "humidity"],
)
def test_reverts_when_the_material_makes_no_sense(
    ledger: Contract, cataloguer: Key, asked: dict[str, Any]
) -> None:
    with reverts("BadMaterial", material=asked["gtin"]):
        ledger.defineMaterial(asked, sender=cataloguer)


def test_every_wrong_check_digit_is_found(ledger: Contract, cataloguer: Key) -> None:
    for wrong in range(10):
        number = KIT - KIT % 10 + wrong
        if number != KIT:
            with reverts("BadMaterial", material=number):
                ledger.defineMaterial(material(number), sender=cataloguer)


def test_reverts_for_an_unknown_material(ledger: Contract) -> None:
    with reverts("UnknownMaterial", material=gtin("9638507")):
        ledger.material(gtin("9638507"))
