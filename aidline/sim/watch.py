"""Reporters sign the day's figures; the plan is poked and starts itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from aidline import regions
from aidline.client import Event, Receipt
from aidline.errors import ContractReverted
from aidline.messages import Observation
from aidline.sim.agenda import Step
from aidline.sim.cast import text32
from aidline.sim.records import SECONDS_A_DAY, CaseFigure
from aidline.sim.world import Release, World

__all__ = ["Watch"]

_POKE_AFTER = 600
_POKE_DAYS = 30


class Watch:
    """The reporters, their relayer, and whoever pokes the plan.

    Args:
        world: What the parties share.
        raised: Is told of every demand that the plan raises.
    """

    def __init__(self, world: World, raised: Callable[[Event], None]) -> None:
        self._world = world
        self._raised = raised
        reporters = world.prepared.scenario.participants.reporters
        self._reporters = sorted(
            (r.id for r in reporters), key=lambda name: int(world.cast[name].address, 16)
        )

    def begin(self) -> None:
        """Put every day's report on the agenda."""
        world = self._world
        scenario = world.prepared.scenario
        wanted = set(scenario.plan.regions)
        for day in scenario.clock.days:
            figures = {
                series.region: figure
                for series in world.prepared.cases
                if series.region in wanted and (figure := series.on(day)) is not None
            }
            moment = world.time(day, scenario.indicator.report_time)
            if figures:
                world.agenda.at(moment, partial(self._report, figures))
            world.agenda.at(moment + _POKE_AFTER, self._poke)

    def _report(self, figures: dict[str, CaseFigure]) -> Iterator[Step]:
        world = self._world
        indicator = text32(world.prepared.scenario.indicator.id)
        domain = world.aid.domain(world.aid.oracle)
        deadline = world.agenda.now + SECONDS_A_DAY
        for region, figure in figures.items():
            observation = Observation(
                indicator=indicator,
                region=regions.encode(region),
                day=world.chain_day(figure.day),
                value=figure.value,
                data_date=world.agenda.now // SECONDS_A_DAY,
                deadline=deadline,
            )
            bundle = {
                "indicator": indicator,
                "region": observation.region,
                "day": observation.day,
                "data_date": observation.data_date,
                "deadline": deadline,
                "reporters": [world.cast[name].address for name in self._reporters],
                "values": [figure.value] * len(self._reporters),
                "signatures": [
                    observation.sign(world.cast[name], domain) for name in self._reporters
                ],
            }
            yield Step(world.send(world.aid.oracle, "submit", bundle, sender=self._reporters[0]))

    def _poke(self) -> Iterator[Step]:
        """Poke the plan, unless it is not in force yet or has no new day to look at."""
        world = self._world
        plan = text32(world.prepared.scenario.plan.id)
        poker = world.prepared.scenario.participants.coordinators[0].id
        emergency = world.aid.emergency
        try:
            emergency.simulate("poke", plan, _POKE_DAYS, sender=world.cast[poker])
        except ContractReverted as refused:
            if refused.error not in ("NothingToEvaluate", "PlanNotEffective"):
                raise
            return
        yield Step(world.send(emergency, "poke", plan, _POKE_DAYS, sender=poker), self._poked)

    def _poked(self, receipt: Receipt) -> None:
        world = self._world
        for event in receipt.events:
            if event.name == "DemandRaised":
                self._raised(event)
            elif event.name == "MoneyReleased":
                world.releases.append(
                    Release(
                        id=event.args.release,
                        line=event.args.line,
                        earmark=world.aid.fund.earmarkOf(event.args.line),
                        spender=world.cast.name_of(event.args.spender),
                        until=event.args.until,
                    )
                )
