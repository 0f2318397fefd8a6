"""The currency is an ERC-20 (EIP-20) on every kind of reserve: LGC-7, LGC-8.

face: name, symbol, decimals of the reserve, supply; the standard's functions and events
transfer
├── moves it, says true and tells of it; nothing at all too, and to oneself
└── beyond the balance, to nobody: refused, and nothing changed
approve
├── sets the allowance, over another too, says true and tells of it; moves nothing
└── for nobody: refused
transferFrom
├── moves it, takes it off the allowance, says true and tells of it
├── of nothing: needs no allowance
├── given an allowance without end: leaves it
└── beyond the allowance or the balance, to nobody: refused, and nothing changed
a deposit is told of as a transfer from nobody, a withdrawal as one to nobody
"""

from __future__ import annotations

from dataclasses import astuple

import pytest

from aidline.client import Contract, Receipt
from aidline.keccak import keccak
from aidline.signing import Key
from tests.support.reverts import reverts

NOBODY = "0x" + "00" * 20
ENDLESS = 2**256 - 1
PUT_IN = 100_000

#: The standard's functions with what they return, and its events with what is indexed.
FUNCTIONS = {
    "name()": ("view", ["string"]),
    "symbol()": ("view", ["string"]),
    "decimals()": ("view", ["uint8"]),
    "totalSupply()": ("view", ["uint256"]),
    "balanceOf(address)": ("view", ["uint256"]),
    "allowance(address,address)": ("view", ["uint256"]),
    "transfer(address,uint256)": ("nonpayable", ["bool"]),
    "transferFrom(address,address,uint256)": ("nonpayable", ["bool"]),
    "approve(address,uint256)": ("nonpayable", ["bool"]),
}
EVENTS = {
    "Transfer(address,address,uint256)": [True, True, False],
    "Approval(address,address,uint256)": [True, True, False],
}


def told(receipt: Receipt) -> list[tuple[object, ...]]:
    return [(event.name, *astuple(event.args)) for event in receipt.events]


def holdings(money: Contract, *people: Key) -> tuple[int, ...]:
    return (money.totalSupply(), *(money.balanceOf(person) for person in people))


def test_has_the_face_of_the_standard(money: Contract, places: int, saver: Key) -> None:
    assert (money["name"](), money.symbol()) == ("Aidline LogisticsCurrency", "LGC")
    assert money.decimals() == places
    assert money.totalSupply() == money.balanceOf(saver) > 0


def test_has_the_functions_and_events_of_the_standard(currency: Contract) -> None:
    def signature(entry: dict[str, object]) -> str:
        inputs: list[dict[str, str]] = entry["inputs"]  # type: ignore[assignment]
        return f"{entry['name']}({','.join(one['type'] for one in inputs)})"

    functions = {
        signature(entry): (entry["stateMutability"], [one["type"] for one in entry["outputs"]])
        for entry in currency.abi
        if entry["type"] == "function"
    }
    events = {
        signature(entry): [one["indexed"] for one in entry["inputs"]]
        for entry in currency.abi
        if entry["type"] == "event" and not entry["anonymous"]
    }
    assert functions.items() >= FUNCTIONS.items()
    assert events.items() >= EVENTS.items()


def test_events_bear_the_topics_of_the_standard(money: Contract, saver: Key, donor: Key) -> None:
    moved, allowed = (
        money.transfer(donor, 1, sender=saver),
        money.approve(donor, 1, sender=saver),
    )
    for receipt, event in zip((moved, allowed), EVENTS, strict=True):
        (log,) = receipt.logs
        assert log.topics[0] == keccak(event.encode())
        assert [topic[12:].hex() for topic in log.topics[1:]] == [
            person.address[2:].lower() for person in (saver, donor)
        ]
        assert log.data == (1).to_bytes(32, "big")


@pytest.mark.parametrize("amount", [0, 1, 40_000])
def test_transfer_moves_it(money: Contract, saver: Key, donor: Key, amount: int) -> None:
    supply, has, gets = holdings(money, saver, donor)

    assert money.transfer.simulate(donor, amount, sender=saver) is True
    receipt = money.transfer(donor, amount, sender=saver)

    assert told(receipt) == [("Transfer", saver.address, donor.address, amount)]
    assert holdings(money, saver, donor) == (supply, has - amount, gets + amount)


def test_transfer_moves_everything_there_is(money: Contract, saver: Key, donor: Key) -> None:
    supply, has, _ = holdings(money, saver, donor)
    money.transfer(donor, has, sender=saver)
    assert holdings(money, saver, donor) == (supply, 0, has)


def test_transfer_to_oneself_changes_nothing(money: Contract, saver: Key) -> None:
    before = holdings(money, saver)
    receipt = money.transfer(saver, 500, sender=saver)
    assert told(receipt) == [("Transfer", saver.address, saver.address, 500)]
    assert holdings(money, saver) == before


