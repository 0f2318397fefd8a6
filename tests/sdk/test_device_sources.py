"""Where readings come from, without a broker.

Lines come as they stand, to their end; a bad first line or a file that is no text ends the device
MQTT
├── a message becomes a reading, and is acknowledged when it is kept, not before
├── one that is delivered again is dropped and acknowledged; a bad one too, and named
├── the session is kept under one name; the topic is asked for with QoS 1, after each connection
└── a broker that refuses us, an address that is none, a password in it: refused
A device counts what it drops, and gives back what it kept when a source ends it
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aidline.client import Aidline
from aidline.device import Device, LineSource, MqttSource, Sender, Spool, Summary, run, source_of
from aidline.device.sources import END, Arrived, Inbox, Source
from aidline.errors import EnvironmentProblem, InputError, RpcUnreachable
from aidline.readings import Reading
from tests.support.device import device

CSV = "ts,temp_c,rh\n2020-01-01 00:00,4,40\n2020-01-01 00:01,warm,40\n2020-01-01 00:02,5,40\n"


def drained(source: Source) -> list[Arrived]:
    inbox: Inbox = queue.Queue()
    source.start(inbox)
    found = []
    while (item := inbox.get(timeout=10)) is not END:
        found.append(item)
    return found


def test_lines_come_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(CSV)
    first, bad, last = (item.content for item in drained(source_of(str(path), "s", iter(()))))
    assert isinstance(first, Reading) and isinstance(last, Reading)
    assert (first.temperature, last.temperature) == (400, 500)
    assert f"{path}, line 3, column temp_c" in str(bad)


def test_standard_input_is_a_source() -> None:
    (item,) = drained(source_of("-", "s", iter(['{"time": 9, "temperature": 4}\n'])))
    assert item.content == Reading(9, 4, None)


@pytest.mark.parametrize(
    ("content", "say"),
    [(b"a,b\n1,2\n", "column time"), (b"\xff\xfe", "is not UTF-8"), (b"", "is empty")],
)
def test_what_holds_no_readings_ends_the_device(tmp_path: Path, content: bytes, say: str) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    (item,) = drained(source_of(str(path), "s", iter(())))
    assert isinstance(item.content, EnvironmentProblem)
    assert say in str(item.content)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        source_of("nowhere.csv", "s", iter(()))


# --- MQTT ---


@dataclass
class Message:
    """As the client's library hands it over."""

    payload: bytes
    mid: int
    topic: str = "pallet/7"
    qos: int = 1


