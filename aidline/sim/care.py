"""Hospitals and auditors: demand is published, attested, claimed from raises, and handed out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from aidline import regions
from aidline.client import Event, Receipt
from aidline.messages import Attestation
from aidline.model import DemandStatus, Level, ParcelState
from aidline.sim.agenda import Step
from aidline.sim.cast import text32
from aidline.sim.journey import Journey
from aidline.sim.records import SECONDS_A_DAY, Demand, Hospital
from aidline.sim.world import World, auditors_for

__all__ = ["Care"]

_HOUR = 3600
_MORNING = 8 * _HOUR
_ATTESTATION_DAYS = 14
_NONE = bytes(32)


class Care:
    """The hospitals of a run with their auditors.

    Args:
        world: What the parties share.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._asked: set[int] = set()

    def begin(self) -> None:
        """Put every demand of the scenario on the agenda."""
        for demand in self._world.prepared.demands:
            self._world.agenda.at(
                self._world.time(demand.day, _MORNING), partial(self._publish, demand)
            )

    def _publish(self, demand: Demand) -> Iterator[Step]:
        world = self._world
        request = {
            "material": int(world.material(demand.material).gtin),
            "units": demand.units,
            "stock": demand.stock,
            "daily_use": demand.daily_use,
            "needed_by": world.agenda.now + demand.needed_within,
            "station": world.stations[world.hospital(demand.hospital).dock],
            "freight_budget": demand.freight_budget,
            "emergency": self._emergency(demand.hospital),
        }
        yield Step(
            world.send(world.aid.needs, "publish", request, sender=demand.hospital),
            lambda receipt: self._published(receipt, demand.hospital),
        )

    def _emergency(self, hospital: str) -> bytes:
        """Return the plan under which a demand stands; zero when none is active there."""
        world = self._world
        plan = text32(world.prepared.scenario.plan.id)
        lineage = regions.shipped_atlas().lineage(world.hospital(hospital).region)
        paths = world.aid.needs.fastPath.many((plan, regions.encode(code)) for code in lineage)
        return plan if any(path.active_until > world.agenda.now for path in paths) else _NONE

    def _published(self, receipt: Receipt, hospital: str) -> None:
        self.audit(receipt.event("DemandPublished").args.demand, hospital)

    def audit(self, demand: int, hospital: str) -> None:
        """Have a demand attested within the hour, once however often it is asked for."""
        if demand not in self._asked:
            self._asked.add(demand)
            agenda = self._world.agenda
            agenda.at(agenda.now + _HOUR, partial(self._attest, demand, hospital))

    def _attest(self, demand: int, hospital: str) -> Iterator[Step]:
        """Attest a demand: one auditor, and a second for a critical level or above the cap."""
        world = self._world
        self._asked.discard(demand)
        book = world.aid.needs
        record = book.demand(demand)
        if record.status != DemandStatus.OPEN or record.needed_by <= world.agenda.now:
            return
        cap = world.material_of(record.material).cap_per_demand
        twice = book.levelNow(demand) == Level.CRITICAL or 0 < cap < record.units
        there = {record.first_auditor, record.second_auditor}
        auditors = [
            name
            for name in auditors_for(world, world.hospital(hospital).region, f"demand {demand}")
            if world.cast[name].address not in there
        ]
        missing = 1 + twice - sum(int(address, 16) > 0 for address in there)
        if missing <= 0 or not auditors:
            return
        content = book.contentOf(demand)
        valid_until = world.agenda.now + _ATTESTATION_DAYS * SECONDS_A_DAY
        first, *others = auditors
        yield Step(world.send(book, "attest", demand, content, valid_until, sender=first))
        if missing > 1 and others:
            # The second signs on paper, so to speak: anyone may bring the signature.
            signed = Attestation(
                auditor=world.cast[others[0]].address,
                demand=demand,
                content=content,
                valid_until=valid_until,
                deadline=world.agenda.now + SECONDS_A_DAY,
            )
            signature = signed.sign(world.cast[others[0]], world.aid.domain(world.aid.needs))
            yield Step(world.send(book, "attestBySignature", signed, signature, sender=hospital))

    def raised(self, event: Event) -> None:
        """Let the hospitals of a region claim their parts of what a plan has raised."""
        region = regions.decode(event.args.region)
        atlas = regions.shipped_atlas()
        for hospital in self._world.prepared.hospitals:
            if atlas.is_within(hospital.region, region):
                self._world.agenda.at(
                    self._world.agenda.now + _HOUR,
                    partial(self._claim, event, hospital),
                )

    def _claim(self, event: Event, hospital: Hospital) -> Iterator[Step]:
        world, raised = self._world, event.args
        source = world.aid.needs.raiseRecord(raised.raised)
        facility = world.aid.needs.facility(world.cast[hospital.id].address)
        share = source.units * facility.people_in_care // source.people_in_care
        attested = 0 < facility.attestation <= source.attestations
        if not share or not attested or source.until <= world.agenda.now:
            return
        material = world.material_of(raised.material)
        facts = world.prepared.facts(hospital, material, f"raise {raised.raised}")
        request = {
            "material": 0,
            "units": 0,
            "stock": facts.stock,
            "daily_use": facts.daily_use,
            "needed_by": world.agenda.now + facts.needed_within,
            "station": world.stations[hospital.dock],
            "freight_budget": facts.freight_budget,
            "emergency": _NONE,
        }
        yield Step(
            world.send(world.aid.needs, "claim", raised.raised, request, sender=hospital.id),
            lambda receipt: self._published(receipt, hospital.id),
        )

    def received(self, journey: Journey) -> None:
        """Report what came within the hour, and hand it out on the next morning."""
        world = self._world
        world.agenda.at(world.agenda.now + _HOUR, partial(self._report, journey))
        tomorrow = world.time(world.day(world.agenda.now) + 1, _MORNING)
        world.agenda.at(tomorrow, partial(self._hand_out, journey))

    def _report(self, journey: Journey) -> Iterator[Step]:
        """Have what came count with what the hospital has on hand; anyone may."""
        world = self._world
        allocations = [line.id for line in journey.load.allocations]
        sender = journey.load.taker
        yield Step(world.send(world.aid.demand, "reportReceived", allocations, sender=sender))

    def _hand_out(self, journey: Journey) -> Iterator[Step]:
        world, hospital = self._world, journey.load.taker
        parcels = world.aid.ledger.parcelsOf(journey.id)
        records = world.aid.ledger.parcel.many((parcel,) for parcel in parcels)
        handed_out: list[int] = []

        def told(receipt: Receipt) -> None:
            handed_out.append(receipt.event("UnitsDistributed").args.parcel)

        for parcel, record in zip(parcels, records, strict=True):
            if record.state != ParcelState.DELIVERED:
                continue
            share = world.dice("handed out", parcel).randint(60, 100)
            units = max(1, record.units * share // 100)
            yield Step(
                world.send(
                    world.aid.ledger,
                    "distribute",
                    parcel,
                    units,
                    text32(f"ward {1 + parcel % 9}"),
                    text32(f"salted list of wards for parcel {parcel}"),
                    sender=hospital,
                ),
                told,
            )
        world.agenda.at(
            world.agenda.now + _HOUR, partial(self._report_distributed, handed_out, hospital)
        )

    def _report_distributed(self, parcels: list[int], hospital: str) -> Iterator[Step]:
        """Have what was handed out count as on hand no more; anyone may."""
        needs = self._world.aid.needs
        yield Step(self._world.send(needs, "reportDistributed", parcels, sender=hospital))
