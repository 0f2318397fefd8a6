"""One auditor wants to raise its friend and sink others: its cheats, and what stops them."""

from __future__ import annotations

from aidline.messages import DemandContest
from aidline.model import Level
from tests.support.demand import Attestation, Desk
from tests.support.people import domain_of, key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT

ROGUE, HONEST, THIRD = key_of("auditor"), key_of("second_auditor"), key_of("third_auditor")
FRIEND, VICTIM = key_of("hospital"), key_of("second_hospital")
STRANGER = key_of("stranger")


def test_makes_its_friend_critical_alone(market: Desk) -> None:
    """DEM-13: CRITICAL takes two of different organisations; one brings it to HIGH."""
    demand = market.publish(FRIEND, stock=0)
    market.attest(demand, ROGUE)
    with reverts("AlreadyAttested", demand=demand):
        market.attest(demand, ROGUE)
    assert market.open_units() == (0, 0, 1_000, 0)


def test_blocks_everybody_with_a_demand_above_the_cap(market: Desk) -> None:
    """DEM-13: above the material's cap one auditor makes nothing count."""
    demand = market.publish(FRIEND, stock=0, material=KIT, units=10**9)
    market.attest(demand, ROGUE)
    assert market.open_units(material=KIT) == (0, 0, 0, 0)


def test_seconds_an_attestation_for_a_second_to_end_it(market: Desk) -> None:
    """DEM-9: each attestation ends by itself."""
    demand = market.publish(VICTIM, stock=200)
    market.attest(demand, HONEST, valid=7 * DAY)
    market.attest(demand, ROGUE, valid=1)
    market.wait(1)
    market.needs.refresh(demand, sender=ROGUE)
    assert market.needs.demand(demand).counted == Level.HIGH
    market.wait(7 * DAY - 2)
    market.needs.refresh(demand, sender=ROGUE)
    assert market.needs.demand(demand).first_auditor == HONEST.address


def test_is_first_with_an_attestation_that_ends_at_once(market: Desk) -> None:
    """DEM-9: who comes second is not carried away with it."""
    demand = market.publish(VICTIM, stock=0)
    market.attest(demand, ROGUE, valid=1)
    market.attest(demand, HONEST)
    market.wait(1)
    market.attest(demand, THIRD)
    assert market.needs.demand(demand).counted == Level.CRITICAL


def test_keeps_an_attestation_back_for_worse_times(market: Desk) -> None:
    """DEM-8, DEM-10: it names the version of the facts, and its own end."""
    demand = market.publish(FRIEND, stock=0)
    kept = Attestation(
        auditor=ROGUE.address,
        demand=demand,
        content=market.needs.contentOf(demand),
        valid_until=market.now + DAY,
        deadline=market.now + 30 * DAY,
    )
    signature = kept.sign(ROGUE, domain_of(market.needs))
    snapshot = market.suite.chain.snapshot()
    market.wait(DAY)
    with reverts("BadValidity", valid_until=kept.valid_until):
        market.needs.attestBySignature(kept, signature, sender=STRANGER)
    market.suite.chain.revert(snapshot)
    market.wait(HOUR)
    market.needs.updateFacts(demand, 3_000, 100, sender=FRIEND)
    with reverts("ContentChanged", demand=demand):
        market.needs.attestBySignature(kept, signature, sender=STRANGER)


def test_enlarges_a_hospital_to_thin_out_what_a_plan_raises(market: Desk) -> None:
    """DEM-30: once its friend is suspended, anyone takes its people out of the count."""
    region = market.needs.facility(FRIEND.address)
    assert region.attested_by == ROGUE.address
    market.settle(FRIEND, ROGUE, people=4_294_967_295)
    for caller in (STRANGER, VICTIM):
        with reverts("RecipientIsActive", recipient=FRIEND):
            market.needs.dropFacility(FRIEND.address, sender=caller)
    market.suite.registry.suspend(FRIEND.address, bytes(32), sender=key_of("suspender"))
    market.needs.dropFacility(FRIEND.address, sender=STRANGER)
    assert market.needs.peopleInCare(b"CN-HB".ljust(32, b"\0")) == 200


def test_holds_a_rival_down_by_contests(market: Desk) -> None:
    """DEM-33: a day for each organisation, two in all, and the demand counts again by itself."""
    demand = market.publish(VICTIM, stock=200)
    market.attest(demand, HONEST, valid=30 * DAY)
    content = market.needs.contentOf(demand)
    for accomplice in (ROGUE, THIRD):
        market.needs.contest(demand, content, content, sender=accomplice)
        market.wait(DAY)
    for accomplice in (ROGUE, THIRD, key_of("fourth_auditor")):
        with reverts("TooManyContests", demand=demand, most=2):
            market.needs.contest(demand, content, content, sender=accomplice)
    market.needs.refresh(demand, sender=STRANGER)
    assert market.open_units() == (0, 0, 1_000, 0)


def test_contests_in_the_name_of_another(market: Desk) -> None:
    """DEM-33: a contest is the auditor's own signature, over the facts as they are."""
    demand = market.publish(VICTIM, stock=200)
    market.attest(demand, HONEST)
    content = market.needs.contentOf(demand)
    doubt = DemandContest(THIRD.address, demand, content, content, market.now + HOUR)
    signature = doubt.sign(ROGUE, domain_of(market.needs))
    with reverts("BadSignature", signer=THIRD):
        market.needs.contestBySignature(doubt, signature, sender=ROGUE)
    assert market.open_units() == (0, 0, 1_000, 0)


def test_vetoes_a_rival_by_a_refusal(market: Desk) -> None:
    """DEM-32: two auditors of other organisations outweigh it, and new facts clear it."""
    demand = market.publish(VICTIM, stock=200)
    content = market.needs.contentOf(demand)
    market.needs.refuse(demand, content, content, sender=ROGUE)
    market.attest(demand, HONEST, THIRD)
    assert market.open_units() == (0, 0, 1_000, 0)
