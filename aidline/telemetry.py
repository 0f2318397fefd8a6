"""What a pallet's device makes of its readings: exposure, leaves, Merkle trees, signed batches.

Pure: no clock, no chain. Every integer here is the one that ``ConditionMonitor`` reckons with.

**Exposure** is the integral of the distance outside a band over time, in centidegree-seconds and
centipercent-seconds, linear between readings. It is summed interval by interval; each interval
and each side of the band is rounded down, see :func:`interval_exposure`.

**Leaves** are the double Keccak of the ABI-encoded reading with its running exposure; the tree is
that of OpenZeppelin's ``StandardMerkleTree``, which its ``MerkleProof`` verifies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from aidline.errors import InputError
from aidline.keccak import keccak
from aidline.messages import Batch

__all__ = [
    "Band",
    "Leaf",
    "Link",
    "MerkleTree",
    "Point",
    "Recorder",
    "Watch",
    "exposure_until",
    "follow",
    "interval_exposure",
    "verify_proof",
]


@dataclass(frozen=True, slots=True)
class Band:
    """The band of a consignment's terms, outside which exposure runs.

    Attributes:
        temperature_min: Hundredths of a degree Celsius.
        temperature_max: Hundredths of a degree Celsius.
        humidity_min: Hundredths of a percent.
        humidity_max: Hundredths of a percent.
    """

    temperature_min: int
    temperature_max: int
    humidity_min: int
    humidity_max: int

    def __post_init__(self) -> None:
        if self.temperature_min > self.temperature_max or self.humidity_min > self.humidity_max:
            raise InputError("a band's lower limit is above its upper limit")


@dataclass(frozen=True, slots=True)
class Watch:
    """What a device watches. The chain keeps its hash only: whoever acts on a watch hands it in.

    Attributes:
        device: Address of the device that signs.
        booking: Struct hash of the consignment's booking.
        band: Band of its terms.
    """

    device: str
    booking: bytes
    band: Band

    def beginning(self, consignment: int) -> bytes:
        """Return what the chain of batches begins with: ``previous`` of the first batch."""
        band = self.band
        encoded = b"".join(
            (
                consignment.to_bytes(32, "big"),
                bytes.fromhex(self.device.removeprefix("0x")).rjust(32, b"\0"),
                self.booking,
                band.temperature_min.to_bytes(32, "big", signed=True),
                band.temperature_max.to_bytes(32, "big", signed=True),
                band.humidity_min.to_bytes(32, "big"),
                band.humidity_max.to_bytes(32, "big"),
            )
        )
        return _link(encoded)


@dataclass(frozen=True, slots=True)
class Point:
    """What is told of a batch where its exposure counts: two words.

    Attributes:
        batch: The batch's struct hash.
        figures: Sequence (8 bits), last index (40), first time (40), last time (40), longest gap
            (32), exposure of temperature (48) and of humidity (48), the last in the lowest bits.
    """

    batch: bytes
    figures: int

    @classmethod
    def of(cls, batch: Batch) -> Point:
        """Return what is told of a batch."""
        figures = batch.sequence << 248 | batch.last_index << 208
        figures |= batch.first_time << 168 | batch.last_time << 128 | batch.longest_gap << 96
        figures |= batch.temperature_exposure << 48 | batch.humidity_exposure
        return cls(batch.struct_hash(), figures)


@dataclass(frozen=True, slots=True)
class Link:
    """A batch in its chain.

    Attributes:
        before: What the chain had come to before it.
        point: What is told of it.
    """

    before: bytes
    point: Point

    @classmethod
    def of(cls, batch: Batch | None) -> Link:
        """Return a batch's link; zeros for none."""
        if batch is None:
            return cls(bytes(32), Point(bytes(32), 0))
        return cls(batch.previous, Point.of(batch))


def follow(beginning: bytes, before: bytes, batch: Batch) -> bytes:
    """Return what the chain comes to with a batch: ``previous`` of the next one.

    Args:
        beginning: What the chain began with, :meth:`Watch.beginning`.
        before: What it came to before; ``batch.previous``.
        batch: The batch.
    """
    point = Point.of(batch)
    return _link(beginning + before + point.batch + point.figures.to_bytes(32, "big"))


