"""Finding memories: the newest first, a page at a time.

Strategy: of a small namespace everything is read; of a large one the search index tells which observations may have what is asked
for, by the one of all conditions that fewest meet, as those of a memory may be met by different observations. What came since the
index was written is looked at by the database. Where too many have it to be put in order, some of them come soon: then memories are
read in their order. Whether a memory is meant, the caller tells.

Rules: a page begins behind a date and an id, not behind a count. So what others write meanwhile shifts nothing: what stays as it is
is given once. Which way was taken changes nothing of what is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Select, Table, bindparam, literal_column, select

from memproc.dedup.keys import Key
from memproc.records import Plain
from memproc.store.rows.expired import has_expired
from memproc.store.rows.memories import to_memory
from memproc.store.rows.scanning import MOST_AT_ONCE, scanned
from memproc.store.rows.searched import SHORT, Part, end_of, numbers_in, parts_in, standing_in
from memproc.store.rows.slices import slices_of_name, slices_of_text
from memproc.store.rows.wanted import Place, Wanted, may_hold, pattern_of, pattern_of_value
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.store.sql.views import IS_EXPIRED

SMALL = 1_000  # memories of a namespace that are read without an index
MOST_CANDIDATES = 4_096
MOST_SINCE = 8_192  # observations that are not in the index and are looked at one by one
TEXT = "text"
_observations, _merged = tables.observations.c, tables.merged.c
_PLACES = select(_observations.number, _observations.memory, _observations.node, _observations.date)
_DATES = select(_merged.id, _merged.date)
_ALONE = select(_observations.node.label("id"), _observations.date, _observations.record).where(_observations.memory.is_(None))
_OF_MANY = select(_merged.id, _merged.date, _merged.record)
_NOT_EXPIRED = _ALONE.where(~IS_EXPIRED[tables.observations]), _OF_MANY.where(~IS_EXPIRED[tables.merged])
_IN_NAMESPACE: Mapping[Table, Select[Any]] = {
    table: select(literal_column("1"))
    .select_from(table)
    .where(table.c.namespace == bindparam("namespace", type_=table.c.namespace.type))
    .limit(bindparam("most", type_=_observations.number.type))
    .offset(literal_column("0"))
    for table in (tables.observations, tables.merged)
}


class Found(NamedTuple):
    """Memories that may be meant, the newest first, then by id, the largest first; and whether the index lags behind what came."""

    memories: Iterator[Plain]
    is_index_behind: bool


class Likely(NamedTuple):
    """The numbers of observations of which some is in each memory that is meant; None where they cannot be told, or are too many.
    And whether the index lags behind what came.
    """

    numbers: list[int] | None
    is_index_behind: bool = False


def found_memories(tx: Tx, wanted: Wanted) -> Found:
    """Return what may be meant; it is read as it is taken."""
    numbers, is_index_behind = likely_observations(tx, wanted)
    rows = scanned(tx, wanted) if numbers is None else _in_order(tx, wanted, _candidates(tx, wanted, numbers))
    return Found((to_memory(row.id, row.record) for row in rows), is_index_behind)


def likely_observations(tx: Tx, wanted: Wanted) -> Likely:
    """Return what the index tells of a large namespace, or of all; dates count for nothing in it."""
    asked = {what: slices_of_name(what, value) for what, value in wanted.holds.items()}
    if wanted.text and (slices := slices_of_text(wanted.text)):
        asked[TEXT] = (*slices,)
    if not asked or _is_small(tx, wanted):
        return Likely(None)
    parts = parts_in(tx)
    behind = tx.next_number(tables.observations) - end_of(parts)
    can_tell = parts and behind <= MOST_SINCE
    return Likely(_numbers(tx, wanted, asked, parts) if can_tell else None, behind >= SHORT)


def _numbers(tx: Tx, wanted: Wanted, asked: Mapping[str, tuple[int, ...]], parts: Sequence[Part]) -> list[int] | None:
    within = () if wanted.namespace is None else slices_of_name("namespace", wanted.namespace)
    standing = standing_in(tx, parts, [(*slices, *within) for slices in asked.values()])
    if standing is None:
        return None
    counts = [int(np.bitwise_count(bits).sum()) for bits in standing]
    fewest = min(counts)
    if fewest > MOST_CANDIDATES:
        return None
    at = counts.index(fewest)
    return [*numbers_in(standing[at]), *_since(tx, wanted, [*asked][at], end_of(parts))]


def _is_small(tx: Tx, wanted: Wanted) -> bool:
    """Tell whether few memories are in the namespace that is asked for."""
    if wanted.namespace is None:
        return False
    there = (tx.run(query, namespace=wanted.namespace_number, most=SMALL).all() for query in _IN_NAMESPACE.values())
    return all(len(rows) < SMALL for rows in there)


def _since(tx: Tx, wanted: Wanted, what: str, end: int) -> list[int]:
    """Return the numbers of observations, from one on, that may meet one condition."""
    if what != TEXT:
        values = {"run": "", "value": pattern_of_value(wanted.holds[what])}
        query = _since_query(None, has_run=False)
    else:
        values = {"run": pattern_of(wanted.run), "value": "%"}
        query = _since_query(tx.database.backend.is_ascii if wanted.is_text_asked else None, has_run=bool(wanted.run))
    return [row.number for row in tx.run(query, first=end, **values).all()]


@cache
def _since_query(is_ascii: Any, *, has_run: bool) -> Select[Any]:
    query = select(_observations.number).where(_observations.number >= bindparam("first", type_=_observations.number.type))
    query = query.where(_observations.record.like(bindparam("value"), escape="/"))
    return query if is_ascii is None else query.where(may_hold(_observations.record, is_ascii, has_run=has_run))


_Candidate = tuple[tuple[int, Key], int | None]
"""The rank of the place of a memory that may be meant, and the number of its observation, None where it has several."""


def _candidates(tx: Tx, wanted: Wanted, numbers: Sequence[int]) -> list[_Candidate]:
    """Return where the memories of some observations stand that lie behind the place and within the dates that are asked for, in
    their order.
    """
    rows = [*tx.select_by_keys(_PLACES, _observations.number, numbers)]
    shared = {memory for _, memory, _, _ in rows if memory is not None}
    alone = [(date, node, number) for number, memory, node, date in rows if memory is None]
    of_many = [(date, key, None) for key, date in tx.select_by_keys(_DATES, _merged.id, shared)]
    ranked = [(Place(date, key).rank, number) for date, key, number in (*alone, *of_many) if wanted.spans(date)]
    if wanted.after is not None:
        last = wanted.after.rank
        ranked = [one for one in ranked if one[0] < last]
    return sorted(ranked, key=itemgetter(0), reverse=True)


def _in_order(tx: Tx, wanted: Wanted, candidates: Sequence[_Candidate]) -> Iterator[Any]:
    """Give the rows of candidates in their order, a few at first and then more at a time."""
    alone, of_many = (_ALONE, _OF_MANY) if wanted.expired or not has_expired(tx) else _NOT_EXPIRED
    start, size = 0, wanted.at_once
    while start < len(candidates):
        some = candidates[start : start + size]
        numbers = [number for _, number in some if number is not None]
        shared = [key for (_, key), number in some if number is None]
        rows = {row.id: row for row in tx.select_by_keys(alone, _observations.number, numbers)}
        rows |= {row.id: row for row in tx.select_by_keys(of_many, _merged.id, shared)}
        yield from (rows[key] for (_, key), _ in some if key in rows)
        start, size = start + size, min(4 * size, MOST_AT_ONCE)