def test_transfer_beyond_the_balance_reverts(money: Contract, saver: Key, donor: Key) -> None:
    before = holdings(money, saver, donor)
    needed = before[1] + 1
    with reverts("ERC20InsufficientBalance", sender=saver, balance=before[1], needed=needed):
        money.transfer(donor, needed, sender=saver)
    assert holdings(money, saver, donor) == before


def test_transfer_to_nobody_reverts(money: Contract, saver: Key) -> None:
    before = holdings(money, saver)
    with reverts("ERC20InvalidReceiver", receiver=NOBODY):
        money.transfer(NOBODY, 1, sender=saver)
    assert holdings(money, saver) == before


def test_approve_sets_the_allowance(money: Contract, saver: Key, donor: Key) -> None:
    before = holdings(money, saver, donor)
    assert money.allowance(saver, donor) == 0
    for amount in (70, 30, ENDLESS, 0):
        assert money.approve.simulate(donor, amount, sender=saver) is True
        receipt = money.approve(donor, amount, sender=saver)
        assert told(receipt) == [("Approval", saver.address, donor.address, amount)]
        assert money.allowance(saver, donor) == amount
    assert money.allowance(donor, saver) == 0
    assert holdings(money, saver, donor) == before


def test_approve_for_nobody_reverts(money: Contract, saver: Key) -> None:
    with reverts("ERC20InvalidSpender", spender=NOBODY):
        money.approve(NOBODY, 1, sender=saver)
    assert money.allowance(saver, NOBODY) == 0


def test_transfer_from_moves_it_and_uses_the_allowance(
    money: Contract, saver: Key, donor: Key, carrier: Key
) -> None:
    supply, has, gets, helps = holdings(money, saver, donor, carrier)
    money.approve(carrier, 500, sender=saver)

    assert money.transferFrom.simulate(saver, donor, 200, sender=carrier) is True
    receipt = money.transferFrom(saver, donor, 200, sender=carrier)

    assert told(receipt) == [("Transfer", saver.address, donor.address, 200)]
    assert holdings(money, saver, donor, carrier) == (supply, has - 200, gets + 200, helps)
    assert money.allowance(saver, carrier) == 300


def test_transfer_from_of_nothing_needs_no_allowance(
    money: Contract, saver: Key, donor: Key, stranger: Key
) -> None:
    before = holdings(money, saver, donor)
    receipt = money.transferFrom(saver, donor, 0, sender=stranger)
    assert told(receipt) == [("Transfer", saver.address, donor.address, 0)]
    assert holdings(money, saver, donor) == before


def test_transfer_from_leaves_an_allowance_without_end(
    money: Contract, saver: Key, donor: Key, carrier: Key
) -> None:
    money.approve(carrier, ENDLESS, sender=saver)
    money.transferFrom(saver, donor, 200, sender=carrier)
    assert money.allowance(saver, carrier) == ENDLESS


def test_transfer_from_beyond_the_allowance_reverts(
    money: Contract, saver: Key, donor: Key, carrier: Key
) -> None:
    before = holdings(money, saver, donor)
    money.approve(carrier, 199, sender=saver)
    with reverts("ERC20InsufficientAllowance", spender=carrier, allowance=199, needed=200):
        money.transferFrom(saver, donor, 200, sender=carrier)
    with reverts("ERC20InsufficientAllowance", spender=saver, allowance=0, needed=1):
        money.transferFrom(saver, donor, 1, sender=saver)  # one's own needs one too
    assert holdings(money, saver, donor) == before
    assert money.allowance(saver, carrier) == 199


def test_transfer_from_beyond_the_balance_reverts(
    money: Contract, saver: Key, donor: Key, carrier: Key
) -> None:
    before = holdings(money, saver, donor)
    money.approve(carrier, ENDLESS, sender=saver)
    with reverts("ERC20InsufficientBalance", sender=saver, balance=before[1]):
        money.transferFrom(saver, donor, before[1] + 1, sender=carrier)
    assert holdings(money, saver, donor) == before


def test_transfer_from_to_nobody_reverts(money: Contract, saver: Key, carrier: Key) -> None:
    before = holdings(money, saver)
    money.approve(carrier, 5, sender=saver)
    with reverts("ERC20InvalidReceiver", receiver=NOBODY):
        money.transferFrom(saver, NOBODY, 5, sender=carrier)
    assert holdings(money, saver) == before
    assert money.allowance(saver, carrier) == 5


def test_minting_and_burning_are_told_of_as_transfers(
    money: Contract, saver: Key, donor: Key
) -> None:
    deposit = money.depositFor(donor, 1_000, sender=saver)
    received = deposit.event("Deposited").args.received
    assert ("Transfer", NOBODY, donor.address, received) in told(deposit)
    withdrawal = money.withdrawTo(saver, 100, sender=donor)
    assert ("Transfer", donor.address, NOBODY, 100) in told(withdrawal)
