"""How long the rows of a Parquet column become, told by its repetition levels before any value is decoded.

Facts: a value of level 0 begins a row, any other goes on with one. Levels are runs (RLE): a length and one level, which is a few
bytes for ten million values, or groups of eight levels packed in bits. The first form of a data page holds them behind their
length, in what is compressed; the second in front of that, as they are. A row may go on in the next page of the first form.

Strategy: only pages with fewer bytes than values, or with very many, can hide such a row; of others the bytes tell the size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from memproc.sources.tables.kinds import Kind, library

MOST_IN_ROW = 2_000_000  # values; as many take some 60 MB to decode
_LENGTH_BYTES = 4
_ALL_ONES = re.compile(rb"\xff+")


class Page(NamedTuple):
    """The head of a data page: how many bytes it becomes and has, how many values and rows are in it (None in the first form), the
    bytes of its levels (in the second form) of repetition, and where its body begins.
    """

    size: int
    held: int
    values: int
    level_bytes: int | None
    at: int


class RowLengths:
    """The longest row of one column of a group, as its pages pass."""

    def __init__(self, chunk: Any, most_levels: int) -> None:
        self._codec, self._bits = str(chunk.compression).lower(), most_levels.bit_length()
        self._open = self.longest = 0  # values of the row at the end of the pages so far, and of the longest row

    def note(self, page: Page, stream: IO[bytes]) -> None:
        """Look at a page, if it may hide a long row."""
        if not self._bits or (page.values <= page.size and page.values <= MOST_IN_ROW):
            return
        for length, begins in _runs(self._levels(page, stream), self._bits, page.values):
            self._open = length if begins else self._open + length
            self.longest = max(self.longest, self._open)
            if self.longest > MOST_IN_ROW:
                return

    def _levels(self, page: Page, stream: IO[bytes]) -> bytes:
        """Return the repetition levels of a page; none where they cannot be had, so that all its values count as one row."""
        stream.seek(page.at)
        if page.level_bytes is not None:
            return stream.read(min(page.level_bytes, page.held))
        body = stream.read(page.held)
        if self._codec != "uncompressed":
            try:
                body = library(Kind.PARQUET).decompress(body, page.size, codec=self._codec, asbytes=True)
            except Exception:  # noqa: BLE001 - what decompresses raises errors of many kinds
                return b""
        length = int.from_bytes(body[:_LENGTH_BYTES], "little")
        return body[_LENGTH_BYTES : _LENGTH_BYTES + length]


def _runs(raw: bytes, bits: int, count: int) -> Iterator[tuple[int, bool]]:
    """Yield runs of values: how many, and whether the first of them begins a row. Of values without a level one run."""
    at, width = 0, (bits + 7) // 8
    while count > 0 and at < len(raw):
        head, at = _varint(raw, at)
        if head & 1:
            groups = raw[at : at + (head >> 1) * bits]
            at += len(groups)
            yield from _packed(groups, bits)
            count -= (head >> 1) * 8
        else:
            length = min(head >> 1, count)
            level, at = int.from_bytes(raw[at : at + width], "little"), at + width
            yield (1, True) if level == 0 else (length, False)
            count -= length
    if count > 0:
        yield count, False


def _packed(groups: bytes, bits: int) -> Iterator[tuple[int, bool]]:
    """Yield runs of packed levels, to eight values exactly."""
    if bits > 1:
        for at in range(0, len(groups), bits):
            packed = int.from_bytes(groups[at : at + bits], "little")
            is_going_on = all(packed >> bits * one & ((1 << bits) - 1) for one in range(8))
            yield 8, not is_going_on
        return
    end = 0
    for found in _ALL_ONES.finditer(groups):
        if found.start() > end:
            yield 8, True
        yield 8 * len(found[0]), False
        end = found.end()
    if end < len(groups):
        yield 8, True


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(raw):
        number |= (raw[at] & 127) << shift
        at += 1
        if raw[at - 1] < 128:  # noqa: PLR2004 - the bit that says that more follows
            break
        shift += 7
    return number, at
