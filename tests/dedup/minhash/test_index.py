"""The index finds what shares bands, and nothing that came later."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.dedup.minhash.index import (
    CROWD,
    CROWD_BANDS,
    FAN_OUT,
    FAN_OUT_OF_SMALL,
    MOST_CANDIDATES,
    MOST_WITH_ONE_BAND,
    NEWEST_IN_BUCKET,
    bucket_sizes,
    candidates,
    merged,
    to_entries,
    to_merge,
    without,
)
from memproc.dedup.minhash.index import SMALL_ENTRIES as PART

BANDS = 5
ROWS = st.lists(st.integers(0, 2), min_size=BANDS, max_size=BANDS)  # few values, so that many bands are shared


def hashes_of(rows: list[list[int]]) -> np.ndarray:
    """Return band hashes, shape (records, bands): equal where band and value are."""
    hashes = np.array(rows, np.uint32).reshape(-1, BANDS)
    return hashes + np.arange(BANDS, dtype=np.uint32) * np.uint32(1000)


def entries_of(rows: list[list[int]], first: int) -> np.ndarray:
    """Return the segment of records numbered from `first` on."""
    return to_entries(hashes_of(rows), np.arange(first, first + len(rows), dtype=np.uint64))


def in_one(segments: list, *, is_in_parts: bool = False) -> np.ndarray:
    """Return the entries of some segments as one."""
    parts = segments if is_in_parts else [[segment] for segment in segments]
    return np.concatenate([np.empty(0, np.uint64), *merged(parts, 100)])


def expected(rows: list[list[int]], numbers: list[int], known: dict[int, list[int]]) -> list[tuple[int, int]]:
    """Look for the pairs one by one: in each bucket, only the newest are seen."""
    found = []
    for position, (row, number) in enumerate(zip(rows, numbers, strict=True)):
        buckets = [[other for other, seen in known.items() if other < number and seen[band] == row[band]] for band in range(BANDS)]
        shared = Counter(other for bucket in buckets for other in sorted(bucket)[-NEWEST_IN_BUCKET:])
        if sum(bands == 1 for bands in shared.values()) > MOST_WITH_ONE_BAND:
            shared = {other: bands for other, bands in shared.items() if bands > 1}
        best = sorted(shared, key=lambda other: (-shared[other], -other))[:MOST_CANDIDATES]
        found += [(position, other) for other in best]
    return found


def test_entries_are_sorted_by_hash_then_number():
    """One for each band of each record."""
    entries = to_entries(np.array([[9, 3], [3, 1]], np.uint32), np.array([7, 8], np.uint64))
    assert [(int(entry) >> 32, int(entry) & 0xFFFFFFFF) for entry in entries] == [(1, 8), (3, 7), (3, 8), (9, 7)]


@given(st.lists(st.lists(ROWS, max_size=NEWEST_IN_BUCKET), max_size=3), st.lists(ROWS, max_size=3))
def test_candidates_are_what_shares_bands(segments, batch):
    """Those of most shared bands first, then the newest, however the entries lie in segments."""
    numbered, known, first = [], {}, 10
    for rows in segments:
        numbered.append(entries_of(rows, first))
        known.update(zip(range(first, first + len(rows)), rows, strict=True))
        first += len(rows)
    numbers = list(range(first, first + len(batch)))
    found = candidates(hashes_of(batch), np.array(numbers, np.uint64), numbered)
    assert found == expected(batch, numbers, known)


@given(st.lists(ROWS, min_size=1, max_size=6), st.lists(st.integers(8, 18), min_size=6, max_size=6))
def test_no_candidate_is_later_than_the_record(rows, numbers):
    """Nor the record itself: the batch's own entries may be in the index."""
    own = np.array(numbers[: len(rows)], np.uint64)
    found = candidates(hashes_of(rows), own, [entries_of(rows, 10)])
    assert all(other < own[position] for position, other in found)


@given(st.integers(0, 300), st.integers(1, 5))
def test_candidates_are_bounded(records, batch):
    """However many share all bands, a record has a few candidates: the newest."""
    same = [0] * BANDS
    own = np.full(batch, 10_000, np.uint64)
    found = candidates(hashes_of([same] * batch), own, [entries_of([same] * records, 0)])
    kept = min(records, MOST_CANDIDATES)
    assert found == [(position, records - 1 - back) for position in range(batch) for back in range(kept)]


