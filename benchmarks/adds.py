"""How long `add` takes where several write to one store: ``python -m benchmarks adds``.

Rules
-----
- Each writer is a process of its own, or a thread of one process, and adds its records as fast as it can; all begin together.
- The time is that of each call, waiting included. The figures are over the calls of all writers.
- With `--beside-ingest` one more process ingests a file into the store for as long as the others add.
- The texts are unlike each other, so that each call writes one memory.

Run as ``python -m benchmarks.adds WHERE NUMBER THREADS EACH`` for one writing process, and as ``... WHERE ingest FILE`` for the one
that ingests.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final, NamedTuple

import orjson

import memproc
from benchmarks.corpus import write_corpus
from benchmarks.tables import aligned

HEADS: Final = ("writers", "calls", "median ms", "p99 ms", "longest ms", "p99 / median", "longest / median", "calls/s")
BESIDE_RECORDS: Final = 50_000
LIMIT_SECONDS: Final = 3_600  # nothing here takes so long
_READY, _GO, _STOP = b"ready\n", b"go\n", b"stop\n"


class Waits(NamedTuple):
    """The calls of all writers: how long each took, and how long all took together."""

    writers: str
    seconds: list[float]
    whole_seconds: float

    def figure(self, share: float) -> float:
        """Return the time in milliseconds that so large a share of the calls did not take longer than."""
        ordered = sorted(self.seconds)
        return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def row(self) -> tuple[str, ...]:
        """Return it as a row of the table."""
        middle, late, longest = 1_000 * median(self.seconds), self.figure(0.99), self.figure(1.0)
        calls = len(self.seconds)
        ratios = (f"{late / middle:.1f}", f"{longest / middle:.1f}")
        return (
            self.writers,
            f"{calls:,}",
            *(f"{one:.2f}" for one in (middle, late, longest)),
            *ratios,
            f"{calls / self.whole_seconds:,.0f}",
        )


def measure(*, processes: int, threads: int, each: int, is_beside_ingest: bool, database: str = "") -> Waits:
    """Measure once, on a new store."""
    with TemporaryDirectory(prefix="memproc-adds-") as folder:
        where = database or str(Path(folder) / "adds.db")
        memproc.open(where).close()
        commands = [[where, str(number), str(threads), str(each)] for number in range(processes)]
        with _beside(where, Path(folder), is_beside_ingest=is_beside_ingest):
            seconds, whole = _together(commands)
        told = f"{processes} process{'es' * (processes > 1)} of {threads} thread{'s' * (threads > 1)}"
        return Waits(told + " beside an ingestion" * is_beside_ingest, seconds, whole)


def table(found: list[Waits]) -> str:
    """Return what was measured as lines of text."""
    return "\n".join(aligned([HEADS, *(waits.row() for waits in found)]))


def _begun(arguments: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.adds", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - itself
    assert process.stdout is not None  # noqa: S101 - for the type checker
    if process.stdout.readline() != _READY:
        raise RuntimeError("a writer ended before it began")
    return process


def _together(commands: list[list[str]]) -> tuple[list[float], float]:
    writers = [_begun(command) for command in commands]
    started = perf_counter()
    for writer in writers:
        assert writer.stdin is not None  # noqa: S101 - for the type checker
        writer.stdin.write(_GO)
        writer.stdin.flush()
    answers = [writer.communicate(timeout=LIMIT_SECONDS)[0] for writer in writers]
    if any(writer.returncode for writer in writers):
        raise RuntimeError("a writer failed")
    return [seconds for answer in answers for seconds in orjson.loads(answer)], perf_counter() - started


@contextmanager
def _beside(where: str, folder: Path, *, is_beside_ingest: bool) -> Iterator[None]:
    if not is_beside_ingest:
        yield
        return
    write_corpus(records=BESIDE_RECORDS, seed=1, path=folder / "beside.jsonl")
    process = _begun([where, "ingest", str(folder / "beside.jsonl")])
    assert process.stdin is not None  # noqa: S101 - for the type checker
    process.stdin.write(_GO)
    process.stdin.flush()
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError("the ingestion ended before the writers did: its file is too small")
    finally:
        process.kill()
        process.communicate(timeout=LIMIT_SECONDS)  # which closes its pipes, too


def _write(where: str, number: str, threads: int, each: int) -> list[float]:
    """Add records from several threads, and return how long each call took."""
    seconds: list[float] = []
    numbers = count()
    with memproc.open(where) as store:
        store.count()
        begin = threading.Barrier(threads)

        def work() -> None:
            begin.wait(LIMIT_SECONDS)
            for _ in range(each):
                at = next(numbers)
                record = {"content": f"writer {number} saw kestrel {at} at gate {at * 7919 % 10007}"}
                started = perf_counter()
                store.add(record)
                seconds.append(perf_counter() - started)

        store.add({"content": f"writer {number} is ready"})  # the first call begins the job and reads the word lists
        _say_ready()
        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(LIMIT_SECONDS)
    return seconds


def _say_ready() -> None:
    sys.stdout.buffer.write(_READY)
    sys.stdout.buffer.flush()
    sys.stdin.buffer.readline()


if __name__ == "__main__":
    match sys.argv[1:]:
        case [where, "ingest", path]:
            _say_ready()
            memproc.ingest(path, where)
            sleep(3_600)  # for the one who began this to end it
        case [where, number, threads, each]:
            sys.stdout.buffer.write(orjson.dumps(_write(where, number, int(threads), int(each))))
        case _:
            sys.exit(__doc__)
