"""Many records on their way from reading to the store: the accepted ones as columns, the rejected ones in a list.

Facts: nearly all records are accepted, and nearly all of these are unlike any other. So they are processed as whole lists, at the
speed of the interpreter's own loops. Only a record that is rejected, or meets another, becomes an object of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from memproc.dedup.columns import Columns
from memproc.records import Rejected


@dataclass(slots=True)
class Taken:
    """Records in order: the accepted and the rejected ones, each with its position among all."""

    accepted: Columns = field(default_factory=Columns)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)

    @classmethod
    def of_rejected(cls, rejected: Sequence[Rejected]) -> Taken:
        """Return records that were all rejected."""
        return cls(rejected=[*enumerate(rejected)])

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.accepted) + len(self.rejected)

    def moved(self, by: int) -> Taken:
        """Return the records with their positions increased by `by`."""
        return Taken(self.accepted.moved(by), [(at + by, one) for at, one in self.rejected])

    def extend(self, more: Taken) -> None:
        """Append more records."""
        behind = more.moved(len(self))
        self.accepted.extend(behind.accepted)
        self.rejected += behind.rejected

    def cut(self, start: int, stop: int | None = None) -> Taken:
        """Return the records from `start` up to `stop`."""
        end = len(self) if stop is None else stop
        first, last = (bisect_left(self.accepted.position, at) for at in (start, end))
        return Taken(self.accepted.cut(first, last), [found for found in self.rejected if start <= found[0] < end]).moved(-start)

    def sizes(self) -> list[int]:
        """Return the size of each record in bytes: of its JSON, or as it came; bytes that rejected parts share count once."""
        rejected: dict[int, int] = {}
        last: bytes | None = None
        for at, one in self.rejected:
            rejected[at] = 0 if one.raw is last else len(one.raw)
            last = one.raw
        accepted = map(len, self.accepted.json)
        return [rejected[at] if at in rejected else next(accepted) for at in range(len(self))]
