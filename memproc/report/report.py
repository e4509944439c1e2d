"""The events of an ingestion and the report they fold into."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from memproc.resources import MEBIBYTE, peak_rss_bytes

BATCHES_KEPT = 1_000


class Merge(NamedTuple):
    """A merge by likeness: the texts of the record that was read and of the one it was compared with, how sure it is, and what the
    first says as against the other.
    """

    confidence: float
    reason: str
    one: str
    other: str


class Pattern(NamedTuple):
    """Quarantined records whose first faults are alike: how many, what is wrong with the first of them, and its number. The values
    that the message shows may differ among them, and so may positions in lists.
    """

    records: int
    category: str
    code: str
    path: str
    message: str
    example: int

    def told(self) -> str:
        """Return it in a line for people.

        >>> Pattern(2, "validation", "date_unparsable", "created_at", "not a date: 'soon'", 7).told()
        "2 x created_at: not a date: 'soon'"
        """
        return f"{self.records} x {self.path or 'record'}: {self.message}"


class Progress(NamedTuple):
    """Where an ingestion stands after a batch: what was counted in all its runs, the seconds of this one, and the bytes of all
    sources together. `bytes_total` is None where the size of one is not known. `read_before` and `bytes_before` are where this run
    began.

    >>> half = Progress(30, 30, 0, 0, 0, 2.0, 600, 1_000, read_before=10, bytes_before=200)
    >>> half.records_per_second, half.share, half.seconds_left
    (10.0, 0.6, 2.0)
    """

    read: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    seconds: float
    bytes_read: int
    bytes_total: int | None
    read_before: int = 0
    bytes_before: int = 0

    @property
    def records_per_second(self) -> float:
        """How many records this run reads in a second."""
        return (self.read - self.read_before) / self.seconds if self.seconds > 0 else 0.0

    @property
    def share(self) -> float | None:
        """How much of all sources is read, 0 to 1; None where their size is not known."""
        return min(1.0, self.bytes_read / self.bytes_total) if self.bytes_total else None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes if it goes on as in this run so far; None where that cannot be told."""
        done = self.bytes_read - self.bytes_before
        if not self.bytes_total or done <= 0:
            return None
        return max(0, self.bytes_total - self.bytes_read) / done * self.seconds


class BatchSeen(NamedTuple):
    """A batch that landed: its records, the seconds that landing it took, and the memory held meanwhile, in MiB."""

    records: int
    seconds: float
    rss_mb: float


@dataclass(slots=True)
class BatchLog:
    """The batches of a run, thinned evenly: of more than a thousand every second is kept, then every fourth, and so on.

    >>> log = BatchLog()
    >>> for number in range(2_500):
    ...     log.note(BatchSeen(number, 0.1, 50.0))
    >>> len(log.kept), [batch.records for batch in log.kept[:3]]
    (625, [0, 4, 8])
    """

    kept: list[BatchSeen] = field(default_factory=list)
    seen: int = 0
    every: int = 1

    def note(self, batch: BatchSeen) -> None:
        """Note one more batch."""
        if self.seen % self.every == 0:
            self.kept.append(batch)
        self.seen += 1
        if len(self.kept) > BATCHES_KEPT:
            self.kept, self.every = self.kept[::2], self.every * 2


@dataclass(slots=True)
class Report:
    """What one ingestion did. The fields are those of `memproc ingest --json`.

    `read` = `stored` + `duplicate` + `merged` + `quarantined`. `status`: "done", "stopped" (by the tolerance or at the first
    error), "failed" (a source ended before its end was read), "interrupted" (from the keyboard), "paused" or "cancelled" (as a
    person asked), "refused" (validated before, nothing written) or "rehearsed" (a dry run). `review` counts pairs that were found
    for a person, `accepted` those of them that this run merged as `accept_at` says, `candidates` pairs that shared bands,
    `verified` pairs compared. `left_out` counts what a format reads on request
    only. `forgotten` are those of the duplicates that had been forgotten. `least_certain` holds, after a dry run, the ten merges
    with the lowest confidence. `patterns` are the three commonest groups of quarantined records with like faults, and `settled`
    counts those records that a person had replayed or discarded before, each once. `batch_log` tells of up to a thousand batches of
    this run, evenly chosen, and `resources` what this run took.
    """

    job: int | None = None
    status: str = "running"
    format: str = ""
    namespace: str | None = None
    read: int = 0
    stored: int = 0
    duplicate: int = 0
    merged: int = 0
    quarantined: int = 0
    review: int = 0
    accepted: int = 0
    batches: int = 0
    seconds: float = 0.0
    records_per_second: float = 0.0
    peak_rss_mb: float = 0.0
    candidates: int = 0
    verified: int = 0
    workers: list[dict[str, int]] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    forgotten: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    least_certain: list[Merge] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    settled: int = 0
    batch_log: list[BatchSeen] = field(default_factory=list)
    resources: dict[str, Any] = field(default_factory=dict)

    @property
    def is_all_quarantined(self) -> bool:
        """Tell whether records were read, and none was taken."""
        return self.read > 0 and self.quarantined == self.read

    def finish(self, status: str, seconds: float, before: int = 0) -> None:
        """Note how it ended and what it took; `before` records were read in earlier runs."""
        self.status = status
        self.seconds = round(seconds, 3)
        self.records_per_second = round((self.read - before) / seconds, 1) if seconds > 0 else 0.0
        self.peak_rss_mb = round(peak_rss_bytes() / MEBIBYTE, 1)
        self.workers = [{"pid": os.getpid(), "records": self.read - before}]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        merges = [merge._asdict() for merge in self.least_certain]
        patterns = [pattern._asdict() for pattern in self.patterns]
        counts = {"errors": dict(self.errors), "left_out": dict(self.left_out)}
        batches = [batch._asdict() for batch in self.batch_log]
        return {**asdict(self), **counts, "least_certain": merges, "patterns": patterns, "batch_log": batches}

    def __str__(self) -> str:
        """Return the report as a few lines for people."""
        outcomes = " + ".join(f"{name} {getattr(self, name)}" for name in ("stored", "duplicate", "merged", "quarantined"))
        speed = f"{self.records_per_second:,.0f} records/s, {self.peak_rss_mb:.0f} MB"
        batches = counted(self.batches, "batch", "batches")
        lines = [
            f"{self.status}: read {self.read} = {outcomes}",
            f"{counted(self.review, 'pair')} to review; {batches} in {self.seconds:.2f} s ({speed})",
        ]
        if self.errors:
            lines.append("quarantined: " + ", ".join(f"{count} {category}" for category, count in sorted(self.errors.items())))
            lines += [f"  {pattern.told()}" for pattern in self.patterns]
        if self.settled:
            lines.append(f"  {self.settled} of these had been replayed or discarded before")
        if self.left_out:
            lines.append("left out: " + ", ".join(f"{count} {kind}" for kind, count in sorted(self.left_out.items())))
        if self.least_certain:
            lines.append("the least certain merges:")
        lines += [f"  {merge.confidence:.6g}  {merge.reason}\n    {merge.one}\n    {merge.other}" for merge in self.least_certain]
        return "\n".join([*lines, *self.notes])


def counted(count: int, thing: str, things: str | None = None) -> str:
    """Return a count with its noun.

    >>> counted(1, "pair"), counted(2, "pair"), counted(0, "memory", "memories")
    ('1 pair', '2 pairs', '0 memories')
    """
    return f"{count} {thing}" if count == 1 else f"{count} {things or thing + 's'}"
