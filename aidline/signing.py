"""Typed messages (EIP-712) of participants, reporters and devices.

A message is a frozen dataclass whose fields carry their Solidity type; the dataclass itself is
the message's type::

    @typed("Handover")
    @dataclass(frozen=True, slots=True)
    class Handover(Message):
        load: Annotated[int, "uint64"]
        at: Annotated[int, "uint40"]
        deadline: Annotated[int, "uint40"]

    signature = Handover(7, at, deadline).sign(key, Domain(chain_id, address, "Aidline Ledger"))

Field names are written in snake_case here and in mixedCase in the type string, as the contracts
have them. Encoding is done by hand, because a pallet's devices sign thousands of messages in one
run; a test holds it equal to eth-account's.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Protocol, TypeVar

from coincurve import PrivateKey, PublicKey

from aidline.errors import InputError
from aidline.keccak import checksum_address, keccak

__all__ = [
    "Domain",
    "Key",
    "Message",
    "Signer",
    "recover_digest",
    "sign_digest",
    "typed",
]

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF_ORDER = _ORDER // 2


class Signer(Protocol):
    """What can sign: an eth-account ``LocalAccount`` or a :class:`Key`."""

    @property
    def address(self) -> str:
        """The checksummed address."""
        ...

    @property
    def key(self) -> bytes:
        """The private key, 32 bytes."""
        ...


@lru_cache(maxsize=65536)
def _private(secret: bytes) -> PrivateKey:
    return PrivateKey(secret)


class Key:
    """A private key with its address; loads faster than eth-account and does as much as we need.

    Args:
        secret: The private key, 32 bytes.
    """

    __slots__ = ("_address", "_secret")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32 or not 0 < int.from_bytes(secret, "big") < _ORDER:
            raise InputError("a private key is 32 bytes, more than 0 and less than the order")
        self._secret = bytes(secret)
        public = _private(self._secret).public_key.format(compressed=False)
        self._address = checksum_address(keccak(public[1:])[12:])

    @classmethod
    def derive(cls, seed: int | str, label: str) -> Key:
        """Return the key that ``seed`` and ``label`` name; the same pair gives the same key.

        For simulations only: who knows the seed has the key.
        """
        counter = 0
        while True:
            text = f"aidline key\0{seed}\0{label}\0{counter}"
            secret = hashlib.sha256(text.encode()).digest()
            if 0 < int.from_bytes(secret, "big") < _ORDER:
                return cls(secret)
            counter += 1

    @property
    def address(self) -> str:
        """The checksummed address."""
        return self._address

    @property
    def key(self) -> bytes:
        """The private key, 32 bytes."""
        return self._secret

    def __repr__(self) -> str:
        return f"Key({self._address})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other._secret == self._secret

    def __hash__(self) -> int:
        return hash((Key, self._address))


def sign_digest(signer: Signer, digest: bytes) -> bytes:
    """Sign 32 bytes; returns ``r || s || v`` (65 bytes, low s, v 27 or 28)."""
    made = _private(bytes(signer.key)).sign_recoverable(digest, hasher=None)
    return made[:64] + (b"\x1c" if made[64] else b"\x1b")


def recover_digest(digest: bytes, signature: bytes) -> str:
    """Return the address that signed ``digest``.

    Raises:
        InputError: The signature is not 65 bytes, its s is high, or it fits no key.
    """
    if len(signature) != 65 or signature[64] not in (27, 28):
        raise InputError("a signature is 65 bytes r || s || v with v 27 or 28")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise InputError("the signature's s is in the upper half, which contracts refuse")
    try:
        public = PublicKey.from_signature_and_message(
            signature[:64] + bytes([signature[64] - 27]), digest, hasher=None
        )
    except Exception as problem:  # coincurve raises bare Exception for a point that is none
        raise InputError("the signature fits no key") from problem
    return checksum_address(keccak(public.format(compressed=False)[1:])[12:])


_DOMAIN_TYPE = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts: one contract on one chain.

    Attributes:
        chain_id: The chain.
        contract: Address of the contract that checks the signature.
        name: The contract's EIP-712 name.
        version: The contract's EIP-712 version.
    """

    chain_id: int
    contract: str
    name: str
    version: str = "1"
    separator: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        packed = b"".join(
            (
                _DOMAIN_TYPE,
                keccak(self.name.encode()),
                keccak(self.version.encode()),
                self.chain_id.to_bytes(32, "big"),
                _encode_address(self.contract),
            )
        )
        object.__setattr__(self, "separator", keccak(packed))


_Encoder = Callable[[Any], bytes]


