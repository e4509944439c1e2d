"""What arrives as a batch, what became of it, and the row that tells of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

from memproc.dedup.judging import Judged
from memproc.dedup.keys import Key
from memproc.dedup.looking import Looking
from memproc.records import Outcome, Plain, Rejected, encode
from memproc.store.quarantine.records import Again
from memproc.store.reviews.looking import RETURNED, Compared, Fresh
from memproc.taken import Taken


class Arrived(NamedTuple):
    """A batch as it comes from validation: its records, the first of which has the position `first`. Of a replay `replayed` says
    which positions each quarantined record gave, by its number.
    """

    records: Taken
    first: int
    replayed: Mapping[int, Sequence[int]] | None = None


@dataclass(slots=True)
class Landed:
    """What became of a batch: how many records were `new`, those of them that were not just stored, the positions of the others,
    and the merges and reviews it made.
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
    membership: dict[Key, Key | None] = field(default_factory=dict)  # of the observations whose memory changed: None for by itself
    met: int = 0  # records that met others, so that what they merge by was asked
    untaken: int = 0  # decisions that were not acted on, as they name what is not of the namespace
    batch: int = 0
    epoch: int = 0
    looking: list[Looking] = field(default_factory=list)  # what is to be looked at for reviews when it has landed
    uncompared: int = 0  # records that memproc itself broke on as it compared them
    reused: dict[Key, str] = field(default_factory=dict)  # by node the ids that came with texts which have nothing in common
    request: str | None = None
    memory: Plain | None = None  # of a record added singly: what it is in now, if it is no memory by itself
    anchor: Plain | None = None  # of a record added singly: the one that it is similar to

    @property
    def fresh(self) -> Fresh:
        """What is to be looked at, in a transaction of its own."""
        return Fresh(self.batch, self.epoch, self.looking)

    def add(self, other: Landed) -> None:
        """Add what became of the next part of the same batch."""
        self.membership |= other.membership
        self.reused |= other.reused
        for name in ("judged", "known", "forgotten", "rejected", "looking"):
            getattr(self, name).extend(getattr(other, name))
        for name in ("new", "reviews", "candidates", "verified", "met", "untaken", "uncompared"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.request = self.request or other.request

    def looked(self, found: Compared) -> None:
        """Take what was found as it was looked at."""
        self.candidates, self.verified, self.reviews = found.candidates, found.verified, self.reviews + found.reviews
        self.uncompared = len(found.broken)
        returned = found.returned
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


def batch_row(landed: Landed, place: tuple[int, int, int, int], started: float, now: str) -> tuple[Any, ...]:
    """Return the row of a batch; `place` is its number, its job, its first position and how many records it read."""
    outcomes = landed.counts()
    counts = [outcomes[outcome] for outcome in Outcome]
    looked = (landed.reviews, landed.candidates, landed.verified, len(landed.forgotten))
    errors = encode(Counter(found.category.value for _, found in landed.rejected)).decode()
    known = encode(ranges(landed.known)).decode()
    known_rejected = encode({str(number): ranges(at) for number, at in landed.known_rejected.items()}).decode()
    return (*place, *counts, *looked, errors, known, known_rejected, perf_counter() - started, now)


def ranges(positions: Iterable[int]) -> list[list[int]]:
    """Return rising positions as inclusive ranges.

    >>> ranges([1, 2, 3, 7])
    [[1, 3], [7, 7]]
    """
    found: list[list[int]] = []
    for position in sorted(positions):
        if found and position == found[-1][1] + 1:
            found[-1][1] = position
        else:
            found.append([position, position])
    return found
