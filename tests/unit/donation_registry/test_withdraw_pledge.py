"""withdrawPledge.

when the gift is unknown, received or withdrawn: reverts
when the caller is not the donor
    given the deadline is not over: reverts
    given it is over: withdraws
when the caller is the donor: withdraws
"""

from __future__ import annotations

from aidline.client import Contract, RevmChain
from aidline.model import GiftStatus
from aidline.signing import Key
from tests.support.gifts import count
from tests.support.reverts import reverts


def test_the_donor_takes_it_back(donations: Contract, pledged: int, donor: Key) -> None:
    receipt = donations.withdrawPledge(pledged, sender=donor)
    assert receipt.event("GiftWithdrawn").args.gift == pledged
    assert donations.gift(pledged).status == GiftStatus.WITHDRAWN


def test_reverts_when_a_stranger_comes_before_the_deadline_is_over(
    donations: Contract, pledged: int, chain: RevmChain, stranger: Key
) -> None:
    deadline = donations.gift(pledged).deadline
    chain.set_time(deadline)
    with reverts("NotYet", not_before=deadline + 1):
        donations.withdrawPledge(pledged, sender=stranger)


def test_anyone_may_after_the_deadline(
    donations: Contract, pledged: int, chain: RevmChain, stranger: Key
) -> None:
    chain.set_time(donations.gift(pledged).deadline + 1)
    donations.withdrawPledge(pledged, sender=stranger)
    assert donations.gift(pledged).status == GiftStatus.WITHDRAWN


def test_a_pause_does_not_stop_it(
    donations: Contract, pledged: int, donor: Key, pauser: Key
) -> None:
    donations.pause(sender=pauser)
    donations.withdrawPledge(pledged, sender=donor)
    assert donations.gift(pledged).status == GiftStatus.WITHDRAWN


def test_reverts_when_it_was_received(donations: Contract, received: int, donor: Key) -> None:
    with reverts("GiftWrongStatus", gift=received, status=GiftStatus.RECEIVED):
        donations.withdrawPledge(received, sender=donor)


def test_reverts_a_second_time_and_cannot_be_received_then(
    donations: Contract, pledged: int, donor: Key, charity: Key
) -> None:
    donations.withdrawPledge(pledged, sender=donor)
    with reverts("GiftWrongStatus", gift=pledged, status=GiftStatus.WITHDRAWN):
        donations.withdrawPledge(pledged, sender=donor)
    with reverts("GiftWrongStatus", gift=pledged, status=GiftStatus.WITHDRAWN):
        donations.receiveGift(count(pledged), sender=charity)


def test_reverts_for_money(donations: Contract, money: int, donor: Key) -> None:
    with reverts("GiftWrongStatus", gift=money, status=GiftStatus.RECEIVED):
        donations.withdrawPledge(money, sender=donor)


def test_reverts_when_unknown(donations: Contract, donor: Key) -> None:
    with reverts("UnknownGift", gift=1):
        donations.withdrawPledge(1, sender=donor)
