"""A device before the court: shows the readings that a party of the booking demands to see.

What is not shown in time is void, and the operator's bond forfeited. So a device that runs looks
for demands by itself; one whose readings have ended is started again to answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aidline.client import Aidline
from aidline.device.recording import Device
from aidline.errors import ContractReverted

__all__ = ["LeafDemand", "answer", "open_demands"]


@dataclass(frozen=True, slots=True)
class LeafDemand:
    """A reading that a party wants to see.

    Attributes:
        party: Address of who demands it.
        batch: Struct hash of the batch in which it is.
        index: Its place among the readings of the consignment, the first being 0.
        until: Last unix second at which it can be shown.
    """

    party: str
    batch: bytes
    index: int
    until: int


def open_demands(aid: Aidline, consignment: int, device: str) -> list[LeafDemand]:
    """Return what is demanded of a device and can still be shown, the most urgent first.

    Args:
        aid: The deployment.
        consignment: The consignment.
        device: Address of the device.
    """
    told = aid.court.events(
        "LeafDemanded",
        from_block=aid.deployment.block,
        consignment=consignment,
        device=device,
    )
    parties = sorted({event.args.party for event in told})
    found = aid.court.demandOf.many((consignment, device, party) for party in parties)
    now = aid.chain.now()
    return sorted(
        (
            LeafDemand(party=party, batch=one.batch, index=one.index, until=one.until)
            for party, one in zip(parties, found, strict=True)
            if one.until >= now
        ),
        key=lambda demand: (demand.until, demand.party),
    )


def answer(aid: Aidline, device: Device, tell: Callable[[str], None]) -> int:
    """Show every reading that is demanded of a device; return how many were.

    Args:
        aid: The deployment.
        device: The device, with what it has kept.
        tell: Is told of what happens, a line at a time.

    Raises:
        AidlineError: The node does not answer, or the key cannot pay.
    """
    shown = 0
    for demand in open_demands(aid, device.consignment, device.key.address):
        what = f"reading {demand.index}, which {demand.party} demands"
        found = device.shown(demand.index)
        if found is None or found[0].struct_hash() != demand.batch:
            tell(f"cannot show {what}: it is not in this spool")
            continue
        batch, leaf = found
        try:
            aid.court.showLeaf(batch, device.key.address, demand.party, leaf, sender=device.key)
        except ContractReverted as refused:
            tell(f"cannot show {what}: {refused}")  # anyone may have been faster
        else:
            shown += 1
            tell(f"shown: {what}")
    return shown
