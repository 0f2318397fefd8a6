"""isFree and isCrewFree.

when vehicle or crew is unknown: reverts
when the window cannot be: reverts
(what they answer stands beside what takes and frees the hours)
"""

from __future__ import annotations

from aidline.client import Contract
from tests.support.network import DEPARTURE
from tests.support.reverts import reverts
from tests.support.suite import HOUR


def test_reverts_when_unknown(network: Contract) -> None:
    with reverts("UnknownVehicle", vehicle=1):
        network.isFree(1, DEPARTURE, DEPARTURE + HOUR)
    with reverts("UnknownCrew", crew=1):
        network.isCrewFree(1, DEPARTURE, DEPARTURE + HOUR)


def test_reverts_when_the_window_cannot_be(network: Contract, truck: int, crew: int) -> None:
    with reverts("BadWindow", to=DEPARTURE):
        network.isFree(truck, DEPARTURE, DEPARTURE)
    with reverts("WindowTooLong", slots=257, most=network.MAX_SLOTS()):
        network.isCrewFree(crew, DEPARTURE, DEPARTURE + 257 * HOUR)
