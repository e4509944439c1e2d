"""Observations as rows: what a new one is written as, what a row gives, and which rows an id names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, FromClause, Select, func, literal_column, select, update

from memproc.dedup.columns import Columns, Prepared
from memproc.dedup.judging import Judged
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Row
from memproc.dedup.observation import Observation
from memproc.dedup.regrouping import Regrouped
from memproc.dedup.versions import principal
from memproc.errors import NotFoundError, UsageError
from memproc.records import Outcome, Plain
from memproc.store.sql import tables
from memproc.store.sql.seals import seal_of_date
from memproc.store.sql.tx import Tx
from memproc.times import from_micros, to_micros

_observations = tables.observations.c


class _Columns(NamedTuple):
    """The columns of an observation that are read."""

    number: int
    memory: Key | None
    key: Key
    node: Key
    content: Key
    core: int
    is_identity: int
    as_of: int | None
    length: int
    record: str
    speaks: int


ROWS = select(*(_observations[name] for name in _Columns._fields))
SPEAKING = ROWS.where(_observations.speaks == literal_column("1"))


ID_DIGITS = 32
_FORGOTTEN = select(tables.forgotten.c.key)
_RECORDS = select(_observations.key, _observations.record)
_NONE_MET: Mapping[int, Judged] = {}
_NOTHING_CHANGED = Regrouped({}, frozenset(), {}, 0, 0, {}, {})
COMPUTED = ("node", "content", "core", "length", "namespace", "date")  # columns of an observation that its record gives


def to_row(values: Iterable[Any]) -> Row:
    """Return a row of the query `ROWS` as values, its observation as one that meets no other."""
    row = _Columns(*values)
    as_of = None if row.as_of is None else from_micros(row.as_of)
    is_identity, group, record = bool(row.is_identity), row.content, orjson.loads(row.record)
    observation = Observation(row.key, row.node, row.content, group, is_identity, as_of, row.length, (), record, row.core)
    return Row(row.number, row.memory, observation, row.speaks == 1)


def home_in(observations: FromClause) -> ColumnElement[Key]:
    """Return what SQL gives as `Row.home`: the id of the memory that an observation of a table is in."""
    return func.coalesce(observations.c.memory, observations.c.node)


def forgotten_among(tx: Tx, keys: Iterable[Key]) -> set[Key]:
    """Return those of the keys that were forgotten."""
    if tx.execute(_FORGOTTEN.limit(1)).first() is None:
        return set()
    return {key for (key,) in tx.select_by_keys(_FORGOTTEN, tables.forgotten.c.key, keys)}


def records_of(tx: Tx, keys: Iterable[Key]) -> dict[Key, Plain]:
    """Return the records of observations by their keys; those that are not there are left out."""
    return {key: orjson.loads(record) for key, record in tx.select_by_keys(_RECORDS, _observations.key, {*keys})}


def to_key(identifier: str) -> Key:
    """Return the key that an id is the hexadecimal form of; an empty one, which nothing has, for what is no such form."""
    try:
        return bytes.fromhex(identifier)
    except ValueError:
        return b""


def id_beginning(tx: Tx, beginning: str) -> str:
    """Return the only id that begins so. Raises NotFoundError where there is none, and UsageError where there are several."""
    digits, gone = beginning.strip().lower(), tables.forgotten.c
    if len(digits) >= ID_DIGITS or not digits or to_key(digits.ljust(ID_DIGITS, "0")) == b"":
        return beginning
    least, most = (to_key(digits.ljust(ID_DIGITS, filling)) for filling in "0f")
    found: set[Key] = set()
    for column in (_observations.node, _observations.key, tables.merged.c.id, gone.key, gone.node):
        found.update(tx.execute(select(column).where(column >= least, column <= most).distinct().limit(3)).scalars())
    if not found:
        raise NotFoundError(f"no memory or observation {beginning!r}")
    if len(found) > 1:
        told = ", ".join(sorted(key.hex() for key in found))
        raise UsageError(f"{beginning!r} begins several ids: {told}: give more of the one that you mean")
    return found.pop().hex()


def named_by(tx: Tx, identifier: str) -> Row | None:
    """Return the row that an id (of a memory, a node or an observation) names, None where there is none."""
    key = to_key(identifier)
    named = _of_node(tx, key) or [*map(to_row, tx.select_by_keys(ROWS, _observations.key, [key]))]
    return named[0] if named else None


def locate(tx: Tx, identifier: str, rows: Select[Any] = ROWS) -> list[Row]:
    """Return the rows of the memory that an id is in, the row it names first; of `SPEAKING` only those that suffice.

    The list is empty where there is none.
    """
    first = named_by(tx, identifier)
    if first is None or first.memory is None:
        return [first] if first else []
    rest = map(to_row, tx.select_by_keys(rows, _observations.memory, [first.memory]))
    return [first, *sorted((row for row in rest if row.number != first.number), key=lambda row: row.observation.key)]


def require_row(tx: Tx, identifier: str) -> Row:
    """Return the row that an id names. Raises NotFoundError where there is none."""
    row = named_by(tx, identifier)
    if row is None:
        raise NotFoundError(f"no memory or observation {identifier!r}")
    return row


def require(tx: Tx, identifier: str) -> list[Row]:
    """Return the rows of the memory that an id is in, the row it names first. Raises NotFoundError where there is none."""
    rows = locate(tx, identifier)
    if not rows:
        raise NotFoundError(f"no memory or observation {identifier!r}")
    return rows


def _of_node(tx: Tx, node: Key) -> list[Row]:
    """Return the rows of a node, first the one that its key stands for; nothing where that was forgotten.

    Where versions of a node are told apart, its key stands for those in the memory of the one that came first: whoever holds it as
    an id was shown that.
    """
    named = [*map(to_row, tx.select_by_keys(SPEAKING, _observations.node, [node]))]
    if len(named) > 1:
        if len({row.memory for row in named}) > 1:
            first = ROWS.where(_observations.node == node).order_by(_observations.number).limit(1)
            (shown,) = map(to_row, tx.execute(first))
            named = [row for row in named if row.number == shown.number or row.memory == shown.memory is not None]
        speaks = principal([row.observation for row in named])
        named.sort(key=lambda row: row.observation.key != speaks.key)
    return [] if named and named[0].observation.is_identity and _began_with_what_is_gone(tx, node) else named


def _began_with_what_is_gone(tx: Tx, node: Key) -> bool:
    """Tell whether the first that came of a node was forgotten, while another stayed."""
    gone = tables.forgotten.c
    apart = select(gone.batch, gone.position).where(gone.node == node, gone.home != node).order_by(gone.batch, gone.position)
    left = select(_observations.batch, _observations.position).where(_observations.node == node)
    forgotten = tx.execute(apart.limit(1)).first()
    if forgotten is None:
        return False
    first = tx.execute(left.order_by(_observations.batch, _observations.position).limit(1)).one()
    return (forgotten.batch, forgotten.position) < (first.batch, first.position)


def rows_by_key(tx: Tx, keys: Collection[Key]) -> dict[Key, Row]:
    """Return the rows of observations by their keys."""
    rows = map(to_row, tx.select_by_keys(ROWS, _observations.key, keys))
    return {row.observation.key: row for row in rows}


def columns_of_new(
    prepared: Columns, first: int, batch: int, judged: Mapping[int, Judged] = _NONE_MET, changed: Regrouped = _NOTHING_CHANGED
) -> dict[str, Sequence[Any]]:
    """Return new observations, numbered from `first` on, by the columns of their table; those not in `judged`, by their places, are
    just stored.
    """
    many, speaks = len(prepared), changed.speaks
    outcomes: list[str] = [Outcome.STORED.value] * many
    confidences: list[float | None] = [None] * many
    for at, one in judged.items():
        outcomes[at], confidences[at] = one.outcome.value, one.confidence
    as_of = [None if date is None else to_micros(date) for date in prepared.as_of]
    return {
        "number": range(first, first + many),
        "key": prepared.key,
        "node": prepared.node,
        "content": prepared.content,
        "core": prepared.core,
        "memory": [*map(changed.membership.get, prepared.key)],
        "speaks": [int(speaks.get(key, True)) for key in prepared.key] if speaks else [1] * many,
        "namespace": prepared.namespace,
        "is_identity": [*map(int, prepared.is_identity)],
        "batch": [batch] * many,
        "position": prepared.position,
        "outcome": outcomes,
        "confidence": confidences,
        "last_batch": [batch] * many,
        "times_seen": [1] * many,
        "as_of": as_of,
        "as_of_seal": [None if date is None else seal_of_date(key, date) for key, date in zip(prepared.key, as_of, strict=True)],
        "length": [*map(len, prepared.text)],
        "date": prepared.changed_at,
        "record": [*map(bytes.decode, prepared.json)],
    }


def computed(prepared: Prepared) -> dict[str, object]:
    """Return what the columns `COMPUTED` of an observation should hold."""
    return {
        "node": prepared.node,
        "content": prepared.content,
        "core": prepared.core,
        "length": len(prepared.text),
        "namespace": prepared.namespace,
        "date": prepared.changed_at,
    }


def insert_observations(tx: Tx, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write new observations, as `columns_of_new` gives them."""
    tx.insert_columns(tables.observations, columns)


