"""``aidline device``: a pallet's device as a program, and what its loggers say."""

from __future__ import annotations

import contextlib
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from aidline import device as devices
from aidline.cli.accounts import load_account
from aidline.client import Aidline, Web3Chain
from aidline.deploy import default_path
from aidline.device.recording import Device, Pace
from aidline.device.replay import Excursion, Log, excursions_of, read_log
from aidline.device.running import Summary
from aidline.device.spool import Spool
from aidline.errors import AidlineError, CheckFailed, EnvironmentProblem, InputError
from aidline.files import require_writable, write_json
from aidline.readings import Reading
from aidline.signing import Domain, Key
from aidline.telemetry import Band, Watch

__all__ = ["device"]

_BAND = re.compile(r"(-?\d+(?:\.\d{1,2})?):(-?\d+(?:\.\d{1,2})?)")
_SHOWN = 40
_ANSWER = 30.0  # seconds that a device may take to end a batch
_RPC_SECONDS = 10.0  # for one answer of the node: a device tries again

Rpc = Annotated[str, typer.Option(help="Address of the node.")]
Keystore = Annotated[Path, typer.Option(help="Keystore of the device's own key.")]
Consignment = Annotated[int, typer.Option(min=1, help="The consignment.")]
Deployed = Annotated[Path | None, typer.Option(help="Deployment file (that of the node's chain).")]
Folder = Annotated[
    Path | None, typer.Option(help="Folder in which it keeps what it has (spool/...).")
]
Password = Annotated[Path | None, typer.Option(help="The keystore's password.")]
Count = Annotated[int, typer.Option(min=1, help="Readings of a batch at the most.")]
Seconds = Annotated[int, typer.Option(min=1, help="Seconds of a batch at the most.")]
Days = Annotated[int, typer.Option(min=1, help="Days for which a batch may be recorded.")]
Patience = Annotated[
    float, typer.Option(min=0, help="Seconds to go on sending after the last reading.")
]
Humidity = Annotated[
    int | None,
    typer.Option(min=0, max=10_000, help="Hundredths of a percent where a reading has none."),
]
Result = Annotated[Path | None, typer.Option("--json", help="Write the result here.")]

device = typer.Typer(
    help="A pallet's device: signs what its sensor reads, and sends it.",
    no_args_is_help=True,
    add_completion=False,
)


@device.command("run")
def run(
    rpc: Rpc,
    keystore: Keystore,
    consignment: Consignment,
    source: Annotated[
        str, typer.Option(help="A file, - (standard input), or mqtt://[user@]host:port/topic.")
    ] = "-",
    spool: Folder = None,
    deployment: Deployed = None,
    password_file: Password = None,
    batch_readings: Count = 100,
    batch_seconds: Seconds = 3_600,
    good_for: Days = 30,
    humidity: Humidity = None,
    patience: Patience = 60.0,
    result: Result = None,
) -> None:
    """Be a device until its source ends, or until SIGTERM or Ctrl-C."""
    if result is not None:
        require_writable(result)
    pace = Pace(batch_readings, batch_seconds, good_for * 86_400)
    key = load_account(keystore, password_file)
    session = f"aidline-{key.address}-{consignment}"
    came = devices.source_of(source, session, sys.stdin)
    with _device(rpc, key, consignment, spool, deployment, pace) as (made, sender):
        summary = _work(made, sender, came, humidity, patience)
    _report(summary, made.spool.folder, result)


@device.command("cut")
def cut(
    spool: Annotated[Path, typer.Option(help="Folder of the device that runs.")],
) -> None:
    """Have a running device end its batch, as it is to at each handover; wait until it has."""
    asked = Spool.ask_cut(spool)
    end = time.monotonic() + _ANSWER
    while asked.exists():
        if time.monotonic() > end:
            raise EnvironmentProblem(f"the device did not answer within {_ANSWER:g} seconds")
        time.sleep(0.05)
    typer.echo("the batch is ended and signed")


@device.command("answer")
def answer(
    rpc: Rpc,
    keystore: Keystore,
    consignment: Consignment,
    watch: Annotated[
        int | None,
        typer.Option(min=1, help="Look again every so many seconds, until SIGTERM or Ctrl-C."),
    ] = None,
    spool: Folder = None,
    deployment: Deployed = None,
    password_file: Password = None,
) -> None:
    """Show the readings that parties of the booking demand, from what the device has kept.

    A device that runs does it by itself. Ends when nobody can demand anything any more.
    """
    key = load_account(keystore, password_file)
    folder = spool or _spool_of(consignment, key)
    if not (folder / "device.json").is_file():
        raise InputError("is not the spool of a device", path=folder)
    own = _device(rpc, key, consignment, folder, deployment, Pace())
    with own as (made, sender), _stops() as stopping:
        shown = _answer(made, sender, watch, stopping)
    typer.echo(f"{shown} readings shown")


