"""Band hashes of prepared facts, by which the index of near pairs finds them, with their chain hashes as the last columns.

Strategy: they are computed for many texts at a time, before the store is read, and only for the first fact of each core, since most
others repeat it.
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


def with_band_hashes(columns: Columns, recall: str) -> Columns:
    """Return the columns, now with the hashes of the first fact of each core."""
    first: dict[int, int] = {}
    for at, core in enumerate(columns.core):
        if columns.is_near[at]:
            first.setdefault(core, at)
    places = [*first.values()]
    for at, hashes in zip(places, _hashes_at(columns, places, recall), strict=True):
        columns.bands[at] = hashes.tobytes()
    return columns


def hashes_of(facts: Columns, recall: str) -> Hashes:
    """Return the hashes of facts, of shape (facts, width): the ones they carry, or computed now."""
    bands = width(recall)
    missing = [at for at, carried in enumerate(facts.bands) if not carried]
    blank = bytes(bands * np.uint32().itemsize)
    hashes = np.frombuffer(b"".join([carried or blank for carried in facts.bands]), np.uint32).reshape(len(facts), bands)
    if missing:
        hashes = hashes.copy()
        hashes[missing] = _hashes_at(facts, missing, recall)
    return hashes


def _hashes_at(facts: Columns, places: Sequence[int], recall: str) -> Hashes:
    """Return the hashes of the canonical texts within their scopes, followed by those of their chains, of shape (places, width)."""
    scopes = np.array([facts.scope[at] for at in places], np.uint64)
    bands = band_hashes(signatures([facts.text[at] for at in places]), scopes, recall)
    return np.column_stack((bands, np.array([facts.chains[at] for at in places], np.uint32).reshape(-1, CHAINS)))
