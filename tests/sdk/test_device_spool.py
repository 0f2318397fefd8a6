"""What a device keeps, without a chain.

Journal
├── has every line that it told of, after a start too
├── cuts off what a kill has torn, at whatever byte
└── refuses a line that is damaged with others behind it
Spool
├── is one process's, and one device's
└── a batch can be asked for where a device runs, and nowhere else
Device
├── keeps each reading once, in the order of time
├── ends batches by count, by time, and when asked; later ones are longer
├── goes on from its spool as if nothing had been, and refuses one that does not hold together
└── signs no more batches than there may be
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aidline.device import MOST_BATCHES, Journal, Pace, Spool, recording, signed_batches
from aidline.errors import EnvironmentProblem, InputError
from aidline.readings import Reading
from aidline.signing import Key
from tests.support.device import DOMAIN, KEY, WATCH, device

LINES = ["first", "second line", "", "ümlaut"]


def journal(path: Path, lines: list[str]) -> bytes:
    made = Journal(path)
    made.append(lines)
    made.close()
    return path.read_bytes()


def lines_of(path: Path) -> list[str]:
    found = Journal(path)
    found.close()
    return found.lines


def test_a_journal_has_every_line_it_told_of(tmp_path: Path) -> None:
    path = tmp_path / "log"
    journal(path, LINES[:2])
    journal(path, LINES[2:])
    assert lines_of(path) == LINES


def test_a_journal_cuts_off_what_is_torn(tmp_path: Path) -> None:
    path = tmp_path / "log"
    whole = journal(path, LINES)
    ends = [at for at in range(len(whole) + 1) if at == 0 or whole[at - 1 : at] == b"\n"]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        kept = sum(end <= length for end in ends) - 1
        assert lines_of(path) == LINES[:kept]
        assert path.read_bytes() == whole[: ends[kept]]
    path.write_bytes(whole[:-3] + b"\0\0\n")
    assert lines_of(path) == LINES[:-1]
    journal(path, ["again"])
    assert lines_of(path) == [*LINES[:-1], "again"]


def test_a_journal_that_is_damaged_within_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log"
    whole = journal(path, LINES)
    damaged = whole.replace(b"second", b"secund")
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="log, line 2: is damaged"):
        Journal(path)
    assert path.read_bytes() == damaged


def test_a_spool_is_held_by_one(tmp_path: Path) -> None:
    with Spool(tmp_path), pytest.raises(EnvironmentProblem, match="another device runs"):
        Spool(tmp_path)
    Spool(tmp_path).close()


def test_a_spool_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(InputError, match="cannot be used"):
        Spool(path)


def test_a_cut_is_asked_where_a_device_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not the spool of a device"):
        Spool.ask_cut(tmp_path)
    with Spool(tmp_path) as spool:
        asked = Spool.ask_cut(tmp_path)
        assert spool.cut_asked and asked.exists()
        spool.cut_done()
        assert not spool.cut_asked and not asked.exists()
    with pytest.raises(EnvironmentProblem, match="no device runs"):
        Spool.ask_cut(tmp_path)


def readings(count: int, start: int = 1_000, step: int = 10) -> list[Reading]:
    return [Reading(start + step * at, 700 + 7 * (at % 40), 5_000) for at in range(count)]


def test_keeps_each_reading_once_in_order(tmp_path: Path) -> None:
    given = readings(5)
    with Spool(tmp_path) as spool:
        made = device(spool)
        assert made.take([given[0], given[2], given[1], given[2]]) == 2
        assert made.take(given) == 2
        assert made.last_time == given[-1].time
    with Spool(tmp_path) as spool:
        again = device(spool)
        assert (again.kept, again.take(given)) == (4, 0)


def test_refuses_a_reading_without_humidity(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        made = device(spool)
        with pytest.raises(InputError, match="no humidity"):
            made.take([Reading(1, 2, None)])
        assert made.kept == 0


def test_ends_batches_by_count(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        made = device(spool)
        made.begin(0)
        made.take(readings(25))
        made.cut_due(50)
        assert [batch.last_index for batch in made.batches] == [9, 19]
        assert {batch.deadline for batch in made.batches} == {150}
        assert made.unsigned == 5


def test_ends_batches_by_the_time_of_their_readings(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        made = device(spool)
        made.begin(0)
        made.take(readings(2, step=999))
        made.cut_due(50)
        assert made.batches == []
        made.take(readings(3, step=999))
        made.cut_due(50)
        assert [batch.last_index for batch in made.batches] == [2]


def test_ends_batches_that_have_waited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [5.0]
    monkeypatch.setattr(recording.time, "monotonic", lambda: clock[0])
    with Spool(tmp_path) as spool:
        made = device(spool)
        made.begin(0)
        made.take(readings(2))
        clock[0] += 999
        made.cut_due(50)
        assert made.batches == []
        clock[0] += 1
        made.cut_due(50)
        assert [batch.last_index for batch in made.batches] == [1]


def test_ends_a_batch_when_asked(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        made = device(spool)
        made.take(readings(3))
        assert not made.cut(50)  # nobody knows yet when the goods are picked up
        made.begin(1_010)
        assert (made.before_pick_up, made.unsigned) == (1, 2)
        assert made.cut(50)
        assert (made.batches[0].first_time, made.batches[0].last_index) == (1_010, 1)
        assert not made.cut(50)


def test_later_batches_are_longer_and_bounded(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        made = device(spool, pace=Pace(readings=1, seconds=10**9))
        made.begin(0)
        made.take(readings(64 * (1 + 2 + 4 + 8) + 5))
        made.cut_due(50)
        lengths = [batch.last_index - batch.first_index + 1 for batch in made.batches]
        assert lengths == [1] * 64 + [2] * 64 + [4] * 64 + [8] * 64
        assert len(lengths) == MOST_BATCHES
        assert (made.cut(50), made.unsigned) == (False, 5)


def test_goes_on_from_its_spool(tmp_path: Path) -> None:
    given = readings(40)
    with Spool(tmp_path / "one") as spool:
        whole = device(spool)
        whole.begin(1_020)
        whole.take(given)
        whole.cut_due(50)
        whole.cut(50)
    for stop in range(0, 40, 7):
        folder = tmp_path / f"stopped at {stop}"
        with Spool(folder) as spool:
            made = device(spool)
            made.begin(1_020)
            made.take(given[:stop])
            made.cut_due(50)
        with Spool(folder) as spool:
            made = device(spool)
            made.begin(1_020)
            made.take(given)
            made.cut_due(50)
            made.cut(50)
            assert made.batches == whole.batches
            assert made.heads == whole.heads


def test_signs_as_the_plain_function_does(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        made = device(spool)
        made.begin(0)
        made.take(readings(25))
        made.cut_due(50)
        made.cut(50)
        values = [(one.time, one.temperature, one.humidity or 0) for one in readings(25)]
        signed = signed_batches(7, WATCH, KEY, DOMAIN, values, count=10, deadline=150)
        assert [batch for batch, _ in signed] == made.batches
        assert all(batch.recover(seal, DOMAIN) == KEY.address for batch, seal in signed)


def test_a_batch_signed_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        made = device(spool)
        made.begin(0)
        made.take(readings(25))
        made.cut_due(50)
        before = made.batches
        made.renew(1, 1_000)
        after = made.batches
        assert after[0] == before[0]
        assert after[1] == replace(before[1], deadline=1_100)
    with Spool(tmp_path) as spool:
        assert device(spool).batches == after


def test_a_spool_that_does_not_hold_together_is_refused(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        made = device(spool)
        made.begin(0)
        made.take(readings(10))
        made.cut_due(50)
    log = tmp_path / "readings.log"
    log.unlink()
    with Spool(tmp_path) as spool:
        spool.readings.append(f"{1_000 + 10 * at} 500 5000" for at in range(10))
    with Spool(tmp_path) as spool, pytest.raises(InputError, match="not made of the readings"):
        device(spool)


@pytest.mark.parametrize(
    ("changes", "say"),
    [
        ({"consignment": 8}, "another consignment"),
        ({"key": Key.derive("tests", "other")}, "another device"),
        ({"domain": replace(DOMAIN, chain_id=2)}, "another chain id"),
    ],
)
def test_the_spool_of_another_is_refused(tmp_path: Path, changes: dict[str, Any], say: str) -> None:
    with Spool(tmp_path) as spool:
        device(spool)
        with pytest.raises(InputError, match=say):
            device(spool, **changes)


@pytest.mark.parametrize("field", ["readings", "seconds", "good_for"])
def test_a_pace_of_nothing_is_refused(field: str) -> None:
    with pytest.raises(InputError):
        Pace(**{field: 0})
