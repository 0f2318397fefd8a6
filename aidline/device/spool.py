"""What a device keeps on disk, so that a kill at any moment loses and doubles nothing.

A spool is a folder that belongs to one device and one consignment:

- ``device.json``: whose it is, and what is watched; written once, whole;
- ``readings.log``: every reading, in the order of time;
- ``batches.log``: every batch with its signature, written before it is sent;
- ``cut``: there while somebody asks for the batch to be ended; empty;
- ``lock``: held while a device runs.

The logs only grow. A line ends with a checksum and is on the disk before anybody is told of it; a
line that a kill has torn was told to nobody, and is cut off at the next start.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aidline.errors import EnvironmentProblem, InputError
from aidline.files import read_json, write_json

__all__ = ["Journal", "Spool"]


class Journal:
    """Lines that are on the disk when they are written, whole or not at all.

    Args:
        path: The file; made where it is missing.

    Attributes:
        lines: What was found, in order.

    Raises:
        InputError: A line is damaged that others follow, or the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: list[str] = []
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            data = path.read_bytes()
        except OSError as problem:
            raise InputError(f"cannot be used: {problem.strerror}", path=path) from None
        try:
            self._recover(data)
        except BaseException:
            self.close()
            raise

    def _recover(self, data: bytes) -> None:
        good, bad = 0, 0
        for number, raw in enumerate(data.split(b"\n")[:-1], 1):
            line = _opened(raw)
            if line is None:
                bad = bad or number
            elif bad:
                raise InputError(
                    "is damaged: keep it, and begin another spool", path=self._path, line=bad
                )
            else:
                self.lines.append(line)
                good += len(raw) + 1
        if good < len(data):
            os.ftruncate(self._file, good)
            os.fsync(self._file)
        os.lseek(self._file, good, os.SEEK_SET)

    def append(self, lines: Iterable[str]) -> None:
        """Write lines; they are on the disk when this returns.

        Raises:
            EnvironmentProblem: The disk refused; what was there before is unharmed.
        """
        data = b"".join(_sealed(line) for line in lines)
        start = os.lseek(self._file, 0, os.SEEK_CUR)
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as problem:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, start)
                os.lseek(self._file, start, os.SEEK_SET)
            raise EnvironmentProblem(
                f"{self._path} cannot be written: {problem.strerror}"
            ) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _sealed(line: str) -> bytes:
    raw = line.encode()
    return b"%s %08x\n" % (raw, zlib.crc32(raw))


def _opened(raw: bytes) -> str | None:
    body, _, seal = raw.rpartition(b" ")
    try:
        return body.decode() if int(seal, 16) == zlib.crc32(body) and len(seal) == 8 else None
    except ValueError:
        return None


class Spool:
    """A device's folder, held by one process; a context manager.

    Args:
        folder: The folder; made where it is missing.

    Raises:
        EnvironmentProblem: Another process holds it.
        InputError: It cannot be used, or a log in it is damaged.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._open = contextlib.ExitStack()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("ab")
        except OSError as problem:
            raise InputError(f"cannot be used: {problem.strerror}", path=self.folder) from None
        self._open.enter_context(lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise EnvironmentProblem(f"another device runs on the spool {self.folder}") from None
        try:
            self.readings = Journal(self.folder / "readings.log")
            self._open.callback(self.readings.close)
            self.batches = Journal(self.folder / "batches.log")
            self._open.callback(self.batches.close)
            _sync_folder(self.folder)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        self._open.close()

    @property
    def identity(self) -> dict[str, Any] | None:
        """Whose spool it is; ``None`` for a new one."""
        path = self.folder / "device.json"
        if not path.exists():
            return None
        found: dict[str, Any] = read_json(path, "device-spool")
        return found

    def belongs_to(self, identity: dict[str, Any]) -> None:
        """Make it the spool of this device and consignment.

        Raises:
            InputError: It is another's.
        """
        known = self.identity
        if known is None:
            write_json(self.folder / "device.json", identity)
            _sync_folder(self.folder)
        elif known != identity:
            other = next(name for name in identity if known.get(name) != identity[name])
            raise InputError(
                f"is the spool of another {other.replace('_', ' ')}, {json.dumps(known[other])}: "
                "name another folder",
                path=self.folder,
            )

    @property
    def cut_asked(self) -> bool:
        """Whether somebody asks for the batch to be ended."""
        return (self.folder / "cut").exists()

    def cut_done(self) -> None:
        """Tell who asked that the batch is ended."""
        (self.folder / "cut").unlink(missing_ok=True)

    @staticmethod
    def ask_cut(folder: str | os.PathLike[str]) -> Path:
        """Ask the device that runs on a folder to end its batch.

        Returns:
            The file that is gone once it is done.

        Raises:
            EnvironmentProblem: No device runs there.
            InputError: It is no spool.
        """
        path = Path(folder)
        if not (path / "lock").is_file():
            raise InputError("is not the spool of a device", path=path)
        with (path / "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                asked = path / "cut"
                asked.touch()
                return asked
        raise EnvironmentProblem(f"no device runs on the spool {path}")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
