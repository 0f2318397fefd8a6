"""Where the acts with consignments take place: people, fleets, helpers of the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from aidline.client import Receipt
from aidline.model import Status, Tier
from tests.invariant.freight.shadow import Consigned, End, Purse, Shadow
from tests.support.freight import CARRIERS, Desk
from tests.support.network import crew_of, vehicle
from tests.support.people import domain_of, key_of
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, START, UNIT, Suite

__all__ = ["FLEET", "PEOPLE", "Base", "Stage", "amount", "refused", "some"]

#: Who has money; donors pay for households.
PEOPLE = (*CARRIERS, "hospital", "supplier", "donor")
#: Consignments of one run: each carrier has as many vehicles.
FLEET = 6
#: The clock goes no farther by itself: goods expire, calibrations end.
END_OF_DAYS = START + 150 * DAY
amount = st.integers(1, 2_000 * UNIT)


@dataclass
class Stage:
    """The suite over one kind of reserve, equipped.

    Attributes:
        desk: Stations, purses of the devices' operators, helpers.
        fleet: By carrier, its vehicles with their crews.
        kind: The reserve token's contract.
        fee: Hundredths of a percent that a transfer of it loses.
    """

    suite: Suite
    desk: Desk
    fleet: dict[str, list[tuple[int, int]]]
    kind: str
    fee: int

    @classmethod
    def build(cls, suite: Suite, kind: str, fee: int) -> Stage:
        """Let there be stations, vehicles, approvals."""
        desk = Desk(suite)
        desk.build()
        for name in PEOPLE:
            for spender in (suite.freight, suite.disputes, suite.monitor):
                suite.currency.approve(spender, 2**256 - 1, sender=key_of(name))
            suite.reserve.approve(suite.currency, 2**256 - 1, sender=key_of(name))
        fleet: dict[str, list[tuple[int, int]]] = {name: [] for name in CARRIERS}
        for name, tier in zip(CARRIERS, (Tier.TRUNK, Tier.BRANCH, Tier.TERMINAL), strict=True):
            carrier = key_of(name)
            for _ in range(FLEET):
                crew = suite.network.addCrew(crew_of(carrier), sender=carrier)
                added = suite.network.addVehicle(vehicle(carrier, tier=tier), sender=carrier)
                fleet[name].append(
                    (added.event("VehicleAdded").args.vehicle, crew.event("CrewAdded").args.crew)
                )
        return cls(suite, desk, fleet, kind, fee)


def some(choices: Callable[[Any], list[int]]) -> Any:
    """A precondition: there is something to choose from."""
    return precondition(lambda machine: bool(choices(machine)))


@contextmanager
def refused(error: str | None, **fields: Any) -> Iterator[None]:
    """Expect this error; none: that all goes well."""
    if error is None:
        yield
    else:
        with reverts(error, **fields):
            yield


class Base(RuleBasedStateMachine):
    """What all acts share; a subclass says on which stage."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.suite, self.desk = self.stage.suite, self.stage.desk
        self.chain = self.suite.chain
        self.snapshot = self.chain.snapshot()
        self.keys = {key_of(name).address: key_of(name) for name in PEOPLE}
        self.domain = domain_of(self.suite.freight)
        self.content: dict[int, bytes] = {}
        currency, monitor = self.suite.currency, self.suite.monitor
        self.shadow = Shadow(
            wallets={address: currency.balanceOf(key) for address, key in self.keys.items()},
            purses={address: Purse() for address in self.keys},
            bonds={name: Purse(monitor.bondPurse(key_of(name)).free) for name in CARRIERS},
        )
        self.supply = currency.totalSupply()
        self.reserve = self.suite.reserve.balanceOf(currency)

    def teardown(self) -> None:
        self.chain.revert(self.snapshot)

    @property
    def now(self) -> int:
        return self.chain.now()

    def draw(self, data: st.DataObject, choices: list[int]) -> int:
        return data.draw(st.sampled_from(choices))

    def wait_until(self, time: int) -> None:
        self.chain.set_time(max(self.now, time))

    @precondition(lambda self: self.now < END_OF_DAYS)
    @rule(seconds=st.sampled_from([600, HOUR, 5 * HOUR, DAY, 8 * DAY]))
    def wait(self, seconds: int) -> None:
        self.chain.set_time(self.now + seconds)

    def close(self, one: Consigned, end: End, receipt: Receipt) -> None:
        """Goods are where the shadow says; money, too, unless a dispute holds it."""
        for parcel in one.parcels:
            record = self.suite.ledger.parcel(parcel)
            assert (record.state, record.custodian) == (end.state, end.keeper.address)
            assert record.units == one.units
        if one.is_held:
            one.status, one.resolution = Status.CLOSED, end.resolution
            told = receipt.event("ConsignmentClosed").args
            assert (told.consignment, told.resolution) == (one.id, end.resolution)
        else:
            self.settle(one, end, receipt)

    def settle(self, one: Consigned, end: End, receipt: Receipt) -> None:
        """What the escrow tells of the money is what the shadow says."""
        self.shadow.close(one, end, self.now)
        told = receipt.event("ConsignmentSettled").args
        assert (told.resolution, told.paid, told.refunded, told.price, told.forfeited) == (
            end.resolution,
            one.paid,
            one.refunded,
            end.price,
            one.forfeited,
        )
        for leg, earned in zip(told.legs, end.outcomes, strict=True):
            assert (leg.pay, leg.late, leg.temperature, leg.humidity, leg.silence) == (
                earned.pay,
                earned.late,
                earned.temperature,
                earned.humidity,
                earned.silence,
            )
