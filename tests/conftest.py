"""What every test needs: how hard property tests look."""

from hypothesis import settings

settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("soak", max_examples=5_000, deadline=None)
settings.load_profile("quick")
