"""The simulation: a scenario played by seeded agents over the real contracts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from aidline.client import Aidline, Chain, RevmChain
from aidline.deploy import deploy
from aidline.sim import world as worlds
from aidline.sim.agenda import Agenda
from aidline.sim.care import Care
from aidline.sim.cast import Cast
from aidline.sim.dispatch import Dispatch
from aidline.sim.fleet import Fleet
from aidline.sim.giving import Giving
from aidline.sim.haulage import Haulage
from aidline.sim.households import Households
from aidline.sim.journey import Allocated
from aidline.sim.matchmaking import Matchmaking
from aidline.sim.prepare import Prepared, prepare
from aidline.sim.records import SECONDS_A_DAY, Scenario
from aidline.sim.summary import Summary, summarise
from aidline.sim.watch import Watch
from aidline.sim.world import World

__all__ = ["Model", "Progress"]

#: Is told how much of the run is done: days played, days in all, transactions so far.
Progress = Callable[[int, int, int], None]


class Model:
    """One run of a scenario.

    Args:
        scenario: What is played; a :class:`Scenario`, or one already prepared with real files.
        seed: Seed of the run; the scenario's own if not given.
        chain: Where it is played; a chain in this process if not given.
        limits: Gas limits by contract and function, where the chain's own way of finding them
            will not do.
        observe: Is called after every batch of transactions, with this model; for checks.
        progress: Is told how far the run is.

    The same scenario and seed give the same summary but for times.
    """

    def __init__(
        self,
        scenario: Scenario | Prepared,
        seed: int | None = None,
        *,
        chain: Chain | None = None,
        limits: Mapping[tuple[str, str], int] | None = None,
        observe: Callable[[Model], None] | None = None,
        progress: Progress | None = None,
    ) -> None:
        if isinstance(scenario, Scenario):
            scenario = prepare(scenario, scenario.seed if seed is None else seed)
        self.prepared = scenario
        self.seed = scenario.seed
        first = scenario.scenario.clock.first_day
        self.chain = RevmChain(timestamp=first * SECONDS_A_DAY) if chain is None else chain
        self.cast = Cast(scenario.scenario.name, self.seed)
        self._limits = {} if limits is None else limits
        self._observe = observe
        self._progress = progress
        self._world: World | None = None

    @property
    def aid(self) -> Aidline:
        """The contracts that the run has deployed."""
        return self.world.aid

    @property
    def world(self) -> World:
        """What stands on the chain, once the run has begun."""
        if self._world is None:
            raise RuntimeError("the run has not begun")
        return self._world

    def run(self) -> Summary:
        """Deploy the contracts, play every day to its end, and say what came of it.

        Raises:
            ContractReverted: A contract refused what the scenario asks for.
            ScenarioError: The scenario cannot be played (too few vehicles or devices).
            EnvironmentProblem: The node fails, or cannot pass the time.
        """
        began = time.monotonic()
        shift = self._shift()
        aid, deployed = self._deploy()
        clock = self.prepared.scenario.clock
        agenda = Agenda(self.chain, self._after_batch)
        self._world = world = World(self.prepared, aid, agenda, self.cast, shift, self._limits)
        worlds.found(world)
        care, giving = Care(world), Giving(world)
        fleet = Fleet(world)
        haulage = Haulage(world, fleet, care.received)

        def released(line: Allocated, parcel: int | None) -> None:
            if parcel is not None:
                giving.offer(parcel, line.holder)
            care.audit(line.demand, line.hospital)

        dispatch = Dispatch(world, fleet, haulage.booked, released)
        watch = Watch(world, care.raised)
        matchmaking = Matchmaking(world, fleet, dispatch.allocated)
        for party in (care, giving, watch, matchmaking, Households(world, dispatch.bought)):
            party.begin()
        agenda.run(until=world.time(clock.last_day + 1) - 1)
        agenda.run()
        haulage.close()
        agenda.run()
        return summarise(
            world,
            transactions=deployed + agenda.transactions,
            wall_seconds=time.monotonic() - began,
        )

    def _shift(self) -> int:
        """Return the seconds from the first day to the chain's next midnight (or this one)."""
        first = self.prepared.scenario.clock.first_day
        return (-(-self.chain.now() // SECONDS_A_DAY) - first) * SECONDS_A_DAY

    def _deploy(self) -> tuple[Aidline, int]:
        """Return the contracts, deployed, and the number of transactions that it took."""
        steps: list[str] = []
        deployment = deploy(
            self.chain,
            self.cast["deployer"],
            worlds.governance(self.cast),
            progress=lambda name, number, count: steps.append(name),
        )
        return Aidline(self.chain, deployment), len(steps)

    def _after_batch(self, now: int) -> None:
        if self._observe is not None:
            self._observe(self)
        if self._progress is not None:
            clock = self.prepared.scenario.clock
            days = len(clock.days)
            done = self.world.day(now) - clock.first_day + 1
            self._progress(min(max(done, 0), days), days, self.world.agenda.transactions)
