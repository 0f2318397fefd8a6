"""A plan as the contracts take it: committed to ``RouteBook``, its runs opened, its legs booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aidline.client import Aidline
from aidline.messages import LegRequest
from aidline.model import Hindrance
from aidline.signing import Signer
from aidline.solve.routing.chainview import Allotted
from aidline.solve.routing.records import Consignment, Leg, Network, Plan
from aidline.solve.routing.rules import in_order

__all__ = ["Cargo", "as_legs", "as_plan", "as_runs", "bookings", "commit"]

#: Legs that ``RouteBook`` takes in one plan.
MOST_LEGS = 1_000

_NOTHING = bytes(32)
_PICK_UP_GRACE = 3_600


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


def commit(aid: Aidline, allotted: Sequence[Allotted], plan: Plan, solver: Signer) -> list[bytes]:
    """Commit a plan, in as many parts as the contract takes; returns their ids.

    Args:
        aid: The deployment.
        allotted: What the plan's consignments are.
        plan: The plan.
        solver: An active solver.

    Raises:
        ContractReverted: The contract does not take it: something has changed meanwhile.
    """
    ids = []
    for number, (goods, legs) in enumerate(_parts(allotted, plan)):
        cargoes = {one.goods.id: Cargo(parcel=one.parcel) for one in allotted}
        content = as_plan(goods, legs, cargoes, salt=number.to_bytes(32, "big"))
        committed = aid.routes.commit(content, sender=solver).event("PlanCommitted")
        ids.append(bytes(committed.args.plan))
    return ids


def _parts(allotted: Sequence[Allotted], plan: Plan) -> list[tuple[list[Consignment], list[Leg]]]:
    """Return whole consignments with their legs, as many as one plan takes."""
    legs = plan.legs_of()
    parts: list[list[Consignment]] = []
    room = 0
    for one in allotted:
        count = len(legs.get(one.goods.id, ()))
        if not count:
            continue
        if count > room:
            parts.append([])
            room = MOST_LEGS
        parts[-1].append(one.goods)
        room -= count
    ordered = in_order(plan)
    return [
        (part, [leg for leg in ordered if leg.consignment in {one.id for one in part}])
        for part in parts
    ]


def bookings(
    allotted: Sequence[Allotted], plan: Plan, committed: Sequence[bytes]
) -> list[dict[str, Any]]:
    """Return what is to be booked with ``FreightEscrow``, as it stands in JSON.

    Payer, terms and devices are the parties' own choice; the carriers open the plan's runs before,
    and sign their legs. The salt names the plan to which a booking belongs.

    Args:
        allotted: What the plan's consignments are.
        plan: The plan.
        committed: Ids of its parts, if it was committed.
    """
    part_of = {
        one.id: f"0x{name.hex()}"
        for name, (goods, _) in zip(committed, _parts(allotted, plan), strict=False)
        for one in goods
    }
    served = plan.legs_of()
    return [
        {
            "consignment": one.goods.id,
            "consignor": one.holder,
            "consignee": one.consignee,
            "allocations": list(one.allocations),
            "pick_up_by": min(
                served[one.goods.id][0].departure + _PICK_UP_GRACE, served[one.goods.id][0].latest
            ),
            "salt": part_of.get(one.goods.id),
            "legs": [
                {
                    "carrier": leg.carrier,
                    "vehicle": leg.vehicle,
                    "crew": leg.crew,
                    "from_station": leg.start,
                    "to_station": leg.end,
                    "departure": leg.departure,
                    "latest_arrival": leg.latest,
                    "freight": str(leg.freight),
                }
                for leg in served[one.goods.id]
            ],
        }
        for one in allotted
        if one.goods.id in served
    ]
