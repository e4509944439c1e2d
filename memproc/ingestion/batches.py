"""Items on their way: cut into chunks to be prepared, and records gathered into batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate, islice

from memproc.formats.draft import Decided
from memproc.intake import Chunk
from memproc.sources.items import Piece
from memproc.taken import Taken

CHUNK_ITEMS = 1_000  # prepared at once
CHUNK_BYTES = 1 << 20  # of items as they were read
BETWEEN_BYTES = 8  # between two items, at most, in what people and programs write


class Pieces:
    """The items of a source, cut into chunks. Where reading fails, or takes too long, what was read before comes first."""

    def __init__(self, pieces: Iterator[Piece], is_late: Callable[[], bool]) -> None:
        """Know the items, and how to ask whether the time is over; `failure` is what ended the reading, if something did, and
        `bytes` how many of the source the items took so far, or a few more.
        """
        self._pieces, self._is_late = pieces, is_late
        self.failure: Exception | None = None
        self.bytes = 0

    def skip(self, items: int) -> None:
        """Pass the next so many items."""
        for piece in islice(self._pieces, items):
            self.bytes += _bytes_of(piece) + BETWEEN_BYTES

    def next_chunk(self, records: int) -> list[Piece]:
        """Return the next items, as many as a chunk holds and no more than a batch has records; nothing at the end."""
        chunk: list[Piece] = []
        held, most = 0, min(records, CHUNK_ITEMS) if self.failure is None else 0
        try:
            for piece in islice(self._pieces, most):
                chunk.append(piece)
                held += _bytes_of(piece)
                if held >= CHUNK_BYTES or self._is_late():
                    break
        except Exception as error:  # noqa: BLE001 - the source is the caller's and may raise anything; it is raised in its place
            self.failure = error
        self.bytes += held + BETWEEN_BYTES * len(chunk)
        return chunk


def _bytes_of(piece: Piece) -> int:
    return len(piece if isinstance(piece, bytes) else piece.raw or b"")


class Gathered:
    """Records on their way into a batch, and decisions that go with them. A batch holds so many bytes and one record more."""

    def __init__(self, limit_bytes: int) -> None:
        """Know how many bytes a batch may hold; it is empty."""
        self.limit_bytes = limit_bytes
        self.records = Taken()
        self.decided: list[tuple[int, Decided]] = []  # each with the number of records before it

    def add(self, chunk: Chunk, skipped: int) -> None:
        """Take a chunk, but for its first records, which have landed before."""
        before = len(self.records) - skipped
        self.decided += [(before + at, one) for at, one in chunk.decided]
        self.records.extend(chunk.records.cut(skipped))

    def is_full(self, size: int) -> bool:
        """Tell whether there are as many records, or bytes, as a batch may have."""
        return len(self.records) >= size or sum(self.records.sizes()) > self.limit_bytes

    def cut(self, size: int) -> tuple[Taken, list[Decided]]:
        """Return the first records, as many as a batch holds, with the decisions up to their end; keep the rest."""
        most = min(size, self._fitting())
        batch, self.records = self.records.cut(0, most), self.records.cut(most)
        decided = [one for at, one in self.decided if at <= most]
        self.decided = [(at - most, one) for at, one in self.decided if at > most]
        return batch, decided

    def _fitting(self) -> int:
        """Return how many of the records a batch holds by their bytes: an item may have become any number of them."""
        ends = accumulate(self.records.sizes())
        return next((count for count, end in enumerate(ends, 1) if end > self.limit_bytes), len(self.records))
