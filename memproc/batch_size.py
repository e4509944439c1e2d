"""How many records a transaction should hold. Pure.

Facts: a transaction of n records takes c0 + c1 * n seconds. Long transactions keep others waiting and lose more work in a crash;
short ones pay c0 too often: in a transaction of 30 * c0 seconds it is 3 %. A slow commit shows in the time. Memory that was taken
for a batch is seldom returned to the system.

Strategy: fit c0 and c1 to the committed batches, older ones with less weight, each weighed by how little its time varies. Batches
of equal size cannot separate c0 from c1. Until c0 is known, the longest time is the target, which makes the sizes differ;
afterwards c0 keeps its last known value. One standard error is added to the fitted c0, and a little with each batch that says
nothing of it: a c0 that is taken for too small would never be corrected. What the model expects decides, not the time of the last
batch: single times are noise.

Rules: the size at most doubles, and only after a full batch and while there is enough memory; it at most halves. A batch that the
database refuses, or that makes memory tight, halves the size and caps it below. A size that a person asked for is changed by these
two alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import NamedTuple

from memproc.config import LARGEST_BATCH, SMALLEST_BATCH

FIRST_BATCH = 1_000
LARGEST_BATCH_BYTES = 2 * 1024 * 1024  # of JSON; with everything derived from it a batch takes some thirty times as much
SMALLEST_BATCH_BYTES = 64 * 1024
LIMIT_TO_BATCH = 128  # so a batch with everything derived from it takes a quarter of the memory allowed

TIMES_EACH_BATCH = 30  # the target time, as a multiple of c0
LEAST_SECONDS, MOST_SECONDS = 0.25, 2.0
GROWS_BELOW, SHRINKS_ABOVE = 0.75, 1.25  # of the target time; between the two the size stays
REMEMBERED = 0.8  # the weight of older batches falls to this with each new one
DOUBTED = 1.05  # c0 grows by this factor with each batch that says nothing of it
LEAST_SPREAD = 0.1  # the squared coefficient of variation of the sizes from which c0 can be fitted
NOISE = 0.08  # the standard deviation of the time of a batch that takes a second; it grows with the root of the time

ROOMY, TIGHT = 0.65, 0.8  # shares of the memory allowed
RISE = 0.01  # of the share; a smaller rise is not caused by the batch
FEWEST_FOR_MEMORY = 100  # smaller batches would save no memory worth having

CAPPED_TO = 0.9
CLEAN_BATCHES = 50
CAP_GROWTH = 1.1


def largest_bytes(allowed_bytes: int) -> int:
    """Return how many bytes of JSON a batch may hold if the process may use `allowed_bytes` of memory.

    >>> largest_bytes(16 * 1024**3), largest_bytes(256 * 1024**2), largest_bytes(1)
    (2097152, 2097152, 65536)
    """
    return max(SMALLEST_BATCH_BYTES, min(allowed_bytes // LIMIT_TO_BATCH, LARGEST_BATCH_BYTES))


class Sums(NamedTuple):
    """Sums over past batches, each weighed by 1 / seconds: the time of a long batch varies more, with the root of it. `squares`
    sums records squared, `products` records times seconds.
    """

    weight: float = 0.0
    records: float = 0.0
    squares: float = 0.0
    seconds: float = 0.0
    products: float = 0.0

    def with_batch(self, records: int, seconds: float) -> Sums:
        """Return the sums after one more batch; older batches count a little less."""
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
        """Return the costs after a batch of `records` records, 1 or more, took `seconds`."""
        return _fitted(self.each_batch, self.sums.with_batch(records, max(seconds, 1e-6)))  # the clock may stand still

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
        """Return how many records should take the target time."""
        each = max(self.each_record, 1e-9)
        return int(min(max(self.aim_seconds - (self.each_batch or 0.0), 0.0) / each, LARGEST_BATCH))


def _fitted(known: float | None, sums: Sums) -> Costs:
    """Return the weighted least squares line through the batches, with a standard error added to its intercept.

    If the sizes differ too little, the intercept is the one `known` before, increased a little.
    """
    weight, records, squares, seconds, products = sums
    spread = weight * squares - records**2
    mean = seconds / weight
    if spread > LEAST_SPREAD * records**2:
        known = max(0.0, (seconds * squares - records * products) / spread) + NOISE * sqrt(squares / spread)
    elif known is not None and DOUBTED * known < mean / 2:  # an upper bound: otherwise any number of records would seem to fit
        known *= DOUBTED
    if known is not None:
        known = min(known, mean)
    return Costs(known, (seconds - weight * (known or 0.0)) / records, sums)


@dataclass(frozen=True, slots=True)
class BatchSize:
    """The size of the next batch, and what it is chosen by. Frozen: each event returns a new one.

    `asked` is a size that a person asked for, or None to adapt. `idle` is the share of the memory allowed that was in use before
    the first batch, `share` the one after the last batch.

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
        """Return the first size: the one asked for, or one that suits most databases."""
        return cls(asked or FIRST_BATCH, asked, idle=idle, share=idle)

    def landed(self, records: int, seconds: float, share: float = 0.0) -> BatchSize:
        """Return the size after a batch of `records` records took `seconds`; `share` of the memory allowed is in use now."""
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
        """Count a clean batch, and now and then raise the cap: its cause may be over."""
        if self.clean + 1 < CLEAN_BATCHES:
            return replace(self, clean=self.clean + 1)
        return replace(self, cap=min(max(int(self.cap * CAP_GROWTH), self.cap + 1), LARGEST_BATCH), clean=0)

    def _growth(self, share: float) -> float:
        """Return the factor by which the size may grow, 1 to 2, if the last batch took all memory used since the start."""
        if share >= ROOMY:
            return 1.0
        taken = share - self.idle
        return 2.0 if taken <= 0 else max(1.0, min(2.0, (ROOMY - self.idle) / taken))


def _below(before: BatchSize, records: int, fewest: int) -> BatchSize:
    """Return the size after a batch of `records` records was too much."""
    size = max(records // 2, fewest)
    return replace(before, size=size, cap=max(int(records * CAPPED_TO), size), clean=0)


def _wanted(costs: Costs, size: int, *, is_full: bool) -> int:
    """Return the size that the costs suggest after a batch of this size, which may not have been full."""
    expected, aim = costs.expected_seconds(size), costs.aim_seconds
    if expected < GROWS_BELOW * aim and is_full:
        return max(costs.aim_records(), size)
    if expected > SHRINKS_ABOVE * aim:
        return max(costs.aim_records(), size // 2)
    return size