def note_seen_again(tx: Tx, times: Mapping[int, int], batch: int) -> None:
    """Add to observations, by number, how many more times a batch gave them."""
    rows = [{"number": number, "last_batch": batch, "times_seen": more} for number, more in times.items()]
    tx.update_rows(tables.observations, rows, add=("times_seen",))


def note_dates(tx: Tx, dates: Mapping[int, tuple[Key, int]]) -> None:
    """Write later dates that sources gave: by the number of an observation its key and the date, in microseconds since 1970."""
    rows = [{"number": number, "as_of": as_of, "as_of_seal": seal_of_date(key, as_of)} for number, (key, as_of) in dates.items()]
    tx.update_rows(tables.observations, rows)


def set_speaking(tx: Tx, speaking: Mapping[int, bool]) -> None:
    """Write, by number, whether observations speak for their version or are silent."""
    tx.update_rows(tables.observations, [{"number": number, "speaks": int(speaks)} for number, speaks in speaking.items()])


def set_memories(tx: Tx, memories: Mapping[int, Key | None]) -> None:
    """Write, by number, which memory observations are in; None for one by itself."""
    tx.update_rows(tables.observations, [{"number": number, "memory": memory} for number, memory in memories.items()])


def set_computed(tx: Tx, prepared: Mapping[int, Prepared]) -> None:
    """Write again what the records of observations give, by number."""
    tx.update_rows(tables.observations, [{"number": number, **computed(own)} for number, own in prepared.items()])


def take_apart(tx: Tx) -> None:
    """Let every observation be a memory by itself, before the memories are computed anew."""
    tx.execute(update(tables.observations).values(memory=None))


def delete_observations(tx: Tx, numbers: Iterable[int]) -> None:
    """Delete observations by number."""
    tx.delete_by_keys(tables.observations.c.number, numbers)
