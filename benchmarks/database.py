"""What all sides have in common: the PRAGMAs, the batch and the one JSON line they print."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Item = TypeVar("Item")

BATCH_RECORDS: Final = 1_000
PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL")
SOURCE: Final = "benchmark"
CREATED_AT: Final = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Run:
    """What one side did with a file.

    `seconds` is the time of the ingestion alone. `kept` is the cluster key of each record as in
    `benchmarks.scoring`, None when the database has to be asked for it.
    """

    seconds: float
    read: int
    stored: int
    review: int = 0
    kept: Sequence[int] | None = None


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Give the items in lists of 1,000; the last one may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH_RECORDS)):
        yield batch


def print_json(value: object) -> None:
    """Print the value on one line."""
    sys.stdout.write(orjson.dumps(value).decode() + "\n")