def _mixed_case(name: str) -> str:
    head, *rest = name.strip("_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _encode_address(value: str | bytes) -> bytes:
    raw = value if isinstance(value, bytes) else bytes.fromhex(value.removeprefix("0x"))
    if len(raw) != 20:
        raise InputError(f"{value!r} is not an address")
    return raw.rjust(32, b"\0")


def _unsigned(bits: int) -> _Encoder:
    limit = 1 << bits

    def encode(value: int) -> bytes:
        if not 0 <= value < limit:
            raise InputError(f"{value} does not fit uint{bits}")
        return int(value).to_bytes(32, "big")

    return encode


def _signed(bits: int) -> _Encoder:
    limit = 1 << (bits - 1)

    def encode(value: int) -> bytes:
        if not -limit <= value < limit:
            raise InputError(f"{value} does not fit int{bits}")
        return int(value).to_bytes(32, "big", signed=True)

    return encode


def _fixed_bytes(size: int) -> _Encoder:
    def encode(value: bytes) -> bytes:
        if len(value) != size:
            raise InputError(f"bytes{size} expected, {len(value)} bytes given")
        return value.ljust(32, b"\0")

    return encode


def _array(inner: _Encoder, size: int | None) -> _Encoder:
    def encode(values: Sequence[Any]) -> bytes:
        if size is not None and len(values) != size:
            raise InputError(f"{size} values expected, {len(values)} given")
        return keccak(b"".join(map(inner, values)))

    return encode


def _encoder(solidity: str) -> _Encoder:
    if solidity.endswith("]"):
        inner, _, count = solidity[:-1].rpartition("[")
        return _array(_encoder(inner), int(count) if count else None)
    if solidity == "address":
        return _encode_address
    if solidity == "bool":
        return lambda value: bytes(31) + (b"\1" if value else b"\0")
    if solidity == "string":
        return lambda value: keccak(value.encode())
    if solidity == "bytes":
        return keccak
    if solidity.startswith("uint"):
        return _unsigned(int(solidity[4:] or 256))
    if solidity.startswith("int"):
        return _signed(int(solidity[3:] or 256))
    if solidity.startswith("bytes"):
        return _fixed_bytes(int(solidity[5:]))
    raise InputError(f"{solidity} is not a type that a message may have")


class Message:
    """A message that can be signed. Subclasses are frozen dataclasses marked with ``@typed``."""

    __slots__ = ()
    type_string: ClassVar[str] = ""
    type_hash: ClassVar[bytes] = b""
    _primary: ClassVar[str] = ""
    _referenced: ClassVar[dict[str, str]] = {}
    _encoders: ClassVar[tuple[tuple[str, _Encoder], ...]] = ()

    def struct_hash(self) -> bytes:
        """Return ``hashStruct`` of EIP-712: what stands for the message wherever it is named."""
        parts = [self.type_hash]
        for name, encode in self._encoders:
            try:
                parts.append(encode(getattr(self, name)))
            except InputError as problem:
                raise InputError(f"{self._primary}.{name}: {problem.message}") from None
        return keccak(b"".join(parts))

    def digest(self, domain: Domain) -> bytes:
        """Return the 32 bytes that are signed."""
        return keccak(b"\x19\x01" + domain.separator + self.struct_hash())

    def sign(self, signer: Signer, domain: Domain) -> bytes:
        """Return the signature ``r || s || v``, 65 bytes."""
        return sign_digest(signer, self.digest(domain))

    def recover(self, signature: bytes, domain: Domain) -> str:
        """Return the address whose key made ``signature`` over this message."""
        return recover_digest(self.digest(domain), signature)


M = TypeVar("M", bound=Message)


def typed(primary: str) -> Callable[[type[M]], type[M]]:
    """Give a message class its EIP-712 type.

    Args:
        primary: The name of the type as the contract has it.

    Fields are annotated ``Annotated[<python type>, "<Solidity type>"]``, or with another message
    class, or ``Annotated[Sequence[Other], Other]`` for an array of one.
    """

    def mark(cls: type[M]) -> type[M]:
        hints = typing.get_type_hints(cls, include_extras=True)
        members: list[str] = []
        referenced: dict[str, str] = {}
        encoders: list[tuple[str, _Encoder]] = []
        for item in dataclasses.fields(cls):  # type: ignore[arg-type]
            hint = hints[item.name]
            marks = getattr(hint, "__metadata__", ())
            solidity = marks[0] if marks else hint
            suffix = ""
            if isinstance(solidity, type) and issubclass(solidity, Message):
                other = solidity
                encode: _Encoder = other.struct_hash
                if marks:
                    suffix, encode = "[]", _array(encode, None)
                referenced.update(other._referenced)
                referenced[other._primary] = other.type_string[: other.type_string.index(")") + 1]
                shown = other._primary + suffix
            elif isinstance(solidity, str):
                shown, encode = solidity, _encoder(solidity)
            else:
                raise InputError(f"{primary}.{item.name} has no Solidity type")
            members.append(f"{shown} {_mixed_case(item.name)}")
            encoders.append((item.name, encode))
        head = f"{primary}({','.join(members)})"
        cls._primary = primary
        cls._referenced = referenced
        cls._encoders = tuple(encoders)
        cls.type_string = head + "".join(referenced[name] for name in sorted(referenced))
        cls.type_hash = keccak(cls.type_string.encode())
        return cls

    return mark
