"""One party wants a friend to be served first: its ways, and the rule that stops each.

The rival is in need, the friend can wait; solver, holder of the goods and friend play together.
"""

from __future__ import annotations

import pytest

from aidline.keccak import keccak
from aidline.model import EarmarkKind, Level, ParcelState
from tests.support.demand import DONATIONS, FREIGHT, NO_EARMARK, PLAN, STATION, Desk, earmark
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT, MASK

AUDITOR, SECOND, THIRD = key_of("auditor"), key_of("second_auditor"), key_of("third_auditor")
HOLDER, STRANGER = key_of("charity"), key_of("stranger")
FRIEND, RIVAL = key_of("county_hospital"), key_of("hospital")
REASON = keccak(b"reason")


@pytest.fixture
def urgent(market: Desk) -> int:
    """The rival's 1,000 masks, HIGH."""
    return market.need(RIVAL, Level.HIGH, 1_000, [AUDITOR])


@pytest.fixture
def calm(market: Desk) -> int:
    """The friend's 500 masks, LOW."""
    return market.need(FRIEND, Level.LOW, 500, [AUDITOR])


def refuses(market: Desk, demand: int, offer: int, units: int = 1) -> None:
    """Neither a solver nor the goods' holder can give the demand a unit past the rival's."""
    for act in (
        lambda: market.propose((offer, demand, units)),
        lambda: market.escrow.fulfil(offer, demand, units, sender=HOLDER),
    ):
        with reverts("OutOfOrder", offer=offer, level=Level.HIGH):
            act()


def deliver(market: Desk, allocation: int, consignment: int = 1) -> int:
    """Carry what was allocated to its recipient; return the parcel."""
    market.book(consignment, allocation)
    record = market.escrow.allocation(allocation)
    to = market.needs.demand(record.demand).recipient
    ledger = market.suite.ledger
    ledger.handOver(consignment, key_of("carrier"), 3, market.now, sender=FREIGHT)
    ledger.close(consignment, ParcelState.DELIVERED, to, STATION, market.now, sender=FREIGHT)
    parcel: int = record.parcel
    return parcel


# --- what is asked -----------------------------------------------------------------------------


def test_splits_its_demand_into_many(market: Desk, urgent: int) -> None:
    """DEM-6: each part is as urgent as the facts are; DEM-34: together they are under the cap."""
    offer = market.offer(HOLDER, 500)
    for _ in range(10):
        refuses(market, market.need(FRIEND, Level.LOW, 50, [AUDITOR]), offer)
    parts = [market.need(FRIEND, Level.HIGH, 2_500, [AUDITOR], material=KIT) for _ in range(4)]
    counted = [market.needs.demand(part).counted for part in parts]
    assert counted == [Level.HIGH, Level.HIGH, Level.NULL, Level.NULL]
    assert market.open_units(material=KIT) == (0, 0, 5_000, 0)


def test_says_that_nothing_is_left(market: Desk, urgent: int) -> None:
    """DEM-13: nobody has audited it, so it is not served; one auditor brings it to HIGH at most."""
    liar = market.publish(FRIEND, stock=0)
    offer = market.offer(HOLDER, 500)
    with reverts("LineUnaudited", demand=liar):
        market.propose((offer, liar, 500))
    market.attest(urgent, SECOND)
    market.needs.updateFacts(urgent, 0, 100, sender=RIVAL)
    market.attest(urgent, AUDITOR, SECOND)
    market.attest(liar, AUDITOR)
    with reverts("OutOfOrder", served=Level.HIGH, level=Level.CRITICAL, open=1_000):
        market.propose((offer, liar, 500))


