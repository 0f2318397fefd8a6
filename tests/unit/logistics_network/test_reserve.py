"""reserve.

when the caller is not FreightEscrow: reverts
when the window ends before it begins, or is longer than 256 hours: reverts
when the carrier is not active: reverts
when the vehicle is unknown, another's, too small, or keeps another band: reverts
when a station is unknown, the same, or of a tier that the vehicle does not stop at: reverts
when the leg enters an affected province
    given its end is no recognised centre: reverts, whatever the vehicle's tier
    given its end is one: reserves
    given it begins in the province: reserves
when the crew is unknown, or another carrier's: reverts
when an hour of vehicle or crew is taken: reverts, naming the first such hour
otherwise: takes the hours of vehicle and crew, across storage words too, each apart from the other
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import Role, Tier
from aidline.signing import Key
from tests.support.network import DEPARTURE, station, vehicle
from tests.support.people import word
from tests.support.reverts import reverts
from tests.support.suite import HOUR

SLOT = DEPARTURE // HOUR
Leg = Callable[..., dict[str, Any]]


def test_takes_the_hours_of_vehicle_and_crew(
    network: Contract, truck: int, crew: int, freight_escrow: Key, leg: Leg
) -> None:
    reserved = network.reserve(7, leg(), sender=freight_escrow).event("SlotsReserved").args

    assert (reserved.vehicle, reserved.crew, reserved.consignment) == (truck, crew, 7)
    assert (reserved.from_slot, reserved.to_slot) == (SLOT, SLOT + 5)
    for hour in range(-1, 6):
        begin = DEPARTURE + hour * HOUR
        free = hour in (-1, 5)
        assert network.isFree(truck, begin, begin + HOUR) is free
        assert network.isCrewFree(crew, begin, begin + HOUR) is free


def test_takes_an_hour_that_is_touched_for_a_second(
    network: Contract, truck: int, freight_escrow: Key, leg: Leg
) -> None:
    touching = leg(departure=DEPARTURE + HOUR - 1, latest_arrival=DEPARTURE + HOUR + 1)
    reserved = network.reserve(1, touching, sender=freight_escrow).event("SlotsReserved").args
    assert (reserved.from_slot, reserved.to_slot) == (SLOT, SLOT + 2)


def test_takes_the_hours_right_after_others(
    network: Contract, truck: int, freight_escrow: Key, leg: Leg
) -> None:
    network.reserve(1, leg(), sender=freight_escrow)
    after = leg(departure=DEPARTURE + 5 * HOUR, latest_arrival=DEPARTURE + 6 * HOUR)
    network.reserve(2, after, sender=freight_escrow)
    assert not network.isFree(truck, DEPARTURE, DEPARTURE + HOUR)


@pytest.mark.parametrize("offset", [0, 1, 127])
def test_takes_256_hours_from_any_place_in_a_word(
    network: Contract, truck: int, freight_escrow: Key, leg: Leg, offset: int
) -> None:
    begin = (SLOT // 128 + 1) * 128 * HOUR + offset * HOUR
    longest = leg(departure=begin, latest_arrival=begin + 256 * HOUR)
    network.reserve(1, longest, sender=freight_escrow)

    taken = [
        network.isFree(truck, begin + hour * HOUR, begin + (hour + 1) * HOUR)
        for hour in range(-1, 257)
    ]
    assert taken == [True] + [False] * 256 + [True]


def test_reverts_when_the_caller_is_not_the_freight_escrow(
    network: Contract, carrier: Key, leg: Leg
) -> None:
    with reverts("NotWriter", caller=carrier):
        network.reserve(1, leg(), sender=carrier)


@pytest.mark.parametrize("length", [0, -1])
def test_reverts_when_the_window_ends_before_it_begins(
    network: Contract, freight_escrow: Key, leg: Leg, length: int
) -> None:
    with reverts("BadWindow", to=DEPARTURE + length):
        network.reserve(1, leg(latest_arrival=DEPARTURE + length), sender=freight_escrow)


def test_reverts_when_the_window_is_longer_than_256_hours(
    network: Contract, freight_escrow: Key, leg: Leg
) -> None:
    with reverts("WindowTooLong", slots=257, most=256):
        too_long = leg(latest_arrival=DEPARTURE + 256 * HOUR + 1)
        network.reserve(1, too_long, sender=freight_escrow)


def test_reverts_when_the_carrier_is_suspended(
    network: Contract, carrier: Key, freight_escrow: Key, leg: Leg, suspended: Callable[[Key], None]
) -> None:
    suspended(carrier)
    with reverts("NotActive", account=carrier, role=Role.CARRIER):
        network.reserve(1, leg(), sender=freight_escrow)


def test_reverts_when_the_vehicle_is_unknown(
    network: Contract, freight_escrow: Key, leg: Leg
) -> None:
    with reverts("UnknownVehicle", vehicle=9):
        network.reserve(1, leg(vehicle=9), sender=freight_escrow)


def test_reverts_when_the_vehicle_is_anothers(
    network: Contract, truck: int, branch_carrier: Key, freight_escrow: Key, leg: Leg
) -> None:
    with reverts("WrongCarrier", vehicle=truck, carrier=branch_carrier):
        network.reserve(1, leg(carrier=branch_carrier.address), sender=freight_escrow)


def test_reverts_over_capacity(
    network: Contract, truck: int, freight_escrow: Key, leg: Leg
) -> None:
    network.reserve(1, leg(units=100_000), sender=freight_escrow)
    with reverts("OverCapacity", vehicle=truck, units=100_001, capacity=100_000):
        network.reserve(2, leg(units=100_001), sender=freight_escrow)


def test_reverts_when_the_vehicle_gets_too_warm(
    network: Contract, truck: int, freight_escrow: Key, leg: Leg
) -> None:
    with reverts("TooWarm", vehicle=truck, needed=799):
        network.reserve(1, leg(temperature_max=799), sender=freight_escrow)


def test_reverts_when_the_vehicle_gets_too_cold(
    network: Contract, truck: int, freight_escrow: Key, leg: Leg
) -> None:
    with reverts("TooCold", vehicle=truck, needed=201):
        network.reserve(1, leg(temperature_min=201), sender=freight_escrow)


@pytest.mark.parametrize("end", ["from_station", "to_station"])
def test_reverts_when_a_station_is_unknown(
    network: Contract, freight_escrow: Key, leg: Leg, end: str
) -> None:
    with reverts("UnknownStation", station=99):
        network.reserve(1, leg(**{end: 99}), sender=freight_escrow)


def test_reverts_when_the_leg_goes_nowhere(
    network: Contract, hub: int, freight_escrow: Key, leg: Leg
) -> None:
    with reverts("SameStation", station=hub):
        network.reserve(1, leg(to_station=hub), sender=freight_escrow)


@pytest.mark.parametrize("end", ["from_station", "to_station"])
def test_reverts_when_a_trunk_vehicle_goes_to_the_last_door(
    network: Contract, truck: int, dock: int, freight_escrow: Key, leg: Leg, end: str
) -> None:
    with reverts(
        "TierMismatch", vehicle=truck, vehicle_tier=Tier.TRUNK, station_tier=Tier.TERMINAL
    ):
        network.reserve(1, leg(**{end: dock}), sender=freight_escrow)


def test_reverts_when_a_terminal_vehicle_goes_to_a_trunk_station(
    network: Contract,
    carrier: Key,
    crew: int,
    centre: int,
    dock: int,
    freight_escrow: Key,
    leg: Leg,
) -> None:
    added = network.addVehicle(vehicle(carrier, tier=Tier.TERMINAL), sender=carrier)
    van = added.event("VehicleAdded").args.vehicle
    with reverts("TierMismatch", vehicle=van, vehicle_tier=Tier.TERMINAL, station_tier=Tier.TRUNK):
        wanted = leg(vehicle=van, from_station=centre, to_station=dock)
        network.reserve(1, wanted, sender=freight_escrow)


def test_branch_and_terminal_vehicles_follow_the_tiers(
    network: Contract,
    carrier: Key,
    centre: int,
    branch: int,
    dock: int,
    freight_escrow: Key,
    leg: Leg,
) -> None:
    for consignment, (tier, start, end) in enumerate(
        [(Tier.BRANCH, centre, branch), (Tier.TERMINAL, branch, dock)], start=1
    ):
        crew = network.addCrew(word("C1"), sender=carrier).event("CrewAdded").args.crew
        added = network.addVehicle(vehicle(carrier, tier=tier), sender=carrier)
        van = added.event("VehicleAdded").args.vehicle
        wanted = leg(vehicle=van, crew=crew, from_station=start, to_station=end)
        network.reserve(consignment, wanted, sender=freight_escrow)
        assert not network.isFree(van, DEPARTURE, DEPARTURE + HOUR)


def test_reverts_into_an_affected_province_past_its_centres(
    network: Contract, yard: int, coordinator: Key, freight_escrow: Key, leg: Leg
) -> None:
    past = leg(to_station=yard)
    network.reserve(1, past, sender=freight_escrow)
    network.setAffected(word("CN-HB"), True, sender=coordinator)

    later = past | {"departure": DEPARTURE + 9 * HOUR, "latest_arrival": DEPARTURE + 10 * HOUR}
    with reverts("CentreNotRecognised", station=yard):
        network.reserve(2, later, sender=freight_escrow)


def test_reverts_past_the_centres_also_when_the_vehicle_is_called_a_branch_one(
    network: Contract,
    carrier: Key,
    crew: int,
    branch: int,
    coordinator: Key,
    freight_escrow: Key,
    leg: Leg,
) -> None:
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    added = network.addVehicle(vehicle(carrier, tier=Tier.BRANCH), sender=carrier)
    van = added.event("VehicleAdded").args.vehicle
    with reverts("CentreNotRecognised", station=branch):
        network.reserve(1, leg(vehicle=van, to_station=branch), sender=freight_escrow)


def test_goes_into_an_affected_province_by_a_recognised_centre(
    network: Contract, truck: int, coordinator: Key, freight_escrow: Key, leg: Leg
) -> None:
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    network.reserve(1, leg(), sender=freight_escrow)
    assert not network.isFree(truck, DEPARTURE, DEPARTURE + HOUR)


def test_goes_on_within_an_affected_province_to_any_station(
    network: Contract,
    truck: int,
    centre: int,
    yard: int,
    coordinator: Key,
    freight_escrow: Key,
    leg: Leg,
) -> None:
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    network.reserve(1, leg(from_station=centre, to_station=yard), sender=freight_escrow)
    assert not network.isFree(truck, DEPARTURE, DEPARTURE + HOUR)


def test_goes_out_of_an_affected_province_to_any_station(
    network: Contract,
    truck: int,
    centre: int,
    hub: int,
    coordinator: Key,
    freight_escrow: Key,
    leg: Leg,
) -> None:
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    network.reserve(1, leg(from_station=centre, to_station=hub), sender=freight_escrow)
    assert not network.isFree(truck, DEPARTURE, DEPARTURE + HOUR)


def test_reverts_when_the_crew_is_anothers_or_unknown(
    network: Contract, carrier: Key, branch_carrier: Key, freight_escrow: Key, leg: Leg
) -> None:
    theirs = network.addCrew(word("C2"), sender=branch_carrier).event("CrewAdded").args.crew
    with reverts("WrongCrew", crew=theirs, carrier=carrier):
        network.reserve(1, leg(crew=theirs), sender=freight_escrow)
    for unknown in (0, theirs + 1):
        with reverts("UnknownCrew", crew=unknown):
            network.reserve(1, leg(crew=unknown), sender=freight_escrow)


def test_reverts_when_an_hour_of_the_vehicle_is_taken(
    network: Contract, truck: int, freight_escrow: Key, leg: Leg
) -> None:
    network.reserve(1, leg(), sender=freight_escrow)
    overlapping = leg(departure=DEPARTURE - 2 * HOUR, latest_arrival=DEPARTURE + 1, units=1)
    with reverts("SlotTaken", vehicle=truck, slot=SLOT):
        network.reserve(2, overlapping, sender=freight_escrow)


def test_reverts_when_an_hour_in_the_next_word_is_taken(
    network: Contract, truck: int, freight_escrow: Key, leg: Leg
) -> None:
    word_begin = (SLOT // 128 + 1) * 128 * HOUR
    late = leg(departure=word_begin + 3 * HOUR, latest_arrival=word_begin + 4 * HOUR)
    network.reserve(1, late, sender=freight_escrow)
    across = leg(departure=word_begin - 2 * HOUR, latest_arrival=word_begin + 8 * HOUR)
    with reverts("SlotTaken", vehicle=truck, slot=word_begin // HOUR + 3):
        network.reserve(2, across, sender=freight_escrow)


def test_reverts_when_the_crew_drives_another_vehicle(
    network: Contract, carrier: Key, crew: int, freight_escrow: Key, leg: Leg
) -> None:
    network.reserve(1, leg(), sender=freight_escrow)
    added = network.addVehicle(vehicle(carrier), sender=carrier)
    second = added.event("VehicleAdded").args.vehicle
    with reverts("CrewBusy", crew=crew, slot=SLOT + 4):
        late = leg(
            vehicle=second,
            departure=DEPARTURE + 4 * HOUR,
            latest_arrival=DEPARTURE + 8 * HOUR,
        )
        network.reserve(2, late, sender=freight_escrow)
    assert network.isFree(second, DEPARTURE + 4 * HOUR, DEPARTURE + 8 * HOUR)


def test_a_crew_and_a_vehicle_that_share_a_word_are_booked_apart(
    network: Contract, truck: int, crew: int, carrier: Key, freight_escrow: Key, leg: Leg
) -> None:
    second = network.addVehicle(vehicle(carrier), sender=carrier).event("VehicleAdded").args.vehicle
    other = network.addCrew(word("C1"), sender=carrier).event("CrewAdded").args.crew
    network.reserve(1, leg(crew=other), sender=freight_escrow)

    window = (DEPARTURE, DEPARTURE + 5 * HOUR)
    assert not network.isFree(truck, *window) and not network.isCrewFree(other, *window)
    assert network.isFree(second, *window) and network.isCrewFree(crew, *window)


def test_a_withdrawn_centre_no_longer_leads_into_the_province(
    network: Contract, centre: int, coordinator: Key, freight_escrow: Key, leg: Leg
) -> None:
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    network.recognise(centre, False, sender=coordinator)
    with reverts("CentreNotRecognised", station=centre):
        network.reserve(1, leg(), sender=freight_escrow)


def test_a_station_without_a_province_counts_as_outside(
    network: Contract, carrier: Key, yard: int, coordinator: Key, freight_escrow: Key, leg: Leg
) -> None:
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    added = network.addStation(station(carrier, region=word("CN")), sender=carrier)
    nowhere = added.event("StationAdded").args.station
    with reverts("CentreNotRecognised", station=yard):
        network.reserve(1, leg(from_station=nowhere, to_station=yard), sender=freight_escrow)
