"""substitute.

when the caller is not the leg's carrier, there is no such leg, or no reason is given: reverts
when the leg was begun, or the consignment has ended: reverts
when the other vehicle or crew would not do for the leg: reverts as a booking would, nothing changed
otherwise: the other takes the hours, those of the first are free; what goes back is the other's
"""

from __future__ import annotations

import pytest

from aidline.client import Contract, Receipt, RevmChain
from aidline.model import Hindrance, Tier
from tests.support.freight import CARRIERS, DEPARTURES, LATEST, Desk
from tests.support.network import crew_of, vehicle
from tests.support.people import key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START


@pytest.fixture
def other(desk: Desk) -> tuple[int, int]:
    """Another lorry of the branch carrier's, with its crew."""
    return hire(desk)


def hire(desk: Desk, name: str = "branch_carrier", **changes: object) -> tuple[int, int]:
    network, carrier = desk.suite.network, key_of(name)
    definition = vehicle(carrier, **({"tier": Tier.BRANCH} | changes))
    lorry = network.addVehicle(definition, sender=carrier).event("VehicleAdded").args.vehicle
    crew = network.addCrew(crew_of(carrier), sender=carrier).event("CrewAdded").args.crew
    return lorry, crew


def replace(
    desk: Desk,
    consignment: int,
    pair: tuple[int, int],
    leg: int = 1,
    sender: str = "branch_carrier",
    reason: Hindrance = Hindrance.BREAKDOWN,
) -> Receipt:
    booking = desk.bookings[consignment]
    receipt: Receipt = desk.suite.hours.substitute(
        booking, leg, *pair, reason, sender=key_of(sender)
    )
    return receipt


def is_free(desk: Desk, pair: tuple[int, int]) -> bool:
    """Whether vehicle and crew are free in the hours of the second leg: both or neither."""
    span = (DEPARTURES[1], LATEST[1])
    of_vehicle: bool = desk.suite.network.isFree(pair[0], *span)
    assert of_vehicle is desk.suite.network.isCrewFree(pair[1], *span)
    return of_vehicle


def test_another_lorry_takes_the_place_of_one_that_broke_down(
    desk: Desk, consignment: int, other: tuple[int, int]
) -> None:
    """NET-39."""
    receipt = replace(desk, consignment, other)

    told = receipt.event("LegSubstituted").args
    assert (told.consignment, told.booked) == (consignment, desk.vehicles[1])
    assert (told.vehicle, told.crew) == other
    why = receipt.event("VehicleReplaced").args
    assert (why.consignment, why.leg, why.reason) == (consignment, 1, Hindrance.BREAKDOWN)
    assert not is_free(desk, other)
    assert is_free(desk, (desk.vehicles[1], desk.crews[1]))


def test_goods_go_on_as_booked(desk: Desk, consignment: int, other: tuple[int, int]) -> None:
    """NET-39: custody and money are the carrier's as before."""
    desk.pass_on(consignment, 0, DEPARTURES[0])
    replace(desk, consignment, other)
    desk.pass_on(consignment, 1, LATEST[0])
    desk.pass_on(consignment, 2, LATEST[1])
    load = desk.suite.ledger.load(consignment)
    assert load.custodian == key_of("terminal_carrier").address


def test_what_goes_back_is_the_others(
    desk: Desk, consignment: int, other: tuple[int, int], chain: RevmChain
) -> None:
    """NET-39, INV-NET-1: the hours that were booked are somebody else's by then."""
    third = hire(desk)
    replace(desk, consignment, other)
    replace(desk, consignment, third)
    assert is_free(desk, other)
    booked = (desk.vehicles[1], desk.crews[1])
    run = (*booked, desk.stations[1], DEPARTURES[1], LATEST[1])
    desk.suite.network.openRun(*run, sender=key_of("branch_carrier"))

    chain.set_time(START + 10 * DAY)
    desk.lapse(consignment, sender=key_of("stranger"))
    assert is_free(desk, third)
    assert not is_free(desk, booked)


