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
from aidline.model import (
    ActionKind,
    ActionStatus,
    AllocationStatus,
    Level,
    LotKind,
    ParcelState,
)
from aidline.trace.carriage import carriers_read, carriers_told, freight_read, freight_told
from aidline.trace.counting import STATES, read_all
from aidline.trace.gifts import gifts_read, gifts_told, money_read, money_told

__all__ = ["LEVELS", "from_counters", "from_events", "proposal_text"]

Figures = dict[str, Any]

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
    lots = read_all(aid.ledger.lot, aid.ledger.lotCount())
    fates = read_all(aid.ledger.fateOf, aid.ledger.lotCount())
    states = {lot: {name: getattr(fate, name) for name in STATES} for lot, fate in fates.items()}
    gift_lots = {lot for lot, record in lots.items() if record.kind == LotKind.GIFT}
    freight = freight_read(aid)
    return {
        "units": _units({lot: record.quantity for lot, record in lots.items()}, states, gift_lots),
        "demand": _demand_read(aid),
        **freight,
        "carriers": carriers_read(aid, freight),
        "money": money_read(aid),
        "gifts": gifts_read(aid, states),
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
    fund = by_room[aid.fund.name]
    gifts = [*by_room[aid.donations.name], *by_room[aid.gift_audit.name]]
    freight = freight_told(
        [event for event in events if event.contract in (aid.freight.name, aid.ledger.name)]
    )
    return {
        "units": _units(quantities, states, gift_lots),
        "demand": _demand_told([*by_room[aid.needs.name], *by_room[aid.demand.name]]),
        **freight,
        "carriers": carriers_told(by_room[aid.carriers.name], freight, aid.chain.now()),
        "money": money_told(by_room[aid.currency.name], fund),
        "gifts": gifts_told(gifts, fund, states),
        "emergency": _emergency(by_room[aid.emergency.name], time_offset),
    }


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
    allocations = read_all(aid.demand.allocation, aid.demand.allocationCount()).values()
    demands = read_all(aid.needs.demand, aid.needs.demandCount()).values()
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
