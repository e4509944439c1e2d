"""The lines of a text as items, and the numbers of the lines at which items begin.

Numbers are kept only where somebody asks for them: an item that has one is decoded at once, which the quickest way avoids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from memproc.records import Category
from memproc.sources.decoding import item_of
from memproc.sources.items import Item, Piece
from memproc.sources.rows import TOO_LONG
from memproc.validation import fault


@dataclass(slots=True)
class LineNumber:
    """The number, from 1, of the line at which the item begins that was read last; None while it is unknown."""

    at: int | None = None


def lines_of(stream: IO[bytes], limit_bytes: int, number: LineNumber | None) -> Iterator[Piece]:
    """Yield the lines of a stream that are not blank; of one that is too long the start."""
    at = 0
    while line := stream.readline(limit_bytes + 1):
        at += 1
        if number is not None:
            number.at = at
        if len(line) > limit_bytes and not line.endswith(b"\n"):
            length = len(line)
            while (more := stream.readline(limit_bytes)) and not more.endswith(b"\n"):
                length += len(more)
            message = f"the line is longer than {limit_bytes} bytes ({length + len(more)}); its start is kept"
            yield Item(None, line, fault("", TOO_LONG, message), Category.RESOURCE)
        elif stripped := line.strip():
            yield stripped


def numbered(pieces: Iterator[Piece], number: LineNumber) -> Iterator[Piece]:
    """Yield pieces as items that know the lines they begin at, as `number` has them."""
    for piece in pieces:
        yield item_of(piece)._replace(line=number.at)
