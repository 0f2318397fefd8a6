"""The record of a deployment: where its contracts stand, and who governs them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aidline.errors import DeploymentFileError
from aidline.files import check_schema, read_json, write_json
from aidline.keccak import checksum_address

__all__ = ["Deployed", "Deployment", "Holders"]


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a role.

    Attributes:
        accounts: Addresses, checksummed.
        delay: Seconds between announcing and doing.
    """

    accounts: tuple[str, ...]
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where one contract stands.

    Attributes:
        address: Its address, checksummed.
        code_hash: Keccak-256 of the code there.
    """

    address: str
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class Deployment:
    """A complete deployment.

    Attributes:
        chain_id: The chain.
        block: The block of the factory; there is nothing of this deployment before it.
        deployer: Who deployed; holds no role.
        factory: The factory, closed.
        contracts: By name, where each stands.
        roles: By name, number and holders of each role.
    """

    chain_id: int
    block: int
    deployer: str
    factory: str
    contracts: Mapping[str, Deployed]
    roles: Mapping[str, tuple[int, Holders]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Deployment:
        """Read a deployment file.

        Raises:
            DeploymentFileError: It is missing or breaks its schema.
        """
        return cls.from_record(read_json(path, "deployment", DeploymentFileError))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Deployment:
        """Make a deployment of a record that has the form of its schema."""
        check_schema(record, "deployment", error=DeploymentFileError)
        return cls(
            chain_id=record["chain_id"],
            block=record["block"],
            deployer=_checksummed(record["deployer"]),
            factory=_checksummed(record["factory"]),
            contracts={
                name: Deployed(
                    _checksummed(found["address"]), bytes.fromhex(found["code_hash"][2:])
                )
                for name, found in record["contracts"].items()
            },
            roles={
                name: (
                    held["id"],
                    Holders(tuple(map(_checksummed, held["accounts"])), held["delay"]),
                )
                for name, held in record["roles"].items()
            },
        )

    def record(self) -> dict[str, Any]:
        """Return the record that a deployment file holds."""
        return {
            "schema": "aidline/deployment/1",
            "chain_id": self.chain_id,
            "block": self.block,
            "deployer": self.deployer,
            "factory": self.factory,
            "contracts": {
                name: {"address": found.address, "code_hash": f"0x{found.code_hash.hex()}"}
                for name, found in self.contracts.items()
            },
            "roles": {
                name: {"id": number, "accounts": list(held.accounts), "delay": held.delay}
                for name, (number, held) in self.roles.items()
            },
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the deployment file, whole or not at all."""
        write_json(path, self.record())


def _checksummed(address: str) -> str:
    return checksum_address(bytes.fromhex(address[2:]))
