"""``aidline match``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from aidline.errors import InputError
from aidline.files import require_writable, write_json

if TYPE_CHECKING:
    from aidline.solve.sheets import Sheets

__all__ = ["match"]

match = typer.Typer(
    name="match",
    help="Match demands to offers, the most urgent first; or replay real lists of them.",
    add_completion=False,
)


@match.callback(invoke_without_command=True)
def _match(
    ctx: typer.Context,
    demands: Annotated[Path | None, typer.Option(help="Who needs what (CSV).")] = None,
    offers: Annotated[Path | None, typer.Option(help="What is there (CSV).")] = None,
    costs: Annotated[
        Path | None, typer.Option(help="Cost of a unit from place to place (CSV).")
    ] = None,
    cap: Annotated[
        list[str] | None,
        typer.Option(
            help="Most units that one facility may ask for: 5000, or mask=5000 for one material. "
            "May stand several times."
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Match as of this time (2020-02-01 08:00): stock has run down until it."),
    ] = None,
    result: Annotated[Path | None, typer.Option("--json", help="Write the plan here.")] = None,
) -> None:
    """Match demands to offers, the most urgent first, and say what stays open and why."""
    if ctx.invoked_subcommand is not None:
        return
    if demands is None or offers is None:
        raise InputError("give --demands and --offers")
    if result is not None:
        require_writable(result)
    console = Console(highlight=False)
    from aidline.cli import show_match  # with the solver, half a second to load
    from aidline.solve.market import solve
    from aidline.solve.sheets import read_sheets

    sheets = read_sheets(demands, offers, costs, caps=_caps(cap or []), at=_time(at))
    with _at_work("matching"):
        solution = solve(sheets.market)
    read = _input(sheets)
    if result is not None:
        write_json(result, {"input": read, **solution.record()})
    show_match.read(console, read)
    show_match.solution(console, solution)


def _caps(texts: Sequence[str]) -> Any:
    from aidline.solve.sheets import Caps

    for_all, by_material = None, {}
    for text in texts:
        name, found, units = text.rpartition("=")
        if not units.isdecimal() or int(units) == 0 or (found and not name.strip()):
            raise InputError(f"--cap {text}: units are expected, such as 5000 or mask=5000")
        if found:
            by_material[name.strip()] = int(units)
        else:
            for_all = int(units)
    return Caps(for_all, by_material)


def _time(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() // 1)
    except (ValueError, OverflowError):
        raise InputError(f"--at {text}: a time is expected, such as 2020-02-01 08:00") from None


def _input(sheets: Sheets) -> dict[str, Any]:
    return {
        "files": [
            {
                "file": tally.file,
                "rows": tally.rows,
                "used": tally.used,
                "rejected": [
                    {"line": one.line, "column": one.column, "problem": one.message}
                    for one in tally.rejected
                ],
            }
            for tally in sheets.tallies
        ],
        "cut": [
            {
                "line": one.line,
                "demand": one.demand,
                "units": one.units,
                "kept": one.kept,
                "reason": one.reason,
            }
            for one in sheets.cut
        ],
        "pairs_without_cost": sheets.no_cost,
    }


@contextmanager
def _at_work(what: str) -> Iterator[None]:
    """Show on a terminal that something is going on."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(f"{what} ..."):
        yield
