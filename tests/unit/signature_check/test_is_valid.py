"""The check of signatures.

given a plain key
├── its own signature: valid
├── somebody else's, over another digest, of another length, with high s or v of 0 or 1: not
└── the zero address is nobody's key
given a wallet contract
├── its owner's signature: valid; anybody else's: not
├── one that answers with the selector and dirt, with one, with four bytes, or by reverting: not
└── one that burns gas or returns a megabyte: not, and costs little more than the cap
requireValid
└── refuses in the signer's name
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.signing import Key, sign_digest
from tests.support.reverts import reverts
from tests.support.suite import Suite

DIGEST = keccak(b"what is signed")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
CAP = 100_000


@pytest.fixture
def probe(suite: Suite) -> Contract:
    return suite.rooms.deploy("SignatureProbe")


@pytest.fixture
def wallet(suite: Suite, donor: Key) -> Contract:
    return suite.rooms.deploy("Erc1271Wallet", donor.address)


def test_accepts_the_signers_own_key(probe: Contract, donor: Key) -> None:
    assert probe.measure(donor, DIGEST, sign_digest(donor, DIGEST)).valid
    probe.requireValid(donor, DIGEST, sign_digest(donor, DIGEST))


def test_reverts_in_the_signers_name(probe: Contract, donor: Key, stranger: Key) -> None:
    with reverts("BadSignature", signer=donor):
        probe.requireValid(donor, DIGEST, sign_digest(stranger, DIGEST))


def test_refuses_another_digest(probe: Contract, donor: Key) -> None:
    assert not probe.measure(donor, keccak(b"another"), sign_digest(donor, DIGEST)).valid


def _high_s(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - signature[64]])


def _compact(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:64], "big") | (signature[64] - 27) << 255
    return signature[:32] + s.to_bytes(32, "big")


@pytest.mark.parametrize(
    "bend",
    [
        lambda signature: b"",
        lambda signature: signature[:64],
        lambda signature: signature + b"\0",
        lambda signature: signature[:64] + bytes([signature[64] - 27]),
        _compact,
        _high_s,
    ],
    ids=["empty", "short", "long", "v of 0 or 1", "compact", "high s"],
)
def test_refuses_other_forms_of_a_good_signature(
    probe: Contract, donor: Key, bend: Callable[[bytes], bytes]
) -> None:
    assert not probe.measure(donor, DIGEST, bend(sign_digest(donor, DIGEST))).valid


def test_the_zero_address_signs_nothing(probe: Contract) -> None:
    zero = "0x" + "00" * 20
    for signature in (b"", bytes(65), bytes(64) + b"\x1b"):
        assert not probe.measure(zero, DIGEST, signature).valid


def test_asks_a_wallet_contract(
    probe: Contract, wallet: Contract, donor: Key, stranger: Key
) -> None:
    assert probe.measure(wallet, DIGEST, sign_digest(donor, DIGEST)).valid
    assert not probe.measure(wallet, DIGEST, sign_digest(stranger, DIGEST)).valid
    assert not probe.measure(wallet, DIGEST, b"").valid


@pytest.mark.parametrize(
    "answer", [1, 2, 3, 4, 5, 6], ids=["dirty", "true", "short", "revert", "burn", "bomb"]
)
def test_is_neither_misled_nor_exhausted_by_an_odd_wallet(
    suite: Suite, probe: Contract, donor: Key, answer: int
) -> None:
    odd = suite.rooms.deploy("OddWallet", answer)
    found = probe.measure(odd, DIGEST, sign_digest(donor, DIGEST))
    assert not found.valid
    assert found.used < CAP + 15_000


def test_a_contract_without_the_function_signs_nothing(
    probe: Contract, ledger: Contract, donor: Key
) -> None:
    assert not probe.measure(ledger, DIGEST, sign_digest(donor, DIGEST)).valid
