"""Static analysis by Slither, and its check of the token standards: ``python -m tools.audit``.

Slither runs in ``.venv-audit``, an environment of its own that is made from requirements-audit.txt
when that file changes. It reads the contracts through Foundry with the checkout's compiler.
Findings of medium weight or above in our own contracts (mocks excepted) are printed; each must be
mended or explained by a row of the table in docs/audit.md:

    | check | contract | why |
    |---|---|---|
    | `reentrancy-no-eth` | `FreightEscrow` | ... |

where ``contract`` is a contract, or one function of it (`FreightEscrow.settle`). What a token of
ours lacks of its standard counts as a finding of medium weight; the check's name is Slither's own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.setup import Setup, SetupError, digest, write_atomically

ROOT = Path(__file__).resolve().parent.parent
EXPLANATIONS = ROOT / "docs" / "audit.md"
WEIGHTS = ("High", "Medium")
#: Our token, with each standard that it keeps.
STANDARDS = (
    ("contracts/currency/LogisticsCurrency.sol", "ERC20"),
    ("contracts/currency/LogisticsCurrency.sol", "ERC2612"),
)

_ROW = re.compile(r"^\|\s*`([^`]+)`\s*\|\s*`([^`]+)`\s*\|\s*(\S.*?)\s*\|\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What Slither found in one place.

    Attributes:
        check: name of the detector.
        weight: `High` or `Medium`.
        contract: the contract that it lies in.
        function: the function of that contract, or nothing.
        text: Slither's own words.
    """

    check: str
    weight: str
    contract: str
    function: str
    text: str

    @property
    def place(self) -> str:
        """The contract, with the function where there is one."""
        return f"{self.contract}.{self.function}" if self.function else self.contract

    def is_explained(self, rows: Mapping[tuple[str, str], str]) -> bool:
        """Tells whether a row explains it, for the function or for the whole contract."""
        return (self.check, self.place) in rows or (self.check, self.contract) in rows


class AuditError(Exception):
    """Slither did not run to its end; the message says why."""


def explanations(text: str) -> dict[tuple[str, str], str]:
    """Returns the rows of docs/audit.md: why, by check and place."""
    return {(check, place): why for check, place, why in _ROW.findall(text)}


def findings(report: Mapping[str, Any]) -> list[Finding]:
    """Returns the findings that count from Slither's JSON report."""
    found = []
    for item in report["results"].get("detectors", []):
        if item["impact"] not in WEIGHTS:
            continue
        contract, function = _place(item["elements"])
        text = re.sub(r"\s+", " ", item["description"]).strip()
        found.append(Finding(item["check"], item["impact"], contract, function, text))
    return sorted(found, key=lambda f: (WEIGHTS.index(f.weight), f.check, f.place, f.text))


def lacks(token: str, report: Mapping[str, Any]) -> list[Finding]:
    """Returns what a token lacks of its standard, from slither-check-erc's JSON report."""
    return [
        Finding(check, "Medium", token, "", re.sub(r"\s+|\[ \]", " ", item["description"]).strip())
        for check, items in report["results"]["erc-conformance"].items()
        for item in items
    ]


