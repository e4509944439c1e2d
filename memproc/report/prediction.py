"""What an ingestion will take, from batches of a sample that was ingested. Pure.

Facts, measured on talk, a corpus of repeats, tables and chats of 5,000 to 60,000 records: the first thousands of records cost more,
as words become known and code is loaded; from then on the time of a record hardly depends on how many are stored. A store grows by
equal parts, but for its empty tables. Memory grows with the pages of the database that SQLite keeps (64 MiB at most), with the
batch, and a little with each record.

Strategy: what the sample took is known; the rest is added at the rate of its second half. Records that are longer than those of the
sample cost more: of the time of a record a half goes with its length, of its place all that is not the same for every record. The
error is that of the rate, as the batches vary, but never less than a floor, and more the farther the rest reaches beyond the
sample.

What it leaves out: repeats of other parts of the source that a sample of its beginning cannot show, what is in the store already,
and what else the machine will be doing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import log10, sqrt
from statistics import fmean, stdev
from typing import Any, NamedTuple

from memproc.batch_size import LARGEST_BATCH_BYTES

SURE_OF = 2.0  # standard errors of a rate
SECONDS_FLOOR, PLACE_FLOOR, MEMORY_FLOOR = 0.25, 0.1, 0.15  # the least error, as a share
EACH_TENFOLD = 0.1  # is added to the error where the whole is ten times the sample
TIME_BY_LENGTH = 0.5
COPIES_OF_TEXT = 1.3  # in the rows and indexes of a store
PAGES_KEPT = 64 << 20  # bytes of a database that SQLite keeps in memory
BATCH_TIMES = 12  # the memory of a batch, as a multiple of its JSON
EACH_RECORD = 256  # bytes of memory that stay of it
LOG_BYTES = 32 << 20  # what the log of SQLite may take beside the store


class Seen(NamedTuple):
    """What an ingestion had read, used and stored after a batch."""

    records: int
    seconds: float
    cpu_seconds: float
    store_bytes: int
    held_bytes: int


class Texts(NamedTuple):
    """How many records there are, and the mean of their JSON in bytes: of the sample and of all."""

    records: int
    mean_of_sample: float
    mean: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, and the bounds that it should lie in."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the ingestion of `records` records should take, as `sampled` of them did: seconds by the clock and of the processor,
    bytes of memory at its peak, and of the store. `outcomes` are shares of the records of the sample, `worker_share` is that of the
    processor's time which workers can take. `needed_bytes` is the place that the store and its log need, `free_bytes` what is free
    where it will lie, None on a server.
    """

    records: int
    sampled: int
    seconds: Estimate
    cpu_seconds: Estimate
    memory_bytes: Estimate
    store_bytes: Estimate
    outcomes: Mapping[str, float]
    worker_share: float
    needed_bytes: int
    free_bytes: int | None

    @property
    def fits(self) -> bool | None:
        """Whether there is place enough; None where that is not known."""
        return None if self.free_bytes is None else self.needed_bytes <= self.free_bytes

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**asdict(self), "fits": self.fits}


class Figures(NamedTuple):
    """The four figures that a sample foretells."""

    seconds: Estimate
    cpu_seconds: Estimate
    memory_bytes: Estimate
    store_bytes: Estimate


def foretold(seen: Sequence[Seen], texts: Texts) -> Figures:
    """Return what the whole takes, by what was seen of a sample after each of its batches, 1 or more, in order.

    >>> seen = [Seen(n, n / 1_000 + 1, n / 1_000 + 1, n * 500, 90 << 20) for n in (500, 1_000, 1_500, 2_000)]
    >>> foretold(seen, Texts(20_000, 200.0, 200.0)).seconds.likely
    21.0
    """
    last = seen[-1]
    rest = max(texts.records - last.records, 0)
    longer = texts.mean / texts.mean_of_sample if texts.mean_of_sample else 1.0
    wider = EACH_TENFOLD * log10(max(texts.records / max(last.records, 1), 1.0))
    slower = 1 + TIME_BY_LENGTH * (longer - 1)
    cpu = _grown(last.cpu_seconds, rest, _rates(seen, "cpu_seconds"), slower)
    wall = _grown(last.seconds, rest, _rates(seen, "seconds"), slower)
    more_text = COPIES_OF_TEXT * (texts.mean - texts.mean_of_sample)
    each = rate(seen, "store_bytes")
    place = last.store_bytes + rest * max(each + more_text, each / 2)
    batch = min(texts.mean * rest, LARGEST_BATCH_BYTES) * BATCH_TIMES
    pages = min(place, PAGES_KEPT) - min(last.store_bytes, PAGES_KEPT)
    memory = max(one.held_bytes for one in seen) + pages + batch + rest * EACH_RECORD
    return Figures(
        _within(wall, SECONDS_FLOOR + wider, _spread(seen, "seconds")),
        _within(cpu, SECONDS_FLOOR + wider, _spread(seen, "cpu_seconds")),
        _within(memory, MEMORY_FLOOR + wider, 0.0),
        _within(place, PLACE_FLOOR + wider, 0.0),
    )


def _grown(so_far: float, rest: int, rates: Sequence[float], slower: float) -> float:
    return so_far + rest * slower * fmean(rates)


def _within(likely: float, floor: float, spread: float) -> Estimate:
    error = max(floor, SURE_OF * spread)
    return Estimate(likely * max(1 - error, 0.0), likely, likely * (1 + error))


def _rates(seen: Sequence[Seen], name: str) -> list[float]:
    """Return how a figure grew with a record, in each batch of the second half."""
    begins = (Seen(0, 0.0, 0.0, 0, 0), *seen)[len(seen) // 2 :]
    pairs = [(one, other) for one, other in pairwise(begins) if other.records > one.records]
    return [(getattr(other, name) - getattr(one, name)) / (other.records - one.records) for one, other in pairs]


def rate(seen: Sequence[Seen], name: str) -> float:
    """Return how much a figure grows with a record, by the second half of the batches."""
    return fmean(_rates(seen, name))


def _spread(seen: Sequence[Seen], name: str) -> float:
    """Return the standard error of a rate as a share of it, 0 where there is one batch."""
    rates = _rates(seen, name)
    mean = fmean(rates)
    return stdev(rates) / sqrt(len(rates)) / mean if len(rates) > 1 and mean > 0 else 0.0
