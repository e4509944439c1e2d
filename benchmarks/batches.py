"""The sizes of batches that memproc chooses, beside fixed ones: ``python -m benchmarks batches``.

Rules
-----
- Every measurement is a fresh process with a fresh database; a round measures each way once, and the ways take turns.
- *Later* is what is left of the file when a quarter of it was read: there the adaptive size has settled, and each way has the same
  work to do.
- The time is that of the ingestion call. Seconds of cores stand beside it, as they vary less on a machine that others use.
- Whatever its size, a batch ends where its records are 2 MiB of JSON: with fixed sizes, too.

Run as ``python -m benchmarks.batches FILE DATABASE [RECORDS]`` for one measurement.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Final, NamedTuple

import memproc
from benchmarks.database import print_json
from benchmarks.measure import Measurement, run_python
from benchmarks.tables import aligned

BEGINNING: Final = 0.25
SHOWN: Final = 20
MEBIBYTE: Final = 1024 * 1024
HEADS: Final = ("way", "records/s", "later", "cores s", "later", "peak MiB", "batches")


class Landed(NamedTuple):
    """Where an ingestion stood after a batch: records read, and the seconds and the cores' seconds since it began."""

    read: int
    seconds: float
    cpu_seconds: float


Way = int | None  # records of a batch, None where memproc chooses
WAYS: Final[tuple[Way, ...]] = (None, 100, 1_000, 10_000, 100_000)


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
    settings = memproc.Settings(batch_size=way)
    landed: list[Landed] = []
    take_in = memproc.ingest  # imports what it needs before the time begins
    started, cores = perf_counter(), process_time()

    def note(event: memproc.Event) -> None:
        if isinstance(event, memproc.BatchLanded):
            landed.append(Landed(event.progress.read, perf_counter() - started, process_time() - cores))

    take_in(path, into=f"sqlite:///{database}", settings=settings, on_event=note)
    return landed


def measure(*, records: int, seed: int, rounds: int) -> list[Trial]:
    """Measure every way, `rounds` times each."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus.jsonl"
        size = ("--records", str(records), "--seed", str(seed))
        run_python("-m", "benchmarks", "corpus", *size, "--to", str(corpus), to=folder / "corpus.printed")
        return [_trial(way, corpus, folder / f"{number}-{_name(way)}.db") for number in range(rounds) for way in WAYS]


def _trial(way: Way, corpus: Path, database: Path) -> Trial:
    arguments = (str(corpus), str(database), *([] if way is None else [str(way)]))
    found: Measurement = run_python("-m", "benchmarks.batches", *arguments, to=database.with_suffix(".json"))
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    return Trial(way, [Landed(*one) for one in found.value()], found.peak_bytes)


def table(trials: list[Trial]) -> str:
    """Return what was measured as lines of text: medians over the rounds, and the sizes chosen in the first."""
    lines = aligned([HEADS, *(_row([trial for trial in trials if trial.way == way]) for way in WAYS)])
    return "\n".join([*lines, "", *(f"chosen: {_shown(trial.sizes)}" for trial in trials[:1])])


def _name(way: Way) -> str:
    return "adaptive" if way is None else f"fixed {way:,}"


def _row(trials: list[Trial]) -> tuple[str, ...]:
    whole = median(trial.batches[-1].read / trial.batches[-1].seconds for trial in trials)
    cores = median(trial.batches[-1].cpu_seconds for trial in trials)
    later, cores_later = (median(figures) for figures in zip(*(trial.later() for trial in trials), strict=True))
    peak = median(trial.peak_bytes for trial in trials) / MEBIBYTE
    batches = median(len(trial.batches) for trial in trials)
    figures = (f"{whole:,.0f}", f"{later:,.0f}", f"{cores:.1f}", f"{cores_later:.1f}", f"{peak:.0f}", f"{batches:.0f}")
    return (_name(trials[0].way), *figures)


def _shown(sizes: list[int]) -> str:
    more = f" and {len(sizes) - SHOWN} more" if len(sizes) > SHOWN else ""
    return " ".join(map(str, sizes[:SHOWN])) + more


if __name__ == "__main__":
    match sys.argv[1:]:
        case [path, database, *given] if len(given) <= 1:
            print_json([[*one] for one in ingest(Path(path), Path(database), int(given[0]) if given else None)])
        case _:
            sys.exit(__doc__)
