"""The sizes of batches that memproc chooses, beside fixed ones: ``python -m benchmarks batches``.

Rules
-----
- Every measurement is a fresh process with a fresh database; a round measures each way once, and the ways take turns.
- The adaptive ways begin at a batch of 1 and of 100,000. *Later* is what is left of the file when a quarter of it was read: there
  the size has settled, and each way has the same work to do.
- The time is that of the ingestion call. Seconds of cores stand beside it, as they vary less on a machine that others use.
- Whatever its size, a batch ends where its records are 2 MiB of JSON: with fixed sizes, too.

Run as ``python -m benchmarks.batches FILE DATABASE fixed|from RECORDS`` for one measurement.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Final, Literal, NamedTuple

import memproc
from benchmarks.database import print_json
from benchmarks.measure import Measurement, run_python
from memproc import batch_size as batching

BEGINNING: Final = 0.25
SHOWN: Final = 20
MEBIBYTE: Final = 1024 * 1024
HEADS: Final = ("way", "records/s", "later", "cores s", "later", "peak MiB", "batches")


class Landed(NamedTuple):
    """Where an ingestion stood after a batch: records read, and the seconds and the cores' seconds since it began."""

    read: int
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Way:
    """How the size is chosen: `fixed` at so many records, or adapted `from` so many."""

    kind: Literal["from", "fixed"]
    records: int

    def __str__(self) -> str:
        """Return it as the table names it."""
        return f"{self.kind} {self.records:,}"


WAYS: Final = (
    Way("from", 1),
    Way("from", 100_000),
    Way("fixed", 100),
    Way("fixed", 1_000),
    Way("fixed", 10_000),
    Way("fixed", 100_000),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One measurement of one way."""

    way: Way
    batches: list[Landed]
    peak_bytes: int

    @property
    def sizes(self) -> list[int]:
        """The records of each batch."""
        reads = [0, *(one.read for one in self.batches)]
        return [after - before for before, after in pairwise(reads)]

    def later(self) -> tuple[float, float]:
        """Return records a second, and the cores' seconds, behind the first quarter of the file."""
        last = self.batches[-1]
        first = next((one for one in self.batches if one.read >= BEGINNING * last.read), last)
        if first is last:  # one batch took it all
            first = Landed(0, 0.0, 0.0)
        return (last.read - first.read) / (last.seconds - first.seconds), last.cpu_seconds - first.cpu_seconds


def ingest(path: Path, database: Path, way: Way) -> list[Landed]:
    """Ingest a file in one way, and tell where it stood after each batch."""
    settings = memproc.Settings(batch_size=way.records if way.kind == "fixed" else None)
    if way.kind == "from":
        batching.FIRST_BATCH = way.records  # no setting: nobody can have an opinion on it
    landed: list[Landed] = []
    take_in = memproc.ingest  # imports what it needs before the time begins
    started, cores = perf_counter(), process_time()

    def note(progress: memproc.Progress) -> None:
        landed.append(Landed(progress.read, perf_counter() - started, process_time() - cores))

    take_in(path, into=f"sqlite:///{database}", settings=settings, on_progress=note)
    return landed


def measure(*, records: int, seed: int, rounds: int) -> list[Trial]:
    """Measure every way, `rounds` times each."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus.jsonl"
        size = ("--records", str(records), "--seed", str(seed))
        run_python("-m", "benchmarks", "corpus", *size, "--to", str(corpus), to=folder / "corpus.printed")
        return [_trial(way, corpus, folder / f"{number}-{way.kind}-{way.records}.db") for number in range(rounds) for way in WAYS]


def _trial(way: Way, corpus: Path, database: Path) -> Trial:
    arguments = (str(corpus), str(database), way.kind, str(way.records))
    found: Measurement = run_python("-m", "benchmarks.batches", *arguments, to=database.with_suffix(".json"))
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    return Trial(way, [Landed(*one) for one in found.value()], found.peak_bytes)


def table(trials: list[Trial]) -> str:
    """Return what was measured as lines of text: medians over the rounds, and the sizes chosen in the first."""
    rows = [HEADS, *(_row([trial for trial in trials if trial.way == way]) for way in WAYS)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    chosen = [trial for trial in trials[: len(WAYS)] if trial.way.kind == "from"]
    return "\n".join([*lines, "", *(f"{trial.way}: {_shown(trial.sizes)}" for trial in chosen)])


def _row(trials: list[Trial]) -> tuple[str, ...]:
    whole = median(trial.batches[-1].read / trial.batches[-1].seconds for trial in trials)
    cores = median(trial.batches[-1].cpu_seconds for trial in trials)
    later, cores_later = (median(figures) for figures in zip(*(trial.later() for trial in trials), strict=True))
    peak = median(trial.peak_bytes for trial in trials) / MEBIBYTE
    batches = median(len(trial.batches) for trial in trials)
    figures = (f"{whole:,.0f}", f"{later:,.0f}", f"{cores:.1f}", f"{cores_later:.1f}", f"{peak:.0f}", f"{batches:.0f}")
    return (str(trials[0].way), *figures)


def _shown(sizes: list[int]) -> str:
    more = f" and {len(sizes) - SHOWN} more" if len(sizes) > SHOWN else ""
    return " ".join(map(str, sizes[:SHOWN])) + more


if __name__ == "__main__":
    match sys.argv[1:]:
        case [path, database, "from" | "fixed" as kind, records]:
            print_json([[*one] for one in ingest(Path(path), Path(database), Way(kind, int(records)))])
        case _:
            sys.exit(__doc__)