def _answer(
    made: Device, sender: devices.Sender, watch: int | None, stopping: threading.Event
) -> int:
    """Answer once, or again and again until told to stop or nothing is watched any more."""
    shown, aid = 0, None
    while True:
        try:
            aid = sender.connected() if aid is None else aid
            shown += devices.answer(aid, made, _tell)
            is_over = aid.court.caseOf(made.consignment, made.key.address).is_released
        except InputError:
            raise
        except AidlineError as problem:
            if watch is None:
                raise
            _tell(f"not answered, tries again: {problem}")
            aid, is_over = None, False
        if watch is None or is_over or stopping.wait(watch):
            return shown


@device.command("replay")
def replay(
    file: Annotated[Path, typer.Argument(help="What a logger has recorded (CSV).")],
    band: Annotated[
        str, typer.Option(help="Degrees Celsius between which the goods must stay.")
    ] = "2:8",
    humidity_band: Annotated[
        str, typer.Option(help="Percent of humidity between which they must stay.")
    ] = "0:100",
    readings: Annotated[bool, typer.Option("--readings", help="Print every reading.")] = False,
    rpc: Annotated[str | None, typer.Option(help="Send it as a device would, over this.")] = None,
    keystore: Annotated[Path | None, typer.Option(help="Keystore of the device's own key.")] = None,
    consignment: Annotated[int | None, typer.Option(min=1, help="The consignment.")] = None,
    shift: Annotated[
        bool, typer.Option("--shift", help="Move its times: the first reading at the pick-up.")
    ] = False,
    spool: Folder = None,
    deployment: Deployed = None,
    password_file: Password = None,
    batch_readings: Count = 100,
    humidity: Humidity = None,
    patience: Patience = 60.0,
    result: Result = None,
) -> None:
    """Print a logger's extremes, exposure, excursions and alarms; send its readings if asked."""
    if result is not None:
        require_writable(result)
    limits = Band(*_pair(band, "--band"), *_pair(humidity_band, "--humidity-band"))
    if (rpc is None) != (consignment is None) or (rpc is None) != (keystore is None):
        raise InputError("to send it, give --rpc, --keystore and --consignment")
    log = read_log(file)
    record = log.record(limits)
    if rpc is None or keystore is None or consignment is None:
        if result is not None:
            write_json(result, record)
        _show(Console(highlight=False), log, limits, readings)
        return
    if not log.readings:
        raise InputError("sums up days: it holds no readings to send", path=file)
    key = load_account(keystore, password_file)
    pace = Pace(batch_readings, max(log.readings[-1].time - log.readings[0].time, 1))
    with _device(rpc, key, consignment, spool, deployment, pace) as (made, sender):
        moved = 0
        if shift:
            picked_up = devices.Uplink(sender.connected(), made).picked_up_at()
            if picked_up is None:
                raise InputError("the goods are not picked up: there is no time to shift to")
            moved = picked_up - log.readings[0].time
        came = devices.ReadingSource(
            Reading(one.time + moved, one.temperature, one.humidity) for one in log.readings
        )
        summary = _work(made, sender, came, humidity, patience)
    if result is not None:
        write_json(result, {**record, "sent": summary.record()})
    _show(Console(highlight=False), log, limits, readings)
    _report(summary, made.spool.folder, None)


# --- a device ---


@contextlib.contextmanager
def _device(
    rpc: str,
    key: Key,
    consignment: int,
    folder: Path | None,
    deployment: Path | None,
    pace: Pace,
) -> Iterator[tuple[Device, devices.Sender]]:
    """Open the spool, find out what is watched, and make device and sender."""

    def connect() -> Aidline:
        chain = Web3Chain(rpc, timeout=_RPC_SECONDS)
        return Aidline(chain, deployment or default_path(chain.chain_id()))

    with Spool(folder or _spool_of(consignment, key)) as spool:
        known = spool.identity
        if known is None:
            aid = connect()
            watch = devices.watch_for(aid, consignment, key.address)
            domain = aid.domain(aid.monitor)
        else:  # it need not reach the node to go on
            watch = Watch(key.address, bytes.fromhex(known["booking"][2:]), Band(*known["band"]))
            domain = Domain(known["chain_id"], known["monitor"], "Aidline ConditionMonitor")
        made = Device(spool, watch, consignment, key, domain, pace)
        yield made, devices.Sender(made, connect, _tell)


def _spool_of(consignment: int, key: Key) -> Path:
    return Path("spool") / f"{consignment}-{key.address}"


def _work(
    made: Device,
    sender: devices.Sender,
    source: devices.Source,
    humidity: int | None,
    patience: float,
) -> Summary:
    with _stops() as stopping:
        return devices.run(
            made,
            sender,
            source,
            stopping=stopping,
            tell=_tell,
            humidity=humidity,
            patience=patience,
        )


