"""A pallet's device on a real consignment, on a chain of its own.

Killed, and started again until it is done, the chain's batches hold each reading exactly once
├── at its k-th write, wait for the disk, rename or request, a write being torn
└── by SIGKILL at random moments, as a program
A connection that is lost: it goes on reading and sends later
A batch that nobody recorded by its deadline is signed again; what is on record is not
Readings from before pick-up, and before it is known, are kept and belong to no batch
A spool of another device, another consignment or another state of the chain: refused
A reading that a party demands
├── is shown by the device that runs, and by one that is started to answer
└── from a spool that does not hold it: not shown, and said
The program
├── ends its batch at SIGTERM, and at `aidline device cut`, and sends it
├── sends a real log as a device would
└── says in one line what is wrong, and says what is not sent
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aidline.client import Aidline, Web3Chain
from aidline.client.rpc import Rpc
from aidline.device import (
    Device,
    Pace,
    ReadingSource,
    Sender,
    Spool,
    Summary,
    answer,
    run,
    running,
    uplink,
)
from aidline.errors import InputError, RpcUnreachable
from aidline.files import read_json, write_json
from aidline.freight import booking_of
from aidline.messages import Batch
from aidline.node import AnvilNode
from aidline.readings import Reading
from aidline.signing import Key
from aidline.telemetry import Recorder, Watch
from aidline.watches import told_of
from tests.support.cli import Ended, aidline, begun, called, keystore, one_line
from tests.support.freight import DEPARTURES, Desk
from tests.support.people import domain_of, key_of
from tests.support.suite import HOUR, START, Suite, deploy_suite

pytestmark = pytest.mark.node

PICK_UP = DEPARTURES[0]
NOW = PICK_UP + 60 * HOUR


@dataclass
class Pallet:
    """A consignment that is picked up, on a node that mines each transaction at once."""

    node: AnvilNode
    suite: Suite
    consignment: int
    deployment: Path
    watch: Watch

    @property
    def batches(self) -> tuple[Batch, ...]:
        return told_of(self.suite.monitor, self.consignment)[0].batches

    def connect(self) -> Aidline:
        return Aidline(Web3Chain(self.node.rpc), self.deployment)

    def device(self, spool: Spool, pace: Pace | None = None, **changes: Any) -> Device:
        fields: dict[str, Any] = {
            "spool": spool,
            "watch": self.watch,
            "consignment": self.consignment,
            "key": key_of("device"),
            "domain": domain_of(self.suite.monitor),
            "pace": pace or Pace(readings=10),
        }
        return Device(**(fields | changes))

    def play(
        self,
        folder: Path,
        readings: Sequence[Reading],
        connect: Callable[[], Aidline] | None = None,
        pace: Pace | None = None,
    ) -> Summary:
        """Be a device that is given these readings."""
        with Spool(folder) as spool:
            device = self.device(spool, pace)
            sender = Sender(device, connect or self.connect, lambda line: None)
            source = ReadingSource(readings)
            never = threading.Event()
            return run(device, sender, source, stopping=never, tell=lambda line: None, patience=60)

    def holds_once(self, readings: Sequence[Reading]) -> bool:
        """Whether the batches on record are made of exactly these readings, each once."""
        recorder = Recorder(self.consignment, self.watch)
        rest = [(one.time, one.temperature, one.humidity or 0) for one in readings]
        for batch in self.batches:
            part = rest[: batch.last_index - batch.first_index + 1]
            del rest[: len(part)]
            if recorder.batch(part, deadline=batch.deadline) != batch:
                return False
        return not rest


@pytest.fixture(scope="module")
def laden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pallet]:
    with AnvilNode(genesis_time=START) as node:
        suite = deploy_suite(node.chain)  # type: ignore[arg-type]
        desk = Desk(suite)
        desk.build()
        booked = desk.book(desk.booking([desk.allocate()]))
        consignment = booked.event("ConsignmentBooked").args.consignment
        deployment = tmp_path_factory.mktemp("laden") / "deployment.json"
        write_json(deployment, suite.aid.deployment.record())
        desk.pass_on(consignment, 0, PICK_UP)
        node.chain.set_time(NOW)
        node.chain.settle()
        node.chain.rpc.request("evm_setAutomine", True)
        watch = told_of(suite.monitor, consignment)[0].watch
        yield Pallet(node, suite, consignment, deployment, watch)


@pytest.fixture
def pallet(laden: Pallet) -> Iterator[Pallet]:
    """The consignment, with nothing recorded of it yet."""
    rpc = laden.node.chain.rpc
    snapshot = rpc.request("evm_snapshot")
    yield laden
    assert rpc.request("evm_revert", snapshot)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def readings(count: int, start: int = PICK_UP, step: int = 60, seed: int = 1) -> list[Reading]:
    """Readings in the band and out of it."""
    dice = random.Random(seed)
    return [
        Reading(start + step * at, dice.randint(100, 900), dice.randint(4_000, 7_000))
        for at in range(count)
    ]


# --- killed at any moment ---


def _die_at(moment: int, torn: float) -> None:
    """Have this process killed at its ``moment``-th act on the disk or towards the node."""
    left = [moment]

    def dies(act: Callable[..., Any], first: Callable[..., Any] | None = None) -> Any:
        def instead(*arguments: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                if first is not None:
                    first(*arguments)
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*arguments)

        return instead

    write = os.write
    os.write = dies(write, lambda file, data: write(file, data[: int(len(data) * torn)]))
    os.fsync = dies(os.fsync)
    os.replace = dies(os.replace)
    Rpc._post = dies(Rpc._post)  # type: ignore[method-assign]


def _life(pallet: Pallet, folder: Path, given: Sequence[Reading], moment: int, torn: float) -> bool:
    """Be a device in a process that is killed at some moment; returns whether it was."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            running._AT_ONCE = 7
            _die_at(moment, torn)
            status = 0 if pallet.play(folder, given).is_complete else 1
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_act_it_loses_and_doubles_nothing(
    pallet: Pallet, spool: Path, seed: int
) -> None:
    given, dice = readings(60, seed=seed), random.Random(seed)
    kills = sum(_life(pallet, spool, given, dice.randint(1, 70), dice.random()) for _ in range(12))
    assert kills >= 5
    assert not _life(pallet, spool, given, 10**9, 0)
    assert pallet.holds_once(given)