@pytest.mark.parametrize("shared", range(BANDS + 1))
def test_one_shared_band_is_enough(shared):
    """None is not."""
    known = [0] * shared + [1] * (BANDS - shared)
    found = candidates(hashes_of([[0] * BANDS]), np.array([99], np.uint64), [entries_of([known], 5)])
    assert found == ([(0, 5)] if shared else [])


@pytest.mark.parametrize("others", [MOST_WITH_ONE_BAND, MOST_WITH_ONE_BAND + 1])
def test_who_shares_one_band_by_chance_is_no_candidate(others):
    """A few that share one band may be near; many are no nearer than any text."""
    rows = [[0, *range(100 * other, 100 * other + BANDS - 1)] for other in range(1, others + 1)]
    rows.append([0, 1, *range(9_000, 9_000 + BANDS - 2)])
    found = candidates(hashes_of([[0, 1, *range(5_000, 5_000 + BANDS - 2)]]), np.array([99], np.uint64), [entries_of(rows, 10)])
    assert len(found) == (others + 1 if others <= MOST_WITH_ONE_BAND else 1)
    assert found[0] == (0, 10 + others)


@pytest.mark.parametrize(("others", "bands"), [(CROWD, CROWD_BANDS), (CROWD + 1, CROWD_BANDS - 1), (CROWD + 1, CROWD_BANDS)])
def test_a_record_of_a_crowd_has_no_candidates(others, bands):
    """A crowd are more than `CROWD` others that share `CROWD_BANDS` bands or more."""
    rows = np.tile(np.arange(25, dtype=np.uint32), (others, 1))
    rows[:, bands:] += 100 * np.arange(1, others + 1, dtype=np.uint32)[:, None]
    entries = to_entries(rows, np.arange(others, dtype=np.uint64))
    found = candidates(np.arange(25, dtype=np.uint32)[None, :], np.array([99], np.uint64), [entries])
    assert len(found) == (0 if others > CROWD and bands >= CROWD_BANDS else others)


def test_nothing_is_found_for_nothing_and_in_nothing():
    """No records, no segments, empty segments."""
    numbers = np.array([9], np.uint64)
    assert candidates(hashes_of([]), numbers[:0], [entries_of([[0] * BANDS], 1)]) == []
    assert candidates(hashes_of([[0] * BANDS]), numbers, []) == []
    assert candidates(hashes_of([[0] * BANDS]), numbers, [np.empty(0, np.uint64)]) == []


@given(st.lists(st.lists(ROWS, max_size=3), min_size=1, max_size=4))
def test_merged_segments_hold_the_entries_of_all(segments):
    """Sorted, and none twice or lost."""
    arrays = [entries_of(rows, 100 * at) for at, rows in enumerate(segments)]
    assert in_one(arrays).tolist() == sorted(entry for array in arrays for entry in array.tolist())


@given(st.lists(st.lists(st.integers(0, 30), max_size=40), max_size=5), st.integers(1, 7), st.integers(1, 7))
def test_segments_are_merged_part_by_part(segments, size, made):
    """However long the parts are, and however long the parts of the new one; all of these but the last are whole."""
    arrays = [np.sort(np.array(entries, np.uint64)) for entries in segments]
    parts = [*merged(([array[start : start + size] for start in range(0, len(array), size)] for array in arrays), made)]
    assert [entry for part in parts for entry in part.tolist()] == sorted(entry for entries in segments for entry in entries)
    assert {len(part) for part in parts[:-1]} <= {made}
    assert all(1 <= len(part) <= made for part in parts[-1:])


def test_no_more_is_read_of_segments_than_is_merged():
    """One part of each is held, and what was given is not."""
    parts = [np.arange(start, start + 100, dtype=np.uint64) for start in range(0, 1_000, 100)]
    read = []
    for made, _ in enumerate(merged([map(_noted(read), parts), map(_noted(read), parts)], 100), 1):
        assert len(read) <= made + 3


