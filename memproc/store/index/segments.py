"""The index of near pairs in the database, and its copy in memory.

Each batch writes one segment in its own transaction, so rollbacks and crashes need no special care. A segment never changes, and
its number is never reused; a merge writes a new segment and deletes the old ones. So a copy in memory is valid as long as its
segments exist, which the store's epoch shows without reading them if nothing else was written.

Merging and removing read segments part by part. Small copies are united in memory as they come, so that a look-up searches few
arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from sqlalchemy import bindparam, delete, func, literal_column, select, update

from memproc.dedup.band_hashes import hashes_of
from memproc.dedup.columns import Columns
from memproc.dedup.minhash import index
from memproc.dedup.minhash.index import ENTRY_BYTES, FAN_OUT, SMALL_ENTRIES, Entries
from memproc.dedup.minhash.minhash import Hashes
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

READ_AT_ONCE = 16  # parts

_segments = tables.segments.c
_PART_COUNTS = select(_segments.number, func.count()).group_by(_segments.number).order_by(_segments.number)
_SET_NEWEST = update(tables.store).values(segments=bindparam("newest"), tally=tables.store.c.tally + literal_column("1"))
_SMALL = select(_segments.number, _segments.bytes)


class Segments:
    """The segments of one store, read when first needed and cached. Not thread-safe."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, ...], Entries] = {}  # by the numbers of their segments
        self._sizes: dict[int, int] = {}  # entries per segment read or written so far
        self._epoch: int | None = None  # of the writing transaction, if known
        self._newest: int | None = None  # number of the newest segment, if known
        self._whole_at: int | None = None  # the epoch at which `_held` was complete

    def at(self, epoch: int, newest: int) -> None:
        """Set the epoch of the current writing transaction, and the number of the newest segment.

        If the copy was complete at the epoch before, nothing was written in between, and it is complete now.
        """
        self._epoch, self._newest = epoch, newest
        is_next = self._whole_at is not None and epoch - self._whole_at <= 1
        self._whole_at = epoch if is_next else None

    def leave(self) -> None:
        """End the writing transaction."""
        self._epoch = self._newest = None

    def all(self, tx: Tx) -> list[Entries]:
        """Return arrays with the entries of all segments that the transaction sees."""
        if self._epoch is None or self._whole_at != self._epoch:
            self._read_anew(tx)
            self._whole_at = self._epoch
        return list(self._held.values())

    def _read_anew(self, tx: Tx) -> None:
        counts = self._counts(tx)
        self._held = {numbers: held for numbers, held in self._held.items() if counts.keys() >= set(numbers)}
        self._sizes = {number: size for number, size in self._sizes.items() if number in counts}
        cached = {number for numbers in self._held for number in numbers}
        missing = {number: parts for number, parts in counts.items() if number not in cached}
        for number, entries in self._read(tx, missing):
            self._sizes[number] = len(entries)
            self._hold(number, entries)

    def index(self, tx: Tx, numbers: Sequence[int], facts: Columns, recall: str) -> Hashes:
        """Write a segment of these facts, each with its number; return their band hashes."""
        hashes = hashes_of(facts, recall)
        if numbers:
            entries = index.to_entries(hashes, np.array(numbers, np.uint64))
            self._hold(self._write(tx, index.in_parts(entries, _part_entries())), entries)
        return hashes

    def forget_cached(self) -> None:
        """Drop the cache, because a transaction that wrote part of it was rolled back."""
        self._held, self._sizes = {}, {}
        self._newest = self._whole_at = None

    def newest_alike(self) -> list[int]:
        """Return the numbers of the newest known segments of similar size, if there are enough to merge."""
        known = sorted(self._sizes.items())
        run = index.to_merge([size for _, size in known])
        return [number for number, _ in known[len(known) - run :]]

    def unite(self, tx: Tx, numbers: Sequence[int]) -> bool:
        """Merge segments into one; do nothing and return False if some no longer exist."""
        self._whole_at = None
        counts = self._counts(tx)
        if not counts.keys() >= set(numbers):
            return False
        small = {number: 1 for number in numbers if counts[number] == 1}
        sources: list[Iterable[Entries]] = [[entries] for _, entries in self._read(tx, small)]
        tx.execute(delete(tables.segments).where(_segments.number.in_(small)))
        sources += [self._pop_parts(tx, number) for number in numbers if number not in small]
        self._rename(numbers, self._write(tx, index.merged(sources, _part_entries())))
        return True

    def remove(self, tx: Tx, observation_numbers: Iterable[int]) -> None:
        """Remove the entries of observations from every segment."""
        self._whole_at = None
        gone = list(observation_numbers)
        for number in self._counts(tx):
            if any(len(index.without(part, gone)) < len(part) for part in self._parts(tx, number)):
                rest = (index.without(part, gone) for part in self._pop_parts(tx, number))
                self._write(tx, index.merged([rest], _part_entries()))

    def clear(self, tx: Tx) -> None:
        """Delete every segment."""
        tx.execute(delete(tables.segments))
        self.forget_cached()

    def _hold(self, number: int, entries: Entries) -> None:
        """Cache the entries of a segment, united with cached ones of smaller or similar size."""
        numbers: tuple[int, ...] = (number,)
        while self._held:
            least = min(self._held, key=lambda held: len(self._held[held]))
            size = len(self._held[least])
            if size > FAN_OUT * len(entries) or size + len(entries) > SMALL_ENTRIES:
                break
            numbers, entries = (*least, *numbers), np.sort(np.concatenate((self._held.pop(least), entries)))
        self._held[numbers] = entries

    def _rename(self, numbers: Iterable[int], number: int) -> None:
        """Note that segments became one: keep small entries under the new number; large ones are read when needed."""
        gone = set(numbers)
        touched = [held for held in self._held if not gone.isdisjoint(held)]
        cached = {one for held in touched for one in held}
        entries = [self._held.pop(held) for held in touched]
        self._sizes = {one: size for one, size in self._sizes.items() if one not in gone}
        if cached >= gone and sum(map(len, entries)) <= SMALL_ENTRIES:
            self._held[*sorted(cached - gone), number] = np.sort(np.concatenate(entries))

    def _write(self, tx: Tx, parts: Iterable[Entries]) -> int:
        """Write a segment from its parts; return its number."""
        number, size = self._next_number(tx), 0
        for place, part in enumerate(parts):
            blob = part.astype("<u8", copy=False).tobytes()
            tx.insert_rows(tables.segments, [{"number": number, "part": place, "bytes": blob}])
            size += len(part)
        self._sizes[number] = size
        return number

    def _next_number(self, tx: Tx) -> int:
        if self._newest is None:
            return tx.take_numbers("segments", 1)
        self._newest += 1
        tx.run(_SET_NEWEST, newest=self._newest)
        return self._newest

    def _counts(self, tx: Tx) -> dict[int, int]:
        """Return the number of parts of each segment, by its number, the oldest first."""
        return dict(map(tuple, tx.execute(_PART_COUNTS)))

    def _read(self, tx: Tx, counts: Mapping[int, int]) -> Iterator[tuple[int, Entries]]:
        """Yield segments with their numbers, given their numbers of parts."""
        small = [number for number, parts in counts.items() if parts == 1]
        for start in range(0, len(small), READ_AT_ONCE):
            wanted = _SMALL.where(_segments.number.in_(small[start : start + READ_AT_ONCE]))
            yield from ((number, _entries_in(blob)) for number, blob in tx.execute(wanted))
        for number in (number for number, parts in counts.items() if parts > 1):
            entries, size = np.empty(counts[number] * _part_entries(), np.uint64), 0
            for part in self._parts(tx, number):
                entries[size : size + len(part)] = part
                size += len(part)
            yield number, entries[:size]

    def _parts(self, tx: Tx, number: int) -> Iterator[Entries]:
        """Yield the parts of a segment."""
        return (_entries_in(blob) for _, blob in self._blobs(tx, number))

    def _pop_parts(self, tx: Tx, number: int) -> Iterator[Entries]:
        """Yield the parts of a segment and delete each, so that new parts reuse its place in the file."""
        for part, blob in self._blobs(tx, number):
            tx.execute(delete(tables.segments).where((_segments.number == number) & (_segments.part == part)))
            yield _entries_in(blob)

    def _blobs(self, tx: Tx, number: int) -> Iterator[tuple[int, bytes]]:
        places = select(_segments.part).where(_segments.number == number).order_by(_segments.part)
        for part in tx.execute(places).scalars().all():
            one = (_segments.number == number) & (_segments.part == part)
            yield part, tx.execute(select(_segments.bytes).where(one)).scalar_one()


def _part_entries() -> int:
    return tables.PART_BYTES // ENTRY_BYTES


def _entries_in(blob: bytes) -> Entries:
    return np.frombuffer(blob, "<u8").astype(np.uint64, copy=False)
