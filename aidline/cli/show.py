"""A run at a glance, for people: at most 80 columns, whatever the names."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from aidline.trace.counting import STATES
from aidline.trace.figures import LEVELS

__all__ = ["figures", "new_table", "run_line", "run_row", "short", "summary"]

Record = dict[str, Any]

_AUDITS = {"attested": "yes", "refused": "no", "outdated": "old", "none": "·"}
_MOST_CUT = 12
_MOST_GIFTS = 20
_NAME = 20
_WIDTH = 80


def summary(console: Console, record: Record, folder: Path) -> None:
    """Print a run's figures and where they are written."""
    figures(console, record)
    console.print(
        f"\nWritten to {escape(str(folder))}. Check it against its chain with", soft_wrap=True
    )
    check = f"  {_program()} verify --summary {shlex.quote(str(folder / 'summary.json'))}"
    console.print(check, soft_wrap=True, markup=False)


def figures(console: Console, record: Record) -> None:
    """Print a run's figures."""
    console.print(f"\n[bold]{escape(record['title'])}[/bold]", soft_wrap=True)
    console.print(
        f"seed {record['seed']}, {record['transactions']:,} transactions on chain "
        f"{record['chain_id']} in {record['wall_seconds']:.1f} s"
    )
    _input(console, record)
    _emergency(console, record)
    _demand(console, record)
    _gifts(console, record)
    _freight(console, record)
    _money(console, record)


def new_table(title: str, *columns: str, left: int = 1) -> Table:
    """Return a table whose first ``left`` columns are of words, the others of figures."""
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < left else "right", no_wrap=True)
    return table


def _show(console: Console, table: Table) -> None:
    console.print()
    console.print(table)


def _amount(text: str, decimals: int = 6) -> str:
    """Return money in whole units of the currency."""
    return f"{int(text) / 10**decimals:,.0f}"


def short(name: str, most: int = _NAME) -> str:
    """Return a name in at most so many letters, ready to be printed."""
    return escape(name if len(name) <= most else f"{name[: most - 1]}…")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _program() -> str:
    """Return how this program was called, where that is a path below the current folder."""
    called = Path(sys.argv[0])
    return str(called) if not called.is_absolute() and called.is_file() else "aidline"


def _input(console: Console, record: Record) -> None:
    if not record["input"]:
        return
    names = ("rows", "used", "merged", "rejected", "unknown", "capped")
    table = new_table("Files", "", *names)
    for count in record["input"].values():
        table.add_row(short(count["file"]), *(f"{count[name]:,}" for name in names))
    _show(console, table)


def _emergency(console: Console, record: Record) -> None:
    if not record["emergency"]:
        console.print("\n[bold]Emergency[/bold]  no level of the plan was reached")
        return
    table = new_table("Emergency plan", "", "level", "on", "what it set going", left=4)
    for change in record["emergency"]:
        seen = ", ".join(f"{one['region']} {one['value']:,}" for one in change["figures"][:1])
        if len(change["figures"]) > 1:
            seen += ", …"
        counted = Counter(
            _words(action["kind"])
            + ("" if action["status"] == "done" else f" ({action['status']})")
            for action in change["actions"]
        )
        doings = [name if n == 1 else f"{n} x {name}" for name, n in counted.items()]
        table.add_row(
            change["date"],
            f"{change['from']} → {change['to']}",
            seen,
            short(", ".join(doings) or "–", 36),
        )
    _show(console, table)


def _demand(console: Console, record: Record) -> None:
    table = new_table("Demand", "urgency", "units asked", "served", "")
    for level in LEVELS:
        asked, served = (record["demand"][level][name] for name in ("asked", "served"))
        share = f"{served / asked:.0%}" if asked else "–"
        table.add_row(level, f"{asked:,}", f"{served:,}", share)
    _show(console, table)
    for refusal in record["refused"]:
        console.print(
            f"refused as {refusal['error']}: {refusal['proposal']}", soft_wrap=True, markup=False
        )


def _gifts(console: Console, record: Record) -> None:
    units, names = record["units"], record["names"]
    gifts = [gift for gift in record["gifts"] if gift["kind"] == "in_kind"]
    audited = f"{sum(gift['audit'] == 'attested' for gift in gifts)}/{len(gifts)}"
    room = _WIDTH - _NAME - 5 - _wide("units", units["given"]) - max(len(audited) - 4, 1)
    shown = _columns(units["by_state"], room)
    table = new_table(
        "Gifts in kind, by their certificates", "gift", "units", *map(_words, shown), "audit"
    )
    for gift in gifts[:_MOST_GIFTS]:
        table.add_row(
            f"{gift['id']} {short(names.get(gift['donor'], gift['donor']))}",
            f"{gift['accepted']:,}",
            *(_units(gift["by_state"], state) for state in shown),
            _AUDITS[gift["audit"]],
        )
    if len(gifts) > _MOST_GIFTS:
        table.add_row(f"and {len(gifts) - _MOST_GIFTS} more")
    table.add_row(
        "all",
        f"{units['given']:,}",
        *(_units(units["by_state"], state) for state in shown),
        audited,
        style="bold",
    )
    _show(console, table)


