"""What is on record of the devices that watch consignments: handed in, and read again.

The chain keeps one word for each watch; what was signed stands in the events. So whoever acts on
a watch reads it here first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aidline.client.abi import Event
from aidline.client.chain import Transaction
from aidline.client.contract import Contract
from aidline.messages import Batch
from aidline.signing import Domain, Signer
from aidline.telemetry import Band, Leaf, Link, MerkleTree, Point, Watch

__all__ = [
    "Recorded",
    "Shown",
    "Told",
    "submission",
    "told_by_consignment",
    "told_of",
    "watch_of",
]


@dataclass(frozen=True, slots=True)
class Told:
    """All that a device has told of a consignment.

    Attributes:
        watch: What it watches.
        batches: What it signed, in order, as recorded.
    """

    watch: Watch
    batches: tuple[Batch, ...] = ()

    @property
    def points(self) -> list[Point]:
        """What is told of each batch where its exposure counts."""
        return [Point.of(batch) for batch in self.batches]

    def recorded(self, sequence: int) -> Recorded:
        """Return a batch as evidence about it is handed in, the first being 0."""
        return Recorded(self.watch, self.batches[sequence], self.points[sequence + 1 :])

    @property
    def last(self) -> Batch | None:
        """The last batch recorded."""
        return self.batches[-1] if self.batches else None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A batch on record, as evidence about it is handed in (``BatchCourt``).

    Attributes:
        watch: Of its device.
        batch: The batch.
        later: What is told of the batches after it.
    """

    watch: Watch
    batch: Batch
    later: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Shown:
    """A leaf with its proof (``BatchCourt``).

    Attributes:
        leaf: The leaf.
        proof: Siblings up to the root of its batch.
    """

    leaf: Leaf
    proof: Sequence[bytes]

    @classmethod
    def of(cls, leaves: Sequence[Leaf], number: int) -> Shown:
        """Return one of a batch's leaves with its proof, the first being 0."""
        return cls(leaves[number], MerkleTree([leaf.hash() for leaf in leaves]).proof(number))


def submission(
    monitor: Contract,
    domain: Domain,
    watch: Watch,
    previous: Batch | None,
    batch: Batch,
    device: Signer,
    *,
    sender: Signer | None = None,
    gas: int | None = None,
) -> Transaction:
    """Sign a batch and return the transaction that records it.

    Args:
        monitor: The room (``ConditionMonitor``).
        domain: Its domain, :meth:`aidline.client.Aidline.domain`.
        watch: What the device watches.
        previous: The batch before; ``None`` for the first.
        batch: The batch.
        device: Signs it.
        sender: Sends it; the device itself if not given.
        gas: Gas limit, if not the chain's own way of finding one.
    """
    return monitor.transaction(
        "record",
        watch,
        Link.of(previous),
        batch,
        batch.sign(device, domain),
        sender=device if sender is None else sender,
        gas=gas,
    )


def watch_of(opened: Event) -> Watch:
    """Return the watch that a ``WatchOpened`` event tells of."""
    told = opened.args
    return Watch(
        device=told.device,
        booking=told.booking,
        band=Band(
            temperature_min=told.band.temperature_min,
            temperature_max=told.band.temperature_max,
            humidity_min=told.band.humidity_min,
            humidity_max=told.band.humidity_max,
        ),
    )


def told_of(monitor: Contract, consignment: int, *, from_block: int = 0) -> list[Told]:
    """Return what each device of a consignment has told, in the order in which they were named.

    Args:
        monitor: The room (``ConditionMonitor``).
        consignment: The consignment.
        from_block: Where to begin to look; the deployment's block at the earliest.
    """
    opened = monitor.events("WatchOpened", from_block=from_block, consignment=consignment)
    recorded = monitor.events("BatchRecorded", from_block=from_block, consignment=consignment)
    return [Told(watch_of(event), tuple(_batches(recorded, event.args.device))) for event in opened]


def told_by_consignment(monitor: Contract, *, from_block: int = 0) -> dict[int, list[Told]]:
    """Return what the devices of every consignment have told, in one look.

    Args:
        monitor: The room (``ConditionMonitor``).
        from_block: Where to begin to look; the deployment's block at the earliest.
    """
    opened: dict[int, list[Event]] = defaultdict(list)
    recorded: dict[int, list[Event]] = defaultdict(list)
    for event in monitor.events("WatchOpened", from_block=from_block):
        opened[event.args.consignment].append(event)
    for event in monitor.events("BatchRecorded", from_block=from_block):
        recorded[event.args.consignment].append(event)
    return {
        number: [
            Told(watch_of(event), tuple(_batches(recorded[number], event.args.device)))
            for event in events
        ]
        for number, events in opened.items()
    }


def _batches(recorded: Iterable[Event], device: str) -> Iterable[Batch]:
    for event in recorded:
        if event.args.device == device:
            told = event.args.batch
            yield Batch(**{name: getattr(told, name) for name in Batch.__slots__})
