"""A scenario made ready to be played: real files put in, every unknown filled by its rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from aidline.errors import ScenarioError
from aidline.geodesy import Place
from aidline.regions import shipped_atlas
from aidline.sim.inputs import (
    InputFiles,
    fill_places,
    read_cases,
    read_demands,
    read_hospitals,
    read_telemetry,
)
from aidline.sim.records import (
    Band,
    CaseSeries,
    Day,
    Demand,
    DemandSpec,
    Earmark,
    EarmarkKind,
    GiftInKind,
    GiftOfMoney,
    Hospital,
    HospitalSpec,
    InputCount,
    Material,
    Need,
    Network,
    PersonalOrder,
    PickUp,
    Scenario,
    Station,
    Supply,
    TelemetryLog,
    Tier,
)
from aidline.sim.rules import Rules

__all__ = ["Facts", "Prepared", "RouteLeg", "prepare"]


@dataclass(frozen=True, slots=True)
class RouteLeg:
    """One leg of a way, before carriers and times are chosen.

    Attributes:
        metres: Length of the road.
    """

    tier: Tier
    from_station: str
    to_station: str
    metres: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of need as the rules fill them in, for a demand that nobody described."""

    stock: int
    daily_use: int
    need: Need
    needed_within: int
    freight_budget: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scenario with nothing unknown.

    Attributes:
        scenario: The scenario, with the regions and hospitals that are really played.
        seed: From which every rule drew.
        hospitals: Recipients, each with its dock and its branch station.
        stations: Every station: the scenario's, branch stations that were missing, docks.
        cases: Figures of the plan's regions within the clock.
        demands: By day, then id.
        logs: Telemetry to be replayed; empty where no file was given.
        inputs: Counts by file: ``cases``, ``demands``, ``hospitals``, ``telemetry``.
        rules: The rules under this seed, for what comes up in the course of the run.
    """

    scenario: Scenario
    seed: int
    hospitals: tuple[Hospital, ...]
    stations: tuple[Station, ...]
    cases: tuple[CaseSeries, ...]
    demands: tuple[Demand, ...]
    logs: tuple[TelemetryLog, ...]
    inputs: Mapping[str, InputCount]
    rules: Rules

    def hospital(self, hospital_id: str) -> Hospital:
        """Returns the hospital of this id, which takes part."""
        return next(hospital for hospital in self.hospitals if hospital.id == hospital_id)

    def pick_up(self, station_id: str) -> PickUp:
        """Returns where households take goods in, with the branch station that is nearest."""
        here = self.station(station_id)
        branches = [station for station in self.stations if station.tier is Tier.BRANCH]
        near = min(branches, key=lambda branch: (self._metres(branch, here), branch.id))
        return PickUp(dock=here.id, branch=near.id)

    def station(self, station_id: str) -> Station:
        """Returns the station of this id, which exists."""
        return next(station for station in self.stations if station.id == station_id)

    @property
    def gifts(self) -> tuple[GiftInKind, ...]:
        """Gifts in kind, with earmarks for the hospitals that are played."""
        return self.scenario.gifts

    @property
    def supplies(self) -> tuple[Supply, ...]:
        """Lots that suppliers make."""
        return self.scenario.supplies

    @property
    def orders(self) -> tuple[PersonalOrder, ...]:
        """What households buy."""
        return self.scenario.orders

    @property
    def money(self) -> tuple[GiftOfMoney, ...]:
        """Gifts of money, with earmarks for the hospitals that are played."""
        return self.scenario.money

    def facts(self, hospital: Hospital, material: Material, key: str) -> Facts:
        """Fills in the facts of need of a demand that comes up in the course of the run.

        Args:
            hospital: Whose demand it is.
            material: What is needed.
            key: What tells this demand from others; the same key gives the same facts.
        """
        daily_use = self.rules.daily_use(hospital.people_in_care, material)
        stock = self.rules.stock(f"{hospital.id}/{material.id}/{key}", daily_use)
        need = Need.of(stock, daily_use, hospital.vulnerable)
        units = min(self.rules.units(daily_use, stock), material.largest_demand)
        return Facts(
            stock=stock,
            daily_use=daily_use,
            need=need,
            needed_within=self.rules.needed_within(need),
            freight_budget=self.rules.freight_budget(units),
        )

    def centre_for(self, taker: Hospital | PickUp) -> Station:
        """Returns the recognised centre that is nearest to the taker's branch station."""
        branch = self.station(taker.branch)
        centres = [station for station in self.stations if station.recognised]
        return min(centres, key=lambda centre: (self._metres(centre, branch), centre.id))

    def route(self, origin: Station, taker: Hospital | PickUp) -> tuple[RouteLeg, ...]:
        """Returns the way from a station to a hospital's dock, or to where a household takes in.

        From a trunk station it goes by the taker's centre, then by its branch station; from any
        other station by the branch station alone.

        Args:
            origin: Where the goods are.
            taker: Where they are to go.
        """
        centre, branch = self.centre_for(taker), self.station(taker.branch)
        stops: list[tuple[Tier, Station]] = []
        if origin.tier is Tier.TRUNK and origin.id != centre.id:
            stops.append((Tier.TRUNK, centre))
        if origin.id != branch.id:
            stops.append((Tier.BRANCH, branch))
        stops.append((Tier.TERMINAL, self.station(taker.dock)))
        legs: list[RouteLeg] = []
        here = origin
        for tier, there in stops:
            legs.append(RouteLeg(tier, here.id, there.id, self._metres(here, there)))
            here = there
        return tuple(legs)

    def _metres(self, one: Station, other: Station) -> int:
        return self.scenario.network.road_metres(one.place, other.place)