def _wide(name: str, units: int) -> int:
    return max(len(name), len(f"{units:,}")) + 2


def _columns(total: Mapping[str, int], width: int) -> list[str]:
    """Return the states in which there is anything; as many of the fullest as there is room for."""
    shown: set[str] = set()
    for state in sorted(STATES, key=lambda state: -total[state]):
        width -= _wide(state, total[state])
        if total[state] and width >= 0:
            shown.add(state)
    return [state for state in STATES if state in shown]


def _units(states: dict[str, int], state: str) -> str:
    """Return the units in a state, a dot for none."""
    return f"{states[state]:,}" if states[state] else "·"


def _freight(console: Console, record: Record) -> None:
    names = record["names"]
    consignments = record["consignments"]
    cut = [
        (consignment, leg)
        for consignment in consignments
        for leg in consignment["legs"]
        if leg["why"] and leg["why"]["reasons"]
    ]
    settled = sum(one["status"] == "settled" for one in consignments)
    damaged = sum(one["resolution"] == "delivered_damaged" for one in consignments)
    console.print(
        f"\n[bold]Freight[/bold]  {len(consignments)} consignments, {settled} settled, "
        f"{damaged} of them to quarantine"
    )
    _carriers(console, record)
    _sales(console, record)
    if not cut:
        return
    table = new_table(
        "",
        "paid less",
        "carrier",
        "for",
        "freight",
        "paid",
        left=3,
    )
    for consignment, leg in cut[:_MOST_CUT]:
        table.add_row(
            f"{consignment['id']}",
            short(names.get(leg["carrier"], leg["carrier"])),
            ", ".join(leg["why"]["reasons"]),
            _amount(leg["freight"]),
            _amount(leg["paid"]),
        )
    if len(cut) > _MOST_CUT:
        table.add_row("…", f"and {len(cut) - _MOST_CUT} more legs")
    console.print(table)


def _carriers(console: Console, record: Record) -> None:
    """Print how many of those who carried stand attested, and who does not."""
    carriers, names = record["carriers"], record["names"]
    papers = ("licence", "tariff")
    counts = [_share(one[paper] == "attested" for one in carriers) for paper in papers]
    console.print(f"carriers attested: licence of {counts[0]}, tariff of {counts[1]}")
    for one in carriers:
        wanting = [f"{paper} {one[paper]}" for paper in papers if one[paper] != "attested"]
        if wanting:
            name = short(names.get(one["carrier"], one["carrier"]))
            console.print(f"{name}: {', '.join(wanting)}")


def _share(found: Iterable[bool]) -> str:
    """Return how many of how many."""
    told = list(found)
    return f"{sum(told)} of {len(told)}"


def _sales(console: Console, record: Record) -> None:
    """Print what was bought, and that its price reached the sellers."""
    sales = [one["sale"] for one in record["consignments"] if one["sale"]]
    if not sales:
        return
    households = sum(sale["to_household"] for sale in sales)
    price, paid = (sum(int(sale[name]) for sale in sales) for name in ("price", "paid"))
    console.print(
        f"bought: {len(sales)} orders, {households} of households, price {_amount(str(price))}, "
        f"paid to sellers {_amount(str(paid))}"
    )


def _money(console: Console, record: Record) -> None:
    """Print the two sums that must hold; cents are left to summary.json."""
    freight, fund = record["freight"], record["money"]
    table = new_table("Money", "", "", left=1)
    table.show_header = False
    for name, value in (
        ("prepaid for freight and goods", freight["prepaid"]),
        ("= paid to carriers", freight["paid"]),
        ("+ paid to sellers", freight["sold"]),
        ("+ refunded", freight["refunded"]),
        ("+ held", freight["held"]),
        ("in the relief fund", fund["in_fund"]),
        ("= given", fund["given"]),
        ("+ recovered", fund["recovered"]),
        ("- spent", fund["spent"]),
        ("- taken back by donors", fund["returned"]),
    ):
        table.add_row(name, f"{int(value) / 10**6:,.6f}")
    _show(console, table)


def run_row(record: Record) -> Record:
    """Return a run as a row of ``runs.csv``."""
    row: Record = {
        "seed": record["seed"],
        "transactions": record["transactions"],
        "wall_seconds": record["wall_seconds"],
        "consignments": len(record["consignments"]),
        "given": record["units"]["given"],
    }
    row.update(record["units"]["by_state"])
    for level in LEVELS:
        for name in ("asked", "served"):
            row[f"{name}_{level}"] = record["demand"][level][name]
    row.update({f"freight_{name}": amount for name, amount in record["freight"].items()})
    return row


def run_line(record: Record) -> str:
    """Return a run in one line."""
    units, freight = record["units"], record["freight"]
    return (
        f"seed {record['seed']}: {record['transactions']:,} transactions, "
        f"{len(record['consignments'])} consignments, "
        f"{units['by_state']['distributed']:,} of {units['given']:,} units handed out, "
        f"freight paid {_amount(freight['paid'])}"
    )
