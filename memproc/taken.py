"""Records on their way from reading to the store, many at once: what was accepted as columns, what was rejected by the side.

Facts: nearly all records are accepted, and of these nearly all are like no other. So what is done with them is done with whole
lists, at the speed of the interpreter's own loops; only what is rejected, or meets another, is an object by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from memproc.dedup.columns import Columns
from memproc.records import Rejected


@dataclass(slots=True)
class Taken:
    """Records in their order: those that were accepted, and those that were rejected, each with its place among all."""

    accepted: Columns = field(default_factory=Columns)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)

    @classmethod
    def of_rejected(cls, rejected: Sequence[Rejected]) -> Taken:
        """Return records of which none was accepted."""
        return cls(rejected=[*enumerate(rejected)])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.accepted) + len(self.rejected)

    def moved(self, by: int) -> Taken:
        """Return them with other places, so much higher."""
        return Taken(self.accepted.moved(by), [(at + by, one) for at, one in self.rejected])

    def extend(self, more: Taken) -> None:
        """Add others behind."""
        behind = more.moved(len(self))
        self.accepted.extend(behind.accepted)
        self.rejected += behind.rejected

    def cut(self, start: int, stop: int | None = None) -> Taken:
        """Return the records from `start` up to `stop`."""
        end = len(self) if stop is None else stop
        first, last = (bisect_left(self.accepted.position, at) for at in (start, end))
        return Taken(self.accepted.cut(first, last), [found for found in self.rejected if start <= found[0] < end]).moved(-start)

    def sizes(self) -> list[int]:
        """Return how many bytes each takes, as JSON or as it came."""
        sizes = [*map(len, self.accepted.json)]
        for at, one in self.rejected:
            sizes.insert(at, len(one.raw))
        return sizes
