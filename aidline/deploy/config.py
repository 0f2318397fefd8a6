"""What a deployment is told, and where its file may go."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aidline.client.deployment import Holders
from aidline.errors import DeploymentFileError
from aidline.files import check_schema, read_json
from aidline.keccak import checksum_address

__all__ = ["LOCAL_CHAINS", "Config", "check_target", "default_path"]

#: Chains that live and die on one machine (Anvil, Hardhat; Ganache).
LOCAL_CHAINS = (31337, 1337)


@dataclass(frozen=True, slots=True)
class Config:
    """What a deployment is told.

    Attributes:
        roles: By role, who holds it.
        reserve: Address of the reserve token, or ``mock`` to make one on a local chain.
        simulated: Nothing here is of value: a mock reserve may be made on any chain. No file
            can say so, only the code that simulates.
    """

    roles: Mapping[str, Holders]
    reserve: str = "mock"
    simulated: bool = False

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
