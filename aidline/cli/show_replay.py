"""A replay at a glance, for people: at most 80 columns; and its chart."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from aidline.cli.show import new_table
from aidline.files import write_atomically
from aidline.solve.lists import Fate
from aidline.solve.replay import Assumptions, Lists, Replay

__all__ = ["chart", "lists", "outcomes"]

_MOST_NAMED = 8
_FATES = {
    Fate.REJECTED: "rejected",
    Fate.REPEATED: "asked or given again",
    Fate.REVISED: "corrected and sent again",
    Fate.ECHOED: "entered twice",
    Fate.CAPPED: "absurd, cut",
}


def lists(console: Console, played: Lists, assumptions: Assumptions) -> None:
    """Print what became of the rows, and what is assumed."""
    table = new_table("Lists", "", "requests", "units", "gifts", "units")
    requests, gifts = played.tallies
    table.add_row(
        "in the file",
        *(f"{n:,}" for one in played.tallies for n in (one.rows, one.units_read)),
    )
    for fate, words in _FATES.items():
        counts = [n for one in played.tallies for n in (one.rows_of(fate), one.units_of(fate))]
        if any(counts):
            table.add_row(words, *(f"{count:,}" for count in counts))
    table.add_row("used", *(f"{n:,}" for one in played.tallies for n in (one.used, one.units_used)))
    console.print()
    console.print(table)
    named = [
        f"{tally.file}, line {row.line}, {row.reason}"
        for tally in (requests, gifts)
        for row in tally.treated
        if row.fate is Fate.REJECTED
    ]
    for text in named[:_MOST_NAMED]:
        console.print(text, soft_wrap=True, markup=False)
    if len(named) > _MOST_NAMED:
        console.print(f"and {len(named) - _MOST_NAMED:,} more, all of them in --json FILE")
    drawn = f"by the shares of {played.supply}" if played.supply else "as even thirds"
    runs = "runs down" if assumptions.time.run_down else "stays"
    console.print(
        f"\nAssumed: stock drawn {drawn} (seed {assumptions.seed}); a request is for "
        f"{_days(assumptions.facts.cover_days)} of use and lapses after "
        f"{_days(assumptions.time.open_days)}; stock {runs} while it waits; "
        "distances are unknown.",
        soft_wrap=True,
        markup=False,
    )
    console.print(
        "By urgency: weighted 64, 16, 4, 1. Of served: of their need, what the served got. "
        "Waits: until a gift is given. Shipments: for each donor. In full: requests.",
        soft_wrap=True,
    )


def outcomes(console: Console, played: Replay) -> None:
    """Print what came of each rule, and whether another served more of the most urgent."""
    table = new_table(
        f"Rounds of {_days(played.round_days)}: {len(played.ends)} from "
        f"{_date(played.began)} to {_date(played.ends[-1] - 1)}",
        *("rule", "need met", "by urgency", "of served", "waits", "shipments", "in full"),
    )
    for outcome in played.outcomes:
        table.add_row(
            outcome.order.value,
            f"{outcome.need.share:.1%}",
            f"{outcome.weighted_need.share:.1%}",
            f"{outcome.among_served.share:.1%}",
            f"{outcome.days_waited:.1f} d",
            f"{outcome.shipments_per_donor:.1f}",
            f"{outcome.lines_in_full:,}",
        )
    console.print()
    console.print(table)
    table = new_table(
        "", "share served of", *(level.name.lower() for level in played.ours.by_level)
    )
    for outcome in played.outcomes:
        shares = outcome.by_level.values()
        table.add_row(outcome.order.value, *(f"{share.share:.1%}" for share in shares))
    table.add_row("units asked", *(f"{one.asked:,}" for one in played.ours.by_level.values()))
    console.print()
    console.print(table)
    best = played.best_baseline
    exceeded = len(played.exceeded)
    console.print(
        f"\nBy urgency {played.ours.weighted_need.share:.1%} of the need is met, by the best other "
        f"rule ({best.order.value}) {best.weighted_need.share:.1%}. At equal stock, another rule "
        f"serves more of the most urgent that are open in {exceeded:,} of "
        f"{len(played.comparisons):,} rounds of an item.",
        soft_wrap=True,
    )


def chart(path: Path, replays: Sequence[Replay]) -> None:
    """Draw the need met by urgency over time, a panel for each length of rounds.

    Raises:
        InputError: The file cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "aidline"  # the same picture for the same figures
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(
        1, len(replays), figsize=(6 * len(replays), 4), sharey=True, squeeze=False
    )
    for panel, played in zip(panels[0], replays, strict=True):
        days = [_date(end - 1) for end in played.ends]
        for outcome in played.outcomes:
            asked = outcome.weighted_need.asked
            met = [100 * units / asked for units in outcome.weighted_after]
            panel.step(days, met, where="post", label=outcome.order.value)
        panel.set_title(f"Rounds of {_days(played.round_days)}")
        panel.tick_params(axis="x", rotation=45)
    panels[0][0].set_ylabel("need met, weighted by urgency (%)")
    panels[0][0].set_ylim(bottom=0)
    panels[0][0].legend()
    figure.tight_layout()
    drawn = io.BytesIO()
    kind = path.suffix[1:]
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    figure.savefig(drawn, format=kind, metadata=dated.get(kind))
    pyplot.close(figure)
    write_atomically(path, drawn.getvalue())


def _date(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
