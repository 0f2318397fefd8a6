"""The figures of freight: consignments, what they cost, and how their carriers stand.

As :mod:`aidline.trace.figures`, once from the contracts' counters and once from events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aidline.client import Aidline, Event
from aidline.errors import CheckFailed
from aidline.freight import booking_in
from aidline.model import Flaw, Paper, Resolution, Standing, Status, Verdict
from aidline.trace.counting import read_all
from aidline.watches import told_by_consignment

__all__ = ["carriers_read", "carriers_told", "freight_read", "freight_told"]

Figures = dict[str, Any]


def _why(outcome: Any, freight: int, missed: int) -> Figures:
    """Say why a leg was paid what it was.

    Args:
        outcome: What it earned, seconds late, exposure, longest silence.
        freight: What was agreed.
        missed: Units that it answers for.
    """
    reasons = [name for name in ("late", "temperature", "humidity") if getattr(outcome, name)]
    reasons += ["units"] if missed else []
    return {
        "reasons": reasons if outcome.pay < freight else [],
        "missed_units": missed,
        "late_seconds": outcome.late,
        "temperature_exposure": outcome.temperature,
        "humidity_exposure": outcome.humidity,
        "longest_silence": outcome.silence,
    }


def _freight(consignments: list[Figures]) -> Figures:
    """Add up: what was prepaid for freight and goods is paid, refunded or held."""
    prepaid, paid, refunded = (
        sum(int(consignment[name]) for consignment in consignments)
        for name in ("prepaid", "paid", "refunded")
    )
    sold = sum(int(one["sale"]["paid"]) for one in consignments if one["sale"])
    return {
        "freight": {
            "prepaid": str(prepaid),
            "paid": str(paid - sold),
            "sold": str(sold),
            "refunded": str(refunded),
            "held": str(prepaid - paid - refunded),
        },
        "consignments": consignments,
    }


def freight_read(aid: Aidline) -> Figures:
    """Read the consignments; what was agreed stands in events, held against the contract's hash."""
    records = read_all(aid.freight.consignment, aid.freight.consignmentCount())
    booked = {
        event.args.consignment: booking_in(event.args.order)
        for event in aid.freight.events("ConsignmentBooked")
    }
    kept = aid.freight.consignmentOf.many((booked[number].struct_hash(),) for number in records)
    if list(kept) != list(records):
        raise CheckFailed("a consignment is not booked as its event tells")
    told = told_by_consignment(aid.monitor)
    outcomes = aid.freight.outcomesOf.many(
        (booked[number], [one.points for one in told.get(number, ())]) for number in records
    )
    missed = _missed_read(aid, booked)
    return _freight(
        [
            {
                "id": number,
                "status": Status(record.status).name.lower(),
                "resolution": Resolution(record.resolution).name.lower(),
                "prepaid": str(record.prepaid),
                "paid": str(record.paid),
                "refunded": str(record.refunded),
                "sale": _sale(
                    booked[number],
                    record.paid - sum(outcome.pay for outcome in earned)
                    if record.status == Status.SETTLED
                    else 0,
                ),
                "legs": [
                    _leg(leg, outcome if record.status == Status.SETTLED else None, units)
                    for leg, outcome, units in zip(
                        booked[number].legs, earned, missed[number], strict=True
                    )
                ],
            }
            for (number, record), earned in zip(records.items(), outcomes, strict=True)
        ]
    )


def _sale(order: Any, paid: int) -> Figures | None:
    """Tell what was sold, and what its seller was paid; ``None`` where nothing was."""
    if not order.price:
        return None
    return {
        "seller": order.seller,
        "to_household": any(order.household),
        "price": str(order.price),
        "paid": str(paid),
    }


def _missed_read(aid: Aidline, booked: Mapping[int, Any]) -> dict[int, list[int]]:
    """Read the units that each leg of each consignment answers for."""
    places = [(number, leg) for number, one in booked.items() for leg in range(len(one.legs))]
    missed: dict[int, list[int]] = {number: [] for number in booked}
    for (number, _), tally in zip(places, aid.freight.tallyOf.many(places), strict=True):
        missed[number].append(tally.missed)
    return missed


