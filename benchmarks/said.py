"""Pairs of texts of which people said whether they say the same: everyday memories, SICK, STS, negations and traps."""

from __future__ import annotations

import csv
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

from benchmarks.labelled import DATA, merging, negations, prepared, traps
from memproc.dedup.observation import Grouped

SAME_RELATEDNESS, APART_RELATEDNESS = 4.5, 4.0  # of 5; what lies between is no clear case
FITTED, KEPT_BACK = 0, 1  # halves


class Said(NamedTuple):
    """Two texts, and whether they say the same; None where those who labelled them were not clear."""

    one: str
    other: str
    is_same: bool | None


def half_of(one: str, other: str) -> int:
    """Give the half that a pair of texts is in, 0 or 1, whichever comes first."""
    return blake2b("|".join(sorted((one, other))).encode()).digest()[0] & 1


def are_merged(one: Grouped, other: Grouped) -> bool:
    """Tell of what two facts merge by whether memproc merges them by itself."""
    return one.group == other.group or one.group in other.typo_links or other.group in one.typo_links


def is_merged(one: str, other: str) -> bool:
    """Tell of two texts whether memproc merges them by itself."""
    return are_merged(merging(prepared(one)), merging(prepared(other)))


def everyday() -> list[Said]:
    """Give the pairs of everyday memories."""
    return [Said(row[5], row[6], row[1] == "same") for row in _rows("everyday_pairs.tsv")[1:]]


def sick() -> list[Said]:
    """Give the sentence pairs of SICK: the same are those that entail one another as far as their relatedness tells."""
    rows = [(row[1], row[2], float(row[3]), row[4] == "ENTAILMENT") for row in _rows("sick_train.tsv")[1:]]
    return [Said(one, other, _verdict(score, may_be_same=entails)) for one, other, score, entails in rows]


def sts() -> list[Said]:
    """Give the sentence pairs of half of the STS benchmarks."""
    rows = [row for row in _rows("sts_half.tsv") if len(row) > 2 and row[0]]  # noqa: PLR2004 - a score and two sentences
    return [Said(row[1], row[2], _verdict(float(row[0]), may_be_same=True)) for row in rows]


def cannot() -> list[Said]:
    """Give the pairs of a sentence and its negation."""
    return [Said(one, other, is_same=False) for one, other in negations()]


def trapped() -> list[Said]:
    """Give the pairs of the hand-written traps."""
    return [Said(one, other, is_same=False) for _, one, other in traps()]


SAID: Final[dict[str, Callable[[], list[Said]]]] = {
    "everyday pairs": everyday,
    "SICK": sick,
    "STS 2012 to 2017": sts,
    "CANNOT": cannot,
    "traps": trapped,
}


def _rows(name: str) -> list[list[str]]:
    path = DATA / "labelled" / name
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return [*csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _verdict(score: float, *, may_be_same: bool) -> bool | None:
    if score >= SAME_RELATEDNESS and may_be_same:
        return True
    return False if score < APART_RELATEDNESS or not may_be_same else None