def _program(
    pallet: Pallet, key: Path, spool: Path, source: Path | str, *more: object
) -> list[Any]:
    return [
        *("device", "run", "--rpc", pallet.node.rpc, "--deployment", pallet.deployment),
        *("--keystore", key, "--consignment", pallet.consignment),
        *("--spool", spool, "--source", source, *more),
    ]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return keystore(tmp_path, key_of("device"))


def _lines(given: Sequence[Reading]) -> str:
    told = ({"time": r.time, "temperature": r.temperature, "humidity": r.humidity} for r in given)
    return "".join(f"{json.dumps(one)}\n" for one in told)


@pytest.mark.slow
def test_killed_at_random_moments_the_program_loses_and_doubles_nothing(
    pallet: Pallet, spool: Path, key: Path, tmp_path: Path
) -> None:
    given, dice = readings(2_000), random.Random(7)
    source = tmp_path / "readings.jsonl"
    source.write_text(_lines(given))
    command = _program(pallet, key, spool, source, "--batch-readings", 20)
    for _ in range(6):
        with begun(*command) as life:
            time.sleep(dice.uniform(0.5, 2.5))
            life.signal(signal.SIGKILL)
            life.end()
    result = tmp_path / "result.json"
    ended = aidline(*command, "--json", result)
    assert ended.status == 0, ended.err
    assert pallet.holds_once(given)
    summary = read_json(result, "device-run")
    assert (summary["readings"], summary["kept"] + summary["late"]) == (2_000, 2_000)
    assert summary["recorded"] == summary["batches"] == len(pallet.batches)


# --- connection, deadline, pick-up ---


def test_goes_on_after_a_lost_connection(pallet: Pallet, spool: Path) -> None:
    tries = []

    def connect() -> Aidline:
        tries.append(len(tries))
        if len(tries) < 3:
            raise RpcUnreachable("nothing answers")
        return pallet.connect()

    given = readings(25)
    summary = pallet.play(spool, given, connect)
    assert (summary.is_complete, summary.sent, len(tries)) == (True, 3, 3)
    assert pallet.holds_once(given)


def test_what_is_recorded_is_not_sent_again(pallet: Pallet, spool: Path) -> None:
    given = readings(25)
    pallet.play(spool, given)
    again = pallet.play(spool, given)
    assert (again.kept, again.late, again.sent, again.recorded) == (0, 25, 0, 3)
    more = readings(30)
    assert pallet.play(spool, more).sent == 1
    assert pallet.holds_once(more)


def test_a_batch_past_its_deadline_is_signed_again(pallet: Pallet, spool: Path) -> None:
    given = readings(25)
    with Spool(spool) as kept:
        device = pallet.device(kept)
        device.begin(PICK_UP)
        device.take(given)
        for count in (2, 1):  # two batches as if signed long ago, the first recorded in time
            device.pace = Pace(readings=10, good_for=10 if count == 1 else 10**9)
            device._cut(10, PICK_UP)
        old = list(device.batches)
    summary = pallet.play(spool, given)
    assert summary.is_complete
    assert pallet.holds_once(given)
    assert pallet.batches[0] == old[0]
    assert pallet.batches[1].deadline > old[1].deadline


