"""The one tree of exceptions.

::

    AidlineError                     anything that this package raises on purpose
    ├── InputError                   something that was given is wrong             exit 2
    │   ├── ScenarioError            a scenario that cannot be played
    │   └── DeploymentFileError      a deployment file or configuration
    ├── EnvironmentProblem           what surrounds us does not allow it           exit 2
    │   ├── RpcUnreachable           no answer, or not an answer of a node
    │   ├── RpcError                 the node answered with an error
    │   ├── WrongChain               another chain, or the contracts are not there
    │   ├── PortOccupied             the port that was asked for is taken
    │   ├── InsufficientFunds        the account cannot pay
    │   └── ClockProblem             the node cannot pass the time that is needed
    ├── CheckFailed                  a verification disagrees                      exit 1
    └── ChainError                   the chain refused                             exit 1
        ├── RawRevert                a call reverted; nothing decoded yet
        ├── ContractReverted         a call or transaction reverted, decoded
        └── TransactionFailed        a transaction failed without a reason, or was not mined

Every message is one line that says what to do or what to look at. ``exit_status`` is what a
command returns when the exception reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any, ClassVar

__all__ = [
    "AidlineError",
    "ChainError",
    "CheckFailed",
    "ClockProblem",
    "ContractReverted",
    "DeploymentFileError",
    "EnvironmentProblem",
    "InputError",
    "InsufficientFunds",
    "PortOccupied",
    "RawRevert",
    "RpcError",
    "RpcUnreachable",
    "ScenarioError",
    "TransactionFailed",
    "WrongChain",
]


def _one_line(text: str) -> str:
    return " ".join(text.split())


class AidlineError(Exception):
    """Anything that this package raises on purpose.

    Attributes:
        message: One line for a person, without the place.
        exit_status: What a command returns when this reaches it.
    """

    exit_status: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        self.message = _one_line(message)
        super().__init__(self.message)


class InputError(AidlineError):
    """Something that was given (a file, an option, an argument) is wrong.

    Args:
        message: What is wrong and what is expected.
        path: The file, if it came from one.
        line: The line in it, the first being 1 (the header of a CSV file is line 1).
        column: The column, by its name (or its number, the first being 1).
    """

    exit_status: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        path: str | PathLike[str] | None = None,
        line: int | None = None,
        column: str | int | None = None,
    ) -> None:
        super().__init__(message)
        self.path = None if path is None else fspath(path)
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = []
        if self.path is not None:
            place.append(self.path)
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column is not None:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.message}" if place else self.message


class ScenarioError(InputError):
    """A scenario that is unknown, breaks its schema or contradicts itself."""


class DeploymentFileError(InputError):
    """A deployment file or a deployment configuration that cannot be used."""


class EnvironmentProblem(AidlineError):
    """What surrounds the program (node, account, port, clock) does not allow it."""

    exit_status: ClassVar[int] = 2


class RpcUnreachable(EnvironmentProblem):
    """The RPC address does not answer, or what answers is not a node."""


class RpcError(EnvironmentProblem):
    """The node answered with an error.

    Attributes:
        method: The JSON-RPC method.
        code: The error's code.
        data: What the node added to it.
    """

    def __init__(self, method: str, code: int, message: str, data: Any = None) -> None:
        self.method = method
        self.code = code
        self.data = data
        self.reason = message
        super().__init__(f"the node refused {method}: {message}")


class WrongChain(EnvironmentProblem):
    """The node is on another chain, or the contracts are not where they should be."""


class PortOccupied(EnvironmentProblem):
    """The port that was asked for is taken by another program."""


class InsufficientFunds(EnvironmentProblem):
    """The account cannot pay what it is asked to send."""


class ClockProblem(EnvironmentProblem):
    """The node cannot be given the time that is needed."""


class CheckFailed(AidlineError):
    """A verification was carried out and disagrees."""

    exit_status: ClassVar[int] = 1


class ChainError(AidlineError):
    """The chain refused a call or a transaction."""


class RawRevert(ChainError):
    """A call reverted; its data is not decoded.

    Attributes:
        data: The bytes that the contract returned with the revert, possibly empty.
    """

    def __init__(self, data: bytes, message: str = "") -> None:
        self.data = data
        shown = f"0x{data.hex()}" if data else "no data"
        super().__init__(f"reverted with {shown}" + (f" ({message})" if message else ""))


class ContractReverted(ChainError):
    """A call or a transaction reverted, with the reason decoded.

    Attributes:
        error: Name of the custom error, ``Error`` for a reason in words, ``Panic`` for a failed
            assertion, or an empty string when the contract gave no data.
        fields: The error's arguments by name (in snake_case), in their order.
        contract: Name of the contract that was called.
        function: Name of the function that was called.
        tx_hash: The transaction, or ``None`` for a call.
        data: The data of the revert as it came.
    """

    def __init__(
        self,
        error: str,
        fields: Mapping[str, Any],
        *,
        contract: str = "",
        function: str = "",
        tx_hash: bytes | None = None,
        data: bytes = b"",
    ) -> None:
        self.error = error
        self.fields = dict(fields)
        self.contract = contract
        self.function = function
        self.tx_hash = tx_hash
        self.data = data
        where = ".".join(part for part in (contract, function) if part)
        shown = ", ".join(f"{name}={_shown(value)}" for name, value in self.fields.items())
        what = f"{error}({shown})" if error else "no reason given"
        mined = f" in transaction 0x{tx_hash.hex()}" if tx_hash else ""
        super().__init__(f"{where or 'the contract'} reverted: {what}{mined}")

    @property
    def ids(self) -> dict[str, Any]:
        """The whole numbers and bytes among the fields: what names the records concerned."""
        return {
            name: value
            for name, value in self.fields.items()
            if isinstance(value, bytes) or (isinstance(value, int) and not isinstance(value, bool))
        }


class TransactionFailed(ChainError):
    """A transaction failed without a reason, or was not mined in time.

    Attributes:
        tx_hash: The transaction, where it is known.
    """

    def __init__(self, message: str, *, tx_hash: bytes | None = None) -> None:
        self.tx_hash = tx_hash
        mined = f" (transaction 0x{tx_hash.hex()})" if tx_hash else ""
        super().__init__(f"{message}{mined}")


def _shown(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
