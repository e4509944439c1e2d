"""The index of near pairs as it lies in the database, and its copy in memory.

Each batch writes one segment in its own transaction, so a roll-back or a crash needs no thought of its own. A segment is
never changed and its number never used again; merging writes a new one and deletes the old. So a copy in memory is right as
long as the segments that it is of are there, which the store's epoch tells at once where nothing else was written.

What is merged or searched for what to remove is read part by part. Of the copies, small ones are united as they come, so that a
look-up asks few arrays, and none is held twice.
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
_COUNTED = select(_segments.number, func.count()).group_by(_segments.number).order_by(_segments.number)
_NUMBERED = update(tables.store).values(segments=bindparam("newest"), tally=tables.store.c.tally + literal_column("1"))
_SMALL = select(_segments.number, _segments.bytes)


class Segments:
    """The segments of one store, read when they are first needed and kept. Not safe for several threads at once."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, ...], Entries] = {}  # by the numbers of the segments that the entries are of
        self._sizes: dict[int, int] = {}  # of the segments that were read or written, in entries
        self._epoch: int | None = None  # of this transaction, as far as it is told
        self._newest: int | None = None  # the number of the newest segment, as far as it is told
        self._whole_at: int | None = None  # the epoch at which what is held was all there is

    def at(self, epoch: int, newest: int) -> None:
        """Know the epoch of a writing transaction, in which this process alone writes, and the number of the newest segment.

        Nobody has written between it and another one of the epoch before.
        """
        self._epoch, self._newest = epoch, newest
        is_next = self._whole_at is not None and epoch - self._whole_at <= 1
        self._whole_at = epoch if is_next else None

    def leave(self) -> None:
        """Know that the writing transaction is over."""
        self._epoch = self._newest = None

    def all(self, tx: Tx) -> list[Entries]:
        """Return arrays that hold the entries of all segments as the transaction sees them."""
        if self._epoch is None or self._whole_at != self._epoch:
            self._read_anew(tx)
            self._whole_at = self._epoch
        return list(self._held.values())

    def _read_anew(self, tx: Tx) -> None:
        counts = self._counts(tx)
        self._held = {numbers: held for numbers, held in self._held.items() if counts.keys() >= set(numbers)}
        self._sizes = {number: size for number, size in self._sizes.items() if number in counts}
        there = {number for numbers in self._held for number in numbers}
        missing = {number: parts for number, parts in counts.items() if number not in there}
        for number, entries in self._read(tx, missing):
            self._sizes[number] = len(entries)
            self._hold(number, entries)

    def index(self, tx: Tx, numbers: Sequence[int], facts: Columns, recall: str) -> Hashes:
        """Write one more segment with these facts, each with its number; return their band hashes."""
        hashes = hashes_of(facts, recall)
        if numbers:
            entries = index.to_entries(hashes, np.array(numbers, np.uint64))
            self._hold(self._write(tx, index.in_parts(entries, _part_entries())), entries)
        return hashes

    def forget_cached(self) -> None:
        """Drop the copies in memory, because the transaction that wrote some of them was rolled back."""
        self._held, self._sizes = {}, {}
        self._newest = self._whole_at = None

    def newest_alike(self) -> list[int]:
        """Return the numbers of the newest segments, as far as they are known, if there are enough of like size to become one."""
        known = sorted(self._sizes.items())
        run = index.to_merge([size for _, size in known])
        return [number for number, _ in known[len(known) - run :]]

    def unite(self, tx: Tx, numbers: Sequence[int]) -> bool:
        """Write one segment in place of others; return whether they were all there."""
        self._whole_at = None
        counts = self._counts(tx)
        if not counts.keys() >= set(numbers):
            return False
        small = {number: 1 for number in numbers if counts[number] == 1}
        sources: list[Iterable[Entries]] = [[entries] for _, entries in self._read(tx, small)]
        tx.execute(delete(tables.segments).where(_segments.number.in_(small)))
        sources += [self._taken(tx, number) for number in numbers if number not in small]
        self._rename(numbers, self._write(tx, index.merged(sources, _part_entries())))
        return True

    def remove(self, tx: Tx, observation_numbers: Iterable[int]) -> None:
        """Remove the entries of some observations from every segment."""
        self._whole_at = None
        gone = list(observation_numbers)
        for number in self._counts(tx):
            if any(len(index.without(part, gone)) < len(part) for part in self._parts(tx, number)):
                kept = (index.without(part, gone) for part in self._taken(tx, number))
                self._write(tx, index.merged([kept], _part_entries()))

    def clear(self, tx: Tx) -> None:
        """Delete every segment."""
        tx.execute(delete(tables.segments))
        self.forget_cached()

    def _hold(self, number: int, entries: Entries) -> None:
        """Keep the entries of a segment in memory, united with what is smaller or about as small."""
        numbers: tuple[int, ...] = (number,)
        while self._held:
            least = min(self._held, key=lambda held: len(self._held[held]))
            size = len(self._held[least])
            if size > FAN_OUT * len(entries) or size + len(entries) > SMALL_ENTRIES:
                break
            numbers, entries = (*least, *numbers), np.sort(np.concatenate((self._held.pop(least), entries)))
        self._held[numbers] = entries

    def _rename(self, numbers: Iterable[int], number: int) -> None:
        """Take note that segments became one: what is small is held under its new name, the rest is read when it is needed."""
        gone = set(numbers)
        touched = [held for held in self._held if not gone.isdisjoint(held)]
        there = {one for held in touched for one in held}
        entries = [self._held.pop(held) for held in touched]
        self._sizes = {one: size for one, size in self._sizes.items() if one not in gone}
        if there >= gone and sum(map(len, entries)) <= SMALL_ENTRIES:
            self._held[*sorted(there - gone), number] = np.sort(np.concatenate(entries))

    def _write(self, tx: Tx, parts: Iterable[Entries]) -> int:
        """Write a segment, given in parts; return its number."""
        number, size = self._next_number(tx), 0
        for place, part in enumerate(parts):
            row = (number, place, part.astype("<u8", copy=False).tobytes())
            tx.insert_rows(tables.segments, [row])
            size += len(part)
        self._sizes[number] = size
        return number

    def _next_number(self, tx: Tx) -> int:
        if self._newest is None:
            return tx.take_numbers("segments", 1)
        self._newest += 1
        tx.run(_NUMBERED, newest=self._newest)
        return self._newest

    def _counts(self, tx: Tx) -> dict[int, int]:
        """Return how many parts each segment has, by its number, oldest first."""
        return dict(map(tuple, tx.execute(_COUNTED)))

    def _read(self, tx: Tx, counts: Mapping[int, int]) -> Iterator[tuple[int, Entries]]:
        """Give segments with their numbers, of each of which it is known how many parts it has."""
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
        """Give the parts of a segment, one at a time."""
        return (_entries_in(blob) for _, blob in self._blobs(tx, number))

    def _taken(self, tx: Tx, number: int) -> Iterator[Entries]:
        """Give the parts of a segment and delete each, so that what is written takes its place in the file."""
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
