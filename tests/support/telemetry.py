"""A device that signs what it likes, and the leaves with which it is caught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from aidline.client import Receipt
from aidline.messages import Batch
from aidline.signing import Key
from aidline.telemetry import Leaf, MerkleTree, Watch, follow, interval_exposure
from aidline.watches import Recorded, Shown, submission, told_of
from tests.support.freight import LIMIT, Desk
from tests.support.people import domain_of, key_of

__all__ = ["Forger"]


@dataclass
class Forger:
    """The device of a consignment in the hands of an operator that may lie."""

    desk: Desk
    consignment: int
    device: Key = field(default_factory=lambda: key_of("device"))
    batches: list[tuple[Batch, list[Leaf]]] = field(default_factory=list)

    @property
    def watch(self) -> Watch:
        """What it watches."""
        told = told_of(self.desk.suite.monitor, self.consignment)
        return next(one.watch for one in told if one.watch.device == self.device.address)

    def leaves(self, readings: Sequence[tuple[int, int, int]]) -> list[Leaf]:
        """Return the true leaves of new readings."""
        band = self.watch.band
        last = self.batches[-1][1][-1] if self.batches else None
        made: list[Leaf] = []
        for time, temperature, humidity in readings:
            if last is None:
                leaf = Leaf(0, time, temperature, humidity, 0, 0)
            else:
                heat = interval_exposure(
                    time - last.time,
                    last.temperature,
                    temperature,
                    band.temperature_min,
                    band.temperature_max,
                )
                damp = interval_exposure(
                    time - last.time,
                    last.humidity,
                    humidity,
                    band.humidity_min,
                    band.humidity_max,
                )
                leaf = Leaf(
                    last.index + 1,
                    time,
                    temperature,
                    humidity,
                    last.temperature_exposure + heat,
                    last.humidity_exposure + damp,
                )
            made.append(leaf)
            last = leaf
        return made

    def record(self, leaves: list[Leaf], **summary: Any) -> Receipt:
        """Sign and record a batch of these leaves, whatever they and its summary say."""
        beginning = self.watch.beginning(self.consignment)
        before = self.batches[-1] if self.batches else None
        linked = leaves if before is None else [before[1][-1], *leaves]
        fields: dict[str, Any] = {
            "consignment": self.consignment,
            "sequence": len(self.batches),
            "previous": beginning
            if before is None
            else follow(beginning, before[0].previous, before[0]),
            "root": MerkleTree([leaf.hash() for leaf in leaves]).root,
            "first_index": leaves[0].index,
            "last_index": leaves[-1].index,
            "first_time": leaves[0].time,
            "last_time": leaves[-1].time,
            "temperature_min": min(leaf.temperature for leaf in linked),
            "temperature_max": max(leaf.temperature for leaf in linked),
            "humidity_min": min(leaf.humidity for leaf in linked),
            "humidity_max": max(leaf.humidity for leaf in linked),
            "temperature_exposure": leaves[-1].temperature_exposure,
            "humidity_exposure": leaves[-1].humidity_exposure,
            "longest_gap": max((b.time - a.time for a, b in pairwise(linked)), default=0),
            "deadline": LIMIT,
        }
        batch = Batch(**(fields | summary))
        monitor = self.desk.suite.monitor
        receipt = monitor.send(
            submission(
                monitor,
                domain_of(monitor),
                self.watch,
                before[0] if before else None,
                batch,
                self.device,
                sender=key_of("stranger"),
            )
        )
        self.batches.append((batch, leaves))
        return receipt

    def recorded(self, sequence: int) -> Recorded:
        """Return a batch as evidence about it is handed in."""
        told = told_of(self.desk.suite.monitor, self.consignment)
        mine = next(one for one in told if one.watch.device == self.device.address)
        return mine.recorded(sequence)

    def shown(self, sequence: int, number: int) -> Shown:
        """Return a leaf of a batch with its proof."""
        return Shown.of(self.batches[sequence][1], number)
