"""Two processes that ingest overlapping parts of one source at once: the same store as one, and neither is starved."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select

import memproc
from faults.kills import exported
from memproc.store import tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BATCH_SIZE: Final = 100
OVERLAP: Final = 0.2


class Written(NamedTuple):
    """What two writers did: the records each read, and which share of its own the slower had landed when the quicker was done."""

    read: tuple[int, int]
    slower_share: float


def write_at_once(new_store: Callable[[], str], source: Path, folder: Path) -> Written:
    """Ingest both parts at once. Raises AssertionError where the store is not that of one writer."""
    lines = source.read_bytes().splitlines(keepends=True)
    half, shared = len(lines) // 2, int(len(lines) * OVERLAP / 2)
    parts = [folder / "first.jsonl", folder / "second.jsonl"]
    parts[0].write_bytes(b"".join(lines[: half + shared]))
    parts[1].write_bytes(b"".join(lines[half - shared :]))
    url = new_store()
    memproc.open(url).close()
    command = [sys.executable, "-m", "faults.child", url]
    writers = [subprocess.Popen([*command, str(part), str(BATCH_SIZE), "", "0"], stderr=subprocess.PIPE) for part in parts]
    for writer in writers:
        _, told = writer.communicate()
        assert writer.returncode == 0, told.decode()[-2000:]
    alone = new_store()
    memproc.ingest(source, alone)
    assert exported(url) == exported(alone)
    with memproc.open(url) as store:
        assert store.recount().is_whole
        return _shares(store)


def _shares(store: memproc.Store) -> Written:
    batches = tables.batches.c
    with store._read() as connection:  # noqa: SLF001 - times of batches are no matter of users
        rows = connection.execute(select(batches.job, batches.records, batches.committed_at)).all()
    jobs = sorted({job for job, _, _ in rows})
    ends = {job: max(at for own, _, at in rows if own == job) for job in jobs}
    slower = max(jobs, key=lambda job: ends[job])
    landed = sum(records for job, records, at in rows if job == slower and at <= min(ends.values()))
    read = {job: sum(records for own, records, _ in rows if own == job) for job in jobs}
    return Written((read[jobs[0]], read[jobs[1]]), landed / read[slower])
