"""`aidline.solve.matching` against the optimum that others prove.

CP-SAT is given the pairs of offers and demands that may meet, a variable for each, and nothing of
flows, pools or polymatroids. On hundreds of random instances with every feature it proves
├── that no plan serves more units of a level, the levels above being served as well as can be
├── that no plan has smaller shortages among facilities, the largest first
└── that no plan goes a shorter way to serve each facility as much
On instances so small that every plan can be tried, brute force says the same, and that of equals
the smaller facility's unit comes first, then that of the earlier demand
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from aidline.geodesy import Place, metres_between
from aidline.model import EarmarkKind, Level
from aidline.solve.matching import Band, Line, OpenDemand, OpenOffer, Plan, match

LEVELS = (Level.CRITICAL, Level.HIGH, Level.MEDIUM, Level.LOW)
PLACES = (
    Place(30_590_000, 114_300_000),
    Place(30_220_000, 115_030_000),
    Place(23_130_000, 113_260_000),
    Place(31_230_000, 121_470_000),
)
PROVINCES = (b"CN-HB", b"CN-GD", b"CN-SH")
PLANS = (bytes(32), b"epidemic", b"flood")
COLD, FROZEN, STORE = Band(200, 800), Band(-2500, -1500), Band(-2500, 2500)

Claimant = tuple[Level, bytes]


def random_market(
    dice: random.Random, demands: int, offers: int, most: int
) -> tuple[list[OpenDemand], list[OpenOffer]]:
    """Return needs and gifts of one material that meet in every way they can."""
    facilities = max(demands // 2, 1)
    wanted = [
        OpenDemand(
            id=number,
            material=1,
            level=dice.choice(LEVELS),
            units=dice.randint(1, most),
            province=dice.choice(PROVINCES),
            facility=b"facility %d" % dice.randrange(facilities),
            emergency=dice.choice(PLANS),
            needed_by=dice.randint(1, 6),
            place=dice.choice(PLACES),
            keeps=dice.choice((None, COLD, FROZEN, STORE)),
        )
        for number in range(1, demands + 1)
    ]
    there = []
    for number in range(1, offers + 1):
        kind, scope = dice.choice(
            (
                (EarmarkKind.NONE, bytes(32)),
                (EarmarkKind.NONE, bytes(32)),
                (EarmarkKind.NONE, bytes(32)),
                (EarmarkKind.REGION, dice.choice(PROVINCES)),
                (EarmarkKind.FACILITY, b"facility %d" % dice.randrange(facilities)),
                (EarmarkKind.EMERGENCY, dice.choice(PLANS[1:])),
            )
        )
        there.append(
            OpenOffer(
                id=number,
                material=1,
                units=dice.randint(1, most),
                expiry=dice.choice((0, 0, *range(1, 7))),
                earmark_kind=kind,
                earmark_scope=scope,
                place=dice.choice(PLACES),
                needs=dice.choice((None, None, COLD, FROZEN)),
                recalled=dice.random() < 0.1,
            )
        )
    return wanted, there


def may_meet(offer: OpenOffer, demand: OpenDemand) -> bool:
    """The rules, once more and plainly."""
    if offer.recalled or offer.material != demand.material:
        return False
    if offer.earmark_kind is EarmarkKind.REGION and offer.earmark_scope != demand.province:
        return False
    if offer.earmark_kind is EarmarkKind.FACILITY and offer.earmark_scope != demand.facility:
        return False
    if offer.earmark_kind is EarmarkKind.EMERGENCY and offer.earmark_scope != demand.emergency:
        return False
    if offer.expiry and offer.expiry < demand.needed_by:
        return False
    if offer.needs is None or demand.keeps is None:
        return True
    return offer.needs.low <= demand.keeps.low and demand.keeps.high <= offer.needs.high


def claimant(demand: OpenDemand) -> Claimant:
    return demand.level, demand.facility


def asked(demands: Sequence[OpenDemand]) -> Counter[Claimant]:
    units: Counter[Claimant] = Counter()
    for demand in demands:
        units[claimant(demand)] += demand.units
    return units


def got(plan: Plan, demands: Sequence[OpenDemand]) -> Counter[Claimant]:
    of = {demand.id: claimant(demand) for demand in demands}
    units: Counter[Claimant] = Counter()
    for line in plan.lines:
        units[of[line.demand]] += line.units
    return units


def distance(
    lines: Sequence[Line], demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]
) -> int:
    start = {offer.id: offer.place for offer in offers}
    end = {demand.id: demand.place for demand in demands}
    return sum(
        line.units * metres_between(start[line.offer], end[line.demand])  # type: ignore[arg-type]
        for line in lines
    )


def assert_keeps_the_rules(
    plan: Plan, demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]
) -> None:
    wanted = {demand.id: demand for demand in demands}
    there = {offer.id: offer for offer in offers}
    taken: Counter[int] = Counter()
    given_to: Counter[int] = Counter()
    for line in plan.lines:
        assert line.units > 0
        assert may_meet(there[line.offer], wanted[line.demand])
        taken[line.offer] += line.units
        given_to[line.demand] += line.units
    assert all(units <= there[number].units for number, units in taken.items())
    assert all(units <= wanted[number].units for number, units in given_to.items())


class Proof:
    """What CP-SAT has to say of a market."""

    def __init__(self, demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]) -> None:
        self.model = cp_model.CpModel()
        self.asked = asked(demands)
        self._solver = cp_model.CpSolver()
        self._solver.parameters.num_workers = 1
        # Sums that cannot be: its linear relaxation sees that at once, search does not.
        self._solver.parameters.linearization_level = 2
        self._ways: list[tuple[cp_model.IntVar, int]] = []
        into: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        served: dict[Claimant, list[cp_model.IntVar]] = defaultdict(list)
        for offer in offers:
            out = []
            for demand in demands:
                if may_meet(offer, demand):
                    units = self.model.new_int_var(0, min(offer.units, demand.units), "")
                    metres = metres_between(offer.place, demand.place)  # type: ignore[arg-type]
                    self._ways.append((units, metres))
                    into[demand.id].append(units)
                    served[claimant(demand)].append(units)
                    out.append(units)
            self.model.add(sum(out) <= offer.units)
        for demand in demands:
            self.model.add(sum(into[demand.id]) <= demand.units)
        self.gets = {one: sum(served[one]) for one in self.asked}

    def most(self, level: Level) -> int:
        """Return the most units of a level, and hold to it from now on."""
        units = sum(expression for (of, _), expression in self.gets.items() if of == level)
        self.model.maximize(units)
        best = self._best()
        self.model.add(units >= best)
        return best

    def least_worst(self, level: Level, worst: Fraction) -> bool:
        """Say whether not all facilities can lack less than the worst does at this level."""
        tried = self.model.clone()
        tried.clear_objective()
        for one in self.asked:
            if one[0] == level:
                enough = self.asked[one] - ceil(worst * self.asked[one]) + 1
                tried.add(self.gets[one] >= enough)
        return bool(self._solver.solve(tried) == cp_model.INFEASIBLE)

    def least_short(self, level: Level, vector: Sequence[Fraction]) -> bool:
        """Say whether no shortages at this level are smaller, and hold to these from now on.

        Args:
            level: The level.
            vector: Shortages, the largest first. Others would be smaller when, up to one of the
                values, as many facilities had each, and of that value fewer had so much.
        """
        claims = [one for one in self.asked if one[0] == level]
        for value in sorted(set(vector), reverse=True):
            above = sum(self._lacks(one, value, or_more=False) for one in claims)
            self.model.add(above <= sum(one > value for one in vector))
            this = sum(self._lacks(one, value, or_more=True) for one in claims)
            self.model.minimize(this)
            if self._best() != sum(one >= value for one in vector):
                return False
            self.model.add(this <= sum(one >= value for one in vector))
        return True

    def _lacks(self, one: Claimant, share: Fraction, or_more: bool) -> cp_model.IntVar:
        """Return whether a facility lacks more than a share (or just so much)."""
        is_so = self.model.new_bool_var("")
        limit = share * self.asked[one]
        lacking = ceil(limit) - 1 if or_more else floor(limit)
        self.model.add(self.gets[one] >= self.asked[one] - lacking).only_enforce_if(~is_so)
        return is_so

    def shortest(self, units: Counter[Claimant]) -> int:
        """Return the least sum of units times metres by which each facility gets so much."""
        for one, expression in self.gets.items():
            self.model.add(expression == units[one])
        self.model.minimize(sum(units * metres for units, metres in self._ways))
        return self._best()

    def _best(self) -> int:
        status = self._solver.solve(self.model)
        assert status == cp_model.OPTIMAL, self._solver.status_name(status)
        return round(self._solver.objective_value)


def shortages(level: Level, needs: Counter[Claimant], has: Counter[Claimant]) -> list[Fraction]:
    return sorted(
        (Fraction(needs[one] - has[one], needs[one]) for one in needs if one[0] == level),
        reverse=True,
    )


def prove(seed: int, size: int, most: int, *, every_shortage: bool) -> None:
    dice = random.Random(seed)
    demands, offers = random_market(dice, size, size - 2, most)
    plan = match(demands, offers)
    assert_keeps_the_rules(plan, demands, offers)
    needs, has = asked(demands), got(plan, demands)
    proof = Proof(demands, offers)
    for level in LEVELS:
        served = sum(units for (of, _), units in has.items() if of == level)
        assert served == proof.most(level), (seed, level)
    for level in LEVELS:
        vector = shortages(level, needs, has)
        if every_shortage:
            assert proof.least_short(level, vector), (seed, level)
        elif vector:
            assert proof.least_worst(level, vector[0]), (seed, level)
    assert distance(plan.lines, demands, offers) == proof.shortest(has), seed


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_cp_sat_finds_no_better_plan(first: int) -> None:
    for seed in range(first, first + 50):
        prove(seed, size=4 + seed % 5, most=(3, 5, 9)[seed % 3], every_shortage=True)


@pytest.mark.parametrize("first", range(200, 260, 20))
def test_cp_sat_finds_no_better_plan_of_many(first: int) -> None:
    for seed in range(first, first + 20):
        prove(seed, size=30, most=(20, 5_000)[seed % 2], every_shortage=False)


@st.composite
def tiny(draw: st.DrawFn) -> tuple[list[OpenDemand], list[OpenOffer]]:
    dice = draw(st.randoms(use_true_random=False))
    return random_market(dice, draw(st.integers(1, 3)), draw(st.integers(1, 3)), 3)


def every_plan(
    demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]
) -> Iterator[dict[tuple[int, int], int]]:
    """Yield the units of every plan by pair."""
    pairs = [(offer, demand) for offer in offers for demand in demands if may_meet(offer, demand)]
    amounts = [range(min(offer.units, demand.units) + 1) for offer, demand in pairs]
    for chosen in product(*amounts):
        taken: Counter[int] = Counter()
        given_to: Counter[int] = Counter()
        for (offer, demand), units in zip(pairs, chosen, strict=True):
            taken[offer.id] += units
            given_to[demand.id] += units
        if all(taken[one.id] <= one.units for one in offers) and all(
            given_to[one.id] <= one.units for one in demands
        ):
            yield {
                (offer.id, demand.id): units
                for (offer, demand), units in zip(pairs, chosen, strict=True)
            }


@given(tiny())
@settings(max_examples=200)
def test_brute_force_finds_no_better_plan(
    market: tuple[list[OpenDemand], list[OpenOffer]],
) -> None:
    demands, offers = market
    needs = asked(demands)
    of = {demand.id: claimant(demand) for demand in demands}

    def worth(units: dict[tuple[int, int], int]) -> tuple[object, ...]:
        """The less, the better."""
        has: Counter[Claimant] = Counter()
        for (_, demand), part in units.items():
            has[of[demand]] += part
        by_level = [-sum(has[one] for one in needs if one[0] == level) for level in LEVELS]
        vectors = [shortages(level, needs, has) for level in LEVELS]
        # of equals the facility whose demand comes first has more
        turns = [[-has[one] for one in needs if one[0] == level] for level in LEVELS]
        lines = [Line(offer, demand, part) for (offer, demand), part in units.items()]
        return by_level, vectors, turns, distance(lines, demands, offers)

    plan = match(demands, offers)
    assert_keeps_the_rules(plan, demands, offers)
    found = {(line.offer, line.demand): line.units for line in plan.lines}
    assert worth(found) == min(map(worth, every_plan(demands, offers)))
