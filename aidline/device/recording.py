"""A device: takes readings, keeps them, ends batches and signs them. It knows no chain.

What a kill interrupts goes on at the next start: a reading is taken once, since one that is not
later than the last is dropped, and a batch once written is the only one of its number.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aidline.device.spool import Spool
from aidline.errors import InputError
from aidline.messages import Batch
from aidline.readings import Reading
from aidline.signing import Domain, Signer
from aidline.telemetry import Recorder, Watch, follow
from aidline.watches import Shown

__all__ = ["MOST_BATCHES", "Device", "Pace", "signed_batches"]

#: Batches of a watch at the most, as the contract has it.
MOST_BATCHES = 256
#: After so many batches they become twice as long, so that a long way fits.
_DOUBLING = 64

Values = tuple[int, int, int]


def signed_batches(
    consignment: int,
    watch: Watch,
    device: Signer,
    domain: Domain,
    readings: Sequence[Values],
    *,
    count: int,
    deadline: int,
) -> list[tuple[Batch, bytes]]:
    """Sign readings in batches: all that a device reckons, nothing that it keeps or sends.

    Args:
        consignment: The consignment.
        watch: What the device watches.
        device: Signs.
        domain: Of ``ConditionMonitor``.
        readings: Time (unix seconds), temperature and humidity (hundredths), ascending.
        count: Readings of a batch.
        deadline: Last unix second at which they may be recorded.

    Returns:
        The batches in their order, each with its signature.
    """
    recorder = Recorder(consignment, watch)
    made = []
    for at in range(0, len(readings), count):
        batch = recorder.batch(readings[at : at + count], deadline=deadline)
        made.append((batch, batch.sign(device, domain)))
    return made


@dataclass(frozen=True, slots=True)
class Pace:
    """When a batch ends by itself.

    Attributes:
        readings: When it holds so many.
        seconds: When its first reading came, or lies, so many seconds before.
        good_for: Seconds for which a batch may be recorded after it was signed.
    """

    readings: int = 100
    seconds: int = 3_600
    good_for: int = 30 * 86_400

    def __post_init__(self) -> None:
        if min(self.readings, self.seconds, self.good_for) < 1:
            raise InputError("a batch has at least a reading, a second, and a second to be sent in")


@dataclass
class Device:
    """One device that watches one consignment. May be called from several threads.

    Args:
        spool: What it keeps.
        watch: What it watches.
        consignment: The consignment.
        key: Its own.
        domain: Of ``ConditionMonitor``.
        pace: When batches end.

    Raises:
        InputError: The spool does not hold together, or is another's.
    """

    spool: Spool
    watch: Watch
    consignment: int
    key: Signer
    domain: Domain
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        band = self.watch.band
        self.spool.belongs_to(
            {
                "chain_id": self.domain.chain_id,
                "monitor": self.domain.contract,
                "consignment": self.consignment,
                "device": self.key.address,
                "booking": "0x" + self.watch.booking.hex(),
                "band": list(asdict(band).values()),
            }
        )
        self._lock = threading.RLock()
        self._readings = [_values(line) for line in self.spool.readings.lines]
        self.batches: list[Batch] = []
        self._recorder = Recorder(self.consignment, self.watch)
        self._pick_up: int | None = None
        # Where the first reading of the consignment stands: the first since pick-up.
        self._first: int | None = None
        self._waiting_since: float | None = None
        kept: list[Batch] = []
        for line in self.spool.batches.lines:
            batch = _batch_of(json.loads(line)["batch"])
            del kept[batch.sequence :]
            kept.append(batch)
        if kept:
            self.begin(kept[0].first_time)
            for batch in kept:
                if self._made(batch.last_index, batch.deadline) != batch:
                    raise InputError(
                        f"batch {batch.sequence} is not made of the readings that are kept",
                        path=self.spool.folder,
                    )

    # --- what is there ---

    @property
    def kept(self) -> int:
        """Number of readings kept."""
        return len(self._readings)

    @property
    def last_time(self) -> int:
        """Unix seconds of the last reading, 0 before the first."""
        return self._readings[-1][0] if self._readings else 0

    @property
    def begun(self) -> bool:
        """Whether it is known when the goods were picked up."""
        return self._pick_up is not None

    @property
    def before_pick_up(self) -> int:
        """Number of readings from before the pick-up, which belong to no batch."""
        return self.kept if self._first is None else self._first

    @property
    def signed(self) -> int:
        """Number of readings in batches."""
        return self.batches[-1].last_index + 1 if self.batches else 0

    @property
    def unsigned(self) -> int:
        """Number of readings that are in no batch yet; those from before pick-up left aside."""
        return self.kept - self.before_pick_up - self.signed

    @property
    def heads(self) -> list[bytes]:
        """What the chain of batches comes to with none, one, two ... of them."""
        with self._lock:
            beginning = self.watch.beginning(self.consignment)
            made = [beginning, *(batch.previous for batch in self.batches[1:])]
            if self.batches:
                made.append(follow(beginning, self.batches[-1].previous, self.batches[-1]))
            return made

    def shown(self, index: int) -> tuple[Batch, Shown] | None:
        """Return a reading with its proof and its batch; ``None`` where it is in no batch.

        Args:
            index: Its place among the readings of the consignment, the first being 0.
        """
        with self._lock:
            for number, batch in enumerate(self.batches):
                if batch.first_index <= index <= batch.last_index:
                    leaves = self._recorder.leaves(number)
                    return batch, Shown.of(leaves, index - batch.first_index)
            return None

    # --- readings come ---

    def take(self, readings: Iterable[Reading]) -> int:
        """Keep readings; those that are not later than the one before are dropped.

        Args:
            readings: Each with a humidity.

        Returns:
            How many were kept; they are on the disk.
        """
        with self._lock:
            last, new = self.last_time, []
            for reading in readings:
                if reading.humidity is None:
                    raise InputError("the reading has no humidity")
                if reading.time > last:
                    new.append((reading.time, reading.temperature, reading.humidity))
                    last = reading.time
            if new:
                self.spool.readings.append(" ".join(map(str, values)) for values in new)
                self._readings += new
                self._find_first()
                if self._waiting_since is None:
                    self._waiting_since = time.monotonic()
            return len(new)

    def begin(self, pick_up: int) -> None:
        """Learn when the goods were picked up: earlier readings belong to no batch."""
        with self._lock:
            self._pick_up = pick_up
            self._find_first()

    def _find_first(self) -> None:
        if self._first is None and self._pick_up is not None:
            later = (at for at, one in enumerate(self._readings) if one[0] >= self._pick_up)
            self._first = next(later, None)

    # --- batches go ---

    def cut_due(self, now: int) -> None:
        """End as many batches as their pace asks for.

        Args:
            now: Unix seconds, from which a batch's deadline counts.
        """
        with self._lock:
            while self.unsigned:
                longer = 2 ** (len(self.batches) // _DOUBLING)
                most, seconds = self.pace.readings * longer, self.pace.seconds * longer
                start = self.before_pick_up + self.signed
                waiting = self._readings[start : start + most]
                old = waiting[-1][0] - waiting[0][0] >= seconds or (
                    self._waiting_since is not None
                    and time.monotonic() - self._waiting_since >= seconds
                )
                if (len(waiting) < most and not old) or not self._cut(len(waiting), now):
                    return

    def cut(self, now: int) -> bool:
        """End the batch with every reading that is there; returns whether there was one."""
        with self._lock:
            return self.unsigned > 0 and self._cut(self.unsigned, now)

    def renew(self, sequence: int, now: int) -> None:
        """Sign a batch that nobody has recorded by its deadline again, and those after it."""
        with self._lock:
            old, self.batches = self.batches, []
            self._recorder = Recorder(self.consignment, self.watch)
            for batch in old[:sequence]:
                self._made(batch.last_index, batch.deadline)
            for batch in old[sequence:]:
                self._write(self._made(batch.last_index, now + self.pace.good_for))

    def _cut(self, count: int, now: int) -> bool:
        if len(self.batches) == MOST_BATCHES:
            return False
        self._write(self._made(self.signed + count - 1, now + self.pace.good_for))
        self._waiting_since = time.monotonic() if self.unsigned else None
        return True

    def _made(self, last_index: int, deadline: int) -> Batch:
        start = self.before_pick_up
        readings = self._readings[start + self.signed : start + last_index + 1]
        batch = self._recorder.batch(readings, deadline=deadline)
        self.batches.append(batch)
        return batch

    def _write(self, batch: Batch) -> None:
        record = {
            "batch": {
                name: "0x" + value.hex() if isinstance(value, bytes) else value
                for name, value in asdict(batch).items()
            },
            "signature": "0x" + batch.sign(self.key, self.domain).hex(),
        }
        self.spool.batches.append([json.dumps(record, separators=(",", ":"))])


def _values(line: str) -> Values:
    at, temperature, humidity = map(int, line.split())
    return at, temperature, humidity


def _batch_of(record: dict[str, Any]) -> Batch:
    fields: dict[str, Any] = {
        name: bytes.fromhex(value[2:]) if isinstance(value, str) else value
        for name, value in record.items()
    }
    return Batch(**fields)
