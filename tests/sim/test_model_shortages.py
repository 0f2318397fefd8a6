"""Runs in which something is short, odd or far away: none of it may end a run.

Devices and vehicles
├── too few: consignments wait; what cannot be booked in its day is released and offered again
├── too small: what is allocated is divided
└── none for cold goods: those stay with their holder, the rest is carried
Money
└── none in the fund, or budgets too small: the hospitals pay
Households
└── that buy all of a lot between them on one day: each has its part
Loggers
├── that are silent for too long prove nothing: the consignee signs, the goods go to quarantine
├── without a sensor for humidity watch none
└── that read every twenty seconds fit the batches that a consignment may have
Files
├── hospitals of other provinces, asked for by a demand file, absurd quantities included
└── counts with gaps, repeats and falls
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from aidline.sim.inputs import InputFiles
from aidline.sim.model import Model
from aidline.sim.prepare import prepare
from aidline.sim.records import Carrier, Policy, Scenario, Vehicle
from aidline.sim.scenario import load
from aidline.trace import differences
from tests.sim.data import write
from tests.support.conservation import Conservation
from tests.support.few_days import few_days

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Played:
    model: Model
    record: Record

    @property
    def resolutions(self) -> set[str]:
        return {one["resolution"] for one in self.record["consignments"]}

    def logged(self, name: str) -> int:
        return len(self.model.aid.demand.events(name))


def play(scenario: Scenario, files: InputFiles | None = None) -> Played:
    """Play to the end, with a look at what must hold now and then, and verify."""
    watchers: list[Conservation] = []
    batches = count()

    def observe(model: Model) -> None:
        if not watchers:
            watchers.append(Conservation(model.aid))
        watchers[0].order()
        if next(batches) % 25 == 0:
            watchers[0].add_up()

    model = Model(prepare(scenario, None, files), observe=observe)
    record = model.run().record
    watchers[0].look()
    assert differences(record, model.aid) == []
    assert {one["status"] for one in record["consignments"]} <= {"settled"}
    assert record["freight"]["held"] == "0"
    assert [one["error"] for one in record["refused"]] in ([], ["OutOfOrder"])
    return Played(model, record)


def with_vehicles(scenario: Scenario, change: Callable[[Vehicle], Vehicle | None]) -> Scenario:
    def changed(carrier: Carrier) -> Carrier:
        kept = (change(vehicle) for vehicle in carrier.vehicles)
        return replace(carrier, vehicles=tuple(vehicle for vehicle in kept if vehicle is not None))

    people = scenario.participants
    carriers = tuple(changed(carrier) for carrier in people.carriers)
    return replace(scenario, participants=replace(people, carriers=carriers))


# -- devices and vehicles


def test_too_few_devices_make_consignments_wait_or_be_offered_again() -> None:
    scenario = load("wuhan-2020")
    played = play(replace(scenario, devices=replace(scenario.devices, count=2)))
    assert len(played.record["consignments"]) > 10
    assert played.logged("AllocationReleased") > 0
    by_state = played.record["units"]["by_state"]
    assert by_state["held"] == by_state["allocated"] == 0


def test_too_few_vehicles_make_consignments_wait() -> None:
    few = with_vehicles(load("wuhan-2020"), lambda vehicle: replace(vehicle, count=1))
    played = play(few)
    assert played.resolutions == {"delivered", "delivered_damaged"}
    assert played.logged("AllocationReleased") == 0


def test_too_small_vehicles_divide_what_is_allocated() -> None:
    most = 2_500
    played = play(
        with_vehicles(load("wuhan-2020"), lambda vehicle: replace(vehicle, capacity=most))
    )
    aid = played.model.aid
    allocations = aid.demand.allocation.many(
        (number,) for number in range(1, aid.demand.allocationCount() + 1)
    )
    assert max(allocation.units for allocation in allocations) == most
    assert played.record["units"]["by_state"]["distributed"] > 60_000


def test_without_cold_vehicles_the_rest_is_carried() -> None:
    played = play(
        with_vehicles(
            load("wuhan-2020"),
            lambda vehicle: None if vehicle.temperature.high < 1_000 else vehicle,
        )
    )
    kits = [
        gift
        for gift in played.record["gifts"]
        if gift["kind"] == "in_kind" and gift["pledged"] in (2_200, 1_800)
    ]
    assert [gift["by_state"]["offered"] for gift in kits] == [2_200, 1_800]
    assert played.logged("AllocationReleased") > 0
    assert played.record["units"]["by_state"]["distributed"] > 60_000


# -- money


def test_without_money_in_the_fund_the_hospitals_pay() -> None:
    played = play(replace(load("wuhan-2020"), money=()))
    assert played.resolutions == {"delivered", "delivered_damaged"}
    assert played.record["money"]["spent"] == "0"
    assert int(played.record["freight"]["paid"]) > 0


def test_budgets_that_are_too_small_leave_the_freight_to_the_hospitals() -> None:
    scenario = load("wuhan-2020")
    demands = tuple(replace(demand, freight_budget=10**8) for demand in scenario.demands)
    played = play(replace(scenario, demands=demands))
    assert played.resolutions == {"delivered", "delivered_damaged"}
    assert int(played.record["money"]["spent"]) < int(played.record["freight"]["paid"]) // 2


# -- households


def test_households_that_buy_all_of_a_lot_have_each_its_part(tmp_path: Path) -> None:
    scenario = load(str(few_days(tmp_path)))
    (order,) = scenario.orders
    made = next(one.units for one in scenario.supplies if one.id == order.supply)
    orders = (replace(order, units=made - 2_000), replace(order, id="o02", units=2_000))
    played = play(replace(scenario, orders=orders))
    sales = [one["sale"] for one in played.record["consignments"] if one["sale"]]
    assert [sale["paid"] for sale in sales] == [str(order.price)] * 2
    lot = played.model.aid.ledger.parcel(played.model.world.for_sale[order.supply]).lot
    assert played.model.aid.ledger.fateOf(lot).distributed == made


# -- loggers


def test_a_silent_logger_proves_nothing_by_itself(tmp_path: Path) -> None:
    log = write(tmp_path, "time,temperature\n2020-01-01 00:00,5\n2020-01-01 05:00,6\n")
    scenario = load("wuhan-2020")
    silent = {
        name: replace(terms, policy=Policy.DEVICE_THEN_SILENCE)
        for name, terms in scenario.terms.items()
    }
    played = play(replace(scenario, terms=silent, orders=()), InputFiles(telemetry=log))
    assert played.resolutions == {"delivered_damaged"}
    assert played.record["units"]["by_state"]["distributed"] == 0
    silences = [
        leg["why"]["longest_silence"]
        for one in played.record["consignments"]
        for leg in one["legs"]
    ]
    assert max(silences) == 18_000


def test_silence_after_a_device_s_proof_settles_when_its_time_is_over() -> None:
    scenario = load("wuhan-2020")
    terms = {
        name: replace(one, policy=Policy.DEVICE_THEN_SILENCE)
        for name, one in scenario.terms.items()
    }
    played = play(replace(scenario, terms=terms, orders=()))
    assert "delivered" in played.resolutions
    freight = played.model.aid.freight
    waited = [
        record.ended_at - record.proven_at
        for record in freight.consignment.many(
            (one["id"],) for one in played.record["consignments"]
        )
    ]
    assert min(waited) >= 86_400


def test_a_busy_logger_fits_the_batches_of_a_consignment(tmp_path: Path) -> None:
    rows = "".join(
        f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S},{4 + second % 3},40\n"
        for second in range(0, 3 * 3600, 20)
    )
    log = write(tmp_path, "time,temperature,humidity\n" + rows)
    played = play(load(str(few_days(tmp_path))), InputFiles(telemetry=log))
    assert played.resolutions == {"delivered"}
    assert played.record["input"]["telemetry"]["used"] == 540
    monitor = played.model.aid.monitor
    batches = Counter(event.args.consignment for event in monitor.events("BatchRecorded"))
    assert 100 < max(batches.values()) <= 140


# -- files


def test_hospitals_of_other_provinces_are_served_too(tmp_path: Path) -> None:
    hospitals = write(
        tmp_path,
        "hospital_id,city,name,lat_bd09,lon_bd09\n"
        "a,北京市,北京协和医院,39.9,116.4\nb,上海市,上海瑞金医院,31.2,121.4\n"
        "c,广州市,广州妇幼中心,23.1,113.2\nd,武汉市,武汉市中心医院,30.6,114.3\n",
        "hospitals.csv",
    )
    demands = write(
        tmp_path,
        "hospital_id,city,item,quantity\n"
        + "".join(
            f"{hospital},,{item},{quantity}\n"
            for hospital in "abcd"
            for item, quantity in (
                ("n95_mask", ""),
                ("surgical_mask", "20000"),
                ("test_kit", "500"),
                ("protective_suit", "99999999999"),
            )
        ),
        "demands.csv",
    )
    played = play(load("wuhan-2020"), InputFiles(hospitals=hospitals, demands=demands))
    assert played.record["input"]["demands"]["capped"] == 4
    served = {
        played.record["names"][event.args.order.consignee]
        for event in played.model.aid.freight.events("ConsignmentBooked")
        if not event.args.order.parcels
    }
    assert served == {"a", "b", "c", "d"}


def test_counts_with_gaps_and_falls_are_survived(tmp_path: Path) -> None:
    cases = write(
        tmp_path,
        "Date,Country/Region,Province/State,Confirmed\n"
        "2020-01-22,China,Hubei,444\n2020-01-25,China,Hubei,9000\n2020-01-25,China,Hubei,9100\n"
        "2020-01-26,China,Hubei,8000\n2020-01-30,China,Hubei,60000\n",
    )
    played = play(load("wuhan-2020"), InputFiles(cases=cases))
    assert played.record["input"]["cases"]["merged"] == 1
    figures = [
        figure["value"] for change in played.record["emergency"] for figure in change["figures"]
    ]
    assert figures[0] == 9_100
    assert set(figures) <= {9_100, 8_000, 60_000}
