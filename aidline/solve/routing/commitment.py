"""A plan as the contracts take it: committed to ``RouteBook``, its runs opened, its legs booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aidline.messages import LegRequest
from aidline.model import Hindrance
from aidline.solve.routing.records import Consignment, Leg, Network, Plan
from aidline.solve.routing.rules import in_order

__all__ = ["Cargo", "as_legs", "as_plan", "as_runs"]

_NOTHING = bytes(32)


@dataclass(frozen=True, slots=True)
class Cargo:
    """What a consignment of a plan is on the ledger.

    Attributes:
        parcel: A parcel at rest, or 0.
        consignment: A consignment that was booked, or 0.
    """

    parcel: int = 0
    consignment: int = 0


def as_plan(
    goods: Sequence[Consignment],
    legs: Sequence[Leg],
    cargoes: Mapping[int, Cargo],
    *,
    salt: bytes,
    predecessor: bytes = _NOTHING,
    reason: Hindrance = Hindrance.NULL,
    note: bytes = _NOTHING,
) -> dict[str, Any]:
    """Return legs as ``RouteBook.commit`` takes them.

    Args:
        goods: What they carry.
        legs: In the order of :func:`~aidline.solve.routing.rules.in_order`.
        cargoes: What each consignment is on the ledger.
        salt: 32 bytes.
        predecessor: Id of the plan that it supersedes.
        reason: Why; none for a first plan.
        note: Hash of the particulars.
    """
    number = {one.id: index for index, one in enumerate(goods)}
    return {
        "predecessor": predecessor,
        "reason": reason,
        "note": note,
        "salt": salt,
        "cargoes": [
            {
                "parcel": cargoes[one.id].parcel,
                "consignment": cargoes[one.id].consignment,
                "units": one.load[0],
                "weight": one.load[1],
                "volume": one.load[2],
                "temperature_min": one.band.low,
                "temperature_max": one.band.high,
                "to_station": one.destination,
                "ready": one.ready,
                "due": one.due,
            }
            for one in goods
        ],
        "legs": [
            {
                "cargo": number.get(leg.consignment, len(goods)),
                "carrier": leg.carrier,
                "vehicle": leg.vehicle,
                "crew": leg.crew,
                "from_station": leg.start,
                "to_station": leg.end,
                "departure": leg.departure,
                "latest_arrival": leg.latest,
            }
            for leg in legs
        ],
    }


def as_runs(network: Network, plan: Plan) -> list[tuple[str, tuple[int, int, int, int, int]]]:
    """Return, for each run, its carrier and what ``LogisticsNetwork.openRun`` takes."""
    return [
        (
            network.vehicles[run.vehicle].carrier,
            (run.vehicle, run.crew, run.start, run.departure, run.back),
        )
        for run in plan.runs
    ]


def as_legs(plan: Plan, consignment: int, *, bond: int = 0) -> tuple[LegRequest, ...]:
    """Return the legs of a consignment as a booking names them.

    Args:
        plan: The plan.
        consignment: Which.
        bond: What each carrier answers with.
    """
    return tuple(
        LegRequest(
            carrier=leg.carrier,
            vehicle=leg.vehicle,
            crew=leg.crew,
            from_station=leg.start,
            to_station=leg.end,
            departure=leg.departure,
            latest_arrival=leg.latest,
            freight=leg.freight,
            bond=bond,
        )
        for leg in in_order(plan)
        if leg.consignment == consignment
    )
