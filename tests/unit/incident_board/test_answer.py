"""answer.

when the incident is unknown, the caller another, the answer empty: reverts
given it is answered or decided already: reverts
given the window is over: reverts
given the party is suspended: answers all the same
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.keccak import keccak
from aidline.model import IncidentStatus
from aidline.signing import Key
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.unit.incident_board.conftest import MONTH, WEEK

ANSWER = keccak(b"we were robbed")


def test_stands_beside_the_declaration(
    board: Contract, declared: int, carrier: Key, chain: RevmChain
) -> None:
    told = board.answer(declared, ANSWER, sender=carrier).event("IncidentAnswered").args
    assert (told.incident, told.party, told.answer) == (declared, carrier.address, ANSWER)
    record = board.incident(declared)
    assert (record.answer, record.answered_at) == (ANSWER, chain.now())
    assert board.statusOf(declared) == IncidentStatus.ANSWERED


def test_a_suspended_party_may_answer(
    board: Contract, declared: int, carrier: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(carrier)
    board.answer(declared, ANSWER, sender=carrier)
    assert board.statusOf(declared) == IncidentStatus.ANSWERED


@pytest.mark.parametrize("who", ["stranger", "supplier", "auditor"])
def test_reverts_when_the_caller_is_not_the_party(board: Contract, declared: int, who: str) -> None:
    with reverts("NotParty", incident=declared, caller=key_of(who)):
        board.answer(declared, ANSWER, sender=key_of(who))


def test_reverts_when_unknown_or_empty(board: Contract, declared: int, carrier: Key) -> None:
    with reverts("UnknownIncident", incident=9):
        board.answer(9, ANSWER, sender=carrier)
    with reverts("NoEvidence"):
        board.answer(declared, bytes(32), sender=carrier)


def test_reverts_when_answered_already(board: Contract, answered: int, carrier: Key) -> None:
    with reverts("IncidentWrongStatus", incident=answered, status=IncidentStatus.ANSWERED):
        board.answer(answered, keccak(b"or were we?"), sender=carrier)


def test_is_good_until_the_window_is_over(
    board: Contract, declared: int, carrier: Key, chain: RevmChain
) -> None:
    until = board.incident(declared).declared_at + WEEK
    snapshot = chain.snapshot()
    chain.set_time(until - 1)
    board.answer(declared, ANSWER, sender=carrier)
    chain.revert(snapshot)
    chain.set_time(until)
    with reverts("AnswerTooLate", incident=declared, until=until):
        board.answer(declared, ANSWER, sender=carrier)


def test_reverts_when_decided_or_lapsed(
    board: Contract, declared: int, carrier: Key, second_auditor: Key, chain: RevmChain
) -> None:
    begun = board.incident(declared).declared_at
    chain.set_time(begun + WEEK)
    snapshot = chain.snapshot()
    board.decide(declared, IncidentStatus.DISMISSED, keccak(b"why"), sender=second_auditor)
    with reverts("IncidentWrongStatus", status=IncidentStatus.DISMISSED):
        board.answer(declared, ANSWER, sender=carrier)
    chain.revert(snapshot)
    chain.set_time(begun + MONTH)
    with reverts("IncidentWrongStatus", status=IncidentStatus.LAPSED):
        board.answer(declared, ANSWER, sender=carrier)
