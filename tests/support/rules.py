"""Runs of rule-driven machines: the same acts on every computer, but for a soak."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run_rules(
    machine: type[RuleBasedStateMachine], *, examples: int, steps: int, turn: int = 0
) -> None:
    """Run a machine so many times, with so many acts each; another turn takes other acts."""
    if settings.default.derandomize:
        machine = seed(turn)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            database=None,
            stateful_step_count=steps,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
