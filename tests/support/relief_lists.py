"""Lists of requests and gifts for the tests of the replay: written by hand, made up, real."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aidline.solve.replay import Assumptions, Lists, read_lists
from tests.sim.data import real

__all__ = ["ListFiles", "made_up", "real_lists", "write_list"]

_START = datetime(2020, 4, 2, tzinfo=UTC)
_ITEMS = ("respirators", "gowns", "faceShields", "thermometers")


@dataclass(frozen=True, slots=True)
class ListFiles:
    """The files of a replay."""

    donors: Path
    recipients: Path
    supply: Path

    def read(self, assumptions: Assumptions) -> Lists:
        """Read them."""
        return read_lists(self.donors, self.recipients, self.supply, assumptions)


def write_list(path: Path, party: str, rows: Iterable[str]) -> Path:
    """Write a list of requests (``rec_id``) or gifts (``don_id``), a text for each row."""
    path.write_text("\n".join((f"{party},date,ppe,qty", *rows)) + "\n", encoding="utf-8")
    return path


def made_up(folder: Path, seed: int) -> ListFiles:
    """Write lists of 80 recipients and 30 donors over three weeks, with what real lists have."""
    dice = random.Random(seed)
    requests, gifts = [], []
    for number in range(80):
        since = _START + timedelta(minutes=dice.randrange(21 * 24 * 60))
        lines = [(item, dice.choice((5, 10, 50, 200))) for item in dice.sample(_ITEMS, 3)]
        if dice.random() < 0.05:
            lines[0] = (lines[0][0], 10**9)
        for again in range(1 + (dice.random() < 0.1)):
            time = since + timedelta(minutes=10 * again)
            requests += [f"rec{number}-{again},{time:%F %T},{item},{n}" for item, n in lines]
    for number in range(30):
        time = _START + timedelta(minutes=dice.randrange(21 * 24 * 60))
        item, units = dice.choice(_ITEMS), dice.choice((1, 20, 50, 100))
        if number == 0:
            item, units = "thermometers", 10**14
        gifts.append(f"don{number},{time:%F %T},{item},{units}")
    supply = folder / "supply.csv"
    rows = [
        f"2020-04-01,{item},{stock},{dice.randint(10, 50)}"
        for item in ("N95 Respirators", "Gowns", "Face Shields")
        for stock in ("0 Days", "<= 7 Days", "> 7 Days")
    ]
    header = "MONTH,equipment_type,supply,num_requested_types"
    supply.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return ListFiles(
        write_list(folder / "donors.csv", "don_id", gifts),
        write_list(folder / "recipients.csv", "rec_id", requests),
        supply,
    )


def real_lists() -> ListFiles:
    """Return the real files, or skip the test with a notice where they are absent."""
    names = ("donors.csv", "recipients.csv", "days_of_supply.csv")
    return ListFiles(*(real(f"ppe_matching/{name}") for name in names))
