"""Money for gas on a node that is not our own: lent before a run, given back after it."""

from __future__ import annotations

from types import TracebackType

from aidline.client import Chain, RevmChain, Transaction
from aidline.client.chain import Receipt
from aidline.errors import InsufficientFunds
from aidline.signing import Key, Signer
from aidline.sim.prepare import Prepared

__all__ = ["Pocket"]

_TRANSFER = 21_000
_IN_FLIGHT = 6_000_000


class _Meter(RevmChain):
    """A chain in this process that notes what everybody spends."""

    def __init__(self, timestamp: int) -> None:
        super().__init__(timestamp=timestamp)
        self.spent: dict[str, tuple[Signer, int]] = {}

    def send(self, transaction: Transaction) -> Receipt:
        receipt = super().send(transaction)
        _, gas = self.spent.get(transaction.sender.address, (transaction.sender, 0))
        self.spent[transaction.sender.address] = transaction.sender, gas + receipt.gas_used
        return receipt


class Pocket:
    """Funds the participants of a run from one account, and returns what is left.

    What each needs is found by playing the run once in this process.

    Args:
        chain: The node.
        funder: The account.
        prepared: What will be played.

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
        self._spent = meter.spent
        # Prices move while a run is on; what is not needed comes back.
        self._price = 2 * chain.gas_price()
        self.total = sum(self._need(gas) for _, gas in self._spent.values())
        held = chain.balance(funder.address)
        if held < self.total:
            raise InsufficientFunds(
                f"{funder.address} has {held:,} wei, the participants need {self.total:,} for gas"
            )

    def _need(self, gas: int) -> int:
        return (gas + gas // 5 + _IN_FLIGHT) * self._price

    def announcement(self) -> str:
        """Return what will be taken from the account, in one line."""
        if not self.total:
            return "Gas has no price here: nothing is taken from the account."
        return (
            f"{len(self._spent)} participants get {self.total:,} wei for gas from "
            f"{self._funder.address}; what is left comes back."
        )

    def __enter__(self) -> Pocket:
        if self.total:
            self._send(
                Transaction(self._funder, signer.address, value=self._need(gas), gas=_TRANSFER)
                for signer, gas in self._spent.values()
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.total:
            return
        fee = _TRANSFER * 2 * self._chain.gas_price()
        self._send(
            Transaction(signer, self._funder.address, value=left, gas=_TRANSFER)
            for signer, _ in self._spent.values()
            if (left := self._chain.balance(signer.address) - fee) > 0
        )

    def _send(self, transactions: object) -> None:
        for receipt in self._chain.send_many(list(transactions)):  # type: ignore[call-overload]
            receipt.check()
