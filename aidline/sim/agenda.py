"""What is to happen when: a clock that moves the chain's time and sends what is due, in batches.

A task is a function without arguments that yields a :class:`Step` for each transaction, with
what is to be done once it is mined. All tasks of one moment and one phase form a batch: their
transactions are sent together and their receipts are dealt with in the same order, so that a run
is the same whatever the node's speed. What a task leads to is put on the agenda, later or now in a
later phase.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

from aidline.client.chain import Chain, Receipt, Transaction

__all__ = ["Agenda", "Step", "Task"]


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction and what follows from it.

    Attributes:
        transaction: What is sent.
        done: Is given the receipt once mined.
        may_fail: True when a revert is an outcome and not the end of the run.
    """

    transaction: Transaction
    done: Callable[[Receipt], None] | None = None
    may_fail: bool = False


Task = Callable[[], Iterable[Step]]


class Agenda:
    """The simulation's clock.

    Args:
        chain: The chain, whose time can be set.
        after_batch: Called after every batch, with the batch's moment (unix seconds).
    """

    def __init__(self, chain: Chain, after_batch: Callable[[int], None] | None = None) -> None:
        self._chain = chain
        self._after_batch = after_batch
        self._queue: list[tuple[int, int, int, Task]] = []
        self._order = count()
        self._now = 0
        self.transactions = 0

    @property
    def now(self) -> int:
        """The moment that is being played, unix seconds."""
        return self._now

    def at(self, time: int, task: Task, *, phase: int = 0) -> None:
        """Put ``task`` on the agenda for ``time``; not before the present moment."""
        heapq.heappush(self._queue, (max(time, self._now), phase, next(self._order), task))

    def run(self, until: int | None = None) -> None:
        """Play everything that is due up to ``until`` (unix seconds), or all there is.

        Raises:
            ContractReverted: A step failed that may not fail.
            ClockProblem: The chain's time cannot be set.
        """
        while self._queue and (until is None or self._queue[0][0] <= until):
            time, phase = self._queue[0][:2]
            if time > self._now:
                # On a node whose clock runs by itself a batch may have taken until then already.
                self._chain.set_time(max(time, self._chain.now()))
            self._now = time
            steps: list[Step] = []
            while self._queue and self._queue[0][:2] == (time, phase):
                steps.extend(heapq.heappop(self._queue)[3]())
            self._play(steps)
            if self._after_batch is not None:
                self._after_batch(time)

    def _play(self, steps: list[Step]) -> None:
        if not steps:
            return
        receipts = self._chain.send_many([step.transaction for step in steps])
        self.transactions += len(receipts)
        for step, receipt in zip(steps, receipts, strict=True):
            if not step.may_fail:
                receipt.check()
            if step.done is not None:
                step.done(receipt)
