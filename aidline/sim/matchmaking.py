"""The solver: once a day it matches open offers to open demands and proposes what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aidline.client import Receipt, Transaction
from aidline.errors import CheckFailed, ContractReverted
from aidline.model import DemandStatus, EarmarkKind, Level, OfferStatus
from aidline.sim.agenda import Step
from aidline.sim.fleet import Fleet
from aidline.sim.journey import Allocated, band_of
from aidline.sim.world import World
from aidline.solve.matching import Exemption, Line, OpenDemand, OpenOffer, Plan, batches, match
from aidline.trace.figures import proposal_text

__all__ = ["Matchmaking"]

_HOUR = 3600
_AFTERNOON = 14 * _HOUR
_MOST_LINES = 40


class Matchmaking:
    """The solver of a run.

    Args:
        world: What the parties share.
        fleet: Whose capacity a line must not pass.
        allocated: Is told of everything that was allocated.
    """

    def __init__(
        self, world: World, fleet: Fleet, allocated: Callable[[list[Allocated]], None]
    ) -> None:
        self._world = world
        self._fleet = fleet
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

    def _open_demands(self) -> list[tuple[int, Any]]:
        needs = self._world.aid.needs
        wanted = [n for n in range(1, needs.demandCount() + 1) if n not in self._ended]
        found = list(zip(wanted, needs.demand.many((n,) for n in wanted), strict=True))
        over = (DemandStatus.WITHDRAWN, DemandStatus.LAPSED)
        self._ended.update(number for number, demand in found if demand.status in over)
        return [(number, demand) for number, demand in found if demand.status == DemandStatus.OPEN]

    def _open_offers(self) -> list[tuple[int, Any]]:
        book = self._world.aid.demand
        wanted = [n for n in range(1, book.offerCount() + 1) if n not in self._used]
        found = list(zip(wanted, book.offerRecord.many((n,) for n in wanted), strict=True))
        self._used.update(number for number, offer in found if offer.status != OfferStatus.OPEN)
        return [(number, offer) for number, offer in found if offer.status == OfferStatus.OPEN]

    def _refresh(self) -> Iterator[Step]:
        """Stock runs down and demands end: bring what is open up to date."""
        world, now = self._world, self._world.agenda.now
        demands = self._open_demands()
        levels = world.aid.needs.levelNow.many((number,) for number, _ in demands)
        stale = [
            number
            for (number, demand), level in zip(demands, levels, strict=True)
            if demand.needed_by <= now or demand.level != level or _has_lapsed(demand, now)
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
        offers = self._open_offers()
        parcels = world.aid.ledger.parcel.many((offer.parcel,) for _, offer in offers)
        return [
            OpenOffer(
                id=number,
                material=offer.material,
                units=offer.units,
                expiry=offer.expiry,
                earmark_kind=offer.earmark_kind,
                earmark_scope=offer.earmark_scope,
                place=world.place_of(parcel.station),
            )
            for (number, offer), parcel in zip(offers, parcels, strict=True)
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
                    self._transaction([line], ()), partial(self._must_refuse, line), may_fail=True
                )
        plan = match(demands, offers)
        most = {offer.id: self._capacity(offer) for offer in offers}
        for part in _carriable(plan, demands, most):
            for batch in batches(part, demands, _MOST_LINES):
                yield Step(
                    self._transaction(batch.lines, batch.exemptions),
                    partial(self._answered, batch.lines),
                    may_fail=True,
                )

    def _capacity(self, offer: OpenOffer) -> int:
        return self._fleet.capacity(band_of([self._world.material_of(offer.material)]))

    def _transaction(self, lines: Sequence[Line], exemptions: Sequence[Exemption]) -> Transaction:
        world = self._world
        proposal = {
            "lapse": [],
            "lines": [(line.offer, line.demand, line.units) for line in lines],
            "exemptions": [(one.offer, one.demand) for one in exemptions],
        }
        return world.send(world.aid.demand, "propose", proposal, sender=self._solver)

    def _must_refuse(self, line: Line, receipt: Receipt) -> None:
        if receipt.status:
            raise CheckFailed("a proposal that breaks the order of urgency was accepted")
        self._answered([line], receipt)

    def _answered(self, lines: Sequence[Line], receipt: Receipt) -> None:
        """Pass on what was accepted; a refused proposal is noted, and its goods stay offered."""
        if receipt.status:
            self._accepted(receipt)
            return
        problem = receipt.error()
        if not isinstance(problem, ContractReverted):
            raise problem or CheckFailed("a proposal was refused without a reason")
        self._world.refused.append(
            {
                "proposal": proposal_text(lines),
                "error": problem.error,
                "transaction": f"0x{receipt.tx_hash.hex()}",
            }
        )

    def _accepted(self, receipt: Receipt) -> None:
        world = self._world
        made = [event.args for event in receipt.events if event.name == "Allocated"]
        offers = world.aid.demand.offerRecord.many((args.offer,) for args in made)
        demands = world.aid.needs.demand.many((args.demand,) for args in made)
        parcels = world.aid.ledger.parcel.many((args.parcel,) for args in made)
        told = []
        for args, offer, demand, parcel in zip(made, offers, demands, parcels, strict=True):
            told.append(
                Allocated(
                    id=args.allocation,
                    demand=args.demand,
                    parcel=args.parcel,
                    holder=world.cast.name_of(offer.holder),
                    hospital=world.cast.name_of(demand.recipient),
                    material=world.material_of(offer.material).id,
                    station=world.station_name(parcel.station),
                    units=args.units,
                    at=receipt.timestamp,
                )
            )
        self._allocated(told)


def _carriable(
    plan: Plan, demands: Sequence[OpenDemand], most: Mapping[int, int]
) -> Iterator[Plan]:
    """Divide a plan so that each of its lines fits one consignment, the most urgent lines first.

    Args:
        plan: The plan.
        demands: The demands from which it was made.
        most: Units that one consignment can carry, by offer; what nothing can carry stays whole.
    """
    if all(line.units <= (most[line.offer] or line.units) for line in plan.lines):
        yield plan
        return
    level = {demand.id: demand.level for demand in demands}
    for urgency in sorted(set(level.values()), reverse=True):
        lines = [line for line in plan.lines if level[line.demand] == urgency]
        while lines:
            sizes = [min(line.units, most[line.offer] or line.units) for line in lines]
            pairs = list(zip(lines, sizes, strict=True))
            yield replace(plan, lines=tuple(replace(line, units=size) for line, size in pairs))
            lines = [
                replace(line, units=line.units - size) for line, size in pairs if line.units > size
            ]


def _has_lapsed(demand: Any, now: int) -> bool:
    """Say whether one of its attestations is over."""
    attestations = (
        (demand.first_auditor, demand.first_until),
        (demand.second_auditor, demand.second_until),
    )
    return any(int(auditor, 16) and until <= now for auditor, until in attestations)


def _passing_over(demands: Sequence[OpenDemand], offers: Sequence[OpenOffer]) -> Line | None:
    """Return a line that would serve a demand past a more urgent one, if there can be one."""
    for offer in offers:
        if offer.earmark_kind != EarmarkKind.NONE:
            continue
        wanted = [
            demand
            for demand in demands
            if demand.material == offer.material
            and (not offer.expiry or offer.expiry >= demand.needed_by)
        ]
        lowest = min(wanted, key=lambda demand: (demand.level, demand.id), default=None)
        if lowest is not None and any(demand.level > lowest.level for demand in wanted):
            return Line(offer.id, lowest.id, min(offer.units, lowest.units))
    return None
