"""The floor: decode each line and insert it with every field of a memory, without validation and without dedup.

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

from benchmarks.database import PRAGMAS, SOURCE, Run, batches, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS: Final = ("id", "content", "namespace", "subject", "conversation", "kind")
TIMES: Final = ("created_at", "updated_at", "valid_from", "valid_to")
JSON: Final = ("tags", "emotion", "relations", "metadata")
COLUMNS: Final = (*TEXTS, *TIMES, "importance", *JSON, "source")
CREATE: Final = f"CREATE TABLE memory (number INTEGER PRIMARY KEY, {', '.join(COLUMNS)})"
INSERT: Final = f"INSERT INTO memory VALUES (?{', ?' * len(COLUMNS)})"


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


def _rows(path: Path) -> Iterator[tuple[object, ...]]:
    """Give a row for each line: every field of a memory a column, what is a list or an object as JSON."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            given = orjson.loads(line).get
            plain = [given(name) for name in (*TEXTS, *TIMES, "importance")]
            as_json = [None if (value := given(name)) is None else orjson.dumps(value).decode() for name in JSON]
            yield (number, *plain, *as_json, SOURCE)


if __name__ == "__main__":
    print_json(ingest(Path(sys.argv[1]), Path(sys.argv[2])))
