"""The dispatcher: from what was allocated or bought to booked consignments.

Goods that one hospital gets from one holder at one station on one day under the same terms form a
consignment of at most 16 parcels. It goes by trunk to the recognised centre of the province, by
branch to the station that serves the hospital, and by terminal carrier to its dock; a part that
is not needed falls away. A consignment waits for a free vehicle, and for a free device as long as
its allocations may still be booked. The relief fund pays where a plan has released money that may
be spent on the hospital, else the hospital does. What cannot be booked is released after a day.

What a household has bought goes by itself, and the household pays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from aidline import regions
from aidline.client import Receipt
from aidline.freight import booking_in
from aidline.model import EarmarkKind, ParcelState
from aidline.sim.agenda import Step
from aidline.sim.booking import booking_of, signatures_of
from aidline.sim.cast import text32
from aidline.sim.fleet import Fleet, delayed
from aidline.sim.giving import bond, permit_for, prepay
from aidline.sim.journey import Allocated, Journey, Load, Purchase, band_of
from aidline.sim.pallet import Pallet
from aidline.sim.records import SECONDS_A_DAY
from aidline.sim.world import Release, World
from aidline.telemetry import Recorder
from aidline.watches import watch_of

__all__ = ["Dispatch"]

_HOUR = 3600
_BOOK_AFTER = 1800
_BOOK_WITHIN = 20 * _HOUR
_LEAVE_AFTER = 3 * _HOUR
_MOST_PARCELS = 16


@dataclass(slots=True)
class _Purse:
    """What a release may still spend, as one round of bookings goes on.

    Attributes:
        ceiling: Left under the release.
    """

    release: Release
    ceiling: int


class _Money:
    """The relief fund's money and the demands' budgets, read once for a round of bookings.

    Args:
        world: What the parties share.
        demands: The demands whose freight is to be booked.
    """

    def __init__(self, world: World, demands: Iterable[int]) -> None:
        self._world = world
        now, fund = world.agenda.now, world.aid.fund
        good = [release for release in world.releases if release.until > now]
        found = fund.releaseRecord.many((release.id,) for release in good)
        self._purses = [
            _Purse(release, record.ceiling - record.spent)
            for release, record in zip(good, found, strict=True)
        ]
        lines = sorted({release.line for release in good})
        available = fund.available.many((line,) for line in lines)
        self._lines = dict(zip(lines, available, strict=True))
        numbers = sorted(set(demands))
        records = world.aid.needs.demand.many((number,) for number in numbers)
        self._budgets = {
            number: record.freight_budget for number, record in zip(numbers, records, strict=True)
        }

    def take(self, journey: Journey) -> Release | None:
        """Return the first release that can pay for a journey, and take its freight there.

        The contract takes it from the budgets of the demands in the order of the allocations.
        """
        if journey.load.purchase is not None:
            return None
        left, freight = journey.freight, journey.freight
        after = dict(self._budgets)
        for carried in journey.load.allocations:
            taken = min(left, after[carried.demand])
            after[carried.demand] -= taken
            left -= taken
        if left:
            return None
        for purse in self._purses:
            line = purse.release.line
            if min(purse.ceiling, self._lines[line]) >= freight and self._may(purse, journey):
                purse.ceiling -= freight
                self._lines[line] -= freight
                self._budgets = after
                return purse.release
        return None

    def _may(self, purse: _Purse, journey: Journey) -> bool:
        """Say whether the money is meant for the hospital and its spender is not paid by it."""
        organisations = self._world.organisations
        spender = organisations[purse.release.spender]
        return _means(self._world, purse.release, journey.load.taker) and all(
            organisations[leg.vehicle.carrier] != spender for leg in journey.legs
        )


def _means(world: World, release: Release, hospital: str) -> bool:
    """Say whether the money of a release is meant for a hospital."""
    if release.earmark.kind == EarmarkKind.REGION:
        atlas = regions.shipped_atlas()
        return atlas.is_within(
            world.hospital(hospital).region, regions.decode(release.earmark.scope)
        )
    if release.earmark.kind == EarmarkKind.FACILITY:
        return bytes(release.earmark.scope) == text32(hospital)
    return True


class Dispatch:
    """Who forms consignments and books them.

    Args:
        world: What the parties share.
        fleet: Vehicles and devices.
        booked: Is told of every consignment that was booked.
        released: Is told of every allocation that could not be booked for want of vehicles or
            devices, and was released, with the parcel that its holder has again where the offer
            had ended.
    """

    def __init__(
        self,
        world: World,
        fleet: Fleet,
        booked: Callable[[Journey], None],
        released: Callable[[Allocated, int | None], None],
    ) -> None:
        self._world = world
        self._fleet = fleet
        self._tell_booked = booked
        self._tell_released = released
        self._count = {True: 0, False: 0}
        self._logs = 0
        self._waiting: dict[int, list[Load]] = {}

    def allocated(self, lines: Iterable[Allocated]) -> None:
        """Form consignments of what was allocated, and book them within the hour."""
        groups: dict[tuple[str, str, str, str], list[Allocated]] = defaultdict(list)
        for line in lines:
            terms = self._world.material(line.material).terms
            groups[line.holder, line.hospital, line.station, terms].append(line)
        for group in groups.values():
            self._wait(self._loads(group), _BOOK_AFTER)

    def bought(self, purchase: Purchase) -> None:
        """Book what a household has bought, within the hour."""
        world, order = self._world, purchase.order
        supply = next(one for one in world.prepared.supplies if one.id == order.supply)
        load = Load(
            id=order.id,
            allocations=(),
            purchase=purchase,
            materials=(world.material(supply.material),),
            units=order.units,
            holder=purchase.seller,
            taker=purchase.key,
            payer=purchase.household,
            start=supply.station,
            end=world.prepared.pick_up(order.station),
            terms=order.terms,
            at=world.agenda.now,
        )
        self._wait([load], _BOOK_AFTER)

    def _wait(self, loads: Iterable[Load], seconds: int) -> None:
        """Book loads in a while; all that are due at one moment are booked in one round."""
        moment = self._world.agenda.now + seconds
        if moment not in self._waiting:
            self._waiting[moment] = []
            self._world.agenda.at(moment, self._round)
        self._waiting[moment].extend(loads)

    def _loads(self, lines: Sequence[Allocated]) -> Iterator[Load]:
        """Divide what goes the same way into loads that one consignment can carry."""
        load: list[Allocated] = []
        for line in lines:
            if load and not self._fits([*load, line]):
                yield self._load(load)
                load = []
            load.append(line)
        yield self._load(load)

    def _load(self, lines: Sequence[Allocated]) -> Load:
        first = lines[0]
        materials = tuple(self._world.material(line.material) for line in lines)
        return Load(
            id=first.id,
            allocations=tuple(lines),
            purchase=None,
            materials=materials,
            units=sum(line.units for line in lines),
            holder=first.holder,
            taker=first.hospital,
            payer=first.hospital,
            start=first.station,
            end=self._world.hospital(first.hospital),
            terms=materials[0].terms,
            at=min(line.at for line in lines),
        )

    def _fits(self, lines: Sequence[Allocated]) -> bool:
        band = band_of([self._world.material(line.material) for line in lines])
        return (
            len(lines) <= _MOST_PARCELS
            and band.humidity_min <= band.humidity_max
            and sum(line.units for line in lines) <= self._fleet.capacity(band)
        )

    # --- a round of bookings ---

    def _round(self) -> Iterator[Step]:
        """Book everything that is due now."""
        loads = self._waiting.pop(self._world.agenda.now)
        money = _Money(self._world, (line.demand for load in loads for line in load.allocations))
        for load in loads:
            yield from self._book(load, money)

    def _book(self, load: Load, money: _Money) -> Iterator[Step]:
        """Book a load, or have it wait for a device, or give it up."""
        device = self._fleet.take_device()
        if device is None:
            now = self._world.agenda.now
            if now + _HOUR <= load.at + _BOOK_WITHIN:
                self._wait([load], _HOUR)
            else:
                self._give_up(load)
            return
        journey = self._journey(load, device)
        if journey is None:
            self._fleet.free_device(device)
            self._give_up(load)
        else:
            yield from self._order(journey, money)

    def _journey(self, load: Load, device: str) -> Journey | None:
        """Plan a journey as it will go; ``None`` when there are no vehicles for it."""
        world, prepared = self._world, self._world.prepared
        band = band_of(load.materials)
        log = prepared.logs[self._logs % len(prepared.logs)] if prepared.logs else None
        if log is not None and any(reading.humidity is None for reading in log.readings):
            # A logger without the sensor watches no humidity: any value is within the band.
            band = replace(band, humidity_min=0, humidity_max=10_000)
        soonest = world.agenda.now + _LEAVE_AFTER
        legs = self._fleet.legs(load.start, load.end, load.units, band, soonest)
        if legs is None:
            return None
        self._logs += 1
        which = self._number(load), load.is_cold
        scripts = prepared.scenario.conditions
        gone = delayed(legs, [s for s in scripts.late_legs if (s.nth, s.cold_chain) == which])
        excursions = [s for s in scripts.excursions if (s.nth, s.cold_chain) == which]
        dice = world.dice("telemetry", load.id)
        return Journey(
            load=load,
            terms=prepared.scenario.terms[load.terms],
            band=band,
            legs=gone,
            device=device,
            pallet=Pallet(prepared.scenario.devices, band, gone, log, excursions, dice),
        )

    def _number(self, load: Load) -> int:
        """Return the place of a load among those to hospitals; scripts do not know of others."""
        if load.purchase is not None:
            return 0
        self._count[load.is_cold] += 1
        return self._count[load.is_cold]

    def _order(self, journey: Journey, money: _Money) -> Iterator[Step]:
        """Have everybody sign the booking, and bring it to the chain."""
        world, aid = self._world, self._world.aid
        release, payer = money.take(journey), journey.load.payer
        booking = booking_of(
            world, journey, world.cast[payer].address if release is None else aid.fund.address
        )
        signatures = signatures_of(world, journey, booking, fund_pays=release is not None)
        yield from bond(world, world.prepared.scenario.devices.operator, journey.freight)
        if release is None:
            prepaid = journey.freight + journey.load.price
            yield from prepay(world, payer, prepaid)
            permit = permit_for(world, payer, aid.freight.address, prepaid)
            coordinator = world.prepared.scenario.participants.coordinators[0].id
            transaction = world.send(
                aid.freight, "book", booking, signatures, permit, sender=coordinator
            )
        else:
            transaction = world.send(
                aid.fund, "book", release.id, booking, signatures, sender=release.spender
            )
        yield Step(transaction, partial(self._booked, journey))

    def _booked(self, journey: Journey, receipt: Receipt) -> None:
        told = receipt.event("ConsignmentBooked").args
        journey.id, journey.booking = told.consignment, booking_in(told.order)
        journey.content = receipt.event("LoadFormed").args.content
        journey.recorder = Recorder(journey.id, watch_of(receipt.event("WatchOpened")))
        for event in receipt.events:
            if event.name == "MoneySpent":
                journey.outflow = event.args.outflow
        self._tell_booked(journey)

    # --- what cannot be booked ---

    def _give_up(self, load: Load) -> None:
        """Wait until anyone may release what was not booked; what was bought stays unsold."""
        agenda = self._world.agenda
        for line in load.allocations:
            agenda.at(line.at + SECONDS_A_DAY + _HOUR, partial(self._release, line))

    def _release(self, line: Allocated) -> Iterator[Step]:
        world = self._world
        yield Step(
            world.send(world.aid.demand, "release", line.id, sender=line.hospital),
            lambda receipt: self._tell_released(line, _held_again(receipt)),
        )


def _held_again(receipt: Receipt) -> int | None:
    """Return the parcel that a release gave back to its holder, if it is not in the offer."""
    for event in receipt.events:
        if event.name == "ParcelMoved" and event.args.to == ParcelState.HELD:
            return int(event.args.parcel)
    return None
