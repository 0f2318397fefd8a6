"""receiveGifts: all or nothing.

when each could be received alone: each is
when one could not, or one is named twice: none is
"""

from __future__ import annotations

from aidline.client import Contract, RevmChain
from aidline.model import GiftStatus
from aidline.signing import Key
from tests.support.gifts import count, pledge
from tests.support.reverts import reverts
from tests.support.suite import DAY, Suite


def pledged(donations: Contract, donor: Key, number: int) -> list[int]:
    terms = pledge(donations.chain.now())
    return [
        donations.pledge(terms, sender=donor).event("GiftPledged").args.gift for _ in range(number)
    ]


def test_receives_each(
    suite: Suite, donations: Contract, chain: RevmChain, donor: Key, charity: Key
) -> None:
    gifts = pledged(donations, donor, 3)
    until = chain.now() + DAY
    receipts = [
        count(gifts[0], offer_until=until),
        count(gifts[1]),
        count(gifts[2], accepted=0, refused=1_960),
    ]

    donations.receiveGifts(receipts, sender=charity)

    assert [donations.gift(gift).status for gift in gifts] == [GiftStatus.RECEIVED] * 3
    assert donations.balanceOf(donor.address) == 2
    assert suite.demand.offerCount() == 1
    assert [donations.fateOf(gift).offered for gift in gifts] == [1_900, 0, 0]
    assert [donations.fateOf(gift).held for gift in gifts] == [0, 1_900, 0]


def test_receives_none_when_one_cannot_be(
    donations: Contract, ledger: Contract, donor: Key, charity: Key, station_operator: Key
) -> None:
    gifts = pledged(donations, donor, 2)
    with reverts("CountDoesNotAddUp", gift=gifts[1]):
        donations.receiveGifts([count(gifts[0]), count(gifts[1], missing=41)], sender=charity)
    with reverts("GiftWrongStatus", gift=gifts[0], status=GiftStatus.RECEIVED):
        donations.receiveGifts([count(gifts[0]), count(gifts[0])], sender=charity)
    with reverts("NotIntermediary", gift=gifts[0], caller=station_operator):
        donations.receiveGifts([count(gifts[0])], sender=station_operator)
    assert [donations.gift(gift).status for gift in gifts] == [GiftStatus.PLEDGED] * 2
    assert ledger.lotCount() == 0
