"""Open demands and offers as a deployment has them, and proposals that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aidline.client import Aidline, Contract, Receipt, Transaction, Web3Chain
from aidline.errors import ChainError, ContractReverted, RawRevert
from aidline.geodesy import Place
from aidline.model import DemandStatus, Level, OfferStatus, Role, Unmet
from aidline.signing import Signer
from aidline.solve.fastpath import Path, Unaudited
from aidline.solve.market import Aside, Market
from aidline.solve.matching import Batch, OpenDemand, OpenOffer, Plan, Reason, batches
from aidline.solve.urgency import Thresholds, level_of

__all__ = [
    "MOST_LINES",
    "Board",
    "Proposed",
    "as_proposal",
    "bring_up_to_date",
    "propose",
    "why_unmet",
]

#: Lines, and exemptions, that the contract takes in one proposal; demands to bring up to date.
MOST_LINES = 100

_MOST_GAS = 0.9  # of a block: what comes before it in a block costs as well


@dataclass(frozen=True, slots=True)
class _Paths:
    """Fast paths that are open.

    Attributes:
        room: Units that each can still take.
        above: By emergency and recipient those that may serve it, the nearest first.
    """

    room: dict[Path, int]
    above: dict[tuple[bytes, str], tuple[Path, ...]]


class Board:
    """What is open in a deployment; what has ended is read once only.

    Args:
        aid: The deployment.
    """

    def __init__(self, aid: Aidline) -> None:
        self._aid = aid
        self._ended: set[int] = set()
        self._over: set[int] = set()
        self._scopes: dict[str, tuple[bytes, bytes]] = {}
        self._places: dict[int, Place] = {}
        self._parents: dict[bytes, bytes] = {}

    def open_demands(self) -> list[tuple[int, Any]]:
        """Return the demands that are open: number and record."""
        needs = self._aid.needs
        wanted = [n for n in range(1, needs.demandCount() + 1) if n not in self._ended]
        found = list(zip(wanted, needs.demand.many((n,) for n in wanted), strict=True))
        over = (DemandStatus.WITHDRAWN, DemandStatus.LAPSED)
        self._ended.update(number for number, demand in found if demand.status in over)
        return [(number, demand) for number, demand in found if demand.status == DemandStatus.OPEN]

    def open_offers(self) -> list[tuple[int, Any]]:
        """Return the offers that are open: number and record."""
        book = self._aid.demand
        wanted = [n for n in range(1, book.offerCount() + 1) if n not in self._over]
        found = list(zip(wanted, book.offerRecord.many((n,) for n in wanted), strict=True))
        over = (OfferStatus.WITHDRAWN, OfferStatus.EXPIRED, OfferStatus.TAKEN_BACK)
        self._over.update(number for number, offer in found if offer.status in over)
        return [(number, offer) for number, offer in found if offer.status == OfferStatus.OPEN]

    def stale(self, now: int) -> list[int]:
        """Return the demands whose level or count is not what it would be when brought up to date.

        Args:
            now: Unix seconds.
        """
        demands = self.open_demands()
        active = self._active({demand.recipient for _, demand in demands})
        facilities = self._read(
            self._aid.needs.facility, {demand.recipient for _, demand in demands}
        )
        limits = self._aid.needs.thresholds()
        thresholds = Thresholds(limits.critical, limits.high, limits.medium)

        def level(demand: Any) -> Level:
            facts = facilities[demand.recipient]
            return level_of(
                demand.stock,
                demand.daily_use,
                elapsed=max(now - demand.facts_at, 0),
                vulnerable=facts.vulnerable and int(facts.attested_by, 16) != 0,
                thresholds=thresholds,
            )

        return [
            number
            for number, demand in demands
            if demand.needed_by <= now
            or demand.level != level(demand)
            or demand.counted != _counted(demand, now, active[demand.recipient])
        ]

    def _read(self, function: Any, keys: Iterable[str]) -> dict[str, Any]:
        """Return a record for each key."""
        wanted = sorted(keys)
        return dict(zip(wanted, function.many((one,) for one in wanted), strict=True))

    def _active(self, recipients: Iterable[str]) -> dict[str, bool]:
        wanted = sorted(recipients)
        found = self._aid.registry.isActive.many((one, Role.RECIPIENT) for one in wanted)
        return dict(zip(wanted, found, strict=True))

    def market(self, now: int) -> Market:
        """Return what counts and what there is, as of the last change of each demand.

        Args:
            now: Unix seconds: what is over by then is left out.
        """
        demands = [one for one in self.open_demands() if one[1].needed_by > now]
        counts = [one for one in demands if one[1].counted != Level.NULL]
        others = [one for one in demands if one[1].counted == Level.NULL]
        self._learn_scopes({demand.recipient for _, demand in demands})
        places = self._places_of(demand.station for _, demand in demands)

        def opened(number: int, demand: Any, level: Level) -> OpenDemand:
            province, facility = self._scopes[demand.recipient]
            return OpenDemand(
                id=number,
                material=demand.material,
                level=level,
                units=demand.units - demand.served,
                province=province,
                facility=facility,
                emergency=demand.emergency,
                needed_by=demand.needed_by,
                place=places[demand.station],
            )

        paths = self._paths(
            [demand for _, demand in others if _may_be_served_unaudited(demand, now)], now
        )
        waiting = [
            Unaudited(opened(number, demand, Level.LOW), above)
            for number, demand in others
            if _may_be_served_unaudited(demand, now)
            and (above := paths.above.get((demand.emergency, demand.recipient)))
        ]
        return Market(
            demands=tuple(opened(number, demand, demand.counted) for number, demand in counts),
            offers=self._offers(now),
            aside=tuple(
                Aside(
                    demand=number,
                    material=demand.material,
                    level=demand.level,
                    units=demand.units - demand.served,
                    reason=_why_aside(demand, now),
                )
                for number, demand in others
            ),
            unaudited=tuple(waiting),
            room=paths.room,
        )

    def _paths(self, demands: Sequence[Any], now: int) -> _Paths:
        """Return the fast paths that are open to recipients of unaudited demand."""
        recipients = {demand.recipient for demand in demands}
        debts = self._read(self._aid.needs.auditDebt, recipients)
        active = self._active(recipients)
        pairs = sorted(
            {
                (demand.emergency, demand.recipient)
                for demand in demands
                if active[demand.recipient] and not _owes_an_audit(debts[demand.recipient], now)
            }
        )
        homes = self._read(self._aid.registry.participant, {recipient for _, recipient in pairs})
        wanted = {
            (emergency, recipient): [
                (emergency, region) for region in self._lineage(homes[recipient].region)
            ]
            for emergency, recipient in pairs
        }
        known = sorted({path for paths in wanted.values() for path in paths})
        found = self._aid.needs.fastPath.many(known)
        room = {
            path: record.cap - record.used
            for path, record in zip(known, found, strict=True)
            if record.until > now and record.cap > record.used
        }
        return _Paths(
            room=room,
            above={
                pair: tuple(path for path in paths if path in room)
                for pair, paths in wanted.items()
            },
        )

    def _lineage(self, region: bytes) -> list[bytes]:
        """Return a region and those above it, the nearest first."""
        found: list[bytes] = []
        while any(region):
            found.append(region)
            if region not in self._parents:
                self._parents[region] = self._aid.registry.parentOf(region)
            region = self._parents[region]
        return found

    def _offers(self, now: int) -> tuple[OpenOffer, ...]:
        # units are none while a quarantine keeps the parcel
        offers = [
            (number, offer)
            for number, offer in self.open_offers()
            if offer.until > now and offer.units and (not offer.expiry or offer.expiry > now)
        ]
        ledger = self._aid.ledger
        parcels = ledger.parcel.many((offer.parcel,) for _, offer in offers)
        recalled = ledger.isRecalled.many((parcel.lot,) for parcel in parcels)
        places = self._places_of(parcel.station for parcel in parcels)
        return tuple(
            OpenOffer(
                id=number,
                material=offer.material,
                units=offer.units,
                expiry=offer.expiry,
                earmark_kind=offer.earmark_kind,
                earmark_scope=offer.earmark_scope,
                place=places[parcel.station],
                recalled=is_recalled,
            )
            for (number, offer), parcel, is_recalled in zip(offers, parcels, recalled, strict=True)
        )

    def _learn_scopes(self, recipients: Iterable[str]) -> None:
        """Learn the province and the facility of recipients, as earmarks name them."""
        registry = self._aid.registry
        new = sorted(one for one in recipients if one not in self._scopes)
        known = registry.participant.many((one,) for one in new)
        provinces = registry.provinceOf.many((one.region,) for one in known)
        for recipient, participant, province in zip(new, known, provinces, strict=True):
            self._scopes[recipient] = province, participant.facility

    def _places_of(self, stations: Iterable[int]) -> dict[int, Place | None]:
        """Return where stations lie; ``None`` for a number that no station has."""
        network = self._aid.network
        wanted = set(stations)
        last = network.stationCount()
        new = sorted(one for one in wanted if one not in self._places and 0 < one <= last)
        for number, station in zip(new, network.station.many((n,) for n in new), strict=True):
            self._places[number] = Place(station.latitude, station.longitude)
        return {number: self._places.get(number) for number in wanted}


def _auditors(demand: Any, now: int) -> int:
    """Return how many attest a demand."""
    attestations = (
        (demand.first_auditor, demand.first_until),
        (demand.second_auditor, demand.second_until),
    )
    return sum(int(auditor, 16) != 0 and until > now for auditor, until in attestations)


def _counted(demand: Any, now: int, active: bool) -> Level:
    """Return the level under which an open demand would count, given its level."""
    auditors = _auditors(demand, now)
    if not auditors or not active or demand.contested_until > now:
        return Level.NULL
    if auditors > 1:
        return Level(demand.level)
    if demand.over_cap or int(demand.refused_by, 16):
        return Level.NULL
    return Level(min(demand.level, Level.HIGH))


def _why_aside(demand: Any, now: int) -> Reason:
    """Return why an open demand does not count: the cap, where that is all that is in its way."""
    refused = int(demand.refused_by, 16) or demand.contested_until > now
    is_capped = demand.over_cap and _auditors(demand, now) and not refused
    return Reason.CAPPED if is_capped else Reason.UNAUDITED


def _may_be_served_unaudited(demand: Any, now: int) -> bool:
    """Say whether a fast path may take a demand that does not count, if one is open for it."""
    refused = int(demand.refused_by, 16) or demand.contested_until > now
    return any(demand.emergency) and not demand.over_cap and not refused


def _owes_an_audit(debt: Any, now: int) -> bool:
    """Say whether what a fast path served to a recipient should have been audited by now."""
    return bool(debt.demands) and debt.audit_by <= now


def why_unmet(aid: Aidline, demands: Sequence[int], most_calls: int = 300) -> dict[int, Unmet]:
    """Return why demands are not met, as the chain says.

    All offers are looked at in pages, the newest first; where that would take more than
    ``most_calls`` calls, as many of the newest pages as it allows, and one at least.

    Args:
        aid: The deployment.
        demands: The demands.
        most_calls: Calls at the most, beyond one for each demand.
    """
    lens, last = aid.lens, aid.demand.offerCount()
    size = lens.MAX_OFFERS()
    found = dict(zip(demands, lens.whyUnmet.many((number,) for number in demands), strict=True))
    end = last - size
    # What the demand itself lacks no offer changes; nothing is nearer than an offer that would do.
    waiting = [number for number, why in found.items() if Unmet.NO_SUPPLY <= why < Unmet.AVAILABLE]
    while end > 0 and waiting and len(waiting) <= most_calls:
        most_calls -= len(waiting)
        page = max(1, end - size + 1), end
        answers = lens.whyUnmetAmong.many((number, *page) for number in waiting)
        for number, why in zip(waiting, answers, strict=True):
            found[number] = max(found[number], why)
        waiting = [number for number in waiting if found[number] < Unmet.AVAILABLE]
        end -= size
    return found


def bring_up_to_date(needs: Contract, demands: Sequence[int], solver: Signer) -> None:
    """Have levels and counts follow from the facts as of now, and end what is over."""
    for at in range(0, len(demands), MOST_LINES):
        needs.bringUpToDate(demands[at : at + MOST_LINES], sender=solver)


def as_proposal(batch: Batch) -> dict[str, Any]:
    """Return a batch as the contract takes it."""
    return {
        "lapse": [],
        "lines": [(line.offer, line.demand, line.units) for line in batch.lines],
        "exemptions": [(one.offer, one.demand) for one in batch.exemptions],
    }


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal and what became of it.

    Attributes:
        batch: What was proposed.
        receipt: Of its transaction; ``None`` where the node foresaw the refusal.
        problem: Why it was refused; ``None`` where it was accepted.
    """

    batch: Batch
    receipt: Receipt | None
    problem: ChainError | None

    @property
    def score(self) -> int:
        """What the contract says that it is worth; 0 when it was refused."""
        if self.receipt is None or self.problem is not None:
            return 0
        return int(self.receipt.event("ProposalAccepted").args.score)


