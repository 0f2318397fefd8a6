"""Where a device's readings come from: lines of a file or of standard input, or an MQTT broker.

A source runs in a thread of its own and puts what comes into an inbox. What it puts there has an
``acknowledge`` that is called once the reading is on the disk: an MQTT broker then knows that it
need not deliver the message again.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO
from urllib.parse import unquote, urlsplit

from aidline.errors import AidlineError, EnvironmentProblem, InputError
from aidline.readings import Reading, reading_of, readings_of

__all__ = [
    "END",
    "Arrived",
    "Inbox",
    "LineSource",
    "MqttSource",
    "ReadingSource",
    "Source",
    "source_of",
]

_PASSWORD = "AIDLINE_MQTT_PASSWORD"
_WAITING = 1_000


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a source puts into the inbox.

    Attributes:
        content: A reading, or what is wrong with it; anything else that is wrong ends the device.
        acknowledge: To be called once the reading is kept.
    """

    content: Reading | AidlineError
    acknowledge: Callable[[], None] = _nothing


#: There is nothing more to come.
END = None

Inbox = queue.Queue[Arrived | None]


class Source(Protocol):
    """Where readings come from."""

    def start(self, inbox: Inbox) -> None:
        """Begin to put what comes into the inbox; an end is ``END``."""
        ...

    def stop(self) -> None:
        """Put no more."""
        ...


class LineSource:
    """Lines in CSV or JSON.

    Args:
        lines: They come when they come.
        name: Their file, for messages.
    """

    def __init__(self, lines: Iterable[str], name: str | Path) -> None:
        self._lines = lines
        self._name = name

    def start(self, inbox: Inbox) -> None:
        """Read in a thread that ends with the process."""
        threading.Thread(target=self._read, args=(inbox,), name="source", daemon=True).start()

    def _read(self, inbox: Inbox) -> None:
        try:
            for content in readings_of(self._lines, self._name):
                inbox.put(Arrived(content))
        except InputError as problem:  # the first line: nothing can come of the others
            inbox.put(Arrived(EnvironmentProblem(str(problem))))
        except UnicodeDecodeError:
            inbox.put(Arrived(EnvironmentProblem(f"{self._name}: is not UTF-8")))
        except (OSError, ValueError) as problem:
            inbox.put(Arrived(EnvironmentProblem(f"{self._name}: {problem}")))
        inbox.put(END)

    def stop(self) -> None:
        """Nothing to do: the thread ends with the process."""


class ReadingSource:
    """Readings that are there already.

    Args:
        readings: In their order.
    """

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._readings = readings

    def start(self, inbox: Inbox) -> None:
        """Put them in a thread that ends with the process."""
        threading.Thread(target=self._put, args=(inbox,), name="source", daemon=True).start()

    def _put(self, inbox: Inbox) -> None:
        for reading in self._readings:
            inbox.put(Arrived(reading))
        inbox.put(END)

    def stop(self) -> None:
        """Nothing to do: the thread ends with the process."""


class MqttSource:
    """A topic of an MQTT broker, delivered at least once (QoS 1) in a session that is kept.

    Args:
        url: ``mqtt://[user@]host[:port]/topic``, or ``mqtts://`` for TLS; the user's password comes
            from the environment variable ``AIDLINE_MQTT_PASSWORD``.
        session: Name of the session, the same after each start: the broker keeps what comes
            meanwhile.

    Raises:
        InputError: The address is none.
        EnvironmentProblem: The package ``paho-mqtt`` is missing.
    """

    def __init__(self, url: str, session: str) -> None:
        parts = urlsplit(url)
        topic = unquote(parts.path.removeprefix("/"))
        try:
            port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        except ValueError:
            port = 0
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or not topic or not port:
            raise InputError(
                f"{url!r} is not a topic of a broker; one looks like mqtt://127.0.0.1:1883/pallet/7"
            )
        if parts.password is not None:
            raise InputError(f"the broker's password is given by {_PASSWORD}, not in the address")
        try:
            from paho.mqtt import client as mqtt
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError:
            raise EnvironmentProblem(
                "reading from an MQTT broker needs the package paho-mqtt: install aidline[mqtt]"
            ) from None
        self._where, self._topic = (parts.hostname, port), topic
        self._inbox: Inbox = queue.Queue()
        client: Any = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=session,
            clean_session=False,
            manual_ack=True,
        )
        if parts.username is not None:
            client.username_pw_set(unquote(parts.username), os.environ.get(_PASSWORD))
        if parts.scheme == "mqtts":
            client.tls_set()
        client.reconnect_delay_set(1, 60)
        client.on_connect = self.on_connect
        client.on_message = self.on_message
        self._client = client

    def start(self, inbox: Inbox) -> None:
        """Connect, now or when the broker answers, and again when the connection was lost."""
        self._inbox = inbox
        self._client.connect_async(*self._where, keepalive=30)
        self._client.loop_start()

    def on_connect(self, client: Any, _data: Any, _flags: Any, reason: Any, _: Any) -> None:
        """Subscribe; a broker that refuses us ends the device."""
        if reason.is_failure:
            refused = EnvironmentProblem(f"the MQTT broker refuses the connection: {reason}")
            self._inbox.put(Arrived(refused))
        else:
            client.subscribe(self._topic, qos=1)

    def on_message(self, client: Any, _data: Any, message: Any) -> None:
        """Put a message into the inbox; the broker delivers it again until it is kept."""

        def acknowledge() -> None:
            client.ack(message.mid, message.qos)

        try:
            content: Reading | InputError = reading_of(message.payload)
        except InputError as problem:
            content = InputError(problem.message, path=message.topic)
        self._inbox.put(Arrived(content, acknowledge))

    def stop(self) -> None:
        """Leave; the broker keeps what comes meanwhile."""
        self._client.disconnect()
        self._client.loop_stop()


def source_of(name: str, session: str, stdin: TextIO) -> Source:
    """Return the source of this name: a file, ``-`` for standard input, or a broker's topic.

    Raises:
        InputError: There is no such file, or the address is none.
        EnvironmentProblem: A package is missing.
    """
    if name == "-":
        return LineSource(stdin, "standard input")
    if "://" in name:
        return MqttSource(name, session)
    try:
        return LineSource(Path(name).open(encoding="utf-8"), name)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", path=name) from None
