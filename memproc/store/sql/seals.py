"""Seals: a hash in a row of which nothing else tells whether it is still what memproc wrote.

Facts: a memory, a link or an entry of the index can be computed again from observations and decisions, and is compared with that.
A decision, a line of the ledger, a batch, a job, a tombstone or a rejected record is told once. So its row bears a hash of its own
values, but for the columns that something else tells of; these are named where the table is made.

Rules: a row whose seal is broken keeps it broken, whatever is written into it later: a check-up, and not a rebuild or the next
record, is to tell of it. A seal shows a typo of a hand or a disk; it is no signature, as anyone can compute it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Double, Table
from xxhash import xxh3_64_intdigest

from memproc.dedup.keys import Key
from memproc.store.sql.columns import SEAL

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
def _sealed_of(table: Table) -> tuple[Callable[[Sequence[Any]], tuple[Any, ...]], tuple[int, ...]]:
    """Return what takes the sealed values out of a row, and which of these are numbers with a fraction."""
    names = sealed_columns(table)
    taken = itemgetter(*(table.columns.keys().index(name) for name in names))
    return taken, tuple(at for at, name in enumerate(names) if isinstance(table.c[name].type, Double))


def seal_of(table: Table, row: Sequence[Any]) -> int:
    """Return the seal of a row, whose values stand in the order of the table's columns, its own at the end or not there yet."""
    taken, doubles = _sealed_of(table)
    told = [*taken(row)]
    for at in doubles:  # what is given as an integer comes back with a fraction
        told[at] = None if told[at] is None else float(told[at])
    return xxh3_64_intdigest(orjson.dumps(told, default=bytes.hex)) - _HALF


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
