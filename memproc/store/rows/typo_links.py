"""Links from what a text with an odd word may stand for to that text."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from memproc.dedup.grouping import Link
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_MENDS = select(tables.mends.c.meant, tables.mends.c.core)


def write_mends(tx: Tx, links: Iterable[Link]) -> None:
    """Write which cores the core of a text with an odd token may stand for, where it is not written yet."""
    wanted = set(links)
    there = {tuple(row) for row in tx.select_by_keys(_MENDS, tables.mends.c.core, {core for _, core in wanted})}
    tx.insert_rows(tables.mends, sorted(wanted - there))
