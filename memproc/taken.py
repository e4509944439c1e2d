"""Records on their way from reading to the store, many at once: what was accepted as columns, what was rejected by the side.

Facts: nearly all records are accepted, and of these nearly all are like no other. So what is done with them is done with whole
lists, at the speed of the interpreter's own loops; only what is rejected, or meets another, is an object by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from memproc.dedup.keys import Columns, Prepared
from memproc.records import Rejected


@dataclass(slots=True)
class Taken:
    """Records in their order: those that were accepted, and those that were rejected, in order, each with its place among all."""

    accepted: Columns = field(default_factory=Columns)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)

    @classmethod
    def of_rejected(cls, rejected: Sequence[Rejected]) -> Taken:
        """Return records of which none was accepted."""
        return cls(rejected=[*enumerate(rejected)])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.accepted) + len(self.rejected)

    def __iter__(self) -> Iterator[Prepared | Rejected]:
        """Give one after the other."""
        beside, own = dict(self.rejected), iter(range(len(self.accepted)))
        return (beside[at] if at in beside else self.accepted.at(next(own)) for at in range(len(self)))

    @property
    def places(self) -> Sequence[int]:
        """The place of each accepted record among all."""
        return places_beside(self.rejected, len(self))

    def extend(self, more: Taken) -> None:
        """Add others behind."""
        before = len(self)
        self.rejected += [(before + at, one) for at, one in more.rejected]
        self.accepted.extend(more.accepted)

    def cut(self, start: int, stop: int | None = None) -> Taken:
        """Return the records from `start` up to `stop`."""
        end = len(self) if stop is None else min(stop, len(self))
        beside = [(at - start, one) for at, one in self.rejected if start <= at < end]
        first = start - sum([at < start for at, _ in self.rejected])
        return Taken(self.accepted.cut(first, first + end - start - len(beside)), beside)

    def sizes(self) -> list[int]:
        """Return how many bytes each takes, as JSON or as it came."""
        sizes = [*map(len, self.accepted.json)]
        for at, one in self.rejected:
            sizes.insert(at, len(one.raw))
        return sizes


def places_beside(rejected: Sequence[tuple[int, Rejected]], count: int) -> Sequence[int]:
    """Return the places, of so many, at which nothing was rejected."""
    beside = {at for at, _ in rejected}
    return [at for at in range(count) if at not in beside] if beside else range(count)
