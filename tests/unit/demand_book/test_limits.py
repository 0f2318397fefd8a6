"""What a recipient has asked and has on hand (DEM-34 to DEM-36, INV-DEM-6).

publish
├── given all that its recipient has asked of the material above the cap: it needs a second auditor
├── given more than 10^12 in all: refused
└── what is on hand is the least stock that counts, whatever is declared
asked
├── falls by what is open when a demand is withdrawn or lapses, by no more
├── falls when units allocated to an ended demand do not come
└── falls when units are handed out
reportDistributed
├── given a parcel that was not handed out, a lot that no allocation brought, too many: refused
├── else each unit counts once, whoever reports, however often
└── what was received later can be reported later
writeOff
└── an auditor that may attest takes off what was received, with a reason, and no more
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.model import Level, ParcelState
from aidline.signing import Key
from tests.support.demand import STATION, Desk
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, MASK

LARGEST = 10**12
REASON = keccak(b"a flood")


@pytest.fixture(autouse=True)
def declared(desk: Desk, hospital: Key) -> None:
    desk.declare(hospital)


def account(desk: Desk, recipient: Key, material: int = MASK) -> tuple[int, int]:
    """Return units asked and on hand."""
    told = desk.needs.account(recipient.address, material)
    return told.asked, told.on_hand


@pytest.fixture
def delivered(desk: Desk, hospital: Key, auditor: Key, charity: Key) -> int:
    """The parcel of 300 masks of 1,000 that the hospital asked for, delivered and counted."""
    demand = desk.need(hospital, Level.LOW, 1_000, [auditor])
    (allocation,) = desk.propose((desk.offer(charity, 300), demand, 300))
    desk.book(1, allocation)
    carrier = key_of("carrier").address
    ledger = desk.suite.ledger
    desk.suite.ledger.handOver(1, carrier, 3, desk.now, sender=key_of("room of freight"))
    ledger.close(
        1,
        ParcelState.DELIVERED,
        hospital.address,
        STATION,
        desk.now,
        sender=key_of("room of freight"),
    )
    parcel: int = desk.escrow.allocation(allocation).parcel
    desk.receive(demand, parcel, 300)
    return parcel


# --- publish ---------------------------------------------------------------------------------


def test_splitting_a_demand_gains_nothing(desk: Desk, hospital: Key, auditor: Key) -> None:
    parts = [desk.publish(hospital, material=KIT, units=2_500) for _ in range(3)]
    assert [desk.needs.demand(part).over_cap for part in parts] == [False, False, True]
    desk.attest(parts[2], auditor)
    assert desk.open_units(material=KIT) == (0, 0, 0, 0)
    assert account(desk, hospital, KIT) == (7_500, 0)


def test_withdrawing_what_nobody_served_frees_the_cap(desk: Desk, hospital: Key) -> None:
    first = desk.publish(hospital, material=KIT, units=5_000)
    desk.needs.withdrawDemand(first, sender=hospital)
    assert account(desk, hospital, KIT) == (0, 0)
    again = desk.publish(hospital, material=KIT, units=5_000)
    assert not desk.needs.demand(again).over_cap


def test_reverts_when_all_that_is_asked_is_too_much(desk: Desk, hospital: Key) -> None:
    desk.publish(hospital, units=LARGEST)
    with reverts("TooManyUnits", units=LARGEST + 1, most=LARGEST):
        desk.publish(hospital, units=1)


def test_what_is_on_hand_counts_as_stock(desk: Desk, hospital: Key, delivered: int) -> None:
    assert account(desk, hospital) == (1_000, 300)
    false = desk.publish(hospital, units=100, stock=0, daily_use=100)
    record = desk.needs.demand(false)
    assert (record.stock, record.level) == (300, Level.MEDIUM)
    changed = desk.needs.updateFacts(false, 299, 100, sender=hospital).event("FactsChanged").args
    assert changed.stock == 300
    desk.needs.updateFacts(false, 301, 100, sender=hospital)
    assert desk.needs.demand(false).stock == 301


# --- asked -----------------------------------------------------------------------------------


def test_ended_demands_keep_what_was_served(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key, charity: Key, stranger: Key
) -> None:
    withdrawn = desk.need(hospital, Level.LOW, 1_000, [auditor])
    lapsing = desk.need(hospital, Level.LOW, 1_000, [auditor], needed_by=desk.now + 2 * DAY)
    first, second = desk.propose(
        (desk.offer(charity, 100), withdrawn, 100), (desk.offer(charity, 200), lapsing, 200)
    )
    needs.withdrawDemand(withdrawn, sender=hospital)
    assert account(desk, hospital) == (1_100, 0)
    desk.wait(2 * DAY)
    needs.lapseDemand(lapsing, sender=stranger)
    assert account(desk, hospital) == (300, 0)
    for allocation, left in ((first, 200), (second, 0)):
        desk.escrow.release(allocation, sender=stranger)
        assert account(desk, hospital) == (left, 0)


# --- reportDistributed -----------------------------------------------------------------------


def hand_out(desk: Desk, hospital: Key, parcel: int, units: int) -> int:
    told = desk.suite.ledger.distribute(
        parcel, units, word("ward 3"), word("list"), sender=hospital
    )
    handed: int = told.event("UnitsDistributed").args.parcel
    return handed


def test_what_is_handed_out_is_neither_asked_nor_on_hand(
    desk: Desk, needs: Contract, hospital: Key, delivered: int, stranger: Key
) -> None:
    handed = hand_out(desk, hospital, delivered, 120)
    told = needs.reportDistributed([handed], sender=stranger).event("UnitsHandedOut").args
    assert (told.recipient, told.material) == (hospital.address, MASK)
    assert (told.parcel, told.units) == (handed, 120)
    assert account(desk, hospital) == (880, 180)
    assert not needs.reportDistributed([handed, handed], sender=stranger).events
    assert account(desk, hospital) == (880, 180)


def test_what_was_destroyed_counts_too(
    desk: Desk, needs: Contract, hospital: Key, delivered: int, stranger: Key
) -> None:
    desk.suite.ledger.quarantine(delivered, word("wet"), sender=hospital)
    desk.suite.ledger.destroy(delivered, word("burnt"), sender=hospital)
    needs.reportDistributed([delivered], sender=stranger)
    assert account(desk, hospital) == (700, 0)


def test_reverts_when_it_was_not_handed_out(
    desk: Desk, needs: Contract, delivered: int, stranger: Key
) -> None:
    with reverts("NotHandedOut", parcel=delivered):
        needs.reportDistributed([delivered], sender=stranger)
    with reverts("TooManyParcels", given=101, most=100):
        needs.reportDistributed([delivered] * 101, sender=stranger)


def test_a_lot_that_no_allocation_brought_takes_nothing_off(
    desk: Desk, needs: Contract, charity: Key, delivered: int, stranger: Key
) -> None:
    own = desk.gift(charity, 500)
    desk.suite.ledger.quarantine(own, word("wet"), sender=charity)
    desk.suite.ledger.destroy(own, word("burnt"), sender=charity)
    with reverts("NothingReceived", parcel=own, recipient=charity):
        needs.reportDistributed([own], sender=stranger)


def test_what_is_counted_later_can_be_reported_later(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key, charity: Key, stranger: Key
) -> None:
    demand = desk.need(hospital, Level.LOW, 1_000, [auditor])
    (allocation,) = desk.propose((desk.offer(charity, 300), demand, 300))
    desk.book(1, allocation)
    freight = key_of("room of freight")
    ledger = desk.suite.ledger
    ledger.handOver(1, key_of("carrier").address, 3, desk.now, sender=freight)
    ledger.close(1, ParcelState.DELIVERED, hospital.address, STATION, desk.now, sender=freight)
    parcel = desk.escrow.allocation(allocation).parcel
    handed = hand_out(desk, hospital, parcel, 300)
    with reverts("NothingReceived", parcel=handed, recipient=hospital):
        needs.reportDistributed([handed], sender=stranger)
    for units, left in ((100, 900), (200, 700)):
        desk.receive(demand, parcel, units)
        needs.reportDistributed([handed], sender=stranger)
        assert account(desk, hospital) == (left, 0)


# --- writeOff --------------------------------------------------------------------------------


def test_an_auditor_writes_off_what_was_lost(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key, delivered: int, stranger: Key
) -> None:
    lot = desk.suite.ledger.parcel(delivered).lot
    desk.suite.ledger.reportLoss(delivered, 300, word("police report"), sender=hospital)
    with reverts("NotHandedOut", parcel=delivered):
        needs.reportDistributed([delivered], sender=stranger)
    told = needs.writeOff(hospital, lot, 200, REASON, sender=auditor).event("UnitsWrittenOff").args
    assert (told.recipient, told.material, told.lot) == (hospital.address, MASK, lot)
    assert (told.units, told.auditor, told.reason) == (200, auditor.address, REASON)
    assert account(desk, hospital) == (800, 100)
    assert needs.receivedOf(hospital, lot) == 100


def test_reverts_when_it_cannot_be_written_off(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key, delivered: int
) -> None:
    lot = desk.suite.ledger.parcel(delivered).lot
    with reverts("TooManyUnits", units=301, most=300):
        needs.writeOff(hospital, lot, 301, REASON, sender=auditor)
    with reverts("ZeroUnits"):
        needs.writeOff(hospital, lot, 0, REASON, sender=auditor)
    with reverts("NoReason"):
        needs.writeOff(hospital, lot, 1, bytes(32), sender=auditor)
    with reverts("NotActive", account=hospital):
        needs.writeOff(hospital, lot, 1, REASON, sender=hospital)


def test_only_the_escrow_counts_what_was_received(
    desk: Desk, needs: Contract, hospital: Key, auditor: Key
) -> None:
    demand = desk.publish(hospital)
    for caller in (hospital, auditor):
        with reverts("NotWriter", caller=caller):
            needs.countReceived(demand, 1, 1, sender=caller)
