"""What came of a run, as data (``aidline/schemas/summary.json``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aidline.sim.records import date_of
from aidline.sim.world import World
from aidline.trace.figures import from_counters

__all__ = ["Summary", "summarise"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a run.

    Attributes:
        record: The document of ``summary.json``.
    """

    record: dict[str, Any]

    def without_times(self) -> dict[str, Any]:
        """Return what the same scenario and seed give again, whenever and wherever they run."""
        times = ("time_offset", "wall_seconds")
        return {name: value for name, value in self.record.items() if name not in times}


def summarise(world: World, *, transactions: int, wall_seconds: float) -> Summary:
    """Read the figures from the contracts' own counters and put the run's data beside them.

    Args:
        world: The run, played to its end.
        transactions: How many transactions it took, deployment included.
        wall_seconds: How long it took.
    """
    prepared = world.prepared
    clock = prepared.scenario.clock
    names = {key.address: name for name, key in world.cast.everybody().items()}
    figures = from_counters(world.aid, world.shift)
    return Summary(
        {
            "schema": "aidline/summary/1",
            "scenario": prepared.scenario.name,
            "title": prepared.scenario.title,
            "seed": prepared.seed,
            "chain_id": world.aid.chain.chain_id(),
            "first_day": date_of(clock.first_day).isoformat(),
            "last_day": date_of(clock.last_day).isoformat(),
            "time_offset": world.shift,
            "transactions": transactions,
            "wall_seconds": round(wall_seconds, 3),
            "input": {name: count.as_json() for name, count in prepared.inputs.items()},
            **figures,
            "refused": world.refused,
            "names": dict(sorted(names.items())),
        }
    )
