"""Reporters, their bundles, and plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from aidline.client import Contract, Receipt
from aidline.model import ActionKind, EarmarkKind, Measure
from aidline.signing import Domain, Key, Message, typed
from tests.support.people import domain_of, key_of, word
from tests.support.suite import DAY, MASK, START, UNIT

__all__ = [
    "CASES",
    "FAR",
    "PLAN",
    "REPORTERS",
    "TODAY",
    "Observation",
    "bundle",
    "condition",
    "fast_path",
    "indicator",
    "level",
    "plan",
    "raise_demand",
    "release_money",
    "report",
]

CASES = word("confirmed-cumulative")
PLAN = word("wuhan-2020")
#: The unix day on which the tests begin.
TODAY = START // DAY
#: A deadline that no test reaches.
FAR = START + 1_000 * DAY
#: The reporters in ascending order of their addresses.
REPORTERS = tuple(
    sorted((key_of(f"reporter_{n}") for n in range(1, 5)), key=lambda key: int(key.address, 16))
)


@typed("Observation")
@dataclass(frozen=True, slots=True)
class Observation(Message):
    """What a reporter signs."""

    indicator: Annotated[bytes, "bytes32"]
    region: Annotated[bytes, "bytes32"]
    day: Annotated[int, "uint32"]
    value: Annotated[int, "uint64"]
    data_date: Annotated[int, "uint32"]
    deadline: Annotated[int, "uint40"]


def indicator(**changes: Any) -> dict[str, Any]:
    """Return the definition of a count, with some fields changed."""
    return {
        "decimals": 0,
        "accumulating": True,
        "defined": False,
        "maximum": 1_000_000,
        "unit": word("person"),
    } | changes


def bundle(
    oracle: Contract,
    day: int,
    values: Sequence[int],
    *,
    region: str = "CN-HB",
    reporters: Sequence[Key] | None = None,
    signers: Sequence[Key] | None = None,
    domain: Domain | None = None,
    signed: Mapping[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return a bundle of the first reporters, signed, one for each value.

    Args:
        oracle: The contract for which they sign.
        day: Unix day of the value.
        values: What each observed.
        region: Where.
        reporters: Whom it names, if not the first ones.
        signers: Who signs, if not those whom it names.
        domain: For which contract and chain they sign, if not for this.
        signed: Fields of the observations that differ from the bundle's.
        changes: Fields of the bundle.
    """
    named = list(REPORTERS[: len(values)] if reporters is None else reporters)
    fields = {
        "indicator": CASES,
        "region": word(region),
        "day": day,
        "data_date": max(day, oracle.chain.now() // DAY),
        "deadline": FAR,
    } | changes
    signatures = []
    for signer, value in zip(signers or named, values, strict=True):
        message = Observation(**({**fields, "value": value} | dict(signed or {})))
        signatures.append(message.sign(signer, domain or domain_of(oracle)))
    return {
        **fields,
        "reporters": [reporter.address for reporter in named],
        "values": list(values),
        "signatures": signatures,
    }


def report(
    oracle: Contract, day: int, value: int, region: str = "CN-HB", **changes: Any
) -> Receipt:
    """Have all reporters report the same value; somebody else submits it."""
    made = bundle(oracle, day, [value] * len(REPORTERS), region=region, **changes)
    receipt: Receipt = oracle.submit(made, sender=key_of("stranger"))
    return receipt


def condition(rise: int, fall: int, window: int = 0) -> dict[str, Any]:
    """Return a condition on the figure, or with a window on its growth."""
    measure = Measure.GROWTH if window else Measure.VALUE
    return {"measure": measure, "window": window, "rise": rise, "fall": fall}


def _action(named: ActionKind, **fields: Any) -> dict[str, Any]:
    return {
        "kind": named,
        "region": word("CN-HB"),
        "material": 0,
        "base": 0,
        "rate": 0,
        "ceiling": 0,
        "spender": "0x" + "00" * 20,
        "duration": 7 * DAY,
        "earmark": {"kind": EarmarkKind.NULL, "scope": bytes(32)},
    } | fields


def raise_demand(**changes: Any) -> dict[str, Any]:
    """Return an action: 1,000 masks and 2 for each case, at most 5,000."""
    fields = {"material": MASK, "base": 1_000, "rate": 2_000, "ceiling": 5_000}
    return _action(ActionKind.RAISE_DEMAND, **(fields | changes))


def release_money(**changes: Any) -> dict[str, Any]:
    """Return an action: the charity may spend 1,000 of what was given without an earmark."""
    fields = {
        "ceiling": 1_000 * UNIT,
        "spender": key_of("charity").address,
        "earmark": {"kind": EarmarkKind.NONE, "scope": bytes(32)},
    }
    return _action(ActionKind.RELEASE_MONEY, **(fields | changes))


def fast_path(**changes: Any) -> dict[str, Any]:
    """Return an action: 500 units of unaudited demand."""
    return _action(ActionKind.OPEN_FAST_PATH, **({"ceiling": 500} | changes))


def level(
    *conditions: Mapping[str, Any],
    actions: Sequence[Mapping[str, Any]] = (),
    all_of: bool = True,
    stay: int = 1,
) -> dict[str, Any]:
    """Return a level."""
    return {
        "all": all_of,
        "minimum_stay": stay,
        "conditions": list(conditions),
        "actions": list(actions),
    }


def plan(
    oracle: Contract,
    *levels: Mapping[str, Any],
    regions: Sequence[str] = ("CN-HB",),
    **changes: Any,
) -> dict[str, Any]:
    """Return a plan over the regions' feeds, from the tests' first day on."""
    return {
        "kind": word("epidemic"),
        "regions_needed": 1,
        "first_day": TODAY,
        "time_to_live": 3 * DAY,
        "regions": [word(region) for region in regions],
        "feeds": [oracle.feedOf(CASES, word(region)) for region in regions],
        "levels": list(levels),
    } | changes
