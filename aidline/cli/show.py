"""A run at a glance, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from aidline.trace.figures import LEVELS, STATES

__all__ = ["figures", "run_line", "run_row", "summary"]

Record = dict[str, Any]


def summary(console: Console, record: Record, folder: Path) -> None:
    """Print a run's figures and where they are written."""
    figures(console, record)
    console.print(f"\nwritten to {folder}; check it with")
    console.print(f"  aidline verify --summary {folder / 'summary.json'}", soft_wrap=True)


def figures(console: Console, record: Record) -> None:
    """Print a run's figures."""
    console.print(f"\n[bold]{record['title']}[/bold]")
    console.print(
        f"seed {record['seed']}, chain {record['chain_id']}, "
        f"{record['transactions']:,} transactions in {record['wall_seconds']:.1f} s"
    )
    _input(console, record)
    _emergency(console, record)
    _demand(console, record)
    _freight(console, record)
    _gifts(console, record)
    for refusal in record["refused"]:
        console.print(f"refused: {refusal['proposal']}: [red]{refusal['error']}[/red]")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    return table


def _money(text: str, decimals: int = 6) -> str:
    return f"{int(text) / 10**decimals:,.2f}"


def _input(console: Console, record: Record) -> None:
    if not record["input"]:
        return
    names = ("rows", "used", "unknown", "capped", "merged", "rejected")
    table = _table("Files", "file", *names)
    for count in record["input"].values():
        table.add_row(count["file"], *(f"{count[name]:,}" for name in names))
    console.print(table)


def _emergency(console: Console, record: Record) -> None:
    table = _table("Emergency", "date", "level", "figures", "actions")
    table.columns[3].justify = "left"
    for change in record["emergency"]:
        figures = ", ".join(f"{one['region']} {one['value']:,}" for one in change["figures"])
        actions = ", ".join(
            f"{one['kind'].replace('_', ' ')} {one['status']}" for one in change["actions"]
        )
        table.add_row(change["date"], f"{change['from']} → {change['to']}", figures, actions)
    console.print(table if record["emergency"] else "No level of the plan was reached.")


def _demand(console: Console, record: Record) -> None:
    table = _table("Demand", "urgency", "asked", "served", "share")
    for level in LEVELS:
        asked, served = (record["demand"][level][name] for name in ("asked", "served"))
        share = f"{served / asked:.0%}" if asked else "–"
        table.add_row(level, f"{asked:,}", f"{served:,}", share)
    console.print(table)


def _freight(console: Console, record: Record) -> None:
    names = record["names"]
    cut = [
        (consignment, leg)
        for consignment in record["consignments"]
        for leg in consignment["legs"]
        if leg["why"] and leg["why"]["reasons"]
    ]
    settled = sum(one["status"] == "settled" for one in record["consignments"])
    freight = record["freight"]
    console.print(
        f"[bold]Freight[/bold]  {len(record['consignments'])} consignments, {settled} settled: "
        f"prepaid {_money(freight['prepaid'])} = paid {_money(freight['paid'])} "
        f"+ refunded {_money(freight['refunded'])} + held {_money(freight['held'])}"
    )
    if cut:
        table = _table("Paid less", "consignment", "carrier", "freight", "paid", "why")
        for consignment, leg in cut:
            table.add_row(
                f"{consignment['id']} ({consignment['resolution'].replace('_', ' ')})",
                names.get(leg["carrier"], leg["carrier"]),
                _money(leg["freight"]),
                _money(leg["paid"]),
                ", ".join(leg["why"]["reasons"]),
            )
        console.print(table)


def _gifts(console: Console, record: Record) -> None:
    units = record["units"]
    shown = [state for state in STATES if units["by_state"][state]]
    names = record["names"]
    table = _table("Gifts in kind (certificates)", "gift", "accepted", *shown)
    for gift in record["gifts"]:
        if gift["kind"] == "in_kind":
            table.add_row(
                f"{gift['id']} {names.get(gift['donor'], gift['donor'])}",
                f"{gift['accepted']:,}",
                *(f"{gift['by_state'][state]:,}" for state in shown),
            )
    table.add_section()
    table.add_row(
        "all", f"{units['given']:,}", *(f"{units['by_state'][state]:,}" for state in shown)
    )
    console.print(table)
    money = record["money"]
    console.print(
        f"[bold]Relief fund[/bold]  given {_money(money['given'])} + recovered "
        f"{_money(money['recovered'])} - spent {_money(money['spent'])} = in the fund "
        f"{_money(money['in_fund'])}"
    )


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
    row.update(record["freight"])
    return row


def run_line(record: Record) -> str:
    """Return a run in one line."""
    units, freight = record["units"], record["freight"]
    return (
        f"seed {record['seed']}: {len(record['consignments'])} consignments, "
        f"{units['by_state']['distributed']:,} of {units['given']:,} units handed out, "
        f"freight paid {_money(freight['paid'])}, {record['transactions']:,} transactions"
    )