def test_readings_from_before_pick_up_belong_to_no_batch(pallet: Pallet, spool: Path) -> None:
    early = readings(5, start=PICK_UP - 5 * 60)
    given = readings(15)
    summary = pallet.play(spool, [*early, *given])
    assert (summary.before_pick_up, summary.readings, summary.is_complete) == (5, 20, True)
    assert pallet.holds_once(given)


def test_a_spool_that_the_chain_has_outrun_is_refused(
    pallet: Pallet, spool: Path, tmp_path: Path
) -> None:
    pallet.play(spool, readings(12))
    with pytest.raises(InputError, match="not in this spool"):
        pallet.play(tmp_path / "another", readings(5, seed=2))
    assert len(pallet.batches) == 2


def test_the_spool_of_another_device_is_refused(pallet: Pallet, spool: Path) -> None:
    pallet.play(spool, readings(5))
    with Spool(spool) as kept:
        for changes in ({"key": Key.derive("x", "y")}, {"consignment": 99}):
            with pytest.raises(InputError, match="is the spool of another"):
                pallet.device(kept, **changes)


# --- the program ---


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "sensor"
    os.mkfifo(path)
    return path


def _until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_ends_its_batch_when_asked_and_at_sigterm(
    pallet: Pallet, spool: Path, key: Path, pipe: Path
) -> None:
    given = readings(9)
    with begun(*_program(pallet, key, spool, pipe)) as life, pipe.open("w") as sensor:
        sensor.write(_lines(given[:4]))
        sensor.flush()
        log = spool / "readings.log"
        _until(lambda: log.is_file() and log.read_bytes().count(b"\n") == 4)
        assert pallet.batches == ()
        asked = aidline("device", "cut", "--spool", spool)
        assert (asked.status, "signed" in asked.out) == (0, True), asked.err
        _until(lambda: len(pallet.batches) == 1)
        assert pallet.batches[0].last_index == 3
        sensor.write(_lines(given[4:]))
        sensor.flush()
        _until(lambda: log.read_bytes().count(b"\n") == 9)
        life.signal(signal.SIGTERM)
        ended = life.end()
    assert ended.status == 0, ended.err
    assert "9 readings kept, 0 dropped" in ended.out
    assert len(pallet.batches) == 2
    assert pallet.holds_once(given)


def test_a_second_device_on_a_spool_and_a_cut_without_one_are_refused(
    pallet: Pallet, spool: Path, key: Path
) -> None:
    with Spool(spool):
        ended = called(*_program(pallet, key, spool, "/dev/null"))
        one_line(ended, "another device runs on the spool")
    one_line(called("device", "cut", "--spool", spool), "no device runs on the spool")


def test_names_bad_rows_and_goes_on(pallet: Pallet, spool: Path, key: Path, tmp_path: Path) -> None:
    source = tmp_path / "log.csv"
    source.write_text(
        "ts,temp_c,rh\n2020-01-22 10:00,4.5,40\n2020-01-22 10:01,warm,40\n2020-01-22 10:01\n"
        "2020-01-22 10:02,4.6,41\n2020-01-22 10:01,4.6,41\n2099-01-01,4.6,41\n"
    )
    ended = aidline(*_program(pallet, key, spool, source))
    assert ended.status == 0, ended.err
    assert f"{source}, line 3, column temp_c: 'warm' is not a number" in ended.out
    assert f"{source}, line 4: has 1 fields" in ended.out
    assert "2 readings kept, 4 dropped (1 not later" in ended.out
    assert [batch.last_index for batch in pallet.batches] == [1]