def test_hoards_what_it_received_and_asks_again(market: Desk) -> None:
    """DEM-35: what was received and not handed out is stock, whatever is declared."""
    first = market.need(FRIEND, Level.LOW, 3_000, [AUDITOR])
    (allocation,) = market.propose((market.offer(HOLDER, 3_000), first, 3_000))
    parcel = deliver(market, allocation)
    market.escrow.reportReceived([allocation], sender=STRANGER)
    again = market.publish(FRIEND, stock=0, daily_use=100)
    assert market.needs.demand(again).level == Level.LOW
    with reverts("NotHandedOut", parcel=parcel):
        market.needs.reportDistributed([parcel], sender=FRIEND)
    market.needs.updateFacts(again, 0, 100, sender=FRIEND)
    assert (market.needs.demand(again).stock, market.needs.demand(again).level) == (
        3_000,
        Level.LOW,
    )


def test_lets_its_facts_age(market: Desk, urgent: int) -> None:
    """DEM-6, DEM-8: stock runs down for all alike, and no attestation outlives thirty days."""
    aging = market.publish(FRIEND, stock=2_900, needed_by=market.now + 60 * DAY)
    with reverts("BadValidity"):
        market.attest(aging, AUDITOR, valid=30 * DAY + 1)
    market.attest(aging, AUDITOR, valid=28 * DAY)
    offer = market.offer(HOLDER, 500)
    market.wait(5 * DAY)
    market.needs.bringUpToDate([urgent, aging], sender=STRANGER)
    assert market.needs.demand(urgent).level == Level.CRITICAL
    with reverts("OutOfOrder", served=Level.LOW, level=Level.HIGH):
        market.propose((offer, aging, 1))
    # Without a day's stock at last, nobody attests it any more.
    market.wait(23 * DAY + HOUR)
    market.needs.refresh(aging, sender=FRIEND)
    record = market.needs.demand(aging)
    assert (record.level, record.counted) == (Level.CRITICAL, Level.NULL)


def test_raises_the_thresholds(market: Desk, urgent: int, calm: int) -> None:
    """DEM-31: the urgency keeper alone; and then they lift the rival, too."""
    limits = {"critical": 10 * DAY, "high": 40 * DAY, "medium": 50 * DAY}
    for caller in (FRIEND, HOLDER, key_of("solver"), AUDITOR, key_of("admin")):
        with reverts("AccessManagedUnauthorized", caller=caller):
            market.needs.setThresholds(limits, sender=caller)
    market.needs.setThresholds(limits, sender=key_of("urgency_keeper"))
    market.attest(urgent, SECOND)
    offer = market.offer(HOLDER, 500)
    with reverts("OutOfOrder", served=Level.HIGH, level=Level.CRITICAL):
        market.propose((offer, calm, 500), lapse=[urgent, calm])


def test_asks_through_a_second_account(market: Desk, urgent: int) -> None:
    """The registry has one account for each facility; DEM-13: another is audited by itself."""
    registry = market.suite.registry
    second = key_of("second account")
    facts = {"account": second.address, "profile_hash": REASON}
    message = registration("county_hospital", market.now + DAY, **facts)
    with reverts("FacilityTaken", facility=word("county_hospital")):
        registry.register(
            message, message.sign(second, domain_of(registry)), "", sender=key_of("registrar")
        )
    market.declare(key_of("second_hospital"))
    other = market.publish(key_of("second_hospital"), stock=0)
    with reverts("LineUnaudited", demand=other):
        market.propose((market.offer(HOLDER, 500), other, 500))


# --- the batch ---------------------------------------------------------------------------------


def test_orders_the_lines(market: Desk, urgent: int, calm: int) -> None:
    """DEM-22: lines ascend; INV-DEM-3 is asked after the last, wherever the friend stands."""
    early = market.need(FRIEND, Level.LOW, 500, [AUDITOR])
    offer = market.offer(HOLDER, 1_200)
    with reverts("LineNotAscending", line=1):
        market.propose((offer, calm, 500), (offer, urgent, 700))
    for lines in (
        [(offer, urgent, 700), (offer, calm, 500)],
        [(offer, urgent, 999), (offer, calm, 100), (offer, early, 101)],
    ):
        with reverts("OutOfOrder", offer=offer, served=Level.LOW, level=Level.HIGH):
            market.propose(*lines)
    market.propose((offer, urgent, 1_000), (offer, calm, 200))