def _link(encoded: bytes) -> bytes:
    """Return a link of the chain: the last bit of its hash is not used."""
    made = keccak(encoded)
    return made[:31] + bytes([made[31] & 0xFE])


@dataclass(frozen=True, slots=True)
class Leaf:
    """A reading as a device commits to it.

    Attributes:
        index: Its place among the readings of the consignment, the first being 0.
        time: Unix seconds.
        temperature: Hundredths of a degree Celsius.
        humidity: Hundredths of a percent.
        temperature_exposure: From the first reading up to this one, centidegree-seconds.
        humidity_exposure: The same in centipercent-seconds.
    """

    index: int
    time: int
    temperature: int
    humidity: int
    temperature_exposure: int
    humidity_exposure: int

    def hash(self) -> bytes:
        """Return the leaf's hash: Keccak of the Keccak of its ABI encoding."""
        encoded = b"".join(
            (
                self.index.to_bytes(32, "big"),
                self.time.to_bytes(32, "big"),
                self.temperature.to_bytes(32, "big", signed=True),
                self.humidity.to_bytes(32, "big"),
                self.temperature_exposure.to_bytes(32, "big"),
                self.humidity_exposure.to_bytes(32, "big"),
            )
        )
        return keccak(keccak(encoded))


def interval_exposure(seconds: int, before: int, after: int, low: int, high: int) -> int:
    """Return the exposure between two adjacent readings.

    With a and b the distances of the two readings beyond one side of the band (negative inside)
    and T the time between: ``floor((a + b) * T / 2)`` if both are outside; if only one is, with p
    its distance and q the other's, the line leaves the band after ``p / (p - q)`` of the time, so
    ``floor(p * p * T / (2 * (p - q)))``. Both sides are added, each rounded down.

    Args:
        seconds: Time between the readings.
        before: First reading, hundredths.
        after: Second reading, hundredths.
        low: Lower limit of the band, hundredths.
        high: Upper limit of the band, hundredths.
    """
    return exposure_until(seconds, seconds, before, after, low, high)


def exposure_until(part: int, seconds: int, before: int, after: int, low: int, high: int) -> int:
    """Return the exposure in the first ``part`` of the seconds between two adjacent readings.

    The integral of the same line from its beginning to ``part``; both sides of the band are added,
    each rounded down.

    Args:
        part: Seconds from the first reading, at most ``seconds``.
        seconds: Time between the readings.
        before: First reading, hundredths.
        after: Second reading, hundredths.
        low: Lower limit of the band, hundredths.
        high: Upper limit of the band, hundredths.
    """
    return _beyond(part, seconds, before - high, after - high) + _beyond(
        part, seconds, low - before, low - after
    )


def _beyond(part: int, seconds: int, first: int, second: int) -> int:
    end = first * (seconds - part) + second * part  # where the line stands at `part`, times seconds
    if first >= 0 and end >= 0:
        return (first * seconds + end) * part // (2 * seconds)
    if first > 0:
        return first * first * seconds // (2 * (first - second))
    if end > 0:
        return end * end // (2 * seconds * (second - first))
    return 0


class MerkleTree:
    """A tree over leaf hashes, the same as OpenZeppelin's ``StandardMerkleTree`` makes.

    Args:
        leaves: The hashes, at least one, in any order.
    """

    __slots__ = ("_nodes", "_place")

    def __init__(self, leaves: Sequence[bytes]) -> None:
        count = len(leaves)
        if count == 0:
            raise InputError("a Merkle tree needs a leaf")
        nodes = [b""] * (2 * count - 1)
        self._place = [0] * count
        order = sorted(range(count), key=lambda number: leaves[number])
        for rank, number in enumerate(order):
            place = len(nodes) - 1 - rank
            nodes[place] = leaves[number]
            self._place[number] = place
        for place in range(count - 2, -1, -1):
            nodes[place] = _pair(nodes[2 * place + 1], nodes[2 * place + 2])
        self._nodes = nodes

    @property
    def root(self) -> bytes:
        """The root."""
        return self._nodes[0]

    def proof(self, number: int) -> list[bytes]:
        """Return the proof of the leaf that was given as the ``number``-th, the first being 0."""
        place = self._place[number]
        proof: list[bytes] = []
        while place > 0:
            proof.append(self._nodes[place - 1 if place % 2 == 0 else place + 1])
            place = (place - 1) // 2
        return proof