def test_sends_a_log_as_a_device_would(
    pallet: Pallet, spool: Path, key: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("ts,temp_c\n2022-11-08 04:49,4.4\n2022-11-08 04:59,9.2\n2022-11-08 05:09,4.0\n")
    command = ("device", "replay", log, "--rpc", pallet.node.rpc, "--keystore", key, "--shift")
    more = ("--consignment", pallet.consignment, "--deployment", pallet.deployment)
    result = tmp_path / "result.json"
    ended = aidline(*command, *more, "--spool", spool, "--humidity", 4_500, "--json", result)
    assert ended.status == 0, ended.err
    shifted = [
        Reading(PICK_UP + 600 * at, value, 4_500) for at, value in enumerate((440, 920, 400))
    ]
    assert pallet.holds_once(shifted)
    record = read_json(result, "device-replay")
    assert record["exposure"]["temperature"] == pallet.batches[-1].temperature_exposure > 0
    assert record["sent"]["recorded"] == 1


# --- readings that are demanded ---


def _demand(pallet: Pallet, party: str, index: int) -> None:
    told = told_of(pallet.suite.monitor, pallet.consignment)[0]
    sequence = next(b.sequence for b in told.batches if b.first_index <= index <= b.last_index)
    booking = booking_of(pallet.suite.freight, pallet.consignment)
    court = pallet.connect().court
    court.demandLeaf(told.recorded(sequence), booking, index, sender=key_of(party))


def _is_open(pallet: Pallet, party: str) -> bool:
    demanded = pallet.suite.court.demandOf(
        pallet.consignment, key_of("device").address, key_of(party).address
    )
    return bool(demanded.until)


def test_a_device_that_runs_shows_what_is_demanded(
    pallet: Pallet, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "_LOOK", 0.0)
    given = readings(25)
    assert pallet.play(spool, given[:20]).is_complete
    _demand(pallet, "hospital", 13)
    assert pallet.play(spool, given).is_complete
    assert not _is_open(pallet, "hospital")
    (shown,) = pallet.suite.court.events("LeafShown", consignment=pallet.consignment)
    assert (shown.args.leaf.index, shown.args.leaf.time) == (13, given[13].time)


def test_answers_what_is_demanded_from_what_it_has_kept(
    pallet: Pallet, spool: Path, key: Path
) -> None:
    given = readings(25)
    assert pallet.play(spool, given).is_complete
    _demand(pallet, "hospital", 0)
    _demand(pallet, "carrier", 24)
    more = ("--deployment", pallet.deployment)
    command = ("device", "answer", "--rpc", pallet.node.rpc, "--keystore", key, *more)
    which = ("--consignment", pallet.consignment, "--spool")
    ended = aidline(*command, *which, spool)
    assert (ended.status, ended.err) == (0, "")
    assert "2 readings shown" in ended.out
    assert not _is_open(pallet, "hospital") and not _is_open(pallet, "carrier")
    again = aidline(*command, *which, spool)
    assert again.out == "0 readings shown\n"
    one_line(called(*command, *which, spool.with_name("none")), "is not the spool of a device")


def test_what_the_spool_does_not_hold_is_not_shown(
    pallet: Pallet, spool: Path, tmp_path: Path
) -> None:
    given = readings(25)
    assert pallet.play(spool, given).is_complete
    _demand(pallet, "hospital", 24)
    said: list[str] = []
    with Spool(tmp_path / "other") as other:
        device = pallet.device(other)
        device.take(given[:20])
        device.begin(PICK_UP)
        device.cut(NOW)
        assert answer(pallet.connect(), device, said.append) == 0
        device.take(given[20:])
        device.cut(NOW)  # the same reading, in another batch than that on record
        assert answer(pallet.connect(), device, said.append) == 0
    assert all("reading 24" in line and "not in this spool" in line for line in said)
    assert len(said) == 2
    assert _is_open(pallet, "hospital")


def _refused(pallet: Pallet, spool: Path, key: Path, **changes: object) -> Ended:
    options = {
        "--rpc": pallet.node.rpc,
        "--deployment": pallet.deployment,
        "--keystore": key,
        "--consignment": pallet.consignment,
        "--source": "/dev/null",
        "--spool": spool,
    } | {f"--{name}": value for name, value in changes.items()}
    return called("device", "run", *(word for pair in options.items() for word in pair))


@pytest.mark.parametrize(
    ("option", "value", "say"),
    [
        ("rpc", "http://127.0.0.1:1", "nothing answers"),
        ("source", "missing.csv", "missing.csv"),
        ("source", "mqtt://nowhere", "is not a topic of a broker"),
        ("consignment", 77, "does not watch consignment 77"),
        ("source", "/dev/null", "is empty"),
        ("keystore", "missing.json", "missing.json"),
    ],
)
def test_what_is_wrong_is_one_line(
    pallet: Pallet, spool: Path, key: Path, option: str, value: object, say: str
) -> None:
    one_line(_refused(pallet, spool, key, **{option: value}), say)
    assert pallet.batches == ()


def test_a_key_that_watches_nothing_is_refused(pallet: Pallet, spool: Path, tmp_path: Path) -> None:
    other = keystore(tmp_path, key_of("second_device"))
    one_line(_refused(pallet, spool, other), "does not watch consignment")


def test_says_what_is_not_sent(pallet: Pallet, spool: Path, key: Path, tmp_path: Path) -> None:
    source = tmp_path / "late.jsonl"
    source.write_text(_lines(readings(3, start=NOW + 60)))  # ahead of the chain's clock
    command = _program(pallet, key, spool, source, "--patience", 2)
    ended = aidline(*command)
    one_line(ended, "not all is recorded, it is kept in", "TimeInFuture", status=1)
    pallet.node.chain.rpc.request("evm_setNextBlockTimestamp", NOW + HOUR)
    pallet.node.chain.rpc.request("evm_mine")
    assert aidline(*command).status == 0
    assert pallet.holds_once(readings(3, start=NOW + 60))
