"""A crisis that is made up, of any size: for benchmarks, and to try the matching out."""

from __future__ import annotations

import random
from typing import TypeVar

from aidline.geodesy import Place
from aidline.model import EarmarkKind, Level
from aidline.solve.matching import Band, OpenDemand, OpenOffer

__all__ = ["crisis"]

_T = TypeVar("_T")

_DAY = 86_400
_COLD = Band(200, 800)
_PROVINCES = 20
_PLANS = (b"epidemic".ljust(32, b"\0"), b"flood".ljust(32, b"\0"))
_LEVELS = ((Level.LOW, 4), (Level.MEDIUM, 3), (Level.HIGH, 2), (Level.CRITICAL, 1))
_KINDS = (
    (EarmarkKind.NONE, 6),
    (EarmarkKind.REGION, 2),
    (EarmarkKind.FACILITY, 1),
    (EarmarkKind.EMERGENCY, 1),
)


def crisis(
    demands: int,
    offers: int,
    *,
    seed: int,
    materials: int = 20,
    places: int = 100,
    supply: float = 0.6,
) -> tuple[list[OpenDemand], list[OpenOffer]]:
    """Make up demands and offers that meet in every way they can; the same seed, the same crisis.

    Quantities are log-normal about 400 units; of ten offers four bear an earmark and five expire
    within 90 days; of ten demands three stand under a plan; every fifth good must be kept cold,
    which half of the stations do. A facility has twenty demands on average, goods are needed
    within 60 days.

    Args:
        demands: How many.
        offers: How many.
        seed: Of the random generator.
        materials: How many kinds of goods.
        places: Where demands and offers are.
        supply: Units of an offer in the mean, as a share of a demand's.
    """
    dice = random.Random(seed)
    # A place's coordinates within the east of China; its province.
    known = [
        (
            Place(dice.randrange(22_000_000, 42_000_000), dice.randrange(103_000_000, 122_000_000)),
            b"province %d" % dice.randrange(_PROVINCES),
        )
        for _ in range(places)
    ]
    facilities = [(b"facility %d" % number, *dice.choice(known)) for number in range(demands // 20)]
    facilities = facilities or [(b"facility 0", *known[0])]
    made_demands = []
    for number in range(1, demands + 1):
        facility, place, province = dice.choice(facilities)
        made_demands.append(
            OpenDemand(
                id=number,
                material=dice.randrange(materials),
                level=_one_of(dice, _LEVELS),
                units=int(dice.lognormvariate(6, 1)) + 1,
                province=province,
                facility=facility,
                emergency=dice.choice(_PLANS) if dice.random() < 0.3 else bytes(32),
                needed_by=dice.randrange(1, 61) * _DAY,
                place=place,
                keeps=_COLD if dice.random() < 0.5 else Band(0, 2_500),
            )
        )
    made_offers = []
    for number in range(1, offers + 1):
        place, province = dice.choice(known)
        kind = _one_of(dice, _KINDS)
        scope = {
            EarmarkKind.NONE: bytes(32),
            EarmarkKind.REGION: province,
            EarmarkKind.FACILITY: dice.choice(facilities)[0],
            EarmarkKind.EMERGENCY: dice.choice(_PLANS),
        }[kind]
        made_offers.append(
            OpenOffer(
                id=number,
                material=dice.randrange(materials),
                units=int(supply * dice.lognormvariate(6, 1)) + 1,
                expiry=dice.randrange(_DAY, 91 * _DAY) if dice.random() < 0.5 else 0,
                earmark_kind=kind,
                earmark_scope=scope,
                place=place,
                needs=_COLD if dice.random() < 0.2 else None,
            )
        )
    return made_demands, made_offers


def _one_of(dice: random.Random, weighted: tuple[tuple[_T, int], ...]) -> _T:
    return dice.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]
