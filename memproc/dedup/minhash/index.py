"""The index of near pairs: sorted arrays of band hashes, searched a whole batch at a time.

Facts: an entry is one uint64: a 32-bit band hash above a 32-bit observation number. A segment is one sorted array of entries, so a
batch adds one array, and a look-up is a `searchsorted`. A fact has 27 entries of 8 bytes, or 216 bytes (for 25 bands and two
chains; 34 entries with `recall="high"`), and only the first fact of each core is in the index. For the benchmark's corpus, a
million records of which half are repeats, that is 133 bytes a record. It is in memory once: segments are merged part by part.

Strategy: this index finds pairs for *review* only; merges are found by one key (see `core.py`). So it holds the first fact of
each core, and a look-up may be bounded: it sees only the newest entries of each bucket and the candidates that share most bands,
and none at all in a crowd.

Segments of similar size are merged `FAN_OUT` at a time, so there are few of them and each entry is rewritten a few times. Small
segments, such as those of single records, are merged `FAN_OUT_OF_SMALL` at a time, because the merge itself costs more than moving
their entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from memproc.dedup.minhash.minhash import Hashes

FAN_OUT = 8
FAN_OUT_OF_SMALL = 64
SMALL_ENTRIES = 128 * 1024  # 1 MiB
ENTRY_BYTES = 8
NEWEST_IN_BUCKET = 32
MOST_CANDIDATES = 32
MOST_WITH_ONE_BAND = 4
CROWD = 16
CROWD_BANDS = 15
BLOCK_RECORDS = 1_000  # looked up at once: for one record some thousand entries may be found

Entries = NDArray[np.uint64]

NUMBER_BITS = _LOW = np.uint64(0xFFFFFFFF)  # of an entry: the lower half
_SHIFT = np.uint64(32)


def to_entries(hashes: Hashes, numbers: NDArray[np.uint64]) -> Entries:
    """Return the sorted entries of a batch: `hashes` of shape (records, bands), `numbers` of shape (records,)."""
    entries = (hashes.astype(np.uint64) << _SHIFT) | numbers[:, None]
    return np.sort(entries, axis=None)


def candidates(
    hashes: Hashes, numbers: NDArray[np.uint64], segments: Sequence[Entries], *, frames: int = 0
) -> list[tuple[int, int]]:
    """Return pairs (position in the batch, number) of records that share bands, with a `number` below that of the record.

    The last `frames` columns of `hashes` are no bands: a record that shares one of them comes first, unless more than `CROWD` do,
    which are of a template. A record has at most `MOST_CANDIDATES`: those that share most bands, then the newest. They are ordered
    by position, the best first. A record in a crowd has none: more than `CROWD` others share `CROWD_BANDS` of its bands. Candidates
    that share a single band are left out if there are more than `MOST_WITH_ONE_BAND`: the larger a store, the more meet by chance.
    """
    found: list[tuple[int, int]] = []
    for start in range(0, len(hashes), BLOCK_RECORDS):
        some = slice(start, start + BLOCK_RECORDS)
        found += [(start + at, number) for at, number in _candidates(hashes[some], numbers[some], segments, frames)]
    return found


def _candidates(hashes: Hashes, numbers: NDArray[np.uint64], segments: Sequence[Entries], frames: int) -> list[tuple[int, int]]:
    bands = hashes.shape[1]
    wanted = hashes.astype(np.uint64).ravel() << _SHIFT
    order = np.argsort(wanted)  # a search in sorted order finds most of the segment in the processor's cache
    wanted = wanted[order]
    owners = np.repeat(np.arange(len(hashes), dtype=np.uint64), bands)[order]
    limits = wanted | numbers[owners.astype(np.intp)]
    found = [_newest_in_segment(limits, segment) for segment in segments if len(segment)]
    if not found:
        return []
    seen = _newest_of_all(np.concatenate(found))
    places = (seen >> _SHIFT).astype(np.intp)
    pairs, at, shared = np.unique((owners[places] << _SHIFT) | (seen & _LOW), return_inverse=True, return_counts=True)
    positions = (pairs >> _SHIFT).astype(np.intp)
    has_frame = np.bincount(at[order[places] % bands >= bands - frames], minlength=len(pairs)) > 0
    shared -= has_frame
    crowded = np.bincount(positions[shared >= CROWD_BANDS], minlength=len(hashes)) > CROWD
    has_frame &= ~(np.bincount(positions[has_frame], minlength=len(hashes)) > CROWD)[positions]
    by_chance = np.bincount(positions[shared == 1], minlength=len(hashes)) > MOST_WITH_ONE_BAND
    is_worth_it = has_frame | (shared > 1) | ((shared == 1) & ~by_chance[positions])
    best = np.lexsort((-(pairs & _LOW).astype(np.int64), -shared, ~has_frame, positions))
    best = best[~crowded[positions[best]] & is_worth_it[best]]
    positions = positions[best]
    rank = np.arange(len(positions)) - np.searchsorted(positions, positions)
    kept = best[rank < MOST_CANDIDATES]
    return [(int(found_pair >> _SHIFT), int(found_pair & _LOW)) for found_pair in pairs[kept]]


def bucket_sizes(hashes: Hashes, segments: Sequence[Entries]) -> NDArray[np.intp]:
    """Return how many entries have each of these hashes, of shape (hashes,)."""
    low = hashes.astype(np.uint64) << _SHIFT
    sizes = np.zeros(len(hashes), np.intp)
    for segment in segments:
        sizes += segment.searchsorted(low | _LOW, side="right") - segment.searchsorted(low)
    return sizes


def in_bucket(hash_: int, segments: Sequence[Entries]) -> list[int]:
    """Return the numbers of the entries that have a hash, sorted."""
    least = np.uint64(hash_) << _SHIFT
    found = [
        segment[np.searchsorted(segment, least) : np.searchsorted(segment, least | _LOW, side="right")] & _LOW
        for segment in segments
    ]
    return sorted(int(number) for numbers in found for number in numbers)


def merged(segments: Iterable[Iterable[Entries]], size: int) -> Iterator[Entries]:
    """Merge several segments, each given part by part, into the sorted parts of one. All parts but the last have `size` entries.
    At most one part of each segment is held at a time, and the part made of these.
    """
    left = np.empty(0, np.uint64)
    for piece in _in_order(segments):
        left = np.concatenate((left, piece)) if len(left) else piece
        whole = len(left) - len(left) % size
        yield from in_parts(left[:whole], size)
        left = left[whole:].copy() if whole else left
    yield from in_parts(left, size)


def in_parts(segment: Entries, size: int) -> Iterator[Entries]:
    """Give a segment in parts of `size` entries; the last one may be shorter."""
    return (segment[start : start + size] for start in range(0, len(segment), size))


def _in_order(segments: Iterable[Iterable[Entries]]) -> Iterator[Entries]:
    """Give the entries of several segments in sorted pieces, one after the other."""
    sources = [(part, rest) for rest in map(iter, segments) if (part := next(rest, None)) is not None]
    while sources:
        bound = min((part[-1] for part, _ in sources if len(part)), default=None)  # no later entry is below it
        piece: list[Entries] = []
        left: list[tuple[Entries, Iterator[Entries]]] = []
        for part, rest in sources:
            end = (
                int(np.searchsorted(part, bound, side="right"))
                if bound is not None and len(part) and part[-1] > bound
                else len(part)
            )
            piece.append(part[:end])
            more = part[end:] if end < len(part) else next(rest, None)
            if more is not None:
                left.append((more, rest))
        yield np.sort(np.concatenate(piece))
        sources = left


def without(segment: Entries, numbers: Iterable[int]) -> Entries:
    """Return the segment without the entries of some observations."""
    gone = np.fromiter(numbers, np.uint64)
    return segment[~np.isin(segment & _LOW, gone)]


def to_merge(sizes: Sequence[int]) -> int:
    """Return how many of the last segments should become one, 0 for none; `sizes` in the order they were written.

    >>> to_merge([900_000, *[100_000] * 8]), to_merge([900_000, 100_000]), to_merge([26] * 8)
    (8, 0, 0)
    """
    run = largest = together = 0
    for size in reversed(sizes):
        if run and size > FAN_OUT * largest:
            break
        run, largest, together = run + 1, max(largest, size), together + size
    return run if run >= (FAN_OUT if together > SMALL_ENTRIES else FAN_OUT_OF_SMALL) else 0


def _newest_in_segment(limits: Entries, segment: Entries) -> Entries:
    """Return (place in `limits` << 32 | number) for the newest entries below each limit in its bucket."""
    right = segment.searchsorted(limits)
    buckets = limits >> _SHIFT
    found = []
    for back in range(1, NEWEST_IN_BUCKET + 1):
        at = right - back
        entries = segment.take(at, mode="clip")
        is_match = (entries >> _SHIFT == buckets) & (at >= 0)
        if not is_match.any():
            break
        found.append((is_match.nonzero()[0].astype(np.uint64) << _SHIFT) | (entries[is_match] & _LOW))
    return np.concatenate(found) if found else np.empty(0, np.uint64)


def _newest_of_all(found: Entries) -> Entries:
    """Return the newest of what the segments gave for each bucket, so that the division into segments changes nothing."""
    found = np.sort(found)[::-1]
    buckets = -(found >> _SHIFT).astype(np.int64)
    rank = np.arange(len(found)) - np.searchsorted(buckets, buckets)
    return found[rank < NEWEST_IN_BUCKET]
