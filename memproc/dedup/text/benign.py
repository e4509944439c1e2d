"""The kinds of benign difference: those that do not keep two texts apart, and how far each is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from memproc.dedup.text.word_lists import lines

WRITING = ("case", "punctuation", "form")
"""The kinds of difference in writing alone: capital letters, punctuation, and how the same marks and letters look."""


class Benign(NamedTuple):
    """A kind of difference that does not change the meaning: how sure that is (0..1), why, and two texts that differ in it."""

    kind: str
    trust: float
    reason: str
    one: str
    other: str


@cache
def benign() -> tuple[Benign, ...]:
    """Return all kinds of benign difference."""
    return tuple(Benign(kind, float(trust), *rest) for kind, trust, *rest in lines("benign.txt"))


@cache
def trust() -> Mapping[str, float]:
    """Return the trust in each kind of benign difference."""
    return {row.kind: row.trust for row in benign()}


@cache
def trust_in_writing() -> float:
    """Return the lowest trust among the kinds of difference in writing alone."""
    return min(trust()[kind] for kind in WRITING)
