"""Seals: a hash in a row of which nothing else tells whether it is still what memproc wrote.

Facts: a memory, a link or an entry of the index can be computed again from observations and decisions, and is compared with that.
A decision, a line of the ledger, a batch, a job, a tombstone or a rejected record is told once. So its row bears a hash of its own
values, but for the columns that something else tells of; these are named where the table is made.

Rules: a row whose seal is broken keeps it broken, whatever is written into it later: a check-up, and not a rebuild or the next
record, is to tell of it. A seal shows a slip of a hand or a disk; it is no signature, as anyone can compute it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Double, Table
from xxhash import xxh3_64_intdigest

from memproc.dedup.keys import Key
from memproc.store import tables

SEAL = tables.SEAL
_HALF = 1 << 63  # a hash has no sign, an integer of a database has


def is_sealed(table: Table) -> bool:
    """Tell whether the rows of a table bear a seal."""
    return SEAL in table.c


@cache
def sealed_columns(table: Table) -> tuple[str, ...]:
    """Return the names of the columns that the seal of a row is made of."""
    but = {SEAL, *table.c[SEAL].info["but"]}
    return tuple(column.name for column in table.columns if column.name not in but)


@cache
def _places(table: Table) -> tuple[tuple[int, bool], ...]:
    """Return at which places of a row its sealed values stand, and whether they are numbers with a fraction."""
    columns = {column.name: (at, isinstance(column.type, Double)) for at, column in enumerate(table.columns)}
    return tuple(columns[name] for name in sealed_columns(table))


def seal_of(table: Table, row: Sequence[Any]) -> int:
    """Return the seal of a row, whose values stand in the order of the table's columns, its own at the end or not there yet."""
    told = [_told(row[at], is_double=is_double) for at, is_double in _places(table)]
    return xxh3_64_intdigest(orjson.dumps(told)) - _HALF


def seal_of_date(key: Key, as_of: int) -> int:
    """Return the seal of the date, in microseconds since 1970, that the source of an observation gives for itself."""
    return xxh3_64_intdigest(orjson.dumps([key.hex(), as_of])) - _HALF


def is_whole(table: Table, row: Sequence[Any]) -> bool:
    """Tell whether a whole row is what was sealed."""
    return bool(row[-1] == seal_of(table, row))


def resealed(table: Table, row: Sequence[Any], values: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a whole row with other values, under a seal of these; a broken seal stays as it is."""
    named = {**dict(zip(table.columns.keys(), row, strict=True)), **values}
    changed = (*named.values(),)
    return (*changed[:-1], seal_of(table, changed) if is_whole(table, row) else row[-1])


def _told(value: Any, *, is_double: bool) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return float(value) if is_double and value is not None else value
