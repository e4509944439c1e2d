"""Cuts items into chunks to prepare, and gathers prepared records into batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate, islice

from memproc.formats.draft import Decided
from memproc.intake import Chunk
from memproc.sources.items import Piece
from memproc.taken import Taken

CHUNK_ITEMS = 1_000
CHUNK_BYTES = 1 << 20  # of raw items
BETWEEN_BYTES = 8  # estimate of separators and blanks between two items


class Pieces:
    """The items of a source in chunks. A chunk ends early if reading fails or the time is over."""

    def __init__(self, pieces: Iterator[Piece], is_late: Callable[[], bool]) -> None:
        """`is_late` tells whether the time is over. `failure` holds the exception that ended the reading, and `bytes` an upper
        estimate of the bytes read so far.
        """
        self._pieces, self._is_late = pieces, is_late
        self.failure: Exception | None = None
        self.bytes = 0

    def skip(self, items: int) -> None:
        """Skip the next items."""
        for piece in islice(self._pieces, items):
            self.bytes += _bytes_of(piece) + BETWEEN_BYTES

    def next_chunk(self, records: int) -> list[Piece]:
        """Return the next chunk, with at most `records` items; an empty list at the end."""
        chunk: list[Piece] = []
        chunk_bytes, limit = 0, min(records, CHUNK_ITEMS) if self.failure is None else 0
        try:
            for piece in islice(self._pieces, limit):
                chunk.append(piece)
                chunk_bytes += _bytes_of(piece)
                if chunk_bytes >= CHUNK_BYTES or self._is_late():
                    break
        except Exception as error:  # noqa: BLE001 - the caller's source may raise anything; `run` raises it after the items before
            self.failure = error
        self.bytes += chunk_bytes + BETWEEN_BYTES * len(chunk)
        return chunk


def _bytes_of(piece: Piece) -> int:
    return len(piece if isinstance(piece, bytes) else piece.raw or b"")


class Gathered:
    """Prepared records and decisions that wait for a batch. A batch ends with the record that exceeds its limit of bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.records = Taken()
        self.decided: list[tuple[int, Decided]] = []  # each with the number of records before it

    def add(self, chunk: Chunk, skipped: int) -> None:
        """Add a chunk without its first `skipped` records, which an earlier run committed."""
        before = len(self.records) - skipped
        self.decided += [(before + at, one) for at, one in chunk.decided]
        self.records.extend(chunk.records.cut(skipped))

    def is_full(self, size: int) -> bool:
        """Tell whether the records fill a batch, by number or bytes."""
        return len(self.records) >= size or sum(self.records.sizes()) > self.limit_bytes

    def cut(self, size: int) -> tuple[Taken, list[Decided]]:
        """Remove and return the records of one batch, with the decisions up to its end."""
        most = min(size, self._fitting())
        batch, self.records = self.records.cut(0, most), self.records.cut(most)
        decided = [one for at, one in self.decided if at <= most]
        self.decided = [(at - most, one) for at, one in self.decided if at > most]
        return batch, decided

    def _fitting(self) -> int:
        """Return how many records fit into a batch by their bytes: one item may give any number of records."""
        ends = accumulate(self.records.sizes())
        return next((count for count, end in enumerate(ends, 1) if end > self.limit_bytes), len(self.records))
