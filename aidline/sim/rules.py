"""The named rules by which a simulation fills in what its figures lack.

A scenario names one rule for each subject, with its parameters (``rules`` in its file). What a rule
draws, it draws from a stream of its own for each record, made of the seed and the record's key: the
same seed gives the same figures, in whatever order the records come.
"""

from __future__ import annotations

import hashlib
import random
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aidline.errors import ScenarioError
from aidline.sim.records import Material, Need, RuleCall

__all__ = ["Rules", "check_rules", "known_rules", "stream"]


def stream(seed: int, *key: object) -> random.Random:
    """Returns the random stream of a record: the same for the same seed and key, everywhere."""
    text = "\x1f".join([str(seed), *(str(part) for part in key)])
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _natural(value: Any) -> bool:
    return _whole(value) and value > 0


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text for text in value)


def _key_fields(value: Any) -> bool:
    known = {"hospital", "hospital_name", "city", "material", "specification"}
    return _texts(value) and len(value) > 0 and set(value) <= known


def _mix(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(
            isinstance(part, dict)
            and set(part) == {"share", "low", "high"}
            and all(_whole(number) for number in part.values())
            and part["low"] <= part["high"]
            for part in value
        )
        and any(part["share"] for part in value)
    )


def _hours(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {need.value for need in Need}
        and all(_natural(hours) for hours in value.values())
    )


_Check = Callable[[Any], bool]
_WORDS: Mapping[_Check, str] = {
    _whole: "a whole number, at least 0",
    _natural: "a whole number, at least 1",
    _texts: "a list of texts",
    _key_fields: "a list of hospital, hospital_name, city, material, specification",
    _mix: "a list of {share, low, high}",
    _hours: "hours for critical, high, medium and low",
}

# Subject -> rule -> parameters, all of them needed.
_KNOWN: Mapping[str, Mapping[str, Mapping[str, _Check]]] = {
    "people_in_care": {"seeded_range": {"low": _natural, "high": _natural}},
    "vulnerable": {"name_has": {"words": _texts}},
    "daily_use": {"per_person": {}},
    "stock": {"hours_of_use": {"mix": _mix}},
    "quantity_unknown": {"days_of_use": {"days": _natural}, "fixed": {"units": _natural}},
    "quantity_absurd": {"cut_to_largest": {}, "reject": {}},
    "needed_within": {"by_need": {"hours": _hours}},
    "freight_budget": {
        "flat": {"amount": _whole},
        "per_unit": {"base": _whole, "per_thousand_units": _whole},
    },
    "published": {"seeded_days": {"first": _whole, "last": _whole}},
    "duplicates": {
        "keep_largest": {"key": _key_fields},
        "keep_last": {"key": _key_fields},
        "sum": {"key": _key_fields},
    },
    "hospitals_repeat": {"same_name": {}, "keep_all": {}},
    "place_unknown": {"mean_of_region": {}, "reject": {}},
    "demand_missing": {"standard_list": {"materials": _texts}, "none": {}},
    "branch_missing": {"nearest_branch": {"within": _natural}},
    "count_fell": {"as_published": {}, "keep_highest": {}},
    "city_late": {"carry_forward": {}, "leave_out": {}},
}


def known_rules() -> Mapping[str, tuple[str, ...]]:
    """Returns for each subject the names of its rules."""
    return {subject: tuple(rules) for subject, rules in _KNOWN.items()}


def check_rules(calls: Mapping[str, RuleCall]) -> None:
    """Checks that every rule exists and has its parameters.

    Raises:
        ScenarioError: With ``subject.parameter`` first in its line.
    """
    for subject, rules in _KNOWN.items():
        if subject not in calls:
            raise ScenarioError(f"{subject}: no rule is named")
        call = calls[subject]
        if call.name not in rules:
            raise ScenarioError(
                f"{subject}.rule: '{call.name}' is unknown; known: {', '.join(rules)}"
            )
        needed = rules[call.name]
        for name, fits in needed.items():
            if name not in call.parameters:
                raise ScenarioError(f"{subject}: '{name}' is missing")
            if not fits(call.parameters[name]):
                raise ScenarioError(f"{subject}.{name}: {_WORDS[fits]} is expected")
        extra = [name for name in call.parameters if name not in needed]
        if extra:
            raise ScenarioError(f"{subject}: '{extra[0]}' is not a parameter of '{call.name}'")
        for low, high in (("low", "high"), ("first", "last")):
            if low in needed and call.parameters[low] > call.parameters[high]:
                raise ScenarioError(f"{subject}.{low}: is above {high}")


