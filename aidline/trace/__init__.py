"""What happened, from the chain: figures, and their verification."""

from aidline.trace.figures import from_counters, from_events
from aidline.trace.verify import Difference, differences

__all__ = ["Difference", "differences", "from_counters", "from_events"]
