"""Encoding and decoding by ABI, straight from and to the records that Python code uses.

A codec is built once for each type and kept. Structs are decoded to frozen, slotted dataclasses
with snake_case fields (the class of that name in :mod:`aidline.model` where its fields are the
same, a generated one otherwise), enums to the ``IntEnum`` of their name in
:mod:`aidline.model` where there is one. What does not fit its type is refused before anything is
sent.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from aidline.client.chain import Log
from aidline.errors import ChainError, ContractReverted, InputError
from aidline.keccak import checksum_address, keccak

__all__ = [
    "AbiBook",
    "Codec",
    "Event",
    "EventCodec",
    "FunctionCodec",
    "codec",
    "snake_case",
]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "no such enum member",
    0x22: "corrupt storage",
    0x31: "pop of an empty array",
    0x32: "index out of bounds",
    0x41: "out of memory",
    0x51: "call of an empty function",
}


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """Return a Solidity name as Python writes it: ``fateOf`` becomes ``fate_of``."""
    made = _HUMP.sub("_", name.strip("_")).lower()
    return made + "_" if keyword.iskeyword(made) else made


@dataclass(frozen=True, slots=True)
class Codec:
    """How one ABI type is written and read.

    Attributes:
        canonical: The type as signatures have it.
        size: Bytes in the head: the whole value when static, 32 when dynamic.
        dynamic: Whether the value stands behind an offset.
        encode: From the Python value to bytes.
        decode: From the data and the place where the value begins.
    """

    canonical: str
    size: int
    dynamic: bool
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, int], Any]


def _word(data: bytes, at: int) -> int:
    word = data[at : at + 32]
    if len(word) != 32:
        raise ChainError("the contract returned less than its ABI says; is it another version?")
    return int.from_bytes(word, "big")


def _integer(bits: int, signed: bool) -> Codec:
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if signed else (0, 1 << bits)
    name = f"{'int' if signed else 'uint'}{bits}"

    def encode(value: Any) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool):
            raise InputError(f"a whole number expected ({name}), {value!r} given")
        if not low <= value < high:
            raise InputError(f"{value} does not fit {name} ({low} to {high - 1})")
        return int(value).to_bytes(32, "big", signed=signed)

    def decode(data: bytes, at: int) -> int:
        value = _word(data, at)
        return value - (1 << 256) if signed and value >> 255 else value

    return Codec(name, 32, False, encode, decode)


def _enum(kind: type[IntEnum]) -> Codec:
    members = {int(member): member for member in kind}

    def encode(value: Any) -> bytes:
        if isinstance(value, str):
            try:
                value = kind[value.upper()]
            except KeyError:
                raise InputError(f"{value!r} is not a {kind.__name__}") from None
        if not isinstance(value, int) or int(value) not in members:
            raise InputError(f"{value!r} is not a {kind.__name__}")
        return int(value).to_bytes(32, "big")

    def decode(data: bytes, at: int) -> int:
        value = _word(data, at)
        return members.get(value, value)

    return Codec("uint8", 32, False, encode, decode)


def _encode_bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise InputError(f"True or False expected, {value!r} given")
    return int(value).to_bytes(32, "big")


def _octets(value: Any) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            pass
    raise InputError(f"bytes or 0x-prefixed hexadecimal digits expected, {value!r} given")


def _encode_address(value: Any) -> bytes:
    raw = _octets(getattr(value, "address", value))
    if len(raw) != 20:
        raise InputError(f"an address of 20 bytes expected, {value!r} given")
    return raw.rjust(32, b"\0")


def _decode_address(data: bytes, at: int) -> str:
    word = data[at : at + 32]
    if len(word) != 32:
        _word(data, at)
    return checksum_address(word[12:])


def _fixed_bytes(size: int) -> Codec:
    def encode(value: Any) -> bytes:
        raw = _octets(value)
        if len(raw) != size:
            raise InputError(f"exactly {size} bytes expected, {len(raw)} given")
        return raw.ljust(32, b"\0")

    def decode(data: bytes, at: int) -> bytes:
        word = data[at : at + 32]
        if len(word) != 32:
            _word(data, at)
        return word[:size]

    return Codec(f"bytes{size}", 32, False, encode, decode)


def _padded(raw: bytes) -> bytes:
    return len(raw).to_bytes(32, "big") + raw + bytes(-len(raw) % 32)


def _tail(data: bytes, at: int) -> bytes:
    length = _word(data, at)
    raw = data[at + 32 : at + 32 + length]
    if len(raw) != length:
        _word(data, len(data))
    return raw


def _encode_string(value: Any) -> bytes:
    if not isinstance(value, str):
        raise InputError(f"text expected, {value!r} given")
    return _padded(value.encode())


def _sequence(items: Sequence[Codec]) -> tuple[int, bool, Any, Any]:
    """Return head size, dynamic, encoder of a sequence and decoder to a list."""
    head = sum(item.size for item in items)
    dynamic = any(item.dynamic for item in items)
    encoders = [(item.encode, item.dynamic) for item in items]
    decoders = [(item.decode, item.dynamic, item.size) for item in items]

    def encode_static(values: Sequence[Any]) -> bytes:
        return b"".join(
            [encode(value) for (encode, _), value in zip(encoders, values, strict=True)]
        )

    def encode_dynamic(values: Sequence[Any]) -> bytes:
        heads: list[bytes] = []
        tails: list[bytes] = []
        place = head
        for (encode, is_dynamic), value in zip(encoders, values, strict=True):
            made = encode(value)
            if is_dynamic:
                heads.append(place.to_bytes(32, "big"))
                tails.append(made)
                place += len(made)
            else:
                heads.append(made)
        return b"".join(heads + tails)

    def decode(data: bytes, at: int) -> list[Any]:
        values = []
        place = at
        for read, is_dynamic, size in decoders:
            values.append(read(data, at + _word(data, place)) if is_dynamic else read(data, place))
            place += size
        return values

    return head, dynamic, encode_dynamic if dynamic else encode_static, decode


def _array(inner: Codec, count: int | None) -> Codec:
    if count is not None:
        head, dynamic, encode_all, decode_all = _sequence([inner] * count)

        def encode_fixed(values: Any) -> bytes:
            if not _is_sequence(values) or len(values) != count:
                raise InputError(f"a sequence of {count} expected, {values!r} given")
            encoded: bytes = encode_all(values)
            return encoded

        return Codec(
            f"{inner.canonical}[{count}]",
            32 if dynamic else head,
            dynamic,
            encode_fixed,
            lambda data, at: tuple(decode_all(data, at)),
        )

    def encode(values: Any) -> bytes:
        if not _is_sequence(values):
            raise InputError(f"a sequence expected, {values!r} given")
        encode_all = _sequence([inner] * len(values))[2]
        encoded: bytes = encode_all(values)
        return len(values).to_bytes(32, "big") + encoded

    def decode(data: bytes, at: int) -> tuple[Any, ...]:
        length = _word(data, at)
        if length * 32 > len(data):
            _word(data, len(data))
        start = at + 32
        if inner.dynamic:
            return tuple(
                inner.decode(data, start + _word(data, start + 32 * n)) for n in range(length)
            )
        return tuple(inner.decode(data, start + inner.size * n) for n in range(length))

    return Codec(f"{inner.canonical}[]", 32, True, encode, decode)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def field_names(components: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the snake_case names of ABI components; unnamed ones are ``value0``, ``value1``..."""
    return [
        snake_case(item.get("name", "")) or f"value{place}" for place, item in enumerate(components)
    ]


