"""INV-NET-1 to 3 under reservations, runs, releases, time-outs and re-plans in any order.

Beside them a shadow foretells every refusal with its reason. Plain keys stand for FreightEscrow and
HoursDesk. The shadow keeps who has which hour of each vehicle and crew, what rides in each run, and
the loads of each station. At the end every hour is compared, and once all is given back nothing is
left.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aidline.client import RevmChain
from aidline.errors import ContractReverted
from aidline.model import Hindrance
from tests.support.network import crew_of, station, vehicle
from tests.support.people import key_of, word
from tests.support.rules import run_rules
from tests.support.suite import HOUR, MASK, START, Suite, deploy_suite

#: Hours in which the acts lie, the first one of a storage word of 128 within them.
FIRST = (START // HOUR // 128 + 1) * 128 - 40
HOURS = 64
STEPS = 60
CARRIER, PLANNER = key_of("carrier"), key_of("solver")
ESCROW, DESK = key_of("freight_escrow"), key_of("hours_desk")
CAPACITY = 100
HOURS_OF = ("vehicle", "crew", "from_station", "to_station", "departure", "latest_arrival")
#: What must have happened at least once: else a rule has no way to its act.
EXPECTED = {
    "Boarded",
    "PlanCommitted",
    "PlanSuperseded",
    "RunClosed",
    "RunOpened",
    "SlotsReleased",
    "SlotsReserved",
    "Unboarded",
    "CrewBusy",
    "LegSubstituted",
    "LicenceMissing",
    "NotInRun",
    "OverCapacity",
    "RunNotEmpty",
    "SlotTaken",
    "StationClosed",
    "StationFull",
    "TooLongInDay",
    "TooLongInRow",
}


@dataclass(frozen=True)
class World:
    """What is there.

    Two vehicles, of which the second asks for a licence; three crews, of which the first lacks it
    and the third has hours of duty; three stations, of which one closes and two have a throughput.
    """

    suite: Suite
    vehicles: tuple[int, ...]
    crews: tuple[int, ...]
    stations: tuple[int, ...]
    parcel: int

    def open_at(self, place: int, hour: int) -> bool:
        return self.stations.index(place) != 1 or 6 <= hour % 24 < 20

    def limit(self, place: int) -> int:
        return (2, 0, 3)[self.stations.index(place)]


@dataclass
class Run:
    """A run and what rides in it."""

    crew: int
    start: int
    arrival: int
    riders: dict[int, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world() -> World:
    chain = RevmChain(timestamp=START)
    suite = deploy_suite(chain, known={"FreightEscrow": ESCROW.address, "HoursDesk": DESK.address})
    chain.set_time((FIRST - 1) * HOUR)
    network = suite.network
    vehicles = [
        network.addVehicle(vehicle(CARRIER, capacity=CAPACITY, licences=need), sender=CARRIER)
        for need in (0, 1)
    ]
    crews = [
        network.addCrew(crew_of(CARRIER, **limits), sender=CARRIER)
        for limits in (
            {},
            {"licences": 1},
            {"licences": 1, "hours_in_row": 5, "hours_in_day": 9},
        )
    ]
    keeper = key_of("station_operator")
    day = sum(1 << hour for hour in range(6, 20))
    stations = [
        network.addStation(station(keeper, **facts), sender=keeper)
        for facts in ({"throughput": 2}, {"open_hours": day}, {"throughput": 3})
    ]
    places = tuple(told.event("StationAdded").args.station for told in stations)
    made = {
        "material": MASK,
        "quantity": CAPACITY,
        "expiry": 0,
        "station": places[0],
        "evidence": word("certificate"),
    }
    commissioned = suite.ledger.commission(made, sender=key_of("supplier"))
    return World(
        suite,
        tuple(told.event("VehicleAdded").args.vehicle for told in vehicles),
        tuple(told.event("CrewAdded").args.crew for told in crews),
        places,
        commissioned.event("LotCommissioned").args.parcel,
    )


choice = st.integers(0, 2)
beginning = st.integers(0, HOURS - 1)
length = st.integers(1, 10)
units = st.integers(1, CAPACITY + 5)


class Slots(RuleBasedStateMachine):
    """Everything that can be done with hours, and what it must come to."""

    world: World
    seen: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.chain = self.world.suite.chain
        self.network = self.world.suite.network
        self.snapshot = self.chain.snapshot()
        self.vehicles: dict[int, dict[int, object]] = {number: {} for number in self.world.vehicles}
        self.crews: dict[int, dict[int, object]] = {number: {} for number in self.world.crews}
        self.loads: Counter[tuple[int, int]] = Counter()
        self.runs: dict[tuple[int, int], Run] = {}
        #: The legs as they run, and as they were booked.
        self.legs: dict[int, dict[str, Any]] = {}
        self.booked: dict[int, dict[str, Any]] = {}
        self.plans: list[tuple[bytes, dict[str, Any]]] = []
        self.count = 0

    # --- the shadow ---

    def leg(self, driven: int, drivers: int, way: int, begin: int, hours: int, load: int) -> Any:
        """A leg between two stations; it begins in an hour and ends in another, not on the hour."""
        places = self.world.stations
        departure = (FIRST + begin) * HOUR
        # the first vehicle leaves on the hour only, so that legs meet its runs
        return {
            "carrier": CARRIER.address,
            "vehicle": self.world.vehicles[driven % 2],
            "crew": self.world.crews[drivers],
            "from_station": places[way],
            "to_station": places[(way + 1 + begin % 2) % 3],
            "departure": departure + (0 if driven % 2 == 0 else 60),
            "latest_arrival": departure + hours * HOUR - 60 * (hours % 2),
            "units": load,
            "temperature_min": 200,
            "temperature_max": 800,
        }

    def refusal(self, leg: dict[str, Any]) -> str | None:
        """Why a leg is refused, in the order in which it is looked at; nothing when it can run."""
        if leg["vehicle"] == self.world.vehicles[1] and leg["crew"] == self.world.crews[0]:
            return "LicenceMissing"
        if leg["units"] > CAPACITY:
            return "OverCapacity"
        first, last = self.ends(leg)
        if not self.world.open_at(leg["from_station"], first):
            return "StationClosed"
        if not self.world.open_at(leg["to_station"], last):
            return "StationClosed"
        if set(range(first, last + 1)) & set(self.vehicles[leg["vehicle"]]):
            run = self.runs.get((leg["vehicle"], leg["departure"]))
            if run is None:
                return "SlotTaken"
            same = (run.crew, run.start) == (leg["crew"], leg["from_station"])
            if not same or run.arrival < leg["latest_arrival"]:
                return "NotInRun"
            if sum(run.riders.values()) + leg["units"] > CAPACITY:
                return "OverCapacity"
        elif reason := self.unrested(leg["crew"], range(first, last + 1)):
            return reason
        for place, hour in ((leg["from_station"], first), (leg["to_station"], last)):
            limit = self.world.limit(place)
            if limit and self.loads[place, hour] >= limit:
                return "StationFull"
        return None

    def unrested(self, crew: int, wanted: range) -> str | None:
        """Why a crew cannot drive in these hours."""
        busy = set(self.crews[crew])
        if busy & set(wanted):
            return "CrewBusy"
        if crew != self.world.crews[2]:
            return None
        busy |= set(wanted)
        first, last = wanted.start, wanted.stop
        while first - 1 in busy:
            first -= 1
        while last in busy:
            last += 1
        if last - first > 5:
            return "TooLongInRow"
        days = (range(hour, hour + 24) for hour in range(wanted.start - 23, wanted.stop))
        return "TooLongInDay" if any(len(busy & set(day)) > 9 for day in days) else None

    def ends(self, leg: dict[str, Any]) -> tuple[int, int]:
        """The first and the last hour of a leg."""
        return leg["departure"] // HOUR, (leg["latest_arrival"] - 1) // HOUR

    def act(self, expected: str | None, function: str, *given: Any, sender: Any) -> bool:
        """Do it; it goes through or is refused as foretold."""
        try:
            receipt = self.network[function](*given, sender=sender)
        except ContractReverted as refused:
            assert refused.error == expected, (function, given, expected, refused)
            self.seen[refused.error or ""] += 1
            return False
        assert expected is None, (function, given, expected)
        self.seen.update(event.name for event in receipt.events)
        return True

    # --- acts ---

    @rule(driven=choice, drivers=choice, way=choice, begin=beginning, hours=length, load=units)
    def reserve(
        self, driven: int, drivers: int, way: int, begin: int, hours: int, load: int
    ) -> None:
        self.book(self.leg(driven, drivers, way, begin, hours, load))

    def book(self, leg: dict[str, Any]) -> None:
        self.count += 1
        if not self.act(self.refusal(leg), "reserve", self.count, leg, sender=ESCROW):
            return
        self.booked[self.count] = leg
        self.remember(self.count, leg)

    def remember(self, number: int, leg: dict[str, Any]) -> None:
        """A leg has its hours, or rides."""
        first, last = self.ends(leg)
        self.legs[number] = leg
        for place, hour in ((leg["from_station"], first), (leg["to_station"], last)):
            if self.world.limit(place):
                self.loads[place, hour] += 1
        if run := self.runs.get((leg["vehicle"], leg["departure"])):
            run.riders[number] = leg["units"]
            return
        for hour in range(first, last + 1):
            self.vehicles[leg["vehicle"]][hour] = number
            self.crews[leg["crew"]][hour] = number

    @precondition(lambda self: self.runs)
    @rule(pick=st.integers(0, 99), way=choice, hours=length, load=st.integers(1, 60))
    def ride(self, pick: int, way: int, hours: int, load: int) -> None:
        """A leg that is meant for a run, mostly."""
        (driven, departure), run = sorted(self.runs.items())[pick % len(self.runs)]
        start = self.world.stations.index(run.start)
        wanted = self.leg(0, 0, start, departure // HOUR - FIRST, hours, load)
        wanted |= {"vehicle": driven, "crew": run.crew, "departure": departure}
        if pick % 5 == 0:
            wanted["crew"] = self.world.crews[way]
        self.book(wanted)

    @precondition(lambda self: self.legs)
    @rule(pick=st.integers(0, 99), part=st.sampled_from([0, 0, 1, 2, 5]))
    def free(self, pick: int, part: int) -> None:
        """A leg fails, or ends after some hours; what is given back is so once."""
        number = sorted(self.legs)[pick % len(self.legs)]
        booked = self.booked[number]
        since = booked["departure"] + part * HOUR - 60 if part else 0
        hours = {name: booked[name] for name in HOURS_OF}
        assert self.act(None, "free", number, hours, since, sender=ESCROW)
        self.forget(number, since)

    def forget(self, number: int, since: int) -> None:
        """A leg gives back what it has from a time on."""
        leg = self.legs.pop(number)
        first, last = self.ends(leg)
        rest = -(-since // HOUR)
        if rest <= first and self.world.limit(leg["from_station"]):
            self.loads[leg["from_station"], first] -= 1
        if rest <= last and self.world.limit(leg["to_station"]):
            self.loads[leg["to_station"], last] -= 1
        run = self.runs.get((leg["vehicle"], leg["departure"]))
        if run and run.riders.pop(number, 0):
            return
        for hour in range(max(first, rest), last + 1):
            assert self.vehicles[leg["vehicle"]].pop(hour) == number
            assert self.crews[leg["crew"]].pop(hour) == number

    @precondition(lambda self: self.legs)
    @rule(pick=st.integers(0, 99), driven=choice, drivers=choice)
    def substitute(self, pick: int, driven: int, drivers: int) -> None:
        """Another vehicle and crew stand in; refused, and nothing has changed."""
        number = sorted(self.legs)[pick % len(self.legs)]
        booked, standing = self.booked[number], self.legs[number]
        wanted = standing | {
            "vehicle": self.world.vehicles[driven % 2],
            "crew": self.world.crews[drivers],
        }
        hours = {name: booked[name] for name in HOURS_OF}
        self.forget(number, 0)
        refused = self.refusal(wanted)
        self.remember(number, standing if refused else wanted)
        self.act(refused, "substitute", number, hours, wanted, sender=DESK)

    @rule(driven=choice, drivers=choice, way=choice, begin=beginning, hours=length)
    def open_run(self, driven: int, drivers: int, way: int, begin: int, hours: int) -> None:
        leg = self.leg(driven, drivers, way, begin, hours, 1)
        first, last = self.ends(leg)
        expected: str | None = None
        if leg["vehicle"] == self.world.vehicles[1] and leg["crew"] == self.world.crews[0]:
            expected = "LicenceMissing"
        elif set(range(first, last + 1)) & set(self.vehicles[leg["vehicle"]]):
            expected = "SlotTaken"
        else:
            expected = self.unrested(leg["crew"], range(first, last + 1))
        given = [leg[x] for x in ("vehicle", "crew", "from_station", "departure", "latest_arrival")]
        if not self.act(expected, "openRun", *given, sender=CARRIER):
            return
        key = (leg["vehicle"], leg["departure"])
        self.runs[key] = Run(leg["crew"], leg["from_station"], leg["latest_arrival"])
        for hour in range(first, last + 1):
            self.vehicles[leg["vehicle"]][hour] = key
            self.crews[leg["crew"]][hour] = key

    @precondition(lambda self: self.runs)
    @rule(pick=st.integers(0, 99))
    def close_run(self, pick: int) -> None:
        key, run = sorted(self.runs.items())[pick % len(self.runs)]
        expected = "RunNotEmpty" if run.riders else None
        if not self.act(expected, "closeRun", *key, sender=CARRIER):
            return
        del self.runs[key]
        now = -(-self.chain.now() // HOUR)
        for hour in range(max(key[1] // HOUR, now), (run.arrival - 1) // HOUR + 1):
            assert self.vehicles[key[0]].pop(hour) == key
            assert self.crews[run.crew].pop(hour) == key

    @rule(hours=st.integers(1, 8))
    def time_passes(self, hours: int) -> None:
        if self.chain.now() < (FIRST + HOURS) * HOUR:
            self.chain.set_time(self.chain.now() + hours * HOUR // 2)

    # --- plans ---

    @rule(
        driven=choice, drivers=choice, begin=beginning, hours=length, load=units, new=st.booleans()
    )
    def plan(self, driven: int, drivers: int, begin: int, hours: int, load: int, new: bool) -> None:
        """Plan a leg and book it; a re-plan gives up what was booked by the plan before."""
        leg = self.leg(driven, drivers, 0, begin, hours, min(load, CAPACITY))
        if leg["departure"] < self.chain.now():
            return
        before = bytes(32) if new or not self.plans else self.plans[-1][0]
        content = self.content(leg, before)
        routes = self.world.suite.routes
        expected = self.refusal(leg)
        try:
            receipt = routes.commit(content, sender=PLANNER)
        except ContractReverted as refused:
            assert refused.error == expected, (content, expected, refused)
            self.seen[refused.error or ""] += 1
            return
        assert expected is None, (content, expected)
        self.seen.update(event.name for event in receipt.events)
        if before != bytes(32):
            former = self.plans.pop()[1]
            booked = [number for number, other in self.legs.items() if other == former]
            for number in booked[:1]:
                self.free(sorted(self.legs).index(number), 0)
        self.plans.append((receipt.event("PlanCommitted").args.plan, leg))
        self.book(leg)

    def content(self, leg: dict[str, Any], before: bytes) -> dict[str, Any]:
        self.count += 1
        goods = {
            "parcel": self.world.parcel,
            "consignment": 0,
            "units": leg["units"],
            "weight": 1,
            "volume": 1,
            "temperature_min": 200,
            "temperature_max": 800,
            "to_station": leg["to_station"],
            "ready": leg["departure"],
            "due": leg["latest_arrival"],
        }
        ride = {
            name: value for name, value in leg.items() if "temp" not in name and name != "units"
        }
        return {
            "predecessor": before,
            "reason": Hindrance.NULL if before == bytes(32) else Hindrance.ROAD_CLOSED,
            "note": bytes(32),
            "salt": self.count.to_bytes(32, "big"),
            "cargoes": [goods],
            "legs": [ride | {"cargo": 0}],
        }

    # --- what must hold ---

    @invariant()
    def runs_hold_what_rides_in_them(self) -> None:
        """INV-NET-2."""
        for (driven, departure), run in self.runs.items():
            aboard = sum(run.riders.values())
            assert aboard <= CAPACITY
            assert self.network.runOf(driven, departure).units == aboard

    def compare(self) -> None:
        """INV-NET-1, INV-NET-3: every hour of everything."""
        for hour in range(FIRST - 1, FIRST + HOURS + 12):
            window = (hour * HOUR, (hour + 1) * HOUR)
            for driven, taken in self.vehicles.items():
                assert self.network.isFree(driven, *window) is (hour not in taken), (driven, hour)
            for crew, taken in self.crews.items():
                assert self.network.isCrewFree(crew, *window) is (hour not in taken), (crew, hour)
        for (place, hour), loads in self.loads.items():
            assert 0 <= loads <= self.world.limit(place)
            assert self.network.loadsAt(place, hour) == loads

    def teardown(self) -> None:
        try:
            self.give_all_back()
        finally:
            self.chain.revert(self.snapshot)

    def give_all_back(self) -> None:
        """Compare all; then give all back, and see that only what had begun is left."""
        self.compare()
        while self.legs:
            self.free(0, 0)
        for _ in list(self.runs):
            self.close_run(0)
        now = -(-self.chain.now() // HOUR)
        for taken in (*self.vehicles.values(), *self.crews.values()):
            for hour, owner in taken.items():
                assert isinstance(owner, int) or hour < now
        self.compare()


@pytest.mark.hypothesis
def test_no_hour_is_booked_twice_and_none_leaks(world: World) -> None:
    """INV-NET-1 to 3."""
    steps: Counter[str] = Counter()
    seen: Counter[str] = Counter()

    class Counted(Slots):
        def check_invariants(self, *args: object, **named: object) -> None:
            steps["taken"] += 1
            super().check_invariants(*args, **named)

    Counted.world, Counted.seen = world, seen
    turn = 0
    while steps["taken"] < 2_000:
        run_rules(Counted, examples=settings.default.max_examples, steps=STEPS, turn=turn)
        turn += 1
    assert set(seen) >= EXPECTED, EXPECTED - set(seen)
