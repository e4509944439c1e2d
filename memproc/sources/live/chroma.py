"""Collections of Chroma on disk, as `chromadb.PersistentClient` keeps them.

Facts: all collections of a folder are in one SQLite file. A record is a row of `embeddings` in the metadata segment of its
collection, and its metadata are rows of `embedding_metadata`, a value in the column of its type; lists have a table of their own.
The document of a record is metadata called `chroma:document`. Number and times of a record stand nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, column, inspect, select, table

from memproc.errors import SourceError
from memproc.sources.databases.cells import item_of
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.urls import url_of
from memproc.sources.labels import path_shown
from memproc.sources.live.address import Address, path_in
from memproc.sources.remote import Mark, Marked

PAGE = 500
_FILE = "chroma.sqlite3"
_TYPES = ("string_value", "int_value", "float_value", "bool_value")
_LISTS = "embedding_metadata_array"
DOCUMENT = "chroma:document"
_collections = table("collections", column("id"), column("name"))
_segments = table("segments", column("id"), column("scope"), column("collection"))
_records = table("embeddings", column("id"), column("segment_id"), column("embedding_id"))


def read(address: Address, collection: str, behind: Mark | None) -> Iterator[Marked]:
    """Yield the records of a collection. Raises SourceError if there is no such collection."""
    folder = Path(path_in(address)).expanduser()
    file = folder if folder.is_file() else folder / _FILE
    with closing(Database(url_of(file))) as database:
        with database.connection() as connection:
            segments = _segments_of(connection, collection, path_shown(folder))
            tables = [name for name in ("embedding_metadata", _LISTS) if name in inspect(connection).get_table_names()]
        of_page = select(_records.c.id, _records.c.embedding_id).where(_records.c.segment_id.in_(segments))
        of_page = of_page.order_by(_records.c.id).limit(PAGE)
        at = behind or 0
        while page := [*database.rows(of_page.where(_records.c.id > at))]:
            payloads = _payloads(database, tables, [row.id for row in page])
            for row in page:
                yield Marked(item_of({"id": row.embedding_id, "payload": payloads.get(row.id, {})}), row.id)
            at = page[-1].id


def _segments_of(connection: Connection, collection: str, label: str) -> list[str]:
    there = {row.name: row.id for row in connection.execute(select(_collections.c.name, _collections.c.id))}
    if collection not in there:
        names = ", ".join(sorted(there)) or "none"
        raise SourceError(f"{label} has no collection {collection!r}, but {names}: give one, as in ?collection=NAME")
    of_metadata = _segments.c.scope == "METADATA"
    found = connection.execute(select(_segments.c.id).where(of_metadata, _segments.c.collection == there[collection]))
    return list(found.scalars())


def _payloads(database: Database, tables: Sequence[str], numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the metadata of records, by the number of the record."""
    payloads: dict[int, dict[str, Any]] = {}
    for name in tables:
        of = table(name, column("id"), column("key"), *map(column, _TYPES))
        for row in _all(database, select(of).where(of.c.id.in_(numbers))):
            payload = payloads.setdefault(row.id, {})
            if name == _LISTS:
                payload.setdefault(row.key, []).append(_value_of(row))
            else:
                payload[row.key] = _value_of(row)
    return payloads


def _all(database: Database, statement: Select[Any]) -> Sequence[Row[Any]]:
    with database.connection() as connection:
        return connection.execute(statement).all()


def _value_of(row: Any) -> object:
    if row.bool_value is not None:
        return bool(row.bool_value)
    return next((value for value in (row.string_value, row.int_value, row.float_value) if value is not None), None)
