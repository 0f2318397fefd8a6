"""Makes the lock files anew: ``python -m tools.lock``.

The Python locks come from requirements.in and requirements-audit.in (by ``uv``, which must be on
the PATH), the Node lock from package.json. None names a registry's host. Versions that still fit
stay; to raise one, change its pin, or remove the lock file first.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def lock_python(name: str) -> None:
    """Writes ``<name>.txt`` from ``<name>.in``, with hashes, for Python 3.11 and newer."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes"]
    quiet = ["--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
    command = ["uv", "pip", "compile", *options, *quiet, "-o", f"{name}.txt", f"{name}.in"]
    subprocess.run(command, cwd=ROOT, check=True)


def lock_node() -> None:
    """Writes package-lock.json from package.json."""
    command = ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=ROOT, check=True)
    path = ROOT / "package-lock.json"
    lock = complete(json.loads(path.read_text(encoding="utf-8")))
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def complete(lock: dict[str, Any]) -> dict[str, Any]:
    """Adds what a registry that lacks a platform's binaries left out of the lock.

    ``npm ci`` refuses a lock in which an optional package is missing, also one for another platform
    than its own. Anvil and Forge have one such package for each platform.
    """
    packages = lock["packages"]
    for tool in ("anvil", "forge"):
        meta = packages[f"node_modules/@foundry-rs/{tool}"]
        for name, version in meta["optionalDependencies"].items():
            _, system, processor = name.split("/")[1].split("-")
            suffix = ".exe" if system == "win32" else ""
            entry = {
                "version": version,
                "cpu": ["x64" if processor == "amd64" else processor],
                "license": meta["license"],
                "optional": True,
                "os": [system],
                "bin": {tool: f"bin/{tool}{suffix}"},
            }
            packages.setdefault(f"node_modules/{name}", entry)
    for entry in packages.values():
        entry.pop("resolved", None)
        entry.pop("funding", None)
    return {**lock, "packages": dict(sorted(packages.items()))}


def main() -> int:
    """Runs the command line.

    Returns:
        Exit status: 2 where a program is missing, 1 where it fails.
    """
    if shutil.which("uv") is None:
        print("making the lock needs uv: install it with `pipx install uv`", file=sys.stderr)
        return 2
    try:
        lock_python("requirements")
        lock_python("requirements-audit")
        lock_node()
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} failed with exit status {error.returncode}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
