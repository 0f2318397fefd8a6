"""What happened, from the chain: figures, and their verification."""

from aidline.trace.figures import from_counters, from_events
from aidline.trace.head import HeadProof, verify_head
from aidline.trace.history import Happening, History
from aidline.trace.verify import Difference, differences

__all__ = [
    "Difference",
    "Happening",
    "HeadProof",
    "History",
    "differences",
    "from_counters",
    "from_events",
    "verify_head",
]
