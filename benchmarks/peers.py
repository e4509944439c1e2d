"""Measuring memproc and its peers in one interleaved run.

Rules
-----
- Every measurement is a fresh process with a fresh database; a round measures each side once.
- The time is that of the ingestion call, taken by the side itself; wall time and peak memory are those of
  the whole process, taken from outside.
- A ratio compares a side with the floor of the same round; the table shows medians over the rounds.
- Precision and recall come from the first round.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import orjson

from benchmarks.corpus import read_labels
from benchmarks.database import PRAGMAS
from benchmarks.measure import Measurement, run_python
from benchmarks.scoring import score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.corpus import Label

PACKAGES: Final = ("memproc-sdk", "orjson", "pydantic", "datasketch", "rapidfuzz", "sqlalchemy", "numpy")
MEGABYTE: Final = 1_000_000
COLUMNS: Final = (
    ("side", "{side}"),
    ("records/s", "{records_per_second:,.0f}"),
    ("x floor", "{floor_ratio:.1f}"),
    ("wall s", "{wall_seconds:.1f}"),
    ("peak MB", "{peak_megabytes:.0f}"),
    ("precision", "{precision:.4f}"),
    ("recall", "{recall:.4f}"),
    ("traps merged", "{traps_merged}/{traps}"),
    ("review", "{review_share:.2%}"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """A contestant: its module, what stands before and behind FILE DATABASE, and who knows its clusters."""

    name: str
    module: str
    before: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    has_store: bool = False

    def arguments(self, path: Path, database: Path) -> tuple[str, ...]:
        """Give the arguments of the interpreter for an ingestion."""
        return ("-m", self.module, *self.before, str(path), str(database), *self.behind)


FLOOR: Final = Side("floor", "benchmarks.floor")
SIDES: Final = (
    FLOOR,
    Side("recipe", "benchmarks.recipe"),
    Side("memproc-near", "benchmarks.memproc_run", ("ingest",), ("near",), has_store=True),
    Side("memproc-exact", "benchmarks.memproc_run", ("ingest",), ("exact",), has_store=True),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One measurement of one side; `clusters` is what its store printed, in the first round only."""

    side: Side
    measurement: Measurement
    clusters: bytes = b""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table; times and sizes are medians over the rounds."""

    side: str
    records_per_second: float
    floor_ratio: float
    wall_seconds: float
    peak_megabytes: float
    precision: float
    recall: float
    traps_merged: int
    traps: int
    review_share: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a run; `machine` maps a name such as "cores" to its value."""

    records: int
    seed: int
    rounds: int
    pragmas: Sequence[str]
    machine: dict[str, str]
    lines: Sequence[Line]


def compare(*, records: int, seed: int, rounds: int, names: Sequence[str]) -> Comparison:
    """Measure the floor and the named sides, `rounds` times each."""
    sides = [side for side in SIDES if side is FLOOR or side.name in names]
    with TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus.jsonl"
        size = ("--records", str(records), "--seed", str(seed))
        run_python("-m", "benchmarks", "corpus", *size, "--to", str(corpus))
        trials = [
            _trial(side, corpus, folder / f"{number}-{side.name}", records if number == 0 else 0)
            for number in range(rounds)
            for side in sides
        ]
        labels = tuple(read_labels(corpus.with_suffix(".labels.jsonl")))
    lines = tuple(_line(side, trials, labels) for side in sides)
    return Comparison(records, seed, rounds, PRAGMAS, machine(), lines)


def machine() -> dict[str, str]:
    """Give what the figures depend on: system, cores and versions."""
    fixed = {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    return fixed | {package: _version(package) for package in PACKAGES}


def table(comparison: Comparison) -> str:
    """Give the comparison as lines of text with aligned columns."""
    heads = [head for head, _ in COLUMNS]
    rows = [heads, *(_cells(line) for line in comparison.lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    facts = ", ".join(f"{name} {value}" for name, value in comparison.machine.items())
    size = f"{comparison.records:,} records, seed {comparison.seed}, {comparison.rounds} rounds"
    return "\n".join([f"{size}; {', '.join(comparison.pragmas)}", facts, "", *lines])


def _trial(side: Side, corpus: Path, folder: Path, records_to_score: int) -> Trial:
    """Measure a side once; ask its store for the clusters unless `records_to_score` is 0."""
    folder.mkdir()
    database = folder / "memory.db"
    measurement = run_python(*side.arguments(corpus, database))
    if not (side.has_store and records_to_score):
        return Trial(side, measurement)
    asked = run_python("-m", side.module, "clusters", str(database), str(records_to_score))
    return Trial(side, measurement, asked.output)


def _line(side: Side, trials: Sequence[Trial], labels: Sequence[Label]) -> Line:
    own = [trial for trial in trials if trial.side is side]
    runs = [orjson.loads(trial.measurement.output) for trial in own]
    seconds = [run["seconds"] for run in runs]
    floor = [orjson.loads(trial.measurement.output)["seconds"] for trial in trials if trial.side is FLOOR]
    result = score(labels, _kept(own[0], runs[0]))
    return Line(
        side=side.name,
        records_per_second=len(labels) / median(seconds),
        floor_ratio=median(one / other for one, other in zip(seconds, floor, strict=True)),
        wall_seconds=median(trial.measurement.wall_seconds for trial in own),
        peak_megabytes=median(trial.measurement.peak_bytes for trial in own) / MEGABYTE,
        precision=result.precision,
        recall=result.recall,
        traps_merged=result.traps_merged,
        traps=result.traps,
        review_share=runs[0]["review"] / len(labels),
    )


def _kept(trial: Trial, run: dict[str, Any]) -> list[int | None]:
    """Give the cluster keys of the records; a side that names none keeps each record by itself."""
    kept = orjson.loads(trial.clusters) if trial.clusters else run["kept"]
    return kept or [None] * run["read"]


def _cells(line: Line) -> list[str]:
    values = {name: getattr(line, name) for name in Line.__slots__}
    return [template.format(**values) for _, template in COLUMNS]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
