"""Signing: the hashes of prepared facts, which the index of near pairs keeps of the first fact of each core: those of its bands
and, last, those of its chains.

Strategy: texts are signed many at a time, before the store is asked, and of each core only the first: most others repeat it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memproc.dedup.changes.chains import CHAINS
from memproc.dedup.columns import Columns
from memproc.dedup.minhash.minhash import BANDS, Hashes, band_hashes, signatures


def width(recall: str) -> int:
    """Return how many hashes a fact has: its bands and its chains."""
    return BANDS[recall][0] + CHAINS


def signed(columns: Columns, recall: str) -> Columns:
    """Return the columns, in which the first fact of each core is signed by now."""
    first: dict[int, int] = {}
    for at, core in enumerate(columns.core):
        if columns.is_near[at]:
            first.setdefault(core, at)
    places = [*first.values()]
    for at, hashes in zip(places, _sign(columns, places, recall), strict=True):
        columns.bands[at] = hashes.tobytes()
    return columns


def hashes_of(facts: Columns, recall: str) -> Hashes:
    """Return the hashes of facts, of shape (facts, width): those that they carry, and of others anew."""
    bands = width(recall)
    unsigned = [at for at, own in enumerate(facts.bands) if not own]
    blank = bytes(bands * np.uint32().itemsize)
    hashes = np.frombuffer(b"".join([own or blank for own in facts.bands]), np.uint32).reshape(len(facts), bands)
    if unsigned:
        hashes = hashes.copy()
        hashes[unsigned] = _sign(facts, unsigned, recall)
    return hashes


def sign(texts: Sequence[str], scopes: Sequence[int], chains: Sequence[tuple[int, int]], recall: str) -> Hashes:
    """Return the hashes of canonical texts, each within its scope and with those of its chains, of shape (texts, width)."""
    bands = band_hashes(signatures(texts), np.array(scopes, np.uint64), recall)
    return np.column_stack((bands, np.array(chains, np.uint32).reshape(-1, CHAINS)))


def _sign(facts: Columns, places: Sequence[int], recall: str) -> Hashes:
    texts, scopes = [facts.text[at] for at in places], [facts.scope[at] for at in places]
    return sign(texts, scopes, [facts.chains[at] for at in places], recall)
