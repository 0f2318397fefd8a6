"""INV-DEM-1 to 6 after each of thousands of acts with demands and goods, in any order.

Each act and each refusal is foretold by a shadow in plain Python. It judges the order of urgency by
brute force: no accepted batch passes over more urgent demand, and none that does not is refused.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings

from aidline.keccak import keccak
from aidline.model import roles_mask
from tests.invariant.demand_machine import Acts
from tests.invariant.demand_world import MORE_PEOPLE, NOTICE
from tests.support.demand import Desk, suite_for_demand
from tests.support.network import station
from tests.support.people import key_of, registration, word
from tests.support.rules import run_rules
from tests.support.suite import DAY, register, role_number

#: Acts in one run.
STEPS = 100
#: For each example of the profile: acts that there must be, and after which all kinds of acts must
#: have come up.
LEAST, MOST = 40, 200

#: What must have happened at least once: else a rule has no way to its act, or to its refusal.
EXPECTED = {
    "announce",
    "attest by signature",
    "attest",
    "attest: AlreadyAttested",
    "attest: BadSignature",
    "attest: ContentChanged",
    "attest: Expired",
    "attest: FullyAttested",
    "attest: OutsideAuditorsRegion",
    "bringUpToDate",
    "carry DELIVERED",
    "carry LOST",
    "carry RETURNED",
    "claim",
    "claim: AlreadyClaimed",
    "contest by signature",
    "contest",
    "contest: NotAttested",
    "contest: SameOrganisation",
    "distribute",
    "fulfil",
    "fulfil: IsPaused",
    "fulfil: NotHolder",
    "fulfil: OutOfOrder",
    "lapseDemand",
    "lapseOffer",
    "offer",
    "offer: IsPaused",
    "offer: LotTakenBack",
    "offer: WrongState",
    "offerTo",
    "offerTo: IsPaused",
    "offerTo: OutOfOrder",
    "openFastPath",
    "pause",
    "pause: PausedTooRecently",
    "propose with exemptions",
    "propose",
    "propose: IsPaused",
    "propose: LineNotAscending",
    "propose: LineTooManyUnits",
    "propose: LineUnaudited",
    "propose: NotExempt",
    "propose: OutOfOrder",
    "publish",
    "publish: IsPaused",
    "publish: TooManyUnits",
    "raise",
    "recall",
    "refresh",
    "refuse by signature",
    "refuse",
    "refuse: DemandIsAttested",
    "release",
    "release: BookingWindowOpen",
    "reportDistributed",
    "reportFailed",
    "reportReceived",
    "reportShort",
    "reportShort: NothingShort",
    "setAside",
    "setThresholds",
    "setThresholds: AccessManagerNotReady",
    "suspend",
    "take",
    "take: BookingWindowOver",
    "take: NotPayer",
    "takeBack",
    "takeBack: OfferNotOpen",
    "unmet: AVAILABLE",
    "unmet: CAPPED",
    "unmet: CONTESTED",
    "unmet: EARMARK",
    "unmet: ENDED",
    "unmet: EXPIRY",
    "unmet: MET",
    "unmet: NO_SUPPLY",
    "unmet: OUTRANKED",
    "unmet: RECALLED",
    "unmet: REFUSED",
    "unmet: STORAGE",
    "unmet: SUSPENDED",
    "unmet: UNAUDITED",
    "unpause",
    "unpause: NotPaused",
    "updateFacts",
    "what is available",
    "withdrawDemand",
    "withdrawOffer",
    "writeOff",
}


@pytest.fixture(scope="module")
def desk() -> Desk:
    """The rooms of demand, more people, a station on the coast, and a keeper that gives notice."""
    suite = suite_for_demand()
    for name, person in MORE_PEOPLE.items():
        message = registration(
            "hospital",
            suite.chain.now() + DAY,
            account=key_of(name).address,
            facility=word(name),
            organisation=word(person.organisation),
            region=word(person.region),
            roles=roles_mask(*person.roles),
            profile_hash=keccak(name.encode()),
        )
        register(suite.registry, name, message)
    keeper = key_of("station_operator")
    suite.network.addStation(station(keeper), sender=keeper)
    suite.access.grantRole(
        role_number("urgency_keeper"),
        key_of("urgency_keeper").address,
        NOTICE,
        sender=key_of("admin"),
    )
    return Desk(suite)


@pytest.mark.hypothesis
@pytest.mark.slow
def test_the_most_urgent_are_served_first(desk: Desk) -> None:
    done: Counter[str] = Counter()

    class Counted(Acts):
        pass

    Counted.desk, Counted.done = desk, done
    examples = settings.default.max_examples
    least, most = LEAST * examples, MOST * examples
    assert least >= 2_000
    turn = 0
    while done["steps"] < most and (done["steps"] < least or not set(done) >= EXPECTED):
        run_rules(Counted, examples=examples // 2, steps=STEPS, turn=turn)
        turn += 1
    assert done["steps"] >= least
    assert set(done) >= EXPECTED, EXPECTED - set(done)