def _record(name: str, fields: Sequence[str]) -> Any:
    """Return the model's dataclass of this name and these fields, or a new one."""
    known = _model(name)
    if dataclasses.is_dataclass(known) and [
        item.name for item in dataclasses.fields(known) if item.init
    ] == list(fields):
        return known
    made = dataclasses.make_dataclass(
        name, [(item, Any) for item in fields], frozen=True, slots=True
    )
    made.__module__ = __name__
    return made


def _model(name: str) -> Any:
    return getattr(importlib.import_module("aidline.model"), name, None)


def _struct(name: str, components: Sequence[Mapping[str, Any]]) -> Codec:
    items = [codec(item) for item in components]
    names = field_names(components)
    originals = [item.get("name", "") for item in components]
    head, dynamic, encode_all, decode_all = _sequence(items)
    kind = _record(name, names)

    def values_of(value: Any) -> list[Any]:
        if isinstance(value, Mapping):
            known = {snake_case(str(key)): given for key, given in value.items()}
            missing = [item for item in names if item not in known]
            surplus = sorted(set(known) - set(names))
            if missing or surplus:
                raise InputError(
                    f"{name} takes {', '.join(names)}"
                    + (f"; missing {', '.join(missing)}" if missing else "")
                    + (f"; unknown {', '.join(surplus)}" if surplus else "")
                )
            return [known[item] for item in names]
        if dataclasses.is_dataclass(value):
            try:
                return [getattr(value, item) for item in names]
            except AttributeError as problem:
                raise InputError(f"{name} takes {', '.join(names)}: {problem}") from None
        if _is_sequence(value) and len(value) == len(names):
            return list(value)
        raise InputError(f"{name} takes {', '.join(names)}; {value!r} given")

    def encode(value: Any) -> bytes:
        values = values_of(value)
        try:
            encoded: bytes = encode_all(values)
        except InputError as problem:
            raise InputError(_blame(items, originals, values, problem)) from None
        return encoded

    def decode(data: bytes, at: int) -> Any:
        return kind(*decode_all(data, at))

    canonical = f"({','.join(item.canonical for item in items)})"
    return Codec(canonical, 32 if dynamic else head, dynamic, encode, decode)