def prepare(
    scenario: Scenario, seed: int | None = None, files: InputFiles | None = None
) -> Prepared:
    """Puts real files in the place of a scenario's figures and fills in what is unknown.

    Hospitals of a file replace the scenario's; the scenario's demands of hospitals that the file
    does not have fall away, and hospitals without a demand ask by the rule ``demand_missing``,
    unless a demand file is given too. An earmark for a hospital that is not there becomes one for
    its province.

    Args:
        scenario: The scenario.
        seed: From which the rules draw; the scenario's own by default.
        files: Real files.

    Raises:
        InputError: If a file is bad or does not fit the scenario.
        ScenarioError: If the scenario's own hospitals have no place.
    """
    files = InputFiles() if files is None else files
    seed = scenario.seed if seed is None else seed
    rules = Rules(scenario.rules, seed)
    inputs: dict[str, InputCount] = {}

    specs = fill_places(scenario.participants.hospitals, rules)
    if len(specs) != len(scenario.participants.hospitals):
        raise ScenarioError("participants.hospitals: the place of one is unknown")
    same = {spec.id: spec.id for spec in specs}
    if files.hospitals is not None:
        people = scenario.participants
        others = {
            person.id
            for role in fields(people)
            if role.name != "hospitals"
            for person in getattr(people, role.name)
        }
        read = read_hospitals(files.hospitals, rules, others)
        own = {spec.id: spec for spec in specs}
        specs = tuple(_completed(spec, own.get(spec.id)) for spec in read.hospitals)
        same, inputs["hospitals"] = dict(read.same), read.count

    series = tuple(x for x in scenario.indicator.series if x.region in scenario.plan.regions)
    if files.cases is not None:
        counted = read_cases(
            files.cases,
            scenario.plan.regions,
            scenario.clock,
            scenario.indicator.maximum,
            rules,
        )
        series, inputs["cases"] = counted.series, counted.count

    known = {spec.id for spec in specs}
    wanted = tuple(demand for demand in scenario.demands if demand.hospital in known)
    if files.demands is not None:
        names = {spec.id: spec.name_zh for spec in specs}
        demands = read_demands(files.demands, scenario.materials, same, names, rules)
        wanted, inputs["demands"] = _copied(demands.demands, scenario.copies), demands.count
    elif files.hospitals is not None:
        missing = _standard(specs, {demand.hospital for demand in wanted}, rules)
        wanted += _copied(missing, scenario.copies)

    logs: tuple[TelemetryLog, ...] = ()
    if files.telemetry is not None:
        recorded = read_telemetry(files.telemetry)
        logs, inputs["telemetry"] = recorded.logs, recorded.count

    hospitals, stations = _settled(specs, scenario.network, rules)
    by_id = {hospital.id: hospital for hospital in hospitals}
    filled = [_filled(spec, by_id[spec.hospital], scenario, rules) for spec in wanted]
    order = ("cases", "demands", "hospitals", "telemetry")
    return Prepared(
        scenario=_fitted(scenario, specs),
        seed=seed,
        hospitals=hospitals,
        stations=stations,
        cases=tuple(_within(one, scenario) for one in series),
        demands=tuple(sorted(filled, key=lambda demand: (demand.day, demand.id))),
        logs=logs,
        inputs={name: inputs[name] for name in order if name in inputs},
        rules=rules,
    )


def _completed(spec: HospitalSpec, own: HospitalSpec | None) -> HospitalSpec:
    """Takes from the scenario what it knows of a hospital of the file."""
    if own is None:
        return spec
    return replace(
        spec,
        name_en=own.name_en,
        people_in_care=own.people_in_care,
        vulnerable=own.vulnerable,
    )


def _standard(
    specs: tuple[HospitalSpec, ...], served: set[str], rules: Rules
) -> tuple[DemandSpec, ...]:
    if rules.name_of("demand_missing") == "none":
        return ()
    materials: list[str] = rules.parameter("demand_missing", "materials")
    return tuple(
        DemandSpec(f"{spec.id}/{material}", spec.id, material, None, None, None, None, None, None)
        for spec in specs
        if spec.id not in served
        for material in materials
    )


def _copied(demands: tuple[DemandSpec, ...], copies: int) -> tuple[DemandSpec, ...]:
    return demands + tuple(
        replace(demand, id=f"{demand.id}-{copy}")
        for copy in range(2, copies + 1)
        for demand in demands
    )


def _within(series: CaseSeries, scenario: Scenario) -> CaseSeries:
    days = scenario.clock.days
    return replace(series, figures=tuple(f for f in series.figures if f.day in days))


