"""The report of an ingestion."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from memproc.dates import forms_told
from memproc.gates.judged import GateJudged
from memproc.report.enriched import Enriched
from memproc.report.notes import in_brief
from memproc.resources import MEBIBYTE, peak_rss_bytes

BATCHES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge by similarity: the texts of the record that was read (`one`) and of the record it was compared with (`other`), the
    confidence, and in words how they differ.
    """

    confidence: float
    reason: str
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Quarantined records whose first faults are similar: how many, the fault of the first record, and its number (`example`). The
    faults may differ in the value that the message shows, and in positions in lists.
    """

    records: int
    category: str
    code: str
    path: str
    message: str
    example: int

    def told(self) -> str:
        """Return the pattern as a line of text.

        >>> Pattern(2, "validation", "date_unparsable", "created_at", "not a date: 'soon'", 7).told()
        "2 x created_at: not a date: 'soon'"
        """
        return f"{self.records} x {self.path or 'record'}: {self.message}"


@dataclass(frozen=True, slots=True)
class BatchSeen:
    """A committed batch: its records, the seconds it took, and the memory in use meanwhile, in MiB."""

    records: int
    seconds: float
    rss_mb: float


@dataclass(slots=True)
class BatchLog:
    """The batches of a run, thinned evenly: above a thousand every second one is kept, then every fourth, and so on.

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


NOTHING_READ = "no record was read"  # begins the note on that


@dataclass(slots=True)
class Report:
    """What one ingestion did. The fields are those of `memproc ingest --json`.

    `read` = `stored` + `duplicate` + `merged` + `quarantined`. `status`: "done", "stopped" (by the tolerance or at the first
    error), "failed" (a source ended early), "interrupted" (from the keyboard), "paused" or "cancelled" (on request), "refused"
    (validated before, nothing written) or "rehearsed" (a dry run).

    `review` counts the pairs found for review, `accepted` those of them that this run merged because of `accept_at`, `candidates`
    the pairs that shared a band, `verified` the pairs that were compared. `left_out` counts what a format reads only on request,
    `secrets` the secrets found, by kind, `dates_read` the dates that were read by an assumption, by form (99/99/9999), if one was
    more than ISO 8601 without a zone, `dates_refused` the dates that could not be read, by form (of this run), and
    `forgotten` the duplicates that had been forgotten. After a dry run `least_certain`
    holds the ten merges with the lowest confidence. `patterns` are the three most frequent groups of quarantined records with
    similar faults, and `settled` counts, each once, the quarantined records that had been replayed or discarded before.
    `enrichment` tells what each enrichment did in this run. `batch_log`
    holds up to a thousand batches of this run, evenly chosen, and `resources` what this run used.
    similar faults, and `settled` counts, each once, the quarantined records that had been replayed or discarded before. `batch_log`
    holds up to a thousand batches of this run, evenly chosen, and `resources` what this run used. `gates` tell what the rules of a
    gate came to, moment by moment.
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
    secrets: Counter[str] = field(default_factory=Counter)
    dates_read: Counter[str] = field(default_factory=Counter)
    dates_refused: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    least_certain: list[Merge] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    settled: int = 0
    enrichment: list[Enriched] = field(default_factory=list)
    batch_log: list[BatchSeen] = field(default_factory=list)
    resources: dict[str, Any] = field(default_factory=dict)
    gates: list[GateJudged] = field(default_factory=list)

    @property
    def is_gate_met(self) -> bool:
        """Whether no rule of a gate failed; without a gate none did."""
        return all(gate.is_met for gate in self.gates)

    @property
    def is_empty_handed(self) -> bool:
        """Whether no record was read where there should have been some; a note says what to try."""
        return any(note.startswith(NOTHING_READ) for note in self.notes)

    @property
    def is_all_quarantined(self) -> bool:
        """Whether records were read and all of them were quarantined."""
        return self.read > 0 and self.quarantined == self.read

    def finish(self, status: str, seconds: float, before: int = 0) -> None:
        """Set the final status and the figures of this run; earlier runs read `before` records."""
        self.status = status
        self.seconds = round(seconds, 3)
        self.records_per_second = round((self.read - before) / seconds, 1) if seconds > 0 else 0.0
        self.peak_rss_mb = round(peak_rss_bytes() / MEBIBYTE, 1)
        self.workers = [{"pid": os.getpid(), "records": self.read - before}]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        counts = ("errors", "left_out", "secrets", "dates_read", "dates_refused")
        gates = [gate.as_dict() for gate in self.gates]
        return {**asdict(self), **{name: dict(getattr(self, name)) for name in counts}, "gates": gates}

    def __str__(self) -> str:
        """Return the report as a few lines of text."""
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
        if self.secrets:
            lines.append("secrets: " + ", ".join(f"{count} {kind}" for kind, count in sorted(self.secrets.items())))
        if self.dates_read:
            lines.append(f"dates read: {forms_told(self.dates_read)}")
        lines += [f"enriched by {one.told()}" for one in self.enrichment]
        if self.least_certain:
            lines.append("the least certain merges:")
        lines += [f"  {merge.confidence:.6g}  {merge.reason}\n    {merge.one}\n    {merge.other}" for merge in self.least_certain]
        lines += [str(gate) for gate in self.gates]
        told = {note for gate in self.gates for note in gate.notes()}
        return "\n".join([*lines, *in_brief([note for note in self.notes if note not in told])])


def counted(count: int, thing: str, things: str | None = None) -> str:
    """Return a count with its noun.

    >>> counted(1, "pair"), counted(2, "pair"), counted(0, "memory", "memories")
    ('1 pair', '2 pairs', '0 memories')
    """
    return f"{count} {thing}" if count == 1 else f"{count} {things or thing + 's'}"
