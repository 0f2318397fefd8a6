"""The compiled contracts: ABI and bytecode by name, from the files that the build writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from aidline.errors import InputError
from aidline.keccak import keccak

__all__ = ["Artifact", "artifact", "artifact_names", "known_abis"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    Attributes:
        name: The contract's name.
        abi: Its ABI.
        bytecode: Its creation code, without constructor arguments.
        deployed: Its code as deployed, immutables being zero.
        immutables: Where in the deployed code an immutable stands: pairs of start and length.
    """

    name: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    deployed: bytes
    immutables: tuple[tuple[int, int], ...]

    def code_hash(self, code: bytes) -> bytes:
        """Return the hash of deployed code with its immutables blanked."""
        blank = bytearray(code)
        for start, length in self.immutables:
            blank[start : start + length] = bytes(length)
        return keccak(bytes(blank))

    def is_code(self, code: bytes) -> bool:
        """Say whether ``code``, found on a chain, is this contract's whatever its immutables."""
        return len(code) == len(self.deployed) and self.code_hash(code) == keccak(self.deployed)


def artifact_names() -> list[str]:
    """Return the names of the contracts and interfaces that are compiled."""
    folder = resources.files("aidline").joinpath("artifacts")
    if not folder.is_dir():
        return []
    return sorted(
        item.name.removesuffix(".json") for item in folder.iterdir() if item.name.endswith(".json")
    )


@lru_cache(maxsize=256)
def artifact(name: str) -> Artifact:
    """Return a compiled contract.

    Raises:
        InputError: There is none of that name.
    """
    file = resources.files("aidline").joinpath("artifacts", f"{name}.json")
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"the contract {name} is not compiled; in a checkout `make build` compiles all"
        ) from None
    places = [
        (int(place["start"]), int(place["length"]))
        for found in record.get("immutableReferences", {}).values()
        for place in found
    ]
    return Artifact(
        name=record["name"],
        abi=tuple(record["abi"]),
        bytecode=bytes.fromhex(record["bytecode"].removeprefix("0x")),
        deployed=bytes.fromhex(record["deployedBytecode"].removeprefix("0x")),
        immutables=tuple(sorted(places)),
    )


def known_abis() -> Iterator[tuple[dict[str, Any], ...]]:
    """Yield the ABI of everything that is compiled."""
    for name in artifact_names():
        yield artifact(name).abi
