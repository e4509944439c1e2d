"""Seals: a hash in a row of which nothing else tells whether it is still what memproc wrote.

Facts: a memory, a link or an entry of the index can be computed again from observations and decisions, and is compared with that.
A decision, a line of the ledger, a batch, a job, a tombstone or a rejected record is told once. So its row bears a hash of its own
values, but for the columns that something else tells of; these are named where the table is made.

Rules: a row whose seal is broken keeps it broken, whatever is written into it later: a check-up, and not a rebuild or the next
record, is to tell of it. A seal shows a change made by accident or by a failing disk; it is no signature, as anyone can compute it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Double, Table
from xxhash import xxh3_64_intdigest

from memproc.dedup.keys import Key
from memproc.store.sql.columns import SEAL

_HALF = 1 << 63  # a hash has no sign, an integer of a database has


@cache
def is_sealed(table: Table) -> bool:
    """Tell whether the rows of a table bear a seal."""
    return SEAL in table.c


@cache
def sealed_columns(table: Table) -> tuple[str, ...]:
    """Return the names of the columns that the seal of a row is made of."""
    but = {SEAL, *table.c[SEAL].info["but"]}
    return tuple(column.name for column in table.columns if column.name not in but)


@cache
def _doubles(table: Table) -> tuple[int, ...]:
    """Return which of the sealed columns hold numbers with a fraction."""
    return tuple(at for at, name in enumerate(sealed_columns(table)) if isinstance(table.c[name].type, Double))


def seal_of(table: Table, row: Mapping[str, Any]) -> int:
    """Return the seal of a row; a column that it does not name is NULL."""
    values: list[Any] = [*map(row.get, sealed_columns(table))]
    for at in _doubles(table):  # what is given as an integer comes back with a fraction
        values[at] = None if values[at] is None else float(values[at])
    return xxh3_64_intdigest(orjson.dumps(values, default=bytes.hex)) - _HALF


def seal_of_date(key: Key, as_of: int) -> int:
    """Return the seal of the date, in microseconds since 1970, that the source of an observation gives for itself."""
    return xxh3_64_intdigest(orjson.dumps([key.hex(), as_of])) - _HALF


def is_whole(table: Table, row: Mapping[str, Any]) -> bool:
    """Tell whether a whole row is what was sealed."""
    return bool(row[SEAL] == seal_of(table, row))


def resealed(table: Table, row: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return other values for a whole row, with the seal that it has under these; a broken seal stays as it is."""
    return {**values, SEAL: seal_of(table, {**row, **values}) if is_whole(table, row) else row[SEAL]}
