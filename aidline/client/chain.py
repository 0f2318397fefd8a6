"""The few methods by which this package talks to a chain, and the records they pass.

Two implementations stand: :class:`aidline.client.web3chain.Web3Chain` for any node that speaks
JSON-RPC and :class:`aidline.client.revmchain.RevmChain` in the process. All methods are to be
called from one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from aidline.errors import CheckFailed, TransactionFailed
from aidline.signing import Signer

if TYPE_CHECKING:
    from aidline.client.abi import Event

__all__ = ["Chain", "Interpreter", "Log", "Receipt", "Refusal", "Transaction"]

#: One place of a log filter: any topic, this topic, or one of these.
Topic = bytes | Sequence[bytes] | None


@dataclass(frozen=True, slots=True)
class Log:
    """One log entry.

    Attributes:
        address: The contract, checksummed.
        topics: The topics, 32 bytes each.
        data: The data.
        block_number: The block.
        tx_hash: The transaction.
        index: Its place among the logs of the block.
    """

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    tx_hash: bytes
    index: int


class Interpreter(Protocol):
    """What knows the ABIs: turns logs into events and revert data into exceptions."""

    def events(self, logs: Sequence[Log]) -> list[Event]:
        """Decode the logs whose contract and event are known, in their order."""
        ...

    def error(
        self, data: bytes, *, contract: str = "", function: str = "", tx_hash: bytes | None = None
    ) -> Exception:
        """Return the exception that stands for this revert."""
        ...


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that is yet to be sent.

    Attributes:
        sender: Who signs and pays.
        to: The contract, or ``None`` to create one from ``data``.
        data: Call data, or creation code.
        value: Wei.
        gas: Gas limit, or ``None`` for the chain's own way of finding one.
        contract: Name of the contract, for messages.
        function: Name of the function, for messages.
        interpreter: What decodes the receipt's logs.
    """

    sender: Signer
    to: str | None
    data: bytes = b""
    value: int = 0
    gas: int | None = None
    contract: str = ""
    function: str = ""
    interpreter: Interpreter | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction.

    Attributes:
        tx_hash: The transaction.
        block_number: The block.
        timestamp: The block's time, unix seconds.
        gas_used: Gas.
        status: 1 done, 0 reverted.
        contract_address: The contract that was created, if one was.
        logs: The logs, in their order.
        transaction: What was sent.
        why: Finds out what a reverted transaction returned; asked only when somebody wants to
            know, since a node replays the block for it. Ask soon: nodes forget old states.
    """

    tx_hash: bytes
    block_number: int
    timestamp: int
    gas_used: int
    status: int
    contract_address: str | None
    logs: tuple[Log, ...]
    transaction: Transaction | None = field(default=None, repr=False, compare=False)
    why: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)

    @property
    def revert_data(self) -> bytes:
        """What a reverted transaction returned; empty where that cannot be found."""
        return self.why() if self.why is not None and not self.status else b""

    @property
    def events(self) -> list[Event]:
        """The logs, decoded; those that no known ABI explains are left out."""
        interpreter = self.transaction.interpreter if self.transaction else None
        return interpreter.events(self.logs) if interpreter else []

    def event(self, name: str) -> Event:
        """Return the only event of this name.

        Raises:
            CheckFailed: There is none, or more than one.
        """
        found = [event for event in self.events if event.name == name]
        if len(found) != 1:
            raise CheckFailed(
                f"{len(found)} events {name} in transaction 0x{self.tx_hash.hex()}, one expected"
            )
        return found[0]

    def error(self) -> Exception | None:
        """Return the exception that stands for the failure, or ``None`` when there was none."""
        if self.status:
            return None
        sent = self.transaction
        data = self.revert_data
        if data and sent and sent.interpreter:
            return sent.interpreter.error(
                data,
                contract=sent.contract,
                function=sent.function,
                tx_hash=self.tx_hash,
            )
        where = f"{sent.contract}.{sent.function}" if sent and sent.function else "transaction"
        spent = f"{self.gas_used} gas used"
        if sent and sent.gas and self.gas_used >= sent.gas:
            spent += ", all that was given: send it with more"
        return TransactionFailed(f"{where} failed without a reason, {spent}", tx_hash=self.tx_hash)

    def check(self) -> Receipt:
        """Return this receipt when the transaction succeeded.

        Raises:
            ContractReverted: It reverted with a reason.
            TransactionFailed: It failed without one.
        """
        problem = self.error()
        if problem is not None:
            raise problem
        return self


@dataclass(frozen=True, slots=True)
class Refusal:
    """A transaction that was mined and failed.

    Attributes:
        to: The contract that was called, ``None`` for the making of one.
        call: What was sent to it.
        data: What came back; empty where the node cannot tell.
    """

    to: str | None
    call: bytes
    data: bytes


class Chain(Protocol):
    """A chain, as this package sees it."""

    def chain_id(self) -> int:
        """Return the chain's id (EIP-155)."""
        ...

    def now(self) -> int:
        """Return the time of the latest block, unix seconds."""
        ...

    def block_number(self) -> int:
        """Return the number of the latest block."""
        ...

    def block_time(self, number: int) -> int:
        """Return the time of a block, unix seconds."""
        ...

    def call(
        self, to: str, data: bytes, *, sender: str | None = None, block: int | None = None
    ) -> bytes:
        """Call without a transaction and return what the contract returns.

        Raises:
            RawRevert: The call reverted.
        """
        ...

    def call_many(
        self, calls: Sequence[tuple[str, bytes]], *, block: int | None = None
    ) -> list[bytes]:
        """Make many calls (contract, data) at once; returns their answers.

        Args:
            calls: The calls.
            block: The block whose state is read; the latest if not given.

        Raises:
            RawRevert: One of them reverted.
        """
        ...

    def send(self, transaction: Transaction) -> Receipt:
        """Send one transaction and wait for it. A reverted one has status 0 and raises nothing.

        Raises:
            RawRevert: The node foresaw the revert and the transaction was not sent.
        """
        ...

    def send_many(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        """Send transactions in this order and wait for all.

        Each sender's transactions take effect in the order given; those of different senders too
        on a node that mines on request or orders a block by price.

        Returns:
            One receipt for each transaction, in the same order, whatever its status.

        Raises:
            EnvironmentProblem: The node did not take or mine them.
        """
        ...

    def logs(
        self,
        addresses: Sequence[str] | None = None,
        topics: Sequence[Topic] = (),
        from_block: int = 0,
        to_block: int | None = None,
    ) -> list[Log]:
        """Return the logs of these contracts with these topics, oldest first."""
        ...

    def senders(self, addresses: Sequence[str], from_block: int = 0) -> list[str]:
        """Return who sent each transaction to these addresses, refused ones too, oldest first."""
        ...

    def refusal(self, tx_hash: bytes) -> Refusal | None:
        """Return what was refused and why.

        ``None`` when there is no such transaction, or when it was not refused.
        """
        ...

    def code(self, address: str) -> bytes:
        """Return the code at an address."""
        ...

    def balance(self, address: str) -> int:
        """Return an address's wei."""
        ...

    def nonce(self, address: str) -> int:
        """Return the number that an address's next transaction bears."""
        ...

    def gas_price(self) -> int:
        """Return the price of gas that a transaction sent now would offer, wei."""
        ...

    def set_time(self, timestamp: int) -> None:
        """Bring the chain's clock to ``timestamp``: reads and the next block are at it.

        Raises:
            ClockProblem: The node cannot, or the time lies before the latest block.
        """
        ...

    def snapshot(self) -> Any:
        """Remember the chain's state; returns what ``revert`` takes."""
        ...

    def revert(self, snapshot: Any) -> None:
        """Go back to a remembered state. The snapshot is used up."""
        ...
