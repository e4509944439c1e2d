"""In which slices of the search index an observation stands: pure, and the same everywhere.

Facts: a text that holds another one holds all its trigrams. Of a memory each text, name, tag, label and target is that of one of
its observations. So whatever lacks a trigram or a name, in each of its observations, is no memory that is looked for.

Strategy: a bit-sliced signature file (Goodwin and others, "BitFunnel: Revisiting Signatures for Search", 2017). Slice 7 of the
index has a bit for each observation, which is set where the hash of one of its trigrams is 7. To look for something is to take the
bits of a few slices together. Whatever is left may be meant; the caller looks at the record.

Rules: a trigram is of the canonical text, and sets one bit; a name sets four, as it stands alone. Slice 0 says which observations
there are. What is changed here makes the index another one: then raise `SCHEME` in `memproc.dedup.keys`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from memproc.dedup.text.canonical import canonical
from memproc.records import Plain

SLICES = 1_024
HOLDS_ALL = 0  # the slice of all observations
NAMES = ("namespace", "id", "subject", "conversation", "kind")
MOST_TRIGRAMS_ASKED = 16
OBSERVATIONS_AT_ONCE = 2_048
_BITS, _HASHES_OF_A_NAME, _NAMES_KEPT = 10, 4, 50_000
_SHORTEST = 3  # characters that make a trigram
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2 to the 64th by the golden ratio
_CHAR_BITS = np.uint64(21)
Bits = NDArray[np.uint8]


@lru_cache(maxsize=_NAMES_KEPT)
def slices_of_name(name: str, value: str) -> tuple[int, ...]:
    """Return the slices of a field (or "tag", "emotion", "relation") that has a value."""
    digest = xxh3_64_intdigest(f"{name}\0{value}".encode("utf-8", "surrogatepass"))
    return tuple(_within(digest >> (_BITS * at)) for at in range(_HASHES_OF_A_NAME))


def slices_of_text(text: str) -> list[int]:
    """Return slices in which all observations are whose canonical text holds this one; none for less than three characters."""
    found: list[int] = np.unique(_trigrams([text])[0]).tolist()
    step = -(-len(found) // MOST_TRIGRAMS_ASKED) or 1
    return found[::step]


def slices_of(records: Sequence[Plain]) -> list[set[int]]:
    """Return the slices in which each of some records stands."""
    hashes, owners = _trigrams([canonical(record["content"]) for record in records])
    found = [{HOLDS_ALL, *_named(record)} for record in records]
    for owner, one in zip(owners.tolist(), hashes.tolist(), strict=True):
        found[owner].add(one)
    return found


def bits_of(records: Sequence[tuple[int, Plain]], span: int) -> Bits:
    """Return, a row for each slice, the bits of `span` observations, given the records of those that there are by their place among
    them, which rises.
    """
    starts = range(0, span, OBSERVATIONS_AT_ONCE)
    cuts = [bisect_left(records, start, key=itemgetter(0)) for start in (*starts, span)]
    parts = []
    for start, first, end in zip(starts, cuts, cuts[1:], strict=False):
        some = [(at - start, record) for at, record in records[first:end]]
        parts.append(_bits_of_few(some, min(OBSERVATIONS_AT_ONCE, span - start)))
    return np.concatenate(parts, axis=1)


def _bits_of_few(records: Sequence[tuple[int, Plain]], span: int) -> Bits:
    stands = np.zeros((SLICES, span), np.bool_)
    places = np.array([at for at, _ in records], np.intp)
    hashes, owners = _trigrams([canonical(record["content"]) for _, record in records])
    stands[hashes, places[owners]] = True
    stands[HOLDS_ALL, places] = True
    named = [[*_named(record)] for _, record in records]
    stands[[*chain.from_iterable(named)], np.repeat(places, [*map(len, named)])] = True
    return np.packbits(stands, axis=1, bitorder="little")


def _named(record: Plain) -> Iterator[int]:
    """Give the slices of all names in a record."""
    for name in NAMES:
        if name in record:
            yield from slices_of_name(name, record[name])
    for tag in record.get("tags", ()):
        yield from slices_of_name("tag", tag)
    if (label := record.get("emotion", {}).get("label")) is not None:
        yield from slices_of_name("emotion", label)
    for relation in record.get("relations", ()):
        yield from slices_of_name("relation", relation["target"])


def _trigrams(texts: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the slices of the trigrams of texts, and of each the number of its text."""
    lengths = np.fromiter(map(len, texts), np.intp, len(texts))
    chars = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    if len(chars) < _SHORTEST:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    owners = np.repeat(np.arange(len(texts)), lengths)
    hashes = (chars[:-2] | chars[1:-1] << _CHAR_BITS | chars[2:] << (_CHAR_BITS + _CHAR_BITS)) * _ODD
    hashes ^= hashes >> np.uint64(32)
    hashes *= _ODD
    is_of_one = owners[:-2] == owners[2:]
    found = (hashes >> np.uint64(64 - _BITS))[is_of_one].astype(np.intp)
    return np.where(found == HOLDS_ALL, SLICES - 1, found), owners[:-2][is_of_one]


def _within(digest: int) -> int:
    """Return the slice of a hash."""
    return digest % SLICES or SLICES - 1
