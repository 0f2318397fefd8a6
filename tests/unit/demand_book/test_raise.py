"""What a plan does in DemandBook: `raise`, `claim`, `openFastPath`.

raise
├── when the caller is not EmergencyResponse, or paused: refused
├── given no units, an end that is not ahead, an unknown material, a region without attested
│   facilities: refused
└── else the units wait to be claimed
claim
├── given an unknown raise, one that is over, a claim made before, or a request that says units,
│   material or emergency: refused
├── when the caller is not attested, was attested after the raise, lies elsewhere, or its part is
│   less than one unit: refused
└── else a demand for its part is published, unaudited; all parts are never more than the raise
openFastPath
├── when the caller is not EmergencyResponse, without units, or with an end not ahead: refused
└── else there is room; opened again it counts anew
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.model import Level
from aidline.signing import Key
from tests.support.demand import EMERGENCY, PLAN, Desk
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import DAY, MASK

HUBEI = word("CN-HB")


@pytest.fixture
def settled(
    desk: Desk, hospital: Key, second_hospital: Key, county_hospital: Key, auditor: Key
) -> None:
    """Three facilities with 100, 200 and 50 people in care."""
    desk.settle(hospital, auditor, 100)
    desk.settle(second_hospital, auditor, 200)
    desk.settle(county_hospital, auditor, 50)


def raise_(desk: Desk, region: bytes = HUBEI, units: int = 1_000) -> int:
    receipt = desk.needs["raise"](PLAN, region, MASK, units, desk.now + 7 * DAY, sender=EMERGENCY)
    raised: int = receipt.event("DemandRaised").args.raised
    return raised


@pytest.fixture
def raised(desk: Desk, settled: None) -> int:
    """1,000 masks for Hubei."""
    return raise_(desk)


def claim(desk: Desk, raised: int, recipient: Key, **changes: object) -> int:
    request = desk.request(units=0, material=0, **changes)
    receipt = desk.needs.claim(raised, request, sender=recipient)
    demand: int = receipt.event("DemandPublished").args.demand
    assert receipt.event("RaiseClaimed").args.demand == demand
    return demand


# --- raise -----------------------------------------------------------------------------------


def test_raises_demand_for_a_region(desk: Desk, needs: Contract, raised: int) -> None:
    record = needs.raiseRecord(raised)
    assert (record.emergency, record.region, record.material) == (PLAN, HUBEI, MASK)
    assert (record.units, record.claimed, record.people_in_care) == (1_000, 0, 350)
    assert needs.raiseCount() == 1
    assert desk.open_units() == (0, 0, 0, 0)


def test_raise_reverts_when_not_from_a_plan(desk: Desk, needs: Contract, admin: Key) -> None:
    with reverts("NotWriter", caller=admin):
        needs["raise"](PLAN, HUBEI, MASK, 1, desk.now + DAY, sender=admin)


def test_raise_reverts_on_what_cannot_be(desk: Desk, needs: Contract, settled: None) -> None:
    raising = needs["raise"]
    with reverts("ZeroUnits"):
        raising(PLAN, HUBEI, MASK, 0, desk.now + DAY, sender=EMERGENCY)
    with reverts("Expired", deadline=desk.now):
        raising(PLAN, HUBEI, MASK, 1, desk.now, sender=EMERGENCY)
    with reverts("UnknownMaterial", material=1):
        raising(PLAN, HUBEI, 1, 1, desk.now + DAY, sender=EMERGENCY)
    with reverts("NothingToClaim"):
        raising(PLAN, word("CN-GD"), MASK, 1, desk.now + DAY, sender=EMERGENCY)


def test_raise_reverts_when_paused(desk: Desk, needs: Contract, settled: None, pauser: Key) -> None:
    needs.pause(sender=pauser)
    with reverts("IsPaused"):
        raise_(desk)


# --- claim -----------------------------------------------------------------------------------


def test_each_facility_claims_its_part(
    desk: Desk,
    needs: Contract,
    raised: int,
    hospital: Key,
    second_hospital: Key,
    county_hospital: Key,
) -> None:
    parts = []
    for recipient in (hospital, second_hospital, county_hospital):
        record = needs.demand(claim(desk, raised, recipient, stock=0))
        assert (record.raised, record.emergency, record.material) == (raised, PLAN, MASK)
        assert (record.recipient, record.counted) == (recipient.address, Level.NULL)
        assert needs.hasClaimed(raised, recipient.address)
        parts.append(record.units)
    assert parts == [285, 571, 142]
    assert needs.raiseRecord(raised).claimed == sum(parts) == 998


def test_claim_reverts_when_claimed_before(desk: Desk, raised: int, hospital: Key) -> None:
    claim(desk, raised, hospital)
    with reverts("AlreadyClaimed", raised=raised, recipient=hospital):
        claim(desk, raised, hospital)


def test_claim_reverts_when_the_request_says_what_the_raise_does(
    desk: Desk, needs: Contract, raised: int, hospital: Key
) -> None:
    for changes in ({"units": 1}, {"material": MASK}, {"emergency": PLAN}):
        request = desk.request(**({"units": 0, "material": 0} | changes))
        with reverts("SetByRaise", raised=raised):
            needs.claim(raised, request, sender=hospital)


def test_claim_reverts_when_over_or_unknown(desk: Desk, raised: int, hospital: Key) -> None:
    with reverts("UnknownRaise", raised=9):
        claim(desk, 9, hospital)
    until = desk.now + 7 * DAY
    desk.wait(7 * DAY)
    with reverts("Expired", deadline=until):
        claim(desk, raised, hospital)


def test_claim_reverts_when_not_attested(
    desk: Desk, raised: int, hospital: Key, charity: Key
) -> None:
    desk.declare(hospital, 100)
    for recipient in (hospital, charity):
        with reverts("NotAttestedFacility", recipient=recipient):
            claim(desk, raised, recipient)


def test_claim_reverts_when_attested_after_the_raise(
    desk: Desk, raised: int, hospital: Key, auditor: Key
) -> None:
    desk.settle(hospital, auditor, 100_000)
    with reverts("NothingToClaim", raised=raised, recipient=hospital):
        claim(desk, raised, hospital)


def test_claim_reverts_outside_the_region_or_below_a_unit(
    desk: Desk, settled: None, hospital: Key, county_hospital: Key
) -> None:
    wuhan = raise_(desk, word("CN-420100"))
    with reverts("NothingToClaim", raised=wuhan, recipient=county_hospital):
        claim(desk, wuhan, county_hospital)
    few = raise_(desk, units=3)
    with reverts("NothingToClaim", raised=few, recipient=hospital):
        claim(desk, few, hospital)


# --- openFastPath ----------------------------------------------------------------------------


def test_opens_a_fast_path(desk: Desk, needs: Contract) -> None:
    until = desk.now + DAY
    opened = needs.openFastPath(PLAN, HUBEI, 10, until, sender=EMERGENCY).event("FastPathOpened")
    assert (opened.args.emergency, opened.args.region, opened.args.cap) == (PLAN, HUBEI, 10)
    path = needs.fastPath(PLAN, HUBEI)
    assert (path.cap, path.used, path.until, path.active_until) == (10, 0, until, until)


def test_open_fast_path_reverts(desk: Desk, needs: Contract, coordinator: Key) -> None:
    with reverts("NotWriter", caller=coordinator):
        needs.openFastPath(PLAN, HUBEI, 10, desk.now + DAY, sender=coordinator)
    with reverts("ZeroUnits"):
        needs.openFastPath(PLAN, HUBEI, 0, desk.now + DAY, sender=EMERGENCY)
    with reverts("Expired", deadline=desk.now):
        needs.openFastPath(PLAN, HUBEI, 10, desk.now, sender=EMERGENCY)
