"""Any node that speaks Ethereum's JSON-RPC.

Transactions are signed here and sent in batches. How a batch is made to take effect in its order
depends on the node:

- On a node that mines when it is told to (``manual``, or an Anvil whose automatic mining can be
  switched off meanwhile) up to 500 transactions go into one block. Anvil orders a block by price
  and keeps no order of arrival between senders, so each transaction offers one wei less for its
  gas than the one before.
- On any other node prices fall in the same way where gas has a price, and receipts are awaited.
  Each sender's transactions keep their order; that of different senders is the node's to decide.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from aidline.client.chain import Log, Receipt, Refusal, Topic, Transaction
from aidline.client.raw import sign_transaction
from aidline.client.rpc import Rpc
from aidline.errors import (
    ClockProblem,
    EnvironmentProblem,
    InsufficientFunds,
    RawRevert,
    RpcError,
    TransactionFailed,
)
from aidline.keccak import checksum_address, keccak

__all__ = ["Web3Chain"]

_BLOCK = 500  # transactions to a block: Anvil's receipts become slow in larger ones
_FALLBACK_GAS = 3_000_000  # for one of a batch that can be estimated only after those before it
_REVERTED = re.compile(r"revert|invalid opcode|EVM error|out of gas|OutOfGas|VM Exception", re.I)
_KNOWN = re.compile(r"already (known|imported|exists)|known transaction", re.I)
_POOR = re.compile(r"insufficient (funds|balance)|enough funds|upfront cost", re.I)


class Web3Chain:
    """A node.

    Args:
        rpc: Its address.
        gas: Gas limit of a transaction that names none; estimated with a fifth added if not given.
        manual: The node is our own Anvil that mines only when told to; senders without wei are
            given some.
        patience: Seconds to wait for a transaction to be mined.
        timeout: Seconds to wait for one answer.

    Raises:
        RpcUnreachable: Nothing answers there, or not a node.
    """

    def __init__(
        self,
        rpc: str,
        *,
        gas: int | None = None,
        manual: bool = False,
        patience: float = 180.0,
        timeout: float = 60.0,
    ) -> None:
        self.rpc = Rpc(rpc, timeout)
        self._gas = gas if gas is not None or not manual else 15_000_000
        self._manual = manual
        self._patience = patience
        self._chain_id = int(self.rpc.request("eth_chainId"), 16)
        try:
            self._client = str(self.rpc.request("web3_clientVersion")).lower()
        except RpcError:
            self._client = ""
        self._nonces: dict[str, int] = {}
        self._funded: set[str] = set()
        self._times: dict[int, int] = {}
        # The time of our own Anvil's next block, where it was set and no block is mined yet.
        self._due: int | None = None
        self._w3: Any = None

    # -- what the node is

    @property
    def client(self) -> str:
        """What the node says it is, in lower case."""
        return self._client

    @property
    def w3(self) -> Any:
        """A ``web3.Web3`` on the same node, for what a chain has no method for."""
        if self._w3 is None:
            from web3 import HTTPProvider, Web3
            from web3.middleware import ExtraDataToPOAMiddleware

            self._w3 = Web3(HTTPProvider(self.rpc.url))
            self._w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        return self._w3

    @property
    def clock_can_be_set(self) -> bool:
        """Whether this is a development node whose clock can be put forward."""
        return self._client.startswith(("anvil", "ganache", "hardhat"))

    def close(self) -> None:
        """Close the connection."""
        self.rpc.close()

    def chain_id(self) -> int:
        """Return the chain's id."""
        return self._chain_id

    # -- reading

    def _block(self, tag: str) -> dict[str, Any]:
        found = self.rpc.request("eth_getBlockByNumber", tag, False)
        if found is None:
            raise EnvironmentProblem(f"the node has no block {tag}")
        block: dict[str, Any] = found
        return block

    def now(self) -> int:
        """Return the time of the latest block, unix seconds."""
        return int(self._block("latest")["timestamp"], 16) if self._due is None else self._due

    def block_number(self) -> int:
        """Return the number of the latest block."""
        return int(self.rpc.request("eth_blockNumber"), 16)

    def block_time(self, number: int) -> int:
        """Return the time of a block, unix seconds."""
        known = self._times.get(number)
        if known is None:
            known = int(self._block(hex(number))["timestamp"], 16)
            self._times[number] = known
        return known

    def call(
        self, to: str, data: bytes, *, sender: str | None = None, block: int | None = None
    ) -> bytes:
        """Call without a transaction."""
        request = {"to": to, "data": f"0x{data.hex()}"}
        if sender is not None:
            request["from"] = sender
        params = self._at_latest(request) if block is None else [request, hex(block)]
        try:
            answer = self.rpc.request("eth_call", *params)
        except RpcError as problem:
            raise _as_revert(problem) from None
        return bytes.fromhex(answer[2:])

    def _at_latest(self, request: dict[str, str]) -> list[Any]:
        """Return what calls for the latest state, at the time that was set for it."""
        if self._due is None:
            return [request, "latest"]
        return [request, "latest", {}, {"time": hex(self._due)}]

    def call_many(
        self, calls: Sequence[tuple[str, bytes]], *, block: int | None = None
    ) -> list[bytes]:
        """Make many calls in batches of requests."""
        requests = [{"to": to, "data": f"0x{data.hex()}"} for to, data in calls]
        answers = self.rpc.batch(
            [
                (
                    "eth_call",
                    self._at_latest(request) if block is None else [request, hex(block)],
                )
                for request in requests
            ]
        )
        for answer in answers:
            if isinstance(answer, RpcError):
                raise _as_revert(answer)
        return [bytes.fromhex(answer[2:]) for answer in answers]

    def logs(
        self,
        addresses: Sequence[str] | None = None,
        topics: Sequence[Topic] = (),
        from_block: int = 0,
        to_block: int | None = None,
    ) -> list[Log]:
        """Return the logs of these contracts with these topics, oldest first.

        A range that is too large for the node is halved until it is not.
        """
        last = self.block_number() if to_block is None else to_block
        if from_block > last:
            return []
        wanted: dict[str, Any] = {"fromBlock": hex(from_block), "toBlock": hex(last)}
        if addresses is not None:
            wanted["address"] = list(addresses)
        if topics:
            wanted["topics"] = [_topic(topic) for topic in topics]
        try:
            found = self.rpc.request("eth_getLogs", wanted)
        except RpcError:
            if from_block == last:
                raise
            middle = (from_block + last) // 2
            return [
                *self.logs(addresses, topics, from_block, middle),
                *self.logs(addresses, topics, middle + 1, last),
            ]
        return [_log(entry) for entry in found]

    def code(self, address: str) -> bytes:
        """Return the code at an address."""
        return bytes.fromhex(self.rpc.request("eth_getCode", address, "latest")[2:])

    def balance(self, address: str) -> int:
        """Return an address's wei."""
        return int(self.rpc.request("eth_getBalance", address, "latest"), 16)

    def nonce(self, address: str) -> int:
        """Return the number that an address's next transaction bears."""
        return int(self.rpc.request("eth_getTransactionCount", address, "pending"), 16)

    def gas_price(self) -> int:
        """Return the price of gas that a transaction sent now would offer at most, wei."""
        return self._fees()[0]

    def _pending(self) -> dict[str, Any]:
        """Return the block that would be mined now; the latest where the node does not say."""
        try:
            return self._block("pending")
        except EnvironmentProblem:
            return self._block("latest")

    def pending_time(self) -> int:
        """Return the time that the next block would have now, unix seconds."""
        return int(self._pending()["timestamp"], 16)

    def gas_limit(self) -> int:
        """Return the gas that the next block has room for."""
        return int(self._pending()["gasLimit"], 16)

    def estimate(self, transaction: Transaction) -> int:
        """Return the gas that the node expects a transaction to take.

        Raises:
            RawRevert: It would revert.
        """
        try:
            return int(self.rpc.request("eth_estimateGas", _request(transaction)), 16)
        except RpcError as problem:
            raise self._refusal(problem, transaction) from None

    # -- sending

    def send(self, transaction: Transaction) -> Receipt:
        """Send one transaction and wait for it."""
        gas = transaction.gas or self._gas or self._with_margin(self.estimate(transaction))
        if self._manual:
            return self._mine_in_order([transaction], [gas])[0]
        return self._await(self._submit([transaction], [gas]), [transaction])[0]

    def send_many(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        """Send transactions in this order and wait for all."""
        receipts: list[Receipt] = []
        if not transactions:
            return receipts
        with self._mining_on_request() as on_request:
            for start in range(0, len(transactions), _BLOCK):
                chunk = transactions[start : start + _BLOCK]
                limits = self._limits(chunk)
                if on_request:
                    receipts += self._mine_in_order(chunk, limits)
                else:
                    receipts += self._await(self._submit(chunk, limits), chunk)
        return receipts

    @contextmanager
    def _mining_on_request(self) -> Iterator[bool]:
        """Keep an Anvil from mining by itself meanwhile; yields whether to mine by request."""
        if self._manual or not self._client.startswith("anvil"):
            yield self._manual
            return
        automatic = self.rpc.request("anvil_getAutomine")
        if not automatic:
            try:
                interval = self.rpc.request("anvil_getIntervalMining")
            except RpcError:
                interval = 1
            yield interval is None
            return
        self.rpc.request("evm_setAutomine", False)
        try:
            yield True
        finally:
            self.rpc.request("evm_setAutomine", True)

    def _limits(self, transactions: Sequence[Transaction]) -> list[int]:
        limits = [transaction.gas or self._gas or 0 for transaction in transactions]
        unknown = [place for place, limit in enumerate(limits) if not limit]
        if unknown:
            answers = self.rpc.batch(
                [("eth_estimateGas", [_request(transactions[place])]) for place in unknown]
            )
            for place, answer in zip(unknown, answers, strict=True):
                limits[place] = (
                    _FALLBACK_GAS
                    if isinstance(answer, RpcError)
                    else self._with_margin(int(answer, 16))
                )
        return limits

    @staticmethod
    def _with_margin(gas: int) -> int:
        return gas + gas // 5

    def _fees(self) -> tuple[int, int | None]:
        """Return the price of gas to offer at most, and the tip (``None`` before EIP-1559)."""
        if self._manual:
            return 0, 0
        base = self._block("latest").get("baseFeePerGas")
        offered = int(self.rpc.request("eth_gasPrice"), 16)
        if base is None:
            return offered, None
        base_fee = int(base, 16)
        try:
            tip = int(self.rpc.request("eth_maxPriorityFeePerGas"), 16)
        except RpcError:
            tip = max(offered - base_fee, 0)
        if not base_fee and not offered:
            tip = 0
        return 2 * base_fee + tip, tip

    def _next_nonces(self, transactions: Sequence[Transaction]) -> None:
        senders = {transaction.sender.address for transaction in transactions}
        unknown = sorted(senders - self._nonces.keys())
        if unknown:
            answers = self.rpc.batch(
                [("eth_getTransactionCount", [address, "pending"]) for address in unknown]
            )
            for address, answer in zip(unknown, answers, strict=True):
                if isinstance(answer, RpcError):
                    raise answer
                self._nonces[address] = int(answer, 16)
        if self._manual and senders - self._funded:
            new = sorted(senders - self._funded)
            held = self.rpc.batch([("eth_getBalance", [address, "latest"]) for address in new])
            poor = [a for a, wei in zip(new, held, strict=True) if int(wei, 16) < 10**18]
            self.rpc.batch([("anvil_setBalance", [address, hex(10**24)]) for address in poor])
            self._funded |= senders

    def _submit(self, transactions: Sequence[Transaction], limits: Sequence[int]) -> list[bytes]:
        """Sign and send; returns the hashes."""
        if not self._manual:  # somebody else may have used an account meanwhile
            self._nonces.clear()
        self._next_nonces(transactions)
        price, tip = self._fees()
        ordered = price > 0 or self._manual or self._client.startswith("anvil")
        raws: list[bytes] = []
        for place, (transaction, gas) in enumerate(zip(transactions, limits, strict=True)):
            extra = len(transactions) - 1 - place if ordered else 0
            address = transaction.sender.address
            nonce = self._nonces[address]
            self._nonces[address] = nonce + 1
            raws.append(
                sign_transaction(
                    transaction.sender,
                    chain_id=self._chain_id,
                    nonce=nonce,
                    to=transaction.to,
                    value=transaction.value,
                    data=transaction.data,
                    gas=gas,
                    price=price + extra,
                    tip=None if tip is None else tip + extra,
                )
            )
        hashes = [keccak(raw) for raw in raws]
        try:
            answers = self.rpc.batch([("eth_sendRawTransaction", [_hex(raw)]) for raw in raws])
        except EnvironmentProblem:
            self._nonces.clear()
            raise
        for place, answer in enumerate(answers):
            if isinstance(answer, RpcError) and not _KNOWN.search(answer.reason):
                if self._mined(hashes[place]):
                    continue  # an earlier attempt of the same request had got through
                self._nonces.clear()
                if self._manual:
                    # nothing of this call may surface in a later block
                    self.rpc.request("anvil_dropAllTransactions")
                raise self._refusal(answer, transactions[place], limits[place] * price)
        return hashes

    def _mined(self, tx_hash: bytes) -> bool:
        return self.rpc.request("eth_getTransactionReceipt", _hex(tx_hash)) is not None

    def _refusal(
        self, problem: RpcError, transaction: Transaction, cost: int | None = None
    ) -> Exception:
        if _POOR.search(problem.reason):
            address = transaction.sender.address
            needed = "" if cost is None else f", {cost + transaction.value} wei may be needed"
            return InsufficientFunds(
                f"the account {address} holds {self.balance(address)} wei{needed}: "
                "put more on it, or use another account"
            )
        if problem.method == "eth_estimateGas":
            return _as_revert(problem)
        return problem

    def _mine_in_order(
        self, transactions: Sequence[Transaction], limits: Sequence[int]
    ) -> list[Receipt]:
        hashes = self._submit(transactions, limits)
        self._apply_due()
        missing = {_hex(tx_hash) for tx_hash in hashes}
        found: dict[str, dict[str, Any]] = {}
        while missing:
            self.rpc.request("evm_mine")
            mined = self.rpc.request("eth_getBlockReceipts", "latest") or []
            ours = {entry["transactionHash"]: entry for entry in mined}
            if not missing & ours.keys():
                # another client may have mined them between the two requests
                late = self._poll(sorted(missing))
                if not late:
                    self._nonces.clear()
                    raise TransactionFailed(
                        f"{len(missing)} of {len(hashes)} transactions were accepted and not mined",
                        tx_hash=bytes.fromhex(next(iter(missing))[2:]),
                    )
                ours = late
            found.update(ours)
            missing -= ours.keys()
        entries = [found[_hex(tx_hash)] for tx_hash in hashes]
        return self._receipts(entries, transactions)

    def _poll(self, hashes: Sequence[str]) -> dict[str, dict[str, Any]]:
        answers = self.rpc.batch([("eth_getTransactionReceipt", [item]) for item in hashes])
        return {
            item: answer
            for item, answer in zip(hashes, answers, strict=True)
            if isinstance(answer, dict) and answer.get("blockNumber")
        }

    def _await(self, hashes: Sequence[bytes], transactions: Sequence[Transaction]) -> list[Receipt]:
        found: dict[str, dict[str, Any]] = {}
        wanted = [_hex(tx_hash) for tx_hash in hashes]
        deadline = time.monotonic() + self._patience
        pause = 0.002
        while len(found) < len(wanted):
            got = self._poll([item for item in wanted if item not in found])
            found.update(got)
            if len(found) == len(wanted):
                break
            if time.monotonic() > deadline:
                self._nonces.clear()
                lost = next(item for item in wanted if item not in found)
                raise TransactionFailed(
                    f"{len(wanted) - len(found)} of {len(wanted)} transactions were not mined "
                    f"within {self._patience:g} seconds",
                    tx_hash=bytes.fromhex(lost[2:]),
                )
            pause = 0.002 if got else min(pause * 1.5, 1.0)
            time.sleep(pause)
        return self._receipts([found[item] for item in wanted], transactions)

    def _receipts(
        self, entries: Sequence[dict[str, Any]], transactions: Sequence[Transaction]
    ) -> list[Receipt]:
        receipts = []
        for entry, transaction in zip(entries, transactions, strict=True):
            number = int(entry["blockNumber"], 16)
            stamp = entry.get("blockTimestamp")
            if stamp is not None and number not in self._times:
                # Anvil has a number where others have hexadecimal digits
                self._times[number] = stamp if isinstance(stamp, int) else int(stamp, 16)
            created = entry.get("contractAddress")
            status = int(entry["status"], 16)
            receipts.append(
                Receipt(
                    tx_hash=bytes.fromhex(entry["transactionHash"][2:]),
                    block_number=number,
                    timestamp=self.block_time(number),
                    gas_used=int(entry["gasUsed"], 16),
                    status=status,
                    contract_address=_address(created) if created and status else None,
                    logs=tuple(_log(log) for log in entry["logs"]),
                    transaction=transaction,
                    why=None if status else partial(self._why, entry, _request(transaction)),
                )
            )
        return receipts

    def _why(self, entry: dict[str, Any], request: dict[str, str]) -> bytes:
        """Find out what a reverted transaction returned; empty where the node cannot tell."""
        brief = {"disableStorage": True, "disableStack": True, "enableMemory": False}
        for options in (
            {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}},
            brief,  # Anvil has this one's answer also when it keeps the state no more
        ):
            try:
                trace = self.rpc.request(
                    "debug_traceTransaction", entry["transactionHash"], options
                )
            except RpcError:
                continue  # not every node traces
            if isinstance(trace, dict) and ("error" in trace or trace.get("failed")):
                output = trace.get("output", trace.get("returnValue"))
                if isinstance(output, str):
                    return bytes.fromhex(output.removeprefix("0x"))
        if int(entry["transactionIndex"], 16):
            return b""  # what those before it in the block did, no call can repeat
        try:
            self.rpc.request("eth_call", request, hex(int(entry["blockNumber"], 16) - 1))
        except RpcError as problem:
            return _revert_data(problem)
        return b""

    def senders(self, addresses: Sequence[str], from_block: int = 0) -> list[str]:
        """Return who sent each transaction to these addresses, refused ones too, oldest first."""
        wanted = {address.lower() for address in addresses}
        found: list[str] = []
        blocks = range(from_block, self.block_number() + 1)
        for start in range(0, len(blocks), _BLOCK):
            page = blocks[start : start + _BLOCK]
            answers = self.rpc.batch([("eth_getBlockByNumber", [hex(n), True]) for n in page])
            for answer in answers:
                if isinstance(answer, RpcError):
                    raise answer
                found += [
                    _address(sent["from"])
                    for sent in answer["transactions"]
                    if (sent["to"] or "").lower() in wanted
                ]
        return found

    def refusal(self, tx_hash: bytes) -> Refusal | None:
        """Return what was refused and why, ``None`` when there is no such."""
        entry = self.rpc.request("eth_getTransactionReceipt", _hex(tx_hash))
        sent = self.rpc.request("eth_getTransactionByHash", _hex(tx_hash))
        if entry is None or sent is None or int(entry["status"], 16):
            return None
        request = {"from": sent["from"], "data": sent["input"], "value": sent["value"]}
        if sent["to"] is not None:
            request["to"] = sent["to"]
        return Refusal(
            to=None if sent["to"] is None else _address(sent["to"]),
            call=bytes.fromhex(sent["input"][2:]),
            data=self._why(entry, request),
        )

    # -- development nodes

    def set_time(self, timestamp: int) -> None:
        """Bring the chain's clock to ``timestamp``: reads and the next block are at it."""
        now = self.now()
        if timestamp == now:
            return
        if timestamp < now:
            raise ClockProblem(
                f"the chain's clock stands at {now}, it cannot go back to {timestamp}"
            )
        if not self.clock_can_be_set:
            raise ClockProblem(
                f"the node ({self._client or 'of an unknown kind'}) cannot pass "
                f"{timestamp - now} seconds at will: use a development node such as Anvil"
            )
        if self._manual:  # every block costs: the next one that has transactions bears the time
            self._due = timestamp
            return
        try:
            if self._client.startswith("ganache"):
                self.rpc.request("evm_mine", {"timestamp": timestamp})
            else:
                self.rpc.request("evm_setNextBlockTimestamp", timestamp)
                self.rpc.request("evm_mine")
        except RpcError as problem:
            raise ClockProblem(f"the node's clock could not be set: {problem.reason}") from None

    def _apply_due(self) -> bool:
        """Have the next block bear the time that was set; returns whether one was."""
        if self._due is None:
            return False
        self.rpc.request("evm_setNextBlockTimestamp", self._due)
        self._due = None
        return True

    def settle(self) -> None:
        """Mine the block that bears the time last set, where it is still to come."""
        if self._apply_due():
            self.rpc.request("evm_mine")

    def snapshot(self) -> Any:
        """Remember the chain's state (development nodes only)."""
        self.settle()
        return self.rpc.request("evm_snapshot")

    def revert(self, snapshot: Any) -> None:
        """Go back to a remembered state."""
        if not self.rpc.request("evm_revert", snapshot):
            raise EnvironmentProblem("the node does not have this snapshot any more")
        self._nonces.clear()
        self._funded.clear()
        self._times.clear()
        self._due = None


