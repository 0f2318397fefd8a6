"""What a benchmark reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        name: Subject and what was measured, such as ``sim.transactions_per_second``.
        value: What was measured.
        unit: Of the value.
        goal: To reach, or ``None`` where there is no goal yet.
        better: Which way is better.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    better: Literal["lower", "higher"] = "lower"

    @property
    def meets(self) -> bool | None:
        """Whether the goal is reached; ``None`` where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal

    def as_json(self) -> dict[str, Any]:
        """Return the figure as it stands in ``reports/bench.json``."""
        return {**asdict(self), "meets": self.meets}
