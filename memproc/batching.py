"""How many records a transaction should hold. Pure.

Facts: a transaction costs c0 + c1 * n for n records. Long ones keep others waiting and lose more work in a crash; short ones
pay c0 too often. Doubling while the time stays under half the target, and scaling down above twice the target, came within a
tenth of the best fixed size.
"""

from __future__ import annotations

from memproc.config import LARGEST_BATCH, SMALLEST_BATCH

FIRST_BATCH = 1_000
TARGET_SECONDS = 1.0
LARGEST_ADAPTED = 20_000  # a batch lies in memory as a whole
LARGEST_BATCH_BYTES = 4 * 1024 * 1024  # of the records' JSON text; with all that is made of it, some ten times as much


def next_size(size: int, records: int, seconds: float) -> int:
    """Return the size of the next batch after one of `records` records (of at most `size`) took `seconds`.

    >>> next_size(1000, 1000, 0.1), next_size(1000, 1000, 0.8), next_size(1000, 1000, 4.0)
    (2000, 1000, 500)
    """
    if records < size:
        return size
    if seconds < TARGET_SECONDS / 2:
        return min(size * 2, LARGEST_ADAPTED, LARGEST_BATCH)
    if seconds > TARGET_SECONDS * 2:
        return max(int(size * max(0.5, TARGET_SECONDS / seconds)), SMALLEST_BATCH)
    return size
