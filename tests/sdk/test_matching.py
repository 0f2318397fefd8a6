"""`aidline.solve.matching`: the best plan under the order of urgency.

Random instances are held against the contract's rule written down once more, by totals as the
contract has them; that the plans are the best there are is proved in `test_matching_optimum`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.errors import InputError
from aidline.geodesy import Place
from aidline.model import EarmarkKind, Level
from aidline.solve.matching import (
    Band,
    Batch,
    Exemption,
    Line,
    OpenDemand,
    OpenOffer,
    Plan,
    Reason,
    Unmet,
    batches,
    match,
)

MASK, KIT = 1, 2
HUBEI, GUANGDONG = b"CN-HB".ljust(32, b"\0"), b"CN-GD".ljust(32, b"\0")
PLAN = b"epidemic".ljust(32, b"\0")
NOWHERE = bytes(32)
WUHAN = Place(30_590_000, 114_300_000)
HUANGSHI = Place(30_220_000, 115_030_000)
GUANGZHOU = Place(23_130_000, 113_260_000)


def demand(
    number: int, level: Level = Level.HIGH, units: int = 100, **changes: object
) -> OpenDemand:
    made = OpenDemand(
        id=number,
        material=MASK,
        level=level,
        units=units,
        province=HUBEI,
        facility=number.to_bytes(32, "big"),
        emergency=NOWHERE,
        needed_by=1_000,
        place=WUHAN,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def offer(number: int, units: int = 100, **changes: object) -> OpenOffer:
    made = OpenOffer(
        id=number,
        material=MASK,
        units=units,
        expiry=0,
        earmark_kind=EarmarkKind.NONE,
        earmark_scope=NOWHERE,
        place=WUHAN,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


# --- by hand ---------------------------------------------------------------------------------


def test_the_most_urgent_comes_first() -> None:
    demands = [demand(1, Level.LOW), demand(2, Level.CRITICAL), demand(3, Level.MEDIUM)]
    plan = match(demands, [offer(1, 150)])
    assert plan.lines == (Line(1, 2, 100), Line(1, 3, 50))
    assert plan.exemptions == ()
    assert plan.unmet == (Unmet(1, 100, Reason.OUTRANKED), Unmet(3, 50, Reason.OUTRANKED))


def test_a_shortage_is_shared_within_a_level() -> None:
    demands = [demand(1, units=100), demand(2, units=300), demand(3, units=1)]
    plan = match(demands, [offer(1, 201)])
    got = {line.demand: line.units for line in plan.lines}
    assert got == {1: 50, 2: 150, 3: 1}


def test_a_facility_that_nothing_reaches_does_not_leave_the_others_to_chance() -> None:
    demands = [demand(1, needed_by=2_000), demand(2, units=60), demand(3, units=60)]
    plan = match(demands, [offer(1, 60, expiry=1_500)])
    assert {line.demand: line.units for line in plan.lines} == {2: 30, 3: 30}


def test_a_facility_gains_nothing_by_asking_twice() -> None:
    own = {"facility": _facility(1)}
    demands = [demand(1, units=50, **own), demand(2, units=50, **own), demand(3, units=100)]
    plan = match(demands, [offer(1, 100)])
    got = {line.demand: line.units for line in plan.lines}
    assert got[3] == got[1] + got.get(2, 0) == 50


def test_a_facility_that_is_not_known_is_its_own() -> None:
    demands = [demand(number, units=100, facility=bytes(32)) for number in (1, 2, 3)]
    plan = match(demands, [offer(1, 150)])
    assert {line.demand: line.units for line in plan.lines} == {1: 50, 2: 50, 3: 50}


def test_what_the_station_cannot_keep_is_not_sent() -> None:
    cold, store = Band(200, 800), Band(0, 2_500)
    demands = [demand(1, Level.CRITICAL, keeps=store), demand(2, keeps=Band(300, 700)), demand(3)]
    plan = match(demands, [offer(1, 200, needs=cold)])
    assert plan.lines == (Line(1, 2, 100), Line(1, 3, 100))
    assert plan.exemptions == (Exemption(1, 1),)
    assert plan.unmet == (Unmet(1, 100, Reason.STORAGE),)


def test_what_is_recalled_serves_nobody() -> None:
    plan = match([demand(1)], [offer(1, recalled=True)])
    assert plan == Plan((), (), (Unmet(1, 100, Reason.RECALLED),))


def test_costs_can_be_given() -> None:
    demands = [demand(1, place="hospital"), demand(2, place="clinic")]
    offers = [offer(1, place="port"), offer(2, place="store")]
    costs = {("port", "hospital"): 9, ("port", "clinic"): 1, ("store", "hospital"): 3}
    plan = match(demands, offers, costs)
    assert plan.lines == (Line(1, 2, 100), Line(2, 1, 100))
    with pytest.raises(InputError, match="a cost of a unit is out of range"):
        match(demands, offers, {("port", "hospital"): -1})


def test_quantities_that_no_sum_can_hold_are_refused() -> None:
    with pytest.raises(InputError, match="too many to be matched"):
        match([demand(1, units=10**18)], [offer(number) for number in range(1, 10)])


def test_the_nearest_offer_serves() -> None:
    demands = [demand(1), demand(2, place=GUANGZHOU)]
    plan = match(demands, [offer(1, place=GUANGZHOU), offer(2, place=HUANGSHI)])
    assert plan.lines == (Line(1, 2, 100), Line(2, 1, 100))


def test_distance_never_costs_units() -> None:
    # The near offer fits both; the far one fits the second only.
    demands = [demand(1), demand(2)]
    far = offer(2, place=GUANGZHOU, earmark_kind=EarmarkKind.FACILITY, earmark_scope=_facility(2))
    plan = match(demands, [offer(1), far])
    assert plan.lines == (Line(1, 1, 100), Line(2, 2, 100))
    assert plan.unmet == ()


def _facility(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("kind", "scope", "served"),
    [
        (EarmarkKind.NONE, NOWHERE, True),
        (EarmarkKind.REGION, HUBEI, True),
        (EarmarkKind.REGION, GUANGDONG, False),
        (EarmarkKind.FACILITY, _facility(1), True),
        (EarmarkKind.FACILITY, _facility(2), False),
        (EarmarkKind.EMERGENCY, PLAN, True),
        (EarmarkKind.EMERGENCY, HUBEI, False),
    ],
)
def test_an_earmark_is_kept(kind: EarmarkKind, scope: bytes, served: bool) -> None:
    wanted = demand(1, emergency=PLAN)
    plan = match([wanted], [offer(1, earmark_kind=kind, earmark_scope=scope)])
    assert bool(plan.lines) == served
    assert plan.unmet == (() if served else (Unmet(1, 100, Reason.EARMARK),))


def test_goods_that_end_too_soon_are_exempt_by_name() -> None:
    demands = [demand(1, Level.CRITICAL, needed_by=900), demand(2, Level.LOW, needed_by=500)]
    plan = match(demands, [offer(1, expiry=899)])
    assert plan.lines == (Line(1, 2, 100),)
    assert plan.exemptions == (Exemption(1, 1),)
    assert plan.unmet == (Unmet(1, 100, Reason.EXPIRY),)


def test_what_is_served_elsewhere_needs_no_exemption() -> None:
    demands = [demand(1, Level.CRITICAL, needed_by=900), demand(2, Level.LOW, needed_by=500)]
    plan = match(demands, [offer(1, expiry=899), offer(2, units=100)])
    assert plan.lines == (Line(1, 2, 100), Line(2, 1, 100))
    assert plan.exemptions == ()


def test_materials_do_not_mix() -> None:
    plan = match([demand(1, material=KIT), demand(2)], [offer(1)])
    assert plan.lines == (Line(1, 2, 100),)
    assert plan.unmet == (Unmet(1, 100, Reason.NO_SUPPLY),)


def test_nothing_gives_nothing() -> None:
    assert match([], []) == Plan((), (), ())
    assert match([], [offer(1)]) == Plan((), (), ())
    assert batches(Plan((), (), ()), []) == []


def test_large_quantities_are_exact() -> None:
    units = 10**12
    demands = [demand(1, units=units), demand(2, Level.LOW, units=units)]
    plan = match(demands, [offer(1, units + 7, place=GUANGZHOU)])
    assert plan.lines == (Line(1, 1, units), Line(1, 2, 7))


def test_refuses_what_stands_twice_or_is_nothing() -> None:
    with pytest.raises(InputError, match="demand 1 stands twice"):
        match([demand(1), demand(1)], [])
    with pytest.raises(InputError, match="offer 1 has 0 units"):
        match([], [offer(1, 0)])


# --- batches ---------------------------------------------------------------------------------


def test_a_plan_is_cut_the_most_urgent_first() -> None:
    demands = [demand(1, Level.LOW, 1), demand(2, Level.CRITICAL, 1), demand(3, Level.HIGH, 1)]
    plan = match(demands, [offer(1, 3)])
    assert batches(plan, demands, most=2) == [
        Batch((Line(1, 2, 1), Line(1, 3, 1)), ()),
        Batch((Line(1, 1, 1),), ()),
    ]


def test_an_offer_with_too_many_exemptions_stops_its_material_there() -> None:
    demands = [
        *(demand(number, Level.CRITICAL, 1, needed_by=900) for number in range(1, 4)),
        demand(4, Level.HIGH, 1, needed_by=100),
        demand(5, Level.LOW, 1, needed_by=100),
        demand(6, Level.LOW, 1, material=KIT),
    ]
    # The second offer, for its facility, is not in the way of anybody more urgent.
    own = offer(2, 1, earmark_kind=EarmarkKind.FACILITY, earmark_scope=_facility(5))
    offers = [offer(1, 1, expiry=500), own, offer(3, 1, material=KIT)]
    plan = match(demands, offers)
    assert plan.lines == (Line(1, 4, 1), Line(2, 5, 1), Line(3, 6, 1))
    assert len(plan.exemptions) == 3
    assert batches(plan, demands, most=2) == [Batch((Line(3, 6, 1),), ())]
    assert [line for batch in batches(plan, demands, most=3) for line in batch.lines] == list(
        plan.lines
    )


# --- random ----------------------------------------------------------------------------------

LEVELS = [Level.LOW, Level.MEDIUM, Level.HIGH, Level.CRITICAL]
PLACES = [WUHAN, HUANGSHI, GUANGZHOU]


@st.composite
def instances(draw: st.DrawFn) -> tuple[list[OpenDemand], list[OpenOffer]]:
    demands = [
        demand(
            number,
            draw(st.sampled_from(LEVELS)),
            draw(st.integers(1, 12)),
            material=draw(st.sampled_from([MASK, MASK, KIT])),
            province=draw(st.sampled_from([HUBEI, GUANGDONG])),
            emergency=draw(st.sampled_from([NOWHERE, PLAN])),
            needed_by=draw(st.integers(1, 4)),
            place=draw(st.sampled_from(PLACES)),
        )
        for number in range(1, draw(st.integers(0, 7)) + 1)
    ]
    offers = []
    for number in range(1, draw(st.integers(0, 5)) + 1):
        kind, scope = draw(
            st.sampled_from(
                [
                    (EarmarkKind.NONE, NOWHERE),
                    (EarmarkKind.NONE, NOWHERE),
                    (EarmarkKind.REGION, HUBEI),
                    (EarmarkKind.REGION, GUANGDONG),
                    (EarmarkKind.FACILITY, _facility(1)),
                    (EarmarkKind.EMERGENCY, PLAN),
                ]
            )
        )
        offers.append(
            offer(
                number,
                draw(st.integers(1, 25)),
                material=draw(st.sampled_from([MASK, MASK, KIT])),
                expiry=draw(st.sampled_from([0, 0, 1, 2, 3])),
                earmark_kind=kind,
                earmark_scope=scope,
                place=draw(st.sampled_from(PLACES)),
            )
        )
    return demands, offers


def in_scope(supply: OpenOffer, need: OpenDemand) -> bool:
    bears = {
        EarmarkKind.NONE: NOWHERE,
        EarmarkKind.REGION: need.province,
        EarmarkKind.FACILITY: need.facility,
        EarmarkKind.EMERGENCY: need.emergency,
    }
    return supply.material == need.material and bears[supply.earmark_kind] == supply.earmark_scope


def lasts(supply: OpenOffer, need: OpenDemand) -> bool:
    return supply.expiry == 0 or supply.expiry >= need.needed_by


def propose(
    lines: tuple[Line, ...],
    exemptions: tuple[Exemption, ...],
    demands: dict[int, OpenDemand],
    left: Counter[int],
    stock: Counter[int],
    offers: dict[int, OpenOffer],
) -> str:
    """The contract's rule, by totals: returns the error's name, or nothing."""
    pairs = [(line.offer, line.demand) for line in lines]
    named = [(one.offer, one.demand) for one in exemptions]
    if pairs != sorted(set(pairs)):
        return "LineNotAscending"
    if named != sorted(set(named)):
        return "ExemptionNotAscending"
    lowest: dict[int, Level] = {}
    for line in lines:
        need, supply = demands[line.demand], offers[line.offer]
        if not in_scope(supply, need):
            return "LineEarmark"
        if not lasts(supply, need):
            return "LineExpired"
        if not 0 < line.units <= min(left[need.id], stock[supply.id]):
            return "LineTooManyUnits"
        left[need.id] -= line.units
        stock[supply.id] -= line.units
        lowest[supply.id] = min(lowest.get(supply.id, need.level), need.level)
    for number, level in lowest.items():
        supply = offers[number]
        totals: Counter[Level] = Counter()
        for need in demands.values():
            if in_scope(supply, need):
                totals[need.level] += left[need.id]
        for one in exemptions:
            need = demands[one.demand]
            if one.offer == number:
                if not in_scope(supply, need) or lasts(supply, need):
                    return "NotExempt"
                totals[need.level] -= left[need.id]
        if any(units for above, units in totals.items() if above > level):
            return "OutOfOrder"
    if not {one.offer for one in exemptions} <= set(lowest):
        return "NotExempt"
    return ""


def stocks(
    demands: list[OpenDemand], offers: list[OpenOffer]
) -> tuple[dict[int, OpenDemand], Counter[int], Counter[int], dict[int, OpenOffer]]:
    return (
        {one.id: one for one in demands},
        Counter({one.id: one.units for one in demands}),
        Counter({one.id: one.units for one in offers}),
        {one.id: one for one in offers},
    )


@given(instances())
def test_the_contract_accepts_every_plan(
    instance: tuple[list[OpenDemand], list[OpenOffer]],
) -> None:
    demands, offers = instance
    plan = match(demands, offers)
    assert propose(plan.lines, plan.exemptions, *stocks(demands, offers)) == ""


@given(instances(), st.integers(1, 4))
def test_the_contract_accepts_every_batch_in_turn(
    instance: tuple[list[OpenDemand], list[OpenOffer]], most: int
) -> None:
    demands, offers = instance
    plan = match(demands, offers)
    state = stocks(demands, offers)
    proposed: list[Line] = []
    for batch in batches(plan, demands, most):
        assert len(batch.lines) <= most and len(batch.exemptions) <= most
        assert propose(batch.lines, batch.exemptions, *state) == ""
        proposed += batch.lines
    assert set(proposed) <= set(plan.lines)
    if len(plan.exemptions) <= most:
        assert set(proposed) == set(plan.lines)


@given(instances())
def test_what_is_not_served_is_told_with_a_reason(
    instance: tuple[list[OpenDemand], list[OpenOffer]],
) -> None:
    demands, offers = instance
    plan = match(demands, offers)
    got: Counter[int] = Counter()
    for line in plan.lines:
        got[line.demand] += line.units
    open_units = {one.id: one.units - got[one.id] for one in demands}
    told = {one.demand: one.units for one in plan.unmet}
    assert told == {number: units for number, units in open_units.items() if units}


@given(instances(), st.randoms())
def test_the_sequence_of_the_records_does_not_matter(
    instance: tuple[list[OpenDemand], list[OpenOffer]], dice: object
) -> None:
    demands, offers = instance
    shuffled = list(demands), list(offers)
    for records in shuffled:
        dice.shuffle(records)  # type: ignore[attr-defined]
    assert match(*shuffled) == match(demands, offers)
