"""What a job in the queue costs beside adding its records one by one: ``python -m benchmarks queued``.

Rules
-----
- Both take the same texts into a SQLite file of their own: one by `Store.add`, a call for each record; the other as a job that is
  submitted and run by a worker in the same process.
- CPU time of this process is measured, so that what else the machine does counts little. Both stores are compared: they hold the
  same memories.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import NamedTuple

import orjson

import memproc
from benchmarks.corpus import Texts, write_corpus
from benchmarks.measure import ChildError
from benchmarks.tables import aligned
from memproc.service.worker import Worker


class Found(NamedTuple):
    """CPU seconds of adding one by one, and of the job."""

    added: float
    queued: float


def measure(*, records: int, seed: int, texts: Texts = Texts.TALK) -> Found:
    """Return what both took. Raises ChildError where the stores differ."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "talk.jsonl"
        write_corpus(records=records, seed=seed, path=source, texts=texts)
        with memproc.open(folder / "added.db") as added, memproc.open(folder / "queued.db") as queued:
            found = Found(_seconds(lambda: _add(added, source)), _seconds(lambda: _work_off(queued, source)))
            if {one.id for one in added.find(limit=records)} != {one.id for one in queued.find(limit=records)}:
                message = "the two stores hold other memories"
                raise ChildError(message)
    return found


def _add(store: memproc.Store, source: Path) -> None:
    with source.open("rb") as lines:
        for line in lines:
            store.add(orjson.loads(line))


def _work_off(store: memproc.Store, source: Path) -> None:
    store.submit([source])
    Worker(store).work(until_empty=True)


def _seconds(work: Callable[[], None]) -> float:
    started = process_time()
    work()
    return process_time() - started


def table(found: Found, records: int) -> str:
    """Return what was measured as text."""
    told = [(name, f"{seconds:.1f}", f"{seconds / records * 1_000_000:.0f}") for name, seconds in found._asdict().items()]
    lines = aligned([("how", "CPU s", "us a record"), *told])
    return "\n".join([*lines, f"the job takes {1 - found.queued / found.added:.0%} less"])
