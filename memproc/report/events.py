"""The events of an ingestion, a replay or a rebuild: what `on_event` is called with.

Rules: the set is closed, and `Event` is its union. JobStarted comes first. Each source is begun, then come its batches, then it is
ended. BatchLanded is told when the batch is committed, then what of it was quarantined, then what enriched it, then a new batch
size. Retrying and Waiting come whenever that happens, Noted when a note is written into the report. JobEnded is the last one,
whatever happened. The order is the same for every engine, and an event tells nothing that was not committed. A rebuild
is no job, and one transaction: it tells Rebuilding, Retrying and Waiting alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from memproc.report.report import Report
from memproc.report.time_left import SecondsLeft
from memproc.telling import Retrying, Waiting


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of an ingestion after a batch: counts over all its runs, seconds of this run, and bytes of all sources together.
    `bytes_total` is None if the size of a source is unknown, or a `limit` leaves some of it unread. `read_before` and
    `bytes_before` are what earlier runs read. `batch_size` is how many records the next batch may have, and
    `rss_mb` the memory held in the last one, in MiB. `review` counts the pairs found for review. `seconds_left` are bounds within
    which the rest ends in 95 of 100 cases, None if the bytes are unknown.

    >>> half = Progress(30, 30, 0, 0, 0, 2.0, 600, 1_000, read_before=10, bytes_before=200)
    >>> half.records_per_second, half.share
    (10.0, 0.6)
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
    batch_size: int = 0
    rss_mb: float = 0.0
    review: int = 0
    seconds_left: SecondsLeft | None = None

    @property
    def records_per_second(self) -> float:
        """Records per second of this run."""
        return (self.read - self.read_before) / self.seconds if self.seconds > 0 else 0.0

    @property
    def share(self) -> float | None:
        """How much of all sources has been read, 0 to 1; None if their size is unknown."""
        return min(1.0, self.bytes_read / self.bytes_total) if self.bytes_total else None


@dataclass(frozen=True, slots=True)
class JobStarted:
    """A job is about to read: how many sources (files, members of archives, tables), their formats in the order of the sources, and
    their bytes together, None if the size of one is unknown or a `limit` leaves some of it unread. `read_before` are the records
    that earlier runs of the job read, and `can_resume` tells whether `resume` continues it after an interruption.
    """

    job: int | None
    sources: int
    formats: tuple[str, ...]
    bytes_total: int | None
    read_before: int
    can_resume: bool


@dataclass(frozen=True, slots=True)
class SourceBegun:
    """A source is about to be read: its number among those of the job, from 0, its name, format and bytes (None if unknown)."""

    number: int
    name: str
    format: str
    bytes_total: int | None


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """A source was read to its end, or as far as it could be: then `failure` says why not further. `records` counts what this run
    read of it. One in which the job stops is not ended.
    """

    number: int
    name: str
    records: int
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class BatchLanded:
    """A batch was committed: its number in the store, where its records are from, what became of them, pairs found for review, the
    bytes of the records, the seconds that writing it took, and how far the job is.
    """

    batch: int
    source: str
    records: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    review: int
    bytes: int
    seconds: float
    progress: Progress


@dataclass(frozen=True, slots=True)
class RecordsQuarantined:
    """Records of the batch that was just told were quarantined, whose first faults are of one kind at one path. `message` and
    `position` (among the records of the job, from 0) are those of the first. It quotes as much of a record as faults do; where
    redaction is asked for, nothing. Of a batch the twenty most frequent kinds are told.
    """

    source: str
    records: int
    category: str
    code: str
    path: str
    message: str
    position: int


@dataclass(frozen=True, slots=True)
class RecordsEnriched:
    """What an enrichment did for the batch that was just told, as in `Enriched`: whose results were kept from before, how many were
    answered, changed, got no answer (`failed`) or one that did not pass (`wrong`), in how many calls, which took so many seconds
    together and cost so much.
    """

    name: str
    version: str
    records: int
    kept: int
    answered: int
    changed: int
    failed: int
    wrong: int
    calls: int
    seconds: float
    cost: float


@dataclass(frozen=True, slots=True)
class BatchSizeChanged:
    """The next batch may have so many records, after another number `before`: because of the time and memory that batches take, or
    because the database `refused` so many at once.
    """

    before: int
    now: int
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """How far a step of a rebuild is: `step` says what is computed, "keys", "memories" or "reviews", in this order; `done` of
    `total` are through, and `seconds` have passed since the step began. Where the transaction is tried again, it begins anew.

    >>> Rebuilding("keys", 500, 2_000, 0.5).share
    0.25
    """

    step: str
    done: int
    total: int
    seconds: float

    @property
    def share(self) -> float:
        """How much of the step is done, 0 to 1."""
        return self.done / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Noted:
    """A note was written into the report."""

    text: str


@dataclass(frozen=True, slots=True)
class JobEnded:
    """The job is over, and this is its report. `error` is the name of the exception that is about to be raised, if there is one."""

    report: Report
    error: str | None = None


Event = (
    JobStarted
    | SourceBegun
    | SourceEnded
    | BatchLanded
    | RecordsQuarantined
    | RecordsEnriched
    | BatchSizeChanged
    | Rebuilding
    | Retrying
    | Waiting
    | Noted
    | JobEnded
)
