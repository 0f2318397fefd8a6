"""Capacitated vehicle routing problems as CVRPLIB publishes them, solved for least cost.

A file has a depot, customers with demands, one capacity and any number of vehicles. Distances
between coordinates are rounded to the nearest whole number, as the library's best-known solutions
count them (E. Uchoa et al., "New benchmark instances for the Capacitated Vehicle Routing Problem",
European Journal of Operational Research 257, 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import vrplib

from aidline.errors import InputError
from aidline.solve.routing.leastcost import Effort, Problem, Truck, Visit, solve

__all__ = ["Instance", "Tour", "read_instance", "solve_instance"]

_LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance.

    Attributes:
        name: As the file says.
        capacity: Of a vehicle.
        demands: By node; the depot is node 0 and has none.
        distances: From node to node (n by n).
        best_known: Cost in the ``.sol`` file beside it; ``None`` where there is none.
    """

    name: str
    capacity: int
    demands: tuple[int, ...]
    distances: np.ndarray
    best_known: int | None


@dataclass(frozen=True, slots=True)
class Tour:
    """A solution of an instance.

    Attributes:
        instance: What was solved.
        cost: Of all routes.
        routes: Customers in order, by their numbers in the solutions of the library (from 1).
        iterations: Rounds of the search.
        seconds: That it took.
    """

    instance: Instance
    cost: int
    routes: tuple[tuple[int, ...], ...]
    iterations: int
    seconds: float

    @property
    def gap_percent(self) -> float | None:
        """What it costs more than the best-known solution; ``None`` where none is known."""
        best = self.instance.best_known
        return None if not best else 100 * (self.cost - best) / best

    def record(self) -> dict[str, Any]:
        """Return it as it stands in JSON (schema ``route-vrp``)."""
        return {
            "name": self.instance.name,
            "customers": len(self.instance.demands) - 1,
            "capacity": self.instance.capacity,
            "cost": self.cost,
            "best_known": self.instance.best_known,
            "gap_percent": None if self.gap_percent is None else round(self.gap_percent, 4),
            "iterations": self.iterations,
            "seconds": round(self.seconds, 3),
            "routes": [list(route) for route in self.routes],
        }


def read_instance(path: str | PathLike[str]) -> Instance:
    """Read an instance, and the cost of the solution beside it.

    Raises:
        InputError: It cannot be read, is of another kind, contradicts itself, or has a customer
            who asks for more than a vehicle holds.
    """
    file = Path(path)
    read = _read(file, vrplib.read_instance)
    kind = str(read.get("type", "CVRP"))
    if kind != "CVRP":
        raise InputError(f"is of type {kind}: CVRP is expected", path=file)
    for key in ("dimension", "capacity", "demand", "edge_weight"):
        if key not in read:
            raise InputError(f"has no {key.upper()}", path=file)
    size = read["dimension"]
    if not isinstance(size, int) or not 2 <= size <= _LARGEST:
        raise InputError(f"DIMENSION is {size}: at least 2 is expected", path=file)
    capacity = read["capacity"]
    if not isinstance(capacity, int) or not 0 < capacity <= _LARGEST:
        raise InputError(f"CAPACITY is {capacity}: a whole number above 0 is expected", path=file)
    depots = np.atleast_1d(read.get("depot", [0])).tolist()
    if depots != [0]:
        raise InputError("the one depot must be node 1", path=file)
    demands = _numbers(file, read["demand"], "DEMAND_SECTION", (size,))
    distances = _numbers(file, read["edge_weight"], "the matrix of distances", (size, size))
    if demands[0]:
        raise InputError("the depot has a demand", path=file)
    for node, demand in enumerate(demands.tolist(), start=1):
        if demand > capacity:
            raise InputError(
                f"node {node} asks for {demand}, a vehicle holds {capacity}: it cannot be served",
                path=file,
            )
    if distances.diagonal().any():
        raise InputError("a node has a way to itself", path=file)
    beside = file.with_suffix(".sol")
    return Instance(
        name=str(read.get("name", file.stem)),
        capacity=capacity,
        demands=tuple(demands.tolist()),
        distances=distances,
        best_known=_cost(beside, distances) if beside.is_file() else None,
    )


def _read(file: Path, reader: Any) -> Any:
    try:
        return reader(file)
    except FileNotFoundError:
        raise InputError("there is no such file", path=file) from None
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", path=file) from None
    except (ValueError, KeyError, IndexError, TypeError, RuntimeError) as problem:
        raise InputError(f"is no file of CVRPLIB: {str(problem)[:120]}", path=file) from None


def _numbers(file: Path, values: Any, what: str, shape: tuple[int, ...]) -> np.ndarray:
    try:
        made = np.asarray(values, dtype=float)
    except (ValueError, TypeError):
        raise InputError(f"{what} holds something else than numbers", path=file) from None
    if made.shape != shape:
        raise InputError(
            f"{what} has the shape {'x'.join(map(str, made.shape))}: "
            f"{'x'.join(map(str, shape))} is expected",
            path=file,
        )
    if not np.isfinite(made).all() or (made < 0).any() or (made > _LARGEST).any():
        raise InputError(f"{what} holds a number out of 0 to {_LARGEST:,}", path=file)
    whole: np.ndarray = np.rint(made).astype(np.int64)
    return whole


def _cost(file: Path, distances: np.ndarray) -> int:
    """Return what a published solution costs; its routes are driven once more to be sure."""
    read = _read(file, vrplib.read_solution)
    stated, routes = read.get("cost"), read.get("routes", [])
    if not isinstance(stated, (int, float)):
        raise InputError("tells no cost", path=file)
    stops = [stop for route in routes for stop in route]
    if not all(isinstance(stop, int) and 0 < stop < len(distances) for stop in stops):
        raise InputError("visits a customer that the instance does not have", path=file)
    driven = sum(_driven(distances, route) for route in routes)
    if driven != round(stated):
        raise InputError(f"tells a cost of {stated}, but its routes cost {driven}", path=file)
    return driven


def _driven(distances: np.ndarray, route: list[int]) -> int:
    way = [0, *route, 0]
    return int(distances[way[:-1], way[1:]].sum())


def solve_instance(instance: Instance, effort: Effort) -> Tour:
    """Search routes of least cost."""
    customers = len(instance.demands) - 1
    answer = solve(
        Problem(
            lengths=(instance.distances,),
            seconds=(np.zeros_like(instance.distances),),
            trucks=(Truck(0, 0, capacity=(instance.capacity,), count=customers),),
            visits=tuple(
                Visit(node, delivery=(demand,))
                for node, demand in enumerate(instance.demands)
                if node
            ),
        ),
        effort,
    )
    return Tour(
        instance=instance,
        cost=answer.length,
        routes=tuple(tuple(call.task + 1 for call in one.calls) for one in answer.rounds),
        iterations=answer.iterations,
        seconds=answer.seconds,
    )
