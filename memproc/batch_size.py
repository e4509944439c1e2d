"""How many records a transaction should hold. Pure.

Facts: a transaction of n records takes c0 + c1 * n seconds. Long ones keep others waiting and lose more work in a crash; short
ones pay c0 too often: of 30 * c0 seconds it is 3 %. A commit that is slow shows in the time. Memory that was taken for a batch is
seldom given back to the system.

Strategy: fit c0 and c1 to the batches that landed, with forgetting, each weighed by how little its time varies. Batches of one size
cannot tell c0 from c1. As long as c0 was never known the longest time is aimed at, which makes the sizes differ; later it is as it
was last known. It is taken for larger than the fit says, by a standard error, and for a little larger with each batch that does not
tell of it: once taken for too small, it would never be found out again. What the model expects is judged, not what the last batch
took: single times are noise.

Rules: the size at most doubles, and only after a batch that was full and while memory is roomy; it falls by half at most. What the
database refuses, or what makes memory tight, halves it and caps it below. A size that was asked for is changed by these two alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import NamedTuple

from memproc.config import LARGEST_BATCH, SMALLEST_BATCH

FIRST_BATCH = 1_000
LARGEST_BATCH_BYTES = 2 * 1024 * 1024  # of the records' JSON text; with all that is made of it, some thirty times as much
SMALLEST_BATCH_BYTES = 64 * 1024
LIMIT_TO_BATCH = 128  # so a batch with all that is made of it takes a quarter of the memory allowed

TIMES_EACH_BATCH = 30  # the time aimed at, as a multiple of c0
LEAST_SECONDS, MOST_SECONDS = 0.25, 2.0
GROWS_BELOW, SHRINKS_ABOVE = 0.75, 1.25  # of the time aimed at; between the two the size stays
REMEMBERED = 0.8  # of what is known, with each batch
DOUBTED = 1.05  # by so much c0 is taken for larger after each batch that does not tell of it
LEAST_SPREAD = 0.1  # squared coefficient of variation of the sizes from which c0 can be told
NOISE = 0.08  # the standard deviation of the time of a batch that takes a second; it grows with the root of the time

ROOMY, TIGHT = 0.65, 0.8  # shares of the memory allowed
RISE = 0.01  # of the share; less is no doing of the batch
FEWEST_FOR_MEMORY = 100  # smaller batches would save no memory worth having

CAPPED_TO = 0.9
CLEAN_BATCHES = 50
CAP_GROWTH = 1.1


def largest_bytes(allowed_bytes: int) -> int:
    """Return how many bytes of JSON a batch may hold where a process may take so much memory.

    >>> largest_bytes(16 * 1024**3), largest_bytes(256 * 1024**2), largest_bytes(1)
    (2097152, 2097152, 65536)
    """
    return max(SMALLEST_BATCH_BYTES, min(allowed_bytes // LIMIT_TO_BATCH, LARGEST_BATCH_BYTES))


class Sums(NamedTuple):
    """Sums over the batches that are remembered, each weighed by 1 / seconds: a long batch varies more than a short one, by the
    root of its time. `squares` is of the records squared, `products` of records times seconds.
    """

    weight: float = 0.0
    records: float = 0.0
    squares: float = 0.0
    seconds: float = 0.0
    products: float = 0.0

    def with_batch(self, records: int, seconds: float) -> Sums:
        """Return the sums after one more batch; what was known before counts a little less."""
        weight = 1 / seconds
        new = (weight, weight * records, weight * records**2, weight * seconds, weight * records * seconds)
        return Sums(*(REMEMBERED * before + more for before, more in zip(self, new, strict=True)))


NOTHING_SEEN = Sums()


@dataclass(frozen=True, slots=True)
class Costs:
    """What batches take: `each_batch` + `each_record` * n seconds, as fitted to `sums`. `each_batch` is None until it is known."""

    each_batch: float | None = None
    each_record: float = 0.0
    sums: Sums = NOTHING_SEEN

    def seen(self, records: int, seconds: float) -> Costs:
        """Return what is known after a batch of `records` records, 1 or more, took `seconds`."""
        return _fitted(self.each_batch, self.sums.with_batch(records, max(seconds, 1e-6)))  # a clock may stand still

    @property
    def aim_seconds(self) -> float:
        """The time that a batch should take."""
        if self.each_batch is None:
            return MOST_SECONDS
        return max(LEAST_SECONDS, min(TIMES_EACH_BATCH * self.each_batch, MOST_SECONDS))

    def expected_seconds(self, records: int) -> float:
        """Return how long a batch should take."""
        return (self.each_batch or 0.0) + self.each_record * records

    def aim_records(self) -> int:
        """Return how many records are expected to take as long as a batch should."""
        each = max(self.each_record, 1e-9)
        return int(min(max(self.aim_seconds - (self.each_batch or 0.0), 0.0) / each, LARGEST_BATCH))


def _fitted(known: float | None, sums: Sums) -> Costs:
    """Return the weighted least squares line through batches, with a standard error added to its start.

    Where the sizes are too much alike, its start is what was `known`, and a little more.
    """
    weight, records, squares, seconds, products = sums
    spread = weight * squares - records**2
    mean = seconds / weight
    if spread > LEAST_SPREAD * records**2:
        known = max(0.0, (seconds * squares - records * products) / spread) + NOISE * sqrt(squares / spread)
    elif known is not None and DOUBTED * known < mean / 2:  # doubt has an end: else any number of records would seem to fit
        known *= DOUBTED
    if known is not None:
        known = min(known, mean)
    return Costs(known, (seconds - weight * (known or 0.0)) / records, sums)


@dataclass(frozen=True, slots=True)
class BatchSize:
    """The size of the next batch, and what is known for choosing it. Frozen: each event gives another.

    `asked` is a size that a person asked for, or None to adapt. `idle` is the share of the memory allowed that was taken before the
    first batch, `share` the one after the last.

    >>> BatchSize().landed(1000, 0.1).size, BatchSize().landed(1000, 8.0).size, BatchSize().refused(1000).size
    (2000, 500, 500)
    """

    size: int = FIRST_BATCH
    asked: int | None = None
    cap: int = LARGEST_BATCH
    idle: float = 0.0
    share: float = 0.0
    clean: int = 0
    costs: Costs = Costs()

    @classmethod
    def starting(cls, asked: int | None, idle: float) -> BatchSize:
        """Return the first size: the one asked for, or one that most databases do well with."""
        return cls(asked or FIRST_BATCH, asked, idle=idle, share=idle)

    def landed(self, records: int, seconds: float, share: float = 0.0) -> BatchSize:
        """Return the size after a batch of `records` records took `seconds`; `share` of the memory allowed is taken now."""
        if records < SMALLEST_BATCH:
            return self
        known = replace(self._grown_cap(), costs=self.costs.seen(records, seconds), share=share)
        if share >= TIGHT and share > self.share + RISE:
            return _below(known, records, min(self.size, FEWEST_FOR_MEMORY))
        most = min(int(self.size * self._growth(share)), known.cap)
        wanted = self.asked or _wanted(known.costs, self.size, is_full=records >= self.size)
        return replace(known, size=max(SMALLEST_BATCH, min(wanted, most)))

    def refused(self, records: int) -> BatchSize:
        """Return the size after a batch of `records` records was too much for the database."""
        return _below(self, records, SMALLEST_BATCH)

    def _grown_cap(self) -> BatchSize:
        """Count a clean batch; the cap may have come of something that is over."""
        if self.clean + 1 < CLEAN_BATCHES:
            return replace(self, clean=self.clean + 1)
        return replace(self, cap=min(max(int(self.cap * CAP_GROWTH), self.cap + 1), LARGEST_BATCH), clean=0)

    def _growth(self, share: float) -> float:
        """Return by how much the size may grow, 1 to 2, if all memory taken since the start were the last batch's."""
        if share >= ROOMY:
            return 1.0
        taken = share - self.idle
        return 2.0 if taken <= 0 else max(1.0, min(2.0, (ROOMY - self.idle) / taken))


def _below(before: BatchSize, records: int, fewest: int) -> BatchSize:
    """Return the size after a batch of `records` records was too much."""
    size = max(records // 2, fewest)
    return replace(before, size=size, cap=max(int(records * CAPPED_TO), size), clean=0)


def _wanted(costs: Costs, size: int, *, is_full: bool) -> int:
    """Return the size that the times want after a batch of this one, which may not have been full."""
    expected, aim = costs.expected_seconds(size), costs.aim_seconds
    if expected < GROWS_BELOW * aim and is_full:
        return max(costs.aim_records(), size)
    if expected > SHRINKS_ABOVE * aim:
        return max(costs.aim_records(), size // 2)
    return size
