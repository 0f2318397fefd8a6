"""The whole way of wuhan-2020, played in the process over the real contracts.

After every batch of transactions
└── units, money, totals by urgency and the order of urgency hold
Its course
├── the plan's level changes on the days that its preset conditions give, and on no other
├── each level raises demand and releases money, once
├── a proposal that breaks the order is refused as such; nothing else is refused
├── a late leg, and one that left its limits, are paid less for that leg alone
├── below the floor the parcels go to quarantine, their units are matched again
├── every consignment is settled, prepaid = paid + refunded
├── when evidence is heard no more, the devices' operator has its bonds back
└── what came is reported, and what was handed out: the rest is on hand
A household that buys
├── pays goods and freight at the booking; with the proof seller and carriers are paid
├── is not known before the proof but by the salted hash of a one-time key
└── leaves the certificates and the order of urgency of others as they are
Its certificates
├── of goods: units by state add up to what was accepted, and are those of the summary
└── of money: what was spent went to consignments
The seed
├── that is the same gives the same summary but for times
└── that is another gives another run that holds as well
Verification agrees, and with any one figure changed it does not
"""

from __future__ import annotations

import base64
import copy
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.files import check_schema
from aidline.freight import household_of
from aidline.model import ParcelState
from aidline.sim.model import Model
from aidline.sim.scenario import load
from aidline.trace import differences, verify
from tests.support.conservation import Conservation

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Played:
    model: Model
    record: Record
    conservation: Conservation


def play(seed: int | None = None, every: int = 1) -> Played:
    watchers: list[Conservation] = []
    batches = count()

    def observe(model: Model) -> None:
        if not watchers:
            watchers.append(Conservation(model.aid))
        watchers[0].order()
        if next(batches) % every == 0:
            watchers[0].add_up()

    model = Model(load("wuhan-2020"), seed, observe=observe)
    return Played(model, model.run().record, watchers[0])


@pytest.fixture(scope="module")
def played() -> Played:
    return play()


# -- after every batch


def test_everything_is_conserved_after_every_batch(played: Played) -> None:
    conservation = played.conservation
    assert conservation.looks > 250
    for what in ("offered", "allocated", "in_transit", "delivered", "quarantined", "distributed"):
        assert conservation.seen[what] > 0, f"nothing was ever {what}"
    for what in ("held", "settled", "in the fund", "open", "allocations"):
        assert conservation.seen[what] > 10, f"{what} was hardly ever looked at"


# -- the course


def level_changes() -> list[tuple[str, int, int]]:
    """The rules of the plan by hand: rise at once, fall by one after the least stay."""
    scenario = load("wuhan-2020")
    series = {figure.day: figure.value for figure in scenario.indicator.series[0].figures}
    changes = []
    level, since = 0, 0
    for day, value in sorted(series.items()):

        def over(threshold: str, rules: Any, day: int = day, value: int = value) -> bool:
            figures = []
            for condition in rules.conditions:
                base = series.get(day - condition.window)
                figure: int | None = value
                if condition.window:
                    figure = None if base is None else max(value - base, 0) * 10_000 // base
                figures.append((figure, getattr(condition, threshold)))
            unknown = threshold == "fall"  # what is not known does not let go, and does not rise
            return all(unknown if f is None else f >= t for f, t in figures)

        rising = [n for n, rules in enumerate(scenario.plan.levels, 1) if over("rise", rules)]
        target = max(rising, default=0)
        after = level
        if target > level:
            after = target
        elif level:
            rules = scenario.plan.levels[level - 1]
            if not over("fall", rules) and day - since >= rules.minimum_stay:
                after = level - 1
        if after != level:
            date = datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()
            changes.append((date, level, after))
            level, since = after, day
    return changes


def test_the_level_changes_on_the_days_that_the_conditions_give(played: Played) -> None:
    found = [(one["date"], one["from"], one["to"]) for one in played.record["emergency"]]
    assert found == level_changes()
    assert found == [
        ("2020-01-24", 0, 1),
        ("2020-01-26", 1, 2),
        ("2020-02-02", 2, 3),
        ("2020-02-06", 3, 4),
        ("2020-02-12", 4, 3),
        ("2020-02-13", 3, 4),
    ]