def _hex(raw: bytes) -> str:
    return f"0x{raw.hex()}"


def _topic(topic: Topic) -> str | list[str] | None:
    if topic is None or isinstance(topic, bytes):
        return topic if topic is None else _hex(topic)
    return [_hex(one) for one in topic]


def _address(text: str) -> str:
    return checksum_address(bytes.fromhex(text[2:]))


def _log(entry: dict[str, Any]) -> Log:
    return Log(
        address=_address(entry["address"]),
        topics=tuple(bytes.fromhex(topic[2:]) for topic in entry["topics"]),
        data=bytes.fromhex(entry["data"][2:]),
        block_number=int(entry["blockNumber"], 16),
        tx_hash=bytes.fromhex(entry["transactionHash"][2:]),
        index=int(entry["logIndex"], 16),
    )


def _request(transaction: Transaction) -> dict[str, str]:
    request = {"from": transaction.sender.address, "data": _hex(transaction.data)}
    if transaction.to is not None:
        request["to"] = transaction.to
    if transaction.value:
        request["value"] = hex(transaction.value)
    return request


def _revert_data(problem: RpcError) -> bytes:
    data = problem.data
    if isinstance(data, dict):  # Ganache, Hardhat
        data = data.get("data") or data.get("result")
    if isinstance(data, str):
        found = re.search(r"0x([0-9a-fA-F]*)", data)
        if found:
            return bytes.fromhex(found[1])
    return b""


def _as_revert(problem: RpcError) -> Exception:
    """Return the revert that the node reports, or the problem itself if it is none."""
    data = _revert_data(problem)
    if data or problem.code == 3 or _REVERTED.search(problem.reason):
        return RawRevert(data, "" if data else problem.reason)
    return problem
