"""decide.

when the incident is unknown, the outcome neither upheld nor dismissed, the reasons empty: reverts
when the caller is neither auditor nor arbiter, suspended, or of an organisation concerned: reverts
given it is not answered
    given the window is open: reverts
    given it is over: decides
given it is answered: decides at once
given it is decided, or thirty days are over: reverts, it stays as it is
when upheld
    given the ledger names another by now: reverts
    the party's record counts it, by kind
when dismissed: the record counts it as such
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.artifacts import artifact
from aidline.client import Contract, RevmChain
from aidline.keccak import keccak
from aidline.model import IncidentKind, IncidentStatus
from aidline.signing import Key
from tests.support.people import domain_of, key_of, registration
from tests.support.reverts import reverts
from tests.support.suite import DAY, START
from tests.unit.incident_board.conftest import CONSIGNMENT, EVIDENCE, MONTH, WEEK

UPHELD, DISMISSED = IncidentStatus.UPHELD, IncidentStatus.DISMISSED
WHY = keccak(b"the reasons")


@pytest.mark.parametrize("judge", ["second_auditor", "arbiter"])
def test_a_second_party_upholds_what_was_answered(
    board: Contract, answered: int, carrier: Key, chain: RevmChain, judge: str
) -> None:
    told = board.decide(answered, UPHELD, WHY, sender=key_of(judge)).event("IncidentDecided").args
    assert (told.incident, told.party, told.outcome) == (answered, carrier.address, UPHELD)
    assert (told.decided_by, told.reasons) == (key_of(judge).address, WHY)
    record = board.incident(answered)
    assert (record.outcome, record.decided_by, record.reasons) == (
        UPHELD,
        key_of(judge).address,
        WHY,
    )
    assert record.decided_at == chain.now()
    assert board.statusOf(answered) == UPHELD
    count = board.recordOf(carrier)
    assert (count.declared, count.upheld, count.dismissed) == (1, 1, 0)


@pytest.mark.parametrize(
    ("kind", "counted"),
    [
        (IncidentKind.EMBEZZLED, (1, 0, 0, 0)),
        (IncidentKind.DIVERTED, (0, 1, 0, 0)),
        (IncidentKind.COUNTERFEIT, (0, 0, 1, 0)),
        (IncidentKind.SPOILED, (0, 0, 0, 1)),
    ],
)
def test_upheld_counts_by_kind(
    board: Contract,
    carried: list[int],
    carrier: Key,
    auditor: Key,
    second_auditor: Key,
    chain: RevmChain,
    kind: IncidentKind,
    counted: tuple[int, ...],
) -> None:
    board.declare(kind, carried, chain.now(), EVIDENCE, sender=auditor)
    chain.set_time(chain.now() + WEEK)
    board.decide(1, UPHELD, WHY, sender=second_auditor)
    record = board.recordOf(carrier)
    found = (record.embezzled, record.diverted, record.counterfeit, record.spoiled)
    assert found == counted


def test_dismissed_counts_as_such(
    board: Contract, answered: int, carrier: Key, arbiter: Key
) -> None:
    board.decide(answered, DISMISSED, WHY, sender=arbiter)
    assert board.statusOf(answered) == DISMISSED
    count = board.recordOf(carrier)
    assert (count.declared, count.upheld, count.dismissed, count.embezzled) == (1, 0, 1, 0)
    assert list(board.incidentsOf(carrier, 0, 9)) == [answered]


def test_unanswered_it_waits_for_the_window(
    board: Contract, declared: int, second_auditor: Key, chain: RevmChain
) -> None:
    over = board.incident(declared).declared_at + WEEK
    chain.set_time(over - 1)
    with reverts("TooEarly", incident=declared, not_before=over):
        board.decide(declared, UPHELD, WHY, sender=second_auditor)
    chain.set_time(over)
    board.decide(declared, UPHELD, WHY, sender=second_auditor)
    assert board.statusOf(declared) == UPHELD


def test_lapses_undecided_after_thirty_days_and_stays_in_the_record(
    board: Contract, answered: int, carrier: Key, second_auditor: Key, chain: RevmChain
) -> None:
    over = board.incident(answered).declared_at + MONTH
    chain.set_time(over - 1)
    assert board.statusOf(answered) == IncidentStatus.ANSWERED
    snapshot = chain.snapshot()
    board.decide(answered, UPHELD, WHY, sender=second_auditor)
    chain.revert(snapshot)
    chain.set_time(over)
    assert board.statusOf(answered) == IncidentStatus.LAPSED
    with reverts("IncidentWrongStatus", incident=answered, status=IncidentStatus.LAPSED):
        board.decide(answered, UPHELD, WHY, sender=second_auditor)
    count = board.recordOf(carrier)
    assert (count.declared, count.upheld, count.dismissed) == (1, 0, 0)


def test_what_is_decided_stays_decided(
    board: Contract, answered: int, carrier: Key, second_auditor: Key, arbiter: Key
) -> None:
    board.decide(answered, UPHELD, WHY, sender=second_auditor)
    for outcome in (UPHELD, DISMISSED):
        with reverts("IncidentWrongStatus", incident=answered, status=UPHELD):
            board.decide(answered, outcome, WHY, sender=arbiter)
    assert board.recordOf(carrier).upheld == 1


def test_no_function_takes_anything_out(board: Contract) -> None:
    writes = {
        entry["name"]
        for entry in artifact("IncidentBoard").abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    assert writes == {"declare", "answer", "decide"}


@pytest.mark.parametrize("who", ["stranger", "carrier", "supplier", "coordinator"])
def test_reverts_when_the_caller_is_no_judge(board: Contract, answered: int, who: str) -> None:
    with reverts("NotJudge", caller=key_of(who)):
        board.decide(answered, UPHELD, WHY, sender=key_of(who))


@pytest.mark.parametrize("who", ["second_auditor", "arbiter"])
def test_reverts_when_the_judge_is_suspended(
    board: Contract, answered: int, who: str, suspended: Callable[[Key], None]
) -> None:
    suspended(key_of(who))
    with reverts("NotJudge", caller=key_of(who)):
        board.decide(answered, UPHELD, WHY, sender=key_of(who))


def test_reverts_when_the_judge_declared_it(board: Contract, answered: int, auditor: Key) -> None:
    with reverts("OneOrganisation", caller=auditor, other=auditor):
        board.decide(answered, DISMISSED, WHY, sender=auditor)


@pytest.mark.parametrize("kin", ["auditor", "carrier"])
def test_reverts_when_the_judge_belongs_to_a_side(
    board: Contract, registry: Contract, answered: int, kin: str
) -> None:
    cousin = key_of("cousin")
    message = registration(
        "second_auditor",
        START + 9 * DAY,
        account=cousin.address,
        facility=keccak(b"cousin"),
        organisation=registry.participant(key_of(kin)).organisation,
    )
    registry.register(
        message, message.sign(cousin, domain_of(registry)), "", sender=key_of("registrar")
    )
    with reverts("OneOrganisation", caller=cousin, other=key_of(kin)):
        board.decide(answered, UPHELD, WHY, sender=cousin)


def test_reverts_on_bad_input(board: Contract, answered: int, second_auditor: Key) -> None:
    with reverts("UnknownIncident", incident=9):
        board.decide(9, UPHELD, WHY, sender=second_auditor)
    with reverts("NoEvidence"):
        board.decide(answered, UPHELD, bytes(32), sender=second_auditor)
    for outcome in set(IncidentStatus) - {UPHELD, DISMISSED}:
        with reverts("BadOutcome", outcome=outcome):
            board.decide(answered, outcome, WHY, sender=second_auditor)


def test_is_not_upheld_when_a_handover_brought_late_names_another(
    board: Contract,
    ledger: Contract,
    answered: int,
    carried: list[int],
    carrier: Key,
    branch_carrier: Key,
    second_auditor: Key,
) -> None:
    """Both had signed in time; whoever had the paper brought it after the declaration."""
    at = board.incident(answered).at - 60
    ledger.handOver(CONSIGNMENT, branch_carrier, 5, at, sender=key_of("FreightEscrow"))
    with reverts("NotAnsweredBy", parcel=carried[0], party=carrier, responsible=branch_carrier):
        board.decide(answered, UPHELD, WHY, sender=second_auditor)
    board.decide(answered, DISMISSED, WHY, sender=second_auditor)
    assert board.recordOf(carrier).dismissed == 1