def test_parts_a_batch(market: Desk, urgent: int, calm: int) -> None:
    """INV-DEM-3 is asked of each batch and each offer: no part may pass the rival over."""
    mine, yours = market.offer(HOLDER, 500), market.offer(HOLDER, 400)
    refuses(market, calm, mine, 500)
    market.propose((yours, urgent, 400))
    refuses(market, calm, mine, 500)
    market.propose((mine, urgent, 500))
    assert market.needs.demand(calm).served == 0


def test_exempts_what_is_not_exempt(market: Desk) -> None:
    """DEM-24: exempt is only what the goods come too late for, as the contract itself sees."""
    soon, later = market.now + 5 * DAY, market.now + 25 * DAY
    terms = {"material": KIT}
    urgent = market.need(RIVAL, Level.HIGH, 100, [AUDITOR], needed_by=soon, **terms)
    masks = market.need(RIVAL, Level.HIGH, 100, [AUDITOR], needed_by=later)
    calm = market.need(FRIEND, Level.LOW, 50, [AUDITOR], needed_by=soon, **terms)
    offer = market.offer(HOLDER, 50, material=KIT, expiry=market.now + 20 * DAY)
    for demand in (urgent, masks):
        with reverts("NotExempt", offer=offer, demand=demand):
            market.propose((offer, calm, 50), exemptions=[(offer, demand)])


@pytest.mark.parametrize("by", ["solver", "anyone"])
def test_lapses_its_rival_early(market: Desk, urgent: int, calm: int, by: str) -> None:
    """DEM-13, and what every room holds: only from its time on can a demand be lapsed."""
    offer = market.offer(HOLDER, 500)
    market.wait(5 * DAY)
    if by == "solver":
        with reverts("OutOfOrder", offer=offer):
            market.propose((offer, calm, 500), lapse=[urgent])
    else:
        with reverts("NotLapsed", id=urgent):
            market.needs.lapseDemand(urgent, sender=FRIEND)
        market.needs.bringUpToDate([urgent], sender=FRIEND)
        refuses(market, calm, offer, 500)


# --- the goods ---------------------------------------------------------------------------------


def test_serves_its_friend_from_its_own_offer(market: Desk, urgent: int, calm: int) -> None:
    """DEM-22: what a holder does itself obeys the same rule, without exemptions."""
    refuses(market, calm, market.offer(HOLDER, 500), 500)


def test_earmarks_what_was_given_without(market: Desk, urgent: int, calm: int) -> None:
    """DEM-20, DEM-23: the mark is the lot's from its pledge on; nobody can give it another."""
    meant = earmark(EarmarkKind.FACILITY, "county_hospital")
    ledger, parcel = market.suite.ledger, market.gift(HOLDER, 500)
    request = {
        "material": MASK,
        "quantity": 500,
        "expiry": 0,
        "station": 3,
        "evidence": REASON,
    }
    with reverts("NotWriter", caller=HOLDER):
        ledger.commissionGift(request, HOLDER.address, HOLDER.address, meant, sender=HOLDER)
    child = ledger.split(parcel, 200, sender=HOLDER).event("ParcelSplit").args.child
    for part in (parcel, child):
        assert ledger.earmarkOf(ledger.parcel(part).lot).kind == NO_EARMARK["kind"]
        made = market.escrow.offer(part, market.now + DAY, sender=HOLDER)
        refuses(market, calm, made.event("OfferMade").args.offer)