def _blame(
    items: Sequence[Codec], names: Sequence[str], values: Sequence[Any], problem: InputError
) -> str:
    """Name the member that did not encode; only reached when one did not."""
    for item, name, value in zip(items, names, values, strict=False):
        try:
            item.encode(value)
        except InputError as own:
            return f"{name}: {own.message}"
    return problem.message


def codec(component: Mapping[str, Any]) -> Codec:
    """Return the codec of an ABI component (``type``, ``internalType``, ``components``)."""
    known = {
        key: component[key] for key in ("type", "internalType", "components") if key in component
    }
    return _codec(json.dumps(known, sort_keys=True))


@lru_cache(maxsize=4096)
def _codec(spec: str) -> Codec:
    component = json.loads(spec)
    kind: str = component["type"]
    internal: str = component.get("internalType", kind)
    if kind.endswith("]"):
        inner, _, count = kind[:-1].rpartition("[")
        element = {**component, "type": inner, "internalType": internal.rpartition("[")[0]}
        return _array(codec(element), int(count) if count else None)
    short = internal.rpartition(" ")[2].rpartition(".")[2]
    if kind == "tuple":
        return _struct(short or "Tuple", component["components"])
    if internal.startswith("enum "):
        known = _model(short)
        if isinstance(known, type) and issubclass(known, IntEnum):
            return _enum(known)
    if kind == "address":
        return Codec("address", 32, False, _encode_address, _decode_address)
    if kind == "bool":
        return Codec("bool", 32, False, _encode_bool, lambda data, at: bool(_word(data, at)))
    if kind == "string":
        return Codec(
            "string", 32, True, _encode_string, lambda data, at: _tail(data, at).decode("utf-8")
        )
    if kind == "bytes":
        return Codec("bytes", 32, True, lambda value: _padded(_octets(value)), _tail)
    if kind.startswith("uint"):
        return _integer(int(kind[4:] or 256), signed=False)
    if kind.startswith("int"):
        return _integer(int(kind[3:] or 256), signed=True)
    if kind.startswith("bytes"):
        return _fixed_bytes(int(kind[5:]))
    raise InputError(f"{kind} is not an ABI type that contracts use")


class _Arguments:
    """The inputs of a function, a constructor or an error."""

    def __init__(self, components: Sequence[Mapping[str, Any]]) -> None:
        self.items = [codec(item) for item in components]
        self.names = field_names(components)
        self.canonical = f"({','.join(item.canonical for item in self.items)})"
        _, _, self._encode, self._decode = _sequence(self.items)

    def encode(self, args: Sequence[Any], named: Mapping[str, Any], what: str) -> bytes:
        """Encode positional arguments followed by named ones."""
        values = list(args)
        if named:
            for name in self.names[len(args) :]:
                if name in named:
                    values.append(named[name])
        if len(values) != len(self.names) or len(args) + len(named) != len(self.names):
            raise InputError(
                f"{what} takes {len(self.names)} arguments ({', '.join(self.names)}), "
                f"{len(args) + len(named)} given"
                + (f" (named {', '.join(named)})" if named else "")
            )
        try:
            encoded: bytes = self._encode(values)
        except InputError as problem:
            raise InputError(f"{what}: {_blame(self.items, self.names, values, problem)}") from None
        return encoded

    def decode(self, data: bytes) -> list[Any]:
        values: list[Any] = self._decode(data, 0)
        return values


