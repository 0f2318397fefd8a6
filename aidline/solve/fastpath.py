"""Unaudited demand that a fast path may serve, after everything that was audited.

An emergency plan opens a fast path: so many units for a region, for a while. A demand that stands
under the plan, that no auditor refuses or contests, whose recipient asks for no more than the cap
and owes no audit, may be served from the nearest path above it that has room for the whole line.
The contract counts such a line as low, whatever the facts claim: so it comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aidline.solve.matching import Line, OpenDemand, OpenOffer, Plan, match

__all__ = ["Path", "Unaudited", "serve_unaudited"]

#: An emergency and a region, as the contract names them.
Path = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Unaudited:
    """A demand that a fast path may serve.

    Attributes:
        demand: The demand, at the level under which a fast path counts it: low.
        paths: The paths that may take it, the nearest first.
    """

    demand: OpenDemand
    paths: tuple[Path, ...]


def serve_unaudited(
    plan: Plan,
    demands: Sequence[OpenDemand],
    offers: Sequence[OpenOffer],
    waiting: Sequence[Unaudited],
    room: Mapping[Path, int],
    costs: Mapping[tuple[object, object], int] | None = None,
) -> Plan:
    """Return what the offers can still give to unaudited demand, beside a plan for the audited.

    Args:
        plan: The plan for the audited demands, which is proposed first.
        demands: The audited demands.
        offers: The offers.
        waiting: What fast paths may serve.
        room: Units that each path can still take.
        costs: As for :func:`~aidline.solve.matching.match`.

    Returns:
        Lines for the unaudited demands, in whose order no path is asked for more than it has, with
        the exemptions that they need.
    """
    given = _sums((line.offer, line.units) for line in plan.lines)
    served = _sums((line.demand, line.units) for line in plan.lines)
    left = [
        replace(offer, units=offer.units - given.get(offer.id, 0))
        for offer in offers
        if offer.units > given.get(offer.id, 0)
    ]
    still_open = [
        replace(demand, units=demand.units - served.get(demand.id, 0))
        for demand in demands
        if demand.units > served.get(demand.id, 0)
    ]
    asked = _within(waiting, room)
    known = {one.demand.id: one for one in waiting}
    # What is audited and still open, no offer that is left can serve; it is there as an exemption.
    made = match([*still_open, *asked], left, costs)
    lines = _charged((line for line in made.lines if line.demand in known), known, room)
    used = {line.offer for line in lines}
    return Plan(
        lines=tuple(lines),
        exemptions=tuple(one for one in made.exemptions if one.offer in used),
        unmet=(),
    )


def _sums(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for key, units in pairs:
        sums[key] = sums.get(key, 0) + units
    return sums


def _within(waiting: Sequence[Unaudited], room: Mapping[Path, int]) -> list[OpenDemand]:
    """Cut what is asked to what the paths can take, those that are needed soonest first."""
    left = dict(room)
    asked = []
    for one in sorted(waiting, key=lambda one: (one.demand.needed_by, one.demand.id)):
        path = next((path for path in one.paths if left.get(path, 0)), None)
        if path is not None:
            units = min(one.demand.units, left[path])
            left[path] -= units
            asked.append(replace(one.demand, units=units))
    return asked


def _charged(
    lines: Iterable[Line], known: Mapping[int, Unaudited], room: Mapping[Path, int]
) -> list[Line]:
    """Return the lines as far as the paths, charged in the contract's way, have room for them."""
    left = dict(room)
    made = []
    for line in sorted(lines, key=lambda line: (line.offer, line.demand)):
        paths = known[line.demand].paths
        path = next((path for path in paths if left.get(path, 0) >= line.units), None)
        if path is None:
            path = max(paths, key=lambda path: left.get(path, 0))
            line = replace(line, units=left.get(path, 0))
        if line.units:
            left[path] -= line.units
            made.append(line)
    return made
