"""Who plays: a key of its own for everybody, drawn from the seed."""

from __future__ import annotations

from aidline.keccak import keccak
from aidline.signing import Key

__all__ = ["Cast", "text32"]


def text32(text: str) -> bytes:
    """Return ``text`` as 32 bytes: as it is when ASCII of at most 31 bytes, else its hash."""
    if text.isascii() and len(text) < 32:
        return text.encode().ljust(32, b"\0")
    return keccak(text.encode())


class Cast:
    """The keys of a run. The same seed gives the same keys; who knows the seed has them.

    Args:
        scenario: Name of the scenario.
        seed: Seed of the run.
    """

    def __init__(self, scenario: str, seed: int) -> None:
        self._seed = f"{scenario}\0{seed}"
        self._keys: dict[str, Key] = {}
        self._names: dict[str, str] = {}

    def __getitem__(self, name: str) -> Key:
        """Return the key of the participant, device or office of this name."""
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = Key.derive(self._seed, name)
            self._names[key.address] = name
        return key

    def secret(self, name: str) -> bytes:
        """Return 32 bytes that only who knows the seed can tell."""
        return keccak(f"{self._seed}\0secret\0{name}".encode())

    def __contains__(self, name: str) -> bool:
        """Say whether a key of this name has been drawn."""
        return name in self._keys

    def name_of(self, address: str) -> str:
        """Return the name behind an address, or the address when it is nobody's."""
        return self._names.get(address, address)

    def everybody(self) -> dict[str, Key]:
        """Return all keys drawn so far, by name."""
        return dict(self._keys)
