"""The solver at the size of a crisis: seconds, memory, and what it reaches of the optimum.

And ``aidline match`` as a user calls it, on a node with ten thousand open demands.

Each size is measured in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ortools.linear_solver.python import model_builder

from aidline.model import EarmarkKind
from aidline.node import AnvilNode
from aidline.solve.crisis import crisis
from aidline.solve.market import Market, solve
from aidline.solve.matching import OpenDemand, OpenOffer
from aidline.solve.replay import Assumptions, read_lists
from aidline.solve.urgency import weight_of
from tests.support.cli import PASSWORD, keystore
from tests.support.people import key_of
from tests.support.suite import START, deploy_suite
from tools.bench.crisis import Stage
from tools.bench.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "ppe_matching"
SIZES = (1_000, 10_000)
#: Demands and offers of the run on a chain; an offer is of three demands' units in the mean.
ON_CHAIN = (10_000, 2_000)
SEED = 1
MOST_SECONDS, MOST_MEGABYTES = 60, 2_048
BLOCK_GAS = 30_000_000

Records = tuple[list[OpenDemand], list[OpenOffer]]


def run() -> Iterator[Figure]:
    """Yield the figures of each size, and of the real lists where they are there."""
    for size in SIZES:
        yield from _figures(str(size))
    if REAL.is_dir():
        yield from _figures("real")
    else:
        print(f"no real lists in {REAL.parent.name}/{REAL.name}: left out", file=sys.stderr)
    yield from _on_chain(*ON_CHAIN)


def _on_chain(demands: int, offers: int) -> Iterator[Figure]:
    """Yield what one run of the command takes, from its start until all is accepted."""
    wanted, there = crisis(demands, offers, seed=SEED, supply=0.6 * demands / offers)
    with AnvilNode(genesis_time=START) as node, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        suite = deploy_suite(node.chain)  # type: ignore[arg-type]
        Stage(suite).lay(wanted, there)
        suite.aid.deployment.save(folder / "deployment.json")
        # From here on it is a node as others have it: blocks by themselves, and a clock that runs.
        node.chain.rpc.request("anvil_removeBlockTimestampInterval")
        node.chain.rpc.request("evm_setAutomine", True)
        command = [
            *(sys.executable, "-m", "aidline", "match", "--rpc", node.rpc),
            *("--deployment", str(folder / "deployment.json"), "--json", str(folder / "plan.json")),
            *("--account", str(keystore(folder, key_of("solver")))),
        ]
        environment = os.environ | {"AIDLINE_PASSWORD": PASSWORD}
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds, megabytes = time.perf_counter() - began, usage.ru_maxrss / 1024
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            raise RuntimeError("the plan was not proposed")
        plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    if any(one["error"] for one in plan["proposals"]):
        raise RuntimeError("a proposal was refused")
    name, gas = f"matching.on_chain_{demands}", [one["gas"] for one in plan["proposals"]]
    yield Figure(f"{name}.seconds", seconds, "s")
    yield Figure(f"{name}.megabytes", megabytes, "MB", goal=MOST_MEGABYTES)
    accepted = sum(one["lines"] for one in plan["proposals"])
    yield Figure(f"{name}.lines", accepted, "lines", better="higher")
    # the rest would name more exemptions than a proposal holds
    share = 100 * accepted / len(plan["lines"])
    yield Figure(f"{name}.accepted_of_plan", share, "%", better="higher")
    yield Figure(f"{name}.proposals", len(gas), "transactions")
    yield Figure(f"{name}.largest_proposal", max(gas), "gas", goal=BLOCK_GAS)
    yield Figure(f"{name}.line", sum(gas) / accepted, "gas")


def _figures(size: str) -> Iterator[Figure]:
    ended = subprocess.run(
        [sys.executable, "-m", "tools.bench.matching", size],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    measured: dict[str, float] = json.loads(ended.stdout)
    name = f"matching.{size}"
    yield Figure(f"{name}.seconds", measured["seconds"], "s", goal=MOST_SECONDS)
    yield Figure(f"{name}.megabytes", measured["megabytes"], "MB", goal=MOST_MEGABYTES)
    for rule in ("plan", *ORDERS):
        goal = 100 if rule == "plan" else None
        # the linear program is solved in floating point
        share = round(100 * measured[rule] / measured["optimum"], 6)
        yield Figure(f"{name}.{rule}_of_optimum", share, "%", goal=goal, better="higher")


def _measure(size: str) -> dict[str, float]:
    """Measure one size: the plan first, so that the peak of memory is its own."""
    demands, offers = _real() if size == "real" else crisis(int(size), int(size), seed=SEED)
    began = time.perf_counter()
    solution = solve(Market(tuple(demands), tuple(offers)))
    measured: dict[str, float] = {
        "seconds": time.perf_counter() - began,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "plan": solution.score,
        "optimum": 0.0,
        **dict.fromkeys(ORDERS, 0.0),
    }
    for wanted, there in _by_material(demands, offers):
        able = _able(wanted, there)
        measured["optimum"] += _optimum(wanted, there, able)
        for rule, key in ORDERS.items():
            measured[rule] += _by_order(wanted, there, able, key)
    return measured


def _real() -> Records:
    """Return the real lists as one market, as if all came on one day; places are not known."""
    lists = read_lists(
        REAL / "donors.csv",
        REAL / "recipients.csv",
        REAL / "days_of_supply.csv",
        Assumptions(seed=SEED),
    )
    items = sorted({demand.entry.item for demand in lists.demands})
    demands = [
        OpenDemand(
            id=demand.entry.id,
            material=items.index(demand.entry.item),
            level=demand.stated,
            units=demand.entry.units,
            province=b"",
            facility=demand.entry.party.encode(),
            emergency=b"",
            needed_by=0,
            place=None,
        )
        for demand in lists.demands
    ]
    offers = [
        OpenOffer(
            id=gift.id,
            material=items.index(gift.item),
            units=gift.units,
            expiry=0,
            earmark_kind=EarmarkKind.NONE,
            earmark_scope=b"",
            place=None,
        )
        for gift in lists.gifts
        if gift.item in items
    ]
    return demands, offers


SCOPES: dict[EarmarkKind, Callable[[OpenDemand], bytes]] = {
    EarmarkKind.REGION: lambda demand: demand.province,
    EarmarkKind.FACILITY: lambda demand: demand.facility,
    EarmarkKind.EMERGENCY: lambda demand: demand.emergency,
}

#: Rules by which lists are worked off; demands are numbered in the order of their time.
ORDERS: dict[str, Callable[[OpenDemand], Any]] = {
    "oldest_first": lambda demand: demand.id,
    "smallest_first": lambda demand: (demand.units, demand.id),
    "largest_first": lambda demand: (-demand.units, demand.id),
}


def _by_material(demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]) -> Iterator[Records]:
    made: dict[int, Records] = defaultdict(lambda: ([], []))
    for demand in demands:
        made[demand.material][0].append(demand)
    for offer in offers:
        made[offer.material][1].append(offer)
    yield from made.values()


def _able(demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]) -> np.ndarray:
    """Say for each offer (row) which demands (columns) it can serve."""
    needed_by = np.array([demand.needed_by for demand in demands])
    made = np.ones((len(offers), len(demands)), dtype=bool)
    for row, offer in zip(made, offers, strict=True):
        if offer.earmark_kind in SCOPES:
            scope = SCOPES[offer.earmark_kind]
            row &= [scope(demand) == offer.earmark_scope for demand in demands]
        if offer.expiry:
            row &= needed_by <= offer.expiry
        if offer.needs is not None:
            row &= [one.keeps is None or one.keeps.within(offer.needs) for one in demands]
    return made


def _optimum(demands: Sequence[OpenDemand], offers: Sequence[OpenOffer], able: np.ndarray) -> float:
    """Return the most weighted units by linear programming.

    A variable for each pair of an offer and a demand that may meet; those that may meet the same
    at the same level are one, which changes no sum.
    """
    alike: dict[tuple[bytes, int], list[int]] = defaultdict(list)
    for column, demand in enumerate(demands):
        alike[able[:, column].tobytes(), demand.level].append(column)
    kinds = list(alike.values())
    merged = able[:, [columns[0] for columns in kinds]]
    rows_alike: dict[bytes, list[int]] = defaultdict(list)
    for row in range(len(offers)):
        rows_alike[merged[row].tobytes()].append(row)
    model = model_builder.Model()
    into: dict[int, list[Any]] = defaultdict(list)
    worth = []
    for rows in rows_alike.values():
        out = []
        for kind in np.flatnonzero(merged[rows[0]]).tolist():
            units = model.new_num_var(0, float("inf"), "")
            out.append(units)
            into[kind].append(units)
            worth.append((units, float(weight_of(demands[kinds[kind][0]].level))))
        if out:
            model.add(_sum(out) <= sum(offers[row].units for row in rows))
    for kind, variables in into.items():
        model.add(_sum(variables) <= sum(demands[column].units for column in kinds[kind]))
    model.maximize(
        model_builder.LinearExpr.weighted_sum([x for x, _ in worth], [of for _, of in worth])
    )
    solver = model_builder.Solver("GLOP")
    if solver.solve(model) != model_builder.SolveStatus.OPTIMAL:
        raise RuntimeError("the linear program has no optimum")
    return float(solver.objective_value)


def _sum(variables: Sequence[Any]) -> Any:
    return model_builder.LinearExpr.sum(variables)


def _by_order(
    demands: Sequence[OpenDemand],
    offers: Sequence[OpenOffer],
    able: np.ndarray,
    order: Callable[[OpenDemand], Any],
) -> float:
    """Return the weighted units when demands are worked off in an order, from the first offers."""
    left = np.array([offer.units for offer in offers], dtype=np.int64)
    score = 0
    for column, demand in sorted(enumerate(demands), key=lambda one: order(one[1])):
        lacks = demand.units
        for row in np.flatnonzero(able[:, column] & (left > 0)).tolist():
            part = min(lacks, int(left[row]))
            left[row] -= part
            lacks -= part
            if not lacks:
                break
        score += (demand.units - lacks) * weight_of(demand.level)
    return score


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1])))
