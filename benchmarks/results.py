"""What a comparison gave, and how it is kept in a file of JSON beside those of other sizes, kinds and databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table; times and sizes are medians over the rounds.

    `records` is what the side was measured on, which for a slow one may be fewer than the comparison has. `floor_ratio` compares
    the time of a record with that of the floor in the same round, `cpu_floor_ratio` its CPU time, None where that was not measured.
    `seconds` holds the time of each round. Candidates and verified
    are pairs a record, None where the side does not tell. `ran_under` are the settings of its connections, read back.
    """

    side: str
    records: int
    records_per_second: float
    floor_ratio: float
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    disk_megabytes: float
    precision: float
    recall: float
    traps_merged: int
    traps: int
    review_share: float
    candidates: float | None
    verified: float | None
    seconds: Sequence[float]
    ran_under: Sequence[str]
    cpu_floor_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A side that was not measured, or failed, and why."""

    side: str
    reason: str
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a run on one size; `machine` maps a name such as "cores" to its value."""

    records: int
    seed: int
    rounds: int
    texts: str
    database: str
    command: str
    date: str
    pragmas: Sequence[str]
    machine: dict[str, str]
    lines: Sequence[Line]
    left_out: Sequence[LeftOut] = ()

    @property
    def key(self) -> tuple[str, str, int]:
        """Give what a later comparison has in common with the one that it replaces."""
        return (self.database, self.texts, self.records)


def read_results(path: Path) -> tuple[Comparison, ...]:
    """Give the comparisons of a file that `keep_results` wrote."""
    return tuple(_comparison(value) for value in orjson.loads(path.read_bytes()))


def keep_results(path: Path, found: Sequence[Comparison]) -> None:
    """Write the comparisons to a file; what it holds of other databases, kinds of text and sizes stays."""
    kept = {comparison.key: comparison for comparison in (read_results(path) if path.exists() else ())}
    kept |= {comparison.key: comparison for comparison in found}
    ordered = sorted(kept.values(), key=lambda comparison: comparison.key)
    path.write_bytes(orjson.dumps(ordered, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _comparison(value: dict[str, Any]) -> Comparison:
    lines = tuple(Line(**line) for line in value["lines"])
    left_out = tuple(LeftOut(**side) for side in value["left_out"])
    return Comparison(**{**value, "lines": lines, "left_out": left_out})
