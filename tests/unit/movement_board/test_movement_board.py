"""detain, resume, positionOf.

positionOf
    booked: at rest with the consignor, due next at the same station with the first carrier
    on its way: with the carrier, due where its leg ends
    ended: nowhere next
detain
    when the caller neither has the goods nor runs the station, or that is not on the way: reverts
    when no reason is given, or the consignment has ended: reverts
    otherwise: it stands until it is lifted, the goods pass on, or the consignment ends
resume
    when nothing holds it up, or the caller is neither who said so nor who has the goods: reverts
"""

from __future__ import annotations

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import Hindrance
from aidline.signing import Key
from tests.support.freight import DEPARTURES, LATEST, Desk
from tests.support.network import NOBODY
from tests.support.people import key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START


@pytest.fixture
def moving(desk: Desk, booked: int) -> int:
    """With the trunk carrier."""
    desk.pass_on(booked, 0, DEPARTURES[0])
    return booked


def test_what_is_booked_rests_with_its_consignor(
    desk: Desk, movements: Contract, booked: int, supplier: Key, carrier: Key
) -> None:
    """NET-36."""
    position = movements.positionOf(booked)
    assert (position.custodian, position.station) == (supplier.address, desk.stations[0])
    assert (position.since, position.is_moving) == (START, False)
    assert (position.next_custodian, position.next_station) == (carrier.address, desk.stations[0])
    assert position.detention.reason == Hindrance.NULL


def test_what_is_on_its_way_is_due_where_its_leg_ends(
    desk: Desk, movements: Contract, moving: int, carrier: Key, branch_carrier: Key
) -> None:
    """NET-36."""
    position = movements.positionOf(moving)
    assert (position.custodian, position.station) == (carrier.address, desk.stations[0])
    assert (position.since, position.is_moving) == (DEPARTURES[0], True)
    assert position.next_custodian == branch_carrier.address
    assert position.next_station == desk.stations[1]


def test_what_has_ended_goes_nowhere(
    desk: Desk, movements: Contract, booked: int, chain: RevmChain, supplier: Key
) -> None:
    """NET-36, NET-38."""
    movements.detain(booked, desk.stations[0], Hindrance.WEATHER, bytes(32), sender=supplier)
    chain.set_time(START + 10 * DAY)
    desk.lapse(booked, sender=key_of("stranger"))
    position = movements.positionOf(booked)
    assert (position.next_station, position.next_custodian) == (0, NOBODY)
    assert not position.is_moving
    assert position.detention.reason == Hindrance.NULL
    with reverts("HasEnded", consignment=booked):
        movements.detain(booked, desk.stations[0], Hindrance.WEATHER, bytes(32), sender=supplier)
    with reverts("NotDetained", consignment=booked):
        movements.resume(booked, sender=supplier)


@pytest.mark.parametrize(
    ("name", "place"), [("carrier", 0), ("carrier", 1), ("supplier", 0), ("station_operator", 1)]
)
def test_who_has_it_or_runs_the_station_says_why(
    desk: Desk, movements: Contract, moving: int, name: str, place: int
) -> None:
    """NET-37."""
    where, by = desk.stations[place], key_of(name)
    receipt = movements.detain(moving, where, Hindrance.INSPECTION, word("paper 7"), sender=by)
    told = receipt.event("Detained").args
    assert (told.consignment, told.station, told.by) == (moving, where, by.address)
    assert (told.reason, told.note) == (Hindrance.INSPECTION, word("paper 7"))
    kept = movements.positionOf(moving).detention
    assert (kept.by, kept.station, kept.since) == (by.address, where, DEPARTURES[0])
    assert kept.reason == Hindrance.INSPECTION


def test_it_is_over_when_the_goods_pass_on(
    desk: Desk, movements: Contract, moving: int, carrier: Key
) -> None:
    """NET-38."""
    movements.detain(moving, desk.stations[1], Hindrance.ROAD_CLOSED, bytes(32), sender=carrier)
    desk.pass_on(moving, 1, LATEST[0])
    assert movements.positionOf(moving).detention.reason == Hindrance.NULL
    with reverts("NotDetained", consignment=moving):
        movements.resume(moving, sender=carrier)


@pytest.mark.parametrize("name", ["station_operator", "carrier"])
def test_who_said_it_or_has_it_lifts_it(
    desk: Desk, movements: Contract, moving: int, station_operator: Key, name: str
) -> None:
    """NET-38."""
    where = desk.stations[1]
    movements.detain(moving, where, Hindrance.STATION_FULL, bytes(32), sender=station_operator)
    with reverts("NotResponsible", consignment=moving, caller=key_of("supplier")):
        movements.resume(moving, sender=key_of("supplier"))
    told = movements.resume(moving, sender=key_of(name)).event("Resumed").args
    assert (told.consignment, told.by) == (moving, key_of(name).address)
    assert movements.positionOf(moving).detention.reason == Hindrance.NULL


def test_a_later_word_stands_in_for_an_earlier(
    desk: Desk, movements: Contract, moving: int, carrier: Key, chain: RevmChain
) -> None:
    for reason in (Hindrance.WEATHER, Hindrance.BREAKDOWN):
        movements.detain(moving, desk.stations[1], reason, bytes(32), sender=carrier)
        chain.set_time(chain.now() + HOUR)
    assert movements.positionOf(moving).detention.reason == Hindrance.BREAKDOWN


def test_reverts_without_a_reason(
    desk: Desk, movements: Contract, moving: int, carrier: Key
) -> None:
    with reverts("NoReason"):
        movements.detain(moving, desk.stations[1], Hindrance.NULL, bytes(32), sender=carrier)


@pytest.mark.parametrize("name", ["branch_carrier", "hospital", "stranger", "coordinator"])
def test_reverts_when_the_caller_is_not_responsible(
    desk: Desk, movements: Contract, moving: int, name: str
) -> None:
    """NET-37."""
    with reverts("NotResponsible", consignment=moving, caller=key_of(name)):
        movements.detain(moving, desk.stations[1], Hindrance.OTHER, bytes(32), sender=key_of(name))


def test_reverts_at_a_station_that_is_not_next(
    desk: Desk, movements: Contract, moving: int, carrier: Key
) -> None:
    """NET-37."""
    with reverts("NotOnTheWay", consignment=moving, station=desk.stations[2]):
        movements.detain(moving, desk.stations[2], Hindrance.OTHER, bytes(32), sender=carrier)


def test_reverts_for_an_unknown_consignment(movements: Contract, carrier: Key) -> None:
    with reverts("UnknownLoad"):
        movements.positionOf(9)
    with reverts("UnknownLoad"):
        movements.detain(9, 1, Hindrance.OTHER, bytes(32), sender=carrier)
