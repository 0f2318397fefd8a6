"""Regions: their codes, their names in Chinese and English, what lies in what.

A region's code is an ISO 3166-1 or 3166-2 code (``CN``, ``CN-HB``); below the province, for China,
the six digits of GB/T 2260 (``CN-420100``). On a chain the code is its ASCII text in a ``bytes32``,
padded with zeros on the right. The table of China's provinces and prefectures is shipped with the
package (``aidline/data/regions.csv``, described in ``docs/formats.md``).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from aidline.errors import InputError

__all__ = ["Region", "RegionAtlas", "decode", "encode", "shipped_atlas"]

_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3}|-[0-9]{6})?")
_SUFFIXES = ("市", "省", "地区", "盟", "县", "林区", "特别行政区")


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the shipped table.

    Attributes:
        code: ``CN``, ``CN-HB`` or ``CN-420100``.
        gb2260: The six digits of GB/T 2260, empty for a country.
        parent: Code of the region directly above, ``None`` for a country.
        name_zh: Full Chinese name.
        name_en: English name.
        aliases: Other names under which it appears in public lists.
    """

    code: str
    gb2260: str
    parent: str | None
    name_zh: str
    name_en: str
    aliases: tuple[str, ...]


def encode(code: str) -> bytes:
    """Returns the 32 bytes that stand for a region's code on a chain.

    Raises:
        InputError: If ``code`` is not a region's code.
    """
    if not _CODE.fullmatch(code):
        raise InputError(f"'{code}' is not a region's code: CN, CN-HB or CN-420100 is expected")
    return code.encode("ascii").ljust(32, b"\0")


def decode(value: bytes) -> str:
    """Returns the code that 32 bytes from a chain stand for.

    Raises:
        InputError: If they stand for no region's code.
    """
    try:
        code = value.rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        code = ""
    if len(value) != 32 or not _CODE.fullmatch(code):
        raise InputError(f"0x{value.hex()} is not a region's code")
    return code


class RegionAtlas:
    """Regions by code and by name.

    Args:
        regions: Every region after its parent.

    Raises:
        InputError: If a code stands twice or a parent is missing.
    """

    __slots__ = ("_by_code", "_by_name")

    def __init__(self, regions: Iterable[Region]) -> None:
        self._by_code: dict[str, Region] = {}
        self._by_name: dict[str, list[Region]] = {}
        for region in regions:
            encode(region.code)
            if region.code in self._by_code:
                raise InputError(f"region {region.code} stands twice")
            if region.parent is not None and region.parent not in self._by_code:
                raise InputError(f"region {region.code} stands before its parent {region.parent}")
            self._by_code[region.code] = region
            for name in {
                _key(name) for name in (region.name_zh, region.name_en, *region.aliases) if name
            }:
                self._by_name.setdefault(name, []).append(region)

    def __iter__(self) -> Iterator[Region]:
        return iter(self._by_code.values())

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __len__(self) -> int:
        return len(self._by_code)

    def __getitem__(self, code: str) -> Region:
        try:
            return self._by_code[code]
        except KeyError:
            raise InputError(f"region '{code}' is unknown") from None

    def lineage(self, code: str) -> tuple[str, ...]:
        """Returns the region's code and those above it, the country last."""
        chain = [self[code].code]
        while (parent := self[chain[-1]].parent) is not None:
            chain.append(parent)
        return tuple(chain)

    def province_of(self, code: str) -> str | None:
        """Returns the code of the province that holds the region, ``None`` for a country."""
        lineage = self.lineage(code)
        return lineage[-2] if len(lineage) > 1 else None

    def is_within(self, code: str, ancestor: str) -> bool:
        """Says whether the region is ``ancestor`` or lies in it."""
        return ancestor in self.lineage(code)

    def find(self, name: str, within: str | None = None) -> Region | None:
        """Finds a region by one of its names, Chinese or English.

        Args:
            name: As a public list writes it (湖北, 湖北省, Hubei, 恩施州).
            within: Code of a region in which it must lie, itself included.

        Returns:
            The region whose full Chinese name it is (吉林市 is the city), else the highest region
            of that name (吉林 is the province); ``None`` when there is none, or when two of the
            same height carry the name.
        """
        found = self._by_name.get(_key(name), [])
        if within is not None:
            found = [region for region in found if self.is_within(region.code, within)]
        exact = [region for region in found if region.name_zh == name.strip()]
        found = exact or found
        if not found:
            return None
        height = min(len(self.lineage(region.code)) for region in found)
        highest = [region for region in found if len(self.lineage(region.code)) == height]
        return highest[0] if len(highest) == 1 else None


@cache
def shipped_atlas() -> RegionAtlas:
    """Returns the table that is shipped: China, its provinces and its prefectures."""
    file = resources.files("aidline").joinpath("data/regions.csv")
    with file.open("r", encoding="utf-8") as stream:
        return RegionAtlas(
            Region(
                code=row["code"],
                gb2260=row["gb2260"],
                parent=row["parent"] or None,
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                aliases=tuple(row["aliases"].split("|")) if row["aliases"] else (),
            )
            for row in csv.DictReader(stream)
        )


def _key(name: str) -> str:
    """Folds what differs between lists: width, case, blanks, a last word such as 市."""
    folded = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    for suffix in _SUFFIXES:
        if folded.endswith(suffix) and len(folded) > len(suffix) + 1:
            return folded[: -len(suffix)]
    return folded