def test_each_level_acts_once(played: Played) -> None:
    levels = load("wuhan-2020").plan.levels
    started = Counter(
        (action["level"], action["kind"])
        for change in played.record["emergency"]
        for action in change["actions"]
    )
    assert sum(started.values()) == sum(len(level.actions) for level in levels)
    assert {kind for _, kind in started} == {"release_money", "raise_demand", "open_fast_path"}
    assert all(
        action["status"] == "done" and int(action["quantity"]) > 0
        for change in played.record["emergency"]
        for action in change["actions"]
    )
    claimed = [
        record.claimed for record in played.model.aid.needs.raiseRecord.many([(1,), (2,), (3,)])
    ]
    assert all(units > 0 for units in claimed)


def test_only_the_proposal_that_breaks_the_order_is_refused(played: Played) -> None:
    refused = played.record["refused"]
    assert [one["error"] for one in refused] == ["OutOfOrder"]


def cut_legs(record: Record) -> list[tuple[Record, Record]]:
    return [
        (consignment, leg)
        for consignment in record["consignments"]
        for leg in consignment["legs"]
        if leg["paid"] != leg["freight"]
    ]


def test_late_and_warm_legs_are_paid_less_and_no_others(played: Played) -> None:
    reasons = [leg["why"]["reasons"] for _, leg in cut_legs(played.record)]
    assert reasons == [["late"], ["temperature"], ["temperature"]]
    (_, late), (_, warm), (_, spoilt) = cut_legs(played.record)
    assert late["why"]["late_seconds"] == 21_600
    terms = load("wuhan-2020").terms["ordinary"]
    left = terms.late_zero - 21_600
    expected = int(late["freight"]) * left // (terms.late_zero - terms.late_free)
    assert int(late["paid"]) == expected
    assert 0 < int(warm["paid"]) < int(warm["freight"])
    assert int(spoilt["paid"]) == 0


def test_below_the_floor_goods_go_to_quarantine_and_are_wanted_again(played: Played) -> None:
    record, aid = played.record, played.model.aid
    damaged = [c for c in record["consignments"] if c["resolution"] == "delivered_damaged"]
    assert len(damaged) == 1
    parcels = aid.ledger.parcel.many((p,) for p in aid.ledger.parcelsOf(damaged[0]["id"]))
    units = sum(parcel.units for parcel in parcels)
    assert units > 0
    assert record["units"]["by_state"]["quarantined"] == units
    failed = [event.args.units for event in aid.demand.events("AllocationFailed")]
    assert sum(failed) == units


def test_every_consignment_is_settled_and_money_is_conserved(played: Played) -> None:
    record = played.record
    assert len(record["consignments"]) >= 20
    assert {one["status"] for one in record["consignments"]} == {"settled"}
    freight = {name: int(amount) for name, amount in record["freight"].items()}
    assert freight["prepaid"] == sum(freight[name] for name in ("paid", "sold", "refunded", "held"))
    assert freight["held"] == 0 < freight["refunded"] < freight["paid"]
    for one in record["consignments"]:
        assert int(one["prepaid"]) == int(one["paid"]) + int(one["refunded"])
        assert len(one["legs"]) in (2, 3)
    carriers = {leg["carrier"] for one in record["consignments"] for leg in one["legs"]}
    earned = {
        carrier: sum(
            int(leg["paid"])
            for one in record["consignments"]
            for leg in one["legs"]
            if leg["carrier"] == carrier
        )
        for carrier in carriers
    }
    # What a carrier earns is free in its purse until it takes it out.
    aid = played.model.aid
    assert {carrier: aid.currency.balanceOf(carrier) for carrier in carriers} == earned
    assert all(aid.freight.purseOf(carrier).free == 0 for carrier in carriers)


