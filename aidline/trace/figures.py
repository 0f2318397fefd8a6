"""The figures of a deployment, computed twice: from the contracts' counters and from events.

Both functions return the same structure, the part of ``summary.json`` that a chain can prove
(``aidline/schemas/summary.json``). Quantities are integers in base units of the material, money is
a decimal string in base units of the currency, times are unix seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from aidline.client import Aidline, Event
from aidline.errors import CheckFailed
from aidline.freight import booking_in
from aidline.model import (
    ActionKind,
    ActionStatus,
    AllocationStatus,
    GiftKind,
    GiftStatus,
    Level,
    LotKind,
    ParcelState,
    Resolution,
    Status,
)
from aidline.watches import told_by_consignment

__all__ = ["LEVELS", "STATES", "from_counters", "from_events", "proposal_text"]

Figures = dict[str, Any]

#: The states of a parcel, by their names in a summary.
STATES = tuple(
    state.name.lower()
    for state in ParcelState
    if state not in (ParcelState.NULL, ParcelState.MERGED)  # a parcel that was merged has no units
)
#: The levels of urgency, the most urgent first.
LEVELS = tuple(level.name.lower() for level in reversed(Level) if level is not Level.NULL)

_SECONDS_A_DAY = 86_400


def from_counters(aid: Aidline, time_offset: int = 0) -> Figures:
    """Read the figures from what the contracts have stored.

    Args:
        aid: The contracts.
        time_offset: Seconds that the chain's dates are ahead of those that are to be told.

    Raises:
        EnvironmentProblem: The node does not answer.
    """
    lots = _read(aid.ledger.lot, aid.ledger.lotCount())
    fates = _read(aid.ledger.fateOf, aid.ledger.lotCount())
    states = {lot: {name: getattr(fate, name) for name in STATES} for lot, fate in fates.items()}
    gift_lots = {lot for lot, record in lots.items() if record.kind == LotKind.GIFT}
    return {
        "units": _units({lot: record.quantity for lot, record in lots.items()}, states, gift_lots),
        "demand": _demand_read(aid),
        **_freight_read(aid),
        "money": _money_read(aid),
        "gifts": _gifts_read(aid, states),
        "emergency": _emergency(aid.emergency.events(), time_offset),
    }


def from_events(aid: Aidline, time_offset: int = 0) -> Figures:
    """Compute the figures from the events alone, without asking any counter.

    Args:
        aid: The contracts.
        time_offset: Seconds that the chain's dates are ahead of those that are to be told.
    """
    events = aid.history()
    by_room: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_room[event.contract].append(event)
    ledger = by_room[aid.ledger.name]
    quantities, kinds, states = _lots_told(ledger)
    gift_lots = {lot for lot, kind in kinds.items() if kind == LotKind.GIFT}
    fund, donations = by_room[aid.fund.name], by_room[aid.donations.name]
    return {
        "units": _units(quantities, states, gift_lots),
        "demand": _demand_told([*by_room[aid.needs.name], *by_room[aid.demand.name]]),
        **_freight_told(
            [event for event in events if event.contract in (aid.freight.name, aid.ledger.name)]
        ),
        "money": _money_told(by_room[aid.currency.name], fund),
        "gifts": _gifts_told(donations, fund, states),
        "emergency": _emergency(by_room[aid.emergency.name], time_offset),
    }


def _read(function: Any, count: int) -> dict[int, Any]:
    """Return the records of all ids, which count from 1."""
    ids = range(1, count + 1)
    return dict(zip(ids, function.many((number,) for number in ids), strict=True))


def proposal_text(lines: Sequence[Any]) -> str:
    """Return the lines of a proposal in words, as a summary names a refused one."""
    first = lines[0]
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    units = "1 unit" if first.units == 1 else f"{first.units} units"
    return f"{units} of offer {first.offer} for demand {first.demand}{more}"


def _date(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).date().isoformat()


def _text(value: bytes) -> str:
    stripped = value.rstrip(b"\0")
    return stripped.decode() if stripped.isascii() else f"0x{value.hex()}"


# --- units -----------------------------------------------------------------------------------


def _units(
    quantities: dict[int, int], states: dict[int, dict[str, int]], gifts: set[int]
) -> Figures:
    def added(lots: Iterable[int]) -> dict[str, int]:
        total = dict.fromkeys(STATES, 0)
        for lot in lots:
            for name, units in states[lot].items():
                total[name] += units
        return total

    return {
        "given": sum(quantities[lot] for lot in gifts),
        "by_state": added(gifts),
        "all_units": added(states),
    }


def _lots_told(
    events: Sequence[Event],
) -> tuple[dict[int, int], dict[int, int], dict[int, dict[str, int]]]:
    """Return each lot's quantity, kind and units by state, as its events tell them."""
    quantities: dict[int, int] = {}
    kinds: dict[int, int] = {}
    states: dict[int, dict[str, int]] = {}
    lot_of: dict[int, int] = {}
    for event in events:
        args = event.args
        if event.name == "LotCommissioned":
            quantities[args.lot] = args.quantity
            kinds[args.lot] = args.kind
            states[args.lot] = dict.fromkeys(STATES, 0)
            states[args.lot]["held"] = args.quantity
            lot_of[args.parcel] = args.lot
        elif event.name == "ParcelSplit":
            lot_of[args.child] = lot_of[args.parcel]
        elif event.name == "ParcelMoved":
            units = states[lot_of[args.parcel]]
            units[_state(args.from_)] -= args.units
            units[_state(args.to)] += args.units
    return quantities, kinds, states


