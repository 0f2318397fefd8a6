"""Gas of every function that the scenario wuhan-2020 calls, and the size of every contract.

    python -m tools.gas            compare with tests/gas.json, exit status 1 on a difference
    python -m tools.gas --write    write it anew, to be reviewed like code

The run is seeded, on an Anvil of its own, so the figures are the same on every machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aidline.artifacts import artifact
from aidline.client import Web3Chain
from aidline.client.chain import Receipt, Transaction
from aidline.deploy import SUITE
from aidline.node import AnvilNode
from aidline.sim.model import Model
from aidline.sim.records import SECONDS_A_DAY
from aidline.sim.scenario import load

RECORD = Path(__file__).resolve().parent.parent / "tests" / "gas.json"


class _Meter:
    """Notes the gas of each successful call of a chain."""

    def __init__(self, chain: Web3Chain) -> None:
        self.used: dict[str, list[int]] = {}
        self._send_many = chain.send_many
        chain.send_many = self.send_many  # type: ignore[method-assign]

    def send_many(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        receipts = self._send_many(transactions)
        for transaction, receipt in zip(transactions, receipts, strict=True):
            if transaction.function and receipt.status:
                name = f"{transaction.contract}.{transaction.function}"
                self.used.setdefault(name, []).append(receipt.gas_used)
        return receipts


def measure() -> dict[str, Any]:
    """Return gas by function (fewest, middle, most, calls) and bytes of code by contract."""
    scenario = load("wuhan-2020")
    with AnvilNode(genesis_time=scenario.clock.first_day * SECONDS_A_DAY) as node:
        meter = _Meter(node.chain)
        Model(scenario, chain=node.chain).run()
    gas = {
        name: {
            "calls": len(used),
            "fewest": min(used),
            "middle": sorted(used)[len(used) // 2],
            "most": max(used),
        }
        for name, used in sorted(meter.used.items())
    }
    sizes = {
        item.name: len(artifact(item.compiled).deployed)
        for item in sorted(SUITE.items, key=lambda item: item.name)
    }
    return {"gas": gas, "bytes": sizes}


def main(arguments: list[str]) -> int:
    """Write or compare."""
    found = measure()
    if arguments == ["--write"]:
        RECORD.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        return 0
    kept = json.loads(RECORD.read_text(encoding="utf-8"))
    changed = [
        f"{name}: {kept[part].get(name)} -> {found[part].get(name)}"
        for part in ("gas", "bytes")
        for name in sorted({*kept[part], *found[part]})
        if kept[part].get(name) != found[part].get(name)
    ]
    print("\n".join(changed) or "gas and sizes are as committed")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
