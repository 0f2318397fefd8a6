"""What every test needs: how hard property tests look.

The quick profile looks at the same cases each time, so that a change is judged by itself; the soak
looks at others in each run.
"""

from hypothesis import settings

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("soak", max_examples=5_000, deadline=None)
settings.load_profile("quick")
