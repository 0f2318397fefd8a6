"""``aidline verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from aidline.cli.past import DeploymentFile, Node, SummaryFile, played
from aidline.client import Aidline
from aidline.errors import CheckFailed, InputError
from aidline.files import read_json, write_json
from aidline.trace import differences, verify_head

__all__ = ["verify"]

_SHOWN = 20


def verify(
    summary: SummaryFile,
    rpc: Node = None,
    deployment: DeploymentFile = None,
    result: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
) -> None:
    """Recompute a summary's figures from contract reads and from events; say which differ.

    And rebuild the ledger's head from its events, so that none of them is missing or altered.
    """
    record: dict[str, Any] = read_json(summary, "summary", InputError)
    with played(summary, rpc, deployment) as aid:
        found = differences(record, aid)
        ledger = _ledger(aid)
    if result is not None:
        write_json(
            result,
            {
                "agrees": not found and ledger["holds"],
                "differences": [
                    {
                        "figure": one.figure,
                        "said": one.said,
                        "found": one.found,
                        "source": one.source,
                    }
                    for one in found
                ],
                "ledger": ledger,
            },
        )
    console = Console(highlight=False, soft_wrap=True)
    for one in found[:_SHOWN]:
        console.print(str(one), markup=False)
    if len(found) > _SHOWN:
        console.print(f"... and {len(found) - _SHOWN} more")
    if found:
        figures = "1 figure" if len(found) == 1 else f"{len(found)} figures"
        raise CheckFailed(f"{figures} of {summary.name} disagree with the chain")
    if not ledger["holds"]:
        raise CheckFailed(ledger["problem"])
    console.print(
        "The summary agrees with the contracts' counters and with their events: "
        f"{json.dumps(record['units']['given'])} units given, "
        f"{len(record['consignments'])} consignments, {len(record['gifts'])} gifts."
    )
    console.print(
        f"The ledger's {ledger['events']:,} events and {ledger['changes']:,} changes of custody "
        f"give its head, 0x{ledger['head'][2:10]}...: none is missing or altered."
    )


def _ledger(aid: Aidline) -> dict[str, Any]:
    """Say whether the ledger's events are all there, as they were told."""
    try:
        proof = verify_head(aid)
    except CheckFailed as problem:
        return {
            "holds": False,
            "block": None,
            "events": None,
            "changes": None,
            "head": None,
            "problem": str(problem),
        }
    return {
        "holds": True,
        "block": proof.block,
        "events": proof.events,
        "changes": proof.changes,
        "head": f"0x{proof.stored.hex()}",
        "problem": None,
    }
