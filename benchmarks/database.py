"""What all sides have in common: the PRAGMAs, the batch, the command line and the one JSON line they print."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar

import orjson

from benchmarks.watched import watched

Item = TypeVar("Item")

BATCH_RECORDS: Final = 1_000
# Those of memproc with the default durability; `watched` reads back what each side really ran under.
PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536", "secure_delete=ON")
SOURCE: Final = "benchmark"
CREATED_AT: Final = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Run:
    """What one side did with a file.

    `seconds` and `cpu_seconds` are those of the ingestion alone, see `stopwatch`. `kept` is the cluster key of each record as in
    `benchmarks.scoring`, None when the store has to be asked for it. `candidates` and `verified` count pairs, None where
    the side does not tell. `ran_under` are the settings of its connections, each different set once.
    """

    seconds: float
    cpu_seconds: float
    read: int
    stored: int
    review: int = 0
    kept: Sequence[int] | None = None
    candidates: int | None = None
    verified: int | None = None
    ran_under: Sequence[str] = ()


Ingest = Callable[..., Run]  # of the file, the place and what options there are
Clusters = Callable[..., Sequence[int | None]]  # as above


def run_side(ingest: Ingest, clusters: Clusters | None = None, *, pragmas: Sequence[str] = ()) -> None:
    """Do what the command line says, and print the result: ``ingest FILE PLACE [OPTION ...]`` or ``clusters`` of the same.

    A place is the path of a SQLite file that is not there yet, or the URL of an empty schema or database on a server. With
    `pragmas` every connection to SQLite is brought to these as it is opened, for sides that leave no other way.
    """
    command, file, place, *options = sys.argv[1:]
    if command == "clusters" and clusters is not None:
        print_json(clusters(Path(file), place, *options))
        return
    with watched(pragmas) as seen:
        run = ingest(Path(file), place, *options)
    print_json(replace(run, ran_under=run.ran_under or sorted(seen)))


def stopwatch() -> Callable[[], tuple[float, float]]:
    """Begin to measure: what is returned gives the wall and the CPU seconds since then, the latter of this process and of the
    children that it waited for.
    """
    started, started_cpu = perf_counter(), _cpu_seconds()
    return lambda: (perf_counter() - started, _cpu_seconds() - started_cpu)


def is_server(place: str) -> bool:
    """Tell whether a place is on a server."""
    return "://" in place


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Give the items in lists of 1,000; the last one may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH_RECORDS)):
        yield batch


def print_json(value: object) -> None:
    """Print the value on one line."""
    sys.stdout.write(orjson.dumps(value).decode() + "\n")


def _cpu_seconds() -> float:
    used = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
