"""``aidline simulate``."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from aidline.cli import show
from aidline.cli.accounts import load_account
from aidline.client import Web3Chain
from aidline.errors import ClockProblem, InputError
from aidline.files import require_writable, write_atomically, write_json
from aidline.node import AnvilNode, ends_on_signals
from aidline.signing import Key
from aidline.sim.inputs import InputFiles
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
    folder = out or Path("reports") / played.name
    require_writable(folder / "summary.json")
    if result is not None:
        require_writable(result)
    files = InputFiles(cases=cases, demands=demands, hospitals=hospitals, telemetry=telemetry)
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
    console.print(f"{len(runs)} runs: {folder / 'runs.csv'}", soft_wrap=True, markup=False)


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
    """A node that is there, if it can pass the time."""
    chain = Web3Chain(rpc)
    try:
        if not chain.clock_can_be_set:
            raise ClockProblem(
                f"{rpc} cannot pass the days of a scenario: play on a test node (Anvil, Ganache)"
            )
        # Better to know before anybody is funded; the present is where its clock belongs anyway.
        chain.set_time(max(chain.now() + 1, int(time.time())))
        with ends_on_signals():  # what was lent returns, whatever ends the run
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
    from aidline.sim.model import Model  # with the solvers, half a second to load
    from aidline.sim.pocket import Pocket

    chain = node.chain if isinstance(node, AnvilNode) else node
    with ExitStack() as stack:
        limits: Mapping[tuple[str, str], int] = {}
        if funder is not None:
            pocket = Pocket(chain, funder, prepared)
            console.print(pocket.announcement(), soft_wrap=True)
            stack.enter_context(pocket)
            limits = pocket.limits
        with _progress(prepared) as tell:
            model = Model(prepared, chain=chain, limits=limits, progress=tell)
            record = model.run().record
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", path=folder) from None
    try:
        if isinstance(node, AnvilNode):
            node.dump_state(draft / "chain.state")
        model.aid.deployment.save(draft / "deployment.json")
        write_json(draft / "summary.json", record)
        # The summary comes last: where it stands, the others are its own.
        for name in ("summary.json", "chain.state", "deployment.json"):
            (folder / name).unlink(missing_ok=True)
        for name in ("chain.state", "deployment.json", "summary.json"):
            if (draft / name).exists():
                (draft / name).replace(folder / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return record


@contextmanager
def _progress(prepared: Prepared) -> Iterator[Callable[[int, int, int], None] | None]:
    """Show a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("day {task.completed:.0f} of {task.total:.0f}"),
        TextColumn("{task.fields[sent]} transactions"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
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
