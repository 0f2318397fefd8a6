"""Who answered for a parcel at a time: `responsibleAt`.

given a parcel at rest: its custodian since it was commissioned; nobody before or after now
given a load: the consignor until the first handover, then whoever accepted, from that second on
given several rides: each time's own custodian, however many rides there were
given a parcel split off
├── for times before: whoever had its parent
└── for times after: its own way, whatever becomes of the parent
given a load that never left: the consignor throughout
"""

from __future__ import annotations

from aidline.client import Contract
from aidline.model import ParcelState
from aidline.signing import Key
from tests.support.network import NOBODY
from tests.support.suite import HOUR
from tests.unit.material_ledger.conftest import CONSIGNMENT, HERE, THERE, Goods, redeem


def test_answers_for_a_parcel_at_rest(ledger: Contract, supply: Goods, supplier: Key) -> None:
    made = ledger.parcel(supply.parcel).since
    ledger.chain.set_time(made + HOUR)
    asked = [0, made - 1, made, made + HOUR, made + HOUR + 1, 2**40 - 1]
    found = [ledger.responsibleAt(supply.parcel, time) for time in asked]
    assert found == [NOBODY, NOBODY, supplier.address, supplier.address, NOBODY, NOBODY]


def test_answers_for_each_second_of_a_way(
    ledger: Contract,
    loaded: Goods,
    supplier: Key,
    carrier: Key,
    branch_carrier: Key,
    hospital: Key,
    freight_escrow: Key,
) -> None:
    made = ledger.lot(loaded.lot).commissioned_at
    picked_up = ledger.chain.now()
    ledger.handOver(CONSIGNMENT, carrier, HERE, picked_up, sender=freight_escrow)
    ledger.chain.set_time(picked_up + HOUR)
    ledger.handOver(CONSIGNMENT, branch_carrier, 5, picked_up + HOUR, sender=freight_escrow)
    ledger.chain.set_time(picked_up + 2 * HOUR)

    def check(end: str) -> None:
        expected = {
            made - 1: NOBODY,
            made: supplier.address,
            picked_up - 1: supplier.address,
            picked_up: carrier.address,
            picked_up + HOUR - 1: carrier.address,
            picked_up + HOUR: branch_carrier.address,
            picked_up + 2 * HOUR - 1: branch_carrier.address,
            picked_up + 2 * HOUR: end,
            ledger.chain.now(): end,
            ledger.chain.now() + 1: NOBODY,
        }
        found = {time: ledger.responsibleAt(loaded.parcel, time) for time in expected}
        assert found == expected

    check(branch_carrier.address)
    at = picked_up + 2 * HOUR
    ledger.close(CONSIGNMENT, ParcelState.DELIVERED, hospital, THERE, at, sender=freight_escrow)
    ledger.chain.set_time(at + HOUR)
    check(hospital.address)


def test_in_the_second_of_two_handovers_the_last_taker_answers(
    ledger: Contract, loaded: Goods, carrier: Key, branch_carrier: Key, freight_escrow: Key
) -> None:
    now = ledger.chain.now()
    ledger.handOver(CONSIGNMENT, carrier, HERE, now, sender=freight_escrow)
    ledger.handOver(CONSIGNMENT, branch_carrier, HERE, now, sender=freight_escrow)
    assert ledger.responsibleAt(loaded.parcel, now) == branch_carrier.address


def test_the_consignor_answers_for_a_load_that_never_left(
    ledger: Contract, loaded: Goods, supplier: Key, freight_escrow: Key
) -> None:
    now = ledger.chain.now()
    ledger.close(CONSIGNMENT, ParcelState.ALLOCATED, supplier, HERE, now, sender=freight_escrow)
    made = ledger.lot(loaded.lot).commissioned_at
    for time in (made, now - 1, now):
        assert ledger.responsibleAt(loaded.parcel, time) == supplier.address


def test_a_part_shares_the_past_of_the_whole_but_not_its_future(
    ledger: Contract,
    delivered: Goods,
    supplier: Key,
    carrier: Key,
    hospital: Key,
    freight_escrow: Key,
) -> None:
    picked_up = ledger.custodySpan(CONSIGNMENT, 1).since
    arrived = ledger.chain.now()
    ledger.chain.set_time(arrived + HOUR)
    receipt = ledger.split(delivered.parcel, 100, sender=hospital)
    part = receipt.event("ParcelSplit").args.child

    for time, expected in {
        ledger.lot(delivered.lot).commissioned_at - 1: NOBODY,
        ledger.lot(delivered.lot).commissioned_at: supplier.address,
        picked_up - 1: supplier.address,
        picked_up: carrier.address,
        arrived - 1: carrier.address,
        arrived: hospital.address,
        ledger.chain.now(): hospital.address,
    }.items():
        assert ledger.responsibleAt(part, time) == expected
        assert ledger.responsibleAt(delivered.parcel, time) == expected


def test_a_part_that_stays_does_not_travel_with_the_rest(
    ledger: Contract,
    offered: Goods,
    supplier: Key,
    carrier: Key,
    demand_escrow: Key,
    freight_escrow: Key,
) -> None:
    stays = redeem(ledger, offered.parcel, 400, demand_escrow)
    redeem(ledger, offered.parcel, 600, demand_escrow)
    ledger.form(CONSIGNMENT, [offered.parcel], NOBODY, [], sender=freight_escrow)
    now = ledger.chain.now()
    ledger.handOver(CONSIGNMENT, carrier, HERE, now, sender=freight_escrow)
    assert ledger.responsibleAt(offered.parcel, now) == carrier.address
    assert ledger.responsibleAt(stays, now) == supplier.address
