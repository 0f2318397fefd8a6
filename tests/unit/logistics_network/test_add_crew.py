"""addCrew.

when the caller is no active carrier: reverts
otherwise: the crew stands under the next id
"""

from __future__ import annotations

from collections.abc import Callable

from aidline.client import Contract
from aidline.model import Role
from aidline.signing import Key
from tests.support.people import word
from tests.support.reverts import reverts


def test_adds_a_crew_of_the_caller(network: Contract, carrier: Key) -> None:
    added = network.addCrew(word("C1"), sender=carrier).event("CrewAdded").args
    assert (added.crew, added.carrier, added.licence) == (1, carrier.address, word("C1"))
    assert network.crew(1).carrier == carrier.address
    assert network.crew(1).licence == word("C1")
    assert network.crewCount() == 1


def test_reverts_when_the_caller_is_no_carrier(network: Contract, charity: Key) -> None:
    with reverts("NotActive", account=charity, role=Role.CARRIER):
        network.addCrew(word("C1"), sender=charity)


def test_reverts_when_the_carrier_is_suspended(
    network: Contract, carrier: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(carrier)
    with reverts("NotActive", account=carrier, role=Role.CARRIER):
        network.addCrew(word("C1"), sender=carrier)


def test_reading_an_unknown_crew_reverts(network: Contract) -> None:
    with reverts("UnknownCrew", crew=1):
        network.crew(1)
