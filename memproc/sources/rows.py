"""The rows of a table, one after the other, past any broken ones.

Why not Python's `csv`: the length of its cells is limited by a setting of the whole process. And when a row has no end, as after a
quote that is never closed, each of the lines that it swallowed would have to be read again from each of the lines before it.

Rules, those of `csv` in strict mode: a quoted cell may hold anything, with quotes doubled, and must be followed by a delimiter or a
line end; in any other cell a quote is an ordinary character. A line ends with a line feed, a carriage return, or both. A broken row
costs its first line only, because an unclosed quote would otherwise take everything that follows.

Strategy: at the end of a line a row is either complete or inside quotes. So among the lines after the first of a broken row, up to
the one where it broke, each line that ends inside quotes would break at the same place: none of them is followed further, and time
is linear in the length of the table. Memory is bounded by the limit of a row.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, Protocol, TextIO

ROW_INVALID, TOO_LONG = "row_invalid", "record_too_long"

_IN_QUOTES = re.compile(r'((?:[^"]++|"")*+)("?)')
_LINE_ENDS = "\r\n"


class BrokenRow(NamedTuple):
    """The first line of a broken row, without its line end (only the start if it is too long), and why: a code and a message."""

    line: str
    code: str
    message: str


class _Row:
    """An unfinished row: its cells, and the parts of the quoted cell that it is inside of, if any."""

    def __init__(self, delimiter: str) -> None:
        self.cells: list[str] = []
        self.is_inside = False
        self._parts: list[str] = []
        self._delimiter = delimiter

    def take(self, line: str) -> str:
        """Take the next line of the row. Return why the row is broken, or an empty text."""
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
                return ""  # the cell continues on the next line
            self.cells.append("".join(self._parts).replace('""', '"'))
            self._parts, self.is_inside = [], False
            at += len(text) + 1
            if line.startswith(self._delimiter, at):
                at = self._cells_from(line, at + 1, end)
            elif at < end:
                return f"{self._delimiter!r} expected behind a quote"
        return ""

    def _cells_from(self, line: str, at: int, end: int) -> int:
        """Take cells from a position up to the next quoted one. Return the position after its quote, or the end of the line."""
        while not line.startswith('"', at):
            behind = line.find(self._delimiter, at, end)
            if behind < 0:
                self.cells.append(line[at:end])
                return end
            self.cells.append(line[at:behind])
            at = behind + 1
        self.is_inside = True
        return at + 1


class Numbered(Protocol):
    """What is told the number of the line at which a row begins."""

    at: int | None


def rows_of(text: TextIO, delimiter: str, limit_chars: int, number: Numbered | None = None) -> Iterator[list[str] | BrokenRow]:
    """Yield the rows of a text opened with `newline=""`, with broken rows in their places; a blank line is one empty cell.

    `number` is told the line of each row, counted from what it holds.
    """
    line_number = (number.at or 0) if number is not None else 0
    again: deque[str] = deque()  # lines of a broken row, to be read again
    doomed = 0  # how many of these stand before the one where it broke
    broke = "", ""
    while line := again.popleft() if again else _read(text, limit_chars):
        is_doomed, doomed = doomed > 0, max(doomed - 1, 0)
        line_number += 1
        if number is not None:
            number.at = line_number
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
                doomed, broke = len(taken) - 1, ended  # a whole row does not change what holds for the lines after it
            yield _broken(line, *ended) if ended[0] else row.cells
            line_number += 0 if ended[0] else len(taken)


def _follow(row: _Row, text: TextIO, left_chars: int, limit_chars: int) -> tuple[list[str], tuple[str, str]]:
    """Read lines up to the end of a row. Return them with the code and the message of why it broke, both empty if it did not.

    The last of these lines is where it broke.
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
    """Read a line; of one that is too long return only the start."""
    line = more = text.readline(limit_chars + 1)
    while _is_too_long(line, limit_chars) and more and not more.endswith(("\n", "\r")):
        more = text.readline(limit_chars + 1)
    return line


def _is_too_long(line: str, limit_chars: int) -> bool:
    return len(line) > limit_chars and not line.endswith(("\n", "\r"))