def test_withdraws_and_offers_again(market: Desk, urgent: int, calm: int) -> None:
    """DEM-21, INV-DEM-3: a new offer has the old scope, and the rival is still first."""
    parcel = market.gift(HOLDER, 500)
    for _ in range(3):
        made = market.escrow.offer(parcel, market.now + DAY, sender=HOLDER)
        offer = made.event("OfferMade").args.offer
        refuses(market, calm, offer, 500)
        market.escrow.withdrawOffer(offer, sender=HOLDER)
    # Nor does it get back what is promised to the rival.
    made = market.escrow.offer(parcel, market.now + DAY, sender=HOLDER)
    offer = made.event("OfferMade").args.offer
    market.propose((offer, urgent, 500))
    market.escrow.withdrawOffer(offer, sender=HOLDER)
    with reverts("WrongState", parcel=parcel):
        market.escrow.offer(parcel, market.now + DAY, sender=HOLDER)


# --- the rival ---------------------------------------------------------------------------------


def test_contests_and_refuses_its_rival(market: Desk, urgent: int, calm: int) -> None:
    """DEM-32, DEM-33: auditors may, not those that attest it; what is attested is not refused."""
    content, needs = market.needs.contentOf(urgent), market.needs
    for caller in (FRIEND, HOLDER, key_of("solver")):
        for object_to in (needs.contest, needs.refuse):
            with reverts("NotActive", account=caller):
                object_to(urgent, content, REASON, sender=caller)
    with reverts("DemandIsAttested", demand=urgent, auditor=AUDITOR):
        needs.refuse(urgent, content, REASON, sender=SECOND)
    with reverts("SameOrganisation", auditor=AUDITOR):
        needs.contest(urgent, content, REASON, sender=AUDITOR)
    refuses(market, calm, market.offer(HOLDER, 500))


def test_plays_with_an_auditor_that_contests(market: Desk, urgent: int, calm: int) -> None:
    """DEM-33: it wins a day under the auditor's name, no more; the rival counts again after it."""
    offer = market.offer(HOLDER, 500)
    market.needs.contest(urgent, market.needs.contentOf(urgent), REASON, sender=SECOND)
    market.wait(DAY)
    with reverts("OutOfOrder", offer=offer, level=Level.HIGH):
        market.propose((offer, calm, 500), lapse=[urgent])
    with reverts("SameOrganisation", auditor=SECOND):
        market.needs.contest(urgent, market.needs.contentOf(urgent), REASON, sender=SECOND)
    market.needs.contest(urgent, market.needs.contentOf(urgent), REASON, sender=THIRD)
    market.wait(DAY)
    with reverts("TooManyContests", demand=urgent):
        market.needs.contest(
            urgent, market.needs.contentOf(urgent), REASON, sender=key_of("fourth_auditor")
        )
    market.needs.refresh(urgent, sender=RIVAL)
    refuses(market, calm, offer)


def promise(market: Desk, rival: int, way: str) -> int:
    """Bind 950 units of the rival's demand without ever bringing them; return the allocation."""
    offer = market.offer(HOLDER, 950)
    if way == "the holder's own choice":
        made = market.escrow.fulfil(offer, rival, 950, sender=HOLDER)
        allocation: int = made.event("Allocated").args.allocation
    elif way == "a gift to it":
        parcel, until = market.gift(HOLDER, 950), market.now + 7 * DAY
        made = market.escrow.offerTo(HOLDER.address, parcel, until, rival, sender=DONATIONS)
        allocation = made.event("Allocated").args.allocation
    else:
        (allocation,) = market.propose((offer, rival, 950))
        market.book(1, allocation)
    return allocation


@pytest.mark.parametrize("way", ["the holder's own choice", "a gift to it", "a booking"])
@pytest.mark.parametrize("first", ["promise", "dust"])
def test_allots_its_rival_what_is_not_there(
    market: Desk, urgent: int, calm: int, way: str, first: str
) -> None:
    """DEM-14: what little a solver allots beside a promise is little of what has not come."""
    promised = promise(market, urgent, way)
    (dust,) = market.propose((market.offer(HOLDER, 50), urgent, 50))
    market.wait(DAY)
    if way == "a booking":
        home = market.suite.ledger.parcel(market.escrow.allocation(promised).parcel).custodian
        market.suite.ledger.close(1, ParcelState.ALLOCATED, home, 3, market.now, sender=FREIGHT)
    for allocation in (promised, dust) if first == "promise" else (dust, promised):
        market.escrow.release(allocation, sender=FRIEND)
    assert market.needs.demand(urgent).counted == Level.HIGH
    refuses(market, calm, market.offer(HOLDER, 100))


