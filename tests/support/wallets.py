"""A contract at a person's address: a wallet that signs for it, or one that does as it likes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyrevm import AccountInfo

from aidline.signing import Key
from tests.support.suite import Rooms, Suite

__all__ = ["ODD_ANSWERS", "wallet_at"]

#: What an `OddWallet` may answer, by its number.
ODD_ANSWERS = {"dirty": 1, "true": 2, "short": 3, "revert": 4, "burn": 5, "bomb": 6}


@contextmanager
def wallet_at(suite: Suite, person: Key, kind: str, *arguments: object) -> Iterator[None]:
    """Let a contract of this kind stand where a plain key does before and after."""
    evm = suite.chain._evm
    whole = evm.basic(person.address)
    made = Rooms(suite.chain, creator=f"{kind} {arguments}").deploy(kind, *arguments)
    code = evm.get_code(made.address)
    wallet = AccountInfo(balance=whole.balance, nonce=whole.nonce, code=code)
    evm.insert_account_info(person.address, wallet)
    try:
        yield
    finally:
        evm.insert_account_info(person.address, whole)