def _state(state: int) -> str:
    return ParcelState(state).name.lower()


# --- demand ----------------------------------------------------------------------------------


def _by_level(served: Iterable[tuple[int, int]], open_: Iterable[tuple[int, int]]) -> Figures:
    """Sum units by level: what was served under it, and what is still open at it.

    A demand's level rises while its stock runs down, so that its units may be served under one
    level and stay open at another; asked is the sum of both.
    """
    made: Figures = {name: {"asked": 0, "served": 0} for name in LEVELS}
    for level, units in served:
        entry = made[Level(level).name.lower()]
        entry["asked"] += units
        entry["served"] += units
    for level, units in open_:
        made[Level(level).name.lower()]["asked"] += units
    return made


def _demand_read(aid: Aidline) -> Figures:
    allocations = _read(aid.demand.allocation, aid.demand.allocationCount()).values()
    demands = _read(aid.needs.demand, aid.needs.demandCount()).values()
    standing = (AllocationStatus.ALLOCATED, AllocationStatus.BOOKED, AllocationStatus.RECEIVED)
    return _by_level(
        ((one.level, one.units) for one in allocations if one.status in standing),
        ((one.level, one.units - one.served) for one in demands),
    )


def _demand_told(events: Sequence[Event]) -> Figures:
    open_units: dict[int, int] = {}
    level: dict[int, int] = {}
    allocated: dict[int, tuple[int, int, int]] = {}
    for event in events:
        args = event.args
        if event.name == "DemandPublished":
            open_units[args.demand] = args.units
        elif event.name == "LevelChanged":
            level[args.demand] = args.to
        elif event.name == "Allocated":
            open_units[args.demand] -= args.units
            allocated[args.allocation] = args.demand, args.level, args.units
        elif event.name == "AllocationShort":
            demand, under, units = allocated[args.allocation]
            allocated[args.allocation] = demand, under, units - args.units
            open_units[demand] += args.units
        elif event.name in ("AllocationReleased", "AllocationFailed"):
            demand, _, units = allocated.pop(args.allocation)
            open_units[demand] += units
    return _by_level(
        ((under, units) for _, under, units in allocated.values()),
        ((level[demand], units) for demand, units in open_units.items()),
    )


# --- freight ---------------------------------------------------------------------------------


def _why(outcome: Any, freight: int) -> Figures:
    """Say why a leg was paid what it was.

    Args:
        outcome: What it earned, seconds late, exposure, longest silence.
        freight: What was agreed.
    """
    reasons = [name for name in ("late", "temperature", "humidity") if getattr(outcome, name)]
    return {
        "reasons": reasons if outcome.pay < freight else [],
        "late_seconds": outcome.late,
        "temperature_exposure": outcome.temperature,
        "humidity_exposure": outcome.humidity,
        "longest_silence": outcome.silence,
    }


