"""``aidline trace``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from aidline.cli.past import DeploymentFile, Node, SummaryFile, played
from aidline.cli.show import new_table, short
from aidline.errors import InputError
from aidline.files import read_json, require_writable, write_json
from aidline.model import DisputeStatus, ParcelState, Resolution
from aidline.trace import Happening, History

__all__ = ["trace"]

_MOST_NAMED = 3


def trace(
    summary: SummaryFile,
    parcel: Annotated[int | None, typer.Option(min=1, help="A parcel.")] = None,
    lot: Annotated[int | None, typer.Option(min=1, help="A lot, with all of its parcels.")] = None,
    rpc: Node = None,
    deployment: DeploymentFile = None,
    result: Annotated[Path | None, typer.Option("--json", help="Write it here.")] = None,
) -> None:
    """Tell everything that ever happened to a parcel or a lot, and who signed it."""
    if (parcel is None) == (lot is None):
        raise InputError("give --parcel or --lot, one of them")
    if result is not None:
        require_writable(result)
    record: dict[str, Any] = read_json(summary, "summary", InputError)
    with played(summary, rpc, deployment) as aid:
        history = History(aid)
        if parcel is not None:
            told = history.of_parcel(parcel)
        else:
            assert lot is not None
            told = history.of_lot(lot)
    if result is not None:
        write_json(result, [_as_json(one) for one in told])
    _show(Console(highlight=False), told, record["names"], record["time_offset"])


def _show(
    console: Console, told: Sequence[Happening], names: Mapping[str, str], offset: int
) -> None:
    table = new_table("", "when (UTC)", "what", "", "signed by", left=4)
    for one in told:
        signers = [short(names.get(signer, signer), 18) for signer in one.signers]
        if len(signers) > _MOST_NAMED:
            signers[_MOST_NAMED - 1 :] = ["…"]
        moment = datetime.fromtimestamp(one.time - offset, UTC)
        table.add_row(
            f"{moment:%m-%d %H:%M}", one.what, _detail(one.event.args, one.what), ", ".join(signers)
        )
    for column in table.columns[2:]:
        column.no_wrap = False
    console.print(table)


def _detail(args: Any, what: str) -> str:
    """Return what tells one event from others of its name, in a few words."""
    told = _DETAILS.get(what)
    if told is not None:
        return told(args)
    units = getattr(args, "units", None)
    return "" if units is None else f"{units:,} units"


def _words(member: Enum) -> str:
    return member.name.lower().replace("_", " ")


def _dispute(args: Any) -> str:
    outcome = _words(DisputeStatus(args.status))
    return outcome + (f", award {args.award}" if args.is_awarded else "")


_DETAILS: Mapping[str, Callable[[Any], str]] = {
    "LotCommissioned": lambda args: f"lot {args.lot}, {args.quantity:,} units",
    "GiftReceived": lambda args: f"gift {args.gift}, {args.accepted:,} units accepted",
    "ParcelSplit": lambda args: f"{args.units:,} units of {args.parcel} into {args.child}",
    "ParcelMoved": lambda args: (
        f"{args.units:,} units {_words(ParcelState(args.from_))} → {_words(ParcelState(args.to))}"
    ),
    "ConsignmentBooked": lambda args: f"consignment {args.consignment}",
    "CustodyChanged": lambda args: f"handover {args.sequence}, station {args.station}",
    "UnitsSetAside": lambda args: "parcel " + ", ".join(map(str, args.parcels)),
    "DisputeRaised": lambda args: f"dispute {args.dispute}, leg {args.leg}",
    "DisputeEnded": lambda args: f"dispute {args.dispute}: {_dispute(args)}",
    "ConsignmentSettled": lambda args: _words(Resolution(args.resolution)),
}


def _as_json(one: Happening) -> dict[str, Any]:
    return {
        "time": one.time,
        "what": one.what,
        "room": one.room,
        "signers": list(one.signers),
        "transaction": f"0x{one.event.tx_hash.hex()}",
        "arguments": _plain(one.event.args),
    }


def _plain(value: Any) -> Any:
    """Return an event's argument as JSON has it: whole numbers beyond 2^53 as text."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**53 else str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value
