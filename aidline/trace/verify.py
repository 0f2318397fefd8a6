"""Whether what a summary says is what the chain says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aidline.client import Aidline
from aidline.errors import ContractReverted
from aidline.model import ActionStatus
from aidline.trace.figures import from_counters, from_events

__all__ = ["Difference", "differences"]

#: What a summary holds that a chain can prove.
_PROVED = (
    "chain_id",
    "units",
    "demand",
    "freight",
    "consignments",
    "money",
    "gifts",
    "emergency",
    "refused",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure on which the summary and the chain are not one.

    Attributes:
        figure: Where it stands in the summary, such as ``freight.paid``.
        said: What the summary says.
        found: What the chain says.
        source: Where on the chain: ``counters``, ``events`` or ``transactions``.
    """

    figure: str
    said: Any
    found: Any
    source: str

    def __str__(self) -> str:
        return f"{self.figure}: the summary says {self.said}, the {self.source} say {self.found}"


def differences(summary: Mapping[str, Any], aid: Aidline) -> list[Difference]:
    """Recompute a summary's figures, from counters and from events, and compare.

    Args:
        summary: The document of ``summary.json``.
        aid: The deployment that it is about.

    Returns:
        Every figure that is not the same in all three; empty when the summary is true.

    Raises:
        EnvironmentProblem: The node does not answer.
    """
    found: list[Difference] = []
    for source, figures in (("counters", from_counters(aid)), ("events", from_events(aid))):
        figures["chain_id"] = aid.chain.chain_id()
        for name in _PROVED:
            if name in figures:
                for path, said, told in _unequal(name, summary.get(name), figures[name]):
                    found.append(Difference(path, said, told, source))
    found.extend(_actions(summary, aid))
    found.extend(_refused(summary, aid))
    return found


def _unequal(path: str, said: Any, told: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(said, Mapping) and isinstance(told, Mapping):
        for key in sorted({*said, *told}):
            yield from _unequal(f"{path}.{key}", said.get(key), told.get(key))
    elif _is_list(said) and _is_list(told):
        if len(said) != len(told):
            yield f"{path} (length)", len(said), len(told)
        for index, (one, other) in enumerate(zip(said, told, strict=False)):
            yield from _unequal(f"{path}[{index}]", one, other)
    elif type(said) is not type(told) or said != told:
        yield path, said, told


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _actions(summary: Mapping[str, Any], aid: Aidline) -> Iterator[Difference]:
    """The contract's own record of each action of a plan."""
    for index, change in enumerate(summary.get("emergency") or ()):
        for place, action in enumerate(change.get("actions") or ()):
            record = aid.emergency.actionRecord(action["id"])
            path = f"emergency[{index}].actions[{place}]"
            status = ActionStatus(record.status).name.lower()
            if status != action["status"] and record.status != ActionStatus.DROPPED:
                yield Difference(f"{path}.status", action["status"], status, "counters")
            if str(record.quantity) != action["quantity"]:
                yield Difference(
                    f"{path}.quantity", action["quantity"], str(record.quantity), "counters"
                )


def _refused(summary: Mapping[str, Any], aid: Aidline) -> Iterator[Difference]:
    """Each refused proposal is a transaction that failed, with the error that is named."""
    for index, refusal in enumerate(summary.get("refused") or ()):
        path = f"refused[{index}]"
        data = aid.chain.refusal(bytes.fromhex(refusal["transaction"].removeprefix("0x")))
        if data is None:
            yield Difference(path, refusal["transaction"], "no such refusal", "transactions")
        elif data:
            problem = aid.book.error(data)
            told = problem.error if isinstance(problem, ContractReverted) else str(problem)
            if told != refusal["error"]:
                yield Difference(f"{path}.error", refusal["error"], told, "transactions")