def _settled(
    specs: tuple[HospitalSpec, ...], network: Network, rules: Rules
) -> tuple[tuple[Hospital, ...], tuple[Station, ...]]:
    """Gives each hospital a dock and a branch station, a new one where none is near enough."""
    stations = list(network.stations)
    within: int = rules.parameter("branch_missing", "within")
    by_region: dict[str, list[Place]] = {}
    for spec in specs:
        if spec.place is not None:
            by_region.setdefault(spec.region, []).append(spec.place)

    def nearest(place: Place) -> tuple[int, Station]:
        branches = [station for station in stations if station.tier is Tier.BRANCH]
        return min(
            ((network.road_metres(place, station.place), station) for station in branches),
            key=lambda pair: (pair[0], pair[1].id),
        )

    for region in sorted(by_region):
        places = by_region[region]
        middle = Place(
            sum(p.latitude for p in places) // len(places),
            sum(p.longitude for p in places) // len(places),
        )
        distance, near = nearest(middle)
        if distance > within:
            known = shipped_atlas()[region]
            stations.append(
                Station(
                    id=f"branch-{region.lower()}",
                    name_zh=f"{known.name_zh}分拨站",
                    name_en=f"{known.name_en} branch station",
                    tier=Tier.BRANCH,
                    recognised=False,
                    operator=near.operator,
                    region=region,
                    place=middle,
                    temperature=near.temperature,
                )
            )
    hospitals = []
    docks = []
    for spec in specs:
        assert spec.place is not None
        dock = f"dock:{spec.id}"
        hospitals.append(
            Hospital(
                id=spec.id,
                name_zh=spec.name_zh,
                name_en=spec.name_en,
                region=spec.region,
                place=spec.place,
                people_in_care=(
                    rules.people_in_care(spec.id)
                    if spec.people_in_care is None
                    else spec.people_in_care
                ),
                vulnerable=(
                    rules.vulnerable(spec.name_zh) if spec.vulnerable is None else spec.vulnerable
                ),
                dock=dock,
                branch=nearest(spec.place)[1].id,
            )
        )
        docks.append(_dock(dock, spec, spec.place, network.dock_temperature))
    return tuple(hospitals), (*stations, *docks)


def _dock(dock: str, spec: HospitalSpec, place: Place, temperature: Band) -> Station:
    return Station(
        id=dock,
        name_zh=f"{spec.name_zh}收货处",
        name_en=f"Dock of {spec.name_en or spec.name_zh}",
        tier=Tier.TERMINAL,
        recognised=False,
        operator=spec.id,
        region=spec.region,
        place=place,
        temperature=temperature,
    )


def _filled(spec: DemandSpec, hospital: Hospital, scenario: Scenario, rules: Rules) -> Demand:
    material = scenario.material(spec.material)
    daily_use = spec.daily_use
    if daily_use is None:
        daily_use = rules.daily_use(hospital.people_in_care, material)
    stock = rules.stock(spec.id, daily_use) if spec.stock is None else spec.stock
    units = spec.units
    if units is None:
        units = min(rules.units(daily_use, stock), material.largest_demand)
    need = Need.of(stock, daily_use, hospital.vulnerable)
    day = spec.day
    if day is None:
        day = Day(scenario.clock.first_day + rules.published(spec.id, len(scenario.clock.days)))
    needed_within = spec.needed_within
    budget = spec.freight_budget
    facts = ("units", "day", "needed_within", "stock", "daily_use", "freight_budget")
    return Demand(
        id=spec.id,
        hospital=spec.hospital,
        material=spec.material,
        units=units,
        day=day,
        needed_within=rules.needed_within(need) if needed_within is None else needed_within,
        stock=stock,
        daily_use=daily_use,
        freight_budget=rules.freight_budget(units) if budget is None else budget,
        need=need,
        filled=tuple(name for name in facts if getattr(spec, name) is None),
    )


def _fitted(scenario: Scenario, specs: tuple[HospitalSpec, ...]) -> Scenario:
    """Fits regions, hospitals and earmarks of a scenario to the hospitals that are played."""
    atlas = shipped_atlas()
    regions = list(scenario.regions)
    for spec in specs:
        for code in reversed(atlas.lineage(spec.region)):
            if code not in regions:
                regions.append(code)
    here = {spec.id for spec in specs}
    was = {spec.id: spec.region for spec in scenario.participants.hospitals}

    def earmark(old: Earmark) -> Earmark:
        if old.kind is not EarmarkKind.FACILITY or old.scope in here:
            return old
        return Earmark(EarmarkKind.REGION, atlas.province_of(was[old.scope]) or was[old.scope])

    def gift(old: GiftInKind) -> GiftInKind:
        return replace(old, earmark=earmark(old.earmark))

    def money(old: GiftOfMoney) -> GiftOfMoney:
        return replace(old, earmark=earmark(old.earmark))

    return replace(
        scenario,
        regions=tuple(regions),
        participants=replace(scenario.participants, hospitals=specs),
        gifts=tuple(gift(old) for old in scenario.gifts),
        money=tuple(money(old) for old in scenario.money),
    )
