"""assignCrew.

when the caller is no active carrier: reverts
when vehicle or crew is unknown or another's: reverts
otherwise: the crew drives from now on; hours reserved before stay with the former crew
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aidline.client import Contract
from aidline.model import Role
from aidline.signing import Key
from tests.support.network import DEPARTURE
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import HOUR


def test_the_crew_drives_from_now_on(network: Contract, truck: int, carrier: Key) -> None:
    second = network.addCrew(word("C2"), sender=carrier).event("CrewAdded").args.crew

    assigned = network.assignCrew(truck, second, sender=carrier).event("CrewAssigned").args

    assert (assigned.vehicle, assigned.crew) == (truck, second)
    assert network.vehicle(truck).crew == second


def test_hours_reserved_before_stay_with_the_former_crew(
    network: Contract,
    truck: int,
    crew: int,
    carrier: Key,
    freight_escrow: Key,
    leg: Callable[..., dict[str, Any]],
) -> None:
    network.reserve(1, leg(), sender=freight_escrow)
    second = network.addCrew(word("C2"), sender=carrier).event("CrewAdded").args.crew
    network.assignCrew(truck, second, sender=carrier)

    assert not network.isCrewFree(crew, DEPARTURE, DEPARTURE + HOUR)
    assert network.isCrewFree(second, DEPARTURE, DEPARTURE + HOUR)
    network.free(1, truck, DEPARTURE, DEPARTURE + 5 * HOUR, sender=freight_escrow)
    assert network.isCrewFree(crew, DEPARTURE, DEPARTURE + HOUR)


def test_reverts_when_the_vehicle_is_anothers(
    network: Contract, truck: int, branch_carrier: Key
) -> None:
    own = network.addCrew(word("C2"), sender=branch_carrier).event("CrewAdded").args.crew
    with reverts("NotCarrierOf", id=truck, caller=branch_carrier):
        network.assignCrew(truck, own, sender=branch_carrier)


def test_reverts_when_the_crew_is_anothers(
    network: Contract, truck: int, carrier: Key, branch_carrier: Key
) -> None:
    theirs = network.addCrew(word("C2"), sender=branch_carrier).event("CrewAdded").args.crew
    with reverts("NotCarrierOf", id=theirs, caller=carrier):
        network.assignCrew(truck, theirs, sender=carrier)


def test_reverts_when_the_vehicle_is_unknown(network: Contract, crew: int, carrier: Key) -> None:
    with reverts("UnknownVehicle", vehicle=5):
        network.assignCrew(5, crew, sender=carrier)


def test_reverts_when_the_crew_is_unknown(network: Contract, truck: int, carrier: Key) -> None:
    with reverts("UnknownCrew", crew=5):
        network.assignCrew(truck, 5, sender=carrier)


def test_reverts_when_the_carrier_is_suspended(
    network: Contract, truck: int, crew: int, carrier: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(carrier)
    with reverts("NotActive", account=carrier, role=Role.CARRIER):
        network.assignCrew(truck, crew, sender=carrier)
