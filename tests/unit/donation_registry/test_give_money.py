"""giveMoney.

when the caller is no active donor: reverts
when the amount is below the least, or not there, or not allowed: reverts
when nobody bears the earmark: reverts
while paused: reverts
otherwise: the fund has the money, the donor the certificate
    given a permit rides along: no allowance is needed before
    given somebody else has used the permit up: its allowance does as well
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import EarmarkKind, GiftKind, GiftStatus, Role
from aidline.signing import Key
from tests.support.gifts import NO_PERMIT, earmark, permit_of
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, UNIT

GIVEN = 100 * UNIT


def test_gives_to_the_fund_and_mints_the_certificate(
    donations: Contract, fund: Contract, currency: Contract, donor: Key
) -> None:
    before = currency.balanceOf(donor.address)
    mark = earmark(EarmarkKind.REGION, "CN-HB")
    permit = permit_of(currency, donor, fund.address, GIVEN)

    receipt = donations.giveMoney(GIVEN, mark, permit, sender=donor)

    event = receipt.event("MoneyGiven").args
    assert (event.gift, event.donor, event.amount) == (1, donor.address, GIVEN)
    assert event.earmark.kind == EarmarkKind.REGION
    assert receipt.event("Locked").args.token_id == 1
    gift = donations.gift(1)
    assert (gift.kind, gift.status) == (GiftKind.MONEY, GiftStatus.RECEIVED)
    assert (gift.amount, gift.money_gift) == (GIVEN, event.money_gift)
    assert donations.ownerOf(1) == donor.address
    assert currency.balanceOf(donor.address) == before - GIVEN
    assert currency.balanceOf(fund.address) == GIVEN
    assert currency.allowance(donor.address, fund.address) == 0


def test_a_permit_that_somebody_else_used_up_does_not_stop_it(
    donations: Contract, fund: Contract, currency: Contract, donor: Key, stranger: Key
) -> None:
    permit = permit_of(currency, donor, fund.address, GIVEN)
    currency.permit(
        donor.address,
        fund.address,
        permit["value"],
        permit["deadline"],
        permit["v"],
        permit["r"],
        permit["s"],
        sender=stranger,
    )
    donations.giveMoney(GIVEN, earmark(), permit, sender=donor)
    assert currency.balanceOf(fund.address) == GIVEN


def test_reverts_when_the_permit_is_anothers(
    donations: Contract, fund: Contract, currency: Contract, donor: Key, second_donor: Key
) -> None:
    permit = permit_of(currency, second_donor, fund.address, GIVEN)
    with reverts("ERC20InsufficientAllowance", spender=fund.address, allowance=0, needed=GIVEN):
        donations.giveMoney(GIVEN, earmark(), permit, sender=donor)
    assert donations.giftCount() == 0


def test_reverts_when_the_permit_has_expired(
    donations: Contract, fund: Contract, currency: Contract, chain: RevmChain, donor: Key
) -> None:
    permit = permit_of(currency, donor, fund.address, GIVEN)
    chain.set_time(chain.now() + DAY + 1)
    with reverts("ERC20InsufficientAllowance", allowance=0, needed=GIVEN):
        donations.giveMoney(GIVEN, earmark(), permit, sender=donor)


def test_reverts_when_the_money_is_not_there(
    donations: Contract, fund: Contract, currency: Contract, donor: Key
) -> None:
    there = currency.balanceOf(donor.address)
    currency.approve(fund.address, there + 1, sender=donor)
    with reverts("ERC20InsufficientBalance", sender=donor, balance=there, needed=there + 1):
        donations.giveMoney(there + 1, earmark(), NO_PERMIT, sender=donor)
    assert donations.giftCount() == 0
    assert fund.giftCount() == 0


def test_reverts_below_the_least_gift(
    donations: Contract, fund: Contract, currency: Contract, donor: Key
) -> None:
    least = fund.MINIMUM_GIFT()
    currency.approve(fund.address, 2 * least, sender=donor)
    with reverts("BelowMinimum", amount=least - 1, minimum=least):
        donations.giveMoney(least - 1, earmark(), NO_PERMIT, sender=donor)
    donations.giveMoney(least, earmark(), NO_PERMIT, sender=donor)
    assert currency.balanceOf(fund.address) == least


@pytest.mark.parametrize("name", ["supplier", "charity", "stranger"])
def test_reverts_when_the_caller_is_no_donor(donations: Contract, name: str) -> None:
    caller = key_of(name)
    with reverts("NotActive", account=caller, role=Role.DONOR):
        donations.giveMoney(GIVEN, earmark(), NO_PERMIT, sender=caller)


def test_reverts_when_the_donor_is_suspended(
    donations: Contract, donor: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(donor)
    with reverts("NotActive", account=donor, role=Role.DONOR):
        donations.giveMoney(GIVEN, earmark(), NO_PERMIT, sender=donor)


def test_reverts_when_nobody_bears_the_earmark(
    donations: Contract, fund: Contract, currency: Contract, donor: Key
) -> None:
    permit = permit_of(currency, donor, fund.address, GIVEN)
    with reverts("BadEarmark", kind=EarmarkKind.FACILITY):
        donations.giveMoney(GIVEN, earmark(EarmarkKind.FACILITY, "nobody"), permit, sender=donor)


@pytest.mark.parametrize("room", ["donations", "fund"])
def test_reverts_while_the_registry_or_the_fund_is_paused(
    donations: Contract,
    currency: Contract,
    fund: Contract,
    chain: RevmChain,
    donor: Key,
    pauser: Key,
    unpauser: Key,
    request: pytest.FixtureRequest,
    room: str,
) -> None:
    paused: Contract = request.getfixturevalue(room)
    paused.pause(sender=pauser)
    permit = permit_of(currency, donor, fund.address, GIVEN)
    with reverts("IsPaused", until=chain.now() + 3 * DAY):
        donations.giveMoney(GIVEN, earmark(), permit, sender=donor)
    paused.unpause(sender=unpauser)
    donations.giveMoney(GIVEN, earmark(), permit, sender=donor)
    assert currency.balanceOf(fund.address) == GIVEN
