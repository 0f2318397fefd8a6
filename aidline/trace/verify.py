"""Whether what a summary says is what the chain says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aidline.client import Aidline
from aidline.errors import ContractReverted
from aidline.model import ActionStatus
from aidline.sim.cast import Cast
from aidline.trace.figures import from_counters, from_events, proposal_text

__all__ = ["Difference", "differences"]

_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure on which the summary and the chain are not one.

    Attributes:
        figure: Where it stands in the summary, such as ``freight.paid``.
        said: What the summary says.
        found: What the chain says.
        source: Who says it: the chain's ``counters``, ``events`` or ``transactions``, the ``keys``
            that the seed gives, or the summary's own ``sums``.
    """

    figure: str
    said: Any
    found: Any
    source: str

    def __str__(self) -> str:
        return f"{self.figure}: the summary says {self.said}, the {self.source} say {self.found}"


def differences(summary: Mapping[str, Any], aid: Aidline) -> list[Difference]:
    """Recompute a summary's figures, from counters and from events, and compare.

    What no chain can know stays out: the title, the days of the scenario, the seconds that the run
    took, and how many rows of a file were unknown or cut.

    Args:
        summary: The document of ``summary.json``.
        aid: The deployment that it is about.

    Returns:
        Every figure that is not the same in all three; empty when the summary is true.

    Raises:
        EnvironmentProblem: The node does not answer.
    """
    offset = summary["time_offset"]
    found: list[Difference] = []
    for source, figures in (
        ("counters", from_counters(aid, offset)),
        ("events", from_events(aid, offset)),
    ):
        figures["chain_id"] = aid.chain.chain_id()
        for name, told in figures.items():
            for path, one, other in _unequal(name, summary[name], told):
                found.append(Difference(path, one, other, source))
    if offset % _SECONDS_A_DAY:
        whole = offset - offset % _SECONDS_A_DAY
        found.append(Difference("time_offset", offset, whole, "sums"))
    found.extend(_actions(summary, aid))
    found.extend(_refused(summary, aid))
    found.extend(_transactions(summary, aid))
    found.extend(_keys(summary))
    found.extend(_rows(summary))
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
    for index, change in enumerate(summary["emergency"]):
        for place, action in enumerate(change["actions"]):
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
    """Each refused proposal is a transaction that failed, with the lines and error named."""
    propose = aid.demand["propose"].codec
    for index, refusal in enumerate(summary["refused"]):
        path = f"refused[{index}]"
        failed = aid.chain.refusal(bytes.fromhex(refusal["transaction"].removeprefix("0x")))
        arguments = None
        if failed is not None and failed.to == aid.demand.address:
            arguments = propose.decode_call(failed.call)
        if failed is None or arguments is None:
            said = refusal["transaction"]
            yield Difference(f"{path}.transaction", said, "no refused proposal", "transactions")
            continue
        lines = proposal_text(arguments[0].lines)
        if lines != refusal["proposal"]:
            yield Difference(f"{path}.proposal", refusal["proposal"], lines, "transactions")
        if failed.data:
            problem = aid.book.error(failed.data)
            told = problem.error if isinstance(problem, ContractReverted) else str(problem)
            if told != refusal["error"]:
                yield Difference(f"{path}.error", refusal["error"], told, "transactions")


def _transactions(summary: Mapping[str, Any], aid: Aidline) -> Iterator[Difference]:
    """What the run's people sent to the contracts, and the making of the factory."""
    deployment = aid.deployment
    places = [deployment.factory, *(place.address for place in deployment.contracts.values())]
    people = summary["names"]
    senders = aid.chain.senders(places, deployment.block)
    told = 1 + sum(sender in people for sender in senders)
    if summary["transactions"] != told:
        yield Difference("transactions", summary["transactions"], told, "transactions")


def _keys(summary: Mapping[str, Any]) -> Iterator[Difference]:
    """Everybody's key follows from the scenario and the seed."""
    cast = Cast(summary["scenario"], summary["seed"])
    wrong = {
        address: name for address, name in summary["names"].items() if cast[name].address != address
    }
    if len(wrong) > 1 and len(wrong) == len(summary["names"]):
        said = f"{summary['scenario']} with seed {summary['seed']}"
        yield Difference("seed", said, "nobody's key", "keys")
        return
    for address, name in wrong.items():
        yield Difference(f"names.{address}", name, "another key", "keys")


def _rows(summary: Mapping[str, Any]) -> Iterator[Difference]:
    """Every row of a file has one fate."""
    for name, count in summary["input"].items():
        fates = count["used"] + count["merged"] + count["rejected"]
        if count["rows"] != fates:
            yield Difference(f"input.{name}.rows", count["rows"], fates, "sums")
