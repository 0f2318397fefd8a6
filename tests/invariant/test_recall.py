"""A raw lot is recalled with all that was made from it, at the same cost however much that is.

Five levels of lots descend from it, some of them mixed with another raw lot. Traced forwards from
the raw lot and backwards from every lot, by events and by the contract, the set is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings

from aidline.keccak import keccak
from aidline.trace import History
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import MASK, Suite

EVIDENCE = keccak(b"assay of the raw lot")
#: Lots by level: ten, a thousand, ten thousand descendants.
TEN = (2, 2, 2, 2, 2)
THOUSAND = (4, 16, 64, 256, 660)
TEN_THOUSAND = (8, 64, 512, 3_000, 6_416)
#: Most lots that one act of production brings forth.
MOST = 8


def commission(suite: Suite, quantity: int) -> tuple[int, int]:
    """A raw lot; returns it and its parcel."""
    asked = output(quantity)
    told = suite.ledger.commission(asked, sender=key_of("supplier")).event("LotCommissioned").args
    return told.lot, told.parcel


def output(quantity: int) -> dict[str, Any]:
    return {
        "material": MASK,
        "quantity": quantity,
        "expiry": 0,
        "station": 3,
        "evidence": EVIDENCE,
    }


def produce(suite: Suite, recipe: int, parcel: int, levels: Sequence[int], dye: int) -> list[int]:
    """Make levels of lots from a parcel; every seventh act also takes a unit of the dye."""
    made: list[int] = []
    above, quantity = [parcel], 10**16
    for number in levels:
        children: list[int] = []
        share = quantity // (2 * (number // len(above) + 2))
        for place, source in enumerate(above):
            rest = len(range(place, number, len(above)))
            while rest:
                count = min(rest, MOST)
                rest -= count
                inputs = [{"parcel": source, "units": 2 * share * count}]
                if len(made) % 7 == 0:
                    inputs.append({"parcel": dye, "units": 1})
                receipt = suite.ledger.transform(
                    recipe, inputs, [output(share)] * count, sender=key_of("supplier")
                )
                for event in receipt.events:
                    if event.name == "LotCommissioned":
                        made.append(event.args.lot)
                        children.append(event.args.parcel)
        above, quantity = children, share
    assert len(made) == sum(levels)
    return made


@pytest.mark.hypothesis
@pytest.mark.slow
def test_one_recall_stops_every_descendant_at_the_same_cost(suite: Suite, recipe: int) -> None:
    snapshot = suite.chain.snapshot()
    ledger, supplier = suite.ledger, key_of("supplier")
    levels = TEN_THOUSAND if settings.default.max_examples >= 1_000 else THOUSAND
    few, few_parcel = commission(suite, 10**16)
    many, many_parcel = commission(suite, 10**16)
    _, dye = commission(suite, 10**6)
    bystander, _ = commission(suite, 100)
    ten = produce(suite, recipe, few_parcel, TEN, dye)
    thousand = produce(suite, recipe, many_parcel, levels, dye)

    history = History(suite.aid)
    everything = range(1, ledger.lotCount() + 1)
    forwards = history.descendants_of(many)
    assert forwards == set(thousand)
    assert {lot for lot in everything if many in history.ancestors_of(lot)} == forwards
    assert {lot for lot in everything if many in ledger.ancestorsOf(lot)} == forwards
    for lot in thousand:
        assert set(ledger.parentsOf(lot)) == history.parents_of(lot)

    # the first recall of all opens a word of storage
    ledger.recall(bystander, word("test"), EVIDENCE, sender=supplier)
    of_ten = ledger.recall(few, word("mould"), EVIDENCE, sender=supplier)
    of_many = ledger.recall(many, word("mould"), EVIDENCE, sender=supplier)
    assert of_many.gas_used == of_ten.gas_used
    stopped = {lot for lot in everything if ledger.isRecalled(lot)}
    assert stopped == {bystander, few, many, *ten, *thousand}

    last = ledger.parcelCount()
    assert ledger.parcel(last).lot == thousand[-1]
    with reverts("LotRecalled", lot=many):
        suite.demand.offer(last, suite.chain.now() + 1, sender=supplier)
    ledger.liftRecall(many, EVIDENCE, sender=key_of("second_auditor"))
    assert {lot for lot in everything if ledger.isRecalled(lot)} == {bystander, few, *ten}
    suite.demand.offer(last, suite.chain.now() + 1, sender=supplier)
    suite.chain.revert(snapshot)
