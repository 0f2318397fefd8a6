"""Everything that ever happened to a parcel or a lot, in order, with who signed: from events alone.

A parcel's history is that of every parcel of which it was once a part (until it was split off, or
until they were merged into it), of the loads in which it rode, of the offers and allocations in
which it was, of its lot and of the gift that the lot came from, and of the incidents that name it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aidline.client import Aidline, Event
from aidline.errors import InputError
from aidline.model import DisputeStatus, Policy

__all__ = ["Happening", "History"]

Subject = tuple[str, int]
Interval = tuple[int, int]

#: The arguments that name who signed, or sent what was not signed apart, by the event's name.
_SIGNERS: Mapping[str, tuple[str, ...]] = {
    "BatchConvicted": ("finder",),
    "BatchRecorded": ("device",),
    "ConsignmentBooked": ("payer",),
    "CustodyChanged": ("from_", "to"),
    "DeclarationCorrected": ("author",),
    "Detained": ("by",),
    "DisputeEnded": ("arbiter",),  # or both, see `_agreed`
    "DisputeRaised": ("raiser",),
    "GiftClaimed": ("claimer",),
    "GiftPledged": ("donor",),
    "GiftReceived": ("intermediary",),
    "HandedOver": ("from_", "to"),
    "IncidentAnswered": ("party",),
    "IncidentDecided": ("decided_by",),
    "IncidentDeclared": ("declared_by",),
    "LeafDemanded": ("party",),
    "LotAttested": ("auditor",),
    "LotsTransformed": ("maker",),
    "OfferMade": ("holder",),
    "ParcelDestroyed": ("custodian",),
    "ParcelLost": ("custodian",),
    "ParcelQuarantined": ("by",),
    "ProposalAccepted": ("solver",),
    "QuarantineLifted": ("auditor",),
    "RecallLifted": ("by",),
    "Recalled": ("by",),
    "Resumed": ("by",),
    "StepRecorded": ("by",),
}

#: What an argument is about, by its name; lists name several.
_SUBJECTS: Mapping[str, str] = {
    "allocation": "allocation",
    "allocations": "allocation",
    "child": "parcel",
    "consignment": "consignment",
    "gift": "gift",
    "incident": "incident",
    "inputs": "parcel",
    "into": "parcel",
    "lot": "lot",
    "lots": "lot",
    "offer": "offer",
    "parcel": "parcel",
    "parcels": "parcel",
}

#: Rooms whose events are about goods; of the fund only what names a consignment.
_ROOMS = frozenset(
    {
        "BatchCourt",
        "ConditionMonitor",
        "DemandEscrow",
        "DisputeDesk",
        "DonationRegistry",
        "FreightEscrow",
        "GiftAudit",
        "IncidentBoard",
        "MaterialLedger",
        "MovementBoard",
        "ReliefFund",
    }
)
#: Deliveries that the device proves in place of the consignee, who consented at the booking.
_BY_DEVICE = (Policy.DEVICE, Policy.DEVICE_THEN_SILENCE)
#: Acts for which the time has come, or which others have signed, whoever submits them.
_BY_ANYONE = frozenset(
    {
        "AllocationBooked",
        "AllocationReleased",
        "ConsignmentClosed",
        "ConsignmentSettled",
        "HandedOver",
        "OfferEnded",
    }
)
#: What the custodian alone does, though the event does not repeat the name.
_BY_CUSTODIAN = frozenset({"ParcelMoved", "ParcelSplit", "ParcelsMerged", "UnitsDistributed"})
_EVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Happening:
    """One event in the life of goods.

    Attributes:
        time: When it was written on the chain, unix seconds; a handover also says when it was.
        what: The event's name.
        room: The contract.
        signers: Addresses that signed it, or that sent it where the sender is the one who acts;
            empty where anyone may do it (a time-out), or it follows from the act beside it.
        event: The event itself.
    """

    time: int
    what: str
    room: str
    signers: tuple[str, ...]
    event: Event


class History:
    """What a deployment's events tell of its goods.

    Args:
        aid: The deployment.
        events: Its events, oldest first, if they are at hand.

    Raises:
        EnvironmentProblem: The node does not answer.
    """

    def __init__(self, aid: Aidline, events: Sequence[Event] | None = None) -> None:
        self._aid = aid
        told = aid.history() if events is None else events
        self._events = [event for event in told if event.contract in _ROOMS]
        self._about: dict[Subject, list[int]] = defaultdict(list)
        self._lot_of: dict[int, int] = {}
        #: Parcels of which a parcel was once a part, with the place of the event that parted them.
        self._split_from: dict[int, Interval] = {}
        self._merged_into: dict[int, list[Interval]] = defaultdict(list)
        self._parents: dict[int, set[int]] = defaultdict(set)
        self._children: dict[int, set[int]] = defaultdict(set)
        self._by_transaction: dict[bytes, list[int]] = defaultdict(list)
        self._times: dict[int, int] = {}
        self._aboard: dict[int, tuple[int, ...]] = {}
        self._left: dict[tuple[int, int], int] = {}
        self._custodian: dict[int, str] = {}
        #: Who had the parcel when an event of `_BY_CUSTODIAN` was written, by the event's place.
        self._had: dict[int, str] = {}
        self._holder: dict[int, str] = {}
        #: Allocations that were booked: until then their units are in the offer's parcel.
        self._booked: set[int] = set()
        #: The leg about which a dispute is.
        self._disputed: dict[int, int] = {}
        for place, event in enumerate(self._events):
            self._learn(place, event)

    # --- what happened ---

    def of_parcel(self, parcel: int) -> list[Happening]:
        """Return everything that ever happened to a parcel, oldest first.

        Raises:
            InputError: There is no such parcel.
        """
        if parcel not in self._lot_of:
            raise InputError(f"there is no parcel {parcel}")
        return self._tell(self._places_of_parcels(self._lineage(parcel)))

    def of_lot(self, lot: int) -> list[Happening]:
        """Return everything that ever happened to a lot and to all of its parcels, oldest first.

        Raises:
            InputError: There is no such lot.
        """
        if ("lot", lot) not in self._about:
            raise InputError(f"there is no lot {lot}")
        parcels = [(parcel, _EVER) for parcel, of in self._lot_of.items() if of == lot]
        return self._tell(self._places_of_parcels(parcels) | set(self._about["lot", lot]))

    # --- from which, into which ---

    def parents_of(self, lot: int) -> set[int]:
        """Return the lots whose units went into a lot."""
        return set(self._parents.get(lot, ()))

    def ancestors_of(self, lot: int) -> set[int]:
        """Return the lots whose units went into a lot, at any remove."""
        return _reached(self._parents, lot)

    def descendants_of(self, lot: int) -> set[int]:
        """Return the lots into which units of a lot went, at any remove."""
        return _reached(self._children, lot)

    # --- learning ---

    def _learn(self, place: int, event: Event) -> None:
        args = event.args
        self._by_transaction[event.tx_hash].append(place)
        for subject in _subjects(event):
            places = self._about[subject]
            if not places or places[-1] != place:
                places.append(place)
        if event.name in _BY_CUSTODIAN:
            self._had[place] = self._custodian[args.parcel]
        if event.name == "LotCommissioned":
            self._lot_of[args.parcel] = args.lot
            self._custodian[args.parcel] = args.custodian
        elif event.name == "ParcelSplit":
            self._lot_of[args.child] = self._lot_of[args.parcel]
            self._custodian[args.child] = self._custodian[args.parcel]
            self._split_from[args.child] = args.parcel, place
        elif event.name == "ParcelsMerged":
            self._merged_into[args.into].append((args.parcel, place + 1))
        elif event.name == "LotsTransformed":
            for lot in args.lots:
                for part in args.inputs:
                    self._parents[lot].add(self._lot_of[part.parcel])
                    self._children[self._lot_of[part.parcel]].add(lot)
        elif event.name == "OfferMade":
            self._holder[args.offer] = args.holder
        elif event.name == "AllocationBooked":
            self._booked.add(args.allocation)
        elif event.name == "DisputeRaised":
            self._disputed[args.dispute] = args.leg
        elif event.name == "LoadFormed":
            self._aboard[args.consignment] = tuple(args.parcels)
        elif event.name == "UnitsSetAside":
            for parcel in args.parcels:
                self._custodian[parcel] = args.custodian
                self._left[args.consignment, parcel] = place + 1
        elif event.name == "LoadClosed":
            for parcel in self._aboard[args.consignment]:
                if (args.consignment, parcel) not in self._left:
                    self._custodian[parcel] = args.custodian

    # --- telling ---

    def _lineage(self, parcel: int) -> list[Interval]:
        """Return the parcels whose history is this one's, each with the place where it ends."""
        found: list[Interval] = []
        waiting = [(parcel, _EVER)]
        while waiting:
            one, until = waiting.pop()
            found.append((one, until))
            if one in self._split_from:
                source, place = self._split_from[one]
                waiting.append((source, place + 1))
            waiting.extend((other, at) for other, at in self._merged_into[one] if at <= until)
        return found

    def _places_of_parcels(self, lineage: Iterable[Interval]) -> set[int]:
        known = list(lineage)
        names = {parcel for parcel, _ in known}
        found: set[int] = set()
        for parcel, until in known:
            for place in self._about["parcel", parcel]:
                event = self._events[place]
                if event.name == "IncidentDeclared":
                    # it may be declared later of what had been one parcel then
                    if until == _EVER or event.args.at < self._time(self._events[until - 1]):
                        found.update(self._about["incident", event.args.incident])
                elif place < until:
                    found.add(place)
                    found.update(self._beside(event, until, parcel))
            found.update(self._of_the_lot(self._lot_of[parcel], names))
        return found

    def _beside(self, event: Event, until: int, parcel: int) -> Iterator[int]:
        """What happened to a load, offer or allocation while the parcel was in it."""
        args = event.args
        if event.name == "LoadFormed":
            until = min(until, self._left.get((args.consignment, parcel), until))
            yield from (at for at in self._about["consignment", args.consignment] if at < until)
        elif event.name == "OfferMade":
            for at in self._about["offer", args.offer]:
                allocation = getattr(self._events[at].args, "allocation", 0)
                if allocation and allocation not in self._booked:
                    yield from self._of_allocation(allocation, until)
                elif not allocation and at < until:
                    yield at
        elif event.name == "AllocationBooked":
            yield from self._of_allocation(args.allocation, until)

    def _of_allocation(self, allocation: int, until: int) -> Iterator[int]:
        for place in self._about["allocation", allocation]:
            event = self._events[place]
            if place < until:
                yield place
                if event.name == "Allocated":
                    yield from (
                        at
                        for at in self._by_transaction[event.tx_hash]
                        if self._events[at].name == "ProposalAccepted"
                    )

    def _of_the_lot(self, lot: int, parcels: set[int]) -> Iterator[int]:
        """What happened to the lot as a whole, and to the gift from which it came."""
        for place in self._about["lot", lot]:
            event = self._events[place]
            if getattr(event.args, "parcel", None) in (None, *parcels):
                yield place
            if event.name == "GiftReceived":
                yield from self._about["gift", event.args.gift]
        for ancestor in self.ancestors_of(lot):
            for place in self._about["lot", ancestor]:
                if self._events[place].name in ("Recalled", "RecallLifted"):
                    yield place

    def _tell(self, places: Iterable[int]) -> list[Happening]:
        told = []
        for place in sorted(places):
            event = self._events[place]
            told.append(
                Happening(
                    time=self._time(event),
                    what=event.name,
                    room=event.contract,
                    signers=self._signers(event),
                    event=event,
                )
            )
        return told

    def _time(self, event: Event) -> int:
        block = event.block_number
        if block not in self._times:
            self._times[block] = self._aid.chain.block_time(block)
        return self._times[block]

    def _signers(self, event: Event) -> tuple[str, ...]:
        names = _SIGNERS.get(event.name)
        if names is None:
            return self._signers_beside(event) or self._alone(event)
        if event.name in ("CustodyChanged", "HandedOver"):
            return self._hands(event)
        if event.name == "ConsignmentBooked":
            return self._bookers(event)
        if event.name == "DisputeEnded" and event.args.status == DisputeStatus.AGREED:
            return self._agreed(event)
        return _unique(getattr(event.args, name) for name in names)

    def _signers_beside(self, event: Event) -> tuple[str, ...]:
        """Whoever signed the act of which this event is a part."""
        found: list[str] = []
        own = set(_subjects(event))
        for place in self._by_transaction[event.tx_hash]:
            other = self._events[place]
            if other.name in _SIGNERS and (own & set(_subjects(other)) or not own):
                found.extend(self._signers(other))
        return _unique(found)

    def _alone(self, event: Event) -> tuple[str, ...]:
        """Who acts by sending it: the maker, the solver, the offer's holder, the custodian."""
        if event.name == "LotCommissioned":
            return (event.args.maker,)
        names = {self._events[at].name for at in self._by_transaction[event.tx_hash]}
        solvers = [
            self._events[at].args.solver
            for at in self._by_transaction[event.tx_hash]
            if self._events[at].name == "ProposalAccepted"
        ]
        if event.name == "Allocated":
            return _unique(solvers or [self._holder[event.args.offer]])
        place = self._place(event)
        if event.name not in _BY_CUSTODIAN or names & _BY_ANYONE:
            return ()
        return _unique(solvers or [self._had[place]])

    def _place(self, event: Event) -> int:
        return next(at for at in self._by_transaction[event.tx_hash] if self._events[at] is event)

    def _hands(self, event: Event) -> tuple[str, ...]:
        """Who released and who accepted; where devices proved the delivery, the devices."""
        args = event.args
        order = self._order(args.consignment)
        is_last = args.sequence == len(order.legs)
        if is_last and order.terms.policy in _BY_DEVICE and args.to == order.consignee:
            return (args.from_, *order.devices)
        return args.from_, args.to

    def _agreed(self, event: Event) -> tuple[str, ...]:
        """Whose money it is: the payer, and the leg's carrier or, of the price, the seller."""
        order, leg = self._order(event.args.consignment), self._disputed[event.args.dispute]
        payee = order.seller if leg == len(order.legs) else order.legs[leg].carrier
        return _unique([order.payer, payee])

    def _bookers(self, event: Event) -> tuple[str, ...]:
        """Who ordered, who carries and who sells: all have signed the booking."""
        order = event.args.order
        sellers = [order.seller] if order.parcels else []
        return _unique([order.payer, *(leg.carrier for leg in order.legs), *sellers])

    def _order(self, consignment: int) -> Any:
        """What was booked as a consignment."""
        return next(
            self._events[place].args.order
            for place in self._about["consignment", consignment]
            if self._events[place].name == "ConsignmentBooked"
        )


def _subjects(event: Event) -> Iterator[Subject]:
    for name, kind in _SUBJECTS.items():
        if event.contract == "ReliefFund" and kind != "consignment":
            continue  # it counts gifts of its own
        # what was booked names what it carries
        value: Any = getattr(getattr(event.args, "order", event.args), name, None)
        if value is None:
            value = getattr(event.args, name, None)
        if isinstance(value, int):
            if value:
                yield kind, int(value)
        elif value is not None:
            yield from ((kind, int(getattr(one, "parcel", one))) for one in value)


def _unique(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return them in their order, each once, without the one that stands for nobody."""
    return tuple(dict.fromkeys(address for address in addresses if int(address, 16)))


def _reached(edges: Mapping[int, set[int]], start: int) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        for one in edges.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found
