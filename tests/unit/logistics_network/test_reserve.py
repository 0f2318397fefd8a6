"""reserve.

when the caller is not FreightEscrow: reverts
when the window ends before it begins, or is longer than 256 hours: reverts
when the carrier is not active: reverts
when the vehicle is unknown, another's, too small, or keeps another band: reverts
when a station is unknown, the same, or of a tier that the vehicle does not stop at: reverts
when the leg enters an affected province
    given neither end is a centre that serves it: reverts, whatever the vehicle's tier
    given one is: reserves
    given it begins in the province: reserves
when the crew is unknown, another's, lacks a licence or would be too long on duty: reverts
when a station is closed, cannot keep the goods, or handles no more loads: reverts
when the leg is longer than the vehicle goes: reverts
when an hour of vehicle or crew is taken: reverts, naming the first such hour
otherwise: takes the hours of vehicle and crew, across storage words too, each apart from the other
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aidline.client import Contract
from aidline.model import ALWAYS_OPEN, Role, Room, Tier
from aidline.signing import Key
from tests.support.network import DEPARTURE, crew_of, station, vehicle
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
        crew = network.addCrew(crew_of(carrier), sender=carrier).event("CrewAdded").args.crew
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
    theirs = (
        network.addCrew(crew_of(branch_carrier), sender=branch_carrier).event("CrewAdded").args.crew
    )
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
    other = network.addCrew(crew_of(carrier), sender=carrier).event("CrewAdded").args.crew
    network.reserve(1, leg(crew=other), sender=freight_escrow)

    window = (DEPARTURE, DEPARTURE + 5 * HOUR)
    assert not network.isFree(truck, *window) and not network.isCrewFree(other, *window)
    assert network.isFree(second, *window) and network.isCrewFree(crew, *window)


def test_a_withdrawn_centre_no_longer_leads_into_the_province(
    network: Contract, centre: int, coordinator: Key, freight_escrow: Key, leg: Leg
) -> None:
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    network.recognise(centre, word("CN-HB"), False, sender=coordinator)
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


def test_goes_into_an_affected_province_from_a_centre_that_serves_it(
    network: Contract, hub: int, yard: int, coordinator: Key, freight_escrow: Key, leg: Leg
) -> None:
    """NET-13."""
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    network.recognise(hub, word("CN-HB"), True, sender=coordinator)
    network.reserve(1, leg(to_station=yard), sender=freight_escrow)


def test_reverts_from_a_centre_that_serves_another_province(
    network: Contract, hub: int, yard: int, coordinator: Key, freight_escrow: Key, leg: Leg
) -> None:
    """NET-13."""
    network.setAffected(word("CN-HB"), True, sender=coordinator)
    network.recognise(hub, word("CN-GD"), True, sender=coordinator)
    with reverts("CentreNotRecognised", station=yard):
        network.reserve(1, leg(to_station=yard), sender=freight_escrow)


@pytest.mark.parametrize(
    ("end", "hour"), [("from_station", SLOT % 24), ("to_station", SLOT % 24 + 4)]
)
def test_reverts_when_a_station_is_closed(
    network: Contract, carrier: Key, freight_escrow: Key, leg: Leg, end: str, hour: int
) -> None:
    """NET-16: the hour of departure, the last hour before the latest arrival."""
    places = []
    for hours in (1 << hour, ALWAYS_OPEN & ~(1 << hour)):
        added = network.addStation(station(carrier, open_hours=hours), sender=carrier)
        places.append(added.event("StationAdded").args.station)
    network.reserve(1, leg(**{end: places[0]}), sender=freight_escrow)
    with reverts("StationClosed", station=places[1], hour=hour):
        network.reserve(2, leg(**{end: places[1]}), sender=freight_escrow)


@pytest.mark.parametrize(
    ("room", "keeps"),
    [(Room.AMBIENT, (1_500, 2_500)), (Room.COLD, (200, 800)), (Room.FROZEN, (-2_500, -1_500))],
)
def test_goods_rest_in_a_room_that_keeps_them(
    network: Contract,
    carrier: Key,
    crew: int,
    hub: int,
    freight_escrow: Key,
    leg: Leg,
    room: Room,
    keeps: tuple[int, int],
) -> None:
    """NET-17."""
    low, high = keeps
    fitting = vehicle(carrier, temperature_min=low, temperature_max=high)
    lorry = network.addVehicle(fitting, sender=carrier).event("VehicleAdded").args.vehicle
    hall = {"temperature_min": 1_000, "temperature_max": 1_100}
    places = []
    for rooms in (room, Room(7) & ~room):
        added = network.addStation(station(carrier, rooms=rooms, **hall), sender=carrier)
        places.append(added.event("StationAdded").args.station)
    band = {"temperature_min": low, "temperature_max": high}
    wanted = leg(vehicle=lorry, from_station=hub, to_station=places[0], **band)
    network.reserve(1, wanted, sender=freight_escrow)
    wanted |= {"to_station": places[1], "departure": DEPARTURE + 9 * HOUR}
    wanted |= {"latest_arrival": DEPARTURE + 10 * HOUR}
    with reverts("CannotStore", station=places[1], temperature_min=low, temperature_max=high):
        network.reserve(2, wanted, sender=freight_escrow)


@pytest.mark.parametrize("end", ["from_station", "to_station"])
def test_reverts_when_a_station_handles_no_more_loads(
    network: Contract, carrier: Key, freight_escrow: Key, leg: Leg, end: str
) -> None:
    """NET-18, INV-NET-3."""
    added = network.addStation(station(carrier, throughput=2), sender=carrier)
    place = added.event("StationAdded").args.station
    legs = []
    for _ in range(3):
        lorry = network.addVehicle(vehicle(carrier), sender=carrier)
        hired = network.addCrew(crew_of(carrier), sender=carrier)
        chosen = {
            "vehicle": lorry.event("VehicleAdded").args.vehicle,
            "crew": hired.event("CrewAdded").args.crew,
            end: place,
        }
        legs.append(leg(**chosen))
    for number in range(2):
        network.reserve(number, legs[number], sender=freight_escrow)
    slot = SLOT if end == "from_station" else SLOT + 4
    assert network.loadsAt(place, slot) == 2
    with reverts("StationFull", station=place, slot=slot):
        network.reserve(3, legs[2], sender=freight_escrow)


def test_reverts_when_the_leg_is_longer_than_the_vehicle_goes(
    network: Contract, carrier: Key, hub: int, freight_escrow: Key, leg: Leg
) -> None:
    """NET-21."""
    wuhan = station(carrier, latitude=30_593_100, longitude=114_305_400)
    place = network.addStation(wuhan, sender=carrier).event("StationAdded").args.station
    metres = network.distance(hub, place)
    lorries = [
        network.addVehicle(vehicle(carrier, range=reach), sender=carrier)
        .event("VehicleAdded")
        .args.vehicle
        for reach in (metres, metres - 1)
    ]
    network.reserve(1, leg(vehicle=lorries[0], to_station=place), sender=freight_escrow)
    with reverts("OutOfRange", vehicle=lorries[1], metres=metres, range=metres - 1):
        network.reserve(2, leg(vehicle=lorries[1], to_station=place), sender=freight_escrow)


def test_reverts_when_the_crew_lacks_a_licence(
    network: Contract, carrier: Key, freight_escrow: Key, leg: Leg
) -> None:
    """NET-22."""
    added = network.addVehicle(vehicle(carrier, licences=0b110), sender=carrier)
    lorry = added.event("VehicleAdded").args.vehicle
    crews = [
        network.addCrew(crew_of(carrier, licences=held), sender=carrier)
        .event("CrewAdded")
        .args.crew
        for held in (0b111, 0b011)
    ]
    network.reserve(1, leg(vehicle=lorry, crew=crews[0]), sender=freight_escrow)
    with reverts("LicenceMissing", crew=crews[1], licences=0b100):
        network.reserve(2, leg(vehicle=lorry, crew=crews[1]), sender=freight_escrow)


@pytest.fixture
def drive(
    network: Contract, carrier: Key, freight_escrow: Key, leg: Leg
) -> Callable[..., Callable[..., int]]:
    """Hires a crew with limits; what it returns lets that crew drive for some hours."""

    def hire(in_row: int, in_day: int) -> Callable[..., int]:
        definition = crew_of(carrier, hours_in_row=in_row, hours_in_day=in_day)
        crew: int = network.addCrew(definition, sender=carrier).event("CrewAdded").args.crew

        def ride(first: int, last: int) -> int:
            begin, stop = DEPARTURE + first * HOUR, DEPARTURE + last * HOUR
            made = leg(crew=crew, departure=begin, latest_arrival=stop)
            network.reserve(first + 1, made, sender=freight_escrow)
            return crew

        return ride

    return hire


@pytest.mark.parametrize(
    ("taken", "wanted", "hours"),
    [
        ([], (0, 5), 5),
        ([(0, 2)], (2, 5), 5),
        ([(0, 2), (4, 6)], (2, 4), 6),
        ([(2, 4)], (0, 2), None),
        ([(0, 4)], (5, 9), None),
    ],
)
def test_a_crew_takes_a_break(
    network: Contract,
    drive: Callable[..., Callable[..., int]],
    taken: list[tuple[int, int]],
    wanted: tuple[int, int],
    hours: int | None,
) -> None:
    """NET-23: at most 4 hours in a row."""
    ride = drive(4, 12)
    for window in taken:
        ride(*window)
    if hours is None:
        ride(*wanted)
        return
    with reverts("TooLongInRow", crew=network.crewCount(), hours_on_duty=hours, most=4):
        ride(*wanted)


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [
        ([(0, 6)], (12, 17)),
        ([(0, 6)], (24, 30)),
        ([(0, 6)], (18, 24)),
        ([(0, 6)], (19, 24)),
        ([(0, 6)], (20, 24)),
        ([(20, 26)], (0, 6)),
        ([(20, 26)], (0, 4)),
        ([(20, 23), (40, 43)], (26, 30)),
        ([(20, 24), (36, 40)], (26, 30)),
        ([(20, 24), (45, 49)], (26, 32)),
        ([(12, 17), (19, 24)], (0, 1)),
        ([(13, 18), (20, 25)], (0, 1)),
        ([(0, 5), (7, 12)], (23, 24)),
        ([(0, 5), (7, 12)], (24, 25)),
    ],
)
def test_a_crew_rests_in_any_day(
    network: Contract,
    drive: Callable[..., Callable[..., int]],
    taken: list[tuple[int, int]],
    wanted: tuple[int, int],
) -> None:
    """NET-23: at most 10 hours in any 24 that hold one of the leg's, counted here one by one."""
    ride = drive(6, 10)
    for window in taken:
        ride(*window)
    busy = {hour for window in (*taken, wanted) for hour in range(*window)}
    days = (set(range(first, first + 24)) for first in range(-24, 60))
    most = max(len(busy & day) for day in days if day & set(range(*wanted)))
    if most <= 10:
        ride(*wanted)
        return
    with reverts("TooLongInDay", crew=network.crewCount(), hours_on_duty=most, most=10):
        ride(*wanted)
