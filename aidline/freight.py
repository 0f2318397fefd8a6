"""What a consignment is on the chain: the hash of its booking, which whoever acts hands in again.

The booking stands whole in an event, what the devices have told in others; both are read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from aidline.client.abi import codec
from aidline.client.contract import Contract
from aidline.errors import InputError
from aidline.keccak import keccak
from aidline.messages import Arrival, Booking, LegRequest, Terms
from aidline.telemetry import Point
from aidline.watches import told_of

__all__ = ["booking_in", "booking_of", "device_evidence", "household_of", "points_of"]

_WORDS = codec(
    {
        "name": "words",
        "type": "tuple[]",
        "components": [
            {"name": "device", "type": "address"},
            {
                "name": "arrival",
                "type": "tuple",
                "components": [
                    {"name": "consignment", "type": "uint64"},
                    {"name": "station", "type": "uint32"},
                    {"name": "at", "type": "uint40"},
                    {"name": "batches", "type": "uint32"},
                    {"name": "deadline", "type": "uint40"},
                ],
            },
            {"name": "signature", "type": "bytes"},
        ],
    }
)


def booking_in(told: Any) -> Booking:
    """Return the booking that ``ConsignmentBooked`` tells of, from its ``order``."""

    def record(kind: type[Any], values: Any, **own: Any) -> Any:
        return kind(
            **{
                item.name: own[item.name] if item.name in own else getattr(values, item.name)
                for item in fields(kind)
            }
        )

    booking: Booking = record(
        Booking,
        told,
        devices=tuple(told.devices),
        allocations=tuple(told.allocations),
        parcels=tuple(told.parcels),
        legs=tuple(record(LegRequest, leg) for leg in told.legs),
        terms=record(Terms, told.terms),
    )
    return booking


def booking_of(escrow: Contract, consignment: int, *, from_block: int = 0) -> Booking:
    """Return the booking that a consignment is.

    Args:
        escrow: The room (``FreightEscrow``).
        consignment: The consignment.
        from_block: Where to begin to look; the deployment's block at the earliest.

    Raises:
        InputError: There is no such consignment.
    """
    told = escrow.events("ConsignmentBooked", from_block=from_block, consignment=consignment)
    if not told:
        raise InputError(f"there is no consignment {consignment}")
    return booking_in(told[0].args.order)


def points_of(monitor: Contract, consignment: int, *, from_block: int = 0) -> list[list[Point]]:
    """Return what each device has told of a consignment, as its settlement is handed it.

    Args:
        monitor: The room (``ConditionMonitor``).
        consignment: The consignment.
        from_block: Where to begin to look; the deployment's block at the earliest.
    """
    return [told.points for told in told_of(monitor, consignment, from_block=from_block)]


def device_evidence(words: Sequence[tuple[str, Arrival, bytes]]) -> bytes:
    """Return the evidence of delivery by devices: of each its address, arrival and signature."""
    return (32).to_bytes(32, "big") + _WORDS.encode(words)


def household_of(chain_id: int, escrow: str, key: str, salt: bytes) -> bytes:
    """Return what a booking keeps of a household: nobody learns the key from it without the salt.

    Args:
        chain_id: The chain.
        escrow: Address of the room (``FreightEscrow``).
        key: Address of the one-time key that is to accept the goods.
        salt: 32 secret bytes, shown with the proof of delivery.
    """
    places = [bytes.fromhex(address.removeprefix("0x")) for address in (escrow, key)]
    return keccak(
        chain_id.to_bytes(32, "big") + b"".join(place.rjust(32, b"\0") for place in places) + salt
    )
