"""INV-NET-1 over whole lives: booked, handed on, delivered, recalled, lapsed, released.

Random acts on consignments of three legs, beside sets of hours in Python.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace

from aidline import messages as m
from aidline.client import RevmChain
from aidline.errors import ContractReverted
from aidline.model import Policy
from tests.support.freight import DEPARTURES, Desk, terms
from tests.support.people import key_of, word
from tests.support.suite import DAY, HOUR, Suite

ANYBODY = key_of("stranger")
ACTS, DAYS = 600, 5


@dataclass
class Life:
    """A consignment. ``passed`` holds the times of its changes of hands."""

    booking: m.Booking
    passed: list[int] = field(default_factory=list)
    ended: int = 0
    released: set[int] = field(default_factory=set)


class Shadow:
    """Who has which hour of each vehicle, and so of its crew."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.hours: dict[int, dict[int, int]] = {number: {} for number in desk.vehicles}
        self.lives: dict[int, Life] = {}

    def window(self, leg: m.LegRequest) -> range:
        return range(leg.departure // HOUR, -(-leg.latest_arrival // HOUR))

    def clash(self, booking: m.Booking) -> bool:
        return any(set(self.window(leg)) & set(self.hours[leg.vehicle]) for leg in booking.legs)

    def take(self, number: int, booking: m.Booking) -> None:
        self.lives[number] = Life(booking)
        for leg in booking.legs:
            self.hours[leg.vehicle].update(dict.fromkeys(self.window(leg), number))

    def give(self, number: int, leg: int, since: int) -> None:
        request = self.lives[number].booking.legs[leg]
        for hour in self.window(request):
            if hour >= -(-since // HOUR):
                assert self.hours[request.vehicle].pop(hour) == number

    def due(self, number: int) -> dict[int, int]:
        """The legs of which something can be given back now, with the time from which on."""
        life, told = self.lives[number], {}
        for index, leg in enumerate(life.booking.legs):
            if index in life.released or not life.passed:
                continue
            if index + 1 < len(life.passed):
                since = life.passed[index + 1]
            elif life.ended:
                since = life.ended if index < len(life.passed) else 0
            else:
                continue
            if -(-since // HOUR) < self.window(leg).stop:
                told[index] = since
        return told

    def compare(self) -> None:
        network = self.desk.suite.network
        first = DEPARTURES[0] // HOUR - 1
        for number, (driven, taken) in enumerate(self.hours.items()):
            for hour in range(first, first + DAYS * 24):
                span = (hour * HOUR, (hour + 1) * HOUR)
                free = hour not in taken
                assert network.isFree(driven, *span) is free, (driven, hour)
                assert network.isCrewFree(self.desk.crews[number], *span) is free, (driven, hour)


def test_inv_net_1_no_hour_is_booked_twice_and_none_leaks(
    suite: Suite, desk: Desk, chain: RevmChain
) -> None:
    dice = random.Random(20200201)
    shadow, seen = Shadow(desk), Counter[str]()
    for act in range(ACTS):
        open_ones = [n for n, life in shadow.lives.items() if not life.ended]
        kind = dice.choice(["book", "book", "pass", "pass", "pass", "release", "recall", "time"])
        if kind == "book":
            day = dice.randrange(DAYS)
            if DEPARTURES[0] + day * DAY <= chain.now():
                continue
            legs = [
                replace(
                    leg,
                    departure=leg.departure + day * DAY,
                    latest_arrival=leg.latest_arrival + day * DAY,
                )
                for leg in desk.legs()
            ]
            booking = desk.booking(
                [desk.allocate(100)],
                legs=legs,
                terms=terms(policy=Policy.CONSIGNEE),
                pick_up_by=legs[0].latest_arrival,
                deadline=legs[0].departure,
                salt=word(f"order {act}"),
            )
            try:
                booked = desk.book(booking).event("ConsignmentBooked").args.consignment
            except ContractReverted as refused:
                assert shadow.clash(booking) and refused.error == "SlotTaken", refused
                seen["refused"] += 1
                continue
            assert not shadow.clash(booking)
            shadow.take(booked, booking)
            seen["booked"] += 1
        elif kind == "time":
            chain.set_time(chain.now() + dice.choice([600, HOUR, 3 * HOUR]))
        elif kind == "pass" and open_ones:
            number = dice.choice(open_ones)
            life = shadow.lives[number]
            at = chain.now() + 60
            if not life.passed and at > life.booking.pick_up_by:
                continue
            chain.set_time(at)
            if len(life.passed) < 3:
                desk.pass_on(number, len(life.passed), at)
            else:
                desk.deliver(desk.proof(desk.handover(number, 3, at), accepted=True))
                life.ended = at
                seen["delivered"] += 1
            life.passed.append(at)
        elif kind == "recall" and open_ones and dice.random() < 0.3:
            number = dice.choice(open_ones)
            life = shadow.lives[number]
            ledger = suite.ledger
            lot = ledger.parcel(ledger.parcelsOf(number)[0]).lot
            ledger.recall(lot, word("tainted"), word("sample"), sender=key_of("supplier"))
            desk.stop_recalled(number, sender=ANYBODY)
            life.ended = chain.now()
            if not life.passed:
                for index in range(3):
                    shadow.give(number, index, 0)
            seen["recalled"] += 1
        elif kind == "release" and shadow.lives:
            number = dice.choice(sorted(shadow.lives))
            due = shadow.due(number)
            try:
                desk.suite.hours.release(desk.bookings[number], sender=ANYBODY)
            except ContractReverted as refused:
                assert not due and refused.error == "NothingToRelease", (due, refused)
                continue
            assert due
            for index, since in due.items():
                shadow.give(number, index, since)
                shadow.lives[number].released.add(index)
                seen["released"] += 1
    shadow.compare()
    assert min(seen[x] for x in ("booked", "refused", "delivered", "recalled", "released")) >= 3
    assert seen["released"] >= 20, seen


def test_time_alone_gives_every_hour_back(
    suite: Suite, desk: Desk, chain: RevmChain, consignment: int
) -> None:
    """NET-15: what was lost on the way has no hours ahead of it."""
    desk.pass_on(consignment, 0, DEPARTURES[0])
    chain.set_time(DEPARTURES[0] + 30 * DAY)
    desk.lapse(consignment, sender=ANYBODY)
    suite.hours.release(desk.bookings[consignment], sender=ANYBODY)
    ahead = (chain.now(), chain.now() + 200 * HOUR)
    assert all(suite.network.isFree(driven, *ahead) for driven in desk.vehicles)
