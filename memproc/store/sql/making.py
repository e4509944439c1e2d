"""Making a store: all of it or nothing, beside whatever an application has in the same database.

Facts: SQLite and PostgreSQL undo the making of tables with the transaction; MariaDB and MySQL commit each statement of it. There
what an attempt made is taken out when it fails, and what one left that was killed is known by its columns and by having no rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Table, inspect, select, text
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.schema import CreateSchema

from memproc.errors import DatabaseError, StoreError, UsageError
from memproc.store.sql import tables
from memproc.store.sql.database import Database
from memproc.store.sql.naming import OBJECTS
from memproc.store.sql.tx import Tx
from memproc.store.sql.views import views_on

MARKS = frozenset({"epoch", "schema_version", "scheme", "policy"})  # columns that the table of a store's row has in each version


def make(database: Database, row: Mapping[str, Any]) -> None:
    """Make the tables, views and indexes, and the store's row last; where another process made it meanwhile, that stands.

    Raises UsageError, and makes nothing, where a name is taken by something else.
    """
    with database.making() as tx:
        if is_store_in(tx) and tx.execute(select(tables.store)).first() is not None:
            return
        if tx.database.schema is not None and not inspect(tx.connection).has_schema(tx.database.schema):
            tx.execute(CreateSchema(tx.database.schema))
        _create(tx)
        tx.insert_rows(tables.store, [row])


def make_missing(database: Database) -> None:
    """Create the tables, views and indexes of a store that are missing."""
    with database.making() as tx:
        create_missing(tx)


def create_missing(tx: Tx) -> None:
    """Create the tables, views and indexes of a store that are missing, in a transaction of `Database.making`."""
    _create(tx, is_store=True)


def is_store_in(tx: Tx, *, name: str | None = None) -> bool:
    """Tell whether a database holds a store, by the table of its row, which has another `name` under another prefix."""
    columns = columns_of(tx, name or tx.database.names.of(tables.store.name))
    return columns is not None and columns >= MARKS


def columns_of(tx: Tx, name: str) -> set[str] | None:
    """Return the names of the columns of a table or view, None where there is none of that name."""
    try:
        return {column["name"] for column in inspect(tx.connection).get_columns(name)}
    except NoSuchTableError:
        return None


def names_in(tx: Tx) -> set[str]:
    """Return what tables, views and indexes are called in a database; where case is no matter there, in lower case."""
    return set(tx.exec_driver_sql(tx.database.backend.names).scalars())


def _create(tx: Tx, *, is_store: bool = False) -> None:
    existing = names_in(tx)
    own = [table for table in tables.metadata.sorted_tables if _is_own(tx, table, existing, is_store=is_store)]
    views = views_on(tx.database.backend)
    own_views = {name for name, view in views.items() if _is_own_view(tx, name, view, existing)}
    known = {str(index.name) for table in own for index in table.indexes} | {table.name for table in own} | own_views
    taken = sorted(name for name in map(tx.database.names.of, OBJECTS - known) if name in existing)
    if taken and is_store_in(tx):
        raise StoreError("the store has lost the row that says what it is: `memproc doctor` tells what is left")
    if taken:
        raise UsageError(
            f"{tx.database} has {_listed(taken)} already, which no store has made: give another table_prefix (--table-prefix) "
            "or another database"
        )
    made: list[str] = []
    try:
        for table in tables.metadata.sorted_tables:
            if table in own:
                _create_indexes(tx, table)
            elif table is not tables.store:
                _create_table(tx, table, made)
        for name, view in views.items():
            if name not in own_views:
                made.append(f"VIEW IF EXISTS {_quoted(tx, name)}")
                sql = view.compile(dialect=tx.connection.dialect, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
                tx.exec_driver_sql(f"CREATE VIEW {name} AS {sql}")
        if tables.store not in own:  # the last, as it is what tells that there is a store
            _create_table(tx, tables.store, made)
    except BaseException:
        if not tx.database.backend.undoes_making:
            _drop(tx, made)
        raise


def _create_table(tx: Tx, table: Table, made: list[str]) -> None:
    made.append(f"TABLE IF EXISTS {_quoted(tx, table.name)}")
    table.create(tx.connection, checkfirst=False)


def _quoted(tx: Tx, name: str) -> str:
    return str(tx.connection.dialect.identifier_preparer.quote(tx.database.names.of(name)))


def _create_indexes(tx: Tx, table: Table) -> None:
    existing = {index["name"] for index in inspect(tx.connection).get_indexes(tx.database.names.of(table.name))}
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if tx.database.names.of(index.name) not in existing:
            index.create(tx.connection, checkfirst=False)


def _drop(tx: Tx, made: Sequence[str]) -> None:
    """Take out what an attempt has made; where the connection is gone, the next attempt finds it."""
    with suppress(DBAPIError, DatabaseError):
        for what in reversed(made):
            tx.execute(text(f"DROP {what}"))


def _is_own(tx: Tx, table: Table, names: set[str], *, is_store: bool) -> bool:
    """Tell whether a table is there and of this store, or left by an attempt to make it that was killed."""
    name = tx.database.names.of(table.name)
    columns = columns_of(tx, name) if name in names else None
    if columns is None or is_store:
        return columns is not None
    return columns == {*table.columns.keys()} and tx.execute(select(table).limit(1)).first() is None


def _is_own_view(tx: Tx, name: str, view: Any, names: set[str]) -> bool:
    name = tx.database.names.of(name)
    return name in names and columns_of(tx, name) == {*view.selected_columns.keys()}


def _listed(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