def test_the_operator_has_its_bonds_back(played: Played) -> None:
    aid, cast = played.model.aid, played.model.cast
    operator = cast["charity-hubei"].address
    put_in = sum(e.args.amount for e in aid.monitor.events("BondDeposited"))
    freed = sum(e.args.amount for e in aid.court.events("WatchReleased"))
    bonds = aid.monitor.bondPurse(operator)
    assert (bonds.free, bonds.locked) == (0, 0)
    assert aid.currency.balanceOf(operator) == put_in
    assert 0 < freed <= put_in


def test_what_came_is_on_hand_until_it_is_handed_out(played: Played) -> None:
    aid = played.model.aid
    received = sum(event.args.units for event in aid.demand.events("AllocationReceived"))
    handed_out = sum(event.args.units for event in aid.needs.events("UnitsHandedOut"))
    states = played.record["units"]["all_units"]
    bought = sum(order.units for order in load("wuhan-2020").orders)
    assert handed_out + bought == states["distributed"]
    assert received - handed_out == states["delivered"]


# -- households


def orders(played: Played) -> list[Record]:
    return [one for one in played.record["consignments"] if one["sale"]]


def test_a_personal_order_settles_with_the_proof_of_its_delivery(played: Played) -> None:
    aid, cast = played.model.aid, played.model.cast
    scenario = load("wuhan-2020")
    assert len(orders(played)) == len(scenario.orders) > 0
    assert sum(int(one["sale"]["paid"]) for one in orders(played)) == sum(
        order.price for order in scenario.orders
    )
    for one in orders(played):
        sale, freight = one["sale"], sum(int(leg["freight"]) for leg in one["legs"])
        assert sale["to_household"]
        assert sale["seller"] == cast["works-xiantao"].address
        assert int(one["prepaid"]) == int(sale["price"]) + freight == int(one["paid"])
        (settled,) = aid.freight.events("ConsignmentSettled", consignment=one["id"])
        *_, last = aid.ledger.events("CustodyChanged", consignment=one["id"])
        assert settled.tx_hash == last.tx_hash
        (parcel,) = aid.ledger.parcel.many((p,) for p in aid.ledger.parcelsOf(one["id"]))
        assert ParcelState(parcel.state) is ParcelState.DISTRIBUTED
    seller = cast["works-xiantao"].address
    assert aid.currency.balanceOf(seller) == sum(int(one["sale"]["paid"]) for one in orders(played))


def test_of_a_household_nothing_is_known_but_a_salted_hash(played: Played) -> None:
    aid, cast = played.model.aid, played.model.cast
    for one, order in zip(orders(played), load("wuhan-2020").orders, strict=True):
        (booked,) = aid.freight.events("ConsignmentBooked", consignment=one["id"])
        key = cast[f"one-time key {order.id}"].address
        salt = cast.secret(f"salt of {order.id}")
        chain = aid.chain.chain_id()
        told = booked.args.order
        assert int(told.consignee, 16) == 0
        assert told.household == household_of(chain, aid.freight.address, key, salt)
        assert told.payer != key
        assert aid.registry.participant(key).registered_at == 0
        named = [e for e in aid.history(to_block=booked.block_number) if key in str(e.args)]
        assert named == []


def test_the_summary_has_the_form_of_its_schema(played: Played) -> None:
    check_schema(played.record, "summary")


# -- certificates


def certificate(played: Played, gift: int) -> Record:
    uri = played.model.aid.donations.tokenURI(gift)
    kind, _, body = uri.partition(",")
    assert kind == "data:application/json;base64"
    text: Record = json.loads(base64.b64decode(body, validate=True))
    return text


def test_certificates_of_goods_add_up_to_what_was_accepted(played: Played) -> None:
    gifts = [gift for gift in played.record["gifts"] if gift["kind"] == "in_kind"]
    assert len(gifts) == len(load("wuhan-2020").gifts)
    total: Counter[str] = Counter()
    for gift in gifts:
        told = certificate(played, gift["id"])
        assert sum(told["units"].values()) == gift["accepted"] == told["goods"]["accepted"]
        assert told["units"] == gift["by_state"]
        assert told["goods"]["pledged"] == (gift["accepted"] + gift["refused"] + gift["missing"])
        total.update(told["units"])
    assert total == Counter(played.record["units"]["by_state"])
    assert sum(total.values()) == played.record["units"]["given"]
    owner = played.model.aid.donations.ownerOf(gifts[0]["id"])
    assert owner == gifts[0]["donor"]


