"""Keccak-256 by the fastest implementation that is installed, and what is built from it alone."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["checksum_address", "keccak"]

try:
    from sha3 import keccak_256 as _keccak_256  # type: ignore[import-untyped, unused-ignore]

    def keccak(data: bytes) -> bytes:
        """Return the Keccak-256 hash of ``data``, 32 bytes."""
        digest: bytes = _keccak_256(data).digest()
        return digest

except ImportError:  # the C extension is optional, and seven times as fast
    from Crypto.Hash import keccak as _pure

    def keccak(data: bytes) -> bytes:
        """Return the Keccak-256 hash of ``data``, 32 bytes."""
        return _pure.new(data=data, digest_bits=256).digest()


@lru_cache(maxsize=65536)
def checksum_address(raw: bytes) -> str:
    """Return the 20 bytes of an address as text with the checksum of EIP-55."""
    digits = raw.hex()
    mask = keccak(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if mask[place] >= "8" else digit for place, digit in enumerate(digits)
    )
