"""What the package shows.

Every module lists its public names, and has them
No module of it imports Brownie
Importing has no effect: no file, no process, no output
"""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent.parent / "aidline"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_listed_once_and_there(name: str) -> None:
    module = importlib.import_module(name)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    body = [
        node
        for node in ast.parse(source).body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    if not body:
        return  # a docstring alone
    listed = getattr(module, "__all__", None)
    if listed is None:
        assert name == "aidline" or name.endswith("__main__"), f"{name} lists no public names"
        return
    assert len(set(listed)) == len(listed)
    assert [item for item in listed if not hasattr(module, item)] == []


def test_no_module_imports_brownie() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(item.split(".")[0] == "brownie" for item in names), path


def test_importing_has_no_effect(tmp_path: Path) -> None:
    modules = [name for name in MODULES if not name.endswith("__main__")]
    program = (
        f"import sys, threading; sys.path.insert(0, {str(PACKAGE.parent)!r})\n"
        f"for name in {modules!r}: __import__(name)\n"
        "print(threading.active_count())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == ("1", "")
    assert list(tmp_path.iterdir()) == []
