"""Access to the contracts from Python."""

from aidline.client.abi import AbiBook, Event
from aidline.client.chain import Chain, Log, Receipt, Transaction
from aidline.client.contract import Contract
from aidline.client.revmchain import RevmChain

__all__ = [
    "AbiBook",
    "Chain",
    "Contract",
    "Event",
    "Log",
    "Receipt",
    "RevmChain",
    "Transaction",
]
