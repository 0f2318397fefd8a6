"""What operators answer with: `depositBond`, `withdrawBond`, and what a watch locks.

depositBond
├── when nothing is put in, or the currency is not there: refused
└── else it is free in the operator's purse, whoever paid
withdrawBond
├── when nothing or more than what is free is taken: refused
└── else it is the caller's again
openWatches
├── given less free than a quarter more than the freight: refused, and no watch is opened
└── else that much is locked for each device
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import UNIT
from tests.unit.condition_monitor.conftest import BOOKING, COLD


@pytest.fixture
def put_in(monitor: Contract, currency: Contract, carrier: Key) -> int:
    """The carrier, which operates the device, has put in 100."""
    amount = 100 * UNIT
    currency.approve(monitor, amount, sender=carrier)
    monitor.depositBond(carrier, amount, sender=carrier)
    return amount


def _purse(monitor: Contract, operator: Key) -> tuple[int, int]:
    told = monitor.bondPurse(operator)
    return told.free, told.locked


def test_anyone_puts_in_for_an_operator(
    monitor: Contract, currency: Contract, put_in: int, carrier: Key, donor: Key
) -> None:
    currency.approve(monitor, UNIT, sender=donor)
    told = monitor.depositBond(carrier, UNIT, sender=donor).event("BondDeposited").args
    assert (told.operator, told.from_, told.amount) == (carrier.address, donor.address, UNIT)
    assert _purse(monitor, carrier) == (put_in + UNIT, 0)
    assert currency.balanceOf(monitor) == put_in + UNIT
    with reverts("ZeroBond"):
        monitor.depositBond(carrier, 0, sender=donor)
    with reverts("ERC20InsufficientAllowance"):
        monitor.depositBond(carrier, UNIT, sender=donor)


def test_operator_takes_out_what_is_free(
    monitor: Contract, currency: Contract, put_in: int, carrier: Key, donor: Key
) -> None:
    before = currency.balanceOf(carrier)
    told = monitor.withdrawBond(put_in - 1, sender=carrier).event("BondWithdrawn").args
    assert (told.operator, told.amount) == (carrier.address, put_in - 1)
    assert _purse(monitor, carrier) == (1, 0)
    assert currency.balanceOf(carrier) - before == put_in - 1
    with reverts("ZeroBond"):
        monitor.withdrawBond(0, sender=carrier)
    with reverts("BondTooSmall", operator=carrier, free=1, needed=2):
        monitor.withdrawBond(2, sender=carrier)
    with reverts("BondTooSmall", operator=donor, free=0, needed=1):
        monitor.withdrawBond(1, sender=donor)


def test_watch_locks_a_quarter_more_than_the_freight(
    monitor: Contract,
    currency: Contract,
    formed: int,
    put_in: int,
    carrier: Key,
    device: Key,
    second_device: Key,
    freight_escrow: Key,
) -> None:
    # Both devices are the carrier's: each answers for the whole freight.
    devices = [device, second_device]
    freight = 40 * UNIT
    assert monitor.bondFor(freight) == 50 * UNIT
    receipt = monitor.openWatches(formed, BOOKING, devices, COLD, freight, sender=freight_escrow)
    opened = [event for event in receipt.events if event.name == "WatchOpened"]
    assert [event.args.bond for event in opened] == [50 * UNIT] * 2
    assert _purse(monitor, carrier) == (0, put_in)
    with reverts("BondTooSmall", operator=carrier, free=0, needed=1):
        monitor.withdrawBond(1, sender=carrier)
    assert currency.balanceOf(monitor) == put_in


def test_reverts_when_the_operator_cannot_answer_for_the_freight(
    monitor: Contract,
    formed: int,
    put_in: int,
    carrier: Key,
    device: Key,
    third_device: Key,
    freight_escrow: Key,
) -> None:
    with reverts("BondTooSmall", operator=carrier, free=put_in, needed=put_in + 1):
        monitor.openWatches(formed, BOOKING, [device], COLD, 80 * UNIT + 1, sender=freight_escrow)
    other = key_of("branch_carrier")
    with reverts("BondTooSmall", operator=other, free=0, needed=50 * UNIT):
        monitor.openWatches(
            formed, BOOKING, [device, third_device], COLD, 40 * UNIT, sender=freight_escrow
        )
    assert _purse(monitor, carrier) == (put_in, 0)
    assert monitor.headOf(formed, device) == bytes(32)
