"""Computes keys, links, memories and the index again, and compares them with the store. Nothing is written.

Strategy: one pass over the observations in order of their numbers, in chunks, keeps arrays of numbers and hashes. Then the links
and the parts of the segments are read once and compared with these. Memories are clustered again neighbourhood by neighbourhood, as
in a rebuild.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import LargeBinary, cast, func, select
from xxhash import xxh3_64_intdigest

from memproc.config import Policy
from memproc.dedup.band_hashes import hashes_of, width
from memproc.dedup.changes.chains import CHAINS, chain_hashes
from memproc.dedup.cluster import clusters
from memproc.dedup.columns import Columns, Prepared
from memproc.dedup.keys import Key
from memproc.dedup.minhash.index import ENTRY_BYTES, NUMBER_BITS, Entries
from memproc.dedup.preparing import prepare
from memproc.dedup.regrouping import regroup
from memproc.records import Memory, Plain
from memproc.store.checkup.findings import Findings
from memproc.store.rows.memories import merged_row
from memproc.store.rows.neighbourhood import in_company, neighbourhood
from memproc.store.rows.observations import COMPUTED, computed
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros
from memproc.validation import validator

OBSERVATIONS_AT_ONCE = 2_000
_SHIFT = np.uint64(32)

_observations = tables.observations.c
_segments = tables.segments.c
_MEMORIES = select(*(tables.merged.c[name] for name in ("id", "namespace", "date", "record")))
_KEYS = select(_observations.key)

Numbers = NDArray[np.uint64]


class Recomputed:
    """Checks observations in one pass, and then what depends on them. `check_observations` must come first."""

    def __init__(self, tx: Tx, policy: Policy, schema: type[Memory], findings: Findings) -> None:
        self.tx, self._policy, self._schema, self._findings = tx, policy, schema, findings
        self._links: list[Numbers] = []  # per chunk: rows of (hash of a link, number of an observation with it)
        self._indexed: list[Numbers] = []  # rows of (number, sum of hashes, their sum without a date of the source)

    def check_observations(self, *, compare_keys: bool) -> None:
        """Compare the keys of each record with the stored ones; without `compare_keys` only the observation key."""
        first_of_cores = select(func.min(_observations.number)).group_by(_observations.core)
        first = np.sort(np.array(self.tx.execute(first_of_cores).scalars().all(), np.uint64))
        for rows in self._chunks():
            prepared = [(row.number, again) for row in rows if (again := self._checked(row, compare_keys=compare_keys)) is not None]
            self._links.append(_links_of(prepared))
            near = [(number, again) for number, again in prepared if again.is_near]
            numbers = np.array([number for number, _ in near], np.uint64)
            is_first = np.isin(numbers, first)
            facts = [again for (_, again), first_of_core in zip(near, is_first, strict=True) if first_of_core]
            hashes = hashes_of(Columns.of(facts), self._policy.recall)
            sums = _sums(hashes)
            undated = np.array([_chains_before_dated(again) for again in facts], np.uint64).reshape(-1, CHAINS)
            self._indexed.append(np.column_stack((numbers[is_first], sums, sums - _sums(hashes[:, -CHAINS:]) + _sums(undated))))

    def check_links(self) -> None:
        """Compare the stored typo links with those of the observations."""
        links = np.concatenate([np.empty((0, 2), np.uint64), *self._links])
        expected, at = np.unique(links[:, 0], return_index=True)
        query = select(tables.typo_links.c.meant, tables.typo_links.c.core)
        stored = [np.empty(0, np.uint64)]
        for rows in self.tx.execute(query.execution_options(yield_per=OBSERVATIONS_AT_ONCE)).partitions():
            hashes = np.array([_link(meant, core) for meant, core in rows], np.uint64)
            stored.append(hashes)
            is_expected = np.isin(hashes, expected)
            self._findings.add("typo_links", *(row.core for row, is_right in zip(rows, is_expected, strict=True) if not is_right))
        missing = links[at[~np.isin(expected, np.concatenate(stored))], 1]
        self._findings.add("typo_links", *self._keys_of(missing))

    def check_memories(self) -> None:
        """Cluster again all observations that may share a memory, and compare with the stored memories."""
        done: set[Key] = set()
        for company in in_company(self.tx):
            fresh = [seen for seen in company.observations(self.tx) if seen.key not in done]
            near = neighbourhood(self.tx, fresh, is_whole=True)
            done |= near.rows.keys()
            clustered, _ = clusters((row.observation for row in near.rows.values()), near.typo_links, near.decisions, near.spent)
            changed = regroup(clustered, near.rows, near.rows.keys(), near)
            expected = {key: merged_row(key, memory) for key, memory in changed.memories.items()}
            stored = {row.id: row._asdict() for row in self.tx.select_by_keys(_MEMORIES, tables.merged.c.id, expected)}
            wrong_ids = {key for key, row in expected.items() if stored.get(key) != row}
            should_speak = {key for key, speaks in changed.speaks.items() if speaks}
            self._findings.add("memories", *sorted(wrong_ids | changed.membership.keys() | should_speak))
        alone = select(_observations.key).where(_observations.memory.is_not(None) | (_observations.speaks != 1))
        for keys in self.tx.execute(alone.execution_options(yield_per=OBSERVATIONS_AT_ONCE)).scalars().partitions():
            self._findings.add("memories", *(key for key in keys if key not in done))

    def check_index(self) -> None:
        """Compare the entries of the segments with those of the first fact of each core. A fact whose source gave a date later is
        indexed as it was without one.
        """
        numbers, sums, sums_undated = np.concatenate([np.empty((0, 3), np.uint64), *self._indexed]).T
        counts, found_sums = np.zeros(len(numbers), np.int64), np.zeros(len(numbers))
        extra = [np.empty(0, np.uint64)]
        for entries in self._parts():
            owners = entries & NUMBER_BITS
            is_own = np.isin(owners, numbers)
            extra.append(np.unique(owners[~is_own]))
            at = np.searchsorted(numbers, owners[is_own])
            hashes = (entries[is_own] >> _SHIFT).astype(np.float64)  # their sums stay below 2**53, so floats are exact
            counts += np.bincount(at, minlength=len(numbers))
            found_sums += np.bincount(at, hashes, minlength=len(numbers))
        is_whole = counts == width(self._policy.recall)
        is_right = (found_sums == sums) | (found_sums == sums_undated)
        self._findings.add("index_extra", *map(int, np.unique(np.concatenate(extra))))
        self._findings.add("index_missing", *self._keys_of(numbers[~is_whole]))
        self._findings.add("index_wrong", *self._keys_of(numbers[is_whole & ~is_right]))

    def _chunks(self) -> Iterator[Sequence[Any]]:
        # Invalid UTF-8 is a finding; SQLite's driver would raise on it.
        record = cast(_observations.record, LargeBinary) if self.tx.database.file is not None else _observations.record
        columns = [_observations[name] for name in ("number", "key", "is_identity", "as_of")]
        query = select(*columns, record, *(_observations[name] for name in COMPUTED))
        return self.tx.in_chunks(query, _observations.number, OBSERVATIONS_AT_ONCE)

    def _checked(self, row: Any, *, compare_keys: bool) -> Prepared | None:
        """Return the observation computed from a row's record, or None; add what is wrong."""
        key, is_identity, record = row.key, row.is_identity, row.record
        plain = _parse(record)
        if plain is None:
            self._findings.add("records", key)
            return None
        if not any(_is_valid(plain, schema) for schema in (Memory, self._schema)):
            self._findings.add("invalid_records", key)
        try:
            date = None if row.as_of is None else from_micros(row.as_of)
            again = prepare(plain, is_identity=bool(is_identity), as_of=date, policy=self._policy)
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError):  # content, id or date is missing or invalid
            self._findings.add("observation_keys", key)
            return None
        if (
            again.key != key
            or is_identity not in {0, 1}
            or again.json != (record if isinstance(record, bytes) else record.encode())
        ):
            self._findings.add("observation_keys", key)
        elif compare_keys and computed(again) != {name: getattr(row, name) for name in COMPUTED}:
            self._findings.add("keys", key)
        return again

    def _parts(self) -> Iterator[Entries]:
        """Yield the entries of the segments part by part; add segments that are truncated or out of order."""
        names = self.tx.execute(select(_segments.number, _segments.part).order_by(_segments.number, _segments.part)).all()
        for number, parts in groupby(names, key=itemgetter(0)):
            last, was_full, is_whole = 0, True, True
            for place, (_, part) in enumerate(parts):
                one = (_segments.number == number) & (_segments.part == part)
                blob = self.tx.execute(select(_segments.bytes).where(one)).scalar_one()
                entries = np.frombuffer(blob[: len(blob) // ENTRY_BYTES * ENTRY_BYTES], "<u8").astype(np.uint64)
                is_sorted = len(entries) > 0 and entries[0] >= last and bool((entries[1:] >= entries[:-1]).all())
                is_whole = is_whole and part == place and was_full and len(blob) % ENTRY_BYTES == 0 and is_sorted
                last, was_full = int(entries[-1]) if len(entries) else last, len(blob) == tables.PART_BYTES
                yield entries
            if not is_whole:
                self._findings.add("segments", number)

    def _keys_of(self, numbers: Numbers) -> list[Key]:
        """Return the sorted keys of observations."""
        rows = self.tx.select_by_keys(_KEYS, _observations.number, map(int, numbers))
        return sorted(key for (key,) in rows)


def _parse(record: str | bytes) -> Plain | None:
    """Parse a stored record; None if it is not a JSON object."""
    try:
        plain = orjson.loads(record)
    except orjson.JSONDecodeError:
        return None
    return plain if isinstance(plain, dict) else None


def _is_valid(plain: Plain, schema: type[Memory]) -> bool:
    """Tell whether a record passes validation, ignoring fields outside the schema."""
    fields = {name: value for name, value in plain.items() if name in schema.model_fields}
    return isinstance(validator(schema)(fields), Memory)


def _chains_before_dated(fact: Prepared) -> tuple[int, int]:
    """Return the chain hashes of a fact before its source gave a date."""
    return fact.chains if fact.changed_at is not None else chain_hashes(fact.text, fact.scope, is_dated=False)


def _sums(hashes: NDArray[Any]) -> Numbers:
    sums: Numbers = hashes.sum(axis=1, dtype=np.uint64)
    return sums


def _links_of(prepared: Iterable[tuple[int, Prepared]]) -> Numbers:
    links = [(_link(meant, again.core), number) for number, again in prepared for meant in again.typo_links]
    return np.array(links, np.uint64).reshape(-1, 2)


def _link(meant: int, core: int) -> int:
    return xxh3_64_intdigest(f"{meant} {core}".encode())
