"""Regions: `defineRegion`, `parentOf`, `provinceOf`, `isWithin`.

defineRegion
├── when the caller is not the registrar: refused
├── when the region is empty, or there already: refused
├── when the parent is unknown, or already at the fourth level: refused
└── else the region stands for ever
parentOf, provinceOf
├── given an unknown region: refused
├── of a country: zero
└── of anything below: the region directly above; the ancestor directly below the country
isWithin
├── of itself and of each ancestor
└── not of a sibling, a descendant, the empty region; an unknown region in nothing
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.people import word
from tests.support.reverts import reverts

COUNTRY = bytes(32)


def test_defines_a_country_and_a_region_below(registry: Contract, registrar: Key) -> None:
    receipt = registry.defineRegion(word("XA"), COUNTRY, sender=registrar)
    told = receipt.event("RegionDefined").args
    assert (told.region, told.parent) == (word("XA"), COUNTRY)
    assert registry.parentOf(word("XA")) == COUNTRY

    registry.defineRegion(word("XA-1"), word("XA"), sender=registrar)
    assert registry.parentOf(word("XA-1")) == word("XA")


def test_goes_four_levels_deep_and_no_deeper(registry: Contract, registrar: Key) -> None:
    registry.defineRegion(word("CN-420106"), word("CN-420100"), sender=registrar)
    assert registry.provinceOf(word("CN-420106")) == word("CN-HB")
    assert registry.isWithin(word("CN-420106"), word("CN"))
    with reverts("RegionTooDeep", region=word("CN-420106001")):
        registry.defineRegion(word("CN-420106001"), word("CN-420106"), sender=registrar)


def test_reverts_when_the_caller_is_not_the_registrar(registry: Contract, coordinator: Key) -> None:
    with reverts("AccessManagedUnauthorized", caller=coordinator):
        registry.defineRegion(word("XA"), COUNTRY, sender=coordinator)


def test_reverts_when_the_region_is_empty(registry: Contract, registrar: Key) -> None:
    with reverts("EmptyField", field="region"):
        registry.defineRegion(bytes(32), word("CN"), sender=registrar)


@pytest.mark.parametrize("parent", [COUNTRY, word("CN-GD")], ids=["country", "elsewhere"])
def test_reverts_when_the_region_is_there(
    registry: Contract, registrar: Key, parent: bytes
) -> None:
    with reverts("RegionExists", region=word("CN-HB")):
        registry.defineRegion(word("CN-HB"), parent, sender=registrar)
    assert registry.parentOf(word("CN-HB")) == word("CN")


def test_reverts_when_the_parent_is_unknown(registry: Contract, registrar: Key) -> None:
    with reverts("UnknownRegion", region=word("XA")):
        registry.defineRegion(word("XA-1"), word("XA"), sender=registrar)


@pytest.mark.parametrize(
    ("region", "parent", "province"),
    [
        ("CN", "", ""),
        ("CN-HB", "CN", "CN-HB"),
        ("CN-420100", "CN-HB", "CN-HB"),
    ],
)
def test_answers_parent_and_province(
    registry: Contract, region: str, parent: str, province: str
) -> None:
    assert registry.parentOf(word(region)) == word(parent)
    assert registry.provinceOf(word(region)) == word(province)


def test_reverts_for_an_unknown_region(registry: Contract) -> None:
    with reverts("UnknownRegion", region=word("XA")):
        registry.parentOf(word("XA"))
    with reverts("UnknownRegion", region=word("XA")):
        registry.provinceOf(word("XA"))


@pytest.mark.parametrize(
    ("region", "ancestor", "within"),
    [
        ("CN", "CN", True),
        ("CN-420100", "CN-420100", True),
        ("CN-420100", "CN-HB", True),
        ("CN-420100", "CN", True),
        ("CN-HB", "CN-420100", False),
        ("CN-420100", "CN-GD", False),
        ("CN-420100", "CN-420200", False),
        ("CN-420100", "", False),
        ("CN", "", False),
        ("XA", "XA", False),
        ("XA", "CN", False),
        ("CN", "XA", False),
        ("", "", False),
    ],
)
def test_knows_what_lies_within(
    registry: Contract, region: str, ancestor: str, within: bool
) -> None:
    assert registry.isWithin(word(region), word(ancestor)) is within
