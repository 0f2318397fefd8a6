"""The scenario wuhan-2020 up to its first consignments, for tests that need no more."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml

__all__ = ["few_days"]

_SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "wuhan-2020.yaml"
_LAST = date(2020, 1, 26)


def few_days(folder: Path) -> Path:
    """Write the short scenario into a folder; returns its path."""
    scenario = yaml.safe_load(_SCENARIO.read_text(encoding="utf-8"))
    scenario["name"] = "few-days"
    scenario["clock"]["last_day"] = _LAST
    for name in ("supplies", "orders", "gifts", "money", "demands"):
        scenario[name] = [one for one in scenario[name] if one["day"] <= _LAST]
    for series in scenario["indicator"]["series"].values():
        for day in [day for day in series if day > _LAST]:
            del series[day]
    path = folder / "few-days.yaml"
    path.write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    return path
