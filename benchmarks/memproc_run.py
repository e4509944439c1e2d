"""The memproc side: ingestion with default settings but for `dedup`, and the clusters it made.

Run as ``python -m benchmarks.memproc_run ingest FILE DATABASE near``, and after it
``python -m benchmarks.memproc_run clusters DATABASE RECORDS``, which is not measured.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Literal

import orjson

import memproc
from benchmarks.database import Run, print_json


def ingest(path: Path, database: Path, dedup: Literal["near", "exact"]) -> Run:
    """Ingest a JSON Lines file into a fresh SQLite file."""
    settings = memproc.Settings(dedup=dedup)
    take_in = memproc.ingest  # imports what it needs, as the other sides have done by now
    started = perf_counter()
    report = take_in(path, into=_url(database), settings=settings)
    seconds = perf_counter() - started
    return Run(seconds, read=report.read, stored=report.stored, review=report.review)


def clusters(database: Path, records: int) -> list[int | None]:
    """Give the memory of each record: its line in the export, None for a record that is in no memory."""
    kept: list[int | None] = [None] * records
    with TemporaryDirectory() as folder, memproc.open(_url(database)) as store:
        export = Path(folder) / "export.jsonl"
        store.export(export)
        with export.open("rb") as lines:
            for number, line in enumerate(lines):
                for observation in orjson.loads(line)["observations"]:
                    kept[observation["position"]] = number
    return kept


def _url(database: Path) -> str:
    return f"sqlite:///{database}"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ingest", path, database, "near" | "exact" as dedup]:
            print_json(ingest(Path(path), Path(database), dedup))
        case ["clusters", database, records]:
            print_json(clusters(Path(database), int(records)))
        case _:
            sys.exit(__doc__)
