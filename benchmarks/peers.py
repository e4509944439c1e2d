"""Measuring memproc and its peers in one interleaved run.

Rules
-----
- Every measurement is a fresh process with a fresh database; a round measures each side once.
- The time is that of the ingestion call, taken by the side itself; wall time, CPU time and peak memory are
  those of the whole process and its children, taken from outside. What a server needs is not counted.
- A ratio compares the time of a record with that of the floor in the same round, once wall time and once CPU time, both of the
  ingestion call; the table shows medians over the rounds.
- Precision and recall come from the first round.
- A side that cannot be measured, or fails, is left out with its reason; the others go on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.corpus import Label, Texts, read_labels
from benchmarks.database import PRAGMAS, is_server
from benchmarks.machine import machine
from benchmarks.measure import ChildError, Measurement, run_python
from benchmarks.places import asked, kind_of, new_place, size_bytes
from benchmarks.results import Comparison, LeftOut, Line
from benchmarks.scoring import score
from benchmarks.sides import FLOOR, SIDES, Side, reasons

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to compare; `largest` overrides the largest sizes of sides by their names."""

    records: int
    seed: int
    rounds: int
    names: Sequence[str]
    texts: Texts = Texts.ORDINARY
    database: str = "sqlite"
    largest: Mapping[str, int] = field(default_factory=dict)

    def sides(self) -> list[Side]:
        """Give the floor and the named sides."""
        return [side for side in SIDES if side is FLOOR or side.name in self.names]

    def size_of(self, side: Side) -> int:
        """Give the number of records that a side is measured on."""
        largest = self.largest.get(side.name, side.largest)
        return self.records if largest is None else min(self.records, largest)


@dataclass(frozen=True, slots=True)
class Trial:
    """One measurement of one side; `clusters` is what its store told, in the first round only."""

    side: Side
    measurement: Measurement
    disk_bytes: int
    clusters: Measurement | None = None

    def seconds(self, kind: str = "seconds") -> float:
        """Give the time of the ingestion: "seconds" of wall time or "cpu_seconds"."""
        return float(self.measurement.value()[kind])


def compare(plan: Plan, *, command: str, tell: Callable[[str], None]) -> Comparison:
    """Measure the floor and the named sides, `rounds` times each."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        kind = kind_of(plan.database)
        left_out = [LeftOut(side, reason) for side, reason in reasons(plan.sides(), kind, folder).items()]
        measured = [side for side in plan.sides() if side.name not in {one.side for one in left_out}]
        corpus = _written(plan, measured, folder)
        trials = _trials(plan, measured, corpus, folder, left_out, tell)
        labels = tuple(read_labels(corpus.with_suffix(".labels.jsonl")))
        lines = tuple(_line(side, trials, labels[: plan.size_of(side)]) for side in measured if trials[side.name])
        server = {kind: str(asked(folder, "version", plan.database))} if is_server(plan.database) else {}
    return Comparison(
        records=plan.records,
        seed=plan.seed,
        rounds=plan.rounds,
        texts=plan.texts,
        database=kind,
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        pragmas=PRAGMAS,
        machine=machine() | server,
        lines=lines,
        left_out=tuple(left_out),
    )


def _written(plan: Plan, sides: Sequence[Side], folder: Path) -> Path:
    """Write the corpus, and beside it its beginnings for the sides that are measured on fewer records."""
    corpus = folder / "corpus.jsonl"
    size = ("--records", str(plan.records), "--seed", str(plan.seed), "--kind", plan.texts)
    run_python("-m", "benchmarks", "corpus", *size, "--to", str(corpus), to=folder / "corpus.told")
    for records in {plan.size_of(side) for side in sides}:
        with corpus.open("rb") as lines, _beginning(corpus, records).open("wb") as beginning:
            beginning.writelines(islice(lines, records))
    return corpus


def _beginning(corpus: Path, records: int) -> Path:
    return corpus.with_name(f"first-{records}.jsonl")


def _trials(
    plan: Plan, sides: Sequence[Side], corpus: Path, folder: Path, left_out: list[LeftOut], tell: Callable[[str], None]
) -> dict[str, list[Trial]]:
    """Give the trials of each side, round by round; a side that fails is added to `left_out` and has none."""
    trials: dict[str, list[Trial]] = {side.name: [] for side in sides}
    for number in range(plan.rounds):
        for side in sides:
            if side.name in {one.side for one in left_out}:
                continue
            own = folder / f"{number}-{side.name}"
            file = _beginning(corpus, plan.size_of(side))
            try:
                trials[side.name].append(_trial(side, file, plan.database, own, is_scored=number == 0))
            except ChildError as error:
                left_out.append(LeftOut(side.name, str(error), has_failed=True))
                trials[side.name].clear()
                tell(f"round {number + 1}: {side.name} {error}")
                if side is FLOOR:
                    raise
            else:
                tell(f"round {number + 1}: {side.name} {trials[side.name][-1].seconds():.2f} s")
            shutil.rmtree(own, ignore_errors=True)
    return trials


def _trial(side: Side, file: Path, database: str, folder: Path, *, is_scored: bool) -> Trial:
    """Measure a side once; ask its store for the clusters if they are to be scored."""
    told = folder.with_suffix(".json")
    with new_place(database, folder) as place:
        measurement = run_python(*side.arguments("ingest", file, place), to=told)
        disk_bytes = size_bytes(place, folder)
        if not (side.has_clusters and is_scored):
            return Trial(side, measurement, disk_bytes)
        clusters = run_python(*side.arguments("clusters", file, place), to=told.with_suffix(".clusters.json"))
    return Trial(side, measurement, disk_bytes, clusters)


def _line(side: Side, trials: Mapping[str, Sequence[Trial]], labels: Sequence[Label]) -> Line:
    own = trials[side.name]
    run = own[0].measurement.value()
    seconds = [trial.seconds() for trial in own]
    result = score(labels, _kept(own[0], run))
    return Line(
        side=side.name,
        records=len(labels),
        records_per_second=len(labels) / median(seconds),
        floor_ratio=_floor_ratio(own, trials[FLOOR.name], "seconds"),
        cpu_floor_ratio=_floor_ratio(own, trials[FLOOR.name], "cpu_seconds"),
        wall_seconds=median(trial.measurement.wall_seconds for trial in own),
        cpu_seconds=median(trial.measurement.cpu_seconds for trial in own),
        peak_megabytes=median(trial.measurement.peak_bytes for trial in own) / MEGABYTE,
        disk_megabytes=median(trial.disk_bytes for trial in own) / MEGABYTE,
        precision=result.precision,
        recall=result.recall,
        traps_merged=result.traps_merged,
        traps=result.traps,
        review_share=run["review"] / len(labels),
        candidates=_share(run["candidates"], len(labels)),
        verified=_share(run["verified"], len(labels)),
        seconds=seconds,
        ran_under=run["ran_under"],
    )


def _floor_ratio(own: Sequence[Trial], floor: Sequence[Trial], kind: str) -> float:
    """Give the median, over the rounds, of the time of a record by that on the floor."""
    each, least = ([trial.seconds(kind) / int(trial.measurement.value()["read"]) for trial in trials] for trials in (own, floor))
    return median([one / other for one, other in zip(each, least, strict=True)])


def _kept(trial: Trial, run: Mapping[str, Any]) -> list[int | None]:
    """Give the cluster keys of the records; a side that names none keeps each record by itself."""
    kept: list[int | None] = trial.clusters.value() if trial.clusters else run["kept"]
    return kept or [None] * run["read"]


def _share(count: int | None, records: int) -> float | None:
    return None if count is None else count / records
