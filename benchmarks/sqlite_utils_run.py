"""sqlite-utils: rows with an exact hash as their primary key, of which the first is kept.

Run as ``python -m benchmarks.sqlite_utils_run ingest FILE PLACE``, and after it ``clusters FILE PLACE``.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import sqlite_utils

from benchmarks.database import BATCH_RECORDS, PRAGMAS, Run, run_side
from benchmarks.exact_hash import clusters, rows, stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def ingest(path: Path, place: str) -> Run:
    """Insert the records of a JSON Lines file into a fresh SQLite file, 1,000 in each statement."""
    read = 0

    def counted(found: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        nonlocal read
        for row in found:
            read += 1
            yield row

    started = perf_counter()
    database = sqlite_utils.Database(place)
    database.table("memory").insert_all(counted(rows(path)), pk="hash", ignore=True, batch_size=BATCH_RECORDS)
    database.close()
    seconds = perf_counter() - started
    return Run(seconds, read=read, stored=stored(place))


if __name__ == "__main__":
    run_side(ingest, clusters, pragmas=PRAGMAS)
