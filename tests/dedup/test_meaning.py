"""Pairs that are alike in meaning: each the nearest of the other, and only where no cue differs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup import meaning
from memproc.dedup.meaning import LONGEST_CHARS, guard_of, mutual_nearest


def vectors_of(seed, facts):
    """Return random vectors of length 1; a few dimensions, so that some are near."""
    drawn = np.random.default_rng(seed).standard_normal((facts, 4)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def expected_of(vectors, is_new, apart, least):
    """Return the pairs by the definition, from the whole table of cosines."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    for one, other in apart:
        cosines[one, other] = cosines[other, one] = -2
    nearest = cosines.argmax(axis=1)
    return {
        (one, other)
        for one, other in combinations(range(len(vectors)), 2)
        if nearest[one] == other and nearest[other] == one and cosines[one, other] >= least and (is_new[one] or is_new[other])
    }


@given(
    seed=st.integers(0, 10_000),
    new=st.lists(st.booleans(), min_size=2, max_size=30),
    apart=st.sets(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=6),
    least=st.sampled_from([-1.0, 0.5, 0.9]),
    cells=st.sampled_from([1, 50, 1_000]),
)
def test_the_pairs_are_those_of_the_whole_table(seed, new, apart, least, cells):
    """Whatever is new, held apart or looked at in one block."""
    facts = len(new)
    vectors = vectors_of(seed, facts)
    barred = {(one, other) for one, other in apart if one < other < facts}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meaning, "BLOCK_CELLS", cells)
        found = mutual_nearest(vectors, np.array(new), barred, least)
    assert {pair[:2] for pair in found} == expected_of(vectors, new, barred, least)
    assert [pair.cosine for pair in found] == sorted((pair.cosine for pair in found), reverse=True)
    for one, other, cosine in found:
        assert one < other
        assert cosine == pytest.approx(float(vectors[one] @ vectors[other]), abs=1e-5)


def test_where_nothing_is_new_nothing_is_looked_at():
    """And of one fact alone there is no pair."""
    assert mutual_nearest(vectors_of(1, 5), np.zeros(5, bool), least=-1) == []
    assert mutual_nearest(vectors_of(1, 1), np.ones(1, bool), least=-1) == []
    assert mutual_nearest(np.empty((0, 4), np.float32), np.empty(0, bool)) == []


def test_two_that_are_held_apart_are_no_pair_though_there_is_no_other():
    """Their nearest is then nobody."""
    assert mutual_nearest(vectors_of(2, 2), np.ones(2, bool), [(0, 1)], least=-1) == []


CONTRADICTING = [
    ("she sees the dentist on october 15", "she has an appointment with the dentist on october 16"),
    ("he owns three boats", "he possesses four boats"),
    ("she eats meat", "she never has meat"),
    ("he loves the opera", "he hates going to the opera"),
    ("everybody in the house sings", "somebody in the house is a singer"),
    ("uses python 3.11 at work", "works with python 3.12"),
]
SAYING_THE_SAME = [
    ("she is grateful for the help", "she appreciates the help"),
    ("he owns 3 boats", "three boats are his"),
    ("she does not eat meat", "she doesn't touch meat"),
]


@pytest.mark.parametrize(("one", "other"), CONTRADICTING)
def test_a_cue_that_differs_keeps_two_texts_from_being_compared(one, other):
    """A cosine hardly sees it."""
    assert guard_of(one) != guard_of(other)


@pytest.mark.parametrize(("one", "other"), SAYING_THE_SAME)
def test_what_is_said_in_other_words_is_compared(one, other):
    """However a number or a negation is written."""
    assert guard_of(one) == guard_of(other) is not None


def test_a_long_text_is_compared_with_nothing():
    """The mean of many words is near that of many others."""
    assert guard_of("a" * LONGEST_CHARS) == ()
    assert guard_of("a" * (LONGEST_CHARS + 1)) is None
