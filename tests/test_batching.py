"""The size of the next batch: from the time that the last one took."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.batching import FIRST_BATCH, LARGEST_ADAPTED, TARGET_SECONDS, next_size

SIZES = st.integers(1, LARGEST_ADAPTED)
SECONDS = st.floats(1e-6, 3_600)


@pytest.mark.parametrize(
    ("size", "seconds", "expected"),
    [
        (1_000, 0.0, 2_000),
        (1_000, TARGET_SECONDS / 2 - 0.001, 2_000),
        (1_000, TARGET_SECONDS / 2, 1_000),
        (1_000, TARGET_SECONDS, 1_000),
        (1_000, TARGET_SECONDS * 2, 1_000),
        (1_000, TARGET_SECONDS * 2 + 0.01, 500),
        (1_000, 3_600.0, 500),
        (1, 3_600.0, 1),
        (3, 3_600.0, 1),
        (LARGEST_ADAPTED, 0.0, LARGEST_ADAPTED),
        (LARGEST_ADAPTED // 2 + 1, 0.0, LARGEST_ADAPTED),
    ],
)
def test_the_size_follows_the_time(size, seconds, expected):
    """Doubled when quick, scaled down by half at most when slow, within its bounds."""
    assert next_size(size, size, seconds) == expected


@given(SIZES, SIZES, SECONDS)
def test_the_size_stays_within_its_bounds_and_moves_by_two_at_most(size, records, seconds):
    """Never nought, so that a job always goes on."""
    found = next_size(size, records, seconds)
    assert 1 <= found <= LARGEST_ADAPTED
    assert size // 2 <= found <= size * 2


@given(SIZES, st.integers(0, LARGEST_ADAPTED), SECONDS)
def test_a_batch_that_was_not_full_says_nothing(size, records, seconds):
    """The last one of a source is short."""
    if records < size:
        assert next_size(size, records, seconds) == size


@given(SIZES, SECONDS, SECONDS)
def test_a_slower_batch_is_never_followed_by_a_larger_one(size, one, other):
    """The size falls as the time rises."""
    quick, slow = sorted((one, other))
    assert next_size(size, size, quick) >= next_size(size, size, slow)


@given(st.floats(0, 0.2), st.floats(1e-6, 1e-2))
def test_the_size_settles_where_the_time_is_near_the_target(fixed, each):
    """For a cost of so much a batch and so much a record, within a factor of two, or at a bound."""
    size = FIRST_BATCH
    for _ in range(40):
        size = next_size(size, size, fixed + each * size)
    assert next_size(size, size, fixed + each * size) == size
    seconds = fixed + each * size
    assert TARGET_SECONDS / 2 <= seconds <= TARGET_SECONDS * 2 or size == LARGEST_ADAPTED
