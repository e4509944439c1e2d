"""The values that a store returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Literal

from memproc.config import Verdict
from memproc.dedup.compare.fitting import Bin
from memproc.dedup.decision import Decision
from memproc.records import Fault, M, Plain
from memproc.report.time_left import SecondsLeft

Severity = Literal["error", "warning"]
Link = Literal["current", "told", "version", "superseded", "offered"]


@dataclass(frozen=True, slots=True, order=True)
class ObservationSeen:
    """An observation in a memory, and how it got there. `speaks` is False for a version that a newer one replaced. `place` is where
    it was first read, a file or another source and the number of an item in it, from 0 (`export.zip!chats.json[17]`), None where
    that is not kept: of what was added singly or replayed.
    """

    observation: str
    record: Plain
    speaks: bool
    outcome: str
    confidence: float | None
    job: int
    batch: int
    position: int
    place: str | None
    first_seen: str
    last_seen: str
    times_seen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to an observation or a node, when, with which confidence, and why: how `subject` differs from `other`. `kind`
    is read, similar or version (a merge), joined (`subject` joined the memory of `other` with another), review, decision,
    forgotten, expired or restored (`reason` is the name that it expired under), or returned (said again after another value had
    replaced it).
    """

    made_at: str
    kind: str
    subject: str | None
    other: str | None
    confidence: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Trace(Generic[M]):
    """Where a memory comes from and what was merged, reviewed and decided, in order of time.

    `memory` is None if it was forgotten; then there are no observations, and the reasons are empty.
    """

    memory: M | None
    observations: tuple[ObservationSeen, ...]
    ledger: tuple[Entry, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One value in the history of a memory: its date, None if unknown, and its content.

    `link` is its role: `current`, the present value; `told`, the same value said before, until another replaced it; `version`, an
    older version of the same id; `superseded`, replaced by a decision; `offered`, another memory to which the review of kind
    `changed` with the number `review` leads. `memory` and `observation` are the ids of where the value is.
    """

    date: str | None
    content: str
    link: Link
    memory: str
    observation: str
    review: int | None


@dataclass(frozen=True, slots=True)
class History(Generic[M]):
    """What a memory said over time and what may follow: `steps`, the oldest first."""

    memory: M
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Review(Generic[M]):
    """Two memories too alike to ignore and too different to merge; `reason` says how `other` differs from `one`. `kind` is similar,
    changed, undated or meaning; `confidence` that both say the same is 0..1, or None for meaning. `verdicts` are the possible ones:
    merge, distinct and, if both have dates and one is later, supersedes.
    """

    number: int
    kind: str
    confidence: float | None
    reason: str
    one: M
    other: M
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """A decided review: its verdict, its pair, and the policy that decided, "" for a person."""

    number: int
    verdict: Verdict
    kind: str
    confidence: float | None
    reason: str
    policy: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What a policy decided: its name, the number of pairs decided, the number of memories these are in now, and in `held` the
    matching pairs left to a person, because a person decided before or no date is later. `reviews` are the numbers of the pairs
    decided, the highest confidence first.
    """

    policy: str
    verdict: Verdict
    decided: int
    memories: int
    held: int
    reviews: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PolicyCount:
    """A policy, and the number of its decisions that were not taken back."""

    name: str
    decisions: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """What `propose` found: the number of `facts` that were new or decided on since the last call, of pairs `proposed`, of pairs
    `known` as open or decided reviews, and of pairs `left` beyond the limit.
    """

    facts: int
    proposed: int
    known: int
    left: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A rejected record: its raw bytes, every fault with advice, its place in the source, and what was done with it since.

    `status` is open, replayed or discarded (then without bytes). `times_seen` counts how often it was read or replayed without
    success. `history` tells when it came, was replayed, rejected again or discarded, in order of time. `other` of an entry
    "replayed" is the observation it became.
    """

    number: int
    category: str
    faults: tuple[Fault, ...]
    raw: bytes
    job: int
    position: int
    source: str
    format: str
    times_seen: int
    namespace: str
    status: str
    first_seen: str
    last_seen: str
    history: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One ingestion with the counts of all its runs.

    `status` is running, done, stopped, interrupted, failed, paused or cancelled. `request` is pause or cancel until its process has
    seen it. `is_alive` tells whether its process lives and still runs it; None if no process runs it, or one on another machine.
    `share` is how much of the sources its batches have read, 0 to 1, and `seconds_left` are bounds within which a running job ends
    in 95 of 100 cases, counted from now; None where the size of a source is unknown, or not yet. `landed_at` is when its last batch
    was committed.
    The methods raise UsageError if the job cannot do what they ask for.
    """

    number: int
    source: str
    format: str
    status: str
    request: str | None
    started_at: str
    finished_at: str | None
    is_alive: bool | None
    runs: int
    read: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    share: float | None
    seconds_left: SecondsLeft | None
    landed_at: str | None
    _ask: Callable[[int, str | None], None] = field(repr=False, compare=False)

    def pause(self) -> None:
        """Ask its process to stop after the current batch; `memproc.ingest(..., resume=True)` continues."""
        self._ask(self.number, "pause")

    def resume(self) -> None:
        """Withdraw a request that its process has not seen yet; else `memproc.ingest(..., resume=True)` continues."""
        self._ask(self.number, None)

    def cancel(self) -> None:
        """End the job after the current batch, or at once if no process runs it. Committed batches stay."""
        self._ask(self.number, "cancel")


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well a store's confidence fits labelled pairs. Shares and errors are 0..1.

    `merged` pairs have only benign differences, so they merge by likeness unless that is refused; `merge_precision` is the share of
    these that say the same (1 if there are none). The other figures cover these pairs, with the confidence reported for such
    merges, and the pairs held out from fitting: `calibration_error`, `recall_at_99` (the largest recall at a precision of .99) and
    the reliability table. `refuses_to_merge`: less than 99 % of the merges were right, so after a rebuild nothing merges by
    likeness; unchanged if no label shows it.
    """

    pairs: int
    merged: int
    merge_precision: float
    calibration_error: float
    recall_at_99: float
    reliability: tuple[Bin, ...]
    refuses_to_merge: bool


@dataclass(frozen=True, slots=True)
class IndexRecall:
    """What comparing all pairs of facts finds and the index does not. `alike` counts the pairs that likely say the same and are not
    one memory; `found` counts those with a review, open or not. `missed` lists the others: the ids of two memories and the
    confidence 0..1 that both say the same, the highest first.
    """

    facts: int
    alike: int
    found: int
    missed: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class Recount:
    """Counts from the rows of one job, or of all: `is_whole` is the proof of conservation.

    read = stored + duplicate + merged + quarantined, no position missing or twice; and over all jobs
    memories = stored - joins + splits - forgotten.
    """

    read: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    missing_positions: int
    memories: int
    joins: int
    splits: int
    forgotten: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check-up found: a code, a message, `how_many` there are, up to five `examples` (ids or row numbers), and advice. An
    error is damage; a warning is harmless so far, or may be intended.
    """

    code: str
    severity: Severity
    message: str
    how_many: int
    examples: tuple[str, ...]
    advice: str