def propose(
    aid: Aidline,
    chain: Web3Chain,
    plan: Plan,
    demands: Sequence[OpenDemand],
    solver: Signer,
    tell: Callable[[Proposed], None],
) -> None:
    """Propose a plan in batches that fit into blocks, the most urgent lines first.

    A batch that is too large for a block is halved, and so are those after it. One that is refused
    (another solver was faster, a demand was withdrawn) changes nothing; the others are still tried.

    Args:
        aid: The deployment.
        chain: Its node.
        plan: The plan.
        demands: The demands from which it was made.
        solver: Who proposes.
        tell: Is told of each proposal.
    """
    most_gas = int(chain.gas_limit() * _MOST_GAS)
    size = MOST_LINES
    waiting = batches(plan, demands, size)
    while waiting:
        batch = waiting.pop(0)
        if len(batch.lines) > size:
            waiting[:0] = batches(Plan(batch.lines, batch.exemptions, ()), demands, size)
            continue
        transaction = aid.demand.propose.transaction(as_proposal(batch), sender=solver)
        try:
            gas = chain.estimate(transaction)
        except RawRevert as refused:
            if refused.data or len(batch.lines) == 1:
                tell(Proposed(batch, None, _decoded(aid, refused, transaction)))
                continue
            gas = most_gas + 1  # without a reason: it ran out of what a block has
        if gas > most_gas and len(batch.lines) > 1:
            size = (len(batch.lines) + 1) // 2
            waiting.insert(0, batch)
            continue
        receipt = chain.send(replace(transaction, gas=min(gas + gas // 5, chain.gas_limit())))
        problem = receipt.error()
        if problem is not None and not isinstance(problem, ChainError):
            raise problem
        tell(Proposed(batch, receipt, problem))


def _decoded(aid: Aidline, refused: RawRevert, sent: Transaction) -> ChainError:
    decoded: Exception = aid.book.error(
        refused.data, contract=sent.contract, function=sent.function
    )
    return decoded if isinstance(decoded, ContractReverted) else refused
