"""The recipe of the tutorials: pydantic, MinHash LSH, a fuzzy ratio and SQLAlchemy Core.

Each record is validated by a model, looked up among the kept ones by the signature of its character
5-grams, compared with every candidate, and dropped when one of them is alike enough. What is kept is
inserted in batches. The text is compared in NFKC, case folded, with single spaces.

Run as ``python -m benchmarks.recipe FILE DATABASE``.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]  # it ships no types
from pydantic import BaseModel, Field
from rapidfuzz import fuzz
from sqlalchemy import (
    JSON,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
)

from benchmarks.database import BATCH_RECORDS, CREATED_AT, PRAGMAS, SOURCE, Run, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

    from sqlalchemy import Engine

PERMUTATIONS: Final = 128
SHINGLE_CHARACTERS: Final = 5
LSH_THRESHOLD: Final = 0.7
SAME_RATIO: Final = 88.0  # of rapidfuzz.fuzz.ratio, 0..100

SCHEMA: Final = MetaData()
MEMORY: Final = Table(
    "memory",
    SCHEMA,
    Column("number", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("source", String, nullable=False),
    Column("created_at", String, nullable=False),
)


class Record(BaseModel):
    """A line of the file."""

    content: str = Field(min_length=1, max_length=10_000)
    metadata: dict[str, Any] = Field(default_factory=dict)


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


def signature(text: str) -> MinHash:
    """Give the MinHash of the different character 5-grams of a text."""
    result = MinHash(num_perm=PERMUTATIONS)
    last = max(len(text) - SHINGLE_CHARACTERS, 0)
    for shingle in {text[start : start + SHINGLE_CHARACTERS] for start in range(last + 1)}:
        result.update(shingle.encode())
    return result


def ingest(path: Path, database: Path) -> Run:
    """Insert what is no duplicate into a fresh SQLite file, 1,000 in each transaction."""
    started = perf_counter()
    engine = _engine(database)
    kept = Kept()
    homes: list[int] = []
    batch: list[dict[str, Any]] = []
    for number, record in enumerate(_records(path)):
        homes.append(kept.find_or_keep(number, record.content))
        if homes[-1] == number:
            batch.append(_row(number, record))
        if len(batch) == BATCH_RECORDS:
            _insert(engine, batch)
            batch = []
    _insert(engine, batch)
    engine.dispose()
    seconds = perf_counter() - started
    return Run(seconds, read=len(homes), stored=len(set(homes)), kept=homes)


def _records(path: Path) -> Iterator[Record]:
    with path.open("rb") as lines:
        for line in lines:
            yield Record.model_validate(orjson.loads(line))


def _row(number: int, record: Record) -> dict[str, Any]:
    return {
        "number": number,
        "content": record.content,
        "metadata": record.metadata,
        "source": SOURCE,
        "created_at": CREATED_AT,
    }


def _insert(engine: Engine, batch: list[dict[str, Any]]) -> None:
    if batch:
        with engine.begin() as connection:
            connection.execute(insert(MEMORY), batch)


def _engine(database: Path) -> Engine:
    engine = create_engine(f"sqlite:///{database}")
    event.listen(engine, "connect", _set_pragmas)
    SCHEMA.create_all(engine)
    return engine


def _set_pragmas(connection: Connection, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


if __name__ == "__main__":
    print_json(ingest(Path(sys.argv[1]), Path(sys.argv[2])))
