"""Signing: the hashes of prepared facts, which the index of near pairs keeps of the first fact of each core: those of its bands
and, last, those of its chains.

Strategy: texts are signed many at a time, before the store is asked, and of each core only the first: most others repeat it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memproc.dedup.changes.chains import CHAINS
from memproc.dedup.keys import Prepared
from memproc.dedup.minhash.signatures import BANDS, Hashes, band_hashes, signatures
from memproc.records import Rejected


def width(recall: str) -> int:
    """Return how many hashes a fact has: its bands and its chains."""
    return BANDS[recall][0] + CHAINS


def signed(records: Sequence[Prepared | Rejected], recall: str) -> list[Prepared | Rejected]:
    """Return the records in their order, the first of each core signed."""
    first: dict[int, int] = {}
    for at, one in enumerate(records):
        if isinstance(one, Prepared) and one.is_near:
            first.setdefault(one.core, at)
    found = list(records)
    facts = [one for at in first.values() if isinstance(one := records[at], Prepared)]
    for at, one, hashes in zip(first.values(), facts, _sign(facts, recall), strict=True):
        found[at] = one._replace(bands=hashes.tobytes())
    return found


def hashes_of(facts: Sequence[Prepared], recall: str) -> Hashes:
    """Return the hashes of facts, of shape (facts, width): those that they carry, and of others anew."""
    bands = width(recall)
    unsigned = [at for at, one in enumerate(facts) if not one.bands]
    blank = bytes(bands * np.uint32().itemsize)
    hashes = np.frombuffer(b"".join([one.bands or blank for one in facts]), np.uint32).reshape(len(facts), bands)
    if unsigned:
        hashes = hashes.copy()
        hashes[unsigned] = _sign([facts[at] for at in unsigned], recall)
    return hashes


def sign(texts: Sequence[str], scopes: Sequence[int], chains: Sequence[tuple[int, int]], recall: str) -> Hashes:
    """Return the hashes of canonical texts, each within its scope and with those of its chains, of shape (texts, width)."""
    bands = band_hashes(signatures(texts), np.array(scopes, np.uint64), recall)
    return np.column_stack((bands, np.array(chains, np.uint32).reshape(-1, CHAINS)))


def _sign(facts: Sequence[Prepared], recall: str) -> Hashes:
    return sign([one.text for one in facts], [one.scope for one in facts], [one.chains for one in facts], recall)
