"""The carriers: a booked consignment on its way, from pick-up to settlement.

Custody passes by two signatures at each change of hands; before each, the pallet's device signs
what it has read. Delivery is proven as the terms have it, and settles in that transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from aidline import messages as m
from aidline.client import Receipt
from aidline.freight import device_evidence
from aidline.model import Policy, Resolution
from aidline.sim.agenda import Step
from aidline.sim.fleet import Fleet
from aidline.sim.journey import Journey
from aidline.sim.records import SECONDS_A_DAY
from aidline.sim.world import World
from aidline.telemetry import Point
from aidline.watches import submission

__all__ = ["Haulage"]

_HOUR = 3600
_DEADLINE = 12 * _HOUR


class Haulage:
    """Everybody who carries.

    Args:
        world: What the parties share.
        fleet: Vehicles and devices.
        received: Is told of every consignment that reached its hospital.
    """

    def __init__(self, world: World, fleet: Fleet, received: Callable[[Journey], None]) -> None:
        self._world = world
        self._fleet = fleet
        self._received = received
        court = world.aid.court
        self._evidence_heard = court.CHALLENGE() + court.ANSWER() + court.GRACE()

    def close(self) -> None:
        """Have everybody take out what is theirs: carriers their pay, the operator its bonds."""
        world = self._world
        later = world.agenda.now + _HOUR
        for carrier in world.prepared.scenario.participants.carriers:
            world.agenda.at(later, partial(self._draw, carrier.id))
        world.agenda.at(later, self._withdraw_bonds)

    def booked(self, journey: Journey) -> None:
        """Put the pick-up of a consignment on the agenda."""
        self._world.agenda.at(journey.legs[0].departure, partial(self._pick_up, journey))

    def _handover(
        self, journey: Journey, sequence: int, giver: str, taker: str, station: str
    ) -> m.Handover:
        world = self._world
        return m.Handover(
            consignment=journey.id,
            sequence=sequence,
            from_=world.cast[giver].address,
            to=world.cast[taker].address,
            station=world.stations[station],
            at=world.agenda.now,
            content=journey.content,
            deadline=world.agenda.now + _DEADLINE,
        )

    def _pass_on(
        self, journey: Journey, sequence: int, giver: str, taker: str, station: str
    ) -> Step:
        """Both sign the same record; the taker submits it."""
        world = self._world
        domain = world.aid.domain(world.aid.freight)
        handover = self._handover(journey, sequence, giver, taker, station)
        return Step(
            world.send(
                world.aid.freight,
                "handOver",
                handover,
                handover.sign(world.cast[giver], domain),
                handover.sign(world.cast[taker], domain),
                sender=taker,
            )
        )

    def _pick_up(self, journey: Journey) -> Iterator[Step]:
        first = journey.legs[0]
        yield self._pass_on(journey, 0, journey.load.holder, first.vehicle.carrier, first.start)
        self._expect(journey, 0)

    def _expect(self, journey: Journey, index: int) -> None:
        """Put the end of a leg on the agenda."""
        arrival = journey.legs[index].arrival
        self._world.agenda.at(arrival, partial(self._arrive, journey, index))

    def _arrive(self, journey: Journey, index: int) -> Iterator[Step]:
        """End a leg: first the device's batches, then the change of hands."""
        yield from self._transmit(journey)
        if index == len(journey.legs) - 1:
            yield from self._deliver(journey, index)
        else:
            yield from self._change(journey, index)

    def _transmit(self, journey: Journey) -> Iterator[Step]:
        """The device signs what it has read since the last time, in batches."""
        world = self._world
        assert journey.recorder is not None
        device = world.cast[journey.device]
        monitor, recorder = world.aid.monitor, journey.recorder
        for readings in journey.pallet.due(world.agenda.now):
            previous = recorder.last
            batch = recorder.batch(readings, deadline=world.agenda.now + SECONDS_A_DAY)
            journey.told.append(Point.of(batch))
            yield Step(
                submission(
                    monitor,
                    world.aid.domain(monitor),
                    recorder.watch,
                    previous,
                    batch,
                    device,
                    gas=world.limits.get((monitor.name, "record")),
                )
            )

    def _change(self, journey: Journey, index: int) -> Iterator[Step]:
        leg, after = journey.legs[index], journey.legs[index + 1]
        yield self._pass_on(journey, index + 1, leg.vehicle.carrier, after.vehicle.carrier, leg.end)
        self._expect(journey, index + 1)

    def _deliver(self, journey: Journey, index: int) -> Iterator[Step]:
        """Prove delivery as the terms have it; settlement is part of the same transaction."""
        world = self._world
        assert journey.recorder is not None
        domain, device = world.aid.domain(world.aid.freight), world.cast[journey.device]
        leg = journey.legs[index]
        taker, bought = journey.load.taker, journey.load.purchase
        handover = self._handover(journey, index + 1, leg.vehicle.carrier, taker, leg.end)
        arrival = m.Arrival(
            consignment=journey.id,
            station=world.stations[leg.end],
            at=world.agenda.now,
            batches=journey.recorder.batches,
            deadline=world.agenda.now + _DEADLINE,
        )
        by_device = journey.policy is not Policy.CONSIGNEE
        # A device that was silent for too long proves nothing by itself.
        by_hand = (
            journey.policy in (Policy.CONSIGNEE, Policy.BOTH)
            or journey.pallet.longest_silence > journey.terms.longest_silence
        )
        proof = {
            "handover": handover,
            "release": handover.sign(world.cast[leg.vehicle.carrier], domain),
            "acceptance": handover.sign(world.cast[taker], domain) if by_hand else b"",
            "salt": bytes(32) if bought is None else bought.salt,
            "evidence": device_evidence([(device.address, arrival, arrival.sign(device, domain))])
            if by_device
            else b"",
        }
        yield Step(
            world.send(
                world.aid.freight,
                "deliver",
                journey.booking,
                [journey.told],
                proof,
                sender=leg.vehicle.carrier,
            ),
            lambda receipt: self._delivered(journey, receipt),
        )

    def _delivered(self, journey: Journey, receipt: Receipt) -> None:
        world = self._world
        self._fleet.free_device(journey.device)
        if any(event.name == "ConsignmentSettled" for event in receipt.events):
            self._settled(journey, receipt)
        else:
            later = world.agenda.now + 2 * SECONDS_A_DAY
            world.agenda.at(later, partial(self._settle_silent, journey))

    def _settle_silent(self, journey: Journey) -> Iterator[Step]:
        world = self._world
        carrier = journey.legs[-1].vehicle.carrier
        yield Step(
            world.send(
                world.aid.freight, "settleSilent", journey.booking, [journey.told], sender=carrier
            ),
            lambda receipt: self._settled(journey, receipt),
        )

    def _settled(self, journey: Journey, receipt: Receipt) -> None:
        world = self._world
        soon = world.agenda.now + _HOUR
        if journey.outflow:
            world.agenda.at(soon, partial(self._reclaim, journey))
        # The clock of a node runs on while it settles: an hour more is late enough.
        world.agenda.at(soon + self._evidence_heard, partial(self._release, journey))
        told = receipt.event("ConsignmentSettled").args
        if told.price:
            world.agenda.at(soon, partial(self._take_price, journey.load.holder, told.price))
        if journey.load.purchase is not None:
            return  # delivered, it is in the hands of the household
        if told.resolution == Resolution.DELIVERED:
            self._received(journey)
        else:
            world.agenda.at(soon, partial(self._report_failed, journey))

    def _release(self, journey: Journey) -> Iterator[Step]:
        """Free the bond of the device, once nobody can bring evidence against it any more."""
        world = self._world
        device = world.cast[journey.device].address
        operator = world.prepared.scenario.devices.operator
        yield Step(
            world.send(
                world.aid.court, "release", journey.id, device, journey.booking, sender=operator
            )
        )

    def _withdraw_bonds(self) -> Iterator[Step]:
        world = self._world
        operator = world.prepared.scenario.devices.operator
        free = world.aid.monitor.bondPurse(world.cast[operator].address).free
        if free:
            yield Step(world.send(world.aid.monitor, "withdrawBond", free, sender=operator))

    def _reclaim(self, journey: Journey) -> Iterator[Step]:
        world = self._world
        coordinator = world.prepared.scenario.participants.coordinators[0].id
        yield Step(world.send(world.aid.fund, "reclaim", journey.outflow, sender=coordinator))

    def _report_failed(self, journey: Journey) -> Iterator[Step]:
        """Tell the demands' escrow that the goods cannot be used; anyone may."""
        world = self._world
        for line in journey.load.allocations:
            yield Step(world.send(world.aid.demand, "reportFailed", line.id, sender=line.hospital))

    def _take_price(self, seller: str, price: int) -> Iterator[Step]:
        yield Step(self._world.send(self._world.aid.freight, "emptyPurse", price, sender=seller))

    def _draw(self, owner: str) -> Iterator[Step]:
        """Take out of the escrow all that somebody has earned."""
        world = self._world
        free = world.aid.freight.purseOf(world.cast[owner].address).free
        if free:
            yield Step(world.send(world.aid.freight, "emptyPurse", free, sender=owner))
