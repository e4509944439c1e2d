"""The oracle: every pair of some facts that is alike, found without the index, to measure what the index misses.

Strategy: an inverted list of shingles gives, for one text, how many shingles each other text shares with it, and so the exact
Jaccard similarity to all; only pairs from `LEAST_JACCARD` on are compared in full. Quadratic in the worst case, so bounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from memproc.dedup.minhash.minhash import shingles

MOST_RECORDS = 5_000
LEAST_JACCARD = 0.2


def alike(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Give the pairs of positions, the smaller first, of canonical texts whose shingle sets have a Jaccard similarity of
    `LEAST_JACCARD` or more. Raises ValueError on more than `MOST_RECORDS` texts.
    """
    if len(texts) > MOST_RECORDS:
        raise ValueError(f"{len(texts):,} records are too many to compare each with each: give at most {MOST_RECORDS:,}")
    sets = [shingles(text) for text in texts]
    sizes = np.array([len(found) for found in sets], np.int64)
    holders: dict[str, list[int]] = defaultdict(list)
    for position, found in enumerate(sets):
        before = [holder for shingle in found for holder in holders[shingle]]
        shared = np.bincount(np.array(before, np.int64), minlength=position)
        jaccard = shared / np.maximum(sizes[:position] + sizes[position] - shared, 1)
        for other in np.flatnonzero(jaccard >= LEAST_JACCARD).tolist():
            yield other, position
        for shingle in found:
            holders[shingle].append(position)
