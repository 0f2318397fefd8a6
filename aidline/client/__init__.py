"""Access to the contracts from Python."""

from aidline.client.abi import AbiBook, Event
from aidline.client.chain import Chain, Log, Receipt, Transaction
from aidline.client.contract import Contract, Function
from aidline.client.deployment import Deployed, Deployment, Holders
from aidline.client.facade import Aidline
from aidline.client.revmchain import RevmChain
from aidline.client.web3chain import Web3Chain

__all__ = [
    "AbiBook",
    "Aidline",
    "Chain",
    "Contract",
    "Deployed",
    "Deployment",
    "Event",
    "Function",
    "Holders",
    "Log",
    "Receipt",
    "RevmChain",
    "Transaction",
    "Web3Chain",
]
