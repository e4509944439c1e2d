"""Where the time of an ingestion goes, measured while it works, and kept in the row of each batch.

Facts: a batch is written within a transaction, so its own row cannot tell how long its commit took. `perf_counter` takes less than
a tenth of a microsecond, and is asked some ten times a batch.

Strategy: one clock for the loop, which is in exactly one stage at each moment, so the stages together are the time that passed. The
row of a batch holds what passed since the row before it: its commit, and what followed, stand in the next one. The time of reviews,
which are found in a transaction of their own, is added to `seconds` of the batch itself; so `landing` keeps what `seconds` was
before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Any

import orjson

from memproc.report.read_from import ReadFrom


class Stage(StrEnum):
    """What an ingestion does at a moment."""

    READING = "reading"  # items are taken out of the source
    PREPARING = "preparing"  # items are decoded, validated, and their keys computed; with workers, the loop waits for them
    ENRICHING = "enriching"  # others are asked what they add to records, and that is applied
    WAITING = "waiting"  # for the lock of the store
    LOOKUP = "lookup"  # what the store has that a batch meets
    DECIDING = "deciding"  # which records are the same
    WRITING = "writing"  # rows of the batch and of the index
    COMMITTING = "committing"  # the end of the transaction of the batch
    REVIEWS = "reviews"  # pairs are compared that may wait for a person
    REST = "rest"  # merging the index, giving way to other writers, progress, the size of batches


NOTHING_PASSED: Mapping[Stage, float] = dict.fromkeys(Stage, 0.0)


class StageClock:
    """Seconds by stage. It is in `rest` until a stage begins.

    >>> clock = StageClock()
    >>> clock.begin(Stage.READING)
    >>> {stage for stage, seconds in clock.passed().items() if seconds} <= {Stage.READING, Stage.REST}
    True
    """

    def __init__(self) -> None:
        self._passed, self._told = {**NOTHING_PASSED}, NOTHING_PASSED
        self._stage, self._began = Stage.REST, perf_counter()

    def begin(self, stage: Stage) -> None:
        """End the stage under way, and begin another."""
        now = perf_counter()
        self._passed[self._stage] += now - self._began
        self._stage, self._began = stage, now

    @contextmanager
    def during(self, stage: Stage) -> Iterator[None]:
        """Be in a stage for the block, then again in the one before."""
        before = self._stage
        self.begin(stage)
        try:
            yield
        finally:
            self.begin(before)

    def passed(self) -> Mapping[Stage, float]:
        """Return the seconds of each stage up to now since what was kept."""
        self.begin(self._stage)
        self._told = {**self._passed}
        return self._told

    def keep(self) -> None:
        """Count anew from where `passed` was asked last: what it told is kept. A transaction that is tried again asks again."""
        self._passed = {stage: seconds - self._told[stage] for stage, seconds in self._passed.items()}
        self._told = NOTHING_PASSED


@dataclass(frozen=True, slots=True)
class Measured:
    """What the loop knows of a batch that is written: its clock, the memory held in MiB, the bytes read of the source since the
    batch before (None if the source has no known size), how many records the batch might have had, how many workers prepare
    records, 0 where the loop does it, and from where they were read.
    """

    clock: StageClock
    rss_mb: float
    read_bytes: int | None
    size: int
    workers: int
    enriched: Sequence[Mapping[str, Any]] = ()  # what each enrichment did, where there are some
    read_from: ReadFrom | None = None

    def to_json(self, landing: float) -> str:
        """Return it as it is kept in the row of a batch; `landing` are the seconds since its transaction began its look-ups."""
        seconds = {stage.value: round(passed, 6) for stage, passed in self.clock.passed().items() if stage is not Stage.REVIEWS}
        held: dict[str, Any] = {"rss_mb": self.rss_mb, "bytes": self.read_bytes, "size": self.size, "workers": self.workers}
        if self.enriched:
            held["enriched"] = self.enriched
        if self.read_from is not None:
            held["from"] = self.read_from.to_values()
        return orjson.dumps({"stages": seconds, "landing": landing, **held}).decode()
