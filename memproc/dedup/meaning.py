"""Which facts are alike in meaning, by the vectors of their texts. Pure: the vectors are given.

Facts: texts that say the same in other words ("is grateful for the help", "appreciates the support") share too few shingles to be
found by them. The mean of static word vectors finds them. But it hardly reflects what decides ("October 15" and "October 16" have a
cosine of .94), and not at all who does what to whom, since it knows no order.

Strategy: the guard comes first. Only facts with equal cues are compared, so that a contradicting fact never hides one that says the
same. A pair is alike if each is the nearest of the other, and near enough.

Rules: every text has a nearest one, even without a partner, so a cosine alone says little; a mutual choice says more. The pairs are
for a person to review: they merge nothing, and a cosine is no probability.

Left out: long texts, since the mean of many words is near that of many others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memproc.dedup.gist.gist import gist_of
from memproc.dedup.text.cues import cues_of

AT_LEAST = 0.8  # the cosine from which a pair is alike; `python -m benchmarks proposals` measured others
LONGEST_CHARS = 2_000
BLOCK_CELLS = 16_000_000  # cosines at once: 64 MB

Vectors = NDArray[np.float32]
Cues = tuple[str, ...]


class Alike(NamedTuple):
    """Two of the facts, by their places, the smaller first, and the cosine -1..1 of their vectors."""

    one: int
    other: int
    cosine: float


def guard_of(text: str) -> Cues | None:
    """Return what two canonical texts must have in common to be compared; None if the text is too long.

    >>> guard_of("moved on october 15") == guard_of("moved on october 16")
    False
    """
    return cues_of(gist_of(text).tokens) if len(text) <= LONGEST_CHARS else None


def mutual_nearest(
    vectors: Vectors, is_new: NDArray[np.bool_], apart: Iterable[tuple[int, int]] = (), least: float = AT_LEAST
) -> list[Alike]:
    """Return the pairs in which each is the nearest of the other, their cosine is `least` or more, and one of them is new.

    `vectors` are rows of length 1, float32, of shape (facts, dimensions). `is_new` has one entry a row. The pairs of rows in
    `apart` never count as each other's nearest. The nearest pairs come first, then by place. Of several equally near rows the first
    counts.

    >>> points = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]], np.float32)
    >>> [pair[:2] for pair in mutual_nearest(points, np.array([True, True, True, True]))]
    [(1, 2)]
    >>> [pair[:2] for pair in mutual_nearest(points, np.array([True, False, False, False]), [(1, 2)])]
    [(0, 1)]
    """
    found = _Nearest(vectors, apart)
    asked = np.flatnonzero(is_new)
    found.look(asked)
    near = asked[found.cosine[asked] >= least]
    found.look(np.setdiff1d(found.place[near], asked))
    pairs = {(int(min(at, other)), int(max(at, other))) for at in near if found.place[other := found.place[at]] == at}
    alike = [Alike(one, other, float(found.cosine[one])) for one, other in pairs]
    return sorted(alike, key=lambda pair: (-pair.cosine, pair))


class _Nearest:
    """The nearest row of each row that was looked at: its place, and the cosine."""

    def __init__(self, vectors: Vectors, apart: Iterable[tuple[int, int]]) -> None:
        self._vectors = vectors
        self._barred: dict[int, list[int]] = {}
        for one, other in apart:
            self._barred.setdefault(one, []).append(other)
            self._barred.setdefault(other, []).append(one)
        self.place = np.full(len(vectors), -1, np.int64)
        self.cosine = np.full(len(vectors), -1, np.float32)

    def look(self, rows: NDArray[np.int64]) -> None:
        """Find the nearest of these rows block by block, since the product of all rows would not fit into memory."""
        size = max(1, BLOCK_CELLS // max(1, len(self._vectors)))
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            cosines = self._vectors[some] @ self._vectors.T
            cosines[np.arange(len(some)), some] = -np.inf
            for at, row in enumerate(some.tolist() if self._barred else ()):
                cosines[at, self._barred.get(row, [])] = -np.inf
            self.place[some] = cosines.argmax(axis=1)
            self.cosine[some] = cosines.max(axis=1)
