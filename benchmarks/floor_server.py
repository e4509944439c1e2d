"""The floor on a server: the rows of `benchmarks.floor` through the raw driver, without validation and without dedup."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.database import Run, batches, stopwatch
from benchmarks.floor import COLUMNS, rows
from benchmarks.server_settings import ASYNCHRONOUS, server_settings

INSERT: Final = f"INSERT INTO memory VALUES (%s{', %s' * len(COLUMNS)})"
TYPES: Final = {True: ("TEXT", "DOUBLE PRECISION", ""), False: ("LONGTEXT", "DOUBLE", " CHARACTER SET utf8mb4")}


def ingest(path: Path, place: str) -> Run:
    """Insert the records of a JSON Lines file into an empty schema or database, 1,000 in each transaction."""
    is_postgresql = place.startswith("postgresql")
    spent = stopwatch()
    stored = 0
    with closing(_connected(place, is_postgresql=is_postgresql)) as connection:
        cursor = connection.cursor()
        cursor.execute(_create(is_postgresql=is_postgresql))
        connection.commit()
        for batch in batches(rows(path)):
            cursor.executemany(INSERT, batch)
            connection.commit()
            stored += len(batch)
        seconds, cpu_seconds = spent()
        ran_under = server_settings(connection)
    return Run(seconds, cpu_seconds, read=stored, stored=stored, ran_under=(ran_under,))


def _connected(place: str, *, is_postgresql: bool) -> Any:
    if is_postgresql:
        import psycopg  # noqa: PLC0415 - only one of the drivers may be there

        connection = psycopg.connect(place)
        connection.execute(ASYNCHRONOUS)
        connection.commit()
        return connection
    import pymysql  # noqa: PLC0415 - as above

    url = urlsplit(place)
    return pymysql.connect(
        host=url.hostname,
        port=url.port or 0,
        user=url.username,
        password=url.password or "",
        database=url.path.removeprefix("/"),
        charset="utf8mb4",
    )


def _create(*, is_postgresql: bool) -> str:
    text, number, suffix = TYPES[is_postgresql]
    columns = ", ".join(f"{name} {number if name == 'importance' else text}" for name in COLUMNS)
    return f"CREATE TABLE memory (number BIGINT PRIMARY KEY, {columns}){suffix}"
