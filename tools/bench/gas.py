"""Gas of an act on a real node, beside the floor of bare storage for the record that it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aidline.client import Receipt
from aidline.client.web3chain import Web3Chain
from tools.bench.figures import Figure

__all__ = ["Cost", "act", "cost_of", "elsewhere"]

#: Gas of the parts of a floor, under the rules of London.
TRANSACTION, NEW_SLOT, CHANGED_SLOT, COLD_READ = 21_000, 22_100, 5_000, 2_100
COLD_CONTRACT, SIGNATURE = 2_600, 3_000
ZERO_BYTE, BYTE = 4, 16
LOG, TOPIC, LOG_BYTE = 375, 375, 8
NEW_CONTRACT, CODE_BYTE = 32_000, 200


@dataclass(frozen=True)
class Cost:
    """What a transaction used and what its record would cost at the least.

    Attributes:
        gas: Used.
        floor: The transaction, its call data, each slot that it wrote or read, each contract that
            it called or made, each signature and each log, and no computation at all.
    """

    gas: int
    floor: int


def cost_of(chain: Web3Chain, receipt: Receipt, signatures: int = 0) -> Cost:
    """Measure a transaction; the node says which slots it touched."""
    receipt.check()
    sent = receipt.transaction
    assert sent is not None and sent.to is not None
    touched = _trace(chain, receipt, {})
    change = _trace(chain, receipt, {"diffMode": True})
    before, after = change["pre"], change["post"]
    new = changed = 0
    for address, account in after.items():
        for slot in account.get("storage", {}):
            if int(before.get(address, {}).get("storage", {}).get(slot, "0x0"), 16):
                changed += 1
            else:
                new += 1
    for address, account in before.items():  # cleared: not named afterwards
        kept = after.get(address, {}).get("storage", {})
        changed += sum(slot not in kept for slot in account.get("storage", {}))
    read = sum(len(account.get("storage", {})) for account in touched.values()) - new - changed
    contracts = sum("code" in account for account in touched.values()) - 1
    floor = TRANSACTION + NEW_SLOT * new + CHANGED_SLOT * changed + COLD_READ * max(read, 0)
    floor += COLD_CONTRACT * contracts + SIGNATURE * signatures
    for address, account in after.items():
        code = "" if address in before else account.get("code", "").removeprefix("0x")
        floor += NEW_CONTRACT + CODE_BYTE * (len(code) // 2) if code else 0
    floor += sum(BYTE if byte else ZERO_BYTE for byte in sent.data)
    for log in receipt.logs:
        floor += LOG + TOPIC * len(log.topics) + LOG_BYTE * len(log.data)
    return Cost(receipt.gas_used, floor)


def act(name: str, cost: Cost, *, goal: float | None = None, each: int = 1) -> Iterator[Figure]:
    """Yield the gas of an act, the floor of its record, and the ratio of both.

    Args:
        name: Subject and act.
        cost: Of the transaction.
        goal: To reach.
        each: How many acts the transaction holds; gas and floor are for one.
    """
    yield Figure(f"{name}", cost.gas / each, "gas", goal=goal)
    yield Figure(f"{name}.floor", cost.floor / each, "gas")
    yield Figure(f"{name}.ratio_to_floor", cost.gas / cost.floor, "x")


def elsewhere(name: str, gas: int) -> Figure:
    """Return what the nearest act costs in another system: same compiler, same EVM."""
    return Figure(f"elsewhere.{name}", gas, "gas")


def _trace(chain: Web3Chain, receipt: Receipt, options: dict[str, Any]) -> dict[str, Any]:
    answer = chain.w3.provider.make_request(
        "debug_traceTransaction",
        ["0x" + receipt.tx_hash.hex(), {"tracer": "prestateTracer", "tracerConfig": options}],
    )
    if "result" not in answer:
        raise RuntimeError(f"the node cannot trace: {answer.get('error')}")
    result: dict[str, Any] = answer["result"]
    return result
