"""A device's way to the chain: finds out what is recorded there, and sends what is not.

The only place that sends. A batch that is on record is never sent again: before each one the chain
is asked what it has come to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from aidline.client import Aidline
from aidline.device.answering import answer
from aidline.device.recording import Device
from aidline.errors import AidlineError, InputError
from aidline.telemetry import Watch
from aidline.watches import submission, told_of

__all__ = ["Sender", "Uplink", "watch_for"]

_SHORTEST, _LONGEST = 0.5, 60.0
_LOOK = 55.0  # seconds between looks at what is demanded


def watch_for(aid: Aidline, consignment: int, device: str) -> Watch:
    """Return what a device watches in a consignment.

    Raises:
        InputError: It watches nothing there.
    """
    told = told_of(aid.monitor, consignment, from_block=aid.deployment.block)
    for one in told:
        if one.watch.device == device:
            return one.watch
    others = ", ".join(one.watch.device for one in told) or "no device"
    raise InputError(f"{device} does not watch consignment {consignment}; {others} does")


@dataclass(frozen=True, slots=True)
class Uplink:
    """The chain, as a device sees it.

    Attributes:
        aid: The contracts.
        device: The device.
    """

    aid: Aidline
    device: Device

    def now(self) -> int:
        """Return the chain's time, unix seconds."""
        return self.aid.chain.now()

    def picked_up_at(self) -> int | None:
        """Return when the goods were picked up, ``None`` while they are not."""
        since: int = self.aid.ledger.custodySpan(self.device.consignment, 1).since
        return since or None

    def recorded(self) -> int:
        """Return how many of the device's batches are on record.

        Raises:
            InputError: What is on record is none of them: it was signed elsewhere.
        """
        head = self.aid.monitor.headOf(self.device.consignment, self.device.key.address)
        plain = head[:31] + bytes([head[31] & 0xFE])  # its last bit is a mark of the contract's
        try:
            return self.device.heads.index(plain)
        except ValueError:
            raise InputError(
                f"the chain has batches of {self.device.key.address} that are not in this spool: "
                "go on with the spool that they came from",
                path=self.device.spool.folder,
            ) from None

    def send(self, number: int) -> None:
        """Send a batch and wait until it is recorded."""
        batches, monitor = self.device.batches, self.aid.monitor
        monitor.send(
            submission(
                monitor,
                self.device.domain,
                self.device.watch,
                batches[number - 1] if number else None,
                batches[number],
                self.device.key,
            )
        )


class Sender(threading.Thread):
    """Sends what a device has signed as soon as it can, and shows what is demanded, until stopped.

    Args:
        device: The device.
        connect: Returns the contracts; called again after the connection was lost.
        tell: Is told of what happens, a line at a time.
    """

    def __init__(
        self, device: Device, connect: Callable[[], Aidline], tell: Callable[[str], None]
    ) -> None:
        super().__init__(name="sender", daemon=True)
        self._device = device
        self._connect = connect
        self._tell = tell
        self._uplink: Uplink | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._looked = -_LOOK
        #: Batches on record, as far as is known.
        self.recorded = 0
        #: Batches that this process has sent.
        self.sent = 0
        #: What keeps it from sending, or nothing.
        self.problem: AidlineError | None = None
        #: What no waiting mends.
        self.fatal: BaseException | None = None
        #: Whether the chain has said what is on record.
        self.asked = False
        #: The chain's time when last asked, unix seconds.
        self.time = 0

    @property
    def unsent(self) -> int:
        """Batches that are signed and not on record."""
        return len(self._device.batches) - self.recorded

    def connected(self) -> Aidline:
        """Return the contracts, over a connection of its own."""
        return self._connect()

    def wake_for_work(self) -> None:
        """Look at once where there is something new to send, and nothing stood in the way."""
        if self.problem is None and self.unsent:
            self._wake.set()

    def stop(self) -> None:
        """Say that there is nothing more to send."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Send until told to stop."""
        pause = _SHORTEST
        while not self._stopping and self.fatal is None:
            self._wake.clear()
            pause = _SHORTEST if self.step() else min(2 * pause, _LONGEST)
            idle = self.problem is None and self.asked and not self.unsent
            self._wake.wait(_LONGEST if idle else pause)

    def step(self) -> bool:
        """Do what can be done now; returns whether nothing stood in the way."""
        try:
            self._advance()
        except InputError as problem:
            self.fatal = problem
        except AidlineError as problem:
            if str(problem) != str(self.problem):
                self._tell(f"not sent, tries again: {problem}")
            self.problem, self._uplink = problem, None
        except BaseException as problem:  # a fault of ours must not leave a device silent
            self.fatal = problem
        else:
            self.problem = None
        return self.problem is None and self.fatal is None

    def _advance(self) -> None:
        device = self._device
        if self._uplink is None:
            self._uplink = Uplink(self._connect(), device)
        link = self._uplink
        self.time = link.now()
        if not device.begun:
            pick_up = link.picked_up_at()
            if pick_up is None:
                return
            device.begin(pick_up)
            self._tell("the goods are picked up")
        self.recorded, self.asked = link.recorded(), True
        while self.unsent and not self._stopping:
            if device.batches[self.recorded].deadline < self.time:
                device.renew(self.recorded, self.time)
            link.send(self.recorded)
            self.sent += 1
            batch = device.batches[self.recorded]
            self.recorded = link.recorded()
            self._tell(
                f"batch {batch.sequence} recorded: readings {batch.first_index} to "
                f"{batch.last_index}"
            )
        if self.recorded and time.monotonic() - self._looked >= _LOOK:
            answer(link.aid, device, self._tell)
            self._looked = time.monotonic()