def _place(elements: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    """Returns contract and function of the first element that lies in a contract."""
    for element in elements:
        function = ""
        at: Mapping[str, Any] | None = element
        while at:
            if at["type"] == "contract":
                return at["name"], function
            if at["type"] == "function":
                function = at["name"]
            at = at.get("type_specific_fields", {}).get("parent")
    return "(file)", ""


def environment(root: Path) -> Path:
    """Makes Slither's environment where its lock changed, and returns its folder of programs."""
    folder = root / ".venv-audit"
    stamp = root / ".setup" / "audit"
    lock = root / "requirements-audit.txt"
    key = digest(lock, "{}.{}".format(*sys.version_info[:2]), str(root))
    programs = folder / "bin"
    if not (stamp.is_file() and stamp.read_text() == key and (programs / "slither").exists()):
        setup = Setup(root, getattr(sys, "_base_executable", None) or sys.executable)
        with setup.alone():
            print("set-up: Slither", flush=True)
            setup.call("making .venv-audit", [setup.interpreter, "-m", "venv", "--clear", folder])
            setup.python = programs / "python"
            hashed = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
            setup.pip("installing Slither", *hashed)
            write_atomically(stamp, key)
    return programs


@contextmanager
def project_of(root: Path) -> Iterator[Path]:
    """Makes a copy of the contracts for Slither, so that no build of Foundry's lands here."""
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch)
        for name in ("contracts", "interfaces"):
            shutil.copytree(root / name, project / name)
        (project / "node_modules").symlink_to(root / "node_modules")
        profile = {
            "src": "contracts",
            "libs": ["node_modules"],
            "remappings": ["@openzeppelin/=node_modules/@openzeppelin/"],
            "solc": str(root / ".solcx" / "solc-v0.8.30"),
            "evm_version": "london",
            "offline": True,
            "optimizer": True,
            "optimizer_runs": 200,
            "allow_paths": [str(root)],
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in profile.items()]
        (project / "foundry.toml").write_text("\n".join(["[profile.default]", *lines, ""]))
        yield project


def run_slither(root: Path, programs: Path) -> list[Finding]:
    """Runs Slither's detectors on the contracts.

    Raises:
        AuditError: if the contracts do not compile or Slither fails.
    """
    options = ["--filter-paths", "node_modules|contracts/mocks", "--fail-none"]
    with project_of(root) as project:
        command: list[str | Path] = [programs / "slither", ".", *options]
        return findings(_report(root, project, command))


def check_standards(root: Path, programs: Path) -> list[Finding]:
    """Runs Slither's check of the token standards; its exit status is 0 whatever it finds.

    Raises:
        AuditError: if the contracts do not compile or Slither fails.
    """
    found: set[Finding] = set()
    with project_of(root) as project:
        for path, standard in STANDARDS:
            token = Path(path).stem
            command: list[str | Path] = [programs / "slither-check-erc", path, token]
            command += ["--erc", standard]
            found.update(lacks(token, _report(root, project, command)))
    return sorted(found, key=lambda finding: finding.text)


def _report(root: Path, project: Path, command: Sequence[str | Path]) -> dict[str, Any]:
    """Runs one of Slither's programs and returns the report that it writes."""
    report = project / "report.json"
    report.unlink(missing_ok=True)
    tools = [str(Path(command[0]).parent), str(root / "node_modules" / ".bin")]
    done = subprocess.run(
        # by its Python: the first line of a program cannot hold a path with blanks
        [Path(command[0]).with_name("python"), *command, "--json", report],
        cwd=project,
        env={**os.environ, "PATH": os.pathsep.join([*tools, os.environ.get("PATH", os.defpath)])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.is_file():
        raise AuditError(f"Slither failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if not result.get("success"):
        raise AuditError(f"Slither failed: {result.get('error')}")
    return result


def main() -> int:
    """Runs the command line.

    Returns:
        Exit status: 1 where a finding is not explained, 2 where Slither did not run.
    """
    try:
        if shutil.which("node") is None:
            raise AuditError("Slither's compiler needs Node: install Node 20 or newer")
        programs = environment(ROOT)
        found = run_slither(ROOT, programs) + check_standards(ROOT, programs)
    except (AuditError, SetupError) as error:
        print(error, file=sys.stderr)
        return 2
    text = EXPLANATIONS.read_text(encoding="utf-8") if EXPLANATIONS.is_file() else ""
    rows = explanations(text)
    open_findings = [finding for finding in found if not finding.is_explained(rows)]
    for finding in found:
        mark = "explained" if finding.is_explained(rows) else "OPEN     "
        print(f"{mark} {finding.weight:<6} {finding.check} {finding.place}: {finding.text}")
    used = {(f.check, place) for f in found for place in (f.place, f.contract)}
    for check, place in sorted(set(rows) - used):
        print(f"no longer found: {check} {place} (docs/audit.md still explains it)")
    print(f"{len(found)} findings of medium weight or above, {len(open_findings)} not explained")
    return 1 if open_findings else 0


if __name__ == "__main__":
    sys.exit(main())