def _pair(one: bytes, other: bytes) -> bytes:
    return keccak(one + other if one < other else other + one)


def verify_proof(leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``leaf`` is in the tree with this root, as ``MerkleProof.verify`` does."""
    for sibling in proof:
        leaf = _pair(leaf, sibling)
    return leaf == root


class Recorder:
    """What a device remembers of one consignment; makes the batches that it signs.

    Args:
        consignment: The consignment.
        watch: What the device watches, as it was opened.

    Attributes:
        last: The last batch made, which is handed in with the next.
    """

    #: Most batches of one watch; the contract takes no more.
    MOST_BATCHES = 256

    def __init__(self, consignment: int, watch: Watch) -> None:
        self.consignment = consignment
        self.watch = watch
        self.last: Batch | None = None
        self._last: Leaf | None = None
        self._beginning = self._head = watch.beginning(consignment)
        self._batches: list[tuple[Leaf, ...]] = []

    @property
    def batches(self) -> int:
        """Number of batches made so far."""
        return len(self._batches)

    def leaves(self, sequence: int) -> tuple[Leaf, ...]:
        """Return the leaves of a batch, the first batch being 0."""
        return self._batches[sequence]

    def tree(self, sequence: int) -> MerkleTree:
        """Return the tree of a batch, the first batch being 0."""
        return MerkleTree([leaf.hash() for leaf in self._batches[sequence]])

    def batch(self, readings: Sequence[tuple[int, int, int]], *, deadline: int) -> Batch:
        """Make the next batch.

        Args:
            readings: Time (unix seconds), temperature and humidity (hundredths) of each new
                reading, at least one, each later than the one before.
            deadline: Last unix second at which the batch may be recorded.

        Raises:
            InputError: There is no reading, one that does not follow, or no batch left.
        """
        if len(self._batches) == self.MOST_BATCHES:
            raise InputError(f"a watch has at most {self.MOST_BATCHES} batches")
        before = self._last
        leaves = self._leaves(readings)
        linked = leaves if before is None else [before, *leaves]
        gaps = [after.time - first.time for first, after in pairwise(linked)]
        last = leaves[-1]
        made = Batch(
            consignment=self.consignment,
            sequence=len(self._batches),
            previous=self._head,
            root=MerkleTree([leaf.hash() for leaf in leaves]).root,
            first_index=leaves[0].index,
            last_index=last.index,
            first_time=leaves[0].time,
            last_time=last.time,
            temperature_min=min(leaf.temperature for leaf in linked),
            temperature_max=max(leaf.temperature for leaf in linked),
            humidity_min=min(leaf.humidity for leaf in linked),
            humidity_max=max(leaf.humidity for leaf in linked),
            temperature_exposure=last.temperature_exposure,
            humidity_exposure=last.humidity_exposure,
            longest_gap=max(gaps, default=0),
            deadline=deadline,
        )
        self._head = follow(self._beginning, self._head, made)
        self._last = last
        self.last = made
        self._batches.append(tuple(leaves))
        return made

    def _leaves(self, readings: Sequence[tuple[int, int, int]]) -> list[Leaf]:
        if not readings:
            raise InputError("a batch needs a reading")
        band, last = self.watch.band, self._last
        leaves: list[Leaf] = []
        for time, temperature, humidity in readings:
            if last is None:
                leaf = Leaf(0, time, temperature, humidity, 0, 0)
            else:
                seconds = time - last.time
                if seconds <= 0:
                    raise InputError(f"a reading at {time} does not follow one at {last.time}")
                leaf = Leaf(
                    index=last.index + 1,
                    time=time,
                    temperature=temperature,
                    humidity=humidity,
                    temperature_exposure=last.temperature_exposure
                    + interval_exposure(
                        seconds,
                        last.temperature,
                        temperature,
                        band.temperature_min,
                        band.temperature_max,
                    ),
                    humidity_exposure=last.humidity_exposure
                    + interval_exposure(
                        seconds, last.humidity, humidity, band.humidity_min, band.humidity_max
                    ),
                )
            leaves.append(leaf)
            last = leaf
        return leaves
