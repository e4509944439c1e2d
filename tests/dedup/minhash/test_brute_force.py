"""Brute force: every pair that is alike, found without an index."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup.minhash.brute_force import LEAST_JACCARD, MOST_RECORDS, alike
from memproc.dedup.minhash.minhash import shingles

TEXTS = st.lists(
    st.lists(st.sampled_from(["tea", "milk", "bread", "kitchen", "a"]), min_size=1, max_size=4).map(" ".join), max_size=8
)


@given(TEXTS)
def test_the_pairs_are_those_of_every_pair_compared(texts):
    """None more and none less, each once and the smaller position first."""
    sets = [shingles(text) for text in texts]
    expected = [
        (one, other)
        for one, other in combinations(range(len(texts)), 2)
        if len(sets[one] & sets[other]) >= LEAST_JACCARD * len(sets[one] | sets[other])
    ]
    assert sorted(alike(texts)) == expected


def test_too_many_records_are_refused():
    """Each with each is quadratic."""
    with pytest.raises(ValueError, match="too many to compare"):
        next(alike(["tea"] * (MOST_RECORDS + 1)))
