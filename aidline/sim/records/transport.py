"""Stations, tariffs, terms and devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aidline.geodesy import Place, metres_between
from aidline.readings import Reading
from aidline.sim.records.basics import Band, Policy, Tier

__all__ = [
    "Devices",
    "Network",
    "Station",
    "Tariff",
    "TelemetryLog",
    "TelemetryModel",
    "Terms",
]


@dataclass(frozen=True, slots=True)
class TelemetryModel:
    """How a device's readings are made where no logger's file is given.

    Around the middle of the goods' band the temperature swings with a period of ``period``
    seconds and an amplitude of ``swing`` hundredths of the band's half width, with a seeded noise
    of at most ``noise`` hundredths of a degree. It stays within the band unless an ``Excursion``
    is scripted.
    """

    swing: int
    period: int
    noise: int
    humidity: int


@dataclass(frozen=True, slots=True)
class Devices:
    """The pool of pallet devices.

    Attributes:
        operator: Id of the participant that answers for them.
        count: How many there are.
        model: Make and model, at most 31 ASCII characters.
        calibrated_days: Days from the first day for which they are calibrated.
        interval: Seconds from one reading to the next.
        batch_readings: Readings that a signed batch holds at most.
        telemetry: How readings are made without a file.
    """

    operator: str
    count: int
    model: str
    calibrated_days: int
    interval: int
    batch_readings: int
    telemetry: TelemetryModel


@dataclass(frozen=True, slots=True)
class Station:
    """A place where goods rest or change hands.

    Attributes:
        tier: ``trunk`` for hubs and centres, ``branch``, ``terminal`` for docks.
        recognised: True for a transshipment centre that the coordinator recognises; trunk legs into
            an affected province end at one.
        operator: Id of the participant that runs it.
        temperature: Coldest that it can keep, warmest that it does not pass.
    """

    id: str
    name_zh: str
    name_en: str
    tier: Tier
    recognised: bool
    operator: str
    region: str
    place: Place
    temperature: Band


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a leg of one tier costs and how long it takes.

    Attributes:
        base: Money for a leg.
        per_km: Money for a kilometre.
        per_thousand_units: Money for a thousand units carried.
        speed: Metres in an hour.
        handling: Seconds for loading and unloading, in all.
        slack: Seconds allowed beyond the expected arrival.
    """

    base: int
    per_km: int
    per_thousand_units: int
    speed: int
    handling: int
    slack: int

    def freight(self, metres: int, units: int) -> int:
        """Returns the freight of a leg, each part rounded up."""
        return (
            self.base
            + -(-self.per_km * metres // 1000)
            + -(-self.per_thousand_units * units // 1000)
        )

    def seconds(self, metres: int) -> int:
        """Returns the time that a leg is expected to take, rounded up."""
        return self.handling + -(-metres * 3600 // self.speed)


@dataclass(frozen=True, slots=True)
class Network:
    """Stations and what moving between them costs.

    Attributes:
        stations: Hubs, centres and branch stations; the hospitals' docks come by preparing.
        affected: Provinces whose trunk legs must end at a recognised centre.
        road_permille: Length of the road for a thousand of the great circle.
        dock_temperature: What a hospital's dock can keep.
        tariffs: By tier.
    """

    stations: tuple[Station, ...]
    affected: tuple[str, ...]
    road_permille: int
    dock_temperature: Band
    tariffs: Mapping[Tier, Tariff]

    def road_metres(self, one: Place, other: Place) -> int:
        """Returns the length of the road between two places, at least 1 m, rounded up."""
        return max(1, -(-metres_between(one, other) * self.road_permille // 1000))


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of a consignment: when freight is cut, and from where on goods go to quarantine.

    Attributes:
        policy: What proves delivery.
        late_free: Seconds late that cost nothing.
        late_zero: Seconds late at which nothing is left of a leg's freight.
        longest_silence: Seconds without a reading above which a device's proof is refused.
        exposure_free: Centidegree-seconds outside the band that cost nothing.
        exposure_zero: Centidegree-seconds at which nothing is left of a leg's freight.
        exposure_floor: Centidegree-seconds over all legs above which the goods go to quarantine.
        humidity_free: As for temperature, in centipercent-seconds.
        humidity_zero: As for temperature, in centipercent-seconds.
        humidity_floor: As for temperature, in centipercent-seconds.
    """

    policy: Policy
    late_free: int
    late_zero: int
    longest_silence: int
    exposure_free: int
    exposure_zero: int
    exposure_floor: int
    humidity_free: int
    humidity_zero: int
    humidity_floor: int


@dataclass(frozen=True, slots=True)
class TelemetryLog:
    """What one logger recorded, times ascending, at least one reading."""

    log: str
    readings: tuple[Reading, ...]

    def replayed(self, start: int, end: int, humidity: int | None = None) -> tuple[Reading, ...]:
        """Shifts the log so that its first reading is at ``start``, and cuts it after ``end``.

        A log that is shorter than the journey begins again, one usual interval after its last
        reading.

        Args:
            start: Unix seconds of the pick-up.
            end: Unix seconds of the delivery, not before ``start``.
            humidity: What stands for the humidity where the logger recorded none.
        """
        gaps = sorted(
            after.time - before.time
            for before, after in zip(self.readings, self.readings[1:], strict=False)
        )
        usual = gaps[len(gaps) // 2] if gaps else 600
        length = self.readings[-1].time - self.readings[0].time + usual
        rounds = (end - start) // length + 1
        shifts = (start - self.readings[0].time + turn * length for turn in range(rounds))
        return tuple(
            Reading(
                reading.time + shift,
                reading.temperature,
                humidity if reading.humidity is None else reading.humidity,
            )
            for shift in shifts
            for reading in self.readings
            if reading.time + shift <= end
        )
