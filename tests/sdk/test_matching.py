"""Matching: the most urgent first, then the smallest worst shortage, then the least distance.

- when all can be served: nothing is unmet
- when supply is short: the more urgent get it; within a level the worst shortage is smallest;
  of equal plans the shortest way
- when an earmark, an expiry or nothing at all keeps goods from a demand: it says so
- when an offer must pass over an urgent demand because its lot ends too soon: it is exempted
- when random: the plan is what brute force finds, and the order rule of the contract accepts it
- when an id stands twice or a quantity is not positive: refused
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidline.errors import InputError
from aidline.geodesy import Place
from aidline.model import EarmarkKind, Level
from aidline.solve.matching import Line, OpenDemand, OpenOffer, Plan, Reason, match

HERE = Place(30_000_000, 114_000_000)
FAR = Place(39_000_000, 116_000_000)
HUBEI, GUANGDONG = b"CN-HB".ljust(32, b"\0"), b"CN-GD".ljust(32, b"\0")
NONE = bytes(32)
LATER = 1_000


def demand(number: int, level: Level, units: int, **other: object) -> OpenDemand:
    record: dict[str, object] = {
        "material": 1,
        "province": HUBEI,
        "facility": bytes([number]) * 32,
        "emergency": NONE,
        "needed_by": LATER,
        "place": HERE,
    } | other
    return OpenDemand(id=number, level=level, units=units, **record)  # type: ignore[arg-type]


def offer(number: int, units: int, **other: object) -> OpenOffer:
    record: dict[str, object] = {
        "material": 1,
        "expiry": 0,
        "earmark_kind": EarmarkKind.NONE,
        "earmark_scope": NONE,
        "place": HERE,
    } | other
    return OpenOffer(id=number, units=units, **record)  # type: ignore[arg-type]


def holds(one: OpenOffer, other: OpenDemand) -> bool:
    """Whether an earmark holds a demand, written anew from the spec."""
    scope = {
        EarmarkKind.NONE: True,
        EarmarkKind.REGION: one.earmark_scope == other.province,
        EarmarkKind.FACILITY: one.earmark_scope == other.facility,
        EarmarkKind.EMERGENCY: one.earmark_scope == other.emergency,
    }
    return one.material == other.material and scope[one.earmark_kind]


def breaks_order(plan: Plan, demands: list[OpenDemand], offers: list[OpenOffer]) -> bool:
    """The rule: nothing above the lowest level served is open, but what is exempted."""
    left = {one.id: one.units for one in demands}
    known = {one.id: one for one in demands}
    for line in plan.lines:
        left[line.demand] -= line.units
    exempted = {(one.offer, one.demand) for one in plan.exemptions}
    for one in offers:
        served = [known[line.demand].level for line in plan.lines if line.offer == one.id]
        for other in demands:
            if (
                served
                and other.level > min(served)
                and holds(one, other)
                and left[other.id]
                and (one.id, other.id) not in exempted
            ):
                return True
    return False


def served(plan: Plan) -> dict[int, int]:
    got: dict[int, int] = {}
    for line in plan.lines:
        got[line.demand] = got.get(line.demand, 0) + line.units
    return got


def test_serves_everything_when_there_is_enough() -> None:
    plan = match([demand(1, Level.LOW, 4), demand(2, Level.HIGH, 6)], [offer(1, 10)])
    assert plan.lines == (Line(1, 1, 4), Line(1, 2, 6))
    assert plan.unmet == ()


def test_serves_the_most_urgent_first() -> None:
    wanted = [demand(1, Level.LOW, 5), demand(2, Level.CRITICAL, 5), demand(3, Level.HIGH, 5)]
    plan = match(wanted, [offer(1, 8)])
    assert served(plan) == {2: 5, 3: 3}
    assert {one.demand: one.reason for one in plan.unmet} == {
        1: Reason.OUTRANKED,
        3: Reason.OUTRANKED,
    }


def test_shares_a_level_by_the_smallest_worst_shortage() -> None:
    plan = match([demand(1, Level.HIGH, 100), demand(2, Level.HIGH, 50)], [offer(1, 75)])
    assert served(plan) == {1: 50, 2: 25}


def test_takes_the_shorter_way_of_equal_plans() -> None:
    wanted = [demand(1, Level.HIGH, 5, place=HERE), demand(2, Level.HIGH, 5, place=FAR)]
    plan = match(wanted, [offer(1, 5, place=FAR), offer(2, 5, place=HERE)])
    assert plan.lines == (Line(1, 2, 5), Line(2, 1, 5))


def test_says_that_there_is_no_supply() -> None:
    (left,) = match([demand(1, Level.HIGH, 5)], [offer(1, 5, material=2)]).unmet
    assert (left.units, left.reason) == (5, Reason.NO_SUPPLY)


def test_says_that_an_earmark_keeps_goods_away() -> None:
    there = [offer(1, 5, earmark_kind=EarmarkKind.REGION, earmark_scope=GUANGDONG)]
    (left,) = match([demand(1, Level.HIGH, 5)], there).unmet
    assert left.reason is Reason.EARMARK


def test_says_that_the_lot_ends_too_soon() -> None:
    (left,) = match([demand(1, Level.HIGH, 5)], [offer(1, 5, expiry=LATER - 1)]).unmet
    assert left.reason is Reason.EXPIRY


def test_exempts_an_urgent_demand_that_the_lot_does_not_outlast() -> None:
    wanted = [demand(1, Level.CRITICAL, 5, needed_by=LATER), demand(2, Level.LOW, 5, needed_by=10)]
    plan = match(wanted, [offer(1, 5, expiry=20)])
    assert plan.lines == (Line(1, 2, 5),)
    assert [(one.offer, one.demand) for one in plan.exemptions] == [(1, 1)]


@pytest.mark.parametrize("units", [0, -1])
def test_refuses_a_quantity_that_is_not_positive(units: int) -> None:
    with pytest.raises(InputError, match="demand 1 has"):
        match([demand(1, Level.LOW, units)], [])


def test_refuses_an_id_that_stands_twice() -> None:
    with pytest.raises(InputError, match="offer 1 stands twice"):
        match([], [offer(1, 1), offer(1, 2, material=2)])


_KINDS = st.sampled_from(
    [
        (EarmarkKind.NONE, NONE),
        (EarmarkKind.REGION, HUBEI),
        (EarmarkKind.REGION, GUANGDONG),
        (EarmarkKind.FACILITY, bytes([1]) * 32),
    ]
)


@st.composite
def instances(draw: st.DrawFn, most: int, units: int) -> tuple[list[OpenDemand], list[OpenOffer]]:
    demands = [
        demand(
            number,
            draw(st.sampled_from(list(Level)[1:])),
            draw(st.integers(1, units)),
            province=draw(st.sampled_from([HUBEI, GUANGDONG])),
            needed_by=draw(st.sampled_from([10, LATER])),
            material=draw(st.sampled_from([1, 1, 2])),
        )
        for number in range(1, draw(st.integers(1, most)) + 1)
    ]
    offers = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        kind, scope = draw(_KINDS)
        offers.append(
            offer(
                number,
                draw(st.integers(1, units)),
                earmark_kind=kind,
                earmark_scope=scope,
                expiry=draw(st.sampled_from([0, 20])),
                material=draw(st.sampled_from([1, 1, 2])),
            )
        )
    return demands, offers


@given(instances(most=12, units=60))
@settings(max_examples=150, deadline=None)
def test_never_breaks_the_order(instance: tuple[list[OpenDemand], list[OpenOffer]]) -> None:
    demands, offers = instance
    plan = match(demands, offers)
    got = served(plan)
    given_out = {one.id: sum(x.units for x in plan.lines if x.offer == one.id) for one in offers}
    assert all(got.get(one.id, 0) <= one.units for one in demands)
    assert all(given_out[one.id] <= one.units for one in offers)
    assert not breaks_order(plan, demands, offers)
    left = {one.demand: one.units for one in plan.unmet}
    assert all(got.get(one.id, 0) + left.get(one.id, 0) == one.units for one in demands)


@given(instances(most=3, units=2))
@settings(max_examples=60, deadline=None)
def test_serves_as_much_of_each_level_as_brute_force(
    instance: tuple[list[OpenDemand], list[OpenOffer]],
) -> None:
    demands, offers = instance
    plan = match(demands, offers)
    pairs = [
        (one, other)
        for one in offers
        for other in demands
        if holds(one, other) and (not one.expiry or one.expiry >= other.needed_by)
    ]

    def by_level(units: tuple[int, ...]) -> tuple[int, ...] | None:
        for one in offers:
            if sum(n for n, (x, _) in zip(units, pairs, strict=True) if x is one) > one.units:
                return None
        for other in demands:
            if sum(n for n, (_, y) in zip(units, pairs, strict=True) if y is other) > other.units:
                return None
        return tuple(
            sum(n for n, (_, y) in zip(units, pairs, strict=True) if y.level == level)
            for level in reversed(Level)
        )

    choices = product(*(range(min(x.units, y.units) + 1) for x, y in pairs))
    best = max(score for units in choices if (score := by_level(units)) is not None)
    got = served(plan)
    assert best == tuple(
        sum(got.get(one.id, 0) for one in demands if one.level == level)
        for level in reversed(Level)
    )
