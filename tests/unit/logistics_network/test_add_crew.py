"""addCrew.

when the caller is no active carrier, or the definition names another: reverts
when the hours of duty cannot be: reverts
otherwise: the crew stands under the next id
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract
from aidline.model import Role
from aidline.signing import Key
from tests.support.network import crew_of
from tests.support.reverts import reverts


def test_adds_a_crew_of_the_caller(network: Contract, carrier: Key) -> None:
    definition = crew_of(carrier, licences=0b101, hours_in_row=4, hours_in_day=9)
    added = network.addCrew(definition, sender=carrier).event("CrewAdded").args
    assert (added.crew, added.carrier, added.licences) == (1, carrier.address, 0b101)
    kept = network.crew(1)
    assert (kept.carrier, kept.licences) == (carrier.address, 0b101)
    assert (kept.hours_in_row, kept.hours_in_day) == (4, 9)
    assert network.crewCount() == 1


def test_reverts_when_the_caller_is_no_carrier(network: Contract, charity: Key) -> None:
    with reverts("NotActive", account=charity, role=Role.CARRIER):
        network.addCrew(crew_of(charity), sender=charity)


def test_reverts_when_the_carrier_is_suspended(
    network: Contract, carrier: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(carrier)
    with reverts("NotActive", account=carrier, role=Role.CARRIER):
        network.addCrew(crew_of(carrier), sender=carrier)


def test_reverts_when_the_crew_is_put_under_another(
    network: Contract, carrier: Key, branch_carrier: Key
) -> None:
    with reverts("NotOwn", named=branch_carrier, caller=carrier):
        network.addCrew(crew_of(branch_carrier), sender=carrier)


@pytest.mark.parametrize(("in_row", "in_day"), [(10, 9), (0, 9), (25, 25)])
def test_reverts_when_the_hours_of_duty_cannot_be(
    network: Contract, carrier: Key, in_row: int, in_day: int
) -> None:
    """NET-23."""
    with reverts("BadDutyHours", in_row=in_row, in_day=in_day):
        definition = crew_of(carrier, hours_in_row=in_row, hours_in_day=in_day)
        network.addCrew(definition, sender=carrier)


def test_reading_an_unknown_crew_reverts(network: Contract) -> None:
    with reverts("UnknownCrew", crew=1):
        network.crew(1)
