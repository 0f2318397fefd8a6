"""A chain in the process: revm by pyrevm, for rule-driven tests and mass simulation.

Every transaction is a block of its own, its time the time last set. Transactions carry no
signature: the sender's address is taken at its word. Past states are not kept.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aidline.client.chain import Log, Receipt, Refusal, Topic, Transaction
from aidline.errors import ClockProblem, EnvironmentProblem, InputError, RawRevert
from aidline.keccak import checksum_address, keccak

__all__ = ["RevmChain"]

_OUTPUT = re.compile(r"Revert \{ gas_used: (\d+), output: 0x([0-9a-fA-F]*) \}")
_GAS_USED = re.compile(r"gas_used: (\d+)")
#: revm lengthens analysed code by this much, so that no jump or push runs past its end.
_PADDING = bytes(33)
_READER = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class _Snapshot:
    checkpoint: Any
    number: int
    timestamp: int
    logs: int
    sent: int


class RevmChain:
    """A chain in the process, with the rules of the London fork.

    Args:
        timestamp: The time of the first block, unix seconds.
        chain_id: The chain's id.
        gas: Gas limit of a transaction that names none.
        balance: Wei that a sender is given when it first sends and has none.
    """

    def __init__(
        self,
        timestamp: int = 1_600_000_000,
        chain_id: int = 31337,
        gas: int = 30_000_000,
        balance: int = 10**24,
    ) -> None:
        try:
            import pyrevm
        except ImportError:
            raise EnvironmentProblem(
                "the chain in the process needs pyrevm: pip install 'aidline[sim]'"
            ) from None
        self._pyrevm = pyrevm
        self._chain_id = chain_id
        self._gas = gas
        self._balance = balance
        self._number = 0
        self._timestamp = timestamp
        self._times = [timestamp]
        self._logs: list[Log] = []
        self._blocks_of_logs: list[int] = []
        self._sent = 0
        self._senders: set[str] = set()
        self._refused: dict[bytes, Refusal] = {}
        self._calls: list[tuple[int, str, str | None]] = []
        self._evm = pyrevm.EVM(
            env=pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=chain_id), block=self._block()),
            gas_limit=2**63,
            spec_id="LONDON",
        )

    def _block(self) -> Any:
        return self._pyrevm.BlockEnv(
            number=self._number, timestamp=self._timestamp, basefee=0, gas_limit=2**63
        )

    def _advance(self) -> None:
        self._number += 1
        self._times.append(self._timestamp)
        self._evm.set_block_env(self._block())

    def chain_id(self) -> int:
        """Return the chain's id."""
        return self._chain_id

    def now(self) -> int:
        """Return the time of the latest block, unix seconds."""
        return self._timestamp

    def block_number(self) -> int:
        """Return the number of the latest block."""
        return self._number

    def block_time(self, number: int) -> int:
        """Return the time of a block, unix seconds."""
        if not 0 <= number <= self._number:
            raise InputError(f"there is no block {number}, the latest is {self._number}")
        return self._times[number]

    def call(
        self, to: str, data: bytes, *, sender: str | None = None, block: int | None = None
    ) -> bytes:
        """Call without a transaction; only the latest state can be read."""
        if block is not None and block != self._number:
            raise InputError("the chain in the process keeps no past states: read the latest")
        checkpoint = self._evm.snapshot()
        try:
            returned: bytes = self._evm.message_call(
                sender or _READER, to, calldata=data, gas=self._gas
            )
            return returned
        except RuntimeError as problem:
            raise RawRevert(*_reason(problem)) from None
        finally:
            self._evm.revert(checkpoint)

    def call_many(
        self, calls: Sequence[tuple[str, bytes]], *, block: int | None = None
    ) -> list[bytes]:
        """Make many calls, one after the other."""
        return [self.call(to, data, block=block) for to, data in calls]

    def send(self, transaction: Transaction) -> Receipt:
        """Carry out one transaction in a block of its own."""
        sender = transaction.sender.address
        if sender not in self._senders:
            if self._evm.get_balance(sender) == 0:
                self._evm.set_balance(sender, self._balance)
            self._senders.add(sender)
        self._advance()
        self._sent += 1
        self._calls.append((self._number, sender, transaction.to))
        tx_hash = keccak(b"revm" + self._sent.to_bytes(8, "big"))
        gas = self._gas if transaction.gas is None else transaction.gas
        checkpoint = self._evm.snapshot()
        created: str | None = None
        try:
            if transaction.to is None:
                created = self._evm.deploy(
                    sender, transaction.data, value=transaction.value, gas=gas
                )
                created = checksum_address(bytes.fromhex(created[2:]))
            else:
                self._evm.message_call(
                    sender,
                    transaction.to,
                    calldata=transaction.data,
                    value=transaction.value,
                    gas=gas,
                )
        except RuntimeError as problem:
            self._evm.revert(checkpoint)
            used = _GAS_USED.search(str(problem))
            data, message = _reason(problem)
            if used is None:
                raise EnvironmentProblem(f"the transaction was not accepted: {message}") from None
            self._refused[tx_hash] = Refusal(transaction.to, transaction.data, data)
            return Receipt(
                tx_hash=tx_hash,
                block_number=self._number,
                timestamp=self._timestamp,
                gas_used=int(used[1]),
                status=0,
                contract_address=None,
                logs=(),
                transaction=transaction,
                why=lambda: data,
            )
        # Without this each transaction would run one call deeper than the last, up to 1,024.
        self._evm.commit()
        result: Any = self._evm.result
        logs = []
        for place, found in enumerate(result.logs):
            topics, data = found.data
            logs.append(
                Log(
                    checksum_address(bytes.fromhex(found.address[2:])),
                    tuple(map(bytes, topics)),
                    bytes(data),
                    self._number,
                    tx_hash,
                    place,
                )
            )
            self._blocks_of_logs.append(self._number)
        self._logs.extend(logs)
        return Receipt(
            tx_hash=tx_hash,
            block_number=self._number,
            timestamp=self._timestamp,
            gas_used=result.gas_used,
            status=1,
            contract_address=created,
            logs=tuple(logs),
            transaction=transaction,
        )

    def senders(self, addresses: Sequence[str], from_block: int = 0) -> list[str]:
        """Return who sent each transaction to these addresses, refused ones too, oldest first."""
        wanted = set(addresses)
        return [by for block, by, to in self._calls if block >= from_block and to in wanted]

    def refusal(self, tx_hash: bytes) -> Refusal | None:
        """Return what was refused and why, ``None`` when there is no such."""
        return self._refused.get(tx_hash)

    def send_many(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        """Carry out transactions one after the other."""
        return [self.send(transaction) for transaction in transactions]

    def logs(
        self,
        addresses: Sequence[str] | None = None,
        topics: Sequence[Topic] = (),
        from_block: int = 0,
        to_block: int | None = None,
    ) -> list[Log]:
        """Return the logs of these contracts with these topics, oldest first."""
        first = bisect.bisect_left(self._blocks_of_logs, from_block)
        last = len(self._logs)
        if to_block is not None:
            last = bisect.bisect_right(self._blocks_of_logs, to_block)
        wanted = None if addresses is None else set(addresses)
        return [
            log
            for log in self._logs[first:last]
            if (wanted is None or log.address in wanted) and _matches(log, topics)
        ]

    def code(self, address: str) -> bytes:
        """Return the code at an address."""
        code = bytes(self._evm.get_code(address) or b"")
        return code.removesuffix(_PADDING)

    def balance(self, address: str) -> int:
        """Return an address's wei."""
        held: int = self._evm.get_balance(address)
        return held

    def nonce(self, address: str) -> int:
        """Return the number that an address's next transaction bears."""
        return int(self._evm.basic(address).nonce)

    def gas_price(self) -> int:
        """Return 0: gas costs nothing here."""
        return 0

    def set_time(self, timestamp: int) -> None:
        """Bring the chain's clock to ``timestamp``; a block is mined at it."""
        if timestamp < self._timestamp:
            raise ClockProblem(
                f"the chain's clock stands at {self._timestamp}, it cannot go back to {timestamp}"
            )
        if timestamp > self._timestamp:
            self._timestamp = timestamp
            self._advance()

    def snapshot(self) -> Any:
        """Remember the chain's state."""
        return _Snapshot(
            self._evm.snapshot(), self._number, self._timestamp, len(self._logs), self._sent
        )

    def revert(self, snapshot: Any) -> None:
        """Go back to a remembered state."""
        self._evm.revert(snapshot.checkpoint)
        self._number = snapshot.number
        self._timestamp = snapshot.timestamp
        del self._times[self._number + 1 :]
        del self._logs[snapshot.logs :]
        del self._blocks_of_logs[snapshot.logs :]
        self._sent = snapshot.sent
        del self._calls[self._sent :]
        self._senders.clear()
        self._evm.set_block_env(self._block())


def _reason(problem: RuntimeError) -> tuple[bytes, str]:
    text = str(problem)
    found = _OUTPUT.search(text)
    return (bytes.fromhex(found[2]), "") if found else (b"", text)


def _matches(log: Log, topics: Sequence[Topic]) -> bool:
    for place, wanted in enumerate(topics):
        if wanted is None:
            continue
        if place >= len(log.topics):
            return False
        topic = log.topics[place]
        if topic != wanted if isinstance(wanted, bytes) else topic not in wanted:
            return False
    return True
