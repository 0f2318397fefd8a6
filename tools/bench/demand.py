"""Gas of allocations: a line in batches of 1, 10 and 100, whatever the number of open demands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from aidline.client import Receipt
from aidline.client.chain import Transaction
from aidline.node import AnvilNode
from aidline.signing import Key
from tests.support.network import station
from tests.support.people import domain_of, key_of, registration, word
from tests.support.suite import DAY, MASK, START, Suite, deploy_suite
from tools.bench.figures import Figure
from tools.bench.gas import act, cost_of, elsewhere

LINE_GOAL = 55_000
BATCHES = (1, 10, 100)
OPEN_DEMANDS = (10, 1_000, 10_000)
HOSPITALS = 10
UNITS = 100
#: Limit of what only prepares: enough, and it need not be estimated.
GAS = 600_000
CITY = word("CN-420100")

Line = tuple[int, int, int]


def run() -> Iterator[Figure]:
    """Yield gas of a line of each kind of batch, and what others need for the nearest act."""
    with AnvilNode(genesis_time=START) as node:
        market = Market(deploy_suite(node.chain))  # type: ignore[arg-type]
        # The first batch of all opens words of storage that every later one finds.
        market.propose(market.from_one_offer(1))
        for count in BATCHES:
            receipt = market.propose(market.from_one_offer(count))
            yield from act(
                f"demand.line_from_one_offer_in_{count}",
                cost_of(node.chain, receipt),
                goal=LINE_GOAL if count == HOSPITALS else None,
                each=count,
            )
            receipt = market.propose(market.from_own_offers(count))
            yield from act(
                f"demand.line_from_own_offer_in_{count}",
                cost_of(node.chain, receipt),
                each=count,
            )
        for number in OPEN_DEMANDS:
            market.open_up_to(number)
            receipt = market.propose(market.from_one_offer(HOSPITALS))
            yield Figure(
                f"demand.line_in_ten_with_{number}_open",
                receipt.gas_used / HOSPITALS,
                "gas",
                goal=LINE_GOAL,
            )
    yield elsewhere("cow_settlement_of_an_order_in_a_batch", 61_890)
    yield elsewhere("allo_allocation", 93_716)
    yield elsewhere("floor_of_a_line_in_a_batch_of_ten", 15_202)


@dataclass
class Market:
    """A supplier's offers and the attested demands of ten hospitals.

    Attributes:
        suite: The suite, in which the hospitals are enrolled.
        hospitals: Their keys.
        dock: Where all of them receive.
    """

    suite: Suite
    hospitals: Sequence[Key] = ()
    dock: int = 0

    def __post_init__(self) -> None:
        """Enrol the hospitals and let each declare its facility."""
        names = [f"hospital {number}" for number in range(HOSPITALS)]
        self.hospitals = [self._enrol(name) for name in names]
        keeper = key_of("station_operator")
        added = self.suite.network.addStation(station(keeper, region=CITY), sender=keeper)
        self.dock = added.event("StationAdded").args.station

    def propose(self, lines: Sequence[Line]) -> Receipt:
        """Propose a batch as the solver."""
        named = [{"offer": o, "demand": d, "units": units} for o, d, units in sorted(lines)]
        proposal = {"lapse": [], "lines": named, "exemptions": []}
        receipt: Receipt = self.suite.demand.propose(proposal, sender=key_of("solver"))
        return receipt

    def from_one_offer(self, count: int) -> list[Line]:
        """Return lines for as many new demands, of the hospitals in turn, from one new offer."""
        offer = self._offers(1, count * UNITS)[0]
        return [(offer, demand, UNITS) for demand in self.demands(count)]

    def from_own_offers(self, count: int) -> list[Line]:
        """Return lines for as many new demands, each from a new offer of its own."""
        pairs = zip(self._offers(count, UNITS), self.demands(count), strict=True)
        return [(offer, demand, UNITS) for offer, demand in pairs]

    def open_up_to(self, number: int) -> None:
        """Publish and attest demands until as many are open."""
        missing = number - self.suite.needs.demandCount()
        for at in range(0, missing, 1_000):
            self.demands(min(1_000, missing - at))

    def demands(self, count: int) -> list[int]:
        """Publish demands of the hospitals in turn and have each attested."""
        needs, until = self.suite.needs, self.suite.chain.now() + 20 * DAY
        request = {
            "material": MASK,
            "units": UNITS,
            # for four days: no level changes while this runs
            "stock": 400,
            "daily_use": 100,
            "needed_by": until,
            "station": self.dock,
            "freight_budget": 0,
            "emergency": bytes(32),
        }
        askers = [self.hospitals[place % HOSPITALS] for place in range(count)]
        published = [needs.transaction("publish", request, sender=asker) for asker in askers]
        found = [one.event("DemandPublished").args.demand for one in self._send(published)]
        contents = needs.contentOf.many((demand,) for demand in found)
        auditor = key_of("auditor")
        self._send(
            needs.transaction("attest", demand, content, until, sender=auditor)
            for demand, content in zip(found, contents, strict=True)
        )
        return found

    def _offers(self, count: int, units: int) -> list[int]:
        suite, supplier = self.suite, key_of("supplier")
        made = {
            "material": MASK,
            "quantity": units,
            "expiry": 0,
            "station": self.dock,
            "evidence": word("certificate"),
        }
        lots = [suite.ledger.transaction("commission", made, sender=supplier) for _ in range(count)]
        parcels = [one.event("LotCommissioned").args.parcel for one in self._send(lots)]
        until = suite.chain.now() + 30 * DAY
        offered = [
            suite.demand.transaction("offer", parcel, until, sender=supplier) for parcel in parcels
        ]
        return [one.event("OfferMade").args.offer for one in self._send(offered)]

    def _enrol(self, name: str) -> Key:
        suite, key = self.suite, key_of(name)
        message = registration(
            "hospital",
            suite.chain.now() + DAY,
            account=key.address,
            facility=word(name),
            organisation=word(name),
        )
        signature = message.sign(key, domain_of(suite.registry))
        suite.registry.register(message, signature, f"ipfs://{name}", sender=key_of("registrar"))
        suite.needs.declareFacility(500, False, sender=key)
        return key

    def _send(self, transactions: Iterable[Transaction]) -> list[Receipt]:
        sent = [replace(one, gas=GAS) for one in transactions]
        return [receipt.check() for receipt in self.suite.chain.send_many(sent)]
