"""Plans for the three tiers.

Given random networks with hours, throughput, range, licences, duty and centres
├── by each rule, the contracts' rules are kept, and each consignment is served or has a reason
├── hours of vehicles and crews are taken once, crews stay within their duty over the whole plan
├── each run's freight adds up to its cost
└── the same network and goods give the same plan
Given a plan that is kept
└── each corruption is named by the contracts' error
Given goods that cannot be carried
└── each has the reason that stands in the way
Given what is urgent and what is not at one depot
└── what is urgent comes first, and rounds that cost less are taken where nothing comes much later
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from aidline.errors import InputError
from aidline.geodesy import Place
from aidline.model import Level, Tier
from aidline.solve.matching import Band
from aidline.solve.routing.diary import Diary, hours
from aidline.solve.routing.planner import Settings, plan_routes
from aidline.solve.routing.records import (
    ANY_BAND,
    Consignment,
    Crew,
    Leg,
    Plan,
    Station,
    Vehicle,
    Why,
)
from aidline.solve.routing.rounds import Rule
from aidline.solve.routing.rules import first_breach, in_order
from tests.support.routing import COLD, HALL, HOUR, NOW, Small, network_of, small

SETTINGS = Settings(iterations=20, few=0)
SEEDS = range(6)


def planned(made: Small, rule: Rule = Rule.WEIGHTED) -> Plan:
    return plan_routes(
        made.network, made.consignments, now=NOW, settings=replace(SETTINGS, rule=rule)
    )


@cache
def drawn(seed: int, rule: Rule = Rule.WEIGHTED) -> tuple[Small, Plan]:
    """Return a random network and its plan, made once."""
    made = small(seed)
    return made, planned(made, rule)


def served(made: Small, plan: Plan) -> list[Consignment]:
    numbers = plan.legs_of()
    return [one for one in made.consignments if one.id in numbers]


# --- random networks ---


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("seed", SEEDS)
def test_plans_keep_the_rules_of_the_contracts(seed: int, rule: Rule) -> None:
    made, plan = drawn(seed, rule)
    carried = served(made, plan)
    assert first_breach(made.network, carried, in_order(plan), now=NOW) is None
    left = {one.consignment for one in plan.unserved}
    assert left | {one.id for one in carried} == {one.id for one in made.consignments}
    assert not left & {one.id for one in carried}
    diary = Diary()
    for run in plan.runs:
        wanted = hours(run.departure, run.back)
        assert diary.is_free(run.vehicle, wanted)
        assert diary.may_drive(made.network.crews[run.crew], wanted)
        diary.take(run)
        assert sum(leg.freight for leg in run.legs) == run.cost
        assert all(leg.latest <= run.back for leg in run.legs)


def test_most_goods_of_random_networks_are_served() -> None:
    whole = [drawn(seed, Rule.URGENT) for seed in SEEDS]
    carried = sum(len(served(*one)) for one in whole)
    assert carried > 0.6 * sum(len(made.consignments) for made, _ in whole)


def test_the_same_goods_give_the_same_plan() -> None:
    assert planned(small(2)) == drawn(2)[1]


def test_hours_that_are_taken_are_left_alone() -> None:
    made, first = drawn(2)
    diary = Diary()
    for run in first.runs:
        diary.take(run)
    second = plan_routes(made.network, made.consignments, now=NOW, settings=SETTINGS, diary=diary)
    breach = first_breach(
        made.network, served(made, second), in_order(second), now=NOW, diary=diary
    )
    assert breach is None
    assert second.runs and second != first


# --- corruptions ---


def later(leg: Leg, seconds: int) -> Leg:
    return replace(leg, departure=leg.departure + seconds, latest=leg.latest + seconds)


def last_to_begin(legs: list[Leg]) -> Leg:
    """Return the first leg of the goods that leave last."""
    firsts = {leg.consignment: leg for leg in reversed(legs)}
    return max(firsts.values(), key=lambda leg: leg.departure)


Corruption = Callable[[list[Leg], int], list[Leg]]


def changed(**fields: int | str) -> Corruption:
    return lambda legs, at: [
        replace(leg, **fields) if n == at else leg for n, leg in enumerate(legs)
    ]


@pytest.mark.parametrize(
    ("error", "corrupt"),
    [
        ("GoodsElsewhere", lambda legs, at: [leg for n, leg in enumerate(legs) if n != at]),
        ("NotInOrder", lambda legs, at: [last_to_begin(legs), *legs]),
        ("InThePast", lambda legs, at: [later(legs[0], -40 * HOUR), *legs[1:]]),
        ("BadWindow", lambda legs, at: [replace(legs[0], latest=legs[0].departure), *legs[1:]]),
        (
            "WindowTooLong",
            lambda legs, at: [replace(legs[0], latest=legs[0].departure + 257 * HOUR), *legs[1:]],
        ),
        ("UnknownVehicle", changed(vehicle=99)),
        ("UnknownCrew", changed(crew=99)),
        ("WrongCarrier", changed(carrier="another")),
        ("SameStation", lambda legs, at: [replace(legs[0], end=legs[0].start), *legs[1:]]),
        ("UnknownCargo", changed(consignment=99)),
        ("EndsElsewhere", lambda legs, at: legs[:-1]),
    ],
)
def test_a_corrupted_plan_is_named(error: str, corrupt: Corruption) -> None:
    made, plan = drawn(2)
    legs = in_order(plan)
    assert first_breach(made.network, served(made, plan), legs, now=NOW) is None
    breach = first_breach(made.network, served(made, plan), corrupt(legs, 0), now=NOW)
    assert breach is not None and breach.error == error


# --- goods that cannot be carried ---


def line(*, crew: Crew | None = None, **vehicle: object) -> Small:
    """A hub, a dock 30 km away, and a vehicle between them."""
    stations = [
        Station(1, Tier.BRANCH, Place(30_000_000, 114_000_000), "CN-HB"),
        Station(2, Tier.TERMINAL, Place(30_000_000, 114_300_000), "CN-HB", band=HALL),
    ]
    vehicles = [
        replace(Vehicle(1, "c", Tier.TERMINAL, 1, HALL, (100, 50, 100)), **vehicle)  # type: ignore[arg-type]
    ]
    crews = [crew or Crew(1, "c", 1)]
    goods = Consignment(1, 1, 2, Level.HIGH, (60, 10, 60), HALL, ready=NOW, due=NOW + 9 * HOUR)
    return Small(network_of(stations, vehicles, crews), (goods,))


def why(made: Small) -> Why | None:
    plan = planned(made)
    return plan.unserved[0].why if plan.unserved else None


def with_goods(made: Small, **fields: object) -> Small:
    return Small(made.network, (replace(made.consignments[0], **fields),))  # type: ignore[arg-type]


def test_what_fits_is_served() -> None:
    assert why(line()) is None


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (line(room=(59, 50, 100)), Why.NO_VEHICLE),
        (line(room=(100, 9, 100)), Why.NO_VEHICLE),
        (line(room=(100, 50, 59)), Why.NO_VEHICLE),
        (line(band=ANY_BAND), Why.NO_VEHICLE),
        (with_goods(line(), skills=frozenset({"controlled"})), Why.NO_VEHICLE),
        (with_goods(line(band=COLD), band=COLD), Why.NO_STORAGE),
        (line(range=20_000), Why.UNKNOWN_WAY),
        (line(crew=Crew(1, "c", 1, 0, 2, 8)), Why.NO_CREW),
        (line(crew=Crew(1, "another", 1)), Why.NO_CREW),
        (line(crew=Crew(1, "c", 2)), Why.NO_CREW),
        (line(licences=2), Why.NO_CREW),
        (with_goods(line(), due=NOW + HOUR), Why.TOO_LATE),
        (with_goods(line(free_from=NOW + 11 * 24 * HOUR), due=NOW + 999 * HOUR), Why.NO_HOURS),
    ],
)
def test_what_stands_in_the_way_is_told(made: Small, reason: Why) -> None:
    assert why(made) is reason


def test_no_way_leads_past_the_centres() -> None:
    made = line()
    stations = list(made.network.stations.values())
    stations[0] = replace(stations[0], province="CN-HA")
    network = network_of(stations, list(made.network.vehicles.values()), [Crew(1, "c", 1)])
    assert why(Small(network, made.consignments)) is Why.NOT_RECOGNISED
    stations[0] = replace(stations[0], serves=frozenset({"CN-HB"}))
    network = network_of(stations, list(made.network.vehicles.values()), [Crew(1, "c", 1)])
    assert why(Small(network, made.consignments)) is None


def test_a_consignment_that_stands_twice_is_refused() -> None:
    made = line()
    with pytest.raises(InputError, match="stands twice"):
        planned(Small(made.network, made.consignments * 2))


def test_a_station_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="there is no station 9"):
        planned(with_goods(line(), destination=9))


# --- urgency, then cost ---


def star(levels: list[Level], trucks: int) -> Small:
    """A depot and docks in a row to the east, 10 km apart, the first the nearest."""
    stations = [Station(1, Tier.BRANCH, Place(30_000_000, 114_000_000), "CN-HB")]
    stations += [
        Station(n, Tier.TERMINAL, Place(30_000_000, 114_000_000 + 100_000 * (n - 1)), "CN-HB")
        for n in range(2, len(levels) + 2)
    ]
    vehicles = [
        Vehicle(n, "c", Tier.TERMINAL, 1, Band(500, 3_000), (100, 100, 100))
        for n in range(1, trucks + 1)
    ]
    crews = [Crew(n, "c", 1) for n in range(1, trucks + 1)]
    goods = tuple(
        Consignment(n, 1, n + 1, level, (10, 1, 1), ready=NOW)
        for n, level in enumerate(levels, start=1)
    )
    return Small(network_of(stations, vehicles, crews), goods)


def test_what_is_urgent_comes_first_though_it_is_farther() -> None:
    made = star([Level.LOW, Level.CRITICAL], trucks=1)
    assert planned(made).runs[0].stops == (3, 2)
    assert planned(made, Rule.URGENT).runs[0].stops == (3, 2)
    assert planned(made, Rule.NEAREST).runs[0].stops == (2, 3)


def test_a_short_stop_on_the_way_is_made_where_it_wins_more_than_it_costs() -> None:
    made = star([Level.HIGH, Level.HIGH], trucks=1)
    assert planned(made).runs[0].stops == (2, 3)


def test_one_round_is_enough_where_nothing_is_urgent() -> None:
    made = star([Level.LOW] * 4, trucks=4)
    assert len(planned(made).runs) == 1
    assert len(planned(made, Rule.NEAREST).runs) == 4
    assert planned(made).cost < planned(made, Rule.NEAREST).cost


def test_a_small_plan_is_never_later_nor_dearer_than_its_first_attempt_may_be() -> None:
    made, first = drawn(2)
    tried = plan_routes(
        made.network, made.consignments, now=NOW, settings=replace(SETTINGS, few=400)
    )
    end = NOW + SETTINGS.horizon
    assert tried.mean_arrival(NOW, end) <= first.mean_arrival(NOW, end)
    others = [drawn(2, rule)[1].cost for rule in (Rule.NEAREST, Rule.URGENT)]
    assert tried.cost <= max(first.cost, *others)


def test_weighted_plans_come_earlier_than_by_both_rules() -> None:
    means: dict[Rule, float] = dict.fromkeys(Rule, 0.0)
    for seed in SEEDS:
        for rule in Rule:
            means[rule] += drawn(seed, rule)[1].mean_arrival(NOW, NOW + 240 * HOUR)
    assert means[Rule.WEIGHTED] < min(means[Rule.NEAREST], means[Rule.URGENT])
