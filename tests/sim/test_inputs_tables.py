"""CSV files as rows that know where they stand.

Table
├── survives: a byte order mark, any line ends, quoted commas and line breaks, empty lines
└── refuses, with file and line: no file, a folder, not UTF-8, empty, a column twice,
    a row too short or too long, an open quote, a column that is missing
Row
├── number: as written, grouped by thousands, with exponent; empty is None; huge is cut
├── number refuses: text, nan, inf, negative, a fraction of a thing
└── time: dates with and without time, slashes, zones; refuses what does not parse
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.errors import InputError
from aidline.tables import Row, Table


def table(folder: Path, data: bytes) -> Table:
    path = folder / "file.csv"
    path.write_bytes(data)
    return Table(path)


def row(value: str, column: str = "v") -> Row:
    return Row(Path("file.csv"), 7, {column.casefold(): value}, {column.casefold(): column})


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_survives_a_byte_order_mark_and_any_line_ends(tmp_path: Path, end: bytes) -> None:
    lines = [b"\xef\xbb\xbfName,Count", '"黄石, 市",3'.encode(), b"", b" , ", b"x,4"]
    rows = list(table(tmp_path, end.join(lines)).rows())
    assert [(r.line, r.text("name"), r.text("COUNT")) for r in rows] == [
        (2, "黄石, 市", "3"),
        (5, "x", "4"),
    ]


def test_counts_lines_over_quoted_line_breaks(tmp_path: Path) -> None:
    rows = list(table(tmp_path, b'a,b\n"one\ntwo",1\nthree,2\n').rows())
    assert [(r.line, r.text("b")) for r in rows] == [(2, "1"), (4, "2")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "file.csv: is empty"),
        (b"\xef\xbb\xbf \r\n\n", "file.csv: is empty"),
        (b"a,b\n1,2\n\xff\xfe,3\n", "file.csv, line 3: is not UTF-8"),
        ("a,b\n武汉".encode("gb18030"), "file.csv, line 2: is not UTF-8"),
        (b"a,b,A\n1,2,3\n", "file.csv, line 1, column A: stands twice"),
        (b"a,b\n1,2\n1\n", "file.csv, line 3: has 1 fields where the header has 2"),
        (b"a,b\n1,2,3\n", "file.csv, line 2: has 3 fields where the header has 2"),
        (b'a,b\n1,2\n"x,3\n4,5\n', "file.csv, line 3: is not CSV"),
    ],
)
def test_refuses_a_file_that_is_no_table(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        list(table(tmp_path, data).rows())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            Table(path)


def test_names_a_missing_column(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        table(tmp_path, b"a,b\n1,2\n").need("a", "c")
    assert caught.value.column == "c"
    assert "the file has a, b" in caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("  ", None),
        ("14.0", Decimal(14)),
        (" 3 ", Decimal(3)),
        ("1e3", Decimal(1000)),
        ("12,500.5", Decimal("12500.5")),
        ("1e9999", Decimal(10) ** 30),
    ],
)
def test_reads_a_number(text: str, value: Decimal | None) -> None:
    assert row(text).number("v") == value


@pytest.mark.parametrize(
    "text", ["many", "nan", "inf", "1,2", "1_000", "0x10", "12 34", "１", "--1"]
)
def test_refuses_text_in_a_number(text: str) -> None:
    with pytest.raises(InputError) as caught:
        row(text, "Quantity").number("quantity")
    assert (caught.value.line, caught.value.column) == (7, "Quantity")
    assert "is not a number" in caught.value.message


def test_refuses_a_negative_number_where_it_makes_no_sense() -> None:
    assert row("-3.5").number("v", negative=True) == Decimal("-3.5")
    with pytest.raises(InputError, match=r"-3\.5 is negative"):
        row("-3.5").number("v")


def test_refuses_a_fraction_of_a_thing() -> None:
    assert row("3.0").count("v") == 3
    with pytest.raises(InputError, match=r"3\.5 is not a whole number"):
        row("3.5").count("v")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2020-01-24", 1579824000),
        ("2020/1/24", 1579824000),
        ("2020-01-24 08:30", 1579854600),
        ("2020-01-24T08:30:00+08:00", 1579825800),
        ("2020/01/24 8:30", None),
        ("2020/1/24 08:30:15", 1579854615),
        ("24.01.2020", None),
        ("1/24/20", None),
        ("2020-02-30", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_reads_a_time_or_refuses_it(text: str, seconds: int | None) -> None:
    if seconds is not None:
        assert row(text).time("v") == seconds
        return
    with pytest.raises(InputError, match="is not a date") as caught:
        row(text).time("v")
    assert caught.value.line == 7


@given(st.text(max_size=12))
def test_a_cell_is_a_number_or_one_clear_error(text: str) -> None:
    for read in (Row.number, Row.count, Row.time):
        try:
            read(row(text), "v")
        except InputError as error:
            assert error.line == 7
            assert "\n" not in str(error)
