"""A contract at an address, called by the names of its functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from aidline.artifacts import known_abis
from aidline.client.abi import AbiBook, Event, FunctionCodec, snake_case
from aidline.client.chain import Chain, Receipt, Transaction
from aidline.errors import InputError, RawRevert
from aidline.signing import Signer

__all__ = ["Contract", "Function", "new_book"]


def new_book() -> AbiBook:
    """Return an empty book of ABIs that turns to everything compiled for an unknown error."""
    return AbiBook(more=lambda: list(known_abis()))


class Function:
    """A function of a contract, ready to be called.

    Views are called and return the decoded value; others need ``sender`` and return the receipt.
    Arguments are given in order or by their names in snake_case.
    """

    __slots__ = ("codec", "contract")

    def __init__(self, contract: Contract, codec: FunctionCodec) -> None:
        self.contract = contract
        self.codec = codec

    def __call__(
        self,
        *args: Any,
        sender: Signer | str | None = None,
        block: int | None = None,
        value: int = 0,
        gas: int | None = None,
        **named: Any,
    ) -> Any:
        """Read, or send and wait.

        Args:
            args: The function's arguments.
            sender: Who sends (a signer), or from whom to read (an address is enough).
            block: For reads, the block whose state is read; the latest if not given.
            value: Wei to send along.
            gas: Gas limit, if not the chain's own way of finding one.
            named: Further arguments by name.

        Raises:
            ContractReverted: The contract refused.
            TransactionFailed: The transaction failed without a reason.
            InputError: An argument does not fit its type.
        """
        if self.codec.reads:
            return self.simulate(*args, sender=sender, block=block, **named)
        if sender is None or isinstance(sender, str):
            raise InputError(f"{self.contract.name}.{self.codec.name} changes state: give a sender")
        return self.contract.send(
            self.transaction(*args, sender=sender, value=value, gas=gas, **named)
        )

    def many(self, arguments: Iterable[Sequence[Any]], *, block: int | None = None) -> list[Any]:
        """Read for many lists of arguments at once; returns the decoded values in their order.

        Args:
            arguments: The lists.
            block: The block whose state is read; the latest if not given.

        Raises:
            ContractReverted: The contract refused one of them.
        """
        calls = [(self.contract.address, self.call_data(*given)) for given in arguments]
        try:
            answers = self.contract.chain.call_many(calls, block=block)
        except RawRevert as refused:
            raise self.contract.book.error(
                refused.data, contract=self.contract.name, function=self.codec.name
            ) from None
        return [self.codec.decode(answer) for answer in answers]

    def call_data(self, *args: Any, **named: Any) -> bytes:
        """Return the encoded call."""
        return self.codec.encode(args, named, self.contract.name)

    def transaction(
        self,
        *args: Any,
        sender: Signer,
        value: int = 0,
        gas: int | None = None,
        **named: Any,
    ) -> Transaction:
        """Return the transaction that calls this, for ``Chain.send_many``."""
        return Transaction(
            sender=sender,
            to=self.contract.address,
            data=self.codec.encode(args, named, self.contract.name),
            value=value,
            gas=gas,
            contract=self.contract.name,
            function=self.codec.name,
            interpreter=self.contract.book,
        )

    def simulate(
        self,
        *args: Any,
        sender: Signer | str | None = None,
        block: int | None = None,
        **named: Any,
    ) -> Any:
        """Call without a transaction and return what the function would return.

        Raises:
            ContractReverted: The contract would refuse.
        """
        data = self.codec.encode(args, named, self.contract.name)
        address = sender if sender is None or isinstance(sender, str) else sender.address
        try:
            returned = self.contract.chain.call(
                self.contract.address, data, sender=address, block=block
            )
        except RawRevert as refused:
            raise self.contract.book.error(
                refused.data, contract=self.contract.name, function=self.codec.name
            ) from None
        return self.codec.decode(returned)

    def __repr__(self) -> str:
        return f"<{self.contract.name}.{self.codec.signature}>"


@lru_cache(maxsize=512)
def _functions(key: _AbiKey) -> dict[str, FunctionCodec]:
    found: dict[str, list[FunctionCodec]] = {}
    for entry in key.abi:
        if entry["type"] == "function":
            known = FunctionCodec(entry)
            found.setdefault(known.name, []).append(known)
    names: dict[str, FunctionCodec] = {}
    for name, versions in found.items():
        for known in versions:
            names[known.signature] = known
        if len(versions) == 1:
            names[name] = versions[0]
            names.setdefault(snake_case(name), versions[0])
    return names


class _AbiKey:
    """An ABI as a key of the cache: by identity, since artifacts are loaded once."""

    __slots__ = ("abi",)

    def __init__(self, abi: Sequence[Mapping[str, Any]]) -> None:
        self.abi = abi

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _AbiKey) and other.abi is self.abi

    def __hash__(self) -> int:
        return id(self.abi)


class Contract:
    """A contract at an address.

    ``handle.fateOf(lot)`` (or ``handle.fate_of``) reads, ``handle.commission(..., sender=key)``
    sends. An overloaded function is reached by its signature, ``handle["f(uint256)"]``.

    Args:
        chain: The chain.
        name: The contract's name, for messages and events.
        address: Its address.
        abi: Its ABI.
        book: The book of ABIs that decodes events and errors, shared by contracts of one suite.
    """

    def __init__(
        self,
        chain: Chain,
        name: str,
        address: str,
        abi: Sequence[Mapping[str, Any]],
        book: AbiBook | None = None,
    ) -> None:
        self.chain = chain
        self.name = name
        self.address = address
        self.abi = abi
        self.book = new_book() if book is None else book
        self.book.learn(name, address, abi)
        self._codecs = _functions(_AbiKey(abi))

    def __getitem__(self, name: str) -> Function:
        """Return a function by name or signature."""
        known = self._codecs.get(name)
        if known is None:
            versions = sorted(item for item in self._codecs if item.startswith(f"{name}("))
            hint = f"; there are {', '.join(versions)}" if versions else ""
            raise InputError(f"{self.name} has no function {name}{hint}")
        return Function(self, known)

    def __getattr__(self, name: str) -> Any:
        codecs = self.__dict__.get("_codecs", {})
        if name in codecs:
            made = Function(self, codecs[name])
            self.__dict__[name] = made
            return made
        raise AttributeError(f"{self.__dict__.get('name', 'the contract')} has no function {name}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self._codecs if "(" not in name)]

    def __repr__(self) -> str:
        return f"<{self.name} at {self.address}>"

    def call_data(self, function: str, *args: Any, **named: Any) -> bytes:
        """Return the encoded call of ``function``."""
        return self[function].call_data(*args, **named)

    def transaction(
        self,
        function: str,
        *args: Any,
        sender: Signer,
        value: int = 0,
        gas: int | None = None,
        **named: Any,
    ) -> Transaction:
        """Return the transaction that calls ``function``, for ``Chain.send_many``."""
        return self[function].transaction(*args, sender=sender, value=value, gas=gas, **named)

    def simulate(self, function: str, *args: Any, sender: Signer | str | None = None) -> Any:
        """Call ``function`` without a transaction; see :meth:`Function.simulate`."""
        return self[function].simulate(*args, sender=sender)

    def send(self, transaction: Transaction) -> Receipt:
        """Send a transaction, wait for it and raise when it was refused."""
        try:
            receipt = self.chain.send(transaction)
        except RawRevert as refused:
            raise self.book.error(
                refused.data, contract=transaction.contract, function=transaction.function
            ) from None
        return receipt.check()

    def events(
        self,
        name: str | None = None,
        *,
        from_block: int = 0,
        to_block: int | None = None,
        **indexed: Any,
    ) -> list[Event]:
        """Return this contract's events, oldest first.

        Args:
            name: Only events of this name.
            from_block: The first block.
            to_block: The last block, the latest if not given.
            indexed: For a named event, the values (or lists of values) of indexed arguments.
        """
        topics: list[bytes | list[bytes] | None] = []
        if name is not None:
            topics = self.book.event_codec(self.address, name).topics(indexed)
        elif indexed:
            raise InputError("give the event's name to filter by its arguments")
        return self.book.events(self.chain.logs([self.address], topics, from_block, to_block))
