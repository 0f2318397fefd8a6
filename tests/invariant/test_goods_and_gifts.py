"""INV-MAT-1 to 6 and INV-DON-1 to 3 after each of thousands of acts, in any order."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings

from tests.invariant.machine import Acts
from tests.support.rules import run_rules
from tests.support.suite import Suite
from tests.support.way import Way

#: Acts in one run.
STEPS = 50
#: For each example of the profile: acts that there must be, and after which all kinds of acts must
#: have come up.
LEAST, MOST = 40, 200
#: What must have happened at least once: else a rule has no way to its act.
EXPECTED = {
    "Allocated",
    "AllocationReleased",
    "ConsignmentBooked",
    "ConsignmentSettled",
    "DeclarationCorrected",
    "GiftClaimed",
    "GiftCommitted",
    "GiftMatched",
    "GiftNotMatched",
    "GiftPledged",
    "GoodsTakenBack",
    "HandoverCounted",
    "MoneyTakenBack",
    "GiftReceived",
    "GiftWithdrawn",
    "IncidentAnswered",
    "IncidentDecided",
    "IncidentDeclared",
    "LotAttested",
    "LotCommissioned",
    "LotsTransformed",
    "MoneyGiven",
    "MoneyRecovered",
    "MoneySpent",
    "OfferEnded",
    "OfferMade",
    "ParcelDestroyed",
    "ParcelLost",
    "ParcelQuarantined",
    "ParcelSplit",
    "ParcelsMerged",
    "QuarantineLifted",
    "RecallLifted",
    "Recalled",
    "RecipeEnded",
    "StepRecorded",
    "UnitsDistributed",
    "decided DISMISSED",
    "decided UPHELD",
    "settled DELIVERED",
    "settled RECALLED",
    "word ATTESTED",
    "word REFUSED",
}


@pytest.mark.hypothesis
@pytest.mark.slow
def test_every_unit_and_every_coin_is_accounted_for(
    suite: Suite, way: Way, releases: tuple[int, ...], recipe: int
) -> None:
    taken: Counter[str] = Counter()
    seen: Counter[str] = Counter()

    class Counted(Acts):
        def check_invariants(self, *args: object, **named: object) -> None:
            taken["steps"] += 1
            super().check_invariants(*args, **named)

        def teardown(self) -> None:
            logs = self.chain.logs(from_block=self.snapshot.number + 1)
            for event in suite.rooms.book.events(logs):
                seen[event.name] += 1
                if event.name == "ConsignmentSettled":
                    seen[f"settled {event.args.resolution.name}"] += 1
                elif event.name == "LotAttested":
                    seen[f"word {event.args.verdict.name}"] += 1
                elif event.name == "IncidentDecided":
                    seen[f"decided {event.args.outcome.name}"] += 1
            super().teardown()

    Counted.suite, Counted.way = suite, way
    Counted.releases, Counted.recipe = releases, recipe
    examples = settings.default.max_examples
    least, most = LEAST * examples, MOST * examples
    assert least >= 2_000
    turn = 0
    while taken["steps"] < most and (taken["steps"] < least or not set(seen) >= EXPECTED):
        run_rules(Counted, examples=examples * 6 // 5, steps=STEPS, turn=turn)
        turn += 1
    assert taken["steps"] >= least
    assert set(seen) >= EXPECTED, EXPECTED - set(seen)
