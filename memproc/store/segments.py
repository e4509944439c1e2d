"""The index of near pairs as it lies in the database, and its copy in memory.

Each batch writes one segment in its own transaction, so a roll-back or a crash needs no thought of its own. A segment is
never changed and its number never used again; merging writes a new one and deletes the old. So a copy in memory is right as
long as a segment of that number is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from sqlalchemy import Connection, delete, func, select

from memproc.dedup import index
from memproc.dedup.index import Entries
from memproc.dedup.keys import Prepared
from memproc.dedup.signatures import Hashes
from memproc.dedup.signing import hashes_of
from memproc.store import tables
from memproc.store.database import Database, take_numbers

PARTS_AT_ONCE = 16

_segments = tables.segments.c


class Segments:
    """The segments of one store, read when they are first needed and kept. Not safe for several threads at once."""

    def __init__(self, database: Database) -> None:
        """Know the database; nothing is read yet."""
        self._database = database
        self._cached: dict[int, Entries] = {}

    def all(self, connection: Connection) -> list[Entries]:
        """Return every segment as the transaction sees them, oldest first."""
        numbers = list(connection.execute(select(_segments.number).distinct().order_by(_segments.number)).scalars())
        self._cached = {
            number: self._cached[number] if number in self._cached else self._read(connection, number) for number in numbers
        }
        return list(self._cached.values())

    def index(self, connection: Connection, numbered: Sequence[tuple[int, Prepared]], recall: str) -> Hashes:
        """Write one more segment with these facts, each with its number; return their band hashes."""
        numbers = np.array([number for number, _ in numbered], np.uint64)
        hashes = hashes_of([prepared for _, prepared in numbered], recall)
        if numbered:
            self._write(connection, index.to_entries(hashes, numbers))
        return hashes

    def forget_cached(self) -> None:
        """Drop the copies in memory, because the transaction that wrote some of them was rolled back."""
        self._cached = {}

    def newest_alike(self) -> dict[int, Entries]:
        """Return by number, as far as is known, the newest segments if there are enough of like size to become one; else none."""
        run = index.to_merge([len(entries) for entries in self._cached.values()])
        return dict(list(self._cached.items())[-run:]) if run else {}

    def replace(self, connection: Connection, numbers: list[int], entries: Entries) -> bool:
        """Write one segment in place of others; return whether they were all there."""
        there = select(func.count(_segments.number.distinct())).where(_segments.number.in_(numbers))
        if connection.execute(there).scalar_one() < len(numbers):
            return False
        self._replace(connection, numbers, entries)
        return True

    def remove(self, connection: Connection, observation_numbers: Iterable[int]) -> None:
        """Remove the entries of some observations from every segment."""
        gone = list(observation_numbers)
        self.all(connection)
        for number, entries in list(self._cached.items()):
            kept = index.without(entries, gone)
            if len(kept) < len(entries):
                self._replace(connection, [number], kept)

    def clear(self, connection: Connection) -> None:
        """Delete every segment."""
        connection.execute(delete(tables.segments))
        self._cached = {}

    def _replace(self, connection: Connection, numbers: list[int], entries: Entries) -> None:
        connection.execute(delete(tables.segments).where(_segments.number.in_(numbers)))
        for number in numbers:
            self._cached.pop(number, None)
        if len(entries):
            self._write(connection, entries)

    def _write(self, connection: Connection, entries: Entries) -> None:
        number = take_numbers(connection, "segments", 1)
        bytes_of = entries.astype("<u8", copy=False).data.cast("B")
        parts = range(0, len(bytes_of), tables.PART_BYTES)
        for first in range(0, len(parts), PARTS_AT_ONCE):  # a large segment is not copied as a whole
            some = enumerate(parts[first : first + PARTS_AT_ONCE], first)
            rows = [(number, part, bytes(bytes_of[start : start + tables.PART_BYTES])) for part, start in some]
            self._database.insert_rows(connection, tables.segments, rows)
        self._cached[number] = entries

    def _read(self, connection: Connection, number: int) -> Entries:
        parts = connection.execute(select(_segments.bytes).where(_segments.number == number).order_by(_segments.part)).scalars()
        return np.frombuffer(b"".join(parts), "<u8").astype(np.uint64)
