"""The program as a user calls it, seen from outside: in a process of its own, or in ours."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from eth_account import Account

from aidline.cli import run
from aidline.signing import Key

__all__ = [
    "MARK",
    "PASSWORD",
    "PROGRAM",
    "Begun",
    "Ended",
    "aidline",
    "begun",
    "called",
    "gone",
    "keystore",
    "left_over",
    "one_line",
]

PROGRAM = Path(sys.executable).parent / "aidline"
PASSWORD = "correct horse"
#: Environment variable by which the processes of a command are known.
MARK = "AIDLINE_TEST_RUN"


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended.

    Attributes:
        status: Its exit status; negative for the signal that killed it.
        out: Its standard output.
        err: Its standard error.
        mark: By which its processes are known.
    """

    status: int
    out: str
    err: str
    mark: str


def _environment(mark: str, more: Mapping[str, str] | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    return {**kept, MARK: mark, "AIDLINE_PASSWORD": PASSWORD, **(more or {})}


def aidline(
    *arguments: object, cwd: Path | None = None, timeout: float = 120, **more: str
) -> Ended:
    """Run a command to its end.

    Args:
        arguments: Its arguments.
        cwd: The folder in which it runs.
        timeout: Seconds that it may take.
        more: Environment variables.
    """
    mark = uuid.uuid4().hex
    ended = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=_environment(mark, more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr, mark)


def called(*arguments: object, cwd: Path | None = None) -> Ended:
    """Run a command to its end in this process, which spares a second of start.

    For commands that are refused at once.
    """
    mark, out, err = uuid.uuid4().hex, io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, _environment(mark, None)),
        redirect_stdout(out),
        redirect_stderr(err),
        chdir(cwd or "."),
    ):
        status = run([str(argument) for argument in arguments])
    return Ended(status, out.getvalue(), err.getvalue(), mark)


class Begun:
    """A command that runs, in a process group of its own."""

    def __init__(self, arguments: tuple[object, ...], cwd: Path | None) -> None:
        self.mark = uuid.uuid4().hex
        self._process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            cwd=cwd,
            env=_environment(self.mark, None),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        )

    def until(self, text: str) -> str:
        """Read its output up to the first line that holds ``text``, and return that line."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if text in line:
                return line
        raise AssertionError(f"ended without saying {text!r}: {self.end().err}")

    def children(self) -> list[int]:
        """Return the processes that it started, as soon as there is one."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = [pid for pid in left_over(self.mark) if pid != self._process.pid]
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError("it started nothing")

    def signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal to it, or to its whole group as Ctrl-C does."""
        if group:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)

    def end(self, timeout: float = 60) -> Ended:
        """Wait for its end."""
        out, err = self._process.communicate(timeout=timeout)
        return Ended(self._process.returncode, out, err, self.mark)

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate(timeout=30)


@contextmanager
def begun(*arguments: object, cwd: Path | None = None) -> Iterator[Begun]:
    """Start a command that goes on; it is gone with the block."""
    running = Begun(arguments, cwd)
    try:
        yield running
    finally:
        running.kill()


def left_over(mark: str) -> list[int]:
    """Return the processes that a command has left behind."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if wanted in environment and state != "Z":
            found.append(int(entry.name))
    return found


def gone(mark: str) -> bool:
    """Say whether everything that a command started is gone, or goes within a moment."""
    deadline = time.monotonic() + 10
    while left_over(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def one_line(ended: Ended, *parts: object, status: int = 2) -> str:
    """Assert that a command ended with one line of complaint that names these parts."""
    assert ended.status == status, (ended.status, ended.out, ended.err)
    lines = ended.err.splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("aidline: ")
    assert "Traceback" not in ended.out
    for part in parts:
        assert str(part) in lines[0], lines[0]
    return lines[0]


def keystore(folder: Path, key: Key) -> Path:
    """Write a key as a keystore file that is quick to open."""
    path = folder / f"{key.address}.json"
    made = Account.encrypt(key.key, PASSWORD, kdf="pbkdf2", iterations=1)
    path.write_text(json.dumps(made))
    return path
