"""What a deployment is told, and what it leaves behind."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aidline.errors import DeploymentFileError
from aidline.files import check_schema, read_json, write_json
from aidline.keccak import checksum_address

__all__ = [
    "LOCAL_CHAINS",
    "Config",
    "Deployed",
    "Deployment",
    "Holders",
    "check_target",
    "default_path",
]

#: Chains that live and die on one machine (Anvil, Hardhat; Ganache).
LOCAL_CHAINS = (31337, 1337)


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
class Config:
    """What a deployment is told.

    Attributes:
        roles: By role, who holds it.
        reserve: Address of the reserve token, or ``mock`` to make one on a local chain.
    """

    roles: Mapping[str, Holders]
    reserve: str = "mock"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Config:
        """Read a configuration.

        Raises:
            DeploymentFileError: It is missing or breaks its schema.
        """
        record = read_json(path, "deployment-config", DeploymentFileError)
        return cls.from_record(record)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Config:
        """Make a configuration of a record that has the form of its schema."""
        check_schema(record, "deployment-config", error=DeploymentFileError)
        reserve = record["reserve"]
        return cls(
            roles={
                name: Holders(
                    tuple(_checksummed(address) for address in held["accounts"]),
                    held.get("delay", 0),
                )
                for name, held in record["roles"].items()
            },
            reserve=reserve if reserve == "mock" else _checksummed(reserve),
        )

    @classmethod
    def one_governor(cls, governor: str, roles: Sequence[str], reserve: str = "mock") -> Config:
        """Give every role to one account, without delays: for local chains."""
        return cls(roles={name: Holders((governor,)) for name in roles}, reserve=reserve)


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


def default_path(chain_id: int) -> Path:
    """Return where a deployment's file goes if nothing else is said."""
    if chain_id in LOCAL_CHAINS:
        return Path("reports") / "deployments" / f"{chain_id}.json"
    return Path("deployments") / f"{chain_id}.json"


def check_target(path: str | os.PathLike[str], chain_id: int) -> None:
    """Refuse to write a local chain's deployment among those that are kept.

    Raises:
        DeploymentFileError: The file lies in a checkout's ``deployments`` folder.
    """
    if chain_id not in LOCAL_CHAINS:
        return
    folder = Path(path).resolve().parent
    for place in (folder, *folder.parents):
        if place.name == "deployments" and (place.parent / "brownie-config.yaml").is_file():
            raise DeploymentFileError(
                f"chain {chain_id} is a local chain, whose deployments are not kept in "
                "deployments/: name another file",
                path=path,
            )


def _checksummed(address: str) -> str:
    return checksum_address(bytes.fromhex(address[2:]))
