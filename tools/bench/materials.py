"""Gas of acts with goods: split, handover, recall, the first movement after it and the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aidline.client.chain import Transaction
from aidline.client.web3chain import Web3Chain
from aidline.keccak import keccak
from aidline.node import AnvilNode
from tests.support.freight import DEPARTURES, LATEST, Desk
from tests.support.people import key_of, word
from tests.support.suite import DAY, MASK, START, Suite, deploy_suite
from tools.bench.figures import Figure
from tools.bench.gas import act, cost_of, elsewhere

EVIDENCE = keccak(b"assay")
#: Lots by level under a raw lot.
DESCENDANTS = {
    10: (2, 2, 2, 2, 2),
    1_000: (4, 16, 64, 256, 660),
    10_000: (8, 64, 512, 3_000, 6_416),
}
#: Most lots that one act of production brings forth.
MOST = 8
HANDOVER_GOAL = 70_000
ANCESTORS = 32


def run() -> Iterator[Figure]:
    """Yield gas of each act, floor and ratio, and what others need for the nearest act."""
    with AnvilNode(genesis_time=START) as node:
        suite = deploy_suite(node.chain)  # type: ignore[arg-type]
        yield from _rest_and_custody(suite, node.chain)
        yield from _recall(suite, node.chain)
    yield elsewhere("erc1155_mint", 33_330)
    yield elsewhere("erc1155_transfer", 39_966)
    yield elsewhere("tradetrust_title_handover", 169_070)


def _rest_and_custody(suite: Suite, chain: Web3Chain) -> Iterator[Figure]:
    desk = Desk(suite)
    desk.build()
    booking = desk.booking([desk.allocate()])
    consignment = desk.book(booking).event("ConsignmentBooked").args.consignment
    acts = ("pick_up_two_signatures", "handover_two_signatures", "handover_two_signatures_next")
    for number, (name, at) in enumerate(zip(acts, (DEPARTURES[0], *LATEST[:2]), strict=True)):
        receipt = desk.pass_on(consignment, number, at)
        yield from act(
            f"materials.{name}", cost_of(chain, receipt, signatures=2), goal=HANDOVER_GOAL
        )
    supplier = key_of("supplier")
    _, parcel = _commission(suite)
    suite.ledger.split(parcel, 10, sender=supplier)
    receipt = suite.ledger.split(parcel, 10, sender=supplier)
    yield from act("materials.split", cost_of(chain, receipt))


def _recall(suite: Suite, chain: Web3Chain) -> Iterator[Figure]:
    supplier, ledger = key_of("supplier"), suite.ledger
    line = [{"material": MASK, "units": 1}]
    rule = {
        "maker": supplier.address,
        "yield_basis_points": 10_000,
        "inputs": line,
        "outputs": line,
    }
    told = suite.recipes.setRecipe(rule, sender=key_of("fourth_auditor"))
    recipe = told.event("RecipeSet").args.recipe
    bystander, _ = _commission(suite)
    ledger.recall(bystander, word("test"), EVIDENCE, sender=supplier)
    for number, levels in DESCENDANTS.items():
        lot, parcel = _commission(suite)
        _produce(suite, recipe, parcel, levels)
        receipt = ledger.recall(lot, word("mould"), EVIDENCE, sender=supplier)
        yield from act(f"materials.recall_{number}_descendants", cost_of(chain, receipt))

    raw = [_commission(suite)[1] for _ in range(ANCESTORS)]
    parcel = _mixed(suite, recipe, raw)
    ledger.recall(_commission(suite)[0], word("mould"), EVIDENCE, sender=supplier)
    piece = ledger.split(parcel, 1, sender=supplier).event("ParcelSplit").args.child
    for name, moved in (("first", parcel), ("next", piece)):
        receipt = suite.demand.offer(moved, chain.now() + DAY, sender=supplier)
        cost = cost_of(chain, receipt)
        yield from act(f"materials.{name}_movement_after_recall", cost)


def _output(quantity: int) -> dict[str, Any]:
    return {
        "material": MASK,
        "quantity": quantity,
        "expiry": 0,
        "station": 3,
        "evidence": EVIDENCE,
    }


def _commission(suite: Suite, quantity: int = 10**16) -> tuple[int, int]:
    receipt = suite.ledger.commission(_output(quantity), sender=key_of("supplier"))
    told = receipt.event("LotCommissioned").args
    return told.lot, told.parcel


def _transform(
    suite: Suite, recipe: int, inputs: Sequence[tuple[int, int]], outputs: Sequence[int]
) -> Transaction:
    sent: Transaction = suite.ledger.transaction(
        "transform",
        recipe,
        [{"parcel": parcel, "units": units} for parcel, units in inputs],
        [_output(units) for units in outputs],
        sender=key_of("supplier"),
    )
    return sent


def _produce(suite: Suite, recipe: int, parcel: int, levels: Sequence[int]) -> None:
    above, quantity = [parcel], 10**16
    for number in levels:
        share = quantity // (number // len(above) + 2)
        acts = []
        for place, source in enumerate(above):
            rest = len(range(place, number, len(above)))
            while rest:
                count = min(rest, MOST)
                rest -= count
                acts.append(_transform(suite, recipe, [(source, share * count)], [share] * count))
        above = [
            event.args.parcel
            for receipt in suite.chain.send_many(acts)
            for event in receipt.check().events
            if event.name == "LotCommissioned"
        ]
        quantity = share


def _mixed(suite: Suite, recipe: int, parcels: Sequence[int]) -> int:
    """Make a lot with as many ancestors as there may be: eight at a time into one."""
    parcel, rest = parcels[0], list(parcels[1:])
    ancestors = 1
    while ancestors < ANCESTORS:
        # the lot before counts as an ancestor too
        taken = [rest.pop() for _ in range(min(MOST - 1, ANCESTORS - ancestors - 1))]
        inputs = [(parcel, 10), *((one, 10) for one in taken)]
        receipt = suite.ledger.send(_transform(suite, recipe, inputs, [10 * len(inputs)]))
        told = receipt.event("LotCommissioned").args
        parcel = told.parcel
        ancestors = len(suite.ledger.ancestorsOf(told.lot))
        if not taken:
            break
    return parcel
