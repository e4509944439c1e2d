"""The figures that a report of a store or a job is made of: a value for each of its parts.

Rules: what is counted exactly and what is an estimate is told by a field beside the figure. Shares are 0..1, times seconds, memory
MiB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class JobTold:
    """A job: what it read, when, how it ended, and what it counted. `settings` are those that say how it worked."""

    number: int
    source: str
    format: str
    status: str
    started_at: str
    finished_at: str | None
    read: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """The recount by SQL over rows, never over counters: read = stored + duplicate + merged + quarantined, no position is missing
    or there twice (`wrong_positions`). Over a whole store also memories = stored - joins + splits - forgotten.
    """

    is_whole: bool
    read: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    wrong_positions: int
    memories: int
    joins: int
    splits: int
    forgotten: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the records read, by the counters of batches; the recount is the proof. `review` are pairs found for review,
    `memories_before` and `memories_after` the memories before the job and after it, None for a whole store.
    """

    read: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    review: int
    forgotten: int
    candidates: int
    verified: int
    memories_before: int | None
    memories_after: int | None
    proof: Proof


@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """Quarantined records with similar faults: how many, the fault of the first, the beginning of its bytes as text, and advice.
    `number` is that of the first record, to look at with `memproc quarantine DB N`.
    """

    records: int
    category: str
    code: str
    path: str
    message: str
    number: int
    example: str
    advice: str


@dataclass(frozen=True, slots=True)
class Errors:
    """What was quarantined: records by category, the commonest patterns, and how many more patterns there are."""

    categories: Mapping[str, int]
    patterns: tuple[ErrorPattern, ...]
    more_patterns: int


@dataclass(frozen=True, slots=True)
class ReviewCount:
    """How many pairs of a kind have a status: open, or the verdict on them."""

    kind: str
    status: str
    pairs: int


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """Merges by likeness and open pairs with a confidence from `low` up to `high`."""

    low: float
    high: float
    merges: int
    reviews: int


@dataclass(frozen=True, slots=True)
class ThresholdCount:
    """At a confidence: how many of the merges by likeness have at least it, and how many open pairs of kind similar."""

    confidence: float
    merges: int
    reviews: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """A memory of several observations: its id, how many there are, how many the job brought, and what it says, shortened."""

    memory: str
    observations: int
    of_job: int
    text: str


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What was known or alike. Of `duplicate` records, `known` are observations that were there, `forgotten` such that had been
    forgotten, `same_content` others whose content was there. `similar` and `versions` are merges, by likeness and by id; `returned`
    values that were said again after another had replaced them. `joins` and `splits`: by how many memories there became fewer and
    more.
    """

    known: int
    same_content: int
    forgotten: int
    similar: int
    versions: int
    returned: int
    joins: int
    splits: int
    merge_at: float
    reviews: tuple[ReviewCount, ...]
    histogram: tuple[ConfidenceBin, ...]
    thresholds: tuple[ThresholdCount, ...]
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Some batches in a row: the first and how many, the records before them and in them, the seconds they took with all that
    followed, the longest of them, the most memory held (None where nothing measured it) and the largest batch that was allowed.
    """

    batch: int
    batches: int
    records_before: int
    records: int
    seconds: float
    longest: float
    rss_mb: float | None
    size: int | None


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took, and its share of all stages."""

    stage: str
    seconds: float
    share: float
    means: str


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The stage that took longest, why that may be, and what to try."""

    stage: str
    share: float
    why: str
    advice: str


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds that batches took from the look-up to the end of their reviews; exact within 1 %."""

    half: float
    p95: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it went. Of `batches`, `measured` know their stages; those of single records, replays and an older memproc do not.
    `seconds` are those of the stages of these, and of writing of the others. `read_bytes` and `peak_rss_mb` are None if unknown.
    """

    batches: int
    measured: int
    seconds: float
    records_per_second: float
    read_bytes: int | None
    peak_rss_mb: float | None
    workers: int
    latency: Latency
    timeline: tuple[Span, ...]
    stages: tuple[StageTime, ...]
    bottleneck: Bottleneck | None


@dataclass(frozen=True, slots=True)
class FieldSeen:
    """A field of the records looked at: how many have it and how many do not, how many different values it has (an estimate of
    HyperLogLog, within some 2 %, if `is_estimated`), the most frequent ones with their numbers, examples, of numbers and dates the
    least and the greatest, and of quarantined records those whose first fault is in it, by code. Of lists the elements count.
    """

    name: str
    present: int
    missing: int
    distinct: int
    is_estimated: bool
    least: str
    greatest: str
    frequent: tuple[tuple[str, int], ...]
    examples: tuple[str, ...]
    rejected: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Quality:
    """What the accepted records hold, by field. Of `records`, `looked_at` were read: each, or every `every`-th of a large store."""

    records: int
    looked_at: int
    every: int
    fields: tuple[FieldSeen, ...]


@dataclass(frozen=True, slots=True)
class NameCount:
    """How many observations have a name, None for those without: before the job (0 for a whole store), and of it."""

    name: str | None
    before: int
    here: int

    @property
    def after(self) -> int:
        """How many there were after it."""
        return self.before + self.here


@dataclass(frozen=True, slots=True)
class Counted:
    """Observations by namespace, source, kind or format: the commonest names, and how many other names there are."""

    by: str
    names: tuple[NameCount, ...]
    more: int
