"""What each stage of an ingestion costs a record, beside the bare library call that it needs: ``python -m benchmarks stages``.

Rules
-----
- Times are CPU time of this process, so that other programs disturb them less; of several runs the best counts, stage by stage.
- Each stage is measured *cold*, with nothing kept of words and texts, as in a new process, and *warm*: the words are known, no text
  is. The ratio is of the cold one.
- Pure stages run by themselves over the whole file (`stages_pure`), the stages of landing in a real ingestion: sequential, into
  SQLite, in batches of 1,000 records (`stages_landing`).
- What an ingestion pays adds up to *the whole*. What else is told stands below it.
- All records are held in memory, several times: this is for some 100,000 of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from benchmarks.corpus import Texts, write_corpus
from benchmarks.machine import machine
from benchmarks.stages_landing import PREPARE, REST, STAGES, Round, landing_round
from benchmarks.stages_pure import Pair, best_seconds, forget, forget_texts, pure_pairs
from benchmarks.tables import NOTHING
from memproc.config import Policy

if TYPE_CHECKING:
    from memproc.config import Dedup

ROUNDS: Final = 5
MICROSECONDS: Final = 1_000_000
WHOLE: Final = "the whole"
PREPARE_REST: Final = "the rest of preparing"
HEADS: Final = ("stage", "cold us", "warm us", "share", "bare call", "us", "ratio")
LEFT: Final = (0, 4)  # columns of text


@dataclass(frozen=True, slots=True)
class Stage:
    """Microseconds a record of a stage, cold and warm, and of its bare call, None where there is none. `is_paid` tells whether it
    is a part of the whole.
    """

    name: str
    microseconds: float
    warm_microseconds: float
    bare: str = NOTHING
    bare_microseconds: float | None = None
    is_paid: bool = True

    @property
    def ratio(self) -> float | None:
        """How many times the bare call it takes."""
        return self.microseconds / self.bare_microseconds if self.bare_microseconds else None


@dataclass(frozen=True, slots=True)
class Found:
    """The stages in their order, the whole, and what was measured."""

    records: int
    seed: int
    dedup: Dedup
    texts: Texts
    stages: list[Stage]

    @property
    def whole(self) -> Stage:
        """The sum of what an ingestion pays, and of its bare calls."""
        paid = [stage for stage in self.stages if stage.is_paid]
        bare = sum(stage.bare_microseconds or 0.0 for stage in paid)
        cold, warm = (sum(getattr(stage, name) for stage in paid) for name in ("microseconds", "warm_microseconds"))
        return Stage(WHOLE, cold, warm, "sum", bare)

    @property
    def lines(self) -> list[Stage]:
        """The stages, the whole behind those that are part of it."""
        paid = [stage for stage in self.stages if stage.is_paid]
        return [*paid, self.whole, *(stage for stage in self.stages if not stage.is_paid)]


def measure(*, records: int, seed: int, dedup: Dedup, texts: Texts = Texts.ORDINARY, rounds: int = ROUNDS) -> Found:
    """Measure every stage on a corpus, `rounds` times each, cold and warm."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "corpus.jsonl"
        write_corpus(records=records, seed=seed, path=path, texts=texts)
        pairs = pure_pairs(path, Policy(dedup=dedup))
        pure = [_pure_stage(pair, records, rounds) for pair in pairs]
        cold, warm = (_best([_round(path, folder, dedup, begin) for _ in range(rounds)]) for begin in (forget, forget_texts))
    return Found(records, seed, dedup, texts, [*pure, *_landing_stages(cold, warm, pure, records)])


def _pure_stage(pair: Pair, records: int, rounds: int) -> Stage:
    best = best_seconds(pair, rounds)
    return Stage(
        pair.name, _each(best.cold, records), _each(best.warm, records), pair.bare, _each(best.bare, records), pair.is_paid
    )


def _round(path: Path, folder: Path, dedup: Dedup, begin: Callable[[], None]) -> Round:
    with TemporaryDirectory(dir=folder) as own:
        return landing_round(path, Path(own), dedup, begin)


def _best(rounds: Sequence[Round]) -> Round:
    """Return the least time of each stage over the rounds."""
    own, bare = ({name: min(one[name] for one in times) for name in times[0]} for times in zip(*rounds, strict=True))
    return Round(own, bare)


def _landing_stages(cold: Round, warm: Round, pure: Sequence[Stage], records: int) -> list[Stage]:
    """Return the stages that the ingestion went through, and what is left of it. Preparing has been told of stage by stage."""
    paid = [stage for stage in pure if stage.is_paid]
    cold_rest = _each(cold.own[PREPARE], records) - sum(stage.microseconds for stage in paid)
    warm_rest = _each(warm.own[PREPARE], records) - sum(stage.warm_microseconds for stage in paid)
    stages = [Stage(PREPARE_REST, max(cold_rest, 0.0), max(warm_rest, 0.0))]
    for name, bare_call in (*((timed.name, timed.bare) for timed in STAGES), (REST, "the same statements")):
        if name in cold.own:
            bare = _each(cold.bare.get(name, 0.0), records) or None
            stages.append(Stage(name, _each(cold.own[name], records), _each(warm.own[name], records), bare_call, bare))
    return stages


def _each(seconds: float, records: int) -> float:
    return seconds / records * MICROSECONDS


def text_table(found: Found) -> str:
    """Return the stages as lines of text with aligned columns."""
    rows = [HEADS, *(_cells(stage, found.whole) for stage in found.lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_aligned(at, cell, width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))) for row in rows]
    of = f"{found.records:,} records of the {found.texts} kind, dedup {found.dedup}, seed {found.seed}"
    told = ", ".join(f"{name} {value}" for name, value in machine().items())
    return "\n".join([f"{of}: CPU time a record, the best of several", told, "", *map(str.rstrip, lines)])


def as_json(found: Found) -> dict[str, object]:
    """Return the same as a value for JSON."""
    stages = [
        {
            "name": stage.name,
            "microseconds": stage.microseconds,
            "warm_microseconds": stage.warm_microseconds,
            "bare": stage.bare,
            "bare_microseconds": stage.bare_microseconds,
            "ratio": stage.ratio,
            "is_paid": stage.is_paid,
        }
        for stage in found.lines
    ]
    of = {"records": found.records, "seed": found.seed, "dedup": found.dedup, "kind": found.texts}
    return {**of, "machine": machine(), "stages": stages}


def _cells(stage: Stage, whole: Stage) -> tuple[str, ...]:
    share = f"{stage.microseconds / whole.microseconds:.0%}" if stage.is_paid else NOTHING
    bare = NOTHING if stage.bare_microseconds is None else f"{stage.bare_microseconds:.2f}"
    ratio = NOTHING if stage.ratio is None else f"{stage.ratio:.1f}"
    return stage.name, f"{stage.microseconds:.2f}", f"{stage.warm_microseconds:.2f}", share, stage.bare, bare, ratio


def _aligned(column: int, cell: str, width: int) -> str:
    return cell.ljust(width) if column in LEFT else cell.rjust(width)
