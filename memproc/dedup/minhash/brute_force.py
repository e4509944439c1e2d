"""Brute force: every pair of similar facts, found without the index, to measure what the index misses.

Strategy: an inverted list of shingles gives, for one text, how many shingles each other text shares with it, and so its exact
Jaccard similarity to all. Pairs from `LEAST_JACCARD` on are given. Quadratic in the worst case, so the number of texts is bounded.
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
    sizes = np.array([*map(len, sets)], np.int64)
    holders: dict[str, list[int]] = defaultdict(list)
    for position, pieces in enumerate(sets):
        before = [holder for shingle in pieces for holder in holders[shingle]]
        shared = np.bincount(np.array(before, np.int64), minlength=position)
        jaccard = shared / np.maximum(sizes[:position] + sizes[position] - shared, 1)
        for other in np.flatnonzero(jaccard >= LEAST_JACCARD).tolist():
            yield other, position
        for shingle in pieces:
            holders[shingle].append(position)
