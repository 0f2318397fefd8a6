"""The chain in the process: after more transactions than calls may be deep.

given more than 1,024 transactions
├── a contract can still be made
└── what was done since a snapshot can still be undone
"""

from __future__ import annotations

from aidline.artifacts import artifact
from aidline.client import Contract, RevmChain, Transaction
from aidline.signing import Key


def test_goes_on_and_back_after_a_thousand_transactions() -> None:
    chain = RevmChain()
    maker = Key.derive("tests", "maker")
    made = artifact("ReserveToken")
    creation = Transaction(maker, None, made.bytecode)
    receipt = chain.send(creation).check()
    assert receipt.contract_address is not None
    token = Contract(chain, "ReserveToken", receipt.contract_address, made.abi)
    snapshot = chain.snapshot()
    for _ in range(1_100):
        token.mint(maker, 1, sender=maker)

    assert chain.send(creation).check().contract_address not in (None, token.address)
    assert token.balanceOf(maker) == 1_100
    chain.revert(snapshot)
    assert token.balanceOf(maker) == 0
