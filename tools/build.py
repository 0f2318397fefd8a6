"""Compiles the contracts and writes one artifact for each to ``aidline/artifacts``.

    python -m tools.build                     what changed since the last build
    python -m tools.build --only A,B          of that, only these contracts
    python -m tools.build --check FILE...     messages and sizes of these files, writes nothing

A source is compiled again only when it, a source it imports, or the settings changed; an unchanged
tree takes a fraction of a second. A contract of more than 24 KiB (EIP-170) fails the build, mocks
excepted.

An artifact is ``{name, sourcePath, abi, bytecode, deployedBytecode, immutableReferences}``; the
code is hexadecimal with ``0x``, and empty for interfaces. ``build.manifest`` beside them says from
what they were made.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import posixpath
import re
import sys
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.8.30"
SETTINGS: dict[str, Any] = {"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "london"}
SIZE_LIMIT = 24 * 1024

#: Contracts of others that a deployment needs, beside all of our own.
FOREIGN = {"@openzeppelin/contracts/access/manager/AccessManager.sol": ("AccessManager",)}

_ARTIFACT_OUTPUT = [
    "abi",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
]
_IMPORT = re.compile(r'^[ \t]*import\b[^;]*?["\']([^"\';]+)["\'][^;"\']*;', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_SOURCE_PATH = re.compile(rb'"sourcePath": ?"([^"]+)"')
_TAIL = 1_024
# Part of every source's key: artifacts written by another form of this program are made anew.
_FORM = 1


class BuildError(Exception):
    """The build cannot go on; the message says why and is all that the user needs to see."""


class Sources:
    """The Solidity sources below a folder, by source unit name, with what each imports.

    Args:
        root: the checkout.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts: dict[str, str] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self._closures: dict[str, frozenset[str]] = {}

    def own(self) -> list[str]:
        """Returns the names of our own sources, sorted."""
        return sorted(
            path.relative_to(self._root).as_posix()
            for folder in ("contracts", "interfaces")
            for path in (self._root / folder).rglob("*.sol")
        )

    def text(self, unit: str) -> str:
        """Returns a source's text.

        Raises:
            BuildError: if there is no such file.
        """
        if unit not in self._texts:
            try:
                self._texts[unit] = self._path(unit).read_text(encoding="utf-8")
            except FileNotFoundError:
                raise BuildError(f"{unit}: no such source") from None
        return self._texts[unit]

    def closure(self, unit: str) -> frozenset[str]:
        """Returns a source and all that it imports, however far off.

        Raises:
            BuildError: if an import names no file.
        """
        if unit not in self._closures:
            seen = {unit}
            queue = [unit]
            while queue:
                importer = queue.pop()
                for imported in self._imports_of(importer):
                    if imported not in seen:
                        seen.add(imported)
                        queue.append(imported)
            self._closures[unit] = frozenset(seen)
        return self._closures[unit]

    def key(self, unit: str) -> str:
        """Returns a hash of everything that an artifact of this source depends on."""
        digest = hashlib.sha256(json.dumps([_FORM, VERSION, SETTINGS]).encode())
        for name in sorted(self.closure(unit)):
            text = self.text(name).encode()
            digest.update(f"\0{name}\0{len(text)}\0".encode() + text)
        return digest.hexdigest()

    def _path(self, unit: str) -> Path:
        if unit.startswith("@"):
            return self._root / "node_modules" / unit
        return self._root / unit

    def _imports_of(self, unit: str) -> tuple[str, ...]:
        if unit not in self._imports:
            code = _COMMENT.sub("", self.text(unit))
            names = []
            for name in _IMPORT.findall(code):
                if name.startswith("."):
                    name = posixpath.normpath(posixpath.join(posixpath.dirname(unit), name))
                if not self._path(name).is_file():
                    raise BuildError(f"{unit}: imports {name}, which is not there")
                names.append(name)
            self._imports[unit] = tuple(names)
        return self._imports[unit]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the compiler said about some sources.

    Attributes:
        contracts: by source unit and contract name, the compiler's output.
        errors: messages for which there is no output.
        warnings: messages about our own sources.
    """

    contracts: dict[str, dict[str, Any]]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def compiler(root: Path) -> Path:
    """Returns the compiler that set-up has linked into the checkout.

    Raises:
        BuildError: if set-up has not been run.
    """
    folder = Path(os.environ.get("SOLCX_BINARY_PATH") or root / ".solcx")
    binary = folder / f"solc-v{VERSION}"
    if not binary.exists():
        raise BuildError(f"there is no compiler at {binary}: run `make setup`")
    return binary


def compile_units(
    root: Path, sources: Sources, units: Iterable[str], output: list[str]
) -> Compiled:
    """Compiles some sources in one run of the compiler.

    Args:
        root: the checkout.
        sources: all sources.
        units: names of the sources whose contracts are wanted.
        output: the compiler's names of what is wanted of each contract.
    """
    from solcx.exceptions import SolcError
    from solcx.main import compile_standard

    wanted = sorted(set(units))
    needed = sorted(set().union(*(sources.closure(unit) for unit in wanted)))
    document = {
        "language": "Solidity",
        "sources": {unit: {"content": sources.text(unit)} for unit in needed},
        "settings": {**SETTINGS, "outputSelection": {unit: {"*": output} for unit in wanted}},
    }
    try:
        result = compile_standard(document, solc_binary=compiler(root))
    except SolcError as error:
        found = error.error_dict
        if found is None:
            return Compiled({}, (f"the compiler failed: {error}",), ())
        result = {"errors": found}
    messages = result.get("errors", [])
    return Compiled(
        contracts={unit: result.get("contracts", {}).get(unit, {}) for unit in wanted},
        errors=tuple(m["formattedMessage"] for m in messages if m["severity"] == "error"),
        warnings=tuple(
            m["formattedMessage"]
            for m in messages
            if m["severity"] != "error"
            and not m.get("sourceLocation", {}).get("file", "").startswith("@")
        ),
    )


def compile_parallel(root: Path, sources: Sources, units: list[str]) -> list[Compiled]:
    """Compiles sources on all cores; where one does not compile, the others still do."""
    shares = min(os.cpu_count() or 1, 4, max(1, len(units) // 2))
    # The long ones apart: a contract's own length is a fair guess of its share of the time.
    by_size = sorted(units, key=lambda unit: -len(sources.text(unit)))
    batches = [by_size[share::shares] for share in range(shares)]

    def attempt(batch: list[str]) -> list[Compiled]:
        done = compile_units(root, sources, batch, _ARTIFACT_OUTPUT)
        if done.errors and len(batch) > 1:
            middle = len(batch) // 2
            return attempt(batch[:middle]) + attempt(batch[middle:])
        return [done]

    with ThreadPoolExecutor(shares) as pool:
        return [done for result in pool.map(attempt, batches) for done in result]


def artifact(unit: str, name: str, output: dict[str, Any]) -> dict[str, Any]:
    """Returns the artifact of one contract from the compiler's output."""
    evm = output.get("evm", {})
    bytecode = evm.get("bytecode", {}).get("object", "")
    deployed = evm.get("deployedBytecode", {})
    if "__$" in bytecode:
        raise BuildError(f"{unit}: {name} needs a linked library, ours are all internal")
    return {
        "name": name,
        "sourcePath": unit,
        "abi": output["abi"],
        "bytecode": f"0x{bytecode}" if bytecode else "",
        "deployedBytecode": f"0x{deployed['object']}" if deployed.get("object") else "",
        "immutableReferences": deployed.get("immutableReferences", {}),
    }


