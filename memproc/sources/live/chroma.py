"""Collections of Chroma on disk, as `chromadb.PersistentClient` keeps them.

Facts: all collections of a folder are in one SQLite file. A record is a row of `embeddings` in the metadata segment of its
collection, and its metadata are rows of `embedding_metadata`, a value in the column of its type; lists have a table of their own.
The document of a record is metadata called `chroma:document`. Number and times of a record stand nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, Select, cast, column, func, inspect, select, table

from memproc.errors import SourceError
from memproc.records import Category
from memproc.sources.databases.cells import item_of
from memproc.sources.databases.connecting import FILE_PAGE_BYTES, Database
from memproc.sources.databases.failing import in_own_words
from memproc.sources.databases.sqlite_files import LONGEST_BYTES
from memproc.sources.databases.urls import url_of
from memproc.sources.items import Item
from memproc.sources.labels import path_shown
from memproc.sources.live.address import Address, path_in, shown
from memproc.sources.remote import Mark, Marked
from memproc.sources.rows import TOO_LONG
from memproc.validation import fault

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
    url = url_of(file)
    with in_own_words(shown(address), url), closing(Database(url)) as database:
        with database.connection() as connection:
            segments = _segments_of(connection, collection, path_shown(folder))
            tables = [name for name in ("embedding_metadata", _LISTS) if name in inspect(connection).get_table_names()]
        of_page = select(_records.c.id, _records.c.embedding_id).where(_records.c.segment_id.in_(segments))
        of_page = of_page.order_by(_records.c.id).limit(PAGE)
        at = behind
        while page := [*database.rows(of_page if at is None else of_page.where(_records.c.id > at))]:
            sizes = _sizes(database, tables, [row.id for row in page])
            for some in _parts(page, sizes):
                payloads = _payloads(database, tables, [row.id for row in some if sizes[row.id] <= LONGEST_BYTES])
                for row in some:
                    yield Marked(_item(row, payloads.get(row.id, {}), sizes[row.id]), row.id)
            at = page[-1].id


def _item(row: Any, payload: dict[str, Any], size: int) -> Item:
    """Return a record as an item; one that is too long as a faulty one."""
    if size <= LONGEST_BYTES:
        return item_of({"id": row.embedding_id, "payload": payload})
    message = f"the record is longer than {LONGEST_BYTES} bytes"
    return Item(None, str(row.embedding_id).encode(), fault("", TOO_LONG, message), Category.RESOURCE)


def _parts(page: Sequence[Row[Any]], sizes: Mapping[int, int]) -> Iterator[Sequence[Row[Any]]]:
    """Yield the records of a page in parts that can be held in memory at once."""
    part: list[Row[Any]] = []
    held = 0
    for row in page:
        size = sizes[row.id] if sizes[row.id] <= LONGEST_BYTES else 0
        if part and held + size > FILE_PAGE_BYTES:
            yield part
            part, held = [], 0
        part.append(row)
        held += size
    if part:
        yield part


def _sizes(database: Database, tables: Sequence[str], numbers: Sequence[int]) -> Counter[int]:
    """Return how long the texts of records are together, by the number of the record, before any is read."""
    sizes: Counter[int] = Counter()
    for name in tables:
        of = table(name, column("id"), column("string_value"))
        length = func.sum(func.length(cast(of.c.string_value, LargeBinary))).label("size")
        for row in _all(database, select(of.c.id, length).where(of.c.id.in_(numbers)).group_by(of.c.id)):
            sizes[row.id] += row.size or 0
    return sizes


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
