"""A plan of who gets what, at a glance: at most 80 columns, whatever the names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from aidline.cli.show import new_table, short
from aidline.solve.board import Proposed
from aidline.solve.market import Solution

__all__ = ["proposal", "read", "solution"]

Record = dict[str, Any]

_MOST_ROWS = 12
_MOST_NAMED = 3


def read(console: Console, record: Record) -> None:
    """Print what became of the files' rows; every one that is not used as it stands is counted."""
    table = new_table("Files", "", "rows", "used", "rejected")
    for file in record["files"]:
        counts = (file["rows"], file["used"], len(file["rejected"]))
        table.add_row(short(file["file"]), *(f"{count:,}" for count in counts))
    console.print()
    console.print(table)
    said = [
        f"{file['file']}, line {one['line']}"
        + (f", column {one['column']}" if one["column"] else "")
        + f": {one['problem']}"
        for file in record["files"]
        for one in file["rejected"]
    ]
    said += [
        f"demand {one['demand']}, line {one['line']}: {one['kept']:,} of {one['units']:,} units "
        f"count ({one['reason']})"
        for one in record["cut"]
    ]
    if record["pairs_without_cost"]:
        said.append(
            f"{record['pairs_without_cost']:,} pairs of places have no cost: taken for the dearest"
        )
    _some(console, said)


def solution(console: Console, solved: Solution) -> None:
    """Print what a plan serves, where it goes, and what stays open and why."""
    market, demands, fast = solved.market, solved.demands, set(solved.fast.lines)
    table = new_table("Plan", "from", "to", "material", "urgency", "units", left=4)
    urgent = sorted(solved.lines, key=lambda line: (line in fast, -demands[line.demand].level))
    for line in urgent[:_MOST_ROWS]:
        demand = demands[line.demand]
        table.add_row(
            short(market.offer_name(line.offer)),
            short(market.demand_name(line.demand)),
            short(market.material_name(demand.material), 14),
            "fast path" if line in fast else demand.level.name.lower(),
            f"{line.units:,}",
        )
    if len(urgent) > _MOST_ROWS:
        table.add_row(f"and {len(urgent) - _MOST_ROWS:,} more")
    console.print()
    console.print(table)

    table = new_table("Demand", "urgency", "demands", "in full", "units asked", "served", "")
    for level, sums in solved.totals().items():
        share = f"{sums['served'] / sums['asked']:.0%}" if sums["asked"] else "–"
        counts = (sums["demands"], sums["in_full"], sums["asked"], sums["served"])
        table.add_row(level, *(f"{count:,}" for count in counts), share)
    console.print()
    console.print(table)

    reasons = solved.reasons()
    if reasons:
        table = new_table("What stays open", "why", "demands", "units", "such as", left=1)
        table.columns[-1].justify = "left"
        named: dict[str, list[str]] = {}
        for one in solved.unmet:
            names = named.setdefault(one.reason, [])
            name = market.demand_name(one.demand)
            if len(names) < _MOST_NAMED and name not in names:
                names.append(name)
        for reason, (units, count) in reasons.items():
            such = ", ".join(named[reason]) + (", …" if count > _MOST_NAMED else "")
            table.add_row(reason.value, f"{count:,}", f"{units:,}", short(such, 36))
        console.print()
        console.print(table)
    console.print(f"\nscore {solved.score:,} (units served, weighing 64, 16, 4, 1 by urgency)")


def reasons(console: Console, counted: Mapping[str, int]) -> None:
    """Print why the chain says that demands stay open, and of how many it was asked."""
    if counted:
        told = ", ".join(f"{name} {count:,}" for name, count in sorted(counted.items()))
        console.print(f"why demands stay open, by the chain: {told}", soft_wrap=True)


def proposal(console: Console, one: Proposed) -> None:
    """Print what became of a proposal, in one line."""
    lines = f"{len(one.batch.lines):,} lines"
    if one.problem is not None:
        console.print(f"refused: {lines}: {one.problem}", soft_wrap=True, markup=False)
    elif one.receipt is not None:
        gas = one.receipt.gas_used
        console.print(f"accepted: {lines}, {gas:,} gas, score {one.score:,}", soft_wrap=True)


def _some(console: Console, lines: list[str]) -> None:
    for line in lines[:_MOST_ROWS]:
        console.print(line, soft_wrap=True, markup=False)
    if len(lines) > _MOST_ROWS:
        console.print(f"and {len(lines) - _MOST_ROWS:,} more, all of them in --json FILE")
