"""The floor: decode each line and insert it, without validation and without dedup.

Run as ``python -m benchmarks.floor FILE DATABASE``.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import orjson

from benchmarks.database import CREATED_AT, PRAGMAS, SOURCE, Run, batches, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATE: Final = """
    CREATE TABLE memory (
        number INTEGER PRIMARY KEY,
        content TEXT NOT NULL,
        metadata TEXT NOT NULL,
        source TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
"""
INSERT: Final = "INSERT INTO memory VALUES (?, ?, ?, ?, ?)"


def ingest(path: Path, database: Path) -> Run:
    """Insert the records of a JSON Lines file into a fresh SQLite file, 1,000 in each transaction."""
    started = perf_counter()
    stored = 0
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(CREATE)
        for batch in batches(_rows(path)):
            connection.execute("BEGIN")
            connection.executemany(INSERT, batch)
            connection.execute("COMMIT")
            stored += len(batch)
    return Run(perf_counter() - started, read=stored, stored=stored)


def _rows(path: Path) -> Iterator[tuple[int, str, str, str, str]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            record = orjson.loads(line)
            metadata = orjson.dumps(record["metadata"]).decode()
            yield number, record["content"], metadata, SOURCE, CREATED_AT


if __name__ == "__main__":
    print_json(ingest(Path(sys.argv[1]), Path(sys.argv[2])))