def test_what_is_released_is_the_others(
    desk: Desk, hours: Contract, consignment: int, other: tuple[int, int]
) -> None:
    """NET-15, NET-39."""
    replace(desk, consignment, other)
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, DEPARTURES[0] + HOUR)
    desk.pass_on(consignment, 2, DEPARTURES[0] + 2 * HOUR)
    hours.release(desk.bookings[consignment], sender=key_of("stranger"))
    assert hours.released(consignment) == 0b011
    assert is_free(desk, other)


def test_rides_in_a_run_of_the_carriers(
    desk: Desk, consignment: int, other: tuple[int, int]
) -> None:
    run = (*other, desk.stations[1], DEPARTURES[1], LATEST[1])
    desk.suite.network.openRun(*run, sender=key_of("branch_carrier"))
    receipt = replace(desk, consignment, other)
    assert receipt.event("Boarded").args.units == 1_000
    assert is_free(desk, (desk.vehicles[1], desk.crews[1]))


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("OverCapacity", {"capacity": 999}),
        ("TooWarm", {"temperature_max": 900}),
        ("TierMismatch", {"tier": Tier.TERMINAL}),
        ("LicenceMissing", {"licences": 1}),
    ],
)
def test_reverts_when_the_other_would_not_do(
    desk: Desk, consignment: int, error: str, changes: dict[str, int]
) -> None:
    """NET-39."""
    unfit = hire(desk, **changes)
    with reverts(error):
        replace(desk, consignment, unfit)
    assert is_free(desk, unfit)
    assert not is_free(desk, (desk.vehicles[1], desk.crews[1]))


def test_reverts_when_the_other_is_another_carriers(desk: Desk, consignment: int) -> None:
    theirs = hire(desk, "carrier")
    with reverts("WrongCarrier", vehicle=theirs[0], carrier=key_of("branch_carrier")):
        replace(desk, consignment, theirs)


@pytest.mark.parametrize("name", ["carrier", "hospital", "stranger"])
def test_reverts_when_the_caller_is_another(
    desk: Desk, consignment: int, other: tuple[int, int], name: str
) -> None:
    """NET-39."""
    with reverts("NotCarrier", consignment=consignment, leg=1, caller=key_of(name)):
        replace(desk, consignment, other, sender=name)


def test_reverts_without_a_reason(desk: Desk, consignment: int, other: tuple[int, int]) -> None:
    with reverts("NoReason"):
        replace(desk, consignment, other, reason=Hindrance.NULL)


def test_reverts_for_a_leg_that_there_is_not(
    desk: Desk, consignment: int, other: tuple[int, int]
) -> None:
    with reverts("UnknownLeg", consignment=consignment, leg=3):
        replace(desk, consignment, other, leg=3)


def test_reverts_once_the_leg_was_begun(
    desk: Desk, consignment: int, other: tuple[int, int]
) -> None:
    """NET-39."""
    desk.pass_on(consignment, 0, DEPARTURES[0])
    desk.pass_on(consignment, 1, LATEST[0])
    with reverts("TooLateToReplace", consignment=consignment, leg=1):
        replace(desk, consignment, other)


def test_reverts_once_it_has_ended(
    desk: Desk, consignment: int, other: tuple[int, int], chain: RevmChain
) -> None:
    chain.set_time(START + 10 * DAY)
    desk.lapse(consignment, sender=key_of("stranger"))
    with reverts("TooLateToReplace", consignment=consignment, leg=1):
        replace(desk, consignment, other)


def test_only_the_desk_replaces_in_the_network(desk: Desk, consignment: int) -> None:
    """NET-8."""
    network = desk.suite.network
    leg = desk.bookings[consignment].legs[1]
    hours = {
        "vehicle": leg.vehicle,
        "crew": leg.crew,
        "from_station": leg.from_station,
        "to_station": leg.to_station,
        "departure": leg.departure,
        "latest_arrival": leg.latest_arrival,
    }
    wanted = hours | {"carrier": leg.carrier, "units": 1}
    wanted |= {"temperature_min": 200, "temperature_max": 800}
    for name in (CARRIERS[1], "stranger"):
        with reverts("NotWriter", caller=key_of(name)):
            network.substitute(consignment, hours, wanted, sender=key_of(name))
