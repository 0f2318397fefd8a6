"""Scenarios: found by name or path, read from YAML, checked, turned into records.

Three checks, each with one line that names the place: the file is YAML without repeated keys; it
fits ``aidline/schemas/scenario.json``; it does not contradict itself (a station that does not
exist, thresholds that cross, a trunk hub without a recognised centre to go to).
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from aidline.errors import ScenarioError
from aidline.sim import records as r
from aidline.sim.building import Builder
from aidline.sim.contradictions import contradictions
from aidline.sim.prepare import Prepared, prepare

__all__ = ["Prepared", "known_scenarios", "load", "prepare", "scaled"]

_ENDINGS = (".yaml", ".yml")


def known_scenarios(folder: Path | None = None) -> tuple[str, ...]:
    """Returns the names of the scenarios at hand.

    Args:
        folder: Where they lie; by default ``scenarios`` of the working folder and of the checkout.
    """
    found = {path.stem for place in _folders(folder) for path in place.glob("*.yaml")}
    return tuple(sorted(found))


def load(name_or_path: str | PathLike[str], folder: Path | None = None) -> r.Scenario:
    """Reads a scenario.

    Args:
        name_or_path: A scenario's name (``wuhan-2020``), or the path of its file.
        folder: Where scenarios lie by name; see ``known_scenarios``.

    Raises:
        ScenarioError: If there is none, or if it breaks the schema or contradicts itself.
    """
    path = _find(name_or_path, folder)
    document = _read(path)
    _check_schema(document, path)
    scenario = Builder(document, path).scenario()
    scenario = scaled(scenario, document["copies"])
    if (problem := next(contradictions(scenario), None)) is not None:
        raise ScenarioError(problem, path=path.name)
    return scenario


def scaled(scenario: r.Scenario, copies: int) -> r.Scenario:
    """Returns the scenario with demands, gifts, devices and vehicles ``copies`` times over.

    A copy keeps its day; its id carries the number of the copy. For runs of many transactions.

    Raises:
        ScenarioError: If ``copies`` is below 1.
    """
    if copies < 1:
        raise ScenarioError(f"copies: {copies} is below 1", path=Path(scenario.path).name)
    if copies == 1:
        return scenario

    def name(old: str, copy: int) -> str:
        return old if copy == 1 else f"{old}-{copy}"

    turns = range(1, copies + 1)
    people = scenario.participants
    carriers = tuple(
        replace(
            carrier,
            vehicles=tuple(replace(v, count=v.count * copies) for v in carrier.vehicles),
        )
        for carrier in people.carriers
    )
    return replace(
        scenario,
        copies=copies,
        participants=replace(people, carriers=carriers),
        devices=replace(scenario.devices, count=scenario.devices.count * copies),
        supplies=tuple(replace(s, id=name(s.id, n)) for n in turns for s in scenario.supplies),
        orders=tuple(
            replace(o, id=name(o.id, n), supply=name(o.supply, n))
            for n in turns
            for o in scenario.orders
        ),
        gifts=tuple(replace(g, id=name(g.id, n)) for n in turns for g in scenario.gifts),
        money=tuple(replace(m, id=name(m.id, n)) for n in turns for m in scenario.money),
        demands=tuple(replace(d, id=name(d.id, n)) for n in turns for d in scenario.demands),
    )


def _folders(folder: Path | None) -> tuple[Path, ...]:
    if folder is not None:
        return (folder,)
    checkout = Path(str(resources.files("aidline"))).parent / "scenarios"
    return tuple(dict.fromkeys((Path.cwd() / "scenarios", checkout)))


def _find(name_or_path: str | PathLike[str], folder: Path | None) -> Path:
    text = str(name_or_path)
    path = Path(text)
    if path.suffix in _ENDINGS or len(path.parts) != 1:
        if not path.is_file():
            raise ScenarioError("there is no such file", path=text)
        return path
    for place in _folders(folder):
        candidate = place / f"{text}.yaml"
        if text and candidate.is_file():
            return candidate
    known = ", ".join(known_scenarios(folder)) or "none"
    raise ScenarioError(f"scenario '{text}' is unknown; known: {known}; or give a path (.yaml)")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with dates left as text and repeated keys refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable) or key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key}' stands twice", key_node.start_mark
                )
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise ScenarioError(f"cannot be read: {reason}", path=path.name) from None
    except UnicodeDecodeError:
        raise ScenarioError("is not UTF-8", path=path.name) from None
    try:
        document = yaml.load(text, _Loader)  # a safe loader: plain data only
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ScenarioError(
            f"is not YAML: {error.problem}",
            path=path.name,
            line=None if mark is None else mark.line + 1,
            column=None if mark is None else mark.column + 1,
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(f"is not YAML: {error}", path=path.name) from None
    if not isinstance(document, dict):
        raise ScenarioError("is not a scenario: keys and values are expected", path=path.name)
    return document


def _check_schema(document: Mapping[str, Any], path: Path) -> None:
    file = resources.files("aidline").joinpath("schemas/scenario.json")
    schema = json.loads(file.read_text(encoding="utf-8"))
    errors = Draft202012Validator(schema).iter_errors(document)
    first = min(errors, key=lambda e: [str(step) for step in e.absolute_path], default=None)
    if first is not None:
        raise ScenarioError(_say(first), path=path.name)


def _say(error: ValidationError) -> str:
    place = _place(error.absolute_path)
    before = f"{place}: " if place else ""
    instance: Any = error.instance
    value: Any = error.validator_value
    if error.validator == "required":
        missing = next(key for key in value if key not in instance)
        return f"{before}'{missing}' is missing"
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = error.schema.get("properties", {})
        extra = sorted(str(key) for key in instance if key not in known)
        return f"{before}'{extra[0]}' is not a key of it"
    return f"{before}{error.message[:200]}"


def _place(steps: Iterable[str | int]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
