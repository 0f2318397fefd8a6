"""What every test needs: how hard property tests look, and the long files first.

The quick profile looks at the same cases each time, so that a change is judged by itself; the soak
looks at others in each run.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture.engine import ConjectureRunner

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("soak", max_examples=5_000, deadline=None)
settings.load_profile("quick")


def _name_of_event(_: ConjectureRunner, event: object) -> str:
    """Stand for a description that is read with --hypothesis-show-statistics only.

    Hypothesis writes out every rule each time that a precondition refuses one, and parses its own
    source for it: a third of the time of a rule-driven test.
    """
    return event if isinstance(event, str) else type(event).__name__


ConjectureRunner.event_to_string = _name_of_event


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold a slow test: else one core waits for the other at the end."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
