"""What a run prints: never wider than 80 columns, whatever it holds.

Names that are long or look like markup, every state at once, no change of level, amounts of
billions
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from aidline.cli import show
from aidline.trace.counting import STATES
from aidline.trace.figures import LEVELS

Record = dict[str, Any]


def record(**changes: Any) -> Record:
    long = "a donor with quite a long name [bold]indeed[/bold] of the province of Hubei"
    states = dict.fromkeys(STATES, 1234567)
    leg = {
        "carrier": "0x" + "ab" * 20,
        "freight": str(10**13),
        "paid": "0",
        "why": {"reasons": ["late", "temperature", "humidity"]},
    }
    return {
        "title": "Somewhere [red], some day",
        "seed": 2**40,
        "chain_id": 31337,
        "transactions": 1_234_567,
        "wall_seconds": 12_345.6,
        "input": {
            "cases": {"file": f"{'x' * 60}.csv"}
            | dict.fromkeys(("rows", "used", "unknown", "capped", "merged", "rejected"), 123_456)
        },
        "emergency": [
            {
                "date": "2020-01-24",
                "from": 0,
                "to": 4,
                "figures": [{"region": f"CN-{n}00000", "value": 10**6} for n in range(1, 6)],
                "actions": [
                    {"kind": "open_fast_path", "status": "failed"},
                    {"kind": "release_money", "status": "done"},
                ],
            }
        ],
        "demand": {level: {"asked": 10**9, "served": 10**8} for level in LEVELS},
        "refused": [{"proposal": "1 unit of offer 1 for demand 2", "error": "OutOfOrder"}],
        "consignments": [
            {
                "id": n,
                "status": "settled",
                "resolution": "delivered_damaged",
                "sale": {"to_household": True, "price": str(10**16), "paid": str(10**16)},
                "legs": [leg],
            }
            for n in range(1, 40)
        ],
        "carriers": [{"carrier": "0x1", "licence": "refused", "tariff": "lapsed"}] * 12,
        "freight": dict.fromkeys(("prepaid", "paid", "sold", "refunded", "held"), str(10**18)),
        "gifts": [
            {
                "id": n,
                "kind": "in_kind",
                "donor": "0x1",
                "accepted": 10**8,
                "audit": "outdated",
                "by_state": states,
            }
            for n in range(1, 240)
        ],
        "units": {"given": 10**9, "by_state": states},
        "money": dict.fromkeys(("given", "spent", "recovered", "returned", "in_fund"), str(10**18)),
        "names": {"0x1": long},
    } | changes


def printed(made: Record) -> list[str]:
    text = io.StringIO()
    show.figures(Console(file=text, width=80, highlight=False), made)
    return text.getvalue().splitlines()


def test_nothing_is_wider_than_a_terminal() -> None:
    lines = printed(record())
    assert max(map(len, lines)) <= 80
    assert len(lines) < 100


def test_names_that_look_like_markup_are_printed_as_they_are() -> None:
    text = "\n".join(printed(record()))
    assert "Somewhere [red], some day" in text
    assert "1 a donor with quite … " in text
    assert all(line.count("…") <= 2 for line in text.splitlines())


@pytest.mark.parametrize("name", ["emergency", "refused", "consignments", "gifts", "carriers"])
def test_what_is_not_there_is_not_missed(name: str) -> None:
    lines = printed(record(**{name: []}))
    assert max(map(len, lines)) <= 80
    if name == "emergency":
        assert any("no level of the plan was reached" in line for line in lines)


def test_a_run_as_a_row_keeps_units_and_money_apart() -> None:
    row = show.run_row(record())
    assert row["held"] == 1_234_567
    assert row["freight_held"] == str(10**18)


def test_the_summary_says_how_to_check_it() -> None:
    text = io.StringIO()
    show.summary(Console(file=text, width=80), record(), Path("some where") / "run [1]")
    last = text.getvalue().splitlines()[-1]
    assert last.endswith("verify --summary 'some where/run [1]/summary.json'")
