"""The compiler behind its command line, the build of the contracts, the audit's table.

- compiler: the version, a real compilation, imports from allowed folders only, ids as native
- build: what changed and nothing else; a source that fails stops no other; names and sizes
- audit: which findings count, where they lie, which rows explain them
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import build as builder
from tools.audit import Finding, explanations, findings
from tools.build import BuildError, build, check

ROOT = Path(__file__).resolve().parents[2]
SOLC = ROOT / ".solcx" / "solc-v0.8.30"
HEAD = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.30;\n"

pytestmark = pytest.mark.slow


def solc(*arguments: str, text: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SOLC), *arguments],
        input=text,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def standard(source: str, **settings: object) -> str:
    selection = {"*": {"*": ["evm.bytecode.object"], "": ["ast"]}}
    return json.dumps(
        {
            "language": "Solidity",
            "sources": {"main.sol": {"content": HEAD + source}},
            "settings": {"outputSelection": selection, **settings},
        }
    )


def test_compiler_says_its_version_like_the_native_one() -> None:
    done = solc("--version")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].startswith("Version: 0.8.30+commit.73712a01.")


def test_compiler_writes_ids_like_the_native_one() -> None:
    source = "contract A { address x = msg.sender; function f() external { delete x; } }"
    done = solc("--standard-json", text=standard(source))
    output = json.loads(done.stdout)
    assert output["contracts"]["main.sol"]["A"]["evm"]["bytecode"]["object"]
    assert '"referencedDeclaration":-15' in done.stdout.replace(" ", "")
    assert '"referencedDeclaration":42949' not in done.stdout.replace(" ", "")


def test_compiler_refuses_an_unknown_option() -> None:
    done = solc("--no-such-option")
    assert done.returncode == 1
    assert done.stderr == "unrecognised option '--no-such-option'\n"


def test_compiler_reads_imports_from_allowed_folders_only(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "Other.sol").write_text(HEAD + "contract Other {}")
    text = standard('import "dep/Other.sol";', remappings=[f"dep=../{outside.name}"])
    text_inside = standard('import "./Other.sol";')
    secret = standard(f'import "{outside}/Other.sol";')
    assert "errors" not in json.loads(solc("--standard-json", text=text_inside, cwd=inside).stdout)
    assert "errors" not in json.loads(solc("--standard-json", text=text, cwd=inside).stdout)
    refused = json.loads(solc("--standard-json", text=secret, cwd=inside).stdout)
    assert "outside of allowed directories" in refused["errors"][0]["message"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(builder, "FOREIGN", {})
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(SOLC.parent))
    write = writer(tmp_path)
    write("interfaces/IRoom.sol", "interface IRoom { function get() external returns (uint8); }")
    room = 'import {IRoom} from "../../interfaces/IRoom.sol";\ncontract Room is IRoom '
    write("contracts/rooms/Room.sol", room + "{ function get() external returns (uint8) {} }")
    write("contracts/rooms/Plain.sol", "contract Plain { uint256 public immutable when = 1; }")
    return tmp_path


def writer(root: Path) -> Callable[[str, str], None]:
    def write(name: str, source: str) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + source)

    return write


def record(project: Path, name: str) -> dict[str, object]:
    path = project / "aidline" / "artifacts" / f"{name}.json"
    loaded: dict[str, object] = json.loads(path.read_text())
    return loaded


def test_build_makes_what_changed_and_nothing_else(project: Path) -> None:
    assert build(project) == 3
    assert build(project) == 0
    before = record(project, "Room")
    assert before["sourcePath"] == "contracts/rooms/Room.sol"
    assert str(before["bytecode"]).startswith("0x60")
    assert record(project, "IRoom")["bytecode"] == ""
    assert record(project, "Plain")["immutableReferences"]

    writer(project)(
        "interfaces/IRoom.sol",
        "interface IRoom { error No(uint8 why); function get() external returns (uint8); }",
    )
    assert build(project) == 2, "the interface and the room that imports it"
    assert "No" in json.dumps(record(project, "Room")["abi"])

    (project / "aidline" / "artifacts" / "Plain.json").unlink()
    assert build(project) == 1
    (project / "contracts" / "rooms" / "Plain.sol").unlink()
    assert build(project) == 0
    assert not (project / "aidline" / "artifacts" / "Plain.json").exists()


def test_build_drops_what_brownie_keeps_of_sources_that_are_gone(project: Path) -> None:
    kept = project / "build"
    for folder in ("contracts", "interfaces"):
        (kept / folder).mkdir(parents=True)
    build(project)
    foreign = project / "node_modules" / "@other" / "Foreign.sol"
    foreign.parent.mkdir(parents=True, exist_ok=True)
    foreign.write_text("")
    paths = {
        "Room": "contracts/rooms/Room.sol",
        "Gone": "contracts/rooms/Gone.sol",
        "Foreign": "node_modules/@other/Foreign.sol",
        "Removed": "node_modules/@other/Removed.sol",
    }
    for name, source in paths.items():
        escaped = source.replace("/", "\\/")  # as Brownie writes it
        text = f'{{"ast": "{"x" * 5_000}", "sourcePath": "{escaped}", "type": "contract"}}'
        (kept / "contracts" / f"{name}.json").write_text(text)
    for name in ("IRoom", "IGone"):
        (kept / "interfaces" / f"{name}.json").write_text('{"type": "interface"}')
    build(project)
    assert {path.stem for path in (kept / "contracts").iterdir()} == {"Room", "Foreign"}
    assert {path.stem for path in (kept / "interfaces").iterdir()} == {"IRoom"}


def test_a_source_that_fails_stops_no_other(project: Path) -> None:
    writer(project)("contracts/rooms/Broken.sol", "contract Broken { uint8 x = 300; }")
    with pytest.raises(BuildError, match=r"contracts/rooms/Broken\.sol:3:29"):
        build(project)
    assert record(project, "Room")["bytecode"]
    with pytest.raises(BuildError, match="300"):
        build(project)


def test_an_import_that_is_not_there_is_named(project: Path) -> None:
    writer(project)("contracts/rooms/Lost.sol", 'import {X} from "./X.sol";\ncontract Lost is X {}')
    with pytest.raises(BuildError, match=r"Lost\.sol: imports contracts/rooms/X\.sol"):
        build(project)


def test_two_contracts_of_one_name_are_refused(project: Path) -> None:
    writer(project)("contracts/other/Plain.sol", "contract Plain {}")
    with pytest.raises(BuildError, match="the name Plain is taken by contracts/other/Plain"):
        build(project)


def test_a_contract_above_the_limit_is_refused_unless_a_mock(project: Path) -> None:
    blob = "00" * (24 * 1024 + 1)
    body = f'function f() external pure returns (bytes memory) {{ return hex"{blob}"; }}'
    writer(project)("contracts/mocks/Huge.sol", f"contract Huge {{ {body} }}")
    build(project)
    writer(project)("contracts/rooms/Big.sol", f"contract Big {{ {body} }}")
    with pytest.raises(BuildError, match=r"^Big is larger than 24,576 bytes$"):
        build(project)


def test_check_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(project, [str(project / "contracts" / "rooms" / "Plain.sol")])
    assert "Plain" in capsys.readouterr().out
    assert not (project / "aidline").exists()


REPORT = {
    "results": {
        "detectors": [
            {
                "check": "reentrancy-eth",
                "impact": "High",
                "description": "Reentrancy in\n\tVault.take()",
                "elements": [
                    {
                        "type": "node",
                        "name": "x",
                        "type_specific_fields": {
                            "parent": {
                                "type": "function",
                                "name": "take",
                                "type_specific_fields": {
                                    "parent": {"type": "contract", "name": "Vault"}
                                },
                            }
                        },
                    }
                ],
            },
            {"check": "timestamp", "impact": "Low", "description": "x", "elements": []},
        ]
    }
}


def test_audit_counts_medium_and_above_and_says_where() -> None:
    (found,) = findings(REPORT)
    assert (found.check, found.place) == ("reentrancy-eth", "Vault.take")
    assert found.text == "Reentrancy in Vault.take()"


@pytest.mark.parametrize(
    ("place", "explained"),
    [("Vault", True), ("Vault.take", True), ("Vault.put", False), ("Other", False)],
)
def test_a_row_explains_a_contract_or_one_function_of_it(place: str, explained: bool) -> None:
    table = (
        f"| check | contract | why |\n|---|---|---|\n| `reentrancy-eth` | `{place}` | Guarded. |"
    )
    rows = explanations(table)
    finding = Finding("reentrancy-eth", "High", "Vault", "take", "")
    assert finding.is_explained(rows) is explained


def test_a_row_without_a_reason_explains_nothing() -> None:
    assert explanations("| `reentrancy-eth` | `Vault` |  |") == {}
