"""Raw signed transactions, made by hand because a simulation signs thousands of them."""

from __future__ import annotations

from collections.abc import Sequence

from aidline.keccak import keccak
from aidline.signing import Signer, sign_digest

__all__ = ["sign_transaction"]


def _minimal(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _length(size: int, offset: int) -> bytes:
    if size < 56:
        return bytes([offset + size])
    digits = _minimal(size)
    return bytes([offset + 55 + len(digits)]) + digits


def _item(raw: bytes) -> bytes:
    if len(raw) == 1 and raw[0] < 0x80:
        return raw
    return _length(len(raw), 0x80) + raw


def _list(items: Sequence[bytes]) -> bytes:
    body = b"".join(items)
    return _length(len(body), 0xC0) + body


def sign_transaction(
    signer: Signer,
    *,
    chain_id: int,
    nonce: int,
    to: str | None,
    value: int,
    data: bytes,
    gas: int,
    price: int,
    tip: int | None,
) -> bytes:
    """Return a signed raw transaction.

    Args:
        signer: Who signs.
        chain_id: The chain (EIP-155).
        nonce: The sender's nonce.
        to: The contract, or ``None`` to create one.
        value: Wei.
        data: Call data or creation code.
        gas: Gas limit.
        price: Price of gas, at most, wei.
        tip: The tip at most (EIP-1559), or ``None`` for a transaction of the legacy kind.
    """
    target = b"" if to is None else bytes.fromhex(to[2:])
    call = [_item(_minimal(gas)), _item(target), _item(_minimal(value)), _item(data)]
    if tip is None:
        fields = [_item(_minimal(nonce)), _item(_minimal(price)), *call]
        digest = keccak(_list([*fields, _item(_minimal(chain_id)), b"\x80", b"\x80"]))
        made = sign_digest(signer, digest)
        v = chain_id * 2 + 35 + made[64] - 27
    else:
        fees = [_item(_minimal(number)) for number in (chain_id, nonce, tip, price)]
        fields = [*fees, *call, b"\xc0"]
        made = sign_digest(signer, keccak(b"\x02" + _list(fields)))
        v = made[64] - 27
    fields += [
        _item(_minimal(v)),
        _item(made[:32].lstrip(b"\0")),
        _item(made[32:64].lstrip(b"\0")),
    ]
    return (b"" if tip is None else b"\x02") + _list(fields)
