"""The solver's plans before the contract itself.

Given random needs and gifts
├── the plan of `aidline.solve.matching` is accepted, batch by batch, and scores what it promises
└── with one unit moved from the most urgent to a less urgent demand it is refused
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from aidline.geodesy import Place
from aidline.model import EarmarkKind, Level
from aidline.solve.matching import OpenDemand, OpenOffer, batches, match
from tests.support.demand import NO_EARMARK, Desk, earmark
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, MASK

HOSPITALS = ("hospital", "second_hospital", "county_hospital")
AUDITORS = (key_of("auditor"), key_of("second_auditor"))
NAMES = {key_of(name).address: name for name in HOSPITALS}
WEIGHTS = {Level.LOW: 1, Level.MEDIUM: 4, Level.HIGH: 16, Level.CRITICAL: 64}
MARKS = (
    NO_EARMARK,
    NO_EARMARK,
    earmark(EarmarkKind.REGION, "CN-HB"),
    earmark(EarmarkKind.FACILITY, "hospital"),
)
WUHAN = Place(30_590_000, 114_300_000)


def needs_and_gifts(desk: Desk, dice: random.Random) -> tuple[list[OpenDemand], list[OpenOffer]]:
    """Publish demands of every level and offer gifts, fewer than are needed."""
    for name in HOSPITALS:
        desk.settle(key_of(name), AUDITORS[0])
    for number in range(16):
        level = (Level.LOW, Level.MEDIUM, Level.HIGH, Level.CRITICAL)[number % 4]
        desk.need(
            key_of(dice.choice(HOSPITALS)),
            level,
            dice.randrange(1, 400),
            AUDITORS,
            material=dice.choice((MASK, KIT)),
            needed_by=desk.now + dice.randrange(1, 9) * DAY,
        )
    for number in range(9):
        material = (MASK, KIT)[number % 2]
        expiry = desk.now + dice.randrange(2, 9) * DAY if material == KIT else 0
        desk.offer(
            key_of("charity"),
            dice.randrange(1, 200),
            mark=MARKS[number // 2 % 4],
            material=material,
            expiry=expiry,
        )
    return read_demands(desk), read_offers(desk)


def read_demands(desk: Desk) -> list[OpenDemand]:
    made = []
    for number in range(1, desk.needs.demandCount() + 1):
        record: Any = desk.needs.demand(number)
        made.append(
            OpenDemand(
                id=number,
                material=record.material,
                level=record.counted,
                units=record.units - record.served,
                province=word("CN-HB"),
                facility=word(NAMES[record.recipient]),
                emergency=record.emergency,
                needed_by=record.needed_by,
                place=WUHAN,
            )
        )
    return made


def read_offers(desk: Desk) -> list[OpenOffer]:
    made = []
    for number in range(1, desk.escrow.offerCount() + 1):
        record: Any = desk.escrow.offerRecord(number)
        made.append(
            OpenOffer(
                id=number,
                material=record.material,
                units=record.units,
                expiry=record.expiry,
                earmark_kind=record.earmark_kind,
                earmark_scope=record.earmark_scope,
                place=WUHAN,
            )
        )
    return made


@pytest.mark.parametrize("most", [100, 3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_contract_accepts_the_plan(desk: Desk, seed: int, most: int) -> None:
    demands, offers = needs_and_gifts(desk, random.Random(seed))
    plan = match(demands, offers)
    level = {one.id: one.level for one in demands}
    score = 0
    for batch in batches(plan, demands, most):
        receipt = desk.escrow.propose(
            {
                "lapse": [],
                "lines": [(line.offer, line.demand, line.units) for line in batch.lines],
                "exemptions": [(one.offer, one.demand) for one in batch.exemptions],
            },
            sender=key_of("solver"),
        )
        score += receipt.event("ProposalAccepted").args.score
    if most == 100:
        assert score == sum(line.units * WEIGHTS[level[line.demand]] for line in plan.lines)
        served: Counter[int] = Counter()
        for line in plan.lines:
            served[line.demand] += line.units
        for one in demands:
            assert desk.needs.demand(one.id).served == served[one.id]
    assert score


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_contract_refuses_the_plan_turned_round(desk: Desk, seed: int) -> None:
    demands, offers = needs_and_gifts(desk, random.Random(seed))
    known = {one.id: one for one in demands}
    plan = match(demands, offers)
    # A line of the most urgent, from an offer for all, gives one unit to the least urgent.
    free = {one.id for one in offers if one.earmark_kind == EarmarkKind.NONE and not one.expiry}
    urgent = max(
        (line for line in plan.lines if line.offer in free),
        key=lambda line: known[line.demand].level,
    )
    least = min(
        (one for one in demands if one.material == known[urgent.demand].material),
        key=lambda one: one.level,
    )
    assert least.level < known[urgent.demand].level
    lines = {(line.offer, line.demand): line.units for line in plan.lines}
    lines[urgent.offer, urgent.demand] -= 1
    taken = sum(units for (_, number), units in lines.items() if number == least.id)
    assert taken < least.units
    lines[urgent.offer, least.id] = lines.get((urgent.offer, least.id), 0) + 1
    proposal = sorted((o, d, units) for (o, d), units in lines.items() if units)
    exemptions = [(one.offer, one.demand) for one in plan.exemptions]
    with reverts("OutOfOrder"):
        desk.propose(*proposal, exemptions=exemptions)
