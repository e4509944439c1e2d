"""What stands between the cells of a table, found in its first lines.

Rules: a first line `sep=;`, as spreadsheets write it, says it. Otherwise each delimiter is tried: the first lines must have as many
cells as the head. The one that the suffix promises goes first among equals.
"""

from __future__ import annotations

import io
import re

from memproc.sources.rows import BrokenRow, rows_of

DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT_ROWS = 20
_SAID = re.compile(rb"[ \t]*\"?sep=(.)\"?[ \t]*(\r\n|\r|\n)", re.IGNORECASE)


def said_delimiter(start: bytes) -> tuple[str, int] | None:
    """Return the delimiter that the first line says, and how many bytes that line has; None if it says none."""
    found = _SAID.match(start)
    return (found[1].decode("latin-1"), found.end()) if found else None


def delimiter_of(start: bytes, promised: str, *, is_whole: bool) -> str:
    r"""Return the delimiter of the table that begins so; `is_whole` tells that there is nothing behind it.

    >>> delimiter_of(b"id;content\n1;Likes tea, and coffee\n", ",", is_whole=True)
    ';'
    """
    return max((promised, *DELIMITERS), key=lambda one: _fit(_widths(start, one, is_whole=is_whole)))


def is_table(start: bytes, *, is_whole: bool) -> bool:
    """Return whether some delimiter stands in several first lines, and in all of them as often."""
    found = [_widths(start, one, is_whole=is_whole) for one in DELIMITERS]
    return any(len(widths) > 1 and widths[0] > 1 and len({*widths}) == 1 for widths in found)


def _widths(start: bytes, delimiter: str, *, is_whole: bool) -> list[int]:
    """Return the number of cells in each of the first rows, 0 for a broken one."""
    text = start.decode("utf-8", "replace")
    widths = []
    for row in rows_of(io.StringIO(text, newline=""), delimiter, len(text) + 1):
        if isinstance(row, BrokenRow) or any(row):
            widths.append(0 if isinstance(row, BrokenRow) else len(row))
        if len(widths) > LOOKED_AT_ROWS:
            break
    is_cut = not is_whole and 1 < len(widths) <= LOOKED_AT_ROWS  # what is looked at may end inside the last row
    return widths[:-1] if is_cut else widths[:LOOKED_AT_ROWS]


def _fit(widths: list[int]) -> tuple[bool, float, int]:
    """Return how well a delimiter fits: whether it stands in the head, the share of rows with as many cells, and how many."""
    if not widths or widths[0] < 2:  # noqa: PLR2004 - one cell has nothing beside it
        return False, 0.0, 0
    return True, sum(width == widths[0] for width in widths) / len(widths), widths[0]
