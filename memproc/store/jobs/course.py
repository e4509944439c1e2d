"""How far a job is, as its checkpoint keeps it for other processes: bytes read, bytes in all, and how long the rest takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import orjson

from memproc.report.time_left import SecondsLeft
from memproc.times import to_micros

MICROS = 1_000_000
AT = 4  # its place in a checkpoint, which begins with where the next batch begins


@dataclass(frozen=True, slots=True)
class Course:
    """How many bytes are read with the batch that lands, how many there are, and what was left when it began to land, in seconds;
    None for what is not known.
    """

    bytes_read: int
    bytes_total: int | None
    left: SecondsLeft | None = None

    def to_values(self) -> list[Any]:
        """Return it as a part of a checkpoint."""
        bounds = [None, None] if self.left is None else [round(self.left.low, 3), round(self.left.high, 3)]
        return [self.bytes_read, self.bytes_total, *bounds]

    @classmethod
    def in_checkpoint(cls, checkpoint: str | None) -> Self | None:
        """Return what a checkpoint as it stands in the database, behind its hash, says; None if that is nothing."""
        if checkpoint is None:
            return None
        parts = orjson.loads(checkpoint.partition(" ")[2])
        if len(parts) <= AT:
            return None
        read, total, low, high = parts[AT]
        return cls(read, total, None if low is None else SecondsLeft(low, high))

    @property
    def share(self) -> float | None:
        """How much of all sources has been read, 0 to 1; None if their size is unknown."""
        return min(1.0, self.bytes_read / self.bytes_total) if self.bytes_total else None


def course_of(checkpoint: str | None, landed_at: str | None, now: str) -> dict[str, Any]:
    """Return the `share` and `seconds_left` of a job with this checkpoint, whose last batch was committed at `landed_at`; that is
    None for a job that does not go on.
    """
    course = Course.in_checkpoint(checkpoint)
    left = None if course is None or landed_at is None else course.left
    if left is not None and landed_at is not None:
        left = left.after(max(0, to_micros(now) - to_micros(landed_at)) / MICROS)
    return {"share": None if course is None else course.share, "seconds_left": left}
