"""rensa between a pydantic model and SQLAlchemy Core: its deduplicator as its README uses it, which drops what is alike.

Tokens are the words of a text, as in that README, or the character 5-grams of the recipe, made in Python.

Run as ``python -m benchmarks.rensa_run ingest FILE PLACE words``, and after it ``clusters FILE PLACE words``: `add_pairs`, the
quick way of the README, tells what is kept but not in whose place, so the same decisions are made once more, without haste.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from benchmarks.core_table import connected, insert_rows, ran_under, records, row
from benchmarks.database import Run, batches, run_side, stopwatch
from benchmarks.first_seen import new_deduplicator, rensa_homes, words_of
from benchmarks.recipe import normalised, shingles

TOKENS: Final[dict[str, Callable[[str], Iterable[str]]]] = {"words": words_of, "shingles": shingles}


def ingest(path: Path, place: str, tokens: str) -> Run:
    """Insert what is no near duplicate into a fresh SQLite file or an empty place on a server, 1,000 in each transaction."""
    tokens_of = TOKENS[tokens]
    spent = stopwatch()
    engine = connected(place)
    deduplicator = new_deduplicator()
    read = stored = 0
    for batch in batches(records(path)):
        pairs = ((str(number), tokens_of(normalised(record.content))) for number, record in enumerate(batch, read))
        rows = [row(number, record) for number, record in enumerate(batch, read)]
        kept = [found for found, is_kept in zip(rows, deduplicator.add_pairs(pairs), strict=True) if is_kept]
        insert_rows(engine, kept)
        read += len(batch)
        stored += len(kept)
    engine.dispose()
    return Run(*spent(), read=read, stored=stored, ran_under=ran_under(place))


def clusters(path: Path, _place: str, tokens: str) -> list[int | None]:
    """Give for each record the one that was kept in its place."""
    return [*rensa_homes([record.content for record in records(path)], TOKENS[tokens])]


if __name__ == "__main__":
    run_side(ingest, clusters)
