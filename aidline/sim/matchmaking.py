"""The solver: once a day it matches open offers to open demands and proposes what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aidline.client import Receipt
from aidline.errors import ContractReverted
from aidline.model import DemandStatus, EarmarkKind, Level, OfferStatus
from aidline.sim.agenda import Step
from aidline.sim.haulage import Allocated
from aidline.sim.world import World
from aidline.solve.matching import Line, OpenDemand, OpenOffer, match

__all__ = ["Matchmaking"]

_HOUR = 3600
_AFTERNOON = 14 * _HOUR
_MOST_LINES = 100


class Matchmaking:
    """The solver of a run.

    Args:
        world: What the parties share.
        allocated: Is told of everything that was allocated.
    """

    def __init__(self, world: World, allocated: Callable[[list[Allocated]], None]) -> None:
        self._world = world
        self._allocated = allocated
        self._solver = world.prepared.scenario.participants.solvers[0].id
        self._ended: set[int] = set()
        self._used: set[int] = set()
        scripts = world.prepared.scenario.conditions.order_breaking
        self._order_breaking = sorted(script.day for script in scripts)

    def begin(self) -> None:
        """Put every day's round on the agenda."""
        world = self._world
        for day in world.prepared.scenario.clock.days:
            noon = world.time(day, _AFTERNOON)
            world.agenda.at(noon, self._refresh)
            world.agenda.at(noon, self._propose, phase=1)

    def _open_demands(self) -> Iterator[tuple[int, Any]]:
        needs = self._world.aid.needs
        for number in range(1, needs.demandCount() + 1):
            if number not in self._ended:
                demand = needs.demand(number)
                if demand.status in (DemandStatus.WITHDRAWN, DemandStatus.LAPSED):
                    self._ended.add(number)
                elif demand.status == DemandStatus.OPEN:
                    yield number, demand

    def _open_offers(self) -> Iterator[tuple[int, Any]]:
        book = self._world.aid.demand
        for number in range(1, book.offerCount() + 1):
            if number not in self._used:
                offer = book.offerRecord(number)
                if offer.status == OfferStatus.OPEN:
                    yield number, offer
                else:
                    self._used.add(number)

    def _refresh(self) -> Iterator[Step]:
        """Stock runs down and demands end: bring what is open up to date."""
        world, now = self._world, self._world.agenda.now
        stale = [
            number
            for number, demand in self._open_demands()
            if demand.needed_by <= now
            or demand.level != world.aid.needs.levelNow(number)
            or 0 < demand.audited_until <= now
        ]
        for at in range(0, len(stale), _MOST_LINES):
            chunk = stale[at : at + _MOST_LINES]
            yield Step(world.send(world.aid.needs, "bringUpToDate", chunk, sender=self._solver))
        for number, offer in self._open_offers():
            if offer.until <= now:
                yield Step(world.send(world.aid.demand, "lapseOffer", number, sender=self._solver))

    def _demands(self) -> list[OpenDemand]:
        """Return the demands that count, as the matching takes them."""
        world, now = self._world, self._world.agenda.now
        made = []
        for number, demand in self._open_demands():
            if demand.counted == Level.NULL or demand.needed_by <= now:
                continue
            hospital = world.hospital(world.cast.name_of(demand.recipient))
            province, facility = world.scopes_of(hospital)
            made.append(
                OpenDemand(
                    id=number,
                    material=demand.material,
                    level=demand.counted,
                    units=demand.units - demand.served,
                    province=province,
                    facility=facility,
                    emergency=demand.emergency,
                    needed_by=demand.needed_by,
                    place=hospital.place,
                )
            )
        return made

    def _offers(self) -> list[OpenOffer]:
        """Return the offers that are open, as the matching takes them."""
        world, now = self._world, self._world.agenda.now
        return [
            OpenOffer(
                id=number,
                material=offer.material,
                units=offer.units,
                expiry=offer.expiry,
                earmark_kind=offer.earmark_kind,
                earmark_scope=offer.earmark_scope,
                place=world.place_of(world.aid.ledger.parcel(offer.parcel).station),
            )
            for number, offer in self._open_offers()
            if offer.until > now and (not offer.expiry or offer.expiry > now)
        ]

    def _propose(self) -> Iterator[Step]:
        world = self._world
        demands, offers = self._demands(), self._offers()
        if self._order_breaking and world.day(world.agenda.now) >= self._order_breaking[0]:
            line = _passing_over(demands, offers)
            if line is not None:
                self._order_breaking.pop(0)
                yield Step(
                    self._transaction([line], ()),
                    lambda receipt: self._refused(receipt, line),
                    may_fail=True,
                )
        plan = match(demands, offers)
        level = {demand.id: demand.level for demand in demands}
        lines = sorted(plan.lines, key=lambda line: (-level[line.demand], line.offer, line.demand))
        for at in range(0, len(lines), _MOST_LINES):
            chunk = lines[at : at + _MOST_LINES]
            yield Step(self._transaction(chunk, plan.exemptions), self._accepted)

    def _transaction(self, lines: Sequence[Line], exemptions: Sequence[Any]) -> Any:
        world = self._world
        used = {line.offer for line in lines}
        proposal = {
            "lapse": [],
            "lines": sorted((line.offer, line.demand, line.units) for line in lines),
            "exemptions": sorted(
                (one.offer, one.demand) for one in exemptions if one.offer in used
            ),
        }
        return world.send(world.aid.demand, "propose", proposal, sender=self._solver)

    def _refused(self, receipt: Receipt, line: Line) -> None:
        problem = receipt.error()
        if not isinstance(problem, ContractReverted):
            raise problem or RuntimeError("a proposal that breaks the order was accepted")
        self._world.refused.append(
            {
                "proposal": f"{line.units} units of offer {line.offer} for demand {line.demand}",
                "error": problem.error,
                "transaction": f"0x{receipt.tx_hash.hex()}",
            }
        )

    def _accepted(self, receipt: Receipt) -> None:
        world = self._world
        told = []
        for event in receipt.events:
            if event.name != "Allocated":
                continue
            args = event.args
            offer = world.aid.demand.offerRecord(args.offer)
            demand = world.aid.needs.demand(args.demand)
            parcel = world.aid.ledger.parcel(args.parcel)
            told.append(
                Allocated(
                    id=args.allocation,
                    demand=args.demand,
                    holder=world.cast.name_of(offer.holder),
                    hospital=world.cast.name_of(demand.recipient),
                    material=world.material_of(offer.material).id,
                    station=world.station_name(parcel.station),
                    units=args.units,
                )
            )
        self._allocated(told)


def _passing_over(demands: list[OpenDemand], offers: list[OpenOffer]) -> Line | None:
    """Return a line that would serve a demand past a more urgent one, if there can be one."""
    for offer in offers:
        if offer.earmark_kind != EarmarkKind.NONE:
            continue
        wanted = [demand for demand in demands if demand.material == offer.material]
        lowest = min(wanted, key=lambda demand: (demand.level, demand.id), default=None)
        if lowest is not None and any(demand.level > lowest.level for demand in wanted):
            return Line(offer.id, lowest.id, min(offer.units, lowest.units))
    return None
