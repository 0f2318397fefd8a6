"""The facts of need where a list has none, drawn from published days of supply.

Relief groups published, by item and month, how many requesters had no stock, stock for up to seven
days, and for more. A request draws which of these it is by the shares of its item and month, and
then, evenly, the whole hours that its stock lasts: none, up to 168, or from 169 to the most. What
is asked for is taken to cover a number of days of use. So there are stock and daily use in units of
the item, from which the level follows as in the contract (:mod:`aidline.solve.urgency`).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike

from aidline.errors import InputError
from aidline.model import Level
from aidline.solve.lists import Entry
from aidline.solve.urgency import level_of
from aidline.tables import Table

__all__ = ["SUPPLY_NAMES", "FactRules", "Facts", "StockShares", "read_stock_shares"]

#: Items of the lists by their name in the days of supply. Printed shields are face shields there;
#: baby monitors were asked for to speak with people in isolation.
SUPPLY_NAMES: Mapping[str, str] = {
    "babyMonitors": "Two-way Communication Devices",
    "bodyBags": "Body Bags",
    "coveralls": "Coveralls / Bunny Suits",
    "disinfectingWipes": "Disinfecting Wipes",
    "disposableBooties": "Disposable Booties",
    "faceShields": "Face Shields",
    "gowns": "Gowns",
    "handSanitizer": "Hand Sanitizer",
    "handmadeMasks": "Cloth Masks",
    "nitrileGloves": "Nitrile Gloves",
    "paprShield": "PAPR Replacement Face Shields",
    "printedFaceShields": "Face Shields",
    "respirators": "N95 Respirators",
    "safetyGlasses": "Safety Glasses",
    "safetyGoggles": "Safety Goggles",
    "surgicalCaps": "Surgical Caps / Bouffant Caps",
    "surgicalMasks": "Surgical Masks",
    "thermometers": "Thermometers",
}


_NONE, _WEEK, _MORE = range(3)
_CLASSES = {"0 days": _NONE, "<= 7 days": _WEEK, "> 7 days": _MORE}
_WEEK_HOURS = 168
_DAY_HOURS = 24


@dataclass(frozen=True, slots=True)
class FactRules:
    """What is assumed of who asks.

    Attributes:
        cover_days: Days of use that a request covers.
        most_days: Days of stock of who has the most, more than 7.
    """

    cover_days: int = 14
    most_days: int = 14


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of need, as of one time.

    Attributes:
        since: That time, unix seconds.
        stock: Units in stock.
        daily_use: Units used a day, at least 1.
    """

    since: int
    stock: int
    daily_use: int

    def level_at(self, now: int) -> Level:
        """Return the level once stock has run down by the use until a time, unix seconds."""
        return level_of(self.stock, self.daily_use, elapsed=max(now - self.since, 0))


class StockShares:
    """Who had how much stock.

    Args:
        counts: Requesters without stock, with up to 7 days, with more; by name of the days of
            supply and month (``2020-04``). A month without figures is drawn from all months of the
            item, an item without any from even thirds.
    """

    def __init__(self, counts: Mapping[tuple[str, str], tuple[int, int, int]]) -> None:
        self._by_month = {key: three for key, three in counts.items() if sum(three)}
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for (item, _), three in self._by_month.items():
            sums[item] = [one + more for one, more in zip(sums[item], three, strict=True)]
        self._of_item = sums

    def shares(self, item: str, time: int) -> tuple[int, ...]:
        """Return the shares for an item of the lists at a time, as whole numbers."""
        name = SUPPLY_NAMES.get(item, item)
        month = datetime.fromtimestamp(time, UTC).strftime("%Y-%m")
        found = self._by_month.get((name, month)) or self._of_item.get(name)
        return tuple(found) if found else (1, 1, 1)

    def facts_of(self, entry: Entry, rules: FactRules, seed: int) -> Facts:
        """Draw the facts behind a request; the same for the same seed, recipient and item."""
        dice = random.Random(f"{seed}|stock|{entry.party}|{entry.item}|{entry.time}")
        had = dice.choices((_NONE, _WEEK, _MORE), self.shares(entry.item, entry.time))[0]
        hours = 0
        if had == _WEEK:
            hours = dice.randint(1, _WEEK_HOURS)
        elif had == _MORE:
            hours = dice.randint(_WEEK_HOURS + 1, rules.most_days * _DAY_HOURS)
        daily_use = -(-entry.units // rules.cover_days)
        # Whole units: the level is that of the hours, for its limits are whole days.
        return Facts(entry.time, hours * daily_use // _DAY_HOURS, daily_use)


def read_stock_shares(path: str | PathLike[str]) -> StockShares:
    """Read the days of supply.

    Args:
        path: CSV with the columns ``MONTH``, ``equipment_type``, ``supply`` (``0 Days``,
            ``<= 7 Days``, ``> 7 Days``) and ``num_requested_types``.

    Raises:
        InputError: The file cannot be read, lacks a column or rows, or a row of it is wrong.
    """
    table = Table(path)
    table.need("MONTH", "equipment_type", "supply", "num_requested_types")
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in table.rows():
        had = _CLASSES.get(row.text("supply").casefold())
        if had is None:
            raise row.error(
                "supply", f"'{row.text('supply')[:60]}' is none of {', '.join(_CLASSES)}"
            )
        month = datetime.fromtimestamp(row.time("MONTH"), UTC).strftime("%Y-%m")
        counts[row.text("equipment_type"), month][had] += row.count("num_requested_types") or 0
    if not counts:
        raise InputError("has no rows below its header", path=table.path)
    return StockShares({key: (none, week, more) for key, (none, week, more) in counts.items()})
