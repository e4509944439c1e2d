"""The floor: decode each line and insert it with every field of a memory, without validation and without dedup.

Run as ``python -m benchmarks.floor ingest FILE PLACE``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import orjson

from benchmarks.database import PRAGMAS, SOURCE, Run, batches, is_server, run_side, stopwatch

TEXTS: Final = ("id", "content", "namespace", "subject", "conversation", "kind")
TIMES: Final = ("created_at", "updated_at", "valid_from", "valid_to")
JSON: Final = ("tags", "emotion", "relations", "metadata")
COLUMNS: Final = (*TEXTS, *TIMES, "importance", *JSON, "source")
CREATE: Final = f"CREATE TABLE memory (number INTEGER PRIMARY KEY, {', '.join(COLUMNS)})"
INSERT: Final = f"INSERT INTO memory VALUES (?{', ?' * len(COLUMNS)})"


def ingest(path: Path, place: str) -> Run:
    """Insert the records of a JSON Lines file into a fresh SQLite file or an empty place on a server, 1,000 in each transaction."""
    if is_server(place):
        from benchmarks import floor_server  # noqa: PLC0415 - it imports this module

        return floor_server.ingest(path, place)
    spent = stopwatch()
    stored = 0
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(CREATE)
        for batch in batches(rows(path)):
            connection.execute("BEGIN")
            connection.executemany(INSERT, batch)
            connection.execute("COMMIT")
            stored += len(batch)
    return Run(*spent(), read=stored, stored=stored)


def rows(path: Path) -> Iterator[tuple[object, ...]]:
    """Give a row for each line: every field of a memory a column, what is a list or an object as JSON."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            given = orjson.loads(line).get
            plain = [given(name) for name in (*TEXTS, *TIMES, "importance")]
            as_json = [None if (value := given(name)) is None else orjson.dumps(value).decode() for name in JSON]
            yield (number, *plain, *as_json, SOURCE)


if __name__ == "__main__":
    run_side(ingest)
