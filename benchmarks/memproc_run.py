"""The memproc side: ingestion with default settings but for `dedup` and `engine`, and the clusters it made.

Run as ``python -m benchmarks.memproc_run ingest FILE PLACE near [ENGINE [warm]]``, and after it
``python -m benchmarks.memproc_run clusters FILE PLACE``, which is not measured. ``python -m benchmarks.memproc_run engines``
tells whether this memproc lets the engine be chosen.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import orjson

import memproc
from benchmarks.database import Run, is_server, print_json, run_side, stopwatch

if TYPE_CHECKING:
    from memproc.config import Dedup

SEQUENTIAL: Final = "sequential"
WARM: Final = "warm"


def ingest(path: Path, place: str, dedup: Dedup, engine: str = SEQUENTIAL, words: str = "cold") -> Run:
    """Ingest a JSON Lines file into a store that is not there yet. `words` is WARM to have the words of the file known before."""
    settings = memproc.Settings(dedup=dedup)
    if words == WARM:
        _warm(path, settings)
    chosen: dict[str, Any] = {} if engine == SEQUENTIAL else {"engine": engine}
    take_in = memproc.ingest  # imports what it needs, as the other sides have done by now
    spent = stopwatch()
    report = take_in(path, into=_url(place), settings=settings, **chosen)
    seconds, cpu_seconds = spent()
    return Run(
        seconds,
        cpu_seconds,
        read=report.read,
        stored=report.stored,
        review=report.review,
        candidates=report.candidates,
        verified=report.verified,
        ran_under=_ran_under(place),
    )


def clusters(path: Path, place: str, *_options: str) -> list[int | None]:
    """Give a number for the memory of each record, None for a record that is in no memory."""
    with path.open("rb") as lines:
        records = sum(1 for _ in lines)
    with memproc.open(_url(place)) as store:
        found = homes(store, records)
    numbers = {home: number for number, home in enumerate(dict.fromkeys(found)) if home}
    return [numbers[home] if home else None for home in found]


def homes(store: memproc.Store, records: int) -> list[str | None]:
    """Give the id of the memory that each record of a file is in, None for a record that is in none."""
    found: list[str | None] = [None] * records
    with TemporaryDirectory() as folder:
        export = Path(folder) / "export.jsonl"
        store.export(export)
        with export.open("rb") as lines:
            for memory in map(orjson.loads, lines):
                for observation in memory["observations"]:
                    found[observation["position"]] = memory["id"]
    return found


def has_engines() -> bool:
    """Tell whether the engine can be chosen."""
    return "engine" in inspect.signature(memproc.ingest).parameters


def _warm(path: Path, settings: memproc.Settings) -> None:
    """Take in the words of the file, in texts that it does not have: those of each text from the last to the first."""
    with TemporaryDirectory() as folder:
        turned = Path(folder) / "turned.jsonl"
        with path.open("rb") as lines, turned.open("wb") as others:
            for record in map(orjson.loads, lines):
                words = " ".join(reversed(record["content"].split()))
                others.write(orjson.dumps({**record, "content": words}, option=orjson.OPT_APPEND_NEWLINE))
        memproc.ingest(turned, into=_url(str(Path(folder) / "warm.db")), settings=settings)


def _ran_under(place: str) -> Sequence[str]:
    """Give the settings of a connection that memproc makes to a server; nothing for SQLite, which is watched."""
    if not is_server(place):
        return ()
    from sqlalchemy import event  # noqa: PLC0415 - SQLite needs none of it
    from sqlalchemy.pool import Pool  # noqa: PLC0415 - as above

    from benchmarks.server_settings import server_settings  # noqa: PLC0415 - as above

    found: set[str] = set()

    def ask(connection: object, _record: object) -> None:
        found.add(server_settings(connection))

    event.listen(Pool, "close", ask)
    memproc.open(place).close()
    event.remove(Pool, "close", ask)
    return sorted(found)


def _url(place: str) -> str:
    return place if is_server(place) else f"sqlite:///{place}"


if __name__ == "__main__":
    if sys.argv[1:] == ["engines"]:
        print_json(has_engines())
    else:
        run_side(ingest, clusters)
