"""A plan of routes at a glance: at most 80 columns, whatever the names."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from rich.console import Console

from aidline.cli.show import new_table, short

__all__ = ["plan"]

Record = dict[str, Any]

_MOST_ROWS = 12
_MOST_NAMED = 3


def plan(console: Console, record: Record) -> None:
    """Print what a plan carries, by urgency, what it leaves, and what it changes."""
    summary = record["summary"]
    names = {one["id"]: one["name"] or str(one["id"]) for one in record["consignments"]}
    table = new_table("Plan", "urgency", "consignments", "served", "mean arrival")
    for level, sums in summary["levels"].items():
        hours = sums["mean_arrival_hours"]
        table.add_row(
            level,
            f"{sums['consignments']:,}",
            f"{sums['served']:,}",
            "–" if hours is None else f"{hours:,.1f} h",
        )
    console.print()
    console.print(table)
    runs = ", ".join(f"{count:,} {tier}" for tier, count in summary["runs"].items())
    mean = summary["mean_arrival_hours"]
    console.print(
        f"runs: {runs}\ncost {int(summary['cost']):,} base units"
        + ("" if mean is None else f"; weighted mean arrival {mean:,.2f} h"),
        soft_wrap=True,
    )
    _unserved(console, record, names)
    if "changes" in record:
        _changes(console, record, names)
    console.print(f"plan {record['plan']}", soft_wrap=True)


def _unserved(console: Console, record: Record, names: dict[int, str]) -> None:
    if not record["unserved"]:
        return
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in record["unserved"]:
        by_reason[one["why"]].append(names[one["consignment"]])
    console.print()
    for why, members in sorted(by_reason.items()):
        such = ", ".join(members[:_MOST_NAMED]) + (", …" if len(members) > _MOST_NAMED else "")
        console.print(f"{len(members):,} not served: {why} ({such})", soft_wrap=True, markup=False)


def _changes(console: Console, record: Record, names: dict[int, str]) -> None:
    """Print what is otherwise than in the plan before, and why."""
    counted = Counter((one["change"], one["because"]) for one in record["changes"])
    console.print(f"\nsupersedes {record['predecessor']}: {record['reason']}", soft_wrap=True)
    for (change, because), count in sorted(counted.items()):
        console.print(f"{count:,} {change}: {because}", soft_wrap=True)
    table = new_table("", "consignment", "", "before", "after", left=2)
    for one in record["changes"][:_MOST_ROWS]:
        table.add_row(
            short(names[one["consignment"]]),
            one["change"],
            _hours(one["before"], record["at"]),
            _hours(one["after"], record["at"]),
        )
    if record["changes"]:
        console.print(table)
    if len(record["changes"]) > _MOST_ROWS:
        console.print(f"and {len(record['changes']) - _MOST_ROWS:,} more, all in --json FILE")


def _hours(time: int | None, at: int) -> str:
    return "–" if time is None else f"{(time - at) / 3600:+,.1f} h"
