"""Named rules.

check_rules: a subject without rule, an unknown rule, a parameter missing, wrong or unknown
stream: the same for the same seed and key, in another process too; another for another
Rules
├── what is drawn lies in its range, and does not depend on what was drawn before
└── what is computed: daily use, units, needed within, budget
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.errors import ScenarioError
from aidline.sim import scenario as scenarios
from aidline.sim.records import Need, RuleCall, Scenario
from aidline.sim.rules import Rules, check_rules, known_rules, stream

STREAM = "from aidline.sim.rules import stream; print(stream(7, 'stock', '医院').randint(0, 10**9))"


@pytest.fixture(scope="module")
def wuhan() -> Scenario:
    return scenarios.load("wuhan-2020")


def rules(wuhan: Scenario, seed: int = 1, **calls: RuleCall) -> Rules:
    return Rules({**wuhan.rules, **calls}, seed)


@pytest.mark.parametrize(
    ("subject", "call", "message"),
    [
        ("stock", RuleCall("dice", {}), "stock.rule: 'dice' is unknown; known: hours_of_use"),
        ("stock", RuleCall("hours_of_use", {}), "stock: 'mix' is missing"),
        ("stock", RuleCall("hours_of_use", {"mix": []}), "stock.mix: a list of {share"),
        (
            "people_in_care",
            RuleCall("seeded_range", {"low": 9, "high": 3}),
            "people_in_care.low: is above high",
        ),
        (
            "people_in_care",
            RuleCall("seeded_range", {"low": True, "high": 3}),
            "people_in_care.low: a whole number, at least 1 is expected",
        ),
        (
            "daily_use",
            RuleCall("per_person", {"extra": 1}),
            "daily_use: 'extra' is not a parameter of 'per_person'",
        ),
        (
            "duplicates",
            RuleCall("keep_last", {"key": ["colour"]}),
            "duplicates.key: a list of hospital",
        ),
        (
            "needed_within",
            RuleCall("by_need", {"hours": {"critical": 1}}),
            "needed_within.hours: hours for",
        ),
    ],
)
def test_refuses_a_rule_that_is_not_one(
    wuhan: Scenario, subject: str, call: RuleCall, message: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        check_rules({**wuhan.rules, subject: call})
    assert caught.value.message.startswith(message)


def test_every_subject_needs_a_rule(wuhan: Scenario) -> None:
    for subject in known_rules():
        fewer = {name: call for name, call in wuhan.rules.items() if name != subject}
        with pytest.raises(ScenarioError, match=f"{subject}: no rule is named"):
            check_rules(fewer)


def test_a_stream_is_the_same_in_any_process() -> None:
    draws = {
        subprocess.run(
            [sys.executable, "-c", STREAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert draws == {f"{stream(7, 'stock', '医院').randint(0, 10**9)}\n"}


def test_streams_differ_by_seed_and_key() -> None:
    first = [stream(seed, key).random() for seed in (1, 2) for key in ("a", "b")]
    assert len(set(first)) == 4


@given(st.integers(0, 2**63 - 1), st.text(min_size=1, max_size=20), st.integers(0, 10**7))
def test_what_is_drawn_lies_in_its_range(
    wuhan: Scenario, seed: int, key: str, daily_use: int
) -> None:
    drawn = rules(wuhan, seed)
    assert 120 <= drawn.people_in_care(key) <= 900
    assert 0 <= drawn.stock(key, daily_use) <= daily_use * 336 // 24
    assert 2 <= drawn.published(key, 23) <= 14
    assert drawn.published(key, 3) == 2
    assert drawn.stock(key, daily_use) == rules(wuhan, seed).stock(key, daily_use)


def test_the_mix_gives_every_level(wuhan: Scenario) -> None:
    drawn = rules(wuhan)
    levels = [Need.of(drawn.stock(f"d{i}", 2400), 2400, False) for i in range(400)]
    share = {need: levels.count(need) / 400 for need in Need}
    assert share[Need.CRITICAL] == pytest.approx(0.4, abs=0.08)
    assert share[Need.LOW] == pytest.approx(0.1, abs=0.05)


def test_what_is_computed(wuhan: Scenario) -> None:
    given_rules = rules(wuhan)
    mask = wuhan.material("surgical_mask")
    assert given_rules.daily_use(101, mask) == 303
    assert given_rules.daily_use(1, wuhan.material("goggles")) == 1
    assert given_rules.units(100, 250) == 450
    assert given_rules.units(100, 10_000) == 1
    assert given_rules.needed_within(Need.CRITICAL) == 120 * 3600
    assert given_rules.freight_budget(1) == 15_000_000_000
    per_unit = rules(
        wuhan, freight_budget=RuleCall("per_unit", {"base": 10, "per_thousand_units": 3})
    )
    assert per_unit.freight_budget(1001) == 14
    fixed = rules(wuhan, quantity_unknown=RuleCall("fixed", {"units": 77}))
    assert fixed.units(100, 0) == 77
    assert given_rules.vulnerable("武汉儿童医院")
    assert not given_rules.vulnerable("武汉市第一医院")


@pytest.mark.parametrize(
    ("stock", "daily_use", "vulnerable", "need"),
    [
        (23, 24, False, Need.CRITICAL),
        (24, 24, False, Need.HIGH),
        (71, 24, False, Need.HIGH),
        (72, 24, False, Need.MEDIUM),
        (167, 24, False, Need.MEDIUM),
        (168, 24, False, Need.LOW),
        (0, 0, True, Need.LOW),
        (168, 24, True, Need.MEDIUM),
        (0, 24, True, Need.CRITICAL),
    ],
)
def test_urgency_from_the_facts(stock: int, daily_use: int, vulnerable: bool, need: Need) -> None:
    assert Need.of(stock, daily_use, vulnerable) is need
