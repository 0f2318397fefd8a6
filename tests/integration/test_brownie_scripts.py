"""`brownie run deploy` and `brownie run simulate`, on the chain that Brownie starts by itself.

Not inside `brownie test`, which has a chain of its own up already.

Both
├── end well, with what they made or played on their output
└── leave no chain
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.support.cli import MARK, gone
from tests.support.few_days import few_days

ROOT = Path(__file__).resolve().parents[2]
BROWNIE = Path(sys.executable).parent / "brownie"


def inside_brownie() -> bool:
    config = sys.modules.get("brownie._config")
    return config is not None and config.CONFIG.argv.get("cli") == "test"


pytestmark = [
    pytest.mark.node,
    pytest.mark.slow,
    pytest.mark.skipif(inside_brownie(), reason="Brownie's own tests have its chain"),
    pytest.mark.skipif(not BROWNIE.is_file(), reason="Brownie is not installed"),
]


def brownie(*arguments: str) -> str:
    mark = uuid.uuid4().hex
    kept = {name: value for name, value in os.environ.items() if name != "BROWNIE_CHAIN_PORT"}
    ended = subprocess.run(
        [BROWNIE, *arguments],
        cwd=ROOT,
        env={**kept, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3_000:]
    assert "Traceback" not in ended.stdout, ended.stdout[-3_000:]
    assert gone(mark)
    return ended.stdout


def test_deploy_prints_where_all_stands() -> None:
    said = brownie("run", "deploy")
    made = json.loads((ROOT / "reports" / "deployments" / "31337.json").read_text(encoding="utf-8"))
    assert len(made["contracts"]) >= 14
    for name, place in made["contracts"].items():
        assert f"{name:20} {place['address']}" in said


def test_simulate_plays_a_scenario(tmp_path: Path) -> None:
    said = brownie("run", "simulate", "main", str(few_days(tmp_path)))
    assert "participants get" in said
    assert "OutOfOrder" in said
    assert "prepaid" in said
