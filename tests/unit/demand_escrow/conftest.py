"""Demands and goods, with keys in the place of the rooms that write to them."""

from tests.support.demand_fixtures import desk, escrow, needs, suite, suspend

__all__ = ["desk", "escrow", "needs", "suite", "suspend"]