def code_size(record: dict[str, Any]) -> int:
    """Returns the size in bytes of an artifact's deployed code."""
    return max(0, len(record["deployedBytecode"]) // 2 - 1)


def is_mock(unit: str) -> bool:
    """Tells whether a source is for tests only and may exceed the limit of size."""
    return unit.startswith("contracts/mocks/")


def size_table(sizes: dict[str, tuple[int, bool]]) -> Iterator[str]:
    """Yields a line for each contract: its size, its share of the limit, its name."""
    for name, (size, mock) in sorted(sizes.items(), key=lambda item: (-item[1][0], item[0])):
        note = "  (mock)" if mock else "  TOO LARGE" if size > SIZE_LIMIT else ""
        yield f"{size:>7,} B {100 * size / SIZE_LIMIT:>5.1f} %  {name}{note}"


def write_atomically(path: Path, text: str) -> None:
    """Writes a file so that a reader sees the old one or the new one, never a half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds the folder's lock, so that two builds of one checkout do not mix."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build(root: Path, only: frozenset[str] = frozenset(), quiet: bool = False) -> int:
    """Brings the artifacts up to date.

    Args:
        root: the checkout.
        only: names of contracts to compile; all where empty.
        quiet: no table of sizes, and nothing where nothing was to do.

    Returns:
        Number of sources that were compiled.

    Raises:
        BuildError: if a source does not compile or a contract is too large. What does compile is
            written nevertheless.
    """
    folder = root / "aidline" / "artifacts"
    with alone(folder):
        return _build(root, folder, only, quiet)


def _build(root: Path, folder: Path, only: frozenset[str], quiet: bool) -> int:
    manifest_path = folder / "build.manifest"
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        manifest = {}
    known: dict[str, Any] = manifest.get("sources", {})

    sources = Sources(root)
    units = [*sources.own(), *FOREIGN]
    problems: list[str] = []
    keys: dict[str, str] = {}
    for unit in units:
        try:
            keys[unit] = sources.key(unit)
        except BuildError as error:
            problems.append(str(error))

    def fresh(unit: str) -> bool:
        entry = known.get(unit)
        return (
            entry is not None
            and entry["key"] == keys[unit]
            and all((folder / f"{name}.json").is_file() for name in entry["contracts"])
        )

    stale = [
        unit
        for unit in units
        if unit in keys and not fresh(unit) and (not only or _names(unit, sources) & only)
    ]
    entries = {unit: known[unit] for unit in units if unit in keys and unit in known}
    warnings: list[str] = []
    for done in compile_parallel(root, sources, stale) if stale else []:
        problems.extend(done.errors)
        warnings.extend(done.warnings)
        if done.errors:
            for unit in done.contracts:
                entries.pop(unit, None)
            continue
        for unit, contracts in done.contracts.items():
            wanted = FOREIGN.get(unit, tuple(sorted(contracts)))
            records = [artifact(unit, name, contracts[name]) for name in wanted]
            for record in records:
                text = json.dumps(record, separators=(",", ":"), sort_keys=True)
                write_atomically(folder / f"{record['name']}.json", text + "\n")
            entries[unit] = {
                "key": keys[unit],
                "contracts": {record["name"]: code_size(record) for record in records},
            }

    owners: dict[str, str] = {}
    for unit, entry in sorted(entries.items()):
        for name in entry["contracts"]:
            if name in owners:
                problems.append(f"{unit}: the name {name} is taken by {owners[name]}")
            owners[name] = unit
    for path in folder.glob("*.json"):
        if path.stem not in owners:
            path.unlink()
    _drop_gone(root, owners)
    sizes = {
        name: (size, is_mock(unit))
        for unit, entry in entries.items()
        for name, size in entry["contracts"].items()
        if size
    }
    too_large = [n for n, (size, mock) in sizes.items() if size > SIZE_LIMIT and not mock]
    problems.extend(f"{n} is larger than {SIZE_LIMIT:,} bytes" for n in sorted(too_large))
    if entries != known or not manifest_path.is_file():
        write_atomically(manifest_path, json.dumps({"sources": entries}, indent=1) + "\n")

    for warning in dict.fromkeys(warnings):
        print(warning, file=sys.stderr)
    if not quiet:
        print("\n".join(size_table(sizes)))
    if stale or not quiet:
        print(f"{len(stale)} of {len(units)} sources compiled, {len(sizes)} contracts")
    if problems:
        raise BuildError("\n".join(dict.fromkeys(problems)))
    return len(stale)


def _drop_gone(root: Path, owners: Container[str]) -> None:
    """Removes what Brownie keeps of contracts and interfaces whose sources are gone."""
    for path in (root / "build" / "interfaces").glob("*.json"):
        if path.stem not in owners:
            path.unlink()
    for path in (root / "build" / "contracts").glob("*.json"):
        # the source's path stands at the end of a file that may be large
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            found = _SOURCE_PATH.search(file.read())
        if found and not (root / found[1].decode().replace("\\/", "/")).is_file():
            path.unlink()


def _names(unit: str, sources: Sources) -> set[str]:
    code = _COMMENT.sub("", sources.text(unit))
    return set(re.findall(r"\b(?:contract|interface|library)\s+(\w+)", code))


def check(root: Path, files: list[str]) -> None:
    """Compiles some files and prints messages and sizes; writes nothing.

    Raises:
        BuildError: if one does not compile or a contract is too large.
    """
    sources = Sources(root)
    units = []
    for file in files:
        path = Path(file).resolve()
        if not path.is_relative_to(root):
            raise BuildError(f"{file}: not in the checkout")
        units.append(path.relative_to(root).as_posix())
    done = compile_units(root, sources, units, ["abi", "evm.deployedBytecode.object"])
    for warning in done.warnings:
        print(warning, file=sys.stderr)
    if done.errors:
        raise BuildError("\n".join(done.errors))
    sizes = {
        name: (code_size(artifact(unit, name, output)), is_mock(unit))
        for unit, contracts in done.contracts.items()
        for name, output in contracts.items()
    }
    print("\n".join(size_table(sizes)))
    if any(size > SIZE_LIMIT and not mock for size, mock in sizes.values()):
        raise BuildError(f"a contract is larger than {SIZE_LIMIT:,} bytes")


def main(argv: list[str] | None = None) -> int:
    """Runs the command line.

    Returns:
        Exit status: 1 where something does not compile or is too large.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.build", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", metavar="A,B", default="", help="compile only these contracts")
    parser.add_argument("--check", nargs="+", metavar="FILE", help="check files, write nothing")
    parser.add_argument(
        "--quiet", action="store_true", help="no table of sizes, and nothing if nothing changed"
    )
    options = parser.parse_args(argv)
    try:
        if options.check:
            check(ROOT, options.check)
        else:
            only = frozenset(name for name in options.only.split(",") if name)
            build(ROOT, only, options.quiet)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
