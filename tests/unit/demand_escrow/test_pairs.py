"""Two allocations share a word of DemandEscrow, and ids have 30 bits.

pairs
├── given a batch that ends on either half: the next begins on the other, and each is read as made
├── when one is booked, released, reported short or received: its pair stays as it was
├── an allocation counts from the full hour at which it was made, or from the next
└── given the greatest id: an offer and a demand of it are matched, one more is refused
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import AllocationStatus, Flaw, Level, ParcelState
from aidline.signing import Key
from tests.support.demand import FREIGHT, FUND, Desk
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR

LAST = 2**30 - 1
#: Beside what is asked already, and one unit more.
MOST = 10**12 - 501


@pytest.fixture
def demands(desk: Desk, hospital: Key, auditor: Key) -> list[int]:
    """Five of 100 masks."""
    desk.settle(hospital, auditor)
    return [desk.need(hospital, Level.LOW, 100, [auditor]) for _ in range(5)]


def all_of(escrow: Contract) -> list[Any]:
    return [escrow.allocation(number) for number in range(1, escrow.allocationCount() + 1)]


def set_counter(desk: Desk, room: Contract, before: int, after: int) -> None:
    """Set the only counter of a room that stands at `before`, in the lowest 64 bits of its word."""
    evm = desk.suite.chain._evm
    words = {slot: evm.storage(room.address, slot) for slot in range(8)}
    (slot,) = [slot for slot, word in words.items() if word % 2**64 == before]
    evm.insert_account_storage(room.address, slot, words[slot] - before + after)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1, 1), (2, 3), (3, 2), (5,), (1, 4), (4, 1)])
def test_each_is_kept_as_it_was_made(
    desk: Desk, escrow: Contract, charity: Key, demands: list[int], sizes: tuple[int, ...]
) -> None:
    left, expected = list(demands), []
    for size in sizes:
        offer = desk.offer(charity, 500)
        lines = [(offer, left.pop(0), 10 * len(left) + 1) for _ in range(size)]
        made = desk.propose(*lines)
        assert made == list(range(len(expected) + 1, len(expected) + size + 1))
        expected += [(offer, demand, units, desk.now) for offer, demand, units in lines]
        with reverts("UnknownAllocation", allocation=made[-1] + 1):
            escrow.allocation(made[-1] + 1)
        desk.wait(HOUR)
    told = all_of(escrow)
    assert [(one.offer, one.demand, one.units, one.at) for one in told] == expected
    assert {(one.status, one.level, one.by_holder) for one in told} == {
        (AllocationStatus.ALLOCATED, Level.LOW, False)
    }


@pytest.mark.parametrize("moved", [2, 3])
@pytest.mark.parametrize("way", ["released", "short", "received", "failed"])
def test_its_pair_stays_as_it_was(
    desk: Desk, escrow: Contract, charity: Key, demands: list[int], moved: int, way: str
) -> None:
    offer = desk.offer(charity, 500)
    desk.propose(*[(offer, demand, 100) for demand in demands])
    before = all_of(escrow)
    if way == "released":
        desk.wait(DAY)
        escrow.release(moved, sender=charity)
        changed = (AllocationStatus.RELEASED, 100)
    else:
        desk.book(1, moved)
        if way == "short":
            ledger, parcel = desk.suite.ledger, escrow.allocation(moved).parcel
            ledger.handOver(1, key_of("carrier"), 3, desk.now, sender=FREIGHT)
            gone = {"parcel": parcel, "units": 30, "flaw": Flaw.SHORT}
            ledger.setAside(1, [gone], 3, desk.now, sender=FREIGHT)
            escrow.reportShort(moved, sender=charity)
            changed = (AllocationStatus.BOOKED, 70)
        elif way == "failed":
            desk.close(1, ParcelState.LOST)
            escrow.reportFailed(moved, sender=charity)
            changed = (AllocationStatus.FAILED, 100)
        else:
            desk.close(1, ParcelState.DELIVERED)
            escrow.reportReceived([moved], sender=charity)
            changed = (AllocationStatus.RECEIVED, 100)
    after = all_of(escrow)
    told = after.pop(moved - 1)
    before.pop(moved - 1)
    assert after == before
    assert (told.status, told.units, told.demand) == (*changed, demands[moved - 1])


def test_counts_from_the_next_full_hour(
    desk: Desk, escrow: Contract, charity: Key, demands: list[int]
) -> None:
    offer, full = desk.offer(charity, 500), desk.now + HOUR
    assert full % HOUR == 0
    desk.wait(1)
    early, booked = desk.propose((offer, demands[0], 100), (offer, demands[1], 100))
    desk.wait(HOUR - 1)
    (sharp,) = desk.propose((offer, demands[2], 100))
    assert [escrow.allocation(number).at for number in (early, booked, sharp)] == [full] * 3
    desk.wait(DAY - 1)
    with reverts("BookingWindowOpen", allocation=early, until=full + DAY):
        escrow.release(early, sender=charity)
    escrow.take([booked], 7, FUND.address, 0, sender=FREIGHT)
    desk.wait(1)
    with reverts("BookingWindowOver", allocation=sharp, until=full + DAY):
        escrow.take([sharp], 8, FUND.address, 0, sender=FREIGHT)
    escrow.release(early, sender=charity)


def test_the_last_offer_and_the_last_demand(
    desk: Desk, escrow: Contract, charity: Key, hospital: Key, auditor: Key, demands: list[int]
) -> None:
    desk.offer(charity, 1)
    set_counter(desk, escrow, 1, LAST - 1)
    set_counter(desk, desk.needs, 5, LAST - 1)
    demand = desk.need(hospital, Level.LOW, MOST, [auditor])
    offer = desk.offer(charity, MOST)
    assert (offer, demand) == (LAST, LAST)
    (number,) = desk.propose((offer, demand, MOST))
    told = escrow.allocation(number)
    assert (told.offer, told.demand, told.units) == (LAST, LAST, MOST)
    parcel = desk.gift(charity, 1)
    with reverts("NoIdLeft", offer=LAST + 1):
        escrow.offer(parcel, desk.now + DAY, sender=charity)
    with reverts("NoIdLeft", demand=LAST + 1):
        desk.publish(hospital, units=1)
