"""A batch as it arrives, its result, and its row in the table `batches`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

from memproc.dedup.decision import Decision
from memproc.dedup.judging import Judged
from memproc.dedup.keys import Key
from memproc.dedup.looking import Looking
from memproc.dedup.neighbourhood import Row
from memproc.records import Outcome, Plain, Rejected, encode
from memproc.report.measured import Measured
from memproc.store.quarantine.records import Again
from memproc.store.reviews.reviewing import RETURNED, Fresh, Reviewed
from memproc.taken import Taken


class Replaced(NamedTuple):
    """What a single record is to replace: the rows of a memory, the decisions by which it does, and the note that they bear."""

    rows: Sequence[Row]
    decisions: Sequence[Decision]
    note: str

    @property
    def keys(self) -> set[Key]:
        """The keys of its observations."""
        return {row.observation.key for row in self.rows}


class Arrived(NamedTuple):
    """A prepared batch: its records, the first of which has the position `first`. In a replay, `replayed` maps the number of a
    quarantined record to the positions of its records. Of a single record, `replaced` may say what it replaces.
    """

    records: Taken
    first: int
    replayed: Mapping[int, Sequence[int]] | None = None
    replaced: Replaced | None = None


@dataclass(slots=True)
class Landed:
    """The result of a batch: how many records were `new`, the judgements on those that were not simply stored, the positions of the
    known and forgotten ones, the rejected ones, and counts of its merges and reviews.
    """

    new: int = 0
    judged: list[Judged] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    known_rejected: Again = field(default_factory=dict)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)
    reviews: int = 0
    candidates: int = 0
    verified: int = 0
    membership: dict[Key, Key | None] = field(default_factory=dict)  # observations whose memory changed; None: a memory by itself
    met: int = 0  # records that shared a core with others, so that groups were computed
    untaken: int = 0  # decisions not applied: they name something outside the namespace
    batch: int = 0
    epoch: int = 0
    looking: list[Looking] = field(default_factory=list)  # what to compare for reviews after the commit
    uncompared: int = 0  # records whose comparison failed in memproc
    reused: dict[Key, str] = field(default_factory=dict)  # ids used for unrelated texts, by node
    request: str | None = None
    memory: Plain | None = None  # of a record added singly: what it is in now, if it is no memory by itself
    has_replaced: bool = False  # whether what it was to replace is replaced, which makes `memory` what it says
    anchor: Plain | None = None  # of a record added singly: the one that it is similar to

    @property
    def fresh(self) -> Fresh:
        """The part that a later transaction compares for reviews."""
        return Fresh(self.batch, self.epoch, self.looking)

    def add(self, other: Landed) -> None:
        """Add the result of the next part of the same batch."""
        self.membership |= other.membership
        self.reused |= other.reused
        for name in ("judged", "known", "forgotten", "rejected", "looking"):
            getattr(self, name).extend(getattr(other, name))
        for name in ("new", "reviews", "candidates", "verified", "met", "untaken", "uncompared"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.request = self.request or other.request

    def add_reviewed(self, reviewed: Reviewed) -> None:
        """Add the result of reviewing the batch."""
        self.candidates, self.verified, self.reviews = reviewed.candidates, reviewed.verified, self.reviews + reviewed.reviews
        self.uncompared = len(reviewed.broken)
        returned = reviewed.returned
        self.judged = [one._replace(reason=RETURNED) if one.incoming.prepared.key in returned else one for one in self.judged]

    @property
    def similar(self) -> list[Judged]:
        """The merges by likeness."""
        return [judged for judged in self.judged if judged.kind == "similar"]

    def counts(self) -> Counter[Outcome]:
        """Return how many records had each outcome."""
        counted = Counter([judged.outcome for judged in self.judged])
        counted[Outcome.STORED] = self.new - len(self.judged)
        counted[Outcome.DUPLICATE] += len(self.known)
        counted[Outcome.QUARANTINED] = len(self.rejected)
        return counted


def batch_row(landed: Landed, arrived: Arrived, job: int, started: float, measured: Measured | None) -> dict[str, Any]:
    """Return the row of a batch of a job, but for when it is committed; `started` is when it began, by `perf_counter`."""
    seconds = perf_counter() - started
    counts = landed.counts()
    known_rejected = {str(number): ranges(at) for number, at in landed.known_rejected.items()}
    return {
        "number": landed.batch,
        "job": job,
        "first_position": arrived.first,
        "records": len(arrived.records),
        **{outcome.value: counts[outcome] for outcome in Outcome},
        "review": landed.reviews,
        "candidates": landed.candidates,
        "verified": landed.verified,
        "forgotten": len(landed.forgotten),
        "errors": encode(Counter(rejected.category.value for _, rejected in landed.rejected)).decode(),
        "known": encode(ranges(landed.known)).decode(),
        "known_rejected": encode(known_rejected).decode(),
        "seconds": seconds,
        "measured": measured and measured.to_json(seconds),
    }


def ranges(positions: Iterable[int]) -> list[list[int]]:
    """Return rising positions as inclusive ranges.

    >>> ranges([1, 2, 3, 7])
    [[1, 3], [7, 7]]
    """
    merged: list[list[int]] = []
    for position in sorted(positions):
        if merged and position == merged[-1][1] + 1:
            merged[-1][1] = position
        else:
            merged.append([position, position])
    return merged