def _freight(consignments: list[Figures]) -> Figures:
    prepaid, paid, refunded = (
        sum(int(consignment[name]) for consignment in consignments)
        for name in ("prepaid", "paid", "refunded")
    )
    return {
        "freight": {
            "prepaid": str(prepaid),
            "paid": str(paid),
            "refunded": str(refunded),
            "held": str(prepaid - paid - refunded),
        },
        "consignments": consignments,
    }


def _freight_read(aid: Aidline) -> Figures:
    """Read the consignments; what was agreed stands in events, held against the contract's hash."""
    records = _read(aid.freight.consignment, aid.freight.consignmentCount())
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
    return _freight(
        [
            {
                "id": number,
                "status": Status(record.status).name.lower(),
                "resolution": Resolution(record.resolution).name.lower(),
                "prepaid": str(record.prepaid),
                "paid": str(record.paid),
                "refunded": str(record.refunded),
                "legs": [
                    _leg(leg, outcome if record.status == Status.SETTLED else None)
                    for leg, outcome in zip(booked[number].legs, earned, strict=True)
                ],
            }
            for (number, record), earned in zip(records.items(), outcomes, strict=True)
        ]
    )


def _leg(leg: Any, outcome: Any | None) -> Figures:
    """Tell a leg as booked, with its outcome once it is settled."""
    return {
        "carrier": leg.carrier,
        "freight": str(leg.freight),
        "paid": "0" if outcome is None else str(outcome.pay),
        "why": None if outcome is None else _why(outcome, leg.freight),
    }


def _freight_told(events: Sequence[Event]) -> Figures:
    consignments: dict[int, Figures] = {}
    orders: dict[int, Any] = {}
    for event in events:
        args = event.args
        if event.name == "ConsignmentBooked":
            orders[args.consignment] = args.order
            consignments[args.consignment] = {
                "id": args.consignment,
                "status": "booked",
                "resolution": "null",
                "prepaid": str(args.prepaid),
                "paid": "0",
                "refunded": "0",
                "legs": [_leg(leg, None) for leg in args.order.legs],
            }
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
        elif event.name == "ConsignmentSettled":
            entry = consignments[args.consignment]
            entry["status"] = "settled"
            entry["resolution"] = Resolution(args.resolution).name.lower()
            entry["paid"] = str(args.paid)
            entry["refunded"] = str(args.refunded)
            legs = orders[args.consignment].legs
            entry["legs"] = [_leg(*each) for each in zip(legs, args.legs, strict=True)]
    return _freight([consignments[number] for number in sorted(consignments)])


# --- money -----------------------------------------------------------------------------------


def _money_read(aid: Aidline) -> Figures:
    given = spent = recovered = 0
    lines = {gift.line for gift in _read(aid.fund.moneyGift, aid.fund.giftCount()).values()}
    for record in aid.fund.line.many((line,) for line in sorted(lines)):
        given += record.given
        spent += record.spent + record.respent
        recovered += record.recovered
    return {
        "currency": str(aid.currency.totalSupply()),
        "reserve": str(aid.reserve.balanceOf(aid.currency.address)),
        "given": str(given),
        "spent": str(spent),
        "recovered": str(recovered),
        "in_fund": str(given + recovered - spent),
    }


def _money_told(currency: Sequence[Event], fund: Sequence[Event]) -> Figures:
    supply = 0
    for event in currency:
        if event.name == "Deposited":
            supply += event.args.received
        elif event.name == "Withdrawn":
            supply -= event.args.amount
    given = sum(event.args.amount for event in fund if event.name == "MoneyReceived")
    spent = sum(
        event.args.amount + event.args.from_recovered
        for event in fund
        if event.name == "MoneySpent"
    )
    recovered = sum(event.args.amount for event in fund if event.name == "MoneyRecovered")
    return {
        "currency": str(supply),
        "reserve": str(supply),
        "given": str(given),
        "spent": str(spent),
        "recovered": str(recovered),
        "in_fund": str(given + recovered - spent),
    }


# --- gifts -----------------------------------------------------------------------------------


def _in_kind(
    number: int, donor: str, status: str, counts: Sequence[int], states: dict[str, int] | None
) -> Figures:
    pledged, accepted, refused, missing = counts
    return {
        "id": number,
        "kind": "in_kind",
        "donor": donor,
        "status": status,
        "pledged": pledged,
        "accepted": accepted,
        "refused": refused,
        "missing": missing,
        "by_state": states or dict.fromkeys(STATES, 0),
    }


