"""What must hold at any moment of any run, read from the contracts and added up here."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from aidline.client import Aidline
from aidline.model import DemandStatus, EarmarkKind, Level, Status
from aidline.trace.counting import STATES

__all__ = ["Conservation"]

_NONE = bytes(32)


def records(function: Any, count: int) -> dict[int, Any]:
    """Return every record of a function that takes an id, by id."""
    ids = range(1, count + 1)
    return dict(zip(ids, function.many((number,) for number in ids), strict=True))


class Conservation:
    """Looks at a deployment again and again; remembers what it has seen.

    Args:
        aid: The contracts.
    """

    def __init__(self, aid: Aidline) -> None:
        self._aid = aid
        self._allocations = 0
        self._places: dict[str, list[tuple[int, bytes]]] = {}
        self.looks = 0
        #: Units that each look found under way, so that a test can say that it saw something.
        self.seen: Counter[str] = Counter()

    def look(self) -> None:
        """Assert everything that must hold now; after every batch, since order is of the moment."""
        self.order()
        self.add_up()

    def add_up(self) -> None:
        """Assert every sum."""
        self.looks += 1
        self.lots()
        self.currency()
        self.consignments()
        self.fund()
        self.totals()

    def lots(self) -> None:
        """INV-LEDGER: the states of every lot add up to what was commissioned."""
        ledger = self._aid.ledger
        count = ledger.lotCount()
        fates = records(ledger.fateOf, count)
        for number, lot in records(ledger.lot, count).items():
            states = {state: getattr(fates[number], state) for state in STATES}
            assert sum(states.values()) == lot.quantity, f"lot {number}: {states}"
            self.seen.update(state for state, units in states.items() if units)

    def currency(self) -> None:
        """The currency in existence is never more than the reserve held."""
        aid = self._aid
        assert aid.currency.totalSupply() <= aid.reserve.balanceOf(aid.currency.address)

    def consignments(self) -> None:
        """What the escrow holds is what its open consignments prepaid, and no more."""
        freight = self._aid.freight
        held = 0
        for number, record in records(freight.consignment, freight.consignmentCount()).items():
            if record.status == Status.SETTLED:
                assert record.paid + record.refunded == record.prepaid, f"consignment {number}"
                self.seen["settled"] += 1
            else:
                assert record.paid == record.refunded == 0, f"consignment {number}"
                held += record.prepaid
                self.seen["held"] += 1
        orders = [event.args.order for event in freight.events("ConsignmentBooked")]
        earners = {leg.carrier for order in orders for leg in order.legs}
        earners.update(order.seller for order in orders)
        purses = freight.purseOf.many((earner,) for earner in sorted(earners))
        purse = sum(one.free + one.locked for one in purses)
        assert self._aid.currency.balanceOf(freight.address) == held + purse

    def fund(self) -> None:
        """What the relief fund has is what was given and came back, less what was spent.

        A refund lies there from settlement on, and counts for its line once it is reclaimed.
        """
        fund = self._aid.fund
        lines = {gift.line for gift in records(fund.moneyGift, fund.giftCount()).values()}
        there = 0
        for record in fund.line.many((line,) for line in sorted(lines)):
            there += record.given + record.recovered - record.spent - record.respent
        for outflow in records(fund.outflow, fund.outflowCount()).values():
            if not outflow.reclaimed:
                there += self._aid.freight.consignment(outflow.consignment).refunded
        assert self._aid.currency.balanceOf(fund.address) == there
        self.seen["in the fund"] += there > 0

    def _demands(self) -> dict[int, Any]:
        return records(self._aid.needs.demand, self._aid.needs.demandCount())

    def totals(self) -> None:
        """The totals by urgency are the sums over the demands that count, in every scope."""
        expected: dict[tuple[int, int, bytes], Counter[int]] = defaultdict(Counter)
        for demand in self._demands().values():
            for kind, scope in self._scopes(demand):
                totals = expected[demand.material, kind, scope]
                if demand.status == DemandStatus.OPEN:
                    totals[demand.counted] += demand.units - demand.served
        scopes = sorted(expected)
        found = self._aid.needs.openUnits.many(
            (material, (kind, scope)) for material, kind, scope in scopes
        )
        for scope, told in zip(scopes, found, strict=True):
            totals = expected[scope]
            units = [told.low, told.medium, told.high, told.critical]
            levels = (Level.LOW, Level.MEDIUM, Level.HIGH, Level.CRITICAL)
            assert units == [totals[level] for level in levels], scope
            self.seen["open"] += sum(units) > 0

    def _scopes(self, demand: Any) -> list[tuple[int, bytes]]:
        """Return the scopes in which a demand counts; where its recipient is does not change."""
        if demand.recipient not in self._places:
            participant = self._aid.registry.participant(demand.recipient)
            province = self._aid.registry.provinceOf(participant.region)
            self._places[demand.recipient] = [
                (EarmarkKind.NONE, _NONE),
                (EarmarkKind.REGION, province),
                (EarmarkKind.FACILITY, participant.facility),
            ]
        scopes = self._places[demand.recipient]
        if demand.emergency == _NONE:
            return scopes
        return [*scopes, (EarmarkKind.EMERGENCY, demand.emergency)]

    def order(self) -> None:
        """No new allocation left a more urgent demand open that its offer could have served."""
        aid = self._aid
        first, self._allocations = self._allocations + 1, aid.demand.allocationCount()
        demands = self._demands() if first <= self._allocations else {}
        for number in range(first, self._allocations + 1):
            allocation = aid.demand.allocation(number)
            offer = aid.demand.offerRecord(allocation.offer)
            for other, demand in demands.items():
                passed_over = (
                    demand.status == DemandStatus.OPEN
                    and demand.counted > allocation.level
                    and demand.material == offer.material
                    and (offer.earmark_kind, offer.earmark_scope) in self._scopes(demand)
                    and (offer.expiry == 0 or offer.expiry >= demand.needed_by)
                )
                assert not passed_over, f"allocation {number} passed demand {other} over"
            self.seen["allocations"] += 1
