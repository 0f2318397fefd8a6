"""Refusals and contests in DemandBook: `refuse`, `contest`, and both by signature (DEM-32, DEM-33).

refuse
├── given no reason, other content, an auditor that may not attest: refused
├── given a demand that is attested, was refused before, or has ended: refused
├── else the fast path is closed to it, and one auditor is not enough
├── auditors of the refuser's organisation do not count
├── new facts clear it
└── a debt to the fast path stays until two have attested
contest
├── given a demand that nobody attests, or an auditor of an organisation that attests it: refused
├── given a contest that runs, a second of one organisation, or a third: refused
├── else it neither counts nor is served for a day, then it counts again by itself
└── a new version may be contested anew, a signature for the former is not good
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.keccak import keccak
from aidline.messages import DemandContest, DemandRefusal
from aidline.model import Level
from aidline.signing import Key
from tests.support.demand import EMERGENCY, PLAN, Desk
from tests.support.people import domain_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT

REASON = keccak(b"the stock room is full")


@pytest.fixture
def demand(desk: Desk, hospital: Key) -> int:
    """1,000 masks for the hospital, stock for thirty days, under an emergency with a fast path."""
    desk.declare(hospital)
    desk.needs.openFastPath(PLAN, word("CN-HB"), 5_000, desk.now + 9 * DAY, sender=EMERGENCY)
    return desk.publish(hospital, emergency=PLAN)


def refuse(desk: Desk, demand: int, auditor: Key, reason: bytes = REASON) -> Any:
    return desk.needs.refuse(demand, desk.needs.contentOf(demand), reason, sender=auditor)


def contest(desk: Desk, demand: int, auditor: Key, reason: bytes = REASON) -> Any:
    return desk.needs.contest(demand, desk.needs.contentOf(demand), reason, sender=auditor)


# --- refuse ----------------------------------------------------------------------------------


def test_a_refused_demand_needs_two_others_and_no_fast_path_will_have_it(
    desk: Desk, needs: Contract, demand: int, auditor: Key, second_auditor: Key, third_auditor: Key
) -> None:
    assert needs.fastPathOf(demand, 1_000) == word("CN-HB")
    told = refuse(desk, demand, auditor).event("DemandRefused").args
    assert (told.demand, told.auditor, told.version) == (demand, auditor.address, 0)
    assert told.reason == REASON
    assert needs.demand(demand).refused_by == auditor.address
    assert needs.fastPathOf(demand, 1) == bytes(32)

    desk.attest(demand, second_auditor)
    assert desk.open_units() == (0, 0, 0, 0)
    desk.attest(demand, third_auditor)
    assert desk.open_units() == (1_000, 0, 0, 0)


def test_a_line_for_refused_demand_is_unaudited(
    desk: Desk, demand: int, auditor: Key, charity: Key
) -> None:
    offer = desk.offer(charity, 100)
    refuse(desk, demand, auditor)
    with reverts("LineUnaudited", line=0, demand=demand):
        desk.propose((offer, demand, 100))


def test_the_refuser_itself_does_not_count_among_the_two(
    desk: Desk, demand: int, auditor: Key
) -> None:
    refuse(desk, demand, auditor)
    with reverts("SameOrganisation", auditor=auditor, other=auditor):
        desk.attest(demand, auditor)


def test_new_facts_clear_a_refusal(
    desk: Desk, needs: Contract, demand: int, hospital: Key, auditor: Key
) -> None:
    refuse(desk, demand, auditor)
    needs.updateFacts(demand, 2_500, 100, sender=hospital)
    assert needs.demand(demand).refused_by == "0x" + "00" * 20
    desk.attest(demand, auditor)
    assert desk.open_units() == (1_000, 0, 0, 0)


def test_a_debt_to_the_fast_path_stays_until_two_have_attested(
    desk: Desk,
    needs: Contract,
    demand: int,
    hospital: Key,
    charity: Key,
    auditor: Key,
    second_auditor: Key,
    third_auditor: Key,
) -> None:
    desk.propose((desk.offer(charity, 100), demand, 100))
    refuse(desk, demand, auditor)
    desk.attest(demand, second_auditor)
    assert needs.auditDebt(hospital).demands == 1
    desk.attest(demand, third_auditor)
    assert needs.auditDebt(hospital).demands == 0


def test_reverts_when_it_cannot_be_refused(
    desk: Desk, needs: Contract, demand: int, hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    with reverts("NoReason"):
        refuse(desk, demand, auditor, bytes(32))
    with reverts("ContentChanged", demand=demand):
        needs.refuse(demand, word("other"), REASON, sender=auditor)
    with reverts("NotActive", account=hospital):
        refuse(desk, demand, hospital)
    refuse(desk, demand, auditor)
    with reverts("AlreadyRefused", demand=demand, auditor=auditor):
        refuse(desk, demand, second_auditor)
    needs.updateFacts(demand, 2_500, 100, sender=hospital)
    desk.attest(demand, auditor)
    with reverts("DemandIsAttested", demand=demand, auditor=auditor):
        refuse(desk, demand, second_auditor)
    needs.withdrawDemand(demand, sender=hospital)
    with reverts("DemandNotOpen", demand=demand):
        refuse(desk, demand, second_auditor)


# --- contest ---------------------------------------------------------------------------------


def test_a_contested_demand_does_not_count_for_a_day(
    desk: Desk,
    needs: Contract,
    demand: int,
    charity: Key,
    auditor: Key,
    second_auditor: Key,
    stranger: Key,
) -> None:
    desk.attest(demand, auditor)
    told = contest(desk, demand, second_auditor).event("DemandContested").args
    assert (told.auditor, told.contested_until) == (second_auditor.address, desk.now + DAY)
    assert told.reason == REASON
    assert desk.open_units() == (0, 0, 0, 0)
    with reverts("LineUnaudited", demand=demand):
        desk.propose((desk.offer(charity, 100), demand, 100))
    desk.wait(DAY - 1)
    needs.refresh(demand, sender=stranger)
    assert desk.open_units() == (0, 0, 0, 0)
    desk.wait(1)
    needs.refresh(demand, sender=stranger)
    assert desk.open_units() == (1_000, 0, 0, 0)
    desk.propose((desk.offer(charity, 100), demand, 100))


def test_a_contested_demand_blocks_nobody(
    desk: Desk, demand: int, county_hospital: Key, charity: Key, auditor: Key, second_auditor: Key
) -> None:
    desk.declare(county_hospital)
    above = desk.need(county_hospital, Level.HIGH, 50, [auditor])
    desk.attest(demand, auditor)
    offer = desk.offer(charity, 100)
    with reverts("OutOfOrder", level=Level.HIGH):
        desk.propose((offer, demand, 100))
    contest(desk, above, second_auditor)
    desk.propose((offer, demand, 100))


def test_nobody_holds_a_demand_down(
    desk: Desk,
    needs: Contract,
    demand: int,
    auditor: Key,
    second_auditor: Key,
    third_auditor: Key,
    fourth_auditor: Key,
) -> None:
    desk.attest(demand, auditor)
    contest(desk, demand, second_auditor)
    with reverts("AlreadyContested", demand=demand, contested_until=desk.now + DAY):
        contest(desk, demand, third_auditor)
    desk.wait(DAY)
    with reverts("SameOrganisation", auditor=second_auditor):
        contest(desk, demand, second_auditor)
    contest(desk, demand, third_auditor)
    desk.wait(DAY)
    for auditor_again in (second_auditor, fourth_auditor):
        with reverts("TooManyContests", demand=demand, most=2):
            contest(desk, demand, auditor_again)
    needs.refresh(demand, sender=auditor)
    assert desk.open_units() == (1_000, 0, 0, 0)


def test_who_attests_does_not_contest(
    desk: Desk, demand: int, auditor: Key, second_auditor: Key
) -> None:
    with reverts("NotAttested", demand=demand):
        contest(desk, demand, second_auditor)
    desk.attest(demand, auditor, second_auditor)
    for attesting in (auditor, second_auditor):
        with reverts("SameOrganisation", auditor=attesting, other=attesting):
            contest(desk, demand, attesting)
    with reverts("NoReason"):
        contest(desk, demand, second_auditor, bytes(32))


def test_a_new_version_may_be_contested_anew(
    desk: Desk, needs: Contract, demand: int, hospital: Key, auditor: Key, second_auditor: Key
) -> None:
    desk.attest(demand, auditor)
    contest(desk, demand, second_auditor)
    needs.updateFacts(demand, 2_500, 100, sender=hospital)
    desk.attest(demand, auditor)
    assert desk.open_units() == (1_000, 0, 0, 0)
    contest(desk, demand, second_auditor)
    assert desk.open_units() == (0, 0, 0, 0)


# --- by signature ----------------------------------------------------------------------------


def message(kind: type[Any], desk: Desk, demand: int, auditor: Key, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "auditor": auditor.address,
        "demand": demand,
        "content": desk.needs.contentOf(demand),
        "reason": REASON,
        "deadline": desk.now + HOUR,
    }
    return kind(**(fields | changes))


def test_anyone_submits_a_signed_refusal(
    desk: Desk, needs: Contract, demand: int, auditor: Key, stranger: Key
) -> None:
    assert DemandRefusal.type_hash == needs.DEMAND_REFUSAL_TYPEHASH()
    signed = message(DemandRefusal, desk, demand, auditor)
    signature = signed.sign(auditor, domain_of(needs))
    told = needs.refuseBySignature(signed, signature, sender=stranger).event("DemandRefused").args
    assert told.auditor == auditor.address
    with reverts("AlreadyRefused", demand=demand, auditor=auditor):
        needs.refuseBySignature(signed, signature, sender=stranger)


def test_anyone_submits_a_signed_contest_and_once_only(
    desk: Desk, needs: Contract, demand: int, auditor: Key, second_auditor: Key, stranger: Key
) -> None:
    assert DemandContest.type_hash == needs.DEMAND_CONTEST_TYPEHASH()
    desk.attest(demand, auditor)
    signed = message(DemandContest, desk, demand, second_auditor, deadline=desk.now + 9 * DAY)
    signature = signed.sign(second_auditor, domain_of(needs))
    needs.contestBySignature(signed, signature, sender=stranger)
    desk.wait(DAY)
    with reverts("SameOrganisation", auditor=second_auditor):
        needs.contestBySignature(signed, signature, sender=stranger)


def test_reverts_on_a_signature_of_another_purpose_person_or_time(
    desk: Desk,
    needs: Contract,
    demand: int,
    hospital: Key,
    auditor: Key,
    second_auditor: Key,
    stranger: Key,
) -> None:
    desk.attest(demand, auditor)
    refusal = message(DemandRefusal, desk, demand, second_auditor)
    contested = message(DemandContest, desk, demand, second_auditor)
    signature = contested.sign(second_auditor, domain_of(needs))
    with reverts("BadSignature", signer=second_auditor):
        needs.contestBySignature(
            contested, refusal.sign(second_auditor, domain_of(needs)), sender=stranger
        )
    with reverts("BadSignature", signer=second_auditor):
        needs.contestBySignature(
            contested, contested.sign(auditor, domain_of(needs)), sender=stranger
        )
    needs.updateFacts(demand, 2_500, 100, sender=hospital)
    desk.attest(demand, auditor)
    with reverts("ContentChanged", demand=demand):
        needs.contestBySignature(contested, signature, sender=stranger)
    desk.wait(HOUR + 1)
    with reverts("Expired", deadline=contested.deadline):
        needs.contestBySignature(contested, signature, sender=stranger)


def test_a_demand_above_the_cap_is_contested_with_one_auditor_too(
    desk: Desk, hospital: Key, auditor: Key, second_auditor: Key, third_auditor: Key
) -> None:
    desk.declare(hospital)
    above = desk.publish(hospital, material=KIT, units=6_000)
    desk.attest(above, auditor)
    contest(desk, above, second_auditor)
    desk.attest(above, third_auditor)
    assert desk.open_units(material=KIT) == (0, 0, 0, 0)
    desk.wait(DAY)
    desk.needs.refresh(above, sender=hospital)
    assert desk.open_units(material=KIT) == (6_000, 0, 0, 0)