def _miss(missed: list[int], sequence: int, exceptions: Iterable[Any]) -> None:
    """Add a count: what a taker refuses is its own answer, what else is missing the giver's."""
    for found in exceptions:
        leg = sequence - (found.flaw != Flaw.REFUSED)
        if 0 <= leg < len(missed):
            missed[leg] += found.units


def _leg(leg: Any, outcome: Any | None, missed: int) -> Figures:
    """Tell a leg as booked, with its outcome once it is settled, and the units it answers for."""
    return {
        "carrier": leg.carrier,
        "freight": str(leg.freight),
        "paid": "0" if outcome is None else str(outcome.pay),
        "why": None if outcome is None else _why(outcome, leg.freight, missed),
    }


def freight_told(events: Sequence[Event]) -> Figures:
    """Tell the consignments from the events of escrow and ledger."""
    consignments: dict[int, Figures] = {}
    orders: dict[int, Any] = {}
    missed: dict[int, list[int]] = {}
    for event in events:
        args = event.args
        if event.name == "ConsignmentBooked":
            orders[args.consignment] = args.order
            missed[args.consignment] = [0] * len(args.order.legs)
            consignments[args.consignment] = {
                "id": args.consignment,
                "status": "booked",
                "resolution": "null",
                "prepaid": str(args.prepaid),
                "paid": "0",
                "refunded": "0",
                "sale": _sale(args.order, 0),
                "legs": [_leg(leg, None, 0) for leg in args.order.legs],
            }
        elif event.name == "HandoverCounted":
            _miss(missed[args.consignment], args.sequence, args.exceptions)
        elif event.name == "CustodyChanged":
            # the change that settles is told after the settlement
            entry = consignments[args.consignment]
            entry["status"] = "in_transit" if entry["status"] == "booked" else entry["status"]
        elif event.name == "Arrived":
            consignments[args.consignment]["status"] = "arrived"
        elif event.name == "HandoverRefused":
            # on the way it changes nothing
            if args.sequence == len(orders[args.consignment].legs):
                consignments[args.consignment]["status"] = "refused"
        elif event.name == "ConsignmentClosed":
            entry = consignments[args.consignment]
            entry["status"] = "closed"
            entry["resolution"] = Resolution(args.resolution).name.lower()
        elif event.name == "ConsignmentSettled":
            entry = consignments[args.consignment]
            entry["status"] = "settled"
            entry["resolution"] = Resolution(args.resolution).name.lower()
            entry["paid"] = str(args.paid)
            entry["refunded"] = str(args.refunded)
            order = orders[args.consignment]
            entry["sale"] = _sale(order, args.price)
            each = zip(order.legs, args.legs, missed[args.consignment], strict=True)
            entry["legs"] = [_leg(*one) for one in each]
    return _freight([consignments[number] for number in sorted(consignments)])


# --- carriers --------------------------------------------------------------------------------


def carriers_read(aid: Aidline, freight: Figures) -> list[Figures]:
    """Read how everybody who carries stands with the auditors."""
    known = _carriers(freight)
    standings = aid.carriers.standingOf.many((carrier,) for carrier in known)
    return [
        {
            "carrier": carrier,
            "licence": Standing(standing.licence).name.lower(),
            "tariff": Standing(standing.tariff).name.lower(),
        }
        for carrier, standing in zip(known, standings, strict=True)
    ]


def carriers_told(events: Iterable[Event], freight: Figures, now: int) -> list[Figures]:
    """Tell the same from the auditors' words, the newest on each paper, as of ``now``."""
    words = {
        (event.args.carrier, Paper(event.args.paper)): event.args
        for event in events
        if event.name == "CarrierAttested"
    }

    def standing(carrier: str, paper: Paper) -> str:
        word = words.get((carrier, paper))
        if word is None:
            return Standing.NONE.name.lower()
        return "lapsed" if word.valid_until <= now else Verdict(word.verdict).name.lower()

    return [
        {
            "carrier": carrier,
            "licence": standing(carrier, Paper.LICENCE),
            "tariff": standing(carrier, Paper.TARIFF),
        }
        for carrier in _carriers(freight)
    ]


def _carriers(freight: Figures) -> list[str]:
    return sorted({leg["carrier"] for one in freight["consignments"] for leg in one["legs"]})
