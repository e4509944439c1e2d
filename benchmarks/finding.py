"""How long an application waits: pages of a small namespace in a large store, and updates.

`python -m benchmarks finding --records 1000000` prints medians in milliseconds. The store is made in a temporary folder, unless
`--store` names one that is there or is to be kept.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import memproc

SMALL, PAGE, TIMES = 100, 25, 101
SUBJECTS = 50
SYLLABLES, WORDS = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu"), 12


def records(count: int) -> Iterator[dict[str, Any]]:
    """Give memories of many namespaces, of which the one called small has a hundred, spread among all.

    No two texts have a frame in common: comparing changes is not what is measured here.
    """
    rng = random.Random(1)
    words = ["".join(syllables) for syllables in product(SYLLABLES, repeat=3)]
    for at in range(count):
        is_small = at % (count // SMALL) == 0
        yield {
            "content": " ".join(rng.choices(words, k=WORDS)),
            "namespace": "small" if is_small else f"large {at % 7}",
            "subject": f"person {at % SUBJECTS}",
            "created_at": f"20{at % 25:02}-{at % 12 + 1:02}-{at % 28 + 1:02}",
            "tags": [f"tag {at % 1000}"],
        }


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median time that a piece of work takes."""
    times = []
    for _ in range(TIMES):
        started = perf_counter()
        work()
        times.append(perf_counter() - started)
    return median(times) * 1_000


def measured(store: memproc.Store) -> Iterator[tuple[str, float]]:
    """Give what was measured, and its median."""
    page = store.find(namespace="small", limit=PAGE)
    yield f"find, a namespace of {SMALL}", milliseconds(lambda: store.find(namespace="small"))
    for number in range(1, SMALL // PAGE):
        behind = partial(store.find, namespace="small", limit=PAGE, after=page[-1])
        yield f"find, page {number + 1} of {PAGE}", milliseconds(behind)
        page = behind()
    yield "find, a page of a large namespace", milliseconds(lambda: store.find(namespace="large 1", limit=PAGE))
    yield "find, one tag of a thousand, a page", milliseconds(lambda: store.find(namespace="large 1", tag="tag 7", limit=PAGE))
    identifiers = iter([str(memory.id) for memory in store.find(namespace="large 2", limit=2 * TIMES)])
    yield "update", milliseconds(lambda: store.update(next(identifiers), {"content": "Visited nothing at all in the end"}))


def table(count: int, where: Path | None = None) -> str:
    """Return a line for each thing that was measured, in a store of so many records, or in one that is there."""
    with TemporaryDirectory() as folder, memproc.open(where or Path(folder) / "finding.db") as store:
        if not store.count():
            memproc.ingest(records(count), store)
        return "\n".join(f"{name:40} {took:8.2f} ms" for name, took in measured(store))