class Client:
    """Notes what is asked of it, in the place of the library's client."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.subscribed: list[tuple[str, int]] = []

    def ack(self, mid: int, qos: int) -> None:
        assert qos == 1
        self.acknowledged.append(mid)

    def subscribe(self, topic: str, qos: int) -> None:
        self.subscribed.append((topic, qos))


class Fed(MqttSource):
    """The source, given messages by the test: the network is left out, nothing else."""

    def __init__(self, client: Client, messages: list[Message]) -> None:
        self._given = client, messages
        self._topic = "pallet/7"

    def start(self, inbox: Inbox) -> None:
        self._inbox = inbox
        client, messages = self._given
        for message in messages:
            self.on_message(client, None, message)
        inbox.put(END)

    def stop(self) -> None:
        """There is no connection to end."""


def message(mid: int, at: int, temperature: int = 400) -> Message:
    told = {"time": at, "temperature": temperature, "humidity": 4_000}
    return Message(json.dumps(told).encode(), mid)


def unreachable() -> Aidline:
    raise RpcUnreachable("no node in this test")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Device]:
    with Spool(tmp_path) as spool:
        yield device(spool)


def fed(kept: Device, source: Source, **options: Any) -> tuple[Summary, list[str]]:
    said: list[str] = []
    sender = Sender(kept, unreachable, said.append)
    stopping = threading.Event()
    told = run(kept, sender, source, stopping=stopping, tell=said.append, patience=0, **options)
    return told, said


def test_a_message_is_acknowledged_when_it_is_kept(kept: Device) -> None:
    client = Client()
    source = Fed(client, [message(1, 100)])
    (item,) = drained(source)
    assert item.content == Reading(100, 400, 4_000)
    assert client.acknowledged == []
    item.acknowledge()
    assert client.acknowledged == [1]

    fed(kept, Fed(client, [message(2, 100), message(3, 160)]))
    assert client.acknowledged == [1, 2, 3]
    assert kept.kept == 2


def test_one_delivered_again_is_dropped_and_counted(kept: Device) -> None:
    client = Client()
    messages = [message(1, 100), message(2, 160), message(2, 160), message(1, 100), message(3, 220)]
    summary, _ = fed(kept, Fed(client, messages))
    assert (summary.kept, summary.late, kept.kept) == (3, 2, 3)
    assert client.acknowledged == [1, 2, 2, 1, 3]


def test_a_bad_message_is_named_and_not_asked_for_again(kept: Device) -> None:
    client = Client()
    bad = [Message(b"{", 1), Message(b'{"time": 1}', 2)]
    summary, said = fed(kept, Fed(client, [*bad, message(3, 100)]))
    assert (summary.kept, summary.bad, client.acknowledged) == (1, 2, [1, 2, 3])
    assert "dropped: pallet/7: is not JSON" in said


def test_names_ten_bad_ones_and_counts_the_others(kept: Device) -> None:
    summary, said = fed(kept, Fed(Client(), [Message(b"{", number) for number in range(30)]))
    assert summary.bad == 30
    assert sum(line.startswith("dropped") for line in said) == 10


def test_a_reading_ahead_of_the_clock_is_dropped(kept: Device) -> None:
    summary, said = fed(kept, Fed(Client(), [message(1, 2**39), message(2, 100)]))
    assert (summary.ahead, summary.kept) == (1, 1)
    assert any("lies in the future" in line for line in said)


@pytest.mark.parametrize(("given", "expected"), [(None, (0, 1)), (4_500, (1, 0))])
def test_what_stands_for_a_humidity_is_said_or_none_is_kept(
    kept: Device, given: int | None, expected: tuple[int, int]
) -> None:
    dry = Message(b'{"time": 100, "temperature": 400}', 1)
    summary, _ = fed(kept, Fed(Client(), [dry]), humidity=given)
    assert (summary.kept, summary.bad) == expected


def test_says_what_keeps_it_from_sending(kept: Device) -> None:
    summary, said = fed(kept, LineSource(["time,temperature,humidity", "2020-01-01,4,40"], "x"))
    assert not summary.is_complete
    assert (summary.readings, summary.batches) == (1, 0)
    assert "no node in this test" in summary.problem + " ".join(said)


def test_a_source_that_fails_ends_the_device_and_loses_nothing(tmp_path: Path) -> None:
    class Failing:
        def start(self, inbox: Inbox) -> None:
            inbox.put(Arrived(Reading(100, 400, 4_000)))
            inbox.put(Arrived(EnvironmentProblem("the broker refuses")))

        def stop(self) -> None:
            pass

    with Spool(tmp_path) as spool, pytest.raises(EnvironmentProblem, match="broker refuses"):
        fed(device(spool), Failing())
    with Spool(tmp_path) as spool:
        assert device(spool).kept == 1


@pytest.mark.parametrize(
    ("url", "say"),
    [
        ("mqtt://host", "is not a topic"),
        ("mqtt://host/", "is not a topic"),
        ("mqtt:///topic", "is not a topic"),
        ("mqtt://host:99999/topic", "is not a topic"),
        ("ftp://host/topic", "is not a topic"),
        ("mqtt://user:secret@host/topic", "AIDLINE_MQTT_PASSWORD"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, say: str) -> None:
    with pytest.raises(InputError, match=say) as caught:
        source_of(url, "s", iter(()))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("refused", [True, False])
def test_asks_for_the_topic_after_each_connection(refused: bool) -> None:
    @dataclass
    class Reason:
        is_failure: bool

    client = Client()
    source = Fed(client, [])
    inbox: Inbox = queue.Queue()
    source.start(inbox)
    assert inbox.get() is END
    for _ in range(2):
        source.on_connect(client, None, None, Reason(refused), None)
    assert client.subscribed == ([] if refused else [("pallet/7", 1)] * 2)
    assert inbox.qsize() == (2 if refused else 0)
