"""Links from what a text with an odd word may stand for to that text."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select

from memproc.dedup.grouping import Link
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_TYPO_LINKS = select(tables.typo_links.c.meant, tables.typo_links.c.core)


def delete_typo_links(tx: Tx, cores: Iterable[int]) -> None:
    """Delete what texts with these cores may stand for."""
    tx.delete_by_keys(tables.typo_links.c.core, cores)


def clear_typo_links(tx: Tx) -> None:
    """Delete all links, before they are computed anew."""
    tx.execute(delete(tables.typo_links))


def write_typo_links(tx: Tx, links: Iterable[Link]) -> None:
    """Write which cores the core of a text with an odd token may stand for, where it is not written yet."""
    wanted = set(links)
    written = {tuple(row) for row in tx.select_by_keys(_TYPO_LINKS, tables.typo_links.c.core, {core for _, core in wanted})}
    tx.insert_rows(tables.typo_links, [{"meant": meant, "core": core} for meant, core in sorted(wanted - written)])
