"""Devices of a consignment: what they have told, what of it was a lie, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from aidline.messages import Batch
from aidline.telemetry import Band, Leaf, MerkleTree, Point, Recorder, exposure_until, follow

__all__ = ["Demand", "Figures", "Liar", "Lie", "Logger", "Split"]


@dataclass(frozen=True)
class Figures:
    """What a device says of a time."""

    temperature: int = 0
    humidity: int = 0
    silence: int = 0


class Lie(Enum):
    """How a batch is false: and by what it is found out."""

    #: The summary says more exposure than its last leaf.
    SUMMARY = "summary"
    #: The last two leaves do not follow from one another; the summary agrees with the last.
    LEAVES = "leaves"
    #: A reading lies outside the summary's extremes.
    EXTREMES = "extremes"


class Liar(Recorder):
    """A recorder that may lie, and goes on from its lie."""

    def lie(self, kind: Lie, readings: Sequence[tuple[int, int, int]], *, deadline: int) -> Batch:
        """Make the next batch a false one that the contract takes."""
        before, head = self.last, self._head
        made = self.batch(readings, deadline=deadline)
        leaves = list(self._batches[-1])
        if kind is Lie.EXTREMES:
            least = min(leaf.humidity for leaf in leaves) + 1
            made = replace(made, humidity_min=least, humidity_max=max(made.humidity_max, least))
        else:
            seconds = made.last_time - (before.last_time if before else made.first_time)
            hottest = max(made.temperature_max, self.watch.band.temperature_max) + 100
            exposure = made.temperature_exposure + 50 * seconds
            made = replace(made, temperature_max=hottest, temperature_exposure=exposure)
            self._last = replace(leaves[-1], temperature_exposure=exposure)
            if kind is Lie.LEAVES:
                leaves[-1] = self._last
                root = MerkleTree([leaf.hash() for leaf in leaves]).root
                made = replace(made, root=root)
        self._batches[-1] = tuple(leaves)
        self._head = follow(self._beginning, head, made)
        self.last = made
        return made


@dataclass(frozen=True)
class Demand:
    """A leaf that a party wants to see; open until a time, closed at 0."""

    batch: int = 0
    index: int = 0
    until: int = 0
    made: int = 0


@dataclass(frozen=True)
class Split:
    """Running exposure at a change of hands, and the reading before it."""

    heard: int
    temperature: int
    humidity: int

    @classmethod
    def between(cls, band: Band, before: Leaf, after: Leaf, time: int) -> Split:
        """MON-12: on the line between two readings."""
        part, seconds = time - before.time, after.time - before.time
        heat = exposure_until(
            part,
            seconds,
            before.temperature,
            after.temperature,
            band.temperature_min,
            band.temperature_max,
        )
        damp = exposure_until(
            part, seconds, before.humidity, after.humidity, band.humidity_min, band.humidity_max
        )
        return cls(before.time, before.temperature_exposure + heat, before.humidity_exposure + damp)


@dataclass(frozen=True)
class Part:
    """A batch, or its part up to a change of hands: what it adds to a span."""

    batch: Batch
    until: int
    temperature: int
    humidity: int


@dataclass
class Logger:
    """A device of a consignment.

    Attributes:
        bond: What is locked for it.
        lies: How each of its false batches is false, by number.
        voids: Batches that count no more.
        early: Of these, those that were void before the end.
        splits: By the time of a change of hands.
        demands: The last leaf that each party demanded.
        forfeited: Whether the bond is.
        paid: What of the bond has been paid.
        legs_paid: Legs whose carrier had its freight from the bond.
    """

    name: str
    operator: str
    recorder: Liar
    bond: int
    batches: list[Batch] = field(default_factory=list)
    released: bool = False
    lies: dict[int, Lie] = field(default_factory=dict)
    voids: set[int] = field(default_factory=set)
    early: set[int] = field(default_factory=set)
    splits: dict[int, Split] = field(default_factory=dict)
    demands: dict[str, Demand] = field(default_factory=dict)
    forfeited: bool = False
    paid: int = 0
    legs_paid: set[int] = field(default_factory=set)

    @property
    def points(self) -> list[Point]:
        return [Point.of(batch) for batch in self.batches]

    def says(self, cuts: Sequence[int]) -> list[Figures]:
        """MON-9, MON-12, MON-15: of each span between these times, and last of the whole way."""
        spans = self._parts(cuts[1:])
        told = [
            self._sum(parts, start, end)
            for parts, start, end in zip(spans, cuts[:-1], cuts[1:], strict=True)
        ]
        return [*told, self._sum([part for parts in spans for part in parts], cuts[0], cuts[-1])]

    def _parts(self, ends: Sequence[int]) -> list[list[Part]]:
        """What is heard in each span; a void batch is not heard, and what it adds is nobody's."""
        spans: list[list[Part]] = [[] for _ in ends]
        heat = damp = place = 0
        for number, batch in enumerate(self.batches):
            is_void = number in self.voids
            while place < len(ends) and batch.last_time > ends[place]:
                split = self.splits.get(ends[place])
                if split and not is_void:
                    # Never more than the batch adds, though its leaves lie.
                    hot = min(max(split.temperature, heat), batch.temperature_exposure)
                    wet = min(max(split.humidity, damp), batch.humidity_exposure)
                    spans[place].append(Part(batch, split.heard, hot - heat, wet - damp))
                    heat, damp = hot, wet
                place += 1
            if place == len(ends):
                break
            if not is_void:
                hot, wet = batch.temperature_exposure, batch.humidity_exposure
                spans[place].append(Part(batch, batch.last_time, hot - heat, wet - damp))
            heat, damp = batch.temperature_exposure, batch.humidity_exposure
        return spans

    @staticmethod
    def _sum(parts: list[Part], start: int, end: int) -> Figures:
        heard, silence = start, 0
        for part in parts:
            if part.until > heard:
                gap = max(part.batch.longest_gap, part.batch.first_time - heard)
                silence = max(silence, min(gap, part.until - heard))
                heard = part.until
        return Figures(
            sum(part.temperature for part in parts),
            sum(part.humidity for part in parts),
            max(silence, end - heard),
        )
