"""The planner: gaps to best-known solutions, and plans on the geography of Hubei.

Each size is measured in a process of its own, so that its peak of memory is its own. The two rules
that plans are compared with get the same network, hours and waits.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean
from typing import Any

from aidline.solve.routing.cvrp import read_instance, solve_instance
from aidline.solve.routing.hubei import hubei
from aidline.solve.routing.leastcost import Effort
from aidline.solve.routing.planner import Settings, plan_routes
from aidline.solve.routing.rounds import Rule
from aidline.solve.routing.rules import first_breach, in_order
from tools.bench.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
INSTANCE_SECONDS = 30
#: Sets that are measured at once; each takes one core.
CORES = 2
MOST_GAP = 1
#: Consignments, sets drawn for each, and seconds for a plan where there is a goal.
SIZES = ((100, 10, None), (1_000, 10, 60), (5_000, 10, None))


def run() -> Iterator[Figure]:
    """Yield the gaps and the figures of each size, where the real data are there."""
    if not DATA.is_dir():
        print(f"no real data in {DATA.name}: left out", file=sys.stderr)
        return
    gaps = []
    for file in sorted((DATA / "routing").glob("*.vrp")):
        tour = solve_instance(read_instance(file), Effort(None, INSTANCE_SECONDS))
        gaps.append(tour.gap_percent or 0.0)
        yield Figure(f"routing.{file.stem}.gap", gaps[-1], "%")
    if gaps:
        yield Figure("routing.mean_gap", mean(gaps), "%", goal=MOST_GAP)
    for size, sets, goal in SIZES:
        yield from _figures(size, sets, goal)


def _figures(size: int, sets: int, goal: float | None) -> Iterator[Figure]:
    with ThreadPoolExecutor(CORES) as pool:
        made = list(pool.map(lambda seed: _set(size, seed), range(1, sets + 1)))
    name = f"routing.{size}"
    yield Figure(f"{name}.seconds", max(one["seconds"] for one in made), "s", goal=goal)
    yield Figure(f"{name}.megabytes", max(one["megabytes"] for one in made), "MB")
    yield Figure(f"{name}.unserved", mean(one["unserved"] for one in made), "consignments")
    for rule in Rule:
        yield Figure(f"{name}.{rule}.arrival", mean(one[rule][0] for one in made), "h")
        yield Figure(f"{name}.{rule}.cost", mean(one[rule][1] for one in made), "currency")
    others = [rule for rule in Rule if rule is not Rule.WEIGHTED]
    earlier = [all(one[Rule.WEIGHTED][0] < one[rule][0] for rule in others) for one in made]
    cheaper = [one[Rule.WEIGHTED][1] <= max(one[rule][1] for rule in others) for one in made]
    yield Figure(f"{name}.earlier_than_both", sum(earlier), "sets", goal=sets, better="higher")
    yield Figure(f"{name}.not_dearer", sum(cheaper), "sets", goal=sets, better="higher")
    kept = sum(one["kept"] for one in made)
    yield Figure(f"{name}.rules_kept", kept, "sets", goal=sets, better="higher")


def _set(size: int, seed: int) -> dict[str, Any]:
    """Measure one set in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "tools.bench.routing", str(size), str(seed)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    measured: dict[str, Any] = json.loads(ended.stdout)
    return measured


def _measure(size: int, seed: int) -> dict[str, object]:
    """Measure one set: the plan first, so that the peak of memory is its own."""
    instance = hubei(DATA, size, seed=seed)
    goods, now = instance.consignments, instance.now
    began = time.perf_counter()
    plans = {Rule.WEIGHTED: plan_routes(instance.network, goods, now=now, settings=Settings())}
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for rule in (Rule.NEAREST, Rule.URGENT):
        plans[rule] = plan_routes(instance.network, goods, now=now, settings=Settings(rule=rule))
    plan = plans[Rule.WEIGHTED]
    served = plan.legs_of()
    breach = first_breach(
        instance.network, [one for one in goods if one.id in served], in_order(plan), now=now
    )
    end = now + Settings().horizon
    return {
        "seconds": seconds,
        "megabytes": peak,
        "unserved": len(plan.unserved),
        "kept": breach is None,
        **{
            rule: (one.mean_arrival(now, end) / 3600, one.cost / 10**6)
            for rule, one in plans.items()
        },
    }


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]), int(sys.argv[2]))))