def _noted(read):
    def note(part):
        read.append(part)
        return part

    return note


def test_parts_out_of_order_are_merged_to_the_end():
    """As they lie in a store that is damaged: nothing is lost, and nothing waits for ever."""
    damaged, whole = [np.array(part, np.uint64) for part in ([9, 1], [3], [])], [np.array([2, 4], np.uint64)]
    assert sorted(in_one([damaged, whole], is_in_parts=True).tolist()) == [1, 2, 3, 4, 9]


@given(st.lists(st.lists(ROWS, max_size=6), min_size=1, max_size=4), ROWS)
def test_merging_segments_changes_no_answer(segments, row):
    """Also where buckets are crowded: compaction is nobody's business."""
    arrays = [entries_of(rows, 100 * at) for at, rows in enumerate(segments)]
    own, numbers = hashes_of([row]), np.array([1_000], np.uint64)
    assert candidates(own, numbers, [in_one(arrays)]) == candidates(own, numbers, arrays)


@given(st.lists(ROWS, max_size=8), st.sets(st.integers(10, 19)))
def test_without_removes_exactly_the_entries_of_the_observations_named(rows, gone):
    """And keeps the rest in order."""
    segment = entries_of(rows, 10)
    assert without(segment, gone).tolist() == [entry for entry in segment.tolist() if entry & 0xFFFFFFFF not in gone]


@pytest.mark.parametrize(
    ("sizes", "last"),
    [
        ([], 0),
        ([100], 0),
        ([PART] * (FAN_OUT - 1), 0),
        ([PART] * FAN_OUT, FAN_OUT),
        ([9 * PART] + [PART] * FAN_OUT, FAN_OUT),
        ([9 * PART] + [PART] * (FAN_OUT - 1), 0),
        ([8 * PART] + [PART] * (FAN_OUT - 1), FAN_OUT),
        ([1_000 * PART] * (FAN_OUT - 1) + [PART] * FAN_OUT, FAN_OUT),
        ([PART // FAN_OUT] * FAN_OUT, 0),
        ([PART // FAN_OUT + 1] * FAN_OUT, FAN_OUT),
        ([26] * (FAN_OUT_OF_SMALL - 1), 0),
        ([26] * FAN_OUT_OF_SMALL, FAN_OUT_OF_SMALL),
        ([PART] * (FAN_OUT - 1) + [26] * FAN_OUT_OF_SMALL, FAN_OUT_OF_SMALL),
    ],
)
def test_segments_of_like_size_are_merged_a_few_at_a_time(sizes, last):
    """The last ones, when there are enough of them."""
    assert to_merge(sizes) == last


@pytest.mark.parametrize(("size", "count", "most"), [(PART, 1_000, 4 * FAN_OUT), (26, 10_000, 4 * FAN_OUT_OF_SMALL)])
def test_there_are_always_few_segments(size, count, most):
    """However many are added, and each entry is written less than ten times."""
    sizes, written = [], 0
    for _ in range(count):
        sizes.append(size)
        if last := to_merge(sizes):
            sizes[-last:] = [sum(sizes[-last:])]
            written += sizes[-1]
        assert len(sizes) < most
    assert sum(sizes) == count * size
    assert written < 10 * sum(sizes)


def test_what_shares_a_frame_comes_first_and_a_crowd_by_its_frame_is_left_out():
    """The last column is the frame: one that shares nothing else is found, but not where more than `CROWD` do."""
    own, numbers = hashes_of([[0] * BANDS]), np.array([1_000], np.uint64)
    near, framed = [0, 0, 0, 0, 1], [1, 1, 1, 1, 0]
    segment = entries_of([near, framed], 0)
    assert candidates(own, numbers, [segment], frames=1) == [(0, 1), (0, 0)]
    assert candidates(own, numbers, [segment]) == [(0, 0), (0, 1)]
    crowd = entries_of([framed] * (CROWD + 1) + [near], 0)
    assert candidates(own, numbers, [crowd], frames=1) == [(0, CROWD + 1)]
    assert bucket_sizes(own[0], [crowd, segment]).tolist() == [2, 2, 2, 2, CROWD + 2]