class FunctionCodec:
    """One function of an ABI.

    Attributes:
        name: Its name.
        signature: Its canonical signature.
        selector: 4 bytes.
        reads: Whether it is a view or pure.
    """

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]
        self._inputs = _Arguments(entry["inputs"])
        self.signature = self.name + self._inputs.canonical
        self.selector = keccak(self.signature.encode())[:4]
        self.reads = entry["stateMutability"] in ("view", "pure")
        outputs = entry.get("outputs", [])
        self._outputs = _Arguments(outputs)
        self._result: Any = None
        if len(outputs) > 1:
            kind = self.name[:1].upper() + self.name[1:] + "Result"
            self._result = _record(kind, self._outputs.names)

    @property
    def inputs(self) -> list[str]:
        """The names of the arguments, in snake_case."""
        return list(self._inputs.names)

    def encode(self, args: Sequence[Any], named: Mapping[str, Any], contract: str) -> bytes:
        """Return the call data."""
        return self.selector + self._inputs.encode(args, named, f"{contract}.{self.name}")

    def decode_call(self, call: bytes) -> list[Any] | None:
        """Return the arguments of call data, ``None`` when it calls another function."""
        return self._inputs.decode(call[4:]) if call[:4] == self.selector else None

    def decode(self, data: bytes) -> Any:
        """Return what the function returned: nothing, a value, or a record of several."""
        if not self._outputs.items:
            return None
        values = self._outputs.decode(data)
        return values[0] if self._result is None else self._result(*values)


