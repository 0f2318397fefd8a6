"""Problems and solutions in the JSON format of VROOM, so that planners can take each other's place.

What is read: vehicles with start, end, capacity, skills, time window, speed factor, costs (fixed,
by hour and by kilometre of travel), most tasks, most travel; jobs and shipments with amounts,
setup, service, skills, priority, time windows; matrices by profile, or coordinates. What this
cannot plan (``breaks``, ``steps``, ``max_distance``, costs or setup times by type) is refused by
its name, never passed over; fields that the format does not know are.

The order of what is best is VROOM's: the greatest sum of priorities, then the most tasks, then the
least cost (by default the seconds of travel). What is left unassigned carries a ``reason``, which
VROOM's own solutions do not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from aidline.errors import InputError
from aidline.files import read_json
from aidline.geodesy import Place
from aidline.solve.routing.leastcost import (
    FOREVER,
    Answer,
    Call,
    Carriage,
    Effort,
    Problem,
    Round,
    Truck,
    Visit,
    prizes,
    solve,
)
from aidline.solve.routing.roads import DETOUR_PERMILLE, road_metres, seconds_for

__all__ = ["Job", "Reason", "VroomPlan", "VroomProblem", "read_vroom", "solve_vroom"]

Record = dict[str, Any]

_HOUR = 3600
_MOST_WINDOWS = 32
_REFUSED = {
    "vehicles": ("breaks", "steps", "max_distance", "type"),
    "jobs": ("setup_per_type", "service_per_type"),
    "shipments": (),
}


class Reason(StrEnum):
    """Why a task is left unassigned; the first that holds."""

    SKILLS = "no vehicle has the skills"
    CAPACITY = "more than any vehicle with the skills holds"
    TIME = "no vehicle can be there in its time windows"
    FLEET = "the vehicles are taken up by what comes first"


@dataclass(frozen=True, slots=True)
class Job:
    """A job, or a shipment.

    Attributes:
        stops: One for a job, two (where it is taken, where it is brought) for a shipment.
        kinds: ``job``, or ``pickup`` and ``delivery``.
        windows: Of each stop.
        delivery: Brought from the start, by dimension; of a shipment none.
        pickup: Taken to the end, by dimension; of a shipment what it is.
        skills: That a vehicle needs.
        priority: 0 to 100.
        records: Of each stop, as the file has it.
    """

    stops: tuple[int, ...]
    kinds: tuple[str, ...]
    windows: tuple[tuple[tuple[int, int], ...], ...]
    delivery: tuple[int, ...]
    pickup: tuple[int, ...]
    skills: frozenset[int]
    priority: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class VroomProblem:
    """A problem as it was read.

    Attributes:
        vehicles: As the file has them.
        jobs: Jobs, then shipments.
        seconds: By profile, from location to location.
        metres: The same; ``None`` where a profile has no distances.
        costs: The same; ``None`` where a profile has no costs of its own.
        places: Coordinates of locations, where the file has coordinates.
        starts: Location by vehicle; ``None`` for anywhere.
        ends: The same.
    """

    vehicles: tuple[Record, ...]
    jobs: tuple[Job, ...]
    seconds: Mapping[str, np.ndarray]
    metres: Mapping[str, np.ndarray | None]
    costs: Mapping[str, np.ndarray | None]
    places: tuple[Any, ...]
    starts: tuple[int | None, ...]
    ends: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class VroomPlan:
    """A problem and what was planned.

    Attributes:
        problem: What was read.
        answer: What was planned.
        scale: What one unit of the cost is in the answer.
        reasons: Of what is left out, by number.
    """

    problem: VroomProblem
    answer: Answer
    scale: int
    reasons: Mapping[int, Reason]

    def record(self) -> Record:
        """Return it as VROOM writes solutions (schema ``vroom-solution``)."""
        routes = [self._route(one) for one in self.answer.rounds]
        sums = ("setup", "service", "duration", "waiting_time", "priority", "cost")
        dimensions = _dimensions(self.problem)
        summary: Record = {
            "routes": len(routes),
            "unassigned": sum(len(self.problem.jobs[n].stops) for n in self.answer.left_out),
            **{name: sum(route[name] for route in routes) for name in sums},
            **{
                name: [sum(route[name][axis] for route in routes) for axis in range(dimensions)]
                for name in ("delivery", "pickup")
            },
            "violations": [],
            "computing_times": {
                "loading": 0,
                "solving": round(self.answer.seconds * 1000),
                "routing": 0,
            },
        }
        if routes and all("distance" in route for route in routes):
            summary["distance"] = sum(route["distance"] for route in routes)
        return {
            "code": 0,
            "summary": summary,
            "unassigned": list(self._unassigned()),
            "routes": routes,
        }

    def _unassigned(self) -> Iterator[Record]:
        for number in self.answer.left_out:
            job = self.problem.jobs[number]
            for stop, kind, record in zip(job.stops, job.kinds, job.records, strict=True):
                yield {
                    "id": record["id"],
                    "type": kind,
                    **self._where(stop),
                    **_description(record),
                    "reason": self.reasons[number].value,
                }

    def _where(self, location: int) -> Record:
        place = self.problem.places[location]
        if place is None:
            return {"location_index": location}
        return {"location": [place.longitude / 10**6, place.latitude / 10**6]}

    def _route(self, one: Round) -> Record:
        problem, vehicle = self.problem, self.problem.vehicles[one.truck]
        way = _Way(problem, one.truck)
        start, end = problem.starts[one.truck], problem.ends[one.truck]
        dimensions = _dimensions(problem)
        tasks = {call.task for call in one.calls}
        jobs = [problem.jobs[task] for task in sorted(tasks)]
        load = [
            sum(job.delivery[axis] for job in jobs if len(job.stops) == 1)
            for axis in range(dimensions)
        ]
        steps: list[Record] = []
        travelled = metres = setups = services = waits = 0

        def step(kind: str, where: int, arrival: int, **more: Any) -> None:
            record = {
                "type": kind,
                "arrival": arrival,
                "duration": travelled,
                "setup": 0,
                "service": 0,
                "waiting_time": 0,
                "load": list(load),
                "violations": [],
                **self._where(where),
                **more,
            }
            if way.metres is not None:
                record["distance"] = metres
            steps.append(record)

        at = start if start is not None else self._stop(one.calls[0])[0]
        if start is not None:
            step("start", start, one.start)
        for call in one.calls:
            where, kind, record = self._stop(call)
            job = problem.jobs[call.task]
            travelled += int(way.seconds[at, where])
            metres += 0 if way.metres is None else int(way.metres[at, where])
            setup = record.get("setup", 0) if (at != where or not steps) else 0
            service = record.get("service", 0)
            # The way holds the setup, so that it comes before the window there: not here.
            begin = call.begin - setup
            arrival = min(call.arrival - setup, begin)
            for axis in range(dimensions):
                if kind == "job":
                    load[axis] += job.pickup[axis] - job.delivery[axis]
                else:
                    load[axis] += job.pickup[axis] * (1 if kind == "pickup" else -1)
            step(
                kind,
                where,
                arrival,
                id=record["id"],
                setup=setup,
                service=service,
                waiting_time=begin - arrival,
                **({"job": record["id"]} if kind == "job" else {}),
                **_description(record),
            )
            setups, services, waits = setups + setup, services + service, waits + begin - arrival
            at = where
        if end is not None:
            travelled += int(way.seconds[at, end])
            metres += 0 if way.metres is None else int(way.metres[at, end])
            step("end", end, one.end)
        route: Record = {
            "vehicle": vehicle["id"],
            "cost": -(-(one.length + way.fixed * self.scale) // self.scale),
            "delivery": [sum(_brought(job)[axis] for job in jobs) for axis in range(dimensions)],
            "pickup": [sum(job.pickup[axis] for job in jobs) for axis in range(dimensions)],
            "setup": setups,
            "service": services,
            "duration": travelled,
            "waiting_time": waits,
            "priority": sum(job.priority for job in jobs),
            **_description(vehicle),
            "steps": steps,
            "violations": [],
        }
        if way.metres is not None:
            route["distance"] = metres
        return route

    def _stop(self, call: Call) -> tuple[int, str, Record]:
        job = self.problem.jobs[call.task]
        index = 1 if call.leg == "drop" else 0
        return job.stops[index], job.kinds[index], job.records[index]


def read_vroom(
    path: str | PathLike[str],
    *,
    detour_permille: int = DETOUR_PERMILLE,
    metres_an_hour: int = 50_000,
) -> VroomProblem:
    """Read a problem.

    Args:
        path: JSON (schema ``vroom-problem``).
        detour_permille: Metres of road for 1000 m of the great circle, for profiles without a
            matrix.
        metres_an_hour: Speed there.

    Raises:
        InputError: It is not of this format, contradicts itself, or asks for what cannot be planned
            here.
    """
    file = Path(path)
    record = read_json(file, "vroom-problem")
    try:
        return _Reader(record, detour_permille, metres_an_hour).problem()
    except InputError as problem:
        raise InputError(problem.message, path=file) from None


class _Reader:
    """A problem while it is read."""

    def __init__(self, record: Record, detour_permille: int, metres_an_hour: int) -> None:
        self._record = record
        self._detour, self._speed = detour_permille, metres_an_hour
        self._matrices: Record = record.get("matrices", {})
        self._numbers: dict[Any, int] = {}
        self._places: list[Place | None] = []
        self._size = 0
        for name, matrix in self._matrices.items():
            for kind, rows in matrix.items():
                if kind not in ("durations", "distances", "costs"):
                    continue
                size = len(rows)
                for number, row in enumerate(rows):
                    if len(row) != size:
                        raise InputError(
                            f"matrices.{name}.{kind}: {size} rows, but row {number} has {len(row)} "
                            "numbers: it must be square"
                        )
                if self._size and size != self._size:
                    raise InputError(
                        f"matrices.{name}.{kind} has {size} rows where another has {self._size}"
                    )
                self._size = size
        self._places = [None] * self._size

    def problem(self) -> VroomProblem:
        record = self._record
        for part, names in _REFUSED.items():
            for number, item in enumerate(record.get(part, [])):
                for name in names:
                    if item.get(name):
                        raise InputError(f"{part}[{number}].{name}: cannot be planned here")
        vehicles = tuple(record["vehicles"])
        _unique(vehicles, "vehicles")
        jobs = [
            self._job(item, number, "jobs") for number, item in enumerate(record.get("jobs", []))
        ]
        _unique([job.records[0] for job in jobs], "jobs")
        shipments = [
            self._job(item, number, "shipments")
            for number, item in enumerate(record.get("shipments", []))
        ]
        for index, kind in ((0, "pickup"), (1, "delivery")):
            _unique([job.records[index] for job in shipments], f"shipments of type {kind}")
        if not jobs and not shipments:
            raise InputError("neither jobs nor shipments: there is nothing to plan")
        starts, ends = [], []
        for number, vehicle in enumerate(vehicles):
            name = f"vehicles[{number}]"
            starts.append(self._location(vehicle, name, "start"))
            ends.append(self._location(vehicle, name, "end"))
            if starts[-1] is None and ends[-1] is None:
                raise InputError(f"{name}: neither start nor end")
            _window(vehicle.get("time_window", [0, FOREVER]), f"{name}.time_window")
            if "max_tasks" in vehicle and shipments:
                raise InputError(f"{name}.max_tasks: cannot be planned here beside shipments")
        tasks = self._padded(vehicles, [*jobs, *shipments])
        seconds, metres, costs = {}, {}, {}
        for profile in {vehicle.get("profile", "car") for vehicle in vehicles}:
            seconds[profile], metres[profile], costs[profile] = self._ways(profile)
        return VroomProblem(
            vehicles,
            tasks,
            seconds,
            metres,
            costs,
            tuple(self._places),
            tuple(starts),
            tuple(ends),
        )

    def _job(self, item: Record, number: int, part: str) -> Job:
        name = f"{part}[{number}]"
        is_job = part == "jobs"
        records = (item,) if is_job else (item["pickup"], item["delivery"])
        kinds = ("job",) if is_job else ("pickup", "delivery")
        names = (name,) if is_job else (f"{name}.pickup", f"{name}.delivery")
        stops, windows = [], []
        for record, called in zip(records, names, strict=True):
            where = self._location(record, called, "location")
            if where is None:
                raise InputError(f"{called}: neither location nor location_index")
            stops.append(where)
            windows.append(_windows(record, called, several=is_job))
        return Job(
            stops=tuple(stops),
            kinds=kinds,
            windows=tuple(windows),
            delivery=tuple(item.get("delivery", ())) if is_job else (),
            pickup=tuple(item.get("pickup" if is_job else "amount", ())),
            skills=frozenset(item.get("skills", ())),
            priority=item.get("priority", 0),
            records=records,
        )

    def _location(self, record: Record, name: str, field: str) -> int | None:
        """Return the number of a location; those with coordinates alone come after the matrix."""
        index = record.get("location_index" if field == "location" else f"{field}_index")
        place = None
        if field in record:
            longitude, latitude = record[field]
            try:
                place = Place.from_degrees(latitude, longitude)
            except (InputError, OverflowError):
                raise InputError(
                    f"{name}.{field}: longitude {longitude}, latitude {latitude} is outside the "
                    "globe: degrees within ±180 and ±90 are expected"
                ) from None
        if index is not None and self._matrices:
            if index >= self._size:
                raise InputError(
                    f"{name}: index {index} is outside the matrix, which has {self._size} rows"
                )
            self._places[index] = place or self._places[index]
            return int(index)
        if place is None:
            if index is not None:
                raise InputError(f"{name}: an index, but the file has no matrices")
            return None
        if self._matrices:
            raise InputError(f"{name}: coordinates without an index beside matrices")
        if place not in self._numbers:
            self._numbers[place] = len(self._places)
            self._places.append(place)
        return self._numbers[place]

    def _ways(self, profile: str) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        if not self._matrices:
            metres = road_metres([place for place in self._places if place], self._detour)
            return seconds_for(metres, self._speed), metres, None
        if profile not in self._matrices:
            raise InputError(f"no matrix for the profile '{profile}'")
        matrix = self._matrices[profile]
        durations, distances, costs = (
            np.array(matrix[kind], np.int64) if kind in matrix else None
            for kind in ("durations", "distances", "costs")
        )
        assert durations is not None  # the schema asks for them
        return durations, distances, costs

    def _padded(self, vehicles: Sequence[Record], jobs: Sequence[Job]) -> tuple[Job, ...]:
        """Return the jobs with amounts of as many dimensions as any other; none is nothing."""
        sizes = {len(vehicle.get("capacity", ())): "a vehicle" for vehicle in vehicles}
        for job in jobs:
            for amount in (job.delivery, job.pickup):
                sizes.setdefault(len(amount), f"{job.kinds[0]} {job.records[0]['id']}")
        sizes.pop(0, None)
        if len(sizes) > 1:
            found = ", ".join(f"{name} has {size}" for size, name in sorted(sizes.items()))
            raise InputError(f"amounts differ in their dimensions: {found}")
        nothing = (0,) * max(sizes, default=0)
        return tuple(
            replace(job, delivery=job.delivery or nothing, pickup=job.pickup or nothing)
            for job in jobs
        )


def _unique(records: Sequence[Record], what: str) -> None:
    seen = set()
    for record in records:
        if record["id"] in seen:
            raise InputError(f"{what}: the id {record['id']} stands twice")
        seen.add(record["id"])


def _window(window: Sequence[int], name: str) -> tuple[int, int]:
    opens, closes = window
    if closes < opens:
        raise InputError(f"{name} closes at {closes}, before it opens at {opens}")
    return opens, closes


def _windows(record: Record, name: str, *, several: bool) -> tuple[tuple[int, int], ...]:
    given = record.get("time_windows", [[0, FOREVER]])
    made = [_window(one, f"{name}.time_windows[{n}]") for n, one in enumerate(given)]
    if not several and len(made) > 1:
        raise InputError(f"{name}.time_windows: of a shipment only one can be planned here")
    if len(made) > _MOST_WINDOWS:
        raise InputError(f"{name}.time_windows: more than {_MOST_WINDOWS}")
    for number, (before, after) in enumerate(pairwise(made), start=1):
        if after[0] <= before[1]:
            raise InputError(
                f"{name}.time_windows[{number}] begins before the one before it has ended"
            )
    return tuple(made)


def _description(record: Record) -> Record:
    return {"description": record["description"]} if "description" in record else {}


def _brought(job: Job) -> tuple[int, ...]:
    return job.delivery if len(job.stops) == 1 else job.pickup


def _dimensions(problem: VroomProblem) -> int:
    return len(problem.jobs[0].pickup)


def _capacity(problem: VroomProblem, vehicle: Record) -> tuple[int, ...]:
    return tuple(vehicle.get("capacity", ())) or (0,) * _dimensions(problem)


class _Way:
    """What a vehicle's ways take and cost."""

    def __init__(self, problem: VroomProblem, number: int) -> None:
        vehicle = problem.vehicles[number]
        profile = vehicle.get("profile", "car")
        costs = vehicle.get("costs", {})
        factor = Fraction(str(vehicle.get("speed_factor", 1)))
        self.seconds = problem.seconds[profile]
        if factor != 1:
            self.seconds = np.rint(self.seconds / float(factor)).astype(np.int64)
        self.metres = problem.metres[profile]
        self.fixed = costs.get("fixed", 0)
        per_hour, per_km = costs.get("per_hour", _HOUR), costs.get("per_km", 0)
        own = problem.costs[profile]
        if own is not None and {"per_hour", "per_km"} & costs.keys():
            raise InputError(
                f"vehicle {vehicle['id']}: costs by hour or kilometre beside a matrix of costs"
            )
        if per_km and self.metres is None:
            raise InputError(f"vehicle {vehicle['id']}: costs.per_km, but there are no distances")
        self.is_seconds = own is None and per_hour == _HOUR and not per_km
        #: In units of the cost, as a fraction of ``divisor``.
        self.cost: np.ndarray = self.seconds if own is None else own
        self.divisor = 1
        if own is None and not self.is_seconds:
            metres = 0 if self.metres is None else self.metres
            self.cost = self.seconds * per_hour * 10 + metres * per_km * 36
            self.divisor = 36_000


