"""The currency's own permit (ERC-2612) on every kind of reserve: LGC-9, LGC-10.

face: the domain separator is that of EIP-712 and names chain and contract; nonces begin at nought
permit
├── good: sets the allowance, over another too, tells of it, uses the nonce; anyone submits
├── good at its deadline, and for an allowance without end
└── refused, and nothing changed
    ├── after its deadline
    ├── used before, or with a nonce that is not the next
    ├── by another key; for another spender, amount or deadline than was signed
    ├── for another chain or another contract
    ├── with its s in the upper half, with a v or r that fits no key
    └── for nobody as owner (whom a signature that fits no key would name), or as spender
contract wallets: ERC-2612 takes keys only, and a wallet prepays by approving
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aidline.client import Contract, Receipt
from aidline.keccak import keccak
from aidline.messages import Permit
from aidline.signing import Key, sign_digest
from tests.support.people import domain_of, key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, Rooms, Suite

NOBODY = "0x" + "00" * 20
AMOUNT = 700
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def parts(signature: bytes) -> tuple[int, bytes, bytes]:
    return signature[64], signature[:32], signature[32:64]


@pytest.fixture
def permit(money: Contract, saver: Key, carrier: Key) -> Permit:
    """The saver lets the carrier move some."""
    return Permit(saver.address, carrier.address, AMOUNT, 0, money.chain.now() + DAY)


def submit(money: Contract, permit: Permit, signature: bytes, sender: str = "stranger") -> Receipt:
    receipt: Receipt = money.permit(
        permit.owner,
        permit.spender,
        permit.value,
        permit.deadline,
        *parts(signature),
        sender=key_of(sender),
    )
    return receipt


def good(money: Contract, permit: Permit, signer: str = "saver") -> bytes:
    return permit.sign(key_of(signer), domain_of(money))


def unchanged(money: Contract, permit: Permit) -> bool:
    return (money.nonces(permit.owner), money.allowance(permit.owner, permit.spender)) == (0, 0)


def test_domain_separator_is_that_of_eip_712(money: Contract) -> None:
    kind = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    encoded = b"".join(
        (
            keccak(kind),
            keccak(b"Aidline LogisticsCurrency"),
            keccak(b"1"),
            money.chain.chain_id().to_bytes(32, "big"),
            bytes.fromhex(money.address[2:]).rjust(32, b"\0"),
        )
    )
    assert money.DOMAIN_SEPARATOR() == keccak(encoded)


def test_type_is_that_of_the_standard() -> None:
    assert Permit.type_string == (
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    )


def test_domain_can_be_read(money: Contract) -> None:
    told = money.eip712Domain()
    assert (told.name, told.version, told.chain_id, told.verifying_contract) == (
        "Aidline LogisticsCurrency",
        "1",
        money.chain.chain_id(),
        money.address,
    )


def test_sets_the_allowance_and_uses_the_nonce(
    money: Contract, permit: Permit, saver: Key, carrier: Key
) -> None:
    assert money.nonces(saver) == 0
    receipt = submit(money, permit, good(money, permit))

    told = receipt.event("Approval").args
    assert (told.owner, told.spender, told.value) == (saver.address, carrier.address, AMOUNT)
    assert (money.nonces(saver), money.allowance(saver, carrier)) == (1, AMOUNT)
    assert money.nonces(carrier) == money.nonces(key_of("stranger")) == 0


def test_lets_the_spender_move_that_much(money: Contract, permit: Permit, carrier: Key) -> None:
    before = money.balanceOf(carrier)
    submit(money, permit, good(money, permit))
    money.transferFrom(permit.owner, carrier, AMOUNT, sender=carrier)
    assert money.balanceOf(carrier) == before + AMOUNT
    with reverts("ERC20InsufficientAllowance", allowance=0, needed=1):
        money.transferFrom(permit.owner, carrier, 1, sender=carrier)


def test_replaces_an_allowance(money: Contract, permit: Permit, saver: Key, carrier: Key) -> None:
    money.approve(carrier, 5 * AMOUNT, sender=saver)
    submit(money, permit, good(money, permit))
    assert money.allowance(saver, carrier) == AMOUNT


def test_is_good_at_its_deadline(money: Contract, permit: Permit) -> None:
    signature = good(money, permit)
    money.chain.set_time(permit.deadline)
    submit(money, permit, signature)
    assert money.nonces(permit.owner) == 1


def test_may_be_without_end(money: Contract, permit: Permit) -> None:
    endless = replace(permit, value=2**256 - 1, deadline=2**256 - 1)
    submit(money, endless, good(money, endless))
    assert money.allowance(permit.owner, permit.spender) == 2**256 - 1


def test_reverts_after_its_deadline(money: Contract, permit: Permit) -> None:
    signature = good(money, permit)
    money.chain.set_time(permit.deadline + 1)
    with reverts("ERC2612ExpiredSignature", deadline=permit.deadline):
        submit(money, permit, signature)
    assert unchanged(money, permit)


def test_reverts_when_used_before(money: Contract, permit: Permit, carrier: Key) -> None:
    signature = good(money, permit)
    submit(money, permit, signature)
    money.transferFrom(permit.owner, carrier, AMOUNT, sender=carrier)
    with reverts("ERC2612InvalidSigner", owner=permit.owner):
        submit(money, permit, signature)
    assert (money.nonces(permit.owner), money.allowance(permit.owner, permit.spender)) == (1, 0)


def test_reverts_with_a_nonce_to_come(money: Contract, permit: Permit) -> None:
    with reverts("ERC2612InvalidSigner", owner=permit.owner):
        submit(money, permit, good(money, replace(permit, nonce=1)))
    assert unchanged(money, permit)


def test_reverts_when_another_key_signed(money: Contract, permit: Permit, carrier: Key) -> None:
    with reverts("ERC2612InvalidSigner", signer=carrier, owner=permit.owner):
        submit(money, permit, good(money, permit, signer="carrier"))
    assert unchanged(money, permit)


@pytest.mark.parametrize("changed", ["owner", "spender", "value", "deadline"])
def test_reverts_when_other_than_what_was_signed(
    money: Contract, permit: Permit, donor: Key, changed: str
) -> None:
    value = donor.address if changed in ("owner", "spender") else getattr(permit, changed) + 1
    other = replace(permit, **{changed: value})
    with reverts("ERC2612InvalidSigner", owner=other.owner):
        submit(money, other, good(money, permit))
    assert unchanged(money, permit)
    assert unchanged(money, other)


def test_reverts_for_another_chain_or_contract(
    money: Contract, permit: Permit, saver: Key, reserve: Contract
) -> None:
    own = domain_of(money)
    for domain in (replace(own, chain_id=own.chain_id + 1), replace(own, contract=reserve.address)):
        with reverts("ERC2612InvalidSigner", owner=permit.owner):
            submit(money, permit, permit.sign(saver, domain))
    assert unchanged(money, permit)


def test_reverts_with_its_s_in_the_upper_half(money: Contract, permit: Permit) -> None:
    v, r, s = parts(good(money, permit))
    upper = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    with reverts("ECDSAInvalidSignatureS", s=upper):
        submit(money, permit, r + upper + bytes([55 - v]))
    assert unchanged(money, permit)


@pytest.mark.parametrize("broken", ["v", "r"])
def test_reverts_when_it_fits_no_key(money: Contract, permit: Permit, broken: str) -> None:
    v, r, s = parts(good(money, permit))
    forged = bytes(32) + s + bytes([v]) if broken == "r" else r + s + bytes([29])
    with reverts("ECDSAInvalidSignature"):
        submit(money, permit, forged)
    assert unchanged(money, permit)


def test_reverts_for_nobody_as_owner(money: Contract, permit: Permit) -> None:
    other = replace(permit, owner=NOBODY)
    with reverts("ECDSAInvalidSignature"):
        submit(money, other, bytes(64) + bytes([27]))
    with reverts("ERC2612InvalidSigner", owner=NOBODY):
        submit(money, other, good(money, other))
    assert unchanged(money, other)


def test_reverts_for_nobody_as_spender(money: Contract, permit: Permit) -> None:
    other = replace(permit, spender=NOBODY)
    with reverts("ERC20InvalidSpender", spender=NOBODY):
        submit(money, other, good(money, other))
    assert unchanged(money, other)


@pytest.fixture
def wallet(suite: Suite, money: Contract, saver: Key) -> Contract:
    """A contract wallet of the saver that holds some of the currency."""
    made = Rooms(suite.chain, creator="a wallet").deploy("Erc1271Wallet", saver.address)
    money.transfer(made, AMOUNT, sender=saver)
    return made


def test_of_a_contract_wallet_reverts(
    money: Contract, permit: Permit, wallet: Contract, saver: Key
) -> None:
    own = replace(permit, owner=wallet.address)
    digest = own.digest(domain_of(money))
    signature = sign_digest(saver, digest)
    assert wallet.isValidSignature(digest, signature) == bytes.fromhex("1626ba7e")
    with reverts("ERC2612InvalidSigner", signer=saver, owner=wallet):
        submit(money, own, signature)
    assert unchanged(money, own)


def test_a_contract_wallet_prepays_by_approving(
    money: Contract, wallet: Contract, saver: Key, carrier: Key
) -> None:
    before = money.balanceOf(carrier)
    wallet.execute(money, money.call_data("approve", carrier, AMOUNT), sender=saver)
    money.transferFrom(wallet, carrier, AMOUNT, sender=carrier)
    assert (money.balanceOf(carrier), money.balanceOf(wallet)) == (before + AMOUNT, 0)
