"""A chain that runs by itself, as a user has one, with an account that has money."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aidline.node import AnvilNode
from aidline.signing import Key
from tests.support.cli import keystore

#: The first of Anvil's well-known accounts.
RICH = Key(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))


@pytest.fixture(scope="module")
def running() -> Iterator[AnvilNode]:
    """A chain that mines each transaction at once and whose clock runs."""
    with AnvilNode(manual=False, accounts=1) as node:
        yield node


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keystore of an account that has money on every test chain."""
    return keystore(tmp_path_factory.mktemp("rich"), RICH)


@pytest.fixture
def poor(tmp_path: Path) -> Path:
    """The keystore of an account that has none."""
    return keystore(tmp_path, Key.derive("integration", "poor"))
