"""takeBackGoods, takeBackMoney: what is not yet allocated or spent.

when the caller is not the giver, or nothing was received: reverts
goods
├── the open offers named end, and nothing of the lot is offered again, by whoever holds it
├── what was allocated stays allocated
└── when an offer is of another lot, or over: reverts
money: what is not spent goes to the giver, once; also during a pause
"""

from __future__ import annotations

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import OfferStatus, ParcelState
from aidline.signing import Key
from tests.support.gifts import count, pledge
from tests.support.reverts import reverts
from tests.support.suite import DAY, UNIT, Suite


@pytest.fixture
def offered(donations: Contract, chain: RevmChain, charity: Key, pledged: int) -> tuple[int, int]:
    """A gift received and offered: the offer and the parcel."""
    counted = count(pledged, offer_until=chain.now() + DAY)
    event = donations.receiveGift(counted, sender=charity).event("GiftReceived").args
    return event.offer, event.parcel


def test_the_donor_takes_back_what_is_offered(
    suite: Suite,
    donations: Contract,
    chain: RevmChain,
    pledged: int,
    offered: tuple[int, int],
    donor: Key,
    charity: Key,
    pauser: Key,
) -> None:
    offer, parcel = offered
    donations.pause(sender=pauser)

    receipt = donations.takeBackGoods(pledged, [offer], sender=donor)

    event = receipt.event("GoodsTakenBack").args
    assert (event.gift, event.lot, event.units) == (pledged, donations.gift(pledged).lot, 1_900)
    assert suite.demand.offerRecord(offer).status == OfferStatus.TAKEN_BACK
    assert suite.demand.isTakenBack(event.lot)
    assert suite.ledger.parcel(parcel).state == ParcelState.HELD
    child = suite.ledger.split(parcel, 10, sender=charity).event("ParcelSplit").args.child
    for one in (parcel, child):
        with reverts("LotTakenBack", lot=event.lot):
            suite.demand.offer(one, chain.now() + DAY, sender=charity)
    with reverts("OfferNotOpen", offer=offer, status=OfferStatus.TAKEN_BACK):
        donations.takeBackGoods(pledged, [offer], sender=donor)


def test_goods_not_offered_can_be_taken_back_before_they_are(
    suite: Suite, donations: Contract, chain: RevmChain, received: int, donor: Key, charity: Key
) -> None:
    donations.takeBackGoods(received, [], sender=donor)
    with reverts("LotTakenBack"):
        suite.demand.offer(suite.ledger.parcelCount(), chain.now() + DAY, sender=charity)


def test_reverts_for_the_offer_of_another_gift(
    donations: Contract, chain: RevmChain, offered: tuple[int, int], donor: Key, charity: Key
) -> None:
    other = donations.pledge(pledge(chain.now()), sender=donor).event("GiftPledged").args.gift
    donations.receiveGift(count(other), sender=charity)
    lot = donations.gift(other).lot
    with reverts("NotOfLot", offer=offered[0], lot=lot):
        donations.takeBackGoods(other, [offered[0]], sender=donor)


def test_reverts_when_the_caller_is_not_the_giver(
    suite: Suite,
    donations: Contract,
    pledged: int,
    offered: tuple[int, int],
    charity: Key,
    second_donor: Key,
) -> None:
    for caller in (charity, second_donor):
        with reverts("NotGiver", gift=pledged, caller=caller):
            donations.takeBackGoods(pledged, [offered[0]], sender=caller)
    lot = donations.gift(pledged).lot
    with reverts("NotWriter", caller=second_donor):
        suite.demand.takeBack(lot, [offered[0]], sender=second_donor)


def test_reverts_before_receipt(donations: Contract, pledged: int, donor: Key) -> None:
    with reverts("NothingReceived", gift=pledged):
        donations.takeBackGoods(pledged, [], sender=donor)
    with reverts("NothingReceived", gift=pledged):
        donations.takeBackMoney(pledged, sender=donor)


def test_money_goes_back_to_the_giver(
    donations: Contract, fund: Contract, currency: Contract, money: int, donor: Key, pauser: Key
) -> None:
    before = currency.balanceOf(donor.address)
    donations.pause(sender=pauser)
    fund.pause(sender=pauser)

    event = donations.takeBackMoney(money, sender=donor).event("MoneyTakenBack").args

    assert (event.gift, event.to, event.amount) == (money, donor.address, 100 * UNIT)
    assert currency.balanceOf(donor.address) == before + 100 * UNIT
    assert currency.balanceOf(fund.address) == 0
    with reverts("NothingLeft"):
        donations.takeBackMoney(money, sender=donor)


def test_money_reverts_for_another_caller(
    donations: Contract, fund: Contract, money: int, second_donor: Key
) -> None:
    with reverts("NotGiver", gift=money, caller=second_donor):
        donations.takeBackMoney(money, sender=second_donor)
    with reverts("NotWriter", caller=second_donor):
        fund.giveBack(1, second_donor.address, sender=second_donor)
