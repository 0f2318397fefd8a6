"""``aidline route``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from aidline.errors import InputError
from aidline.files import require_writable, write_json

if TYPE_CHECKING:
    from aidline.solve.routing.leastcost import Effort

__all__ = ["route"]

_SECONDS = 30.0


def route(
    vrp: Annotated[
        Path | None, typer.Option(help="Solve an instance of CVRPLIB for least cost.")
    ] = None,
    vroom: Annotated[
        Path | None, typer.Option(help="Solve a problem in the JSON format of VROOM.")
    ] = None,
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
    """Plan routes: of an instance of CVRPLIB, or of a problem in the format of VROOM."""
    if result is not None:
        require_writable(result)
    sources = [one for one in (vrp, vroom) if one is not None]
    if len(sources) != 1:
        raise InputError("give one of --vrp and --vroom")
    from aidline.solve.routing.leastcost import Effort  # with the solver, half a second to load

    if seconds is None and iterations is None:
        seconds = _SECONDS
    effort = Effort(iterations, seconds, seed)
    if vrp is not None:
        _vrp(vrp, effort, result)
    elif vroom is not None:
        _vroom(vroom, effort, detour, speed, result)


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
