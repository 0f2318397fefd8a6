"""``aidline match replay``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aidline.errors import InputError
from aidline.files import require_writable, write_json

__all__ = ["replay"]

_MOST_ROUND_DAYS = 366
_CHARTS = (".svg", ".png", ".pdf")


def replay(
    donors: Annotated[Path, typer.Option(help="Who gives what (CSV).")],
    recipients: Annotated[Path, typer.Option(help="Who asks for what (CSV).")],
    supply: Annotated[
        Path | None,
        typer.Option(help="Days of supply, from which stock is drawn (CSV); even thirds without."),
    ] = None,
    rounds: Annotated[str, typer.Option(help="Days of a round, one or more.")] = "1,7",
    seed: Annotated[int, typer.Option(min=0, help="From which stock is drawn.")] = 1,
    repeat_hours: Annotated[
        int, typer.Option(min=0, help="Within which who asks again for an item asks once.")
    ] = 24,
    revision_minutes: Annotated[
        int, typer.Option(min=0, help="Within which nearly the same list is one request.")
    ] = 30,
    echo_hours: Annotated[
        int, typer.Option(min=0, help="Within which exactly the same list is one request.")
    ] = 6,
    cap_medians: Annotated[
        int, typer.Option(min=1, help="Times the median request above which a row is cut.")
    ] = 300,
    cover_days: Annotated[int, typer.Option(min=1, help="Days of use in a request.")] = 14,
    open_days: Annotated[int, typer.Option(min=1, help="Days after which a demand lapses.")] = 28,
    run_down: Annotated[
        bool, typer.Option("--run-down", help="Stock runs down while a demand waits.")
    ] = False,
    result: Annotated[Path | None, typer.Option("--json", help="Write everything here.")] = None,
    chart: Annotated[
        Path | None, typer.Option(help="Draw the need met over time here (.svg, .png, .pdf).")
    ] = None,
) -> None:
    """Play real lists of gifts and requests again, under our rule and three others."""
    days = _days(rounds)
    if chart is not None and chart.suffix not in _CHARTS:
        raise InputError(f"a chart ends in {', '.join(_CHARTS)}", path=chart)
    for path in (result, chart):
        if path is not None:
            require_writable(path)
    from aidline.cli import show_replay  # with the solver, half a second to load
    from aidline.solve.course import ReplayRules
    from aidline.solve.facts import FactRules
    from aidline.solve.lists import ListRules
    from aidline.solve.replay import Assumptions, read_lists, record_of
    from aidline.solve.replay import replay as play

    assumptions = Assumptions(
        seed,
        ListRules(repeat_hours, revision_minutes, echo_hours, cap_medians),
        FactRules(cover_days),
        ReplayRules(open_days, run_down),
    )
    lists = read_lists(donors, recipients, supply, assumptions)
    played = []
    for length in days:
        with _progress(length) as tell:
            played.append(play(lists, length, assumptions.time, tell))
    if result is not None:
        write_json(result, record_of(lists, played, assumptions))
    if chart is not None:
        show_replay.chart(chart, played)
    console = Console(highlight=False)
    show_replay.lists(console, lists, assumptions)
    for one in played:
        show_replay.outcomes(console, one)


def _days(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and len(part) < 4 for part in parts):
        raise InputError(f"--rounds {text}: days are expected, such as 1,7")
    days = list(dict.fromkeys(int(part) for part in parts))
    if not all(1 <= length <= _MOST_ROUND_DAYS for length in days):
        raise InputError(f"--rounds {text}: a round has 1 to {_MOST_ROUND_DAYS} days")
    return days


@contextmanager
def _progress(length: int) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("round {task.completed:.0f} of {task.total:.0f}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(f"rounds of {length} d", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
