"""What a store answers: values, and nothing of databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Literal

from memproc.config import Verdict
from memproc.dedup.compare.fitting import Bin
from memproc.dedup.decision import Decision
from memproc.records import Fault, M, Outcome, Plain

Severity = Literal["error", "warning"]
Link = Literal["current", "told", "version", "superseded", "offered"]


@dataclass(frozen=True, slots=True)
class Added(Generic[M]):
    """What became of one record: `memory` is the one it is in now (None when quarantined or forgotten), `confidence` that of
    the merge, 0..1 (None when nothing was compared), `reason` what it says as against the one it was compared with, `faults` why it
    was quarantined.
    """

    outcome: Outcome
    memory: M | None
    confidence: float | None
    reason: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class ObservationSeen:
    """An observation in a memory, and how it came there. `speaks` is False for a version that a newer one replaced."""

    observation: str
    record: Plain
    speaks: bool
    outcome: str
    confidence: float | None
    job: int
    batch: int
    position: int
    first_seen: str
    last_seen: str
    times_seen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to an observation or a node, when, how sure, and why: what `subject` says as against `other`. `kind`: read,
    similar or version (a merge), joined (`subject` made one memory of that of `other` and another), review, decision, forgotten;
    returned (told again, after something else had been told in its place).
    """

    made_at: str
    kind: str
    subject: str | None
    other: str | None
    confidence: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Trace(Generic[M]):
    """The story of a memory: where it comes from and what was merged, reviewed and decided, in the order of time.

    `memory` is None where it was forgotten; then there are no observations, and the reasons hold no words.
    """

    memory: M | None
    observations: tuple[ObservationSeen, ...]
    ledger: tuple[Entry, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One value in the history of a memory: when it was told, None where nothing tells, and what it says.

    `link` is how it belongs there: `current`, what the memory says now; `told`, the same told before, until something else took its
    place; `version`, an older version of the same id; `superseded`, replaced by a decision; `offered`, another memory that a review
    of kind `changed` leads to, whose number is `review`. `memory` and `observation` are the ids of where it is.
    """

    date: str | None
    content: str
    link: Link
    memory: str
    observation: str
    review: int | None


@dataclass(frozen=True, slots=True)
class History(Generic[M]):
    """How a memory came to say what it says, and what may follow: `steps`, the oldest first."""

    memory: M
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Review(Generic[M]):
    """Two memories too alike to ignore and too unlike to merge, and in `reason` what `other` says as against `one`. `kind` is
    similar, changed, undated or meaning; `confidence` that both say the same is 0..1, and None of the last kind. `verdicts` are
    those that can be given: merge, distinct and, where both have a date and one is later, supersedes.
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
    """A review that was decided: its verdict, what it was about, and the policy that decided, "" where a person did."""

    number: int
    verdict: Verdict
    kind: str
    confidence: float | None
    reason: str
    policy: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What a policy decided: the name it goes by, how many pairs it decided, in how many memories these are now, and how many it
    means and leaves to a person, because of what one said before or because no date tells which is later. `reviews` are the numbers
    of the pairs decided, the surest first.
    """

    policy: str
    verdict: Verdict
    decided: int
    memories: int
    held: int
    reviews: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PolicyCount:
    """A policy that decided, and how many of its decisions were not taken back."""

    name: str
    decisions: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """What was looked for by meaning: how many `facts` were new, or decided on, since the last time, how many pairs were
    `proposed`, how many more were `known` as reviews, open or decided, and how many are `left`, as there was a limit.
    """

    facts: int
    proposed: int
    known: int
    left: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that could not be taken: the raw bytes, every fault with advice, where it stood, and what was done with it since.

    `status`: open, replayed or discarded (then its bytes are gone). `times_seen`: how often it was read or replayed in vain.
    `history`: when it came, was replayed, rejected again or discarded, in the order of time. `other` of an entry "replayed" is
    the observation it became.
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
    """One ingestion, all its runs together, and what its batches counted.

    `status`: running, done, stopped, interrupted, failed, paused or cancelled. `request`: pause or cancel, where its process has
    not seen it yet. `is_alive`: whether the process that runs it lives and still does; None where no process does, or on another
    machine. Its methods raise UsageError where there is nothing to ask for.
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
    _ask: Callable[[int, str | None], None] = field(repr=False, compare=False)

    def pause(self) -> None:
        """Ask its process to stop after the batch at hand; `memproc.ingest(..., resume=True)` goes on."""
        self._ask(self.number, "pause")

    def resume(self) -> None:
        """Take back what was asked, as long as its process has not seen it; then `memproc.ingest(..., resume=True)` goes on."""
        self._ask(self.number, None)

    def cancel(self) -> None:
        """Ask its process to stop for good after the batch at hand; at once where no process runs it. What has landed stays."""
        self._ask(self.number, "cancel")


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure a store's confidence is of labelled pairs. Shares and errors are 0..1.

    `merged` of the pairs differ in benign ways only, so that they merge by likeness unless that is refused, and `merge_precision`
    of those are the same (1 where there is none). The other figures are of these, with the confidence that is reported of such a
    merge, and of pairs that the model was not fitted to: `calibration_error`, `recall_at_99` (the largest recall at a
    precision of .99) and the reliability table. `refuses_to_merge`: less than 99 % of the merges were right, so after a rebuild
    nothing merges by likeness; where no label tells, it is as before.
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
    """What a comparison of each fact with each finds, and the index does not. `alike` pairs of facts are likely the same and are
    not one memory; `found` of them have a review, whatever became of it. `missed` holds the others: the ids of the two
    memories and the confidence 0..1 that both say the same, the surest first.
    """

    facts: int
    alike: int
    found: int
    missed: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class Recount:
    """What the rows say of one job, or of all: `is_whole` is the proof of conservation.

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
    """What a check-up found: a code, a sentence that says what it means, `how_many` there are, up to five `examples` (ids, or
    numbers of rows), and advice on what mends it. An error is damage; a warning costs nothing yet, or may be meant.
    """

    code: str
    severity: Severity
    message: str
    how_many: int
    examples: tuple[str, ...]
    advice: str
