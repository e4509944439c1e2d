"""A transaction under way: memproc's way of reading and writing rows in it.

Rules: whoever writes rows names their columns, and whoever reads them asks for columns by name; no order of columns is relied upon.
A row to write is a mapping by the names of its columns; many new rows are given as columns instead, as that is quicker. Where a
table has seals, they are made and kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    CursorResult,
    Executable,
    NestedTransaction,
    Select,
    Table,
    Update,
    bindparam,
    func,
    select,
    update,
)

from memproc.config import Policy
from memproc.errors import DatabaseError
from memproc.failures import Failure, Kind
from memproc.store.sql import tables
from memproc.store.sql.backends import Backend
from memproc.store.sql.columns import SEAL
from memproc.store.sql.driver import Found, Savepoint, driver_of
from memproc.store.sql.naming import Names
from memproc.store.sql.seals import is_sealed, resealed, seal_of, sealed_columns
from memproc.store.sql.statements import Statements
from memproc.times import to_text

KEYS_A_QUERY = 500
TOO_MUCH = Failure(Kind.CAPACITY, "too much at once")
COUNTERS = tables.store.c.epoch + tables.store.c.segments + tables.store.c.reviews + tables.store.c.rejected  # what `tally` is
_POLICY = select(tables.store.c.policy)


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """What a transaction knows of its database: where it is, without passwords; its file, if it is one; what differs there from
    other databases; what its tables are called, and in which schema; its statements; and how many bytes a row may hold.
    """

    shown: str
    file: Path | None
    backend: Backend
    names: Names
    schema: str | None
    statements: Statements
    largest_row_bytes: Callable[[], int | None]

    def __str__(self) -> str:
        """Return where it is."""
        return self.shown


class Tx:
    """One transaction on a database. `now` is when it began, as the store keeps times. `execute` takes statements that are made for
    one call, `run` those that are constants of their modules.
    """

    def __init__(self, connection: Connection, database: DatabaseInfo) -> None:
        self.connection, self.database = connection, database
        self.now = time_now()
        self.execute, self.exec_driver_sql = connection.execute, connection.exec_driver_sql
        self._statements, self._driver = database.statements, driver_of(connection)

    @cached_property
    def policy(self) -> Policy:
        """What the store was built with, as it stands in this transaction."""
        return Policy.from_json(self.run(_POLICY).scalar_one())

    def nested(self) -> Tx:
        """Return a transaction that is a part of this one, and begins now."""
        return Tx(self.connection, self.database)

    def savepoint(self) -> NestedTransaction | Savepoint:
        """Begin what can be undone by itself."""
        return self.connection.begin_nested() if self._driver is None else Savepoint(self._driver)

    def run(self, statement: Executable, **values: object) -> CursorResult[Any] | Found:
        """Execute a statement, a constant of its module, with a value for each of its parameters."""
        sql, order = self._statements.constant(statement)
        return self._send(sql, tuple(values[name] for name in order))

    def _send(self, sql: str, values: tuple[Any, ...]) -> CursorResult[Any] | Found:
        return self.exec_driver_sql(sql, values) if self._driver is None else self._driver.send(sql, values)

    def _send_many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if self._driver is None:
            self.exec_driver_sql(sql, [*rows])
        else:
            self._driver.send_many(sql, rows)

    def insert_rows(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, all with values for the same columns; the other columns are NULL, and a seal that is not given is made."""
        if is_sealed(table):
            rows = [row if SEAL in row else {**row, SEAL: seal_of(table, row)} for row in rows]
        if rows:
            self.insert_columns(table, {name: [row[name] for row in rows] for name in rows[0]})

    def insert_columns(self, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
        """Insert rows of a table, given by the names of its columns the values of all rows."""
        sql, order = self._statements.inserting(table, tuple(columns))
        rows = [*zip(*(columns[name] for name in order), strict=True)]
        limit = self.database.largest_row_bytes()
        if limit is not None and any(_characters(row) > limit // 4 and _bytes(row) > limit for row in rows):
            raise DatabaseError(TOO_MUCH, f"a row of more than {limit:,} bytes")
        if rows:
            self._send_many(sql, rows)

    def update_rows(self, table: Table, rows: Sequence[Mapping[str, Any]], *, add: Sequence[str] = ()) -> None:
        """Change rows that are there, all in the same columns: each is told by its primary key, set to the other values that are
        given, and in the columns `add` raised by them.
        """
        if not rows:
            return
        key = _primary_key(table)
        if is_sealed(table) and not {*rows[0]}.isdisjoint({*sealed_columns(table)} - {key.name}):
            rows, add = self._resealed(table, key, rows, add), ()
        if rows:
            sql, order = self._statements.updating(table, tuple(rows[0]), add)
            self._send_many(sql, [*map(itemgetter(*order), rows)])

    def _resealed(
        self, table: Table, key: Column[Any], rows: Sequence[Mapping[str, Any]], add: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Return what `update_rows` is to write where rows have seals: all values as they will be, and the seals of these."""
        changes, changed = {row[key.name]: row for row in rows}, []
        for row in self.select_by_keys(_whole(table), key, changes):
            before = row._asdict()
            values = changes[before[key.name]]
            changed.append(resealed(table, before, {**values, **{name: before[name] + values[name] for name in add}}))
        return changed

    def select_by_keys(self, query: Select[Any], column: Column[Any], keys: Iterable[Any]) -> Iterator[Any]:
        """Give the rows of `query`, a constant of its module, whose `column` is one of `keys`, in no particular order."""
        for some in _in_parts(keys):
            yield from self._send(self._statements.by_keys(query, column, len(some)), some).all()

    def delete_by_keys(self, column: Column[Any], keys: Iterable[Any]) -> None:
        """Delete the rows of a table whose `column` is one of `keys`."""
        for some in _in_parts(keys):
            self._send(self._statements.by_keys(None, column, len(some)), some)

    def in_chunks(self, query: Select[Any], number: Column[int], size: int) -> Iterator[Sequence[Any]]:
        """Give the rows of a query in the order of `number`, one of its columns, so many at a time, by a statement each."""
        last, ordered = -(2**63), query.order_by(number).limit(size)
        while rows := self.execute(ordered.where(number > last)).all():
            yield rows
            last = rows[-1].number

    def next_number(self, table: Table) -> int:
        """Return the number of the next row of a table; right because the writer holds the lock."""
        return (self.run(_newest(table)).scalar() or 0) + 1

    def take_numbers(self, name: str, count: int) -> int:
        """Return the first of `count` numbers that were never given, by a counter in the store's row. The writer holds the lock."""
        self.run(_raised(name), count=count)
        return int(self.run(_counter(name)).scalar_one()) - count + 1

    def change_store(self, **values: object) -> None:
        """Set some columns of the store's row, and its seal with them."""
        self.update_rows(tables.store, [{"id": tables.THE_STORE, **values}])

    def raise_counters(self, counters: Mapping[str, int]) -> None:
        """Bring counters of the store's row, by name, up to the numbers that were given."""
        self.execute(update(tables.store).values(**counters))

    def sum_counters(self) -> None:
        """Let the tally of the store's row be the sum of its counters again."""
        self.execute(update(tables.store).values(tally=COUNTERS))

    def note_deleted(self) -> None:
        """Note that what is deleted here is to be brought out of the files of SQLite when it is committed."""
        if self.database.file is not None:
            self.execute(update(tables.store).values(unwiped=tables.store.c.epoch))


def time_now() -> str:
    """Return the present moment, as the store keeps times."""
    return to_text(datetime.now(UTC))


def _in_parts(keys: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Give keys as many at a time as a query names, in few sizes: the last is given again until there are enough."""
    wanted = list(keys)
    for start in range(0, len(wanted), KEYS_A_QUERY):
        some = wanted[start : start + KEYS_A_QUERY]
        size = KEYS_A_QUERY if len(some) > KEYS_A_QUERY // 8 else 1 << (len(some) - 1).bit_length()
        yield (*some, *some[-1:] * (size - len(some)))


def _characters(row: Sequence[Any]) -> int:
    return sum(len(value) for value in row if isinstance(value, str | bytes))


def _bytes(row: Sequence[Any]) -> int:
    return sum(len(value.encode() if isinstance(value, str) else value) for value in row if isinstance(value, str | bytes))


@cache
def _newest(table: Table) -> Select[Any]:
    """Return the query of the largest number in a table."""
    return select(func.max(table.c.number))


@cache
def _counter(name: str) -> Select[Any]:
    """Return the query of a counter in the store's row."""
    return select(tables.store.c[name])


@cache
def _raised(name: str) -> Update:
    """Return the statement that raises a counter in the store's row."""
    more = bindparam("count", type_=tables.store.c[name].type)
    return update(tables.store).values({name: tables.store.c[name] + more, "tally": tables.store.c.tally + more})


@cache
def _primary_key(table: Table) -> Column[Any]:
    """Return the one column that is the primary key of a table."""
    (key,) = table.primary_key.columns
    return key


@cache
def _whole(table: Table) -> Select[Any]:
    """Return the query of all rows of a table: one constant for each, as statements are compiled once."""
    return select(table)
