"""What there is to match, with the names by which people know it, and what came of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aidline.model import Level
from aidline.solve.fastpath import Path, Unaudited, serve_unaudited
from aidline.solve.matching import Line, OpenDemand, OpenOffer, Plan, Reason, Unmet, match
from aidline.solve.urgency import weight_of

__all__ = ["LEVELS", "Aside", "Market", "Solution", "solve"]

#: The most urgent first.
LEVELS = (Level.CRITICAL, Level.HIGH, Level.MEDIUM, Level.LOW)


@dataclass(frozen=True, slots=True)
class Aside:
    """Units of a demand that are not matched, whatever there is.

    Attributes:
        demand: The demand.
        material: What it asks for.
        level: Urgency that its facts give.
        units: At least 1.
        reason: Why.
    """

    demand: int
    material: int
    level: Level
    units: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Market:
    """Open demands and offers.

    Attributes:
        demands: What counts and lacks units.
        offers: What is there.
        aside: What is asked but does not count.
        unaudited: Of what does not count, what fast paths may serve.
        room: Units that each fast path can still take.
        costs: Of a unit between places, see :func:`~aidline.solve.matching.match`.
        demand_names: By which people know the demands; the number where there is none.
        offer_names: The same of offers.
        material_names: The same of materials.
    """

    demands: tuple[OpenDemand, ...]
    offers: tuple[OpenOffer, ...]
    aside: tuple[Aside, ...] = ()
    unaudited: tuple[Unaudited, ...] = ()
    room: Mapping[Path, int] = field(default_factory=dict)
    costs: Mapping[tuple[Hashable, Hashable], int] | None = None
    demand_names: Mapping[int, str] = field(default_factory=dict)
    offer_names: Mapping[int, str] = field(default_factory=dict)
    material_names: Mapping[int, str] = field(default_factory=dict)

    def demand_name(self, number: int) -> str:
        """Return what people call a demand."""
        return self.demand_names.get(number, str(number))

    def offer_name(self, number: int) -> str:
        """Return what people call an offer."""
        return self.offer_names.get(number, str(number))

    def material_name(self, number: int) -> str:
        """Return what people call a material."""
        return self.material_names.get(number, str(number))


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan for a market.

    Attributes:
        market: What was matched.
        plan: What goes where, of what counts.
        fast: What goes to unaudited demand through fast paths; proposed after the plan.
        unmet: What stays open and why, that which does not count included; ascending by demand.
    """

    market: Market
    plan: Plan
    fast: Plan
    unmet: tuple[Unmet, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines: those of the plan, then those of fast paths."""
        return (*self.plan.lines, *self.fast.lines)

    @property
    def demands(self) -> dict[int, OpenDemand]:
        """What the lines may serve, each at the level under which it counts there."""
        unaudited = [one.demand for one in self.market.unaudited]
        return {demand.id: demand for demand in (*self.market.demands, *unaudited)}

    @property
    def score(self) -> int:
        """Units served, each weighing 64, 16, 4, 1 by the level under which its demand counts."""
        demands = self.demands
        return sum(line.units * weight_of(demands[line.demand].level) for line in self.lines)

    def open_demands(self) -> list[int]:
        """Return the demands of which units stay open, the most urgent first."""
        level = self._levels()
        return sorted({one.demand for one in self.unmet}, key=lambda one: (-level[one], one))

    def _levels(self) -> dict[int, Level]:
        """Return the level under which demands count; of what does not, that of its facts."""
        counted = {demand.id: demand.level for demand in self.market.demands}
        return {one.demand: one.level for one in self.market.aside} | counted

    def totals(self) -> dict[str, dict[str, int]]:
        """Return by level: demands, units asked and served, demands served in full."""
        level = self._levels()
        asked: Counter[int] = Counter()
        for wanted in self.market.demands:
            asked[wanted.id] += wanted.units
        for one in self.market.aside:
            asked[one.demand] += one.units
        served: Counter[int] = Counter()
        for line in self.lines:
            served[line.demand] += line.units
        names = ("demands", "asked", "served", "in_full")
        made = {urgency: dict.fromkeys(names, 0) for urgency in LEVELS}
        for demand, units in asked.items():
            sums = made[level[demand]]
            sums["demands"] += 1
            sums["asked"] += units
            sums["served"] += served[demand]
            sums["in_full"] += served[demand] == units
        return {urgency.name.lower(): sums for urgency, sums in made.items()}

    def reasons(self) -> dict[Reason, tuple[int, int]]:
        """Return by reason the units that stay open, and of how many demands."""
        units: Counter[Reason] = Counter()
        demands: dict[Reason, set[int]] = defaultdict(set)
        for one in self.unmet:
            units[one.reason] += one.units
            demands[one.reason].add(one.demand)
        return {reason: (units[reason], len(demands[reason])) for reason in Reason if units[reason]}

    def record(self) -> dict[str, Any]:
        """Return it as it stands in JSON (schema ``match``), by the names that people know."""
        market = self.market
        demands, fast = self.demands, set(self.fast.lines)

        def line(one: Line) -> dict[str, Any]:
            demand = demands[one.demand]
            return {
                "offer": market.offer_name(one.offer),
                "demand": market.demand_name(one.demand),
                "material": market.material_name(demand.material),
                "level": demand.level.name.lower(),
                "units": one.units,
                "fast_path": one in fast,
            }

        return {
            "totals": self.totals(),
            "score": self.score,
            "lines": [line(one) for one in self.lines],
            "exemptions": [
                {
                    "offer": market.offer_name(one.offer),
                    "demand": market.demand_name(one.demand),
                }
                for one in (*self.plan.exemptions, *self.fast.exemptions)
            ],
            "unmet": [
                {
                    "demand": market.demand_name(one.demand),
                    "units": one.units,
                    "reason": one.reason.value,
                }
                for one in self.unmet
            ],
        }


def solve(market: Market) -> Solution:
    """Match a market."""
    plan = match(market.demands, market.offers, market.costs)
    fast = Plan((), (), ())
    if market.unaudited:
        fast = serve_unaudited(
            plan, market.demands, market.offers, market.unaudited, market.room, market.costs
        )
    served: Counter[int] = Counter()
    for line in fast.lines:
        served[line.demand] += line.units
    aside = [
        Unmet(one.demand, one.units - served[one.demand], one.reason)
        for one in market.aside
        if one.units > served[one.demand]
    ]
    unmet = sorted([*plan.unmet, *aside], key=lambda one: (one.demand, one.reason))
    return Solution(market, plan, fast, tuple(unmet))
