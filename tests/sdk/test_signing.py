"""Typed messages and keys.

Digest and signature
├── equal eth-account's, for any message of any field types
├── recover to the signer
├── change with the chain, the contract, the name, any field
└── are refused when s is high, the length or v is wrong
Keys
├── have eth-account's address
└── derived: the same for the same seed and label, another otherwise
Types of the shipped messages
└── are those that the contracts check (see tests/integration/test_deployment.py for their hashes)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from aidline import messages
from aidline.errors import InputError
from aidline.keccak import checksum_address, keccak
from aidline.signing import Domain, Key, Message, recover_digest, sign_digest, typed

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@typed("Item")
@dataclass(frozen=True, slots=True)
class Item(Message):
    weight: Annotated[int, "int16"]
    tags: Annotated[Sequence[bytes], "bytes4[]"]


@typed("Everything")
@dataclass(frozen=True, slots=True)
class Everything(Message):
    id_: Annotated[int, "uint64"]
    large_number: Annotated[int, "uint256"]
    flag: Annotated[bool, "bool"]
    who: Annotated[str, "address"]
    label: Annotated[str, "string"]
    raw: Annotated[bytes, "bytes"]
    content_hash: Annotated[bytes, "bytes32"]
    first: Item
    items: Annotated[Sequence[Item], Item]
    triple: Annotated[Sequence[int], "uint8[3]"]


secrets = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
addresses = st.binary(min_size=20, max_size=20).map(checksum_address)
items = st.builds(
    Item,
    weight=st.integers(-(2**15), 2**15 - 1),
    tags=st.lists(st.binary(min_size=4, max_size=4), max_size=3),
)
everything = st.builds(
    Everything,
    id_=st.integers(0, 2**64 - 1),
    large_number=st.integers(0, 2**256 - 1),
    flag=st.booleans(),
    who=addresses,
    label=st.text(max_size=40),
    raw=st.binary(max_size=70),
    content_hash=st.binary(min_size=32, max_size=32),
    first=items,
    items=st.lists(items, max_size=3),
    triple=st.lists(st.integers(0, 255), min_size=3, max_size=3),
)
domains = st.builds(
    Domain,
    chain_id=st.integers(1, 2**64),
    contract=addresses,
    name=st.text(max_size=20),
    version=st.sampled_from(["1", "2"]),
)


def as_eth_account(message: Everything, domain: Domain) -> Any:
    def item(value: Item) -> dict[str, Any]:
        return {"weight": value.weight, "tags": list(value.tags)}

    return encode_typed_data(
        full_message={
            "domain": {
                "name": domain.name,
                "version": domain.version,
                "chainId": domain.chain_id,
                "verifyingContract": domain.contract,
            },
            "primaryType": "Everything",
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                "Item": [
                    {"name": "weight", "type": "int16"},
                    {"name": "tags", "type": "bytes4[]"},
                ],
                "Everything": [
                    {"name": "id", "type": "uint64"},
                    {"name": "largeNumber", "type": "uint256"},
                    {"name": "flag", "type": "bool"},
                    {"name": "who", "type": "address"},
                    {"name": "label", "type": "string"},
                    {"name": "raw", "type": "bytes"},
                    {"name": "contentHash", "type": "bytes32"},
                    {"name": "first", "type": "Item"},
                    {"name": "items", "type": "Item[]"},
                    {"name": "triple", "type": "uint8[3]"},
                ],
            },
            "message": {
                "id": message.id_,
                "largeNumber": message.large_number,
                "flag": message.flag,
                "who": message.who,
                "label": message.label,
                "raw": message.raw,
                "contentHash": message.content_hash,
                "first": item(message.first),
                "items": [item(one) for one in message.items],
                "triple": list(message.triple),
            },
        }
    )


@given(secrets, everything, domains)
def test_signature_equals_that_of_eth_account(
    secret: bytes, message: Everything, domain: Domain
) -> None:
    expected = Account.from_key(secret).sign_message(as_eth_account(message, domain))
    assert message.digest(domain) == bytes(expected.message_hash)
    assert message.sign(Key(secret), domain) == bytes(expected.signature)


@given(secrets, everything, domains)
def test_signature_recovers_to_its_signer(
    secret: bytes, message: Everything, domain: Domain
) -> None:
    key = Key(secret)
    signature = message.sign(key, domain)
    assert len(signature) == 65
    assert message.recover(signature, domain) == key.address
    assert int.from_bytes(signature[32:64], "big") <= ORDER // 2


@given(secrets)
def test_key_has_the_address_of_eth_account(secret: bytes) -> None:
    assert Key(secret).address == Account.from_key(secret).address


def test_derived_keys_are_named_by_seed_and_label() -> None:
    assert Key.derive(1, "donor") == Key.derive(1, "donor")
    assert len({Key.derive(seed, label) for seed in (1, 2) for label in ("a", "b")}) == 4


def test_eth_account_can_sign_too() -> None:
    domain = Domain(1, "0x" + "11" * 20, "Aidline")
    account = Account.from_key(b"\1" * 32)
    message = Item(3, ())
    assert message.sign(account, domain) == message.sign(Key(b"\1" * 32), domain)


def test_digest_changes_with_the_domain_and_with_each_field() -> None:
    one, two = "0x" + "11" * 20, "0x" + "22" * 20
    base = Domain(1, one, "Aidline Room")
    message = messages.Arrival(consignment=1, station=2, at=3, batches=4, deadline=5)
    digests = {
        message.digest(domain)
        for domain in (
            base,
            replace(base, chain_id=2),
            replace(base, contract=two),
            replace(base, name="Aidline Other"),
            replace(base, version="2"),
        )
    }
    digests |= {
        replace(message, **{name: 9}).digest(base)
        for name in ("consignment", "station", "at", "batches", "deadline")
    }
    assert len(digests) == 10


def test_refuses_the_other_half_of_the_curve() -> None:
    key, digest = Key(b"\3" * 32), keccak(b"digest")
    good = sign_digest(key, digest)
    high = (ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    with pytest.raises(InputError, match="upper half"):
        recover_digest(digest, good[:32] + high + bytes([55 - good[64]]))


@pytest.mark.parametrize("bad", [b"", b"\1" * 64, b"\1" * 64 + b"\0", b"\1" * 66])
def test_refuses_what_is_no_signature(bad: bytes) -> None:
    with pytest.raises(InputError, match="65 bytes"):
        recover_digest(keccak(b""), bad)


def test_refuses_a_point_that_is_none() -> None:
    with pytest.raises(InputError, match="fits no key"):
        recover_digest(keccak(b""), b"\xff" * 32 + b"\1" * 32 + b"\x1b")


@pytest.mark.parametrize(
    ("field", "value"),
    [("consignment", 2**64), ("consignment", -1), ("station", 2**32), ("at", 2**40)],
)
def test_names_the_field_that_does_not_fit(field: str, value: int) -> None:
    message = messages.Arrival(consignment=1, station=2, at=3, batches=4, deadline=5)
    with pytest.raises(InputError, match=f"Arrival.{field}"):
        replace(message, **{field: value}).struct_hash()


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, b"\1" * 31])
def test_refuses_what_is_no_private_key(secret: bytes) -> None:
    with pytest.raises(InputError, match="private key"):
        Key(secret)


def test_type_of_a_message_with_others_inside_lists_them_sorted() -> None:
    assert messages.Booking.type_string.startswith("Booking(address payer,")
    assert "LegRequest[] legs,Terms terms" in messages.Booking.type_string
    tail = messages.Booking.type_string.split(")", 1)[1]
    assert tail.startswith("LegRequest(") and ")Terms(" in tail