def _barred(problem: VroomProblem, vehicle: Record) -> frozenset[int]:
    skills = set(vehicle.get("skills", ()))
    return frozenset(number for number, job in enumerate(problem.jobs) if job.skills - skills)


def solve_vroom(problem: VroomProblem, effort: Effort) -> VroomPlan:
    """Plan a problem.

    Args:
        problem: What was read.
        effort: How long to search.

    Raises:
        InputError: Nothing of it can be served: the message says what stands in the way.
    """
    ways = [_Way(problem, number) for number in range(len(problem.vehicles))]
    fine = any(way.divisor > 1 for way in ways)
    scale = 1_000 if fine else 1
    limited = any("max_tasks" in vehicle for vehicle in problem.vehicles)
    kinds: list[tuple[np.ndarray, np.ndarray]] = []
    places, setups = _places(problem)
    trucks = []
    for number, vehicle in enumerate(problem.vehicles):
        way = ways[number]
        longest = vehicle.get("max_travel_time", FOREVER)
        if longest != FOREVER and not way.is_seconds:
            raise InputError(
                f"vehicle {vehicle['id']}: max_travel_time can be planned here only where the cost "
                "is the time of travel"
            )
        length = way.cost * scale // way.divisor
        capacity = _capacity(problem, vehicle)
        if limited:
            capacity = (*capacity, vehicle.get("max_tasks", len(problem.jobs)))
        trucks.append(
            Truck(
                start=problem.starts[number],
                end=problem.ends[number],
                ways=_kind(kinds, length, way.seconds),
                capacity=capacity,
                window=_window(vehicle.get("time_window", (0, FOREVER)), "time_window"),
                fixed=way.fixed * scale,
                longest=longest * scale if longest != FOREVER else FOREVER,
                barred=_barred(problem, vehicle),
            )
        )
    dearest = sum(truck.fixed for truck in trucks) + max(
        int(length.max(initial=0)) for length, _ in kinds
    ) * (2 * len(problem.jobs) + 2 * len(trucks))
    worth = prizes([job.priority for job in problem.jobs], dearest)
    reachable = np.array(places, np.intp)
    answer = solve(
        Problem(
            lengths=tuple(length[np.ix_(reachable, reachable)] for length, _ in kinds),
            seconds=tuple(
                _with_setups(seconds[np.ix_(reachable, reachable)], places, setups)
                for _, seconds in kinds
            ),
            trucks=tuple(trucks),
            visits=tuple(
                _visit(job, 0, places, setups, limited, prize)
                for job, prize in zip(problem.jobs, worth, strict=True)
                if len(job.stops) == 1
            ),
            carriages=tuple(
                Carriage(
                    pick=_visit(job, 0, places, setups, limited, 0),
                    drop=_visit(job, 1, places, setups, limited, 0),
                    amount=job.pickup,
                    prize=prize,
                )
                for job, prize in zip(problem.jobs, worth, strict=True)
                if len(job.stops) == 2
            ),
        ),
        effort,
    )
    reasons = {number: _reason(problem, ways, number) for number in answer.left_out}
    if not answer.rounds:
        said = "; ".join(
            f"{job.kinds[0]} {job.records[0]['id']}: {reasons[number].value}"
            for number, job in list(enumerate(problem.jobs))[:5]
        )
        raise InputError(f"nothing can be served: {said}")
    return VroomPlan(problem, answer, scale, reasons)


