"""The rows of a table, one after the other, whatever is broken in between.

Why not Python's `csv`: the length of its cells is bounded by a setting of the whole process, and where a row has no end, as
behind a quote that is never closed, each of the lines that it took would be read again from each of the lines before it.

Rules, those of `csv` in its strict form: a cell in quotes holds anything, a quote in it written twice, and ends before a delimiter
or a line end; in any other cell a quote is a character. A line ends with a line feed, a carriage return, or both. A broken row
costs its first line only, as a quote that is never closed would take all that follows.

Strategy: at the end of a line a row is either over or inside quotes. So of the lines behind the first of a broken row, up to the
one where it broke, each that ends inside quotes ends as that row did: none of them is followed any further, and time grows with
the length of the table. Memory is bounded by what a row may hold.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TextIO

ROW_INVALID, TOO_LONG = "row_invalid", "record_too_long"

_IN_QUOTES = re.compile(r'((?:[^"]++|"")*+)("?)')
_LINE_ENDS = "\r\n"


class BrokenRow(NamedTuple):
    """The first line of what is no row, without its end, and why: a code and a message. Of a line that is too long the start."""

    line: str
    code: str
    message: str


class _Row:
    """A row under way: its cells, and the parts of the cell in quotes that it is inside of, if it is."""

    def __init__(self, delimiter: str) -> None:
        self.cells: list[str] = []
        self.is_inside = False
        self._parts: list[str] = []
        self._delimiter = delimiter

    def take(self, line: str) -> str:
        """Take the next line of the row; return why it is none, or nothing."""
        if not self.is_inside and '"' not in line:
            self.cells = line.rstrip(_LINE_ENDS).split(self._delimiter)
            return ""
        end = len(line.rstrip(_LINE_ENDS))
        at = 0 if self.is_inside else self._cells_from(line, 0, end)
        while self.is_inside:
            found = _IN_QUOTES.match(line, at)
            text, quote = found.groups() if found else ("", "")
            self._parts.append(text)
            if not quote:
                return ""  # it goes on in the next line
            self.cells.append("".join(self._parts).replace('""', '"'))
            self._parts, self.is_inside = [], False
            at += len(text) + 1
            if line.startswith(self._delimiter, at):
                at = self._cells_from(line, at + 1, end)
            elif at < end:
                return f"{self._delimiter!r} expected behind a quote"
        return ""

    def _cells_from(self, line: str, at: int, end: int) -> int:
        """Take cells from a place on, up to one in quotes; return the place behind that quote, or the end of the line."""
        while not line.startswith('"', at):
            behind = line.find(self._delimiter, at, end)
            if behind < 0:
                self.cells.append(line[at:end])
                return end
            self.cells.append(line[at:behind])
            at = behind + 1
        self.is_inside = True
        return at + 1


def rows_of(text: TextIO, delimiter: str, limit_chars: int) -> Iterator[list[str] | BrokenRow]:
    """Give the rows of a text that was opened with `newline=""`, a blank line as one empty cell; and in its place what is none."""
    again: deque[str] = deque()  # lines that were taken for a row that broke
    doomed = 0  # how many of these it took before the one where it broke
    broke = "", ""
    while line := again.popleft() if again else _read(text, limit_chars):
        is_doomed, doomed = doomed > 0, max(doomed - 1, 0)
        if _is_too_long(line, limit_chars):
            yield BrokenRow(line, TOO_LONG, f"the line is longer than {limit_chars} characters; its start is kept")
            continue
        row = _Row(delimiter)
        if why := row.take(line):
            yield _broken(line, ROW_INVALID, why)
        elif row.is_inside and is_doomed:
            yield _broken(line, *broke)
        else:
            taken, ended = _follow(row, text, limit_chars - len(line), limit_chars)
            if ended[0]:
                again.extend(taken)
                doomed, broke = len(taken) - 1, ended  # a row that is whole leaves it as it was for those behind
            yield _broken(line, *ended) if ended[0] else row.cells


def _follow(row: _Row, text: TextIO, left_chars: int, limit_chars: int) -> tuple[list[str], tuple[str, str]]:
    """Let a row take lines up to its end; return them, and code and message of why it broke: empty where it did not.

    Where it broke is the last of these lines.
    """
    taken: list[str] = []
    while row.is_inside:
        line = _read(text, limit_chars)
        taken.append(line)
        left_chars -= len(line)
        if not line:
            return taken, (ROW_INVALID, "a quote is never closed")
        if left_chars < 0:
            return taken, (TOO_LONG, f"the row is longer than {limit_chars} characters; its first line is kept")
        if why := row.take(line):
            return taken, (ROW_INVALID, why)
    return taken, ("", "")


def _broken(line: str, code: str, why: str) -> BrokenRow:
    return BrokenRow(line.rstrip(_LINE_ENDS), code, f"no valid row: {why}" if code == ROW_INVALID else why)


def _read(text: TextIO, limit_chars: int) -> str:
    """Read a line; of one that is too long only the start."""
    line = more = text.readline(limit_chars + 1)
    while _is_too_long(line, limit_chars) and more and not more.endswith(("\n", "\r")):
        more = text.readline(limit_chars + 1)
    return line


def _is_too_long(line: str, limit_chars: int) -> bool:
    return len(line) > limit_chars and not line.endswith(("\n", "\r"))
