"""The solver: once a day it matches open offers to open demands and proposes what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from aidline.client import Receipt, Transaction
from aidline.errors import CheckFailed, ContractReverted
from aidline.model import EarmarkKind
from aidline.sim.agenda import Step
from aidline.sim.fleet import Fleet
from aidline.sim.journey import Allocated, band_of
from aidline.sim.world import World
from aidline.solve.board import Board, as_proposal
from aidline.solve.matching import Batch, Line, OpenDemand, OpenOffer, Plan, batches, match
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
        self._board = Board(world.aid)
        scripts = world.prepared.scenario.conditions.order_breaking
        self._order_breaking = sorted(script.day for script in scripts)

    def begin(self) -> None:
        """Put every day's round on the agenda."""
        world = self._world
        for day in world.prepared.scenario.clock.days:
            noon = world.time(day, _AFTERNOON)
            world.agenda.at(noon, self._refresh)
            world.agenda.at(noon, self._propose, phase=1)

    def _refresh(self) -> Iterator[Step]:
        """Stock runs down and demands end: bring what is open up to date."""
        world, now = self._world, self._world.agenda.now
        stale = self._board.stale(now)
        for at in range(0, len(stale), _MOST_LINES):
            chunk = stale[at : at + _MOST_LINES]
            yield Step(world.send(world.aid.needs, "bringUpToDate", chunk, sender=self._solver))
        for number, offer in self._board.open_offers():
            if offer.until <= now:
                yield Step(world.send(world.aid.demand, "lapseOffer", number, sender=self._solver))

    def _propose(self) -> Iterator[Step]:
        world = self._world
        market = self._board.market(world.agenda.now)
        demands, offers = market.demands, market.offers
        if self._order_breaking and world.day(world.agenda.now) >= self._order_breaking[0]:
            line = _passing_over(demands, offers)
            if line is not None:
                self._order_breaking.pop(0)
                yield Step(
                    self._transaction(Batch((line,), ())),
                    partial(self._must_refuse, line),
                    may_fail=True,
                )
        plan = match(demands, offers)
        most = {offer.id: self._capacity(offer) for offer in offers}
        for part in _carriable(plan, demands, most):
            for batch in batches(part, demands, _MOST_LINES):
                yield Step(
                    self._transaction(batch),
                    partial(self._answered, batch.lines),
                    may_fail=True,
                )

    def _capacity(self, offer: OpenOffer) -> int:
        return self._fleet.capacity(band_of([self._world.material_of(offer.material)]))

    def _transaction(self, batch: Batch) -> Transaction:
        world = self._world
        return world.send(world.aid.demand, "propose", as_proposal(batch), sender=self._solver)

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
        parcels = world.aid.ledger.parcel.many((offer.parcel,) for offer in offers)
        told = []
        for args, offer, demand, parcel in zip(made, offers, demands, parcels, strict=True):
            told.append(
                Allocated(
                    id=args.allocation,
                    demand=args.demand,
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