def test_certificates_of_money_say_on_what_it_was_spent(played: Played) -> None:
    gifts = [gift for gift in played.record["gifts"] if gift["kind"] == "money"]
    known = {one["id"] for one in played.record["consignments"]}
    spent = 0
    for gift in gifts:
        told = certificate(played, gift["id"])["money"]
        assert int(told["spent"]) + int(told["left"]) == int(told["amount"]) == int(gift["amount"])
        assert told["spent"] == gift["spent"]
        assert {one["id"] for one in told["consignments"]} <= known
        assert bool(told["consignments"]) == (int(told["spent"]) > 0)
        spent += int(told["spent"])
    money = {name: int(amount) for name, amount in played.record["money"].items()}
    assert 0 < spent <= money["spent"] <= spent + money["recovered"]


# -- the seed


def test_the_same_seed_gives_the_same_summary(played: Played) -> None:
    again = Model(load("wuhan-2020")).run().record
    times = ("wall_seconds",)
    assert {k: v for k, v in again.items() if k not in times} == {
        k: v for k, v in played.record.items() if k not in times
    }


def test_another_seed_gives_another_run_that_holds_as_well(played: Played) -> None:
    other = play(7, every=5)
    assert other.conservation.looks > 40
    assert other.record["seed"] == 7
    assert other.record["names"] != played.record["names"]
    assert other.record["units"]["by_state"] != played.record["units"]["by_state"]
    assert [one["date"] for one in other.record["emergency"]] == [
        one["date"] for one in played.record["emergency"]
    ]
    assert differences(other.record, other.model.aid) == []


# -- verification

#: What no chain can know, see ``differences``.
UNPROVABLE = ("schema", "title", "first_day", "last_day", "wall_seconds")


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if path or key not in UNPROVABLE:
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def changed(record: Record, path: tuple[str | int, ...], by: int) -> Record:
    """A copy of a summary in which one figure is another."""
    other = copy.deepcopy(record)
    place: Any = other
    for step in path[:-1]:
        place = place[step]
    value = place[path[-1]]
    if isinstance(value, bool):
        place[path[-1]] = not value
    elif isinstance(value, int):
        place[path[-1]] = value + by
    elif isinstance(value, str) and value.isdigit():
        place[path[-1]] = str(int(value) + by)
    elif value is None:
        place[path[-1]] = 0
    else:
        place[path[-1]] = f"{value[:-1]}{'0' if value[-1] != '0' else '1'}"
    return other


def kinds(record: Record) -> list[tuple[str | int, ...]]:
    """One leaf of each kind: paths that differ by their indices are of one kind."""
    found: dict[tuple[str, ...], tuple[str | int, ...]] = {}
    for path in leaves(record):
        found.setdefault(tuple("*" if isinstance(step, int) else step for step in path), path)
    return list(found.values())


@pytest.fixture(scope="module")
def read_once() -> Iterator[None]:
    """What the chain says does not change between two summaries that are held against it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("from_counters", "from_events"):
            patch.setattr(verify, name, lru_cache(getattr(verify, name)))
        yield


def test_verification_agrees(played: Played) -> None:
    assert differences(played.record, played.model.aid) == []


@pytest.mark.usefixtures("read_once")
def test_verification_finds_any_kind_of_figure_that_is_another(played: Played) -> None:
    paths = [path for path in kinds(played.record) if path[0] != "names"]
    assert len(paths) > 60
    aid = played.model.aid
    missed = [
        (path, by)
        for path in paths
        for by in (1, -1)
        if not differences(changed(played.record, path, by), aid)
    ]
    assert missed == []


@pytest.mark.usefixtures("read_once")
@given(data=st.data())
def test_verification_finds_any_figure_that_is_another(played: Played, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(leaves(played.record))))
    by = data.draw(st.sampled_from([1, -1, 10**6]))
    assert differences(changed(played.record, path, by), played.model.aid)
