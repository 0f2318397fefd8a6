"""``python -m tools.bench [ONLY=subject]``: run benchmarks, print a table, write a report."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.bench.figures import Figure

#: Subjects and the module that measures each.
PARTS = {
    "currency": "tools.bench.currency",
    "freight": "tools.bench.freight",
    "network": "tools.bench.network",
    "materials": "tools.bench.materials",
    "telemetry": "tools.bench.telemetry",
    "matching": "tools.bench.matching",
    "routing": "tools.bench.routing",
    "replay": "tools.bench.replay",
    "donation": "tools.bench.donation",
    "demand": "tools.bench.demand",
    "sim": "tools.bench.sim",
}
#: Of the table: the longest name of a figure must fit.
WIDTH = 110
REPORT = Path("reports") / "bench.json"


def main(arguments: list[str]) -> int:
    """Run the parts that are asked for; exit status 2 for an unknown one."""
    wanted = [text.removeprefix("ONLY=") for text in arguments]
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    console = Console(highlight=False, width=WIDTH)
    figures: list[Figure] = []
    for name in wanted or PARTS:
        with console.status(f"measuring {name} ..."):
            figures.extend(import_module(PARTS[name]).run())
    console.print(_table(figures))
    measured = {figure.name for figure in figures}
    kept = [one for one in _former() if one["name"] not in measured] if wanted else []
    report = kept + [figure.as_json() for figure in figures]
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console.print(f"written to {REPORT}")
    return 0


def _former() -> list[dict[str, object]]:
    """What the report holds of the parts that are not measured now."""
    if not REPORT.exists():
        return []
    kept: list[dict[str, object]] = json.loads(REPORT.read_text(encoding="utf-8"))
    return kept


def _table(figures: list[Figure]) -> Table:
    table = Table()
    for heading in ("figure", "value", "unit", "goal", "meets"):
        justify = "left" if heading in ("figure", "unit") else "right"
        table.add_column(heading, justify=justify, no_wrap=heading == "figure")
    for figure in figures:
        sign = "≤" if figure.better == "lower" else "≥"
        goal = "–" if figure.goal is None else f"{sign} {figure.goal:,.6g}"
        meets = {None: "–", True: "yes", False: "NO"}[figure.meets]
        table.add_row(figure.name, f"{figure.value:,.2f}", figure.unit, goal, meets)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
