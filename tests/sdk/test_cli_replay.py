"""``aidline match replay``, called in the process.

Without a file, with one that is missing, empty, no text, of another header or of nothing usable,
with options that cannot be
└── one line, exit status 2, and nothing is written
Given rows that are bad: they are named by line and counted, the others are played
Given lists: rows, need met and comparison for each length of rounds, at most 80 columns wide
├── --json: what stands in its schema; the same for the same seed
└── --chart: a picture, the same for the same seed
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aidline.cli import run
from aidline.files import read_json
from tests.support.relief_lists import ListFiles, made_up, write_list

NOON = "2020-04-05 12:00:00"


@pytest.fixture
def files(tmp_path: Path) -> ListFiles:
    folder = tmp_path / "lists"
    folder.mkdir()
    return made_up(folder, 1)


def arguments(files: ListFiles, *more: object) -> list[str]:
    named = ("--donors", files.donors, "--recipients", files.recipients, "--supply", files.supply)
    return ["match", "replay", *map(str, (*named, *more))]


def assert_refused(capfd: pytest.CaptureFixture[str], status: int, say: str) -> None:
    said = capfd.readouterr()
    assert (status, said.out) == (2, "")
    assert said.err.startswith("aidline: ")
    assert said.err.count("\n") == 1
    assert say in said.err


@pytest.mark.parametrize("which", ["donors", "recipients", "supply"])
@pytest.mark.parametrize(
    ("content", "say"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"who,when,what,units\n1,2020-04-01,gowns,4\n", "column is missing"),
        (b"rec_id,don_id,date,ppe\n", "column is missing"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    files: ListFiles, which: str, content: bytes | None, say: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path: Path = getattr(files, which)
    path.unlink() if content is None else path.write_bytes(content)
    written = path.parent / "replay.json"
    status = run(arguments(files, "--json", written))
    assert_refused(capfd, status, say)
    assert not written.exists()


@pytest.mark.parametrize("which", ["donors", "recipients"])
def test_a_file_without_a_usable_row_is_one_line(
    files: ListFiles, which: str, capfd: pytest.CaptureFixture[str]
) -> None:
    party = {"donors": "don_id", "recipients": "rec_id"}[which]
    write_list(getattr(files, which), party, [f"one,{NOON},gowns,-4", f"two,{NOON},gowns,x"])
    assert_refused(capfd, run(arguments(files)), "has no row that can be used")


@pytest.mark.parametrize(
    ("more", "say"),
    [
        (["--rounds", "0"], "1 to 366 days"),
        (["--rounds", "1,x"], "--rounds 1,x"),
        (["--rounds", ""], "--rounds"),
        (["--rounds", "-7"], "--rounds"),
        (["--rounds", "367"], "1 to 366 days"),
        (["--seed", "-1"], "--seed"),
        (["--seed", "x"], "--seed"),
        (["--cap-medians", "0"], "--cap-medians"),
        (["--cover-days", "0"], "--cover-days"),
        (["--open-days", "0"], "--open-days"),
        (["--chart", "picture.doc"], ".svg"),
        (["--json", "."], "is a folder"),
        (["--chart", "/dev/null/x.svg"], "/dev/null"),
        (["--bogus"], "--bogus"),
    ],
)
def test_options_that_cannot_be_are_one_line(
    files: ListFiles, more: list[str], say: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert_refused(capfd, run(arguments(files, *more)), say)


def test_the_lists_must_be_named(capfd: pytest.CaptureFixture[str]) -> None:
    assert_refused(capfd, run(["match", "replay"]), "--donors")


def test_bad_rows_are_named_counted_and_left_out(
    files: ListFiles, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = (f"recA,{NOON},gowns,-5", f"recB,{NOON},gowns,[b]lots", "recC,never,gowns,5")
    rows = files.recipients.read_text().splitlines()[1:]
    write_list(files.recipients, "rec_id", [*bad, *rows])
    result = tmp_path / "replay.json"
    assert run(arguments(files, "--rounds", "7", "--json", result)) == 0
    said = " ".join(capfd.readouterr().out.split())
    assert "recipients.csv, line 2, column qty: -5 is negative" in said
    assert "recipients.csv, line 3, column qty: '[b]lots' is not a number" in said
    assert "recipients.csv, line 4, column date: 'never' is not a date" in said
    told = read_json(result, "replay")["files"][0]
    assert told["fates"]["rejected"]["rows"] == 3
    assert [row["line"] for row in told["treated"]][:3] == [2, 3, 4]


def test_it_prints_each_length_of_rounds(
    files: ListFiles, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments(files, "--rounds", "1, 7,1")) == 0
    said = capfd.readouterr()
    assert said.err == ""
    for order in ("most urgent first", "oldest first", "smallest first", "largest first"):
        assert said.out.count(f"\n{order} ") == 4
    assert said.out.count("Rounds of 1 day:") == said.out.count("Rounds of 7 days:") == 1
    assert said.out.count("that are open in 0 of ") == 2
    assert "…" not in said.out
    sentences = ("Assumed: ", "By urgency")
    tables = [line for line in said.out.splitlines() if not line.startswith(sentences)]
    assert max(map(len, tables)) <= 80


def test_without_days_of_supply_it_says_even_thirds(
    files: ListFiles, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ["--donors", str(files.donors), "--recipients", str(files.recipients)]
    assert run(["match", "replay", *given, "--rounds", "30"]) == 0
    assert "stock drawn as even thirds (seed 1)" in capfd.readouterr().out


def test_the_same_seed_gives_the_same_files(files: ListFiles, tmp_path: Path) -> None:
    written = []
    for turn, seed in enumerate((8, 8, 9)):
        result, chart = tmp_path / f"{turn}.json", tmp_path / f"{turn}.svg"
        status = run(
            arguments(files, "--rounds", 7, "--seed", seed, "--json", result, "--chart", chart)
        )
        assert status == 0
        written.append((result.read_bytes(), chart.read_bytes()))
    assert written[0] == written[1]
    assert written[0][0] != written[2][0]
    record = read_json(tmp_path / "0.json", "replay")
    assert record["assumptions"]["seed"] == 8
    assert [one["round_days"] for one in record["replays"]] == [7]
    assert json.loads(written[0][0]) == record
    assert b"<svg" in written[0][1]
