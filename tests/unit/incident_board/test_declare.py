"""declare.

when the caller is not an active auditor: reverts
when the caller's organisation is the party's: reverts
when no kind, no evidence, a time to come: reverts
when parcels are none, more than 16, named twice or out of order, unknown: reverts
when nobody answered for a parcel at that time: reverts
when two parties answered for the parcels: reverts
when the same evidence was brought against the party for the same kind: reverts
when all is well
    given the goods were handed over: names who had them at that time, not who has them now
    it stands: the incident, its parcels, the party's record and list
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.keccak import keccak
from aidline.model import IncidentKind, IncidentStatus
from aidline.signing import Key
from tests.support.people import domain_of, key_of, registration
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START
from tests.unit.incident_board.conftest import EVIDENCE

LOST = IncidentKind.EMBEZZLED


def test_names_who_answered_and_stands_in_the_record(
    board: Contract, carried: list[int], carrier: Key, auditor: Key, chain: RevmChain
) -> None:
    at = chain.now() - 60
    told = board.declare(LOST, carried, at, EVIDENCE, sender=auditor).event("IncidentDeclared")
    assert (told.args.incident, told.args.party, told.args.declared_by) == (
        1,
        carrier.address,
        auditor.address,
    )
    assert (told.args.kind, told.args.at, list(told.args.parcels)) == (LOST, at, carried)
    assert told.args.evidence == EVIDENCE

    record = board.incident(1)
    assert (record.party, record.declared_by) == (carrier.address, auditor.address)
    assert (record.kind, record.at, record.declared_at) == (LOST, at, chain.now())
    assert (record.evidence, record.outcome) == (EVIDENCE, IncidentStatus.NULL)
    assert board.statusOf(1) == IncidentStatus.DECLARED
    assert list(board.parcelsOf(1)) == carried
    assert board.incidentCount() == 1
    assert list(board.incidentsOf(carrier, 0, 10)) == [1]
    count = board.recordOf(carrier)
    assert (count.declared, count.upheld, count.dismissed) == (1, 0, 0)


def test_names_who_had_them_then_not_who_has_them_now(
    board: Contract, carried: list[int], supplier: Key, carrier: Key, auditor: Key, chain: RevmChain
) -> None:
    before = chain.now() - HOUR - 1
    told = board.declare(LOST, carried, before, EVIDENCE, sender=auditor)
    assert told.event("IncidentDeclared").args.party == supplier.address
    assert board.recordOf(carrier).declared == 0


@pytest.mark.parametrize("who", ["stranger", "carrier", "hospital", "arbiter"])
def test_reverts_when_the_caller_is_no_auditor(
    board: Contract, carried: list[int], chain: RevmChain, who: str
) -> None:
    with reverts("NotActive", account=key_of(who)):
        board.declare(LOST, carried, chain.now(), EVIDENCE, sender=key_of(who))


def test_reverts_when_the_auditor_is_suspended(
    board: Contract,
    carried: list[int],
    chain: RevmChain,
    auditor: Key,
    suspended: Callable[[Key], None],
) -> None:
    suspended(auditor)
    with reverts("NotActive", account=auditor):
        board.declare(LOST, carried, chain.now(), EVIDENCE, sender=auditor)


def test_reverts_when_the_auditor_belongs_to_the_party(
    board: Contract, registry: Contract, carried: list[int], carrier: Key, chain: RevmChain
) -> None:
    cousin = key_of("cousin")
    message = registration(
        "auditor",
        START + 9 * DAY,
        account=cousin.address,
        facility=keccak(b"cousin"),
        organisation=registry.participant(carrier).organisation,
    )
    registry.register(
        message, message.sign(cousin, domain_of(registry)), "", sender=key_of("registrar")
    )
    with reverts("OneOrganisation", caller=cousin, other=carrier):
        board.declare(LOST, carried, chain.now(), EVIDENCE, sender=cousin)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("NoKind", {"kind": IncidentKind.NULL}),
        ("NoEvidence", {"evidence": bytes(32)}),
        ("NoParcels", {"parcels": []}),
        ("TooManyParcels", {"parcels": list(range(1, 18))}),
        ("ParcelsNotAscending", {"parcels": [1, 1]}),
        ("ParcelsNotAscending", {"parcels": [2, 1]}),
        ("UnknownParcel", {"parcels": [99]}),
        ("UnknownParcel", {"parcels": [1, 99]}),
        ("InFuture", {"later": 1}),
        ("NobodyAnswered", {"later": -30 * DAY}),
    ],
)
def test_reverts_on_bad_input(
    board: Contract,
    carried: list[int],
    auditor: Key,
    chain: RevmChain,
    error: str,
    changes: dict[str, Any],
) -> None:
    asked = {"kind": LOST, "parcels": carried, "evidence": EVIDENCE, "later": 0} | changes
    at = chain.now() + asked.pop("later")
    with reverts(error):
        board.declare(asked["kind"], asked["parcels"], at, asked["evidence"], sender=auditor)
    assert board.incidentCount() == 0


def test_reverts_when_two_parties_answered(
    board: Contract,
    parcels: list[int],
    carried: list[int],
    carrier: Key,
    supplier: Key,
    auditor: Key,
    chain: RevmChain,
) -> None:
    with reverts("NotAnsweredBy", parcel=parcels[2], party=carrier, responsible=supplier):
        board.declare(LOST, parcels, chain.now(), EVIDENCE, sender=auditor)


def test_the_same_document_counts_once(
    board: Contract,
    declared: int,
    carried: list[int],
    carrier: Key,
    second_auditor: Key,
    chain: RevmChain,
) -> None:
    with reverts("AlreadyDeclared", incident=declared):
        board.declare(LOST, carried[:1], chain.now(), EVIDENCE, sender=second_auditor)
    assert board.recordOf(carrier).declared == 1
    board.declare(LOST, carried, chain.now(), keccak(b"more"), sender=second_auditor)
    board.declare(IncidentKind.SPOILED, carried, chain.now(), EVIDENCE, sender=second_auditor)
    assert board.recordOf(carrier).declared == 3


def test_the_list_is_read_in_pages(
    board: Contract, carried: list[int], carrier: Key, auditor: Key, chain: RevmChain
) -> None:
    for number in range(3):
        board.declare(LOST, carried, chain.now(), keccak(bytes([number])), sender=auditor)
    assert list(board.incidentsOf(carrier, 0, 2)) == [1, 2]
    assert list(board.incidentsOf(carrier, 2, 2)) == [3]
    assert list(board.incidentsOf(carrier, 3, 2)) == []
    with reverts("UnknownIncident", incident=4):
        board.incident(4)
    with reverts("UnknownIncident", incident=4):
        board.statusOf(4)
    with reverts("UnknownIncident", incident=4):
        board.parcelsOf(4)
