"""INV-FREIGHT-1 to 5, INV-LGC-1, INV-MON-2, INV-DISPUTE-1 after each of thousands of acts.

The whole suite over each of four kinds of reserve token. At the end of each run time alone ends
every consignment that is left, and all money comes out.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import settings

from aidline.client import RevmChain
from tests.invariant.freight.machine import Freight
from tests.invariant.freight.stage import Stage
from tests.support.rules import run_rules
from tests.support.suite import START, Rooms, deploy_suite

FEE = 100  # hundredths of a percent
KINDS: dict[str, tuple[Any, ...]] = {
    "ReserveToken": (),
    "FeeOnTransferToken": (FEE,),
    "NoReturnToken": (),
    "ReenteringToken": (),
}
#: Acts in one run.
STEPS = 50
#: For each example of the profile: acts that there must be, and after which all kinds of acts must
#: have come up.
LEAST, MOST = 64, 256
#: What must have happened at least once: else a rule has no way to its act.
EXPECTED = {
    "Arrived",
    "BatchConvicted",
    "BatchRecorded",
    "BatchSplit",
    "BatchVoided",
    "BondDeposited",
    "BondFreed",
    "BondPaid",
    "BondWithdrawn",
    "ConsignmentBooked",
    "ConsignmentClosed",
    "ConsignmentHeld",
    "ConsignmentSettled",
    "DemandLapsed",
    "Deposited",
    "DisputeRaised",
    "HandoverCounted",
    "HandoverRefused",
    "LeafDemanded",
    "LeafShown",
    "PurseEmptied",
    "PurseFilled",
    "Recalled",
    "ended AGREED",
    "ended LAPSED",
    "ended RULED",
    "settled CANCELLED",
    "settled DELIVERED",
    "settled DELIVERED_DAMAGED",
    "settled LOST",
    "settled RECALLED",
    "settled REFUSED",
}


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    """The suite over each kind of reserve."""
    made = {}
    for kind, arguments in KINDS.items():
        chain = RevmChain(timestamp=START)
        mock = kind == "ReserveToken"
        token = None if mock else Rooms(chain).deploy(kind, *arguments)
        made[kind] = Stage.build(deploy_suite(chain, reserve=token), kind, sum(arguments))
    return made


@pytest.mark.hypothesis
@pytest.mark.slow
def test_money_adds_up_and_everything_ends(stages: dict[str, Stage]) -> None:
    taken: Counter[str] = Counter()
    seen: Counter[str] = Counter()

    class Counted(Freight):
        def check_invariants(self, *args: object, **named: object) -> None:
            taken[self.stage.kind] += 1
            super().check_invariants(*args, **named)

        def end_all(self) -> None:
            logs = self.chain.logs(from_block=self.snapshot.number + 1)
            for event in self.suite.rooms.book.events(logs):
                seen[event.name] += 1
                if event.name == "ConsignmentSettled":
                    seen[f"settled {event.args.resolution.name}"] += 1
                elif event.name == "DisputeEnded":
                    seen[f"ended {event.args.status.name}"] += 1
            super().end_all()

    examples = settings.default.max_examples
    least, most = LEAST * examples, MOST * examples
    assert least >= 3_000
    turn = 0
    while taken.total() < least or (taken.total() < most and not set(seen) >= EXPECTED):
        for kind, stage in stages.items():
            machine = type(f"FreightOver{kind}", (Counted,), {"stage": stage})
            run_rules(machine, examples=20, steps=STEPS, turn=turn)
            turn += 1
    assert set(seen) >= EXPECTED, EXPECTED - set(seen)
