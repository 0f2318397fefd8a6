"""``aidline match``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from aidline.cli.accounts import load_account
from aidline.cli.replay import replay
from aidline.cli.work import at_work
from aidline.client import Aidline, Web3Chain
from aidline.deploy import default_path
from aidline.errors import CheckFailed, InputError
from aidline.files import require_writable, write_json
from aidline.model import Role, Unmet
from aidline.signing import Key

if TYPE_CHECKING:
    from aidline.solve.board import Proposed
    from aidline.solve.sheets import Sheets

__all__ = ["match"]

_QUIET = 60  # seconds without a block
_MOST_ASKED = 100  # demands of which the chain is asked why they stay open: it goes over offers

match = typer.Typer(
    name="match",
    help="Match demands to offers, the most urgent first; or replay real lists of them.",
    add_completion=False,
)

match.command("replay")(replay)


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
    rpc: Annotated[
        str | None, typer.Option(help="Node whose open demands and offers are matched.")
    ] = None,
    deployment: Annotated[
        Path | None, typer.Option(help="Deployment file (deployments/<chain>.json).")
    ] = None,
    account: Annotated[
        Path | None, typer.Option(help="Keystore of the solver that proposes the plan.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="The keystore's password.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan; propose nothing.")
    ] = False,
    result: Annotated[Path | None, typer.Option("--json", help="Write the plan here.")] = None,
) -> None:
    """Match demands to offers, the most urgent first, and say what stays open and why.

    From two CSV files, or from a chain, on which the plan is proposed.
    """
    if ctx.invoked_subcommand is not None:
        return
    if result is not None:
        require_writable(result)
    if rpc is None:
        for given, option in (
            (deployment, "--deployment"),
            (account, "--account"),
            (password_file, "--password-file"),
            (dry_run, "--dry-run"),
        ):
            if given:
                raise InputError(f"{option} is for matching on a chain: give --rpc")
        if demands is None or offers is None:
            raise InputError("give --demands and --offers, or --rpc")
        _from_files(demands, offers, costs, cap or [], at, result)
    else:
        if demands or offers or costs or cap or at:
            raise InputError("give --rpc or files and how to read them, not both")
        if (account is None) != dry_run:
            raise InputError("give --account to propose the plan, or --dry-run to see it only")
        signer = None if account is None else load_account(account, password_file)
        _from_chain(rpc, deployment, signer, result)


def _from_files(
    demands: Path,
    offers: Path,
    costs: Path | None,
    cap: Sequence[str],
    at: str | None,
    result: Path | None,
) -> None:
    from aidline.cli import show_match  # with the solver, half a second to load
    from aidline.solve.market import solve
    from aidline.solve.sheets import read_sheets

    console = Console(highlight=False)
    sheets = read_sheets(demands, offers, costs, caps=_caps(cap), at=_time(at))
    with at_work("matching"):
        solution = solve(sheets.market)
    read = _input(sheets)
    if result is not None:
        write_json(result, {"input": read, **solution.record()})
    show_match.read(console, read)
    show_match.solution(console, solution)


def _from_chain(rpc: str, file: Path | None, solver: Key | None, result: Path | None) -> None:
    from aidline.cli import show_match
    from aidline.solve.board import Board, bring_up_to_date, propose, why_unmet
    from aidline.solve.market import solve

    console = Console(highlight=False)
    chain = Web3Chain(rpc)
    aid = Aidline(chain, file or default_path(chain.chain_id()))
    if solver is not None and not aid.registry.isActive(solver.address, Role.SOLVER):
        raise InputError(f"{solver.address} is no active solver of this deployment")
    board = Board(aid)
    if solver is not None and chain.pending_time() - chain.now() > _QUIET:
        # What is read is as of the latest block: make one that is of now.
        aid.needs.bringUpToDate([], sender=solver)
    with at_work("reading the chain"):
        stale = board.stale(chain.now())
    if stale and solver is not None:
        with at_work("bringing demands up to date"):
            bring_up_to_date(aid.needs, stale, solver)
    with at_work("matching"):
        at = chain.now()
        solution = solve(board.market(at))
    chain_record = {"chain_id": chain.chain_id(), "at": at, "out_of_date": len(stale)}
    record = {"chain": chain_record, **solution.record()}
    show_match.solution(console, solution)
    if solver is None:
        if stale:
            console.print(
                f"{len(stale):,} demands are out of date: whoever proposes brings them up to date, "
                "and the plan may be another then"
            )
    else:
        proposed: list[Proposed] = []

        def tell(one: Proposed) -> None:
            proposed.append(one)
            show_match.proposal(console, one)

        demands = list(solution.demands.values())
        for part in (solution.plan, solution.fast):
            propose(aid, chain, part, demands, solver, tell)
        record["proposals"] = [_proposal(one) for one in proposed]
        with at_work("asking why"):
            why = why_unmet(aid, solution.open_demands()[:_MOST_ASKED])
        for one, told in zip(solution.unmet, record["unmet"], strict=True):
            if one.demand in why:
                told["chain_reason"] = _words(why[one.demand])
        show_match.reasons(console, Counter(_words(reason) for reason in why.values()))
    if result is not None:
        write_json(result, record)
    if solver is not None:
        _conclude(console, proposed, len(solution.lines))


def _conclude(console: Console, proposed: Sequence[Proposed], lines: int) -> None:
    """Say what was accepted; fail when something was not."""
    refused = [one for one in proposed if one.problem is not None]
    accepted = sum(len(one.batch.lines) for one in proposed if one.problem is None)
    console.print(
        f"{accepted:,} of {lines:,} lines accepted in {len(proposed) - len(refused):,} proposals, "
        f"score {sum(one.score for one in proposed):,}"
    )
    if refused:
        raise CheckFailed(
            f"{len(refused):,} of {len(proposed):,} proposals were refused, the first with: "
            f"{refused[0].problem}"
        )
    if accepted < lines:
        raise CheckFailed(
            f"{lines - accepted:,} lines need more exemptions than a proposal can name: "
            "they stay open"
        )


def _words(reason: Unmet) -> str:
    return reason.name.lower().replace("_", " ")


def _proposal(one: Proposed) -> dict[str, Any]:
    return {
        "lines": len(one.batch.lines),
        "exemptions": len(one.batch.exemptions),
        "transaction": None if one.receipt is None else f"0x{one.receipt.tx_hash.hex()}",
        "gas": None if one.receipt is None else one.receipt.gas_used,
        "score": one.score,
        "error": None if one.problem is None else str(one.problem),
    }


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
