"""Where a scenario contradicts itself: what its schema cannot see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aidline import gs1
from aidline.regions import shipped_atlas
from aidline.sim import records as r

__all__ = ["contradictions"]


def contradictions(s: r.Scenario) -> Iterator[str]:
    """Yields what a schema cannot see, the first that a reader would look for first."""
    yield from _regions_and_clock(s)
    yield from _names(s)
    yield from _goods(s)
    yield from _ways(s)
    yield from _triggers(s)
    yield from _deeds(s)


def _regions_and_clock(s: r.Scenario) -> Iterator[str]:
    if s.clock.last_day < s.clock.first_day:
        yield "clock.last_day: is before clock.first_day"
    atlas = shipped_atlas()
    for i, code in enumerate(s.regions):
        if code not in atlas:
            yield f"regions[{i}]: '{code}' is unknown"
            return
        parent = atlas[code].parent
        if parent is not None and parent not in s.regions[:i]:
            yield f"regions[{i}]: '{code}' stands before its parent '{parent}'"
        if code in s.regions[:i]:
            yield f"regions[{i}]: '{code}' stands twice"
    people = s.participants
    seats = [
        (f"participants.{role}[{i}].region", person.region)
        for role in people.__dataclass_fields__
        for i, person in enumerate(getattr(people, role))
    ]
    seats += [(f"network.stations[{i}].region", x.region) for i, x in enumerate(s.network.stations)]
    seats += [(f"indicator.series.{x.region}", x.region) for x in s.indicator.series]
    seats += [(f"network.affected[{i}]", code) for i, code in enumerate(s.network.affected)]
    seats += [(f"plan.regions[{i}]", code) for i, code in enumerate(s.plan.regions)]
    for place, code in seats:
        if code not in s.regions:
            yield f"{place}: '{code}' is not among the regions"
            return
    for place, code in seats:
        if place.startswith(("network.affected", "plan.regions", "indicator.series")) and (
            atlas[code].parent is None or atlas.province_of(code) != code
        ):
            yield f"{place}: '{code}' is not a province"


def _names(s: r.Scenario) -> Iterator[str]:
    people = s.participants
    everyone: dict[str, str] = {}
    groups: list[tuple[str, Iterable[Any]]] = [
        (f"participants.{role}", getattr(people, role)) for role in people.__dataclass_fields__
    ]
    for place, group in groups:
        for i, person in enumerate(group):
            if person.id in everyone:
                yield f"{place}[{i}].id: '{person.id}' stands twice"
            everyone[person.id] = place
    lists: list[tuple[str, Iterable[Any]]] = [
        ("sources", s.sources),
        ("materials", s.materials),
        ("network.stations", s.network.stations),
        ("supplies", s.supplies),
        ("orders", s.orders),
        ("gifts", (*s.gifts, *s.money)),
        ("demands", s.demands),
        ("vehicles", [v for c in people.carriers for v in c.vehicles]),
    ]
    for place, group in lists:
        ids: set[str] = set()
        for i, item in enumerate(group):
            if item.id in ids:
                yield f"{place}[{i}].id: '{item.id}' stands twice"
            ids.add(item.id)
    if s.indicator.source not in {source.id for source in s.sources}:
        yield f"indicator.source: '{s.indicator.source}' is not among the sources"
    if len({auditor.organisation for auditor in people.auditors}) < 2:
        yield "participants.auditors: two of different organisations are needed"
    faults = s.indicator.faults
    if len({reporter.organisation for reporter in people.reporters}) < 3 * faults + 1:
        yield f"participants.reporters: {3 * faults + 1} of different organisations are needed"


def _goods(s: r.Scenario) -> Iterator[str]:
    names: set[str] = set()
    gtins: set[str] = set()
    for i, m in enumerate(s.materials):
        if not gs1.is_gtin(m.gtin):
            digit = gs1.check_digit(m.gtin[:-1])
            yield f"materials[{i}].gtin: the check digit of {m.gtin} should be {digit}"
        if not gs1.is_restricted(m.gtin):
            yield f"materials[{i}].gtin: {m.gtin} is not of the range for restricted circulation"
        if m.gtin in gtins:
            yield f"materials[{i}].gtin: {m.gtin} stands twice"
        gtins.add(m.gtin)
        for key in ("temperature", "humidity"):
            band = getattr(m, key)
            if band.low >= band.high:
                yield f"materials[{i}].{key}: the lower limit is not below the upper"
        if m.terms not in s.terms:
            yield f"materials[{i}].terms: '{m.terms}' is not among the terms"
        for alias in (m.id, *m.aliases):
            if alias in names:
                yield f"materials[{i}].aliases: '{alias}' stands for two materials"
            names.add(alias)
    for name, terms in s.terms.items():
        if terms.late_zero <= terms.late_free:
            yield f"terms.{name}.late_zero: is not above late_free"
        for key in ("exposure", "humidity"):
            free, zero, floor = (getattr(terms, f"{key}_{x}") for x in ("free", "zero", "floor"))
            if not free < zero:
                yield f"terms.{name}.{key}_zero: is not above {key}_free"
            if floor < free:
                yield f"terms.{name}.{key}_floor: is below {key}_free"


def _ways(s: r.Scenario) -> Iterator[str]:
    people, stations = s.participants, s.network.stations
    operators = {
        person.id
        for group in (
            people.charities,
            people.suppliers,
            people.carriers,
            people.station_operators,
            people.hospitals,
        )
        for person in group
    }
    for i, station in enumerate(stations):
        if station.operator not in operators:
            yield f"network.stations[{i}].operator: '{station.operator}' runs no stations"
        if station.temperature.low >= station.temperature.high:
            yield f"network.stations[{i}].temperature: the lower limit is not below the upper"
        if station.recognised and station.tier is not r.Tier.TRUNK:
            yield f"network.stations[{i}].recognised: only a trunk station is a centre"
    if s.network.dock_temperature.low >= s.network.dock_temperature.high:
        yield "network.dock_temperature: the lower limit is not below the upper"
    atlas = shipped_atlas()
    for i, code in enumerate(s.network.affected):
        if not any(x.recognised and atlas.is_within(x.region, code) for x in stations):
            yield f"network.affected[{i}]: no recognised centre lies in '{code}'"
    if not any(x.recognised for x in stations):
        yield "network.stations: there is no recognised centre"
    if not any(x.tier is r.Tier.BRANCH for x in stations):
        yield "network.stations: there is no branch station"
    for tier in r.Tier:
        if not any(tier in carrier.tiers for carrier in people.carriers):
            yield f"participants.carriers: no carrier has a {tier} vehicle"
    vehicles = [v for carrier in people.carriers for v in carrier.vehicles]
    for tier in r.Tier:
        for i, m in enumerate(s.materials):
            if not any(v.tier is tier and _keeps(v, m) for v in vehicles):
                yield f"materials[{i}]: no {tier} vehicle keeps the temperature of '{m.id}'"
    able = {
        x.id for group in (people.charities, people.carriers, people.suppliers) for x in group
    } | {x.id for x in people.station_operators}
    if s.devices.operator not in able:
        yield f"devices.operator: '{s.devices.operator}' is no charity, carrier or operator"


def _triggers(s: r.Scenario) -> Iterator[str]:
    plan = s.plan
    if plan.indicator != s.indicator.id:
        yield f"plan.indicator: '{plan.indicator}' is not the indicator '{s.indicator.id}'"
    if plan.regions_needed > len(plan.regions):
        yield f"plan.regions_needed: {plan.regions_needed} of {len(plan.regions)} cannot be met"
    if len(set(plan.regions)) != len(plan.regions):
        yield "plan.regions: one stands twice"
    for i, code in enumerate(plan.regions):
        if all(series.region != code for series in s.indicator.series):
            yield f"plan.regions[{i}]: indicator.series has no figures of '{code}'"
    atlas = shipped_atlas()
    materials = {m.id for m in s.materials}
    charities = {x.id for x in (*s.participants.charities, *s.participants.coordinators)}
    before: dict[tuple[r.Measure, int], int] = {}
    for i, level in enumerate(plan.levels):
        place = f"plan.levels[{i}]"
        for j, c in enumerate(level.conditions):
            if c.fall > c.rise:
                yield f"{place}.conditions[{j}]: falls at {c.fall}, above its rise at {c.rise}"
            key = (c.measure, c.window)
            if c.rise < before.get(key, 0):
                yield f"{place}.conditions[{j}].rise: {c.rise} is below that of the level before"
            before[key] = c.rise
        for j, action in enumerate(level.actions):
            where = f"{place}.actions[{j}]"
            if action.region not in atlas or not any(
                atlas.is_within(action.region, code) for code in plan.regions
            ):
                yield f"{where}.region: '{action.region}' is outside the plan's regions"
            if isinstance(action, r.RaiseDemand) and action.material not in materials:
                yield f"{where}.material: '{action.material}' is not among the materials"
            if isinstance(action, r.ReleaseMoney):
                if action.spender not in charities:
                    yield f"{where}.spender: '{action.spender}' is no charity or coordinator"
                yield from _earmark(s, f"{where}.earmark", action.earmark)


def _earmark(s: r.Scenario, place: str, earmark: r.Earmark) -> Iterator[str]:
    atlas = shipped_atlas()
    match earmark.kind:
        case r.EarmarkKind.NONE:
            good = earmark.scope == ""
        case r.EarmarkKind.REGION:
            good = earmark.scope in s.regions and atlas.province_of(earmark.scope) == earmark.scope
        case r.EarmarkKind.FACILITY:
            good = any(h.id == earmark.scope for h in s.participants.hospitals)
        case r.EarmarkKind.EMERGENCY:
            good = earmark.scope == s.plan.id
    if not good:
        yield f"{place}.scope: '{earmark.scope}' is not the scope of an earmark '{earmark.kind}'"


def _keeps(room: r.Station | r.Vehicle, material: r.Material) -> bool:
    kept, needed = room.temperature, material.temperature
    return needed.low <= kept.low and kept.high <= needed.high


def _order(s: r.Scenario, place: str, order: r.PersonalOrder) -> Iterator[str]:
    supply = next((x for x in s.supplies if x.id == order.supply and x.for_sale), None)
    if supply is None:
        yield f"{place}.supply: '{order.supply}' is not among the supplies that are for sale"
        return
    if order.day <= supply.day:
        yield f"{place}.day: '{order.supply}' can be bought from the day after it was made"
    if sum(x.units for x in s.orders if x.supply == supply.id) > supply.units:
        yield f"{place}.units: more is ordered of '{order.supply}' than is made"
    vehicles = [v for carrier in s.participants.carriers for v in carrier.vehicles]
    for tier in r.Tier:
        fitting = (v for v in vehicles if v.tier is tier and _keeps(v, s.material(supply.material)))
        if order.units > max((v.capacity for v in fitting), default=0):
            yield f"{place}.units: no {tier} vehicle carries so many"
    stations = {x.id: x for x in s.network.stations}
    if order.station not in stations or stations[order.station].tier is not r.Tier.TERMINAL:
        yield f"{place}.station: '{order.station}' is not a terminal station"
    elif not _keeps(stations[order.station], s.material(supply.material)):
        yield f"{place}.station: '{order.station}' cannot keep '{supply.material}'"
    if order.terms not in s.terms:
        yield f"{place}.terms: '{order.terms}' is not among the terms"
    elif s.terms[order.terms].policy not in (r.Policy.CONSIGNEE, r.Policy.BOTH):
        yield f"{place}.terms: a household must accept: the policy is consignee or both"


def _deeds(s: r.Scenario) -> Iterator[str]:
    people = s.participants
    materials = {m.id: m for m in s.materials}
    stations = {x.id: x for x in s.network.stations}
    donors = {x.id for x in (*people.donors, *people.suppliers)}
    hospitals = {x.id for x in people.hospitals}

    def goods(place: str, item: r.GiftInKind | r.Supply) -> Iterator[str]:
        if item.material not in materials:
            yield f"{place}.material: '{item.material}' is not among the materials"
            return
        material = materials[item.material]
        if (material.shelf_life_days == 0) != (item.expiry_days == 0):
            yield f"{place}.expiry_days: is needed exactly when the material has a shelf life"
        if item.expiry_days > material.shelf_life_days:
            yield f"{place}.expiry_days: is beyond the shelf life of '{item.material}'"
        if item.station not in stations:
            yield f"{place}.station: '{item.station}' is not among the stations"
            return
        if not _keeps(stations[item.station], material):
            yield f"{place}.station: '{item.station}' cannot keep '{item.material}'"

    def in_time(place: str, day: int) -> Iterator[str]:
        if day not in s.clock.days:
            yield f"{place}.day: {r.date_of(r.Day(day))} is outside the clock"

    for i, supply in enumerate(s.supplies):
        place = f"supplies[{i}]"
        yield from in_time(place, supply.day)
        if supply.supplier not in {x.id for x in people.suppliers}:
            yield f"{place}.supplier: '{supply.supplier}' is not among the suppliers"
        yield from goods(place, supply)
    for i, order in enumerate(s.orders):
        place = f"orders[{i}]"
        yield from in_time(place, order.day)
        yield from _order(s, place, order)
    for i, gift in enumerate(s.gifts):
        place = f"gifts[{i}]"
        yield from in_time(place, gift.day)
        if gift.donor not in donors:
            yield f"{place}.donor: '{gift.donor}' is not among the donors"
        if gift.charity not in {x.id for x in people.charities}:
            yield f"{place}.charity: '{gift.charity}' is not among the charities"
        if gift.refused + gift.missing >= gift.units:
            yield f"{place}: nothing of it would be accepted"
        if len(gift.origin.encode()) > 64:
            yield f"{place}.origin: is longer than 64 bytes"
        if gift.station in stations and stations[gift.station].tier is not r.Tier.TRUNK:
            yield f"{place}.station: '{gift.station}' is not a trunk hub"
        yield from goods(place, gift)
        yield from _earmark(s, f"{place}.earmark", gift.earmark)
    for i, money in enumerate(s.money):
        place = f"money[{i}]"
        yield from in_time(place, money.day)
        if money.donor not in {x.id for x in people.donors}:
            yield f"{place}.donor: '{money.donor}' is not among the donors"
        yield from _earmark(s, f"{place}.earmark", money.earmark)
    for i, demand in enumerate(s.demands):
        place = f"demands[{i}]"
        if demand.day is not None:
            yield from in_time(place, demand.day)
        if demand.hospital not in hospitals:
            yield f"{place}.hospital: '{demand.hospital}' is not among the hospitals"
        if demand.material not in materials:
            yield f"{place}.material: '{demand.material}' is not among the materials"
    for what in ("demand_missing",):
        for name in s.rules[what].parameters.get("materials", ()):
            if name not in materials:
                yield f"rules.{what}.materials: '{name}' is not among the materials"
    for i, chance in enumerate(s.conditions.order_breaking):
        yield from in_time(f"conditions.order_breaking[{i}]", chance.day)
