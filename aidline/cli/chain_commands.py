"""``aidline node`` and ``aidline deploy``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from aidline import deploy as deploying
from aidline.cli.accounts import load_account
from aidline.client import Web3Chain
from aidline.errors import EnvironmentProblem, InputError
from aidline.files import require_writable, write_json
from aidline.node import AnvilNode
from aidline.signing import Key

__all__ = ["deploy", "node"]


def node(
    state: Annotated[
        Path | None, typer.Option(help="Begin from this state, and keep it there at the end.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port on loopback; 0 for any that is free.")] = 8545,
    result: Annotated[
        Path | None, typer.Option("--json", help="Write where it is, once it is up.")
    ] = None,
) -> None:
    """Keep a chain up until Ctrl-C: an Anvil with ten accounts that have money."""
    if state is not None:
        require_writable(state)
    restore = state if state is not None and state.exists() else None
    with AnvilNode(state=restore, port=port or None, manual=False, accounts=10) as running:
        try:
            chain_id = running.chain.chain_id()
            if result is not None:
                write_json(result, {"chain_id": chain_id, "rpc": running.rpc, "pid": os.getpid()})
            typer.echo(f"chain {chain_id} at {running.rpc} (Ctrl-C ends it)")
            status = running.wait()
        except KeyboardInterrupt:
            _keep(running, state)
        except SystemExit:
            _keep(running, state)
            raise
        else:
            raise EnvironmentProblem(f"the chain ended by itself, with exit status {status}")


def _keep(running: AnvilNode, state: Path | None) -> None:
    if state is not None:
        running.dump_state(state)
        typer.echo(f"state kept in {state}")


def deploy(
    rpc: Annotated[str, typer.Option(help="Address of the node.")],
    account: Annotated[Path, typer.Option(help="Keystore of who sends and pays.")],
    config: Annotated[
        Path | None,
        typer.Option(help="Who governs, and the reserve (JSON). Needed but on local chains."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print every step and its cost; send nothing.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Deployment file to write (deployments/<chain>.json).")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="The keystore's password.")] = None,
    result: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
) -> None:
    """Deploy the contracts; called again after it broke off, it goes on from there."""
    chain = Web3Chain(rpc)
    signer = load_account(account, password_file)
    settings = _settings(config, chain.chain_id())
    target = out or deploying.default_path(chain.chain_id())
    console = Console(highlight=False)
    if dry_run:
        plan = deploying.plan(chain, signer, settings, out=target)
        _show(console, plan)
        if result is not None:
            write_json(result, _as_record(plan))
        return
    deployment = deploying.deploy(
        chain,
        signer,
        settings,
        out=target,
        progress=lambda name, number, count: console.print(f"[{number}/{count}] {name}"),
    )
    if result is not None:
        write_json(result, deployment.record())
    console.print(f"{len(deployment.contracts)} contracts on chain {deployment.chain_id}: {target}")


def _settings(path: Path | None, chain_id: int) -> deploying.Config:
    if path is not None:
        return deploying.Config.load(path)
    if chain_id not in deploying.LOCAL_CHAINS:
        raise InputError(f"chain {chain_id} is no local chain: say who governs, with --config")
    # On a chain of one's own everybody may know the governor's key; the deployer is left with none.
    roles = [role.name for role in deploying.SUITE.roles]
    return deploying.Config.one_governor(Key.derive("local", "governor").address, roles)


def _show(console: Console, plan: deploying.Plan) -> None:
    table = Table(title=f"Deployment on chain {plan.chain_id} by {plan.deployer}")
    for name, justify in (("step", "left"), ("address", "left"), ("gas", "right"), ("", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for step in plan.steps:
        table.add_row(step.name, step.address, f"{step.gas:,}", "done" if step.done else "")
    console.print(table)
    console.print(f"to spend: {plan.gas:,} gas at {plan.gas_price:,} wei = {plan.cost:,} wei")


def _as_record(plan: deploying.Plan) -> dict[str, object]:
    return {
        "chain_id": plan.chain_id,
        "deployer": plan.deployer,
        "gas": plan.gas,
        "gas_price": str(plan.gas_price),
        "cost": str(plan.cost),
        "steps": [
            {"name": step.name, "address": step.address, "gas": step.gas, "done": step.done}
            for step in plan.steps
        ],
    }