def _of_money(number: int, donor: str, amount: int, spent: int) -> Figures:
    return {
        "id": number,
        "kind": "money",
        "donor": donor,
        "status": "received",
        "amount": str(amount),
        "spent": str(spent),
    }


def _gifts_read(aid: Aidline, states: dict[int, dict[str, int]]) -> list[Figures]:
    made = []
    for number, gift in _read(aid.donations.gift, aid.donations.giftCount()).items():
        if gift.kind == GiftKind.MONEY:
            spent = aid.fund.spentOf(gift.money_gift, 0, 0).spent
            made.append(_of_money(number, gift.donor, gift.amount, spent))
        else:
            counts = (gift.pledged, gift.accepted, gift.refused, gift.missing)
            status = GiftStatus(gift.status).name.lower()
            made.append(_in_kind(number, gift.donor, status, counts, states.get(gift.lot)))
    return made


def _gifts_told(
    donations: Sequence[Event], fund: Sequence[Event], states: dict[int, dict[str, int]]
) -> list[Figures]:
    intervals: dict[int, tuple[bytes, int, int]] = {}
    spent_of: dict[bytes, int] = defaultdict(int)
    for event in fund:
        args = event.args
        if event.name == "MoneyReceived":
            intervals[args.gift] = args.line, args.from_, args.amount
        elif event.name == "MoneySpent":
            spent_of[args.line] += args.amount
    gifts: dict[int, Figures] = {}
    for event in donations:
        args = event.args
        if event.name == "GiftPledged":
            counts = (args.terms.units, 0, 0, 0)
            gifts[args.gift] = _in_kind(args.gift, args.donor, "pledged", counts, None)
        elif event.name == "GiftReceived":
            gift = gifts[args.gift]
            gift["status"] = "received"
            gift["accepted"] = args.accepted
            gift["refused"] = args.refused
            gift["missing"] = args.missing
            if args.lot:
                gift["by_state"] = states[args.lot]
        elif event.name == "GiftWithdrawn":
            gifts[args.gift]["status"] = "withdrawn"
        elif event.name == "MoneyGiven":
            line, start, amount = intervals[args.money_gift]
            spent = min(max(spent_of[line] - start, 0), amount)
            gifts[args.gift] = _of_money(args.gift, args.donor, amount, spent)
    return [gifts[number] for number in sorted(gifts)]


# --- emergency -------------------------------------------------------------------------------


def _emergency(events: Sequence[Event], time_offset: int) -> list[Figures]:
    """Return each change of a plan's level with its figures and what it set going.

    The history stands in events only; what the actions came to is compared with the contract's
    own records by :func:`aidline.trace.verify.differences`.
    """
    changes: list[Figures] = []
    figures: dict[tuple[bytes, int], list[Figures]] = defaultdict(list)
    actions: dict[int, Figures] = {}
    latest: dict[bytes, Figures] = {}
    for event in events:
        args = event.args
        if event.name == "RegionFigure":
            figures[args.plan, args.day].append(
                {
                    "region": _text(args.region),
                    "value": args.value,
                    "growth_basis_points": args.growth,
                    "meets": args.meets,
                }
            )
        elif event.name == "LevelChanged":
            change: Figures = {
                "plan": _text(args.plan),
                "activation": args.activation,
                "date": _date(args.day * _SECONDS_A_DAY - time_offset),
                "from": args.from_,
                "to": args.to,
                "figures": figures[args.plan, args.day],
                "actions": [],
            }
            latest[args.plan] = change
            changes.append(change)
        elif event.name == "ActionStarted":
            action: Figures = {
                "id": args.action,
                "level": args.level,
                "kind": ActionKind(args.kind).name.lower(),
                "status": ActionStatus.PENDING.name.lower(),
                "quantity": "0",
            }
            actions[args.action] = action
            latest[args.plan]["actions"].append(action)
        elif event.name == "ActionDone":
            actions[args.action]["status"] = ActionStatus.DONE.name.lower()
            actions[args.action]["quantity"] = str(args.quantity)
        elif event.name == "ActionFailed":
            actions[args.action]["status"] = ActionStatus.FAILED.name.lower()
    return changes