def _kind(
    kinds: list[tuple[np.ndarray, np.ndarray]], length: np.ndarray, seconds: np.ndarray
) -> int:
    """Return the number of a pair of matrices, a new one where there is none like it."""
    for number, (one, other) in enumerate(kinds):
        if np.array_equal(one, length) and np.array_equal(other, seconds):
            return number
    kinds.append((length, seconds))
    return len(kinds) - 1


def _places(problem: VroomProblem) -> tuple[list[int], list[int]]:
    """Return locations and setup times: a location for each setup time that there is at it."""
    size = len(problem.places)
    places, setups = list(range(size)), [0] * size
    for key in sorted({key for job in problem.jobs for key in _setups(job) if key[1]}):
        places.append(key[0])
        setups.append(key[1])
    return places, setups


def _setups(job: Job) -> list[tuple[int, int]]:
    return [
        (stop, record.get("setup", 0)) for stop, record in zip(job.stops, job.records, strict=True)
    ]


def _with_setups(seconds: np.ndarray, places: list[int], setups: list[int]) -> np.ndarray:
    """Add to a way the setup at its end, where it begins elsewhere."""
    where = np.array(places)
    made: np.ndarray = seconds + np.where(where[:, None] == where, 0, np.array(setups))
    return made


def _visit(
    job: Job,
    index: int,
    places: list[int],
    setups: list[int],
    limited: bool,
    prize: int,
) -> Visit:
    stop, record = job.stops[index], job.records[index]
    setup = record.get("setup", 0)
    at = next(n for n, one in enumerate(places) if one == stop and setups[n] == setup)
    return Visit(
        location=at,
        delivery=(*job.delivery, *((1,) * limited)),
        pickup=(*job.pickup, *((0,) * limited)),
        service=record.get("service", 0),
        # The way there holds the setup, which is to begin within the window.
        windows=tuple(
            (opens + setup, min(closes + setup, FOREVER)) for opens, closes in job.windows[index]
        ),
        prize=prize,
    )


