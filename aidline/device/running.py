"""A device at work: from a source to the disk, from the disk to the chain."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from aidline.device.recording import MOST_BATCHES, Device
from aidline.device.sources import END, Inbox, Source
from aidline.device.uplink import Sender
from aidline.errors import AidlineError, InputError
from aidline.readings import Reading

__all__ = ["Summary", "run"]

_AT_ONCE = 500  # readings written with one wait for the disk
_LOOK = 0.2  # seconds between looks at what is asked
_AHEAD = 300  # seconds that a sensor's clock may be ahead of ours
_NAMED = 10  # bad readings that are told of one by one
_WAITING = 1_000  # readings that may wait in memory for the disk


@dataclass(slots=True)
class Summary:
    """What became of the readings.

    Attributes:
        kept: Readings that this process has kept.
        late: Dropped: not later than the one before, such as those delivered twice.
        ahead: Dropped: their time lies in the future.
        bad: Dropped: not to be understood, impossible, or without a humidity.
        readings: Readings in the spool.
        before_pick_up: Of these, from before the pick-up: in no batch.
        unsigned: Of these, in no batch yet.
        batches: Batches signed.
        recorded: Of these, on record.
        sent: Of these, sent by this process.
        last_time: Unix seconds of the last reading, 0 without one.
        problem: What kept it from sending, empty when all is on record.
    """

    kept: int = 0
    late: int = 0
    ahead: int = 0
    bad: int = 0
    readings: int = 0
    before_pick_up: int = 0
    unsigned: int = 0
    batches: int = 0
    recorded: int = 0
    sent: int = 0
    last_time: int = 0
    problem: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether every reading since pick-up is on record."""
        return not self.problem and not self.unsigned and self.recorded == self.batches

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it (``aidline/schemas/device-run.json``)."""
        return asdict(self)


def run(
    device: Device,
    sender: Sender,
    source: Source,
    *,
    stopping: threading.Event,
    tell: Callable[[str], None],
    humidity: int | None = None,
    patience: float = 60.0,
) -> Summary:
    """Take readings until the source ends or ``stopping`` is set, then send what is left.

    Args:
        device: The device.
        sender: Not started yet; ends with this.
        source: Where readings come from.
        stopping: Ends the batch and the work.
        tell: Is told of what happens, a line at a time.
        humidity: Hundredths of a percent that stand where a reading has none.
        patience: Seconds to go on trying to send once no reading comes any more.

    Raises:
        AidlineError: The source, the disk or the record on the chain does not allow it. What was
            kept stays in the spool.
    """
    work = _Work(device, sender, tell, humidity)
    inbox: Inbox = queue.Queue(maxsize=_WAITING)
    sender.start()
    source.start(inbox)
    try:
        while not stopping.is_set() and work.gather(inbox):
            work.look()
        work.finish(patience)
    finally:
        sender.stop()
        source.stop()
        sender.join(_LOOK)
    return work.summary()


class _Work:
    def __init__(
        self,
        device: Device,
        sender: Sender,
        tell: Callable[[str], None],
        humidity: int | None,
    ) -> None:
        self._device = device
        self._sender = sender
        self._tell = tell
        self._humidity = humidity
        self._counted = Summary()
        self._full = False

    def _now(self) -> int:
        return max(int(time.time()), self._sender.time)

    def gather(self, inbox: Inbox) -> bool:
        """Keep what came; returns whether more may come."""
        self._raise_fatal()
        readings: list[Reading] = []
        acknowledgements: list[Callable[[], None]] = []
        ended, failure = False, None
        with contextlib.suppress(queue.Empty):
            item = inbox.get(timeout=_LOOK)
            while True:
                if item is END:
                    ended = True
                    break
                if isinstance(item.content, Reading):
                    self._sort(item.content, readings)
                elif isinstance(item.content, InputError):
                    self._bad(str(item.content))
                else:
                    failure = item.content
                    break
                acknowledgements.append(item.acknowledge)
                if len(acknowledgements) == _AT_ONCE:
                    break
                item = inbox.get_nowait()
        kept = self._device.take(readings)
        self._counted.kept += kept
        self._counted.late += len(readings) - kept
        for acknowledge in acknowledgements:
            acknowledge()
        if failure is not None:
            raise failure
        return not ended

    def _sort(self, reading: Reading, readings: list[Reading]) -> None:
        if reading.humidity is None:
            if self._humidity is None:
                self._bad("a reading has no humidity: say what stands for it, with --humidity")
                return
            reading = replace(reading, humidity=self._humidity)
        if reading.time > self._now() + _AHEAD:
            self._counted.ahead += 1
            self._name(self._counted.ahead, f"the reading at {reading.time} lies in the future")
        else:
            readings.append(reading)

    def _bad(self, message: str) -> None:
        self._counted.bad += 1
        self._name(self._counted.bad, message)

    def _name(self, number: int, message: str) -> None:
        if number <= _NAMED:
            self._tell(f"dropped: {message}")
        if number == _NAMED:
            self._tell("further ones are counted, not named")

    def look(self) -> None:
        """End the batches that are due or asked for."""
        spool = self._device.spool
        if spool.cut_asked:
            self._device.cut(self._now())
            spool.cut_done()
        self._device.cut_due(self._now())
        if self._device.unsigned and len(self._device.batches) == MOST_BATCHES and not self._full:
            self._full = True
            self._tell(f"{MOST_BATCHES} batches are signed, as many as there may be")
        self._sender.wake_for_work()

    def finish(self, patience: float) -> None:
        """End the last batch and wait until everything is sent."""
        self._tell("no more readings; sending what is left")
        end = time.monotonic() + patience
        while True:
            self._raise_fatal()
            self._device.cut_due(self._now())
            self._device.cut(self._now())
            self._device.spool.cut_done()
            self._sender.wake_for_work()
            left = self._device.unsigned or not self._device.begun or self._sender.unsent
            if (not left and self._sender.asked) or time.monotonic() >= end:
                return
            time.sleep(_LOOK / 4)

    def _raise_fatal(self) -> None:
        if self._sender.fatal is not None:
            raise self._sender.fatal

    def summary(self) -> Summary:
        """Return what became of the readings."""
        device, sender = self._device, self._sender
        problem = ""
        if isinstance(sender.problem, AidlineError):
            problem = str(sender.problem)
        elif not device.begun:
            problem = "the goods are not picked up"
        elif device.unsigned:
            problem = f"{MOST_BATCHES} batches are signed, as many as there may be"
        elif sender.unsent or not sender.asked:
            problem = "there was not enough time to send"
        return replace(
            self._counted,
            readings=device.kept,
            before_pick_up=device.before_pick_up,
            unsigned=device.unsigned,
            batches=len(device.batches),
            recorded=sender.recorded,
            sent=sender.sent,
            last_time=device.last_time,
            problem=problem,
        )
