"""sqlite-utils: rows with an exact hash as their primary key, of which the first is kept.

Run as ``python -m benchmarks.sqlite_utils_run ingest FILE PLACE``, and after it ``clusters FILE PLACE``.
"""

from __future__ import annotations

from pathlib import Path

import sqlite_utils

from benchmarks.database import BATCH_RECORDS, PRAGMAS, Run, run_side, stopwatch
from benchmarks.exact_hash import Rows, clusters, stored


def ingest(path: Path, place: str) -> Run:
    """Insert the records of a JSON Lines file into a fresh SQLite file, 1,000 in each statement."""
    rows = Rows(path)
    spent = stopwatch()
    database = sqlite_utils.Database(place)
    database.table("memory").insert_all(rows, pk="hash", ignore=True, batch_size=BATCH_RECORDS)
    database.close()
    seconds, cpu_seconds = spent()
    return Run(seconds, cpu_seconds, read=rows.read, stored=stored(place))


if __name__ == "__main__":
    run_side(ingest, clusters, pragmas=PRAGMAS)
