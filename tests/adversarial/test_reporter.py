"""One reporter of four lies: its cheats, and what stops them."""

from __future__ import annotations

import itertools

import pytest

from aidline.client import Contract
from tests.support.emergency import CASES, REPORTERS, TODAY, bundle, indicator
from tests.support.freight import Desk
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, START

KEEPER, STRANGER = key_of("planner"), key_of("stranger")
HONEST = (90, 100, 110)


@pytest.fixture
def oracle(desk: Desk) -> Contract:
    """A series for Hubei, agreed by four."""
    oracle = desk.suite.oracle
    oracle.defineIndicator(CASES, indicator(accumulating=False), sender=KEEPER)
    oracle.setReporters([reporter.address for reporter in REPORTERS], 1, sender=KEEPER)
    for region in ("CN-HB", "CN-GD"):
        oracle.openFeed(CASES, word(region), sender=STRANGER)
    return oracle


def value(oracle: Contract) -> int:
    found: int = oracle.figure(CASES, word("CN-HB"), TODAY).value
    return found


@pytest.mark.parametrize("lie", [0, 95, 1_000_000])
@pytest.mark.parametrize("place", range(4))
def test_pulls_the_figure_its_way(oracle: Contract, lie: int, place: int) -> None:
    """INV-EMG-1: it lies between two honest values, whoever lies and whoever is left out."""
    values = [*HONEST[:place], lie, *HONEST[place:]]
    oracle.submit(bundle(oracle, TODAY, values), sender=STRANGER)
    assert 90 <= value(oracle) <= 110


def test_signs_many_values_and_picks_the_bundle(oracle: Contract) -> None:
    """INV-EMG-1: of all bundles that it can make, each lies between two honest values."""
    for lie, left_out in itertools.product((0, 1, 50, 500_000), range(3)):
        told = [(REPORTERS[0], lie)]
        told += [
            (reporter, said)
            for number, (reporter, said) in enumerate(zip(REPORTERS[1:], HONEST, strict=True))
            if number != left_out
        ]
        made = bundle(
            oracle, TODAY, [said for _, said in told], reporters=[reporter for reporter, _ in told]
        )
        oracle.submit(made, sender=REPORTERS[0])
        assert 90 <= value(oracle) <= 110


def test_reports_alone_or_twice(oracle: Contract) -> None:
    """EMG-5: 2f + 1 distinct reporters."""
    with reverts("BelowQuorum", given=1, needed=3):
        oracle.submit(bundle(oracle, TODAY, [7]), sender=STRANGER)
    liar = REPORTERS[0]
    with reverts("ReportersOutOfOrder", reporter=liar):
        oracle.submit(bundle(oracle, TODAY, [7, 7, 7], reporters=[liar] * 3), sender=STRANGER)


@pytest.mark.parametrize(
    "changes", [{"day": TODAY - 1}, {"region": word("CN-GD")}, {"deadline": 1}]
)
def test_uses_the_others_signatures_for_something_else(
    oracle: Contract, changes: dict[str, object]
) -> None:
    """EMG-4: a signature names series, day, data date and deadline."""
    made = bundle(oracle, TODAY, HONEST)
    with reverts("Expired" if "deadline" in changes else "BadSignature"):
        oracle.submit({**made, **changes}, sender=STRANGER)


def test_brings_yesterdays_signatures_after_a_revision(oracle: Contract) -> None:
    """EMG-7: the later data date stands, whatever comes after it."""
    oracle.chain.set_time(START + DAY)
    old = bundle(oracle, TODAY, [1, 1, 1, 1], data_date=TODAY)
    oracle.submit(bundle(oracle, TODAY, HONEST), sender=STRANGER)
    receipt = oracle.submit(old, sender=REPORTERS[0])
    assert receipt.event("BundleKept").args.day == TODAY
    assert value(oracle) == 100


def test_enrols_a_second_self(desk: Desk, oracle: Contract) -> None:
    """EMG-2: reporters are of different organisations."""
    twin = key_of("reporter_5")
    message = registration(
        "reporter_1", desk.chain.now() + DAY, account=twin.address, facility=word("reporter_5")
    )
    signature = message.sign(twin, domain_of(desk.suite.registry))
    desk.suite.registry.register(message, signature, "", sender=key_of("registrar"))
    named = sorted((*REPORTERS, twin), key=lambda key: int(key.address, 16))
    with reverts("SameOrganisation"):
        oracle.setReporters([key.address for key in named], 1, sender=KEEPER)
