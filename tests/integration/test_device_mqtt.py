"""Readings from a real MQTT broker, mosquitto, on the loopback address.

What is published is kept once, in order; what came while the device was away comes when it is back
A broker that is killed and started again: the device reconnects and goes on
A device that is killed between the message and the disk is given the message again
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aidline.client import Aidline
from aidline.device import Device, MqttSource, Sender, Spool
from aidline.device import run as be_device
from aidline.errors import RpcUnreachable
from tests.support.device import device

mqtt = pytest.importorskip("paho.mqtt.client", reason="the package paho-mqtt is not installed")

#: Distributions put the broker where only an administrator's PATH looks.
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

pytestmark = pytest.mark.skipif(
    MOSQUITTO is None, reason="mosquitto is not installed: install the distribution's package"
)

TOPIC = "pallet/7"


class Broker:
    """A mosquitto of our own, which keeps sessions on disk."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n"
            "user root\n"
        )

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(MOSQUITTO), "-c", self._folder / "mosquitto.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)

    def _answers(self) -> bool:
        client = _client("probe")
        try:
            client.connect("127.0.0.1", self.port)
        except OSError:
            return False
        client.disconnect()
        return True

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def publish(self, *times: int) -> None:
        """Publish a reading for each time, and wait until the broker has them."""
        client = _client("sensor")
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        for at in times:
            told = {"time": at, "temperature_c": 4.5, "humidity": 4_000}
            client.publish(TOPIC, json.dumps(told), qos=1).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _client(name: str) -> Any:
    return mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    made = Broker(folder)
    made.start()
    yield made
    made.stop()


def unreachable() -> Aidline:
    raise RpcUnreachable("no node in this test")


class Listening:
    """A device that listens, in a thread."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.spool = Spool(folder)
        self.device: Device = device(self.spool)
        self._stopping = threading.Event()
        source = MqttSource(f"mqtt://127.0.0.1:{broker.port}/{TOPIC}", "aidline-test")
        self._thread = threading.Thread(target=self._run, args=(source,))
        self._thread.start()

    def _run(self, source: MqttSource) -> None:
        sender = Sender(self.device, unreachable, lambda line: None)
        be_device(
            self.device,
            sender,
            source,
            stopping=self._stopping,
            tell=lambda line: None,
            patience=0,
        )

    def __enter__(self) -> Device:
        return self.device

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=20)
        self.spool.close()


def times(folder: Path) -> list[int]:
    with Spool(folder) as spool:
        return [int(line.split()[0]) for line in spool.readings.lines]


def known(broker: Broker, folder: Path) -> None:
    """Let the broker learn of the device's session: a first reading has come."""
    with Listening(broker, folder) as made:
        end = time.monotonic() + 30
        while not made.kept and time.monotonic() < end:
            broker.publish(100)


def test_keeps_what_is_published_once_and_in_order(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    known(broker, folder)
    broker.publish(160, 220)  # nobody listens
    with Listening(broker, folder) as made:
        until(lambda: made.kept == 3)
        broker.publish(220, 280, 160, 340)
        until(lambda: made.kept == 5)
    assert times(folder) == [100, 160, 220, 280, 340]


def test_goes_on_when_the_broker_is_back(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    known(broker, folder)
    with Listening(broker, folder) as made:
        broker.publish(160)
        until(lambda: made.kept == 2)
        broker.stop()
        broker.start()
        broker.publish(220)
        until(lambda: made.kept == 3)
    assert times(folder) == [100, 160, 220]


def test_killed_before_the_disk_it_is_given_the_message_again(
    broker: Broker, tmp_path: Path
) -> None:
    folder = tmp_path / "spool"
    known(broker, folder)
    child = os.fork()
    if child == 0:
        os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
        os.write = lambda file, data: os.kill(os.getpid(), signal.SIGKILL) or 0
        try:
            with Listening(broker, folder):
                time.sleep(30)
        finally:
            os._exit(0)
    broker.publish(160, 220)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert times(folder) == [100]
    with Listening(broker, folder) as made:
        until(lambda: made.kept == 3)
    assert times(folder) == [100, 160, 220]
