"""Unaudited demand through fast paths, after what was audited.

serve_unaudited
├── gives what is left, never what audited demand gets
├── asks no path for more than it has, in the order in which the contract charges it
├── uses the path above where the nearest has no room, and nothing where none has
└── names the audited demand that an offer cannot serve, and obeys earmarks and expiry
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from aidline.model import EarmarkKind, Level
from aidline.solve.fastpath import Path, Unaudited, serve_unaudited
from aidline.solve.matching import Exemption, Line, OpenDemand, OpenOffer, Plan, match

PLAN, CITY, PROVINCE = b"plan", b"city", b"province"
NEAR, ABOVE = (PLAN, CITY), (PLAN, PROVINCE)


def demand(number: int, units: int, level: Level = Level.LOW, needed_by: int = 10) -> OpenDemand:
    return OpenDemand(
        id=number,
        material=1,
        level=level,
        units=units,
        province=PROVINCE,
        facility=b"facility %d" % number,
        emergency=PLAN,
        needed_by=needed_by,
        place=None,
    )


def offer(number: int, units: int, expiry: int = 0) -> OpenOffer:
    return OpenOffer(
        id=number,
        material=1,
        units=units,
        expiry=expiry,
        earmark_kind=EarmarkKind.NONE,
        earmark_scope=b"",
        place=None,
    )


def served(
    audited: Sequence[OpenDemand],
    offers: Sequence[OpenOffer],
    unaudited: Sequence[OpenDemand],
    room: dict[Path, int],
) -> Plan:
    waiting = [Unaudited(one, (NEAR, ABOVE)) for one in unaudited]
    return serve_unaudited(match(audited, offers), audited, offers, waiting, room)


def test_gives_what_is_left() -> None:
    audited = [demand(1, 70, Level.HIGH)]
    made = served(audited, [offer(1, 100)], [demand(2, 90)], {NEAR: 1_000})
    assert made.lines == (Line(1, 2, 30),)
    assert served(audited, [offer(1, 70)], [demand(2, 90)], {NEAR: 1_000}).lines == ()


def test_cuts_to_the_room_of_the_nearest_path_that_has_any() -> None:
    for room, expected in (
        ({NEAR: 40}, (Line(1, 2, 40),)),
        ({ABOVE: 25}, (Line(1, 2, 25),)),
        ({NEAR: 0}, ()),
        ({}, ()),
    ):
        assert served([], [offer(1, 100)], [demand(2, 90)], room).lines == expected


def test_who_needs_it_soonest_has_the_room() -> None:
    made = served([], [offer(1, 100)], [demand(2, 50, needed_by=9), demand(3, 50)], {NEAR: 60})
    assert made.lines == (Line(1, 2, 50), Line(1, 3, 10))


def test_names_what_an_offer_cannot_serve() -> None:
    audited = [demand(1, 70, Level.CRITICAL, needed_by=30)]
    made = served(audited, [offer(1, 100, expiry=20)], [demand(2, 90)], {NEAR: 1_000})
    assert made.lines == (Line(1, 2, 90),)
    assert made.exemptions == (Exemption(1, 1),)


def test_no_path_is_ever_asked_for_more_than_it_has() -> None:
    """As the contract charges: each line whole, to the nearest path that has room for it."""
    dice = random.Random(5)
    moved = 0
    for _ in range(300):
        room = {path: dice.randrange(80) for path in (NEAR, ABOVE) if dice.random() < 0.9}
        offers = [offer(n, dice.randrange(1, 40)) for n in range(1, dice.randrange(2, 6))]
        unaudited = [
            demand(n, dice.randrange(1, 60), needed_by=dice.randrange(1, 5)) for n in range(1, 5)
        ]
        made = served([], offers, unaudited, room)
        left = dict(room)
        for line in made.lines:
            path = next(one for one in (NEAR, ABOVE) if left.get(one, 0) >= line.units > 0)
            left[path] -= line.units
            moved += line.units
        for one in unaudited:
            assert sum(line.units for line in made.lines if line.demand == one.id) <= one.units
        for there in offers:
            assert sum(line.units for line in made.lines if line.offer == there.id) <= there.units
    assert moved > 5_000
