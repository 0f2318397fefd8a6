"""Gifts beside the contracts: commitments, and a gift's declarations proven from its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aidline.client import Contract, Event
from aidline.keccak import keccak

__all__ = ["Correction", "commitment_of", "head_after", "is_whole_chain"]


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction of a gift's declarations, as its event tells it.

    Attributes:
        author: Who corrected, an address.
        field: Which declaration, 32 bytes.
        value: What it says from then on, 32 bytes.
        reason: Why, 32 bytes.
    """

    author: str
    field: bytes
    value: bytes
    reason: bytes


def commitment_of(chain_id: int, registry: str, claimer: str, salt: bytes) -> bytes:
    """Return the commitment of a gift whose giver stays unnamed until the claim.

    Args:
        chain_id: The chain.
        registry: Address of the DonationRegistry.
        claimer: Address that will claim the gift.
        salt: 32 random bytes, kept until the claim.
    """
    return keccak(chain_id.to_bytes(32, "big") + _word(registry) + _word(claimer) + salt)


def head_after(first: bytes, corrections: Iterable[Correction]) -> bytes:
    """Return the head to which corrections lead, in order, from the first head of a gift."""
    head = first
    for version, one in enumerate(corrections, start=1):
        head = keccak(
            head
            + version.to_bytes(32, "big")
            + _word(one.author)
            + one.field
            + one.value
            + one.reason
        )
    return head


def is_whole_chain(
    audit: Contract, donations: Contract, events: Iterable[Event], gift: int
) -> bool:
    """Say whether the events of a gift in kind are all that was ever declared of it.

    The first head is computed from the pledge as the events tell it, the rest from the
    corrections; the end is compared with the one word that the contract keeps.

    Args:
        audit: The GiftAudit.
        donations: The DonationRegistry.
        events: Its events, in order; those of other gifts are passed by.
        gift: The gift.
    """
    first: bytes | None = None
    corrections: list[Correction] = []
    for event in events:
        if event.name == "GiftPledged" and event.args.gift == gift:
            first = audit.firstHeadOf(gift, event.args.donor, event.args.terms)
        elif event.name == "DeclarationCorrected" and event.args.gift == gift:
            args = event.args
            corrections.append(Correction(args.author, args.field, args.value, args.reason))
    if first is None:
        return False
    kept: bytes = donations.headOf(gift)
    return head_after(first, corrections) == kept


def _word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(32, b"\0")
