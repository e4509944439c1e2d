"""The part of a stream of bytes that is in memory, and the elements cut out of it."""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from typing import IO, NamedTuple

from memproc.sources.rows import Numbered

CHUNK_BYTES = 1 << 18
WHITE = b" \t\r\n"
_SPACES = re.compile(rb"[ \t\r\n]*+")


class Flaw(StrEnum):
    """Why an element is not whole. If it is too long or lost, only its start is kept."""

    TOO_LONG = "it is longer than allowed"
    UNFINISHED = "the stream ends inside it, or before the end of its list"
    LOST = "it is longer than allowed, and the stream ends inside it: what it should have ended before is lost"


class Element(NamedTuple):
    """The bytes of one element, and its flaw if it is not whole."""

    raw: bytes
    flaw: Flaw | None = None

    @property
    def is_last(self) -> bool:
        """Whether the stream ended inside the element."""
        return self.flaw in (Flaw.UNFINISHED, Flaw.LOST)


class Window:
    """The part of the stream that is in memory; `data` from `at` on is not consumed yet. There is no short cut before `barren`.
    `commas` is the number of commas on the first level of the last value. Lists are read if they have one of the `names`; their
    elements may have `limit_bytes`. `unread` counts the objects in other lists. `number` is told the lines of elements.
    """

    def __init__(
        self, stream: IO[bytes], limit_bytes: int, names: frozenset[str], unread: Counter[str], number: Numbered | None = None
    ) -> None:
        self._stream, self.limit_bytes, self.names, self.unread, self._number = stream, limit_bytes, names, unread, number
        self._line, self._counted = 1, 0  # the line at a position in `data`
        self.data = b""
        self.at = 0
        self.barren = 0
        self.commas = 0

    def more(self) -> bool:
        """Drop what is consumed and read another chunk. Return False at the end of the stream.

        A chunk is as long as what is kept, so that a long value is copied and scanned about twice in all, not once per chunk.
        """
        self._count_lines()
        kept = self.data[self.at :]
        chunk = self._stream.read(max(CHUNK_BYTES, len(kept)))
        self.data = kept + chunk
        self.barren -= self.at
        self.at = self._counted = 0
        return bool(chunk)

    def mark(self) -> None:
        """Tell the number of the line of the current position, at which an element begins."""
        if self._number is not None:
            self._count_lines()
            self._number.at = self._line

    def _count_lines(self) -> None:
        if self._number is not None:
            self._line += self.data.count(b"\n", self._counted, self.at)
            self._counted = self.at

    def peek(self) -> bytes:
        """Return the next byte that is not white space, or nothing at the end."""
        while True:
            self.at = end_of(_SPACES, self.data, self.at)
            if self.at < len(self.data):
                return self.data[self.at : self.at + 1]
            if not self.more():
                return b""

    def peek_behind_commas(self) -> bytes:
        """Return the next byte that is neither white space nor a comma, or nothing at the end."""
        while (first := self.peek()) == b",":
            self.at += 1
        return first

    def without_spaces_behind(self) -> int:
        """Return the length of what is kept without trailing white space, of which at most one byte is left."""
        kept = self.data[self.at :].rstrip(WHITE)
        if len(self.data) - self.at > len(kept) + 1:
            self._count_lines()
            self._line += self.data.count(b"\n", self.at + len(kept)) if self._number is not None else 0
            self.data = kept + b" "
            self.barren -= self.at
            self.at = self._counted = 0
        return len(kept)


def end_of(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Return the end of the match of a pattern at a position, which may be empty."""
    found = pattern.match(data, at)
    return at if found is None else found.end()
