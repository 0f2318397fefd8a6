"""What a pallet's device reads on its way: a logger's file replayed, or a seeded wave."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from aidline.sim.fleet import LegPlan
from aidline.sim.records import Devices, Excursion, Reading, TelemetryLog
from aidline.telemetry import Band

__all__ = ["Pallet"]

#: Batches of one consignment at the most; the contract takes 256.
_MOST_BATCHES = 128


class Pallet:
    """The readings of one consignment, from pick-up to delivery.

    Args:
        devices: What the scenario says of devices.
        band: The band of the terms.
        legs: The journey, with the arrivals that it will have.
        log: A logger's file to replay, its first reading at pick-up.
        excursions: Where the goods leave their limits by script; without a log.
        dice: Seeded, for this consignment alone.
    """

    def __init__(
        self,
        devices: Devices,
        band: Band,
        legs: Sequence[LegPlan],
        log: TelemetryLog | None,
        excursions: Sequence[Excursion],
        dice: random.Random,
    ) -> None:
        self._start = legs[0].departure
        self._end = legs[-1].arrival
        if log is None:
            moments = set(range(self._start, self._end + 1, devices.interval))
            moments.update(leg.arrival for leg in legs)
            spans = [_span(legs, script) for script in excursions]
            readings = []
            for moment in sorted(moments):
                temperature = _wave(devices, band, moment - self._start, dice)
                for script, (first, last) in zip(excursions, spans, strict=True):
                    if first <= moment <= last:
                        temperature = script.peak
                humidity = devices.telemetry.humidity + dice.randint(-200, 200)
                readings.append(Reading(moment, temperature, min(max(humidity, 0), 10_000)))
            self._readings = readings
        else:
            self._readings = list(log.replayed(self._start, self._end))
        self._sent = 0
        self._batch = max(devices.batch_readings, -(-len(self._readings) // _MOST_BATCHES))

    @property
    def longest_silence(self) -> int:
        """Seconds of the longest stretch of the journey without a reading."""
        moments = [self._start, *(reading.time for reading in self._readings), self._end]
        return max(after - before for before, after in pairwise(moments))

    def due(self, now: int) -> list[list[tuple[int, int, int]]]:
        """Return what was read up to ``now`` and not asked for yet, in batches.

        A reading is its time (unix seconds), temperature and humidity (hundredths).
        """
        upto = self._sent
        while upto < len(self._readings) and self._readings[upto].time <= now:
            upto += 1
        new = [(r.time, r.temperature, r.humidity or 0) for r in self._readings[self._sent : upto]]
        self._sent = upto
        return [new[at : at + self._batch] for at in range(0, len(new), self._batch)]


def _wave(devices: Devices, band: Band, since: int, dice: random.Random) -> int:
    """Return a temperature: a triangle wave in integers, so that every machine reads the same."""
    model = devices.telemetry
    middle = (band.temperature_min + band.temperature_max) // 2
    half = (band.temperature_max - band.temperature_min) // 2
    phase = since % model.period
    wave = abs(2 * phase - model.period) * 2 - model.period
    return (
        middle
        + half * model.swing * wave // (100 * model.period)
        + dice.randint(-model.noise, model.noise)
    )


def _span(legs: Sequence[LegPlan], script: Excursion) -> tuple[int, int]:
    """Return when an excursion begins and ends: in the middle of the first leg of its tier."""
    start = legs[0].departure
    for leg in legs:
        if leg.tier is script.tier:
            middle = (start + leg.arrival) // 2
            return middle - script.seconds // 2, middle + script.seconds // 2
        start = leg.arrival
    return 0, -1
