"""Sketches: the signature of a text as datasketch's own `MinHash`, to put into an index of your own.

Facts: the index of near pairs signs a whole batch at once (`dedup/minhash/minhash.py`). Its signature of a text is identical, bit
by bit, to that of `datasketch.MinHash` with the same shingles, hash function, seed and permutations. So both can be compared.

Rules: datasketch is imported when a text is sketched, because it loads scipy, which takes longer than all of memproc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memproc.dedup.minhash.minhash import PERMUTATIONS, SHINGLE_SEED, hash_of_shingle, shingles
from memproc.dedup.text.canonical import canonical
from memproc.dedup.text.exact import exact
from memproc.errors import UsageError

if TYPE_CHECKING:
    from datasketch import MinHash  # type: ignore[import-untyped]  # it ships no types

SCHEME = "affine32"


def sketch(text: str) -> MinHash:
    """Return the `datasketch.MinHash` of a text: the signature by which the index of near pairs compares a memory with this
    content.

    It has 128 permutations of 32 bits, seed 1, over the set of 4-grams of characters inside the words of the canonical text
    (`char_wb`). The estimated Jaccard similarity of two texts is `one.jaccard(other)`, 0.0 to 1.0, with a standard error of at
    most 0.045. A text without a visible character has an empty sketch.

    Raises UsageError on anything but text that can be written as UTF-8.

    >>> sketch("She likes tea.").jaccard(sketch("she  LIKES tea."))
    1.0
    """
    if not isinstance(text, str):
        raise UsageError(f"a sketch is made of a text, not of {type(text).__name__}: give the content of a memory")
    try:
        pieces = [piece.encode() for piece in shingles(canonical(exact(text)))]
    except UnicodeEncodeError as error:
        raise UsageError(f"a sketch is made of a text that can be written as UTF-8, which {text[:40]!a} cannot") from error
    from datasketch import MinHash  # noqa: PLC0415 - it takes long to import

    signed = MinHash(num_perm=PERMUTATIONS, seed=SHINGLE_SEED, hashfunc=hash_of_shingle, scheme=SCHEME)
    signed.update_batch(pieces)
    return signed
