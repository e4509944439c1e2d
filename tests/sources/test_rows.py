"""The rows of a table are those of Python's `csv`, and a broken one costs its first line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.sources.rows import BrokenRow, rows_of

LIMIT = 1 << 20
TABLES = st.lists(
    st.sampled_from(["a", "tea, milk", '"', '""', ",", ",,", "\n", "\r", "\r\n", '"a"', '"a,\n""b"""', " ", "é", "\0", "\x1a"]),
    max_size=20,
).map("".join)


def rows(text: str, limit_chars: int = LIMIT, delimiter: str = ",") -> list[list[str] | BrokenRow]:
    """Return the rows of a text that are not blank."""
    found = rows_of(io.StringIO(text, newline=""), delimiter, limit_chars)
    return [row for row in found if isinstance(row, BrokenRow) or any(row)]


@given(TABLES)
def test_where_nothing_is_broken_the_rows_are_those_of_csv(text):
    """In its strict form."""
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(row)]
    except csv.Error:
        assert any(isinstance(row, BrokenRow) for row in rows(text))
    else:
        assert rows(text) == expected


@given(st.lists(st.lists(st.text(max_size=5), min_size=1, max_size=4), max_size=5), st.sampled_from(",;\t|"))
def test_what_is_written_as_a_table_is_read_as_it_was(table, delimiter):
    """Whatever its cells hold, and whatever parts them."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows(table)
    assert rows(written.getvalue(), delimiter=delimiter) == [row for row in table if any(row)]


@given(TABLES, st.integers(1, 12))
def test_every_line_is_in_a_row_or_is_told_as_broken(text, limit_chars):
    """No letter vanishes, but behind the start of what is too long."""
    found = rows(text, limit_chars)
    letters = "".join(row.line if isinstance(row, BrokenRow) else "".join(row) for row in found)
    if all(len(line) <= limit_chars for line in io.StringIO(text, newline="")):
        assert sorted(letters.replace('"', "").replace(",", "").replace("\n", "").replace("\r", "")) == sorted(
            text.replace('"', "").replace(",", "").replace("\n", "").replace("\r", "")
        )


BROKEN = [
    ("a quote that is never closed", 'a\n"b\nc,d\n"e"\nf', [["a"], "',' expected behind a quote", ["c", "d"], ["e"], ["f"]]),
    ("a quote before a letter", 'a\n"b"c\nd', [["a"], "',' expected behind a quote", ["d"]]),
    ("a quote that ends before a letter", 'a\n"b\nc"d\ne', [["a"], "',' expected behind a quote", ['c"d'], ["e"]]),
    (
        "a whole row among those that it took",
        '"a\nb\nc","d\n"e\nf',
        ["',' expected behind a quote", ["b"], "',' expected behind a quote", "a quote is never closed", ["f"]],
    ),
    ("two that are never closed", '"a\n"b\nc', ["',' expected behind a quote", "a quote is never closed", ["c"]]),
    ("a row that is too long", 'a\n"' + "b\n" * 30 + '"\nc', [["a"], "longer than 50", *[["b"]] * 29, "never closed", ["c"]]),
    ("a line that is too long", "a\n" + "b" * 90 + "\nc", [["a"], "longer than 50", ["c"]]),
    ("a long line behind an open quote", '"a\n' + "b" * 90 + "\nc", ["longer than 50", "longer than 50", ["c"]]),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_row_costs_its_first_line(text, expected):
    """The others are read by themselves."""
    found = rows(text, 50)
    assert len(found) == len(expected)
    for row, one in zip(found, expected, strict=True):
        assert one in row.message if isinstance(row, BrokenRow) else row == one


def test_no_line_is_read_twice():
    """Though each of these opens a cell that never ends: the text is asked for each line once, and at its end."""
    asked = 0

    class Text(io.StringIO):
        """Counts how often a line is asked for."""

        def readline(self, size=-1, /):
            """Read a line."""
            nonlocal asked
            asked += 1
            return super().readline(size)

    found = list(rows_of(Text('x","z\n' * 8_000, newline=""), ",", LIMIT))
    assert [type(row) for row in found] == [BrokenRow] * 8_000
    assert asked <= 8_002


def test_the_settings_of_the_process_stay_and_do_not_count():
    """A cell may be longer than `csv` allows in this process."""
    before = csv.field_size_limit(10)
    try:
        assert rows("a,b\n" + "x" * 1_000 + ',"' + "y" * 1_000 + '"\n') == [["a", "b"], ["x" * 1_000, "y" * 1_000]]
        assert csv.field_size_limit() == 10
    finally:
        csv.field_size_limit(before)
