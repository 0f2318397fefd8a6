"""``aidline route``."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from aidline.cli.work import at_work
from aidline.errors import CheckFailed, InputError
from aidline.files import require_writable, write_json

if TYPE_CHECKING:
    from aidline.signing import Key
    from aidline.solve.routing.leastcost import Effort
    from aidline.solve.routing.planner import Settings

__all__ = ["route"]

_SECONDS = 30.0


def route(
    vrp: Annotated[
        Path | None, typer.Option(help="Solve an instance of CVRPLIB for least cost.")
    ] = None,
    vroom: Annotated[
        Path | None, typer.Option(help="Solve a problem in the JSON format of VROOM.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="Stations, vehicles, crews and tariffs (JSON).")
    ] = None,
    consignments: Annotated[
        Path | None, typer.Option(help="What is to be carried in that network (CSV).")
    ] = None,
    rule: Annotated[
        str, typer.Option(help="weighted, or to compare with it: nearest, urgent.")
    ] = "weighted",
    at: Annotated[
        str | None, typer.Option(help="When the plan begins (2020-02-01 08:00); now without it.")
    ] = None,
    after: Annotated[
        Path | None, typer.Option(help="Plan that this one supersedes, as --json wrote it.")
    ] = None,
    events: Annotated[Path | None, typer.Option(help="What has come about since (JSON).")] = None,
    rpc: Annotated[
        str | None, typer.Option(help="Node whose allocations are to be carried.")
    ] = None,
    deployment: Annotated[
        Path | None, typer.Option(help="Deployment file (deployments/<chain>.json).")
    ] = None,
    roster: Annotated[
        Path | None, typer.Option(help="Where vehicles and crews are, and tariffs (JSON).")
    ] = None,
    account: Annotated[
        Path | None, typer.Option(help="Keystore of the solver that commits the plan.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="The keystore's password.")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="Search so long (30 where no limit is given).")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Search so many rounds: the same answer each time.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.")] = 1,
    detour: Annotated[
        float, typer.Option(help="Metres of road for one of the great circle, without a matrix.")
    ] = 1.3,
    speed: Annotated[float, typer.Option(help="Kilometres an hour, without a matrix.")] = 50.0,
    result: Annotated[Path | None, typer.Option("--json", help="Write the routes here.")] = None,
) -> None:
    """Plan routes: over the three tiers, or of an instance of CVRPLIB, or in VROOM's format."""
    if result is not None:
        require_writable(result)
    if sum(one is not None for one in (vrp, vroom, network, rpc)) != 1:
        raise InputError("give one of --vrp, --vroom, --network and --rpc")
    for value, option in (
        (roster, "--roster"),
        (deployment, "--deployment"),
        (account, "--account"),
    ):
        if rpc is None and value is not None:
            raise InputError(f"{option} is for plans of what a chain has: give --rpc")
    if seconds is not None and (network is not None or rpc is not None):
        raise InputError("--seconds would give another plan each time: give --iterations")
    if network is not None:
        _three_tiers(network, consignments, rule, at, after, events, iterations, seed, result)
        return
    for given, option in (
        (consignments, "--consignments"),
        (at, "--at"),
        (after, "--after"),
        (events, "--events"),
    ):
        if given is not None:
            raise InputError(f"{option} is for plans over the three tiers: give --network")
    if rpc is not None:
        if roster is None:
            raise InputError("give --roster: where vehicles and crews are, and tariffs")
        from aidline.cli.accounts import load_account

        signer = None if account is None else load_account(account, password_file)
        _from_chain(rpc, deployment, roster, signer, _settings(rule, iterations, seed), result)
        return
    if seconds is not None and not isfinite(seconds):
        raise InputError(f"--seconds {seconds}: a number of seconds is expected")
    from aidline.solve.routing.leastcost import Effort  # with the solver, half a second to load

    if seconds is None and iterations is None:
        seconds = _SECONDS
    effort = Effort(iterations, seconds, seed)
    if vrp is not None:
        _vrp(vrp, effort, result)
    elif vroom is not None:
        _vroom(vroom, effort, detour, speed, result)


def _three_tiers(
    network_file: Path,
    consignments: Path | None,
    rule: str,
    at: str | None,
    after: Path | None,
    events_file: Path | None,
    iterations: int | None,
    seed: int,
    result: Path | None,
) -> None:
    from aidline.solve.routing import sheets
    from aidline.solve.routing.planner import plan_routes
    from aidline.solve.routing.replan import plan_anew

    settings = _settings(rule, iterations, seed)
    network = sheets.read_network(network_file)
    console = Console(highlight=False)
    if after is None:
        if events_file is not None:
            raise InputError("--events are what came about since a plan: give it as --after")
        if consignments is None:
            raise InputError("give --consignments, or --after and --events")
        goods = sheets.read_consignments(consignments, network)
        now = _time(at)
        with at_work("planning"):
            plan = plan_routes(network, goods, now=now, settings=settings)
        record = sheets.plan_record(network, plan, at=now, rule=rule)
    else:
        if events_file is None or at is not None:
            raise InputError("with --after give --events, which say when and why; not --at")
        name, _, former = sheets.read_plan(after, network)
        new = () if consignments is None else sheets.read_consignments(consignments, network)
        events = sheets.read_events(events_file, network, former, new)
        with at_work("planning"):
            again = plan_anew(network, former, events, settings)
        record = sheets.plan_record(
            network,
            again.plan,
            at=events.at,
            rule=rule,
            more=sheets.replan_record(again, name),
        )
    _conclude(console, record, result)


