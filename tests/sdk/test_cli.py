"""The command line, called in the process.

Options and commands that there are not, that do not go together, or whose values cannot be
└── end with exit status 2 and one line on standard error, and leave nothing
Help and version end well
"""

from __future__ import annotations

from pathlib import Path

import pytest

from aidline import __version__
from aidline.cli import run


@pytest.mark.parametrize(
    ("arguments", "say"),
    [
        (["simulate"], "scenario"),
        (["simulate", "wuhan-2020", "--speed", "9"], "--speed"),
        (["simulate", "wuhan-2020", "--seed", "x"], "--seed"),
        (["simulate", "wuhan-2020", "--seed", "-1"], "--seed"),
        (["simulate", "wuhan-2020", "--seeds", "9-3"], "9-3"),
        (["simulate", "wuhan-2020", "--seeds", "1-2", "--seed", "1"], "not both"),
        (["simulate", "wuhan-2020", "--rpc", "http://127.0.0.1:1"], "--account"),
        (["simulate", "wuhan-2020", "--account", "k", "--rpc", "x", "--seeds", "1-2"], "--seeds"),
        (["simulate", "wuhan-2020", "--copies", "0"], "--copies"),
        (["simulate", "wuhan-2020", "--out", "/dev/null/x"], "/dev/null"),
        (["simulate", "wuhan-2020", "--json", "."], "is a folder"),
        (["conjure"], "conjure"),
        (["verify"], "--summary"),
        (["verify", "--summary", "missing.json"], "missing.json"),
        (["node", "--port", "99999"], "99999"),
        (["node", "--state", "."], "is a folder"),
        (["deploy", "--rpc", "ftp://there", "--account", "k"], "ftp://there"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: list[str],
    say: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("aidline: ")
    assert said.err.count("\n") == 1
    assert say in said.err
    assert list(tmp_path.iterdir()) == []


def test_version_and_help_end_well(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capfd.readouterr().out == f"aidline {__version__}\n"
    assert run(["--help"]) == 0
    said = capfd.readouterr().out
    for command in ("simulate", "verify", "node", "deploy"):
        assert command in said
        assert run([command, "--help"]) == 0
    assert "--telemetry" in capfd.readouterr().out


def test_without_a_command_it_says_what_there_is(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    said = capfd.readouterr()
    assert "simulate" in said.out + said.err
