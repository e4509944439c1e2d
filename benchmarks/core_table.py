"""The store that tutorials put together: a pydantic model, and a table of SQLAlchemy Core that takes what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel, Field
from sqlalchemy import JSON, BigInteger, Column, Engine, Integer, MetaData, String, Table, Text, create_engine, event, insert

from benchmarks.database import CREATED_AT, PRAGMAS, SOURCE, is_server
from benchmarks.places import url_of
from benchmarks.server_settings import ASYNCHRONOUS, server_settings

SCHEMA: Final = MetaData()
MEMORY: Final = Table(
    "memory",
    SCHEMA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("source", String(64), nullable=False),
    Column("created_at", String(64), nullable=False),
    mysql_charset="utf8mb4",
    mariadb_charset="utf8mb4",
)


class Record(BaseModel):
    """A line of the file."""

    content: str = Field(min_length=1, max_length=10_000)
    metadata: dict[str, Any] = Field(default_factory=dict)


def records(path: Path) -> Iterator[Record]:
    """Give the records of a JSON Lines file, validated."""
    with path.open("rb") as lines:
        for line in lines:
            yield Record.model_validate(orjson.loads(line))


def row(number: int, record: Record) -> dict[str, Any]:
    """Give the row of a record."""
    return {
        "number": number,
        "content": record.content,
        "metadata": record.metadata,
        "source": SOURCE,
        "created_at": CREATED_AT,
    }


def insert_rows(engine: Engine, batch: list[dict[str, Any]]) -> None:
    """Insert the rows in one transaction."""
    if batch:
        with engine.begin() as connection:
            connection.execute(insert(MEMORY), batch)


def connected(place: str) -> Engine:
    """Give an engine for a place, with the durability that all sides have, and make the table where it is not there."""
    engine = _engine(place)
    SCHEMA.create_all(engine)
    return engine


def ran_under(place: str) -> Sequence[str]:
    """Give the settings of a connection to a server; nothing for SQLite, which is watched."""
    if not is_server(place):
        return ()
    engine = _engine(place)
    with engine.connect() as connection:
        found = server_settings(connection.connection.driver_connection)
    engine.dispose()
    return (found,)


def _engine(place: str) -> Engine:
    engine = create_engine(url_of(place))
    statements = {"sqlite": [f"PRAGMA {pragma}" for pragma in PRAGMAS], "postgresql": [ASYNCHRONOUS]}.get(engine.dialect.name, [])

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        connection.commit()

    return engine
