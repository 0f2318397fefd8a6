"""Proof that no event of the ledger is missing, added or altered.

MaterialLedger chains what it tells to one word, its head: from zero,
``head = keccak256(head || keccak256(topics || data))`` for each event in order. Whoever has the
events can compute the head anew; it comes out as the contract has it only if all are there, as
they were told, in their order. Changes of custody are not chained: the contract keeps each of
them, and they are compared one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from aidline.artifacts import artifact
from aidline.client import Aidline, Event
from aidline.client.abi import EventCodec
from aidline.client.chain import Log
from aidline.errors import CheckFailed
from aidline.keccak import keccak

__all__ = ["HeadProof", "chain_head", "verify_head"]

#: Not chained: who has authority over the catalogue, and changes of custody.
_APART = ("AuthorityUpdated", "CustodyChanged")


@dataclass(frozen=True, slots=True)
class HeadProof:
    """The ledger's head, twice.

    Attributes:
        block: The block whose state was compared.
        events: How many events are chained.
        changes: How many changes of custody were compared.
        computed: The head that the events give.
        stored: The head that the contract has.
    """

    block: int
    events: int
    changes: int
    computed: bytes
    stored: bytes

    @property
    def holds(self) -> bool:
        """Whether both are one."""
        return self.computed == self.stored


@cache
def _topics_apart() -> frozenset[bytes]:
    entries = artifact("MaterialLedger").abi
    return frozenset(EventCodec(entry).topic for entry in entries if entry.get("name") in _APART)


def chain_head(logs: Iterable[Log], head: bytes = bytes(32)) -> tuple[bytes, int]:
    """Return the head that a ledger's logs give, oldest first, and how many are chained.

    Args:
        logs: The logs.
        head: The head before the first of them, zero when they are all.
    """
    apart, count = _topics_apart(), 0
    for log in logs:
        if log.topics[0] not in apart:
            head = keccak(head + keccak(b"".join(log.topics) + log.data))
            count += 1
    return head, count


def verify_head(aid: Aidline) -> HeadProof:
    """Rebuild the ledger's head from its events and compare it with the contract's.

    Raises:
        CheckFailed: They differ: the node left an event out, added or altered one.
        EnvironmentProblem: The node does not answer.
    """
    block = aid.chain.block_number()
    logs = aid.chain.logs([aid.ledger.address], (), aid.deployment.block, block)
    computed, count = chain_head(logs)
    changes = _compare_custody(aid, aid.events(logs), block)
    proof = HeadProof(block, count, changes, computed, aid.ledger.head(block=block))
    if not proof.holds:
        raise CheckFailed(
            f"the ledger's {count} events up to block {block} give the head 0x{computed.hex()}, "
            f"the contract has 0x{proof.stored.hex()}: this node's events are not complete"
        )
    return proof


def _compare_custody(aid: Aidline, events: Iterable[Event], block: int) -> int:
    """Hold each change of custody against what the contract keeps; return how many there are."""
    told: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for event in events:
        if event.name == "LoadFormed":
            told[event.args.consignment] = []
        elif event.name == "CustodyChanged":
            told[event.args.consignment].append((event.args.to, event.args.at))
    loads = aid.ledger.load.many(((consignment,) for consignment in told), block=block)
    for load, (consignment, changes) in zip(loads, told.items(), strict=True):
        if load.sequence != len(changes):
            raise CheckFailed(
                f"{len(changes)} changes of custody of consignment {consignment} are told, the "
                f"contract has {load.sequence}"
            )
    places = [
        (consignment, n) for consignment in told for n in range(1, len(told[consignment]) + 1)
    ]
    spans = aid.ledger.custodySpan.many(places, block=block)
    for span, (consignment, place) in zip(spans, places, strict=True):
        change = told[consignment][place - 1]
        if (span.custodian, span.since) != change:
            raise CheckFailed(
                f"custody {place} of consignment {consignment} is told as {change}, the "
                f"contract has {(span.custodian, span.since)}"
            )
    return sum(map(len, told.values()))
