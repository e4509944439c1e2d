"""The records of an answer of JSON lines, which is read as it comes and may have any length.

Facts: who stores what comes may take longer than a server keeps a connection, and a connection that is closed early says nothing of
how many lines there are. No length need be told; then only the last line shows whether the answer broke off.

Rules: of an answer one line is held at a time. One that breaks off is asked for again, and goes on behind the record that was given
last: at its number, or where its hash is found; where it is found nowhere, from the first line. A line that is too long is one
faulty record. An answer is lines by its kind, or if its first line is an object and another one begins behind it.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import blake2b
from itertools import chain
from typing import Any

from memproc.records import Category
from memproc.sources.decoding import decode
from memproc.sources.items import Item
from memproc.sources.rest.bodies import Page, hash_of
from memproc.sources.rest.client import Body
from memproc.sources.rest.paging import Answer
from memproc.sources.rest.patience import Attempts
from memproc.sources.rest.retrying import PassingError
from memproc.sources.rows import TOO_LONG
from memproc.sources.sniffing import BOM
from memproc.validation import fault

LINES = ("ndjson", "jsonl", "jsonlines", "json-lines", "json-seq", "stream+json")
LOOKED_AT_BYTES = 1 << 16  # of an answer whose kind does not tell
KEPT_BYTES = 1 << 16  # of a line that is too long
_BLANK = b" \t\r\n"
_OF_SEQUENCES = b"\x1e"  # before each text of application/json-seq


class _Pieces(io.RawIOBase):
    """The pieces of a body as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._left = pieces, memoryview(b"")
        self.hashed = blake2b(digest_size=8)
        self.ends_a_line = True

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            if piece:
                self.hashed.update(piece)
                self.ends_a_line = piece.endswith(b"\n")
                self._left = memoryview(piece)
        room = memoryview(into)
        count = min(len(room), len(self._left))
        room[:count], self._left = self._left[:count], self._left[count:]
        return count


class OpenLines:
    """An answer of lines that is open."""

    def __init__(self, body: Body, begun: list[bytes]) -> None:
        """`begun` are the pieces of it that were taken already."""
        self.body, self._pieces = body, _Pieces(chain(begun, body.pieces))
        self._stream = io.BufferedReader(self._pieces)
        self.count = 0  # records that were read
        self.unread = Counter[str]()

    @property
    def digest(self) -> bytes:
        """The hash of all that was read."""
        return self._pieces.hashed.digest()

    def items(self, passed: int = 0) -> Iterator[tuple[int, Item]]:
        """Yield the records that are not read yet, but for those up to a number. Raises PassingError where the answer broke off."""
        while raw := self._line():
            if isinstance(raw, bytes) and not (raw := self._stripped(raw)):
                continue
            item = decode(raw) if isinstance(raw, bytes) else raw
            if item.fault and self.count and not self._pieces.ends_a_line and not self._stream.peek(1):
                raise PassingError("the answer ends within a line of JSON")
            self.count += 1
            if self.count > passed:
                yield self.count, item

    def answer(self) -> Answer:
        """Return what the answer says of the next one, after its records were read."""
        return Answer(self.body.url, None, self.body.next_link, self.count)

    def close(self) -> None:
        """End the answer, read or not."""
        self.body.close()

    def _stripped(self, line: bytes) -> bytes:
        return (line if self.count else line.removeprefix(BOM)).strip(_BLANK + _OF_SEQUENCES)

    def _line(self) -> bytes | Item:
        """Return the next line; of one that is too long the fault, and b"" at the end."""
        most = self.body.most_bytes
        self.body.renew()
        line = self._stream.readline(most + 1)
        if len(line) <= most or line.endswith(b"\n"):
            return line
        start, length = line[:KEPT_BYTES], len(line)
        while not line.endswith(b"\n") and (line := self._stream.readline(most)):
            length += len(line)
        message = f"the line is longer than {most} bytes ({length}); its start is kept"
        return Item(None, start, fault("", TOO_LONG, message), Category.RESOURCE)


class Lines:
    """An answer of lines as a page, which is asked for again where it breaks off. Close it."""

    def __init__(self, opened: OpenLines, again: Callable[[], Page | OpenLines], attempts: Callable[[], Attempts]) -> None:
        """`again` asks for the same answer once more, and `attempts` counts how often."""
        self._opened: Page | OpenLines = opened
        self._again, self._attempts = again, attempts
        self._last = ""  # the hash of the record behind which reading goes on

    @property
    def digest(self) -> bytes:
        """The hash of all that was read."""
        return self._opened.digest

    @property
    def unread(self) -> Counter[str]:
        """Objects that are not read, by name: nothing stands beside lines."""
        return self._opened.unread

    def items(self, passed: int = 0) -> Iterator[tuple[int, Item]]:
        """Yield the records behind so many, with their numbers from 1. Raises SourceEndedError where it breaks off for good."""
        attempts, furthest, begin = self._attempts(), passed, passed
        while True:
            try:
                for number, item in self._behind(begin):
                    begin, self._last = number, hash_of(item)
                    if number > furthest:  # else one that breaks off at the same place for ever would be read for ever
                        attempts, furthest = self._attempts(), number
                    yield number, item
            except PassingError as failure:
                attempts.wait(failure)
                self._reopen()
                begin = self.place_of(self._last, begin) if self._last else 0
            else:
                return

    def place_of(self, kept: str, at: int) -> int:
        """Return how many records stand up to the one of a hash: at its old place, or where it is first. 0 if it is not there."""
        attempts = self._attempts()
        while True:
            try:
                place = self._place_of(kept, at)
                self._last = kept if place else ""
                return place
            except PassingError as failure:
                attempts.wait(failure)
                self._reopen()

    def answer(self) -> Answer:
        """Return what the page says of the next one, after its records were read."""
        return self._opened.answer()

    def close(self) -> None:
        """End the answer, read or not."""
        self._opened.close()

    def _place_of(self, kept: str, at: int) -> int:
        first = 0
        for number, item in self._behind(0):
            is_it = hash_of(item) == kept
            first = first or (number if is_it else 0)
            if number >= at and first:
                return number if is_it else first
        return first

    def _behind(self, passed: int) -> Iterator[tuple[int, Item]]:
        """Yield the records behind so many, which are read over."""
        if isinstance(self._opened, OpenLines) and self._opened.count > passed:
            self._reopen()
        return self._opened.items(passed)

    def _reopen(self) -> None:
        """Ask again. What was lines may be one value now, as a server may have broken off in what it says of a fault."""
        self.close()
        self._opened = self._again()


def page_of(body: Body, records: str | None, hide: Callable[[str], str]) -> Page | OpenLines:
    """Return an answer as a page that is received whole, or as lines. Raises what `Page` does."""
    begun: list[bytes] = []
    is_lines = any(name in body.kind for name in LINES)
    while not is_lines and sum(map(len, begun)) < LOOKED_AT_BYTES and (piece := next(body.pieces, None)) is not None:
        begun.append(piece)
        is_lines = _are_lines(b"".join(begun))
    if is_lines:
        return OpenLines(body, begun)
    raw = body.whole(begun)
    body.close()
    return Page(body, raw, records, hide=hide)


def _are_lines(start: bytes) -> bool:
    """Return whether an answer that begins so is lines: an object, and the beginning of another one."""
    first, _, rest = start.removeprefix(BOM).lstrip(_BLANK).partition(b"\n")
    return first.startswith(b"{") and rest.lstrip(_BLANK).startswith(b"{") and not decode(first.strip(_BLANK)).fault
