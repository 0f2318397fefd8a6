"""What an emergency plan does, computed from its rules and the days' figures alone.

The twin of the contract EmergencyResponse, written from its specification and not from its code:
given the figures of each region by day and a plan, it says on which days the level changes and
which levels start their actions. A check that reads figures and plan from a chain and compares
what it finds here with what the contract has recorded needs to trust neither.

Days are unix days (seconds / 86,400); growth is in basis points, rounded down.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aidline.errors import InputError
from aidline.model import Measure

__all__ = [
    "CALM",
    "LAPSED",
    "STOOD_DOWN",
    "Condition",
    "LevelChange",
    "LevelRule",
    "PlanRules",
    "evaluate",
    "growth",
    "units_to_raise",
]

CALM = "CALM"
LAPSED = "LAPSED"
STOOD_DOWN = "STOOD_DOWN"

_SECONDS_A_DAY = 86_400
_WHOLE = 10_000
_LOOK_BACK = 7

#: Figures of one region by unix day.
Series = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Condition:
    """One trigger.

    Attributes:
        measure: The figure of the day, or its growth over ``window`` days.
        window: Days; 0 for the figure itself.
        rise: At or above it the condition is met.
        fall: Below it the condition has let go.
    """

    measure: Measure
    window: int
    rise: int
    fall: int


@dataclass(frozen=True, slots=True)
class LevelRule:
    """What decides about one level.

    Attributes:
        all_of: True when all conditions must hold, false when one is enough.
        minimum_stay: Days that it stays at least before it may fall.
        conditions: The triggers.
    """

    all_of: bool
    minimum_stay: int
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What decides about a plan's level.

    Attributes:
        regions: Codes of the regions in its scope.
        regions_needed: How many of them must meet a level.
        first_day: The first day that counts.
        time_to_live: Seconds without data after which an activation lapses.
        levels: From the lowest (1) to the highest.
    """

    regions: tuple[str, ...]
    regions_needed: int
    first_day: int
    time_to_live: int
    levels: tuple[LevelRule, ...]

    @classmethod
    def of(cls, spec: Any, names: Sequence[str]) -> PlanRules:
        """Take the rules out of a plan as ``EmergencyResponse.plan`` returns it.

        Args:
            spec: The decoded plan.
            names: Codes of its regions, in its order.

        Raises:
            InputError: There are more or fewer names than regions.
        """
        if len(names) != len(spec.regions):
            raise InputError(f"the plan has {len(spec.regions)} regions, {len(names)} are named")
        return cls(
            regions=tuple(names),
            regions_needed=spec.regions_needed,
            first_day=spec.first_day,
            time_to_live=spec.time_to_live,
            levels=tuple(
                LevelRule(
                    all_of=level.all,
                    minimum_stay=level.minimum_stay,
                    conditions=tuple(
                        Condition(Measure(c.measure), c.window, c.rise, c.fall)
                        for c in level.conditions
                    ),
                )
                for level in spec.levels
            ),
        )


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A change of level.

    Attributes:
        day: From which it holds.
        before: Level before.
        after: Level from then on.
        activation: Number of the activation, from 1.
        started: Levels whose actions start.
        ended: Why the activation ended (``CALM``, ``LAPSED``, ``STOOD_DOWN``); empty when it
            goes on.
    """

    day: int
    before: int
    after: int
    activation: int
    started: tuple[int, ...]
    ended: str


def growth(base: int | None, value: int) -> int | None:
    """Return the growth from ``base`` to ``value`` in basis points, ``None`` when not known.

    A fall is no growth. From nothing to nothing is no growth, from nothing to something is not
    known, and nothing is known without a base.
    """
    if base is None or (base == 0 and value > 0):
        return None
    return 0 if value <= base else (value - base) * _WHOLE // base


def units_to_raise(base: int, rate: int, ceiling: int, series: Series, day: int) -> int | None:
    """Return the units that a plan raises for a region on a day.

    Args:
        base: Units whatever the figure.
        rate: Units for every thousand of the figure.
        ceiling: Most units.
        series: Figures of the plan's region.
        day: The day on which the action started.

    Returns:
        The units, or ``None`` when there is no figure on that day or the seven before it.
    """
    if rate == 0:
        return min(base, ceiling)
    for back in range(_LOOK_BACK + 1):
        if (figure := series.get(day - back)) is not None:
            return min(base + rate * figure // 1_000, ceiling)
    return None


def evaluate(
    rules: PlanRules,
    figures: Mapping[str, Series],
    until: int,
    stood_down: Collection[int] = (),
) -> list[LevelChange]:
    """Walk the days and return every change of level, in order.

    Args:
        rules: The plan.
        figures: For each region its figures by day, as they were when the day was evaluated.
        until: The last day that is evaluated.
        stood_down: Days after whose evaluation, and before the next, a coordinator stood the plan
            down.

    Raises:
        InputError: A day is named on which there was nothing to stand down.
    """
    walk = _Walk(rules, figures)
    for day in range(rules.first_day, until + 1):
        walk.take(day)
        if day in stood_down:
            walk.stand_down(day)
    return walk.changes


class _Walk:
    """A plan on its way through the days."""

    def __init__(self, rules: PlanRules, figures: Mapping[str, Series]) -> None:
        self.changes: list[LevelChange] = []
        self._rules = rules
        self._figures = {region: figures.get(region, {}) for region in rules.regions}
        # For each level the regions that hold it, as of their last data.
        self._holding: list[set[str]] = [set() for _ in rules.levels]
        self._level = 0
        self._since = 0
        self._activation = 0
        self._last_data = 0
        # Levels whose actions have started in this activation.
        self._begun = 0
        self._waits = False

    def take(self, day: int) -> None:
        """Evaluate one day."""
        heard = {r: series[day] for r, series in self._figures.items() if day in series}
        if not heard:
            silent = (day - self._last_data) * _SECONDS_A_DAY
            if self._level and silent >= self._rules.time_to_live:
                self._change(day, 0, LAPSED)
            return
        self._last_data = day
        target = self._target(day, heard)
        if self._waits and target <= self._begun:
            # Stood down: nothing starts again until the triggers have let go.
            self._waits = target > 0 or self._held(1)
        elif target > self._level:
            self._rise(day, target)
        elif self._may_fall(day):
            self._change(day, self._level - 1, CALM if self._level == 1 else "")

    def stand_down(self, day: int) -> None:
        """End the activation by a coordinator's order."""
        if not self._level:
            raise InputError(f"on day {day} there was nothing to stand down")
        self._change(day, 0, STOOD_DOWN)
        self._waits = True

    def _target(self, day: int, heard: Mapping[str, int]) -> int:
        target = 0
        for number, level in enumerate(self._rules.levels, start=1):
            met = sum(self._meets(level, region, day, value) for region, value in heard.items())
            if met >= self._rules.regions_needed:
                target = number
            holding = self._holding[number - 1]
            for region, value in heard.items():
                if self._holds(level, region, day, value):
                    holding.add(region)
                else:
                    holding.discard(region)
        return target

    def _measured(self, condition: Condition, region: str, day: int, value: int) -> int | None:
        if condition.measure is Measure.VALUE:
            return value
        return growth(self._figures[region].get(day - condition.window), value)

    def _meets(self, level: LevelRule, region: str, day: int, value: int) -> bool:
        results = [
            (found := self._measured(condition, region, day, value)) is not None
            and found >= condition.rise
            for condition in level.conditions
        ]
        return all(results) if level.all_of else any(results)

    def _holds(self, level: LevelRule, region: str, day: int, value: int) -> bool:
        results = [
            (found := self._measured(condition, region, day, value)) is None
            or found >= condition.fall
            for condition in level.conditions
        ]
        return all(results) if level.all_of else any(results)

    def _held(self, level: int) -> bool:
        return len(self._holding[level - 1]) >= self._rules.regions_needed

    def _may_fall(self, day: int) -> bool:
        if not self._level or self._held(self._level):
            return False
        return day - self._since >= self._rules.levels[self._level - 1].minimum_stay

    def _rise(self, day: int, target: int) -> None:
        if not self._level:
            self._activation += 1
            if not self._waits:
                self._begun = 0
            self._waits = False
        started = tuple(range(self._begun + 1, target + 1))
        self._begun = max(self._begun, target)
        self._change(day, target, "", started)

    def _change(self, day: int, after: int, ended: str, started: tuple[int, ...] = ()) -> None:
        self.changes.append(LevelChange(day, self._level, after, self._activation, started, ended))
        self._level = after
        self._since = day