def _conclude(console: Console, record: dict[str, Any], result: Path | None) -> None:
    """Write and print a plan; fail when it carries nothing."""
    from aidline.cli import show_route

    if result is not None:
        write_json(result, record)
    show_route.plan(console, record)
    if not record["summary"]["served"]:
        reasons = sorted({one["why"] for one in record["unserved"]})
        raise CheckFailed(f"nothing can be carried: {'; '.join(reasons)}")


def _settings(rule: str, iterations: int | None, seed: int) -> Settings:
    from aidline.solve.routing.planner import Settings
    from aidline.solve.routing.rounds import Rule

    if rule not in set(Rule):
        raise InputError(f"--rule {rule}: {', '.join(Rule)} are expected")
    settings = Settings(rule=Rule(rule), seed=seed)
    return settings if iterations is None else replace(settings, iterations=iterations)


def _from_chain(
    rpc: str,
    file: Path | None,
    roster_file: Path,
    solver: Key | None,
    settings: Settings,
    result: Path | None,
) -> None:
    from aidline.client import Aidline, Web3Chain
    from aidline.deploy import default_path
    from aidline.model import Role
    from aidline.solve.routing import chainview, sheets
    from aidline.solve.routing.commitment import bookings, commit
    from aidline.solve.routing.planner import plan_routes

    console = Console(highlight=False)
    roster = chainview.read_roster(roster_file)
    chain = Web3Chain(rpc)
    aid = Aidline(chain, file or default_path(chain.chain_id()))
    if solver is not None and not aid.registry.isActive(solver.address, Role.SOLVER):
        raise InputError(f"{solver.address} is no active solver of this deployment")
    with at_work("reading the chain"):
        network = chainview.read_chain(aid, roster)
        now = max(chain.now(), chain.pending_time())
        diary = chainview.free_hours(aid, network, now)
        allotted = chainview.read_allocations(aid, network, roster, now=now)
    if not allotted:
        raise CheckFailed("no allocation waits to be carried")
    with at_work("planning"):
        goods = [one.goods for one in allotted]
        plan = plan_routes(network, goods, now=now, settings=settings, diary=diary)
    committed = []
    if solver is not None and plan.runs:
        with at_work("committing the plan"):
            committed = commit(aid, allotted, plan, solver)
    more = {
        "chain": {"chain_id": chain.chain_id(), "at": now},
        "committed": [f"0x{one.hex()}" for one in committed],
        "bookings": bookings(allotted, plan, committed),
    }
    record = sheets.plan_record(network, plan, at=now, rule=settings.rule.value, more=more)
    _conclude(console, record, result)


def _time(text: str | None) -> int:
    if text is None:
        return int(time.time())
    try:
        moment = datetime.fromisoformat(text)
        made = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() // 1)
    except (ValueError, OverflowError):
        made = -1
    if made < 0:
        raise InputError(f"--at {text}: a time is expected, such as 2020-02-01 08:00")
    return made


def _vrp(file: Path, effort: Effort, result: Path | None) -> None:
    from aidline.solve.routing.cvrp import read_instance, solve_instance

    instance = read_instance(file)
    tour = solve_instance(instance, effort)
    if result is not None:
        write_json(result, {**tour.record(), "seed": effort.seed})
    console = Console(highlight=False)
    gap = tour.gap_percent
    beside = "" if gap is None else f", {gap:.2f} % above the best known ({instance.best_known:,})"
    console.print(
        f"{instance.name}: cost {tour.cost:,}{beside}; {len(tour.routes)} routes, "
        f"{tour.iterations:,} rounds of search in {tour.seconds:.1f} s",
        soft_wrap=True,
        markup=False,
    )


def _vroom(file: Path, effort: Effort, detour: float, speed: float, result: Path | None) -> None:
    from aidline.solve.routing.vroom import read_vroom, solve_vroom

    problem = read_vroom(
        file,
        detour_permille=_whole(detour, "--detour", 1, 10),
        metres_an_hour=_whole(speed, "--speed", 1, 1_000),
    )
    plan = solve_vroom(problem, effort)
    record = plan.record()
    if result is not None:
        write_json(result, record)
    console, summary = Console(highlight=False), record["summary"]
    console.print(
        f"{summary['routes']} routes, cost {summary['cost']:,}, {summary['unassigned']} unassigned",
        soft_wrap=True,
    )
    for one in record["unassigned"]:
        console.print(f"{one['type']} {one['id']}: {one['reason']}", soft_wrap=True, markup=False)


def _whole(value: float, option: str, least: float, most: float) -> int:
    """Return thousandths of what an option says."""
    if not least <= value <= most:
        raise InputError(f"{option} {value}: {least} to {most} is expected")
    return round(value * 1000)
