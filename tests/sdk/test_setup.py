"""Set-up of a checkout.

- prerequisites: when one is missing or of another version, one sentence says what to install
- steps: given stamps of today's locks, nothing is to do; given others, the step is
- locks: every package pinned by hash, no registry named, every platform's binaries listed
- environment: Brownie and pytest find compiler and chain with nothing exported
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lock import complete
from tools.setup import Setup as Steps
from tools.setup import SetupError, check_node, check_python, digest, split_lock
from tools.venv_hook import DottedCheckout

ROOT = Path(__file__).resolve().parents[2]


def program(folder: Path, name: str, says: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 13)])
def test_another_python_is_refused_in_one_sentence(version: tuple[int, int]) -> None:
    with pytest.raises(SetupError) as caught:
        check_python(version)
    assert "Python 3.11 or 3.12" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("version", [(3, 11), (3, 12)])
def test_a_supported_python_passes(version: tuple[int, int]) -> None:
    check_python(version)


def test_old_node_is_refused_in_one_sentence(tmp_path: Path) -> None:
    program(tmp_path, "node", "v18.20.4")
    program(tmp_path, "npm", "10.0.0")
    with pytest.raises(SetupError, match=r"Node 20 or newer, and this is v18\.20\.4: install"):
        check_node(str(tmp_path))


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_missing_node_or_npm_is_refused_in_one_sentence(tmp_path: Path, missing: str) -> None:
    for name in {"node", "npm"} - {missing}:
        program(tmp_path, name, "v20.0.0")
    with pytest.raises(SetupError, match=f"no {missing} on the PATH: install Node 20"):
        check_node(str(tmp_path))


@pytest.mark.parametrize("version", ["v20.2.0", "v22.1.0", "v101.0.0"])
def test_newer_node_passes(tmp_path: Path, version: str) -> None:
    program(tmp_path, "node", version)
    program(tmp_path, "npm", "10.0.0")
    check_node(str(tmp_path))


def test_make_without_a_fitting_python_says_one_sentence(tmp_path: Path) -> None:
    program(tmp_path, "python9", "3.9")
    done = subprocess.run(
        ["sh", "tools/setup.sh", str(tmp_path / "python9")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Aidline needs Python 3.11 or 3.12" in done.stderr
    assert done.stderr.rstrip().endswith("for example: make PYTHON=python3.12")


def test_setup_reads_as_python_3_6() -> None:
    import ast

    ast.parse((ROOT / "tools" / "setup.py").read_text(), feature_version=(3, 6))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "check out.x"
    (root / "tools").mkdir(parents=True)
    for name in ("requirements.txt", "package.json", "package-lock.json", ".npmrc"):
        (root / name).write_text(name)
    for name in ("pyproject.toml", "tools/setup.py", "tools/venv_hook.py"):
        (root / name).write_text(name)
    return root


def stamp_all(steps: Steps) -> None:
    steps.state.mkdir(exist_ok=True)
    for _, name, key, product, _ in steps.steps():
        (steps.state / name).write_text(key)
        product.parent.mkdir(parents=True, exist_ok=True)
        product.touch()


def titles(steps: Steps) -> list[str]:
    return [step[1] for step in steps.pending()]


def test_everything_is_to_do_in_a_fresh_checkout(checkout: Path) -> None:
    assert titles(Steps(checkout, sys.executable)) == ["python", "node", "compiler", "project"]


def test_nothing_is_to_do_after_set_up(checkout: Path) -> None:
    steps = Steps(checkout, sys.executable)
    stamp_all(steps)
    assert titles(steps) == []


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("requirements.txt", ["python", "project"]),
        ("package-lock.json", ["node", "compiler"]),
        ("pyproject.toml", ["project"]),
    ],
)
def test_a_step_is_done_again_when_its_lock_changes(
    checkout: Path, changed: str, again: list[str]
) -> None:
    steps = Steps(checkout, sys.executable)
    stamp_all(steps)
    (checkout / changed).write_text("something else")
    assert titles(steps) == again


def test_a_step_is_done_again_when_its_product_is_gone(checkout: Path) -> None:
    steps = Steps(checkout, sys.executable)
    stamp_all(steps)
    (checkout / "node_modules").unlink()
    assert titles(steps) == ["node"]


def test_a_step_that_fails_leaves_no_stamp(checkout: Path) -> None:
    steps = Steps(checkout, sys.executable)
    stamp_all(steps)
    _, _, key, product, _ = steps.steps()[1]

    def fail() -> None:
        steps.call("the step", [sys.executable, "-c", "raise SystemExit(3)"])

    with pytest.raises(SetupError, match="the step failed with exit status 3"):
        steps.do(("Node packages", "node", key, product, fail))
    assert titles(steps) == ["node"]


def test_a_second_set_up_waits_for_the_first(checkout: Path) -> None:
    steps = Steps(checkout, sys.executable)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from tools.setup import Setup\n"
        "with Setup(Path(sys.argv[2]), sys.executable).alone(): print('second', flush=True)\n"
    )
    with steps.alone():
        second = subprocess.Popen(
            [sys.executable, "-c", code, str(ROOT), str(checkout)], stdout=subprocess.PIPE
        )
        assert second.stdout is not None
        assert second.stdout.readline() == b"set-up: waiting for another set-up of this checkout\n"
        assert second.poll() is None
    out, _ = second.communicate(timeout=30)
    assert out == b"second\n"
    assert second.returncode == 0


def test_a_hash_tells_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a", "b") != digest("b", "a")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-audit.txt"])
def test_python_lock_pins_everything_by_hash_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    entries = split_lock(text)
    assert len(entries) > 20
    for package, entry in entries.items():
        pins = re.findall(r"(?m)^\S+==", entry)
        assert pins, package
        for part in re.split(r"(?m)^(?=\S)", entry)[1:]:
            assert "--hash=sha256:" in part, package
    assert "".join(entries.values()) == "".join(
        line + "\n" for line in text.splitlines() if not line.startswith("#")
    )


def test_every_direct_requirement_has_its_reason_and_is_locked() -> None:
    entries = split_lock((ROOT / "requirements.txt").read_text())
    lines = (ROOT / "requirements.in").read_text().splitlines()
    direct = [line for line in lines if line and not line.startswith("#")]
    assert len(direct) > 15
    for line in direct:
        requirement, _, reason = line.partition("#")
        assert reason.strip(), line
        assert requirement.split("==")[0].strip().lower() in entries


def test_node_lock_names_no_host_and_lists_every_platform() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert "resolved" not in json.dumps(lock)
    assert "://" not in json.dumps(lock)
    for name, entry in lock["packages"].items():
        for optional in entry.get("optionalDependencies", {}):
            assert f"node_modules/{optional}" in lock["packages"], f"{name} lacks {optional}"
        if name and not entry.get("optional"):
            assert entry["integrity"].startswith("sha512-"), name
    exact = lock["packages"][""]["dependencies"].values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in exact)


def test_a_lock_made_where_a_platform_is_missing_is_completed() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    full = dict(lock["packages"])
    kept = {name: entry for name, entry in full.items() if "darwin" not in name}
    assert len(kept) < len(full)
    mended = complete({**lock, "packages": kept})["packages"]
    assert mended.keys() == full.keys()
    arm = mended["node_modules/@foundry-rs/anvil-darwin-arm64"]
    assert (arm["os"], arm["cpu"], arm["optional"]) == (["darwin"], ["arm64"], True)


def python(*arguments: str, **variables: str) -> str:
    env = {k: v for k, v in os.environ.items() if k not in {"SOLCX_BINARY_PATH", "PATH"}}
    env["PATH"] = os.pathsep.join(
        folder for folder in os.environ["PATH"].split(os.pathsep) if "node_modules" not in folder
    )
    env.pop("BROWNIE_CHAIN_PORT", None)
    env.pop("AIDLINE_CHAIN_PORT", None)
    return subprocess.run(
        [str(ROOT / ".venv" / "bin" / "python"), *arguments],
        env={**env, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


SHOW = (
    "import os, shutil; print(os.environ['SOLCX_BINARY_PATH']);"
    "print(shutil.which('anvil')); print(os.environ.get('BROWNIE_CHAIN_PORT'))"
)


def test_the_environment_knows_the_checkouts_tools() -> None:
    compilers, anvil, port = python("-c", SHOW).splitlines()
    assert compilers == str(ROOT / ".solcx")
    assert anvil == str(ROOT / "node_modules" / ".bin" / "anvil")
    assert port == "None"


def test_each_brownie_gets_a_port_of_its_own() -> None:
    ports = {python("-c", SHOW, "brownie").splitlines()[2] for _ in range(3)}
    assert len(ports) > 1
    assert all(int(port) > 1023 for port in ports)


def test_the_port_can_be_chosen() -> None:
    assert python("-c", SHOW, "brownie", AIDLINE_CHAIN_PORT="9000").splitlines()[2] == "9000"


def test_a_script_of_a_checkout_with_dots_can_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    root = tmp_path / "v1.2 beta.x"
    (root / "scripts").mkdir(parents=True)
    (root / "scripts" / "answer.py").write_text("ANSWER = 42\n")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, DottedCheckout(str(root))])
    monkeypatch.syspath_prepend(root.root)
    name = ".".join((root / "scripts" / "answer").parts[1:])
    assert importlib.import_module(name).ANSWER == 42
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(".".join((root / "scripts" / "absent").parts[1:]))