class Rules:
    """The rules of one scenario, under one seed.

    Args:
        calls: Rule by subject; ``check_rules`` has passed them.
        seed: From which everything that is drawn comes.
    """

    __slots__ = ("_calls", "_seed")

    def __init__(self, calls: Mapping[str, RuleCall], seed: int) -> None:
        check_rules(calls)
        self._calls = calls
        self._seed = seed

    def name_of(self, subject: str) -> str:
        """Returns the name of the rule for a subject."""
        return self._calls[subject].name

    def parameter(self, subject: str, name: str) -> Any:
        """Returns a parameter of the rule for a subject."""
        return self._calls[subject].parameters[name]

    def people_in_care(self, hospital: str) -> int:
        """Fills in how many people a hospital has in care."""
        low, high = (self.parameter("people_in_care", end) for end in ("low", "high"))
        return stream(self._seed, "people_in_care", hospital).randint(low, high)

    def vulnerable(self, name: str) -> bool:
        """Tells from a hospital's name whether it serves the especially vulnerable."""
        return any(word in name for word in self.parameter("vulnerable", "words"))

    def daily_use(self, people_in_care: int, material: Material) -> int:
        """Fills in the daily use, rounded up."""
        return -(-people_in_care * material.daily_use_per_thousand // 1000)

    def stock(self, demand: str, daily_use: int) -> int:
        """Fills in the stock on hand, rounded down."""
        draw = stream(self._seed, "stock", demand)
        mix: Sequence[Mapping[str, int]] = self.parameter("stock", "mix")
        part = draw.choices(mix, [share["share"] for share in mix])[0]
        return daily_use * draw.randint(part["low"], part["high"]) // 24

    def units(self, daily_use: int, stock: int) -> int:
        """Fills in how much is needed, at least one unit."""
        if self.name_of("quantity_unknown") == "fixed":
            units: int = self.parameter("quantity_unknown", "units")
            return units
        return max(1, daily_use * int(self.parameter("quantity_unknown", "days")) - stock)

    def believable(self, units: int, material: Material) -> int | None:
        """Cuts an absurd quantity, or returns ``None`` where it is to be rejected."""
        if units <= material.largest_demand:
            return units
        return material.largest_demand if self.name_of("quantity_absurd") != "reject" else None

    def needed_within(self, need: Need) -> int:
        """Fills in the seconds within which a demand is needed."""
        hours: Mapping[str, int] = self.parameter("needed_within", "hours")
        return hours[need.value] * 3600

    def freight_budget(self, units: int) -> int:
        """Fills in what the freight of a demand may cost, rounded up."""
        if self.name_of("freight_budget") == "flat":
            amount: int = self.parameter("freight_budget", "amount")
            return amount
        base: int = self.parameter("freight_budget", "base")
        rate: int = self.parameter("freight_budget", "per_thousand_units")
        return base + -(-rate * units // 1000)

    def published(self, demand: str, days: int) -> int:
        """Fills in the day of publishing, counted from the first day, below ``days``."""
        first, last = (self.parameter("published", end) for end in ("first", "last"))
        day = stream(self._seed, "published", demand).randint(first, last)
        return int(min(day, days - 1))

    def merge_key(self, fields: Mapping[str, str]) -> tuple[str, ...]:
        """Returns the key under which two rows of a demand file are the same demand."""
        return tuple(fields.get(name, "") for name in self.parameter("duplicates", "key"))

    def merged(self, first: int | None, second: int | None) -> int | None:
        """Returns the quantity of two rows that are the same demand; a known one beats unknown."""
        if first is None or second is None:
            return second if first is None else first
        match self.name_of("duplicates"):
            case "sum":
                return first + second
            case "keep_last":
                return second
            case _:
                return max(first, second)

    def hospital_key(self, hospital: str, region: str, name: str) -> tuple[str, ...]:
        """Returns the key under which two rows of a hospital file are the same hospital."""
        if self.name_of("hospitals_repeat") == "keep_all":
            return (hospital,)
        return (region, "".join(unicodedata.normalize("NFKC", name).casefold().split()))
