"""dlt: a pipeline that merges on an exact hash, into SQLite by its destination for SQLAlchemy.

Facts: that destination knows no "upsert" but "delete-insert", which keeps one row of each key of a load and replaces those that
are there. It loads into a second, attached file first. Its working files lie beside the database and count as bytes on disk.

Run as ``python -m benchmarks.dlt_run ingest FILE PLACE``, and after it ``clusters FILE PLACE``.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from benchmarks.database import PRAGMAS, Run, run_side, stopwatch
from benchmarks.exact_hash import Rows, clusters, stored

STAGING = "main_staging"


def ingest(path: Path, place: str) -> Run:
    """Merge the records of a JSON Lines file into a fresh SQLite file, all in one load."""
    folder = Path(place).parent / "dlt"
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    os.environ.update(quiet, DLT_DATA_DIR=str(folder), DLT_PROJECT_DIR=str(folder))
    warnings.filterwarnings("ignore", message="implicitly coercing SELECT object")
    import dlt  # noqa: PLC0415 - it reads the environment as it is imported
    from sqlalchemy import create_engine, event  # noqa: PLC0415 - dlt brings it

    spent = stopwatch()
    engine = create_engine(f"sqlite:///{place}")
    event.listen(engine, "after_cursor_execute", _like_the_main_file)
    rows = Rows(path)
    pipeline = dlt.pipeline(
        "benchmark", pipelines_dir=str(folder), destination=dlt.destinations.sqlalchemy(engine), dataset_name="main"
    )
    pipeline.run(
        iter(rows),
        table_name="memory",
        primary_key="hash",
        columns={"metadata": {"data_type": "json"}},
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
    )
    engine.dispose()
    seconds, cpu_seconds = spent()
    return Run(seconds, cpu_seconds, read=rows.read, stored=stored(place))


def _like_the_main_file(_connection: object, cursor: Any, statement: str, *_others: object) -> None:
    """Bring the file that dlt attaches to the same PRAGMAs."""
    if statement.startswith("ATTACH"):
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {STAGING}.{pragma}")


if __name__ == "__main__":
    run_side(ingest, clusters, pragmas=PRAGMAS)