def _reason(problem: VroomProblem, ways: Sequence[_Way], number: int) -> Reason:
    job = problem.jobs[number]
    able = [n for n, one in enumerate(problem.vehicles) if number not in _barred(problem, one)]
    if not able:
        return Reason.SKILLS
    holding = [
        n
        for n in able
        if all(
            need <= room
            for amount in (job.delivery, job.pickup)
            for need, room in zip(amount, _capacity(problem, problem.vehicles[n]), strict=True)
        )
    ]
    if not holding:
        return Reason.CAPACITY
    if not any(_in_time(problem, ways[n], n, job) for n in holding):
        return Reason.TIME
    return Reason.FLEET


def _in_time(problem: VroomProblem, way: _Way, number: int, job: Job) -> bool:
    """Say whether a vehicle that does nothing else could do a job in time."""
    vehicle = problem.vehicles[number]
    opens, closes = vehicle.get("time_window", (0, FOREVER))
    at, now, travelled = problem.starts[number], opens, 0
    for stop, windows, record in zip(job.stops, job.windows, job.records, strict=True):
        if at is not None:
            now += int(way.seconds[at, stop])
            travelled += int(way.seconds[at, stop])
        begins = [max(now, first) for first, last in windows if max(now, first) <= last]
        if not begins:
            return False
        now = begins[0] + (record.get("setup", 0) if at != stop else 0) + record.get("service", 0)
        at = stop
    end = problem.ends[number]
    if end is not None and at is not None:
        now += int(way.seconds[at, end])
        travelled += int(way.seconds[at, end])
    return bool(now <= closes and travelled <= vehicle.get("max_travel_time", FOREVER))
