"""Raw transactions equal eth-account's, legacy (EIP-155) and with a tip (EIP-1559)."""

from __future__ import annotations

from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from aidline.client.raw import sign_transaction
from aidline.keccak import checksum_address
from aidline.signing import Key

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

keys = st.integers(1, ORDER - 1).map(lambda number: Key(number.to_bytes(32, "big")))
targets = st.none() | st.binary(min_size=20, max_size=20).map(checksum_address)
wei = st.sampled_from([0, 1, 127, 128, 255, 256, 10**9, 10**18]) | st.integers(0, 2**96)
data = st.binary(max_size=300) | st.sampled_from([b"\0", b"\x7f", b"\x80", b"x" * 55, b"x" * 56])


@given(keys, st.integers(1, 2**40), st.integers(0, 2**40), targets, wei, data, wei, wei)
def test_legacy_equals_eth_account(
    key: Key,
    chain_id: int,
    nonce: int,
    to: str | None,
    value: int,
    payload: bytes,
    gas: int,
    price: int,
) -> None:
    made = sign_transaction(
        key,
        chain_id=chain_id,
        nonce=nonce,
        to=to,
        value=value,
        data=payload,
        gas=gas,
        price=price,
        tip=None,
    )
    fields = {
        "chainId": chain_id,
        "nonce": nonce,
        "value": value,
        "data": payload,
        "gas": gas,
        "gasPrice": price,
        "to": to or b"",
    }
    expected = Account.from_key(key.key).sign_transaction(fields)
    assert made == bytes(expected.raw_transaction)


@given(keys, st.integers(1, 2**40), st.integers(0, 2**40), targets, wei, data, wei, wei)
def test_with_a_tip_equals_eth_account(
    key: Key,
    chain_id: int,
    nonce: int,
    to: str | None,
    value: int,
    payload: bytes,
    gas: int,
    tip: int,
) -> None:
    made = sign_transaction(
        key,
        chain_id=chain_id,
        nonce=nonce,
        to=to,
        value=value,
        data=payload,
        gas=gas,
        price=tip + 7,
        tip=tip,
    )
    fields = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "value": value,
        "data": payload,
        "gas": gas,
        "maxFeePerGas": tip + 7,
        "maxPriorityFeePerGas": tip,
        "to": to or b"",
    }
    expected = Account.from_key(key.key).sign_transaction(fields)
    assert made == bytes(expected.raw_transaction)
