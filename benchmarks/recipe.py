"""The recipe of the tutorials: pydantic, MinHash LSH, a fuzzy ratio and SQLAlchemy Core.

Each record is validated by a model, looked up among the kept ones by the signature of its character
5-grams, compared with every candidate, and dropped when one of them is alike enough. What is kept is
inserted in batches. The text is compared in NFKC, case folded, with single spaces.

Run as ``python -m benchmarks.recipe ingest FILE PLACE``.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, Final

from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]  # it ships no types
from rapidfuzz import fuzz

from benchmarks.core_table import connected, insert_rows, ran_under, records, row
from benchmarks.database import BATCH_RECORDS, Run, run_side, stopwatch

PERMUTATIONS: Final = 128
SHINGLE_CHARACTERS: Final = 5
LSH_THRESHOLD: Final = 0.7
SAME_RATIO: Final = 88.0  # of rapidfuzz.fuzz.ratio, 0..100


class Kept:
    """The texts that were kept, and an index of their signatures in memory."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._index = MinHashLSH(threshold=LSH_THRESHOLD, num_perm=PERMUTATIONS)
        self._texts: dict[int, str] = {}

    def find_or_keep(self, number: int, content: str) -> int:
        """Give the number of the most similar duplicate kept so far; keep the text when there is none."""
        text = normalised(content)
        text_signature = signature(text)
        found = self._maybe_duplicate(text, text_signature)
        if found is not None:
            return found
        self._index.insert(number, text_signature)
        self._texts[number] = text
        return number

    def _maybe_duplicate(self, text: str, text_signature: MinHash) -> int | None:
        candidates = self._index.query(text_signature)
        rated = [(fuzz.ratio(text, self._texts[candidate]), -candidate) for candidate in candidates]
        ratio, negative = max(rated, default=(0.0, 0))
        return -negative if ratio >= SAME_RATIO else None


def normalised(content: str) -> str:
    """Give the text in NFKC, case folded, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", content).casefold().split())


def shingles(text: str) -> set[str]:
    """Give the different character 5-grams of a text.

    >>> sorted(shingles("kettle"))
    ['ettle', 'kettl']
    """
    last = max(len(text) - SHINGLE_CHARACTERS, 0)
    return {text[start : start + SHINGLE_CHARACTERS] for start in range(last + 1)}


def signature(text: str) -> MinHash:
    """Give the MinHash of the shingles of a text; `update_batch` is the same as an `update` for each, and six times as fast."""
    result = MinHash(num_perm=PERMUTATIONS)
    result.update_batch([shingle.encode() for shingle in shingles(text)])
    return result


def ingest(path: Path, place: str) -> Run:
    """Insert what is no duplicate into a fresh SQLite file or an empty place on a server, 1,000 in each transaction."""
    spent = stopwatch()
    engine = connected(place)
    kept = Kept()
    homes: list[int] = []
    batch: list[dict[str, Any]] = []
    for number, record in enumerate(records(path)):
        homes.append(kept.find_or_keep(number, record.content))
        if homes[-1] == number:
            batch.append(row(number, record))
        if len(batch) == BATCH_RECORDS:
            insert_rows(engine, batch)
            batch = []
    insert_rows(engine, batch)
    engine.dispose()
    seconds, cpu_seconds = spent()
    return Run(seconds, cpu_seconds, read=len(homes), stored=len(set(homes)), kept=homes, ran_under=ran_under(place))


if __name__ == "__main__":
    run_side(ingest)
