"""MinHash signatures of the character shingles of many texts at once.

Facts: a shingle is a 4-gram of code points inside a word padded with one space on each side (`char_wb`); a word of one
letter is one shingle. The signature is datasketch 2's `affine32` scheme with `SHINGLE_SEED`: 32-bit shingle hash, Murmur3
`fmix32`, `a * h + b` mod 2^32 with odd `a`, minimum. It is bit-identical to `datasketch.MinHash` with that hash.

Strategy: one UTF-32 view of all texts of a block; windows that hold a space inside are masked out; then for each
permutation one multiply, one add and one `minimum.reduceat` over the block, so that the buffer stays in the cache.

Bands: Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4: with `b` bands of `r` rows two sets of Jaccard
similarity s meet with probability 1 - (1 - s^r)^b.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from memproc.dedup.text.memo import Memo

PERMUTATIONS = 128
SHINGLE_SEED = 1
SHINGLE_CHARS = 4
BLOCK_CHARS = 100_000
FEW_SHINGLES = 300
BANDS = {"standard": (25, 5), "high": (32, 4)}  # bands, rows of each

Hashes = NDArray[np.uint32]

_SPACE = 32
_HASHES = 2**32
_MULTIPLIER = np.uint32(0x9E3779B1)  # the golden ratio of 2^32, as in xxHash32


def shingles(text: str) -> set[str]:
    """Return the set of shingles of a canonical text.

    >>> sorted(shingles("a cat"))
    [' a ', ' cat', 'cat ']
    """
    return set().union(*map(_SHINGLES.__getitem__, text.split(" ")))


def _shingles_of_word(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    if len(word) == 1:
        return (padded,)
    return tuple([padded[at : at + SHINGLE_CHARS] for at in range(len(word) - 1)])


_SHINGLES = Memo(_shingles_of_word)


def hash_of_shingle(shingle: bytes) -> int:
    """Return the 32-bit hash of one shingle, given as UTF-8: of its code points, with 0 for the fourth of a word of one letter.

    >>> f"{hash_of_shingle(b'tea '):08x}"
    '07e37302'
    """
    first, *others = map(ord, shingle.decode().ljust(SHINGLE_CHARS, "\0"))
    mixed = first * int(_MULTIPLIER) % _HASHES
    for code in others:
        mixed = (mixed ^ code) * int(_MULTIPLIER) % _HASHES
        mixed ^= mixed >> 15
    return mixed


def signatures(texts: Sequence[str]) -> Hashes:
    """Return an array of shape (texts, 128), dtype uint32: the signature of each canonical text, in order."""
    blocks = [_signatures_of_block(block) for block in _blocks(texts)]
    return np.concatenate(blocks) if blocks else np.empty((0, PERMUTATIONS), np.uint32)


def band_hashes(minima: Hashes, scopes: NDArray[np.uint64], recall: str) -> Hashes:
    """Return an array of shape (texts, bands): a 32-bit hash of each band of each signature within its scope.

    `scopes` holds a 64-bit hash for each text of what must be equal for two texts to meet at all.
    """
    bands, rows = BANDS[recall]
    keys = np.repeat(scopes[:, None], bands, axis=1)
    keys ^= np.arange(1, bands + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    columns = minima[:, : bands * rows].reshape(len(minima), bands, rows)
    for row in range(rows):
        keys = (keys ^ columns[:, :, row]) * np.uint64(0xFF51AFD7ED558CCD)
        keys ^= keys >> np.uint64(32)
    return (keys >> np.uint64(16)).astype(np.uint32)


@cache
def _coefficients() -> tuple[Hashes, Hashes]:
    generator = np.random.RandomState(SHINGLE_SEED)
    odd = generator.randint(0, 2**31, PERMUTATIONS, np.uint32) * np.uint32(2) + np.uint32(1)
    return odd, generator.randint(0, 2**32, PERMUTATIONS, np.uint32)


def _blocks(texts: Sequence[str]) -> list[Sequence[str]]:
    blocks, start, length = [], 0, 0
    for at, text in enumerate(texts):
        length += len(text)
        if length >= BLOCK_CHARS:
            blocks.append(texts[start : at + 1])
            start, length = at + 1, 0
    return [*blocks, texts[start:]] if start < len(texts) else blocks


def _signatures_of_block(texts: Sequence[str]) -> Hashes:
    hashes, starts = _shingle_hashes(texts)
    multipliers, addends = _coefficients()
    if len(hashes) <= FEW_SHINGLES:  # as of a single record: then what costs is the calls
        return np.minimum.reduceat(hashes * multipliers[:, None] + addends[:, None], starts, axis=1).T.copy()
    minima = np.empty((PERMUTATIONS, len(texts)), np.uint32)
    permuted = np.empty_like(hashes)
    for row in range(PERMUTATIONS):
        np.multiply(hashes, multipliers[row], out=permuted)
        permuted += addends[row]
        np.minimum.reduceat(permuted, starts, out=minima[row])
    return np.ascontiguousarray(minima.T)


def _shingle_hashes(texts: Sequence[str]) -> tuple[Hashes, NDArray[np.intp]]:
    """Return the pre-mixed hashes of all shingles of the texts, and where those of each text start."""
    joined = " " + "   ".join(texts) + "   "
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    first, second, third, fourth = codes[:-3], codes[1:-2], codes[2:-1], codes[3:]
    is_space = codes == _SPACE
    inner_spaces = is_space[1:-2] | is_space[2:-1]
    is_single = is_space[:-3] & ~is_space[1:-2] & is_space[2:-1]
    positions = np.flatnonzero(~inner_spaces | is_single)
    singles = is_single[positions]
    fourths = np.where(singles, np.uint32(0), fourth[positions])
    hashes = _premix(_mix(first[positions], second[positions], third[positions], fourths))
    lengths = np.fromiter(map(len, texts), np.intp, len(texts))
    text_starts = np.concatenate(([0], np.cumsum(lengths[:-1] + 3)))
    return hashes, np.searchsorted(positions, text_starts)


def _mix(first: Hashes, second: Hashes, third: Hashes, fourth: Hashes) -> Hashes:
    mixed = first * _MULTIPLIER
    for codes in (second, third, fourth):
        mixed = (mixed ^ codes) * _MULTIPLIER
        mixed ^= mixed >> np.uint32(15)
    return mixed


def _premix(hashes: Hashes) -> Hashes:
    """Apply the finaliser of MurmurHash3, 32 bits (Appleby, public domain)."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return hashes
