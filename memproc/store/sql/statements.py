"""Statements as SQL: each is compiled once in a process for a kind of database, however many stores are opened.

Facts: compiling is most of what a short life of a store costs. SQLAlchemy keeps what it compiled for one engine, and each store
has an engine of its own. Of a dialect nothing else goes into a statement than its class and the version of its server.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Column, Dialect, Executable, Select, Table, bindparam, delete, insert, update

_VALUE = "value_of_"  # before the name of a column, in that of a parameter
MOST_KEPT = 2_000  # the statements of a store are some two hundred, of which lists of keys have several lengths


class Compiled(MutableMapping[tuple[Any, ...], Any]):
    """What was compiled for one kind of database: a view of what the process keeps, by keys whose first item is the dialect."""

    _kept: dict[tuple[object, ...], Any] = {}  # noqa: RUF012 - of the process

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def _key(self, key: tuple[Any, ...]) -> tuple[object, ...]:
        return (type(self._dialect), self._dialect.server_version_info, *key[1:])

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        """Return what was compiled."""
        return self._kept[self._key(key)]

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        """Keep what was compiled; where there is too much, instead of all else."""
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[self._key(key)] = value

    def __delitem__(self, key: tuple[Any, ...]) -> None:
        """Keep it no longer."""
        del self._kept[self._key(key)]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Give the keys, of all kinds of databases."""
        return iter(self._kept)

    def __len__(self) -> int:
        """Return how many statements are kept, of all kinds of databases."""
        return len(self._kept)


class Statements:
    """The statements of one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect, self._compiled = dialect, Compiled(dialect)
        self._found: dict[tuple[object, ...], tuple[str, list[str]]] = {}  # of what the process keeps, what was asked for here

    def constant(self, statement: Executable) -> tuple[str, list[str]]:
        """Return the SQL of a statement that is a constant of its module, and the names of its parameters in their order."""
        return self._sql(("constant", statement), lambda: statement)

    def inserting(self, table: Table, names: Sequence[str]) -> tuple[str, list[str]]:
        """Return the SQL that inserts a row, and the names of its columns in the order of their values."""
        return self._sql(("insert", table, *names), lambda: insert(table).values({name: _value_of(name) for name in names}))

    def updating(self, table: Table, names: Sequence[str], add: Sequence[str]) -> tuple[str, list[str]]:
        """Return the SQL that sets some columns of the row of a primary key, and raises those of them that are in `add`; and the
        names of the columns, the key among them, in the order of their values.
        """

        def statement() -> Any:
            (key,) = table.primary_key.columns
            values = {name: _value_of(name) for name in names if name != key.name}
            raised = {name: table.c[name] + _value_of(name) for name in add}
            return update(table).where(key == _value_of(key.name)).values({**values, **raised})

        return self._sql(("update", table, *names, *add), statement)

    def by_keys(self, query: Select[Any] | None, column: Column[Any], count: int) -> str:
        """Return the SQL that gives the rows of a query whose column is one of so many keys; without a query, that deletes them."""

        def statement() -> Any:
            is_one_of = column.in_([bindparam(f"key{at}", type_=column.type) for at in range(count)])
            return delete(column.table).where(is_one_of) if query is None else query.where(is_one_of)

        return self._sql(("by keys", query, column, count), statement)[0]

    def _sql(self, name: tuple[object, ...], make: Any) -> tuple[str, list[str]]:
        if (found := self._found.get(name)) is not None:
            return found
        key = (self._dialect, *name)
        sql: tuple[str, list[str]] | None = self._compiled.get(key)
        if sql is None:
            compiled = make().compile(dialect=self._dialect)
            sql = self._compiled[key] = str(compiled), [name.removeprefix(_VALUE) for name in compiled.positiontup or ()]
        if len(self._found) >= MOST_KEPT:
            self._found.clear()
        self._found[name] = sql
        return sql


def _value_of(name: str) -> BindParameter[Any]:
    """Return the parameter for the value of a column, whose own name SQLAlchemy keeps for itself."""
    return bindparam(_VALUE + name)
