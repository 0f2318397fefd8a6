"""``aidline simulate``."""

from __future__ import annotations

import csv
import io
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from aidline.cli import show
from aidline.cli.accounts import load_account
from aidline.client import Web3Chain
from aidline.errors import ClockProblem, InputError
from aidline.files import write_atomically, write_json
from aidline.node import AnvilNode
from aidline.signing import Key
from aidline.sim.inputs import InputFiles
from aidline.sim.model import Model
from aidline.sim.pocket import Pocket
from aidline.sim.prepare import Prepared, prepare
from aidline.sim.records import SECONDS_A_DAY
from aidline.sim.scenario import load, scaled

__all__ = ["simulate"]

_SEEDS = re.compile(r"(\d+)-(\d+)")
_MOST_SEEDS = 1000


def simulate(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or path of its file.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the scenario's own.")] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Several runs, such as 1-10: a folder each, and runs.csv.")
    ] = None,
    rpc: Annotated[
        str | None, typer.Option(help="A node to play on, instead of an Anvil of its own.")
    ] = None,
    account: Annotated[
        Path | None, typer.Option(help="With --rpc: keystore of who funds the participants.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="The keystore's password.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for what is written (reports/<scenario>).")
    ] = None,
    cases: Annotated[Path | None, typer.Option(help="Daily counts (CSV).")] = None,
    demands: Annotated[Path | None, typer.Option(help="Shortage lists (CSV).")] = None,
    hospitals: Annotated[Path | None, typer.Option(help="Hospitals (CSV).")] = None,
    telemetry: Annotated[Path | None, typer.Option(help="A logger's readings (CSV).")] = None,
    copies: Annotated[
        int, typer.Option(min=1, help="Demands, gifts, vehicles this many times over.")
    ] = 1,
    result: Annotated[
        Path | None, typer.Option("--json", help="Write the summary (or the runs) here too.")
    ] = None,
) -> None:
    """Play a scenario over the real contracts, and say what came of it."""
    if seed is not None and seeds is not None:
        raise InputError("give --seed or --seeds, not both")
    if (rpc is None) != (account is None):
        raise InputError("--rpc and --account go together: the account funds the participants")
    chosen = _seeds(seeds)
    if rpc is not None and chosen is not None:
        raise InputError("--seeds needs a chain of its own for each run: leave --rpc out")
    played = scaled(load(scenario), copies)
    files = InputFiles(cases=cases, demands=demands, hospitals=hospitals, telemetry=telemetry)
    folder = out or Path("reports") / played.name
    console = Console(highlight=False)
    if chosen is None:
        prepared = prepare(played, seed, files)
        with _own_chain(prepared) if rpc is None else _given_chain(rpc) as chain:
            signer = None if account is None else load_account(account, password_file)
            record = _run(console, prepared, chain, folder, signer)
        if result is not None:
            write_json(result, record)
        show.summary(console, record, folder)
        return
    runs = []
    for number in chosen:
        prepared = prepare(played, number, files)
        with _own_chain(prepared) as chain:
            record = _run(console, prepared, chain, folder / f"seed-{number}", None)
        runs.append(show.run_row(record))
        console.print(show.run_line(record))
    write_atomically(folder / "runs.csv", _csv(runs))
    if result is not None:
        write_json(result, runs)
    console.print(f"{len(runs)} runs: {folder / 'runs.csv'}")


def _seeds(text: str | None) -> range | None:
    if text is None:
        return None
    found = _SEEDS.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        raise InputError(f"--seeds {text}: two numbers in order are expected, such as 1-10")
    chosen = range(int(found[1]), int(found[2]) + 1)
    if len(chosen) > _MOST_SEEDS:
        raise InputError(f"--seeds {text}: {_MOST_SEEDS} runs at the most")
    return chosen


@contextmanager
def _own_chain(prepared: Prepared) -> Iterator[AnvilNode]:
    """An Anvil of our own whose clock begins on the scenario's first day."""
    start = prepared.scenario.clock.first_day * SECONDS_A_DAY
    with AnvilNode(genesis_time=start) as node:
        yield node


@contextmanager
def _given_chain(rpc: str) -> Iterator[Web3Chain]:
    chain = Web3Chain(rpc)
    try:
        if not chain.clock_can_be_set:
            raise ClockProblem(
                f"{rpc} cannot pass the days of a scenario: play on a test node (Anvil, Ganache)"
            )
        yield chain
    finally:
        chain.close()


def _run(
    console: Console,
    prepared: Prepared,
    node: AnvilNode | Web3Chain,
    folder: Path,
    funder: Key | None,
) -> dict[str, Any]:
    """Play one run and write its files, all or none."""
    chain = node.chain if isinstance(node, AnvilNode) else node
    folder.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        stack.callback(shutil.rmtree, draft, ignore_errors=True)
        limits: Mapping[tuple[str, str], int] = {}
        if funder is not None:
            pocket = Pocket(chain, funder, prepared)
            console.print(pocket.announcement(), soft_wrap=True)
            stack.enter_context(pocket)
            limits = pocket.limits
        with _progress(console, prepared) as tell:
            model = Model(prepared, chain=chain, limits=limits, progress=tell)
            record = model.run().record
        write_json(draft / "summary.json", record)
        model.aid.deployment.save(draft / "deployment.json")
        if isinstance(node, AnvilNode):
            node.dump_state(draft / "chain.state")
        folder.mkdir(exist_ok=True)
        for name in ("summary.json", "deployment.json", "chain.state"):
            if (draft / name).exists():
                (draft / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
    return record


@contextmanager
def _progress(console: Console, prepared: Prepared) -> Iterator[Any]:
    """Show a bar on a terminal, nothing elsewhere."""
    if not console.is_terminal:
        yield None
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("day {task.completed:.0f} of {task.total:.0f}"),
        TextColumn("{task.fields[sent]} transactions"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task(prepared.scenario.name, total=len(prepared.scenario.clock.days), sent=0)
        yield lambda done, total, sent: bar.update(task, completed=done, total=total, sent=sent)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
