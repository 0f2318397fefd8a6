"""An Anvil of our own: started by a command, gone when the command is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from aidline.client.rpc import Rpc
from aidline.client.web3chain import Web3Chain
from aidline.errors import EnvironmentProblem, InputError, PortOccupied, RpcError, RpcUnreachable
from aidline.files import write_atomically

__all__ = ["AnvilNode", "ends_on_signals", "find_anvil"]

_START_SECONDS = 30.0
_PAST_STATES = 128
_PR_SET_PDEATHSIG = 1


def find_anvil() -> Path:
    """Return the Anvil binary: of the checkout's npm packages, else of the ``PATH``.

    Raises:
        EnvironmentProblem: There is none.
    """
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower(), "amd64"
    )
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform, "linux")
    name = "anvil.exe" if system == "win32" else "anvil"
    checkout = Path(__file__).resolve().parent.parent
    for root in (checkout, Path.cwd()):
        binary = root / "node_modules" / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / name
        if binary.is_file():
            return binary
    found = shutil.which("anvil")
    if found:
        return Path(found)
    raise EnvironmentProblem(
        "Anvil is not installed: run `make setup` in a checkout, or put `anvil` on the PATH"
    )


@contextlib.contextmanager
def ends_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into ``SystemExit`` meanwhile, so that what was opened is closed."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before: dict[int, Any] = {}
    try:
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                with contextlib.suppress(ValueError):  # not in the main thread
                    before[number] = signal.signal(number, leave)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class AnvilNode:
    """An Anvil process on the loopback address; a context manager.

    Args:
        genesis_time: Time of its first block, unix seconds; the present if not given.
        state: A file written by :meth:`dump_state` to start from.
        port: The port; a free one if not given.
        manual: Mine only when told to, as fast as possible, at the time last set (for the
            simulator). Otherwise it mines each transaction at once and its clock runs, as other
            tools expect.
        accounts: How many of Anvil's well-known accounts have money.
        chain_id: The chain's id.

    Raises:
        PortOccupied: The port that was asked for is taken.
        EnvironmentProblem: Anvil is missing or does not start.
        InputError: The state file is missing or is none.
    """

    def __init__(
        self,
        *,
        genesis_time: int | None = None,
        state: str | os.PathLike[str] | None = None,
        port: int | None = None,
        manual: bool = True,
        accounts: int = 0,
        chain_id: int = 31337,
    ) -> None:
        self._genesis_time = genesis_time
        self._state = None if state is None else Path(state)
        self._asked_port = port
        self._manual = manual
        self._accounts = accounts
        self._chain_id = chain_id
        self._process: subprocess.Popen[bytes] | None = None
        self._chain: Web3Chain | None = None
        self._stack = contextlib.ExitStack()
        self.port = 0

    @property
    def rpc(self) -> str:
        """The node's RPC address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def chain(self) -> Web3Chain:
        """The chain that the node keeps."""
        if self._chain is None:
            raise EnvironmentProblem("the node is not running: use it in a `with` block")
        return self._chain

    @property
    def pid(self) -> int:
        """The process's id."""
        if self._process is None:
            raise EnvironmentProblem("the node is not running: use it in a `with` block")
        return self._process.pid

    def __enter__(self) -> AnvilNode:
        self._stack.enter_context(ends_on_signals())
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; does nothing when it has ended."""
        try:
            if self._chain is not None:
                self._chain.close()
                self._chain = None
            process, self._process = self._process, None
            if process is not None:
                _end(process)
        finally:
            self._stack.close()

    def wait(self) -> int:
        """Wait until the process ends; returns its exit status."""
        if self._process is None:
            return 0
        return self._process.wait()

    def dump_state(self, path: str | os.PathLike[str]) -> None:
        """Write the whole chain to a file: all or nothing."""
        self.chain.settle()
        raw = bytes.fromhex(self.chain.rpc.request("anvil_dumpState")[2:])
        write_atomically(path, raw)

    def _start(self) -> None:
        binary = find_anvil()
        if self._state is not None and not self._state.is_file():
            raise InputError("there is no such file of a chain's state", path=self._state)
        attempts = 1 if self._asked_port is not None else 20
        for _ in range(attempts):
            self.port = _free_port() if self._asked_port is None else self._asked_port
            if self._asked_port is not None:
                _check_free(self.port)
            if self._launch(binary):
                break
        else:
            raise PortOccupied(
                f"port {self.port} is taken: name another, or none to use a free one"
            )

    def _command(self, binary: Path) -> list[str]:
        command = [str(binary), "--quiet", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--chain-id", str(self._chain_id), "--accounts", str(self._accounts)]
        command += ["--no-request-size-limit", "--disable-default-create2-deployer"]
        # past states in memory only: on the disk they would fill the home folder
        command += ["--prune-history", str(_PAST_STATES)]
        if self._genesis_time is not None and self._state is None:
            command += ["--timestamp", str(self._genesis_time)]
        if self._manual:
            command += ["--no-mining", "--gas-limit", "1000000000"]
            command += ["--block-base-fee-per-gas", "0", "--gas-price", "0"]
            command += ["--disable-min-priority-fee"]
        else:
            command += ["--gas-limit", "60000000"]
        return command

    def _launch(self, binary: Path) -> bool:
        """Start the process and wait for its answer; returns False when the port was taken."""
        log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the node is
        self._stack.callback(log.close)
        try:
            process = subprocess.Popen(
                self._command(binary),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with(os.getpid()) if sys.platform == "linux" else None,
                start_new_session=True,  # a Ctrl-C is ours to act on
            )
        except OSError as problem:
            raise EnvironmentProblem(f"{binary} does not start: {problem}") from None
        self._process = process
        rpc = Rpc(self.rpc)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            if process.poll() is not None:
                log.seek(0)
                said = log.read().decode(errors="replace").strip()
                self._process = None
                if "in use" in said.lower() or "addrinuse" in said.lower():
                    return False
                last = said.splitlines()[-1] if said else f"exit status {process.returncode}"
                raise EnvironmentProblem(f"Anvil ended at once: {last}")
            try:
                rpc.request("eth_chainId")
                break
            except RpcUnreachable:
                if time.monotonic() > deadline:
                    raise EnvironmentProblem(
                        f"Anvil did not answer within {_START_SECONDS:g} seconds"
                    ) from None
                time.sleep(0.02)
        if process.poll() is not None:  # another program answered on the port
            self._process = None
            return False
        if self._state is not None:
            try:
                loaded = rpc.request("anvil_loadState", f"0x{self._state.read_bytes().hex()}")
            except RpcError as problem:
                raise InputError(
                    f"not a file of a chain's state: {problem.reason}", path=self._state
                ) from None
            if not loaded:
                raise InputError("not a file of a chain's state", path=self._state)
        rpc.close()
        self._chain = Web3Chain(self.rpc, manual=self._manual, timeout=300.0)
        if self._state is not None:  # time goes on from where it stood
            rpc.request("evm_setTime", self._chain.now())
        if self._manual:
            rpc.request("anvil_setBlockTimestampInterval", 0)
            rpc.request("evm_setNextBlockTimestamp", self._chain.now())
        return True


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _check_free(port: int) -> None:
    if not 0 < port < 65536:
        raise InputError(f"{port} is not a port; ports are 1 to 65535")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise EnvironmentProblem(
                f"port {port} needs rights that you do not have: name one above 1023"
            ) from None
        except OSError:
            raise PortOccupied(
                f"port {port} is taken: name another, or none to use a free one"
            ) from None


def _die_with(parent: int) -> Callable[[], None]:
    """Return what a child does before it becomes Anvil: ask to be ended when its parent is."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent ended before we could ask

    return prepare


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)
