"""Money for gas on a node that is not our own: lent before a run, given back after it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

from aidline.client import Chain, RevmChain, Transaction
from aidline.client.chain import Receipt
from aidline.errors import AidlineError, InsufficientFunds
from aidline.signing import Key, Signer
from aidline.sim.prepare import Prepared

__all__ = ["Pocket"]

_TRANSFER = 21_000
_LEAST_LIMIT = 3_000_000


@dataclass(slots=True)
class _Account:
    """What a participant needs gas for.

    Attributes:
        used: Gas that all of its transactions take.
        limit: Largest limit of one of them; the node wants to see that it could be paid.
    """

    signer: Signer
    used: int = 0
    limit: int = 0

    @property
    def gas(self) -> int:
        """Gas for which it must be able to pay: a tenth more than is used, and one limit."""
        return self.used + self.used // 10 + self.limit


class _Meter(RevmChain):
    """A chain in this process that notes what everybody spends."""

    def __init__(self, timestamp: int) -> None:
        super().__init__(timestamp=timestamp)
        self.accounts: dict[str, _Account] = {}
        self.limits: dict[tuple[str, str], int] = {}

    def send(self, transaction: Transaction) -> Receipt:
        receipt = super().send(transaction)
        what = transaction.contract, transaction.function
        limit = max(self.limits.get(what, _LEAST_LIMIT), 2 * receipt.gas_used)
        self.limits[what] = limit
        account = self.accounts.setdefault(transaction.sender.address, _Account(transaction.sender))
        account.used += receipt.gas_used
        account.limit = max(account.limit, limit)
        return receipt


class Pocket:
    """Funds the participants of a run from one account, and returns what is left.

    What each needs is found by playing the run once in this process.

    Args:
        chain: The node.
        funder: The account.
        prepared: What will be played.

    Attributes:
        limits: Gas limit for each contract's function in this run.
        total: Wei that are lent.

    Raises:
        InsufficientFunds: The account has less than the run needs.
    """

    def __init__(self, chain: Chain, funder: Key, prepared: Prepared) -> None:
        from aidline.sim.model import Model  # the model itself needs no pocket
        from aidline.sim.records import SECONDS_A_DAY

        self._chain = chain
        self._funder = funder
        meter = _Meter(prepared.scenario.clock.first_day * SECONDS_A_DAY)
        Model(prepared, chain=meter).run()
        self._accounts = list(meter.accounts.values())
        self.limits: Mapping[tuple[str, str], int] = meter.limits
        # Prices move while a run is on; what is not needed comes back.
        self._price = 2 * chain.gas_price()
        self.total = sum(account.gas for account in self._accounts) * self._price
        needed = self.total + _TRANSFER * len(self._accounts) * self._price
        held = chain.balance(funder.address)
        if held < needed:
            raise InsufficientFunds(
                f"the account {funder.address} holds {held} wei, {needed} wei are needed for the "
                "participants' gas: put more on it, or use another account"
            )

    def announcement(self) -> str:
        """Return what will be taken from the account, in one line."""
        if not self.total:
            return "Gas has no price here: nothing is taken from the account."
        return (
            f"{len(self._accounts)} participants get {self.total:,} wei for gas from "
            f"{self._funder.address}; what is left comes back."
        )

    def __enter__(self) -> Pocket:
        if not self.total:
            return self
        loans = [
            Transaction(
                self._funder, account.signer.address, value=account.gas * self._price, gas=_TRANSFER
            )
            for account in self._accounts
        ]
        try:
            self._send(loans)
        except BaseException:
            with contextlib.suppress(AidlineError):
                self._give_back()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.total:
            return
        try:
            self._give_back()
        except AidlineError:
            if kind is None:  # else what ended the run is what there is to say
                raise

    def _give_back(self) -> None:
        """Return what every participant has left, but the fee of returning it."""
        signers = [account.signer for account in self._accounts]
        # The price may rise by an eighth from block to block, and falls by a wei within a batch.
        fee = _TRANSFER * (self._chain.gas_price() * 9 // 8 + len(signers))
        left = [(signer, self._chain.balance(signer.address) - fee) for signer in signers]
        self._send(
            [
                Transaction(signer, self._funder.address, value=wei, gas=_TRANSFER)
                for signer, wei in left
                if wei > 0
            ]
        )

    def _send(self, transactions: Sequence[Transaction]) -> None:
        for receipt in self._chain.send_many(transactions):
            receipt.check()