@contextlib.contextmanager
def _stops() -> Iterator[threading.Event]:
    """Set an event at SIGTERM, SIGHUP or Ctrl-C meanwhile; a second one ends the process."""
    stopping = threading.Event()
    before: dict[signal.Signals, Any] = {}

    def leave(number: int, frame: FrameType | None) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with contextlib.suppress(ValueError):  # not in the main thread
            before[number] = signal.signal(number, leave)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(line: str) -> None:
    print(line, flush=True)


def _report(summary: Summary, folder: Path, result: Path | None) -> None:
    if result is not None:
        write_json(result, summary.record())
    dropped = summary.late + summary.ahead + summary.bad
    typer.echo(
        f"{summary.kept} readings kept, {dropped} dropped ({summary.late} not later than the one "
        f"before, {summary.ahead} in the future, {summary.bad} bad)"
    )
    typer.echo(
        f"{summary.readings} readings in {folder}, {summary.before_pick_up} from before pick-up; "
        f"{summary.recorded} of {summary.batches} batches recorded, {summary.sent} sent now"
    )
    if not summary.is_complete:
        raise CheckFailed(f"not all is recorded, it is kept in {folder}: {summary.problem}")


# --- a log ---


def _pair(text: str, option: str) -> tuple[int, int]:
    found = _BAND.fullmatch(text.strip())
    if found is None:
        raise InputError(f"{option} {text!r} is no band; one looks like 2:8")
    low, high = (round(Decimal(part) * 100) for part in found.groups())
    return low, high


def _show(console: Console, log: Log, band: Band, every: bool) -> None:
    if log.readings:
        first, last = log.readings[0].time, log.readings[-1].time
        console.print(f"{len(log.readings)} readings from {_date(first)} to {_date(last)} UTC")
    if log.days:
        _table(
            console,
            "day lowest highest cold hot",
            [
                (
                    _date(day.start)[:10],
                    _degrees(day.low),
                    _degrees(day.high),
                    f"{day.minutes_low} min",
                    f"{day.minutes_high} min",
                )
                for day in log.days
            ],
        )
    for name, (low, high) in log.extremes().items():
        unit = "°C" if name == "temperature" else "%"
        console.print(f"{name} between {low / 100:.2f} and {high / 100:.2f} {unit}")
    if log.readings:
        _show_excursions(console, log, band)
    _show_alarms(console, log, band)
    if every:
        _table(
            console,
            "time temperature humidity",
            [
                (
                    _date(one.time),
                    _degrees(one.temperature),
                    "–" if one.humidity is None else f"{one.humidity / 100:.2f} %",
                )
                for one in log.readings
            ],
        )
    for problem in log.bad[:_SHOWN]:
        _tell(f"left out: {problem}")
    if log.bad or log.merged:
        console.print(f"{len(log.bad)} bad rows left out, {log.merged} of a moment told twice")


def _show_excursions(console: Console, log: Log, band: Band) -> None:
    exposure = log.exposure(band)
    console.print(
        f"exposure outside {_degrees(band.temperature_min)} to {_degrees(band.temperature_max)}: "
        f"{exposure['temperature']:,} centidegree-seconds"
    )
    if any(one.humidity is not None for one in log.readings):
        console.print(f"exposure of humidity: {exposure['humidity']:,} centipercent-seconds")
    found = excursions_of(log.readings, band)
    if not found:
        console.print("no excursion")
        return
    _table(
        console,
        "excursion from to minutes extreme",
        [
            (
                f"{one.what} {one.side}",
                _date(one.start),
                _date(one.end) if one.is_over else "its end",
                f"{(one.end - one.start) / 60:.1f}",
                f"{one.extreme / 100:.2f}",
            )
            for one in found[:_SHOWN]
        ],
    )
    if len(found) > _SHOWN:
        console.print(f"... and {len(found) - _SHOWN} more")


def _show_alarms(console: Console, log: Log, band: Band) -> None:
    if not log.alarms:
        console.print("the logger recorded no alarm")
        return
    found = excursions_of(log.readings, band)

    def nearest(start: int, what: Callable[[Excursion], int]) -> str:
        near = min((abs(start - what(one)) for one in found), default=None)
        return "–" if near is None or not start else f"{near / 60:.1f} min"

    _table(
        console,
        "alarm from raised minutes crossing",
        [
            (
                alarm.name,
                _date(alarm.start) if alarm.start else "–",
                _date(alarm.alarm) if alarm.alarm else "–",
                f"{alarm.minutes}",
                nearest(alarm.start, lambda one: one.start),
            )
            for alarm in log.alarms
        ],
    )
    if log.readings:
        console.print(
            "crossing: how far the nearest computed one lies; the logger samples between the "
            "readings that it logs, so its spells differ",
            soft_wrap=True,
        )


def _table(console: Console, columns: str, rows: list[tuple[str, ...]]) -> None:
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(columns.split()):
        table.add_column(name, justify="left" if number == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _date(time_: int) -> str:
    return datetime.fromtimestamp(time_, UTC).strftime("%Y-%m-%d %H:%M")


def _degrees(value: int) -> str:
    return f"{value / 100:.2f} °C"