def encode_constructor(
    abi: Sequence[Mapping[str, Any]], args: Sequence[Any], contract: str
) -> bytes:
    """Return the encoded arguments of a contract's constructor."""
    for entry in abi:
        if entry["type"] == "constructor":
            return _Arguments(entry["inputs"]).encode(args, {}, f"{contract}.constructor")
    return _Arguments([]).encode(args, {}, f"{contract}.constructor")


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log.

    Attributes:
        name: The event's name.
        contract: Name of the contract.
        args: A record of the event's arguments, snake_case; indexed values of dynamic types are
            their hashes.
        address: Address of the contract.
        block_number: The block.
        tx_hash: The transaction.
        index: Place among the logs of the block.
    """

    name: str
    contract: str
    args: Any
    address: str
    block_number: int
    tx_hash: bytes
    index: int


_HASHED = _fixed_bytes(32)


class EventCodec:
    """One event of an ABI.

    Attributes:
        name: Its name.
        topic: The first topic, 32 bytes.
        indexed: How many further topics it has.
        fields: The names of its arguments, in snake_case.
    """

    def __init__(self, entry: Mapping[str, Any]) -> None:
        components = entry["inputs"]
        self.name: str = entry["name"]
        self.fields = field_names(components)
        items = [codec(item) for item in components]
        signature = f"{self.name}({','.join(item.canonical for item in items)})"
        self.topic = keccak(signature.encode())
        self._in_topic = [bool(item["indexed"]) for item in components]
        self._topics = [
            # a value that does not fit a word is indexed by its hash
            _HASHED if item.dynamic or item.canonical[-1] in ")]" else item
            for item, indexed in zip(items, self._in_topic, strict=True)
            if indexed
        ]
        self.indexed = len(self._topics)
        plain = [item for item, indexed in zip(items, self._in_topic, strict=True) if not indexed]
        self._decode_data = _sequence(plain)[3]
        self._kind = _record(self.name, self.fields)

    def decode(self, log: Log) -> Any:
        """Return the record of the arguments."""
        topics = iter(
            item.decode(topic, 0) for item, topic in zip(self._topics, log.topics[1:], strict=True)
        )
        rest = iter(self._decode_data(log.data, 0))
        return self._kind(*(next(topics if indexed else rest) for indexed in self._in_topic))

    def topics(self, filters: Mapping[str, Any]) -> list[bytes | list[bytes] | None]:
        """Return the topics that find this event with these indexed arguments.

        Args:
            filters: A value, or a list of values, for each argument that is to be filtered by.
        """
        names = [n for n, indexed in zip(self.fields, self._in_topic, strict=True) if indexed]
        unknown = sorted(set(filters) - set(names))
        if unknown:
            raise InputError(f"{self.name} is not indexed by {', '.join(unknown)}")
        wanted: list[bytes | list[bytes] | None] = [self.topic]
        for name, item in zip(names, self._topics, strict=True):
            value = filters.get(name)
            if value is None:
                wanted.append(None)
            elif isinstance(value, (list, tuple, set, frozenset)):
                wanted.append([item.encode(one) for one in value])
            else:
                wanted.append(item.encode(value))
        while wanted[-1] is None:
            wanted.pop()
        return wanted


class _ErrorCodec:
    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]
        self.inputs = _Arguments(entry["inputs"])
        self.selector = keccak((self.name + self.inputs.canonical).encode())[:4]


_BUILT_IN = (
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


class AbiBook:
    """The ABIs that are known: which contract stands where, every event and every error.

    Args:
        more: Called once, when an error is met that no known ABI explains; returns further ABIs.
    """

    def __init__(
        self, more: Callable[[], Sequence[Sequence[Mapping[str, Any]]]] | None = None
    ) -> None:
        self._more = more
        self._names: dict[str, str] = {}
        self._events: dict[str, dict[bytes, EventCodec]] = {}
        self._errors: dict[bytes, _ErrorCodec] = {}
        # two rooms may have an error of one signature with other names for its arguments
        self._errors_of: dict[str, dict[bytes, _ErrorCodec]] = {}
        self.learn_errors(_BUILT_IN)

    def learn_errors(self, abi: Sequence[Mapping[str, Any]], contract: str = "") -> None:
        """Learn the errors of an ABI, as those of ``contract`` where one is named."""
        for entry in abi:
            if entry["type"] == "error":
                known = _ErrorCodec(entry)
                self._errors.setdefault(known.selector, known)
                if contract:
                    self._errors_of.setdefault(contract, {})[known.selector] = known

    def learn(self, name: str, address: str, abi: Sequence[Mapping[str, Any]]) -> None:
        """Learn that the contract ``name`` stands at ``address`` (checksummed)."""
        self._names[address] = name
        self._events[address] = _event_codecs(_fingerprint(abi))
        self.learn_errors(abi, name)

    def name(self, address: str) -> str | None:
        """Return the name of the contract at an address, where it is known."""
        return self._names.get(address)

    def event_codec(self, address: str, name: str) -> EventCodec:
        """Return the event ``name`` of the contract at ``address``."""
        for known in self._events.get(address, {}).values():
            if known.name == name:
                return known
        raise InputError(f"{self._names.get(address, address)} has no event {name}")

    def events(self, logs: Sequence[Log]) -> list[Event]:
        """Decode the logs whose contract and event are known, in their order."""
        found = []
        for log in logs:
            codecs = self._events.get(log.address)
            known = codecs.get(log.topics[0]) if codecs and log.topics else None
            if known is None or known.indexed != len(log.topics) - 1:
                continue
            found.append(
                Event(
                    known.name,
                    self._names[log.address],
                    known.decode(log),
                    log.address,
                    log.block_number,
                    log.tx_hash,
                    log.index,
                )
            )
        return found

    def error(
        self, data: bytes, *, contract: str = "", function: str = "", tx_hash: bytes | None = None
    ) -> ContractReverted:
        """Return the exception that stands for revert data."""
        own = self._errors_of.get(contract, {})
        known = own.get(data[:4]) or self._errors.get(data[:4])
        if known is None and data and self._more is not None:
            for abi in self._more():
                self.learn_errors(abi)
            self._more = None
            known = self._errors.get(data[:4])
        name, fields = "", dict[str, Any]()
        if known is not None:
            try:
                values = known.inputs.decode(data[4:])
                name, fields = known.name, dict(zip(known.inputs.names, values, strict=True))
            except (ChainError, UnicodeDecodeError):
                known = None  # the same four bytes, another error
        if known is None and data:
            name, fields = "unknown error", {"data": data}
        if name == "Panic" and fields.get("code") in _PANICS:
            fields["meaning"] = _PANICS[fields["code"]]
        return ContractReverted(
            name, fields, contract=contract, function=function, tx_hash=tx_hash, data=data
        )


def _fingerprint(abi: Sequence[Mapping[str, Any]]) -> str:
    events = [entry for entry in abi if entry["type"] == "event" and not entry.get("anonymous")]
    return json.dumps(events, sort_keys=True)


@lru_cache(maxsize=512)
def _event_codecs(events: str) -> dict[bytes, EventCodec]:
    codecs = (EventCodec(entry) for entry in json.loads(events))
    return {known.topic: known for known in codecs}
