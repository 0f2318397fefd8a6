"""`propose` of DemandEscrow: batches in the order of urgency.

propose
├── when the caller is not an active solver: refused
├── when paused, empty, of more than 100 lines: refused
├── given lines out of sequence or a pair twice: refused
├── given an offer that is unknown, over or used up; a demand that is over: refused
├── given a line of other material, other earmark, too many units, no units, goods that end before
│   they are needed, a suspended recipient, unaudited demand: refused
├── given more urgent audited demand in the offer's scope that stays open: refused (INV-DEM-3)
│   ├── an offer with an earmark reads the demand of its earmark only
│   ├── more urgent demand served in the same batch does not stand in the way
│   ├── lapsed, met, withdrawn, unaudited demand does not
│   └── what the offer truly cannot serve does not, once it is named, and only once
└── else the lines are allocated, counted and scored
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import AllocationStatus, DemandStatus, EarmarkKind, Level, OfferStatus
from aidline.signing import Key
from tests.support.demand import STATION, Desk, earmark
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, KIT, MASK

AUDITORS = (key_of("auditor"), key_of("second_auditor"))


@pytest.fixture(autouse=True)
def facilities(
    desk: Desk, hospital: Key, second_hospital: Key, county_hospital: Key, auditor: Key
) -> None:
    for recipient in (hospital, second_hospital, county_hospital):
        desk.settle(recipient, auditor)


@pytest.fixture
def critical(desk: Desk, hospital: Key, auditor: Key, second_auditor: Key) -> int:
    """400 masks for the hospital, critical."""
    return desk.need(hospital, Level.CRITICAL, 400, [auditor, second_auditor])


@pytest.fixture
def high(desk: Desk, second_hospital: Key, auditor: Key) -> int:
    """300 masks for the second hospital, high."""
    return desk.need(second_hospital, Level.HIGH, 300, [auditor])


@pytest.fixture
def low(desk: Desk, county_hospital: Key, auditor: Key) -> int:
    """500 masks for the county hospital, low."""
    return desk.need(county_hospital, Level.LOW, 500, [auditor])


# --- success ---------------------------------------------------------------------------------


def test_allocates_and_scores_a_batch(
    desk: Desk, escrow: Contract, charity: Key, solver: Key, critical: int, high: int, low: int
) -> None:
    first, second = desk.offer(charity, 600), desk.offer(charity, 200)
    receipt = escrow.propose(
        {
            "lapse": [],
            "lines": [(first, critical, 400), (first, high, 200), (second, high, 100)],
            "exemptions": [],
        },
        sender=solver,
    )
    accepted = receipt.event("ProposalAccepted").args
    assert (accepted.proposal, accepted.solver, accepted.lines) == (1, solver.address, 3)
    assert accepted.score == 400 * 64 + 300 * 16
    assert accepted.stock_seconds_won == 7 * DAY
    assert escrow.proposalCount() == 1
    assert desk.open_units() == (500, 0, 0, 0)
    assert desk.needs.demand(critical).status == DemandStatus.MET
    assert desk.needs.demand(high).served == 300
    assert escrow.offerRecord(first).status == OfferStatus.USED
    assert escrow.offerRecord(second).units == 100
    record = escrow.allocation(2)
    assert (record.demand, record.offer, record.units) == (high, first, 200)
    assert (record.level, record.status) == (Level.HIGH, AllocationStatus.ALLOCATED)
    assert record.at == desk.now
    assert record.by_holder is False
    assert (desk.parcel_of(2).units, desk.parcel_of(2).promised) == (600, 600)
    assert escrow.stationOf(2) == STATION


def test_solvers_are_compared_by_what_their_batches_won(
    desk: Desk, escrow: Contract, charity: Key, solver: Key, stranger: Key, critical: int, high: int
) -> None:
    offer = desk.offer(charity, 600)
    desk.propose((offer, critical, 300))
    desk.propose((offer, critical, 100), (offer, high, 200))
    record = escrow.solverRecord(solver)
    assert (record.batches, record.lines) == (2, 3)
    assert record.weighted == 400 * 64 + 200 * 16
    assert record.stock_seconds == 6 * DAY
    assert escrow.solverRecord(stranger).batches == 0


def test_a_demand_served_partly_stays_open_with_the_rest(
    desk: Desk, charity: Key, critical: int
) -> None:
    desk.propose((desk.offer(charity, 150), critical, 150))
    record = desk.needs.demand(critical)
    assert (record.status, record.served) == (DemandStatus.OPEN, 150)
    assert desk.open_units() == (0, 0, 0, 250)


def test_lapses_what_is_over_first(desk: Desk, charity: Key, low: int, hospital: Key) -> None:
    blocking = desk.publish(hospital, units=100, stock=0, needed_by=desk.now + DAY)
    desk.attest(blocking, *AUDITORS)
    desk.wait(DAY)
    offer = desk.offer(charity, 100)
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.CRITICAL, open=100):
        desk.propose((offer, low, 100))
    desk.propose((offer, low, 100), lapse=[blocking, blocking])
    assert desk.needs.demand(blocking).status == DemandStatus.LAPSED


def test_a_level_that_has_risen_is_seen_when_served(desk: Desk, charity: Key, high: int) -> None:
    desk.wait(DAY + 3600)
    allocation = desk.propose((desk.offer(charity, 10), high, 10))[0]
    # 23 hours are left, but only one auditor has vouched: it counts as high.
    assert desk.needs.demand(high).level == Level.CRITICAL
    assert desk.escrow.allocation(allocation).level == Level.HIGH


# --- who and what ----------------------------------------------------------------------------


def test_reverts_when_the_caller_is_no_solver(
    desk: Desk, charity: Key, critical: int, stranger: Key
) -> None:
    offer = desk.offer(charity, 100)
    with reverts("NotActive", account=stranger):
        desk.propose((offer, critical, 100), solver=stranger)
    with reverts("NotActive", account=charity):
        desk.propose((offer, critical, 100), solver=charity)


def test_reverts_when_paused(desk: Desk, charity: Key, critical: int, pauser: Key) -> None:
    offer = desk.offer(charity, 100)
    desk.escrow.pause(sender=pauser)
    with reverts("IsPaused"):
        desk.propose((offer, critical, 100))


def test_reverts_when_empty_or_too_long(desk: Desk) -> None:
    with reverts("EmptyProposal"):
        desk.propose()
    with reverts("TooManyLines", given=101, most=100):
        desk.propose(*[(1, number, 1) for number in range(101)])
    with reverts("TooManyLines", given=101, most=100):
        desk.propose((1, 1, 1), exemptions=[(1, number) for number in range(101)])
    with reverts("TooManyDemands", given=101, most=100):
        desk.propose((1, 1, 1), lapse=[1] * 101)


def test_reverts_when_a_pair_comes_twice(desk: Desk, charity: Key, critical: int) -> None:
    offer = desk.offer(charity, 100)
    with reverts("LineNotAscending", line=1, offer=offer, demand=critical):
        desk.propose((offer, critical, 50), (offer, critical, 50))


def test_reverts_when_lines_are_out_of_sequence(
    desk: Desk, charity: Key, critical: int, high: int
) -> None:
    first, second = desk.offer(charity, 400), desk.offer(charity, 100)
    with reverts("LineNotAscending", line=1, offer=first, demand=critical):
        desk.propose((second, high, 10), (first, critical, 400))
    with reverts("LineNotAscending", line=1, offer=first, demand=critical):
        desk.propose((first, high, 10), (first, critical, 390))


def test_reverts_on_unknown_ids(desk: Desk, charity: Key, critical: int) -> None:
    offer = desk.offer(charity, 100)
    with reverts("UnknownOffer", offer=9):
        desk.propose((9, critical, 1))
    with reverts("UnknownDemand", demand=9):
        desk.propose((offer, 9, 1))


# --- offers and demands that are over --------------------------------------------------------


def test_reverts_on_double_allocation_of_an_offer(desk: Desk, charity: Key, critical: int) -> None:
    offer = desk.offer(charity, 100)
    desk.propose((offer, critical, 100))
    with reverts("OfferNotOpen", offer=offer, status=OfferStatus.USED):
        desk.propose((offer, critical, 100))


def test_reverts_on_more_units_than_offered_or_needed(
    desk: Desk, charity: Key, critical: int
) -> None:
    small, large = desk.offer(charity, 100), desk.offer(charity, 1_000)
    with reverts("LineTooManyUnits", line=0, asked=101, there=100):
        desk.propose((small, critical, 101))
    with reverts("LineTooManyUnits", line=1, asked=301, there=300):
        desk.propose((small, critical, 100), (large, critical, 301))
    with reverts("ZeroUnits"):
        desk.propose((small, critical, 0))


def test_reverts_when_the_offer_is_over(desk: Desk, charity: Key, critical: int) -> None:
    offer = desk.offer(charity, 100)
    desk.wait(7 * DAY)
    with reverts("OfferNotOpen", offer=offer, status=OfferStatus.EXPIRED):
        desk.propose((offer, critical, 100))


def test_reverts_when_the_offer_was_withdrawn(desk: Desk, charity: Key, critical: int) -> None:
    offer = desk.offer(charity, 100)
    desk.escrow.withdrawOffer(offer, sender=charity)
    with reverts("OfferNotOpen", offer=offer, status=OfferStatus.WITHDRAWN):
        desk.propose((offer, critical, 100))


def test_reverts_when_the_demand_is_over(
    desk: Desk, charity: Key, critical: int, hospital: Key
) -> None:
    offer = desk.offer(charity, 100)
    desk.wait(10 * DAY - 1)
    later = desk.offer(charity, 100)
    desk.wait(1)
    with reverts("DemandNotOpen", demand=critical, status=DemandStatus.LAPSED):
        desk.propose((later, critical, 100))
    desk.needs.withdrawDemand(critical, sender=hospital)
    with reverts("DemandNotOpen", demand=critical, status=DemandStatus.WITHDRAWN):
        desk.propose((later, critical, 100))
    assert desk.escrow.offerRecord(offer).units == 100


def test_reverts_when_the_recipient_is_suspended(
    desk: Desk, charity: Key, critical: int, hospital: Key, suspend: Callable[[Key], None]
) -> None:
    offer = desk.offer(charity, 100)
    suspend(hospital)
    with reverts("NotActive", account=hospital):
        desk.propose((offer, critical, 100))


# --- whether goods fit -----------------------------------------------------------------------


def test_reverts_on_other_material(desk: Desk, charity: Key, critical: int) -> None:
    offer = desk.offer(charity, 100, material=KIT, expiry=desk.now + 100 * DAY)
    with reverts("LineWrongMaterial", line=0, offer=offer, demand=critical):
        desk.propose((offer, critical, 100))


def test_reverts_when_goods_end_before_they_are_needed(
    desk: Desk, charity: Key, hospital: Key, auditor: Key
) -> None:
    demand = desk.need(hospital, Level.HIGH, 100, [auditor], material=KIT)
    needed_by = desk.needs.demand(demand).needed_by
    early = desk.offer(charity, 100, material=KIT, expiry=needed_by - 1)
    with reverts("LineExpired", line=0, offer=early, expiry=needed_by - 1):
        desk.propose((early, demand, 100))
    desk.propose((desk.offer(charity, 100, material=KIT, expiry=needed_by), demand, 100))


@pytest.mark.parametrize(
    "mark",
    [
        earmark(EarmarkKind.REGION, "CN-GD"),
        earmark(EarmarkKind.FACILITY, "second_hospital"),
        earmark(EarmarkKind.EMERGENCY, "epidemic"),
    ],
    ids=["region", "facility", "emergency"],
)
def test_reverts_outside_the_earmark(
    desk: Desk, charity: Key, critical: int, mark: dict[str, object]
) -> None:
    offer = desk.offer(charity, 100, mark=mark)
    with reverts("LineEarmark", line=0, offer=offer, demand=critical):
        desk.propose((offer, critical, 100))


@pytest.mark.parametrize(
    "mark",
    [earmark(EarmarkKind.REGION, "CN-HB"), earmark(EarmarkKind.FACILITY, "hospital")],
    ids=["region", "facility"],
)
def test_allocates_within_the_earmark(
    desk: Desk, charity: Key, critical: int, mark: dict[str, object]
) -> None:
    desk.propose((desk.offer(charity, 400, mark=mark), critical, 400))
    assert desk.open_units(mark) == (0, 0, 0, 0)


def test_reverts_on_unaudited_demand(desk: Desk, charity: Key, hospital: Key) -> None:
    demand = desk.publish(hospital, stock=0)
    offer = desk.offer(charity, 100)
    with reverts("LineUnaudited", line=0, demand=demand):
        desk.propose((offer, demand, 100))


def test_reverts_once_the_attestation_is_over(
    desk: Desk, charity: Key, hospital: Key, auditor: Key
) -> None:
    demand = desk.publish(hospital)
    desk.attest(demand, auditor, valid=DAY)
    offer = desk.offer(charity, 100)
    desk.wait(DAY)
    with reverts("LineUnaudited", line=0, demand=demand):
        desk.propose((offer, demand, 100))


# --- order of urgency (INV-DEM-3) ------------------------------------------------------------


def test_reverts_out_of_order(desk: Desk, charity: Key, critical: int, high: int, low: int) -> None:
    offer = desk.offer(charity, 1_000)
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.HIGH, open=300):
        desk.propose((offer, critical, 400), (offer, low, 1))
    with reverts("OutOfOrder", offer=offer, served=Level.HIGH, level=Level.CRITICAL, open=1):
        desk.propose((offer, critical, 399), (offer, high, 300))
    assert desk.open_units() == (500, 0, 300, 400)


def test_another_offer_may_serve_the_more_urgent(
    desk: Desk, charity: Key, critical: int, low: int
) -> None:
    first, second = desk.offer(charity, 400), desk.offer(charity, 100)
    with reverts("OutOfOrder", offer=first, served=Level.LOW, level=Level.CRITICAL, open=300):
        desk.propose((first, low, 100), (second, critical, 100))
    desk.propose((first, critical, 400), (second, low, 100))


def test_the_whole_batch_counts_not_its_sequence(
    desk: Desk, charity: Key, county_hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    low = desk.need(county_hospital, Level.LOW, 100, [auditor])
    critical = desk.need(county_hospital, Level.CRITICAL, 100, [auditor, second_auditor])
    offer = desk.offer(charity, 200)
    assert low < critical
    desk.propose((offer, low, 100), (offer, critical, 100))


def test_an_earmark_reads_its_own_demand_only(
    desk: Desk, charity: Key, critical: int, low: int
) -> None:
    facility = earmark(EarmarkKind.FACILITY, "county_hospital")
    desk.propose((desk.offer(charity, 10, mark=facility), low, 10))
    region = earmark(EarmarkKind.REGION, "CN-HB")
    offer = desk.offer(charity, 10, mark=region)
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.CRITICAL, open=400):
        desk.propose((offer, low, 10))


def test_a_facility_earmark_keeps_the_order_within_the_facility(
    desk: Desk, charity: Key, critical: int, hospital: Key, auditor: Key
) -> None:
    calm = desk.need(hospital, Level.LOW, 100, [auditor])
    offer = desk.offer(charity, 10, mark=earmark(EarmarkKind.FACILITY, "hospital"))
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.CRITICAL, open=400):
        desk.propose((offer, calm, 10))


def test_critical_attested_once_blocks_as_high(
    desk: Desk, charity: Key, hospital: Key, high: int, low: int, auditor: Key
) -> None:
    desk.need(hospital, Level.CRITICAL, 50, [auditor])
    assert desk.open_units() == (500, 0, 350, 0)
    desk.propose((desk.offer(charity, 300), high, 300))
    offer = desk.offer(charity, 1)
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.HIGH, open=50):
        desk.propose((offer, low, 1))


def test_unaudited_withdrawn_and_met_demand_blocks_nobody(
    desk: Desk, charity: Key, critical: int, high: int, low: int, hospital: Key
) -> None:
    desk.publish(hospital, stock=0)
    desk.needs.withdrawDemand(critical, sender=hospital)
    desk.propose((desk.offer(charity, 300), high, 300))
    desk.propose((desk.offer(charity, 100), low, 100))
    assert desk.open_units() == (400, 0, 0, 0)


def test_demand_of_other_material_blocks_nobody(
    desk: Desk, charity: Key, low: int, hospital: Key
) -> None:
    desk.need(hospital, Level.CRITICAL, 100, AUDITORS, material=KIT)
    desk.propose((desk.offer(charity, 100), low, 100))
    assert desk.open_units(material=KIT) == (0, 0, 0, 100)
    assert desk.open_units(material=MASK) == (400, 0, 0, 0)


# --- exemptions ------------------------------------------------------------------------------


@pytest.fixture
def kits(
    desk: Desk, charity: Key, hospital: Key, county_hospital: Key, auditor: Key
) -> tuple[int, int, int]:
    """Kits that end in six days; a high demand that needs them later, a low one sooner."""
    later = desk.need(hospital, Level.HIGH, 100, [auditor], material=KIT)
    sooner = desk.need(
        county_hospital, Level.LOW, 100, [auditor], material=KIT, needed_by=desk.now + 5 * DAY
    )
    return desk.offer(charity, 100, material=KIT, expiry=desk.now + 6 * DAY), later, sooner


def test_what_an_offer_cannot_serve_is_exempt_once_named(
    desk: Desk, kits: tuple[int, int, int]
) -> None:
    offer, later, sooner = kits
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.HIGH, open=100):
        desk.propose((offer, sooner, 100))
    desk.propose((offer, sooner, 100), exemptions=[(offer, later)])


def test_an_exemption_is_not_subtracted_twice(
    desk: Desk, kits: tuple[int, int, int], second_hospital: Key, auditor: Key
) -> None:
    offer, later, sooner = kits
    desk.need(second_hospital, Level.HIGH, 100, [auditor], material=KIT, needed_by=desk.now + DAY)
    with reverts("ExemptionNotAscending", exemption=1, offer=offer, demand=later):
        desk.propose((offer, sooner, 100), exemptions=[(offer, later), (offer, later)])
    with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.HIGH, open=100):
        desk.propose((offer, sooner, 100), exemptions=[(offer, later)])


def test_reverts_when_an_exemption_is_untrue(
    desk: Desk,
    kits: tuple[int, int, int],
    second_hospital: Key,
    auditor: Key,
    critical: int,
) -> None:
    offer, _, sooner = kits
    usable = desk.need(
        second_hospital, Level.HIGH, 100, [auditor], material=KIT, needed_by=desk.now + DAY
    )
    unaudited = desk.publish(second_hospital, material=KIT)
    for demand in (usable, unaudited, critical):
        with reverts("NotExempt", offer=offer, demand=demand):
            desk.propose((offer, sooner, 100), exemptions=[(offer, demand)])


def test_reverts_when_an_exemption_names_an_offer_of_no_line(
    desk: Desk, charity: Key, kits: tuple[int, int, int]
) -> None:
    offer, later, sooner = kits
    elsewhere = desk.offer(charity, 1, material=KIT, expiry=desk.now + 6 * DAY)
    with reverts("NotExempt", offer=elsewhere, demand=later):
        desk.propose((offer, sooner, 100), exemptions=[(offer, later), (elsewhere, later)])


def test_an_exemption_outside_the_scope_is_refused(
    desk: Desk, hospital: Key, county_hospital: Key, charity: Key, auditor: Key
) -> None:
    later = desk.need(hospital, Level.HIGH, 100, [auditor], material=KIT)
    mine = desk.need(
        county_hospital, Level.LOW, 100, [auditor], material=KIT, needed_by=desk.now + DAY
    )
    mark = earmark(EarmarkKind.FACILITY, word("county_hospital"))
    offer = desk.offer(charity, 50, material=KIT, expiry=desk.now + 6 * DAY, mark=mark)
    with reverts("NotExempt", offer=offer, demand=later):
        desk.propose((offer, mine, 50), exemptions=[(offer, later)])
    desk.propose((offer, mine, 50))