@pytest.mark.parametrize("way", ["stops them", "recalls them"])
def test_allots_its_rival_what_nobody_can_book(
    market: Desk, urgent: int, calm: int, way: str
) -> None:
    """DEM-14: what the holder stops, or the lot's maker recalls, was nobody's to book."""
    offer = market.offer(HOLDER, 1_000)
    (allocation,) = market.propose((offer, urgent, 1_000))
    ledger, parcel = market.suite.ledger, market.parcel_of(allocation)
    if way == "stops them":
        ledger.quarantine(market.escrow.offerRecord(offer).parcel, REASON, sender=HOLDER)
    else:
        ledger.recall(parcel.lot, REASON, REASON, sender=key_of("donor"))
    with reverts("WrongState" if way == "stops them" else "LotRecalled"):
        market.book(1, allocation)
    market.wait(DAY)
    market.escrow.release(allocation, sender=FRIEND)
    assert market.needs.demand(urgent).counted == Level.HIGH
    refuses(market, calm, market.offer(HOLDER, 100))


def test_sends_back_from_its_rivals_door_what_is_not_there(
    market: Desk, urgent: int, calm: int
) -> None:
    """DEM-14: the same for a refusal at the door."""
    promise(market, urgent, "the holder's own choice")
    (dust,) = market.propose((market.offer(HOLDER, 50), urgent, 50))
    market.book(1, dust)
    market.close(1, ParcelState.RETURNED)
    market.escrow.reportFailed(dust, sender=FRIEND)
    refuses(market, calm, market.offer(HOLDER, 100))


def test_allots_its_rival_dust_again_and_again(market: Desk, urgent: int, calm: int) -> None:
    """DEM-14: lines of less than a tenth do not add up, however many there are."""
    offer = market.offer(HOLDER, 1_000)
    for _ in range(3):
        small = [market.propose((offer, urgent, units))[0] for units in (99, 1, 99)]
        market.wait(DAY)
        for allocation in small:
            market.escrow.release(allocation, sender=FRIEND)
    market.needs.refresh(urgent, sender=FRIEND)
    with reverts("OutOfOrder", offer=offer):
        market.propose((offer, calm, 1))


@pytest.mark.parametrize("report", [True, False], ids=["reported", "not reported"])
def test_brings_its_rival_nine_tenths(market: Desk, urgent: int, calm: int, report: bool) -> None:
    """DEM-14: what came, and somebody has reported, is no longer lacking: the rest is all of it."""
    (most,) = market.propose((market.offer(HOLDER, 950), urgent, 950))
    deliver(market, most)
    offer = market.offer(HOLDER, 50)
    (rest,) = market.propose((offer, urgent, 50))
    if report:
        market.escrow.reportReceived([most], sender=STRANGER)
    market.wait(DAY)
    market.escrow.release(rest, sender=RIVAL)
    assert market.needs.demand(urgent).received == (950 if report else 0)
    if report:
        market.propose((offer, calm, 50))
    else:
        refuses(market, calm, offer, 50)


def test_takes_the_fast_path_round_its_rival(market: Desk, urgent: int) -> None:
    """DEM-18: what nobody has audited is LOW, whatever it claims."""
    market.needs.openFastPath(
        PLAN, word("CN-HB"), 1_000, market.now + 7 * DAY, sender=key_of("room of emergency")
    )
    market.wait(HOUR)
    liar = market.publish(FRIEND, stock=0, emergency=PLAN)
    refuses(market, liar, market.offer(HOLDER, 500))
